// scratch.h - a store to try something in, which vanishes with the process at the latest.
#pragma once
#include "common/db.h"

// In a folder of its own below `where`; its files have no name once it is open. Empty, or with all
// that `of` holds (NULL: empty). verify.scratch: nothing can be made there.
status scratch_open(const char *where, size_t map_max, struct db *of, struct db **out);
