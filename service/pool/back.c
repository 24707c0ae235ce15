// Numbers that go back to their pool: which may, and the rows that let them be given again.
//
// A number that two might print is worse than one that nobody does. So only who asked for it may
// say that it was never used, as long as the request is open; what a line has safely, what anybody
// has told anything of and what was asked for before a restore stays where it is.
#include "service/journal/restored.h"
#include "service/pool/for_lot.h"
#include "service/pool/pool_int.h"

static status stays(const char *code, const char *why)
{
    return fail(ST_CONFLICT, code, 0, "to the pool they do not go back: %s", why);
}

// As far as the lot goes that the request was for.
static status lot_check(const struct back_judge *j, const struct request_row *q)
{
    const struct site *site = j->d->app;
    struct for_lot n = {.client = q->client,
                        .gtin = q->gtin,
                        .lot = q->lot,
                        .line = j->line,
                        .is_sscc = q->is_sscc,
                        .what = j->to_pool ? FOR_LOT_TO_POOL : FOR_LOT_TO_OWNER};

    return site->lot_takes == NULL ? OK : site->lot_takes(j->d->t, &n);
}

// A line gives back what it asked for itself, or nobody's line.
static status owner_check(const struct back_judge *j, uint64_t request)
{
    struct request_row q;

    if (!request_get(j->d->t, request, &q)) return OK; // nobody has a number of such
    if (j->line.n > 0 && q.line.n > 0 && !str_eq(q.line, j->line))
        return fail(ST_CONFLICT, "request.not_own", 0, "another line asked for them");
    return lot_check(j, &q);
}

static status request_check(const struct back_judge *j, uint64_t request)
{
    struct txn *t = j->d->t;
    struct request_row q;

    if (!request_get(t, request, &q)) return stays("request.unknown", "no request got them");
    if (q.state != REQUEST_OPEN) return stays("request.confirmed", "the line has them safely");
    if (!str_eq(q.line, j->line)) return stays("request.not_own", "somebody else asked for them");
    if (restored_term(t, request) != restored_get(t).term)
        return stays("request.restored", "they were asked for before the site was restored");
    return lot_check(j, &q);
}

static status space_check(const struct back_judge *j, uint32_t space)
{
    struct space_row s;
    struct pool_row p;

    if (!space_get(j->d->t, space, &s) || !pool_row_get(j->d->t, s.pool, &p))
        return stays("pool.unknown", "they are of none");
    if (p.client.v == 0) return stays("pool.shared", "it gives SSCCs to several clients");
    if (pool_newest(&p) != space) return stays("pool.epoch", "the site has a newer key");
    return OK;
}

status back_check(struct back_judge *j, uint64_t request, uint32_t space)
{
    if (j->request == request && j->space == space) return j->st;
    j->request = request;
    j->space = space;
    j->st = j->to_pool ? request_check(j, request) : owner_check(j, request);
    if (j->st.cls == ST_OK && j->to_pool) j->st = space_check(j, space);
    return j->st;
}

const char *back_refuses(struct back_judge *j, unit_id u, const struct unit *x, uint64_t request)
{
    status st = back_check(j, request, unit_space(u));

    if (st.cls != ST_OK) return st.reason;
    if (!j->to_pool) return NULL;
    return x->flags != 0 || (x->last != 0 && x->last != request) ? "unit.named" : NULL;
}

// ---- writing

static void write_space(struct txn *t, const struct fact *f, uint32_t space, uint64_t count)
{
    struct space_row s;
    struct pool_row p;

    if (!space_row_get(t, space, &s) || !pool_row_get(t, s.pool, &p)) {
        txn_spoil(t, "store.corrupt", "numbers that came back to no pool");
        return;
    }
    s.had_back = true;
    s.back += count;
    space_mark_put(t, &s, NULL);
    pool_alerts_settle(t, f, &p);
}

void back_lay(struct txn *t, const struct fact *f, const struct runs *runs)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < runs->n; i++) {
        const struct run *r = &runs->at[i];
        back_cut(t, r, BACK_GIVEN);
        back_put(t, r, BACK_LIES, f->seq);
        count += r->count;
        if (i + 1 < runs->n && unit_space(r[1].first) == unit_space(r->first)) continue;
        write_space(t, f, unit_space(r->first), count);
        count = 0;
    }
}
