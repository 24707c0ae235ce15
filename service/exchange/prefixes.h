// prefixes.h - EPCIS 1.2 has URNs alone, and these need a company prefix: who is told in it needs
// that of every product and every SSCC pool of its client, and of the plant's own SSCCs.
#pragma once
#include "service/client/client.h"
#include "service/journal/kind.h"

bool partner_reads_urns(struct txn *t, client_id client); // for struct site
// May a partner of the client be told in URNs? prefix.unknown
status partner_prefixes_check(struct txn *t, client_id client);
// For struct site, the pools' rule with it. prefix.in_use, prefix.unknown
status partner_prefixes_fit(struct decide *d, const struct prefix_change *c);
