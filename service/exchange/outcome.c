#include "service/exchange/outcome.h"
#include "common/bytes.h"
#include "service/exception/exception.h"
#include "service/exchange/exchange_int.h"
#include "service/exchange/subscription.h"
#include <string.h>

enum { OF_PARKED = 1 };

const char *verdict_word(enum verdict v)
{
    static const char *const words[] = {[VERDICT_TAKEN] = "accepted",
                                        [VERDICT_REFUSED] = "rejected",
                                        [VERDICT_FAILING] = "failing",
                                        [VERDICT_PASSED] = "passed"};

    assert(v >= VERDICT_TAKEN && v <= VERDICT_PASSED);
    return words[v];
}

// ---- bytes

static void place_put(struct buf *b, const struct message_place *p)
{
    bytes_var(b, p->file);
    if (p->file == 0) return;
    bytes_var(b, p->offset);
    buf_add(b, (str){(const char *)p->sum.b, sizeof p->sum.b});
}

static void place_get(struct bytes_r *r, struct message_place *p)
{
    p->file = (uint32_t)bytes_get_var(r);
    if (p->file == 0) return;
    p->offset = bytes_get_var(r);
    str sum = bytes_get_raw(r, sizeof p->sum.b);
    if (sum.n == sizeof p->sum.b) memcpy(p->sum.b, sum.p, sizeof p->sum.b);
}

static void outcome_put(struct buf *b, const struct outcome *o)
{
    uint64_t last = 0;

    bytes_var(b, o->partner);
    bytes_u(b, o->verdict, 1);
    bytes_u(b, o->again ? OF_PARKED : 0u, 1);
    bytes_var(b, o->before);
    bytes_var(b, o->position);
    bytes_var(b, o->http);
    bytes_var(b, o->attempts);
    bytes_str(b, o->code);
    bytes_str(b, o->says);
    bytes_var(b, o->count);
    for (uint32_t i = 0; i < o->count; last = o->events[i++]) bytes_var(b, o->events[i] - last);
    bytes_var(b, o->parked_count);
    last = 0;
    for (uint32_t i = 0; i < o->parked_count; last = o->parked[i++].seq) {
        const struct parking *p = &o->parked[i];
        bytes_var(b, p->seq - last);
        bytes_u(b, p->rejected, 1);
        bytes_var(b, p->lots.n);
        for (uint32_t k = 0; k < p->lots.n; k++) bytes_var(b, p->lots.at[k]);
    }
    place_put(b, &o->sent);
    place_put(b, &o->answer);
}

// A count of things that take a byte or more each.
static uint32_t count_get(struct bytes_r *r)
{
    uint64_t n = bytes_get_var(r);

    if (n > (uint64_t)(r->end - r->p)) r->bad = true;
    return r->bad ? 0 : (uint32_t)n;
}

static bool events_get(struct bytes_r *r, struct arena *a, struct outcome *o)
{
    uint64_t last = 0;

    o->count = count_get(r);
    uint64_t *events = NEW_ARRAY(a, uint64_t, o->count + 1);
    if (events == NULL) return false;
    for (uint32_t i = 0; i < o->count; i++) last = events[i] = last + bytes_get_var(r);
    o->events = events;
    return true;
}

static bool parked_get_all(struct bytes_r *r, struct arena *a, struct outcome *o)
{
    uint64_t last = 0;

    o->parked_count = count_get(r);
    struct parking *parked = NEW_ARRAY(a, struct parking, o->parked_count + 1);
    if (parked == NULL) return false;
    for (uint32_t i = 0; i < o->parked_count && !r->bad; i++) {
        struct parking *p = &parked[i];
        last = p->seq = last + bytes_get_var(r);
        p->rejected = bytes_get_u(r, 1) != 0;
        uint64_t lots = bytes_get_var(r);
        if (lots > PARKED_LOTS_MAX) r->bad = true;
        for (; !r->bad && p->lots.n < lots; p->lots.n++)
            p->lots.at[p->lots.n] = (uint32_t)bytes_get_var(r);
    }
    o->parked = parked;
    return true;
}

status outcome_get(str decided, struct arena *a, struct outcome *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct outcome o = {.partner = (uint32_t)bytes_get_var(&r)};

    o.verdict = (enum verdict)bytes_get_u(&r, 1);
    o.again = (bytes_get_u(&r, 1) & OF_PARKED) != 0;
    o.before = bytes_get_var(&r);
    o.position = bytes_get_var(&r);
    o.http = (uint32_t)bytes_get_var(&r);
    o.attempts = (uint32_t)bytes_get_var(&r);
    o.code = bytes_get_str(&r);
    o.says = bytes_get_str(&r);
    bool room = events_get(&r, a, &o) && parked_get_all(&r, a, &o);
    if (!room) return no_memory();
    place_get(&r, &o.sent);
    place_get(&r, &o.answer);
    bool known = o.verdict >= VERDICT_TAKEN && o.verdict <= VERDICT_PASSED;
    if (!bytes_end(&r) || !known)
        return fail(ST_STORE, "record.corrupt", 0, "the outcome of a delivery breaks off");
    *out = o;
    return OK;
}

// ---- delivery.outcome

// The asker is the only one who moves this partner; if the ledger says otherwise it asks anew.
static status outcome_decide(struct decide *d)
{
    const struct outcome *o = d->ask;
    struct partner_row row;
    struct parked p;

    if (!partner_row_get(d->t, o->partner, &row) || row.position != o->before)
        return fail(ST_CONFLICT, "delivery.stale", 0, "the partner is at another position");
    for (uint32_t i = 0; o->again && i < o->count; i++)
        if (!parked_get(d->t, o->partner, o->events[i], &p))
            return fail(ST_CONFLICT, "delivery.stale", 0, "a delivery is not parked any more");
    d->fact->client = row.client;
    outcome_put(d->out, o);
    return OK;
}

// REQ EPCIS-2.0-NOTIFIED: the last time that a subscriber answered 200, and no other status
static void write_subscriber(struct txn *t, const struct fact *f, const struct outcome *o)
{
    if (o->http == 200) subscription_notified(t, o->partner & ~SUBSCRIBER, f->at);
}

static void write_taken(struct txn *t, const struct fact *f, const struct outcome *o)
{
    if (is_subscriber(o->partner)) { // nobody asks what became of one event
        write_subscriber(t, f, o);
        return;
    }
    for (uint32_t i = 0; o->again && i < o->count; i++) {
        struct exception_end end = {f->client, EXCEPTION_OF_REJECTED,
                                    exception_about(o->partner, o->events[i])};
        exception_settle(t, f, &end);
        parked_del(t, o->partner, o->events[i]);
        taken_put(t, o->partner, true, o->events[i], f->seq);
    }
    if (!o->again && o->count > 0) taken_put(t, o->partner, false, o->events[o->count - 1], f->seq);
}

// One for each event that the partner refused, not for those that wait behind it.
static void raise_rejected(struct txn *t, const struct fact *f, const struct outcome *o)
{
    struct exception x = {.kind = EXCEPTION_OF_REJECTED, .code = o->code};

    for (uint32_t i = 0; i < o->parked_count; i++) {
        const struct parking *p = &o->parked[i];
        if (!p->rejected || is_subscriber(o->partner)) continue;
        x.lot = p->lots.n == 1 ? p->lots.at[0] : 0;
        x.about = exception_about(o->partner, p->seq);
        exception_raise(t, f, &x);
        if (x.index++ == EXCEPTION_INDEX_MAX) return; // no message is that long
    }
}

static void outcome_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct partner_row row;
    struct outcome o;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (outcome_get(f->decided, &a, &o).cls != ST_OK) txn_spoil(t, "record.corrupt", "an outcome");
    if (txn_status(t).cls != ST_OK) goto out;
    if (o.verdict == VERDICT_TAKEN) write_taken(t, f, &o);
    for (uint32_t i = 0; i < o.parked_count; i++) {
        const struct parking *p = &o.parked[i];
        struct parked now = {p->seq, p->rejected, false, f->seq, p->lots};
        parked_put(t, o.partner, &now);
    }
    raise_rejected(t, f, &o);
    if (!partner_row_get(t, o.partner, &row)) goto out;
    row.position = o.position;
    row.outcome = f->seq;
    if (o.verdict == VERDICT_TAKEN) row.accepted += o.count;
    if (o.verdict == VERDICT_FAILING) row.failing_since = f->at;
    if (o.verdict == VERDICT_TAKEN || o.verdict == VERDICT_REFUSED) row.failing_since.ms = 0;
    partner_row_put(t, o.partner, &row);
out:
    arena_fini(&a);
}

static void outcome_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct outcome o;
    struct arena a;

    (void)arg;
    arena_init(&a, 64 * MB);
    if (outcome_get(f->decided, &a, &o).cls == ST_OK) {
        json_w_kinner(w, is_subscriber(o.partner) ? "subscription" : "partner",
                      o.partner & ~SUBSCRIBER);
        json_w_kstr(w, "verdict", str_of(verdict_word(o.verdict)));
        json_w_kinner(w, "position", o.position);
        json_w_kint(w, "events", o.count);
        json_w_kint(w, "parked", o.parked_count);
        json_w_kint(w, "status", o.http);
        json_w_kint(w, "attempts", o.attempts);
        if (o.code.n > 0) json_w_kstr(w, "code", o.code);
        if (o.says.n > 0) json_w_kstr(w, "says", o.says);
    }
    arena_fini(&a);
}

const struct kind kind_delivery_outcome = {
    FACT_DELIVERY_OUTCOME, 1,   "delivery.outcome", outcome_decide, outcome_write,
    outcome_print,         NULL};

// ---- delivery.retried

status retry_get(str decided, struct retry *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct retry x = {.partner = (uint32_t)bytes_get_var(&r)};

    x.seq = bytes_get_var(&r);
    x.reason = bytes_get_str(&r);
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "a retry breaks off");
    *out = x;
    return OK;
}

// What stands behind another follows it by itself, and must not go before it.
static status check_front(struct decide *d, const struct retry *x, const struct parked *p)
{
    char id[OPAQUE_LEN];
    struct parked front;

    if (!parked_before(d->t, x->partner, p, &front)) return txn_status(d->t);
    str before = delivery_id_text(d->app, x->partner, front.seq, id);
    return fail(ST_CONFLICT, "delivery.behind", 0, "it waits behind %.*s, which shares a lot",
                STR(before));
}

static status retried_decide(struct decide *d)
{
    const struct retry *x = d->ask;
    struct parked p;

    d->fact->client = x->client;
    if (!parked_get(d->t, x->partner, x->seq, &p))
        return fail(ST_CONFLICT, "delivery.not_parked", 0,
                    "only a rejected delivery is sent again");
    TRY(check_front(d, x, &p));
    if (!p.rejected)
        return fail(ST_CONFLICT, "delivery.not_parked", 0,
                    "it was not refused: it follows what it waits behind by itself");
    bytes_var(d->out, x->partner);
    bytes_var(d->out, x->seq);
    bytes_str(d->out, x->reason);
    return OK;
}

static void retried_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct parked p;
    struct retry x;

    (void)arg;
    if (retry_get(f->decided, &x).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "a retry");
        return;
    }
    if (!parked_get(t, x.partner, x.seq, &p)) return;
    p.released = true;
    parked_put(t, x.partner, &p);
}

static void retried_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct retry x;

    (void)arg;
    if (retry_get(f->decided, &x).cls != ST_OK) return;
    json_w_kinner(w, "partner", x.partner);
    json_w_kinner(w, "event", x.seq);
    if (x.reason.n > 0) json_w_kstr(w, "reason", x.reason);
}

const struct kind kind_delivery_retried = {
    FACT_DELIVERY_RETRIED, 1,   "delivery.retried", retried_decide, retried_write,
    retried_print,         NULL};
