// Whose the GTIN is, which unit is meant, and what another system's event told of it. On the loop,
// in its snapshot: nothing of this can change any more, but that a unit comes to be, and who asks
// before that is told so.
//
// Only the owner of a GTIN answers for it. Another client's events may have named the same number;
// that is a unit of that client's own and says nothing here.
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/captured_render.h"
#include "service/pool/foreign.h"
#include "service/verification/verification_int.h"

// A holder is a name, or the GLN of who answers for the product.
static uint64_t holder_gln(struct txn *t, uint32_t product, struct arena *a)
{
    struct product p;
    char gln[13];
    uint64_t n;

    if (product_get(t, product, a, &p).cls != ST_OK || gs1_gln_read(p.holder, gln).cls != ST_OK)
        return 0;
    return str_u64((str){gln, sizeof gln}, INT64_MAX, &n) ? n : 0;
}

bool verification_knows(struct txn *t, const struct caller *c, const char gtin[14], struct arena *a,
                        uint64_t *responder)
{
    struct gtin_row row;

    *responder = 0;
    if (!gtin_get(t, gtin, &row) || !caller_sees(c, row.client)) return false;
    *responder = holder_gln(t, row.product, a);
    return true;
}

// ---- what an event told

static str told(const struct epcis_event *e, str name)
{
    for (const struct epcis_node *n = e->ilmd; n != NULL; n = n->next)
        if (n->ns != NULL && epcis_ns_is_cbvmda(n->ns->uri) && str_eq(n->name, name))
            return str_trim(n->text);
    return (str){0};
}

// xsd:date, or a time of which the date is what counts.
static struct date expiry_read(str text)
{
    struct date d = {0};

    if (text.n > 10 && (text.p[10] == 'T' || text.p[10] == 'Z' || text.p[10] == '+')) text.n = 10;
    return date_read(text, &d).cls == ST_OK ? d : (struct date){0};
}

// The fact of the event itself: what waited began its units later.
static status event_get(struct unit_reader *r, uint64_t seq, struct fact *out)
{
    struct touched touched;
    struct report report;
    struct bytes_r rest;
    uint64_t event;

    TRY(journal_get(r->t, seq, r->arena, out));
    if (out->kind != FACT_CAPTURE_APPLIED) return OK;
    TRY(report_get(out->decided, r->arena, &report, &touched, &rest));
    if (!captured_of(&rest, out, &event))
        return fail(ST_STORE, "record.corrupt", 0, "an event that waited");
    return journal_get(r->t, event, r->arena, out);
}

static status find_told(struct unit_reader *r, const struct site *site, struct verification_ask *x)
{
    struct unit u = unit_get(&r->rows, x->v.unit);
    struct event_render render = event_render_begin(site, r->t, r->arena);
    struct event_parts parts;
    struct fact f;

    x->foreign = true;
    if (u.first == 0) return OK; // named, but never begun
    TRY(event_get(r, u.first, &f));
    TRY(event_render(&render, &f, &parts));
    if (parts.n == 0) return OK;
    x->told.lot = told(&parts.at[0].event, S("lotNumber"));
    x->told.expiry = expiry_read(told(&parts.at[0].event, S("itemExpirationDate")));
    return OK;
}

// ---- the unit

static unit_id find_foreign(struct unit_reader *r, client_id owner, const struct gs1_id *id)
{
    unit_id u = {0};
    struct buf b;

    buf_init(&b, 4 * GS1_TEXT_MAX);
    if (foreign_text(id, &b).cls == ST_OK && !b.failed) u = foreign_find(r->t, owner, buf_str(&b));
    buf_fini(&b);
    return u;
}

static client_id owner_of_gtin(struct unit_reader *r, const struct caller *c, const char gtin[14],
                               uint64_t *responder)
{
    struct gtin_row row;
    client_id owner;

    if (gtin_get(r->t, gtin, &row)) {
        if (!verification_knows(r->t, c, gtin, r->arena, responder)) return (client_id){0};
        return row.client;
    }
    owner = client_of_prefix(r->t, (str){gtin + 1, 13}); // behind the indicator
    return owner.v != 0 && caller_sees(c, owner) ? owner : (client_id){0};
}

status verification_find(const struct site *site, struct unit_reader *r, const struct caller *c,
                         struct verification_ask *x)
{
    struct gs1_id id = gs1_sgtin(x->v.gtin, x->v.serial);
    client_id whose;

    x->owner = owner_of_gtin(r, c, x->v.gtin, &x->v.responder);
    if (x->owner.v == 0) return OK;
    if (names_find(r->names, r->t, &id, &x->v.unit, &whose) && whose.v == x->owner.v) return OK;
    x->v.unit = find_foreign(r, x->owner, &id);
    return x->v.unit.v == 0 ? OK : find_told(r, site, x);
}
