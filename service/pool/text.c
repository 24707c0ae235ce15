// text.c - values of up to 128 bits in base 2..82.
//
// A text has at most 20 digits: every ten of them fit in 64 bits (82^10 < 2^64) and every five in
// 32 (82^5 < 2^32). So writing needs one wide division, two small ones, and no other.
#include "service/pool/text.h"
#include <string.h>

enum { FIVE = 5, TEN = 10, NO_DIGIT = 0xff };

// GS1 General Specifications, section 7.11: AI encodable character set 82.
static bool is_cset82(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!\"%&'()*+,-./:;<=>?_", c) != NULL);
}

static unsigned digit_count(const struct text_form *f) { return (unsigned)f->length - f->prefix_n; }

static u128 power(uint8_t base, unsigned exponent)
{
    u128 v = 1;

    while (exponent-- > 0) v *= base;
    return v;
}

static status alphabet_init(const struct text_conf *conf, struct text_form *f)
{
    str a = conf->alphabet, out = conf->exclude;

    if (a.n > TEXT_ALPHABET_MAX)
        return fail(ST_BAD_INPUT, "pool.alphabet", TEXT_ALPHABET_MAX,
                    "alphabet has at most %u characters, not %zu", TEXT_ALPHABET_MAX, a.n);
    memset(f->digit_of, NO_DIGIT, sizeof f->digit_of);
    for (uint32_t i = 0; i < a.n; i++) {
        if (!is_cset82(a.p[i]))
            return fail(ST_BAD_INPUT, "pool.alphabet", i,
                        "alphabet has a character at %u that is not in GS1 character set 82", i);
        if (memchr(a.p, a.p[i], i) != NULL)
            return fail(ST_BAD_INPUT, "pool.alphabet", i, "alphabet has '%c' twice", a.p[i]);
        if (out.n > 0 && memchr(out.p, a.p[i], out.n) != NULL) continue;
        f->digit_of[(uint8_t)a.p[i]] = f->base;
        f->alphabet[f->base++] = a.p[i];
    }
    if (f->base < 2)
        return fail(ST_BAD_INPUT, "pool.alphabet", 0,
                    "alphabet less exclude must leave at least 2 characters, not %u", f->base);
    return OK;
}

static status exclude_check(str exclude)
{
    for (uint32_t i = 0; i < exclude.n; i++)
        if (i >= TEXT_ALPHABET_MAX || !is_cset82(exclude.p[i]))
            return fail(ST_BAD_INPUT, "pool.exclude", i,
                        "exclude has at most %u characters, all of GS1 character set 82",
                        TEXT_ALPHABET_MAX);
    return OK;
}

static status prefix_init(str prefix, struct text_form *f)
{
    if (prefix.n >= f->length)
        return fail(ST_BAD_INPUT, "pool.serial_prefix", 0,
                    "serial_prefix has %zu characters and leaves none of %u to be counted",
                    prefix.n, f->length);
    for (uint32_t i = 0; i < prefix.n; i++) {
        if (!is_cset82(prefix.p[i]))
            return fail(ST_BAD_INPUT, "pool.serial_prefix", i,
                        "serial_prefix has a character at %u that is not in GS1 character set 82",
                        i);
        f->prefix[i] = prefix.p[i];
    }
    f->prefix_n = (uint8_t)prefix.n;
    return OK;
}

status text_form_init(const struct text_conf *conf, struct text_form *out)
{
    struct text_form f = {0};

    if (conf->length < 1 || conf->length > TEXT_LENGTH_MAX)
        return fail(ST_BAD_INPUT, "pool.length", 0, "length is 1 to %u characters, not %llu",
                    TEXT_LENGTH_MAX, (unsigned long long)conf->length);
    f.length = (uint8_t)conf->length;
    TRY(exclude_check(conf->exclude));
    TRY(alphabet_init(conf, &f));
    TRY(prefix_init(conf->prefix, &f));
    f.five = (uint32_t)power(f.base, FIVE);
    f.ten = (uint64_t)f.five * f.five;
    f.fifth = (uint64_t)((((u128)1 << 64) + f.five - 1) / f.five);
    f.size = power(f.base, digit_count(&f));
    *out = f;
    return OK;
}

bool text_has_any(const struct text_form *f, str characters)
{
    for (size_t i = 0; i < characters.n; i++)
        if (f->digit_of[(uint8_t)characters.p[i]] != NO_DIGIT ||
            memchr(f->prefix, characters.p[i], f->prefix_n) != NULL)
            return true;
    return false;
}

// n / base^5 as a binary fraction, n below base^5: times the base, what comes out at the top is the
// next digit and what is left the next fraction. Rounded up it is too large by less than n / 2^64,
// which is less than the 1 / base^5 that would show, as base^10 < 2^64.
static uint64_t fraction(const struct text_form *f, uint64_t n) { return n * f->fifth; }

static char digit_next(const struct text_form *f, uint64_t *rest)
{
    u128 next = (u128)*rest * f->base;

    *rest = (uint64_t)next;
    return f->alphabet[(uint64_t)(next >> 64)];
}

// v / base^5 without a division: times the reciprocal, which is rounded up, it is too large by one
// at most.
static uint64_t upper_five(const struct text_form *f, uint64_t v)
{
    uint64_t high = (uint64_t)((u128)v * f->fifth >> 64);

    return high - ((u128)high * f->five > v);
}

// Ten digits: two chains that do not wait for each other.
static void ten_write(const struct text_form *f, uint64_t v, char *out)
{
    uint64_t high = upper_five(f, v);
    uint64_t left = fraction(f, high), right = fraction(f, v - high * f->five);

    for (unsigned i = 0; i < FIVE; i++) {
        out[i] = digit_next(f, &left);
        out[FIVE + i] = digit_next(f, &right);
    }
}

void text_write(const struct text_form *f, u128 value, char *out)
{
    char digits[2 * TEN];
    unsigned count = digit_count(f);

    assert(value < f->size);
    uint64_t upper = (uint64_t)(value / f->ten), lower = (uint64_t)value - upper * f->ten;
    char *to = count == sizeof digits ? out : digits; // nearly always
    ten_write(f, upper, to);
    ten_write(f, lower, to + TEN);
    if (to == out) return; // a text has no room for a prefix then
    if (f->prefix_n > 0) memcpy(out, f->prefix, f->prefix_n);
    memcpy(out + f->prefix_n, digits + sizeof digits - count, count);
}

static bool digits_read(const struct text_form *f, str s, uint64_t *value)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.n; i++) {
        uint8_t digit = f->digit_of[(uint8_t)s.p[i]];
        if (digit == NO_DIGIT) return false;
        v = v * f->base + digit;
    }
    *value = v;
    return true;
}

bool text_read(const struct text_form *f, str text, u128 *value)
{
    unsigned high = digit_count(f) > TEN ? digit_count(f) - TEN : 0;
    uint64_t upper, lower;

    if (text.n != f->length || !str_starts(text, (str){f->prefix, f->prefix_n})) return false;
    str digits = str_from(text, f->prefix_n);
    if (!digits_read(f, (str){digits.p, high}, &upper)) return false;
    if (!digits_read(f, str_from(digits, high), &lower)) return false;
    *value = (u128)upper * f->ten + lower;
    return true;
}
