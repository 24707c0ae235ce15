// read_json_node.c - extensions in: first the values, then what their keys mean.
#include "service/epcis/json_node.h"
#include <stdlib.h>
#include <string.h>

#define KEY_MAX ((size_t)2048) // bytes of a key; more is abuse

// A node that is not resolved yet: where its key begins, and that of its siblings in an array.
struct raw_node {
    struct epcis_node node;
    uint32_t at;
    uint32_t context_at; // of the value of a @context
};

static struct raw_node *raw(struct epcis_node *n) { return (struct raw_node *)(void *)n; }

// ---- values

static void value(struct json_r *r, struct epcis_chain *chain, str key, uint32_t at, unsigned depth,
                  bool in_array);

static struct epcis_node *node_add(struct json_r *r, struct epcis_chain *chain, str name,
                                   uint32_t at)
{
    struct raw_node *n = NEW(r->arena, struct raw_node);

    if (n == NULL) {
        json_refuse(r, no_memory());
        return NULL;
    }
    n->node.name = name;
    n->at = at;
    if (chain->first == NULL)
        chain->first = &n->node;
    else
        chain->last->next = &n->node;
    chain->last = &n->node;
    return &n->node;
}

static void context_add(struct json_r *r, struct epcis_chain *chain, uint32_t at)
{
    struct epcis_node *n = node_add(r, chain, S("@context"), at);

    if (n == NULL) return;
    n->kind = NODE_NULL;
    n->text = json_raw(r);
    raw(n)->context_at = (uint32_t)r->mark;
}

static bool key_is_good(struct json_r *r, str key)
{
    if (key.n > 0 && key.n <= KEY_MAX) return true;
    json_fail(r, "epcis.field", "a field's name has 1 to %zu bytes", KEY_MAX);
    return false;
}

static void object(struct json_r *r, struct epcis_node *n, unsigned depth)
{
    struct epcis_chain members = {0};
    str key;

    n->kind = NODE_PARENT;
    for (json_object(r); json_key(r, &key);) {
        uint32_t at = (uint32_t)r->mark;
        if (str_eq(key, S("@context")))
            context_add(r, &members, at);
        else if (key_is_good(r, key))
            value(r, &members, key, at, depth + 1, false);
    }
    n->child = members.first;
}

static void array(struct json_r *r, struct epcis_node *n, uint32_t at, unsigned depth)
{
    struct epcis_chain items = {0};

    for (json_array(r); json_item(r);) value(r, &items, (str){"", 0}, at, depth + 1, false);
    n->child = items.first;
    n->kind = items.first != NULL ? NODE_ARRAY : NODE_EMPTY_ARRAY;
}

// An array is its items, side by side under one name; an empty one has to be told apart.
static void array_of_member(struct json_r *r, struct epcis_chain *chain, str key, uint32_t at,
                            unsigned depth)
{
    struct epcis_node *n;
    bool any = false;

    for (json_array(r); json_item(r); any = true) value(r, chain, key, at, depth, true);
    if (any || r->st.cls != ST_OK) return;
    n = node_add(r, chain, key, at);
    if (n != NULL) n->kind = NODE_EMPTY_ARRAY;
}

static void value(struct json_r *r, struct epcis_chain *chain, str key, uint32_t at, unsigned depth,
                  bool in_array)
{
    enum json_type type = json_peek(r);

    if (depth == EPCIS_NODE_DEPTH_MAX) {
        json_fail(r, "json.depth", "extensions are nested deeper than %u", EPCIS_NODE_DEPTH_MAX);
        return;
    }
    if (type == JSON_ARRAY && !in_array && key.n > 0) {
        array_of_member(r, chain, key, at, depth);
        return;
    }
    struct epcis_node *n = node_add(r, chain, key, at);
    if (n == NULL) return;
    n->in_array = in_array;
    switch (type) {
    case JSON_STRING: n->text = json_string(r); break;
    case JSON_NUMBER:
        n->kind = NODE_NUMBER;
        n->text = json_number(r);
        break;
    case JSON_BOOL:
        n->kind = NODE_BOOL;
        n->text = json_bool(r) ? S("true") : S("false");
        break;
    case JSON_NULL:
        n->kind = NODE_NULL;
        json_null(r);
        break;
    case JSON_ARRAY: array(r, n, at, depth); break;
    case JSON_OBJECT: object(r, n, depth); break;
    case JSON_NONE: json_raw(r); break; // which says what is wrong
    }
}

void epcis_json_member(struct json_r *r, struct epcis_chain *chain, str key)
{
    uint32_t at = (uint32_t)r->mark;

    if (str_eq(key, S("@context")))
        context_add(r, chain, at);
    else if (key_is_good(r, key))
        value(r, chain, key, at, 0, false);
}

void epcis_json_extension(struct json_r *r, struct epcis_chain *chain, str key)
{
    bool context = str_eq(key, S("@context"));

    if (!context && (memchr(key.p, ':', key.n) == NULL || key.p[0] == '@'))
        json_unknown(r, key);
    else
        epcis_json_member(r, chain, key);
}

struct epcis_node *epcis_json_value(struct json_r *r)
{
    struct epcis_chain chain = {0};

    value(r, &chain, (str){"", 0}, (uint32_t)r->at, 0, false);
    return r->st.cls == ST_OK ? chain.first : NULL;
}

// ---- keys

static status failed_at(status st, uint32_t at)
{
    st.at = at;
    return st;
}

static status twice(const struct epcis_node *n, uint32_t at)
{
    str name = json_shown(n->name);

    return fail(ST_BAD_INPUT, "json.twice", at, "the field \"%.*s\" is there twice", STR(name));
}

static int by_key(const void *a, const void *b)
{
    struct epcis_node *x = *(struct epcis_node *const *)a, *y = *(struct epcis_node *const *)b;
    int c = str_cmp(x->name, y->name);

    return c != 0 ? c : (raw(x)->at > raw(y)->at) - (raw(x)->at < raw(y)->at);
}

// The same key again, before keys become names. Few are compared each with each, many are sorted.
static status keys_differ(struct arena *a, struct epcis_node *first)
{
    enum { FEW = 8 };
    struct epcis_node *few[FEW], **at = few;
    uint32_t n = 0, i = 0;

    for (struct epcis_node *x = first, *before = NULL; x != NULL; before = x, x = x->next)
        n += before == NULL || raw(x)->at != raw(before)->at;
    if (n < 2) return OK;
    if (n > FEW) at = NEW_ARRAY(a, struct epcis_node *, n);
    if (at == NULL) return no_memory();
    for (struct epcis_node *x = first, *before = NULL; x != NULL; before = x, x = x->next)
        if (before == NULL || raw(x)->at != raw(before)->at) at[i++] = x;
    if (n > FEW) qsort(at, n, sizeof *at, by_key);
    for (i = 1; i < n; i++) {
        uint32_t k = n > FEW ? i - 1 : 0;
        for (; k < i; k++)
            if (str_eq(at[k]->name, at[i]->name)) return twice(at[i], raw(at[i])->at);
    }
    return OK;
}

static bool is_context(const struct epcis_node *n)
{
    return n->ns == NULL && str_eq(n->name, S("@context"));
}

bool epcis_json_has_context(const struct epcis_node *chain)
{
    while (chain != NULL && !is_context(chain)) chain = chain->next;
    return chain != NULL;
}

static status context_take(struct epcis_contexts *c, struct epcis_node **chain,
                           const struct epcis_term **scope)
{
    for (; *chain != NULL; chain = &(*chain)->next) {
        struct epcis_node *n = *chain;
        if (!is_context(n)) continue;
        *chain = n->next;
        status st = epcis_context_read(c, n->text, scope);
        return st.cls == ST_OK ? st : failed_at(st, raw(n)->context_at + st.at);
    }
    return OK;
}

static status items_resolve(struct epcis_contexts *c, struct epcis_node *n,
                            const struct epcis_term *scope);

static status children_resolve(struct epcis_contexts *c, struct epcis_node *n,
                               const struct epcis_term *scope)
{
    const struct epcis_term *inner = scope;

    if (n->kind == NODE_ARRAY) return items_resolve(c, n->child, scope);
    return n->kind == NODE_PARENT ? epcis_json_resolve(c, &n->child, &inner) : OK;
}

static status items_resolve(struct epcis_contexts *c, struct epcis_node *n,
                            const struct epcis_term *scope)
{
    for (; n != NULL; n = n->next) TRY(children_resolve(c, n, scope));
    return OK;
}

status epcis_json_resolve(struct epcis_contexts *c, struct epcis_node **chain,
                          const struct epcis_term **scope)
{
    TRY(keys_differ(c->arena, *chain));
    TRY(context_take(c, chain, scope));
    for (struct epcis_node *n = *chain; n != NULL; n = n->next) {
        str key = n->name;
        if (n->ns == NULL && key.n > 0) {
            status st = epcis_key_resolve(c, *scope, key, &n->ns, &n->name);
            if (st.cls != ST_OK) return failed_at(st, raw(n)->at);
        }
        TRY(children_resolve(c, n, *scope));
    }
    return OK;
}
