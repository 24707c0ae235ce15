// Questions about units: one of them in any spelling, those of a lot or a container, what lies
// inside, what happened; and who is told what.
#include "common/json.h"
#include "service/client/client.h"
#include "service/unit/unit.h"
#include "trade_site.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static str get(struct trade *t, int code, const char *fmt, str a)
{
    return trade_call(t, code, trade_text(t, fmt, STR(a)), "");
}

static str unit(struct trade *t, str spelling)
{
    return get(t, 200, "GET /v1/units/%.*s", spelling);
}

// Case 0 holds packs 0..2, case 1 packs 3..5; pallet 2 holds both. All of lot L1.
static void make_pallet(struct trade *t)
{
    trade_commission(t, t->acme, 6, "L1");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_pack(t, t->sscc[1], t->acme + 3, 3);
    trade_pack(t, t->sscc[2], t->sscc, 2);
}

static void a_pack_is_told_by_its_state_lot_and_parent(void **state)
{
    struct trade *t = *state;

    trade_has(unit(t, t->acme[0]),
              trade_text(t,
                         "{\"unit\":\"%.*s\",\"state\":\"allocated\",\"flags\":[],"
                         "\"flags_from\":null,\"lot\":null,\"gtin\":\"" PACK_A "\",\"expiry\":null,"
                         "\"parent\":null,\"contents\":[],\"first_seq\":null,\"last_seq\":null}",
                         STR(t->acme[0])));
    trade_commission(t, t->acme, 1, "L1");
    str said = unit(t, t->acme[0]);
    trade_has(said, "\"state\":\"commissioned\"");
    trade_has(said, "\"lot\":\"L1\",\"gtin\":\"" PACK_A "\",\"expiry\":\"2030-06-30\"");
    trade_pack(t, t->sscc[0], t->acme, 1);
    said = unit(t, t->acme[0]);
    trade_has(said, "\"state\":\"packed\"");
    trade_has(said, trade_text(t, "\"parent\":\"%.*s\"", STR(t->sscc[0])));
    said = unit(t, t->sscc[0]);
    trade_has(said, "\"state\":\"closed\"");
    trade_has(said, "\"lot\":\"L1\",\"gtin\":null,\"expiry\":null,\"parent\":null");
}

static void a_container_tells_all_that_is_in_it_by_gtin_and_lot(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 4, "L1");
    trade_commission(t, t->acme + 4, 1, "L2");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_pack(t, t->sscc[1], t->acme + 4, 1);
    trade_put(t, t->sscc[2], t->sscc, 2);
    trade_put(t, t->sscc[2], t->acme + 3, 1);
    trade_has(unit(t, t->sscc[2]),
              "\"contents\":[{\"gtin\":\"" PACK_A "\",\"lot\":\"L1\",\"count\":4},"
              "{\"gtin\":\"" PACK_A "\",\"lot\":\"L2\",\"count\":1}]");
    trade_has(unit(t, t->sscc[3]), "\"contents\":[]");
}

static void every_spelling_is_the_same_unit(void **state)
{
    struct trade *t = *state;
    str serial = str_from(t->acme[0], sizeof "(01)" PACK_A "(21)" - 1);
    static const char *const spellings[] = {
        "(01)" PACK_A "(21)%.*s",
        "https:%%2F%%2Fid.gs1.org%%2F01%%2F" PACK_A "%%2F21%%2F%.*s",
        "https:%%2F%%2Fexample.com%%2Fx%%2F01%%2F" PACK_A "%%2F21%%2F%.*s%%3F17=300630",
        "urn:epc:id:sgtin:9506000.013435.%.*s",
        "01" PACK_A "21%.*s%%1D10L1",
        "%%5Dd201" PACK_A "21%.*s%%1D10L1",
        "%%28%%30%%31)" PACK_A "(21)%.*s(10)L1",
    };
    str first = unit(t, t->acme[0]);

    for (size_t i = 0; i < LEN(spellings); i++) {
        const char *spelled = trade_text(t, spellings[i], STR(serial));
        str said = trade_call(t, 200, trade_text(t, "GET /v1/units/%s", spelled), "");
        assert_true(str_eq(said, first));
    }
    str sscc = str_from(t->sscc[0], 4);
    assert_true(str_eq(unit(t, sscc), unit(t, t->sscc[0])));
}

static void an_answer_is_spelled_as_asked(void **state)
{
    struct trade *t = *state;
    str serial = str_from(t->acme[0], sizeof "(01)" PACK_A "(21)" - 1);

    trade_commission(t, t->acme, 1, "L1");
    trade_pack(t, t->sscc[0], t->acme, 1);
    str said = get(t, 200, "GET /v1/units/%.*s?form=urn", t->acme[0]);
    trade_has(said,
              trade_text(t, "\"unit\":\"urn:epc:id:sgtin:9506000.013435.%.*s\"", STR(serial)));
    trade_has(said, "\"parent\":\"urn:epc:id:sscc:9506000.");
    said = get(t, 200, "GET /v1/units/%.*s?form=dl", t->acme[0]);
    trade_has(said, "\"parent\":\"https://id.gs1.org/00/09506000");
    trade_has(get(t, 400, "GET /v1/units/%.*s?form=raw", t->acme[0]), "form.unknown");
    assert_int_equal(fixture_put(t->f, &kind_client_put, "bolt", "{\"name\":\"Bolt\"}").cls, ST_OK);
    trade_has(get(t, 200, "GET /v1/units/%.*s?form=urn", t->bolt[0]), // its prefix is not known
              "\"unit\":\"https://id.gs1.org/01/" PACK_C "/21/");
}

static void what_is_no_unit_is_said_to_be_none(void **state)
{
    static const struct {
        int code;
        const char *path, *reason;
    } rows[] = {
        {404, "/v1/units/(01)" PACK_A "(21)NEVER",         "unit.unknown"   },
        {404, "/v1/units/(01)09506000134369(21)A",         "unit.unknown"   },
        {404, "/v1/units/095060000000099999",              "gs1.check_digit"},
        {404, "/v1/units/urn:example:1",                   "unit.unknown"   },
        {400, "/v1/units/(01)" PACK_A,                     "unit.class"     },
        {400, "/v1/units/(01)" PACK_A "(10)L1",            "unit.class"     },
        {400, "/v1/units/hello",                           "gs1."           },
        {404, "/v1/units/(01)" PACK_A "(21)NEVER/tree",    "unit.unknown"   },
        {404, "/v1/units/(01)" PACK_A "(21)NEVER/history", "unit.unknown"   },
        {400, "/v1/units",                                 "units.unbounded"},
        {400, "/v1/units?lot=L1",                          "units.unbounded"},
        {400, "/v1/units?gtin=" PACK_A,                    "units.unbounded"},
        {400, "/v1/units?lot=L1&gtin=09506000134353",      "gs1.check_digit"},
        {404, "/v1/units?lot=L9&gtin=" PACK_A,             "lot.unknown"    },
        {404, "/v1/units?parent=(01)" PACK_A "(21)NEVER",  "unit.unknown"   },
        {400, "/v1/units?lot=L1&gtin=" PACK_A "&page=00",  "page.form"      },
        {400, "/v1/units?lot=L1&gtin=" PACK_A "&limit=0",  "page.form"      },
    };
    struct trade *t = *state;

    for (size_t i = 0; i < LEN(rows); i++) {
        int code = strcmp(rows[i].reason, "gs1.check_digit") == 0 ? 400 : rows[i].code;
        str said = trade_call(t, code, trade_text(t, "GET %s", rows[i].path), "");
        trade_has(said, trade_text(t, "\"code\":\"%s", rows[i].reason));
    }
}

static void a_lots_expiry_shows_the_day_after(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 1, "L1"); // of 2030-06, that is its last day
    trade_pack(t, t->sscc[0], t->acme, 1);
    t->f->now = (wall){1909094399000}; // 2030-06-30T23:59:59Z
    trade_has(unit(t, t->acme[0]), "\"flags\":[],");
    t->f->now.ms += 1000;
    trade_has(unit(t, t->acme[0]), "\"flags\":[\"expired\"],\"flags_from\":null");
    trade_has(unit(t, t->sscc[0]), "\"flags\":[],"); // an SSCC has no expiry of its own
}

static void flags_reach_what_lies_inside_when_read(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    trade_flag(t, t->sscc[2], UNIT_HOLD | UNIT_PARTIAL);
    str said = unit(t, t->acme[0]);
    trade_has(said, "\"flags\":[\"hold\"],"); // `partial` is the pallet's own
    trade_has(said, trade_text(t, "\"flags_from\":\"%.*s\"", STR(t->sscc[2])));
    trade_flag(t, t->sscc[0], UNIT_STOLEN);
    said = unit(t, t->acme[0]);
    trade_has(said, "\"flags\":[\"hold\",\"stolen\"],");
    trade_has(said, trade_text(t, "\"flags_from\":\"%.*s\"", STR(t->sscc[0]))); // the nearest
    trade_has(unit(t, t->acme[3]), "\"flags\":[\"hold\"],");
    trade_has(unit(t, t->sscc[2]), "\"flags\":[\"hold\",\"partial\"],\"flags_from\":null");
}

static void a_wall_stands_between_clients(void **state)
{
    static const client_id bolt[] = {{2}};
    struct trade *t = *state;

    make_pallet(t);
    trade_commission(t, t->bolt, 2, "C1");
    trade_pack(t, t->sscc_bolt[0], t->bolt, 2);
    t->f->caller.clients = bolt;
    t->f->caller.client_count = 1;
    get(t, 404, "GET /v1/units/%.*s", t->acme[0]);
    get(t, 404, "GET /v1/units/%.*s", t->acme[30]); // allocated, but for another
    get(t, 404, "GET /v1/units/%.*s/tree", t->sscc[2]);
    get(t, 404, "GET /v1/units/%.*s/history", t->acme[0]);
    get(t, 404, "GET /v1/units?parent=%.*s", t->sscc[0]);
    trade_call(t, 404, "GET /v1/units?lot=L1&gtin=" PACK_A, "");
    // Of its own it learns everything, but numbers facts by its own count. Closing came last.
    struct txn *txn = fixture_read(t->f);
    uint64_t count = client_count_get(txn, bolt[0]);
    fixture_read_end(txn);
    trade_has(unit(t, t->bolt[0]), trade_text(t, "\"first_seq\":%u,\"last_seq\":%u}",
                                              (unsigned)count - 2, (unsigned)count - 1));
    trade_has(get(t, 200, "GET /v1/units/%.*s/history", t->bolt[0]),
              trade_text(t, "[{\"seq\":%u,\"type\":\"commission\"", (unsigned)count - 2));
    trade_has(unit(t, t->bolt[9]), "\"state\":\"allocated\"");
}

// ---- lists

// Walks a list page by page; `each` text is looked for in order, as the units of the items.
static unsigned walk(struct trade *t, const char *path, const str *each, unsigned n)
{
    unsigned found = 0, pages = 0;
    str page = {"", 0}, key, member;

    do {
        str said = trade_call(
            t, 200, trade_text(t, "GET %s%s%.*s", path, page.n ? "&page=" : "", STR(page)), "");
        struct json_r r = json_reader(said, &t->f->arena);
        page = (str){"", 0};
        for (json_object(&r); json_key(&r, &key);) {
            if (str_eq(key, S("next"))) {
                if (!json_null(&r)) page = json_string(&r);
                continue;
            }
            for (json_array(&r); json_item(&r);)
                for (json_object(&r); json_key(&r, &member);) {
                    if (!str_eq(member, S("unit"))) {
                        (void)json_raw(&r);
                        continue;
                    }
                    str u = json_string(&r);
                    assert_true(found < n);
                    if (!str_eq(u, each[found])) fail_msg("%.*s at %u", STR(u), found);
                    found++;
                }
        }
        assert_int_equal(json_r_end(&r).cls, ST_OK);
        assert_true(++pages < 100);
    } while (page.n > 0);
    return found;
}

static void units_of_a_lot_come_in_the_order_of_their_birth(void **state)
{
    struct trade *t = *state;

    trade_commission(t, t->acme, 4, "L1");
    trade_commission(t, t->acme + 20, 3, "L2");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_commission(t, t->acme + 4, 3, "L1");
    assert_int_equal(walk(t, "/v1/units?gtin=" PACK_A "&lot=L1&limit=2", t->acme, 7), 7);
    assert_int_equal(walk(t, "/v1/units?gtin=" PACK_A "&lot=L2&limit=100", t->acme + 20, 3), 3);
    assert_int_equal(walk(t, "/v1/units?gtin=" PACK_A "&lot=L1&state=packed&limit=1", t->acme, 3),
                     3);
    assert_int_equal(walk(t, "/v1/units?gtin=" PACK_A "&lot=L1&state=commissioned", t->acme + 3, 4),
                     4);
    assert_int_equal(walk(t, "/v1/units?gtin=" PACK_A "&lot=L1&state=scrapped", NULL, 0), 0);
}

static void units_in_a_container_come_in_the_order_they_were_put_in(void **state)
{
    struct trade *t = *state;
    str order[] = {t->acme[5], t->acme[1], t->acme[2], t->acme[3], t->acme[0]};

    trade_commission(t, t->acme, 6, "L1");
    for (size_t i = 0; i < LEN(order); i++) trade_put(t, t->sscc[0], order + i, 1);
    const char *path = trade_text(t, "/v1/units?parent=%.*s", STR(t->sscc[0]));
    assert_int_equal(walk(t, path, order, 5), 5);
    assert_int_equal(walk(t, trade_text(t, "%s&limit=2", path), order, 5), 5);
    assert_int_equal(walk(t, trade_text(t, "%s&gtin=" PACK_C, path), order, 5), 0);
    assert_int_equal(walk(t, trade_text(t, "%s&lot=L2", path), order, 5), 0);
    trade_unpack(t, t->sscc[0], order, 1);
    assert_int_equal(walk(t, path, order + 1, 4), 4);
}

// ---- trees

struct shape {
    unsigned nodes, deepest;
};

static void take_node(struct json_r *r, unsigned depth, struct shape *s)
{
    str key;

    s->nodes++;
    if (depth > s->deepest) s->deepest = depth;
    for (json_object(r); json_key(r, &key);) {
        if (!str_eq(key, S("children"))) {
            (void)json_string(r);
            continue;
        }
        for (json_array(r); json_item(r);) take_node(r, depth + 1, s);
    }
}

static struct shape tree(struct trade *t, const char *path)
{
    str said = trade_call(t, 200, path, "");
    struct json_r r = json_reader(said, &t->f->arena);
    struct shape s = {0};

    take_node(&r, 1, &s);
    status st = json_r_end(&r);
    if (st.cls != ST_OK) fail_msg("%s: %.*s", st.text, STR(said));
    return s;
}

static void a_tree_is_told_as_deep_as_asked(void **state)
{
    struct trade *t = *state;

    make_pallet(t);
    struct shape all = tree(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(t->sscc[2])));
    assert_int_equal(all.nodes, 9);
    assert_int_equal(all.deepest, 3);
    struct shape one = tree(t, trade_text(t, "GET /v1/units/%.*s/tree?depth=1", STR(t->sscc[2])));
    assert_int_equal(one.nodes, 3);
    assert_int_equal(one.deepest, 2);
    assert_int_equal(tree(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(t->acme[0]))).nodes, 1);
    assert_int_equal(tree(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(t->sscc[5]))).nodes, 1);
    trade_has(get(t, 400, "GET /v1/units/%.*s/tree?depth=0", t->sscc[2]), "depth.range");
    trade_has(get(t, 400, "GET /v1/units/%.*s/tree?depth=x", t->sscc[2]), "depth.range");
}

static void a_tree_of_many_slices_is_whole(void **state)
{
    struct trade *t = *state;
    const unsigned n = 3000;
    str *packs = NEW_ARRAY(&t->f->arena, str, n);

    trade_issue_packs(t, packs, n);
    trade_commission(t, packs, n, "L1");
    for (unsigned i = 0; i < 3; i++) trade_pack(t, t->sscc[i], packs + 1000 * i, 1000);
    trade_pack(t, t->sscc[3], t->sscc, 3);
    struct shape all = tree(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(t->sscc[3])));
    assert_int_equal(all.nodes, 1 + 3 + n);
    trade_has(unit(t, t->sscc[3]), "\"count\":3000}");
}

// What is told as text: the body.
static str lines(struct trade *t, const char *path)
{
    struct fixture_answer a = fixture_call(t->f, path, "Accept: text/plain\r\n", "");

    assert_int_equal(a.code, 200);
    trade_has(a.head, "Content-Type: text/plain\r\n");
    return a.body;
}

static void a_tree_comes_as_lines_indented_by_depth(void **state)
{
    struct trade *t = *state;
    char want[1024];
    const str *p = t->acme;

    make_pallet(t);
    int n = snprintf(want, sizeof want,
                     "%.*s\n %.*s\n  %.*s\n  %.*s\n  %.*s\n %.*s\n  %.*s\n  %.*s\n  %.*s\n",
                     STR(t->sscc[2]), STR(t->sscc[0]), STR(p[0]), STR(p[1]), STR(p[2]),
                     STR(t->sscc[1]), STR(p[3]), STR(p[4]), STR(p[5]));
    str all = lines(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(t->sscc[2])));
    assert_true(str_eq(all, (str){want, (size_t)n}));
    n = snprintf(want, sizeof want, "%.*s\n %.*s\n %.*s\n", STR(t->sscc[2]), STR(t->sscc[0]),
                 STR(t->sscc[1]));
    str one = lines(t, trade_text(t, "GET /v1/units/%.*s/tree?depth=1", STR(t->sscc[2])));
    assert_true(str_eq(one, (str){want, (size_t)n}));
    n = snprintf(want, sizeof want, "%.*s\n", STR(p[0]));
    one = lines(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(p[0])));
    assert_true(str_eq(one, (str){want, (size_t)n}));
    str dl = lines(t, trade_text(t, "GET /v1/units/%.*s/tree?form=dl", STR(t->sscc[2])));
    trade_has(dl, "\n https://id.gs1.org/00/09506000");
    trade_has(dl, trade_text(t, "\n  https://id.gs1.org/01/" PACK_A "/21/%.*s\n",
                             STR(str_from(p[5], sizeof "(01)" PACK_A "(21)" - 1))));
}

// Of one space and of another, packs beside cases, more of a run than are spelled at once.
static void both_ways_to_tell_a_tree_name_the_same_units(void **state)
{
    struct trade *t = *state;
    const unsigned n = 9000;
    str *packs = NEW_ARRAY(&t->f->arena, str, n);

    trade_issue_packs(t, packs, n);
    trade_commission(t, packs, n, "L1");
    trade_pack(t, t->sscc[0], packs, 5000);
    for (unsigned i = 1; i < 9; i++) trade_pack(t, t->sscc[i], packs + 5000 + 400 * i, 400);
    trade_put(t, t->sscc[9], t->sscc, 9);
    trade_put(t, t->sscc[9], packs + 5000, 3);
    str text = lines(t, trade_text(t, "GET /v1/units/%.*s/tree", STR(t->sscc[9])));
    const char *path = trade_text(t, "GET /v1/units/%.*s/tree", STR(t->sscc[9]));
    str json = trade_call(t, 200, path, ""), line;
    unsigned found = 0;

    while (str_cut(&text, '\n', &line)) {
        const char *unit = trade_text(t, "\"unit\":\"%.*s\"", STR(str_trim(line)));
        const char *at = memmem(json.p, json.n, unit, strlen(unit));
        assert_non_null(at); // in the same order
        json = str_from(json, (size_t)(at - json.p) + 1);
        found++;
    }
    assert_int_equal(text.n, 0);
    assert_int_equal(found, 1 + 9 + 5000 + 8 * 400 + 3);
    assert_null(memmem(json.p, json.n, "\"unit\"", 6));
}

// ---- history

static unsigned events_of(struct trade *t, str said, const char *const *types, unsigned n)
{
    struct json_r r = json_reader(said, &t->f->arena);
    unsigned found = 0;
    str key, member;

    for (json_object(&r); json_key(&r, &key);) {
        if (!str_eq(key, S("items"))) {
            (void)json_raw(&r);
            continue;
        }
        for (json_array(&r); json_item(&r);)
            for (json_object(&r); json_key(&r, &member);) {
                str v = json_raw(&r);
                if (!str_eq(member, S("type"))) continue;
                assert_true(found < n);
                trade_has(v, types[found++]);
            }
    }
    assert_int_equal(json_r_end(&r).cls, ST_OK);
    return found;
}

static void what_is_done_to_a_container_happens_to_what_lies_in_it(void **state)
{
    static const char *const moved[] = {"commission", "pack", "close", "unpack", "pack",
                                        "close",      "pack", "close", "ship"};
    static const char *const stayed[] = {"commission", "pack", "close", "close", "pack", "close"};
    struct trade *t = *state;

    trade_commission(t, t->acme, 6, "L1");
    trade_pack(t, t->sscc[0], t->acme, 3);
    trade_unpack(t, t->sscc[0], t->acme, 1); // pack 0 goes from case 0 …
    trade_close(t, t->sscc[0]);
    trade_pack(t, t->sscc[1], t->acme, 1);     // … into case 1,
    trade_pack(t, t->sscc[2], t->sscc, 1);     // pallet 2 takes case 0 without it,
    trade_pack(t, t->sscc[3], t->sscc + 1, 1); // pallet 3 takes case 1,
    trade_close_lot(t, PACK_A, "L1");
    trade_ship(t, 201, t->sscc + 3, 1); // and leaves
    str said = get(t, 200, "GET /v1/units/%.*s/history", t->acme[0]);
    assert_int_equal(events_of(t, said, moved, LEN(moved)), LEN(moved));
    trade_has(said, trade_text(t, "\"through\":\"%.*s\",\"parent\":\"%.*s\"", STR(t->sscc[1]),
                               STR(t->sscc[3])));
    trade_has(said, trade_text(t, "\"through\":\"%.*s\",\"shipment\":\"", STR(t->sscc[3])));
    said = get(t, 200, "GET /v1/units/%.*s/history", t->acme[1]);
    assert_int_equal(events_of(t, said, stayed, LEN(stayed)), LEN(stayed));
}

static void a_long_history_comes_in_pages(void **state)
{
    static const char *const packs[] = {"pack", "pack", "pack", "pack", "pack"};
    struct trade *t = *state;

    trade_commission(t, t->acme, 12, "L1");
    for (unsigned i = 0; i < 12; i++) trade_put(t, t->sscc[0], t->acme + i, 1);
    const char *path = trade_text(t, "GET /v1/units/%.*s/history?limit=5", STR(t->sscc[0]));
    unsigned found = 0, pages = 0;
    for (str page = {"", 0};; pages++) {
        str said = trade_call(
            t, 200, trade_text(t, "%s%s%.*s", path, page.n ? "&page=" : "", STR(page)), "");
        found += events_of(t, said, packs, LEN(packs));
        const char *next = memmem(said.p, said.n, "\"next\":\"", 8);
        if (next == NULL) break;
        page = (str){next + 8, said.n - (size_t)(next - said.p) - 10};
    }
    assert_int_equal(found, 12);
    assert_int_equal(pages, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, trade_open, trade_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pack_is_told_by_its_state_lot_and_parent),
        TEST(a_container_tells_all_that_is_in_it_by_gtin_and_lot),
        TEST(every_spelling_is_the_same_unit),
        TEST(an_answer_is_spelled_as_asked),
        TEST(what_is_no_unit_is_said_to_be_none),
        TEST(a_lots_expiry_shows_the_day_after),
        TEST(flags_reach_what_lies_inside_when_read),
        TEST(a_wall_stands_between_clients),
        TEST(units_of_a_lot_come_in_the_order_of_their_birth),
        TEST(units_in_a_container_come_in_the_order_they_were_put_in),
        TEST(a_tree_is_told_as_deep_as_asked),
        TEST(a_tree_of_many_slices_is_whole),
        TEST(a_tree_comes_as_lines_indented_by_depth),
        TEST(both_ways_to_tell_a_tree_name_the_same_units),
        TEST(what_is_done_to_a_container_happens_to_what_lies_in_it),
        TEST(a_long_history_comes_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
