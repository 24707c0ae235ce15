#include "service/vocabulary/master_run.h"
#include "service/vocabulary/master.h"
#include "service/vocabulary/tree.h"
#include "service/vocabulary/vocabulary_db.h"
#include <stdlib.h>
#include <string.h>

#define RUN_MAGIC  0x3a57e49eu
#define WITHIN_MAX 10000u // elements within those that WD_name names

struct keys { // a set; open addressing
    struct digest16 *at;
    uint32_t n, room;
    uint32_t *table; // index + 1
    uint32_t slots;
};

struct master_run {
    unsigned magic;
    struct master_conf c;
    struct arena own, scratch;
    struct keys eq, wd;
    struct digest16 *types;
    uint32_t type_count;
    bool all_types, by_name;
    // Where it is:
    uint32_t name, type;  // of the names; of the vocabularies
    struct digest16 at;   // the vocabulary walked, where all are
    struct digest16 last; // the element looked at last in it
    bool in_type, walks;
    uint64_t looks;
    struct element_id *hits;
    uint32_t n, told;
    bool done;
    status st; // of expanding
};

// ---- sets of keys

static status keys_make(struct keys *k, struct arena *a, uint32_t room)
{
    k->room = room;
    k->slots = 4 * room;
    k->at = NEW_ARRAY(a, struct digest16, room);
    k->table = NEW_ARRAY(a, uint32_t, k->slots);
    return k->at != NULL && k->table != NULL ? OK : no_memory();
}

static uint32_t keys_slot(const struct keys *k, const struct digest16 *d)
{
    uint32_t h = (uint32_t)get_be(d->b, 4);

    for (;; h++) {
        uint32_t at = k->table[h % k->slots];
        if (at == 0 || memcmp(&k->at[at - 1], d, sizeof *d) == 0) return h % k->slots;
    }
}

static bool keys_has(const struct keys *k, const struct digest16 *d)
{
    return k->table[keys_slot(k, d)] != 0;
}

static status keys_add(struct master_run *r, struct keys *k, str name, str *key)
{
    struct buf b;

    buf_init(&b, 16 * KB);
    status st = vocabulary_key((str){0}, name, &r->scratch, &b);
    if (st.cls == ST_OK) *key = arena_str(&r->own, buf_str(&b));
    buf_fini(&b);
    TRY(st);
    if (key->p == NULL) return no_memory();
    struct digest16 d = digest16_of(*key, (str){0});
    uint32_t slot = keys_slot(k, &d);
    if (k->table[slot] != 0) return *key = (str){0}, OK;
    if (k->n == k->room)
        return fail(ST_TOO_LARGE, "query.too_complex", 0, "more than %u elements lie within",
                    k->room);
    k->at[k->n++] = d;
    k->table[slot] = k->n;
    return OK;
}

// ---- within

struct spread {
    struct master_run *r;
    str *texts; // keys to be looked at, one for each in the set
    status st;
};

static void within_add(void *arg, str name)
{
    struct spread *s = arg;
    uint32_t n = s->r->wd.n;
    str key;

    if (s->st.cls != ST_OK) return;
    s->st = keys_add(s->r, &s->r->wd, name, &key);
    if (s->st.cls == ST_OK && s->r->wd.n > n) s->texts[n] = key;
}

// Each element is taken once, so that children which are their own parents end it too.
static status within(struct master_run *r, struct txn *t)
{
    struct spread s = {r, NEW_ARRAY(&r->own, str, WITHIN_MAX), OK};

    if (s.texts == NULL) return no_memory();
    TRY(keys_make(&r->wd, &r->own, WITHIN_MAX));
    for (uint32_t i = 0; i < r->c.q->wd.n; i++) within_add(&s, r->c.q->wd.at[i]);
    for (uint32_t i = 0; i < r->wd.n && s.st.cls == ST_OK; i++)
        vocabulary_master.children(t, r->c.client, s.texts[i], within_add, &s);
    return s.st;
}

static status names_make(struct master_run *r, struct txn *t)
{
    const struct master_query *q = r->c.q;
    str key;

    if (q->wd.n > 0) TRY(within(r, t));
    if (q->eq.n > 0) TRY(keys_make(&r->eq, &r->own, q->eq.n));
    for (uint32_t i = 0; i < q->eq.n; i++) TRY(keys_add(r, &r->eq, q->eq.at[i], &key));
    r->by_name = q->eq.n > 0 || q->wd.n > 0;
    r->type_count = q->types.n;
    r->all_types = q->types.n == 0;
    r->types = NEW_ARRAY(&r->own, struct digest16, q->types.n + 1);
    r->hits = NEW_ARRAY(&r->own, struct element_id, (size_t)r->c.elements_max + 1);
    if (r->types == NULL || r->hits == NULL) return no_memory();
    for (uint32_t i = 0; i < q->types.n; i++) r->types[i] = digest16_of(q->types.at[i], (str){0});
    return OK;
}

status master_run_new(const struct master_conf *c, struct txn *t, struct master_run **out)
{
    struct master_run *r = calloc(1, sizeof *r);

    assert(r != NULL);
    r->magic = RUN_MAGIC;
    r->c = *c;
    arena_init(&r->own, 32 * MB);
    arena_init(&r->scratch, 64 * MB);
    status st = names_make(r, t);
    if (st.cls == ST_OK)
        *out = r;
    else
        master_run_free(&r);
    return st;
}

void master_run_free(struct master_run **rp)
{
    struct master_run *r = *rp;

    *rp = NULL;
    if (r == NULL) return;
    OBJ_CHECK(r, RUN_MAGIC);
    arena_fini(&r->own);
    arena_fini(&r->scratch);
    r->magic = 0;
    free(r);
}

// ---- does an element fit?

static bool type_wanted(const struct master_run *r, const struct digest16 *type)
{
    bool wanted = r->all_types;

    for (uint32_t i = 0; i < r->type_count && !wanted; i++)
        wanted = memcmp(&r->types[i], type, sizeof *type) == 0;
    return wanted;
}

static bool has_one(struct master_run *r, struct txn *t, const struct element_id *id)
{
    struct attr_row row;

    for (uint32_t i = 0; i < r->c.q->has.n; i++)
        if (attr_get(t, r->c.client, id, r->c.q->has.at[i], &row)) return true;
    return r->c.q->has.n == 0;
}

static status attrs_fit(struct master_run *r, struct txn *t, const struct element_id *id, bool *out)
{
    struct attr_row row;

    *out = true;
    for (const struct master_attr *a = r->c.q->attrs; a != NULL && *out; a = a->next) {
        *out = false;
        if (!attr_get(t, r->c.client, id, a->name, &row)) continue;
        arena_reset(&r->scratch);
        TRY(attr_value(t, &r->scratch, &row));
        for (uint32_t i = 0; i < a->n && !*out; i++) *out = str_eq(a->values[i], row.value);
    }
    return OK;
}

static status look(struct master_run *r, struct txn *t, const struct element_id *id)
{
    bool fits = type_wanted(r, &id->type);

    if (++r->looks > r->c.looks_max)
        return fail(ST_TOO_LARGE, "query.too_complex", 0,
                    "more than %llu elements had to be looked at: ask for less",
                    (unsigned long long)r->c.looks_max);
    fits = fits && (r->c.q->eq.n == 0 || keys_has(&r->eq, &id->key));
    fits = fits && (r->c.q->wd.n == 0 || keys_has(&r->wd, &id->key));
    if (fits) fits = has_one(r, t, id);
    if (fits) TRY(attrs_fit(r, t, id, &fits));
    if (!fits) return OK;
    bool asked = r->c.q->most > 0 && r->n == r->c.q->most;
    if (asked || r->n == r->c.elements_max)
        return fail(ST_TOO_LARGE, "query.too_large", 0, "more than %u elements fit", r->n);
    r->hits[r->n++] = *id;
    return OK;
}

// ---- turns

// All elements of the next name, in whatever vocabularies.
static status name_step(struct master_run *r, struct txn *t)
{
    const struct keys *k = r->c.q->eq.n > 0 ? &r->eq : &r->wd;
    struct element_id id;
    struct digest16 before;
    bool first = true;

    if (r->name == k->n) return r->done = true, OK;
    id.key = k->at[r->name++];
    for (; element_type_next(t, r->c.client, &id.key, first ? NULL : &before, &id.type);
         first = false) {
        before = id.type;
        TRY(look(r, t, &id));
    }
    return OK;
}

static bool type_go(struct master_run *r, struct txn *t)
{
    r->in_type = false;
    if (r->all_types)
        return vocabulary_type_next(t, r->c.client, r->type++ == 0 ? NULL : &r->at, &r->at);
    if (r->type == r->type_count) return false;
    r->at = r->types[r->type++];
    return true;
}

static status walk_step(struct master_run *r, struct txn *t)
{
    struct element_id id;

    if (!r->walks) {
        if (!type_go(r, t)) return r->done = true, OK;
        r->walks = true;
    }
    id.type = r->at;
    if (!element_next(t, r->c.client, &r->at, r->in_type ? &r->last : NULL, &id.key)) {
        r->walks = false;
        return OK;
    }
    r->in_type = true;
    r->last = id.key;
    return look(r, t, &id);
}

static int hit_order(const void *a, const void *b)
{
    const struct element_id *x = a, *y = b;
    int order = memcmp(&x->type, &y->type, sizeof x->type);

    return order != 0 ? order : memcmp(&x->key, &y->key, sizeof x->key);
}

// A vocabulary that is named twice has its elements once.
static void hits_order(struct master_run *r)
{
    uint32_t n = 0;

    if (r->n > 0) qsort(r->hits, r->n, sizeof *r->hits, hit_order);
    for (uint32_t i = 0; i < r->n; i++)
        if (n == 0 || hit_order(&r->hits[n - 1], &r->hits[i]) != 0) r->hits[n++] = r->hits[i];
    r->n = n;
}

bool master_run_turn(struct master_run *r, struct txn *t, uint32_t looks, status *st)
{
    OBJ_CHECK(r, RUN_MAGIC);
    *st = OK;
    for (uint32_t i = 0; i < looks && !r->done && st->cls == ST_OK; i++)
        *st = r->by_name ? name_step(r, t) : walk_step(r, t);
    if (st->cls == ST_OK) *st = txn_status(t);
    if (st->cls != ST_OK) return false;
    if (r->done) hits_order(r);
    return !r->done;
}

// ---- telling

static bool name_wanted(const struct master_query *q, str name)
{
    for (uint32_t i = 0; i < q->names.n; i++)
        if (str_eq(q->names.at[i], name)) return true;
    return q->names.n == 0;
}

static status attribute_take(struct master_run *r, struct txn *t, struct attr_row *row, bool xml,
                             struct epcis_vocabulary_attr *out)
{
    TRY(attr_value(t, &r->scratch, row));
    *out = (struct epcis_vocabulary_attr){.id = arena_str(&r->scratch, row->name),
                                          .text = arena_str(&r->scratch, row->value)};
    str tree = arena_str(&r->scratch, row->tree);
    if (out->id.p == NULL || out->text.p == NULL || tree.p == NULL) return no_memory();
    return vocabulary_tree_read(tree, xml, &r->scratch, &out->content);
}

static status attributes_take(struct master_run *r, struct txn *t, const struct element_id *id,
                              bool xml, struct epcis_vocabulary_element *e)
{
    struct epcis_vocabulary_attr *all = NULL;
    uint32_t room = 0;
    struct attr_row row = {
        .name = {"", 0}
    };

    while (attr_next(t, r->c.client, id, row.name, &row)) {
        if (!name_wanted(r->c.q, row.name)) continue;
        if (e->attr_count == room) {
            struct epcis_vocabulary_attr *more =
                NEW_ARRAY(&r->scratch, struct epcis_vocabulary_attr, 2 * (size_t)room + 8);
            if (more == NULL) return no_memory();
            if (room > 0) memcpy(more, all, room * sizeof *all);
            e->attrs = all = more;
            room = 2 * room + 8;
        }
        TRY(attribute_take(r, t, &row, xml, &all[e->attr_count]));
        row.name = all[e->attr_count++].id;
    }
    return txn_status(t);
}

static status children_take(struct master_run *r, struct txn *t, const struct element_id *id,
                            uint32_t n, struct epcis_vocabulary_element *e)
{
    str *all = NEW_ARRAY(&r->scratch, str, (size_t)n + 1), child;

    if (all == NULL) return no_memory();
    for (uint32_t i = 0; i < n; i++) {
        if (!child_get(t, r->c.client, id, i, &child)) continue;
        all[e->children.n] = arena_str(&r->scratch, child);
        if (all[e->children.n++].p == NULL) return no_memory();
    }
    e->children.at = all;
    return txn_status(t);
}

static status element_write(struct master_run *r, struct txn *t, const struct element_id *id,
                            struct epcis_doc *d)
{
    bool xml = d->conf.format != EPCIS_JSON_2_0;
    struct epcis_vocabulary_element e = {.attrs = NULL};
    struct element_row row;

    arena_reset(&r->scratch);
    if (!element_get(t, r->c.client, id, &row)) return txn_status(t);
    e.type = arena_str(&r->scratch, row.type);
    e.id = arena_str(&r->scratch, row.id);
    if (e.type.p == NULL || e.id.p == NULL) return no_memory();
    if (r->c.q->attributes) TRY(attributes_take(r, t, id, xml, &e));
    if (r->c.q->children) TRY(children_take(r, t, id, row.children, &e));
    return epcis_doc_element(d, &e);
}

bool master_run_write(struct master_run *r, struct txn *t, uint32_t n, struct epcis_doc *d,
                      status *st)
{
    OBJ_CHECK(r, RUN_MAGIC);
    assert(r->done);
    *st = OK;
    for (; n > 0 && r->told < r->n && st->cls == ST_OK; n--)
        *st = element_write(r, t, &r->hits[r->told++], d);
    return st->cls == ST_OK && r->told < r->n;
}
