// row 'P' pool 4 -> kind 1, policy 1, client 4, rank 4, max_request 4, threshold 8, use_before 4
//     (days since 1970, signed; 0 none), id length 1, id, spaces of 3 bytes each, oldest first
// row 'g' id length 1, id, rank 4, pool 4 -> nothing: the pools of an id in the order of issuing.
//     An id is a GTIN, or extension and company prefix of SSCCs; their lengths tell them apart.
// row 'S' space 3 -> sort 1, pool 4, epoch 4, client 4, gtin 14, product 4, level 1, flags 1
//     (1: tests_lists), capacity 8, definition (of generated spaces)
// definition: kind 1, algorithm 1, varints length, start, share of, share index, strs alphabet,
//     exclude, serial_prefix, company prefix, extension
//
// Written by the committer only; pure rows, no state of its own.
#include "service/pool/pool_db.h"
#include "common/bytes.h"
#include "service/journal/restored.h"
#include "service/pool/pool_int.h"
#include <string.h>

enum {
    POOL_HEAD = 27,
    SPACE_HEAD = 41,
    SPACE_MAX = SPACE_HEAD + SPACE_DEFINITION_MAX,
    FLAG_TESTS_LISTS = 1,
    HOUR_MS = 3600000
};

struct key {
    char b[32];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_number(enum row_tag tag, uint32_t number, unsigned bytes)
{
    struct key k = {.b = {(char)tag}, .n = 1 + bytes};

    put_be(k.b + 1, number, bytes);
    return k;
}

struct pool_id pool_id_gtin(const char gtin[14])
{
    struct pool_id id = {.n = 14};

    memcpy(id.p, gtin, 14);
    return id;
}

struct pool_id pool_id_sscc(str extension, str prefix)
{
    struct pool_id id = {.n = (uint8_t)(extension.n + prefix.n)};

    assert(extension.n == 1 && prefix.n < POOL_ID_MAX - 1);
    id.p[0] = extension.p[0];
    memcpy(id.p + 1, prefix.p, prefix.n);
    return id;
}

bool pool_id_is_sscc(const struct pool_id *id) { return id->n < 14; }

// ---- pools

bool pool_row_get(struct txn *t, uint32_t pool, struct pool_row *out)
{
    struct key k = key_number(ROW_POOL, pool, 4);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (v.n < POOL_HEAD || v.n < (size_t)POOL_HEAD + (uint8_t)v.p[POOL_HEAD - 1] ||
        (uint8_t)v.p[POOL_HEAD - 1] > POOL_ID_MAX)
        return txn_spoil(t, "store.corrupt", "the row of a pool"), false;
    struct pool_row p = {.pool = pool,
                         .kind = (enum pool_kind)v.p[0],
                         .policy = (enum pool_policy)v.p[1],
                         .client = {(uint32_t)get_be(v.p + 2, 4)},
                         .rank = (uint32_t)get_be(v.p + 6, 4),
                         .max_request = (uint32_t)get_be(v.p + 10, 4),
                         .threshold = get_be(v.p + 14, 8),
                         .use_before = (int32_t)get_be(v.p + 22, 4),
                         .id.n = (uint8_t)v.p[POOL_HEAD - 1]};
    memcpy(p.id.p, v.p + POOL_HEAD, p.id.n);
    str spaces = str_from(v, POOL_HEAD + p.id.n);
    if (spaces.n == 0 || spaces.n % 3 != 0 || spaces.n / 3 > POOL_SPACES_MAX)
        return txn_spoil(t, "store.corrupt", "the spaces of a pool"), false;
    for (; p.space_count < spaces.n / 3; p.space_count++)
        p.spaces[p.space_count] = (uint32_t)get_be(spaces.p + 3u * p.space_count, 3);
    *out = p;
    return true;
}

static struct key key_of_id(const struct pool_id *id)
{
    struct key k = {
        .b = {ROW_POOL_OF_GTIN, (char)id->n},
          .n = 2u + id->n
    };

    memcpy(k.b + 2, id->p, id->n);
    return k;
}

static struct key key_ranked(const struct pool_row *p)
{
    struct key k = key_of_id(&p->id);

    put_be(k.b + k.n, p->rank, 4);
    put_be(k.b + k.n + 4, p->pool, 4);
    k.n += 8;
    return k;
}

void pool_row_put(struct txn *t, const struct pool_row *p, const struct pool_row *old)
{
    struct key k = key_number(ROW_POOL, p->pool, 4), ranked = key_ranked(p);
    char v[POOL_HEAD + POOL_ID_MAX + 3 * POOL_SPACES_MAX];
    size_t n = POOL_HEAD + p->id.n;

    v[0] = (char)p->kind;
    v[1] = (char)p->policy;
    put_be(v + 2, p->client.v, 4);
    put_be(v + 6, p->rank, 4);
    put_be(v + 10, p->max_request, 4);
    put_be(v + 14, p->threshold, 8);
    put_be(v + 22, (uint32_t)p->use_before, 4);
    v[POOL_HEAD - 1] = (char)p->id.n;
    memcpy(v + POOL_HEAD, p->id.p, p->id.n);
    assert(p->space_count > 0 && p->space_count <= POOL_SPACES_MAX);
    for (uint32_t i = 0; i < p->space_count; i++, n += 3) put_be(v + n, p->spaces[i], 3);
    if (old != NULL) {
        struct key before = key_ranked(old);
        txn_del(t, DB_ROWS, str_key(&before));
    }
    txn_put(t, DB_ROWS, str_key(&k), (str){v, n});
    txn_put(t, DB_ROWS, str_key(&ranked), (str){"", 0});
}

uint32_t pools_of(struct txn *t, const struct pool_id *id, uint32_t pools[POOLS_OF_ID_MAX])
{
    struct key k = key_of_id(id);
    struct walk w = walk_open(t, DB_ROWS, str_key(&k), (str){0});
    uint32_t n = 0;
    str key, v;

    while (n < POOLS_OF_ID_MAX && walk_next(&w, &key, &v))
        pools[n++] = (uint32_t)get_be(key.p + key.n - 4, 4);
    walk_close(&w);
    return n;
}

bool lists_have_numbers(struct txn *t, const struct pool_id *id)
{
    uint32_t pools[POOLS_OF_ID_MAX], n = pools_of(t, id, pools);
    struct pool_row p;
    struct space_row s;

    if (restored_get(t).tests_names) return true;
    for (uint32_t i = 0; i < n; i++) {
        if (!pool_row_get(t, pools[i], &p) || p.kind != POOL_LIST) continue;
        if (!space_row_get(t, pool_newest(&p), &s)) continue;
        if (s.capacity > 0 || import_row_get(t, p.pool).seq != 0) return true;
    }
    return false;
}

void pools_of_all_sscc(struct txn *t, pool_each *each, void *self)
{
    static const char tag = ROW_POOL_OF_GTIN;
    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
    str key, v;

    // Shorter ids come first, so that those of SSCCs stand before all GTINs.
    while (walk_next(&w, &key, &v) && key.p[1] < 14)
        if (!each(self, (uint32_t)get_be(key.p + key.n - 4, 4))) break;
    walk_close(&w);
}

// ---- spaces

bool space_get(struct txn *t, uint32_t space, struct space_row *out)
{
    struct key k = key_number(ROW_SPACE, space, 3);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (v.n < SPACE_HEAD || v.n > SPACE_MAX)
        return txn_spoil(t, "store.corrupt", "the row of a number space"), false;
    *out = (struct space_row){.space = space,
                              .sort = (enum space_sort)v.p[0],
                              .pool = (uint32_t)get_be(v.p + 1, 4),
                              .epoch = (uint32_t)get_be(v.p + 5, 4),
                              .client = {(uint32_t)get_be(v.p + 9, 4)},
                              .product = (uint32_t)get_be(v.p + 27, 4),
                              .level = (uint8_t)v.p[31],
                              .tests_lists = v.p[32] & FLAG_TESTS_LISTS,
                              .capacity = get_be(v.p + 33, 8),
                              .definition = str_from(v, SPACE_HEAD)};
    memcpy(out->gtin, v.p + 13, 14);
    return true;
}

bool space_row_get(struct txn *t, uint32_t space, struct space_row *out)
{
    return space_get(t, space, out) && space_mark_get(t, out);
}

void pool_marks_get(struct txn *t, uint32_t pool, struct pool_marks *out)
{
    struct pool_row p;

    out->n = pool_row_get(t, pool, &p) ? p.space_count : 0;
    memcpy(out->spaces, p.spaces, out->n * sizeof out->spaces[0]);
}

void space_rows(struct txn *t, space_each *each, void *self)
{
    static const char tag = ROW_SPACE;
    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
    struct space_row s;
    str k, v;

    while (walk_next(&w, &k, &v) && space_row_get(t, (uint32_t)get_be(k.p + 1, 3), &s))
        if (!each(self, &s)) break;
    walk_close(&w);
}

struct digest16 space_form(const struct space_row *s)
{
    char of[15];

    of[0] = (char)s->sort;
    memcpy(of + 1, s->gtin, sizeof s->gtin);
    return digest16_of((str){of, sizeof of}, s->definition);
}

str space_company_prefix(const struct space_row *s)
{
    struct space_conf c;

    if (s->sort != SPACE_OF_SSCC || !space_definition_get(s->definition, &c)) return (str){0};
    return c.company_prefix;
}

void space_row_put(struct txn *t, const struct space_row *s)
{
    struct key k = key_number(ROW_SPACE, s->space, 3);
    char v[SPACE_MAX];

    assert(s->space >= 1 && s->space < 1u << 24 && s->definition.n <= SPACE_DEFINITION_MAX);
    v[0] = (char)s->sort;
    put_be(v + 1, s->pool, 4);
    put_be(v + 5, s->epoch, 4);
    put_be(v + 9, s->client.v, 4);
    memcpy(v + 13, s->gtin, 14);
    put_be(v + 27, s->product, 4);
    v[31] = (char)s->level;
    v[32] = s->tests_lists ? FLAG_TESTS_LISTS : 0;
    put_be(v + 33, s->capacity, 8);
    if (s->definition.n > 0) memcpy(v + SPACE_HEAD, s->definition.p, s->definition.n);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, SPACE_HEAD + s->definition.n});
    space_mark_put(t, s, NULL);
}

void space_row_del(struct txn *t, uint32_t space)
{
    struct key k = key_number(ROW_SPACE, space, 3);
    txn_del(t, DB_ROWS, str_key(&k));
    space_mark_del(t, space);
}

bool space_is_container(const struct space_row *s)
{
    return s->sort == SPACE_OF_SSCC || s->level > 0;
}

void space_definition_put(const struct space_conf *c, struct buf *out)
{
    bytes_u(out, c->kind, 1);
    bytes_u(out, c->algorithm, 1);
    bytes_var(out, c->length);
    bytes_var(out, c->start);
    bytes_var(out, c->share.of);
    bytes_var(out, c->share.index);
    bytes_str(out, c->alphabet);
    bytes_str(out, c->exclude);
    bytes_str(out, c->serial_prefix);
    bytes_str(out, c->company_prefix);
    bytes_str(out, c->extension);
}

bool space_definition_get(str bytes, struct space_conf *out)
{
    struct bytes_r r = bytes_reader(bytes);
    struct space_conf c = {.kind = (enum space_kind)bytes_get_u(&r, 1)};

    c.algorithm = (uint32_t)bytes_get_u(&r, 1);
    c.length = bytes_get_var(&r);
    c.start = bytes_get_var(&r);
    c.share.of = bytes_get_var(&r);
    c.share.index = bytes_get_var(&r);
    c.alphabet = bytes_get_str(&r);
    c.exclude = bytes_get_str(&r);
    c.serial_prefix = bytes_get_str(&r);
    c.company_prefix = bytes_get_str(&r);
    c.extension = bytes_get_str(&r);
    if (!bytes_end(&r) || c.kind > SPACE_SSCC) return false;
    *out = c;
    return true;
}

status space_build(const struct site *site, const struct space_row *row, struct number_space *out)
{
    struct space_conf conf;
    uint8_t key[PERMUTATION_KEY_SIZE];

    if (!space_definition_get(row->definition, &conf))
        return fail(ST_STORE, "space.corrupt", 0, "space %u has no definition", row->space);
    TRY(space_init(&conf, out));
    if (conf.kind != SPACE_RANDOM) return OK;
    if (row->epoch < 1 || row->epoch > site->keys->count)
        return fail(ST_STORE, "site_key.epoch", 0, "site.key has no epoch %u", row->epoch);
    pool_key(site->keys, &(struct pool_key_of){row->epoch, row->space, site->meta.journal_id}, key);
    space_set_key(out, key);
    explicit_bzero(key, sizeof key);
    return OK;
}

static uint32_t hour_of(wall at) { return at.ms < 0 ? 0 : (uint32_t)(at.ms / HOUR_MS); }

// Entries of hours that have gone by are cleared as the clock moves on.
void space_count_hour(struct space_row *s, wall at, uint32_t numbers)
{
    uint32_t now = hour_of(at);

    if (now < s->hour) now = s->hour;
    uint32_t gone = now - s->hour < SPACE_HOURS ? now - s->hour : SPACE_HOURS;
    for (uint32_t i = 0; i < gone; i++) s->by_hour[(now - i) % SPACE_HOURS] = 0;
    s->hour = now;
    s->by_hour[now % SPACE_HOURS] += numbers;
}

// The entries of the hours from this one on.
static uint64_t given_from(const struct space_row *s, uint64_t hour)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < SPACE_HOURS && i <= s->hour && s->hour - i >= hour; i++)
        sum += s->by_hour[(s->hour - i) % SPACE_HOURS];
    return sum;
}

uint64_t space_last_day(const struct space_row *s, wall now)
{
    uint32_t hour = hour_of(now);
    return given_from(s, hour < SPACE_HOURS ? 0 : hour - SPACE_HOURS + 1);
}

uint64_t space_given_since(const struct space_row *s, wall at)
{
    return given_from(s, hour_of(at));
}
