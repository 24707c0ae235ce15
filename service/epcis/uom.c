// uom.c - comparing values across units. Both are brought to one denominator as whole numbers of
// any size, so that nothing is rounded: 26.85 degrees Celsius are 300 kelvins and not almost.
#include "service/epcis/uom.h"
#include "service/epcis/value.h"
#include <string.h>

// 38 digits, twice the powers of ten of the other, and four numbers of the table: under 800 bits.
#define WORDS 32
struct wide { // lowest word first
    uint32_t w[WORDS];
};

static void times(struct wide *x, uint64_t by)
{
    uint32_t halves[2] = {(uint32_t)by, (uint32_t)(by >> 32)};
    struct wide out = {0};

    for (int h = 0; h < 2; h++) {
        uint64_t carry = 0;
        for (int i = 0; i + h < WORDS; i++) {
            carry += (uint64_t)x->w[i] * halves[h] + out.w[i + h];
            out.w[i + h] = (uint32_t)carry;
            carry >>= 32;
        }
        assert(carry == 0);
    }
    *x = out;
}

static void times_ten(struct wide *x, int64_t power)
{
    for (; power >= 18; power -= 18) times(x, 1000000000000000000u);
    for (; power > 0; power--) times(x, 10);
}

static void plus(struct wide *x, const struct wide *y)
{
    uint64_t carry = 0;

    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)x->w[i] + y->w[i];
        x->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    assert(carry == 0);
}

static int order_of(const struct wide *x, const struct wide *y)
{
    for (int i = WORDS - 1; i >= 0; i--)
        if (x->w[i] != y->w[i]) return x->w[i] < y->w[i] ? -1 : 1;
    return 0;
}

// x - y, where x is not the smaller one.
static void minus(struct wide *x, const struct wide *y)
{
    int64_t borrow = 0;

    for (int i = 0; i < WORDS; i++) {
        borrow += (int64_t)x->w[i] - y->w[i];
        x->w[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    assert(borrow == 0);
}

struct value {
    bool negative;
    struct wide whole; // digits without their point
    int64_t places;    // behind the point; negative: zeros to append
    const struct epcis_uom *uom;
};

static bool value_read(str text, struct value *out)
{
    struct epcis_number n;
    int64_t digits = 0;

    *out = (struct value){.uom = NULL};
    if (!epcis_number_read(text, &n)) return false;
    if (n.zero) return true;
    for (size_t i = 0; i < n.digits.n; i++) {
        if (n.digits.p[i] == '.') continue;
        if (++digits > EPCIS_UOM_DIGITS) return false;
        struct wide digit = {.w = {(uint32_t)(n.digits.p[i] - '0')}};
        times(&out->whole, 10);
        plus(&out->whole, &digit);
    }
    out->negative = n.negative;
    out->places = digits - n.point;
    return out->places <= EPCIS_UOM_DIGITS && out->places >= -EPCIS_UOM_DIGITS;
}

// The value as a whole number: times 10^places, times the denominators of both units.
static void bring(struct value *v, int64_t places, const struct epcis_uom *other)
{
    struct wide offset = {.w = {1}};

    times_ten(&v->whole, places - v->places);
    times_ten(&offset, places);
    times(&v->whole, v->uom->offset_under);
    times(&offset, v->uom->offset);
    if (!v->negative) {
        plus(&v->whole, &offset);
    } else if (order_of(&v->whole, &offset) >= 0) {
        minus(&v->whole, &offset);
    } else {
        minus(&offset, &v->whole);
        v->whole = offset;
        v->negative = false;
    }
    times(&v->whole, v->uom->factor);
    times(&v->whole, other->factor_under);
    times(&v->whole, other->offset_under);
}

const struct epcis_uom *epcis_uom_find(str code)
{
    size_t low = 0, high = epcis_uom_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(str_of(epcis_uom_rows[middle].code), code);
        if (order == 0) return &epcis_uom_rows[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool units_find(str code_a, str code_b, struct value *a, struct value *b)
{
    static const struct epcis_uom itself = {"", 0, 1, 1, 0, 1};

    a->uom = b->uom = &itself;
    if (str_eq(code_a, code_b)) return true;
    a->uom = epcis_uom_find(code_a);
    b->uom = epcis_uom_find(code_b);
    return a->uom != NULL && b->uom != NULL && a->uom->dimension == b->uom->dimension;
}

bool epcis_uom_compare(str a, str code_a, str b, str code_b, int *order)
{
    struct value x, y;
    static const struct wide nothing;

    if (!value_read(a, &x) || !value_read(b, &y) || !units_find(code_a, code_b, &x, &y))
        return false;
    int64_t places = x.places > y.places ? x.places : y.places;
    if (places < 0) places = 0;
    bring(&x, places, y.uom);
    bring(&y, places, x.uom);
    bool both_zero = order_of(&x.whole, &nothing) == 0 && order_of(&y.whole, &nothing) == 0;
    if (x.negative != y.negative)
        *order = both_zero ? 0 : x.negative ? -1 : 1;
    else
        *order = x.negative ? order_of(&y.whole, &x.whole) : order_of(&x.whole, &y.whole);
    return true;
}
