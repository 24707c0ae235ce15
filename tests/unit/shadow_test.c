// shadow_test.c - claims about a shadow: fed in any pieces it is what its journal yields; nothing
// that a link does not prove gets into it; a failure anywhere leaves it a beginning.
#include "common/bytes.h"
#include "service/journal/replay.h"
#include "service/journal/restored.h"
#include "service/journal/shadow.h"
#include "service/ops/copying.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOTES 2499u // facts after the first: two links are kept

static const char note_key[2] = {ROW_META, '?'};

static status note_decide(struct decide *d)
{
    bytes_u(d->out, *(const uint32_t *)d->ask, 4);
    buf_add(d->out, S("a note of some length, so that it can be found"));
    d->fact->client.v = 1 + *(const uint32_t *)d->ask % 3;
    return OK;
}

static void note_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    txn_put(t, DB_ROWS, (str){note_key, sizeof note_key}, f->decided);
}

static const struct kind kind_note = {250, 1, "note.taken", note_decide, note_write, NULL, NULL};
static const struct kind *const kinds[] = {&kind_note, &kind_site_restored, NULL};

struct pair {
    struct fixture *f;
    char folder[64];
    struct db *copy;
    struct shadow_conf conf;
    struct shadow_result r;
};

static void take_notes(struct fixture *f, uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t some = n - i < 500 ? n - i : 500;
        struct job *j = fixture_job(f, some);
        for (uint32_t k = 0; k < some; k++, i++) {
            uint32_t *what = NEW(&f->arena, uint32_t);
            *what = i;
            j->asks[k] = (struct ask){.kind = &kind_note, .what = what};
        }
        fixture_job_run(f, j);
        fixture_forget(f);
    }
}

static void copy_open(struct pair *p)
{
    struct db_conf conf = {.folder = p->folder, .map_max = 1 * GB, .readers = 8};
    must(db_open(&conf, &p->copy));
}

static void copy_close(struct pair *p)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[96];

    db_close(&p->copy);
    for (size_t i = 0; i < LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", p->folder, files[i]);
        unlink(path);
    }
}

static int pair_open(void **state)
{
    struct pair *p = calloc(1, sizeof *p);

    p->f = fixture_open(kinds);
    take_notes(p->f, NOTES);
    strcpy(p->folder, "/tmp/shadow_test_XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    copy_open(p);
    p->conf = (struct shadow_conf){
        .from = p->f->site.db, .into = p->copy, .kinds = p->f->kinds, .env = &p->f->env};
    *state = p;
    return 0;
}

static int pair_close(void **state)
{
    struct pair *p = *state;

    copy_close(p);
    rmdir(p->folder);
    fixture_close(&p->f);
    free(p);
    return 0;
}

static uint64_t head_of(struct db *db)
{
    struct txn *t = txn_read(db);
    uint64_t seq = journal_head_get(t).seq;

    must(txn_end(&t, false));
    return seq;
}

static void refused(status st, const char *code, const char *holds)
{
    if (st.cls == ST_OK || strcmp(st.reason, code) != 0 || strstr(st.text, holds) == NULL)
        fail_msg("%s: %s (wanted %s with %s)", st.cls == ST_OK ? "passed" : st.reason, st.text,
                 code, holds);
}

static void a_copy_has_all_rows_in_whatever_pieces_it_is_fed(void **state)
{
    static const uint32_t pieces[] = {0, 1, 7, 999, 1000, 1001, 5000};
    struct pair *p = *state;

    for (size_t i = 0; i < LEN(pieces); i++) {
        p->conf.records = pieces[i];
        must(shadow_feed(&p->conf, &p->r));
        assert_int_equal(p->r.fed, NOTES + 1);
        assert_int_equal(p->r.head.seq, NOTES + 1);
        uint32_t most = pieces[i] == 0 ? SHADOW_RECORDS : pieces[i];
        assert_true(p->r.snapshots >= (NOTES + most) / most);
        must(ledger_compare(p->f->site.db, p->copy));
        copy_close(p);
        copy_open(p);
        p->conf.into = p->copy;
    }
}

static void a_copy_grows_by_what_is_new(void **state)
{
    static const uint32_t more[] = {1, 0, 499, 1, 1, 3000};
    struct pair *p = *state;

    must(shadow_feed(&p->conf, &p->r));
    for (size_t i = 0; i < LEN(more); i++) {
        take_notes(p->f, more[i]);
        must(shadow_feed(&p->conf, &p->r));
        assert_int_equal(p->r.fed, more[i]);
        must(ledger_compare(p->f->site.db, p->copy));
    }
}

static bool enough(void *self, uint64_t seq, uint64_t of)
{
    (void)of;
    return seq < *(uint64_t *)self;
}

static void who_has_had_enough_goes_on_later(void **state)
{
    struct pair *p = *state;
    uint64_t most = 1500;

    p->conf.progress = enough;
    p->conf.self = &most;
    must(shadow_feed(&p->conf, &p->r));
    assert_int_equal(p->r.head.seq, 2000); // where a link is kept
    p->conf.progress = NULL;
    must(shadow_feed(&p->conf, &p->r));
    must(ledger_compare(p->f->site.db, p->copy));
}

static void change(struct pair *p, uint64_t seq)
{
    struct txn *t = txn_write(p->f->site.db);
    char key[10] = {0}, room[256];
    str v;

    put_be(key, seq, 8);
    assert_true(txn_get(t, DB_JOURNAL, (str){key, sizeof key}, &v) && v.n <= sizeof room);
    memcpy(room, v.p, v.n);
    room[v.n - 1] ^= 1;
    txn_put(t, DB_JOURNAL, (str){key, sizeof key}, (str){room, v.n});
    must(txn_end(&t, true));
}

static void a_changed_record_stays_outside(void **state)
{
    static const struct {
        uint64_t seq, kept;
    } rows[] = {
        {2,    0   },
        {999,  0   },
        {1000, 0   },
        {1001, 1000},
        {2000, 1000},
        {2001, 2000},
        {2500, 2000}
    };
    struct pair *p = *state;

    for (size_t i = 0; i < LEN(rows); i++) {
        change(p, rows[i].seq);
        refused(shadow_feed(&p->conf, &p->r), "journal.broken", "departs");
        assert_int_equal(head_of(p->copy), rows[i].kept);
        change(p, rows[i].seq);
    }
    must(shadow_feed(&p->conf, &p->r));
    must(ledger_compare(p->f->site.db, p->copy));
}

static void only_a_beginning_of_the_journal_is_gone_on_with(void **state)
{
    struct pair *p = *state;

    must(shadow_feed(&p->conf, &p->r));
    take_notes(p->f, 10);
    change(p, 2500);
    refused(shadow_feed(&p->conf, &p->r), "shadow.other", "record 2500");
    change(p, 2500);
    must(shadow_feed(&p->conf, &p->r));
    struct shadow_conf back = p->conf; // the copy is what is read from, and has too little
    back.from = p->copy;
    back.into = p->f->site.db;
    take_notes(p->f, 1);
    refused(shadow_feed(&back, &p->r), "shadow.other", "2511");
}

static void a_failure_anywhere_leaves_a_beginning(void **state)
{
    struct pair *p = *state;
    unsigned failed = 0;

    for (int nth = 1;; nth += 1 + nth / 3) { // every call early on, then fewer
        db_fault = (struct db_fault){.nth = nth};
        status st = shadow_feed(&p->conf, &p->r);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        if (!hit) break;
        failed += st.cls != ST_OK;
        uint64_t at = head_of(p->copy);
        assert_true(at % LINK_EVERY == 0 || at == NOTES + 1);
        copy_close(p);
        copy_open(p);
        p->conf.into = p->copy;
    }
    assert_true(failed > 20);
    must(shadow_feed(&p->conf, &p->r));
    must(ledger_compare(p->f->site.db, p->copy));
}

// ---- facts after a restore

static void facts_after_a_restore_have_a_term_of_their_own(void **state)
{
    struct pair *p = *state;
    struct fixture *f = p->f;
    struct restored_ask what = {0};
    struct ask ask;
    uint32_t before = 0;

    struct txn *t = fixture_read(f);
    assert_int_equal(restored_get(t).term, 0);
    assert_false(restored_get(t).frozen);
    assert_int_equal(restored_term(t, 2), 0);
    uint64_t spaces = counter_get(t, COUNTER_SPACE);
    fixture_read_end(t);
    refused(fixture_run(f, &kind_site_restored, &what, NULL), "restore.moved", "");
    for (unsigned i = 0; i < 3; i++) { // the same is drawn
        t = fixture_read(f);
        struct journal_head h = journal_head_get(t);
        fixture_read_end(t);
        what = (struct restored_ask){9, h.seq, h.link};
        must(fixture_run(f, &kind_site_restored, &what, &ask));
        uint64_t restored = ask.fact.seq;
        assert_int_equal(ask.fact.term, before);
        uint32_t note = 7;
        must(fixture_run(f, &kind_note, &note, &ask));
        assert_true(ask.fact.term != 0 && ask.fact.term != before);
        before = ask.fact.term;
        t = fixture_read(f);
        assert_true(restored_get(t).frozen);
        assert_int_equal(restored_term(t, ask.fact.seq), before);
        assert_int_equal(counter_get(t, COUNTER_SPACE), spaces + (i + 1) * RESTORED_SPACES);
        if (i == 0) assert_int_equal(restored_get(t).first, restored);
        fixture_read_end(t);
    }
    must(shadow_feed(&p->conf, &p->r));
    must(ledger_compare(f->site.db, p->copy));
    fixture_verify(f);
}

// ---- messages

static void write_file(const struct folder *f, const char *name, const char *text)
{
    char path[FOLDER_PATH_MAX];

    must(folder_path(f, name, path));
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void expect_file(const struct folder *f, const char *name, const char *text)
{
    char path[FOLDER_PATH_MAX], have[256] = {0};

    must(folder_path(f, name, path));
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t n = fread(have, 1, sizeof have - 1, in);
    fclose(in);
    have[n] = 0;
    assert_string_equal(have, text);
}

static void messages_are_copied_as_they_grow_and_again_where_they_are_torn(void **state)
{
    static struct folder from, to;
    static const char *const inside[] = {"messages/00000001.log", "messages/00000002.log",
                                         "messages/other",        "messages",
                                         "messages.sums",         ""};
    struct pair *p = *state;
    struct copied c;
    char path[FOLDER_PATH_MAX];

    snprintf(from.site, sizeof from.site, "%s/from", p->folder);
    snprintf(to.site, sizeof to.site, "%s/to", p->folder);
    for (int i = 0; i < 2; i++) {
        const struct folder *f = i == 0 ? &from : &to;
        mkdir(f->site, 0700);
        must(folder_path(f, "messages", path));
        mkdir(path, 0700);
    }
    write_file(&from, "messages/00000001.log", "one two");
    write_file(&from, "messages/other", "nothing of ours");
    must(messages_copy(&from, &to, &c));
    assert_int_equal(c.files, 1);
    assert_int_equal(c.bytes, 7);
    must(messages_copy(&from, &to, &c));
    assert_int_equal(c.files, 0);
    write_file(&from, "messages/00000001.log", "one two three");
    write_file(&from, "messages/00000002.log", "four");
    must(messages_copy(&from, &to, &c));
    assert_int_equal(c.files, 2);
    assert_int_equal(c.bytes, 6 + 4);
    expect_file(&to, "messages/00000001.log", "one two three");
    write_file(&to, "messages/00000001.log", "one tw");          // short
    write_file(&to, "messages/00000002.log", "a torn long one"); // and too long
    must(messages_copy(&from, &to, &c));
    expect_file(&to, "messages/00000001.log", "one two three");
    expect_file(&to, "messages/00000002.log", "four");
    assert_int_equal(c.bytes, 13 + 4);
    // A copy of the copy says which of it are not what they should be.
    write_file(&to, "messages/00000002.log", "fear");
    must(folder_path(&from, "messages.sums", path));
    must(messages_copy(&to, &from, &c));
    assert_int_equal(c.torn, 1);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < LEN(inside); k++) {
            must(folder_path(i == 0 ? &from : &to, inside[k], path));
            if (unlink(path) != 0) rmdir(path);
        }
}

#define claim(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        claim(a_copy_has_all_rows_in_whatever_pieces_it_is_fed),
        claim(a_copy_grows_by_what_is_new),
        claim(who_has_had_enough_goes_on_later),
        claim(a_changed_record_stays_outside),
        claim(only_a_beginning_of_the_journal_is_gone_on_with),
        claim(a_failure_anywhere_leaves_a_beginning),
        claim(facts_after_a_restore_have_a_term_of_their_own),
        claim(messages_are_copied_as_they_grow_and_again_where_they_are_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
