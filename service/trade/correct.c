// fact `correction.made`: report | touched units | correction.h's own part. The units get a place
// in their history, and nothing else of them changes: a sample that was never taken is a pack again
// by a fact before it. Runs in the committer.
#include "service/trade/correct.h"
#include "service/event/often.h"
#include "service/event/unsample.h"
#include "service/lot/lot_db.h"
#include "service/tree/cargo_db.h"
#include "service/unit/unit_db.h"

// Corrected once: what is told twice of one event says nothing more.
static status check_once(struct decide *d, const struct correct_ask *ask)
{
    struct arena *a = d->arena;
    uint64_t seqs[8], from = 0;
    size_t n;
    str value;

    TRY(index_value(LIST_EVENT_ID, (str){0}, ask->says.id, a, &value));
    while ((n = list_of(d->t, ask->client, LIST_EVENT_ID, value, from, seqs, LEN(seqs))) > 0) {
        for (size_t i = 0; i < n; i++) {
            struct fact f;
            TRY(journal_get_header(d->t, seqs[i], &f));
            if (f.kind == FACT_CORRECTION_MADE)
                return fail(ST_CONFLICT, "event.corrected", 0,
                            "the event is declared wrong already");
        }
        from = seqs[n - 1] + 1;
    }
    return OK;
}

struct second_of correct_act(uint32_t lot, const struct correction *c, char room[9])
{
    put_be(room, c->seq, 8);
    room[8] = (char)c->part;
    return (struct second_of){
        .act = SECOND_CORRECT, .lot = lot, .subject = {room, 9}
    };
}

status correct_look(struct decide *d, const void *what, struct buf *state, struct json_w *says)
{
    const struct correct_ask *ask = what;
    const struct correction *c = &ask->says;

    TRY(check_once(d, ask));
    bytes_u(state, c->reason, 1);
    json_w_kstr(says, "event", c->id);
    json_w_kstr(says, "declares", str_of(correction_word(c->reason)));
    json_w_key(says, S("replacement"));
    json_w_array(says);
    for (uint32_t i = 0; i < c->corrective_count; i++) {
        bytes_str(state, c->correctives[i]);
        json_w_str(says, c->correctives[i]);
    }
    json_w_end(says);
    return OK;
}

// REQ STATES-SAMPLE-FINAL: a sample that was never taken is a pack again.
static status undo_first(struct decide *d, const struct correct_ask *ask)
{
    struct unsample what = {ask->says.seq, ask->client, ask->says.signature.reason};

    if (d->again || ask->says.reason != CORRECTION_DID_NOT_OCCUR) return OK;
    return unsample_first(d, &what);
}

static status correct_decide(struct decide *d)
{
    const struct correct_ask *ask = d->ask;
    struct second_ask both = {.look = correct_look, .what = ask, .signature = ask->says.signature};
    struct correction says = ask->says;
    char room[9];
    struct alike_w previous = {.b = d->out};
    struct report report = {.reason = ask->says.signature.reason};
    struct unit_rows rows;
    unit_id u;

    d->fact->client = ask->client;
    both.of = correct_act(ask->lot, &says, room);
    TRY(second_check(d, &both, &says.first));
    TRY(undo_first(d, ask));
    if (d->first_n > 0) return OK;
    d->fact->lot = ask->lot;
    d->fact->event = ask->time;
    d->fact->flags |= FACT_HAS_TIME | FACT_IS_EVENT;
    report_put(d->out, &report);
    runs_put(d->out, &ask->units);
    unit_rows_read(&rows, d->t);
    for (struct run_walk w = runs_walk(&ask->units); run_next(&w, &u);)
        alike_put(&previous, unit_get(&rows, u).last);
    alike_end(&previous);
    correction_put(d->out, &says);
    return txn_status(d->t);
}

// ---- writing

// A correction is of the time of its event, and so older than what happened to the unit since.
static void write_units(struct txn *t, const struct fact *f, const struct runs *units)
{
    struct cargo_marking around = {.t = t, .seq = f->seq};
    struct unit_rows rows;
    unit_id u;

    unit_rows_write(&rows, t);
    for (struct run_walk w = runs_walk(units); run_next(&w, &u);) {
        struct unit x = unit_get(&rows, u);
        x.flags |= UNIT_LATE;
        x.last = f->seq;
        often_note(t, f, u, &x);
        unit_put(&rows, u, &x);
        cargo_mark(&around, x.parent, x.flags, x.flags);
    }
    unit_rows_end(&rows);
    cargo_mark_end(&around);
}

// What lines and shipments tell has no entry under its eventID: it gets one, so that whoever asks
// for the id finds both.
static void note_id(struct txn *t, const struct fact *f, uint64_t event, str value)
{
    uint64_t first;

    if (list_of(t, f->client, LIST_EVENT_ID, value, 0, &first, 1) == 0)
        list_note(t, f->client, LIST_EVENT_ID, value, event);
}

static void correct_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct report report;
    struct touched touched;
    struct correction c;
    struct bytes_r own;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (report_get(f->decided, &a, &report, &touched, &own).cls == ST_OK &&
        correction_get(f, &own, &a, &c).cls == ST_OK) {
        char room[9];
        struct second_of act = correct_act(f->lot, &c, room);
        second_end(t, &act);
        write_units(t, f, &touched.runs);
        for (uint32_t i = 0; i < c.found_by.n; i++) {
            const struct index_entry *e = &c.found_by.at[i];
            if (e->of == LIST_EVENT_ID) note_id(t, f, c.seq, e->value);
            list_note(t, f->client, e->of, e->value, f->seq);
        }
        if (f->lot != 0) lot_note(t, f->client, f->lot, f->seq);
    } else {
        txn_spoil(t, "record.corrupt", "a correction");
    }
    arena_fini(&a);
}

static void correct_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct report report;
    struct touched touched;
    struct correction c;
    struct bytes_r own;
    struct arena a;

    (void)arg;
    report_print(f, w);
    arena_init(&a, 256 * MB);
    if (report_get(f->decided, &a, &report, &touched, &own).cls == ST_OK &&
        correction_get(f, &own, &a, &c).cls == ST_OK) {
        json_w_kstr(w, "event", c.id);
        json_w_kstr(w, "declares", str_of(correction_word(c.reason)));
        json_w_key(w, S("signature"));
        signature_write(w, &c.signature);
        second_write(w, "first_signature", &c.first);
    }
    arena_fini(&a);
}

const struct kind kind_correction_made = {
    FACT_CORRECTION_MADE, 2, "correction.made", correct_decide, correct_write, correct_print, NULL};
const struct kind kind_correction_made_1 = {
    FACT_CORRECTION_MADE, 1, "correction.made", NULL, correct_write, correct_print, NULL};
