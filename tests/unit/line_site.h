// line_site.h - a site with lots open and numbers given out, whose lines report.
//
// acme packs pills (pack, SGTIN case of 5, SSCC pallet of 3) and drops (pack, SSCC case of 4, SSCC
// pallet of 2); other packs creams (pack alone). Each has its SSCCs; the site has some of its own.
#pragma once
#include "service/event/report.h"
#include "service/lot/lot.h"
#include "site_fixture.h"

#define PILLS      "09521141000007"
#define PILLS_CASE "19521141000004"
#define DROPS      "09521141000014"
#define CREAM      "09521321000001"

struct numbers {
    uint32_t n;
    str *texts; // serials, or 18 digits
};

extern const struct kind *const line_site_kinds[];
extern const struct http_route *const line_site_routes[]; // to serve again after a restart
struct fixture *line_site_open(void); // lots A1, A2 of pills, D1 of drops, C1 of cream
int line_site_setup(void **state);    // of a test
int line_site_teardown(void **state);
void line_site_lot(struct fixture *f, const char *gtin, const char *lot, const char *more);

// `lot` may be NULL: asked for with none in mind.
struct numbers line_site_serials(struct fixture *f, const char *gtin, const char *lot, uint32_t n);
struct numbers line_site_ssccs(struct fixture *f, const char *client, uint32_t n);
struct numbers line_site_pool_ssccs(struct fixture *f, const char *pool, uint32_t n);
struct numbers line_site_own_ssccs(struct fixture *f, uint32_t n); // asked for nobody
unit_id line_site_unit(struct fixture *f, const char *spelling);
struct unit line_site_row(struct fixture *f, const char *spelling);

// Bodies of reports, in f->arena. `part` picks from..from+n-1.
struct part {
    const struct numbers *of;
    uint32_t from, n;
};
const char *say_commission(struct fixture *f, const char *lot, const char *gtin, struct part p);
const char *say_begin(struct fixture *f, const char *lot, const char *gtin, struct part ssccs);
// gtin NULL: the children are SSCCs. `more` are further members: `,"commission":true`, or "".
struct packing_of {
    const char *gtin, *more;
};
const char *say_pack(struct fixture *f, const char *parent, struct part p, struct packing_of how);
const char *sgtin(struct fixture *f, const char *gtin, str serial);
const char *text(struct fixture *f, str s);
const char *fmt(struct fixture *f, const char *format, ...) LIKE_PRINTF(2, 3);
bool holds(str s, const char *part);
#define PART(numbers, from, n) ((struct part){&(numbers), from, n})
#define PACKS(gtin, more)      ((struct packing_of){gtin, more})
#define BEGIN                  ",\"commission\":true"

struct fixture_answer report(struct fixture *f, const char *body);
// The report is accepted; its seq.
uint64_t accepted(struct fixture *f, const char *body);
// It is refused by this code and names `offenders` units; the answer's body.
str refused(struct fixture *f, const char *body, const char *code, unsigned offenders);

// Counts all units again and compares with the counters of every lot; replays; frees.
void line_site_check(struct fixture *f);
void line_site_close(struct fixture **f);
