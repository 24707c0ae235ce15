#include "service/exception/refused.h"
#include "service/journal/refusal.h"

#define OF_TRADE_FIRST   FACT_NUMBERS_ISSUED
#define OF_TRADE_LAST    (FACT_EXCEPTION_ASSIGNED - 1)
#define OF_CAPTURE_FIRST FACT_DOCUMENT_CAPTURED
#define OF_CAPTURE_LAST  FACT_CAPTURE_APPLIED
#define REFUSAL_ROOM     (8 * MB)

bool refused_is_raised(unsigned kind)
{
    return (kind >= OF_TRADE_FIRST && kind <= OF_TRADE_LAST) ||
           (kind >= OF_CAPTURE_FIRST && kind <= OF_CAPTURE_LAST);
}

static void refused_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct arena a;
    struct refused r;

    (void)arg;
    arena_init(&a, REFUSAL_ROOM);
    if (refusal_get(f->decided, &a, &r).cls != ST_OK)
        txn_spoil(t, "record.corrupt", "a refusal");
    else if (refused_is_raised(r.kind))
        exception_raise(t, f,
                        &(struct exception){.kind = EXCEPTION_OF_REFUSED,
                                            .code = str_of(r.st.reason),
                                            .lot = f->lot});
    arena_fini(&a);
}

static void repeated_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct refusal_repeated x;
    struct fact first;

    (void)arg;
    if (refusal_repeated_get(f->decided, &x).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "a count of refusals");
        return;
    }
    if (journal_get_header(t, x.seq, &first).cls == ST_OK)
        exception_repeat(t, first.client, x.seq, x.more);
}

const struct kind kind_refusal_raised = {
    FACT_REFUSAL, 1, "refusal", refusal_decide, refused_write, refusal_print, NULL};
const struct kind kind_refusal_repeated_raised = {
    FACT_REFUSAL_REPEATED,  1,   "refusal.repeated", refusal_repeated_decide, repeated_write,
    refusal_repeated_print, NULL};
