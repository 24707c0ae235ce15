// client.h - the companies that the site packs for: the walls between them begin here.
//
// glossary: *client* (marketing authorisation holder) owns products, numbers and events; nobody
// else's caller ever learns that they exist. *profile*: how strict the site is on its behalf. The
// *plant* itself may be a client, too: its prefixes are the site's own.
//
// Codes: client.unknown, prefix.form, prefix.taken, and of the rooms above prefix.in_use (pools
// would be another's) and prefix.unknown (partners of EPCIS 1.2 need it).
#pragma once
#include "common/http.h"
#include "service/gs1/id.h"
#include "service/item/item.h"
#include "service/journal/site.h"

enum ship_rule { SHIP_CLOSED, SHIP_RELEASED, SHIP_QUARANTINE };
enum capture_rule { CAPTURE_RECORD, CAPTURE_STRICT, CAPTURE_OFF };
enum packed_rule { PACKED_REFUSE, PACKED_UNPACK }; // decommissioning what lies in a container
enum level_rule { LEVELS_NAMED, LEVELS_OF_PRODUCT, LEVELS_ANY }; // what an SSCC may hold
enum parent_rule { PARENT_ONLY, PARENT_AND_CHILDREN };           // decommissioning a container

struct client_profile {
    uint8_t ship_rule;
    bool ship_needs_ack;
    uint8_t capture;
    uint8_t decommission_packed;
    uint8_t decommission_parent;
    uint8_t pack_levels;
};

// A client's company prefixes as its put would leave them.
struct prefix_change {
    client_id owner; // of SSCC pools under `now`: the client, or {0} where it is the plant itself
    const struct form_list *old, *now; // of str
};
bool prefixes_cover(const struct form_list *prefixes, str digits); // does one begin them?

extern const struct item_noun noun_client; // an item's number is the client_id
extern const struct kind kind_client_put;
extern const struct http_route client_routes[];

bool client_by_name(struct txn *t, str name, client_id *out);
str client_name(struct txn *t, client_id c, struct arena *a); // empty when there is none
// One get, so that the committer may ask for every report. client.unknown.
status client_profile(struct txn *t, client_id c, struct client_profile *out);

// All company prefixes of all clients, for writing EPC URNs. This thread's own copy, made again
// when a client was put since; valid until the next call on this thread.
const struct gs1_prefixes *client_prefixes_here(struct txn *t);
// Equal digests: no client was put in between.
struct digest16 clients_digest(struct txn *t);
// Whose prefix the key begins with; no client: {0}.
client_id client_of_prefix(struct txn *t, str digits);
// Whose SSCCs these are: likewise, but {0}, the site's own, where that client is the plant itself.
client_id client_of_ssccs(struct txn *t, str digits);
