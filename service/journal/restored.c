// decided part of `site.restored`: term 4 | seq of the backup 8 | its link 32
// row '!' -> term 4, flags 1 (1 frozen, 2 tests names), seq of the first such fact 8
//
// The term is random, so that two restores of one backup differ though neither knows of the other.
#include "service/journal/restored.h"
#include "common/bytes.h"
#include <string.h>

enum { FROZEN = 1, TESTS_NAMES = 2, ROW_SIZE = 13, DECIDED_SIZE = 44 };

static const char restored_key[1] = {ROW_RESTORED};

static const struct restored never = {.first = UINT64_MAX};

struct restored restored_get(struct txn *t)
{
    str v;

    if (!txn_get(t, DB_ROWS, (str){restored_key, 1}, &v)) return never;
    if (v.n != ROW_SIZE) return txn_spoil(t, "store.corrupt", "the row of a restore"), never;
    return (struct restored){.term = (uint32_t)get_be(v.p, 4),
                             .frozen = v.p[4] & FROZEN,
                             .tests_names = v.p[4] & TESTS_NAMES,
                             .first = get_be(v.p + 5, 8)};
}

void restored_put(struct txn *t, const struct restored *r)
{
    char v[ROW_SIZE];

    put_be(v, r->term, 4);
    v[4] = (char)((r->frozen ? FROZEN : 0) | (r->tests_names ? TESTS_NAMES : 0));
    put_be(v + 5, r->first, 8);
    txn_put(t, DB_ROWS, (str){restored_key, 1}, (str){v, sizeof v});
}

uint32_t restored_term(struct txn *t, uint64_t seq)
{
    struct fact f;

    if (seq <= restored_get(t).first || journal_get_header(t, seq, &f).cls != ST_OK) return 0;
    return f.term;
}

// Facts after it have its term, those up to it have not.
uint64_t restored_newest(struct txn *t)
{
    struct restored r = restored_get(t);
    uint64_t from = r.first, to = journal_head_get(t).seq;

    if (r.term == 0) return 0;
    while (from < to) {
        uint64_t middle = from + (to - from) / 2 + 1;
        if (restored_term(t, middle) == r.term)
            to = middle - 1;
        else
            from = middle;
    }
    return from;
}

status restored_refusal(void)
{
    return fail(ST_CONFLICT, "pool.frozen", 0,
                "the site was restored from a backup and gives no numbers until packtrail verify "
                "--advance");
}

static status restored_decide(struct decide *d)
{
    const struct restored_ask *ask = d->ask;
    struct journal_head head = journal_head_get(d->t);
    uint32_t before = restored_get(d->t).term, term = ask->term;

    if (head.seq != ask->seq || memcmp(&head.link, &ask->link, sizeof head.link) != 0)
        return fail(ST_CONFLICT, "restore.moved", 0, "the journal is not that of the backup");
    if (term == 0 || term == before) term = before == UINT32_MAX ? 1 : before + 1;
    bytes_u(d->out, term, 4);
    bytes_u(d->out, ask->seq, 8);
    buf_add(d->out, (str){(const char *)ask->link.b, sizeof ask->link.b});
    return OK;
}

static void restored_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct restored r = restored_get(t);

    (void)arg;
    if (f->decided.n != DECIDED_SIZE) {
        txn_spoil(t, "record.corrupt", "a restore");
        return;
    }
    r.term = (uint32_t)get_be(f->decided.p, 4);
    r.frozen = true;
    if (r.first > f->seq) r.first = f->seq;
    restored_put(t, &r);
    counter_put(t, COUNTER_SPACE, counter_get(t, COUNTER_SPACE) + RESTORED_SPACES);
}

static void restored_print(const struct fact *f, struct json_w *w, const void *arg)
{
    char link[64];

    (void)arg;
    if (f->decided.n != DECIDED_SIZE) return;
    hex_put(link, (const uint8_t *)f->decided.p + 12, 32);
    json_w_kint(w, "term", (int64_t)get_be(f->decided.p, 4));
    json_w_kint(w, "backup_seq", (int64_t)get_be(f->decided.p + 4, 8));
    json_w_kstr(w, "backup_link", (str){link, sizeof link});
}

const struct kind kind_site_restored = {
    FACT_SITE_RESTORED, 1, "site.restored", restored_decide, restored_write, restored_print, NULL};
