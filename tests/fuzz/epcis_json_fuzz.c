// epcis_json_fuzz.c - EPCIS documents of JSON: cut and read, whole and in pieces.
//
// Claims:
//   - what is refused has a reason, a sentence and a place within the input
//   - pieces of any size give the same events as the whole, or are refused for the order alone
//   - an event that was read and written is read again as the same, and written again as the same
//   - what XML can say of it is read there as an event with the same hash
//   - what was taken as a whole jansson takes, with as many events and members in them
//
// The comparison with jansson stands aside where they differ by intent: a byte order mark, U+0000
// in a name, a number beyond the range of double. jansson is declared by hand: its names
// (json_object, json_string …) are ours too.
#include "service/epcis/hash.h"
#include "service/epcis/write.h"
#include "tests/unit/epcis_same.h"
#include <string.h>

#define INT_AS_REAL 0x08u
#define ALLOW_NUL   0x10u
#define NULL_IN_KEY 13 // json_error_null_byte_in_key
#define OVERFLOW    15 // json_error_numeric_overflow
#define EVENT_MAX   (64 * KB)

struct jansson_error {
    int line, column, position;
    char source[80], text[160]; // the last byte of text is the code
};
struct jansson { // the head of every value
    int type;    // 0 object, 1 array
};
struct jansson *json_loadb(const char *p, size_t n, size_t flags, struct jansson_error *error);
void json_delete(struct jansson *value);
struct jansson *json_object_get(const struct jansson *object, const char *key);
size_t json_array_size(const struct jansson *array);
struct jansson *json_array_get(const struct jansson *array, size_t i);
size_t json_object_size(const struct jansson *object);
void *json_object_iter(struct jansson *object);
void *json_object_iter_next(struct jansson *object, void *iter);
struct jansson *json_object_iter_value(void *iter);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct taken {
    struct buf log;
    struct epcis_front front;
    size_t events, members;
    bool read; // every event was
    struct arena arena;
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

static void again(const struct epcis_event *e, struct arena *a)
{
    struct epcis_scope bare = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
    struct epcis_event second;
    struct buf once, twice;

    if (event_write(e, EPCIS_JSON_2_0, &once)) {
        status st = epcis_event_read(buf_str(&once), &bare, a, &second);
        // Siblings of one name in two spellings become one array, which is a level more.
        assert(st.cls == ST_OK || strcmp(st.reason, "json.depth") == 0 ||
               strcmp(st.reason, "epcis.field") == 0);
        if (st.cls == ST_OK) {
            if (e->zone.n == 0) second.zone = e->zone; // it is told for those who did not
            assert(epcis_differ(e, &second) == NULL);
            assert(event_write(&second, EPCIS_JSON_2_0, &twice));
            assert(str_eq(buf_str(&once), buf_str(&twice)));
            buf_fini(&twice);
        }
    }
    buf_fini(&once);
}

// XML's reader has ceilings of its own.
static bool is_ceiling(status st)
{
    return strcmp(st.reason, "xml.depth") == 0 || strcmp(st.reason, "xml.attributes") == 0 ||
           strcmp(st.reason, "xml.namespaces") == 0;
}

static void in_xml(const struct epcis_event *e, struct arena *a)
{
    struct epcis_scope bare = {.syntax = EPCIS_SYNTAX_XML, .version = EPCIS_2_0};
    char here[EPCIS_HASH_LEN + 1], there[EPCIS_HASH_LEN + 1];
    struct epcis_event second;
    struct buf xml;

    if (event_write(e, EPCIS_XML_2_0, &xml)) {
        status st = epcis_event_read(buf_str(&xml), &bare, a, &second);
        assert(st.cls == ST_OK || is_ceiling(st));
        if (st.cls == ST_OK && epcis_hash(e, a, here).cls == ST_OK &&
            epcis_hash(&second, a, there).cls == ST_OK)
            assert(strcmp(here, there) == 0);
    }
    buf_fini(&xml);
}

static size_t members_of(struct json_r *r)
{
    size_t n = 0;
    str key;

    switch (json_peek(r)) {
    case JSON_OBJECT:
        for (json_object(r); json_key(r, &key);) n += 1 + members_of(r);
        break;
    case JSON_ARRAY:
        for (json_array(r); json_item(r);) n += members_of(r);
        break;
    default: json_raw(r); break;
    }
    return n;
}

static status take_front(void *self, const struct epcis_front *f)
{
    struct taken *t = self;

    t->front = *f;
    buf_addf(&t->log, "front %d\n", (int)f->kind);
    return OK;
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct taken *t = self;
    struct epcis_event e;

    assert(index == t->events++ && at + bytes.n <= t->document_n);
    buf_addf(&t->log, "%u %u ", index, (unsigned)at);
    buf_add(&t->log, bytes);
    arena_reset(&t->arena);
    status st = epcis_event_read(bytes, &t->front.scope, &t->arena, &e);
    if (st.cls != ST_OK) {
        refusal_check(st, bytes.n);
        t->read = false;
        return OK;
    }
    struct json_r r = json_reader(bytes, &t->arena);
    t->members += members_of(&r);
    again(&e, &t->arena);
    in_xml(&e, &t->arena);
    return OK;
}

// ---- documents

static const struct epcis_cut_ops ops = {take_front, take_event};

static status cut(str in, size_t piece, struct taken *t)
{
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_JSON, .event_max = EVENT_MAX, .ops = &ops, .self = t};
    struct epcis_cut *c = epcis_cut_new(&conf);
    status st = OK;

    *t = (struct taken){.read = true, .document_n = in.n};
    buf_init(&t->log, 16 * MB);
    arena_init(&t->arena, 8 * MB);
    for (size_t i = 0; i < in.n && st.cls == ST_OK; i += piece)
        st = epcis_cut_piece(c, (str){in.p + i, in.n - i < piece ? in.n - i : piece});
    if (st.cls == ST_OK) st = epcis_cut_end(c);
    assert(st.cls != ST_OK || epcis_cut_front(c) != NULL);
    epcis_cut_free(&c);
    if (st.cls != ST_OK) refusal_check(st, in.n);
    return st;
}

static void taken_fini(struct taken *t)
{
    arena_fini(&t->arena);
    buf_fini(&t->log);
}

static size_t their_members(struct jansson *v)
{
    size_t n = 0;

    if (v->type == 0) {
        for (void *i = json_object_iter(v); i != NULL; i = json_object_iter_next(v, i))
            n += 1 + their_members(json_object_iter_value(i));
    } else if (v->type == 1) {
        for (size_t i = 0; i < json_array_size(v); i++) n += their_members(json_array_get(v, i));
    }
    return n;
}

static void compare(str in, const struct taken *t)
{
    struct jansson_error error = {0};
    struct jansson *v = json_loadb(in.p, in.n, INT_AS_REAL | ALLOW_NUL, &error), *list = v;
    int code = error.text[sizeof error.text - 1];

    assert(v != NULL || code == NULL_IN_KEY || code == OVERFLOW);
    if (v == NULL) return;
    if (t->front.kind != EPCIS_BARE_EVENT) {
        list = json_object_get(list, "epcisBody");
        if (t->front.kind == EPCIS_QUERY_DOC)
            list = json_object_get(json_object_get(list, "queryResults"), "resultsBody");
        list = json_object_get(list, "eventList");
        assert(json_array_size(list) == t->events); // a list of vocabularies alone: none, and 0
    }
    if (list != NULL) assert(their_members(list) == t->members);
    json_delete(v);
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
    bool late = in_parts.cls != ST_OK && strcmp(in_parts.reason, "epcis.order") == 0;
    assert(late || (st.cls == ST_OK) == (in_parts.cls == ST_OK));
    if (st.cls == ST_OK && !late) assert(str_eq(buf_str(&whole.log), buf_str(&parts.log)));
    if (st.cls == ST_OK && whole.read && !str_starts(in, S("\xef\xbb\xbf"))) compare(in, &whole);
    taken_fini(&parts);
    taken_fini(&whole);
    return 0;
}
