// `packtrail convert --to urn|dl|bracketed|raw [--prefixes FILE]`: identifiers from any spelling to
// one. Lines are taken as they come; memory does not grow with their number.
#include "service/cli/convert.h"
#include "service/gs1/id.h"
#include <stdio.h>
#include <string.h>

#define PREFIX_FILE_MAX (4 * MB) // GS1_PREFIXES_MAX lines and remarks
#define PREFIX_ARENA    (16 * MB)

struct convert {
    enum gs1_form form;
    const char *prefix_file; // or NULL
    struct arena prefix_arena, line_arena;
    struct gs1_prefixes prefixes;
    struct buf out;
    bool refused;
};

static int usage(void)
{
    fputs("usage: packtrail convert --to urn|dl|bracketed|raw [--prefixes FILE] < identifiers\n",
          stderr);
    return 2;
}

static bool form_named(const char *name, enum gs1_form *out)
{
    static const char *const names[] = {
        [GS1_BRACKETED] = "bracketed", [GS1_DL] = "dl", [GS1_URN] = "urn", [GS1_RAW] = "raw"};

    for (size_t i = 0; i < LEN(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum gs1_form)i;
            return true;
        }
    return false;
}

static bool arguments_read(int argc, char **argv, struct convert *c)
{
    bool has_form = false;

    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return false;
        if (strcmp(argv[i], "--to") == 0) {
            if (!form_named(argv[i + 1], &c->form)) return false;
            has_form = true;
        } else if (strcmp(argv[i], "--prefixes") == 0) {
            c->prefix_file = argv[i + 1];
        } else {
            return false;
        }
    }
    return has_form;
}

static status file_read(const char *path, struct buf *text)
{
    status st = OK;
    FILE *f = fopen(path, "rb");
    char piece[4096];
    size_t n;
    str whole;

    if (f == NULL) return fail(ST_NOT_FOUND, "file.open", 0, "%s cannot be read", path);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0 && !text->failed)
        buf_add(text, (str){piece, n});
    st = ferror(f) ? fail(ST_NOT_FOUND, "file.read", 0, "%s cannot be read", path)
                   : buf_done(text, &whole);
    fclose(f);
    return st;
}

// One prefix a line; empty lines and what follows "#" are remarks. `list` NULL: counts them.
static size_t prefix_lines(str text, str *list)
{
    size_t n = 0;
    str line, remarkless;

    for (bool more = text.n > 0; more;) {
        if (!(more = str_cut(&text, '\n', &line))) line = text;
        if (str_cut(&line, '#', &remarkless)) line = remarkless;
        line = str_trim(line);
        if (line.n == 0) continue;
        if (list != NULL) list[n] = line;
        n++;
    }
    return n;
}

static status prefixes_read(struct convert *c)
{
    struct buf text;
    str *list;
    status st = OK;

    if (c->prefix_file == NULL) return OK;
    buf_init(&text, PREFIX_FILE_MAX);
    if ((st = file_read(c->prefix_file, &text)).cls != ST_OK) goto out;
    size_t n = prefix_lines(buf_str(&text), NULL);
    if ((list = NEW_ARRAY(&c->prefix_arena, str, n + 1)) == NULL) {
        st = fail(ST_TOO_LARGE, "prefix.too_many", 0, "no room for %zu company prefixes", n);
        goto out;
    }
    prefix_lines(buf_str(&text), list);
    st = gs1_prefixes_build(list, n, &c->prefix_arena, &c->prefixes);
out:
    buf_fini(&text);
    return st;
}

// The next line without its end; of a longer one just enough to be refused. False at the end.
static bool line_read(char *line, size_t max, str *out)
{
    size_t n = 0;
    int c;

    while ((c = getc(stdin)) != EOF && c != '\n')
        if (n <= max) line[n++] = (char)c;
    if (c == EOF && n == 0) return false;
    if (n > 0 && n <= max && line[n - 1] == '\r') n--;
    *out = (str){line, n};
    return true;
}

static status line_convert(struct convert *c, str line)
{
    struct gs1_id id;

    TRY(gs1_read(line, &c->line_arena, &id));
    return gs1_write(&id, c->form, &c->prefixes, &c->out);
}

static void line_answer(struct convert *c, str line)
{
    arena_reset(&c->line_arena);
    buf_reset(&c->out);
    status st = line_convert(c, line);
    if (st.cls != ST_OK) {
        c->refused = true;
        buf_reset(&c->out);
        buf_addf(&c->out, "! %s %s", st.reason, st.text);
    }
    buf_addc(&c->out, '\n');
    str answer = buf_str(&c->out);
    fwrite(answer.p, 1, answer.n, stdout);
}

static status lines_convert(struct convert *c)
{
    static char line[GS1_TEXT_MAX + 1];
    str in;

    TRY(prefixes_read(c));
    while (line_read(line, GS1_TEXT_MAX, &in)) line_answer(c, in);
    if (ferror(stdin)) return fail(ST_INTERNAL, "file.read", 0, "standard input cannot be read");
    if (fflush(stdout) != 0 || ferror(stdout))
        return fail(ST_INTERNAL, "file.write", 0, "standard output cannot be written");
    return OK;
}

int cli_convert(int argc, char **argv)
{
    struct convert c = {.form = GS1_DL};

    if (!arguments_read(argc, argv, &c)) return usage();
    arena_init(&c.prefix_arena, PREFIX_ARENA);
    arena_init(&c.line_arena, 4 * GS1_TEXT_MAX);
    buf_init(&c.out, 8 * GS1_TEXT_MAX); // every byte escaped, and what stands around
    status st = lines_convert(&c);
    if (st.cls != ST_OK) fprintf(stderr, "packtrail convert: %s: %s\n", st.reason, st.text);
    arena_fini(&c.prefix_arena);
    arena_fini(&c.line_arena);
    buf_fini(&c.out);
    return st.cls != ST_OK || c.refused ? 1 : 0;
}
