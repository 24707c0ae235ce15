// decided part: count varint | for each ask: what 1 (0 accepted, 1 repeat, 2 refused, 3 and 4:
// accepted or a repeat but for some units), then the bytes of a refusal as a str (refusal.h) where
// there is one, and but for what was refused whole seq zigzag from the one before
#include "service/journal/call_bound.h"
#include "common/bytes.h"
#include "service/journal/refusal.h"

enum what { ACCEPTED, REPEAT, REFUSED, PARTLY, REPEAT_PARTLY };

static void put_refused(const struct ask *a, struct buf *out)
{
    struct buf b;

    buf_init(&b, 64 * MB);
    status st = a->partly ? a->besides : a->result;
    refusal_put(&(struct refused){a->kind->number, st, a->units, {0}, 0}, &b);
    bytes_str(out, buf_str(&b));
    buf_fini(&b);
}

void call_bound_put(const struct job *j, struct buf *out)
{
    uint64_t before = 0;

    bytes_var(out, j->n);
    for (uint32_t i = 0; i < j->n; i++) {
        const struct ask *a = &j->asks[i];
        bool refused = a->result.cls != ST_OK;
        unsigned part = a->partly ? PARTLY : 0;
        bytes_u(out, refused ? REFUSED : part + (a->repeat ? REPEAT : ACCEPTED), 1);
        if (refused || a->partly) put_refused(a, out);
        if (!refused) bytes_zig(out, (int64_t)(a->fact.seq - before));
        if (!refused) before = a->fact.seq; // 0 where there was nothing to say
    }
}

status call_bound_get(str decided, struct job *j)
{
    struct bytes_r r = bytes_reader(decided);
    uint64_t before = 0;
    struct refused x;

    if (bytes_get_var(&r) != j->n)
        return fail(ST_STORE, "record.corrupt", 0, "another number of answers than of commands");
    for (uint32_t i = 0; i < j->n && !r.bad; i++) {
        struct ask *a = &j->asks[i];
        uint64_t what = bytes_get_u(&r, 1);
        if (what >= REFUSED) {
            TRY(refusal_get(bytes_get_str(&r), j->arena, &x));
            a->result = a->besides = x.st;
            a->units = x.units;
        }
        if (what == REFUSED) continue;
        a->result = OK;
        a->partly = what >= PARTLY;
        a->repeat = what == REPEAT || what == REPEAT_PARTLY;
        a->fact.seq = before += (uint64_t)bytes_get_zig(&r);
        a->nothing = a->fact.seq == 0;
    }
    return bytes_end(&r) ? OK : fail(ST_STORE, "record.corrupt", 0, "answers break off");
}

static status bound_decide(struct decide *d)
{
    call_bound_put(d->ask, d->out);
    return OK;
}

static void bound_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)t, (void)f, (void)arg; // the key's row is written for every fact that has one
}

static void bound_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    json_w_kint(w, "answers", (int64_t)bytes_get_var(&r));
}

const struct kind kind_call_bound = {FACT_CALL_BOUND, 1,           "call.bound", bound_decide,
                                     bound_write,     bound_print, NULL};
