#include "service/journal/replay.h"
#include "common/bytes.h"
#include "common/digest.h"
#include <string.h>

#define TABLES_MAX 258 // 256 tags, the lists, the journal

static status broken(uint64_t seq, const char *how)
{
    return fail(ST_STORE, "journal.broken", 0, "record %llu: %s", (unsigned long long)seq, how);
}

// The bytes of a fact's body as the journal packs them: replay stores what was stored.
static status replay_one(struct txn *from, struct ledger *into, struct arena *a, struct buf *record)
{
    uint64_t seq = into->head.seq + 1;
    struct fact f;
    struct link kept;
    str packed;

    TRY(journal_get_packed(from, seq, a, &f, &packed));
    uint64_t client_no = f.client_no;
    buf_reset(record);
    ledger_write(into, &f, packed, record);
    TRY(txn_status(into->t));
    if (f.client_no != client_no) return broken(seq, "its count among its client's facts is wrong");
    if (seq % LINK_EVERY == 0 &&
        (!journal_link_get(from, seq, &kept) || memcmp(&kept, &into->head.link, sizeof kept) != 0))
        return broken(seq, "its link departs from the one that was kept");
    return OK;
}

static status replay_batch(const struct replay_conf *conf, struct ledger_memory *m, uint64_t last,
                           uint64_t *at)
{
    struct txn *from = txn_read(conf->from);
    struct ledger into = ledger_begin(txn_write(conf->into), conf->kinds, m);
    struct arena a;
    struct buf record;
    status st = txn_status(from);

    arena_init(&a, 1 * GB);
    buf_init(&record, 1 * GB);
    for (uint32_t n = 0; st.cls == ST_OK && n < conf->batch && into.head.seq < last; n++) {
        st = replay_one(from, &into, &a, &record);
        arena_reset(&a);
    }
    ledger_end(&into);
    *at = into.head.seq;
    status end = txn_end(&into.t, st.cls == ST_OK);
    if (st.cls == ST_OK) st = end;
    end = txn_end(&from, false);
    buf_fini(&record);
    arena_fini(&a);
    return st.cls == ST_OK ? end : st;
}

static status head_of(struct db *db, struct journal_head *h)
{
    struct txn *t = txn_read(db);

    *h = journal_head_get(t);
    return txn_end(&t, false);
}

static status replay_all(const struct replay_conf *conf, struct ledger_memory *m, uint64_t at,
                         uint64_t last)
{
    while (at < last) {
        TRY(replay_batch(conf, m, last, &at));
        if (conf->progress != NULL) conf->progress(conf->self, at, last);
    }
    return OK;
}

status replay_run(const struct replay_conf *conf, uint64_t *records)
{
    struct journal_head want, have;

    TRY(head_of(conf->from, &want));
    TRY(head_of(conf->into, &have));
    struct ledger_memory m;
    ledger_memory_init(&m);
    status st = replay_all(conf, &m, have.seq, want.seq);
    ledger_memory_fini(&m);
    TRY(st);
    TRY(head_of(conf->into, &have));
    *records = have.seq;
    if (memcmp(&have.link, &want.link, sizeof want.link) != 0)
        return broken(want.seq, "the link at the head departs from the one that was kept");
    return OK;
}

static void digest_add(struct sha256_run *run, str s)
{
    char n[8];

    put_be(n, s.n, sizeof n);
    sha256_add(run, (str){n, sizeof n});
    sha256_add(run, s);
}

// Digests all rows of one database, a new table at every change of the first byte of the key.
static size_t digest_database(struct txn *t, enum db_table in, struct table_digest *out, size_t max)
{
    struct walk w = walk_open(t, in, (str){"", 0}, (str){"", 0});
    struct sha256_run run;
    size_t n = 0;
    str k, v;

    while (walk_next(&w, &k, &v)) {
        uint8_t tag = in == DB_JOURNAL ? 0 : (uint8_t)k.p[0];
        if (n == 0 || out[n - 1].tag != tag) {
            if (n > 0) out[n - 1].sum = sha256_end(&run);
            assert(n < max);
            out[n++] = (struct table_digest){.tag = tag};
            sha256_start(&run);
        }
        out[n - 1].rows++;
        digest_add(&run, k);
        digest_add(&run, v);
    }
    if (n > 0) out[n - 1].sum = sha256_end(&run);
    walk_close(&w);
    return n;
}

size_t ledger_digests(struct txn *t, struct table_digest *out, size_t max)
{
    size_t n = digest_database(t, DB_JOURNAL, out, max);

    n += digest_database(t, DB_ROWS, out + n, max - n);
    return n + digest_database(t, DB_LISTS, out + n, max - n);
}

static status digests_of(struct db *db, struct table_digest *out, size_t *n)
{
    struct txn *t = txn_read(db);

    *n = ledger_digests(t, out, TABLES_MAX);
    return txn_end(&t, false);
}

static status differs(uint8_t tag)
{
    if (tag == 0) return fail(ST_STORE, "journal.differs", 0, "the records differ");
    return fail(ST_STORE, "journal.differs", 0, "table '%c' differs from what its facts yield",
                tag);
}

status ledger_compare(struct db *a, struct db *b)
{
    struct table_digest x[TABLES_MAX], y[TABLES_MAX];
    size_t n, m;

    TRY(digests_of(a, x, &n));
    TRY(digests_of(b, y, &m));
    for (size_t i = 0; i < n || i < m; i++) {
        if (i >= n) return differs(y[i].tag);
        if (i >= m || x[i].tag != y[i].tag) return differs(x[i].tag);
        if (x[i].rows != y[i].rows || memcmp(&x[i].sum, &y[i].sum, sizeof x[i].sum) != 0)
            return differs(x[i].tag);
    }
    return OK;
}
