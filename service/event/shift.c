// Pure but for the rows. In the committer and in replays.
//
// row '7' line 4, space 4 -> lot var | packs seen var | gaps had var | raised: first 5, count 1
//     | tracks 1, for each: next ordinal var | gaps in hand 1, for each: first var, count 1, cases
//     1, ordinal after it var, case var
#include "service/event/shift.h"
#include "service/journal/numbers.h"
#include "service/pool/pool_db.h"
#include <string.h>

// What makes a gap one that is told: so many packs in order before it, and so many more for each
// gap that the line had already. Of numbers nobody ever spoke of few are enough; packs that were
// good and lie somewhere may be set aside for rework. Where gaps are the line's nature, one of
// several neighbours is told if they would hardly ever come together by chance.
#define SILENT_FIRST 12u
#define SILENT_EACH  200u
#define LOOSE_FIRST  500u
#define LOOSE_EACH   1000u
#define HARDLY_EVER  1000000u // packs

struct key {
    char b[9];
};

static struct key key_of(struct shift_of of)
{
    struct key k = {.b = {ROW_LABEL_ORDER}};

    put_be(k.b + 1, of.line, 4);
    put_be(k.b + 5, of.space, 4);
    return k;
}

bool shift_get(struct txn *t, struct shift_of of, struct shift_row *out)
{
    struct key k = key_of(of);
    str v;

    memset(out, 0, sizeof *out);
    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return false;
    struct bytes_r r = bytes_reader(v);
    out->lot = (uint32_t)bytes_get_var(&r);
    out->seen = bytes_get_var(&r);
    out->had = bytes_get_var(&r);
    out->raised = bytes_get_u(&r, 5);
    out->raised_count = (uint8_t)bytes_get_u(&r, 1);
    out->tracks = (uint8_t)bytes_get_u(&r, 1);
    for (unsigned i = 0; i < out->tracks && i < SHIFT_TRACKS; i++) out->next[i] = bytes_get_var(&r);
    out->gaps = (uint8_t)bytes_get_u(&r, 1);
    for (unsigned i = 0; i < out->gaps && i < SHIFT_GAPS; i++) {
        struct shift_gap *g = &out->gap[i];
        g->first = bytes_get_var(&r);
        g->count = (uint8_t)bytes_get_u(&r, 1);
        g->cases = (uint8_t)bytes_get_u(&r, 1);
        g->after = bytes_get_var(&r);
        g->container.v = bytes_get_var(&r);
    }
    if (bytes_end(&r) && out->tracks <= SHIFT_TRACKS && out->gaps <= SHIFT_GAPS) return true;
    txn_spoil(t, "store.corrupt", "the order of labels on a line");
    memset(out, 0, sizeof *out);
    return false;
}

void shift_put(struct txn *t, struct shift_of of, const struct shift_row *x)
{
    struct key k = key_of(of);
    struct buf b;

    buf_init(&b, 1 * KB);
    bytes_var(&b, x->lot);
    bytes_var(&b, x->seen);
    bytes_var(&b, x->had);
    bytes_u(&b, x->raised, 5);
    bytes_u(&b, x->raised_count, 1);
    bytes_u(&b, x->tracks, 1);
    for (unsigned i = 0; i < x->tracks; i++) bytes_var(&b, x->next[i]);
    bytes_u(&b, x->gaps, 1);
    for (unsigned i = 0; i < x->gaps; i++) {
        bytes_var(&b, x->gap[i].first);
        bytes_u(&b, x->gap[i].count, 1);
        bytes_u(&b, x->gap[i].cases, 1);
        bytes_var(&b, x->gap[i].after);
        bytes_var(&b, x->gap[i].container.v);
    }
    assert(!b.failed);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, buf_str(&b));
    buf_fini(&b);
}

// ---- numbers that were passed over

// ELSEWHERE: it came back to its pool, so its label is on no roll, or in another request's order.
enum fate { TOLD, LOOSE, SILENT, ELSEWHERE };

static bool is_untold(enum fate f) { return f == LOOSE || f == SILENT; }

static enum fate fate_of(struct unit_rows *rows, unit_id u)
{
    struct unit x = unit_get(rows, u);

    if (x.state == UNIT_RETURNED_TO_OWNER && number_lies_in_pool(rows->t, u)) return ELSEWHERE;
    if (x.flags & (UNIT_LOST | UNIT_STOLEN | UNIT_HOLD) || x.parent.v != 0) return TOLD;
    bool loose = x.state == UNIT_COMMISSIONED || x.state == UNIT_CLOSED || x.state == UNIT_OPEN;
    if (x.state > UNIT_PRINTED && !loose) return TOLD;
    if (number_was_given_again(rows->t, u)) return ELSEWHERE;
    return loose ? LOOSE : SILENT;
}

struct looked {
    unsigned untold;
    bool silent; // all of these were never spoken of
};

static struct looked look(struct unit_rows *rows, uint32_t space, uint64_t first, unsigned count)
{
    struct looked l = {0, true};

    for (unsigned i = 0; i < count; i++) {
        enum fate f = fate_of(rows, unit_id_of(space, first + i));
        l.untold += is_untold(f);
        l.silent &= f != LOOSE;
    }
    return l;
}

bool shift_is_gone(const struct shift_row *x, uint32_t space, struct unit_rows *rows)
{
    return look(rows, space, x->raised, x->raised_count).untold == 0;
}

// ---- gaps

static void forget(struct shift_row *x, unsigned i)
{
    x->gaps--;
    memmove(&x->gap[i], &x->gap[i + 1], (x->gaps - i) * sizeof x->gap[0]);
}

static void add(struct shift_row *x, const struct shift_gap *g)
{
    if (x->gaps == SHIFT_GAPS) { // so many at once are the line's nature
        x->had++;
        forget(x, 0);
    }
    x->gap[x->gaps++] = *g;
}

struct passed { // numbers that `at` came instead of
    uint64_t next, end, at;
};

// Each stretch of untold ones is a gap, whatever lies in it that is no label of this roll.
static void pass_over(struct shift_row *x, const struct shift_case *c, struct unit_rows *rows,
                      const struct passed *p)
{
    uint32_t space = unit_space(c->at[0].first);
    struct shift_gap g = {.after = p->at, .container = c->container};

    for (uint64_t i = p->next; i <= p->end; i++) {
        enum fate f = i < p->end ? fate_of(rows, unit_id_of(space, i)) : TOLD;
        if (is_untold(f) && g.count == 0) g.first = i;
        if (is_untold(f)) g.count = (uint8_t)(i + 1 - g.first); // at most SHIFT_REACH
        if (f != TOLD || g.count == 0) continue;
        add(x, &g);
        g.count = 0;
    }
}

static bool has_label_of(const struct shift_gap *g, const struct run *r, struct txn *t)
{
    uint64_t from = unit_ordinal(r->first), to = from + r->count, end = g->first + g->count;

    for (uint64_t i = from > g->first ? from : g->first; i < to && i < end; i++)
        if (!number_was_given_again(t, unit_id_of(unit_space(r->first), i))) return true;
    return false;
}

// They came after all.
static void came(struct shift_row *x, const struct run *r, struct txn *t)
{
    for (unsigned i = x->gaps; i-- > 0;)
        if (has_label_of(&x->gap[i], r, t)) forget(x, i);
}

static uint64_t *track_of(struct shift_row *x, uint64_t at)
{
    uint64_t *best = NULL;

    for (unsigned i = 0; i < x->tracks; i++) {
        bool reaches = x->next[i] <= at && at - x->next[i] <= SHIFT_REACH;
        if (reaches && (best == NULL || x->next[i] > *best)) best = &x->next[i];
    }
    return best;
}

static bool is_behind(const struct shift_row *x, uint64_t at)
{
    for (unsigned i = 0; i < x->tracks; i++)
        if (at < x->next[i]) return true;
    return false;
}

static void track_add(struct shift_row *x, uint64_t next)
{
    if (x->tracks == SHIFT_TRACKS) memmove(x->next, x->next + 1, (--x->tracks) * sizeof x->next[0]);
    x->next[x->tracks++] = next;
}

// A roll is one request's numbers. Where another line drew from the same pool in between, the next
// roll begins far from where this one ends: the track whose roll is all but used up goes on there.
static uint64_t *roll_before(struct shift_row *x, struct txn *t, unit_id u, struct passed parts[2])
{
    struct issue_row now, then;

    if (!issue_first_of(t, u, &now)) return NULL;
    for (unsigned i = x->tracks; i-- > 0;) {
        uint64_t next = x->next[i], at = unit_ordinal(u);
        unit_id last = unit_id_of(unit_space(u), next - 1);
        if (next > now.first || !issue_first_of(t, last, &then)) continue;
        uint64_t end = then.first + then.consumed;
        if (end - next + at - now.first > SHIFT_REACH) continue;
        parts[0] = (struct passed){next, end, at};
        parts[1] = (struct passed){now.first, at, at};
        return &x->next[i];
    }
    return NULL;
}

// True: it goes on in the order of issue. What is behind all that came is rework.
static bool take_run(struct shift_row *x, const struct shift_case *c, const struct run *r,
                     struct unit_rows *rows)
{
    uint64_t at = unit_ordinal(r->first), end = at + r->count;
    uint64_t *next = track_of(x, at);
    struct passed parts[2] = {
        {next == NULL ? at : *next, at, at}
    };

    came(x, r, rows->t);
    if (next == NULL && is_behind(x, at)) return false;
    x->seen += r->count;
    if (next == NULL) {
        next = roll_before(x, rows->t, r->first, parts);
        if (next == NULL) return track_add(x, end), true;
    }
    for (unsigned i = 0; i < 2; i++) pass_over(x, c, rows, &parts[i]);
    *next = end;
    return true;
}

// ---- a shift

static bool is_surprising(const struct shift_row *x, const struct looked *l)
{
    uint64_t first = l->silent ? SILENT_FIRST : LOOSE_FIRST, chance = 1;

    if (x->seen >= first + x->had * (l->silent ? SILENT_EACH : LOOSE_EACH)) return true;
    if (x->seen < LOOSE_FIRST) return false;
    for (unsigned i = 0; i < l->untold && chance < HARDLY_EVER; i++) chance *= x->seen / x->had;
    return chance >= HARDLY_EVER;
}

// Another gap that is still open says that the order is not constant; packs that lie somewhere say
// nothing against labels that were never heard of.
static bool is_alone(const struct shift_row *x, uint32_t space, struct unit_rows *rows, bool silent)
{
    bool alone = true;

    for (unsigned i = 0; i < x->gaps && alone; i++) {
        struct looked l = look(rows, space, x->gap[i].first, x->gap[i].count);
        alone = l.untold == 0 || (silent && !l.silent);
    }
    return alone;
}

// A gap that has stood long enough is one of the line's, and a shift if it is the only one.
static bool ripen(struct shift_row *x, const struct shift_case *c, struct unit_rows *rows,
                  struct shift_gap *out)
{
    uint32_t space = unit_space(c->at[0].first);
    struct shift_gap g = x->gap[0];
    struct looked l = look(rows, space, g.first, g.count);

    forget(x, 0);
    if (l.untold == 0) return false; // told in the meantime
    bool is_shift = is_surprising(x, &l) && is_alone(x, space, rows, l.silent);
    x->had++;
    if (!is_shift) return false;
    x->raised = g.first;
    x->raised_count = g.count;
    *out = g;
    return true;
}

bool shift_step(struct shift_row *x, const struct shift_case *c, struct unit_rows *rows,
                struct shift_gap *out)
{
    bool forward = false, shift = false;

    if (x->lot != c->lot) x->tracks = x->gaps = x->raised_count = 0;
    x->lot = c->lot;
    for (uint32_t i = 0; i < c->n; i++) forward |= take_run(x, c, &c->at[i], rows);
    for (unsigned i = 0; i < x->gaps && forward; i++) x->gap[i].cases++;
    while (x->gaps > 0 && x->gap[0].cases >= c->cases && !shift) shift = ripen(x, c, rows, out);
    return shift;
}

bool shift_may(const struct shift_row *x, unsigned cases)
{
    return x->gaps > 0 && x->gap[0].cases + 1u >= cases;
}
