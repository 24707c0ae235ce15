// decided part of `numbers.confirmed`: request 8
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include "service/pool/request.h"

static status confirm_decide(struct decide *d)
{
    uint64_t seq = *(const uint64_t *)d->ask;
    struct request_row q;

    if (!request_get(d->t, seq, &q))
        return fail(ST_NOT_FOUND, "request.unknown", 0, "there is no such request for numbers");
    d->fact->client = q.client;
    if (q.state == REQUEST_RETURNED)
        return fail(ST_CONFLICT, "request.returned", 0, "the numbers have gone back already");
    if (q.state == REQUEST_CONFIRMED) d->repeat_seq = q.state_seq;
    bytes_u(d->out, seq, 8);
    return OK;
}

static void confirm_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct request_row q;
    struct request_texts kept;

    (void)arg;
    if (f->decided.n != 8 || !request_load(t, get_be(f->decided.p, 8), &q, &kept)) {
        txn_spoil(t, "record.corrupt", "a confirmed request that is not there");
        return;
    }
    request_settle(t, &q, REQUEST_CONFIRMED, f->seq);
    request_put(t, &q);
}

static void confirm_print(const struct fact *f, struct json_w *w, const void *arg)
{
    (void)arg;
    if (f->decided.n == 8) json_w_kint(w, "request", (int64_t)get_be(f->decided.p, 8));
}

const struct kind kind_numbers_confirmed = {
    FACT_NUMBERS_CONFIRMED, 1,   "numbers.confirmed", confirm_decide, confirm_write,
    confirm_print,          NULL};
