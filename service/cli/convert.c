// `packtrail convert --to FORM [--prefixes FILE] [FILE]`: identifiers from any spelling to one, or
// an EPCIS document to another format (convert_document.c). Lines are taken as they come; memory
// does not grow with their number.
#include "service/cli/convert.h"
#include "service/cli/cli.h"
#include "service/cli/prefix_file.h"
#include <stdio.h>
#include <string.h>

struct convert {
    enum gs1_form form;
    const char *prefix_file; // or NULL
    struct arena prefix_arena, line_arena;
    struct gs1_prefixes prefixes;
    struct buf out;
    bool refused;
};

struct arguments {
    const char *to, *prefix_file, *file; // or NULL
};

static bool arguments_read(int argc, char **argv, struct arguments *out)
{
    for (int i = 1; i < argc; i++) {
        bool to = strcmp(argv[i], "--to") == 0, prefixes = strcmp(argv[i], "--prefixes") == 0;
        bool is_file = argv[i][0] != '-' || argv[i][1] == 0;
        const char **value = to ? &out->to : prefixes ? &out->prefix_file : &out->file;
        if (!to && !prefixes && !is_file) return false;
        if ((to || prefixes) && ++i == argc) return false;
        if (*value != NULL) return false;
        *value = argv[i];
    }
    return out->to != NULL;
}

static int named(const char *name, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
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

    TRY(prefix_file_read(c->prefix_file, &c->prefix_arena, &c->prefixes));
    while (line_read(line, GS1_TEXT_MAX, &in)) line_answer(c, in);
    if (ferror(stdin)) return fail(ST_INTERNAL, "file.read", 0, "standard input cannot be read");
    return cli_output_done();
}

static int convert_lines(enum gs1_form form, const char *prefix_file)
{
    struct convert c = {.form = form, .prefix_file = prefix_file};

    arena_init(&c.prefix_arena, PREFIX_ARENA);
    arena_init(&c.line_arena, 4 * GS1_TEXT_MAX);
    buf_init(&c.out, 8 * GS1_TEXT_MAX); // every byte escaped, and what stands around
    status st = lines_convert(&c);
    arena_fini(&c.prefix_arena);
    arena_fini(&c.line_arena);
    buf_fini(&c.out);
    return cli_end("convert", st) != 0 || c.refused ? 1 : 0;
}

int cli_convert(int argc, char **argv)
{
    static const char *const forms[] = {
        [GS1_BRACKETED] = "bracketed", [GS1_DL] = "dl", [GS1_URN] = "urn", [GS1_RAW] = "raw"};
    static const char *const formats[EPCIS_FORMAT_COUNT] = {
        [EPCIS_JSON_2_0] = "json-ld", [EPCIS_XML_1_2] = "xml-1.2", [EPCIS_XML_2_0] = "xml-2.0"};
    struct arguments a = {.to = NULL};

    if (!arguments_read(argc, argv, &a)) return cli_usage("convert");
    int form = named(a.to, forms, (int)LEN(forms));
    int format = named(a.to, formats, EPCIS_FORMAT_COUNT);
    if (form >= 0 && a.file == NULL) return convert_lines((enum gs1_form)form, a.prefix_file);
    if (format < 0) return cli_usage("convert");
    return convert_document((enum epcis_format)format, a.prefix_file, a.file ? a.file : "-");
}
