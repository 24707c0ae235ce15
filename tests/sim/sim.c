#include "sim.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REST_MAX 40000u // steps until everything must have come to rest
#define DAY_MS   (24 * 3600 * 1000)

struct sim {
    struct dice dice;
    struct trace *trace;
    struct house house;
    struct goods goods;
    struct partners partners;
    struct callers callers;
    struct sim_sum *sum;
    char auditor[80], client[80];
    // How often, per mille of the steps:
    uint32_t crash, store, full, jump;
    int64_t ahead; // how far the clock was moved ahead in all
};

// ---- the site

static const struct {
    const char *line, *body;
} masters[] = {
    {"PUT /v1/clients/acme",         "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"]}"                                       },
    {"PUT /v1/products/" SIM_GTIN,   "{\"client\":\"acme\",\"name\":\"Drops\",\"levels\":["
                                   "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
                                   "{\"level\":\"case\",\"id\":\"sscc\",\"quantity\":4}]}"},
    {"PUT /v1/pools/packs",          "{\"kind\":\"random\",\"gtin\":\"" SIM_GTIN "\"}"                                      },
    {"PUT /v1/pools/cases",
     "{\"kind\":\"sscc\",\"client\":\"acme\",\"prefix\":\"9521141\",\"extension\":\"0\"}"                                   },
    {"PUT /v1/parties/" SIM_PARTY,   "{\"name\":\"Hub\"}"                                                                   },
    {"PUT /v1/locations/" SIM_PARTY, "{\"name\":\"Hall\"}"                                                                  },
    {"PUT /v1/lines/line-0",         "{\"name\":\"Line 0\",\"location\":\"" SIM_PARTY "\"}"                                 },
    {"PUT /v1/lines/line-1",         "{\"name\":\"Line 1\"}"                                                                },
    {"PUT /v1/lines/line-2",         "{\"name\":\"Line 2\"}"                                                                },
    {"PUT /v1/lines/line-3",         "{\"name\":\"Line 3\"}"                                                                },
    {"PUT /v1/users/mia",            "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"words of their own\"}"               },
    {"PUT /v1/partners/good",
     "{\"client\":\"acme\",\"url\":\"http://good/in\",\"format\":\"epcis-2.0-json\"}"                                       },
    {"PUT /v1/partners/strict",
     "{\"client\":\"acme\",\"url\":\"http://strict/in\",\"format\":\"epcis-2.0-json\"}"                                     },
};

// One is told of everything at once, the other of shipments every minute.
static const struct {
    const char *line, *body;
} subscribed[] = {
    {"POST /epcis/v2/queries",                                "{\"name\":\"shipped\",\"query\":{\"EQ_bizStep\":[\"shipping\"]}}"},
    {"POST /epcis/v2/queries/SimpleEventQuery/subscriptions",
     "{\"dest\":\"http://watcher/in\",\"stream\":true}"                                                                         },
    {"POST /epcis/v2/queries/shipped/subscriptions",
     "{\"dest\":\"http://counter/in\",\"schedule\":{\"second\":\"0\"}}"                                                         },
};

static void call(struct sim *s, str token, const char *line, const char *body, struct buf *out)
{
    struct wire_ask ask = {
        .line = line,
        .token = token,
        .key = {"", 0},
        .type = S("application/json"),
        .body = str_of(body)
    };
    struct arena a;

    arena_init(&a, 1 * MB);
    struct house_answer r = house_call(&s->house, &a, &ask);
    if (r.code >= 300) trace_break(s->trace, "%s: %d %.*s", line, r.code, STR(r.body));
    if (out != NULL) buf_add(out, r.body);
    arena_fini(&a);
}

static void token_make(struct sim *s, const char *what, char token[80])
{
    static const char key[] = "\"token\":\"";
    struct buf b;

    buf_init(&b, 4 * KB);
    call(s, str_of(s->house.admin), "POST /v1/tokens", what, &b);
    const char *at = memmem(b.p, b.n, key, sizeof key - 1);
    assert(at != NULL);
    snprintf(token, 80, "%.67s", at + sizeof key - 1);
    buf_fini(&b);
}

static void site_make(struct sim *s)
{
    char what[80];

    house_make(&s->house);
    for (size_t i = 0; i < LEN(masters); i++)
        call(s, str_of(s->house.admin), masters[i].line, masters[i].body, NULL);
    for (unsigned i = 0; i < OPERATOR; i++) {
        snprintf(what, sizeof what, "{\"role\":\"line\",\"line\":\"line-%u\"}", i);
        token_make(s, what, s->callers.at[i].token);
    }
    token_make(s, "{\"role\":\"operator\"}", s->callers.at[OPERATOR].token);
    token_make(s, "{\"user\":\"mia\"}", s->callers.at[QA].token);
    token_make(s, "{\"role\":\"distributor\",\"client\":\"acme\",\"party\":\"" SIM_PARTY "\"}",
               s->callers.at[DISTRIBUTOR].token);
    token_make(s, "{\"role\":\"gateway\",\"client\":\"acme\"}", s->callers.at[GATEWAY].token);
    token_make(s, "{\"role\":\"auditor\"}", s->auditor);
    token_make(s, "{\"role\":\"client\",\"client\":\"acme\"}", s->client);
    token_make(s, "{\"user\":\"mia\"}", s->callers.at[SIGNER].token);
    for (unsigned i = 0; i < LOTS; i++) {
        snprintf(what, sizeof what,
                 "{\"lot\":\"%s\",\"gtin\":\"" SIM_GTIN "\",\"expiry\":\"2030-06\"}", sim_lots[i]);
        call(s, str_of(s->callers.at[OPERATOR].token), "POST /v1/lots", what, NULL);
    }
    for (size_t i = 0; i < LEN(subscribed); i++)
        call(s, str_of(s->callers.at[GATEWAY].token), subscribed[i].line, subscribed[i].body, NULL);
}

// ---- faults

static void restart(struct sim *s, size_t room)
{
    status st = house_start(&s->house, room);

    if (st.cls != ST_OK && room > 0) st = house_start(&s->house, 0);
    if (st.cls == ST_OK) return;
    trace_break(s->trace, "it does not start: %s: %s", st.reason, st.text);
}

static void crash(struct sim *s, size_t room)
{
    trace_say(s->trace, "crash, room %zu", room);
    s->sum->crashes++;
    partners_crash(&s->partners);
    callers_crash(&s->callers);
    house_crash(&s->house);
    callers_buried(&s->callers);
    restart(s, room);
}

// One of the next calls to the store fails; the last one of a transaction, its commit, often.
static void store_fault(struct sim *s)
{
    bool full = dice_chance(&s->dice, 300);

    db_fault =
        (struct db_fault){.nth = 1 + (int)dice_below(&s->dice, 120), .rc = full ? ENOSPC : EIO};
    if (dice_chance(&s->dice, 500))
        db_fault = (struct db_fault){.nth = 1, .rc = full ? ENOSPC : EIO, .commits = true};
    trace_say(s->trace, "store fault: call %d, %s%s", db_fault.nth, full ? "ENOSPC" : "EIO",
              db_fault.commits ? ", a commit" : "");
}

static void jump(struct sim *s)
{
    static const int64_t by[] = {-DAY_MS, -3600000, -60000,  -2000, 2000,
                                 60000,   400000,   7200000, DAY_MS};
    int64_t ms = by[dice_below(&s->dice, LEN(by))];

    if (s->ahead + ms > 10 * (int64_t)DAY_MS || s->ahead + ms < -10 * (int64_t)DAY_MS) return;
    s->ahead += ms;
    s->house.wall_ms += ms;
    s->sum->jumps++;
    trace_say(s->trace, "the clock jumps by %lld", (long long)ms);
}

static void fault(struct sim *s)
{
    if (dice_chance(&s->dice, s->crash)) {
        bool full = dice_chance(&s->dice, s->full);
        s->sum->full += full;
        crash(s, full ? 4096 * (8 + dice_below(&s->dice, 120)) : 0);
    }
    if (db_fault.nth == 0 && dice_chance(&s->dice, s->store)) store_fault(s);
    if (dice_chance(&s->dice, s->jump)) jump(s);
}

// ---- the scheduler

static void pass(struct sim *s, int64_t ms)
{
    s->house.wall_ms += ms;
    s->house.mono_ms += ms;
}

static void step_caller(struct sim *s) { callers_step(&s->callers, dice_below(&s->dice, CALLERS)); }
static void step_commit(struct sim *s) { (void)house_commit(&s->house); }
static void step_loop(struct sim *s) { house_loop(&s->house, dice_below(&s->dice, HOUSE_LOOPS)); }
static void step_mail(struct sim *s) { house_courier_mail(&s->house); }
static void step_courier(struct sim *s) { house_courier(&s->house); }
static void step_partner(struct sim *s) { partners_step(&s->partners); }

static void step_time(struct sim *s)
{
    static const int64_t by[] = {0, 1, 5, 25, 200, 1000, 5000, 70000};
    pass(s, by[dice_below(&s->dice, LEN(by))]);
}

static const struct {
    const char *name;
    void (*run)(struct sim *s);
} acts[] = {
    {"caller",  step_caller },
    {"commit",  step_commit },
    {"loop",    step_loop   },
    {"mail",    step_mail   },
    {"courier", step_courier},
    {"partner", step_partner},
    {"time",    step_time   },
};

// Each seed has its own rhythm: who is often at work, who rarely.
static void rhythm(struct sim *s, uint32_t weights[LEN(acts)])
{
    for (size_t i = 0; i < LEN(acts); i++) weights[i] = 1 + dice_below(&s->dice, 8);
    weights[0] += 6;
}

static size_t choose(struct sim *s, const uint32_t weights[LEN(acts)])
{
    uint32_t sum = 0, at;
    size_t i = 0;

    for (size_t k = 0; k < LEN(acts); k++) sum += weights[k];
    for (at = dice_below(&s->dice, sum); at >= weights[i]; i++) at -= weights[i];
    return i;
}

static void live(struct sim *s)
{
    uint32_t weights[LEN(acts)], n = 500 + dice_below(&s->dice, 5000);

    rhythm(s, weights);
    for (uint32_t i = 0; i < n && !s->trace->broken; i++) {
        fault(s);
        if (s->trace->broken) return;
        int hit = db_fault.hit;
        size_t act = choose(s, weights);
        acts[act].run(s);
        s->sum->steps++;
        trace_say(s->trace, "%s", acts[act].name);
        s->sum->store_faults += (uint64_t)(db_fault.hit - hit);
    }
}

// ---- the end of all troubles

static void retry_parked(struct sim *s)
{
    static const char key[] = "\"id\":\"";
    const char *list = "GET /v1/partners/strict/deliveries?state=rejected&limit=1000";
    str token = str_of(s->callers.at[OPERATOR].token);
    char line[200];
    struct buf b;

    buf_init(&b, 4 * MB);
    call(s, token, list, "", &b);
    const char *at = b.p;
    while (at != NULL && (at = strstr(at, key)) != NULL) {
        at += sizeof key - 1;
        int n = (int)strcspn(at, "\"");
        snprintf(line, sizeof line, "POST /v1/partners/strict/deliveries/%.*s/retry", n, at);
        call(s, token, line, "{\"reason\":\"mended\"}", NULL);
    }
    buf_fini(&b);
}

static bool is_told(struct sim *s)
{
    static const char *const states[] = {"waiting", "sending", "rejected", "parked"};
    char line[120];
    struct buf b;
    bool told = true;

    for (unsigned i = 0; i < CONFIGURED; i++)
        for (unsigned k = 0; k < LEN(states); k++) {
            buf_init(&b, 1 * MB);
            snprintf(line, sizeof line, "GET /v1/partners/%s/deliveries?state=%s&limit=1",
                     s->partners.at[i].name, states[k]);
            call(s, str_of(s->callers.at[OPERATOR].token), line, "", &b);
            told = told && b.n > 0 && strstr(b.p, "\"items\":[]") != NULL;
            buf_fini(&b);
        }
    return told && partners_even(&s->partners);
}

// Where nobody asks for anything nobody is told that the clock has stopped all writing.
static void look_at_clock(struct sim *s)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    call(s, str_of(s->house.admin), "GET /v1/clock", "", &b);
    if (b.n > 0 && strstr(b.p, "\"stopped\":true") != NULL) s->callers.clock_stopped = true;
    buf_fini(&b);
}

static void turn(struct sim *s, unsigned i)
{
    if (i % 16 == 0) look_at_clock(s);
    for (unsigned k = 0; k < CALLERS; k++) callers_step(&s->callers, k);
    partners_step(&s->partners);
    house_settle(&s->house);
    pass(s, i % 8 == 7 ? 70000 : 25);
}

static void come_to_rest(struct sim *s)
{
    unsigned i = 0;

    db_fault = (struct db_fault){0};
    crash(s, 0); // a last one, and room enough from here on
    s->callers.closing = true;
    s->callers.give_up = s->partners.trouble = 0;
    s->partners.at[1].mended = true;
    for (; i < REST_MAX && !s->trace->broken && !callers_rest(&s->callers); i++) turn(s, i);
    for (unsigned quiet = 0; i < REST_MAX && quiet < 30 && !s->trace->broken; i++, quiet++) {
        if (partners_wait(&s->partners)) quiet = 0;
        turn(s, i);
        if (quiet != 20) continue;
        retry_parked(s);
        if (!is_told(s)) quiet = 0;
    }
    if (i >= REST_MAX) trace_break(s->trace, "it does not come to rest");
}

static void sum_up(struct sim *s)
{
    struct sim_sum *sum = s->sum;

    sum->commands += s->callers.asked;
    sum->answers_lost += s->callers.lost;
    sum->repeats += s->callers.repeats;
    sum->others += s->callers.others;
    sum->again += s->goods.again;
    sum->messages += s->partners.messages;
    sum->messages_again += s->partners.repeats;
    sum->partner_troubles += s->partners.troubles;
    for (unsigned i = 0; i < WISH_SORTS; i++) {
        sum->done[i] += s->goods.done[i];
        sum->refused[i] += s->goods.refused[i];
    }
}

static void check(struct sim *s)
{
    struct txn *t = txn_read(s->house.site.db);

    s->sum->facts += journal_head_get(t).seq;
    (void)txn_end(&t, false).cls;
    goods_check(&s->goods);
    partners_check(&s->partners);
    partners_check_captured(&s->partners, s->goods.told, s->goods.told_count);
    house_verify(&s->house);
}

void sim_run(uint64_t seed, struct trace *t, struct sim_sum *sum)
{
    struct sim *s = calloc(1, sizeof *s);

    assert(s != NULL);
    *s = (struct sim){.dice = {seed}, .trace = t, .sum = sum};
    s->house.trace = t;
    s->house.random.state = dice_next(&s->dice);
    partners_init(&s->partners, &s->house, &s->dice);
    goods_init(&s->goods, &s->house, &s->dice);
    s->goods.auditor = s->auditor;
    s->goods.client = s->client;
    s->goods.short_waits = dice_chance(&s->dice, 300);
    s->house.wait_ms = s->goods.short_waits ? 3600000 : 40 * (uint32_t)DAY_MS;
    callers_init(&s->callers, &s->house, &s->goods, &s->dice);
    site_make(s);
    s->crash = dice_below(&s->dice, 2) == 0 ? 1 : dice_below(&s->dice, 12);
    s->store = dice_below(&s->dice, 60);
    s->full = dice_below(&s->dice, 400);
    s->jump = dice_below(&s->dice, 3) == 0 ? dice_below(&s->dice, 12) : 0;
    s->partners.trouble = dice_below(&s->dice, 400);
    s->callers.give_up = dice_below(&s->dice, 40);
    live(s);
    if (!t->broken) come_to_rest(s);
    if (!t->broken) check(s);
    sum_up(s);
    db_fault = (struct db_fault){0};
    callers_crash(&s->callers);
    if (!s->house.down) house_crash(&s->house);
    callers_fini(&s->callers);
    goods_fini(&s->goods);
    partners_fini(&s->partners);
    house_remove(&s->house);
    free(s);
}
