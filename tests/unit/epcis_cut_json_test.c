// Documents of JSON cut into events: the same in pieces of any size, with the place of what is
// wrong (the star in the input).
#include "service/epcis/read.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GS1     "\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\""
#define CREATED "\"creationDate\":\"2026-11-23T19:17:10Z\""
#define HEAD                                                                                       \
    "{\"@context\":[" GS1 ",{\"acme\":\"urn:acme:\"}],\"type\":\"EPCISDocument\","                 \
    "\"schemaVersion\":\"2.0\",\"creationDate\":\"2026-11-23T19:17:10Z\","
#define BODY HEAD "\"epcisBody\":{\"eventList\":["
#define END  "]}}"
#define QUERY                                                                                      \
    "{\"@context\":" GS1 ",\"type\":\"EPCISQueryDocument\",\"epcisBody\":{\"queryResults\":{"

struct taken {
    struct buf log; // what was told, one line each
    struct epcis_front front;
    status answer; // to every event
    uint32_t events;
};

static status take_front(void *self, const struct epcis_front *f)
{
    struct taken *t = self;

    t->front = *f;
    buf_addf(&t->log, "front %d %.*s\n", (int)f->kind, STR(f->scope.context));
    return OK;
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct taken *t = self;

    assert_int_equal(index, t->events++);
    buf_addf(&t->log, "%u at %u: %.*s\n", index, (unsigned)at, STR(bytes));
    return t->answer;
}

static const struct epcis_cut_ops ops = {take_front, take_event};

static struct epcis_cut *cut_text(str text, size_t piece, size_t max, struct taken *t, status *st)
{
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_JSON, .event_max = max, .ops = &ops, .self = t};
    struct epcis_cut *c = epcis_cut_new(&conf);

    *t = (struct taken){.answer = t->answer};
    buf_init(&t->log, 1 * MB);
    *st = OK;
    for (size_t i = 0; i < text.n && st->cls == ST_OK; i += piece) {
        size_t n = text.n - i < piece ? text.n - i : piece;
        char *copy = memcpy(malloc(n), text.p + i, n); // a sanitizer sees who looks further
        *st = epcis_cut_piece(c, (str){copy, n});
        free(copy);
    }
    if (st->cls == ST_OK) *st = epcis_cut_end(c);
    return c;
}

// By the caller's conf; it must be taken.
static struct epcis_cut *cut_by(const struct epcis_cut_conf *conf, str text, size_t piece)
{
    struct epcis_cut *c = epcis_cut_new(conf);

    for (size_t i = 0; i < text.n; i += piece)
        assert_int_equal(
            epcis_cut_piece(c, (str){text.p + i, text.n - i < piece ? text.n - i : piece}).cls,
            ST_OK);
    assert_int_equal(epcis_cut_end(c).cls, ST_OK);
    return c;
}

static status cut(str text, size_t piece, struct taken *t)
{
    status st;
    struct epcis_cut *c = cut_text(text, piece, 64 * KB, t, &st);

    t->front = (struct epcis_front){0}; // it goes with the cutter
    epcis_cut_free(&c);
    return st;
}

static const char *const documents[] = {
    BODY END,
    BODY "{}" END,
    "\xef\xbb\xbf\n " BODY " {\"a\":\"]}\"} ,\r\n\t{\"b\":[{\"c\":\"\\\"}\\\\\"},[]]} " END " \n",
    BODY "{\"a\":\"\\\\\\\\\\\"\"},{\"a\":\"\\\\\"},{\"\\\"\":1}" END,
    HEAD "\"acme:x\":{\"eventList\":[{}],\"epcisBody\":{\"eventList\":[1]}},"
         "\"epcisBody\":{\"acme:y\":[[{\"eventList\":[]}]],\"event\\u004cist\":[{\"x\":1}]}}",
    HEAD "\"sender\":\"urn:x:1\",\"epcisHeader\":{\"epcisMasterData\":{\"vocabularyList\":[]}},"
         "\"epcisBody\":{\"eventList\":[{},{}]},\"receiver\":\"urn:x:2\"}",
    QUERY "\"queryName\":\"SimpleEventQuery\",\"resultsBody\":{\"eventList\":[{},{\"a\":1}]}}}}",
    QUERY "\"resultsBody\":{\"eventList\":[{}]},\"queryName\":\"q\",\"subscriptionID\":\"s\"}}}",
    " {\"type\":\"ObjectEvent\",\"@context\":" GS1 ",\"acme:x\":[1]}\n",
};

static void pieces_of_any_size_give_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(documents); i++) {
        struct taken whole = {.answer = OK}, t = {.answer = OK};
        str text = str_of(documents[i]);
        status st = cut(text, text.n, &whole);
        if (st.cls != ST_OK) fail_msg("%s at %u: %s\n%s", st.reason, st.at, st.text, text.p);
        for (size_t piece = 1; piece < text.n; piece++) {
            st = cut(text, piece, &t);
            if (st.cls != ST_OK) fail_msg("%s at %u: %s\n%s", st.reason, st.at, st.text, text.p);
            if (!str_eq(buf_str(&t.log), buf_str(&whole.log)))
                fail_msg("pieces of %zu:\n%s\nwhole:\n%s", piece, t.log.p, whole.log.p);
            buf_fini(&t.log);
        }
        buf_fini(&whole.log);
    }
}

static void events_are_told_with_where_they_stand(void **state)
{
    struct taken t = {.answer = OK};
    str text = S(BODY " {\"a\":1},{ } " END);
    char want[256];

    (void)state;
    size_t n = sizeof BODY - 1;
    assert_int_equal(cut(text, text.n, &t).cls, ST_OK);
    snprintf(want, sizeof want, "\n0 at %zu: {\"a\":1}\n1 at %zu: { }\n", n + 1, n + 9);
    assert_non_null(strstr(t.log.p, want));
    buf_fini(&t.log);
}

static void the_front_tells_what_stands_around_the_events(void **state)
{
    static const char text[] = HEAD
        "\"sender\":\"urn:x:1\",\"receiver\":\"urn:x:2\",\"instanceIdentifier\":\" M1 \","
        "\"epcisBody\":{\"eventList\":[{}]},\"epcisHeader\":{\"acme:x\":1,\"epcisMasterData\":"
        "{\"vocabularyList\":[{\"type\":\"urn:v:1\",\"vocabularyElementList\":[{\"id\":\"urn:e:1\","
        "\"attributes\":[{\"id\":\"urn:a:1\",\"attribute\":\"one\"},{\"id\":\"urn:a:2\","
        "\"attribute\":{\"acme:in\":2}},{\"id\":\"urn:a:3\",\"attribute\":3.10}],"
        "\"children\":[\"urn:e:2\"]},{\"id\":\"urn:e:2\"}]}]}}}";

    (void)state;
    for (size_t piece = 10; piece <= sizeof text; piece += sizeof text - 10) {
        struct taken t = {.answer = OK};
        status st;
        struct epcis_cut *c = cut_text(str_of(text), piece, 64 * KB, &t, &st);
        if (st.cls != ST_OK) fail_msg("%s at %u: %s", st.reason, st.at, st.text);
        // In pieces, what stands behind the events is known at the end.
        assert_int_equal(t.front.element_count, piece == 10 ? 0 : 2);
        const struct epcis_front *f = epcis_cut_front(c);
        assert_int_equal(f->kind, EPCIS_DOC);
        assert_true(str_eq(f->schema_version, S("2.0")));
        assert_true(str_eq(f->created, S("2026-11-23T19:17:10Z")));
        assert_true(str_eq(f->sender.id, S("urn:x:1")) && str_eq(f->receiver.id, S("urn:x:2")));
        assert_true(str_eq(f->instance, S("M1")));
        assert_true(str_eq(f->ext->ns->uri, S("urn:acme:")) && str_eq(f->ext->text, S("1")));
        assert_int_equal(f->element_count, 2);
        const struct epcis_vocabulary_element *e = f->elements;
        assert_true(str_eq(e[0].type, S("urn:v:1")) && str_eq(e[1].type, S("urn:v:1")));
        assert_true(str_eq(e[0].id, S("urn:e:1")) && str_eq(e[1].id, S("urn:e:2")));
        assert_int_equal(e[0].attr_count, 3);
        assert_true(str_eq(e[0].attrs[0].id, S("urn:a:1")) && str_eq(e[0].attrs[0].text, S("one")));
        assert_true(str_eq(e[0].attrs[1].content->name, S("in")));
        assert_true(str_eq(e[0].attrs[2].text, S("3.10")));
        assert_true(e[0].children.n == 1 && str_eq(e[0].children.at[0], S("urn:e:2")));
        epcis_cut_free(&c);
        buf_fini(&t.log);
    }
}

static const struct {
    const char *text, *reason;
} refused[] = {
    {"*",                                                                "json.syntax"       },
    {"*[]",                                                              "json.type"         },
    {"*{\"@context\":" GS1 "}",                                          "epcis.type"        },
    {"*{\"type\":\"EPCISMasterDataDocument\"}",                          "epcis.type"        },
    {"{\"type\":\"EPCISDocument\",*\"type\":\"EPCISDocument\"}",         "json.twice"        },
    {"{\"type\":*1}",                                                    "json.type"         },
    {BODY "]}*",                                                         "json.syntax"       },
    {BODY END "*x",                                                      "json.syntax"       },
    {BODY END "*{}",                                                     "json.syntax"       },
    {BODY "{}*",                                                         "json.syntax"       },
    {BODY "{\"a\":1*",                                                   "json.syntax"       },
    {BODY "{},*]}}",                                                     "json.syntax"       },
    {BODY "*,{}" END,                                                    "json.syntax"       },
    {BODY "{}*{}" END,                                                   "json.syntax"       },
    {BODY "*1" END,                                                      "json.syntax"       },
    {BODY "{},{}],\"acme:x\":[*}]}}",                                    "json.syntax"       },
    {BODY "{},{}],*\"x\":1}}",                                           "json.unknown_field"},
    {BODY "{},{}]},*\"x\":1}",                                           "json.unknown_field"},
    {BODY "{},{}]},*\"other:x\":1}",                                     "epcis.prefix"      },
    {BODY "{}],\"eventList\":*[{}]}}",                                   "json.twice"        },
    {HEAD "\"epcisBody\":{\"eventList\":*1}}",                           "json.type"         },
    {HEAD "\"epcisBody\":{*\"event\":{}}}",                              "epcis.event_list"  },
    {HEAD "\"epcisBody\":{*\"queryResults\":{}}}",                       "json.unknown_field"},
    {HEAD "\"sender\":*1}",                                              "json.type"         },
    {"{\"type\":\"EPCISDocument\",\"schemaVersion\":\"*3.0\"}",          "epcis.version"     },
    {"{\"type\":\"EPCISDocument\",\"schemaVersion\":\"*2.x\"}",          "epcis.version"     },
    {"{\"type\":\"EPCISDocument\",\"schemaVersion\":*2.0}",              "json.type"         },
    {"{\"type\":\"EPCISDocument\",\"creationDate\":\"2026*\"}",          "time.form"         },
    {"{\"type\":\"EPCISDocument\",\"@context\":*1}",                     "epcis.context"     },
    {"{\"type\":\"EPCISDocument\",\"@context\":[*[]]}",                  "epcis.context"     },
    {"*{\"type\":\"EPCISDocument\",\"epcisBody\":{\"eventList\":[{}]}}", "epcis.context"     },
    {"*{\"type\":\"EPCISDocument\",\"@context\":" GS1 "}",               "epcis.missing"     },
    {"*" HEAD "\"epcisBody\":{}}",                                       "epcis.missing"     },
    {"*" QUERY "\"resultsBody\":{\"eventList\":[]}}}}",                  "epcis.missing"     },
    {"*" QUERY "\"queryName\":\"q\"}}}",                                 "epcis.missing"     },
    {"*{\"type\":\"ObjectEvent\",\"epcisBody\":{\"eventList\":[{}]}}",   "epcis.event_list"  },
};

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(refused); i++) {
        const char *star = strchr(refused[i].text, '*');
        struct taken t = {.answer = OK};
        char text[1024];
        int n = snprintf(text, sizeof text, "%.*s%s", (int)(star - refused[i].text),
                         refused[i].text, star + 1);
        status st = cut((str){text, (size_t)n}, (size_t)n + 1, &t);
        if (st.cls == ST_OK) fail_msg("taken, not %s: %s", refused[i].reason, text);
        if (strcmp(st.reason, refused[i].reason) != 0 || st.at != star - refused[i].text)
            fail_msg("%s at %u, not %s at %d: %s\n%s", st.reason, st.at, refused[i].reason,
                     (int)(star - refused[i].text), st.text, text);
        buf_fini(&t.log);
        for (size_t piece = 1; piece < (size_t)n; piece++) {
            assert_int_not_equal(cut((str){text, (size_t)n}, piece, &t).cls, ST_OK);
            buf_fini(&t.log);
        }
    }
}

// In pieces, the first event can't wait for what may come. Each document has one event.
#define AROUND(before, behind) "{" before ",\"epcisBody\":{\"eventList\":[{\"a\":1}]}," behind "}"

static void what_stands_behind_the_events_is_found_there(void **state)
{
    static const char *const rows[] = {
        AROUND("\"@context\":" GS1 ",\"type\":\"EPCISDocument\"",
               CREATED ",\"schemaVersion\":\"2.0\""),
        AROUND("\"@context\":" GS1 "," CREATED,
               "\"schemaVersion\":\"2.0\",\"type\":\"EPCISDocument\""),
        "{\"@context\":" GS1
        ",\"epcisBody\":{\"queryResults\":{\"resultsBody\":{\"eventList\":[{}]},"
        "\"queryName\":\"q\"}},\"schemaVersion\":\"1.2\",\"type\":\"EPCISQueryDocument\"}",
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        str text = str_of(rows[i]);
        struct taken whole = {.answer = OK};
        struct taken t = {.answer = OK};
        status st;
        assert_int_equal(cut(text, text.n, &whole).cls, ST_OK);
        struct epcis_cut *c = cut_text(text, 16, 64 * KB, &t, &st);
        if (st.cls != ST_OK) fail_msg("%s at %u: %s\n%s", st.reason, st.at, st.text, text.p);
        assert_true(str_eq(buf_str(&t.log), buf_str(&whole.log)));
        assert_true(epcis_cut_front(c)->schema_version.n == 3);
        epcis_cut_free(&c);
        buf_fini(&t.log);
        buf_fini(&whole.log);
    }
}

static void a_type_behind_the_events_that_does_not_fit_them_is_refused(void **state)
{
    static const char *const rows[] = {"EPCISQueryDocument", "ObjectEvent", "Other"};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct taken t = {.answer = OK};
        char text[1024];
        int n = snprintf(
            text, sizeof text,
            AROUND("\"@context\":" GS1, CREATED ",\"schemaVersion\":\"2.0\",\"type\":\"%s\""),
            rows[i]);
        assert_int_equal(cut((str){text, (size_t)n}, 16, &t).cls, ST_BAD_INPUT);
        buf_fini(&t.log);
    }
}

static void a_context_behind_the_events_wants_a_second_reading(void **state)
{
    static const char text[] = AROUND("\"schemaVersion\":\"2.0\",\"type\":\"EPCISDocument\"",
                                      "\"@context\":" GS1 "," CREATED);
    struct taken whole = {.answer = OK}, t = {.answer = OK};
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_JSON, .event_max = KB, .ops = &ops, .self = &t};

    (void)state;
    assert_string_equal(cut(str_of(text), 16, &t).reason, "epcis.order");
    assert_int_equal(t.events, 0);
    buf_fini(&t.log);
    assert_int_equal(cut(str_of(text), sizeof text, &whole).cls, ST_OK);
    t = (struct taken){.answer = OK};
    buf_init(&t.log, 1 * MB);
    conf.again = true;
    struct epcis_cut *first = cut_by(&conf, str_of(text), 16);
    assert_true(epcis_cut_is_late(first));
    assert_int_equal(t.events, 0);
    buf_reset(&t.log);
    conf.known = epcis_cut_front(first);
    struct epcis_cut *second = cut_by(&conf, str_of(text), 16);
    assert_false(epcis_cut_is_late(second));
    assert_true(str_eq(buf_str(&t.log), buf_str(&whole.log)));
    epcis_cut_free(&second);
    epcis_cut_free(&first);
    buf_fini(&t.log);
    buf_fini(&whole.log);
}

static void what_is_too_large_is_refused_in_pieces_too(void **state)
{
    static const char *const texts[] = {
        BODY
        "{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}" END,
        HEAD "\"acme:x\":\"0123456789012345678901234567890123456789\",\"epcisBody\":{\"eventList\":"
             "[]}}"};

    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        str text = str_of(texts[i]);
        size_t needs = i == 0 ? 78 : text.n;
        for (size_t piece = 1; piece <= text.n; piece += 7) {
            for (int over = 0; over < 2; over++) {
                struct taken t = {.answer = OK};
                status st;
                size_t front = sizeof BODY END - 1, max = needs - (size_t)over;
                if (i == 0) max = max < front ? front : max; // the front has to fit, too
                struct epcis_cut *c = cut_text(text, piece, max, &t, &st);
                if (max >= needs)
                    assert_int_equal(st.cls, ST_OK);
                else
                    assert_string_equal(st.reason, "epcis.event_too_large");
                epcis_cut_free(&c);
                buf_fini(&t.log);
            }
        }
    }
}

static void a_refusal_of_the_taker_ends_the_cutting(void **state)
{
    struct taken t = {
        .answer = {.cls = ST_CONFLICT, .reason = "taker.no"}
    };

    (void)state;
    for (size_t piece = 1; piece < 400; piece += 13) {
        status st = cut(S(BODY "{},{},{}" END), piece, &t);
        assert_string_equal(st.reason, "taker.no");
        assert_int_equal(t.events, 1);
        buf_fini(&t.log);
    }
}

static void syntaxes_are_told_apart(void **state)
{
    static const struct {
        str text;
        bool known;
        enum epcis_syntax syntax;
    } rows[] = {
        {{"{", 1},                true,  EPCIS_SYNTAX_JSON},
        {{"\xef\xbb\xbf \n{", 6}, true,  EPCIS_SYNTAX_JSON},
        {{"<a/>", 4},             true,  EPCIS_SYNTAX_XML },
        {{"\xef\xbb\xbf<", 4},    true,  EPCIS_SYNTAX_XML },
        {{"\xff\xfe<\0", 4},      true,  EPCIS_SYNTAX_XML },
        {{"\0<", 2},              true,  EPCIS_SYNTAX_XML },
        {{"", 0},                 false, EPCIS_SYNTAX_XML },
        {{" ", 1},                false, EPCIS_SYNTAX_XML },
        {{"[]", 2},               false, EPCIS_SYNTAX_XML },
        {{"a=b", 3},              false, EPCIS_SYNTAX_XML },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        enum epcis_syntax syntax;
        assert_int_equal(epcis_syntax_guess(rows[i].text, &syntax), rows[i].known);
        if (rows[i].known) assert_int_equal(syntax, rows[i].syntax);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size_give_the_same),
        cmocka_unit_test(events_are_told_with_where_they_stand),
        cmocka_unit_test(the_front_tells_what_stands_around_the_events),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_stands_behind_the_events_is_found_there),
        cmocka_unit_test(a_type_behind_the_events_that_does_not_fit_them_is_refused),
        cmocka_unit_test(a_context_behind_the_events_wants_a_second_reading),
        cmocka_unit_test(what_is_too_large_is_refused_in_pieces_too),
        cmocka_unit_test(a_refusal_of_the_taker_ends_the_cutting),
        cmocka_unit_test(syntaxes_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
