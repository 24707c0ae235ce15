// xml.h - XML 1.0 written into a buf. What comes out is well-formed or nothing at all.
//
// The writer is sticky: after the first trouble every call does nothing, and xml_done tells it.
// Foreign text and names are never trusted: characters that XML 1.0 (section 2.2) has no place for
// cannot be escaped either, so they are refused. Codes: xml.character, xml.utf8, xml.name,
// xml.twice, and the buf's own ceiling. Nesting is the program's own and asserted.
//
//     struct xml_w w = xml_writer(b);
//     xml_open(&w, S("order"));
//     xml_attr(&w, S("id"), id);
//     xml_leaf(&w, S("note"), note);
//     xml_close(&w);
//     TRY(xml_done(&w));
#pragma once
#include "common/buf.h"

#define XML_DEPTH_MAX 32u // elements open at once; an EPCIS document with extensions needs 26

struct xml_w {
    struct buf *b;
    unsigned depth;
    bool in_tag; // the innermost start tag still takes attributes
    bool rooted; // the one root element was opened
    struct {
        size_t at, n; // its name, as bytes of b
    } open[XML_DEPTH_MAX];
    status st;
};

struct xml_w xml_writer(struct buf *b); // goes on where b ends
void xml_declare(struct xml_w *w);      // <?xml …?>, before everything else
void xml_open(struct xml_w *w, str name);
void xml_attr(struct xml_w *w, str name, str value); // right after xml_open
void xml_text(struct xml_w *w, str text);
void xml_close(struct xml_w *w);
void xml_leaf(struct xml_w *w, str name, str text); // open, text, close
status xml_done(const struct xml_w *w);             // everything that was opened must be closed

// A name without a colon: a prefix or a local name. XML 1.0 allows far more in one; ASCII is what
// every partner's reader agrees on, and what names of our own must be.
bool xml_is_ncname(str s);
bool xml_is_character(uint32_t u); // production 2: may stand in a text, as such or as a reference
// UTF-8 of such characters alone; *bad (may be NULL) is where it ends to be.
bool xml_is_text(str s, size_t *bad);
bool xml_is_any_ncname(str s); // whatever XML 1.0 allows: names of others, told on
