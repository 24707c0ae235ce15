// query_fuzz.c - questions from any bytes: a URL's query string, or, where they begin with '{', the
// object of a named query.
//
// Claims: a refusal has a reason and, in JSON, a place within the input; what is taken is the same
// question when it is read again and when its parameters come in another order; holding an event
// against it ends, the same way every time; the input is untouched.
#include "service/epcis/read.h"
#include "service/query/query.h"
#include <string.h>

#define ARENA_MAX (64 * MB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char event[] =
    "{\"type\":\"ObjectEvent\",\"action\":\"OBSERVE\",\"eventTime\":\"2026-03-01T10:00:00Z\","
    "\"eventTimeZoneOffset\":\"+00:00\",\"bizStep\":\"shipping\",\"epcList\":["
    "\"urn:epc:id:sgtin:0614141.812345.a\",\"urn:example:7\"],\"quantityList\":[{\"epcClass\":"
    "\"urn:epc:class:lgtin:4012345.012345.998877\",\"quantity\":200.5,\"uom\":\"KGM\"}],"
    "\"readPoint\":{\"id\":\"urn:epc:id:sgln:0614141.07346.0\",\"ex:dock\":\"7\"},"
    "\"bizTransactionList\":[{\"type\":\"po\",\"bizTransaction\":\"urn:x:1\"}],\"ex:word\":"
    "\"blue\","
    "\"ex:box\":{\"ex:deep\":\"42\"},\"sensorElementList\":[{\"sensorReport\":[{\"type\":"
    "\"Temperature\",\"value\":26.0,\"uom\":\"CEL\",\"time\":\"2026-03-01T08:00:00Z\"}]}]}";

static status read_one(str in, struct arena *a, struct query *out)
{
    struct query_reader r;
    struct query_page page;

    query_begin(&r, a);
    TRY(query_prefix(&r, S("ex"), S("https://example.com/ns/")));
    if (in.n > 0 && in.p[0] == '{')
        TRY(query_from_json(&r, in));
    else
        TRY(query_from_url(&r, in, &page));
    return query_end(&r, out);
}

// The parameters of a URL from the last to the first.
static str reversed(str in, struct arena *a)
{
    char *p = arena_alloc(a, in.n + 1);
    size_t at = 0;

    assert(p != NULL);
    for (size_t end = in.n; in.n > 0;) {
        size_t from = end;
        while (from > 0 && in.p[from - 1] != '&') from--;
        memcpy(p + at, in.p + from, end - from);
        at += end - from;
        if (from == 0) break;
        p[at++] = '&';
        end = from - 1;
    }
    return (str){p, at};
}

static bool holds(const struct query *q, struct arena *a)
{
    static const struct query_master none;
    struct epcis_scope scope = {.version = EPCIS_2_0};
    struct arena scratch;
    struct query expanded;
    struct epcis_event e;
    bool hit = false;

    scope.context = S("[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
                      "{\"ex\":\"https://example.com/ns/\"}]");
    arena_init(&scratch, 1 * MB);
    status st = epcis_event_read((str){event, sizeof event - 1}, &scope, a, &e);
    assert(st.cls == ST_OK);
    st = query_expand(q, &none, a, &expanded);
    if (st.cls == ST_OK) st = query_matches(&expanded, &e, &none, &scratch, &hit);
    assert(st.cls == ST_OK || st.cls == ST_TOO_LARGE);
    arena_fini(&scratch);
    return hit;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str in = {(const char *)data, n};
    struct arena a;
    struct query q, again;

    arena_init(&a, ARENA_MAX);
    status st = read_one(in, &a, &q);
    if (st.cls != ST_OK) {
        assert((st.cls == ST_BAD_INPUT || st.cls == ST_TOO_LARGE) && st.reason != NULL);
        assert(st.at <= n);
    } else {
        status same = read_one(in, &a, &again);
        assert(same.cls == ST_OK && memcmp(&q.hash, &again.hash, sizeof q.hash) == 0);
        assert(holds(&q, &a) == holds(&again, &a));
        bool url = n == 0 || data[0] != '{';
        str other = url ? reversed(in, &a) : in;
        if (url && (other.n == 0 || other.p[0] != '{')) { // first and last change places
            same = read_one(other, &a, &again);
            assert(same.cls == ST_OK && memcmp(&q.hash, &again.hash, sizeof q.hash) == 0);
        }
    }
    arena_fini(&a);
    return 0;
}
