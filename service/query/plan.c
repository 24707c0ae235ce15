// plan.c - a term after the other, a value after the other: which lists it means.
#include "service/query/plan.h"
#include "common/bytes.h"
#include "service/event/event_id.h"
#include "service/event/index.h"
#include "service/event/often.h"
#include "service/event/report.h"
#include "service/journal/restored.h"
#include "service/pool/foreign.h"
#include "service/query/rows.h"
#include "service/unit/unit_db.h"
#include <string.h>

#define HOUR_MS   INT64_C(3600000)
#define HOURS_MAX 500u // lists of hours worth taking
#define SCAN_STEP 1000u

void plan_init(struct plan *p, const struct plan_conf *c)
{
    *p = (struct plan){
        .q = c->q,
        .from = {.client = c->client, .ascending = c->ascending},
        .first = c->ascending ? 1 : place_of(false, c->upper),
        .end = c->ascending ? c->upper + 1 : place_of(false, 0)
    };
}

// ---- sources of one value

static status source_add(struct plan *p, const struct plan_world *w, const struct source *s)
{
    if (p->sources == PLAN_SOURCES_MAX) return p->dropped = true, OK;
    p->sources++;
    return choice_add(&p->open, w->arena, s);
}

static status list_add(struct plan *p, const struct plan_world *w, enum list_attribute of,
                       str value)
{
    uint64_t seq;

    if (list_of(w->t, p->from.client, of, value, 0, &seq, 1) == 0) return OK; // nothing has it
    return source_add(p, w, &(struct source){.of = of, .value = value});
}

static status begins_add(struct plan *p, const struct plan_world *w, enum list_attribute of,
                         const struct index_begins *b)
{
    struct list_walk walk;
    status st = OK;
    str value;

    for (unsigned i = 0; i < b->n && st.cls == ST_OK && !p->dropped; i++) {
        if (b->whole) {
            st = list_add(p, w, of, b->at[i]);
            continue;
        }
        struct list_span span = {of, b->at[i], {0}};
        list_walk_open(&walk, w->t, p->from.client, &span);
        while (st.cls == ST_OK && !p->dropped && list_walk_next(&walk, &value))
            st = source_add(p, w, &(struct source){.of = of, .value = value});
        list_walk_close(&walk);
    }
    return st;
}

// The facts of one unit, from `seq` back. *n is PLAN_CHAIN_MAX + 1 where they are more.
static status chain_read(const struct plan_world *w, unit_id u, uint64_t seq, uint64_t *seqs,
                         uint32_t *n)
{
    struct fact f;

    for (*n = 0; seq != 0;) {
        if (*n == PLAN_CHAIN_MAX) return *n = PLAN_CHAIN_MAX + 1, OK;
        seqs[(*n)++] = seq;
        arena_reset(w->scratch);
        TRY(journal_get(w->t, seq, w->scratch, &f));
        seq = fact_previous(&f, u, w->scratch);
    }
    return OK;
}

// All facts of a unit: by its chain or, of one that is named often, by its list and what was
// before. *fits: there are not too many of them.
static status unit_add(struct plan *p, const struct plan_world *w, unit_id u, bool *fits)
{
    struct unit x = unit_one(w->t, u);
    struct often_name list = often_name(u);
    uint64_t from = x.last, *seqs, first;
    uint32_t n = 0;
    struct source s;

    *fits = true;
    if (x.last == 0) return OK;
    if (x.often >= OFTEN_LIST &&
        list_of(w->t, p->from.client, LIST_UNIT, (str){list.b, sizeof list.b}, 0, &first, 1) == 1) {
        TRY(list_add(p, w, LIST_UNIT, (str){list.b, sizeof list.b}));
        from = first; // is in both
    }
    seqs = NEW_ARRAY(w->arena, uint64_t, PLAN_CHAIN_MAX);
    if (seqs == NULL) return no_memory();
    TRY(chain_read(w, u, from, seqs, &n));
    if (n > PLAN_CHAIN_MAX) return *fits = false, OK;
    source_set(&s, p->from.ascending, seqs, n);
    return source_add(p, w, &s);
}

// An object is a unit of the site's pools, or one that only events of the client have named, or
// was the one and then the other.
static status object_add(struct plan *p, const struct plan_world *w, const struct gs1_id *id,
                         bool *fits)
{
    client_id owner;
    struct buf text;
    unit_id u;

    *fits = true;
    if (names_find(w->names, w->t, id, &u, &owner)) TRY(unit_add(p, w, u, fits));
    if (!*fits) return OK;
    buf_init(&text, 64 * KB);
    bool named = foreign_text(id, &text).cls == ST_OK && !text.failed;
    u = named ? foreign_find(w->t, p->from.client, buf_str(&text)) : (unit_id){0};
    buf_fini(&text);
    return u.v == 0 ? OK : unit_add(p, w, u, fits);
}

static status item_add(struct plan *p, const struct plan_world *w, const struct query_value *v)
{
    struct index_begins b;
    bool fits;
    str value;

    if (v->pattern == NULL) {
        TRY(index_value(LIST_ITEM_CLASS, (str){0}, v->text, w->scratch, &value));
        return list_add(p, w, LIST_ITEM_CLASS, value);
    }
    if (v->pattern->is_exact) {
        TRY(object_add(p, w, &v->pattern->id, &fits));
        if (fits) return OK;
    }
    TRY(index_pattern(LIST_ITEM_CLASS, v->pattern, w->scratch, &b));
    return begins_add(p, w, LIST_ITEM_CLASS, &b);
}

static status class_add(struct plan *p, const struct plan_world *w, const struct query_value *v)
{
    struct index_begins b;
    str value;

    if (v->pattern == NULL) {
        TRY(index_value(LIST_EPC_CLASS, (str){0}, v->text, w->scratch, &value));
        return list_add(p, w, LIST_EPC_CLASS, value);
    }
    TRY(index_pattern(LIST_EPC_CLASS, v->pattern, w->scratch, &b));
    return begins_add(p, w, LIST_EPC_CLASS, &b);
}

// Ids of what lines report follow from where their facts stand, and no list has them: those of the
// client's facts are made again, some in each step, until one is the id. Also of an id that a list
// has: the event's error declaration stands there, or another's that came by the same id.
static status id_scan(struct plan *p, const struct plan_world *w, const uint8_t id[16])
{
    uint64_t seqs[SCAN_STEP], *one;
    struct source s;
    uint8_t made[16];
    size_t n = list_of(w->t, p->from.client, LIST_EVENTS, (str){0}, p->scan, seqs, SCAN_STEP);

    p->stays = n == SCAN_STEP;
    for (size_t i = 0; i < 2 * n; i++) {
        struct event_name name = {seqs[i / 2], i % 2, 0, restored_term(w->t, seqs[i / 2])};
        event_id_bytes(w->journal_id, &name, made);
        if (memcmp(made, id, sizeof made) != 0) continue;
        p->stays = false;
        if ((one = NEW(w->arena, uint64_t)) == NULL) return no_memory();
        *one = seqs[i / 2];
        source_set(&s, p->from.ascending, one, 1);
        return source_add(p, w, &s);
    }
    p->scan = n > 0 ? seqs[n - 1] + 1 : p->scan;
    return OK;
}

static status id_add(struct plan *p, const struct plan_world *w, const struct query_value *v)
{
    uint8_t id[16];
    str value;

    if (!p->stays) {
        p->scan = 0;
        TRY(index_value(LIST_EVENT_ID, (str){0}, v->text, w->scratch, &value));
        TRY(list_add(p, w, LIST_EVENT_ID, value));
    }
    return event_id_read(v->text, id) ? id_scan(p, w, id) : OK;
}

static status value_add(struct plan *p, const struct plan_world *w, const struct query_term *t,
                        const struct query_value *v)
{
    enum epcis_type type;
    str value;

    switch (t->row->list) {
    case LIST_ITEM_CLASS: return item_add(p, w, v);
    case LIST_EPC_CLASS: return class_add(p, w, v);
    case LIST_EVENT_ID: return id_add(p, w, v);
    case LIST_ERROR: return list_add(p, w, LIST_ERROR, (str){0});
    case LIST_TYPE:
        if (!epcis_type_find(v->text, &type)) return OK; // no event is of it
        break;
    default: break;
    }
    enum list_attribute of = (enum list_attribute)t->row->list;
    TRY(index_value(of, t->type, v->text, w->scratch, &value));
    return list_add(p, w, of, value);
}

// ---- terms

struct hours plan_hours(const struct query *q)
{
    struct hours h = {0, UINT32_MAX};

    for (uint32_t i = 0; i < q->n; i++) {
        const struct query_term *t = &q->terms[i];
        if (t->row->list != HOUR_LISTS || t->n == 0) continue;
        int64_t ms = t->values[0].at.at.ms, hour = ms < 0 ? 0 : ms / HOUR_MS;
        if (t->row->op == QUERY_GE && hour > h.from) h.from = (uint32_t)hour;
        if (t->row->op == QUERY_LT && hour + 1 < h.to) h.to = (uint32_t)hour + 1;
    }
    return h;
}

bool plan_hour_next(struct txn *t, client_id c, struct hour_step *h)
{
    struct list_span span = {.of = LIST_HOUR};
    struct list_walk w;
    char from[5] = {0};
    str value;

    // Upwards from the hour itself, or from just behind it; downwards from below it.
    uint32_t start = h->begun ? h->hour : h->ascending ? h->span.from : h->span.to;
    put_be(from, start, 4);
    span.from = (str){from, h->begun && h->ascending ? 5u : 4u};
    list_walk_open(&w, t, c, &span);
    bool got = h->ascending ? list_walk_next(&w, &value) : list_walk_before(&w, &value);
    if (got) h->hour = value.n == 4 ? (uint32_t)get_be(value.p, 4) : 0;
    list_walk_close(&w);
    h->begun = true;
    return got && h->hour >= h->span.from && h->hour < h->span.to;
}

// The lists of a span of hours, where they are few.
static status hours_add(struct plan *p, const struct plan_world *w)
{
    struct hour_step h = {.span = plan_hours(p->q), .ascending = true};
    char value[4];

    while (!p->dropped && plan_hour_next(w->t, p->from.client, &h)) {
        if (p->open.n == HOURS_MAX) return p->dropped = true, OK;
        put_be(value, h.hour, 4);
        TRY(source_add(p, w,
                       &(struct source){
                           .of = LIST_HOUR, .value = {value, 4}
        }));
    }
    return OK;
}

// recordTime ascends with seq: the first record at or after the time.
static status record_at(struct txn *t, uint64_t upper, int64_t ms, uint64_t *seq)
{
    uint64_t low = 1, high = upper + 1;
    struct fact f;

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        TRY(journal_get_header(t, mid, &f));
        if (f.at.ms < ms)
            low = mid + 1;
        else
            high = mid;
    }
    *seq = low;
    return OK;
}

static status recorded_add(struct plan *p, const struct plan_world *w, const struct query_term *t)
{
    bool up = p->from.ascending;
    uint64_t upper = up ? p->end - 1 : place_of(false, p->first), seq;

    if (upper == 0) return OK;
    TRY(record_at(w->t, upper, t->values[0].at.at.ms, &seq));
    if (t->row->op == QUERY_GE) { // nothing before seq
        if (up && seq > p->first) p->first = seq;
        if (!up && place_of(false, seq - 1) < p->end) p->end = place_of(false, seq - 1);
    } else { // nothing from seq on
        if (up && seq < p->end) p->end = seq;
        if (!up && place_of(false, seq - 1) > p->first) p->first = place_of(false, seq - 1);
    }
    return OK;
}

static bool is_recorded(const struct query_term *t)
{
    return t->row->match == match_time && t->row->of == OF_RECORD_TIME;
}

// Has the span of hours been looked at with an earlier term?
static bool hours_done(const struct plan *p)
{
    for (uint32_t i = 0; i < p->term; i++)
        if (p->q->terms[i].row->list == HOUR_LISTS) return true;
    return false;
}

static status term_step(struct plan *p, const struct plan_world *w, const struct query_term *t)
{
    if (is_recorded(t)) return recorded_add(p, w, t);
    if (t->row->list == HOUR_LISTS) {
        if (hours_done(p)) return p->dropped = true, OK;
        return hours_add(p, w);
    }
    if (t->row->list == NO_LIST) return p->dropped = true, OK;
    if (t->row->list == LIST_ERROR) return list_add(p, w, LIST_ERROR, (str){0});
    return value_add(p, w, t, &t->values[p->value]);
}

static bool is_many(const struct query_term *t)
{
    return t->row->list >= 0 && t->row->list != LIST_ERROR;
}

static void term_end(struct plan *p, const struct query_term *t)
{
    if (is_recorded(t)) p->dropped = true; // said by the span
    if (!p->dropped && p->open.n == 0) p->is_empty = true;
    if (!p->dropped && p->open.n > 0 && p->n < PLAN_CHOICES_MAX) p->choices[p->n++] = p->open;
    if (p->dropped) p->sources -= p->open.n;
    p->open = (struct choice){0};
    p->dropped = false;
    p->value = 0;
    p->term++;
}

bool plan_step(struct plan *p, const struct plan_world *w, status *st)
{
    const struct query_term *t = p->term < p->q->n ? &p->q->terms[p->term] : NULL;

    if (t == NULL) {
        if (p->n == 0 && !p->is_empty) {
            *st = list_add(p, w, LIST_EVENTS, (str){0});
            if (st->cls == ST_OK && p->open.n == 0) p->is_empty = true;
            if (p->open.n > 0) p->choices[p->n++] = p->open;
            p->has_base = true;
        }
        return false;
    }
    arena_reset(w->scratch);
    *st = term_step(p, w, t);
    if (!p->stays) p->value++;
    if (st->cls != ST_OK) return false;
    if (p->dropped || !is_many(t) || p->value >= t->n) term_end(p, t);
    return !p->is_empty;
}

// ---- candidates

uint64_t plan_seek(struct plan *p, struct txn *t, uint64_t from)
{
    uint64_t at = from < p->first ? p->first : from;
    uint32_t agreed = 0;

    p->from.t = t;
    if (p->is_empty || p->n == 0) return PLACE_END;
    for (uint32_t i = 0; agreed < p->n && at < p->end; i = (i + 1) % p->n) {
        uint64_t next = choice_seek(&p->from, &p->choices[i], at);
        agreed = next == at ? agreed + 1 : 1;
        at = next;
    }
    return at < p->end ? at : PLACE_END;
}

void plan_rewind(struct plan *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->choices[i].n; k++) source_rewind(&p->choices[i].sources[k]);
}

status plan_hour(struct plan *p, struct arena *a, uint32_t hour)
{
    struct source s = {.of = LIST_HOUR};
    char value[4];

    put_be(value, hour, sizeof value);
    s.value = (str){value, sizeof value};
    plan_rewind(p);
    if (p->has_hour) { // the same source for another hour
        memcpy((char *)(uintptr_t)p->choices[0].sources[0].value.p, value, sizeof value);
        return OK;
    }
    if (p->n == PLAN_CHOICES_MAX) p->n--; // it filters all the same
    memmove(&p->choices[1], &p->choices[0], p->n * sizeof p->choices[0]);
    p->choices[0] = (struct choice){0};
    TRY(choice_add(&p->choices[0], a, &s));
    p->n++;
    p->has_hour = true;
    return OK;
}
