// read.h - EPCIS documents in: JSON-LD 2.0, XML 2.0, XML 1.2 (also 1.1 and 1.0).
//
// Reading has two stages. A *cutter* takes the bytes of a document as they come and cuts them into
// its head and its events, so that memory holds one event at a time. An event's bytes are then read
// into a struct epcis_event together with the *scope* that they stood in (prefixes of namespaces,
// version), now or years later: what is kept of a document is the bytes of its events and its
// scope.
//
// Trouble has `at` as an offset from the first byte of the document (cutter) or of the event's
// bytes (event readers), and a code: json.*, xml.*, epcis.*, time.*, gs1.*.
#pragma once
#include "service/epcis/event.h"

enum epcis_syntax { EPCIS_SYNTAX_JSON, EPCIS_SYNTAX_XML };
enum epcis_version { EPCIS_1_0, EPCIS_1_1, EPCIS_1_2, EPCIS_2_0 };

// What an event's bytes need of the document around them.
struct epcis_scope {
    enum epcis_syntax syntax;
    enum epcis_version version;
    // In JSON the raw value of the document's @context, `[…]` or `"…"` (empty: none); in XML the
    // namespace declarations in scope where the events stand, ` xmlns:a="…" xmlns="…"`, as written.
    str context;
    // Read what can only mean one thing, though the schemas of XML refuse it: elements in any order
    // and wrapper, those that nobody knows, URNs below CBV's that are no words of it. For hashing
    // what others have published, for what clients whose rules are off send, and for reading again
    // what was once taken.
    bool lenient;
    // In XML: words of CBV stay the URIs that they came as, for a writer that shall not translate
    // them. Nothing can be asked of such an event.
    bool words_as_given;
};

// One event, whole in memory, in UTF-8: a JSON object, or an XML element, whatever encoding a
// declaration in front of it names. Without a context in the scope
// (JSON only) the event must have an @context of its own. What is given is a well-formed event of
// the grammar; what EPCIS and CBV allow in one epcis_event_check says.
status epcis_event_read(str bytes, const struct epcis_scope *scope, struct arena *a,
                        struct epcis_event *out);

// Of XML alone without a document: what its schemaVersion says, 1.2 where it stands in a wrapper,
// which 2.0 has none of, else `unsaid`. Decoded bytes, of which the first tag will do.
enum epcis_version epcis_bare_version(str bytes, enum epcis_version unsaid, struct arena *a);

enum epcis_doc_kind { EPCIS_DOC, EPCIS_QUERY_DOC, EPCIS_MASTERDATA_DOC, EPCIS_BARE_EVENT };

// What a document says beside its events.
struct epcis_vocabulary_attr {
    str id;                     // the attribute's name
    str text;                   // of a simple value
    struct epcis_node *content; // of one that has elements or members
};
struct epcis_vocabulary_element {
    str type, id; // of the vocabulary; of the element
    const struct epcis_vocabulary_attr *attrs;
    uint32_t attr_count;
    struct epcis_strs children;
};
struct epcis_party { // SBDH sender or receiver
    str id, authority;
};
struct epcis_front {
    enum epcis_doc_kind kind;
    struct epcis_scope scope;
    str schema_version, created;
    struct epcis_party sender, receiver;
    str instance;
    const struct epcis_vocabulary_element *elements; // master data
    uint32_t element_count;
    str query_name, subscription_id; // of a query document
    struct epcis_node *ext;          // of the header, kept
};

// Cutting. All callbacks run inside epcis_cut_piece and _end; a failure that they return ends the
// cutting and is given back. `front` comes before the first event, or at the end where there is
// none: what stands behind the events (JSON members are in no order) is then not yet in it, unless
// the whole document came in one piece: then it is complete. A document in several pieces whose
// @context comes behind its events is refused (epcis.order), or read twice.
struct epcis_cut_ops {
    status (*front)(void *self, const struct epcis_front *f);
    // Bytes live for the call, the front as long as the cutter. `at`: where they begin in the
    // document.
    status (*event)(void *self, uint32_t index, str bytes, uint64_t at);
};
struct epcis_cut_conf {
    enum epcis_syntax syntax;
    bool lenient;     // as in the scope, which takes it over
    size_t event_max; // bytes of one event, and of all that is no event (epcis.event_too_large)
    // Its @context may come behind its events: they are then passed over, epcis_cut_is_late says
    // so, and another cutter is to read the document again with the front of this one as `known`,
    // which lives as long as that cutter. Both are for JSON; others need neither.
    bool again;
    const struct epcis_front *known;
    const struct epcis_cut_ops *ops;
    // The document's text as UTF-8, each piece before what is cut out of it: it is what `at`
    // counts the bytes of, whatever encoding the document came in. May be NULL.
    status (*text)(void *self, str piece);
    void *self;
};
struct epcis_cut;
struct epcis_cut *epcis_cut_new(const struct epcis_cut_conf *conf);
void epcis_cut_free(struct epcis_cut **c);
status epcis_cut_piece(struct epcis_cut *c, str bytes);
status epcis_cut_end(struct epcis_cut *c); // the document must be whole
bool epcis_cut_is_late(const struct epcis_cut *c);
// The front as far as it is known: after epcis_cut_end all of it, with master data that stood
// behind the events. NULL: not yet.
const struct epcis_front *epcis_cut_front(const struct epcis_cut *c);

// Whatever is taken in must be told in every format: JSON with characters that XML 1.0 has no
// place for, as such or as an escape, is refused where they stand (epcis.character). XML's own
// reader does that anyhow. Asked of what comes in, not of what was kept before.
status epcis_characters_check(enum epcis_syntax syntax, str bytes);

// Is an event that could not be read JSON, or well-formed XML, at all? Fails where its text breaks
// the grammar, so that where it ends is anybody's guess; not where it is more than readers take.
status epcis_form_check(str bytes, const struct epcis_scope *scope, struct arena *a);

// First bytes of a document: which syntax? False: neither.
bool epcis_syntax_guess(str bytes, enum epcis_syntax *out);
