// Element strings in and out: bracketed, raw, and as scanners send them.
#include "service/gs1/element.h"
#include "service/gs1/gs1_int.h"
#include <string.h>

status gs1_elements_add(struct gs1_elements *out, str ai, str value, uint32_t at)
{
    struct gs1_element *e = &out->e[out->n];

    if (out->n == GS1_ELEMENTS_MAX)
        return fail(ST_TOO_LARGE, "gs1.too_many", at, "more than %d element strings",
                    GS1_ELEMENTS_MAX);
    *e = (struct gs1_element){ai, gs1_ai_find(ai), value, at};
    if (e->rule == NULL)
        return fail(ST_BAD_INPUT, "gs1.ai_unknown", at - (uint32_t)ai.n - 1,
                    "there is no such application identifier");
    TRY(gs1_ai_check(e));
    out->n++;
    return OK;
}

// `\(` stands for a bracket that is part of the value. The arena is used only where there is one.
static status unbracket(str in, struct arena *a, str *out)
{
    size_t n = 0;
    char *p;

    *out = in;
    if (in.n == 0 || memchr(in.p, '\\', in.n) == NULL) return OK;
    if ((p = arena_alloc(a, in.n)) == NULL)
        return fail(ST_TOO_LARGE, "gs1.too_large", 0, "no room to unescape the value");
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '\\' && i + 1 < in.n && in.p[i + 1] == '(') i++;
        p[n++] = in.p[i];
    }
    *out = (str){p, n};
    return OK;
}

// The length of the value at the head of `s`: to the next bracket that is not escaped.
static size_t bracket_value(str s)
{
    size_t n = 0;

    while (n < s.n && (s.p[n] != '(' || (n > 0 && s.p[n - 1] == '\\'))) n++;
    return n;
}

// Takes "(17)" off the head of `rest`.
static bool bracket_ai(str *rest, str *ai)
{
    if (!str_starts(*rest, S("("))) return false;
    *rest = str_from(*rest, 1);
    return str_cut(rest, ')', ai);
}

status gs1_bracketed_read(str in, struct arena *a, struct gs1_elements *out)
{
    str rest = in, ai, value;

    out->n = 0;
    do {
        size_t at = in.n - rest.n;
        if (!bracket_ai(&rest, &ai))
            return fail(ST_BAD_INPUT, "gs1.brackets", (uint32_t)at,
                        "an application identifier in brackets belongs here");
        size_t n = bracket_value(rest);
        TRY(unbracket((str){rest.p, n}, a, &value));
        TRY(gs1_elements_add(out, ai, value, (uint32_t)(at + ai.n + 2)));
        rest = str_from(rest, n);
    } while (rest.n > 0);
    return OK;
}

// Appends what stands in `in` from `at` on. One separator too many is taken after a value of
// predefined length and at the end, as scanners send them; two never.
static status raw_append(str in, size_t at, struct gs1_elements *out)
{
    do {
        str rest = str_from(in, at);
        size_t digits = gs1_ai_digits(rest);
        const struct gs1_ai *rule =
            digits == 0 || digits > rest.n ? NULL : gs1_ai_find((str){rest.p, digits});
        if (rule == NULL)
            return fail(ST_BAD_INPUT, "gs1.ai_unknown", (uint32_t)at,
                        "no application identifier begins here");
        str ai = {rest.p, digits};
        rest = str_from(rest, digits);
        const char *end = rest.n == 0 ? NULL : memchr(rest.p, GS1_FNC1, rest.n);
        size_t n = end == NULL ? rest.n : (size_t)(end - rest.p);
        // REQ GS1-GENSPEC-7.8: a predefined length needs no separator behind it.
        if (rule->predefined && n > rule->max) n = rule->max;
        TRY(gs1_elements_add(out, ai, (str){rest.p, n}, (uint32_t)(at + digits)));
        at += digits + n;
        if (at < in.n && in.p[at] == GS1_FNC1) at++;
    } while (at < in.n);
    return OK;
}

status gs1_raw_read(str in, struct gs1_elements *out)
{
    out->n = 0;
    return raw_append(in, 0, out);
}

// AIM symbology identifiers (ISO/IEC 15424, GS1 General Specifications 5.1.2).
static const struct symbol {
    char id[4];
    enum { ELEMENTS, GTIN_DIGITS, TEXT } holds;
    uint8_t digits;
} symbols[] = {
    {"]d2", ELEMENTS,    0 }, // GS1 DataMatrix
    {"]C1", ELEMENTS,    0 }, // GS1-128
    {"]Q3", ELEMENTS,    0 }, // GS1 QR Code
    {"]e0", ELEMENTS,    0 }, // GS1 DataBar, composites
    {"]J1", ELEMENTS,    0 }, // GS1 DotCode
    {"]E0", GTIN_DIGITS, 13}, // EAN-13, UPC-A, UPC-E
    {"]E4", GTIN_DIGITS, 8 }, // EAN-8
    {"]d1", TEXT,        0 },
    {"]Q1", TEXT,        0 },
    {"]J0", TEXT,        0 },
    {"]C0", TEXT,        0 },
};

// EAN and UPC digits are a GTIN; a composite component may follow.
static status retail_read(str in, size_t digits, struct arena *a, struct gs1_elements *out)
{
    str rest = str_from(in, 3), component = S("|]e0");
    size_t n = rest.n < digits ? rest.n : digits;
    char *gtin = arena_alloc(a, 14);

    if (gtin == NULL) return fail(ST_TOO_LARGE, "gs1.too_large", 0, "no room for the GTIN");
    if (n < digits || (rest.n > n && !str_starts(str_from(rest, n), component)))
        return fail(ST_BAD_INPUT, "gs1.length", (uint32_t)(3 + n), "this symbol holds %zu digits",
                    digits);
    status st = gs1_gtin_read((str){rest.p, n}, gtin);
    st.at += 3;
    TRY(st);
    TRY(gs1_elements_add(out, S("01"), (str){gtin, 14}, 3));
    return rest.n == n ? OK : raw_append(in, 3 + n + component.n, out);
}

status gs1_scan_read(str in, struct arena *a, struct gs1_elements *out, str *text)
{
    const struct symbol *s = symbols;

    out->n = 0;
    *text = (str){"", 0};
    while (s < symbols + LEN(symbols) && !str_starts(in, str_of(s->id))) s++;
    if (s == symbols + LEN(symbols))
        return fail(ST_BAD_INPUT, "gs1.symbology", 0,
                    "the data does not begin with a known symbology identifier");
    if (s->holds == ELEMENTS) return raw_append(in, 3, out);
    if (s->holds == GTIN_DIGITS) return retail_read(in, s->digits, a, out);
    *text = str_from(in, 3);
    return OK;
}

// `st` of something that stands `by` bytes into the input.
static status moved(status st, uint32_t by, struct gs1_elements *e)
{
    if (st.cls != ST_OK)
        st.at += by;
    else
        for (size_t i = 0; i < e->n; i++) e->e[i].at += by;
    return st;
}

status gs1_elements_read(str in, struct arena *a, struct gs1_elements *out)
{
    str text;

    out->n = 0;
    if (in.n > GS1_TEXT_MAX)
        return fail(ST_TOO_LARGE, "gs1.too_long", (uint32_t)GS1_TEXT_MAX,
                    "an identifier has at most %zu bytes", GS1_TEXT_MAX);
    if (str_starts(in, S("("))) return gs1_bracketed_read(in, a, out);
    if (gs1_is_web(in)) return gs1_dl_read(in, a, out);
    if (!str_starts(in, S("]"))) // some scanners send the first FNC1, most do not
        return raw_append(in, str_starts(in, S("\x1d")) ? 1 : 0, out);
    TRY(gs1_scan_read(in, a, out, &text));
    if (out->n > 0) return OK;
    if (!gs1_is_web(text))
        return fail(ST_BAD_INPUT, "gs1.symbology", 0, "this kind of symbol holds no GS1 data");
    return moved(gs1_dl_read(text, a, out), 3, out);
}

const struct gs1_element *gs1_elements_find(const struct gs1_elements *e, str ai)
{
    for (size_t i = 0; i < e->n; i++)
        if (str_eq(e->e[i].ai, ai)) return &e->e[i];
    return NULL;
}

void gs1_bracketed_value(str value, struct buf *out)
{
    str head;

    while (str_cut(&value, '(', &head)) {
        buf_add(out, head);
        buf_add(out, S("\\("));
    }
    buf_add(out, value);
}

void gs1_elements_bracketed(const struct gs1_elements *e, struct buf *out)
{
    for (size_t i = 0; i < e->n; i++) {
        buf_addc(out, '(');
        buf_add(out, e->e[i].ai);
        buf_addc(out, ')');
        gs1_bracketed_value(e->e[i].value, out);
    }
}

void gs1_elements_raw(const struct gs1_elements *e, struct buf *out)
{
    for (size_t i = 0; i < e->n; i++) {
        buf_add(out, e->e[i].ai);
        buf_add(out, e->e[i].value);
        if (!e->e[i].rule->predefined && i + 1 < e->n) buf_addc(out, GS1_FNC1);
    }
}
