// REQ EPCIS-1.2-URN: who reads 1.2 reads URNs, which need the company prefix of every product
#include "service/exchange/prefixes.h"
#include "service/catalog/product.h"
#include "service/exchange/partner.h"
#include "service/pool/pool.h"
#include <stdio.h>

#define ARENA_MAX   (ITEM_VALUE_ROOM + 1 * MB) // one item at a time
#define READERS_MAX (1 * MB)                   // four bytes a client

struct looking { // at the items of a noun, one after the other
    struct txn *t;
    struct arena arena;
    client_id client;                   // a partner of this one wants it
    const struct prefix_change *change; // or this put would leave it so; NULL: as it is
    struct buf readers;                 // then: the client_id of each that has such a partner
};

// The next partner that is told in EPCIS 1.2.
static bool next_reader(struct walk *w, struct arena *a, struct item *i)
{
    while (item_next(w, i)) {
        struct partner p = {0};
        arena_reset(a);
        if (item_value(&noun_partner, i, a, &p).cls == ST_OK && p.format == EPCIS_XML_1_2)
            return true;
    }
    return false;
}

bool partner_reads_urns(struct txn *t, client_id client)
{
    struct arena a;
    struct buf key;
    struct item i;
    bool any = false;

    arena_init(&a, ARENA_MAX);
    buf_init(&key, KB);
    struct walk w = item_walk(t, &noun_partner, (str){0}, &key);
    while (!any && next_reader(&w, &a, &i)) any = client.v == 0 || i.client.v == client.v;
    walk_close(&w);
    buf_fini(&key);
    arena_fini(&a);
    return any;
}

static bool has_reader(const struct looking *l, client_id owner)
{
    const client_id *readers = (const client_id *)(const void *)l->readers.p;
    size_t n = l->readers.n / sizeof *readers;

    for (size_t i = 0; i < n; i++)
        if (owner.v == 0 || readers[i].v == owner.v) return true;
    return false;
}

// Once for all products and pools that a change may leave without a prefix.
static status gather_readers(struct looking *l)
{
    struct buf key;
    struct item i;
    str all;

    buf_init(&key, KB);
    struct walk w = item_walk(l->t, &noun_partner, (str){0}, &key);
    while (next_reader(&w, &l->arena, &i))
        if (!has_reader(l, i.client))
            buf_add(&l->readers, (str){(const char *)&i.client, sizeof i.client});
    walk_close(&w);
    buf_fini(&key);
    return buf_done(&l->readers, &all);
}

// What partners of nobody's client want is no matter.
static bool is_wanted(const struct looking *l, client_id owner)
{
    if (l->change != NULL) return has_reader(l, owner);
    return owner.v == 0 || owner.v == l->client.v;
}

// Without a company prefix; of a change: because of it.
static bool is_lost(const struct looking *l, str digits)
{
    const struct prefix_change *c = l->change;

    if (c == NULL) return client_of_prefix(l->t, digits).v == 0;
    return prefixes_cover(c->old, digits) && !prefixes_cover(c->now, digits);
}

static status unknown(const char *of, str text)
{
    return fail(ST_CONFLICT, "prefix.unknown", 0,
                "a partner reads URNs, and no company prefix of a client begins the %s %.*s", of,
                STR(text));
}

static status look_at_product(struct looking *l, const struct item *i)
{
    struct product p;

    TRY(product_get(l->t, i->number, &l->arena, &p));
    for (uint32_t k = 0; k < p.level_count; k++) {
        str gtin = {p.levels[k].gtin, p.levels[k].is_sscc ? 0u : sizeof p.levels[k].gtin};
        if (gtin.n > 0 && is_lost(l, str_from(gtin, 1)) && is_wanted(l, i->client))
            return unknown("GTIN", gtin);
    }
    return OK;
}

static status look_at_pool(struct looking *l, const struct item *i)
{
    struct pool p;

    TRY(item_value(&noun_pool, i, &l->arena, &p));
    if (p.kind != POOL_SSCC || !is_lost(l, p.prefix) || !is_wanted(l, i->client)) return OK;
    return unknown("SSCCs of", p.prefix);
}

static status look_at_all(struct looking *l, const struct item_noun *noun,
                          status (*look)(struct looking *l, const struct item *i))
{
    struct buf key;
    struct item i;
    status st = OK;

    buf_init(&key, KB);
    struct walk w = item_walk(l->t, noun, (str){0}, &key);
    while (st.cls == ST_OK && item_next(&w, &i)) {
        arena_reset(&l->arena);
        st = look(l, &i);
    }
    walk_close(&w);
    buf_fini(&key);
    return st;
}

static status look_at_both(struct looking *l)
{
    arena_init(&l->arena, ARENA_MAX);
    buf_init(&l->readers, READERS_MAX);
    status st = l->change == NULL ? OK : gather_readers(l);
    if (st.cls == ST_OK) st = look_at_all(l, &noun_product, look_at_product);
    if (st.cls == ST_OK) st = look_at_all(l, &noun_pool, look_at_pool);
    buf_fini(&l->readers);
    arena_fini(&l->arena);
    return st;
}

status partner_prefixes_check(struct txn *t, client_id client)
{
    struct looking l = {.t = t, .client = client};

    return look_at_both(&l);
}

status partner_prefixes_fit(struct decide *d, const struct prefix_change *c)
{
    struct looking l = {.t = d->t, .change = c};
    const str *old = c->old->items;
    bool any = false;

    TRY(pools_fit_prefixes(d, c));
    for (uint32_t i = 0; i < c->old->n; i++) any |= !prefixes_cover(c->now, old[i]);
    return any ? look_at_both(&l) : OK;
}
