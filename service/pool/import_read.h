// import_read.h - numbers out of the bytes of an import, one at a time.
//
//   text   one serial a line; empty lines count as lines only
//   CSV    RFC 4180 without line breaks in fields; the header names the columns, one of them
//          `serial`, all others are attributes; an empty field is no attribute
//   JSON   a list of serials, or of objects with `serial` and attributes, all texts
//
// Codes: import.header, import.csv, import.attributes, import.list, and those of json.h and
// gs1_serial_check; the sentence names the line, or the item of a list.
#pragma once
#include "common/json.h"
#include "service/pool/import.h"

enum import_form { IMPORT_TEXT, IMPORT_CSV, IMPORT_JSON };

#define IMPORT_COLUMNS_MAX (IMPORT_ATTRIBUTES_MAX + 1)

// A value: a copy is a place to go on from.
struct import_reader {
    enum import_form form;
    str all, rest;
    uint32_t line; // of the number read last
    struct json_r json;
    uint32_t columns, serial; // of CSV; which of them is the serial
    str names[IMPORT_COLUMNS_MAX];
};

// The names of columns lie in the arena.
status import_reader_init(struct import_reader *r, enum import_form form, str body,
                          struct arena *a);
// *more is false when there are no more. Texts are views of the body or lie in the arena.
status import_reader_next(struct import_reader *r, struct arena *a, struct import_number *out,
                          bool *more);
