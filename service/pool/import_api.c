// POST /v1/pools/{pool}/import: what the request is, and whether it was answered before.
#include "service/journal/idempotency.h"
#include "service/pool/import_run.h"
#include "service/pool/numbers_out.h"
#include "service/pool/pool_api.h"
#include "service/pool/pool_int.h"
#include <string.h>

static status read_form(const struct http_req *r, enum import_form *out)
{
    static const struct {
        str type;
        enum import_form form;
    } forms[] = {
        {{"text/plain", 10},       IMPORT_TEXT},
        {{"text/csv", 8},          IMPORT_CSV },
        {{"application/json", 16}, IMPORT_JSON}
    };
    str rest = http_header(r, S("Content-Type")), type = rest;

    if (str_cut(&rest, ';', &type)) type = str_trim(type);
    for (size_t i = 0; i < LEN(forms); i++)
        if (str_eq_fold(type, forms[i].type)) return *out = forms[i].form, OK;
    return fail(ST_MEDIA_TYPE, "body.type", 0,
                "Content-Type: text/plain, text/csv or application/json");
}

// No number takes less than two bytes of the body, and none comes without one of these.
static size_t count_at_most(str body, enum import_form form)
{
    char mark = form == IMPORT_JSON ? ',' : '\n';
    size_t n = 1;

    for (const char *p = body.p, *end = body.p + body.n;
         p != NULL && p < end && (p = memchr(p, mark, (size_t)(end - p))) != NULL; p++)
        n++;
    return n;
}

static status importing_new(struct http_req *r, enum import_form form, struct importing **out)
{
    struct importing *m = NEW(&r->arena, struct importing);
    size_t most = count_at_most(r->body, form), slots = 1024;
    uint32_t max = api_site(r)->limits.import_max;

    if (most > max) most = (size_t)max + 1;
    while (slots < 2 * (most + IMPORT_PART)) slots *= 2;
    if (m == NULL) return no_memory();
    m->r = r;
    m->parts_max = (uint32_t)(most / IMPORT_PART) + 2;
    m->places = NEW_ARRAY(&r->arena, struct import_reader, m->parts_max);
    m->seen = NEW_ARRAY(&r->arena, uint64_t, slots);
    m->seen_mask = slots - 1;
    if (m->places == NULL || m->seen == NULL) return no_memory();
    TRY(import_reader_init(&m->reader, form, r->body, &r->arena));
    *out = m;
    return OK;
}

// What the key is bound to. The newest keys are asked for first and the snapshot is taken after:
// in between a key can only go into a row.
static bool bound_find(struct http_req *r, struct txn **t, const struct job_key *key,
                       struct bound *out)
{
    wall now = env_wall(api_site(r)->env);
    bool newest = key->present && committer_knows_key(api_site(r)->committer, &key->key, out);

    *t = api_snapshot(r);
    struct journal_head head = journal_head_get(*t);
    if (newest) return out->seq <= head.seq;
    if (head.at.ms > now.ms) now = head.at; // the clock was set back
    return key->present && (idempotency_get(*t, idempotency_day(now), &key->key, out) ||
                            idempotency_find_older(*t, now, &key->key, out));
}

// A repeat is answered from the fact, before the numbers would be found to be known already.
static status read_repeat(struct http_req *r, struct txn *t, const struct job_key *key,
                          const struct bound *b, struct fact *out)
{
    if (memcmp(&b->body, &key->body, sizeof b->body) != 0)
        return fail(ST_UNPROCESSABLE, "idempotency.mismatch", 0,
                    "this Idempotency-Key was used for another request");
    return journal_get(t, b->seq, &r->arena, out);
}

static status import_begin(struct http_req *r, struct job_key *key, struct importing **out,
                           uint64_t *repeated)
{
    enum import_form form = IMPORT_TEXT;
    struct pool_row pool;
    struct fact before;
    struct bound bound;
    struct txn *t;

    if (r->body.n > api_site(r)->limits.import_body_max)
        return fail(ST_TOO_LARGE, "body.max", 0, "the import is larger than allowed");
    TRY(read_form(r, &form));
    if (form != IMPORT_TEXT) // the same bytes are other numbers
        key->body = digest16_of((str){(const char *)key->body.b, sizeof key->body.b},
                                (str){(const char *)&form, sizeof form});
    bool found = bound_find(r, &t, key, &bound);
    status st = list_pool_find(r, t, &pool);
    const struct market *market = NULL;
    if (st.cls == ST_OK) st = market_of_gtin(t, pool.id.p, &r->arena, &market);
    if (st.cls == ST_OK && found) st = read_repeat(r, t, key, &bound, &before);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK && found) *repeated = import_count(&before);
    if (st.cls != ST_OK || found) return st;
    TRY(importing_new(r, form, out));
    TRY(import_enter(api_site(r), pool.pool));
    (*out)->pool = pool.pool;
    (*out)->client = pool.client;
    (*out)->market = market;
    memcpy((*out)->gtin, pool.id.p, sizeof(*out)->gtin);
    (*out)->key = *key;
    return OK;
}

void pool_import(struct http_req *r)
{
    struct importing *m = NULL;
    struct job_key key = {0};
    uint64_t repeated = 0;
    bool bad = false;

    key.present = api_key(r, &key, &bad);
    if (bad) return; // answered
    status st = import_begin(r, &key, &m, &repeated);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
    } else if (m == NULL) {
        import_reply(r, repeated);
    } else {
        import_run(m);
    }
}
