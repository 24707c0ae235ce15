// What a party received, shipped on and sent back: a verdict for each unit, and who may see what.
#include "service/lot/lot.h"
#include "service/trade/receive.h"
#include "service/tree/cargo_db.h"
#include "trade_site.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define TO(gln) "{\"party\":\"" gln "\",\"location\":\"" gln "\"}"

static str unit(struct trade *t, str spelling)
{
    return trade_call(t, 200, trade_text(t, "GET /v1/units/%.*s", STR(spelling)), "");
}

static struct lot_counts counts(struct trade *t, const char *lot)
{
    struct txn *txn = fixture_read(t->f);
    struct lot l;

    assert_true(lot_find(txn, PACK_A, str_of(lot), &t->f->arena, &l));
    struct lot_counts c = lot_counts_get(txn, l.number);
    fixture_read_end(txn);
    return c;
}

// A pallet of two cases of three packs of lot L1, on its way to PARTY; its shipment.
static str ship_pallet(struct trade *t)
{
    trade_commission(t, t->acme, 6, "L1");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_pack(t, t->sscc[1], t->acme + 3, 3);
    trade_pack(t, t->sscc[2], t->sscc, 2);
    trade_close_lot(t, PACK_A, "L1");
    return trade_ship(t, 201, &t->sscc[2], 1);
}

static str give_back(struct trade *t, int code, str what, const char *more)
{
    t->f->now.ms += 1000;
    return trade_call(t, code, "POST /v1/returns",
                      trade_text(t, "{\"units\":[\"%.*s\"]%s}", STR(what), more));
}

static void a_pack_comes_back_out_of_a_shipped_pallet(void **state)
{
    struct trade *t = *state;

    str made = ship_pallet(t);
    str said =
        give_back(t, 200, t->acme[1], ",\"from\":{\"party\":\"" PARTY "\"},\"reason\":\"x\"");
    trade_has(said, "\"accepted\":1,\"refused\":0,\"received\":1");
    trade_has(said, "\"from\":" TO(PARTY)); // the place as the shipment said it
    str pack = unit(t, t->acme[1]);
    trade_has(pack, "\"state\":\"shipped\",\"flags\":[\"received_back\"]");
    trade_has(pack, "\"parent\":null");
    trade_has(unit(t, t->sscc[0]), "\"count\":2");
    trade_has(unit(t, t->acme[2]), "\"flags\":[]");
    assert_int_equal(counts(t, "L1").level[0].shipped, 1);
    assert_int_equal(counts(t, "L1").level[0].packed, 5);
    trade_has(give_back(t, 200, t->acme[1], ""),
              "\"verdict\":\"unit.received_back\",\"received\":false");
    str id = made; // what came back was shipped: that cannot be voided any more
    const char *at = memmem(id.p, id.n, "\"shipment\":\"", 12);
    t->f->now.ms += 1000;
    trade_has(trade_call(t, 409, trade_text(t, "POST /v1/shipments/%.26s/void", at + 12),
                         "{\"reason\":\"mistake\"}"),
              "shipment.came_back");
    fixture_verify(t->f);
}

static void what_does_not_belong_to_the_shipment_is_named_so(void **state)
{
    struct trade *t = *state;
    static const char *const more[] = {"", "", "", ",\"from\":{\"party\":\"" HUB "\"}", "", ""};
    static const char *const verdicts[] = {"unit.unknown",        "unit.not_shipped",
                                           "unit.lot_differs",    "unit.other_party",
                                           "unit.expiry_differs", "unit.recalled"};
    ship_pallet(t);
    trade_commission(t, t->acme + 10, 1, "L2");
    str serial = str_from(t->acme[0], sizeof "(01)" PACK_A - 1);
    str units[] = {S("(01)" PACK_A "(21)NEVER"),
                   t->acme[10],
                   str_of(trade_text(t, "(01)" PACK_A "(10)L9%.*s", STR(serial))),
                   t->acme[0],
                   str_of(trade_text(t, "(01)" PACK_A "(17)310101%.*s", STR(serial))),
                   t->acme[0]};
    for (size_t i = 0; i < LEN(units); i++) {
        if (i == 5) trade_flag(t, t->acme[0], UNIT_RECALLED);
        str said = give_back(t, 200, units[i], more[i]);
        trade_has(said, trade_text(t, "\"verdict\":\"%s\",\"received\":%s", verdicts[i],
                                   i == 5 ? "true" : "false"));
    }
    trade_has(unit(t, t->acme[0]), "\"flags\":[\"recalled\",\"received_back\"]");
    str good = str_of(trade_text(t, "(01)" PACK_A "(17)300600(10)L1%.*s",
                                 STR(str_from(t->acme[3], sizeof "(01)" PACK_A - 1))));
    trade_has(give_back(t, 200, good, ""), "\"verdict\":\"accepted\"");
    fixture_verify(t->f);
}

static void act_for(struct trade *t, const char *gln)
{
    t->f->caller.role = gln == NULL ? ROLE_OPERATOR : ROLE_DISTRIBUTOR;
    t->f->caller.party = gln == NULL ? (str){0} : str_of(gln);
}

static void a_party_sees_its_own_goods_alone(void **state)
{
    struct trade *t = *state;

    str made = ship_pallet(t);
    const char *at = memmem(made.p, made.n, "\"shipment\":\"", 12);
    const char *path = trade_text(t, "GET /v1/shipments/%.26s", at + 12);
    const char *pack = trade_text(t, "GET /v1/units/%.*s", STR(t->acme[0]));
    const char *receipt = trade_text(t, "{\"units\":[\"%.*s\"]}", STR(t->sscc[2]));
    trade_commission(t, t->acme + 10, 1, "L2");

    act_for(t, HUB); // another's
    trade_call(t, 404, path, "");
    trade_call(t, 404, trade_text(t, "%s/units", path), "");
    trade_call(t, 404, pack, "");
    trade_call(t, 404, trade_text(t, "%s/history", pack), "");
    trade_call(t, 404, trade_text(t, "%s/tree", pack), "");
    trade_has(trade_call(t, 200, "GET /v1/shipments", ""), "\"items\":[]");
    trade_has(trade_call(t, 200, "GET /v1/units?lot=L1&gtin=" PACK_A, ""), "\"items\":[]");
    trade_has(trade_call(t, 200, "POST /v1/receipts", receipt), "\"verdict\":\"unit.unknown\"");
    act_for(t, PARTY);
    trade_has(trade_call(t, 200, path, ""), "\"state\":\"shipped\"");
    trade_has(trade_call(t, 200, pack, ""), "\"state\":\"shipped\"");
    trade_has(trade_call(t, 200, "GET /v1/shipments", ""), "\"units\":1");
    trade_call(t, 404, trade_text(t, "GET /v1/units/%.*s", STR(t->acme[10])), ""); // never left
    str said = trade_call(t, 200, "POST /v1/receipts", receipt);
    trade_has(said, "\"verdict\":\"accepted\",\"received\":true");
    trade_has(said, "\"to\":" TO(PARTY));
    fixture_verify(t->f);
}

static str forward(struct trade *t, int code, str what, const char *more)
{
    t->f->now.ms += 1000;
    return trade_call(
        t, code, "POST /v1/shipments",
        trade_text(t, "{\"units\":[\"%.*s\"],\"to\":%s%s}", STR(what), TO(HUB), more));
}

static void a_party_ships_on_what_it_received(void **state)
{
    struct trade *t = *state;

    ship_pallet(t);
    trade_flag(t, t->acme[5], UNIT_HOLD);
    act_for(t, HUB);
    trade_has(forward(t, 422, t->sscc[0], ""), "shipment.to_itself");
    trade_has(
        trade_call(t, 422, "POST /v1/shipments",
                   trade_text(t, "{\"units\":[\"%.*s\"],\"to\":%s}", STR(t->sscc[0]), TO(PARTY))),
        "unit.unknown");
    act_for(t, PARTY);
    trade_has(forward(t, 403, t->sscc[0], ",\"from\":" TO(HUB)), "shipment.party");
    trade_has(forward(t, 400, t->sscc[0], ",\"draft\":true"), "shipment.draft");
    trade_has(forward(t, 409, t->sscc[1], ""), "unit.content_on_hold");
    str made = forward(t, 201, t->sscc[0], "");
    trade_has(made, "\"state\":\"forwarded\"");
    act_for(t, HUB);
    trade_has(unit(t, t->acme[0]), "\"state\":\"shipped\"");
    trade_call(t, 404, trade_text(t, "GET /v1/units/%.*s", STR(t->acme[3])), "");
    act_for(t, NULL);
    assert_int_equal(counts(t, "L1").level[LEVEL_SSCC].shipped, 1); // the pallet left once
    trade_has(trade_call(t, 200, "GET /v1/shipments?state=forwarded", ""), "\"units\":1");
    fixture_verify(t->f);
}

static void a_party_ships_on_the_same_goods_once(void **state)
{
    struct trade *t = *state;

    ship_pallet(t);
    act_for(t, PARTY);
    trade_has(forward(t, 201, t->acme[0], ""), "\"state\":\"forwarded\"");
    trade_has(forward(t, 409, t->acme[0], ""), "unit.forwarded");
    trade_has(forward(t, 409, t->sscc[0], ""), "unit.forwarded"); // it lies in there
    trade_has(forward(t, 409, t->sscc[2], ""), "unit.forwarded");
    const char *both = trade_text(t, "{\"units\":[\"%.*s\",\"%.*s\"],\"to\":%s}", STR(t->acme[5]),
                                  STR(t->sscc[1]), TO(HUB));
    t->f->now.ms += 1000;
    trade_has(trade_call(t, 409, "POST /v1/shipments", both), "unit.twice");
    forward(t, 201, t->sscc[1], "");
    trade_has(forward(t, 409, t->acme[5], ""), "unit.forwarded"); // it went with its case
    forward(t, 201, t->acme[1], "");
    act_for(t, HUB); // and back: it is there anew
    t->f->now.ms += 1000;
    trade_call(t, 201, "POST /v1/shipments",
               trade_text(t, "{\"units\":[\"%.*s\"],\"to\":%s}", STR(t->acme[0]), TO(PARTY)));
    act_for(t, PARTY);
    forward(t, 201, t->acme[0], "");
    act_for(t, NULL);
    fixture_verify(t->f);
}

static void what_was_shipped_on_is_not_voided(void **state)
{
    struct trade *t = *state;
    str made = ship_pallet(t);
    const char *at = memmem(made.p, made.n, "\"shipment\":\"", 12);
    const char *path = trade_text(t, "POST /v1/shipments/%.26s/void", at + 12);

    act_for(t, PARTY);
    forward(t, 201, t->acme[0], "");
    act_for(t, NULL);
    t->f->now.ms += 1000;
    str said = trade_call(t, 409, path, "{\"reason\":\"wrong\"}");
    trade_has(said, "\"code\":\"shipment.forwarded\"");
    trade_has(said, trade_text(t, "{\"unit\":\"%.*s\"", STR(t->sscc[2])));
    fixture_verify(t->f);
}

static void what_was_received_is_not_received_again(void **state)
{
    struct trade *t = *state;
    str made = ship_pallet(t);
    const char *case_ = trade_text(t, "{\"units\":[\"%.*s\"]}", STR(t->sscc[0]));
    const char *pallet = trade_text(t, "{\"units\":[\"%.*s\"]}", STR(t->sscc[2]));
    const char *pack = trade_text(t, "{\"units\":[\"%.*s\"]}", STR(t->acme[0]));

    (void)made;
    act_for(t, PARTY);
    t->f->now.ms += 1000;
    trade_has(trade_call(t, 200, "POST /v1/receipts", case_), "\"verdict\":\"accepted\"");
    trade_has(trade_call(t, 200, "POST /v1/receipts", case_), "\"verdict\":\"unit.received\"");
    trade_has(trade_call(t, 200, "POST /v1/receipts", pack), "\"verdict\":\"unit.received\"");
    trade_has(trade_call(t, 200, "POST /v1/receipts", pallet), "\"verdict\":\"accepted\"");
    trade_has(trade_call(t, 200, "POST /v1/receipts", pallet), "\"verdict\":\"unit.received\"");
    act_for(t, NULL);
    fixture_verify(t->f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, trade_open, trade_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pack_comes_back_out_of_a_shipped_pallet),
        TEST(what_does_not_belong_to_the_shipment_is_named_so),
        TEST(a_party_sees_its_own_goods_alone),
        TEST(a_party_ships_on_what_it_received),
        TEST(a_party_ships_on_the_same_goods_once),
        TEST(what_was_shipped_on_is_not_voided),
        TEST(what_was_received_is_not_received_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
