// What parts of a value must satisfy beyond length and character set. One function a check, named
// and judged as GS1's Barcode Syntax Tests do; the table at the end is in the order of GS1_LINTS.
#include "service/gs1/gs1_int.h"
#include <string.h>

#define FAULT(code, text, where) ((struct gs1_fault){code, text, where})

static size_t not_digit(str v) { return gs1_span(v, SET_DIGIT); }

static struct gs1_fault digits(str v) { return gs1_set_fault(v, SET_DIGIT); }

static struct gs1_fault csum(str v)
{
    if (not_digit(v) < v.n) return digits(v);
    return gs1_check_digit_ok(v) ? GS1_NO_FAULT
                                 : FAULT("gs1.check_digit", "has a wrong check digit", v.n - 1);
}

static bool is_prime(unsigned n)
{
    for (unsigned d = 2; d * d <= n; d++)
        if (n % d == 0) return false;
    return true;
}

// GS1 General Specifications 7.9.5: two check characters; the weights are the primes from the
// right, the modulus is 1021.
static struct gs1_fault csumalpha(str v)
{
    static const char values[] =
        "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    static const char pair[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    unsigned sum = 0, prime = 1;

    if (v.n < 2) return FAULT("gs1.check_digit", "is too short for its two check characters", 0);
    str head = {v.p, v.n - 2};
    if (gs1_span(head, SET_82) < head.n) return gs1_set_fault(head, SET_82);
    for (size_t i = head.n; i-- > 0;) {
        while (!is_prime(++prime)) {}
        sum = (sum + prime * (unsigned)(strchr(values, head.p[i]) - values)) % 1021;
    }
    if (v.p[v.n - 2] == pair[sum >> 5] && v.p[v.n - 1] == pair[sum & 31]) return GS1_NO_FAULT;
    return FAULT("gs1.check_digit", "has wrong check characters", v.n - 2);
}

// Lengths of prefixes are not known here; every prefix has four digits or more.
static struct gs1_fault gcp(str v, size_t at)
{
    if (v.n >= at + 4 && not_digit((str){v.p + at, 4}) == 4) return GS1_NO_FAULT;
    return FAULT("gs1.prefix", "does not begin with a company prefix", at);
}
static struct gs1_fault gcppos1(str v) { return gcp(v, 0); }
static struct gs1_fault gcppos2(str v) { return gcp(v, 1); }

// A year of two digits is taken near 2000: only 00 would differ, and 2000 had a 29 February.
static struct gs1_fault date(str v, size_t year_digits, bool day_0)
{
    int year = 0;

    if (v.n != year_digits + 4) return FAULT("gs1.date", "is a date of the wrong length", 0);
    if (not_digit(v) < v.n) return digits(v);
    for (size_t i = 0; i < year_digits; i++) year = year * 10 + (v.p[i] - '0');
    struct gs1_fault f =
        gs1_calendar_fault(year_digits == 2 ? 2000 + year : year, str_from(v, year_digits), day_0);
    if (f.reason != NULL) f.at += year_digits;
    return f;
}
static struct gs1_fault yymmd0(str v) { return date(v, 2, true); }
static struct gs1_fault yymmdd(str v) { return date(v, 2, false); }
static struct gs1_fault yyyymmd0(str v) { return date(v, 4, true); }
static struct gs1_fault yyyymmdd(str v) { return date(v, 4, false); }

// Pairs of digits below 24, 60, 60, as many as `pairs`, from `limit` on.
static struct gs1_fault clock_pairs(str v, const int *limit, size_t pairs)
{
    if (v.n != 2 * pairs) return FAULT("gs1.time", "is a time of the wrong length", 0);
    if (not_digit(v) < v.n) return digits(v);
    for (size_t i = 0; i < pairs; i++)
        if ((v.p[2 * i] - '0') * 10 + (v.p[2 * i + 1] - '0') >= limit[i])
            return FAULT("gs1.time", "is a time that does not exist", 2 * i);
    return GS1_NO_FAULT;
}
static const int hour_minute[] = {24, 60};
static struct gs1_fault hh(str v) { return clock_pairs(v, hour_minute, 1); }
static struct gs1_fault mi(str v) { return clock_pairs(v, hour_minute + 1, 1); }
static struct gs1_fault ss(str v) { return clock_pairs(v, hour_minute + 1, 1); }
static struct gs1_fault hhmi(str v) { return clock_pairs(v, hour_minute, 2); }

static bool listed(const char *codes, size_t width, str v)
{
    if (v.n != width) return false;
    for (const char *p = codes; *p != 0; p += width)
        if (memcmp(p, v.p, width) == 0) return true;
    return false;
}
static struct gs1_fault code(bool known, const char *says)
{
    return known ? GS1_NO_FAULT : FAULT("gs1.code", says, 0);
}
static struct gs1_fault iso3166(str v)
{
    return code(listed(gs1_codes_country, 3, v), "is not a country of ISO 3166-1");
}
static struct gs1_fault iso3166999(str v)
{
    return code(str_eq(v, S("999")) || listed(gs1_codes_country, 3, v),
                "is not a country of ISO 3166-1, nor 999");
}
static struct gs1_fault iso3166alpha2(str v)
{
    return code(listed(gs1_codes_country2, 2, v), "is not a country of ISO 3166-1");
}
static struct gs1_fault iso4217(str v)
{
    return code(listed(gs1_codes_currency, 3, v), "is not a currency of ISO 4217");
}
static struct gs1_fault iso5218(str v)
{
    return code(listed("0129", 1, v), "is not a code of ISO 5218");
}
static struct gs1_fault hyphen(str v) { return code(listed("-", 1, v), "may only be a hyphen"); }
static struct gs1_fault yesno(str v) { return code(listed("01", 1, v), "is neither 0 nor 1"); }
static struct gs1_fault winding(str v)
{
    return code(listed("019", 1, v), "is not a winding direction (0, 1, 9)");
}
static struct gs1_fault mediatype(str v)
{
    bool known = v.n == 2 && str_is_digits(v) &&
                 ((v.p[0] == '0' && v.p[1] != '0') || str_eq(v, S("10")) || v.p[0] >= '8');

    return code(known, "is not an AIDC media type (01 to 10, 80 to 99)");
}
static struct gs1_fault importeridx(str v)
{
    return code(v.n == 1 && gs1_in_set(v.p[0], SET_64), "is not an importer index");
}

// ISO 13616: the first four characters move to the end, letters count from 10; modulo 97 is 1.
static struct gs1_fault iban(str v)
{
    unsigned rest = 0;

    for (size_t i = 0; i < v.n; i++)
        if (!gs1_in_set(v.p[i], SET_39) || strchr("#-/", v.p[i]) != NULL)
            return FAULT("gs1.character", "has a character that no IBAN has", i);
    if (v.n < 5) return FAULT("gs1.length", "is too short for an IBAN", v.n);
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[(i + 4) % v.n];
        rest = c <= '9' ? rest * 10 + (unsigned)(c - '0') : rest * 100 + (unsigned)(c - 'A' + 10);
        rest %= 97;
    }
    return rest == 1 ? GS1_NO_FAULT : FAULT("gs1.check_digit", "has wrong IBAN check digits", 2);
}

static struct gs1_fault pcenc(str v)
{
    char byte;

    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] == '%' && (i + 2 >= v.n || !hex_get((str){v.p + i + 1, 2}, &byte, 1)))
            return FAULT("gs1.escape", "has a % that begins no escape", i);
    return GS1_NO_FAULT;
}

static size_t zeros(str v)
{
    size_t n = 0;

    while (n < v.n && v.p[n] == '0') n++;
    return n;
}

// Halves of equal width compare as numbers do.
static struct gs1_fault pieceoftotal(str v)
{
    size_t half = v.n / 2;
    str piece = {v.p, half}, total = {v.p + half, half};

    if (v.n == 0 || v.n % 2 != 0) return FAULT("gs1.piece", "has no two halves", 0);
    if (not_digit(v) < v.n) return digits(v);
    if (zeros(piece) == half) return FAULT("gs1.piece", "has piece number zero", 0);
    if (zeros(total) == half) return FAULT("gs1.piece", "has zero pieces in total", half);
    if (str_cmp(piece, total) > 0) return FAULT("gs1.piece", "has more than all pieces", 0);
    return GS1_NO_FAULT;
}

static struct gs1_fault zero(str v)
{
    return zeros(v) == v.n && v.n == 1 ? GS1_NO_FAULT : FAULT("gs1.zero", "must be zero", 0);
}
static struct gs1_fault nonzero(str v)
{
    if (not_digit(v) < v.n) return digits(v);
    return zeros(v) < v.n ? GS1_NO_FAULT : FAULT("gs1.zero", "must not be zero", 0);
}
static struct gs1_fault nozeroprefix(str v)
{
    if (not_digit(v) < v.n) return digits(v);
    return v.n > 1 && v.p[0] == '0' ? FAULT("gs1.zero", "must not begin with zero", 0)
                                    : GS1_NO_FAULT;
}
static struct gs1_fault hasnondigit(str v)
{
    return not_digit(v) < v.n ? GS1_NO_FAULT
                              : FAULT("gs1.character", "needs a character that is no digit", 0);
}

// Degrees with seven decimals, shifted to be positive: below 180 and 360 degrees.
static struct gs1_fault degrees(str v, uint64_t max)
{
    uint64_t n;

    return v.n == 10 && str_u64(v, max, &n) ? GS1_NO_FAULT
                                            : FAULT("gs1.degrees", "is not on the globe", 0);
}
static struct gs1_fault latitude(str v) { return degrees(v, 1800000000); }
static struct gs1_fault longitude(str v) { return degrees(v, 3600000000); }

static struct gs1_fault posinseqslash(str v)
{
    uint64_t pos, end;
    str rest = v, head;

    if (!str_cut(&rest, '/', &head) || !str_u64(head, UINT32_MAX, &pos) ||
        !str_u64(rest, UINT32_MAX, &end) || head.p[0] == '0' || rest.p[0] == '0')
        return FAULT("gs1.piece", "is not a position in a sequence, as 1/2", 0);
    return pos <= end ? GS1_NO_FAULT : FAULT("gs1.piece", "has a position beyond the end", 0);
}

static struct gs1_fault couponcode(str v) { return gs1_coupon_8110(v); }
static struct gs1_fault couponposoffer(str v) { return gs1_coupon_8112(v); }

static struct gs1_fault (*const lints[])(str) = {
#define X(name) [LINT_##name] = name,
    GS1_LINTS(X)
#undef X
};

struct gs1_fault gs1_lint(enum gs1_lint lint, str value)
{
    assert(lint > LINT_none && lint < LINT_COUNT);
    return lints[lint](value);
}
