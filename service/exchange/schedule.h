// schedule.h - when a query is run for a subscriber: like cron, in UTC, to the second.
//
// Each of six fields is a list of numbers and ranges, `5,[10-20]`; a field that is not given fits
// every value, but for the second, which is 0: `{"hour":"1","minute":"5"}` is every day at 01:05:00
// and no other of the sixty seconds that the words would allow. All fields must fit; day of the
// week 1 is Monday. Pure.
#pragma once
#include "common/when.h"

enum schedule_field {
    SCHEDULE_SECOND,
    SCHEDULE_MINUTE,
    SCHEDULE_HOUR,
    SCHEDULE_DAY, // of the month
    SCHEDULE_MONTH,
    SCHEDULE_WEEKDAY, // 1 is Monday
    SCHEDULE_FIELDS
};
extern const char *const schedule_names[SCHEDULE_FIELDS]; // "second", …, "dayOfWeek"

struct schedule {
    uint64_t fits[SCHEDULE_FIELDS]; // bit n: the value n
};

// `fields` as given; an empty text is a field that is not. schedule.form (grammar, or a range whose
// first number is larger than its second), schedule.range (out of bounds), schedule.never (no day
// has this date); `at` counts from the first byte of the field that the sentence names.
status schedule_read(const str fields[SCHEDULE_FIELDS], struct schedule *out);
// The first instant after `after` that fits, on a whole second. {INT64_MAX}: none any more before
// the year 10,000.
wall schedule_next(const struct schedule *s, wall after);
