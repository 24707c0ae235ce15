// POST /v1/receipts, POST /v1/returns: a verdict for each unit, in the order of the request.
//
// Who the ends are may be left out: then they are those of the shipment that the first known unit
// went with (the other way round for what comes back).
#include "common/form.h"
#include "service/api/api.h"
#include "service/trade/receive.h"
#include "service/trade/trade_int.h"

struct body {
    str units;
    struct form_list documents, extra;
    struct end_value *from, *to;
    str time, reason, condition, by;
};

#define AT(member) .at = offsetof(struct body, member)
// clang-format off
static const struct form_field body_fields[] = {
    {.name = "units",     .kind = FORM_RAW,  AT(units), .required = true, .max = NAMED_BYTES_MAX},
    {.name = "from",      .kind = FORM_ONE,  AT(from), .sub = &loose_end_form},
    {.name = "to",        .kind = FORM_ONE,  AT(to), .sub = &loose_end_form},
    {.name = "documents", .kind = FORM_MANY, AT(documents), .count_max = SHIPPED_DOCUMENTS_MAX,
     .sub = &document_form},
    {.name = "time",      .kind = FORM_STR,  AT(time), .max = 64},
    {.name = "reason",    .kind = FORM_STR,  AT(reason), .max = 1000},
    {.name = "condition", .kind = FORM_STR,  AT(condition), .max = 64},
    {.name = "by",        .kind = FORM_STR,  AT(by), .max = 256},
    {.name = "extra",     .kind = FORM_MAP,  AT(extra), .max = 1000, .count_max = 64},
    {0},
};
static const struct form body_form = {"handover", sizeof(struct body), body_fields, 1};
// clang-format on

struct taking {
    struct unit_reader u;
    const struct body *body;
    struct receive_ask *ask;
    bool back;
};

// ---- the ends

// Said, or else as the shipment had it where the party is the same.
static status take_one(struct taking *x, const struct end_value *said, const char *which,
                       uint64_t *party, uint64_t *location)
{
    uint64_t known = *party;

    if (said == NULL) return OK;
    TRY(take_end(x->u.t, said, which));
    *party = take_gln(said->party);
    if (said->location.n > 0)
        *location = take_gln(said->location);
    else if (*party != known)
        *location = 0;
    return OK;
}

// Goods that were shipped on come back to whom they came from first, not to who shipped them on.
static status take_origin(struct taking *x, struct shipped *went)
{
    struct shipped before;

    while (went->from_party != 0) {
        TRY(take_went(&x->u, x->ask->units, x->ask->n, went->from_party, &before));
        if (before.number == 0 || before.number >= went->number) break;
        went->from_party = before.from_party;
        went->from_location = before.from_location;
        went->number = before.number;
    }
    return OK;
}

static status take_ends(struct taking *x)
{
    const struct caller *c = x->u.caller;
    const struct body *b = x->body;
    struct shipped *s = &x->ask->says, went;
    uint64_t party = take_party_of(c);

    if (party != 0 && b->to != NULL && take_gln(b->to->party) != party)
        return fail(ST_NOT_ALLOWED, "receipt.party", 0, "to.party: the token acts for %.*s",
                    STR(c->party));
    if (party == 0 && x->back && b->from != NULL) party = take_gln(b->from->party);
    if (party == 0 && !x->back && b->to != NULL) party = take_gln(b->to->party);
    TRY(take_went(&x->u, x->ask->units, x->ask->n, party, &went));
    if (x->back) TRY(take_origin(x, &went));
    *s = (struct shipped){.from_party = x->back ? went.to_party : went.from_party,
                          .from_location = x->back ? went.to_location : went.from_location,
                          .to_party = x->back ? went.from_party : went.to_party,
                          .to_location = x->back ? went.from_location : went.to_location};
    if (!x->back && party != 0) s->to_party = party;
    TRY(take_one(x, b->from, "from", &s->from_party, &s->from_location));
    return take_one(x, b->to, "to", &s->to_party, &s->to_location);
}

// Of goods that come back whoever sends them is still the buyer.
static status take_papers(struct taking *x)
{
    struct shipped *s = &x->ask->says, ends = *s;
    struct arena *a = x->u.arena;

    if (x->back) {
        ends.from_party = s->to_party;
        ends.to_party = s->from_party;
    }
    TRY(take_documents(a, &x->body->documents, &ends, &s->documents));
    s->document_count = x->body->documents.n;
    return shipment_find_by(a, s);
}

static status take_all(struct taking *x, const struct form_list *texts)
{
    struct goods_unit *units = NULL;

    TRY(named_units(&x->u, "units", texts, &units));
    x->ask->units = units;
    x->ask->n = texts->n;
    TRY(take_ends(x));
    take_zone(&x->u, x->ask->says.to_location, &x->ask->time);
    return take_papers(x);
}

static status take_body(struct http_req *r, const struct body *b, bool back,
                        struct receive_ask *out)
{
    const struct site *site = api_site(r);
    struct taking x = {.body = b, .ask = out, .back = back};
    struct form_list texts = {0};

    struct named_list units = {"units", b->units, site->limits.report_units_max};
    TRY(named_texts(&r->arena, &units, &texts));
    TRY(take_time(b->time, &out->time));
    TRY(take_extra(&r->arena, &b->extra, &out->extra));
    out->condition = b->condition;
    out->reason = b->reason;
    out->by = b->by;
    unit_reader_init(&x.u, site, api_snapshot(r), &r->arena);
    x.u.caller = caller_of(r);
    status st = take_all(&x, &texts);
    return api_snapshot_end(r, st.cls == ST_OK ? x.u.st : st);
}

// ---- answering

static void write_result(struct json_w *w, const struct handed_unit *u)
{
    json_w_object(w);
    json_w_key(w, S("unit"));
    json_w_raw(w, u->text);
    json_w_kstr(w, "verdict", u->verdict.n > 0 ? u->verdict : S("accepted"));
    json_w_kbool(w, "received", u->received);
    json_w_end(w);
}

static void write_answer(struct http_req *r, const struct fact *f, const struct received *x,
                         struct json_w *w)
{
    const struct handover *h = &x->own;
    uint32_t accepted = 0;

    for (uint32_t i = 0; i < h->n; i++) accepted += h->units[i].verdict.n == 0;
    json_w_object(w);
    json_w_kint(w, "seq", (int64_t)caller_seq(caller_of(r), f));
    json_w_kint(w, "accepted", accepted);
    json_w_kint(w, "refused", h->n - accepted);
    json_w_kint(w, "received", (int64_t)x->touched.runs.units);
    shipped_write_end(w, "from", h->says.from_party, h->says.from_location);
    shipped_write_end(w, "to", h->says.to_party, h->says.to_location);
    shipped_write_documents(w, h->says.documents, h->says.document_count);
    json_w_key(w, S("results"));
    json_w_array(w);
    for (uint32_t i = 0; i < h->n; i++) write_result(w, &h->units[i]);
    json_w_end(w);
    json_w_end(w);
}

static void told(struct http_req *r, const struct ask *a)
{
    struct received x;
    struct buf b;

    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    status st = received_get(&a->fact, &r->arena, &x);
    if (st.cls == ST_OK) write_answer(r, &a->fact, &x, &w);
    if (st.cls == ST_OK) {
        api_reply(r, 200, &b);
        return;
    }
    buf_fini(&b);
    http_problem(r, st, S(""));
}

static void receive(struct http_req *r, const struct kind *kind, bool back)
{
    struct receive_ask *ask = NEW(&r->arena, struct receive_ask);
    struct body b;

    assert(ask != NULL); // the arena is new
    if (!api_body(r, &body_form, &b)) return;
    api_answers(r, told);
    status st = take_body(r, &b, back, ask);
    if (st.cls == ST_OK)
        api_command(r, kind, ask, told);
    else if (st.cls == ST_UNPROCESSABLE) // a decision of trade: it is recorded
        api_refuse(r, kind, (client_id){0}, st, S(""));
    else
        api_fail(r, st);
}

static void receipt_make(struct http_req *r) { receive(r, &kind_receipt_made, false); }
static void return_make(struct http_req *r) { receive(r, &kind_return_made, true); }

#define BODY_MAX (8 * MB) // 20,000 units, generously spelled

const struct http_route receive_routes[] = {
    {.method = HTTP_POST,
     .path = "/v1/receipts",
     .roles = "operator distributor",
     .body_max = BODY_MAX,
     .run = receipt_make,
     .query = ""},
    {.method = HTTP_POST,
     .path = "/v1/returns",
     .roles = "operator qa",
     .body_max = BODY_MAX,
     .run = return_make,
     .query = ""},
    {0            },
};
