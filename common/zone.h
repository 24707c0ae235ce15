// zone.h - how far ahead of UTC a zone is at an instant: of the system's time zone database
// (tzdata), by name, or of an offset that is said. Any thread; each remembers what it asked last.
#pragma once
#include "common/when.h"

#define ZONE_NAME_MAX 64u

// "Europe/Zurich", "UTC", "+01:00". False: there is no such zone (any more); *minutes is untouched.
bool zone_minutes(str zone, wall at, int16_t *minutes);
// The same from the bytes of a file of the database (RFC 8536, version 2 on).
bool zone_minutes_of(str file, wall at, int16_t *minutes);
