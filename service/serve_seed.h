// serve_seed.h - what `seed:` says is put at the first start, as by PUT and by actor 0, before
// anybody can call.
#pragma once
#include "service/settings.h"

// Puts all of them, or nothing is ever served: a seed that is refused stops the start with its
// line. Later starts take nothing. Codes: seed.path, and those of the puts.
status serve_seed(struct site *site, const struct seed *seeds, uint32_t n);
