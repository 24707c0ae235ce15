// settings_fuzz.c - settings from any file.
//
// Claims: a refusal has a reason, a sentence with file and line, and a place within the input, and
// leaves the struct alone; a seed's value is JSON; what was read can be written as a file that
// reads the same; the same text in the environment is decided as well.
#include "common/json.h"
#include "common/settings.h"
#include <string.h>

struct all {
    str text;
    uint64_t count, bytes, time;
    bool yes;
    uint8_t word;
    struct setting_rows rows;
};
struct row {
    str text;
    uint64_t count;
};

#define AT(member) .at = offsetof(struct all, member)

static const char *const words[] = {"a", "b", NULL};
// clang-format off
static const struct setting row_table[] = {
    {"t", SETTING_TEXT, SETTING_RESTART, offsetof(struct row, text), 0, 40, .value = ""},
    {"c", SETTING_COUNT, SETTING_RESTART, offsetof(struct row, count), 1, 99, .value = "7"},
    {0},
};
static const struct setting table[] = {
    {"t", SETTING_TEXT, SETTING_RESTART, AT(text), 0, 40, .value = "", .says = "A text."},
    {"a.c", SETTING_COUNT, SETTING_RESTART, AT(count), 1, 99, .value = "7", .says = "A count."},
    {"a.b.b", SETTING_BYTES, SETTING_RESTART, AT(bytes), 1, 1 * GB, .value = "1 KB",
     .says = "Bytes."},
    {"a.b.t", SETTING_TIME, SETTING_RESTART, AT(time), 0, 9999999, .value = "1 s",
     .says = "A time."},
    {"b.y", SETTING_BOOL, SETTING_RESTART, AT(yes), .value = "true", .says = "A switch."},
    {"b.w", SETTING_WORD, SETTING_RESTART, AT(word), .words = words, .value = "a",
     .says = "A word."},
    {"l", SETTING_ROWS, SETTING_RESTART, AT(rows), 0, 4, .value = "[]", .rows = row_table,
     .size = sizeof(struct row), .says = "A list."},
    {0},
};
// clang-format on

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct arena arena;

static status seed(void *self, str path, str json, unsigned line)
{
    struct json_r r = json_reader(json, &arena);

    (void)self;
    assert(path.p != NULL && line > 0);
    json_raw(&r);
    status st = json_r_end(&r);
    assert(st.cls == ST_OK);
    return OK;
}

static const char *env(void *self, const char *name)
{
    (void)name;
    return self;
}

static status take(str text, const char *variable, struct all *out)
{
    const struct settings_source source = {
        text, "dir/f.yaml", "P_", variable != NULL ? env : NULL, seed, (void *)(uintptr_t)variable};
    return settings_read(table, sizeof *out, &source, &arena, out);
}

static bool same_rows(const struct setting_rows *a, const struct setting_rows *b)
{
    const struct row *x = a->items, *y = b->items;

    for (uint32_t i = 0; a->n == b->n && i < a->n; i++)
        if (!str_eq(x[i].text, y[i].text) || x[i].count != y[i].count) return false;
    return a->n == b->n;
}

static bool is_same(const struct all *a, const struct all *b)
{
    return same_rows(&a->rows, &b->rows) && str_eq(a->text, b->text) && a->count == b->count &&
           a->bytes == b->bytes && a->time == b->time && a->yes == b->yes && a->word == b->word;
}

// YAML takes some characters beyond ASCII only as escapes: texts with any are not written back.
static bool is_ascii(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80) return false;
    return true;
}

static bool all_ascii(const struct all *in)
{
    const struct row *row = in->rows.items;

    for (uint32_t i = 0; i < in->rows.n; i++)
        if (!is_ascii(row[i].text)) return false;
    return is_ascii(in->text);
}

static void rows_write(const struct setting_rows *rows, struct buf *b)
{
    const struct row *row = rows->items;

    buf_add(b, S("l: ["));
    for (uint32_t i = 0; i < rows->n; i++) {
        buf_addf(b, "%s{c: %zu, t: ", i > 0 ? ", " : "", (size_t)row[i].count);
        struct json_w w = json_writer(b);
        json_w_str(&w, row[i].text);
        buf_addc(b, '}');
    }
    buf_add(b, S("]\n"));
}

static void round_trip(const struct all *in)
{
    struct all back;
    struct buf b;

    buf_init(&b, 4 * KB);
    buf_add(&b, S("t: "));
    struct json_w w = json_writer(&b);
    json_w_str(&w, in->text);
    buf_addf(&b, "\na: {c: %zu, b: {b: %zu, t: %zu ms}}\nb: {y: %s, w: %s}\n", (size_t)in->count,
             (size_t)in->bytes, (size_t)in->time, in->yes ? "true" : "false", words[in->word]);
    rows_write(&in->rows, &b);
    status st = take(buf_str(&b), NULL, &back);
    assert(st.cls == ST_OK && is_same(in, &back));
    buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct all out = {.count = 4711};
    str in = {(const char *)data, n};

    arena_init(&arena, 4 * MB);
    status st = take(in, NULL, &out);
    if (st.cls == ST_OK && all_ascii(&out)) round_trip(&out);
    if (st.cls != ST_OK) {
        assert(st.reason != NULL && str_starts(str_of(st.text), S("f.yaml:")));
        assert(st.at <= n && out.count == 4711);
    }
    st = take(S(""), str_z(&arena, in), &out);
    assert(st.cls != ST_OK); // no text is a value of every setting
    arena_fini(&arena);
    return 0;
}
