// SimpleEventQuery, without parameters, fits every event.
#include "service/exchange/asking.h"

struct asking {
    uint64_t made;
};

bool asking_find(struct txn *t, client_id client, str name, struct asked_query *out)
{
    (void)t, (void)client;
    if (!str_eq(name, S("SimpleEventQuery"))) return false;
    *out = (struct asked_query){name, 0};
    return true;
}

status asking_open(struct txn *t, client_id client, const struct asked_query *q, struct arena *a,
                   struct asking **out)
{
    struct asking *x = NEW(a, struct asking);

    (void)t, (void)client;
    if (x == NULL) return no_memory();
    x->made = q->made;
    *out = x;
    return OK;
}

status asking_fits(const struct asking *x, const struct epcis_event *e, struct arena *scratch,
                   bool *out)
{
    (void)e, (void)scratch;
    *out = x->made == 0;
    return OK;
}
