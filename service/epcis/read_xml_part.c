// read_xml_part.c - how each kind of element of EPCIS is taken: times, words, lists, places, error
// declarations, sensor data. What an element is called and where it stands is read_xml.c's.
#include "service/epcis/xml_in.h"
#include <string.h>

void *xml_list_add(struct xml_in *x, struct xml_list *l, size_t size)
{
    if (l->n == l->room) {
        uint32_t room = l->room == 0 ? 4 : l->room * 2;
        char *p = arena_alloc(x->arena, room * size), *old = l->at;
        if (p == NULL) return xml_in_full(x), NULL;
        for (size_t i = 0; i < l->n * size; i++) p[i] = old[i];
        l->at = p;
        l->room = room;
    }
    return (char *)l->at + l->n++ * size;
}

// ---- what does not belong

bool xml_in_is_epcis(str uri)
{
    static const str heads[] = {
        {"urn:epcglobal:epcis:xsd:",            24},
        {"urn:epcglobal:epcis-query:xsd:",      30},
        {"urn:epcglobal:epcis-masterdata:xsd:", 35},
    };

    for (size_t i = 0; i < LEN(heads); i++)
        if (str_starts(uri, heads[i])) return true;
    return false;
}

#define SHOWN_MAX 32 // of a stranger's name in a sentence

void xml_in_attribute_unknown(struct xml_in *x, const struct xml_r_attr *a)
{
    str name = str_shown(a->name.local, SHOWN_MAX), element = str_shown(x->r.name.local, SHOWN_MAX);

    xml_r_at(&x->r, a);
    xml_r_fail(&x->r, "epcis.unknown_attribute", "%.*s has no attribute %.*s", STR(element),
               STR(name));
}

void xml_in_no_attributes(struct xml_in *x)
{
    for (uint32_t i = 0; i < x->r.attr_count; i++)
        if (!xml_in_is_xsi(&x->r.attrs[i].name)) xml_in_attribute_unknown(x, &x->r.attrs[i]);
}

void xml_in_element_unknown(struct xml_in *x)
{
    str name = str_shown(x->r.name.local, SHOWN_MAX);

    // REQ EPCIS-XML-NAMESPACE: only the root is qualified; a default namespace makes all others so
    if (xml_in_is_epcis(x->r.name.uri))
        xml_r_fail(&x->r, "epcis.namespace",
                   "%.*s has EPCIS' namespace, but must have none: only the document has it",
                   STR(name));
    else
        xml_r_fail(&x->r, "epcis.unknown_element", "%.*s is not known here", STR(name));
}

// ---- sequences

const struct xml_slot *xml_in_slot(const struct xml_slot *slots, str name)
{
    for (; slots->take != NULL; slots++)
        if (str_eq(slots->name, name)) return slots;
    return NULL;
}

// Where a sequence stands: rows before `at` are over.
struct walk {
    const struct xml_slot *slots, *last;
    unsigned at;
    uint64_t seen;
    bool foreign; // elements of others have begun: they come last
};

// The row of the child just entered, which is in its place; NULL and failed when it is not.
static const struct xml_slot *slot_take(struct xml_in *x, struct walk *w)
{
    str name = x->r.name.local;
    const struct xml_slot *s = &w->slots[w->at]; // mostly it is the next

    if (s->take == NULL || !str_eq(s->name, name)) s = xml_in_slot(w->slots, name);
    if (s == NULL || !str_eq(x->r.name.uri, x->uri)) return xml_in_element_unknown(x), NULL;
    unsigned i = (unsigned)(s - w->slots);
    bool twice = (w->seen >> i & 1) != 0 && !s->many;
    name = str_shown(name, SHOWN_MAX);
    if (twice)
        xml_r_fail(&x->r, "epcis.twice", "%.*s is there twice", STR(name));
    else if (w->foreign && !s->anywhere && !x->lenient)
        xml_r_fail(&x->r, "epcis.order", "%.*s stands behind elements of others", STR(name));
    else if (i < w->at && !s->anywhere && !x->lenient)
        xml_r_fail(&x->r, "epcis.order", "%.*s stands behind %.*s", STR(name), STR(w->last->name));
    if (x->r.st.cls != ST_OK) return NULL;
    w->seen |= (uint64_t)1 << i;
    w->at = s->many ? i : i + 1;
    w->last = s;
    return s;
}

static void required_check(struct xml_in *x, const struct walk *w, size_t mark)
{
    for (unsigned i = 0; w->slots[i].take != NULL && !x->lenient; i++) {
        if (!w->slots[i].required || (w->seen >> i & 1) != 0) continue;
        x->r.mark = mark;
        xml_r_fail(&x->r, "epcis.missing", "%.*s is missing", STR(w->slots[i].name));
    }
}

// Elements of others come last; for a lenient reader also what has no namespace and no row.
static bool is_foreign(const struct xml_in *x, const struct walk *w)
{
    str uri = x->r.name.uri;

    if (uri.n > 0) return !str_eq(uri, x->uri) && !xml_in_is_epcis(uri);
    return x->lenient && xml_in_slot(w->slots, x->r.name.local) == NULL;
}

static bool is_wrapper(const struct xml_in *x)
{
    return x->lenient && (xml_is(&x->r.name, S(""), S("extension")) ||
                          xml_is(&x->r.name, S(""), S("baseExtension")));
}

static void members(struct xml_in *x, struct walk *w, void *into, struct epcis_node **end)
{
    while (xml_r_child(&x->r)) {
        while (end != NULL && *end != NULL) end = &(*end)->next; // wrappers add to it, too
        if (end != NULL && is_wrapper(x)) {
            members(x, w, into, end);
            continue;
        }
        if (end != NULL && is_foreign(x, w)) {
            w->foreign = true;
            xml_in_node(x, &end);
            continue;
        }
        const struct xml_slot *s = slot_take(x, w);
        if (s == NULL) return;
        // what wrappers hold stands for itself, at the end of the chain
        bool wrapper = s->take == xml_take_others || s->take == xml_take_unknown;
        s->take(x, s, wrapper ? (void *)&end : (char *)into + s->at);
    }
}

void xml_in_sequence(struct xml_in *x, const struct xml_slot *slots, void *into,
                     struct epcis_node **ext)
{
    struct epcis_node **end = ext; // of the chain
    struct walk w = {.slots = slots};
    size_t mark = x->r.mark;

    if (ext == NULL)
        xml_in_no_attributes(x);
    else
        xml_in_attributes(x, &end);
    members(x, &w, into, end);
    required_check(x, &w, mark);
}

static void children(struct xml_in *x, bool local, struct epcis_node ***end)
{
    while (xml_r_child(&x->r)) {
        str uri = x->r.name.uri;
        if ((uri.n == 0 && !local) || xml_in_is_epcis(uri))
            xml_in_element_unknown(x);
        else
            xml_in_node(x, end);
    }
}

void xml_take_others(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    (void)slot;
    children(x, false, field);
}

void xml_take_unknown(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    (void)slot;
    children(x, true, field);
}

// ---- texts, words, times

static str leaf(struct xml_in *x)
{
    xml_in_no_attributes(x);
    return xml_r_token(&x->r);
}

void xml_take_text(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    (void)slot;
    *(str *)field = leaf(x);
}

// prefix:rest as the URI that its namespace makes of it, where it has one.
static bool curie_expand(struct xml_in *x, str text, str *out)
{
    str rest = text, prefix;

    if (!str_cut(&rest, ':', &prefix) || prefix.n == 0 || str_starts(rest, S("//"))) return false;
    const struct xml_ns *ns = xml_r_ns(&x->r, prefix);
    if (ns == NULL) return false;
    char *p = arena_alloc(x->arena, ns->uri.n + rest.n);
    if (p == NULL) return xml_in_full(x), false;
    for (size_t i = 0; i < ns->uri.n; i++) p[i] = ns->uri.p[i];
    for (size_t i = 0; i < rest.n; i++) p[ns->uri.n + i] = rest.p[i];
    *out = (str){p, ns->uri.n + rest.n};
    return true;
}

str xml_in_word(struct xml_in *x, enum epcis_vocabulary v, str text)
{
    str word = text, uri;

    if (text.n == 0) return text;
    status st = epcis_word_read(v, text, EPCIS_SPELT_IN_XML, &word);
    if (st.cls != ST_OK && x->lenient && str_starts(text, S("urn:"))) return text;
    if (st.cls != ST_OK) return xml_r_refuse(&x->r, st), text;
    if (x->words_as_given && (str_starts(text, S("urn:")) || str_starts(text, S("http"))))
        return text;
    if (word.p != text.p || !curie_expand(x, text, &uri)) return word;
    // what is no word of CBV stays as it is: what its prefix means is its owner's
    st = epcis_word_read(v, uri, EPCIS_SPELT_IN_XML, &word);
    return st.cls == ST_OK && word.p != uri.p ? word : text;
}

void xml_take_word(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    *(str *)field = xml_in_word(x, (enum epcis_vocabulary)slot->voc, leaf(x));
}

void xml_take_time(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_time *t = field;
    str text = leaf(x);

    (void)slot;
    if (x->r.st.cls != ST_OK) return;
    t->text = text;
    status st = when_read(text, &t->at);
    // RFC 3339 lets them be small, XML Schema does not
    if (st.cls == ST_OK && (text.p[10] != 'T' || text.p[text.n - 1] == 'z'))
        st = fail(ST_BAD_INPUT, "time.form", 0, "T and Z are capital letters in XML");
    if (st.cls != ST_OK) xml_r_refuse(&x->r, st);
}

void xml_take_action(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    str text = leaf(x);

    (void)slot;
    if (x->r.st.cls == ST_OK && !epcis_action_find(text, field))
        xml_r_refuse(&x->r,
                     fail(ST_BAD_INPUT, "epcis.action", 0, "an action is ADD, OBSERVE or DELETE"));
}

// ---- lists

// The next item of a list that has items of one name only.
static bool item(struct xml_in *x, const struct xml_slot *slot)
{
    if (!xml_r_child(&x->r)) return false;
    if (!xml_is(&x->r.name, x->uri, slot->items->name)) xml_in_element_unknown(x);
    return x->r.st.cls == ST_OK;
}

// Texts that are not empty, each through `voc` where it is a word.
static struct xml_list texts(struct xml_in *x, const struct xml_slot *slot)
{
    struct xml_list l = {0};

    xml_in_no_attributes(x);
    while (item(x, slot)) {
        str text = leaf(x);
        str *at = text.n > 0 ? xml_list_add(x, &l, sizeof text) : NULL;
        if (at != NULL) *at = text;
    }
    return l;
}

void xml_take_ids(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct xml_list l = texts(x, slot);

    *(struct epcis_ids *)field = (struct epcis_ids){.n = l.n, .at = l.at};
}

void xml_take_uri_list(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct xml_list l = texts(x, slot);

    *(struct epcis_strs *)field = (struct epcis_strs){.n = l.n, .at = l.at};
}

void xml_take_one_text(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct xml_list l = {0};
    str text = leaf(x), *at = text.n > 0 ? xml_list_add(x, &l, sizeof text) : NULL;

    (void)slot;
    if (at != NULL) *at = text;
    *(struct epcis_strs *)field = (struct epcis_strs){l.at, l.n};
}

struct persistent_in { // while the words are counted
    struct xml_list unset, set;
};

static void take_disposition(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    str word = xml_in_word(x, (enum epcis_vocabulary)slot->voc, leaf(x));
    str *at = word.n > 0 ? xml_list_add(x, field, sizeof word) : NULL;

    if (at != NULL) *at = word;
}

void xml_take_persistent(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        XML_SLOT_X("unset", take_disposition, struct persistent_in, unset, .voc = EPCIS_VOC_DISP,
                   .many = true),
        XML_SLOT_X("set", take_disposition, struct persistent_in, set, .voc = EPCIS_VOC_DISP,
                   .many = true),
        XML_SLOT_END,
    };
    struct epcis_event *e = CONTAINER_OF(field, struct epcis_event, set);
    struct persistent_in in = {0};

    (void)slot;
    xml_in_sequence(x, slots, &in, NULL);
    e->set = (struct epcis_strs){in.set.at, in.set.n};
    e->unset = (struct epcis_strs){in.unset.at, in.unset.n};
}

// REQ EPCIS-QUANTITY: one that is not known is absent, or xsi:nil
static void take_number(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    bool is_nil = false;

    (void)slot;
    for (uint32_t i = 0; i < x->r.attr_count; i++)
        is_nil |= xml_in_is_xsi(&x->r.attrs[i].name) && str_eq(x->r.attrs[i].name.local, S("nil"));
    str text = *(str *)field = leaf(x);
    if (x->lenient) return;
    if (text.n == 0 && !is_nil)
        xml_r_fail(&x->r, "epcis.number", "a quantity is a number, absent or xsi:nil");
    else if (text.n > 0 && (memchr(text.p, 'e', text.n) != NULL || memchr(text.p, 'E', text.n)))
        xml_r_fail(&x->r, "epcis.number", "a quantity has no exponent in XML");
}

void xml_take_quantity(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        XML_SLOT("epcClass", xml_take_text, struct epcis_quantity, epc_class),
        XML_SLOT("quantity", take_number, struct epcis_quantity, quantity),
        XML_SLOT("uom", xml_take_text, struct epcis_quantity, uom),
        XML_SLOT_END,
    };

    (void)slot;
    xml_in_sequence(x, slots, field, NULL);
}

void xml_take_quantities(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_quantities *q = field;
    struct xml_list l = {0};

    xml_in_no_attributes(x);
    while (item(x, slot)) {
        struct epcis_quantity *at = xml_list_add(x, &l, sizeof *at);
        if (at == NULL) return;
        *at = (struct epcis_quantity){0};
        xml_take_quantity(x, slot->items, at);
    }
    *q = (struct epcis_quantities){l.at, l.n};
}

// What has a type, which is a word, and a text; those of which the text is empty are absent.
void xml_take_pairs(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct xml_list l = {0};
    uint32_t items = 0;

    xml_in_no_attributes(x);
    while (item(x, slot)) {
        struct epcis_pair pair = {0};
        items++;
        for (uint32_t i = 0; i < x->r.attr_count; i++) {
            const struct xml_r_attr *a = &x->r.attrs[i];
            if (!xml_is(&a->name, S(""), S("type"))) continue;
            xml_r_at(&x->r, a);
            pair.type = xml_in_word(x, (enum epcis_vocabulary)slot->voc, str_trim(a->value));
        }
        for (uint32_t i = 0; i < x->r.attr_count; i++)
            if (!xml_is(&x->r.attrs[i].name, S(""), S("type")) &&
                !xml_in_is_xsi(&x->r.attrs[i].name))
                xml_in_attribute_unknown(x, &x->r.attrs[i]);
        if (slot->voc == EPCIS_VOC_END && !x->lenient &&
            xml_r_attr(&x->r, S(""), S("type")) == NULL)
            xml_r_fail(&x->r, "epcis.type_missing", "a source or destination has a type");
        pair.id = xml_r_token(&x->r);
        struct epcis_pair *at = pair.id.n > 0 ? xml_list_add(x, &l, sizeof pair) : NULL;
        if (at != NULL) *at = pair;
    }
    if (items == 0 && !x->lenient)
        xml_r_fail(&x->r, "epcis.missing", "a list of what an event names is not empty");
    *(struct epcis_pairs *)field = (struct epcis_pairs){l.at, l.n};
}

// ---- places, errors, ILMD

void xml_take_place(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        XML_SLOT_X("id", xml_take_text, struct epcis_place, id, .required = true),
        XML_SLOT("extension", xml_take_unknown, struct epcis_place, ext),
        XML_SLOT_END,
    };
    struct epcis_place *p = field;

    (void)slot;
    xml_in_sequence(x, slots, p, &p->ext);
}

void xml_take_error(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_error *error = NEW(x->arena, struct epcis_error);

    if (error == NULL) {
        xml_in_full(x);
        return;
    }
    xml_in_sequence(x, slot->items, error, &error->ext);
    *(const struct epcis_error **)field = error;
}

void xml_take_ilmd(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        XML_SLOT("extension", xml_take_unknown, struct epcis_event, ilmd),
        XML_SLOT_END,
    };
    struct epcis_event *e = CONTAINER_OF(field, struct epcis_event, ilmd);

    (void)slot;
    e->has_ilmd = true;
    xml_in_sequence(x, slots, e, &e->ilmd);
}

// ---- sensors

static const struct {
    const char *name, *where;
    char what;
} fields[EPCIS_SENSOR_FIELD_COUNT] = {
#define X(name, word, where, what) {word, where, what},
    EPCIS_SENSOR_FIELDS(X)
#undef X
};

static bool field_find(str name, char part, enum epcis_sensor_field *f)
{
    for (unsigned i = 0; i < EPCIS_SENSOR_FIELD_COUNT; i++) {
        if (strchr(fields[i].where, part) == NULL || !str_eq(str_of(fields[i].name), name))
            continue;
        *f = (enum epcis_sensor_field)i;
        return true;
    }
    return false;
}

static enum epcis_vocabulary word_of(enum epcis_sensor_field f)
{
    return f == EPCIS_SENSOR_TYPE        ? EPCIS_VOC_MEASUREMENT
           : f == EPCIS_SENSOR_EXCEPTION ? EPCIS_VOC_ALERT
                                         : EPCIS_VOC_COMPONENT;
}

// Metadata ('m') or a report ('r'): attributes all, those of others too.
static void sensor_part(struct xml_in *x, char part, struct epcis_sensor_part *p)
{
    struct epcis_node **end = &p->ext;
    enum epcis_sensor_field f;

    for (uint32_t i = 0; i < x->r.attr_count && x->r.st.cls == ST_OK; i++) {
        const struct xml_r_attr *a = &x->r.attrs[i];
        if (xml_in_is_xsi(&a->name)) continue;
        xml_r_at(&x->r, a);
        if (a->name.uri.n > 0) {
            struct epcis_node *n = xml_in_attribute_node(x, a);
            *end = n;
            if (n != NULL) end = &n->next;
        } else if (field_find(a->name.local, part, &f)) {
            p->at[f] = str_trim(a->value);
            if (p->at[f].n == 0 && strchr("tnb", fields[f].what) != NULL && !x->lenient)
                xml_r_fail(&x->r, "epcis.missing", "%s says nothing", fields[f].name);
            if (fields[f].what == 'w') p->at[f] = xml_in_word(x, word_of(f), p->at[f]);
        } else {
            xml_in_attribute_unknown(x, a);
        }
    }
    xml_r_empty(&x->r);
}

struct sensor_in { // a sensor element while its reports are counted
    struct epcis_sensor s;
    struct xml_list reports;
};

static void take_metadata(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_sensor_part *p = NEW(x->arena, struct epcis_sensor_part);

    (void)slot;
    if (p == NULL) {
        xml_in_full(x);
        return;
    }
    sensor_part(x, 'm', p);
    *(const struct epcis_sensor_part **)field = p;
}

static void take_report(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_sensor_part *p = xml_list_add(x, field, sizeof *p);

    (void)slot;
    if (p == NULL) return;
    *p = (struct epcis_sensor_part){0};
    sensor_part(x, 'r', p);
}

static void take_sensor(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        XML_SLOT("sensorMetadata", take_metadata, struct sensor_in, s.metadata),
        XML_SLOT_X("sensorReport", take_report, struct sensor_in, reports, .required = true,
                   .many = true),
        XML_SLOT("extension", xml_take_unknown, struct sensor_in, s.ext),
        XML_SLOT_END,
    };
    struct sensor_in in = {0};
    struct xml_list l = *(struct xml_list *)field;
    struct epcis_sensor *at = xml_list_add(x, &l, sizeof *at);

    (void)slot;
    xml_in_sequence(x, slots, &in, &in.s.ext);
    in.s.reports = in.reports.at;
    in.s.report_count = in.reports.n;
    if (at != NULL) *at = in.s;
    *(struct xml_list *)field = l;
}

void xml_take_sensors(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        {.name = {"sensorElement", 13}, .take = take_sensor, .required = true, .many = true},
        XML_SLOT_END,
    };
    struct xml_list l = {0};

    (void)slot;
    xml_in_sequence(x, slots, &l, NULL);
    *(struct epcis_sensors *)field = (struct epcis_sensors){l.at, l.n};
}
