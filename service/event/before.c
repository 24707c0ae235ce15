// Runs in the committer.
#include "service/event/before.h"
#include <stdlib.h>
#include <string.h>

static bool has_room(struct before *b)
{
    uint32_t room = b->room == 0 ? 8 : 2 * b->room;

    if (b->n < b->room) return true;
    struct ask *more = NEW_ARRAY(b->d->arena, struct ask, room);
    if (more == NULL) return false;
    if (b->n > 0) memcpy(more, b->asks, b->n * sizeof *more);
    b->asks = more;
    b->room = room;
    return true;
}

struct report_ask *before_add(struct before *b, enum report_type type)
{
    struct report_ask *r = NEW(b->d->arena, struct report_ask);

    b->no_room |= r == NULL || !has_room(b);
    if (b->no_room) return NULL;
    *r = *b->ask;
    r->type = type;
    r->fields.id = (str){0};
    r->repeat = (struct repeat_key){.by = REPEAT_NONE};
    r->parent = r->to = (unit_id){0};
    r->units = (struct runs){0};
    r->each = r->commission = r->partial = r->goes_on = false;
    r->left_out = NULL;
    r->left_out_n = 0;
    r->derived = true;
    b->asks[b->n++] = (struct ask){.kind = report_kind(type), .what = r};
    return r;
}

struct runs before_runs(struct before *b, const unit_id *units, uint32_t n)
{
    struct runs r = runs_of(b->d->arena, units, n);

    b->no_room |= r.at == NULL;
    return r;
}

static int by_parent(const void *a, const void *b)
{
    const struct inside *x = a, *y = b;

    if (x->parent.v != y->parent.v) return x->parent.v > y->parent.v ? 1 : -1;
    return (x->unit.v > y->unit.v) - (x->unit.v < y->unit.v);
}

void before_unpack(struct before *b, struct inside *all, uint32_t n)
{
    unit_id *units = NEW_ARRAY(b->d->arena, unit_id, (size_t)n + 1);

    b->no_room |= units == NULL;
    if (units == NULL) return;
    qsort(all, n, sizeof *all, by_parent);
    for (uint32_t i = 0; i < n; i++) units[i] = all[i].unit;
    for (uint32_t i = 0, k; i < n; i = k) {
        for (k = i; k < n && all[k].parent.v == all[i].parent.v;) k++;
        struct report_ask *r = before_add(b, REPORT_UNPACK);
        if (r == NULL) return;
        r->parent = all[i].parent;
        r->ends = b->ends;
        // It gets what comes out, or ends by the report itself.
        r->goes_on = r->parent.v == b->ask->parent.v || runs_hold(&b->ask->units, r->parent);
        r->units = before_runs(b, units + i, k - i);
    }
}

status before_guard(struct judge *j, unit_id u, const struct unit *x)
{
    struct unit parent = unit_one(j->d->t, x->parent);
    struct unit_change change;

    TRY(judge_guard(j, u, ACT_BE_UNPACKED, x, &change));
    return judge_guard(j, x->parent, ACT_UNPACK_FROM, &parent, &change);
}

bool before_end(struct before *b, status *st)
{
    b->d->first = b->asks;
    b->d->first_n = b->n;
    if (b->no_room) *st = no_memory();
    return b->no_room || b->n > 0;
}
