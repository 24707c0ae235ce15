// epcis_xml_fuzz.c - EPCIS documents of XML: cut and read, whole and in pieces.
//
// Claims:
//   - what is refused has a reason, a sentence and a place within the input
//   - pieces of any size give the same front and events as the whole, or the same refusal
//   - what is cut without trouble is well-formed but for what lies in its events, as libxml2 sees
//   it
//     once these are read without trouble, too
//   - an event that was read and written, in 2.0 or 1.2, is read again as the same, and written
//     again as the same
//
//   - the text that a cutter tells has every event where it says, in whatever encoding it came
//
// Places count bytes of UTF-8: those of inputs in other encodings are not held against the input.
#include "service/epcis/write.h"
#include "tests/unit/epcis_same.h"
#include <libxml/parser.h>
#include <string.h>

#define EVENT_MAX (64 * KB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct taken {
    struct buf log;
    struct epcis_scope scope;
    struct arena arena;
    struct buf context;
    struct buf text; // of the document so far
    size_t events;
    bool read; // every event was
    bool utf8; // as it came
    size_t document_n;
};

static void refusal_check(status st, size_t n)
{
    assert(st.reason != NULL && st.text[0] != 0 && st.at <= n &&
           str_is_utf8(str_of(st.text), NULL));
}

// ---- events

static bool event_write(const struct epcis_event *e, enum epcis_format format, struct buf *out)
{
    struct epcis_out conf = {.format = format, .kind = EPCIS_BARE_EVENT, .ids = EPCIS_AS_GIVEN};
    struct epcis_doc d;

    buf_init(out, 8 * MB);
    epcis_doc_init(&d, &conf, out);
    status st = epcis_doc_event(&d, e);
    if (st.cls == ST_OK) st = epcis_doc_end(&d);
    epcis_doc_fini(&d);
    if (st.cls != ST_OK) refusal_check(st, 0);
    return st.cls == ST_OK;
}

static void again(const struct epcis_event *e, enum epcis_format format, struct arena *a)
{
    struct epcis_scope scope = {.syntax = EPCIS_SYNTAX_XML,
                                .version = format == EPCIS_XML_1_2 ? EPCIS_1_2 : EPCIS_2_0};
    struct epcis_event second;
    struct buf once, twice = {0};

    if (event_write(e, format, &once)) {
        status st = epcis_event_read(buf_str(&once), &scope, a, &second);
        assert(st.cls == ST_OK);
        if (e->zone.n == 0) second.zone = e->zone; // it is told for those who did not
        assert(epcis_differ(e, &second) == NULL);
        assert(event_write(&second, format, &twice));
        assert(str_eq(buf_str(&once), buf_str(&twice)));
        buf_fini(&twice);
    }
    buf_fini(&once);
}

static status take_front(void *self, const struct epcis_front *f)
{
    struct taken *t = self;

    t->scope = f->scope;
    buf_add(&t->context, f->scope.context);
    t->scope.context = buf_str(&t->context);
    buf_addf(&t->log, "front %d %d %u ", (int)f->kind, (int)f->scope.version, f->element_count);
    buf_add(&t->log, f->scope.context);
    buf_add(&t->log, f->instance);
    return OK;
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct taken *t = self;
    struct epcis_event e;

    assert(index == t->events++ && (!t->utf8 || at + bytes.n <= t->document_n));
    assert(at + bytes.n <= t->text.n && str_eq((str){t->text.p + at, bytes.n}, bytes));
    buf_addf(&t->log, "\n%u %u ", index, (unsigned)at);
    buf_add(&t->log, bytes);
    arena_reset(&t->arena);
    status st = epcis_event_read(bytes, &t->scope, &t->arena, &e);
    if (st.cls != ST_OK) {
        refusal_check(st, bytes.n);
        t->read = false;
        return OK;
    }
    again(&e, EPCIS_XML_2_0, &t->arena);
    again(&e, EPCIS_XML_1_2, &t->arena);
    return OK;
}

// ---- documents

static status take_text(void *self, str piece)
{
    struct taken *t = self;

    buf_add(&t->text, piece);
    return OK;
}

static const struct epcis_cut_ops ops = {take_front, take_event};

// Is it read as it came?
static bool is_utf8(str in)
{
    if (in.n == 0) return true;
    return str_is_utf8(in, NULL) && memchr(in.p, 0, in.n) == NULL &&
           memmem(in.p, in.n, "encoding", 8) == NULL;
}

static status cut(str in, size_t piece, struct taken *t)
{
    struct epcis_cut_conf conf = {.syntax = EPCIS_SYNTAX_XML,
                                  .event_max = EVENT_MAX,
                                  .ops = &ops,
                                  .text = take_text,
                                  .self = t};
    struct epcis_cut *c = epcis_cut_new(&conf);
    status st = OK;

    *t = (struct taken){.read = true, .utf8 = is_utf8(in), .document_n = in.n};
    buf_init(&t->log, 16 * MB);
    buf_init(&t->context, MB);
    buf_init(&t->text, 4 * EVENT_MAX);
    arena_init(&t->arena, 8 * MB);
    for (size_t i = 0; i < in.n && st.cls == ST_OK; i += piece)
        st = epcis_cut_piece(c, (str){in.p + i, in.n - i < piece ? in.n - i : piece});
    if (st.cls == ST_OK) st = epcis_cut_end(c);
    assert(st.cls != ST_OK || epcis_cut_front(c) != NULL);
    epcis_cut_free(&c);
    if (st.cls != ST_OK) refusal_check(st, t->utf8 ? in.n : UINT32_MAX);
    return st;
}

static void taken_fini(struct taken *t)
{
    arena_fini(&t->arena);
    buf_fini(&t->context);
    buf_fini(&t->text);
    buf_fini(&t->log);
}

static void compare(str in)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE;
    xmlDoc *doc = xmlReadMemory(in.p, (int)in.n, NULL, NULL, options);

    assert(doc != NULL);
    xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str in = {(const char *)data, n};
    struct taken whole, parts;
    uint32_t hash = 2166136261u;

    if (n > EVENT_MAX) return 0;
    for (size_t i = 0; i < n; i++) hash = (hash ^ data[i]) * 16777619u;
    status st = cut(in, n + 1, &whole);
    status in_parts = cut(in, 1 + hash % 61, &parts);
    assert(st.cls == in_parts.cls);
    if (st.cls == ST_OK)
        assert(str_eq(buf_str(&whole.log), buf_str(&parts.log)));
    else
        assert(strcmp(st.reason, in_parts.reason) == 0 && (st.at == in_parts.at || !whole.utf8));
    if (st.cls == ST_OK && whole.read && whole.utf8) compare(in);
    taken_fini(&parts);
    taken_fini(&whole);
    return 0;
}
