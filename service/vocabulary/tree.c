#include "service/vocabulary/tree.h"
#include "common/bytes.h"
#include "common/xml.h"

static uint32_t count(const struct epcis_node *n, bool attributes)
{
    uint32_t all = 0;

    for (; n != NULL; n = n->next) all += n->is_attribute == attributes && !(attributes && n->ns);
    return all;
}

static void pack_attributes(const struct epcis_node *n, struct buf *out)
{
    bytes_var(out, count(n, true));
    for (; n != NULL; n = n->next) {
        if (!n->is_attribute || n->ns != NULL) continue;
        bytes_str(out, n->name);
        bytes_str(out, n->text);
    }
}

static status pack(const struct epcis_node *n, unsigned depth, struct buf *out)
{
    if (depth > EPCIS_NODE_DEPTH_MAX)
        return fail(ST_BAD_INPUT, "vocabulary.limit", 0, "an attribute is nested too deeply");
    bytes_var(out, count(n, false));
    for (; n != NULL; n = n->next) {
        if (n->is_attribute) continue;
        bytes_str(out, n->ns != NULL ? n->ns->uri : (str){0});
        bytes_str(out, n->name);
        bytes_str(out, n->kind == NODE_NULL ? (str){0} : n->text);
        pack_attributes(n->child, out);
        TRY(pack(n->child, depth + 1, out));
    }
    return OK;
}

status vocabulary_tree_pack(const struct epcis_node *chain, struct buf *out)
{
    return count(chain, false) > 0 ? pack(chain, 0, out) : OK;
}

// ---- reading it again

struct reading {
    struct bytes_r in;
    struct arena *a;
    bool names; // XML's alone
};

static struct epcis_node *node_add(struct reading *x, struct epcis_node ***end)
{
    struct epcis_node *n = NEW(x->a, struct epcis_node);

    if (n == NULL) {
        x->in.bad = true;
        return NULL;
    }
    **end = n;
    *end = &n->next;
    return n;
}

static void ns_read(struct reading *x, struct epcis_node *n, str uri)
{
    struct epcis_ns *ns = NEW(x->a, struct epcis_ns);

    if (ns == NULL) {
        x->in.bad = true;
        return;
    }
    *ns = (struct epcis_ns){
        .prefix = {"v", 1},
          .uri = uri
    };
    n->ns = ns;
}

static bool is_name(const struct reading *x, str name)
{
    return !x->names || xml_is_any_ncname(name);
}

static bool is_value(str ns, str name) { return ns.n == 0 && str_eq(name, S("@value")); }

static void attributes_read(struct reading *x, struct epcis_node ***end)
{
    for (uint64_t n = bytes_get_var(&x->in); n > 0 && !x->in.bad; n--) {
        str name = bytes_get_str(&x->in), value = bytes_get_str(&x->in);
        if (!is_name(x, name)) continue;
        struct epcis_node *attr = node_add(x, end);
        if (attr == NULL) return;
        attr->name = name;
        attr->text = value;
        attr->is_attribute = true;
    }
}

// A list is what has children without a name.
static enum epcis_node_kind kind_of(const struct epcis_node *n)
{
    if (n->child == NULL) return NODE_TEXT;
    return n->child->name.n == 0 ? NODE_ARRAY : NODE_PARENT;
}

static void nodes_read(struct reading *x, struct epcis_node **end, unsigned depth)
{
    uint64_t n = bytes_get_var(&x->in);
    struct epcis_node muted, *to;

    if (depth > EPCIS_NODE_DEPTH_MAX) x->in.bad = true;
    for (; n > 0 && !x->in.bad; n--) {
        str ns = bytes_get_str(&x->in), name = bytes_get_str(&x->in), text = bytes_get_str(&x->in);
        to = is_name(x, name) || is_value(ns, name) ? node_add(x, &end) : &muted;
        if (to == NULL) return;
        *to = (struct epcis_node){.name = name, .text = text};
        if (ns.n > 0) ns_read(x, to, ns);
        struct epcis_node **inner = &to->child;
        attributes_read(x, &inner);
        nodes_read(x, inner, depth + 1);
        to->kind = kind_of(to);
    }
}

status vocabulary_tree_read(str packed, bool xml, struct arena *a, struct epcis_node **out)
{
    struct reading x = {.in = bytes_reader(packed), .a = a, .names = xml};
    struct epcis_node *first = NULL;

    *out = NULL;
    if (packed.n == 0) return OK;
    nodes_read(&x, &first, 0);
    *out = first;
    if (!bytes_end(&x.in)) return fail(ST_STORE, "record.corrupt", 0, "an attribute breaks off");
    return OK;
}
