// owner.h - whose a unit of the site's pools is, and what it was asked for. For one snapshot or
// transaction.
#pragma once
#include "service/pool/names.h"

struct owner_reader {
    struct names *names;
    struct txn *t;
    struct issue_row issue; // who got the number looked at last
    uint32_t issue_space;
    client_id issue_client;
};

// Was the number issued by the request that `issue` holds?
bool owner_issued(const struct owner_reader *o, unit_id u);
// The request that a number was issued by; false where nobody has it yet (an import may be known
// before it is given out). Neighbours have the same.
bool owner_issue(struct owner_reader *o, unit_id u);
// The lot that the number was asked for; 0: for none, or none that was opened.
uint32_t owner_lot_asked(struct owner_reader *o, unit_id u, client_id client);
// An SSCC of the site's own pools is the client's that it was asked for; asked for nobody, it is
// whose report begins it: 0 until then. False: nobody's yet, or no unit of a pool.
bool owner_of(struct owner_reader *o, unit_id u, client_id *out);
