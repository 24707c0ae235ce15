// write_master.c - master data, in a header or a document of their own: vocabularies, their
// elements, and of these attributes and children. Elements of one vocabulary that stand together
// share it.
//
// The value of an attribute may be a tree of somebody's own; what it names is declared at the
// attribute, for an element is no event and the document knows nothing of it.
#include "service/epcis/json_node.h"
#include "service/epcis/xml_out.h"
#include <string.h>

typedef const struct epcis_vocabulary_element element;
typedef const struct epcis_vocabulary_attr attr;

// Is the element of another vocabulary than the one that is open? Then it is of the next one.
static bool begins(struct epcis_doc *d, element *e)
{
    struct sha256 type = sha256_of(e->type);
    bool same = d->list.open && memcmp(&type, &d->list.vocabulary, sizeof type) == 0;

    d->list.vocabulary = type;
    return !same;
}

// A list has no name, and is the value itself.
static bool is_list(attr *a) { return a->content != NULL && a->content->name.n == 0; }

static status names_collect(struct epcis_doc *d, attr *a)
{
    arena_reset(&d->scratch);
    return epcis_used_collect_nodes(d, a->content);
}

// ---- JSON

static void json_names(struct epcis_doc *d)
{
    struct json_w *w = &d->w.json;

    if (d->used == NULL) return;
    json_w_key(w, S("@context"));
    json_w_object(w);
    for (const struct epcis_used *u = d->used; u != NULL; u = u->next)
        json_w_kstr(w, str_z(&d->scratch, u->prefix), u->ns->uri);
    json_w_end(w);
}

static status json_attr(struct epcis_doc *d, attr *a)
{
    struct json_w *w = &d->w.json;

    TRY(names_collect(d, a));
    json_w_object(w);
    json_w_kstr(w, "id", a->id);
    json_w_key(w, S("attribute"));
    if (a->content == NULL) {
        json_w_str(w, a->text);
    } else if (is_list(a)) {
        epcis_json_item(d, a->content);
    } else {
        json_w_object(w);
        json_names(d);
        epcis_json_inner(d, a->content);
        if (a->text.n > 0) json_w_kstr(w, "@value", a->text);
        json_w_end(w);
    }
    json_w_end(w);
    return OK;
}

status epcis_json_element(struct epcis_doc *d, element *e)
{
    struct json_w *w = &d->w.json;

    if (begins(d, e)) {
        epcis_json_elements_end(d);
        json_w_object(w);
        json_w_kstr(w, "type", e->type);
        json_w_key(w, S("vocabularyElementList"));
        json_w_array(w);
        d->list.open = true;
    }
    json_w_object(w);
    json_w_kstr(w, "id", e->id);
    if (e->attr_count > 0) {
        json_w_key(w, S("attributes"));
        json_w_array(w);
        for (uint32_t i = 0; i < e->attr_count; i++) TRY(json_attr(d, &e->attrs[i]));
        json_w_end(w);
    }
    if (e->children.n > 0) {
        json_w_key(w, S("children"));
        json_w_array(w);
        for (uint32_t i = 0; i < e->children.n; i++) json_w_str(w, e->children.at[i]);
        json_w_end(w);
    }
    json_w_end(w);
    return OK;
}

void epcis_json_elements_end(struct epcis_doc *d)
{
    if (d->list.open) {
        json_w_end(&d->w.json);
        json_w_end(&d->w.json);
    }
    d->list.open = false;
}

// ---- XML

static status xml_attribute(struct epcis_doc *d, attr *a)
{
    struct xml_w *w = &d->w.xml;

    if (is_list(a))
        return fail(ST_CONFLICT, "epcis.not_in_xml", 0, "master data: XML has no lists of values");
    TRY(names_collect(d, a));
    xml_open(w, S("attribute"));
    xml_attr(w, S("id"), a->id);
    xml_out_declare(d);
    TRY(xml_out_attributes(d, a->content));
    xml_text(w, a->text);
    TRY(xml_out_inner(d, a->content));
    xml_close(w);
    return w->st;
}

status epcis_xml_element(struct epcis_doc *d, element *e)
{
    struct xml_w *w = &d->w.xml;

    if (begins(d, e)) {
        epcis_xml_elements_end(d);
        xml_open(w, S("Vocabulary"));
        xml_attr(w, S("type"), e->type);
        xml_open(w, S("VocabularyElementList"));
        d->list.open = true;
    }
    xml_open(w, S("VocabularyElement"));
    xml_attr(w, S("id"), e->id);
    for (uint32_t i = 0; i < e->attr_count; i++) TRY(xml_attribute(d, &e->attrs[i]));
    if (e->children.n > 0) {
        xml_open(w, S("children"));
        for (uint32_t i = 0; i < e->children.n; i++) xml_leaf(w, S("id"), e->children.at[i]);
        xml_close(w);
    }
    xml_close(w);
    return w->st;
}

void epcis_xml_elements_end(struct epcis_doc *d)
{
    if (d->list.open) {
        xml_close(&d->w.xml);
        xml_close(&d->w.xml);
    }
    d->list.open = false;
}
