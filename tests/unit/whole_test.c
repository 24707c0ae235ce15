// Packing told once a container is closed: what a partner hears who wants it so, and that together
// it is what happened.
#include "line_site.h"
#include "service/event/render.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct heard { // of one fact: its aggregation event, if it has one
    uint32_t events;
    bool packing, unpacking;
    uint32_t children;
    char id[64];
    char units[1024]; // Digital Links of the children, one after the other
};

static struct heard hear(struct fixture *f, uint64_t seq, bool whole)
{
    struct txn *t = fixture_read(f);
    struct event_render r = event_render_begin(&f->site, t, &f->arena);
    struct event_parts parts;
    struct heard h = {0};
    struct fact x;
    struct buf b;

    r.whole = whole;
    assert_int_equal(journal_get(t, seq, &f->arena, &x).cls, ST_OK);
    assert_int_equal(event_render(&r, &x, &parts).cls, ST_OK);
    h.events = parts.n;
    for (uint32_t i = 0; i < parts.n; i++) {
        const struct epcis_event *e = &parts.at[i].event;
        if (e->type != EPCIS_AGGREGATION) continue;
        h.packing = e->action == EPCIS_ADD;
        h.unpacking = e->action == EPCIS_DELETE;
        h.children = e->epcs.n;
        snprintf(h.id, sizeof h.id, "%.*s", STR(e->id));
        buf_init(&b, sizeof h.units - 1);
        for (uint32_t k = 0; k < e->epcs.n; k++)
            assert_int_equal(e->epcs.put(e->epcs.self, k, EPCIS_DL, &b).cls, ST_OK);
        memcpy(h.units, b.p, b.n);
        buf_fini(&b);
    }
    fixture_read_end(t);
    return h;
}

static void one_event_tells_all_of_a_container(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 4), s = line_site_ssccs(f, "acme", 1);
    const char *box = text(f, s.texts[0]);

    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 4)));
    uint64_t first = accepted(f, say_pack(f, box, PART(n, 0, 2), PACKS(DROPS, BEGIN)));
    uint64_t then = accepted(f, say_pack(f, box, PART(n, 2, 1), PACKS(DROPS, "")));
    uint64_t last = accepted(f, say_pack(f, box, PART(n, 3, 1), PACKS(DROPS, "")));
    struct heard a = hear(f, first, true), b = hear(f, then, true), c = hear(f, last, true);
    assert_int_equal(a.events, 1); // the container began; nothing of its content
    assert_false(a.packing);
    assert_int_equal(b.events, 0);
    assert_true(c.packing);
    assert_int_equal(c.children, 4);
    for (uint32_t i = 0; i < 4; i++) assert_non_null(strstr(c.units, text(f, n.texts[i])));
    assert_string_not_equal(c.id, hear(f, last, false).id); // another event than the partial one
    // what happens later changes neither it nor its id
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", box));
    struct heard again = hear(f, last, true);
    assert_int_equal(again.children, 4);
    assert_string_equal(again.id, c.id);
}

static void a_container_filled_at_once_is_the_plain_event(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 4), s = line_site_ssccs(f, "acme", 1);

    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 4)));
    uint64_t seq =
        accepted(f, say_pack(f, text(f, s.texts[0]), PART(n, 0, 4), PACKS(DROPS, BEGIN)));
    struct heard whole = hear(f, seq, true), plain = hear(f, seq, false);
    assert_int_equal(whole.children, 4);
    assert_string_equal(whole.id, plain.id);
}

static void what_came_and_went_in_between_is_not_told(void **state)
{
    struct fixture *f = *state;
    struct numbers n = line_site_serials(f, DROPS, "D1", 6), s = line_site_ssccs(f, "acme", 1);
    const char *box = text(f, s.texts[0]);

    accepted(f, say_commission(f, "D1", DROPS, PART(n, 0, 6)));
    accepted(f, say_pack(f, box, PART(n, 0, 3), PACKS(DROPS, BEGIN)));
    uint64_t out = accepted(
        f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", sgtin(f, DROPS, n.texts[1])));
    assert_int_equal(hear(f, out, true).events, 0); // nobody knows that it was in there
    uint64_t closed = accepted(f, fmt(f,
                                      "{\"type\":\"close\",\"parent\":\"%s\",\"partial\":true,"
                                      "\"by\":\"ann\",\"reason\":\"end\"}",
                                      box));
    struct heard h = hear(f, closed, true);
    assert_true(h.packing);
    assert_int_equal(h.children, 2);
    assert_null(strstr(h.units, text(f, n.texts[1])));
    assert_int_equal(hear(f, closed, false).events, 0);
    // opened again: what was told is told as out, what is new comes with the next closing
    accepted(f, fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", sgtin(f, DROPS, n.texts[0])));
    accepted(f, say_pack(f, box, PART(n, 3, 2), PACKS(DROPS, "")));
    uint64_t empty = accepted(f, fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", box));
    h = hear(f, empty, true);
    assert_true(h.unpacking);
    assert_int_equal(h.children, 1); // of three, only one was ever told
    assert_non_null(strstr(h.units, text(f, n.texts[2])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)
        T(one_event_tells_all_of_a_container),
        T(a_container_filled_at_once_is_the_plain_event),
        T(what_came_and_went_in_between_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
