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

struct lost_spaces {
    unsigned magic;
    const struct site *site;
    struct found *found;
    uint64_t tries, tries_max; // spaces that were built
    uint64_t unsought;         // texts
};

struct lost_spaces *lost_new(const struct site *s, uint64_t tries_max)
{
    struct lost_spaces *l = calloc(1, sizeof *l);

    assert(l != NULL);
    *l = (struct lost_spaces){.magic = LOST_MAGIC, .site = s, .tries_max = tries_max};
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
    l->magic = 0;
    free(l);
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

    l->tries++;
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

static bool is_found(const struct lost_spaces *l, const struct lost_text *x)
{
    uint64_t ordinal;

    for (struct found *f = l->found; f != NULL; f = f->next) {
        bool here = false;
        for (uint32_t i = 0; i < x->n && !here; i++) here = f->move.pool == x->pools[i];
        if (!here || !holds(&f->space, x->text, &ordinal)) continue;
        if (f->move.to <= ordinal) f->move.to = ordinal + 1;
        return true;
    }
    return false;
}

bool lost_find(struct lost_spaces *l, struct txn *t, const struct lost_text *x)
{
    bool sought = true, found = false;
    struct space_row newest;
    struct pool_row p;

    OBJ_CHECK(l, LOST_MAGIC);
    if (is_found(l, x)) return true;
    for (uint32_t i = 0; i < x->n && sought && !found; i++) {
        if (!pool_row_get(t, x->pools[i], &p) || p.kind != POOL_RANDOM ||
            !space_row_get(t, pool_newest(&p), &newest) || !is_searched(l, &newest, x->text))
            continue;
        sought = l->tries < l->tries_max;
        found = sought && search(l, t, &newest, x->text);
    }
    l->unsought += sought ? 0 : 1;
    return found;
}

uint64_t lost_unsought(const struct lost_spaces *l) { return l->unsought; }

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
