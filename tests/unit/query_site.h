// query_site.h - a site of two clients with some hundred events, and questions put to it in turns.
#pragma once
#include "line_site.h"
#include "service/query/run.h"

#define QUERY_SITE_UNITS 240u

struct query_site {
    struct fixture *f;
    client_id acme, other;
    struct numbers pills, cases, drops, ssccs, cream;
    uint64_t seed;
};

// Some events of the past days: begun, packed, unpacked, of both clients.
int query_site_open(void **state);
int query_site_close(void **state);
uint32_t query_site_dice(struct query_site *s, uint32_t sides);
void query_site_more(struct query_site *s, uint32_t n); // events of packs that are not begun yet
// Events that others have sent for acme, some of them for `other`, too: of its own objects and of
// few that nobody here issued, again and again.
void query_site_captured(struct query_site *s, uint32_t n);
// The caller is one of acme's from now on; of `other`; of the whole site.
void query_site_caller(struct query_site *s, const client_id *of);

// Reads a URL's parameters. Fails the test where they are refused.
struct query query_site_read(struct query_site *s, const char *url);
// All turns of a run.
struct query_found {
    status st;
    struct query_hit *hits; // in f->arena
    uint32_t n;
    uint64_t count, looks;
};
struct query_found query_site_run(struct query_site *s, const struct query_conf *c);
uint64_t query_site_head(struct query_site *s);
