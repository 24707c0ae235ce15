// fact `units.named`. decided part: space 3 | first ordinal 5 | count varint | count x text str |
//   claims: space 3, ordinal 5, to the end
// row 'F' client 4 -> space 3 of its foreign units
#include "service/pool/foreign.h"
#include "common/bytes.h"
#include "service/pool/import_int.h"
#include <string.h>

struct key {
    char b[5];
};

static struct key key_of(client_id c)
{
    struct key k;

    k.b[0] = ROW_FOREIGN;
    put_be(k.b + 1, c.v, 4);
    return k;
}

static uint32_t space_of(struct txn *t, client_id c)
{
    struct key k = key_of(c);
    str v;

    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return 0;
    if (v.n == 3) return (uint32_t)get_be(v.p, 3);
    txn_spoil(t, "store.corrupt", "the foreign units of a client");
    return 0;
}

status foreign_text(const struct gs1_id *id, struct buf *out)
{
    size_t before = out->n;

    TRY(gs1_write(id, GS1_DL, NULL, out));
    if (out->n - before <= FOREIGN_TEXT_MAX) return OK;
    return fail(ST_BAD_INPUT, "foreign.too_long", 0, "an identifier has at most %u bytes",
                FOREIGN_TEXT_MAX);
}

unit_id foreign_find(struct txn *t, client_id c, str text)
{
    struct text_of of = {.client = c, .text = text};
    return text_find(t, &of);
}

bool foreign_any(struct txn *t, client_id c) { return space_of(t, c) != 0; }

// ---- claims

struct claiming {
    struct names *n;
    struct txn *t;
    client_id client;
    uint32_t from; // spaces that are older are not asked
    bool listed;   // there are lists
};

// Pools of the site's own may give to any client: nobody else's numbers are claimed for one.
static unit_id claim_in_pools(struct claiming *c, const struct pool_id *id, str text)
{
    uint32_t pools[POOLS_OF_ID_MAX], count = pools_of(c->t, id, pools);
    unit_id found = {0};
    struct pool_row p;
    uint64_t ordinal;

    for (uint32_t i = 0; i < count; i++) {
        if (!pool_row_get(c->t, pools[i], &p)) continue;
        if (p.client.v != c->client.v && p.client.v != 0) continue;
        c->listed |= p.kind == POOL_LIST;
        if (p.kind == POOL_LIST || found.v != 0 || pool_newest(&p) < c->from) continue;
        const struct number_space *s = names_generated(c->n, c->t, pool_newest(&p));
        if (s != NULL && space_ordinal(s, text, &ordinal))
            found = unit_id_of(pool_newest(&p), ordinal);
    }
    return found;
}

static unit_id claim(struct claiming *c, const struct gs1_id *id)
{
    struct pool_id of = {0};
    unit_id u = {0};

    if (id->scheme == GS1_SGTIN && !id->is_class) {
        of = pool_id_gtin(id->key);
        return claim_in_pools(c, &of, id->ext);
    }
    if (id->scheme != GS1_SSCC) return u;
    for (of.n = 5; of.n <= 13 && u.v == 0; of.n++) { // extension, and 4 to 12 digits of a prefix
        memcpy(of.p, id->key, of.n);
        u = claim_in_pools(c, &of, gs1_id_key(id));
    }
    return u;
}

void foreign_claim(struct names *n, struct txn *t, client_id c, const struct gs1_id *id,
                   struct foreign_name *out)
{
    struct claiming look = {.n = n, .t = t, .client = c};

    out->claim = claim(&look, id);
    out->listed = look.listed;
}

uint32_t foreign_younger(struct txn *t) { return (uint32_t)counter_get(t, COUNTER_SPACE) + 1; }

// Still ahead of its space, and nobody else's?
static bool claim_holds(struct txn *t, unit_id claim)
{
    struct space_row s;

    return claim.v != 0 && space_row_get(t, unit_space(claim), &s) &&
           unit_ordinal(claim) >= s.high && barred_get(t, claim) == 0;
}

// ---- the command

static uint64_t space_next(struct txn *t, client_id c, uint32_t *space)
{
    struct space_row s;

    *space = space_of(t, c);
    if (*space == 0) {
        *space = (uint32_t)counter_get(t, COUNTER_SPACE) + 1;
        return 0;
    }
    if (space_row_get(t, *space, &s)) return s.capacity;
    txn_spoil(t, "store.corrupt", "the space of a client's foreign units");
    return 0;
}

// A claim that was issued since the loop looked is the unit itself, where the client got it.
static bool is_issued_now(struct txn *t, client_id c, unit_id claim)
{
    struct request_row q;
    struct issue_row i;
    struct space_row s;

    if (claim.v == 0 || !space_row_get(t, unit_space(claim), &s) || unit_ordinal(claim) >= s.high ||
        barred_get(t, claim) != 0)
        return false;
    if (s.client.v != 0) return true;
    return issue_of(t, claim, &i) && request_get(t, i.seq, &q) && q.client.v == c.v;
}

static bool has_younger(const struct decide *d)
{
    const struct foreign_ask *ask = d->ask;
    return ask->younger != 0 && ask->younger != foreign_younger(d->t);
}

// What an import has brought, be it done or under way.
static unit_id find_in_lists(const struct decide *d, const struct foreign_name *x)
{
    const struct foreign_ask *ask = d->ask;
    struct gs1_id id;

    if (!x->listed && !has_younger(d)) return (unit_id){0};
    if (gs1_read(x->text, d->arena, &id).cls != ST_OK || id.scheme != GS1_SGTIN || id.is_class)
        return (unit_id){0};
    struct text_of of = {
        ask->client, {id.key, 14},
         id.ext
    };
    return text_find(d->t, &of);
}

// A space that was made since the loop looked had nobody to bar its ordinal, and where this is the
// client's first foreign unit it did not know that it has texts to look for.
static unit_id claim_now(const struct decide *d, const struct foreign_name *x)
{
    const struct foreign_ask *ask = d->ask;
    struct gs1_id id;

    if (!has_younger(d)) return x->claim;
    if (gs1_read(x->text, d->arena, &id).cls != ST_OK) return x->claim;
    struct claiming c = {names_here(d->app), d->t, ask->client, ask->younger, false};
    unit_id u = claim(&c, &id);
    return u.v != 0 ? u : x->claim;
}

// The unit that has the name by now. {0}: none, and *claimed is what it takes out of a pool.
static unit_id known_now(const struct decide *d, const struct foreign_name *x, unit_id *claimed)
{
    client_id c = ((const struct foreign_ask *)d->ask)->client;
    unit_id u = foreign_find(d->t, c, x->text);

    if (u.v != 0) return u;
    if (is_issued_now(d->t, c, x->claim)) return x->claim;
    unit_id listed = find_in_lists(d, x);
    if (listed.v != 0 && number_is_visible(d->t, listed)) return listed;
    *claimed = listed.v != 0 ? listed : claim_now(d, x);
    return is_issued_now(d->t, c, *claimed) ? *claimed : u;
}

static status named_decide(struct decide *d)
{
    const struct foreign_ask *ask = d->ask;
    uint32_t space, fresh = 0;
    uint64_t first = space_next(d->t, ask->client, &space);
    struct buf *out = d->out;
    struct buf texts;

    assert(ask->n <= FOREIGN_NAMES_MAX);
    d->fact->client = ask->client;
    if (first + ask->n > SPACE_CAPACITY_MAX)
        return fail(ST_CONFLICT, "pool.capacity", 0, "a client has no room for more units");
    buf_init(&texts, FOREIGN_NAMES_MAX * (FOREIGN_TEXT_MAX + 8));
    struct buf claims;
    buf_init(&claims, FOREIGN_NAMES_MAX * 8);
    for (uint32_t i = 0; i < ask->n; i++) {
        struct foreign_name *x = &ask->names[i];
        unit_id claimed = {0};
        x->unit = known_now(d, x, &claimed);
        if (x->unit.v != 0) continue;
        x->unit = unit_id_of(space, first + fresh++);
        bytes_str(&texts, x->text);
        if (claim_holds(d->t, claimed)) bytes_u(&claims, claimed.v, 8);
    }
    d->nothing = fresh == 0;
    bytes_u(out, space, 3);
    bytes_u(out, first, 5);
    bytes_var(out, fresh);
    buf_add(out, buf_str(&texts));
    buf_add(out, buf_str(&claims));
    buf_fini(&texts);
    buf_fini(&claims);
    return txn_status(d->t);
}

static void space_make(struct txn *t, client_id c, uint32_t space, struct space_row *out)
{
    struct key k = key_of(c);
    char v[3];

    *out = (struct space_row){.space = space, .sort = SPACE_OF_FOREIGN, .client = c};
    put_be(v, space, 3);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
    counter_put(t, COUNTER_SPACE, space);
}

static void named_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r in = bytes_reader(f->decided);
    uint32_t space = (uint32_t)bytes_get_u(&in, 3);
    uint64_t first = bytes_get_u(&in, 5), n = bytes_get_var(&in);
    struct space_row s;

    (void)arg;
    if (n == 0 || n > FOREIGN_NAMES_MAX) in.bad = true;
    if (!in.bad && first == 0) space_make(t, f->client, space, &s);
    if (!in.bad && first != 0 && !space_row_get(t, space, &s)) in.bad = true;
    for (uint64_t i = 0; i < n && !in.bad; i++) {
        struct text_of of = {.client = f->client, .text = bytes_get_str(&in)};
        if (of.text.n == 0 || of.text.n > FOREIGN_TEXT_MAX) in.bad = true;
        if (!in.bad) list_number_put(t, unit_id_of(space, first + i), &of, (str){0});
    }
    if (!in.bad) {
        s.capacity = first + n;
        space_row_put(t, &s);
        import_claims_write(t, &in, false);
    }
    if (!bytes_end(&in)) txn_spoil(t, "record.corrupt", "names of units");
}

static void named_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r in = bytes_reader(f->decided);

    (void)arg;
    json_w_kinner(w, "space", bytes_get_u(&in, 3));
    json_w_kint(w, "first", (int64_t)bytes_get_u(&in, 5));
    json_w_kint(w, "units", (int64_t)bytes_get_var(&in));
}

const struct kind kind_units_named = {FACT_UNITS_NAMED, 1,           "units.named", named_decide,
                                      named_write,      named_print, NULL};
