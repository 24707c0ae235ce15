// Owner: the thread of the command.
#include "service/pool/lost.h"
#include "service/pool/pool_int.h"
#include <stdlib.h>

#define LOST_MAGIC 0x105750acu

struct found { // a space
    struct found *next;
    struct recover_ask move;
    struct number_space space;
};

struct missing { // a pool
    struct missing *next;
    uint32_t pool, misses;
};

struct lost_spaces {
    unsigned magic;
    const struct site *site;
    struct found *found;
    struct missing *missing;
};

struct lost_spaces *lost_new(const struct site *s)
{
    struct lost_spaces *l = calloc(1, sizeof *l);

    assert(l != NULL);
    *l = (struct lost_spaces){.magic = LOST_MAGIC, .site = s};
    return l;
}

void lost_free(struct lost_spaces **lp)
{
    struct lost_spaces *l = *lp;

    *lp = NULL;
    if (l == NULL) return;
    OBJ_CHECK(l, LOST_MAGIC);
    for (struct found *f = l->found, *next; f != NULL; f = next) {
        next = f->next;
        space_fini(&f->space);
        free(f);
    }
    for (struct missing *m = l->missing, *next; m != NULL; m = next) {
        next = m->next;
        free(m);
    }
    l->magic = 0;
    free(l);
}

static struct missing *missing_of(struct lost_spaces *l, uint32_t pool)
{
    struct missing *m = l->missing;

    while (m != NULL && m->pool != pool) m = m->next;
    if (m != NULL) return m;
    m = calloc(1, sizeof *m);
    assert(m != NULL);
    *m = (struct missing){.next = l->missing, .pool = pool};
    return l->missing = m;
}

static bool holds(const struct number_space *s, str text, uint64_t *ordinal)
{
    return space_ordinal(s, text, ordinal) && *ordinal < s->capacity;
}

static void found_add(struct lost_spaces *l, const struct space_row *row, uint64_t ordinal,
                      const struct number_space *s)
{
    struct found *f = calloc(1, sizeof *f);

    assert(f != NULL);
    *f = (struct found){
        .next = l->found,
        .move = {row->pool, row->space, true, row->epoch, ordinal + 1},
        .space = *s
    };
    l->found = f;
}

// As the space would have been under this number and epoch.
static bool is_of(struct lost_spaces *l, const struct space_row *row, str text)
{
    struct number_space s;
    uint64_t ordinal;

    if (space_build(l->site, row, &s).cls != ST_OK) return false;
    bool fits = s.size >> LOST_TEXTS_BITS != 0 && holds(&s, text, &ordinal);
    if (fits)
        found_add(l, row, ordinal, &s);
    else
        space_fini(&s);
    return fits;
}

static bool search(struct lost_spaces *l, struct txn *t, const struct space_row *newest, str text)
{
    uint32_t last = (uint32_t)counter_get(t, COUNTER_SPACE);
    struct space_row row = *newest, taken;

    for (row.space = last; row.space > 0; row.space--) {
        if (space_get(t, row.space, &taken)) continue;
        for (row.epoch = newest->epoch + 1; row.epoch <= l->site->keys->count; row.epoch++)
            if (is_of(l, &row, text)) return true;
    }
    return false;
}

static bool is_searched(const struct lost_spaces *l, const struct space_row *newest, str text)
{
    struct space_conf conf;
    struct number_space s;

    if (newest->epoch >= l->site->keys->count) return false;
    if (!space_definition_get(newest->definition, &conf) || conf.kind != SPACE_RANDOM) return false;
    return space_init(&conf, &s).cls == ST_OK && s.size >> LOST_TEXTS_BITS != 0 &&
           text.n == space_length(&s);
}

bool lost_find(struct lost_spaces *l, struct txn *t, uint32_t pool, str text)
{
    struct pool_row p;
    struct space_row newest;
    uint64_t ordinal;

    OBJ_CHECK(l, LOST_MAGIC);
    for (struct found *f = l->found; f != NULL; f = f->next) {
        if (f->move.pool != pool || !holds(&f->space, text, &ordinal)) continue;
        if (f->move.to <= ordinal) f->move.to = ordinal + 1;
        return true;
    }
    if (!pool_row_get(t, pool, &p) || p.kind != POOL_RANDOM ||
        !space_row_get(t, pool_newest(&p), &newest) || !is_searched(l, &newest, text))
        return false;
    struct missing *m = missing_of(l, pool);
    if (m->misses == LOST_MISSES_MAX) return false;
    bool found = search(l, t, &newest, text);
    m->misses += found ? 0 : 1;
    return found;
}

status lost_moves(const struct lost_spaces *l, struct arena *a, struct recover_ask **out,
                  uint32_t *n)
{
    uint32_t count = 0;

    OBJ_CHECK(l, LOST_MAGIC);
    for (const struct found *f = l->found; f != NULL; f = f->next) count++;
    *out = NEW_ARRAY(a, struct recover_ask, count + 1);
    if (*out == NULL) return no_memory();
    *n = 0;
    for (const struct found *f = l->found; f != NULL; f = f->next) (*out)[(*n)++] = f->move;
    return OK;
}
