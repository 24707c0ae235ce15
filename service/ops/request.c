// What is counted and logged of every request. Any loop's thread.
#include "common/log.h"
#include "common/metric.h"
#include "service/access/access.h"
#include "service/api/caller.h"
#include "service/api/noted.h"
#include "service/ops/ops.h"
#include "service/ops/ops_int.h"

static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
static const uint64_t bounds_us[] = {100,   250,    500,    1000,    2500,    5000,    10000,
                                     25000, 100000, 250000, 1000000, 5000000, 30000000};

static const struct metric requests =
    METRIC_OF(METRIC_COUNTER, "packtrail_requests_total", "Requests answered, by class of status.",
              "class", classes);
static const struct metric bytes =
    METRIC(METRIC_COUNTER, "packtrail_reply_bytes_total", "Bytes of the bodies of answers.");
static const struct metric seconds =
    METRIC_TIMES("packtrail_request_seconds", "From the first byte of a request to its answer.",
                 1000000, bounds_us);

// The same less what the request's own commits, and those before it, waited for the disk: what the
// service itself took. Ten bounds a decade, so that a scrape tells its 99.9th percentile.
static const char *const methods[] = {"read", "write"};
static const uint64_t own_bounds_us[] = {
    100,    125,    160,    200,    250,    315,    400,    500,     630,     800,     1000,
    1250,   1600,   2000,   2500,   3150,   4000,   5000,   6300,    8000,    10000,   12500,
    16000,  20000,  25000,  31500,  40000,  50000,  63000,  80000,   100000,  125000,  160000,
    200000, 250000, 315000, 400000, 500000, 630000, 800000, 1000000, 2500000, 5000000, 30000000};
static const struct metric own_seconds = METRIC_TIMES_OF(
    "packtrail_request_own_seconds",
    "From the first byte of a request to its answer, less the waiting for the disk.", 1000000,
    own_bounds_us, "kind", methods);
static const struct metric own_max =
    METRIC_OF(METRIC_GAUGE, "packtrail_request_own_microseconds_max",
              "The longest of these times since the start.", "kind", methods);

#define SLOW_US 250000u

// When a write was last answered 507 (ms of the monotonic clock), 0 once one was stored again.
// Nobody may write while /readyz sends them elsewhere, so that it ends by itself, too.
static _Atomic int64_t full_at;
#define FULL_MS 10000

bool ops_store_is_full(void)
{
    int64_t at = atomic_load(&full_at);
    return at != 0 && env_mono(&env_real).ms - at < FULL_MS;
}

static void note_full(const struct http_req *r, int code)
{
    if (code == 507)
        atomic_store(&full_at, env_mono(&env_real).ms);
    else if (code < 300 && r->method != HTTP_GET && atomic_load(&full_at) != 0)
        atomic_store(&full_at, 0);
}

void ops_register(void)
{
    metric_register(&requests);
    noted_register();
    metric_register(&bytes);
    metric_register(&seconds);
    metric_register(&own_seconds);
    metric_register(&own_max);
}

static str caller_name(const struct http_req *r)
{
    return r->caller == NULL ? (str){"", 0} : caller_of(r)->id;
}

static void count_own(const struct http_req *r, int code, uint64_t us)
{
    uint64_t own = us > r->waited_us ? us - r->waited_us : 0;
    unsigned kind = r->method == HTTP_GET || r->method == HTTP_OPTIONS ? 0 : 1;

    metric_observe_at(&own_seconds, kind, own);
    metric_raise_at(&own_max, kind, (int64_t)own);
    if (own > SLOW_US)
        LOG(info, "request.slow", fi("id", r->id), fs("method", r->verb), fs("path", r->path),
            fi("status", code), fi("us", us), fi("own_us", own));
}

// Where it was refused before its route nobody was asked yet who calls; of a head whose lines could
// not be read, or that is too long, nobody can be.
static void note_person(const struct http_req *r)
{
    uint32_t actor = 0;

    if (!noted_is_due(r)) return;
    if (r->caller != NULL)
        actor = caller_of(r)->person ? caller_of(r)->actor : 0;
    else
        actor = access_person((struct http_req *)(uintptr_t)r);
    if (actor != 0) noted_reply(r, actor);
}

void ops_request_done(const struct http_req *r, int code, uint64_t body_bytes, uint64_t us)
{
    unsigned class = code < 100 || code > 599 ? 5 : (unsigned)code / 100;

    note_full(r, code);
    note_person(r);
    metric_add_at(&requests, class - 1, 1);
    metric_add(&bytes, (int64_t)body_bytes);
    metric_observe(&seconds, us);
    if (code != 101) count_own(r, code, us); // another protocol's time is no answer's
    if (code >= 400)
        LOG(info, "request.refused", fi("id", r->id), fs("method", r->verb), fs("path", r->path),
            fi("status", code), fs("caller", caller_name(r)), fs("peer", r->peer), fi("us", us));
    else
        LOG(debug, "request.answered", fi("id", r->id), fs("method", r->verb), fs("path", r->path),
            fi("status", code), fs("caller", caller_name(r)), fs("peer", r->peer), fi("us", us));
}
