// memory.h - how much memory a process really takes.
#pragma once
#include "common/base.h"

// Bytes of RssAnon and RssShmem: mapped file pages are the system's cache and are not counted,
// save those of files on a tmpfs, which are memory. 0 where /proc does not say.
uint64_t memory_resident(int pid);
