// shipped.h - the own part of a `shipment.made` fact, after the common part of report.h: who sent
// what to whom, under which papers. The touched units are the top containers.
//
// own part: number var | from party, from location, to party, to location (GLNs as numbers, 0 none)
//   vars | count var, then per document: type 1, gln var, id str | flags count var, then strs |
//   count var, then per lot and packaging level of the tops: lot var, level 1, tops var |
//   count var, then what its documents are found by (LIST_BIZ_TRANSACTION, index.h) as strs |
//   where the seller says more of it, which receipts never have (shipped_more_put): flags 1,
//   statement str | of what was bought of the manufacturer in part: count var, then URIs as strs
#pragma once
#include "common/arena.h"
#include "common/bytes.h"
#include "service/epcis/cbv.h"
#include "service/epcis/node.h"

struct shipped_document {
    enum epcis_trade type;
    uint64_t gln; // of whoever gave the number; 0: the id is a whole URI
    str id;
};

struct shipped_tally { // tops alike
    uint32_t lot;      // dense; their own, of their first events
    uint8_t level;     // that they are counted with
    uint64_t count;
};

// What the seller may say of it by GS1 US' guideline for DSCSA, told with its event.
struct shipped_more {
    bool says_drop, drop; // dropShipment: said, and is it one
    bool direct;          // directPurchase: bought of the manufacturer, all but the `indirect`
    str statement;        // of that; may be empty
    str *indirect;        // EPC URIs of units that leave with it
    uint32_t indirect_count;
};

struct shipped {
    uint32_t number; // dense, of the shipment
    uint64_t from_party, from_location, to_party, to_location;
    uint32_t document_count, flag_count, tally_count, found_count;
    const struct shipped_document *documents;
    const str *flags;
    const struct shipped_tally *tallies;
    const str *found; // by its documents
    struct shipped_more more;
};

#define SHIPPED_DOCUMENTS_MAX 32u
#define SHIPPED_FLAGS_MAX     16u
#define SHIPPED_INDIRECT_MAX  1000u

// Among its flags, which are free text else: the seller, `from_party`, affirms DSCSA's transaction
// statement to the buyer, `to_party`.
#define SHIPPED_STATEMENT "dscsa_statement"
bool shipped_affirms(const struct shipped *s);
// The qualifier of `more.direct`.
#define SHIPPED_ENTIRELY_DIRECT  "ENTIRELY_DIRECT"
#define SHIPPED_PARTIALLY_DIRECT "PARTIALLY_DIRECT"
const char *shipped_qualifier(const struct shipped_more *m);

// May the id stand for itself, without who gave it? Codes: document.id
status shipped_document_check(const struct shipped_document *d, struct arena *a);
// How EPCIS names a document: by whoever gave its number, or as it stands. What was taken before
// ids without a GLN were checked, and is no URI, is escaped into one of ours. event.memory
status shipped_document_uri(const struct shipped_document *d, struct arena *a, str *out);
void shipped_put(struct buf *b, const struct shipped *s);      // all but `more`
void shipped_more_put(struct buf *b, const struct shipped *s); // of shipments, behind it
// `more` as extensions of the event; NULL: there is none. event.memory
status shipped_extensions(const struct shipped *s, struct arena *a, struct epcis_node **out);
// From the rest that report_get left. record.corrupt.
status shipped_get(struct bytes_r *in, struct arena *a, struct shipped *out);
// The same where something follows it (handover.h).
status shipped_begin_get(struct bytes_r *in, struct arena *a, struct shipped *out);
