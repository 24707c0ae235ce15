#include "service/access/signature.h"
#include "service/access/hashing.h"
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
    bytes_str(b, s->role);
    bytes_str(b, s->meaning);
    bytes_str(b, s->reason);
    bytes_u(b, (uint64_t)s->time.at.ms, 8);
    bytes_u(b, (uint16_t)s->time.offset_min, 2);
}

// Kinds that were signed before signatures said the role, and their last version that does not.
static const struct {
    uint16_t kind;
    uint8_t last;
} without_role[] = {
    {FACT_TOKEN_CREATED,   2},
    {FACT_EPOCH_ADDED,     1},
    {FACT_POOLS_ADVANCED,  1},
    {FACT_CERTIFICATE_PUT, 1},
    {FACT_USER_PUT,        2},
    {FACT_LOT_RELEASED,    1},
    {FACT_LOT_REOPENED,    1},
    {FACT_LOT_AMENDED,     1},
    {FACT_LOT_RECALLED,    2},
    {FACT_HOLD_RELEASED,   1},
    {FACT_ACT_PROPOSED,    2},
    {FACT_CORRECTION_MADE, 1},
    {FACT_CLOCK_ACCEPTED,  1},
};

static bool says_role(const struct fact *f)
{
    for (size_t i = 0; i < LEN(without_role); i++)
        if (without_role[i].kind == f->kind) return f->kind_version > without_role[i].last;
    return true;
}

bool signature_get(const struct fact *f, struct bytes_r *r, struct signature *out)
{
    struct signature s = {.actor = (uint32_t)bytes_get_u(r, 4)};

    s.user = bytes_get_str(r);
    s.printed_name = bytes_get_str(r);
    if (says_role(f)) s.role = bytes_get_str(r);
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
    if (s->role.n > 0) json_w_kstr(w, "role", s->role);
    json_w_kstr(w, "meaning", s->meaning);
    if (s->reason.n > 0) json_w_kstr(w, "reason", s->reason);
    json_w_kstr(w, "time", buf_str(&b));
    json_w_end(w);
    buf_fini(&b);
}

void signature_line(struct buf *b, const struct signature *s)
{
    buf_addf(b, "%.*s (%.*s", STR(s->printed_name), STR(s->user));
    if (s->role.n > 0) buf_addf(b, ", %.*s", STR(s->role));
    buf_addf(b, "), %.*s, ", STR(s->meaning));
    when_write(b, s->time);
    if (s->reason.n > 0) buf_addf(b, ": %.*s", STR(s->reason));
}

// ---- the check

struct signing {
    const struct site *site;
    struct arena *arena;
    const struct signature_rule *rule;
    const struct signature_said *said;
    struct user user;
    str hash;
    wall now;
};

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
    str meanings = g->site->people.meanings;

    if (g->said == NULL)
        return wrong("signature.required", "this is signed: {\"password\",\"meaning\"}");
    if (memchr(g->said->meaning.p, ' ', g->said->meaning.n) != NULL ||
        !str_has_word(meanings, g->said->meaning))
        return fail(ST_BAD_INPUT, "signature.meaning", 0, "signature: meaning is one of: %.*s",
                    STR(str_shown(meanings, 60)));
    if (g->rule->reason && g->said->reason.n == 0)
        return wrong("reason.required", "say in its reason why");
    return OK;
}

// What administrators sign is theirs alone, and nothing else is.
static status role_check(const struct signing *g, enum role role)
{
    bool administers = strcmp(g->rule->roles, role_word(ROLE_ADMIN)) == 0;

    if ((role == ROLE_ADMIN) != administers ||
        !str_has_word(str_of(g->rule->roles), str_of(role_word(role))))
        return fail(ST_NOT_ALLOWED, "signature.role", 0, "%s does not sign this, only %s",
                    role_word(role), g->rule->roles);
    return OK;
}

static status person_unknown(void)
{
    return forbidden("signature.person", "there is no such person any more");
}

// Reads the person; texts are the arena's.
static status user_read(struct signing *g, struct txn *t, str name)
{
    struct user_state s;

    if (!user_get(t, name, g->arena, &g->user) || !g->user.active) return person_unknown();
    user_state_get(t, g->user.number, &s);
    g->now = clock_proven(t, g->site->env);
    if (s.hash.n == 0) return forbidden("signature.no_password", "this person has no password");
    TRY(user_lock_check(&s, g->now));
    if (s.first && g->site->people.first_must_change)
        return forbidden("signature.first_password",
                         "an administrator knows this password: change it before you sign");
    TRY(user_age_check(user_password_until(g->site, t, g->user.number), g->now));
    g->user.name = arena_str(g->arena, g->user.name);
    g->user.printed = arena_str(g->arena, g->user.printed);
    g->hash = arena_str(g->arena, s.hash);
    bool kept = g->user.name.p != NULL && g->user.printed.p != NULL && g->hash.p != NULL;
    return kept ? OK : no_memory();
}

static status person_check(struct signing *g, struct http_req *r)
{
    const struct caller *c = caller_of(r);

    if (!c->person)
        return forbidden("signature.person", "only a person signs, with a token of a user");
    TRY(role_check(g, c->role));
    struct txn *t = api_snapshot(r);
    status st = user_read(g, t, c->user);
    return api_snapshot_end(r, st);
}

static struct signature signed_now(const struct signing *g, uint32_t actor)
{
    return (struct signature){.actor = actor,
                              .user = g->user.name,
                              .printed_name = g->user.printed,
                              .role = str_of(role_word(g->user.role)),
                              .meaning = g->said->meaning,
                              .reason = g->said->reason,
                              .time = env_moment(g->site->env)};
}

static bool refuse(struct http_req *r, const struct signing *g, status st)
{
    if (st.cls == ST_NOT_ALLOWED) {
        api_answers(r, NULL); // who may not sign is not answered again either
        api_refuse(r, g->rule->kind, g->rule->client, st, S(""));
    } else {
        api_fail(r, st);
    }
    return false;
}

static status password_wrong(void)
{
    return forbidden("signature.password", "the password is wrong");
}

static bool refuse_password(struct http_req *r, const struct signing *g)
{
    struct user *u = NEW(&r->arena, struct user);

    if (u == NULL) return refuse(r, g, no_memory());
    *u = g->user;
    user_refuse_wrong(r, u, password_wrong());
    return false;
}

bool signature_check(struct http_req *r, const struct signature_rule *rule,
                     const struct signature_said *said, struct signature *out)
{
    struct signing g = {.site = api_site(r), .arena = &r->arena, .rule = rule, .said = said};
    bool fits = false;

    status st = said_check(&g);
    if (st.cls == ST_OK) st = person_check(&g, r);
    if (st.cls == ST_OK) st = hashing_fits(r, g.hash, said->password, &fits);
    if (api_is_later(&st)) return false;
    if (st.cls != ST_OK) return refuse(r, &g, st);
    if (!fits) return refuse_password(r, &g);
    *out = signed_now(&g, caller_of(r)->actor);
    return true;
}

status signature_by_name(const struct site *s, struct arena *a, const struct signature_rule *rule,
                         struct signature_named *who, struct signature *out)
{
    struct signing g = {.site = s, .arena = a, .rule = rule, .said = &who->said};
    bool fits = false;

    TRY(said_check(&g));
    struct txn *t = txn_read(s->db);
    status st = user_read(&g, t, who->user);
    status end = txn_end(&t, false);
    TRY(st);
    TRY(end);
    TRY(role_check(&g, g.user.role));
    struct reach reach = {g.user.role, g.user.clients, g.user.client_count};
    if (!reach_has(&reach, rule->roles, rule->client))
        return forbidden("access.client", "this person is not for what is signed");
    TRY(password_fits(s, g.hash, who->said.password, &fits));
    who->number = g.user.number;
    *out = signed_now(&g, 0);
    return fits ? OK : password_wrong();
}
