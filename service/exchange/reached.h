// reached.h - whom a recall reaches: the parties that goods of the lot were sent to before.
#pragma once
#include "service/exchange/order.h"

// Does the fact recall a lot, or declare its recall wrong, of which something was sent to the party
// (a GLN; empty: none is said), alone or in a container? What was voided, or came back, counts too:
// who knows of goods must learn that they are recalled. Looks at what was sent to the party since
// the lot was opened, and takes it for reached beyond REACHED_MAX of these.
#define REACHED_MAX 20000u
status recall_reaches(const struct order *o, const struct fact *f, str party, bool *out);
