// settings.c - settings from their three places, and the file that shows them all.
#include "common/settings.h"
#include "common/json.h"
#include "common/settings_int.h"
#include <string.h>

#define ENV_MAX ((size_t)128) // of a variable's name

status settings_too_many(void)
{
    return fail(ST_TOO_LARGE, "settings.size", 0, "more than is allowed in one file");
}

// ---- defaults and environment

status settings_defaults(const struct setting *s, struct arena *a, void *out)
{
    for (; s->name != NULL; s++) {
        status st = setting_value(s, str_of(s->value), a, out);
        if (st.cls == ST_TOO_LARGE) return st;
        assert(st.cls == ST_OK); // a default is one of the setting's own values
    }
    return OK;
}

// PREFIX_HTTP_BODY_MAX for http.body_max
static void env_name(const char *prefix, const char *name, char out[ENV_MAX])
{
    size_t n = strlen(prefix);

    assert(n + strlen(name) < ENV_MAX);
    memcpy(out, prefix, n);
    for (; *name != 0; name++, n++)
        out[n] = (char)(*name == '.' ? '_' : *name >= 'a' && *name <= 'z' ? *name - 32 : *name);
    out[n] = 0;
}

static status env_take(const struct setting *s, const struct settings_source *source,
                       struct arena *a, void *out)
{
    char name[ENV_MAX];

    for (; s->name != NULL && source->env != NULL; s++) {
        env_name(source->env_prefix, s->name, name);
        const char *value = source->env(source->self, name);
        if (value == NULL) continue;
        status st = setting_value(s, str_of(value), a, out);
        if (st.cls != ST_OK) return fail(st.cls, st.reason, 0, "%s: %s", name, st.text);
    }
    return OK;
}

bool settings_variable(const struct setting *table, const char *env_prefix, str name)
{
    char each[ENV_MAX];

    for (const struct setting *s = table; s->name != NULL; s++) {
        env_name(env_prefix, s->name, each);
        if (str_eq(name, str_of(each))) return true;
    }
    return false;
}

status settings_read(const struct setting *table, size_t size, const struct settings_source *source,
                     struct arena *a, void *out)
{
    void *made = arena_alloc(a, size);

    if (made == NULL) return settings_too_many();
    TRY(settings_defaults(table, a, made));
    TRY(settings_walk(table, source, a, made));
    TRY(env_take(table, source, a, made));
    memcpy(out, made, size);
    return OK;
}

// ---- the file that shows them all

// How many bytes of two names are the same sections.
static size_t common_sections(const char *a, const char *b)
{
    size_t same = 0;

    for (size_t i = 0; a[i] != 0 && a[i] == b[i]; i++)
        if (a[i] == '.') same = i + 1;
    return same;
}

static void indent(struct buf *b, size_t depth)
{
    while (depth-- > 0) buf_add(b, S("  "));
}

static const char *const taken_up[] = {
    [SETTING_RESTART] = "taken up by a restart)\n",
    [SETTING_NEXT_REQUEST] = "taken up by the next request)\n",
};

static void item_write(const struct setting *s, size_t depth, str key, struct buf *b)
{
    indent(b, depth);
    buf_addf(b, "# %s (", s->says);
    if (s->kind != SETTING_TEXT) {
        setting_range(s, b);
        buf_add(b, S("; "));
    }
    buf_add(b, str_of(taken_up[s->effect]));
    indent(b, depth);
    buf_addf(b, "#%.*s: ", STR(key));
    struct json_w w = json_writer(b); // a string of JSON is one of YAML
    if (s->kind == SETTING_TEXT)
        json_w_str(&w, str_of(s->value));
    else
        buf_add(b, str_of(s->value));
    buf_addc(b, '\n');
}

void settings_template(const struct setting *table, struct buf *b)
{
    const char *before = "";

    for (const struct setting *s = table; s->name != NULL; before = s->name, s++) {
        size_t same = common_sections(before, s->name), depth = 0;
        str rest = str_of(s->name), section;
        for (; str_cut(&rest, '.', &section); depth++) {
            if (section.p < s->name + same) continue;
            if (depth == 0 && s != table) buf_addc(b, '\n');
            indent(b, depth);
            buf_addf(b, "%.*s:\n", STR(section));
        }
        item_write(s, depth, rest, b);
    }
}
