// master_run.h - a question for master data being answered: elements that fit are found and then
// told, in short turns, each with a snapshot of its own.
//
// owner: one loop. Names that are asked for are looked up; without any, whole vocabularies are
// walked. An element that comes or goes between two turns is told or not.
#pragma once
#include "service/epcis/write.h"
#include "service/vocabulary/master_query.h"

struct master_conf {
    const struct master_query *q; // lives as long as the run
    client_id client;
    uint32_t elements_max; // of an answer: over it query.too_large
    uint64_t looks_max;    // elements looked at before it is query.too_complex
};
struct master_run;
// query.too_complex, request.memory
status master_run_new(const struct master_conf *c, struct txn *t, struct master_run **out);
void master_run_free(struct master_run **r);
// One turn of about so many elements; true while there is more. query.too_large, query.too_complex
bool master_run_turn(struct master_run *r, struct txn *t, uint32_t looks, status *st);
// After the last turn: so many elements more for the document of master data; true while there are
// more.
bool master_run_write(struct master_run *r, struct txn *t, uint32_t n, struct epcis_doc *d,
                      status *st);
