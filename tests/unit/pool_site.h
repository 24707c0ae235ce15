// pool_site.h - a site that packs for two clients, and shortcuts to its pools.
#pragma once
#include "service/pool/foreign.h"
#include "service/pool/issue.h"
#include "service/pool/names.h"
#include "service/pool/pool.h"
#include "site_fixture.h"

#define GTIN_A "09506000134352" // of acme
#define GTIN_B "09506000134369" // of acme too
#define GTIN_C "09506000134376" // of bolt

extern const struct kind *const pool_site_kinds[];
struct fixture *pool_site_open(void);

#define refused(expr, code) assert_string_equal((expr).reason, code)

// PUT /v1/pools/{name}.
status pool_site_put(struct fixture *f, const char *name, const char *json);
void pool_site_serve(struct fixture *f);                        // the routes of this room
uint32_t pool_site_number(struct fixture *f, const char *name); // of the pool's item

// Numbers of a GTIN by rank; *out may be NULL. Texts live until fixture_forget.
struct got {
    struct ask ask;
    struct issued issued;
    struct runs runs;
    str *texts;
};
status pool_site_issue(struct fixture *f, const char *gtin, uint32_t quantity, struct got *out);
status pool_site_ask(struct fixture *f, const struct issue_ask *ask, struct got *out);
struct issue_ask pool_site_ask_of(const char *gtin, uint32_t quantity);
// The texts of a run, in order; how many.
uint32_t pool_site_texts(struct fixture *f, struct txn *t, struct run r, str *texts);

// What a loop finds of a number of the GTIN's client that an event names, and its way to the
// ledger.
struct naming {
    struct foreign_name name;
    struct foreign_ask ask;
};
void pool_site_look(struct fixture *f, const char *gtin, str serial, struct naming *out);
status pool_site_name(struct fixture *f, struct naming *n);
