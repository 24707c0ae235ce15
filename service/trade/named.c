// Units as bodies name them: read and found on the loop, in one snapshot. What they are is judged
// in the committer (goods.h).
#include "common/form.h"
#include "service/trade/trade_int.h"
#include <stdlib.h>

// As answers spell it, whatever the request did.
static status quoted(struct arena *a, const struct gs1_id *id, str *out)
{
    struct buf text, json;

    buf_init(&text, GS1_TEXT_MAX);
    buf_init(&json, 8 * GS1_TEXT_MAX);
    status st = gs1_write(id, GS1_BRACKETED, NULL, &text);
    struct json_w w = json_writer(&json);
    if (st.cls == ST_OK) json_w_str(&w, buf_str(&text));
    *out = arena_str(a, buf_str(&json));
    buf_fini(&json);
    buf_fini(&text);
    if (st.cls == ST_OK && out->p == NULL) st = no_memory();
    return st;
}

static status take_one(struct unit_reader *u, str text, struct goods_unit *out)
{
    struct unit_view v;
    struct gs1_id id;
    unit_id found;

    TRY(unit_read(text, u->arena, &id));
    TRY(quoted(u->arena, &id, &out->text));
    out->lot = id.lot;
    out->expiry = id.expiry;
    status st = unit_find(u, &id, &found);
    if (st.cls == ST_OK) st = unit_view_get(u, found, &v);
    if (st.cls == ST_NOT_FOUND) return OK; // the committer names it with all others
    TRY(st);
    out->unit = found;
    return OK;
}

status named_unit(struct unit_reader *u, unit_id unit, struct goods_unit *out)
{
    struct gs1_id id;

    TRY(names_id(u->names, u->t, unit, u->arena, &id));
    *out = (struct goods_unit){.unit = unit};
    return quoted(u->arena, &id, &out->text);
}

static int by_unit(const void *a, const void *b)
{
    const struct goods_unit *x = *(struct goods_unit *const *)a;
    const struct goods_unit *y = *(struct goods_unit *const *)b;

    if (x->unit.v != y->unit.v) return x->unit.v < y->unit.v ? -1 : 1;
    return (x > y) - (x < y);
}

static status mark_twice(struct arena *a, struct goods_unit *units, uint32_t n)
{
    struct goods_unit **sorted = NEW_ARRAY(a, struct goods_unit *, n);

    if (sorted == NULL) return no_memory();
    for (uint32_t i = 0; i < n; i++) sorted[i] = &units[i];
    qsort(sorted, n, sizeof(struct goods_unit *), by_unit);
    for (uint32_t i = 1; i < n; i++) sorted[i]->twice = sorted[i]->unit.v == sorted[i - 1]->unit.v;
    return OK;
}

status named_texts(struct arena *a, const struct named_list *list, struct form_list *out)
{
    str *texts = NEW_ARRAY(a, str, list->max + 1);
    struct json_r r = json_reader(list->json, a);
    uint32_t n = 0;

    if (texts == NULL) return no_memory();
    for (json_array(&r); n <= list->max && json_item(&r); n++) texts[n] = json_string(&r);
    if (n > list->max)
        return fail(ST_TOO_LARGE, "shipment.too_many", 0, "%s: at most %u in one shipment",
                    list->name, list->max);
    status st = json_r_end(&r);
    if (st.cls != ST_OK) return fail(st.cls, st.reason, st.at, "%s: %s", list->name, st.text);
    if (n == 0) return fail(ST_BAD_INPUT, "field.required", 0, "%s: name at least one", list->name);
    *out = (struct form_list){texts, n};
    return OK;
}

status named_units(struct unit_reader *u, const char *name, const struct form_list *list,
                   struct goods_unit **out)
{
    struct goods_unit *units = NEW_ARRAY(u->arena, struct goods_unit, list->n);
    const str *texts = list->items;

    if (units == NULL) return no_memory();
    for (uint32_t i = 0; i < list->n; i++) {
        units[i] = (struct goods_unit){0};
        status st = take_one(u, texts[i], &units[i]);
        if (st.cls == ST_BAD_INPUT)
            return fail(st.cls, st.reason, st.at, "%s[%u]: %s", name, i, st.text);
        TRY(st);
    }
    *out = units;
    return mark_twice(u->arena, units, list->n);
}
