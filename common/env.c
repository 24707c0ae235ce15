#include "common/env.h"
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;

    assert(clock_gettime(id, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static wall real_wall(void *self) { return (void)self, (wall){clock_ms(CLOCK_REALTIME)}; }
// It counts the time that the machine slept, too: waking up is no jump of the other clock.
static mono real_mono(void *self) { return (void)self, (mono){clock_ms(CLOCK_BOOTTIME)}; }

static void real_random(void *self, void *out, size_t n)
{
    (void)self;
    for (size_t got = 0; got < n;) { // getrandom gives at most 256 bytes for certain
        size_t want = n - got > 256 ? 256 : n - got;
        assert(getrandom((char *)out + got, want, 0) == (ssize_t)want);
        got += want;
    }
}

// The zone that the machine is set to (TZ, else /etc/localtime): libc keeps the zone files. Zones
// of a time that knew no whole minutes are cut to them.
static int real_zone(void *self, wall at)
{
    time_t seconds = (time_t)(at.ms / 1000);
    struct tm tm;

    (void)self;
    return localtime_r(&seconds, &tm) == NULL ? 0 : (int)(tm.tm_gmtoff / 60);
}

// What the kernel was told by whoever keeps its clock (chrony, ntpd, systemd-timesyncd). Where it
// may not be asked nobody can say that the clock is right.
static bool real_synchronised(void *self)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);

    (void)self;
    return state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}

const struct env env_real = {NULL, real_wall, real_mono, real_random, real_zone, real_synchronised};
