// /healthz, /readyz, /version. Anyone may ask them: they tell nothing of what is packed.
//
// Event ids follow from journal_id and seq (service/event/event_id.h): with the one the other can
// be found by trying, and seq counts what all clients do. So it is for those of the whole site.
#include "service/access/access.h"
#include "service/ops/journal_filter.h"
#include "service/ops/ops.h"
#include "service/ops/ops_int.h"

static void reply_word(struct http_req *r, const char *word)
{
    http_reply(r, 200, "text/plain; charset=utf-8", str_of(word));
}

static void healthz(struct http_req *r) { reply_word(r, "alive\n"); }

static status ready(struct http_req *r)
{
    if (atomic_load(&api_site(r)->draining))
        return fail(ST_BUSY, "service.draining", 0, "the service is ending");
    if (ops_store_is_full())
        return fail(ST_BUSY, "store.full", 0, "there is no room left: it can only be read");
    (void)journal_head_get(api_snapshot(r));
    return api_snapshot_end(r, OK);
}

static void readyz(struct http_req *r)
{
    status st = ready(r);

    if (st.cls == ST_OK)
        reply_word(r, "ready\n");
    else
        http_problem(r, st, S(""));
}

static bool is_of_site(struct http_req *r)
{
    const struct caller *c;

    return http_header(r, S("Authorization")).n > 0 && access_caller(r, &c).cls == ST_OK &&
           caller_is_site(c);
}

static void version(struct http_req *r)
{
    const struct journal_meta *meta = &api_site(r)->meta;
    char id[32];
    struct buf b;

    hex_put(id, meta->journal_id, sizeof meta->journal_id);
    buf_init(&b, 1 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kstr(&w, "version", S(PACKTRAIL_VERSION));
    json_w_kint(&w, "format", FORMAT_NOW);
    if (is_of_site(r)) json_w_kstr(&w, "journal_id", (str){id, sizeof id});
    json_w_end(&w);
    api_reply(r, 200, &b);
}

const struct http_route ops_routes[] = {
    {HTTP_GET,   "/healthz", "", 0, healthz, NULL, NULL, ""},
    {HTTP_GET,        "/readyz", "", 0, readyz, NULL, NULL, ""},
    {HTTP_GET,   "/version", "", 0, version, NULL, NULL, ""},
    {HTTP_GET,      "/metrics", "", 0, ops_metrics, NULL, NULL, ""},
    {HTTP_GET,          "/v1/journal", "qa auditor admin", 0, ops_journal, NULL, NULL,
     JOURNAL_FILTERS " limit page"},
    {HTTP_GET,"/v1/journal/export", "qa auditor admin", 0, ops_export, NULL, NULL,
     "from until since before client"},
    {HTTP_GET,         "/v1/journal/key", "qa auditor admin", 0, ops_export_key, NULL, NULL, ""},
    {HTTP_GET,      "/v1/configuration", "admin", 0, ops_configuration, NULL, NULL, ""},
    {0       },
};
