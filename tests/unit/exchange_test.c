// The exchange as a whole: random partners and crashes from a seed, a store that fails, what people
// are shown, and what lots and shipments ask.
#include "delivery_site.h"
#include "service/event/event_id.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// ---- simulation

#define SEEDS    8u
#define PARTNERS 3u
#define FACTS    80u
#define LOTS     5u

struct world {
    uint64_t state;
    bool kind;     // everything is taken from now on
    uint32_t lost; // messages whose fate a crash hid
    uint64_t seqs[FACTS];
    uint32_t lots[FACTS];
    str ids[FACTS];
    uint32_t n;
};

static uint32_t draw(struct world *w, uint32_t below)
{
    w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(w->state >> 33) % below;
}

// Every ninth event is one that no partner takes, until they are kind.
static bool is_bad(const struct world *w, str body)
{
    for (uint32_t i = 4; i < w->n; i += 9)
        if (delivery_holds(body, w->ids[i])) return true;
    return false;
}

static struct answering whatever(struct delivery_site *s, const struct sent *m)
{
    struct world *w = s->self;
    static const int passing[] = {0, 408, 429, 500, 503};
    uint32_t what = draw(w, 10);

    if (w->kind) return (struct answering){200, S(""), -1};
    if (what == 0) return (struct answering){passing[draw(w, LEN(passing))], S("later"), -1};
    if (what == 1) return (struct answering){-1, S(""), -1};
    if (is_bad(w, m->body)) return (struct answering){422, S("not understood"), -1};
    return (struct answering){200, S(""), -1};
}

static void tell_one(struct delivery_site *s, struct world *w)
{
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = 100 + draw(w, LOTS)};

    t.units = (struct run){delivery_units(s, false, 1), 1};
    w->lots[w->n] = t.lot;
    w->seqs[w->n] = delivery_tell(s, &t);
    w->ids[w->n] = delivery_id_of(s, w->seqs[w->n], 0);
    w->n++;
}

// Has every rejected delivery of a partner sent again; how many there were.
static uint32_t retry_all(struct delivery_site *s, uint32_t partner)
{
    struct retry retries[FACTS];
    struct txn *t = fixture_read(s->f);
    struct parked_walk walk;
    struct parked p;
    uint32_t n = 0;

    parked_walk(&walk, t, partner, 0);
    while (parked_next(&walk, &p))
        if (p.rejected && !p.released) retries[n++] = (struct retry){partner, {1}, p.seq, S("")};
    walk_close(&walk.w);
    fixture_read_end(t);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(fixture_run(s->f, &kind_delivery_retried, &retries[i], NULL).cls, ST_OK);
    return n;
}

static uint32_t event_of(const struct world *w, str id)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (str_eq(w->ids[i], id)) return i;
    fail_msg("an event of nobody: %.*s", STR(id));
    return 0;
}

// Everything came; for each lot the first arrivals are in order; only crashes made any come twice.
static void check_partner(const struct delivery_site *s, const struct world *w, const char *url)
{
    uint32_t seen[FACTS] = {0}, newest[LOTS] = {0}, twice = 0;
    str id;

    for (uint32_t i = 0; i < s->sent_count; i++) {
        const struct sent *m = &s->sent[i];
        if (m->code != 200 || !delivery_holds(m->url, str_of(url))) continue;
        for (uint32_t k = 0; (id = delivery_event_id(m->body, k)).n > 0; k++) {
            uint32_t e = event_of(w, id), lot = w->lots[e] - 100;
            twice += seen[e] > 0;
            if (seen[e]++ > 0) continue;
            if (e + 1 < newest[lot]) fail_msg("%s: event %u after %u", url, e, newest[lot] - 1);
            newest[lot] = e + 1;
        }
    }
    for (uint32_t e = 0; e < w->n; e++)
        if (seen[e] == 0) fail_msg("%s: event %u never came", url, e);
    if (w->lost == 0 && twice > 0) fail_msg("%s: %u events came twice", url, twice);
}

static void simulate(uint64_t seed)
{
    struct exchange_limits limits = EXCHANGE_LIMITS;
    struct world w = {.state = seed * 977 + 1};
    char name[16];

    limits.events_max = 7;
    struct delivery_site *s = delivery_site_open(&limits);
    s->self = &w;
    s->answer = whatever;
    while (w.n < FACTS) {
        if (w.n % 20 == 0 && w.n / 20 < PARTNERS) {
            snprintf(name, sizeof name, "p%u", w.n / 20 + 1);
            delivery_put(s, name, "");
        }
        tell_one(s, &w);
        if (draw(&w, 3) == 0) delivery_run(s, draw(&w, 4000));
        if (draw(&w, 12) == 0) retry_all(s, 1 + draw(&w, w.n / 20 < PARTNERS ? w.n / 20 + 1 : 3));
        if (draw(&w, 25) == 0) {
            w.lost += s->pending != NULL;
            delivery_crash(s);
        }
    }
    w.kind = true;
    w.lost += s->pending != NULL;
    delivery_crash(s); // what hangs is given up
    for (unsigned round = 0; round < FACTS; round++) {
        uint32_t n = 0;
        delivery_run(s, 400000);
        for (uint32_t p = 1; p <= PARTNERS; p++) n += retry_all(s, p);
        if (n == 0) break;
    }
    for (uint32_t p = 1; p <= PARTNERS; p++) {
        struct partner_row row = delivery_row(s, p);
        if (row.parked != 0 || row.accepted != w.n || row.position < w.seqs[w.n - 1])
            fail_msg("partner %u: %u parked, %llu accepted", p, row.parked,
                     (unsigned long long)row.accepted);
        snprintf(name, sizeof name, "p%u", p);
        check_partner(s, &w, name);
    }
    delivery_site_close(&s);
}

static void whatever_happens_every_event_arrives_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        simulate(seed);
    }
}

// ---- a store that fails

static void a_failing_store_loses_nothing(void **state)
{
    (void)state;
    for (int nth = 1; nth < 2000; nth += 1 + nth / 12) {
        struct exchange_limits limits = EXCHANGE_LIMITS;
        struct delivery_site *s = delivery_site_open(&limits);
        uint64_t seqs[3];
        delivery_put(s, "hub", "");
        for (uint32_t i = 0; i < 3; i++) seqs[i] = delivery_commission(s, i % 2, 2);
        db_fault = (struct db_fault){.nth = nth};
        delivery_run(s, 0);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        delivery_run(s, 10000);
        delivery_run(s, 10000);
        delivery_expect(s, "hub", seqs, 3);
        assert_int_equal(delivery_row(s, 1).accepted, 3);
        delivery_site_close(&s);
        if (!hit) return;
    }
    fail_msg("the store never stopped failing");
}

// ---- what people see

static struct answering refuse(struct delivery_site *s, const struct sent *m)
{
    (void)s, (void)m;
    return (struct answering){400, S("no such\r\nproduct"), -1};
}

static const struct http_route *const routes[] = {exchange_routes, NULL};

static str get(struct delivery_site *s, const char *line, int code)
{
    if (s->f->server == NULL) fixture_serve(s->f, routes);
    struct fixture_answer a = fixture_call(s->f, line, "", "");
    if (a.code != code) fail_msg("%s: %d %.*s", line, a.code, STR(a.body));
    return a.body;
}

static uint32_t items_of(str json)
{
    uint32_t n = 0;

    for (const char *p = json.p;
         (p = memmem(p, (size_t)(json.p + json.n - p), "\"id\":", 5)) != NULL; p += 5)
        n++;
    return n;
}

static void every_state_can_be_asked_for(void **state)
{
    static const struct {
        const char *state;
        uint32_t n;
    } rows[] = {
        {"waiting",  0},
        {"sending",  0},
        {"sent",     0},
        {"accepted", 4},
        {"rejected", 1},
        {"parked",   2},
        {"skipped",  5}
    };
    struct delivery_site *s = *state;
    char line[128];

    delivery_put(s, "hub", "\"filter\":{\"bizSteps\":[\"commissioning\"]}");
    for (uint32_t i = 0; i < 4; i++) delivery_commission(s, 0, 1);
    for (uint32_t i = 0; i < 5; i++) { // what the partner does not want
        struct told t = {.kind = FACT_UNITS_UNPACKED, .parent = delivery_units(s, true, 1)};
        t.units = (struct run){delivery_units(s, false, 1), 1};
        delivery_tell(s, &t);
    }
    delivery_run(s, 0);
    s->answer = refuse;
    for (uint32_t i = 0; i < 3; i++) delivery_commission(s, 0, 1);
    delivery_run(s, 0);
    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(line, sizeof line, "GET /v1/partners/hub/deliveries?state=%s", rows[i].state);
        if (items_of(get(s, line, 200)) != rows[i].n) fail_msg("%s", line);
    }
    assert_int_equal(items_of(get(s, "GET /v1/partners/hub/deliveries", 200)), 12);
    str page = get(s, "GET /v1/partners/hub/deliveries?limit=5", 200);
    assert_int_equal(items_of(page), 5);
    assert_true(delivery_holds(page, S("\"next\":\"")));
    get(s, "GET /v1/partners/hub/deliveries?state=lost", 400);
    get(s, "GET /v1/partners/nobody/deliveries", 404);
    get(s, "GET /v1/partners/hub/deliveries/aaaaaaaaaaaaaaaaaaaaaaaaaa", 404);
    static const client_id bolt = {2};
    s->f->caller.clients = &bolt;
    s->f->caller.client_count = 1;
    get(s, "GET /v1/partners/hub/deliveries", 404);
}

// ---- what others ask

static str waiting_of(struct delivery_site *s)
{
    struct txn *t = fixture_read(s->f);
    struct buf b;

    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    json_w_array(&w);
    exchange_waiting(&s->f->site, t, (client_id){1}, &w);
    json_w_end(&w);
    fixture_read_end(t);
    str text = arena_str(&s->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

struct goods {
    unit_id unit;
    uint64_t seq; // its newest event
};

static struct goods made(struct delivery_site *s, uint32_t lot)
{
    struct told t = {.kind = FACT_UNITS_COMMISSIONED, .lot = s->lots[lot]};

    t.units = (struct run){delivery_units(s, false, 1), 1};
    return (struct goods){t.units.first, delivery_tell(s, &t)};
}

static bool acknowledged(struct delivery_site *s, struct goods g)
{
    struct txn *t = fixture_read(s->f);
    struct run one = {g.unit, 1};
    struct runs tops = {&one, 1, 1};
    struct goods_told told = {{1}, &tops, g.seq};
    bool yes = exchange_acknowledged(&s->f->site, t, &told);

    fixture_read_end(t);
    return yes;
}

static void who_has_not_been_told_is_known(void **state)
{
    struct delivery_site *s = *state;
    struct goods g[3];

    g[0] = made(s, 0);
    assert_true(acknowledged(s, g[0])); // no partner, nobody to be told
    delivery_put(s, "hub", "");
    delivery_put(s, "ships", "\"filter\":{\"bizSteps\":[\"shipping\"]}");
    for (uint32_t i = 1; i < 3; i++) g[i] = made(s, i % 2);
    assert_true(str_eq(waiting_of(s), S("[{\"partner\":\"hub\",\"waiting\":3}]")));
    assert_false(acknowledged(s, g[0]));
    delivery_run(s, 0);
    assert_true(str_eq(waiting_of(s), S("[]")));
    assert_true(acknowledged(s, g[2])); // the other one wants none of it
    s->answer = refuse;
    struct goods bad = made(s, 0);
    delivery_run(s, 0);
    assert_true(str_eq(waiting_of(s), S("[{\"partner\":\"hub\",\"waiting\":1}]")));
    assert_true(acknowledged(s, g[2]));
    assert_false(acknowledged(s, bad));
}

static void what_is_parked_holds_back_goods_of_its_lot_alone(void **state)
{
    struct delivery_site *s = *state;

    delivery_put(s, "hub", "");
    s->answer = refuse;
    struct goods bad = made(s, 0);
    delivery_run(s, 0);
    s->answer = NULL;
    struct goods behind = made(s, 0), other = made(s, 1);
    assert_false(acknowledged(s, other)); // not yet sent
    delivery_run(s, 0);
    assert_int_equal(delivery_row(s, 1).parked, 2);
    assert_true(acknowledged(s, other));
    assert_false(acknowledged(s, bad));
    assert_false(acknowledged(s, behind));
    // a container of both lots
    struct told pack = {
        .kind = FACT_UNITS_PACKED, .lot = s->lots[1], .begins = true, .units = {other.unit, 1}
    };
    pack.parent = delivery_units(s, true, 1);
    struct goods box = {pack.parent, delivery_tell(s, &pack)};
    delivery_run(s, 0);
    assert_true(acknowledged(s, box));
    pack.begins = false;
    pack.units.first = behind.unit;
    box.seq = delivery_tell(s, &pack);
    delivery_run(s, 0);
    assert_false(acknowledged(s, box));
}

static struct answering silent(struct delivery_site *s, const struct sent *m)
{
    (void)s, (void)m;
    return (struct answering){-1, S(""), -1};
}

static void what_waits_holds_back_goods_of_its_lot_alone(void **state)
{
    struct delivery_site *s = *state;
    struct told pack = {.kind = FACT_UNITS_PACKED, .lot = s->lots[1], .begins = true};

    delivery_put(s, "hub", "\"filter\":{\"bizSteps\":[\"packing\"]}");
    s->answer = silent;
    struct goods inside = made(s, 1);
    pack.units = (struct run){inside.unit, 1};
    pack.parent = delivery_units(s, true, 1);
    struct goods box = {pack.parent, delivery_tell(s, &pack)};
    struct goods of_its_lot = made(s, 1), other = made(s, 0);
    delivery_run(s, 0);
    assert_int_equal(s->sent_count, 1);
    assert_false(acknowledged(s, box));
    assert_false(acknowledged(s, of_its_lot));
    assert_true(acknowledged(s, other)); // nobody is told of its commissioning
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_every_event_arrives_in_order),
        cmocka_unit_test(a_failing_store_loses_nothing),
        DELIVERY_TEST(every_state_can_be_asked_for),
        DELIVERY_TEST(who_has_not_been_told_is_known),
        DELIVERY_TEST(what_is_parked_holds_back_goods_of_its_lot_alone),
        DELIVERY_TEST(what_waits_holds_back_goods_of_its_lot_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
