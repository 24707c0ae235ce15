// row 'J' client 4, seq of the document's fact 8 -> flags 1, created 8, finished 8, events 4,
//     stored 4, repeats 4, next event 4, byte 8, newest slice with errors 8
// row 'J' 0 4, client 4, seq 8 -> nothing: it is running
#include "service/event/capture_job_db.h"
#include "common/bytes.h"
#include <string.h>

enum { ROW_BYTES = 49 };

struct key {
    char b[17];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(client_id c, uint64_t seq)
{
    struct key k = {.b = {ROW_JOB}, .n = 13};

    put_be(k.b + 1, c.v, 4);
    put_be(k.b + 5, seq, 8);
    return k;
}

static struct key key_running(client_id c, uint64_t seq)
{
    struct key k = {.b = {ROW_JOB}, .n = 17};

    put_be(k.b + 5, c.v, 4);
    put_be(k.b + 9, seq, 8);
    return k;
}

static bool job_read(str v, struct capture_job *out)
{
    struct bytes_r r = bytes_reader(v);
    struct capture_job j = {.flags = (unsigned)bytes_get_u(&r, 1)};

    j.created.ms = (int64_t)bytes_get_u(&r, 8);
    j.finished.ms = (int64_t)bytes_get_u(&r, 8);
    j.events = (uint32_t)bytes_get_u(&r, 4);
    j.stored = (uint32_t)bytes_get_u(&r, 4);
    j.repeats = (uint32_t)bytes_get_u(&r, 4);
    j.next = (uint32_t)bytes_get_u(&r, 4);
    j.at = bytes_get_u(&r, 8);
    j.errors_at = bytes_get_u(&r, 8);
    if (!bytes_end(&r)) return false;
    *out = j;
    return true;
}

bool capture_job_get(struct txn *t, client_id c, uint64_t seq, struct capture_job *out)
{
    struct key k = key_of(c, seq);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (job_read(v, out)) return true;
    txn_spoil(t, "store.corrupt", "the row of a capture");
    return false;
}

void capture_job_put(struct txn *t, client_id c, uint64_t seq, const struct capture_job *j)
{
    struct key k = key_of(c, seq), running = key_running(c, seq);
    char v[ROW_BYTES];

    put_be(v, j->flags, 1);
    put_be(v + 1, (uint64_t)j->created.ms, 8);
    put_be(v + 9, (uint64_t)j->finished.ms, 8);
    put_be(v + 17, j->events, 4);
    put_be(v + 21, j->stored, 4);
    put_be(v + 25, j->repeats, 4);
    put_be(v + 29, j->next, 4);
    put_be(v + 33, j->at, 8);
    put_be(v + 41, j->errors_at, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
    if (j->flags & JOB_RUNNING)
        txn_put(t, DB_ROWS, str_key(&running), (str){"", 0});
    else
        txn_del(t, DB_ROWS, str_key(&running));
}

size_t capture_jobs(struct txn *t, client_id c, uint64_t before, uint64_t *seqs, size_t n)
{
    struct key from = key_of(c, before);
    struct walk w = walk_open(t, DB_ROWS, (str){from.b, 5}, str_key(&from));
    size_t got = 0;
    str k, v;

    while (got < n && walk_before(&w, &k, &v))
        if (k.n == from.n) seqs[got++] = get_be(k.p + 5, 8);
    walk_close(&w);
    return got;
}

void capture_jobs_running(struct txn *t, capture_job_each *each, void *self)
{
    struct key from = key_running((client_id){0}, 0);
    struct walk w = walk_open(t, DB_ROWS, (str){from.b, 5}, str_key(&from));
    struct capture_job j;
    str k, v;

    while (walk_next(&w, &k, &v)) {
        if (k.n != from.n) continue;
        client_id c = {(uint32_t)get_be(k.p + 5, 4)};
        uint64_t seq = get_be(k.p + 9, 8);
        if (capture_job_get(t, c, seq, &j)) each(self, c, seq, &j);
    }
    walk_close(&w);
}
