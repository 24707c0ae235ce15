// Request heads: libhttp-parser for the syntax and our own checks for what it lets pass, so that
// no proxy in front can read a request other than we do (RFC 9112, sections 2.2, 3.2,
// 5, 6.3, 11.2).
#include "common/http_head.h"
#include "common/http_syntax.h"
#include <string.h>

#define BAD(code, at, ...) fail(ST_BAD_INPUT, code, (uint32_t)(at), __VA_ARGS__)

status http_head_scan(struct http_scan *k, str in, size_t *end)
{
    *end = 0;
    while (k->at < in.n) {
        const char *lf = memchr(in.p + k->at, '\n', in.n - k->at);
        if (lf == NULL) {
            k->at = in.n;
            break;
        }
        size_t i = (size_t)(lf - in.p);
        if (i == k->line || in.p[i - 1] != '\r')
            return BAD("http.line_end", i, "every header line ends in CR LF");
        k->at = i + 1;
        if (i - k->line == 1) {
            *end = k->at;
            break;
        }
        k->line = k->at;
        k->lines++;
    }
    return OK;
}

static bool is_control(char c) { return (unsigned char)c < ' ' || c == 0x7f; }

static status request_line_check(str line)
{
    size_t blanks = 0;

    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\t') return BAD("http.syntax", i, "a tab in the request line");
        blanks += line.p[i] == ' ';
    }
    if (blanks != 2)
        return BAD("http.syntax", 0, "the request line is three words, one blank apart");
    return OK;
}

// One line, without its CR LF, that begins at `at` of the head.
static status line_check(str line, size_t at)
{
    for (size_t i = 0; i < line.n; i++)
        if (is_control(line.p[i]) && line.p[i] != '\t')
            return BAD("http.control", at + i, "a header line holds a control character");
    if (at == 0) return request_line_check(line);
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return BAD("http.folding", at, "a header may not be continued on the next line");
    const char *colon = memchr(line.p, ':', line.n);
    if (colon == NULL) return BAD("http.syntax", at, "a header line needs a colon");
    if (colon == line.p || colon[-1] == ' ' || colon[-1] == '\t')
        return BAD("http.colon", at + (size_t)(colon - line.p), "a blank before a header's colon");
    return OK;
}

static status lines_check(str in)
{
    size_t at = 0;

    for (str rest = in, line; str_cut(&rest, '\n', &line) && line.n > 1; at += line.n + 1) {
        TRY(line_check((str){line.p, line.n - 1}, at));
    }
    return OK;
}

// ---- single headers

static status host(struct http_head *h, str value)
{
    static const char ok[] = "-._~!$&'()*+,;=:[]%"; // RFC 3986, 3.2.2 and 3.2.3

    if (++h->hosts > 1) return BAD("http.host", 0, "a request has one Host");
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && memchr(ok, c, sizeof ok - 1) == NULL)
            return BAD("http.host", 0, "Host is not a host with or without a port");
    }
    return OK;
}

static status content_length(struct http_head *h, str value)
{
    if (h->has_length) return BAD("http.length", 0, "Content-Length comes twice");
    if (!str_u64(value, INT64_MAX, &h->length))
        return BAD("http.length", 0, "Content-Length is one number");
    h->has_length = true;
    return OK;
}

static status transfer_encoding(struct http_head *h, str value)
{
    if (h->chunked || !str_eq_fold(value, S("chunked")))
        return BAD("http.transfer", 0, "Transfer-Encoding may only be chunked");
    h->chunked = true;
    return OK;
}

static status connection(struct http_head *h, str value)
{
    for (str word; value.n > 0;) {
        if (!str_cut(&value, ',', &word)) {
            word = value;
            value.n = 0;
        }
        word = str_trim(word);
        h->close |= str_eq_fold(word, S("close"));
        h->keep |= str_eq_fold(word, S("keep-alive"));
    }
    return OK;
}

static status expect(struct http_head *h, str value)
{
    h->expects |= str_eq_fold(value, S("100-continue"));
    return OK;
}

static status content_encoding(struct http_head *h, str value)
{
    bool gzip = str_eq_fold(value, S("gzip")) || str_eq_fold(value, S("x-gzip"));

    if (value.n == 0 || str_eq_fold(value, S("identity"))) return OK;
    h->other_encoding |= !gzip || h->gzip; // twice is an encoding of its own
    h->gzip |= gzip;
    return OK;
}

static const struct {
    str name;
    status (*read)(struct http_head *h, str value);
} known[] = {
    {{"host", 4},               host             },
    {{"connection", 10},        connection       },
    {{"content-length", 14},    content_length   },
    {{"transfer-encoding", 17}, transfer_encoding},
    {{"content-encoding", 16},  content_encoding },
    {{"expect", 6},             expect           },
};

static status field(struct http_head *h, str name, str value)
{
    for (size_t i = 0; i < LEN(known); i++)
        if (name.n == known[i].name.n && str_eq_fold(name, known[i].name))
            return known[i].read(h, value);
    return OK;
}

// ---- the request line

static bool escapes_ok(str s)
{
    unsigned char c;

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '%' && (i + 2 >= s.n || !hex_get((str){s.p + i + 1, 2}, &c, 1) || c == 0))
            return false;
    return true;
}

// "http://host:port/path" from a proxy means "/path" (RFC 9112, 3.2.2).
static str without_origin(str target)
{
    size_t n = target.n > 7 && str_eq_fold((str){target.p, 7}, S("http://"))    ? 7
               : target.n > 8 && str_eq_fold((str){target.p, 8}, S("https://")) ? 8
                                                                                : 0;

    if (n == 0) return target;
    while (n < target.n && target.p[n] != '/' && target.p[n] != '?') n++;
    return str_from(target, n);
}

static status target_read(struct http_head *h, str target)
{
    for (size_t i = 0; i < target.n; i++)
        if ((unsigned char)target.p[i] <= ' ' || (unsigned char)target.p[i] > '~' ||
            target.p[i] == '#')
            return BAD("http.target", 0, "the address holds a character that must be escaped");
    h->star = h->ours && h->method == HTTP_OPTIONS && str_eq(target, S("*"));
    str path = without_origin(target);
    bool absolute = path.p != target.p;
    h->query = (str){"", 0};
    str rest = path;
    if (str_cut(&rest, '?', &path)) h->query = rest;
    if (absolute && path.n == 0) path = S("/");
    if (!h->star && !str_starts(path, S("/")))
        return BAD("http.target", 0, "the address begins with a slash");
    if (!escapes_ok(path) || !escapes_ok(h->query))
        return BAD("http.escape", 0, "%% in an address is followed by two hex digits, not 00");
    h->path = path;
    return OK;
}

static void method_read(struct http_head *h, str word)
{
    h->verb = word;
    for (unsigned i = 0; i < HTTP_METHODS && !h->ours; i++)
        if (str_eq(word, str_of(http_method_name((enum http_method)i)))) {
            h->method = (enum http_method)i;
            h->ours = true;
        }
    h->head = h->ours && h->method == HTTP_HEAD;
    if (h->head) h->method = HTTP_GET;
}

static status framing_check(const struct http_head *h)
{
    if (h->minor == 1 && h->hosts == 0) return BAD("http.host", 0, "HTTP/1.1 needs a Host");
    if (h->chunked && h->minor == 0)
        return BAD("http.transfer", 0, "HTTP/1.0 has no Transfer-Encoding");
    if (h->chunked && h->has_length)
        return BAD("http.framing", 0, "Transfer-Encoding and Content-Length exclude each other");
    return OK;
}

// Of two of these a proxy could take the one and the service the other.
static status once_check(const struct http_head *h)
{
    static const char *const once[] = {"Authorization", "Content-Type", "Idempotency-Key"};

    for (size_t i = 0; i < LEN(once); i++) {
        unsigned n = 0;
        for (size_t k = 0; k < h->header_count; k++)
            n += str_eq_fold(h->headers[k].name, str_of(once[i]));
        if (n > 1) return BAD("http.twice", 0, "%s stands in the headers twice", once[i]);
    }
    return OK;
}

static status fields_take(struct http_head *h, const struct http_syntax *x, struct arena *a)
{
    h->headers = NEW_ARRAY(a, struct http_header, x->count + 1);
    if (h->headers == NULL)
        return fail(ST_HEADERS_TOO_LARGE, "http.headers", 0, "the headers take too much memory");
    h->header_count = x->count;
    for (size_t i = 0; i < x->count; i++)
        h->headers[i] = (struct http_header){x->field[i].name, x->field[i].value};
    return OK;
}

static status fields_read(struct http_head *h)
{
    for (size_t i = 0; i < h->header_count; i++)
        TRY(field(h, h->headers[i].name, h->headers[i].value));
    return once_check(h);
}

status http_head_read(str in, struct arena *a, struct http_head *h)
{
    struct http_syntax x;

    *h = (struct http_head){
        .path = {"", 0},
          .query = {"", 0},
          .verb = {"", 0}
    };
    TRY(lines_check(in));
    TRY(http_syntax_read(in, &x));
    method_read(h, x.method);
    TRY(fields_take(h, &x, a));
    if (x.major != 1 || x.minor > 1) return BAD("http.version", 0, "HTTP/1.0 or HTTP/1.1 only");
    h->minor = x.minor;
    TRY(fields_read(h));
    TRY(framing_check(h));
    return target_read(h, x.target);
}
