#include "service/event/slicer.h"
#include <string.h>

enum step { ADDED, TOO_LONG, UNENDED };

static bool is_full(const struct slicer *s)
{
    return s->lines == s->lines_max || s->whole >= s->bytes_max;
}

static enum step add_line(struct slicer *s, str bytes)
{
    const char *nl = memchr(bytes.p + s->scanned, '\n', bytes.n - s->scanned);
    size_t end = nl == NULL ? bytes.n : (size_t)(nl - bytes.p) + 1;

    if (end > s->bytes_max && s->whole > 0) return TOO_LONG; // however it ends: not in this slice
    s->scanned = end;
    if (nl == NULL) return UNENDED;
    s->whole = end;
    s->lines++;
    return ADDED;
}

size_t slicer_cut(struct slicer *s, str bytes, bool ended, bool *last)
{
    enum step step = ADDED;

    *last = false;
    if (bytes.n == 0) return 0;
    while (step == ADDED && !is_full(s)) step = add_line(s, bytes);
    size_t n = step == UNENDED ? bytes.n : s->whole;
    if (n == bytes.n && !ended) return 0;
    *last = n == bytes.n;
    s->lines = 0;
    s->whole = s->scanned = 0;
    return n;
}

bool slicer_line(str *rest, str *line)
{
    if (rest->n == 0) return false;
    if (!str_cut(rest, '\n', line)) {
        *line = *rest;
        rest->n = 0;
    }
    *line = str_trim(*line);
    return true;
}
