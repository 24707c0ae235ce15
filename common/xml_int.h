// xml_int.h - what characters mean in XML 1.0 (fifth edition), for the reader and the writer, and
// what the files of the reader share.
#pragma once
#include "common/xml.h"
#include "common/xml_r.h"

// How many bytes at the beginning of s stand for themselves in a text: printable ASCII but for
// & < and >.
size_t xml_plain(str s);
// The same for the value of an attribute in these quotes: & < and the quote end it.
size_t xml_plain_value(str s, char quote);

// The length of a name without colon at the beginning of s, 0 when there is none (or no UTF-8).
size_t xml_ncname(str s);

// The length of what is allowed at the beginning of s, which begins with a byte above 7F: up to the
// first byte below 80, or up to what is no character or no UTF-8 (*why: which of the codes).
size_t xml_wide(str s, const char **why);

// ---- the reader's cursor

static inline bool xml_r_failed(const struct xml_r *r) { return r->st.cls != ST_OK; }
static inline str xml_r_rest(const struct xml_r *r) { return str_from(r->in, r->at); }
static inline bool xml_r_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
static inline bool xml_r_byte_is(const struct xml_r *r, size_t at, char c)
{
    return at < r->in.n && r->in.p[at] == c;
}
static inline void xml_r_blanks(struct xml_r *r)
{
    while (r->at < r->in.n && xml_r_blank(r->in.p[r->at])) r->at++;
}

// These fail the reader, at this place, and give false.
bool xml_r_trouble(struct xml_r *r, size_t at, const char *reason, const char *fmt, ...)
    LIKE_PRINTF(4, 5);
bool xml_r_unexpected(struct xml_r *r, const char *wanted); // what stands at r->at
#define XML_R_SHOWN_MAX ((size_t)32)                        // of a stranger's name in a sentence

bool xml_r_declaration(struct xml_r *r); // <?xml …?> at r->at
bool xml_r_aside(struct xml_r *r);       // over a comment or processing instruction at r->at
// Where `what` begins at or behind `from`; fails with the sentence where there is none.
bool xml_r_find(struct xml_r *r, size_t from, str what, const char *sentence, size_t *at);
str xml_r_text_take(struct xml_r *r);  // up to the next tag, which must come; may be empty
bool xml_r_text_skip(struct xml_r *r); // the same, not kept
bool xml_r_value_take(struct xml_r *r, struct xml_r_attr *a); // at r->at, where its quote stands
