// log.h - one event, one line, named fields. Numbers stay numbers.
//
//     LOG(info, "file.imported", fs("name", n), fi("lines", 500));
//     LOG(warn, "partner.refused", fs("partner", p), fst(st));
//
// gives `time=2026-11-23T20:17:05.123Z level=info event=file.imported name="acme" lines=500`, or
// the same as a JSON object. Events are `noun.past_tense`. error: someone must act; warn: we coped;
// info: business happened; debug. Never secrets, tokens or whole documents: the log is for us, may
// be lost, and is no record; the journal is.
//
// Any thread may log. A line goes out by one write(2) of at most 4,096 bytes, which a pipe keeps
// whole; a text longer than LOG_TEXT_MAX is cut, fields that find no room are left out and the
// line ends with cut=true.
#pragma once
#include "common/env.h"
#include "common/status.h"
#include "common/str.h"

#define LOG_TEXT_MAX ((size_t)512)

enum log_level { LOG_error, LOG_warn, LOG_info, LOG_debug };
enum log_form { LOG_LOGFMT, LOG_JSON };

struct log_setup {
    int fd;
    enum log_level level; // and everything graver
    enum log_form form;
    const struct env *env; // whose clock stamps the lines; outlives every thread that logs
};

// Before there are threads. Without it: standard error, info, logfmt.
void log_setup(const struct log_setup *s);
void log_level_set(enum log_level level); // at any time
bool log_is_on(enum log_level level);

struct log_field {
    const char *name;
    enum { LOG_TEXT, LOG_INT, LOG_BOOL, LOG_STATUS } kind;
    str text;
    int64_t number;
    const char *reason; // of a status
};

#define fs(name, v) ((struct log_field){name, LOG_TEXT, v, 0, NULL})
#define fi(name, v) ((struct log_field){name, LOG_INT, {0}, (int64_t)(v), NULL})
#define fb(name, v) ((struct log_field){name, LOG_BOOL, {0}, (v), NULL})
#define fst(st)     log_status(&(st)) // three fields: code, at, says

struct log_field log_status(const status *st); // st lives until the line is written

#define LOG(level, event, ...)                                                                     \
    (log_is_on(LOG_##level)                                                                        \
         ? log_write(LOG_##level, event, LEN(LOG_FIELDS(__VA_ARGS__)), LOG_FIELDS(__VA_ARGS__))    \
         : (void)0)
#define LOG_PLAIN(level, event) log_write(LOG_##level, event, 0, NULL) // without fields
#define LOG_FIELDS(...)         ((const struct log_field[]){__VA_ARGS__})

void log_write(enum log_level level, const char *event, size_t n, const struct log_field *fields);
