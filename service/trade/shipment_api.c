// POST /v1/shipments, GET /v1/shipments/{shipment}, GET /v1/shipments/{shipment}/units.
//
// A shipment is told as its fact says it, the same to who made it and to who asks later.
#include "common/form.h"
#include "service/api/opaque.h"
#include "service/client/client.h"
#include "service/event/units_api.h"
#include "service/trade/trade_int.h"
#include <stdio.h>

static void write_gln(struct json_w *w, const char *key, uint64_t gln)
{
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%013llu", (unsigned long long)gln);

    json_w_kstr(w, key, (str){digits, (size_t)n});
}

void shipped_write_end(struct json_w *w, const char *key, uint64_t party, uint64_t location)
{
    if (party == 0 && location == 0) return;
    json_w_key(w, str_of(key));
    json_w_object(w);
    if (party != 0) write_gln(w, "party", party);
    if (location != 0) write_gln(w, "location", location);
    json_w_end(w);
}

void shipped_write_documents(struct json_w *w, const struct shipped_document *all, uint32_t n)
{
    json_w_key(w, S("documents"));
    json_w_array(w);
    for (uint32_t i = 0; i < n; i++) {
        const struct shipped_document *d = &all[i];
        json_w_object(w);
        json_w_kstr(w, "type", epcis_word(EPCIS_VOC_TRADE, d->type));
        json_w_kstr(w, "id", d->id);
        if (d->gln != 0) write_gln(w, "gln", d->gln);
        json_w_end(w);
    }
    json_w_end(w);
}

void shipped_write(const struct shipped *s, struct json_w *w)
{
    shipped_write_end(w, "from", s->from_party, s->from_location);
    shipped_write_end(w, "to", s->to_party, s->to_location);
    shipped_write_documents(w, s->documents, s->document_count);
    json_w_key(w, S("flags"));
    json_w_array(w);
    for (uint32_t i = 0; i < s->flag_count; i++) json_w_str(w, s->flags[i]);
    json_w_end(w);
    if (s->more.says_drop) json_w_kbool(w, "dropShipment", s->more.drop);
    if (!s->more.direct) return;
    json_w_key(w, S("directPurchase"));
    json_w_object(w);
    json_w_kstr(w, "qualifier", str_of(shipped_qualifier(&s->more)));
    if (s->more.statement.n > 0) json_w_kstr(w, "statement", s->more.statement);
    if (s->more.indirect_count > 0) indirect_write(&s->more, w);
    json_w_end(w);
}

// As its fact says it; `state` and what voided it are of the row, which changes.
static status write_shipment(struct http_req *r, const struct fact *f, enum shipment_state state,
                             struct json_w *w)
{
    struct shipment s;
    struct buf id;

    TRY(shipment_get(f, &r->arena, &s));
    buf_init(&id, 2 * OPAQUE_LEN);
    opaque_put(api_site(r)->opaque_key, OPAQUE_SHIPMENT, s.says.number, &id);
    json_w_object(w);
    json_w_kstr(w, "shipment", buf_str(&id));
    json_w_kstr(w, "state", str_of(shipment_state_word(state)));
    json_w_kint(w, "seq", (int64_t)caller_seq(caller_of(r), f));
    json_w_kint(w, "units", (int64_t)s.tops.units);
    if (f->flags & FACT_HAS_TIME) json_w_kmoment(w, "time", f->event);
    shipped_write(&s.says, w);
    if (s.report.extra.n > 0) {
        json_w_key(w, S("extra"));
        json_w_raw(w, s.report.extra);
    }
    if (s.report.reason.n > 0) json_w_kstr(w, "reason", s.report.reason);
    json_w_end(w);
    buf_fini(&id);
    return OK;
}

// ---- making one, and what becomes of it

#define PLACE "/v1/shipments/"

static enum shipment_state state_of(const struct fact *f)
{
    switch (f->kind) {
    case FACT_SHIPMENT_DRAFTED: return SHIPMENT_DRAFT;
    case FACT_SHIPMENT_VOIDED: return SHIPMENT_VOID;
    case FACT_SHIPMENT_FORWARDED: return SHIPMENT_FORWARDED;
    default: return SHIPMENT_SHIPPED;
    }
}

static void answer(struct http_req *r, const struct fact *f, int code)
{
    struct buf b;

    buf_init(&b, 2 * MB);
    struct json_w w = json_writer(&b);
    status st = write_shipment(r, f, state_of(f), &w);
    if (st.cls == ST_OK) {
        api_reply(r, code, &b);
    } else {
        buf_fini(&b);
        http_problem(r, st, S(""));
    }
}

static void made(struct http_req *r, const struct ask *a)
{
    struct shipment s;
    struct buf place;

    buf_init(&place, 128);
    if (shipment_get(&a->fact, &r->arena, &s).cls == ST_OK) {
        buf_add(&place, S(PLACE));
        opaque_put(api_site(r)->opaque_key, OPAQUE_SHIPMENT, s.says.number, &place);
        http_reply_header(r, "Location", buf_str(&place));
    }
    buf_fini(&place);
    answer(r, &a->fact, 201);
}

static void changed(struct http_req *r, const struct ask *a) { answer(r, &a->fact, 200); }

static void shipment_make(struct http_req *r)
{
    struct shipment_ask *ask = NEW(&r->arena, struct shipment_ask);
    bool forwards = take_party_of(caller_of(r)) != 0, draft = false;

    assert(ask != NULL); // the arena is new
    api_answers(r, made);
    if (!shipment_take(r, ask, &draft)) return;
    const struct kind *k = forwards ? &kind_shipment_forwarded : &kind_shipment_made;
    api_command(r, draft ? &kind_shipment_drafted : k, ask, made);
}

// ---- finding one

// Who acts for a party sees what went to it and what it shipped on; never a draft.
static bool sees(const struct caller *c, const struct shipment_row *row)
{
    uint64_t party = take_party_of(c);

    if (!caller_sees(c, row->client)) return false;
    if (party == 0) return true;
    return row->state != SHIPMENT_DRAFT && (row->to == party || row->by == party);
}

// The row of the shipment in the path and its fact, in this snapshot. shipment.unknown also where
// it is another client's.
static status find(struct http_req *r, struct txn *t, struct shipment_row *row, uint32_t *number,
                   struct fact *out)
{
    uint64_t n;

    if (!opaque_get(api_site(r)->opaque_key, OPAQUE_SHIPMENT, r->param[0], &n) || n > UINT32_MAX ||
        !shipment_row_get(t, (uint32_t)n, row) || !sees(caller_of(r), row))
        return fail(ST_NOT_FOUND, "shipment.unknown", 0, "there is no such shipment here");
    *number = (uint32_t)n;
    return journal_get(t, row->seq, &r->arena, out);
}

static void shipment_show(struct http_req *r)
{
    struct shipment_row row;
    uint32_t number;
    struct fact f;
    struct buf b;

    buf_init(&b, 2 * MB);
    struct json_w w = json_writer(&b);
    status st = find(r, api_snapshot(r), &row, &number, &f);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) st = write_shipment(r, &f, row.state, &w);
    units_reply(r, st, &b);
}

// ---- confirming and voiding: the same goods and papers again

struct again {
    str reason, time;
};
#define AT(member) .at = offsetof(struct again, member)
static const struct form_field again_fields[] = {
    {.name = "reason", .kind = FORM_STR, AT(reason), .max = 1000},
    {.name = "time",      .kind = FORM_STR, AT(time), .max = 64},
    {0               },
};
#undef AT
static const struct form again_form = {"shipment's end", sizeof(struct again), again_fields, 1};

static status take_tops(struct http_req *r, const struct runs *tops, struct shipment_ask *out)
{
    struct goods_unit *units = NEW_ARRAY(&r->arena, struct goods_unit, tops->units + 1);
    struct unit_reader u;
    uint32_t n = 0;
    unit_id top;

    if (units == NULL) return no_memory();
    unit_reader_init(&u, api_site(r), api_snapshot(r), &r->arena);
    status st = OK;
    for (struct run_walk w = runs_walk(tops); st.cls == ST_OK && run_next(&w, &top);)
        st = named_unit(&u, top, &units[n++]);
    out->tops = units;
    out->n = n;
    u.caller = caller_of(r);
    take_zone(&u, out->says.from_location, &out->time);
    if (st.cls == ST_OK) st = indirect_find(&u, out);
    return api_snapshot_end(r, st);
}

static status take_again(struct http_req *r, const struct again *said, struct shipment_ask *out)
{
    struct shipment_row row;
    struct shipment s;
    struct fact f;
    uint32_t number;

    status st = find(r, api_snapshot(r), &row, &number, &f);
    TRY(api_snapshot_end(r, st));
    TRY(take_time(said->time, &out->time));
    TRY(shipment_get(&f, &r->arena, &s));
    out->client = row.client;
    out->number = number;
    out->says = s.says;
    out->extra = s.report.extra;
    out->reason = said->reason;
    if (out->time.at.ms == 0 && row.state == SHIPMENT_DRAFT && f.flags & FACT_HAS_TIME)
        out->time = f.event; // as the draft said it
    return take_tops(r, &s.tops, out);
}

static void again(struct http_req *r, const struct kind *kind, bool reason)
{
    struct shipment_ask *ask = NEW(&r->arena, struct shipment_ask);
    struct again said;

    assert(ask != NULL); // the arena is new
    if (!api_body(r, &again_form, &said)) return;
    api_answers(r, changed);
    status st = reason ? api_reason_check(caller_of(r), said.reason) : OK;
    if (st.cls == ST_OK) st = take_again(r, &said, ask);
    if (st.cls == ST_OK)
        api_command(r, kind, ask, changed);
    else
        api_fail(r, st);
}

static void shipment_confirm(struct http_req *r) { again(r, &kind_shipment_made, false); }
static void shipment_void(struct http_req *r) { again(r, &kind_shipment_voided, true); }

// ---- lists

struct listing {
    struct http_req *r;
    struct txn *t;
    struct shipment_list of;
    uint32_t state;   // 0: any
    client_id client; // {0}: any that the caller sees
    uint64_t to;      // 0: any
    uint64_t next;
    struct json_w w;
};

static bool matches(const struct listing *l, const struct shipment_row *row)
{
    return sees(caller_of(l->r), row) && (l->state == 0 || row->state == l->state) &&
           (l->client.v == 0 || row->client.v == l->client.v) && (l->to == 0 || row->to == l->to);
}

static status list_one(struct listing *l, const struct shipment_row *row)
{
    struct fact f;

    TRY(journal_get(l->t, row->seq, &l->r->arena, &f));
    return write_shipment(l->r, &f, row->state, &l->w);
}

#define LOOKED_AT_MAX 20000u // rows for one page, whether or not they match

static status list_all(struct listing *l, uint32_t from, uint32_t limit)
{
    struct shipment_row row;
    uint32_t n = 0, looked = 0, at = from;

    while ((at = shipment_list_next(l->t, &l->of, at)) != 0) {
        if (!shipment_row_get(l->t, at, &row)) return txn_status(l->t);
        if (++looked > LOOKED_AT_MAX) return l->next = at - 1, OK;
        if (!matches(l, &row)) continue;
        if (n++ == limit) return l->next = at - 1, OK;
        TRY(list_one(l, &row));
    }
    return OK;
}

static status list_filter(struct listing *l)
{
    const struct caller *c = caller_of(l->r);
    char gln[13];
    str v;

    if (http_query(l->r, S("state"), &v)) {
        for (unsigned s = SHIPMENT_DRAFT; s < SHIPMENT_STATES; s++)
            if (str_eq(v, str_of(shipment_state_word((enum shipment_state)s)))) l->state = s;
        if (l->state == 0)
            return fail(ST_BAD_INPUT, "shipment.filter", 0,
                        "state: draft, shipped, void, forwarded");
    }
    if (http_query(l->r, S("client"), &v) && !client_by_name(l->t, v, &l->client))
        return fail(ST_NOT_FOUND, "client.unknown", 0, "client: there is no such client");
    if (http_query(l->r, S("to"), &v)) {
        TRY(gs1_gln_read(v, gln));
        l->to = take_gln((str){gln, sizeof gln});
    }
    l->of.party = take_party_of(c) != 0 ? take_party_of(c) : l->to;
    l->of.client = l->client;
    if (l->of.client.v == 0 && c->client_count == 1) l->of.client = c->clients[0];
    return OK;
}

static void shipment_list(struct http_req *r)
{
    struct listing l = {.r = r};
    struct api_page page;
    uint64_t from = 0;
    struct buf b;

    if (!api_page(r, &page) || !api_page_from(r, &page, &from)) return;
    buf_init(&b, 16 * MB);
    l.w = json_writer(&b);
    json_w_object(&l.w);
    json_w_key(&l.w, S("items"));
    json_w_array(&l.w);
    l.t = api_snapshot(r);
    status st = list_filter(&l);
    if (st.cls == ST_OK) st = list_all(&l, (uint32_t)from, page.limit);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        json_w_end(&l.w);
        api_page_on(r, &l.w, l.next);
        json_w_end(&l.w);
    }
    units_reply(r, st, &b);
}

static status write_units(struct http_req *r, struct unit_reader *u, uint64_t from, uint32_t limit,
                          struct json_w *w, uint64_t *next)
{
    struct shipment_row row;
    struct unit_view v;
    struct shipment s;
    struct fact f;
    uint32_t number;
    uint64_t at = 0;
    unit_id top;

    TRY(find(r, u->t, &row, &number, &f));
    TRY(shipment_get(&f, u->arena, &s));
    for (struct run_walk walk = runs_walk(&s.tops); run_next(&walk, &top); at++) {
        if (at < from) continue;
        if (at - from == limit) return *next = at, OK;
        TRY(unit_view_get(u, top, &v));
        json_w_object(w);
        unit_view_write(u, &v, w);
        unit_view_write_seqs(&v, w);
        json_w_end(w);
    }
    return OK;
}

static void shipment_units(struct http_req *r)
{
    struct unit_reader u;
    struct api_page page;
    uint64_t from = 0, next = 0;
    struct buf b;

    if (!api_page(r, &page) || !api_page_from(r, &page, &from) || !units_open(r, &u)) return;
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    status st = units_close(r, &u, write_units(r, &u, from, page.limit, &w, &next));
    if (st.cls == ST_OK) {
        json_w_end(&w);
        api_page_on(r, &w, next);
        json_w_end(&w);
    }
    units_reply(r, st, &b);
}

#define BODY_MAX (8 * MB) // 20,000 tops, generously spelled
#define READERS  "distributor gateway client operator qa auditor admin"

// clang-format off
const struct http_route shipment_routes[] = {
    {.method = HTTP_POST, .path = "/v1/shipments", .roles = "operator distributor",
     .body_max = BODY_MAX, .run = shipment_make, .query = ""},
    {.method = HTTP_GET, .path = "/v1/shipments", .roles = READERS,
     .run = shipment_list, .query = "state client to limit page"},
    {.method = HTTP_POST, .path = "/v1/shipments/{shipment}/confirm", .roles = "operator",
     .body_max = 64 * KB, .run = shipment_confirm, .query = ""},
    {.method = HTTP_POST, .path = "/v1/shipments/{shipment}/void", .roles = "operator",
     .body_max = 64 * KB, .run = shipment_void, .query = ""},
    {.method = HTTP_GET, .path = "/v1/shipments/{shipment}", .roles = READERS,
     .run = shipment_show, .query = ""},
    {.method = HTTP_GET, .path = "/v1/shipments/{shipment}/units", .roles = READERS,
     .run = shipment_units, .query = "form limit page"},
    {0},
};
// clang-format on
