// json_context.c - prefixes: where they are declared, and which are built in.
#include "service/epcis/json_context.h"
#include "common/xml.h"
#include <string.h>

#define T(lit)                                                                                     \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }

// Where GS1 publishes its context, by version or without, and has published it (CHECKLIST 10.1).
static const str homes[] = {
    T("https://ref.gs1.org/standards/epcis/"),
    T("http://ref.gs1.org/standards/epcis/"),
    T("https://gs1.github.io/EPCIS/"),
    T("https://ns.gs1.org/epcis/"),
    T("http://ns.gs1.org/epcis/"),
};

const struct epcis_ns epcis_ns_rdfs = {T("rdfs"), T("http://www.w3.org/2000/01/rdf-schema#")};

// The prefixes of the context of EPCIS 2.0.
static const struct epcis_ns built_in[] = {
    {T("epcis"),   T("https://ref.gs1.org/epcis/")       },
    {T("cbv"),     T("https://ref.gs1.org/cbv/")         },
    {T("gs1"),     T("https://gs1.org/voc/")             },
    {T("owl"),     T("http://www.w3.org/2002/07/owl#")   },
    {T("xsd"),     T("http://www.w3.org/2001/XMLSchema#")},
    {T("dcterms"), T("http://purl.org/dc/terms/")        },
};

#define BUILT_MAX 8u // prefixes that one is built of

struct epcis_contexts epcis_contexts(struct arena *a)
{
    return (struct epcis_contexts){.arena = a};
}

// ---- declaring

static struct epcis_term *term_new(struct epcis_contexts *c, struct epcis_ns ns,
                                   const struct epcis_term *outer, status *st)
{
    struct epcis_term *t = NULL;

    if (c->n == EPCIS_TERMS_MAX)
        *st = fail(ST_BAD_INPUT, "epcis.context", 0, "more than %u prefixes", EPCIS_TERMS_MAX);
    else if ((t = NEW(c->arena, struct epcis_term)) == NULL)
        *st = no_memory();
    if (t == NULL) return NULL;
    *t = (struct epcis_term){ns, outer};
    c->n++;
    return t;
}

// A prefix in an object of its own: {"@id": "https://…"}. Empty: it is some other term.
static str id_of_term(struct json_r *r)
{
    str key, uri = {"", 0};

    for (json_object(r); json_key(r, &key);) {
        if (str_eq(key, S("@id")) && json_peek(r) == JSON_STRING)
            uri = json_string(r);
        else
            json_raw(r);
    }
    return uri;
}

static void term_declare(struct epcis_contexts *c, struct json_r *r, str prefix,
                         const struct epcis_term **scope)
{
    uint32_t at = (uint32_t)r->mark;
    str uri = {"", 0};
    status st = OK;

    switch (json_peek(r)) {
    case JSON_STRING: uri = json_string(r); break;
    case JSON_OBJECT: uri = id_of_term(r); break;
    case JSON_NULL: json_null(r); break; // the prefix stands for nothing from here on
    default:
        json_raw(r);
        json_fail(r, "epcis.context", "a prefix has no URI");
        break;
    }
    if (r->st.cls != ST_OK || prefix.n == 0 || memchr(prefix.p, ':', prefix.n) != NULL) return;
    if (uri.n > 0 && uri.p[0] == '@') return; // another name for a word of JSON-LD
    struct epcis_term *t = term_new(c, (struct epcis_ns){prefix, uri}, *scope, &st);
    if (t != NULL) {
        *scope = t;
        return;
    }
    r->st = st;
    r->st.at = at;
}

static bool declared_here(const struct epcis_term *scope, const struct epcis_term *until,
                          str prefix)
{
    for (; scope != until; scope = scope->outer)
        if (str_eq(scope->ns.prefix, prefix)) return true;
    return false;
}

static const struct epcis_ns *prefix_find(const struct epcis_term *scope, str prefix)
{
    for (; scope != NULL; scope = scope->outer)
        if (str_eq(scope->ns.prefix, prefix)) return scope->ns.uri.n > 0 ? &scope->ns : NULL;
    return epcis_ns_built_in(prefix);
}

// What the prefix that the URI begins with stands for, with what stands behind it.
static bool expand(struct json_r *r, const struct epcis_term *scope, str *uri)
{
    str rest = *uri, prefix;

    if (!str_cut(&rest, ':', &prefix) || str_starts(rest, S("//"))) return false;
    const struct epcis_ns *ns = prefix_find(scope, prefix);
    if (ns == NULL) return false;
    size_t n = ns->uri.n + rest.n;
    char *p = arena_alloc(r->arena, n);
    if (p == NULL) return json_refuse(r, no_memory()), false;
    memcpy(p, ns->uri.p, ns->uri.n);
    if (rest.n > 0) memcpy(p + ns->uri.n, rest.p, rest.n);
    *uri = (str){p, n};
    return true;
}

// Prefixes may be built of others, also of those that are declared behind them. Those that stand
// for themselves or for each other are left as they are.
static void expand_all(struct json_r *r, const struct epcis_term *scope,
                       const struct epcis_term *until)
{
    for (const struct epcis_term *t = scope; t != until; t = t->outer) {
        str uri = t->ns.uri;
        unsigned n = 0;
        while (n < BUILT_MAX && expand(r, scope, &uri)) n++;
        if (n < BUILT_MAX) ((struct epcis_term *)(uintptr_t)t)->ns.uri = uri;
    }
}

static void terms(struct epcis_contexts *c, struct json_r *r, const struct epcis_term **scope)
{
    const struct epcis_term *until = *scope;
    str key;

    for (json_object(r); json_key(r, &key);) {
        if (declared_here(*scope, until, key))
            json_twice(r, key);
        else if (key.n > 0 && key.p[0] == '@')
            json_raw(r);
        else
            term_declare(c, r, key, scope);
    }
    expand_all(r, *scope, until);
}

static void address(struct epcis_contexts *c, struct json_r *r)
{
    str url = json_string(r), *urls = (str *)(uintptr_t)c->urls.at;

    for (size_t i = 0; i < LEN(homes); i++)
        if (str_starts(url, homes[i])) return;
    for (uint32_t i = 0; i < c->urls.n; i++)
        if (str_eq(urls[i], url)) return;
    if (r->st.cls != ST_OK) return;
    if (url.n == 0 || c->urls.n == EPCIS_URLS_MAX) {
        json_fail(r, "epcis.context", "a context without address, or too many of them");
        return;
    }
    if (urls == NULL) urls = NEW_ARRAY(c->arena, str, EPCIS_URLS_MAX);
    if (urls == NULL) {
        json_refuse(r, no_memory());
        return;
    }
    urls[c->urls.n] = url;
    c->urls = (struct epcis_strs){urls, c->urls.n + 1};
}

static void one(struct epcis_contexts *c, struct json_r *r, const struct epcis_term **scope)
{
    switch (json_peek(r)) {
    case JSON_STRING: address(c, r); break;
    case JSON_OBJECT: terms(c, r, scope); break;
    default: json_raw(r); json_fail(r, "epcis.context", "a context is an address or an object");
    }
}

status epcis_context_read(struct epcis_contexts *c, str raw, const struct epcis_term **scope)
{
    struct json_r r = json_reader(raw, c->arena);
    const struct epcis_term *inner = *scope;

    if (json_peek(&r) == JSON_ARRAY) {
        for (json_array(&r); json_item(&r);) one(c, &r, &inner);
    } else {
        one(c, &r, &inner);
    }
    TRY(json_r_end(&r));
    *scope = inner;
    return OK;
}

// ---- resolving

const struct epcis_ns *epcis_ns_built_in(str prefix)
{
    if (str_eq(prefix, epcis_ns_cbvmda.prefix)) return &epcis_ns_cbvmda;
    if (str_eq(prefix, epcis_ns_rdfs.prefix)) return &epcis_ns_rdfs;
    for (size_t i = 0; i < LEN(built_in); i++)
        if (str_eq(built_in[i].prefix, prefix)) return &built_in[i];
    return NULL;
}

static status whole_uri(struct epcis_contexts *c, str prefix, str uri, const struct epcis_ns **ns)
{
    struct epcis_term *t = c->whole;
    status st = OK;

    while (t != NULL && !(str_eq(t->ns.uri, uri) && str_eq(t->ns.prefix, prefix)))
        t = (struct epcis_term *)(uintptr_t)t->outer;
    if (t == NULL) {
        t = term_new(c, (struct epcis_ns){prefix, uri}, c->whole, &st);
        if (t == NULL) return st;
        c->whole = t;
    }
    *ns = &t->ns;
    return OK;
}

// Cuts a URI before the last name in it, which is what XML could call an element.
static status uri_split(struct epcis_contexts *c, str uri, const struct epcis_ns **ns, str *name)
{
    size_t n = uri.n;

    while (n > 0 && memchr("/#:?=&;,+!*'()@$%~", uri.p[n - 1], 18) == NULL) n--;
    while (n < uri.n && !xml_is_ncname(str_from(uri, n))) n++;
    if (n == uri.n || n == 0)
        return fail(ST_BAD_INPUT, "epcis.field", 0, "this URI ends in no name");
    *name = str_from(uri, n);
    return whole_uri(c, (str){"", 0}, (str){uri.p, n}, ns);
}

status epcis_key_resolve(struct epcis_contexts *c, const struct epcis_term *scope, str key,
                         const struct epcis_ns **ns, str *name)
{
    const char *colon = memchr(key.p, ':', key.n);

    *ns = NULL;
    *name = key;
    if (colon == NULL || key.p[0] == '@') return OK;
    str prefix = {key.p, (size_t)(colon - key.p)}, local = str_from(key, prefix.n + 1);
    if (str_starts(local, S("//"))) return uri_split(c, key, ns, name);
    *ns = prefix_find(scope, prefix);
    if (*ns == NULL && str_eq_fold(prefix, S("urn"))) return uri_split(c, key, ns, name);
    if (prefix.n == 0 || local.n == 0)
        return fail(ST_BAD_INPUT, "epcis.field", 0, "a field has no prefix or no name");
    *name = local;
    if (*ns != NULL) return OK;
    if (c->urls.n > 0) return whole_uri(c, prefix, (str){key.p, prefix.n + 1}, ns);
    str shown = str_shown(prefix, 40);
    return fail(ST_BAD_INPUT, "epcis.prefix", 0, "the prefix %.*s is declared in no @context",
                STR(shown));
}
