// One thread; a snapshot of the one store, or a transaction of the other, never both at once but
// for the first look.
#include "service/journal/shadow.h"
#include "common/bytes.h"
#include <string.h>

#define PIECE_BYTES (16 * MB) // of records read in one snapshot; one record may be larger
#define MEMORY_MAX  (1 * GB)

struct piece { // records read
    struct fact *facts;
    str *packed;
    uint32_t n;
};

struct feeding {
    const struct shadow_conf *conf;
    struct shadow_result *out;
    struct txn *from; // rests but while a piece is read
    mono since;
    struct ledger_memory memory;
    struct arena arena;
    struct buf record;
    uint32_t records;
    int64_t read_ms;
};

static status broken(uint64_t seq, const char *how)
{
    return fail(ST_STORE, "journal.broken", 0, "record %llu: %s", (unsigned long long)seq, how);
}

// ---- snapshots

static void look(struct feeding *g)
{
    txn_renew(g->from);
    g->since = env_mono(g->conf->env);
    g->out->snapshots++;
}

static int64_t looked_ms(const struct feeding *g)
{
    return env_mono(g->conf->env).ms - g->since.ms;
}

static status look_end(struct feeding *g)
{
    status st = txn_status(g->from);
    int64_t ms = looked_ms(g);

    txn_rest(g->from);
    if (ms > g->out->longest_ms) g->out->longest_ms = ms;
    return st;
}

static status head_of(struct db *db, struct journal_head *h)
{
    struct txn *t = txn_read(db);

    *h = journal_head_get(t);
    return txn_end(&t, false);
}

// ---- is it the same journal?

static status link_through(struct feeding *g, uint64_t first, uint64_t last, struct link *l)
{
    struct fact f;

    for (uint64_t seq = first; seq <= last; seq++) {
        TRY(journal_get(g->from, seq, &g->arena, &f));
        buf_reset(&g->record);
        record_write(&f, &g->record);
        *l = link_next(l, buf_str(&g->record));
        arena_reset(&g->arena);
    }
    return OK;
}

// Ends the snapshot.
static status link_at(struct feeding *g, uint64_t seq, struct link *out)
{
    uint64_t kept = seq - seq % LINK_EVERY;
    struct link l = {0};
    status st = OK;

    if (kept > 0 && !journal_link_get(g->from, kept, &l)) st = broken(kept, "its link is missing");
    if (st.cls == ST_OK) st = link_through(g, kept + 1, seq, &l);
    status end = look_end(g);
    *out = l;
    return st.cls == ST_OK ? end : st;
}

static status prefix_check(struct feeding *g, const struct journal_head *have)
{
    struct journal_head theirs;
    struct link l;

    look(g);
    theirs = journal_head_get(g->from);
    if (theirs.seq < have->seq) {
        TRY(look_end(g));
        return fail(ST_CONFLICT, "shadow.other", 0,
                    "the copy has %llu records, the journal only %llu",
                    (unsigned long long)have->seq, (unsigned long long)theirs.seq);
    }
    TRY(link_at(g, have->seq, &l));
    if (memcmp(&l, &have->link, sizeof l) == 0) return OK;
    return fail(ST_CONFLICT, "shadow.other", 0, "the copy's record %llu is not the journal's",
                (unsigned long long)have->seq);
}

// ---- reading

static bool is_full(const struct feeding *g, const struct piece *p)
{
    return p->n == g->records || g->arena.used >= PIECE_BYTES ||
           (p->n > 0 && looked_ms(g) >= g->read_ms);
}

// Records from `seq` on, none above `last`. The snapshot is open before and after.
static status read_piece(struct feeding *g, uint64_t seq, uint64_t last, struct piece *p)
{
    p->n = 0;
    p->facts = NEW_ARRAY(&g->arena, struct fact, g->records);
    p->packed = NEW_ARRAY(&g->arena, str, g->records);
    assert(p->facts != NULL && p->packed != NULL);
    for (; seq <= last && !is_full(g, p); seq++, p->n++)
        TRY(journal_get_packed(g->from, seq, &g->arena, &p->facts[p->n], &p->packed[p->n]));
    return OK;
}

// The first record from `seq` on whose link can be compared.
static status next_proof(struct feeding *g, uint64_t seq, uint64_t *last, struct link *want)
{
    struct journal_head h = journal_head_get(g->from);

    *last = seq + (LINK_EVERY - 1) - (seq + (LINK_EVERY - 1)) % LINK_EVERY;
    if (*last >= h.seq) {
        *last = h.seq;
        *want = h.link;
        return h.seq >= seq ? OK : broken(seq, "it is gone");
    }
    return journal_link_get(g->from, *last, want) ? OK : broken(*last, "its link is missing");
}

// ---- writing

static status write_piece(struct feeding *g, const struct piece *p, struct ledger *into)
{
    for (uint32_t i = 0; i < p->n; i++) {
        struct fact *f = &p->facts[i];
        uint64_t client_no = f->client_no;
        buf_reset(&g->record);
        ledger_write(into, f, p->packed[i], &g->record);
        TRY(txn_status(into->t));
        if (f->client_no != client_no)
            return broken(f->seq, "its count among its client's facts is wrong");
    }
    arena_reset(&g->arena);
    return OK;
}

// From the ledger's head to `last`, a piece after the other; the first is read already.
static status write_to(struct feeding *g, uint64_t last, struct piece *p, struct ledger *into)
{
    TRY(write_piece(g, p, into));
    while (into->head.seq < last) {
        look(g);
        status st = read_piece(g, into->head.seq + 1, last, p);
        TRY(look_end(g));
        TRY(st);
        TRY(write_piece(g, p, into));
    }
    return OK;
}

static status feed_some(struct feeding *g, uint64_t have, uint64_t *at)
{
    struct piece p;
    struct link want;
    uint64_t last = 0;

    look(g);
    status st = next_proof(g, have + 1, &last, &want);
    if (st.cls == ST_OK) st = read_piece(g, have + 1, last, &p);
    status end = look_end(g);
    TRY(end);
    TRY(st);
    struct ledger into = ledger_begin(txn_write(g->conf->into), g->conf->kinds, &g->memory);
    st = txn_status(into.t);
    if (st.cls == ST_OK) st = write_to(g, last, &p, &into);
    if (st.cls == ST_OK && memcmp(&into.head.link, &want, sizeof want) != 0)
        st = broken(last, "its link departs from the one that was kept");
    ledger_end(&into);
    end = txn_end(&into.t, st.cls == ST_OK);
    if (st.cls == ST_OK) st = end;
    if (st.cls == ST_OK) *at = last;
    return st;
}

static status feed_all(struct feeding *g, uint64_t have, uint64_t goal)
{
    const struct shadow_conf *c = g->conf;

    while (have < goal) {
        uint64_t before = have;
        arena_reset(&g->arena);
        TRY(feed_some(g, have, &have));
        g->out->fed += have - before;
        if (c->progress != NULL && !c->progress(c->self, have, goal)) break;
    }
    return OK;
}

status shadow_feed(const struct shadow_conf *conf, struct shadow_result *out)
{
    struct feeding g = {.conf = conf,
                        .out = out,
                        .records = conf->records > 0 ? conf->records : SHADOW_RECORDS,
                        .read_ms = conf->read_ms > 0 ? conf->read_ms : SHADOW_READ_MS};
    struct journal_head goal, have;

    *out = (struct shadow_result){0};
    TRY(head_of(conf->from, &goal));
    TRY(head_of(conf->into, &have));
    g.from = txn_read(conf->from);
    txn_rest(g.from);
    arena_init(&g.arena, MEMORY_MAX);
    buf_init(&g.record, MEMORY_MAX);
    ledger_memory_init(&g.memory);
    status st = have.seq > 0 ? prefix_check(&g, &have) : OK;
    if (st.cls == ST_OK) st = feed_all(&g, have.seq, goal.seq);
    ledger_memory_fini(&g.memory);
    buf_fini(&g.record);
    arena_fini(&g.arena);
    status end = txn_end(&g.from, false);
    if (st.cls == ST_OK) st = end;
    end = head_of(conf->into, &out->head);
    return st.cls == ST_OK ? end : st;
}
