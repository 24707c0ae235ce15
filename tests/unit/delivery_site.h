// delivery_site.h - a site with a client, a product, two lots and numbers; facts about units as the
// journal holds them; and partners that answer as a test says, all in one thread.
#pragma once
#include "service/exchange/exchange_int.h"
#include "service/pool/issue.h"
#include "site_fixture.h"

#define SITE_GTIN "09506000134352"
#define SITE_GLN  UINT64_C(9506000134338)

struct sent { // one message, as a partner got it
    str url, body, user, password, bearer;
    const struct http_client_header *headers;
    size_t header_count;
    int code; // that it answered
};

struct answering {
    int code; // -1: none, ever; 0: the connection breaks
    str body;
    int64_t retry_after_s;
};

#define SENT_MAX 20000u

struct delivery_site {
    struct fixture *f;
    struct exchange exchange; // without threads: the test steps
    // What a partner answers; NULL: 200. `self` is the test's own.
    struct answering (*answer)(struct delivery_site *s, const struct sent *m);
    void *self;
    struct sent *sent; // SENT_MAX
    uint32_t sent_count;
    struct pending *pending;
    uint32_t lots[2]; // dense numbers
    char messages[64];
    struct arena arena;
};

struct delivery_site *delivery_site_open(const struct exchange_limits *limits);
void delivery_site_close(struct delivery_site **s); // replays the journal, too
#define DELIVERY_TEST(f) cmocka_unit_test_setup_teardown(f, delivery_setup, delivery_teardown)
int delivery_setup(void **state);
int delivery_teardown(void **state);

void delivery_put(struct delivery_site *s, const char *partner, const char *more); // of acme
// Until nobody has anything to do; then the clock moves on by `ms` and again.
void delivery_run(struct delivery_site *s, int64_t ms);
// As after a kill: whatever was in memory is gone.
void delivery_crash(struct delivery_site *s);
// One turn of the committer or none, for tests that crash between steps.
struct partner_row delivery_row(struct delivery_site *s, uint32_t partner);

// Facts; each answers its seq.
unit_id delivery_units(struct delivery_site *s, bool sscc, uint32_t n); // the first of neighbours
struct told {
    uint16_t kind;
    uint32_t lot;   // dense
    unit_id parent; // 0: none
    struct run units;
    bool begins; // the parent is commissioned by the same fact
    const struct shipped *shipped;
    client_id client; // 0: acme
};
uint64_t delivery_tell(struct delivery_site *s, const struct told *t);
// Commissions n new packs of lot 0 or 1.
uint64_t delivery_commission(struct delivery_site *s, uint32_t lot, uint32_t n);

// The n-th eventID in a text, or empty.
str delivery_event_id(str body, uint32_t n);
str delivery_id_of(struct delivery_site *s, uint64_t seq, uint32_t part);
bool delivery_holds(str body, str text);
// Every event in this order, each once, over all messages that were taken.
void delivery_expect(struct delivery_site *s, const char *url, const uint64_t *seqs, uint32_t n);
