// Requests as values: headers, query, content negotiation (RFC 9110, 12.4 and 12.5), and problems
// as JSON (RFC 9457). No sockets.
#include "common/http.h"
#include <string.h>

static const char *const method_names[HTTP_METHODS] = {
    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
};

const char *http_method_name(enum http_method m)
{
    assert((unsigned)m < HTTP_METHODS);
    return method_names[m];
}

static const struct http_header *header_find(const struct http_req *r, str name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_eq_fold(r->headers[i].name, name)) return &r->headers[i];
    return NULL;
}

str http_header(const struct http_req *r, str name)
{
    const struct http_header *h = header_find(r, name);

    return h != NULL ? h->value : S("");
}

bool http_has_header(const struct http_req *r, str name) { return header_find(r, name) != NULL; }

status http_decode(str in, bool plus, struct arena *a, str *out)
{
    *out = in;
    if (in.n == 0 || (memchr(in.p, '%', in.n) == NULL && !(plus && memchr(in.p, '+', in.n))))
        return OK;
    char *p = arena_alloc(a, in.n);
    if (p == NULL) return fail(ST_TOO_LARGE, "http.memory", 0, "the request takes too much memory");
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++, n++) {
        p[n] = plus && in.p[i] == '+' ? ' ' : in.p[i];
        if (in.p[i] != '%') continue;
        if (i + 2 >= in.n || !hex_get((str){in.p + i + 1, 2}, p + n, 1) || p[n] == 0)
            return fail(ST_BAD_INPUT, "http.escape", (uint32_t)i,
                        "%% is followed by two hex digits, not 00");
        i += 2;
    }
    *out = (str){p, n};
    return OK;
}

// The next pair of a query, still encoded; false: there is none.
static bool query_next(str *rest, str *key, str *value)
{
    str pair;

    if (rest->n == 0) return false;
    if (!str_cut(rest, '&', &pair)) {
        pair = *rest;
        rest->n = 0;
    }
    *value = pair;
    if (!str_cut(value, '=', key)) {
        *key = pair;
        *value = S("");
    }
    return true;
}

bool http_query(struct http_req *r, str name, str *value)
{
    str rest = r->query, key, raw;

    while (query_next(&rest, &key, &raw)) {
        if (http_decode(key, true, &r->arena, &key).cls != ST_OK) return false;
        if (str_eq(key, name)) return http_decode(raw, true, &r->arena, value).cls == ST_OK;
    }
    return false;
}

// The place of a name in "limit page"; -1: it is not there.
static int place_of(str name, const char *names)
{
    str rest = str_of(names), one;
    int place = 0;

    for (bool more = rest.n > 0; more; place++) {
        more = str_cut(&rest, ' ', &one);
        if (str_eq(more ? one : rest, name)) return place;
    }
    return -1;
}

status http_query_check(struct http_req *r, const char *names)
{
    str rest = r->query, key, raw, name, value;
    uint32_t seen = 0;

    while (query_next(&rest, &key, &raw)) {
        TRY(http_decode(key, true, &r->arena, &name));
        TRY(http_decode(raw, true, &r->arena, &value));
        int place = place_of(name, names);
        if (place < 0 && (key.n > 0 || raw.n > 0))
            return fail(ST_BAD_INPUT, "query.unknown", 0, "there is no parameter %.*s here",
                        STR(name));
        if (place < 0) continue;
        if (seen & 1u << place)
            return fail(ST_BAD_INPUT, "query.twice", 0, "%.*s: it is given twice", STR(name));
        seen |= 1u << place;
    }
    return OK;
}

// ---- Accept

// "0", "1", "0.5", "1.000": at most three decimals, at most 1 (RFC 9110, 12.4.2).
static unsigned weight(str q)
{
    unsigned v = 0, digits = 0;

    if (q.n == 0 || q.n > 5 || (q.n > 1 && q.p[1] != '.')) return 0;
    for (size_t i = 0; i < q.n; i++) {
        if (i == 1) continue;
        if (q.p[i] < '0' || q.p[i] > '9') return 0;
        v = v * 10 + (unsigned)(q.p[i] - '0');
        digits++;
    }
    for (; digits < 4; digits++) v *= 10;
    return v > 1000 ? 0 : v;
}

// Cuts the parameters off one part of an Accept header; its q in thousandths, 0 when malformed.
static unsigned quality(str *part)
{
    str rest = *part, name;
    unsigned q = 1000;

    for (bool more = true, first = true; more; first = false) {
        str word;
        more = str_cut(&rest, ';', &word);
        if (!more) word = rest;
        word = str_trim(word);
        if (first)
            *part = word;
        else if (str_cut(&word, '=', &name) && str_eq_fold(str_trim(name), S("q")))
            q = weight(str_trim(word));
    }
    return q;
}

// How closely a media range fits: 0 not at all, 1 */*, 2 text/*, 3 exactly.
static unsigned fit(str range, str type)
{
    str major = type, rest = type;

    if (str_eq(range, S("*/*"))) return 1;
    if (str_eq_fold(range, type)) return 3;
    if (!str_cut(&rest, '/', &major)) return 0;
    if (range.n != major.n + 2 || !str_ends(range, S("/*"))) return 0;
    return str_eq_fold((str){range.p, major.n}, major) ? 2 : 0;
}

// A header's parts, one after another; its lines are one list (RFC 9110, 5.3).
struct parts {
    const struct http_req *r;
    str name, rest;
    size_t line; // the next to look at
};

static bool part_next(struct parts *p, str *part)
{
    while (p->rest.n == 0) {
        if (p->line == p->r->header_count) return false;
        const struct http_header *h = &p->r->headers[p->line++];
        if (str_eq_fold(h->name, p->name)) p->rest = h->value;
    }
    if (str_cut(&p->rest, ',', part)) return true;
    *part = p->rest;
    p->rest.n = 0;
    return true;
}

static bool says_any(const struct http_req *r, str name)
{
    struct parts p = {.r = r, .name = name};
    str part;

    return part_next(&p, &part);
}

// The q of the range that fits best, in thousandths; parameters other than q do not count.
static unsigned type_quality(const struct http_req *r, str type)
{
    struct parts p = {.r = r, .name = S("accept")};
    unsigned best = 0, q = 0;

    for (str part; part_next(&p, &part);) {
        unsigned weighs = quality(&part), fits = fit(part, type);
        if (fits > best) {
            best = fits;
            q = weighs;
        }
    }
    return q;
}

bool http_accepts(const struct http_req *r, str type)
{
    return !says_any(r, S("accept")) || type_quality(r, type) > 0;
}

int http_negotiate(const struct http_req *r, const char *const *types, size_t n)
{
    unsigned best = 0;
    int chosen = -1;

    if (!says_any(r, S("accept"))) return n > 0 ? 0 : -1;
    for (size_t i = 0; i < n; i++) {
        unsigned q = type_quality(r, str_of(types[i]));
        if (q > best) {
            best = q;
            chosen = (int)i;
        }
    }
    return chosen;
}

bool http_accepts_gzip(const struct http_req *r)
{
    struct parts p = {.r = r, .name = S("accept-encoding")};

    for (str part; part_next(&p, &part);)
        if (quality(&part) > 0 && str_eq_fold(part, S("gzip"))) return true;
    return false;
}

// ---- problems

// A JSON string. What is not UTF-8 (a sentence may quote a stranger, and may be cut) becomes '?'.
static void text_add(struct buf *b, str s)
{
    size_t good = s.n;

    buf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (i == 0 || i > good) {
            if (str_is_utf8(str_from(s, i), &good)) good = s.n - i;
            good += i;
        }
        if (i == good)
            buf_addc(b, '?');
        else if (c < ' ' || c == '"' || c == '\\')
            buf_addf(b, "\\u%04x", c);
        else
            buf_addc(b, (char)c);
    }
    buf_addc(b, '"');
}

void http_problem_members(struct buf *b, status st)
{
    int code = status_http(st.cls);

    if (st.reason == NULL) {
        buf_add(b, S("\"type\":\"about:blank\""));
    } else {
        buf_addf(b, "\"type\":\"urn:packtrail:problem:%s\"", st.reason);
        buf_addf(b, ",\"code\":\"%s\"", st.reason);
    }
    buf_add(b, S(",\"title\":"));
    text_add(b, str_of(status_says(st.cls)));
    buf_addf(b, ",\"status\":%d", code);
    if (st.text[0] != 0) {
        buf_add(b, S(",\"detail\":"));
        text_add(b, str_of(st.text));
    }
    if (st.cls == ST_BAD_INPUT || st.at > 0) buf_addf(b, ",\"at\":%u", st.at);
}
