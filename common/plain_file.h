// plain_file.h - is what lies at a path a file, and nothing that may keep its reader waiting?
#pragma once
#include "common/base.h"

// False: it is there, and a pipe, a device or a folder. What is not there is for opening it to say.
bool plain_file(const char *path);
