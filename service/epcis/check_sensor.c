// check_sensor.c - the rules of sensorElementList (EPCIS 2.0 section 7.3.7).
#include "service/epcis/check.h"
#include "service/epcis/value.h"
#include <string.h>

static const struct field {
    const char *name, *where;
    char what;
} fields[] = {
#define X(id, word, where, what) [EPCIS_SENSOR_##id] = {word, where, what},
    EPCIS_SENSOR_FIELDS(X)
#undef X
};

// REQ EPCIS-TCR-53: these stand in sensorMetadata or in sensorReport, never in both
static const enum epcis_sensor_field once[] = {EPCIS_SENSOR_TIME, EPCIS_SENSOR_DEVICE_ID,
                                               EPCIS_SENSOR_DEVICE_METADATA, EPCIS_SENSOR_RAW_DATA,
                                               EPCIS_SENSOR_DATA_PROCESSING_METHOD};

static enum epcis_vocabulary words_of(enum epcis_sensor_field f)
{
    if (f == EPCIS_SENSOR_EXCEPTION) return EPCIS_VOC_ALERT;
    return f == EPCIS_SENSOR_COMPONENT ? EPCIS_VOC_COMPONENT : EPCIS_VOC_MEASUREMENT;
}

static status wrong(const char *code, const char *field, const char *says)
{
    return epcis_at_item(field, EPCIS_ALONE, fail(ST_BAD_INPUT, code, 0, "%s", says));
}

static status value_check(enum epcis_sensor_field f, str value)
{
    const char *name = fields[f].name;
    struct epcis_number number;
    struct moment moment;

    switch (fields[f].what) {
    case 't': return epcis_at_item(name, EPCIS_ALONE, when_read(value, &moment));
    case 'u': return epcis_uri_check(name, EPCIS_ALONE, value);
    case 'w': return epcis_word_check(name, EPCIS_ALONE, words_of(f), value);
    case 'n':
        if (!epcis_number_read(value, &number)) return wrong("epcis.number", name, "is no number");
        return OK;
    case 'b':
        if (!epcis_is_bool(value)) return wrong("epcis.boolean", name, "is neither true nor false");
        return OK;
    default: break;
    }
    if (f == EPCIS_SENSOR_HEX_BINARY_VALUE && !epcis_is_hex(value))
        return wrong("epcis.hex", name, "is not made of hexadecimal digits");
    return OK;
}

static status part_check(const struct epcis_sensor_part *part, char where)
{
    for (enum epcis_sensor_field f = 0; f < EPCIS_SENSOR_FIELD_COUNT; f++) {
        if (part->at[f].n == 0) continue;
        if (strchr(fields[f].where, where) == NULL)
            return wrong("epcis.sensor_field", fields[f].name, "stands in the other part only");
        TRY(value_check(f, part->at[f]));
    }
    return epcis_nodes_check(part->ext);
}

static status time_check(const struct epcis_event *e, const struct epcis_sensor_part *part)
{
    str text = part->at[EPCIS_SENSOR_TIME];
    struct moment at;

    if (text.n == 0) return OK;
    TRY(when_read(text, &at));
    if (at.at.ms > e->time.at.at.ms)
        return wrong("epcis.sensor_time", "time", "is later than the eventTime");
    return OK;
}

// xsd:hexBinary is pairs; what was taken without is told as it is.
static status hex_check(const struct epcis_event *e, const struct epcis_sensor_part *report)
{
    if (e->lenient || report->at[EPCIS_SENSOR_HEX_BINARY_VALUE].n % 2 == 0) return OK;
    return wrong("epcis.hex", "hexBinaryValue", "has half a byte");
}

static status report_check(const struct epcis_event *e, const struct epcis_sensor *sensor,
                           const struct epcis_sensor_part *report)
{
    if (report->at[EPCIS_SENSOR_TYPE].n == 0 && report->at[EPCIS_SENSOR_EXCEPTION].n == 0)
        return fail(ST_BAD_INPUT, "epcis.sensor_type_missing", 0,
                    "a sensorReport needs a type or an exception");
    for (size_t i = 0; i < LEN(once) && sensor->metadata != NULL; i++)
        if (report->at[once[i]].n > 0 && sensor->metadata->at[once[i]].n > 0)
            return wrong("epcis.sensor_twice", fields[once[i]].name,
                         "stands in sensorMetadata and in sensorReport");
    TRY(part_check(report, 'r'));
    TRY(hex_check(e, report));
    return time_check(e, report);
}

static status sensor_check(const struct epcis_event *e, const struct epcis_sensor *sensor)
{
    if (sensor->report_count == 0)
        return fail(ST_BAD_INPUT, "epcis.sensor_report_missing", 0, "needs a sensorReport");
    if (sensor->metadata != NULL) {
        TRY(part_check(sensor->metadata, 'm'));
        TRY(time_check(e, sensor->metadata));
    }
    for (uint32_t i = 0; i < sensor->report_count; i++) {
        status st = report_check(e, sensor, &sensor->reports[i]);
        if (st.cls != ST_OK) return epcis_at_item("sensorReport", i, st);
    }
    return epcis_nodes_check(sensor->ext);
}

status epcis_sensors_check(const struct epcis_event *e)
{
    for (uint32_t i = 0; i < e->sensors.n; i++) {
        status st = sensor_check(e, &e->sensors.at[i]);
        if (st.cls != ST_OK) return epcis_at_item("sensorElementList", i, st);
    }
    return OK;
}
