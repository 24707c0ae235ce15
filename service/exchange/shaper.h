// shaper.h - makes the next message of a partner from its client's events: one document, written
// event by event from the journal in one short snapshot. Keeps what was sent and answered, too.
//
// One shaper belongs to one thread, which has a low priority. Until it gives a follower back it
// owns it.
#pragma once
#include "service/exchange/follower.h"

struct shaper;
struct shaper *shaper_new(const struct site *s, const struct exchange_limits *l);
void shaper_free(struct shaper **s);
// Fills f->message.
void shaper_shape(struct shaper *s, struct follower *f);
// Keeps the message and its answer, and notes in f->outcome where.
void shaper_file(struct messages *m, struct follower *f);

// Threads that shape and file; each follower comes back as mail to the loop that it came from.
struct shapers;
struct shapers_conf {
    const struct site *site;
    const struct exchange_limits *limits;
    struct messages *messages;
    struct loop *home;
};
status shapers_start(const struct shapers_conf *conf, struct shapers **out);
void shapers_put(struct shapers *s, struct follower *f);
void shapers_stop(struct shapers **s); // after the last follower came back
// Has the partner anything to be told that was not looked at yet? Cheap: two or three gets.
bool follower_has_work(const struct follower *f, struct txn *t, const struct exchange_limits *l);
