// request.h - what becomes of a request for numbers: confirmed, or given back.
#pragma once
#include "service/journal/kind.h"
#include "service/unit/run.h"

// request.unknown, request.returned. A second time is a repeat.
struct confirm_ask { // and the decided part
    uint64_t request;
    str reason; // of a person; empty: none said
};
extern const struct kind kind_numbers_confirmed;
bool confirmed_get(str decided, struct confirm_ask *out); // views; false: it breaks off

// Numbers that were never printed go back to their owner and are never issued again, or to their
// pool, which gives them again.
struct return_ask {
    client_id client;
    uint64_t request;  // all of this one; 0: those units
    struct runs units; // of the request, or as named
    const str *unknown;
    uint32_t unknown_count; // names that are no number of ours: kept, as unit.unknown
    str reason;
    bool to_pool;
    str line; // of who returns them; empty: none
};
extern const struct kind kind_numbers_returned;

// The decided part, read.
struct returned {
    struct runs runs; // that went back
    uint64_t request;
    bool to_pool;
    struct bytes_r kept; // for kept_next
};
status returned_get(str decided, struct arena *a, struct returned *out); // record.corrupt
struct kept {       // neighbours refused for one reason, or a name that nothing has
    struct run run; // count 0: `text` instead
    str text, code;
};
bool kept_next(struct bytes_r *in, struct kept *out);
