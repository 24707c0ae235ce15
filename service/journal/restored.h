// restored.h - the fact that a folder was made from a backup, and what follows from it.
//
// What the lost machine wrote after the backup is not in this journal, but others have heard of it:
// its facts had the places that new ones get now, its numbers may be on packs. So the facts from
// here on carry a *term* of their own, keys are derived from numbers of spaces that were never
// used, and pools are *frozen* until service/pool/advance.h has looked at what others hold.
#pragma once
#include "service/journal/kind.h"

#define RESTORED_SPACES 4096u // that the lost machine may have made since the backup

struct restored {
    uint32_t term;    // of facts from here on; 0: never restored
    bool frozen;      // nothing gives numbers
    bool tests_names; // spaces made since look for their texts among names of units
    uint64_t first;   // seq of the oldest site.restored; UINT64_MAX: none
};

struct restored restored_get(struct txn *t);
void restored_put(struct txn *t, const struct restored *r);
uint32_t restored_term(struct txn *t, uint64_t seq); // of the fact there
uint64_t restored_newest(struct txn *t);             // seq of the newest site.restored; 0: none
status restored_refusal(void);                       // pool.frozen

struct restored_ask {
    uint32_t term; // random
    uint64_t seq;  // the backup's head
    struct link link;
};
extern const struct kind kind_site_restored; // ask: struct restored_ask. restore.moved
