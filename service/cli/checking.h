// checking.h - the checks of `packtrail check`: one row of a table each, which says a sentence and,
// for a report of the installation, what it has found by name.
#pragma once
#include "common/json.h"
#include "service/ops/folder.h"
#include "service/settings.h"

#define CHECK_VALUES_MAX 256u

struct checking {
    const char *file; // of the settings
    struct arena arena;
    struct site_settings settings;
    struct folder folder;
    struct db *db;
    struct journal_head head;
    bool readable; // settings, and then the folder, could be read: others may go on
    bool in_use;   // a service runs on the folder: its address is taken by it
    // Of the check that runs:
    bool warned; // it works, but somebody should look at it
    char says[256];
    struct {
        str name, value;
    } found[CHECK_VALUES_MAX];
    uint32_t found_count;
};

struct check {
    const char *what;
    status (*run)(struct checking *c); // a failure is what is wrong
};
// Tables end with {0}. A check that leaves `readable` false is the last: others stand on it.
extern const struct check checks_site[];    // of every `check`
extern const struct check checks_program[]; // of a report of the installation, beside: the program
extern const struct check checks_install[]; // and the site

void checking_say(struct checking *c, const char *fmt, ...) LIKE_PRINTF(2, 3);
// One more thing found; what is over CHECK_VALUES_MAX is left out and counted in the last.
void checking_found(struct checking *c, str name, const char *fmt, ...) LIKE_PRINTF(3, 4);
