// POST /epcis/v2/events: one event, with all that it needs of a scope in itself. The answer is the
// event as it is kept.
#include "common/xml_decode.h"
#include "service/capture/capture_int.h"
#include "service/event/render.h"
#include <stdlib.h>

#define EVENT_MAGIC 0xe7e27u

struct posted { // owner: the request's loop; in the request's arena but for the part
    unsigned magic;
    struct http_req *r;
    struct part part;
    struct rest_accepted answer;
    struct rest_form form;
};

static void leave(struct posted *x)
{
    part_fini(&x->part);
    x->magic = 0;
}

static status write_told(const struct posted *x, const struct event_render *r, wall now,
                         const struct epcis_event *e, struct buf *out)
{
    struct epcis_out conf = {
        .format = x->answer.media == REST_XML ? EPCIS_XML_2_0 : EPCIS_JSON_2_0,
        .kind = EPCIS_BARE_EVENT,
        .ids = rest_form_ids(x->form),
        .words = rest_form_words(x->form),
        .prefixes = r->prefixes,
        .created = {now, 0}
    };
    struct epcis_doc doc;

    epcis_doc_init(&doc, &conf, out);
    status st = epcis_doc_event(&doc, e);
    status end = epcis_doc_end(&doc);
    epcis_doc_fini(&doc);
    return st.cls == ST_OK ? end : st;
}

static status write_event(struct posted *x, const struct fact *f, struct txn *t, struct buf *out,
                          str *id)
{
    struct event_render r = event_render_begin(api_site(x->r), t, &x->r->arena);
    struct event_parts parts;

    r.words_as_given = x->answer.media == REST_XML && x->form.words == REST_WORDS_AS_GIVEN;
    TRY(event_render(&r, f, &parts));
    if (parts.n != 1) return fail(ST_STORE, "record.corrupt", 0, "a captured event");
    *id = parts.at[0].event.id;
    return write_told(x, &r, f->at, &parts.at[0].event, out);
}

// The answer is the event: what XML cannot say is refused to who wants XML, before it is stored.
static status check_told(const struct posted *x, const struct epcis_event *e)
{
    struct event_render r =
        event_render_begin(api_site(x->r), x->part.taker.t, x->part.taker.arena);
    struct buf out;

    if (x->answer.media != REST_XML) return OK;
    buf_init(&out, 1 * GB);
    status st = write_told(x, &r, (wall){0}, e, &out);
    buf_fini(&out);
    if (st.cls == ST_OK || st.cls == ST_STORE || st.cls == ST_TOO_LARGE) return st;
    return fail(ST_NOT_ACCEPTABLE, "event.form", 0, "the event has no such form: %.60s", st.text);
}

static void answer(struct posted *x, const struct fact *f)
{
    struct http_req *r = x->r;
    const char *type = x->answer.type;
    struct buf body;
    str id = {0};

    buf_init(&body, 1 * GB);
    status st = write_event(x, f, api_snapshot(r), &body, &id);
    leave(x);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        rest_location(r, REST_ROOT "/events", id);
        http_reply_buf(r, 201, type, &body);
    } else {
        http_problem(r, st, S(""));
    }
    buf_fini(&body);
}

static void refuse(struct posted *x, status st, str units)
{
    struct http_req *r = x->r;
    struct buf extra;

    buf_init(&extra, 8 * MB);
    if (units.n > 0) {
        buf_add(&extra, S("\"units\":"));
        buf_add(&extra, units);
    }
    leave(x);
    http_problem(r, st, extra.failed ? S("") : extra.n == 0 ? S("") : buf_str(&extra));
    buf_fini(&extra);
}

// REQ EPCIS-EVENTS-409: an eventID that is there already is refused here, also for the same event.
static void done(struct part *p, struct job *j)
{
    struct posted *x = p->owner;
    status st = part_status(p, j);
    struct ask *last = &j->asks[j->n - 1];

    OBJ_CHECK(x, EVENT_MAGIC);
    x->r->waited_us += p->synced_us;
    if (st.cls == ST_OK && last->repeat && !j->repeat)
        st = fail(ST_CONFLICT, "event.id_taken", 0, "eventID: this event is there already");
    if (st.cls == ST_OK) st = api_repeat_check(x->r, j);
    if (st.cls == ST_OK)
        answer(x, &last->fact);
    else
        refuse(x, st, last->units);
}

static status size_check(const struct posted *x, str bytes)
{
    size_t most = api_site(x->r)->limits.capture_event_max;

    if (bytes.n <= most) return OK;
    return fail(ST_TOO_LARGE, "capture.event_max", 0, "an event has at most %zu bytes", most);
}

// What an event of XML does not say of its version its request may.
static enum epcis_version version_of(struct posted *x, enum rest_media media, str bytes)
{
    bool earlier = str_starts(http_header(x->r, S("GS1-EPCIS-Version")), S("1."));

    if (media == REST_JSON) return EPCIS_2_0;
    return epcis_bare_version(bytes, earlier ? EPCIS_1_2 : EPCIS_2_0, &x->part.arena);
}

// What is sent here is one event; a document is not.
static status take(struct posted *x)
{
    struct epcis_event event;
    struct document_event e = {0, x->r->body, &event, &x->part.arena, 0};
    enum rest_media media = REST_JSON;

    TRY(size_check(x, e.bytes));
    TRY(rest_body_media(x->r, e.bytes, &media));
    if (media == REST_XML) TRY(xml_decode_whole(e.bytes, &x->part.arena, &e.bytes));
    TRY(size_check(x, e.bytes)); // as UTF-8 it may be more
    x->part.scope =
        (struct epcis_scope){.syntax = media == REST_XML ? EPCIS_SYNTAX_XML : EPCIS_SYNTAX_JSON,
                             .version = version_of(x, media, e.bytes),
                             .lenient = x->part.taker.rule == CAPTURE_OFF};
    x->part.taker.scope = capture_scope_digest(&x->part.scope);
    TRY(epcis_characters_check(x->part.scope.syntax, e.bytes));
    TRY(epcis_event_read(e.bytes, &x->part.scope, &x->part.arena, &event));
    TRY(epcis_event_check(&event));
    TRY(check_told(x, &event));
    return part_add(&x->part, &e);
}

static status prepare(struct posted *x)
{
    struct http_req *r = x->r;
    struct capture_for whose = {.events_max = 0};

    TRY(rest_accept(r, REST_ANY, &x->answer));
    TRY(rest_form(r, &x->form));
    x->part.taker.t = api_snapshot(r);
    status st = capture_for(r, x->part.taker.t, &whose);
    x->part.taker.client = whose.client;
    x->part.taker.rule = whose.rule;
    x->part.actor = caller_of(r)->actor;
    if (st.cls == ST_OK) st = take(x);
    if (st.cls == ST_OK && x->part.key.present)
        api_key_older(x->part.taker.t, env_wall(api_site(r)->env), &x->part.key);
    return api_snapshot_end(r, st);
}

void capture_event(struct http_req *r)
{
    struct posted *x = NEW(&r->arena, struct posted);
    bool bad = false;

    if (x == NULL) {
        http_problem(r, no_memory(), S(""));
        return;
    }
    *x = (struct posted){.magic = EVENT_MAGIC, .r = r};
    part_init(&x->part, api_site(r), r->loop);
    x->part.alone = true;
    x->part.done = done;
    x->part.owner = x;
    x->part.key.present = api_key(r, &x->part.key, &bad);
    if (bad) {
        leave(x);
        return;
    }
    status st = prepare(x);
    if (st.cls == ST_OK && !part_send(&x->part))
        st = fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again");
    if (st.cls != ST_OK) refuse(x, st, (str){0});
}
