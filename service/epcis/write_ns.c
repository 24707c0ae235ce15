// write_ns.c - which namespaces an event names, and under which prefixes they are written.
//
// A prefix is kept as it was declared unless it is no name in XML, has a meaning of its own in the
// document (epcis_ns_keeps_prefix), or stands for another namespace in the same event: prefixes may
// change, URIs may not (CHECKLIST 11.8).
#include "common/xml.h"
#include "service/epcis/epcis_int.h"
#include "service/epcis/json_context.h"
#include "service/epcis/xml_in.h"

struct collecting {
    struct epcis_doc *d;
    bool open;
    bool foreign; // contexts of JSON are named that declare what we do not know
    uint32_t n;
    struct epcis_used **end; // of the chain
    status st;
};

static bool ns_same(const struct epcis_ns *a, const struct epcis_ns *b)
{
    return a == b || str_eq(a->uri, b->uri);
}

static struct epcis_used *used_find(const struct epcis_doc *d, const struct epcis_ns *ns)
{
    struct epcis_used *u = d->used;

    while (u != NULL && u->ns != ns) u = u->next; // mostly the reader's one for each
    for (u = u != NULL ? u : d->used; u != NULL && !ns_same(u->ns, ns);) u = u->next;
    return u;
}

// "hc:" for the prefix hc: somebody's context knows more.
static bool is_its_prefix(const struct epcis_ns *ns)
{
    return ns->uri.n == ns->prefix.n + 1 && ns->uri.p[ns->prefix.n] == ':' &&
           str_starts(ns->uri, ns->prefix);
}

static const struct epcis_ns *declared(const struct collecting *c, const struct epcis_ns *ns)
{
    const struct epcis_out *conf = &c->d->conf;

    if (c->foreign && is_its_prefix(ns)) return ns;
    for (uint32_t i = 0; c->open && i < conf->ns_count; i++)
        if (ns_same(&conf->ns[i], ns)) return &conf->ns[i];
    // ours is written as the format spells it; others' is told as they spelt it
    const struct epcis_ns *mda = &c->d->ops->mda;
    return c->open && (ns == &epcis_ns_cbvmda || ns_same(ns, mda)) ? mda : NULL;
}

static bool prefix_taken(const struct epcis_doc *d, str prefix)
{
    for (const struct epcis_used *u = d->used; u != NULL; u = u->next)
        if (str_eq(u->prefix, prefix)) return true;
    return false;
}

// What documents that we write are made of, beside GS1's context.
static const struct epcis_ns ours[] = {
    {{"soapenv", 7}, {EPCIS_SOAP_URI, sizeof EPCIS_SOAP_URI - 1}        },
    {{"sbdh", 4},    {EPCIS_SBDH_URI, sizeof EPCIS_SBDH_URI - 1}        },
    {{"gs1ushc", 7}, {EPCIS_HC_URI, sizeof EPCIS_HC_URI - 1}            },
    {{"type", 4},    {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", 43}},
    {{"id", 2},      {"", 0}                                            },
};

// A reader of JSON-LD takes what begins with a prefix for a name that is built of it: EPCs, too.
static bool begins_identifiers(str prefix)
{
    return str_eq(prefix, S("urn")) || str_eq(prefix, S("http")) || str_eq(prefix, S("https"));
}

bool epcis_ns_keeps_prefix(const struct epcis_ns *ns, bool json)
{
    const struct epcis_ns *known = epcis_ns_built_in(ns->prefix);
    bool xml = ns->prefix.n >= 3 && str_eq_fold((str){ns->prefix.p, 3}, S("xml"));

    if (!json && known != &epcis_ns_cbvmda) known = NULL;
    for (size_t i = 0; i < LEN(ours) && known == NULL; i++)
        if (str_eq(ours[i].prefix, ns->prefix)) known = &ours[i];
    if (xml || !xml_is_ncname(ns->prefix) || (json && begins_identifiers(ns->prefix))) return false;
    if (known == &epcis_ns_cbvmda) return epcis_ns_is_cbvmda(ns->uri);
    return known == NULL || str_eq(known->uri, ns->uri);
}

static bool is_xml(const struct epcis_ns *ns) { return str_eq(ns->uri, epcis_ns_xml.uri); }

str epcis_uri_scheme(str uri)
{
    str rest = uri, scheme;

    if (!str_cut(&rest, ':', &scheme) || str_starts(rest, S("//"))) return (str){"", 0};
    return scheme;
}

// Where it is declared, a URI of the event that begins with it would be taken for one that is built
// of it (json_context.c).
static bool is_scheme(const struct epcis_doc *d, str prefix)
{
    const struct epcis_used *u = d->used;

    while (u != NULL && !str_eq(epcis_uri_scheme(u->ns->uri), prefix)) u = u->next;
    return u != NULL;
}

static str prefix_of(struct epcis_doc *d, const struct epcis_ns *ns)
{
    bool json = d->conf.format == EPCIS_JSON_2_0, good = epcis_ns_keeps_prefix(ns, json);

    if (is_xml(ns)) return epcis_ns_xml.prefix;
    str base = good ? ns->prefix : S("ns"), p = base;

    for (unsigned i = 1; (i == 1 && !good) || prefix_taken(d, p) || (json && is_scheme(d, p));
         i++) {
        buf_reset(&d->text);
        buf_addf(&d->text, "%.*s%u", STR(base), good ? i + 1 : i);
        p = buf_str(&d->text);
    }
    return p.p == ns->prefix.p ? p : arena_str(&d->scratch, p);
}

static void use(struct collecting *c, const struct epcis_ns *ns)
{
    if (ns == NULL || c->st.cls != ST_OK || used_find(c->d, ns) != NULL) return;
    if (c->n++ == EPCIS_USED_MAX) {
        c->st = fail(ST_UNPROCESSABLE, "epcis.field", 0, "more than %u namespaces in one event",
                     EPCIS_USED_MAX);
        return;
    }
    struct epcis_used *u = NEW(&c->d->scratch, struct epcis_used);
    if (u == NULL) {
        c->st = no_memory();
        return;
    }
    *u = (struct epcis_used){
        .ns = ns, .prefix = {"", 0}
    };
    *c->end = u;
    c->end = &u->next;
}

static void name(struct collecting *c, struct epcis_used *u)
{
    struct epcis_doc *d = c->d;
    const struct epcis_ns *known = declared(c, u->ns);

    u->declared = known != NULL && !prefix_taken(d, known->prefix);
    u->prefix = u->declared ? known->prefix : prefix_of(d, u->ns);
    if (u->prefix.p == NULL) c->st = no_memory();
    if (d->conf.format == EPCIS_JSON_2_0) return;
    u->declared |= is_xml(u->ns); // by XML itself
    if (str_eq(u->ns->uri, S("http://www.w3.org/2000/xmlns/")))
        c->st = fail(ST_CONFLICT, "epcis.not_in_xml", 0, "XML's own declarations are no namespace");
}

static status name_all(struct collecting *c)
{
    for (struct epcis_used *u = c->d->used; u != NULL && c->st.cls == ST_OK; u = u->next)
        name(c, u);
    return c->st;
}

const struct epcis_ns *epcis_outer_ns(const struct epcis_doc *d, const struct epcis_node *n)
{
    bool wanted = d->conf.format != EPCIS_XML_1_2; // 1.2 has extensions for them

    if (!epcis_is_unqualified(n)) return n->ns;
    return wanted ? &epcis_ns_unqualified : NULL;
}

// Beside EPCIS' own elements one in its namespace would be one of those.
static void outer_check(struct collecting *c, const struct epcis_node *n)
{
    if (c->d->conf.format == EPCIS_JSON_2_0 || n->ns == NULL || !xml_in_is_epcis(n->ns->uri))
        return;
    c->st = fail(ST_CONFLICT, "epcis.not_in_xml", 0,
                 "a field of others in EPCIS' own namespace is none in XML");
}

static void level(struct collecting *c, const struct epcis_node *n, unsigned depth)
{
    if (n != NULL && depth == EPCIS_NODE_DEPTH_MAX && c->st.cls == ST_OK)
        c->st = fail(ST_UNPROCESSABLE, "epcis.field", 0, "extensions are nested too deep");
    for (; n != NULL && c->st.cls == ST_OK; n = n->next) {
        if (depth == 0) outer_check(c, n);
        use(c, depth == 0 ? epcis_outer_ns(c->d, n) : n->ns);
        level(c, n->child, depth + 1);
    }
}

static void chain(struct collecting *c, const struct epcis_node *n) { level(c, n, 0); }

static void sensor_chains(struct collecting *c, const struct epcis_sensor *s)
{
    if (s->metadata != NULL) chain(c, s->metadata->ext);
    for (uint32_t i = 0; i < s->report_count; i++) chain(c, s->reports[i].ext);
    chain(c, s->ext);
}

status epcis_used_collect(struct epcis_doc *d, const struct epcis_event *e, bool open)
{
    struct collecting c = {.d = d, .open = open, .end = &d->used, .st = OK};

    c.foreign = d->conf.format == EPCIS_JSON_2_0 && e->contexts.n > 0;
    d->used = NULL;
    if (e->error != NULL) chain(&c, e->error->ext);
    chain(&c, e->read_point.ext);
    chain(&c, e->biz_location.ext);
    for (uint32_t i = 0; i < e->sensors.n; i++) sensor_chains(&c, &e->sensors.at[i]);
    chain(&c, e->ilmd);
    chain(&c, e->ext);
    return name_all(&c);
}

status epcis_used_collect_nodes(struct epcis_doc *d, const struct epcis_node *nodes)
{
    struct collecting c = {.d = d, .end = &d->used, .st = OK};

    d->used = NULL;
    level(&c, nodes, 1); // within others' elements names need no namespace
    return name_all(&c);
}

str epcis_used_prefix(const struct epcis_doc *d, const struct epcis_ns *ns)
{
    const struct epcis_used *u = used_find(d, ns);

    assert(u != NULL); // epcis_used_collect saw the same event
    return u->prefix;
}
