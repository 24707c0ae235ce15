#include "service/event/correction.h"
#include "service/event/captured.h"

static const char *const words[CORRECTION_END] = {
    [CORRECTION_DID_NOT_OCCUR] = "did_not_occur",
    [CORRECTION_INCORRECT_DATA] = "incorrect_data",
};

const char *correction_word(enum correction_reason r) { return words[r]; }

bool correction_find(str word, enum correction_reason *out)
{
    for (unsigned r = 1; r < CORRECTION_END; r++)
        if (str_eq(word, str_of(words[r]))) return *out = (enum correction_reason)r, true;
    return false;
}

void correction_put(struct buf *b, const struct correction *c)
{
    bytes_var(b, c->seq);
    bytes_u(b, c->part, 1);
    bytes_u(b, c->reason, 1);
    bytes_str(b, c->id);
    bytes_var(b, c->corrective_count);
    for (uint32_t i = 0; i < c->corrective_count; i++) bytes_str(b, c->correctives[i]);
    captured_entries_put(b, &c->found_by);
    signature_put(b, &c->signature);
    second_put(b, &c->first);
}

status correction_get(const struct fact *f, struct bytes_r *rest, struct arena *a,
                      struct correction *out)
{
    struct correction c = {.seq = bytes_get_var(rest)};

    c.part = (uint8_t)bytes_get_u(rest, 1);
    c.reason = (enum correction_reason)bytes_get_u(rest, 1);
    c.id = bytes_get_str(rest);
    uint64_t n = bytes_get_var(rest);
    str *ids = n > CORRECTIVES_MAX ? NULL : NEW_ARRAY(a, str, n + 1);
    for (uint32_t i = 0; ids != NULL && i < n; i++) ids[i] = bytes_get_str(rest);
    c.correctives = ids;
    c.corrective_count = (uint32_t)n;
    bool sound = ids != NULL && captured_entries_get(rest, a, &c.found_by) &&
                 signature_get(f, rest, &c.signature) && second_read(f, rest, &c.first);
    if (!sound || !bytes_end(rest) || c.reason == 0 || c.reason >= CORRECTION_END)
        return fail(ST_STORE, "record.corrupt", 0, "a correction breaks off");
    *out = c;
    return OK;
}
