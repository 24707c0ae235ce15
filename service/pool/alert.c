// What a pool makes somebody look at: fewer numbers left than its threshold, and numbers that must
// be used soon. Raised by the issue that brings it about, as its decision found it, so that issuing
// costs two comparisons; settled by what brings numbers or changes the pool.
#include "service/exception/exception.h"
#include "service/pool/pool_int.h"

#define DAY_MS 86400000

static struct exception_end standing(const struct pool_row *p, enum exception_kind kind)
{
    return (struct exception_end){p->client, kind, exception_about(p->pool, 0)};
}

static bool is_expiring(const struct pool_row *p, wall now)
{
    return p->use_before != 0 && now.ms / DAY_MS + POOL_EXPIRING_DAYS >= p->use_before;
}

static bool stands(struct txn *t, const struct pool_row *p, enum exception_kind kind)
{
    struct exception_end end = standing(p, kind);
    return exception_stands(t, &end);
}

unsigned pool_alerts(struct txn *t, const struct pool_row *p, uint64_t left, wall now)
{
    unsigned alerts = 0;

    if (left < p->threshold && !stands(t, p, EXCEPTION_OF_POOL_LOW)) alerts |= POOL_ALERT_LOW;
    if (is_expiring(p, now) && !stands(t, p, EXCEPTION_OF_POOL_EXPIRING))
        alerts |= POOL_ALERT_EXPIRING;
    return alerts;
}

void pool_alerts_raise(struct txn *t, const struct fact *f, const struct space_row *s,
                       unsigned alerts)
{
    struct exception x = {.of_site = s->client.v == 0, .about = exception_about(s->pool, 0)};

    if (alerts & POOL_ALERT_LOW) {
        x.kind = EXCEPTION_OF_POOL_LOW;
        x.code = S("pool.low");
        exception_raise(t, f, &x);
        x.index++;
    }
    if (alerts & POOL_ALERT_EXPIRING) {
        x.kind = EXCEPTION_OF_POOL_EXPIRING;
        x.code = S("pool.use_before");
        exception_raise(t, f, &x);
    }
}

void pool_alerts_settle(struct txn *t, const struct fact *f, const struct pool_row *p)
{
    struct exception_end low = standing(p, EXCEPTION_OF_POOL_LOW);
    struct exception_end expiring = standing(p, EXCEPTION_OF_POOL_EXPIRING);
    struct space_row s;

    if (!space_row_get(t, pool_newest(p), &s)) return;
    if (pool_left(t, p, &s) >= p->threshold) exception_settle(t, f, &low);
    if (!is_expiring(p, f->at)) exception_settle(t, f, &expiring);
}
