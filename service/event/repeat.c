// row 'i' whose 4, key 16 -> seq 8, content 16 (of reports with an id; else absent)
//
// whose: the number of the line with the top bit set, or of the principal that stands for no line,
//     so that a line's ids stay its own when its token is replaced.
// key: the first half of SHA-256 over 'i' and the id; without an id, where a time was said, over
//     't' and type, units, parent and time. Without both nothing is a repeat and no row is written.
#include "common/bytes.h"
#include "service/event/report_int.h"
#include "service/journal/refusal.h"
#include <stdlib.h>
#include <string.h>

#define WHOSE_LINE 0x80000000u

struct key {
    char b[21];
};

static struct key key_of(uint32_t whose, const struct digest16 *k)
{
    struct key key = {.b = {ROW_REPORT_ID}};

    put_be(key.b + 1, whose, 4);
    memcpy(key.b + 5, k->b, sizeof k->b);
    return key;
}

static uint32_t whose_of(const struct report *r, uint32_t actor)
{
    return r->line != 0 ? r->line | WHOSE_LINE : actor;
}

// Type, units, parent, time: what makes it the same report where nobody gave it an id.
static void core_put(struct buf *b, const struct said *s, const struct report_ask *ask)
{
    bytes_u(b, s->type, 1);
    bytes_u(b, ask->parent.v, 8);
    runs_put(b, &ask->units);
    if (ask->units.units == 0) { // it is about a lot
        bytes_u(b, ask->lot, 4);
        bytes_u(b, ask->level, 1);
        bytes_var(b, ask->count);
    }
    bytes_u(b, s->has_time, 1);
    bytes_u(b, (uint64_t)s->time.at.ms, 8);
    if (ask->to.v != 0) bytes_u(b, ask->to.v, 8);
    if (ask->left_out != NULL) bytes_str(b, ask->left_out->units);
}

struct extra { // one member, as it stands
    str key, value;
};

static int by_key(const void *a, const void *b)
{
    const struct extra *x = a, *y = b;
    return str_cmp(x->key, y->key);
}

// By the names, without blanks, each text written one way. As it stands where memory is full.
static str extra_canonical(str raw, struct arena *a)
{
    struct json_r r = json_reader(raw, a);
    struct extra *all = NEW_ARRAY(a, struct extra, SAID_EXTRA_MAX);
    uint32_t n = 0;
    struct buf b;

    if (raw.n == 0 || all == NULL) return raw;
    for (json_object(&r); n < SAID_EXTRA_MAX && json_key(&r, &all[n].key); n++)
        all[n].value = json_string(&r);
    if (json_r_end(&r).cls != ST_OK) return raw;
    qsort(all, n, sizeof *all, by_key);
    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    for (uint32_t i = 0; i < n; i++) {
        json_w_key(&w, all[i].key);
        json_w_str(&w, all[i].value);
    }
    json_w_end(&w);
    str out = b.failed ? raw : arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out.p == NULL ? raw : out;
}

static void rest_put(struct buf *b, const struct said *s)
{
    bytes_u(b, (s->commission ? 1u : 0u) | (s->partial ? 2u : 0u) | (s->unpack ? 4u : 0u), 1);
    bytes_zig(b, s->time.offset_min);
    bytes_str(b, s->lot);
    bytes_str(b, (str){s->gtin, sizeof s->gtin});
    bytes_str(b, s->by);
    bytes_str(b, s->station);
    bytes_str(b, s->reason);
}

static struct digest16 with_extra(struct buf *b, str extra)
{
    size_t n = b->n;

    bytes_str(b, extra);
    struct digest16 d = digest16_of(S("t"), buf_str(b));
    b->n = n;
    return d;
}

// `whose` is set by the caller who knows the principal.
void repeat_key_of(const struct said *s, const struct report_ask *ask, struct arena *a,
                   struct repeat_key *out)
{
    struct repeat_key k = {.whose = whose_of(&ask->fields, out->whose)};
    struct buf b;

    if (s->id.n > 0)
        k.by = REPEAT_BY_ID;
    else if (s->has_time)
        k.by = REPEAT_BY_TIME;
    if (k.by != REPEAT_NONE) {
        buf_init(&b, 64 * MB);
        core_put(&b, s, ask);
        if (k.by == REPEAT_BY_ID) {
            rest_put(&b, s);
            k.content = with_extra(&b, extra_canonical(s->extra, a));
            k.spelled = with_extra(&b, s->extra);
        } else {
            k.content = digest16_of(S("t"), buf_str(&b));
        }
        k.key = k.by == REPEAT_BY_ID ? digest16_of(S("i"), s->id) : k.content;
        buf_fini(&b);
    }
    *out = k;
}

// *seq of the fact that took it, 0: it is new.
static status repeat_find(struct txn *t, const struct repeat_key *k, uint64_t *seq)
{
    struct key key = key_of(k->whose, &k->key);
    str v;

    *seq = 0;
    if (k->by == REPEAT_NONE || !txn_get(t, DB_ROWS, (str){key.b, sizeof key.b}, &v)) return OK;
    if (v.n != 8 && v.n != 24) return txn_spoil(t, "store.corrupt", "the id of a report"), OK;
    if (v.n == 24 && memcmp(v.p + 8, k->content.b, sizeof k->content.b) != 0 &&
        memcmp(v.p + 8, k->spelled.b, sizeof k->spelled.b) != 0) // of before it was canonical
        return fail(ST_CONFLICT, "report.id_mismatch", 0,
                    "id: it was used before for a report that says something else");
    *seq = get_be(v.p, 8);
    return OK;
}

// Of an earlier report that left some of its units out: which, and why.
static status find_besides(struct decide *d)
{
    struct refused *x = NEW(d->arena, struct refused);
    struct report r;
    struct touched touched;
    struct bytes_r rest;
    struct fact f;

    if (x == NULL) return no_memory();
    TRY(journal_get(d->t, d->repeat_seq, d->arena, &f));
    TRY(report_get(f.decided, d->arena, &r, &touched, &rest));
    if (r.refused == 0) return OK;
    TRY(journal_get(d->t, r.refused, d->arena, &f));
    TRY(refusal_get(f.decided, d->arena, x));
    d->besides = x;
    return OK;
}

status repeat_look(struct decide *d, const struct report_ask *ask)
{
    TRY(repeat_find(d->t, &ask->repeat, &d->repeat_seq));
    if (d->repeat_seq == 0) return ask->bar;
    return ask->each ? find_besides(d) : OK;
}

bool repeat_digest(const struct repeat_key *k, struct digest16 *out)
{
    if (k->by == REPEAT_NONE) return false;
    *out = k->content;
    return true;
}

void repeat_write(struct txn *t, const struct fact *f, const struct report *r,
                  const struct digest16 *kept)
{
    bool has_id = r->id.n > 0;
    struct digest16 by = has_id ? digest16_of(S("i"), r->id) : *kept;
    struct key key = key_of(whose_of(r, f->actor), &by);
    char v[24];

    put_be(v, f->seq, 8);
    memcpy(v + 8, kept->b, sizeof kept->b);
    txn_put(t, DB_ROWS, (str){key.b, sizeof key.b}, (str){v, has_id ? 24 : 8});
}
