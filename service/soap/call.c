#include "service/soap/call.h"
#include "common/xml_decode.h"
#include <string.h>

#define XSD          "http://www.w3.org/2001/XMLSchema"
#define XSI          "http://www.w3.org/2001/XMLSchema-instance"
#define PARAMS_FIRST 8u

struct in {
    struct xml_r r;
    struct soap_call call;
    uint32_t room; // for params
    uint32_t values;
    status st; // that is no matter of XML
};

// ---- children of the operation

static void refuse(struct in *x, const char *reason, const char *says)
{
    str name = x->r.name.local;
    int shown = name.n > 40 ? 40 : (int)name.n;

    xml_r_fail(&x->r, reason, "%.*s: %s", shown, name.p, says);
}

// A text that may come once.
static void take_text(struct in *x, void *to)
{
    str *out = to;

    if (out->p != NULL) {
        refuse(x, "soap.element", "it is given twice");
        return;
    }
    *out = xml_r_token(&x->r);
    if (out->p == NULL) *out = S("");
}

static bool take_once(struct in *x, bool *was)
{
    if (*was) refuse(x, "soap.element", "it is given twice");
    *was = true;
    return x->r.st.cls == ST_OK;
}

static void take_bool(struct in *x, bool *out)
{
    str text = xml_r_token(&x->r);

    *out = str_eq(text, S("true")) || str_eq(text, S("1"));
    if (!*out && !str_eq(text, S("false")) && !str_eq(text, S("0")))
        xml_r_fail(&x->r, "soap.value", "true or false is wanted");
}

// ---- values of parameters

static const struct {
    const char *ns, *name;
    enum query_given_as as;
} types[] = {
    {XSD,           "string",        QUERY_STRING},
    {XSD,           "anyURI",        QUERY_STRING},
    {XSD,           "token",         QUERY_STRING},
    {XSD,           "int",           QUERY_NUMBER},
    {XSD,           "integer",       QUERY_NUMBER},
    {XSD,           "long",          QUERY_NUMBER},
    {XSD,           "short",         QUERY_NUMBER},
    {XSD,           "decimal",       QUERY_NUMBER},
    {XSD,           "float",         QUERY_NUMBER},
    {XSD,           "double",        QUERY_NUMBER},
    {XSD,           "dateTime",      QUERY_TIME  },
    {XSD,           "boolean",       QUERY_BOOL  },
    {SOAP_QUERY_NS, "ArrayOfString", QUERY_LIST  },
    {SOAP_QUERY_NS, "VoidHolder",    QUERY_VOID  },
};

// What xsi:type says; QUERY_PLAIN where it says nothing.
static enum query_given_as type_read(struct in *x)
{
    const struct xml_r_attr *a = xml_r_attr(&x->r, S(XSI), S("type"));
    str rest, prefix = {0};
    const struct xml_ns *ns;

    if (a == NULL) return QUERY_PLAIN;
    rest = str_trim(a->value);
    str_cut(&rest, ':', &prefix);
    ns = xml_r_ns(&x->r, prefix);
    if (ns == NULL && prefix.n > 0) refuse(x, "soap.value", "xsi:type: the prefix is not declared");
    for (size_t i = 0; ns != NULL && i < LEN(types); i++)
        if (str_eq(ns->uri, str_of(types[i].ns)) && str_eq(rest, str_of(types[i].name)))
            return types[i].as;
    return QUERY_OTHER;
}

static void too_many(struct in *x)
{
    x->st = fail(ST_TOO_LARGE, "query.too_complex", 0, "a query has at most %u values",
                 QUERY_VALUES_MAX);
    refuse(x, "soap.value", "too many values");
}

static void strings_read(struct in *x, struct query_given *g)
{
    uint32_t room = 0;
    str *at = NULL, *more;

    while (xml_r_child(&x->r)) {
        bool named = str_eq(x->r.name.local, S("string")) &&
                     (x->r.name.uri.n == 0 || str_eq(x->r.name.uri, S(SOAP_QUERY_NS)));
        if (!named) refuse(x, "soap.element", "a list is of <string>");
        if (x->values++ == QUERY_VALUES_MAX) too_many(x);
        if (g->n == room) {
            room = room == 0 ? 8 : 2 * room;
            if ((more = NEW_ARRAY(x->r.arena, str, room)) == NULL) {
                x->st = no_memory();
                refuse(x, "soap.value", "too much");
                return;
            }
            if (g->n > 0) memcpy(more, at, g->n * sizeof *more);
            g->at = at = more;
        }
        at[g->n++] = xml_r_text(&x->r);
    }
}

// An empty value is one that is not given, and sets a flag.
static void value_read(struct in *x, struct query_given *g)
{
    enum query_given_as as = type_read(x);
    struct xml_r *ahead = NEW(x->r.arena, struct xml_r);
    bool has_child;
    str *text;

    *g = (struct query_given){as, NULL, 0};
    text = NEW(x->r.arena, str);
    if (ahead == NULL || text == NULL) {
        x->st = no_memory();
        refuse(x, "soap.value", "too much");
        return;
    }
    *ahead = x->r;
    has_child = xml_r_child(ahead);
    if (has_child || as == QUERY_LIST) {
        if (as == QUERY_PLAIN) g->as = QUERY_LIST;
        if (g->as != QUERY_LIST) g->as = QUERY_OTHER;
        strings_read(x, g);
        return;
    }
    *text = xml_r_token(&x->r);
    if (x->values++ == QUERY_VALUES_MAX) too_many(x);
    if (text->n == 0 && as != QUERY_OTHER) {
        g->as = QUERY_VOID;
        return;
    }
    if (as == QUERY_VOID) g->as = QUERY_OTHER;
    g->at = text;
    g->n = 1;
}

static void param_read(struct in *x, struct soap_param *p)
{
    bool valued = false;

    while (xml_r_child(&x->r)) {
        if (xml_is(&x->r.name, S(""), S("name"))) {
            take_text(x, &p->name);
        } else if (xml_is(&x->r.name, S(""), S("value"))) {
            if (take_once(x, &valued)) value_read(x, &p->given);
        } else {
            refuse(x, "soap.element", "a param has a name and a value");
        }
    }
    if (x->r.st.cls == ST_OK && (p->name.n == 0 || !valued))
        xml_r_fail(&x->r, "soap.missing", "a param has a name and a value");
}

static void take_params(struct in *x, void *to)
{
    (void)to;
    if (!take_once(x, &x->call.has_params)) return;
    while (xml_r_child(&x->r)) {
        if (!xml_is(&x->r.name, S(""), S("param"))) {
            refuse(x, "soap.element", "params are of <param>");
            return;
        }
        if (x->call.param_count == QUERY_VALUES_MAX) {
            too_many(x);
            return;
        }
        if (x->call.param_count == x->room) {
            uint32_t room = x->room == 0 ? PARAMS_FIRST : 2 * x->room;
            struct soap_param *more = NEW_ARRAY(x->r.arena, struct soap_param, room);
            if (more == NULL) {
                x->st = no_memory();
                refuse(x, "soap.value", "too much");
                return;
            }
            if (x->room > 0) memcpy(more, x->call.params, x->room * sizeof *more);
            x->call.params = more;
            x->room = room;
        }
        param_read(x, &x->call.params[x->call.param_count++]);
    }
}

// ---- controls

// Elements of others, and their extensions, say nothing that is known here.
static bool is_foreign(struct in *x)
{
    return x->r.name.uri.n > 0 && !str_eq(x->r.name.uri, S(SOAP_QUERY_NS));
}

static void take_schedule(struct in *x)
{
    static const char *const names[] = {"second",     "minute", "hour",
                                        "dayOfMonth", "month",  "dayOfWeek"};

    if (!take_once(x, &x->call.has_schedule)) return;
    while (xml_r_child(&x->r)) {
        size_t i = 0;
        while (i < LEN(names) && !xml_is(&x->r.name, S(""), str_of(names[i]))) i++;
        if (i < LEN(names))
            take_text(x, &x->call.schedule.fields[i]);
        else if (is_foreign(x) || xml_is(&x->r.name, S(""), S("extension")))
            xml_r_skip(&x->r);
        else
            refuse(x, "soap.element", "a schedule has no such field");
    }
}

static void take_controls(struct in *x, void *to)
{
    struct soap_call *c = &x->call;

    (void)to;
    if (!take_once(x, &c->has_controls)) return;
    while (xml_r_child(&x->r)) {
        if (xml_is(&x->r.name, S(""), S("schedule"))) {
            take_schedule(x);
        } else if (xml_is(&x->r.name, S(""), S("trigger"))) {
            if (take_once(x, &c->has_trigger)) xml_r_skip(&x->r);
        } else if (xml_is(&x->r.name, S(""), S("initialRecordTime"))) {
            take_text(x, &c->initial);
        } else if (xml_is(&x->r.name, S(""), S("reportIfEmpty"))) {
            if (take_once(x, &c->has_report)) take_bool(x, &c->report_if_empty);
        } else if (is_foreign(x) || xml_is(&x->r.name, S(""), S("extension"))) {
            xml_r_skip(&x->r);
        } else {
            refuse(x, "soap.element", "controls have no such element");
        }
    }
}

// ---- operations

#define ON(op)     (1u << SOAP_##op)
#define QUERIES    (ON(POLL) | ON(SUBSCRIBE))
#define TO(member) offsetof(struct soap_call, member)
static const struct taken {
    const char *name;
    void (*take)(struct in *x, void *to);
    size_t at;
    unsigned of; // operations that have it, bits
} taken[] = {
    {"queryName",      take_text,     TO(query),        QUERIES | ON(GET_SUBSCRIPTION_IDS)},
    {"params",         take_params,   0,                QUERIES                           },
    {"dest",           take_text,     TO(dest),         ON(SUBSCRIBE)                     },
    {"controls",       take_controls, 0,                ON(SUBSCRIBE)                     },
    {"subscriptionID", take_text,     TO(subscription), ON(SUBSCRIBE) | ON(UNSUBSCRIBE)   },
};

static bool is_given(const struct soap_call *c, const struct taken *k)
{
    if (k->take == take_params) return c->has_params;
    if (k->take == take_controls) return c->has_controls;
    return ((const str *)(const void *)((const char *)c + k->at))->p != NULL;
}

static void operation_read(struct in *x)
{
    unsigned bit = 1u << x->call.operation;

    while (xml_r_child(&x->r)) {
        size_t i = 0;
        while (i < LEN(taken) &&
               ((taken[i].of & bit) == 0 || !xml_is(&x->r.name, S(""), str_of(taken[i].name))))
            i++;
        if (i == LEN(taken)) {
            refuse(x, "soap.element", "the operation has no such element");
            return;
        }
        taken[i].take(x, (char *)&x->call + taken[i].at);
    }
    for (size_t i = 0; i < LEN(taken) && x->r.st.cls == ST_OK; i++)
        if ((taken[i].of & bit) != 0 && !is_given(&x->call, &taken[i]))
            xml_r_fail(&x->r, "soap.missing", "%s is missing", taken[i].name);
}

static void body_read(struct in *x)
{
    static const char *const names[] = {
#define X(name, word) word,
        SOAP_OPERATIONS(X)
#undef X
    };
    unsigned i = 0, n = 0;

    for (; xml_r_child(&x->r); n++) {
        while (i < LEN(names) && !xml_is(&x->r.name, S(SOAP_QUERY_NS), str_of(names[i]))) i++;
        if (n > 0)
            refuse(x, "soap.envelope", "a Body has one operation");
        else if (i == LEN(names))
            refuse(x, "soap.operation", "there is no such operation");
        if (x->r.st.cls != ST_OK) return;
        x->call.operation = (enum soap_operation)i;
        operation_read(x);
    }
    if (n == 0) xml_r_fail(&x->r, "soap.envelope", "the Body is empty");
}

// ---- the envelope

static void header_read(struct in *x)
{
    while (xml_r_child(&x->r)) {
        const struct xml_r_attr *must = xml_r_attr(&x->r, S(SOAP_NS), S("mustUnderstand"));
        if (must != NULL && str_eq(str_trim(must->value), S("1")))
            refuse(x, "soap.must_understand", "this header is not understood");
        xml_r_skip(&x->r);
    }
}

static void envelope_read(struct in *x)
{
    bool header = false, body = false;

    if (!xml_r_root(&x->r)) return;
    if (!xml_is(&x->r.name, S(SOAP_NS), S("Envelope"))) {
        bool other = str_eq(x->r.name.local, S("Envelope"));
        refuse(x, other ? "soap.version" : "soap.envelope", "this is no SOAP 1.1 envelope");
        return;
    }
    while (xml_r_child(&x->r)) {
        if (xml_is(&x->r.name, S(SOAP_NS), S("Body"))) {
            if (take_once(x, &body)) body_read(x);
        } else if (xml_is(&x->r.name, S(SOAP_NS), S("Header")) && !body) {
            if (take_once(x, &header)) header_read(x);
        } else if (!body || str_eq(x->r.name.uri, S(SOAP_NS))) {
            refuse(x, "soap.envelope", "an envelope has a Header and a Body");
        } else {
            xml_r_skip(&x->r); // SOAP 1.1 lets others follow
        }
    }
    if (!body && x->r.st.cls == ST_OK) xml_r_fail(&x->r, "soap.envelope", "there is no Body");
}

status soap_call_read(str body, struct arena *a, struct soap_call *out)
{
    struct in *x = NEW(a, struct in);

    if (x == NULL) return no_memory();
    TRY(xml_decode_whole(body, a, &body));
    xml_r_init(&x->r, body, a);
    x->r.transcoded = true;
    envelope_read(x);
    status st = xml_r_end(&x->r);
    TRY(x->st);
    TRY(st);
    *out = x->call;
    return OK;
}
