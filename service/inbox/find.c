// Which exception a request is about, and who may see it.
#include "service/api/opaque.h"
#include "service/inbox/inbox_int.h"

#define INDEX_BITS 8 // of an id's number: seq above, index below

void inbox_open(struct inbox *x, struct http_req *r)
{
    *x = (struct inbox){.r = r, .site = api_site(r), .caller = caller_of(r), .a = &r->arena};
    x->t = api_snapshot(r);
    unit_reader_init(&x->units, x->site, x->t, x->a);
    x->units.caller = x->caller;
    x->units.form = GS1_BRACKETED;
}

status inbox_close(struct inbox *x, status st) { return api_snapshot_end(x->r, st); }

void inbox_reply(struct http_req *r, int code, status st, struct buf *b)
{
    if (st.cls == ST_OK && b->failed) st = no_memory();
    if (st.cls == ST_OK) {
        api_reply(r, code, b);
        return;
    }
    buf_fini(b);
    http_problem(r, st, S(""));
}

// A distributor sees what it brought about itself, not what others did for the same client.
bool inbox_sees(const struct inbox *x, const struct exception_row *row)
{
    if (!caller_sees(x->caller, row->id.client)) return false;
    return x->caller->role != ROLE_DISTRIBUTOR || x->caller->actor == row->actor;
}

static bool get(struct inbox *x, const struct exception_id *id, struct exception_row *out)
{
    return exception_get(x->t, id, out) && inbox_sees(x, out);
}

status inbox_find(struct inbox *x, str id, struct exception_row *out)
{
    struct exception_id of_client, of_site;
    struct fact f;
    uint64_t n;

    if (opaque_get(x->site->opaque_key, OPAQUE_EXCEPTION, id, &n) &&
        journal_get_header(x->t, n >> INDEX_BITS, &f).cls == ST_OK) {
        of_client = (struct exception_id){f.client, f.seq, (uint8_t)n};
        of_site = (struct exception_id){{0}, f.seq, (uint8_t)n};
        if (get(x, &of_client, out) || get(x, &of_site, out)) return OK;
    }
    TRY(txn_status(x->t));
    return fail(ST_NOT_FOUND, "exception.unknown", 0, "there is no such exception here");
}

void inbox_id_put(const struct site *s, const struct exception_id *id, struct buf *out)
{
    opaque_put(s->opaque_key, OPAQUE_EXCEPTION, id->seq << INDEX_BITS | id->index, out);
}
