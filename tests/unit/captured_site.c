#include "captured_site.h"
#include "service/capture/capture_int.h"
#include "service/event/capture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void must_take(status st, str what)
{
    if (st.cls != ST_OK) fail_msg("%s: %s in %.*s", st.reason, st.text, STR(what));
}

struct captured_look captured_site_look(struct fixture *f, client_id c, str json)
{
    struct captured_look l = {NEW(&f->arena, struct capture_ask),
                              NEW(&f->arena, struct foreign_ask)};
    static const struct epcis_scope scope = {.version = EPCIS_2_0};
    struct epcis_event *e = NEW(&f->arena, struct epcis_event);
    struct capture_taker k = {.site = &f->site, .arena = &f->arena, .client = c};
    struct capture_source source = {e, json, &scope, 0, true};

    must_take(epcis_event_read(json, &scope, &f->arena, e), json);
    k.t = fixture_read(f);
    capture_taker_init(&k);
    k.scope = capture_scope_digest(&scope);
    must_take(capture_take(&k, &source, l.event), json);
    l.event->taken = TAKEN_KEEP;
    fixture_read_end(k.t);
    struct capture_wanted wanted = capture_wanted(&k);
    *l.names = (struct foreign_ask){c, wanted.names, wanted.n, wanted.younger};
    return l;
}

uint64_t captured_site_commit(struct fixture *f, struct captured_look l)
{
    uint32_t at = 0;

    struct job *j = fixture_job(f, l.names->n > 0 ? 2 : 1);
    if (l.names->n > 0) j->asks[at++] = (struct ask){.kind = &kind_units_named, .what = l.names};
    j->asks[at] = (struct ask){.kind = &kind_event_captured, .what = l.event};
    fixture_job_run(f, j);
    must_take(j->whole, l.event->body);
    must_take(j->asks[at].result, l.event->body);
    return j->asks[at].fact.seq;
}

uint64_t captured_site_event(struct fixture *f, client_id c, str json)
{
    return captured_site_commit(f, captured_site_look(f, c, json));
}

str captured_site_json(struct fixture *f, const struct captured_says *e)
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
    return json;
}

uint64_t captured_site_say(struct fixture *f, client_id c, const struct captured_says *e)
{
    return captured_site_event(f, c, captured_site_json(f, e));
}

// ---- parts

struct captured_part {
    struct part part;
    bool done;
    status st;
};

static void part_arrived(struct part *p, struct job *j)
{
    struct captured_part *x = p->owner;

    x->st = part_status(p, j);
    x->done = true;
}

struct captured_part *captured_site_part(struct fixture *f, client_id c, str json)
{
    struct captured_part *x = NEW(&f->arena, struct captured_part);
    struct part *p = &x->part;
    struct epcis_event event;

    part_init(p, &f->site, f->loop);
    p->alone = true;
    p->done = part_arrived;
    p->owner = x;
    p->actor = f->actor;
    p->scope = (struct epcis_scope){.version = EPCIS_2_0};
    p->taker.client = c;
    p->taker.scope = capture_scope_digest(&p->scope);
    must_take(epcis_event_read(json, &p->scope, &p->arena, &event), json);
    p->taker.t = fixture_read(f);
    must_take(part_add(p, &(struct document_event){0, json, &event, &p->arena, 0}), json);
    fixture_read_end(p->taker.t);
    x->done = false;
    return x;
}

void captured_site_send(struct fixture *f, struct captured_part *x)
{
    assert_true(part_send(&x->part));
    while (committer_step(f->site.committer, false) > 0) {}
    while (!x->done) loop_step(f->loop, false);
    must_take(x->st, S("a part"));
    part_fini(&x->part);
}
