// By the key alone, of whatever vocabulary: an event does not say of which one a name is.
#include "service/vocabulary/master.h"
#include "service/vocabulary/vocabulary_db.h"

static void children(struct txn *t, client_id c, str id, query_master_each *each, void *arg)
{
    struct element_id e = {.key = digest16_of(id, (str){0})};
    bool first = true;
    struct digest16 before;
    struct element_row row;
    str child;

    for (; element_type_next(t, c, &e.key, first ? NULL : &before, &e.type); first = false) {
        before = e.type;
        if (!element_get(t, c, &e, &row)) continue;
        for (uint32_t i = 0; i < row.children; i++)
            if (child_get(t, c, &e, i, &child)) each(arg, child);
    }
}

static void attribute(struct txn *t, client_id c, const str id_and_name[2], query_master_each *each,
                      void *arg)
{
    struct element_id e = {.key = digest16_of(id_and_name[0], (str){0})};
    bool first = true;
    struct digest16 before;
    struct attr_row row;
    struct arena a;

    arena_init(&a, 4 * MB);
    for (; element_type_next(t, c, &e.key, first ? NULL : &before, &e.type); first = false) {
        before = e.type;
        if (!attr_get(t, c, &e, id_and_name[1], &row)) continue;
        arena_reset(&a);
        if (attr_value(t, &a, &row).cls == ST_OK) each(arg, row.value);
    }
    arena_fini(&a);
}

const struct query_master_ops vocabulary_master = {children, attribute};
