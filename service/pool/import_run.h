// import_run.h - an import on its way from the body into the ledger.
#pragma once
#include "service/api/api.h"
#include "service/catalog/market.h"
#include "service/pool/import_read.h"

struct importing { // owner: the request's loop; in the request's arena
    struct http_req *r;
    struct mail turn;
    uint32_t pool;
    client_id client;
    struct job_key key;
    struct import_reader reader;
    struct import_reader *places; // where each part begins
    uint32_t parts, parts_max;
    uint64_t *seen; // digests of the serials so far, hashed openly; 0: free
    size_t seen_mask;
    char gtin[14];
    const struct market *market; // what its numbers are for; NULL: no rules
    struct buf offenders;
    uint32_t offender_count;
    status offence;                       // of the first of them
    uint32_t lines[IMPORT_OFFENDERS_MAX]; // of the first of them
    struct arena part;                    // of the part under way: numbers, job, answer
    struct import_number *numbers;
    uint32_t n;
    uint32_t next;           // part to send
    uint64_t import, so_far; // its first part's seq; numbers sent
    uint64_t total;
    status refused; // of a command, while the parts are taken back
    str refused_units;
};

// One import of a pool at a time, and few of the site. import.running, import.busy
status import_enter(const struct site *site, uint32_t pool);
void import_leave(const struct site *site, uint32_t pool);
void import_run(struct importing *m); // after import_enter; answers the request and leaves
void import_reply(struct http_req *r, uint64_t count);

// import_scan.c: the part that the reader stands before, into m->numbers; *more says whether there
// is another. Codes of import_read.h; request.memory
status import_part_read(struct importing *m, struct import_reader *reader, bool *more);
// Notes the offenders among m->numbers: known already, in this import before, or not what the
// market asks for.
status import_part_check(struct importing *m);
