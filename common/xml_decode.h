// xml_decode.h - the bytes of an XML document, as they come, made UTF-8.
//
// The encoding is what the byte order mark says, else the XML declaration, else UTF-8: UTF-8,
// UTF-16, ISO-8859-1, ISO-8859-15, windows-1252 and US-ASCII are known. What is UTF-8 passes as it
// is. Codes: xml.encoding (another encoding, or bytes that are none of it).
#pragma once
#include "common/arena.h"
#include "common/buf.h"

struct xml_decoder {
    void *iconv;      // NULL: nothing to convert
    bool known;       // the encoding is
    struct buf held;  // the beginning, until the encoding is known
    struct buf out;   // the last piece, converted
    struct buf split; // bytes of a character that goes on in the next piece
};

void xml_decoder_init(struct xml_decoder *d);
void xml_decoder_fini(struct xml_decoder *d);
// *out goes on where the last one ended, and lives until the next call; it may be empty. Where
// bytes are refused it ends in front of them.
status xml_decoder_piece(struct xml_decoder *d, str in, str *out);
status xml_decoder_end(struct xml_decoder *d, str *out);
bool xml_decoder_converts(const struct xml_decoder *d); // what the document declares is not UTF-8

// A text that came whole: `in` itself where it is UTF-8, else made so in the arena. Its declaration
// stays: whoever reads on sets xml_r.transcoded. xml.ceiling (TOO_LARGE): the arena is full
status xml_decode_whole(str in, struct arena *a, str *out);
