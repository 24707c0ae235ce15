#include "service/exception/refused.h"
#include "service/journal/refusal.h"
#include <string.h>

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

// True: the serial can be written in one way, and is not there, so that there is nothing to read.
static bool lacks(str units, str serial)
{
    for (size_t i = 0; i < serial.n; i++) {
        char c = serial.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!plain) return false;
    }
    return serial.n > 0 && memchr(units.p, '\\', units.n) == NULL &&
           memchr(units.p, '%', units.n) == NULL &&
           memmem(units.p, units.n, serial.p, serial.n) == NULL;
}

bool refused_names(str units, const struct gs1_id *id, struct arena *a)
{
    struct json_r r = json_reader(units, a);
    struct gs1_id other;
    bool named = false;
    str k;

    if (units.n == 0 || lacks(units, id->ext)) return false;
    for (json_array(&r); json_item(&r);)
        for (json_object(&r); json_key(&r, &k);) {
            if (!str_eq(k, S("unit"))) {
                (void)json_raw(&r);
                continue;
            }
            str text = json_string(&r);
            named |= (id->ext.n > 0 && str_eq(text, id->ext)) ||
                     (gs1_read(text, a, &other).cls == ST_OK && gs1_id_eq(&other, id));
        }
    return named;
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
