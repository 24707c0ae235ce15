// clock.h - the watch over the wall clock: does it run as the clock that only grows, and does the
// machine keep it synchronised?
//
// glossary: the *steady* time is what the wall clock showed last when it was right, and what the
// other clock has counted since. A *jump* is a wall clock that is further from it than `jump_max`.
// One ahead by more than `stop_ahead` *stops* writing, lest records be stamped with a time that
// never was: until the clock is back, or somebody accepts it. While it is stopped the steady time
// goes on. That it is stopped is a row, so that a restart does not forget it. Where nothing
// counted, at a start, a clock is right unless it is before the newest record, or so far after it
// that one which nobody keeps synchronised is not believed.
//
// Owner: the committer; what other threads may ask is in metrics.
#pragma once
#include "service/journal/kind.h"

struct clock_conf {
    uint32_t jump_max_ms, stop_ahead_ms;
    uint64_t away_max_ms;              // from the newest record to a start; 0: as long as it likes
    const struct kind *jumped;         // its ask: struct clock_jump. NULL: nobody is told
    const struct kind *const *allowed; // kinds that are taken while it is stopped, ended by NULL;
                                       // NULL: all are, at the steady time
};

enum clock_effect { // on disk
    CLOCK_GOES_ON = 0,
    CLOCK_STOPS = 1, // writing waits
    CLOCK_IS_BACK = 2
};

struct clock_jump {
    enum clock_effect effect;
    wall steady, shown; // what the time would have been, and what the wall clock says
};

struct clock_watch {
    bool begun, stopped; // stopped: as the ledger said when it was looked at last
    wall wall;           // when both were right: the steady time counts from here
    mono mono, renewed;
    bool looked; // whether it is synchronised was asked, at `asked`
    mono asked;
    bool unsynced;
    wall now; // of the last look: what facts are stamped with
};

void clock_register(void); // metrics

// Looks at the clocks. True: there is a jump to be told of, in *out; clock_taken makes it known
// once its fact stands. `stopped`: by the ledger; `last`: recordTime of its newest fact.
struct clock_ledger {
    bool stopped;
    wall last;
};
bool clock_look(struct clock_watch *w, const struct clock_conf *conf, const struct env *env,
                const struct clock_ledger *ledger, struct clock_jump *out);
void clock_taken(struct clock_watch *w, const struct clock_jump *jump);
// The same look for who only wants to know whether there is something to tell.
bool clock_has_tidings(const struct clock_watch *w, const struct clock_conf *conf,
                       const struct env *env);

// What a loop takes for now, in its snapshot. Never before the newest record, so that what has
// expired stays so where the clock was set back.
wall clock_reached(struct txn *t, const struct env *env);
// The same for what must not end too early, such as a lock: while the clock is stopped, the time of
// the newest record.
wall clock_proven(struct txn *t, const struct env *env);

status clock_refusal(void);       // clock.jumped: what is asked for waits
bool clock_is_synchronised(void); // any thread: by the last look
// row 'M' 'c': the clock is stopped, since the fact `seq`.
struct clock_stop {
    uint64_t seq;
    wall steady, shown;
};
bool clock_stop_get(struct txn *t, struct clock_stop *out); // false: it is not
void clock_stop_put(struct txn *t, const struct clock_stop *s);
void clock_stop_end(struct txn *t);
