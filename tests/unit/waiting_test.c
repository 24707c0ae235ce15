// Captured packings that come before their units: how long they wait, and what ends it.
#include "line_site.h"
#include "service/capture/capture.h"
#include "service/client/client.h"
#include "service/event/capture.h"
#include "service/event/waiting.h"
#include "service/exception/exception_db.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTEXT "\"@context\":\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\""
#define ACME    "Packtrail-Client: acme\r\n"
#define WAIT_MS 900000
#define EARLY   "2025-11-24T15:00:00.000Z"
#define LATER   "2025-11-24T15:30:00.000Z"
#define LATEST  "2025-11-24T15:40:00.000Z"

static char spool[96];

static const char *said(struct fixture *f, const char *fmt, ...) LIKE_PRINTF(2, 3);
static const char *said(struct fixture *f, const char *fmt, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    assert_true(n >= 0);
    const char *kept = str_z(&f->arena, (str){text, (size_t)n});
    free(text);
    return kept;
}

// ---- events

static const char *event_of(struct fixture *f, const char *type, const char *time,
                            const char *members)
{
    return said(f, "{\"type\":\"%s\",\"eventTime\":\"%s\",\"eventTimeZoneOffset\":\"+01:00\",%s}",
                type, time, members);
}

// A document, all or nothing; is it stored?
static bool document(struct fixture *f, const char *events)
{
    const char *body = said(f,
                            "{" CONTEXT ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
                            "\"creationDate\":\"" LATEST "\",\"epcisBody\":{\"eventList\":[%s]}}",
                            events);
    struct fixture_answer a =
        fixture_call(f, "POST /epcis/v2/capture", "Content-Type: application/json\r\n" ACME, body);
    struct captured_document d;
    struct txn *t = fixture_read(f);
    struct fact fact = {.seq = 0};

    assert_int_equal(a.code, 202);
    for (uint64_t seq = journal_head_get(t).seq; fact.kind != FACT_DOCUMENT_CAPTURED; seq--)
        assert_int_equal(journal_get(t, seq, &f->arena, &fact).cls, ST_OK);
    assert_int_equal(captured_document_get(fact.decided, &f->arena, &d).cls, ST_OK);
    fixture_read_end(t);
    return !(d.flags & CAPTURED_ROLLED_BACK);
}

static void captured(struct fixture *f, const char *type, const char *time, const char *members)
{
    const char *body = said(f,
                            "{" CONTEXT ",\"type\":\"%s\",\"eventTime\":\"%s\","
                            "\"eventTimeZoneOffset\":\"+01:00\",%s}",
                            type, time, members);
    struct fixture_answer a =
        fixture_call(f, "POST /epcis/v2/events", "Content-Type: application/json\r\n" ACME, body);

    if (a.code != 201) fail_msg("%d: %.*s", a.code, STR(a.body));
}

static const char *pills(struct fixture *f, const struct numbers *n, uint32_t from, uint32_t count)
{
    const char *text = "";

    for (uint32_t i = from; i < from + count; i++)
        text = said(f, "%s%s\"https://id.gs1.org/01/" PILLS "/21/%.*s\"", text, i > from ? "," : "",
                    STR(n->texts[i]));
    return text;
}

static void commissioned(struct fixture *f, const char *epcs, const char *lot)
{
    captured(f, "ObjectEvent", EARLY,
             said(f, "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[%s]%s%s%s",
                  epcs, lot != NULL ? ",\"ilmd\":{\"cbvmda:lotNumber\":\"" : "",
                  lot != NULL ? lot : "", lot != NULL ? "\"}" : ""));
}

static void moved(struct fixture *f, const char *action, const char *time, str sscc,
                  const char *epcs)
{
    captured(f, "AggregationEvent", time,
             said(f,
                  "\"action\":\"%s\",\"parentID\":\"https://id.gs1.org/00/%.*s\","
                  "\"childEPCs\":[%s]",
                  action, STR(sscc), epcs));
}

// ---- looking

static struct unit pill(struct fixture *f, const struct numbers *n, uint32_t i)
{
    return line_site_row(f, sgtin(f, PILLS, n->texts[i]));
}

static unit_id sscc(struct fixture *f, const struct numbers *n, uint32_t i)
{
    return line_site_unit(f, text(f, n->texts[i]));
}

static void lies_in(struct fixture *f, const struct numbers *n, uint32_t i, unit_id parent)
{
    assert_int_equal(pill(f, n, i).parent.v, parent.v);
}

static uint64_t rows_of_waiting(struct fixture *f)
{
    static const char tags[] = {ROW_WAITING, ROW_WAITING_UNTIL, ROW_WAITING_UNIT};
    struct txn *t = fixture_read(f);
    uint64_t n = 0;
    str key, v;

    for (size_t i = 0; i < LEN(tags); i++) {
        struct walk w = walk_open(t, DB_ROWS, (str){&tags[i], 1}, (str){0});
        while (walk_next(&w, &key, &v)) n++;
        walk_close(&w);
    }
    fixture_read_end(t);
    return n;
}

// The newest fact is a packing that was applied; its first exception, or NULL.
static const char *applied(struct fixture *f, uint64_t *event)
{
    struct txn *t = fixture_read(f);
    struct captured_event e;
    struct touched touched;
    struct report report;
    struct bytes_r rest;
    struct fact fact;
    uint64_t listed = 0;

    assert_int_equal(journal_get(t, journal_head_get(t).seq, &f->arena, &fact).cls, ST_OK);
    assert_int_equal(fact.kind, FACT_CAPTURE_APPLIED);
    assert_false(fact.flags & FACT_IS_EVENT); // the event was told when it came
    assert_int_equal(report_get(fact.decided, &f->arena, &report, &touched, &rest).cls, ST_OK);
    assert_true(captured_of(&rest, &fact, event));
    assert_int_equal(captured_event_get(&rest, &fact, touched.runs.units, &f->arena, &e).cls,
                     ST_OK);
    struct exception_id id = {fact.client, fact.seq, 0};
    struct exception_row row;
    assert_int_equal(exception_get(t, &id, &row), e.exception_count > 0);
    assert_true(e.exception_count == 0 || row.kind == EXCEPTION_OF_CAPTURED);
    size_t n = list_of(t, fact.client, LIST_EXCEPTION, (str){0}, fact.seq, &listed, 1);
    assert_int_equal(n == 1 && listed == fact.seq, e.exception_count > 0);
    fixture_read_end(t);
    assert_int_equal(rows_of_waiting(f), 0);
    if (e.exception_count == 0) return NULL;
    return capture_exception_code((enum capture_exception)e.exceptions[0].code);
}

// Exceptions that are open because something waits.
static uint64_t standing(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    client_id acme;

    assert_true(client_by_name(t, S("acme"), &acme));
    uint64_t n = exception_counts_get(t, acme, EXCEPTION_OF_WAITING).open;
    fixture_read_end(t);
    return n;
}

static uint64_t newest(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

static str unit_body(struct fixture *f, const char *spelling)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    for (const char *p = spelling; *p != '\0'; p++)
        buf_addf(&b, strchr("/:()", *p) != NULL ? "%%%02X" : "%c", *p);
    struct fixture_answer a =
        fixture_call(f, said(f, "GET /v1/units/%.*s", STR(buf_str(&b))), "", "");
    buf_fini(&b);
    assert_int_equal(a.code, 200);
    return a.body;
}

// ---- claims

static void what_a_capture_commissions_is_packed_at_once(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 3), c = line_site_ssccs(f, "acme", 1);
    uint64_t event, was;

    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 3));
    was = newest(f);
    assert_int_equal(rows_of_waiting(f), 2 + 4);
    assert_int_equal(standing(f), 1);
    assert_int_equal(pill(f, &n, 0).parent.v, 0);
    assert_true(holds(unit_body(f, sgtin(f, PILLS, n.texts[0])), "\"waiting\":[{\"seq\":"));
    commissioned(f, pills(f, &n, 0, 2), "A1");
    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    assert_int_equal(pill(f, &n, 0).state, UNIT_COMMISSIONED); // though its event is earlier
    assert_int_equal(pill(f, &n, 0).parent.v, 0);
    assert_true(holds(unit_body(f, sgtin(f, PILLS, n.texts[0])), "\"for\":1,"));
    commissioned(f, pills(f, &n, 2, 1), "A1");
    assert_null(applied(f, &event));
    assert_int_equal(event, was);
    assert_int_equal(standing(f), 0);
    for (uint32_t i = 0; i < 3; i++) lies_in(f, &n, i, sscc(f, &c, 0));
    assert_int_equal(line_site_row(f, text(f, c.texts[0])).state, UNIT_CLOSED);
    assert_false(holds(unit_body(f, sgtin(f, PILLS, n.texts[0])), "waiting"));
}

static void what_a_line_commissions_is_packed_at_once(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 6), c = line_site_ssccs(f, "acme", 2);
    uint64_t event;

    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 2));
    accepted(f, say_begin(f, "A1", PILLS, (struct part){&c, 0, 1}));
    accepted(f, say_commission(f, "A1", PILLS, (struct part){&n, 0, 2}));
    assert_null(applied(f, &event)); // though nobody said that the line's reports are older
    lies_in(f, &n, 1, sscc(f, &c, 0));
    // The line packs others into the container, which begins by that.
    moved(f, "ADD", LATER, c.texts[1], pills(f, &n, 2, 2));
    accepted(f, say_commission(f, "A1", PILLS, (struct part){&n, 2, 2}));
    accepted(f, say_commission(f, "A1", PILLS, (struct part){&n, 4, 2}));
    accepted(f, say_pack(f, text(f, c.texts[1]), (struct part){&n, 4, 2},
                         (struct packing_of){PILLS, ",\"commission\":true"}));
    assert_string_equal(applied(f, &event), "time.before"); // now, and the event says: earlier
    assert_int_equal(pill(f, &n, 2).parent.v, 0);
}

static void a_line_may_say_when_before_the_packing(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2), c = line_site_ssccs(f, "acme", 1);
    uint64_t event;

    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 2));
    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    const char *body = say_commission(f, "A1", PILLS, (struct part){&n, 0, 2});
    accepted(f, said(f, "{\"time\":\"" EARLY "\",%s", body + 1));
    assert_null(applied(f, &event));
    lies_in(f, &n, 0, sscc(f, &c, 0));
    lies_in(f, &n, 1, sscc(f, &c, 0));
}

static void what_never_comes_is_an_exception_and_the_rest_is_packed(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2), c = line_site_ssccs(f, "acme", 1);
    uint64_t event;

    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    commissioned(f, pills(f, &n, 0, 1), "A1");
    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 2));
    f->now.ms += WAIT_MS - 1;
    uint64_t before = newest(f);
    (void)line_site_serials(f, PILLS, "A1", 1); // a batch
    assert_true(newest(f) > before);
    assert_int_equal(rows_of_waiting(f), 2 + 3);
    f->now.ms += 1;
    (void)committer_step(f->site.committer, false); // and one without any job
    assert_string_equal(applied(f, &event), "unit.state");
    lies_in(f, &n, 0, sscc(f, &c, 0));
    assert_int_equal(pill(f, &n, 1).parent.v, 0);
    accepted(f, say_commission(f, "A1", PILLS, (struct part){&n, 1, 1})); // too late
    assert_int_equal(pill(f, &n, 1).parent.v, 0);
}

static void a_number_that_is_scrapped_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1), c = line_site_ssccs(f, "acme", 1);
    uint64_t event;

    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 1));
    accepted(f, said(f,
                     "{\"type\":\"scrap\",\"gtin\":\"" PILLS
                     "\",\"reason\":\"torn\",\"serials\":[\"%.*s\"]}",
                     STR(n.texts[0])));
    assert_string_equal(applied(f, &event), "unit.state");
}

static void what_was_packed_elsewhere_meanwhile_stays_there(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2), c = line_site_ssccs(f, "acme", 2);
    uint64_t event;

    for (uint32_t i = 0; i < 2; i++)
        commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[i])), NULL);
    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 2));
    commissioned(f, pills(f, &n, 0, 1), "A1");
    moved(f, "ADD", LATER, c.texts[1], pills(f, &n, 0, 1)); // at the same time
    lies_in(f, &n, 0, sscc(f, &c, 1));
    commissioned(f, pills(f, &n, 1, 1), "A1");
    assert_string_equal(applied(f, &event), "unit.has_parent");
    lies_in(f, &n, 0, sscc(f, &c, 1));
    lies_in(f, &n, 1, sscc(f, &c, 0));
}

static void what_was_taken_out_later_is_not_put_in(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1), c = line_site_ssccs(f, "acme", 1);
    uint64_t event;

    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 1));
    moved(f, "DELETE", LATEST, c.texts[0], pills(f, &n, 0, 1));
    commissioned(f, pills(f, &n, 0, 1), "A1");
    assert_string_equal(applied(f, &event), "time.before");
    assert_int_equal(pill(f, &n, 0).parent.v, 0);
}

// A pack in a case in a pallet: two packings and three beginnings, in any order.
struct hierarchy {
    struct numbers packs, boxes; // boxes: the case, the pallet
};

static const char *link_of(struct fixture *f, const struct hierarchy *h, uint32_t box)
{
    return said(f, "\"https://id.gs1.org/00/%.*s\"", STR(h->boxes.texts[box]));
}

static void step_of(struct fixture *f, const struct hierarchy *h, unsigned step)
{
    switch (step) {
    case 0: moved(f, "ADD", LATER, h->boxes.texts[0], pills(f, &h->packs, 0, 2)); break;
    case 1: moved(f, "ADD", LATEST, h->boxes.texts[1], link_of(f, h, 0)); break;
    case 2: commissioned(f, pills(f, &h->packs, 0, 2), "A1"); break;
    default: commissioned(f, link_of(f, h, step - 3), NULL); break;
    }
}

static void a_hierarchy_is_packed_in_whatever_order_it_comes(void **state)
{
    struct fixture *f = *state;
    unsigned tried = 0;

    for (unsigned dice = 0; dice < 120; dice++) {
        struct hierarchy h = {line_site_serials(f, PILLS, "A1", 2), line_site_ssccs(f, "acme", 2)};
        unsigned steps[] = {0, 1, 2, 3, 4}, rest = dice;
        for (unsigned n = 5; n > 1; rest /= n, n--) {
            unsigned one = steps[rest % n];
            steps[rest % n] = steps[n - 1];
            steps[n - 1] = one;
        }
        if (steps[4] == 0) continue; // it waited for nothing, and comes behind what was done
        for (unsigned i = 0; i < 5; i++) step_of(f, &h, steps[i]);
        unit_id box = sscc(f, &h.boxes, 0);
        lies_in(f, &h.packs, 0, box);
        lies_in(f, &h.packs, 1, box);
        struct unit x = line_site_row(f, text(f, h.boxes.texts[0]));
        assert_int_equal(x.parent.v, sscc(f, &h.boxes, 1).v);
        assert_int_equal(x.state, UNIT_CLOSED);
        // What is between the two times is not the newest, whatever came last.
        moved(f, "DELETE", "2025-11-24T15:35:00.000Z", h.boxes.texts[1], link_of(f, &h, 0));
        x = line_site_row(f, text(f, h.boxes.texts[0]));
        assert_int_equal(x.parent.v, sscc(f, &h.boxes, 1).v);
        tried++;
    }
    assert_int_equal(tried, 96);
    assert_int_equal(standing(f), 0);
}

static void what_only_names_a_unit_does_not_stand_against_what_waited(void **state)
{
    struct fixture *f = *state;
    struct hierarchy h = {line_site_serials(f, PILLS, "A1", 2), line_site_ssccs(f, "acme", 1)};
    uint64_t event;

    step_of(f, &h, 0);
    captured(f, "ObjectEvent", LATEST,
             said(f, "\"action\":\"OBSERVE\",\"bizStep\":\"storing\",\"epcList\":[%s,%s]",
                  link_of(f, &h, 0), pills(f, &h.packs, 0, 1)));
    step_of(f, &h, 2);
    step_of(f, &h, 3);
    assert_null(applied(f, &event));
    lies_in(f, &h.packs, 0, sscc(f, &h.boxes, 0));
    lies_in(f, &h.packs, 1, sscc(f, &h.boxes, 0));
}

static void what_waits_outlives_an_end(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2), c = line_site_ssccs(f, "acme", 2);
    uint64_t event;

    for (uint32_t i = 0; i < 2; i++) {
        commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[i])), NULL);
        moved(f, "ADD", LATER, c.texts[i], pills(f, &n, i, 1));
    }
    capture_stop(&f->site);
    fixture_reopen(f);
    fixture_serve(f, line_site_routes);
    assert_int_equal(capture_start(&f->site, spool).cls, ST_OK);
    commissioned(f, pills(f, &n, 0, 1), "A1");
    lies_in(f, &n, 0, sscc(f, &c, 0));
    assert_int_equal(rows_of_waiting(f), 2 + 2);
    capture_stop(&f->site);
    fixture_reopen(f);
    fixture_serve(f, line_site_routes);
    assert_int_equal(capture_start(&f->site, spool).cls, ST_OK);
    f->now.ms += WAIT_MS;
    (void)committer_step(f->site.committer, false);
    assert_string_equal(applied(f, &event), "unit.state");
}

static void what_a_document_undoes_goes_on_waiting(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1), c = line_site_ssccs(f, "acme", 1);
    uint64_t event;

    captured(
        f, "ObjectEvent", EARLY,
        "\"eventID\":\"urn:x:1\",\"action\":\"OBSERVE\",\"epcList\":[\"https://example.com/1\"]");
    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 1));
    const char *begins = event_of(f, "ObjectEvent", EARLY,
                                  said(f,
                                       "\"action\":\"ADD\",\"epcList\":[%s],"
                                       "\"ilmd\":{\"cbvmda:lotNumber\":\"A1\"}",
                                       pills(f, &n, 0, 1)));
    const char *taken = event_of(
        f, "ObjectEvent", LATER,
        "\"eventID\":\"urn:x:1\",\"action\":\"OBSERVE\",\"epcList\":[\"https://example.com/1\"]");
    assert_false(document(f, said(f, "%s,%s", begins, taken)));
    assert_int_equal(rows_of_waiting(f), 2 + 2);
    assert_int_equal(pill(f, &n, 0).state, UNIT_NONE);
    f->now.ms += WAIT_MS; // it is not forgotten either
    (void)committer_step(f->site.committer, false);
    assert_string_equal(applied(f, &event), "unit.state");
}

static void a_document_may_have_its_events_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2), c = line_site_ssccs(f, "acme", 1);
    const char *sscc_uri = said(f, "https://id.gs1.org/00/%.*s", STR(c.texts[0]));
    const char *packs = event_of(f, "AggregationEvent", LATER,
                                 said(f,
                                      "\"action\":\"ADD\",\"parentID\":\"%s\","
                                      "\"childEPCs\":[%s]",
                                      sscc_uri, pills(f, &n, 0, 2)));
    const char *takes_out = event_of(f, "AggregationEvent", LATEST,
                                     said(f,
                                          "\"action\":\"DELETE\",\"parentID\":\"%s\","
                                          "\"childEPCs\":[%s]",
                                          sscc_uri, pills(f, &n, 0, 1)));
    const char *begins = event_of(f, "ObjectEvent", EARLY,
                                  said(f,
                                       "\"action\":\"ADD\",\"epcList\":[\"%s\",%s],"
                                       "\"ilmd\":{\"cbvmda:lotNumber\":\"A1\"}",
                                       sscc_uri, pills(f, &n, 0, 2)));

    assert_true(document(f, said(f, "%s,%s,%s", packs, begins, takes_out)));
    assert_int_equal(rows_of_waiting(f), 0);
    lies_in(f, &n, 1, sscc(f, &c, 0));
    lies_in(f, &n, 0, (unit_id){0}); // what the document goes on with is of the same transaction
}

static void nothing_waits_where_nothing_has_to(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 3), c = line_site_ssccs(f, "acme", 3);

    commissioned(f, said(f, "\"https://id.gs1.org/00/%.*s\"", STR(c.texts[0])), NULL);
    commissioned(f, pills(f, &n, 0, 1), "A1");
    moved(f, "ADD", LATER, c.texts[0], pills(f, &n, 0, 1)); // all there
    moved(f, "ADD", LATER, c.texts[0], "\"https://id.gs1.org/01/09521999000006/21/1\""); // foreign
    assert_int_equal(rows_of_waiting(f), 0);
    f->site.limits.capture_wait_ms = 0;
    moved(f, "ADD", LATEST, c.texts[0], pills(f, &n, 1, 1));
    assert_int_equal(rows_of_waiting(f), 0);
    commissioned(f, pills(f, &n, 1, 1), "A1");
    assert_int_equal(pill(f, &n, 1).parent.v, 0);
}

static void a_unit_that_many_events_pack_has_its_limit(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1);
    struct numbers c = line_site_ssccs(f, "acme", WAITING_MAX + 1);
    struct waiting_at all[WAITING_MAX];

    for (uint32_t i = 0; i < c.n; i++) moved(f, "ADD", LATER, c.texts[i], pills(f, &n, 0, 1));
    struct txn *t = fixture_read(f);
    unit_id u = line_site_unit(f, sgtin(f, PILLS, n.texts[0]));
    assert_int_equal(waiting_of(t, u, all), WAITING_MAX);
    assert_false(waiting_for(t, sscc(f, &c, WAITING_MAX)));
    fixture_read_end(t);
}

// ---- setting up

static int setup(void **state)
{
    struct fixture *f = line_site_open();

    strcpy(spool, "/tmp/waiting_test_XXXXXX");
    assert_non_null(mkdtemp(spool));
    assert_int_equal(capture_start(&f->site, spool).cls, ST_OK);
    f->site.limits.capture_wait_ms = WAIT_MS;
    f->caller.role = ROLE_OPERATOR;
    f->caller.line = (str){0};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    capture_stop(&f->site);
    line_site_close(&f);
    assert_int_equal(rmdir(spool), 0);
    return 0;
}

#define WAITING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAITING_TEST(what_a_capture_commissions_is_packed_at_once),
        WAITING_TEST(what_a_line_commissions_is_packed_at_once),
        WAITING_TEST(a_line_may_say_when_before_the_packing),
        WAITING_TEST(what_never_comes_is_an_exception_and_the_rest_is_packed),
        WAITING_TEST(a_number_that_is_scrapped_is_not_waited_for),
        WAITING_TEST(what_was_packed_elsewhere_meanwhile_stays_there),
        WAITING_TEST(what_was_taken_out_later_is_not_put_in),
        WAITING_TEST(a_hierarchy_is_packed_in_whatever_order_it_comes),
        WAITING_TEST(what_only_names_a_unit_does_not_stand_against_what_waited),
        WAITING_TEST(what_waits_outlives_an_end),
        WAITING_TEST(what_a_document_undoes_goes_on_waiting),
        WAITING_TEST(a_document_may_have_its_events_in_any_order),
        WAITING_TEST(nothing_waits_where_nothing_has_to),
        WAITING_TEST(a_unit_that_many_events_pack_has_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
