// `packtrail validate FILE…`: a line for every file that is right, and for everything in one that
// is not.
#include "service/cli/cli.h"
#include "service/cli/document.h"
#include <stdio.h>

struct validation {
    const char *path;
    struct buf line;
    bool refused;
};

static void say(struct validation *v)
{
    str line = buf_str(&v->line);

    v->refused = true;
    printf("%s: %.*s\n", v->path, STR(line));
    buf_reset(&v->line);
}

static status event_validate(void *self, const struct document_event *e)
{
    struct validation *v = self;
    status st = e->read.cls == ST_OK ? epcis_event_check(e->event) : e->read;

    if (st.cls == ST_OK && e->event->step_misspelt)
        st = fail(ST_BAD_INPUT, "epcis.word", 0, "bizStep: it is spelt decommissioning");
    if (st.cls == ST_OK) return OK;
    document_refusal(e, &st, &v->line);
    say(v);
    return OK;
}

static const struct document_ops validate_ops = {.taken_in = true, .event = event_validate};

static bool file_validate(const char *path)
{
    struct validation v = {.path = path};

    buf_init(&v.line, 1 * KB);
    status st = document_read(path, &validate_ops, &v);
    if (st.cls != ST_OK) {
        buf_addf(&v.line, "%s byte %u: %s", st.reason, st.at, st.text);
        say(&v);
    }
    if (!v.refused) printf("%s: ok\n", path);
    buf_fini(&v.line);
    return !v.refused;
}

int cli_validate(int argc, char **argv)
{
    bool good = true;

    if (argc < 2) return cli_usage("validate");
    for (int i = 1; i < argc; i++) good = file_validate(argv[i]) && good;
    return cli_end("validate", cli_output_done()) != 0 || !good ? 1 : 0;
}
