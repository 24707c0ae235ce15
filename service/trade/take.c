// POST /v1/shipments: what the body says, checked; what it names, found.
#include "common/form.h"
#include "service/api/api.h"
#include "service/catalog/place.h"
#include "service/trade/trade_int.h"
#include "service/tree/handed_db.h"
#include <string.h>

struct body {
    str units; // a list of texts: scanned ones hold a control character, which a form refuses
    struct form_list documents, flags, extra;
    struct end_value *from, *to;
    str time, drop;
    struct direct_value *direct;
    bool draft;
};
struct direct_value {
    uint8_t qualifier; // of `qualifiers`
    str statement, indirect;
};

status take_gln_check(str in, struct arena *a, str *out)
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

static status check_bool(str in, struct arena *a, str *out)
{
    (void)a, (void)out;
    if (str_eq(in, S("true")) || str_eq(in, S("false"))) return OK;
    return fail(ST_BAD_INPUT, "json.type", 0, "dropShipment: true or false");
}

enum { ENTIRELY, PARTIALLY };
static const char *const qualifiers[] = {SHIPPED_ENTIRELY_DIRECT, SHIPPED_PARTIALLY_DIRECT, NULL};

#define INDIRECT_BYTES_MAX (256 * KB)
#define AT(value, member)  .at = offsetof(struct value, member)
#define NEEDED             .required = true
// clang-format off
static const struct form_field end_fields[] = {
    {.name = "party", .kind = FORM_STR, AT(end_value, party), NEEDED, .max = 13,
     .check = take_gln_check},
    {.name = "location", .kind = FORM_STR, AT(end_value, location), NEEDED, .max = 13,
     .check = take_gln_check},
    {0},
};
static const struct form_field loose_end_fields[] = {
    {.name = "party", .kind = FORM_STR, AT(end_value, party), NEEDED, .max = 13,
     .check = take_gln_check},
    {.name = "location", .kind = FORM_STR, AT(end_value, location), .max = 13,
     .check = take_gln_check},
    {0},
};
static const struct form_field document_fields[] = {
    {.name = "type", .kind = FORM_STR, AT(document_value, type), NEEDED, .max = 32,
     .check = check_trade},
    {.name = "id", .kind = FORM_STR, AT(document_value, id), NEEDED, .max = 256},
    {.name = "gln", .kind = FORM_STR, AT(document_value, gln), .max = 13, .check = take_gln_check},
    {0},
};
static const struct form_field direct_fields[] = {
    {.name = "qualifier", .kind = FORM_WORD, AT(direct_value, qualifier), NEEDED,
     .words = qualifiers},
    {.name = "statement", .kind = FORM_STR, AT(direct_value, statement), .max = 500},
    {.name = "indirect", .kind = FORM_RAW, AT(direct_value, indirect), .max = INDIRECT_BYTES_MAX},
    {0},
};
static const struct form direct_form = {"direct purchase", sizeof(struct direct_value),
                                        direct_fields, 1};
const struct form end_form = {"end of a shipment", sizeof(struct end_value), end_fields, 1};
const struct form loose_end_form = {"end of a shipment", sizeof(struct end_value),
                                    loose_end_fields, 1};
const struct form document_form = {"document", sizeof(struct document_value), document_fields, 1};
static const struct form_field body_fields[] = {
    {.name = "units", .kind = FORM_RAW, AT(body, units), NEEDED, .max = NAMED_BYTES_MAX},
    {.name = "from", .kind = FORM_ONE, AT(body, from), .sub = &loose_end_form},
    {.name = "to", .kind = FORM_ONE, AT(body, to), NEEDED, .sub = &end_form},
    {.name = "documents", .kind = FORM_MANY, AT(body, documents),
     .count_max = SHIPPED_DOCUMENTS_MAX, .sub = &document_form},
    {.name = "time", .kind = FORM_STR, AT(body, time), .max = 64},
    {.name = "flags", .kind = FORM_STRS, AT(body, flags), .max = 64,
     .count_max = SHIPPED_FLAGS_MAX},
    {.name = "dropShipment", .kind = FORM_RAW, AT(body, drop), .max = KB, .check = check_bool},
    {.name = "directPurchase", .kind = FORM_ONE, AT(body, direct), .sub = &direct_form},
    {.name = "draft", .kind = FORM_BOOL, AT(body, draft)},
    {.name = "extra", .kind = FORM_MAP, AT(body, extra), .max = 1000, .count_max = 64},
    {0},
};
static const struct form body_form = {"shipment", sizeof(struct body), body_fields, 1};
// clang-format on

// ---- who and where, under which papers

uint64_t take_gln(str gln)
{
    uint64_t n = 0;

    (void)str_u64(gln, UINT64_MAX, &n);
    return n;
}

// Goods go to whom the site knows: a wrong number with a right check digit goes no further.
static status check_party(struct txn *t, str party, const char *which)
{
    if (party_is_known(t, party)) return OK;
    return fail(ST_UNPROCESSABLE, "party.unknown", 0, "%s.party: no party %.*s", which, STR(party));
}

status take_end(struct txn *t, const struct end_value *e, const char *which)
{
    TRY(check_party(t, e->party, which));
    if (e->location.n > 0 && !location_is_known(t, e->location))
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
                            struct arena *a, struct shipped_document *out)
{
    out->type = (enum epcis_trade)epcis_word_find(EPCIS_VOC_TRADE, v->type);
    out->id = v->id;
    if (memchr(v->id.p, ':', v->id.n) != NULL && v->gln.n == 0) { // a URI of its own
        status st = shipped_document_check(out, a);
        return st.cls == ST_OK ? OK : fail(st.cls, st.reason, 0, "documents[%u].%s", at, st.text);
    }
    out->gln = v->gln.n > 0 ? take_gln(v->gln) : issuer_of(out->type, s);
    if (out->gln != 0) return OK;
    return fail(ST_BAD_INPUT, "field.required", 0,
                "documents[%u].gln: say who gave the number (there is no `from` to tell)", at);
}

status take_documents(struct arena *a, const struct form_list *list, const struct shipped *ends,
                      const struct shipped_document **out)
{
    struct shipped_document *documents = NEW_ARRAY(a, struct shipped_document, list->n + 1);
    const struct document_value *said = list->items;

    if (documents == NULL) return no_memory();
    for (uint32_t i = 0; i < list->n; i++) TRY(take_document(&said[i], i, ends, a, &documents[i]));
    *out = documents;
    return OK;
}

// Nobody affirms what no seller says.
static status check_statement(const struct shipped *s)
{
    if ((!shipped_affirms(s) && !s->more.direct) || s->from_party != 0) return OK;
    return fail(ST_BAD_INPUT, "field.required", 0, "from.party: %s is the seller's word",
                s->more.direct ? "directPurchase" : "the flag " SHIPPED_STATEMENT);
}

static struct shipped_more take_more(const struct body *b)
{
    return (struct shipped_more){.says_drop = b->drop.n > 0,
                                 .drop = str_eq(b->drop, S("true")),
                                 .direct = b->direct != NULL,
                                 .statement = b->direct != NULL ? b->direct->statement : S("")};
}

static status take_direct(struct unit_reader *u, const struct body *b, struct shipment_ask *out)
{
    const struct direct_value *d = b->direct;

    out->says.more = take_more(b);
    if (d == NULL) return OK;
    if ((d->qualifier == PARTIALLY) != (d->indirect.n > 0))
        return fail(ST_BAD_INPUT, "shipment.indirect", 0,
                    INDIRECT ": names some with " SHIPPED_PARTIALLY_DIRECT ", none else");
    if (d->qualifier == ENTIRELY) return OK;
    TRY(indirect_take(u, d->indirect, &out->says.more));
    return indirect_find(u, out);
}

static status take_papers(struct arena *a, const struct body *b, struct shipped *s)
{
    TRY(take_documents(a, &b->documents, s, &s->documents));
    s->document_count = b->documents.n;
    s->flags = b->flags.items;
    s->flag_count = b->flags.n;
    return check_statement(s);
}

static status take_ends(struct txn *t, const struct body *b, struct shipped *s)
{
    TRY(take_end(t, b->to, "to"));
    s->to_party = take_gln(b->to->party);
    s->to_location = take_gln(b->to->location);
    if (b->from == NULL) return OK;
    TRY(take_end(t, b->from, "from"));
    s->from_party = take_gln(b->from->party);
    s->from_location = take_gln(b->from->location);
    return OK;
}

status take_extra(struct arena *a, const struct form_list *extra, str *out)
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

status take_went(struct unit_reader *u, const struct goods_unit *units, uint32_t n, uint64_t party,
                 struct shipped *out)
{
    struct shipment_row row;
    struct shipment s;
    struct handed h;
    struct fact f;
    uint32_t i = 0;

    *out = (struct shipped){0};
    while (i < n && units[i].unit.v == 0) i++;
    if (i == n || !handed_find(u->t, units[i].unit, party, &h)) return OK;
    if (!shipment_row_get(u->t, h.shipment, &row)) return OK; // a captured event told of it
    TRY(journal_get(u->t, row.seq, u->arena, &f));
    TRY(shipment_get(&f, u->arena, &s));
    *out = s.says;
    return OK;
}

// ---- the body

status take_time(str said, struct moment *out)
{
    if (said.n == 0) return OK;
    status st = when_read(said, out);
    return st.cls == ST_OK ? OK : fail(st.cls, st.reason, 0, "time: %s", st.text);
}

void take_zone(struct unit_reader *u, uint64_t place, struct moment *time)
{
    if (time->at.ms == 0) time->offset_min = place_offset(u->t, place, u->now);
}

uint64_t take_party_of(const struct caller *c)
{
    return c->role == ROLE_DISTRIBUTOR ? take_gln(c->party) : 0;
}

// Who acts for a party ships on what lies with it, and nobody else's.
static status check_sender(const struct caller *c, const struct body *b)
{
    if (take_party_of(c) == 0) return OK;
    if (b->draft)
        return fail(ST_BAD_INPUT, "shipment.draft", 0, "draft: what a party ships on is no draft");
    if (b->from == NULL || str_eq(b->from->party, c->party)) return OK;
    return fail(ST_NOT_ALLOWED, "shipment.party", 0, "from.party: the token acts for %.*s",
                STR(c->party));
}

// Who ships on does it from where the goods went to.
static status take_sender(struct unit_reader *u, struct shipment_ask *out)
{
    uint64_t party = take_party_of(u->caller);
    struct shipped went;

    if (out->says.to_party == party)
        return fail(ST_UNPROCESSABLE, "shipment.to_itself", 0,
                    "to.party: it is the one that ships on: goods go to another");
    out->says.from_party = party;
    TRY(take_went(u, out->tops, out->n, party, &went));
    if (out->says.from_location == 0) out->says.from_location = went.to_location;
    return OK;
}

static status take_named(struct unit_reader *u, const struct body *b, const struct form_list *texts,
                         struct shipment_ask *out)
{
    struct goods_unit *units = NULL;
    struct unit_view v;

    TRY(take_ends(u->t, b, &out->says));
    TRY(named_units(u, "units", texts, &units));
    out->tops = units;
    out->n = texts->n;
    TRY(take_direct(u, b, out));
    if (take_party_of(u->caller) != 0) TRY(take_sender(u, out));
    take_zone(u, out->says.from_location, &out->time);
    for (uint32_t i = 0; i < out->n && out->client.v == 0; i++)
        if (units[i].unit.v != 0 && unit_view_get(u, units[i].unit, &v).cls == ST_OK)
            out->client = v.client;
    return OK;
}

static status take_body(struct http_req *r, struct body *b, struct shipment_ask *out)
{
    const struct site *site = api_site(r);
    struct form_list texts = {0};
    struct unit_reader u;

    TRY(check_sender(caller_of(r), b));
    struct named_list units = {"units", b->units, site->limits.report_units_max};
    TRY(named_texts(&r->arena, &units, &texts));
    TRY(take_time(b->time, &out->time));
    unit_reader_init(&u, site, api_snapshot(r), &r->arena);
    u.caller = caller_of(r);
    status st = take_named(&u, b, &texts, out);
    TRY(api_snapshot_end(r, st));
    TRY(u.st);
    TRY(take_extra(&r->arena, &b->extra, &out->extra));
    return take_papers(&r->arena, b, &out->says);
}

bool shipment_take(struct http_req *r, struct shipment_ask *out, bool *draft)
{
    struct body b;

    if (!api_body(r, &body_form, &b)) return false;
    status st = take_body(r, &b, out);
    *draft = b.draft;
    if (st.cls == ST_OK) return true;
    if (st.cls == ST_UNPROCESSABLE) // a decision of trade: it is recorded
        api_refuse(r, &kind_shipment_made, (client_id){0}, st, S(""));
    else
        api_fail(r, st);
    return false;
}
