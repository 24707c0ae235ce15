// What the demo's administrator configures: two companies, five products, their numbers and the
// partners who are told. Every GTIN, GLN and prefix is made up for demonstrations.
#include "service/demo/demo_int.h"
#include <stdio.h>

const struct demo_client demo_clients[2] = {
    {"northwind",   "Northwind Therapeutics", "9521141",  "9521141000014", "epcis-2.0-json"},
    {"alpenpharma", "Alpenpharma AG",         "95213219", "9521321900998", "epcis-1.2-xml" },
};

const struct demo_product demo_products[5] = {
    {"09521141107348", "Cardiol 10 mg, 30 tablets", "US", "none",   0},
    {"09521141107355", "Cardiol 20 mg, 30 tablets", "US", "none",   0},
    {"09521141107362", "Dermasan cream 50 g",       "EU", "eu-fmd", 0},
    {"09521321900011", "Respira inhaler",           "EU", "eu-fmd", 1},
    {"09521321900028", "Neurol 5 mg, 14 capsules",  "EU", "eu-fmd", 1},
};

#define SITE_GLN "9521987000018"

static status put_clients(struct demo_caller *admin)
{
    char path[96], json[320];

    TRY(demo_put(admin, "/v1/locations/" SITE_GLN,
                 "{\"name\":\"Packing hall 1\",\"timezone\":\"Europe/Zurich\"}"));
    for (unsigned i = 0; i < LEN(demo_clients); i++) {
        const struct demo_client *c = &demo_clients[i];
        snprintf(path, sizeof path, "/v1/clients/%s", c->id);
        snprintf(json, sizeof json, "{\"name\":\"%s\",\"prefixes\":[\"%s\"]}", c->name, c->prefix);
        TRY(demo_put(admin, path, json));
        snprintf(path, sizeof path, "/v1/parties/%s", c->gln);
        snprintf(json, sizeof json, "{\"name\":\"%s\"}", c->name);
        TRY(demo_put(admin, path, json));
        snprintf(path, sizeof path, "/v1/locations/%s", c->gln);
        TRY(demo_put(admin, path, json));
        snprintf(path, sizeof path, "/v1/pools/sscc-%s", c->id);
        snprintf(json, sizeof json,
                 "{\"kind\":\"sscc\",\"client\":\"%s\",\"prefix\":\"%s\",\"extension\":\"0\"}",
                 c->id, c->prefix);
        TRY(demo_put(admin, path, json));
    }
    return OK;
}

static status put_products(struct demo_caller *admin)
{
    char path[96], json[640];

    for (unsigned i = 0; i < LEN(demo_products); i++) {
        const struct demo_product *p = &demo_products[i];
        snprintf(path, sizeof path, "/v1/products/%s", p->gtin);
        snprintf(json, sizeof json,
                 "{\"client\":\"%s\",\"name\":\"%s\",\"market\":\"%s\",\"levels\":["
                 "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
                 "{\"level\":\"case\",\"id\":\"sscc\",\"quantity\":%u},"
                 "{\"level\":\"pallet\",\"id\":\"sscc\",\"quantity\":%u}]}",
                 demo_clients[p->client].id, p->name, p->market, DEMO_CASE, DEMO_PALLET);
        TRY(demo_put(admin, path, json));
        snprintf(path, sizeof path, "/v1/pools/%s-random", p->gtin);
        snprintf(json, sizeof json, "{\"kind\":\"random\",\"gtin\":\"%s\",\"policy\":\"%s\"}",
                 p->gtin, p->policy);
        TRY(demo_put(admin, path, json));
    }
    return OK;
}

static status put_partners(struct demo_caller *admin, const struct demo_partner *p)
{
    char path[96], json[320];

    for (unsigned i = 0; i < LEN(demo_clients); i++) {
        snprintf(path, sizeof path, "/v1/partners/%s-hub", demo_clients[i].id);
        snprintf(json, sizeof json,
                 "{\"client\":\"%s\",\"url\":\"%s/%u\",\"format\":\"%s\",\"approval\":\"none\"}",
                 demo_clients[i].id, demo_partner_base(p), i, demo_clients[i].format);
        TRY(demo_put(admin, path, json));
    }
    return OK;
}

status demo_site_put(struct demo_caller *admin, const struct demo_partner *p)
{
    char path[64], json[160];

    TRY(put_clients(admin));
    TRY(put_products(admin));
    TRY(put_partners(admin, p));
    for (unsigned i = 0; i < DEMO_LINES; i++) {
        snprintf(path, sizeof path, "/v1/lines/line-%u", i + 1);
        snprintf(json, sizeof json, "{\"name\":\"Line %u\",\"location\":\"" SITE_GLN "\"}", i + 1);
        TRY(demo_put(admin, path, json));
    }
    return OK;
}
