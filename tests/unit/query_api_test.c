// query_api_test.c - claims about events, resources and named queries over HTTP: forms, pages,
// walls between clients, refusals.
#include "captured_site.h"
#include "query_site.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "/epcis/v2"

static struct fixture_answer get(struct query_site *s, const char *path, const char *headers)
{
    char line[2048];

    snprintf(line, sizeof line, "GET " ROOT "%s", path);
    return fixture_call(s->f, line, headers, "");
}

static void expect(const struct fixture_answer *a, int code, const char *holds)
{
    if (a->code != code || memmem(a->body.p, a->body.n, holds, strlen(holds)) == NULL)
        fail_msg("%d, not %d with %s: %.*s", a->code, code, holds, STR(a->body));
}

static uint32_t count_of(str in, const char *what)
{
    uint32_t n = 0;

    for (const char *at; (at = memmem(in.p, in.n, what, strlen(what))) != NULL; n++)
        in = str_from(in, (size_t)(at - in.p) + 1);
    return n;
}

#define EVENT_JSON "\"eventTime\":"

// The next page's path below ROOT, or NULL.
static const char *next_of(struct query_site *s, const struct fixture_answer *a)
{
    static const char before[] = "Link: <" ROOT;
    const char *at = memmem(a->head.p, a->head.n, before, sizeof before - 1), *end;

    if (at == NULL) return NULL;
    at += sizeof before - 1;
    end = strstr(at, ">; rel=\"next\"");
    assert_non_null(end);
    assert_non_null(memmem(a->head.p, a->head.n, "GS1-Next-Page-Token-Expires: ", 29));
    return str_z(&s->f->arena, (str){at, (size_t)(end - at)});
}

// EPCIS-2.0-EPC-FORMAT
static void events_come_in_the_form_asked_for(void **state)
{
    struct query_site *s = *state;

    query_site_caller(s, &s->acme);
    struct fixture_answer a = get(s, "/events?perPage=2", "");
    expect(&a, 200, "\"type\":\"EPCISQueryDocument\"");
    expect(&a, 200, "\"queryResults\":{\"queryName\":\"SimpleEventQuery\"");
    expect(&a, 200, "https://id.gs1.org/01/");
    expect(&a, 200, "\"recordTime\":");
    assert_int_equal(count_of(a.body, EVENT_JSON), 2);
    a = get(s, "/events?perPage=2", "GS1-EPC-Format: Always_EPC_URN\r\n");
    expect(&a, 200, "urn:epc:id:sgtin:9521141.");
    a = get(s, "/events?perPage=2", "Accept: application/xml\r\n");
    expect(&a, 200, "EPCISQueryDocument");
    expect(&a, 200, "<queryName>SimpleEventQuery</queryName>");
    a = get(s, "/events", "Accept: text/csv\r\n");
    expect(&a, 406, "epcisException:NotAcceptableException");
    a = get(s, "/events", "GS1-EPC-Format: Sometimes\r\n");
    expect(&a, 400, "epcisException:ValidationException");
    a = get(s, "/events?EQ_bizStep=receiving", "");
    expect(&a, 200, "\"eventList\":[]");
}

static const char *with_pages(struct query_site *s, const char *path, unsigned per_page)
{
    char out[300];

    snprintf(out, sizeof out, "%s%cperPage=%u", path, strchr(path, '?') == NULL ? '?' : '&',
             per_page);
    return str_z(&s->f->arena, str_of(out));
}

// An answer's @context has all prefixes that are used
static void a_document_declares_the_prefixes_of_its_events(void **state)
{
    struct query_site *s = *state;
    struct captured_says e = {
        "ObjectEvent",
        ",\"action\":\"OBSERVE\",\"epcList\":[\"urn:x:y\"],"
        "\"ex:colour\":{\"ex:deep\":\"blue\"}",
        {s->f->now, 0}
    };

    captured_site_say(s->f, s->acme, &e);
    captured_site_say(s->f, s->acme, &e);
    query_site_caller(s, &s->acme);
    struct fixture_answer a =
        get(s, "/events?EXISTS_ex:colour=true", "GS1-Extensions: ex=https://example.com/ns/\r\n");
    assert_int_equal(count_of(a.body, EVENT_JSON), 2);
    assert_int_equal(count_of(a.body, "\"ex\":\"https://example.com/ns/\""), 1);
    a = get(s, "/events?EXISTS_ex:colour=true",
            "GS1-Extensions: ex=https://example.com/ns/\r\nAccept: text/xml\r\n");
    assert_int_equal(count_of(a.body, "xmlns:ex=\"https://example.com/ns/\""), 1);
    a = get(s, "/events?EXISTS_ex:colour=true", "");
    expect(&a, 400, "QueryParameterException");
}

static void pages_lead_through_all_events_once(void **state)
{
    static const char *const paths[] = {
        "/events",
        "/events?orderBy=eventTime",
        "/events?EQ_bizStep=commissioning&orderBy=recordTime&orderDirection=ASC",
        "/events?orderBy=https%3A%2F%2Fx.y%2F%23z",
        "/bizSteps/commissioning/events",
        "/eventTypes/AggregationEvent/events",
    };
    struct query_site *s = *state;

    for (size_t i = 0; i < LEN(paths); i++) {
        query_site_caller(s, &s->acme);
        struct fixture_answer a = get(s, with_pages(s, paths[i], 1000), "");
        uint32_t all = count_of(a.body, EVENT_JSON), n = 0, pages = 0;
        assert_null(next_of(s, &a));
        for (const char *path = with_pages(s, paths[i], 3); path != NULL; pages++) {
            query_site_caller(s, &s->acme);
            a = get(s, path, "");
            expect(&a, 200, "EPCISQueryDocument");
            n += count_of(a.body, EVENT_JSON);
            path = next_of(s, &a);
            query_site_caller(s, NULL);
            if (pages == 2) query_site_more(s, 4); // are of another state
        }
        assert_int_equal(n, all);
        assert_int_equal(pages, (all + 2) / 3);
    }
}

static void counts_are_of_the_whole_result(void **state)
{
    struct query_site *s = *state;

    query_site_caller(s, &s->acme);
    struct fixture_answer a = get(s, "/events?maxEventCount=10", "");
    expect(&a, 413, "epcisException:QueryTooLargeException");
    a = get(s, "/events?maxEventCount=10000&perPage=5", "");
    assert_int_equal(count_of(a.body, EVENT_JSON), 5);
    uint32_t n = 0, pages = 0;
    const char *path = "/events?orderBy=eventTime&eventCountLimit=12&perPage=5";
    for (; path != NULL; pages++) {
        a = get(s, path, "");
        expect(&a, 200, "EPCISQueryDocument");
        n += count_of(a.body, EVENT_JSON);
        path = next_of(s, &a);
    }
    assert_int_equal(n, 12);
    assert_int_equal(pages, 3);
    s->f->site.limits.query_candidates_max = 30;
    a = get(s, "/events?EQ_action=OBSERVE", "");
    expect(&a, 413, "epcisException:QueryTooComplexException");
}

static void tokens_are_of_one_question_of_one_caller(void **state)
{
    struct query_site *s = *state;
    char path[1024];

    query_site_caller(s, &s->acme);
    struct fixture_answer a = get(s, "/events?perPage=5", "");
    const char *next = next_of(s, &a);
    const char *token = strstr(next, "nextPageToken=") + 14;
    snprintf(path, sizeof path, "/events?perPage=8&nextPageToken=%s", token); // another size
    a = get(s, path, "");
    assert_int_equal(count_of(a.body, EVENT_JSON), 8);
    snprintf(path, sizeof path, "/events?EQ_action=ADD&nextPageToken=%s", token);
    a = get(s, path, "");
    expect(&a, 400, "page.token");
    a = get(s, "/events?nextPageToken=00", "");
    expect(&a, 400, "page.token");
    a = get(s, "/events?nextPageToken=", "");
    expect(&a, 400, "page.token");
    a = get(s, "/events?perPage=0", "");
    expect(&a, 400, "page.size");
    a = get(s, "/events?perPage=-1", "");
    expect(&a, 400, "page.size");
    s->f->caller.actor++;
    a = get(s, next, "");
    expect(&a, 400, "page.token");
    snprintf(path, sizeof path, "DELETE " ROOT "/nextPageToken/%s", token);
    a = fixture_call(s->f, path, "", "");
    expect(&a, 400, "page.token");
    s->f->caller.actor--;
    a = get(s, next, "");
    expect(&a, 200, EVENT_JSON);
    s->f->now.ms += 3600000;
    a = get(s, next, "");
    expect(&a, 400, "page.expired");
    s->f->now.ms -= 3600000;
    a = fixture_call(s->f, path, "", "");
    assert_int_equal(a.code, 204);
    a = get(s, next, "");
    expect(&a, 400, "page.token");
}

static void clients_see_their_own_events_alone(void **state)
{
    struct query_site *s = *state;
    char path[300];

    query_site_caller(s, &s->other);
    struct fixture_answer a = get(s, "/events?perPage=1000", "");
    assert_int_equal(count_of(a.body, EVENT_JSON), 30);
    assert_int_equal(count_of(a.body, PILLS), 0);
    snprintf(path, sizeof path,
             "/epcs/https%%3A%%2F%%2Fid.gs1.org%%2F01%%2F" PILLS "%%2F21%%2F%.*s",
             STR(s->pills.texts[0]));
    a = get(s, path, "");
    expect(&a, 404, "epcisException:NoSuchNameException");
    query_site_caller(s, &s->acme);
    a = get(s, path, "");
    expect(&a, 200, "\"member\":[\"events\"]");
    a = get(s, "/events", "Packtrail-Client: other\r\n");
    expect(&a, 404, "client.unknown");
    query_site_caller(s, NULL);
    a = get(s, "/events", "");
    expect(&a, 422, "client.ambiguous");
    a = get(s, "/events?perPage=1000", "Packtrail-Client: other\r\n");
    assert_int_equal(count_of(a.body, EVENT_JSON), 30);
}

static void resources_list_what_was_seen(void **state)
{
    struct query_site *s = *state;

    query_site_caller(s, &s->acme);
    struct fixture_answer a = get(s, "/eventTypes", "");
    expect(&a, 200,
           "\"type\":\"Collection\",\"member\":[\"ObjectEvent\",\"AggregationEvent\","
           "\"TransactionEvent\",\"TransformationEvent\",\"AssociationEvent\"]");
    a = get(s, "/bizSteps", "");
    expect(&a, 200, "\"member\":[\"commissioning\",\"packing\",\"unpacking\"]");
    a = get(s, "/dispositions", "");
    expect(&a, 200, "\"member\":[\"active\",\"in_progress\"]");
    a = get(s, "/readPoints", "");
    expect(&a, 200, "\"member\":[\"https://id.gs1.org/414/9521141000014\"]");
    a = get(s, "/bizLocations", "GS1-EPC-Format: Always_EPC_URN\r\n");
    expect(&a, 200, "\"member\":[\"urn:epc:id:sgln:9521141.00001.0\"]");
    a = get(s, "/bizSteps?perPage=2", "");
    expect(&a, 200, "\"member\":[\"commissioning\",\"packing\"]");
    a = get(s, next_of(s, &a), "");
    expect(&a, 200, "\"member\":[\"unpacking\"]");
    assert_null(next_of(s, &a));
    a = get(s, "/bizSteps", "Accept: application/xml\r\n");
    expect(&a, 406, "EPCISException");
    uint32_t n = 0;
    for (const char *path = "/epcs?perPage=100"; path != NULL; path = next_of(s, &a)) {
        a = get(s, path, "");
        expect(&a, 200, "Collection");
        n += count_of(a.body, "https://id.gs1.org/0");
    }
    assert_int_equal(n, QUERY_SITE_UNITS + 80 + 20);
}

static void a_resource_has_every_spelling_and_nothing_unseen(void **state)
{
    static const char *const there[] = {
        "/bizSteps/packing",
        "/bizSteps/https%3A%2F%2Fref.gs1.org%2Fcbv%2FBizStep-packing",
        "/bizSteps/urn:epcglobal:cbv:bizstep:packing",
        "/dispositions/active",
        "/readPoints/urn:epc:id:sgln:9521141.00001.0",
        "/bizLocations/https%3A%2F%2Fid.gs1.org%2F414%2F9521141000014",
        "/eventTypes/AssociationEvent",
        "/epcs/urn:epc:idpat:sgtin:9521141.*.*",
    };
    static const char *const not_there[] = {
        "/bizSteps/receiving",
        "/bizSteps/nonsense",
        "/dispositions/in_transit",
        "/readPoints/urn:epc:id:sgln:9521141.00002.0",
        "/eventTypes/BoxEvent",
        "/epcs/urn:epc:id:sgtin:9521141.000000.NONE",
        "/eventTypes/%20",
        "/epcs/%20",
        "/epcs/x",
    };
    struct query_site *s = *state;
    char path[200];

    query_site_caller(s, &s->acme);
    for (size_t i = 0; i < LEN(there); i++) {
        struct fixture_answer a = get(s, there[i], "");
        expect(&a, 200, "\"member\":[\"events\"]");
        snprintf(path, sizeof path, "%s/events?perPage=3", there[i]);
        a = get(s, path, "");
        expect(&a, 200, "EPCISQueryDocument");
        assert_int_equal(count_of(a.body, EVENT_JSON), strstr(path, "Association") ? 0 : 3);
    }
    for (size_t i = 0; i < LEN(not_there); i++) {
        struct fixture_answer a = get(s, not_there[i], "");
        expect(&a, 404, "epcisException:NoSuchNameException");
        snprintf(path, sizeof path, "%s/events", not_there[i]);
        a = get(s, path, "");
        expect(&a, 404, "epcisException:NoSuchNameException");
    }
    struct fixture_answer a = get(s, "/bizSteps/packing/events?EQ_bizStep=packing", "");
    expect(&a, 400, "query.twice");
    a = get(s, "/bizSteps/packing/events?EQ_action=DELETE", "");
    expect(&a, 200, "\"eventList\":[]");
}

static void an_event_is_found_by_its_id(void **state)
{
    struct query_site *s = *state;
    char path[200];

    query_site_caller(s, &s->acme);
    struct fixture_answer a = get(s, "/events?EQ_bizStep=unpacking&perPage=1", "");
    const char *id = memmem(a.body.p, a.body.n, "urn:uuid:", 9);
    snprintf(path, sizeof path, "/events/%.45s", id);
    a = get(s, path, "");
    expect(&a, 200, "\"bizStep\":\"unpacking\"");
    assert_int_equal(count_of(a.body, EVENT_JSON), 1);
    query_site_caller(s, &s->other);
    a = get(s, path, "");
    expect(&a, 404, "epcisException:NoSuchNameException");
    a = get(s, "/events/ni%3A%2F%2F%2Fsha-256%3Babc%3Fver%3DCBV2.0", "");
    expect(&a, 404, "epcisException:NoSuchNameException");
}

static struct fixture_answer put_query(struct query_site *s, const char *body)
{
    return fixture_call(s->f, "POST " ROOT "/queries", "Content-Type: application/json\r\n", body);
}

static void named_queries_are_their_clients_own(void **state)
{
    static const struct {
        const char *body, *holds;
        int code;
    } wrong[] = {
        {"{\"name\":\"q 1\",\"query\":{\"eventType\":[]}}",   "ResourceAlreadyExistsException", 409},
        {"{\"name\":\"SimpleEventQuery\",\"query\":{}}",      "ResourceAlreadyExistsException", 409},
        {"{\"name\":\"a\",\"query\":{\"EQ_none\":[]}}",       "QueryParameterException",        400},
        {"{\"name\":\"a\",\"query\":{\"EQ_bizStep\":\"x\"}}", "QueryParameterException",        400},
        {"{\"name\":\"a\",\"query\":{\"perPage\":3}}",        "QueryParameterException",        400},
        {"{\"name\":\"a\",\"query\":[]}",                     "QueryValidationException",       400},
        {"{\"name\":\"a\"}",                                  "QueryValidationException",       400},
        {"{\"query\":{}}",                                    "QueryValidationException",       400},
        {"{\"name\":\"a\",\"query\":{},\"more\":1}",          "json.unknown_field",             400},
        {"{\"name\":\"a\",\"query\":{}",                      "json.syntax",                    400},
    };
    struct query_site *s = *state;

    query_site_caller(s, &s->acme);
    struct fixture_answer a =
        put_query(s, "{\"name\":\"q 1\",\"query\":{\"EQ_bizStep\":[\"packing\"]}}");
    assert_int_equal(a.code, 201);
    assert_non_null(memmem(a.head.p, a.head.n, "Location: " ROOT "/queries/q%201\r\n", 33));
    for (size_t i = 0; i < LEN(wrong); i++) {
        a = put_query(s, wrong[i].body);
        expect(&a, wrong[i].code, wrong[i].holds);
    }
    a = put_query(s, "{\"name\":\"b\",\"query\":{\"eventType\":[\"ObjectEvent\"]}}");
    assert_int_equal(a.code, 201);
    a = get(s, "/queries", "");
    expect(&a, 200,
           "[{\"name\":\"b\",\"query\":{\"eventType\":[\"ObjectEvent\"]}},{\"name\":\"q 1\"");
    a = get(s, "/queries?perPage=1", "");
    assert_int_equal(count_of(a.body, "\"name\""), 1);
    a = get(s, next_of(s, &a), "");
    expect(&a, 200, "[{\"name\":\"q 1\",\"query\":{\"EQ_bizStep\":[\"packing\"]}}]");
    a = get(s, "/queries/q%201", "");
    expect(&a, 200, "{\"name\":\"q 1\",\"query\":{\"EQ_bizStep\":[\"packing\"]}}");
    a = get(s, "/queries/q%201/events?perPage=4", "");
    expect(&a, 200, "\"queryName\":\"q 1\"");
    assert_int_equal(count_of(a.body, "\"bizStep\":\"packing\""), 4);
    a = get(s, next_of(s, &a), "");
    assert_int_equal(count_of(a.body, "\"bizStep\":\"packing\""), 4);
    a = get(s, "/queries/q%201/events?EQ_action=ADD", "");
    expect(&a, 400, "QueryParameterException");
    query_site_caller(s, &s->other);
    a = get(s, "/queries", "");
    expect(&a, 200, "[]");
    a = get(s, "/queries/q%201", "");
    expect(&a, 404, "NoSuchNameException");
    a = get(s, "/queries/q%201/events", "");
    expect(&a, 404, "NoSuchNameException");
    s->f->caller.role = ROLE_OPERATOR;
    a = fixture_call(s->f, "DELETE " ROOT "/queries/q%201", "", "");
    expect(&a, 404, "NoSuchNameException");
    query_site_caller(s, &s->acme);
    a = fixture_call(s->f, "DELETE " ROOT "/queries/q%201", "", "");
    assert_int_equal(a.code, 204);
    a = get(s, "/queries/q%201", "");
    expect(&a, 404, "NoSuchNameException");
    a = put_query(s, "{\"name\":\"q 1\",\"query\":{}}");
    assert_int_equal(a.code, 201);
}

// What is larger than a whole answer comes in pieces and is as good.
static void a_large_answer_streams(void **state)
{
    struct query_site *s = *state;

    for (uint32_t i = 0; i < 4; i++) {
        struct numbers many = line_site_serials(s->f, PILLS, "A1", 9000);
        struct part p = {&many, 0, 9000};
        accepted(s->f, say_commission(s->f, "A1", PILLS, p));
    }
    query_site_caller(s, &s->acme);
    struct fixture_answer a = get(s, "/events?perPage=1000", "");
    expect(&a, 200, "EPCISQueryDocument");
    assert_true(a.body.n > 2 * MB);
    struct json_r r = json_reader(a.body, &s->f->arena);
    json_raw(&r);
    assert_int_equal(json_r_end(&r).cls, ST_OK);
    uint32_t all = count_of(a.body, EVENT_JSON);
    a = get(s, "/events?perPage=1000", "Accept: application/xml\r\n");
    assert_int_equal(count_of(a.body, "<eventTime>"), all);
    str tail = str_from(a.body, a.body.n - 60);
    if (!str_ends(str_trim(a.body), S("EPCISQueryDocument>"))) fail_msg("%.*s", STR(tail));
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, query_site_open, query_site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(events_come_in_the_form_asked_for),
        API_TEST(a_document_declares_the_prefixes_of_its_events),
        API_TEST(pages_lead_through_all_events_once),
        API_TEST(counts_are_of_the_whole_result),
        API_TEST(tokens_are_of_one_question_of_one_caller),
        API_TEST(clients_see_their_own_events_alone),
        API_TEST(resources_list_what_was_seen),
        API_TEST(a_resource_has_every_spelling_and_nothing_unseen),
        API_TEST(an_event_is_found_by_its_id),
        API_TEST(named_queries_are_their_clients_own),
        API_TEST(a_large_answer_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
