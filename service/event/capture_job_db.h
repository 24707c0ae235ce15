// capture_job_db.h - the rows of capture jobs: one for each document that was sent.
#pragma once
#include "service/journal/journal_db.h"

enum capture_job_flag { // on disk
    JOB_RUNNING = 1,
    JOB_FAILED = 2, // something of it was refused
    JOB_PROCEED = 4
};
struct capture_job {
    unsigned flags;
    wall created, finished;
    uint32_t events, stored, repeats;
    uint32_t next;      // while it runs: the event to come
    uint64_t at;        // and the byte of the document behind the one before
    uint64_t errors_at; // the newest slice that has errors; 0: only the document's fact may
};
bool capture_job_get(struct txn *t, client_id c, uint64_t seq, struct capture_job *out);
void capture_job_put(struct txn *t, client_id c, uint64_t seq, const struct capture_job *j);
// The client's jobs below `before`, newest first; at most n of them.
size_t capture_jobs(struct txn *t, client_id c, uint64_t before, uint64_t *seqs, size_t n);
// Every job that is running, of all clients, `each` told of one after the other.
typedef void capture_job_each(void *self, client_id c, uint64_t seq, const struct capture_job *j);
void capture_jobs_running(struct txn *t, capture_job_each *each, void *self);
