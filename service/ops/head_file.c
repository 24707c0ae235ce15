// The head file and the thread that writes it. It reads in a short snapshot of its own and never
// makes the committer wait: a slow disk delays the file, not an answer.
#include "service/ops/head_file.h"
#include "common/json.h"
#include "common/log.h"
#include "common/loop.h"
#include "service/journal/journal_db.h"
#include "service/ops/folder.h"
#include "service/pool/pool.h"
#include "service/pool/pool_db.h"
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOOK_MS     1000
#define WRITE_MS    60000
#define NUMBERS_MAX 10000u
#define FILE_MAX    (64 * MB)
#define RECORD_MAX  (1 * GB)

struct moved { // of all spaces: only compared with what it was before
    wall since;
    uint64_t marks; // how far they are
    uint64_t
        given; // numbers since the beginning of that hour: those that had come back move no mark
};

struct head_file {
    struct loop *loop;
    struct event *tick;
    struct db *db;
    const char *path;
    const struct env *env;
    bool nice;
    uint64_t seq; // as last written
    struct moved moved;
    mono at, swept;
};

static bool add_moved(void *self, const struct space_row *s)
{
    struct moved *m = self;

    m->marks += s->high;
    m->given += space_given_since(s, m->since);
    return true;
}

static struct moved moved_since(struct txn *t, wall at)
{
    struct moved m = {.since = at};

    space_rows(t, add_moved, &m);
    return m;
}

// ---- the file

static void write_marks(struct txn *t, const struct item *pool, struct json_w *w, bool whole)
{
    struct pool_marks m;
    char form[32];

    pool_marks_get(t, pool->number, &m);
    for (uint32_t i = 0; i < m.n; i++) {
        struct space_row s;
        char name[16];
        if (!space_row_get(t, m.spaces[i], &s)) continue;
        snprintf(name, sizeof name, "%u", s.space);
        if (!whole) {
            json_w_kint(w, name, (int64_t)s.high);
            continue;
        }
        struct digest16 d = space_form(&s);
        hex_put(form, d.b, sizeof d.b);
        json_w_object(w);
        json_w_kint(w, "space", s.space);
        json_w_kstr(w, "pool", pool->name);
        json_w_kint(w, "epoch", s.epoch);
        json_w_kint(w, "high", (int64_t)s.high);
        json_w_kstr(w, "form", (str){form, sizeof form});
        json_w_end(w);
    }
}

// Either {name: {space: mark}}, or all that is needed to move a restored site's pools that far.
static void write_pools(struct txn *t, struct json_w *w, bool whole)
{
    struct buf key;
    struct item pool;

    buf_init(&key, KB);
    struct walk walk = item_walk(t, &noun_pool, (str){0}, &key);
    while (item_next(&walk, &pool)) {
        if (!whole) json_w_key(w, pool.name);
        if (!whole) json_w_object(w);
        write_marks(t, &pool, w, whole);
        if (!whole) json_w_end(w);
    }
    walk_close(&walk);
    buf_fini(&key);
}

static void write_journal(struct txn *t, struct json_w *w)
{
    struct journal_meta meta;
    struct arena a;
    char id[32];

    arena_init(&a, 4 * KB);
    if (journal_meta_get(t, &a, &meta).cls == ST_OK) {
        hex_put(id, meta.journal_id, sizeof meta.journal_id);
        json_w_kstr(w, "journal", (str){id, sizeof id});
    }
    arena_fini(&a);
}

static void write_head(struct txn *t, const struct journal_head *h, struct buf *b)
{
    struct json_w w = json_writer(b);
    char link[64];
    struct buf at;

    hex_put(link, h->link.b, sizeof h->link.b);
    buf_init(&at, 64);
    when_write(&at, (struct moment){h->at, 0});
    json_w_object(&w);
    write_journal(t, &w);
    json_w_kint(&w, "seq", (int64_t)h->seq);
    json_w_kstr(&w, "link", (str){link, sizeof link});
    json_w_kstr(&w, "at", buf_str(&at));
    json_w_key(&w, S("pools"));
    json_w_object(&w);
    write_pools(t, &w, false);
    json_w_end(&w);
    json_w_key(&w, S("spaces"));
    json_w_array(&w);
    write_pools(t, &w, true);
    json_w_end(&w);
    json_w_end(&w);
    buf_addc(b, '\n');
    buf_fini(&at);
}

static status write_file(struct db *db, const char *path, struct journal_head *h)
{
    struct txn *t = txn_read(db);
    struct buf b;
    str text;

    *h = journal_head_get(t);
    buf_init(&b, FILE_MAX);
    write_head(t, h, &b);
    status st = txn_end(&t, false);
    if (st.cls == ST_OK) st = buf_done(&b, &text);
    if (st.cls == ST_OK) st = folder_put(path, text);
    buf_fini(&b);
    return st;
}

status head_file_write(struct db *db, const char *path)
{
    struct journal_head h;
    return write_file(db, path, &h);
}

static status head_parse(str text, struct arena *a, struct journal_head *out)
{
    struct json_r r = json_reader(text, a);
    struct journal_head h = {0};
    str key, link = {"", 0};

    for (json_object(&r); json_key(&r, &key);) {
        if (str_eq(key, S("seq")))
            h.seq = (uint64_t)json_int(&r, 0, INT64_MAX);
        else if (str_eq(key, S("link")))
            link = json_string(&r);
        else
            (void)json_raw(&r);
    }
    TRY(json_r_end(&r));
    if (!hex_get(link, h.link.b, sizeof h.link.b))
        return fail(ST_STORE, "head_file.read", 0, "link: 64 hexadecimal digits");
    *out = h;
    return OK;
}

status head_file_read(const char *path, bool *there, struct journal_head *out)
{
    FILE *f = fopen(path, "rbe");
    char piece[4096];
    struct arena a;
    struct buf b;
    size_t n;

    *there = f != NULL;
    if (f == NULL && errno == ENOENT) return OK;
    if (f == NULL) return fail(ST_STORE, "head_file.read", 0, "%s: %s", path, strerror(errno));
    buf_init(&b, FILE_MAX);
    arena_init(&a, FILE_MAX);
    while (!b.failed && (n = fread(piece, 1, sizeof piece, f)) > 0) buf_add(&b, (str){piece, n});
    fclose(f);
    status st = b.failed ? no_memory() : head_parse(buf_str(&b), &a, out);
    if (st.cls != ST_OK)
        st = fail(ST_STORE, "head_file.read", 0, "%s is no head file: %s", path, st.text);
    arena_fini(&a);
    buf_fini(&b);
    return st;
}

// ---- is it of this store?

// The links of most records are not kept: it is told from the last one before that is.
static status link_at(struct txn *t, uint64_t seq, struct link *out)
{
    uint64_t at = seq - seq % LINK_EVERY;
    struct link link = {{0}};
    struct arena a;
    struct buf b;
    struct fact f;
    status st = OK;

    if (at > 0 && !journal_link_get(t, at, &link))
        return fail(ST_STORE, "journal.broken", 0, "the link of record %llu is missing",
                    (unsigned long long)at);
    arena_init(&a, RECORD_MAX);
    buf_init(&b, RECORD_MAX);
    while (at < seq && st.cls == ST_OK) {
        st = journal_get(t, ++at, &a, &f);
        if (st.cls != ST_OK) break;
        buf_reset(&b);
        record_write(&f, &b);
        link = link_next(&link, buf_str(&b));
        arena_reset(&a);
    }
    buf_fini(&b);
    arena_fini(&a);
    *out = link;
    return st;
}

status head_hold(struct txn *t, const struct journal_head *said)
{
    struct journal_head now = journal_head_get(t);
    struct link link = now.link;

    TRY(txn_status(t));
    if (said->seq > now.seq)
        return fail(ST_CONFLICT, "journal.truncated", 0,
                    "head.json knows %llu records, data/ %llu: put the newer one back, or restore "
                    "from this",
                    (unsigned long long)said->seq, (unsigned long long)now.seq);
    if (said->seq < now.seq) TRY(link_at(t, said->seq, &link));
    if (memcmp(&link, &said->link, sizeof link) == 0) return OK;
    return fail(ST_CONFLICT, "journal.rewritten", 0,
                "record %llu is another than head.json knows: data/ was put back, and used since",
                (unsigned long long)said->seq);
}

status head_file_hold(struct db *db, const char *path)
{
    struct journal_head said;
    bool there = false;

    TRY(head_file_read(path, &there, &said));
    if (!there) return OK;
    struct txn *t = txn_read(db); // after the file: beside a service it may grow meanwhile
    status st = head_hold(t, &said), end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

// ---- its thread

static void write_now(struct head_file *h, uint64_t seq, const struct moved *m)
{
    struct journal_head head = {0};
    char link[2 * sizeof head.link.b];
    status st = write_file(h->db, h->path, &head);

    hex_put(link, head.link.b, sizeof head.link.b);
    h->at = env_mono(h->env); // after a failure too: it is tried again in its time
    if (st.cls != ST_OK) {
        LOG(error, "head_file.failed", fst(st));
        return;
    }
    h->seq = seq;
    h->moved = *m;
    LOG(info, "journal.head", fi("seq", head.seq), fs("link", ((str){link, sizeof link})));
}

// So much that it is not put off for a minute.
static bool is_much(const struct head_file *h, const struct moved *now)
{
    return now->marks - h->moved.marks >= NUMBERS_MAX || now->given - h->moved.given >= NUMBERS_MAX;
}

// Whether it is due; *next is what the next looks compare with.
static bool is_due(const struct head_file *h, struct txn *t, uint64_t *seq, struct moved *next)
{
    struct journal_head head = journal_head_get(t);
    bool minute = env_mono(h->env).ms - h->at.ms >= WRITE_MS;

    *seq = head.seq;
    if (head.seq == h->seq) return false;
    struct moved now = moved_since(t, h->moved.since);
    if (!minute && !is_much(h, &now)) return false;
    *next = moved_since(t, head.at);
    return true;
}

static void look(evutil_socket_t fd, short what, void *arg)
{
    struct head_file *h = arg;
    struct txn *t = txn_read(h->db);
    struct moved next;
    uint64_t seq;
    bool due = is_due(h, t, &seq, &next);

    (void)fd, (void)what;
    if (!h->nice) setpriority(PRIO_PROCESS, (id_t)gettid(), 19); // of this thread alone
    h->nice = true;
    status st = txn_end(&t, false);
    if (env_mono(h->env).ms - h->swept.ms >= WRITE_MS) {
        db_sweep(h->db); // a backup that was killed
        h->swept = env_mono(h->env);
    }
    if (st.cls == ST_OK && due) write_now(h, seq, &next);
}

status head_file_start(struct db *db, const char *path, const struct env *env,
                       struct head_file **out)
{
    static const struct timeval every = {LOOK_MS / 1000, LOOK_MS % 1000 * 1000};
    struct head_file *h = calloc(1, sizeof *h);

    assert(h != NULL);
    *h = (struct head_file){.db = db, .path = path, .env = env, .loop = loop_new("head file")};
    h->at = h->swept = env_mono(env);
    h->tick = event_new(loop_base(h->loop), -1, EV_PERSIST, look, h);
    assert(h->tick != NULL && event_add(h->tick, &every) == 0);
    status st = loop_start(h->loop);
    if (st.cls == ST_OK) {
        *out = h;
        return OK;
    }
    event_free(h->tick);
    loop_free(&h->loop);
    free(h);
    return st;
}

void head_file_stop(struct head_file **hp)
{
    struct head_file *h = *hp;

    *hp = NULL;
    if (h == NULL) return;
    loop_stop(h->loop);
    event_free(h->tick);
    loop_free(&h->loop);
    write_now(h, 0, &(struct moved){{0}, 0, 0});
    free(h);
}
