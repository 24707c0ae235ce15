// row 'O' client 4, resolved 1, seq 8, index 1 -> kind 1, state 1, resolution 1, at 8, flags 1
//     (1: about something), actor var, count var, lot var, unit var, newest fact of its history
//     var, fact that settled it var, code str, owner str, [about 16]
// row '1' client 4, kind 1, about 16 -> seq 8, index 1: what stands about something
// row '1' client 4, 129, digest of a message's id 16 -> seq of the fact that holds it 8, 0
// row '1' client 4, 130, digest of a case's id 16 -> seq 8, index 1
// row '2' client 4, kind 1 -> open 8, assigned 8, resolved 8
//
// A resolved one moves behind all that are not, so that whoever looks at what is open never passes
// by what is done. Raising one writes behind all that are open: neighbours share a page.
#include "service/exception/exception_db.h"
#include "common/bytes.h"
#include <string.h>

enum { KEY_BYTES = 15, ABOUT = 1, ROW_MAX = 512 };

struct key {
    char b[22];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(const struct exception_id *id, bool resolved)
{
    struct key k = {.b = {ROW_EXCEPTION}, .n = KEY_BYTES};

    put_be(k.b + 1, id->client.v, 4);
    k.b[5] = (char)resolved;
    put_be(k.b + 6, id->seq, 8);
    k.b[14] = (char)id->index;
    return k;
}

// ---- one

static bool read_row(struct txn *t, str key, str v, struct exception_row *out)
{
    struct bytes_r r = bytes_reader(v);
    struct exception_row x = {
        .id = {{(uint32_t)get_be(key.p + 1, 4)}, get_be(key.p + 6, 8), (uint8_t)key.p[14]}
    };

    x.kind = (enum exception_kind)bytes_get_u(&r, 1);
    x.state = (enum exception_state)bytes_get_u(&r, 1);
    x.resolution = (enum exception_resolution)bytes_get_u(&r, 1);
    x.at.ms = (int64_t)bytes_get_u(&r, 8);
    unsigned flags = (unsigned)bytes_get_u(&r, 1);
    x.actor = (uint32_t)bytes_get_var(&r);
    x.count = (uint32_t)bytes_get_var(&r);
    x.lot = (uint32_t)bytes_get_var(&r);
    x.unit = bytes_get_var(&r);
    x.newest = bytes_get_var(&r);
    x.settled = bytes_get_var(&r);
    x.code = bytes_get_str(&r);
    x.owner = bytes_get_str(&r);
    str about = flags & ABOUT ? bytes_get_raw(&r, sizeof x.about.b) : (str){0};
    if (about.n == sizeof x.about.b) memcpy(x.about.b, about.p, about.n);
    if (!bytes_end(&r)) return txn_spoil(t, "store.corrupt", "the row of an exception"), false;
    *out = x;
    return true;
}

bool exception_get(struct txn *t, const struct exception_id *id, struct exception_row *out)
{
    for (unsigned resolved = 0; resolved < 2; resolved++) {
        struct key k = key_of(id, resolved != 0);
        str v;
        if (txn_get(t, DB_ROWS, str_key(&k), &v)) return read_row(t, str_key(&k), v, out);
    }
    return false;
}

static str kept(str s, char *room)
{
    if (s.n > 0) memcpy(room, s.p, s.n);
    return (str){room, s.n};
}

bool exception_load(struct txn *t, const struct exception_id *id, struct exception_texts *k,
                    struct exception_row *out)
{
    if (!exception_get(t, id, out)) return false;
    if (out->code.n > sizeof k->code || out->owner.n > sizeof k->owner)
        return txn_spoil(t, "store.corrupt", "the texts of an exception"), false;
    out->code = kept(out->code, k->code);
    out->owner = kept(out->owner, k->owner);
    return true;
}

static bool is_about(const struct digest16 *about)
{
    static const struct digest16 nothing;
    return memcmp(about, &nothing, sizeof nothing) != 0;
}

static void write_row(struct buf *b, const struct exception_row *x)
{
    bool about = is_about(&x->about);

    bytes_u(b, x->kind, 1);
    bytes_u(b, x->state, 1);
    bytes_u(b, x->resolution, 1);
    bytes_u(b, (uint64_t)x->at.ms, 8);
    bytes_u(b, about ? ABOUT : 0, 1);
    bytes_var(b, x->actor);
    bytes_var(b, x->count);
    bytes_var(b, x->lot);
    bytes_var(b, x->unit);
    bytes_var(b, x->newest);
    bytes_var(b, x->settled);
    bytes_str(b, x->code);
    bytes_str(b, x->owner);
    if (about) buf_add(b, (str){(const char *)x->about.b, sizeof x->about.b});
}

// ---- counters

static struct key key_counts(client_id c, enum exception_kind kind)
{
    struct key k = {.b = {ROW_EXCEPTION_COUNT}, .n = 6};

    put_be(k.b + 1, c.v, 4);
    k.b[5] = (char)kind;
    return k;
}

struct exception_counts exception_counts_get(struct txn *t, client_id c, enum exception_kind kind)
{
    struct key k = key_counts(c, kind);
    struct exception_counts x = {0};
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return x;
    if (v.n != 24) return txn_spoil(t, "store.corrupt", "a count of exceptions"), x;
    return (struct exception_counts){get_be(v.p, 8), get_be(v.p + 8, 8), get_be(v.p + 16, 8)};
}

static uint64_t *count_of(struct exception_counts *x, enum exception_state s)
{
    if (s == EXCEPTION_RESOLVED) return &x->resolved;
    return s == EXCEPTION_ASSIGNED ? &x->assigned : &x->open;
}

static void count_moved(struct txn *t, const struct exception_row *x, enum exception_state before)
{
    struct exception_counts c = exception_counts_get(t, x->id.client, x->kind);
    struct key k = key_counts(x->id.client, x->kind);
    char v[24];

    if (before != 0) --*count_of(&c, before);
    ++*count_of(&c, x->state);
    put_be(v, c.open, 8);
    put_be(v + 8, c.assigned, 8);
    put_be(v + 16, c.resolved, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

void exception_put(struct txn *t, const struct exception_row *x, enum exception_state before)
{
    bool resolved = x->state == EXCEPTION_RESOLVED, was = before == EXCEPTION_RESOLVED;
    struct key k = key_of(&x->id, resolved), old = key_of(&x->id, was);
    struct buf b;

    buf_init(&b, ROW_MAX);
    write_row(&b, x);
    if (before != 0 && was != resolved) (void)txn_del(t, DB_ROWS, str_key(&old));
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
    if (before != x->state) count_moved(t, x, before);
}

// ---- all of a client

void exception_walk_open(struct exception_walk *w, struct txn *t,
                         const struct exception_walk_of *of)
{
    struct exception_id id = {of->client, of->seq, (uint8_t)of->index};
    struct key k = key_of(&id, of->resolved);

    memcpy(w->prefix, k.b, sizeof w->prefix);
    memcpy(w->from, k.b, sizeof w->from);
    w->from_newest = of->seq == 0;
    w->w =
        walk_open(t, DB_ROWS, (str){w->prefix, sizeof w->prefix}, (str){w->from, sizeof w->from});
}

bool exception_walk_next(struct exception_walk *w, struct exception_row *out)
{
    bool first = w->from_newest && !w->w.begun;
    str k, v;

    if (first ? !walk_last(&w->w, &k, &v) : !walk_before(&w->w, &k, &v)) return false;
    if (k.n == KEY_BYTES) return read_row(w->w.t, k, v, out);
    return txn_spoil(w->w.t, "store.corrupt", "the key of an exception"), false;
}

void exception_walk_close(struct exception_walk *w) { walk_close(&w->w); }

bool exception_client(struct txn *t, uint32_t from, client_id *out)
{
    struct exception_id id = {.client = {from}};
    struct key k = key_of(&id, false);
    struct walk w = walk_open(t, DB_ROWS, (str){k.b, 1}, str_key(&k));
    str key, v;

    bool found = walk_next(&w, &key, &v) && key.n == KEY_BYTES;
    if (found) out->v = (uint32_t)get_be(key.p + 1, 4);
    walk_close(&w);
    return found;
}

// ---- what stands

static struct key key_standing(const struct exception_end *x)
{
    struct key k = {.b = {ROW_EXCEPTION_STANDING}, .n = 22};

    put_be(k.b + 1, x->client.v, 4);
    k.b[5] = (char)x->kind;
    memcpy(k.b + 6, x->about.b, sizeof x->about.b);
    return k;
}

bool standing_get(struct txn *t, const struct exception_end *x, struct exception_id *out)
{
    struct key k = key_standing(x);
    str v;

    if (!is_about(&x->about) || !txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (v.n != 9) return txn_spoil(t, "store.corrupt", "an exception that stands"), false;
    *out = (struct exception_id){x->client, get_be(v.p, 8), (uint8_t)v.p[8]};
    return true;
}

void standing_put(struct txn *t, const struct exception_end *x, const struct exception_id *id)
{
    struct key k = key_standing(x);
    char v[9];

    if (!is_about(&x->about)) return;
    put_be(v, id->seq, 8);
    v[8] = (char)id->index;
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

void standing_del(struct txn *t, const struct exception_end *x)
{
    struct key k = key_standing(x);

    if (is_about(&x->about)) (void)txn_del(t, DB_ROWS, str_key(&k));
}

// ---- messages of trading partners

enum { OF_MESSAGE = 129, OF_CASE = 130 }; // beside enum exception_kind

static struct exception_end named(client_id c, unsigned sort, str id)
{
    return (struct exception_end){c, (enum exception_kind)sort, digest16_of(id, (str){0})};
}

bool case_get(struct txn *t, client_id c, str id, struct exception_id *out)
{
    struct exception_end x = named(c, OF_CASE, id);
    return standing_get(t, &x, out);
}

void case_put(struct txn *t, const struct exception_id *x, str id)
{
    struct exception_end as = named(x->client, OF_CASE, id);
    standing_put(t, &as, x);
}

bool message_get(struct txn *t, client_id c, str id, uint64_t *seq)
{
    struct exception_end x = named(c, OF_MESSAGE, id);
    struct exception_id found;

    if (!standing_get(t, &x, &found)) return false;
    *seq = found.seq;
    return true;
}

void message_put(struct txn *t, client_id c, str id, uint64_t seq)
{
    struct exception_end as = named(c, OF_MESSAGE, id);
    standing_put(t, &as, &(struct exception_id){c, seq, 0});
}
