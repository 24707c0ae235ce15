// front_xml.c - what an XML document says beside its events: kind and version, the sender's and
// receiver's header (SBDH), master data, the name of a query.
//
// Kept: who sends to whom, the instance identifier, the vocabularies with all their attributes,
// elements of others in the header (CHECKLIST 11.7). What others put beside the vocabularies or
// behind the events is passed over.
#include "service/epcis/xml_in.h"

#define SBDH S("http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader")

struct front_in {
    struct epcis_front f;
    bool whole, stopped; // to the end of the bytes; the events have begun
    bool lenient;
    struct buf *scope;
    struct epcis_node *passed; // what is not kept
    str text;                  // nor that
    struct epcis_vocabulary_element element;
    struct xml_list elements, attrs; // of the document; of the element
};
#define F                      struct front_in
#define EL(name, take, member) XML_SLOT(name, take, F, member)
// Whose content goes to the same struct: `at` is 0.
#define IN(name_, take_, items_)                                                                   \
    {                                                                                              \
        .name = {name_, sizeof(name_) - 1}, .take = take_, .items = items_                         \
    }
#define NEEDS(name_, take_, items_)                                                                \
    {                                                                                              \
        .name = {name_, sizeof(name_) - 1}, .take = take_, .items = items_, .required = true       \
    }

// ---- standard business document header

static void take_in(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    F *in = field;

    xml_in_sequence(x, slot->items, in, &in->passed);
}

static void take_skip(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    (void)slot, (void)field;
    xml_r_skip(&x->r);
}

static void take_identifier(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    struct epcis_party *p = field;
    const struct xml_r_attr *a = xml_r_attr(&x->r, S(""), S("Authority"));
    str authority = a != NULL ? str_trim(a->value) : (str){"", 0};

    (void)slot;
    *p = (struct epcis_party){xml_r_token(&x->r), authority};
}

// The first of several is kept.
static void take_party(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        {.name = {"Identifier", 10},         .take = take_identifier, .required = true},
        {.name = {"ContactInformation", 18}, .take = take_skip,       .many = true    },
        XML_SLOT_END
    };
    struct epcis_party *kept = field, party = {0};

    (void)slot;
    xml_in_sequence(x, slots, &party, NULL);
    if (kept->id.n == 0) *kept = party;
}

static const struct xml_slot identification[] = {
    EL("Standard", xml_take_text, text),
    EL("TypeVersion", xml_take_text, text),
    EL("InstanceIdentifier", xml_take_text, f.instance),
    EL("Type", xml_take_text, text),
    EL("MultipleType", xml_take_text, text),
    EL("CreationDateAndTime", xml_take_text, text),
    XML_SLOT_END};
static const struct xml_slot sbdh[] = {
    EL("HeaderVersion", xml_take_text, text),
    XML_SLOT_X("Sender", take_party, F, f.sender, .required = true, .many = true),
    XML_SLOT_X("Receiver", take_party, F, f.receiver, .required = true, .many = true),
    IN("DocumentIdentification", take_in, identification),
    IN("Manifest", take_skip, NULL),
    IN("BusinessScope", take_skip, NULL),
    XML_SLOT_END};

// ---- vocabularies

static void take_attribute(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    F *in = field;
    struct epcis_node *node = NULL, **end = &node;
    struct epcis_vocabulary_attr *at = xml_list_add(x, &in->attrs, sizeof *at);

    (void)slot;
    if (xml_r_attr(&x->r, S(""), S("id")) == NULL)
        xml_r_fail(&x->r, "epcis.missing", "an attribute has an id");
    xml_in_node(x, &end);
    if (at == NULL || x->r.st.cls != ST_OK) return;
    *at = (struct epcis_vocabulary_attr){.text = node->text};
    for (end = &node->child; *end != NULL;) {
        struct epcis_node *n = *end;
        if (n->is_attribute && n->ns == NULL && str_eq(n->name, S("id"))) {
            at->id = n->text;
            *end = n->next;
        } else {
            end = &n->next;
        }
    }
    at->content = node->child;
}

static const struct xml_slot ids[] = {{.name = {"id", 2}}};

static void take_element(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        {.name = {"attribute", 9}, .take = take_attribute, .many = true},
        XML_SLOT_X("children", xml_take_uri_list, F, element.children, .items = ids),
        IN("extension", take_skip, NULL),
        XML_SLOT_END
    };
    F *in = field;
    str type = in->element.type;
    const struct xml_r_attr *a = xml_r_attr(&x->r, S(""), S("id"));

    (void)slot;
    if (a == NULL) xml_r_fail(&x->r, "epcis.missing", "a VocabularyElement has an id");
    in->element.id = a != NULL ? str_trim(a->value) : (str){"", 0};
    in->element.children = (struct epcis_strs){0};
    in->attrs = (struct xml_list){0};
    x->r.attr_count = 0; // the id alone is kept
    xml_in_sequence(x, slots, in, &in->passed);
    struct epcis_vocabulary_element *at = xml_list_add(x, &in->elements, sizeof *at);
    if (at == NULL) return;
    in->element.attrs = in->attrs.at;
    in->element.attr_count = in->attrs.n;
    in->element.type = type;
    *at = in->element;
}

static const struct xml_slot vocabulary_elements[] = {
    {.name = {"VocabularyElement", 17}, .take = take_element, .required = true, .many = true},
    XML_SLOT_END
};

static void take_vocabulary(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    static const struct xml_slot slots[] = {
        IN("VocabularyElementList", take_in, vocabulary_elements), IN("extension", take_skip, NULL),
        XML_SLOT_END};
    F *in = field;
    const struct xml_r_attr *a = xml_r_attr(&x->r, S(""), S("type"));

    (void)slot;
    if (a == NULL) xml_r_fail(&x->r, "epcis.missing", "a Vocabulary has a type");
    in->element.type = a != NULL ? str_trim(a->value) : (str){"", 0};
    x->r.attr_count = 0;
    xml_in_sequence(x, slots, in, &in->passed);
}

static const struct xml_slot vocabularies[] = {
    {.name = {"Vocabulary", 10}, .take = take_vocabulary, .many = true},
    XML_SLOT_END
};

// ---- header

static const struct xml_slot master_data[] = {IN("VocabularyList", take_in, vocabularies),
                                              IN("extension", take_skip, NULL), XML_SLOT_END};
static const struct xml_slot header_ext[] = {IN("EPCISMasterData", take_in, master_data),
                                             IN("extension", take_skip, NULL), XML_SLOT_END};
static const struct xml_slot header[] = {IN("extension", take_in, header_ext), XML_SLOT_END};

// 1.x begins with the SBDH and lets others add to the header; 2.0 has it if it likes, and nobody
// else.
static void take_header(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    F *in = field;
    struct epcis_node **end = &in->f.ext;
    bool standard = false, extension = false;
    size_t mark = x->r.mark;

    (void)slot;
    while (xml_r_child(&x->r)) {
        str uri = x->r.name.uri;
        if (!standard && !extension &&
            xml_is(&x->r.name, SBDH, S("StandardBusinessDocumentHeader"))) {
            standard = true;
            x->uri = SBDH;
            xml_in_sequence(x, sbdh, in, NULL);
            x->uri = (str){"", 0};
        } else if (!extension && in->f.ext == NULL && xml_is(&x->r.name, S(""), header->name)) {
            extension = true;
            take_in(x, header, in);
        } else if (x->version != EPCIS_2_0 && uri.n > 0 && !xml_in_is_epcis(uri)) {
            xml_in_node(x, &end);
        } else {
            xml_in_element_unknown(x);
        }
    }
    x->r.mark = mark;
    if (x->version != EPCIS_2_0 && !standard)
        xml_r_fail(&x->r, "epcis.missing",
                   "a header of EPCIS 1 has the StandardBusinessDocumentHeader");
}

// ---- body

static void scope_take(struct xml_in *x, F *in)
{
    xml_r_scope_put(&x->r, in->scope);
    in->f.scope.context = buf_str(in->scope);
}

// The events are not in these bytes.
static void take_events(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    F *in = field;

    (void)slot;
    scope_take(x, in);
    if (in->whole) {
        xml_r_empty(&x->r);
    } else if (x->r.st.cls == ST_OK) {
        in->stopped = true;
        xml_r_fail(&x->r, "epcis.events", "the events begin");
    }
}

static const struct xml_slot body[] = {IN("EventList", take_events, NULL),
                                       IN("extension", take_skip, NULL), XML_SLOT_END};
static const struct xml_slot master_body[] = {IN("VocabularyList", take_in, vocabularies),
                                              IN("extension", take_skip, NULL), XML_SLOT_END};
static const struct xml_slot results[] = {
    IN("EventList", take_events, NULL), IN("VocabularyList", take_in, vocabularies), XML_SLOT_END};
static void take_results(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    size_t mark = x->r.mark;
    struct xml_r ahead = x->r;

    if (!xml_r_child(&ahead) && x->r.st.cls == ST_OK && ahead.st.cls == ST_OK) {
        x->r.mark = mark;
        xml_r_fail(&x->r, "epcis.missing", "results are a list of events or of vocabularies");
    }
    take_in(x, slot, field);
}

static const struct xml_slot query_results[] = {
    XML_SLOT_X("queryName", xml_take_text, F, f.query_name, .required = true),
    EL("subscriptionID", xml_take_text, f.subscription_id),
    NEEDS("resultsBody", take_results, results), IN("extension", take_skip, NULL), XML_SLOT_END};

// Of the messages that a query document may carry results alone are a document of events.
static void take_query_body(struct xml_in *x, const struct xml_slot *slot, void *field)
{
    F *in = field;
    bool any = false;
    size_t mark = x->r.mark;

    (void)slot;
    while (xml_r_child(&x->r)) {
        str uri = x->r.name.uri, name = x->r.name.local;
        bool ours =
            str_starts(uri, S("urn:epcglobal:epcis-query:xsd:")) || (in->lenient && uri.n == 0);
        if (!any && ours && str_eq(name, S("QueryResults"))) {
            any = true;
            xml_in_sequence(x, query_results, in, &in->passed);
        } else if (ours) {
            xml_r_fail(&x->r, "epcis.no_results",
                       "this message of the query interface has no events");
        } else {
            xml_in_element_unknown(x);
        }
    }
    x->r.mark = mark;
    if (!any) xml_r_fail(&x->r, "epcis.missing", "QueryResults is missing");
}

// ---- the document

static const struct xml_slot document[] = {IN("EPCISHeader", take_header, NULL),
                                           NEEDS("EPCISBody", take_in, body),
                                           IN("extension", take_skip, NULL), XML_SLOT_END};
static const struct xml_slot query_document[] = {IN("EPCISHeader", take_header, NULL),
                                                 NEEDS("EPCISBody", take_query_body, NULL),
                                                 IN("extension", take_skip, NULL), XML_SLOT_END};
static const struct xml_slot master_document[] = {IN("EPCISHeader", take_header, NULL),
                                                  NEEDS("EPCISBody", take_in, master_body),
                                                  IN("extension", take_skip, NULL), XML_SLOT_END};

static const struct root {
    const char *space; // urn:epcglobal:…:xsd:1, or 2
    const char *name;
    enum epcis_doc_kind kind;
    const struct xml_slot *slots;
} roots[] = {
    {"epcis",            "EPCISDocument",           EPCIS_DOC,            document       },
    {"epcis-query",      "EPCISQueryDocument",      EPCIS_QUERY_DOC,      query_document },
    {"epcis-masterdata", "EPCISMasterDataDocument", EPCIS_MASTERDATA_DOC, master_document},
};

static bool space_is(str uri, str space, enum epcis_version *version)
{
    str head = S("urn:epcglobal:");
    size_t n = head.n + space.n;

    if (!str_starts(uri, head) || !str_starts(str_from(uri, head.n), space)) return false;
    *version = str_eq(str_from(uri, n), S(":xsd:1")) ? EPCIS_1_2 : EPCIS_2_0;
    return *version == EPCIS_1_2 || str_eq(str_from(uri, n), S(":xsd:2"));
}

static const struct root *root_find(struct xml_in *x)
{
    for (size_t i = 0; i < LEN(roots); i++)
        if (str_eq(x->r.name.local, str_of(roots[i].name)) &&
            space_is(x->r.name.uri, str_of(roots[i].space), &x->version))
            return &roots[i];
    xml_r_fail(&x->r, "epcis.document", "no EPCIS document, or of a version that is not known");
    return NULL;
}

// The namespace decides between 1 and 2: documents of 1 that call themselves 2.0 are about.
bool xml_version_read(str text, enum epcis_version *version)
{
    static const struct {
        str text;
        enum epcis_version version;
    } versions[] = {
        {{"1", 1},   EPCIS_1_0},
        {{"1.0", 3}, EPCIS_1_0},
        {{"1.1", 3}, EPCIS_1_1},
        {{"1.2", 3}, EPCIS_1_2},
        {{"2", 1},   EPCIS_2_0},
        {{"2.0", 3}, EPCIS_2_0},
    };

    for (size_t i = 0; i < LEN(versions); i++) {
        if (!str_eq(text, versions[i].text)) continue;
        *version = versions[i].version;
        return true;
    }
    return false;
}

enum epcis_version epcis_bare_version(str bytes, enum epcis_version unsaid, struct arena *a)
{
    enum epcis_version version = unsaid;
    const struct xml_r_attr *said;
    struct xml_r r;

    xml_r_init(&r, bytes, a);
    r.transcoded = true;
    if (!xml_r_root(&r)) return version;
    if (str_eq(r.name.local, S("extension"))) version = EPCIS_1_2;
    said = xml_r_attr(&r, S(""), S("schemaVersion"));
    if (said != NULL) xml_version_read(str_trim(said->value), &version);
    return version;
}

static void version_take(struct xml_in *x, F *in)
{
    const struct xml_r_attr *a = xml_r_attr(&x->r, S(""), S("schemaVersion"));
    enum epcis_version said;

    if (a == NULL) {
        xml_r_fail(&x->r, "epcis.missing", "schemaVersion is missing");
        return;
    }
    in->f.schema_version = str_trim(a->value);
    if (!xml_version_read(in->f.schema_version, &said))
        xml_r_fail(&x->r, "epcis.version", "a schemaVersion is 1.0, 1.1, 1.2 or 2.0");
    else if (x->version != EPCIS_2_0 && said != EPCIS_2_0)
        x->version = said;
}

// A time without a zone is one here: the schemas never asked for it.
static void created_take(struct xml_in *x, F *in)
{
    const struct xml_r_attr *a = xml_r_attr(&x->r, S(""), S("creationDate"));
    struct moment m;
    char text[40];

    if (a == NULL) {
        xml_r_fail(&x->r, "epcis.missing", "creationDate is missing");
        return;
    }
    in->f.created = str_trim(a->value);
    status st = when_read(in->f.created, &m);
    size_t n = in->f.created.n;
    if (st.cls != ST_OK && n + 1 < sizeof text) {
        for (size_t i = 0; i < n; i++) text[i] = in->f.created.p[i];
        text[n] = 'Z';
        if (when_read((str){text, n + 1}, &m).cls == ST_OK) return;
    }
    if (st.cls != ST_OK) xml_r_refuse(&x->r, st);
}

status xml_front_read(str bytes, bool whole, struct arena *a, struct buf *scope,
                      struct epcis_front *out)
{
    struct front_in in = {.whole = whole, .lenient = out->scope.lenient, .scope = scope};
    struct xml_in x;

    xml_r_init(&x.r, bytes, a);
    x.r.transcoded = true; // by the cutter, if need be
    x.arena = a;
    x.version = EPCIS_2_0;
    x.uri = (str){"", 0};
    x.ns = NULL;
    x.lenient = in.lenient;
    x.words_as_given = false;
    const struct root *root = xml_r_root(&x.r) ? root_find(&x) : NULL;
    if (root != NULL) {
        size_t mark = x.r.mark;
        version_take(&x, &in);
        x.r.mark = mark;
        created_take(&x, &in);
        x.r.mark = mark;
        in.f.kind = root->kind;
        in.f.scope = (struct epcis_scope){
            .syntax = EPCIS_SYNTAX_XML,
            .version = x.version,
            .context = {"", 0},
            .lenient = in.lenient
        };
        x.r.attr_count = 0;
        xml_in_sequence(&x, root->slots, &in, &in.passed);
    }
    status st = x.r.st.cls == ST_OK ? xml_r_end(&x.r) : x.r.st;
    if (st.cls != ST_OK && !in.stopped) return st;
    in.f.elements = in.elements.at;
    in.f.element_count = in.elements.n;
    *out = in.f;
    return OK;
}
