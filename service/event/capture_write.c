// `event.captured` and `capture.applied`: written. Reads the fact and the ledger and nothing else;
// the event's own bytes are never looked at here.
//
// A unit that many captured events name has a list of its own (LIST_UNIT), for its chain would be
// long to walk. How many they were is kept as about their logarithm: it grows from k to k + 1 with
// the chance 1 in 2^k, by a digest of the unit and the event.
#include "service/event/captured.h"
#include "service/event/hold_db.h"
#include "service/event/leaving.h"
#include "service/event/often.h"
#include "service/event/report_int.h"
#include "service/event/waiting.h"
#include "service/exception/exception.h"
#include "service/tree/cargo_db.h"
#include "service/tree/handed_db.h"
#include "service/tree/tree_db.h"
#include <string.h>

#define OFTEN_MAX 15u

struct moved { // children that the event puts in or takes out
    unit_id *at;
    uint32_t n;
};

struct applying {
    struct unit_writing *w;
    const struct captured_event *e;
    unit_id parent;
    struct cargo_marking around; // what lies in containers and stays there
    struct moved in, out, begun;
    uint64_t event; // its seq; not the fact's own: it waited
    uint32_t waits; // units that it waits for
    uint64_t held;  // that it puts on hold
};

// splitmix64: written once and for ever.
static uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void count_often(struct applying *a, unit_id u, struct unit *x)
{
    uint64_t chance = mix(u.v ^ mix(a->w->f->seq));

    if (x->often < OFTEN_MAX && chance % (UINT64_C(1) << x->often) == 0) x->often++;
    often_note(a->w->t, a->w->f, u, x);
}

static void wait_with(struct applying *a, unit_id u, uint64_t effect)
{
    struct waiting_at at = {a->event, effect == EFFECT_WAITS};

    if (a->e->wait_ms == 0) return;
    waiting_put_unit(a->w->t, u, &at);
    a->waits += at.own;
}

static void hand_to_party(struct applying *a, unit_id u)
{
    struct handed h = {.unit = u, .party = a->e->to};

    if (a->w->f->kind_version > 2) h.event = a->event;
    if (h.party != 0) handed_put(a->w->t, &h);
}

// Parties see what was shipped to them, whoever told of it, and no longer what never left.
static void hand_over(struct applying *a, unit_id u, const struct unit *x, uint64_t effect)
{
    struct unit_change c = effect_change_of(effect);
    bool ships = x->state != UNIT_SHIPPED && c.to == UNIT_SHIPPED;
    bool stays = x->state == UNIT_SHIPPED && !(x->flags & UNIT_RECEIVED_BACK) &&
                 (c.to == UNIT_COMMISSIONED || c.to == UNIT_CLOSED);

    if (c.set & UNIT_RECEIVED_BACK)
        handed_came_back(a->w->t, u);
    else if (stays && a->w->f->kind_version > 1)
        handed_end(a->w->t, u);
    else if (ships)
        hand_to_party(a, u);
}

// What a party does with goods that it has: they stay in the state that they have.
static void pass_on(struct applying *a, unit_id u, uint64_t effect)
{
    if (effect == EFFECT_RECEIVED) handed_mark(a->w->t, u, a->e->to, HANDED_RECEIVED);
    if (effect != EFFECT_FORWARDED) return;
    handed_mark(a->w->t, u, a->e->from, HANDED_FORWARDED);
    hand_to_party(a, u);
}

static void change(struct applying *a, unit_id u, uint64_t effect, struct unit *x)
{
    struct unit_change c = effect_change_of(effect);

    if (effect & EFFECT_BEGINS) {
        writing_was(a->w, u, x);
        a->begun.at[a->begun.n++] = u;
    }
    hand_over(a, u, x, effect);
    unit_apply(x, &c);
    a->held += (c.set & UNIT_HOLD) != 0;
    if (x->state != UNIT_NONE) x->flags &= (uint8_t)~UNIT_SEEN;
    if (effect & EFFECT_LEAVES) {
        cargo_mark_end(&a->around);
        writing_flush(a->w);
        leaving_write(a->w->t, &a->w->arena, u, x->parent);
        x->parent = (unit_id){0};
    }
    if (!(effect & EFFECT_BEGINS)) return;
    // What waited may be of a later time.
    if (x->last != 0 && waiting_begun(a->w->t, u)) x->flags |= UNIT_LATE;
    x->first = a->w->f->seq;
}

static void apply(struct applying *a, unit_id u, uint64_t effect)
{
    struct unit x = unit_get(&a->w->rows, u);
    struct unit before = x;

    if (x.state == UNIT_NONE) x.flags |= UNIT_SEEN;
    x.flags &= (uint8_t)~UNIT_LATE;
    if (effect == EFFECT_LATE) {
        x.flags |= UNIT_LATE;
    } else if (effect_packs(effect)) {
        x.parent = a->parent;
        if (effect == EFFECT_PACKED_LATE) x.flags |= UNIT_LATE;
        if (a->w->f->kind_version > 1 && x.state == UNIT_OPEN) x.state = UNIT_CLOSED;
        a->in.at[a->in.n++] = u;
    } else if (effect == EFFECT_UNPACKED) {
        x.parent = (unit_id){0};
        a->out.at[a->out.n++] = u;
    } else if (effect >= EFFECT_CHANGED) {
        change(a, u, effect, &x);
    } else {
        pass_on(a, u, effect);
    }
    wait_with(a, u, effect);
    x.last = a->w->f->seq;
    count_often(a, u, &x);
    unit_put(&a->w->rows, u, &x);
    if (x.parent.v == before.parent.v) cargo_mark(&a->around, x.parent, before.flags, x.flags);
    if ((effect & EFFECT_LEAVES) && a->w->f->kind_version > 2) // the event does not name it
        cargo_mark(&a->around, before.parent, 0, 0);
    if (effect >= EFFECT_LEAVES) unit_rows_end(&a->w->rows); // what follows looks up from it
}

static bool apply_all(struct applying *a)
{
    struct unit_writing *w = a->w;
    struct bytes_r bytes = a->e->effects;
    struct alike_r effects = {.in = &bytes};
    unit_id u;

    a->around = (struct cargo_marking){.t = w->t, .seq = w->f->seq};
    a->in.at = NEW_ARRAY(&w->arena, unit_id, w->touched.runs.units + 1);
    a->out.at = NEW_ARRAY(&w->arena, unit_id, w->touched.runs.units + 1);
    a->begun.at = NEW_ARRAY(&w->arena, unit_id, w->touched.runs.units + 1);
    if (a->in.at == NULL || a->out.at == NULL || a->begun.at == NULL) return false;
    for (struct run_walk walk = runs_walk(&w->touched.runs); run_next(&walk, &u);)
        apply(a, u, alike_get(&effects));
    unit_rows_end(&w->rows);
    cargo_mark_end(&a->around);
    struct runs in = runs_of(&w->arena, a->in.at, a->in.n);
    struct runs out = runs_of(&w->arena, a->out.at, a->out.n);
    struct runs begun = runs_of(&w->arena, a->begun.at, a->begun.n);
    writing_began(w, &begun, w->f->lot);
    struct leaving around;
    writing_flush(w);
    if (a->in.n + a->out.n > 0) leaving_look(&around, w->t, &w->arena, a->parent);
    if (a->in.n > 0) children_add(w->t, a->parent, &in);
    if (a->out.n > 0) children_remove(w->t, a->parent, &out);
    if (a->in.n + a->out.n > 0) leaving_count(&around);
    return true;
}

// ---- counters and lists

static void write_lists(struct applying *a)
{
    const struct index_entries *all = &a->e->found_by;
    const struct fact *f = a->w->f;

    for (uint32_t i = 0; i < all->n; i++)
        list_note(a->w->t, f->client, all->at[i].of, all->at[i].value, f->seq);
    if (a->e->flags & CAPTURED_EXCEPTION)
        list_note(a->w->t, f->client, LIST_EXCEPTION, (str){0}, f->seq);
}

// The event waits from now on, or no longer: the exception that stands for it as long settles.
static void write_waiting(struct applying *a)
{
    const struct fact *f = a->w->f;
    struct waiting w = {{f->at.ms + (int64_t)a->e->wait_ms}, a->waits};
    struct digest16 about = exception_about(a->event, 0);

    if (a->event != f->seq) {
        waiting_end(a->w->t, a->event, &a->w->touched.runs);
        exception_settle(a->w->t, f,
                         &(struct exception_end){f->client, EXCEPTION_OF_WAITING, about});
    }
    if (a->e->wait_ms == 0) return;
    waiting_put(a->w->t, a->event, &w);
    exception_raise(a->w->t, f,
                    &(struct exception){.kind = EXCEPTION_OF_WAITING,
                                        .index = 1, // 0 is for what its units did not allow
                                        .code = S("event.waits"),
                                        .lot = f->lot,
                                        .unit = a->parent.v,
                                        .about = about});
}

// What its units did not allow is somebody's to look at, under the name of the first of them.
static void write_exception(struct applying *a)
{
    const struct captured_event *e = a->e;
    struct exception x = {.kind = EXCEPTION_OF_CAPTURED, .lot = a->w->f->lot};
    uint64_t at = 0;
    unit_id u;

    if (!(e->flags & CAPTURED_EXCEPTION) || e->exception_count == 0) return;
    const struct captured_exception *first = &e->exceptions[0];
    x.code = str_of(capture_exception_code((enum capture_exception)first->code));
    for (struct run_walk walk = runs_walk(&a->w->touched.runs); run_next(&walk, &u);)
        if (++at == first->unit) x.unit = u.v;
    exception_raise(a->w->t, a->w->f, &x);
}

void captured_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct unit_writing w;
    struct captured_event e;
    struct applying a = {.w = &w, .e = &e};

    (void)arg;
    bool read = writing_begin(&w, t, f) && captured_of(&w.own, f, &a.event) &&
                captured_event_get(&w.own, f, w.touched.runs.units, &w.arena, &e).cls == ST_OK;
    if (read && w.touched.runs.units > 0) a.parent = w.touched.runs.at[0].first;
    if (read) writing_counts(&w, &e.counts); // before what is moved by them
    if (read && apply_all(&a)) {
        write_lists(&a);
        write_exception(&a);
        write_waiting(&a);
        if (a.held > 0)
            hold_put(t, &(struct hold){.id = f->seq, .client = f->client, .units = a.held});
    } else {
        txn_spoil(t, "record.corrupt", "a captured event");
    }
    writing_end(&w);
}

// ---- for people

static void print_exceptions(const struct captured_event *e, struct json_w *w)
{
    if (e->exception_count == 0) return;
    json_w_key(w, S("exceptions"));
    json_w_array(w);
    for (uint32_t i = 0; i < e->exception_count; i++) {
        json_w_object(w);
        enum capture_exception code = (enum capture_exception)e->exceptions[i].code;
        json_w_kstr(w, "code", str_of(capture_exception_code(code)));
        if (e->exceptions[i].unit > 0) json_w_kint(w, "unit", e->exceptions[i].unit - 1);
        json_w_end(w);
    }
    json_w_end(w);
}

void captured_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct captured_event e;
    struct arena a;
    uint64_t event;

    (void)arg;
    report_print(f, w);
    arena_init(&a, 256 * MB);
    if (report_get(f->decided, &a, &report, &touched, &own).cls == ST_OK &&
        captured_of(&own, f, &event) &&
        captured_event_get(&own, f, touched.runs.units, &a, &e).cls == ST_OK) {
        json_w_kstr(w, "eventID", e.id);
        if (e.document != 0) json_w_kinner(w, "document", e.document);
        if (e.flags & CAPTURED_ERROR) json_w_kbool(w, "errorDeclaration", true);
        if (event != f->seq) json_w_kinner(w, "event", event);
        if (e.wait_ms > 0) json_w_kint(w, "waits_ms", (int64_t)e.wait_ms);
        print_exceptions(&e, w);
    }
    arena_fini(&a);
}
