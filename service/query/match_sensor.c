// match_sensor.c - what sensors tell: metadata and reports of all elements of an event. A field
// that stands in either is looked for in both.
#include "service/query/rows.h"
#include <string.h>

typedef bool part_look(struct query_look *l, const struct query_term *t,
                       const struct epcis_sensor_part *p);

static bool any_part(struct query_look *l, const struct query_term *t, part_look *look)
{
    const struct epcis_sensors *all = &l->e->sensors;

    for (uint32_t i = 0; i < all->n; i++) {
        const struct epcis_sensor *s = &all->at[i];
        if (s->metadata != NULL && look(l, t, s->metadata)) return true;
        for (uint32_t k = 0; k < s->report_count; k++)
            if (look(l, t, &s->reports[k])) return true;
    }
    return false;
}

bool match_sensors(struct query_look *l, const struct query_term *t)
{
    (void)t;
    return l->e->sensors.n > 0;
}

static bool text_look(struct query_look *l, const struct query_term *t,
                      const struct epcis_sensor_part *p)
{
    str text = p->at[t->row->of];

    if (text.n == 0) return false;
    return t->row->spelt == SPELT_ID ? value_id(l, t, text) : value_text(t, text);
}

bool match_sensor_texts(struct query_look *l, const struct query_term *t)
{
    return any_part(l, t, text_look);
}

static bool time_look(struct query_look *l, const struct query_term *t,
                      const struct epcis_sensor_part *p)
{
    struct moment at;

    (void)l;
    return p->at[t->row->of].n > 0 && when_read(p->at[t->row->of], &at).cls == ST_OK &&
           value_time(t, at);
}

bool match_sensor_times(struct query_look *l, const struct query_term *t)
{
    return any_part(l, t, time_look);
}

static bool number_look(struct query_look *l, const struct query_term *t,
                        const struct epcis_sensor_part *p)
{
    bool has_unit = t->row->tail == TAIL_UOM;
    str number = p->at[t->row->of], uom = p->at[EPCIS_SENSOR_UOM];

    (void)l;
    if (number.n == 0 || (has_unit && uom.n == 0)) return false;
    return value_number(t, number, has_unit ? uom : (str){0});
}

bool match_sensor_numbers(struct query_look *l, const struct query_term *t)
{
    return any_part(l, t, number_look);
}

static bool is_true(str s) { return str_eq(s, S("true")) || str_eq(s, S("1")); }

static bool bool_look(struct query_look *l, const struct query_term *t,
                      const struct epcis_sensor_part *p)
{
    (void)l;
    return p->at[t->row->of].n > 0 && is_true(p->at[t->row->of]) == is_true(t->values[0].text);
}

bool match_sensor_bool(struct query_look *l, const struct query_term *t)
{
    return any_part(l, t, bool_look);
}
