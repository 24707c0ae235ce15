// Imports from foreign bytes: the first byte chooses text, CSV or JSON.
//
// Claims: a refusal has a reason and a place inside the body; a number that is read is a serial
// with attributes in their packed form; reading on from a copy of the reader gives the same number.
#include "common/bytes.h"
#include "service/gs1/id.h"
#include "service/pool/import_read.h"
#include <string.h>

static void attributes_are_packed(const struct import_number *x)
{
    struct bytes_r in = bytes_reader(x->attributes);
    uint64_t n = x->attributes.n == 0 ? 0 : bytes_get_var(&in);

    assert(n <= IMPORT_ATTRIBUTES_MAX && x->attributes.n <= IMPORT_VALUES_MAX + 1);
    for (; n > 0; n--) {
        str name = bytes_get_str(&in);
        (void)bytes_get_str(&in);
        assert(!in.bad && name.n >= 1 && name.n <= IMPORT_NAME_MAX);
    }
    assert(bytes_end(&in));
}

static void numbers_are_read(struct import_reader *r, struct arena *a, size_t n)
{
    struct import_number x, again;
    bool more = true, same;

    while (more) {
        struct import_reader copy = *r;
        status st = import_reader_next(r, a, &x, &more);
        if (st.cls != ST_OK) {
            assert(st.reason != NULL && st.at <= n);
            return;
        }
        if (!more) return;
        assert(gs1_serial_check(x.text, GS1_SERIAL_MAX).cls == ST_OK);
        attributes_are_packed(&x);
        st = import_reader_next(&copy, a, &again, &same);
        assert(st.cls == ST_OK && same && again.line == x.line && str_eq(again.text, x.text));
        assert(str_eq(again.attributes, x.attributes));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct import_reader r;
    struct arena a;

    if (n < 1) return 0;
    str body = {(const char *)data + 1, n - 1};
    arena_init(&a, 64 * MB);
    status st = import_reader_init(&r, (enum import_form)(data[0] % 3), body, &a);
    if (st.cls == ST_OK)
        numbers_are_read(&r, &a, body.n);
    else
        assert(st.reason != NULL && st.at <= body.n);
    arena_fini(&a);
    return 0;
}
