// One part of an import: its numbers are read, and those noted that are known already or stood
// before in the same import. Runs on the request's loop.
#include "common/digest.h"
#include "service/pool/import_run.h"
#include "service/pool/pool_int.h"

status import_part_read(struct importing *m, struct import_reader *reader, bool *more)
{
    arena_reset(&m->part);
    m->n = 0;
    m->numbers = NEW_ARRAY(&m->part, struct import_number, IMPORT_PART);
    if (m->numbers == NULL) return no_memory();
    for (*more = true; *more && m->n < IMPORT_PART;) {
        struct import_number *x = &m->numbers[m->n];
        TRY(import_reader_next(reader, &m->part, x, more));
        if (*more) m->n++;
    }
    return OK;
}

static void note_offender(struct importing *m, const struct import_number *x, status st)
{
    uint32_t n = m->offender_count++;

    if (n == 0) m->offence = st;
    if (n >= IMPORT_OFFENDERS_MAX) return;
    m->lines[n] = x->line;
    import_offender(&m->offenders, m->gtin, x, st.reason);
}

// Was it in this import before? 64 bits of SHA-256: in a million numbers two unequal ones would
// be taken for equal once in 37 million imports, and then a number is refused, not lost.
static bool seen_before(struct importing *m, str serial)
{
    struct sha256 sum = sha256_of(serial);
    uint64_t digest = get_be(sum.b, 8) | 1;

    for (size_t at = digest >> 8;; at++) {
        uint64_t *slot = &m->seen[at & m->seen_mask];
        if (*slot == digest) return true;
        if (*slot != 0) continue;
        *slot = digest;
        return false;
    }
}

status import_part_check(struct importing *m)
{
    struct txn *t = api_snapshot(m->r);
    struct import_check k = {.names = names_here(api_site(m->r)),
                             .t = t,
                             .arena = &m->part,
                             .pool = m->pool,
                             .numbers = m->numbers,
                             .n = m->n};

    status st = import_check(&k);
    TRY(api_snapshot_end(m->r, OK));
    for (uint32_t i = 0; st.cls == ST_OK && i < m->n; i++) {
        const struct import_number *x = &m->numbers[i];
        status wrong = OK;
        if (seen_before(m, x->text) || k.taken[i])
            wrong = fail(ST_CONFLICT, "serial.duplicate", 0, "it is known already or stands twice");
        else if (m->market != NULL)
            wrong = market_number_check(m->market, x->text, x->attributes);
        if (wrong.cls != ST_OK) note_offender(m, x, wrong);
    }
    return st;
}
