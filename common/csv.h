// Fields of a CSV document (RFC 4180), whose rows end with "\r\n". Any thread; no state.
#pragma once
#include "common/buf.h"

// Quoted where it must be: with a quote, comma or line break in it.
void csv_put(struct buf *b, str field);

// The same for people, whose spreadsheets take text that begins with = + - @ or a tab for a formula
// and calculate it: an apostrophe keeps such text what it is. Numbers stay as they are.
void csv_put_shown(struct buf *b, str field);
