// The command that gives numbers out: the first ranked pool that has enough, all or nothing.
//
// Runs in the committer and within its budget: ten gets to decide and write and five puts, where
// there is no older epoch, no import to meet (take.c), and nothing has come back (reissue.c); three
// gets more where they are for a lot, two from a list.
#include "service/pool/issue.h"
#include "common/arena.h"
#include "common/bytes.h"
#include "service/journal/restored.h"
#include "service/pool/for_lot.h"
#include "service/pool/pool_int.h"
#include "service/pool/recover.h"
#include "service/pool/take.h"
#include <string.h>

#define DAY_MS 86400000

struct choice { // of a pool to take from
    struct decide *d;
    const struct issue_ask *ask;
    struct pool_row pool;
    struct space_row row;
    bool opens; // the row is of a space that this fact makes
    uint64_t left;
    uint64_t could; // numbers that one request could get
    struct take take;
    struct reissue again; // what had come back; `take` is of the rest
};

struct out { // of a pool
    uint64_t issued, back;
};

// Counted over all epochs, for they share their texts.
static struct out out_in_all(struct txn *t, const struct pool_row *p)
{
    struct out n = {0};
    struct space_row s;

    for (uint32_t i = 0; i < p->space_count; i++) {
        if (!space_row_get(t, p->spaces[i], &s)) continue;
        n.issued += s.issued;
        n.back += s.back;
    }
    return n;
}

static uint64_t less(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

uint64_t pool_left(struct txn *t, const struct pool_row *p, const struct space_row *newest)
{
    struct out n = p->space_count == 1 && p->spaces[0] == newest->space
                       ? (struct out){newest->issued, newest->back}
                       : out_in_all(t, p);
    uint64_t older = less(n.issued, newest->issued);
    uint64_t ahead = newest->sort == SPACE_OF_LIST ? 0 : newest->ahead; // beyond its capacity
    uint64_t left = less(newest->capacity, newest->high + ahead);

    left = less(left, less(older, newest->passed)); // those of them still to be passed over
    left += newest->back;                           // an older key's are not given again
    if (p->policy != POLICY_EU_FMD) return left;
    uint64_t allowed =
        less(newest->capacity / FMD_GUESS, n.issued - n.back); // REQ EU-FMD-4: one in 10,000
    return allowed < left ? allowed : left;
}

static bool is_too_late(const struct pool_row *p, wall now)
{
    return p->use_before != 0 && now.ms / DAY_MS >= p->use_before;
}

// A random pool goes on in a new space once the site has a newer key.
static bool is_of_old_key(const struct choice *c)
{
    const struct site *site = c->d->app;

    if (c->pool.kind != POOL_RANDOM || c->pool.space_count == POOL_SPACES_MAX) return false;
    if (c->row.epoch >= site->keys->count) return false; // no newer key could be in use
    uint32_t now = epoch_now(c->d->t);
    return c->row.epoch < now && now <= site->keys->count;
}

static void open_space(struct choice *c)
{
    c->opens = true;
    c->row.space = (uint32_t)counter_get(c->d->t, COUNTER_SPACE) + 1;
    c->row.epoch = epoch_now(c->d->t);
    c->row.high = c->row.issued = c->row.barred = c->row.ahead = c->row.passed = 0;
    c->row.back = 0;
    c->row.tests_lists = numbers_are_known(c->d->t, c->row.client, &c->pool.id);
}

static status take_generated(struct choice *c)
{
    struct number_space fresh;

    if (c->opens) {
        TRY(space_build(c->d->app, &c->row, &fresh));
        c->take.fresh = &fresh;
    }
    status st = space_take(&c->take);
    if (c->opens) space_fini(&fresh);
    c->take.fresh = NULL;
    return st;
}

// First those that came back; the rest are drawn.
static status take(struct choice *c, uint32_t wanted)
{
    c->again.wanted = wanted;
    TRY(reissue_take(&c->again, c->d->t, c->d->arena, &c->row));
    wanted -= (uint32_t)c->again.runs.units;
    c->take.pool = &c->pool;
    c->take.row = &c->row;
    c->take.wanted = wanted;
    c->take.consumed = wanted;
    c->take.skip_count = 0;
    if (wanted == 0) return OK;
    if (c->row.sort != SPACE_OF_LIST) return take_generated(c);
    if (wanted <= c->row.capacity - c->row.high) return list_take(&c->take);
    return fail(ST_CONFLICT, "pool.exhausted", 0,
                "%llu numbers that came back cannot be given again, or not at once",
                (unsigned long long)(c->row.back - c->again.runs.units));
}

static status try_pool(struct choice *c)
{
    const struct site *site = c->d->app;
    uint32_t most = c->pool.max_request ? c->pool.max_request : site->limits.issue_max;
    uint32_t wanted = c->ask->quantity;

    if (!space_row_get(c->d->t, pool_newest(&c->pool), &c->row))
        return fail(ST_STORE, "store.corrupt", 0, "pool %u has no space", c->pool.pool);
    c->opens = false;
    c->could = 0;
    if (is_too_late(&c->pool, c->d->now))
        return fail(ST_CONFLICT, "pool.use_before", 0,
                    "the numbers of the pool are too old to use");
    if (is_of_old_key(c)) open_space(c);
    uint64_t left = pool_left(c->d->t, &c->pool, &c->row);
    c->left = left;
    c->could = left < most ? left : most;
    if (wanted > most)
        return fail(ST_CONFLICT, "pool.max_request", 0,
                    "quantity: this pool gives at most %u numbers at once, not %u", most, wanted);
    bool exact = c->pool.policy == POLICY_EU_FMD || c->row.sort == SPACE_OF_LIST || c->row.back > 0;
    if (wanted > left && exact)
        return fail(ST_CONFLICT, "pool.exhausted", 0, "the pool has %llu numbers left, not %u",
                    (unsigned long long)left, wanted);
    return take(c, wanted);
}

void skips_put(struct buf *out, uint64_t at, const uint64_t *s, uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        uint32_t n = 1;
        while (i + n < count && s[i + n] == s[i] + ((uint64_t)n << 2)) n++;
        bytes_var(out, (s[i] >> 2) - at);
        bytes_var(out, n);
        bytes_u(out, s[i] & 3, 1);
        at = (s[i] >> 2) + n;
        i += n;
    }
}

static void fact_put(const struct choice *c)
{
    const struct issue_ask *ask = c->ask;
    struct buf *out = c->d->out;
    unsigned flags = (c->pool.kind == POOL_LIST ? 1u : 0u) | (c->opens ? 2u : 0u) |
                     (c->pool.kind == POOL_SSCC ? 4u : 0u) | (c->row.tests_lists ? 8u : 0u);

    if (c->again.runs.units + c->again.struck.units > 0) {
        c->d->fact->kind = kind_numbers_reissued.number;
        c->d->fact->kind_version = kind_numbers_reissued.version;
        reissue_put(&c->again, c->d->t, out);
    }
    if (ask->reason.n > 0) flags |= ISSUED_REASON;
    flags |= pool_alerts(c->d->t, &c->pool, less(c->left, ask->quantity), c->d->now);
    bytes_u(out, flags, 1);
    bytes_u(out, c->pool.pool, 4);
    bytes_u(out, c->row.space, 3);
    bytes_u(out, c->row.epoch, 4);
    bytes_u(out, c->row.high, 5);
    bytes_u(out, c->take.consumed, 5);
    bytes_u(out, c->take.wanted, 4);
    buf_add(out, (str){ask->gtin, sizeof ask->gtin});
    bytes_str(out, ask->line);
    bytes_str(out, ask->lot);
    bytes_str(out, ask->order);
    if (ask->reason.n > 0) bytes_str(out, ask->reason);
    skips_put(out, c->row.high, c->take.skips, c->take.skip_count);
    c->d->fact->client = ask->client;
}

// Its mark moves first, as a fact of its own; then it is asked again.
static void pass_put(const struct choice *c)
{
    struct issue_pass *pass = c->ask->pass;

    *pass->to = (struct recover_ask){.pool = c->pool.pool,
                                     .space = c->row.space,
                                     .opens = c->opens,
                                     .epoch = c->row.epoch,
                                     .to = c->row.high + c->take.consumed};
    c->d->nothing = true;
}

static status check_lot(const struct decide *d, const struct issue_ask *ask)
{
    const struct site *site = d->app;
    struct for_lot n = {.client = ask->client,
                        .gtin = ask->gtin,
                        .lot = ask->lot,
                        .line = ask->line,
                        .is_sscc = pool_id_is_sscc(&ask->id)};

    return site->lot_takes == NULL ? OK : site->lot_takes(d->t, &n);
}

static status issue_decide(struct decide *d)
{
    const struct issue_ask *ask = d->ask;
    const struct site *site = d->app;
    struct choice c = {
        .d = d, .ask = ask, .take = {.t = d->t, .arena = d->arena, .names = names_here(site)}
    };
    uint32_t pools[POOLS_OF_ID_MAX], n = pools_of(d->t, &ask->id, pools);
    uint64_t most = 0;
    status best = OK;

    assert(ask->quantity > 0 && ask->quantity <= POOL_NUMBERS_MAX);
    d->fact->client = ask->client;
    if (restored_get(d->t).frozen) return restored_refusal();
    TRY(check_lot(d, ask));
    c.take.may_pass = ask->pass != NULL;
    c.take.skips = ask->pass != NULL ? ask->pass->skips : NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (ask->pool != 0 && pools[i] != ask->pool) continue;
        if (!pool_row_get(d->t, pools[i], &c.pool)) continue;
        if (c.pool.client.v != ask->owner.v) continue;
        c.take.passes = false;
        status st = try_pool(&c);
        if (ask->pass != NULL) ask->pass->skips = c.take.skips;
        if (st.cls == ST_OK) return fact_put(&c), OK;
        if (c.take.passes) return pass_put(&c), OK;
        if (st.cls != ST_CONFLICT) return st;
        if (best.cls == ST_OK || c.could > most) best = st, most = c.could;
    }
    if (best.cls != ST_OK) return best;
    return fail(ST_CONFLICT, "pool.none", 0, "no pool has numbers for this");
}

// ---- writing

struct definition { // of a space, while its row is written anew
    char room[SPACE_DEFINITION_MAX];
};

static void keep_definition(struct space_row *s, struct definition *d)
{
    assert(s->definition.n <= sizeof d->room);
    if (s->definition.n > 0) memcpy(d->room, s->definition.p, s->definition.n);
    s->definition.p = d->room;
}

// The rows that a new epoch's space begins with, after the pool's newest so far.
static void write_opening(struct txn *t, const struct issued *i, struct space_row *s)
{
    struct pool_row p, old;

    if (!pool_row_get(t, i->pool, &p) || p.space_count == POOL_SPACES_MAX) {
        txn_spoil(t, "store.corrupt", "a new epoch of a pool that is not there");
        return;
    }
    s->space = i->space;
    s->epoch = i->epoch;
    s->tests_lists = i->tests_lists;
    s->high = s->issued = s->barred = s->ahead = s->passed = s->back = 0;
    s->had_back = false;
    s->hour = 0;
    memset(s->by_hour, 0, sizeof s->by_hour);
    old = p;
    p.spaces[p.space_count++] = i->space;
    pool_row_put(t, &p, &old);
    // What a restore brings back was made before the gap that it left.
    if (counter_get(t, COUNTER_SPACE) < i->space) counter_put(t, COUNTER_SPACE, i->space);
}

// The row to go on with: that of the space, or of the newest before the one that is opened.
static bool space_before(struct txn *t, const struct issued *i, struct space_row *s)
{
    struct pool_row p;

    if (!i->opens) return space_row_get(t, i->space, s);
    return pool_row_get(t, i->pool, &p) && space_row_get(t, pool_newest(&p), s);
}

static void write_skips(struct txn *t, const struct issued *i, struct space_row *s)
{
    struct bytes_r in = i->skips;
    uint64_t at = i->first;
    struct skip k;

    while (skip_next(&in, &at, &k)) {
        enum barred why = k.why == SKIP_PAST ? BARRED_BY_EPOCH : BARRED_BY_IMPORT;
        if (k.why == SKIP_RESERVED) s->ahead -= k.count;
        if (k.why == SKIP_PAST) s->passed += k.count;
        if (k.why == SKIP_RESERVED) continue;
        s->barred += k.count;
        for (uint32_t n = 0; n < k.count; n++)
            barred_put(t, unit_id_of(i->space, k.first + n), why);
    }
}

static void write_request(struct txn *t, const struct fact *f, const struct issued *i,
                          enum request_state state)
{
    struct request_row q = {.seq = f->seq,
                            .client = f->client,
                            .pool = i->pool,
                            .space = i->space,
                            .first = i->first,
                            .consumed = i->consumed,
                            .quantity = i->count,
                            .state = state,
                            .at = f->at,
                            .is_sscc = i->is_sscc,
                            .line = i->line,
                            .lot = i->lot,
                            .order = i->order};

    memcpy(q.gtin, i->gtin, sizeof q.gtin);
    request_put(t, &q);
    if (i->lot.n == 0) return;
    struct asked_of of = {f->client, i->gtin, i->lot, i->is_sscc};
    asked_add(t, &of, &(struct asked){.requested = i->count, .unconfirmed = 1});
}

// A new space brings numbers.
static void write_settled(struct txn *t, const struct fact *f, const struct issued *i)
{
    struct pool_row p;

    if (pool_row_get(t, i->pool, &p)) pool_alerts_settle(t, f, &p);
}

void issued_write(struct txn *t, const struct fact *f, enum request_state state)
{
    struct issued i;
    struct space_row s;
    struct definition kept;

    if (issued_of(f, &i).cls != ST_OK || !space_before(t, &i, &s)) {
        txn_spoil(t, "record.corrupt", "an issue of numbers that its space does not fit");
        return;
    }
    keep_definition(&s, &kept);
    if (i.opens) write_opening(t, &i, &s);
    write_skips(t, &i, &s);
    s.high = i.first + i.consumed;
    s.issued += i.fresh;
    reissue_write(t, f->seq, &i, &s);
    space_count_hour(&s, f->at, i.count);
    if (i.opens) space_row_put(t, &s);
    struct issue_row drawn = {f->seq, i.first, i.consumed};
    space_mark_put(t, &s, i.consumed > 0 ? &drawn : NULL);
    write_request(t, f, &i, state);
    if (i.opens) write_settled(t, f, &i);
    if (i.alerts != 0) pool_alerts_raise(t, f, &s, i.alerts);
}

static void issue_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    issued_write(t, f, REQUEST_OPEN);
}

void issued_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct issued i;

    (void)arg;
    if (issued_of(f, &i).cls != ST_OK) return;
    json_w_kinner(w, "pool", i.pool);
    json_w_kinner(w, "space", i.space);
    json_w_kint(w, "first", (int64_t)i.first);
    json_w_kint(w, "consumed", (int64_t)i.consumed);
    json_w_kint(w, "quantity", i.count);
    if (i.count > i.fresh) json_w_kint(w, "again", i.count - i.fresh);
    if (i.gtin[0] != 0) json_w_kstr(w, "gtin", (str){i.gtin, sizeof i.gtin});
    if (i.line.n > 0) json_w_kstr(w, "line", i.line);
    if (i.lot.n > 0) json_w_kstr(w, "lot", i.lot);
    if (i.order.n > 0) json_w_kstr(w, "order", i.order);
    if (i.reason.n > 0) json_w_kstr(w, "reason", i.reason);
}

const struct kind kind_numbers_issued = {
    FACT_NUMBERS_ISSUED, 1, "numbers.issued", issue_decide, issue_write, issued_print, NULL};
