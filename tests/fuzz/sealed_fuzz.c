// sealed_fuzz.c - page tokens from foreign bytes.
//
// Claims: what is taken was given out: sealed again it is the same text, but for the case of its
// digits; what is made of any key comes back; the input is untouched.
#include "service/api/sealed.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint8_t key[16] = {7};
    str in = {(const char *)data, n}, route = S("/v1/lots"), back;
    struct arena a;
    struct buf b;

    arena_init(&a, 64 * KB);
    buf_init(&b, 64 * KB);
    if (sealed_get(key, route, in, &a, &back)) {
        sealed_put(key, route, back, &b);
        assert(str_eq_fold(buf_str(&b), in));
    }
    if (n > 0 && n <= SEALED_KEY_MAX) {
        buf_reset(&b);
        sealed_put(key, route, in, &b);
        assert(sealed_get(key, route, buf_str(&b), &a, &back) && str_eq(back, in));
    }
    buf_fini(&b);
    arena_fini(&a);
    return 0;
}
