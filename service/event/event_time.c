#include "service/event/event_time.h"

status event_time_check(const struct site *site, wall now, int64_t at_ms)
{
    uint64_t behind_max = site->limits.clock_behind_max_ms;
    uint32_t ahead_max = site->limits.clock_ahead_max_ms;
    int64_t ahead = at_ms - now.ms;

    if (behind_max != 0 && -ahead > (int64_t)behind_max)
        return fail(ST_CONFLICT, "time.floor", 0,
                    "time: it is longer ago than this site takes (clock.behind_max)");
    if (ahead <= (int64_t)ahead_max) return OK;
    return fail(ST_CONFLICT, "time.ahead", 0,
                "time: it is %lld ms ahead of the service, at most %u are taken", (long long)ahead,
                ahead_max);
}
