// The committer, its batches, idempotency, refusals, the chain and replay: with two kinds of fact
// of our own, so that nothing of the trade is needed.
#include "common/bytes.h"
#include "service/journal/call_bound.h"
#include "service/journal/committer.h"
#include "service/journal/pruned.h"
#include "service/journal/refusal.h"
#include "service/journal/replay.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

// A kind that adds to a sum: refused above 10, and it may carry a body.
struct add {
    uint32_t amount, more; // more: offenders besides the first, where it is refused
    client_id client;
    str body, packed;
    struct ask *then; // one that follows from it, or NULL
};

static const char sum_key[] = {'Z'};

static uint64_t sum_get(struct txn *t)
{
    str v;
    return txn_get(t, DB_ROWS, (str){sum_key, 1}, &v) ? get_be(v.p, 8) : 0;
}

static status add_decide(struct decide *d)
{
    const struct add *a = d->ask;

    d->fact->client = a->client;
    if (a->amount > 10) {
        buf_add(d->units, S("{\"unit\":\"x\",\"code\":\"add.too_much\"}"));
        for (uint32_t i = 0; i < a->more; i++)
            buf_add(d->units, S(",{\"unit\":\"x\",\"code\":\"add.too_much\"}"));
        return (fail)(ST_CONFLICT, "add.too_much", 0, "at most 10, not %u", a->amount);
    }
    d->fact->flags |= a->client.v != 0 ? FACT_IS_EVENT : 0;
    d->fact->body = a->body;
    d->packed_body = a->packed;
    d->then = a->then;
    d->then_n = a->then != NULL;
    bytes_u(d->out, a->amount, 4);
    return OK;
}

static void add_write(struct txn *t, const struct fact *f, const void *arg)
{
    char v[8];

    (void)arg;
    put_be(v, sum_get(t) + get_be(f->decided.p, 4), 8);
    txn_put(t, DB_ROWS, (str){sum_key, 1}, (str){v, 8});
}

static const struct kind kind_add = {200, 1, "sum.added", add_decide, add_write, NULL, NULL};
static const struct kind *const kinds[] = {
    &kind_add, &kind_refusal, &kind_refusal_repeated, &kind_call_bound, &kind_keys_pruned, NULL};

struct world {
    char folder[64];
    struct db *db;
    struct committer *committer;
    struct loop *loop;
    struct env env;
    wall now;
    struct sequencer sequencer;
    uint32_t done, refusals_max;
};

static wall world_wall(void *self) { return ((struct world *)self)->now; }
static mono world_mono(void *self) { return (mono){((struct world *)self)->now.ms}; }
static void world_random(void *self, void *out, size_t n) { (void)self, memset(out, 7, n); }

static struct db *open_folder(const char *folder)
{
    struct db *db;
    struct db_conf conf = {.folder = folder, .map_max = 1 * GB, .readers = 8};
    assert_int_equal(db_open(&conf, &db).cls, ST_OK);
    return db;
}

static void world_start(struct world *w)
{
    struct committer_conf conf = {.db = w->db,
                                  .kinds = kinds,
                                  .sequencer = w->sequencer,
                                  .env = &w->env,
                                  .queue_max = 100,
                                  .refusals_max = w->refusals_max,
                                  .batch_facts = 512};
    assert_int_equal(committer_open(&conf, &w->committer).cls, ST_OK);
}

static int world_open(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    strcpy(w->folder, "/tmp/committer_test_XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    w->now = (wall){1764000000000};
    w->env = (struct env){w, world_wall, world_mono, world_random, NULL, NULL};
    w->db = open_folder(w->folder);
    w->loop = loop_new("test");
    w->sequencer = sequencer_local();
    world_start(w);
    *state = w;
    return 0;
}

static void folder_remove(const char *folder)
{
    char path[96];

    snprintf(path, sizeof path, "%s/data.mdb", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/lock.mdb", folder);
    unlink(path);
    rmdir(folder);
}

static int world_close(void **state)
{
    struct world *w = *state;

    committer_close(&w->committer);
    loop_free(&w->loop);
    db_close(&w->db);
    folder_remove(w->folder);
    free(w);
    return 0;
}

struct call {
    struct arena arena;
    struct job *job;
    bool done;
};

static void call_done(struct job *j) { ((struct call *)j->owner)->done = true; }

static void call_make(struct world *w, struct call *c, uint32_t n)
{
    *c = (struct call){0};
    arena_init(&c->arena, 256 * MB);
    c->job = job_new(&c->arena, w->loop, n);
    assert_non_null(c->job);
    c->job->owner = c;
    c->job->done = call_done;
    c->job->actor = 5;
}

static void call_add(struct call *c, uint32_t i, uint32_t amount)
{
    struct add *a = NEW(&c->arena, struct add);

    a->amount = amount;
    a->client.v = 1;
    c->job->asks[i] = (struct ask){.kind = &kind_add, .what = a};
}

static void call_run(struct world *w, struct call *c)
{
    assert_true(committer_submit(w->committer, c->job));
    while (committer_step(w->committer, false) > 0) {}
    while (!c->done) loop_step(w->loop, false);
}

static struct call add(struct world *w, uint32_t amount)
{
    static struct call c;

    arena_fini(&c.arena);
    call_make(w, &c, 1);
    call_add(&c, 0, amount);
    call_run(w, &c);
    return c;
}

static uint64_t sum_now(struct world *w)
{
    struct txn *t = txn_read(w->db);
    uint64_t sum = sum_get(t);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    return sum;
}

static struct journal_head head_now(struct world *w)
{
    struct txn *t = txn_read(w->db);
    struct journal_head h = journal_head_get(t);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    return h;
}

static void a_refused_command_does_not_spoil_its_batch(void **state)
{
    struct world *w = *state;
    struct call c[3];
    uint32_t amounts[3] = {3, 11, 4};

    for (int i = 0; i < 3; i++) {
        call_make(w, &c[i], 1);
        call_add(&c[i], 0, amounts[i]);
        assert_true(committer_submit(w->committer, c[i].job));
    }
    assert_int_equal(committer_step(w->committer, false), 3);
    loop_step(w->loop, false);
    assert_int_equal(committer_stats(w->committer).commits, 1);
    assert_int_equal(c[0].job->asks[0].result.cls, ST_OK);
    assert_int_equal(c[1].job->asks[0].result.cls, ST_CONFLICT);
    assert_int_equal(c[1].job->asks[0].units.n, 36);
    assert_int_equal(c[2].job->asks[0].fact.seq, 3);
    assert_int_equal(c[2].job->asks[0].fact.client_no, 3); // the refusal names the client too
    assert_int_equal(sum_now(w), 7);
    for (int i = 0; i < 3; i++) arena_fini(&c[i].arena);
}

static void what_follows_from_a_command_is_done_with_it_or_neither_is(void **state)
{
    struct world *w = *state;
    static const struct {
        uint32_t amount, then, sum;
        uint64_t seq; // of the head afterwards
    } rows[] = {
        {3, 4,  7, 2},
        {5, 11, 7, 3}, // refused: one refusal, and nothing is added
        {1, 1,  9, 5},
    };
    struct call c;

    for (size_t i = 0; i < LEN(rows); i++) {
        struct add then = {.amount = rows[i].then, .client = {1}};
        struct ask ask = {.kind = &kind_add, .what = &then};
        call_make(w, &c, 1);
        call_add(&c, 0, rows[i].amount);
        ((struct add *)(uintptr_t)c.job->asks[0].what)->then = &ask;
        call_run(w, &c);
        struct ask *a = &c.job->asks[0];
        assert_int_equal(sum_now(w), rows[i].sum);
        assert_int_equal(head_now(w).seq, rows[i].seq);
        assert_int_equal(a->result.cls, rows[i].then > 10 ? ST_CONFLICT : ST_OK);
        assert_int_equal(a->units.n, rows[i].then > 10 ? 36 : 0);
        if (a->result.cls == ST_OK) assert_int_equal(a->fact.seq, rows[i].seq - 1);
        arena_fini(&c.arena);
    }
}

static void equal_refusals_become_one_fact_with_a_count(void **state)
{
    struct world *w = *state;
    struct arena a;
    struct fact f;

    for (int i = 0; i < 5; i++) add(w, 11);
    assert_int_equal(head_now(w).seq, 1);
    add(w, 12);
    assert_int_equal(head_now(w).seq, 2);
    w->now.ms += REFUSAL_SAME_MS;
    committer_step(w->committer, false);
    assert_int_equal(head_now(w).seq, 3);
    arena_init(&a, MB);
    struct txn *t = txn_read(w->db);
    assert_int_equal(journal_get(t, 3, &a, &f).cls, ST_OK);
    assert_int_equal(f.kind, FACT_REFUSAL_REPEATED);
    assert_int_equal(get_be(f.decided.p, 8), 1);
    assert_int_equal(get_be(f.decided.p + 8, 4), 4);
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    arena_fini(&a);
}

static void assert_refusal(struct world *w, uint64_t seq, uint32_t actor, const char *code,
                           const char *units)
{
    struct arena a;
    struct fact f;
    struct refused r;

    arena_init(&a, MB);
    struct txn *t = txn_read(w->db);
    assert_int_equal(journal_get(t, seq, &a, &f).cls, ST_OK);
    assert_int_equal(f.kind, FACT_REFUSAL);
    assert_int_equal(f.actor, actor);
    assert_int_equal(refusal_get(f.decided, &a, &r).cls, ST_OK);
    assert_string_equal(r.st.reason, code);
    if (units != NULL) assert_true(str_eq(r.units, str_of(units)));
    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    arena_fini(&a);
}

static void add_of(struct world *w, uint32_t actor, uint32_t amount)
{
    struct call c;

    call_make(w, &c, 1);
    call_add(&c, 0, amount);
    c.job->actor = actor;
    call_run(w, &c);
    assert_int_not_equal(c.job->asks[0].result.cls, ST_OK);
    arena_fini(&c.arena);
}

static void restart_with(struct world *w, uint32_t refusals_max)
{
    committer_close(&w->committer);
    w->refusals_max = refusals_max;
    world_start(w);
}

static void one_caller_has_so_many_refusals_and_the_others_are_counted(void **state)
{
    struct world *w = *state;

    restart_with(w, 3);
    for (uint32_t i = 0; i < 20; i++) add_of(w, 5, 11 + i);
    assert_int_equal(head_now(w).seq, 3);
    add_of(w, 6, 11); // another's are not theirs
    assert_int_equal(head_now(w).seq, 4);
    w->now.ms += REFUSAL_SAME_MS;
    committer_step(w->committer, false);
    assert_int_equal(head_now(w).seq, 5);
    assert_refusal(w, 5, 5, REFUSAL_SURPLUS, "[{\"calls\":17}]");
    for (uint32_t i = 0; i < 4; i++) add_of(w, 5, 11 + i); // in another minute
    assert_int_equal(head_now(w).seq, 8);
}

static void what_is_counted_is_told_at_an_orderly_end(void **state)
{
    struct world *w = *state;

    restart_with(w, 3);
    for (uint32_t i = 0; i < 8; i++) add_of(w, 5, i < 4 ? 11 : 11 + i);
    assert_int_equal(committer_start(w->committer).cls, ST_OK);
    committer_stop(w->committer);
    assert_int_equal(head_now(w).seq, 5);
    assert_refusal(w, 5, 5, REFUSAL_SURPLUS, "[{\"calls\":2}]");
}

static void counts_that_have_no_room_are_told_before_their_time(void **state)
{
    struct world *w = *state;

    for (uint32_t i = 0; i < 2 * REFUSALS_KEPT; i++) {
        add_of(w, 5, 11 + i);
        add_of(w, 5, 11 + i);
    }
    uint64_t told = 2 * REFUSALS_KEPT + REFUSALS_KEPT;
    assert_in_range(head_now(w).seq, told, told + 1);
    restart_with(w, 1); // a caller more than there is room for
    for (uint32_t i = 0; i < REFUSERS_KEPT; i++) {
        add_of(w, 10 + i, 11);
        add_of(w, 10 + i, 12);
    }
    uint64_t before = head_now(w).seq;
    add_of(w, 10 + REFUSERS_KEPT, 11);
    assert_in_range(head_now(w).seq, before + 1, before + 2);
    assert_refusal(w, before, 10, REFUSAL_SURPLUS, "[{\"calls\":1}]");
}

static struct job_key key_of(uint8_t key, uint8_t body, bool always)
{
    return (struct job_key){.present = true, .always = always, .key = {{key}}, .body = {{body}}};
}

static struct call add_with(struct world *w, uint32_t amount, struct job_key key)
{
    static struct call c;

    arena_fini(&c.arena);
    call_make(w, &c, 1);
    call_add(&c, 0, amount);
    c.job->key = key;
    call_run(w, &c);
    return c;
}

static void a_repeated_key_gets_the_same_answer_and_changes_nothing(void **state)
{
    struct world *w = *state;
    uint64_t seq = add_with(w, 3, key_of(1, 1, false)).job->asks[0].fact.seq;

    committer_close(&w->committer); // also after a restart
    world_start(w);
    struct call again = add_with(w, 3, key_of(1, 1, false));
    assert_true(again.job->repeat);
    assert_int_equal(again.job->asks[0].fact.seq, seq);
    assert_int_equal(get_be(again.job->asks[0].fact.decided.p, 4), 3);
    assert_int_equal(sum_now(w), 3);
    struct call other = add_with(w, 4, key_of(1, 2, false));
    assert_int_equal(other.job->whole.cls, ST_UNPROCESSABLE);
    assert_string_equal(other.job->whole.reason, "idempotency.mismatch");
    assert_int_equal(sum_now(w), 3);
}

static void a_refusal_binds_a_key_only_where_it_is_answered_with_200(void **state)
{
    struct world *w = *state;

    add_with(w, 11, key_of(1, 1, false));
    assert_false(add_with(w, 5, key_of(1, 1, false)).job->repeat);
    add_with(w, 11, key_of(2, 1, true));
    struct call again = add_with(w, 5, key_of(2, 1, true));
    assert_true(again.job->repeat);
    assert_int_equal(again.job->asks[0].result.cls, ST_CONFLICT);
    assert_string_equal(again.job->asks[0].result.reason, "add.too_much");
    assert_int_equal(again.job->asks[0].units.n, 36);
    assert_int_equal(sum_now(w), 5);
}

static void a_call_of_several_commands_is_bound_whole(void **state)
{
    struct world *w = *state;
    uint32_t amounts[3] = {1, 11, 2};
    uint64_t seqs[3] = {0};

    for (int round = 0; round < 2; round++) {
        struct call c;
        call_make(w, &c, 3);
        for (uint32_t i = 0; i < 3; i++) call_add(&c, i, amounts[i]);
        c.job->key = key_of(9, 9, true);
        call_run(w, &c);
        assert_int_equal(c.job->repeat, round == 1);
        assert_int_equal(c.job->asks[1].result.cls, ST_CONFLICT);
        for (uint32_t i = 0; i < 3; i += 2) {
            if (round == 0) seqs[i] = c.job->asks[i].fact.seq;
            assert_int_equal(c.job->asks[i].fact.seq, seqs[i]);
            assert_int_equal(get_be(c.job->asks[i].fact.decided.p, 4), amounts[i]);
        }
        arena_fini(&c.arena);
    }
    assert_int_equal(sum_now(w), 3);
}

// Each fits into an answer, all of them into no fact: those that come last are not named.
static void a_call_that_is_refused_for_very_many_is_bound_all_the_same(void **state)
{
    enum { ASKS = 20, MORE = 100000 };
    struct world *w = *state;
    size_t named[2] = {0};

    for (int round = 0; round < 2; round++) {
        struct call c;
        call_make(w, &c, ASKS);
        for (uint32_t i = 0; i < ASKS; i++) {
            call_add(&c, i, 11 + i);
            ((struct add *)(uintptr_t)c.job->asks[i].what)->more = MORE;
        }
        c.job->key = key_of(9, 9, true);
        call_run(w, &c);
        assert_int_equal(c.job->whole.cls, ST_OK);
        assert_int_equal(c.job->repeat, round == 1);
        for (uint32_t i = 0; i < ASKS; i++) {
            assert_int_equal(c.job->asks[i].result.cls, ST_CONFLICT);
            named[round] += c.job->asks[i].units.n;
        }
        assert_true(c.job->asks[0].units.n > MORE);
        assert_int_equal(c.job->asks[ASKS - 1].units.n, 0);
        arena_fini(&c.arena);
    }
    assert_int_equal(named[0], named[1]);
}

static uint32_t rows_before(struct world *w, unsigned day)
{
    struct txn *t = txn_read(w->db);
    uint32_t n = idempotency_oldest(t, day, 10000);

    assert_int_equal(txn_end(&t, false).cls, ST_OK);
    return n;
}

// Rows as keys of three days leave them: the middle one is as old as may be forgotten.
static void keys_are_forgotten_after_thirty_days_a_thousand_at_once(void **state)
{
    struct world *w = *state;
    unsigned today = idempotency_day(w->now), gone = today - IDEMPOTENCY_DAYS - 2;
    struct txn *t = txn_write(w->db);

    for (unsigned i = 0; i < 2500; i++) {
        struct digest16 key = {
            {(uint8_t)(i >> 8), (uint8_t)i}
        };
        idempotency_put(t, gone - i % 2, &key, &(struct bound){1, {{0}}});
        if (i < 7) idempotency_put(t, gone + 1, &key, &(struct bound){1, {{0}}});
    }
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    for (unsigned left = 1500;; left = left > 1000 ? left - 1000 : 0) {
        uint64_t seq = head_now(w).seq;
        add_with(w, 1, (struct job_key){0});
        assert_int_equal(rows_before(w, gone + 1), left);
        assert_int_equal(head_now(w).seq, seq + 2);
        if (left == 0) break;
    }
    uint64_t seq = head_now(w).seq;
    add_with(w, 1, (struct job_key){0});
    assert_int_equal(head_now(w).seq, seq + 1);
    assert_int_equal(rows_before(w, today), 7);
    w->now.ms += 86400000;
    add_with(w, 1, (struct job_key){0});
    assert_int_equal(rows_before(w, today), 0);
}

// What is said to be done must be there, and what failed must not be.
static void no_answer_says_ok_for_what_is_not_there(void **state)
{
    struct world *w = *state;
    int n;

    for (n = 1; n < 1000; n++) {
        uint64_t before = sum_now(w);
        struct journal_head head = head_now(w);
        db_fault = (struct db_fault){.nth = n};
        struct call c = add_with(w, 2, key_of((uint8_t)n, 1, true));
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        if (!hit) break;
        assert_int_equal(c.job->whole.cls, ST_STORE);
        assert_int_equal(sum_now(w), before);
        assert_int_equal(head_now(w).seq, head.seq);
        struct call again = add_with(w, 2, key_of((uint8_t)n, 1, true));
        assert_int_equal(again.job->whole.cls, ST_OK);
        assert_false(again.job->repeat);
        assert_int_equal(sum_now(w), before + 2);
    }
    assert_in_range(n, 8, 100);
}

static void records_of_any_size_come_back_as_they_were(void **state)
{
    struct world *w = *state;
    static const size_t sizes[] = {0, 1, 1000, 1900, 2000, 4000, 4080, 6100, 8200, 100000, 3000000};
    static char raw[3000000], packed[3100000];
    struct arena a;
    struct fact f;

    for (size_t i = 0; i < sizeof raw; i++) raw[i] = (char)(i * i >> 7);
    arena_init(&a, 64 * MB);
    for (size_t i = 0; i < 2 * LEN(sizes); i++) {
        uLongf n = sizeof packed;
        struct call c;
        str body = {raw, sizes[i / 2]};
        call_make(w, &c, 1);
        call_add(&c, 0, 1);
        struct add *ask = (struct add *)(uintptr_t)c.job->asks[0].what;
        ask->body = body;
        assert_int_equal(compress2((Bytef *)packed, &n, (const Bytef *)raw, body.n, 1), Z_OK);
        if (i % 2) ask->packed = (str){packed, n};
        call_run(w, &c);
        assert_int_equal(c.job->whole.cls, ST_OK);
        struct txn *t = txn_read(w->db);
        assert_int_equal(journal_get(t, c.job->asks[0].fact.seq, &a, &f).cls, ST_OK);
        assert_true(str_eq(f.body, body));
        assert_int_equal(get_be(f.decided.p, 4), 1);
        assert_int_equal(journal_get_header(t, f.seq, &f).cls, ST_OK);
        assert_int_equal(f.client.v, 1);
        assert_int_equal(txn_end(&t, false).cls, ST_OK);
        arena_reset(&a);
        arena_fini(&c.arena);
    }
    arena_fini(&a);
}

static status replay(struct world *w, struct db *into)
{
    uint64_t records;
    struct replay_conf conf = {.from = w->db, .into = into, .kinds = kinds, .batch = 100};

    TRY(replay_run(&conf, &records));
    assert_int_equal(records, head_now(w).seq);
    return ledger_compare(w->db, into);
}

static void replay_yields_the_same_rows_and_finds_what_was_changed(void **state)
{
    struct world *w = *state;
    char folder[] = "/tmp/committer_test_XXXXXX";

    for (uint32_t i = 0; i < 2100; i++) add_with(w, i % 13, key_of((uint8_t)(i % 251), 1, i % 2));
    assert_non_null(mkdtemp(folder));
    struct db *into = open_folder(folder);
    assert_int_equal(replay(w, into).cls, ST_OK);
    struct txn *t = txn_write(w->db); // somebody changes a row behind the journal's back
    txn_put(t, DB_ROWS, (str){sum_key, 1}, S("\0\0\0\0\0\0\0\1"));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    status st = ledger_compare(w->db, into);
    assert_int_equal(st.cls, ST_STORE);
    assert_non_null(strstr(st.text, "'Z'"));
    db_close(&into);
    folder_remove(folder);
}

static void a_changed_record_breaks_the_chain(void **state)
{
    struct world *w = *state;
    char folder[] = "/tmp/committer_test_XXXXXX";
    char key[10] = {0, 0, 0, 0, 0, 0, 0, 7, 0, 0}, copy[200];
    str v;

    for (uint32_t i = 0; i < 20; i++) add(w, i % 10);
    struct txn *t = txn_write(w->db);
    assert_true(txn_get(t, DB_JOURNAL, (str){key, 10}, &v));
    memcpy(copy, v.p, v.n);
    copy[v.n - 1] ^= 1; // another amount
    txn_put(t, DB_JOURNAL, (str){key, 10}, (str){copy, v.n});
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    assert_non_null(mkdtemp(folder));
    struct db *into = open_folder(folder);
    status st = replay(w, into);
    assert_string_equal(st.reason, "journal.broken");
    db_close(&into);
    folder_remove(folder);
}

// --- a sequencer of somebody else ---

struct fake_log {
    struct buf bytes;
    struct {
        size_t at, n;
    } records[64];
    uint64_t count;
    struct link link;
    enum append_result next; // what the next append answers
    bool stands;             // whether it is appended although the answer is UNKNOWN
    int blind;               // how often head cannot be known
};

static status fake_head(void *self, uint64_t *seq)
{
    struct fake_log *l = self;

    if (l->blind > 0) return l->blind--, (fail)(ST_BUSY, "fake.blind", 0, "no answer");
    *seq = l->count;
    return OK;
}

static void fake_put(struct fake_log *l, str record)
{
    l->records[l->count].at = l->bytes.n;
    l->records[l->count++].n = record.n;
    l->link = link_next(&l->link, record);
    buf_add(&l->bytes, record);
}

static void fake_add(struct fake_log *l, uint32_t amount) // by another machine
{
    char decided[4];
    struct buf b;
    struct fact f = {.kind = 200, .kind_version = 1, .seq = l->count + 1, .at = {1}};

    put_be(decided, amount, 4);
    f.decided = (str){decided, 4};
    buf_init(&b, KB);
    record_write(&f, &b);
    fake_put(l, buf_str(&b));
    buf_fini(&b);
}

static enum append_result fake_append(void *self, const struct append *what)
{
    struct fake_log *l = self;
    enum append_result r = l->next;

    l->next = APPEND_OK;
    if (r == APPEND_LOST || what->expected != l->count + 1) {
        if (what->expected == l->count + 1) fake_add(l, 5);
        return APPEND_LOST;
    }
    if (r == APPEND_UNKNOWN && !l->stands) return r;
    assert_memory_equal(&what->before, &l->link, sizeof l->link);
    for (size_t i = 0; i < what->n; i++) fake_put(l, what->records[i]);
    return r;
}

static status fake_read(void *self, uint64_t seq, struct arena *a, str *record)
{
    struct fake_log *l = self;

    *record = arena_str(a, (str){l->bytes.p + l->records[seq - 1].at, l->records[seq - 1].n});
    return OK;
}

static void a_job_is_told_what_the_disk_kept_it_waiting(void **state)
{
    struct world *w = *state;
    struct call first, second;

    call_make(w, &first, 512); // fills its transaction
    call_make(w, &second, 1);
    for (uint32_t i = 0; i < first.job->n; i++) call_add(&first, i, 1);
    call_add(&second, 0, 1);
    first.job->key.always = true;
    assert_true(committer_submit(w->committer, first.job));
    assert_true(committer_submit(w->committer, second.job));
    assert_int_equal(committer_step(w->committer, false), 1);
    uint64_t before = db_waited_us(w->db);
    assert_int_equal(committer_step(w->committer, false), 1);
    while (!second.done) loop_step(w->loop, false);
    assert_int_equal(first.job->synced_us, before);
    assert_int_equal(second.job->synced_us, before + db_waited_us(w->db));
    struct call third = add(w, 1);
    assert_int_equal(third.job->synced_us, db_waited_us(w->db));
    arena_fini(&first.arena);
    arena_fini(&second.arena);
}

static void lost_and_unknown_appends_do_nothing_twice(void **state)
{
    struct world *w = *state;
    struct fake_log l = {0};
    static const struct {
        enum append_result says;
        bool stands;
        int blind;
        uint64_t sum; // afterwards: 2 more, and 5 more where somebody else was first
    } rows[] = {
        {APPEND_OK,      true,  0, 2 },
        {APPEND_LOST,    false, 0, 9 },
        {APPEND_UNKNOWN, true,  3, 11},
        {APPEND_UNKNOWN, false, 2, 13},
        {APPEND_LOST,    false, 1, 20},
    };

    buf_init(&l.bytes, MB);
    committer_close(&w->committer);
    w->sequencer = (struct sequencer){&l, fake_head, fake_append, fake_read};
    world_start(w);
    for (size_t i = 0; i < LEN(rows); i++) {
        l.next = rows[i].says;
        l.stands = rows[i].stands;
        l.blind = rows[i].blind;
        struct call c = add(w, 2);
        assert_int_equal(c.job->whole.cls, ST_OK);
        assert_int_equal(c.job->asks[0].result.cls, ST_OK);
        assert_int_equal(sum_now(w), rows[i].sum);
        assert_int_equal(head_now(w).seq, l.count);
        struct journal_head h = head_now(w);
        assert_memory_equal(&h.link, &l.link, sizeof l.link);
    }
    buf_fini(&l.bytes);
}

static void the_queue_is_bounded(void **state)
{
    struct world *w = *state;
    struct call c[101];

    for (int i = 0; i < 101; i++) {
        call_make(w, &c[i], 1);
        call_add(&c[i], 0, 1);
        assert_int_equal(committer_submit(w->committer, c[i].job), i < 100);
    }
    while (committer_step(w->committer, false) > 0) {}
    loop_step(w->loop, false);
    assert_int_equal(sum_now(w), 100);
    for (int i = 0; i < 101; i++) arena_fini(&c[i].arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refused_command_does_not_spoil_its_batch),
        TEST(what_follows_from_a_command_is_done_with_it_or_neither_is),
        TEST(equal_refusals_become_one_fact_with_a_count),
        TEST(one_caller_has_so_many_refusals_and_the_others_are_counted),
        TEST(what_is_counted_is_told_at_an_orderly_end),
        TEST(counts_that_have_no_room_are_told_before_their_time),
        TEST(a_repeated_key_gets_the_same_answer_and_changes_nothing),
        TEST(a_refusal_binds_a_key_only_where_it_is_answered_with_200),
        TEST(a_call_of_several_commands_is_bound_whole),
        TEST(a_call_that_is_refused_for_very_many_is_bound_all_the_same),
        TEST(keys_are_forgotten_after_thirty_days_a_thousand_at_once),
        TEST(no_answer_says_ok_for_what_is_not_there),
        TEST(records_of_any_size_come_back_as_they_were),
        TEST(replay_yields_the_same_rows_and_finds_what_was_changed),
        TEST(a_changed_record_breaks_the_chain),
        TEST(lost_and_unknown_appends_do_nothing_twice),
        TEST(a_job_is_told_what_the_disk_kept_it_waiting),
        TEST(the_queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
