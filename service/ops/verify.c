// The chain is proven before anything is written again, so that a record which was changed is named
// as such, whatever its kind would make of it.
#include "service/ops/verify.h"
#include "service/journal/replay.h"
#include "service/ops/head_file.h"
#include "service/ops/scratch.h"
#include "service/unit/unit_db.h"
#include <stdio.h>
#include <string.h>

#define RECORD_MAX  (1 * GB)
#define CHAIN_BATCH 2000u // records a snapshot
#define FACTS_BATCH 1000u // records a transaction

// ---- the chain

struct chain {
    struct txn *t;
    struct journal_head *published; // by the head file; its link is checked on the way. NULL: none
    struct arena arena;
    struct buf record;
    struct link link;
    bool departs;         // from what was published
    uint64_t seq, proven; // the last record read; the last whose link was kept and fits
};

static status departs(const struct chain *c)
{
    if (c->seq == c->proven + 1)
        return fail(ST_STORE, "journal.broken", 0, "record %llu was changed: its link departs",
                    (unsigned long long)c->seq);
    return fail(ST_STORE, "journal.broken", 0,
                "a record from %llu to %llu was changed: the link after them departs",
                (unsigned long long)(c->proven + 1), (unsigned long long)c->seq);
}

static status broken(const struct chain *c, status st)
{
    return fail(ST_STORE, "journal.broken", 0, "record %llu cannot be read: %s",
                (unsigned long long)c->seq, st.text);
}

static status chain_one(struct chain *c)
{
    struct link kept;
    struct fact f;

    c->seq++;
    status st = journal_get(c->t, c->seq, &c->arena, &f);
    if (st.cls != ST_OK) return broken(c, st);
    buf_reset(&c->record);
    record_write(&f, &c->record);
    c->link = link_next(&c->link, buf_str(&c->record));
    arena_reset(&c->arena);
    if (c->published != NULL && c->published->seq == c->seq)
        c->departs = memcmp(&c->published->link, &c->link, sizeof c->link) != 0;
    if (c->seq % LINK_EVERY != 0) return OK;
    bool there = journal_link_get(c->t, c->seq, &kept);
    TRY(txn_status(c->t));
    if (!there)
        return fail(ST_STORE, "journal.broken", 0, "the link of record %llu is missing",
                    (unsigned long long)c->seq);
    if (memcmp(&kept, &c->link, sizeof kept) != 0) return departs(c);
    c->proven = c->seq;
    return OK;
}

static status chain_all(const struct verify_conf *conf, struct chain *c,
                        const struct journal_head *head)
{
    while (c->seq < head->seq) {
        TRY(chain_one(c));
        if (c->seq % CHAIN_BATCH == 0 && conf->progress != NULL)
            conf->progress(conf->self, "chain", c->seq, head->seq);
    }
    return memcmp(&c->link, &head->link, sizeof c->link) == 0 ? OK : departs(c);
}

static status published_read(const struct verify_conf *conf, struct journal_head *published,
                             struct chain *c)
{
    char path[FOLDER_PATH_MAX];
    bool there = false;

    if (conf->folder->site[0] == 0) return OK; // a data folder alone: nothing lies beside it
    TRY(folder_path(conf->folder, "head.json", path));
    TRY(head_file_read(path, &there, published));
    if (there) c->published = published;
    return OK;
}

// A journal that is whole in itself may still be another than the one that was published, or an
// earlier one: cut short, or written anew from somewhere on.
static status published_check(const struct chain *c, const struct journal_head *head)
{
    const struct journal_head *p = c->published;

    if (p == NULL) return OK;
    if (p->seq > head->seq)
        return fail(ST_STORE, "journal.truncated", 0,
                    "head.json says %llu records, the journal has %llu", (unsigned long long)p->seq,
                    (unsigned long long)head->seq);
    if (c->departs)
        return fail(ST_STORE, "journal.rewritten", 0,
                    "record %llu has another link than head.json says: it was rewritten",
                    (unsigned long long)p->seq);
    return OK;
}

static status chain_check(const struct verify_conf *conf, struct db *db, struct verify_result *r)
{
    struct journal_head published = {0};
    struct chain c = {.t = txn_read(db)};
    struct journal_head head = journal_head_get(c.t);

    arena_init(&c.arena, RECORD_MAX);
    buf_init(&c.record, RECORD_MAX);
    status st = txn_status(c.t);
    if (st.cls == ST_OK && head.seq == 0)
        st = fail(ST_STORE, "journal.empty", 0, "the journal holds no record");
    if (st.cls == ST_OK) st = published_read(conf, &published, &c);
    if (st.cls == ST_OK) st = chain_all(conf, &c, &head);
    bool behind = conf->may_be_behind && published.seq > head.seq;
    if (st.cls == ST_OK && !behind) st = published_check(&c, &head);
    r->records = head.seq;
    r->published = published.seq;
    buf_fini(&c.record);
    arena_fini(&c.arena);
    status end = txn_end(&c.t, false);
    return st.cls == ST_OK ? end : st;
}

// ---- the replay

static void replayed(void *self, uint64_t seq, uint64_t of)
{
    const struct verify_conf *conf = self;
    if (conf->progress != NULL) conf->progress(conf->self, "replay", seq, of);
}

// The disk of the copy is full, not the site's.
static status room(const struct verify_conf *conf, uint64_t used, status st)
{
    if (st.cls != ST_FULL) return st;
    return fail(ST_FULL, "verify.room", 0, "no room for a copy, up to %llu MB: set TMPDIR, not %s",
                (unsigned long long)(used * 4096 / MB + 1), conf->scratch);
}

static status replay_check(const struct verify_conf *conf, struct db *db)
{
    struct replay_conf replay = {.from = db,
                                 .kinds = conf->kinds,
                                 .batch = FACTS_BATCH,
                                 .progress = replayed,
                                 .self = (void *)(uintptr_t)conf};
    uint64_t records, used, file;

    TRY(db_pages(db, &used, &file));
    TRY(room(conf, used,
             scratch_open(conf->scratch, 2 * file * 4096 + 1 * GB, NULL, &replay.into)));
    status st = replay_run(&replay, &records);
    if (st.cls == ST_OK && conf->progress != NULL)
        conf->progress(conf->self, "comparing", records, records);
    if (st.cls == ST_OK) st = ledger_compare(db, replay.into);
    db_close(&replay.into);
    return room(conf, used, st);
}

static status count_units(struct db *db, uint64_t *units)
{
    struct txn *t = txn_read(db);

    *units = units_count(t);
    return txn_end(&t, false);
}

status verify_run(const struct verify_conf *conf, struct verify_result *out)
{
    struct verify_result r = {0};
    struct db *db;

    TRY(folder_db(conf->folder, FOLDER_READ_MAP, true, &db));
    status st = chain_check(conf, db, &r);
    if (st.cls == ST_OK) st = replay_check(conf, db);
    if (st.cls == ST_OK) st = count_units(db, &r.units);
    db_close(&db);
    if (st.cls == ST_OK) *out = r;
    return st;
}
