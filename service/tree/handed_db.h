// handed_db.h - which goods were handed to which party: written as they are shipped, so that what
// a party may see, receive and send back is one read away, however long ago that was.
//
// What a party has done with its goods is marked at the very unit that it named: row '6' of that
// unit, which only keeps marks where it was a container around it that the party got. They are of
// the shipment, or the event, that the row names: once the party gets the container anew they say
// nothing more.
//
// row '6' 1, unit 8, party 8 -> shipment 4, flags 1 | where an event told it, its seq 5
#pragma once
#include "common/db.h"
#include "service/unit/unit.h"

enum handed_mark { // on disk; 1 is came_back
    HANDED_RECEIVED = 2,
    HANDED_FORWARDED = 4,
    HANDED_PART_FORWARDED = 8, // something in it
    HANDED_MARKS_ONLY = 16     // the party got a container that it lies in
};

struct handed {
    unit_id unit;      // that was named: the unit asked for, or a container that it lies in
    uint64_t party;    // its GLN as a number
    uint32_t shipment; // dense; the newest by which the party got it; 0: an event told of it
    uint64_t event;    // which one; 0: a shipment, or an event of before that was kept
    bool came_back;    // something of it did
    unsigned marks;    // enum handed_mark
};

void handed_put(struct txn *t, const struct handed *h);
void handed_del(struct txn *t, const struct handed *h); // where it is of this shipment still
void handed_end(struct txn *t,
                unit_id u); // it never left: no party has it, nor what it did with it
// What the unit itself was handed to the party as; one that only keeps marks is none.
bool handed_get(struct txn *t, unit_id u, uint64_t party, struct handed *out);
// The marks of the unit itself of all parties together, and whether something of it came back.
struct handed handed_all(struct txn *t, unit_id u);
// The nearest of the unit and its containers that was handed to the party; party 0: to anybody,
// and of several the newest.
bool handed_find(struct txn *t, unit_id u, uint64_t party, struct handed *out);
// What the party did with the unit before: marks of the unit, and those of the containers around it
// that it got it in, but for HANDED_PART_FORWARDED.
unsigned handed_marks(struct txn *t, unit_id u, uint64_t party);
// It did so now: HANDED_RECEIVED or HANDED_FORWARDED. Nothing where it never got the unit.
void handed_mark(struct txn *t, unit_id u, uint64_t party, enum handed_mark mark);
// Something of what was handed over came back: the unit, or what lies in it. To be called while it
// still lies where it did.
void handed_came_back(struct txn *t, unit_id u);
