// cut_xml.c - XML documents cut into their front and their events, byte by byte as they come.
//
// This scanner knows where markup begins and ends and how deep it is, no more. What stands outside
// the events (the skeleton) is collected and read by front_xml.c twice: when the events begin, and
// whole at the end. An event is everything between the list of events and one of its children,
// wrappers of 1.2 included; what is in it is checked by who reads it. Between events there are
// blanks and comments, which are checked and dropped.
//
// Places count bytes of the document as UTF-8, whatever it came as.
#include "common/xml_decode.h"
#include "service/epcis/read_int.h"
#include "service/epcis/xml_in.h"
#include <stdlib.h>
#include <string.h>

#define CUT_XML_MAGIC 0xc0770e16u
#define ARENA_TIMES   8 // what a front takes as a value, in its bytes

// What the next byte belongs to.
enum state {
    IN_TEXT,
    AFTER_LT,
    IN_BANG, // <! and up to seven more
    IN_NAME, // of a start tag
    IN_TAG,
    IN_VALUE,
    IN_END_TAG,
    IN_COMMENT,
    IN_CDATA,
    IN_DOCTYPE,
    IN_INSTRUCTION
};
enum stage { FRONT, EVENTS, TAIL };

struct cut_xml {
    unsigned magic;
    const struct epcis_cut_conf *conf;
    struct xml_decoder decoder;
    struct buf skeleton, event;
    struct arena arena;   // of the front, which lives as long as the cutter
    struct buf scope;     // its text
    struct arena checked; // of what is read to be checked alone
    struct buf gap;
    uint64_t at; // of the first byte of this piece
    // ---- the scanner
    enum state state;
    enum stage stage;
    unsigned depth, list_depth; // open elements; of the list of events
    unsigned run;               // dashes, brackets or the like that may end it
    char quote;
    bool slash;       // the last byte of the tag was one
    bool taking;      // these bytes are an event or stand between events
    char word[32];    // a name, or what follows <!
    unsigned word_n;  // cut to what fits
    unsigned path[2]; // how much of each way to the events is open
    size_t lt;        // where in the skeleton the last tag began
    // ---- what was given
    uint64_t event_at, tail_at; // where the event, and what is behind the last of them, begins
    size_t front_n;             // bytes of the skeleton before the events
    uint32_t events;
    bool bare, fronted;
    status st;
};

// ---- trouble

static uint32_t place(uint64_t at) { return at < UINT32_MAX ? (uint32_t)at : UINT32_MAX; }

static status refuse(const char *reason, uint64_t at, const char *sentence)
{
    return fail(ST_BAD_INPUT, reason, place(at), "%s", sentence);
}

static status too_large(const struct cut_xml *c)
{
    return fail(ST_TOO_LARGE, "epcis.event_too_large", place(c->at),
                "an event, or all that is none, has more than %zu bytes", c->conf->event_max);
}

// Of a trouble in the skeleton: where in the document.
static status moved(const struct cut_xml *c, status st)
{
    if (st.at >= c->front_n && c->stage == TAIL) st.at = place(c->tail_at + (st.at - c->front_n));
    return st;
}

static str local(const struct cut_xml *c)
{
    str s = {c->word, c->word_n}, prefix;

    str_cut(&s, ':', &prefix);
    return s;
}

// ---- front

// The first reading is the front that is given; the bytes of one before the end would move.
static status front_give(struct cut_xml *c, bool whole)
{
    struct epcis_front f = {.scope = {.lenient = c->conf->lenient}};
    str bytes = buf_str(&c->skeleton);

    if (c->fronted) {
        arena_reset(&c->checked);
        buf_reset(&c->gap);
        return moved(c, xml_front_read(bytes, whole, &c->checked, &c->gap, &f));
    }
    if (!whole) bytes = arena_str(&c->arena, bytes);
    if (!whole && bytes.p == NULL) return too_large(c);
    TRY(xml_front_read(bytes, whole, &c->arena, &c->scope, &f));
    c->fronted = true;
    return c->conf->ops->front(c->conf->self, &f);
}

static status bare_give(struct cut_xml *c, str tag)
{
    arena_reset(&c->checked);
    struct epcis_front f = {
        .kind = EPCIS_BARE_EVENT,
        .scope = {.syntax = EPCIS_SYNTAX_XML,
                  .version = epcis_bare_version(tag, EPCIS_2_0, &c->checked),
                  .context = {"", 0},
                  .lenient = c->conf->lenient},
    };

    c->fronted = true;
    return c->conf->ops->front(c->conf->self, &f);
}

// ---- ways to the events

static const char *const ways[2][6] = {
    {"EPCISDocument", "EPCISBody",   "EventList"},
    { "EPCISQueryDocument", "EPCISBody", "QueryResults", "resultsBody", "EventList"},
};

// An element was entered: is it the list of events?
static bool is_list(struct cut_xml *c)
{
    bool list = false;

    for (size_t w = 0; w < LEN(ways); w++) {
        unsigned level = c->depth - 1;
        if (c->path[w] != level || level >= LEN(ways[w]) - 1 || ways[w][level] == NULL) continue;
        if (!str_eq(local(c), str_of(ways[w][level]))) continue;
        c->path[w] = c->depth;
        list = list || ways[w][c->depth] == NULL;
    }
    return list;
}

static bool is_event_name(str name)
{
    return str_ends(name, S("Event")) || str_eq(name, S("extension"));
}

// ---- bytes

static status event_give(struct cut_xml *c, str bytes)
{
    if (bytes.n > c->conf->event_max) return too_large(c);
    status st = c->conf->ops->event(c->conf->self, c->events++, bytes, c->event_at);
    buf_reset(&c->event);
    c->taking = false;
    return st;
}

// What was taken, up to here.
static status taken(struct cut_xml *c, str piece, str *out)
{
    *out = piece;
    if (c->event.n == 0) return OK;
    buf_add(&c->event, piece);
    return c->event.failed ? too_large(c) : buf_done(&c->event, out);
}

// A comment or instruction between events: the reader says whether it is one.
static status between(struct cut_xml *c, str bytes)
{
    struct xml_r r;

    arena_reset(&c->checked);
    buf_reset(&c->gap);
    buf_add(&c->gap, bytes);
    buf_add(&c->gap, S("<a/>"));
    if (c->gap.failed) return too_large(c);
    xml_r_init(&r, buf_str(&c->gap), &c->checked);
    if (xml_r_root(&r)) xml_r_skip(&r);
    status st = xml_r_end(&r);
    st.at = place(c->event_at + st.at);
    buf_reset(&c->event);
    c->taking = false;
    return st;
}

// ---- tags

// From `from` on these bytes of the piece go to the skeleton or are taken.
static status keep(struct cut_xml *c, str bytes)
{
    struct buf *to = c->taking ? &c->event : c->stage != EVENTS ? &c->skeleton : NULL;

    if (to == NULL) return OK;
    buf_add(to, bytes);
    return to->failed ? too_large(c) : OK;
}

// The root is an event: it is taken back from the skeleton.
static status bare_begin(struct cut_xml *c)
{
    str tag = str_from(buf_str(&c->skeleton), c->lt);

    c->bare = true;
    c->stage = EVENTS;
    c->list_depth = 0;
    c->taking = true;
    c->event_at = c->lt;
    c->front_n = c->lt;
    buf_add(&c->event, tag);
    c->skeleton.n = c->lt;
    return c->event.failed ? too_large(c) : bare_give(c, buf_str(&c->event));
}

static status list_begin(struct cut_xml *c)
{
    TRY(front_give(c, false));
    c->stage = EVENTS;
    c->list_depth = c->depth;
    c->front_n = c->skeleton.n;
    return OK;
}

// What is behind the events goes to the skeleton again.
static status tail_begin(struct cut_xml *c, str bytes, uint64_t at)
{
    c->taking = false;
    c->stage = TAIL;
    c->tail_at = at;
    buf_add(&c->skeleton, bytes);
    buf_reset(&c->event);
    return c->skeleton.failed ? too_large(c) : OK;
}

static status bare_end(struct cut_xml *c, uint64_t at)
{
    c->stage = TAIL;
    c->tail_at = at;
    return OK;
}

// An element was entered or, `empty`, was there. *from: what of the piece was not kept yet, up to
// behind the tag, at `to`.
static status start_tag(struct cut_xml *c, bool empty, str piece, size_t *from, size_t to)
{
    str bytes = {piece.p + *from, to - *from};

    if (!empty) c->depth++;
    if (c->stage == EVENTS) {
        if (!empty || c->depth > c->list_depth) return OK;
        *from = to;
        TRY(taken(c, bytes, &bytes));
        return event_give(c, bytes);
    }
    *from = to;
    TRY(keep(c, bytes));
    if (c->stage == TAIL) return OK;
    bool root = c->depth == (empty ? 0u : 1u);
    if (root && is_event_name(local(c))) {
        TRY(bare_begin(c));
        if (!empty) return OK;
        TRY(event_give(c, buf_str(&c->event)));
        return bare_end(c, c->at + to);
    }
    return !empty && is_list(c) ? list_begin(c) : OK;
}

static status end_tag(struct cut_xml *c, str piece, size_t *from, size_t to)
{
    str bytes = {piece.p + *from, to - *from};

    if (c->depth == 0) return refuse("xml.syntax", c->at + to, "an end tag without its element");
    c->depth--;
    for (size_t w = 0; w < LEN(ways); w++)
        if (c->path[w] > c->depth) c->path[w] = c->depth;
    if (c->stage != EVENTS || c->depth > c->list_depth) return OK;
    *from = to;
    TRY(taken(c, bytes, &bytes));
    if (c->depth < c->list_depth) return tail_begin(c, bytes, c->event_at);
    TRY(event_give(c, bytes));
    return c->bare ? bare_end(c, c->at + to) : OK;
}

// ---- the scanner

static bool is_name_end(char c)
{
    return c == '>' || c == '/' || c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// A tag begins at piece.p[i].
static void lt(struct cut_xml *c, size_t *from, size_t i)
{
    c->state = AFTER_LT;
    c->word_n = 0;
    c->slash = false;
    if (c->stage != EVENTS) {
        c->lt = c->skeleton.n + (i - *from);
    } else if (c->depth == c->list_depth) {
        c->taking = true;
        c->event_at = c->at + i;
        *from = i;
    }
}

static status after_lt(struct cut_xml *c, char b, uint64_t at)
{
    c->state = b == '/' ? IN_END_TAG : b == '?' ? IN_INSTRUCTION : b == '!' ? IN_BANG : IN_NAME;
    c->run = 0;
    if (c->state != IN_NAME) return OK;
    if (is_name_end(b)) return refuse("xml.syntax", at, "a name is expected");
    c->word[c->word_n++] = b;
    return OK;
}

static status doctype_refuse(uint64_t at)
{
    return refuse("xml.dtd", at, "a document type declaration that says anything is not taken");
}

// One that only names the root is passed over: the reader of the skeleton looks closer.
static status in_doctype(struct cut_xml *c, char b, uint64_t at)
{
    if (b == '>') c->state = IN_TEXT;
    if (b == '[' || b == '"' || b == '\'' || b == '<') return doctype_refuse(at);
    return OK;
}

static status after_bang(struct cut_xml *c, char b, uint64_t at)
{
    static const str marks[] = {
        {"--",      2},
        {"[CDATA[", 7},
        {"DOCTYPE", 7},
    };

    c->word[c->word_n++] = b;
    str s = {c->word, c->word_n};
    c->run = 0;
    if (str_eq(s, marks[0])) c->state = IN_COMMENT;
    if (str_eq(s, marks[1])) c->state = IN_CDATA;
    if (str_eq(s, marks[2])) {
        if (c->stage != FRONT || c->depth > 0) return doctype_refuse(at - 8);
        c->state = IN_DOCTYPE;
    }
    for (size_t i = 0; i < LEN(marks); i++)
        if (str_starts(marks[i], s)) return OK;
    return refuse("xml.syntax", at - c->word_n - 1, "no markup begins like this");
}

// Behind an aside or a CDATA section.
static status aside_end(struct cut_xml *c, str piece, size_t *from, size_t to)
{
    bool cdata = c->state == IN_CDATA;
    str bytes = {piece.p + *from, to - *from};

    c->state = IN_TEXT;
    if (c->stage != EVENTS || c->depth > c->list_depth) return OK;
    if (cdata) return refuse("xml.content", c->event_at, "a text stands where events are expected");
    *from = to;
    TRY(taken(c, bytes, &bytes));
    return between(c, bytes);
}

static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Over a text from piece.p[*i] to the next tag.
static status text(struct cut_xml *c, str piece, size_t *from, size_t *i)
{
    const char *hit = memchr(piece.p + *i, '<', piece.n - *i);
    size_t end = hit != NULL ? (size_t)(hit - piece.p) : piece.n;

    if (c->stage == EVENTS && c->depth == c->list_depth) {
        for (; *i < end; ++*i)
            if (!is_blank(piece.p[*i]))
                return refuse("xml.content", c->at + *i, "a text stands where events are expected");
        *from = end;
    }
    *i = end;
    if (hit != NULL) lt(c, from, (*i)++);
    return OK;
}

// A byte in the tag, outside values.
static status in_tag(struct cut_xml *c, str piece, size_t *from, size_t i)
{
    char b = piece.p[i];

    if (b == '"' || b == '\'') {
        c->quote = b;
        c->state = IN_VALUE;
    } else if (b == '>') {
        c->state = IN_TEXT;
        return start_tag(c, c->slash, piece, from, i + 1);
    }
    c->slash = b == '/';
    return OK;
}

static status in_name(struct cut_xml *c, str piece, size_t *from, size_t i)
{
    char b = piece.p[i];

    if (is_name_end(b)) {
        c->state = IN_TAG;
        return in_tag(c, piece, from, i);
    }
    if (c->word_n < sizeof c->word) c->word[c->word_n++] = b; // longer ones are not ours
    return OK;
}

// A byte of what ends in --> or ]]> or ?>.
static status in_aside(struct cut_xml *c, str piece, size_t *from, size_t i)
{
    static const char marks[] = {[IN_COMMENT] = '-', [IN_CDATA] = ']', [IN_INSTRUCTION] = '?'};
    unsigned want = c->state == IN_INSTRUCTION ? 1 : 2;
    char b = piece.p[i];

    if (b == '>' && c->run >= want) return aside_end(c, piece, from, i + 1);
    if (c->state == IN_COMMENT && c->run >= 2)
        return refuse("xml.syntax", c->at + i - 2, "a comment may not have --");
    c->run = b == marks[c->state] ? c->run + 1 : 0;
    return OK;
}

static status byte(struct cut_xml *c, str piece, size_t *from, size_t i)
{
    char b = piece.p[i];

    switch (c->state) {
    case AFTER_LT: return after_lt(c, b, c->at + i);
    case IN_BANG: return after_bang(c, b, c->at + i);
    case IN_NAME: return in_name(c, piece, from, i);
    case IN_TAG: return in_tag(c, piece, from, i);
    case IN_VALUE:
        if (b == c->quote) c->state = IN_TAG;
        return OK;
    case IN_DOCTYPE: return in_doctype(c, b, c->at + i);
    case IN_END_TAG:
        if (b != '>') return OK;
        c->state = IN_TEXT;
        return end_tag(c, piece, from, i + 1);
    default: return in_aside(c, piece, from, i);
    }
}

static status scan(struct cut_xml *c, str piece)
{
    size_t from = 0;

    for (size_t i = 0; i < piece.n;) {
        if (c->state == IN_TEXT)
            TRY(text(c, piece, &from, &i));
        else
            TRY(byte(c, piece, &from, i++));
    }
    TRY(keep(c, str_from(piece, from)));
    c->at += piece.n;
    return OK;
}

// ---- the cutter

static void *begin(const struct epcis_cut_conf *conf)
{
    struct cut_xml *c = calloc(1, sizeof *c);

    assert(c != NULL);
    c->magic = CUT_XML_MAGIC;
    c->conf = conf;
    xml_decoder_init(&c->decoder);
    arena_init(&c->arena, conf->event_max * ARENA_TIMES + MB);
    arena_init(&c->checked, conf->event_max * ARENA_TIMES + MB);
    buf_init(&c->skeleton, conf->event_max + KB);
    buf_init(&c->event, conf->event_max + KB);
    buf_init(&c->scope, conf->event_max + KB);
    buf_init(&c->gap, conf->event_max + KB);
    return c;
}

static struct cut_xml *self_of(void *self)
{
    struct cut_xml *c = self;

    OBJ_CHECK(c, CUT_XML_MAGIC);
    return c;
}

static void free_all(void *self)
{
    struct cut_xml *c = self_of(self);

    xml_decoder_fini(&c->decoder);
    arena_fini(&c->arena);
    arena_fini(&c->checked);
    buf_fini(&c->skeleton);
    buf_fini(&c->event);
    buf_fini(&c->scope);
    buf_fini(&c->gap);
    c->magic = 0;
    free(c);
}

// What was decoded, and then why no more was.
static status decoded(struct cut_xml *c, str piece, status st)
{
    TRY(c->conf->text(c->conf->self, piece));
    TRY(scan(c, piece));
    if (st.cls != ST_OK) st.at = place(c->at);
    return st;
}

static status piece_take(void *self, str bytes)
{
    struct cut_xml *c = self_of(self);
    str piece;
    status st = xml_decoder_piece(&c->decoder, bytes, &piece);

    return decoded(c, piece, st);
}

static status end(void *self)
{
    struct cut_xml *c = self_of(self);
    str piece;

    status st = xml_decoder_end(&c->decoder, &piece);
    TRY(decoded(c, piece, st));
    if (c->stage == EVENTS) return refuse("xml.syntax", c->at, "the text ends inside the document");
    if (!c->bare) return front_give(c, true);
    struct xml_r r; // around the event, in whose place there is an element
    arena_reset(&c->checked);
    buf_reset(&c->gap);
    buf_add(&c->gap, (str){c->skeleton.p, c->front_n});
    buf_add(&c->gap, S("<a/>"));
    buf_add(&c->gap, str_from(buf_str(&c->skeleton), c->front_n));
    if (c->gap.failed) return too_large(c);
    xml_r_init(&r, buf_str(&c->gap), &c->checked);
    r.transcoded = true;
    if (xml_r_root(&r)) xml_r_skip(&r);
    st = xml_r_end(&r);
    if (st.at >= c->front_n + 4) st.at = place(c->tail_at + (st.at - c->front_n - 4));
    return st;
}

const struct epcis_cut_syntax epcis_cut_xml = {begin, piece_take, end, NULL, free_all};
