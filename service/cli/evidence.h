// evidence.h - files that tell which numbers are in use: head files, answers to requests for
// numbers, lists, EPCIS documents. What a file is shows in its first bytes.
//
//   head.json           as service/ops/head_file.h has it
//   answer as JSON      of POST /v1/serials or /v1/sscc, one object or one a line
//   list                an identifier a line, in any spelling; or bare serials of a GTIN that is
//                       told, the first column of CSV. Blank lines and what begins with # are none
//   EPCIS document      JSON or XML, of any version: every identifier in it
#pragma once
#include "service/gs1/id.h"
#include "service/journal/journal_db.h"
#include "service/pool/advance.h"

struct evidence_file {
    const char *path;
    str gtin; // 14 digits: the file holds bare serials of it; empty: it does not
    // The answer:
    struct digest16 sum;
    uint64_t numbers;
    bool head; // it is a head file
};

struct evidence_ops { // texts live for the call
    status (*head)(void *self, str journal, const struct journal_head *said);
    status (*mark)(void *self, const struct advance_mark *m);
    status (*serials)(void *self, const char gtin[14], const str *serials, uint32_t n); // <= 256
    status (*id)(void *self, const struct gs1_id *id);
};
// Codes: file.open, file.read, evidence.empty (it names no number), evidence.line (a line that
// names no single unit), evidence.head, evidence.event, evidence.gtin (bare serials and nobody says
// of what), those of EPCIS readers.
status evidence_read(struct evidence_file *f, const struct evidence_ops *ops, void *self);
// The same of a text that was read; an EPCIS document is read from the path all the same.
status evidence_take(struct evidence_file *f, str text, const struct evidence_ops *ops, void *self);
