#include "service/event/handover.h"
#include "service/unit/run.h"

void handover_put(struct buf *b, const struct handover *h, str changes)
{
    shipped_put(b, &h->says);
    bytes_str(b, h->condition);
    bytes_var(b, h->n);
    for (uint32_t i = 0; i < h->n; i++) {
        const struct handed_unit *u = &h->units[i];
        bytes_str(b, u->verdict);
        bytes_u(b, u->received, 1);
        bytes_str(b, u->text);
        bytes_var(b, u->unit);
    }
    buf_add(b, changes);
    counts_put(b, &h->counts);
}

static bool units_get(struct bytes_r *in, struct arena *a, struct handover *h)
{
    uint64_t n = bytes_get_var(in);

    if (in->bad || n > (uint64_t)(in->end - in->p) / 4) return false; // one takes four or more
    h->units = NEW_ARRAY(a, struct handed_unit, n + 1);
    for (; h->units != NULL && h->n < n; h->n++) {
        struct handed_unit *u = &h->units[h->n];
        u->verdict = bytes_get_str(in);
        u->received = bytes_get_u(in, 1) != 0;
        u->text = bytes_get_str(in);
        u->unit = bytes_get_var(in);
    }
    return h->units != NULL && !in->bad;
}

status handover_get(struct bytes_r *rest, uint64_t received, struct arena *a, struct handover *out)
{
    struct handover h = {.n = 0};

    TRY(shipped_begin_get(rest, a, &h.says));
    h.condition = bytes_get_str(rest);
    bool sound = units_get(rest, a, &h);
    h.changes = *rest;
    struct alike_r skip = {.in = rest};
    for (uint64_t i = 0; sound && i < received && !rest->bad;) { // a pair at a time
        if ((alike_get(&skip) >> 16 & 0xff) >= UNIT_UNALLOCATED) rest->bad = true;
        i += 1 + skip.left;
        skip.left = 0;
    }
    if (!sound || rest->bad || !counts_get(rest, a, &h.counts) || !bytes_end(rest))
        return fail(ST_STORE, "record.corrupt", 0, "a receipt breaks off");
    *out = h;
    return OK;
}
