// user.c - what people configure of a person, and its rules.
//
// The item holds what an administrator has set as the member `password`, sealed: 0 1, seq of the
// lock that the put has ended 8, hash. So a put that says nothing of the password changes nothing
// of it, and one that comes after a lock is another version, whose write ends the lock. What counts
// now, which the person may have changed since, is in the row (user_db.h).
//
// A signed put is a fact of version 3, whose papers are: signature (of version 2 without its role)
// | where another person had to sign before: seq of that proposal 8 | that person's signature. Both
// sign all but the password itself: of one that is set, the second's counts.
#include "service/access/user.h"
#include "common/bytes.h"
#include "service/access/password.h"
#include "service/access/second.h"
#include "service/access/session.h"
#include "service/access/token.h"
#include "service/client/client.h"
#include "service/item/item_api.h"

#define SEAL_HEAD 9u

struct user_value {
    str name, role, client, password, active;
    struct form_list clients, extra;
    str reason;
    struct signature_said *signature; // of a body alone
};

// ---- the form

static status role_of_person(str value, struct arena *a, str *out)
{
    enum role role;

    (void)a, (void)out;
    if (!role_find(value, &role))
        return fail(ST_BAD_INPUT, "role.unknown", 0,
                    "role: distributor, client, operator, qa, auditor or admin");
    if (role == ROLE_LINE || role == ROLE_GATEWAY)
        return fail(ST_BAD_INPUT, "user.role", 0, "role: a %s is a machine, not a person",
                    role_word(role));
    return OK;
}

static status truth(str value, struct arena *a, str *out)
{
    (void)a, (void)out;
    if (str_eq(value, S("true")) || str_eq(value, S("false"))) return OK;
    return fail(ST_BAD_INPUT, "json.type", 0, "active: true or false");
}

// clang-format off
#define U(member) .at = offsetof(struct user_value, member)
#define FIELDS                                                                                     \
    {.name = "name",     .kind = FORM_STR, U(name), .required = true, .max = 200},                 \
    {.name = "role",     .kind = FORM_STR, U(role), .required = true, .max = 32,                   \
     .check = role_of_person},                                                                     \
    {.name = "client",   .kind = FORM_NAME, U(client)},                                            \
    {.name = "clients",  .kind = FORM_STRS, U(clients), .max = 64,                                 \
     .count_max = CALLER_CLIENTS_MAX},                                                             \
    {.name = "password", .kind = FORM_STR, U(password), .max = PASSWORD_TEXT_MAX, .secret = true}, \
    {.name = "active",   .kind = FORM_RAW, U(active), .max = 5, .check = truth},                   \
    {.name = "extra",    .kind = FORM_MAP, U(extra), .max = 500, .count_max = 64},                 \
    {.name = "reason",   .kind = FORM_STR, U(reason), .max = 500}
static const struct form_field fields[] = {FIELDS, {0}};
static const struct form_field said_fields[] = {
    FIELDS,
    {.name = "signature", .kind = FORM_ONE, U(signature), .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form form = {"user", sizeof(struct user_value), fields, 1};
static const struct form said_form = {"user", sizeof(struct user_value), said_fields, 1};

// ---- reading

static bool client_at(struct txn *t, str name, client_id *out)
{
    return client_by_name(t, name, out);
}

// The clients that a user is bound to, as numbers. client.unknown.
static status clients_of(struct txn *t, const struct user_value *v, struct arena *a,
                         struct user *out)
{
    uint32_t n = v->clients.n + (v->client.n > 0 ? 1 : 0);
    client_id *clients = NEW_ARRAY(a, client_id, n + 1);
    const str *names = v->clients.items;

    if (clients == NULL) return no_memory();
    for (uint32_t i = 0; i < n; i++) {
        str name = v->client.n > 0 ? v->client : names[i];
        if (!client_at(t, name, &clients[i]))
            return fail(ST_UNPROCESSABLE, "client.unknown", 0, "client: there is no %.*s",
                        STR(name));
    }
    out->clients = clients;
    out->client_count = n;
    return OK;
}

static status user_of(struct txn *t, const struct item *i, const struct user_value *v,
                      struct arena *a, struct user *out)
{
    struct user u = {.number = i->number, .name = arena_str(a, i->name), .printed = v->name};

    u.active = str_eq(v->active, S("true"));
    if (u.name.p == NULL) return no_memory();
    if (!role_find(v->role, &u.role)) return fail(ST_STORE, "store.corrupt", 0, "a user's role");
    TRY(clients_of(t, v, a, &u));
    *out = u;
    return OK;
}

bool user_get(struct txn *t, str name, struct arena *a, struct user *out)
{
    struct user_value v;
    struct item i;

    if (!item_get(t, &noun_user, name, &i)) return false;
    if (item_value(&noun_user, &i, a, &v).cls == ST_OK && user_of(t, &i, &v, a, out).cls == ST_OK)
        return true;
    txn_spoil(t, "store.corrupt", "the row of a user");
    return false;
}

// ---- rules

// One person, one role: what an administrator may not do (open, close, report, sign) nobody else's
// duty can bring to the same account.
static status rules(const struct user_value *v)
{
    bool bound = v->client.n > 0 || v->clients.n > 0;
    enum role role = ROLE_ADMIN;
    const str *names = v->clients.items;

    if (!role_find(v->role, &role)) return fail(ST_INTERNAL, "role.unknown", 0, "role");
    if (v->client.n > 0 && v->clients.items != NULL)
        return fail(ST_BAD_INPUT, "field.range", 0, "clients: either client or clients");
    if (v->clients.items != NULL && v->clients.n == 0) // none must not come to mean all
        return fail(ST_BAD_INPUT, "field.range", 0, "clients: at least one, or leave it out");
    for (uint32_t i = 0; i < v->clients.n; i++)
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(names[i], names[k]))
                return fail(ST_BAD_INPUT, "field.range", 0, "clients: one is named twice");
    if ((role == ROLE_CLIENT || role == ROLE_DISTRIBUTOR) && !bound)
        return fail(ST_BAD_INPUT, "field.required", 0, "client: people of this role are for some");
    if (role == ROLE_ADMIN && bound)
        return fail(ST_BAD_INPUT, "field.range", 0,
                    "client: an administrator is of the whole site");
    return OK;
}

static bool is_sealed(str s) { return s.n >= SEAL_HEAD && s.p[0] == 0; }
static str hash_of(str sealed)
{
    return is_sealed(sealed) ? str_from(sealed, SEAL_HEAD) : (str){"", 0};
}
static uint64_t lifted_by(str sealed) { return is_sealed(sealed) ? get_be(sealed.p + 1, 8) : 0; }

static status put_sealed(struct arena *a, uint64_t lifted, str hash, str *out)
{
    char *p = arena_alloc(a, SEAL_HEAD + hash.n);

    if (p == NULL) return no_memory();
    put_be(p + 1, lifted, 8);
    if (hash.n > 0) memcpy(p + SEAL_HEAD, hash.p, hash.n);
    *out = (str){p, SEAL_HEAD + hash.n};
    return OK;
}

static status seal(const struct item_from *from, struct item_put *put)
{
    struct user_value *v = (struct user_value *)(uintptr_t)put->value, old = {0};
    struct user u = {.name = put->name, .printed = v->name};
    struct user_state state = {0};
    struct item i;

    TRY(rules(v));
    TRY(clients_of(from->t, v, from->arena, &u));
    if (v->active.n == 0) v->active = S("true");
    if (item_get(from->t, &noun_user, put->name, &i)) {
        TRY(item_value(&noun_user, &i, from->arena, &old));
        u.number = i.number;
        user_state_get(from->t, u.number, &state);
    }
    str hash = hash_of(old.password);
    if (v->password.n > 0 && !str_eq(v->password, S("***")))
        TRY(user_password_given(from, &u, v->password, &hash));
    uint64_t lifted = state.lock_seq != 0 ? state.lock_seq : lifted_by(old.password);
    v->password = (str){"", 0};
    return hash.n == 0 ? OK : put_sealed(from->arena, lifted, hash, &v->password);
}

status user_password_put(const struct site *s, struct txn *t, struct arena *a, str password,
                         struct item_put *put)
{
    struct user_value *v = NEW(a, struct user_value);
    struct item i;

    if (v == NULL) return no_memory();
    if (!item_get(t, &noun_user, put->name, &i))
        return fail(ST_NOT_FOUND, "user.unknown", 0, "there is no such user");
    TRY(item_value(&noun_user, &i, a, v));
    v->password = password;
    put->value = v;
    return item_prepare(&noun_user, &(struct item_from){s, t, a, NULL}, put);
}

static bool put_is_plain(const struct fact *f, struct arena *a)
{
    struct user_value v;
    struct item i;
    str reason;

    return item_of_fact(f, &i, &reason).cls == ST_OK &&
           item_value(&noun_user, &i, a, &v).cls == ST_OK &&
           !password_is_sealed(hash_of(v.password));
}

bool user_fact_is_plain(const struct fact *f, struct arena *a)
{
    if (f->kind == FACT_USER_PUT) return put_is_plain(f, a);
    return f->kind == FACT_USER_PASSWORD && !password_is_sealed(user_password_said(f));
}

// ---- decided

static struct second_of act_of(str name)
{
    return (struct second_of){.act = SECOND_PUT_USER, .subject = name};
}

// REQ USER-DUTIES: nor one after the other, or an administrator would sign for a while
static status check(struct decide *d, const struct item_put *put, const struct user *was)
{
    const struct user_value *v = put->value;
    bool is_admin = was->active && was->role == ROLE_ADMIN;
    bool to_admin = str_eq(v->role, S("admin"));
    bool stays = str_eq(v->active, S("true")) && to_admin;

    if (is_admin && !stays && !token_admin_remains(d, 0, put->name))
        return fail(ST_CONFLICT, "user.last_admin", 0,
                    "nobody else could administer the site: make another administrator first");
    if (to_admin == (was->role == ROLE_ADMIN)) return OK;
    return fail(ST_CONFLICT, "user.duties", 0,
                "an account that %s never gets the other duties: put another user",
                to_admin ? "has been of the trade" : "has administered");
}

static status check_all(struct decide *d, const struct item_put *put, struct user *was,
                        struct user *now, bool *there)
{
    const struct user_value *v = put->value;

    if (v->password.n > 0 && !is_sealed(v->password)) // whatever way a put took here
        return fail(ST_INTERNAL, "user.password", 0, "a password was not hashed before the put");
    TRY(clients_of(d->t, v, d->arena, now));
    *there = user_get(d->t, put->name, d->arena, was);
    return *there ? check(d, put, was) : OK;
}

// What the service does itself (commands on a stopped site, the first start) nobody signs.
static status decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct user_value *v = put->value;
    struct second_leaver who = {.user = put->name, .but = act_of(put->name)};
    struct user was = {0}, now = {0};
    bool there;
    status st;

    (void)old;
    if (d->actor != 0 && put->papers.n == 0 && second_is_marked(d->app, SECOND_PUT_USER))
        return fail(ST_CONFLICT, "act.second", 0, "two administrators must sign it");
    TRY(check_all(d, put, &was, &now, &there));
    struct reach left = {was.role, now.clients, now.client_count};
    bool stays = str_eq(v->active, S("true")) && str_eq(v->role, str_of(role_word(was.role)));
    if (stays) who.left = &left;
    if (!there || !was.active || d->again) return OK;
    // Who has signed first and could not sign any more has signed nothing.
    (void)second_falls(d, &who, &st);
    return st;
}

// A password that the put has brought counts from here on; a lock that it has seen is over.
static void write(struct txn *t, const struct fact *f, const struct item *now, const void *value)
{
    const struct user_value *v = value;
    str hash = hash_of(v->password);
    struct user_state s;

    struct second_of act = act_of(now->name);
    second_end(t, &act);
    user_state_get(t, now->number, &s);
    bool fresh = hash.n > 0 && !str_eq(hash, s.given);
    if (s.lock_seq != 0 && s.lock_seq == lifted_by(v->password)) {
        s.lock_seq = 0;
        s.locked_until = s.wrong_since = (wall){0};
        s.wrong = 0;
    }
    if (fresh) {
        s.hash = s.given = hash;
        s.first = true;
    }
    user_state_put(t, now->number, &s);
    if (fresh) user_password_add(t, now->number, f->seq, hash);
}

// ---- signed

struct user_signed { // the ask of a signed put
    struct item_put put;
    struct signature signature;
};

struct papers {
    struct signature signature;
    struct second_first first;
};

static bool papers_get(const struct fact *f, str bytes, struct papers *out)
{
    struct bytes_r r = bytes_reader(bytes);

    return signature_get(f, &r, &out->signature) && second_read(f, &r, &out->first) &&
           bytes_end(&r);
}

static void papers_write(const struct fact *f, str bytes, const char *first, struct json_w *w)
{
    struct papers x;

    if (!papers_get(f, bytes, &x)) return;
    json_w_key(w, S("signature"));
    signature_write(w, &x.signature);
    second_write(w, first, &x.first);
}

static void papers_print(const struct fact *f, str bytes, struct json_w *w)
{
    papers_write(f, bytes, "first_signature", w);
}

// What is signed: all but the password, of which only that there is another one.
static status signed_look(struct decide *d, const void *what, struct buf *state,
                          struct json_w *says)
{
    const struct user_signed *ask = what;
    struct user_value v = *(const struct user_value *)ask->put.value, old = {0};
    struct item was =
                    {
                        .packed = {"", 0}
    },
                now = {0};
    struct user user = {0}, next = {0};
    struct buf packed;
    bool there;

    TRY(check_all(d, &ask->put, &user, &next, &there));
    if (item_get(d->t, &noun_user, ask->put.name, &was))
        TRY(item_value(&noun_user, &was, d->arena, &old));
    bool fresh = !str_eq(hash_of(v.password), hash_of(old.password));
    v.password = (str){"", 0};
    buf_init(&packed, 256 * KB);
    form_pack(&form, &v, &packed);
    status st = buf_done(&packed, &now.packed);
    bytes_u(state, was.version, 4);
    bytes_u(state, fresh, 1);
    buf_add(state, st.cls == ST_OK ? now.packed : (str){"", 0});
    json_w_key(says, S("changes"));
    json_w_array(says);
    if (st.cls == ST_OK) item_changes_write(&noun_user, &was, &now, says);
    json_w_end(says);
    json_w_kbool(says, "password", fresh);
    if (ask->put.reason.n > 0) json_w_kstr(says, "reason", ask->put.reason);
    buf_fini(&packed);
    return st;
}

static status signed_decide(struct decide *d)
{
    const struct user_signed *ask = d->ask;
    const struct second_ask both = {
        .of = act_of(ask->put.name), .look = signed_look, .what = ask, .signature = ask->signature};
    struct item_put *put = NEW(d->arena, struct item_put);
    struct second_first first;
    struct buf papers;

    if (put == NULL) return no_memory();
    *put = ask->put;
    d->ask = put;
    if (item_put_is_same(d->t, &noun_user, put)) return item_put_decide(d); // done is done
    TRY(second_check(d, &both, &first));
    buf_init(&papers, 16 * KB);
    signature_put(&papers, &ask->signature);
    second_put(&papers, &first);
    put->papers = papers.failed ? (str){0} : arena_str(d->arena, buf_str(&papers));
    buf_fini(&papers);
    return put->papers.p == NULL ? no_memory() : item_put_decide(d);
}

// Who was put as inactive logs in anew, should they be active again.
static void sessions_end(struct http_req *r, const struct fact *f)
{
    struct user_value v;
    struct item i;
    str reason;

    if (item_of_fact(f, &i, &reason).cls != ST_OK) return;
    if (item_value(&noun_user, &i, &r->arena, &v).cls != ST_OK || str_eq(v.active, S("true")))
        return;
    uint32_t actor = session_actor_of(api_snapshot(r), i.name, &r->arena);
    if (api_snapshot_end(r, OK).cls == ST_OK && actor != 0)
        session_end_all(api_site(r), actor, f->seq);
}

static void submit_done(struct http_req *r, const struct ask *a)
{
    if (second_code(a) == 202) {
        second_proposed(r, a);
        return;
    }
    sessions_end(r, &a->fact);
    item_api_put_done(r, a);
}

static void submit_signed(struct http_req *r, const struct item_put *put, struct signature_said *by)
{
    struct signature_rule rule = {.roles = second_roles(SECOND_PUT_USER), .kind = &kind_user_put};
    struct user_signed *ask = NEW(&r->arena, struct user_signed);
    struct second_ask *both = NEW(&r->arena, struct second_ask);

    if (ask == NULL || both == NULL) {
        api_fail(r, no_memory());
        return;
    }
    if (by != NULL && by->reason.n == 0) by->reason = put->reason;
    if (!signature_check(r, &rule, by, &ask->signature)) return;
    ask->put = *put;
    *both = (struct second_ask){
        .of = act_of(put->name), .look = signed_look, .what = ask, .signature = ask->signature};
    second_command(r, both, &kind_user_put_signed, submit_done);
}

// Where the act is marked it is signed, but for a put that changes nothing.
static void submit(struct http_req *r, struct item_put *put)
{
    const struct user_value *v = put->value;
    bool same = item_put_is_same(api_snapshot(r), &noun_user, put);
    status st = api_snapshot_end(r, OK);

    if (st.cls != ST_OK)
        api_fail(r, st);
    else if (!same && (v->signature != NULL || second_is_marked(api_site(r), SECOND_PUT_USER)))
        submit_signed(r, put, v->signature);
    else
        api_command(r, &kind_user_put, put, submit_done);
}

// ---- shown

static status show_signatures(struct txn *t, const struct item *i, struct json_w *w)
{
    struct second_of act = act_of(i->name);
    struct second_row row;
    struct item signed_;
    struct arena a;
    struct fact f;
    str reason;

    arena_init(&a, 1 * MB);
    status st = journal_get(t, i->seq, &a, &f);
    if (st.cls == ST_OK) st = item_of_fact(&f, &signed_, &reason);
    if (st.cls == ST_OK && signed_.papers.n > 0) papers_write(&f, signed_.papers, "first", w);
    if (second_get(t, &act, &row)) {
        json_w_key(w, S("pending"));
        json_w_object(w);
        second_row_write(t, &row, &a, w);
        json_w_end(w);
    }
    arena_fini(&a);
    return st;
}

static status show(struct txn *t, wall now, const struct item *i, const void *value,
                   struct json_w *w)
{
    struct user_state s;

    (void)value;
    user_state_get(t, i->number, &s);
    if (s.hash.n > 0) json_w_kbool(w, "must_change", s.first);
    if (s.locked_until.ms > now.ms) json_w_kwall(w, "locked_until", s.locked_until);
    return show_signatures(t, i, w);
}

const struct item_noun noun_user = {.number = NOUN_USER,
                                    .word = "user",
                                    .unknown = "user.unknown",
                                    .form = &form,
                                    .said = &said_form,
                                    .reason_at = offsetof(struct user_value, reason),
                                    .kind = &kind_user_put,
                                    .seal = seal,
                                    .submit = submit,
                                    .done = submit_done,
                                    .papers = papers_print,
                                    .secrets = "password",
                                    .decide = decide,
                                    .write = write,
                                    .show = show};

const struct kind kind_user_put = {
    FACT_USER_PUT, 1, "user.put", item_put_decide, item_put_write, item_put_print, &noun_user};
const struct kind kind_user_put_signed = {
    FACT_USER_PUT, 3, "user.put", signed_decide, item_put_write, item_put_print, &noun_user};
const struct kind kind_user_put_signed_2 = {
    FACT_USER_PUT, 2, "user.put", NULL, item_put_write, item_put_print, &noun_user};
