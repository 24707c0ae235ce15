// POST /v1/shipments: what the body says, checked; what it names, found.
//
// The tops are looked into here, on the loop, with what they hold: the committer only compares.
#include "common/form.h"
#include "service/api/api.h"
#include "service/catalog/place.h"
#include "service/event/unit_view.h"
#include "service/trade/trade_int.h"
#include <stdlib.h>
#include <string.h>

#define UNITS_BYTES_MAX (8 * MB)

struct end_value {
    str party, location;
};

struct document_value {
    str type, id, gln;
};

struct body {
    str units; // a list of texts: scanned ones hold a control character, which a form refuses
    struct form_list documents, flags, extra;
    struct end_value *from, *to;
    str time;
    bool draft;
};

static status check_gln(str in, struct arena *a, str *out)
{
    char *gln = arena_alloc(a, 13);

    if (gln == NULL) return no_memory();
    TRY(gs1_gln_read(in, gln));
    *out = (str){gln, 13};
    return OK;
}

static status check_trade(str in, struct arena *a, str *out)
{
    (void)a, (void)out;
    if (epcis_word_find(EPCIS_VOC_TRADE, in) != 0) return OK;
    return fail(ST_BAD_INPUT, "document.type", 0,
                "type: a business transaction type of CBV, such as po, desadv or inv");
}

#define AT(value, member) .at = offsetof(struct value, member)
#define NEEDED            .required = true
// clang-format off
static const struct form_field end_fields[] = {
    {.name = "party", .kind = FORM_STR, AT(end_value, party), NEEDED, .max = 13,
     .check = check_gln},
    {.name = "location", .kind = FORM_STR, AT(end_value, location), NEEDED, .max = 13,
     .check = check_gln},
    {0},
};
static const struct form_field document_fields[] = {
    {.name = "type", .kind = FORM_STR, AT(document_value, type), NEEDED, .max = 32,
     .check = check_trade},
    {.name = "id", .kind = FORM_STR, AT(document_value, id), NEEDED, .max = 256},
    {.name = "gln", .kind = FORM_STR, AT(document_value, gln), .max = 13, .check = check_gln},
    {0},
};
static const struct form end_form = {"end of a shipment", sizeof(struct end_value), end_fields, 1};
static const struct form document_form = {"document", sizeof(struct document_value),
                                          document_fields, 1};
static const struct form_field body_fields[] = {
    {.name = "units", .kind = FORM_RAW, AT(body, units), NEEDED, .max = UNITS_BYTES_MAX},
    {.name = "from", .kind = FORM_ONE, AT(body, from), .sub = &end_form},
    {.name = "to", .kind = FORM_ONE, AT(body, to), NEEDED, .sub = &end_form},
    {.name = "documents", .kind = FORM_MANY, AT(body, documents),
     .count_max = SHIPPED_DOCUMENTS_MAX, .sub = &document_form},
    {.name = "time", .kind = FORM_STR, AT(body, time), .max = 64},
    {.name = "flags", .kind = FORM_STRS, AT(body, flags), .max = 64,
     .count_max = SHIPPED_FLAGS_MAX},
    {.name = "draft", .kind = FORM_BOOL, AT(body, draft)},
    {.name = "extra", .kind = FORM_MAP, AT(body, extra), .max = 1000, .count_max = 64},
    {0},
};
static const struct form body_form = {"shipment", sizeof(struct body), body_fields, 1};
// clang-format on

// ---- who and where, under which papers

static uint64_t number_of(str gln)
{
    uint64_t n = 0;

    (void)str_u64(gln, UINT64_MAX, &n);
    return n;
}

// Goods go to whom the site knows: a wrong number with a right check digit goes no further.
static status check_end(struct txn *t, const struct end_value *e, const char *which)
{
    if (!party_is_known(t, e->party))
        return fail(ST_UNPROCESSABLE, "party.unknown", 0, "%s.party: no party %.*s", which,
                    STR(e->party));
    if (!location_is_known(t, e->location))
        return fail(ST_UNPROCESSABLE, "location.unknown", 0, "%s.location: no location %.*s", which,
                    STR(e->location));
    return OK;
}

// Who gave a paper its number, where the caller does not say: the buyer his order and what answers
// to goods that came, the seller all others.
static uint64_t issuer_of(enum epcis_trade type, const struct shipped *s)
{
    bool buyer = type == EPCIS_TRADE_PO || type == EPCIS_TRADE_RECADV;
    return buyer ? s->to_party : s->from_party;
}

static status take_document(const struct document_value *v, uint32_t at, const struct shipped *s,
                            struct shipped_document *out)
{
    out->type = (enum epcis_trade)epcis_word_find(EPCIS_VOC_TRADE, v->type);
    out->id = v->id;
    if (memchr(v->id.p, ':', v->id.n) != NULL && v->gln.n == 0) return OK; // a URI of its own
    out->gln = v->gln.n > 0 ? number_of(v->gln) : issuer_of(out->type, s);
    if (out->gln != 0) return OK;
    return fail(ST_BAD_INPUT, "field.required", 0,
                "documents[%u].gln: say who gave the number (there is no `from` to tell)", at);
}

static status take_papers(struct arena *a, const struct body *b, struct shipped *s)
{
    struct shipped_document *documents = NEW_ARRAY(a, struct shipped_document, b->documents.n + 1);
    const struct document_value *said = b->documents.items;

    if (documents == NULL) return no_memory();
    for (uint32_t i = 0; i < b->documents.n; i++) TRY(take_document(&said[i], i, s, &documents[i]));
    s->documents = documents;
    s->document_count = b->documents.n;
    s->flags = b->flags.items;
    s->flag_count = b->flags.n;
    return OK;
}

static status take_ends(struct txn *t, const struct body *b, struct shipped *s)
{
    TRY(check_end(t, b->to, "to"));
    s->to_party = number_of(b->to->party);
    s->to_location = number_of(b->to->location);
    if (b->from == NULL) return OK;
    TRY(check_end(t, b->from, "from"));
    s->from_party = number_of(b->from->party);
    s->from_location = number_of(b->from->location);
    return OK;
}

static status take_extra(struct arena *a, const struct form_list *extra, str *out)
{
    const struct form_pair *pairs = extra->items;
    struct buf b;

    if (extra->n == 0) return OK;
    buf_init(&b, 512 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    for (uint32_t i = 0; i < extra->n; i++) {
        json_w_key(&w, pairs[i].key);
        json_w_str(&w, pairs[i].value);
    }
    json_w_end(&w);
    *out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out->p == NULL ? no_memory() : OK;
}

// ---- what is shipped

// As answers spell it, whatever the request did.
static status quoted(struct arena *a, const struct gs1_id *id, str *out)
{
    struct buf text, json;

    buf_init(&text, GS1_TEXT_MAX);
    buf_init(&json, 8 * GS1_TEXT_MAX);
    status st = gs1_write(id, GS1_BRACKETED, NULL, &text);
    struct json_w w = json_writer(&json);
    if (st.cls == ST_OK) json_w_str(&w, buf_str(&text));
    *out = arena_str(a, buf_str(&json));
    buf_fini(&json);
    buf_fini(&text);
    if (st.cls == ST_OK && out->p == NULL) st = no_memory();
    return st;
}

static status take_top(struct unit_reader *u, const struct site *site, str text,
                       struct shipment_top *out)
{
    struct unit_view v;
    struct gs1_id id;
    unit_id found;

    TRY(unit_read(text, u->arena, &id));
    TRY(quoted(u->arena, &id, &out->text));
    status st = unit_find(u, &id, &found);
    if (st.cls == ST_OK) st = unit_view_get(u, found, &v);
    if (st.cls == ST_NOT_FOUND) return OK; // the committer names it with all others
    TRY(st);
    out->unit = found;
    return cargo_of(site, u->t, u->arena, found, &out->cargo);
}

static int by_unit(const void *a, const void *b)
{
    const struct shipment_top *x = *(struct shipment_top *const *)a;
    const struct shipment_top *y = *(struct shipment_top *const *)b;

    if (x->unit.v != y->unit.v) return x->unit.v < y->unit.v ? -1 : 1;
    return (x > y) - (x < y);
}

static status mark_twice(struct arena *a, struct shipment_top *tops, uint32_t n)
{
    struct shipment_top **sorted = NEW_ARRAY(a, struct shipment_top *, n);

    if (sorted == NULL) return no_memory();
    for (uint32_t i = 0; i < n; i++) sorted[i] = &tops[i];
    qsort(sorted, n, sizeof(struct shipment_top *), by_unit);
    for (uint32_t i = 1; i < n; i++) sorted[i]->twice = sorted[i]->unit.v == sorted[i - 1]->unit.v;
    return OK;
}

static status read_texts(struct arena *a, str list, uint32_t max, struct form_list *out)
{
    str *texts = NEW_ARRAY(a, str, max + 1);
    struct json_r r = json_reader(list, a);
    uint32_t n = 0;

    if (texts == NULL) return no_memory();
    for (json_array(&r); n <= max && json_item(&r); n++) texts[n] = json_string(&r);
    if (n > max)
        return fail(ST_TOO_LARGE, "shipment.too_many", 0, "units: at most %u in one shipment", max);
    status st = json_r_end(&r);
    if (st.cls != ST_OK) return fail(st.cls, st.reason, st.at, "units: %s", st.text);
    if (n == 0) return fail(ST_BAD_INPUT, "field.required", 0, "units: name at least one");
    *out = (struct form_list){texts, n};
    return OK;
}

static status take_tops(struct unit_reader *u, const struct site *site,
                        const struct form_list *list, struct shipment_ask *out)
{
    struct shipment_top *tops = NEW_ARRAY(u->arena, struct shipment_top, list->n);
    const str *texts = list->items;

    if (tops == NULL) return no_memory();
    for (uint32_t i = 0; i < list->n; i++) {
        status st = take_top(u, site, texts[i], &tops[i]);
        if (st.cls == ST_BAD_INPUT)
            return fail(st.cls, st.reason, st.at, "units[%u]: %s", i, st.text);
        TRY(st);
    }
    out->tops = tops;
    out->n = list->n;
    return mark_twice(u->arena, tops, list->n);
}

// ---- the body

static status take_body(struct http_req *r, struct body *b, struct shipment_ask *out)
{
    const struct site *site = api_site(r);
    struct form_list texts = {0};
    struct unit_reader u;

    if (b->draft)
        return fail(ST_BAD_INPUT, "shipment.draft_not_yet", 0, "draft: not supported yet");
    TRY(read_texts(&r->arena, b->units, site->limits.report_units_max, &texts));
    if (b->time.n > 0) {
        status st = when_read(b->time, &out->time);
        if (st.cls != ST_OK) return fail(st.cls, st.reason, 0, "time: %s", st.text);
    }
    unit_reader_init(&u, site, api_snapshot(r), &r->arena);
    u.caller = caller_of(r);
    status st = take_ends(u.t, b, &out->says);
    if (st.cls == ST_OK) st = take_tops(&u, site, &texts, out);
    status end = api_snapshot_end(r);
    TRY(st);
    TRY(u.st);
    TRY(end);
    TRY(take_extra(&r->arena, &b->extra, &out->extra));
    return take_papers(&r->arena, b, &out->says);
}

bool shipment_take(struct http_req *r, struct shipment_ask *out)
{
    struct body b;

    if (!api_body(r, &body_form, &b)) return false;
    status st = take_body(r, &b, out);
    if (st.cls == ST_OK) return true;
    if (st.cls == ST_UNPROCESSABLE) // a decision of trade: it is recorded
        api_refuse(r, &kind_shipment_made, (client_id){0}, st, S(""));
    else
        http_problem(r, st, S(""));
    return false;
}
