// What differences may be explained as, and the decided part of `lot.explained`: lot 4 | as 1 |
// level 1 | count var | units, runs | reason str | balance str. The kind itself is the room's of
// events: units that are explained change there.
#include "common/bytes.h"
#include "service/lot/papers.h"

#define NO_ACT      (enum unit_act)0
#define OF(counter) (DIFFERENCE_PHYSICAL + PHYSICAL_##counter)
// clang-format off
static const struct explanation table[] = { // the place is on disk: only added to at the end
    // word                     of                       by count act            numbers
    {"lost_on_line",            DIFFERENCE_UNKNOWN_FATE, true,  ACT_LOSE,        true },
    {"never_used",              DIFFERENCE_UNKNOWN_FATE, false, ACT_INVALIDATE,  true },
    {"sample_not_recorded",     DIFFERENCE_LOOSE,        false, ACT_SAMPLE,      false},
    {"destroyed_not_recorded",  DIFFERENCE_LOOSE,        false, ACT_DESTROY,     false},
    {"missing",                 DIFFERENCE_LOOSE,        false, ACT_LOSE,        false},
    {"kept_loose",              DIFFERENCE_LOOSE,        true,  NO_ACT, false},
    {"printer_miscount",        OF(PRINTER),     true, NO_ACT, false},
    {"camera_good_miscount",    OF(CAMERA_GOOD), true, NO_ACT, false},
    {"camera_bad_miscount",     OF(CAMERA_BAD), true, NO_ACT, false},
    {"reject_bin_miscount",     OF(REJECT_BIN), true, NO_ACT, false},
};
// clang-format on

const struct explanation *explanation_find(str word)
{
    for (size_t i = 0; i < LEN(table); i++)
        if (str_eq(word, str_of(table[i].word))) return &table[i];
    return NULL;
}

const struct explanation *explanation_at(unsigned number)
{
    return number < LEN(table) ? &table[number] : NULL;
}

unsigned explanation_number(const struct explanation *e) { return (unsigned)(e - table); }

void lot_explained_put(struct buf *b, const struct lot_explained *x)
{
    bytes_u(b, x->lot, 4);
    bytes_u(b, explanation_number(x->as), 1);
    bytes_u(b, x->level, 1);
    bytes_var(b, x->count);
    runs_put(b, &x->units);
    bytes_str(b, x->reason);
    bytes_str(b, x->balance);
}

status lot_explained_get(str decided, struct arena *a, struct lot_explained *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct lot_explained x = {.lot = (uint32_t)bytes_get_u(&r, 4)};

    x.as = explanation_at((unsigned)bytes_get_u(&r, 1));
    x.level = (uint8_t)bytes_get_u(&r, 1);
    x.count = bytes_get_var(&r);
    x.units = runs_get(&r, a);
    x.reason = bytes_get_str(&r);
    x.balance = r.bad || r.p == r.end ? S("") : bytes_get_str(&r);
    if (!bytes_end(&r) || x.as == NULL || x.level >= PRODUCT_LEVELS_MAX)
        return fail(ST_STORE, "record.corrupt", 0, "an explanation breaks off");
    *out = x;
    return OK;
}
