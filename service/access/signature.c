#include "service/access/signature.h"
#include "service/access/password.h"
#include "service/access/user.h"
#include "service/api/api.h"
#include "service/journal/clock.h"

// clang-format off
#define A(member) .at = offsetof(struct signature_said, member)
static const struct form_field fields[] = {
    {.name = "password", .kind = FORM_STR, A(password), .required = true,
     .max = PASSWORD_TEXT_MAX, .secret = true},
    {.name = "meaning",  .kind = FORM_STR, A(meaning), .required = true, .max = 64},
    {.name = "reason",   .kind = FORM_STR, A(reason), .max = 500},
    {0},
};
// clang-format on
const struct form signature_form = {"signature", sizeof(struct signature_said), fields, 1};

// ---- bytes and texts

void signature_put(struct buf *b, const struct signature *s)
{
    bytes_u(b, s->actor, 4);
    bytes_str(b, s->user);
    bytes_str(b, s->printed_name);
    bytes_str(b, s->meaning);
    bytes_str(b, s->reason);
    bytes_u(b, (uint64_t)s->time.at.ms, 8);
    bytes_u(b, (uint16_t)s->time.offset_min, 2);
}

bool signature_get(struct bytes_r *r, struct signature *out)
{
    struct signature s = {.actor = (uint32_t)bytes_get_u(r, 4)};

    s.user = bytes_get_str(r);
    s.printed_name = bytes_get_str(r);
    s.meaning = bytes_get_str(r);
    s.reason = bytes_get_str(r);
    s.time.at.ms = (int64_t)bytes_get_u(r, 8);
    s.time.offset_min = (int16_t)bytes_get_u(r, 2);
    if (r->bad || s.user.n == 0 || s.meaning.n == 0) return false;
    *out = s;
    return true;
}

void signature_write(struct json_w *w, const struct signature *s)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, s->time);
    json_w_object(w);
    json_w_kstr(w, "user", s->user);
    json_w_kstr(w, "name", s->printed_name);
    json_w_kstr(w, "meaning", s->meaning);
    if (s->reason.n > 0) json_w_kstr(w, "reason", s->reason);
    json_w_kstr(w, "time", buf_str(&b));
    json_w_end(w);
    buf_fini(&b);
}

void signature_line(struct buf *b, const struct signature *s)
{
    buf_addf(b, "%.*s (%.*s), %.*s, ", STR(s->printed_name), STR(s->user), STR(s->meaning));
    when_write(b, s->time);
    if (s->reason.n > 0) buf_addf(b, ": %.*s", STR(s->reason));
}

// ---- the check

struct signing {
    struct http_req *r;
    const struct signature_rule *rule;
    const struct signature_said *said;
    struct user user;
    str hash;
    wall now;
};

static bool is_word_of(str words, str word)
{
    str head;

    while (str_cut(&words, ' ', &head))
        if (str_eq(head, word)) return true;
    return str_eq(words, word);
}

static status wrong(const char *reason, const char *says)
{
    return fail(ST_BAD_INPUT, reason, 0, "signature: %s", says);
}

static status forbidden(const char *reason, const char *says)
{
    return fail(ST_NOT_ALLOWED, reason, 0, "%s", says);
}

// What was said, by itself.
static status said_check(const struct signing *g)
{
    str meanings = api_site(g->r)->people.meanings;

    if (g->said == NULL)
        return wrong("signature.required", "this is signed: {\"password\",\"meaning\"}");
    if (memchr(g->said->meaning.p, ' ', g->said->meaning.n) != NULL ||
        !is_word_of(meanings, g->said->meaning))
        return fail(ST_BAD_INPUT, "signature.meaning", 0, "signature: meaning is one of: %.*s",
                    STR(str_shown(meanings, 60)));
    if (g->rule->reason && g->said->reason.n == 0)
        return wrong("reason.required", "say in its reason why");
    return OK;
}

static status caller_check(const struct signing *g)
{
    const struct caller *c = caller_of(g->r);
    str role = str_of(role_word(c->role));

    if (!c->person)
        return forbidden("signature.person", "only a person signs, with a token of a user");
    if (c->role == ROLE_ADMIN || !is_word_of(str_of(g->rule->roles), role))
        return fail(ST_NOT_ALLOWED, "signature.role", 0, "%s does not sign this, only %s",
                    role_word(c->role), g->rule->roles);
    return OK;
}

// Reads the person; texts are the request's.
static status user_read(struct signing *g, struct txn *t)
{
    const struct site *site = api_site(g->r);
    struct clock_stop stop;
    struct user_state s;

    if (!user_get(t, caller_of(g->r)->user, &g->r->arena, &g->user) || !g->user.active)
        return forbidden("signature.person", "there is no such person any more");
    user_state_get(t, g->user.number, &s);
    // A clock that has jumped ahead must not end a lock that the journal's own time has not ended.
    if (clock_stop_get(t, &stop)) g->now = journal_head_get(t).at;
    if (s.hash.n == 0) return forbidden("signature.no_password", "this person has no password");
    TRY(user_lock_check(&s, g->now));
    if (s.first && site->people.first_must_change)
        return forbidden("signature.first_password",
                         "an administrator knows this password: change it before you sign");
    g->user.printed = arena_str(&g->r->arena, g->user.printed);
    g->hash = arena_str(&g->r->arena, s.hash);
    return g->user.printed.p == NULL || g->hash.p == NULL ? no_memory() : OK;
}

static status person_check(struct signing *g)
{
    TRY(caller_check(g));
    struct txn *t = api_snapshot(g->r);
    status st = user_read(g, t);
    return api_snapshot_end(g->r, st);
}

static bool refuse(const struct signing *g, status st)
{
    if (st.cls == ST_NOT_ALLOWED) {
        api_answers(g->r, NULL); // who may not sign is not answered again either
        api_refuse(g->r, g->rule->kind, g->rule->client, st, S(""));
    } else {
        api_fail(g->r, st);
    }
    return false;
}

static bool refuse_password(const struct signing *g)
{
    struct user *u = NEW(&g->r->arena, struct user);

    if (u == NULL) return refuse(g, no_memory());
    *u = g->user;
    user_refuse_wrong(g->r, u, forbidden("signature.password", "the password is wrong"));
    return false;
}

bool signature_check(struct http_req *r, const struct signature_rule *rule,
                     const struct signature_said *said, struct signature *out)
{
    const struct env *env = api_site(r)->env;
    struct signing g = {.r = r, .rule = rule, .said = said, .now = env_wall(env)};
    bool fits = false;

    status st = said_check(&g);
    if (st.cls == ST_OK) st = person_check(&g);
    if (st.cls == ST_OK) st = password_fits(api_site(r), g.hash, said->password, &fits);
    if (st.cls != ST_OK) return refuse(&g, st);
    if (!fits) return refuse_password(&g);
    *out = (struct signature){.actor = caller_of(r)->actor,
                              .user = g.user.name,
                              .printed_name = g.user.printed,
                              .meaning = said->meaning,
                              .reason = said->reason,
                              .time = env_moment(env)};
    return true;
}
