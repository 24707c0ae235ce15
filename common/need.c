#include "common/need.h"
#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static void *need(size_t n)
{
    void *p = malloc(n);

    assert(p != NULL || n == 0);
    return p;
}

static void *need_again(void *p, size_t n)
{
    void *more = realloc(p, n);

    assert(more != NULL || n == 0);
    return more;
}

static void *ssl_need(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return need(n);
}

static void *ssl_need_again(void *p, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return need_again(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    free(p);
}

void need_memory(void)
{
    event_set_mem_functions(need, need_again, free);
    int taken = CRYPTO_set_mem_functions(ssl_need, ssl_need_again, ssl_free);
    assert(taken == 1);
}
