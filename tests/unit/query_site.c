#include "query_site.h"
#include "captured_site.h"
#include "service/client/client.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint32_t query_site_dice(struct query_site *s, uint32_t sides)
{
    s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(s->seed >> 33) % sides;
}

static void pass(struct query_site *s) // some time
{
    s->f->now.ms += query_site_dice(s, 40) * 60000;
    if (query_site_dice(s, 10) == 0) s->f->now.ms += 7200000;
}

// What lines say happened may be a while ago.
static const char *ago(struct query_site *s, const char *body)
{
    struct moment m = {{s->f->now.ms - query_site_dice(s, 5) * 1000000}, 60};
    struct buf b;

    buf_init(&b, 8 * MB);
    buf_add(&b, (str){body, strlen(body) - 1});
    buf_add(&b, S(",\"time\":\""));
    when_write(&b, m);
    buf_add(&b, S("\"}"));
    const char *out = str_z(&s->f->arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static void begin_packs(struct query_site *s, uint32_t from, uint32_t n)
{
    static const char *const lots[] = {"A1", "A2"};
    struct part p = {&s->pills, from, n};

    accepted(s->f, ago(s, say_commission(s->f, lots[query_site_dice(s, 2)], PILLS, p)));
    pass(s);
}

void query_site_more(struct query_site *s, uint32_t n)
{
    static uint32_t from; // never the same again in this process

    for (uint32_t i = 0; i < n; i++) {
        struct numbers one = line_site_serials(s->f, PILLS, "A1", 1);
        struct part p = {&one, 0, 1};
        accepted(s->f, say_commission(s->f, "A1", PILLS, p));
        from++;
    }
}

static void pack_cases(struct query_site *s)
{
    struct packing_of how = {DROPS, ",\"commission\":true"};

    for (uint32_t i = 0; i + 4 <= s->drops.n; i += 4) {
        struct part p = {&s->drops, i, 4};
        accepted(s->f, say_commission(s->f, "D1", DROPS, p));
        pass(s);
        accepted(s->f, say_pack(s->f, text(s->f, s->ssccs.texts[i / 4]), p, how));
        pass(s);
        if (query_site_dice(s, 3) > 0) continue;
        char body[256];
        snprintf(body, sizeof body, "{\"type\":\"unpack\",\"parent\":\"%.*s\"}",
                 STR(s->ssccs.texts[i / 4]));
        accepted(s->f, str_z(&s->f->arena, str_of(body)));
        pass(s);
    }
}

static void creams(struct query_site *s)
{
    for (uint32_t i = 0; i + 2 <= s->cream.n; i += 2) {
        struct part p = {&s->cream, i, 2};
        accepted(s->f, say_commission(s->f, "C1", CREAM, p));
    }
}

// ---- what others say

// An object: the client's own pack, or one of few that nobody here issued.
static void add_epc(struct query_site *s, struct buf *b)
{
    switch (query_site_dice(s, 6)) {
    case 0:
        buf_addf(b, "\"https://id.gs1.org/01/" PILLS "/21/%.*s\"",
                 STR(s->pills.texts[query_site_dice(s, 12)]));
        break;
    case 1:
        buf_addf(b, "\"https://id.gs1.org/00/%.*s\"", STR(s->ssccs.texts[query_site_dice(s, 4)]));
        break;
    case 2: buf_addf(b, "\"urn:epc:id:grai:9521141.00003.R%u\"", query_site_dice(s, 3)); break;
    case 3: buf_addf(b, "\"urn:epc:id:sgtin:4012345.000001.F%u\"", query_site_dice(s, 9)); break;
    case 4:
        buf_addf(b, "\"https://id.gs1.org/01/04012345000016/21/F%u\"", query_site_dice(s, 9));
        break;
    default: buf_addf(b, "\"urn:example:thing:%u\"", query_site_dice(s, 4)); break;
    }
}

static void add_epcs(struct query_site *s, struct buf *b, const char *list)
{
    uint32_t n = 1 + query_site_dice(s, 3);

    buf_addf(b, ",\"%s\":[", list);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) buf_addc(b, ',');
        add_epc(s, b);
    }
    buf_addc(b, ']');
}

static void add_common(struct query_site *s, struct buf *b)
{
    static const char *const steps[] = {"shipping", "receiving", "inspecting"};
    static const char *const more[] = {
        "",
        ",\"bizTransactionList\":[{\"type\":\"po\",\"bizTransaction\":\"urn:x:y\"}]",
        ",\"sourceList\":[{\"type\":\"owning_party\",\"source\":"
        "\"urn:epc:id:pgln:9521141.00001\"}]",
        ",\"ex:colour\":\"blue\"",
        ",\"bizLocation\":{\"id\":\"urn:example:place:a-name-longer-than-what-a-list-keeps-as-it-"
        "is\"}",
        ",\"errorDeclaration\":{\"declarationTime\":\"2026-03-01T10:00:00Z\"}",
    };

    buf_addf(b, ",\"bizStep\":\"%s\"", steps[query_site_dice(s, LEN(steps))]);
    if (query_site_dice(s, 2))
        buf_add(b, S(",\"readPoint\":{\"id\":\"urn:epc:id:sgln:9521141.00001.0\"}"));
    buf_add(b, str_of(more[query_site_dice(s, LEN(more))]));
}

static void add_classes(struct query_site *s, struct buf *b, const char *list)
{
    buf_addf(b,
             ",\"%s\":[{\"epcClass\":\"urn:epc:class:lgtin:4012345.00000%u.L1\",\"quantity\":%u}]",
             list, query_site_dice(s, 3), 1 + query_site_dice(s, 9));
}

void query_site_captured(struct query_site *s, uint32_t n)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sort = query_site_dice(s, 4);
        struct captured_says e = {
            .time = {{s->f->now.ms - query_site_dice(s, 30) * 1000000}, 0}
        };
        buf_reset(&b);
        e.type = sort == 0 ? "TransformationEvent" : sort == 1 ? "AggregationEvent" : "ObjectEvent";
        if (sort > 0) buf_addf(&b, ",\"action\":\"%s\"", query_site_dice(s, 2) ? "OBSERVE" : "ADD");
        if (sort == 1) {
            buf_add(&b, S(",\"parentID\":"));
            add_epc(s, &b);
        }
        add_epcs(s, &b, sort == 0 ? "inputEPCList" : sort == 1 ? "childEPCs" : "epcList");
        if (sort == 0) add_epcs(s, &b, "outputEPCList");
        if (query_site_dice(s, 3) == 0)
            add_classes(s, &b,
                        sort == 0   ? "outputQuantityList"
                        : sort == 1 ? "childQuantityList"
                                    : "quantityList");
        add_common(s, &b);
        e.members = b.p;
        captured_site_say(s->f, s->acme, &e);
        if (query_site_dice(s, 4) == 0) captured_site_say(s->f, s->other, &e);
        pass(s);
    }
    buf_fini(&b);
}

void query_site_caller(struct query_site *s, const client_id *of)
{
    s->f->caller.clients = of;
    s->f->caller.client_count = of != NULL;
    s->f->caller.role = of != NULL ? ROLE_CLIENT : ROLE_OPERATOR;
}

int query_site_open(void **state)
{
    struct query_site *s = calloc(1, sizeof *s);
    struct txn *t;

    s->f = line_site_open();
    s->seed = 7;
    s->pills = line_site_serials(s->f, PILLS, "A1", QUERY_SITE_UNITS);
    s->drops = line_site_serials(s->f, DROPS, "D1", 80);
    s->ssccs = line_site_ssccs(s->f, "acme", 20);
    s->cream = line_site_serials(s->f, CREAM, "C1", 60);
    t = fixture_read(s->f);
    assert_true(client_by_name(t, S("acme"), &s->acme) && client_by_name(t, S("other"), &s->other));
    fixture_read_end(t);
    for (uint32_t at = 0, n; at < s->pills.n; at += n) {
        n = 1 + query_site_dice(s, 5);
        if (n > s->pills.n - at) n = s->pills.n - at;
        begin_packs(s, at, n);
        if (at % 7 == 0) s->f->caller.line = query_site_dice(s, 2) ? S("line-1") : S("line-2");
    }
    pack_cases(s);
    creams(s);
    *state = s;
    return 0;
}

int query_site_close(void **state)
{
    struct query_site *s = *state;

    fixture_verify(s->f);
    fixture_close(&s->f);
    free(s);
    return 0;
}

struct query query_site_read(struct query_site *s, const char *url)
{
    struct query_reader r;
    struct query_page page;
    struct query q = {.n = 0};

    query_begin(&r, &s->f->arena);
    status st = query_prefix(&r, S("ex"), S("https://example.com/ns/"));
    if (st.cls == ST_OK) st = query_from_url(&r, str_of(url), &page);
    if (st.cls == ST_OK) st = query_end(&r, &q);
    if (st.cls != ST_OK) fail_msg("%s: %s %s", url, st.reason, st.text);
    return q;
}

struct query_found query_site_run(struct query_site *s, const struct query_conf *c)
{
    struct query_found out = {.n = 0};
    struct query_run *run = NULL;
    struct txn *t = fixture_read(s->f);
    bool more = true;

    out.st = query_run_new(c, t, &run);
    fixture_read_end(t);
    while (out.st.cls == ST_OK && more) { // each turn has its own snapshot
        t = fixture_read(s->f);
        more = query_run_turn(run, t, 3, &out.st);
        fixture_read_end(t);
    }
    if (out.st.cls == ST_OK) {
        struct query_hits hits = query_run_hits(run);
        out.hits = NEW_ARRAY(&s->f->arena, struct query_hit, hits.n + 1);
        if (hits.n > 0) memcpy(out.hits, hits.at, hits.n * sizeof *hits.at);
        out.n = hits.n;
        out.count = hits.count;
    }
    if (run != NULL) out.looks = query_run_looks(run);
    query_run_free(&run);
    return out;
}

uint64_t query_site_head(struct query_site *s)
{
    struct txn *t = fixture_read(s->f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}
