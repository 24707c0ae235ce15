#include "service/demo/demo_doc.h"
#include "common/json.h"
#include <libxml/xmlreader.h>
#include <string.h>

static bool start(struct demo_event *e, struct arena *a)
{
    str *epcs = e->epcs != NULL ? e->epcs : NEW_ARRAY(a, str, DEMO_EPCS_MAX);

    *e = (struct demo_event){.epcs = epcs};
    return epcs != NULL;
}

static void json_epcs(struct json_r *r, struct demo_event *e)
{
    for (json_array(r); json_item(r);) {
        str epc = json_string(r);
        if (e->count < DEMO_EPCS_MAX)
            e->epcs[e->count++] = epc;
        else
            json_fail(r, "demo.too_many", "more than %u objects in one event", DEMO_EPCS_MAX);
    }
}

static void json_event(struct json_r *r, struct demo_event *e)
{
    str k;

    for (json_object(r); json_key(r, &k);) {
        if (str_eq(k, S("eventID")))
            e->id = json_string(r);
        else if (str_eq(k, S("action")))
            e->action = json_string(r);
        else if (str_eq(k, S("bizStep")))
            e->step = json_string(r);
        else if (str_eq(k, S("parentID")))
            e->parent = json_string(r);
        else if (str_eq(k, S("epcList")) || str_eq(k, S("childEPCs")))
            json_epcs(r, e);
        else
            json_raw(r);
    }
}

static void json_events(struct json_r *r, struct arena *a, demo_each *each, void *self)
{
    struct demo_event e = {0};

    for (json_array(r); json_item(r);) {
        if (!start(&e, a))
            json_fail(r, "demo.memory", "no room for another event");
        else
            json_event(r, &e);
        if (r->st.cls == ST_OK) each(self, &e);
    }
}

status demo_doc_json(str doc, struct arena *a, demo_each *each, void *self)
{
    struct json_r r = json_reader(doc, a);
    str k;

    for (json_object(&r); json_key(&r, &k);) {
        if (!str_eq(k, S("epcisBody"))) {
            json_raw(&r);
            continue;
        }
        for (json_object(&r); json_key(&r, &k);) {
            if (str_eq(k, S("eventList")))
                json_events(&r, a, each, self);
            else
                json_raw(&r);
        }
    }
    return json_r_end(&r);
}

// --- XML ---

static bool is_name(xmlTextReaderPtr r, const char *name)
{
    return strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static str text_of(xmlTextReaderPtr r, struct arena *a)
{
    xmlChar *text = xmlTextReaderReadString(r);
    str s = str_trim(arena_str(a, str_of((const char *)text)));

    xmlFree(text);
    return s;
}

static void xml_element(xmlTextReaderPtr r, struct arena *a, struct demo_event *e)
{
    if (is_name(r, "eventID"))
        e->id = text_of(r, a);
    else if (is_name(r, "action"))
        e->action = text_of(r, a);
    else if (is_name(r, "bizStep"))
        e->step = text_of(r, a);
    else if (is_name(r, "parentID"))
        e->parent = text_of(r, a);
    else if (is_name(r, "epc") && e->count < DEMO_EPCS_MAX)
        e->epcs[e->count++] = text_of(r, a);
}

static bool is_event(xmlTextReaderPtr r)
{
    return is_name(r, "ObjectEvent") || is_name(r, "AggregationEvent");
}

status demo_doc_xml(str doc, struct arena *a, demo_each *each, void *self)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlTextReaderPtr r = xmlReaderForMemory(doc.p, (int)doc.n, NULL, NULL, options);
    struct demo_event e = {0};
    bool inside = false;
    int more = r == NULL ? -1 : xmlTextReaderRead(r);

    for (; more == 1; more = xmlTextReaderRead(r)) {
        int type = xmlTextReaderNodeType(r);
        if (type == XML_READER_TYPE_ELEMENT && is_event(r))
            inside = start(&e, a);
        else if (type == XML_READER_TYPE_ELEMENT && inside)
            xml_element(r, a, &e);
        else if (type == XML_READER_TYPE_END_ELEMENT && inside && is_event(r)) {
            each(self, &e);
            inside = false;
        }
    }
    if (r != NULL) xmlFreeTextReader(r);
    return more == 0 ? OK : fail(ST_BAD_INPUT, "demo.xml", 0, "the XML is not well-formed");
}
