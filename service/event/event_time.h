// event_time.h - may an event have been at that time? One rule for what lines report and for what
// is shipped, received and returned.
#pragma once
#include "service/journal/site.h"

// time.ahead, time.floor (409), by the settings clock.ahead_max and clock.behind_max.
status event_time_check(const struct site *site, wall now, int64_t at_ms);
