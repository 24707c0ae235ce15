// asking.c - what a subscription needs of the room of queries. An order, which a query may ask for,
// means nothing here: events come as they are recorded. Nor do counts, of which new ones have none.
#include "service/exchange/asking.h"
#include "service/journal/site.h"
#include "service/query/stored.h"
#include "service/query/stored_db.h"

struct asking {
    client_id client;
    struct query q, expanded;
    struct query_master master;
};

bool asking_find(struct txn *t, client_id client, str name, struct asked_query *out)
{
    struct asked_query q = {.name = name};

    if (!str_eq(name, S(SIMPLE_EVENT_QUERY))) {
        q.made = stored_seq(t, client, name);
        if (q.made == 0) return false;
    }
    *out = q;
    return true;
}

static status params_read(const struct asked_query *q, struct arena *a, struct query *out)
{
    struct query_reader *in = NEW(a, struct query_reader);

    if (in == NULL) return no_memory();
    query_begin(in, a);
    TRY(query_from_given(in, q->params));
    return query_end(in, out);
}

static status stored_read(struct txn *t, client_id client, const struct asked_query *q,
                          struct arena *a, struct query *out)
{
    struct stored s;

    TRY(stored_get(t, client, q->name, a, &s));
    return stored_query(&s, a, out);
}

status asking_open(struct txn *t, client_id client, const struct asked_query *q, struct arena *a,
                   struct asking **out)
{
    struct asking *x = NEW(a, struct asking);

    if (x == NULL) return no_memory();
    TRY(q->made == 0 ? params_read(q, a, &x->q) : stored_read(t, client, q, a, &x->q));
    x->client = client;
    x->expanded = x->q;
    *out = x;
    return OK;
}

status asking_check(const struct asking *x) { return query_check_followed(&x->q); }

status asking_begin(struct asking *x, const struct site *s, struct txn *t, struct arena *a)
{
    arena_reset(a);
    x->master = (struct query_master){s->master, t, x->client};
    return query_expand(&x->q, &x->master, a, &x->expanded);
}

status asking_fits(const struct asking *x, const struct epcis_event *e, struct arena *scratch,
                   bool *out)
{
    return query_matches(&x->expanded, e, &x->master, scratch, out);
}
