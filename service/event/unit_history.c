// GET /v1/units/{unit}/history: what happened to a unit, itself or through the containers it lay
// in.
//
// A number that went back to its pool and was given again tells each request that got it: the first
// is found by the number, the others are facts of its chain.
//
// A unit's own events are a chain: its row knows the newest, each fact knows the one before. While
// it lies in a container, what is done to that one as a whole (closed, packed further, shipped) was
// done to the unit too; what is done to its neighbours there was not.
#include "service/api/opaque.h"
#include "service/catalog/place.h"
#include "service/event/captured.h"
#include "service/event/changed.h"
#include "service/event/correction.h"
#include "service/event/hold.h"
#include "service/event/report.h"
#include "service/event/shipped.h"
#include "service/event/units_int.h"
#include "service/pool/issue.h"
#include "service/pool/request.h"
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 10000u // of one unit and its containers, looked at for one answer

struct event {
    uint64_t seq;
    unit_id unit; // to which it happened: the unit itself, or a container around it
};

struct span { // of the journal: facts after `from`, up to `to`
    uint64_t from, to;
};

struct history {
    struct unit_reader *u;
    struct arena facts; // of one fact at a time
    struct event *events;
    uint32_t n, looked_at;
    uint32_t depth; // of containers around the unit, in the walk
    bool came_back; // the unit was in its pool again
    const struct site *site;
    unit_id unit;   // asked for
    struct lot lot; // of the event told last, for its neighbours are mostly alike
    bool ends;      // at `until`
    wall until;
};

struct told { // one fact, read
    struct fact f;
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct captured_event captured; // of a captured one
    enum unit_act act;              // of units.changed
    struct issued issued;           // of what gives numbers
    bool to_pool;                   // of numbers that went back
};

static status act_read(struct history *h, struct told *x)
{
    struct changed c;

    TRY(changed_get(&x->own, x->touched.runs.units, &h->facts, &c));
    x->act = c.act;
    return OK;
}

static status returned_read(struct history *h, struct told *x)
{
    struct returned back;

    TRY(returned_get(x->f.decided, &h->facts, &back));
    x->to_pool = back.to_pool;
    return OK;
}

// Of no chain.
static bool is_first_issue(const struct fact *f)
{
    return f->kind == FACT_NUMBERS_ISSUED || f->kind == FACT_NUMBERS_RECOVERED;
}

static bool gives_numbers(const struct fact *f)
{
    return is_first_issue(f) || f->kind == FACT_NUMBERS_REISSUED;
}

static status fact_read(struct history *h, uint64_t seq, struct told *out)
{
    arena_reset(&h->facts);
    *out = (struct told){.to_pool = false};
    TRY(journal_get(h->u->t, seq, &h->facts, &out->f));
    if (gives_numbers(&out->f)) TRY(issued_of(&out->f, &out->issued));
    if (is_first_issue(&out->f)) return OK;
    TRY(report_get(out->f.decided, &h->facts, &out->report, &out->touched, &out->own));
    if (out->f.kind == FACT_UNITS_CHANGED) return act_read(h, out);
    if (out->f.kind == FACT_NUMBERS_RETURNED) return returned_read(h, out);
    if (!is_captured(&out->f)) return OK;
    uint64_t event;
    if (!captured_of(&out->own, &out->f, &event))
        return fail(ST_STORE, "record.corrupt", 0, "a captured event");
    return captured_event_get(&out->own, &out->f, out->touched.runs.units, &h->facts,
                              &out->captured);
}

// The container of a fact that packs or unpacks: its first unit.
static unit_id container_of(const struct told *x)
{
    bool moves = x->f.kind == FACT_UNITS_PACKED || x->f.kind == FACT_UNITS_UNPACKED ||
                 (is_captured(&x->f) && x->captured.has_parent);
    return moves && x->touched.runs.n > 0 ? x->touched.runs.at[0].first : (unit_id){0};
}

static uint64_t previous_of(const struct told *x, unit_id u)
{
    struct bytes_r in = x->touched.previous;
    struct alike_r previous = {.in = &in};
    unit_id at;

    for (struct run_walk w = runs_walk(&x->touched.runs); run_next(&w, &at);) {
        uint64_t seq = alike_get(&previous);
        if (at.v == u.v) return seq;
    }
    return 0;
}

// What a captured event did to the unit.
static uint64_t effect_of(const struct told *x, unit_id u)
{
    struct bytes_r in = x->captured.effects;
    struct alike_r effects = {.in = &in};
    unit_id at;

    for (struct run_walk w = runs_walk(&x->touched.runs); run_next(&w, &at);) {
        uint64_t effect = alike_get(&effects);
        if (at.v == u.v) return effect;
    }
    return EFFECT_NAMED;
}

static bool puts_in(const struct told *x, unit_id u)
{
    if (is_captured(&x->f)) return effect_packs(effect_of(x, u));
    return x->f.kind == FACT_UNITS_PACKED;
}

static bool takes_out(const struct told *x, unit_id u)
{
    uint64_t effect = is_captured(&x->f) ? effect_of(x, u) : 0;

    if (effect == EFFECT_UNPACKED || effect & EFFECT_LEAVES) return true;
    return x->f.kind == FACT_UNITS_UNPACKED;
}

static status too_long(void)
{
    return fail(ST_TOO_LARGE, "history.too_long", 0,
                "more than %u events lie between its first and its last", EVENTS_MAX);
}

static status add(struct history *h, uint64_t seq, unit_id u)
{
    if (h->n == EVENTS_MAX) return too_long();
    h->events[h->n++] = (struct event){seq, u};
    return OK;
}

static bool is_before(const struct history *h, const struct fact *f)
{
    wall at = f->flags & FACT_HAS_TIME ? f->event.at : f->at;

    return !h->ends || at.ms <= h->until.ms;
}

static status walk(struct history *h, unit_id u, struct span during, bool itself);

static status walk_around(struct history *h, unit_id container, struct span during)
{
    if (h->depth == UNIT_DEPTH_MAX)
        return fail(ST_STORE, "store.corrupt", 0, "containers lie in one another");
    h->depth++;
    status st = walk(h, container, during, false);
    h->depth--;
    return st;
}

// From the newest event back. Nothing is put into what lies in a container itself, so that every
// stay around a unit's own begins within it.
static status walk(struct history *h, unit_id u, struct span during, bool itself)
{
    uint64_t seq = unit_get(&h->u->rows, u).last, stay_ends = during.to;
    struct told x;

    while (seq > during.from) {
        if (++h->looked_at > EVENTS_MAX) return too_long();
        TRY(fact_read(h, seq, &x));
        unit_id container = container_of(&x);
        uint64_t before = previous_of(&x, u);
        bool child = container.v != 0 && container.v != u.v;
        bool told = seq <= during.to && (itself || container.v != u.v);
        if (told && is_before(h, &x.f)) TRY(add(h, seq, u));
        h->came_back |= itself && x.to_pool;
        if (child && takes_out(&x, u)) stay_ends = seq < during.to ? seq : during.to;
        if (child && puts_in(&x, u) && seq < stay_ends)
            TRY(walk_around(h, container, (struct span){seq, stay_ends}));
        seq = before;
    }
    return OK;
}

static int by_seq(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

// ---- telling

static const struct {
    enum fact_kind kind;
    const char *word; // as reports say it
} types[] = {
    {FACT_NUMBERS_RETURNED,   "return"      },
    {FACT_NUMBERS_ISSUED,     "issue"       },
    {FACT_NUMBERS_RECOVERED,  "issue"       },
    {FACT_NUMBERS_REISSUED,   "issue"       },
    {FACT_UNITS_COMMISSIONED, "commission"  },
    {FACT_UNITS_SCRAPPED,     "scrap"       },
    {FACT_LABELS_SAMPLED,     "label_sample"},
    {FACT_UNITS_PACKED,       "pack"        },
    {FACT_UNITS_UNPACKED,     "unpack"      },
    {FACT_CONTAINER_CLOSED,   "close"       },
    {FACT_UNIT_RELABELLED,    "relabel"     },
    {FACT_SHIPMENT_MADE,      "ship"        },
    {FACT_SHIPMENT_FORWARDED, "forward"     },
    {FACT_SHIPMENT_VOIDED,    "void_ship"   },
    {FACT_RECEIPT_MADE,       "receive"     },
    {FACT_RETURN_MADE,        "return_back" },
    {FACT_CORRECTION_MADE,    "correct"     },
    {FACT_EVENT_CAPTURED,     "event"       },
    {FACT_CAPTURE_APPLIED,    "applied"     },
};

static str type_of(const struct told *x)
{
    const struct fact *f = &x->f;

    if (f->kind == FACT_UNITS_CHANGED) return str_of(changed_word(x->act));
    if (x->to_pool) return S("return_to_pool");
    for (size_t i = 0; i < LEN(types); i++)
        if (types[i].kind == f->kind) return str_of(types[i].word);
    return S("other");
}

static void write_some(struct json_w *w, const char *key, str text)
{
    if (text.n > 0) json_w_kstr(w, key, text);
}

// The request that got it.
static void write_request(struct history *h, const struct told *x, struct json_w *w)
{
    struct buf b;

    if (!gives_numbers(&x->f)) return;
    buf_init(&b, 2 * OPAQUE_LEN);
    opaque_put(h->site->opaque_key, OPAQUE_REQUEST, x->f.seq, &b);
    json_w_kstr(w, "request", buf_str(&b));
    buf_fini(&b);
    write_some(w, "line", x->issued.line);
    write_some(w, "order", x->issued.order);
    write_some(w, "reason", x->issued.reason);
}

// The end of a hold is signed in the fact behind the one that took it off the units (hold.c).
static bool signed_of(struct history *h, const struct told *x, struct signature *s,
                      struct second_first *first)
{
    struct bytes_r own = x->own;
    struct hold_released end;
    struct correction c;
    struct fact f;

    if (x->f.kind == FACT_CORRECTION_MADE) {
        if (correction_get(&x->f, &own, &h->facts, &c).cls != ST_OK) return false;
        *s = c.signature;
        *first = c.first;
        return true;
    }
    if (x->f.kind != FACT_UNITS_CHANGED || x->act != ACT_END_HOLD) return false;
    if (journal_get(h->u->t, x->f.seq + 1, &h->facts, &f).cls != ST_OK) return false;
    if (f.kind != FACT_HOLD_RELEASED || hold_released_get(&f, &end).cls != ST_OK) return false;
    *s = end.signature;
    *first = end.first;
    return true;
}

// REQ 21CFR11.50: printed name, time and meaning stand wherever what was signed is shown.
static void write_signature(struct history *h, const struct told *x, struct json_w *w)
{
    struct second_first first;
    struct signature s;

    if (!signed_of(h, x, &s, &first)) return;
    json_w_key(w, S("signature"));
    signature_write(w, &s);
    second_write(w, "first", &first);
}

static void write_shipment(struct history *h, struct told *x, struct json_w *w)
{
    struct shipped s;
    struct buf b;

    bool ships = x->f.kind == FACT_SHIPMENT_MADE || x->f.kind == FACT_SHIPMENT_VOIDED ||
                 x->f.kind == FACT_SHIPMENT_FORWARDED;

    if (!ships || shipped_get(&x->own, &h->facts, &s).cls != ST_OK) return;
    buf_init(&b, 2 * OPAQUE_LEN);
    opaque_put(h->site->opaque_key, OPAQUE_SHIPMENT, s.number, &b);
    json_w_kstr(w, "shipment", buf_str(&b));
    buf_fini(&b);
}

// Distributors are told what happened, and of what others did not who, where on the site, and why.
static bool tells_of_site(const struct history *h, const struct told *x)
{
    const struct caller *c = h->u->caller;

    return c->role != ROLE_DISTRIBUTOR || c->actor == x->f.actor;
}

// The work order of the lot that it was done for.
static void write_order(struct history *h, const struct told *x, struct json_w *w)
{
    if (x->f.lot != 0 && x->f.lot != h->lot.number &&
        !lot_get(h->u->t, x->f.lot, h->u->arena, &h->lot))
        h->lot = (struct lot){0};
    if (x->f.lot != 0 && x->f.lot == h->lot.number) write_some(w, "order", h->lot.order);
}

// The number that it had, and the one that it has.
static void write_relabelled(struct history *h, const struct told *x, struct json_w *w)
{
    struct run_walk walk = runs_walk(&x->touched.runs);
    unit_id from, to;

    if (x->f.kind != FACT_UNIT_RELABELLED || !run_next(&walk, &from) || !run_next(&walk, &to))
        return;
    json_w_kstr(w, "from", unit_spelled(h->u, from));
    json_w_kstr(w, "to", unit_spelled(h->u, to));
}

static void write_site(struct history *h, const struct told *x, struct json_w *w)
{
    write_some(w, "line", line_name(h->u->t, x->report.line, h->u->arena));
    write_some(w, "station", x->report.station);
    write_some(w, "by", x->report.by);
    write_some(w, "reason", x->report.reason);
    write_order(h, x, w);
    write_request(h, x, w);
    write_signature(h, x, w);
}

static status write_event(struct history *h, const struct event *e, struct json_w *w)
{
    struct moment recorded = {0};
    struct told x;

    TRY(fact_read(h, e->seq, &x));
    unit_id container = container_of(&x);
    recorded.at = x.f.at;
    json_w_object(w);
    json_w_kint(w, "seq", (int64_t)caller_seq(h->u->caller, &x.f));
    json_w_kstr(w, "type", type_of(&x));
    json_w_kmoment(w, "time", x.f.flags & FACT_HAS_TIME ? x.f.event : recorded);
    json_w_kmoment(w, "record_time", recorded);
    if (e->unit.v != h->unit.v) json_w_kstr(w, "through", unit_spelled(h->u, e->unit));
    if (container.v != 0 && container.v != e->unit.v)
        json_w_kstr(w, "parent", unit_spelled(h->u, container));
    if (container.v == e->unit.v) json_w_kint(w, "children", (int64_t)x.touched.runs.units - 1);
    if (tells_of_site(h, &x)) write_site(h, &x, w);
    if (is_captured(&x.f)) json_w_kstr(w, "eventID", x.captured.id);
    write_shipment(h, &x, w);
    write_relabelled(h, &x, w);
    json_w_end(w);
    return h->u->st;
}

static status add_first_issue(struct history *h)
{
    struct issue_row i;
    struct fact f;

    if (!h->came_back || !issue_first_of(h->u->t, h->unit, &i)) return txn_status(h->u->t);
    TRY(journal_get_header(h->u->t, i.seq, &f));
    return is_before(h, &f) ? add(h, i.seq, h->unit) : OK;
}

static status gather(struct history *h, str spelling)
{
    struct unit_view v;

    TRY(unit_look(h->u, spelling, &v));
    h->unit = v.unit;
    h->events = NEW_ARRAY(h->u->arena, struct event, EVENTS_MAX);
    if (h->events == NULL) return no_memory();
    TRY(walk(h, h->unit, (struct span){0, UINT64_MAX}, true));
    TRY(add_first_issue(h));
    qsort(h->events, h->n, sizeof *h->events, by_seq);
    return OK;
}

static status tell(struct history *h, const struct api_page *page, uint64_t from, struct json_w *w)
{
    for (uint64_t i = from; i < h->n && i - from < page->limit; i++)
        TRY(write_event(h, &h->events[i], w));
    return OK;
}

void unit_history_show(struct http_req *r)
{
    struct unit_reader u;
    struct history h = {.u = &u, .site = api_site(r)};
    struct api_page page;
    uint64_t from = 0;
    struct buf b;

    if (!units_time(r, S("until"), &h.until, &h.ends)) return;
    if (!api_page(r, &page) || !api_page_from(r, &page, &from) || !units_open(r, &u)) return;
    arena_init(&h.facts, 64 * MB);
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    status st = gather(&h, r->param[0]);
    if (st.cls == ST_OK) st = tell(&h, &page, from, &w);
    st = units_close(r, &u, st);
    if (st.cls == ST_OK) {
        json_w_end(&w);
        api_page_on(r, &w, h.n > from + page.limit ? from + page.limit : 0);
        json_w_end(&w);
    }
    arena_fini(&h.facts);
    units_reply(r, st, &b);
}
