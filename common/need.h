// need.h - the end of a process whose libraries get no memory.
//
// What allocates here asserts that it got what it asked for. libevent and OpenSSL do not look
// everywhere, and crash without a word; what they ask for goes through this file.
#pragma once
#include "common/base.h"

// Before anything of theirs is called, as the first thing of main.
void need_memory(void);
