#include "service/cli/file_digest.h"
#include "common/digest.h"
#include <stdio.h>

status file_digest(const char *path, char hex[65])
{
    static char piece[64 * KB];
    struct sha256_run run;
    FILE *f = fopen(path, "rbe");

    if (f == NULL) return fail(ST_STORE, "file.read", 0, "%s cannot be read", path);
    sha256_start(&run);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) sha256_add(&run, (str){piece, n});
    bool good = !ferror(f);
    fclose(f);
    if (!good) return fail(ST_STORE, "file.read", 0, "%s cannot be read", path);
    struct sha256 digest = sha256_end(&run);
    hex_put(hex, digest.b, sizeof digest.b);
    hex[64] = 0;
    return OK;
}
