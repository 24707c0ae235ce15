// /v1/users: an administrator makes and changes people; who one is changes one's own password.
#include "service/access/hashing.h"
#include "service/access/password.h"
#include "service/access/user.h"
#include "service/item/item_api.h"
#include "service/journal/clock.h"

struct wish { // the body of POST /v1/users/{user}/password
    str old, now;
};

#define WISH(field) .at = offsetof(struct wish, field), .required = true, .max = PASSWORD_TEXT_MAX
static const struct form_field wish_fields[] = {
    {.name = "old", .kind = FORM_STR, WISH(old), .secret = true},
    {.name = "new",    .kind = FORM_STR, WISH(now), .secret = true},
    {0            },
};
static const struct form wish_form = {"change of a password", sizeof(struct wish), wish_fields, 1};

struct change {
    struct user user;
    struct user_password ask;
};

// The person and the password that counts now, in the request's arena.
static status person_read(struct http_req *r, struct change *c)
{
    const struct caller *who = caller_of(r);
    struct user_state s;

    if (!who->person || !str_eq(who->user, r->param[0]))
        return fail(ST_NOT_ALLOWED, "user.other", 0, "a password is changed by its person alone");
    struct txn *t = api_snapshot(r);
    bool found = user_get(t, who->user, &r->arena, &c->user);
    if (found) {
        user_state_get(t, c->user.number, &s);
        c->ask.was = arena_str(&r->arena, s.hash);
    }
    wall now = clock_proven(t, api_site(r)->env);
    TRY(api_snapshot_end(r, OK));
    if (!found) return fail(ST_NOT_FOUND, "user.unknown", 0, "there is no such user");
    if (c->ask.was.p == NULL) return no_memory();
    if (c->ask.was.n == 0)
        return fail(ST_CONFLICT, "user.no_password", 0, "an administrator sets the first password");
    c->ask.user = &c->user;
    return user_lock_check(&s, now);
}

static status new_hash(struct http_req *r, const struct wish *w, struct change *c)
{
    struct txn *t = api_snapshot(r);
    status st = user_password_change(r, t, &c->user, w->now, &c->ask.hash);
    return api_snapshot_end(r, st);
}

static void refuse(struct http_req *r, status st)
{
    if (st.cls == ST_NOT_ALLOWED)
        api_refuse(r, &kind_user_password, (client_id){0}, st, S(""));
    else
        api_fail(r, st);
}

// Unless it was right when the call was made first.
static void wrong_old(struct http_req *r, void *user)
{
    user_refuse_wrong(r, user,
                      fail(ST_NOT_ALLOWED, "password.wrong", 0, "the old password is wrong"));
}

static void password_change(struct http_req *r)
{
    struct change *c = NEW(&r->arena, struct change);
    struct wish w;
    bool fits = false;

    if (!api_body(r, &wish_form, &w)) return;
    api_secrets(r, "old new");
    api_answers(r, api_render_nothing);
    status st = c == NULL ? no_memory() : person_read(r, c);
    if (st.cls == ST_OK) st = hashing_fits(r, c->ask.was, w.old, &fits);
    if (api_is_later(&st)) return;
    if (st.cls == ST_OK && !fits) {
        api_unless_repeat(r, wrong_old, &c->user);
        return;
    }
    if (st.cls == ST_OK) st = new_hash(r, &w, c);
    if (api_is_later(&st)) return;
    if (st.cls != ST_OK)
        refuse(r, st);
    else
        api_command(r, &kind_user_password, &c->ask, api_render_nothing);
}

// clang-format off
const struct http_route user_routes[] = {
    {.method = HTTP_GET, .path = "/v1/users", .roles = "admin", .run = item_api_list,
     .app = &noun_user, .query = "limit page"},
    {.method = HTTP_GET, .path = "/v1/users/{user}", .roles = "admin", .run = item_api_get,
     .app = &noun_user, .query = ""},
    {.method = HTTP_PUT, .path = "/v1/users/{user}", .roles = "admin", .body_max = ITEM_BODY_MAX,
     .run = item_api_put, .app = &noun_user, .query = ""},
    {.method = HTTP_POST, .path = "/v1/users/{user}/password", .roles = "*", .body_max = 16 * KB,
     .run = password_change, .query = ""},
    {0},
};
// clang-format on
