// Followers: what they tell, in which order, how often, and what they do with every kind of answer.
// One thread, a clock that the test moves, partners that answer as it says.
#include "delivery_site.h"
#include "service/event/shipped.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENTS 250u

static void commission_many(struct delivery_site *s, uint64_t *seqs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) seqs[i] = delivery_commission(s, 0, 3);
}

static void events_come_in_order_and_once(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[EVENTS];

    delivery_put(s, "hub", "");
    commission_many(s, seqs, EVENTS);
    delivery_run(s, 0);
    delivery_expect(s, "hub", seqs, EVENTS);
    assert_int_equal(s->sent_count, 3); // of 100, 100 and 50
    struct partner_row row = delivery_row(s, 1);
    assert_int_equal(row.accepted, EVENTS);
    assert_int_equal(row.position, seqs[EVENTS - 1]);
    delivery_run(s, 1000000);
    assert_int_equal(s->sent_count, 3); // and nothing more, ever
}

// Nobody rings again: nothing else is committed.
static void what_was_not_seen_is_looked_for_again(void **state)
{
    struct delivery_site *s = *state;

    delivery_put(s, "hub", "");
    delivery_run(s, 0);
    uint64_t seq = delivery_commission(s, 0, 1);
    courier_ring(s->exchange.courier);
    loop_step(s->f->loop, false);
    s->f->now.ms += 1000;
    db_fault = (struct db_fault){.nth = 1};
    courier_step(s->exchange.courier);
    assert_int_equal(db_fault.hit, 1);
    assert_int_equal(s->sent_count, 0);
    db_fault = (struct db_fault){0};
    s->f->now.ms += 1000;
    courier_step(s->exchange.courier);
    loop_step(s->f->loop, false);
    assert_int_equal(s->sent_count, 1);
    delivery_run(s, 0);
    delivery_expect(s, "hub", &seq, 1);
}

static void what_comes_later_goes_later(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[20];

    delivery_put(s, "hub", "");
    for (uint32_t i = 0; i < LEN(seqs); i++) {
        seqs[i] = delivery_commission(s, i % 2, 1);
        delivery_run(s, 0);
        delivery_crash(s);
    }
    delivery_run(s, 0);
    delivery_expect(s, "hub", seqs, LEN(seqs));
}

static void a_new_partner_begins_where_it_says(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[3];

    commission_many(s, seqs, 2);
    delivery_put(s, "old", "");
    delivery_put(s, "new", "\"from\":\"now\"");
    seqs[2] = delivery_commission(s, 0, 1);
    delivery_run(s, 0);
    delivery_expect(s, "old", seqs, 3);
    delivery_expect(s, "new", seqs + 2, 1);
}

// ---- failures

static struct answering first_then_well(struct delivery_site *s, const struct sent *m)
{
    const struct answering *bad = s->self;

    (void)m;
    return s->sent_count == 1 ? *bad : (struct answering){200, S("ok"), -1};
}

static void trouble_that_may_pass_is_tried_again(void **state)
{
    static const struct answering bad[] = {
        {0,   {"", 0},     -1},
        {500, {"oops", 4}, -1},
        {503, {"", 0},     -1},
        {408, {"", 0},     -1},
        {429, {"slow", 4}, -1},
    };
    struct delivery_site *s = *state;
    uint64_t seqs[LEN(bad)];

    delivery_put(s, "hub", "");
    s->answer = first_then_well;
    for (size_t i = 0; i < LEN(bad); i++) {
        s->self = (void *)(uintptr_t)&bad[i];
        s->sent_count = 0;
        seqs[i] = delivery_commission(s, 0, 1);
        delivery_run(s, 0);
        assert_int_equal(s->sent_count, 1);
        struct partner_row row = delivery_row(s, 1);
        assert_true(row.failing_since.ms != 0);
        assert_true(row.position < seqs[i]);
        delivery_run(s, 1000); // at least half a second, at most one
        assert_int_equal(s->sent_count, 2);
        delivery_expect(s, "hub", seqs + i, 1);
        assert_int_equal(delivery_row(s, 1).failing_since.ms, 0);
    }
}

static struct answering never_well(struct delivery_site *s, const struct sent *m)
{
    (void)s, (void)m;
    return (struct answering){503, S("busy"), -1};
}

static uint64_t newest(struct delivery_site *s)
{
    struct txn *t = fixture_read(s->f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}

static void a_failure_is_one_fact_and_pauses_grow(void **state)
{
    struct delivery_site *s = *state;

    delivery_put(s, "hub", "");
    s->answer = never_well;
    uint64_t seq = delivery_commission(s, 0, 1);
    for (unsigned i = 0; i < 200; i++) delivery_run(s, 1000);
    assert_int_equal(newest(s), seq + 1);  // the failing one alone
    assert_in_range(s->sent_count, 7, 14); // 1, 2, 4, … 128 s: not 200
    delivery_crash(s);
    delivery_run(s, 1000);
    assert_int_equal(newest(s), seq + 1); // known from before the restart
    s->answer = NULL;
    delivery_run(s, 300000);
    delivery_expect(s, "hub", &seq, 1);
}

static struct answering asks_for_a_pause(struct delivery_site *s, const struct sent *m)
{
    (void)m;
    return s->sent_count == 1 ? (struct answering){503, S(""), 90}
                              : (struct answering){200, S(""), -1};
}

static void a_pause_asked_for_is_kept(void **state)
{
    struct delivery_site *s = *state;

    delivery_put(s, "hub", "");
    s->answer = asks_for_a_pause;
    uint64_t seq = delivery_commission(s, 0, 1);
    delivery_run(s, 89000);
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 1);
    delivery_run(s, 2000);
    delivery_expect(s, "hub", &seq, 1);
}

static struct answering only_one_lives(struct delivery_site *s, const struct sent *m)
{
    (void)s;
    return delivery_holds(m->url, S("dead")) ? (struct answering){-1, S(""), -1}
                                             : (struct answering){200, S(""), -1};
}

static void a_dead_partner_holds_back_nobody(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[EVENTS];

    delivery_put(s, "dead", "");
    delivery_put(s, "live", "");
    s->answer = only_one_lives;
    commission_many(s, seqs, EVENTS);
    delivery_run(s, 0);
    delivery_expect(s, "live", seqs, EVENTS);
    assert_int_equal(delivery_row(s, 1).position, 0);
    s->answer = NULL;
    delivery_crash(s); // its one message was under way
    delivery_run(s, 0);
    delivery_expect(s, "dead", seqs, EVENTS);
}

// ---- crashes

static void a_crash_before_the_outcome_sends_the_same_again(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[5];

    delivery_put(s, "hub", "");
    s->answer = only_one_lives;
    delivery_put(s, "dead", "");
    commission_many(s, seqs, 5);
    delivery_run(s, 0); // the dead one's message is out, no answer has come
    uint32_t before = s->sent_count;
    str body = s->sent[before - 1].body;
    s->answer = NULL;
    delivery_crash(s);
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, before + 1);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(
            str_eq(delivery_event_id(s->sent[before].body, i), delivery_id_of(s, seqs[i], 0)));
    (void)body;
    delivery_expect(s, "dead", seqs, 5);
}

// ---- refusals

struct refusing {
    str ids[8]; // events that the partner does not take
    uint32_t n;
    size_t events_max; // and messages of more events than that, with 413
};

static uint32_t event_count(str body)
{
    uint32_t n = 0;

    while (delivery_event_id(body, n).n > 0) n++;
    return n;
}

static struct answering refuses(struct delivery_site *s, const struct sent *m)
{
    const struct refusing *r = s->self;

    if (r->events_max > 0 && event_count(m->body) > r->events_max)
        return (struct answering){413, S("too large"), -1};
    for (uint32_t i = 0; i < r->n; i++)
        if (delivery_holds(m->body, r->ids[i]))
            return (struct answering){400, S("event not understood"), -1};
    return (struct answering){200, S(""), -1};
}

static void one_bad_event_is_found_and_parks_its_lot_alone(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[60], free_ones[60];
    uint32_t n = 0;
    struct refusing r = {.n = 1};

    delivery_put(s, "hub", "");
    for (uint32_t i = 0; i < LEN(seqs); i++) seqs[i] = delivery_commission(s, i % 2, 1);
    r.ids[0] = delivery_id_of(s, seqs[20], 0); // of lot 0
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 0);
    for (uint32_t i = 0; i < LEN(seqs); i++)
        if (i < 20 || i % 2 == 1) free_ones[n++] = seqs[i];
    delivery_expect(s, "hub", free_ones, n);
    struct partner_row row = delivery_row(s, 1);
    assert_int_equal(row.parked, 20); // the bad one and those of its lot behind it
    assert_int_equal(row.position, seqs[59]);
    assert_in_range(s->sent_count, 2, 25); // halves, not one by one
}

static void a_retry_sends_the_parked_one_and_those_behind_it_in_order(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[30];
    struct refusing r = {.n = 1};

    delivery_put(s, "hub", "");
    for (uint32_t i = 0; i < LEN(seqs); i++) seqs[i] = delivery_commission(s, 0, 1);
    r.ids[0] = delivery_id_of(s, seqs[4], 0);
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 0);
    delivery_expect(s, "hub", seqs, 4);
    assert_int_equal(delivery_row(s, 1).parked, 26);

    struct retry again = {1, {1}, seqs[10], S("that it goes first")};
    assert_string_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).reason,
                        "delivery.behind");
    again = (struct retry){1, {1}, seqs[4], S("asked by phone")};
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_OK);
    delivery_run(s, 0); // refused again
    assert_int_equal(delivery_row(s, 1).parked, 26);
    assert_int_equal(delivery_row(s, 1).released, 0);

    r.n = 0;
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_OK);
    uint64_t more = delivery_commission(s, 0, 1);
    delivery_run(s, 0);
    uint64_t all[31];
    memcpy(all, seqs, sizeof seqs);
    all[30] = more;
    delivery_expect(s, "hub", all, 31);
    assert_int_equal(delivery_row(s, 1).parked, 0);
    assert_int_equal(delivery_row(s, 1).accepted, 31);
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_CONFLICT);
}

// As trouble with the store leaves them: an event that nobody could look into is of all lots.
static void a_retry_behind_another_is_refused_by_its_name(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[3];
    struct parking parked[3];
    char id[OPAQUE_LEN];

    delivery_put(s, "hub", "");
    for (uint32_t i = 0; i < 3; i++) {
        seqs[i] = delivery_commission(s, i == 1, 1);
        parked[i] = (struct parking){
            seqs[i], true, {{i == 2 ? PARKED_ALL_LOTS : s->lots[i]}, 1}
        };
    }
    struct outcome refused = {.partner = 1,
                              .verdict = VERDICT_REFUSED,
                              .position = seqs[2],
                              .events = seqs,
                              .count = 1,
                              .parked = parked,
                              .parked_count = 3};
    must(fixture_run(s->f, &kind_delivery_outcome, &refused, NULL));
    for (uint32_t i = 0; i < 2; i++) { // once the first is on its way it is the second
        struct retry last = {1, {1}, seqs[2], S("")}, front = {1, {1}, seqs[i], S("")};
        status st = fixture_run(s->f, &kind_delivery_retried, &last, NULL);
        assert_int_equal(st.cls, ST_CONFLICT);
        assert_string_equal(st.reason, "delivery.behind");
        str before = delivery_id_text(&s->f->site, 1, seqs[i], id);
        assert_true(delivery_holds(str_of(st.text), before));
        must(fixture_run(s->f, &kind_delivery_retried, &front, NULL));
    }
    struct retry last = {1, {1}, seqs[2], S("")};
    must(fixture_run(s->f, &kind_delivery_retried, &last, NULL));
    delivery_run(s, 0);
    delivery_expect(s, "hub", seqs, 3);
}

static void packing_goes_by_what_the_partner_said_when_the_event_was_recorded(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[6];

    seqs[0] = delivery_commission(s, 0, 1); // before the partner
    for (uint32_t i = 1; i < LEN(seqs); i++) {
        delivery_put(s, "hub", i % 2 == 1 ? "\"packing\":\"closed\"" : "");
        seqs[i] = delivery_commission(s, 0, 1);
    }
    struct txn *t = fixture_read(s->f);
    struct packing_span one = {0};
    for (uint32_t turn = 0; turn < 2; turn++)
        for (uint32_t i = 0; i < LEN(seqs); i++) {
            struct packing_span anew = {0};
            uint64_t seq = seqs[turn == 0 ? i : LEN(seqs) - 1 - i];
            bool whole = seq == seqs[0] || seq == seqs[1] || seq == seqs[3] || seq == seqs[5];
            assert_int_equal(packing_is_whole(&anew, t, 1, seq), whole);
            assert_int_equal(packing_is_whole(&one, t, 1, seq), whole);
        }
    struct packing_span nobody = {0};
    assert_false(packing_is_whole(&nobody, t, 2, seqs[0]));
    fixture_read_end(t);
}

// An earlier release parked by the newest `packing` what waited, here by "each" before "closed" was
// put back: by "closed" the event is nothing, and it would have blocked its lot for good.
static void what_was_parked_is_told_even_where_packing_makes_nothing_of_it(void **state)
{
    struct delivery_site *s = *state;
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[0]};
    uint64_t seqs[4];

    delivery_put(s, "hub", "\"packing\":\"closed\"");
    t.units = (struct run){delivery_units(s, true, 1), 1};
    seqs[0] = delivery_tell(s, &t);
    t.parent = t.units.first;
    t.kind = FACT_UNITS_PACKED;
    t.units = (struct run){delivery_units(s, false, 2), 2};
    seqs[1] = delivery_tell(s, &t);
    delivery_run(s, 0);
    delivery_expect(s, "hub", seqs, 1);
    struct partner_row row = delivery_row(s, 1);
    t.units = (struct run){delivery_units(s, false, 2), 2};
    seqs[1] = delivery_tell(s, &t);
    struct parking parking = {
        seqs[1], true, {{s->lots[0]}, 1}
    };
    struct outcome refused = {.partner = 1,
                              .verdict = VERDICT_REFUSED,
                              .before = row.position,
                              .position = seqs[1],
                              .events = &seqs[1],
                              .count = 1,
                              .parked = &parking,
                              .parked_count = 1};
    assert_int_equal(fixture_run(s->f, &kind_delivery_outcome, &refused, NULL).cls, ST_OK);
    seqs[2] = delivery_commission(s, 0, 1);
    seqs[3] = delivery_commission(s, 1, 1);
    delivery_crash(s); // an upgrade begins anew
    delivery_run(s, 0);
    delivery_expect(s, "hub", (uint64_t[]){seqs[0], seqs[3]}, 2);
    struct retry again = {1, {1}, seqs[1], S("")};
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_OK);
    delivery_run(s, 0);
    delivery_expect(s, "hub", (uint64_t[]){seqs[0], seqs[3], seqs[1], seqs[2]}, 4);
    assert_int_equal(delivery_row(s, 1).parked, 0);
}

static void many_bad_ones_in_a_row_do_not_stop_the_others(void **state)
{
    struct delivery_site *s = *state;
    struct refusing r = {.n = 8};
    uint64_t seqs[40];

    delivery_put(s, "hub", "");
    for (uint32_t i = 0; i < LEN(seqs); i++) {
        struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = i < 32 ? 1000 + i : s->lots[0]};
        t.units = (struct run){delivery_units(s, false, 1), 1};
        seqs[i] = delivery_tell(s, &t);
    }
    for (uint32_t i = 0; i < 8; i++) r.ids[i] = delivery_id_of(s, seqs[10 + i], 0);
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).parked, 8);
    assert_int_equal(delivery_row(s, 1).accepted, 32);
    assert_in_range(s->sent_count, 10, 40);
}

static void too_large_makes_messages_smaller_for_good(void **state)
{
    struct delivery_site *s = *state;
    struct refusing r = {.events_max = 30};
    uint64_t seqs[EVENTS];

    delivery_put(s, "hub", "");
    commission_many(s, seqs, EVENTS);
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 0);
    delivery_expect(s, "hub", seqs, EVENTS);
    assert_in_range(s->sent_count, 10, 14); // 100, 50, then 25 each
}

static void no_more_is_parked_than_allowed(void **state)
{
    struct exchange_limits limits = EXCHANGE_LIMITS;
    uint64_t seqs[30];
    struct refusing r = {.n = 1};

    (void)state;
    limits.parked_max = 10;
    struct delivery_site *s = delivery_site_open(&limits);
    delivery_put(s, "hub", "");
    for (uint32_t i = 0; i < LEN(seqs); i++) seqs[i] = delivery_commission(s, i % 2, 1);
    r.ids[0] = delivery_id_of(s, seqs[0], 0);
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 5000);
    assert_int_equal(delivery_row(s, 1).parked, 10);
    assert_int_equal(delivery_row(s, 1).position, seqs[19]); // the 11th of the lot holds it
    assert_int_equal(delivery_row(s, 1).accepted, 10);
    uint32_t sent = s->sent_count;
    delivery_run(s, 100000);
    assert_int_equal(s->sent_count, sent);
    r.n = 0;
    struct retry again = {1, {1}, seqs[0], S("")};
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_OK);
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).accepted, 30);
    assert_int_equal(delivery_row(s, 1).parked, 0);
    delivery_site_close(&s);
}

// ---- success rules, formats, secrets

static struct answering says_it_in_the_body(struct delivery_site *s, const struct sent *m)
{
    (void)m;
    return s->sent_count % 2 == 1 ? (struct answering){200, S("<status>ERROR</status>"), -1}
                                  : (struct answering){200, S("<status>OK</status>"), -1};
}

static void a_status_alone_may_not_be_enough(void **state)
{
    struct delivery_site *s = *state;

    delivery_put(s, "hub",
                 "\"success\":{\"status\":[200],\"body\":\"<status>(OK|DONE)</status>\"}");
    s->answer = says_it_in_the_body;
    delivery_commission(s, 0, 1);
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).parked, 1); // refused, though by 200
    delivery_commission(s, 1, 1);
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).accepted, 1);
}

static str header(const struct sent *m, const char *name)
{
    for (size_t i = 0; i < m->header_count; i++)
        if (str_eq_fold(m->headers[i].name, str_of(name))) return m->headers[i].value;
    return (str){"", 0};
}

static void secrets_go_out_and_stay_nowhere(void **state)
{
    struct delivery_site *s = *state;
    static const char *const secrets[] = {"hunter2-hunter2", "s3cret-header"};
    str v;

    delivery_put(s, "hub",
                 "\"auth\":{\"basic\":{\"user\":\"we\",\"password\":\"hunter2-hunter2\"}},"
                 "\"gzip\":true,\"headers\":[{\"name\":\"X-Key\",\"value\":\"s3cret-header\","
                 "\"secret\":true},{\"name\":\"X-Site\",\"value\":\"plant 1\"}]");
    for (unsigned i = 0; i < 40; i++) delivery_commission(s, 0, 5);
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 1);
    assert_true(str_eq(s->sent[0].user, S("we")));
    assert_true(str_eq(s->sent[0].password, str_of(secrets[0])));
    assert_true(str_eq(header(&s->sent[0], "X-Key"), str_of(secrets[1])));
    assert_true(str_eq(header(&s->sent[0], "X-Site"), S("plant 1")));
    assert_true(str_eq(header(&s->sent[0], "Content-Encoding"), S("gzip")));
    assert_true(str_eq(header(&s->sent[0], "Content-Type"), S("application/json")));
    assert_memory_equal(s->sent[0].body.p, "\x1f\x8b", 2);
    struct txn *t = fixture_read(s->f);
    for (int table = DB_JOURNAL; table <= DB_ROWS; table++) {
        str k;
        struct walk w = walk_open(t, (enum db_table)table, (str){0}, (str){0});
        while (walk_next(&w, &k, &v))
            for (size_t i = 0; i < LEN(secrets); i++)
                assert_false(delivery_holds(v, str_of(secrets[i])));
        walk_close(&w);
    }
    fixture_read_end(t);
}

static void a_filter_leaves_out_what_the_partner_does_not_want(void **state)
{
    struct delivery_site *s = *state;
    uint64_t packed[3];

    delivery_put(s, "hub", "\"filter\":{\"bizSteps\":[\"packing\"]}");
    delivery_put(s, "none", "\"filter\":{\"gtins\":[\"9506000134369\"]}");
    delivery_put(s, "all", "\"filter\":{\"gtins\":[\"9506000134352\"]}");
    for (uint32_t i = 0; i < 3; i++) {
        struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[0]};
        t.units = (struct run){delivery_units(s, false, 4), 4};
        delivery_tell(s, &t);
        t.kind = FACT_UNITS_PACKED;
        t.parent = delivery_units(s, true, 1);
        t.begins = i == 0; // its own commissioning is another part of the fact
        packed[i] = delivery_tell(s, &t);
    }
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 2);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(
            str_eq(delivery_event_id(s->sent[0].body, i), delivery_id_of(s, packed[i], i == 0)));
    assert_int_equal(event_count(s->sent[0].body), 3);
    assert_int_equal(event_count(s->sent[1].body), 7);
    assert_int_equal(delivery_row(s, 2).accepted, 0);
}

static void a_shipment_waits_for_the_lots_inside(void **state)
{
    struct delivery_site *s = *state;
    struct refusing r = {.n = 1};
    unit_id pallet = delivery_units(s, true, 2), box = {pallet.v + 1};
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[0]};
    struct shipped shipped = {.number = 1, .to_party = SITE_GLN};

    delivery_put(s, "hub", "");
    t.units = (struct run){delivery_units(s, false, 4), 4};
    uint64_t packs = delivery_tell(s, &t);
    struct told pack = {.kind = FACT_UNITS_PACKED,
                        .lot = s->lots[1],
                        .parent = box,
                        .units = t.units,
                        .begins = true};
    delivery_tell(s, &pack);
    struct told load = {
        .kind = FACT_UNITS_PACKED,
        .lot = s->lots[1],
        .parent = pallet,
        .units = {box, 1},
        .begins = true
    };
    delivery_tell(s, &load);
    struct told ship = {
        .kind = FACT_SHIPMENT_MADE, .units = {pallet, 1},
             .shipped = &shipped
    };
    delivery_tell(s, &ship);
    r.ids[0] = delivery_id_of(s, packs, 0);
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 0);
    // Packing the packs and shipping what holds them wait; the rest of lot 2 waits behind those.
    assert_int_equal(delivery_row(s, 1).parked, 4);
    assert_int_equal(delivery_row(s, 1).accepted, 0);
    r.n = 0;
    struct retry again = {1, {1}, packs, S("")};
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_OK);
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).accepted, 4);
}

static bool affirms(const struct sent *m)
{
    return delivery_holds(m->body, S("dscsaTransactionStatement"));
}

// The statement is about the goods of one shipment, so nothing else is in its document.
static void a_shipment_with_a_statement_goes_alone_and_the_same_again(void **state)
{
    static const str flags[] = {
        {"cold",            4 },
        {"dscsa_statement", 15}
    };
    struct delivery_site *s = *state;
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[0]};
    struct shipped says = {.number = 1,
                           .from_party = SITE_GLN,
                           .to_party = 9506000134376,
                           .flags = flags,
                           .flag_count = LEN(flags)};
    struct refusing r = {.n = 1};
    uint64_t seqs[5];

    delivery_put(s, "hub", "");
    t.units = (struct run){delivery_units(s, false, 2), 2};
    seqs[0] = delivery_commission(s, 0, 1);
    seqs[1] = delivery_tell(s, &t);
    struct told ship = {.kind = FACT_SHIPMENT_MADE, .units = t.units, .shipped = &says};
    seqs[2] = delivery_tell(s, &ship);
    says.flag_count = 1;
    seqs[3] = delivery_tell(s, &ship);
    seqs[4] = delivery_commission(s, 1, 1);
    r.ids[0] = delivery_id_of(s, seqs[2], 0);
    s->self = &r;
    s->answer = refuses;
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 3);
    assert_int_equal(event_count(s->sent[0].body), 2);
    assert_int_equal(event_count(s->sent[1].body), 1);
    assert_false(affirms(&s->sent[0]) || affirms(&s->sent[2]));
    assert_true(affirms(&s->sent[1]));
    assert_true(delivery_holds(s->sent[1].body, S("417/9506000134338\",\"receiver\"")));
    assert_true(delivery_holds(s->sent[1].body, S("417/9506000134376\",\"instance")));

    struct retry again = {1, {1}, seqs[2], S("")};
    r.n = 0;
    s->f->now.ms += 5000; // the time of its writing alone is another then
    assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &again, NULL).cls, ST_OK);
    delivery_run(s, 0);
    assert_true(affirms(&s->sent[3]));
    const char *first = strstr(s->sent[1].body.p, "\"sender\"");
    assert_string_equal(strstr(s->sent[3].body.p, "\"sender\""), first);
    delivery_expect(s, "hub", (uint64_t[]){seqs[0], seqs[1], seqs[4], seqs[2], seqs[3]}, 5);
}

static void what_cannot_be_said_in_the_format_is_parked(void **state)
{
    struct delivery_site *s = *state;
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[0]};
    struct shipped shipped = {.number = 1};
    struct shipped_document paper = {
        .type = EPCIS_TRADE_TESTRES, .id = {"urn:x:1", 7}
    };

    delivery_put(s, "hub", "");
    assert_int_equal(
        fixture_put(s->f, &kind_partner_put, "xml",
                    "{\"client\":\"acme\",\"url\":\"http://xml/in\",\"format\":\"epcis-1.2-xml\"}")
            .cls,
        ST_OK);
    t.units = (struct run){delivery_units(s, false, 2), 2};
    delivery_tell(s, &t);
    shipped.documents = &paper;
    shipped.document_count = 1;
    struct told ship = {.kind = FACT_SHIPMENT_MADE, .units = t.units, .shipped = &shipped};
    delivery_tell(s, &ship);
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).accepted, 2);
    assert_int_equal(delivery_row(s, 2).accepted, 1);
    assert_int_equal(delivery_row(s, 2).parked, 1);
}

static void bytes_that_cannot_be_kept_hold_the_outcome_not_the_message(void **state)
{
    struct delivery_site *s = *state;

    delivery_put(s, "hub", "");
    assert_int_equal(rmdir(s->messages), 0);
    uint64_t seq = delivery_commission(s, 0, 1);
    delivery_run(s, 1000);
    assert_int_equal(s->sent_count, 1);
    assert_int_equal(delivery_row(s, 1).accepted, 0);
    assert_int_equal(mkdir(s->messages, 0700), 0);
    delivery_run(s, 1000);
    assert_int_equal(delivery_row(s, 1).accepted, 1);
    delivery_expect(s, "hub", &seq, 1); // it was not sent again
}

static void nobody_hears_of_another_client(void **state)
{
    struct delivery_site *s = *state;
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .client = {2}};

    delivery_put(s, "hub", "");
    t.units = (struct run){delivery_units(s, false, 2), 2};
    delivery_tell(s, &t);
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELIVERY_TEST(events_come_in_order_and_once),
        DELIVERY_TEST(what_was_not_seen_is_looked_for_again),
        DELIVERY_TEST(what_comes_later_goes_later),
        DELIVERY_TEST(a_new_partner_begins_where_it_says),
        DELIVERY_TEST(trouble_that_may_pass_is_tried_again),
        DELIVERY_TEST(a_failure_is_one_fact_and_pauses_grow),
        DELIVERY_TEST(a_pause_asked_for_is_kept),
        DELIVERY_TEST(a_dead_partner_holds_back_nobody),
        DELIVERY_TEST(a_crash_before_the_outcome_sends_the_same_again),
        DELIVERY_TEST(one_bad_event_is_found_and_parks_its_lot_alone),
        DELIVERY_TEST(a_retry_sends_the_parked_one_and_those_behind_it_in_order),
        DELIVERY_TEST(a_retry_behind_another_is_refused_by_its_name),
        DELIVERY_TEST(packing_goes_by_what_the_partner_said_when_the_event_was_recorded),
        DELIVERY_TEST(what_was_parked_is_told_even_where_packing_makes_nothing_of_it),
        DELIVERY_TEST(many_bad_ones_in_a_row_do_not_stop_the_others),
        DELIVERY_TEST(too_large_makes_messages_smaller_for_good),
        cmocka_unit_test(no_more_is_parked_than_allowed),
        DELIVERY_TEST(a_status_alone_may_not_be_enough),
        DELIVERY_TEST(secrets_go_out_and_stay_nowhere),
        DELIVERY_TEST(a_filter_leaves_out_what_the_partner_does_not_want),
        DELIVERY_TEST(a_shipment_waits_for_the_lots_inside),
        DELIVERY_TEST(a_shipment_with_a_statement_goes_alone_and_the_same_again),
        DELIVERY_TEST(what_cannot_be_said_in_the_format_is_parked),
        DELIVERY_TEST(bytes_that_cannot_be_kept_hold_the_outcome_not_the_message),
        DELIVERY_TEST(nobody_hears_of_another_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
