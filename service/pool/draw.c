// draw.c - the numbers that a request gets, and those it must pass over.
//
// Inside one space and key no number comes twice by construction. Two keys over the same texts
// (epochs of a pool) know nothing of each other, so a candidate is passed over when its text is a
// number that an older epoch has taken; and when an import has taken the number itself. The caller
// gives no past and no reservation where the identifier has none: then nothing is computed.
#include "service/pool/space.h"
#include <string.h>

enum { SLICE = 256 };

// Marks the candidates first..first+n-1 whose text an older epoch has taken.
static void mark_past(const struct space_draw *d, uint64_t first, uint32_t n, bool taken[SLICE])
{
    char room[SLICE][TEXT_LENGTH_MAX];
    str texts[SLICE];
    uint64_t ordinals[SLICE];
    unsigned length = space_length(d->space);

    status st = space_text(d->space, first, n, (struct space_sink){room[0], sizeof room[0]});
    assert(st.cls == ST_OK);
    for (uint32_t i = 0; i < n; i++) texts[i] = (str){room[i], length};
    for (size_t p = 0; p < d->past_count; p++) {
        space_ordinal_list(d->past[p].space, texts, n, ordinals);
        for (uint32_t i = 0; i < n; i++) // SPACE_NO_ORDINAL is above every mark
            taken[i] = taken[i] || ordinals[i] < d->past[p].high;
    }
}

// Marks the reserved ones; `at` is the first reservation that was not passed yet.
static size_t mark_reserved(const struct space_draw *d, uint64_t first, uint32_t n, size_t at,
                            bool taken[SLICE])
{
    for (; at < d->reserved_count && d->reserved[at] < first + n; at++) {
        assert(at == 0 || d->reserved[at - 1] < d->reserved[at]);
        if (d->reserved[at] >= first) taken[d->reserved[at] - first] = true;
    }
    return at;
}

static struct space_drawn take_run(const struct space_draw *d, uint64_t left)
{
    uint32_t n = d->wanted < left ? d->wanted : (uint32_t)left;
    return (struct space_drawn){.count = n, .consumed = n};
}

struct space_drawn space_candidates(const struct space_draw *d)
{
    struct space_drawn out = {0};
    uint64_t left = d->space->capacity - d->first; // candidates not looked at
    size_t reserved = 0;

    assert(d->first <= d->space->capacity);
    if (d->past_count == 0 && d->reserved_count == 0) return take_run(d, left);
    while (out.count < d->wanted && left > 0) {
        bool taken[SLICE] = {false};
        uint64_t first = d->first + out.consumed;
        uint32_t n = d->wanted - out.count < SLICE ? d->wanted - out.count : SLICE;

        if (n > left) n = (uint32_t)left;
        if (d->past_count > 0) mark_past(d, first, n, taken);
        reserved = mark_reserved(d, first, n, reserved, taken);
        for (uint32_t i = 0; i < n; i++) {
            if (taken[i] && out.skipped == d->skipped_max) return out;
            if (taken[i])
                d->skipped[out.skipped++] = first + i;
            else
                out.count++;
            out.consumed++;
        }
        left -= n;
    }
    return out;
}
