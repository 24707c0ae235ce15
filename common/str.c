#include "common/str.h"
#include <string.h>

str str_of(const char *z) { return z == NULL ? (str){"", 0} : (str){z, strlen(z)}; }

bool str_eq(str a, str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static int lower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

bool str_eq_fold(str a, str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

int str_cmp(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;

    return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
    return s.n >= prefix.n && str_eq((str){s.p, prefix.n}, prefix);
}

bool str_ends(str s, str suffix)
{
    return s.n >= suffix.n && str_eq((str){s.p + s.n - suffix.n, suffix.n}, suffix);
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

str str_trim(str s)
{
    while (s.n > 0 && blank(s.p[0])) s = (str){s.p + 1, s.n - 1};
    while (s.n > 0 && blank(s.p[s.n - 1])) s.n--;
    return s;
}

str str_from(str s, size_t at)
{
    assert(at <= s.n);
    return (str){s.p + at, s.n - at};
}

bool str_cut(str *rest, char sep, str *head)
{
    const char *hit = rest->n ? memchr(rest->p, sep, rest->n) : NULL;

    if (hit == NULL) return false;
    size_t n = (size_t)(hit - rest->p);
    *head = (str){rest->p, n};
    *rest = (str){hit + 1, rest->n - n - 1};
    return true;
}

bool str_has_word(str words, str word)
{
    str head;

    while (str_cut(&words, ' ', &head))
        if (str_eq(head, word)) return true;
    return str_eq(words, word);
}

bool str_is_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

bool str_u64(str s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n > 20 || !str_is_digits(s)) return false;
    for (size_t i = 0; i < s.n; i++) {
        uint64_t d = (uint64_t)(s.p[i] - '0');
        if (v > (max - d) / 10 || d > max) return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

// The length of the UTF-8 sequence at `p`, 0 when it is not one (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
static size_t utf8_len(const unsigned char *p, size_t n)
{
    unsigned char c = p[0], lo = 0x80, hi = 0xbf;
    size_t len = c < 0x80                 ? 1
                 : c >= 0xc2 && c <= 0xdf ? 2
                 : (c & 0xf0) == 0xe0     ? 3
                 : c >= 0xf0 && c <= 0xf4 ? 4
                                          : 0;

    if (len == 0 || len > n) return 0;
    if (c == 0xe0) lo = 0xa0;
    if (c == 0xed) hi = 0x9f;
    if (c == 0xf0) lo = 0x90;
    if (c == 0xf4) hi = 0x8f;
    for (size_t i = 1; i < len; i++, lo = 0x80, hi = 0xbf)
        if (p[i] < lo || p[i] > hi) return 0;
    return len;
}

bool str_is_utf8(str s, size_t *bad)
{
    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_len((const unsigned char *)s.p + i, s.n - i);
        if (len == 0) {
            if (bad != NULL) *bad = i;
            return false;
        }
        i += len;
    }
    return true;
}

// A good character of two to four bytes.
static uint32_t utf8_get(const unsigned char *p, size_t len)
{
    uint32_t u = len == 1 ? p[0] : p[0] & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) u = u << 6 | (p[i] & 0x3f);
    return u;
}

// White space, what joins and directs without a width, and letters that are drawn as nothing.
static const struct {
    uint32_t from, to;
} unseen[] = {
    {0x00,    0x20   },
    {0x7f,    0xa0   },
    {0xad,    0xad   },
    {0x034f,  0x034f },
    {0x061c,  0x061c },
    {0x115f,  0x1160 },
    {0x1680,  0x1680 },
    {0x17b4,  0x17b5 },
    {0x180b,  0x180f },
    {0x2000,  0x200f },
    {0x2028,  0x202f },
    {0x205f,  0x206f },
    {0x2800,  0x2800 },
    {0x3000,  0x3000 },
    {0x3164,  0x3164 },
    {0xfe00,  0xfe0f },
    {0xfeff,  0xfeff },
    {0xffa0,  0xffa0 },
    {0xfff0,  0xfffb },
    {0xe0000, 0xe0fff},
};

static bool is_unseen(uint32_t u)
{
    for (size_t i = 0; i < LEN(unseen); i++)
        if (u >= unseen[i].from && u <= unseen[i].to) return true;
    return false;
}

bool str_is_blank(str s)
{
    for (size_t i = 0; i < s.n;) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t len = utf8_len(p, s.n - i);
        if (len == 0 || !is_unseen(utf8_get(p, len))) return false;
        i += len;
    }
    return true;
}

str str_shown(str s, size_t max)
{
    size_t n = s.n < max ? s.n : max;

    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80) n--;
    return (str){s.p, n};
}

size_t str_plain(str s)
{
    size_t i = 0;

    for (; i < s.n; i++) {
        const unsigned char *c = (const unsigned char *)s.p + i;
        size_t left = s.n - i;
        if (*c < 0x20 || *c == 0x7f) break;
        if (*c == 0xc2 && left > 1 && c[1] < 0xa0) break;
        if (*c == 0xef && left > 2 && c[1] == 0xbf && c[2] >= 0xbe) break;
    }
    return i;
}

size_t utf8_put(char *out, uint32_t u)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;

    for (size_t i = n; i > 1; u >>= 6) out[--i] = (char)(0x80 | (u & 0x3f));
    out[0] = (char)(lead[n] | u);
    return n;
}

bool str_is_name(str s)
{
    if (s.n == 0 || s.n > STR_NAME_MAX) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (i == 0 || (c != '.' && c != '_' && c != '-'))) return false;
    }
    return true;
}

bool str_name_fold(str s, char out[STR_NAME_MAX], str *name)
{
    if (s.n > STR_NAME_MAX) return false;
    for (size_t i = 0; i < s.n; i++)
        out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 'a' - 'A' : s.p[i]);
    if (!str_is_name((str){out, s.n})) return false;
    *name = (str){out, s.n};
    return true;
}

void hex_put(char *out, const void *in, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    const unsigned char *p = in;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[p[i] >> 4];
        out[2 * i + 1] = digit[p[i] & 15];
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool hex_get(str in, void *out, size_t n)
{
    unsigned char *p = out;

    if (in.n != 2 * n) return false;
    for (size_t i = 0; i < n; i++) {
        int hi = hex_digit(in.p[2 * i]), lo = hex_digit(in.p[2 * i + 1]);
        if (hi < 0 || lo < 0) return false;
        p[i] = (unsigned char)(hi << 4 | lo);
    }
    return true;
}
