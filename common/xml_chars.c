// xml_chars.c - XML 1.0's classes of characters (sections 2.2 and 2.3).
#include "common/xml_int.h"
#include <string.h>

#define EVERY(byte) (0x0101010101010101u * (uint64_t)(byte))

// Bytes that are zero in v have their high bit set, and perhaps some above such a one: good enough
// to stop at, for single bytes are looked at then.
static uint64_t zeros(uint64_t v) { return (v - EVERY(1)) & ~v; }

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '&' && c != '<' && c != '>';
}

// < and > differ in one bit.
size_t xml_plain(str s)
{
    size_t i = 0;

    for (; s.n - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, s.p + i, 8);
        uint64_t hit =
            v | (v - EVERY(0x20)) | zeros((v | EVERY(2)) ^ EVERY('>')) | zeros(v ^ EVERY('&'));
        if (hit & EVERY(0x80)) break;
    }
    while (i < s.n && is_plain((unsigned char)s.p[i])) i++;
    return i;
}

size_t xml_plain_value(str s, char quote)
{
    uint64_t quotes = EVERY(quote);
    size_t i = 0;

    for (; s.n - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, s.p + i, 8);
        uint64_t hit = v | (v - EVERY(0x20)) | zeros(v ^ EVERY('<')) | zeros(v ^ EVERY('&')) |
                       zeros(v ^ quotes);
        if (hit & EVERY(0x80)) break;
    }
    for (; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x80 || c == '<' || c == '&' || s.p[i] == quote) break;
    }
    return i;
}

// Where a name may begin (1) and go on (1 or 2), in ASCII.
static const uint8_t ascii[128] = {
    ['-'] = 2, ['.'] = 2, ['0'] = 2, ['1'] = 2, ['2'] = 2, ['3'] = 2, ['4'] = 2, ['5'] = 2,
    ['6'] = 2, ['7'] = 2, ['8'] = 2, ['9'] = 2, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1,
    ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1,
    ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,
    ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['_'] = 1, ['a'] = 1,
    ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1,
    ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1,
    ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1,
    ['z'] = 1};

// Productions 4 and 4a beyond ASCII; `rest`: not at the beginning.
static const struct {
    uint32_t from, to;
    bool rest;
} wide[] = {
    {0xb7,    0xb7,    true },
    {0xc0,    0xd6,    false},
    {0xd8,    0xf6,    false},
    {0xf8,    0x2ff,   false},
    {0x300,   0x36f,   true },
    {0x370,   0x37d,   false},
    {0x37f,   0x1fff,  false},
    {0x200c,  0x200d,  false},
    {0x203f,  0x2040,  true },
    {0x2070,  0x218f,  false},
    {0x2c00,  0x2fef,  false},
    {0x3001,  0xd7ff,  false},
    {0xf900,  0xfdcf,  false},
    {0xfdf0,  0xfffd,  false},
    {0x10000, 0xeffff, false},
};

static bool names(uint32_t u, bool first)
{
    for (size_t i = 0; i < LEN(wide); i++)
        if (u >= wide[i].from && u <= wide[i].to) return !first || !wide[i].rest;
    return false;
}

// The character at the beginning of s, which begins above 7F, and its length; 0: not UTF-8.
static size_t take(str s, uint32_t *u)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

    if (len > s.n || !str_is_utf8((str){s.p, len}, NULL)) return 0;
    *u = c & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) *u = *u << 6 | ((unsigned char)s.p[i] & 0x3f);
    return len;
}

size_t xml_ncname(str s)
{
    size_t i = 0;

    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        uint32_t u;
        size_t len = 1;
        if (c < 0x80) {
            if (ascii[c] == 0 || (i == 0 && ascii[c] == 2)) break;
        } else {
            len = take(str_from(s, i), &u);
            if (len == 0 || !names(u, i == 0)) break;
        }
        i += len;
    }
    return i;
}

bool xml_is_character(uint32_t u)
{
    if (u < 0x20) return u == '\t' || u == '\n' || u == '\r';
    return u <= 0xd7ff || (u >= 0xe000 && u <= 0xfffd) || (u >= 0x10000 && u <= 0x10ffff);
}

size_t xml_wide(str s, const char **why)
{
    size_t i = 0;

    *why = NULL;
    while (i < s.n && (unsigned char)s.p[i] >= 0x80) {
        uint32_t u;
        size_t len = take(str_from(s, i), &u);
        if (len == 0 || !xml_is_character(u)) {
            *why = len == 0 ? "xml.utf8" : "xml.character";
            break;
        }
        i += len;
    }
    return i;
}
