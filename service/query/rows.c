// rows.c - the table. Of names that begin alike the longer one stands first.
#include "service/query/rows.h"
#include "service/journal/numbers.h"
#include <string.h>

#define LIST(name, spelt, arg, of, list, match)                                                    \
    {                                                                                              \
        name, TAIL_NONE, TAKES_LIST, spelt, QUERY_EQ, arg, of, false, list, match                  \
    }
#define WORDS(name, voc, of, list) LIST(name, SPELT_WORD, voc, of, list, match_texts)
#define TIMES(field, of, list, match)                                                              \
    {"GE_" field, TAIL_NONE, TAKES_TIME, 0, QUERY_GE, 0, of, false, list, match},                  \
    {                                                                                              \
        "LT_" field, TAIL_NONE, TAKES_TIME, 0, QUERY_LT, 0, of, false, list, match                 \
    }
#define PAIRS(name, voc, of, list)                                                                 \
    {                                                                                              \
        name, TAIL_TYPE, TAKES_LIST, SPELT_ID, QUERY_EQ, voc, of, false, list, match_pairs         \
    }
#define NUMBERS(field, tail, of, match)                                                            \
    {"GT_" field, tail, TAKES_NUMBER, 0, QUERY_GT, 0, of, false, NO_LIST, match},                  \
        {"GE_" field, tail, TAKES_NUMBER, 0, QUERY_GE, 0, of, false, NO_LIST, match},              \
        {"LT_" field, tail, TAKES_NUMBER, 0, QUERY_LT, 0, of, false, NO_LIST, match},              \
    {                                                                                              \
        "LE_" field, tail, TAKES_NUMBER, 0, QUERY_LE, 0, of, false, NO_LIST, match                 \
    }
#define EQ_NUMBERS(field, tail, of, match)                                                         \
    {                                                                                              \
        "EQ_" field, tail, TAKES_NUMBERS, 0, QUERY_EQ, 0, of, false, NO_LIST, match                \
    }
#define SENSOR(field, name)                                                                        \
    LIST("EQ_" name, SPELT_TEXT, 0, EPCIS_SENSOR_##field, NO_LIST, match_sensor_texts)
#define FLAG(name, of, list, match)                                                                \
    {                                                                                              \
        "EXISTS_" name, TAIL_NONE, TAKES_FLAG, 0, QUERY_EXISTS, 0, of, false, list, match          \
    }
#define BOOL(name, of, match)                                                                      \
    {                                                                                              \
        name, TAIL_NONE, TAKES_BOOL, 0, QUERY_EQ, 0, of, false, NO_LIST, match                     \
    }
#define MASTER(name, tail, op, match)                                                              \
    {                                                                                              \
        name, tail, TAKES_LIST, SPELT_TEXT, op, 0, 0, false, NO_LIST, match                        \
    }
// An extension's field in one place of the event.
#define FIELD(op, op_name, takes, scope, of, inner, list)                                          \
    {                                                                                              \
        op_name scope, TAIL_FIELD, takes, SPELT_TEXT, op, 0, of, inner, list, match_field          \
    }
#define FIELDS(scope, of, inner, list)                                                             \
    FIELD(QUERY_EQ, "EQ_", TAKES_ANY, scope, of, inner, list),                                     \
        FIELD(QUERY_GT, "GT_", TAKES_SIZE, scope, of, inner, list),                                \
        FIELD(QUERY_GE, "GE_", TAKES_SIZE, scope, of, inner, list),                                \
        FIELD(QUERY_LT, "LT_", TAKES_SIZE, scope, of, inner, list),                                \
        FIELD(QUERY_LE, "LE_", TAKES_SIZE, scope, of, inner, list),                                \
        FIELD(QUERY_EXISTS, "EXISTS_", TAKES_FLAG, scope, of, inner, list)
#define SCOPE(scope, of, list)                                                                     \
    FIELDS("INNER_" scope, of, true, list), FIELDS(scope, of, false, list)

const struct query_row query_rows[] = {
    LIST("eventType", SPELT_TYPE, 0, 0, LIST_TYPE, match_type),
    TIMES("eventTime", OF_EVENT_TIME, HOUR_LISTS, match_time),
    TIMES("recordTime", OF_RECORD_TIME, NO_LIST, match_time),
    LIST("EQ_action", SPELT_ACTION, 0, 0, NO_LIST, match_action),
    WORDS("EQ_bizStep", EPCIS_VOC_STEP, OF_STEP, LIST_STEP),
    WORDS("EQ_disposition", EPCIS_VOC_DISP, OF_DISPOSITION, LIST_DISPOSITION),
    WORDS("EQ_persistentDisposition_set", EPCIS_VOC_DISP, OF_SET, NO_LIST),
    WORDS("EQ_persistentDisposition_unset", EPCIS_VOC_DISP, OF_UNSET, NO_LIST),
    LIST("EQ_readPoint", SPELT_ID, 0, OF_READ_POINT, LIST_READ_POINT, match_ids),
    LIST("EQ_bizLocation", SPELT_ID, 0, OF_BIZ_LOCATION, LIST_BIZ_LOCATION, match_ids),
    LIST("WD_readPoint", SPELT_ID, 0, OF_READ_POINT, LIST_READ_POINT, match_ids),
    LIST("WD_bizLocation", SPELT_ID, 0, OF_BIZ_LOCATION, LIST_BIZ_LOCATION, match_ids),
    LIST("EQ_transformationID", SPELT_ID, 0, OF_TRANSFORMATION, LIST_TRANSFORMATION, match_ids),
    PAIRS("EQ_bizTransaction_", EPCIS_VOC_TRADE, OF_BT, LIST_BIZ_TRANSACTION),
    PAIRS("EQ_source_", EPCIS_VOC_END, OF_SOURCE, LIST_SOURCE),
    PAIRS("EQ_destination_", EPCIS_VOC_END, OF_DESTINATION, LIST_DESTINATION),
    LIST("MATCH_epc", SPELT_PATTERN, 0, OF_EPCS, LIST_ITEM_CLASS, match_epcs),
    LIST("MATCH_parentID", SPELT_PATTERN, 0, OF_PARENT, LIST_ITEM_CLASS, match_epcs),
    LIST("MATCH_inputEPC", SPELT_PATTERN, 0, OF_INPUTS, LIST_ITEM_CLASS, match_epcs),
    LIST("MATCH_outputEPC", SPELT_PATTERN, 0, OF_OUTPUTS, LIST_ITEM_CLASS, match_epcs),
    LIST("MATCH_anyEPC", SPELT_PATTERN, 0, OF_ANY, LIST_ITEM_CLASS, match_epcs),
    LIST("MATCH_epcClass", SPELT_PATTERN, 0, OF_EPCS, LIST_EPC_CLASS, match_classes),
    LIST("MATCH_inputEPCClass", SPELT_PATTERN, 0, OF_INPUTS, LIST_EPC_CLASS, match_classes),
    LIST("MATCH_outputEPCClass", SPELT_PATTERN, 0, OF_OUTPUTS, LIST_EPC_CLASS, match_classes),
    LIST("MATCH_anyEPCClass", SPELT_PATTERN, 0, OF_ANY, LIST_EPC_CLASS, match_classes),
    EQ_NUMBERS("quantity", TAIL_NONE, 0, match_quantity),
    NUMBERS("quantity", TAIL_NONE, 0, match_quantity),
    EQ_NUMBERS("quantity_", TAIL_UOM, 0, match_quantity),
    NUMBERS("quantity_", TAIL_UOM, 0, match_quantity),
    LIST("EQ_eventID", SPELT_TEXT, 0, OF_EVENT_ID, LIST_EVENT_ID, match_texts),
    FLAG("errorDeclaration", 0, LIST_ERROR, match_error),
    TIMES("errorDeclarationTime", OF_ERROR_TIME, LIST_ERROR, match_time),
    TIMES("errorDeclaration_Time", OF_ERROR_TIME, LIST_ERROR, match_time),
    WORDS("EQ_errorReason", EPCIS_VOC_ERROR, OF_REASON, LIST_ERROR),
    LIST("EQ_correctiveEventID", SPELT_TEXT, 0, OF_CORRECTIVE, LIST_ERROR, match_texts),
    FLAG("sensorElementList", 0, NO_LIST, match_sensors),
    TIMES("time", EPCIS_SENSOR_TIME, NO_LIST, match_sensor_times),
    TIMES("startTime", EPCIS_SENSOR_START_TIME, NO_LIST, match_sensor_times),
    TIMES("endTime", EPCIS_SENSOR_END_TIME, NO_LIST, match_sensor_times),
    LIST("EQ_type", SPELT_WORD, EPCIS_VOC_MEASUREMENT, EPCIS_SENSOR_TYPE, NO_LIST,
         match_sensor_texts),
    LIST("EQ_deviceID", SPELT_ID, 0, EPCIS_SENSOR_DEVICE_ID, NO_LIST, match_sensor_texts),
    SENSOR(DATA_PROCESSING_METHOD, "dataProcessingMethod"),
    SENSOR(MICROORGANISM, "microorganism"),
    SENSOR(CHEMICAL_SUBSTANCE, "chemicalSubstance"),
    SENSOR(BIZ_RULES, "bizRules"),
    SENSOR(STRING_VALUE, "stringValue"),
    SENSOR(HEX_BINARY_VALUE, "hexBinaryValue"),
    SENSOR(URI_VALUE, "uriValue"),
    BOOL("EQ_booleanValue", EPCIS_SENSOR_BOOLEAN_VALUE, match_sensor_bool),
    EQ_NUMBERS("value_", TAIL_UOM, EPCIS_SENSOR_VALUE, match_sensor_numbers),
    NUMBERS("value_", TAIL_UOM, EPCIS_SENSOR_VALUE, match_sensor_numbers),
    NUMBERS("minValue_", TAIL_UOM, EPCIS_SENSOR_MIN_VALUE, match_sensor_numbers),
    NUMBERS("maxValue_", TAIL_UOM, EPCIS_SENSOR_MAX_VALUE, match_sensor_numbers),
    NUMBERS("meanValue_", TAIL_UOM, EPCIS_SENSOR_MEAN_VALUE, match_sensor_numbers),
    NUMBERS("sDev_", TAIL_UOM, EPCIS_SENSOR_S_DEV, match_sensor_numbers),
    NUMBERS("percValue_", TAIL_UOM, EPCIS_SENSOR_PERC_VALUE, match_sensor_numbers),
    NUMBERS("percRank", TAIL_NONE, EPCIS_SENSOR_PERC_RANK, match_sensor_numbers),
    MASTER("HASATTR_", TAIL_HAS, QUERY_EXISTS, match_has),
    MASTER("EQATTR_", TAIL_ATTR, QUERY_EQ, match_has),
    MASTER("EQ_ATTR_", TAIL_ATTR, QUERY_EQ, match_has),
    SCOPE("ILMD_", OF_ILMD, NO_LIST),
    SCOPE("ERROR_DECLARATION_", OF_ERROR, LIST_ERROR),
    SCOPE("SENSORELEMENT_", OF_ELEMENT, NO_LIST),
    SCOPE("SENSORMETADATA_", OF_METADATA, NO_LIST),
    SCOPE("SENSORREPORT_", OF_REPORT, NO_LIST),
    SCOPE("readPoint_", OF_READ_POINT_EXT, NO_LIST),
    SCOPE("bizLocation_", OF_BIZ_LOCATION_EXT, NO_LIST),
    SCOPE("", OF_EXT, NO_LIST),
    {0},
};

// A unit of measure: two to four capitals and digits.
static bool is_uom(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'A' && s.p[i] <= 'Z')) return false;
    return s.n >= 2 && s.n <= 4;
}

// Names of fields say where they come from: "prefix:name" or "URI#name"; what has no namespace is
// "#name" and stands inside others only.
static bool is_field(const struct query_row *row, str s)
{
    if (s.n > 1 && s.p[0] == '#') return row->inner;
    return memchr(s.p, ':', s.n) != NULL;
}

static bool tail_fits(const struct query_row *row, str tail)
{
    switch ((enum query_tail)row->tail) {
    case TAIL_NONE: return tail.n == 0;
    case TAIL_UOM: return is_uom(tail);
    case TAIL_FIELD: return tail.n > 0 && is_field(row, tail);
    case TAIL_TYPE:
    case TAIL_HAS: return tail.n > 0;
    case TAIL_ATTR: return tail.n > 2 && memchr(tail.p + 1, '_', tail.n - 2) != NULL;
    }
    return false;
}

const struct query_row *query_row_find(str name, str *tail)
{
    for (const struct query_row *row = query_rows; row->name != NULL; row++) {
        str head = str_of(row->name);
        if (!str_starts(name, head) || !tail_fits(row, str_from(name, head.n))) continue;
        *tail = str_from(name, head.n);
        return row;
    }
    return NULL;
}
