// file_digest.h - the SHA-256 of a file, as sha256sum says it.
#pragma once
#include "common/status.h"

status file_digest(const char *path, char hex[65]); // file.read
