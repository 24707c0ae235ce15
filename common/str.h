// str.h - a view of bytes owned by someone else. Not NUL terminated.
#pragma once
#include "common/base.h"

typedef struct str {
    const char *p;
    size_t n;
} str;

#define S(lit) ((str){"" lit, sizeof(lit) - 1})
#define STR(s) (int)(s).n, (s).p // for "%.*s"

str str_of(const char *z); // of a C string; NULL gives the empty view
bool str_eq(str a, str b);
bool str_eq_fold(str a, str b); // ASCII case does not matter
int str_cmp(str a, str b);      // byte order; a prefix comes first
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
str str_trim(str s);                              // without ASCII blanks at both ends
str str_from(str s, size_t at);                   // what is left after `at` bytes
bool str_cut(str *rest, char sep, str *head);     // cursor parsing; false when sep is absent
bool str_has_word(str words, str word);           // words between single blanks
bool str_u64(str s, uint64_t max, uint64_t *out); // digits only, 1..20 of them, <= max
bool str_is_blank(str s); // empty, or nothing that can be seen: white space, joiners, fillers
bool str_is_utf8(str s, size_t *bad);   // RFC 3629; *bad (may be NULL) is the first wrong byte
size_t utf8_put(char *out, uint32_t u); // writes a character, 1 to 4 bytes; how many
str str_shown(str s, size_t max);       // what of s fits a sentence, cut between characters
// Where the first character is that no text of people or partners may hold: a control character
// (C0, DEL, C1), or U+FFFE and U+FFFF, for which XML has no place either. s.n: there is none.
size_t str_plain(str s);
bool str_is_digits(str s); // one digit or more, nothing else
bool str_is_name(str s);   // [a-z0-9][a-z0-9._-]{0,63}
#define STR_NAME_MAX 64u
// *name is s in lower case, in `out`; false, and nothing done, where that is no name.
bool str_name_fold(str s, char out[STR_NAME_MAX], str *name);

void hex_put(char *out, const void *in, size_t n); // 2n characters, lower case, no NUL
bool hex_get(str in, void *out, size_t n);         // exactly 2n digits, either case
