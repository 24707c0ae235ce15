// unaccounted.h - the differences of a lot to the serial: numbers that nobody knows the fate of,
// loose units, open containers. Walked page by page; memory does not grow with the lot.
#pragma once
#include "service/lot/balance.h"
#include "service/pool/names.h"

#define UNACCOUNTED_TOKEN 17u

struct unaccounted_page {
    struct txn *t;
    struct names *names;
    struct arena *arena;
    const struct balance *of;
    uint32_t limit;
    str after; // token of the page before, or empty
    // filled:
    char next[UNACCOUNTED_TOKEN];
    bool more;
};
// Writes items {"unit","level","line","state"} into an open array. page.form
status unaccounted_write(struct unaccounted_page *p, struct json_w *w);
