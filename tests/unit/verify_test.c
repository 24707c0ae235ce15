// verify_test.c - claims about verify: what is whole passes, what was changed is named.
#include "common/bytes.h"
#include "service/ops/head_file.h"
#include "service/ops/verify.h"
#include "site_fixture.h"
#include <semaphore.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOTES 2499u // facts after the first: two links are kept

// A kind that keeps what it was told last; its write has nothing to say against any bytes.
static const char note_key[2] = {ROW_META, '?'};

static status note_decide(struct decide *d)
{
    bytes_u(d->out, *(const uint32_t *)d->ask, 4);
    buf_add(d->out, S("a note of some length, so that it can be found"));
    return OK;
}

static void note_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    txn_put(t, DB_ROWS, (str){note_key, sizeof note_key}, f->decided);
}

static const struct kind kind_note = {250, 1, "note.taken", note_decide, note_write, NULL, NULL};
static const struct kind *const kinds[] = {&kind_note, NULL};

static void take_notes(struct fixture *f, uint32_t from, uint32_t until)
{
    for (uint32_t i = from; i < until;) {
        uint32_t n = until - i < 500 ? until - i : 500;
        struct job *j = fixture_job(f, n);
        for (uint32_t k = 0; k < n; k++, i++) {
            uint32_t *what = NEW(&f->arena, uint32_t);
            *what = i;
            j->asks[k] = (struct ask){.kind = &kind_note, .what = what};
        }
        fixture_job_run(f, j);
        fixture_forget(f);
    }
}

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    take_notes(f, 0, NOTES);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    struct fixture *f = *state;

    fixture_close(&f);
    return 0;
}

static void count_progress(void *self, const char *step, uint64_t done, uint64_t of)
{
    unsigned *calls = self;

    assert_true(done <= of && strlen(step) > 0);
    (*calls)++;
}

static const char *beside = ""; // the folder where head.json lies

static status verify(struct fixture *f, struct verify_result *r)
{
    struct folder folder = {.lock = -1};
    unsigned calls = 0;
    struct verify_conf conf = {.folder = &folder,
                               .kinds = f->kinds,
                               .scratch = "/tmp",
                               .progress = count_progress,
                               .self = &calls};

    fixture_leave(f); // a store may be open once in a process
    snprintf(folder.data, sizeof folder.data, "%s", f->folder);
    snprintf(folder.site, sizeof folder.site, "%s", beside);
    status st = verify_run(&conf, r);
    fixture_enter(f);
    if (st.cls == ST_OK) assert_true(calls > 2);
    return st;
}

static void expect(struct fixture *f, const char *code, const char *holds)
{
    struct verify_result r;
    status st = verify(f, &r);

    if (st.cls == ST_OK || strcmp(st.reason, code) != 0 || strstr(st.text, holds) == NULL)
        fail_msg("%s: %s (wanted %s with %s)", st.cls == ST_OK ? "passed" : st.reason, st.text,
                 code, holds);
}

static void what_is_whole_passes(void **state)
{
    struct fixture *f = *state;
    struct verify_result r;
    status st = verify(f, &r);

    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    assert_int_equal(r.records, NOTES + 1);
    assert_int_equal(r.units, 0);
}

static str record_key(char out[10], uint64_t seq)
{
    put_be(out, seq, 8);
    put_be(out + 8, 0, 2);
    return (str){out, 10};
}

// Changes one byte of what is stored under a key and gives back what it was.
static void change(struct fixture *f, enum db_table in, str key, size_t from_end)
{
    struct txn *t = txn_write(f->site.db);
    char room[256];
    str v;

    assert_true(txn_get(t, in, key, &v) && v.n <= sizeof room && from_end < v.n);
    memcpy(room, v.p, v.n);
    room[v.n - 1 - from_end] ^= 1;
    txn_put(t, in, key, (str){room, v.n});
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
}

static void a_changed_record_is_named_by_the_links_around_it(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint64_t seq;
        const char *says;
    } rows[] = {
        {1,    "from 1 to 1000 "   },
        {1000, "from 1 to 1000 "   },
        {1001, "from 1001 to 2000 "},
        {2000, "from 1001 to 2000 "},
        {2001, "from 2001 to 2500 "},
        {2500, "from 2001 to 2500 "},
    };
    char key[10];

    for (size_t i = 0; i < LEN(rows); i++) {
        str k = record_key(key, rows[i].seq);
        change(f, DB_JOURNAL, k, 3);
        expect(f, "journal.broken", rows[i].says);
        change(f, DB_JOURNAL, k, 3);
    }
    struct verify_result r;
    assert_int_equal(verify(f, &r).cls, ST_OK);
}

static void a_record_that_is_gone_is_named(void **state)
{
    struct fixture *f = *state;
    char key[10];

    struct txn *t = txn_write(f->site.db);
    assert_true(txn_del(t, DB_JOURNAL, record_key(key, 1234)));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    expect(f, "journal.broken", "record 1234 ");
}

static void a_changed_row_is_named_by_its_table(void **state)
{
    struct fixture *f = *state;

    change(f, DB_ROWS, (str){note_key, sizeof note_key}, 0);
    expect(f, "journal.differs", "'M'");
}

static void a_row_that_no_fact_yields_is_named_by_its_table(void **state)
{
    struct fixture *f = *state;

    struct txn *t = txn_write(f->site.db);
    txn_put(t, DB_ROWS, S("Zx"), S("y"));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    expect(f, "journal.differs", "'Z'");
}

static void a_link_that_is_gone_or_changed_is_found(void **state)
{
    struct fixture *f = *state;
    char key[9] = {ROW_LINK};

    put_be(key + 1, 1000, 8);
    change(f, DB_ROWS, (str){key, 9}, 0);
    expect(f, "journal.broken", "from 1 to 1000");
    struct txn *t = txn_write(f->site.db);
    assert_true(txn_del(t, DB_ROWS, (str){key, 9}));
    assert_int_equal(txn_end(&t, true).cls, ST_OK);
    expect(f, "journal.broken", "the link of record 1000");
}

static void a_changed_head_is_found(void **state)
{
    struct fixture *f = *state;
    static const char key[1] = {ROW_HEAD};

    change(f, DB_ROWS, (str){key, 1}, 20); // in its link
    expect(f, "journal.broken", "from 2001 to 2500");
}

// ---- what head.json beside it says

static char head_folder[] = "/tmp/verify_head_XXXXXX";
static char head_path[64];

static int head_open(void **state)
{
    strcpy(head_folder + strlen(head_folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(head_folder));
    snprintf(head_path, sizeof head_path, "%s/head.json", head_folder);
    beside = head_folder;
    return site_open(state);
}

static int head_close(void **state)
{
    unlink(head_path);
    rmdir(head_folder);
    beside = "";
    return site_close(state);
}

static void a_journal_that_has_grown_since_is_the_same(void **state)
{
    struct fixture *f = *state;
    struct verify_result r;

    assert_int_equal(verify(f, &r).cls, ST_OK); // without the file, too
    assert_int_equal(head_file_write(f->site.db, head_path).cls, ST_OK);
    assert_int_equal(verify(f, &r).cls, ST_OK);
    take_notes(f, 0, 1);
    assert_int_equal(verify(f, &r).cls, ST_OK);
}

// What stands there is whole in itself, and rows and facts agree.
static void a_journal_that_was_cut_short_is_noticed(void **state)
{
    struct fixture *f = *state, *shorter = fixture_open(kinds);

    assert_int_equal(head_file_write(f->site.db, head_path).cls, ST_OK);
    take_notes(shorter, 0, NOTES - 1);
    expect(shorter, "journal.truncated", "head.json says 2500 records, the journal has 2499");
    take_notes(shorter, NOTES - 1, NOTES);
    struct verify_result r;
    assert_int_equal(verify(shorter, &r).cls, ST_OK); // the same facts at the same times
    fixture_close(&shorter);
}

static void a_journal_that_was_written_anew_is_noticed(void **state)
{
    struct fixture *f = *state, *other = fixture_open(kinds);

    assert_int_equal(head_file_write(f->site.db, head_path).cls, ST_OK);
    take_notes(other, 0, 1700);
    take_notes(other, 7, 8); // instead of 1700
    take_notes(other, 1701, NOTES + 100);
    expect(other, "journal.rewritten", "record 2500");
    fixture_close(&other);
}

static const char *held(struct fixture *f)
{
    status st = head_file_hold(f->site.db, head_path);
    return st.cls == ST_OK ? "" : st.reason;
}

// A store is held against the file whose record it has, however far behind that is.
static void a_store_is_held_against_the_file_beside_it(void **state)
{
    struct fixture *f = *state, *other = fixture_open(kinds);
    static const uint32_t steps[] = {0, 1, 998, 1, 1, 1000, 1700};

    assert_string_equal(held(f), ""); // there is no file
    take_notes(other, 0, 1);          // as the first of f
    assert_int_equal(head_file_write(other->site.db, head_path).cls, ST_OK);
    assert_string_equal(held(f), "");
    take_notes(other, 7, 8); // instead of its second
    for (size_t i = 0; i < LEN(steps); i++) {
        take_notes(other, 10, 10 + steps[i]);
        assert_int_equal(head_file_write(other->site.db, head_path).cls, ST_OK);
        assert_string_equal(held(other), "");
        assert_string_equal(held(f),
                            i + 1 < LEN(steps) ? "journal.rewritten" : "journal.truncated");
    }
    assert_int_equal(head_file_write(f->site.db, head_path).cls, ST_OK);
    for (size_t i = 0; i < LEN(steps); i++) {
        take_notes(f, 3, 3 + steps[i]);
        assert_string_equal(held(f), "");
    }
    fixture_close(&other);
}

static void a_head_file_that_is_none_is_said(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(folder_put(head_path, S("{\"seq\":1,\"link\":\"abc\"}")).cls, ST_OK);
    expect(f, "head_file.read", "is no head file");
    assert_int_equal(folder_put(head_path, S("not json")).cls, ST_OK);
    expect(f, "head_file.read", "is no head file");
}

// A clock that the thread of the file alone reads: at its start, twice at its first look, short of
// a minute, and from its second look on.
struct minute {
    atomic_uint reads;
    bool early; // it was written at the first look
    sem_t over;
};

static mono minute_now(void *self)
{
    struct minute *x = self;
    unsigned n = atomic_fetch_add(&x->reads, 1);

    if (n == 3) x->early = access(head_path, F_OK) == 0;
    if (n == 6) sem_post(&x->over); // it has swept, and written
    return (mono){n == 0 ? 0 : n < 3 ? 59999 : 60000};
}

static void a_head_file_is_written_when_a_minute_is_over(void **state)
{
    struct fixture *f = *state;
    struct minute x = {.early = true};
    struct env env = {.self = &x, .mono_now = minute_now};
    struct head_file *h = NULL;
    struct journal_head said;
    bool there = false;

    assert_int_equal(sem_init(&x.over, 0, 0), 0);
    assert_int_equal(head_file_start(f->site.db, head_path, &env, &h).cls, ST_OK);
    while (sem_wait(&x.over) != 0) {}
    assert_int_equal(head_file_read(head_path, &there, &said).cls, ST_OK);
    assert_true(there && !x.early);
    assert_int_equal(said.seq, 1 + NOTES);
    head_file_stop(&h);
    sem_destroy(&x.over);
}

static void a_scratch_folder_that_is_none_is_said(void **state)
{
    struct fixture *f = *state;
    struct folder folder = {.lock = -1};
    struct verify_conf conf = {.folder = &folder, .kinds = f->kinds, .scratch = "/nowhere"};
    struct verify_result r;

    fixture_leave(f);
    snprintf(folder.data, sizeof folder.data, "%s", f->folder);
    assert_string_equal(verify_run(&conf, &r).reason, "verify.scratch");
    fixture_enter(f);
}

#define VERIFY_TEST(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)
#define HEAD_TEST(name)   cmocka_unit_test_setup_teardown(name, head_open, head_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERIFY_TEST(what_is_whole_passes),
        VERIFY_TEST(a_changed_record_is_named_by_the_links_around_it),
        VERIFY_TEST(a_record_that_is_gone_is_named),
        VERIFY_TEST(a_changed_row_is_named_by_its_table),
        VERIFY_TEST(a_row_that_no_fact_yields_is_named_by_its_table),
        VERIFY_TEST(a_link_that_is_gone_or_changed_is_found),
        VERIFY_TEST(a_changed_head_is_found),
        HEAD_TEST(a_journal_that_has_grown_since_is_the_same),
        HEAD_TEST(a_journal_that_was_cut_short_is_noticed),
        HEAD_TEST(a_journal_that_was_written_anew_is_noticed),
        HEAD_TEST(a_store_is_held_against_the_file_beside_it),
        HEAD_TEST(a_head_file_that_is_none_is_said),
        HEAD_TEST(a_head_file_is_written_when_a_minute_is_over),
        VERIFY_TEST(a_scratch_folder_that_is_none_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
