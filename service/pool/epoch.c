// decided part of `epoch.added`: epoch 4 | check bytes 8 | where somebody added it: reason str, by
// str | where two people signed it: two signatures
#include "service/pool/epoch.h"
#include "common/bytes.h"
#include <string.h>

struct key {
    char b[6];
};

static struct key key_of(uint32_t epoch)
{
    struct key k = {
        .b = {ROW_META, 'e'}
    };

    put_be(k.b + 2, epoch, 4);
    return k;
}

uint32_t epoch_now(struct txn *t)
{
    struct key first = key_of(0);
    struct walk w = walk_open(t, DB_ROWS, (str){first.b, 2}, (str){0});
    uint32_t epoch = 1;
    str k, v;

    if (walk_last(&w, &k, &v)) epoch = (uint32_t)get_be(k.p + 2, 4);
    walk_close(&w);
    return epoch;
}

static status check_one(const struct site_keys *keys, uint32_t epoch, const void *want)
{
    uint8_t have[SITE_KEY_CHECK_SIZE];

    if (epoch > keys->count)
        return fail(ST_STORE, "site_key.epoch", 0, "site.key has no epoch %u, which is in use",
                    epoch);
    site_keys_check(keys, epoch, have);
    if (memcmp(have, want, sizeof have) != 0)
        return fail(ST_STORE, "site_key.wrong", 0,
                    "the key of epoch %u in site.key is not the one of this site", epoch);
    return OK;
}

status epoch_check(struct txn *t, const struct journal_meta *meta, const struct site_keys *keys)
{
    uint32_t last = epoch_now(t);
    str v;

    TRY(check_one(keys, meta->epoch, meta->key_check));
    for (uint32_t e = 2; e <= last; e++) {
        struct key k = key_of(e);
        if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v) || v.n != SITE_KEY_CHECK_SIZE)
            return fail(ST_STORE, "store.corrupt", 0, "epoch %u of the site key is not known", e);
        TRY(check_one(keys, e, v.p));
    }
    return txn_status(t);
}

bool epoch_waits(struct txn *t, const struct site_keys *keys) { return epoch_now(t) < keys->count; }

status epoch_refusal(void)
{
    return fail(ST_CONFLICT, "epoch.waits", 0,
                "two people take the newer key of site.key into use: packtrail key add … --sign "
                "--second");
}

static status added_decide(struct decide *d)
{
    const struct site *site = d->app;
    static const struct epoch_ask nobody;
    const struct epoch_ask *ask = d->ask == NULL ? &nobody : d->ask;
    uint32_t next = epoch_now(d->t) + 1;
    uint8_t check[SITE_KEY_CHECK_SIZE];

    if (next > site->keys->count)
        return fail(ST_CONFLICT, "epoch.none", 0, "site.key has no epoch %u", next);
    TRY(second_pair_check(d, SECOND_ADD_KEY, &ask->pair));
    site_keys_check(site->keys, next, check);
    bytes_u(d->out, next, 4);
    buf_add(d->out, (str){(const char *)check, sizeof check});
    if (d->ask == NULL) return OK;
    bytes_str(d->out, ask->reason);
    bytes_str(d->out, ask->by);
    second_pair_put(d->out, &ask->pair);
    return OK;
}

struct added {
    uint32_t epoch;
    str check;
    struct epoch_ask said;
};

static bool added_get(const struct fact *f, struct added *out)
{
    struct bytes_r r = bytes_reader(f->decided);

    *out = (struct added){.epoch = (uint32_t)bytes_get_u(&r, 4)};
    out->check = bytes_get_raw(&r, SITE_KEY_CHECK_SIZE);
    if (r.p != r.end) {
        out->said.reason = bytes_get_str(&r);
        out->said.by = bytes_get_str(&r);
    }
    return second_pair_read(f, &r, &out->said.pair) && bytes_end(&r);
}

static void added_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct added x;

    (void)arg;
    if (!added_get(f, &x)) {
        txn_spoil(t, "record.corrupt", "a new epoch");
        return;
    }
    struct key k = key_of(x.epoch);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, x.check);
}

static void added_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct added x;

    (void)arg;
    if (!added_get(f, &x)) return;
    json_w_kint(w, "epoch", x.epoch);
    if (x.said.reason.n > 0) json_w_kstr(w, "reason", x.said.reason);
    if (x.said.by.n > 0) json_w_kstr(w, "by", x.said.by);
    second_pair_write(w, &x.said.pair);
}

const struct kind kind_epoch_added = {FACT_EPOCH_ADDED, 2,           "epoch.added", added_decide,
                                      added_write,      added_print, NULL};
const struct kind kind_epoch_added_1 = {FACT_EPOCH_ADDED, 1,           "epoch.added", NULL,
                                        added_write,      added_print, NULL};
