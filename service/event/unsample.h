// unsample.h - a sample is final unless a signed correction says that it was never taken (STATES,
// rulings): then what the event made a sample, and still is one, is a pack again. That is a fact of
// its own, before the correction's.
#pragma once
#include "service/event/report.h"

struct unsample {
    uint64_t event; // seq of the fact that told it
    client_id client;
    str reason;
};
// Of an event that sampled nothing, nothing is to be done. d->first.
status unsample_first(struct decide *d, const struct unsample *what);
