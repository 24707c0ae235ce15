#include "pool_site.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/journal/restored.h"
#include "service/pool/epoch.h"
#include "service/pool/foreign.h"
#include "service/pool/import.h"
#include "service/pool/pool_api.h"
#include "service/pool/recover.h"
#include "service/pool/request.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// clang-format off
const struct kind *const pool_site_kinds[] = {
    &kind_client_put,  &kind_product_put,       &kind_pool_put,         &kind_numbers_issued,
    &kind_epoch_added, &kind_numbers_confirmed, &kind_numbers_returned, &kind_import_part,
    &kind_import_done, &kind_import_dropped,    &kind_pool_returned,    &kind_site_restored,
    &kind_units_named, &kind_numbers_recovered, &kind_numbers_reissued, &kind_pools_advanced,
    NULL};
// clang-format on

struct fixture *pool_site_open(void)
{
    struct fixture *f = fixture_open(pool_site_kinds);
    static const struct {
        const char *gtin, *client;
    } products[] = {
        {GTIN_A, "acme"},
        {GTIN_B, "acme"},
        {GTIN_C, "bolt"}
    };
    char json[128];

    must(
        fixture_put(f, &kind_client_put, "acme", "{\"name\":\"Acme\",\"prefixes\":[\"9506000\"]}"));
    must(
        fixture_put(f, &kind_client_put, "bolt", "{\"name\":\"Bolt\",\"prefixes\":[\"9506001\"]}"));
    for (size_t i = 0; i < LEN(products); i++) {
        snprintf(json, sizeof json, "{\"client\":\"%s\",\"name\":\"Tablets\"}", products[i].client);
        must(fixture_put(f, &kind_product_put, products[i].gtin, json));
    }
    return f;
}

status pool_site_put(struct fixture *f, const char *name, const char *json)
{
    return fixture_put(f, &kind_pool_put, name, json);
}

void pool_site_serve(struct fixture *f)
{
    static const struct http_route *const tables[] = {pool_routes, NULL};
    fixture_serve(f, tables);
}

uint32_t pool_site_number(struct fixture *f, const char *name)
{
    struct txn *t = fixture_read(f);
    struct item i;

    assert_true(item_get(t, &noun_pool, str_of(name), &i));
    fixture_read_end(t);
    return i.number;
}

struct issue_ask pool_site_ask_of(const char *gtin, uint32_t quantity)
{
    struct issue_ask ask = {.quantity = quantity, .id.n = 14};

    memcpy(ask.id.p, gtin, 14);
    memcpy(ask.gtin, gtin, 14);
    return ask;
}

struct collecting {
    struct fixture *f;
    str *next;
};

static void collect(void *self, str text)
{
    struct collecting *c = self;
    *c->next++ = arena_str(&c->f->arena, text);
}

uint32_t pool_site_texts(struct fixture *f, struct txn *t, struct run r, str *texts)
{
    struct collecting c = {f, texts};

    must(names_texts(names_here(&f->site), t, r, collect, &c));
    return (uint32_t)(c.next - texts);
}

status pool_site_ask(struct fixture *f, const struct issue_ask *ask, struct got *out)
{
    struct got g = {0};
    struct issue_ask full = *ask;
    struct gtin_row product;
    struct txn *t = fixture_read(f);

    if (full.owner.v == 0 && full.id.n == 14 && gtin_get(t, full.id.p, &product))
        full.owner = full.client = product.client;
    fixture_read_end(t);
    TRY(fixture_run(f, &kind_numbers_issued, &full, &g.ask));
    if (out == NULL) return OK;
    must(issued_of(&g.ask.fact, &g.issued));
    must(issued_runs(&g.issued, &f->arena, &g.runs));
    g.texts = NEW_ARRAY(&f->arena, str, g.issued.count);
    uint32_t n = 0;
    t = fixture_read(f);
    for (uint32_t i = 0; i < g.runs.n; i++) n += pool_site_texts(f, t, g.runs.at[i], g.texts + n);
    fixture_read_end(t);
    assert_int_equal(n, g.issued.count);
    *out = g;
    return OK;
}

status pool_site_issue(struct fixture *f, const char *gtin, uint32_t quantity, struct got *out)
{
    struct issue_ask ask = pool_site_ask_of(gtin, quantity);
    return pool_site_ask(f, &ask, out);
}

void pool_site_look(struct fixture *f, const char *gtin, str serial, struct naming *out)
{
    struct gs1_id id = gs1_sgtin(gtin, serial);
    struct txn *t = fixture_read(f);
    struct gtin_row product;
    struct buf b;

    assert_true(gtin_get(t, gtin, &product));
    buf_init(&b, KB);
    must(foreign_text(&id, &b));
    out->name = (struct foreign_name){.text = arena_str(&f->arena, buf_str(&b))};
    foreign_claim(names_here(&f->site), t, product.client, &id, &out->name);
    out->ask = (struct foreign_ask){product.client, &out->name, 1, foreign_younger(t)};
    buf_fini(&b);
    fixture_read_end(t);
}

status pool_site_name(struct fixture *f, struct naming *n)
{
    return fixture_run(f, &kind_units_named, &n->ask, NULL);
}
