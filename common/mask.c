#include "common/mask.h"
#include "common/str.h"
#include <stdbool.h>
#include <string.h>

#define DIGITS     64u // hexadecimal, of one that is whole
#define DIGITS_MIN 24u // of one that is cut: no serial has so many, and less opens nothing

// The next character, decoded and in small letters; how many octets it takes, 0: there is none.
static size_t letter(const char *p, size_t n, char *out)
{
    size_t takes = n == 0 ? 0 : 1;

    *out = takes == 0 ? 0 : *p;
    if (n > 2 && *p == '%' && hex_get((str){p + 1, 2}, out, 1)) takes = 3;
    if (*out >= 'A' && *out <= 'Z') *out = (char)(*out - 'A' + 'a');
    return takes;
}

// The octets of "pt_" or "ps_" where the text begins with one; *kind is the letter that tells them.
static size_t prefix(const char *p, size_t n, char *kind)
{
    char c;
    size_t at = letter(p, n, &c);

    if (c != 'p') return 0;
    at += letter(p + at, n - at, kind);
    if (*kind != 't' && *kind != 's') return 0;
    at += letter(p + at, n - at, &c);
    return c == '_' ? at : 0;
}

static size_t digits(const char *p, size_t n, size_t least)
{
    size_t at = 0, count = 0, takes;
    char c;

    while ((takes = letter(p + at, n - at, &c)) > 0) {
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) break;
        at += takes;
        count++;
    }
    return count < least ? 0 : at;
}

// How much of the text from here on is a secret, 0: none of it.
static size_t secret(const char *p, size_t n, size_t least, char *kind)
{
    if (*p != 'p' && *p != 'P' && *p != '%') return 0;
    size_t head = prefix(p, n, kind), tail = head == 0 ? 0 : digits(p + head, n - head, least);
    return tail == 0 ? 0 : head + tail;
}

static bool is_of_a_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// `least` digits are enough where a word begins; within one all of them are wanted.
static size_t mask(char *p, size_t n, size_t least)
{
    size_t to = 0, takes;
    char kind = 0;

    for (size_t at = 0; at < n; at += takes) {
        bool within = to > 0 && is_of_a_word(p[to - 1]);
        takes = secret(p + at, n - at, within ? DIGITS : least, &kind);
        if (takes == 0) {
            p[to++] = p[at];
            takes = 1;
            continue;
        }
        char shown[] = {'p', kind, '_', '*', '*', '*'};
        memcpy(p + to, shown, sizeof shown);
        to += sizeof shown;
    }
    return to;
}

size_t mask_text(char *p, size_t n) { return mask(p, n, DIGITS); }

size_t mask_cut(char *p, size_t n) { return mask(p, n, DIGITS_MIN); }
