// form_write.c - writing a form as JSON. What is absent is left out.
#include "common/form.h"

static bool is_absent(const struct form_field *f, const void *at)
{
    switch (f->kind) {
    case FORM_STR:
    case FORM_NAME:
    case FORM_RAW: return ((const str *)at)->n == 0;
    case FORM_STRS:
    case FORM_MANY:
    case FORM_MAP: return ((const struct form_list *)at)->n == 0;
    case FORM_U64: return *(const uint64_t *)at == 0 && !f->required;
    case FORM_BOOL: return !*(const bool *)at && !f->required;
    case FORM_ONE: return *(void *const *)at == NULL;
    case FORM_WORD: return false;
    }
    return true;
}

static void word_write(const struct form_field *f, uint8_t index, struct json_w *w)
{
    for (unsigned i = 0; i <= index; i++) assert(f->words[i] != NULL);
    json_w_str(w, str_of(f->words[index]));
}

static void sub_write(const struct form_field *f, const void *sub, struct json_w *w)
{
    json_w_object(w);
    form_write(f->sub, sub, w);
    json_w_end(w);
}

static void list_write(const struct form_field *f, const struct form_list *list, struct json_w *w)
{
    json_w_array(w);
    for (uint32_t i = 0; i < list->n; i++) {
        if (f->kind == FORM_STRS)
            json_w_str(w, ((const str *)list->items)[i]);
        else
            sub_write(f, (const char *)list->items + i * f->sub->size, w);
    }
    json_w_end(w);
}

static void map_write(const struct form_list *list, struct json_w *w)
{
    const struct form_pair *pairs = list->items;

    json_w_object(w);
    for (uint32_t i = 0; i < list->n; i++) {
        json_w_key(w, pairs[i].key);
        json_w_str(w, pairs[i].value);
    }
    json_w_end(w);
}

static void value_write(const struct form_field *f, const void *at, struct json_w *w)
{
    switch (f->kind) {
    case FORM_STR:
    case FORM_NAME: json_w_str(w, *(const str *)at); break;
    case FORM_RAW: json_w_raw(w, *(const str *)at); break;
    case FORM_U64:
        assert(*(const uint64_t *)at <= INT64_MAX);
        json_w_int(w, (int64_t) * (const uint64_t *)at);
        break;
    case FORM_BOOL: json_w_bool(w, *(const bool *)at); break;
    case FORM_WORD: word_write(f, *(const uint8_t *)at, w); break;
    case FORM_STRS:
    case FORM_MANY: list_write(f, at, w); break;
    case FORM_ONE: sub_write(f, *(void *const *)at, w); break;
    case FORM_MAP: map_write(at, w); break;
    }
}

static bool is_secret(const struct form_field *f, const void *in)
{
    return f->secret || (f->secret_if != 0 && *((const bool *)in + f->secret_if));
}

void form_write(const struct form *f, const void *in, struct json_w *w)
{
    for (const struct form_field *field = f->fields; field->name != NULL; field++) {
        const void *at = (const char *)in + field->at;
        if (is_absent(field, at)) continue;
        json_w_key(w, str_of(field->name));
        if (is_secret(field, in))
            json_w_str(w, S("***"));
        else
            value_write(field, at, w);
    }
}
