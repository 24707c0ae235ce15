#include "trade_site.h"
#include "common/http.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/report.h"
#include "service/event/units_api.h"
#include "service/lot/lot.h"
#include "service/pool/issue.h"
#include "service/pool/pool.h"
#include "service/trade/receive.h"
#include "service/trade/shipment.h"
#include "service/tree/cargo_db.h"
#include "service/verification/verification.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct kind kind_flagged;
static const struct kind *const kinds[] = {
    &kind_client_put,
    &kind_product_put,
    &kind_party_put,
    &kind_location_put,
    &kind_pool_put,
    &kind_numbers_issued,
    &kind_lot_opened,
    &kind_lot_closed,
    &kind_units_packed,
    &kind_units_unpacked,
    &kind_units_commissioned,
    &kind_container_closed,
    &kind_shipment_made,
    &kind_verification_answered,
    &kind_shipment_drafted,
    &kind_shipment_voided,
    &kind_shipment_forwarded,
    &kind_receipt_made,
    &kind_return_made,
    &kind_units_changed,
    &kind_flagged,
    NULL,
};
static const struct http_route *const routes[] = {
    units_routes, shipment_routes, receive_routes, lot_routes, report_routes, verification_routes,
    NULL};
static const struct verification_conf verification = {
    {.per_second = 10, .burst = 50},
    {HUB,              13         }
};

struct flagging {
    unit_id unit;
    unsigned flags;
};

static status flag_decide(struct decide *d)
{
    const struct flagging *x = d->ask;

    bytes_u(d->out, x->unit.v, 8);
    bytes_u(d->out, x->flags, 1);
    return OK;
}

static void flag_write(struct txn *t, const struct fact *f, const void *arg)
{
    unit_id u = {get_be(f->decided.p, 8)};
    struct unit_rows rows;

    (void)arg;
    unit_rows_write(&rows, t);
    struct unit x = unit_get(&rows, u);
    struct cargo_marking around = {.t = t, .seq = f->seq};
    cargo_mark(&around, x.parent, x.flags, (uint8_t)f->decided.p[8]);
    x.flags = (uint8_t)f->decided.p[8];
    unit_put(&rows, u, &x);
    unit_rows_end(&rows);
    cargo_mark_end(&around);
}

static const struct kind kind_flagged = {120, 1, "flagged", flag_decide, flag_write, NULL, NULL};

const char *trade_text(struct trade *t, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    char room[8192];

    va_start(ap, fmt);
    int n = vsnprintf(room, sizeof room, fmt, ap);
    va_end(ap);
    assert_true(n >= 0 && (size_t)n < sizeof room);
    buf_init(&b, 16 * KB);
    buf_add(&b, (str){room, (size_t)n});
    const char *z = str_z(&t->f->arena, buf_str(&b));
    buf_fini(&b);
    return z;
}

void trade_has(str text, const char *piece)
{
    if (memmem(text.p, text.n, piece, strlen(piece)) == NULL)
        fail_msg("%s is not in %.*s", piece, STR(text));
}

str trade_call(struct trade *t, int code, const char *line, const char *body)
{
    struct fixture_answer a = fixture_call(t->f, line, "", body);

    if (a.code != code) fail_msg("%s: %d %.*s", line, a.code, STR(a.body));
    return a.body;
}

struct keep {
    struct trade *t;
    str *next;
};
static void keep(void *self, const struct gs1_id *id)
{
    struct keep *k = self;
    struct buf b;
    buf_init(&b, 200);
    must(gs1_write(id, GS1_BRACKETED, NULL, &b));
    *k->next++ = arena_str(&k->t->f->arena, buf_str(&b));
    buf_fini(&b);
}

static void issue(struct trade *t, const char *id, const char *client, uint32_t n, str *out)
{
    struct issue_ask ask = {.quantity = n, .id.n = (uint8_t)strlen(id)};
    struct issued issued;
    struct runs runs;
    struct ask a;
    struct keep k = {t, out};

    memcpy(ask.id.p, id, ask.id.n);
    if (ask.id.n == 14) memcpy(ask.gtin, id, 14);
    struct txn *txn = fixture_read(t->f);
    assert_true(client_by_name(txn, str_of(client), &ask.client));
    ask.owner = ask.client;
    fixture_read_end(txn);
    must(fixture_run(t->f, &kind_numbers_issued, &ask, &a));
    must(issued_get(a.fact.decided, &issued));
    must(issued_runs(&issued, &t->f->arena, &runs));
    txn = fixture_read(t->f);
    for (uint32_t i = 0; i < runs.n; i++)
        must(names_run(names_here(&t->f->site), txn, runs.at[i], keep, &k));
    fixture_read_end(txn);
}

static void put_all(struct fixture *f)
{
    static const struct {
        const struct kind *kind;
        const char *name, *json;
    } items[] = {
        {&kind_client_put,   "acme",    "{\"name\":\"Acme\",\"prefixes\":[\"9506000\"]}"     },
        {&kind_client_put,   "bolt",    "{\"name\":\"Bolt\",\"prefixes\":[\"9506001\"]}"     },
        {&kind_product_put,  PACK_A,    "{\"client\":\"acme\",\"name\":\"Tablets\"}"         },
        {&kind_product_put,  PACK_C,    "{\"client\":\"bolt\",\"name\":\"Drops\"}"           },
        {&kind_party_put,    PARTY,     "{\"name\":\"Hub\"}"                                 },
        {&kind_location_put, PARTY,     "{\"name\":\"Hub\"}"                                 },
        {&kind_party_put,    HUB,       "{\"name\":\"Site\"}"                                },
        {&kind_location_put, HUB,       "{\"name\":\"Site\"}"                                },
        {&kind_pool_put,     "packs-a", "{\"kind\":\"random\",\"gtin\":\"" PACK_A "\"}"      },
        {&kind_pool_put,     "packs-c", "{\"kind\":\"random\",\"gtin\":\"" PACK_C "\"}"      },
        {&kind_pool_put,     "sscc-a",
         "{\"kind\":\"sscc\",\"client\":\"acme\",\"prefix\":\"9506000\",\"extension\":\"0\"}"},
        {&kind_pool_put,     "sscc-c",
         "{\"kind\":\"sscc\",\"client\":\"bolt\",\"prefix\":\"9506001\",\"extension\":\"0\"}"},
    };
    for (size_t i = 0; i < LEN(items); i++)
        must(fixture_put(f, items[i].kind, items[i].name, items[i].json));
}

void trade_issue_packs(struct trade *t, str *out, unsigned n) { issue(t, PACK_A, "acme", n, out); }

int trade_open(void **state)
{
    struct trade *t = calloc(1, sizeof *t);
    t->f = fixture_open(kinds);
    put_all(t->f);
    verification_start(&t->f->site, &verification);
    fixture_serve(t->f, routes);
    t->f->caller.role = ROLE_OPERATOR;
    issue(t, PACK_A, "acme", LEN(t->acme), t->acme);
    issue(t, PACK_C, "bolt", LEN(t->bolt), t->bolt);
    issue(t, "09506000", "acme", LEN(t->sscc), t->sscc);
    issue(t, "09506001", "bolt", LEN(t->sscc_bolt), t->sscc_bolt);
    trade_call(t, 201, "POST /v1/lots",
               "{\"lot\":\"L1\",\"gtin\":\"" PACK_A "\",\"expiry\":\"2030-06\"}");
    trade_call(t, 201, "POST /v1/lots",
               "{\"lot\":\"L2\",\"gtin\":\"" PACK_A "\",\"expiry\":\"2030-07\"}");
    trade_call(t, 201, "POST /v1/lots",
               "{\"lot\":\"C1\",\"gtin\":\"" PACK_C "\",\"expiry\":\"2030-06-30\"}");
    *state = t;
    return 0;
}

int trade_leave(void **state)
{
    struct trade *t = *state;
    names_leave();
    verification_stop(&t->f->site);
    fixture_close(&t->f);
    free(t);
    return 0;
}

// ---- what lines report

static void said(struct trade *t, struct buf *b, const char *type)
{
    buf_init(b, 4 * MB);
    buf_addf(b, "{\"type\":\"%s\"", type);
    t->f->now.ms += 1000;
}

static void say_list(struct buf *b, const char *key, const str *texts, unsigned n, size_t skip)
{
    buf_addf(b, ",\"%s\":[", key);
    for (unsigned i = 0; i < n; i++)
        buf_addf(b, "%s\"%.*s\"", i ? "," : "", STR(str_from(texts[i], skip)));
    buf_addc(b, ']');
}

static void report(struct trade *t, struct buf *b)
{
    buf_addc(b, '}');
    str answer = trade_call(t, 200, "POST /v1/reports", b->p);
    trade_has(answer, "\"refused\":0");
    buf_fini(b);
}

void trade_commission(struct trade *t, const str *packs, unsigned n, const char *lot)
{
    struct buf b;

    said(t, &b, "commission");
    buf_addf(&b, ",\"lot\":\"%s\",\"gtin\":\"%.14s\"", lot, packs[0].p + 4);
    say_list(&b, "serials", packs, n, sizeof "(01)" PACK_A "(21)" - 1);
    report(t, &b);
}

void trade_old_lot(struct trade *t, const str *packs, unsigned n)
{
    struct buf b;

    trade_call(t, 201, "POST /v1/lots",
               "{\"lot\":\"OLD\",\"gtin\":\"" PACK_A "\",\"expiry\":\"2020-06-30\"}");
    said(t, &b, "commission");
    buf_add(&b, S(",\"lot\":\"OLD\",\"gtin\":\"" PACK_A "\",\"time\":\"2020-06-30T23:59:59Z\""));
    say_list(&b, "serials", packs, n, sizeof "(01)" PACK_A "(21)" - 1);
    report(t, &b);
}

void trade_put(struct trade *t, str container, const str *children, unsigned n)
{
    str now = trade_call(t, 200, trade_text(t, "GET /v1/units/%.*s", STR(container)), "");
    bool begins = memmem(now.p, now.n, "\"allocated\"", 11) != NULL;
    struct buf b;

    said(t, &b, "pack");
    buf_addf(&b, ",\"parent\":\"%.*s\",\"commission\":%s", STR(container),
             begins ? "true" : "false");
    say_list(&b, "children", children, n, 0);
    report(t, &b);
}

void trade_close(struct trade *t, str container)
{
    struct buf b;

    said(t, &b, "close");
    buf_addf(&b, ",\"parent\":\"%.*s\"", STR(container));
    report(t, &b);
}

void trade_pack(struct trade *t, str container, const str *children, unsigned n)
{
    trade_put(t, container, children, n);
    trade_close(t, container);
}

void trade_unpack(struct trade *t, str container, const str *children, unsigned n)
{
    struct buf b;

    said(t, &b, "unpack");
    buf_addf(&b, ",\"parent\":\"%.*s\"", STR(container));
    say_list(&b, "children", children, n, 0);
    report(t, &b);
}

void trade_hold(struct trade *t, str unit)
{
    struct buf b;

    said(t, &b, "hold");
    buf_addf(&b, ",\"reason\":\"quality\",\"units\":[\"%.*s\"]", STR(unit));
    report(t, &b);
}

void trade_flag(struct trade *t, str unit, unsigned flags)
{
    struct txn *txn = fixture_read(t->f);
    struct flagging x = {.flags = flags};
    struct gs1_id id;
    client_id owner;

    must(gs1_read(unit, &t->f->arena, &id));
    assert_true(names_find(names_here(&t->f->site), txn, &id, &x.unit, &owner));
    fixture_read_end(txn);
    must(fixture_run(t->f, &kind_flagged, &x, NULL));
}

void trade_reopen(struct trade *t)
{
    fixture_reopen(t->f);
    fixture_serve(t->f, routes);
}

void trade_close_lot(struct trade *t, const char *gtin, const char *lot)
{
    trade_call(t, 200, trade_text(t, "POST /v1/lots/%s/%s/close", gtin, lot), "{}");
}

str trade_ship(struct trade *t, int code, const str *units, unsigned n)
{
    struct buf b;

    buf_init(&b, MB);
    for (unsigned i = 0; i < n; i++) buf_addf(&b, "%s\"%.*s\"", i ? "," : "", STR(units[i]));
    t->f->now.ms += 1000;
    const char *body = trade_text(
        t, "{\"units\":[%s],\"to\":{\"party\":\"" PARTY "\",\"location\":\"" PARTY "\"}}",
        n ? b.p : "");
    buf_fini(&b);
    return trade_call(t, code, "POST /v1/shipments", body);
}
