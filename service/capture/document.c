// document.c - a document cut into events and the rest. Both are kept as the cutter has them, in
// UTF-8: places within the rest count the same bytes, whatever encoding the document came in.
#include "service/capture/document.h"
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAGIC 0xd0c0e27u

// An event and what is made of it: its texts, extensions, and identifiers once more.
#define EVENT_WORK 16u

struct document {
    unsigned magic;
    struct document_conf conf;
    struct epcis_cut *cut;
    struct arena work; // of the event at hand
    struct captured_document says;
    struct epcis_scope scope;
    bool has_front;
    uint64_t came;
    // Text that came and is not known to be rest: from byte `pending_at` of the document on.
    struct buf pending, rest;
    uint64_t pending_at;
    size_t taken; // of it, at its beginning
    uint64_t *places;
    uint32_t places_room;
    uint32_t failed_at;
};

// ---- the front

static status keep(struct document *d, str *out, str text)
{
    *out = arena_str(d->conf.arena, text);
    return out->p == NULL ? no_memory() : OK;
}

static status take_front(void *self, const struct epcis_front *f)
{
    struct document *d = self;
    struct captured_document *s = &d->says;

    d->has_front = true;
    s->kind = f->kind;
    s->version = f->scope.version;
    if (f->scope.syntax == EPCIS_SYNTAX_XML) s->flags |= CAPTURED_XML;
    TRY(keep(d, &s->context, f->scope.context));
    TRY(keep(d, &s->schema_version, f->schema_version));
    TRY(keep(d, &s->created, f->created));
    TRY(keep(d, &s->sender.id, f->sender.id));
    TRY(keep(d, &s->sender.authority, f->sender.authority));
    TRY(keep(d, &s->receiver.id, f->receiver.id));
    TRY(keep(d, &s->receiver.authority, f->receiver.authority));
    TRY(keep(d, &s->instance, f->instance));
    d->scope = f->scope;
    d->scope.context = s->context;
    return d->conf.front == NULL ? OK : d->conf.front(d->conf.self, f);
}

// ---- the rest

static status add_place(struct document *d)
{
    struct captured_document *s = &d->says;

    if (s->place_count == d->places_room) {
        uint32_t room = d->places_room == 0 ? 64 : 2 * d->places_room;
        uint64_t *more = NEW_ARRAY(d->conf.arena, uint64_t, room);
        if (more == NULL) return no_memory();
        if (s->place_count > 0) memcpy(more, d->places, s->place_count * sizeof *more);
        s->places = d->places = more;
        d->places_room = room;
    }
    d->places[s->place_count++] = d->rest.n;
    return OK;
}

static status too_much_rest(void)
{
    return fail(ST_TOO_LARGE, "epcis.event_too_large", 0,
                "what stands around the events is larger than one may be");
}

// The event is `n` bytes from byte `at` on; all before it is rest.
static status cut_out(struct document *d, uint64_t at, size_t n)
{
    if (d->conf.no_rest) return OK;
    assert(at >= d->pending_at + d->taken && at - d->pending_at + n <= d->pending.n);
    size_t until = (size_t)(at - d->pending_at);

    buf_add(&d->rest, (str){d->pending.p + d->taken, until - d->taken});
    if (d->rest.failed) return too_much_rest();
    d->taken = until + n;
    return add_place(d);
}

// ---- events

bool document_is_ended_by(status st)
{
    return st.cls == ST_INTERNAL || st.cls == ST_STORE || st.cls == ST_TOO_LARGE ||
           st.cls == ST_FULL;
}

status document_fault(uint64_t at, status st)
{
    st.at = at + st.at > UINT32_MAX ? UINT32_MAX : (uint32_t)(at + st.at);
    return st;
}

static status read_event(struct document *d, uint32_t index, str bytes, uint64_t at)
{
    struct epcis_event event;
    struct document_event e = {index, bytes, &event, &d->work, at};

    arena_reset(&d->work);
    TRY(epcis_characters_check(d->scope.syntax, bytes));
    TRY(epcis_event_read(bytes, &d->scope, &d->work, &event));
    TRY(epcis_event_check(&event));
    return d->conf.event(d->conf.self, &e);
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct document *d = self;

    if (index >= d->conf.events_max)
        return fail(ST_TOO_LARGE, "capture.events_max", 0, "a document has at most %u events",
                    d->conf.events_max);
    d->says.events = index + 1;
    TRY(cut_out(d, at, bytes.n));
    if (index < d->conf.skip) return OK;
    status st = read_event(d, index, bytes, at);
    if (st.cls == ST_OK) return OK;
    bool goes_on = d->conf.proceed && !document_is_ended_by(st);
    if (goes_on && !d->conf.no_rest) {
        arena_reset(&d->work);
        status form = epcis_form_check(bytes, &d->scope, &d->work);
        if (form.cls != ST_OK) st = form, goes_on = false;
    }
    st = document_fault(at, st);
    if (goes_on)
        return capture_error_add(&d->says.errors, d->conf.arena,
                                 &(struct capture_error){index + 1, st, {0}});
    d->failed_at = index;
    return st;
}

static status take_text(void *self, str piece)
{
    struct document *d = self;

    if (!d->conf.no_rest && !document_is_late(d)) buf_add(&d->pending, piece);
    return d->pending.failed ? too_much_rest() : OK;
}

static const struct epcis_cut_ops cut_ops = {take_front, take_event};

// ---- the whole

struct document *document_new(const struct document_conf *conf)
{
    struct document *d = calloc(1, sizeof *d);
    struct epcis_cut_conf cut = {.syntax = conf->syntax,
                                 .lenient = conf->lenient,
                                 .event_max = conf->event_max,
                                 .again = conf->again,
                                 .known = conf->known,
                                 .ops = &cut_ops,
                                 .text = take_text,
                                 .self = d};

    assert(d != NULL);
    *d = (struct document){.magic = DOCUMENT_MAGIC, .conf = *conf, .failed_at = UINT32_MAX};
    d->cut = epcis_cut_new(&cut);
    arena_init(&d->work, EVENT_WORK * conf->event_max + 1 * MB);
    buf_init(&d->pending, 4 * conf->event_max + 8 * MB); // an event, and the piece that ended it
    buf_init(&d->rest, conf->event_max + 1);
    return d;
}

void document_free(struct document **dp)
{
    struct document *d = *dp;

    *dp = NULL;
    if (d == NULL) return;
    OBJ_CHECK(d, DOCUMENT_MAGIC);
    epcis_cut_free(&d->cut);
    arena_fini(&d->work);
    buf_fini(&d->pending);
    buf_fini(&d->rest);
    d->magic = 0;
    free(d);
}

status document_piece(struct document *d, str bytes)
{
    OBJ_CHECK(d, DOCUMENT_MAGIC);
    d->came += bytes.n;
    if (d->taken > 0) {
        d->pending.n -= d->taken;
        memmove(d->pending.p, d->pending.p + d->taken, d->pending.n);
        d->pending_at += d->taken;
        d->taken = 0;
    }
    return epcis_cut_piece(d->cut, bytes);
}

status document_end(struct document *d)
{
    OBJ_CHECK(d, DOCUMENT_MAGIC);
    TRY(epcis_cut_end(d->cut));
    const struct epcis_front *f = epcis_cut_front(d->cut);
    if (f != NULL) { // what stood behind the events is known now
        TRY(keep(d, &d->says.schema_version, f->schema_version));
        TRY(keep(d, &d->says.instance, f->instance));
        TRY(keep(d, &d->says.sender.id, f->sender.id));
        TRY(keep(d, &d->says.receiver.id, f->receiver.id));
        TRY(keep(d, &d->says.created, f->created));
    }
    if (document_is_late(d)) return OK;
    if (d->pending.n > d->taken)
        buf_add(&d->rest, (str){d->pending.p + d->taken, d->pending.n - d->taken});
    if (d->rest.failed) return too_much_rest();
    TRY(epcis_characters_check(d->conf.syntax, document_rest(d)));
    d->pending.n = d->taken = 0;
    d->says.bytes = d->came;
    return OK;
}

bool document_is_late(const struct document *d) { return epcis_cut_is_late(d->cut); }
uint32_t document_failed_at(const struct document *d) { return d->failed_at; }
const struct captured_document *document_says(const struct document *d) { return &d->says; }
str document_rest(const struct document *d)
{
    return d->rest.n == 0 ? (str){"", 0} : buf_str(&d->rest);
}
const struct epcis_scope *document_scope(const struct document *d) { return &d->scope; }

const struct epcis_front *document_front(const struct document *d)
{
    return epcis_cut_front(d->cut);
}
