#include "service/event/render.h"
#include "service/client/client.h"
#include "service/event/captured_render.h"
#include "service/event/changed.h"
#include "service/event/correction.h"
#include "service/event/event_id.h"
#include "service/event/handover.h"
#include "service/event/recalled.h"
#include "service/event/shipped.h"
#include "service/event/whole.h"
#include "service/unit/unit_db.h"
#include <stdio.h>
#include <string.h>

enum { SLICE = 128 }; // numbers spelled at once: one batch of AES

// Units that a document asks for one after the other. Lies in the arena.
struct unit_names {
    struct event_render *r;
    struct runs runs;
    uint32_t first; // units before it belong to no list: an event's parent
    uint32_t run;   // the run that holds unit `begin`, and that run's first unit
    uint64_t run_begin;
    uint64_t begin; // the slice: units begin .. begin + n - 1 of all
    uint32_t n;
    bool is_sscc, is_foreign; // of foreign units a slice has one, `id`
    char gtin[14];
    struct gs1_id id;
    uint8_t length[SLICE];
    char text[SLICE][GS1_KEY_MAX + 2];
};
_Static_assert(sizeof(((struct unit_names *)0)->text[0]) >= GS1_SERIAL_MAX, "serials fit");

// A fact being rendered.
struct telling {
    struct event_render *r;
    const struct fact *f;
    struct report report;
    struct touched touched;
    struct bytes_r rest; // the kind's own part
    struct event_parts *out;
};

struct event_render event_render_begin(const struct site *s, struct txn *t, struct arena *a)
{
    return (struct event_render){
        .site = s, .t = t, .arena = a, .names = names_here(s), .prefixes = client_prefixes_here(t)};
}

static status no_room(void)
{
    return fail(ST_TOO_LARGE, "event.memory", 0, "an event needs too much memory");
}

// ---- names of units

static void take_text(void *self, str text)
{
    struct unit_names *s = self;

    assert(s->n < SLICE && text.n <= sizeof s->text[0]);
    memcpy(s->text[s->n], text.p, text.n);
    s->length[s->n++] = (uint8_t)text.n;
}

// Spells the slice that begins with unit i of all.
static status slice_read(struct unit_names *s, uint64_t i)
{
    if (i < s->run_begin) s->run = 0, s->run_begin = 0;
    while (i - s->run_begin >= s->runs.at[s->run].count) s->run_begin += s->runs.at[s->run++].count;
    struct run whole = s->runs.at[s->run];
    uint32_t skip = (uint32_t)(i - s->run_begin), left = whole.count - skip;
    struct run part = {{whole.first.v + skip}, left < SLICE ? left : SLICE};
    const struct space_row *row = names_space(s->r->names, s->r->t, unit_space(part.first));

    s->n = 0;
    s->begin = i;
    if (row == NULL)
        return fail(ST_STORE, "names.unknown_space", 0, "there is no space %u",
                    unit_space(part.first));
    s->is_sscc = row->sort == SPACE_OF_SSCC;
    s->is_foreign = row->sort == SPACE_OF_FOREIGN;
    if (s->is_foreign) {
        s->n = 1;
        return names_id(s->r->names, s->r->t, part.first, s->r->arena, &s->id);
    }
    memcpy(s->gtin, row->gtin, sizeof s->gtin);
    return names_texts(s->r->names, s->r->t, part, take_text, s);
}

static status name_put(const void *self, uint32_t i, enum epcis_form form, struct buf *out)
{
    struct unit_names *s = (struct unit_names *)(uintptr_t)self;
    uint64_t at = (uint64_t)i + s->first;

    if (at - s->begin >= s->n) TRY(slice_read(s, at));
    uint32_t k = (uint32_t)(at - s->begin);
    assert(k < s->n);
    str text = {s->text[k], s->is_foreign ? 0 : s->length[k]};
    struct gs1_id id = s->is_sscc ? gs1_sscc(text.p) : gs1_sgtin(s->gtin, text);
    if (s->is_foreign) id = s->id;
    return gs1_write(&id, form == EPCIS_URN ? GS1_URN : GS1_DL, s->r->prefixes, out);
}

// The touched units from number `first` on.
static status units_of(const struct telling *x, uint32_t first, struct epcis_ids *out)
{
    struct unit_names *s = NEW(x->r->arena, struct unit_names);

    if (s == NULL) return no_room();
    if (x->touched.runs.units < first || x->touched.runs.units > UINT32_MAX)
        return fail(ST_STORE, "record.corrupt", 0, "a fact about units names none");
    s->r = x->r;
    s->runs = x->touched.runs;
    s->first = first;
    *out = (struct epcis_ids){
        .n = (uint32_t)x->touched.runs.units - first, .put = name_put, .self = s};
    return OK;
}

static unit_id first_unit(const struct telling *x)
{
    return x->touched.runs.n > 0 ? x->touched.runs.at[0].first : (unit_id){0};
}

// ---- identifiers

// What a buf holds, in the arena; the buf is gone.
static status text_keep(struct event_render *r, struct buf *b, str *out)
{
    str text;
    status st = buf_done(b, &text);

    if (st.cls == ST_OK) *out = arena_str(r->arena, text);
    buf_fini(b);
    return st.cls == ST_OK && out->p == NULL ? no_room() : st;
}

// As a Digital Link, which every identity has; the document finds the spelling that it wants.
static status id_text(struct event_render *r, const struct gs1_id *id, str *out)
{
    struct buf b;

    buf_init(&b, GS1_TEXT_MAX);
    status st = gs1_write(id, GS1_DL, r->prefixes, &b);
    if (st.cls == ST_OK) return text_keep(r, &b, out);
    buf_fini(&b);
    return st;
}

static status gln_of(struct event_render *r, uint64_t gln, enum gs1_scheme scheme, str *out)
{
    struct gs1_id id = {.scheme = scheme, .key_n = 13};
    char digits[24];

    if (gln == 0) return OK;
    snprintf(digits, sizeof digits, "%013llu", (unsigned long long)gln);
    memcpy(id.key, digits, 13);
    return id_text(r, &id, out);
}

static status parent_of(const struct telling *x, str *out)
{
    struct gs1_id id;

    TRY(names_id(x->r->names, x->r->t, first_unit(x), x->r->arena, &id));
    return id_text(x->r, &id, out);
}

// ---- events

// True where there is such a lot; what is told of it lies in r.
static bool lot_read(struct event_render *r, uint32_t number)
{
    struct lot lot;

    if (number != 0 && r->lot_number == number) return true;
    r->lot_number = 0;
    if (number == 0 || !lot_get(r->t, number, r->arena, &lot)) return false;
    assert(lot.lot.n <= sizeof r->lot);
    memcpy(r->lot, lot.lot.p, lot.lot.n);
    r->lot_n = (uint8_t)lot.lot.n;
    r->expiry = lot.expiry;
    r->lot_number = number;
    return true;
}

enum { SHAPE_PLAIN = 0, SHAPE_WHOLE = 1 }; // in ids of events, for ever

// The fact's next event, with what all of them say.
static status part_shaped(const struct telling *x, uint32_t shape, struct epcis_event **out)
{
    struct event_part *p = &x->out->at[x->out->n];
    struct event_name name = {x->f->seq, x->out->n, shape, x->f->term};
    struct buf id;

    assert(x->out->n < EVENT_PARTS_MAX);
    buf_init(&id, EVENT_ID_LEN + 1);
    event_id_put(x->r->site->meta.journal_id, &name, &id);
    *p = (struct event_part){x->out->n, {.id = arena_str(x->r->arena, buf_str(&id))}};
    buf_fini(&id);
    if (p->event.id.p == NULL) return no_room();
    p->event.time.at = x->f->event;
    p->event.recorded.at = (struct moment){x->f->at, x->f->event.offset_min};
    TRY(gln_of(x->r, x->report.gln, GS1_SGLN, &p->event.read_point.id));
    p->event.biz_location = p->event.read_point;
    x->out->n++;
    *out = &p->event;
    return OK;
}

static status part_add(const struct telling *x, struct epcis_event **out)
{
    return part_shaped(x, SHAPE_PLAIN, out);
}

static struct epcis_node *attribute(struct event_render *r, str name, str text)
{
    struct epcis_node *n = NEW(r->arena, struct epcis_node);

    if (n != NULL) *n = (struct epcis_node){.ns = &epcis_ns_cbvmda, .name = name, .text = text};
    return n;
}

// REQ CBV-ILMD-EXPIRY: a printed expiry without a day means the last day of its month
static status expiry_of(struct event_render *r, struct epcis_node *lot)
{
    struct buf b;
    str text;

    if (r->expiry.year == 0) return OK;
    buf_init(&b, KB);
    date_write(&b, r->expiry);
    TRY(text_keep(r, &b, &text));
    lot->next = attribute(r, S("itemExpirationDate"), text);
    return lot->next == NULL ? no_room() : OK;
}

// REQ CBV-ILMD: lot and expiry go with the birth of a trade item, never with a logistic unit
static status ilmd_of(const struct telling *x, struct epcis_event *e)
{
    struct event_render *r = x->r;
    const struct space_row *space = names_space(r->names, r->t, unit_space(first_unit(x)));

    if (space == NULL || space->sort == SPACE_OF_SSCC || !lot_read(r, x->f->lot))
        return txn_status(r->t);
    str lot = arena_str(r->arena, (str){r->lot, r->lot_n});
    e->ilmd = lot.p == NULL ? NULL : attribute(r, S("lotNumber"), lot);
    if (e->ilmd == NULL) return no_room();
    e->has_ilmd = true;
    return expiry_of(r, e->ilmd);
}

static str step_word(enum epcis_step w) { return epcis_word(EPCIS_VOC_STEP, w); }
static str disposition_word(enum epcis_disposition w) { return epcis_word(EPCIS_VOC_DISP, w); }

static status tell_birth(struct telling *x, struct epcis_ids ids)
{
    struct epcis_event *e;

    TRY(part_add(x, &e));
    e->type = EPCIS_OBJECT;
    e->action = EPCIS_ADD;
    e->step = step_word(EPCIS_STEP_COMMISSIONING);
    e->disposition = disposition_word(EPCIS_DISP_ACTIVE);
    e->epcs = ids;
    return ilmd_of(x, e);
}

static status tell_commissioned(struct telling *x)
{
    struct epcis_ids ids;

    TRY(units_of(x, 0, &ids));
    return tell_birth(x, ids);
}

static status tell_shaped(struct telling *x, enum epcis_action action, enum epcis_step step,
                          uint32_t shape)
{
    struct epcis_event *e;

    TRY(part_shaped(x, shape, &e));
    e->type = EPCIS_AGGREGATION;
    e->action = action;
    e->step = step_word(step);
    e->disposition = disposition_word(EPCIS_DISP_IN_PROGRESS);
    TRY(parent_of(x, &e->parent));
    return units_of(x, 1, &e->epcs);
}

static status tell_aggregation(struct telling *x, enum epcis_action action, enum epcis_step step)
{
    return tell_shaped(x, action, step, SHAPE_PLAIN);
}

// The children become others than the fact's own; the container stays the first of all.
static status children_set(struct telling *x, const struct runs *children)
{
    struct runs all = {.at = NEW_ARRAY(x->r->arena, struct run, children->n + 1)};

    if (all.at == NULL) return no_room();
    all.at[0] = (struct run){first_unit(x), 1};
    if (children->n > 0) memcpy(all.at + 1, children->at, children->n * sizeof *all.at);
    all.n = children->n + 1;
    all.units = children->units + 1;
    x->touched.runs = all;
    return OK;
}

static struct runs own_children(const struct telling *x)
{
    const struct runs *all = &x->touched.runs;

    return (struct runs){all->at + 1, all->n - 1, all->units - 1};
}

// All that is in it and was not told: what came before, then the fact's own.
static status tell_whole(struct telling *x)
{
    struct runs own = own_children(x), before;
    struct contents c;

    TRY(contents_get(&x->rest, x->f, own.units, x->r->arena, &c));
    if (!(c.flags & CONTENTS_CLOSES)) return OK;
    TRY(whole_untold(x->r->t, x->f, x->r->arena, &before));
    if (before.units == 0 && own.units == 0) return OK;
    if (before.units == 0) return tell_aggregation(x, EPCIS_ADD, EPCIS_STEP_PACKING);
    struct run *at = NEW_ARRAY(x->r->arena, struct run, before.n + own.n);
    if (at == NULL) return no_room();
    memcpy(at, before.at, before.n * sizeof *at);
    if (own.n > 0) memcpy(at + before.n, own.at, own.n * sizeof *at);
    TRY(children_set(x, &(struct runs){at, before.n + own.n, before.units + own.units}));
    return tell_shaped(x, EPCIS_ADD, EPCIS_STEP_PACKING, SHAPE_WHOLE);
}

// Of what comes out only those are told that were told as packed.
static status tell_unpacked_whole(struct telling *x)
{
    struct runs own = own_children(x), untold;

    TRY(whole_untold(x->r->t, x->f, x->r->arena, &untold));
    if (untold.units == 0) return tell_aggregation(x, EPCIS_DELETE, EPCIS_STEP_UNPACKING);
    struct runs told = whole_less(x->r->arena, &own, &untold);
    if (told.units == 0) return OK;
    bool all = told.units == own.units;
    TRY(children_set(x, &told));
    return tell_shaped(x, EPCIS_DELETE, EPCIS_STEP_UNPACKING, all ? SHAPE_PLAIN : SHAPE_WHOLE);
}

static status tell_closed(struct telling *x) { return x->r->whole ? tell_whole(x) : OK; }

// The ledger says whether the parent began by this fact: the first event of a unit never changes.
static status tell_packed(struct telling *x)
{
    struct epcis_ids parent;

    if (unit_one(x->r->t, first_unit(x)).first == x->f->seq) {
        TRY(units_of(x, 0, &parent));
        parent.n = 1;
        TRY(tell_birth(x, parent));
    }
    if (x->r->whole) return tell_whole(x);
    return tell_aggregation(x, EPCIS_ADD, EPCIS_STEP_PACKING);
}

static status tell_unpacked(struct telling *x)
{
    if (x->r->whole) return tell_unpacked_whole(x);
    return tell_aggregation(x, EPCIS_DELETE, EPCIS_STEP_UNPACKING);
}

static status tell_changed(struct telling *x)
{
    struct epcis_event *e;
    struct changed c;

    TRY(changed_get(&x->rest, x->touched.runs.units, x->r->arena, &c));
    struct changed_event says = changed_event_of(c.act);
    TRY(part_add(x, &e));
    e->type = EPCIS_OBJECT;
    e->action = says.action;
    e->step = step_word(says.step);
    e->disposition = disposition_word(says.disposition);
    return units_of(x, 0, &e->epcs);
}

static status bt_of(struct event_render *r, const struct shipped_document *d,
                    struct epcis_pair *out)
{
    if (d->type != EPCIS_TRADE_NONE) out->type = epcis_word(EPCIS_VOC_TRADE, d->type);
    return shipped_document_uri(d, r->arena, &out->id);
}

static status bts_of(struct event_render *r, const struct shipped *s, struct epcis_pairs *out)
{
    struct epcis_pair *bts = NEW_ARRAY(r->arena, struct epcis_pair, s->document_count + 1);

    if (bts == NULL) return no_room();
    for (uint32_t i = 0; i < s->document_count; i++) TRY(bt_of(r, &s->documents[i], &bts[i]));
    *out = (struct epcis_pairs){bts, s->document_count};
    return OK;
}

static status parties_of(struct event_render *r, uint64_t party, uint64_t location,
                         struct epcis_pairs *out)
{
    struct epcis_pair *p = NEW_ARRAY(r->arena, struct epcis_pair, 2);
    uint32_t n = 0;

    if (p == NULL) return no_room();
    if (party != 0) {
        p[n].type = epcis_word(EPCIS_VOC_END, EPCIS_END_OWNING_PARTY);
        TRY(gln_of(r, party, GS1_PGLN, &p[n++].id));
    }
    if (location != 0) {
        p[n].type = epcis_word(EPCIS_VOC_END, EPCIS_END_LOCATION);
        TRY(gln_of(r, location, GS1_SGLN, &p[n++].id));
    }
    *out = (struct epcis_pairs){p, n};
    return OK;
}

static status tell_papers(struct telling *x, const struct shipped *said, enum epcis_step step,
                          enum epcis_disposition disp, struct epcis_event **out)
{
    struct event_render *r = x->r;
    struct epcis_event *e;
    struct shipped s = *said;

    TRY(part_add(x, &e));
    e->type = EPCIS_OBJECT;
    e->action = EPCIS_OBSERVE;
    e->step = step_word(step);
    e->disposition = disposition_word(disp);
    if (e->read_point.id.n == 0) TRY(gln_of(r, s.from_location, GS1_SGLN, &e->read_point.id));
    TRY(bts_of(r, &s, &e->bts));
    TRY(parties_of(r, s.from_party, s.from_location, &e->sources));
    TRY(parties_of(r, s.to_party, s.to_location, &e->destinations));
    *out = e;
    return units_of(x, 0, &e->epcs);
}

// Where the goods are after they left nobody knows: no business location (CBV 2.0, shipping).
static status tell_shipped(struct telling *x)
{
    struct epcis_event *e;
    struct shipped s;

    TRY(shipped_get(&x->rest, x->r->arena, &s));
    TRY(tell_papers(x, &s, EPCIS_STEP_SHIPPING, EPCIS_DISP_IN_TRANSIT, &e));
    if (shipped_affirms(&s) && s.from_party != 0 && s.to_party != 0)
        x->out->statement = (struct event_statement){s.from_party, s.to_party};
    e->biz_location = (struct epcis_place){0};
    return shipped_extensions(&s, x->r->arena, &e->ext);
}

// They are where they were.
static status tell_unshipped(struct telling *x)
{
    struct epcis_event *e;
    struct shipped s;

    TRY(shipped_get(&x->rest, x->r->arena, &s));
    TRY(tell_papers(x, &s, EPCIS_STEP_VOID_SHIPPING, EPCIS_DISP_IN_PROGRESS, &e));
    e->biz_location = e->read_point;
    return OK;
}

// Where it was received it is, whoever received it.
static status tell_received(struct telling *x)
{
    struct epcis_event *e;
    struct handover h;

    TRY(handover_get(&x->rest, x->touched.runs.units, x->r->arena, &h));
    TRY(tell_papers(x, &h.says, EPCIS_STEP_RECEIVING,
                    x->f->kind == FACT_RETURN_MADE ? EPCIS_DISP_RETURNED : EPCIS_DISP_IN_PROGRESS,
                    &e));
    e->read_point = (struct epcis_place){0};
    TRY(gln_of(x->r, h.says.to_location, GS1_SGLN, &e->read_point.id));
    e->biz_location = e->read_point;
    return OK;
}

// Its goods are at many places by now, so that it has no business location.
static status tell_recalled(struct telling *x)
{
    struct epcis_event *e;

    TRY(part_add(x, &e));
    e->type = EPCIS_OBJECT;
    e->action = EPCIS_OBSERVE;
    e->step = step_word(EPCIS_STEP_HOLDING);
    e->disposition = disposition_word(EPCIS_DISP_RECALLED);
    e->biz_location = (struct epcis_place){0};
    return recalled_classes(x->r->t, x->f->lot, x->r->arena, &e->quantities);
}

static const struct teller {
    enum fact_kind kind;
    bool of_lot; // and names no unit
    status (*tell)(struct telling *x);
} tellers[] = {
    {FACT_UNITS_COMMISSIONED, false, tell_commissioned},
    {FACT_UNITS_PACKED,       false, tell_packed      },
    {FACT_UNITS_UNPACKED,     false, tell_unpacked    },
    {FACT_UNITS_CHANGED,      false, tell_changed     },
    {FACT_CONTAINER_CLOSED,   false, tell_closed      },
    {FACT_LOT_RECALLED,       true,  tell_recalled    },
    {FACT_SHIPMENT_MADE,      false, tell_shipped     },
    {FACT_SHIPMENT_FORWARDED, false, tell_shipped     },
    {FACT_SHIPMENT_VOIDED,    false, tell_unshipped   },
    {FACT_RECEIPT_MADE,       false, tell_received    },
    {FACT_RETURN_MADE,        false, tell_received    },
};

static const struct teller *teller_of(const struct fact *f)
{
    for (size_t i = 0; i < LEN(tellers); i++)
        if (tellers[i].kind == f->kind) return &tellers[i];
    return NULL;
}

// The same event again, as it was told, with what is declared of it. It is recorded anew.
static status tell_corrected(struct event_render *r, const struct fact *f, struct event_parts *out)
{
    struct epcis_error *error = NEW(r->arena, struct epcis_error);
    struct fact *told = NEW(r->arena, struct fact);
    struct report report;
    struct touched touched;
    struct correction c;
    struct bytes_r rest;

    TRY(report_get(f->decided, r->arena, &report, &touched, &rest));
    TRY(correction_get(f, &rest, r->arena, &c));
    if (error == NULL || told == NULL) return no_room();
    TRY(journal_get(r->t, c.seq, r->arena, told));
    if (told->kind == FACT_CORRECTION_MADE)
        return fail(ST_STORE, "record.corrupt", 0, "a correction of a correction");
    TRY(event_render(r, told, out));
    uint32_t i = 0;
    while (i < out->n && out->at[i].part != c.part) i++;
    if (i == out->n) return fail(ST_STORE, "record.corrupt", 0, "a correction of no event");
    *error = (struct epcis_error){
        .declared.at = c.signature.time,
        .reason = str_of(correction_word(c.reason)),
        .corrective = {c.correctives, c.corrective_count}
    };
    out->statement = (struct event_statement){0};
    out->at[0] = out->at[i];
    out->at[0].event.error = error;
    out->at[0].event.recorded = (struct epcis_time){
        .at = {f->at, f->event.offset_min}
    };
    out->n = 1;
    return OK;
}

status event_render(struct event_render *r, const struct fact *f, struct event_parts *out)
{
    struct telling x = {.r = r, .f = f, .out = out};
    const struct teller *teller = teller_of(f);

    out->n = 0;
    out->statement = (struct event_statement){0};
    if (f->kind == FACT_EVENT_CAPTURED) return captured_tell(r, f, out);
    if (f->kind == FACT_CORRECTION_MADE) return tell_corrected(r, f, out);
    if (teller == NULL || !(f->flags & FACT_IS_EVENT)) return OK; // numbers: nothing came to be
    TRY(report_get(f->decided, r->arena, &x.report, &x.touched, &x.rest));
    if (x.touched.runs.units == 0 && !teller->of_lot)
        return fail(ST_STORE, "record.corrupt", 0, "a fact about units names none");
    return teller->tell(&x);
}
