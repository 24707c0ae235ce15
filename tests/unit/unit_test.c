// The state machine walked whole, and runs.
#include "common/arena.h"
#include "service/unit/run.h"
#include "service/unit/unit.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// ---- the table as data

enum { STEPS_MAX = 128 };
struct step {                    // of schemas/states.txt
    unsigned sorts, from, needs; // from: bits of states
    int parent;                  // -1: any
    enum unit_act act;
    int to; // -1: the state stays
};
static struct step steps[STEPS_MAX];
static size_t step_count;
static struct unit_act_flags said[ACT_END];

static const struct {
    const char *word;
    unsigned bit;
} flag_words[] = {
    {"hold",          UNIT_HOLD         },
    {"recalled",      UNIT_RECALLED     },
    {"lost",          UNIT_LOST         },
    {"stolen",        UNIT_STOLEN       },
    {"received_back", UNIT_RECEIVED_BACK},
    {"partial",       UNIT_PARTIAL      },
    {"seen",          UNIT_SEEN         },
};

static unsigned flag_of(const char *word)
{
    for (size_t i = 0; i < LEN(flag_words); i++)
        if (strcmp(flag_words[i].word, word) == 0) return flag_words[i].bit;
    fail_msg("no flag: %s", word);
    return 0;
}

static int state_of(const char *word)
{
    if (strcmp(word, "none") == 0) return UNIT_NONE;
    for (int s = UNIT_ALLOCATED; s < UNIT_STATES; s++)
        if (strcmp(unit_state_name((enum unit_state)s), word) == 0) return s;
    fail_msg("no state: %s", word);
    return -1;
}

static unsigned state_bit(const char *word) { return 1u << state_of(word); }

static unsigned sort_of(const char *word)
{
    return strcmp(word, "pack") == 0        ? SORT_PACK
           : strcmp(word, "container") == 0 ? SORT_CONTAINER
                                            : SORT_FOREIGN;
}

static unsigned words(const char *list, unsigned (*bit)(const char *))
{
    char copy[128], *save = NULL;
    unsigned bits = 0;

    if (strcmp(list, "-") == 0) return 0;
    snprintf(copy, sizeof copy, "%s", list);
    for (char *w = strtok_r(copy, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save))
        bits |= bit(w);
    return bits;
}

static enum unit_act act_of(const char *word)
{
    char name[32];

    for (int a = 1; a < ACT_END; a++) {
        snprintf(name, sizeof name, "%s", unit_act_name((enum unit_act)a));
        for (char *p = name; *p != '\0'; p++)
            if (*p == ' ') *p = '_';
        if (strcmp(name, word) == 0) return (enum unit_act)a;
    }
    fail_msg("no act: %s", word);
    return ACT_END;
}

static void take_line(const char *line)
{
    char a[64], b[64], c[128], d[32], e[64], f[32];

    if (sscanf(line, "act %63[^:]: forbidden by %127[^,]", a, c) == 2) {
        const char *own = strstr(line, ", own"), *by = strstr(line, "by "),
                   *sets = strstr(line, ", sets "), *clears = strstr(line, ", clears ");
        assert_non_null(sets);
        assert_non_null(clears);
        snprintf(c, sizeof c, "%.*s", (int)(sets - by - 3), by + 3);
        snprintf(d, sizeof d, "%.*s", (int)(clears - sets - 7), sets + 7);
        snprintf(e, sizeof e, "%.*s",
                 (int)(own ? own - clears - 9 : (long)strcspn(clears + 9, "\n")), clears + 9);
        said[act_of(a)] =
            (struct unit_act_flags){(uint8_t)words(c, flag_of), (uint8_t)words(d, flag_of),
                                    (uint8_t)words(e, flag_of), own != NULL};
    } else if (sscanf(line, "step %63s %63[^:]: from %127s %31[^,], needs %63s -> %31s", a, b, c, d,
                      e, f) == 6) {
        assert_true(step_count < STEPS_MAX);
        c[strcspn(c, "\n")] = '\0';
        if (c[strlen(c) - 1] == ',') c[strlen(c) - 1] = '\0';
        steps[step_count++] =
            (struct step){.sorts = words(a, sort_of),
                          .act = act_of(b),
                          .from = words(c, state_bit),
                          .parent = strcmp(d, "any") == 0 ? -1 : strcmp(d, "inside") == 0,
                          .needs = words(e, flag_of),
                          .to = strcmp(f, "=") == 0 ? -1 : state_of(f)};
    } else if (line[0] != '#' && line[0] != '\n') {
        fail_msg("not understood: %s", line);
    }
}

static int read_table(void **state)
{
    FILE *in = fopen("schemas/states.txt", "r");
    char line[256];

    (void)state;
    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) take_line(line);
    fclose(in);
    return 0;
}

// What the data say of one cell: the state after, or -1.
static int expected(unsigned sorts, const struct unit *u, enum unit_act act)
{
    for (size_t i = 0; i < step_count; i++) {
        const struct step *s = &steps[i];
        if (s->act != act || !(s->sorts & sorts) || !(s->from & 1u << u->state)) continue;
        if (s->parent >= 0 && (u->parent.v != 0) != s->parent) return -1;
        if (s->needs != 0 && !(s->needs & u->flags)) return -1;
        if (said[act].forbid & u->flags) return -1;
        return s->to < 0 ? (int)u->state : s->to;
    }
    return -1;
}

static void walk_cell(unsigned sorts, const struct unit *u, enum unit_act act)
{
    struct unit_change c = {.to = UNIT_STATES};
    int want = expected(sorts, u, act);
    status st = unit_step(sorts, u, act, &c);

    if (st.cls == ST_OK) {
        assert_int_equal(c.to, want);
        assert_int_equal(c.set, said[act].set);
        assert_int_equal(c.clear, said[act].clear);
        return;
    }
    if (want >= 0)
        fail_msg("%s of sort %u in state %u, flags %u: %s", unit_act_name(act), sorts, u->state,
                 u->flags, st.text);
    assert_int_equal(st.cls, ST_CONFLICT);
    assert_int_equal(strncmp(st.reason, "unit.", 5), 0);
    assert_int_equal(c.to, UNIT_STATES);
}

static void every_pair_of_state_and_act_is_decided_as_the_data_say(void **state)
{
    static const unsigned sorts[] = {SORT_PACK, SORT_CONTAINER, SORT_PACK | SORT_FOREIGN,
                                     SORT_CONTAINER | SORT_FOREIGN};
    size_t taken = 0;

    (void)state;
    assert_true(step_count > 60);
    for (int act = 1; act < ACT_END; act++) {
        struct unit_act_flags is = unit_act_flags((enum unit_act)act), want = said[act];
        assert_true(is.forbid == want.forbid && is.set == want.set && is.clear == want.clear &&
                    is.own == want.own);
        for (size_t k = 0; k < LEN(sorts); k++)
            for (int s = 0; s < UNIT_STATES; s++)
                for (unsigned flags = 0; flags < 128; flags++)
                    for (uint64_t parent = 0; parent < 2; parent++) {
                        struct unit u = {.state = (enum unit_state)s,
                                         .flags = (uint8_t)flags,
                                         .parent = {parent}};
                        walk_cell(sorts[k], &u, (enum unit_act)act);
                        taken++;
                    }
    }
    assert_int_equal(taken, (size_t)(ACT_END - 1) * LEN(sorts) * UNIT_STATES * 128 * 2);
}

static void a_hold_refuses_whatever_the_state_allows(void **state)
{
    struct unit_change next;
    struct unit u = {.state = UNIT_COMMISSIONED, .flags = UNIT_HOLD};

    (void)state;
    status st = unit_step(SORT_PACK, &u, ACT_BE_PACKED, &next);
    assert_string_equal(st.reason, "unit.on_hold");
}

static void a_unit_with_a_parent_is_shown_packed(void **state)
{
    (void)state;
    assert_string_equal(unit_shown(&(struct unit){.state = UNIT_COMMISSIONED}), "commissioned");
    assert_string_equal(unit_shown(&(struct unit){.state = UNIT_COMMISSIONED, .parent = {1}}),
                        "packed");
    assert_string_equal(unit_shown(&(struct unit){.state = UNIT_CLOSED, .parent = {1}}), "closed");
}

// --- runs ---

static struct runs make(struct arena *a, const uint64_t *v, uint32_t n)
{
    unit_id *u = NEW_ARRAY(a, unit_id, n);

    for (uint32_t i = 0; i < n; i++) u[i] = (unit_id){v[i]};
    return runs_of(a, u, n);
}

static void runs_come_back_in_the_order_given(void **state)
{
    uint64_t edge = UINT64_C(1) << ORDINAL_BITS; // the last of one space and the first of the next
    uint64_t v[] = {5, 6, 7, 9, 8, edge * 3 - 1, edge * 3, UINT64_MAX, 1};
    struct arena a;
    struct buf b;
    unit_id u;

    (void)state;
    arena_init(&a, MB);
    buf_init(&b, KB);
    struct runs r = make(&a, v, LEN(v));
    assert_int_equal(r.n, 7); // 5-7 is one; spaces are never joined
    runs_put(&b, &r);
    struct bytes_r in = bytes_reader(buf_str(&b));
    struct runs back = runs_get(&in, &a);
    assert_true(bytes_end(&in));
    size_t i = 0;
    for (struct run_walk w = runs_walk(&back); run_next(&w, &u); i++) assert_int_equal(u.v, v[i]);
    assert_int_equal(i, LEN(v));
    assert_int_equal(back.units, LEN(v));
    for (size_t n = 0; n < b.n; n++) { // whatever breaks off is refused
        in = bytes_reader((str){b.p, n});
        runs_get(&in, &a);
        assert_true(in.bad);
    }
    buf_fini(&b);
    arena_fini(&a);
}

static void a_unit_that_stands_twice_is_found(void **state)
{
    static const struct {
        uint64_t v[6];
        uint64_t twice;
    } rows[] = {
        {{1, 2, 3, 4, 5, 6}, 0},
        {{1, 2, 3, 9, 8, 2}, 2},
        {{9, 9, 1, 2, 3, 4}, 9},
        {{3, 4, 5, 1, 2, 3}, 3}
    };
    struct arena a;

    (void)state;
    arena_init(&a, MB);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct runs r = make(&a, rows[i].v, 6);
        assert_int_equal(runs_find_twice(&r, &a).v, rows[i].twice);
    }
    arena_fini(&a);
}

static void a_unit_is_found_among_sorted_runs(void **state)
{
    static const uint64_t v[] = {30, 31, 32, 7, 20, 21, 1, 40, 2, 9};
    struct arena a;

    (void)state;
    arena_init(&a, MB);
    for (uint32_t n = 0; n <= LEN(v); n++) {
        struct runs r = make(&a, v, n), sorted = runs_sorted(&r, &a);
        assert_int_equal(sorted.units, n);
        for (unit_id u = {0}; u.v < 45; u.v++)
            assert_int_equal(runs_among(&sorted, u), runs_hold(&r, u));
    }
    arena_fini(&a);
}

static void alike_values_cost_a_pair_a_stretch(void **state)
{
    static const uint64_t v[] = {7, 7, 7, 0, 0, 1099511627775, 1099511627775, 3};
    struct buf b;

    (void)state;
    buf_init(&b, KB);
    struct alike_w w = {.b = &b};
    for (size_t i = 0; i < LEN(v); i++) alike_put(&w, v[i]);
    alike_end(&w);
    assert_in_range(b.n, 8, 20);
    struct bytes_r in = bytes_reader(buf_str(&b));
    struct alike_r r = {.in = &in};
    for (size_t i = 0; i < LEN(v); i++) assert_int_equal(alike_get(&r), v[i]);
    assert_true(bytes_end(&in));
    alike_get(&r);
    assert_true(in.bad);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_state_and_act_is_decided_as_the_data_say),
        cmocka_unit_test(a_hold_refuses_whatever_the_state_allows),
        cmocka_unit_test(a_unit_with_a_parent_is_shown_packed),
        cmocka_unit_test(runs_come_back_in_the_order_given),
        cmocka_unit_test(a_unit_that_stands_twice_is_found),
        cmocka_unit_test(a_unit_is_found_among_sorted_runs),
        cmocka_unit_test(alike_values_cost_a_pair_a_stretch),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
