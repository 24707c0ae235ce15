// EPC URNs (EPC Tag Data Standard, pure identity): "urn:epc:id:sgtin:C.IR.S", where C is the
// company prefix. The check digit is left out; the digit before the prefix (indicator of a GTIN,
// extension of an SSCC) moves to the head of the second component. "urn:epc:idpat:sgtin:C.IR.*"
// is a pattern: its last components may be "*".
#include "service/gs1/gs1_int.h"
#include <string.h>

#define PREFIX_MIN 6 // in a URN; shorter prefixes take in digits that follow
#define PREFIX_MAX 12

bool gs1_is_urn(str in) { return in.n >= 8 && str_eq_fold((str){in.p, 8}, S("urn:epc:")); }

static status bad(const char *reason, size_t at, const char *says)
{
    return fail(ST_BAD_INPUT, reason, (uint32_t)at, "%s", says);
}

static size_t at_of(const struct gs1_urn *u, str part) { return (size_t)(part.p - u->in.p); }

// ---- cutting

// Behind "urn:epc:" case counts; those two words are equal in any case (RFC 8141). A pattern is of
// the scheme of its instances.
static const struct gs1_kind *kind_of(str in, bool *is_pattern)
{
    str tail = str_from(in, 8), pattern = S("idpat");
    size_t skip = 8; // of the row's head

    if ((*is_pattern = str_starts(tail, S("idpat:")))) {
        tail = str_from(tail, pattern.n);
        skip = 10; // "urn:epc:id"
    }
    for (const struct gs1_kind *k = gs1_kinds; k < gs1_kinds + LEN(gs1_kinds); k++)
        if (!(gs1_is_class(k) && *is_pattern) && str_starts(tail, str_from(k->urn, skip))) return k;
    return NULL;
}

// Of a pattern: how many components stand before the stars, which must be all that follows.
static status stars_count(struct gs1_urn *u)
{
    size_t n = u->kind->parts;

    u->fixed = n;
    if (!u->is_pattern) return OK;
    while (u->fixed > 0 && str_eq(u->part[u->fixed - 1], S("*"))) u->fixed--;
    for (size_t i = 0; i < u->fixed; i++)
        if (str_eq(u->part[i], S("*")))
            return bad("gs1.urn_pattern", at_of(u, u->part[i]), "behind a * there are only more");
    return OK;
}

status gs1_urn_cut(str in, struct gs1_urn *out)
{
    struct gs1_urn u = {.in = in};

    if ((u.kind = kind_of(in, &u.is_pattern)) == NULL)
        return bad("gs1.scheme_unsupported", 8, "this EPC scheme is not supported");
    str rest = str_from(in, u.kind->urn.n + (u.is_pattern ? 3 : 0));
    for (size_t i = 0; i + 1 < u.kind->parts; i++)
        if (!str_cut(&rest, '.', &u.part[i]))
            return i == 0
                       ? bad("gs1.urn_form", at_of(&u, rest), "a component and a dot belong here")
                       : bad("gs1.urn_form", in.n, "another dot and component are missing");
    u.part[u.kind->parts - 1] = rest;
    TRY(stars_count(&u));
    *out = u;
    return OK;
}

// ---- reading components

status gs1_part_unescape(const struct gs1_urn *u, str raw, struct arena *a, str *out)
{
    size_t wrong;

    if (!gs1_unescape(raw, ESCAPE_URN, a, out, &wrong))
        return fail(ST_TOO_LARGE, "gs1.too_large", 0, "no room to unescape the value");
    if (wrong != SIZE_MAX)
        return bad("gs1.escape", at_of(u, raw) + wrong, "a % here begins no escape");
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] != '%' && !gs1_in_set(raw.p[i], SET_URN))
            return bad("gs1.character", at_of(u, raw) + i,
                       "this character must be escaped in an EPC");
    return OK;
}

// Escapes shift what is behind them, so a fault is told at the head of its component.
static status fault_at(const struct gs1_urn *u, str raw, struct gs1_fault f)
{
    if (f.reason == NULL) return OK;
    return fail(ST_BAD_INPUT, f.reason, (uint32_t)at_of(u, raw), "the value here %s", f.says);
}

static status prefix_read(const struct gs1_urn *u, struct gs1_id *id)
{
    str prefix = u->part[0];
    size_t digits = gs1_span(prefix, SET_DIGIT);

    if (digits < prefix.n || prefix.n < PREFIX_MIN || prefix.n > PREFIX_MAX)
        return bad("gs1.urn_prefix", at_of(u, prefix) + (digits < prefix.n ? digits : 0),
                   "the company prefix of an EPC has 6 to 12 digits");
    memcpy(id->key + u->kind->lead, prefix.p, prefix.n);
    id->prefix_n = (uint8_t)prefix.n;
    return OK;
}

// The reference completes the digits before the check digit.
static status digits_read(const struct gs1_urn *u, struct gs1_id *id)
{
    const struct gs1_kind *k = u->kind;
    str ref = u->part[1];
    size_t digits = gs1_span(ref, SET_DIGIT), body = k->body_n - 1u;

    if (digits < ref.n || id->prefix_n + ref.n != body)
        return fail(ST_BAD_INPUT, "gs1.urn_form",
                    (uint32_t)(at_of(u, ref) + (digits < ref.n ? digits : 0)),
                    "prefix and reference of %s have %zu digits together", k->name, body);
    memcpy(id->key, ref.p, k->lead);
    memcpy(id->key + k->lead + id->prefix_n, ref.p + k->lead, ref.n - k->lead);
    id->key[body] = gs1_check_digit((str){id->key, body});
    id->key_n = k->body_n;
    return OK;
}

// A reference of other characters: what GIAI, GINC and CPI have.
static status text_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *id)
{
    str raw = u->part[1], ref;

    TRY(gs1_part_unescape(u, raw, a, &ref));
    if (ref.n == 0 || id->prefix_n + ref.n > u->kind->key_n)
        return fail(ST_BAD_INPUT, "gs1.length", (uint32_t)at_of(u, raw),
                    "prefix and reference of %s have %d characters at most, and neither is empty",
                    u->kind->name, u->kind->key_n);
    memcpy(id->key + id->prefix_n, ref.p, ref.n);
    id->key_n = (uint8_t)(id->prefix_n + ref.n);
    return fault_at(u, raw, gs1_ai_fault(gs1_ai_find(str_of(u->kind->ai)), gs1_id_key(id)));
}

// Piece and total of an ITIP, two digits each.
static status pieces_read(const struct gs1_urn *u, struct gs1_id *id)
{
    for (size_t i = 2; i < u->fixed && i < 4; i++) {
        str two = u->part[i];
        if (two.n != 2 || !str_is_digits(two))
            return bad("gs1.urn_form", at_of(u, two), "piece and total have two digits each");
        memcpy(id->key + id->key_n, two.p, 2);
        id->key_n = (uint8_t)(id->key_n + 2);
    }
    if (u->fixed < 4) return OK;
    return fault_at(u, u->part[2], gs1_lint(LINT_pieceoftotal, (str){id->key + id->key_n - 4, 4}));
}

static status ext_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *id)
{
    const struct gs1_kind *k = u->kind;
    str raw = u->part[k->parts - 1], text;

    TRY(gs1_part_unescape(u, raw, a, &text));
    TRY(fault_at(
        u, raw,
        gs1_ai_last_fault(gs1_ai_find(str_of(k->ext_ai != NULL ? k->ext_ai : k->ai)), text)));
    id->ext = k->ext == EXT_ZERO && str_eq(text, S("0")) ? (str){"", 0} : text;
    return OK;
}

status gs1_urn_parts_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *out)
{
    const struct gs1_kind *k = u->kind;
    struct gs1_id id = {.scheme = (enum gs1_scheme)(k - gs1_kinds), .is_class = gs1_is_class(k)};

    id.ext = (str){"", 0};
    if (gs1_is_text(id.scheme)) return gs1_epc_parts_read(u, a, out);
    if (u->fixed >= 1) TRY(prefix_read(u, &id));
    if (u->fixed >= 2) TRY(k->body_n > 0 ? digits_read(u, &id) : text_read(u, a, &id));
    if (k->parts == GS1_URN_PARTS) TRY(pieces_read(u, &id));
    if (u->fixed == k->parts && k->ext != EXT_NONE) TRY(ext_read(u, a, &id));
    *out = id;
    return OK;
}

// ---- identities

// A pattern is a class where all but the serial is told. What has a GTIN for its key shares the
// class of that GTIN.
static status class_of(const struct gs1_urn *u, struct gs1_id *id)
{
    const struct gs1_kind *k = u->kind;
    size_t last = k->parts - 1u;

    if (u->fixed > last || k->ext == EXT_NONE || k->ext == EXT_ZERO)
        return bad("gs1.urn_pattern", at_of(u, u->part[last]),
                   "a pattern names a class where * is its serial alone");
    assert(u->fixed == last);
    id->is_class = true;
    if (k->ext == EXT_SERIAL) id->scheme = GS1_GTIN;
    return OK;
}

status gs1_urn_cut_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *out)
{
    struct gs1_id id;

    if (u->is_pattern && u->fixed + 1u < u->kind->parts)
        return bad("gs1.urn_pattern", at_of(u, u->part[u->fixed]), "this pattern names no class");
    TRY(gs1_urn_parts_read(u, a, &id));
    if (u->is_pattern) TRY(class_of(u, &id));
    *out = id;
    return OK;
}

status gs1_urn_read(str in, struct arena *a, struct gs1_id *out)
{
    struct gs1_urn u;

    TRY(gs1_urn_cut(in, &u));
    return gs1_urn_cut_read(&u, a, out);
}

// ---- writing

// Digits of the company prefix as a URN cuts the key; 0: not known.
static size_t prefix_length(const struct gs1_kind *k, const struct gs1_id *id, str body,
                            const struct gs1_prefixes *p)
{
    size_t digits = gs1_span(body, SET_DIGIT), n = gs1_prefix_length(p, (str){body.p, digits});

    if (n == 0) n = id->prefix_n;
    if (n == 0) return 0;
    if (n < PREFIX_MIN) n = PREFIX_MIN;
    return n > digits || (k->body_n == 0 && n == body.n) ? 0 : n; // text needs a reference
}

static void ext_write(const struct gs1_kind *k, const struct gs1_id *id, struct buf *out)
{
    if (k->ext == EXT_NONE) return;
    buf_addc(out, '.');
    if (id->ext.n > 0)
        gs1_escape(id->ext, ESCAPE_URN, out);
    else
        buf_addc(out, k->ext == EXT_ZERO ? '0' : '*');
}

status gs1_urn_write(const struct gs1_id *id, const struct gs1_prefixes *p, struct buf *out)
{
    const struct gs1_kind *k = &gs1_kinds[id->scheme];
    size_t end = k->body_n > 0 ? k->body_n - 1u : id->key_n;
    str body = {id->key + k->lead, end - k->lead};
    size_t n = prefix_length(k, id, body, p);

    if (n == 0)
        return fail(ST_UNPROCESSABLE, "prefix.unknown", 0,
                    "the company prefix of %.*s is not configured", STR(gs1_id_key(id)));
    if (id->is_class && k->ext == EXT_CLASS)
        buf_add(out, S("urn:epc:idpat")), buf_add(out, str_from(k->urn, 10));
    else
        buf_add(out, k->urn);
    buf_add(out, (str){body.p, n});
    buf_addc(out, '.');
    buf_add(out, (str){id->key, k->lead});
    gs1_escape(str_from(body, n), ESCAPE_URN, out);
    if (k->parts == GS1_URN_PARTS)
        buf_addf(out, ".%.2s.%.2s", id->key + k->body_n, id->key + k->body_n + 2);
    ext_write(k, id, out);
    return OK;
}
