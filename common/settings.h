// settings.h - one YAML file, read into a struct by a table.
//
// The table is the caller's: each row names a setting (dotted: the sections it lies in), its kind,
// range, default and what takes a change up, and where in the struct it goes. The file is read
// strictly: a key that is not known or comes twice, a wrong kind or range, tabs, anchors, aliases,
// tags and a second document are refused, with `file:line: sentence` as the text. Codes:
//   settings.syntax   not YAML, or YAML that is not taken here (anchors, aliases, tags …)
//   settings.size     the file, a mapping or the nesting is too large
//   settings.unknown  settings.twice
//   settings.type     a section where a value belongs or the other way, or no value at all
//   settings.value    a value that its kind cannot be written as
//   settings.range    out of its range; settings.word: not one of its words
//
// Values: a count is digits; bytes `64 KB`, `1 MB`, `2 GB` (1,024 each) or digits alone; a time
// `250 ms`, `30 s`, `5 min`, `12 h`, never bare but for 0; a switch true or false. The blank may be
// left out. A section without anything in it is allowed.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/status.h"

#define SETTINGS_FILE_MAX (1 * MB)

enum setting_kind {
    SETTING_TEXT,  // str, min..max bytes, no control characters
    SETTING_COUNT, // uint64_t, min..max
    SETTING_BYTES, // uint64_t, min..max
    SETTING_TIME,  // uint64_t in milliseconds, min..max
    SETTING_BOOL,  // bool
    SETTING_WORD,  // uint8_t: index into `words`
    SETTING_ROWS   // struct setting_rows: a list of mappings, min..max; the file's alone
};
enum setting_effect { SETTING_RESTART, SETTING_NEXT_REQUEST }; // what takes a change up

struct setting {
    const char *name; // "http.body_max"; rows of one section stand together
    enum setting_kind kind;
    enum setting_effect effect;
    size_t at; // offsetof
    uint64_t min, max;
    const char *const *words;   // NULL-terminated
    const char *value;          // the default, as it is written in the file
    const char *says;           // one sentence for the file that `init` writes
    status (*check)(str text);  // a further rule of a text, or NULL
    const struct setting *rows; // the table of each mapping; without sections
    size_t size;                // of its struct
};                              // a table ends with {0}

struct setting_rows {
    void *items; // of the arena
    uint32_t n;
};

struct settings_source {
    str text;         // of the file
    const char *file; // its name, for the sentences
    // The environment: a variable <env_prefix><NAME>, dots as underscores, goes before the file.
    const char *env_prefix;
    const char *(*env)(void *self, const char *name); // NULL where it is not set
    // One member of the section `seed`: a path and its value as JSON text, which live for the call.
    // In it plain true, false, null and integers of up to nine digits without a leading zero are
    // JSON's; everything else is a string, so that long numbers that are names need no quotes.
    status (*seed)(void *self, str path, str json, unsigned line);
    void *self;
};

// Defaults, then the file, then the environment. Texts are the arena's. `out` is whole or
// untouched.
status settings_read(const struct setting *table, size_t size, const struct settings_source *source,
                     struct arena *a, void *out);

// Is this a variable of the environment that goes before the file?
bool settings_variable(const struct setting *table, const char *env_prefix, str name);

// The file with every setting as a comment: what it is, its range, and its default, to be taken in
// by removing one `#`.
void settings_template(const struct setting *table, struct buf *b);
// A value as the file would say it; of a list how many rows it has.
void setting_write(const struct setting *s, const void *values, struct buf *b);
