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
    const struct lots *lots; // events that share none of these do not count; NULL: all do
};

// What has no lot may be about any: a container that was commissioned for whatever comes.
static bool meets(const struct lots *a, const struct lots *b)
{
    return a->n == 0 || b->n == 0 || lots_share(a, b);
}

static bool is_about(struct waiting *x, const struct fact *f)
{
    struct order o = {x->t, &x->scratch, x->render.names};
    struct lots lots;

    return event_lots(&o, f, &lots).cls != ST_OK || meets(&lots, x->lots);
}

static bool is_wanted(struct waiting *x, const struct event_wish *wish, uint64_t seq)
{
    bool wanted = true;
    struct fact f;

    arena_reset(&x->scratch);
    x->render.whole = packing_is_whole(&x->packing, x->t, x->partner, seq);
    if (wish->filter == NULL && x->lots == NULL &&
        !x->render.whole) // all but closed containers are events to everybody
        return journal_get_header(x->t, seq, &f).cls != ST_OK || f.kind != FACT_CONTAINER_CLOSED;
    if (journal_get(x->t, seq, &x->scratch, &f).cls != ST_OK) return true;
    if (!(f.flags & FACT_IS_EVENT)) return false;
    if (x->lots != NULL && !is_about(x, &f)) return false; // cheaper than what follows
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
    *x = (struct waiting){.t = t};
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

// Is one of these goods parked? Those of other lots say nothing about them.
static bool is_parked(const struct waiting *x, uint64_t newest)
{
    struct parked_walk w;
    struct parked p;
    bool found = false;

    parked_walk(&w, x->t, x->partner, 0);
    while (!found && parked_next(&w, &p) && p.seq <= newest) found = meets(&p.lots, x->lots);
    walk_close(&w.w);
    return found;
}

static bool has_accepted(struct waiting *x, const struct partner_row *row, uint64_t newest,
                         struct arena *a)
{
    struct partner partner;
    struct item i;

    if (row->parked > 0 && is_parked(x, newest)) return false;
    if (row->position >= newest) return true;
    arena_reset(a);
    if (!partner_read(x->t, x->partner, a, &i, &partner)) return false;
    struct event_wish wish = {partner.filter, partner.receiver};
    // Mostly the newest waits itself, and nobody has to look for others.
    return !is_wanted(x, &wish, newest) && count(x, row, &wish, newest, 1) == 0;
}

bool exchange_acknowledged(const struct site *s, struct txn *t, const struct goods_told *g)
{
    struct partner_row row;
    struct waiting x;
    struct lots lots;
    struct arena a;
    bool all = true;

    arena_init(&a, 16 * MB);
    waiting_begin(&x, s, t);
    struct order o = {t, &x.scratch, x.render.names};
    if (runs_lots(&o, g->tops, &lots).cls != ST_OK) lots = (struct lots){0};
    x.lots = &lots;
    for (uint32_t n = 1; all && partner_row_get(t, n, &row); n++) {
        if (row.client.v != g->client.v) continue;
        partner_begin(&x, n);
        all = has_accepted(&x, &row, g->newest, &a);
    }
    arena_fini(&x.scratch);
    arena_fini(&a);
    return all;
}
