// The files are unlinked while they are open: however the process ends, nothing stays behind.
#include "service/ops/scratch.h"
#include "service/ops/folder.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

status scratch_open(const char *where, size_t map_max, struct db *of, struct db **out)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[FOLDER_PATH_MAX], file[FOLDER_PATH_MAX];
    struct db_conf conf = {.folder = path, .map_max = map_max, .readers = 8};

    int n = snprintf(path, sizeof path, "%s/packtrail-verify-XXXXXX", where);
    if (n < 0 || (size_t)n > sizeof path - 16 || mkdtemp(path) == NULL)
        return fail(ST_STORE, "verify.scratch", 0, "%s: %s", where, strerror(errno));
    status st = of == NULL ? OK : db_copy(of, path);
    if (st.cls == ST_OK) st = db_open(&conf, out);
    for (size_t i = 0; i < LEN(files); i++) {
        snprintf(file, sizeof file, "%.*s/%s", n, path, files[i]);
        unlink(file);
    }
    rmdir(path);
    return st;
}
