// xml_r_head.c - the XML declaration (section 2.8).
#include "common/xml_int.h"

// One of the declaration's own attributes at the beginning of *s, cut off it.
static bool pseudo(str *s, str name, str *value)
{
    str t = str_trim(*s);

    if (t.n == 0 || !xml_r_blank(s->p[0]) || !str_starts(t, name)) return false;
    t = str_trim(str_from(t, name.n));
    if (t.n == 0 || t.p[0] != '=') return false;
    t = str_trim(str_from(t, 1));
    if (t.n == 0 || (t.p[0] != '"' && t.p[0] != '\'')) return false;
    char quote = t.p[0];
    t = str_from(t, 1);
    if (!str_cut(&t, quote, value)) return false;
    // what is left keeps the blanks behind it, which str_trim took
    *s = (str){t.p, (size_t)(s->p + s->n - t.p)};
    return true;
}

static bool is_version(str v) { return str_starts(v, S("1.")) && str_is_digits(str_from(v, 2)); }

static bool is_encoding(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool more = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!letter && (i == 0 || !more)) return false;
    }
    return s.n > 0;
}

bool xml_r_declaration(struct xml_r *r)
{
    size_t at = r->at, end = 0;
    str alone = {0};

    if (!xml_r_find(r, at, S("?>"), "the text ends inside the XML declaration", &end)) return false;
    str s = {r->in.p + at + 5, end - at - 5};
    bool good = pseudo(&s, S("version"), &r->version) && is_version(r->version);
    if (good && pseudo(&s, S("encoding"), &r->encoding)) good = is_encoding(r->encoding);
    if (good && pseudo(&s, S("standalone"), &alone))
        good = str_eq(alone, S("yes")) || str_eq(alone, S("no"));
    if (!good || str_trim(s).n > 0)
        return xml_r_trouble(r, at, "xml.syntax", "the XML declaration is not one of XML 1.0");
    r->at = end + 2;
    if (r->transcoded || r->encoding.n == 0 || str_eq_fold(r->encoding, S("UTF-8"))) return true;
    str name = str_shown(r->encoding, XML_R_SHOWN_MAX);
    return xml_r_trouble(r, at, "xml.encoding", "UTF-8 is expected here, not %.*s", STR(name));
}
