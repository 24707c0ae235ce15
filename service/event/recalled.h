// recalled.h - `lot.recalled`, since version 2: a lot that is recalled, told as an event of its
// classes.
//
// One event stands for all of the lot, however much of it there is and wherever it is by now: it
// names no unit, and no quantity. Units have the flag at reading time, as before.
//
// decided part: report.h's common part, without units | what it is found by (LIST_EPC_CLASS,
// index.h): n var, strs | service/lot/sign.c's part | the length of that, 4
#pragma once
#include "service/epcis/event.h"
#include "service/event/report.h"

extern const struct kind kind_lot_recalled, kind_lot_recalled_2; // ask: struct lot_sign_ask

// The lot once for each GTIN that its product has at any level: on every label that bears the lot
// one of them stands. event.memory, product.unknown
status recalled_classes(struct txn *t, uint32_t lot, struct arena *a, struct epcis_quantities *out);
