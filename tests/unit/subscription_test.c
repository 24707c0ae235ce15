// subscription_test.c - claims about subscribers, with a clock of the test's own.
#include "delivery_site.h"
#include "service/exchange/subscription.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR 3600000
#define URL  "http://hub.example.com/in"

static uint32_t subscribe(struct delivery_site *s, const char *json)
{
    struct subscription_new n = {.client = {1}, .query = S("SimpleEventQuery")};
    struct subscription made;
    struct moment initial;
    struct ask a;

    status st = form_parse(&subscription_form, str_of(json), &s->arena, &n.wish);
    if (st.cls == ST_OK) st = subscription_check(&n.wish);
    if (st.cls == ST_OK) st = subscription_seal(&s->f->site, &s->arena, &n.wish);
    n.has_initial = n.wish.initial.n > 0;
    if (st.cls == ST_OK && n.has_initial) st = when_read(n.wish.initial, &initial);
    if (n.has_initial) n.initial = initial.at;
    if (st.cls == ST_OK) st = fixture_run(s->f, &kind_subscription_made, &n, &a);
    if (st.cls == ST_OK) st = subscription_of_fact(&a.fact, &s->arena, &made);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    fixture_forget(s->f);
    return made.number;
}

static void end(struct delivery_site *s, uint32_t number)
{
    struct subscription_over o = {.number = number, .why = SUBSCRIPTION_DELETED};
    struct ask a;

    assert_int_equal(fixture_run(s->f, &kind_subscription_ended, &o, &a).cls, ST_OK);
    fixture_forget(s->f);
}

static void commission(struct delivery_site *s, uint64_t *seqs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) seqs[i] = delivery_commission(s, i % 2, 2);
}

static void to_the_hour(struct delivery_site *s) { s->f->now.ms += HOUR - s->f->now.ms % HOUR; }

static void a_run_brings_what_came_since_the_one_before(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[8];

    subscribe(s, "{\"dest\":\"" URL "\",\"schedule\":{\"minute\":\"0\"}}");
    to_the_hour(s);
    s->f->now.ms += 1000;
    commission(s, seqs, 3);
    delivery_run(s, HOUR / 2);
    assert_int_equal(s->sent_count, 0);
    to_the_hour(s);
    delivery_run(s, 0);
    delivery_expect(s, URL, seqs, 3);
    assert_int_equal(s->sent_count, 1);
    commission(s, seqs + 3, 2);
    delivery_run(s, HOUR / 4);
    assert_int_equal(s->sent_count, 1);
    delivery_crash(s); // what was told stays told, what was not comes with the next run
    commission(s, seqs + 5, 3);
    delivery_run(s, HOUR / 4);
    to_the_hour(s);
    delivery_run(s, 0);
    delivery_expect(s, URL, seqs, 8);
    assert_int_equal(s->sent_count, 2);
    for (int i = 0; i < 3; i++) {
        to_the_hour(s);
        delivery_run(s, 0);
    }
    assert_int_equal(s->sent_count, 2); // nobody asked for empty ones
}

static void empty_runs_are_told_where_that_is_asked_for(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seq;

    subscribe(s, "{\"dest\":\"" URL "\",\"schedule\":{\"minute\":\"0\"},\"reportIfEmpty\":true}");
    delivery_run(s, 1000);
    for (uint32_t i = 1; i <= 3; i++) {
        to_the_hour(s);
        delivery_run(s, 0);
        delivery_run(s, 1000);
        assert_int_equal(s->sent_count, i);
    }
    assert_true(delivery_holds(s->sent[2].body, S("\"eventList\":[]")));
    commission(s, &seq, 1);
    to_the_hour(s);
    delivery_run(s, 0);
    delivery_expect(s, URL, &seq, 1);
    assert_int_equal(s->sent_count, 4);
}

static struct answering at_most_ten(struct delivery_site *s, const struct sent *m)
{
    bool large = delivery_event_id(m->body, 10).n > 0;

    (void)s;
    return (struct answering){
        large ? 413 : 200, {"", 0},
             -1
    };
}

static void a_large_run_goes_in_messages_that_the_subscriber_can_take(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[90];

    subscribe(s, "{\"dest\":\"" URL "\",\"schedule\":{\"minute\":\"0\"}}");
    delivery_run(s, 1000);
    s->answer = at_most_ten;
    commission(s, seqs, 90);
    to_the_hour(s);
    delivery_run(s, 0);
    delivery_expect(s, URL, seqs, 90);
    uint32_t refused = 0;
    for (uint32_t i = 0; i < s->sent_count; i++) refused += s->sent[i].code == 413;
    assert_int_equal(refused, 4); // 90, 45, 22, 11
}

static struct answering no_long_event(struct delivery_site *s, const struct sent *m)
{
    (void)s;
    return (struct answering){
        delivery_holds(m->body, S("\"eventList\":[{")) && m->body.n > 4000 ? 413 : 200,
        {"", 0},
        -1
    };
}

// A problem stands for it, and what follows passes.
static void an_event_that_is_too_large_alone_is_excused_and_passed(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[3];
    uint32_t refused = 0, excused = 0;

    uint32_t n = subscribe(s, "{\"dest\":\"" URL "\",\"stream\":true}");
    s->answer = no_long_event;
    seqs[0] = delivery_commission(s, 0, 2);
    uint64_t large = delivery_commission(s, 0, 100);
    seqs[1] = delivery_commission(s, 1, 2);
    seqs[2] = delivery_commission(s, 0, 2);
    for (int i = 0; i < 8; i++) delivery_run(s, HOUR);
    assert_true(delivery_row(s, SUBSCRIBER | n).position < large); // it may pass
    for (int i = 0; i < 8; i++) delivery_run(s, HOUR);
    assert_int_equal(delivery_row(s, SUBSCRIBER | n).position, seqs[2]);
    assert_true(delivery_row(s, SUBSCRIBER | n).failing_since.ms == 0);
    for (uint32_t i = 0; i < s->sent_count; i++) {
        refused += s->sent[i].code == 413;
        excused += delivery_holds(s->sent[i].body, S("answered 413"));
        if (s->sent[i].code == 200)
            assert_false(delivery_holds(s->sent[i].body, delivery_id_of(s, large, 0)));
    }
    assert_true(refused >= 10 && refused <= 12); // with those of more than one event
    assert_int_equal(excused, 1);
}

static struct answering not_found_three_times(struct delivery_site *s, const struct sent *m)
{
    (void)m;
    return (struct answering){s->sent_count <= 3 ? 404 : 200, S("who is this?"), -1};
}

// A partner would have it parked; the position of a subscription moves by 2xx alone.
static void a_refusal_holds_the_position(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[4];

    uint32_t n = subscribe(s, "{\"dest\":\"" URL "\",\"stream\":true}");
    uint64_t before = delivery_row(s, SUBSCRIBER | n).position;
    s->answer = not_found_three_times;
    commission(s, seqs, 4);
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, SUBSCRIBER | n).position, before);
    assert_true(delivery_row(s, SUBSCRIBER | n).failing_since.ms != 0);
    for (int i = 0; i < 4; i++) delivery_run(s, 10000);
    assert_int_equal(delivery_row(s, SUBSCRIBER | n).position, seqs[3]);
    assert_true(delivery_row(s, SUBSCRIBER | n).failing_since.ms == 0);
    assert_int_equal(delivery_row(s, SUBSCRIBER | n).parked, 0);
    delivery_expect(s, URL, seqs, 4);
    assert_int_equal(s->sent_count, 4);
}

static void partners_and_subscribers_do_not_hold_each_other_back(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[6];

    delivery_put(s, "hub", "");
    subscribe(s, "{\"dest\":\"" URL "\",\"stream\":true}");
    subscribe(s, "{\"dest\":\"http://two.example.com\",\"schedule\":{\"minute\":\"0\"}}");
    commission(s, seqs, 6);
    delivery_run(s, 1000);
    delivery_expect(s, "http://hub/in", seqs, 6);
    delivery_expect(s, URL, seqs, 6);
    delivery_expect(s, "two", seqs, 0);
    to_the_hour(s);
    delivery_run(s, 0);
    delivery_expect(s, "two", seqs, 6);
}

static void one_that_has_ended_is_told_nothing_and_leaves_no_row(void **state)
{
    struct delivery_site *s = *state;
    struct subscription_row row;
    struct partner_row told;
    uint64_t seqs[4];

    uint32_t one = subscribe(s, "{\"dest\":\"" URL "\",\"stream\":true}");
    uint32_t two = subscribe(s, "{\"dest\":\"http://b/\",\"schedule\":{\"minute\":\"0\"}}");
    commission(s, seqs, 2);
    delivery_run(s, 1000);
    end(s, one);
    end(s, two);
    commission(s, seqs + 2, 2);
    delivery_run(s, 1000);
    to_the_hour(s);
    delivery_run(s, 1000);
    delivery_expect(s, URL, seqs, 2);
    delivery_expect(s, "http://b/", seqs, 0);
    struct txn *t = fixture_read(s->f);
    assert_false(subscription_row_get(t, one, &row));
    assert_false(partner_row_get(t, SUBSCRIBER | one, &told));
    assert_int_equal(subscription_from(t, 1), 0);
    assert_int_equal(subscription_of_query(t, (client_id){1}, 0, 0), 0);
    fixture_read_end(t);
    assert_true(subscribe(s, "{\"dest\":\"" URL "\",\"stream\":true}") > two); // never given again
}

static void one_that_ends_while_a_message_is_under_way_is_let_go(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seq;

    uint32_t n = subscribe(s, "{\"dest\":\"" URL "\",\"stream\":true}");
    commission(s, &seq, 1);
    s->f->now.ms += 1000;
    courier_ring(s->exchange.courier);
    loop_step(s->f->loop, false);
    s->f->now.ms += s->exchange.limits.gather_ms;
    courier_step(s->exchange.courier);
    loop_step(s->f->loop, false);
    assert_int_equal(s->sent_count, 1);
    end(s, n);
    delivery_run(s, 1000);
    delivery_run(s, 1000);
    assert_int_equal(s->sent_count, 1);
}

static void what_was_recorded_before_a_time_is_not_told(void **state)
{
    struct delivery_site *s = *state;
    uint64_t seqs[9];
    char json[200];
    struct buf at;

    for (uint32_t i = 0; i < 9; i++, s->f->now.ms += 1000) commission(s, seqs + i, 1);
    buf_init(&at, 64);
    when_write(&at, (struct moment){{s->f->now.ms - 4000}, 0});
    snprintf(json, sizeof json,
             "{\"dest\":\"" URL "\",\"stream\":true,\"initialRecordTime\":\"%s\"}", at.p);
    buf_fini(&at);
    subscribe(s, json);
    delivery_run(s, 1000);
    delivery_expect(s, URL, seqs + 5, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELIVERY_TEST(a_run_brings_what_came_since_the_one_before),
        DELIVERY_TEST(empty_runs_are_told_where_that_is_asked_for),
        DELIVERY_TEST(a_large_run_goes_in_messages_that_the_subscriber_can_take),
        DELIVERY_TEST(an_event_that_is_too_large_alone_is_excused_and_passed),
        DELIVERY_TEST(a_refusal_holds_the_position),
        DELIVERY_TEST(partners_and_subscribers_do_not_hold_each_other_back),
        DELIVERY_TEST(one_that_has_ended_is_told_nothing_and_leaves_no_row),
        DELIVERY_TEST(one_that_ends_while_a_message_is_under_way_is_let_go),
        DELIVERY_TEST(what_was_recorded_before_a_time_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
