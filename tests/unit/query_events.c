#include "query_events.h"
#include "common/http.h"
#include "service/epcis/read.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct epcis_event query_event_of(struct arena *a, const char *type, const char *members)
{
    struct epcis_scope scope = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
    struct epcis_event e;
    struct buf b;

    scope.context = S("[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
                      "{\"ex\":\"https://example.com/ns/\"}]");
    buf_init(&b, 1 * MB);
    buf_addf(&b,
             "{\"type\":\"%s\",\"eventTime\":\"2026-03-01T10:00:00.250+01:00\","
             "\"eventTimeZoneOffset\":\"+01:00\"%s}",
             type, members);
    str bytes = arena_str(a, buf_str(&b));
    buf_fini(&b);
    status st = epcis_event_read(bytes, &scope, a, &e);
    if (st.cls != ST_OK) fail_msg("%s at %u: %s in %.*s", st.reason, st.at, st.text, STR(bytes));
    e.recorded.at.at.ms = 1772360000000; // 2026-03-01T10:13:20Z
    return e;
}

static status read_url(struct arena *a, const char *url, struct query *q)
{
    struct query_reader r;
    struct query_page page;

    query_begin(&r, a);
    TRY(query_prefix(&r, S("ex"), S("https://example.com/ns/")));
    TRY(query_from_url(&r, str_of(url), &page));
    return query_end(&r, q);
}

struct query_asked query_ask(struct arena *a, const char *url, const struct epcis_event *e,
                             const struct query_master *m)
{
    static const struct query_master none;
    struct query_asked out = {false, NULL};
    struct arena scratch;
    struct query q;

    arena_init(&scratch, 1 * MB);
    status st = read_url(a, url, &q);
    if (m == NULL) m = &none;
    if (st.cls == ST_OK) st = query_expand(&q, m, a, &q);
    if (st.cls == ST_OK) st = query_matches(&q, e, m, &scratch, &out.hit);
    if (st.cls != ST_OK) out.reason = st.reason;
    arena_fini(&scratch);
    return out;
}
