// Owner of everything here: the request's loop; memory is the request's arena, and a buffer of one
// piece. Numbers are made again from the fact, so that a repeat of the request gets the same.
#include "service/pool/numbers_out.h"
#include "common/bytes.h"
#include "common/csv.h"
#include "service/api/opaque.h"
#include "service/pool/pool_int.h"
#include "service/unit/unit_db.h"
#include <string.h>

enum { PIECE = 2048, PIECE_BYTES = 4 * 1024 * 1024 }; // numbers at once, and what they may take

enum shape { AS_JSON, AS_TEXT, AS_CSV, AS_NDJSON };
static const char *const types[] = {
    [AS_JSON] = "application/json",
    [AS_TEXT] = "text/plain",
    [AS_CSV] = "text/csv",
    [AS_NDJSON] = "application/x-ndjson",
};

enum phase { HEAD, NUMBERS, ATTRIBUTES, DONE };

struct out {
    struct http_req *r;
    enum shape form;
    struct issued issued;
    struct runs runs;
    enum phase phase;
    uint32_t run, at;        // the next number
    bool some;               // of the present JSON array were written, a comma after each
    struct list_names names; // of the attributes that the pool's numbers have
    str head;                // members of the JSON object before the numbers
    struct buf *b;           // of the present piece
};

int numbers_form(struct http_req *r)
{
    int form = http_header(r, S("Accept")).n == 0 ? AS_JSON : http_negotiate(r, types, LEN(types));

    if (form < 0)
        http_problem(r,
                     fail(ST_NOT_ACCEPTABLE, "accept.none", 0,
                          "numbers come as JSON, text/plain, text/csv or application/x-ndjson"),
                     S(""));
    return form;
}

// ---- one number

static void put_json(struct buf *b, str s)
{
    struct json_w w = json_writer(b);
    json_w_str(&w, s);
}

static void put_attributes(struct buf *b, str packed, bool comma)
{
    struct bytes_pairs pairs = bytes_pairs(packed);
    str name, value;

    while (bytes_pair(&pairs, &name, &value)) {
        if (comma) buf_addc(b, ',');
        put_json(b, name);
        buf_addc(b, ':');
        put_json(b, value);
        comma = true;
    }
}

static void put_columns(const struct out *o, str packed)
{
    for (uint32_t i = 0; i < o->names.n; i++) {
        struct bytes_pairs pairs = bytes_pairs(packed);
        str name, value;
        buf_addc(o->b, ',');
        while (bytes_pair(&pairs, &name, &value))
            if (str_eq(name, o->names.name[i])) csv_put(o->b, value);
    }
}

static void put_number(void *self, const struct list_number *x)
{
    struct out *o = self;

    if (o->form == AS_JSON) {
        o->some = true;
        if (o->phase == NUMBERS) {
            put_json(o->b, x->text);
        } else {
            buf_addc(o->b, '{');
            put_attributes(o->b, x->attributes, false);
            buf_addc(o->b, '}');
        }
        buf_addc(o->b, ',');
        return;
    }
    if (o->form == AS_TEXT) buf_add(o->b, x->text);
    if (o->form == AS_CSV) {
        csv_put(o->b, x->text);
        put_columns(o, x->attributes);
    }
    if (o->form == AS_NDJSON) {
        buf_add(o->b, o->issued.is_sscc ? S("{\"sscc\":") : S("{\"serial\":"));
        put_json(o->b, x->text);
        put_attributes(o->b, x->attributes, true);
        buf_addc(o->b, '}');
    }
    buf_addc(o->b, '\n');
}

static void put_text(void *self, str text)
{
    struct list_number x = {.text = text};
    put_number(self, &x);
}

// What stands around each text that needs no escaping, where numbers have no attributes.
static struct names_frame frame_of(const struct out *o)
{
    switch (o->form) {
    case AS_JSON: return (struct names_frame){S("\""), S("\",")};
    case AS_NDJSON:
        return (struct names_frame){o->issued.is_sscc ? S("{\"sscc\":\"") : S("{\"serial\":\""),
                                    S("\"}\n")};
    default: return (struct names_frame){S(""), S("\n")};
    }
}

// ---- pieces

static void put_head(struct out *o)
{
    if (o->form == AS_JSON) {
        buf_add(o->b, o->head);
        buf_add(o->b, o->issued.is_sscc ? S(",\"ssccs\":[") : S(",\"serials\":["));
    }
    if (o->form != AS_CSV) return;
    buf_add(o->b, o->issued.is_sscc ? S("sscc") : S("serial"));
    for (uint32_t i = 0; i < o->names.n; i++) {
        buf_addc(o->b, ',');
        csv_put(o->b, o->names.name[i]);
    }
    buf_addc(o->b, '\n');
}

static status put_generated(struct out *o, struct txn *t, struct run r)
{
    struct names *names = names_here(api_site(o->r));
    struct names_frame frame = frame_of(o);

    if (!names_framed(names, t, r, &frame, o->b)) return names_texts(names, t, r, put_text, o);
    o->some = true;
    return txn_status(t);
}

static status put_run(struct out *o, struct txn *t, struct run r)
{
    if (!o->issued.is_list) return put_generated(o, t, r);
    if (list_numbers(t, r, put_number, o)) return OK;
    TRY(txn_status(t));
    return fail(ST_STORE, "store.corrupt", 0, "an imported number is missing");
}

// The next numbers, at most PIECE. False: there are no more.
static bool put_some(struct out *o, struct txn *t, status *st)
{
    for (uint32_t room = PIECE; room > 0 && o->run < o->runs.n;) {
        struct run r = o->runs.at[o->run];
        r.first.v += o->at;
        r.count -= o->at;
        if (r.count > room) r.count = room;
        *st = put_run(o, t, r);
        if (st->cls != ST_OK) return false;
        room -= r.count;
        o->at += r.count;
        if (o->at == o->runs.at[o->run].count) o->run++, o->at = 0;
    }
    return o->run < o->runs.n;
}

static void next_phase(struct out *o)
{
    bool attributes = o->phase == NUMBERS && o->form == AS_JSON && o->names.n > 0;

    if (o->form == AS_JSON && o->some && !o->b->failed) o->b->n--; // the last comma
    if (o->form == AS_JSON) buf_add(o->b, attributes ? S("],\"attributes\":[") : S("]}"));
    o->phase = attributes ? ATTRIBUTES : DONE;
    o->run = o->at = 0;
    o->some = false;
}

// Fills the buffer with the next piece; o->phase is DONE when it was the last.
static status put_piece(struct out *o, struct txn *t, struct buf *b)
{
    status st = OK;

    o->b = b;
    if (o->phase == HEAD) {
        put_head(o);
        o->phase = NUMBERS;
    }
    if (!put_some(o, t, &st) && st.cls == ST_OK) next_phase(o);
    return st.cls == ST_OK && b->failed
               ? fail(ST_INTERNAL, "reply.ceiling", 0, "a piece of the answer is too long")
               : st;
}

static void went(struct http_req *r) { (void)r; } // all memory is the request's

static void go_on(struct http_req *r)
{
    struct out *o = r->work;
    struct buf b;

    buf_init(&b, PIECE_BYTES);
    status st = api_snapshot_end(o->r, put_piece(o, api_snapshot(o->r), &b));
    bool done = o->phase == DONE;
    if (st.cls == ST_OK) http_reply_write(r, buf_str(&b));
    buf_fini(&b);
    if (st.cls != ST_OK)
        http_reply_break(r); // a short answer must not look whole
    else if (done)
        http_reply_end(r);
}

// ---- what is told

// Did the request's number come back to its pool and go to somebody else?
static bool is_gone(struct txn *t, const struct request_row *q, unit_id u)
{
    struct issue_row i;
    return q->returned > 0 && (!issue_of(t, u, &i) || i.seq != q->seq);
}

// Only those that nobody has reported: never printed, or printed and not yet seen good or bad.
static status leave_unused(struct out *o, struct txn *t, uint64_t request)
{
    struct request_row q = {.returned = 0};
    struct unit_rows rows;
    struct runs kept = {.at = NEW_ARRAY(&o->r->arena, struct run, o->runs.units + 1)};
    unit_id u;

    if (kept.at == NULL) return no_memory();
    (void)request_get(t, request, &q);
    unit_rows_read(&rows, t);
    for (struct run_walk w = runs_walk(&o->runs); run_next(&w, &u);) {
        if (unit_get(&rows, u).state > UNIT_PRINTED || is_gone(t, &q, u)) continue;
        runs_add(&kept, (struct run){u, 1});
    }
    o->runs = kept;
    return txn_status(t);
}

void request_members(struct txn *t, const struct site *site, const struct request_row *q,
                     struct json_w *w)
{
    str pool = item_name(t, &noun_pool, q->pool);
    struct buf id;

    buf_init(&id, OPAQUE_LEN + 1);
    opaque_put(site->opaque_key, OPAQUE_REQUEST, q->seq, &id);
    json_w_kstr(w, "request", buf_str(&id));
    buf_fini(&id);
    if (pool.n > 0) json_w_kstr(w, "pool", pool);
    if (q->gtin[0] != 0) json_w_kstr(w, "gtin", (str){q->gtin, sizeof q->gtin});
    json_w_kint(w, "quantity", q->quantity);
}

void request_state_members(const struct request_row *q, struct json_w *w)
{
    json_w_kstr(w, "state", str_of(request_state_word(q->state)));
    if (q->returned > 0) json_w_kint(w, "returned", q->returned);
    if (q->line.n > 0) json_w_kstr(w, "line", q->line);
    if (q->lot.n > 0) json_w_kstr(w, "lot", q->lot);
    if (q->order.n > 0) json_w_kstr(w, "order", q->order);
    json_w_kwall(w, "time", q->at);
}

// Where its state is not told the fact says all: nothing more is read for a line that waits.
static status head_make(struct out *o, struct txn *t, const struct numbers_answer *a)
{
    struct request_row q = {
        .seq = a->fact.seq, .pool = o->issued.pool, .quantity = o->issued.count};
    struct buf b;

    memcpy(q.gtin, o->issued.gtin, sizeof q.gtin);
    if (a->tells_state && !request_get(t, a->fact.seq, &q)) {
        TRY(txn_status(t));
        return fail(ST_STORE, "store.corrupt", 0, "a request without a row");
    }
    buf_init(&b, 16 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    request_members(t, api_site(o->r), &q, &w);
    if (a->tells_state) request_state_members(&q, &w);
    o->head = arena_str(&o->r->arena, buf_str(&b));
    buf_fini(&b);
    return o->head.p == NULL ? no_memory() : OK;
}

static status names_load(struct out *o, struct txn *t)
{
    list_names_get(t, o->issued.pool, &o->names);
    for (uint32_t i = 0; i < o->names.n; i++) {
        o->names.name[i] = arena_str(&o->r->arena, o->names.name[i]);
        if (o->names.name[i].p == NULL) return no_memory();
    }
    return OK;
}

static status prepare(struct out *o, struct txn *t, const struct numbers_answer *a)
{
    TRY(issued_of(&a->fact, &o->issued));
    TRY(issued_runs(&o->issued, &o->r->arena, &o->runs));
    if (a->unused_only) TRY(leave_unused(o, t, a->fact.seq));
    if (o->issued.is_list) TRY(names_load(o, t));
    return head_make(o, t, a);
}

static void tell_where(struct http_req *r, uint64_t seq)
{
    struct buf b;

    buf_init(&b, 256);
    opaque_put(api_site(r)->opaque_key, OPAQUE_REQUEST, seq, &b);
    http_reply_header(r, "Packtrail-Request", buf_str(&b));
    buf_reset(&b);
    buf_add(&b, S("/v1/serials/requests/"));
    opaque_put(api_site(r)->opaque_key, OPAQUE_REQUEST, seq, &b);
    http_reply_header(r, "Location", buf_str(&b));
    buf_fini(&b);
}

// With the whole answer, where it is one piece: o->phase is DONE then.
static status begin(struct out *o, struct txn *t, const struct numbers_answer *a, struct buf *whole)
{
    status st = prepare(o, t, a);

    if (o->runs.units > PIECE) return st;
    while (st.cls == ST_OK && o->phase != DONE) st = put_piece(o, t, whole);
    return st;
}

void numbers_reply(struct http_req *r, const struct numbers_answer *a)
{
    struct out *o = NEW(&r->arena, struct out);
    struct buf whole;

    if (o == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    o->r = r;
    o->form = (enum shape)a->form;
    buf_init(&whole, PIECE_BYTES);
    status st = api_snapshot_end(r, begin(o, api_snapshot(r), a, &whole));
    bool done = o->phase == DONE;
    if (st.cls == ST_OK && a->code == 201) tell_where(r, a->fact.seq);
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else if (done)
        http_reply_buf(r, a->code, types[o->form], &whole);
    buf_fini(&whole);
    if (st.cls != ST_OK || done) return;
    r->work = o;
    http_reply_start(r, a->code, types[o->form], go_on, went);
    go_on(r);
}
