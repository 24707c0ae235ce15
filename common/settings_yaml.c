// settings_yaml.c - walking the YAML file by libyaml's events.
//
// The walk is a recursive descent: sections nest as deep as the table's names do, seeds as deep as
// DEPTH_MAX. Trouble sticks to the reader; the first one becomes the sentence with its line.
#include "common/json.h"
#include "common/settings_int.h"
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX  16u               // of a seed's value
#define KEYS_MAX   1000u             // of one mapping: they are compared with each other
#define NUMBER_MAX ((size_t)9)       // digits of a plain integer that is a JSON number
#define SEED_MAX   SETTINGS_FILE_MAX // of one seed's JSON
#define NAME_SHOWN 32                // of the file or a key in a sentence
#define KEYS_ROOM  (8 * MB)          // for the keys of a file

struct reader {
    const struct setting *table;
    const struct settings_source *source;
    struct arena *arena; // the caller's, for texts
    struct arena keys;   // of the mappings being read
    void *out;
    bool in_row; // table and out are a list's
    yaml_parser_t yaml;
    yaml_event_t event;
    status st;
};

static bool failed(const struct reader *r) { return r->st.cls != ST_OK; }

// ---- trouble

static const char *file_name(const struct reader *r)
{
    const char *slash = strrchr(r->source->file, '/');
    return slash == NULL ? r->source->file : slash + 1;
}

// The first trouble: `st` with file and line before its sentence. at is where the line begins.
static void refuse(struct reader *r, size_t line, status st)
{
    size_t at = 0;
    str text = r->source->text;

    if (failed(r)) return;
    for (size_t i = 1; i < line; i++) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        if (end == NULL) break;
        at = (size_t)(end - text.p) + 1;
    }
    r->st = fail(st.cls, st.reason, (uint32_t)at, "%.*s:%zu: %s", NAME_SHOWN, file_name(r), line,
                 st.text);
}

static size_t line_of(const struct reader *r) { return r->event.start_mark.line + 1; }

static size_t line_at(str text, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < text.n; i++) line += text.p[i] == '\n';
    return line;
}

static status syntax(const char *says)
{
    return fail(ST_BAD_INPUT, "settings.syntax", 0, "%s", says);
}

static status type(const char *says, str name)
{
    int n = name.n < NAME_SHOWN ? (int)name.n : NAME_SHOWN;
    return fail(ST_BAD_INPUT, "settings.type", 0, says, n, name.p);
}

// ---- events

static void parser_trouble(struct reader *r)
{
    const yaml_parser_t *y = &r->yaml;

    assert(y->error != YAML_MEMORY_ERROR); // the whole machine is out of memory: restart
    size_t line = y->error == YAML_READER_ERROR ? line_at(r->source->text, y->problem_offset)
                                                : y->problem_mark.line + 1;
    refuse(r, line, syntax(y->problem != NULL ? y->problem : "this is not YAML"));
}

static void node_check(struct reader *r)
{
    const yaml_event_t *e = &r->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    }
    if (anchor != NULL || e->type == YAML_ALIAS_EVENT)
        refuse(r, line_of(r), syntax("anchors and aliases are not taken"));
    if (tag != NULL) refuse(r, line_of(r), syntax("tags are not taken"));
}

// Goes to the next event; YAML_NO_EVENT once something has failed.
static yaml_event_type_t next(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (failed(r)) return YAML_NO_EVENT;
    if (!yaml_parser_parse(&r->yaml, &r->event))
        parser_trouble(r);
    else
        node_check(r);
    return failed(r) ? YAML_NO_EVENT : r->event.type;
}

static bool is_scalar(const struct reader *r)
{
    return !failed(r) && r->event.type == YAML_SCALAR_EVENT;
}

static str scalar(const struct reader *r)
{
    return (str){(const char *)r->event.data.scalar.value, r->event.data.scalar.length};
}

static bool is_plain(const struct reader *r)
{
    return is_scalar(r) && r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_null(const struct reader *r)
{
    str s = is_plain(r) ? scalar(r) : S("x");
    return s.n == 0 || str_eq(s, S("null")) || str_eq(s, S("~"));
}

// ---- keys

// The keys of a mapping so far, newest first.
struct key {
    struct key *before;
    str name;
};
struct keys {
    struct key *last;
    size_t n;
};

static status key_add(struct reader *r, struct keys *keys, str name)
{
    for (const struct key *k = keys->last; k != NULL; k = k->before)
        if (str_eq(k->name, name))
            return fail(ST_BAD_INPUT, "settings.twice", 0, "\"%.*s\" is there twice",
                        name.n < NAME_SHOWN ? (int)name.n : NAME_SHOWN, name.p);
    struct key *k = keys->n < KEYS_MAX ? NEW(&r->keys, struct key) : NULL;
    str copy = k != NULL ? arena_str(&r->keys, name) : (str){0};
    if (copy.p == NULL) return settings_too_many();
    *k = (struct key){keys->last, copy};
    *keys = (struct keys){k, keys->n + 1};
    return OK;
}

// The next key of a mapping, its value is the event then; false at its end.
static bool key_next(struct reader *r, struct keys *keys, size_t *line)
{
    if (next(r) == YAML_MAPPING_END_EVENT || failed(r)) return false;
    *line = line_of(r);
    if (!is_scalar(r)) return refuse(r, *line, syntax("a key must be one word")), false;
    status st = key_add(r, keys, scalar(r));
    if (st.cls != ST_OK) return refuse(r, *line, st), false;
    return next(r) != YAML_NO_EVENT;
}

// ---- seeds

static bool is_number(str s)
{
    str digits = str_starts(s, S("-")) ? str_from(s, 1) : s;

    if (!str_is_digits(digits) || digits.n > NUMBER_MAX) return false;
    return digits.p[0] != '0' || s.n == 1;
}

static void scalar_write(struct reader *r, struct json_w *w)
{
    str s = scalar(r);
    bool word = str_eq(s, S("true")) || str_eq(s, S("false"));

    if (is_null(r))
        json_w_null(w);
    else if (is_plain(r) && (word || is_number(s)))
        json_w_raw(w, s);
    else
        json_w_str(w, s);
}

static void node_write(struct reader *r, struct json_w *w);

static void mapping_write(struct reader *r, struct json_w *w)
{
    struct keys keys = {0};
    size_t line;

    json_w_object(w);
    while (key_next(r, &keys, &line)) {
        json_w_key(w, keys.last->name);
        node_write(r, w);
    }
    if (!failed(r)) json_w_end(w);
}

static void sequence_write(struct reader *r, struct json_w *w)
{
    json_w_array(w);
    while (next(r) != YAML_SEQUENCE_END_EVENT && !failed(r)) node_write(r, w);
    if (!failed(r)) json_w_end(w);
}

// The event and what belongs to it as JSON.
static void node_write(struct reader *r, struct json_w *w)
{
    if (is_scalar(r)) {
        scalar_write(r, w);
        return;
    }
    if (w->depth == DEPTH_MAX) {
        refuse(r, line_of(r),
               fail(ST_TOO_LARGE, "settings.size", 0, "nested deeper than %u", DEPTH_MAX));
        return;
    }
    if (r->event.type == YAML_MAPPING_START_EVENT)
        mapping_write(r, w);
    else
        sequence_write(r, w);
}

static void seed_take(struct reader *r, str path, size_t line)
{
    struct buf b;
    str json;

    buf_init(&b, SEED_MAX);
    struct json_w w = json_writer(&b);
    node_write(r, &w);
    status st = failed(r) ? OK : buf_done(&b, &json);
    if (st.cls == ST_OK && !failed(r) && r->source->seed != NULL)
        st = r->source->seed(r->source->self, path, json, (unsigned)line);
    if (st.cls != ST_OK) refuse(r, line, st);
    buf_fini(&b);
}

static void seeds_take(struct reader *r)
{
    struct keys keys = {0};
    size_t line;

    if (is_null(r)) return;
    if (r->event.type != YAML_MAPPING_START_EVENT)
        refuse(r, line_of(r), type("\"%.*s\" must hold paths", S("seed")));
    while (!failed(r) && key_next(r, &keys, &line)) seed_take(r, keys.last->name, line);
}

// ---- sections and values

static bool is_section(const struct setting *table, str path)
{
    for (; table->name != NULL; table++) {
        str name = str_of(table->name);
        if (str_starts(name, path) && name.n > path.n && name.p[path.n] == '.') return true;
    }
    return false;
}

static void value_take(struct reader *r, const struct setting *s)
{
    str name = str_of(s->name);

    if (!is_scalar(r))
        refuse(r, line_of(r), type("\"%.*s\" must be one value", name));
    else if (is_null(r))
        refuse(r, line_of(r), type("\"%.*s\" needs a value", name));
    if (failed(r)) return;
    status st = setting_value(s, scalar(r), r->arena, r->out);
    if (st.cls != ST_OK) refuse(r, line_of(r), st);
}

static void section_take(struct reader *r, str path);

static void row_take(struct reader *r, const struct setting *s, struct setting_rows *rows)
{
    struct reader whole = *r;

    if (r->event.type != YAML_MAPPING_START_EVENT)
        refuse(r, line_of(r), type("each of \"%.*s\" must hold settings", str_of(s->name)));
    else if (rows->n == s->max)
        refuse(r, line_of(r),
               fail(ST_BAD_INPUT, "settings.range", 0, "%s: at most %u", s->name, rows->n));
    if (failed(r)) return;
    r->table = s->rows;
    r->out = (char *)rows->items + rows->n++ * s->size;
    r->in_row = true;
    status st = settings_defaults(r->table, r->arena, r->out);
    if (st.cls != ST_OK) refuse(r, line_of(r), st);
    section_take(r, S(""));
    r->table = whole.table;
    r->out = whole.out;
    r->in_row = whole.in_row;
}

static void rows_take(struct reader *r, const struct setting *s)
{
    struct setting_rows rows = {.items = arena_alloc(r->arena, s->max * s->size)};

    if (rows.items == NULL) {
        refuse(r, line_of(r), settings_too_many());
        return;
    }
    if (r->event.type != YAML_SEQUENCE_START_EVENT) {
        refuse(r, line_of(r), type("\"%.*s\" must be a list", str_of(s->name)));
        return;
    }
    while (next(r) != YAML_SEQUENCE_END_EVENT && !failed(r)) row_take(r, s, &rows);
    if (!failed(r)) memcpy((char *)r->out + s->at, &rows, sizeof rows);
}

static void member_take(struct reader *r, str path, size_t line)
{
    const struct setting *s = setting_find(r->table, path);

    if (str_eq(path, S("seed")) && !r->in_row)
        seeds_take(r);
    else if (s != NULL && s->kind == SETTING_ROWS)
        rows_take(r, s);
    else if (s != NULL)
        value_take(r, s);
    else if (is_section(r->table, path))
        section_take(r, path);
    else
        refuse(r, line,
               fail(ST_BAD_INPUT, "settings.unknown", 0, "there is no setting \"%.*s\"",
                    path.n < NAME_SHOWN ? (int)path.n : NAME_SHOWN, path.p));
}

static str path_join(struct reader *r, str path, str name)
{
    size_t n = path.n + (path.n > 0) + name.n;
    char *p = arena_alloc(&r->keys, n);

    if (p == NULL) return (str){0};
    memcpy(p, path.p, path.n);
    if (path.n > 0) p[path.n] = '.';
    memcpy(p + n - name.n, name.p, name.n);
    return (str){p, n};
}

// The members of a section; path is "" for the whole file.
static void section_take(struct reader *r, str path)
{
    struct keys keys = {0};
    size_t line;

    if (is_null(r)) return;
    if (r->event.type != YAML_MAPPING_START_EVENT)
        refuse(r, line_of(r), type("\"%.*s\" must hold settings", path));
    while (!failed(r) && key_next(r, &keys, &line)) {
        str name = keys.last->name, member = path_join(r, path, name);
        if (member.p == NULL)
            refuse(r, line, settings_too_many());
        else if (memchr(name.p, '.', name.n) != NULL)
            refuse(r, line, syntax("no dot in a key: sections are nested"));
        else
            member_take(r, member, line);
    }
}

// ---- the file

// What libyaml would take or say without a line.
static void text_check(struct reader *r)
{
    str text = r->source->text;
    const char *tab = text.n > 0 ? memchr(text.p, '\t', text.n) : NULL;
    size_t bad;

    if (text.n > SETTINGS_FILE_MAX)
        refuse(r, 1,
               fail(ST_TOO_LARGE, "settings.size", 0, "more than %zu bytes", SETTINGS_FILE_MAX));
    else if (!str_is_utf8(text, &bad))
        refuse(r, line_at(text, bad), syntax("this is not UTF-8"));
    else if (tab != NULL)
        refuse(r, line_at(text, (size_t)(tab - text.p)), syntax("a tab; blanks indent here"));
}

static void document_take(struct reader *r)
{
    next(r); // the stream's start
    if (next(r) == YAML_STREAM_END_EVENT || failed(r)) return;
    if (next(r) != YAML_NO_EVENT) section_take(r, S(""));
    next(r); // the document's end
    if (next(r) != YAML_STREAM_END_EVENT)
        refuse(r, line_of(r), syntax("only one document is taken"));
}

static void file_take(struct reader *r)
{
    str text = r->source->text.n > 0 ? r->source->text : S(""); // libyaml takes no NULL

    assert(yaml_parser_initialize(&r->yaml));
    yaml_parser_set_encoding(&r->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->yaml, (const unsigned char *)text.p, text.n);
    arena_init(&r->keys, KEYS_ROOM);
    document_take(r);
    arena_fini(&r->keys);
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->yaml);
}

status settings_walk(const struct setting *table, const struct settings_source *source,
                     struct arena *a, void *out)
{
    struct reader r = {.table = table, .source = source, .arena = a, .out = out};

    text_check(&r);
    if (!failed(&r)) file_take(&r);
    return r.st;
}
