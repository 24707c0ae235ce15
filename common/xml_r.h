// xml_r.h - XML 1.0 with namespaces read in one pass, strict, bounded, with positions.
//
// Reading is a cursor over UTF-8 that is whole in memory. Trouble sticks to the reader: after it
// every call answers "no more", so that a handler reads straight on and asks xml_r_end once.
// Comments and processing instructions are passed over, CDATA is text. Codes:
//   xml.syntax     not well-formed, or cut short
//   xml.utf8       not UTF-8 (RFC 3629)
//   xml.character  a character that XML 1.0 has no place for, as such or as a reference
//   xml.encoding   a declaration that names another encoding than UTF-8
//   xml.dtd        a document type declaration that does more than name the root
//   xml.entity     an entity beside the five that XML has of itself
//   xml.prefix     a prefix that is not declared, or a declaration that is not allowed
//   xml.twice      an attribute or a declaration that comes again
//   xml.depth, xml.attributes, xml.namespaces  more than the ceilings below
//   xml.content    text where only elements may stand, or an element where only text may
//   xml.ceiling    (TOO_LARGE) the arena is full
//
//     struct xml_r r;
//     xml_r_init(&r, body, arena);
//     for (xml_r_root(&r); xml_r_child(&r);) {
//         if (xml_is(&r.name, S(""), S("note"))) note = xml_r_token(&r);
//         else xml_r_skip(&r);
//     }
//     TRY(xml_r_end(&r));
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/status.h"
#include "common/str.h"

#define XML_R_DEPTH_MAX 40u  // elements open at once; an EPCIS document with extensions needs 26
#define XML_R_ATTR_MAX  64u  // of one element, declarations apart; a sensor report has 26
#define XML_R_NS_MAX    128u // namespace declarations in scope at once

struct xml_ns {
    str prefix, uri; // an empty prefix: the default; an empty uri with it: none
};
struct xml_name {
    str uri, prefix, local; // uri empty: no namespace
};
struct xml_r_attr {
    struct xml_name name;
    str value; // normalised as section 3.3.3 says: a view, or of the arena where it had references
    uint32_t at, text; // where it begins; where its value stands as it was given, else 0
};

enum xml_token { XML_NONE, XML_START, XML_TEXT, XML_END };

struct xml_r {
    str in;
    size_t at;
    struct arena *arena; // texts that are not as they stand go here
    bool transcoded;     // set it where the bytes were made UTF-8: any declared encoding is right
    bool rooted, empty;  // the root was met; the last start tag was <such/>
    bool typed;          // a document type declaration was met
    unsigned depth;
    size_t mark; // where the last token or attribute asked for begins: what xml_r_fail points at
    size_t text; // where the text given last stands as it was given; 0 when it does not
    str version, encoding;
    struct xml_name name; // of the last start tag
    uint32_t attr_count, ns_count;
    status st;
    struct {
        str qname;
        uint32_t ns_count; // in scope outside it
    } open[XML_R_DEPTH_MAX];
    struct xml_r_attr attrs[XML_R_ATTR_MAX]; // of the last start tag
    struct xml_ns ns[XML_R_NS_MAX];
};

void xml_r_init(struct xml_r *r, str in, struct arena *arena);
// Before the root: declarations that are in scope already, as xml_r_scope_put wrote them.
void xml_r_scope(struct xml_r *r, str declarations);

// The next token: XML_START (r->name, r->attrs), XML_TEXT (never empty; *text), XML_END, also of
// <such/>. XML_NONE behind the root element, and after trouble.
enum xml_token xml_r_next(struct xml_r *r, str *text);

bool xml_r_root(struct xml_r *r);  // enters the root element
bool xml_r_child(struct xml_r *r); // enters the next child; false at the end of the element
str xml_r_text(struct xml_r *r);   // all of the element just entered, which is left
str xml_r_token(struct xml_r *r);  // the same, without blanks at its ends
void xml_r_empty(struct xml_r *r); // leaves the element just entered, which may hold nothing
void xml_r_skip(struct xml_r *r);  // leaves the element just entered, whatever it holds

bool xml_is(const struct xml_name *n, str uri, str local);
// An attribute of the last start tag, NULL when it has none such. xml_r_fail points at it.
const struct xml_r_attr *xml_r_attr(struct xml_r *r, str uri, str local);
void xml_r_at(struct xml_r *r, const struct xml_r_attr *a);       // that attribute is talked of
const struct xml_ns *xml_r_ns(const struct xml_r *r, str prefix); // NULL: not declared
// Writes every declaration in scope, ` xmlns:a="…"` and so on, the outermost first.
void xml_r_scope_put(const struct xml_r *r, struct buf *out);

void xml_r_fail(struct xml_r *r, const char *reason, const char *fmt, ...) LIKE_PRINTF(3, 4);
// Fails with another reader's refusal of the text just read, whose `at` counts from its first byte.
void xml_r_refuse(struct xml_r *r, status st);
status xml_r_end(struct xml_r *r); // nothing but blanks may follow; the first failure
