#include "service/event/owner.h"
#include "service/journal/journal_db.h"
#include "service/lot/lot_db.h"
#include "service/unit/unit_db.h"

bool owner_issued(const struct owner_reader *o, unit_id u)
{
    return o->issue.seq != 0 && o->issue_space == unit_space(u) &&
           unit_ordinal(u) >= o->issue.first &&
           unit_ordinal(u) - o->issue.first < o->issue.consumed;
}

bool owner_issue(struct owner_reader *o, unit_id u)
{
    struct request_row q;

    if (owner_issued(o, u)) return true;
    o->issue.seq = 0;
    if (!issue_of(o->t, u, &o->issue) || !request_get(o->t, o->issue.seq, &q)) return false;
    o->issue_space = unit_space(u);
    o->issue_client = q.client;
    return true;
}

bool owner_of(struct owner_reader *o, unit_id u, client_id *out)
{
    const struct space_row *s = names_space(o->names, o->t, unit_space(u));
    struct fact first;

    if (s == NULL || s->sort == SPACE_OF_FOREIGN) return false;
    *out = s->client;
    if (s->client.v != 0 && s->sort != SPACE_OF_LIST) return true;
    if (!owner_issue(o, u)) return false;
    if (s->client.v != 0) return true;
    *out = o->issue_client;
    uint64_t seq = out->v != 0 ? 0 : unit_one(o->t, u).first;
    if (seq != 0 && journal_get_header(o->t, seq, &first).cls == ST_OK) *out = first.client;
    return true;
}

uint32_t owner_lot_asked(struct owner_reader *o, unit_id u, client_id client)
{
    struct request_row q;
    struct gtin_row g;

    if (!owner_issue(o, u) || !request_get(o->t, o->issue.seq, &q)) return 0;
    if (q.lot.n == 0 || q.client.v != client.v || !gtin_get(o->t, q.gtin, &g)) return 0;
    return lot_number(o->t, client, g.product, q.lot);
}
