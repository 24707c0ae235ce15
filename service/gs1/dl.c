// Digital Link URIs, uncompressed:
//   http(s)://domain[/stem]/key AI/key[/qualifier AI/value]…[?AI=value&…][#…]
//
// The path is read from the right: the last primary key counts, what stands left of it is stem.
// Every value is checked like any element string. Signs that should have been escaped are taken
// where they cut nothing: quotes and angle brackets, and a "%" that begins no escape.
#include "service/gs1/element.h"
#include "service/gs1/gs1_int.h"
#include <string.h>

static size_t scheme_length(str in) // all lower or all upper case, as GS1's own engine reads them
{
    static const str heads[] = {
        {"https://", 8},
        {"http://",  7},
        {"HTTPS://", 8},
        {"HTTP://",  7}
    };

    for (size_t i = 0; i < LEN(heads); i++)
        if (str_starts(in, heads[i])) return heads[i].n;
    return 0;
}

bool gs1_is_web(str in)
{
    return (in.n >= 5 && str_eq_fold((str){in.p, 5}, S("http:"))) ||
           (in.n >= 6 && str_eq_fold((str){in.p, 6}, S("https:")));
}

static bool is_host_char(char c)
{
    return gs1_in_set(c, SET_64) ? c != '_' : c == '.' || c == ':' || c == '[' || c == ']';
}

static uint32_t at_of(str in, const char *p) { return (uint32_t)(p - in.p); }

static status form(str in, const char *p, const char *says)
{
    return fail(ST_BAD_INPUT, "gs1.dl_form", at_of(in, p), "%s", says);
}

size_t gs1_origin_length(str in)
{
    size_t head = scheme_length(in), n = head;

    while (n > 0 && n < in.n && is_host_char(in.p[n])) n++;
    return n > head ? n : 0;
}

// Splits off the path, which begins with its slash, and the query.
static status split(str in, str *path, str *query)
{
    size_t head = scheme_length(in), origin = gs1_origin_length(in);
    size_t good = gs1_span(in, SET_URI | SET_82);
    str fragmentless;

    if (head == 0) return form(in, in.p, "a Digital Link begins with https:// or http://");
    if (good < in.n) return form(in, in.p + good, "a URI cannot hold this character");
    str rest = str_from(in, origin > 0 ? origin : head);
    if (origin == 0 || (rest.n > 0 && strchr("/?#", rest.p[0]) == NULL))
        return form(in, rest.p, "a domain name belongs here");
    if (str_cut(&rest, '#', &fragmentless)) rest = fragmentless;
    *query = (str){"", 0};
    *path = rest;
    if (str_cut(&rest, '?', path)) *query = rest;
    return OK;
}

static const char *last_slash(const char *p, const char *end)
{
    return end == p ? NULL : memrchr(p, '/', (size_t)(end - p));
}

// What follows the stem: "01/…/21/…", or empty when no segment is a primary key. Pairs are counted
// from the end of the path.
static str key_path(str path)
{
    const char *end = path.p + path.n, *last = end, *value, *ai;

    while ((value = last_slash(path.p, last)) != NULL && (ai = last_slash(path.p, value)) != NULL) {
        const struct gs1_ai *rule = gs1_ai_find((str){ai + 1, (size_t)(value - ai - 1)});
        if (rule != NULL && rule->path != NULL) return (str){ai + 1, (size_t)(end - ai - 1)};
        last = ai;
    }
    return (str){"", 0};
}

// The next piece up to `sep`; true for the last one.
static bool cut_or_end(str *rest, char sep, str *head)
{
    if (str_cut(rest, sep, head)) return false;
    *head = *rest;
    *rest = str_from(*rest, rest->n);
    return true;
}

struct reader {
    str in;
    struct arena *arena;
    struct gs1_elements *out;
};

static status add(const struct reader *r, str ai, str raw, enum gs1_escape where)
{
    size_t bad;
    str value;

    if (!gs1_unescape(raw, where, r->arena, &value, &bad))
        return fail(ST_TOO_LARGE, "gs1.too_large", 0, "no room to unescape the value");
    return gs1_elements_add(r->out, ai, value, at_of(r->in, raw.p));
}

// How many of the identifiers e[1…] the list "22,10,21" takes in its order.
static size_t in_order(str list, const struct gs1_elements *e)
{
    size_t taken = 1;
    str rest = list, one;

    for (bool last = false; !last && taken < e->n;) {
        last = cut_or_end(&rest, ',', &one);
        if (str_eq(one, e->e[taken].ai)) taken++;
    }
    return taken;
}

// REQ GS1-DL-path: qualifiers stand in the order that their key gives them.
static status qualifiers_check(const struct gs1_elements *e)
{
    str rest = str_of(e->e[0].rule->path), list;
    size_t best = 1;

    for (bool last = false; !last;) {
        last = cut_or_end(&rest, '|', &list);
        size_t taken = in_order(list, e);
        if (taken > best) best = taken;
    }
    if (best == e->n) return OK;
    return fail(ST_BAD_INPUT, "gs1.dl_order", e->e[best].at - (uint32_t)e->e[best].ai.n - 1,
                "(%.*s) cannot stand here after (%.*s)", STR(e->e[best].ai), STR(e->e[0].ai));
}

static status path_read(const struct reader *r, str path)
{
    str ai, value;

    for (bool last = false; !last;) {
        if (!str_cut(&path, '/', &ai))
            return form(r->in, path.p, "an identifier without a value ends the path");
        last = cut_or_end(&path, '/', &value);
        TRY(add(r, ai, value, ESCAPE_PATH));
    }
    return qualifiers_check(r->out);
}

// Could `ai` stand in the path too, beside the first `n` elements? Then it must.
static bool belongs_in_path(const struct gs1_elements *e, size_t n, str ai)
{
    str rest = str_of(e->e[0].rule->path), list;

    for (bool last = false; !last;) {
        last = cut_or_end(&rest, '|', &list);
        bool fits = gs1_ai_listed(list, ai);
        for (size_t i = 1; i < n; i++) fits = fits && gs1_ai_listed(list, e->e[i].ai);
        if (fits) return true;
    }
    return false;
}

static status attribute_read(const struct reader *r, size_t in_path, str name, str value)
{
    const struct gs1_ai *rule = gs1_ai_find(name);
    uint32_t at = at_of(r->in, name.p);

    if (rule == NULL)
        return fail(ST_BAD_INPUT, "gs1.ai_unknown", at, "there is no such application identifier");
    if (gs1_elements_find(r->out, name) != NULL)
        return fail(ST_BAD_INPUT, "gs1.repeated", at, "(%.*s) stands in the link twice", STR(name));
    if (!rule->in_query || belongs_in_path(r->out, in_path, name))
        return fail(ST_BAD_INPUT, "gs1.dl_attribute", at, "(%.*s) cannot stand in the query",
                    STR(name));
    return add(r, name, value, ESCAPE_QUERY);
}

// Names that are no identifiers (linkType) are others' and ignored.
static status query_read(const struct reader *r, str query)
{
    size_t in_path = r->out->n;
    str one, name;

    for (bool last = query.n == 0; !last;) {
        last = cut_or_end(&query, '&', &one);
        if (str_cut(&one, '=', &name) && str_is_digits(name))
            TRY(attribute_read(r, in_path, name, one));
    }
    return OK;
}

status gs1_dl_read(str in, struct arena *a, struct gs1_elements *out)
{
    struct reader r = {in, a, out};
    str path, query;

    out->n = 0;
    TRY(split(in, &path, &query));
    str keyed = key_path(path);
    if (keyed.n == 0)
        return fail(ST_BAD_INPUT, "gs1.dl_no_key", at_of(in, path.p),
                    "no GS1 key stands in the path (compressed Digital Links are not read)");
    TRY(path_read(&r, keyed));
    return query_read(&r, query);
}

// The list of the key's qualifiers that names the most of what is there; the first of equals.
static str best_list(const struct gs1_elements *e, const struct gs1_element *key)
{
    str rest = str_of(key->rule->path), list, best = {"", 0}, one;
    size_t most = 0;

    for (bool last = false; !last;) {
        size_t there = 0;
        last = cut_or_end(&rest, '|', &list);
        str names = list;
        for (bool end = false; !end;) {
            end = cut_or_end(&names, ',', &one);
            there += gs1_elements_find(e, one) != NULL;
        }
        if (there > most) best = list, most = there;
    }
    return best;
}

struct plan { // what goes where; indexes into the elements
    size_t path[8], path_n;
    size_t query[GS1_ELEMENTS_MAX], query_n;
};

static void plan_path(const struct gs1_elements *e, const struct gs1_element *key, struct plan *p)
{
    str names = best_list(e, key), one;

    p->path[p->path_n++] = (size_t)(key - e->e);
    for (bool end = names.n == 0; !end;) {
        end = cut_or_end(&names, ',', &one);
        const struct gs1_element *q = gs1_elements_find(e, one);
        assert(p->path_n < LEN(p->path));
        if (q != NULL) p->path[p->path_n++] = (size_t)(q - e->e);
    }
}

// Values of predefined length come first, as in a bar code; what is repeated is said once.
static status plan_query(const struct gs1_elements *e, struct plan *p)
{
    for (int predefined = 1; predefined >= 0; predefined--)
        for (size_t i = 0; i < e->n; i++) {
            const struct gs1_element *one = &e->e[i];
            bool placed = gs1_elements_find(e, one->ai) != one;
            for (size_t k = 0; k < p->path_n; k++) placed = placed || p->path[k] == i;
            if (placed || one->rule->predefined != (predefined == 1)) continue;
            if (!one->rule->in_query)
                return fail(ST_BAD_INPUT, "gs1.dl_attribute", one->at,
                            "(%.*s) has no place in this Digital Link", STR(one->ai));
            p->query[p->query_n++] = i;
        }
    return OK;
}

status gs1_elements_dl(const struct gs1_elements *e, str stem, struct buf *out)
{
    const struct gs1_element *key = e->e;
    struct plan p = {.path_n = 0};

    while (key < e->e + e->n && key->rule->path == NULL) key++;
    if (key == e->e + e->n)
        return fail(ST_BAD_INPUT, "gs1.no_key", 0, "none of the identifiers is a primary key");
    plan_path(e, gs1_elements_find(e, key->ai), &p);
    TRY(plan_query(e, &p));
    buf_add(out, stem);
    for (size_t i = 0; i < p.path_n; i++) {
        buf_addc(out, '/');
        buf_add(out, e->e[p.path[i]].ai);
        buf_addc(out, '/');
        gs1_escape(e->e[p.path[i]].value, ESCAPE_PATH, out);
    }
    for (size_t i = 0; i < p.query_n; i++) {
        buf_addc(out, i == 0 ? '?' : '&');
        buf_add(out, e->e[p.query[i]].ai);
        buf_addc(out, '=');
        gs1_escape(e->e[p.query[i]].value, ESCAPE_QUERY, out);
    }
    return OK;
}
