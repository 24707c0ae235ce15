// row '4' lot 4 -> seq of the fact that amended `extra` var, seqs of the newest release, reopening
//     and recall var, then per level: mask 2, for each bit a var: physical counters (value var,
//     seq var), then what was explained by count: count var, basis 8
// row '4' lot 4, seq 8 -> kind of that fact 2: a paper of the lot
#include "common/bytes.h"
#include "service/lot/lot_int.h"
#include "service/lot/papers.h"
#include <string.h>

const char *physical_word(enum physical p)
{
    static const char *const words[] = {
#define X(name, word) word,
        PHYSICALS(X)
#undef X
    };

    assert(p < PHYSICAL_END);
    return words[p];
}

const char *difference_word(enum difference d)
{
    static const char *const words[] = {"unknown_fate", "loose", "open"};

    if (d < DIFFERENCE_PHYSICAL) return words[d];
    return physical_word((enum physical)(d - DIFFERENCE_PHYSICAL));
}

struct key {
    char b[13];
};

static struct key key_of(uint32_t lot, uint64_t seq)
{
    struct key k = {.b = {ROW_LOT_PAPER}};

    put_be(k.b + 1, lot, 4);
    put_be(k.b + 5, seq, 8);
    return k;
}

static void level_get(struct bytes_r *r, struct lot_papers *p, unsigned level)
{
    unsigned mask = (unsigned)bytes_get_u(r, 2);

    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        if (!(mask & 1u << i)) continue;
        p->level[level].physical[i].value = bytes_get_var(r);
        p->level[level].physical[i].seq = bytes_get_var(r);
    }
    for (unsigned i = 0; i < DIFFERENCE_END; i++)
        if (mask & 0x10u << i) {
            p->level[level].explained[i].count = bytes_get_var(r);
            p->level[level].explained[i].basis = bytes_get_u(r, 8);
        }
}

void lot_papers_get(struct txn *t, uint32_t lot, struct lot_papers *out)
{
    struct key k = key_of(lot, 0);
    str v;

    *out = (struct lot_papers){0};
    if (!txn_get(t, DB_ROWS, (str){k.b, 5}, &v)) return;
    struct bytes_r r = bytes_reader(v);
    out->extra_seq = bytes_get_var(&r);
    for (unsigned i = 0; i < SIGNED_END; i++) out->signed_[i] = bytes_get_var(&r);
    for (unsigned i = 0; i < PRODUCT_LEVELS_MAX; i++) level_get(&r, out, i);
    if (bytes_end(&r)) return;
    txn_spoil(t, "store.corrupt", "the papers of a lot");
    *out = (struct lot_papers){0};
}

static void level_put(struct buf *b, const struct lot_papers *p, unsigned level)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < PHYSICAL_END; i++)
        if (p->level[level].physical[i].seq != 0) mask |= 1u << i;
    for (unsigned i = 0; i < DIFFERENCE_END; i++)
        if (p->level[level].explained[i].count != 0) mask |= 0x10u << i;
    bytes_u(b, mask, 2);
    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        if (!(mask & 1u << i)) continue;
        bytes_var(b, p->level[level].physical[i].value);
        bytes_var(b, p->level[level].physical[i].seq);
    }
    for (unsigned i = 0; i < DIFFERENCE_END; i++)
        if (mask & 0x10u << i) {
            bytes_var(b, p->level[level].explained[i].count);
            bytes_u(b, p->level[level].explained[i].basis, 8);
        }
}

void lot_papers_put(struct txn *t, uint32_t lot, const struct lot_papers *p)
{
    struct key k = key_of(lot, 0);
    struct buf b;

    buf_init(&b, 4 * KB);
    bytes_var(&b, p->extra_seq);
    for (unsigned i = 0; i < SIGNED_END; i++) bytes_var(&b, p->signed_[i]);
    for (unsigned i = 0; i < PRODUCT_LEVELS_MAX; i++) level_put(&b, p, i);
    txn_put(t, DB_ROWS, (str){k.b, 5}, buf_str(&b));
    buf_fini(&b);
}

void paper_note(struct txn *t, uint32_t lot, const struct fact *f)
{
    struct key k = key_of(lot, f->seq);
    char v[2];

    put_be(v, f->kind, sizeof v);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
    lot_note(t, f->client, lot, f->seq);
}

void paper_walk_open(struct paper_walk *w, struct txn *t, uint32_t lot)
{
    struct key k = key_of(lot, 0);

    memcpy(w->prefix, k.b, sizeof w->prefix);
    w->walk = walk_open(t, DB_ROWS, (str){w->prefix, 5}, (str){w->prefix, 5});
}

bool paper_walk_next(struct paper_walk *w, uint64_t *seq, unsigned *kind)
{
    str k, v;

    while (walk_next(&w->walk, &k, &v)) {
        if (k.n != sizeof(struct key) || v.n != 2) continue; // the row of all
        *seq = get_be(k.p + 5, 8);
        *kind = (unsigned)get_be(v.p, 2);
        return true;
    }
    return false;
}
