// A bucket counts what is missing, not what is there, so that a new one is all zeros. Thousandths,
// because a rate of n tokens a second is n thousandths a millisecond: nothing is ever rounded.
//
// The table is a hash with open addressing, doubled while it is more than half full. Nothing is
// taken out of it: when it would grow, those buckets that are still in use go into a new one.
#include "common/rate.h"
#include <pthread.h>
#include <stdlib.h>

#define TOKEN      1000
#define RATE_MAGIC 0x4a7e4a7eu
#define SLOTS_MIN  64u

// ---- one bucket

static int64_t missing_now(const struct rate_rule *rule, const struct rate_bucket *b, mono now)
{
    int64_t passed = now.ms - b->at.ms;

    if (b->missing == 0 || passed <= 0) return b->missing;
    if (passed > b->missing / rule->per_second) return 0;
    return b->missing - passed * rule->per_second;
}

bool rate_is_full(const struct rate_rule *rule, const struct rate_bucket *b, mono now)
{
    return missing_now(rule, b, now) == 0;
}

uint32_t rate_take(const struct rate_rule *rule, struct rate_bucket *b, mono now)
{
    assert(rule->per_second > 0 && rule->burst > 0);
    int64_t missing = missing_now(rule, b, now);
    int64_t over = missing + TOKEN - (int64_t)rule->burst * TOKEN;

    if (over > 0) return (uint32_t)((over + rule->per_second - 1) / rule->per_second);
    b->missing = missing + TOKEN;
    if (b->at.ms < now.ms) b->at = now;
    return 0;
}

// ---- many

struct slot {
    uint64_t key;
    bool used;
    struct rate_bucket bucket;
};

struct rate_table {
    unsigned magic;
    struct rate_rule rule;
    pthread_mutex_t lock; // of all below; nothing else is locked while it is held
    struct slot *slots;   // a power of two
    uint32_t size, used;
};

static struct slot *slots_new(uint32_t size)
{
    struct slot *s = calloc(size, sizeof *s);

    assert(s != NULL);
    return s;
}

struct rate_table *rate_table_new(struct rate_rule rule)
{
    struct rate_table *t = calloc(1, sizeof *t);

    assert(t != NULL && rule.per_second > 0 && rule.burst > 0);
    *t = (struct rate_table){.magic = RATE_MAGIC, .rule = rule, .size = SLOTS_MIN};
    int rc = pthread_mutex_init(&t->lock, NULL);
    assert(rc == 0);
    t->slots = slots_new(t->size);
    return t;
}

void rate_table_free(struct rate_table **tp)
{
    struct rate_table *t = *tp;

    *tp = NULL;
    if (t == NULL) return;
    OBJ_CHECK(t, RATE_MAGIC);
    pthread_mutex_destroy(&t->lock);
    free(t->slots);
    t->magic = 0;
    free(t);
}

// The key's slot, or the free one where it belongs.
static struct slot *find(struct slot *slots, uint32_t size, uint64_t key)
{
    uint64_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;

    while (slots[at % size].used && slots[at % size].key != key) at++;
    return &slots[at % size];
}

static void rebuild(struct rate_table *t, mono now)
{
    uint32_t kept = 0, size = SLOTS_MIN;

    for (uint32_t i = 0; i < t->size; i++) {
        struct slot *s = &t->slots[i];
        s->used = s->used && !rate_is_full(&t->rule, &s->bucket, now);
        kept += s->used;
    }
    while (size < 4 * kept) size *= 2;
    struct slot *slots = slots_new(size);
    for (uint32_t i = 0; i < t->size; i++)
        if (t->slots[i].used) *find(slots, size, t->slots[i].key) = t->slots[i];
    free(t->slots);
    t->slots = slots;
    t->size = size;
    t->used = kept;
}

static uint32_t take(struct rate_table *t, uint64_t key, mono now)
{
    struct slot *s = find(t->slots, t->size, key);

    if (!s->used && (t->used >= t->size / 2 || t->used >= RATE_KEYS_MAX)) {
        rebuild(t, now);
        s = find(t->slots, t->size, key);
    }
    if (!s->used) {
        if (t->used >= RATE_KEYS_MAX) return TOKEN;
        *s = (struct slot){.key = key, .used = true};
        t->used++;
    }
    return rate_take(&t->rule, &s->bucket, now);
}

uint32_t rate_table_take(struct rate_table *t, uint64_t key, mono now)
{
    OBJ_CHECK(t, RATE_MAGIC);
    pthread_mutex_lock(&t->lock);
    uint32_t wait = take(t, key, now);
    pthread_mutex_unlock(&t->lock);
    return wait;
}
