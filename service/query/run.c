// run.c - first the plan, a value at a time, then candidates. Where an order is asked for that is
// not that of the journal, the best are kept in a heap whose worst stands on top. By eventTime, a
// question with many candidates is answered hour by hour, so that those of one hour are enough.
#include "service/query/run.h"
#include "service/epcis/uom.h"
#include "service/query/rows.h"
#include "service/query/value_set.h"
#include <stdlib.h>
#include <string.h>

#define RUN_MAGIC   0x90e4a9e5u
#define PLAN_MAX    (16 * MB)
#define SCRATCH_MAX (256 * MB) // one fact
#define GATHER_MAX  150u       // candidates that are not worth going hour by hour
#define KEY_TEXT    64u        // of a field's value, for an order
#define LOOK_ITEMS  100u       // of an event, that take as long as a small event
#define LOOK_WORK   10000u     // comparisons that do (query_set_work)

struct gathered { // a candidate, and when its fact says that it was
    int64_t key;
    uint64_t seq;
};

struct query_run {
    unsigned magic;
    struct query_conf c;
    struct query q; // expanded
    struct query_master master;
    struct plan plan;
    bool planned, counted, in_order, by_hour, done;
    struct gathered *gathered; // by eventTime alone: the candidates, while they are few
    uint32_t candidates, at;   // how many; the next of them
    struct hour_step hour;
    uint64_t place; // of the next candidate
    struct query_hit *hits;
    uint32_t n;
    uint64_t count, looks;
    uint64_t turn; // looks that this turn has had
    struct ns_seen ns;
    struct arena own;     // plan and hits
    struct arena fact;    // one fact
    struct arena scratch; // one identifier, or one fact of a chain
};

// ---- the order

static bool is_heap(const struct query_run *r)
{
    return r->q.order == QUERY_BY_EVENT_TIME || r->q.order == QUERY_BY_FIELD;
}

static int text_order(str a, str b)
{
    struct moment x, y;
    int order;

    if (epcis_uom_compare(a, (str){0}, b, (str){0}, &order)) return order;
    if (when_read(a, &x).cls == ST_OK && when_read(b, &y).cls == ST_OK)
        return (x.at.ms > y.at.ms) - (x.at.ms < y.at.ms);
    return str_cmp(a, b);
}

// How hit a stands to hit b in the order asked for: negative, it comes first.
static int hit_order(const struct query *q, const struct query_hit *a, const struct query_hit *b)
{
    int order = 0, sign = q->ascending ? 1 : -1;

    if (q->order == QUERY_BY_FIELD && (a->text.p == NULL) != (b->text.p == NULL))
        return a->text.p == NULL ? 1 : -1; // those without the field stand last
    if (q->order == QUERY_BY_FIELD && a->text.p != NULL) order = text_order(a->text, b->text);
    if (q->order == QUERY_BY_EVENT_TIME) order = (a->at.key > b->at.key) - (a->at.key < b->at.key);
    if (order == 0) order = (a->at.seq > b->at.seq) - (a->at.seq < b->at.seq);
    if (order == 0) order = (a->at.part > b->at.part) - (a->at.part < b->at.part);
    return sign * order;
}

static void swap(struct query_hit *a, struct query_hit *b)
{
    struct query_hit x = *a;
    *a = *b;
    *b = x;
}

static void heap_up(struct query_run *r, uint32_t i)
{
    for (; i > 0 && hit_order(&r->q, &r->hits[i], &r->hits[(i - 1) / 2]) > 0; i = (i - 1) / 2)
        swap(&r->hits[i], &r->hits[(i - 1) / 2]);
}

static void heap_down(struct query_run *r, uint32_t n)
{
    for (uint32_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && hit_order(&r->q, &r->hits[child + 1], &r->hits[child]) > 0) child++;
        if (hit_order(&r->q, &r->hits[child], &r->hits[i]) <= 0) break;
        swap(&r->hits[child], &r->hits[i]);
    }
}

static void heap_sort(struct query_run *r)
{
    for (uint32_t n = r->n; n > 1; n--) {
        swap(&r->hits[0], &r->hits[n - 1]);
        heap_down(r, n - 1);
    }
}

// ---- hits

static bool node_text(void *arg, const struct epcis_node *n)
{
    *(str *)arg = str_trim(node_value(n));
    return true;
}

static status hit_text(struct query_run *r, const struct epcis_event *e, str *out)
{
    str text = {0};
    struct node_seek s = {&r->q.by, false, node_text, &text};

    *out = (str){0};
    if (!nodes_seek(&s, e->ext) && !nodes_seek(&s, e->ilmd)) return OK;
    if (text.n > KEY_TEXT) text.n = KEY_TEXT;
    *out = arena_str(&r->own, text);
    return out->p == NULL ? no_memory() : OK;
}

static bool is_after(const struct query_run *r, const struct query_hit *h)
{
    struct query_hit from = {.at = r->c.after};

    if (r->c.after.seq == 0 || r->q.order == QUERY_BY_FIELD) return true;
    return hit_order(&r->q, h, &from) > 0;
}

static status hit_add(struct query_run *r, const struct epcis_event *e, const struct query_at *at)
{
    struct query_hit h = {.at = *at};

    if (r->q.order == QUERY_BY_EVENT_TIME) h.at.key = e->time.at.at.ms;
    if (!is_after(r, &h)) return OK;
    r->count++;
    ns_seen_event(&r->ns, e);
    if (r->q.order == QUERY_BY_FIELD) TRY(hit_text(r, e, &h.text));
    if (r->n < r->c.want) {
        r->hits[r->n++] = h;
        if (is_heap(r)) heap_up(r, r->n - 1);
    } else if (is_heap(r) && hit_order(&r->q, &h, &r->hits[0]) < 0) {
        r->hits[0] = h;
        heap_down(r, r->n);
    }
    return OK;
}

static bool has_enough(const struct query_run *r)
{
    return r->n == r->c.want && r->count >= r->c.count_to;
}

// ---- candidates

// The events of one of the client's facts. The history of a unit may hold others' facts.
static status parts_get(const struct event_from *from, struct txn *t, uint64_t seq, struct arena *a,
                        struct event_parts *out)
{
    struct event_render *render = NEW(a, struct event_render); // read while its events are
    struct fact f;

    *out = (struct event_parts){.n = 0};
    if (render == NULL) return no_memory();
    *render = event_render_begin(from->site, t, a);
    render->words_as_given = from->words_as_given;
    TRY(journal_get(t, seq, a, &f));
    return f.client.v == from->client.v ? event_render(render, &f, out) : OK;
}

status query_event(const struct event_from *from, struct txn *t, const struct query_at *at,
                   struct arena *a, struct epcis_event *out)
{
    struct event_parts *parts = NEW(a, struct event_parts);

    if (parts == NULL) return no_memory();
    TRY(parts_get(from, t, at->seq, a, parts));
    if (at->part >= parts->n)
        return fail(ST_NOT_FOUND, "event.unknown", 0, "there is no such event");
    *out = parts->at[at->part].event;
    return OK;
}

// When the events of a fact were, without reading them. What does not say so comes first.
static int64_t key_of(const struct query_run *r, struct txn *t, uint64_t seq)
{
    struct fact f;

    if (journal_get_header(t, seq, &f).cls != ST_OK || !(f.flags & FACT_HAS_TIME))
        return r->q.ascending ? INT64_MIN : INT64_MAX;
    return f.event.at.ms;
}

static bool key_comes_before(const struct query_run *r, int64_t a, int64_t b)
{
    return r->q.ascending ? a < b : a > b;
}

// A full heap takes nothing that comes after its worst.
static bool comes_too_late(const struct query_run *r, int64_t key)
{
    return has_enough(r) && key_comes_before(r, r->hits[0].at.key, key);
}

// In the journal's own order upwards, downwards where the newest come first.
static status look(struct query_run *r, struct txn *t, uint64_t seq)
{
    struct event_from from = {r->c.site, r->c.client, false};
    struct event_parts parts;
    bool fits;

    arena_reset(&r->fact);
    TRY(parts_get(&from, t, seq, &r->fact, &parts));
    for (uint32_t i = 0; i < parts.n && !(has_enough(r) && !is_heap(r)); i++) {
        uint32_t part = r->q.ascending ? i : parts.n - 1 - i;
        const struct epcis_event *e = &parts.at[part].event;
        TRY(query_matches(&r->q, e, &r->master, &r->scratch, &fits));
        r->turn += query_set_items(e) / LOOK_ITEMS + query_set_work(&r->q, e) / LOOK_WORK;
        if (fits) TRY(hit_add(r, e, &(struct query_at){0, seq, part}));
    }
    return OK;
}

// Too many for one heap: from here on an hour after the other.
static void hours_begin(struct query_run *r)
{
    r->by_hour = true;
    r->hour = (struct hour_step){.span = plan_hours(&r->q), .ascending = r->q.ascending};
    if (r->c.after.seq != 0 && r->c.after.key >= 0) {
        uint32_t at = (uint32_t)(r->c.after.key / 3600000);
        if (r->q.ascending && at > r->hour.span.from) r->hour.span.from = at;
        if (!r->q.ascending && at + 1 < r->hour.span.to) r->hour.span.to = at + 1;
    }
    r->place = PLACE_END;
}

// The next hour, if there is one and it is needed.
static status hours_go(struct query_run *r, struct txn *t)
{
    if (has_enough(r) || !plan_hour_next(t, r->c.client, &r->hour)) return r->done = true, OK;
    r->place = 0;
    return plan_hour(&r->plan, &r->own, r->hour.hour);
}

static int by_key(const void *a, const void *b)
{
    const struct gathered *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void gathered_sort(struct query_run *r, struct txn *t)
{
    for (uint32_t i = 0; i < r->candidates; i++)
        r->gathered[i].key = key_of(r, t, r->gathered[i].seq);
    qsort(r->gathered, r->candidates, sizeof *r->gathered, by_key);
    r->in_order = true;
}

// By eventTime: few candidates are gathered and looked at in their order, of many none before its
// hour comes.
static void gather_one(struct query_run *r, struct txn *t)
{
    uint64_t place = r->plan.has_base ? 0 : plan_seek(&r->plan, t, r->place);

    r->counted = place == PLACE_END || r->plan.has_base || r->candidates == r->c.gather_max;
    if (!r->counted) {
        r->gathered[r->candidates++].seq = place_of(r->q.ascending, place);
        r->place = place + 1;
    } else if (place == PLACE_END) {
        gathered_sort(r, t);
    } else {
        hours_begin(r);
    }
}

// PLACE_END where there is no other, or none that can be among those that are wanted.
static uint64_t gathered_next(struct query_run *r)
{
    uint32_t i = r->q.ascending ? r->at : r->candidates - 1 - r->at;

    if (r->at == r->candidates || comes_too_late(r, r->gathered[i].key)) return PLACE_END;
    r->at++;
    return place_of(r->q.ascending, r->gathered[i].seq);
}

static uint64_t place_next(struct query_run *r, struct txn *t)
{
    if (r->in_order) return gathered_next(r);
    return r->place == PLACE_END ? PLACE_END : plan_seek(&r->plan, t, r->place);
}

static status candidate(struct query_run *r, struct txn *t)
{
    if (r->q.order == QUERY_BY_EVENT_TIME && !r->counted) return gather_one(r, t), OK;
    uint64_t place = place_next(r, t);
    if (place == PLACE_END) {
        if (r->by_hour) return hours_go(r, t);
        return r->done = true, OK;
    }
    r->place = place + 1;
    if (++r->looks > r->c.looks_max)
        return fail(ST_TOO_LARGE, "query.too_complex", 0,
                    "more than %llu events had to be looked at: ask for less",
                    (unsigned long long)r->c.looks_max);
    uint64_t seq = place_of(r->q.ascending, place);
    bool skipped = r->by_hour && comes_too_late(r, key_of(r, t, seq));
    if (!skipped) TRY(look(r, t, seq));
    if (!is_heap(r) && has_enough(r)) r->done = true;
    return OK;
}

// ---- turns

static void place_begin(struct query_run *r)
{
    bool journal = !is_heap(r);

    r->place = journal && r->c.after.seq != 0 ? place_of(r->q.ascending, r->c.after.seq) : 0;
}

status query_run_new(const struct query_conf *c, struct txn *t, struct query_run **out)
{
    struct query_run *r = calloc(1, sizeof *r);

    assert(r != NULL && c->want > 0 && c->want <= QUERY_WANT_MAX);
    r->magic = RUN_MAGIC;
    r->ns.arena = &r->own;
    r->c = *c;
    if (c->gather_max == 0) r->c.gather_max = GATHER_MAX;
    r->master = (struct query_master){c->site->master, t, c->client};
    arena_init(&r->own, PLAN_MAX + (size_t)c->want * (sizeof *r->hits + KEY_TEXT));
    arena_init(&r->fact, SCRATCH_MAX);
    arena_init(&r->scratch, SCRATCH_MAX);
    status st = query_expand(c->q, &r->master, &r->own, &r->q);
    r->hits = NEW_ARRAY(&r->own, struct query_hit, c->want);
    r->gathered = NEW_ARRAY(&r->own, struct gathered, r->c.gather_max);
    if (st.cls == ST_OK && (r->hits == NULL || r->gathered == NULL)) st = no_memory();
    if (st.cls != ST_OK) {
        query_run_free(&r);
        return st;
    }
    struct plan_conf plan = {&r->q, c->client, r->q.ascending, c->upper};
    plan_init(&r->plan, &plan);
    place_begin(r);
    *out = r;
    return OK;
}

void query_run_free(struct query_run **rp)
{
    struct query_run *r = *rp;

    *rp = NULL;
    if (r == NULL) return;
    OBJ_CHECK(r, RUN_MAGIC);
    arena_fini(&r->own);
    arena_fini(&r->fact);
    arena_fini(&r->scratch);
    r->magic = 0;
    free(r);
}

static status plan_turn(struct query_run *r, struct txn *t)
{
    struct plan_world w = {t, names_here(r->c.site), r->c.site->meta.journal_id, &r->own,
                           &r->scratch};
    status st = OK;

    if (plan_step(&r->plan, &w, &st)) return st;
    r->planned = true;
    if (r->plan.is_empty) r->done = true;
    return st;
}

bool query_run_turn(struct query_run *r, struct txn *t, uint32_t looks, status *st)
{
    OBJ_CHECK(r, RUN_MAGIC);
    *st = OK;
    r->master.t = t;
    for (r->turn = 0; r->turn < looks && !r->done && st->cls == ST_OK; r->turn++)
        *st = r->planned ? candidate(r, t) : plan_turn(r, t);
    if (st->cls == ST_OK) *st = txn_status(t);
    if (st->cls != ST_OK) r->done = true;
    if (r->done && is_heap(r)) heap_sort(r);
    return !r->done;
}

struct query_hits query_run_hits(const struct query_run *r)
{
    assert(r->done);
    return (struct query_hits){r->hits, r->n, r->count};
}

const struct ns_seen *query_run_ns(const struct query_run *r) { return &r->ns; }

uint64_t query_run_looks(const struct query_run *r) { return r->looks; }
