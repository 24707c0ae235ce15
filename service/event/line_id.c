// Runs on a loop, in its snapshot: two SHA-1 for each fact of an hour, once for all events of it.
#include "service/event/line_id.h"
#include "service/event/event_id.h"
#include "service/event/index.h"
#include "service/event/render.h"
#include "service/journal/restored.h"
#include "service/unit/unit_db.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_FACTS_MAX 20000u // of an hour that are looked at
#define HOURS_KEPT     256u
#define MADE_MAX       (32u * HOUR_FACTS_MAX * EVENT_PARTS_MAX) // of all that are kept
#define CHAIN_MAX      16u
#define STEP           1000u

struct made {      // in the order of `head`
    uint64_t head; // of the id
    uint64_t seq;
};
struct made_hour {
    client_id client;
    uint32_t hour;
    uint32_t facts, n;
    uint64_t newest;  // seq of the last fact that was looked at
    uint64_t used_at; // 0: it is free
    struct made *at;
};
struct remembered { // owner: the thread
    uint8_t journal[16];
    struct made_hour hours[HOURS_KEPT];
    uint32_t made;                 // in all of them
    uint64_t ever;                 // with those that were forgotten
    uint64_t looks;                // so far
    uint64_t seqs[HOUR_FACTS_MAX]; // what came to an hour, while it is made
};

static pthread_key_t here_key;
static pthread_once_t here_once = PTHREAD_ONCE_INIT;

static void hour_forget(struct remembered *m, struct made_hour *h)
{
    m->made -= h->n;
    free(h->at);
    *h = (struct made_hour){0};
}

static void here_end(void *p)
{
    struct remembered *m = p;

    for (uint32_t i = 0; i < HOURS_KEPT; i++) free(m->hours[i].at);
    free(m);
}

static void here_init(void)
{
    int rc = pthread_key_create(&here_key, here_end);
    assert(rc == 0);
}

void line_ids_leave(void)
{
    pthread_once(&here_once, here_init);
    struct remembered *m = pthread_getspecific(here_key);

    if (m == NULL) return;
    here_end(m);
    pthread_setspecific(here_key, NULL);
}

static struct remembered *here(const struct site *site)
{
    pthread_once(&here_once, here_init);
    struct remembered *m = pthread_getspecific(here_key);

    if (m != NULL && memcmp(m->journal, site->meta.journal_id, sizeof m->journal) == 0) return m;
    line_ids_leave();
    m = calloc(1, sizeof *m);
    assert(m != NULL);
    memcpy(m->journal, site->meta.journal_id, sizeof m->journal);
    int rc = pthread_setspecific(here_key, m);
    assert(rc == 0);
    return m;
}

static uint64_t head_of(const uint8_t id[16])
{
    uint64_t head;

    memcpy(&head, id, sizeof head);
    return head;
}

uint64_t line_ids_made(void)
{
    pthread_once(&here_once, here_init);
    const struct remembered *m = pthread_getspecific(here_key);

    return m == NULL ? 0 : m->ever;
}

static void make(const struct line_ids *c, const struct event_name *name, uint8_t out[16])
{
    event_id_bytes(c->site->meta.journal_id, name, out);
}

static bool has_id(const struct line_ids *c, uint64_t seq, const uint8_t id[16])
{
    struct event_name name = {.seq = seq, .term = restored_term(c->t, seq)};
    uint8_t made[16];

    for (; name.part < EVENT_PARTS_MAX; name.part++) {
        make(c, &name, made);
        if (memcmp(made, id, sizeof made) == 0) return true;
    }
    return false;
}

// ---- the hour

static int by_head(const void *a, const void *b)
{
    const struct made *x = a, *y = b;

    return (x->head > y->head) - (x->head < y->head);
}

static void make_all(const struct line_ids *c, const uint64_t *seqs, uint32_t n, struct made *out)
{
    uint64_t restored = restored_get(c->t).first; // those up to it have no term
    uint8_t id[16];

    for (uint32_t i = 0; i < n; i++) {
        struct event_name name = {.seq = seqs[i]};
        if (name.seq > restored) name.term = restored_term(c->t, name.seq);
        for (; name.part < EVENT_PARTS_MAX; name.part++) {
            make(c, &name, id);
            *out++ = (struct made){head_of(id), name.seq};
        }
    }
}

// Those of the hour, and these facts more.
static void hour_add(const struct line_ids *c, struct made_hour *h, const uint64_t *seqs,
                     uint32_t count)
{
    uint32_t more = count * EVENT_PARTS_MAX, i = 0, k = 0;
    struct made *fresh = malloc(more * sizeof *fresh);
    struct made *all = malloc((h->n + more) * sizeof *all), *out = all;

    assert(fresh != NULL && all != NULL);
    make_all(c, seqs, count, fresh);
    qsort(fresh, more, sizeof *fresh, by_head);
    while (i < h->n || k < more)
        *out++ = k == more || (i < h->n && h->at[i].head < fresh[k].head) ? h->at[i++] : fresh[k++];
    free(fresh);
    free(h->at);
    h->at = all;
    h->n += more;
    h->facts += count;
    h->newest = seqs[count - 1];
}

static void hour_update(const struct line_ids *c, struct made_hour *h, uint64_t *seqs)
{
    char value[4];
    size_t n = 0, got = STEP;

    put_be(value, h->hour, sizeof value);
    for (; got == STEP && h->facts + n < HOUR_FACTS_MAX; n += got) {
        uint64_t from = (n > 0 ? seqs[n - 1] : h->newest) + 1;
        size_t most = HOUR_FACTS_MAX - h->facts - n < STEP ? HOUR_FACTS_MAX - h->facts - n : STEP;
        got = list_of(c->t, c->client, LIST_HOUR, (str){value, sizeof value}, from, seqs + n, most);
    }
    if (n > 0) hour_add(c, h, seqs, (uint32_t)n);
}

static struct made_hour *oldest(struct remembered *m, const struct made_hour *but)
{
    struct made_hour *found = NULL;

    for (struct made_hour *h = m->hours; h < m->hours + HOURS_KEPT; h++)
        if (h != but && h->used_at != 0 && (found == NULL || h->used_at < found->used_at))
            found = h;
    return found;
}

static struct made_hour *hour_of(struct remembered *m, client_id c, uint32_t hour)
{
    struct made_hour *free_one = NULL;

    for (struct made_hour *h = m->hours; h < m->hours + HOURS_KEPT; h++) {
        if (h->used_at == 0)
            free_one = h;
        else if (h->hour == hour && h->client.v == c.v)
            return h;
    }
    if (free_one == NULL) hour_forget(m, free_one = oldest(m, NULL));
    *free_one = (struct made_hour){.client = c, .hour = hour};
    return free_one;
}

static status hour_get(const struct line_ids *c, uint32_t hour, const struct made_hour **out)
{
    struct remembered *m = here(c->site);
    struct made_hour *h = hour_of(m, c->client, hour);
    uint32_t before = h->n;

    hour_update(c, h, m->seqs);
    m->made += h->n - before;
    m->ever += h->n - before;
    h->used_at = ++m->looks;
    status st = txn_status(c->t);
    if (st.cls != ST_OK) {
        hour_forget(m, h); // what could not be read is missing
        return st;
    }
    while (m->made > MADE_MAX) hour_forget(m, oldest(m, h));
    *out = h;
    return OK;
}

static status find_in_hour(const struct line_ids *c, uint32_t hour, const uint8_t id[16],
                           uint64_t *seq)
{
    const struct made_hour *h = NULL;
    struct made key = {.head = head_of(id)};

    TRY(hour_get(c, hour, &h));
    const struct made *m = h->n == 0 ? NULL : bsearch(&key, h->at, h->n, sizeof *h->at, by_head);
    if (m != NULL && has_id(c, m->seq, id)) *seq = m->seq;
    return OK;
}

// ---- the unit

static status find_in_chain(const struct line_ids *c, unit_id unit, const uint8_t id[16],
                            uint64_t *seq)
{
    uint64_t at = unit_one(c->t, unit).last;
    struct arena one; // a fact may be large, and so are they all together
    status st = OK;
    struct fact f;

    arena_init(&one, 256 * MB);
    for (uint32_t i = 0; at != 0 && i < CHAIN_MAX; i++) {
        if (has_id(c, at, id)) *seq = at;
        if (*seq != 0) break;
        arena_reset(&one);
        st = journal_get(c->t, at, &one, &f);
        if (st.cls != ST_OK) break;
        at = fact_previous(&f, unit, &one);
    }
    arena_fini(&one);
    return st.cls != ST_OK ? st : txn_status(c->t);
}

status line_id_find(const struct line_ids *c, const struct line_id *what, uint64_t *seq)
{
    uint8_t id[16];

    *seq = 0;
    if (!event_id_read(what->id, id)) return OK;
    TRY(find_in_hour(c, index_hour(what->ms), id, seq));
    return *seq != 0 || what->unit.v == 0 ? OK : find_in_chain(c, what->unit, id, seq);
}
