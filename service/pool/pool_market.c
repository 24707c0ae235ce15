// What the market of a GTIN's product says of its pools.
#include "service/pool/pool_int.h"

status pool_market_complete(struct txn *t, struct arena *a, struct pool *p)
{
    const struct market *m;

    if (p->gtin.n == 0 || p->kind == POOL_LIST) return OK;
    TRY(market_of_gtin(t, p->gtin.p, a, &m));
    if (m == NULL) return OK;
    if (m->guess != 0) p->policy = POLICY_EU_FMD;
    if (p->length == 0 && m->serial.max < SPACE_LENGTH_DEFAULT) p->length = m->serial.max;
    return OK;
}

static struct market_pool describe(enum pool_kind kind, enum pool_policy policy,
                                   const struct number_space *s)
{
    static const enum market_kind kinds[] = {[POOL_RANDOM] = MARKET_RANDOM,
                                             [POOL_SEQUENTIAL] = MARKET_SEQUENTIAL,
                                             [POOL_LIST] = MARKET_LIST};
    struct market_pool p = {.kind = kinds[kind], .keeps_guess = policy == POLICY_EU_FMD};

    if (kind == POOL_LIST) return p;
    p.length = space_length(s);
    p.alphabet = (str){s->form.alphabet, s->form.base};
    p.prefix = (str){s->form.prefix, s->form.prefix_n};
    p.capacity = s->capacity;
    return p;
}

// Nothing comes of it any more.
static bool is_over(int32_t use_before, wall now)
{
    return use_before != 0 && now.ms / 86400000 >= use_before;
}

status pool_market_decide(struct decide *d, const struct pool *p, const struct number_space *space)
{
    const struct market *m;
    struct date last;

    if (p->gtin.n == 0) return OK;
    if (p->use_before.n > 0 && date_read(p->use_before, &last).cls == ST_OK &&
        is_over(date_days(last), d->now))
        return OK;
    TRY(market_of_gtin(d->t, p->gtin.p, d->arena, &m));
    if (m == NULL) return OK;
    struct market_pool is = describe((enum pool_kind)p->kind, (enum pool_policy)p->policy, space);
    return market_pool_check(m, &is);
}

static status fits(struct decide *d, uint32_t pool, const struct market *m)
{
    struct number_space space = {0};
    struct space_conf conf;
    struct space_row row;
    struct pool_row p;

    if (!pool_row_get(d->t, pool, &p)) return txn_status(d->t);
    if (is_over(p.use_before, d->now)) return OK;
    if (p.kind != POOL_LIST) {
        if (!space_row_get(d->t, pool_newest(&p), &row)) return txn_status(d->t);
        if (!space_definition_get(row.definition, &conf))
            return fail(ST_STORE, "store.corrupt", 0, "the space of pool %u", pool);
        TRY(space_init(&conf, &space));
    }
    struct market_pool is = describe(p.kind, p.policy, &space);
    return market_pool_check(m, &is);
}

status pools_fit_market(struct decide *d, const char gtin[14], const struct market *m)
{
    uint32_t pools[POOLS_OF_ID_MAX];
    struct pool_id id = pool_id_gtin(gtin);
    uint32_t n = pools_of(d->t, &id, pools);

    for (uint32_t i = 0; i < n; i++) {
        status st = fits(d, pools[i], m);
        if (st.cls == ST_OK) continue;
        if (st.cls != ST_UNPROCESSABLE) return st;
        str name = item_name(d->t, &noun_pool, pools[i]);
        return fail(ST_CONFLICT, "market.pools", 0, "pool %.*s: %s", STR(str_shown(name, 32)),
                    st.text);
    }
    return txn_status(d->t);
}
