// URIs that are nobody's GS1 key: private names, kept as they stand.
//
// What only looks like a GS1 identifier is refused, so that a slip of the pen never becomes a new
// object: a URN built like an EPC under another name, and anything at the domain id.gs1.org.
#include "service/gs1/gs1_int.h"
#include <string.h>

static size_t scheme_length(str in) // RFC 3986, 3.1
{
    size_t n = 0;

    while (n < in.n && in.p[n] != ':') {
        char c = in.p[n], low = (char)(c | 0x20);
        bool letter = low >= 'a' && low <= 'z';
        if (!letter && (n == 0 || strchr("0123456789+-.", c) == NULL || c == 0)) return 0;
        n++;
    }
    return n < in.n ? n : 0;
}

// Other alphabets are allowed as UTF-8 (RFC 3987); what a URI must escape is not.
static bool is_uri_text(str in, size_t *bad)
{
    for (size_t i = 0; i < in.n; i++)
        if (!gs1_in_set(in.p[i], SET_URI) && (unsigned char)in.p[i] < 0x80) {
            *bad = i;
            return false;
        }
    return str_is_utf8(in, bad);
}

static bool is_epc_scheme(str name)
{
    static const char *const names[] = {"sgtin", "lgtin", "sscc", "sgln", "pgln",  "grai",
                                        "giai",  "gdti",  "sgcn", "gsrn", "gsrnp", "gsin",
                                        "ginc",  "cpi",   "itip", "upui"};

    for (size_t i = 0; i < LEN(names); i++)
        if (str_eq_fold(name, str_of(names[i]))) return true;
    return false;
}

// urn:ec:id:sgtin:…
static bool is_epc_misspelt(str in)
{
    str rest = in, urn, name, kind, scheme;

    return str_cut(&rest, ':', &urn) && str_eq_fold(urn, S("urn")) && str_cut(&rest, ':', &name) &&
           str_cut(&rest, ':', &kind) && str_cut(&rest, ':', &scheme) && is_epc_scheme(scheme);
}

static bool is_at_gs1(str in)
{
    str rest = str_from(in, scheme_length(in) + 1), host = S("//id.gs1.org");

    return rest.n >= host.n && str_eq_fold((str){rest.p, host.n}, host) &&
           (rest.n == host.n || strchr("/?#:", rest.p[host.n]) != NULL);
}

status gs1_uri_read(str in, struct gs1_id *out)
{
    size_t scheme = scheme_length(in), bad = 0;

    if (scheme == 0 || scheme + 1 == in.n)
        return fail(ST_BAD_INPUT, "gs1.unreadable", 0,
                    "this is neither a GS1 identifier in any spelling nor a URI");
    if (!is_uri_text(in, &bad))
        return fail(ST_BAD_INPUT, "gs1.unreadable", (uint32_t)bad,
                    "a URI cannot hold this character");
    if (is_epc_misspelt(in) || is_at_gs1(in))
        return fail(ST_BAD_INPUT, "gs1.unreadable", 0,
                    "this looks like a GS1 identifier but is none");
    *out = (struct gs1_id){.scheme = GS1_URI, .ext = in};
    return OK;
}
