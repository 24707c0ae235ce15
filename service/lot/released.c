// Runs in the committer: gets, and in released_note what exceptions put.
#include "service/lot/released.h"
#include "service/exception/exception.h"

// ---- numbers

static status refuse_closed(const struct lot *lot)
{
    return fail(ST_CONFLICT, "lot.closed", 0, "lot: it is %s", lot_state_word(lot->state));
}

static status check_state(const struct lot *lot, const struct for_lot *n)
{
    bool open = lot_takes_commission(lot->state);

    switch (n->what) {
    case FOR_LOT_ISSUE: return open || n->is_sscc ? OK : refuse_closed(lot);
    case FOR_LOT_TO_POOL: return open ? OK : refuse_closed(lot);
    case FOR_LOT_TO_OWNER: break;
    }
    if (lot->state != LOT_RELEASED || n->is_sscc) return OK;
    return fail(ST_CONFLICT, "lot.released", 0, "its lot is released, its balance is signed");
}

status lot_takes_numbers(struct txn *t, const struct for_lot *n)
{
    struct gtin_row g;
    struct lot lot;

    if (n->lot.n == 0 || n->gtin[0] == 0 || !gtin_get(t, n->gtin, &g)) return OK;
    uint32_t number = lot_number(t, n->client, g.product, n->lot);
    if (number == 0 || !lot_view(t, number, &lot)) return OK;
    if (n->line.n > 0 && !lot_takes_line(&lot, n->line))
        return fail(ST_CONFLICT, "lot.line", 0, "the lot is not for line %.*s", STR(n->line));
    return check_state(&lot, n);
}

// ---- the release

static bool is_broken(const struct balance *b, const struct balance_level *l)
{
    bool serials = l->level < b->shape.levels && !b->shape.level[l->level].is_sscc;
    uint64_t n = serials ? balance_unexplained(l, DIFFERENCE_UNKNOWN_FATE) : 0;

    for (enum difference d = DIFFERENCE_PHYSICAL; d < DIFFERENCE_END; d++)
        n += balance_unexplained(l, d);
    return n > 0;
}

bool released_is_broken(const struct balance *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (is_broken(b, &b->level[i])) return true;
    return false;
}

static status check_time(struct txn *t, const struct released_ask *ask, uint64_t signed_seq)
{
    struct fact f;

    if (ask->left_ms == 0 || signed_seq == 0) return OK;
    TRY(journal_get_header(t, signed_seq, &f));
    if (ask->left_ms + (int64_t)ask->ahead_ms >= f.at.ms) return OK;
    return fail(ST_CONFLICT, "time.before", 0, "time: it is before its lot was released");
}

status released_check(struct txn *t, const struct released_ask *ask, struct arena *a)
{
    struct balance b;
    struct lot lot;

    if (!lot_get(t, ask->lot, a, &lot)) return txn_status(t);
    if (lot.state != LOT_RELEASED) return OK;
    TRY(balance_of(t, &lot, a, &b));
    if (released_is_broken(&b))
        return fail(ST_CONFLICT, "lot.unbalanced", 0,
                    "lot %.*s no longer comes out as it was released: reopen it", STR(lot.lot));
    return check_time(t, ask, b.papers.signed_[SIGNED_RELEASE]);
}

void released_note(struct txn *t, const struct fact *f, uint32_t number)
{
    struct balance b;
    struct arena a;
    struct lot lot;

    if (lot_state_get(t, number) != LOT_RELEASED) return;
    arena_init(&a, 4 * MB);
    if (!lot_get(t, number, &a, &lot) || balance_of(t, &lot, &a, &b).cls != ST_OK) {
        txn_spoil(t, "store.corrupt", "the balance of a released lot");
        b.n = 0;
    }
    for (uint32_t i = 0; i < b.n; i++) {
        uint8_t level = b.level[i].level;
        struct digest16 about = exception_about(number, level + 1u);
        struct exception_end end = {f->client, EXCEPTION_OF_COUNT_DIFFERENCE, about};
        if (!is_broken(&b, &b.level[i]))
            exception_settle(t, f, &end);
        else
            exception_raise(t, f,
                            &(struct exception){.kind = EXCEPTION_OF_COUNT_DIFFERENCE,
                                                .index = level,
                                                .code = S("lot.unbalanced"),
                                                .lot = number,
                                                .about = about});
    }
    arena_fini(&a);
}
