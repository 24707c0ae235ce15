// Character sets (GS1 General Specifications 7.11, EPC TDS 6, RFC 3986) and percent-escapes.
//
// gs1_sets holds, for every byte, the sets it belongs to as bits of enum gs1_set. Bytes from 0x80
// on are in none. tests/unit/gs1_check_test.c spells the sets out.
#include "service/gs1/gs1_int.h"
#include <string.h>

// clang-format off
const uint8_t gs1_sets[256] = {
       0,    0,    0,    0,    0,    0,    0,    0, // 0x00
       0,    0,    0,    0,    0,    0,    0,    0, // 0x08
       0,    0,    0,    0,    0,    0,    0,    0, // 0x10
       0,    0,    0,    0,    0,    0,    0,    0, // 0x18
       0, 0x58, 0x08, 0x42, 0x40, 0x48, 0x48, 0x58, // 0x20
    0x58, 0x58, 0x58, 0x58, 0x58, 0x7e, 0x78, 0x4a, // 0x28
    0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, // 0x30
    0x7f, 0x7f, 0x58, 0x58, 0x08, 0x58, 0x08, 0x48, // 0x38
    0x40, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, // 0x40
    0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, // 0x48
    0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, // 0x50
    0x7e, 0x7e, 0x7e, 0x40,    0, 0x40,    0, 0x7c, // 0x58
       0, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, // 0x60
    0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, // 0x68
    0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, 0x7c, // 0x70
    0x7c, 0x7c, 0x7c,    0,    0,    0, 0x60,    0, // 0x78
};
// clang-format on

size_t gs1_span(str s, enum gs1_set set)
{
    size_t n = 0;

    while (n < s.n && gs1_in_set(s.p[n], set)) n++;
    return n;
}

struct gs1_fault gs1_set_fault(str value, enum gs1_set set)
{
    size_t at = gs1_span(value, set);

    if (at == value.n) return GS1_NO_FAULT;
    if (set == SET_DIGIT) return (struct gs1_fault){"gs1.digits", "must be digits", at};
    return (struct gs1_fault){"gs1.character", "has a character outside its GS1 character set", at};
}

struct gs1_fault gs1_base64_fault(str value)
{
    size_t at = gs1_span(value, SET_64), pads = 0;

    while (at + pads < value.n && value.p[at + pads] == '=') pads++;
    if (at + pads < value.n)
        return (struct gs1_fault){"gs1.character", "is not base64url (character set 64)", at};
    if (pads > 2 || (pads > 0 && value.n % 3 != 0))
        return (struct gs1_fault){"gs1.character", "is not padded as character set 64 asks", at};
    return GS1_NO_FAULT;
}

static const struct {
    enum gs1_set raw;
    bool plus; // a space is "+"
} escapes[] = {
    [ESCAPE_PATH] = {SET_DL,  false},
    [ESCAPE_QUERY] = {SET_DL,  true },
    [ESCAPE_URN] = {SET_URN, false},
};

void gs1_escape(str text, enum gs1_escape where, struct buf *out)
{
    static const char digit[] = "0123456789ABCDEF";
    size_t raw = gs1_span(text, escapes[where].raw);

    buf_add(out, (str){text.p, raw});
    for (size_t i = raw; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (gs1_in_set(text.p[i], escapes[where].raw))
            buf_addc(out, text.p[i]);
        else if (c == ' ' && escapes[where].plus)
            buf_addc(out, '+');
        else
            buf_add(out, (str){
                             (char[]){'%', digit[c >> 4], digit[c & 15]},
                             3
            });
    }
}

bool gs1_unescape(str in, enum gs1_escape where, struct arena *a, str *out, size_t *bad)
{
    bool plus = escapes[where].plus && in.n > 0 && memchr(in.p, '+', in.n) != NULL;
    char *p;
    size_t n = 0;

    *bad = SIZE_MAX;
    *out = in;
    if (in.n == 0 || (!plus && memchr(in.p, '%', in.n) == NULL)) return true;
    if ((p = arena_alloc(a, in.n)) == NULL) return false;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '%' && i + 2 < in.n && hex_get((str){in.p + i + 1, 2}, &p[n], 1)) {
            i += 2;
            n++;
            continue;
        }
        if (c == '%' && *bad == SIZE_MAX) *bad = i;
        p[n++] = c == '+' && plus ? ' ' : c;
    }
    *out = (str){p, n};
    return true;
}
