// serve_seed.h - what `seed:` says is put at the first start, as by PUT and by actor 0, before
// anybody can call.
#pragma once
#include "service/settings.h"

// Puts all of them, or none: a seed that is refused stops the start with its line, before anything
// was put. Later starts take nothing. Codes: seed.path, and those of the puts. `where`: a folder
// for the trial.
status serve_seed(struct site *site, const char *where, const struct seed *seeds, uint32_t n);
// The trial alone, in a copy of the site's store that vanishes.
status serve_seed_try(const struct site *site, const char *where, const struct seed *seeds,
                      uint32_t n);
