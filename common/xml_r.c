// xml_r.c - the XML reader: one pass of a cursor over XML 1.0 (fifth edition) with namespaces 1.0.
//
// Nothing recurses: the names of open elements lie on the reader's own stack, and so do the
// declarations in scope, so that both have ceilings.
#include "common/xml_r.h"
#include "common/xml_int.h"
#include <stdio.h>
#include <string.h>

#define XML_URI   S("http://www.w3.org/XML/1998/namespace")
#define XMLNS_URI S("http://www.w3.org/2000/xmlns/")

// The attributes and declarations are written before they are read: zeroing them would cost more
// than a small event.
void xml_r_init(struct xml_r *r, str in, struct arena *arena)
{
    assert(in.n <= UINT32_MAX && arena != NULL); // body ceilings are far below
    r->in = in.n > 0 ? in : (str){"", 0};
    r->at = str_starts(in, S("\xef\xbb\xbf")) ? 3 : 0;
    r->arena = arena;
    r->transcoded = r->rooted = r->typed = r->empty = false;
    r->depth = 0;
    r->mark = r->text = 0;
    r->version = r->encoding = (str){"", 0};
    r->name = (struct xml_name){0};
    r->attr_count = r->ns_count = 0;
    r->st = OK;
}

// ---- trouble

static void trouble_v(struct xml_r *r, size_t at, const char *reason, const char *fmt, va_list ap)
{
    char text[sizeof r->st.text];

    if (xml_r_failed(r)) return; // the first one stays
    int n = vsnprintf(text, sizeof text, fmt, ap);
    assert(n >= 0);
    r->st = fail(ST_BAD_INPUT, reason, (uint32_t)at, "%s", text);
}

bool xml_r_trouble(struct xml_r *r, size_t at, const char *reason, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    trouble_v(r, at, reason, fmt, ap);
    va_end(ap);
    return false;
}

void xml_r_fail(struct xml_r *r, const char *reason, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    trouble_v(r, r->mark, reason, fmt, ap);
    va_end(ap);
}

void xml_r_refuse(struct xml_r *r, status st)
{
    assert(st.cls != ST_OK);
    if (xml_r_failed(r)) return;
    r->st = st;
    r->st.at = r->text != 0 ? (uint32_t)r->text + st.at : (uint32_t)r->mark;
}

bool xml_r_unexpected(struct xml_r *r, const char *wanted)
{
    if (r->at == r->in.n)
        return xml_r_trouble(r, r->at, "xml.syntax", "the text ends where %s is expected", wanted);
    unsigned char c = (unsigned char)r->in.p[r->at];
    if (c > 0x20 && c < 0x7f)
        return xml_r_trouble(r, r->at, "xml.syntax", "%s is expected, not \"%c\"", wanted, c);
    return xml_r_trouble(r, r->at, "xml.syntax", "%s is expected, not the byte %02X", wanted, c);
}

// ---- names and namespaces

static bool qname_take(struct xml_r *r, str *prefix, str *local)
{
    size_t n = xml_ncname(xml_r_rest(r));

    if (n == 0) return xml_r_unexpected(r, "a name");
    *prefix = (str){"", 0};
    *local = (str){r->in.p + r->at, n};
    r->at += n;
    if (!xml_r_byte_is(r, r->at, ':')) return true;
    r->at++;
    n = xml_ncname(xml_r_rest(r));
    if (n == 0) return xml_r_unexpected(r, "a name");
    *prefix = *local;
    *local = (str){r->in.p + r->at, n};
    r->at += n;
    return !xml_r_byte_is(r, r->at, ':') || xml_r_unexpected(r, "the end of the name");
}

const struct xml_ns *xml_r_ns(const struct xml_r *r, str prefix)
{
    for (uint32_t i = r->ns_count; i > 0; i--)
        if (str_eq(r->ns[i - 1].prefix, prefix)) return &r->ns[i - 1];
    return NULL;
}

static bool resolve(struct xml_r *r, struct xml_name *name, size_t at)
{
    const struct xml_ns *ns = xml_r_ns(r, name->prefix);

    name->uri = ns != NULL ? ns->uri : (str){"", 0};
    if (ns != NULL || name->prefix.n == 0) return true;
    if (str_eq(name->prefix, S("xml"))) return name->uri = XML_URI, true;
    str prefix = str_shown(name->prefix, XML_R_SHOWN_MAX);
    return xml_r_trouble(r, at, "xml.prefix", "the prefix %.*s is not declared", STR(prefix));
}

static bool declare(struct xml_r *r, str prefix, str uri, size_t at)
{
    uint32_t first = r->depth > 0 ? r->open[r->depth - 1].ns_count : 0;
    bool xml = str_eq(prefix, S("xml")), reserved = str_eq(uri, XML_URI);

    for (uint32_t i = first; i < r->ns_count; i++)
        if (str_eq(r->ns[i].prefix, prefix))
            return xml_r_trouble(r, at, "xml.twice", "a namespace is declared twice");
    if (xml != reserved || str_eq(prefix, S("xmlns")) || str_eq(uri, XMLNS_URI))
        return xml_r_trouble(r, at, "xml.prefix", "xml and xmlns are not declared anew");
    if (xml) return true;
    if (prefix.n > 0 && uri.n == 0)
        return xml_r_trouble(r, at, "xml.prefix", "a prefix stands for a namespace, not for none");
    if (r->ns_count == XML_R_NS_MAX)
        return xml_r_trouble(r, at, "xml.namespaces", "more than %u namespaces", XML_R_NS_MAX);
    r->ns[r->ns_count++] = (struct xml_ns){prefix, uri};
    return true;
}

static void uri_put(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '&' || c == '<' || c == '"' || c < 0x20)
            buf_addf(out, "&#%u;", c);
        else
            buf_addc(out, s.p[i]);
    }
}

void xml_r_scope_put(const struct xml_r *r, struct buf *out)
{
    for (uint32_t i = 0; i < r->ns_count; i++) {
        const struct xml_ns *ns = &r->ns[i];
        if (xml_r_ns(r, ns->prefix) != ns || ns->uri.n == 0) continue;
        buf_add(out, ns->prefix.n > 0 ? S(" xmlns:") : S(" xmlns"));
        buf_add(out, ns->prefix);
        buf_add(out, S("=\""));
        uri_put(out, ns->uri);
        buf_addc(out, '"');
    }
}

// ---- tags

static bool attribute(struct xml_r *r)
{
    size_t at = r->at;
    struct xml_r_attr a = {.at = (uint32_t)at};
    str *prefix = &a.name.prefix, *local = &a.name.local;

    r->mark = at;
    if (!qname_take(r, prefix, local)) return false;
    xml_r_blanks(r);
    if (!xml_r_byte_is(r, r->at, '=')) return xml_r_unexpected(r, "=");
    r->at++;
    xml_r_blanks(r);
    if (!xml_r_value_take(r, &a)) return false;
    if (str_eq(*prefix, S("xmlns"))) return declare(r, *local, a.value, at);
    if (prefix->n == 0 && str_eq(*local, S("xmlns"))) return declare(r, *prefix, a.value, at);
    if (r->attr_count == XML_R_ATTR_MAX)
        return xml_r_trouble(r, at, "xml.attributes", "more than %u attributes", XML_R_ATTR_MAX);
    r->attrs[r->attr_count++] = a;
    return true;
}

void xml_r_scope(struct xml_r *r, str declarations)
{
    str in = r->in;
    size_t at = r->at;

    assert(!r->rooted && r->depth == 0);
    r->in = declarations.n > 0 ? declarations : (str){"", 0};
    for (r->at = 0; !xml_r_failed(r);) {
        xml_r_blanks(r);
        if (r->at == r->in.n || !attribute(r)) break;
    }
    if (r->attr_count > 0) xml_r_trouble(r, 0, "xml.syntax", "a scope has declarations only");
    r->st.at = 0;
    r->in = in;
    r->at = at;
}

// All attributes and the end of the tag.
static bool attributes(struct xml_r *r)
{
    for (;;) {
        size_t before = r->at;
        xml_r_blanks(r);
        if (xml_r_byte_is(r, r->at, '>')) return r->at++, true;
        if (xml_r_byte_is(r, r->at, '/')) {
            r->at++;
            if (!xml_r_byte_is(r, r->at, '>')) return xml_r_unexpected(r, ">");
            r->empty = true;
            return r->at++, true;
        }
        if (r->at == before || r->at == r->in.n) return xml_r_unexpected(r, "a blank, > or />");
        if (!attribute(r)) return false;
    }
}

static bool attributes_resolve(struct xml_r *r)
{
    for (uint32_t i = 0; i < r->attr_count; i++) {
        struct xml_r_attr *a = &r->attrs[i];
        a->name.uri = (str){"", 0};
        if (a->name.prefix.n > 0 && !resolve(r, &a->name, a->at)) return false;
        for (uint32_t k = 0; k < i; k++)
            if (xml_is(&r->attrs[k].name, a->name.uri, a->name.local))
                return xml_r_trouble(r, a->at, "xml.twice", "an attribute is given twice");
    }
    return true;
}

// Enters the element whose tag begins at r->at.
static bool start_tag(struct xml_r *r)
{
    size_t at = r->at;

    if (r->depth == XML_R_DEPTH_MAX)
        return xml_r_trouble(r, at, "xml.depth", "nested deeper than %u", XML_R_DEPTH_MAX);
    r->at++;
    r->attr_count = 0;
    if (!qname_take(r, &r->name.prefix, &r->name.local)) return false;
    r->open[r->depth].qname = (str){r->in.p + at + 1, r->at - at - 1};
    r->open[r->depth++].ns_count = r->ns_count;
    bool plain = xml_r_byte_is(r, r->at, '>');
    if (plain)
        r->at++;
    else if (!attributes(r))
        return false;
    r->mark = at;
    return resolve(r, &r->name, at) && (plain || attributes_resolve(r));
}

static void leave(struct xml_r *r)
{
    r->empty = false;
    r->depth--;
    r->ns_count = r->open[r->depth].ns_count;
}

static bool end_tag(struct xml_r *r)
{
    str name = r->open[r->depth - 1].qname;
    size_t at = r->at;

    r->at += 2;
    if (!str_starts(xml_r_rest(r), name)) goto wrong;
    r->at += name.n;
    xml_r_blanks(r);
    if (!xml_r_byte_is(r, r->at, '>')) goto wrong;
    r->at++;
    leave(r);
    return true;
wrong:
    name = str_shown(name, XML_R_SHOWN_MAX);
    return xml_r_trouble(r, at, "xml.syntax", "</%.*s> is expected here", STR(name));
}

// ---- walking

// Over all that may stand beside the root element.
static bool around(struct xml_r *r)
{
    for (;;) {
        xml_r_blanks(r);
        if (!xml_r_byte_is(r, r->at, '<')) return true;
        if (!xml_r_byte_is(r, r->at + 1, '!') && !xml_r_byte_is(r, r->at + 1, '?')) return true;
        if (!xml_r_aside(r)) return false;
    }
}

bool xml_r_root(struct xml_r *r)
{
    assert(!r->rooted);
    if (xml_r_failed(r)) return false;
    str s = xml_r_rest(r);
    if (str_starts(s, S("<?xml")) && s.n > 5 && xml_r_blank(s.p[5]) && !xml_r_declaration(r))
        return false;
    if (!around(r)) return false;
    if (!xml_r_byte_is(r, r->at, '<')) return xml_r_unexpected(r, "the root element");
    r->rooted = true;
    return start_tag(r);
}

// Behind a text: into the next element (true) or out of this one.
static bool tag(struct xml_r *r)
{
    if (!xml_r_byte_is(r, r->at + 1, '/')) return start_tag(r);
    r->mark = r->at;
    end_tag(r);
    return false;
}

enum xml_token xml_r_next(struct xml_r *r, str *text)
{
    if (xml_r_failed(r)) return XML_NONE;
    if (r->depth == 0) {
        if (!r->rooted) return xml_r_root(r) ? XML_START : XML_NONE;
        if (around(r) && r->at < r->in.n) xml_r_unexpected(r, "the end");
        return XML_NONE;
    }
    if (r->empty) return leave(r), XML_END;
    *text = xml_r_text_take(r);
    if (xml_r_failed(r)) return XML_NONE;
    if (text->n > 0) return XML_TEXT;
    bool start = tag(r);
    return xml_r_failed(r) ? XML_NONE : start ? XML_START : XML_END;
}

bool xml_r_child(struct xml_r *r)
{
    if (xml_r_failed(r)) return false;
    assert(r->depth > 0);
    if (r->empty) return leave(r), false;
    xml_r_blanks(r);
    if (!xml_r_byte_is(r, r->at, '<') || xml_r_byte_is(r, r->at + 1, '!') ||
        xml_r_byte_is(r, r->at + 1, '?')) {
        str text = xml_r_text_take(r);
        if (xml_r_failed(r)) return false;
        if (str_trim(text).n > 0)
            return xml_r_trouble(r, r->mark, "xml.content",
                                 "a text stands where elements are expected");
    }
    return tag(r);
}

str xml_r_text(struct xml_r *r)
{
    str text = {"", 0};

    if (xml_r_failed(r)) return text;
    assert(r->depth > 0);
    size_t mark = r->mark;
    if (r->empty) return r->text = 0, leave(r), text;
    text = xml_r_text_take(r);
    if (xml_r_failed(r)) return (str){"", 0};
    r->mark = mark;
    if (xml_r_byte_is(r, r->at + 1, '/')) return end_tag(r) ? text : (str){"", 0};
    xml_r_trouble(r, r->at, "xml.content", "an element stands where only a text may");
    return (str){"", 0};
}

str xml_r_token(struct xml_r *r)
{
    str text = xml_r_text(r), token = str_trim(text);

    if (r->text != 0) r->text += (size_t)(token.p - text.p);
    return token;
}

void xml_r_empty(struct xml_r *r)
{
    if (xml_r_child(r)) xml_r_fail(r, "xml.content", "an element stands where none may");
}

void xml_r_skip(struct xml_r *r)
{
    if (xml_r_failed(r)) return;
    assert(r->depth > 0);
    for (unsigned base = r->depth - 1; r->depth > base && !xml_r_failed(r);) {
        if (r->empty)
            leave(r);
        else if (xml_r_text_skip(r))
            tag(r);
    }
}

bool xml_is(const struct xml_name *n, str uri, str local)
{
    return str_eq(n->local, local) && str_eq(n->uri, uri);
}

void xml_r_at(struct xml_r *r, const struct xml_r_attr *a)
{
    r->mark = a->at;
    r->text = a->text;
}

const struct xml_r_attr *xml_r_attr(struct xml_r *r, str uri, str local)
{
    for (uint32_t i = 0; i < r->attr_count; i++) {
        if (!xml_is(&r->attrs[i].name, uri, local)) continue;
        xml_r_at(r, &r->attrs[i]);
        return &r->attrs[i];
    }
    return NULL;
}

status xml_r_end(struct xml_r *r)
{
    if (xml_r_failed(r)) return r->st;
    assert(r->depth == 0 && r->rooted); // the handler left a loop early without failing
    if (around(r) && r->at < r->in.n) xml_r_unexpected(r, "the end");
    return r->st;
}
