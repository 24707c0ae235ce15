#include "common/plain_file.h"
#include <sys/stat.h>

bool plain_file(const char *path)
{
    struct stat s;
    return stat(path, &s) != 0 || S_ISREG(s.st_mode);
}
