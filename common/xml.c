// xml.c - owns how a character is spelled in XML. The names of open elements are not kept apart:
// they are read back from the buffer, by position, because the buffer may move when it grows.
#include "common/xml.h"
#include "common/xml_int.h"
#include <string.h>

struct xml_w xml_writer(struct buf *b) { return (struct xml_w){.b = b, .st = OK}; }

static bool dead(const struct xml_w *w) { return w->st.cls != ST_OK || w->b->failed; }

// Foreign bytes are not shown: they may be what a log or a problem cannot hold either.
static void refuse(struct xml_w *w, const char *reason, const char *sentence)
{
    w->st = fail(ST_UNPROCESSABLE, reason, 0, "%s", sentence);
}

// Bytes that stand for themselves everywhere. 0xef begins a sequence that may be a noncharacter.
static bool stands(unsigned char c)
{
    return c >= ' ' && c != '&' && c != '<' && c != '>' && c != '"' && c != 0xef;
}

// The other spelling of c, empty when it has none. Blanks of an attribute are written as numbers,
// or a reader would normalise them away (XML 1.0, sections 2.11 and 3.3.3).
static str escape_of(char c, bool in_attr)
{
    switch (c) {
    case '&': return S("&amp;");
    case '<': return S("&lt;");
    case '>': return S("&gt;");
    case '\r': return S("&#13;");
    case '"': return in_attr ? S("&quot;") : S("");
    case '\t': return in_attr ? S("&#9;") : S("");
    case '\n': return in_attr ? S("&#10;") : S("");
    default: return S("");
    }
}

// Control characters, and U+FFFE and U+FFFF: the only UTF-8 that no XML 1.0 document may hold.
static bool is_no_character(str s)
{
    unsigned char c = (unsigned char)s.p[0];

    if (c < ' ') return c != '\t' && c != '\n' && c != '\r';
    return s.n >= 3 && memcmp(s.p, "\xef\xbf", 2) == 0 && (unsigned char)s.p[2] >= 0xbe;
}

bool xml_is_text(str s, size_t *bad)
{
    size_t good = s.n;
    bool utf8 = str_is_utf8(s, &good);

    for (size_t i = 0; i < good; i++) {
        if (stands((unsigned char)s.p[i]) || !is_no_character(str_from(s, i))) continue;
        if (bad != NULL) *bad = i;
        return false;
    }
    if (!utf8 && bad != NULL) *bad = good;
    return utf8;
}

static void put(struct xml_w *w, str s, bool in_attr)
{
    size_t from = 0;
    unsigned high = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        high |= c & 0x80u;
        if (stands(c)) continue;
        if (is_no_character(str_from(s, i))) {
            refuse(w, "xml.character", "a text has a character that XML 1.0 has no place for");
            return;
        }
        str e = escape_of(s.p[i], in_attr);
        if (e.n == 0) continue;
        buf_add(w->b, (str){s.p + from, i - from});
        buf_add(w->b, e);
        from = i + 1;
    }
    if (high != 0 && !str_is_utf8(s, NULL)) {
        refuse(w, "xml.utf8", "a text is not UTF-8");
        return;
    }
    buf_add(w->b, str_from(s, from));
}

static bool is_name_char(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

    return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
}

bool xml_is_ncname(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_name_char(s.p[i], i == 0)) return false;
    return s.n > 0;
}

bool xml_is_any_ncname(str s) { return s.n > 0 && xml_ncname(s) == s.n; }

static bool is_qname(str s)
{
    str prefix;

    return xml_is_any_ncname(s) ||
           (str_cut(&s, ':', &prefix) && xml_is_any_ncname(prefix) && xml_is_any_ncname(s));
}

static bool name_ok(struct xml_w *w, str name)
{
    if (is_qname(name)) return true;
    refuse(w, "xml.name", "a name is not one of an element or attribute");
    return false;
}

static void end_tag(struct xml_w *w)
{
    if (w->in_tag) buf_addc(w->b, '>');
    w->in_tag = false;
}

void xml_declare(struct xml_w *w)
{
    if (dead(w)) return;
    assert(!w->rooted);
    buf_add(w->b, S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
}

void xml_open(struct xml_w *w, str name)
{
    if (dead(w) || !name_ok(w, name)) return;
    assert(w->depth < XML_DEPTH_MAX && (w->depth > 0 || !w->rooted));
    end_tag(w);
    buf_addc(w->b, '<');
    w->open[w->depth].at = w->b->n;
    w->open[w->depth].n = name.n;
    buf_add(w->b, name);
    w->depth++;
    w->in_tag = w->rooted = true;
}

// Is there such an attribute in the tag being written? Values hold no quote, so ` name="` can
// only be one.
static bool has_attr(const struct xml_w *w, str name)
{
    str tag = str_from((str){w->b->p, w->b->n}, w->open[w->depth - 1].at);

    while (tag.n >= name.n + 3) {
        const char *hit = memmem(tag.p + 1, tag.n - 1, name.p, name.n);
        if (hit == NULL) return false;
        size_t at = (size_t)(hit - tag.p);
        if (hit[-1] == ' ' && tag.n - at >= name.n + 2 && memcmp(hit + name.n, "=\"", 2) == 0)
            return true;
        tag = str_from(tag, at);
    }
    return false;
}

void xml_attr(struct xml_w *w, str name, str value)
{
    if (dead(w) || !name_ok(w, name)) return;
    assert(w->in_tag && w->depth > 0);
    if (has_attr(w, name)) {
        refuse(w, "xml.twice", "an attribute is given twice to one element");
        return;
    }
    buf_addc(w->b, ' ');
    buf_add(w->b, name);
    buf_add(w->b, S("=\""));
    put(w, value, true);
    buf_addc(w->b, '"');
}

void xml_text(struct xml_w *w, str text)
{
    if (dead(w) || text.n == 0) return;
    assert(w->depth > 0);
    end_tag(w);
    put(w, text, false);
}

void xml_close(struct xml_w *w)
{
    if (dead(w)) return;
    assert(w->depth > 0);
    w->depth--;
    if (w->in_tag) {
        buf_add(w->b, S("/>"));
        w->in_tag = false;
        return;
    }
    size_t n = w->open[w->depth].n;
    char *p = buf_room(w->b, n + 3); // may move the buffer: the name is looked up after it
    if (p == NULL) return;
    memcpy(p, "</", 2);
    memcpy(p + 2, w->b->p + w->open[w->depth].at, n);
    p[n + 2] = '>';
}

void xml_leaf(struct xml_w *w, str name, str text)
{
    xml_open(w, name);
    xml_text(w, text);
    xml_close(w);
}

status xml_done(const struct xml_w *w)
{
    str all;

    if (w->st.cls != ST_OK) return w->st;
    TRY(buf_done(w->b, &all));
    assert(w->depth == 0 && w->rooted);
    return OK;
}
