// iq_libraries.h - the libraries that the program runs with. Apart from the other checks: the
// header of a parser has names that the house has, too.
#pragma once
#include <stdint.h>

#define IQ_LIBRARIES_MAX 16u

struct iq_library {
    const char *name;
    char built[32], runs[32]; // versions; empty: it says none
};
uint32_t iq_libraries(struct iq_library out[IQ_LIBRARIES_MAX]); // how many
