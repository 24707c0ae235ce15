// What lines report and what leaves is found by all that its events say.
#include "service/event/index.h"
#include "service/event/render.h"
#include "trade_site.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

struct looking {
    struct txn *t;
    struct fact f;
    struct arena arena;
    unsigned events, values;
};

static bool is_noted(struct looking *l, const struct index_entry *e)
{
    uint64_t seq = 0;

    return list_of(l->t, l->f.client, e->of, e->value, l->f.seq, &seq, 1) == 1 && seq == l->f.seq;
}

static void look(struct looking *l, const struct epcis_event *e)
{
    struct index_entries all;

    l->events++;
    assert_int_equal(index_of(e, &l->arena, &all).cls, ST_OK);
    for (uint32_t i = 0; i < all.n; i++) {
        if (all.at[i].of == LIST_EVENT_ID) continue; // made from the fact's number
        l->values++;
        if (!is_noted(l, &all.at[i]))
            fail_msg("fact %llu is not in the list %d of %.*s", (unsigned long long)l->f.seq,
                     (int)all.at[i].of, STR(all.at[i].value));
    }
}

// Every event of the journal, by every value of it.
static void look_at_all(struct trade *t, unsigned events)
{
    struct looking l = {.t = fixture_read(t->f)};
    uint64_t last = journal_head_get(l.t).seq;
    struct event_render r;
    struct event_parts parts;

    arena_init(&l.arena, 64 * MB);
    r = event_render_begin(&t->f->site, l.t, &l.arena);
    for (uint64_t seq = 1; seq <= last; seq++) {
        arena_reset(&l.arena);
        assert_int_equal(journal_get(l.t, seq, &l.arena, &l.f).cls, ST_OK);
        if (!(l.f.flags & FACT_IS_EVENT)) continue;
        assert_int_equal(event_render(&r, &l.f, &parts).cls, ST_OK);
        for (uint32_t i = 0; i < parts.n; i++) look(&l, &parts.at[i].event);
    }
    arena_fini(&l.arena);
    fixture_read_end(l.t);
    assert_int_equal(l.events, events);
    assert_true(l.values > 5 * events);
}

static void events_of_lines_and_shipments_are_found_by_all_they_say(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 6, "L1");
    trade_pack(t, t->sscc[0], t->acme, 3); // an event for its beginning, too
    trade_pack(t, t->sscc[1], t->acme + 3, 3);
    trade_unpack(t, t->sscc[1], t->acme + 3, 1);
    trade_close(t, t->sscc[1]);
    trade_pack(t, t->sscc[2], t->sscc, 2);
    trade_close_lot(t, PACK_A, "L1");
    trade_call(t, 201, "POST /v1/shipments",
               trade_text(t,
                          "{\"units\":[\"%.*s\"],\"from\":{\"party\":\"" HUB "\","
                          "\"location\":\"" HUB "\"},\"to\":{\"party\":\"" PARTY
                          "\",\"location\":\"" PARTY "\"},\"documents\":["
                          "{\"type\":\"po\",\"id\":\"PO 7/2\",\"gln\":\"" PARTY "\"},"
                          "{\"type\":\"desadv\",\"id\":\"urn:epc:id:gdti:0614141.00001.7\"}]}",
                          STR(t->sscc[2])));
    look_at_all(t, 9);
    fixture_verify(t->f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_of_lines_and_shipments_are_found_by_all_they_say,
                                        trade_open, trade_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
