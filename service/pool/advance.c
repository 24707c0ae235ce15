// Owner of all here: the thread of the command.
//
// gathered units: 8 bytes each, in `ahead`. Gathered names, in `names`: client 4, claim 8, text
// str.
#include "service/pool/advance.h"
#include "common/bytes.h"
#include "service/client/client.h"
#include "service/pool/lost.h"
#include "service/pool/pool_int.h"
#include <stdlib.h>
#include <string.h>

#define ADVANCE_MAGIC 0xadba4ce5u
#define NAMES_MAX     (512 * MB)

enum { SLICE = 256 };

struct advance {
    unsigned magic;
    const struct site *site;
    struct names *spaces;
    struct lost_spaces *lost;
    struct buf ahead, names;
    struct arena scratch; // of one slice
    struct advance_counts counts;
    char stranger[FOREIGN_TEXT_MAX];
    bool unclaimed; // some names are of no pool
};

struct advance *advance_new(const struct site *s)
{
    struct advance *a = calloc(1, sizeof *a);

    assert(a != NULL);
    a->magic = ADVANCE_MAGIC;
    a->site = s;
    a->spaces = names_new(s);
    a->lost = lost_new(s, LOST_TRIES_MAX);
    buf_init(&a->ahead, 8 * (size_t)ADVANCE_NUMBERS_MAX);
    buf_init(&a->names, NAMES_MAX);
    arena_init(&a->scratch, 64 * MB);
    return a;
}

void advance_free(struct advance **ap)
{
    struct advance *a = *ap;

    *ap = NULL;
    if (a == NULL) return;
    OBJ_CHECK(a, ADVANCE_MAGIC);
    names_free(&a->spaces);
    lost_free(&a->lost);
    buf_fini(&a->ahead);
    buf_fini(&a->names);
    arena_fini(&a->scratch);
    a->magic = 0;
    free(a);
}

static status too_many(void)
{
    return fail(ST_TOO_LARGE, "evidence.many", 0, "at most %u numbers can be looked at together",
                ADVANCE_NUMBERS_MAX);
}

// ---- marks

static status mark_refused(const char *reason, const struct advance_mark *m, const char *how)
{
    return fail(ST_CONFLICT, reason, 0, "pool %.*s gave %llu numbers: %s", STR(m->pool),
                (unsigned long long)m->high, how);
}

static bool is_of_pool(const struct pool_row *p, uint32_t space)
{
    for (uint32_t i = 0; i < p->space_count; i++)
        if (p->spaces[i] == space) return true;
    return false;
}

// Of a space that this journal does not know.
static status mark_unknown(const struct site *s, const struct advance_mark *m,
                           const struct pool_row *p, struct recover_ask *out)
{
    if (p->kind == POOL_LIST)
        return mark_refused("evidence.list", m, "their import is lost with what came after");
    out->space = pool_newest(p); // counted: the same definition gives the same numbers
    if (p->kind != POOL_RANDOM) return OK;
    if (m->epoch < 1 || m->epoch > s->keys->count)
        return mark_refused("evidence.epoch", m, "site.key has not the epoch of their key");
    *out = (struct recover_ask){p->pool, m->space, true, m->epoch, m->high};
    return OK;
}

status advance_mark(const struct site *s, struct txn *t, const struct advance_mark *m,
                    struct recover_ask *out)
{
    struct recover_ask ask = {.space = m->space, .to = m->high};
    struct space_row newest, row;
    struct item item;
    struct pool_row p;

    *out = (struct recover_ask){0};
    if (m->high == 0) return txn_status(t);
    if (!item_get(t, &noun_pool, m->pool, &item) || !pool_row_get(t, item.number, &p) ||
        !space_row_get(t, pool_newest(&p), &newest)) {
        TRY(txn_status(t));
        return mark_refused("evidence.pool", m, "there is no such pool: put it again as it was");
    }
    struct digest16 form = space_form(&newest);
    if (memcmp(&form, &m->form, sizeof form) != 0)
        return mark_refused("evidence.form", m, "it was another pool then: put it as it was");
    ask.pool = p.pool;
    if (!is_of_pool(&p, m->space)) TRY(mark_unknown(s, m, &p, &ask));
    bool there = space_row_get(t, ask.space, &row);
    if (there && row.sort == SPACE_OF_LIST && m->high > row.capacity)
        return mark_refused("evidence.list", m, "some of their imports are lost");
    if (ask.opens || !there || row.high < m->high) *out = ask;
    return txn_status(t);
}

// ---- numbers

struct slice { // texts of one pool id
    struct advance *a;
    struct txn *t;
    const str *texts;
    uint32_t n;
    client_id client;                            // of names; of SSCCs none
    uint32_t pools[POOLS_OF_ID_MAX], pool_count; // of the id
    bool known[SLICE];
    unit_id ahead[SLICE]; // nearest to its space's mark
    uint64_t away[SLICE];
};

static void look_in_space(struct slice *s, uint32_t space)
{
    uint64_t ordinals[SLICE];
    struct space_row row;

    if (!space_row_get(s->t, space, &row)) return;
    const struct number_space *g = names_generated(s->a->spaces, s->t, space);
    if (g == NULL) return;
    space_ordinal_list(g, s->texts, s->n, ordinals);
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->known[i] || ordinals[i] == SPACE_NO_ORDINAL) continue;
        unit_id u = unit_id_of(space, ordinals[i]);
        if (row.barred > 0 && barred_get(s->t, u) != 0) continue; // its text is somebody else's
        s->known[i] = ordinals[i] < row.high;
        uint64_t away = ordinals[i] - row.high;
        if (s->known[i] || (s->ahead[i].v != 0 && s->away[i] <= away)) continue;
        s->ahead[i] = u;
        s->away[i] = away;
    }
}

static uint32_t look_in_pools(struct slice *s, const struct pool_id *id)
{
    struct pool_row p;

    s->pool_count = pools_of(s->t, id, s->pools);
    for (uint32_t i = 0; i < s->pool_count; i++) {
        if (!pool_row_get(s->t, s->pools[i], &p)) continue;
        for (uint32_t e = 0; p.kind != POOL_LIST && e < p.space_count; e++)
            look_in_space(s, p.spaces[e]);
    }
    return s->pool_count;
}

static bool look_in_lost(const struct slice *s, str text)
{
    return lost_find(s->a->lost, s->t, &(struct lost_text){text, s->pools, s->pool_count});
}

// Is it a text of a list? What an import that is not done has brought will be dropped.
static void look_in_list(struct slice *s, uint32_t i, const char gtin[14])
{
    struct text_of of = {
        s->client, {gtin, 14},
         s->texts[i]
    };
    struct space_row row;

    if (s->known[i] || of.text.n > GS1_SERIAL_MAX) return;
    unit_id u = text_find(s->t, &of);
    if (u.v == 0 || !space_row_get(s->t, unit_space(u), &row)) return;
    if (unit_ordinal(u) >= row.capacity) return;
    s->known[i] = unit_ordinal(u) < row.high;
    if (!s->known[i]) s->ahead[i] = u;
}

static void add_ahead(struct advance *a, unit_id u)
{
    char bytes[8];

    put_be(bytes, u.v, sizeof bytes);
    buf_add(&a->ahead, (str){bytes, sizeof bytes});
}

static void add_name(struct advance *a, client_id c, unit_id claim, str text)
{
    bytes_u(&a->names, c.v, 4);
    bytes_u(&a->names, claim.v, 8);
    bytes_str(&a->names, text);
}

static status add_unclaimed(struct slice *s, const struct gs1_id *id, bool stranger)
{
    struct advance *a = s->a;
    struct buf text;

    buf_init(&text, FOREIGN_TEXT_MAX + KB);
    status st = foreign_text(id, &text);
    if (st.cls == ST_OK && stranger) {
        if (a->counts.strangers++ == 0) {
            memcpy(a->stranger, text.p, text.n);
            a->counts.stranger = (str){a->stranger, text.n};
        }
    } else if (st.cls == ST_OK && foreign_find(s->t, s->client, buf_str(&text)).v != 0) {
        a->counts.known++;
    } else if (st.cls == ST_OK) {
        add_name(a, s->client, (unit_id){0}, buf_str(&text));
        a->counts.named++;
        a->unclaimed = true;
    }
    buf_fini(&text);
    return st;
}

static status settle_one(struct slice *s, uint32_t i, const struct gs1_id *id, bool stranger)
{
    s->a->counts.numbers++;
    if (s->known[i]) {
        s->a->counts.known++;
        return OK;
    }
    if (s->ahead[i].v == 0 && look_in_lost(s, s->texts[i])) {
        s->a->counts.ahead++;
        return OK;
    }
    if (s->ahead[i].v == 0) return add_unclaimed(s, id, stranger);
    add_ahead(s->a, s->ahead[i]);
    return OK;
}

static status slice_end(const struct slice *s)
{
    if (s->a->ahead.failed || s->a->names.failed) return too_many();
    return txn_status(s->t);
}

status advance_serials(struct advance *a, struct txn *t, const char gtin[14], const str *serials,
                       uint32_t n)
{
    struct slice s = {.a = a, .t = t, .texts = serials, .n = n};
    struct pool_id id = pool_id_gtin(gtin);
    struct gtin_row product;

    OBJ_CHECK(a, ADVANCE_MAGIC);
    assert(n <= SLICE);
    bool ours = gtin_get(t, gtin, &product);
    if (ours) s.client = product.client;
    ours = look_in_pools(&s, &id) > 0 || ours;
    for (uint32_t i = 0; i < n; i++) {
        struct gs1_id one = gs1_sgtin(gtin, serials[i]);
        look_in_list(&s, i, gtin);
        TRY(settle_one(&s, i, &one, !ours));
    }
    return slice_end(&s);
}

static status advance_sscc(struct advance *a, struct txn *t, const struct gs1_id *id)
{
    str text = gs1_id_key(id);
    struct slice s = {.a = a, .t = t, .texts = &text, .n = 1};
    struct pool_id of;
    bool ours = client_of_prefix(t, str_from(text, 1)).v != 0;

    for (of.n = 5; of.n <= 13; of.n++) { // extension, and 4 to 12 digits of a company prefix
        memcpy(of.p, id->key, of.n);
        if (look_in_pools(&s, &of) > 0) ours = true;
    }
    TRY(settle_one(&s, 0, id, !ours));
    return slice_end(&s);
}

status advance_id(struct advance *a, struct txn *t, const struct gs1_id *id)
{
    OBJ_CHECK(a, ADVANCE_MAGIC);
    if (id->is_class) return OK;
    if (id->scheme == GS1_SSCC) return advance_sscc(a, t, id);
    return id->scheme == GS1_SGTIN ? advance_serials(a, t, id->key, &id->ext, 1) : OK;
}

// ---- what follows from it

struct settling {
    struct advance *a;
    struct txn *t;
    struct arena *arena;
    struct advance_plan *plan;
};

static int by_bytes(const void *a, const void *b) { return memcmp(a, b, 8); }

static uint64_t reach_of(const struct space_row *s)
{
    uint64_t reach = s->capacity / 100;

    if (reach > ADVANCE_REACH) reach = ADVANCE_REACH;
    return reach < ADVANCE_REACH_MIN ? ADVANCE_REACH_MIN : reach;
}

static status add_far(struct settling *g, const struct space_row *row, unit_id u)
{
    struct advance *a = g->a;
    struct gs1_id id;
    struct buf text;

    arena_reset(&a->scratch);
    TRY(names_id(a->spaces, g->t, u, &a->scratch, &id));
    buf_init(&text, FOREIGN_TEXT_MAX + KB);
    status st = foreign_text(&id, &text);
    client_id c = row->sort == SPACE_OF_SSCC ? (client_id){0} : row->client;
    if (st.cls == ST_OK) add_name(a, c, u, buf_str(&text));
    buf_fini(&text);
    a->counts.far++;
    return st;
}

static int by_epoch(const void *a, const void *b)
{
    const struct recover_ask *x = a, *y = b;
    return x->epoch < y->epoch ? -1 : x->epoch > y->epoch;
}

// A pool's spaces are in the order of their epochs.
static status settle_lost(struct settling *g)
{
    struct advance_plan *p = g->plan;

    TRY(lost_moves(g->a->lost, g->arena, &p->opens, &p->open_count));
    qsort(p->opens, p->open_count, sizeof *p->opens, by_epoch);
    return OK;
}

// Ascending units of one space; `units` 8 bytes each.
static status settle_space(struct settling *g, const char *units, size_t n)
{
    uint32_t space = unit_space((unit_id){get_be(units, 8)});
    uint64_t before = UINT64_MAX;
    struct space_row row;

    if (!space_row_get(g->t, space, &row)) return txn_status(g->t);
    uint64_t mark = row.high, reach = reach_of(&row);
    for (size_t i = 0; i < n; i++) {
        unit_id u = {get_be(units + 8 * i, 8)};
        uint64_t at = unit_ordinal(u);
        if (u.v == before) continue; // two lists hold it
        before = u.v;
        if (row.sort != SPACE_OF_LIST && at >= mark && at - mark >= reach) {
            TRY(add_far(g, &row, u));
            continue;
        }
        g->a->counts.ahead++;
        if (at >= mark) mark = at + 1;
    }
    if (mark > row.high)
        g->plan->moves[g->plan->move_count++] =
            (struct recover_ask){.pool = row.pool, .space = space, .to = mark};
    return OK;
}

static status settle_ahead(struct settling *g)
{
    char *units = g->a->ahead.p;
    size_t n = g->a->ahead.n / 8, spaces = 0, from = 0;

    if (n > 0) qsort(units, n, 8, by_bytes);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || memcmp(units + 8 * i, units + 8 * (i - 1), 3) != 0) spaces++;
    g->plan->moves = NEW_ARRAY(g->arena, struct recover_ask, spaces + 1);
    if (g->plan->moves == NULL) return no_memory();
    for (size_t i = 1; i <= n; i++) {
        if (i < n && memcmp(units + 8 * i, units + 8 * from, 3) == 0) continue;
        TRY(settle_space(g, units + 8 * from, i - from));
        from = i;
    }
    return OK;
}

static int by_name(const void *a, const void *b)
{
    const struct advance_name *x = a, *y = b;
    size_t n = x->name.text.n < y->name.text.n ? x->name.text.n : y->name.text.n;

    if (x->client.v != y->client.v) return x->client.v < y->client.v ? -1 : 1;
    int order = memcmp(x->name.text.p, y->name.text.p, n);
    if (order != 0) return order;
    return (x->name.text.n > y->name.text.n) - (x->name.text.n < y->name.text.n);
}

static struct advance_name name_get(struct bytes_r *in)
{
    struct advance_name x = {.client = {(uint32_t)bytes_get_u(in, 4)}};

    x.name.claim.v = bytes_get_u(in, 8);
    x.name.text = bytes_get_str(in);
    return x;
}

static status settle_names(struct settling *g)
{
    struct bytes_r count = bytes_reader(buf_str(&g->a->names)), in = count;
    struct advance_plan *p = g->plan;
    uint32_t n = 0;

    for (; count.p < count.end; n++) (void)name_get(&count);
    p->names = NEW_ARRAY(g->arena, struct advance_name, n + 1);
    if (p->names == NULL) return no_memory();
    for (uint32_t i = 0; i < n; i++) p->names[i] = name_get(&in);
    assert(bytes_end(&in));
    qsort(p->names, n, sizeof *p->names, by_name);
    for (uint32_t i = 0; i < n; i++)
        if (p->name_count == 0 || by_name(&p->names[p->name_count - 1], &p->names[i]) != 0)
            p->names[p->name_count++] = p->names[i];
    return OK;
}

status advance_settle(struct advance *a, struct txn *t, struct arena *arena,
                      struct advance_plan *out)
{
    struct settling g = {a, t, arena, out};

    OBJ_CHECK(a, ADVANCE_MAGIC);
    *out = (struct advance_plan){0};
    TRY(settle_ahead(&g));
    TRY(settle_lost(&g));
    if (a->names.failed) return too_many();
    TRY(settle_names(&g));
    out->tests_names = a->unclaimed;
    out->counts = a->counts;
    out->counts.unsought = lost_unsought(a->lost);
    return txn_status(t);
}
