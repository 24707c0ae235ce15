// json_r.c - the JSON reader: RFC 8259 by one pass of a cursor.
//
// Every byte is looked at once. Nothing recurses: the caller's loops are the nesting, and json_raw
// walks a value with the same calls, so depth is bounded for both by the same counter.
#include "common/json.h"
#include "common/json_int.h"
#include <stdio.h>
#include <string.h>

#define EVERY(byte)  (0x0101010101010101u * (uint64_t)(byte))
#define NAME_MAX_LEN ((size_t)32) // of a stranger's key in a sentence

static const char *const type_names[] = {
    [JSON_NONE] = "nothing",    [JSON_NULL] = "null",     [JSON_BOOL] = "true or false",
    [JSON_NUMBER] = "a number", [JSON_STRING] = "a text", [JSON_ARRAY] = "a list",
    [JSON_OBJECT] = "an object"};

static const uint8_t type_of[256] = {
    ['"'] = JSON_STRING, ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,  ['t'] = JSON_BOOL,
    ['f'] = JSON_BOOL,   ['n'] = JSON_NULL,   ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER,
    ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER, ['4'] = JSON_NUMBER,
    ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER, ['8'] = JSON_NUMBER,
    ['9'] = JSON_NUMBER};

struct json_r json_reader(str in, struct arena *arena)
{
    assert(in.n <= UINT32_MAX && arena != NULL); // body ceilings are far below
    return (struct json_r){
        .in = in, .arena = arena, .at = str_starts(in, S("\xef\xbb\xbf")) ? 3 : 0};
}

static bool failed(const struct json_r *r) { return r->st.cls != ST_OK; }

static void trouble_v(struct json_r *r, size_t at, const char *reason, const char *fmt, va_list ap)
{
    char text[sizeof r->st.text];

    if (failed(r)) return; // the first one stays
    int n = vsnprintf(text, sizeof text, fmt, ap);
    assert(n >= 0);
    r->st = fail(ST_BAD_INPUT, reason, (uint32_t)at, "%s", text);
}

static void LIKE_PRINTF(4, 5)
    trouble(struct json_r *r, size_t at, const char *reason, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    trouble_v(r, at, reason, fmt, ap);
    va_end(ap);
}

// ---- bytes

static bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

// Eight bytes at a time: the high bit of a byte of `hit` is set where one needs a look. A borrow
// may set it wrongly above a right one, never alone, and the loop behind looks at single bytes.
size_t json_plain(str s)
{
    size_t i = 0;

    for (; s.n - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, s.p + i, 8);
        uint64_t quote = v ^ EVERY('"'), slash = v ^ EVERY('\\');
        uint64_t hit =
            v | (v - EVERY(0x20)) | ((quote - EVERY(1)) & ~quote) | ((slash - EVERY(1)) & ~slash);
        if (hit & EVERY(0x80)) break;
    }
    while (i < s.n && is_plain((unsigned char)s.p[i])) i++;
    return i;
}

// The next byte that is not blank; 0 at the end, where at == in.n.
static unsigned char look(struct json_r *r)
{
    for (; r->at < r->in.n; r->at++) {
        char c = r->in.p[r->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return (unsigned char)c;
    }
    return 0;
}

// Refuses what look() found.
static void unexpected(struct json_r *r, const char *wanted)
{
    unsigned char c = look(r);

    if (r->at == r->in.n)
        trouble(r, r->at, "json.syntax", "the text ends where %s is expected", wanted);
    else if (c > 0x20 && c < 0x7f)
        trouble(r, r->at, "json.syntax", "%s is expected, not \"%c\"", wanted, c);
    else
        trouble(r, r->at, "json.syntax", "%s is expected, not the byte %02X", wanted, c);
}

str json_shown(str key) { return str_shown(key, NAME_MAX_LEN); }

// What the sentences call the next value.
struct name {
    char z[NAME_MAX_LEN + 3];
};

static struct name name_of(const struct json_r *r)
{
    struct name name = {"the value"};
    str key = json_shown(r->key);

    if (key.n > 0) snprintf(name.z, sizeof name.z, "\"%.*s\"", STR(key));
    return name;
}

// ---- types

enum json_type json_peek(struct json_r *r)
{
    if (failed(r)) return JSON_NONE;
    unsigned char c = look(r);
    enum json_type t = (enum json_type)type_of[c];
    if (t == JSON_NONE && r->at < r->in.n) unexpected(r, "a value");
    return t;
}

static void wrong_type(struct json_r *r, enum json_type want, enum json_type got)
{
    if (got == JSON_NONE)
        unexpected(r, "a value");
    else
        trouble(r, r->at, "json.type", "%s must be %s, not %s", name_of(r).z, type_names[want],
                type_names[got]);
}

// The next value is of this type, and begins at r->at and r->mark.
static bool wants(struct json_r *r, enum json_type want)
{
    enum json_type got = json_peek(r);

    if (failed(r)) return false;
    r->mark = r->at;
    r->text = 0;
    if (got != want) wrong_type(r, want, got);
    return got == want;
}

static bool enter(struct json_r *r, enum json_type t)
{
    if (!wants(r, t)) return false;
    if (r->depth == JSON_DEPTH_MAX) {
        trouble(r, r->at, "json.depth", "nested deeper than %u", JSON_DEPTH_MAX);
        return false;
    }
    r->at++;
    r->first |= 1u << r->depth++;
    return true;
}

bool json_object(struct json_r *r) { return enter(r, JSON_OBJECT); }
bool json_array(struct json_r *r) { return enter(r, JSON_ARRAY); }

// Moves to where the next member or item begins, or over `close` and one level up.
static bool another(struct json_r *r, char close)
{
    if (failed(r)) return false;
    assert(r->depth > 0);
    uint32_t bit = 1u << (r->depth - 1);
    unsigned char c = look(r);
    if (c == (unsigned char)close) {
        r->at++;
        r->depth--;
        r->key = (str){0};
        return false;
    }
    if (r->first & bit) return r->first &= ~bit, true;
    if (c != ',') return unexpected(r, close == '}' ? "a comma or }" : "a comma or ]"), false;
    r->at++;
    if (look(r) == (unsigned char)close) unexpected(r, close == '}' ? "a member" : "an item");
    return !failed(r);
}

bool json_item(struct json_r *r) { return another(r, ']'); }

// ---- strings

static int hex4(const char *p)
{
    unsigned char b[2];

    return hex_get((str){p, 4}, b, 2) ? b[0] << 8 | b[1] : -1;
}

static bool is_high(int u) { return u >= 0xd800 && u < 0xdc00; }
static bool is_low(int u) { return u >= 0xdc00 && u < 0xe000; }

// The length of the escape at r->in.p[i], 0 and failed when it is none.
static size_t escape_check(struct json_r *r, size_t i)
{
    const char *p = r->in.p + i;
    size_t left = r->in.n - i;

    if (left > 1 && p[1] != 0 && strchr("\"\\/bfnrt", p[1]) != NULL) return 2;
    int u = left >= 6 && p[1] == 'u' ? hex4(p + 2) : -1;
    if (u < 0) return trouble(r, i, "json.syntax", "an escape that JSON does not have"), 0;
    if (!is_high(u) && !is_low(u)) return 6;
    if (is_high(u) && left >= 12 && p[6] == '\\' && p[7] == 'u' && is_low(hex4(p + 8))) return 12;
    trouble(r, i, "json.utf8", "half a surrogate pair");
    return 0;
}

// Checks the string that begins at r->at and moves behind it.
static bool string_check(struct json_r *r, str *text, bool *escaped)
{
    size_t from = r->at + 1, i = from, bad, n = r->in.n;
    const char *p = r->in.p;
    bool wide = false;

    *escaped = false;
    for (;;) {
        i += json_plain((str){p + i, n - i});
        if (i == n) return trouble(r, n, "json.syntax", "the text ends inside a string"), false;
        if (p[i] == '"') break;
        if (p[i] == '\\') {
            size_t len = escape_check(r, i);
            if (len == 0) return false;
            *escaped = true;
            i += len;
        } else if ((unsigned char)p[i] < 0x20) {
            trouble(r, i, "json.syntax", "a control character must be escaped");
            return false;
        } else {
            for (wide = true; i < n && (unsigned char)p[i] >= 0x80;) i++;
        }
    }
    *text = (str){p + from, i - from};
    r->at = i + 1;
    if (!wide || str_is_utf8(*text, &bad)) return true;
    return trouble(r, from + bad, "json.utf8", "a text that is not UTF-8"), false;
}

// Writes the character of a checked escape and gives how far that went in the input.
static size_t escape_take(const char *p, char *out, size_t *n)
{
    static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";

    if (p[1] != 'u') return out[(*n)++] = means[strchr(plain, p[1]) - plain], 2;
    int u = hex4(p + 2);
    if (!is_high(u)) return *n += utf8_put(out + *n, (uint32_t)u), 6;
    int low = hex4(p + 8);
    *n += utf8_put(out + *n, 0x10000u + ((uint32_t)(u - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
    return 12;
}

// A copy in the arena; an escape is never shorter than what it stands for.
static str unescape(struct json_r *r, str in)
{
    char *out = arena_alloc(r->arena, in.n);
    size_t n = 0;

    if (out == NULL) {
        r->st = fail(ST_TOO_LARGE, "json.ceiling", (uint32_t)r->mark, "more text than is allowed");
        return (str){"", 0};
    }
    for (size_t i = 0; i < in.n;) {
        const char *hit = memchr(in.p + i, '\\', in.n - i);
        size_t run = hit == NULL ? in.n - i : (size_t)(hit - in.p) - i;
        memcpy(out + n, in.p + i, run);
        n += run;
        i += run;
        if (hit != NULL) i += escape_take(hit, out, &n);
    }
    return (str){out, n};
}

static str string_take(struct json_r *r)
{
    str text = {"", 0};
    bool escaped = false;

    if (!string_check(r, &text, &escaped)) return (str){"", 0};
    r->text = escaped ? 0 : r->mark + 1;
    return escaped ? unescape(r, text) : text;
}

str json_string(struct json_r *r) { return wants(r, JSON_STRING) ? string_take(r) : (str){"", 0}; }

// Behind the key: its colon.
static bool colon(struct json_r *r)
{
    if (failed(r)) return false;
    if (look(r) != ':') return unexpected(r, "a colon"), false;
    r->at++;
    return true;
}

static bool key_next(struct json_r *r)
{
    if (!another(r, '}')) return false;
    if (look(r) != '"') return unexpected(r, "a name in quotes"), false;
    r->mark = r->at;
    return true;
}

bool json_key(struct json_r *r, str *key)
{
    if (!key_next(r)) return false;
    str k = string_take(r);
    if (!colon(r)) return false;
    *key = r->key = k;
    return true;
}

// ---- other values

static bool digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

static const char *digits(const char *p, const char *end)
{
    while (digit(p, end)) p++;
    return p;
}

// Where the number at p ends, or is none. *whole says that it has neither fraction nor exponent.
static const char *number_end(const char *p, const char *end, bool *good_, bool *whole)
{
    const char *int_end;
    bool good;

    if (p < end && *p == '-') p++;
    good = digit(p, end);
    p = int_end = good && *p == '0' ? p + 1 : digits(p, end);
    if (good && digit(p, end)) good = false; // 01
    if (good && p < end && *p == '.') {
        good = digit(++p, end);
        p = digits(p, end);
    }
    if (good && p < end && (*p == 'e' || *p == 'E')) {
        if (++p < end && (*p == '+' || *p == '-')) p++;
        good = digit(p, end);
        p = digits(p, end);
    }
    *good_ = good;
    *whole = p == int_end;
    return p;
}

bool json_is_number(str s)
{
    bool good, whole;

    return number_end(s.p, s.p + s.n, &good, &whole) == s.p + s.n && good;
}

// The number at r->at, moved over.
static str number_take(struct json_r *r, bool *whole)
{
    const char *from = r->in.p + r->at;
    bool good;
    const char *p = number_end(from, r->in.p + r->in.n, &good, whole);

    if (!good) trouble(r, (size_t)(p - r->in.p), "json.number", "not a number of JSON");
    r->at = (size_t)(p - r->in.p);
    return (str){from, (size_t)(p - from)};
}

str json_number(struct json_r *r)
{
    bool whole;

    if (!wants(r, JSON_NUMBER)) return (str){"", 0};
    str s = number_take(r, &whole);
    return failed(r) ? (str){"", 0} : s;
}

int64_t json_int(struct json_r *r, int64_t min, int64_t max)
{
    bool whole = false;
    uint64_t v = 0;

    assert(min <= max);
    if (!wants(r, JSON_NUMBER)) return 0;
    str s = number_take(r, &whole);
    if (failed(r)) return 0;
    if (!whole) return json_fail(r, "json.number", "%s must be a whole number", name_of(r).z), 0;
    bool minus = s.p[0] == '-';
    bool fits = str_u64(str_from(s, minus), (uint64_t)INT64_MAX + minus, &v);
    int64_t n = minus ? (int64_t)(0 - v) : (int64_t)v;
    if (fits && n >= min && n <= max) return n;
    json_fail(r, "json.range", "%s must be %lld to %lld", name_of(r).z, (long long)min,
              (long long)max);
    return 0;
}

static bool word_take(struct json_r *r, str word)
{
    if (!str_starts(str_from(r->in, r->at), word))
        return trouble(r, r->at, "json.syntax", "only true, false and null are words"), false;
    r->at += word.n;
    return true;
}

bool json_bool(struct json_r *r)
{
    if (!wants(r, JSON_BOOL)) return false;
    bool yes = r->in.p[r->at] == 't';
    return word_take(r, yes ? S("true") : S("false")) && yes;
}

bool json_null(struct json_r *r)
{
    if (json_peek(r) != JSON_NULL) return false;
    r->mark = r->at;
    return word_take(r, S("null"));
}

// One step over what comes next: a value without content, or into an object or a list.
static void step(struct json_r *r, uint32_t *objects)
{
    str text;
    bool dummy;
    uint32_t bit;
    enum json_type t = json_peek(r);

    switch (t) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (!enter(r, t)) break;
        bit = 1u << (r->depth - 1);
        *objects = t == JSON_OBJECT ? *objects | bit : *objects & ~bit;
        break;
    case JSON_STRING: (void)string_check(r, &text, &dummy); break;
    case JSON_NUMBER: number_take(r, &dummy); break;
    case JSON_BOOL: json_bool(r); break;
    case JSON_NULL: json_null(r); break;
    case JSON_NONE: unexpected(r, "a value"); break;
    }
}

// A member of a value that is only walked: its key is checked and not kept.
static bool key_skip(struct json_r *r)
{
    str text;
    bool escaped;

    return key_next(r) && string_check(r, &text, &escaped) && colon(r);
}

str json_raw(struct json_r *r)
{
    unsigned base = r->depth;
    uint32_t objects = 0;
    str key = r->key;

    json_peek(r);
    size_t from = r->at;
    do {
        bool inside = r->depth > base;
        bool object = inside && objects >> (r->depth - 1) & 1;
        if (!inside || (object ? key_skip(r) : json_item(r))) step(r, &objects);
    } while (r->depth > base && !failed(r));
    r->mark = r->text = from;
    r->key = key;
    return failed(r) ? (str){"", 0} : (str){r->in.p + from, r->at - from};
}

// ---- trouble

void json_fail(struct json_r *r, const char *reason, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    trouble_v(r, r->mark, reason, fmt, ap);
    va_end(ap);
}

void json_unknown(struct json_r *r, str key)
{
    str s = json_shown(key);
    json_fail(r, "json.unknown_field", "the field \"%.*s\" is not known here", STR(s));
}

void json_twice(struct json_r *r, str key)
{
    str s = json_shown(key);
    json_fail(r, "json.twice", "the field \"%.*s\" is there twice", STR(s));
}

// Who refused was given a value, and may not know of which field.
static void name_field(const struct json_r *r, status *st)
{
    struct name name = name_of(r);
    status said = *st;

    if (r->key.n == 0 || str_starts(str_of(said.text), r->key)) return;
    if (strstr(said.text, name.z) != NULL) return;
    int room = (int)(sizeof st->text - strlen(name.z) - S(": ").n - 1);
    snprintf(st->text, sizeof st->text, "%s: %.*s", name.z, room, said.text);
}

void json_refuse(struct json_r *r, status st)
{
    assert(st.cls != ST_OK);
    if (failed(r)) return;
    name_field(r, &st);
    r->st = st;
    r->st.at = r->text != 0 ? (uint32_t)r->text + st.at : (uint32_t)r->mark;
}

status json_r_end(struct json_r *r)
{
    if (failed(r)) return r->st;
    assert(r->depth == 0); // the handler left a loop early without failing
    look(r);
    if (r->at < r->in.n) unexpected(r, "the end");
    return r->st;
}
