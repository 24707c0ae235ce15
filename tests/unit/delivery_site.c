#include "delivery_site.h"
#include "common/bytes.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/contents.h"
#include "service/event/event_id.h"
#include "service/event/shipped.h"
#include "service/lot/lot_int.h"
#include "service/pool/pool.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct pending {
    struct pending *next;
    http_call_done *done;
    void *arg;
    struct answering answer;
};

// ---- facts about units, laid out as report.h says; their verbs are another room's matter

static status tell_decide(struct decide *d)
{
    const struct told *x = d->ask;
    struct run at[2] = {
        {x->parent, 1},
        x->units
    };
    struct runs runs = {at, 2, 1 + x->units.count};
    struct report report = {.gln = SITE_GLN};
    struct alike_w before = {.b = d->out};

    if (x->parent.v == 0) runs = (struct runs){at + 1, 1, x->units.count};
    d->fact->client = x->client.v != 0 ? x->client : (client_id){1};
    d->fact->lot = x->lot;
    d->fact->flags = FACT_HAS_TIME | FACT_IS_EVENT;
    d->fact->event = (struct moment){{d->now.ms - 1000}, 60};
    report_put(d->out, &report);
    runs_put(d->out, &runs);
    for (uint64_t i = 0; i < runs.units; i++) alike_put(&before, 0);
    alike_end(&before);
    struct tally packs = {.lot = x->lot, .count = x->units.count};
    struct contents contents = {.flags = x->begins ? CONTENTS_BEGINS : 0,
                                .lot = x->lot,
                                .tallies = &packs,
                                .tally_count = 1};
    if (x->shipped != NULL)
        shipped_put(d->out, x->shipped);
    else
        contents_put(d->out, d->fact, &contents);
    return OK;
}

static bool begins(const struct fact *f, const struct bytes_r *rest, bool is_parent)
{
    if (f->kind == FACT_UNITS_COMMISSIONED) return true;
    return f->kind == FACT_UNITS_PACKED && is_parent && (rest->p[0] & CONTENTS_BEGINS) != 0;
}

static void tell_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;
    struct unit_rows rows;
    struct arena a;
    unit_id u, parent = {0};

    (void)arg;
    arena_init(&a, 64 * MB);
    must(report_get(f->decided, &a, &report, &touched, &rest));
    unit_rows_write(&rows, t);
    for (struct run_walk w = runs_walk(&touched.runs); run_next(&w, &u);) {
        struct unit x = unit_get(&rows, u);
        bool first = w.run == 0 || (w.run == 1 && w.at == 0 && touched.runs.at[0].count == 1);
        bool is_parent = f->kind == FACT_UNITS_PACKED && parent.v == 0 && first;
        if (is_parent) parent = u;
        if (begins(f, &rest, is_parent)) x.first = f->seq;
        x.last = f->seq;
        x.state = UNIT_COMMISSIONED;
        unit_put(&rows, u, &x);
    }
    unit_rows_end(&rows);
    if (parent.v != 0) {
        struct runs children = {touched.runs.at + 1, touched.runs.n - 1, touched.runs.units - 1};
        children_add(t, parent, &children);
    }
    arena_fini(&a);
}

#define TELLING(number, name)                                                                      \
    {                                                                                              \
        number, 1, name, tell_decide, tell_write, NULL, NULL                                       \
    }
static const struct kind telling[] = {
    TELLING(FACT_UNITS_COMMISSIONED, "units.commissioned"),
    TELLING(FACT_UNITS_PACKED, "units.packed"),
    TELLING(FACT_UNITS_UNPACKED, "units.unpacked"),
    TELLING(FACT_SHIPMENT_MADE, "shipment.made"),
};

static const struct kind *const kinds[] = {&kind_client_put,
                                           &kind_product_put,
                                           &kind_pool_put,
                                           &kind_numbers_issued,
                                           &kind_partner_put,
                                           &kind_delivery_outcome,
                                           &kind_delivery_retried,
                                           &kind_subscription_made,
                                           &kind_subscription_ended,
                                           &kind_lot_opened,
                                           &telling[0],
                                           &telling[1],
                                           &telling[2],
                                           &telling[3],
                                           NULL};

uint64_t delivery_tell(struct delivery_site *s, const struct told *t)
{
    struct ask a;

    for (size_t i = 0; i < LEN(telling); i++)
        if (telling[i].number == t->kind) must(fixture_run(s->f, &telling[i], t, &a));
    uint64_t seq = a.fact.seq;
    fixture_forget(s->f);
    return seq;
}

unit_id delivery_units(struct delivery_site *s, bool sscc, uint32_t n)
{
    struct issue_ask ask = {.owner = {1}, .client = {1}, .quantity = n};
    struct issued issued;
    struct runs runs;
    struct ask a;

    ask.id.n = sscc ? 8 : 14;
    memcpy(ask.id.p, sscc ? "09506000" : SITE_GTIN, ask.id.n);
    memcpy(ask.gtin, SITE_GTIN, 14);
    must(fixture_run(s->f, &kind_numbers_issued, &ask, &a));
    must(issued_get(a.fact.decided, &issued));
    must(issued_runs(&issued, &s->f->arena, &runs));
    assert_int_equal(runs.n, 1);
    unit_id first = runs.at[0].first;
    fixture_forget(s->f);
    return first;
}

uint64_t delivery_commission(struct delivery_site *s, uint32_t lot, uint32_t n)
{
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[lot]};

    t.units = (struct run){delivery_units(s, false, n), n};
    return delivery_tell(s, &t);
}

// ---- partners

static void copy(struct delivery_site *s, str *x) { *x = arena_str(&s->arena, *x); }

static void note_headers(struct delivery_site *s, struct sent *m, const struct http_call *call)
{
    struct http_client_header *h =
        NEW_ARRAY(&s->arena, struct http_client_header, call->header_count + 1);

    for (size_t i = 0; i < call->header_count; i++) {
        h[i] = call->headers[i];
        copy(s, &h[i].name);
        copy(s, &h[i].value);
    }
    m->headers = h;
    m->header_count = call->header_count;
}

static void partner_gets(void *self, const struct http_call *call, http_call_done *done)
{
    struct delivery_site *s = self;
    struct pending *p = calloc(1, sizeof *p), **last = &s->pending;

    assert_true(s->sent_count < SENT_MAX && p != NULL);
    struct sent *m = &s->sent[s->sent_count++];
    *m = (struct sent){call->url, call->body, call->user, call->password, call->bearer, NULL, 0, 0};
    copy(s, &m->url);
    copy(s, &m->body);
    copy(s, &m->user);
    copy(s, &m->password);
    copy(s, &m->bearer);
    note_headers(s, m, call);
    *p = (struct pending){
        .done = done, .arg = call->arg, .answer = {200, {"", 0}, -1}
    };
    if (s->answer != NULL) p->answer = s->answer(s, m);
    m->code = p->answer.code;
    while (*last != NULL) last = &(*last)->next;
    *last = p;
}

// Gives the answers that are due; how many.
static uint32_t partners_answer(struct delivery_site *s)
{
    uint32_t n = 0;

    for (struct pending **at = &s->pending; *at != NULL;) {
        struct pending *p = *at;
        if (p->answer.code < 0) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        struct http_answer a = {.code = p->answer.code,
                                .body = p->answer.body,
                                .trouble = S("connection refused"),
                                .retry_after_s = p->answer.retry_after_s};
        p->done(p->arg, &a);
        free(p);
        n++;
    }
    return n;
}

// ---- time

static void settle(struct delivery_site *s)
{
    for (unsigned quiet = 0; quiet < 4; quiet++) {
        courier_step(s->exchange.courier);
        loop_step(s->f->loop, false);
        uint32_t n = partners_answer(s);
        while (committer_step(s->f->site.committer, false) > 0) {
            courier_ring(s->exchange.courier);
            n++;
        }
        loop_step(s->f->loop, false);
        if (n > 0) quiet = 0;
    }
}

void delivery_run(struct delivery_site *s, int64_t ms)
{
    courier_ring(s->exchange.courier);
    loop_step(s->f->loop, false);
    for (unsigned i = 0; i < 3; i++) {
        settle(s);
        s->f->now.ms += s->exchange.limits.gather_ms;
    }
    settle(s);
    s->f->now.ms += ms;
    if (ms > 0) settle(s);
    // What an outcome of the last round rang for.
    s->f->now.ms += s->exchange.limits.gather_ms;
    settle(s);
}

static void courier_begin(struct delivery_site *s)
{
    struct courier_conf conf = {.site = &s->f->site,
                                .loop = s->f->loop,
                                .limits = &s->exchange.limits,
                                .messages = s->exchange.messages,
                                .send = partner_gets,
                                .send_self = s};

    s->exchange.courier = courier_new(&conf);
    s->f->site.exchange = &s->exchange;
}

static void courier_end(struct delivery_site *s)
{
    for (struct pending *p = s->pending, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    s->pending = NULL;
    for (unsigned i = 0; i < 8; i++) { // what others hold comes back first
        while (committer_step(s->f->site.committer, false) > 0) {}
        loop_step(s->f->loop, false);
    }
    courier_free(&s->exchange.courier);
}

void delivery_crash(struct delivery_site *s)
{
    courier_end(s);
    fixture_reopen(s->f);
    courier_begin(s);
}

// ---- the site

static void put(struct delivery_site *s, const struct kind *k, const char *name, const char *json)
{
    must(fixture_put(s->f, k, name, json));
}

static uint32_t lot_open(struct delivery_site *s, const char *lot)
{
    struct lot_open_ask ask = {
        .client = {1 },
          .product = 1, .expiry = { 2030, 6, 0}
    };
    struct ask a;

    ask.value.lot = str_of(lot);
    ask.value.gtin = S(SITE_GTIN);
    ask.value.expiry = S("2030-06");
    must(fixture_run(s->f, &kind_lot_opened, &ask, &a));
    return a.fact.lot;
}

struct delivery_site *delivery_site_open(const struct exchange_limits *limits)
{
    struct delivery_site *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->f = fixture_open(kinds);
    s->sent = calloc(SENT_MAX, sizeof *s->sent);
    arena_init(&s->arena, 2 * GB);
    put(s, &kind_client_put, "acme", "{\"name\":\"Acme\",\"prefixes\":[\"9506000\"]}");
    put(s, &kind_client_put, "bolt", "{\"name\":\"Bolt\",\"prefixes\":[\"9506001\"]}");
    put(s, &kind_product_put, SITE_GTIN, "{\"client\":\"acme\",\"name\":\"Tablets\"}");
    put(s, &kind_pool_put, "packs", "{\"gtin\":\"" SITE_GTIN "\",\"kind\":\"random\"}");
    put(s, &kind_pool_put, "cases",
        "{\"client\":\"acme\",\"kind\":\"sscc\",\"prefix\":\"9506000\",\"extension\":\"0\"}");
    s->lots[0] = lot_open(s, "L1");
    s->lots[1] = lot_open(s, "L2");
    strcpy(s->messages, "/tmp/delivery_site_XXXXXX");
    assert_non_null(mkdtemp(s->messages));
    s->exchange.magic = EXCHANGE_MAGIC;
    s->exchange.limits = *limits;
    must(messages_open(s->messages, limits->file_max, &s->exchange.messages));
    courier_begin(s);
    return s;
}

static void folder_remove(const char *folder)
{
    DIR *d = opendir(folder);
    char path[512];

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(folder);
}

void delivery_site_close(struct delivery_site **sp)
{
    struct delivery_site *s = *sp;

    courier_end(s);
    messages_close(&s->exchange.messages);
    folder_remove(s->messages);
    fixture_verify(s->f);
    s->f->site.exchange = NULL;
    fixture_close(&s->f);
    arena_fini(&s->arena);
    free(s->sent);
    free(s);
    *sp = NULL;
}

int delivery_setup(void **state)
{
    static const struct exchange_limits limits = EXCHANGE_LIMITS;

    *state = delivery_site_open(&limits);
    return 0;
}

int delivery_teardown(void **state)
{
    delivery_site_close((struct delivery_site **)state);
    return 0;
}

void delivery_put(struct delivery_site *s, const char *partner, const char *more)
{
    char json[1000];

    snprintf(json, sizeof json,
             "{\"client\":\"acme\",\"url\":\"http://%s/in\",\"format\":\"epcis-2.0-json\"%s%s}",
             partner, *more != '\0' ? "," : "", more);
    put(s, &kind_partner_put, partner, json);
}

struct partner_row delivery_row(struct delivery_site *s, uint32_t partner)
{
    struct txn *t = fixture_read(s->f);
    struct partner_row row;

    assert_true(partner_row_get(t, partner, &row));
    fixture_read_end(t);
    return row;
}

// ---- what came

bool delivery_holds(str body, str text) { return memmem(body.p, body.n, text.p, text.n) != NULL; }

str delivery_event_id(str body, uint32_t n)
{
    static const str mark = {"\"eventID\":\"", 11};
    const char *p = body.p;

    for (uint32_t i = 0; p != NULL; i++) {
        p = memmem(p, (size_t)(body.p + body.n - p), mark.p, mark.n);
        if (p == NULL) break;
        p += mark.n;
        if (i == n) return (str){p, EVENT_ID_LEN};
    }
    return (str){"", 0};
}

str delivery_id_of(struct delivery_site *s, uint64_t seq, uint32_t part)
{
    struct event_name name = {seq, part, 0, 0};
    struct buf b;

    buf_init(&b, 100);
    event_id_put(s->f->site.meta.journal_id, &name, &b);
    str id = arena_str(&s->arena, buf_str(&b));
    buf_fini(&b);
    return id;
}

void delivery_expect(struct delivery_site *s, const char *url, const uint64_t *seqs, uint32_t n)
{
    uint32_t at = 0;
    str id;

    for (uint32_t i = 0; i < s->sent_count; i++) {
        const struct sent *m = &s->sent[i];
        if (m->code != 200 || !delivery_holds(m->url, str_of(url))) continue;
        for (uint32_t k = 0; (id = delivery_event_id(m->body, k)).n > 0; k++, at++) {
            if (at >= n) fail_msg("%s: more than %u events", url, n);
            if (!str_eq(id, delivery_id_of(s, seqs[at], 0)))
                fail_msg("%s: event %u is not of fact %llu", url, at, (unsigned long long)seqs[at]);
        }
    }
    if (at != n) fail_msg("%s: %u events of %u", url, at, n);
}
