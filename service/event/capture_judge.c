// `event.captured` and `capture.applied`: decided. Runs in the committer: gets, and no reading of
// foreign bytes. decided part: captured.h.
#include "service/event/capture.h"
#include "service/event/capture_int.h"
#include "service/event/waiting.h"
#include "service/journal/site.h"
#include <string.h>

#define SAME_MAX 16u // facts of one eventID

// ---- waiting

static bool has_room_to_wait(struct capturing *c)
{
    struct waiting_at all[WAITING_MAX];

    for (uint32_t i = 0; i < c->n; i++)
        if (waiting_of(c->d->t, c->units[i], all) == WAITING_MAX) return false;
    return true;
}

// An event that packs what is not there yet waits as a whole.
static void check_waits(struct capturing *c, struct unit_rows *rows)
{
    const struct site *site = c->d->app;
    bool packs = c->ask->rule == CAPTURE_RECORD && c->ask->acts.parent == ACT_PACK_INTO_TOLD;

    if (!packs || c->own.ahead || c->event != 0 || site->limits.capture_wait_ms == 0) return;
    for (uint32_t i = 0; i < c->n && !c->waits; i++) {
        struct unit x = unit_get(rows, c->units[i]);
        c->waits = capturing_begins(c, i, &x);
    }
    c->waits = c->waits && has_room_to_wait(c);
    if (!c->waits) return;
    c->own.wait_ms = site->limits.capture_wait_ms;
    c->d->wakes = true;
}

// ---- eventIDs

// Is it the same as what `f` holds? *other: it has the eventID and says something else.
static bool is_repeat(struct capturing *c, const struct fact *f, bool *other)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;
    struct captured_event e;

    if (f->kind != FACT_EVENT_CAPTURED ||
        report_get(f->decided, c->d->arena, &report, &touched, &rest).cls != ST_OK ||
        captured_event_get(&rest, f, touched.runs.units, c->d->arena, &e).cls != ST_OK)
        return false;
    if (!str_eq(e.id, c->ask->id) || ((e.flags ^ c->ask->flags) & CAPTURED_ERROR)) return false;
    if (memcmp(e.content.b, c->ask->content.b, 16) == 0 ||
        memcmp(e.content.b, c->ask->twin.b, 16) == 0)
        return true;
    *other = true;
    return false;
}

// REQ EPCIS-ERROR-DECLARATION: an event and its error declaration have one eventID; else it is one
// event's for ever.
static status check_id(struct capturing *c)
{
    bool other = c->ask->line != 0;
    uint64_t seqs[SAME_MAX];
    struct fact f;
    str value;

    c->d->repeat_seq = c->ask->same_as; // what is written never changes
    if (c->ask->same_as != 0) return OK;
    TRY(index_value(LIST_EVENT_ID, (str){0}, c->ask->id, c->d->arena, &value));
    size_t n = list_of(c->d->t, c->ask->client, LIST_EVENT_ID, value, 0, seqs, SAME_MAX);
    for (size_t i = 0; i < n; i++) {
        TRY(journal_get(c->d->t, seqs[i], c->d->arena, &f));
        if (!is_repeat(c, &f, &other)) continue;
        c->d->repeat_seq = seqs[i];
        return OK;
    }
    if (!other) return txn_status(c->d->t);
    if (c->ask->taken == TAKEN_KEEP) return capturing_except(c, EXCEPTION_ID_TAKEN, 0), OK;
    return fail(ST_CONFLICT, "event.id_taken", 0, "eventID: another event has it");
}

// ---- the whole

// What the clock has not come to yet did not happen: it is kept, and nothing is done by it, nor
// measured by it.
static bool is_ahead(const struct capturing *c)
{
    const struct site *site = c->d->app;

    return c->ask->time.at.ms - c->d->now.ms > (int64_t)site->limits.clock_ahead_max_ms;
}

static void check_time(struct capturing *c)
{
    if (c->ask->rule == CAPTURE_OFF || !c->own.ahead) return;
    capturing_refuse(c, EXCEPTION_TIME_AHEAD, "eventTime: it is ahead of the service");
}

// No serial stands twice in one message (STATES, guard 3).
static void check_twice(struct capturing *c)
{
    if (!c->ask->twice || c->ask->rule == CAPTURE_OFF) return;
    capturing_refuse(c, EXCEPTION_UNIT_TWICE,
                     "parentID and lists of EPCs: a unit is named twice in one event");
}

static status judge_all(struct capturing *c)
{
    struct unit_rows rows;

    unit_rows_read(&rows, c->d->t);
    if (c->event == 0) check_time(c);
    check_twice(c);
    if (c->event == 0 && c->ask->warns != 0 && c->ask->rule != CAPTURE_OFF)
        capturing_except(c, (enum capture_exception)c->ask->warns, 0);
    check_waits(c, &rows);
    for (uint32_t i = 0; i < c->n; i++) capturing_one(c, i, &rows);
    alike_end(&c->j.previous);
    if (c->ask->has_parent && c->ask->rule != CAPTURE_OFF && c->ask->acts.parent != 0 && !c->waits)
        capturing_parent(c);
    TRY(txn_status(c->d->t));
    if (c->own.counts.no_room) return no_memory();
    if (c->j.bad < 2) return c->j.bad == 0 ? OK : c->j.first;
    return fail(c->j.first.cls, c->j.first.reason, 0, "%u faults; the first: %s", c->j.bad,
                c->j.first.text);
}

static void set_header(struct capturing *c)
{
    const struct capture_ask *ask = c->ask;
    struct fact *f = c->d->fact;

    f->client = ask->client;
    f->lot = c->begun ? ask->lot : c->lot;
    f->event = ask->time;
    f->flags |= FACT_HAS_TIME;
    if (c->event == 0) f->flags |= FACT_IS_EVENT;
    f->body = ask->body;
    c->d->packed_body = ask->packed_body;
    c->own.flags |= ask->flags;
    if (ask->tally != NULL) c->own.document = ask->tally->document;
    c->own.index = ask->index;
    c->own.has_parent = ask->has_parent;
    c->own.from = ask->from;
    c->own.to = ask->to;
    c->own.in = ask->in;
    c->own.id = ask->id;
    c->own.content = ask->content;
}

static status put(struct capturing *c)
{
    struct report none = {0};
    struct runs runs = runs_of(c->d->arena, c->units, c->n);

    if (runs.at == NULL && c->n > 0) return no_memory();
    report_put(c->d->out, &none);
    runs_put(c->d->out, &runs);
    c->j.previous.b = c->d->out;
    c->guard = (struct capture_guard){.j = &c->j, .levels = &c->levels, .profile = &c->profile};
    c->guard.left_ms = c->ask->time.at.ms;
    if (c->n > 0) c->guard.parent = c->units[0];
    TRY(judge_all(c));
    set_header(c);
    struct captured_bytes as = {.entries = c->ask->entries};
    struct buf b;
    buf_init(&b, 64 * MB);
    struct alike_w effects = {.b = &b};
    for (uint32_t i = 0; i < c->n; i++) alike_put(&effects, c->effects[i]);
    alike_end(&effects);
    as.effects = buf_str(&b);
    if (c->event != 0) bytes_var(c->d->out, c->d->seq - c->event);
    captured_event_put(c->d->out, c->d->seq, &c->own, &as);
    buf_fini(&b);
    return OK;
}

static struct capturing begin(struct decide *d, const struct capture_ask *ask)
{
    struct capturing c = {.d = d, .ask = ask};

    d->fact->client = ask->client;
    c.j.d = d;
    c.j.standing = (struct standing){.t = d->t};
    c.j.names = names_here(d->app);
    c.j.first = OK;
    c.levels = (struct level_reader){.t = d->t, .names = c.j.names, .arena = d->arena};
    c.owners = (struct owner_reader){.names = c.j.names, .t = d->t};
    return c;
}

static status captured_decide(struct decide *d)
{
    const struct capture_ask *ask = d->ask;
    struct capturing c = begin(d, ask);

    if (!ask->fresh_id) TRY(check_id(&c));
    if (d->repeat_seq != 0) return OK;
    c.own.ahead = is_ahead(&c);
    TRY(capturing_units(&c));
    return put(&c);
}

const struct kind kind_event_captured_1 = {
    FACT_EVENT_CAPTURED, 1, "event.captured", NULL, captured_write, captured_print, NULL};
const struct kind kind_event_captured_2 = {
    FACT_EVENT_CAPTURED, 2, "event.captured", NULL, captured_write, captured_print, NULL};
const struct kind kind_event_captured = {
    FACT_EVENT_CAPTURED, 3,   "event.captured", captured_decide, captured_write,
    captured_print,      NULL};

// ---- what waited

// An event of the journal, asked again. What it says beside its units was judged when it came.
static status ask_again(struct decide *d, uint64_t seq, struct capture_ask *out)
{
    struct names *names = names_here(d->app);
    struct report report;
    struct touched touched;
    struct captured_event e;
    struct bytes_r rest;
    struct fact f;
    unit_id u;

    TRY(journal_get(d->t, seq, d->arena, &f));
    TRY(report_get(f.decided, d->arena, &report, &touched, &rest));
    TRY(captured_event_get(&rest, &f, touched.runs.units, d->arena, &e));
    struct capture_unit *units =
        NEW_ARRAY(d->arena, struct capture_unit, (size_t)touched.runs.units + 1);
    if (units == NULL) return no_memory();
    *out = (struct capture_ask){
        .client = f.client,
        .rule = CAPTURE_RECORD,
        .time = f.event,
        .acts = {.parent = ACT_PACK_INTO_TOLD, .in = ACT_BE_PACKED_TOLD},
        .id = e.id,
        .units = units,
        .in = e.in,
        .has_parent = e.has_parent,
        .entries = {"",                           1                       }
    }; // none
    for (struct run_walk w = runs_walk(&touched.runs); run_next(&w, &u);) {
        const struct space_row *s = names_space(names, d->t, unit_space(u));
        units[out->n++] =
            (struct capture_unit){.unit = u,
                                  .container = s != NULL && space_is_container(s),
                                  .foreign = s != NULL && s->sort == SPACE_OF_FOREIGN};
    }
    return OK;
}

static status applied_decide(struct decide *d)
{
    const struct due *due = d->ask;
    struct capture_ask ask;
    uint64_t seq;

    if (!waiting_due(d->t, due->now, &seq, due->next)) return d->nothing = true, txn_status(d->t);
    TRY(ask_again(d, seq, &ask));
    struct capturing c = begin(d, &ask);
    c.event = seq;
    TRY(capturing_units(&c));
    return put(&c);
}

const struct kind kind_capture_applied_1 = {
    FACT_CAPTURE_APPLIED, 1, "capture.applied", NULL, captured_write, captured_print, NULL};
const struct kind kind_capture_applied_2 = {
    FACT_CAPTURE_APPLIED, 2, "capture.applied", NULL, captured_write, captured_print, NULL};
const struct kind kind_capture_applied = {
    FACT_CAPTURE_APPLIED, 3,   "capture.applied", applied_decide, captured_write,
    captured_print,       NULL};
