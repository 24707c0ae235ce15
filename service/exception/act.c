// decided part: distance from the fact that raised the exception var | index 1 | fact before in its
//   history var | state after it 1 | first str | second str |
//   third str. The fact's client is the exception's.
#include "service/exception/act.h"
#include "common/bytes.h"

struct effect { // of one of the five
    enum exception_state to;
    bool open_only;     // what is resolved refuses it
    bool resolved_only; // what is not refuses it
    bool owns, resolves;
    const char *first, *second; // names of the texts, for people
};

void exception_act_put(uint64_t seq, const struct exception_act *x, struct buf *out)
{
    bytes_var(out, seq - x->id.seq);
    bytes_u(out, x->id.index, 1);
    bytes_var(out, x->before);
    bytes_u(out, x->after, 1);
    bytes_str(out, x->first);
    bytes_str(out, x->second);
    bytes_str(out, x->third);
}

status exception_act_get(const struct fact *f, struct exception_act *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct exception_act x = {.id.client = f->client};
    uint64_t distance = bytes_get_var(&r);

    x.id.index = (uint8_t)bytes_get_u(&r, 1);
    x.before = bytes_get_var(&r);
    x.after = (enum exception_state)bytes_get_u(&r, 1);
    x.first = bytes_get_str(&r);
    x.second = bytes_get_str(&r);
    x.third = bytes_get_str(&r);
    if (r.bad || distance > f->seq)
        return fail(ST_STORE, "record.corrupt", 0, "a note about an exception breaks off");
    x.id.seq = f->seq - distance;
    *out = x;
    return OK;
}

static status act_decide(struct decide *d)
{
    const struct effect *e = d->arg;
    struct exception_act x = *(const struct exception_act *)d->ask;
    struct exception_row row;

    d->fact->client = x.id.client;
    if (!exception_get(d->t, &x.id, &row))
        return fail(ST_NOT_FOUND, "exception.unknown", 0, "there is no such exception here");
    if (e->open_only && row.state == EXCEPTION_RESOLVED)
        return fail(ST_CONFLICT, "exception.resolved", 0, "it is resolved: reopen it first");
    if (e->resolved_only && row.state != EXCEPTION_RESOLVED)
        return fail(ST_CONFLICT, "exception.not_resolved", 0, "it is not resolved");
    x.before = row.newest;
    x.after = e->to == 0 ? row.state : e->to;
    if (e->to == EXCEPTION_OPEN && row.owner.n > 0) x.after = EXCEPTION_ASSIGNED;
    exception_act_put(d->seq, &x, d->out);
    return OK;
}

// ---- writing

bool exception_follow(struct txn *t, const struct fact *f, const struct exception_id *id)
{
    struct exception_row row;
    struct exception_texts k;

    if (!exception_load(t, id, &k, &row)) return false;
    row.newest = f->seq;
    exception_put(t, &row, row.state);
    return true;
}

// What it is about stands no longer, or again.
static void stand(struct txn *t, const struct exception_row *row)
{
    struct exception_end about = {row->id.client, row->kind, row->about};
    struct exception_id other;
    bool stands = standing_get(t, &about, &other);

    if (row->state == EXCEPTION_RESOLVED) {
        if (stands && other.seq == row->id.seq && other.index == row->id.index)
            standing_del(t, &about);
    } else if (!stands) {
        standing_put(t, &about, &row->id);
    }
}

static void act_write(struct txn *t, const struct fact *f, const void *arg)
{
    const struct effect *e = arg;
    struct exception_act x;
    struct exception_row row;
    struct exception_texts k;

    if (exception_act_get(f, &x).cls != ST_OK || !exception_load(t, &x.id, &k, &row)) {
        txn_spoil(t, "record.corrupt", "a note about an exception");
        return;
    }
    enum exception_state before = row.state;
    row.newest = f->seq;
    if (e->to != 0) row.state = x.after;
    if (e->owns) row.owner = x.first;
    if (e->resolves) (void)exception_resolution_find(x.first, &row.resolution);
    exception_put(t, &row, before);
    if (before != row.state) stand(t, &row);
    if (x.third.n > 0) case_put(t, &row.id, x.third);
}

// ---- for people

static void act_print(const struct fact *f, struct json_w *w, const void *arg)
{
    const struct effect *e = arg;
    struct exception_act x;

    if (exception_act_get(f, &x).cls != ST_OK) return;
    json_w_kinner(w, "exception", x.id.seq);
    if (x.id.index > 0) json_w_kint(w, "index", x.id.index);
    if (e->first != NULL) json_w_kstr(w, e->first, x.first);
    if (e->second != NULL && x.second.n > 0) json_w_kstr(w, e->second, x.second);
}

static const struct effect assigned = {.to = EXCEPTION_ASSIGNED,
                                       .open_only = true,
                                       .owns = true,
                                       .first = "owner",
                                       .second = "reason"};
static const struct effect noted = {.first = "text"};
static const struct effect resolved = {.to = EXCEPTION_RESOLVED,
                                       .open_only = true,
                                       .resolves = true,
                                       .first = "resolution",
                                       .second = "reason"};
static const struct effect reopened = {
    .to = EXCEPTION_OPEN, .resolved_only = true, .second = "reason"};
static const struct effect sent = {.first = "type", .second = "to"};

#define ACT(number, name, effect)                                                                  \
    {                                                                                              \
        number, 1, name, act_decide, act_write, act_print, &(effect)                               \
    }

const struct kind kind_exception_assigned =
    ACT(FACT_EXCEPTION_ASSIGNED, "exception.assigned", assigned);
const struct kind kind_exception_noted = ACT(FACT_EXCEPTION_NOTED, "exception.noted", noted);
const struct kind kind_exception_resolved =
    ACT(FACT_EXCEPTION_RESOLVED, "exception.resolved", resolved);
const struct kind kind_exception_reopened =
    ACT(FACT_EXCEPTION_REOPENED, "exception.reopened", reopened);
const struct kind kind_exception_sent = ACT(FACT_EXCEPTION_SENT, "exception.sent", sent);
