// value_set.h - the values of a term that are found at once, however many they are: texts and
// identities by halving. What is left for one by one is patterns and what is compared by size.
#pragma once
#include "service/query/query.h"

// Of a term with more than a few values; in the arena, over the term's own values. query.memory
status query_set_make(struct query_term *t, struct arena *a);
bool query_set_has_text(const struct query_term *t, str text);
bool query_set_has_id(const struct query_term *t, const struct gs1_id *id); // patterns, too

// What holding the event against the terms takes beyond reading it: how many times something in a
// list is held against a value that no set finds. A comparison of numbers counts many times.
uint64_t query_set_work(const struct query *q, const struct epcis_event *e);
uint64_t query_set_items(const struct epcis_event *e); // in all lists of the event
