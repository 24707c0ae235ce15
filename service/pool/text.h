// text.h - values as text of one form: a literal prefix, then digits in a chosen alphabet, most
// significant first, padded to one length.
#pragma once
#include "common/status.h"
#include "common/str.h"
#include "service/pool/permutation.h"

#define TEXT_LENGTH_MAX   20u // a serial number, AI (21), has 1..20 characters
#define TEXT_ALPHABET_MAX 82u // each one of GS1 AI encodable character set 82

// An immutable value after init: threads may share it.
struct text_form {
    uint8_t length;   // of the whole text, the prefix included
    uint8_t prefix_n; // less than length
    uint8_t base;     // characters in the alphabet, 2..82
    char prefix[TEXT_LENGTH_MAX];
    char alphabet[TEXT_ALPHABET_MAX];
    uint8_t digit_of[256]; // 0xff: not in the alphabet
    uint32_t five;         // base^5
    uint64_t ten;          // base^10
    uint64_t fifth;        // 2^64 / base^5, rounded up
    u128 size;             // of the space of values: base^20 at most, and 82^20 is below 2^128
};

struct text_conf {
    uint64_t length;
    str prefix;
    str alphabet; // in order
    str exclude;  // taken out of it
};

// Refuses with pool.length, pool.alphabet, pool.exclude or pool.serial_prefix; `at` is the byte in
// the offending field.
status text_form_init(const struct text_conf *conf, struct text_form *out);

bool text_has_any(const struct text_form *f, str characters);      // can a text hold one of these?
void text_write(const struct text_form *f, u128 value, char *out); // f->length characters, no NUL
// False when the text is not of this form: its length, its prefix or a character differs.
bool text_read(const struct text_form *f, str text, u128 *value);
