// check_node.c - what extensions and ILMD may be made of, whatever they are written to. The rules
// of XML's names are for its writer.
#include "service/epcis/check.h"

static status refuse(const char *says) { return fail(ST_BAD_INPUT, "epcis.field", 0, "%s", says); }

static bool is_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) return false;
    return str_is_utf8(s, NULL);
}

static status node_check(const struct epcis_node *n, bool named)
{
    if (n->ns != NULL && (n->ns->uri.n == 0 || !str_is_utf8(n->ns->uri, NULL)))
        return refuse("a namespace has no URI");
    if ((named && n->name.n == 0) || !is_name(n->name) || !str_is_utf8(n->text, NULL))
        return refuse("an extension is not a name, or its text is not UTF-8");
    return OK;
}

static status chain_check(const struct epcis_node *n, bool named, unsigned depth)
{
    if (n != NULL && depth == EPCIS_NODE_DEPTH_MAX) return refuse("extensions are nested too deep");
    for (; n != NULL; n = n->next) {
        TRY(node_check(n, named));
        TRY(chain_check(n->child, n->kind != NODE_ARRAY, depth + 1));
    }
    return OK;
}

status epcis_nodes_check(const struct epcis_node *chain) { return chain_check(chain, true, 0); }
