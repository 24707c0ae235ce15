// POST /v1/serials and POST /v1/sscc: a line asks for numbers.
#include "service/access/access.h"
#include "service/api/api.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/pool/numbers_out.h"
#include "service/pool/pool_api.h"
#include "service/pool/pool_int.h"
#include "service/pool/recover.h"
#include <string.h>

struct serial_body {
    str reason;
    str gtin;
    uint64_t quantity;
    str lot, order, pool, level;
};

struct sscc_body {
    uint64_t quantity;
    str lot, gtin, client, pool, extension, prefix, order, reason;
};

static status check_lot(str in, struct arena *a, str *out)
{
    (void)a, (void)out;
    return gs1_serial_check(in, GS1_SERIAL_MAX);
}

static status check_digits(str in, struct arena *a, str *out)
{
    (void)a, (void)out;
    if (str_is_digits(in)) return OK;
    return fail(ST_BAD_INPUT, "field.digits", 0, "prefix and extension are digits");
}

// clang-format off
#define B(member) .name = #member, .at = offsetof(struct serial_body, member)
static const struct form_field serial_fields[] = {
    {B(gtin),     .kind = FORM_STR, .required = true, .max = 14, .check = pool_check_gtin},
    {B(quantity), .kind = FORM_U64, .required = true, .min = 1, .max = POOL_NUMBERS_MAX},
    {B(lot),      .kind = FORM_STR, .max = GS1_SERIAL_MAX, .check = check_lot},
    {B(order),    .kind = FORM_STR, .max = ISSUE_TEXT_MAX},
    {B(pool),     .kind = FORM_NAME},
    {B(level),    .kind = FORM_STR, .max = 64},
    {B(reason),   .kind = FORM_STR, .max = 500},
    {0},
};
static const struct form serial_form = {"request", sizeof(struct serial_body), serial_fields, 1};

#undef B
#define B(member) .name = #member, .at = offsetof(struct sscc_body, member)
static const struct form_field sscc_fields[] = {
    {B(quantity),  .kind = FORM_U64, .required = true, .min = 1, .max = POOL_NUMBERS_MAX},
    {B(lot),       .kind = FORM_STR, .max = GS1_SERIAL_MAX, .check = check_lot},
    {B(gtin),      .kind = FORM_STR, .max = 14, .check = pool_check_gtin},
    {B(client),    .kind = FORM_NAME},
    {B(pool),      .kind = FORM_NAME},
    {B(extension), .kind = FORM_STR, .max = 1, .check = check_digits},
    {B(prefix),    .kind = FORM_STR, .max = 12, .check = check_digits},
    {B(order),     .kind = FORM_STR, .max = ISSUE_TEXT_MAX},
    {B(reason),    .kind = FORM_STR, .max = 500},
    {0},
};
static const struct form sscc_form = {"request", sizeof(struct sscc_body), sscc_fields, 1};
// clang-format on

static status unknown_product(str gtin)
{
    return fail(ST_NOT_FOUND, "product.unknown", 0, "gtin: no product has the GTIN %.*s",
                STR(gtin));
}

static status unknown_pool(str name)
{
    return fail(ST_NOT_FOUND, "pool.unknown", 0, "pool: there is no pool %.*s", STR(name));
}

// A GTIN that the caller may know of.
static status see_gtin(struct txn *t, const struct caller *c, str gtin, struct gtin_row *out)
{
    if (!gtin_get(t, gtin.p, out) || !caller_sees(c, out->client)) return unknown_product(gtin);
    return OK;
}

static status see_pool(struct txn *t, const struct caller *c, str name, struct pool_row *out)
{
    struct item i;

    if (!item_get(t, &noun_pool, name, &i) || !(i.client.v == 0 || caller_sees(c, i.client)) ||
        !pool_row_get(t, i.number, out))
        return unknown_pool(name);
    return OK;
}

static void issued(struct http_req *r, const struct ask *a)
{
    struct numbers_answer answer = {.code = 201, .form = numbers_form(r), .fact = a->fact};
    if (answer.form >= 0) numbers_reply(r, &answer);
}

// ---- asking the committer
//
//     issue ─▶ numbers, or refused ─▶ answered
//       ▲ └──▶ nothing but taken ones so far ─▶ the mark moves past them, a fact without a key ─┐
//       └───────────────────────────────────────────────────────────────────────────────────────┘
//
// Each is a transaction of its own, so that others are served in between. Only the numbers bind
// the key: where it breaks off, the repeat finds the mark where it is.

struct asking { // in the request's arena
    struct issue_ask ask;
    struct issue_pass pass;
    struct recover_ask to;
    uint64_t before; // where the mark was to move the last time
};

static void ask_numbers(struct http_req *r, struct asking *a);

// However that went, another may have done it: what there is now is found out anew.
static void mark_moved(struct http_req *r, struct job *j)
{
    ask_numbers(r, CONTAINER_OF(j->asks[0].what, struct asking, to));
}

static void move_mark(struct http_req *r, struct asking *a)
{
    struct job *j = api_job(r, 1);

    if (j == NULL) return;
    a->before = a->to.to;
    j->asks[0] = (struct ask){.kind = &kind_numbers_recovered, .what = &a->to};
    api_submit(r, j, mark_moved);
}

static void numbers_done(struct http_req *r, struct job *j)
{
    struct ask *one = &j->asks[0];
    struct asking *a = CONTAINER_OF(one->what, struct asking, ask);

    if (one->result.cls != ST_OK)
        api_problem(r, one);
    else if (!one->nothing)
        issued(r, one);
    else if (a->to.to > a->before)
        move_mark(r, a);
    else
        http_problem(r, fail(ST_BUSY, "service.busy", 0, "the pool's mark does not move"), S(""));
}

static void ask_numbers(struct http_req *r, struct asking *a)
{
    struct job *j = api_job(r, 1);
    bool bad = false;

    if (j == NULL) return;
    j->key.present = api_key(r, &j->key, &bad);
    if (bad) return;
    j->asks[0] = (struct ask){.kind = &kind_numbers_issued, .what = &a->ask};
    api_submit(r, j, numbers_done);
}

// Asks the committer, or has the refusal recorded.
static void issue(struct http_req *r, status st, struct issue_ask *ask)
{
    api_answers(r, issued);
    if (st.cls != ST_OK)
        api_refuse(r, &kind_numbers_issued, ask->client, st, S(""));
    else
        ask_numbers(r, CONTAINER_OF(ask, struct asking, ask));
}

static struct issue_ask *ask_new(struct http_req *r)
{
    struct asking *a = NEW(&r->arena, struct asking);

    if (a == NULL) {
        http_problem(r, no_memory(), S(""));
        return NULL;
    }
    a->pass.to = &a->to;
    a->ask.pass = &a->pass;
    return &a->ask;
}

// ---- serials

// The GTIN of another level of the same product.
static status level_gtin(struct txn *t, struct arena *a, const struct serial_body *b,
                         const struct gtin_row *row, char out[14])
{
    struct product p;

    TRY(product_get(t, row->product, a, &p));
    for (uint32_t i = 0; i < p.level_count; i++) {
        if (!str_eq(p.levels[i].level, b->level)) continue;
        if (p.levels[i].is_sscc)
            return fail(ST_UNPROCESSABLE, "level.sscc", 0, "level: %.*s has SSCCs, not serials",
                        STR(b->level));
        memcpy(out, p.levels[i].gtin, 14);
        return OK;
    }
    return fail(ST_UNPROCESSABLE, "level.unknown", 0, "level: the product has no level %.*s",
                STR(b->level));
}

static status serial_resolve(struct txn *t, struct http_req *r, const struct serial_body *b,
                             struct issue_ask *ask)
{
    const struct caller *c = caller_of(r);
    struct gtin_row row;
    struct pool_row pool;

    TRY(see_gtin(t, c, b->gtin, &row));
    ask->owner = ask->client = row.client;
    memcpy(ask->gtin, b->gtin.p, 14);
    if (b->level.n > 0) TRY(level_gtin(t, &r->arena, b, &row, ask->gtin));
    ask->id = pool_id_gtin(ask->gtin);
    if (b->pool.n == 0) return OK;
    TRY(see_pool(t, c, b->pool, &pool));
    if (pool.id.n != ask->id.n || memcmp(pool.id.p, ask->id.p, ask->id.n) != 0)
        return fail(ST_UNPROCESSABLE, "pool.gtin", 0, "pool: %.*s is not of this GTIN",
                    STR(b->pool));
    ask->pool = pool.pool;
    return OK;
}

void serials_post(struct http_req *r)
{
    struct serial_body b = {0};
    struct issue_ask *ask;

    if (numbers_form(r) < 0 || !api_body(r, &serial_form, &b)) return;
    if ((ask = ask_new(r)) == NULL) return;
    ask->quantity = (uint32_t)b.quantity;
    ask->line = caller_of(r)->line;
    ask->lot = b.lot;
    ask->order = b.order;
    ask->reason = b.reason;
    status st = api_reason_take(r, &ask->reason);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    struct txn *t = api_snapshot(r);
    st = serial_resolve(t, r, &b, ask);
    status end = api_snapshot_end(r, OK);
    if (end.cls != ST_OK)
        http_problem(r, end, S(""));
    else
        issue(r, st, ask);
}

// ---- SSCCs

struct search { // for the one pool, or the one group of ranked pools
    struct txn *t;
    const struct sscc_body *body;
    bool any_owner;  // nobody was named: it must be the only one
    client_id owner; // or of the first that was found
    struct pool_id found;
    bool ambiguous;
};

static bool fits(const struct search *s, const struct pool_row *p)
{
    str id = {p->id.p, p->id.n}, prefix = str_from(id, 1);

    return (p->client.v == s->owner.v || s->any_owner) &&
           (s->body->extension.n == 0 || s->body->extension.p[0] == id.p[0]) &&
           (s->body->prefix.n == 0 || str_eq(s->body->prefix, prefix));
}

static bool search_one(void *self, uint32_t pool)
{
    struct search *s = self;
    struct pool_row p;

    if (!pool_row_get(s->t, pool, &p) || !fits(s, &p)) return true;
    if (s->found.n == 0) {
        s->found = p.id;
        s->owner = p.client;
    } else if (p.client.v != s->owner.v || s->found.n != p.id.n ||
               memcmp(s->found.p, p.id.p, p.id.n) != 0) {
        s->ambiguous = true;
    }
    return !s->ambiguous;
}

// For whom they are: as said, as the lot's GTIN says, or the caller's client.
static status sscc_client(struct txn *t, struct http_req *r, const struct sscc_body *b,
                          client_id *out)
{
    const struct caller *c = caller_of(r);
    struct gtin_row row = {0};
    client_id named = {0};

    if (b->client.n > 0 && (!client_by_name(t, b->client, &named) || !caller_sees(c, named)))
        return fail(ST_NOT_FOUND, "client.unknown", 0, "client: there is no client %.*s",
                    STR(b->client));
    if (b->gtin.n > 0) TRY(see_gtin(t, c, b->gtin, &row));
    if (named.v != 0 && row.client.v != 0 && named.v != row.client.v)
        return fail(ST_UNPROCESSABLE, "pool.client", 0, "client: the GTIN is another client's");
    *out = row.client.v != 0 ? row.client : named;
    if (out->v != 0 || (b->pool.n > 0 && c->client_count != 1)) return OK;
    return access_client(r, t, out);
}

static status sscc_pool(struct search *s, struct issue_ask *ask)
{
    pools_of_all_sscc(s->t, search_one, s);
    if (s->found.n == 0 && s->owner.v != 0) { // none of the client's: the site's own
        s->owner.v = 0;
        pools_of_all_sscc(s->t, search_one, s);
    }
    if (s->ambiguous)
        return fail(ST_UNPROCESSABLE, "pool.ambiguous", 0,
                    "several pools have such SSCCs: say pool, or extension and prefix");
    if (s->found.n == 0) return fail(ST_CONFLICT, "pool.none", 0, "no pool has SSCCs for this");
    ask->id = s->found;
    ask->owner = s->owner;
    if (ask->client.v == 0) ask->client = s->owner;
    return OK;
}

static status sscc_resolve(struct txn *t, struct http_req *r, const struct sscc_body *b,
                           struct issue_ask *ask)
{
    const struct caller *c = caller_of(r);
    struct search s = {.t = t, .body = b};
    struct pool_row p;

    TRY(sscc_client(t, r, b, &ask->client));
    if (b->gtin.n > 0) memcpy(ask->gtin, b->gtin.p, 14);
    s.owner = ask->client;
    s.any_owner = s.owner.v == 0 && caller_is_site(c);
    if (b->pool.n == 0) return sscc_pool(&s, ask);
    TRY(see_pool(t, c, b->pool, &p));
    if (!pool_id_is_sscc(&p.id))
        return fail(ST_UNPROCESSABLE, "pool.gtin", 0, "pool: %.*s has serials, not SSCCs",
                    STR(b->pool));
    if (ask->client.v == 0) ask->client = p.client;
    if (p.client.v != 0 && p.client.v != ask->client.v)
        return fail(ST_UNPROCESSABLE, "pool.client", 0, "pool: %.*s is another client's",
                    STR(b->pool));
    ask->id = p.id;
    ask->owner = p.client;
    ask->pool = p.pool;
    return OK;
}

void sscc_post(struct http_req *r)
{
    struct sscc_body b = {0};
    struct issue_ask *ask;

    if (numbers_form(r) < 0 || !api_body(r, &sscc_form, &b)) return;
    if (b.lot.n > 0 && b.gtin.n == 0) {
        http_problem(r, fail(ST_BAD_INPUT, "field.required", 0, "gtin: say whose lot it is"),
                     S(""));
        return;
    }
    if ((ask = ask_new(r)) == NULL) return;
    ask->quantity = (uint32_t)b.quantity;
    ask->line = caller_of(r)->line;
    ask->lot = b.lot;
    ask->order = b.order;
    ask->reason = b.reason;
    status st = api_reason_take(r, &ask->reason);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    struct txn *t = api_snapshot(r);
    st = sscc_resolve(t, r, &b, ask);
    status end = api_snapshot_end(r, OK);
    if (end.cls != ST_OK)
        http_problem(r, end, S(""));
    else
        issue(r, st, ask);
}
