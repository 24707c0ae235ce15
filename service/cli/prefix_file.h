// prefix_file.h - a file of company prefixes, one a line; empty lines and what follows "#" are
// remarks.
#pragma once
#include "service/gs1/id.h"

#define PREFIX_ARENA (16 * MB)

// `path` NULL: none. Codes: file.open, file.read, prefix.*.
status prefix_file_read(const char *path, struct arena *a, struct gs1_prefixes *out);
