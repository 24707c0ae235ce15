// EPC URNs (EPC Tag Data Standard, pure identity): "urn:epc:id:sgtin:C.IR.S", where C is the
// company prefix. The check digit is left out; the digit before the prefix (indicator of a GTIN,
// extension of an SSCC) moves to the head of the second component.
#include "service/gs1/gs1_int.h"
#include <string.h>

#define PREFIX_MIN 6 // in a URN; shorter prefixes take in digits that follow
#define PREFIX_MAX 12

bool gs1_is_urn(str in) { return in.n >= 8 && str_eq_fold((str){in.p, 8}, S("urn:epc:")); }

static status bad(const char *reason, size_t at, const char *says)
{
    return fail(ST_BAD_INPUT, reason, (uint32_t)at, "%s", says);
}

// Behind "urn:epc:" case counts; those two words are equal in any case (RFC 8141).
static const struct gs1_kind *kind_of(str in)
{
    for (const struct gs1_kind *k = gs1_kinds; k < gs1_kinds + LEN(gs1_kinds); k++)
        if (str_starts(str_from(in, 8), str_from(str_of(k->urn), 8))) return k;
    return NULL;
}

// The digits of the key out of prefix and reference, with the check digit.
static status key_join(const struct gs1_kind *k, str prefix, str ref, struct gs1_id *id)
{
    if (ref.n > 0) memcpy(id->key, ref.p, k->lead);
    memcpy(id->key + k->lead, prefix.p, prefix.n);
    if (ref.n > k->lead) memcpy(id->key + k->lead + prefix.n, ref.p + k->lead, ref.n - k->lead);
    id->key_n = k->key_n;
    id->key[k->key_n - 1] = gs1_check_digit((str){id->key, k->key_n - 1u});
    id->prefix_n = (uint8_t)prefix.n;
    return OK;
}

static status key_read(const struct gs1_kind *k, str in, str *rest, struct gs1_id *id)
{
    str prefix, ref;
    size_t at = (size_t)(rest->p - in.p);

    if (!str_cut(rest, '.', &prefix))
        return bad("gs1.urn_form", at, "a company prefix and a dot belong here");
    size_t digits = gs1_span(prefix, SET_DIGIT);
    if (digits < prefix.n || prefix.n < PREFIX_MIN || prefix.n > PREFIX_MAX)
        return bad("gs1.urn_prefix", at + (digits < prefix.n ? digits : 0),
                   "the company prefix of an EPC has 6 to 12 digits");
    at += prefix.n + 1;
    if (k->ext == EXT_NONE) {
        ref = *rest;
        *rest = str_from(*rest, rest->n);
    } else if (!str_cut(rest, '.', &ref)) {
        return bad("gs1.urn_form", in.n, "another dot and component are missing");
    }
    digits = gs1_span(ref, SET_DIGIT);
    if (digits < ref.n || prefix.n + ref.n != k->key_n - 1u)
        return fail(ST_BAD_INPUT, "gs1.urn_form", (uint32_t)(at + (digits < ref.n ? digits : 0)),
                    "prefix and reference of %s have %d digits together", k->name, k->key_n - 1);
    return key_join(k, prefix, ref, id);
}

static status ext_read(const struct gs1_kind *k, str in, str raw, struct arena *a, str *out)
{
    size_t at = (size_t)(raw.p - in.p), wrong;
    str text;

    if (k->ext == EXT_NONE) return OK;
    if (k->ext == EXT_STAR)
        return str_eq(raw, S("*")) ? OK : bad("gs1.urn_pattern", at, "only * may stand here");
    if (!gs1_unescape(raw, ESCAPE_URN, a, &text, &wrong))
        return fail(ST_TOO_LARGE, "gs1.too_large", 0, "no room to unescape the value");
    if (wrong != SIZE_MAX) return bad("gs1.escape", at + wrong, "a % here begins no escape");
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] != '%' && !gs1_in_set(raw.p[i], SET_URN))
            return bad("gs1.character", at + i, "this character must be escaped in an EPC");
    status st = gs1_serial_check(text, GS1_SERIAL_MAX);
    st.at = st.cls == ST_OK ? 0 : (uint32_t)at; // escapes shift what is behind them
    TRY(st);
    *out = k->ext == EXT_ZERO && str_eq(text, S("0")) ? (str){"", 0} : text;
    return OK;
}

status gs1_urn_read(str in, struct arena *a, struct gs1_id *out)
{
    struct gs1_id id = {0};
    const struct gs1_kind *k = kind_of(in);

    if (k == NULL) return bad("gs1.scheme_unsupported", 8, "this EPC scheme is not supported");
    str rest = str_from(in, strlen(k->urn));
    TRY(key_read(k, in, &rest, &id));
    TRY(ext_read(k, in, rest, a, &id.ext));
    id.scheme = (enum gs1_scheme)(k - gs1_kinds);
    id.is_class = k->is_class;
    *out = id;
    return OK;
}

status gs1_urn_write(const struct gs1_id *id, const struct gs1_prefixes *p, struct buf *out)
{
    const struct gs1_kind *k = &gs1_kinds[id->scheme];
    str body = {id->key + k->lead, id->key_n - k->lead - 1u};
    size_t n = gs1_prefix_length(p, body);

    if (n == 0) n = id->prefix_n;
    if (n == 0)
        return fail(ST_UNPROCESSABLE, "prefix.unknown", 0,
                    "the company prefix of %.*s is not configured", id->key_n, id->key);
    if (n < PREFIX_MIN) n = PREFIX_MIN;
    buf_add(out, str_of(k->urn));
    buf_add(out, (str){body.p, n});
    buf_addc(out, '.');
    buf_add(out, (str){id->key, k->lead});
    buf_add(out, str_from(body, n));
    if (k->ext == EXT_NONE) return OK;
    buf_addc(out, '.');
    if (k->ext == EXT_STAR)
        buf_addc(out, '*');
    else if (id->ext.n == 0)
        buf_addc(out, '0');
    else
        gs1_escape(id->ext, ESCAPE_URN, out);
    return OK;
}
