// Media types of requests and answers.
#include "service/rest/rest_int.h"

static const struct {
    const char *type;
    enum rest_media media;
} known[] = {
    {"application/json",    REST_JSON},
    {"application/ld+json", REST_JSON},
    {"application/xml",     REST_XML },
    {"text/xml",            REST_XML },
};

status rest_accept(const struct http_req *r, unsigned which, struct rest_accepted *out)
{
    const char *types[LEN(known)];
    size_t at[LEN(known)], n = 0;

    for (size_t i = 0; i < LEN(known); i++) {
        if ((which & 1u << known[i].media) == 0) continue;
        types[n] = known[i].type;
        at[n++] = i;
    }
    int chosen = http_negotiate(r, types, n);
    if (chosen < 0)
        return fail(ST_NOT_ACCEPTABLE, "accept.none", 0, "Accept: this is to be had as %s%s",
                    which & 1u << REST_JSON ? "JSON" : "",
                    which == REST_ANY        ? " or XML"
                    : which & 1u << REST_XML ? "XML"
                                             : "");
    *out = (struct rest_accepted){known[at[chosen]].media, types[chosen]};
    return OK;
}

// The beginning of a byte order mark, or of UTF-16 without one, and no more of it.
static bool is_torn(str in)
{
    static const str marks[] = {
        {"\xef\xbb\xbf", 3},
        {"\xff\xfe",     2},
        {"\xfe\xff",     2},
        {"\0<",          2},
    };

    for (size_t i = 0; i < LEN(marks); i++)
        if (in.n < marks[i].n && str_starts(marks[i], in)) return true;
    return false;
}

// '{' or '<' behind blanks and a byte order mark; 0: nothing that tells, '?': neither. Of the two
// XML alone comes as UTF-16.
static char first_sign(str in)
{
    if (is_torn(in)) return 0;
    if (str_starts(in, S("\xff\xfe")) || str_starts(in, S("\xfe\xff"))) return '<';
    if (str_starts(in, (str){"\0<", 2})) return '<';
    if (str_starts(in, S("\xef\xbb\xbf"))) in = str_from(in, 3);
    in = str_trim(in);
    if (in.n == 0) return 0;
    if (in.p[0] == '{' || in.p[0] == '[') return '{';
    return in.p[0] == '<' ? '<' : '?';
}

bool rest_body_tells(str first) { return first_sign(first) != 0; }

status rest_body_fits(enum rest_media said, str first)
{
    char sign = first_sign(first);

    if (sign == 0 || sign == (said == REST_XML ? '<' : '{')) return OK;
    return fail(ST_BAD_INPUT, "body.mislabelled", 0, "Content-Type says %s, the body says no such",
                said == REST_XML ? "XML" : "JSON");
}

status rest_body_media(const struct http_req *r, str first, enum rest_media *out)
{
    str rest = http_header(r, S("Content-Type")), type = rest;

    if (str_cut(&rest, ';', &type)) type = str_trim(type);
    if (type.n == 0) {
        *out = first_sign(first) == '<' ? REST_XML : REST_JSON;
        return OK;
    }
    for (size_t i = 0; i < LEN(known); i++) {
        if (!str_eq_fold(type, str_of(known[i].type))) continue;
        TRY(rest_body_fits(known[i].media, first));
        *out = known[i].media;
        return OK;
    }
    return fail(ST_MEDIA_TYPE, "body.type", 0,
                "Content-Type: application/json, application/ld+json, application/xml or text/xml");
}
