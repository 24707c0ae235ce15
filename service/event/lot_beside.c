// Found by the holds since the lot was opened, by the corrections of its client's events, and by
// what waits; nothing of it is in rows of the lot.
#include "service/event/lot_beside.h"
#include "service/access/actor_db.h"
#include "service/event/correction.h"
#include "service/event/hold.h"
#include "service/event/report.h"
#include <stdlib.h>
#include <string.h>

#define LOOKS_MAX 20000u // rows of holds, of corrections, of what waits: of each so many
#define KEPT_MAX  4096u  // holds; acts: a power of two
#define ONE_MAX   (64 * MB)

struct looking {
    struct txn *t;
    const struct lot *lot;
    struct arena *a, one; // of the answer; of one fact
    struct lot_hold *holds;
    struct lot_act *acts;
    struct lot_beside *out;
};

// Room for one more of these, twice as many each time; NULL: no more are kept.
static void *room_for(struct looking *l, void *at, uint32_t n, size_t size)
{
    bool is_full = (n & (n - 1)) == 0; // 0, 1, 2, 4, …

    if (n == KEPT_MAX) l->out->more = true;
    if (n == KEPT_MAX || !is_full) return n == KEPT_MAX ? NULL : at;
    char *p = arena_alloc(l->a, (n == 0 ? 1 : 2 * (size_t)n) * size);
    if (p == NULL) l->out->more = true;
    if (p != NULL && n > 0) memcpy(p, at, n * size);
    return p;
}

static struct lot_act *act_new(struct looking *l, uint64_t seq, enum second_act act)
{
    struct lot_act *all = room_for(l, l->acts, l->out->act_n, sizeof *all);

    if (all == NULL) return NULL;
    l->acts = all;
    all += l->out->act_n++;
    *all = (struct lot_act){
        .seq = seq, .word = second_word(act), .upon = {"", 0}
    };
    return all;
}

static str copy_end(struct arena *a, struct buf *b)
{
    str copy = arena_str(a, buf_str(b));

    buf_fini(b);
    return copy.p == NULL ? (str){"", 0} : copy;
}

// All of the hold's, which may be of other lots too.
static str units_text(struct arena *a, uint64_t units)
{
    struct buf b;

    buf_init(&b, 64);
    buf_addf(&b, "hold of %llu unit%s", (unsigned long long)units, units == 1 ? "" : "s");
    return copy_end(a, &b);
}

// ---- holds

static status hold_add(struct looking *l, const struct hold *h)
{
    struct lot_hold *all = room_for(l, l->holds, l->out->hold_n, sizeof *all);
    struct touched touched;
    struct report report;
    struct actor actor;
    struct bytes_r own;
    struct fact f;

    if (all == NULL) return OK;
    l->holds = all;
    all += l->out->hold_n;
    TRY(journal_get(l->t, h->id, &l->one, &f));
    TRY(report_get(f.decided, &l->one, &report, &touched, &own));
    *all =
        (struct lot_hold){.seq = h->id,
                          .units = h->lot != 0 ? 0 : h->units,
                          .ended = h->ended,
                          .reason = arena_str(l->a, report.reason),
                          .time = f.flags & FACT_HAS_TIME ? f.event : (struct moment){.at = f.at}};
    if (actor_get(l->t, f.actor, l->a, &actor)) all->by = actor.user.n > 0 ? actor.user : actor.id;
    l->out->hold_n++;
    arena_reset(&l->one);
    return OK;
}

static status hold_end_add(struct looking *l, const struct hold *h)
{
    struct hold_released x;
    struct fact f;

    TRY(journal_get(l->t, h->end, l->a, &f));
    TRY(hold_released_get(&f, &x));
    struct lot_act *act = act_new(l, h->end, SECOND_END_HOLD);
    if (act == NULL) return OK;
    if (h->lot == 0) act->upon = units_text(l->a, h->units);
    act->signature = x.signature;
    act->first = x.first;
    return OK;
}

// A hold that was put before the lot was opened is none of it.
static status holds_get(struct looking *l, bool ended)
{
    struct hold_walk w;
    struct hold h;
    uint32_t n = 0;
    status st = OK;

    hold_walk_open(&w, l->t, ended, l->lot->opened_seq);
    while (st.cls == ST_OK && hold_walk_next(&w, &h)) {
        if (n++ == LOOKS_MAX) {
            l->out->more = true;
            break;
        }
        if (!hold_is_of_lot(l->t, &h, l->lot->client, l->lot->number)) continue;
        st = hold_add(l, &h);
        if (st.cls == ST_OK && ended) st = hold_end_add(l, &h);
    }
    walk_close(&w.walk);
    return st;
}

// ---- corrections

static status correction_add(struct looking *l, uint64_t seq)
{
    struct touched touched;
    struct report report;
    struct correction c;
    struct bytes_r own;
    struct fact f;

    TRY(journal_get_header(l->t, seq, &f));
    if (f.kind != FACT_CORRECTION_MADE || f.lot != l->lot->number) return OK;
    TRY(journal_get(l->t, seq, l->a, &f));
    TRY(report_get(f.decided, l->a, &report, &touched, &own));
    TRY(correction_get(&f, &own, l->a, &c));
    struct lot_act *act = act_new(l, seq, SECOND_CORRECT);
    if (act == NULL) return OK;
    act->upon = c.id;
    act->signature = c.signature;
    act->first = c.first;
    return OK;
}

static status corrections_get(struct looking *l)
{
    uint64_t seqs[64], from = l->lot->opened_seq;
    uint32_t looked = 0;
    size_t n;

    while ((n = list_of(l->t, l->lot->client, LIST_ERROR, (str){"", 0}, from, seqs, LEN(seqs))) >
           0) {
        for (size_t i = 0; i < n; i++) TRY(correction_add(l, seqs[i]));
        from = seqs[n - 1] + 1;
        looked += (uint32_t)n;
        if (looked >= LOOKS_MAX) return l->out->more = true, OK;
    }
    return OK;
}

// ---- what waits

static bool is_of(struct looking *l, const struct second_of *of)
{
    struct hold h;

    if (of->lot != 0) return of->lot == l->lot->number;
    return of->act == SECOND_END_HOLD && of->subject.n == 8 &&
           hold_get(l->t, get_be(of->subject.p, 8), &h) &&
           hold_is_of_lot(l->t, &h, l->lot->client, l->lot->number);
}

static status waiting_add(struct looking *l, const struct second_row *row)
{
    struct proposal p;
    struct buf b;

    TRY(second_proposal(l->t, row->seq, l->a, &p));
    struct lot_act *act = act_new(l, row->seq, row->of.act);
    if (act == NULL) return OK;
    buf_init(&b, 128);
    buf_add(&b, S("waits for a second signature until "));
    when_write(&b, (struct moment){.at = row->expires});
    act->upon = copy_end(l->a, &b);
    act->signature = p.signature;
    act->waits = true;
    return OK;
}

static status waiting_get(struct looking *l)
{
    struct second_walk w;
    struct second_row row;
    uint32_t n = 0;
    status st = OK;
    str key;

    second_walk_open(&w, l->t, (str){"", 0});
    while (st.cls == ST_OK && second_next(&w, &row, &key)) {
        if (n++ == LOOKS_MAX) {
            l->out->more = true;
            break;
        }
        if (is_of(l, &row.of)) st = waiting_add(l, &row);
    }
    walk_close(&w.walk);
    return st;
}

// ---- all

static int by_seq(const void *a, const void *b)
{
    const struct lot_act *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_seq_held(const void *a, const void *b)
{
    const struct lot_hold *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

static status look(struct looking *l)
{
    TRY(holds_get(l, false)); // what is still to be done before what is done, where room ends
    TRY(waiting_get(l));
    TRY(holds_get(l, true));
    TRY(corrections_get(l));
    if (l->out->hold_n > 0) qsort(l->holds, l->out->hold_n, sizeof *l->holds, by_seq_held);
    if (l->out->act_n > 0) qsort(l->acts, l->out->act_n, sizeof *l->acts, by_seq);
    return txn_status(l->t);
}

status lot_beside_get(struct txn *t, const struct lot *lot, struct arena *a, struct lot_beside *out)
{
    struct looking l = {.t = t, .lot = lot, .a = a, .out = out};

    *out = (struct lot_beside){.more = false};
    arena_init(&l.one, ONE_MAX);
    status st = look(&l);
    arena_fini(&l.one);
    out->holds = l.holds;
    out->acts = l.acts;
    return st;
}
