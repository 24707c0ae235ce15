// api.c - the routes of events and of the resources that events are found by.
#include "service/access/access.h"
#include "service/event/index.h"
#include "service/query/query_int.h"
#include "service/query/query_routes.h"

// A resource of the top level: its values, and the parameter that asks for one of them.
static const struct resource resources[] = {
    {"eventTypes",   "eventType",      LIST_TYPE,         -1            },
    {"epcs",         "MATCH_anyEPC",   LIST_ITEM_CLASS,   -1            },
    {"bizSteps",     "EQ_bizStep",     LIST_STEP,         EPCIS_VOC_STEP},
    {"bizLocations", "EQ_bizLocation", LIST_BIZ_LOCATION, -1            },
    {"readPoints",   "EQ_readPoint",   LIST_READ_POINT,   -1            },
    {"dispositions", "EQ_disposition", LIST_DISPOSITION,  EPCIS_VOC_DISP},
};

status query_client(struct http_req *r, struct txn *t, client_id *out)
{
    client_id c;

    TRY(access_client(r, t, &c));
    if (c.v == 0)
        return fail(ST_UNPROCESSABLE, "client.ambiguous", 0,
                    "Packtrail-Client: name the client whose events are asked for");
    *out = c;
    return OK;
}

status query_prefixes(struct http_req *r, struct query_reader *in)
{
    const struct epcis_ns *ns;
    uint32_t n;

    TRY(rest_extensions(r, &ns, &n));
    for (uint32_t i = 0; i < n; i++) TRY(query_prefix(in, ns[i].prefix, ns[i].uri));
    return OK;
}

static status client_read(struct http_req *r, client_id *out)
{
    status st = query_client(r, api_snapshot(r), out);
    return api_snapshot_end(r, st);
}

static status not_there(void)
{
    return fail(ST_NOT_FOUND, "event.unknown", 0, "there is no event of it");
}

// What the path says. A blank would be no question at all.
static status value_give(struct query_reader *in, str param, str value)
{
    TRY(query_give(in, param, &(struct query_given){QUERY_LIST, &value, 1}));
    return in->q.n > 0 ? OK : not_there();
}

// The URL's parameters, and one that the path fixes.
static status asked_read(struct http_req *r, str param, str value, struct events_asked *out)
{
    struct query_page page = {{0}, {0}};
    struct query_reader in;

    query_begin(&in, &r->arena);
    TRY(query_prefixes(r, &in));
    if (param.n > 0) TRY(value_give(&in, param, value));
    TRY(query_from_url(&in, r->query, &page));
    TRY(query_end(&in, &out->q));
    out->per_page = page.per_page;
    out->token = page.token;
    out->name = S(SIMPLE_EVENT_QUERY);
    return client_read(r, &out->client);
}

// The path's parameter alone.
static status first_read(struct http_req *r, str param, str value, struct query *out)
{
    struct query_reader in;

    query_begin(&in, &r->arena);
    TRY(value_give(&in, param, value));
    return query_end(&in, out);
}

static void answer(struct http_req *r, status st, const struct events_asked *a)
{
    if (st.cls == ST_OK)
        answer_begin(r, a);
    else
        http_problem(r, st, S(""));
}

void events_list(struct http_req *r)
{
    struct events_asked a = {.must_be = false};
    answer(r, asked_read(r, (str){0}, (str){0}, &a), &a);
}

void events_one(struct http_req *r)
{
    struct events_asked a = {.must_be = true};
    answer(r, asked_read(r, S("EQ_eventID"), r->param[0], &a), &a);
}

// ---- resources

// A value that nothing can have is none that was never seen: both are 404.
static status not_seen(status st) { return st.cls == ST_BAD_INPUT ? not_there() : st; }

static bool always_is(const struct resource *x, str value)
{
    enum epcis_type type;
    return x->list == LIST_TYPE && epcis_type_find(value, &type);
}

static status seen_read(struct http_req *r, struct events_asked *a)
{
    const struct resource *x = r->route->app;

    if (always_is(x, r->param[0])) return OK;
    return not_seen(first_read(r, str_of(x->param), r->param[0], &a->first));
}

void events_of(struct http_req *r)
{
    const struct resource *x = r->route->app;
    struct events_asked a = {.must_be = false};

    status st = seen_read(r, &a);
    if (st.cls == ST_OK) st = asked_read(r, str_of(x->param), r->param[0], &a);
    answer(r, st, &a);
}

void resource_one(struct http_req *r)
{
    struct events_asked a = {.probes = true};

    if (always_is(r->route->app, r->param[0])) {
        rest_collection_of_events(r);
        return;
    }
    status st = seen_read(r, &a);
    if (st.cls == ST_OK) st = client_read(r, &a.client);
    answer(r, st, &a);
}

// ---- tokens

void token_drop(struct http_req *r)
{
    status st = page_token_drop(api_site(r), caller_of(r)->actor, r->param[0]);

    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        http_reply(r, 204, NULL, S(""));
}

// ---- routes

// The parameters of events are the query language's: whoever reads them refuses what is none.
#define ROUTE(method, path, roles, max, run, app, query)                                           \
    {                                                                                              \
        method, REST_ROOT path, roles, max, run, NULL, app, query                                  \
    }
#define GET(path, run, query)   ROUTE(HTTP_GET, path, QUERY_ROLES, 0, run, NULL, query)
#define OF(i, path, run, query) ROUTE(HTTP_GET, path, QUERY_ROLES, 0, run, &resources[i], query)
#define PAGES                   "perPage nextPageToken"
#define RESOURCE(i, name)                                                                          \
    OF(i, "/" name, resource_list, PAGES), OF(i, "/" name "/{value}", resource_one, PAGES),        \
        OF(i, "/" name "/{value}/events", events_of, NULL)
#define WRITERS "gateway client operator admin"

const struct http_route query_routes[] = {
    GET("/events", events_list, NULL),
    GET("/events/{eventID}", events_one, NULL),
    RESOURCE(0, "eventTypes"),
    RESOURCE(1, "epcs"),
    RESOURCE(2, "bizSteps"),
    RESOURCE(3, "bizLocations"),
    RESOURCE(4, "readPoints"),
    RESOURCE(5, "dispositions"),
    GET("/queries", queries_list, PAGES),
    ROUTE(HTTP_POST, "/queries", WRITERS, 256 * KB, queries_put, NULL, ""),
    GET("/queries/{query}", queries_one, ""),
    ROUTE(HTTP_DELETE, "/queries/{query}", WRITERS, 0, queries_delete, NULL, ""),
    GET("/queries/{query}/events", queries_events, NULL),
    ROUTE(HTTP_DELETE, "/nextPageToken/{token}", QUERY_ROLES " distributor", 0, token_drop, NULL,
          ""),
    {0},
};
