// fact.h - one record of the journal: what became true, or was refused, and who said so.
//
// glossary: a *command* is asked; the committer *decides* it into a *fact*; the fact is *written*
// to the *ledger* (all rows but the journal's). `seq` orders facts and nothing else does.
//
// Bytes of a record (integers big-endian), as hashed and as read back:
//   version 1 (=1) | kind 2 | kind version 1 | flags 1 | seq 8 | term 4 | recordTime 8 | actor 4 |
//   client 4 | client_no 8 | lot 4 | [FACT_HAS_TIME: event time 8, zone minutes 2] |
//   [FACT_HAS_KEY: key 16, body digest 16] | body length 4 | body | decided part
// link(n) = SHA-256(link(n-1) | SHA-256(record n)), link(0) = 32 zero bytes.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/when.h"
#include "service/journal/numbers.h"

#define RECORD_VERSION 1

typedef struct {
    uint32_t v; // dense, from 1; 0 is "no client": the site's own facts
} client_id;

enum fact_flag {
    FACT_IS_EVENT = 1, // goes to the client's list of events: followers are told
    FACT_HAS_TIME = 2, // something happened at `event`
    FACT_HAS_KEY = 4,  // its answer is bound to an Idempotency-Key
    // Nobody could say that recordTime is right: the clock was not synchronised, or had gone back
    // behind the newest record.
    FACT_CLOCK_UNSURE = 8
};

struct digest16 {
    uint8_t b[16]; // the first half of a SHA-256
};

struct fact {
    uint16_t kind;
    uint8_t kind_version;
    uint8_t flags;
    uint64_t seq;
    uint32_t term;  // 0; after a restore one of its own (restored.h)
    wall at;        // recordTime
    uint32_t actor; // dense number of the principal; 0 is the service itself
    client_id client;
    uint64_t client_no; // counts this client's facts: what client roles and partners see as seq
    uint32_t lot;       // dense number of the lot; 0 none
    struct moment event;
    struct digest16 key, key_body;
    str body;    // as received; captured documents and imports only
    str decided; // the kind's own bytes
};

struct link {
    uint8_t b[32];
};

void record_write(const struct fact *f, struct buf *out);
status record_read(str bytes, struct fact *out); // views into `bytes`; record.corrupt
struct link link_next(const struct link *before, str record);
struct digest16 digest16_of(str a, str b); // of both, one after the other
