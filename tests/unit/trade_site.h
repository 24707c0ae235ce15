// trade_site.h - a site with two clients whose goods are commissioned, packed and shipped, and the
// calls that do it.
#pragma once
#include "service/pool/names.h"
#include "site_fixture.h"

#define PACK_A "09506000134352" // of acme
#define PACK_C "09506001134375" // of bolt
#define PARTY  "9506000000015"  // known, and a location of the same number
#define HUB    "9506000000022"  // likewise

struct trade {
    struct fixture *f;
    str acme[60], bolt[20];     // spellings of packs
    str sscc[12], sscc_bolt[4]; // of containers
};

int trade_open(void **state); // *state is a struct trade
int trade_leave(void **state);

// The request must be answered with this code; the answer's body.
str trade_call(struct trade *t, int code, const char *line, const char *body);
const char *trade_text(struct trade *t, const char *fmt, ...) LIKE_PRINTF(2, 3);
void trade_has(str text, const char *piece); // fails the test where the text has it not

// What lines report. Containers are commissioned as they are first put into.
void trade_commission(struct trade *t, const str *packs, unsigned n, const char *lot);
// A lot of PACK_A that ended with 2020-06-30, and these packs of it, made before.
void trade_old_lot(struct trade *t, const str *packs, unsigned n);
void trade_put(struct trade *t, str container, const str *children, unsigned n);
void trade_pack(struct trade *t, str container, const str *children, unsigned n); // and close it
void trade_close(struct trade *t, str container);
void trade_unpack(struct trade *t, str container, const str *children, unsigned n);

void trade_issue_packs(struct trade *t, str *out, unsigned n); // more of PACK_A
void trade_flag(struct trade *t, str unit, unsigned flags);    // as a hold or a recall would
void trade_hold(struct trade *t, str unit);                    // as a line reports it
void trade_reopen(struct trade *t);                            // as after a restart
// POST /v1/lots/{gtin}/{lot}/close
void trade_close_lot(struct trade *t, const char *gtin, const char *lot);
// POST /v1/shipments to PARTY; the body.
str trade_ship(struct trade *t, int code, const str *units, unsigned n);
