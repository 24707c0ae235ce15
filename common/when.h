// when.h - two clocks that do not mix, and the calendar.
#pragma once
#include "common/status.h"
#include "common/str.h"

typedef struct {
    int64_t ms; // since 1970-01-01T00:00:00Z; may jump
} wall;
typedef struct {
    int64_t ms; // only ever grows; means nothing outside the process
} mono;

struct buf;

// An instant and the zone that its writer stood in.
struct moment {
    wall at;
    int16_t offset_min; // -14:00 .. +14:00
};

// RFC 3339 with a zone, to the millisecond (further digits are cut); `t` and `z` may be small, a
// blank is no T. The instant lies in 1970 to 9999 UTC; a leap second (60) is refused: no clock here
// can tell it from the second after. Codes: time.form, time.zone, time.range.
status when_read(str in, struct moment *out);
// "2026-11-23T20:17:05.123+01:00"; the milliseconds are left out when they are 0; zone 0 is "Z".
// Asserts that the moment is one that when_read could have given.
void when_write(struct buf *b, struct moment m);

struct date {
    int16_t year;
    uint8_t month, day; // day 0: only the month was said
};
status date_read(str in, struct date *out);    // YYYY-MM-DD or YYYY-MM; date.form, date.range
void date_write(struct buf *b, struct date d); // YYYY-MM-DD; day 0: the last of the month
uint8_t date_month_days(int year, int month);  // month 1..12
int32_t date_days(struct date d);       // days since 1970-01-01; day 0 counts as the month's last
struct date date_of_days(int32_t days); // of the Gregorian calendar's years 0 to 9999
