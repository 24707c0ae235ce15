// backup.h - a copy of a site that grows as the site does, beside the service that runs on it.
//
// The copy is a whole data folder, written by the same kinds from the same facts, each proven by
// the journal's links before it is committed (service/journal/shadow.h). It may be verified,
// restored, or fed again, also after the power went in the middle. It never holds site.key.
#pragma once
#include "service/journal/shadow.h"
#include "service/ops/copying.h"

struct backup_conf {
    const char *from, *to; // site; the copy's folder, made where it is absent
    const struct kind *const *kinds;
    const struct env *env;
    bool (*progress)(void *self, uint64_t seq, uint64_t of); // false: enough
    // Before the first round and after each: the epoch of the site's key that is in use.
    status (*key)(void *self, uint32_t epoch);
    // After each round. True: another one; NULL: there is one alone.
    bool (*again)(void *self, const struct shadow_result *round);
    void *self;
};

struct backup_result {
    struct journal_head head; // of the copy
    uint64_t fed;             // records
    uint64_t snapshots;
    int64_t longest_ms; // of the snapshots
    struct copied messages;
};

// Codes: backup.other (the folder is another journal's, or has records that this one has not),
// backup.site (it is a site of its own), backup.same, folder.*, journal.broken,
// message.*, store.*, those of conf->key
status backup_run(const struct backup_conf *conf, struct backup_result *out);
