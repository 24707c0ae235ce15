// journal_export_test.c - claims about exports of the journal: what their lines hold and how they
// hang together. That standard tools prove them is shown by tests/scenario/test_auditor.py.
#include "catalog_site.h"
#include "common/bytes.h"
#include "service/access/user.h"
#include "service/item/item_api.h"
#include "service/ops/journal_export.h"
#include "service/ops/ops.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static const struct kind *const kinds[] = {&kind_client_put, &kind_line_put, &kind_user_put,
                                           &kind_user_password, NULL};
static const struct http_route *const routes[] = {client_routes, place_routes, ops_routes, NULL};
static char key_path[80];
static struct export_key *key;

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);
    bool made;

    snprintf(key_path, sizeof key_path, "%s/export.key", f->folder);
    assert_int_equal(export_key_open(key_path, &made, &key).cls, ST_OK);
    f->site.export_key = key;
    fixture_serve(f, routes);
    *state = f;
    return 0;
}

static int site_close(void **state)
{
    struct fixture *f = *state;

    unlink(key_path);
    export_key_close(&key);
    fixture_verify(f);
    fixture_close(&f);
    return 0;
}

static struct item_put *line_put(struct fixture *f, struct txn *t, unsigned number)
{
    struct item_put *put = NEW(&f->arena, struct item_put);
    char *json = arena_alloc(&f->arena, 64);

    assert_true(put != NULL && json != NULL);
    snprintf(json, 64, "{\"name\":\"Line %u\"}", number);
    struct item_text text = {S("line-1"), str_of(json), &f->site};
    assert_int_equal(item_put_read(t, &noun_line, &text, &f->arena, put).cls, ST_OK);
    return put;
}

// In few transactions: each costs a sync.
static void put_lines(struct fixture *f, unsigned n)
{
    for (unsigned done = 0; done < n;) {
        unsigned some = n - done < 300 ? n - done : 300;
        struct job *j = fixture_job(f, some);
        struct txn *t = fixture_read(f);
        for (unsigned i = 0; i < some; i++)
            j->asks[i] = (struct ask){.kind = &kind_line_put, .what = line_put(f, t, done + i)};
        fixture_read_end(t);
        fixture_job_run(f, j);
        fixture_forget(f);
        done += some;
    }
}

static str inflated(struct fixture *f, str packed)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n};
    size_t room = 16 * MB;
    char *p = arena_alloc(&f->arena, room);

    assert_non_null(p);
    assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
    z.next_out = (Bytef *)p;
    z.avail_out = (uInt)room;
    int rc = inflate(&z, Z_FINISH);
    str out = {p, room - z.avail_out};
    inflateEnd(&z);
    return rc == Z_STREAM_END ? out : (str){0};
}

static str export_of(struct fixture *f, const char *query)
{
    char line[200];

    snprintf(line, sizeof line, "GET /v1/journal/export%s", query);
    struct fixture_answer a = fixture_call(f, line, "", "");
    assert_int_equal(a.code, 200);
    return inflated(f, a.body);
}

// The text of a member of a line, without quotes; empty: it has none.
static str member(str line, const char *name)
{
    char begin[40];
    int n = snprintf(begin, sizeof begin, "\"%s\":", name);
    const char *at = memmem(line.p, line.n, begin, (size_t)n);
    size_t len = 0;

    if (at == NULL) return (str){"", 0};
    str rest = str_from(line, (size_t)(at - line.p) + (size_t)n);
    if (rest.p[0] == '"') rest = str_from(rest, 1);
    while (len < rest.n && strchr("\",}", rest.p[len]) == NULL) len++;
    return (str){rest.p, len};
}

static struct link link_of(str line)
{
    struct link l;

    assert_true(hex_get(member(line, "link"), l.b, sizeof l.b));
    return l;
}

// Every line's link is the one before and its record; how many were shown.
static unsigned chain_check(struct fixture *f, str text, unsigned lines)
{
    unsigned shown = 0;
    str line, bytes;

    assert_true(str_cut(&text, '\n', &line));
    struct link link = link_of(line);
    for (unsigned i = 0; i < lines; i++) {
        assert_true(str_cut(&text, '\n', &line));
        str record = member(line, "record"), digest = member(line, "sha256");
        struct sha256 of;
        assert_true(hex_get(digest, of.b, sizeof of.b));
        struct sha256_run run;
        sha256_start(&run);
        sha256_add(&run, (str){(const char *)link.b, sizeof link.b});
        sha256_add(&run, (str){(const char *)of.b, sizeof of.b});
        struct sha256 next = sha256_end(&run);
        link = link_of(line);
        assert_memory_equal(next.b, link.b, sizeof link.b);
        if (record.n == 0) continue;
        shown++;
        char *p = arena_alloc(&f->arena, record.n);
        int n = EVP_DecodeBlock((unsigned char *)p, (const unsigned char *)record.p, (int)record.n);
        size_t pad = record.p[record.n - 1] != '=' ? 0 : record.p[record.n - 2] == '=' ? 2 : 1;
        bytes = (str){p, (size_t)n - pad};
        struct sha256 again = sha256_of(bytes);
        assert_memory_equal(again.b, of.b, sizeof of.b);
        struct fact fact;
        assert_int_equal(record_read(bytes, &fact).cls, ST_OK);
    }
    assert_true(str_cut(&text, '\n', &line) && member(line, "records").n > 0);
    struct link stated = link_of(line);
    assert_memory_equal(stated.b, link.b, sizeof link.b);
    return shown;
}

static bool is_signed(str text)
{
    struct sha256 sum;
    size_t end = text.n - 1;
    uint8_t signature[96];
    str line;

    while (text.p[end - 1] != '\n') end--; // the last line
    str last = str_from(text, end);
    size_t begin = end - 1;
    while (text.p[begin - 1] != '\n') begin--;
    str statement = {text.p + begin, end - 1 - begin};
    struct sha256 of = sha256_of((str){text.p, begin});
    assert_true(hex_get(member(statement, "sha256"), sum.b, sizeof sum.b));
    str said = member(last, "signature");
    assert_int_equal(said.n, 88);
    assert_int_equal(EVP_DecodeBlock(signature, (const unsigned char *)said.p, 88), 66);
    line = export_key_public(key);
    BIO *in = BIO_new_mem_buf(line.p, (int)line.n);
    EVP_PKEY *public = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);
    EVP_MD_CTX *run = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(run, NULL, NULL, NULL, public), 1);
    int rc = EVP_DigestVerify(run, signature, 64, (const unsigned char *)statement.p, statement.n);
    EVP_MD_CTX_free(run);
    EVP_PKEY_free(public);
    BIO_free(in);
    return rc == 1 && memcmp(of.b, sum.b, sizeof sum.b) == 0;
}

static void every_record_is_there_linked_and_signed(void **state)
{
    struct fixture *f = *state;

    put_lines(f, 1200); // several slices
    str text = export_of(f, "");
    assert_int_equal(chain_check(f, text, 1201), 1201);
    assert_true(is_signed(text));
}

// Wherever the last slice ends: a short one comes with all that the deflater has held back.
static void an_archive_of_any_length_is_whole(void **state)
{
    struct fixture *f = *state;

    put_lines(f, 900);
    for (unsigned n = 380; n < 900; n += 3) {
        char query[32];
        snprintf(query, sizeof query, "?until=%u", n);
        assert_true(is_signed(export_of(f, query)));
        fixture_forget(f);
    }
}

// Whose link lies between two that are kept.
static void a_stretch_begins_with_the_link_before_it(void **state)
{
    struct fixture *f = *state;

    put_lines(f, 1100);
    str whole = export_of(f, "?until=1050"), line;
    str part = export_of(f, "?from=1020&until=1050");
    assert_int_equal(chain_check(f, part, 31), 31);
    assert_true(str_cut(&part, '\n', &line));
    struct link begins = link_of(line);
    for (unsigned i = 0; i < 1020; i++) assert_true(str_cut(&whole, '\n', &line));
    struct link before = link_of(line); // record 1019 lies on the 1,020th line
    assert_memory_equal(begins.b, before.b, sizeof before.b);
    str first = export_of(f, "?from=1001&until=1001");
    assert_int_equal(chain_check(f, first, 1), 1);
}

static void what_is_others_is_a_bare_digest(void **state)
{
    struct fixture *f = *state;

    catalog_two_clients(f);
    put_lines(f, 3);
    str text = export_of(f, "?client=acme");
    assert_int_equal(chain_check(f, text, 6), 1);
    assert_true(is_signed(text));
    assert_null(memmem(text.p, text.n, "9521321", 7)); // the prefix of the other
    assert_null(memmem(text.p, text.n, "Line", 4));
    assert_int_equal(fixture_call(f, "GET /v1/journal/export?client=nobody", "", "").code, 404);
    assert_int_equal(fixture_call(f, "GET /v1/journal/export?from=7", "", "").code, 404);
}

// As it was before hashes were sealed.
static status keep_plain(const struct site *s, str plain, struct buf *sealed)
{
    (void)s;
    buf_add(sealed, plain);
    return OK;
}

static unsigned count_of(str text, const char *word)
{
    unsigned n = 0;
    const char *at;

    for (; (at = memmem(text.p, text.n, word, strlen(word))) != NULL; n++)
        text = str_from(text, (size_t)(at - text.p) + strlen(word));
    return n;
}

// HASH-WITHHELD
static void a_hash_that_is_not_sealed_stays_here_and_the_chain_holds(void **state)
{
    struct fixture *f = *state;
    struct user_password own = {.hash = S("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA")};
    struct user mia;
    struct user_state s;

    f->site.seal = keep_plain;
    assert_int_equal(fixture_put(f, &kind_user_put, "mia",
                                 "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":"
                                 "\"words of before\"}")
                         .cls,
                     ST_OK);
    struct txn *t = fixture_read(f);
    assert_true(user_get(t, S("mia"), &f->arena, &mia));
    user_state_get(t, mia.number, &s);
    own.was = arena_str(&f->arena, s.hash);
    own.user = &mia;
    fixture_read_end(t);
    assert_true(str_starts(own.was, S("$argon2id$")));
    assert_int_equal(fixture_run(f, &kind_user_password, &own, NULL).cls, ST_OK);
    own = (struct user_password){.user = &mia, .was = own.hash, .hash = S("sealed, as they are")};
    assert_int_equal(fixture_run(f, &kind_user_password, &own, NULL).cls, ST_OK);
    assert_int_equal(
        fixture_put(f, &kind_user_put, "noa", "{\"name\":\"$argon2id$\",\"role\":\"qa\"}").cls,
        ST_OK); // says so, and holds none
    str text = export_of(f, "");
    assert_int_equal(chain_check(f, text, 5), 3);
    assert_true(is_signed(text));
    assert_int_equal(count_of(text, ",\"withheld\":\"password\",\"says\":{"), 2);
    assert_int_equal(count_of(text, "\"kind\":\"user.password\""), 2);
    assert_int_equal(count_of(text, "v=19"), 0);
}

static void who_is_bound_to_a_client_gets_none(void **state)
{
    struct fixture *f = *state;
    client_id one = {1};

    catalog_two_clients(f);
    catalog_bind(f, ROLE_AUDITOR, &one);
    assert_int_equal(fixture_call(f, "GET /v1/journal/export", "", "").code, 403);
}

// Every call to the store fails once: what is not whole has no signature.
static void an_archive_that_breaks_off_is_not_signed(void **state)
{
    struct fixture *f = *state;
    unsigned problems = 0, breaks = 0, whole = 0;

    put_lines(f, 600); // two slices
    for (int n = 1; n < 20000 && whole == 0; n += 13) {
        fixture_forget(f);
        db_fault = (struct db_fault){.nth = n};
        struct fixture_answer a = fixture_call(f, "GET /v1/journal/export", "", "");
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        if (a.code != 200) {
            problems++;
            continue;
        }
        str text = inflated(f, a.body);
        if (text.n == 0) {
            assert_true(hit);
            breaks++;
        } else {
            assert_true(!hit && is_signed(text));
            whole++;
        }
    }
    assert_true(problems > 0 && breaks > 0 && whole == 1);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    struct export_key *k = NULL;
    (void)state;

    assert_int_equal(chmod(key_path, 0640), 0);
    assert_string_equal(export_key_open(key_path, NULL, &k).reason, "export_key.mode");
    assert_int_equal(chmod(key_path, 0600), 0);
    assert_int_equal(truncate(key_path, 20), 0);
    assert_string_equal(export_key_open(key_path, NULL, &k).reason, "export_key.read");
    assert_null(k);
    assert_int_equal(unlink(key_path), 0);
    assert_string_equal(export_key_open(key_path, NULL, &k).reason, "export_key.missing");
    assert_int_equal(access(key_path, F_OK), -1);
}

static void the_key_stays_the_same(void **state)
{
    struct fixture *f = *state;
    struct export_key *again = NULL;

    assert_int_equal(export_key_open(key_path, NULL, &again).cls, ST_OK);
    struct fixture_answer a = fixture_call(f, "GET /v1/journal/key", "", "");
    assert_true(str_eq(a.body, export_key_public(again)));
    export_key_close(&again);
}

#define EXPORT_TEST(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPORT_TEST(every_record_is_there_linked_and_signed),
        EXPORT_TEST(an_archive_of_any_length_is_whole),
        EXPORT_TEST(a_stretch_begins_with_the_link_before_it),
        EXPORT_TEST(what_is_others_is_a_bare_digest),
        EXPORT_TEST(a_hash_that_is_not_sealed_stays_here_and_the_chain_holds),
        EXPORT_TEST(who_is_bound_to_a_client_gets_none),
        EXPORT_TEST(an_archive_that_breaks_off_is_not_signed),
        EXPORT_TEST(a_key_that_others_may_read_is_refused),
        EXPORT_TEST(the_key_stays_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
