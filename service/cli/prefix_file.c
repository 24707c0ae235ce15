#include "service/cli/prefix_file.h"
#include "service/ops/folder.h"

#define PREFIX_FILE_MAX (4 * MB) // GS1_PREFIXES_MAX lines and remarks

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

status prefix_file_read(const char *path, struct arena *a, struct gs1_prefixes *out)
{
    struct buf text;
    str *list;
    status st = OK;

    if (path == NULL) return OK;
    buf_init(&text, PREFIX_FILE_MAX);
    if ((st = folder_get(path, &text)).cls != ST_OK) goto out;
    size_t n = prefix_lines(buf_str(&text), NULL);
    if ((list = NEW_ARRAY(a, str, n + 1)) == NULL) {
        st = fail(ST_TOO_LARGE, "prefix.too_many", 0, "no room for %zu company prefixes", n);
        goto out;
    }
    prefix_lines(buf_str(&text), list);
    st = gs1_prefixes_build(list, n, a, out);
out:
    buf_fini(&text);
    return st;
}
