#include "service/exchange/schedule.h"

enum {
    DAY_S = 86400,
    // 29 February on a given weekday comes back after 40 years at the latest (2096 to 2136 and so).
    DAYS_LOOKED_AT = 41 * 366
};

const char *const schedule_names[SCHEDULE_FIELDS] = {"second",     "minute", "hour",
                                                     "dayOfMonth", "month",  "dayOfWeek"};
static const struct {
    uint8_t least, most;
} bounds[SCHEDULE_FIELDS] = {
    {0, 59},
    {0, 59},
    {0, 23},
    {1, 31},
    {1, 12},
    {1, 7 },
};

// ---- reading

struct reading {
    enum schedule_field field;
    str text;
    size_t at;
};

static status bad(const struct reading *x, const char *reason, const char *what)
{
    return fail(ST_BAD_INPUT, reason, (uint32_t)x->at, "%s: %s", schedule_names[x->field], what);
}

static bool is_next(struct reading *x, char c)
{
    if (x->at == x->text.n || x->text.p[x->at] != c) return false;
    x->at++;
    return true;
}

static status number(struct reading *x, unsigned *out)
{
    unsigned v = 0;
    size_t from = x->at;

    for (; x->at < x->text.n && x->at - from < 3; x->at++) {
        char c = x->text.p[x->at];
        if (c < '0' || c > '9') break;
        v = v * 10 + (unsigned)(c - '0');
    }
    if (x->at == from)
        return bad(x, "schedule.form", "numbers and [first-last], with commas between");
    if (v < bounds[x->field].least || v > bounds[x->field].most) {
        x->at = from;
        return fail(ST_BAD_INPUT, "schedule.range", (uint32_t)from, "%s: %u to %u",
                    schedule_names[x->field], bounds[x->field].least, bounds[x->field].most);
    }
    *out = v;
    return OK;
}

static status element(struct reading *x, uint64_t *fits)
{
    bool range = is_next(x, '[');
    size_t from = x->at;
    unsigned first, last;

    TRY(number(x, &first));
    last = first;
    if (range && !is_next(x, '-')) return bad(x, "schedule.form", "a range is [first-last]");
    if (range) TRY(number(x, &last));
    if (range && !is_next(x, ']')) return bad(x, "schedule.form", "a range is [first-last]");
    if (first > last) {
        x->at = from;
        return bad(x, "schedule.form", "the first of a range is larger than its last");
    }
    for (unsigned v = first; v <= last; v++) *fits |= (uint64_t)1 << v;
    return OK;
}

static status field_read(enum schedule_field field, str text, uint64_t *out)
{
    struct reading x = {field, text, 0};
    uint64_t fits = 0;

    do TRY(element(&x, &fits));
    while (is_next(&x, ','));
    if (x.at != text.n) return bad(&x, "schedule.form", "a comma, or the end");
    *out = fits;
    return OK;
}

status schedule_read(const str fields[SCHEDULE_FIELDS], struct schedule *out)
{
    struct schedule s = {{0}};

    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++) {
        uint64_t all = ((uint64_t)2 << bounds[i].most) - ((uint64_t)1 << bounds[i].least);
        s.fits[i] = i == SCHEDULE_SECOND ? 1 : all;
        if (fields[i].n > 0) TRY(field_read((enum schedule_field)i, fields[i], &s.fits[i]));
    }
    // From 2000 on all dates come that ever do.
    if (schedule_next(&s, (wall){946684800000}).ms == INT64_MAX)
        return fail(ST_BAD_INPUT, "schedule.never", 0, "there is no such day");
    *out = s;
    return OK;
}

// ---- what is next

static bool fits(const struct schedule *s, enum schedule_field f, unsigned v)
{
    return (s->fits[f] >> v & 1) != 0;
}

static bool day_fits(const struct schedule *s, int64_t day)
{
    struct date d = date_of_days((int32_t)day);
    unsigned weekday = (unsigned)((day + 3) % 7) + 1; // 1970-01-01 was a Thursday

    return fits(s, SCHEDULE_MONTH, d.month) && fits(s, SCHEDULE_DAY, d.day) &&
           fits(s, SCHEDULE_WEEKDAY, weekday);
}

// The first second of a day from `from` on that fits; DAY_S: none.
static int64_t second_of_day(const struct schedule *s, int64_t from)
{
    for (int64_t t = from; t < DAY_S;) {
        if (!fits(s, SCHEDULE_HOUR, (unsigned)(t / 3600)))
            t = (t / 3600 + 1) * 3600;
        else if (!fits(s, SCHEDULE_MINUTE, (unsigned)(t / 60 % 60)))
            t = (t / 60 + 1) * 60;
        else if (!fits(s, SCHEDULE_SECOND, (unsigned)(t % 60)))
            t++;
        else
            return t;
    }
    return DAY_S;
}

wall schedule_next(const struct schedule *s, wall after)
{
    static const int64_t end = INT64_C(253402300800); // the year 10,000
    int64_t from = after.ms / 1000 + 1, day = from / DAY_S, in_day = from % DAY_S;

    assert(after.ms >= 0);
    for (int i = 0; i < DAYS_LOOKED_AT && day * DAY_S < end; i++, day++, in_day = 0) {
        int64_t t = day_fits(s, day) ? second_of_day(s, in_day) : DAY_S;
        if (t < DAY_S) return (wall){(day * DAY_S + t) * 1000};
    }
    return (wall){INT64_MAX};
}
