// Dates of element strings: six digits YYMMDD, of which DD may be 00.
#include "service/gs1/gs1_int.h"

static int two(const char *p) { return (p[0] - '0') * 10 + (p[1] - '0'); }

struct gs1_fault gs1_calendar_fault(int year, str mmdd, bool day_0)
{
    int month = two(mmdd.p), day = two(mmdd.p + 2);

    if (month < 1 || month > 12)
        return (struct gs1_fault){"gs1.date", "has a month that does not exist", 0};
    if (day > date_month_days(year, month) || (day == 0 && !day_0))
        return (struct gs1_fault){"gs1.date", "has a day that does not exist", 2};
    return GS1_NO_FAULT;
}

// REQ GS1-GENSPEC-7.12: YY is the year within 49 years before and 50 years after the current one.
static int century_year(int yy, int current_year)
{
    int century = current_year - current_year % 100, d = yy - current_year % 100;

    return (d >= 51 ? century - 100 : d <= -50 ? century + 100 : century) + yy;
}

status gs1_date_read(str in, int current_year, struct date *out)
{
    size_t digits = gs1_span(in, SET_DIGIT);

    if (in.n != 6 || digits != 6)
        return fail(ST_BAD_INPUT, "gs1.date", digits < 6 ? (uint32_t)digits : 6,
                    "a GS1 date is six digits, YYMMDD");
    int year = century_year(two(in.p), current_year);
    struct gs1_fault f = gs1_calendar_fault(year, str_from(in, 2), true);
    if (f.reason != NULL)
        return fail(ST_BAD_INPUT, f.reason, (uint32_t)f.at + 2, "the date %s", f.says);
    *out = (struct date){(int16_t)year, (uint8_t)two(in.p + 2), (uint8_t)two(in.p + 4)};
    return OK;
}
