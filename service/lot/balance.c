#include "service/lot/balance.h"
#include "common/bytes.h"
#include "common/digest.h"
#include "service/exception/exception.h"
#include <string.h>

static bool is_sscc(const struct shape *s, uint8_t level)
{
    return level >= s->levels || s->level[level].is_sscc;
}

// ---- numbers

static void add_numbers(struct balance_level *l, const struct lot_level_counts *c,
                        uint64_t returned)
{
    l->numbers.issued += c->issued;
    l->numbers.others += c->others;
    l->numbers.returned += returned;
    l->numbers.invalid += c->invalid;
    l->numbers.elsewhere += c->elsewhere;
    l->numbers.commissioned += c->commissioned;
    l->numbers.scrapped += c->scrapped;
    l->numbers.label_sampled += c->label_sampled;
    l->numbers.lost_on_line += c->lost_numbers;
    l->numbers.stolen += c->stolen_numbers;
    l->numbers.printed += c->printed;
    l->numbers.unread += c->unread;
}

static void settle_numbers(struct balance_level *l)
{
    uint64_t in = l->numbers.issued + l->numbers.others;
    uint64_t out = l->numbers.returned + l->numbers.invalid + l->numbers.elsewhere +
                   l->numbers.commissioned + l->numbers.scrapped + l->numbers.label_sampled +
                   l->numbers.lost_on_line + l->numbers.stolen;

    l->difference[DIFFERENCE_UNKNOWN_FATE] = (int64_t)in - (int64_t)out;
    l->numbers.unknown_fate = in > out ? in - out : 0;
}

// ---- goods

static void settle_goods(struct balance_level *l)
{
    const struct lot_level_counts *c = &l->now;
    uint64_t gone = c->packed + c->shipped + c->sampled + c->inactive + c->dissolved +
                    c->destroyed + c->lost + c->stolen + c->open;

    l->goods.commissioned = c->commissioned;
    l->goods.in_containers = c->packed;
    l->goods.open = c->open;
    l->goods.shipped = c->shipped;
    l->goods.sampled = c->sampled;
    l->goods.inactive = c->inactive;
    l->goods.dissolved = c->dissolved;
    l->goods.destroyed = c->destroyed;
    l->goods.lost = c->lost;
    l->goods.stolen = c->stolen;
    l->goods.loose = c->commissioned > gone ? c->commissioned - gone : 0;
    l->difference[DIFFERENCE_OPEN] = (int64_t)c->open;
    if (l->has_above) l->difference[DIFFERENCE_LOOSE] = (int64_t)l->goods.loose;
}

// ---- what machines and people counted

// A label that was printed became a unit, scrap or a sample, or nobody knows; the camera saw good
// packs and bad labels, and these lie in the bin.
static void settle_physical(struct balance_level *l, const struct lot_papers *p)
{
    uint64_t bad = l->now.scrapped + l->now.unread;
    uint64_t expected[PHYSICAL_END] = {
        [PHYSICAL_PRINTER] = l->now.commissioned + l->now.scrapped + l->now.label_sampled +
                             l->now.printed + l->now.lost_numbers + l->now.stolen_numbers,
        [PHYSICAL_CAMERA_GOOD] = l->now.commissioned,
        [PHYSICAL_CAMERA_BAD] = bad,
        [PHYSICAL_REJECT_BIN] = bad,
    };

    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        l->physical[i].said = p->level[l->level].physical[i].seq != 0;
        l->physical[i].value = p->level[l->level].physical[i].value;
        l->physical[i].seq = p->level[l->level].physical[i].seq;
        l->physical[i].expected = expected[i];
        if (l->physical[i].said)
            l->difference[DIFFERENCE_PHYSICAL + i] =
                (int64_t)l->physical[i].value - (int64_t)expected[i];
    }
}

static void take_level(struct balance *b, const struct lot_counts *c, uint8_t level)
{
    struct balance_level *l = &b->level[b->n++];

    l->level = level;
    l->has_above = level < b->shape.levels && shape_has_above(&b->shape, level);
    l->now = c->level[level];
    settle_goods(l);
    settle_physical(l, &b->papers);
}

static void take_numbers(struct balance *b, const struct lot_counts *c, const uint64_t *returned)
{
    for (uint32_t i = 0; i < b->n; i++) {
        struct balance_level *l = &b->level[i];
        bool sscc = is_sscc(&b->shape, l->level);
        l->has_numbers = !sscc || l->level == shape_sscc_empty(&b->shape);
        for (uint8_t k = 0; k < PRODUCT_LEVELS_MAX && l->has_numbers; k++)
            if (k == l->level || (sscc && is_sscc(&b->shape, k)))
                add_numbers(l, &c->level[k], returned[k]);
        if (l->has_numbers) settle_numbers(l);
    }
}

// ---- what was explained by count

#define TERMS_MAX 16u

struct terms {
    uint64_t at[TERMS_MAX];
    size_t n;
};

static void terms_take(struct terms *t, const void *from, size_t size)
{
    assert(size <= sizeof t->at);
    memcpy(t->at, from, size);
    t->n = size / sizeof t->at[0];
}

static struct terms terms_of(const struct balance_level *l, enum difference d)
{
    struct terms t = {.n = 0};

    if (d == DIFFERENCE_UNKNOWN_FATE) { // from issued to stolen: what follows is left over
        terms_take(&t, &l->numbers,
                   offsetof(struct balance_level, numbers.unknown_fate) -
                       offsetof(struct balance_level, numbers));
    } else if (d < DIFFERENCE_PHYSICAL) {
        terms_take(&t, &l->goods, sizeof l->goods);
    } else {
        uint32_t k = (uint32_t)(d - DIFFERENCE_PHYSICAL);
        t = (struct terms){
            {l->physical[k].value, l->physical[k].seq, l->physical[k].expected},
            3
        };
    }
    return t;
}

static uint64_t basis_of(const struct balance_level *l, enum difference d)
{
    char bytes[TERMS_MAX * 8];
    struct terms t = terms_of(l, d);

    for (size_t i = 0; i < t.n; i++) put_be(bytes + 8 * i, t.at[i], 8);
    struct sha256 sum = sha256_of((str){bytes, 8 * t.n});
    return get_be(sum.b, 8);
}

// What a release was signed over stands as it was signed, whatever its goods do afterwards.
static void take_explained(struct balance *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        struct balance_level *l = &b->level[i];
        for (enum difference d = 0; d < DIFFERENCE_END; d++) {
            uint64_t count = b->papers.level[l->level].explained[d].count;
            l->basis[d] = basis_of(l, d);
            bool holds = b->papers.level[l->level].explained[d].basis == l->basis[d] ||
                         b->lot.state == LOT_RELEASED;
            l->explained[d] = holds ? count : 0;
            l->outdated[d] = holds ? 0 : count;
        }
    }
}

static bool is_used(const struct balance *b, const struct lot_counts *c, uint8_t level)
{
    static const struct lot_level_counts nothing;

    if (level < b->shape.levels) return !b->shape.level[level].label_only;
    return level == LEVEL_SSCC && memcmp(&c->level[level], &nothing, sizeof nothing) != 0;
}

status balance_of(struct txn *t, const struct lot *lot, struct arena *a, struct balance *out)
{
    struct lot_counts c = lot_counts_get(t, lot->number);
    uint64_t returned[PRODUCT_LEVELS_MAX];

    *out = (struct balance){.lot = *lot};
    TRY(product_get_version(t, lot->product, lot->product_version, a, &out->product));
    out->shape = shape_of(&out->product);
    lot_papers_get(t, lot->number, &out->papers);
    lot_asked(t, lot, &out->product, &c, returned);
    out->unconfirmed = c.unconfirmed;
    for (uint8_t i = 0; i < PRODUCT_LEVELS_MAX; i++)
        if (is_used(out, &c, i)) take_level(out, &c, i);
    take_numbers(out, &c, returned);
    take_explained(out);
    return txn_status(t);
}

uint64_t balance_unexplained(const struct balance_level *l, enum difference d)
{
    int64_t x = l->difference[d];
    uint64_t n = x < 0 ? (uint64_t)-x : (uint64_t)x;

    return n > l->explained[d] ? n - l->explained[d] : 0;
}

static uint64_t open_lines(const struct balance_level *l)
{
    uint64_t n = 0;

    for (enum difference d = 0; d < DIFFERENCE_END; d++) n += balance_unexplained(l, d) > 0;
    return n;
}

uint64_t balance_open_lines(const struct balance *b)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < b->n; i++) n += open_lines(&b->level[i]);
    return n;
}

str balance_level_word(const struct balance *b, uint8_t level)
{
    return level < b->product.level_count ? b->product.levels[level].level : S("sscc");
}

bool balance_level_find(const struct balance *b, str word, uint8_t *level)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (str_eq(word, balance_level_word(b, b->level[i].level)))
            return *level = b->level[i].level, true;
    return false;
}

void balance_with(struct balance *b, uint8_t level, enum difference d, uint64_t count)
{
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->level[i].level != level) continue;
        b->level[i].explained[d] += count;
        b->level[i].outdated[d] = 0;
    }
}

void balance_explain(struct txn *t, uint32_t lot, uint8_t level, enum difference d, uint64_t count)
{
    struct balance b;
    struct arena a;
    struct lot x;

    arena_init(&a, 4 * MB);
    if (lot_get(t, lot, &a, &x) && balance_of(t, &x, &a, &b).cls == ST_OK) {
        for (uint32_t i = 0; i < b.n; i++) {
            if (b.level[i].level != level) continue;
            b.papers.level[level].explained[d].count = b.level[i].explained[d] + count;
            b.papers.level[level].explained[d].basis = b.level[i].basis[d];
        }
        lot_papers_put(t, lot, &b.papers);
    } else {
        txn_spoil(t, "store.corrupt", "the balance of a lot");
    }
    arena_fini(&a);
}

void balance_note(struct txn *t, const struct fact *f, uint32_t lot, bool raise)
{
    struct balance b;
    struct arena a;
    struct lot x;

    arena_init(&a, 4 * MB);
    if (!lot_get(t, lot, &a, &x) || balance_of(t, &x, &a, &b).cls != ST_OK) {
        txn_spoil(t, "store.corrupt", "the balance of a lot");
        b.n = 0;
    }
    for (uint32_t i = 0; i < b.n; i++) {
        uint8_t level = b.level[i].level;
        struct digest16 about = exception_about(lot, level + 1u);
        if (open_lines(&b.level[i]) == 0)
            exception_settle(
                t, f, &(struct exception_end){f->client, EXCEPTION_OF_COUNT_DIFFERENCE, about});
        else if (raise)
            exception_raise(t, f,
                            &(struct exception){.kind = EXCEPTION_OF_COUNT_DIFFERENCE,
                                                .index = level,
                                                .code = S("lot.unbalanced"),
                                                .lot = lot,
                                                .about = about});
    }
    arena_fini(&a);
}
