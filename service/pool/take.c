// Which ordinals a request takes out of a space, and which it passes over because their texts are
// taken: by an older epoch of the pool, or by an import.
//
// Imports that came after the space have reserved their ordinals ('r' rows). For imports that are
// older than it (a new epoch, or a pool made later) nobody had the key to do so: there the text of
// each candidate is looked up. Nothing of all this is computed where there is nothing to meet.
//
// Of a list those are passed over that a captured event told of while they lay in it.
//
// Runs in the committer; memory is the job's arena.
#include "service/pool/take.h"
#include "service/journal/restored.h"
#include "service/pool/foreign.h"
#include "service/unit/unit_db.h"
#include <stdlib.h>
#include <string.h>

enum { RESERVED_MAX = 4096, SLICE = 256 };

struct taking {
    struct take *k;
    const struct number_space *space;
    struct space_past past[POOL_SPACES_MAX];
    size_t past_count;
    uint64_t *reserved;
    uint32_t reserved_count;
    uint64_t below; // candidates of this round are below it
    uint32_t skips_max;
    bool tests_names;
};

static status exhausted(const struct take *k, uint64_t got)
{
    uint64_t most = k->row->capacity - k->row->high;

    return fail(ST_CONFLICT, "pool.exhausted", 0, "the pool has %llu numbers left, not %u",
                (unsigned long long)(got > 0 || most > k->wanted ? got : most), k->wanted);
}

// The older epochs that have issued something.
static status past_load(struct taking *g)
{
    const struct pool_row *p = g->k->pool;
    struct number_space *copies = NEW_ARRAY(g->k->arena, struct number_space, p->space_count);
    struct space_row row;

    if (copies == NULL) return no_memory();
    for (uint32_t i = 0; i < p->space_count && p->spaces[i] != g->k->row->space; i++) {
        if (!space_row_get(g->k->t, p->spaces[i], &row) || row.high == 0) continue;
        const struct number_space *s = names_generated(g->k->names, g->k->t, row.space);
        if (s == NULL) return txn_status(g->k->t);
        copies[g->past_count] = *s; // the names may forget it for the next one
        g->past[g->past_count] = (struct space_past){&copies[g->past_count], row.high};
        g->past_count++;
    }
    return OK;
}

static void past_wipe(struct taking *g)
{
    for (size_t i = 0; i < g->past_count; i++) {
        struct number_space *copy = (struct number_space *)(uintptr_t)g->past[i].space;
        space_fini(copy);
    }
}

// Reservations from `from` on. Where there are more than fit, the round ends after the last.
static void reserved_load(struct taking *g, uint64_t from)
{
    struct barred_range r = {g->k->row->space, from, g->space->capacity};

    r.below = g->below = g->k->to > 0 ? g->k->to : g->space->capacity;
    g->reserved_count = 0;
    if (g->k->row->ahead == 0) return;
    g->reserved_count = barred_list(g->k->t, &r, g->reserved, RESERVED_MAX);
    if (g->reserved_count == RESERVED_MAX) g->below = g->reserved[RESERVED_MAX - 1] + 1;
}

// What events named before there was this space; after a restore what the lost machine gave.
static bool is_name(struct taking *g, str text)
{
    const struct space_row *row = g->k->row;
    bool sscc = row->sort == SPACE_OF_SSCC;
    struct gs1_id id = sscc ? gs1_sscc(text.p) : gs1_sgtin(row->gtin, text);
    struct buf b;

    buf_init(&b, FOREIGN_TEXT_MAX + KB);
    bool found = foreign_text(&id, &b).cls == ST_OK &&
                 (foreign_find(g->k->t, row->client, buf_str(&b)).v != 0 ||
                  (sscc && foreign_find(g->k->t, (client_id){0}, buf_str(&b)).v != 0));
    buf_fini(&b);
    return found;
}

// Candidates first..first+consumed-1 that were not skipped: which of their texts are imported?
static uint32_t find_texts(struct taking *g, uint64_t first, const struct space_drawn *d,
                           uint64_t hits[SLICE])
{
    const uint64_t *skipped = g->k->skips + g->k->skip_count;
    char texts[SLICE][TEXT_LENGTH_MAX];
    uint64_t ordinals[SLICE];
    uint32_t n = 0, s = 0, found = 0;
    const struct space_row *row = g->k->row;

    for (uint64_t at = first; at < first + d->consumed; at++) {
        if (s < d->skipped && skipped[s] == at)
            s++;
        else
            ordinals[n++] = at;
    }
    assert(n == d->count && n <= SLICE);
    status st =
        space_text_list(g->space, ordinals, n, (struct space_sink){texts[0], sizeof texts[0]});
    assert(st.cls == ST_OK);
    for (uint32_t i = 0; i < n; i++) {
        struct text_of of = {
            row->client, {row->gtin, 14                    },
             {texts[i],  space_length(g->space)}
        };
        if (text_find(g->k->t, &of).v != 0 || (g->tests_names && is_name(g, of.text)))
            hits[found++] = ordinals[i];
    }
    return found;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// Turns the plain ordinals that space_candidates left into ordinal and reason, with the hits among
// them, ascending.
static void note_skips(struct taking *g, uint32_t n, const uint64_t *hits, uint32_t found)
{
    uint64_t *skips = g->k->skips + g->k->skip_count;
    uint32_t r = 0;

    for (uint32_t i = 0; i < n; i++) {
        while (r < g->reserved_count && g->reserved[r] < skips[i]) r++;
        bool reserved = r < g->reserved_count && g->reserved[r] == skips[i];
        skips[i] = skips[i] << 2 | (reserved ? SKIP_RESERVED : SKIP_PAST);
    }
    for (uint32_t i = 0; i < found; i++) skips[n + i] = hits[i] << 2 | SKIP_FOUND;
    if (found > 0) qsort(skips, n + found, sizeof *skips, by_value);
    g->k->skip_count += n + found;
}

// How many candidates a round looks for. Each that is looked up may turn out to be taken: there
// must be room to note it.
static uint32_t round_of(const struct taking *g, uint32_t wanted, uint32_t room)
{
    if (!g->k->row->tests_lists) return wanted;
    if (wanted > SLICE) wanted = SLICE;
    if (wanted > room / 2) wanted = room / 2;
    return wanted > 0 || room == 0 ? wanted : 1;
}

// One round: *got numbers more. False: there is no room for what would have to be passed over.
static bool take_some(struct taking *g, uint32_t wanted, uint32_t *got)
{
    struct take *k = g->k;
    struct number_space part = *g->space;
    uint64_t first = k->row->high + k->consumed, hits[SLICE];
    uint32_t found = 0, room = g->skips_max - k->skip_count;
    uint32_t n = round_of(g, wanted, room), most = k->row->tests_lists ? room - n : room;

    part.capacity = g->below;
    struct space_draw draw = {.space = &part,
                              .past = g->past,
                              .past_count = g->past_count,
                              .reserved = g->reserved,
                              .reserved_count = g->reserved_count,
                              .first = first,
                              .wanted = n,
                              .skipped = k->skips + k->skip_count,
                              .skipped_max = most};
    struct space_drawn d = space_candidates(&draw);
    if (k->row->tests_lists) found = find_texts(g, first, &d, hits);
    note_skips(g, d.skipped, hits, found);
    k->consumed += d.consumed;
    *got += d.count - found;
    space_fini(&part);
    return n > 0 && (d.count == n || d.skipped < most || first + d.consumed == g->below);
}

static status take_all(struct taking *g)
{
    struct take *k = g->k;
    uint32_t got = 0;

    while (got < k->wanted) {
        uint64_t first = k->row->high + k->consumed;
        if (k->to > 0 && first >= k->to) break;
        if (first >= g->space->capacity) return exhausted(k, got);
        reserved_load(g, first);
        bool more = take_some(g, k->wanted - got, &got);
        k->passes = k->may_pass && got == 0 && k->skip_count >= ISSUE_PASS_MIN;
        if (k->passes)
            return fail(ST_CONFLICT, "pool.crowded", 0, "the next %u numbers are taken",
                        k->skip_count);
        if (!more && got < k->wanted)
            return fail(
                ST_CONFLICT, "pool.crowded", 0,
                "so many of the next numbers are taken that %u can be found at once, not %u", got,
                k->wanted);
    }
    return OK;
}

// A mark that moves a little needs little room: no more is skipped than there is.
static uint32_t skips_most(const struct take *k)
{
    uint64_t all = k->to > k->row->high ? k->to - k->row->high + 2 * SLICE : ISSUE_SKIPS_MAX;
    return all < ISSUE_SKIPS_MAX ? (uint32_t)all : ISSUE_SKIPS_MAX;
}

status space_take(struct take *k)
{
    struct taking g = {.k = k, .space = k->fresh, .skips_max = skips_most(k)};

    k->consumed = 0;
    k->skip_count = 0;
    k->passes = false;
    if (k->row->capacity - k->row->high < k->wanted) return exhausted(k, 0);
    if (g.space == NULL && k->pool->space_count == 1 && k->row->ahead == 0 &&
        !k->row->tests_lists) {
        k->consumed = k->wanted; // nothing to meet: not even the key is needed
        return OK;
    }
    g.tests_names = k->row->tests_lists &&
                    (restored_get(k->t).tests_names || foreign_any(k->t, k->row->client));
    TRY(past_load(&g));
    // Asked for last: the past may have pushed it out of what the names remember.
    if (g.space == NULL) g.space = names_generated(k->names, k->t, k->row->space);
    if (g.space == NULL) return txn_status(k->t);
    if (k->skips == NULL) k->skips = NEW_ARRAY(k->arena, uint64_t, g.skips_max);
    g.reserved = NEW_ARRAY(k->arena, uint64_t, RESERVED_MAX);
    status st = k->skips == NULL || g.reserved == NULL ? no_memory() : take_all(&g);
    past_wipe(&g);
    return st;
}

// ---- lists

struct listing {
    struct take *k;
    uint64_t at, end; // ordinals
    uint32_t got, skips_max;
    struct unit_rows rows;
};

// False: there is no room to note it, or the mark should move first.
static bool pass_over(struct listing *l)
{
    struct take *k = l->k;

    if (k->skip_count == (k->may_pass && l->got == 0 ? ISSUE_PASS_MIN : l->skips_max)) return false;
    if (k->skips == NULL) k->skips = NEW_ARRAY(k->arena, uint64_t, l->skips_max);
    if (k->skips == NULL) return false;
    k->skips[k->skip_count++] = l->at << 2 | SKIP_FOUND;
    return true;
}

static bool is_over(const struct listing *l) { return l->got == l->k->wanted || l->at == l->end; }

// Those before the next row of units, of which nobody told anything, and those in it. False: as of
// pass_over.
static bool list_some(struct listing *l)
{
    uint32_t space = l->k->row->space;
    unit_id next = unit_next(l->k->t, unit_id_of(space, l->at));
    uint64_t row = next.v == 0 || unit_ordinal(next) > l->end ? l->end : unit_ordinal(next);
    uint64_t past = (row / UNITS_A_ROW + 1) * UNITS_A_ROW, n = row - l->at;

    if (n > l->k->wanted - l->got) n = l->k->wanted - l->got;
    l->at += n;
    l->got += (uint32_t)n;
    for (; !is_over(l) && l->at < past; l->at++) {
        if (unit_get(&l->rows, unit_id_of(space, l->at)).last == 0)
            l->got++;
        else if (!pass_over(l))
            return false;
    }
    return true;
}

// A captured event may have told of a number that lies in the list: that is another's pack, and it
// is passed over. Where nobody told anything it costs a look for rows of units, at the mark.
status list_take(struct take *k)
{
    struct listing l = {.k = k,
                        .at = k->row->high,
                        .end = k->to > 0 ? k->to : k->row->capacity,
                        .skips_max = skips_most(k)};
    bool more = true;

    k->skip_count = 0;
    k->passes = false;
    unit_rows_read(&l.rows, k->t);
    while (more && !is_over(&l)) more = list_some(&l);
    k->consumed = l.at - k->row->high;
    TRY(txn_status(k->t));
    if (l.got == k->wanted || (k->to > 0 && more)) return OK;
    if (more)
        return fail(ST_CONFLICT, "pool.exhausted", 0, "the pool has %u numbers left, not %u", l.got,
                    k->wanted);
    if (k->skips == NULL) return no_memory();
    k->passes = k->may_pass && l.got == 0;
    return fail(ST_CONFLICT, "pool.crowded", 0,
                "so many of the next numbers are taken that %u can be found at once, not %u", l.got,
                k->wanted);
}

uint64_t list_told(struct txn *t, const struct space_row *row)
{
    uint64_t n = 0, past;
    struct unit_rows rows;

    unit_rows_read(&rows, t);
    for (uint64_t at = row->high; at < row->capacity; at = past) {
        unit_id u = unit_next(t, unit_id_of(row->space, at));
        if (u.v == 0) break;
        at = unit_ordinal(u);
        past = (at / UNITS_A_ROW + 1) * UNITS_A_ROW;
        for (; at < past && at < row->capacity; at++)
            if (unit_get(&rows, unit_id_of(row->space, at)).last != 0) n++;
    }
    return n;
}
