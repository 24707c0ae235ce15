// GET /v1/journal: the audit trail, filtered, as it streams. It is read in slices of short
// snapshots, each on its own turn of the loop, so that a long search holds up no other caller and
// takes the memory of one slice. Who is bound to clients is shown their facts alone, by their own
// count.
#include "common/bytes.h"
#include "common/log.h"
#include "service/access/actor_db.h"
#include "service/api/opaque.h"
#include "service/event/report.h"
#include "service/lot/lot_db.h"
#include "service/ops/journal_print.h"
#include "service/ops/ops_int.h"
#include "service/pool/names.h"
#include "service/unit/unit_db.h"
#include <stdlib.h>
#include <string.h>

#define SLICE_LOOKS 2000u     // records looked at in a slice
#define SLICE_BYTES (64 * KB) // and written
#define SLICE_MAX   (80 * MB) // one record may be larger than a slice
#define RECORD_MAX  (128 * MB)
#define CHAIN_MAX   100000u // facts of one unit
#define LOTS_MAX    1000u   // of one name

enum shape { AS_JSON, AS_NDJSON, AS_CSV, SHAPES };
static const char *const types[SHAPES] = {"application/json", "application/x-ndjson", "text/csv"};

struct named_lot {
    client_id client;
    char number[4]; // as the lot's list is named
};

struct filter {
    uint64_t from, limit;
    uint32_t actor; // with by_actor
    uint16_t kind;  // 0: any
    bool by_actor, by_lot, by_unit;
    struct named_lot *lots; // with by_lot: those of that name, of several products
    uint32_t lot_count;
};

// owner: the loop of the request. It outlives the request while its mail is under way.
struct reading {
    struct mail mail;
    bool mailed;
    struct http_req *r; // NULL: the caller is gone
    enum shape shape;
    struct filter filter;
    uint64_t at, until;    // the next record, and the newest when it began
    const uint64_t *chain; // of one unit: its facts, oldest first, in r's arena
    uint32_t chain_n, chain_at;
    uint64_t count, last; // shown; the last one's seq
    bool more;            // the limit was met before the end
    struct arena scratch;
    struct buf out;
};

// ---- what is asked

static status wrong(const char *field, const char *rule)
{
    return fail(ST_BAD_INPUT, "journal.filter", 0, "%s: %s", field, rule);
}

static status kind_read(const struct site *site, str name, uint16_t *out)
{
    for (const struct kind *const *k = site->kinds; *k != NULL; k++)
        if (str_eq(name, str_of((*k)->name))) return *out = (*k)->number, OK;
    return wrong("kind", "there is no such kind of fact");
}

static status actor_read(struct txn *t, str id, struct arena *a, struct filter *f)
{
    struct actor x;

    f->by_actor = true;
    if (str_eq(id, S("service"))) return OK;
    if (!actor_by_id(t, id, a, &x)) return wrong("actor", "there is no such token");
    f->actor = x.number;
    return OK;
}

// The chain of a unit's facts, from the newest back.
static status chain_read(struct reading *g, struct txn *t, unit_id u)
{
    uint64_t seq = unit_one(t, u).last, *chain = NEW_ARRAY(&g->r->arena, uint64_t, CHAIN_MAX);
    struct fact f;
    uint32_t n = 0;

    if (chain == NULL) return no_memory();
    while (seq != 0) {
        if (n == CHAIN_MAX) return fail(ST_TOO_LARGE, "unit.history", 0, "unit: too many facts");
        chain[n++] = seq;
        TRY(journal_get(t, seq, &g->scratch, &f));
        seq = fact_previous(&f, u, &g->scratch);
        arena_reset(&g->scratch);
    }
    for (uint32_t i = 0; i < n / 2; i++) {
        uint64_t x = chain[i];
        chain[i] = chain[n - 1 - i];
        chain[n - 1 - i] = x;
    }
    g->chain = chain;
    g->chain_n = n;
    return OK;
}

static status unit_read(struct reading *g, struct txn *t, str spelling)
{
    struct gs1_id id;
    unit_id u;
    client_id owner;

    g->filter.by_unit = true;
    TRY(gs1_read(spelling, &g->r->arena, &id));
    if (!names_find(names_here(api_site(g->r)), t, &id, &u, &owner) ||
        !caller_sees(caller_of(g->r), owner))
        return fail(ST_NOT_FOUND, "unit.unknown", 0, "unit: it is not known here");
    return chain_read(g, t, u);
}

static status lots_read(struct txn *t, str name, struct arena *a, struct filter *f)
{
    uint64_t last = counter_get(t, COUNTER_LOT);
    struct lot lot;

    f->by_lot = true;
    f->lots = NEW_ARRAY(a, struct named_lot, LOTS_MAX);
    if (f->lots == NULL) return no_memory();
    for (uint64_t n = 1; n <= last; n++) {
        if (!lot_view(t, (uint32_t)n, &lot) || !str_eq(lot.lot, name)) continue;
        if (f->lot_count == LOTS_MAX) return wrong("lot", "too many lots have this name");
        struct named_lot *l = &f->lots[f->lot_count++];
        l->client = lot.client;
        put_be(l->number, n, sizeof l->number);
    }
    return OK;
}

static status filter_read(struct reading *g, const struct api_page *page, struct txn *t)
{
    struct http_req *r = g->r;
    struct filter *f = &g->filter;
    str v;

    if (page->after.n > 0) {
        if (!opaque_get(api_site(r)->opaque_key, OPAQUE_PAGE, page->after, &g->at))
            return fail(ST_BAD_INPUT, "page.form", 0, "page: as `next` said it");
        g->at++;
    }
    if (http_query(r, S("from"), &v) && !str_u64(v, INT64_MAX, &f->from))
        return wrong("from", "a seq, as facts show it");
    if (http_query(r, S("kind"), &v)) TRY(kind_read(api_site(r), v, &f->kind));
    if (http_query(r, S("actor"), &v)) TRY(actor_read(t, v, &r->arena, f));
    if (http_query(r, S("unit"), &v)) TRY(unit_read(g, t, v));
    if (http_query(r, S("lot"), &v)) TRY(lots_read(t, v, &r->arena, f));
    return OK;
}

// ---- what fits

// The first fact from `from` on that names one of the lots; 0: none does.
static uint64_t lots_next(const struct filter *f, struct txn *t, uint64_t from)
{
    uint64_t first = 0, seq;

    for (uint32_t i = 0; i < f->lot_count; i++) {
        const struct named_lot *l = &f->lots[i];
        str list = {l->number, sizeof l->number};
        if (list_of(t, l->client, LIST_LOT, list, from, &seq, 1) == 1 &&
            (first == 0 || seq < first))
            first = seq;
    }
    return first;
}

static bool fits(struct reading *g, struct txn *t, const struct fact *head)
{
    const struct filter *f = &g->filter;
    const struct caller *c = caller_of(g->r);

    if (!caller_sees(c, head->client) || caller_seq(c, head) < f->from) return false;
    if (f->kind != 0 && head->kind != f->kind) return false;
    if (f->by_actor && head->actor != f->actor) return false;
    return !f->by_lot || !f->by_unit || lots_next(f, t, head->seq) == head->seq;
}

// The next record to look at; 0: none.
static uint64_t next_seq(struct reading *g, struct txn *t)
{
    uint64_t seq = g->at;

    while (g->filter.by_unit && g->chain_at < g->chain_n) {
        seq = g->chain[g->chain_at++];
        if (seq >= g->at) return seq;
    }
    if (g->filter.by_unit) return 0;
    if (g->filter.by_lot) seq = lots_next(&g->filter, t, g->at);
    if (seq == 0 || seq > g->until) return 0;
    g->at = seq + 1;
    return seq;
}

// ---- how it is shown

static void show(struct reading *g, struct txn *t, const struct fact *f)
{
    struct journal_print p = {t, api_site(g->r)->kinds, &g->scratch, caller_of(g->r)};

    if (g->shape == AS_CSV) {
        journal_print_csv(&p, f, &g->out);
    } else {
        if (g->shape == AS_JSON && g->count > 0) buf_addc(&g->out, ',');
        struct json_w w = json_writer(&g->out);
        journal_print_json(&p, f, &w);
        if (g->shape == AS_NDJSON) buf_addc(&g->out, '\n');
    }
    g->count++;
    g->last = f->seq;
}

static status look_at(struct reading *g, struct txn *t, uint64_t seq)
{
    struct fact f;

    TRY(journal_get_header(t, seq, &f));
    if (!fits(g, t, &f)) return OK;
    if (g->filter.limit > 0 && g->count == g->filter.limit) {
        g->more = true;
        return OK;
    }
    TRY(journal_get(t, seq, &g->scratch, &f));
    show(g, t, &f);
    return OK;
}

// True while there is more to look at.
static bool slice(struct reading *g, status *st)
{
    struct txn *t = api_snapshot(g->r);
    uint64_t seq = 1;

    for (uint32_t n = 0; n < SLICE_LOOKS && g->out.n < SLICE_BYTES; n++) {
        if (g->more || (seq = next_seq(g, t)) == 0) break;
        *st = look_at(g, t, seq);
        arena_reset(&g->scratch);
        if (st->cls != ST_OK) break;
    }
    status end = api_snapshot_end(g->r);
    if (st->cls == ST_OK) *st = end;
    if (st->cls == ST_OK && g->out.failed)
        *st = fail(ST_TOO_LARGE, "journal.record_too_large", 0, "a record is too long to be shown");
    return st->cls == ST_OK && seq != 0 && !g->more;
}

// ---- from turn to turn

static void reading_free(struct reading *g)
{
    arena_fini(&g->scratch);
    buf_fini(&g->out);
    free(g);
}

// What comes too late for a status says so at the end, lest a part be taken for the whole.
static void problem_write(struct reading *g, status st)
{
    LOG(error, "journal.reading_failed", fst(st));
    if (g->out.failed) buf_reset(&g->out), g->out.failed = false;
    buf_add(&g->out, g->shape == AS_JSON ? S("],\"problem\":{") : S("{\"problem\":{"));
    http_problem_members(&g->out, st);
    buf_add(&g->out, g->shape == AS_JSON ? S("}}") : S("}}\n"));
}

// A page token tells nothing of how much others do: the last seq, sealed.
static void next_write(struct reading *g)
{
    char hex[2 * OPAQUE_LEN];
    struct buf sealed;

    buf_init(&sealed, 64);
    opaque_put(api_site(g->r)->opaque_key, OPAQUE_PAGE, g->last, &sealed);
    hex_put(hex, sealed.p, OPAQUE_LEN);
    buf_addf(&g->out, "\"%.*s\"", (int)sizeof hex, hex);
    buf_fini(&sealed);
}

static void end_write(struct reading *g)
{
    if (g->shape != AS_JSON) return;
    buf_add(&g->out, S("],\"next\":"));
    if (g->more)
        next_write(g);
    else
        buf_add(&g->out, S("null"));
    buf_addc(&g->out, '}');
}

static void turn_mail(struct mail *m);

static void turn(struct reading *g)
{
    status st = OK;
    bool more = slice(g, &st);

    if (st.cls != ST_OK)
        problem_write(g, st);
    else if (!more)
        end_write(g);
    if (g->out.n > 0) http_reply_write(g->r, buf_str(&g->out));
    if (!more) {
        http_reply_end(g->r);
        reading_free(g);
        return;
    }
    if (g->out.n > 0) { // goes on when the caller has taken it
        buf_reset(&g->out);
        return;
    }
    g->mailed = true;
    g->mail.open = turn_mail;
    loop_post(g->r->loop, &g->mail);
}

static void turn_mail(struct mail *m)
{
    struct reading *g = CONTAINER_OF(m, struct reading, mail);

    g->mailed = false;
    if (g->r == NULL)
        reading_free(g);
    else
        turn(g);
}

static void drained(struct http_req *r)
{
    struct reading *g = r->work;
    if (!g->mailed) turn(g);
}

static void gone(struct http_req *r)
{
    struct reading *g = r->work;

    g->r = NULL;
    if (!g->mailed) reading_free(g);
}

static void begin(struct reading *g)
{
    struct http_req *r = g->r;

    r->work = g;
    if (caller_is_site(caller_of(r)) && g->filter.from > g->at) g->at = g->filter.from;
    http_reply_start(r, 200, types[g->shape], drained, gone);
    if (g->shape == AS_JSON) buf_add(&g->out, S("{\"items\":["));
    if (g->shape == AS_CSV) buf_add(&g->out, S(JOURNAL_CSV_HEAD));
    turn(g);
}

static struct reading *reading_new(struct http_req *r, const struct api_page *page, int shape)
{
    struct reading *g = calloc(1, sizeof *g);
    str limit;

    assert(g != NULL);
    g->r = r;
    g->shape = (enum shape)shape;
    g->at = 1;
    // A stream is whole unless told otherwise; a list has pages.
    if (shape == AS_JSON || http_query(r, S("limit"), &limit)) g->filter.limit = page->limit;
    arena_init(&g->scratch, RECORD_MAX);
    buf_init(&g->out, SLICE_MAX);
    return g;
}

void ops_journal(struct http_req *r)
{
    struct api_page page;
    int shape = http_negotiate(r, types, SHAPES);

    if (shape < 0) {
        http_problem(r, fail(ST_NOT_ACCEPTABLE, "accept.none", 0, "JSON, NDJSON or CSV"), S(""));
        return;
    }
    if (!api_page(r, &page)) return;
    struct reading *g = reading_new(r, &page, shape);
    struct txn *t = api_snapshot(r);
    g->until = journal_head_get(t).seq;
    status st = filter_read(g, &page, t);
    status end = api_snapshot_end(r);
    if (st.cls == ST_OK) st = end;
    if (st.cls == ST_OK) {
        begin(g);
        return;
    }
    reading_free(g);
    http_problem(r, st, S(""));
}
