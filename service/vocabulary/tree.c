#include "service/vocabulary/tree.h"
#include "common/bytes.h"

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

// ---- telling

struct telling {
    struct bytes_r in;
    struct xml_w *w;
    struct buf name;
    unsigned muted; // inside elements that XML cannot name
};

static void open(struct telling *x, str ns, str name)
{
    buf_reset(&x->name);
    if (ns.n > 0) buf_add(&x->name, S("v:"));
    buf_add(&x->name, name);
    xml_open(x->w, buf_str(&x->name));
    if (ns.n > 0) xml_attr(x->w, S("xmlns:v"), ns);
}

static void tell_attributes(struct telling *x)
{
    uint64_t n = bytes_get_var(&x->in);

    while (n-- > 0 && !x->in.bad) {
        str name = bytes_get_str(&x->in), value = bytes_get_str(&x->in);
        if (x->muted == 0 && !x->in.bad && xml_is_any_ncname(name)) xml_attr(x->w, name, value);
    }
}

static void tell(struct telling *x, unsigned depth)
{
    uint64_t n = bytes_get_var(&x->in);

    if (depth > EPCIS_NODE_DEPTH_MAX) x->in.bad = true;
    while (n-- > 0 && !x->in.bad) {
        str ns = bytes_get_str(&x->in), name = bytes_get_str(&x->in), text = bytes_get_str(&x->in);
        bool named = !x->in.bad && xml_is_any_ncname(name);
        bool value = x->muted == 0 && ns.n == 0 && str_eq(name, S("@value"));
        if (value) xml_text(x->w, text);
        if (!named) x->muted++;
        if (x->muted == 0) open(x, ns, name);
        tell_attributes(x);
        if (x->muted == 0 && text.n > 0) xml_text(x->w, text);
        tell(x, depth + 1);
        if (x->muted == 0) xml_close(x->w);
        if (!named) x->muted--;
    }
}

status vocabulary_tree_write(str packed, struct xml_w *w)
{
    struct telling x = {.in = bytes_reader(packed), .w = w};

    if (packed.n == 0) return OK;
    buf_init(&x.name, 64 * KB);
    tell(&x, 0);
    buf_fini(&x.name);
    if (!bytes_end(&x.in)) return fail(ST_STORE, "record.corrupt", 0, "an attribute breaks off");
    return w->st;
}
