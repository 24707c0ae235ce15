// json_w.c - the JSON writer: what is written is JSON whatever it is given.
#include "common/json.h"
#include "common/json_int.h"

struct json_w json_writer(struct buf *b) { return (struct json_w){.b = b}; }

static uint64_t bit(const struct json_w *w) { return (uint64_t)1 << (w->depth - 1); }
static bool in_object(const struct json_w *w) { return w->depth > 0 && (w->objects & bit(w)); }

static void comma(struct json_w *w)
{
    if (w->depth == 0) return;
    if (!(w->first & bit(w))) buf_addc(w->b, ',');
    w->first &= ~bit(w);
}

// What must stand before a value: nothing behind a key, else perhaps a comma.
static void begin(struct json_w *w)
{
    assert(w->after_key == in_object(w)); // a member has a key, an item has none
    if (!w->after_key) comma(w);
    w->after_key = false;
}

static void enter(struct json_w *w, bool object)
{
    begin(w);
    assert(w->depth < JSON_W_DEPTH_MAX);
    w->depth++;
    w->first |= bit(w);
    w->objects = object ? w->objects | bit(w) : w->objects & ~bit(w);
    buf_addc(w->b, object ? '{' : '[');
}

void json_w_object(struct json_w *w) { enter(w, true); }
void json_w_array(struct json_w *w) { enter(w, false); }

void json_w_end(struct json_w *w)
{
    assert(w->depth > 0 && !w->after_key);
    buf_addc(w->b, in_object(w) ? '}' : ']');
    w->depth--;
}

static void escape(struct buf *b, unsigned char c)
{
    static const char brief[0x80] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                     ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    char hex[2];

    if (brief[c] != 0) {
        buf_addc(b, '\\');
        buf_addc(b, brief[c]);
        return;
    }
    hex_put(hex, &c, 1);
    buf_add(b, S("\\u00"));
    buf_add(b, (str){hex, 2});
}

// Bytes above 7F up to the next ASCII one; each that is not part of a character becomes U+FFFD.
static str wide(struct buf *b, str s)
{
    size_t n = 0, bad;

    while (n < s.n && (unsigned char)s.p[n] >= 0x80) n++;
    for (str part = {s.p, n}; part.n > 0; part = str_from(part, bad)) {
        if (str_is_utf8(part, &bad)) {
            buf_add(b, part);
            break;
        }
        buf_add(b, (str){part.p, bad});
        buf_add(b, S("\xef\xbf\xbd"));
        bad++;
    }
    return str_from(s, n);
}

static void quoted(struct buf *b, str s)
{
    buf_addc(b, '"');
    while (s.n > 0) {
        size_t n = json_plain(s);
        buf_add(b, (str){s.p, n});
        s = str_from(s, n);
        if (s.n == 0) break;
        if ((unsigned char)s.p[0] >= 0x80) {
            s = wide(b, s);
        } else {
            escape(b, (unsigned char)s.p[0]);
            s = str_from(s, 1);
        }
    }
    buf_addc(b, '"');
}

void json_w_key(struct json_w *w, str key)
{
    assert(in_object(w) && !w->after_key);
    comma(w);
    quoted(w->b, key);
    buf_addc(w->b, ':');
    w->after_key = true;
}

void json_w_str(struct json_w *w, str s)
{
    begin(w);
    quoted(w->b, s);
}

void json_w_raw(struct json_w *w, str json)
{
    assert(json.n > 0);
    begin(w);
    buf_add(w->b, json);
}

void json_w_int(struct json_w *w, int64_t v)
{
    begin(w);
    if (v < 0) buf_addc(w->b, '-');
    buf_addu(w->b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void json_w_bool(struct json_w *w, bool v) { json_w_raw(w, v ? S("true") : S("false")); }
void json_w_null(struct json_w *w) { json_w_raw(w, S("null")); }

void json_w_kstr(struct json_w *w, const char *key, str s)
{
    json_w_key(w, str_of(key));
    json_w_str(w, s);
}

void json_w_kint(struct json_w *w, const char *key, int64_t v)
{
    json_w_key(w, str_of(key));
    json_w_int(w, v);
}

void json_w_kinner(struct json_w *w, const char *key, uint64_t v)
{
    if (!w->outward) json_w_kint(w, key, (int64_t)v);
}

void json_w_kbool(struct json_w *w, const char *key, bool v)
{
    json_w_key(w, str_of(key));
    json_w_bool(w, v);
}

void json_w_kmoment(struct json_w *w, const char *key, struct moment m)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, m);
    json_w_kstr(w, key, buf_str(&b));
    buf_fini(&b);
}

void json_w_kwall(struct json_w *w, const char *key, wall at)
{
    json_w_kmoment(w, key, (struct moment){at, 0});
}
