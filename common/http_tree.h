// http_tree.h - the routes of all rooms, found by path.
#pragma once
#include "common/http.h"

struct http_tree;
struct http_tree *http_tree_new(const struct http_route *const *tables);
void http_tree_free(struct http_tree **t);
struct http_match {
    const struct http_route *const *by_method; // NULL: no such path
    str param[HTTP_PARAMS_MAX];
};
// Decodes the path's segments into the arena where they are escaped; refuses bad escapes.
status http_tree_find(const struct http_tree *t, str path, struct arena *a, struct http_match *out);
