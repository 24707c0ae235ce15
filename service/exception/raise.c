// Raising and settling, in the writes of facts: deterministic, and no fact of its own.
#include "service/exception/exception_db.h"

static client_id client_of(const struct fact *f, const struct exception *x)
{
    return x->of_site ? (client_id){0} : f->client;
}

static void add(uint32_t *count, uint32_t more)
{
    *count = more > UINT32_MAX - *count ? UINT32_MAX : *count + more;
}

void exception_repeat(struct txn *t, client_id c, uint64_t seq, uint32_t more)
{
    struct exception_id id = {.client = c, .seq = seq};
    struct exception_row x;
    struct exception_texts texts;

    if (!exception_load(t, &id, &texts, &x)) return;
    add(&x.count, more);
    exception_put(t, &x, x.state);
}

// Raised again while it stands: one more of the same.
static bool counted(struct txn *t, const struct exception_end *about)
{
    struct exception_id id;
    struct exception_row x;
    struct exception_texts texts;

    if (!standing_get(t, about, &id) || !exception_load(t, &id, &texts, &x)) return false;
    add(&x.count, 1);
    exception_put(t, &x, x.state);
    return true;
}

void exception_raise(struct txn *t, const struct fact *f, const struct exception *x)
{
    struct exception_end about = {client_of(f, x), x->kind, x->about};
    struct exception_row row = {
        .id = {about.client, f->seq, x->index},
        .kind = x->kind,
        .state = EXCEPTION_OPEN,
        .at = f->at,
        .actor = f->actor,
        .count = 1,
        .lot = x->lot,
        .unit = x->unit,
        .about = x->about
    };

    assert(exception_kind_word(x->kind) != NULL);
    if (counted(t, &about)) return;
    row.code = str_shown(x->code, EXCEPTION_CODE_MAX);
    exception_put(t, &row, 0);
    standing_put(t, &about, &row.id);
}

bool exception_stands(struct txn *t, const struct exception_end *x)
{
    struct exception_id id;
    return standing_get(t, x, &id);
}

void exception_settle(struct txn *t, const struct fact *f, const struct exception_end *end)
{
    struct exception_id id;
    struct exception_row x;
    struct exception_texts texts;

    if (!standing_get(t, end, &id) || !exception_load(t, &id, &texts, &x)) return;
    enum exception_state before = x.state;
    x.state = EXCEPTION_RESOLVED;
    x.resolution = RESOLUTION_BY_ITSELF;
    x.settled = f->seq;
    exception_put(t, &x, before);
    standing_del(t, end);
}
