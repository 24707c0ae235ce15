// Identities: which spelling it is, what it names, and writing it in any other.
//
// A scheme is a row of gs1_kinds (kind.c); what is special about its URN is in urn.c.
#include "service/gs1/id.h"
#include "service/gs1/gs1_int.h"
#include <string.h>

const char *gs1_scheme_name(enum gs1_scheme s) { return s == GS1_URI ? "uri" : gs1_kinds[s].name; }

str gs1_id_key(const struct gs1_id *id) { return (str){id->key, id->key_n}; }

bool gs1_id_has_gtin(const struct gs1_id *id) { return id->scheme <= GS1_GTIN; }

bool gs1_id_eq(const struct gs1_id *a, const struct gs1_id *b)
{
    return a->scheme == b->scheme && str_eq(gs1_id_key(a), gs1_id_key(b)) && str_eq(a->ext, b->ext);
}

static struct gs1_id make(enum gs1_scheme s, const char *key, str ext)
{
    const struct gs1_kind *k = &gs1_kinds[s];
    struct gs1_id id = {.scheme = s, .is_class = gs1_is_class(k), .key_n = k->key_n, .ext = ext};

    memcpy(id.key, key, k->key_n);
    return id;
}

struct gs1_id gs1_sgtin(const char gtin[14], str serial) { return make(GS1_SGTIN, gtin, serial); }
struct gs1_id gs1_lgtin(const char gtin[14], str lot) { return make(GS1_LGTIN, gtin, lot); }
struct gs1_id gs1_gtin(const char gtin[14]) { return make(GS1_GTIN, gtin, (str){"", 0}); }
struct gs1_id gs1_sscc(const char sscc[18]) { return make(GS1_SSCC, sscc, (str){"", 0}); }

static str value_of(const struct gs1_elements *e, const char *ai)
{
    const struct gs1_element *found = ai == NULL ? NULL : gs1_elements_find(e, str_of(ai));

    return found == NULL ? (str){"", 0} : found->value;
}

// The identity that this key and the others give under the kind; false: it needs another element.
static bool identify_as(const struct gs1_kind *k, str value, const struct gs1_elements *e,
                        struct gs1_id *out)
{
    str key = str_from(value, strlen(k->filler)), ext;

    ext = k->ext_ai != NULL ? value_of(e, k->ext_ai) : (str){"", 0};
    if (k->body_n > 0 && key.n > k->key_n) { // the extension is joined to the key
        ext = str_from(key, k->key_n);
        key.n = k->key_n;
    }
    if ((k->ext == EXT_SERIAL || k->ext == EXT_LOT) && ext.n == 0) return false;
    if (k->ext == EXT_ZERO && str_eq(ext, S("0"))) ext.n = 0;
    *out = (struct gs1_id){.scheme = (enum gs1_scheme)(k - gs1_kinds), .ext = ext};
    out->is_class = gs1_is_class(k) || (k->ext == EXT_CLASS && ext.n == 0);
    out->key_n = (uint8_t)key.n;
    memcpy(out->key, key.p, key.n);
    out->lot = value_of(e, "10");
    out->expiry = value_of(e, "17");
    return true;
}

static status identify(const struct gs1_elements *e, struct gs1_id *out)
{
    const struct gs1_element *key = e->e;

    while (key < e->e + e->n && key->rule->path == NULL) key++;
    if (key == e->e + e->n)
        return fail(ST_BAD_INPUT, "gs1.no_key", 0, "none of the identifiers is a primary key");
    for (const struct gs1_kind *k = gs1_kinds; k < gs1_kinds + GS1_GID; k++)
        if (str_eq(key->ai, str_of(k->ai)) && identify_as(k, key->value, e, out)) return OK;
    return fail(ST_BAD_INPUT, "gs1.scheme_unsupported", key->at,
                "identities by (%.*s) are not supported", STR(key->ai));
}

static status elements_id(str in, struct arena *a, struct gs1_id *out)
{
    struct gs1_elements e;

    TRY(gs1_elements_read(in, a, &e));
    TRY(gs1_elements_check(&e, GS1_RELATIONS));
    return identify(&e, out);
}

// The shapes in which nearly all identifiers come, read without taking them apart: key, and serial
// of signs that no spelling escapes. Whatever differs is left to the general readers, which would
// say the same of these. Of a link the shape is what follows the domain.
static const struct shape {
    str head, between;
    enum gs1_scheme scheme;
} shapes[] = {
    {{"(01)", 4}, {"(21)", 4}, GS1_SGTIN},
    {{"/01/", 4}, {"/21/", 4}, GS1_SGTIN},
    {{"01", 2},   {"21", 2},   GS1_SGTIN},
    {{"(00)", 4}, {"", 0},     GS1_SSCC },
    {{"/00/", 4}, {"", 0},     GS1_SSCC },
    {{"00", 2},   {"", 0},     GS1_SSCC },
};

static bool is_plain(str serial)
{
    const uint8_t both = SET_DL | SET_82;

    if (serial.n == 0 || serial.n > GS1_SERIAL_MAX) return false;
    for (size_t i = 0; i < serial.n; i++)
        if ((gs1_sets[(unsigned char)serial.p[i]] & both) != both) return false;
    return true;
}

static bool plain_read(str in, struct gs1_id *out)
{
    const struct shape *s = shapes;
    size_t origin = gs1_origin_length(in);
    str shaped = str_from(in, origin);

    while (s < shapes + LEN(shapes) && !str_starts(shaped, s->head)) s++;
    if (s == shapes + LEN(shapes) || (origin > 0) != (s->head.p[0] == '/')) return false;
    size_t key_n = gs1_kinds[s->scheme].key_n;
    str key = str_from(shaped, s->head.n), rest;
    if (key.n < key_n) return false;
    rest = str_from(key, key_n);
    key.n = key_n;
    if (gs1_span(key, SET_DIGIT) < key_n || !gs1_check_digit_ok(key)) return false;
    if (s->between.n == 0 ? rest.n > 0 : !str_starts(rest, s->between)) return false;
    rest = str_from(rest, s->between.n);
    if (s->between.n > 0 && !is_plain(rest)) return false;
    *out = make(s->scheme, key.p, rest);
    return true;
}

// The same for the commonest URN.
static bool plain_urn_read(str in, struct gs1_id *out)
{
    str head = S("urn:epc:id:sgtin:"), rest, prefix, ref;
    char key[14];

    if (!str_starts(in, head)) return false;
    rest = str_from(in, head.n);
    if (!str_cut(&rest, '.', &prefix) || !str_cut(&rest, '.', &ref)) return false;
    if (prefix.n < 6 || prefix.n > 12 || prefix.n + ref.n != 13 || !is_plain(rest)) return false;
    if (!str_is_digits(prefix) || !str_is_digits(ref)) return false;
    key[0] = ref.p[0];
    memcpy(key + 1, prefix.p, prefix.n);
    memcpy(key + 1 + prefix.n, ref.p + 1, ref.n - 1);
    key[13] = gs1_check_digit((str){key, 13});
    *out = make(GS1_SGTIN, key, rest);
    out->prefix_n = (uint8_t)prefix.n;
    return true;
}

// Bare digits: their number says what they are. 16 and more than 18 are raw element strings.
static bool is_bare_length(size_t n) { return n == 8 || (n >= 12 && n <= 14) || n == 18; }
static bool is_bare(str in) { return is_bare_length(in.n) && str_is_digits(in); }

static status bare_read(str in, struct gs1_id *out)
{
    char key[GS1_KEY_MAX];

    TRY(in.n == 18 ? gs1_sscc_read(in, key) : gs1_gtin_read(in, key));
    *out = in.n == 18 ? gs1_sscc(key) : gs1_gtin(key);
    return OK;
}

// On a private domain a path without a key is a private address; on GS1's own it is a mistake.
static status web_read(str in, struct arena *a, struct gs1_id *out)
{
    status st = elements_id(in, a, out);

    if (st.cls == ST_OK || strcmp(st.reason, "gs1.dl_no_key") != 0) return st;
    return gs1_uri_read(in, out).cls == ST_OK ? OK : st;
}

status gs1_read(str in, struct arena *a, struct gs1_id *out)
{
    if (in.n == 0) return fail(ST_BAD_INPUT, "gs1.empty", 0, "an identifier is missing");
    if (in.n > GS1_TEXT_MAX)
        return fail(ST_TOO_LARGE, "gs1.too_long", (uint32_t)GS1_TEXT_MAX,
                    "an identifier has at most %zu bytes", GS1_TEXT_MAX);
    if (is_bare(in)) return bare_read(in, out);
    if (plain_read(in, out) || plain_urn_read(in, out)) return OK;
    if (strchr("(]\x1d", in.p[0]) != NULL || gs1_in_set(in.p[0], SET_DIGIT))
        return elements_id(in, a, out);
    if (gs1_is_urn(in)) return gs1_urn_read(in, a, out);
    if (gs1_is_web(in)) return web_read(in, a, out);
    return gs1_uri_read(in, out);
}

// The value of the key's AI as an element string has it.
static void key_write(const struct gs1_kind *k, const struct gs1_id *id, struct buf *out,
                      void (*write)(str text, struct buf *out))
{
    buf_add(out, str_of(k->filler));
    write(gs1_id_key(id), out);
    if (k->ext_ai == NULL) write(id->ext, out);
}

static void plain_write(str text, struct buf *out) { buf_add(out, text); }
static void path_write(str text, struct buf *out) { gs1_escape(text, ESCAPE_PATH, out); }

static bool has_second(const struct gs1_kind *k, const struct gs1_id *id)
{
    return k->ext_ai != NULL && id->ext.n > 0;
}

static void bracketed_write(const struct gs1_kind *k, const struct gs1_id *id, struct buf *out)
{
    buf_addc(out, '(');
    buf_add(out, str_of(k->ai));
    buf_addc(out, ')');
    key_write(k, id, out, gs1_bracketed_value);
    if (!has_second(k, id)) return;
    buf_addc(out, '(');
    buf_add(out, str_of(k->ext_ai));
    buf_addc(out, ')');
    gs1_bracketed_value(id->ext, out);
}

static void dl_write(const struct gs1_kind *k, const struct gs1_id *id, struct buf *out)
{
    buf_add(out, S("https://id.gs1.org/"));
    buf_add(out, str_of(k->ai));
    buf_addc(out, '/');
    key_write(k, id, out, path_write);
    if (!has_second(k, id)) return;
    buf_addc(out, '/');
    buf_add(out, str_of(k->ext_ai));
    buf_addc(out, '/');
    path_write(id->ext, out);
}

// As an element string this would be taken for bare digits.
static bool looks_bare(const struct gs1_kind *k, const struct gs1_id *id)
{
    size_t n = strlen(k->ai) + strlen(k->filler) + id->key_n + id->ext.n;

    return !has_second(k, id) && is_bare_length(n) && str_is_digits(gs1_id_key(id)) &&
           (id->ext.n == 0 || str_is_digits(id->ext));
}

static void raw_write(const struct gs1_kind *k, const struct gs1_id *id, struct buf *out)
{
    if (looks_bare(k, id)) buf_addc(out, GS1_FNC1);
    buf_add(out, str_of(k->ai));
    key_write(k, id, out, plain_write);
    if (!has_second(k, id)) return;
    if (!gs1_ai_find(str_of(k->ai))->predefined) buf_addc(out, GS1_FNC1);
    buf_add(out, str_of(k->ext_ai));
    buf_add(out, id->ext);
}

status gs1_write(const struct gs1_id *id, enum gs1_form form, const struct gs1_prefixes *p,
                 struct buf *out)
{
    assert(id->scheme <= GS1_URI);
    if (gs1_is_text(id->scheme)) {
        buf_add(out, id->ext);
        return OK;
    }
    const struct gs1_kind *k = &gs1_kinds[id->scheme];
    if (form == GS1_URN) return gs1_urn_write(id, p, out);
    if (form == GS1_BRACKETED) bracketed_write(k, id, out);
    if (form == GS1_DL) dl_write(k, id, out);
    if (form == GS1_RAW) raw_write(k, id, out);
    return OK;
}
