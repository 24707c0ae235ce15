// kinds.h - every kind of fact that this version can decide and write.
#pragma once
#include "service/journal/kind.h"

extern const struct kind *const site_kinds[]; // ended by NULL
