// schedule_fuzz.c - schedules from any six texts, one a line.
//
// Claims: a refusal has a reason and a place within one of the fields; what is taken has an instant
// that comes next, which fits, lies behind the one asked for, and has none that fits before it.
#include "service/exchange/schedule.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool fits(const struct schedule *s, int64_t second)
{
    struct date d = date_of_days((int32_t)(second / 86400));
    unsigned parts[SCHEDULE_FIELDS] = {(unsigned)(second % 60),
                                       (unsigned)(second / 60 % 60),
                                       (unsigned)(second / 3600 % 24),
                                       d.day,
                                       d.month,
                                       (unsigned)((second / 86400 + 3) % 7) + 1};

    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++)
        if ((s->fits[i] >> parts[i] & 1) == 0) return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str rest = {(const char *)data, n}, fields[SCHEDULE_FIELDS] = {{0}};
    struct schedule s;
    size_t longest = 0;

    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++) {
        if (!str_cut(&rest, '\n', &fields[i])) {
            fields[i] = rest;
            rest = (str){"", 0};
        }
        if (fields[i].n > longest) longest = fields[i].n;
    }
    status st = schedule_read(fields, &s);
    if (st.cls != ST_OK) {
        assert(st.cls == ST_BAD_INPUT && st.reason != NULL && st.at <= longest);
        return 0;
    }
    int64_t from = 1700000000 + (int64_t)n * 86399;
    wall next = schedule_next(&s, (wall){from * 1000 + 999});
    assert(next.ms > from * 1000 && next.ms % 1000 == 0 && fits(&s, next.ms / 1000));
    for (int64_t t = from + 1; t < next.ms / 1000 && t < from + 5000; t++) assert(!fits(&s, t));
    assert(schedule_next(&s, (wall){next.ms - 1}).ms == next.ms);
    return 0;
}
