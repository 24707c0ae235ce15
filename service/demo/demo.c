// The story: what happens, told to a newcomer, and a balance at the end that must come out.
#include "service/demo/demo.h"
#include "common/json.h"
#include "service/demo/demo_int.h"
#include "service/ops/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PACKS_DEFAULT 2000u
#define SPEED_DEFAULT 500u
#define WAIT_S        120u // for the partners' copies

struct demo {
    struct demo_options options;
    struct demo_service service;
    struct demo_caller admin;
    struct demo_partner *partner;
    struct demo_line lines[DEMO_LINES];
    int64_t started_ms;
    char kept[300]; // where the partner's documents are kept
};

void demo_say(const char *fmt, ...)
{
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    printf("%s\n", line); // one call a line: two lines of packing may speak at once
    fflush(stdout);
}

static const char usage[] =
    "usage: packtrail demo [--packs N] [--speed PACKS_PER_SECOND|max] [--keep DIR]\n"
    "                      [--listen ADDR:PORT]\n"
    "Runs a whole site with sample data: two clients, five products, two lines and a partner.\n";

#define PACKS_MAX 10000000u
#define SPEED_MAX 1000000u

static status read_number(const char *name, const char *value, uint64_t min, uint64_t max,
                          uint64_t *out)
{
    if (str_u64(str_of(value), max, out) && *out >= min) return OK;
    return fail(ST_BAD_INPUT, "option.range", 0, "%s: a number from %llu to %llu, not %.60s", name,
                (unsigned long long)min, (unsigned long long)max, value);
}

static status read_option(struct demo_options *o, const char *name, const char *value)
{
    if (value == NULL) return fail(ST_BAD_INPUT, "option.value", 0, "%.60s: has no value", name);
    if (strcmp(name, "--keep") == 0) return o->keep = value, OK;
    if (strcmp(name, "--listen") == 0) return o->listen = value, OK;
    if (strcmp(name, "--packs") == 0)
        return read_number(name, value, DEMO_LINES, PACKS_MAX, &o->packs);
    if (strcmp(name, "--speed") != 0)
        return fail(ST_BAD_INPUT, "option.unknown", 0, "there is no option %.60s", name);
    if (strcmp(value, "max") == 0) return o->speed = 0, OK;
    return read_number(name, value, 1, SPEED_MAX, &o->speed);
}

static status read_options(int argc, char **argv, struct demo_options *o)
{
    *o = (struct demo_options){
        .packs = PACKS_DEFAULT, .speed = SPEED_DEFAULT, .listen = "127.0.0.1:0"};
    for (int i = 1; i < argc; i += 2)
        TRY(read_option(o, argv[i], i + 1 == argc ? NULL : argv[i + 1]));
    return OK;
}

static status begin(struct demo *d)
{
    TRY(demo_service_start(&d->service, &d->options));
    demo_say("the site lies in %s and answers at %s", d->service.folder, d->service.base);
    snprintf(d->kept, sizeof d->kept, "%s/partner", d->service.folder);
    if (d->options.keep != NULL && mkdir(d->kept, 0755) != 0)
        return fail(ST_INTERNAL, "demo.folder", 0, "%s cannot be made", d->kept);
    d->partner = demo_partner_open(d->options.keep == NULL ? NULL : d->kept);
    if (d->partner == NULL)
        return fail(ST_INTERNAL, "demo.partner", 0, "the partner cannot listen");
    demo_caller_init(&d->admin, &d->service, d->service.admin, "admin");
    TRY(demo_site_put(&d->admin, d->partner));
    demo_say("%s and %s have their products packed here: %zu products, %u lines",
             demo_clients[0].name, demo_clients[1].name, LEN(demo_products), DEMO_LINES);
    for (unsigned i = 0; i < LEN(demo_clients); i++)
        demo_say("%s is told in %s", demo_clients[i].name, demo_clients[i].format);
    return OK;
}

static status start_line(struct demo *d, unsigned i)
{
    static const char *const lots[DEMO_LINES] = {"NW-2611", "AP-0042"};
    struct demo_line *l = &d->lines[i];
    char json[96];

    *l = (struct demo_line){.number = i,
                            .service = &d->service,
                            .product = &demo_products[i == 0 ? 0 : 3],
                            .lot = lots[i],
                            .packs = d->options.packs / DEMO_LINES,
                            .speed = d->options.speed / DEMO_LINES};
    if (i == 0) l->packs += d->options.packs % DEMO_LINES;
    if (d->options.speed > 0 && l->speed == 0) l->speed = 1;
    snprintf(json, sizeof json, "{\"role\":\"line\",\"line\":\"line-%u\"}", i + 1);
    TRY(demo_token(&d->admin, json, l->line_token, sizeof l->line_token));
    TRY(demo_token(&d->admin, "{\"role\":\"operator\"}", l->operator_token,
                   sizeof l->operator_token));
    if (pthread_create(&l->thread, NULL, demo_line_main, l) != 0)
        return fail(ST_INTERNAL, "thread.create", 0, "line %u", i + 1);
    return OK;
}

static status run_lines(struct demo *d)
{
    unsigned started = 0;
    status st = OK;

    while (started < DEMO_LINES && st.cls == ST_OK) {
        st = start_line(d, started);
        if (st.cls == ST_OK) started++;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(d->lines[i].thread, NULL);
        if (st.cls == ST_OK) st = d->lines[i].st;
    }
    return st;
}

static status hear_partner(struct demo *d, unsigned i)
{
    const struct demo_line *l = &d->lines[i];
    const struct demo_client *c = &demo_clients[l->product->client];

    if (!demo_partner_wait(d->partner, l->product->client, 1, WAIT_S))
        return fail(ST_CONFLICT, "demo.partner", 0, "%s never heard of its shipment", c->name);
    struct demo_received got = demo_partner_received(d->partner, l->product->client);
    demo_say("%s got %" PRIu64 " events in %" PRIu64 " documents: %" PRIu64 " packs, %" PRIu64
             " containers, %" PRIu64 " packings, %" PRIu64 " shipment",
             c->name, got.events, got.documents, got.packs, got.containers, got.aggregations,
             got.shipments);
    if (got.wrong > 0)
        return fail(ST_CONFLICT, "demo.partner", 0, "%" PRIu64 " things wrong, first %s", got.wrong,
                    got.first_wrong);
    if (got.packs != l->commissioned)
        return fail(ST_CONFLICT, "demo.partner", 0, "%s knows %" PRIu64 " packs of %" PRIu64,
                    c->name, got.packs, l->commissioned);
    return OK;
}

struct sheet {
    uint64_t issued, commissioned, scrapped, packed;
};

// The first level of the lot's answer: the packs.
static struct sheet read_sheet(struct demo_caller *c)
{
    struct arena a;
    struct sheet s = {0};
    str k;

    arena_init(&a, 1 * MB);
    struct json_r r = json_reader(buf_str(&c->answer), &a);
    for (json_object(&r); json_key(&r, &k);) {
        if (!str_eq(k, S("levels"))) {
            json_raw(&r);
            continue;
        }
        bool first = true;
        for (json_array(&r); json_item(&r); first = false)
            for (json_object(&r); json_key(&r, &k);) {
                uint64_t *to = !first                         ? NULL
                               : str_eq(k, S("issued"))       ? &s.issued
                               : str_eq(k, S("commissioned")) ? &s.commissioned
                               : str_eq(k, S("scrapped"))     ? &s.scrapped
                               : str_eq(k, S("packed"))       ? &s.packed
                                                              : NULL;
                if (to == NULL)
                    json_raw(&r);
                else
                    *to = (uint64_t)json_int(&r, 0, INT64_MAX);
            }
    }
    arena_fini(&a);
    return s;
}

static status balance(struct demo *d, unsigned i)
{
    const struct demo_line *l = &d->lines[i];
    struct demo_caller operator;
    char path[120], name[24];

    snprintf(path, sizeof path, "/v1/lots/%s/%s", l->product->gtin, l->lot);
    snprintf(name, sizeof name, "balance-%u", i);
    demo_caller_init(&operator, & d->service, l->operator_token, name);
    status st = demo_ask(&operator, "GET", path, (str){0}, NULL);
    struct sheet s = st.cls == ST_OK ? read_sheet(&operator) : (struct sheet){0};
    demo_caller_fini(&operator);
    if (st.cls != ST_OK) return st;
    uint64_t left = s.issued - s.commissioned - s.scrapped;
    demo_say("  lot %-8s issued %7" PRIu64 " = commissioned %7" PRIu64 " + scrapped %5" PRIu64
             " + left %5" PRIu64 ";  packed %7" PRIu64,
             l->lot, s.issued, s.commissioned, s.scrapped, left, s.packed);
    if (s.issued == l->issued && s.commissioned == l->commissioned && s.scrapped == l->scrapped &&
        s.packed == l->commissioned)
        return OK;
    return fail(ST_CONFLICT, "demo.balance", 0, "lot %s does not balance with what line %u did",
                l->lot, i + 1);
}

static status tell(struct demo *d)
{
    uint64_t packs = 0;

    TRY(begin(d));
    TRY(run_lines(d));
    for (unsigned i = 0; i < DEMO_LINES; i++) TRY(hear_partner(d, i));
    double s = (double)(env_mono(&env_real).ms - d->started_ms) / 1000;
    demo_say("the balance of each lot:");
    for (unsigned i = 0; i < DEMO_LINES; i++) TRY(balance(d, i));
    for (unsigned i = 0; i < DEMO_LINES; i++) packs += d->lines[i].commissioned;
    demo_say("%" PRIu64 " packs issued, commissioned, packed, shipped and delivered in %.1f s; "
             "the service holds %" PRIu64 " KB",
             packs, s, memory_resident(d->service.pid) / KB);
    return OK;
}

static status end(struct demo *d)
{
    const char *const verify[] = {"packtrail", "verify", d->service.folder, NULL};
    bool served = d->service.pid >= 0;

    status st = demo_service_stop(&d->service);
    if (served && st.cls == ST_OK) {
        demo_say("its journal, written again from the first record, gives the same rows:");
        st = demo_service_run(verify);
    }
    demo_partner_close(&d->partner);
    if (d->admin.loop != NULL) demo_caller_fini(&d->admin);
    demo_guard_end();
    return st;
}

int cli_demo(int argc, char **argv)
{
    struct demo d = {0};

    status st = read_options(argc, argv, &d.options);
    if (st.cls != ST_OK) {
        fprintf(stderr, "packtrail demo: %s: %s\n%s", st.reason, st.text, usage);
        return 2;
    }
    d.started_ms = env_mono(&env_real).ms;
    st = tell(&d);
    status ended = end(&d);
    if (st.cls == ST_OK) st = ended;
    if (st.cls == ST_OK) return 0;
    fprintf(stderr, "packtrail demo: %s\n", st.text);
    return 1;
}
