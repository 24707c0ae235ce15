// read_json_sensor.c - the sensor elements of an event, from JSON-LD.
#include "service/epcis/read_json_int.h"
#include <string.h>

static const struct {
    const char *word, *where;
    char what;
} fields[] = {
#define X(name, word, where, what) {word, where, what},
    EPCIS_SENSOR_FIELDS(X)
#undef X
};
_Static_assert(LEN(fields) <= 32, "a bit each");

static enum epcis_vocabulary vocabulary_of(size_t field)
{
    switch (field) {
    case EPCIS_SENSOR_EXCEPTION: return EPCIS_VOC_ALERT;
    case EPCIS_SENSOR_COMPONENT: return EPCIS_VOC_COMPONENT;
    default: return EPCIS_VOC_MEASUREMENT;
    }
}

static str field_read(struct json_reading *x, size_t field)
{
    struct json_r *r = &x->r;
    struct epcis_time time = {0};

    switch (fields[field].what) {
    case 'n': return json_number(r);
    case 'b': return json_bool(r) ? S("true") : S("false");
    case 'w': return epcis_json_word(x, vocabulary_of(field));
    case 't': epcis_json_time(r, &time); return time.text;
    default: return epcis_json_text(r);
    }
}

static size_t field_find(str key, char where)
{
    size_t i = 0;

    if (epcis_json_is_type(key)) key = S("type");
    while (i < LEN(fields) && !str_eq(str_of(fields[i].word), key)) i++;
    return i < LEN(fields) && strchr(fields[i].where, where) != NULL ? i : LEN(fields);
}

static void part(struct json_reading *x, char where, struct epcis_sensor_part *out)
{
    struct json_r *r = &x->r;
    struct epcis_chain ext = {0};
    uint32_t seen = 0;
    str key;

    for (json_object(r); json_key(r, &key);) {
        size_t i = field_find(key, where);
        if (i == LEN(fields)) {
            epcis_json_extension(r, &ext, key);
        } else if (seen >> i & 1) {
            json_twice(r, key);
        } else {
            seen |= 1u << i;
            out->at[i] = field_read(x, i);
        }
    }
    out->ext = ext.first;
}

static void reports(struct json_reading *x, struct epcis_sensor *s)
{
    struct json_r *r = &x->r;
    struct epcis_list l = {0};

    for (json_array(r); json_item(r);) {
        struct epcis_sensor_part p = {0}, *at;
        part(x, 'r', &p);
        str hex = p.at[EPCIS_SENSOR_HEX_BINARY_VALUE];
        if (hex.p != NULL && hex.n == 0 && !x->lenient)
            json_fail(r, "epcis.missing", "\"hexBinaryValue\" has digits");
        at = epcis_list_add(r, &l, sizeof p);
        if (at != NULL) *at = p;
    }
    s->reports = l.at;
    s->report_count = l.n;
}

static void metadata(struct json_reading *x, struct epcis_sensor *s)
{
    struct json_r *r = &x->r;
    struct epcis_sensor_part *p = NEW(r->arena, struct epcis_sensor_part);

    if (p == NULL) {
        json_refuse(r, no_memory());
        return;
    }
    part(x, 'm', p);
    s->metadata = p;
}

static void sensor(struct json_reading *x, struct epcis_sensor *s)
{
    struct json_r *r = &x->r;
    struct epcis_chain ext = {0};
    bool metadata_seen = false, reports_seen = false;
    str key;

    for (json_object(r); json_key(r, &key);) {
        bool *seen = str_eq(key, S("sensorMetadata")) ? &metadata_seen
                     : str_eq(key, S("sensorReport")) ? &reports_seen
                                                      : NULL;
        if (seen == NULL)
            epcis_json_extension(r, &ext, key);
        else if (*seen)
            json_twice(r, key);
        else if (*seen = true, seen == &metadata_seen)
            metadata(x, s);
        else
            reports(x, s);
    }
    s->ext = ext.first;
}

void epcis_json_sensors(struct json_reading *x)
{
    struct epcis_list l = {0};

    for (json_array(&x->r); json_item(&x->r);) {
        struct epcis_sensor s = {0}, *at;
        sensor(x, &s);
        at = epcis_list_add(&x->r, &l, sizeof s);
        if (at != NULL) *at = s;
    }
    x->sensors = l.at;
    x->e->sensors = (struct epcis_sensors){l.at, l.n};
}

// What is const for all others was made here.
static struct epcis_sensor_part *part_of(const struct epcis_sensor_part *p)
{
    return (struct epcis_sensor_part *)(uintptr_t)p;
}

static status part_resolve(struct epcis_contexts *c, const struct epcis_sensor_part *p,
                           const struct epcis_term *scope)
{
    return p == NULL ? OK : epcis_json_resolve(c, &part_of(p)->ext, &scope);
}

status epcis_json_sensors_resolve(struct json_reading *x, struct epcis_contexts *c,
                                  const struct epcis_term *scope)
{
    for (uint32_t i = 0; i < x->e->sensors.n; i++) {
        struct epcis_sensor *s = &x->sensors[i];
        const struct epcis_term *inner = scope;
        TRY(epcis_json_resolve(c, &s->ext, &inner));
        TRY(part_resolve(c, s->metadata, inner));
        for (uint32_t k = 0; k < s->report_count; k++) TRY(part_resolve(c, &s->reports[k], inner));
    }
    return OK;
}
