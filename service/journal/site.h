// site.h - what every room may use of the running site. Assembled by service/serve.c; read-only
// once the loops run, but for what says otherwise.
#pragma once
#include "service/journal/committer.h"
#include "service/journal/opened.h"
#include <stdatomic.h>

#define SITE_MAGIC     0x517e517eu
#define SITE_LOOPS_MAX 64u

struct http_req;
struct site_keys; // service/pool/site_key.h
struct query_master_ops;
struct market;        // service/catalog/market.h
struct prefix_change; // service/client/client.h
struct export_key;    // service/ops/export_key.h
struct for_lot;       // service/pool/for_lot.h
struct runs;          // service/unit/run.h

struct goods_told { // goods that are about to leave
    client_id client;
    const struct runs *tops;
    uint64_t newest; // seq of the newest event of any
};

// Of a captured document that is collected and taken in as one transaction; what is larger goes by
// way of a file, and clients with strict rules may send none that is.
#define CAPTURE_WHOLE_MAX (256 * KB)

struct site_limits {                 // settings, each with its default in service/settings.c
    uint32_t issue_max;              // numbers a request, 1,000,000
    uint32_t report_units_max;       // units a report, 20,000
    uint32_t reports_max;            // objects in an array, 1,000
    uint32_t slice_lines;            // lines of NDJSON in a transaction, 64
    uint32_t slice_bytes;            // and bytes, 256 KB
    uint32_t page_default, page_max; // items of a list, 100 and 1,000
    uint32_t query_candidates_max;   // events looked at for one answer, 100,000
    uint32_t query_events_max;       // in an answer that has no pages, 10,000
    uint32_t import_max;             // numbers in an import, 1,000,000
    uint32_t shift_cases;            // in a row that make a label shift, 3; 0: not watched
    uint32_t clock_ahead_max_ms;     // how far ahead of the service an event may say it was, 30,000
    uint64_t clock_behind_max_ms;    // how far back, ten years; 0: as far as it likes
    uint32_t results_bytes_max;      // over it, results of reports hold the refused only, 1 MB
    size_t report_body_max;          // one report or an array of them, 8 MB
    size_t stream_body_max;          // NDJSON, 1 GB
    size_t import_body_max;          // 64 MB
    uint32_t capture_events_max;     // of a captured document, 100,000
    size_t capture_body_max;         // 256 MB
    size_t capture_event_max;        // one event of it, 16 MB
    uint32_t capture_slice_events;   // events in a transaction, 200
    uint32_t capture_wait_ms;        // a packing for its units' commissioning, 15 min; 0: not
    bool capture_ids_by_hash;        // eventIDs that are missing: event hashes, else UUIDs
    bool private_subscriptions;      // may subscribers live at private addresses?
};

struct site_people {                  // settings: people's passwords and signatures
    uint32_t hash_memory_kb;          // argon2id, 19,456
    uint32_t hash_passes, hash_lanes; // 2 and 1
    uint32_t hashes_at_once;          // threads that hash, 4
    uint32_t password_min;            // characters, 12
    uint32_t password_max;            // 128
    uint32_t password_history;        // former ones that may not come again, 5
    uint64_t password_age_ms;         // over it one must be changed; 0: never
    uint32_t wrong_max;               // wrong passwords before the user is locked, 5
    uint32_t wrong_window_ms;         // in this time, 15 min
    uint32_t lock_ms;                 // for this long, 15 min
    bool first_must_change;           // one set by an administrator signs nothing
    str meanings;                     // of signatures, words between blanks
    str second;                       // acts that two people must sign, likewise
    uint64_t second_ms;               // how long the first signature waits, 24 h
    uint32_t session_idle_ms;         // a session unused for this long ends, 15 min
    uint32_t session_max_ms;          // and after this in any case, 12 h
};

struct site {
    unsigned magic;
    struct db *db;
    const struct env *env;
    const struct kind *const *kinds;
    struct committer *committer;
    struct journal_meta meta;
    const struct site_keys *keys;
    const struct export_key *export_key; // what exports of the journal are signed with
    uint8_t opaque_key[16];              // service/api/opaque.h
    struct site_limits limits;
    struct site_people people;
    struct loop *loops[SITE_LOOPS_MAX];
    struct txn *readers[SITE_LOOPS_MAX]; // each its loop's own; resting between events
    unsigned loop_count;
    atomic_bool draining; // asked to end: /readyz says so
    // Told after every commit, on the committer's thread: the newest seq. Set before that runs.
    void (*wake)(void *self, uint64_t seq);
    void *wake_self;
    // Append what must be kept but not read, sealed under the site's key, and what was sealed. Set
    // by who assembles the site.
    status (*seal)(const struct site *s, str plain, struct buf *sealed);
    status (*open_sealed)(const struct site *s, str sealed, struct buf *plain);
    // The setting in force at place `i`: its name, and its value as JSON; false: there are no more.
    // With `settings` NULL its default. Set by who assembles the site, with `settings`; NULL: they
    // are not known.
    bool (*setting)(const void *settings, uint32_t i, str *name, struct buf *json);
    const void *settings;
    void *exchange; // service/exchange
    // Takes over a request for the events of a named query that asks for a WebSocket. On a loop.
    // Set by the exchange; NULL: it is answered like any other.
    void (*live)(struct http_req *r);
    void *access;       // service/access/limit.h; NULL: everybody may ask as often as they like
    void *hashing;      // service/access/hashing.h; NULL: passwords are hashed on the spot
    void *sessions;     // service/access/session.h; NULL: nobody can log in
    void *capture;      // service/capture
    void *verification; // service/verification
    // Master data, for questions (service/query/query.h). Set by who keeps them; NULL: there are
    // none.
    const struct query_master_ops *master;
    // Do the pools that give this GTIN's numbers fit the market? market.pools. Asked by the
    // committer. Set by who assembles the site; NULL: there are no pools.
    status (*pools_fit)(struct decide *d, const char gtin[14], const struct market *m);
    // Does the lot that numbers are asked for stand so that this may be done with them? lot.closed,
    // lot.released, lot.line. Asked by the committer. Set by who assembles the site; NULL: no lots.
    status (*lot_takes)(struct txn *t, const struct for_lot *n);
    // What a client's put would leave of its company prefixes: do pools stay whose they are, and do
    // partners that read URNs find those they need? prefix.in_use, prefix.unknown. Asked by the
    // committer. Set by who assembles the site; NULL: there are neither.
    status (*prefixes_fit)(struct decide *d, const struct prefix_change *c);
    // Is any partner of the client, or of any where it is {0}, told in URNs alone? Set by who
    // assembles the site; NULL: there are no partners.
    bool (*reads_urns)(struct txn *t, client_id client);
    // Have all partners of the client accepted what they are told of these goods? Asked by the
    // committer, in its transaction. Set by the exchange; NULL: there are no partners.
    bool (*acknowledged)(const struct site *s, struct txn *t, const struct goods_told *g);
    // Writes items {"partner","waiting"} for the partners of the client that have not accepted
    // every event yet. On a loop, in its snapshot. Set by the exchange; NULL: there are no
    // partners.
    void (*waiting)(const struct site *s, struct txn *t, client_id client, struct json_w *w);
};
