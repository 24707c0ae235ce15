// shipment.h - goods leave: the command, the fact, the row that finds it again.
//
// A shipment names *tops*: closed containers and single packs that lie in nothing. What lies in
// them follows at reading time (service/event/unit_view.h), so that the fact and its writing cost
// what was named.
//
// Codes, besides those of unit.h for each top: unit.unknown, unit.twice, unit.content_on_hold,
// lot.open, lot.recalled, lot.unreleased, time.ahead, time.before, shipment.clients,
// shipment.not_acknowledged.
#pragma once
#include "service/event/report.h"
#include "service/event/shipped.h"
#include "service/trade/cargo.h"

struct shipment_top {
    unit_id unit; // {0}: not known, or another's
    bool twice;   // named before in the same shipment
    str text;     // in brackets, as JSON
    struct cargo cargo;
};

struct shipment_ask {
    const struct shipment_top *tops; // at least one
    uint32_t n;
    struct shipped says; // its number is the committer's to give
    struct moment time;  // at.ms 0: now
    str extra;           // JSON object, or empty
};

extern const struct kind kind_shipment_made; // ask: struct shipment_ask

// The decided part, read. Texts lie in the arena or the fact.
struct shipment {
    struct report report;
    struct runs tops;
    struct shipped says;
};
status shipment_get(const struct fact *f, struct arena *a, struct shipment *out);

// from, to, documents and flags as members of an open object.
void shipped_write(const struct shipped *s, struct json_w *w);

struct shipment_row {
    client_id client;
    uint64_t seq; // of the fact
};
bool shipment_row_get(struct txn *t, uint32_t number, struct shipment_row *out);

extern const struct http_route shipment_routes[];
