// Runs on shapers and loops, in the snapshot of the render.
#include "service/event/event_attributes.h"
#include "common/arena.h"
#include "common/bytes.h"

static const struct epcis_ns ours = {
    {"packtrail",           9 },
    {"urn:packtrail:epcis", 19}
};

struct chain { // children of one node, in order
    struct epcis_node *first, **end;
};

struct adding {
    struct event_render *r;
    struct chain numbers;
    bool failed;
};

static struct epcis_node *add(struct adding *x, struct chain *to, str name, str text)
{
    struct epcis_node *n = NEW(x->r->arena, struct epcis_node);

    if (n == NULL) return x->failed = true, NULL;
    *n = (struct epcis_node){.ns = &ours, .name = name};
    n->text = arena_str(x->r->arena, text);
    x->failed = x->failed || n->text.p == NULL;
    if (to->end == NULL) to->end = &to->first;
    *to->end = n;
    to->end = &n->next;
    return n;
}

// Several of a name, each with children.
static void add_many(struct adding *x, struct chain *to, str name, struct epcis_node *children)
{
    struct epcis_node *n = add(x, to, name, S(""));

    if (n == NULL) return;
    n->kind = NODE_PARENT;
    n->in_array = true;
    n->child = children;
}

static void add_number(struct adding *x, const struct list_number *number)
{
    struct bytes_pairs pairs = bytes_pairs(number->attributes);
    struct chain own = {0};
    str name, value;

    if (pairs.left == 0) return;
    add(x, &own, S("serial"), number->text);
    while (bytes_pair(&pairs, &name, &value)) {
        struct chain attribute = {0};
        add(x, &attribute, S("name"), name);
        add(x, &attribute, S("value"), value);
        add_many(x, &own, S("attribute"), attribute.first);
    }
    add_many(x, &x->numbers, S("number"), own.first);
}

static void add_runs(struct adding *x, const struct runs *runs)
{
    struct list_number number;
    unit_id u;

    for (struct run_walk w = runs_walk(runs); !x->failed && run_next(&w, &u);) {
        const struct space_row *s = names_space(x->r->names, x->r->t, unit_space(u));
        if (s == NULL || s->sort != SPACE_OF_LIST || !list_number_get(x->r->t, u, &number))
            continue;
        add_number(x, &number);
    }
}

status event_attributes_add(struct event_render *r, const struct fact *f, struct event_parts *parts)
{
    struct adding x = {.r = r};
    struct chain all = {0};
    struct report report;
    struct touched touched;
    struct bytes_r rest;

    if (f->kind != FACT_UNITS_COMMISSIONED || parts->n == 0) return OK;
    TRY(report_get(f->decided, r->arena, &report, &touched, &rest));
    add_runs(&x, &touched.runs);
    if (x.numbers.first != NULL) {
        struct epcis_node *numbers = add(&x, &all, S("numbers"), S(""));
        if (numbers != NULL) {
            numbers->kind = NODE_PARENT;
            numbers->child = x.numbers.first;
            parts->at[0].event.ext = numbers;
        }
    }
    if (x.failed) return fail(ST_TOO_LARGE, "event.memory", 0, "an event needs too much memory");
    return txn_status(r->t);
}
