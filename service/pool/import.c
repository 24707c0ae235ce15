// decided part of `import.part`: pool 4 | space 3 | import 8 (0: this is its first part) |
//   first ordinal 5 | count varint | count x {text str, attributes str} | names of the pool's
//   attributes that are new: count varint, strs | claims: space 3, ordinal 5, to the end
#include "service/pool/import.h"
#include "common/arena.h"
#include "service/journal/restored.h"
#include "service/pool/import_int.h"
#include <string.h>

status import_place_get(struct decide *d, uint32_t pool, struct import_place *out)
{
    if (!pool_row_get(d->t, pool, &out->pool) || out->pool.kind != POOL_LIST ||
        !space_row_get(d->t, pool_newest(&out->pool), &out->space))
        return fail(ST_CONFLICT, "pool.kind", 0, "numbers are imported into list pools only");
    out->under_way = import_row_get(d->t, pool);
    d->fact->client = out->pool.client;
    return OK;
}

static status check_turn(const struct import_place *at, const struct import_part *p)
{
    bool fits = p->import == 0 ? at->under_way.seq == 0
                               : at->under_way.seq == p->import && at->under_way.count == p->so_far;

    if (fits) return OK;
    return fail(ST_CONFLICT, "import.running", 0, "another import into this pool is under way");
}

static bool has_name(const struct list_names *names, str name)
{
    for (uint32_t i = 0; i < names->n; i++)
        if (str_eq(names->name[i], name)) return true;
    return false;
}

// Adds the names that the pool has not yet; *fresh counts them.
static status add_names(struct list_names *names, const struct import_number *x, uint32_t *fresh)
{
    struct bytes_pairs pairs = bytes_pairs(x->attributes);
    str name, value;

    while (bytes_pair(&pairs, &name, &value)) {
        if (has_name(names, name)) continue;
        if (names->n == LIST_NAMES_MAX)
            return fail(ST_CONFLICT, "import.attributes", 0,
                        "line %u: the numbers of a pool have at most %u attributes", x->line,
                        LIST_NAMES_MAX);
        names->name[names->n++] = name;
        ++*fresh;
    }
    assert(!pairs.in.bad); // packed on the loop
    return OK;
}

static status put_names(struct decide *d, const struct import_part *p)
{
    struct list_names names;
    uint32_t fresh = 0;

    list_names_get(d->t, p->pool, &names);
    for (uint32_t i = 0; i < p->n; i++) TRY(add_names(&names, &p->numbers[i], &fresh));
    bytes_var(d->out, fresh);
    for (uint32_t i = names.n - fresh; i < names.n; i++) bytes_str(d->out, names.name[i]);
    return OK;
}

static status refuse_taken(struct decide *d, const struct import_check *k, const char gtin[14])
{
    uint32_t taken = 0, line = 0;

    for (uint32_t i = 0; i < k->n; i++) {
        if (!k->taken[i]) continue;
        if (taken++ == 0) line = k->numbers[i].line;
        if (taken <= IMPORT_OFFENDERS_MAX)
            import_offender(d->units, gtin, &k->numbers[i], "serial.duplicate");
    }
    if (taken == 0) return OK;
    return fail(ST_CONFLICT, "serial.duplicate", 0,
                "%u numbers are known already, the first in line %u", taken, line);
}

static status part_decide(struct decide *d)
{
    const struct import_part *p = d->ask;
    struct import_place at;

    TRY(import_place_get(d, p->pool, &at));
    if (restored_get(d->t).frozen) return restored_refusal();
    TRY(check_turn(&at, p));
    struct import_check k = {.names = names_here(d->app),
                             .t = d->t,
                             .arena = d->arena,
                             .pool = p->pool,
                             .numbers = p->numbers,
                             .n = p->n};
    TRY(import_check(&k));
    TRY(refuse_taken(d, &k, at.pool.id.p));
    if (at.space.capacity + p->so_far + p->n > SPACE_CAPACITY_MAX)
        return fail(ST_CONFLICT, "pool.capacity", 0, "the list is full");
    bytes_u(d->out, p->pool, 4);
    bytes_u(d->out, at.space.space, 3);
    bytes_u(d->out, p->import, 8);
    bytes_u(d->out, at.space.capacity + p->so_far, 5);
    bytes_var(d->out, p->n);
    for (uint32_t i = 0; i < p->n; i++) {
        bytes_str(d->out, p->numbers[i].text);
        bytes_str(d->out, p->numbers[i].attributes);
    }
    TRY(put_names(d, p));
    for (uint32_t i = 0; i < k.claim_count; i++) bytes_u(d->out, k.claims[i].at.v, 8);
    return OK;
}

struct part_head {
    uint32_t pool, space;
    uint64_t import, first;
    uint64_t n;
};

static struct part_head part_head_get(struct bytes_r *in)
{
    struct part_head h = {.pool = (uint32_t)bytes_get_u(in, 4)};

    h.space = (uint32_t)bytes_get_u(in, 3);
    h.import = bytes_get_u(in, 8);
    h.first = bytes_get_u(in, 5);
    h.n = bytes_get_var(in);
    if (h.n > IMPORT_PART) in->bad = true;
    return h;
}

static void write_numbers(struct txn *t, const struct part_head *h, struct bytes_r *in)
{
    struct space_row s;

    if (!space_row_get(t, h->space, &s)) {
        txn_spoil(t, "store.corrupt", "an import into a list that is not there");
        return;
    }
    for (uint64_t i = 0; i < h->n && !in->bad; i++) {
        struct text_of of = {
            s.client, {s.gtin, 14},
             bytes_get_str(in)
        };
        str attributes = bytes_get_str(in);
        if (!in->bad) list_number_put(t, unit_id_of(h->space, h->first + i), &of, attributes);
    }
}

static void write_names(struct txn *t, uint32_t pool, struct bytes_r *in)
{
    uint64_t fresh = bytes_get_var(in);
    char room[LIST_NAMES_MAX * (IMPORT_NAME_MAX + 1)], *p = room;
    struct list_names names;

    if (fresh == 0) return;
    list_names_get(t, pool, &names);
    for (uint32_t i = 0; i < names.n; i++) { // they outlive the row that they are views of
        memcpy(p, names.name[i].p, names.name[i].n);
        names.name[i].p = p;
        p += names.name[i].n;
    }
    while (fresh-- > 0 && !in->bad && names.n < LIST_NAMES_MAX)
        names.name[names.n++] = bytes_get_str(in);
    if (!in->bad) list_names_put(t, pool, &names);
}

static void part_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r in = bytes_reader(f->decided);
    struct part_head h = part_head_get(&in);
    struct import_row m = import_row_get(t, h.pool);

    (void)arg;
    if (h.import == 0) m = (struct import_row){.seq = f->seq, .base = h.first};
    m.count += h.n;
    write_numbers(t, &h, &in);
    write_names(t, h.pool, &in);
    import_claims_write(t, &in, false);
    import_row_put(t, h.pool, &m);
    if (!bytes_end(&in)) txn_spoil(t, "record.corrupt", "a part of an import");
}

static void part_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r in = bytes_reader(f->decided);
    struct part_head h = part_head_get(&in);

    (void)arg;
    if (in.bad) return;
    json_w_kinner(w, "pool", h.pool);
    json_w_kinner(w, "import", (h.import ? h.import : f->seq));
    json_w_kint(w, "count", (int64_t)h.n);
}

const struct kind kind_import_part = {FACT_IMPORT_PART, 1,          "import.part", part_decide,
                                      part_write,       part_print, NULL};
