#include "service/query/ns_seen.h"

#define NS_TEXT_MAX 512u

// Prefixes that documents have already, or whose meaning a context elsewhere says.
static bool is_free(const struct epcis_ns *ns)
{
    bool its = ns->uri.n == ns->prefix.n + 1 && str_starts(ns->uri, ns->prefix);

    return !its && ns->uri.n > 0 && ns->uri.n <= NS_TEXT_MAX && ns->prefix.n <= NS_TEXT_MAX &&
           epcis_ns_keeps_prefix(ns, true) && !str_eq(ns->uri, epcis_ns_xml.uri) &&
           !str_starts(ns->uri, S("http://www.w3.org/2000/xmlns")) &&
           !str_starts(ns->prefix, S("epcis")) && !epcis_ns_is_cbvmda(ns->uri) &&
           str_is_utf8(ns->uri, NULL);
}

static bool is_scheme(const struct ns_seen *s, str prefix)
{
    uint32_t i = 0;

    while (i < s->scheme_n && !str_eq(s->schemes[i], prefix)) i++;
    return i < s->scheme_n;
}

// What a URI begins with is no prefix: it would be taken for one that is built of that. False:
// there is no room to know it.
static bool scheme_see(struct ns_seen *s, const struct epcis_ns *ns)
{
    str scheme = epcis_uri_scheme(ns->uri);

    if (scheme.n == 0 || is_scheme(s, scheme)) return true;
    if (s->scheme_n == NS_SEEN_MAX || (scheme = arena_str(s->arena, scheme)).p == NULL)
        return false;
    s->schemes[s->scheme_n++] = scheme;
    for (uint32_t i = 0; i < s->n;)
        if (str_eq(s->at[i].prefix, scheme))
            s->at[i] = s->at[--s->n];
        else
            i++;
    return true;
}

static void see(struct ns_seen *s, const struct epcis_ns *ns)
{
    if (ns == NULL || ns->uri.n == 0) return;
    if (!scheme_see(s, ns)) s->n = 0; // each event declares its own
    if (s->n == NS_SEEN_MAX || s->scheme_n == NS_SEEN_MAX) return;
    for (uint32_t i = 0; i < s->n; i++)
        if (str_eq(s->at[i].uri, ns->uri) || str_eq(s->at[i].prefix, ns->prefix)) return;
    if (!is_free(ns) || is_scheme(s, ns->prefix)) return;
    struct epcis_ns kept = {arena_str(s->arena, ns->prefix), arena_str(s->arena, ns->uri)};
    if (kept.prefix.p != NULL && kept.uri.p != NULL) s->at[s->n++] = kept;
}

static void see_all(struct ns_seen *s, const struct epcis_node *n)
{
    for (; n != NULL; n = n->next) {
        see(s, n->ns);
        see_all(s, n->child);
    }
}

void ns_seen_event(struct ns_seen *s, const struct epcis_event *e)
{
    if (e->error != NULL) see_all(s, e->error->ext);
    see_all(s, e->read_point.ext);
    see_all(s, e->biz_location.ext);
    for (uint32_t i = 0; i < e->sensors.n; i++) {
        const struct epcis_sensor *x = &e->sensors.at[i];
        see_all(s, x->ext);
        if (x->metadata != NULL) see_all(s, x->metadata->ext);
        for (uint32_t k = 0; k < x->report_count; k++) see_all(s, x->reports[k].ext);
    }
    see_all(s, e->ilmd);
    see_all(s, e->ext);
}
