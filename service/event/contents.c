#include "service/event/contents.h"
#include "common/arena.h"
#include <string.h>

static void repeat_put(struct buf *b, bool there, const struct digest16 *d)
{
    if (there) buf_add(b, (str){(const char *)d->b, sizeof d->b});
}

static bool repeat_get(struct bytes_r *r, struct digest16 *out)
{
    if (r->bad || r->p == r->end) return false;
    str s = bytes_get_raw(r, sizeof out->b);
    if (s.n == sizeof out->b) memcpy(out->b, s.p, s.n);
    return s.n == sizeof out->b;
}

static status corrupt(void)
{
    return fail(ST_STORE, "record.corrupt", 0, "what a line reported breaks off");
}

void firsts_put(struct buf *b, const struct firsts *x)
{
    unsigned counts = x->before.n > 0 ? FIRSTS_COUNTS : 0;

    bytes_u(b, x->level | (x->is_sscc ? LEVEL_IS_SSCC : 0u) | counts, 1);
    if (counts) counts_put(b, &x->before);
    repeat_put(b, x->has_repeat, &x->repeat);
}

status firsts_get(struct bytes_r *rest, struct arena *a, struct firsts *out)
{
    unsigned level = (unsigned)bytes_get_u(rest, 1);
    struct firsts x = {.level = level & (FIRSTS_COUNTS - 1), .is_sscc = level & LEVEL_IS_SSCC};

    if (level & FIRSTS_COUNTS && !counts_get(rest, a, &x.before)) return corrupt();
    x.has_repeat = repeat_get(rest, &x.repeat);
    if (!bytes_end(rest) || x.level >= PRODUCT_LEVELS_MAX) return corrupt();
    *out = x;
    return OK;
}

void contents_put(struct buf *b, const struct fact *f, const struct contents *c)
{
    const struct tally *one = c->tallies;
    bool mixed = c->tally_count > 1 || (c->tally_count == 1 && one->lot != f->lot);
    bool other = c->lot != f->lot;

    bytes_u(b, c->flags | (mixed ? CONTENTS_MIXED : 0u) | (other ? CONTENTS_LOT : 0u), 1);
    bytes_u(b, c->level_before * 16u + c->level, 1);
    if (other) bytes_var(b, c->lot);
    if (!mixed && c->tally_count == 1) bytes_u(b, one->level, 1);
    if (mixed) bytes_var(b, c->tally_count);
    for (uint32_t i = 0; mixed && i < c->tally_count; i++) {
        bytes_var(b, c->tallies[i].lot);
        bytes_u(b, c->tallies[i].level, 1);
        bytes_var(b, c->tallies[i].count);
    }
    if (c->flags & CONTENTS_WATCHED)
        bytes_u(b, c->shift_cases | (c->shift_offset > 0 ? SHIFT_RAISED : 0u), 1);
    if (c->flags & CONTENTS_WATCHED && c->shift_offset > 0) {
        bytes_var(b, c->shift_offset);
        bytes_u(b, c->shift_unit.v, 8);
        bytes_u(b, c->shift_container.v, 8);
    }
    repeat_put(b, c->has_repeat, &c->repeat);
}

static void shift_get_of(struct bytes_r *rest, struct contents *c)
{
    unsigned watched = (unsigned)bytes_get_u(rest, 1);

    c->shift_cases = watched & (SHIFT_RAISED - 1);
    if (!(watched & SHIFT_RAISED)) return;
    c->shift_offset = bytes_get_var(rest);
    c->shift_unit.v = bytes_get_u(rest, 8);
    c->shift_container.v = bytes_get_u(rest, 8);
}

// Together they are all the children.
static bool tallies_get(struct bytes_r *r, struct contents *c, uint64_t children, struct arena *a)
{
    uint64_t n = bytes_get_var(r);

    if (n > (uint64_t)(r->end - r->p)) return false; // a tally takes three bytes or more
    c->tallies = NEW_ARRAY(a, struct tally, n + 1);
    for (; c->tallies != NULL && c->tally_count < n; c->tally_count++) {
        struct tally *t = &c->tallies[c->tally_count];
        t->lot = (uint32_t)bytes_get_var(r);
        t->level = (uint8_t)bytes_get_u(r, 1);
        t->count = bytes_get_var(r);
        if (t->level >= PRODUCT_LEVELS_MAX || t->count == 0 || t->count > children) return false;
        children -= t->count;
    }
    return c->tallies != NULL && n > 0 && children == 0;
}

status contents_get(struct bytes_r *rest, const struct fact *f, uint64_t children, struct arena *a,
                    struct contents *out)
{
    struct contents c = {.flags = (unsigned)bytes_get_u(rest, 1), .lot = f->lot};
    unsigned levels = (unsigned)bytes_get_u(rest, 1);

    c.level_before = (uint8_t)(levels / 16);
    c.level = levels % 16;
    if (c.level_before >= PRODUCT_LEVELS_MAX || c.level >= PRODUCT_LEVELS_MAX) return corrupt();
    if (c.flags & CONTENTS_LOT) c.lot = (uint32_t)bytes_get_var(rest);
    if (c.flags & CONTENTS_MIXED) {
        if (!tallies_get(rest, &c, children, a)) return corrupt();
    } else if (children > 0) {
        c.tallies = NEW(a, struct tally);
        if (c.tallies == NULL) return corrupt();
        c.tally_count = 1;
        *c.tallies = (struct tally){f->lot, (uint8_t)bytes_get_u(rest, 1), children};
        if (c.tallies->level >= PRODUCT_LEVELS_MAX) return corrupt();
    }
    if (c.flags & CONTENTS_WATCHED) shift_get_of(rest, &c);
    c.has_repeat = repeat_get(rest, &c.repeat);
    if (!bytes_end(rest)) return corrupt();
    *out = c;
    return OK;
}
