// POST /v1/shipments, GET /v1/shipments/{shipment}, GET /v1/shipments/{shipment}/units.
//
// A shipment is told as its fact says it, the same to who made it and to who asks later.
#include "service/api/opaque.h"
#include "service/event/units_api.h"
#include "service/trade/trade_int.h"
#include <stdio.h>

static void write_gln(struct json_w *w, const char *key, uint64_t gln)
{
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%013llu", (unsigned long long)gln);

    json_w_kstr(w, key, (str){digits, (size_t)n});
}

static void write_end(struct json_w *w, const char *key, uint64_t party, uint64_t location)
{
    if (party == 0 && location == 0) return;
    json_w_key(w, str_of(key));
    json_w_object(w);
    write_gln(w, "party", party);
    write_gln(w, "location", location);
    json_w_end(w);
}

void shipped_write(const struct shipped *s, struct json_w *w)
{
    write_end(w, "from", s->from_party, s->from_location);
    write_end(w, "to", s->to_party, s->to_location);
    json_w_key(w, S("documents"));
    json_w_array(w);
    for (uint32_t i = 0; i < s->document_count; i++) {
        const struct shipped_document *d = &s->documents[i];
        json_w_object(w);
        json_w_kstr(w, "type", epcis_word(EPCIS_VOC_TRADE, d->type));
        json_w_kstr(w, "id", d->id);
        if (d->gln != 0) write_gln(w, "gln", d->gln);
        json_w_end(w);
    }
    json_w_end(w);
    json_w_key(w, S("flags"));
    json_w_array(w);
    for (uint32_t i = 0; i < s->flag_count; i++) json_w_str(w, s->flags[i]);
    json_w_end(w);
}

static void write_time(struct json_w *w, struct moment m)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, m);
    json_w_kstr(w, "time", buf_str(&b));
    buf_fini(&b);
}

static status write_shipment(struct http_req *r, const struct fact *f, str id, struct buf *b)
{
    struct json_w w = json_writer(b);
    struct shipment s;

    TRY(shipment_get(f, &r->arena, &s));
    json_w_object(&w);
    json_w_kstr(&w, "shipment", id);
    json_w_kint(&w, "seq", (int64_t)caller_seq(caller_of(r), f));
    json_w_kint(&w, "units", (int64_t)s.tops.units);
    write_time(&w, f->event);
    shipped_write(&s.says, &w);
    if (s.report.extra.n > 0) {
        json_w_key(&w, S("extra"));
        json_w_raw(&w, s.report.extra);
    }
    json_w_end(&w);
    return OK;
}

// ---- making one

#define PLACE "/v1/shipments/"

static status write_made(struct http_req *r, const struct fact *f, struct buf *place, struct buf *b)
{
    struct shipment s;

    TRY(shipment_get(f, &r->arena, &s));
    buf_add(place, S(PLACE));
    opaque_put(api_site(r)->opaque_key, OPAQUE_SHIPMENT, s.says.number, place);
    return write_shipment(r, f, str_from(buf_str(place), sizeof PLACE - 1), b);
}

static void made(struct http_req *r, const struct ask *a)
{
    struct buf b, place;

    buf_init(&b, 2 * MB);
    buf_init(&place, 128);
    status st = write_made(r, &a->fact, &place, &b);
    if (st.cls == ST_OK) {
        http_reply_header(r, "Location", buf_str(&place));
        api_reply(r, 201, &b);
    } else {
        buf_fini(&b);
        http_problem(r, st, S(""));
    }
    buf_fini(&place);
}

static void shipment_make(struct http_req *r)
{
    struct shipment_ask *ask = NEW(&r->arena, struct shipment_ask);

    assert(ask != NULL); // the arena is new
    if (shipment_take(r, ask)) api_command(r, &kind_shipment_made, ask, made);
}

// ---- reading them

// The fact of the shipment in the path, in this snapshot. shipment.unknown also where it is another
// client's.
static status find(struct http_req *r, struct txn *t, struct fact *out)
{
    struct shipment_row row;
    uint64_t number;

    if (!opaque_get(api_site(r)->opaque_key, OPAQUE_SHIPMENT, r->param[0], &number) ||
        number > UINT32_MAX || !shipment_row_get(t, (uint32_t)number, &row) ||
        !caller_sees(caller_of(r), row.client))
        return fail(ST_NOT_FOUND, "shipment.unknown", 0, "there is no such shipment here");
    return journal_get(t, row.seq, &r->arena, out);
}

static void shipment_show(struct http_req *r)
{
    struct fact f;
    struct buf b;

    buf_init(&b, 2 * MB);
    status st = find(r, api_snapshot(r), &f);
    status end = api_snapshot_end(r);
    if (st.cls == ST_OK) st = end;
    if (st.cls == ST_OK) st = write_shipment(r, &f, r->param[0], &b);
    units_reply(r, st, &b);
}

static status write_units(struct http_req *r, struct unit_reader *u, uint64_t from, uint32_t limit,
                          struct json_w *w, uint64_t *next)
{
    struct unit_view v;
    struct shipment s;
    struct fact f;
    uint64_t at = 0;
    unit_id top;

    TRY(find(r, u->t, &f));
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
    uint64_t from, next = 0;
    struct buf b;

    if (!api_page(r, &page) || !units_page_from(r, &page, &from) || !units_open(r, &u)) return;
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    status st = units_close(r, &u, write_units(r, &u, from, page.limit, &w, &next));
    if (st.cls == ST_OK) {
        json_w_end(&w);
        units_page_next(r, &w, next);
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
    {.method = HTTP_GET, .path = "/v1/shipments/{shipment}", .roles = READERS,
     .run = shipment_show, .query = ""},
    {.method = HTTP_GET, .path = "/v1/shipments/{shipment}/units", .roles = READERS,
     .run = shipment_units, .query = "form limit page"},
    {0},
};
// clang-format on
