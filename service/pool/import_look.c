// What an import meets: numbers that are known already, and ordinals that it takes out of the
// generated spaces of its GTIN.
//
// A *claim* is the ordinal that a number has in such a space: that space never gives it. A claim
// that the space has passed meanwhile stays for ever. Runs on loops (reading) and in the committer.
#include "common/arena.h"
#include "service/pool/foreign.h"
#include "service/pool/import_int.h"
#include <string.h>

static void look_in_space(struct looking *l, uint32_t space)
{
    struct import_check *k = l->k;
    struct space_row row;

    if (!space_row_get(k->t, space, &row)) return;
    const struct number_space *s = names_generated(k->names, k->t, space);
    if (s == NULL) return;
    space_ordinal_list(s, l->texts, k->n, l->ordinals);
    for (uint32_t i = 0; i < k->n; i++) {
        if (l->ordinals[i] == SPACE_NO_ORDINAL) continue;
        unit_id u = unit_id_of(space, l->ordinals[i]);
        bool barred = row.barred > 0 && barred_get(k->t, u) != 0;
        if (barred) continue; // an older epoch or a list has it: found there, or given up
        if (l->ordinals[i] < row.high) {
            k->taken[i] = true;
            continue;
        }
        assert(k->claim_count < l->claims_max);
        k->claims[k->claim_count++] = (struct import_claim){i, u};
    }
}

// Did a captured event name it?
static bool is_foreign(struct import_check *k, const struct text_of *of)
{
    struct gs1_id id = gs1_sgtin(of->key.p, of->text);
    struct buf text;

    buf_init(&text, FOREIGN_TEXT_MAX + KB);
    bool found = foreign_text(&id, &text).cls == ST_OK && !text.failed &&
                 foreign_find(k->t, of->client, buf_str(&text)).v != 0;
    buf_fini(&text);
    return found;
}

static void look_in_list(struct looking *l, client_id client, const char gtin[14])
{
    struct import_check *k = l->k;

    for (uint32_t i = 0; i < k->n; i++) {
        struct text_of of = {
            client, {gtin, 14},
             l->texts[i]
        };
        if (!k->taken[i] && text_find(k->t, &of).v != 0) k->taken[i] = true;
        if (!k->taken[i] && is_foreign(k, &of)) k->taken[i] = true;
    }
}

status look_begin(struct looking *l, uint32_t spaces)
{
    struct import_check *k = l->k;

    l->claims_max = k->n * spaces;
    l->texts = NEW_ARRAY(k->arena, str, k->n + 1);
    l->ordinals = NEW_ARRAY(k->arena, uint64_t, k->n + 1);
    k->taken = NEW_ARRAY(k->arena, bool, k->n + 1);
    k->claims = NEW_ARRAY(k->arena, struct import_claim, l->claims_max + 1);
    k->claim_count = 0;
    if (l->texts == NULL || l->ordinals == NULL || k->taken == NULL || k->claims == NULL)
        return no_memory();
    for (uint32_t i = 0; i < k->n; i++) l->texts[i] = k->numbers[i].text;
    return OK;
}

status import_check(struct import_check *k)
{
    struct looking l = {.k = k};
    uint32_t pools[POOLS_OF_ID_MAX], n, spaces = 0;
    struct pool_row list, p;

    if (!pool_row_get(k->t, k->pool, &list)) return txn_status(k->t);
    n = pools_of(k->t, &list.id, pools);
    for (uint32_t i = 0; i < n; i++) // a text is of one pool at most, but of all its epochs
        if (pool_row_get(k->t, pools[i], &p) && p.kind != POOL_LIST && p.space_count > spaces)
            spaces = p.space_count;
    TRY(look_begin(&l, spaces));
    for (uint32_t i = 0; i < n; i++) {
        if (!pool_row_get(k->t, pools[i], &p) || p.kind == POOL_LIST) continue;
        for (uint32_t e = 0; e < p.space_count; e++) look_in_space(&l, p.spaces[e]);
    }
    look_in_list(&l, list.client, list.id.p);
    return txn_status(k->t);
}

void import_offender(struct buf *units, const char gtin[14], const struct import_number *x,
                     const char *code)
{
    struct gs1_id id = gs1_sgtin(gtin, x->text);
    struct json_w w = json_writer(units);
    struct buf unit;

    buf_init(&unit, KB);
    status st = gs1_write(&id, GS1_BRACKETED, NULL, &unit);
    if (units->n > 0) buf_addc(units, ',');
    json_w_object(&w);
    json_w_kstr(&w, "unit", st.cls == ST_OK ? buf_str(&unit) : x->text);
    json_w_kstr(&w, "code", str_of(code));
    json_w_end(&w);
    buf_fini(&unit);
}

// Those of one space.
static status claims_of_space(struct looking *l, uint32_t space, struct buf *out)
{
    struct import_check *k = l->k;
    struct space_row row;

    if (!space_row_get(k->t, space, &row)) return txn_status(k->t);
    if (row.ahead == 0) return OK;
    const struct number_space *s = names_generated(k->names, k->t, space);
    if (s == NULL) return txn_status(k->t);
    space_ordinal_list(s, l->texts, k->n, l->ordinals);
    for (uint32_t i = 0; i < k->n; i++) {
        unit_id u = unit_id_of(space, l->ordinals[i] & ORDINAL_MAX);
        if (l->ordinals[i] == SPACE_NO_ORDINAL || l->ordinals[i] < row.high) continue;
        if (barred_get(k->t, u) == BARRED_BY_IMPORT) bytes_u(out, u.v, 8);
    }
    return OK;
}

status import_claims_of(struct import_check *k, struct buf *out)
{
    uint32_t pools[POOLS_OF_ID_MAX], n;
    struct looking l = {.k = k};
    struct pool_row list, p;

    if (!pool_row_get(k->t, k->pool, &list)) return txn_status(k->t);
    n = pools_of(k->t, &list.id, pools);
    TRY(look_begin(&l, 0));
    for (uint32_t i = 0; i < n; i++) {
        if (!pool_row_get(k->t, pools[i], &p) || p.kind == POOL_LIST) continue;
        for (uint32_t e = 0; e < p.space_count; e++) TRY(claims_of_space(&l, p.spaces[e], out));
    }
    return txn_status(k->t);
}

// ---- rows

// Counts of a space that claims are made on, its row written when another follows.
struct claiming {
    struct txn *t;
    struct space_row row; // space 0: none
    char definition[SPACE_DEFINITION_MAX];
};

static void claiming_end(struct claiming *c)
{
    if (c->row.space != 0) space_row_put(c->t, &c->row);
    c->row.space = 0;
}

static bool claiming_at(struct claiming *c, uint32_t space)
{
    if (c->row.space == space) return true;
    claiming_end(c);
    if (!space_row_get(c->t, space, &c->row)) {
        c->row.space = 0;
        txn_spoil(c->t, "store.corrupt", "a claim on a space that is not there");
        return false;
    }
    memcpy(c->definition, c->row.definition.p, c->row.definition.n);
    c->row.definition.p = c->definition;
    return true;
}

void import_claims_write(struct txn *t, struct bytes_r *in, bool give_up)
{
    struct claiming c = {.t = t};

    while (in->p < in->end && !in->bad) {
        unit_id u = {bytes_get_u(in, 8)};
        if (in->bad || !claiming_at(&c, unit_space(u))) break;
        if (give_up) {
            barred_del(t, u);
            c.row.barred--;
            c.row.ahead--;
        } else {
            barred_put(t, u, BARRED_BY_IMPORT);
            c.row.barred++;
            c.row.ahead++;
        }
    }
    claiming_end(&c);
}
