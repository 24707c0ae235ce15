// event.h - one EPCIS event as a value, in no particular spelling: what every reader of EPCIS
// makes, and every writer, rule, hash and index starts from.
//
// An event owns nothing: what it points to lives as long as the bytes it was read from and the
// arena, or as long as the fact and the snapshot it is told from. Glossary: an EPC is the
// identifier of one object, an EPC class that of a kind of objects; action ADD begins, OBSERVE
// leaves and DELETE ends what the event speaks of; ILMD is what is true of the objects from their
// birth (lot, expiry); read point is where it happened, business location where the objects are
// afterwards.
//
// Texts are as they were given (trimmed), but for words of the CBV: these are bare ("shipping")
// whatever spelling was read, and a URI where CBV has no such word. Empty: absent.
#pragma once
#include "common/arena.h"
#include "common/buf.h"
#include "common/when.h"
#include "service/epcis/cbv.h"
#include "service/epcis/node.h"

enum epcis_type {
    EPCIS_OBJECT,
    EPCIS_AGGREGATION,
    EPCIS_TRANSACTION,
    EPCIS_TRANSFORMATION,
    EPCIS_ASSOCIATION, // EPCIS 2.0 only
    EPCIS_TYPE_COUNT
};
enum epcis_action {
    EPCIS_ADD,
    EPCIS_OBSERVE,
    EPCIS_DELETE,
    EPCIS_NO_ACTION, // of a transformation, which has none
    EPCIS_ACTION_COUNT
};

// How identifiers are spelled: as GS1 Digital Link URIs or as EPC URNs, or left as they are.
enum epcis_form { EPCIS_DL, EPCIS_URN, EPCIS_AS_GIVEN };

struct epcis_strs {
    const str *at;
    uint32_t n;
};

// Many identifiers, 100,000 in the largest event. Either `at` holds their texts, or they are asked
// for one at a time and never stored: `put` appends number i in the form (EPCIS_AS_GIVEN: as a
// Digital Link), or says why it cannot (no known company prefix).
struct epcis_ids {
    uint32_t n;
    const str *at;
    status (*put)(const void *self, uint32_t i, enum epcis_form form, struct buf *out);
    const void *self;
};

struct epcis_time {
    struct moment at; // at.ms == 0 and no text: absent. Millisecond, cut
    str text;         // as read, with all its digits and its zone; empty in events told by us
};
static inline bool epcis_has_time(const struct epcis_time *t)
{
    return t->text.n > 0 || t->at.at.ms != 0;
}

struct epcis_place {
    str id;
    struct epcis_node *ext;
};
// A business transaction, or a source or destination: a word or URI, and a URI.
struct epcis_pair {
    str type, id;
};
struct epcis_pairs {
    const struct epcis_pair *at;
    uint32_t n;
};
struct epcis_quantity {
    str epc_class, quantity, uom; // quantity: a decimal number's text
};
struct epcis_quantities {
    const struct epcis_quantity *at;
    uint32_t n;
};
struct epcis_error { // EPCIS 2.0 section 7.4.1.2
    struct epcis_time declared;
    str reason; // a CBV word or URI
    struct epcis_strs corrective;
    struct epcis_node *ext;
};

//      name, word in JSON and XML, where: m metadata, r report; what: t time, u URI, n number,
//      s text, b boolean, w word (measurement type, exception, component)
#define EPCIS_SENSOR_FIELDS(X)                                                                     \
    X(TYPE, "type", "r", 'w')                                                                      \
    X(EXCEPTION, "exception", "r", 'w')                                                            \
    X(TIME, "time", "mr", 't')                                                                     \
    X(START_TIME, "startTime", "m", 't')                                                           \
    X(END_TIME, "endTime", "m", 't')                                                               \
    X(DEVICE_ID, "deviceID", "mr", 'u')                                                            \
    X(DEVICE_METADATA, "deviceMetadata", "mr", 'u')                                                \
    X(RAW_DATA, "rawData", "mr", 'u')                                                              \
    X(DATA_PROCESSING_METHOD, "dataProcessingMethod", "mr", 'u')                                   \
    X(BIZ_RULES, "bizRules", "mr", 'u')                                                            \
    X(MICROORGANISM, "microorganism", "r", 'u')                                                    \
    X(CHEMICAL_SUBSTANCE, "chemicalSubstance", "r", 'u')                                           \
    X(VALUE, "value", "r", 'n')                                                                    \
    X(COMPONENT, "component", "r", 'w')                                                            \
    X(STRING_VALUE, "stringValue", "r", 's')                                                       \
    X(BOOLEAN_VALUE, "booleanValue", "r", 'b')                                                     \
    X(HEX_BINARY_VALUE, "hexBinaryValue", "r", 's')                                                \
    X(URI_VALUE, "uriValue", "r", 'u')                                                             \
    X(MIN_VALUE, "minValue", "r", 'n')                                                             \
    X(MAX_VALUE, "maxValue", "r", 'n')                                                             \
    X(MEAN_VALUE, "meanValue", "r", 'n')                                                           \
    X(S_DEV, "sDev", "r", 'n')                                                                     \
    X(PERC_RANK, "percRank", "r", 'n')                                                             \
    X(PERC_VALUE, "percValue", "r", 'n')                                                           \
    X(UOM, "uom", "r", 's')                                                                        \
    X(COORDINATE_REFERENCE_SYSTEM, "coordinateReferenceSystem", "r", 'u')

enum epcis_sensor_field {
#define X(name, word, where, what) EPCIS_SENSOR_##name,
    EPCIS_SENSOR_FIELDS(X)
#undef X
        EPCIS_SENSOR_FIELD_COUNT
};
struct epcis_sensor_part { // metadata, or one report
    str at[EPCIS_SENSOR_FIELD_COUNT];
    struct epcis_node *ext;
};
struct epcis_sensor {
    const struct epcis_sensor_part *metadata; // NULL: none
    const struct epcis_sensor_part *reports;
    uint32_t report_count;
    struct epcis_node *ext;
};
struct epcis_sensors {
    const struct epcis_sensor *at;
    uint32_t n;
};

struct epcis_event {
    enum epcis_type type;
    enum epcis_action action;
    str id; // a URI
    struct epcis_time time, recorded;
    str zone; // eventTimeZoneOffset as read; empty: that of `time`
    const struct epcis_error *error;
    struct epcis_strs certification;
    str parent;
    struct epcis_ids epcs;              // epcList, childEPCs or inputEPCList, as the type has it
    struct epcis_quantities quantities; // quantityList, childQuantityList or inputQuantityList
    struct epcis_ids out_epcs;          // of a transformation
    struct epcis_quantities out_quantities;
    str transformation;
    str step, disposition;
    bool step_misspelt;           // it came so, see epcis_step_is_misspelt
    struct epcis_strs set, unset; // persistentDisposition
    struct epcis_place read_point, biz_location;
    struct epcis_pairs bts, sources, destinations;
    struct epcis_sensors sensors;
    struct epcis_node *ilmd; // the chain of its elements
    bool has_ilmd;           // also where it holds nothing
    struct epcis_node *ext;
    struct epcis_strs contexts; // of JSON-LD, by address, that we do not know and do not fetch
    bool lenient;               // it was read so, and is checked so
};

// What a type of event is made of. JSON and XML use the same names.
struct epcis_shape {
    const char *name, *ids, *quantities; // "AggregationEvent", "childEPCs", "childQuantityList"
    const char *out_ids, *out_quantities;
    bool parent, ilmd; // may it have one?
};
const struct epcis_shape *epcis_shape(enum epcis_type t);
bool epcis_type_find(str name, enum epcis_type *out);
const char *epcis_action_name(enum epcis_action a); // "ADD"; NULL for EPCIS_NO_ACTION
bool epcis_action_find(str name, enum epcis_action *out);

// Every rule of EPCIS 2.0 section 7 and of the CBV that a document may break, for events that are
// read and for events that are told (check.c). `at` is 0: the caller knows where the event stands;
// the sentence names the field. Of a lenient event are taken, too: quantities of zero, URNs that
// look like words of CBV and are none, element strings in brackets for identifiers, and any text
// for those of transactions, parties and places.
status epcis_event_check(const struct epcis_event *e);
