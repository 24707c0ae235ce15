// row '&' space 3 -> high var, issued var, barred var, ahead var, passed var, hour 4, which of the
//     24 hours have numbers 3 (bit h: those with hour % 24 == h), for each of them count var; where
//     the hour has bit 31, how many numbers lie in the pool again var; then,
//     once numbers were issued: first ordinal 5 and as row 'R': the newest requests of the space,
//     which become a row 'R' when they are 32
// row 'R' space 3, first ordinal 5 -> request 8, consumed var, and for each of up to 31 that
//     follow: distance of its request var, ordinals between var, consumed var: who got these
//     numbers
//
// All that an issue changes of a space is in one small row, and these share pages with each other
// and with the other rows of every commit: pages are what a commit costs.
//
// Written by the committer only; no state of its own.
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include <string.h>

#define ISSUES_A_ROW 32u
#define ISSUES_BYTES 600u // of 32 requests, each of them far from the one before
#define MARK_BYTES   (67u + 5u * SPACE_HOURS)
#define HAD_BACK     (UINT32_C(1) << 31) // of the hour: such a row alone is longer

struct key {
    char b[9];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_mark(uint32_t space)
{
    struct key k = {.b = {ROW_SPACE_MARK}, .n = 4};

    put_be(k.b + 1, space, 3);
    return k;
}

static struct key key_older(uint32_t space, uint64_t ordinal)
{
    struct key k = {.b = {ROW_ISSUE}, .n = 9};

    put_be(k.b + 1, space, 3);
    put_be(k.b + 4, ordinal, 5);
    return k;
}

// ---- requests of a row

struct issues { // in the order they were made
    struct issue_row at[ISSUES_A_ROW];
    uint32_t n;
};

static bool issues_read(struct txn *t, uint64_t first, str v, struct issues *out)
{
    struct bytes_r r = bytes_reader(v);
    struct issue_row i = {bytes_get_u(&r, 8), first, bytes_get_var(&r)};

    out->n = 0;
    while (!r.bad && out->n < ISSUES_A_ROW) {
        out->at[out->n++] = i;
        if (r.p == r.end) return true;
        i.seq += bytes_get_var(&r);
        i.first += i.consumed + bytes_get_var(&r);
        i.consumed = bytes_get_var(&r);
    }
    txn_spoil(t, "store.corrupt", "who got a number");
    return false;
}

// One that follows another in a row.
static void issue_write(struct buf *b, const struct issue_row *before, const struct issue_row *one)
{
    bytes_var(b, one->seq - before->seq);
    bytes_var(b, one->first - before->first - before->consumed);
    bytes_var(b, one->consumed);
}

static void issues_write(struct buf *b, const struct issues *x)
{
    bytes_u(b, x->at[0].seq, 8);
    bytes_var(b, x->at[0].consumed);
    for (uint32_t i = 1; i < x->n; i++) issue_write(b, &x->at[i - 1], &x->at[i]);
}

// ---- how far a space is

struct mark { // a row '&' and its halves; views of it
    str row, newest;
};

static void hours_read(struct bytes_r *r, struct space_row *s)
{
    uint32_t set = (uint32_t)bytes_get_u(r, 3);

    for (unsigned i = 0; i < SPACE_HOURS; i++)
        s->by_hour[i] = set >> i & 1 ? (uint32_t)bytes_get_var(r) : 0;
}

// False: none, or trouble.
static bool mark_read(struct txn *t, uint32_t space, struct space_row *s, struct mark *out)
{
    struct key k = key_mark(space);

    if (!txn_get(t, DB_ROWS, str_key(&k), &out->row)) return false;
    struct bytes_r r = bytes_reader(out->row);
    s->high = bytes_get_var(&r);
    s->issued = bytes_get_var(&r);
    s->barred = bytes_get_var(&r);
    s->ahead = bytes_get_var(&r);
    s->passed = bytes_get_var(&r);
    s->hour = (uint32_t)bytes_get_u(&r, 4);
    s->had_back = s->hour & HAD_BACK;
    s->hour &= ~HAD_BACK;
    hours_read(&r, s);
    s->back = s->had_back ? bytes_get_var(&r) : 0;
    out->newest = str_from(out->row, (size_t)(r.p - (const uint8_t *)out->row.p));
    if (r.bad || (out->newest.n > 0 && out->newest.n < 14))
        return txn_spoil(t, "store.corrupt", "how far a number space is"), false;
    return true;
}

bool space_mark_get(struct txn *t, struct space_row *s)
{
    struct mark m;
    return mark_read(t, s->space, s, &m) || txn_status(t).cls == ST_OK;
}

static bool newest_read(struct txn *t, str newest, struct issues *out)
{
    out->n = 0;
    return newest.n > 0 && issues_read(t, get_be(newest.p, 5), str_from(newest, 5), out);
}

static void older_put(struct txn *t, uint32_t space, const struct issues *x)
{
    struct key k = key_older(space, x->at[0].first);
    struct buf b;

    buf_init(&b, ISSUES_BYTES);
    issues_write(&b, x);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

static void hours_write(struct buf *b, const struct space_row *s)
{
    uint32_t set = 0;

    for (unsigned i = 0; i < SPACE_HOURS; i++) set |= (s->by_hour[i] ? 1u : 0u) << i;
    bytes_u(b, set, 3);
    for (; set != 0; set &= set - 1) bytes_var(b, s->by_hour[__builtin_ctz(set)]);
}

static void mark_write(struct buf *b, const struct space_row *s)
{
    bytes_var(b, s->high);
    bytes_var(b, s->issued);
    bytes_var(b, s->barred);
    bytes_var(b, s->ahead);
    bytes_var(b, s->passed);
    bytes_u(b, s->hour | (s->had_back ? HAD_BACK : 0), 4);
    hours_write(b, s);
    if (s->had_back) bytes_var(b, s->back);
}

static void newest_write(struct buf *b, const struct issues *x, const struct issue_row *one)
{
    if (x->n > 0 && x->n < ISSUES_A_ROW) {
        issue_write(b, &x->at[x->n - 1], one);
    } else {
        bytes_u(b, one->first, 5);
        issues_write(b, &(struct issues){.at = {*one}, .n = 1});
    }
}

void space_mark_put(struct txn *t, const struct space_row *s, const struct issue_row *newest)
{
    struct key k = key_mark(s->space);
    struct space_row before;
    struct mark m = {0};
    struct issues x = {.n = 0};
    struct buf b;

    buf_init(&b, MARK_BYTES + ISSUES_BYTES);
    mark_write(&b, s);
    if (mark_read(t, s->space, &before, &m) && newest != NULL) newest_read(t, m.newest, &x);
    if (x.n < ISSUES_A_ROW)
        buf_add(&b, m.newest);
    else
        older_put(t, s->space, &x);
    if (newest != NULL) newest_write(&b, &x, newest);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

void space_mark_del(struct txn *t, uint32_t space)
{
    struct key k = key_mark(space);
    txn_del(t, DB_ROWS, str_key(&k));
}

// ---- who got a number

// The row 'R' that the ordinal would stand in.
static bool older_read(struct txn *t, unit_id u, struct issues *out)
{
    struct key space = key_older(unit_space(u), 0);
    struct key above = key_older(unit_space(u), unit_ordinal(u) + 1);
    bool got = false;
    str k, v;

    struct walk w = walk_open(t, DB_ROWS, (str){space.b, 4}, str_key(&above));
    if (walk_before(&w, &k, &v) && k.n == 9) got = issues_read(t, get_be(k.p + 4, 5), v, out);
    walk_close(&w);
    return got;
}

// As the facts of requests said it when they were made.
static bool issue_read(struct txn *t, unit_id u, struct space_row *s, struct issue_row *out)
{
    uint64_t ordinal = unit_ordinal(u);
    struct issues x;
    struct mark m;

    if (ordinal == ORDINAL_MAX || !mark_read(t, unit_space(u), s, &m)) return false;
    if (!newest_read(t, m.newest, &x)) return false;
    if (ordinal < x.at[0].first && !older_read(t, u, &x)) return false;
    uint32_t i = x.n;
    while (i > 0 && x.at[i - 1].first > ordinal) i--;
    if (i == 0 || ordinal - x.at[i - 1].first >= x.at[i - 1].consumed) return false;
    if (barred_get(t, u) != 0) return false;
    *out = x.at[i - 1];
    return true;
}

bool issue_first_of(struct txn *t, unit_id u, struct issue_row *out)
{
    struct space_row s;
    return issue_read(t, u, &s, out);
}

static bool is_back(struct txn *t, unit_id u, enum back sort)
{
    struct space_row s;
    struct back_span b;
    struct mark m;

    return mark_read(t, unit_space(u), &s, &m) && s.had_back && back_at(t, u, sort, &b);
}

bool number_lies_in_pool(struct txn *t, unit_id u) { return is_back(t, u, BACK_LIES); }

bool number_was_given_again(struct txn *t, unit_id u) { return is_back(t, u, BACK_GIVEN); }

bool issue_of(struct txn *t, unit_id u, struct issue_row *out)
{
    struct issue_row i;
    struct space_row s;
    struct back_span b;

    if (!issue_read(t, u, &s, &i)) return false;
    if (s.had_back && back_at(t, u, BACK_LIES, &b)) return false;
    if (s.had_back && back_at(t, u, BACK_GIVEN, &b))
        i = (struct issue_row){b.seq, b.first, b.count};
    else if (s.had_back)
        back_narrow(t, u, &i);
    *out = i;
    return true;
}
