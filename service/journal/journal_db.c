// Rows of the journal.
//
// database `journal`: key seq 8, part 2. What is stored is the record itself, or, where its body
// was deflated, a first byte of STORED_PACKED, raw length 4, packed length 4, the packed body and
// the record without its body. It is cut into parts: at most PART_SMALL bytes (two lie on a page)
// or exactly PART_LARGE (one overflow page).
// database `rows`:
//   '#'            head: seq 8, link 32, recordTime 8
//   'K' seq 8      link 32, at every 1,000th record
//   'N' counter 1  how many have been given 8
//   '$' client 4   how many facts 8
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
