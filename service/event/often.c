#include "service/event/often.h"
#include "common/bytes.h"
#include "service/journal/lists.h"

struct often_name often_name(unit_id u)
{
    struct often_name n;

    put_be(n.b, u.v, sizeof n.b);
    return n;
}

void often_note(struct txn *t, const struct fact *f, unit_id u, const struct unit *x)
{
    if (x->often < OFTEN_LIST) return;
    struct often_name n = often_name(u);
    list_note(t, f->client, LIST_UNIT, (str){n.b, sizeof n.b}, f->seq);
}
