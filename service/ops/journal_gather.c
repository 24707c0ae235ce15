// What is gathered is never too few: a fact that names a lot of the client, or the unit, is looked
// for there where it left a row. owner: the loop of the request.
#include "service/ops/journal_gather.h"
#include "service/event/hold_db.h"
#include "service/exception/act.h"
#include "service/exception/refused.h"
#include "service/journal/refusal.h"
#include "service/pool/pool_db.h"
#include "service/unit/unit_db.h"
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    4000u      // looked at in one go
#define RECORD_ROWS 4u         // what reading a refusal counts for, and
#define NAMES_ROW   (2 * KB)   // of its offenders each so many bytes
#define FOUND_MAX   (128 * MB) // gathered
#define APART_MAX   (2 * GB)   // of many lots

enum { OF_REQUESTS, OF_EXCEPTIONS, OF_HOLDS, OF_ALL };

struct found {
    uint64_t seq;
    uint64_t lot; // 0 where lots are not apart
};

void journal_gather_begin(struct journal_gather *g, const struct lots_wish *wish,
                          const struct named_lot *lots, uint32_t n)
{
    *g = (struct journal_gather){.wish = *wish, .lots = lots, .lot_count = n};
    buf_init(&g->found, FOUND_MAX);
}

void journal_gather_begin_apart(struct journal_gather *g, const struct named_lot *lots, uint32_t n)
{
    *g = (struct journal_gather){.apart = true, .lots = lots, .lot_count = n};
    buf_init(&g->found, APART_MAX);
}

void journal_gather_begin_unit(struct journal_gather *g, const struct unit_wish *wish)
{
    *g = (struct journal_gather){.unit = wish};
    buf_init(&g->found, FOUND_MAX);
}

void journal_gather_end(struct journal_gather *g) { buf_fini(&g->found); }

static void add(struct journal_gather *g, uint32_t lot, uint64_t seq)
{
    struct found x = {seq, g->apart ? lot : 0};

    if (seq != 0) buf_add(&g->found, (str){(const char *)&x, sizeof x});
}

static bool is_client(const struct journal_gather *g, client_id c)
{
    if (g->unit != NULL) return caller_sees(g->unit->caller, c);
    for (uint32_t i = 0; i < g->lot_count; i++)
        if (g->lots[i].client.v == c.v) return true;
    return false;
}

static int by_number(const void *a, const void *b) { return memcmp(a, b, 4); }

static int by_lot(const void *key, const void *lot)
{
    return by_number(key, ((const struct named_lot *)lot)->number);
}

static bool is_lot(const struct journal_gather *g, uint32_t number)
{
    char key[4];

    put_be(key, number, sizeof key);
    return g->lot_count > 0 && bsearch(key, g->lots, g->lot_count, sizeof *g->lots, by_lot) != NULL;
}

// ---- numbers

// Of the product by any of its levels; a lot need not be open yet.
static bool wants_request(const struct journal_gather *g, struct txn *t,
                          const struct request_row *q, uint32_t *lot)
{
    struct gtin_row row;
    struct lot found;

    if (g->apart) {
        bool is = q->lot.n > 0 && lot_peek(t, q->gtin, q->lot, &found) && is_lot(g, found.number);
        return is ? *lot = found.number, true : false;
    }
    if (g->wish.name.n > 0 && !str_eq(q->lot, g->wish.name)) return false;
    if (!caller_sees(g->wish.caller, q->client)) return false;
    if (!g->wish.by_product) return true;
    return gtin_get(t, q->gtin, &row) && row.product == g->wish.product;
}

// Returns of single numbers stand nowhere but in the chains of these.
static void add_returns(struct journal_gather *g, struct txn *t, const struct request_row *q,
                        uint32_t lot)
{
    struct unit_rows rows;
    uint64_t before = 0;

    unit_rows_read(&rows, t);
    for (uint64_t i = 0; q->returned > 0 && i < q->consumed; i++) {
        struct unit u = unit_get(&rows, unit_id_of(q->space, q->first + i));
        if (u.state != UNIT_RETURNED_TO_OWNER || u.last == before) continue;
        add(g, lot, before = u.last);
    }
}

// True: there are more.
static bool some_requests(struct journal_gather *g, struct txn *t)
{
    struct request_walk w;
    struct request_row q;
    uint32_t n = 0, lot = 0;
    bool more = true;

    request_walk_open(&w, t, g->from);
    while (n < ROWS_MAX && (more = request_walk_next(&w, &q))) {
        g->from = q.seq + 1;
        n++;
        if (!wants_request(g, t, &q, &lot)) continue;
        add(g, lot, q.seq);
        add(g, lot, q.state_seq);
        add_returns(g, t, &q, lot);
        if (q.returned > 0) n += (uint32_t)(q.consumed / 200);
    }
    walk_close(&w.walk);
    return more;
}

// ---- refusals and the like

// What raised it, and all that people did with it.
static status add_exception(struct journal_gather *g, struct txn *t, const struct exception_row *x,
                            struct arena *scratch)
{
    struct exception_act act;
    struct fact f;
    uint64_t seq = x->newest;

    add(g, x->lot, x->id.seq);
    add(g, x->lot, x->settled);
    while (seq != 0) {
        add(g, x->lot, seq);
        TRY(journal_get(t, seq, scratch, &f));
        TRY(exception_act_get(&f, &act));
        seq = act.before;
        arena_reset(scratch);
    }
    return OK;
}

// A refusal without offenders (a closed lot, a time to come) names no unit.
static status refusal_names(struct journal_gather *g, struct txn *t, uint64_t seq,
                            struct arena *scratch, bool *is)
{
    struct refused refused;
    struct fact f;

    TRY(journal_get(t, seq, scratch, &f));
    TRY(refusal_get(f.decided, scratch, &refused));
    g->looked += RECORD_ROWS + (uint32_t)(refused.units.n / NAMES_ROW);
    *is = refused_names(refused.units, &g->unit->id, scratch);
    return OK;
}

// Of a unit, or of a lot.
static status is_about(struct journal_gather *g, struct txn *t, const struct exception_row *x,
                       struct arena *scratch, bool *is)
{
    if (g->unit == NULL) return *is = x->lot != 0 && is_lot(g, x->lot), OK;
    *is = x->unit != 0 && x->unit == g->unit->unit.v;
    if (*is || x->kind != EXCEPTION_OF_REFUSED) return OK;
    status st = refusal_names(g, t, x->id.seq, scratch, is);
    arena_reset(scratch);
    return st;
}

// True: there are more of this client, in this state.
static bool some_exceptions(struct journal_gather *g, struct txn *t, struct arena *scratch,
                            status *st)
{
    struct exception_walk_of of = {{g->client}, g->resolved, g->from, g->index};
    struct exception_walk w;
    struct exception_row x;
    bool more = true;

    exception_walk_open(&w, t, &of);
    g->looked = 0;
    while (g->looked++ < ROWS_MAX && (more = exception_walk_next(&w, &x))) {
        bool is = false;
        g->from = x.id.seq;
        g->index = x.id.index;
        *st = is_about(g, t, &x, scratch, &is);
        if (is) *st = add_exception(g, t, &x, scratch);
        if (st->cls != ST_OK) break;
    }
    exception_walk_close(&w);
    return more && st->cls == ST_OK;
}

// On to the next client's, open ones first. False: there is none.
static bool next_exceptions(struct journal_gather *g, struct txn *t)
{
    client_id c;

    g->from = 0;
    g->index = 0;
    if (g->walking && !g->resolved) return g->resolved = true;
    uint32_t from = g->walking ? g->client + 1 : 0;
    g->resolved = false;
    for (g->walking = true; exception_client(t, from, &c); from = c.v + 1) {
        g->client = c.v;
        if (is_client(g, c)) return true;
    }
    return false;
}

// ---- holds

// A hold of units is in a lot's list as it began; its end names the hold alone.
static void add_hold(struct journal_gather *g, struct txn *t, const struct hold *h)
{
    for (uint32_t i = 0; i < g->lot_count; i++) {
        const struct named_lot *l = &g->lots[i];
        uint32_t number = (uint32_t)get_be(l->number, 4);
        if (h->id < l->from || h->id > l->till) continue;
        if (hold_is_of_lot(t, h, l->client, number)) add(g, number, h->end);
    }
}

static bool some_holds(struct journal_gather *g, struct txn *t)
{
    struct hold_walk w;
    struct hold h;
    bool more = true;

    hold_walk_open(&w, t, true, g->from);
    for (uint32_t n = 0; n < ROWS_MAX && (more = hold_walk_next(&w, &h)); n++) {
        g->from = h.id + 1;
        add_hold(g, t, &h);
    }
    walk_close(&w.walk);
    return more;
}

// ---- all

static int compare(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->lot != y->lot) return x->lot < y->lot ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static const struct found *found_of(const struct journal_gather *g)
{
    return (const struct found *)(const void *)g->found.p;
}

static status finish(struct journal_gather *g)
{
    if (g->found.failed)
        return fail(ST_TOO_LARGE, "journal.too_many", 0,
                    "too many facts name it: say lot and gtin");
    g->end = g->found.n / sizeof(struct found);
    if (g->end > 0) qsort(g->found.p, g->end, sizeof(struct found), compare);
    g->done = true;
    return OK;
}

status journal_gather_some(struct journal_gather *g, struct txn *t, struct arena *scratch)
{
    status st = OK;

    if (g->stage == OF_REQUESTS) {
        if (g->unit == NULL && some_requests(g, t)) return OK;
        g->stage = next_exceptions(g, t) ? OF_EXCEPTIONS : OF_HOLDS;
    } else if (g->stage == OF_EXCEPTIONS) {
        if (some_exceptions(g, t, scratch, &st) || st.cls != ST_OK) return st;
        if (!next_exceptions(g, t)) g->stage = OF_HOLDS;
    } else if (g->unit != NULL || !some_holds(g, t)) {
        g->stage = OF_ALL;
    }
    return g->stage == OF_ALL ? finish(g) : OK;
}

// The first that is of this lot, or of one after it.
static size_t place_of(const struct journal_gather *g, uint64_t lot)
{
    const struct found *all = found_of(g);
    size_t low = 0, high = g->found.n / sizeof *all;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].lot < lot)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void journal_gather_lot(struct journal_gather *g, uint32_t lot)
{
    g->at = g->begin = place_of(g, lot);
    g->end = place_of(g, (uint64_t)lot + 1);
}

uint64_t journal_gather_next(struct journal_gather *g, uint64_t from)
{
    const struct found *all = found_of(g);

    while (g->at < g->end && all[g->at].seq < from) g->at++;
    return g->at < g->end ? all[g->at].seq : UINT64_MAX;
}

uint64_t journal_gather_last(const struct journal_gather *g)
{
    return g->end > g->begin ? found_of(g)[g->end - 1].seq : 0;
}
