// foreign.h - units that no pool of the site gave to this client: what captured events name beside
// its own numbers.
//
// Each client has one space of them, made with the first; their key is the canonical text (GS1_DL),
// so that a number of one client that another client's event names is a unit of the other's own,
// and the two know nothing of one another. A number that a pool of the client, or of the site's
// own, has not issued yet is taken out of that pool: it will never be given. One that an import is
// about to bring makes that import end as a refusal.
#pragma once
#include "service/pool/names.h"

#define FOREIGN_TEXT_MAX  900u // bytes of the canonical text
#define FOREIGN_NAMES_MAX 1000u

// Appends the key of an identity. foreign.too_long
status foreign_text(const struct gs1_id *id, struct buf *out);
unit_id foreign_find(struct txn *t, client_id c, str text); // {0}: not known
bool foreign_any(struct txn *t, client_id c);               // has it any?
uint32_t foreign_younger(struct txn *t); // spaces from this number on are not made yet

struct foreign_name {
    str text;
    unit_id claim; // foreign_claim's
    bool listed;   // likewise
    unit_id unit;  // {0}: to be named; the committer fills it in before later asks of the job run
};
// Where pools of the client or of the site's own come to the identity: the claim is its ordinal
// there, {0}: none; listed: lists have such numbers, too. The committer sees how far they are by
// then.
void foreign_claim(struct names *n, struct txn *t, client_id c, const struct gs1_id *id,
                   struct foreign_name *out);
struct foreign_ask {
    client_id client;
    struct foreign_name *names; // no text twice, at most FOREIGN_NAMES_MAX
    uint32_t n;
    // foreign_younger of the oldest snapshot that claims were looked for in: of spaces that are
    // younger the committer asks again. 0: nobody made any meanwhile.
    uint32_t younger;
};
// Those of the names that are still unknown become units; where none is, there is no fact.
extern const struct kind kind_units_named;
