// idempotency.h - answers bound to an Idempotency-Key (or a slice of one), by day.
//
// row 'I' day 2 (days since 1970), key 16 -> seq 8 of the fact that holds the answer, body 16.
// The day is that of the recordTime of the fact it was put with (key_tail.h), so that rows of
// earlier days never change. Kept 30 days from then.
#pragma once
#include "service/journal/journal_db.h"

#define IDEMPOTENCY_DAYS 30u

struct bound {
    uint64_t seq;
    struct digest16 body;
};

unsigned idempotency_day(wall at);
bool idempotency_get(struct txn *t, unsigned day, const struct digest16 *key, struct bound *out);
void idempotency_put(struct txn *t, unsigned day, const struct digest16 *key,
                     const struct bound *b);
typedef void idempotency_each(void *self, const struct digest16 *key);
// The keys in the rows of a day, or false where they are more than `max`: then only those.
bool idempotency_keys(struct txn *t, unsigned day, uint32_t max, idempotency_each *each,
                      void *self);
// Looks through the kept days before today, newest first; days without any row cost nothing.
bool idempotency_find_older(struct txn *t, wall now, const struct digest16 *key, struct bound *out);
// How many of the oldest rows, at most `max`, are of days before `below`.
uint32_t idempotency_oldest(struct txn *t, unsigned below, uint32_t max);
bool idempotency_forget(struct txn *t, uint32_t count); // the oldest rows; false: there are fewer
