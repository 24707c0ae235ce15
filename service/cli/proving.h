// proving.h - a folder's journal replayed and compared, as verify and restore do, told on standard
// error when it takes its time.
#pragma once
#include "service/ops/verify.h"

// Where a copy of the store may lie: where TMPDIR tells, on the folder's own disk, or in /tmp.
const char *proving_scratch(const struct folder *f);
// The folder's lock is held. `may_be_behind`: head.json beside it may know more.
status prove(const struct folder *f, bool may_be_behind, struct verify_result *out);
