// An import is read twice, IMPORT_PART numbers at a turn of the loop, so that others are served in
// between. The first reading finds all that is wrong with it and writes nothing; the second sends
// the parts to the committer, one after the other, which looks again. What goes wrong then takes
// the parts back. Memory: the body, a table of digests, and one part.
//
// Which pools have an import under way in this process is known here: one that is under way in
// the ledger and not here was cut off by a crash, or by a full store, and is dropped before the
// next is read: its numbers would be found to be known already.
#include "service/pool/import_run.h"
#include "common/digest.h"
#include "service/journal/refusal.h"
#include "service/pool/pool_int.h"
#include <pthread.h>
#include <string.h>

enum { LIVE_MAX = 8, PART_BYTES = 32 * 1024 * 1024 };

static struct { // under its lock: shared by all loops
    pthread_mutex_t lock;
    const struct site *site[LIVE_MAX];
    uint32_t pool[LIVE_MAX];
} live = {.lock = PTHREAD_MUTEX_INITIALIZER};

// ---- one at a time

status import_enter(const struct site *site, uint32_t pool)
{
    int at = -1;
    bool same = false;

    pthread_mutex_lock(&live.lock);
    for (int i = 0; i < LIVE_MAX; i++) {
        if (live.site[i] == NULL) at = i;
        same = same || (live.site[i] == site && live.pool[i] == pool);
    }
    if (!same && at >= 0) {
        live.site[at] = site;
        live.pool[at] = pool;
    }
    pthread_mutex_unlock(&live.lock);
    if (same)
        return fail(ST_CONFLICT, "import.running", 0, "another import into this pool is under way");
    if (at < 0)
        return fail(ST_BUSY, "import.busy", 0, "%d imports are under way, ask again", LIVE_MAX);
    return OK;
}

static void live_leave(const struct site *site, uint32_t pool)
{
    pthread_mutex_lock(&live.lock);
    for (int i = 0; i < LIVE_MAX; i++)
        if (live.site[i] == site && live.pool[i] == pool) live.site[i] = NULL;
    pthread_mutex_unlock(&live.lock);
}

// ---- answers

static void finish(struct importing *m)
{
    live_leave(api_site(m->r), m->pool);
    arena_fini(&m->part);
    buf_fini(&m->offenders);
}

static void answer_problem(struct importing *m, status st)
{
    struct http_req *r = m->r;

    finish(m);
    http_problem(r, st, S(""));
}

// What a part was refused for, after all parts were taken back.
static void answer_part_refused(struct importing *m)
{
    struct http_req *r = m->r;
    status st = m->refused;
    str units = m->refused_units;
    struct buf extra;

    finish(m);
    buf_init(&extra, 1 * MB);
    if (units.n > 0) {
        buf_add(&extra, S("\"units\":"));
        buf_add(&extra, units);
    }
    http_problem(r, st, extra.failed ? S("") : buf_str(&extra));
    buf_fini(&extra);
}

void import_reply(struct http_req *r, uint64_t count)
{
    struct buf b;

    buf_init(&b, KB);
    buf_addf(&b, "{\"imported\":%llu}", (unsigned long long)count);
    api_reply(r, 201, &b);
    buf_fini(&b);
}

static void send_part(struct importing *m);

// ---- turns

static void turn(struct importing *m, void (*next)(struct mail *))
{
    m->turn.open = next;
    loop_post(m->r->loop, &m->turn);
}

// Reads the part that the reader stands before.
static status read_part(struct importing *m, struct import_reader *reader, bool *more)
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

static void note_offender(struct importing *m, const struct import_number *x)
{
    uint32_t n = m->offender_count++;

    if (n >= IMPORT_OFFENDERS_MAX) return;
    m->lines[n] = x->line;
    import_offender(&m->offenders, m->gtin, x);
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

static status check_part(struct importing *m)
{
    struct txn *t = api_snapshot(m->r);
    struct import_check k = {.names = names_here(api_site(m->r)),
                             .t = t,
                             .arena = &m->part,
                             .pool = m->pool,
                             .numbers = m->numbers,
                             .n = m->n};

    status st = import_check(&k);
    status end = api_snapshot_end(m->r);
    for (uint32_t i = 0; st.cls == ST_OK && i < m->n; i++)
        if (seen_before(m, m->numbers[i].text) || k.taken[i]) note_offender(m, &m->numbers[i]);
    return st.cls == ST_OK ? end : st;
}

static bool submit(struct importing *m, const struct kind *kind, const void *what,
                   void (*done)(struct job *))
{
    struct job *j = job_new(&m->part, m->r->loop, 1);

    if (j == NULL) return false;
    j->owner = m;
    j->actor = caller_of(m->r)->actor;
    j->done = done;
    j->asks[0] = (struct ask){.kind = kind, .what = what};
    if (kind == &kind_import_done) j->key = m->key;
    return committer_submit(api_site(m->r)->committer, j);
}

// The result of a job of one ask.
static status result_of(const struct job *j)
{
    return j->whole.cls != ST_OK ? j->whole : j->asks[0].result;
}

static void drop_or_go_on(struct importing *m);

static void refusal_kept(struct job *j)
{
    struct importing *m = j->owner;
    struct http_req *r = m->r;
    status st = result_of(j);
    struct buf extra;

    buf_init(&extra, 1 * MB);
    buf_add(&extra, S("\"units\":["));
    buf_add(&extra, buf_str(&m->offenders));
    buf_add(&extra, S("],\"lines\":["));
    for (uint32_t i = 0; i < m->offender_count && i < IMPORT_OFFENDERS_MAX; i++)
        buf_addf(&extra, i == 0 ? "%u" : ",%u", m->lines[i]);
    buf_addc(&extra, ']');
    finish(m);
    http_problem(r, st, buf_str(&extra));
    buf_fini(&extra);
}

// A decision of trade, though the loop made it: kept as a fact before it is told.
static void refuse(struct importing *m)
{
    struct refused *what;

    arena_reset(&m->part);
    what = NEW(&m->part, struct refused);
    status st = fail(ST_CONFLICT, "serial.duplicate", 0,
                     "%u numbers are known already or stand twice, the first in line %u",
                     m->offender_count, m->lines[0]);
    if (what != NULL)
        *what = (struct refused){kind_import_part.number, st, buf_str(&m->offenders), m->client};
    if (what == NULL || !submit(m, &kind_refusal, what, refusal_kept)) answer_problem(m, st);
}

static void reading_ended(struct importing *m)
{
    if (m->offender_count > 0)
        refuse(m);
    else if (m->total == 0)
        answer_problem(m, fail(ST_BAD_INPUT, "import.empty", 0, "the import has no numbers"));
    else
        send_part(m);
}

static void read_turn(struct mail *mail)
{
    struct importing *m = CONTAINER_OF(mail, struct importing, turn);
    uint32_t most = api_site(m->r)->limits.import_max;
    bool more = false;

    m->places[m->parts] = m->reader;
    status st = read_part(m, &m->reader, &more);
    m->total += m->n;
    if (st.cls == ST_OK && m->total > most)
        st = fail(ST_TOO_LARGE, "import.max", 0, "an import has at most %u numbers", most);
    if (st.cls == ST_OK) st = check_part(m);
    if (m->n > 0) m->parts++;
    if (st.cls != ST_OK)
        answer_problem(m, st);
    else if (more && m->parts < m->parts_max)
        turn(m, read_turn);
    else
        reading_ended(m);
}

// ---- commands

static void dropped(struct job *j)
{
    struct importing *m = j->owner;
    status st = result_of(j);

    if (st.cls == ST_OK)
        drop_or_go_on(m);
    else if (m->refused.cls != ST_OK)
        answer_part_refused(m); // the next import takes back what is left
    else
        answer_problem(m, st);
}

static void drop(struct importing *m)
{
    struct import_end *what;

    arena_reset(&m->part);
    what = NEW(&m->part, struct import_end);
    if (what != NULL) what->pool = m->pool;
    if (what == NULL || !submit(m, &kind_import_dropped, what, dropped))
        answer_problem(m, fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again"));
}

// Takes back what lies there: of a crash, or of this import once it is refused. Then begins to
// read, or says the refusal.
static void drop_or_go_on(struct importing *m)
{
    struct txn *t = api_snapshot(m->r);
    bool there = import_row_get(t, m->pool).seq != 0;
    status st = api_snapshot_end(m->r);

    if (st.cls != ST_OK)
        answer_problem(m, st);
    else if (there)
        drop(m);
    else if (m->refused.cls != ST_OK)
        answer_part_refused(m);
    else
        turn(m, read_turn);
}

static void all_done(struct job *j)
{
    struct importing *m = j->owner;
    struct http_req *r = m->r;

    m->refused = result_of(j);
    if (m->refused.cls != ST_OK) {
        drop_or_go_on(m);
        return;
    }
    uint64_t count = import_count(&j->asks[0].fact);
    finish(m); // the answer takes the request's memory away
    import_reply(r, count);
}

static void part_done(struct job *j)
{
    struct importing *m = j->owner;

    m->refused = result_of(j);
    if (m->refused.cls != ST_OK) {
        m->refused_units = arena_str(&m->r->arena, j->asks[0].units);
        drop_or_go_on(m);
        return;
    }
    if (m->import == 0) m->import = j->asks[0].fact.seq;
    m->so_far += m->n;
    m->next++;
    send_part(m);
}

static status send(struct importing *m)
{
    struct import_part *part;
    struct import_end *all;
    bool more, sent;

    if (m->next == m->parts) {
        arena_reset(&m->part);
        if ((all = NEW(&m->part, struct import_end)) == NULL) return no_memory();
        *all = (struct import_end){m->pool, m->import, m->so_far};
        sent = submit(m, &kind_import_done, all, all_done);
    } else {
        struct import_reader reader = m->places[m->next];
        TRY(read_part(m, &reader, &more));
        if ((part = NEW(&m->part, struct import_part)) == NULL) return no_memory();
        *part = (struct import_part){m->pool, m->import, m->so_far, m->numbers, m->n};
        sent = submit(m, &kind_import_part, part, part_done);
    }
    return sent ? OK : fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again");
}

static void send_part(struct importing *m)
{
    status st = send(m);

    if (st.cls == ST_OK) return;
    if (m->so_far == 0) { // nothing to take back
        answer_problem(m, st);
        return;
    }
    m->refused = st;
    drop_or_go_on(m);
}

void import_run(struct importing *m)
{
    arena_init(&m->part, PART_BYTES);
    buf_init(&m->offenders, 1 * MB);
    drop_or_go_on(m);
}
