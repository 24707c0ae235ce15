#include "service/lot/signed.h"
#include "service/lot/lot_int.h"

const char *lot_signed_word(unsigned kind)
{
    switch (kind) {
    case FACT_LOT_RELEASED: return "release";
    case FACT_LOT_REOPENED: return "reopen";
    case FACT_LOT_RECALLED: return "recall";
    case FACT_LOT_AMENDED: return "amend";
    default: return NULL;
    }
}

// The signature that the paper holds, and that of who had to sign before. False: it has none.
static bool signature_of(const struct fact *f, struct lot_act *out)
{
    struct lot_signed_fact x;

    if (f->kind == FACT_LOT_AMENDED) return lot_amended_signature(f, &out->signature, &out->first);
    if (lot_signed_get(f, &x).cls != ST_OK) return false;
    out->signature = x.signature;
    out->first = x.first;
    return true;
}

// On to the next paper that was signed.
static void paper_find(struct signed_walk *w)
{
    unsigned kind;
    uint64_t seq;
    struct fact f;

    w->has_paper = false;
    while (!w->has_paper && paper_walk_next(&w->papers, &seq, &kind) && seq <= w->wish.until) {
        if (lot_signed_word(kind) == NULL) continue;
        if (journal_get(w->papers.walk.t, seq, w->a, &f).cls != ST_OK) continue;
        w->paper = (struct lot_act){
            .seq = seq, .word = lot_signed_word(kind), .upon = {"", 0}
        };
        w->has_paper = signature_of(&f, &w->paper);
    }
}

void signed_walk_open(struct signed_walk *w, struct txn *t, const struct signed_wish *wish,
                      struct arena *a)
{
    *w = (struct signed_walk){.wish = *wish, .a = a};
    paper_walk_open(&w->papers, t, wish->lot);
    paper_find(w);
}

bool signed_walk_next(struct signed_walk *w, struct lot_act *out)
{
    const struct lot_beside *b = w->wish.beside;
    bool more = b != NULL && w->at < b->act_n;

    if (more && (!w->has_paper || b->acts[w->at].seq < w->paper.seq))
        return *out = b->acts[w->at++], true;
    if (!w->has_paper) return false;
    *out = w->paper;
    paper_find(w);
    return true;
}

void lot_signatures_write(struct txn *t, const struct signed_wish *wish, struct arena *a,
                          struct json_w *w)
{
    struct signed_walk walk;
    struct lot_act act;

    json_w_key(w, S("signatures"));
    json_w_array(w);
    signed_walk_open(&walk, t, wish, a);
    while (signed_walk_next(&walk, &act)) {
        if (act.waits) continue;
        json_w_object(w);
        json_w_kstr(w, "act", str_of(act.word));
        if (act.upon.n > 0) json_w_kstr(w, "upon", act.upon);
        json_w_key(w, S("signature"));
        signature_write(w, &act.signature);
        second_write(w, "first", &act.first);
        json_w_end(w);
    }
    walk_close(&walk.papers.walk);
    json_w_end(w);
}
