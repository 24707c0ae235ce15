// rows.h - the parameters of the query language, one row each: what value it takes, how that is
// spelled, which list finds it, and what decides.
#pragma once
#include "service/query/query.h"

enum query_tail {
    TAIL_NONE,
    TAIL_TYPE,  // of a business transaction, source or destination
    TAIL_UOM,   // a unit of measure
    TAIL_FIELD, // an extension's name
    TAIL_HAS,   // a field of master data
    TAIL_ATTR   // the same, '_' and an attribute
};
enum query_takes {
    TAKES_LIST,
    TAKES_TIME,
    TAKES_NUMBER,
    TAKES_NUMBERS, // one, or a list of them
    TAKES_FLAG,
    TAKES_BOOL,
    TAKES_ANY, // of an extension: texts, a number or a time
    TAKES_SIZE // a number or a time
};
enum query_spelt {
    SPELT_TEXT,
    SPELT_WORD,    // `arg` is its vocabulary
    SPELT_ID,      // an identifier
    SPELT_PATTERN, // or a pattern of them
    SPELT_ACTION,
    SPELT_TYPE
};

#define NO_LIST (-1)
// Lists that take more than the row to be chosen (plan.c).
#define HOUR_LISTS (-2)

struct query_look {
    const struct epcis_event *e;
    const struct query_master *master;
    struct arena *scratch;
    status st;
};
typedef bool query_match(struct query_look *l, const struct query_term *t);

struct query_row {
    const char *name; // or what it begins with
    uint8_t tail, takes, spelt, op;
    uint8_t arg; // SPELT_WORD: the vocabulary
    uint8_t of;  // which part of the event, as `match` has it
    bool inner;  // of fields: below the first level
    int8_t list; // enum list_attribute
    query_match *match;
};
extern const struct query_row query_rows[]; // ended by a row without name
// The row that a parameter's name has, and what follows the name; NULL: unknown.
const struct query_row *query_row_find(str name, str *tail);

// What `of` says.
enum {
    OF_STEP,
    OF_DISPOSITION,
    OF_SET,
    OF_UNSET,
    OF_EVENT_ID,
    OF_TRANSFORMATION,
    OF_REASON,
    OF_CORRECTIVE,
    OF_READ_POINT,
    OF_BIZ_LOCATION,
    OF_SUBJECTS
};
enum { OF_EVENT_TIME, OF_RECORD_TIME, OF_ERROR_TIME };
enum { OF_BT, OF_SOURCE, OF_DESTINATION };
enum { OF_EPCS = 1, OF_PARENT = 2, OF_INPUTS = 4, OF_OUTPUTS = 8, OF_ANY = 15 };
enum {
    OF_EXT,
    OF_ILMD,
    OF_ERROR,
    OF_ELEMENT,
    OF_METADATA,
    OF_REPORT,
    OF_READ_POINT_EXT,
    OF_BIZ_LOCATION_EXT,
    OF_SCOPES
};

query_match match_type, match_action, match_time, match_texts, match_ids, match_pairs, match_epcs,
    match_classes, match_quantity, match_error, match_sensors, match_sensor_texts,
    match_sensor_times, match_sensor_numbers, match_sensor_bool, match_field, match_has;

// Shared by the files that match.
bool value_text(const struct query_term *t, str text);                     // equal to one of them
bool value_id(struct query_look *l, const struct query_term *t, str text); // the same thing
bool value_number(const struct query_term *t, str number, str uom);
bool value_time(const struct query_term *t, struct moment at);
bool query_op_holds(enum query_op op, int order);
// Every node of a field's name in a chain, or below it; `each` ends the walk by true.
typedef bool node_each(void *arg, const struct epcis_node *n);
struct node_seek {
    const struct query_field *field;
    bool inner;
    node_each *each;
    void *arg;
};
bool nodes_seek(const struct node_seek *s, const struct epcis_node *first);
str node_value(const struct epcis_node *n); // of "@value" where it is JSON-LD's way to say a type
