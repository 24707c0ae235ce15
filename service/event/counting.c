#include "service/event/counting.h"
#include "common/arena.h"
#include <string.h>

static struct counted *room_for(struct counts *c, struct arena *a)
{
    if (c->n < c->room) return &c->at[c->n++];
    uint32_t room = c->room == 0 ? 8 : 2 * c->room;
    struct counted *at = NEW_ARRAY(a, struct counted, room);
    c->no_room |= at == NULL;
    if (at == NULL) return NULL;
    if (c->n > 0) memcpy(at, c->at, c->n * sizeof *at);
    c->at = at;
    c->room = room;
    return &c->at[c->n++];
}

void counts_add(struct counts *c, struct arena *a, const struct counted *more)
{
    if (more->lot == 0) return;
    for (uint32_t i = c->n; i-- > 0;) {
        struct counted *x = &c->at[i];
        if (x->lot != more->lot || x->level != more->level || x->what != more->what) continue;
        x->more += more->more;
        return;
    }
    struct counted *x = room_for(c, a);
    if (x != NULL) *x = *more;
}

void counts_step(struct counts *c, struct arena *a, const struct counted *of,
                 const struct unit *before, const struct unit *after)
{
    struct counted less = {of->lot, of->level, (uint8_t)unit_counts_as(before), -1};
    struct counted more = {of->lot, of->level, (uint8_t)unit_counts_as(after), 1};

    if (less.what == more.what) return;
    if (less.what != 0) counts_add(c, a, &less);
    if (more.what != 0) counts_add(c, a, &more);
}

void counts_put(struct buf *b, const struct counts *c)
{
    bytes_var(b, c->n);
    for (uint32_t i = 0; i < c->n; i++) {
        bytes_var(b, c->at[i].lot);
        bytes_u(b, c->at[i].level, 1);
        bytes_u(b, c->at[i].what, 1);
        bytes_zig(b, c->at[i].more);
    }
}

bool counts_get(struct bytes_r *in, struct arena *a, struct counts *out)
{
    uint64_t n = bytes_get_var(in);

    *out = (struct counts){0};
    if (in->bad || n > (uint64_t)(in->end - in->p) / 4) return false; // one takes four or more
    out->at = NEW_ARRAY(a, struct counted, n + 1);
    if (out->at == NULL) return false;
    for (; out->n < n; out->n++) {
        struct counted *x = &out->at[out->n];
        x->lot = (uint32_t)bytes_get_var(in);
        x->level = (uint8_t)bytes_get_u(in, 1);
        x->what = (uint8_t)bytes_get_u(in, 1);
        x->more = bytes_get_zig(in);
        if (x->level >= PRODUCT_LEVELS_MAX || x->what >= COUNT_END) return false;
    }
    return !in->bad;
}
