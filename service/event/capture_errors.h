// capture_errors.h - what is wrong with a captured document, as its facts and answers tell it.
#pragma once
#include "common/arena.h"
#include "common/status.h"

#define CAPTURE_ERRORS_MAX 1000u // of a document

struct capture_error {
    uint32_t event; // index + 1; 0: of the document as a whole
    status st;      // `at`: in the document; 0: it is not known
    str units;      // offenders as JSON, `[{"unit","code"},…]`, or empty
};
struct capture_errors {
    struct capture_error *at; // room for CAPTURE_ERRORS_MAX; NULL: none yet
    uint32_t n;
    uint64_t more; // left out
};
// request.memory
status capture_error_add(struct capture_errors *all, struct arena *a,
                         const struct capture_error *e);
