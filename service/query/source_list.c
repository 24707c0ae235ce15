// source_list.c - lists are read a few items at a time, more where they are walked and few where
// they are jumped through.
#include "service/query/source_list.h"
#include <stdlib.h>
#include <string.h>

#define READ_FIRST 4u

static int by_place(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void source_set(struct source *s, bool ascending, uint64_t *seqs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) seqs[i] = place_of(ascending, seqs[i]);
    if (n > 1) qsort(seqs, n, sizeof *seqs, by_place);
    *s = (struct source){.is_set = true, .at = seqs, .n = n, .ended = true};
}

void source_rewind(struct source *s)
{
    s->next = 0;
    if (s->is_set) return;
    s->n = 0;
    s->ended = false;
}

static void read_from(const struct sources *x, struct source *s, uint64_t from)
{
    size_t (*read)(struct txn *, client_id, enum list_attribute, str, uint64_t, uint64_t *,
                   size_t) = x->ascending ? list_of : list_back;

    s->n = (uint32_t)read(x->t, x->client, s->of, s->value, place_of(x->ascending, from), s->at,
                          s->read);
    s->ended = s->n < s->read;
    s->next = 0;
    for (uint32_t i = 0; !x->ascending && i < s->n; i++) s->at[i] = place_of(false, s->at[i]);
}

// Past all that is below `from` in what was read.
static void skip(struct source *s, uint64_t from)
{
    uint32_t low = s->next, high = s->n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (s->at[mid] < from)
            low = mid + 1;
        else
            high = mid;
    }
    s->next = low;
}

uint64_t source_seek(const struct sources *x, struct source *s, uint64_t from)
{
    bool walked = s->next < s->n;

    if (walked && s->at[s->next] >= from) return s->at[s->next];
    skip(s, from);
    if (s->next < s->n) return s->at[s->next];
    if (s->ended) return PLACE_END;
    // The place wanted is just behind what was read, or far behind.
    bool near = s->n > 0 && from <= s->at[s->n - 1] + 1;
    s->read = s->n == 0 || !near          ? READ_FIRST
              : s->read * 4 < SOURCE_READ ? s->read * 4
                                          : SOURCE_READ;
    read_from(x, s, from);
    return s->n > 0 ? s->at[0] : PLACE_END;
}

uint64_t choice_seek(const struct sources *x, struct choice *c, uint64_t from)
{
    uint64_t first = PLACE_END;

    for (uint32_t i = 0; i < c->n && first != from; i++) {
        uint64_t at = source_seek(x, &c->sources[i], from);
        if (at < first) first = at;
    }
    return first;
}

status choice_add(struct choice *c, struct arena *a, const struct source *s)
{
    if (c->n == c->room) {
        uint32_t room = c->room == 0 ? 4 : 2 * c->room;
        struct source *more = NEW_ARRAY(a, struct source, room);
        if (more == NULL) return no_memory();
        if (c->n > 0) memcpy(more, c->sources, c->n * sizeof *more);
        c->sources = more;
        c->room = room;
    }
    struct source *kept = &c->sources[c->n];
    *kept = *s;
    if (!s->is_set) {
        kept->at = NEW_ARRAY(a, uint64_t, SOURCE_READ);
        kept->value = arena_str(a, s->value);
        if (kept->at == NULL || kept->value.p == NULL) return no_memory();
    }
    c->n++;
    return OK;
}
