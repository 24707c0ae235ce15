// Acts that two people must sign: what is packed, which words there are, and proposals as an
// earlier version made them.
#include "line_site.h"
#include "service/access/second.h"
#include "service/access/user.h"
#include "service/event/recalled.h"
#include "service/lot/lot_int.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static struct signature of_person(const char *name)
{
    return (struct signature){
        .actor = 1,
        .user = str_of(name),
        .printed_name = S("Mia Muster"),
        .role = S("qa"),
        .meaning = S("approval"),
        .reason = S("seen"),
        .time = {{1000}, 60}
    };
}

static void every_act_has_a_word_and_people_who_sign_it(void **state)
{
    enum second_act found;

    (void)state;
    for (unsigned i = 0; i < SECOND_END; i++) {
        assert_true(second_find(str_of(second_word((enum second_act)i)), &found));
        assert_int_equal(found, i);
        assert_true(strlen(second_roles((enum second_act)i)) > 0);
        struct site site = {.people = {.second = str_of(second_word((enum second_act)i))}};
        for (unsigned k = 0; k < SECOND_END; k++)
            assert_int_equal(second_is_marked(&site, (enum second_act)k), k == i);
    }
    assert_int_equal(second_setting_check(S("")).cls, ST_OK);
    assert_int_equal(second_setting_check(S("release put_user advance")).cls, ST_OK);
    assert_string_equal(second_setting_check(S("release ")).reason, "settings.word");
    assert_string_equal(second_setting_check(S("sell")).reason, "settings.word");
}

static void a_first_signature_is_read_again_and_nothing_shorter_is(void **state)
{
    struct second_first in = {.proposal = 77, .signature = of_person("mia")}, out;
    struct second_pair two =
                           {
                               .n = 2, .by = {of_person("mia"), of_person("noa")}
    },
                       both;
    const struct fact f = {.kind = FACT_LOT_AMENDED, .kind_version = 2};
    struct buf b;

    (void)state;
    buf_init(&b, 4 * KB);
    second_put(&b, &(struct second_first){0});
    assert_int_equal(b.n, 0);
    second_put(&b, &in);
    for (size_t n = 1; n < b.n; n++) {
        struct bytes_r r = bytes_reader((str){b.p, n});
        assert_false(second_read(&f, &r, &out) && bytes_end(&r));
    }
    struct bytes_r r = bytes_reader(buf_str(&b)), none = bytes_reader((str){"", 0});
    assert_true(second_read(&f, &r, &out) && bytes_end(&r));
    assert_int_equal(out.proposal, 77);
    assert_true(str_eq(out.signature.user, S("mia")));
    assert_true(second_read(&f, &none, &out) && out.proposal == 0);
    buf_reset(&b);
    second_pair_put(&b, &two);
    r = bytes_reader(buf_str(&b));
    assert_true(second_pair_read(&f, &r, &both) && bytes_end(&r));
    assert_int_equal(both.n, 2);
    assert_true(str_eq(both.by[1].user, S("noa")));
    r = bytes_reader((str){b.p, b.n - 1});
    assert_false(second_pair_read(&f, &r, &both) && bytes_end(&r));
    buf_fini(&b);
}

// ---- earlier versions

// A signature as it was before it said the role.
static void old_signature_put(struct buf *b, const struct signature *s)
{
    bytes_u(b, s->actor, 4);
    bytes_str(b, s->user);
    bytes_str(b, s->printed_name);
    bytes_str(b, s->meaning);
    bytes_str(b, s->reason);
    bytes_u(b, (uint64_t)s->time.at.ms, 8);
    bytes_u(b, (uint16_t)s->time.offset_min, 2);
}

static status old_decide(struct decide *d)
{
    const struct lot_sign_ask *ask = d->ask;
    static const uint8_t sha256_of_nothing[16] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                                  0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24};
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    bytes_u(d->out, ask->number, 4);
    bytes_u(d->out, ask->what, 1);
    bytes_u(d->out, lot.state, 1);
    bytes_u(d->out, (uint64_t)d->now.ms + 10000, 8);
    buf_add(d->out, (str){(const char *)sha256_of_nothing, sizeof sha256_of_nothing});
    old_signature_put(d->out, &ask->signature);
    return OK;
}

static uint32_t number_of_a1(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    struct lot lot;

    assert_true(lot_find(t, PILLS, S("A1"), &f->arena, &lot));
    fixture_read_end(t);
    return lot.number;
}

// What the newest fact says of the roles of its two signatures; NULL: nothing.
static void says_roles(struct fixture *f, struct txn *t, const char *first, const char *second)
{
    const char *expected[] = {first, second}, *members[] = {"first_signature", "signature"};
    struct lot_signed_fact x;
    struct fact fact;

    assert_int_equal(journal_get(t, journal_head_get(t).seq, &f->arena, &fact).cls, ST_OK);
    assert_int_equal(lot_signed_get(&fact, &x).cls, ST_OK);
    const struct signature *said[] = {&x.first.signature, &x.signature};
    for (unsigned i = 0; i < 2; i++) {
        str role = str_of(expected[i] == NULL ? "" : expected[i]);
        if (!str_eq(said[i]->role, role)) fail_msg("%s: %.*s", members[i], STR(said[i]->role));
    }
}

static void a_proposal_of_the_first_version_is_completed_and_only_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct kind old = kind_act_proposed_1;
    struct lot_sign_ask ask = {
        .number = number_of_a1(f), .what = SIGNED_RECALL, .signature = of_person("mia")};
    struct second_row row;

    f->site.people.second = S("recall");
    old.decide = old_decide;
    assert_int_equal(
        fixture_put(f, &kind_user_put, "mia", "{\"name\":\"Mia\",\"role\":\"qa\"}").cls, ST_OK);
    assert_int_equal(fixture_run(f, &old, &ask, NULL).cls, ST_OK);
    struct txn *t = fixture_read(f);
    struct second_of of = lot_act_of(ask.number, SIGNED_RECALL);
    assert_true(second_get(t, &of, &row) && second_waits(&row, f->now));
    fixture_read_end(t);

    assert_string_equal(fixture_run(f, &kind_lot_recalled, &ask, NULL).reason, "act.second");
    ask.signature = of_person("noa");
    f->caller.role = ROLE_OPERATOR;
    struct fixture_answer a = fixture_call(f, "POST /v1/lots/" PILLS "/A1/close", "", "{}");
    assert_int_equal(a.code, 200);
    assert_string_equal(fixture_run(f, &kind_lot_recalled, &ask, NULL).reason, "act.changed");
    ask.signature = of_person("mia");
    assert_int_equal(fixture_run(f, &old, &ask, NULL).cls, ST_OK);
    ask.signature = of_person("noa");
    assert_int_equal(fixture_run(f, &kind_lot_recalled, &ask, NULL).cls, ST_OK);
    t = fixture_read(f);
    assert_false(second_get(t, &of, &row));
    assert_int_equal(lot_state_get(t, ask.number), LOT_RECALLED);
    says_roles(f, t, NULL, "qa");
    fixture_read_end(t);
    fixture_verify(f);
}

#define SITE_TEST(name) cmocka_unit_test_setup_teardown(name, line_site_setup, line_site_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_act_has_a_word_and_people_who_sign_it),
        cmocka_unit_test(a_first_signature_is_read_again_and_nothing_shorter_is),
        SITE_TEST(a_proposal_of_the_first_version_is_completed_and_only_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
