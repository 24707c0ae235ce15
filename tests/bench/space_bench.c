// What a number costs: in bulk as issuing and reports use it, and alone as a lookup does.
#include "service/pool/space.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COUNT = 1000000, ALONE = 100000, ROUNDS = 5 };

static double now_ns(void)
{
    struct timespec t;

    assert(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double least(double a, double b) { return a == 0 || b < a ? b : a; }

static char room[COUNT][TEXT_LENGTH_MAX];
static str texts[COUNT];
static uint64_t ordinals[COUNT];

static void measure(const char *name, struct space_conf conf)
{
    struct number_space s;
    double write = 0, read = 0, alone = 0;

    conf.algorithm = SPACE_ALGORITHM;
    status st = space_init(&conf, &s);
    assert(st.cls == ST_OK);
    if (s.kind == SPACE_RANDOM) space_set_key(&s, (const uint8_t *)"sixteen byte key");
    for (uint32_t i = 0; i < COUNT; i++) texts[i] = (str){room[i], space_length(&s)};
    for (unsigned round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        st = space_text(&s, 0, COUNT, (struct space_sink){room[0], sizeof room[0]});
        assert(st.cls == ST_OK);
        double written = now_ns();
        space_ordinal_list(&s, texts, COUNT, ordinals);
        double found = now_ns();
        for (uint32_t i = 0; i < ALONE; i++)
            assert(space_ordinal(&s, texts[i], &ordinals[i]) && ordinals[i] == i);
        write = least(write, (written - begin) / COUNT);
        read = least(read, (found - written) / COUNT);
        alone = least(alone, (now_ns() - found) / ALONE);
    }
    printf("| %-30s | %5.0f | %5.0f | %6.0f |\n", name, write, read, alone);
}

int main(void)
{
    printf("| numbers, ns each (best of %d)   | write | read  | read 1 |\n|---|---|---|---|\n",
           ROUNDS);
    measure("random, 20 of 31 characters", (struct space_conf){0});
    measure("random, 20 of 30 characters", (struct space_conf){.exclude = S("Z")});
    measure("random, 12 digits", (struct space_conf){.length = 12, .alphabet = S("0123456789")});
    measure("sequential, 20 digits", (struct space_conf){.kind = SPACE_SEQUENTIAL});
    measure("SSCC", (struct space_conf){
                        .kind = SPACE_SSCC, .company_prefix = S("0614141"), .extension = S("3")});
    return 0;
}
