// value.c - the small grammars of values.
#include "service/epcis/value.h"
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// What a URI has no place for: blanks, controls, and <>"{}|\^` (RFC 3986).
static const uint64_t no_uri[2] = {0x50000005ffffffff, 0xb800000150000000};

static bool fits_in_uri(str s)
{
    bool ascii = true;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80)
            ascii = false; // other alphabets may stand as they are (RFC 3987)
        else if ((no_uri[c >> 6] >> (c & 63) & 1) != 0)
            return false;
    }
    return ascii || str_is_utf8(s, NULL);
}

bool epcis_is_uri(str s)
{
    size_t i = 0;

    if (s.n == 0 || !is_letter(s.p[0])) return false;
    while (i < s.n && (is_letter(s.p[i]) || is_digit(s.p[i]) || s.p[i] == '+' || s.p[i] == '-' ||
                       s.p[i] == '.'))
        i++;
    return i + 1 < s.n && s.p[i] == ':' && fits_in_uri(str_from(s, i));
}

static bool is_escape(str s) { return s.n >= 3 && epcis_is_hex((str){s.p + 1, 2}); }

static bool has_plain_port(str s)
{
    str scheme, authority = s, port;

    if (!str_cut(&authority, ':', &scheme) || !str_starts(authority, S("//"))) return true;
    authority = str_from(authority, 2);
    for (size_t i = 0; i < authority.n; i++)
        if (strchr("/?#", authority.p[i]) != NULL) authority.n = i;
    port = authority;
    while (str_cut(&port, '@', &scheme)) authority = port;
    return !str_cut(&port, ':', &scheme) || str_is_digits(port);
}

bool epcis_is_plain_uri(str s)
{
    unsigned fragments = 0;

    if (!epcis_is_uri(s)) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        fragments += c == '#';
        if ((unsigned char)c >= 0x80 || c == '[' || c == ']') return false;
        if (c == '%' && !is_escape(str_from(s, i))) return false;
    }
    return fragments <= 1 && has_plain_port(s);
}

bool epcis_is_zone(str s)
{
    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':') return false;
    if (!is_digit(s.p[1]) || !is_digit(s.p[2]) || !is_digit(s.p[4]) || !is_digit(s.p[5]))
        return false;
    int minutes = ((s.p[1] - '0') * 10 + s.p[2] - '0') * 60 + (s.p[4] - '0') * 10 + s.p[5] - '0';
    return s.p[4] < '6' && minutes <= 14 * 60;
}

bool epcis_is_uom(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !(s.p[i] >= 'A' && s.p[i] <= 'Z')) return false;
    return s.n == 2 || s.n == 3;
}

bool epcis_is_bool(str s)
{
    return str_eq(s, S("true")) || str_eq(s, S("false")) || str_eq(s, S("1")) || str_eq(s, S("0"));
}

bool epcis_is_hex(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f')) return false;
    return s.n > 0;
}

// ---- numbers

// The exponent behind the digits, or nothing; clamped where nobody can mean it.
static bool exponent_read(str s, int64_t *out)
{
    bool negative;

    *out = 0;
    if (s.n == 0) return true;
    if ((s.p[0] | 0x20) != 'e') return false;
    s = str_from(s, 1);
    negative = s.n > 0 && s.p[0] == '-';
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) s = str_from(s, 1);
    if (!str_is_digits(s)) return false;
    for (size_t i = 0; i < s.n; i++)
        if (*out < 1000000000) *out = *out * 10 + (s.p[i] - '0');
    if (negative) *out = -*out;
    return true;
}

// How many of the digits in s[0 … n) there are, a point not counted.
static int64_t digits_in(str s, size_t n)
{
    return n == 0 ? 0 : (int64_t)n - (memchr(s.p, '.', n) != NULL);
}

bool epcis_number_read(str s, struct epcis_number *out)
{
    struct epcis_number n = {.zero = true};
    size_t end = 0, first = SIZE_MAX, last = 0, point = SIZE_MAX;
    int64_t exponent;

    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
        n.negative = s.p[0] == '-';
        s = str_from(s, 1);
    }
    for (; end < s.n && (is_digit(s.p[end]) || (s.p[end] == '.' && point == SIZE_MAX)); end++) {
        if (s.p[end] == '.') point = end;
        if (s.p[end] == '.' || s.p[end] == '0') continue;
        if (first == SIZE_MAX) first = end;
        last = end;
    }
    if (digits_in(s, end) == 0 || !exponent_read(str_from(s, end), &exponent)) return false;
    if (first != SIZE_MAX) {
        int64_t before = (int64_t)(point == SIZE_MAX ? end : point);
        n.zero = false;
        n.digits = (str){s.p + first, last + 1 - first};
        n.point = exponent + before - (int64_t)first + ((int64_t)first > before);
    }
    n.negative = n.negative && !n.zero;
    n.whole = n.zero || n.point >= digits_in(n.digits, n.digits.n);
    *out = n;
    return true;
}

static void zeros(struct buf *out, int64_t n)
{
    while (n-- > 0) buf_addc(out, '0');
}

bool epcis_number_write(const struct epcis_number *n, struct buf *out)
{
    int64_t digits = digits_in(n->digits, n->digits.n), at = 0;

    if (n->zero) return buf_addc(out, '0'), true;
    if (n->point > EPCIS_NUMBER_PLACES || digits - n->point > EPCIS_NUMBER_PLACES) return false;
    if (n->negative) buf_addc(out, '-');
    if (n->point <= 0) {
        buf_add(out, S("0."));
        zeros(out, -n->point);
    }
    for (size_t i = 0; i < n->digits.n; i++) {
        if (n->digits.p[i] == '.') continue;
        if (at == n->point && at > 0) buf_addc(out, '.');
        buf_addc(out, n->digits.p[i]);
        at++;
    }
    zeros(out, n->point - at);
    return true;
}
