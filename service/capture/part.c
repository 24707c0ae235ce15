#include "service/access/actor_db.h"
#include "service/capture/capture_int.h"
#include "service/epcis/hash.h"
#include <string.h>

void part_init(struct part *p, struct site *site, struct loop *loop)
{
    *p = (struct part){.site = site, .loop = loop};
    arena_init(&p->arena, PART_ARENA_MAX);
    part_begin(p);
}

// What belongs to the document as a whole stays.
void part_begin(struct part *p)
{
    uint64_t document = p->tally.document;

    arena_reset(&p->arena);
    p->tally = (struct capture_tally){.document = document};
    p->taker.site = p->site;
    p->taker.arena = &p->arena;
    p->taker.ids_by_hash = p->site->limits.capture_ids_by_hash;
    capture_taker_init(&p->taker);
    p->asks = NULL;
    p->n = p->room = p->named = 0;
    p->unsent = false;
    p->synced_us = 0;
    p->document = p->instead = NULL;
    p->slice = NULL;
    p->master = (struct vocabulary_asks){NULL, 0};
    p->mastered = 0;
    p->job = NULL;
}

void part_fini(struct part *p) { arena_fini(&p->arena); }

static struct capture_ask *ask_new(struct part *p)
{
    if (p->n == p->room) {
        uint32_t room = p->room == 0 ? 16 : 2 * p->room;
        struct capture_ask *more = NEW_ARRAY(&p->arena, struct capture_ask, room);
        if (more == NULL) return NULL;
        if (p->n > 0) memcpy(more, p->asks, p->n * sizeof *more);
        p->asks = more;
        p->room = room;
    }
    return &p->asks[p->n];
}

// Who acts for a party tells of what was handed to it, and of nothing else.
static status find_party(struct part *p)
{
    struct actor a;

    if (p->taker.t == NULL || p->party_of == p->actor) return OK;
    p->party_of = p->actor;
    p->taker.party = 0;
    p->taker.trades_only = false;
    if (!actor_get(p->taker.t, p->actor, &p->arena, &a)) return txn_status(p->taker.t);
    p->taker.trades_only = a.role == ROLE_DISTRIBUTOR;
    if (p->taker.trades_only) (void)str_u64(a.party, UINT64_MAX, &p->taker.party);
    return OK;
}

static bool is_twin(struct part *p, const struct document_event *e, const struct capture_ask *of)
{
    struct epcis_event event;
    bool same = false;

    return epcis_event_read(of->body, &p->scope, &p->arena, &event).cls == ST_OK &&
           epcis_says_same(&event, e->event, &p->arena, &same).cls == ST_OK && same;
}

// The same event in other bytes, earlier in this part, where no snapshot knows of it yet: the first
// of its eventID is what all others are held to.
static void find_twin(struct part *p, const struct document_event *e, struct capture_ask *ask)
{
    const struct capture_ask *x = p->asks, *end = p->asks + p->n;

    while (x < end && (!str_eq(x->id, ask->id) || ((x->flags ^ ask->flags) & CAPTURED_ERROR))) x++;
    if (x == end || memcmp(&x->content, &ask->content, sizeof x->content) == 0) return;
    if (is_twin(p, e, x)) ask->twin = x->content;
}

// The event was read from bytes that go; what the ask keeps of it is copied or read again.
status part_add(struct part *p, const struct document_event *e)
{
    struct capture_source s = {.event = e->event,
                               .bytes = arena_str(&p->arena, e->bytes),
                               .scope = &p->scope,
                               .index = e->index,
                               .alone = p->alone};
    struct capture_ask *ask = ask_new(p);

    if (s.bytes.p == NULL || ask == NULL) return no_memory();
    TRY(find_party(p));
    TRY(capture_take(&p->taker, &s, ask));
    find_twin(p, e, ask);
    ask->taken = p->taken;
    ask->tally = p->alone ? NULL : &p->tally;
    p->n++;
    return OK;
}

status part_look(struct part *p, const struct document_event *e, struct capture_seen *out)
{
    struct capture_source s = {e->event, e->bytes, &p->scope, e->index, false};

    TRY(find_party(p));
    return capture_look(&p->taker, &s, out);
}

bool part_is_full(const struct part *p)
{
    return p->n >= p->site->limits.capture_slice_events || p->taker.units >= PART_UNITS_MAX;
}

// ---- jobs

static void names_done(struct job *j)
{
    struct part *p = j->owner;

    p->synced_us += j->synced_us;
    bool named = j->whole.cls == ST_OK && j->asks[0].result.cls == ST_OK;
    if (named && part_send(p)) return;
    p->unsent = named;
    p->done(p, j);
}

static bool master_send(struct part *p);

// Master data that were too much for one transaction, until all are there.
static void master_go(struct part *p)
{
    if (p->mastered == p->master.n) {
        p->done(p, p->job);
        return;
    }
    if (master_send(p)) return;
    p->job->whole = fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again");
    p->done(p, p->job);
}

static void master_done(struct job *j)
{
    struct part *p = j->owner;

    p->synced_us += j->synced_us;
    if (j->whole.cls == ST_OK)
        master_go(p);
    else
        p->done(p, j);
}

static void all_done(struct job *j)
{
    struct part *p = j->owner;

    p->synced_us += j->synced_us;
    if (part_status(p, j).cls != ST_OK || j->undone)
        p->done(p, j);
    else
        master_go(p);
}

static struct foreign_ask *names_ask(struct part *p, uint32_t most)
{
    struct capture_wanted all = capture_wanted(&p->taker);
    struct foreign_ask *x = NEW(&p->arena, struct foreign_ask);
    uint32_t n = all.n - p->named < most ? all.n - p->named : most;

    if (x == NULL) return NULL;
    *x = (struct foreign_ask){p->taker.client, NULL, n, all.younger};
    if (n > 0) x->names = all.names + p->named;
    return x;
}

static struct job *job_of(struct part *p, uint32_t n, void (*done)(struct job *))
{
    struct job *j = job_new(&p->arena, p->loop, n);

    if (j == NULL) return NULL;
    j->owner = p;
    j->actor = p->actor;
    j->done = done;
    return j;
}

static struct job *names_job(struct part *p)
{
    struct job *j = job_of(p, 1, names_done);
    struct foreign_ask *names = names_ask(p, FOREIGN_NAMES_MAX);

    if (j == NULL || names == NULL) return NULL;
    j->asks[0] = (struct ask){.kind = &kind_units_named, .what = names};
    p->named += names->n;
    return j;
}

static uint32_t master_asks(struct part *p, struct ask *out)
{
    uint32_t n = 0;

    for (; n < PART_MASTER && p->mastered < p->master.n; n++)
        out[n] =
            (struct ask){.kind = &kind_vocabulary_captured, .what = &p->master.at[p->mastered++]};
    return n;
}

static bool master_send(struct part *p)
{
    struct job *j = job_of(p, PART_MASTER, master_done);

    if (j == NULL) return false;
    j->n = master_asks(p, j->asks);
    return committer_submit(p->site->committer, j);
}

static struct job *last_job(struct part *p)
{
    struct foreign_ask *names = names_ask(p, PART_NAMES_MAX);
    struct job *j = job_of(p, p->n + 3 + PART_MASTER, all_done);
    uint32_t n = 0;

    if (j == NULL || names == NULL) return NULL;
    if (p->document != NULL)
        j->asks[n++] = (struct ask){.kind = &kind_document_captured, .what = p->document};
    // Also where there are none: a repeat of the call, when they are known, is as many asks.
    j->asks[n++] = (struct ask){.kind = &kind_units_named, .what = names};
    for (uint32_t i = 0; i < p->n; i++)
        j->asks[n++] = (struct ask){.kind = &kind_event_captured, .what = &p->asks[i]};
    if (p->slice != NULL)
        j->asks[n++] = (struct ask){.kind = &kind_capture_slice, .what = p->slice};
    p->mastered = 0; // it may be sent again
    n += master_asks(p, j->asks + n);
    j->n = n;
    p->tally.job = j;
    j->key = p->key;
    j->key.always = true;
    if (p->instead == NULL) return j;
    j->instead = NEW(&p->arena, struct ask);
    if (j->instead == NULL) return NULL;
    *j->instead = (struct ask){.kind = &kind_document_captured, .what = p->instead};
    return j;
}

bool part_send(struct part *p)
{
    bool names = capture_wanted(&p->taker).n - p->named > PART_NAMES_MAX;
    struct job *j = names ? names_job(p) : last_job(p);

    p->unsent = false;
    if (j == NULL) return false;
    if (!names) p->job = j;
    return committer_submit(p->site->committer, j);
}

status part_status(const struct part *p, const struct job *j)
{
    TRY(j->whole);
    if (p->unsent) return fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again");
    if (!p->alone) return j == p->job ? OK : j->asks[0].result;
    return j->asks[j->n - 1].result;
}
