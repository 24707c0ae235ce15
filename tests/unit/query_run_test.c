// query_run_test.c - claims about planning: what is found by lists is what is found by looking at
// every event, in the order asked for, page by page, while events go on arriving.
#include "captured_site.h"
#include "query_site.h"
#include "service/event/often.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// ---- by looking at every event

struct all {
    struct query_hit *at;
    uint32_t n;
};

static const struct query *sorting;

static int in_order(const void *a, const void *b)
{
    const struct query_at *x = &((const struct query_hit *)a)->at;
    const struct query_at *y = &((const struct query_hit *)b)->at;
    int order = 0;

    if (sorting->order == QUERY_BY_EVENT_TIME) order = (x->key > y->key) - (x->key < y->key);
    if (order == 0) order = (x->seq > y->seq) - (x->seq < y->seq);
    if (order == 0) order = (x->part > y->part) - (x->part < y->part);
    return sorting->ascending ? order : -order;
}

static void look(struct query_site *s, const struct query *q, struct txn *t, uint64_t seq,
                 struct all *out)
{
    static const struct query_master none;
    struct arena fact, scratch;
    struct event_parts parts;
    struct fact f;
    bool fits;

    arena_init(&fact, 64 * MB);
    arena_init(&scratch, 1 * MB);
    struct event_render render = event_render_begin(&s->f->site, t, &fact);
    assert_int_equal(journal_get(t, seq, &fact, &f).cls, ST_OK);
    if (f.client.v == s->acme.v) {
        assert_int_equal(event_render(&render, &f, &parts).cls, ST_OK);
        for (uint32_t i = 0; i < parts.n; i++) {
            const struct epcis_event *e = &parts.at[i].event;
            assert_int_equal(query_matches(q, e, &none, &scratch, &fits).cls, ST_OK);
            if (fits) out->at[out->n++].at = (struct query_at){e->time.at.at.ms, seq, i};
        }
    }
    arena_fini(&fact);
    arena_fini(&scratch);
}

static struct all by_force(struct query_site *s, const struct query *q, uint64_t upper)
{
    struct all out = {NEW_ARRAY(&s->f->arena, struct query_hit, 2 * upper), 0};
    struct txn *t = fixture_read(s->f);

    for (uint64_t seq = 1; seq <= upper; seq++) look(s, q, t, seq, &out);
    fixture_read_end(t);
    sorting = q;
    qsort(out.at, out.n, sizeof *out.at, in_order);
    return out;
}

// ---- questions

static str spelled(struct query_site *s, str gtin_or_none, str serial)
{
    struct buf b;

    buf_init(&b, KB);
    if (gtin_or_none.n > 0)
        buf_addf(&b, "https://id.gs1.org/01/%.*s/21/%.*s", STR(gtin_or_none), STR(serial));
    else
        buf_addf(&b, "https://id.gs1.org/00/%.*s", STR(serial));
    str out = arena_str(&s->f->arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static str some_epc(struct query_site *s)
{
    switch (query_site_dice(s, 9)) {
    case 5: return S("urn:epc:id:grai:9521141.00003.R1");
    case 6: return S("urn:epc:id:sgtin:4012345.000001.F3");
    case 7: return S("urn:example:thing:2");
    case 8: return S("urn:example:thing:9");
    case 0: return spelled(s, S(DROPS), s->drops.texts[query_site_dice(s, s->drops.n)]);
    case 1: return spelled(s, S(""), s->ssccs.texts[query_site_dice(s, s->ssccs.n)]);
    case 2: return spelled(s, S(CREAM), s->cream.texts[0]); // another client's
    case 3: return spelled(s, S(PILLS), S("NEVERGIVEN"));
    default: return spelled(s, S(PILLS), s->pills.texts[query_site_dice(s, s->pills.n)]);
    }
}

static void add_time(struct query_site *s, struct buf *b, const char *name)
{
    struct moment m = {{s->f->now.ms - query_site_dice(s, 90) * INT64_C(3600000)}, 0};

    buf_addf(b, "%s=", name);
    when_write(b, m);
}

static void add_parameter(struct query_site *s, struct buf *b, uint32_t which)
{
    static const char *const fixed[] = {
        "EQ_bizStep=commissioning",
        "EQ_bizStep=packing|unpacking",
        "EQ_bizStep=receiving",
        "EQ_disposition=active",
        "EQ_disposition=in_progress|in_transit",
        "eventType=AggregationEvent",
        "eventType=ObjectEvent|AssociationEvent",
        "EQ_action=ADD",
        "EQ_action=DELETE|OBSERVE",
        "EQ_readPoint=https://id.gs1.org/414/9521141000014",
        "EQ_bizLocation=urn:epc:id:sgln:9521141.00001.0|urn:x:y",
        "WD_readPoint=https://id.gs1.org/414/9521141000014",
        "MATCH_epc=urn:epc:idpat:sgtin:9521141.*.*",
        "MATCH_epc=urn:epc:idpat:sgtin:9521141.000001.*",
        "MATCH_anyEPC=urn:epc:idpat:sscc:9521141.*",
        "MATCH_parentID=urn:epc:idpat:sscc:*.*",
        "MATCH_anyEPC=urn:epc:idpat:sgtin:9521321.*.*",
        "MATCH_epcClass=urn:epc:idpat:sgtin:9521141.*.*",
        "EXISTS_errorDeclaration=true",
        "EQ_ILMD_cbvmda:lotNumber=A1|D1",
        "EQ_bizTransaction_po=urn:x:y",
        "EXISTS_sensorElementList=true",
        "MATCH_inputEPC=urn:epc:idpat:sgtin:4012345.*.*",
        "MATCH_outputEPC=urn:epc:id:sgtin:4012345.000001.F1|urn:epc:id:sgtin:4012345.000001.F2",
        "MATCH_parentID=urn:epc:id:grai:9521141.00003.R2",
        "MATCH_anyEPC=urn:epc:idpat:grai:9521141.*.*",
        "MATCH_anyEPCClass=urn:epc:idpat:sgtin:4012345.*.*|urn:epc:class:lgtin:4012345.000001.L1",
        "MATCH_epcClass=https://id.gs1.org/01/04012345000009/10/L1",
        "EQ_bizLocation=urn:example:place:a-name-longer-than-what-a-list-keeps-as-it-is",
        "EQ_source_owning_party=https://id.gs1.org/417/9521141000014",
        "EQ_ex:colour=blue",
        "EQ_bizStep=shipping|inspecting",
    };

    if (which < LEN(fixed))
        buf_add(b, str_of(fixed[which]));
    else if (which == LEN(fixed))
        add_time(s, b, "GE_eventTime");
    else if (which == LEN(fixed) + 1)
        add_time(s, b, "LT_eventTime");
    else if (which == LEN(fixed) + 2)
        add_time(s, b, "GE_recordTime");
    else if (which == LEN(fixed) + 3)
        add_time(s, b, "LT_recordTime");
    else
        buf_addf(b, "%s=%.*s|%.*s", which % 2 ? "MATCH_anyEPC" : "MATCH_epc", STR(some_epc(s)),
                 STR(some_epc(s)));
}

#define PARAMETERS 42u

// Some parameters of different names, and perhaps an order.
static const char *some_question(struct query_site *s)
{
    static const char *const orders[] = {
        "", "&orderBy=recordTime", "&orderBy=recordTime&orderDirection=ASC", "&orderBy=eventTime",
        "&orderBy=eventTime&orderDirection=ASC"};
    struct buf b, one;
    uint32_t n = 1 + query_site_dice(s, 3);

    buf_init(&b, 4 * KB);
    buf_init(&one, KB);
    for (uint32_t i = 0; i < n; i++) {
        buf_reset(&one);
        add_parameter(s, &one, query_site_dice(s, PARAMETERS));
        str text = buf_str(&one), name;
        str_cut(&text, '=', &name);
        if (b.n > 0 && memmem(b.p, b.n, name.p, name.n + 1) != NULL) continue;
        if (b.n > 0) buf_addc(&b, '&');
        buf_add(&b, buf_str(&one));
    }
    buf_add(&b, str_of(orders[query_site_dice(s, LEN(orders))]));
    const char *out = str_z(&s->f->arena, buf_str(&b));
    buf_fini(&b);
    buf_fini(&one);
    return out;
}

static struct query_conf conf_of(struct query_site *s, const struct query *q, uint64_t upper)
{
    return (struct query_conf){.site = &s->f->site,
                               .q = q,
                               .client = s->acme,
                               .upper = upper,
                               .want = 1,
                               .looks_max = 100000};
}

static void compare(const char *url, const struct all *force, const struct query_found *got,
                    uint32_t from, uint32_t most)
{
    uint32_t left = force->n - from, n = left < most ? left : most;

    if (got->st.cls != ST_OK) fail_msg("%s: %s", url, got->st.text);
    if (got->n != n) fail_msg("%s: %u of %u events from %u on", url, got->n, n, from);
    for (uint32_t i = 0; i < n; i++) {
        const struct query_at *x = &force->at[from + i].at, *y = &got->hits[i].at;
        if (x->seq != y->seq || x->part != y->part)
            fail_msg("%s: %u: %llu/%u and not %llu/%u", url, from + i, (unsigned long long)y->seq,
                     y->part, (unsigned long long)x->seq, x->part);
    }
}

static void what_lists_find_is_what_looking_finds(void **state)
{
    struct query_site *s = *state;
    uint32_t found = 0;

    query_site_captured(s, 400);
    uint64_t upper = query_site_head(s);
    for (uint32_t i = 0; i < 900; i++) {
        const char *url = some_question(s);
        struct query q = query_site_read(s, url);
        struct all force = by_force(s, &q, upper);
        struct query_conf c = conf_of(s, &q, upper);
        c.want = 1000;
        c.gather_max = i % 3 == 0 ? 5 : 0;
        struct query_found got = query_site_run(s, &c);
        compare(url, &force, &got, 0, 1000);
        assert_int_equal(got.count, force.n);
        found += force.n > 0;
    }
    assert_true(found > 300); // questions that find nothing prove little
}

// EPCIS-2.0-PAGES: a page begins behind the last event of the one before; what is recorded
// meanwhile is not in it.
static void pages_are_of_one_state_while_events_arrive(void **state)
{
    struct query_site *s = *state;

    for (uint32_t i = 0; i < 40; i++) {
        const char *url = some_question(s);
        struct query q = query_site_read(s, url);
        uint64_t upper = query_site_head(s);
        struct all force = by_force(s, &q, upper);
        struct query_conf c = conf_of(s, &q, upper);
        c.want = 1 + query_site_dice(s, 9);
        c.gather_max = i % 2 ? 3 : 0;
        for (uint32_t at = 0; at < force.n;) {
            struct query_found got = query_site_run(s, &c);
            compare(url, &force, &got, at, c.want);
            at += got.n;
            c.after = got.hits[got.n - 1].at;
            if (at < 30) query_site_more(s, 1);
        }
    }
}

static void a_count_goes_on_behind_the_page(void **state)
{
    struct query_site *s = *state;
    struct query q = query_site_read(s, "EQ_bizStep=commissioning");
    uint64_t upper = query_site_head(s);
    struct all force = by_force(s, &q, upper);
    struct query_conf c = conf_of(s, &q, upper);

    assert_true(force.n > 40);
    c.want = 5;
    c.count_to = force.n;
    assert_int_equal(query_site_run(s, &c).count, force.n);
    c.count_to = 20;
    struct query_found got = query_site_run(s, &c);
    assert_int_equal(got.count, 20);
    assert_int_equal(got.n, 5);
}

// What lists know is not looked for elsewhere.
static void lists_leave_few_events_to_look_at(void **state)
{
    struct query_site *s = *state;
    struct {
        str url;
        uint64_t most;
    } rows[] = {
        {S("EQ_bizStep=receiving"),                                     0},
        {S("EQ_bizStep=unpacking&EQ_readPoint=urn:x:none"),             0},
        {S("EXISTS_errorDeclaration=true"),                             0},
        {S("GE_recordTime=2099-01-01T00:00:00Z"),                       0},
        {S("EQ_eventID=urn:uuid:34099006-bd78-541c-933a-5a8eeb45aa66"), 0},
        {S("MATCH_epcClass=urn:epc:idpat:sgtin:9521141.*.*"),           0},
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct query q = query_site_read(s, rows[i].url.p);
        struct query_conf c = conf_of(s, &q, query_site_head(s));
        struct query_found got = query_site_run(s, &c);
        assert_int_equal(got.st.cls, ST_OK);
        assert_int_equal(got.looks, rows[i].most);
    }
    char url[200];
    snprintf(url, sizeof url, "MATCH_epc=%.*s", STR(spelled(s, S(DROPS), s->drops.texts[0])));
    struct query q = query_site_read(s, url);
    struct query_conf c = conf_of(s, &q, query_site_head(s));
    c.want = 10;
    struct query_found got = query_site_run(s, &c);
    assert_true(got.n >= 2 && got.looks <= 3);
}

// What is later than a full page's last is not read, but where all are to be counted.
static void the_first_by_event_time_leave_the_others_alone(void **state)
{
    static const char *const urls[] = {
        "EQ_bizStep=commissioning&orderBy=eventTime&orderDirection=ASC",
        "EQ_bizStep=commissioning&orderBy=eventTime&orderDirection=DESC"};
    struct query_site *s = *state;
    uint64_t upper = query_site_head(s);

    for (size_t i = 0; i < LEN(urls); i++) {
        struct query q = query_site_read(s, urls[i]);
        struct all force = by_force(s, &q, upper);
        struct query_conf c = conf_of(s, &q, upper);
        assert_true(force.n > 40);
        c.want = 5;
        struct query_found got = query_site_run(s, &c);
        compare(urls[i], &force, &got, 0, 5);
        assert_in_range(got.looks, 1, 20);
        c.count_to = force.n;
        got = query_site_run(s, &c);
        compare(urls[i], &force, &got, 0, 5);
        assert_int_equal(got.count, force.n);
    }
}

static void too_many_candidates_are_too_complex(void **state)
{
    struct query_site *s = *state;
    struct query q = query_site_read(s, "EQ_ILMD_cbvmda:lotNumber=NONE");
    struct query_conf c = conf_of(s, &q, query_site_head(s));

    c.looks_max = 20;
    struct query_found got = query_site_run(s, &c);
    assert_int_equal(got.st.cls, ST_TOO_LARGE);
    assert_string_equal(got.st.reason, "query.too_complex");
}

// An event's own id finds it, though no list has it.
static void every_event_is_found_by_its_id(void **state)
{
    struct query_site *s = *state;
    uint64_t upper = query_site_head(s);
    struct query any = query_site_read(s, "");
    struct all force = by_force(s, &any, upper);
    struct event_from from = {&s->f->site, s->acme, false};
    char url[100];

    for (uint32_t i = 0; i < force.n; i += 17) {
        struct epcis_event e;
        struct txn *t = fixture_read(s->f);
        assert_int_equal(query_event(&from, t, &force.at[i].at, &s->f->arena, &e).cls, ST_OK);
        snprintf(url, sizeof url, "EQ_eventID=%.*s", STR(e.id));
        fixture_read_end(t);
        struct query q = query_site_read(s, url);
        struct query_conf c = conf_of(s, &q, upper);
        c.want = 3;
        struct query_found got = query_site_run(s, &c);
        assert_int_equal(got.n, 1);
        assert_int_equal(got.hits[0].at.seq, force.at[i].at.seq);
        assert_int_equal(got.hits[0].at.part, force.at[i].at.part);
    }
}

// What happens to an object again and again stays found whoever tells it, and is not walked event
// by event.
static void an_object_of_many_events_is_found_in_all(void **state)
{
    struct query_site *s = *state;
    struct numbers drops = line_site_serials(s->f, DROPS, "D1", 4);
    struct numbers box = line_site_ssccs(s->f, "acme", 1);
    struct part p = {&drops, 0, 4};
    struct captured_says e = {
        .type = "ObjectEvent", .time = {s->f->now, 0}
    };
    char members[200], url[100];

    snprintf(members, sizeof members,
             ",\"action\":\"OBSERVE\",\"bizStep\":\"inspecting\",\"epcList\":["
             "\"https://id.gs1.org/00/%.*s\"]",
             STR(box.texts[0]));
    e.members = members;
    accepted(s->f, say_commission(s->f, "D1", DROPS, p));
    accepted(s->f, say_pack(s->f, text(s->f, box.texts[0]), p,
                            (struct packing_of){DROPS, ",\"commission\":true"}));
    for (uint32_t i = 0; i < 400; i++) captured_site_say(s->f, s->acme, &e);
    snprintf(members, sizeof members, "{\"type\":\"unpack\",\"parent\":\"%.*s\"}",
             STR(box.texts[0]));
    accepted(s->f, members);
    char sscc[60];
    snprintf(sscc, sizeof sscc, "(00)%.*s", STR(box.texts[0]));
    assert_true(line_site_row(s->f, sscc).often >= OFTEN_LIST);
    snprintf(url, sizeof url, "MATCH_anyEPC=https://id.gs1.org/00/%.*s", STR(box.texts[0]));
    struct query q = query_site_read(s, url);
    uint64_t upper = query_site_head(s);
    struct all force = by_force(s, &q, upper);
    assert_int_equal(force.n, 403); // begun, packed, seen, unpacked
    struct query_conf c = conf_of(s, &q, upper);
    c.want = 1000;
    struct query_found got = query_site_run(s, &c);
    compare(url, &force, &got, 0, 1000);
    assert_int_equal(got.looks, 402);
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, query_site_open, query_site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(what_lists_find_is_what_looking_finds),
        RUN_TEST(pages_are_of_one_state_while_events_arrive),
        RUN_TEST(a_count_goes_on_behind_the_page),
        RUN_TEST(lists_leave_few_events_to_look_at),
        RUN_TEST(the_first_by_event_time_leave_the_others_alone),
        RUN_TEST(too_many_candidates_are_too_complex),
        RUN_TEST(every_event_is_found_by_its_id),
        RUN_TEST(an_object_of_many_events_is_found_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
