#include "trace.h"
#include <stdio.h>

#define LINES_MAX (256 * MB)

// splitmix64
uint64_t dice_next(struct dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t dice_below(struct dice *d, uint32_t n) { return (uint32_t)((dice_next(d) >> 32) % n); }

bool dice_chance(struct dice *d, uint32_t per_mille) { return dice_below(d, 1000) < per_mille; }

void trace_init(struct trace *t)
{
    *t = (struct trace){0};
    buf_init(&t->lines, LINES_MAX);
}

void trace_fini(struct trace *t) { buf_fini(&t->lines); }

static void line(struct trace *t, const char *fmt, va_list ap)
{
    char room[1000];
    int n = vsnprintf(room, sizeof room, fmt, ap);

    assert(n >= 0);
    buf_addu(&t->lines, ++t->steps);
    buf_addc(&t->lines, ' ');
    buf_add(&t->lines, (str){room, (size_t)n < sizeof room ? (size_t)n : sizeof room - 1});
    buf_addc(&t->lines, '\n');
}

void trace_say(struct trace *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    line(t, fmt, ap);
    va_end(ap);
}

void trace_break(struct trace *t, const char *fmt, ...)
{
    va_list ap;

    if (t->broken) return;
    t->broken = true;
    va_start(ap, fmt);
    vsnprintf(t->why, sizeof t->why, fmt, ap);
    va_end(ap);
    trace_say(t, "BROKEN %s", t->why);
}

uint64_t hash_of(str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

uint64_t trace_hash(const struct trace *t) { return hash_of(buf_str(&t->lines)); }
