// pdg_fuzz.c - messages of trading partners from foreign bytes.
//
// Claims: a refusal has a reason and a place within the input; a message that was read, written
// and read again is written the same; the input is untouched.
#include "service/inbox/pdg.h"
#include <string.h>

#define WRITTEN_MAX (16 * MB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write(const struct pdg_message *m, struct buf *b)
{
    struct json_w w = json_writer(b);

    pdg_write(m, &w);
    assert(!b->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pdg_message first, second;
    struct buf once, twice;
    struct arena a;

    arena_init(&a, 64 * MB);
    buf_init(&once, WRITTEN_MAX);
    buf_init(&twice, WRITTEN_MAX);
    status st = pdg_read((str){(const char *)data, n}, &a, &first);
    if (st.cls == ST_OK) {
        assert(first.n <= PDG_ITEMS_MAX && first.id.n > 0 && first.email.n > 0);
        write(&first, &once);
        status again = pdg_read(buf_str(&once), &a, &second);
        assert(again.cls == ST_OK && second.type == first.type && second.n == first.n);
        write(&second, &twice);
        assert(str_eq(buf_str(&once), buf_str(&twice)));
    } else {
        assert(st.reason != NULL && st.at <= n);
    }
    buf_fini(&twice);
    buf_fini(&once);
    arena_fini(&a);
    return 0;
}
