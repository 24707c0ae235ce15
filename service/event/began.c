// Numbers that begin with another lot than the one they were asked for (or with one, asked for
// none): both lots count them, so that the balance of each comes out. Reads the ledger alone.
#include "service/event/report_int.h"

struct begun {
    struct unit_writing *w;
    struct space_row space;
    struct issue_row issue; // who got the number
};

// The lot that it was asked for; *n: so many from it on share that.
static uint32_t asked_for(struct begun *b, unit_id u, uint64_t *n)
{
    struct txn *t = b->w->t;
    struct request_row q;
    struct gtin_row g;

    *n = 1;
    if (!issue_of(t, u, &b->issue) || !request_get(t, b->issue.seq, &q)) return 0;
    *n = b->issue.first + b->issue.consumed - unit_ordinal(u);
    if (q.lot.n == 0 || q.client.v != b->w->f->client.v || !gtin_get(t, q.gtin, &g)) return 0;
    return lot_number(t, q.client, g.product, q.lot);
}

// SSCCs are asked for without a level: they count with the innermost of the lot's.
static uint8_t level_of(struct begun *b, uint32_t lot)
{
    struct lot_brief brief;
    struct shape shape;

    if (b->space.level != 0xff) return b->space.level;
    if (lot_brief_get(b->w->t, lot, &brief) &&
        shape_of_lot(b->w->t, &brief, &b->w->arena, &shape).cls == ST_OK)
        return shape_sscc_empty(&shape);
    txn_spoil(b->w->t, "store.corrupt", "the product of a lot");
    return LEVEL_SSCC;
}

static void count(struct begun *b, uint32_t lot, enum count what, uint64_t n)
{
    if (lot == 0) return;
    writing_count(b->w, (struct count_of){lot, level_of(b, lot), what}, (int64_t)n);
}

void writing_began(struct unit_writing *w, const struct runs *units, uint32_t lot)
{
    struct begun b = {.w = w};

    for (uint32_t i = 0; i < units->n; i++) {
        uint64_t left = units->at[i].count, n;
        if (!space_get(w->t, unit_space(units->at[i].first), &b.space)) return;
        if (b.space.sort == SPACE_OF_FOREIGN) continue; // counted with no lot
        for (unit_id u = units->at[i].first; left > 0; u.v += n, left -= n) {
            uint32_t asked = asked_for(&b, u, &n);
            if (n > left) n = left;
            if (asked == lot) continue;
            count(&b, lot, COUNT_OTHERS, n);
            count(&b, asked, COUNT_ELSEWHERE, n);
        }
    }
}

void writing_was(struct unit_writing *w, unit_id u, const struct unit *x)
{
    struct begun b = {.w = w};
    enum count was = unit_counts_as(x);
    uint64_t n;

    if (was == 0 || x->first != 0 || !space_get(w->t, unit_space(u), &b.space)) return;
    uint32_t lot = b.space.sort == SPACE_OF_FOREIGN ? 0 : asked_for(&b, u, &n);
    if (lot != 0) writing_count(w, (struct count_of){lot, level_of(&b, lot), was}, -1);
}
