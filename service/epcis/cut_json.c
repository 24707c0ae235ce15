// cut_json.c - cuts a JSON document into its events and what stands around them, in pieces of any
// size.
//
// One scan follows strings and nesting. What lies in the list of events is given away event by
// event; everything else is kept in `front`, which is a whole document of its own without events,
// and read when the first event comes and again at the end. So memory holds what is no event, and
// one event that lies across pieces. Whether bytes are JSON the readers of both decide: here only
// what separates events is checked.
#include "common/json.h"
#include "service/epcis/json_front.h"
#include "service/epcis/read_int.h"
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 5, KEY_ROOM = 64, DEPTH_MAX = 64 };
enum { LIST_DEPTH = 3 }; // of the events of an EPCISDocument

enum place {
    IN_FRONT,
    IN_LIST_VALUE, // of events: an event or the end
    IN_LIST_NEXT,  // a comma or the end
    IN_LIST_COMMA, // behind it: an event
    IN_EVENT
};

// Keys that lead to the events.
enum step { STEP_OTHER, STEP_BODY, STEP_RESULTS, STEP_RESULTS_BODY, STEP_LIST, STEP_COUNT };
static const char *const step_names[STEP_COUNT] = {NULL, "epcisBody", "queryResults", "resultsBody",
                                                   "eventList"};

#define CLOSERS ((size_t)DEPTH_MAX) // what closes a front that is not whole

// An event of the first piece, which waits until the document's front is known.
struct extent {
    size_t from, n;
};

struct cut {
    const struct epcis_cut_conf *conf;
    uint64_t at; // of the piece's first byte
    enum place place;

    unsigned depth, event_depth; // of the document without its events, and in an event
    uint64_t objects;            // of the document: bit per depth
    bool in_string, escaped;
    bool key_next, is_key; // the next string, or this one, is a member's name
    char key[KEY_ROOM];    // as it stands
    size_t key_n;          // KEY_ROOM: longer than all that matter
    enum step path[PATH_ROOM];

    struct buf front, event;
    bool listed; // the list of events has begun: where in front, and how deep
    size_t begin_n;
    unsigned begin_depth;
    size_t list_at;    // in front, where its end stands
    uint64_t list_gap; // bytes of the document that front does not have before list_at
    uint64_t event_from;

    struct arena arena;
    bool front_given, front_whole; // it was read, and to its end
    bool late;                     // @context stands behind the events, which are passed over
    struct epcis_front given;
    size_t whole_n; // bytes of front when it was read to its end
    bool first_piece;
    struct extent *extents; // of the first piece
    size_t extent_n, extent_room;
    str piece;
    uint32_t events;
};

static status failed(enum status_class cls, const char *reason, uint64_t at, const char *says)
{
    return fail(cls, reason, at < UINT32_MAX ? (uint32_t)at : UINT32_MAX, "%s", says);
}

static status syntax(uint64_t at, const char *says)
{
    return failed(ST_BAD_INPUT, "json.syntax", at, says);
}

static status too_large(uint64_t at)
{
    return failed(ST_TOO_LARGE, "epcis.event_too_large", at,
                  "an event, or what stands around the events, is larger than allowed");
}

// ---- the front

// Where byte `at` of front stands in the document.
static uint64_t place_of(const struct cut *c, size_t at)
{
    return c->place == IN_FRONT && c->listed && at >= c->list_at ? at + c->list_gap : at;
}

static bool is_whole(const struct cut *c)
{
    return c->place == IN_FRONT && c->depth == 0 && !c->in_string && c->front.n > 0;
}

// The document, or with `partial` what stands before its events, closed there.
static status front_read(struct cut *c, bool partial, struct epcis_front *out)
{
    struct buf begin;
    str text = buf_str(&c->front);

    buf_init(&begin, c->front.max);
    if (partial) {
        buf_add(&begin, (str){text.p, c->begin_n});
        for (unsigned d = c->begin_depth; d > 0; d--)
            buf_addc(&begin, d == c->begin_depth ? ']' : '}');
        text = begin.failed ? (str){0} : arena_str(&c->arena, buf_str(&begin)); // views stay
    }
    buf_fini(&begin);
    if (partial && text.p == NULL) return no_memory();
    enum epcis_doc_kind kind = c->begin_depth == LIST_DEPTH ? EPCIS_DOC : EPCIS_QUERY_DOC;
    status st = epcis_json_front(text, partial ? &kind : NULL, &c->arena, out);
    if (st.cls != ST_OK) st.at = (uint32_t)place_of(c, st.at);
    c->front_whole = !partial;
    c->whole_n = c->front.n;
    return st;
}

static status not_of_events(void)
{
    return fail(ST_BAD_INPUT, "epcis.event_list", 0, "an event has no list of events");
}

static status front_give(struct cut *c, bool partial)
{
    if (partial && c->conf->known != NULL)
        c->given = *c->conf->known;
    else
        TRY(front_read(c, partial, &c->given));
    c->given.scope.lenient = c->conf->lenient; // which JSON has no use for
    if (c->listed && c->given.kind == EPCIS_BARE_EVENT) return not_of_events();
    c->front_given = true;
    return c->conf->ops->front(c->conf->self, &c->given);
}

// ---- events

static status event_give(struct cut *c, str bytes, uint64_t at)
{
    if (bytes.n > c->conf->event_max) return too_large(at);
    if (c->late) return OK;
    status st = c->front_given ? OK : front_give(c, !is_whole(c));
    if (st.cls != ST_OK && strcmp(st.reason, "epcis.order") == 0) {
        if (c->conf->again) return c->late = true, OK;
        st.at = (uint32_t)at;
    }
    TRY(st);
    return c->conf->ops->event(c->conf->self, c->events++, bytes, at);
}

static void extent_add(struct cut *c, size_t from, size_t n)
{
    if (c->extent_n == c->extent_room) {
        c->extent_room = c->extent_room == 0 ? 16 : c->extent_room * 2;
        c->extents = realloc(c->extents, c->extent_room * sizeof *c->extents);
        assert(c->extents != NULL);
    }
    c->extents[c->extent_n++] = (struct extent){from, n};
}

// The event ends before byte i of the piece.
static status event_end(struct cut *c, size_t i)
{
    size_t from = c->event_from > c->at ? (size_t)(c->event_from - c->at) : 0;
    str here = {c->piece.p + from, i - from};

    c->place = IN_LIST_NEXT;
    if (c->first_piece) return extent_add(c, from, here.n), OK;
    if (c->event.n == 0) return event_give(c, here, c->event_from);
    buf_add(&c->event, here);
    if (c->event.failed) return too_large(c->event_from);
    status st = event_give(c, buf_str(&c->event), c->event_from);
    buf_reset(&c->event);
    return st;
}

// ---- scanning

// Behind the string that begins or goes on at i; p.n where it does not end here.
static size_t string_skip(struct cut *c, str p, size_t i)
{
    while (i < p.n) {
        if (c->escaped) {
            c->escaped = false;
            i++;
            continue;
        }
        size_t from = i;
        const char *quote = memchr(p.p + i, '"', p.n - i);
        size_t end = quote == NULL ? p.n : (size_t)(quote - p.p), back = end;
        while (back > from && p.p[back - 1] == '\\') back--;
        c->escaped = (end - back) % 2 != 0;
        i = end;
        if (quote == NULL) return p.n;
        if (c->escaped) continue;
        c->in_string = false;
        return end + 1;
    }
    return i;
}

// Inside an event, up to its end.
static size_t event_skip(struct cut *c, str p, size_t i)
{
    if (c->in_string) i = string_skip(c, p, i);
    while (i < p.n && c->event_depth > 0) {
        char ch = p.p[i++];
        if (ch == '"') {
            c->in_string = true;
            i = string_skip(c, p, i);
        } else if (ch == '{' || ch == '[') {
            c->event_depth++;
        } else if (ch == '}' || ch == ']') {
            c->event_depth--;
        }
    }
    return i;
}

static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static void list_end(struct cut *c, size_t i)
{
    c->list_at = c->front.n;
    c->list_gap = c->at + i - c->front.n;
    c->place = IN_FRONT; // where the bracket itself is taken
}

// Between events, up to the next one or behind the list.
static status list_scan(struct cut *c, str p, size_t *at)
{
    size_t i = *at;

    while (i < p.n && is_blank(p.p[i])) i++;
    *at = i;
    if (i == p.n) return OK;
    char ch = p.p[i];
    if (ch == ']' && c->place != IN_LIST_COMMA) return list_end(c, i), OK;
    if (c->place == IN_LIST_NEXT && ch != ',')
        return syntax(c->at + i, "a comma or ] is expected between events");
    if (c->place != IN_LIST_NEXT && ch != '{') return syntax(c->at + i, "an event is an object");
    *at = i + 1;
    if (ch == ',') return c->place = IN_LIST_COMMA, OK;
    c->place = IN_EVENT;
    c->event_depth = 1;
    c->event_from = c->at + i;
    return OK;
}

// ---- the document without its events

// What a character of the key stands for: keys that matter are ASCII, but may be escaped.
static int key_char(const struct cut *c, size_t *i)
{
    uint8_t u[2];

    if (c->key[*i] != '\\') return (unsigned char)c->key[(*i)++];
    bool good =
        c->key_n - *i >= 6 && c->key[*i + 1] == 'u' && hex_get((str){c->key + *i + 2, 4}, u, 2);
    *i += 6;
    return good && u[0] == 0 ? u[1] : -1;
}

static enum step step_of(const struct cut *c)
{
    for (int s = STEP_BODY; s < STEP_COUNT && c->key_n < KEY_ROOM; s++) {
        const char *name = step_names[s];
        size_t i = 0;
        while (i < c->key_n && *name != 0 && key_char(c, &i) == *name) name++;
        if (i == c->key_n && *name == 0) return (enum step)s;
    }
    return STEP_OTHER;
}

// Does an array that begins here hold events?
static bool leads_to_events(const struct cut *c)
{
    static const enum step ways[][PATH_ROOM] = {
        [2] = {0,             STEP_BODY,         STEP_LIST},
        [4] = { 0, STEP_BODY, STEP_RESULTS, STEP_RESULTS_BODY, STEP_LIST},
    };
    unsigned d = c->depth;

    if ((d != 2 && d != 4) || c->objects != ((uint64_t)1 << d) - 1) return false;
    return memcmp(c->path + 1, ways[d] + 1, d * sizeof c->path[0]) == 0;
}

static void open(struct cut *c, bool object)
{
    uint64_t bit = (uint64_t)1 << c->depth++;

    c->objects = object ? c->objects | bit : c->objects & ~bit;
    c->key_next = object;
    if (c->depth < PATH_ROOM) c->path[c->depth] = STEP_OTHER;
}

static void close(struct cut *c)
{
    if (c->depth == 0) return; // the reader of front refuses it
    c->objects &= ~((uint64_t)1 << --c->depth);
    c->key_next = false;
}

static bool in_object(const struct cut *c)
{
    return c->depth > 0 && c->objects >> (c->depth - 1) & 1;
}

// A byte outside of strings. False: the list of events begins behind it.
static bool structure(struct cut *c, char ch)
{
    bool events = ch == '[' && leads_to_events(c);

    switch (ch) {
    case '"':
        c->in_string = true;
        c->is_key = c->key_next;
        c->key_n = 0;
        break;
    case ':':
        if (c->depth < PATH_ROOM) c->path[c->depth] = step_of(c);
        c->key_next = false;
        break;
    case ',': c->key_next = in_object(c); break;
    case '{':
    case '[': open(c, ch == '{'); break;
    case '}':
    case ']': close(c); break;
    }
    if (events) c->place = IN_LIST_VALUE;
    return !events;
}

static void key_add(struct cut *c, str part)
{
    size_t room = KEY_ROOM - c->key_n, n = part.n < room ? part.n : room;

    memcpy(c->key + c->key_n, part.p, n);
    c->key_n += n;
}

// A string or a part of one: gives what lies behind it.
static size_t front_string(struct cut *c, str p, size_t i)
{
    size_t end = string_skip(c, p, i);

    if (c->is_key) key_add(c, (str){p.p + i, end - i - !c->in_string});
    return end;
}

static status front_scan(struct cut *c, str p, size_t *at)
{
    size_t i = *at;
    bool more = true;

    while (i < p.n && more) {
        if (c->in_string) {
            i = front_string(c, p, i);
            continue;
        }
        if (c->depth == DEPTH_MAX - 1 && (p.p[i] == '{' || p.p[i] == '['))
            return failed(ST_BAD_INPUT, "json.depth", c->at + i, "nested too deep");
        more = structure(c, p.p[i++]);
    }
    if (!more && c->listed)
        return failed(ST_BAD_INPUT, "json.twice", c->at + i - 1, "a second list of events");
    buf_add(&c->front, (str){p.p + *at, i - *at});
    *at = i;
    if (!more) {
        c->listed = true;
        c->begin_n = c->front.n;
        c->begin_depth = c->depth;
    }
    return c->front.failed || c->front.n > c->conf->event_max ? too_large(c->at) : OK;
}

// ---- pieces

static status scan(struct cut *c, str p)
{
    for (size_t i = 0; i < p.n;) {
        if (c->place == IN_FRONT) {
            TRY(front_scan(c, p, &i));
        } else if (c->place == IN_EVENT) {
            i = event_skip(c, p, i);
            if (c->event_depth == 0) TRY(event_end(c, i));
        } else {
            TRY(list_scan(c, p, &i));
        }
    }
    return OK;
}

// What an event that goes on in the next piece has here.
static status event_keep(struct cut *c)
{
    size_t from = c->event_from > c->at ? (size_t)(c->event_from - c->at) : 0;

    if (c->place != IN_EVENT) return OK;
    buf_add(&c->event, str_from(c->piece, from));
    return c->event.failed ? too_large(c->event_from) : OK;
}

// The events of the first piece, which waited for what may stand behind them.
static status waiting_give(struct cut *c)
{
    c->first_piece = false;
    for (size_t i = 0; i < c->extent_n; i++) {
        str event = {c->piece.p + c->extents[i].from, c->extents[i].n};
        TRY(event_give(c, event, c->at + c->extents[i].from));
    }
    return OK;
}

static status cut_piece(void *self, str bytes)
{
    struct cut *c = self;

    if (bytes.n == 0) return OK;
    c->piece = bytes;
    TRY(c->conf->text(c->conf->self, bytes));
    TRY(scan(c, bytes));
    if (c->first_piece) TRY(waiting_give(c));
    TRY(event_keep(c));
    c->at += bytes.n;
    return OK;
}

static status bare_give(struct cut *c)
{
    str text = buf_str(&c->front);
    size_t bom = str_starts(text, S("\xef\xbb\xbf")) ? 3 : 0;
    str event = str_trim(str_from(text, bom));

    return event_give(c, event, (uint64_t)(event.p - text.p));
}

static status cut_end(void *self)
{
    struct cut *c = self;
    struct epcis_front f;

    if (c->place != IN_FRONT)
        return syntax(c->at, c->place == IN_EVENT ? "the document ends inside an event"
                                                  : "the document ends inside its list of events");
    if (!c->front_given) TRY(front_give(c, false));
    if (!c->front_whole || c->whole_n != c->front.n) {
        TRY(front_read(c, false, &f));
        if (c->listed && f.kind == EPCIS_BARE_EVENT) return not_of_events();
        f.scope = c->given.scope; // which the events were given with
        TRY(c->conf->ops->front(c->conf->self, &f));
    }
    return c->given.kind == EPCIS_BARE_EVENT ? bare_give(c) : OK;
}

static void *cut_begin(const struct epcis_cut_conf *conf)
{
    struct cut *c = calloc(1, sizeof *c);

    assert(c != NULL && conf->event_max < UINT32_MAX - CLOSERS);
    c->conf = conf;
    c->first_piece = true;
    buf_init(&c->front, conf->event_max + CLOSERS);
    buf_init(&c->event, conf->event_max);
    arena_init(&c->arena, 4 * conf->event_max + 16 * MB);
    return c;
}

static void cut_free(void *self)
{
    struct cut *c = self;

    arena_fini(&c->arena);
    buf_fini(&c->event);
    buf_fini(&c->front);
    free(c->extents);
    free(c);
}

static bool cut_is_late(const void *self) { return ((const struct cut *)self)->late; }

const struct epcis_cut_syntax epcis_cut_json = {cut_begin, cut_piece, cut_end, cut_is_late,
                                                cut_free};
