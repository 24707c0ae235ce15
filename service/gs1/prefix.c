// Company prefixes as configured: an array ordered by number of digits, then value, so that each
// length is searched on its own, the longest first.
#include "service/gs1/id.h"
#include <stdlib.h>

#define DIGITS_MIN 4
#define DIGITS_MAX 12

static int by_digits_then_value(const void *a, const void *b)
{
    const struct gs1_prefix *x = a, *y = b;

    if (x->digits != y->digits) return x->digits < y->digits ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

status gs1_prefixes_build(const str *list, size_t n, struct arena *a, struct gs1_prefixes *out)
{
    if (n > GS1_PREFIXES_MAX)
        return fail(ST_TOO_LARGE, "prefix.too_many", 0, "more than %zu company prefixes",
                    GS1_PREFIXES_MAX);
    struct gs1_prefix *items = NEW_ARRAY(a, struct gs1_prefix, n + 1);
    if (items == NULL)
        return fail(ST_TOO_LARGE, "prefix.too_many", 0, "no room for %zu company prefixes", n);
    for (size_t i = 0; i < n; i++) {
        if (list[i].n < DIGITS_MIN || list[i].n > DIGITS_MAX ||
            !str_u64(list[i], UINT64_MAX, &items[i].value))
            return fail(ST_BAD_INPUT, "prefix.form", 0, "a company prefix has %d to %d digits",
                        DIGITS_MIN, DIGITS_MAX);
        items[i].digits = (uint8_t)list[i].n;
    }
    qsort(items, n, sizeof *items, by_digits_then_value);
    *out = (struct gs1_prefixes){items, n};
    return OK;
}

uint8_t gs1_prefix_length(const struct gs1_prefixes *p, str digits)
{
    struct gs1_prefix wanted = {0, 0};
    uint8_t found = 0;

    if (p == NULL || p->n == 0) return 0;
    for (uint8_t i = 0; i < DIGITS_MAX && i < digits.n; i++) {
        assert(digits.p[i] >= '0' && digits.p[i] <= '9');
        wanted.value = wanted.value * 10 + (uint64_t)(digits.p[i] - '0');
        wanted.digits = (uint8_t)(i + 1);
        if (wanted.digits < DIGITS_MIN) continue;
        if (bsearch(&wanted, p->items, p->n, sizeof wanted, by_digits_then_value) != NULL)
            found = wanted.digits;
    }
    return found;
}
