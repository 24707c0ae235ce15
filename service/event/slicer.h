// slicer.h - where the slices of NDJSON that streams in end. Pure.
//
// A slice is whole lines: `lines_max` of them, or fewer where they reach `bytes_max`; a line that
// would lead beyond it begins the next slice, and is one by itself when it is longer. So where a
// slice ends depends on the body alone, never on how it arrived.
#pragma once
#include "common/str.h"

struct slicer {
    uint32_t lines_max;
    size_t bytes_max;
    // of the slice in the making:
    uint32_t lines; // whole ones
    size_t whole;   // bytes of these
    size_t scanned; // bytes looked at for the end of a line
};

// How many of the bytes not taken yet are the next slice; 0: what is to come must tell. Asked again
// with more bytes behind the same ones; once a slice was cut, with those behind it. A slice is held
// until a further byte or the end is seen, so that *last says whether the body ends with it.
size_t slicer_cut(struct slicer *s, str bytes, bool ended, bool *last);
// The lines of a slice one by one, without what is blank around them.
bool slicer_line(str *rest, str *line);
