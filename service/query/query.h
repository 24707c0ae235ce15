// query.h - a question for events as a value (SimpleEventQuery, EPCIS 2.0 section 8.2.7.1): what
// URLs, named queries, subscriptions and SOAP ask, read once into terms that events are held
// against.
//
// glossary: a *term* is one parameter; all terms must hold. Its *values* are alternatives. A
// *field* is an extension's name. What is read lives in the reader's arena.
//
// A query is what its parameters say, in any order and spelling: equal ones have equal hashes.
#pragma once
#include "common/bytes.h"
#include "service/epcis/event.h"
#include "service/gs1/pattern.h"
#include "service/journal/journal_db.h"

#define QUERY_VALUES_MAX   1000u // of all parameters together
#define QUERY_PREFIXES_MAX 64u

enum query_op { QUERY_EQ, QUERY_GT, QUERY_GE, QUERY_LT, QUERY_LE, QUERY_EXISTS };

struct query_value {
    str text;                          // words bare, else trimmed
    const struct gs1_pattern *pattern; // of identifiers that GS1 or EPC knows, else NULL
    str needle; // stands in every spelling of the identifier that has no '%'; empty: none known
    struct moment at;                 // with is_time
    bool is_text, is_number, is_time; // what it may be compared as
};

struct query_field {
    str ns, name;
    str attr; // of HASATTR and EQATTR
};

struct query_row;
struct query_set;
struct query_term {
    const struct query_row *row;
    str type; // of a business transaction, source or destination; or a unit of measure
    struct query_field field;
    const struct query_value *values;
    uint32_t n;
    const struct query_set *set; // over many values, of query_expand (value_set.h); may be NULL
};

enum query_order { QUERY_IN_ANY_ORDER, QUERY_BY_EVENT_TIME, QUERY_BY_RECORD_TIME, QUERY_BY_FIELD };
struct query {
    const struct query_term *terms;
    uint32_t n;
    enum query_order order;
    bool ascending; // without an order: as recorded
    struct query_field by;
    uint64_t limit; // eventCountLimit; 0: not given
    uint64_t most;  // maxEventCount; 0: not given
    struct digest16 hash;
};

// How a value was given. Text is untyped, as in URLs: lists have '|' between their values. On disk,
// in subscriptions.
enum query_given_as {
    QUERY_TEXT,
    QUERY_STRING,
    QUERY_NUMBER,
    QUERY_BOOL,
    QUERY_TIME, // xsd:dateTime
    QUERY_VOID, // null, or an empty element
    QUERY_LIST, // of strings
    QUERY_NUMBERS,
    QUERY_OTHER, // fits nothing
    QUERY_PLAIN, // untyped, one value, as in XML
    QUERY_GIVEN_COUNT
};
struct query_given {
    enum query_given_as as;
    const str *at;
    uint32_t n;
};

// Reading. Codes, all QueryParameterException to callers: query.unknown (no such parameter, or the
// prefix of a field is declared nowhere), query.twice, query.type, query.value, query.order (they
// contradict each other); query.too_complex (TOO_LARGE, QueryTooComplexException).
struct query_name;
struct query_reader {
    struct arena *arena;
    struct epcis_ns prefixes[QUERY_PREFIXES_MAX];
    uint32_t prefix_count;
    struct query_name *names; // given so far
    struct query_term *terms;
    uint32_t room, values;
    bool directed;
    struct query q;
};
void query_begin(struct query_reader *r, struct arena *a);
// Prefixes must be declared before the parameters that use them. cbvmda is.
status query_prefix(struct query_reader *r, str prefix, str uri);
status query_give(struct query_reader *r, str name, const struct query_given *v);
status query_end(struct query_reader *r, struct query *out);
// May it be subscribed to? Results come in messages of the service's choosing: none of them is "the
// first", or "too large". query.too_complex
status query_check_followed(const struct query *q);

// A URL's query string, as sent. What is not of the query language is left to the caller: perPage,
// nextPageToken, and those that `other` names (may be NULL).
struct query_page {
    str per_page, token;
};
status query_from_url(struct query_reader *r, str query, struct query_page *page);
// The object of POST /queries: `{"@context":…, "EQ_bizStep":[…], …}`. `at` counts from its first
// byte.
status query_from_json(struct query_reader *r, str json);

// Parameters packed, for those who ask the same later: name str, how 1, values var, str each.
void query_given_put(struct buf *out, str name, const struct query_given *v);
bool query_given_get(struct bytes_r *in, struct arena *a, str *name, struct query_given *v);
status query_from_given(struct query_reader *r, str packed); // as many as there are

// Master data that questions reach for: attributes and children of places, classes and so on, by
// canonical identifiers (gs1_write GS1_DL). Who keeps them sets site->master.
typedef void query_master_each(void *arg, str text);
struct query_master_ops {
    void (*children)(struct txn *t, client_id c, str id, query_master_each *each, void *arg);
    // The values of this attribute; `each` is not called where there is none.
    void (*attribute)(struct txn *t, client_id c, const str id_and_name[2], query_master_each *each,
                      void *arg);
};
struct query_master {
    const struct query_master_ops *ops; // NULL: there are no master data
    struct txn *t;
    client_id client;
};

// WD_ terms with all that lies within their places, so that matching needs no more than them, and
// sets of values where these are many. Goes round in no circle. query.too_complex
status query_expand(const struct query *q, const struct query_master *m, struct arena *a,
                    struct query *out);

// Does the event fit? `scratch` is reset in between. query.memory (TOO_LARGE); query.too_complex,
// where many values that no set finds meet an event of very many objects.
status query_matches(const struct query *q, const struct epcis_event *e,
                     const struct query_master *m, struct arena *scratch, bool *out);
