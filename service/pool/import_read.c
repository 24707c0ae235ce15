#include "service/pool/import_read.h"
#include "common/bytes.h"
#include "service/gs1/id.h"
#include <string.h>

static status at_line(const struct import_reader *r, const char *reason, const char *says)
{
    return fail(ST_BAD_INPUT, reason, (uint32_t)(r->rest.p - r->all.p), "line %u: %s", r->line,
                says);
}

static bool is_plain(str s) { return str_plain(s) == s.n && str_is_utf8(s, NULL); }

static status check_serial(const struct import_reader *r, str serial)
{
    status st = gs1_serial_check(serial, GS1_SERIAL_MAX);
    return st.cls == ST_OK ? OK : at_line(r, st.reason, "a serial is 1 to 20 characters of set 82");
}

// ---- attributes

struct packing {
    char room[IMPORT_VALUES_MAX];
    size_t n;
    uint32_t count;
    bool full;
};

static void pack_str(struct packing *p, str s)
{
    if (s.n > 0x3fff || p->n + 2 + s.n > sizeof p->room) {
        p->full = true;
        return;
    }
    if (s.n > 0x7f) p->room[p->n++] = (char)((s.n & 0x7f) | 0x80);
    p->room[p->n++] = (char)(s.n > 0x7f ? s.n >> 7 : s.n);
    if (s.n > 0) memcpy(p->room + p->n, s.p, s.n);
    p->n += s.n;
}

static status pack(const struct import_reader *r, struct packing *p, str name, str value)
{
    if (name.n == 0 || name.n > IMPORT_NAME_MAX || !is_plain(name) || !is_plain(value))
        return at_line(r, "import.attributes",
                       "an attribute is a name of 1 to 64 bytes and a text");
    if (p->count++ == IMPORT_ATTRIBUTES_MAX)
        return at_line(r, "import.attributes", "a number has at most 8 attributes");
    pack_str(p, name);
    pack_str(p, value);
    if (p->full)
        return at_line(r, "import.attributes", "the attributes of a number are too long together");
    return OK;
}

static status packed(const struct packing *p, struct arena *a, str *out)
{
    char *bytes;

    *out = (str){0};
    if (p->count == 0) return OK;
    if ((bytes = arena_alloc(a, p->n + 1)) == NULL) return no_memory();
    bytes[0] = (char)p->count;
    memcpy(bytes + 1, p->room, p->n);
    *out = (str){bytes, p->n + 1};
    return OK;
}

// ---- lines

// The next line without its end; false at the end of the body.
static bool next_line(struct import_reader *r, str *line)
{
    if (r->rest.n == 0) return false;
    if (!str_cut(&r->rest, '\n', line)) {
        *line = r->rest;
        r->rest = str_from(r->rest, r->rest.n);
    }
    if (line->n > 0 && line->p[line->n - 1] == '\r') line->n--;
    r->line++;
    return true;
}

static status quoted_field(const struct import_reader *r, str *line, struct arena *a, str *out)
{
    char *text = arena_alloc(a, line->n);
    size_t n = 0, i = 1;
    bool closed = false;

    if (text == NULL) return no_memory();
    while (i < line->n && !closed) {
        bool twice = i + 1 < line->n && line->p[i] == '"' && line->p[i + 1] == '"';
        closed = line->p[i] == '"' && !twice;
        if (!closed) text[n++] = line->p[i];
        i += twice ? 2 : 1;
    }
    if (!closed || (i < line->n && line->p[i] != ','))
        return at_line(r, "import.csv", "a quoted field is not closed, or goes on behind it");
    *line = str_from(*line, i);
    *out = (str){text, n};
    return OK;
}

// The next field of a row of CSV, which begins where the line does; *more says that another
// follows.
static status next_field(const struct import_reader *r, str *line, struct arena *a, str *out,
                         bool *more)
{
    if (line->n > 0 && line->p[0] == '"') {
        TRY(quoted_field(r, line, a, out));
        *more = line->n > 0;
        if (*more) *line = str_from(*line, 1);
        return OK;
    }
    *more = str_cut(line, ',', out);
    if (!*more) *out = *line;
    if (out->n == 0 || memchr(out->p, '"', out->n) == NULL) return OK;
    return at_line(r, "import.csv", "a quote stands inside a field without quotes");
}

static status read_header(struct import_reader *r, struct arena *a)
{
    bool more = true;
    str line, name;

    if (!next_line(r, &line)) return at_line(r, "import.header", "a header row names the columns");
    r->serial = IMPORT_COLUMNS_MAX;
    while (more) {
        TRY(next_field(r, &line, a, &name, &more));
        name = str_trim(name);
        if (r->columns == IMPORT_COLUMNS_MAX || name.n == 0 || name.n > IMPORT_NAME_MAX ||
            !is_plain(name))
            return at_line(r, "import.header", "1 to 9 columns, named in 1 to 64 bytes");
        for (uint32_t i = 0; i < r->columns; i++)
            if (str_eq(r->names[i], name))
                return at_line(r, "import.header", "two columns have one name");
        if (str_eq(name, S("serial"))) r->serial = r->columns;
        r->names[r->columns++] = name;
    }
    if (r->serial < IMPORT_COLUMNS_MAX) return OK;
    return at_line(r, "import.header", "one column is named serial");
}

static status read_row(struct import_reader *r, str line, struct arena *a,
                       struct import_number *out)
{
    struct packing p = {.n = 0};
    bool more = true;
    uint32_t n = 0;
    str field;

    for (; more && n < r->columns; n++) {
        TRY(next_field(r, &line, a, &field, &more));
        if (n == r->serial)
            out->text = field;
        else if (field.n > 0)
            TRY(pack(r, &p, r->names[n], field));
    }
    if (n != r->columns || more)
        return at_line(r, "import.csv", "the row has not the columns of the header");
    return packed(&p, a, &out->attributes);
}

static status next_of_lines(struct import_reader *r, struct arena *a, struct import_number *out,
                            bool *more)
{
    str line = {0};

    while ((*more = next_line(r, &line)) && line.n == 0) {}
    if (!*more) return OK;
    *out = (struct import_number){.text = line, .line = r->line};
    if (r->form == IMPORT_CSV) TRY(read_row(r, line, a, out));
    return check_serial(r, out->text);
}

// ---- a list

static status read_object(struct import_reader *r, struct import_number *out, struct packing *p)
{
    str key;

    for (json_object(&r->json); json_key(&r->json, &key);) {
        str value = json_string(&r->json);
        if (r->json.st.cls != ST_OK) break;
        if (str_eq(key, S("serial"))) {
            if (out->text.p != NULL) json_twice(&r->json, key);
            out->text = value;
        } else {
            TRY(pack(r, p, key, value));
        }
    }
    if (r->json.st.cls != ST_OK) return r->json.st;
    return out->text.p != NULL ? OK : at_line(r, "import.list", "the object has no serial");
}

static status next_of_list(struct import_reader *r, struct arena *a, struct import_number *out,
                           bool *more)
{
    struct packing p = {.n = 0};

    r->json.arena = a;
    r->json.key = (str){0}; // it may lie in the arena of the number before
    if (!(*more = json_item(&r->json))) return json_r_end(&r->json);
    *out = (struct import_number){.line = ++r->line};
    if (json_peek(&r->json) == JSON_OBJECT)
        TRY(read_object(r, out, &p));
    else
        out->text = json_string(&r->json);
    if (r->json.st.cls != ST_OK) return r->json.st;
    TRY(packed(&p, a, &out->attributes));
    r->rest = str_from(r->all, r->json.at);
    return check_serial(r, out->text);
}

status import_reader_init(struct import_reader *r, enum import_form form, str body, struct arena *a)
{
    const str mark = S("\xEF\xBB\xBF"); // what spreadsheets put before UTF-8

    if (form != IMPORT_JSON && str_starts(body, mark)) body = str_from(body, mark.n);
    *r = (struct import_reader){.form = form, .all = body, .rest = body};
    if (form == IMPORT_CSV) return read_header(r, a);
    if (form == IMPORT_TEXT) return OK;
    r->json = json_reader(body, a);
    json_array(&r->json);
    return r->json.st;
}

status import_reader_next(struct import_reader *r, struct arena *a, struct import_number *out,
                          bool *more)
{
    return r->form == IMPORT_JSON ? next_of_list(r, a, out, more) : next_of_lines(r, a, out, more);
}
