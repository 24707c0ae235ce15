// Invariants: slot `seq % SLOTS` holds the key of fact `seq`, or nothing; a bucket's chain holds
// the slots whose keys have not gone into rows yet. A slot stays readable for SLACK facts after its
// bucket was emptied, so that a transaction that was given up can be taken back. The sieve holds
// the keys of all slots, and those in rows of `sieve_from` and later days; more is in it where keys
// were taken back, which only makes it look up more.
#include "service/journal/key_tail.h"
#include "common/bytes.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET_BITS 13u
#define BUCKETS     (1u << BUCKET_BITS)
#define TURN        16u              // facts from one bucket to the next
#define ROUND       (BUCKETS * TURN) // facts until a bucket is emptied again
#define SLACK       8192u            // more than a transaction has facts
#define SLOTS       (ROUND + SLACK)
#define NO_SLOT     UINT32_MAX
#define UNKNOWN     UINT64_MAX // head, after a read that failed: all is to be read again

#define SIEVE_BITS 17u        // of words: 1 MB, for a million keys 1 in 20 is looked up in vain
#define SIEVE_ROWS 262144u    // that a start reads at most
#define NO_DAY     UINT32_MAX // sieve_from: rows of every day are to be looked up

struct slot {
    struct digest16 key, body;
    uint64_t seq; // 0: the fact has no key
};

// Apart from the slots, so that a search touches few lines of the cache.
struct chained {
    uint32_t part; // four bytes of the key
    uint32_t next;
};

struct key_tail {
    pthread_mutex_t lock; // of all below; nothing else is locked inside
    uint64_t head;        // of the fact after which this is so
    struct slot slot[SLOTS];
    struct chained chained[SLOTS];
    uint32_t bucket[BUCKETS];
    uint64_t sieve[1u << SIEVE_BITS]; // four bits of one word for each key
    uint32_t sieve_from;              // a day
};

struct key_tail *key_tail_new(void)
{
    struct key_tail *k = calloc(1, sizeof *k);

    assert(k != NULL);
    pthread_mutex_init(&k->lock, NULL);
    memset(k->bucket, 0xff, sizeof k->bucket);
    return k;
}

void key_tail_free(struct key_tail **kp)
{
    if (*kp == NULL) return;
    pthread_mutex_destroy(&(*kp)->lock);
    free(*kp);
    *kp = NULL;
}

static uint32_t bucket_of(const struct digest16 *key)
{
    return (uint32_t)get_be((const char *)key->b, 2) >> (16 - BUCKET_BITS);
}

// The bucket that fact `seq` empties.
static uint32_t bucket_due(uint64_t seq) { return (uint32_t)(seq / TURN % BUCKETS); }

// The fact that empties the key's bucket next, not before its own.
static uint64_t due_at(const struct slot *s)
{
    uint64_t turn = (s->seq + TURN - 1) / TURN, wait = (bucket_of(&s->key) - turn) % BUCKETS;
    return (turn + wait) * TURN;
}

static uint32_t part_of(const struct digest16 *key) { return (uint32_t)get_be(key->b + 2, 4); }

static void hang_in(struct key_tail *k, uint32_t at)
{
    const struct digest16 *key = &k->slot[at].key;
    uint32_t *bucket = &k->bucket[bucket_of(key)];

    k->chained[at] = (struct chained){part_of(key), *bucket};
    *bucket = at;
}

// ---- the sieve

static uint32_t sieve_word(const struct digest16 *key)
{
    return (uint32_t)get_be(key->b + 6, 4) >> (32 - SIEVE_BITS);
}

static uint64_t sieve_bits(const struct digest16 *key)
{
    uint64_t bits = 0;

    for (unsigned i = 10; i < 14; i++) bits |= UINT64_C(1) << ((uint8_t)key->b[i] & 63);
    return bits;
}

static void sieve_add(void *self, const struct digest16 *key)
{
    struct key_tail *k = self;
    k->sieve[sieve_word(key)] |= sieve_bits(key);
}

static bool sieve_has(const struct key_tail *k, const struct digest16 *key)
{
    uint64_t bits = sieve_bits(key);
    return (k->sieve[sieve_word(key)] & bits) == bits;
}

// No row of `from` or a later day is there but of keys that are in a slot or come from now on.
static void sieve_anew(struct key_tail *k, uint32_t from)
{
    memset(k->sieve, 0, sizeof k->sieve);
    for (uint32_t i = 0; i < SLOTS; i++)
        if (k->slot[i].seq != 0) sieve_add(k, &k->slot[i].key);
    k->sieve_from = from;
}

// After the slots were read: what of the newest day is in rows. Where that is too much the sieve
// is of use from the next day on.
static void sieve_read(struct key_tail *k, struct txn *t, unsigned newest)
{
    sieve_anew(k, newest);
    if (!idempotency_keys(t, newest, SIEVE_ROWS, sieve_add, k)) k->sieve_from = newest + 1;
}

// ---- the slots

// What was never written takes no memory, and stays so.
static void drop(struct slot *s)
{
    if (s->seq != 0) s->seq = 0;
}

static void keep(struct key_tail *k, const struct fact *f)
{
    struct slot *s = &k->slot[f->seq % SLOTS];

    if (!(f->flags & FACT_HAS_KEY)) {
        drop(s);
        return;
    }
    s->seq = f->seq;
    s->key = f->key;
    s->body = f->key_body;
    sieve_add(k, &s->key);
}

static status read_newest(struct key_tail *k, struct txn *t, uint64_t head)
{
    uint32_t newest = NO_DAY;
    struct fact f;

    k->sieve_from = NO_DAY;
    for (uint32_t i = 0; i < SLOTS; i++) drop(&k->slot[i]);
    for (uint64_t seq = head > ROUND ? head - ROUND + 1 : 1; seq <= head; seq++) {
        status st = journal_get_header(t, seq, &f);
        if (st.cls == ST_OK) keep(k, &f);
        newest = st.cls == ST_OK ? idempotency_day(f.at) : NO_DAY;
        if (st.cls != ST_OK && st.cls != ST_NOT_FOUND) return st; // a gap is for verify to name
    }
    if (head == 0) sieve_anew(k, 0);
    if (newest != NO_DAY) sieve_read(k, t, newest);
    return txn_status(t);
}

// Which keys still wait after `head`; later ones never were.
static void hang_all(struct key_tail *k, uint64_t head)
{
    memset(k->bucket, 0xff, sizeof k->bucket);
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (k->slot[i].seq > head) k->slot[i].seq = 0;
        if (k->slot[i].seq != 0 && due_at(&k->slot[i]) > head) hang_in(k, i);
    }
}

status key_tail_at(struct key_tail *k, struct txn *t, uint64_t head)
{
    status st = OK;

    if (k->head == head) return OK;
    pthread_mutex_lock(&k->lock);
    if (k->head < head || k->head - head > SLACK) st = read_newest(k, t, head);
    if (st.cls == ST_OK) hang_all(k, head);
    k->head = st.cls == ST_OK ? head : UNKNOWN;
    pthread_mutex_unlock(&k->lock);
    return st;
}

// Without the lock, which others wait for and a page of the table may have to come from the disk:
// they only read what is read here, and nobody else changes it.
static void empty(struct key_tail *k, struct txn *t, const struct fact *f)
{
    uint32_t *bucket = &k->bucket[bucket_due(f->seq)];

    for (uint32_t i = *bucket; i != NO_SLOT; i = k->chained[i].next) {
        const struct slot *s = &k->slot[i];
        idempotency_put(t, idempotency_day(f->at), &s->key, &(struct bound){s->seq, s->body});
    }
    pthread_mutex_lock(&k->lock);
    *bucket = NO_SLOT;
    pthread_mutex_unlock(&k->lock);
}

// Before the first fact of a day there are no rows of it. Where no day was known, this may not be
// the day's first.
static void begin_day(struct key_tail *k, unsigned day)
{
    if (k->sieve_from == NO_DAY)
        k->sieve_from = day + 1;
    else if (day > k->sieve_from)
        sieve_anew(k, day);
}

void key_tail_add(struct key_tail *k, struct txn *t, const struct fact *f)
{
    if (txn_status(t).cls != ST_OK) return; // nothing of it will be; the next one begins anew
    assert(f->seq == k->head + 1);
    pthread_mutex_lock(&k->lock);
    begin_day(k, idempotency_day(f->at));
    keep(k, f);
    if (f->flags & FACT_HAS_KEY) hang_in(k, (uint32_t)(f->seq % SLOTS));
    k->head = f->seq;
    pthread_mutex_unlock(&k->lock);
    if (f->seq % TURN == 0) empty(k, t, f);
}

static bool is_at(const struct key_tail *k, uint32_t i, const struct digest16 *key)
{
    return k->chained[i].part == part_of(key) && memcmp(&k->slot[i].key, key, sizeof *key) == 0;
}

bool key_tail_find(struct key_tail *k, const struct digest16 *key, struct bound *out)
{
    pthread_mutex_lock(&k->lock);
    uint32_t i = sieve_has(k, key) ? k->bucket[bucket_of(key)] : NO_SLOT;
    while (i != NO_SLOT && !is_at(k, i, key)) i = k->chained[i].next;
    if (i != NO_SLOT) *out = (struct bound){k->slot[i].seq, k->slot[i].body};
    pthread_mutex_unlock(&k->lock);
    return i != NO_SLOT;
}

bool key_tail_may_have_row(const struct key_tail *k, const struct digest16 *key, unsigned day)
{
    return day < k->sieve_from || sieve_has(k, key);
}
