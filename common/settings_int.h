// settings_int.h - what the parts of the settings share.
#pragma once
#include "common/settings.h"

// Reads a value as the file or the environment writes it into the struct at out. The status says
// what is wrong with it, without a place.
status setting_value(const struct setting *s, str text, struct arena *a, void *out);

// What a setting may be: `1 KB to 2 GB`, `one of a, b`; nothing for a switch or a free text.
void setting_range(const struct setting *s, struct buf *b);

const struct setting *setting_find(const struct setting *table, str name);

// The file's part of settings_read.
status settings_walk(const struct setting *table, const struct settings_source *source,
                     struct arena *a, void *out);
status settings_defaults(const struct setting *table, struct arena *a, void *out);
status settings_too_many(void); // settings.size, where an arena is full
