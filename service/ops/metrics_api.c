// /metrics: what was counted, and what is worked out when somebody asks. From the machine itself
// anyone may ask, as for /healthz; from elsewhere it takes a token of the whole site, since totals
// tell how busy a site is.
#include "common/bytes.h"
#include "common/metric.h"
#include "service/access/access.h"
#include "service/exception/exception_db.h"
#include "service/ops/memory.h"
#include "service/ops/ops_int.h"
#include <unistd.h>

#define METRICS_TEXT_MAX (1 * MB)

static void one(struct buf *b, enum metric_kind kind, const char *name, const char *help,
                uint64_t n)
{
    metric_family(b, kind, name, help);
    metric_sample(b, name, NULL, (str){0}, (int64_t)n);
}

static void committer_write(struct buf *b, const struct committer *c)
{
    struct committer_stats s = committer_stats(c);

    one(b, METRIC_COUNTER, "packtrail_commits_total", "Transactions synced to disk.", s.commits);
    one(b, METRIC_COUNTER, "packtrail_jobs_total", "Requests that the committer decided.", s.jobs);
    one(b, METRIC_COUNTER, "packtrail_facts_total", "Facts appended to the journal.", s.facts);
    one(b, METRIC_COUNTER, "packtrail_refusals_total", "Commands refused by a rule.", s.refusals);
    one(b, METRIC_COUNTER, "packtrail_committer_busy_microseconds_total",
        "Time that the committer was at work.", s.busy_us);
    one(b, METRIC_GAUGE, "packtrail_queue_jobs", "Requests that wait for the committer.",
        s.waiting);
}

// Of all clients together: their counters are rows, kept as exceptions come and go.
static void exceptions_write(struct txn *t, struct buf *b)
{
    static const char name[] = "packtrail_exceptions_open";
    uint64_t open[EXCEPTION_OF_END] = {0};
    client_id c = {0};

    for (bool more = exception_client(t, 0, &c); more; more = exception_client(t, c.v + 1, &c))
        for (unsigned k = 1; k < EXCEPTION_OF_END; k++) {
            struct exception_counts n = exception_counts_get(t, c, (enum exception_kind)k);
            open[k] += n.open + n.assigned;
        }
    metric_family(b, METRIC_GAUGE, name, "Exceptions that are not resolved.");
    for (unsigned k = 1; k < EXCEPTION_OF_END; k++)
        metric_sample(b, name, "kind", str_of(exception_kind_word((enum exception_kind)k)),
                      (int64_t)open[k]);
}

// The journal's head, for whoever keeps what is scraped where the site's people cannot reach.
static void head_write(const struct journal_head *head, struct buf *b)
{
    static const char name[] = "packtrail_journal_head";
    char link[16];

    hex_put(link, head->link.b, sizeof link / 2);
    metric_family(b, METRIC_GAUGE, name, "1; the first digits of the newest fact's link.");
    metric_sample(b, name, "link", (str){link, sizeof link}, 1);
}

static status store_write(struct http_req *r, struct buf *b)
{
    uint64_t used, file;

    TRY(db_pages(api_site(r)->db, &used, &file));
    struct txn *t = api_snapshot(r);
    struct journal_head head = journal_head_get(t);
    exceptions_write(t, b);
    TRY(api_snapshot_end(r, OK));
    one(b, METRIC_GAUGE, "packtrail_journal_seq", "Number of the newest fact.", head.seq);
    head_write(&head, b);
    one(b, METRIC_GAUGE, "packtrail_store_used_bytes", "Bytes of the store in use.", used * 4096);
    one(b, METRIC_GAUGE, "packtrail_store_file_bytes", "Bytes of the store's file.", file * 4096);
    return OK;
}

static bool is_here(const struct http_req *r)
{
    return str_starts(r->peer, S("127.")) || str_starts(r->peer, S("[::1]"));
}

static status may_ask(struct http_req *r)
{
    const struct caller *c;

    if (is_here(r)) return OK;
    TRY(access_caller(r, &c));
    if (caller_is_site(c)) return OK;
    return fail(ST_NOT_ALLOWED, "access.role", 0, "metrics are for those of the whole site");
}

void ops_metrics(struct http_req *r)
{
    struct buf b;
    status st = may_ask(r);

    buf_init(&b, METRICS_TEXT_MAX);
    if (st.cls == ST_OK) st = store_write(r, &b);
    if (st.cls != ST_OK) {
        buf_fini(&b);
        http_problem(r, st, S(""));
        return;
    }
    committer_write(&b, api_site(r)->committer);
    one(&b, METRIC_GAUGE, "packtrail_memory_bytes", "Memory without mapped files.",
        memory_resident((int)getpid()));
    metric_write(&b);
    http_reply_buf(r, 200, METRIC_MEDIA, &b);
}
