#include "service/event/leaving.h"
#include "service/journal/journal_db.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"

void leaving_look(struct leaving *x, struct txn *t, struct arena *a, unit_id container)
{
    struct fact f;

    *x = (struct leaving){
        .levels = {.t = t, .arena = a}
    };
    for (unit_id u = container; u.v != 0 && x->n < PRODUCT_LEVELS_MAX; x->n++) {
        struct unit row = unit_one(x->levels.t, u);
        f = (struct fact){0};
        if (row.first != 0 && journal_get_header(x->levels.t, row.first, &f).cls != ST_OK)
            txn_spoil(x->levels.t, "store.corrupt", "the first event of a container");
        x->at[x->n] = u;
        x->lot[x->n] = f.lot;
        x->level[x->n] = f.lot == 0 ? 0 : level_of_unit(&x->levels, u, f.lot);
        u = row.parent;
    }
}

static void move_one(struct txn *t, struct lot_counts *c, uint8_t from, uint8_t to, enum count what)
{
    if (c->level[from].of[what] == 0)
        txn_spoil(t, "store.corrupt", "a lot's counter would fall below none");
    c->level[from].of[what]--;
    c->level[to].of[what]++;
}

static void move(struct txn *t, unit_id u, uint32_t lot, uint8_t from, uint8_t to)
{
    struct lot_counts c = lot_counts_get(t, lot);
    struct unit row = unit_one(t, u);
    enum count as = unit_counts_as(&row);

    move_one(t, &c, from, to, COUNT_COMMISSIONED);
    if (as != 0) move_one(t, &c, from, to, as);
    if (row.parent.v != 0) move_one(t, &c, from, to, COUNT_PACKED);
    lot_counts_put(t, lot, &c);
}

void leaving_count(struct leaving *x)
{
    for (uint32_t i = 0; i < x->n; i++) {
        if (x->lot[i] == 0) continue;
        uint8_t level = level_of_unit(&x->levels, x->at[i], x->lot[i]);
        if (level != x->level[i]) move(x->levels.t, x->at[i], x->lot[i], x->level[i], level);
    }
}

void leaving_write(struct txn *t, struct arena *a, unit_id u, unit_id parent)
{
    struct run one = {u, 1};
    struct leaving x;

    leaving_look(&x, t, a, parent);
    children_remove(t, parent, &(struct runs){&one, 1, 1});
    leaving_count(&x);
}
