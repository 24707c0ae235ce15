#include "service/trade/cargo.h"
#include "service/event/inside.h"
#include "service/unit/unit_db.h"

#define WORK_MAX (256 * MB) // of INSIDE_MAX units; it is taken as it is needed

static void add_lot(struct cargo *c, uint32_t lot)
{
    for (uint32_t i = 0; i < c->lot_count; i++)
        if (c->lots[i] == lot) return;
    if (lot != 0) c->lots[c->lot_count++] = lot;
}

static bool is_sscc(const struct inside_reader *r, uint32_t space)
{
    const struct space_row *s = names_space(r->names, r->t, space);
    return s != NULL && s->sort == SPACE_OF_SSCC;
}

static status own_lot(struct txn *t, const struct unit *u, uint32_t *lot)
{
    struct fact first = {0};

    if (u->first != 0) TRY(journal_get_header(t, u->first, &first));
    *lot = first.lot;
    return OK;
}

// `r` counts in an arena of its own, which the next container's may use again.
static status look_into(const struct inside_reader *r, struct arena *a, unit_id u,
                        struct cargo *out)
{
    struct unit x = unit_one(r->t, u);
    struct inside inside;
    uint32_t lot;

    TRY(inside_of(r, u, &inside));
    TRY(own_lot(r->t, &x, &lot));
    struct cargo c = {.seen = x.last, .flags = inside.flags, .newest = inside.newest};
    c.lots = NEW_ARRAY(a, uint32_t, inside.n + 1);
    if (c.lots == NULL) return no_memory();
    if (!is_sscc(r, unit_space(u))) add_lot(&c, lot);
    for (uint32_t i = 0; i < inside.n; i++)
        if (!is_sscc(r, inside.parts[i].space)) add_lot(&c, inside.parts[i].lot);
    if (x.last > c.newest) c.newest = x.last;
    *out = c;
    return OK;
}

status cargo_of(const struct site *site, struct txn *t, struct arena *a, unit_id u,
                struct cargo *out)
{
    struct arena work;

    arena_init(&work, WORK_MAX);
    struct inside_reader r = {t, names_here(site), &work};
    status st = look_into(&r, a, u, out);
    arena_fini(&work);
    return st;
}
