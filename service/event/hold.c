// `hold.released`: decided part: seq of the fact that began the hold 8 | lot 4 | signature | where
// another person had to sign before: seq of that proposal 8 | that person's signature.
//
// The units come off hold by facts of their own before, by the machine; those that meanwhile cannot
// (they were destroyed) stay as they are. A unit has one hold of its own at most, for nothing else
// ends one; its lot's hold is told apart and stays.
#include "service/event/hold.h"
#include "service/event/captured.h"
#include "service/event/changed.h"
#include "service/event/handover.h"
#include "service/event/lot_acts.h"
#include "service/event/report_int.h"

status hold_released_get(const struct fact *f, struct hold_released *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct hold_released x = {.id = bytes_get_u(&r, 8)};

    x.lot = (uint32_t)bytes_get_u(&r, 4);
    if (!signature_get(f, &r, &x.signature) || !second_read(f, &r, &x.first) || !bytes_end(&r))
        return fail(ST_STORE, "record.corrupt", 0, "a released hold breaks off");
    *out = x;
    return OK;
}

static bool captured_holds(uint64_t effect)
{
    return effect >= EFFECT_CHANGED && effect_change_of(effect).set & UNIT_HOLD;
}

static bool return_holds(uint64_t effect) { return handover_change_of(effect).set & UNIT_HOLD; }

// Of all that the fact touched those that it put on hold.
static status only_held(struct bytes_r bytes, bool (*holds)(uint64_t), struct arena *a,
                        struct runs *runs)
{
    unit_id *held = NEW_ARRAY(a, unit_id, runs->units + 1), u;
    struct alike_r effects = {.in = &bytes};
    uint32_t n = 0;

    if (held == NULL) return no_memory();
    for (struct run_walk w = runs_walk(runs); run_next(&w, &u);)
        if (holds(alike_get(&effects))) held[n++] = u;
    *runs = runs_of(a, held, n);
    return runs->at == NULL ? no_memory() : OK;
}

static status captured_held(struct bytes_r *own, const struct fact *f, struct arena *a,
                            struct runs *runs)
{
    struct captured_event e;
    uint64_t event;

    if (!captured_of(own, f, &event))
        return fail(ST_STORE, "record.corrupt", 0, "a captured event breaks off");
    TRY(captured_event_get(own, f, runs->units, a, &e));
    return only_held(e.effects, captured_holds, a, runs);
}

static status return_held(struct bytes_r *own, struct arena *a, struct runs *runs)
{
    struct handover h;

    TRY(handover_get(own, runs->units, a, &h));
    return only_held(h.changes, return_holds, a, runs);
}

status hold_units(struct txn *t, const struct hold *h, struct arena *a, struct runs *out)
{
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct fact f;

    *out = (struct runs){0};
    if (h->lot != 0) return OK;
    TRY(journal_get(t, h->id, a, &f));
    TRY(report_get(f.decided, a, &report, &touched, &own));
    *out = touched.runs;
    if (f.kind == FACT_RETURN_MADE) return return_held(&own, a, out);
    return is_captured(&f) ? captured_held(&own, &f, a, out) : OK;
}

// Those that still are, and may come off.
static status still_held(struct judge *j, const struct runs *all, struct runs *out)
{
    unit_id *held = NEW_ARRAY(j->d->arena, unit_id, all->units + 1), u;
    struct unit_change change;
    uint32_t n = 0;

    if (held == NULL) return no_memory();
    for (struct run_walk w = runs_walk(all); run_next(&w, &u);) {
        struct unit x = unit_get(&j->rows, u);
        struct unit_sorts s = judge_sorts(j, u);
        unsigned sorts = s.sort | (s.is_foreign ? SORT_FOREIGN : 0u);
        if (unit_step(sorts, &x, ACT_END_HOLD, &change).cls == ST_OK) held[n++] = u;
    }
    *out = runs_of(j->d->arena, held, n);
    return out->at == NULL ? no_memory() : OK;
}

// True: units come off first.
static bool look_before(struct decide *d, const struct hold *h, const struct signature *s,
                        status *st)
{
    struct report_ask *first = NEW(d->arena, struct report_ask);
    struct judge j = {.d = d, .names = names_here(d->app)};
    struct runs all, held = {0};

    unit_rows_read(&j.rows, d->t);
    *st = first == NULL ? no_memory() : hold_units(d->t, h, d->arena, &all);
    if (st->cls == ST_OK && all.units > 0) *st = still_held(&j, &all, &held);
    if (st->cls != ST_OK || held.units == 0) return false;
    *first = (struct report_ask){
        .type = REPORT_HOLD,
        .act = ACT_END_HOLD,
        .fields = {.by = s->printed_name, .reason = s->reason},
        .client = h->client,
        .units = held
    };
    d->first = NEW(d->arena, struct ask);
    if (d->first == NULL) return *st = no_memory(), false;
    *d->first = (struct ask){.kind = &kind_units_changed, .what = first};
    d->first_n = 1;
    return true;
}

struct second_of hold_act(const struct hold *h, char room[8])
{
    put_be(room, h->id, 8);
    return (struct second_of){
        .act = SECOND_END_HOLD, .lot = h->lot, .subject = {room, 8}
    };
}

static status end_look(const struct hold *h, struct buf *state, struct json_w *says)
{
    if (h->ended) return fail(ST_CONFLICT, "hold.ended", 0, "the hold was released meanwhile");
    bytes_u(state, h->id, 8);
    bytes_u(state, h->units, 8);
    if (h->lot == 0) json_w_kint(says, "count", (int64_t)h->units);
    return OK;
}

status hold_release_look(struct decide *d, const void *what, struct buf *state, struct json_w *says)
{
    const struct hold_release_ask *ask = what;
    struct hold h;

    if (!hold_get(d->t, ask->id, &h))
        return fail(ST_NOT_FOUND, "hold.unknown", 0, "there is no such hold");
    return end_look(&h, state, says);
}

static status released_decide(struct decide *d)
{
    const struct hold_release_ask *ask = d->ask;
    struct second_ask both = {.look = hold_release_look, .what = ask, .signature = ask->signature};
    struct second_first first;
    char room[8];
    struct hold h;
    status st;

    if (!hold_get(d->t, ask->id, &h))
        return fail(ST_NOT_FOUND, "hold.unknown", 0, "there is no such hold");
    d->fact->client = h.client;
    d->fact->lot = h.lot;
    d->repeat_seq = h.end; // the second time is the first one's answer
    if (h.ended) return OK;
    both.of = hold_act(&h, room);
    TRY(second_check(d, &both, &first));
    if (look_before(d, &h, &ask->signature, &st)) return OK;
    TRY(st);
    bytes_u(d->out, h.id, 8);
    bytes_u(d->out, h.lot, 4);
    signature_put(d->out, &ask->signature);
    second_put(d->out, &first);
    return OK;
}

static void released_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct hold_released x;
    struct hold h;

    (void)arg;
    if (hold_released_get(f, &x).cls != ST_OK || !hold_get(t, x.id, &h)) {
        txn_spoil(t, "record.corrupt", "a released hold");
        return;
    }
    char room[8];
    struct second_of of = hold_act(&h, room);
    hold_end(t, &h, f->seq);
    second_end(t, &of);
    if (h.lot == 0) return;
    lot_hold(t, h.lot, false);
    lot_note(t, f->client, h.lot, f->seq);
}

static void released_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct hold_released x;

    (void)arg;
    if (hold_released_get(f, &x).cls != ST_OK) return;
    json_w_kinner(w, "held_by", x.id);
    json_w_key(w, S("signature"));
    signature_write(w, &x.signature);
    second_write(w, "first_signature", &x.first);
}

const struct kind kind_hold_released = {
    FACT_HOLD_RELEASED, 2, "hold.released", released_decide, released_write, released_print, NULL};
const struct kind kind_hold_released_1 = {
    FACT_HOLD_RELEASED, 1, "hold.released", NULL, released_write, released_print, NULL};
