// capture_pack: each thread keeps a deflater, for making one costs more than it deflates.
#include "service/event/capture.h"
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#define PACK_FROM ((size_t)KB) // bodies of this size on are deflated

static pthread_key_t deflater_key;
static pthread_once_t deflater_once = PTHREAD_ONCE_INIT;

static void deflater_end(void *p)
{
    (void)deflateEnd(p);
    free(p);
}

static void deflater_init(void)
{
    int rc = pthread_key_create(&deflater_key, deflater_end);
    assert(rc == 0);
}

static z_stream *deflater_here(void)
{
    pthread_once(&deflater_once, deflater_init);
    z_stream *z = pthread_getspecific(deflater_key);
    if (z != NULL) return deflateReset(z) == Z_OK ? z : NULL;
    z = calloc(1, sizeof *z);
    assert(z != NULL && deflateInit(z, 1) == Z_OK);
    int rc = pthread_setspecific(deflater_key, z);
    assert(rc == 0);
    return z;
}

status capture_pack(str bytes, struct arena *a, str *packed)
{
    z_stream *deflater = bytes.n < PACK_FROM ? NULL : deflater_here();

    *packed = (str){0};
    if (deflater == NULL) return OK;
    size_t most = compressBound(bytes.n);
    char *p = arena_alloc(a, most);
    if (p == NULL) return no_memory();
    deflater->next_in = (Bytef *)(uintptr_t)bytes.p;
    deflater->avail_in = (uInt)bytes.n;
    deflater->next_out = (Bytef *)p;
    deflater->avail_out = (uInt)most;
    if (deflate(deflater, Z_FINISH) == Z_STREAM_END && most - deflater->avail_out < bytes.n)
        *packed = (str){p, most - deflater->avail_out};
    return OK;
}
