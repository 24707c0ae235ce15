// The way of an import, a turn of the loop or a job of the committer at each arrow, so that others
// are served in between:
//
//     clear ──▶ read_turn ──▶ … each part, nothing is written
//       │          ├──▶ refusal_kept      numbers are known: the refusal becomes a fact
//       │          └──▶ part_done ──▶ … each part again ──▶ all_done
//       │                   │ refused: the committer looked too
//       └──▶ dropped ◀──────┘ … each part is taken back, then it is told
//
// It begins with `clear` because parts of an import that was cut off may lie there, whose numbers
// would be found to be known already. Memory: the body, a table of digests, and one part.
#include "service/pool/import_run.h"
#include "service/journal/refusal.h"
#include "service/pool/pool_int.h"

#define PART_BYTES (32 * MB) // of one part: numbers, job, answer

// ---- answers

// It is over: what it held goes, and with the answer the request's memory, where `m` lies.
static void leave(struct importing *m)
{
    import_leave(api_site(m->r), m->pool);
    arena_fini(&m->part);
    buf_fini(&m->offenders);
}

// `extra`: further members of the problem, or NULL; it goes.
static void answer_problem(struct importing *m, status st, struct buf *extra)
{
    struct http_req *r = m->r;

    leave(m);
    http_problem(r, st, extra == NULL || extra->failed ? S("") : buf_str(extra));
    if (extra != NULL) buf_fini(extra);
}

// What a command was refused for, after all parts were taken back.
static void answer_refused(struct importing *m)
{
    struct buf extra;

    buf_init(&extra, 1 * MB);
    if (m->refused_units.n > 0) {
        buf_add(&extra, S("\"units\":"));
        buf_add(&extra, m->refused_units);
    }
    answer_problem(m, m->refused, extra.n > 0 ? &extra : NULL);
}

// What the reading found: every offender and its line.
static void answer_offenders(struct importing *m, status st)
{
    struct buf extra;

    buf_init(&extra, 1 * MB);
    buf_add(&extra, S("\"units\":["));
    buf_add(&extra, buf_str(&m->offenders));
    buf_add(&extra, S("],\"lines\":["));
    for (uint32_t i = 0; i < m->offender_count && i < IMPORT_OFFENDERS_MAX; i++)
        buf_addf(&extra, i == 0 ? "%u" : ",%u", m->lines[i]);
    buf_addc(&extra, ']');
    answer_problem(m, st, &extra);
}

void import_reply(struct http_req *r, uint64_t count)
{
    struct buf b;

    buf_init(&b, KB);
    buf_addf(&b, "{\"imported\":%llu}", (unsigned long long)count);
    api_reply(r, 201, &b);
    buf_fini(&b);
}

// ---- turns and jobs

static void turn(struct importing *m, void (*next)(struct mail *))
{
    m->turn.open = next;
    loop_post(m->r->loop, &m->turn);
}

static status submit(struct importing *m, struct ask ask, void (*done)(struct job *))
{
    struct job *j = job_new(&m->part, m->r->loop, 1);

    if (j == NULL) return no_memory();
    j->owner = m;
    j->actor = caller_of(m->r)->actor;
    j->done = done;
    j->asks[0] = ask;
    if (ask.kind == &kind_import_done) j->key = m->key; // the answer of the whole call
    if (committer_submit(api_site(m->r)->committer, j)) return OK;
    return fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again");
}

static status result_of(const struct job *j) // of one ask
{
    ((struct importing *)j->owner)->r->waited_us += j->synced_us;
    return j->whole.cls != ST_OK ? j->whole : j->asks[0].result;
}

// ---- taking back

static void read_turn(struct mail *mail);
static void clear(struct importing *m);

static void dropped(struct job *j)
{
    struct importing *m = j->owner;
    status st = result_of(j);

    if (st.cls == ST_OK)
        clear(m);
    else if (m->refused.cls != ST_OK)
        answer_refused(m); // the next import takes back what is left
    else
        answer_problem(m, st, NULL);
}

static status drop(struct importing *m)
{
    struct import_end *what;

    arena_reset(&m->part);
    what = NEW(&m->part, struct import_end);
    if (what == NULL) return no_memory();
    what->pool = m->pool;
    return submit(m, (struct ask){.kind = &kind_import_dropped, .what = what}, dropped);
}

// Takes back what lies there, of one cut off or of this one once it is refused. Then the refusal is
// told, or the reading begins.
static void clear(struct importing *m)
{
    struct txn *t = api_snapshot(m->r);
    bool there = import_row_get(t, m->pool).seq != 0;
    status st = api_snapshot_end(m->r, OK);

    if (st.cls == ST_OK && there) st = drop(m);
    if (st.cls != ST_OK)
        answer_problem(m, st, NULL);
    else if (there)
        return;
    else if (m->refused.cls != ST_OK)
        answer_refused(m);
    else
        turn(m, read_turn);
}

// ---- sending

static void send_next(struct importing *m);

// False: it was refused, and what lies there is on its way back.
static bool is_accepted(struct importing *m, const struct job *j)
{
    m->refused = result_of(j);
    if (m->refused.cls == ST_OK) return true;
    m->refused_units = arena_str(&m->r->arena, j->asks[0].units);
    clear(m);
    return false;
}

static void all_done(struct job *j)
{
    struct importing *m = j->owner;
    struct http_req *r = m->r;

    if (!is_accepted(m, j)) return;
    uint64_t count = import_count(&j->asks[0].fact);
    leave(m);
    import_reply(r, count);
}

static status send_end(struct importing *m)
{
    struct import_end *all;

    arena_reset(&m->part);
    all = NEW(&m->part, struct import_end);
    if (all == NULL) return no_memory();
    *all = (struct import_end){m->pool, m->import, m->so_far};
    return submit(m, (struct ask){.kind = &kind_import_done, .what = all}, all_done);
}

static void part_done(struct job *j)
{
    struct importing *m = j->owner;

    if (!is_accepted(m, j)) return;
    if (m->import == 0) m->import = j->asks[0].fact.seq;
    m->so_far += m->n;
    m->next++;
    send_next(m);
}

static status send_part(struct importing *m)
{
    struct import_reader reader = m->places[m->next];
    struct import_part *part;
    bool more;

    TRY(import_part_read(m, &reader, &more));
    part = NEW(&m->part, struct import_part);
    if (part == NULL) return no_memory();
    *part = (struct import_part){m->pool, m->import, m->so_far, m->numbers, m->n};
    return submit(m, (struct ask){.kind = &kind_import_part, .what = part}, part_done);
}

static void send_next(struct importing *m)
{
    status st = m->next < m->parts ? send_part(m) : send_end(m);

    if (st.cls == ST_OK) return;
    if (m->so_far == 0) { // nothing to take back
        answer_problem(m, st, NULL);
        return;
    }
    m->refused = st;
    clear(m);
}

// ---- reading

static void refusal_kept(struct job *j) { answer_offenders(j->owner, result_of(j)); }

// A decision of trade, though the loop made it: kept as a fact before it is told.
static void refuse(struct importing *m)
{
    struct refused *what;

    arena_reset(&m->part);
    what = NEW(&m->part, struct refused);
    status st = fail(m->offence.cls, m->offence.reason, 0, "%u numbers, the first in line %u: %s",
                     m->offender_count, m->lines[0], m->offence.text);
    if (what != NULL)
        *what = (struct refused){kind_import_part.number, st, buf_str(&m->offenders), m->client, 0};
    struct ask ask = {.kind = &kind_refusal, .what = what};
    if (what == NULL || submit(m, ask, refusal_kept).cls != ST_OK) answer_problem(m, st, NULL);
}

static status read_part(struct importing *m, bool *more)
{
    uint32_t most = api_site(m->r)->limits.import_max;

    m->places[m->parts] = m->reader;
    TRY(import_part_read(m, &m->reader, more));
    m->total += m->n;
    if (m->total > most)
        return fail(ST_TOO_LARGE, "import.max", 0, "an import has at most %u numbers", most);
    if (m->n > 0) m->parts++;
    return import_part_check(m);
}

static void read_turn(struct mail *mail)
{
    struct importing *m = CONTAINER_OF(mail, struct importing, turn);
    bool more = false;
    status st = read_part(m, &more);

    if (st.cls != ST_OK)
        answer_problem(m, st, NULL);
    else if (more && m->parts < m->parts_max)
        turn(m, read_turn);
    else if (m->offender_count > 0)
        refuse(m);
    else if (m->total == 0)
        answer_problem(m, fail(ST_BAD_INPUT, "import.empty", 0, "the import has no numbers"), NULL);
    else
        send_next(m);
}

void import_run(struct importing *m)
{
    arena_init(&m->part, PART_BYTES);
    buf_init(&m->offenders, 1 * MB);
    clear(m);
}
