// delivery.c - what became of one event for one partner, worked out from a few rows: nothing is
// written for a delivery that waits, and one row for all that a message took.
#include "service/exchange/exchange_int.h"
#include <string.h>

#define PARTNER_BITS 40 // of a delivery's number: partner above, seq of the event below

const char *const delivery_words[DELIVERY_STATES] = {
    [DELIVERY_WAITING] = "waiting",   [DELIVERY_SENDING] = "sending",
    [DELIVERY_SENT] = "sent",         [DELIVERY_ACCEPTED] = "accepted",
    [DELIVERY_REJECTED] = "rejected", [DELIVERY_PARKED] = "parked",
    [DELIVERY_SKIPPED] = "skipped"};

str delivery_id_text(const struct site *s, uint32_t partner, uint64_t seq, char out[OPAQUE_LEN])
{
    struct buf b;

    buf_init(&b, OPAQUE_LEN + 1);
    opaque_put(s->opaque_key, OPAQUE_DELIVERY, (uint64_t)partner << PARTNER_BITS | seq, &b);
    memcpy(out, b.p, OPAQUE_LEN);
    buf_fini(&b);
    return (str){out, OPAQUE_LEN};
}

bool delivery_id_get(const struct site *s, str text, uint32_t partner, uint64_t *seq)
{
    uint64_t n;

    if (!opaque_get(s->opaque_key, OPAQUE_DELIVERY, text, &n) || n >> PARTNER_BITS != partner)
        return false;
    *seq = n & ((UINT64_C(1) << PARTNER_BITS) - 1);
    return true;
}

status delivery_outcome(struct delivery_view *v, uint64_t seq, struct outcome *out)
{
    struct fact f;

    if (seq != v->last_seq || seq == 0) {
        v->last_seq = 0;
        TRY(journal_get(v->t, seq, v->a, &f));
        if (f.kind != FACT_DELIVERY_OUTCOME)
            return fail(ST_STORE, "record.corrupt", 0, "an outcome of another kind");
        TRY(outcome_get(f.decided, v->a, &v->last));
        v->last_seq = seq;
    }
    *out = v->last;
    return OK;
}

static bool holds(const struct outcome *o, uint64_t seq)
{
    uint32_t low = 0, high = o->count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (o->events[mid] < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < o->count && o->events[low] == seq;
}

static uint64_t taken_by(struct delivery_view *v, uint64_t seq)
{
    uint64_t at = taken_find(v->t, v->partner, true, seq);
    struct outcome o;

    if (at != 0) return at;
    at = taken_find(v->t, v->partner, false, seq);
    if (at == 0 || delivery_outcome(v, at, &o).cls != ST_OK) return 0;
    return holds(&o, seq) ? at : 0;
}

// The outcome that says that the partner does not answer, while the event is in that message.
static uint64_t failing_by(struct delivery_view *v, uint64_t seq)
{
    struct outcome o;

    if (v->row.failing_since.ms == 0 || v->row.outcome == 0) return 0;
    if (delivery_outcome(v, v->row.outcome, &o).cls != ST_OK) return 0;
    return o.verdict == VERDICT_FAILING && holds(&o, seq) ? v->row.outcome : 0;
}

static enum delivery_state state_of(struct delivery_view *v, const struct fact *f,
                                    uint64_t *outcome)
{
    const struct exchange *e = v->site->exchange;
    bool sending = e != NULL && courier_is_sending(e->courier, v->partner, f->seq), wanted;
    struct parked p;

    *outcome = 0;
    if (parked_get(v->t, v->partner, f->seq, &p)) {
        *outcome = p.outcome;
        if (sending) return DELIVERY_SENDING;
        if (p.released) return DELIVERY_WAITING;
        return p.rejected ? DELIVERY_REJECTED : DELIVERY_PARKED;
    }
    *outcome = failing_by(v, f->seq);
    if (f->seq > v->row.position && sending) return DELIVERY_SENDING;
    if (f->seq > v->row.position)
        return event_is_wanted(&v->render, f, &v->wish, &wanted).cls != ST_OK || wanted
                   ? DELIVERY_WAITING
                   : DELIVERY_SKIPPED;
    *outcome = taken_by(v, f->seq);
    return *outcome != 0 ? DELIVERY_ACCEPTED : DELIVERY_SKIPPED;
}

// A closed container is no delivery where each packing is told, unless it was parked as one while
// all that waited went by the newest `packing`.
static bool is_delivery(struct delivery_view *v, const struct fact *f)
{
    struct parked p;

    if (f->client.v != v->row.client.v || !(f->flags & FACT_IS_EVENT)) return false;
    v->render.whole = packing_is_whole(&v->packing, v->t, v->partner, f->seq);
    if (f->kind == FACT_CONTAINER_CLOSED && !v->render.whole)
        v->render.whole = parked_get(v->t, v->partner, f->seq, &p);
    return f->kind != FACT_CONTAINER_CLOSED || v->render.whole;
}

bool delivery_get(struct delivery_view *v, uint64_t seq, struct delivery *out)
{
    if (journal_get(v->t, seq, v->a, &out->fact).cls != ST_OK) return false;
    if (!is_delivery(v, &out->fact)) return false;
    out->state = state_of(v, &out->fact, &out->outcome);
    return true;
}
