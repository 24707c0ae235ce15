// Captured events: what they do to units, what they leave alone, and what becomes of documents.
#include "line_site.h"
#include "service/capture/capture.h"
#include "service/event/capture.h"
#include "service/event/capture_job_db.h"
#include "service/event/render.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTEXT  "\"@context\":\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\""
#define ACME     "Packtrail-Client: acme\r\n"
#define OTHER    "Packtrail-Client: other\r\n"
#define ACME_GLN "urn:epc:id:sgln:9521141.00001.0"
#define FOREIGN  "https://id.gs1.org/01/09521999000006/21/"

static char spool[96];

static const char *said(struct fixture *f, const char *fmt, ...) LIKE_PRINTF(2, 3);
static const char *said(struct fixture *f, const char *fmt, ...)
{
    struct buf b;
    va_list args;
    char *text = NULL;

    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    assert_true(n >= 0);
    buf_init(&b, 64 * MB);
    char *kept = str_z(&f->arena, (str){text, (size_t)n});
    free(text);
    buf_fini(&b);
    return kept;
}

// ---- events

struct says {
    const char *type, *action, *step, *time, *id;
    const char *parent;
    const char *epcs; // JSON strings with commas between
    const char *more; // further members
};

static const char *event_of(struct fixture *f, const struct says *s)
{
    bool aggregation = strcmp(s->type, "AggregationEvent") == 0;

    return said(f,
                "{\"type\":\"%s\",\"eventTime\":\"%s\",\"eventTimeZoneOffset\":\"+01:00\"%s%s%s,"
                "\"action\":\"%s\",\"bizStep\":\"%s\"%s%s%s,\"%s\":[%s]%s}",
                s->type, s->time != NULL ? s->time : "2025-11-24T15:30:00.000Z",
                s->id != NULL ? ",\"eventID\":\"" : "", s->id != NULL ? s->id : "",
                s->id != NULL ? "\"" : "", s->action, s->step,
                s->parent != NULL ? ",\"parentID\":\"" : "", s->parent != NULL ? s->parent : "",
                s->parent != NULL ? "\"" : "", aggregation ? "childEPCs" : "epcList",
                s->epcs != NULL ? s->epcs : "", s->more != NULL ? s->more : "");
}

static const char *document_of(struct fixture *f, const char *events)
{
    return said(
        f,
        "{" CONTEXT ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
        "\"creationDate\":\"2025-11-24T16:00:00Z\",\n \"epcisBody\":{\"eventList\":[%s]}}\n",
        events);
}

static struct fixture_answer post(struct fixture *f, const char *headers, const char *body)
{
    return fixture_call(f, "POST /epcis/v2/capture",
                        said(f, "Content-Type: application/json\r\n%s", headers), body);
}

static str header(const struct fixture_answer *a, const char *name)
{
    const char *at = memmem(a->head.p, a->head.n, name, strlen(name));
    str rest, value;

    if (at == NULL) return (str){0};
    rest = str_from(a->head, (size_t)(at - a->head.p) + strlen(name) + 2);
    assert_true(str_cut(&rest, '\r', &value));
    return value;
}

static void expect(const struct fixture_answer *a, int code)
{
    if (a->code != code) fail_msg("%d, not %d: %.*s", a->code, code, STR(a->body));
}

static str job_at(struct fixture *f, const char *client, str location)
{
    struct fixture_answer a = fixture_call(f, said(f, "GET %.*s", STR(location)), client, "");

    expect(&a, 200);
    return a.body;
}

// The document is taken; what its job says.
static str captured(struct fixture *f, const char *client, const char *events)
{
    struct fixture_answer a = post(f, client, document_of(f, events));

    expect(&a, 202);
    str job = job_at(f, client, header(&a, "Location"));
    if (!holds(job, "\"running\":false")) fail_msg("%.*s", STR(job));
    return job;
}

static void stored(struct fixture *f, const char *client, const char *events)
{
    str job = captured(f, client, events);

    if (!holds(job, "\"success\":true")) fail_msg("%.*s", STR(job));
}

// ---- looking

static uint64_t newest(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

// Facts of a kind so far.
static unsigned facts_of(struct fixture *f, enum fact_kind kind)
{
    struct txn *t = fixture_read(f);
    struct fact fact;
    unsigned n = 0;

    for (uint64_t seq = 1, last = journal_head_get(t).seq; seq <= last; seq++) {
        assert_int_equal(journal_get_header(t, seq, &fact).cls, ST_OK);
        n += fact.kind == kind;
    }
    fixture_read_end(t);
    return n;
}

// The newest captured event, and what is kept of it.
struct kept {
    struct fact f;
    struct touched touched;
    struct captured_event e;
};
static struct kept kept_of(struct fixture *f, unsigned back)
{
    struct txn *t = fixture_read(f);
    struct kept k = {.f.seq = 0};
    struct report report;
    struct bytes_r rest;

    for (uint64_t seq = journal_head_get(t).seq; seq > 0; seq--) {
        assert_int_equal(journal_get(t, seq, &f->arena, &k.f).cls, ST_OK);
        if (k.f.kind == FACT_EVENT_CAPTURED && back-- == 0) break;
    }
    assert_int_equal(k.f.kind, FACT_EVENT_CAPTURED);
    assert_int_equal(report_get(k.f.decided, &f->arena, &report, &k.touched, &rest).cls, ST_OK);
    assert_int_equal(captured_event_get(&rest, &k.f, k.touched.runs.units, &f->arena, &k.e).cls,
                     ST_OK);
    fixture_read_end(t);
    return k;
}

static void excepted(struct fixture *f, const char *code)
{
    struct kept k = kept_of(f, 0);
    uint64_t seq = 0;

    if (code == NULL) {
        if (k.e.exception_count > 0)
            fail_msg("%s", capture_exception_code((enum capture_exception)k.e.exceptions[0].code));
        return;
    }
    assert_true(k.e.flags & CAPTURED_EXCEPTION);
    for (uint32_t i = 0; i < k.e.exception_count; i++)
        if (strcmp(capture_exception_code((enum capture_exception)k.e.exceptions[i].code), code) ==
            0)
            seq = k.f.seq;
    if (seq == 0) fail_msg("no %s", code);
    struct txn *t = fixture_read(f);
    assert_int_equal(list_of(t, k.f.client, LIST_EXCEPTION, (str){0}, k.f.seq, &seq, 1), 1);
    fixture_read_end(t);
}

static unit_id foreign(struct fixture *f, uint32_t client, const char *text)
{
    struct txn *t = fixture_read(f);
    unit_id u = foreign_find(t, (client_id){client}, str_of(text));

    fixture_read_end(t);
    return u;
}

static struct unit row(struct fixture *f, unit_id u)
{
    struct txn *t = fixture_read(f);
    struct unit x = unit_one(t, u);

    fixture_read_end(t);
    return x;
}

static const char *pills(struct fixture *f, const struct numbers *n, uint32_t from, uint32_t count)
{
    const char *text = "";

    for (uint32_t i = from; i < from + count; i++)
        text = said(f, "%s%s\"https://id.gs1.org/01/" PILLS "/21/%.*s\"", text, i > from ? "," : "",
                    STR(n->texts[i]));
    return text;
}

static struct unit pill(struct fixture *f, const struct numbers *n, uint32_t i)
{
    return line_site_row(f, sgtin(f, PILLS, n->texts[i]));
}

static const char *commission(struct fixture *f, const char *epcs, const char *lot)
{
    struct says s = {.type = "ObjectEvent",
                     .action = "ADD",
                     .step = "commissioning",
                     .epcs = epcs,
                     .time = "2025-11-24T15:00:00.000Z"};

    if (lot != NULL) s.more = said(f, ",\"ilmd\":{\"cbvmda:lotNumber\":\"%s\"}", lot);
    return event_of(f, &s);
}

static const char *sscc_uri(struct fixture *f, str digits)
{
    return said(f, "https://id.gs1.org/00/%.*s", STR(digits));
}

// ---- claims

static void a_document_is_kept_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "inspecting",
                     .id = "urn:uuid:0b1e5a4e-8c1a-4d33-9a55-2f8c0b0f0a01",
                     .epcs = "\"" FOREIGN "1\"",
                     .more = ",\"readPoint\":{\"id\":\"" ACME_GLN "\"}"};
    const char *one = event_of(f, &s);
    const char *body = document_of(f, said(f, " %s ", one));
    struct fixture_answer a = post(f, ACME, body);
    struct captured_document d;
    struct fact doc;

    expect(&a, 202);
    struct kept k = kept_of(f, 0);
    assert_true(str_eq(k.f.body, str_of(one)));
    assert_true(str_eq(k.e.id, str_of(s.id)));
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get(t, k.e.document, &f->arena, &doc).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(captured_document_get(doc.decided, &f->arena, &d).cls, ST_OK);
    assert_int_equal(d.place_count, 1);
    str whole = str_of(said(f, "%.*s%s%.*s", (int)d.places[0], doc.body.p, one,
                            (int)(doc.body.n - d.places[0]), doc.body.p + d.places[0]));
    assert_true(str_eq(whole, str_of(body)));
    str job = job_at(f, ACME, header(&a, "Location"));
    assert_true(holds(job, "\"success\":true") && holds(job, "\"running\":false"));
    assert_true(holds(job, "\"captureErrorBehaviour\":\"rollback\""));
    assert_true(holds(job, "\"createdAt\":") && holds(job, "\"finishedAt\":"));
}

static void a_captured_event_is_told_as_it_came(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .epcs = "\"" FOREIGN "1\"",
                     .more = ",\"recordTime\":\"2001-01-01T00:00:00Z\""};
    struct event_parts parts;
    struct arena a;

    stored(f, ACME, event_of(f, &s));
    struct kept k = kept_of(f, 0);
    struct txn *t = fixture_read(f);
    arena_init(&a, 64 * MB);
    struct event_render r = event_render_begin(&f->site, t, &a);
    assert_int_equal(event_render(&r, &k.f, &parts).cls, ST_OK);
    assert_int_equal(parts.n, 1);
    const struct epcis_event *e = &parts.at[0].event;
    assert_true(str_eq(e->step, S("receiving")));
    assert_true(str_starts(e->id, S("ni:///sha-256;"))); // none was given
    assert_int_equal(e->recorded.at.at.ms, k.f.at.ms);   // ours
    assert_int_equal(e->epcs.n, 1);
    arena_fini(&a);
    fixture_read_end(t);
}

static void a_captured_commissioning_begins_own_units_with_their_lot(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 4);

    stored(f, ACME, commission(f, pills(f, &n, 0, 3), "A1"));
    struct unit x = pill(f, &n, 0);
    struct kept k = kept_of(f, 0);
    assert_int_equal(x.state, UNIT_COMMISSIONED);
    assert_int_equal(x.first, k.f.seq);
    assert_int_not_equal(k.f.lot, 0);
    excepted(f, NULL);
    // A line goes on with them.
    struct numbers c = line_site_ssccs(f, "acme", 1);
    accepted(f, say_pack(f, text(f, c.texts[0]), (struct part){&n, 0, 3},
                         (struct packing_of){PILLS, ",\"commission\":true"}));
    assert_int_not_equal(pill(f, &n, 0).parent.v, 0);
}

static void own_packs_without_a_known_lot_stay_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2);

    stored(f, ACME, commission(f, pills(f, &n, 0, 1), "NONE"));
    assert_int_equal(pill(f, &n, 0).state, UNIT_NONE);
    assert_true(pill(f, &n, 0).flags & UNIT_SEEN);
    excepted(f, "lot.unknown");
    stored(f, ACME, commission(f, pills(f, &n, 1, 1), NULL));
    excepted(f, "lot.unknown");
    accepted(f, say_commission(f, "A2", PILLS, (struct part){&n, 0, 1})); // a line may still
}

static void packing_and_unpacking_move_the_tree(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 4), c = line_site_ssccs(f, "acme", 1);
    const char *sscc = sscc_uri(f, c.texts[0]);
    struct says s = {.type = "AggregationEvent",
                     .action = "ADD",
                     .step = "packing",
                     .parent = sscc,
                     .epcs = pills(f, &n, 0, 4)};

    stored(f, ACME,
           said(f, "%s,%s", commission(f, pills(f, &n, 0, 4), "A1"),
                commission(f, said(f, "\"%s\"", sscc), NULL)));
    stored(f, ACME, event_of(f, &s));
    excepted(f, NULL);
    unit_id parent = line_site_unit(f, text(f, c.texts[0]));
    assert_int_equal(pill(f, &n, 3).parent.v, parent.v);
    assert_int_equal(row(f, parent).state, UNIT_CLOSED);
    s.action = "DELETE";
    s.step = "unpacking";
    s.epcs = pills(f, &n, 0, 1);
    stored(f, ACME, event_of(f, &s));
    assert_int_equal(pill(f, &n, 0).parent.v, 0);
    assert_int_equal(row(f, parent).state, UNIT_OPEN);
    s.epcs = NULL; // no children: all
    s.time = "2025-11-24T15:31:00.000Z";
    stored(f, ACME, event_of(f, &s));
    assert_int_equal(pill(f, &n, 3).parent.v, 0);
    assert_int_equal(pill(f, &n, 3).last, kept_of(f, 0).f.seq);
    struct txn *t = fixture_read(f);
    assert_int_equal(children_count(t, parent), 0);
    fixture_read_end(t);
}

static void a_late_event_is_kept_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1);
    struct says s = {.type = "ObjectEvent",
                     .action = "DELETE",
                     .step = "destroying",
                     .epcs = pills(f, &n, 0, 1)};

    stored(f, ACME, commission(f, pills(f, &n, 0, 1), "A1")); // 15:00
    s.time = "2025-11-24T14:00:00.000Z";
    stored(f, ACME, event_of(f, &s));
    excepted(f, "time.before");
    assert_int_equal(pill(f, &n, 0).state, UNIT_COMMISSIONED);
    s.time = "2025-11-24T14:30:00.000Z"; // later than the last, but not than the newest
    stored(f, ACME, event_of(f, &s));
    excepted(f, "time.before");
    assert_int_equal(pill(f, &n, 0).state, UNIT_COMMISSIONED);
    s.time = "2025-11-24T15:30:00.000Z";
    stored(f, ACME, event_of(f, &s));
    excepted(f, NULL);
    assert_int_equal(pill(f, &n, 0).state, UNIT_DESTROYED);
    s.step = "decommissioning";
    s.time = "2025-11-24T15:40:00.000Z";
    stored(f, ACME, event_of(f, &s));
    excepted(f, "unit.state");
}

// Its time is no measure either: what happens now is not before it.
static void what_is_ahead_of_the_clock_is_kept_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1);
    struct says s = {.type = "ObjectEvent",
                     .action = "DELETE",
                     .step = "destroying",
                     .time = "2026-11-24T15:00:00.000Z",
                     .epcs = pills(f, &n, 0, 1)};

    stored(f, ACME, commission(f, pills(f, &n, 0, 1), "A1"));
    stored(f, ACME, event_of(f, &s));
    excepted(f, "time.ahead");
    assert_int_equal(pill(f, &n, 0).state, UNIT_COMMISSIONED);
    assert_int_equal(pill(f, &n, 0).last, kept_of(f, 0).f.seq);
    s.time = "2025-11-24T14:00:00.000Z"; // before what did happen
    stored(f, ACME, event_of(f, &s));
    excepted(f, "time.before");
    s.time = "2025-11-24T15:30:00.000Z";
    stored(f, ACME, event_of(f, &s));
    excepted(f, NULL);
    assert_int_equal(pill(f, &n, 0).state, UNIT_DESTROYED);
}

static bool same_unit(const struct unit *a, const struct unit *b)
{
    return a->state == b->state && a->flags == b->flags && a->often == b->often &&
           a->first == b->first && a->last == b->last && a->parent.v == b->parent.v;
}

static void another_clients_number_is_a_unit_of_ones_own(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1);
    const char *uri = said(f, "https://id.gs1.org/01/" PILLS "/21/%.*s", STR(n.texts[0]));
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "shipping",
                     .epcs = said(f, "\"%s\"", uri)};

    stored(f, ACME, commission(f, pills(f, &n, 0, 1), "A1"));
    struct unit before = pill(f, &n, 0);
    stored(f, OTHER, event_of(f, &s));
    struct unit after = pill(f, &n, 0);
    assert_true(same_unit(&before, &after));
    assert_int_equal(foreign(f, 1, uri).v, 0);
    unit_id u = foreign(f, 2, uri);
    assert_int_not_equal(u.v, 0);
    assert_int_equal(row(f, u).state, UNIT_SHIPPED);
}

static void foreign_units_are_named_once(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .epcs = "\"" FOREIGN "1\",\"urn:epc:id:sgtin:9521999.000000.2\","
                             "\"https://example.com/7\",\"" FOREIGN "2\""};

    stored(f, ACME, event_of(f, &s));
    excepted(f, "unit.twice"); // in two spellings
    assert_int_equal(facts_of(f, FACT_UNITS_NAMED), 1);
    unit_id a = foreign(f, 1, FOREIGN "1"), b = foreign(f, 1, "https://example.com/7");
    assert_true(a.v != 0 && b.v != 0 && unit_space(a) == unit_space(b));
    assert_true(row(f, a).flags & UNIT_SEEN);
    s.step = "storing";
    stored(f, ACME, event_of(f, &s));
    assert_int_equal(facts_of(f, FACT_UNITS_NAMED), 1);
    assert_int_equal(foreign(f, 1, FOREIGN "1").v, a.v);
    assert_int_equal(kept_of(f, 0).touched.runs.units, 3);
    assert_int_equal(row(f, a).last, kept_of(f, 0).f.seq);
}

static str unit_call(struct fixture *f, int code, const char *unit, const char *tail)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    for (const char *p = unit; *p != '\0'; p++)
        buf_addf(&b, strchr("/:()", *p) != NULL ? "%%%02X" : "%c", *p);
    struct fixture_answer a =
        fixture_call(f, said(f, "GET /v1/units/%.*s%s", STR(buf_str(&b)), tail), "", "");
    buf_fini(&b);
    expect(&a, code);
    return a.body;
}

static void a_foreign_unit_has_a_view_and_a_history(void **state)
{
    static const client_id acme = {1}, other = {2};
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "ADD",
                     .step = "commissioning",
                     .epcs = "\"" FOREIGN "1\",\"https://id.gs1.org/00/095219990000000013\""};

    stored(f, ACME, event_of(f, &s));
    s.type = "AggregationEvent";
    s.step = "packing";
    s.epcs = "\"" FOREIGN "1\"";
    s.parent = "https://id.gs1.org/00/095219990000000013";
    s.time = "2025-11-24T15:31:00.000Z";
    stored(f, ACME, event_of(f, &s));
    f->caller.clients = &acme;
    f->caller.client_count = 1;
    str pack = unit_call(f, 200, FOREIGN "1", "");
    assert_true(holds(pack, "\"state\":\"packed\"") && holds(pack, "\"gtin\":\"09521999000006\""));
    assert_true(holds(pack, "\"parent\":\"(00)095219990000000013\""));
    assert_true(holds(unit_call(f, 200, "(00)095219990000000013", ""), "\"gtin\":null"));
    str history = unit_call(f, 200, FOREIGN "1", "/history");
    assert_true(holds(history, "\"type\":\"event\"") && holds(history, "\"eventID\":\"ni:"));
    assert_true(holds(history, "\"parent\":\"(00)095219990000000013\""));
    f->caller.clients = &other;
    unit_call(f, 404, FOREIGN "1", "");
    f->caller.clients = NULL;
    f->caller.client_count = 0;
}

// Its commissioning comes last, whatever happened since stands.
static void a_foreign_unit_may_be_told_to_begin_behind_what_it_did_since(void **state)
{
    struct fixture *f = *state;
    const char *sscc = "https://id.gs1.org/00/095219990000000013";
    struct says packs = {.type = "AggregationEvent",
                         .action = "ADD",
                         .step = "packing",
                         .epcs = "\"" FOREIGN "1\",\"" FOREIGN "2\"",
                         .parent = sscc},
                ships = {.type = "ObjectEvent",
                         .action = "OBSERVE",
                         .step = "shipping",
                         .epcs = "\"" FOREIGN "3\"",
                         .time = "2025-11-24T15:32:00.000Z"},
                begins = {.type = "ObjectEvent",
                          .action = "ADD",
                          .step = "commissioning",
                          .epcs = said(f, "\"%s\",\"" FOREIGN "1\",\"" FOREIGN "3\"", sscc),
                          .time = "2025-11-24T15:00:00.000Z"};

    packs.time = "2025-11-24T15:31:00.000Z";
    stored(f, ACME, event_of(f, &packs));
    stored(f, ACME, event_of(f, &ships));
    stored(f, ACME, event_of(f, &begins));
    uint64_t seq = kept_of(f, 0).f.seq;
    assert_int_equal(facts_of(f, FACT_UNITS_NAMED), 2);
    struct unit one = row(f, foreign(f, 1, FOREIGN "1")), two = row(f, foreign(f, 1, FOREIGN "2")),
                three = row(f, foreign(f, 1, FOREIGN "3")), top = row(f, foreign(f, 1, sscc));
    assert_int_equal(kept_of(f, 0).e.exception_count, 0);
    assert_true(one.first == seq && three.first == seq && top.first == seq && two.first == 0);
    assert_int_equal(one.state, UNIT_COMMISSIONED);
    assert_int_equal(one.parent.v, foreign(f, 1, sscc).v);
    assert_int_equal(top.state, UNIT_CLOSED);
    assert_int_equal(three.state, UNIT_SHIPPED);
    assert_int_equal(two.state, UNIT_NONE);
    assert_true(one.flags == UNIT_LATE && two.flags == UNIT_SEEN);
    // What is older than what is known stays so.
    begins.epcs = "\"" FOREIGN "1\"";
    begins.time = "2025-11-24T14:00:00.000Z";
    stored(f, ACME, event_of(f, &begins));
    excepted(f, "time.before");
    assert_int_equal(row(f, foreign(f, 1, FOREIGN "1")).first, seq);
    packs.action = "DELETE";
    packs.step = "unpacking";
    packs.time = "2025-11-24T15:30:30.000Z"; // before it was packed
    stored(f, ACME, event_of(f, &packs));
    excepted(f, "time.before");
    packs.time = "2025-11-24T15:40:00.000Z";
    stored(f, ACME, event_of(f, &packs));
    assert_int_equal(row(f, foreign(f, 1, FOREIGN "1")).parent.v, 0);
    assert_int_equal(row(f, foreign(f, 1, sscc)).state, UNIT_OPEN);
}

static void a_foreign_unit_may_begin_at_the_time_when_it_is_packed(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "AggregationEvent",
                     .action = "ADD",
                     .step = "packing",
                     .epcs = "\"" FOREIGN "1\"",
                     .parent = "https://id.gs1.org/00/095219990000000013",
                     .time = "2025-11-24T15:31:00.000Z"};

    stored(f, ACME, event_of(f, &s));
    s.type = "ObjectEvent";
    s.step = "commissioning";
    s.parent = NULL;
    stored(f, ACME, event_of(f, &s));
    struct unit x = row(f, foreign(f, 1, FOREIGN "1"));
    assert_int_equal(x.state, UNIT_COMMISSIONED);
    assert_true(x.parent.v != 0 && x.flags == 0 && x.first == x.last);
    s.time = "2025-11-24T15:50:00.000Z"; // but once
    s.epcs = "\"https://id.gs1.org/00/095219990000000013\",\"" FOREIGN "1\"";
    stored(f, ACME, event_of(f, &s));
    excepted(f, "unit.state");
}

static void a_number_that_was_captured_is_never_issued(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent", .action = "OBSERVE", .step = "receiving"};
    struct numbers probe = line_site_ssccs(f, "acme", 1);
    char next[20];

    // SSCCs of acme are counted: the one after the next is told beforehand.
    memcpy(next, probe.texts[0].p, 18);
    next[16]++; // serial part's last digit; the check digit follows
    next[17] = gs1_check_digit((str){next, 17});
    s.epcs = said(f, "\"https://id.gs1.org/00/%.18s\"", next);
    stored(f, ACME, event_of(f, &s));
    struct numbers more = line_site_ssccs(f, "acme", 3);
    for (uint32_t i = 0; i < more.n; i++) assert_false(str_eq(more.texts[i], (str){next, 18}));
    assert_int_not_equal(foreign(f, 1, said(f, "https://id.gs1.org/00/%.18s", next)).v, 0);
}

// EPCIS-ERROR-DECLARATION
static void the_same_event_again_is_no_second_event(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .id = "urn:uuid:1",
                     .epcs = "\"" FOREIGN "1\""};
    const char *one = event_of(f, &s);

    stored(f, ACME, one);
    stored(f, ACME, one);
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1);
    stored(f, ACME, said(f, "{ %s", one + 1)); // other bytes
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1);
    stored(f, OTHER, one); // another client's is another event
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 2);
    s.more = ",\"errorDeclaration\":{\"declarationTime\":\"2025-11-24T16:00:00Z\","
             "\"reason\":\"did_not_occur\"}";
    stored(f, ACME, event_of(f, &s)); // an error declaration has its event's id
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 3);
    s.more = NULL;
    s.id = NULL; // the hash of the event is its id
    stored(f, ACME, event_of(f, &s));
    stored(f, ACME, said(f, "{ %s", event_of(f, &s) + 1));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 4);
}

// EPCIS-ERROR-DECLARATION
static void other_content_under_an_eventid_is_refused(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .id = "urn:uuid:1",
                     .epcs = "\"" FOREIGN "1\""};
    struct says good = s;

    good.id = "urn:uuid:2";
    stored(f, ACME, event_of(f, &s));
    s.step = "storing";
    str job = captured(f, ACME, said(f, "%s,%s", event_of(f, &good), event_of(f, &s)));
    assert_true(holds(job, "\"success\":false") && holds(job, "event.id_taken"));
    assert_true(holds(job, "\"index\":1"));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1); // nothing of it
    job = captured(f, ACME "GS1-Capture-Error-Behaviour: proceed\r\n",
                   said(f, "%s,%s", event_of(f, &good), event_of(f, &s)));
    assert_true(holds(job, "\"success\":false") && holds(job, "event.id_taken"));
    assert_true(holds(job, "\"captureErrorBehaviour\":\"proceed\""));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 2);
}

// The event's hash is the same in each row.
static void what_the_hash_does_not_see_is_other_content_too(void **state)
{
#define LOT(number)  ",\"ilmd\":{\"cbvmda:lotNumber\":\"" number "\"}"
#define NAMED(value) ",\"https://e/n\":" value
#define ERROR(day, why)                                                                            \
    ",\"errorDeclaration\":{\"declarationTime\":\"2025-12-0" day "T00:00:00Z\",\"reason\":\"" why  \
    "\"}"
    static const struct {
        const char *first, *again;
        bool same;
    } rows[] = {
        {LOT("00123"),             ",\"comment\":null" LOT("00123"), true                      },
        {LOT("00123"),             LOT("123"),                       false                     },
        {LOT("1E3"),               LOT("1000"),                      false                     },
        {",\"comment\":\"first\"", ",\"comment\":\"second\"",        false                     },
        {ERROR("1",                "incorrect_data"),                ERROR("1",                  "did_not_occur"), false},
        {ERROR("1",                   "incorrect_data"),                                                   ERROR("2",                                                                     "incorrect_data"), false},
        {NAMED("12.50"),               NAMED("12.5"),true},
        {NAMED("\"12.50\""),           NAMED("12.50"),                true                                                          },
        {NAMED("\"12.50\""),       NAMED("\"12.5\""),               false                     },
        {NAMED("[1,2]"),       NAMED("[2,1]"),                true                      },
    };
    struct fixture *f = *state;
    unsigned facts = 0;

    for (size_t i = 0; i < 2 * LEN(rows); i++) { // with an eventID, and with the hash for one
        struct says s = {.type = "ObjectEvent",
                         .action = "ADD",
                         .step = "receiving",
                         .id = i % 2 == 0 ? said(f, "urn:x:%zu", i) : NULL,
                         .epcs = said(f, "\"" FOREIGN "%zu\"", i + 1),
                         .more = rows[i / 2].first};
        stored(f, ACME, event_of(f, &s));
        s.more = rows[i / 2].again;
        facts++;
        str job = captured(f, ACME, event_of(f, &s));
        if (holds(job, rows[i / 2].same ? "event.id_taken" : "\"success\":true"))
            fail_msg("%s and %s", rows[i / 2].first, rows[i / 2].again);
        assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), facts);
        s.more = rows[i / 2].first;
        stored(f, ACME, said(f, "{ %s", event_of(f, &s) + 1));
        assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), facts);
    }
}

static void what_cannot_be_read_is_refused_whole_or_left_out(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .epcs = "\"" FOREIGN "1\""};
    struct says bad = {.type = "ObjectEvent",
                       .action = "OBSERVE",
                       .step = "receiving",
                       .epcs = "\"urn:epc:id:sgtin:1.2\""};
    const char *events = said(f, "%s,%s", event_of(f, &s), event_of(f, &bad));
    uint64_t before = newest(f);

    struct fixture_answer a = post(f, ACME, document_of(f, events));
    expect(&a, 400);
    assert_true(holds(a.body, "\"index\":1"));
    assert_int_equal(newest(f), before); // no trace
    a = post(f, ACME "GS1-Capture-Error-Behaviour: proceed\r\n", document_of(f, events));
    expect(&a, 202);
    str job = job_at(f, ACME, header(&a, "Location"));
    assert_true(holds(job, "\"success\":false") && holds(job, "\"index\":1"));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1);
    a = post(f, ACME, "{\"type\":");
    expect(&a, 400);
    a = post(f, ACME "GS1-Capture-Error-Behaviour: maybe\r\n", document_of(f, events));
    expect(&a, 400);
    a = post(f, ACME, "");
    expect(&a, 400);
    a = post(f, "", document_of(f, events));
    expect(&a, 422);
    a = post(f, "Packtrail-Client: nobody\r\n", document_of(f, events));
    expect(&a, 404);
}

static struct fixture_answer post_event(struct fixture *f, const char *headers, const char *event)
{
    return fixture_call(f, "POST /epcis/v2/events",
                        said(f, "Content-Type: application/json\r\n" ACME "%s", headers),
                        said(f, "{" CONTEXT ",%s", event + 1));
}

#define ODD(id, more)                                                                              \
    "{\"type\":\"ObjectEvent\",\"eventTime\":\"2025-11-24T15:30:00Z\",\"eventTimeZoneOffset\":"    \
    "\"+00:00\",\"eventID\":\"urn:x:" id "\",\"action\":\"OBSERVE\",\"epcList\":[\"" FOREIGN       \
    "1\"]," more "}"

static void what_xml_has_no_place_for_is_taken_in_nowhere(void **state)
{
    static const char *const bad[] = {
        ODD("1", "\"https://e/a\xef\xbf\xbf\":1"),
        ODD("2", "\"https://e/a\":\"\xef\xbf\xbe\""),
        ODD("3", "\"https://e/a\":{\"b\":[\"\\u0001\"]}"),
        ODD("4", "\"https://e/\\uFFFEa\":1"),
        ODD("5", "\"https://e/a\":\"\\\\\\u001f\""),
    };
    static const char *const good[] = {
        ODD("6", "\"https://e/a\":\"\\\\uffff\""),
        ODD("7", "\"https://e/a\":\"\\ud83c\\udf89 \\t\\u000a \xef\xbf\xbd\""),
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < LEN(bad); i++) {
        struct fixture_answer a = post(f, ACME, document_of(f, bad[i]));
        expect(&a, 400);
        assert_true(holds(a.body, "epcis.character"));
        a = post_event(f, "", bad[i]);
        expect(&a, 400);
        assert_true(holds(a.body, "epcis.character"));
    }
    for (size_t i = 0; i < LEN(good); i++) stored(f, ACME, good[i]);
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), LEN(good));
    struct fixture_answer a = post(
        f, ACME,
        "{" CONTEXT ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":"
        "\"2025-11-24T16:00:00Z\",\"epcisBody\":{\"eventList\":[]},\"epcisHeader\":{"
        "\"epcisMasterData\":{\"vocabularyList\":[{\"type\":\"urn:x:t\",\"vocabularyElementList\":["
        "{\"id\":\"urn:x:\\uffff\",\"attributes\":[]}]}]}}}");
    expect(&a, 400);
    assert_true(holds(a.body, "epcis.character"));
}

#define LATIN_EVENT(n, letters)                                                                    \
    "<ObjectEvent><eventTime>2025-11-24T15:30:00Z</eventTime><eventTimeZoneOffset>+00:00"          \
    "</eventTimeZoneOffset><eventID>urn:x:" n "</eventID><epcList><epc>urn:x:t</epc></epcList>"    \
    "<action>OBSERVE</action><x:n xmlns:x=\"https://e/\">" letters "</x:n></ObjectEvent>"
#define LATIN_DOCUMENT(u)                                                                          \
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><e:EPCISDocument "                             \
    "xmlns:e=\"urn:epcglobal:epcis:"                                                               \
    "xsd:2\" schemaVersion=\"2.0\" creationDate=\"2025-11-24T16:00:00Z\"><!-- " u                  \
    " --><EPCISBody>"                                                                              \
    "<EventList>\n" LATIN_EVENT("1", u) " " LATIN_EVENT("2", u) "\n</EventList></EPCISBody>"       \
                                                                "</e:EPCISDocument>"

// More letters beyond ASCII than there are bytes behind the events.
static void a_document_in_another_encoding_is_kept_as_utf_8(void **state)
{
#define U8(x)  x x x x x x x x
#define U64(x) U8(U8(x))
    static const char latin[] = LATIN_DOCUMENT(U64("\xfc")),
                      utf8[] = LATIN_DOCUMENT(U64("\xc3\xbc"));
    struct fixture *f = *state;
    struct captured_document d;
    struct fact doc;
    struct fixture_answer a = fixture_call(f, "POST /epcis/v2/capture",
                                           "Content-Type: application/xml\r\n" ACME, (char *)latin);

    expect(&a, 202);
    struct kept one = kept_of(f, 1), two = kept_of(f, 0);
    struct txn *t = fixture_read(f);
    assert_int_equal(journal_get(t, one.e.document, &f->arena, &doc).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(captured_document_get(doc.decided, &f->arena, &d).cls, ST_OK);
    assert_int_equal(d.place_count, 2);
    assert_int_equal(d.bytes, sizeof latin - 1);
    int p = (int)d.places[0], q = (int)d.places[1];
    str whole = str_of(said(f, "%.*s%.*s%.*s%.*s%.*s", p, doc.body.p, STR(one.f.body), q - p,
                            doc.body.p + p, STR(two.f.body), (int)doc.body.n - q, doc.body.p + q));
    assert_true(str_eq(whole, str_of(utf8)));
}

static void an_empty_document_is_a_job_too(void **state)
{
    struct fixture *f = *state;

    stored(f, ACME, "");
    assert_int_equal(facts_of(f, FACT_DOCUMENT_CAPTURED), 1);
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 0);
}

static void jobs_are_listed_newest_first_and_a_clients_own(void **state)
{
    struct fixture *f = *state;

    stored(f, ACME, "");
    stored(f, ACME, "");
    struct fixture_answer mine = post(f, OTHER, document_of(f, ""));
    expect(&mine, 202);
    str location = header(&mine, "Location");
    struct fixture_answer a = fixture_call(f, said(f, "GET %.*s", STR(location)), ACME, "");
    expect(&a, 404);
    a = fixture_call(f, said(f, "GET %.*s", STR(location)), OTHER "Accept: application/xml\r\n",
                     "");
    expect(&a, 200);
    assert_true(holds(a.body, "<epcis:EPCISCaptureJob"));
    a = fixture_call(f, "GET /epcis/v2/capture?perPage=1", ACME, "");
    expect(&a, 200);
    str link = header(&a, "Link");
    assert_true(holds(link, "nextPageToken=") && holds(link, "rel=\"next\""));
    a = fixture_call(f, "GET /epcis/v2/capture", OTHER, "");
    expect(&a, 200);
    assert_true(holds(a.body, "\"captureID\"") && !holds(a.body, "},{"));
    a = fixture_call(f, "GET /epcis/v2/capture/nonsense", OTHER, "");
    expect(&a, 404);
}

// ---- single events

// EPCIS-EVENTS-409
static void one_event_is_answered_with_itself(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .id = "urn:uuid:a",
                     .epcs = "\"urn:epc:id:sgtin:9521999.000000.2\""};

    struct fixture_answer a = post_event(f, "", event_of(f, &s));
    expect(&a, 201);
    assert_true(str_eq(header(&a, "Location"), S("/epcis/v2/events/urn%3Auuid%3Aa")));
    assert_true(holds(a.body, "\"eventID\":\"urn:uuid:a\"") && holds(a.body, "\"recordTime\":"));
    assert_int_equal(kept_of(f, 0).e.document, 0);
    a = post_event(f, "", event_of(f, &s));
    expect(&a, 409);
    a = post_event(f, "", said(f, "{\"x\":1}"));
    expect(&a, 400);
    a = fixture_call(f, "POST /epcis/v2/events", "Content-Type: application/json\r\n" ACME,
                     document_of(f, event_of(f, &s)));
    expect(&a, 400);
    s.id = NULL;
    s.step = "storing";
    a = post_event(f, "Idempotency-Key: k1\r\n", event_of(f, &s));
    expect(&a, 201);
    struct fixture_answer again = post_event(f, "Idempotency-Key: k1\r\n", event_of(f, &s));
    expect(&again, 201);
    assert_true(str_eq(header(&a, "Location"), header(&again, "Location")));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 2);
}

static void a_repeated_key_gives_the_same_job(void **state)
{
    struct fixture *f = *state;
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "receiving",
                     .id = "urn:uuid:1",
                     .epcs = "\"" FOREIGN "1\""};
    const char *doc = document_of(f, event_of(f, &s));

    struct fixture_answer a = post(f, ACME "Idempotency-Key: d1\r\n", doc);
    struct fixture_answer b = post(f, ACME "Idempotency-Key: d1\r\n", doc);
    expect(&a, 202);
    expect(&b, 202);
    assert_true(str_eq(header(&a, "Location"), header(&b, "Location")));
    assert_int_equal(facts_of(f, FACT_DOCUMENT_CAPTURED), 1);
    b = post(f, ACME "Idempotency-Key: d1\r\n", document_of(f, ""));
    expect(&b, 422);
    // Rolled back, too.
    s.step = "storing";
    doc = document_of(f, said(f, "%s", event_of(f, &s)));
    a = post(f, ACME "Idempotency-Key: d2\r\n", doc);
    b = post(f, ACME "Idempotency-Key: d2\r\n", doc);
    expect(&a, 202);
    assert_true(str_eq(header(&a, "Location"), header(&b, "Location")));
    assert_true(holds(job_at(f, ACME, header(&b, "Location")), "\"success\":false"));
}

static void by_the_rule_of_1_2_an_answer_says_that_all_is_stored(void **state)
{
    static const char document[] =
        "<?xml version=\"1.0\"?>\n"
        "<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" schemaVersion=\"1.2\" "
        "creationDate=\"2025-11-24T16:00:00Z\"><EPCISBody><EventList>"
        "<ObjectEvent><eventTime>2025-11-24T15:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
        "<epcList><epc>urn:epc:id:sgtin:9521999.000000.2</epc></epcList>"
        "<action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:receiving</bizStep>"
        "</ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>";
    struct fixture *f = *state;
    const char *xml = "Content-Type: application/xml\r\n" ACME;

    struct fixture_answer a = fixture_call(f, "POST /epcis/v1/capture", xml, document);
    expect(&a, 200);
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1);
    assert_true(kept_of(f, 0).e.flags & CAPTURED_XML);
    a = fixture_call(f, "POST /epcis/v1/capture", xml, "<a/>");
    expect(&a, 400);
    a = fixture_call(f, "POST /epcis/v1/capture", "Content-Type: application/json\r\n" ACME, "{}");
    expect(&a, 415);
    a = fixture_call(f, "POST /epcis/v2/capture", xml, document); // the same event
    expect(&a, 202);
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1);
}

static void an_event_alone_of_1_2_says_so_or_its_request_does(void **state)
{
#define OF_1_2(mark, n)                                                                            \
    "<ObjectEvent" mark "><eventTime>2025-11-24T15:00:00Z</eventTime>"                             \
    "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"                                            \
    "<baseExtension><eventID>urn:x:" n "</eventID></baseExtension>"                                \
    "<epcList><epc>urn:epc:id:sgtin:9521999.000000.2</epc></epcList><action>OBSERVE</action>"      \
    "<extension><quantityList><quantityElement><epcClass>urn:x:c</epcClass><quantity>5</quantity>" \
    "</quantityElement></quantityList></extension></ObjectEvent>"
    static const char turned[] =
        "<extension><TransformationEvent><eventTime>2025-11-24T15:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
        "<baseExtension><eventID>urn:x:4</eventID></baseExtension>"
        "<inputEPCList><epc>urn:x:1</epc></inputEPCList>"
        "<outputEPCList><epc>urn:x:2</epc></outputEPCList></TransformationEvent></extension>";
    static const struct {
        const char *header, *event;
        int code;
    } rows[] = {
        {"",                               OF_1_2("",                       "1"), 400},
        {"GS1-EPCIS-Version: 1.2\r\n",     OF_1_2("",                       "2"), 201},
        {"",                               OF_1_2(" schemaVersion=\"1.2\"", "3"), 201},
        {"",                               turned,                          201 },
        {"GS1-EPCIS-Version: 1.2\r\n", OF_1_2(" schemaVersion=\"2.0\"",                            "5"),  400   },
        {"GS1-EPCIS-Version: 2.0.0\r\n", OF_1_2(" schemaVersion=\"1.2\"",                            "6"),  201},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < LEN(rows); i++) {
        const char *form = said(f, "Content-Type: application/xml\r\n" ACME "%s", rows[i].header);
        struct fixture_answer a = fixture_call(f, "POST /epcis/v2/events", form, rows[i].event);
        expect(&a, rows[i].code);
        if (a.code != 201) continue;
        assert_true(kept_of(f, 0).e.flags & CAPTURED_EARLIER);
        const char *one = said(f, "GET /epcis/v2/events/urn%%3Ax%%3A%zu", i + 1);
        a = fixture_call(f, one, ACME "Accept: application/json\r\n", "");
        expect(&a, 200); // read again
        assert_true(holds(a.body, i == 3 ? "outputEPCList" : "\"quantity\":5"));
        a = fixture_call(f, "POST /epcis/v2/events", form, rows[i].event);
        expect(&a, 409);
    }
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 4);
    struct fixture_answer a =
        fixture_call(f, "POST /epcis/v2/capture", "Content-Type: application/xml\r\n" ACME,
                     "<e:EPCISDocument xmlns:e=\"urn:epcglobal:epcis:xsd:1\" schemaVersion=\"1.2\" "
                     "creationDate=\"2025-11-24T15:00:00Z\"><EPCISBody><EventList>" OF_1_2(
                         "", "2") "</EventList></EPCISBody></e:EPCISDocument>");
    expect(&a, 202); // a repeat
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 4);
}

// ---- strict, off

static void profile(struct fixture *f, const char *capture)
{
    enum role was = f->caller.role;

    f->caller.role = ROLE_ADMIN;
    struct fixture_answer a = fixture_call(
        f, "PUT /v1/clients/acme", "",
        said(f,
             "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"],\"profile\":{\"capture\":\"%s\","
             "\"ship_rule\":\"quarantine\",\"pack_levels\":\"any\"}}",
             capture));
    f->caller.role = was;
    expect(&a, 200);
}

static void a_strict_client_is_refused_what_its_units_do_not_allow(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 2);
    struct says s = {
        .type = "ObjectEvent", .action = "OBSERVE", .step = "shipping", .epcs = pills(f, &n, 0, 2)};

    profile(f, "strict");
    str job = captured(f, ACME, event_of(f, &s)); // never commissioned
    assert_true(holds(job, "\"success\":false") && holds(job, "unit.state"));
    assert_true(holds(job, "\"units\":[{\"unit\":\"(01)"));
    assert_true(holds(job, "epcisException:ValidationException"));
    assert_true(holds(job, "\"detail\":\"2 faults; the first: epcList: it is allocated: (01)"));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 0);
    // What one event does the next one builds on.
    stored(f, ACME, said(f, "%s,%s", commission(f, pills(f, &n, 0, 2), "A1"), event_of(f, &s)));
    assert_int_equal(pill(f, &n, 0).state, UNIT_SHIPPED);
    struct fixture_answer a = post_event(f, "", event_of(f, &s));
    expect(&a, 409);
}

static void a_client_without_rules_changes_no_state(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, PILLS, "A1", 1);

    profile(f, "off");
    stored(f, ACME, commission(f, pills(f, &n, 0, 1), "A1"));
    excepted(f, NULL);
    assert_int_equal(pill(f, &n, 0).state, UNIT_NONE);
    assert_int_equal(pill(f, &n, 0).last, kept_of(f, 0).f.seq);
}

// ---- large documents

static const char *many(struct fixture *f, unsigned n)
{
    struct buf b;

    buf_init(&b, 64 * MB);
    for (unsigned i = 0; i < n; i++)
        buf_addf(&b,
                 "%s{\"type\":\"ObjectEvent\",\"eventTime\":\"2025-11-24T15:00:00.%03uZ\","
                 "\"eventTimeZoneOffset\":\"+01:00\",\"eventID\":\"urn:uuid:%u\",\"action\":"
                 "\"OBSERVE\",\"bizStep\":\"receiving\",\"epcList\":[\"" FOREIGN "%u\"]}",
                 i > 0 ? "," : "", i % 1000, i, i / 3);
    char *text = str_z(&f->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void run_all(struct fixture *f)
{
    for (unsigned quiet = 0; quiet < 200; quiet++) {
        loop_step(f->loop, false);
        if (committer_step(f->site.committer, false) > 0) quiet = 0;
    }
}

static unsigned spooled_files(void)
{
    char command[160];
    unsigned n = 0;

    snprintf(command, sizeof command, "ls %s | wc -l", spool);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_int_equal(fscanf(p, "%u", &n), 1);
    pclose(p);
    return n;
}

static void a_large_document_is_taken_in_by_slices(void **state)
{
    struct fixture *f = *state;
    struct fixture_answer a = post(f, ACME, document_of(f, many(f, 3000)));

    expect(&a, 202);
    run_all(f);
    str job = job_at(f, ACME, header(&a, "Location"));
    if (!holds(job, "\"running\":false") || !holds(job, "\"success\":true"))
        fail_msg("%.*s", STR(job));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 3000);
    assert_true(facts_of(f, FACT_CAPTURE_SLICE) > 10);
    assert_int_equal(spooled_files(), 0);
    assert_int_equal(kept_of(f, 0).e.index, 2999);
}

static void a_large_document_with_a_fault_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t before = newest(f);
    struct fixture_answer a = post(f, ACME, document_of(f, said(f, "%s,{}", many(f, 3000))));

    expect(&a, 400);
    assert_true(holds(a.body, "\"index\":3000"));
    run_all(f);
    assert_int_equal(newest(f), before);
    assert_int_equal(spooled_files(), 0);
    // With an eventID that is taken all of it is rolled back.
    struct says s = {.type = "ObjectEvent",
                     .action = "OBSERVE",
                     .step = "storing",
                     .id = "urn:uuid:1500",
                     .epcs = "\"" FOREIGN "1\""};
    stored(f, ACME, event_of(f, &s));
    a = post(f, ACME, document_of(f, many(f, 3000)));
    expect(&a, 202);
    run_all(f);
    str job = job_at(f, ACME, header(&a, "Location"));
    assert_true(holds(job, "\"success\":false") && holds(job, "\"index\":1500"));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 1);
    assert_int_equal(spooled_files(), 0);
}

static void what_an_end_cut_off_is_gone_on_with(void **state)
{
    struct fixture *f = *state;
    struct fixture_answer a = post(f, ACME, document_of(f, many(f, 3000)));

    expect(&a, 202);
    for (unsigned i = 0; i < 100 && facts_of(f, FACT_CAPTURE_SLICE) < 3; i++) {
        loop_step(f->loop, false);
        committer_step(f->site.committer, false);
    }
    unsigned done = facts_of(f, FACT_EVENT_CAPTURED);
    assert_true(done > 0 && done < 3000);
    str location = arena_str(&f->arena, header(&a, "Location"));
    // As after a kill: what was in memory is gone.
    atomic_store(&f->site.draining, true);
    for (unsigned i = 0; i < 50; i++) {
        loop_step(f->loop, false);
        committer_stop(f->site.committer);
    }
    capture_stop(&f->site);
    atomic_store(&f->site.draining, false);
    fixture_reopen(f);
    fixture_serve(f, line_site_routes);
    assert_int_equal(spooled_files(), 1);
    assert_int_equal(capture_start(&f->site, spool).cls, ST_OK);
    run_all(f);
    str job = job_at(f, ACME, location);
    if (!holds(job, "\"running\":false") || !holds(job, "\"success\":true"))
        fail_msg("%.*s", STR(job));
    assert_int_equal(facts_of(f, FACT_EVENT_CAPTURED), 3000);
    assert_int_equal(spooled_files(), 0);
}

static void a_unit_with_many_events_has_a_list(void **state)
{
    struct fixture *f = *state;
    uint64_t seqs[600];
    char value[8];

    for (unsigned i = 0; i < 3; i++) {
        struct buf b;
        buf_init(&b, 1 * MB);
        for (unsigned k = 0; k < 150; k++)
            buf_addf(&b,
                     "%s{\"type\":\"ObjectEvent\",\"eventTime\":\"2025-11-24T15:%02u:00.%03uZ\","
                     "\"eventTimeZoneOffset\":\"+01:00\",\"action\":\"OBSERVE\",\"bizStep\":"
                     "\"receiving\",\"epcList\":[\"" FOREIGN "1\"]}",
                     k > 0 ? "," : "", i, k);
        stored(f, ACME, said(f, "%.*s", STR(buf_str(&b))));
        buf_fini(&b);
    }
    unit_id u = foreign(f, 1, FOREIGN "1");
    put_be(value, u.v, 8);
    struct txn *t = fixture_read(f);
    size_t n = list_of(t, (client_id){1}, LIST_UNIT, (str){value, 8}, 0, seqs, LEN(seqs));
    fixture_read_end(t);
    assert_in_range(n, 150, 440); // from about the 64th on
    assert_int_equal(seqs[n - 1], row(f, u).last);
}

// ---- setting up

static int setup(void **state)
{
    struct fixture *f = line_site_open();

    strcpy(spool, "/tmp/capture_test_XXXXXX");
    assert_non_null(mkdtemp(spool));
    assert_int_equal(capture_start(&f->site, spool).cls, ST_OK);
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

#define CAPTURE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE_TEST(a_document_is_kept_byte_by_byte),
        CAPTURE_TEST(a_captured_event_is_told_as_it_came),
        CAPTURE_TEST(a_captured_commissioning_begins_own_units_with_their_lot),
        CAPTURE_TEST(own_packs_without_a_known_lot_stay_as_they_are),
        CAPTURE_TEST(packing_and_unpacking_move_the_tree),
        CAPTURE_TEST(a_late_event_is_kept_and_changes_nothing),
        CAPTURE_TEST(what_is_ahead_of_the_clock_is_kept_and_changes_nothing),
        CAPTURE_TEST(another_clients_number_is_a_unit_of_ones_own),
        CAPTURE_TEST(foreign_units_are_named_once),
        CAPTURE_TEST(a_foreign_unit_has_a_view_and_a_history),
        CAPTURE_TEST(a_foreign_unit_may_be_told_to_begin_behind_what_it_did_since),
        CAPTURE_TEST(a_foreign_unit_may_begin_at_the_time_when_it_is_packed),
        CAPTURE_TEST(a_number_that_was_captured_is_never_issued),
        CAPTURE_TEST(the_same_event_again_is_no_second_event),
        CAPTURE_TEST(other_content_under_an_eventid_is_refused),
        CAPTURE_TEST(an_event_alone_of_1_2_says_so_or_its_request_does),
        CAPTURE_TEST(what_the_hash_does_not_see_is_other_content_too),
        CAPTURE_TEST(what_cannot_be_read_is_refused_whole_or_left_out),
        CAPTURE_TEST(what_xml_has_no_place_for_is_taken_in_nowhere),
        CAPTURE_TEST(a_document_in_another_encoding_is_kept_as_utf_8),
        CAPTURE_TEST(an_empty_document_is_a_job_too),
        CAPTURE_TEST(jobs_are_listed_newest_first_and_a_clients_own),
        CAPTURE_TEST(one_event_is_answered_with_itself),
        CAPTURE_TEST(a_repeated_key_gives_the_same_job),
        CAPTURE_TEST(by_the_rule_of_1_2_an_answer_says_that_all_is_stored),
        CAPTURE_TEST(a_strict_client_is_refused_what_its_units_do_not_allow),
        CAPTURE_TEST(a_client_without_rules_changes_no_state),
        CAPTURE_TEST(a_large_document_is_taken_in_by_slices),
        CAPTURE_TEST(a_large_document_with_a_fault_leaves_nothing),
        CAPTURE_TEST(what_an_end_cut_off_is_gone_on_with),
        CAPTURE_TEST(a_unit_with_many_events_has_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
