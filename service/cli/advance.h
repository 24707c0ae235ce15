// advance.h - `packtrail verify DIR --advance`: the folder is locked, the key loaded, evidence
// read, pools moved by facts, and unfrozen by the last.
#pragma once
#include "service/cli/evidence.h"

#define ADVANCE_FILES_MAX 1000u

struct advance_wish {
    struct evidence_file *files;
    uint32_t n;
    const char *accept, *by;             // NULL: nothing is accepted
    const char *sign, *second, *meaning; // NULL: nobody signs
};
// What evidence leaves open is refused where nobody accepts it: evidence.none (pools are frozen,
// and no file moves a mark or is a newer head than the backup's; or several machines were lost in
// a row, and one of them has left no head), evidence.old (nor is the head that there is),
// evidence.contradicts (a head of another past), evidence.spaces (one that lacks
// pools), evidence.whole (the site was never restored), evidence.strangers, and the codes of
// service/pool/advance.h. Until the last fact the pools stay as frozen as they were.
status advance_run(const char *dir, const struct advance_wish *w);
