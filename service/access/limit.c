#include "service/access/limit.h"
#include "common/bytes.h"
#include "common/metric.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MAGIC 0x11317000u

struct limits {
    unsigned magic;
    struct rate_table *callers, *addresses, *refused, *logins;
};

enum { WHY_UNKNOWN, WHY_REQUESTS, WHY_REFUSED, WHY_LOGINS };
static const char *const whys[] = {"unknown", "rate.requests", "rate.refused", "rate.logins"};
static const struct metric turned_away =
    METRIC_OF(METRIC_COUNTER, "packtrail_turned_away_total",
              "Requests answered 401 or 429: callers that are not known, and who asks too often.",
              "why", whys);

void limit_start(struct site *site, const struct limit_conf *conf)
{
    struct limits *l = calloc(1, sizeof *l);

    assert(l != NULL && site->access == NULL);
    *l = (struct limits){LIMIT_MAGIC, rate_table_new(conf->callers), rate_table_new(conf->callers),
                         rate_table_new(conf->refused), rate_table_new(conf->logins)};
    metric_register(&turned_away);
    site->access = l;
}

void limit_stop(struct site *site)
{
    struct limits *l = site->access;

    site->access = NULL;
    if (l == NULL) return;
    OBJ_CHECK(l, LIMIT_MAGIC);
    rate_table_free(&l->callers);
    rate_table_free(&l->addresses);
    rate_table_free(&l->refused);
    rate_table_free(&l->logins);
    l->magic = 0;
    free(l);
}

// "127.0.0.1:51234" or "[::1]:51234", without the port.
uint64_t limit_address_key(str peer)
{
    char z[INET6_ADDRSTRLEN + 2];
    unsigned char bytes[16] = {0};
    size_t n = peer.n;

    while (n > 0 && peer.p[n - 1] != ':') n--;
    if (n > 0) n--;
    bool six = n > 2 && peer.p[0] == '[';
    str host = six ? (str){peer.p + 1, n - 2} : (str){peer.p, n};
    if (host.n >= sizeof z) host.n = 0;
    memcpy(z, host.p, host.n);
    z[host.n] = 0;
    // One that cannot be read shares its bucket with others of its kind.
    (void)inet_pton(six ? AF_INET6 : AF_INET, z, bytes);
    return get_be((char *)bytes, six ? 8 : 4);
}

static struct limits *limits_of(const struct http_req *r)
{
    struct limits *l = api_site(r)->access;

    if (l != NULL) OBJ_CHECK(l, LIMIT_MAGIC);
    return l;
}

static bool take(struct http_req *r, struct rate_table *t, uint64_t key, uint32_t why)
{
    if (rate_table_take(t, key, env_mono(api_site(r)->env)) == 0) return true;
    metric_add_at(&turned_away, why, 1);
    return false;
}

static status too_many(void)
{
    return fail(ST_TOO_MANY, "rate.requests", 0, "too many requests: wait a second");
}

status limit_caller(struct http_req *r, uint32_t actor)
{
    struct limits *l = limits_of(r);
    return l == NULL || take(r, l->callers, actor, WHY_REQUESTS) ? OK : too_many();
}

status limit_address(struct http_req *r)
{
    struct limits *l = limits_of(r);
    return l == NULL || take(r, l->addresses, limit_address_key(r->peer), WHY_REQUESTS)
               ? OK
               : too_many();
}

status limit_login(struct http_req *r)
{
    struct limits *l = limits_of(r);

    if (l == NULL || take(r, l->logins, limit_address_key(r->peer), WHY_LOGINS)) return OK;
    return fail(ST_TOO_MANY, "rate.logins", 0, "too many logins of this address: wait a second");
}

void limit_count_unknown(void) { metric_add_at(&turned_away, WHY_UNKNOWN, 1); }

status limit_refused(struct http_req *r, status st)
{
    struct limits *l = limits_of(r);

    if (l == NULL) return st;
    if (!take(r, l->refused, limit_address_key(r->peer), WHY_REFUSED))
        return fail(ST_TOO_MANY, "rate.refused", 0,
                    "too many requests of nobody that is known here: wait a second");
    limit_count_unknown();
    return st;
}
