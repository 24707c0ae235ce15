// From what was said to what the committer needs: lots and units by their numbers. Runs on a loop,
// in its snapshot. Nothing found here can become wrong later: a number that was issued keeps its
// unit and its client, a lot its number; what may change is the committer's to judge, or
// stands in the way only of what is no repeat (bar): the lines of a lot, limits.
//
// The wall between clients is here: all units of a report are one client's, and to a caller that is
// bound to clients those of others look unknown.
#include "common/arena.h"
#include "service/api/caller.h"
#include "service/api/opaque.h"
#include "service/catalog/place.h"
#include "service/event/lot_acts.h"
#include "service/event/report_int.h"
#include "service/gs1/id.h"
#include "service/journal/refusal.h"
#include "service/pool/issue.h"
#include <stdlib.h>
#include <string.h>

#define OFFENDERS_MAX (4 * MB)

// The numbers of one list as they were said, and what they turned out to be.
struct finding {
    const struct said *said;
    const struct texts *texts;
    const struct gs1_id *ids; // of any spelling; NULL: bare serials of said->gtin
    unit_id *units;
    uint32_t n;
    bool each;   // the report goes on without those that offend
    bool *out;   // which these are
    uint32_t of; // n, before any was left out
};

void finder_begin(struct finder *f)
{
    struct line line = {0};

    f->names = names_here(f->site);
    f->owners = (struct owner_reader){.names = f->names, .t = f->t};
    f->line_name = arena_str(f->arena, f->caller->line); // asks may outlive the caller
    if (f->line_name.p == NULL) f->line_name.n = 0;
    buf_init(&f->units, OFFENDERS_MAX);
    if (f->line_name.n == 0 || !line_get(f->t, f->line_name, &line)) return;
    f->line = line.number;
    f->gln = line.gln;
}

void finder_end(struct finder *f) { buf_fini(&f->units); }

// ---- offenders

static void offend(struct finder *f, str unit, status st)
{
    struct json_w w = json_writer(&f->units);

    if (f->bad++ == 0) f->first = st;
    if (f->units.n > 0) buf_addc(&f->units, ',');
    json_w_object(&w);
    json_w_kstr(&w, "unit", unit);
    json_w_kstr(&w, "code", str_of(st.reason));
    json_w_end(&w);
}

// By its bracketed spelling; what no spelling can hold is told as it was said.
static void offend_at(struct finder *f, const struct finding *g, uint32_t i, status st)
{
    struct gs1_id id = g->ids != NULL ? g->ids[i] : gs1_sgtin(g->said->gtin, g->texts->at[i]);
    struct buf text;

    buf_init(&text, 2 * KB);
    bool spelled = gs1_write(&id, GS1_BRACKETED, NULL, &text).cls == ST_OK && !text.failed;
    offend(f, spelled ? buf_str(&text) : g->texts->at[i], st);
    buf_fini(&text);
    g->out[i] = true;
}

static status unknown(void)
{
    return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "there is no such unit");
}

static status refused(const struct finder *f, uint64_t of)
{
    if (f->bad < 2) return f->first;
    return fail(f->first.cls, f->first.reason, 0, "%u of %llu units; the first: %s", f->bad,
                (unsigned long long)of, f->first.text);
}

static status begin(struct finder *f, struct finding *g)
{
    g->of = g->n = g->texts->n;
    g->units = NEW_ARRAY(f->arena, unit_id, g->n);
    g->out = NEW_ARRAY(f->arena, bool, g->n);
    return g->units == NULL || g->out == NULL ? no_memory() : OK;
}

// Did any offend since? Then it is refused, or goes on without them.
static status settle(struct finder *f, struct finding *g)
{
    struct gs1_id *ids = NULL;
    struct texts *texts;
    uint32_t n = 0;

    if (f->bad == f->left_out) return OK;
    if (!g->each) return refused(f, g->of);
    texts = NEW(f->arena, struct texts);
    if (texts != NULL) texts->at = NEW_ARRAY(f->arena, str, g->n);
    if (g->ids != NULL) ids = NEW_ARRAY(f->arena, struct gs1_id, g->n);
    if (texts == NULL || texts->at == NULL || (g->ids != NULL && ids == NULL)) return no_memory();
    for (uint32_t i = 0; i < g->n; i++) {
        if (g->out[i]) continue;
        texts->at[n] = g->texts->at[i];
        if (ids != NULL) ids[n] = g->ids[i];
        g->units[n++] = g->units[i];
    }
    if (n == 0) return refused(f, g->of);
    memset(g->out, 0, g->n * sizeof *g->out);
    texts->n = g->n = n;
    g->texts = texts;
    g->ids = ids;
    f->left_out = f->bad;
    return OK;
}

// Why there is none: a serial that no pack can have is told so.
static status unknown_serial(str serial)
{
    status st = gs1_serial_check(serial, GS1_SERIAL_MAX);

    if (st.cls == ST_OK) return unknown();
    return fail(st.cls, st.reason, 0, "serials: %s", st.text);
}

// ---- owners

// Every unit of the list must be known, and the client's; the first one's where `client` is 0.
static void check_owners(struct finder *f, const struct finding *g, client_id *client)
{
    client_id owner;

    for (uint32_t i = 0; i < g->n; i++) {
        bool known = g->units[i].v != 0 && owner_of(&f->owners, g->units[i], &owner) &&
                     (owner.v == 0 || caller_sees(f->caller, owner));
        if (known && client->v == 0) *client = owner;
        if (!known || (owner.v != 0 && owner.v != client->v))
            offend_at(f, g, i, g->ids != NULL ? unknown() : unknown_serial(g->texts->at[i]));
    }
}

// ---- texts to units

static status find_serials(struct finder *f, const struct said *s, struct finding *g)
{
    *g = (struct finding){.said = s, .texts = &s->serials, .each = f->each};
    TRY(begin(f, g));
    names_find_serials(f->names, f->t, s->gtin, g->texts->at, g->n, g->units);
    return OK;
}

static bool same_gtin(const struct gs1_id *a, const struct gs1_id *b)
{
    return b->scheme == GS1_SGTIN && !b->is_class && memcmp(a->key, b->key, 14) == 0;
}

// Neighbours of one GTIN are found together: that is one batch of AES.
static uint32_t find_neighbours(struct finder *f, struct finding *g, uint32_t i, str *serials)
{
    const struct gs1_id *ids = g->ids;
    client_id owner;
    uint32_t n = 0;

    if (!same_gtin(&ids[i], &ids[i])) {
        (void)names_find(f->names, f->t, &ids[i], &g->units[i], &owner);
        return 1;
    }
    for (; i + n < g->n && same_gtin(&ids[i], &ids[i + n]); n++) serials[n] = ids[i + n].ext;
    names_find_serials(f->names, f->t, ids[i].key, serials, n, g->units + i);
    return n;
}

static status find_spellings(struct finder *f, const struct said *s, const struct texts *texts,
                             struct finding *g)
{
    struct gs1_id *ids = NEW_ARRAY(f->arena, struct gs1_id, texts->n);
    str *serials = NEW_ARRAY(f->arena, str, texts->n);

    *g = (struct finding){.said = s, .texts = texts, .ids = ids};
    g->each = f->each && !f->one;
    if (ids == NULL || serials == NULL) return no_memory();
    TRY(begin(f, g));
    for (uint32_t i = 0; i < g->n; i++) {
        status st = gs1_read(texts->at[i], f->arena, &ids[i]);
        g->out[i] = st.cls != ST_OK;
        if (g->out[i]) offend(f, texts->at[i], st);
    }
    TRY(settle(f, g));
    for (uint32_t i = 0; i < g->n;) i += find_neighbours(f, g, i, serials);
    return OK;
}

// ---- what makes no sense together

struct place { // of a unit in a list
    unit_id unit;
    uint32_t at;
};

static int by_unit_and_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->unit.v != y->unit.v) return x->unit.v < y->unit.v ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// Names each that stands twice, once.
static void check_twice(struct finder *f, const struct finding *g)
{
    status st = fail(ST_CONFLICT, "unit.twice", 0, "it is named twice in one report");
    struct place *p = NEW_ARRAY(f->arena, struct place, g->n);

    if (p == NULL) {
        f->first = no_memory();
        f->bad++;
        return;
    }
    for (uint32_t i = 0; i < g->n; i++) p[i] = (struct place){g->units[i], i};
    qsort(p, g->n, sizeof *p, by_unit_and_place);
    for (uint32_t i = 0; i + 1 < g->n; i++) {
        bool first = i == 0 || p[i - 1].unit.v != p[i].unit.v;
        if (p[i + 1].unit.v != p[i].unit.v) continue;
        if (first) offend_at(f, g, p[i].at, st);
        g->out[p[i + 1].at] = true;
    }
}

static status take_runs(struct finder *f, struct finding *g, struct report_ask *ask)
{
    TRY(settle(f, g));
    ask->units = runs_of(f->arena, g->units, g->n);
    return ask->units.at == NULL ? no_memory() : OK;
}

static status take_units(struct finder *f, struct finding *g, struct report_ask *ask)
{
    check_owners(f, g, &ask->client);
    TRY(take_runs(f, g, ask));
    if (runs_find_twice(&ask->units, f->arena).v != 0) {
        check_twice(f, g);
        TRY(take_runs(f, g, ask));
    }
    return g->ids == NULL ? OK : scans_add(&ask->scans, g->ids, g->units, g->n, f->arena);
}

// ---- lots

static status unknown_lot(const struct finder *f, const struct said *s)
{
    struct gtin_row product;

    if (!gtin_get(f->t, s->gtin, &product) || !caller_sees(f->caller, product.client))
        return fail(ST_UNPROCESSABLE, "product.unknown", 0, "gtin: no product has this GTIN");
    return fail(ST_UNPROCESSABLE, "lot.unknown", 0, "lot: this product has no such lot");
}

static status find_lot(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct lot lot;

    if (!lot_peek(f->t, s->gtin, s->lot, &lot) || !caller_sees(f->caller, lot.client))
        return unknown_lot(f, s);
    if (!lot_takes_line(&lot, f->line_name))
        ask->bar =
            fail(ST_CONFLICT, "lot.line", 0, "the lot is not for line %.*s", STR(f->line_name));
    ask->lot = lot.number;
    ask->client = lot.client;
    return OK;
}

// Scrap without a lot has the one that its numbers were asked for.
static status guess_lot(struct finder *f, struct report_ask *ask)
{
    const struct runs *all = &ask->units;

    for (uint32_t i = 0; i < all->n; i++) {
        unit_id u = all->at[i].first, end = {u.v + all->at[i].count};
        while (u.v < end.v) {
            uint32_t lot = owner_lot_asked(&f->owners, u, ask->client);
            if (u.v != all->at[0].first.v && lot != ask->lot)
                return fail(ST_CONFLICT, "scrap.lots", 0,
                            "the numbers were asked for several lots: name one, or report apart");
            ask->lot = lot;
            uint64_t rest = owner_issued(&f->owners, u)
                                ? f->owners.issue.first + f->owners.issue.consumed - unit_ordinal(u)
                                : 1;
            u.v += rest;
        }
    }
    return OK;
}

// ---- each type

static status find_firsts(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct finding g;

    if (s->lot.n > 0) TRY(find_lot(f, s, ask));
    if (s->serials.n > 0)
        TRY(find_serials(f, s, &g));
    else
        TRY(find_spellings(f, s, &s->ssccs, &g));
    for (uint32_t i = 0; g.ids != NULL && i < g.n; i++)
        if (g.ids[i].scheme != GS1_SSCC) offend_at(f, &g, i, unknown());
    TRY(settle(f, &g));
    TRY(take_units(f, &g, ask));
    return s->lot.n == 0 ? guess_lot(f, ask) : OK;
}

static status find_parent(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct texts one = {(str[]){s->parent}, 1};
    struct finding g;

    if (s->parent.n == 0) return OK;
    f->one = true;
    status st = find_spellings(f, s, &one, &g);
    f->one = false;
    TRY(st);
    TRY(take_units(f, &g, ask));
    ask->parent = g.units[0];
    ask->units = (struct runs){0};
    return OK;
}

static status find_contents(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct finding g;

    TRY(find_parent(f, s, ask));
    if (s->children.n == 0) return OK;
    TRY(find_spellings(f, s, &s->children, &g));
    TRY(take_units(f, &g, ask));
    for (uint32_t i = 0; i < g.n; i++)
        if (g.units[i].v == ask->parent.v)
            offend_at(f, &g, i, fail(ST_CONFLICT, "pack.cycle", 0, "nothing is put into itself"));
    return f->bad > f->left_out ? take_runs(f, &g, ask) : OK;
}

static status find_units(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct finding g;

    TRY(find_spellings(f, s, &s->units, &g));
    return take_units(f, &g, ask);
}

static status unknown_request(void)
{
    return fail(ST_UNPROCESSABLE, "request.unknown", 0, "request: there is no such request");
}

// Some of its numbers went back; they may be another request's by now.
static status check_still_of(struct finder *f, const struct request_row *q,
                             const struct runs *units)
{
    struct issue_row i = {0};
    unit_id u;

    if (q->returned == 0) return OK;
    for (struct run_walk w = runs_walk(units); run_next(&w, &u);)
        if (!issue_of(f->t, u, &i) || i.seq != q->seq)
            return fail(ST_UNPROCESSABLE, "request.returned", 0,
                        "first, count: some of these numbers went back to their pool");
    return OK;
}

static status too_many(const struct finder *f)
{
    return fail(ST_BAD_INPUT, "field.range", 0, "at most %u units in one report",
                f->site->limits.report_units_max);
}

// Numbers of a request in its order.
static status find_of_request(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct request_part p = {.first = (uint32_t)s->first, .count = (uint32_t)s->count};
    struct request_row q;

    if (!opaque_get(f->site->opaque_key, OPAQUE_REQUEST, s->request, &p.request) ||
        !request_get(f->t, p.request, &q) || !caller_sees(f->caller, q.client))
        return unknown_request();
    uint32_t left = p.first < q.quantity ? q.quantity - p.first : 0;
    if (!s->has_count) p.count = left;
    if (left == 0 || p.count > left)
        return fail(ST_UNPROCESSABLE, "request.range", 0,
                    "first, count: the request has %u numbers, from 0 on", q.quantity);
    if (p.count > SAID_UNITS_MAX) return too_many(f);
    if (p.count > f->site->limits.report_units_max) ask->bar = too_many(f);
    if (s->has_gtin && memcmp(s->gtin, q.gtin, sizeof q.gtin) != 0)
        return fail(ST_UNPROCESSABLE, "request.gtin", 0, "gtin: the request was for another");
    ask->client = q.client;
    ask->request = p.request;
    TRY(request_runs(f->t, &p, f->arena, &ask->units));
    return check_still_of(f, &q, &ask->units);
}

static status find_relabelled(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct texts two = {
        (str[]){s->from, s->to},
        2
    };
    struct finding g;

    f->one = true;
    status st = find_spellings(f, s, &two, &g);
    f->one = false;
    TRY(st);
    TRY(take_units(f, &g, ask));
    ask->parent = g.units[0];
    ask->to = g.units[1];
    return OK;
}

static status find_numbers(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct finding g;

    if (s->request.n > 0) return find_of_request(f, s, ask);
    if (s->serials.n > 0)
        TRY(find_serials(f, s, &g));
    else
        TRY(find_spellings(f, s, &s->ssccs, &g));
    return take_units(f, &g, ask);
}

static status find_of_lot(struct finder *f, const struct said *s, struct report_ask *ask)
{
    struct lot_brief lot;
    struct shape shape;
    struct gtin_row g;

    if (s->type == REPORT_HOLD && s->lot.n == 0) return find_units(f, s, ask);
    TRY(find_lot(f, s, ask));
    if (!gtin_get(f->t, s->gtin, &g) || !lot_brief_get(f->t, ask->lot, &lot))
        return unknown_lot(f, s);
    TRY(shape_of_lot(f->t, &lot, f->arena, &shape));
    if (s->type == REPORT_UNREAD && !shape_has_gtin(&shape, g.level, s->gtin))
        return unknown_lot(f, s);
    ask->level = g.level;
    ask->count = s->count;
    return OK;
}

static const struct {
    status (*find)(struct finder *f, const struct said *s, struct report_ask *ask);
    const struct kind *kind;
    enum unit_act act; // of units.changed
} types[REPORT_TYPE_END] = {
    [REPORT_COMMISSION] = {find_firsts,     &kind_units_commissioned, (enum unit_act)0},
    [REPORT_SCRAP] = {find_firsts,     &kind_units_scrapped,     (enum unit_act)0},
    [REPORT_PACK] = {find_contents,   &kind_units_packed,       (enum unit_act)0},
    [REPORT_UNPACK] = {find_contents,   &kind_units_unpacked,     (enum unit_act)0},
    [REPORT_MOVE] = {find_contents,   &kind_units_packed,       (enum unit_act)0},
    [REPORT_RELABEL] = {find_relabelled, &kind_unit_relabelled,    (enum unit_act)0},
    [REPORT_CLOSE] = {find_contents,   &kind_container_closed,   (enum unit_act)0},
    [REPORT_LABEL_SAMPLE] = {find_firsts,     &kind_labels_sampled,     (enum unit_act)0},
    [REPORT_PRINTED] = {find_numbers,    &kind_units_changed,      ACT_PRINT       },
    [REPORT_SAMPLE] = {find_units,      &kind_units_changed,      ACT_SAMPLE      },
    [REPORT_DECOMMISSION] = {find_units,      &kind_units_changed,      ACT_DECOMMISSION},
    [REPORT_DESTROY] = {find_units,      &kind_units_changed,      ACT_DESTROY     },
    [REPORT_INVALIDATE] = {find_units,      &kind_units_changed,      ACT_INVALIDATE  },
    [REPORT_LOST] = {find_units,      &kind_units_changed,      ACT_LOSE        },
    [REPORT_FOUND] = {find_units,      &kind_units_changed,      ACT_FIND        },
    [REPORT_STOLEN] = {find_units,      &kind_units_changed,      ACT_STEAL       },
    [REPORT_HOLD] = {find_of_lot,     &kind_units_changed,      ACT_HOLD        },
    [REPORT_UNREAD] = {find_of_lot,     &kind_labels_unread,      (enum unit_act)0},
};

static void take_fields(const struct finder *f, const struct said *s, struct report_ask *ask)
{
    ask->type = s->type;
    ask->fields = (struct report){.line = f->line,
                                  .gln = f->gln,
                                  .id = s->id,
                                  .by = s->by,
                                  .station = s->station,
                                  .reason = s->reason,
                                  .extra = s->extra};
    ask->line = f->line_name;
    ask->has_time = s->has_time;
    ask->time = s->time;
    if (!s->has_time) // the zone at least is known, and is that of the place
        ask->time.offset_min = place_offset(f->t, f->gln, env_wall(f->site->env));
    ask->commission = s->commission;
    ask->partial = s->partial;
    ask->act = types[s->type].act;
    ask->says_unpack = s->has_unpack;
    ask->unpack = s->unpack;
    ask->repeat.whose = f->caller->actor;
    ask->each = f->each;
}

const struct kind *report_kind(enum report_type t) { return types[t].kind; }

status report_find(struct finder *f, const struct said *s, const struct kind **kind,
                   const void **what)
{
    struct report_ask *ask = NEW(f->arena, struct report_ask);
    struct refused *no = NEW(f->arena, struct refused);

    if (ask == NULL || no == NULL) return no_memory();
    buf_reset(&f->units);
    f->bad = f->left_out = 0;
    take_fields(f, s, ask);
    *kind = types[s->type].kind;
    if (s->type == REPORT_HOLD && s->lot.n > 0) *kind = &kind_lot_held;
    *what = ask;
    if (s->over) ask->bar = too_many(f);
    status st = types[s->type].find(f, s, ask);
    str units = f->units.failed ? (str){"", 0} : arena_str(f->arena, buf_str(&f->units));
    if (st.cls == ST_OK && f->left_out > 0) {
        *no = (struct refused){(*kind)->number, f->first, units, ask->client, ask->lot};
        ask->left_out = no;
        ask->left_out_n = f->left_out;
    }
    if (st.cls == ST_OK) {
        repeat_key_of(s, ask, f->arena, &ask->repeat);
        return OK;
    }
    *no = (struct refused){(*kind)->number, st, units, ask->client, ask->lot};
    *kind = &kind_refusal;
    *what = no;
    return units.p == NULL ? no_memory() : OK;
}
