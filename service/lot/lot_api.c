// Lots over HTTP: open, close, show (also as it was), list. Another client's lot does not exist
// (404), for a caller that is bound to clients.
#include "common/form.h"
#include "service/api/api.h"
#include "service/catalog/place.h"
#include "service/client/client.h"
#include "service/gs1/id.h"
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"
#include <string.h>

#define READERS  "operator qa auditor admin line gateway client"
#define BODY_MAX (64 * KB)
#define SCAN_MAX 20000u // lots looked at for one page; the rest is for the next one

// ---- what is told of a lot

static void write_expiry(struct json_w *w, const struct lot *lot)
{
    struct date d = lot->expiry;
    char text[16];
    struct buf b;

    if (d.day == 0) d.day = date_month_days(d.year, d.month);
    buf_init(&b, sizeof text);
    buf_addf(&b, "%04d-%02u-%02u", d.year, d.month, d.day);
    json_w_kstr(w, "expiry", buf_str(&b));
    buf_fini(&b);
    json_w_kstr(w, "expiry_printed", lot->expiry_printed);
}

static void write_names(struct json_w *w, str names)
{
    str name;

    json_w_key(w, S("lines"));
    json_w_array(w);
    while (str_cut(&names, ',', &name)) json_w_str(w, name);
    json_w_str(w, names);
    json_w_end(w);
}

struct told { // of a lot, beside its row
    struct product product;
    struct lot_counts counts;
    uint64_t returned[PRODUCT_LEVELS_MAX];
    struct lot_papers papers;
};

struct level { // of one to be told
    uint8_t level;
    const struct lot_level_counts *counts;
    uint64_t returned;
};

// What machines and people counted.
static void write_counters(struct json_w *w, const struct lot_papers *p, uint8_t level)
{
    bool any = false;

    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        if (p->level[level].physical[i].seq == 0) continue;
        if (!any) json_w_key(w, S("counters")), json_w_object(w);
        any = true;
        json_w_kint(w, physical_word((enum physical)i), (int64_t)p->level[level].physical[i].value);
    }
    if (any) json_w_end(w);
}

static void write_level(struct json_w *w, const struct product *p, const struct lot_papers *papers,
                        const struct level *l)
{
    static const char *const words[COUNT_END] = {
#define X(name, member) #member,
        LOT_COUNTS(X)
#undef X
    };
    uint8_t level = l->level;
    bool named = level < p->level_count;

    json_w_object(w);
    json_w_kstr(w, "level", named ? p->levels[level].level : S("sscc"));
    if (named && !p->levels[level].is_sscc)
        json_w_kstr(w, "gtin", (str){p->levels[level].gtin, sizeof p->levels[level].gtin});
    json_w_kint(w, "issued", (int64_t)l->counts->issued);
    for (unsigned i = 0; i < COUNT_END; i++) json_w_kint(w, words[i], (int64_t)l->counts->of[i]);
    json_w_kint(w, "returned", (int64_t)l->returned);
    write_counters(w, papers, level);
    json_w_end(w);
}

// Every level of the product, and the SSCCs of a product that names no such level.
static void write_levels(struct json_w *w, const struct told *told)
{
    static const struct lot_level_counts nothing;
    const struct product *p = &told->product;
    const struct lot_counts *c = &told->counts;
    const struct lot_level_counts *others = &c->level[LEVEL_SSCC];
    bool more = p->level_count <= LEVEL_SSCC && memcmp(others, &nothing, sizeof nothing) != 0;

    json_w_key(w, S("levels"));
    json_w_array(w);
    for (uint8_t i = 0; i < PRODUCT_LEVELS_MAX; i++) {
        bool is = i < p->level_count ? !p->levels[i].label_only : i == LEVEL_SSCC && more;
        struct level l = {i, &c->level[i], told->returned[i]};
        if (is) write_level(w, p, &told->papers, &l);
    }
    json_w_end(w);
}

void lot_words_write(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w)
{
    struct lot_value said;

    json_w_kstr(w, "lot", lot->lot);
    json_w_kstr(w, "gtin", (str){lot->gtin, sizeof lot->gtin});
    json_w_kstr(w, "client", client_name(t, lot->client, a));
    json_w_kstr(w, "state", str_of(lot_state_word(lot->state)));
    if (lot->held) json_w_kbool(w, "held", true);
    write_expiry(w, lot);
    json_w_kint(w, "product_version", lot->product_version);
    if (lot->line.n > 0) json_w_kstr(w, "line", lot->line);
    if (lot->lines.n > 0) write_names(w, lot->lines);
    if (lot->order.n > 0) json_w_kstr(w, "order", lot->order);
    if (lot->quantity > 0) json_w_kint(w, "quantity", (int64_t)lot->quantity);
    if (lot_said(t, lot->opened_seq, a, &said)) {
        if (said.produced.n > 0) json_w_kstr(w, "produced", said.produced);
        if (said.packaging.n > 0) json_w_kstr(w, "packaging", said.packaging);
    }
    if (lot->extra.n > 0) {
        json_w_key(w, S("extra"));
        json_w_raw(w, lot->extra);
    }
}

static status write_members(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w)
{
    struct told told = {.counts = lot_counts_get(t, lot->number)};

    TRY(product_get_version(t, lot->product, lot->product_version, a, &told.product));
    lot_asked(t, lot, &told.product, &told.counts, told.returned);
    lot_papers_get(t, lot->number, &told.papers);
    lot_words_write(t, lot, a, w);
    write_levels(w, &told);
    return OK;
}

static status write_lot(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w)
{
    json_w_object(w);
    status st = write_members(t, lot, a, w);
    json_w_end(w);
    return st;
}

// With signatures and what waits for one.
static status write_whole(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w)
{
    json_w_object(w);
    status st = write_members(t, lot, a, w);
    if (st.cls == ST_OK)
        lot_signatures_write(t, &(struct signed_wish){lot->number, UINT64_MAX, NULL}, a, w);
    if (st.cls == ST_OK) lot_pendings_write(t, lot, a, w);
    json_w_end(w);
    return st;
}

status lot_unknown(void) { return fail(ST_NOT_FOUND, "lot.unknown", 0, "there is no such lot"); }

// Takes the buf: the answer when all went well, else the problem.
void lot_reply(struct http_req *r, status st, int code, struct buf *b)
{
    if (st.cls == ST_OK) {
        api_reply(r, code, b);
        return;
    }
    buf_fini(b);
    http_problem(r, st, S(""));
}

// ---- open

// From the fact alone, so that a repeat is told the same whatever became of the lot.
static status write_opened(struct txn *t, const struct fact *f, struct arena *a, struct json_w *w)
{
    struct told told = {0};
    struct lot lot;

    TRY(lot_of_opened(f, a, &lot));
    if (lot.extra.n > 0) lot.extra = lot_extra_opened(t, f->seq, a);
    TRY(product_get_version(t, lot.product, lot.product_version, a, &told.product));
    json_w_object(w);
    lot_words_write(t, &lot, a, w);
    write_levels(w, &told);
    json_w_end(w);
    return OK;
}

static void open_render(struct http_req *r, const struct ask *a)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    status st = write_opened(api_snapshot(r), &a->fact, &r->arena, &w);
    lot_reply(r, api_snapshot_end(r, st), a->repeat ? 200 : 201, &b);
}

static status check_lines(struct txn *t, const struct lot_value *v)
{
    const str *names = v->lines.items;
    struct line line;

    if (v->line.n > 0 && !line_get(t, v->line, &line))
        return fail(ST_UNPROCESSABLE, "line.unknown", 0, "line: there is no line %.*s",
                    STR(v->line));
    for (uint32_t i = 0; i < v->lines.n; i++)
        if (!line_get(t, names[i], &line))
            return fail(ST_UNPROCESSABLE, "line.unknown", 0, "lines: there is no line %.*s",
                        STR(names[i]));
    return OK;
}

// Finds product and client, and brings what was sent to the one form that repeats are told by.
static status complete(struct http_req *r, struct txn *t, struct lot_open_ask *ask)
{
    struct lot_value *v = &ask->value;
    struct product p;
    struct gtin_row g;
    client_id named;

    if (!gtin_get(t, v->gtin.p, &g) || !caller_sees(caller_of(r), g.client))
        return fail(ST_UNPROCESSABLE, "product.unknown", 0, "gtin: no product has it");
    if (v->client.n > 0 && (!client_by_name(t, v->client, &named) || named.v != g.client.v))
        return fail(ST_UNPROCESSABLE, "lot.client", 0, "client: the product is not that client's");
    TRY(check_lines(t, v));
    TRY(product_get(t, g.product, &r->arena, &p));
    ask->client = g.client;
    ask->product = g.product;
    TRY(lot_expiry_read(v->expiry, &ask->expiry));
    TRY(lot_produced_check(v->produced, ask->expiry));
    v->client = (str){0};
    v->gtin = arena_str(&r->arena, (str){p.gtin, sizeof p.gtin});
    return v->gtin.p == NULL ? no_memory() : OK;
}

static void lot_open(struct http_req *r)
{
    struct lot_open_ask *ask = NEW(&r->arena, struct lot_open_ask);

    if (ask == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    if (!api_body(r, &lot_form, &ask->value)) return;
    api_answers(r, open_render);
    struct txn *t = api_snapshot(r);
    status st = complete(r, t, ask);
    status end = api_snapshot_end(r, OK);
    if (end.cls != ST_OK)
        http_problem(r, end, S(""));
    else if (st.cls != ST_OK)
        api_refuse(r, &kind_lot_opened, ask->client, st, S(""));
    else
        api_command(r, &kind_lot_opened, ask, open_render);
}

// ---- show

// The lot that the path names; false where this caller knows of none.
bool lot_named(struct http_req *r, struct txn *t, struct lot *out)
{
    char gtin[14];

    return gs1_gtin_read(r->param[0], gtin).cls == ST_OK &&
           lot_find(t, gtin, r->param[1], &r->arena, out) && caller_sees(caller_of(r), out->client);
}

static status show(struct http_req *r, struct json_w *w)
{
    struct txn *t = api_snapshot(r);
    struct moment at;
    struct lot lot;
    str v;

    if (!lot_named(r, t, &lot)) return lot_unknown();
    if (!http_query(r, S("at"), &v)) return write_whole(t, &lot, &r->arena, w);
    TRY(when_read(v, &at));
    return lot_then_write(t, &lot, (struct lot_then){at.at, UINT64_MAX}, at, &r->arena, w);
}

static void lot_show(struct http_req *r)
{
    struct buf b;

    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    status st = show(r, &w);
    lot_reply(r, api_snapshot_end(r, st), 200, &b);
}

// ---- list

struct filter {
    str line;
    enum lot_state state; // 0: any
    client_id client;     // 0: any
    uint32_t product;     // 0: any
    bool nothing;         // names what is not there
};

static bool read_state(struct http_req *r, struct filter *f)
{
    str word;

    if (!http_query(r, S("state"), &word)) return true;
    for (enum lot_state s = LOT_OPEN; s <= LOT_RECALLED; s++)
        if (str_eq(word, str_of(lot_state_word(s)))) return f->state = s, true;
    http_problem(
        r,
        fail(ST_BAD_INPUT, "lot.state", 0, "state: open, closed, released, reopened or recalled"),
        S(""));
    return false;
}

static void read_names(struct http_req *r, struct txn *t, struct filter *f)
{
    struct gtin_row g;
    char gtin[14];
    str v;

    (void)api_query_name(r, S("line"), &f->line);
    if (http_query(r, S("client"), &v)) f->nothing = !client_by_name(t, v, &f->client);
    if (!http_query(r, S("gtin"), &v)) return;
    if (gs1_gtin_read(v, gtin).cls == ST_OK && gtin_get(t, gtin, &g))
        f->product = g.product;
    else
        f->nothing = true;
}

static bool passes(const struct filter *f, const struct lot *lot)
{
    if (f->state != 0 && lot->state != f->state) return false;
    if (f->client.v != 0 && lot->client.v != f->client.v) return false;
    if (f->product != 0 && lot->product != f->product) return false;
    if (f->line.n == 0) return true;
    return str_eq(lot->line, f->line) || (lot->lines.n > 0 && lot_takes_line(lot, f->line));
}

// Writes a page; *next is the number of the lot to go on with, 0: there are no more.
static status list(struct http_req *r, const struct filter *f, uint32_t limit, uint64_t *next,
                   struct json_w *w)
{
    struct txn *t = api_snapshot(r);
    uint32_t from = (uint32_t)*next, shown = 0, seen = 0;
    status st = OK;
    char key[5];
    struct lot lot;

    *next = 0;
    struct walk walk = lot_walk(t, from, key);
    while (st.cls == ST_OK && lot_next(&walk, &r->arena, &lot)) {
        if (shown == limit || seen++ == SCAN_MAX) {
            *next = lot.number;
            break;
        }
        if (!caller_sees(caller_of(r), lot.client) || !passes(f, &lot)) continue;
        st = write_lot(t, &lot, &r->arena, w);
        shown++;
    }
    walk_close(&walk);
    return api_snapshot_end(r, st);
}

static void lot_list(struct http_req *r)
{
    struct api_page page;
    struct filter f = {0};
    uint64_t next = 1;
    struct buf b;
    status st = OK;

    if (!api_page(r, &page) || !api_page_from(r, &page, &next) || !read_state(r, &f)) return;
    read_names(r, api_snapshot(r), &f);
    st = api_snapshot_end(r, OK);
    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    if (f.nothing) next = 0;
    if (st.cls == ST_OK && next != 0) st = list(r, &f, page.limit, &next, &w);
    json_w_end(&w);
    api_page_on(r, &w, next);
    json_w_end(&w);
    lot_reply(r, st, 200, &b);
}

// ---- close

static const struct form close_form = {
    "lot", sizeof(str),
    (const struct form_field[]){{.name = "reason", .kind = FORM_STR, .max = 500}, {0}},
      1
};

static void close_render(struct http_req *r, const struct ask *a)
{
    struct lot_closed c;
    struct buf b;
    status st = lot_closed_get(a->fact.decided, &c);

    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    if (st.cls == ST_OK) {
        json_w_kint(&w, "open_containers", (int64_t)c.ends.open_containers);
        json_w_kint(&w, "unconfirmed", (int64_t)c.ends.unconfirmed);
        json_w_kint(&w, "loose", (int64_t)c.ends.loose);
        json_w_kint(&w, "unknown_fate", (int64_t)c.ends.unknown_fate);
    }
    json_w_key(&w, S("partners"));
    json_w_array(&w);
    if (st.cls == ST_OK && c.partners.n > 0) json_w_raw(&w, c.partners);
    json_w_end(&w);
    json_w_end(&w);
    lot_reply(r, st, 200, &b);
}

// What partners of the client still wait for, as items without brackets.
static str waiting(struct http_req *r, struct txn *t, client_id client)
{
    const struct site *site = api_site(r);
    struct buf b;
    str all;

    if (site->waiting == NULL) return (str){"", 0};
    buf_init(&b, 256 * KB);
    struct json_w w = json_writer(&b);
    json_w_array(&w);
    site->waiting(site, t, client, &w);
    json_w_end(&w);
    if (buf_done(&b, &all).cls != ST_OK) all = S("[]");
    all = arena_str(&r->arena, (str){all.p + 1, all.n - 2});
    buf_fini(&b);
    return all;
}

static void lot_close(struct http_req *r)
{
    struct lot_close_ask *ask = NEW(&r->arena, struct lot_close_ask);
    struct lot lot = {0};

    if (ask == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    if (r->body.n > 0 && !api_body(r, &close_form, &ask->reason)) return;
    api_answers(r, close_render);
    status st = api_reason_check(caller_of(r), ask->reason);
    if (st.cls != ST_OK) {
        api_fail(r, st);
        return;
    }
    struct txn *t = api_snapshot(r);
    st = lot_named(r, t, &lot) ? OK : lot_unknown();
    if (st.cls == ST_OK) ask->partners = waiting(r, t, lot.client);
    ask->number = lot.number;
    st = api_snapshot_end(r, st);
    if (st.cls != ST_OK)
        api_fail(r, st); // an address that leads nowhere, no act that is refused
    else
        api_command(r, &kind_lot_closed, ask, close_render);
}

// clang-format off
const struct http_route lot_routes[] = {
    {.method = HTTP_POST, .path = "/v1/lots", .roles = "operator", .body_max = BODY_MAX,
     .run = lot_open, .query = ""},
    {.method = HTTP_GET, .path = "/v1/lots", .roles = READERS,
     .run = lot_list, .query = "line state gtin client limit page"},
    {.method = HTTP_GET, .path = "/v1/lots/{gtin}/{lot}", .roles = READERS,
     .run = lot_show, .query = "at"},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/close", .roles = "operator",
     .body_max = BODY_MAX, .run = lot_close, .query = ""},
    {0},
};
// clang-format on
