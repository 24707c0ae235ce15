// name_sync.h - names of files that outlast a power cut.
#pragma once
#include "common/base.h"

#define NAME_SYNC_MAX 4096u // bytes of a path

// Syncs the folder in which the last name of the path stands, after that was made or moved there:
// a file that is synced alone may be without its name. False: errno says why.
bool name_sync(const char *path);
