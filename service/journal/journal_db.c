// Rows of the journal.
//
// database `journal`: key seq 8, part 2. What is stored is the record itself, or, where its body
// was deflated, a first byte of STORED_PACKED, raw length 4, packed length 4, the packed body and
// the record without its body. It is cut into parts: at most PART_SMALL bytes (two lie on a page)
// or exactly PART_LARGE (one overflow page).
// database `rows`:
//   'H'            head: seq 8, link 32, recordTime 8
//   'K' seq 8      link 32, at every 1,000th record
//   'N' counter 1  how many have been given 8
//   'n' client 4   how many facts 8
//   'v' client 4, attribute 2, value   the newest of a list: seq 8, then var distances, at most 32
// database `lists`: LIST_TAG, client 4, attribute 2, value -> seq 8; the older ones of a list
//
// A list's end lies on a page of its own, and as many lists as a batch touched were as many pages
// to write. So what comes goes into the list's row 'v', which neighbours share a page with, and
// from there 32 at once into the list.
#include "service/journal/journal_db.h"
#include "common/bytes.h"
#include <string.h>
#include <zlib.h>

#define PART_SMALL    2000u
#define PART_LARGE    4080u
#define PARTS_MAX     0xffffu
#define STORED_PACKED 0x80u // no version of a record

struct key {
    char b[16];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_part(uint64_t seq, unsigned part)
{
    struct key k = {.n = 10};

    put_be(k.b, seq, 8);
    put_be(k.b + 8, part, 2);
    return k;
}

static struct key key_row(enum row_tag tag, uint64_t v, unsigned bytes)
{
    struct key k = {.n = 1 + bytes};

    k.b[0] = (char)tag;
    if (bytes > 0) put_be(k.b + 1, v, bytes);
    return k;
}

struct journal_head journal_head_get(struct txn *t)
{
    struct key k = key_row(ROW_HEAD, 0, 0);
    struct journal_head h = {0};
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return h;
    struct bytes_r r = bytes_reader(v);
    h.seq = bytes_get_u(&r, 8);
    str link = bytes_get_raw(&r, sizeof h.link.b);
    if (link.n == sizeof h.link.b) memcpy(h.link.b, link.p, link.n);
    h.at.ms = (int64_t)bytes_get_u(&r, 8);
    if (!bytes_end(&r)) txn_spoil(t, "store.corrupt", "the row of the journal's head");
    return h;
}

void journal_head_put(struct txn *t, const struct journal_head *h)
{
    struct key k = key_row(ROW_HEAD, 0, 0);
    char v[48];

    put_be(v, h->seq, 8);
    memcpy(v + 8, h->link.b, 32);
    put_be(v + 40, (uint64_t)h->at.ms, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

static size_t part_size(size_t left)
{
    if (left <= PART_SMALL) return left;
    return left < PART_LARGE ? PART_SMALL : PART_LARGE;
}

static void append_parts(struct txn *t, uint64_t seq, str bytes)
{
    for (unsigned part = 0; bytes.n > 0; part++) {
        size_t n = part_size(bytes.n);
        struct key k = key_part(seq, part);

        assert(part <= PARTS_MAX);
        txn_append(t, DB_JOURNAL, str_key(&k), (str){bytes.p, n});
        bytes = str_from(bytes, n);
    }
}

void journal_append(struct txn *t, const struct fact *f, str record, str packed_body)
{
    struct fact bare = *f;
    struct buf b;

    if (packed_body.n == 0) {
        append_parts(t, f->seq, record);
        return;
    }
    bare.body = (str){0};
    buf_init(&b, 1 * GB);
    bytes_u(&b, STORED_PACKED, 1);
    bytes_u(&b, f->body.n, 4);
    bytes_u(&b, packed_body.n, 4);
    buf_add(&b, packed_body);
    record_write(&bare, &b);
    append_parts(t, f->seq, buf_str(&b));
    buf_fini(&b);
}

// All parts of a record one after the other in the arena; empty when there is none.
static status gather(struct txn *t, uint64_t seq, struct arena *a, str *out)
{
    struct key prefix = key_part(seq, 0);
    struct buf b;
    str k, v;

    prefix.n = 8;
    buf_init(&b, 1 * GB);
    struct walk w = walk_open(t, DB_JOURNAL, str_key(&prefix), (str){0});
    while (walk_next(&w, &k, &v)) buf_add(&b, v);
    walk_close(&w);
    *out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    TRY(txn_status(t));
    if (out->p == NULL)
        return fail(ST_TOO_LARGE, "journal.record_too_large", 0, "record %llu",
                    (unsigned long long)seq);
    if (out->n == 0)
        return fail(ST_NOT_FOUND, "journal.no_record", 0, "no record %llu",
                    (unsigned long long)seq);
    return OK;
}

static status unpack_body(str stored, size_t raw, struct arena *a, str *out)
{
    uLongf n = raw;
    char *p = arena_alloc(a, raw + 1);

    if (p == NULL) return fail(ST_TOO_LARGE, "journal.record_too_large", 0, "%zu bytes", raw);
    if (uncompress((Bytef *)p, &n, (const Bytef *)stored.p, stored.n) != Z_OK || n != raw)
        return fail(ST_STORE, "record.corrupt", 0, "a stored body cannot be inflated");
    *out = (str){p, raw};
    return OK;
}

// Reads stored bytes. Where the body is packed, *packed and *raw say so and out->body is empty.
static status read_stored(str bytes, str *packed, size_t *raw, struct fact *out)
{
    struct bytes_r r = bytes_reader(bytes);

    *packed = (str){0};
    if (bytes.n == 0 || (uint8_t)bytes.p[0] != STORED_PACKED) return record_read(bytes, out);
    bytes_get_u(&r, 1);
    *raw = (size_t)bytes_get_u(&r, 4);
    *packed = bytes_get_raw(&r, (size_t)bytes_get_u(&r, 4));
    if (r.bad) return fail(ST_STORE, "record.corrupt", 0, "a stored record breaks off");
    return record_read((str){(const char *)r.p, (size_t)(r.end - r.p)}, out);
}

status journal_get_packed(struct txn *t, uint64_t seq, struct arena *a, struct fact *out,
                          str *packed_body)
{
    struct fact f;
    size_t raw;
    str bytes;

    TRY(gather(t, seq, a, &bytes));
    TRY(read_stored(bytes, packed_body, &raw, &f));
    if (packed_body->n > 0) TRY(unpack_body(*packed_body, raw, a, &f.body));
    if (f.seq != seq) return fail(ST_STORE, "record.corrupt", 0, "a record under another's key");
    *out = f;
    return OK;
}

status journal_get(struct txn *t, uint64_t seq, struct arena *a, struct fact *out)
{
    str packed;
    return journal_get_packed(t, seq, a, out, &packed);
}

status journal_get_header(struct txn *t, uint64_t seq, struct fact *out)
{
    struct key k = key_part(seq, 0);
    struct arena a;
    size_t raw;
    str v, packed;

    if (!txn_get(t, DB_JOURNAL, str_key(&k), &v)) {
        TRY(txn_status(t));
        return fail(ST_NOT_FOUND, "journal.no_record", 0, "no record %llu",
                    (unsigned long long)seq);
    }
    status st = read_stored(v, &packed, &raw, out);
    if (st.cls != ST_OK) { // a body longer than the first part hides the header: read it whole
        arena_init(&a, 1 * GB);
        st = journal_get(t, seq, &a, out);
        arena_fini(&a);
    }
    out->body = out->decided = (str){0};
    return st;
}

bool journal_link_get(struct txn *t, uint64_t seq, struct link *out)
{
    struct key k = key_row(ROW_LINK, seq, 8);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v) || v.n != sizeof out->b) return false;
    memcpy(out->b, v.p, sizeof out->b);
    return true;
}

void journal_link_put(struct txn *t, uint64_t seq, const struct link *l)
{
    struct key k = key_row(ROW_LINK, seq, 8);

    txn_put(t, DB_ROWS, str_key(&k), (str){(const char *)l->b, sizeof l->b});
}

static uint64_t number_get(struct txn *t, struct key k)
{
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return 0;
    if (v.n == 8) return get_be(v.p, 8);
    txn_spoil(t, "store.corrupt", "a row that holds a count");
    return 0;
}

static void number_put(struct txn *t, struct key k, uint64_t n)
{
    char v[8];

    put_be(v, n, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
}

uint64_t client_count_get(struct txn *t, client_id c)
{
    return number_get(t, key_row(ROW_CLIENT_COUNT, c.v, 4));
}

void client_count_put(struct txn *t, client_id c, uint64_t n)
{
    number_put(t, key_row(ROW_CLIENT_COUNT, c.v, 4), n);
}

uint64_t counter_get(struct txn *t, enum counter c)
{
    return number_get(t, key_row(ROW_COUNTER, c, 1));
}

void counter_put(struct txn *t, enum counter c, uint64_t given)
{
    number_put(t, key_row(ROW_COUNTER, c, 1), given);
}

// ---- lists

#define TAIL_MAX 32u // as schemas/store.txt says; the row stays under 300 bytes

struct list_key {
    char b[7 + 64];
    size_t n;
};

static struct list_key list_key(char tag, client_id c, enum list_attribute a, str value)
{
    struct list_key k = {.n = 7 + value.n};

    assert(value.n <= sizeof k.b - 7);
    k.b[0] = tag;
    put_be(k.b + 1, c.v, 4);
    put_be(k.b + 5, a, 2);
    if (value.n > 0) memcpy(k.b + 7, value.p, value.n);
    return k;
}

static str str_list(const struct list_key *k) { return (str){k->b, k->n}; }

static uint32_t tail_read(struct txn *t, const struct list_key *k, uint64_t seqs[TAIL_MAX])
{
    uint32_t n = 0;
    str v;

    if (!txn_get(t, DB_ROWS, str_list(k), &v)) return 0;
    struct bytes_r r = bytes_reader(v);
    seqs[n++] = bytes_get_u(&r, 8);
    for (; r.p < r.end && n < TAIL_MAX && !r.bad; n++) seqs[n] = seqs[n - 1] + bytes_get_var(&r);
    if (bytes_end(&r)) return n;
    txn_spoil(t, "store.corrupt", "the newest of a list");
    return 0;
}

static void tail_put(struct txn *t, const struct list_key *k, const uint64_t *seqs, uint32_t n)
{
    struct buf b;

    buf_init(&b, 1 * KB);
    bytes_u(&b, seqs[0], 8);
    for (uint32_t i = 1; i < n; i++) bytes_var(&b, seqs[i] - seqs[i - 1]);
    txn_put(t, DB_ROWS, str_list(k), buf_str(&b));
    buf_fini(&b);
}

void list_note(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t seq)
{
    struct list_key tail = list_key(ROW_LIST_TAIL, c, a, value);
    struct list_key list = list_key(LIST_TAG, c, a, value);
    uint64_t seqs[TAIL_MAX];
    uint32_t n = tail_read(t, &tail, seqs);

    if (n == TAIL_MAX) {
        for (uint32_t i = 0; i < n; i++) txn_list_add(t, str_list(&list), seqs[i]);
        n = 0;
    }
    assert(n == 0 || seqs[n - 1] < seq);
    seqs[n++] = seq;
    tail_put(t, &tail, seqs, n);
}

size_t list_of(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t from,
               uint64_t *seqs, size_t n)
{
    struct list_key tail = list_key(ROW_LIST_TAIL, c, a, value);
    struct list_key list = list_key(LIST_TAG, c, a, value);
    uint64_t newest[TAIL_MAX];
    uint32_t newest_n = tail_read(t, &tail, newest);
    bool older = newest_n > 0 && newest[0] > from;
    size_t got = older ? list_read(t, str_list(&list), from, seqs, n) : 0;

    for (uint32_t i = 0; i < newest_n && got < n; i++)
        if (newest[i] >= from) seqs[got++] = newest[i];
    return got;
}

size_t list_back(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t from,
                 uint64_t *seqs, size_t n)
{
    struct list_key tail = list_key(ROW_LIST_TAIL, c, a, value);
    struct list_key list = list_key(LIST_TAG, c, a, value);
    uint64_t newest[TAIL_MAX];
    uint32_t newest_n = tail_read(t, &tail, newest);
    size_t got = 0;

    for (uint32_t i = newest_n; i-- > 0 && got < n;)
        if (newest[i] <= from) seqs[got++] = newest[i];
    if (newest_n > 0 && got < n)
        got += list_read_back(t, str_list(&list), from, seqs + got, n - got);
    return got;
}

// A list that has items has its newest in a row: what rows there are says which lists.
void list_walk_open(struct list_walk *w, struct txn *t, client_id c, const struct list_span *s)
{
    struct list_key begin = list_key(ROW_LIST_TAIL, c, s->of, s->begin);
    size_t from_n = s->from.n > 0 ? 7 + s->from.n : 0;

    assert(s->from.n <= sizeof w->from - 7);
    memcpy(w->begin, begin.b, begin.n);
    memcpy(w->from, begin.b, 7);
    if (s->from.n > 0) memcpy(w->from + 7, s->from.p, s->from.n);
    w->w = walk_open(t, DB_ROWS, (str){w->begin, begin.n}, (str){w->from, from_n});
}

bool list_walk_next(struct list_walk *w, str *value)
{
    str key, val;

    if (!walk_next(&w->w, &key, &val)) return false;
    *value = str_from(key, 7);
    return true;
}

bool list_walk_before(struct list_walk *w, str *value)
{
    str key, val;
    bool last = !w->w.begun && w->w.from.n == w->w.prefix.n; // from the last one on

    if (!(last ? walk_last(&w->w, &key, &val) : walk_before(&w->w, &key, &val))) return false;
    *value = str_from(key, 7);
    return true;
}

void list_walk_close(struct list_walk *w) { walk_close(&w->w); }
