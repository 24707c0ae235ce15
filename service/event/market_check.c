// Do numbers that begin carry what the market of their lot's product asks for? The rules of the
// version that the lot was opened with count. Runs in the committer.
//
// Pools were measured when they were made; so what is looked at here are the numbers of lists, and
// generated ones where attributes are asked for, which these never have.
#include "service/catalog/market.h"
#include "service/event/report_int.h"

static bool product_of(struct judge *j, uint32_t lot, struct product *p)
{
    struct lot_brief b;

    if (!lot_brief_get(j->d->t, lot, &b)) return false;
    status st = product_get_version(j->d->t, b.product, b.product_version, j->d->arena, p);
    if (st.cls != ST_OK) txn_spoil(j->d->t, "store.corrupt", "the product of a lot");
    return st.cls == ST_OK;
}

const struct market *judge_market_of(struct judge *j, uint32_t lot)
{
    struct product p;

    return product_of(j, lot, &p) ? market_find(p.market) : NULL;
}

static void look_up(struct judge *j, uint32_t lot)
{
    struct product p;

    if (j->market_lot == lot) return;
    j->market_lot = lot;
    j->market = j->market_all = NULL;
    if (!product_of(j, lot, &p)) return;
    j->market = market_of_level(&p, 0);
    j->market_all = market_of_level(&p, 1);
}

static status check(struct judge *j, const struct market *m, unit_id u)
{
    const struct space_row *s = names_space(j->names, j->d->t, unit_space(u));
    struct list_number x;

    if (s == NULL) return OK; // judged already
    if (s->sort == SPACE_OF_LIST)
        return list_number_get(j->d->t, u, &x) ? market_number_check(m, x.text, x.attributes) : OK;
    if (m->attribute_count == 0) return OK;
    return fail(ST_UNPROCESSABLE, "market.attributes", 0,
                "%s: %s wants it, AI (%s); a generated number has none", m->attributes[0].name,
                m->word, m->attributes[0].ai);
}

void judge_market(struct judge *j, uint32_t lot, unit_id u)
{
    look_up(j, lot);
    if (j->market == NULL) return;
    struct unit_sorts sorts = judge_sorts(j, u);
    const struct market *m = sorts.level == 0 ? j->market : j->market_all;
    if (m == NULL || sorts.is_sscc) return;
    status st = check(j, m, u);
    if (st.cls != ST_OK) judge_offend(j, u, st);
}
