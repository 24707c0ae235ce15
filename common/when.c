// when.c - the calendar by arithmetic: no time zone files, no locale, no global state.
//
// A year is counted from March, so that the leap day is its last day and the months' lengths are a
// straight line: (153 * m + 2) / 5 days lie before the m-th month from March. 400 years are 146,097
// days; 1970-01-01 is day 719,468 from 0000-03-01.
#include "common/when.h"
#include "common/buf.h"
#include <string.h>

#define DAY_MS     ((int64_t)86400000)
#define MINUTE_MS  ((int64_t)60000)
#define OFFSET_MAX (14 * 60)
#define WALL_END   (2932897 * DAY_MS) // 10000-01-01T00:00:00Z

uint8_t date_month_days(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    assert(month >= 1 && month <= 12);
    return (uint8_t)(days[month - 1] + (month == 2 && leap));
}

int32_t date_days(struct date d)
{
    int day = d.day != 0 ? d.day : date_month_days(d.year, d.month);
    int month = (d.month + 9) % 12, year = d.year - (d.month <= 2) + 400; // March is 0

    return year / 400 * 146097 + year % 400 * 365 + year % 400 / 4 - year % 400 / 100 +
           (153 * month + 2) / 5 + day - 1 - 719468 - 146097;
}

struct date date_of_days(int32_t days)
{
    assert(days >= -719528 && days < WALL_END / DAY_MS);
    int n = days + 719468 + 146097; // from -0400-03-01, so that nothing is negative
    int era = n / 146097, of_era = n % 146097;
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (year * 365 + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    int day = of_year - (153 * month + 2) / 5 + 1;

    month = month < 10 ? month + 3 : month - 9;
    return (struct date){(int16_t)((era - 1) * 400 + year + (month <= 2)), (uint8_t)month,
                         (uint8_t)day};
}

// ---- reading

// Where each field stands, what stands before it, and its bounds.
static const struct part {
    const char *name, *before; // any one of these characters
    uint8_t at, n;
    int min, max;
} parts[] = {
    {"year",   "",   0,  4, 1970, 9999},
    {"month",  "-",  5,  2, 1,    12  },
    {"day",    "-",  8,  2, 1,    31  },
    {"hour",   "Tt", 11, 2, 0,    23  },
    {"minute", ":",  14, 2, 0,    59  },
    {"second", ":",  17, 2, 0,    59  },
};
enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };

struct words {
    const char *form, *range, *says;
};
static const struct words of_time = {"time.form", "time.range",
                                     "a time is written 2026-11-23T20:17:05.123+01:00"};
static const struct words of_date = {"date.form", "date.range",
                                     "a date is written 2026-11-23 or 2026-11"};

static bool is_one_of(char c, const char *set) { return c != 0 && strchr(set, c) != NULL; }

static status wrong_form(const struct words *w, size_t at)
{
    return fail(ST_BAD_INPUT, w->form, (uint32_t)at, "%s", w->says);
}

static status part_read(str in, const struct part *p, const struct words *w, int *out)
{
    int v = 0;

    if (p->at > 0 && (in.n < p->at || !is_one_of(in.p[p->at - 1], p->before)))
        return wrong_form(w, in.n < p->at ? in.n : p->at - 1u);
    for (size_t i = p->at; i < (size_t)p->at + p->n; i++) {
        if (i >= in.n || in.p[i] < '0' || in.p[i] > '9') return wrong_form(w, i < in.n ? i : in.n);
        v = v * 10 + (in.p[i] - '0');
    }
    if (v < p->min || v > p->max)
        return fail(ST_BAD_INPUT, w->range, p->at, "the %s must be %d to %d", p->name, p->min,
                    p->max);
    *out = v;
    return OK;
}

static status parts_read(str in, int count, const struct words *w, int v[PARTS])
{
    for (int i = 0; i < count; i++) TRY(part_read(in, &parts[i], w, &v[i]));
    if (count <= DAY || v[DAY] <= date_month_days(v[YEAR], v[MONTH])) return OK;
    return fail(ST_BAD_INPUT, w->range, parts[DAY].at, "%d-%02d has %d days", v[YEAR], v[MONTH],
                date_month_days(v[YEAR], v[MONTH]));
}

void date_write(struct buf *b, struct date d)
{
    unsigned day = d.day != 0 ? d.day : date_month_days(d.year, d.month);

    buf_addf(b, "%04d-%02u-%02u", d.year, d.month, day);
}

status date_read(str in, struct date *out)
{
    int v[PARTS] = {0};
    size_t whole = in.n <= 7 ? 7 : 10;

    TRY(parts_read(in, whole == 7 ? DAY : HOUR, &of_date, v));
    if (in.n > whole) return wrong_form(&of_date, whole);
    *out = (struct date){(int16_t)v[YEAR], (uint8_t)v[MONTH], (uint8_t)v[DAY]};
    return OK;
}

// ".123" and more digits, or nothing.
static status fraction_read(str in, size_t *at, int *ms)
{
    size_t i = *at + 1;
    int unit = 100;

    if (*at >= in.n || in.p[*at] != '.') return OK;
    for (; i < in.n && in.p[i] >= '0' && in.p[i] <= '9'; i++, unit /= 10)
        *ms += (in.p[i] - '0') * unit;
    if (i == *at + 1) return wrong_form(&of_time, i);
    *at = i;
    return OK;
}

static status zone_read(str in, size_t at, int *minutes)
{
    uint64_t h, m;
    str z = str_from(in, at);

    if (z.n == 1 && is_one_of(z.p[0], "Zz")) return OK;
    if (z.n == 0) return fail(ST_BAD_INPUT, "time.zone", (uint32_t)at, "a time needs its zone");
    if (z.n != 6 || !is_one_of(z.p[0], "+-") || z.p[3] != ':' ||
        !str_u64((str){z.p + 1, 2}, 99, &h) || !str_u64((str){z.p + 4, 2}, 99, &m))
        return fail(ST_BAD_INPUT, "time.zone", (uint32_t)at, "a zone is written Z or +01:00");
    if (m > 59 || h * 60 + m > OFFSET_MAX)
        return fail(ST_BAD_INPUT, "time.zone", (uint32_t)at, "a zone is -14:00 to +14:00");
    *minutes = (int)(h * 60 + m) * (z.p[0] == '-' ? -1 : 1);
    return OK;
}

status when_read(str in, struct moment *out)
{
    int v[PARTS], ms = 0, offset = 0;
    size_t at = 19;

    TRY(parts_read(in, PARTS, &of_time, v));
    TRY(fraction_read(in, &at, &ms));
    TRY(zone_read(in, at, &offset));
    struct date d = {(int16_t)v[YEAR], (uint8_t)v[MONTH], (uint8_t)v[DAY]};
    int64_t minutes = (int64_t)v[HOUR] * 60 + v[MINUTE] - offset;
    int64_t at_ms = date_days(d) * DAY_MS + minutes * MINUTE_MS + v[SECOND] * 1000 + ms;
    if (at_ms < 0 || at_ms >= WALL_END)
        return fail(ST_BAD_INPUT, "time.range", 0, "the instant must lie in 1970 to 9999 UTC");
    *out = (struct moment){{at_ms}, (int16_t)offset};
    return OK;
}

// ---- writing

static char *digits(char *p, int n, int v)
{
    for (int i = n; i > 0; v /= 10) p[--i] = (char)('0' + v % 10);
    return p + n;
}

static char *after(char *p, char sep, int n, int v)
{
    *p = sep;
    return digits(p + 1, n, v);
}

void when_write(struct buf *b, struct moment m)
{
    int offset = m.offset_min, away = offset < 0 ? -offset : offset;
    int64_t local = m.at.ms + offset * MINUTE_MS;
    char text[32], *p;

    assert(m.at.ms >= 0 && m.at.ms < WALL_END && away <= OFFSET_MAX);
    assert(local >= 0 && local < WALL_END);
    struct date d = date_of_days((int32_t)(local / DAY_MS));
    int ms = (int)(local % DAY_MS);
    p = after(after(digits(text, 4, d.year), '-', 2, d.month), '-', 2, d.day);
    p = after(after(p, 'T', 2, ms / 3600000), ':', 2, ms / 60000 % 60);
    p = after(p, ':', 2, ms / 1000 % 60);
    if (ms % 1000 != 0) p = after(p, '.', 3, ms % 1000);
    if (offset == 0)
        *p++ = 'Z';
    else
        p = after(after(p, offset < 0 ? '-' : '+', 2, away / 60), ':', 2, away % 60);
    buf_add(b, (str){text, (size_t)(p - text)});
}
