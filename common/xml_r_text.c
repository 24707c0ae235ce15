// xml_r_text.c - what stands between tags: texts with their references and CDATA sections, the
// values of attributes, and what is passed over.
//
// A text is walked first, checked, and copied only where it does not stand as it reads: it has
// references, line ends of others, or comments and CDATA sections beside text.
#include "common/xml_int.h"
#include <string.h>

// ---- bytes

// One byte that is not plain and no markup: blanks, or what begins above 7F. Gives its length.
static size_t odd_bytes(struct xml_r *r, size_t at)
{
    unsigned char c = (unsigned char)r->in.p[at];
    const char *why = NULL;

    if (c < 0x20) {
        if (xml_r_blank((char)c)) return 1;
        return xml_r_trouble(r, at, "xml.character", "the byte %02X is no character of XML", c), 0;
    }
    size_t n = xml_wide(str_from(r->in, at), &why);
    if (why != NULL)
        xml_r_trouble(r, at + n, why, "a text %s",
                      strcmp(why, "xml.utf8") == 0 ? "that is not UTF-8"
                                                   : "with what is no character");
    return n;
}

// All of these bytes, of a comment or the like, must be characters.
static bool characters(struct xml_r *r, size_t from, size_t to)
{
    while (from < to && !xml_r_failed(r)) {
        unsigned char c = (unsigned char)r->in.p[from];
        from += c >= 0x20 && c < 0x80 ? 1 : odd_bytes(r, from);
    }
    return !xml_r_failed(r);
}

// Where `what` begins at or behind `from`; fails with the sentence where there is none.
bool xml_r_find(struct xml_r *r, size_t from, str what, const char *sentence, size_t *at)
{
    const char *hit =
        from <= r->in.n ? memmem(r->in.p + from, r->in.n - from, what.p, what.n) : NULL;

    if (hit == NULL) return xml_r_trouble(r, r->in.n, "xml.syntax", "%s", sentence);
    *at = (size_t)(hit - r->in.p);
    return true;
}

// ---- what is passed over

static bool comment(struct xml_r *r)
{
    size_t end = 0;

    if (!xml_r_find(r, r->at + 4, S("--"), "the text ends inside a comment", &end)) return false;
    if (!xml_r_byte_is(r, end + 2, '>'))
        return xml_r_trouble(r, end, "xml.syntax", "a comment may not have --");
    if (!characters(r, r->at + 4, end)) return false;
    r->at = end + 3;
    return true;
}

static bool instruction(struct xml_r *r)
{
    size_t end = 0, name = xml_ncname(str_from(r->in, r->at + 2));
    str target = {r->in.p + r->at + 2, name};

    if (str_eq_fold(target, S("xml")))
        return xml_r_trouble(r, r->at, "xml.syntax",
                             "an XML declaration stands at the very beginning");
    size_t from = r->at + 2 + name;
    if (name == 0) return r->at = from, xml_r_unexpected(r, "a name");
    if (!xml_r_find(r, from, S("?>"), "the text ends inside a processing instruction", &end))
        return false;
    if (end != from && !xml_r_blank(r->in.p[from]))
        return r->at = from, xml_r_unexpected(r, "a blank or ?>");
    if (!characters(r, from, end)) return false;
    r->at = end + 2;
    return true;
}

// One that only names the root declares nothing and is passed over; what could declare an entity or
// send for one is refused.
static bool doctype(struct xml_r *r)
{
    size_t at = r->at;

    r->at += 9;
    if (!r->rooted && !r->typed && r->at < r->in.n && xml_r_blank(r->in.p[r->at])) {
        r->typed = true;
        xml_r_blanks(r);
        size_t name = xml_ncname(xml_r_rest(r));
        r->at += name;
        if (xml_r_byte_is(r, r->at, ':')) r->at += 1 + xml_ncname(str_from(r->in, r->at + 1));
        xml_r_blanks(r);
        if (name > 0 && xml_r_byte_is(r, r->at, '>')) return r->at++, true;
    }
    r->at = at;
    return xml_r_trouble(r, at, "xml.dtd",
                         "a document type declaration that says anything is not taken");
}

bool xml_r_aside(struct xml_r *r)
{
    if (str_starts(xml_r_rest(r), S("<!--"))) return comment(r);
    if (str_starts(xml_r_rest(r), S("<?"))) return instruction(r);
    if (str_starts(xml_r_rest(r), S("<!DOCTYPE"))) return doctype(r);
    return xml_r_trouble(r, r->at, "xml.syntax", "no markup begins like this");
}

// ---- references

static const struct {
    str name;
    char c;
} entities[] = {
    {{"amp;", 4},  '&' },
    {{"lt;", 3},   '<' },
    {{"gt;", 3},   '>' },
    {{"quot;", 5}, '"' },
    {{"apos;", 5}, '\''},
};

static int digit_of(char c, bool hex)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (hex && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (hex && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// &#…; at the beginning of s: its length, 0 when it is no reference to a character.
static size_t number_take(str s, uint32_t *u)
{
    bool hex = s.n > 2 && s.p[2] == 'x';
    size_t from = hex ? 3 : 2, i = from;
    int d;

    for (*u = 0; i < s.n && (d = digit_of(s.p[i], hex)) >= 0; i++)
        if (*u <= 0x10ffff) *u = *u * (hex ? 16 : 10) + (uint32_t)d;
    return i > from && i < s.n && s.p[i] == ';' && xml_is_character(*u) ? i + 1 : 0;
}

// The reference at `at`, checked: its length, and what it stands for. 0 and failed.
static size_t reference(struct xml_r *r, size_t at, uint32_t *u)
{
    str s = str_from(r->in, at);

    if (s.n > 1 && s.p[1] == '#') {
        size_t n = number_take(s, u);
        if (n == 0) xml_r_trouble(r, at, "xml.character", "a reference to no character of XML");
        return n;
    }
    for (size_t i = 0; i < LEN(entities); i++) {
        if (!str_starts(str_from(s, 1), entities[i].name)) continue;
        *u = (uint32_t)entities[i].c;
        return entities[i].name.n + 1;
    }
    size_t name = xml_ncname(str_from(s, 1));
    if (name == 0 || !xml_r_byte_is(r, at + 1 + name, ';'))
        return xml_r_trouble(r, at, "xml.syntax", "an & begins a reference, or is written &amp;"),
               0;
    str entity = str_shown((str){s.p + 1, name}, XML_R_SHOWN_MAX);
    return xml_r_trouble(r, at, "xml.entity", "the entity %.*s is not one of XML's five",
                         STR(entity)),
           0;
}

// ---- texts

// What a text is made of: pieces between comments, CDATA sections.
struct pieces {
    str one;        // the last of them
    unsigned count; // of those that are not empty
    bool rewrite;   // something in them does not stand for itself
};

static void piece(const struct xml_r *r, struct pieces *t, size_t from, size_t to)
{
    if (from == to) return;
    t->one = (str){r->in.p + from, to - from};
    t->count++;
}

static bool cdata(struct xml_r *r, struct pieces *t)
{
    size_t from = r->at + S("<![CDATA[").n, end = 0;

    if (!xml_r_find(r, from, S("]]>"), "the text ends inside a CDATA section", &end)) return false;
    if (!characters(r, from, end)) return false;
    if (end > from && memchr(r->in.p + from, '\r', end - from) != NULL) t->rewrite = true;
    piece(r, t, from, end);
    r->at = end + 3;
    return true;
}

// Over a byte of a text that is not plain and begins no markup.
static size_t text_odd(struct xml_r *r, struct pieces *t, size_t from, size_t i)
{
    uint32_t u;

    switch (r->in.p[i]) {
    case '&': t->rewrite = true; return reference(r, i, &u);
    case '>':
        if (i - from >= 2 && r->in.p[i - 1] == ']' && r->in.p[i - 2] == ']')
            xml_r_trouble(r, i - 2, "xml.syntax", "a text may not have ]]>");
        return 1;
    case '\r': t->rewrite = true; return 1;
    default: return odd_bytes(r, i);
    }
}

// From r->at to the next tag, which must come.
static bool text_scan(struct xml_r *r, struct pieces *t)
{
    size_t from = r->at, i = from;
    const char *p = r->in.p;

    *t = (struct pieces){0};
    while (!xml_r_failed(r)) {
        i += xml_plain(str_from(r->in, i));
        if (i == r->in.n)
            return xml_r_trouble(r, i, "xml.syntax", "the text ends inside an element");
        if (p[i] != '<') {
            i += text_odd(r, t, from, i);
            continue;
        }
        piece(r, t, from, i);
        r->at = i;
        if (!xml_r_byte_is(r, i + 1, '!') && !xml_r_byte_is(r, i + 1, '?')) return true;
        if (!(str_starts(xml_r_rest(r), S("<![CDATA[")) ? cdata(r, t) : xml_r_aside(r)))
            return false;
        from = i = r->at;
    }
    return false;
}

bool xml_r_text_skip(struct xml_r *r)
{
    struct pieces t;

    return text_scan(r, &t);
}

// The character that begins at in[*i], moved over; line ends are one \n (section 2.11).
static size_t char_take(struct xml_r *r, str in, size_t *i, char *out)
{
    uint32_t u = 0;

    if (in.p[*i] == '&') {
        *i += reference(r, (size_t)(in.p - r->in.p) + *i, &u);
        return utf8_put(out, u);
    }
    *out = in.p[(*i)++];
    if (*out == '\r') {
        *out = '\n';
        if (*i < in.n && in.p[*i] == '\n') ++*i;
    }
    return 1;
}

static char *room(struct xml_r *r, size_t n)
{
    char *out = arena_alloc(r->arena, n);

    if (out == NULL && !xml_r_failed(r))
        r->st = fail(ST_TOO_LARGE, "xml.ceiling", (uint32_t)r->mark, "more text than is allowed");
    return out;
}

// The checked CDATA section that begins at in[*i], moved over; how much it put out.
static size_t cdata_take(str in, size_t *i, char *out)
{
    str s = str_from(in, *i + S("<![CDATA[").n);
    const char *end = memmem(s.p, s.n, "]]>", 3);
    size_t n = 0, len = (size_t)(end - s.p);

    for (size_t k = 0; k < len; k++) {
        if (s.p[k] == '\n' && k > 0 && s.p[k - 1] == '\r') continue;
        out[n++] = s.p[k] == '\r' ? '\n' : s.p[k];
    }
    *i += S("<![CDATA[").n + len + 3;
    return n;
}

// Where what is passed over, and begins at in[i], ends.
static size_t aside_end(str in, size_t i)
{
    str s = str_from(in, i);
    bool is_comment = str_starts(s, S("<!--"));
    size_t skip = is_comment ? 4 : 2, mark = is_comment ? 3 : 2;
    const char *end = memmem(s.p + skip, s.n - skip, is_comment ? "-->" : "?>", mark);

    return (size_t)(end - in.p) + mark;
}

// A checked text, with all that lies in it, as it reads. It never gets longer.
static str text_copy(struct xml_r *r, str in)
{
    size_t n = 0, i = 0;
    char *out = room(r, in.n);

    if (out == NULL) return (str){"", 0};
    while (i < in.n) {
        if (in.p[i] != '<')
            n += char_take(r, in, &i, out + n);
        else if (str_starts(str_from(in, i), S("<![CDATA[")))
            n += cdata_take(in, &i, out + n);
        else
            i = aside_end(in, i);
    }
    return (str){out, n};
}

// The text up to the next tag, and where it stands.
str xml_r_text_take(struct xml_r *r)
{
    size_t from = r->at;
    struct pieces t;

    r->mark = from;
    r->text = 0;
    if (!text_scan(r, &t) || t.count == 0) return (str){"", 0};
    if (t.count > 1 || t.rewrite) return text_copy(r, (str){r->in.p + from, r->at - from});
    r->text = (size_t)(t.one.p - r->in.p);
    return t.one;
}

// A checked value: blanks are blanks, references what they stand for (section 3.3.3).
static str value_copy(struct xml_r *r, str in)
{
    char *out = room(r, in.n);
    size_t n = 0, i = 0;

    if (out == NULL) return (str){"", 0};
    while (i < in.n) {
        bool literal = in.p[i] != '&';
        size_t len = char_take(r, in, &i, out + n);
        if (literal && xml_r_blank(out[n])) out[n] = ' ';
        n += len;
    }
    return (str){out, n};
}

// Over what is in a value and neither plain nor its end.
static size_t value_odd(struct xml_r *r, size_t i, bool *rewrite)
{
    uint32_t u;

    switch (r->in.p[i]) {
    case '&': *rewrite = true; return reference(r, i, &u);
    case '<': xml_r_trouble(r, i, "xml.syntax", "a value may not have <, write &lt;"); return 0;
    default:
        if ((unsigned char)r->in.p[i] < 0x80) *rewrite = true;
        return odd_bytes(r, i);
    }
}

bool xml_r_value_take(struct xml_r *r, struct xml_r_attr *a)
{
    char quote = r->at < r->in.n ? r->in.p[r->at] : 0;
    size_t from = r->at + 1, i = from;
    bool rewrite = false;

    if (quote != '"' && quote != '\'') return xml_r_unexpected(r, "a quote");
    while (!xml_r_failed(r)) {
        i += xml_plain_value(str_from(r->in, i), quote);
        if (i == r->in.n) return xml_r_trouble(r, i, "xml.syntax", "the text ends inside a value");
        if (r->in.p[i] == quote) break;
        i += value_odd(r, i, &rewrite);
    }
    if (xml_r_failed(r)) return false;
    str value = {r->in.p + from, i - from};
    r->at = i + 1;
    a->text = rewrite ? 0 : (uint32_t)from;
    a->value = rewrite ? value_copy(r, value) : value;
    return !xml_r_failed(r);
}
