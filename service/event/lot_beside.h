// lot_beside.h - what was signed about a lot, and put on hold of it, that is no paper of its own:
// holds of the lot and of units of it, who ended them, corrections of its events, and first
// signatures that wait for a second.
#pragma once
#include "service/lot/signed.h"

// Texts lie in the arena. `more` is set where there are more rows or acts than are looked at.
status lot_beside_get(struct txn *t, const struct lot *lot, struct arena *a,
                      struct lot_beside *out);
