// Runs on shapers and loops, in a snapshot of theirs.
#include "service/exchange/reached.h"
#include "service/event/correction.h"
#include "service/event/index.h"
#include "service/lot/lot_db.h"
#include <string.h>

enum { STEP = 256, PARTY_MAX = 96 };

struct reaching {
    const struct order *o;
    const struct fact *recall; // or what declares it wrong
    struct arena events;       // of one at a time
    uint32_t looked_at;
};

static bool holds(const struct lots *lots, uint32_t lot)
{
    for (uint32_t i = 0; i < lots->n; i++)
        if (lots->at[i] == lot || lots->at[i] == PARKED_ALL_LOTS) return true;
    return false;
}

static status is_of_lot(struct reaching *x, uint64_t seq, bool *out)
{
    struct order o = {x->o->t, &x->events, x->o->names};
    struct lots lots;
    struct fact f;

    arena_reset(&x->events);
    TRY(journal_get(o.t, seq, &x->events, &f));
    TRY(event_lots_within(&o, &f, &lots));
    *out = holds(&lots, x->recall->lot);
    return OK;
}

// The events after `from` that go to the end, as LIST_DESTINATION has it.
static status look(struct reaching *x, str end, uint64_t from, bool *out)
{
    client_id client = x->recall->client;
    uint64_t seqs[STEP];
    size_t n = STEP;

    while (n == STEP && !*out) {
        n = list_of(x->o->t, client, LIST_DESTINATION, end, from, seqs, STEP);
        for (size_t i = 0; i < n && !*out; i++) {
            if (seqs[i] >= x->recall->seq) return OK;
            if (x->looked_at++ == REACHED_MAX) return *out = true, OK;
            TRY(is_of_lot(x, seqs[i], out));
        }
        if (n > 0) from = seqs[n - 1] + 1;
    }
    return txn_status(x->o->t);
}

// Parties are told as such (417), or by the number of their place (414), as is usual in the US.
static status look_at_all(struct reaching *x, str party, uint64_t from, bool *out)
{
    static const char *const keys[] = {"417", "414"};
    str owner = epcis_word(EPCIS_VOC_END, EPCIS_END_OWNING_PARTY);
    struct buf end;
    status st = OK;

    buf_init(&end, PARTY_MAX);
    for (size_t i = 0; i < LEN(keys) && st.cls == ST_OK && !*out; i++) {
        buf_reset(&end);
        buf_add(&end, owner);
        buf_addc(&end, '\0');
        buf_addf(&end, "https://id.gs1.org/%s/%.*s", keys[i], STR(party));
        assert(!end.failed && end.n <= INDEX_VALUE_MAX);
        st = look(x, buf_str(&end), from, out);
    }
    buf_fini(&end);
    return st;
}

// A recall, or a correction of one: who was told must learn that it was wrong.
static status is_recall(const struct order *o, const struct fact *f, bool *out)
{
    struct report report;
    struct touched touched;
    struct correction c;
    struct bytes_r rest;
    struct fact told;

    *out = f->kind == FACT_LOT_RECALLED;
    if (f->kind != FACT_CORRECTION_MADE) return OK;
    TRY(report_get(f->decided, o->a, &report, &touched, &rest));
    TRY(correction_get(f, &rest, o->a, &c));
    TRY(journal_get_header(o->t, c.seq, &told));
    *out = told.kind == FACT_LOT_RECALLED;
    return OK;
}

status recall_reaches(const struct order *o, const struct fact *f, str party, bool *out)
{
    struct reaching x = {.o = o, .recall = f};
    bool recalls = false;
    struct lot lot;

    *out = false;
    if (party.n > 0) TRY(is_recall(o, f, &recalls));
    if (!recalls || !lot_view(o->t, f->lot, &lot)) return OK;
    uint64_t opened = lot.opened_seq;
    arena_init(&x.events, 256 * MB);
    status st = look_at_all(&x, party, opened, out);
    arena_fini(&x.events);
    return st;
}
