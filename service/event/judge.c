// The guards that all reports share (STATES, guards 1 to 3): each unit's state, parent and hold by
// the table of states; time. Everything is looked at before anything is refused, so that a refusal
// names every offender.
#include "service/event/event_time.h"
#include "service/event/newest.h"
#include "service/event/report_int.h"
#include "service/event/waiting.h"
#include "service/gs1/id.h"
#include "service/journal/refusal.h"
#include "service/journal/site.h"
#include "service/pool/issue.h"
#include "service/tree/tree_db.h"
#include <stdlib.h>
#include <string.h>

status judge_begin(struct judge *j, struct decide *d, const struct runs *units)
{
    const struct report_ask *ask = d->ask;

    j->d = d;
    j->ask = ask;
    j->names = names_here(d->app);
    j->first = OK;
    d->fact->client = ask->client;
    TRY(repeat_look(d, ask));
    if (d->repeat_seq != 0) return OK;
    if (ask->has_time) TRY(event_time_check(d->app, d->now, ask->time.at.ms));
    j->previous.b = d->out;
    unit_rows_read(&j->rows, d->t);
    j->standing = (struct standing){.t = d->t};
    j->list = &ask->units;
    struct report fields = ask->fields;
    fields.refused = d->refused_seq;
    report_put(d->out, &fields);
    runs_put(d->out, units);
    if (ask->left_out == NULL) return OK;
    j->bad = j->looked = ask->left_out_n;
    j->first = ask->left_out->st;
    buf_add(d->units, ask->left_out->units);
    return OK;
}

struct unit_sorts judge_sorts(struct judge *j, unit_id u)
{
    uint32_t space = unit_space(u);
    const struct space_row *s;

    if (j->sorts.space == space) return j->sorts;
    s = names_space(j->names, j->d->t, space);
    if (s == NULL) {
        txn_spoil(j->d->t, "store.corrupt", "a unit without a space");
        return (struct unit_sorts){.space = space};
    }
    j->sorts = (struct unit_sorts){.space = space,
                                   .sort = space_is_container(s) ? SORT_CONTAINER : SORT_PACK,
                                   .is_sscc = s->sort == SPACE_OF_SSCC,
                                   .is_foreign = s->sort == SPACE_OF_FOREIGN,
                                   .level = s->sort == SPACE_OF_SSCC ? 0 : s->level,
                                   .product = s->product};
    return j->sorts;
}

const struct fact *judge_header(struct judge *j, uint64_t seq)
{
    struct fact *f = &j->headers[seq % JUDGE_HEADERS];

    if (f->seq == seq) return f;
    *f = (struct fact){0};
    if (seq == 0 || journal_get_header(j->d->t, seq, f).cls == ST_OK) return f;
    txn_spoil(j->d->t, "store.corrupt", "an event of a unit");
    *f = (struct fact){0};
    return f;
}

uint32_t judge_lot(struct judge *j, unit_id u)
{
    struct unit x = {0};

    if (u.v != 0) x = unit_one(j->d->t, u);
    return judge_lot_of(j, u, &x);
}

// What began elsewhere counts with no lot.
uint32_t judge_lot_of(struct judge *j, unit_id u, const struct unit *x)
{
    return x->first == 0 || judge_sorts(j, u).is_foreign ? 0 : judge_header(j, x->first)->lot;
}

uint32_t judge_lot_within(struct judge *j, unit_id u)
{
    uint32_t lot = judge_lot(j, u);
    unsigned depth = 0;

    while (lot == 0 && u.v != 0 && judge_sorts(j, u).is_sscc && depth++ < UNIT_DEPTH_MAX) {
        u = children_first(j->d->t, u);
        lot = judge_lot(j, u);
    }
    return lot;
}

static status too_early(struct judge *j, unit_id u, const struct unit *x)
{
    int64_t newest = newest_of(j->d->t, u, x, judge_header(j, x->last));

    if (newest > j->latest_ms) j->latest_ms = newest;
    if (!j->ask->has_time || j->ask->time.at.ms >= newest) return OK;
    return fail(ST_CONFLICT, "time.before", 0, "time: it is before the unit's last event");
}

// Another client may have begun, since the loop looked, what was nobody's then.
static status check_client(struct judge *j, uint64_t first)
{
    if (first == 0 || judge_header(j, first)->client.v == j->ask->client.v) return OK;
    return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "there is no such unit");
}

// They may have gone back since the loop looked, and be another request's.
static status check_request(struct judge *j, unit_id u)
{
    struct issue_row i;

    if (j->ask->request == 0) return OK;
    if (issue_of(j->d->t, u, &i) && i.seq == j->ask->request) return OK;
    return fail(ST_UNPROCESSABLE, "request.returned", 0, "it went back to its pool");
}

// REQ LOT-LINES: any line may report on any lot unless the lot lists lines.
status judge_line(struct judge *j, uint32_t lot)
{
    struct lot l;

    if (j->ask->line.n == 0 || lot == 0 || lot == j->line_lot) return OK;
    if (!lot_view(j->d->t, lot, &l)) return txn_status(j->d->t);
    if (!lot_takes_line(&l, j->ask->line))
        return fail(ST_CONFLICT, "lot.line", 0, "the lot is not for line %.*s", STR(j->ask->line));
    j->line_lot = lot;
    return OK;
}

// REQ STATES-LOT-RELEASED: what a release was signed over stays (guard 6).
status judge_unreleased(const struct judge *j, uint32_t lot)
{
    if (lot == 0 || lot_state_get(j->d->t, lot) != LOT_RELEASED) return OK;
    return fail(ST_CONFLICT, "lot.released", 0, "the lot is released: reopen it first");
}

static bool begins(enum unit_act act)
{
    return act == ACT_COMMISSION || act == ACT_SCRAP || act == ACT_LABEL_SAMPLE;
}

// Events that wait for the unit's beginning say nothing of what was before that.
static bool is_awaited(struct judge *j, unit_id u, enum unit_act act)
{
    struct waiting_at all[WAITING_MAX];
    uint32_t n = begins(act) ? waiting_of(j->d->t, u, all) : 0;
    bool any = false;

    for (uint32_t i = 0; i < n; i++) {
        int64_t at = judge_header(j, all[i].seq)->event.at.ms;
        if (!all[i].own) continue;
        if (j->awaited_ms == 0 || at < j->awaited_ms) j->awaited_ms = at;
        any = j->d->wakes = true;
    }
    return any;
}

static status step(struct judge *j, unit_id u, const struct unit *x, enum unit_act act,
                   struct unit_change *change)
{
    struct unit_sorts s = judge_sorts(j, u);
    bool opens = act == ACT_UNPACK_FROM; // what comes out keeps what its lot is
    uint32_t lot = s.is_sscc || opens ? 0 : judge_lot_of(j, u, x);
    struct unit stands = standing_of(&j->standing, x, lot);

    if (opens && j->ends) stands.flags &= (uint8_t) ~(UNIT_HOLD | UNIT_RECALLED);

    // The space of foreign units does not tell which of them are containers; their states do.
    unsigned foreign = s.is_foreign ? SORT_FOREIGN | SORT_CONTAINER : 0u;

    return unit_step_inside(s.sort | foreign, x, &stands, act, change);
}

bool judge_unit(struct judge *j, unit_id u, enum unit_act act, struct unit *x)
{
    struct unit_change change;

    return judge_change(j, u, act, x, &change);
}

static const struct scans *scans_of(const struct judge *j)
{
    static const struct scans none;

    return j->ask == NULL ? &none : &j->ask->scans;
}

// REQ STATES-LOT-EXPIRY: the code on the pack says more than its number, and agrees with the lot
static status check_scan(struct judge *j, unit_id u, const struct unit *x)
{
    const struct scanned *s = scans_find(scans_of(j), u);
    struct lot lot;

    if (s == NULL || !lot_view(j->d->t, judge_lot_of(j, u, x), &lot)) return OK;
    return lot_code_check(&lot, s->lot, s->expiry);
}

status judge_guard(struct judge *j, unit_id u, enum unit_act act, const struct unit *x,
                   struct unit_change *change)
{
    TRY(check_client(j, x->first));
    TRY(check_request(j, u));
    if (x->first != 0) TRY(judge_line(j, judge_lot_of(j, u, x)));
    TRY(step(j, u, x, act, change));
    TRY(check_scan(j, u, x));
    return x->last != 0 && !is_awaited(j, u, act) ? too_early(j, u, x) : OK;
}

// Units of one space whose rows say the same get one verdict, but where the guards look further.
static bool stands_alike(const struct judge *j, unit_id u, enum unit_act act, const struct unit *x)
{
    const struct unit *y = &j->row;
    bool looks_further = x->flags & UNIT_LATE || (x->last != 0 && begins(act));

    return j->before.v != 0 && unit_space(j->before) == unit_space(u) && j->act == act &&
           !looks_further && scans_say_the_same(scans_of(j), j->before, u) &&
           x->state == y->state && x->flags == y->flags && x->first == y->first &&
           x->last == y->last && x->parent.v == y->parent.v;
}

bool judge_change(struct judge *j, unit_id u, enum unit_act act, struct unit *x,
                  struct unit_change *change)
{
    *x = unit_get(&j->rows, u);
    j->looked++;
    alike_put(&j->previous, x->last);
    j->alike = stands_alike(j, u, act, x);
    if (j->alike) {
        *change = j->change;
        return true;
    }
    j->before.v = 0;
    status st = judge_guard(j, u, act, x, change);
    if (st.cls == ST_OK) {
        j->before = u;
        j->act = act;
        j->row = *x;
        j->change = *change;
        return true;
    }
    judge_offend(j, u, st);
    return false;
}

static void leave_out(struct judge *j, unit_id u)
{
    if (j->out_n == j->out_room) {
        uint32_t room = j->out_room == 0 ? 64 : 2 * j->out_room;
        unit_id *more = NEW_ARRAY(j->d->arena, unit_id, room);
        if (more == NULL) return; // it is refused whole
        if (j->out_n > 0) memcpy(more, j->out, j->out_n * sizeof *more);
        j->out = more;
        j->out_room = room;
    }
    j->out[j->out_n++] = u;
}

// Only here, where the answer is no, is a number turned back into its text.
void judge_offend(struct judge *j, unit_id u, status st)
{
    struct buf *units = j->d->units;
    struct gs1_id id;
    char text[128];
    struct buf spelled;

    if (j->bad++ == 0) j->first = st;
    if (j->ask != NULL && j->ask->each) leave_out(j, u);
    if (names_id(j->names, j->d->t, u, j->d->arena, &id).cls != ST_OK) return;
    buf_init(&spelled, sizeof text);
    struct json_w w = json_writer(units);
    if (units->n > 0) buf_addc(units, ',');
    json_w_object(&w);
    if (gs1_write(&id, GS1_BRACKETED, NULL, &spelled).cls == ST_OK)
        json_w_kstr(&w, "unit", buf_str(&spelled));
    json_w_kstr(&w, "code", str_of(st.reason));
    json_w_end(&w);
    buf_fini(&spelled);
}

// Where nobody said when, it was now, but never before what happened to the units already: another
// line's clock may be ahead of ours; and not after they were packed, where that was told first.
static struct moment time_of(const struct judge *j)
{
    struct moment m = {j->d->now, j->ask->time.offset_min};

    if (j->ask->has_time) return j->ask->time;
    if (j->awaited_ms != 0 && j->awaited_ms < m.at.ms) m.at.ms = j->awaited_ms;
    if (j->latest_ms > m.at.ms) m.at.ms = j->latest_ms;
    return m;
}

static int by_unit(const void *a, const void *b)
{
    const unit_id *x = a, *y = b;

    return (x->v > y->v) - (x->v < y->v);
}

// The same report without those that offended. NULL: nothing is left, or what offended is none of
// its list.
static const struct ask *without_them(struct judge *j)
{
    uint64_t all = j->list->units;
    struct ask *a = NEW(j->d->arena, struct ask);
    struct report_ask *r = NEW(j->d->arena, struct report_ask);
    unit_id *left = NEW_ARRAY(j->d->arena, unit_id, all + 1), u;
    uint32_t n = 0;

    if (a == NULL || r == NULL || left == NULL) return NULL;
    if (j->out_n > 0) qsort(j->out, j->out_n, sizeof *j->out, by_unit);
    for (struct run_walk w = runs_walk(j->list); run_next(&w, &u);)
        if (j->out_n == 0 || bsearch(&u, j->out, j->out_n, sizeof u, by_unit) == NULL)
            left[n++] = u;
    if (n == 0 || all - n + j->ask->left_out_n != j->bad) return NULL;
    *r = *j->ask;
    r->left_out = NULL;
    r->left_out_n = 0;
    r->units = runs_of(j->d->arena, left, n);
    *a = (struct ask){.kind = report_kind(r->type), .what = r};
    return r->units.at == NULL ? NULL : a;
}

status judge_end(struct judge *j)
{
    struct fact *f = j->d->fact;

    alike_end(&j->previous);
    f->event = time_of(j);
    f->flags |= FACT_HAS_TIME;
    if (j->bad == 0) return txn_status(j->d->t);
    if (j->ask->each) j->d->retry = without_them(j);
    if (j->looked == 1 || j->bad == 1) return j->first;
    return fail(j->first.cls, j->first.reason, 0, "%u of %u units; the first: %s", j->bad,
                j->looked, j->first.text);
}
