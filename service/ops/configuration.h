// configuration.h - all that is configured at a site, as one text that stays the same for as long
// as nothing of it changes, and of which two versions are compared line by line.
//
// JSON, a line for each thing, by its name in the order of names; what the form of a thing has, in
// the form's order. A secret is "***". `seq` is that of the newest fact that changed any of it: so
// it has been since, whatever else the journal says by now.
#pragma once
#include "service/journal/opened.h"
#include "service/ops/export_key.h"

#define CONFIGURATION_MAX (64 * MB)

struct configuration {
    const struct journal_meta *meta;
    // The setting in force at place `i`: its name, and its value as JSON. False: there are no more.
    bool (*setting)(const void *settings, uint32_t i, str *name, struct buf *json);
    const void *settings;
    const struct export_key *export_key; // NULL: there is none
};

// Appends it, of one snapshot. configuration.size; those of the store.
status configuration_write(const struct configuration *c, struct txn *t, struct buf *out);
