// soap.c - the route: a call is read, and each operation has its row.
#include "service/soap/soap.h"
#include "service/rest/rest.h"
#include "service/soap/soap_int.h"
#include <string.h>

#define BODY_MAX    (256 * KB)
#define VERSION_1_2 "1.2"

// ---- answers

struct xml_w soap_begin(struct buf *b, str result)
{
    struct xml_w w = xml_writer(b);
    struct buf name;

    buf_init(&name, 64);
    buf_add(&name, S("epcisq:"));
    buf_add(&name, result);
    xml_declare(&w);
    xml_open(&w, S("soapenv:Envelope"));
    xml_attr(&w, S("xmlns:soapenv"), S(SOAP_NS));
    xml_attr(&w, S("xmlns:epcisq"), S(SOAP_QUERY_NS));
    xml_open(&w, S("soapenv:Body"));
    xml_open(&w, buf_str(&name));
    buf_fini(&name);
    return w;
}

void soap_reply(struct http_req *r, struct xml_w *w)
{
    while (w->depth > 0 && w->st.cls == ST_OK && !w->b->failed) xml_close(w);
    status st = xml_done(w);
    if (st.cls == ST_OK) {
        http_reply_buf(r, 200, "text/xml", w->b);
        return;
    }
    buf_fini(w->b);
    http_problem(r, st, S(""));
}

void soap_refuse(struct http_req *r, const struct soap_call *c, status st)
{
    http_problem(r, st, soap_about_extra(r, c->query, c->subscription));
}

// ---- queries

status soap_query_read(struct http_req *r, const struct soap_call *c, const struct stored *s,
                       struct query *out)
{
    struct query_reader *in = NEW(&r->arena, struct query_reader);

    if (in == NULL) return no_memory();
    if (s->made != 0 && c->param_count > 0)
        return fail(ST_BAD_INPUT, "query.unknown", 0, "a named query takes no parameters");
    if (s->made != 0) return stored_query(s, &r->arena, out);
    query_begin(in, &r->arena);
    for (uint32_t i = 0; i < c->param_count; i++)
        TRY(query_give(in, c->params[i].name, &c->params[i].given));
    return query_end(in, out);
}

// ---- operations

static void standard_version(struct http_req *r, const struct soap_call *c)
{
    struct buf b;

    (void)c;
    buf_init(&b, 4 * KB);
    struct xml_w w = soap_begin(&b, S("GetStandardVersionResult"));
    xml_text(&w, S(VERSION_1_2));
    soap_reply(r, &w);
}

// Empty: nothing beyond the standard is to be understood.
static void vendor_version(struct http_req *r, const struct soap_call *c)
{
    struct buf b;

    (void)c;
    buf_init(&b, 4 * KB);
    struct xml_w w = soap_begin(&b, S("GetVendorVersionResult"));
    soap_reply(r, &w);
}

static status names_write(struct http_req *r, struct txn *t, struct xml_w *w)
{
    str name = S("");
    client_id client;

    TRY(query_client(r, t, &client));
    xml_leaf(w, S("string"), S(SIMPLE_EVENT_QUERY));
    xml_leaf(w, S("string"), S(SIMPLE_MASTER_DATA_QUERY));
    while (stored_name_next(t, client, name, &r->arena, &name)) xml_leaf(w, S("string"), name);
    return txn_status(t);
}

static void query_names(struct http_req *r, const struct soap_call *c)
{
    struct buf b;

    (void)c;
    buf_init(&b, 16 * MB);
    struct xml_w w = soap_begin(&b, S("GetQueryNamesResult"));
    status st = names_write(r, api_snapshot(r), &w);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        soap_reply(r, &w);
        return;
    }
    buf_fini(&b);
    http_problem(r, st, S(""));
}

static void poll(struct http_req *r, const struct soap_call *c)
{
    struct events_asked a = {.name = c->query, .soap = true};
    struct stored s;

    if (str_eq(c->query, S(SIMPLE_MASTER_DATA_QUERY))) {
        soap_poll_master(r, c);
        return;
    }
    struct txn *t = api_snapshot(r);
    status st = query_client(r, t, &a.client);
    if (st.cls == ST_OK) st = stored_get(t, a.client, c->query, &r->arena, &s);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) st = soap_query_read(r, c, &s, &a.q);
    a.about = soap_about_extra(r, c->query, S(""));
    if (st.cls == ST_OK)
        answer_begin(r, &a);
    else
        soap_refuse(r, c, st);
}

static void (*const operations[])(struct http_req *r, const struct soap_call *c) = {
    [SOAP_GET_QUERY_NAMES] = query_names,
    [SOAP_SUBSCRIBE] = soap_subscribe,
    [SOAP_UNSUBSCRIBE] = soap_unsubscribe,
    [SOAP_GET_SUBSCRIPTION_IDS] = soap_subscription_ids,
    [SOAP_POLL] = poll,
    [SOAP_GET_STANDARD_VERSION] = standard_version,
    [SOAP_GET_VENDOR_VERSION] = vendor_version,
};

static status read_call(struct http_req *r, struct soap_call *c)
{
    enum rest_media media;

    TRY(rest_body_media(r, r->body, &media));
    if (media != REST_XML)
        return fail(ST_MEDIA_TYPE, "body.type", 0, "Content-Type: text/xml, a SOAP 1.1 envelope");
    return soap_call_read(r->body, &r->arena, c);
}

static void run(struct http_req *r)
{
    struct soap_call *c = NEW(&r->arena, struct soap_call);

    assert(c != NULL); // the arena is new
    status st = read_call(r, c);
    if (st.cls == ST_OK)
        operations[c->operation](r, c);
    else
        http_problem(r, st, S(""));
}

// clang-format off
const struct http_route soap_routes[] = {
    {.method = HTTP_POST, .path = SOAP_PATH, .roles = "client gateway operator qa auditor admin",
     .body_max = BODY_MAX, .run = run, .query = ""},
    {0},
};
// clang-format on
