// POST /v1/serials/returns: numbers that were never printed go back to their owner or their pool.
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/pool/numbers_out.h"
#include "service/pool/pool_api.h"
#include "service/pool/pool_int.h"
#include "service/pool/request.h"

struct body {
    str request, gtin;
    struct form_list serials, ssccs; // of str
    str reason;
    uint8_t to;
};

static const char *const to_words[] = {"owner", "pool", NULL};

// clang-format off
#define B(member) .name = #member, .at = offsetof(struct body, member)
static const struct form_field fields[] = {
    {B(request), .kind = FORM_STR, .max = 64},
    {B(gtin),    .kind = FORM_STR, .max = 14, .check = pool_check_gtin},
    {B(serials), .kind = FORM_STRS, .max = GS1_SERIAL_MAX, .count_max = POOL_NUMBERS_MAX},
    {B(ssccs),   .kind = FORM_STRS, .max = 200, .count_max = POOL_NUMBERS_MAX},
    {B(reason),  .kind = FORM_STR, .max = 500},
    {B(to),      .kind = FORM_WORD, .words = to_words},
    {0},
};
static const struct form form = {"return", sizeof(struct body), fields, 1};
// clang-format on

static status check_body(const struct http_req *r, const struct body *b)
{
    int ways = (b->request.n > 0) + (b->serials.n > 0) + (b->ssccs.n > 0);

    if (ways != 1)
        return fail(ST_BAD_INPUT, "return.what", 0,
                    "say request, or gtin and serials, or ssccs: one of them");
    if ((b->gtin.n > 0) != (b->serials.n > 0))
        return fail(ST_BAD_INPUT, "return.what", 0, "gtin and serials belong together");
    return api_reason_check(caller_of(r), b->reason);
}

struct resolving {
    struct http_req *r;
    struct txn *t;
    const struct body *body;
    struct return_ask *ask;
    unit_id *units;
    str *unknown;
    uint32_t n;
};

static status room_for(struct resolving *s, uint32_t n)
{
    s->units = NEW_ARRAY(&s->r->arena, unit_id, n);
    s->unknown = NEW_ARRAY(&s->r->arena, str, n);
    return s->units == NULL || s->unknown == NULL ? no_memory() : OK;
}

static status note_unknown(struct resolving *s, const struct gs1_id *id)
{
    struct buf b;

    buf_init(&b, KB);
    status st = gs1_write(id, GS1_BRACKETED, NULL, &b);
    str text = st.cls == ST_OK ? arena_str(&s->r->arena, buf_str(&b)) : (str){0};
    buf_fini(&b);
    if (text.p == NULL) return st.cls == ST_OK ? no_memory() : st;
    s->unknown[s->ask->unknown_count++] = text;
    return OK;
}

static status by_request(struct resolving *s)
{
    struct request_row q;

    TRY(request_find(s->t, s->r, s->body->request, &q));
    s->ask->request = q.seq;
    s->ask->client = q.client;
    struct request_part all = {q.seq, 0, q.quantity};
    return request_runs(s->t, &all, &s->r->arena, &s->ask->units);
}

static status by_serials(struct resolving *s)
{
    const str *serials = s->body->serials.items;
    uint32_t n = s->body->serials.n;
    const char *gtin = s->body->gtin.p;
    struct gtin_row row;

    if (!gtin_get(s->t, gtin, &row) || !caller_sees(caller_of(s->r), row.client))
        return fail(ST_NOT_FOUND, "product.unknown", 0, "gtin: no product has the GTIN %.*s",
                    STR(s->body->gtin));
    s->ask->client = row.client;
    TRY(room_for(s, n));
    names_find_serials(names_here(api_site(s->r)), s->t, gtin, serials, n, s->units);
    for (uint32_t i = 0; i < n; i++) {
        struct gs1_id id = gs1_sgtin(gtin, serials[i]);
        if (s->units[i].v != 0)
            s->units[s->n++] = s->units[i];
        else
            TRY(note_unknown(s, &id));
    }
    return OK;
}

static status by_ssccs(struct resolving *s)
{
    const str *ssccs = s->body->ssccs.items;
    const struct caller *c = caller_of(s->r);
    struct gs1_id id;
    client_id owner;

    TRY(room_for(s, s->body->ssccs.n));
    for (uint32_t i = 0; i < s->body->ssccs.n; i++) {
        TRY(gs1_read(ssccs[i], &s->r->arena, &id));
        if (id.scheme != GS1_SSCC)
            return fail(ST_BAD_INPUT, "return.sscc", 0, "ssccs: %.*s is none", STR(ssccs[i]));
        if (!names_find(names_here(api_site(s->r)), s->t, &id, &s->units[s->n], &owner) ||
            !caller_sees(c, owner)) {
            TRY(note_unknown(s, &id));
            continue;
        }
        if (s->n++ > 0 && owner.v != s->ask->client.v)
            return fail(ST_UNPROCESSABLE, "return.clients", 0,
                        "ssccs: one return is of one client's numbers");
        s->ask->client = owner;
    }
    return OK;
}

static status resolve(struct resolving *s)
{
    if (s->body->request.n > 0) return by_request(s);
    TRY(s->body->serials.n > 0 ? by_serials(s) : by_ssccs(s));
    s->ask->unknown = s->unknown;
    s->ask->units = runs_of(&s->r->arena, s->units, s->n);
    return s->ask->units.at == NULL ? no_memory() : OK;
}

// ---- the answer

struct keeping {
    struct json_w *w;
    str code;
    struct buf spelled;
};

static void put_kept(struct json_w *w, str unit, str code)
{
    json_w_object(w);
    json_w_kstr(w, "unit", unit);
    json_w_kstr(w, "code", code);
    json_w_end(w);
}

static void keep_one(void *self, const struct gs1_id *id)
{
    struct keeping *k = self;

    buf_reset(&k->spelled);
    if (gs1_write(id, GS1_BRACKETED, NULL, &k->spelled).cls == ST_OK)
        put_kept(k->w, buf_str(&k->spelled), k->code);
}

static status answer_write(struct http_req *r, const struct ask *a, struct json_w *w)
{
    struct keeping k = {.w = w};
    struct returned x;
    struct kept kept;
    status st = OK;

    TRY(returned_get(a->fact.decided, &r->arena, &x));
    buf_init(&k.spelled, KB);
    json_w_object(w);
    json_w_kint(w, "returned", (int64_t)x.runs.units);
    json_w_key(w, S("kept"));
    json_w_array(w);
    struct txn *t = api_snapshot(r);
    while (st.cls == ST_OK && kept_next(&x.kept, &kept)) {
        k.code = kept.code;
        if (kept.run.count == 0)
            put_kept(w, kept.text, kept.code);
        else
            st = names_run(names_here(api_site(r)), t, kept.run, keep_one, &k);
    }
    st = api_snapshot_end(r, st);
    json_w_end(w);
    json_w_end(w);
    buf_fini(&k.spelled);
    return st;
}

static void returned(struct http_req *r, const struct ask *a)
{
    struct buf b;

    buf_init(&b, 128 * MB);
    struct json_w w = json_writer(&b);
    status st = answer_write(r, a, &w);
    if (st.cls == ST_OK)
        api_reply(r, 200, &b);
    else
        http_problem(r, st, S(""));
    buf_fini(&b);
}

void serials_return(struct http_req *r)
{
    struct body b = {0};
    struct return_ask *ask;

    if (!api_body(r, &form, &b)) return;
    api_answers(r, returned);
    status st = check_body(r, &b);
    if (st.cls == ST_OK && (ask = NEW(&r->arena, struct return_ask)) == NULL) st = no_memory();
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    struct resolving s = {.r = r, .t = api_snapshot(r), .body = &b, .ask = ask};
    ask->reason = b.reason;
    ask->to_pool = b.to != 0;
    ask->line = caller_of(r)->line;
    st = resolve(&s);
    status end = api_snapshot_end(r, OK);
    if (end.cls != ST_OK)
        http_problem(r, end, S(""));
    else if (st.cls == ST_BAD_INPUT || st.cls == ST_TOO_LARGE)
        api_fail(r, st);
    else if (st.cls != ST_OK)
        api_refuse(r, &kind_numbers_returned, ask->client, st, S(""));
    else
        api_command(r, &kind_numbers_returned, ask, returned);
}
