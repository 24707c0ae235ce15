// env.h - what the process learns from the world and does to it, passed in so that tests and the
// simulation can put their own in place.
#pragma once
#include "common/when.h"

struct env {
    void *self;
    wall (*wall_now)(void *self);
    mono (*mono_now)(void *self);
    void (*random)(void *self, void *out, size_t n); // unpredictable; aborts where there is none
    int (*zone_min)(void *self, wall at); // minutes that its place is ahead of UTC; NULL: none
    bool (*synchronised)(void *self);     // is the wall clock kept right (NTP)? NULL: yes
};

extern const struct env env_real;

static inline wall env_wall(const struct env *e) { return e->wall_now(e->self); }
// The present instant, with the zone of the place.
static inline struct moment env_moment(const struct env *e)
{
    struct moment m = {.at = env_wall(e)};

    if (e->zone_min != NULL) m.offset_min = (int16_t)e->zone_min(e->self, m.at);
    return m;
}
static inline bool env_synchronised(const struct env *e)
{
    return e->synchronised == NULL || e->synchronised(e->self);
}
static inline mono env_mono(const struct env *e) { return e->mono_now(e->self); }
static inline void env_random(const struct env *e, void *out, size_t n)
{
    e->random(e->self, out, n);
}
