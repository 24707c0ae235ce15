// The routes of all rooms as one tree of path segments, so that finding one costs the depth of its
// path and not the number of routes. A literal segment is preferred to a {name}; where that leads
// nowhere the {name} is tried. Built at the server's open, read by all loops, never changed.
#include "common/http_tree.h"
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX 16

struct node {
    str name;
    struct node **child; // sorted by name
    size_t children;
    struct node *any; // the {name} child
    bool ends;        // by_method holds something
    const struct http_route *by_method[HTTP_METHODS];
};

struct http_tree {
    struct node root;
};

// Where `name` is, or would be, among the children.
static size_t place(const struct node *n, str name, bool *found)
{
    size_t from = 0, to = n->children;

    *found = false;
    while (from < to && !*found) {
        size_t mid = (from + to) / 2;
        int d = str_cmp(name, n->child[mid]->name);
        if (d > 0)
            from = mid + 1;
        else
            to = mid;
        if (d == 0) {
            from = mid;
            *found = true;
        }
    }
    return from;
}

static struct node *node_new(str name)
{
    struct node *n = calloc(1, sizeof *n);

    assert(n != NULL);
    n->name = name;
    return n;
}

static struct node *child_of(struct node *n, str name)
{
    bool found;

    if (name.n > 0 && name.p[0] == '{') {
        if (n->any == NULL) n->any = node_new(name);
        return n->any;
    }
    size_t at = place(n, name, &found);
    if (found) return n->child[at];
    n->child = realloc(n->child, (n->children + 1) * sizeof(struct node *));
    assert(n->child != NULL);
    memmove(n->child + at + 1, n->child + at, (n->children - at) * sizeof(struct node *));
    n->children++;
    return n->child[at] = node_new(name);
}

static void add(struct http_tree *t, const struct http_route *r)
{
    struct node *n = &t->root;
    str rest = str_of(r->path), head;
    unsigned params = 0;

    for (const char *p = r->path; *p != 0; p++) params += *p == '{';
    assert(params <= HTTP_PARAMS_MAX && (unsigned)r->method < HTTP_METHODS);
    assert(str_cut(&rest, '/', &head) && head.n == 0); // our own tables
    assert((r->run == NULL) != (r->stream == NULL) && r->roles != NULL);
    while (str_cut(&rest, '/', &head)) n = child_of(n, head);
    n = child_of(n, rest);
    assert(n->by_method[r->method] == NULL); // no route twice
    n->by_method[r->method] = r;
    n->ends = true;
}

struct http_tree *http_tree_new(const struct http_route *const *tables)
{
    struct http_tree *t = calloc(1, sizeof *t);

    assert(t != NULL);
    for (; *tables != NULL; tables++)
        for (const struct http_route *r = *tables; r->path != NULL; r++) add(t, r);
    return t;
}

static void node_fini(struct node *n)
{
    for (size_t i = 0; i < n->children; i++) {
        node_fini(n->child[i]);
        free(n->child[i]);
    }
    if (n->any != NULL) node_fini(n->any);
    free(n->any);
    free(n->child);
}

void http_tree_free(struct http_tree **t)
{
    if (*t == NULL) return;
    node_fini(&(*t)->root);
    free(*t);
    *t = NULL;
}

static const struct node *match(const struct node *n, const str *segment, size_t left, str *param)
{
    bool found;

    if (left == 0) return n->ends ? n : NULL;
    size_t at = place(n, *segment, &found);
    if (found) {
        const struct node *hit = match(n->child[at], segment + 1, left - 1, param);
        if (hit != NULL) return hit;
    }
    if (n->any == NULL || segment->n == 0) return NULL;
    *param = *segment;
    return match(n->any, segment + 1, left - 1, param + 1);
}

status http_tree_find(const struct http_tree *t, str path, struct arena *a, struct http_match *out)
{
    str segment[SEGMENTS_MAX], rest = path, raw;
    str param[SEGMENTS_MAX + 1] = {{0}};
    size_t n = 0;
    bool more = str_cut(&rest, '/', &raw); // what is before the first slash is empty

    *out = (struct http_match){0};
    while (more) {
        more = str_cut(&rest, '/', &raw);
        if (n == SEGMENTS_MAX) return OK; // deeper than any route
        TRY(http_decode(more ? raw : rest, false, a, &segment[n]));
        n++;
    }
    const struct node *hit = n == 0 ? NULL : match(&t->root, segment, n, param);
    if (hit == NULL) return OK;
    out->by_method = hit->by_method;
    memcpy(out->param, param, sizeof out->param);
    return OK;
}
