#include "captured_site.h"
#include "service/event/capture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void must_take(status st, str what)
{
    if (st.cls != ST_OK) fail_msg("%s: %s in %.*s", st.reason, st.text, STR(what));
}

static void take(struct fixture *f, client_id c, str json, struct capture_ask *ask,
                 struct foreign_ask *names)
{
    static const struct epcis_scope scope = {.version = EPCIS_2_0};
    struct epcis_event *e = NEW(&f->arena, struct epcis_event);
    struct capture_taker k = {.site = &f->site, .arena = &f->arena, .client = c};
    struct capture_source source = {e, json, &scope, 0, true};

    must_take(epcis_event_read(json, &scope, &f->arena, e), json);
    k.t = fixture_read(f);
    capture_taker_init(&k);
    k.scope = capture_scope_digest(&scope);
    must_take(capture_take(&k, &source, ask), json);
    ask->taken = TAKEN_KEEP;
    fixture_read_end(k.t);
    struct capture_wanted wanted = capture_wanted(&k);
    *names = (struct foreign_ask){c, wanted.names, wanted.n};
}

uint64_t captured_site_event(struct fixture *f, client_id c, str json)
{
    struct capture_ask *ask = NEW(&f->arena, struct capture_ask);
    struct foreign_ask *names = NEW(&f->arena, struct foreign_ask);
    uint32_t at = 0;

    take(f, c, json, ask, names);
    struct job *j = fixture_job(f, names->n > 0 ? 2 : 1);
    if (names->n > 0) j->asks[at++] = (struct ask){.kind = &kind_units_named, .what = names};
    j->asks[at] = (struct ask){.kind = &kind_event_captured, .what = ask};
    fixture_job_run(f, j);
    must_take(j->whole, json);
    must_take(j->asks[at].result, json);
    return j->asks[at].fact.seq;
}

uint64_t captured_site_say(struct fixture *f, client_id c, const struct captured_says *e)
{
    struct buf b;

    buf_init(&b, 4 * MB);
    buf_addf(&b,
             "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
             "{\"ex\":\"https://example.com/ns/\"}],\"type\":\"%s\",\"eventTime\":\"",
             e->type);
    when_write(&b, e->time);
    buf_addf(&b, "\",\"eventTimeZoneOffset\":\"+00:00\"%s}", e->members);
    str json = arena_str(&f->arena, buf_str(&b));
    buf_fini(&b);
    return captured_site_event(f, c, json);
}
