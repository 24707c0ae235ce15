// rest.h - what all paths below /epcis share: the headers of EPCIS 2.0, its media types, its kinds
// of problem, and how lists go on. The handlers themselves belong to the rooms above.
//
// The server uses rest_manners for every reply below /epcis, also for those that it makes itself
// (no such path, no token, a body that is too large): so a handler refuses by http_problem with a
// status like everywhere else, and the problem's EPCIS type follows from status and reason.
// OPTIONS needs no rows: the server answers it for every path of the route tables.
#pragma once
#include "common/json.h"
#include "service/api/api.h"
#include "service/epcis/write.h"

#define REST_VERSION "2.0.0" // of EPCIS and of the CBV
#define REST_ROOT    "/epcis/v2"

extern const struct http_manner rest_manners[]; // for struct http_server_conf
extern const struct http_route rest_routes[];   // the list of top-level resources

// ---- problems

// "epcisException:ValidationException" and so on. What a class of status may mean more than one
// thing by is told apart by the reason's first words (problem.c has the table).
const char *rest_problem_type(status st);
// One problem as a JSON object or, in `xml`, as an EPCISException; `extra` as for http_problem
// (JSON only). Also for problems that are sent to somebody, or that lie in a list (members).
void rest_problem_write(struct buf *b, bool xml, status st, str extra);
// Into an object that is open; `at` is the caller's, who knows whether it is known.
void rest_problem_members(struct json_w *w, status st);
// A sentence for XML: what has no place there (it may quote a stranger, and may be cut) becomes
// '?'.
str rest_printable(str s, char out[sizeof((status *)0)->text]);

// ---- media types

enum rest_media { REST_JSON, REST_XML };
#define REST_ANY       (1u << REST_JSON | 1u << REST_XML)
#define REST_ONLY_JSON (1u << REST_JSON)

struct rest_accepted {
    enum rest_media media;
    const char *type; // what Content-Type says: the spelling that the caller named
};
// Of what can be had (`which`: bits of enum rest_media) the one that Accept likes best, JSON if it
// says nothing. accept.none (406).
status rest_accept(const struct http_req *r, unsigned which, struct rest_accepted *out);
// What Content-Type says of the body; without one its first bytes decide. body.type (415).
// `first` may be empty (a stream not yet come): then only the header is looked at.
status rest_body_media(const struct http_req *r, str first, enum rest_media *out);
// Do the first bytes tell what the body is? While they are blanks, or a torn mark, they do not.
bool rest_body_tells(str first);
// Do the first bytes look like what the header said? body.mislabelled (400).
status rest_body_fits(enum rest_media said, str first);

// ---- GS1-EPC-Format, GS1-CBV-XML-Format

// How a caller wants identifiers and words spelled. Bytes on disk: never renumbered.
enum rest_epcs { REST_EPCS_ANY, REST_EPCS_DL, REST_EPCS_URN, REST_EPCS_AS_GIVEN };
enum rest_words { REST_WORDS_ANY, REST_WORDS_WEB, REST_WORDS_URN, REST_WORDS_AS_GIVEN };
struct rest_form {
    uint8_t epcs, words; // enum rest_epcs, rest_words
};
// header.word (400). Absent and No_Preference: Digital Links; words as web URIs.
status rest_form(const struct http_req *r, struct rest_form *out);
enum epcis_form rest_form_ids(struct rest_form f); // for a writer
// For a writer of XML. REST_WORDS_AS_GIVEN: of what is spelled no way, for who reads events keeps
// the spellings that they came in (words_as_given).
enum epcis_words rest_form_words(struct rest_form f);
const char *rest_epcs_word(unsigned epcs); // "Always_EPC_URN"
const char *rest_words_word(unsigned words);

// ---- GS1-Extensions

// The prefixes of namespaces that a caller names: "ex=https://example.com/,…". Blanks around an
// entry do not count. header.extensions (400).
status rest_extensions(struct http_req *r, const struct epcis_ns **out, uint32_t *n);

// ---- lists

#define REST_PER_PAGE 30u
#define REST_TOKEN_MS (3600 * 1000) // what an answer says of how long its token holds
struct rest_page {
    uint32_t per_page; // at most limits.page_max
    str token;         // nextPageToken as it came, decoded, or empty
};
// page.size (400)
status rest_page(struct http_req *r, struct rest_page *out);
// More follows: Link (the same call with the token) and GS1-Next-Page-Token-Expires.
void rest_next(struct http_req *r, str token, wall expires);
// A Collection: its members are written between begin and end, each a json_w_str of its own.
void rest_collection_begin(struct json_w *w);
void rest_collection_end(struct json_w *w);
// The whole answer. 406 where JSON will not do.
void rest_collection_reply(struct http_req *r, const str *members, size_t n);
// Every path of the form /epcis/v2/x/{value} whose one sub-resource is "events".
void rest_collection_of_events(struct http_req *r);

// ---- paths

// A value as one segment of a path: everything but unreserved characters is escaped.
void rest_segment(struct buf *b, str value);
// Location: `base` and then the value as a segment.
void rest_location(struct http_req *r, const char *base, str value);
