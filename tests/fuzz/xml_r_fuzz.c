// xml_r_fuzz.c - the XML reader against libxml2: what ours takes libxml2 takes, and both give the
// same elements, namespaces, attributes and texts in the same order.
//
// libxml2 takes more: document types, entities, undeclared prefixes, other encodings, any depth.
// Further claims: a refusal has a reason, a sentence and a place within the input; an element that
// is passed over whole is refused or taken like one that is read piece by piece.
#include "common/xml_r.h"
#include <libxml/parser.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static str of(const xmlChar *z) { return str_of((const char *)z); }

static void names(const struct xml_name *n, const xmlChar *local, const xmlNs *ns)
{
    assert(str_eq(n->local, of(local)));
    assert(str_eq(n->uri, ns != NULL ? of(ns->href) : S("")));
    assert(str_eq(n->prefix, ns != NULL ? of(ns->prefix) : S("")));
}

static void attributes(xmlNode *node, const struct xml_r *r)
{
    uint32_t i = 0;

    for (const xmlAttr *a = node->properties; a != NULL; a = a->next, i++) {
        xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
        assert(i < r->attr_count);
        names(&r->attrs[i].name, a->name, a->ns);
        assert(str_eq(r->attrs[i].value, of(value)));
        xmlFree(value);
    }
    assert(i == r->attr_count);
}

static bool is_text(const xmlNode *n)
{
    return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}
static bool is_aside(const xmlNode *n)
{
    return n->type == XML_COMMENT_NODE || n->type == XML_PI_NODE;
}

// The text that begins at *n, and moves over its nodes.
static void text_collect(xmlNode **n, struct buf *b)
{
    buf_reset(b);
    for (; *n != NULL && (is_text(*n) || is_aside(*n)); *n = (*n)->next)
        if (is_text(*n)) buf_add(b, of((*n)->content));
}

// The element that r has just entered, to its end. Ours bounds the depth.
static void element(xmlNode *node, struct xml_r *r, struct buf *b)
{
    xmlNode *next = node->children;
    str text;

    names(&r->name, node->name, node->ns);
    attributes(node, r);
    for (;;) {
        enum xml_token token = xml_r_next(r, &text);
        text_collect(&next, b);
        if (token == XML_TEXT) {
            assert(str_eq(text, buf_str(b)));
            token = xml_r_next(r, &text);
        } else {
            assert(b->n == 0);
        }
        if (token == XML_END) break;
        assert(token == XML_START && next != NULL && next->type == XML_ELEMENT_NODE);
        element(next, r, b);
        next = next->next;
    }
    assert(next == NULL);
}

static void compare(str in, struct arena *a)
{
    // Without NOENT libxml2 leaves "&amp;" in a namespace's name as "&#38;".
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE |
                  XML_PARSE_NOENT;
    xmlDoc *doc = xmlReadMemory(in.p, (int)in.n, NULL, NULL, options);
    struct xml_r r;
    struct buf b;
    str text;

    assert(doc != NULL);
    buf_init(&b, 8 * MB);
    xml_r_init(&r, in, a);
    bool root = xml_r_root(&r);
    assert(root);
    element(xmlDocGetRootElement(doc), &r, &b);
    enum xml_token last = xml_r_next(&r, &text);
    status st = xml_r_end(&r);
    assert(last == XML_NONE && st.cls == ST_OK);
    buf_fini(&b);
    xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str in = {(const char *)data, n}, text;
    struct arena a;
    struct xml_r r;

    arena_init(&a, 8 * MB);
    xml_r_init(&r, in, &a);
    while (xml_r_next(&r, &text) != XML_NONE) {}
    status st = xml_r_end(&r);
    xml_r_init(&r, in, &a);
    if (xml_r_root(&r)) xml_r_skip(&r);
    status skipped = xml_r_end(&r);
    assert(skipped.cls == st.cls && skipped.at == st.at);
    if (st.cls == ST_OK)
        compare(in, &a);
    else
        assert(st.reason != NULL && st.text[0] != 0 && st.at <= n &&
               str_is_utf8(str_of(st.text), NULL));
    arena_fini(&a);
    return 0;
}
