// form.c - reading a form from JSON: the table is walked, one small reader for each kind.
//
// A list is walked twice, first to count its items, so that it takes one piece of the arena of the
// right size. Forms within forms are bounded by the tables and by the reader's depth.
#include "common/form.h"
#include <stdio.h>
#include <string.h>

#define FIELDS_MAX    32u
#define MAP_COUNT_MAX 256u // names are compared with each other
#define MAP_NAME_MAX  64u

// One field being read: its row and where its value goes.
struct slot {
    const struct form_field *field;
    struct json_r *r;
    void *out;
};

static bool failed(const struct json_r *r) { return r->st.cls != ST_OK; }

static void *room(struct json_r *r, size_t n, size_t size)
{
    void *p = size == 0 || n <= SIZE_MAX / size ? arena_alloc(r->arena, n * size) : NULL;

    if (p == NULL && !failed(r))
        json_refuse(r, fail(ST_TOO_LARGE, "form.ceiling", 0, "more than is allowed at once"));
    return p;
}

// ---- texts

static void length_check(const struct slot *s, size_t n, uint64_t min)
{
    const struct form_field *f = s->field;

    assert(f->max > 0);
    if (n < min || n > f->max)
        json_fail(s->r, "field.range", "\"%s\" must have %llu to %llu bytes, not %zu", f->name,
                  (unsigned long long)min, (unsigned long long)f->max, n);
}

static str own_rule(const struct slot *s, str value)
{
    str out = value;

    if (failed(s->r) || s->field->check == NULL) return out;
    status st = s->field->check(value, s->r->arena, &out);
    if (st.cls != ST_OK) json_refuse(s->r, st);
    return out;
}

// A text of at least `min` bytes without control characters.
static str text_take(const struct slot *s, uint64_t min)
{
    str text = json_string(s->r);

    if (failed(s->r)) return text;
    length_check(s, text.n, min);
    size_t bad = str_plain(text);
    if (bad < text.n)
        json_refuse(s->r, fail(ST_BAD_INPUT, "field.control", (uint32_t)bad,
                               "\"%s\" has a control character", s->field->name));
    else if (text.n > 0 && str_is_blank(text) && !s->field->secret)
        json_fail(s->r, "field.blank", "\"%s\" has nothing but blanks", s->field->name);
    return text;
}

static str text_item(const struct slot *s)
{
    return own_rule(s, text_take(s, s->field->min > 0 ? s->field->min : 1));
}

static void str_read(const struct slot *s) { *(str *)s->out = text_item(s); }

static str folded(struct json_r *r, str s)
{
    char *p = room(r, s.n, 1);

    if (p == NULL) return s;
    for (size_t i = 0; i < s.n; i++)
        p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 'a' - 'A' : s.p[i]);
    return (str){p, s.n};
}

static void name_read(const struct slot *s)
{
    str text = json_string(s->r);

    if (failed(s->r)) return;
    str name = folded(s->r, text);
    if (!str_is_name(name))
        json_fail(s->r, "field.name", "\"%s\" must be a name: 1 to 64 of a-z 0-9 . _ -",
                  s->field->name);
    *(str *)s->out = own_rule(s, name);
}

static void raw_read(const struct slot *s)
{
    str raw = json_raw(s->r);

    if (failed(s->r)) return;
    length_check(s, raw.n, 1);
    *(str *)s->out = own_rule(s, raw);
}

// ---- numbers and words

static void u64_read(const struct slot *s)
{
    const struct form_field *f = s->field;
    uint64_t max = f->max > 0 ? f->max : INT64_MAX;

    assert(f->min <= max && max <= INT64_MAX);
    *(uint64_t *)s->out = (uint64_t)json_int(s->r, (int64_t)f->min, (int64_t)max);
    if (failed(s->r) && strcmp(s->r->st.reason, "json.range") == 0)
        s->r->st.reason = "field.range"; // the sentence is the same
}

static void bool_read(const struct slot *s) { *(bool *)s->out = json_bool(s->r); }

static void word_refuse(const struct slot *s)
{
    char list[64] = "";
    size_t n = 0;

    for (const char *const *w = s->field->words; *w != NULL; w++) {
        size_t len = strlen(*w) + 2;
        if (n + len >= sizeof list) break;
        snprintf(list + n, sizeof list - n, "%s%s", n > 0 ? ", " : "", *w);
        n = strlen(list);
    }
    json_fail(s->r, "field.word", "\"%s\" must be one of: %s", s->field->name, list);
}

static void word_read(const struct slot *s)
{
    str text = json_string(s->r);
    unsigned i = 0;

    if (failed(s->r)) return;
    while (s->field->words[i] != NULL && !str_eq(text, str_of(s->field->words[i]))) i++;
    if (s->field->words[i] == NULL)
        word_refuse(s);
    else
        *(uint8_t *)s->out = (uint8_t)i;
}

// ---- lists and forms within

static uint32_t items_ahead(struct json_r r, bool object, uint32_t max)
{
    uint32_t n = 0;
    str key;

    if (object)
        json_object(&r);
    else
        json_array(&r);
    for (; n <= max && (object ? json_key(&r, &key) : json_item(&r)); n++) json_raw(&r);
    return n;
}

// Enters a list or a map and makes room for its items.
static struct form_list list_open(const struct slot *s, bool object, size_t size)
{
    const struct form_field *f = s->field;
    struct json_r probe = *s->r;
    struct form_list list = {.n = items_ahead(probe, object, f->count_max)};

    assert(f->count_max > 0);
    if (object ? !json_object(s->r) : !json_array(s->r)) return (struct form_list){0};
    if (list.n > f->count_max || (list.n == 0 && f->required))
        json_fail(s->r, "field.range", "\"%s\" must have %d to %u items", f->name,
                  f->required ? 1 : 0, f->count_max);
    else // also of none: an empty list is not one that is not there
        list.items = room(s->r, list.n + 1u, size);
    return failed(s->r) ? (struct form_list){0} : list;
}

static void strs_read(const struct slot *s)
{
    struct form_list *list = s->out;
    str *item;

    *list = list_open(s, false, sizeof(str));
    for (item = list->items; json_item(s->r); item++) *item = text_item(s);
}

static void many_read(const struct slot *s)
{
    struct form_list *list = s->out;
    char *item;

    *list = list_open(s, false, s->field->sub->size);
    for (item = list->items; json_item(s->r); item += s->field->sub->size)
        form_read(s->field->sub, s->r, item);
}

static void one_read(const struct slot *s)
{
    void *sub = room(s->r, 1, s->field->sub->size);

    if (sub == NULL) return;
    form_read(s->field->sub, s->r, sub);
    *(void **)s->out = sub;
}

static void pair_name_check(const struct slot *s, const struct form_pair *pairs, size_t n)
{
    str name = pairs[n].key;

    if (name.n == 0 || name.n > MAP_NAME_MAX || str_plain(name) < name.n)
        json_fail(s->r, "field.range", "the names in \"%s\" must have 1 to %u plain bytes",
                  s->field->name, MAP_NAME_MAX);
    for (size_t i = 0; i < n; i++)
        if (str_eq(pairs[i].key, name)) json_twice(s->r, name);
}

static void map_read(const struct slot *s)
{
    struct form_list *list = s->out;
    size_t i = 0;
    str name;

    assert(s->field->count_max <= MAP_COUNT_MAX);
    *list = list_open(s, true, sizeof(struct form_pair));
    for (struct form_pair *pairs = list->items; json_key(s->r, &name); i++) {
        pairs[i].key = name;
        pair_name_check(s, pairs, i);
        pairs[i].value = text_take(s, 0);
    }
}

// ---- the form

static void (*const readers[])(const struct slot *s) = {
    [FORM_STR] = str_read,   [FORM_NAME] = name_read, [FORM_U64] = u64_read,
    [FORM_BOOL] = bool_read, [FORM_WORD] = word_read, [FORM_STRS] = strs_read,
    [FORM_ONE] = one_read,   [FORM_MANY] = many_read, [FORM_MAP] = map_read,
    [FORM_RAW] = raw_read,
};

static unsigned field_find(const struct form *f, str key)
{
    unsigned i = 0;

    while (f->fields[i].name != NULL && !str_eq(key, str_of(f->fields[i].name))) i++;
    assert(i <= FIELDS_MAX);
    return i;
}

static void required_check(const struct form *f, struct json_r *r, uint32_t seen)
{
    for (unsigned i = 0; f->fields[i].name != NULL; i++)
        if (f->fields[i].required && !(seen >> i & 1))
            json_fail(r, "field.required", "the %s needs \"%s\"", f->noun, f->fields[i].name);
}

void form_read(const struct form *f, struct json_r *r, void *out)
{
    uint32_t seen = 0, given = 0;
    str key;

    memset(out, 0, f->size);
    json_object(r);
    size_t begin = r->mark;
    while (json_key(r, &key)) {
        unsigned i = field_find(f, key);
        struct slot s = {&f->fields[i], r, (char *)out + f->fields[i].at};
        if (s.field->name == NULL) {
            json_unknown(r, key);
        } else if (seen >> i & 1) {
            json_twice(r, key);
        } else {
            seen |= 1u << i;
            if (json_null(r)) continue;
            given |= 1u << i;
            readers[s.field->kind](&s);
        }
    }
    if (failed(r)) return;
    r->mark = begin;
    required_check(f, r, given);
}

status form_parse(const struct form *f, str json, struct arena *a, void *out)
{
    struct json_r r = json_reader(json, a);

    form_read(f, &r, out);
    return json_r_end(&r);
}
