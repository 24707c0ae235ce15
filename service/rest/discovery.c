// What the service says of itself: versions and forms, by headers of every answer below /epcis/v2
// and more of them for OPTIONS; and the list of top-level resources.
#include "service/access/access.h"
#include "service/api/version.h"
#include "service/client/client.h"
#include "service/rest/rest_int.h"
#include <string.h>

#define SUBSCRIPTION REST_ROOT "/queries/{query}/subscriptions/{subscription}"

// ---- versions

// "2", "2.0" and "2.0.0" are equal. Cuts the first number off; false: not a version.
static bool number_cut(str *rest, uint64_t *n)
{
    str word = *rest;

    if (rest->n == 0) return *n = 0, true;
    if (!str_cut(rest, '.', &word))
        *rest = (str){"", 0};
    else if (rest->n == 0)
        return false; // it ends in a dot
    return str_u64(word, UINT32_MAX, n);
}

static bool version_cmp(str a, str b, int *out)
{
    *out = 0;
    if (a.n == 0 || b.n == 0) return false;
    while (a.n > 0 || b.n > 0) {
        uint64_t x, y;
        if (!number_cut(&a, &x) || !number_cut(&b, &y)) return false;
        if (*out == 0) *out = x < y ? -1 : x > y;
    }
    return true;
}

// REQ EPCIS-2.0-VERSIONS: each header, and how what it says must stand to what is spoken here
static const struct {
    const char *name;
    int least, most;     // of the comparison with REST_VERSION
    const char *also[4]; // versions that bodies may have, too
} asked[] = {
    {"GS1-EPCIS-Min",     -1, 0, {NULL}                        },
    {"GS1-EPCIS-Max",     0,  1, {NULL}                        },
    {"GS1-CBV-Min",       -1, 0, {NULL}                        },
    {"GS1-CBV-Max",       0,  1, {NULL}                        },
    {"GS1-EPCIS-Version", 0,  0, {"1.0", "1.1", "1.2", "1.2.1"}},
    {"GS1-CBV-Version",   0,  0, {"1.0", "1.1", "1.2", "1.2.1"}},
};

static status version_check(size_t i, str said)
{
    int cmp;

    if (!version_cmp(said, S(REST_VERSION), &cmp))
        return fail(ST_BAD_INPUT, "version.form", 0, "%s: numbers and dots, as in 2.0",
                    asked[i].name);
    if (cmp >= asked[i].least && cmp <= asked[i].most) return OK;
    for (size_t k = 0; k < LEN(asked[i].also) && asked[i].also[k] != NULL; k++)
        if (version_cmp(said, str_of(asked[i].also[k]), &cmp) && cmp == 0) return OK;
    return fail(ST_NOT_ACCEPTABLE, "version.none", 0, "%s: %.*s is not served, %s is",
                asked[i].name, said.n > 20 ? 20 : (int)said.n, said.p, REST_VERSION);
}

status rest_check(struct http_req *r)
{
    struct rest_form form;

    for (size_t i = 0; i < LEN(asked); i++) {
        str said = http_header(r, str_of(asked[i].name));
        if (said.n > 0) TRY(version_check(i, said));
    }
    return rest_form(r, &form);
}

// ---- headers

#define VERSIONS "GS1-EPCIS-Version: " REST_VERSION "\r\n"
#define CBV      "GS1-CBV-Version: " REST_VERSION "\r\n"
// The one namespace that events told by the service itself use; those of captured events are
// whatever was captured.
#define EXTENSIONS "GS1-Extensions: cbvmda=urn:epcglobal:cbv:mda:\r\n"
#define RANGE(of)  "GS1-" of "-Min: " REST_VERSION "\r\nGS1-" of "-Max: " REST_VERSION "\r\n"
#define VENDOR     "GS1-Vendor-Version: packtrail-" PACKTRAIL_VERSION "\r\n"
#define FORMS      "GS1-EPC-Format: No_Preference\r\nGS1-CBV-XML-Format: No_Preference\r\n"

struct rest_capture_limits rest_capture_limits(const struct site_limits *l, bool strict)
{
    struct rest_capture_limits all = {l->capture_events_max, l->capture_body_max};

    if (strict && all.events > l->capture_slice_events) all.events = l->capture_slice_events;
    if (strict && all.bytes > CAPTURE_WHOLE_MAX) all.bytes = CAPTURE_WHOLE_MAX;
    return all;
}

static bool client_is_strict(struct http_req *r)
{
    struct client_profile profile = {.capture = CAPTURE_RECORD};
    struct txn *t = api_snapshot(r);
    client_id client;

    status st = access_client(r, t, &client);
    if (st.cls == ST_OK && client.v != 0) st = client_profile(t, client, &profile);
    st = api_snapshot_end(r, st);
    return st.cls == ST_OK && profile.capture == CAPTURE_STRICT;
}

// OPTIONS wants no caller; one who shows who it is, is told what its own documents are held to.
static bool asker_is_strict(struct http_req *r)
{
    const struct caller *c;

    if (!http_has_header(r, S("Authorization")) && r->certificate == NULL) return false;
    if (access_caller(r, &c).cls != ST_OK) return false;
    r->caller = c;
    bool strict = client_is_strict(r);
    r->caller = NULL;
    return strict;
}

static void capture_headers(struct http_req *r, struct buf *b)
{
    struct rest_capture_limits l = rest_capture_limits(&api_site(r)->limits, asker_is_strict(r));

    buf_add(b, S("GS1-EPCIS-Capture-Limit: "));
    buf_addu(b, l.events);
    buf_add(b, S("\r\nGS1-EPCIS-Capture-File-Size-Limit: "));
    buf_addu(b, l.bytes);
    buf_add(b, S("\r\nGS1-Capture-Error-Behaviour: all\r\n"));
}

// No event can have been recorded before the journal began. OPTIONS asks for no token, so that it
// tells nothing of the one subscription.
static void subscription_headers(struct http_req *r, struct buf *b)
{
    struct fact first;

    status st = journal_get(api_snapshot(r), 1, &r->arena, &first);
    if (api_snapshot_end(r, st).cls != ST_OK) return;
    buf_add(b, S("GS1-Query-Min-Record-Time: "));
    when_write(b, (struct moment){first.at, 0});
    buf_add(b, S("\r\n"));
}

static void discover(struct http_req *r, struct buf *b)
{
    const char *path = r->route == NULL ? "" : r->route->path;
    bool one = strcmp(path, SUBSCRIPTION) == 0;

    buf_add(b, S(RANGE("EPCIS") VENDOR));
    if (!one) buf_add(b, S(RANGE("CBV") FORMS));
    if (one) subscription_headers(r, b);
    if (strcmp(path, REST_ROOT "/capture") == 0) capture_headers(r, b);
}

void rest_headers(struct http_req *r, struct buf *b)
{
    bool options = r->method == HTTP_OPTIONS;
    bool one = options && r->route != NULL && strcmp(r->route->path, SUBSCRIPTION) == 0;

    buf_add(b, S(VERSIONS EXTENSIONS));
    if (!one) buf_add(b, S(CBV));
    if (options) discover(r, b);
}

const struct http_manner rest_manners[] = {
    {REST_ROOT,     rest_check, rest_headers, rest_problem, NULL, true},
    {"/epcis", NULL, NULL, rest_problem, NULL, false},
    {0        },
};

// ---- the top

static void top(struct http_req *r)
{
    static const char *const names[] = {"queries",      "capture",      "events",
                                        "eventTypes",   "epcs",         "readPoints",
                                        "bizLocations", "dispositions", "bizSteps"};
    str members[LEN(names)];

    for (size_t i = 0; i < LEN(names); i++) members[i] = str_of(names[i]);
    rest_collection_reply(r, members, LEN(members));
}

const struct http_route rest_routes[] = {
    {HTTP_GET, REST_ROOT, "*", 0, top, NULL, NULL, ""},
    {HTTP_GET,     REST_ROOT "/", "*", 0, top, NULL, NULL, ""},
    {0    },
};
