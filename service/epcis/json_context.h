// json_context.h - what JSON-LD calls a context: which namespace a prefix stands for, here.
//
// Contexts are never fetched. Those of GS1 are built in; what an unknown one declares is not known:
// where there is one, a prefix that is not declared stands for itself ("hc:name" is in the
// namespace "hc:", as JSON-LD has it for a URI), and its address is kept in epcis_event.contexts.
// Without one such a prefix is refused. A strict subset of JSON-LD: terms that are no prefixes,
// @vocab, @base and scoped contexts change nothing (CHECKLIST 10.5).
#pragma once
#include "common/json.h"
#include "service/epcis/event.h"

struct epcis_term { // a prefix; an empty URI: declared to be none
    struct epcis_ns ns;
    const struct epcis_term *outer;
};

#define EPCIS_TERMS_MAX 256u // prefixes declared in one event and around it

struct epcis_contexts {
    struct arena *arena;
    uint32_t n;               // terms made
    struct epcis_term *whole; // namespaces of keys that are whole URIs
    struct epcis_strs urls;   // unknown contexts; `at` has room for EPCIS_URLS_MAX
};
#define EPCIS_URLS_MAX 16u

struct epcis_contexts epcis_contexts(struct arena *a);
// A value of @context, raw JSON, inside `scope` (NULL: none), which becomes the scope of its
// object. Codes: json.*, epcis.context. `at` of a failure counts from the first byte of `raw`.
status epcis_context_read(struct epcis_contexts *c, str raw, const struct epcis_term **scope);
// A key: `prefix:name` or a URI. A key without a colon has no namespace, and one that begins with
// @ is JSON-LD's own. Codes: epcis.prefix, epcis.field.
status epcis_key_resolve(struct epcis_contexts *c, const struct epcis_term *scope, str key,
                         const struct epcis_ns **ns, str *name);
extern const struct epcis_ns epcis_ns_rdfs;           // of the remarks of JSON-LD
const struct epcis_ns *epcis_ns_built_in(str prefix); // of GS1's context; NULL: it has none such
