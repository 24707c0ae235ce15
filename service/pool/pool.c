// What a pool may be, and the rows that begin with it.
#include "service/pool/pool.h"
#include "common/arena.h"
#include "service/catalog/product.h"
#include "service/gs1/id.h"
#include "service/pool/pool_int.h"
#include <string.h>

// ---- the form

status pool_check_gtin(str in, struct arena *a, str *out)
{
    char *gtin = arena_alloc(a, 14);

    if (gtin == NULL) return fail(ST_TOO_LARGE, "form.ceiling", 0, "the request is too large");
    TRY(gs1_gtin_read(in, gtin));
    *out = (str){gtin, 14};
    return OK;
}

static status check_date(str in, struct arena *a, str *out)
{
    struct date d;

    (void)a, (void)out;
    TRY(date_read(in, &d));
    if (d.day == 0) return fail(ST_BAD_INPUT, "date.form", 0, "use_before is a day: YYYY-MM-DD");
    return OK;
}

static const struct form_field share_fields[] = {
    {.name = "of",
     .kind = FORM_U64,
     .at = offsetof(struct pool_share, of),
     .required = true,
     .min = 1,
     .max = SPACE_SHARES_MAX},
    {.name = "index",
     .kind = FORM_U64,
     .at = offsetof(struct pool_share, index),
     .required = true,
     .min = 1,
     .max = SPACE_SHARES_MAX},
    {0                }
};
static const struct form share_form = {
    .noun = "share", .size = sizeof(struct pool_share), .fields = share_fields, .version = 1};

static const char *const kind_words[] = {"random", "sequential", "list", "sscc", NULL};
static const char *const policy_words[] = {"none", "eu-fmd", NULL};

#define AT(field) .name = #field, .at = offsetof(struct pool, field)
static const struct form_field fields[] = {
    {AT(client),                .kind = FORM_NAME},
    {AT(gtin),                         .kind = FORM_STR, .max = 14, .check = pool_check_gtin},
    {AT(prefix),.kind = FORM_STR, .max = 12},
    {AT(extension), .kind = FORM_STR, .max = 1},
    {AT(kind),                .kind = FORM_WORD, .required = true, .words = kind_words},
    {AT(length),                .kind = FORM_U64, .min = 1, .max = TEXT_LENGTH_MAX},
    {AT(alphabet),             .kind = FORM_STR, .max = TEXT_ALPHABET_MAX},
    {AT(exclude),                 .kind = FORM_STR, .max = TEXT_ALPHABET_MAX},
    {AT(serial_prefix),                  .kind = FORM_STR, .max = TEXT_LENGTH_MAX},
    {AT(start),         .kind = FORM_U64},
    {AT(share),                         .kind = FORM_ONE, .sub = &share_form},
    {AT(policy),.kind = FORM_WORD, .words = policy_words},
    {AT(threshold),   .kind = FORM_U64, .max = SPACE_CAPACITY_MAX},
    {AT(max_request),              .kind = FORM_U64, .min = 1, .max = POOL_NUMBERS_MAX},
    {AT(use_before), .kind = FORM_STR, .max = 10, .check = check_date},
    {AT(rank),               .kind = FORM_U64, .max = UINT32_MAX},
    {AT(reason), .kind = FORM_STR, .max = 500},
    {0        }
};
static const struct form pool_form = {
    .noun = "pool", .size = sizeof(struct pool), .fields = fields, .version = 1};

// ---- rules

static bool is_generated(const struct pool *p) { return p->kind != POOL_LIST; }

static struct space_conf conf_of(const struct pool *p)
{
    struct space_conf c = {.kind = p->kind == POOL_SSCC         ? SPACE_SSCC
                                   : p->kind == POOL_SEQUENTIAL ? SPACE_SEQUENTIAL
                                                                : SPACE_RANDOM,
                           .algorithm = SPACE_ALGORITHM,
                           .length = p->length,
                           .alphabet = p->alphabet,
                           .exclude = p->exclude,
                           .serial_prefix = p->serial_prefix,
                           .start = p->start,
                           .company_prefix = p->prefix,
                           .extension = p->extension};

    if (p->share != NULL) c.share.of = p->share->of, c.share.index = p->share->index;
    return c;
}

static struct pool_id id_of(const struct pool *p)
{
    return p->kind == POOL_SSCC ? pool_id_sscc(p->extension, p->prefix) : pool_id_gtin(p->gtin.p);
}

static int32_t use_before_of(const struct pool *p)
{
    struct date d;
    return p->use_before.n > 0 && date_read(p->use_before, &d).cls == ST_OK ? date_days(d) : 0;
}

static status check_fields(const struct pool *p)
{
    bool sscc = p->kind == POOL_SSCC;

    if (sscc ? p->gtin.n > 0 : p->gtin.n == 0)
        return fail(ST_BAD_INPUT, "pool.gtin", 0,
                    sscc ? "gtin: SSCCs are of no GTIN; say prefix and extension"
                         : "gtin: say whose serials these are");
    if (!sscc && (p->prefix.n > 0 || p->extension.n > 0))
        return fail(ST_BAD_INPUT, "pool.prefix", 0, "prefix and extension belong to SSCC pools");
    if (!is_generated(p) && (p->length || p->alphabet.n || p->exclude.n || p->serial_prefix.n ||
                             p->start || p->share != NULL))
        return fail(ST_BAD_INPUT, "pool.kind", 0,
                    "a list takes its numbers as they come: no length, alphabet, share or start");
    if (p->policy == POLICY_EU_FMD && (sscc || !is_generated(p)))
        return fail(ST_BAD_INPUT, "pool.policy", 0, "policy: eu-fmd is for generated serials");
    return OK;
}

status pool_client(struct txn *t, const struct pool *p, client_id *out)
{
    struct gtin_row product;
    client_id said = {0}, owner;

    if (p->client.n > 0 && !client_by_name(t, p->client, &said))
        return fail(ST_UNPROCESSABLE, "client.unknown", 0, "client: there is no client %.*s",
                    STR(p->client));
    if (p->gtin.n == 0) {
        owner = client_of_ssccs(t, p->prefix); // none: the site's own
        if (said.v != 0 && owner.v != 0 && said.v != owner.v)
            return fail(ST_UNPROCESSABLE, "pool.client", 0,
                        "client: the prefix is another client's");
        return *out = said.v ? said : owner, OK;
    }
    if (!gtin_get(t, p->gtin.p, &product))
        return fail(ST_UNPROCESSABLE, "product.unknown", 0, "gtin: no product has the GTIN %.*s",
                    STR(p->gtin));
    if (said.v != 0 && said.v != product.client.v)
        return fail(ST_UNPROCESSABLE, "pool.client", 0, "client: the GTIN is another client's");
    *out = product.client;
    return OK;
}

struct rival { // is the pool disjoint with others?
    struct decide *d;
    uint32_t self; // number of the pool, 0: a new one
    const struct number_space *space;
    status st;
};

static bool rival_check(void *self, uint32_t pool)
{
    struct rival *r = self;
    struct number_space other;
    struct space_conf conf;
    struct space_row row;
    struct pool_row p;

    if (pool == r->self || !pool_row_get(r->d->t, pool, &p) || p.kind == POOL_LIST) return true;
    if (!space_row_get(r->d->t, pool_newest(&p), &row) ||
        !space_definition_get(row.definition, &conf) || space_init(&conf, &other).cls != ST_OK) {
        r->st = fail(ST_STORE, "store.corrupt", 0, "the space of pool %u", pool);
        return false;
    }
    if (space_disjoint(r->space, &other)) return true;
    str name = item_name(r->d->t, &noun_pool, pool);
    r->st =
        fail(ST_CONFLICT, "pool.overlaps", 0, "pool %.*s could give the same numbers", STR(name));
    return false;
}

// REQ POOL-DISJOINT: no two generated spaces of a GTIN, and none two of SSCCs, could ever meet.
static status check_rivals(struct rival *r, const struct pool_id *id)
{
    uint32_t pools[POOLS_OF_ID_MAX], n = pools_of(r->d->t, id, pools);

    if (n == POOLS_OF_ID_MAX && r->self == 0)
        return fail(ST_CONFLICT, "pool.many", 0, "there are %u pools of this already", n);
    if (r->space == NULL) return OK;
    if (pool_id_is_sscc(id)) {
        pools_of_all_sscc(r->d->t, rival_check, r);
        return r->st;
    }
    for (uint32_t i = 0; i < n; i++)
        if (!rival_check(r, pools[i])) break;
    return r->st;
}

static bool is_in_use(struct txn *t, const struct pool_row *p)
{
    struct space_row s;

    if (p->space_count > 1 || !space_row_get(t, p->spaces[0], &s)) return true;
    if (p->kind == POOL_LIST) return s.capacity > 0 || import_row_get(t, p->pool).seq != 0;
    return s.high > 0 || s.barred > 0;
}

// Is everything as it was that the numbers depend on?
static bool is_same_definition(struct txn *t, const struct pool_row *old, const struct pool *now)
{
    struct space_conf conf = conf_of(now);
    struct pool_id id = id_of(now);
    struct space_row s;
    struct buf b;

    if (old->kind != now->kind || old->policy != now->policy || old->id.n != id.n ||
        memcmp(old->id.p, id.p, id.n) != 0)
        return false;
    if (!is_generated(now)) return true;
    buf_init(&b, SPACE_DEFINITION_MAX);
    space_definition_put(&conf, &b);
    bool same = space_row_get(t, pool_newest(old), &s) && str_eq(s.definition, buf_str(&b));
    buf_fini(&b);
    return same;
}

static status pool_decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct pool *p = put->value;
    struct space_conf conf = conf_of(p);
    struct number_space space = {0};
    struct rival r = {.d = d, .self = old == NULL ? 0 : old->number};
    struct pool_row before = {0};
    client_id client;

    TRY(check_fields(p));
    TRY(pool_client(d->t, p, &client));
    if (client.v != put->client.v)
        return fail(ST_CONFLICT, "pool.client", 0, "the client changed meanwhile, ask again");
    if (is_generated(p)) {
        TRY(space_init(&conf, &space));
        r.space = &space;
    }
    struct pool_id id = id_of(p); // of what space_init has taken
    if (old != NULL && pool_row_get(d->t, old->number, &before) && is_in_use(d->t, &before) &&
        (!is_same_definition(d->t, &before, p) || before.client.v != client.v))
        return fail(ST_CONFLICT, "pool.in_use", 0,
                    "numbers depend on it: only rank, threshold, max_request, use_before change");
    TRY(pool_market_decide(d, p, &space));
    if (before.id.n != id.n || memcmp(before.id.p, id.p, id.n) != 0)
        TRY(pool_prefix_decide(d, p, client));
    return check_rivals(&r, &id);
}

// ---- rows

static enum space_sort sort_of(const struct pool *p)
{
    if (p->kind == POOL_LIST) return SPACE_OF_LIST;
    return p->kind == POOL_SSCC ? SPACE_OF_SSCC : SPACE_OF_SGTIN;
}

static uint32_t write_space(struct txn *t, const struct pool *p, const struct pool_row *row)
{
    struct space_row s = {.space = (uint32_t)counter_get(t, COUNTER_SPACE) + 1,
                          .sort = sort_of(p),
                          .pool = row->pool,
                          .epoch = epoch_now(t),
                          .client = row->client,
                          .level = 0xff};
    struct space_conf conf = conf_of(p);
    struct number_space space = {0};
    struct gtin_row product;
    struct buf b;

    if (is_generated(p) && space_init(&conf, &space).cls != ST_OK)
        txn_spoil(t, "record.corrupt", "the definition of a pool");
    s.capacity = space.capacity;
    s.tests_lists = is_generated(p) && lists_have_numbers(t, &row->id);
    if (p->kind != POOL_SSCC && gtin_get(t, p->gtin.p, &product)) {
        memcpy(s.gtin, p->gtin.p, sizeof s.gtin);
        s.product = product.product;
        s.level = product.level;
    }
    buf_init(&b, SPACE_DEFINITION_MAX);
    if (is_generated(p)) space_definition_put(&conf, &b);
    s.definition = buf_str(&b);
    space_row_put(t, &s);
    buf_fini(&b);
    counter_put(t, COUNTER_SPACE, s.space);
    return s.space;
}

static void pool_write(struct txn *t, const struct fact *f, const struct item *now,
                       const void *value)
{
    const struct pool *p = value;
    struct pool_row old, row = {.pool = now->number,
                                .kind = (enum pool_kind)p->kind,
                                .policy = (enum pool_policy)p->policy,
                                .client = f->client,
                                .id = id_of(p),
                                .rank = (uint32_t)p->rank,
                                .max_request = (uint32_t)p->max_request,
                                .threshold = p->threshold,
                                .use_before = use_before_of(p)};
    bool had = pool_row_get(t, now->number, &old);

    if (had && is_same_definition(t, &old, p) && old.client.v == f->client.v) {
        row.space_count = old.space_count;
        memcpy(row.spaces, old.spaces, sizeof row.spaces);
    } else {
        if (had) space_row_del(t, old.spaces[0]);
        row.space_count = 1;
        row.spaces[0] = write_space(t, p, &row);
    }
    pool_row_put(t, &row, had ? &old : NULL);
    if (had) pool_alerts_settle(t, f, &row);
}

static status pool_prepare(struct txn *t, struct arena *a, str name, void *value, client_id *client)
{
    (void)name;
    TRY(check_fields(value));
    TRY(pool_client(t, value, client));
    return pool_market_complete(t, a, value);
}

// ---- how it stands

// When the numbers will be used up at the rate of the last day.
static void show_last(struct json_w *w, wall now, uint64_t left, uint64_t last_day)
{
    const uint64_t far = UINT64_C(100) * 366 * 24 * 3600000; // a century says "for ever"
    struct buf b;

    json_w_key(w, S("lasts_until"));
    if (last_day == 0 || left > far / 86400000 * last_day) {
        json_w_null(w);
        return;
    }
    wall then = {now.ms + (int64_t)((u128)left * 86400000 / last_day)};
    buf_init(&b, 64);
    when_write(&b, (struct moment){{then.ms - then.ms % 1000}, 0});
    json_w_str(w, buf_str(&b));
    buf_fini(&b);
}

static status pool_show(struct txn *t, wall now, const struct item *i, const void *value,
                        struct json_w *w)
{
    const struct pool *p = value;
    uint64_t issued = 0, back = 0, last_day = 0;
    struct space_row s = {0};
    struct pool_row row;

    if (!pool_row_get(t, i->number, &row)) return txn_status(t);
    for (uint32_t n = 0; n < row.space_count; n++) {
        if (!space_row_get(t, row.spaces[n], &s)) return txn_status(t);
        issued += s.issued;
        back += s.back;
        last_day += space_last_day(&s, now);
    }
    uint64_t left = pool_left(t, &row, &s);
    json_w_kint(w, "capacity", (int64_t)s.capacity);
    json_w_kint(w, "issued", (int64_t)(issued - back));
    json_w_kint(w, "left", (int64_t)left);
    json_w_kint(w, "rate", (int64_t)((last_day + SPACE_HOURS - 1) / SPACE_HOURS));
    show_last(w, now, left, last_day);
    if (p->threshold == 0) json_w_kint(w, "threshold", 0); // else the form has said it
    json_w_kbool(w, "low", left < p->threshold);
    json_w_kint(w, "returned", (int64_t)back);
    return OK;
}

const struct item_noun noun_pool = {.number = NOUN_POOL,
                                    .word = "pool",
                                    .unknown = "pool.unknown",
                                    .form = &pool_form,
                                    .reason_at = offsetof(struct pool, reason),
                                    .kind = &kind_pool_put,
                                    .prepare = pool_prepare,
                                    .decide = pool_decide,
                                    .write = pool_write,
                                    .show = pool_show};

const struct kind kind_pool_put = {
    FACT_POOL_PUT, 1, "pool.put", item_put_decide, item_put_write, item_put_print, &noun_pool};
