// Runs on a loop, in its snapshot: two SHA-1 for each fact of an hour, once for all events of it.
#include "service/event/line_id.h"
#include "service/event/event_id.h"
#include "service/event/index.h"
#include "service/event/render.h"
#include "service/journal/restored.h"
#include "service/unit/unit_db.h"
#include <stdlib.h>
#include <string.h>

#define HOUR_FACTS_MAX 20000u // of an hour that are looked at
#define HOURS_KEPT     32u
#define CHAIN_MAX      16u
#define STEP           1000u

struct made {      // in the order of `head`
    uint64_t head; // of the id
    uint64_t seq;
};
struct made_hour {
    uint32_t hour, n;
    struct made *at;
};
struct line_ids {
    struct made_hour hours[HOURS_KEPT];
    uint32_t n; // those that were made
};

static uint64_t head_of(const uint8_t id[16])
{
    uint64_t head;

    memcpy(&head, id, sizeof head);
    return head;
}

static void make(const struct line_ids_conf *c, uint64_t seq, uint32_t part, uint8_t out[16])
{
    struct event_name name = {seq, part, 0, restored_term(c->t, seq)};

    event_id_bytes(c->site->meta.journal_id, &name, out);
}

static bool has_id(const struct line_ids_conf *c, uint64_t seq, const uint8_t id[16])
{
    uint8_t made[16];

    for (uint32_t part = 0; part < EVENT_PARTS_MAX; part++) {
        make(c, seq, part, made);
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

static status seqs_of(const struct line_ids_conf *c, uint32_t hour, uint64_t **out, uint32_t *n)
{
    uint64_t *seqs = NEW_ARRAY(c->arena, uint64_t, STEP), from = 0;
    uint32_t room = STEP;
    char value[4];
    size_t got;

    if (seqs == NULL) return no_memory();
    put_be(value, hour, sizeof value);
    for (*n = 0; *n < HOUR_FACTS_MAX; from = seqs[*n - 1] + 1) {
        if (*n + STEP > room) {
            uint64_t *more = NEW_ARRAY(c->arena, uint64_t, (size_t)room * 2);
            if (more == NULL) return no_memory();
            memcpy(more, seqs, *n * sizeof *more);
            seqs = more;
            room *= 2;
        }
        got =
            list_of(c->t, c->client, LIST_HOUR, (str){value, sizeof value}, from, seqs + *n, STEP);
        *n += (uint32_t)got;
        if (got < STEP) break;
    }
    *out = seqs;
    return txn_status(c->t);
}

static status hour_make(const struct line_ids_conf *c, uint32_t hour, struct made_hour *out)
{
    uint64_t *seqs = NULL;
    uint32_t n = 0;
    uint8_t id[16];

    TRY(seqs_of(c, hour, &seqs, &n));
    *out = (struct made_hour){.hour = hour};
    out->at = NEW_ARRAY(c->arena, struct made, (size_t)n * EVENT_PARTS_MAX + 1);
    if (out->at == NULL) return no_memory();
    for (uint32_t i = 0; i < n * EVENT_PARTS_MAX; i++) {
        make(c, seqs[i / EVENT_PARTS_MAX], i % EVENT_PARTS_MAX, id);
        out->at[out->n++] = (struct made){head_of(id), seqs[i / EVENT_PARTS_MAX]};
    }
    qsort(out->at, out->n, sizeof *out->at, by_head);
    return OK;
}

static status hour_get(const struct line_ids_conf *c, uint32_t hour, const struct made_hour **out)
{
    struct line_ids *all = *c->kept;

    if (all == NULL && (all = *c->kept = NEW(c->arena, struct line_ids)) == NULL)
        return no_memory();
    uint32_t known = all->n < HOURS_KEPT ? all->n : HOURS_KEPT;
    for (uint32_t i = 0; i < known; i++)
        if (all->hours[i].hour == hour) return *out = &all->hours[i], OK;
    TRY(hour_make(c, hour, &all->hours[all->n % HOURS_KEPT]));
    *out = &all->hours[all->n++ % HOURS_KEPT];
    return OK;
}

static status find_in_hour(const struct line_ids_conf *c, uint32_t hour, const uint8_t id[16],
                           uint64_t *seq)
{
    const struct made_hour *h = NULL;
    struct made key = {.head = head_of(id)};

    TRY(hour_get(c, hour, &h));
    const struct made *m = bsearch(&key, h->at, h->n, sizeof *h->at, by_head);
    if (m != NULL && has_id(c, m->seq, id)) *seq = m->seq;
    return OK;
}

// ---- the unit

static status find_in_chain(const struct line_ids_conf *c, unit_id unit, const uint8_t id[16],
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

status line_id_find(const struct line_ids_conf *c, const struct line_id *what, uint64_t *seq)
{
    uint8_t id[16];

    *seq = 0;
    if (!event_id_read(what->id, id)) return OK;
    TRY(find_in_hour(c, index_hour(what->ms), id, seq));
    return *seq != 0 || what->unit.v == 0 ? OK : find_in_chain(c, what->unit, id, seq);
}
