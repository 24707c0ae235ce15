#include "service/ops/memory.h"
#include "common/str.h"
#include <stdio.h>

// "RssAnon:	    1234 kB"
static uint64_t kilobytes(str line)
{
    str name, number;
    uint64_t n;

    if (!str_cut(&line, ':', &name)) return 0;
    if (!str_eq(name, S("RssAnon")) && !str_eq(name, S("RssShmem"))) return 0;
    line = str_trim(line);
    return str_cut(&line, ' ', &number) && str_u64(number, UINT64_MAX / KB, &n) ? n : 0;
}

uint64_t memory_resident(int pid)
{
    char path[64], line[256];
    uint64_t sum = 0;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) return 0;
    while (fgets(line, sizeof line, f) != NULL) sum += kilobytes(str_of(line)) * KB;
    fclose(f);
    return sum;
}
