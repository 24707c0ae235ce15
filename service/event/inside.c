// Breadth first, so that the rows of one level, mostly neighbours, are read one after the other.
#include "service/event/inside.h"
#include "service/journal/journal_db.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <string.h>

struct queued {
    unit_id container;
    struct queued *next;
};

struct count {
    const struct inside_reader *r;
    struct inside *out;
    struct unit_rows rows;
    struct queued *head, **tail;
    uint64_t first; // the last first event asked for, and
    uint32_t lot;   // the lot that it gave
    status st;
};

static uint32_t lot_of(struct count *c, uint64_t first)
{
    struct fact f;

    if (first == 0 || first == c->first) return first == 0 ? 0 : c->lot;
    status st = journal_get_header(c->r->t, first, &f);
    if (st.cls != ST_OK) return c->st = st, 0;
    c->first = first;
    return c->lot = f.lot;
}

static struct inside_part *add_part(struct count *c)
{
    struct inside *o = c->out;

    if (o->n == o->cap) {
        uint32_t cap = o->cap ? 2 * o->cap : 16;
        struct inside_part *more = NEW_ARRAY(c->r->arena, struct inside_part, cap);
        if (more == NULL) return c->st = no_memory(), NULL;
        if (o->n > 0) memcpy(more, o->parts, o->n * sizeof *more);
        o->parts = more;
        o->cap = cap;
    }
    return &o->parts[o->n++];
}

// The part of these units: nearly always the last one.
static struct inside_part *part_of(struct count *c, uint32_t space, uint32_t lot)
{
    struct inside *o = c->out;

    for (uint32_t i = o->n; i-- > 0;)
        if (o->parts[i].space == space && o->parts[i].lot == lot) return &o->parts[i];
    struct inside_part *p = add_part(c);
    if (p != NULL) *p = (struct inside_part){space, lot, 0};
    return p;
}

static void enqueue(struct count *c, unit_id u)
{
    struct queued *q = NEW(c->r->arena, struct queued);

    if (q == NULL) {
        c->st = no_memory();
        return;
    }
    q->container = u;
    *c->tail = q;
    c->tail = &q->next;
}

static void take_run(struct count *c, const struct run *run)
{
    uint32_t space = unit_space(run->first);
    const struct space_row *s = names_space(c->r->names, c->r->t, space);
    bool containers = s != NULL && space_is_container(s);

    for (uint32_t i = 0; i < run->count && c->st.cls == ST_OK; i++) {
        unit_id u = {run->first.v + i};
        struct unit x = unit_get(&c->rows, u);
        struct inside_part *p = part_of(c, space, lot_of(c, x.first));
        if (p == NULL) return;
        p->count++;
        c->out->flags |= x.flags;
        if (x.last > c->out->newest) c->out->newest = x.last;
        if (containers) enqueue(c, u);
    }
    c->out->units += run->count;
}

status inside_directly(struct txn *t, unit_id container, struct arena *a, struct runs *out)
{
    struct runs children = children_get(t, container, a);

    // None is also what it says when the arena was full.
    if (children.n == 0 && children_count(t, container) > 0) return no_memory();
    *out = children;
    return OK;
}

static void take_container(struct count *c, unit_id u)
{
    struct runs children = {0};

    c->st = inside_directly(c->r->t, u, c->r->arena, &children);
    for (uint32_t i = 0; i < children.n && c->st.cls == ST_OK; i++) take_run(c, &children.at[i]);
    if (c->out->units > INSIDE_MAX)
        c->st = fail(ST_STORE, "store.corrupt", 0, "containers lie in one another");
}

status inside_of(const struct inside_reader *r, unit_id container, struct inside *out)
{
    struct inside found = {0};
    struct count c = {.r = r, .out = &found, .st = OK};

    c.tail = &c.head;
    unit_rows_read(&c.rows, r->t);
    take_container(&c, container);
    for (; c.head != NULL && c.st.cls == ST_OK; c.head = c.head->next)
        take_container(&c, c.head->container);
    if (c.st.cls == ST_OK) c.st = txn_status(r->t);
    if (c.st.cls == ST_OK) *out = found;
    return c.st;
}
