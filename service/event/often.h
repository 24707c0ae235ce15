// often.h - units that are named often have a list of their own (LIST_UNIT), for the chain of their
// events would be long to walk. It holds all facts about the unit from the one on that began it;
// those before are found by the chain from there.
#pragma once
#include "service/journal/journal_db.h"
#include "service/unit/unit.h"

#define OFTEN_LIST 6u // struct unit's `often`: about 64 captured events

// For every fact that becomes the unit's last one; in `write`.
void often_note(struct txn *t, const struct fact *f, unit_id u, const struct unit *x);
// The list's name.
struct often_name {
    char b[8];
};
struct often_name often_name(unit_id u);
