// capture_int.h - what the files of this folder share.
//
//     capture_api.c  a document as it comes: whole in memory, or into the spool
//     run.c          a spooled document, slice by slice
//     part.c         what of a document goes to the committer in one transaction
//     event_api.c    one event
//     jobs_api.c     what became of documents
#pragma once
#include "service/access/access.h"
#include "service/api/opaque.h"
#include "service/capture/capture.h"
#include "service/capture/document.h"
#include "service/capture/spool.h"
#include "service/event/capture_job_db.h"
#include "service/rest/rest.h"
#include "service/vocabulary/vocabulary.h"
#include <stdatomic.h>

#define CAPTURE_MAGIC  0xca97013eu
#define PART_ARENA_MAX (512 * MB) // of a slice; what it takes follows from the settings
#define PART_NAMES_MAX 500u       // new names that go with the events; more go before them
#define PART_UNITS_MAX 1000u      // units of a slice of more than one event
#define PART_MASTER    8u         // facts of master data in a transaction
#define SPOOLED_MAX    64u        // documents in the spool, of the whole site

struct capture { // of the site
    unsigned magic;
    struct site *site;
    char spool[SPOOL_PATH_MAX];
    atomic_uint spooled; // documents
};
static inline struct capture *capture_of(const struct site *s)
{
    struct capture *c = s->capture;

    OBJ_CHECK(c, CAPTURE_MAGIC);
    return c;
}

// ---- who captures for whom

struct capture_for {
    client_id client;
    uint8_t rule; // enum capture_rule
    uint32_t events_max;
};
// In a snapshot. client.ambiguous, client.unknown
status capture_for(struct http_req *r, struct txn *t, struct capture_for *out);
// A snapshot of the loop, outside of requests; it rests afterwards.
struct txn *capture_snapshot(const struct site *s, const struct loop *l);
status capture_snapshot_end(struct txn *t);

// ---- parts

struct part { // of one document; owner: the loop, but for the time of a job
    struct site *site;
    struct loop *loop;
    struct arena arena; // of its events, jobs and answers
    struct capture_taker taker;
    struct capture_tally tally;
    struct epcis_scope scope;
    uint32_t actor;
    uint32_t party_of; // the actor whose party the taker has
    bool alone;        // one event without a document
    enum capture_taken taken;
    struct capture_ask *asks;
    uint32_t n, room;
    uint32_t named;     // names that went to the committer before
    bool unsent;        // and what should have followed did not
    uint64_t synced_us; // of all its jobs
    // What the last job says beside the events; NULL: nothing.
    struct capture_document_ask *document, *instead;
    struct capture_slice_ask *slice;
    struct vocabulary_asks master; // with the document; what is much follows it
    uint32_t mastered;             // how many of them went
    struct job_key key;
    void (*done)(struct part *p, struct job *j); // of the last job, or one that went wrong
    void *owner;
    struct job *job; // the last
};
void part_init(struct part *p, struct site *site, struct loop *loop);
void part_begin(struct part *p); // empty again
void part_fini(struct part *p);
// One event, checked; its bytes are copied. In a snapshot: p->taker.t. Codes of capture_take.
status part_add(struct part *p, const struct document_event *e);
// Would it be taken? Nothing is added. Codes of capture_take.
status part_look(struct part *p, const struct document_event *e, struct capture_seen *out);
bool part_is_full(const struct part *p);
// Names first where they are many, then all. False: the committer takes no more; nothing is lost.
bool part_send(struct part *p);
// The job's trouble, or of an event that came alone the ask's.
status part_status(const struct part *p, const struct job *j);

// ---- runs

// Goes on with a job whose document lies in the spool. `finished` may be NULL; it is called on the
// loop, once, with how the job ended.
struct run_conf {
    struct site *site;
    struct loop *loop;
    client_id client;
    uint64_t document; // seq of its fact
    void (*finished)(void *self, const struct capture_job *j);
    void *self;
};
void run_begin(const struct run_conf *conf);

// ---- answers

void capture_id_put(const struct site *s, uint64_t document, struct buf *out);
extern http_run capture_event, capture_jobs_list, capture_job_show;
extern const struct http_stream capture_stream, capture_stream_1_2;
