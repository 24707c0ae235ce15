// json_int.h - what the JSON reader and writer share.
#pragma once
#include "common/str.h"

// How many bytes at the beginning of s stand for themselves in a string of JSON and are ASCII: up
// to the first quote, backslash, control character or byte above 7F.
size_t json_plain(str s);
