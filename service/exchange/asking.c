// What is asked is read once; what lies within a place is looked up for each event anew, since
// master data may come at any time.
#include "service/exchange/asking.h"
#include "service/query/answer.h"
#include "service/query/stored_db.h"

#define SPARE_MAX (4 * MB)

struct asking {
    struct query q;
    bool within; // WD_ terms
};

bool asking_find(struct txn *t, client_id client, str name, struct asked_query *out)
{
    bool simple = str_eq(name, S(SIMPLE_EVENT_QUERY));
    uint64_t made = simple ? 0 : stored_seq(t, client, name);

    if (!simple && made == 0) return false;
    *out = (struct asked_query){.name = name, .made = made};
    return true;
}

static status read(struct txn *t, client_id client, const struct asked_query *q, struct arena *a,
                   struct query *out)
{
    struct query_reader *r = NEW(a, struct query_reader);
    struct stored s;

    if (r == NULL) return no_memory();
    query_begin(r, a);
    if (q->made == 0) {
        TRY(query_from_given(r, q->params));
    } else {
        TRY(stored_get(t, client, q->name, a, &s));
        TRY(query_from_json(r, s.json));
    }
    return query_end(r, out);
}

status asking_open(struct txn *t, client_id client, const struct asked_query *q, struct arena *a,
                   struct asking **out)
{
    struct asking *x = NEW(a, struct asking);

    if (x == NULL) return no_memory();
    TRY(read(t, client, q, a, &x->q));
    x->within = query_is_within(&x->q);
    *out = x;
    return OK;
}

status asking_fits(const struct asking *x, const struct epcis_event *e,
                   const struct query_master *m, struct arena *scratch, bool *out)
{
    const struct query *q = &x->q;
    struct query expanded;
    struct arena spare;
    status st = OK;

    arena_init(&spare, SPARE_MAX); // the matcher resets it
    if (x->within) st = query_expand(q, m, scratch, &expanded);
    if (st.cls == ST_OK) st = query_matches(x->within ? &expanded : q, e, m, &spare, out);
    arena_fini(&spare);
    return st;
}
