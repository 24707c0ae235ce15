// Check digits, and keys and serials standing alone.
#include "service/gs1/gs1_int.h"
#include <string.h>

// REQ GS1-GENSPEC-7.9: weights 3,1,3,1 from the right, what is missing to the next ten.
char gs1_check_digit(str d)
{
    unsigned sum = 0, weight = 3;

    assert(str_is_digits(d));
    for (size_t i = d.n; i-- > 0; weight ^= 3 ^ 1) sum += weight * (unsigned)(d.p[i] - '0');
    return (char)('0' + (10 - sum % 10) % 10);
}

bool gs1_check_digit_ok(str d)
{
    return d.n >= 2 && d.p[d.n - 1] == gs1_check_digit((str){d.p, d.n - 1});
}

// `n` digits with a right check digit; `noun` for the sentence.
static status key_check(str in, const char *noun)
{
    size_t digits = gs1_span(in, SET_DIGIT);

    if (digits < in.n)
        return fail(ST_BAD_INPUT, "gs1.digits", (uint32_t)digits, "%s has digits only", noun);
    if (!gs1_check_digit_ok(in))
        return fail(ST_BAD_INPUT, "gs1.check_digit", (uint32_t)in.n - 1,
                    "the check digit of this %s should be %c", noun,
                    gs1_check_digit((str){in.p, in.n - 1}));
    return OK;
}

status gs1_gtin_read(str in, char out[14])
{
    if (in.n != 8 && in.n != 12 && in.n != 13 && in.n != 14)
        return fail(ST_BAD_INPUT, "gs1.length", 0, "a GTIN has 8, 12, 13 or 14 digits, not %zu",
                    in.n);
    TRY(key_check(in, "GTIN"));
    memset(out, '0', 14 - in.n);
    memcpy(out + 14 - in.n, in.p, in.n);
    return OK;
}

static status whole_read(str in, const char *noun, size_t n, char *out)
{
    if (in.n != n)
        return fail(ST_BAD_INPUT, "gs1.length", 0, "%s has %zu digits, not %zu", noun, n, in.n);
    TRY(key_check(in, noun));
    memcpy(out, in.p, n);
    return OK;
}

status gs1_gln_read(str in, char out[13])
{
    char gln[13];

    TRY(whole_read(in, "GLN", sizeof gln, gln));
    if (memcmp(gln, "0000000000000", sizeof gln) == 0) // 0 is nobody's number where one is stored
        return fail(ST_BAD_INPUT, "gs1.digits", 0, "a GLN of zeros is nobody's");
    memcpy(out, gln, sizeof gln);
    return OK;
}

status gs1_sscc_read(str in, char out[18]) { return whole_read(in, "SSCC", 18, out); }

status gs1_serial_check(str serial, size_t max)
{
    size_t good = gs1_span(serial, SET_82);

    if (serial.n == 0 || serial.n > max)
        return fail(ST_BAD_INPUT, "gs1.length", (uint32_t)(serial.n == 0 ? 0 : max),
                    "1 to %zu characters are allowed, not %zu", max, serial.n);
    if (good < serial.n)
        return fail(ST_BAD_INPUT, "gs1.character", (uint32_t)good,
                    "a character here is outside GS1 character set 82");
    return OK;
}
