// One field at a time; the commas between them are the caller's.
#include "common/csv.h"
#include <string.h>

static bool has_any(str s, const char *chars)
{
    for (; *chars != 0; chars++)
        if (s.n > 0 && memchr(s.p, *chars, s.n) != NULL) return true;
    return false;
}

// REQ RFC4180: quotes are doubled.
static void put(struct buf *b, const char *before, str s)
{
    bool quoted = has_any(s, "\",\r\n");

    if (quoted) buf_addc(b, '"');
    buf_add(b, str_of(before));
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_addc(b, '"');
        buf_addc(b, s.p[i]);
    }
    if (quoted) buf_addc(b, '"');
}

static bool is_formula(str s)
{
    if (s.n == 0 || strchr("=+-@\t\r", s.p[0]) == NULL) return false;
    return s.p[0] != '-' || !str_is_digits(str_from(s, 1));
}

void csv_put(struct buf *b, str field) { put(b, "", field); }

void csv_put_shown(struct buf *b, str field) { put(b, is_formula(field) ? "'" : "", field); }
