// `lot.counted`: what machines and people counted on the line, per level. decided part: lot 4 |
// level 1 | mask of counters 1 | value var each | reason str. A counter that is said anew is a new
// difference: what was explained of the old one is so no longer.
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"

bool lot_counted_get(str decided, struct lot_count_ask *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct lot_count_ask x = {.number = (uint32_t)bytes_get_u(&r, 4)};

    x.level = (uint8_t)bytes_get_u(&r, 1);
    unsigned mask = (unsigned)bytes_get_u(&r, 1);
    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        x.said[i] = mask & 1u << i;
        x.value[i] = x.said[i] ? bytes_get_var(&r) : 0;
    }
    x.reason = bytes_get_str(&r);
    if (!bytes_end(&r) || x.level >= PRODUCT_LEVELS_MAX) return false;
    *out = x;
    return true;
}

static status counted_decide(struct decide *d)
{
    const struct lot_count_ask *ask = d->ask;
    struct lot_brief lot;
    unsigned mask = 0;

    if (!lot_brief_get(d->t, ask->number, &lot)) return txn_status(d->t);
    d->fact->client = lot.client;
    d->fact->lot = ask->number;
    if (lot.state == LOT_RELEASED)
        return fail(ST_CONFLICT, "lot.released", 0, "the lot is released, with its balance signed");
    bytes_u(d->out, ask->number, 4);
    bytes_u(d->out, ask->level, 1);
    for (unsigned i = 0; i < PHYSICAL_END; i++) mask |= (ask->said[i] ? 1u : 0u) << i;
    bytes_u(d->out, mask, 1);
    for (unsigned i = 0; i < PHYSICAL_END; i++)
        if (ask->said[i]) bytes_var(d->out, ask->value[i]);
    bytes_str(d->out, ask->reason);
    return OK;
}

static void counted_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct lot_count_ask x;
    struct lot_papers p;

    (void)arg;
    if (!lot_counted_get(f->decided, &x)) {
        txn_spoil(t, "record.corrupt", "what was counted of a lot");
        return;
    }
    lot_papers_get(t, x.number, &p);
    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        if (!x.said[i]) continue;
        p.level[x.level].physical[i].value = x.value[i];
        p.level[x.level].physical[i].seq = f->seq;
        p.level[x.level].explained[DIFFERENCE_PHYSICAL + i].count = 0;
    }
    lot_papers_put(t, x.number, &p);
    paper_note(t, x.number, f);
    balance_note(t, f, x.number, lot_state_get(t, x.number) == LOT_CLOSED);
}

static void counted_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct lot_count_ask x;

    (void)arg;
    if (!lot_counted_get(f->decided, &x)) return;
    json_w_kint(w, "level", x.level);
    for (unsigned i = 0; i < PHYSICAL_END; i++)
        if (x.said[i]) json_w_kint(w, physical_word((enum physical)i), (int64_t)x.value[i]);
    if (x.reason.n > 0) json_w_kstr(w, "reason", x.reason);
}

const struct kind kind_lot_counted = {
    FACT_LOT_COUNTED, 1, "lot.counted", counted_decide, counted_write, counted_print, NULL};
