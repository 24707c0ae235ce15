// item_db.h - the rows of items, for this room's own use.
#pragma once
#include "service/item/item.h"

void item_put_rows(struct txn *t, const struct item_noun *n, const struct item *i);
uint32_t item_last_number(struct txn *t, const struct item_noun *n); // 0: none yet
