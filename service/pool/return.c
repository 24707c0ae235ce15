// decided part of `numbers.returned`:
//   mask 1 (32: reason) | reason str | runs that went back | their previous positions (alike) |
//   request 8 (0: none; + 2^63: to the pool) | kept, to the end: first unit 8, count varint, code
//   str; count 0: text str
// It begins as all facts about units do (service/event/report.h), so that their history goes
// through it.
#include "common/arena.h"
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include "service/pool/request.h"
#include "service/unit/unit_db.h"
#include <string.h>

enum { HAS_REASON = 32 };
#define TO_POOL (UINT64_C(1) << 63)

struct sifting { // units into those that go and those that stay
    struct decide *d;
    const struct return_ask *ask;
    struct unit_rows rows;
    struct issue_row issue; // of the last unit looked at
    uint32_t issue_space;
    struct back_judge back;
    struct runs going;
    struct alike_w previous;
    struct run kept; // neighbours not yet written, for the same reason
    const char *code;
    struct buf *stays;
};

static void kept_end(struct sifting *s)
{
    if (s->kept.count == 0) return;
    bytes_u(s->stays, s->kept.first.v, 8);
    bytes_var(s->stays, s->kept.count);
    bytes_str(s->stays, str_of(s->code));
    s->kept.count = 0;
}

static void stay(struct sifting *s, unit_id u, const char *code)
{
    bool follows =
        s->kept.count > 0 && s->kept.first.v + s->kept.count == u.v && strcmp(s->code, code) == 0;

    if (!follows) {
        kept_end(s);
        s->kept.first = u;
        s->code = code;
    }
    s->kept.count++;
}

static void go(struct sifting *s, unit_id u, uint64_t last)
{
    struct run *before = s->going.n > 0 ? &s->going.at[s->going.n - 1] : NULL;

    if (before != NULL && before->first.v + before->count == u.v &&
        unit_space(u) == unit_space(before->first))
        before->count++;
    else
        s->going.at[s->going.n++] = (struct run){u, 1};
    s->going.units++;
    alike_put(&s->previous, last);
}

static bool is_issued(struct sifting *s, unit_id u)
{
    uint64_t at = unit_ordinal(u);

    if (s->issue.seq != 0 && s->issue_space == unit_space(u) && at >= s->issue.first &&
        at - s->issue.first < s->issue.consumed)
        return true; // names never give one that was passed over
    s->issue_space = unit_space(u);
    if (issue_of(s->d->t, u, &s->issue)) return true;
    s->issue.seq = 0;
    return false;
}

// That it was issued; of a whole request, by it and to nobody since.
static const char *issue_refuses(struct sifting *s, unit_id u)
{
    if (!is_issued(s, u)) return "unit.not_issued";
    if (s->ask->request != 0 && s->issue.seq != s->ask->request) return "request.returned";
    return NULL;
}

static void sift_one(struct sifting *s, unit_id u)
{
    struct unit x = unit_get(&s->rows, u);
    struct unit_change next;

    const char *code = issue_refuses(s, u);
    status st = OK;

    if (code == NULL) st = unit_step(SORT_PACK, &x, ACT_RETURN, &next); // of both sorts alike
    if (st.cls != ST_OK) code = st.reason;
    if (code == NULL) code = back_refuses(&s->back, u, &x, s->issue.seq);
    if (code == NULL)
        go(s, u, x.last);
    else
        stay(s, u, code);
}

static void unknown_put(struct sifting *s)
{
    for (uint32_t i = 0; i < s->ask->unknown_count; i++) {
        bytes_u(s->stays, 0, 8);
        bytes_var(s->stays, 0);
        bytes_str(s->stays, s->ask->unknown[i]);
    }
}

static status check_request(struct sifting *s)
{
    const struct return_ask *ask = s->ask;
    struct decide *d = s->d;
    struct request_row q;

    if (ask->request == 0) return OK;
    if (!request_get(d->t, ask->request, &q))
        return fail(ST_NOT_FOUND, "request.unknown", 0, "there is no such request for numbers");
    if (q.state == REQUEST_RETURNED) // the second time is the first one's answer
        d->repeat_seq = q.state_seq;
    else
        TRY(back_check(&s->back, q.seq, q.space));
    return OK;
}

static status return_decide(struct decide *d)
{
    const struct return_ask *ask = d->ask;
    struct buf previous, stays;
    struct sifting s = {
        .d = d,
        .ask = ask,
        .stays = &stays,
        .back = {.d = d, .to_pool = ask->to_pool, .line = ask->line}
    };
    unit_id u;

    d->fact->client = ask->client;
    TRY(check_request(&s));
    if (d->repeat_seq != 0) return OK;
    if (ask->units.n > 0 && runs_find_twice(&ask->units, d->arena).v != 0)
        return fail(ST_BAD_INPUT, "unit.twice", 0, "a number is named twice");
    s.going.at = NEW_ARRAY(d->arena, struct run, ask->units.units + 1);
    if (s.going.at == NULL) return no_memory();
    buf_init(&previous, 64 * MB);
    buf_init(&stays, 64 * MB);
    s.previous.b = &previous;
    unit_rows_read(&s.rows, d->t);
    for (struct run_walk w = runs_walk(&ask->units); run_next(&w, &u);) sift_one(&s, u);
    kept_end(&s);
    unknown_put(&s);
    alike_end(&s.previous);
    bytes_u(d->out, ask->reason.n > 0 ? HAS_REASON : 0, 1);
    if (ask->reason.n > 0) bytes_str(d->out, ask->reason);
    runs_put(d->out, &s.going);
    status st = previous.failed || stays.failed ? no_memory() : OK;
    if (st.cls == ST_OK) buf_add(d->out, buf_str(&previous));
    bytes_u(d->out, ask->request | (ask->to_pool ? TO_POOL : 0), 8);
    if (st.cls == ST_OK) buf_add(d->out, buf_str(&stays));
    buf_fini(&previous);
    buf_fini(&stays);
    return st;
}

// ---- the fact

status returned_get(str decided, struct arena *a, struct returned *out)
{
    struct bytes_r in = bytes_reader(decided);
    struct returned x = {0};

    if (bytes_get_u(&in, 1) & HAS_REASON) (void)bytes_get_str(&in);
    x.runs = runs_get(&in, a);
    alike_pass(&in, x.runs.units);
    x.request = bytes_get_u(&in, 8);
    x.to_pool = x.request & TO_POOL;
    x.request &= ~TO_POOL;
    if (in.bad) return fail(ST_STORE, "record.corrupt", 0, "a return of numbers breaks off");
    x.kept = in;
    *out = x;
    return OK;
}

bool kept_next(struct bytes_r *in, struct kept *out)
{
    struct kept k = {.code = S("unit.unknown")};

    if (in->bad || in->p == in->end) return false;
    k.run.first.v = bytes_get_u(in, 8);
    k.run.count = (uint32_t)bytes_get_var(in);
    str text = bytes_get_str(in);
    if (k.run.count == 0)
        k.text = text;
    else
        k.code = text;
    if (!in->bad) *out = k;
    return !in->bad;
}

// Takes them off what was asked for with a lot in mind, and off the request.
static void write_request(struct txn *t, uint64_t seq, uint64_t units, bool whole, uint64_t by)
{
    struct request_row q;
    struct request_texts kept;

    if (!request_load(t, seq, &q, &kept)) {
        txn_spoil(t, "store.corrupt", "a returned number that no request got");
        return;
    }
    q.returned += (uint32_t)units;
    if (q.lot.n > 0) {
        struct asked_of of = {q.client, q.gtin, q.lot, q.is_sscc};
        asked_add(t, &of, &(struct asked){.returned = units});
    }
    if (whole || q.returned == q.quantity) request_settle(t, &q, REQUEST_RETURNED, by);
    request_put(t, &q);
}

static void write_requests(struct txn *t, const struct run *r, uint64_t by)
{
    uint64_t at = r->first.v, end = at + r->count;

    while (at < end && txn_status(t).cls == ST_OK) {
        struct issue_row issue;
        if (!issue_of(t, (unit_id){at}, &issue)) {
            txn_spoil(t, "store.corrupt", "a returned number that was not issued");
            return;
        }
        uint64_t ends = at - unit_ordinal((unit_id){at}) + issue.first + issue.consumed;
        if (ends > end) ends = end;
        write_request(t, issue.seq, ends - at, false, by);
        at = ends;
    }
}

static void write_units(struct txn *t, const struct fact *f, const struct runs *runs)
{
    struct unit_rows rows;
    unit_id u;

    unit_rows_write(&rows, t);
    for (struct run_walk w = runs_walk(runs); run_next(&w, &u);) {
        struct unit x = unit_get(&rows, u);
        x.state = UNIT_RETURNED_TO_OWNER;
        x.last = f->seq;
        unit_put(&rows, u, &x);
    }
    unit_rows_end(&rows);
}

static void return_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct returned x;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (returned_get(f->decided, &a, &x).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "a return of numbers");
    } else {
        write_units(t, f, &x.runs);
        if (x.request != 0) write_request(t, x.request, x.runs.units, true, f->seq);
        for (uint32_t i = 0; x.request == 0 && i < x.runs.n; i++)
            write_requests(t, &x.runs.at[i], f->seq);
        if (x.to_pool) back_lay(t, f, &x.runs);
    }
    arena_fini(&a);
}

static void return_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct returned x;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (returned_get(f->decided, &a, &x).cls == ST_OK) {
        json_w_kint(w, "returned", (int64_t)x.runs.units);
        if (x.request != 0) json_w_kinner(w, "request", x.request);
        if (x.to_pool) json_w_kstr(w, "to", S("pool"));
    }
    arena_fini(&a);
}

const struct kind kind_numbers_returned = {
    FACT_NUMBERS_RETURNED, 1, "numbers.returned", return_decide, return_write, return_print, NULL};
