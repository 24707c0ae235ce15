// settings_value.c - the kinds of settings: how their values are written and what they may be.
#include "common/settings_int.h"
#include <string.h>

struct unit {
    const char *name;
    uint64_t size;
};
static const struct unit no_units[] = {
    {"", 1},
    {0 }
};
static const struct unit byte_units[] = {
    {"",   1},
    {"KB",    KB},
    {"MB",MB},
    {"GB", GB},
    {0   },
};
static const struct unit time_units[] = {
    {"ms",  1},
    {"s",     1000},
    {"min",60 * 1000},
    {"h", 60 * 60 * 1000},
    {0    },
};

static const struct unit *units_of(enum setting_kind kind)
{
    return kind == SETTING_BYTES ? byte_units : kind == SETTING_TIME ? time_units : no_units;
}

const struct setting *setting_find(const struct setting *table, str name)
{
    while (table->name != NULL && !str_eq(str_of(table->name), name)) table++;
    return table->name != NULL ? table : NULL;
}

// ---- what it may be

// In the largest unit that divides it.
static void amount_add(const struct setting *s, uint64_t v, struct buf *b)
{
    const struct unit *units = units_of(s->kind), *best = units;

    for (const struct unit *u = units; v > 0 && u->name != NULL; u++)
        if (v % u->size == 0) best = u;
    buf_addu(b, v / best->size);
    if (v > 0 && best->name[0] != 0) buf_addf(b, " %s", best->name);
}

static void words_add(const struct setting *s, struct buf *b)
{
    buf_add(b, S("one of "));
    for (const char *const *w = s->words; *w != NULL; w++)
        buf_addf(b, "%s%s", w == s->words ? "" : ", ", *w);
}

void setting_range(const struct setting *s, struct buf *b)
{
    if (s->kind == SETTING_BOOL) buf_add(b, S("true or false"));
    if (s->kind == SETTING_WORD) words_add(s, b);
    if (s->kind == SETTING_BOOL || s->kind == SETTING_WORD) return;
    amount_add(s, s->min, b);
    buf_add(b, S(" to "));
    amount_add(s, s->max, b);
    if (s->kind == SETTING_TEXT) buf_add(b, S(" bytes"));
}

void setting_write(const struct setting *s, const void *values, struct buf *b)
{
    const void *at = (const char *)values + s->at;

    switch (s->kind) {
    case SETTING_TEXT: buf_add(b, *(const str *)at); break;
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_TIME: amount_add(s, *(const uint64_t *)at, b); break;
    case SETTING_BOOL: buf_add(b, *(const bool *)at ? S("true") : S("false")); break;
    case SETTING_WORD: buf_add(b, str_of(s->words[*(const uint8_t *)at])); break;
    case SETTING_ROWS: buf_addf(b, "%u rows", ((const struct setting_rows *)at)->n); break;
    }
}

static status refuse(const struct setting *s, const char *reason)
{
    char room[64];
    struct buf b;

    buf_init(&b, 4 * KB);
    setting_range(s, &b);
    str range = buf_str(&b);
    size_t n = range.n < sizeof room ? range.n : sizeof room - 1;
    memcpy(room, range.p, n);
    buf_fini(&b);
    return fail(ST_BAD_INPUT, reason, 0, "%s must be %.*s", s->name, (int)n, room);
}

// ---- reading

static status text_take(const struct setting *s, str text, struct arena *a, str *out)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return fail(ST_BAD_INPUT, "settings.value", 0, "%s has a control character", s->name);
    if (text.n < s->min || text.n > s->max) return refuse(s, "settings.range");
    if (s->check != NULL) TRY(s->check(text));
    str copy = arena_str(a, text);
    if (copy.p == NULL) return settings_too_many();
    *out = copy;
    return OK;
}

static status amount_take(const struct setting *s, str text, uint64_t *out)
{
    size_t n = 0;
    uint64_t v;
    const struct unit *u = units_of(s->kind);

    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9') n++;
    str unit = str_trim(str_from(text, n));
    while (u->name != NULL && !str_eq(unit, str_of(u->name))) u++;
    bool bare_zero = n == 1 && text.n == 1 && text.p[0] == '0';
    if (n == 0 || (u->name == NULL && !bare_zero)) return refuse(s, "settings.value");
    uint64_t size = bare_zero ? 1 : u->size;
    if (!str_u64((str){text.p, n}, s->max / size, &v) || v * size < s->min)
        return refuse(s, "settings.range");
    *out = v * size;
    return OK;
}

static status bool_take(const struct setting *s, str text, bool *out)
{
    bool yes = str_eq(text, S("true"));

    if (!yes && !str_eq(text, S("false"))) return refuse(s, "settings.value");
    *out = yes;
    return OK;
}

static status word_take(const struct setting *s, str text, uint8_t *out)
{
    uint8_t i = 0;

    while (s->words[i] != NULL && !str_eq(text, str_of(s->words[i]))) i++;
    if (s->words[i] == NULL) return refuse(s, "settings.word");
    *out = i;
    return OK;
}

// Only the empty list has a short form.
static status rows_take(const struct setting *s, str text, struct setting_rows *out)
{
    if (!str_eq(text, S("[]")))
        return fail(ST_BAD_INPUT, "settings.type", 0, "%s is a list, of the file alone", s->name);
    *out = (struct setting_rows){0};
    return OK;
}

status setting_value(const struct setting *s, str text, struct arena *a, void *out)
{
    void *at = (char *)out + s->at;

    switch (s->kind) {
    case SETTING_TEXT: return text_take(s, text, a, at);
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_TIME: return amount_take(s, text, at);
    case SETTING_BOOL: return bool_take(s, text, at);
    case SETTING_WORD: return word_take(s, text, at);
    case SETTING_ROWS: return rows_take(s, text, at);
    }
    return OK;
}
