// Answers of acts upon a lot, and a lot as of a time: from its papers alone, so that they stay what
// they are whatever becomes of the lot. What became of its units GET tells, of the present. But who
// signed first, and asks again when that waits no more, is told of the lot as it is.
#include "service/api/api.h"
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"
#include "service/lot/signed.h"

static void write_level(struct json_w *w, const struct product *p, const struct lot_past *past,
                        unsigned level)
{
    bool any = false;

    for (unsigned i = 0; i < PHYSICAL_END; i++) any |= past->counted[level].said[i];
    if (!any) return;
    json_w_object(w);
    json_w_kstr(w, "level", level < p->level_count ? p->levels[level].level : S("sscc"));
    for (unsigned i = 0; i < PHYSICAL_END; i++)
        if (past->counted[level].said[i])
            json_w_kint(w, physical_word((enum physical)i), (int64_t)past->counted[level].value[i]);
    json_w_end(w);
}

static status write_counters(struct txn *t, const struct lot_past *past, struct arena *a,
                             struct json_w *w)
{
    struct product p;

    bool any = false;

    for (unsigned i = 0; i < PRODUCT_LEVELS_MAX * PHYSICAL_END; i++)
        any |= past->counted[i / PHYSICAL_END].said[i % PHYSICAL_END];
    if (!any) return OK;
    TRY(product_get_version(t, past->lot.product, past->lot.product_version, a, &p));
    json_w_key(w, S("counters"));
    json_w_array(w);
    for (unsigned i = 0; i < PRODUCT_LEVELS_MAX; i++) write_level(w, &p, past, i);
    json_w_end(w);
    return OK;
}

// Members of an open object.
static status write_then(struct txn *t, const struct lot *now, struct lot_then then,
                         struct arena *a, struct json_w *w)
{
    struct lot_past past;

    TRY(lot_past_get(t, now, then, a, &past));
    lot_words_write(t, &past.lot, a, w);
    TRY(write_counters(t, &past, a, w));
    if (past.balance.n > 0) {
        json_w_key(w, S("balance"));
        json_w_raw(w, past.balance);
    }
    lot_signatures_write(t, &(struct signed_wish){now->number, past.seq, NULL}, a, w);
    return OK;
}

status lot_then_write(struct txn *t, const struct lot *now, struct lot_then then, struct moment at,
                      struct arena *a, struct json_w *w)
{
    json_w_object(w);
    json_w_kmoment(w, "at", at);
    status st = write_then(t, now, then, a, w);
    json_w_end(w);
    return st;
}

// What waits by this very fact.
static void write_pending(struct txn *t, const struct fact *f, struct arena *a, struct json_w *w)
{
    struct second_row row = {.seq = f->seq};

    json_w_key(w, S("pending"));
    json_w_array(w);
    json_w_object(w);
    second_row_write(t, &row, a, w);
    json_w_end(w);
    json_w_end(w);
}

static status write_acted(struct txn *t, const struct fact *f, struct arena *a, struct json_w *w)
{
    struct lot_then then = {{INT64_MAX}, f->seq};
    struct lot now;

    if (!lot_get(t, f->lot, a, &now)) return lot_unknown();
    json_w_object(w);
    json_w_kwall(w, "at", f->at);
    TRY(write_then(t, &now, then, a, w));
    if (f->kind == FACT_ACT_PROPOSED) write_pending(t, f, a, w);
    json_w_end(w);
    return OK;
}

// ---- a first signature that is told again when it waits no more

static bool completes(const struct fact *f, uint64_t proposal)
{
    struct second_first first = {0};
    struct lot_signed_fact x;
    struct signature by;

    if (f->kind == FACT_LOT_AMENDED)
        return lot_amended_signature(f, &by, &first) && first.proposal == proposal;
    return lot_signed_get(f, &x).cls == ST_OK && x.first.proposal == proposal;
}

// Is the act done that was signed first by this fact?
static status is_done(struct txn *t, const struct fact *proposal, struct arena *a, bool *out)
{
    struct paper_walk walk;
    status st = OK;
    struct fact f;
    unsigned kind;
    uint64_t seq;

    *out = false;
    paper_walk_open(&walk, t, proposal->lot);
    while (st.cls == ST_OK && !*out && paper_walk_next(&walk, &seq, &kind)) {
        if (seq < proposal->seq || lot_signed_word(kind) == NULL) continue;
        st = journal_get(t, seq, a, &f);
        *out = st.cls == ST_OK && completes(&f, proposal->seq);
    }
    walk_close(&walk.walk);
    return st;
}

// The lot as it is, of the time of its newest paper.
static status write_became(struct txn *t, const struct fact *f, struct arena *a, struct json_w *w)
{
    struct lot_then then = {{INT64_MAX}, UINT64_MAX};
    struct lot_past past;
    struct fact newest;
    struct lot now;

    if (!lot_get(t, f->lot, a, &now)) return lot_unknown();
    TRY(lot_past_get(t, &now, then, a, &past));
    TRY(journal_get_header(t, past.seq, &newest));
    return lot_then_write(t, &now, then, (struct moment){.at = newest.at}, a, w);
}

// ---- the answer

static status write_answer(struct http_req *r, const struct ask *a, struct json_w *w, int *code)
{
    struct txn *t = api_snapshot(r);
    bool done;

    *code = second_code(a);
    if (!second_is_over(r, t, a)) return write_acted(t, &a->fact, &r->arena, w);
    TRY(is_done(t, &a->fact, &r->arena, &done));
    if (done) *code = 200;
    return write_became(t, &a->fact, &r->arena, w);
}

void lot_acted(struct http_req *r, const struct ask *a)
{
    struct buf b;
    int code;

    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    status st = write_answer(r, a, &w, &code);
    lot_reply(r, api_snapshot_end(r, st), code, &b);
}
