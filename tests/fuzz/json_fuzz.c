// json_fuzz.c - the JSON reader against jansson: both take a text or both refuse it.
//
// The comparison stands aside where they differ by intent:
//   - depth: ours ends at 32, jansson's at 2048
//   - a byte order mark in front: ours takes it, jansson does not
//   - U+0000 in a member's name: ours takes it, jansson does not
//   - the byte 00: ours refuses it, jansson drops one behind a word or a number
//   - a number beyond the range of double: ours keeps its text, jansson refuses it
// Further claims: a refusal has a reason, a sentence and a place within the input; a text that was
// taken is taken again, as the same, after every value went through the writer.
//
// jansson is declared by hand: its names (json_object, json_string …) are ours too.
#include "common/json.h"
#include <string.h>

#define DECODE_ANY  0x04u
#define INT_AS_REAL 0x08u
#define ALLOW_NUL   0x10u
#define NULL_IN_KEY 13 // json_error_null_byte_in_key
#define OVERFLOW    15 // json_error_numeric_overflow

struct jansson_error {
    int line, column, position;
    char source[80], text[160]; // the last byte of text is the code
};
void *json_loadb(const char *p, size_t n, size_t flags, struct jansson_error *error);
void json_delete(void *value);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool theirs(str in, int *code)
{
    struct jansson_error error = {0};
    void *value = json_loadb(in.p, in.n, DECODE_ANY | INT_AS_REAL | ALLOW_NUL, &error);

    *code = error.text[sizeof error.text - 1];
    if (value == NULL) return false;
    json_delete(value);
    return true;
}

static void number_copy(struct json_r *r, struct json_w *w)
{
    struct json_r whole = *r;
    int64_t v = json_int(&whole, INT64_MIN, INT64_MAX);

    if (whole.st.cls != ST_OK)
        json_w_raw(w, json_raw(r));
    else
        json_w_int(w, v);
    if (whole.st.cls == ST_OK) *r = whole;
}

// Reads any value by its types and writes it; JSON_DEPTH_MAX bounds the recursion.
static void copy(struct json_r *r, struct json_w *w)
{
    str key;

    switch (json_peek(r)) {
    case JSON_OBJECT:
        json_w_object(w);
        for (json_object(r); json_key(r, &key);) {
            json_w_key(w, key);
            copy(r, w);
        }
        json_w_end(w);
        break;
    case JSON_ARRAY:
        json_w_array(w);
        for (json_array(r); json_item(r);) copy(r, w);
        json_w_end(w);
        break;
    case JSON_STRING: json_w_str(w, json_string(r)); break;
    case JSON_NUMBER: number_copy(r, w); break;
    case JSON_BOOL: json_w_bool(w, json_bool(r)); break;
    case JSON_NULL:
        json_null(r);
        json_w_null(w);
        break;
    case JSON_NONE: assert(false); // the text was walked before
    }
}

static str copied(str in, struct arena *a, struct buf *b)
{
    struct json_r r = json_reader(in, a);
    struct json_w w = json_writer(b);

    copy(&r, &w);
    status st = json_r_end(&r);
    assert(st.cls == ST_OK);
    return buf_str(b);
}

static void compare(str in, status st)
{
    int code;
    bool taken = theirs(in, &code);

    if (st.cls == ST_OK)
        assert(taken || code == NULL_IN_KEY || code == OVERFLOW);
    else
        assert(!taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str in = {(const char *)data, n};
    struct arena a;
    arena_init(&a, 1 * MB);
    struct json_r r = json_reader(in, &a);
    str value = json_raw(&r);
    status st = json_r_end(&r);
    bool apart = str_starts(in, S("\xef\xbb\xbf")) || (n > 0 && memchr(data, 0, n) != NULL) ||
                 (st.cls != ST_OK && strcmp(st.reason, "json.depth") == 0);

    if (!apart) compare(in, st);
    if (st.cls != ST_OK) {
        assert(st.reason != NULL && st.text[0] != 0 && st.at <= n &&
               str_is_utf8(str_of(st.text), NULL));
    } else {
        struct buf once, twice;
        buf_init(&once, 8 * MB);
        buf_init(&twice, 8 * MB);
        str first = copied(value, &a, &once);
        assert(str_eq(first, copied(first, &a, &twice)));
        buf_fini(&once);
        buf_fini(&twice);
    }
    arena_fini(&a);
    return 0;
}
