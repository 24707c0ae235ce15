// named_files.h - the files that settings name and no backup has: certificates, keys, authorities.
#pragma once
#include "service/settings.h"

typedef void named_file(void *self, const char *what, str path); // NUL-terminated; not empty
void named_files(const struct site_settings *s, named_file *each, void *self);
