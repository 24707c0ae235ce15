// waiting.c - who has not yet been told everything: what the close of a lot says, and what a client
// may ask for before its goods are shipped.
#include "service/exchange/exchange_int.h"

enum {
    COUNTED_MAX = 100000, // events counted for one partner
    LOOKED_AT_MAX = 1000  // of them held against its filter; what lies beyond counts as wanted
};

struct waiting {
    struct txn *t;
    struct arena scratch;
    struct event_render render;
    uint32_t partner; // looked at
    struct packing_span packing;
};

static bool is_wanted(struct waiting *x, const struct event_wish *wish, uint64_t seq)
{
    bool wanted = true;
    struct fact f;

    arena_reset(&x->scratch);
    x->render.whole = packing_is_whole(&x->packing, x->t, x->partner, seq);
    if (wish->filter == NULL &&
        !x->render.whole) // all but closed containers are events to everybody
        return journal_get_header(x->t, seq, &f).cls != ST_OK || f.kind != FACT_CONTAINER_CLOSED;
    if (journal_get(x->t, seq, &x->scratch, &f).cls != ST_OK) return true;
    return event_is_wanted(&x->render, &f, wish, &wanted).cls != ST_OK || wanted;
}

static void partner_begin(struct waiting *x, uint32_t number)
{
    x->partner = number;
    x->packing = (struct packing_span){0};
}

// Events after the partner's position, up to `last`, that it wants; stops at `most`.
static uint64_t count(struct waiting *x, const struct partner_row *row,
                      const struct event_wish *wish, uint64_t last, uint64_t most)
{
    uint64_t seqs[256], from = row->position + 1, found = 0, looked_at = 0;

    while (found < most) {
        size_t n = list_of(x->t, row->client, LIST_EVENTS, (str){0}, from, seqs, LEN(seqs));
        for (size_t i = 0; i < n; i++) {
            if (seqs[i] > last) return found;
            bool look = looked_at++ < LOOKED_AT_MAX;
            found += !look || is_wanted(x, wish, seqs[i]);
        }
        if (n < LEN(seqs)) break;
        from = seqs[n - 1] + 1;
    }
    return found;
}

static bool partner_read(struct txn *t, uint32_t number, struct arena *a, struct item *i,
                         struct partner *out)
{
    return item_by_number(t, &noun_partner, number, i) &&
           item_value(&noun_partner, i, a, out).cls == ST_OK;
}

static void waiting_begin(struct waiting *x, const struct site *s, struct txn *t)
{
    x->t = t;
    arena_init(&x->scratch, 256 * MB);
    x->render = event_render_begin(s, t, &x->scratch);
}

void exchange_waiting(const struct site *s, struct txn *t, client_id client, struct json_w *w)
{
    struct partner_row row;
    struct partner partner;
    struct waiting x;
    struct arena a;
    struct item i;

    arena_init(&a, 16 * MB);
    waiting_begin(&x, s, t);
    for (uint32_t n = 1; partner_row_get(t, n, &row); n++) {
        arena_reset(&a);
        if (row.client.v != client.v || !partner_read(t, n, &a, &i, &partner)) continue;
        partner_begin(&x, n);
        struct event_wish wish = {partner.filter, partner.receiver};
        uint64_t due = count(&x, &row, &wish, UINT64_MAX, COUNTED_MAX) + row.parked;
        if (due == 0) continue;
        json_w_object(w);
        json_w_kstr(w, "partner", i.name);
        json_w_kint(w, "waiting", (int64_t)due);
        json_w_end(w);
    }
    arena_fini(&x.scratch);
    arena_fini(&a);
}

static bool is_parked_until(struct txn *t, uint32_t partner, uint64_t seq)
{
    struct parked_walk w;
    struct parked p;

    parked_walk(&w, t, partner, 0);
    bool found = parked_next(&w, &p) && p.seq <= seq;
    walk_close(&w.w);
    return found;
}

bool exchange_acknowledged(const struct site *s, struct txn *t, client_id client, uint64_t seq)
{
    struct partner_row row;
    struct partner partner;
    struct waiting x;
    struct arena a;
    struct item i;
    bool all = true;

    arena_init(&a, 16 * MB);
    waiting_begin(&x, s, t);
    for (uint32_t n = 1; all && partner_row_get(t, n, &row); n++) {
        if (row.client.v != client.v) continue;
        all = row.parked == 0 || !is_parked_until(t, n, seq);
        if (!all || row.position >= seq) continue;
        arena_reset(&a);
        all = partner_read(t, n, &a, &i, &partner);
        if (!all) break;
        partner_begin(&x, n);
        struct event_wish wish = {partner.filter, partner.receiver};
        all = count(&x, &row, &wish, seq, 1) == 0;
    }
    arena_fini(&x.scratch);
    arena_fini(&a);
    return all;
}
