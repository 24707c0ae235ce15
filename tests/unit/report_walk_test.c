// The same rules from outside: every state and act walked through real reports, long random lives
// counted again and replayed, and every call to the store made to fail once.
#include "line_site.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int open_site(void **state)
{
    *state = line_site_open();
    return 0;
}

static int close_site(void **state)
{
    line_site_close((struct fixture **)state);
    return 0;
}

static int close_forced(void **state) // rows were set by hand: there is nothing to replay
{
    fixture_close((struct fixture **)state);
    return 0;
}

// ---- every state and act

// What the walk plays with. `pack` and `box` are put into each state in turn.
struct stage {
    struct fixture *f;
    const char *pack, *other_pack, *inner_pack, *serial; // drops of D1
    const char *box, *outer, *host;                      // SSCCs of D1
    struct unit good_pack, good_box;                     // their rows when just commissioned
};

struct forced { // a row put by hand
    const char *name;
    struct unit row;
    const char *parent, *child; // NULL: none
};

static void force(struct stage *s, const struct forced *rows, size_t n)
{
    struct txn *t = txn_write(s->f->site.db);
    struct unit_rows w;

    unit_rows_write(&w, t);
    for (size_t i = 0; i < n; i++) {
        unit_id u = line_site_unit(s->f, rows[i].name);
        struct unit x = rows[i].row;
        if (rows[i].parent != NULL) x.parent = line_site_unit(s->f, rows[i].parent);
        unit_put(&w, u, &x);
        children_clear(t, u);
        if (rows[i].child == NULL) continue;
        unit_id c = line_site_unit(s->f, rows[i].child);
        children_add(t, u,
                     &(struct runs){
                         &(struct run){c, 1},
                          1, 1
        });
    }
    unit_rows_end(&w);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

// Rows put by hand are in no counter: none of them may fall below 0.
static void plenty(struct fixture *f)
{
    struct txn *t = txn_write(f->site.db);
    struct lot_counts c = {0};
    struct lot lot;

    assert_true(lot_find(t, DROPS, S("D1"), &f->arena, &lot));
    for (unsigned i = 0; i < PRODUCT_LEVELS_MAX; i++)
        for (unsigned k = 0; k < COUNT_END; k++) c.level[i].of[k] = 1000000;
    lot_counts_put(t, lot.number, &c);
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

static struct unit in_state(struct unit x, enum unit_state state, bool hold)
{
    x.state = state;
    x.flags = hold ? UNIT_HOLD : 0;
    if (state <= UNIT_PRINTED) x.first = x.last = 0;
    return x;
}

struct act {
    enum unit_act act;
    bool on_box;
    const char *(*say)(struct stage *s);
};

static const char *commission_pack(struct stage *s)
{
    return fmt(s->f,
               "{\"type\":\"commission\",\"lot\":\"D1\",\"gtin\":\"" DROPS
               "\",\"serials\":[\"%s\"]}",
               s->serial);
}
static const char *commission_box(struct stage *s)
{
    return fmt(s->f,
               "{\"type\":\"commission\",\"lot\":\"D1\",\"gtin\":\"" DROPS "\",\"ssccs\":[\"%s\"]}",
               s->box);
}
static const char *scrap_pack(struct stage *s)
{
    return fmt(s->f,
               "{\"type\":\"scrap\",\"reason\":\"r\",\"gtin\":\"" DROPS "\",\"serials\":[\"%s\"]}",
               s->serial);
}
static const char *scrap_box(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"scrap\",\"reason\":\"r\",\"ssccs\":[\"%s\"]}", s->box);
}
static const char *put_pack(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\"]}", s->host,
               s->pack);
}
static const char *put_box(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\"]}", s->host,
               s->box);
}
static const char *put_into_box(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":[\"%s\"]}", s->box,
               s->other_pack);
}
static const char *take_pack(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"unpack\",\"parent\":\"%s\",\"children\":[\"%s\"]}", s->outer,
               s->pack);
}
static const char *take_box(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"unpack\",\"parent\":\"%s\",\"children\":[\"%s\"]}", s->outer,
               s->box);
}
static const char *empty_box(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", s->box);
}
static const char *close_box(struct stage *s)
{
    return fmt(s->f,
               "{\"type\":\"close\",\"parent\":\"%s\",\"partial\":true,\"by\":\"me\","
               "\"reason\":\"r\"}",
               s->box);
}

static const char *of_units(struct stage *s, const char *type, const char *unit)
{
    return fmt(s->f, "{\"type\":\"%s\",\"reason\":\"r\",\"units\":[\"%s\"]}", type, unit);
}
#define OF_UNITS(word)                                                                             \
    static const char *word##_pack(struct stage *s) { return of_units(s, #word, s->pack); }        \
    static const char *word##_box(struct stage *s) { return of_units(s, #word, s->box); }
OF_UNITS(sample)
OF_UNITS(decommission)
OF_UNITS(destroy)
OF_UNITS(invalidate)
OF_UNITS(lost)
OF_UNITS(found)
OF_UNITS(stolen)
OF_UNITS(hold)
static const char *printed_pack(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"printed\",\"gtin\":\"" DROPS "\",\"serials\":[\"%s\"]}",
               s->serial);
}
static const char *label_sample_box(struct stage *s)
{
    return fmt(s->f, "{\"type\":\"label_sample\",\"reason\":\"r\",\"ssccs\":[\"%s\"]}", s->box);
}

static const struct act acts[] = {
    {ACT_COMMISSION,   false, commission_pack  },
    {ACT_COMMISSION,   true,  commission_box   },
    {ACT_SCRAP,        false, scrap_pack       },
    {ACT_SCRAP,        true,  scrap_box        },
    {ACT_BE_PACKED,    false, put_pack         },
    {ACT_BE_PACKED,    true,  put_box          },
    {ACT_PACK_INTO,    true,  put_into_box     },
    {ACT_BE_UNPACKED,  false, take_pack        },
    {ACT_BE_UNPACKED,  true,  take_box         },
    {ACT_UNPACK_FROM,  true,  empty_box        },
    {ACT_CLOSE,        true,  close_box        },
    {ACT_PRINT,        false, printed_pack     },
    {ACT_LABEL_SAMPLE, true,  label_sample_box },
    {ACT_SAMPLE,       false, sample_pack      },
    {ACT_SAMPLE,       true,  sample_box       },
    {ACT_DECOMMISSION, false, decommission_pack},
    {ACT_DECOMMISSION, true,  decommission_box },
    {ACT_DESTROY,      false, destroy_pack     },
    {ACT_DESTROY,      true,  destroy_box      },
    {ACT_INVALIDATE,   false, invalidate_pack  },
    {ACT_INVALIDATE,   true,  invalidate_box   },
    {ACT_LOSE,         false, lost_pack        },
    {ACT_LOSE,         true,  lost_box         },
    {ACT_FIND,         false, found_pack       },
    {ACT_FIND,         true,  found_box        },
    {ACT_STEAL,        false, stolen_pack      },
    {ACT_STEAL,        true,  stolen_box       },
    {ACT_HOLD,         false, hold_pack        },
    {ACT_HOLD,         true,  hold_box         },
};

// One cell: the unit is put into its state, everything else is as the act needs it.
static bool walk_cell(struct stage *s, const struct act *a, enum unit_state state, int how)
{
    enum unit_sort sort = a->on_box ? SORT_CONTAINER : SORT_PACK;
    struct unit x = in_state(a->on_box ? s->good_box : s->good_pack, state, how == 2);
    struct unit shut = in_state(s->good_box, UNIT_OPEN, false);
    const char *subject = a->on_box ? s->box : s->pack;
    struct unit_change next = {.to = UNIT_STATES};

    const struct forced rows[] = {
        {subject,       x,            how == 1 ? s->outer : NULL, a->on_box ? s->inner_pack : NULL},
        {s->inner_pack, s->good_pack, s->box,                     NULL                            },
        {s->other_pack, s->good_pack, NULL,                       NULL                            },
        {s->outer,      shut,         NULL,                       subject                         },
        {s->host,       shut,         NULL,                       NULL                            },
    };
    force(s, rows, LEN(rows));
    if (how == 1) x.parent = line_site_unit(s->f, s->outer);
    status st = unit_step(sort, &x, a->act, &next);
    const char *body = a->say(s);
    bool ends = a->act == ACT_DECOMMISSION || a->act == ACT_DESTROY;
    if (st.cls == ST_OK && ends && a->on_box && how == 2 && state != UNIT_DISSOLVED)
        st = (status){.cls = ST_CONFLICT, .reason = "unit.on_hold"}; // what it holds stays in
    if (st.cls != ST_OK) {
        bool with_content = a->act == ACT_UNPACK_FROM && state == UNIT_SHIPPED; // shipped, too
        str all = refused(s->f, body, st.reason, with_content ? 2 : 1);
        assert_non_null(memmem(all.p, all.n, subject, strlen(subject)));
    } else {
        accepted(s->f, body);
        assert_int_equal(line_site_row(s->f, subject).state, next.to);
    }
    fixture_forget(s->f);
    return st.cls == ST_OK;
}

static void every_state_and_act_is_decided_as_the_table_says(void **state)
{
    struct fixture *f = *state;
    struct stage s = {.f = f};
    struct numbers packs = line_site_serials(f, DROPS, "D1", 3), boxes;
    unsigned allowed = 0;
    char room[8][64];

    boxes = line_site_ssccs(f, "acme", 3);
    accepted(f, say_commission(f, "D1", DROPS, (struct part){&packs, 0, 3}));
    accepted(f, say_begin(f, "D1", DROPS, (struct part){&boxes, 0, 3}));
    const char **names[] = {&s.pack, &s.other_pack, &s.inner_pack, &s.box, &s.outer, &s.host};
    for (unsigned i = 0; i < LEN(names); i++) {
        str t = i < 3 ? str_of(sgtin(f, DROPS, packs.texts[i])) : boxes.texts[i - 3];
        snprintf(room[i], sizeof room[i], "%.*s", STR(t));
        *names[i] = room[i];
    }
    snprintf(room[6], sizeof room[6], "%.*s", STR(packs.texts[0]));
    s.serial = room[6];
    s.good_pack = line_site_row(f, s.pack);
    s.good_box = line_site_row(f, s.box);
    plenty(f);
    for (size_t a = 0; a < LEN(acts); a++)
        for (unsigned st = UNIT_NONE; st < UNIT_UNALLOCATED; st++) // that is in no row
            for (int how = 0; how < 3; how++)                      // plain, in a container, on hold
                allowed += walk_cell(&s, &acts[a], (enum unit_state)st, how);
    assert_true(allowed > 100);
}

// ---- long lives

struct life {
    struct fixture *f;
    struct numbers packs[2], cases, ssccs;
    struct buf body;
};

static uint32_t dice(struct life *l, uint32_t below)
{
    uint32_t r;

    env_random(&l->f->env, &r, sizeof r);
    return r % below;
}

static const char *any_pack(struct life *l)
{
    unsigned which = dice(l, 2);
    const struct numbers *n = &l->packs[which];

    return sgtin(l->f, which ? DROPS : PILLS, n->texts[dice(l, n->n)]);
}

static const char *any_container(struct life *l)
{
    if (dice(l, 3) == 0) return sgtin(l->f, PILLS_CASE, l->cases.texts[dice(l, l->cases.n)]);
    return text(l->f, l->ssccs.texts[dice(l, l->ssccs.n)]);
}

static void say_children(struct life *l)
{
    uint32_t n = 1 + dice(l, 5), from;
    unsigned which = dice(l, 2);

    buf_add(&l->body, S(",\"children\":["));
    from = dice(l, l->packs[which].n - n);
    for (uint32_t i = 0; i < n; i++) {
        const char *u = dice(l, 4) == 0
                            ? any_container(l)
                            : sgtin(l->f, which ? DROPS : PILLS, l->packs[which].texts[from + i]);
        buf_addf(&l->body, "%s\"%s\"", i > 0 ? "," : "", u);
    }
    buf_addc(&l->body, ']');
}

static void say_anything(struct life *l)
{
    unsigned which = dice(l, 2);
    const struct numbers *n = &l->packs[which];
    const char *gtin = which ? DROPS : PILLS;
    uint32_t from = dice(l, n->n - 20);

    switch (dice(l, 8)) {
    case 0:
        buf_addf(&l->body, "%s",
                 say_commission(l->f,
                                which        ? "D1"
                                : dice(l, 2) ? "A1"
                                             : "A2",
                                gtin, (struct part){n, from, 1 + dice(l, 19)}));
        break;
    case 1:
        buf_addf(&l->body,
                 "{\"type\":\"scrap\",\"reason\":\"r\",\"gtin\":\"%s\",\"lot\":\"%s\","
                 "\"serials\":[\"%.*s\"]}",
                 gtin, which ? "D1" : "A1", STR(n->texts[from]));
        break;
    case 2: buf_addf(&l->body, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", any_pack(l)); break;
    case 3: buf_addf(&l->body, "{\"type\":\"unpack\",\"parent\":\"%s\"}", any_container(l)); break;
    case 4:
        buf_addf(&l->body,
                 "{\"type\":\"close\",\"parent\":\"%s\",\"partial\":true,\"by\":\"b\","
                 "\"reason\":\"r\"}",
                 any_container(l));
        break;
    default:
        buf_addf(&l->body, "{\"type\":\"pack\",\"parent\":\"%s\",\"commission\":%s",
                 any_container(l), dice(l, 2) ? "true" : "false");
        say_children(l);
        buf_addc(&l->body, '}');
        break;
    }
    buf_addc(&l->body, '\n');
}

static uint64_t accepted_of(str answer)
{
    str rest = str_from(answer, sizeof "{\"accepted\":" - 1), n;
    uint64_t v = 0;

    assert_true(str_cut(&rest, ',', &n) && str_u64(n, UINT64_MAX, &v));
    return v;
}

static void counters_and_replay_hold_over_long_lives(void **state)
{
    struct life l = {.f = *state};
    uint64_t done = 0;

    l.packs[0] = line_site_serials(l.f, PILLS, "A1", 60);
    l.packs[1] = line_site_serials(l.f, DROPS, "D1", 60);
    l.cases = line_site_serials(l.f, PILLS_CASE, "A1", 8);
    l.ssccs = line_site_ssccs(l.f, "acme", 14);
    buf_init(&l.body, 64 * MB);
    for (unsigned round = 0; round < 12; round++) {
        buf_reset(&l.body);
        for (unsigned i = 0; i < 300; i++) say_anything(&l);
        struct fixture_answer a = fixture_send(
            l.f, "POST /v1/reports", "Content-Type: application/x-ndjson\r\n", buf_str(&l.body));
        assert_int_equal(a.code, 200);
        done += accepted_of(a.body);
        line_site_check(l.f);
    }
    buf_fini(&l.body);
    if (done < 150) fail_msg("only %u of the reports were accepted", (unsigned)done);
}

// ---- the store fails

struct story { // told once while the store fails at one place
    struct fixture *f;
    struct numbers packs;
    const char *box;
};

static bool tell(struct story *s, unsigned step, const char *body)
{
    char key[64];

    snprintf(key, sizeof key, "Idempotency-Key: %.*s-%u\r\n", STR(s->packs.texts[0]), step);
    struct fixture_answer a = fixture_call(s->f, "POST /v1/reports", key, body);
    if (a.code != 503 && a.code != 200) fail_msg("%d %.*s", a.code, STR(a.body));
    if (a.code == 200 && accepted_of(a.body) != 1) fail_msg("%.*s", STR(a.body));
    return a.code == 200;
}

// Each step is told until it is answered; what an answer says is there.
static void tell_all(struct story *s)
{
    struct fixture *f = s->f;
    const char *first = sgtin(f, DROPS, s->packs.texts[0]);
    const char *steps[] = {
        say_commission(f, "D1", DROPS, (struct part){&s->packs, 0, 4}),
        say_pack(f, s->box, (struct part){&s->packs, 0, 4}, (struct packing_of){DROPS, BEGIN}),
        fmt(f, "{\"type\":\"unpack\",\"children\":[\"%s\"]}", first),
        say_pack(f, s->box, (struct part){&s->packs, 0, 1}, (struct packing_of){DROPS, ""}),
        fmt(f, "{\"type\":\"unpack\",\"parent\":\"%s\"}", s->box),
        fmt(f,
            "{\"type\":\"scrap\",\"reason\":\"r\",\"gtin\":\"" DROPS "\",\"serials\":[\"%.*s\"]}",
            STR(s->packs.texts[4])),
    };

    for (unsigned i = 0; i < LEN(steps); i++)
        if (!tell(s, i, steps[i])) assert_true(tell(s, i, steps[i])); // it fails but once
}

static void nothing_is_lost_or_done_twice_when_the_store_fails(void **state)
{
    struct fixture *f = *state;
    int hit = 1;

    for (int n = 1; hit > 0; n += 5) { // every fifth call: the steps have hundreds of them
        struct story s = {.f = f, .packs = line_site_serials(f, DROPS, "D1", 5)};
        struct numbers box = line_site_ssccs(f, "acme", 1);
        s.box = text(f, box.texts[0]);
        db_fault = (struct db_fault){.nth = n};
        tell_all(&s);
        hit = db_fault.hit;
        db_fault = (struct db_fault){0};
        assert_int_equal(line_site_row(f, s.box).state, UNIT_OPEN);
        assert_int_equal(line_site_row(f, sgtin(f, DROPS, s.packs.texts[3])).parent.v, 0);
        fixture_forget(f);
        if (hit == 0) assert_true(n > 100); // it did fail in many places
        assert_true(n < 3000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_state_and_act_is_decided_as_the_table_says, open_site,
                                        close_forced),
        cmocka_unit_test_setup_teardown(counters_and_replay_hold_over_long_lives, open_site,
                                        close_site),
        cmocka_unit_test_setup_teardown(nothing_is_lost_or_done_twice_when_the_store_fails,
                                        open_site, close_site),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
