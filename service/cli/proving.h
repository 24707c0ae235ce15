// proving.h - a folder's journal replayed and compared, as verify and restore do, told on standard
// error when it takes its time.
#pragma once
#include "service/ops/verify.h"

status prove(const struct folder *f, struct verify_result *out); // the folder's lock is held
