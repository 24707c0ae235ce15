// decided part of `numbers.recovered`: as of `numbers.issued`
// decided part of `pools.advanced`: flags 1 (1 tests names) | reason str, by str | files var, and
//   of each: name str, first half of its SHA-256 16, numbers var | where two people signed it: two
//   signatures
#include "service/pool/recover.h"
#include "common/arena.h"
#include "common/bytes.h"
#include "service/journal/restored.h"
#include "service/pool/take.h"

static status unfit(const char *reason, const struct recover_ask *a, const char *how)
{
    return fail(ST_CONFLICT, reason, 0, "space %u of pool %u: %s", a->space, a->pool, how);
}

// The row as it is, or as the fact will make it.
static status place_find(struct decide *d, struct pool_row *p, struct space_row *s)
{
    const struct recover_ask *a = d->ask;
    struct space_row taken;

    if (!pool_row_get(d->t, a->pool, p)) return unfit("evidence.pool", a, "there is no such pool");
    if (!space_row_get(d->t, a->opens ? pool_newest(p) : a->space, s) || s->pool != a->pool)
        return unfit("evidence.pool", a, "it is none of this pool");
    if (a->to > s->capacity) return unfit("evidence.mark", a, "the mark is beyond its end");
    if (!a->opens) return OK;
    if (space_row_get(d->t, a->space, &taken) || p->space_count == POOL_SPACES_MAX)
        return unfit("evidence.space", a, "another space has its number");
    s->space = a->space;
    s->epoch = a->epoch;
    s->high = s->ahead = s->back = 0;
    s->tests_lists = numbers_are_known(d->t, s->client, &p->id);
    return OK;
}

static status numbers_find(struct decide *d, const struct recover_ask *a, struct take *k)
{
    const struct site *site = d->app;
    struct number_space fresh;

    k->to = a->to;
    k->wanted = (uint32_t)(a->to - k->row->high);
    k->consumed = k->wanted;
    if (k->row->sort == SPACE_OF_LIST) return restored_get(d->t).frozen ? OK : list_take(k);
    if (!a->opens) return space_take(k);
    TRY(space_build(site, k->row, &fresh));
    k->fresh = &fresh;
    status st = space_take(k);
    k->fresh = NULL;
    space_fini(&fresh);
    return st;
}

void recovered_put(struct decide *d, const struct take *k, unsigned flags)
{
    const struct pool_row *p = k->pool;
    struct buf *out = d->out;

    flags |= (p->kind == POOL_LIST ? 1u : 0u) | (p->kind == POOL_SSCC ? 4u : 0u) |
             (k->row->tests_lists ? 8u : 0u);
    bytes_u(out, flags, 1);
    bytes_u(out, p->pool, 4);
    bytes_u(out, k->row->space, 3);
    bytes_u(out, k->row->epoch, 4);
    bytes_u(out, k->row->high, 5);
    bytes_u(out, k->consumed, 5);
    bytes_u(out, k->consumed - k->skip_count, 4);
    buf_add(out, (str){k->row->gtin, sizeof k->row->gtin});
    for (int i = 0; i < 3; i++) bytes_str(out, (str){"", 0}); // line, lot, order
    skips_put(out, k->row->high, k->skips, k->skip_count);
}

static status recovered_decide(struct decide *d)
{
    const struct recover_ask *a = d->ask;
    struct pool_row p;
    struct space_row s;
    struct take k = {
        .names = names_here(d->app), .t = d->t, .arena = d->arena, .pool = &p, .row = &s};

    TRY(place_find(d, &p, &s));
    d->fact->client = s.client;
    d->nothing = a->to <= s.high && !a->opens;
    if (d->nothing) return OK;
    if (a->to - s.high > UINT32_MAX) return unfit("evidence.mark", a, "it moved too far");
    TRY(numbers_find(d, a, &k));
    recovered_put(d, &k, a->opens ? 2u : 0u);
    return txn_status(d->t);
}

static void recovered_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    issued_write(t, f, REQUEST_CONFIRMED);
}

const struct kind kind_numbers_recovered = {
    FACT_NUMBERS_RECOVERED, 1,   "numbers.recovered", recovered_decide, recovered_write,
    issued_print,           NULL};

// ---- the end

enum { TESTS_NAMES = 1 };

static status advanced_decide(struct decide *d)
{
    const struct advance_ask *a = d->ask;

    if (!a->evident && a->reason.n == 0)
        return fail(ST_CONFLICT, "evidence.none", 0,
                    "nothing tells of numbers given since the backup, and nobody accepts it");
    TRY(second_pair_check(d, SECOND_ADVANCE, &a->pair));
    bytes_u(d->out, a->tests_names ? TESTS_NAMES : 0, 1);
    bytes_str(d->out, a->reason);
    bytes_str(d->out, a->by);
    bytes_var(d->out, a->n);
    for (uint32_t i = 0; i < a->n; i++) {
        bytes_str(d->out, a->files[i].name);
        buf_add(d->out, (str){(const char *)a->files[i].sum.b, sizeof a->files[i].sum.b});
        bytes_var(d->out, a->files[i].numbers);
    }
    second_pair_put(d->out, &a->pair);
    return OK;
}

static void advanced_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct restored r = restored_get(t);

    (void)arg;
    if (f->decided.n == 0) {
        txn_spoil(t, "record.corrupt", "an advance of pools");
        return;
    }
    r.frozen = false;
    if (f->decided.p[0] & TESTS_NAMES) r.tests_names = true;
    restored_put(t, &r);
}

static void advanced_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r in = bytes_reader(f->decided);
    struct second_pair pair;

    (void)arg;
    (void)bytes_get_u(&in, 1);
    str reason = bytes_get_str(&in), by = bytes_get_str(&in);
    uint64_t n = bytes_get_var(&in);
    if (reason.n > 0) json_w_kstr(w, "reason", reason);
    if (by.n > 0) json_w_kstr(w, "by", by);
    json_w_key(w, S("evidence"));
    json_w_array(w);
    for (; n > 0 && !in.bad; n--) {
        str name = bytes_get_str(&in), sum = bytes_get_raw(&in, 16);
        uint64_t numbers = bytes_get_var(&in);
        char hex[32];
        if (in.bad) break;
        hex_put(hex, sum.p, sum.n);
        json_w_object(w);
        json_w_kstr(w, "file", name);
        json_w_kstr(w, "sha256", (str){hex, sizeof hex});
        json_w_kint(w, "numbers", (int64_t)numbers);
        json_w_end(w);
    }
    json_w_end(w);
    if (second_pair_read(f, &in, &pair)) second_pair_write(w, &pair);
}

const struct kind kind_pools_advanced = {
    FACT_POOLS_ADVANCED, 2,   "pools.advanced", advanced_decide, advanced_write,
    advanced_print,      NULL};
const struct kind kind_pools_advanced_1 = {
    FACT_POOLS_ADVANCED, 1, "pools.advanced", NULL, advanced_write, advanced_print, NULL};
