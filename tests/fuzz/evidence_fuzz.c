// Evidence from foreign bytes: the first byte says whether its serials are of a GTIN that is told.
//
// Claims: a refusal has a reason and a place inside the text; what is handed on is a serial of its
// GTIN or one single unit, and as many as are counted; reading again gives the same.
#include "service/cli/evidence.h"
#include <string.h>

struct seen {
    uint64_t numbers;
    struct digest16 all;
};

static void add(struct seen *s, str a, str b)
{
    struct digest16 d = digest16_of(a, b);
    char both[32];

    memcpy(both, &s->all, 16);
    memcpy(both + 16, &d, 16);
    s->all = digest16_of((str){both, sizeof both}, (str){0});
    s->numbers++;
}

static status take_head(void *self, str journal, const struct journal_head *said)
{
    (void)self, (void)said;
    assert(journal.n > 0);
    return OK;
}

static status take_mark(void *self, const struct advance_mark *m)
{
    assert(m->space > 0 && m->pool.n > 0);
    add(self, m->pool, (str){(const char *)&m->high, sizeof m->high});
    return OK;
}

static status take_serials(void *self, const char gtin[14], const str *serials, uint32_t n)
{
    assert(n > 0 && n <= 256 && gs1_check_digit_ok((str){gtin, 14}));
    for (uint32_t i = 0; i < n; i++) {
        assert(gs1_serial_check(serials[i], GS1_SERIAL_MAX).cls == ST_OK);
        add(self, (str){gtin, 14}, serials[i]);
    }
    return OK;
}

static status take_id(void *self, const struct gs1_id *id)
{
    assert(!id->is_class && id->scheme != GS1_SGTIN);
    add(self, gs1_id_key(id), id->ext);
    return OK;
}

static const struct evidence_ops ops = {take_head, take_mark, take_serials, take_id};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct seen a = {0}, b = {0};

    if (n < 1) return 0;
    struct evidence_file f = {.path = "/dev/null",
                              .gtin = data[0] & 1 ? S("09506000134352") : S("")};
    str text = {(const char *)data + 1, n - 1};
    status st = evidence_take(&f, text, &ops, &a);
    if (st.cls != ST_OK) assert(st.reason != NULL && st.at <= n);
    if (st.cls == ST_OK) assert(f.numbers == a.numbers);
    status again = evidence_take(&f, text, &ops, &b);
    assert(again.cls == st.cls && a.numbers == b.numbers && memcmp(&a.all, &b.all, 16) == 0);
    return 0;
}
