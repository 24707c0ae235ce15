// decided part of `lot.closed`: number 4 | varints open containers, unconfirmed, loose, unknown
//     fate | reason str | partners str (JSON items: who has not yet accepted everything)
#include "common/bytes.h"
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"

status lot_closed_get(str decided, struct lot_closed *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct lot_closed c = {.number = (uint32_t)bytes_get_u(&r, 4)};

    c.ends.open_containers = bytes_get_var(&r);
    c.ends.unconfirmed = bytes_get_var(&r);
    c.ends.loose = bytes_get_var(&r);
    c.ends.unknown_fate = bytes_get_var(&r);
    c.reason = bytes_get_str(&r);
    c.partners = bytes_get_str(&r);
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "a closed lot breaks off");
    *out = c;
    return OK;
}

static status loose_ends(struct decide *d, const struct lot *lot, struct lot_loose_ends *out)
{
    struct lot_loose_ends e = {0};
    struct balance b;

    TRY(balance_of(d->t, lot, d->arena, &b));
    e.unconfirmed = b.unconfirmed;
    for (uint32_t i = 0; i < b.n; i++) {
        const struct balance_level *l = &b.level[i];
        e.open_containers += l->goods.open;
        e.unknown_fate += l->numbers.unknown_fate;
        if (l->has_above) e.loose += l->goods.loose + l->goods.open;
    }
    *out = e;
    return OK;
}

static status closed_decide(struct decide *d)
{
    const struct lot_close_ask *ask = d->ask;
    struct lot_loose_ends e;
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    if (lot.state == LOT_RECALLED)
        return fail(ST_CONFLICT, "lot.recalled", 0, "the lot is recalled");
    if (!lot_takes_commission(lot.state)) { // closed already: what was told then
        d->repeat_seq = lot.closed_seq;
        return OK;
    }
    TRY(loose_ends(d, &lot, &e));
    bytes_u(d->out, lot.number, 4);
    bytes_var(d->out, e.open_containers);
    bytes_var(d->out, e.unconfirmed);
    bytes_var(d->out, e.loose);
    bytes_var(d->out, e.unknown_fate);
    bytes_str(d->out, ask->reason);
    bytes_str(d->out, ask->partners);
    return OK;
}

static void closed_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct lot_closed c;
    struct lot lot;
    struct arena a;

    (void)arg;
    arena_init(&a, 4 * MB);
    if (lot_closed_get(f->decided, &c).cls != ST_OK || !lot_get(t, c.number, &a, &lot)) {
        txn_spoil(t, "record.corrupt", "a closed lot");
    } else {
        lot.state = LOT_CLOSED;
        lot.closed_seq = f->seq;
        lot_put(t, &lot);
        paper_note(t, c.number, f);
        balance_note(t, f, c.number, true);
    }
    arena_fini(&a);
}

static void closed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct lot_closed c;

    (void)arg;
    if (lot_closed_get(f->decided, &c).cls != ST_OK) return;
    json_w_kint(w, "open_containers", (int64_t)c.ends.open_containers);
    json_w_kint(w, "unconfirmed", (int64_t)c.ends.unconfirmed);
    json_w_kint(w, "loose", (int64_t)c.ends.loose);
    json_w_kint(w, "unknown_fate", (int64_t)c.ends.unknown_fate);
    if (c.reason.n > 0) json_w_kstr(w, "reason", c.reason);
}

// A closed lot takes no more commissions. What is there may still be packed, closed, unpacked and
// have its labels scrapped: closing finds out what is missing, and those acts explain it.
const struct kind kind_lot_closed = {
    FACT_LOT_CLOSED, 1, "lot.closed", closed_decide, closed_write, closed_print, NULL};
