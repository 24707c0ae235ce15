// decided part: day 2, count 4: the first `count` rows 'I' go, all of days before that day.
#include "service/journal/pruned.h"
#include "common/bytes.h"

// A key may still be looked for in a snapshot that a loop took just before midnight.
bool pruned_due(struct txn *t, wall now, struct pruned *out)
{
    unsigned today = idempotency_day(now);

    if (today <= IDEMPOTENCY_DAYS + 1) return false;
    out->below = today - IDEMPOTENCY_DAYS - 1;
    out->count = idempotency_oldest(t, out->below, PRUNE_ROWS);
    return out->count > 0;
}

static status pruned_decide(struct decide *d)
{
    const struct pruned *p = d->ask;

    bytes_u(d->out, p->below, 2);
    bytes_u(d->out, p->count, 4);
    return OK;
}

static void pruned_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    bytes_get_u(&r, 2);
    uint32_t count = (uint32_t)bytes_get_u(&r, 4);
    if (!bytes_end(&r) || !idempotency_forget(t, count))
        txn_spoil(t, "record.corrupt", "keys that are forgotten");
}

static void pruned_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    bytes_get_u(&r, 2);
    json_w_kint(w, "keys", (int64_t)bytes_get_u(&r, 4));
}

const struct kind kind_keys_pruned = {
    FACT_KEYS_PRUNED, 1, "keys.pruned", pruned_decide, pruned_write, pruned_print, NULL};
