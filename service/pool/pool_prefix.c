// The company prefixes that SSCC pools give numbers under, and whose these are.
#include "service/pool/pool_int.h"
#include <string.h>

status pool_prefix_decide(struct decide *d, const struct pool *p, client_id client)
{
    const struct site *site = d->app;

    if (p->kind != POOL_SSCC || client_of_prefix(d->t, p->prefix).v != 0) return OK;
    if (site->reads_urns == NULL || !site->reads_urns(d->t, client)) return OK;
    return fail(
        ST_CONFLICT, "prefix.unknown", 0,
        "prefix: of no client, which a partner of EPCIS 1.2 needs; the plant's own are of a "
        "client with plant");
}

struct looking { // at all SSCC pools
    struct txn *t;
    struct arena *arena;
    const struct prefix_change *change;
    status st;
};

static str prefix_of(const struct pool_row *p) { return (str){p->id.p + 1, p->id.n - 1u}; }

// The client that the pool itself names; {0}: none.
static client_id said_of(struct looking *l, const struct pool_row *row)
{
    client_id said = {0};
    struct item i;
    struct pool p;

    if (item_by_number(l->t, &noun_pool, row->pool, &i) &&
        item_value(&noun_pool, &i, l->arena, &p).cls == ST_OK && p.client.n > 0)
        (void)client_by_name(l->t, p.client, &said);
    return said;
}

static bool look_at_owner(void *self, uint32_t pool)
{
    struct looking *l = self;
    struct pool_row p;

    if (!pool_row_get(l->t, pool, &p)) return true;
    bool now = prefixes_cover(l->change->now, prefix_of(&p));
    if (!now && !prefixes_cover(l->change->old, prefix_of(&p))) return true;
    client_id owner = now ? l->change->owner : (client_id){0}, said = said_of(l, &p);
    bool clash = said.v != 0 && owner.v != 0 && said.v != owner.v;
    if (!clash && (said.v != 0 ? said.v : owner.v) == p.client.v) return true;
    str name = item_name(l->t, &noun_pool, pool);
    l->st = fail(ST_CONFLICT, "prefix.in_use", 0,
                 "prefixes: the SSCCs of pool %.*s would be another's", STR(str_shown(name, 40)));
    return false;
}

status pools_fit_prefixes(struct decide *d, const struct prefix_change *c)
{
    struct looking l = {.t = d->t, .arena = d->arena, .change = c, .st = OK};

    pools_of_all_sscc(d->t, look_at_owner, &l);
    return l.st;
}
