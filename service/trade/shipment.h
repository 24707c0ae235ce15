// shipment.h - goods leave: the commands, the facts, the row that finds them again.
//
// A shipment names *tops*: closed containers and single packs that lie in nothing. What lies in
// them follows at reading time (service/event/unit_view.h), so that the fact and its writing cost
// what was named.
//
//     shipment.drafted     nothing but a row: who is to get what, judged when it is confirmed
//     shipment.made        the goods are on their way (a confirmed draft keeps its number)
//     shipment.voided      they never left: back to what they were
//     shipment.forwarded   a party ships on what it received; their state stays `shipped`
//
// Codes, besides those of unit.h for each unit: unit.unknown, unit.twice,
// unit.content_{on_hold,recalled,lost,stolen,open}, lot.{open,on_hold,recalled,unreleased},
// time.ahead, time.before, shipment.clients, shipment.not_acknowledged, shipment.state,
// shipment.came_back, shipment.not_of_it, unit.not_shipped, unit.other_party.
#pragma once
#include "service/event/report.h"
#include "service/event/shipped.h"
#include "service/trade/goods.h"

struct shipment_ask {
    const struct goods_unit *tops; // at least one
    uint32_t n;
    struct shipped says; // its number is the committer's to give, but for `number` below
    const struct goods_unit *indirect; // what says.more names
    struct moment time;                // at.ms 0: now
    str extra;                         // JSON object, or empty
    str by;
    str reason;       // of voiding
    client_id client; // of a draft, which is not judged
    uint32_t number;  // of the draft to confirm or the shipment to void; 0: a new one
};

extern const struct kind kind_shipment_made, kind_shipment_drafted, kind_shipment_voided,
    kind_shipment_forwarded; // ask: struct shipment_ask

// The decided part of all four, read. Texts lie in the arena or the fact.
struct shipment {
    struct report report;
    struct runs tops;
    struct shipped says;
};
status shipment_get(const struct fact *f, struct arena *a, struct shipment *out);

// from, to, documents, flags and what more is said as members of an open object.
void shipped_write(const struct shipped *s, struct json_w *w);
void shipped_write_end(struct json_w *w, const char *key, uint64_t party, uint64_t location);
void shipped_write_documents(struct json_w *w, const struct shipped_document *all, uint32_t n);

enum shipment_state { // on disk
    SHIPMENT_DRAFT = 1,
    SHIPMENT_SHIPPED = 2,
    SHIPMENT_VOID = 3,
    SHIPMENT_FORWARDED = 4,
    SHIPMENT_STATES
};
const char *shipment_state_word(enum shipment_state s); // "draft"

struct shipment_row {
    client_id client;
    uint64_t seq; // of the fact that says what it is
    enum shipment_state state;
    uint64_t to, by; // parties, GLNs as numbers; by 0: the site
    uint64_t voided; // seq of the fact that did it
};
bool shipment_row_get(struct txn *t, uint32_t number, struct shipment_row *out);

extern const struct http_route shipment_routes[];
