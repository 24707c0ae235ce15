// read_json_front.c - the document around the events: members of the document, its header with
// master data, its body with or without results of a query.
#include "service/epcis/json_front.h"
#include "service/epcis/read_json_int.h"
#include "service/epcis/value.h"
#include <string.h>

struct front {
    struct json_r r;
    struct epcis_front *f;
    struct epcis_chain ext;
    struct epcis_list elements, attrs;
    struct epcis_vocabulary_element element; // being read
    struct epcis_vocabulary_attr attr;
    str vocabulary; // its type
    bool has_created, has_body, has_results, has_list;
};

// ---- objects by tables

struct row {
    const char *name;
    void (*take)(struct front *x);
};

static bool is_named(const struct row *row, str key)
{
    str name = str_of(row->name);

    if (str_eq(name, S("type"))) return epcis_json_is_type(key);
    return str_eq(name, key) || (str_eq(name, S("id")) && str_eq(key, S("@id")));
}

// An object of known members, each at most once. Members with a prefix are kept where `keep` says
// so, or passed over; others are refused.
static void object(struct front *x, const struct row *rows, bool keep)
{
    struct epcis_chain none = {0};
    uint32_t seen = 0;
    str key;

    for (json_object(&x->r); json_key(&x->r, &key);) {
        unsigned i = 0;
        while (rows[i].name != NULL && !is_named(&rows[i], key)) i++;
        if (rows[i].name == NULL) {
            key = epcis_json_is_remark(key) ? S("rdfs:comment") : key;
            epcis_json_extension(&x->r, keep ? &x->ext : &none, key);
            continue;
        }
        if (seen >> i & 1) json_twice(&x->r, key);
        seen |= 1u << i;
        rows[i].take(x);
    }
}

static void list(struct front *x, void (*item)(struct front *x))
{
    for (json_array(&x->r); json_item(&x->r);) item(x);
}

static void skip(struct front *x) { json_raw(&x->r); }

// ---- master data

static void attr_id(struct front *x) { x->attr.id = epcis_json_text(&x->r); }

static void attr_value(struct front *x)
{
    struct epcis_node *n = epcis_json_value(&x->r);

    if (n == NULL) return;
    if (n->kind < NODE_EMPTY_ARRAY)
        x->attr.text = n->text;
    else
        x->attr.content = n->kind == NODE_PARENT ? n->child : n;
}

static void attr(struct front *x)
{
    static const struct row rows[] = {
        {"id",        attr_id   },
        {"attribute", attr_value},
        {NULL,        NULL      }
    };

    x->attr = (struct epcis_vocabulary_attr){0};
    object(x, rows, false);
    struct epcis_vocabulary_attr *at = epcis_list_add(&x->r, &x->attrs, sizeof *at);
    if (at != NULL) *at = x->attr;
}

static void element_id(struct front *x) { x->element.id = epcis_json_text(&x->r); }
static void element_children(struct front *x) { x->element.children = epcis_json_texts(&x->r); }

static void element_attrs(struct front *x)
{
    x->attrs = (struct epcis_list){0};
    list(x, attr);
    x->element.attrs = x->attrs.at;
    x->element.attr_count = x->attrs.n;
}

static void element(struct front *x)
{
    static const struct row rows[] = {
        {"id",         element_id      },
        {"attributes", element_attrs   },
        {"children",   element_children},
        {NULL,         NULL            }
    };

    x->element = (struct epcis_vocabulary_element){0};
    object(x, rows, false);
    struct epcis_vocabulary_element *at = epcis_list_add(&x->r, &x->elements, sizeof *at);
    if (at != NULL) *at = x->element;
}

static void vocabulary_type(struct front *x) { x->vocabulary = epcis_json_text(&x->r); }
static void vocabulary_elements(struct front *x) { list(x, element); }

static void vocabulary(struct front *x)
{
    static const struct row rows[] = {
        {"type",                  vocabulary_type    },
        {"vocabularyElementList", vocabulary_elements},
        {NULL,                    NULL               }
    };
    uint32_t from = x->elements.n;

    x->vocabulary = (str){"", 0};
    object(x, rows, false);
    struct epcis_vocabulary_element *all = x->elements.at;
    for (uint32_t i = from; i < x->elements.n; i++) all[i].type = x->vocabulary;
}

static void vocabularies(struct front *x) { list(x, vocabulary); }

static void master_data(struct front *x)
{
    static const struct row rows[] = {
        {"vocabularyList", vocabularies},
        {NULL,             NULL        }
    };

    object(x, rows, false);
}

static void header(struct front *x)
{
    static const struct row rows[] = {
        {"epcisMasterData", master_data},
        {NULL,              NULL       }
    };

    object(x, rows, true);
}

// ---- the body

// The events were taken out, but for a list that stands where it may not.
static void event_list(struct front *x)
{
    x->has_list = true;
    for (json_array(&x->r); json_item(&x->r); json_raw(&x->r))
        json_fail(&x->r, "epcis.event_list", "an eventList does not belong here");
}

static void event_of_drafts(struct front *x)
{
    json_fail(&x->r, "epcis.event_list",
              "\"event\" was a word of drafts: a list \"eventList\" is wanted");
}

static void results_vocabularies(struct front *x)
{
    x->has_list = true;
    vocabularies(x);
}

static void results_body(struct front *x)
{
    static const struct row rows[] = {
        {"eventList",      event_list          },
        {"vocabularyList", results_vocabularies},
        {NULL,             NULL                }
    };

    object(x, rows, false);
}

static void query_name(struct front *x) { x->f->query_name = epcis_json_text(&x->r); }
static void subscription_id(struct front *x) { x->f->subscription_id = epcis_json_text(&x->r); }

static void query_results(struct front *x)
{
    static const struct row rows[] = {
        {"queryName",      query_name     },
        {"subscriptionID", subscription_id},
        {"resultsBody",    results_body   },
        {NULL,             NULL           }
    };

    x->has_results = true;
    object(x, rows, false);
}

static void body(struct front *x)
{
    static const struct row events[] = {
        {"eventList", event_list     },
        {"event",     event_of_drafts},
        {NULL,        NULL           }
    };
    static const struct row results[] = {
        {"queryResults", query_results},
        {NULL,           NULL         }
    };

    x->has_body = true;
    object(x, x->f->kind == EPCIS_QUERY_DOC ? results : events, false);
}

// ---- the document

static void context(struct front *x)
{
    struct epcis_contexts c = epcis_contexts(x->r.arena);
    const struct epcis_term *scope = NULL;
    str raw = json_raw(&x->r);

    if (x->r.st.cls != ST_OK) return;
    status st = epcis_context_read(&c, raw, &scope);
    if (st.cls != ST_OK) json_refuse(&x->r, st);
    x->f->scope.context = arena_str(x->r.arena, raw);
    if (x->f->scope.context.p == NULL) json_refuse(&x->r, no_memory());
}

static void id(struct front *x)
{
    str text = epcis_json_text(&x->r);

    if (x->r.st.cls == ST_OK && !epcis_is_uri(text))
        json_refuse(&x->r, fail(ST_BAD_INPUT, "epcis.uri", 0, "must be a URI"));
}

static bool is_version(str s)
{
    str part;

    if (!str_starts(s, S("2")) && !str_starts(s, S("1"))) return false;
    if (s.n > 1 && s.p[1] != '.') return false;
    while (str_cut(&s, '.', &part))
        if (!str_is_digits(part)) return false;
    return str_is_digits(s);
}

static void version(struct front *x)
{
    x->f->schema_version = epcis_json_text(&x->r);
    if (x->r.st.cls == ST_OK && !is_version(x->f->schema_version))
        json_refuse(&x->r, fail(ST_BAD_INPUT, "epcis.version", 0, "must be 2.0"));
}

static void created(struct front *x)
{
    struct epcis_time t = {0};

    epcis_json_time(&x->r, &t);
    x->f->created = t.text;
    x->has_created = true;
}

static void sender(struct front *x) { x->f->sender.id = epcis_json_text(&x->r); }
static void receiver(struct front *x) { x->f->receiver.id = epcis_json_text(&x->r); }
static void instance(struct front *x) { x->f->instance = epcis_json_text(&x->r); }

// What kind of document it is decides how all else is read, and may stand last.
static status type_find(str text, struct arena *a, str *type)
{
    struct json_r r = json_reader(text, a);
    bool seen = false;
    str key;

    for (json_object(&r); json_key(&r, &key);) {
        if (!epcis_json_is_type(key)) {
            json_raw(&r);
            continue;
        }
        if (seen) json_twice(&r, key);
        seen = true;
        *type = epcis_json_text(&r);
    }
    return json_r_end(&r);
}

// Where the type may still come, where the events stand tells it.
static status kind_find(str text, const enum epcis_doc_kind *partial, struct arena *a,
                        enum epcis_doc_kind *out)
{
    enum epcis_type event;
    str type = {"", 0};

    TRY(type_find(text, a, &type));
    if (type.n == 0 && partial != NULL) return *out = *partial, OK;
    if (type.n == 0) return fail(ST_BAD_INPUT, "epcis.type", 0, "the document has no \"type\"");
    if (str_eq(type, S("EPCISDocument")))
        *out = EPCIS_DOC;
    else if (str_eq(type, S("EPCISQueryDocument")))
        *out = EPCIS_QUERY_DOC;
    else if (epcis_type_find(type, &event))
        *out = EPCIS_BARE_EVENT;
    else
        return fail(ST_BAD_INPUT, "epcis.type", 0,
                    "\"type\" must be EPCISDocument, EPCISQueryDocument or an event's");
    return OK;
}

static status missing(const char *what)
{
    return fail(ST_BAD_INPUT, "epcis.missing", 0, "the document has no \"%s\"", what);
}

static status whole(const struct front *x)
{
    const struct epcis_front *f = x->f;
    bool query = f->kind == EPCIS_QUERY_DOC;

    if (f->scope.context.n == 0)
        return fail(ST_BAD_INPUT, "epcis.context", 0, "the document has no \"@context\"");
    if (f->schema_version.n == 0 && !query) return missing("schemaVersion");
    if (!x->has_created && !query) return missing("creationDate");
    if (!x->has_body) return missing("epcisBody");
    if (query && !x->has_results) return missing("queryResults");
    if (query && f->query_name.n == 0) return missing("queryName");
    return x->has_list ? OK : missing("eventList");
}

static status early_enough(const struct front *x)
{
    if (x->f->scope.context.n > 0) return OK;
    return fail(ST_BAD_INPUT, "epcis.order", 0, "@context must stand before the events");
}

// Master data may have a context, but for what its elements are: names there are the document's.
static status names(struct front *x)
{
    struct epcis_contexts c = epcis_contexts(x->r.arena);
    const struct epcis_term *document = NULL, *inner;
    struct epcis_vocabulary_element *all = x->elements.at;
    status st = OK;

    if (x->f->scope.context.n > 0) st = epcis_context_read(&c, x->f->scope.context, &document);
    inner = document;
    if (st.cls == ST_OK) st = epcis_json_resolve(&c, &x->ext.first, &inner);
    for (uint32_t i = 0; i < x->elements.n; i++) {
        struct epcis_vocabulary_attr *attrs = (void *)(uintptr_t)all[i].attrs;
        for (uint32_t k = 0; k < all[i].attr_count && st.cls == ST_OK; k++) {
            inner = document;
            st = epcis_json_resolve(&c, &attrs[k].content, &inner);
        }
    }
    return st;
}

status epcis_json_front(str text, const enum epcis_doc_kind *partial, struct arena *a,
                        struct epcis_front *out)
{
    static const struct row rows[] = {
        {"@context",           context },
        {"type",               skip    },
        {"id",                 id      },
        {"schemaVersion",      version },
        {"creationDate",       created },
        {"sender",             sender  },
        {"receiver",           receiver},
        {"instanceIdentifier", instance},
        {"epcisHeader",        header  },
        {"epcisBody",          body    },
        {NULL,                 NULL    }
    };
    struct epcis_front f = {
        .scope = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0}
    };
    struct front x = {.r = json_reader(text, a), .f = &f};

    TRY(kind_find(text, partial, a, &f.kind));
    if (f.kind != EPCIS_BARE_EVENT) {
        object(&x, rows, true);
        TRY(json_r_end(&x.r));
        TRY(partial != NULL ? early_enough(&x) : whole(&x));
        TRY(names(&x));
        f.elements = x.elements.at;
        f.element_count = x.elements.n;
        f.ext = x.ext.first;
    }
    *out = f;
    return OK;
}
