// subscription_int.h - what only the facts of subscriptions may do to their rows.
#pragma once
#include "service/exchange/subscription.h"

void subscription_row_put(struct txn *t, uint32_t number, const struct subscription_row *row);
void subscription_row_del(struct txn *t, uint32_t number);
// How many the client has, counted up to `most`.
uint32_t subscriptions_of(struct txn *t, client_id client, uint32_t most);
void subscription_name_put(struct txn *t, client_id client, str id, uint32_t number);
void subscription_name_del(struct txn *t, client_id client, str id);
