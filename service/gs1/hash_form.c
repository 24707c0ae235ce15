// Identifiers as the event hash takes them (CBV 2.0, 8.9): Digital Links at id.gs1.org at the
// finest level of identification, in the form that the published hashes prove.
//
// That form is not the canonical one. It escapes less, escapes that stand in the text stay as they
// are, and it is a matter of shape alone: check digits are nobody's concern here, so that an event
// has one hash whoever computes it. Only the escapes of `' ; =` do not stay: the canonical link has
// them where the URN has the signs, and the two must give one hash.
#include "service/gs1/gs1_int.h"
#include <string.h>

static bool is_loose(char c) { return c != 0 && strchr("';=", c) != NULL; }
static bool is_raw(char c) { return gs1_in_set(c, SET_DL) || is_loose(c); }

static bool is_escape(str s, size_t i, char *c)
{
    return s.p[i] == '%' && i + 2 < s.n && hex_get((str){s.p + i + 1, 2}, c, 1);
}

static void value_write(str text, struct buf *out)
{
    static const char digit[] = "0123456789ABCDEF";
    size_t done = 0; // what lies between is raw
    char c = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char byte = (unsigned char)text.p[i];
        bool escape = is_escape(text, i, &c), loose = escape && is_loose(c);
        if (!loose && (escape || is_raw(text.p[i]))) continue;
        char three[] = {'%', digit[byte >> 4], digit[byte & 15]};
        buf_add(out, (str){text.p + done, i - done});
        buf_add(out, loose ? (str){&c, 1} : (str){three, sizeof three});
        if (loose) i += 2;
        done = i + 1;
    }
    buf_add(out, str_from(text, done));
}

// ---- URNs

static bool urn_form(str in, struct arena *a, struct buf *out)
{
    struct gs1_urn u;
    struct gs1_id id;

    if (gs1_urn_cut(in, &u).cls != ST_OK || gs1_urn_cut_read(&u, a, &id).cls != ST_OK) return false;
    if (gs1_is_text(id.scheme)) return false;
    const struct gs1_kind *k = u.kind;
    buf_add(out, S("https://id.gs1.org/"));
    buf_add(out, str_of(k->ai));
    buf_addc(out, '/');
    buf_add(out, str_of(k->filler));
    if (k->body_n > 0) {
        buf_add(out, gs1_id_key(&id));
    } else {
        buf_add(out, u.part[0]);
        value_write(u.part[1], out);
    }
    if (id.ext.n == 0) return true; // there is none, or it is the "0" of a GLN
    if (k->ext_ai != NULL) {
        buf_addc(out, '/');
        buf_add(out, str_of(k->ext_ai));
        buf_addc(out, '/');
    }
    value_write(u.part[k->parts - 1], out);
    return true;
}

// ---- Digital Links

struct shape {        // of a value
    uint8_t digits;   // at its head; 0: none need be
    uint8_t max;      // characters in all
    enum gs1_set set; // of the others
};

#define QUALIFIERS 4
static const struct key {
    str ai, name;
    struct shape shape;
    // In the order in which they stand; of those that are there the last counts. "22" never does.
    str qualifiers[QUALIFIERS];
} keys[] = {
    {{"01", 2},   {"gtin", 4},  {14, 14, SET_DIGIT}, {{"22", 2}, {"10", 2}, {"21", 2}, {"235", 3}}},
    {{"00", 2},   {"sscc", 4},  {18, 18, SET_DIGIT}, {{0}}                                        },
    {{"253", 3},  {"gdti", 4},  {13, 30, SET_82},    {{0}}                                        },
    {{"255", 3},  {"gcn", 3},   {13, 25, SET_DIGIT}, {{0}}                                        },
    {{"401", 3},  {"ginc", 4},  {4, 30, SET_82},     {{0}}                                        },
    {{"402", 3},  {"gsin", 4},  {17, 17, SET_DIGIT}, {{0}}                                        },
    {{"414", 3},  {"gln", 3},   {13, 13, SET_DIGIT}, {{"254", 3}}                                 },
    {{"417", 3},  {"party", 5}, {13, 13, SET_DIGIT}, {{0}}                                        },
    {{"8003", 4}, {"grai", 4},  {14, 30, SET_82},    {{0}}                                        },
    {{"8004", 4}, {"giai", 4},  {4, 30, SET_82},     {{0}}                                        },
    {{"8006", 4}, {"itip", 4},  {18, 18, SET_DIGIT}, {{"22", 2}, {"10", 2}, {"21", 2}}            },
    {{"8010", 4}, {"cpid", 4},  {4, 30, SET_39},     {{"8011", 4}}                                },
    {{"8017", 4}, {"gsrnp", 5}, {18, 18, SET_DIGIT}, {{0}}                                        },
    {{"8018", 4}, {"gsrn", 4},  {18, 18, SET_DIGIT}, {{0}}                                        },
};
static const struct qualifier {
    str ai, name;
    struct shape shape;
} qualifiers[] = {
    {{"22", 2},   {"cpv", 3},  {0, 20, SET_82}   },
    {{"10", 2},   {"lot", 3},  {0, 20, SET_82}   },
    {{"21", 2},   {"ser", 3},  {0, 20, SET_82}   },
    {{"235", 3},  {"tpx", 3},  {0, 28, SET_82}   },
    {{"254", 3},  {"glnx", 4}, {0, 20, SET_82}   },
    {{"8011", 4}, {"cpsn", 4}, {0, 12, SET_DIGIT}},
};

static bool has_shape(str text, const struct shape *shape)
{
    size_t n = 0;
    char c;

    for (size_t i = 0; i < text.n; i++, n++) {
        bool escaped = is_escape(text, i, &c);
        if (!escaped) c = text.p[i];
        if (!gs1_in_set(c, n < shape->digits ? SET_DIGIT : shape->set)) return false;
        if (escaped) i += 2;
    }
    return n > 0 && n >= shape->digits && n <= shape->max;
}

struct pair {
    str name, value;
};

// Takes the last "/name/value" off the path.
static bool pair_cut(str *path, struct pair *out)
{
    const char *end = path->p + path->n, *value, *name;

    value = path->n == 0 ? NULL : memrchr(path->p, '/', path->n);
    if (value == NULL || value == path->p) return false;
    name = memrchr(path->p, '/', (size_t)(value - path->p));
    if (name == NULL) return false;
    out->name = (str){name + 1, (size_t)(value - name - 1)};
    out->value = (str){value + 1, (size_t)(end - value - 1)};
    path->n = (size_t)(name - path->p);
    return true;
}

static bool is_named(str name, str ai, str word) { return str_eq(name, ai) || str_eq(name, word); }

static const struct key *key_named(str name)
{
    for (const struct key *k = keys; k < keys + LEN(keys); k++)
        if (is_named(name, k->ai, k->name)) return k;
    return NULL;
}

static const struct qualifier *qualifier_named(str name)
{
    for (const struct qualifier *q = qualifiers; q < qualifiers + LEN(qualifiers); q++)
        if (is_named(name, q->ai, q->name)) return q;
    return NULL;
}

struct link {
    const struct key *key;
    str value;
    size_t n; // pairs behind the key, the last one first
    struct pair pair[QUALIFIERS];
};

// The last key in the path. On GS1's own domain nothing stands before it.
static bool link_cut(str in, struct link *l)
{
    str path = in, scheme, query, host, own = S("id.gs1.org");
    struct pair p;

    if (!str_cut(&path, ':', &scheme) || !str_starts(path, S("//"))) return false;
    path = str_from(path, 2);
    if (str_cut(&path, '#', &query)) path = query;
    if (str_cut(&path, '?', &query)) path = query;
    const char *slash = path.n == 0 ? NULL : memchr(path.p, '/', path.n);
    if (slash == NULL) return false;
    host = (str){path.p, (size_t)(slash - path.p)};
    path = str_from(path, host.n);
    l->n = 0;
    while (pair_cut(&path, &p)) {
        l->key = key_named(p.name);
        l->value = p.value;
        if (l->key != NULL) return path.n == 0 || !str_eq_fold(host, own);
        if (l->n == QUALIFIERS) return false;
        l->pair[l->n++] = p;
    }
    return false;
}

// The pairs must be the key's, in its order. *finest: the one that counts, or NULL.
static bool qualifiers_fit(const struct link *l, const struct pair **finest)
{
    size_t rank = 0;

    *finest = NULL;
    for (size_t i = l->n; i-- > 0;) {
        const struct qualifier *q = qualifier_named(l->pair[i].name);
        if (q == NULL || !has_shape(l->pair[i].value, &q->shape)) return false;
        while (rank < QUALIFIERS && !str_eq(l->key->qualifiers[rank], q->ai)) rank++;
        if (rank++ == QUALIFIERS) return false;
        bool none = str_eq(q->ai, S("254")) && str_eq(l->pair[i].value, S("0")); // as in a URN
        if (!none && !str_eq(q->ai, S("22"))) *finest = &l->pair[i];
    }
    return true;
}

// Zeros that a shorter GTIN lacks.
static size_t padding(const struct link *l)
{
    size_t n = l->value.n;

    return str_eq(l->key->ai, S("01")) && (n == 8 || n == 12 || n == 13) ? 14 - n : 0;
}

static bool link_form(str in, struct buf *out)
{
    const struct pair *finest;
    struct link l;

    if (!link_cut(in, &l) || !qualifiers_fit(&l, &finest)) return false;
    size_t pad = padding(&l);
    struct shape shape = l.key->shape;
    shape.digits = (uint8_t)(shape.digits - pad);
    if (!has_shape(l.value, &shape)) return false;
    buf_add(out, S("https://id.gs1.org/"));
    buf_add(out, l.key->ai);
    buf_addc(out, '/');
    buf_add(out, (str){"000000", pad});
    value_write(l.value, out);
    if (finest == NULL) return true;
    buf_addc(out, '/');
    buf_add(out, qualifier_named(finest->name)->ai);
    buf_addc(out, '/');
    value_write(finest->value, out);
    return true;
}

void gs1_hash_rest(str in, struct buf *out)
{
    const struct pair *finest;
    struct link l;

    if (in.n > GS1_TEXT_MAX || !gs1_is_web(in)) return;
    if (!link_cut(in, &l) || !qualifiers_fit(&l, &finest)) return;
    for (size_t i = l.n; i-- > 0;) {
        const struct qualifier *q = qualifier_named(l.pair[i].name);
        if (&l.pair[i] == finest || str_eq(q->ai, S("254"))) continue; // no extension of a GLN
        buf_addc(out, '/');
        buf_add(out, q->ai);
        buf_addc(out, '/');
        value_write(l.pair[i].value, out);
    }
    size_t path = 0;
    while (path < in.n && in.p[path] != '?' && in.p[path] != '#') path++;
    buf_add(out, str_from(in, path));
}

bool gs1_hash_form(str in, struct arena *a, struct buf *out)
{
    if (in.n <= GS1_TEXT_MAX && (gs1_is_urn(in)   ? urn_form(in, a, out)
                                 : gs1_is_web(in) ? link_form(in, out)
                                                  : false))
        return true;
    buf_add(out, in);
    return false;
}

bool gs1_hash_form_any(str in, struct arena *a, struct buf *out)
{
    struct gs1_id id;
    struct buf link;
    bool known = false;

    if (!str_starts(in, S("("))) return gs1_hash_form(in, a, out);
    buf_init(&link, 4 * GS1_TEXT_MAX);
    if (gs1_read(in, a, &id).cls == ST_OK && gs1_write(&id, GS1_DL, NULL, &link).cls == ST_OK)
        known = gs1_hash_form(buf_str(&link), a, out);
    buf_fini(&link);
    if (!known) buf_add(out, in);
    return known;
}
