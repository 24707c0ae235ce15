#include "common/name_sync.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool name_sync(const char *path)
{
    char folder[NAME_SYNC_MAX];
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') n--;
    while (n > 0 && path[n - 1] != '/') n--;
    if (n + 3 > sizeof folder) return errno = ENAMETOOLONG, false;
    memcpy(folder, n == 0 ? "./" : path, n == 0 ? 2 : n);
    folder[n == 0 ? 2 : n] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool done = fsync(fd) == 0;
    int why = errno;
    close(fd);
    errno = why;
    return done;
}
