// GET /v1/exceptions and GET /v1/exceptions/summary.
//
// Rows lie by client, and apart by whether they are resolved. A list merges the heads of all that
// the caller may see, newest first; the number of a row (its fact's seq and index) is unique over
// all of them, so that it alone says where the next page begins.
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/units_api.h"
#include "service/exception/refused.h"
#include "service/inbox/inbox_int.h"
#include "service/journal/refusal.h"

#define LOOKED_AT 5000u // rows for one page: with a rare filter a page may be shorter than asked
#define HEADS_MAX 8192u // clients twice

struct head { // the newest row of one client and sort that is not yet passed
    client_id client;
    bool resolved;
    uint64_t seq; // 0: there is none
    unsigned index;
};

struct wish { // what the query asks for
    enum exception_kind kind;
    enum exception_state state;
    str lot, owner;
    uint32_t product; // 0: any
    bool one_unit;
    unit_id unit;     // {0}: it is not known here, but a refusal may name it
    struct gs1_id id; // of it
    wall since;
};

struct listing {
    struct inbox x;
    struct wish wish;
    struct head *heads;
    uint32_t n;
};

// ---- the query

static status word_bad(const char *what)
{
    return fail(ST_BAD_INPUT, "field.word", 0, "%s: there is no such word", what);
}

static status read_gtin(struct listing *l, str text)
{
    struct gtin_row row;
    char gtin[14];

    TRY(gs1_gtin_read(text, gtin));
    if (!gtin_get(l->x.t, gtin, &row) || !caller_sees(l->x.caller, row.client))
        return fail(ST_NOT_FOUND, "product.unknown", 0, "gtin: there is no such product");
    l->wish.product = row.product;
    return OK;
}

static status read_unit(struct listing *l, str text)
{
    struct unit_view v;

    TRY(unit_read(text, l->x.a, &l->wish.id));
    l->wish.one_unit = true;
    status st = unit_look(&l->x.units, text, &v);
    if (st.cls == ST_OK) l->wish.unit = v.unit;
    return st.cls == ST_NOT_FOUND ? OK : st;
}

static status read_wish(struct listing *l)
{
    struct http_req *r = l->x.r;
    struct wish *w = &l->wish;
    struct moment since = {{0}, 0};
    str v;

    if (http_query(r, S("kind"), &v) && !exception_kind_find(v, &w->kind)) return word_bad("kind");
    if (http_query(r, S("state"), &v) && !exception_state_find(v, &w->state))
        return word_bad("state");
    if (http_query(r, S("since"), &v)) TRY(when_read(v, &since));
    w->since = since.at;
    (void)http_query(r, S("lot"), &w->lot);
    (void)http_query(r, S("owner"), &w->owner);
    if (http_query(r, S("gtin"), &v)) TRY(read_gtin(l, v));
    return http_query(r, S("unit"), &v) ? read_unit(l, v) : OK;
}

// ---- what fits it

static bool fits_lot(struct listing *l, const struct exception_row *row)
{
    struct inbox_product p;

    if (l->wish.lot.n == 0) return true;
    return inbox_product(&l->x, row, &p).cls == ST_OK && str_eq(p.lot, l->wish.lot);
}

static bool fits_product(struct listing *l, const struct exception_row *row)
{
    struct inbox_product p;
    struct gtin_row g;

    if (l->wish.product == 0) return true;
    return inbox_product(&l->x, row, &p).cls == ST_OK && p.gtin.n == 14 &&
           gtin_get(l->x.t, p.gtin.p, &g) && g.product == l->wish.product;
}

static bool fits_unit(struct listing *l, const struct exception_row *row)
{
    struct refused refused;
    struct fact f;

    if (!l->wish.one_unit) return true;
    if (row->unit != 0 && row->unit == l->wish.unit.v) return true;
    if (row->kind != EXCEPTION_OF_REFUSED) return false;
    return journal_get(l->x.t, row->id.seq, l->x.a, &f).cls == ST_OK &&
           refusal_get(f.decided, l->x.a, &refused).cls == ST_OK &&
           refused_names(refused.units, &l->wish.id, l->x.a);
}

static bool fits(struct listing *l, const struct exception_row *row)
{
    const struct wish *w = &l->wish;

    if (w->kind != 0 && row->kind != w->kind) return false;
    if (w->state != 0 && row->state != w->state) return false;
    if (w->owner.n > 0 && !str_eq(row->owner, w->owner)) return false;
    return inbox_sees(&l->x, row) && fits_lot(l, row) && fits_product(l, row) && fits_unit(l, row);
}

// ---- the heads

static void advance(struct listing *l, struct head *h)
{
    struct exception_walk_of of = {h->client, h->resolved, h->seq, h->index};
    struct exception_row row;
    struct exception_walk w;

    exception_walk_open(&w, l->x.t, &of);
    bool found = exception_walk_next(&w, &row);
    exception_walk_close(&w);
    h->seq = found ? row.id.seq : 0;
    h->index = found ? row.id.index : 0;
}

static void add_head(struct listing *l, client_id c, bool resolved, uint64_t from)
{
    struct head *h = &l->heads[l->n];

    if (l->wish.state != 0 && (l->wish.state == EXCEPTION_RESOLVED) != resolved) return;
    *h = (struct head){c, resolved, from >> 8, (unsigned)(from & 0xff)};
    advance(l, h);
    if (h->seq != 0) l->n++;
}

static status open_heads(struct listing *l, uint64_t from)
{
    client_id c = {0};

    l->heads = NEW_ARRAY(l->x.a, struct head, HEADS_MAX);
    if (l->heads == NULL) return no_memory();
    for (bool more = exception_client(l->x.t, 0, &c); more && l->n + 2 <= HEADS_MAX;
         more = exception_client(l->x.t, c.v + 1, &c)) {
        if (!caller_sees(l->x.caller, c)) continue;
        add_head(l, c, false, from);
        add_head(l, c, true, from);
    }
    return txn_status(l->x.t);
}

// The newest of all heads; NULL: there is no more.
static struct head *newest(struct listing *l)
{
    struct head *best = NULL;

    for (uint32_t i = 0; i < l->n; i++) {
        struct head *h = &l->heads[i];
        if (h->seq == 0) continue;
        if (best == NULL || h->seq > best->seq || (h->seq == best->seq && h->index > best->index))
            best = h;
    }
    return best;
}

static status write_items(struct listing *l, uint32_t limit, struct json_w *w, uint64_t *next)
{
    uint32_t shown = 0, looked = 0;
    uint64_t last = 0;
    struct head *h;

    for (; (h = newest(l)) != NULL; advance(l, h)) {
        struct exception_id id = {h->client, h->seq, (uint8_t)h->index};
        struct exception_row row;
        if (shown == limit || looked++ == LOOKED_AT) return *next = last, OK;
        last = h->seq << 8 | h->index;
        if (!exception_get(l->x.t, &id, &row)) break;
        if (row.at.ms < l->wish.since.ms) break;
        if (!fits(l, &row)) continue;
        json_w_object(w);
        inbox_brief(&l->x, &row, w);
        json_w_end(w);
        shown++;
    }
    return txn_status(l->x.t);
}

static status list(struct listing *l, uint32_t limit, uint64_t from, struct json_w *w)
{
    uint64_t next = 0;

    TRY(read_wish(l));
    TRY(open_heads(l, from));
    json_w_object(w);
    json_w_key(w, S("items"));
    json_w_array(w);
    TRY(write_items(l, limit, w, &next));
    json_w_end(w);
    api_page_on(l->x.r, w, next);
    json_w_end(w);
    return OK;
}

void inbox_list(struct http_req *r)
{
    struct listing l = {.n = 0};
    struct api_page page;
    uint64_t from = 0;
    struct buf b;

    if (!api_page(r, &page) || !api_page_from(r, &page, &from)) return;
    buf_init(&b, INBOX_TEXT_MAX);
    struct json_w w = json_writer(&b);
    inbox_open(&l.x, r);
    inbox_reply(r, 200, inbox_close(&l.x, list(&l, page.limit, from, &w)), &b);
}

// ---- how many there are

static void write_counts(struct inbox *x, client_id c, struct json_w *w)
{
    json_w_object(w);
    if (c.v != 0) json_w_kstr(w, "client", client_name(x->t, c, x->a));
    json_w_key(w, S("kinds"));
    json_w_array(w);
    for (unsigned k = 1; k < EXCEPTION_OF_END; k++) {
        struct exception_counts n = exception_counts_get(x->t, c, (enum exception_kind)k);
        if (n.open + n.assigned + n.resolved == 0) continue;
        json_w_object(w);
        json_w_kstr(w, "kind", str_of(exception_kind_word((enum exception_kind)k)));
        json_w_kint(w, "open", (int64_t)n.open);
        json_w_kint(w, "assigned", (int64_t)n.assigned);
        json_w_kint(w, "resolved", (int64_t)n.resolved);
        json_w_end(w);
    }
    json_w_end(w);
    json_w_end(w);
}

void inbox_summary(struct http_req *r)
{
    client_id c = {0};
    struct inbox x;
    struct buf b;

    buf_init(&b, INBOX_TEXT_MAX);
    struct json_w w = json_writer(&b);
    inbox_open(&x, r);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    for (bool more = exception_client(x.t, 0, &c); more; more = exception_client(x.t, c.v + 1, &c))
        if (caller_sees(x.caller, c)) write_counts(&x, c, &w);
    json_w_end(&w);
    json_w_end(&w);
    inbox_reply(r, 200, inbox_close(&x, OK), &b);
}
