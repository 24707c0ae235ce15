// decided part of `refusal`: kind 2 | class 1 | at 4 | code str | sentence str | units str
// decided part of `refusal.repeated`: seq 8 | count 4
// (str: varint length, bytes)
#include "service/journal/refusal.h"
#include "common/bytes.h"
#include <stdio.h>
#include <string.h>

void refusal_put(const struct refused *r, struct buf *out)
{
    bytes_u(out, r->kind, 2);
    bytes_u(out, r->st.cls, 1);
    bytes_u(out, r->st.at, 4);
    bytes_str(out, str_of(r->st.reason));
    bytes_str(out, str_of(r->st.text));
    bytes_str(out, r->units);
}

status refusal_get(str decided, struct arena *a, struct refused *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct refused x = {.kind = (uint16_t)bytes_get_u(&r, 2)};

    x.st.cls = (enum status_class)bytes_get_u(&r, 1);
    x.st.at = (uint32_t)bytes_get_u(&r, 4);
    str reason = bytes_get_str(&r), text = bytes_get_str(&r);
    x.units = bytes_get_str(&r);
    if (!bytes_end(&r) || x.st.cls >= STATUS_CLASS_COUNT || text.n >= sizeof x.st.text)
        return fail(ST_STORE, "record.corrupt", 0, "a refusal breaks off");
    x.st.reason = str_z(a, reason);
    memcpy(x.st.text, text.p, text.n);
    *out = x;
    return OK;
}

status refusal_decide(struct decide *d)
{
    const struct refused *r = d->ask;

    d->fact->client = r->client;
    d->fact->lot = r->lot;
    buf_add(d->units, r->units);
    return r->st;
}

static void refusal_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)t, (void)f, (void)arg; // the journal holds it; no row changes
}

void refusal_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct arena a;
    struct refused r;

    (void)arg;
    arena_init(&a, 1 * MB);
    if (refusal_get(f->decided, &a, &r).cls == ST_OK) {
        json_w_kint(w, "tried", r.kind);
        json_w_kstr(w, "code", str_of(r.st.reason));
        json_w_kstr(w, "detail", str_of(r.st.text));
        if (r.units.n > 0) json_w_kstr(w, "units", r.units);
    }
    arena_fini(&a);
}

status refusal_repeated_decide(struct decide *d)
{
    buf_add(d->out, *(const str *)d->ask);
    return OK;
}

status refusal_repeated_get(str decided, struct refusal_repeated *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct refusal_repeated x = {.seq = bytes_get_u(&r, 8)};

    x.more = (uint32_t)bytes_get_u(&r, 4);
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "a count of refusals");
    *out = x;
    return OK;
}

void refusal_repeated_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct refusal_repeated x;

    (void)arg;
    if (refusal_repeated_get(f->decided, &x).cls != ST_OK) return;
    json_w_kinner(w, "refusal", x.seq);
    json_w_kint(w, "times", x.more);
}

const struct kind kind_refusal = {FACT_REFUSAL,  1,   "refusal", refusal_decide, refusal_write,
                                  refusal_print, NULL};
const struct kind kind_refusal_repeated = {
    FACT_REFUSAL_REPEATED,  1,   "refusal.repeated", refusal_repeated_decide, refusal_write,
    refusal_repeated_print, NULL};

uint64_t refusal_seen(struct refusal_memory *m, const struct digest16 *what, wall now)
{
    for (uint32_t i = 0; i < m->used; i++)
        if (memcmp(&m->slots[i].what, what, sizeof *what) == 0 &&
            now.ms - m->slots[i].first.ms < REFUSAL_SAME_MS)
            return m->slots[i].more++, m->slots[i].seq;
    return 0;
}

void refusal_remember(struct refusal_memory *m, const struct digest16 *what, uint64_t seq, wall now)
{
    assert(m->used < REFUSALS_KEPT);
    m->slots[m->used].what = *what;
    m->slots[m->used].seq = seq;
    m->slots[m->used].more = 0;
    m->slots[m->used].first = now;
    m->used++;
}

static bool is_over(wall first, wall now, uint32_t used, uint32_t most)
{
    return used > 0 && (used == most || now.ms - first.ms >= REFUSAL_SAME_MS);
}

bool refusal_expired(struct refusal_memory *m, wall now, uint64_t *seq, uint32_t *more)
{
    if (!is_over(m->slots[0].first, now, m->used, REFUSALS_KEPT)) return false;
    *seq = m->slots[0].seq;
    *more = m->slots[0].more;
    m->used--;
    memmove(m->slots, m->slots + 1, m->used * sizeof m->slots[0]);
    return true;
}

enum refusal_share refusal_share(enum status_class cls)
{
    bool forbidden = cls == ST_UNAUTHENTICATED || cls == ST_NOT_ALLOWED || cls == ST_CONFLICT ||
                     cls == ST_UNPROCESSABLE;
    return forbidden ? REFUSAL_FORBIDDEN : REFUSAL_OF_NOTHING;
}

bool refusal_is_surplus(struct refusal_memory *m, struct refusal_of of, uint32_t most, wall now)
{
    for (uint32_t i = 0; i < m->callers_used; i++) {
        struct refusal_caller *c = &m->callers[i];
        if (c->actor != of.actor || now.ms - c->first.ms >= REFUSAL_SAME_MS) continue;
        if (c->kept[of.share] == most) return c->more++, true;
        c->kept[of.share]++;
        return false;
    }
    assert(m->callers_used < REFUSERS_KEPT);
    struct refusal_caller *c = &m->callers[m->callers_used++];
    *c = (struct refusal_caller){.actor = of.actor, .first = now};
    c->kept[of.share] = 1;
    return false;
}

bool refusal_caller_expired(struct refusal_memory *m, wall now, struct refusal_caller *out)
{
    if (!is_over(m->callers[0].first, now, m->callers_used, REFUSERS_KEPT)) return false;
    *out = m->callers[0];
    m->callers_used--;
    memmove(m->callers, m->callers + 1, m->callers_used * sizeof m->callers[0]);
    return true;
}

struct refused refusal_surplus(uint32_t more, char text[REFUSAL_SURPLUS_MAX])
{
    int n = snprintf(text, REFUSAL_SURPLUS_MAX, "[{\"calls\":%u}]", more);

    assert(n > 0 && (unsigned)n < REFUSAL_SURPLUS_MAX);
    return (struct refused){
        .st = fail(ST_TOO_MANY, REFUSAL_SURPLUS, 0,
                   "so many more of this caller's calls were refused within a minute"),
        .units = {text, (size_t)n}
    };
}

wall refusal_next(const struct refusal_memory *m)
{
    int64_t at = INT64_MAX;

    if (m->used > 0) at = m->slots[0].first.ms + REFUSAL_SAME_MS;
    if (m->callers_used > 0 && m->callers[0].first.ms + REFUSAL_SAME_MS < at)
        at = m->callers[0].first.ms + REFUSAL_SAME_MS;
    return (wall){at};
}
