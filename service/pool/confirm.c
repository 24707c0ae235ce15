// decided part of `numbers.confirmed`: request 8 | reason str, where there is one
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include "service/pool/request.h"

bool confirmed_get(str decided, struct confirm_ask *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct confirm_ask x = {.request = bytes_get_u(&r, 8)};

    x.reason = r.bad || r.p == r.end ? S("") : bytes_get_str(&r);
    if (!bytes_end(&r)) return false;
    *out = x;
    return true;
}

static status confirm_decide(struct decide *d)
{
    const struct confirm_ask *ask = d->ask;
    struct request_row q;

    if (!request_get(d->t, ask->request, &q))
        return fail(ST_NOT_FOUND, "request.unknown", 0, "there is no such request for numbers");
    d->fact->client = q.client;
    if (q.state == REQUEST_RETURNED)
        return fail(ST_CONFLICT, "request.returned", 0, "the numbers have gone back already");
    if (q.state == REQUEST_CONFIRMED) d->repeat_seq = q.state_seq;
    bytes_u(d->out, ask->request, 8);
    if (ask->reason.n > 0) bytes_str(d->out, ask->reason);
    return OK;
}

static void confirm_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct request_row q;
    struct request_texts kept;
    struct confirm_ask x;

    (void)arg;
    if (!confirmed_get(f->decided, &x) || !request_load(t, x.request, &q, &kept)) {
        txn_spoil(t, "record.corrupt", "a confirmed request that is not there");
        return;
    }
    request_settle(t, &q, REQUEST_CONFIRMED, f->seq);
    request_put(t, &q);
}

static void confirm_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct confirm_ask x;

    (void)arg;
    if (!confirmed_get(f->decided, &x)) return;
    json_w_kinner(w, "request", x.request);
    if (x.reason.n > 0) json_w_kstr(w, "reason", x.reason);
}

const struct kind kind_numbers_confirmed = {
    FACT_NUMBERS_CONFIRMED, 1,   "numbers.confirmed", confirm_decide, confirm_write,
    confirm_print,          NULL};
