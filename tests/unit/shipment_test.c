// Shipments: which goods may leave, what is told of them then, and what a refusal names.
#include "service/catalog/place.h"
#include "service/client/client.h"
#include "service/lot/lot.h"
#include "service/trade/shipment.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include "trade_site.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define TO_PARTY "\"to\":{\"party\":\"" PARTY "\",\"location\":\"" PARTY "\"}"

// Case 0 holds packs 0..2, case 1 packs 3..5; pallet 2 holds both. All of lot L1.
static void make_pallet(struct trade *t)
{
    trade_commission(t, t->acme, 6, "L1");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_pack(t, t->sscc[1], t->acme + 3, 3);
    trade_pack(t, t->sscc[2], t->sscc, 2);
}

static str unit(struct trade *t, str spelling)
{
    return trade_call(t, 200, trade_text(t, "GET /v1/units/%.*s", STR(spelling)), "");
}

static struct lot_counts counts(struct trade *t, const char *gtin, const char *lot)
{
    struct txn *txn = fixture_read(t->f);
    struct lot l;

    assert_true(lot_find(txn, gtin, str_of(lot), &t->f->arena, &l));
    struct lot_counts c = lot_counts_get(txn, l.number);
    fixture_read_end(txn);
    return c;
}

static str named(const char *key, str json) // the text of a member
{
    const char *at = memmem(json.p, json.n, key, strlen(key));

    assert_non_null(at);
    str rest = str_from(json, (size_t)(at - json.p) + strlen(key) + 3), value;
    assert_true(str_cut(&rest, '"', &value));
    return value;
}

static void a_pallet_leaves_with_all_that_is_in_it(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    str made = trade_ship(t, 201, &t->sscc[2], 1);
    trade_has(made, "\"units\":1");
    trade_has(made, TO_PARTY);
    for (unsigned i = 0; i < 6; i++) {
        str pack = unit(t, t->acme[i]);
        trade_has(pack, "\"state\":\"shipped\"");
        trade_has(pack, trade_text(t, "\"flags_from\":\"%.*s\"", STR(t->sscc[2])));
    }
    trade_has(unit(t, t->sscc[1]), "\"state\":\"shipped\"");
    trade_has(unit(t, t->sscc[2]), "\"flags_from\":null");
    assert_int_equal(counts(t, PACK_A, "L1").level[LEVEL_SSCC].shipped, 1);
    trade_has(trade_ship(t, 409, &t->sscc[2], 1), "\"code\":\"unit.state\"");
    trade_has(trade_ship(t, 409, &t->sscc[0], 1), "\"code\":\"unit.state\"");
    fixture_verify(t->f);
}

static void a_single_pack_may_leave_too(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 2, "L1");
    trade_close_lot(t, PACK_A, "L1");
    trade_ship(t, 201, t->acme, 1);
    trade_has(unit(t, t->acme[0]), "\"state\":\"shipped\"");
    trade_has(unit(t, t->acme[1]), "\"state\":\"commissioned\"");
    assert_int_equal(counts(t, PACK_A, "L1").level[0].shipped, 1);
    fixture_verify(t->f);
}

static void a_refusal_names_every_offender(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_commission(t, t->bolt, 1, "C1");
    str wrong[] = {t->sscc[2], t->sscc[0], t->acme[20],
                   t->bolt[0], t->sscc[2], S("(01)09506000134352(21)NEVER")};
    str said = trade_ship(t, 409, wrong, LEN(wrong));
    static const char *const codes[] = {"lot.open",         "unit.has_parent", "unit.state",
                                        "shipment.clients", "unit.twice",      "unit.unknown"};
    for (size_t i = 0; i < LEN(wrong); i++)
        trade_has(said,
                  trade_text(t, "{\"unit\":\"%.*s\",\"code\":\"%s\"}", STR(wrong[i]), codes[i]));
    trade_has(said, "\"detail\":\"6 of 6 units; the first: ");
    trade_has(unit(t, t->sscc[2]), "\"state\":\"closed\"");
    fixture_verify(t->f);
}

static void every_lot_inside_must_be_closed(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 1, "L1");
    trade_commission(t, t->acme + 1, 1, "L2");
    trade_pack(t, t->sscc[0], t->acme, 1);
    trade_pack(t, t->sscc[1], t->acme + 1, 1);
    trade_pack(t, t->sscc[2], t->sscc, 2);
    trade_close_lot(t, PACK_A, "L1"); // whose the pallet is; but a pack of L2 lies in it
    trade_has(trade_ship(t, 409, &t->sscc[2], 1), "\"code\":\"lot.open\"");
    trade_close_lot(t, PACK_A, "L2");
    trade_ship(t, 201, &t->sscc[2], 1);
    assert_int_equal(counts(t, PACK_A, "L1").level[LEVEL_SSCC].shipped, 1);
    assert_int_equal(counts(t, PACK_A, "L2").level[LEVEL_SSCC].shipped, 0);
}

static void tops_of_several_lots_are_counted_each_in_its_own(void **state)
{
    struct trade *t = *state;
    str tops[] = {t->sscc[0], t->acme[3], t->acme[4]};
    struct txn *txn;
    struct fact f;

    trade_commission(t, t->acme, 3, "L1");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_commission(t, t->acme + 3, 2, "L2");
    trade_close_lot(t, PACK_A, "L1");
    trade_close_lot(t, PACK_A, "L2");
    trade_ship(t, 201, tops, LEN(tops));
    assert_int_equal(counts(t, PACK_A, "L1").level[LEVEL_SSCC].shipped, 1);
    assert_int_equal(counts(t, PACK_A, "L2").level[0].shipped, 2);
    txn = fixture_read(t->f);
    assert_int_equal(journal_get(txn, journal_head_get(txn).seq, &t->f->arena, &f).cls, ST_OK);
    assert_int_equal(f.lot, 0);
    for (uint32_t lot = 1; lot <= 2; lot++) { // and the shipment is in the list of both
        char key[4] = {0, 0, 0, (char)lot};
        uint64_t seqs[64];
        size_t n = list_of(txn, f.client, LIST_LOT, (str){key, 4}, f.seq, seqs, LEN(seqs));
        assert_int_equal(n, 1);
        assert_int_equal(seqs[0], f.seq);
    }
    fixture_read_end(txn);
    fixture_verify(t->f);
}

static void who_takes_quarantine_goods_gets_them_of_an_open_lot(void **state)
{
    struct trade *t = *state;
    status st = fixture_put(t->f, &kind_client_put, "bolt",
                            "{\"name\":\"Bolt\",\"prefixes\":[\"9506001\"],"
                            "\"profile\":{\"ship_rule\":\"quarantine\"}}");

    assert_int_equal(st.cls, ST_OK);
    trade_commission(t, t->bolt, 2, "C1");
    trade_pack(t, t->sscc_bolt[0], t->bolt, 2);
    trade_ship(t, 201, t->sscc_bolt, 1);
}

// Finds a container as the loop does before it asks the committer.
static void look(struct trade *t, str spelling, struct goods_unit *out)
{
    struct txn *txn = fixture_read(t->f);
    struct gs1_id id;
    client_id owner;

    assert_int_equal(gs1_read(spelling, &t->f->arena, &id).cls, ST_OK);
    assert_true(names_find(names_here(&t->f->site), txn, &id, &out->unit, &owner));
    fixture_read_end(txn);
    t->f->now.ms += 1000;
}

// Between the look of the loop and the committer's a pack deep inside was held, and another case
// put on the pallet: neither changes the row of the pallet at the moment that counts.
static void what_changed_meanwhile_is_looked_at_again(void **state)
{
    struct trade *t = *state;
    struct goods_unit top = {.text = S("\"pallet\"")};
    struct shipment_ask ask = {.tops = &top, .n = 1};
    struct ask got;

    trade_commission(t, t->acme, 1, "L1");
    trade_commission(t, t->acme + 1, 1, "L2");
    trade_pack(t, t->sscc[0], t->acme, 1);
    trade_pack(t, t->sscc[1], t->acme + 1, 1);
    trade_pack(t, t->sscc[2], t->sscc, 1);
    trade_close_lot(t, PACK_A, "L1");
    look(t, t->sscc[2], &top);
    trade_hold(t, t->acme[0]);
    assert_string_equal(fixture_run(t->f, &kind_shipment_made, &ask, &got).reason,
                        "unit.content_on_hold");
    trade_has(got.units,
              trade_text(t, "{\"unit\":\"%.*s\",\"code\":\"unit.on_hold\"}", STR(t->acme[0])));
    trade_unpack(t, t->sscc[2], t->sscc, 1);
    trade_pack(t, t->sscc[2], t->sscc + 1, 1);
    t->f->now.ms += 1000;
    assert_string_equal(fixture_run(t->f, &kind_shipment_made, &ask, &got).reason, "lot.open");
    trade_has(got.units, "{\"unit\":\"pallet\",\"code\":\"lot.open\"}");
}

static void what_is_on_hold_inside_keeps_the_whole_here(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    trade_flag(t, t->acme[4], UNIT_HOLD);
    trade_has(trade_ship(t, 409, &t->sscc[2], 1), "\"code\":\"unit.content_on_hold\"");
    trade_flag(t, t->acme[4], 0);
    trade_flag(t, t->sscc[2], UNIT_HOLD);
    trade_has(trade_ship(t, 409, &t->sscc[2], 1), "\"code\":\"unit.on_hold\"");
    trade_flag(t, t->sscc[2], 0);
    trade_ship(t, 201, &t->sscc[2], 1);
}

static str ship_with(struct trade *t, int code, const char *more)
{
    return trade_call(t, code, "POST /v1/shipments",
                      trade_text(t, "{\"units\":[\"%.*s\"],%s}", STR(t->sscc[2]), more));
}

#define INDIRECTLY                                                                                 \
    TO_PARTY ",\"from\":{\"party\":\"" HUB "\"},\"directPurchase\":{"                              \
             "\"qualifier\":\"PARTIALLY_DIRECT\",\"indirect\":["

static const char *indirectly(struct trade *t, str one, const char *other)
{
    return trade_text(t, INDIRECTLY "\"%.*s\",\"%s\"]}", STR(one), other);
}

static void what_was_bought_elsewhere_leaves_with_the_shipment(void **state)
{
    struct trade *t = *state;
    const char *inside = trade_text(t, "%.*s", STR(t->acme[5]));
    const char *outside = trade_text(t, "%.*s", STR(t->acme[6]));

    make_pallet(t);
    trade_commission(t, t->acme + 6, 1, "L1");
    trade_close_lot(t, PACK_A, "L1");
    str no = ship_with(t, 409, indirectly(t, t->acme[0], outside));
    trade_has(no, "\"code\":\"shipment.not_of_it\"");
    trade_has(no, trade_text(t, "[{\"unit\":\"%s\",\"code\":\"shipment.not_of_it\"}]", outside));
    no = ship_with(t, 409, indirectly(t, t->acme[0], trade_text(t, "%.*s", STR(t->acme[0]))));
    trade_has(no, "\"code\":\"unit.twice\"");
    no = ship_with(t, 422, indirectly(t, t->acme[0], "(01)" PACK_A "(21)NOBODY"));
    trade_has(no, "\"code\":\"unit.unknown\"");
    no = ship_with(t, 409, indirectly(t, t->acme[0], trade_text(t, "%.*s", STR(t->bolt[0]))));
    trade_has(no, "\"code\":\"shipment.not_of_it\"");
    no = ship_with(t, 400, indirectly(t, t->acme[0], "(01)" PACK_A));
    trade_has(no, "directPurchase.indirect[1]: ");
    str draft =
        ship_with(t, 201, trade_text(t, "%s,\"draft\":true", indirectly(t, t->sscc[0], inside)));
    const char *place = trade_text(t, "POST /v1/shipments/%.*s", STR(named("shipment", draft)));
    trade_unpack(t, t->sscc[2], t->sscc + 1, 1); // it stays here
    trade_close(t, t->sscc[2]);
    trade_call(t, 409, trade_text(t, "%s/confirm", place), "{}");
    trade_unpack(t, t->sscc[2], t->sscc, 1);
    trade_pack(t, t->sscc[2], t->sscc, 2);
    str made = trade_call(t, 200, trade_text(t, "%s/confirm", place), "{}");
    trade_has(made, trade_text(t,
                               "\"directPurchase\":{\"qualifier\":\"PARTIALLY_DIRECT\","
                               "\"indirect\":[\"%.*s\",\"%s\"]}",
                               STR(t->sscc[0]), inside));
    trade_call(t, 200, trade_text(t, "%s/void", place), "{\"reason\":\"wrong dock\"}");
    fixture_verify(t->f);
}

static void wrong_requests_are_refused_by_name(void **state)
{
    static const struct {
        int code;
        const char *reason, *more;
    } rows[] = {
        {400, "json.unknown_field", TO_PARTY ",\"unit\":1"                                           },
        {400, "field.required",     "\"flags\":[]"                                                   },
        {400, "field.required",     "\"to\":{\"party\":\"" PARTY "\"}"                               },
        {400, "gs1.check_digit",    "\"to\":{\"party\":\"9506000000016\",\"location\":\"" PARTY "\"}"},
        {422, "party.unknown",      "\"to\":{\"party\":\"9506000000039\",\"location\":\"" PARTY "\"}"},
        {422, "location.unknown",
         "\"to\":{\"party\":\"" PARTY "\",\"location\":\"9506000000039\"}"                           },
        {422, "party.unknown",
         TO_PARTY ",\"from\":{\"party\":\"9506000000039\",\"location\":\"" HUB "\"}"                 },
        {400, "document.type",      TO_PARTY ",\"documents\":[{\"type\":\"letter\",\"id\":\"1\"}]"   },
        {400, "field.required",     TO_PARTY ",\"documents\":[{\"type\":\"desadv\",\"id\":\"1\"}]"   },
        {400, "time.zone",          TO_PARTY ",\"time\":\"2025-11-24T16:00:00\""                     },
        {409, "time.ahead",         TO_PARTY ",\"time\":\"2025-11-24T16:05:00Z\""                    },
        {409, "time.before",        TO_PARTY ",\"time\":\"2025-11-24T15:00:00Z\""                    },
    };
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    for (size_t i = 0; i < LEN(rows); i++)
        trade_has(ship_with(t, rows[i].code, rows[i].more),
                  trade_text(t, "\"code\":\"%s\"", rows[i].reason));
    static const char *const bodies[] = {
        "{\"units\":[]," TO_PARTY "}",
        "{\"units\":[7]," TO_PARTY "}",
        "{\"units\":[\"(00)095060000000000009\"]," TO_PARTY "}",
        "{\"units\":[\"(01)" PACK_A "\"]," TO_PARTY "}",
    };
    static const char *const reasons[] = {"field.required", "json.type", "gs1.check_digit",
                                          "unit.class"};
    for (size_t i = 0; i < LEN(bodies); i++)
        trade_has(trade_call(t, 400, "POST /v1/shipments", bodies[i]),
                  trade_text(t, "\"code\":\"%s\"", reasons[i]));
    trade_has(unit(t, t->sscc[2]), "\"state\":\"closed\"");
}

static void a_paper_that_names_itself_is_a_uri_for_every_reader(void **state)
{
    static const char *const wrong[] = {
        "A_B:5",       "12:30", "C:\\\\x",  "Bill 4711: May", "http://x/\xc3\xa4",    "INV:%zz",
        "RE:2026#1#2", "urn:",  "urn:a[1]", "http://x:y/",    "urn:epc:id:sgtin:1.2",
    };
    static const char *const right[] = {"urn:carrier:77", "RE:2026/1", "http://x:80/a%20b?c#d"};
    static const char paper[] = TO_PARTY ",\"documents\":[{\"type\":\"bol\",\"id\":\"%s\"%s}]%s";
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    for (size_t i = 0; i < LEN(wrong); i++) {
        str said = ship_with(t, 400, trade_text(t, paper, wrong[i], "", ""));
        trade_has(said, "\"code\":\"document.id\"");
        trade_has(said, "documents[0].id: ");
        trade_has(
            ship_with(t, 201,
                      trade_text(t, paper, wrong[i], ",\"gln\":\"" HUB "\"", ",\"draft\":true")),
            "\"gln\":\"" HUB "\"");
    }
    for (size_t i = 0; i < LEN(right); i++)
        trade_has(ship_with(t, 201, trade_text(t, paper, right[i], "", ",\"draft\":true")),
                  trade_text(t, "\"id\":\"%s\"}", right[i]));
    fixture_verify(t->f);
}

static void papers_and_ends_are_kept_as_they_were_said(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    str made = ship_with(
        t, 201,
        TO_PARTY
        ",\"from\":{\"party\":\"" HUB "\",\"location\":\"" HUB "\"},"
        "\"documents\":[{\"type\":\"po\",\"id\":\"P-1\"},{\"type\":\"desadv\",\"id\":\"D-1\"},"
        "{\"type\":\"inv\",\"id\":\"I-1\",\"gln\":\"" PARTY "\"},"
        "{\"type\":\"bol\",\"id\":\"urn:carrier:77\"}],\"flags\":[\"fragile\"],"
        "\"dropShipment\":true,\"directPurchase\":{\"qualifier\":\"ENTIRELY_DIRECT\","
        "\"statement\":\"all\"},\"extra\":{\"note\":\"cold\"},\"time\":\"2025-11-24T17:00:20+01:"
        "00\"");
    trade_has(made, "{\"type\":\"po\",\"id\":\"P-1\",\"gln\":\"" PARTY "\"}"); // the buyer's number
    trade_has(made, "{\"type\":\"desadv\",\"id\":\"D-1\",\"gln\":\"" HUB "\"}");
    trade_has(made, "{\"type\":\"inv\",\"id\":\"I-1\",\"gln\":\"" PARTY "\"}");
    trade_has(made, "{\"type\":\"bol\",\"id\":\"urn:carrier:77\"}");
    trade_has(made, "\"from\":{\"party\":\"" HUB "\",\"location\":\"" HUB "\"}");
    trade_has(made, "\"flags\":[\"fragile\"],\"dropShipment\":true,\"directPurchase\":{"
                    "\"qualifier\":\"ENTIRELY_DIRECT\",\"statement\":\"all\"},"
                    "\"extra\":{\"note\":\"cold\"}");
    trade_has(made, "\"time\":\"2025-11-24T17:00:20+01:00\"");
    const char *path = trade_text(t, "GET /v1/shipments/%.*s", STR(named("shipment", made)));
    str again = trade_call(t, 200, path, "");
    assert_true(str_eq(again, made));
    str units = trade_call(t, 200, trade_text(t, "%s/units", path), "");
    trade_has(units, trade_text(t, "{\"items\":[{\"unit\":\"%.*s\"", STR(t->sscc[2])));
    trade_has(units, "\"next\":null");
    fixture_verify(t->f);
}

static void any_spelling_of_a_top_will_do(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    str serial = str_from(t->acme[9], sizeof "(01)" PACK_A "(21)" - 1);
    trade_commission(t, t->acme + 9, 1, "L2");
    trade_close_lot(t, PACK_A, "L2");
    trade_call(
        t, 201, "POST /v1/shipments",
        trade_text(t, "{\"units\":[\"%.*s\",\"]d201" PACK_A "21%.*s\\u001d10L2\"]," TO_PARTY "}",
                   STR(str_from(t->sscc[2], 4)), STR(serial)));
    trade_has(unit(t, t->acme[9]), "\"state\":\"shipped\"");
}

static void a_wall_stands_between_clients(void **state)
{
    static const client_id bolt[] = {{2}};
    struct trade *t = *state;
    str path;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    t->f->caller.clients = bolt;
    t->f->caller.client_count = 1;
    trade_has(trade_ship(t, 422, &t->sscc[2], 1), "\"code\":\"unit.unknown\"");
    t->f->caller.client_count = 0;
    path = named("shipment", trade_ship(t, 201, &t->sscc[2], 1));
    t->f->caller.client_count = 1;
    const char *line = trade_text(t, "GET /v1/shipments/%.*s", STR(path));
    trade_has(trade_call(t, 404, line, ""), "shipment.unknown");
    trade_has(trade_call(t, 404, trade_text(t, "%s/units", line), ""), "shipment.unknown");
    trade_call(t, 404, "GET /v1/shipments/aaaaaaaaaaaaaaaaaaaaaaaaaa", "");
    trade_call(t, 404, trade_text(t, "GET /v1/units/%.*s", STR(t->acme[0])), "");
}

static void a_repeated_call_ships_once(void **state)
{
    struct trade *t = *state;
    struct fixture_answer a[2];

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    const char *body = trade_text(t, "{\"units\":[\"%.*s\"]," TO_PARTY "}", STR(t->sscc[2]));
    for (unsigned i = 0; i < 2; i++) {
        a[i] = fixture_call(t->f, "POST /v1/shipments", "Idempotency-Key: k1\r\n", body);
        assert_int_equal(a[i].code, 201);
        trade_reopen(t);
    }
    assert_true(str_eq(a[0].body, a[1].body));
    body = trade_text(t, "{\"units\":[\"%.*s\"]," TO_PARTY "}", STR(t->sscc[1]));
    assert_int_equal(fixture_call(t->f, "POST /v1/shipments", "Idempotency-Key: k1\r\n", body).code,
                     422);
    assert_int_equal(counts(t, PACK_A, "L1").level[LEVEL_SSCC].shipped, 1);
}

static uint64_t acknowledged_up_to;

static bool acknowledged(const struct site *s, struct txn *t, const struct goods_told *g)
{
    (void)s, (void)t;
    assert_int_equal(g->client.v, 1);
    assert_int_equal(g->tops->units, 1);
    return g->newest <= acknowledged_up_to;
}

static void who_wants_to_know_first_is_waited_for(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    struct txn *txn = fixture_read(t->f);
    uint64_t packed = journal_head_get(txn).seq;
    fixture_read_end(txn);
    trade_close_lot(t, PACK_A, "L1");
    t->f->site.acknowledged = acknowledged;
    assert_int_equal(fixture_put(t->f, &kind_client_put, "acme",
                                 "{\"name\":\"Acme\",\"prefixes\":[\"9506000\"],"
                                 "\"profile\":{\"ship_needs_ack\":true}}")
                         .cls,
                     ST_OK);
    acknowledged_up_to = packed - 1;
    trade_has(trade_ship(t, 409, &t->sscc[2], 1), "shipment.not_acknowledged");
    acknowledged_up_to = packed;
    trade_ship(t, 201, &t->sscc[2], 1);
}

static const char *shipment_path(struct trade *t, const char *verb, str made)
{
    return trade_text(t, "%s /v1/shipments/%.*s", verb, STR(named("shipment", made)));
}

static void a_draft_is_judged_when_it_is_confirmed(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    str made = ship_with(t, 201, TO_PARTY ",\"draft\":true");
    trade_has(made, "\"state\":\"draft\"");
    trade_has(unit(t, t->sscc[2]), "\"state\":\"closed\"");
    trade_has(trade_call(t, 200, "GET /v1/shipments?state=draft", ""), "\"units\":1");
    const char *confirm = trade_text(t, "%s/confirm", shipment_path(t, "POST", made));
    trade_has(trade_call(t, 409, confirm, "{}"), "lot.open");
    trade_close_lot(t, PACK_A, "L1");
    str shipped = trade_call(t, 200, confirm, "{}");
    assert_true(str_eq(named("shipment", shipped), named("shipment", made)));
    trade_has(shipped, "\"state\":\"shipped\"");
    trade_has(unit(t, t->acme[0]), "\"state\":\"shipped\"");
    trade_has(trade_call(t, 409, confirm, "{}"), "shipment.state");
    trade_has(trade_call(t, 200, "GET /v1/shipments?state=draft", ""), "\"items\":[]");
    trade_has(trade_call(t, 200, "GET /v1/shipments?to=" PARTY "&client=acme", ""), "shipped");
    trade_has(trade_call(t, 200, "GET /v1/shipments?to=" HUB, ""), "\"items\":[]");
    fixture_verify(t->f);
}

static void what_is_voided_never_left(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    str made = trade_ship(t, 201, &t->sscc[2], 1);
    const char *undo = trade_text(t, "%s/void", shipment_path(t, "POST", made));
    t->f->now.ms += 1000;
    trade_has(trade_call(t, 200, undo, "{\"reason\":\"wrong dock\"}"), "\"state\":\"void\"");
    trade_has(unit(t, t->sscc[2]), "\"state\":\"closed\"");
    trade_has(unit(t, t->acme[0]), "\"state\":\"packed\"");
    assert_int_equal(counts(t, PACK_A, "L1").level[LEVEL_SSCC].shipped, 0);
    trade_has(trade_call(t, 409, undo, "{\"reason\":\"again\"}"), "shipment.state");
    trade_has(trade_call(t, 200, shipment_path(t, "GET", made), ""), "\"state\":\"void\"");
    trade_ship(t, 201, &t->sscc[2], 1);
    fixture_verify(t->f);
}

static void a_container_left_open_inside_keeps_the_whole_here(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    struct txn *txn = txn_write(t->f->site.db); // as captured events may leave it
    struct gs1_id id;
    client_id owner;
    struct unit_rows rows;
    unit_id u, pallet;
    assert_int_equal(gs1_read(t->sscc[0], &t->f->arena, &id).cls, ST_OK);
    assert_true(names_find(names_here(&t->f->site), txn, &id, &u, &owner));
    pallet = unit_one(txn, u).parent;
    struct runs one = {
        &(struct run){u, 1},
         1, 1
    };
    children_remove(txn, pallet, &one);
    unit_rows_write(&rows, txn);
    struct unit x = unit_get(&rows, u);
    x.state = UNIT_OPEN;
    unit_put(&rows, u, &x);
    unit_rows_end(&rows);
    children_add(txn, pallet, &one);
    assert_int_equal(txn_end(&txn, true).cls, ST_OK);
    str said = trade_ship(t, 409, &t->sscc[2], 1);
    trade_has(said, "unit.content_open");
    trade_has(said, trade_text(t, "{\"unit\":\"%.*s\",\"code\":\"unit.open\"}", STR(t->sscc[0])));
}

// Whatever call to the store fails: nothing is half done, nothing answered that is not there.
static void a_failing_store_ships_nothing_or_all(void **state)
{
    struct trade *t = *state;
    struct goods_unit top = {.text = S("\"pallet\"")};
    struct shipment_ask ask = {.tops = &top, .n = 1};
    bool shipped = false;

    make_pallet(t);
    trade_close_lot(t, PACK_A, "L1");
    look(t, t->sscc[2], &top);
    for (int n = 1; !shipped; n++) {
        assert_true(n < 1000);
        db_fault = (struct db_fault){.nth = n};
        status st = fixture_run(t->f, &kind_shipment_made, &ask, NULL);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        shipped = st.cls == ST_OK;
        assert_int_equal(shipped, !hit);
        assert_int_equal(counts(t, PACK_A, "L1").level[LEVEL_SSCC].shipped, shipped);
        trade_has(unit(t, t->acme[0]), shipped ? "\"shipped\"" : "\"packed\"");
    }
    fixture_verify(t->f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, trade_open, trade_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pallet_leaves_with_all_that_is_in_it),
        TEST(a_single_pack_may_leave_too),
        TEST(a_draft_is_judged_when_it_is_confirmed),
        TEST(what_is_voided_never_left),
        TEST(a_container_left_open_inside_keeps_the_whole_here),
        TEST(a_refusal_names_every_offender),
        TEST(every_lot_inside_must_be_closed),
        TEST(tops_of_several_lots_are_counted_each_in_its_own),
        TEST(who_takes_quarantine_goods_gets_them_of_an_open_lot),
        TEST(what_changed_meanwhile_is_looked_at_again),
        TEST(what_is_on_hold_inside_keeps_the_whole_here),
        TEST(what_was_bought_elsewhere_leaves_with_the_shipment),
        TEST(wrong_requests_are_refused_by_name),
        TEST(a_paper_that_names_itself_is_a_uri_for_every_reader),
        TEST(papers_and_ends_are_kept_as_they_were_said),
        TEST(any_spelling_of_a_top_will_do),
        TEST(a_wall_stands_between_clients),
        TEST(a_repeated_call_ships_once),
        TEST(who_wants_to_know_first_is_waited_for),
        TEST(a_failing_store_ships_nothing_or_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
