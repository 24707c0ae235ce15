// rows: 'f' digits of the prefix -> client 4
//       'C' client 4 -> profile: ship_rule 1, ship_needs_ack 1, capture 1, decommission_packed 1,
//                       decommission_parent 1, pack_levels 1
//       'C' 0 (4)    -> 16 bytes that change with every put of a client: the digest of those before
//                       and of the fact
#include "service/client/client.h"
#include "service/item/item_api.h"
#include <string.h>

#define PREFIX_MIN        4u
#define PREFIX_MAX        12u
#define PREFIXES_A_CLIENT 64u
#define PROFILE_BYTES     6u

struct client_value {
    str name;
    struct form_list prefixes; // of str
    struct client_profile *profile;
    struct form_list extra;
    str reason;
    bool plant;
};

#define NEW_CLIENT UINT32_MAX // has no pools yet

static const char *const ship_rules[] = {"closed", "released", "quarantine", NULL};
static const char *const capture_rules[] = {"record", "strict", "off", NULL};
static const char *const packed_rules[] = {"refuse", "unpack", NULL};
static const char *const parent_rules[] = {"parent", "children", NULL};
static const char *const level_rules[] = {"named", "product", "any", NULL};

static status prefix_check(str value, struct arena *a, str *out)
{
    (void)a, (void)out;
    if (str_is_digits(value)) return OK;
    return fail(ST_BAD_INPUT, "prefix.form", 0, "prefixes: a company prefix is %u to %u digits",
                PREFIX_MIN, PREFIX_MAX);
}

// clang-format off
#define PROFILE(member) .name = #member, .at = offsetof(struct client_profile, member)
static const struct form_field profile_fields[] = {
    {PROFILE(ship_rule), .kind = FORM_WORD, .words = ship_rules},
    {PROFILE(ship_needs_ack), .kind = FORM_BOOL},
    {PROFILE(capture), .kind = FORM_WORD, .words = capture_rules},
    {PROFILE(decommission_packed), .kind = FORM_WORD, .words = packed_rules},
    {PROFILE(decommission_parent), .kind = FORM_WORD, .words = parent_rules},
    {PROFILE(pack_levels), .kind = FORM_WORD, .words = level_rules},
    {0},
};
static const struct form profile_form = {
    "profile", sizeof(struct client_profile), profile_fields, 1};

#define C(member) .at = offsetof(struct client_value, member)
static const struct form_field client_fields[] = {
    {.name = "name",     .kind = FORM_STR,  C(name), .required = true, .max = 200},
    {.name = "prefixes", .kind = FORM_STRS, C(prefixes), .min = PREFIX_MIN, .max = PREFIX_MAX,
     .count_max = PREFIXES_A_CLIENT, .check = prefix_check},
    {.name = "profile",  .kind = FORM_ONE,  C(profile), .sub = &profile_form},
    {.name = "extra",    .kind = FORM_MAP,  C(extra), .max = 500, .count_max = 64},
    {.name = "reason",   .kind = FORM_STR,  C(reason), .max = 500},
    {.name = "plant",    .kind = FORM_BOOL, C(plant)},
    {0},
};
static const struct form client_form = {"client", sizeof(struct client_value), client_fields, 1};
// clang-format on

struct prefix_key {
    char b[1 + PREFIX_MAX];
};

static str key_of(struct prefix_key *k, str digits)
{
    assert(digits.n <= PREFIX_MAX);
    k->b[0] = ROW_PREFIX;
    memcpy(k->b + 1, digits.p, digits.n);
    return (str){k->b, 1 + digits.n};
}

static status client_prepare(struct txn *t, struct arena *a, str name, void *value,
                             client_id *client)
{
    struct client_value *v = value;

    (void)t, (void)name, (void)client; // a client is its own
    if (v->profile == NULL) v->profile = NEW(a, struct client_profile);
    if (v->profile == NULL) return no_memory();
    return OK;
}

// Another client's prefix that is the same, begins this one or begins with it.
static bool prefix_clash(struct txn *t, str digits, uint32_t own)
{
    struct prefix_key k;
    str v, found;
    bool clash = false;

    for (size_t n = PREFIX_MIN; n <= digits.n && !clash; n++)
        clash = txn_get(t, DB_ROWS, key_of(&k, (str){digits.p, n}), &v) && get_be(v.p, 4) != own;
    struct walk w = walk_open(t, DB_ROWS, key_of(&k, digits), (str){0});
    while (!clash && walk_next(&w, &found, &v)) clash = get_be(v.p, 4) != own;
    walk_close(&w);
    return clash;
}

static status client_decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct client_value *v = put->value;
    const str *prefixes = v->prefixes.items;
    const struct site *site = d->app;
    struct client_value before = {0};

    if (old != NULL) TRY(item_value(&noun_client, old, d->arena, &before));
    for (uint32_t i = 0; i < v->prefixes.n; i++)
        if (prefix_clash(d->t, prefixes[i], old == NULL ? 0 : old->number))
            return fail(ST_CONFLICT, "prefix.taken", 0,
                        "prefixes: %.*s overlaps a prefix of another client", STR(prefixes[i]));
    struct prefix_change change = {.old = &before.prefixes, .now = &v->prefixes};
    if (!v->plant) change.owner.v = old == NULL ? NEW_CLIENT : old->number;
    return site->prefixes_fit == NULL ? OK : site->prefixes_fit(d, &change);
}

bool prefixes_cover(const struct form_list *prefixes, str digits)
{
    const str *at = prefixes->items;
    uint32_t i = 0;

    while (i < prefixes->n && !str_starts(digits, at[i])) i++;
    return i < prefixes->n;
}

static void prefixes_drop(struct txn *t, uint32_t number)
{
    static const char tag = ROW_PREFIX;
    char gone[PREFIXES_A_CLIENT][1 + PREFIX_MAX];
    size_t lengths[PREFIXES_A_CLIENT], n = 0;
    str k, v;

    struct walk w = walk_open(t, DB_ROWS, (str){&tag, 1}, (str){0});
    while (n < PREFIXES_A_CLIENT && walk_next(&w, &k, &v))
        if (get_be(v.p, 4) == number) {
            memcpy(gone[n], k.p, k.n);
            lengths[n++] = k.n;
        }
    walk_close(&w);
    while (n-- > 0) txn_del(t, DB_ROWS, (str){gone[n], lengths[n]});
}

struct client_key {
    char b[5];
};

static str key_of_client(struct client_key *k, uint32_t number)
{
    k->b[0] = ROW_CLIENT;
    put_be(k->b + 1, number, 4);
    return (str){k->b, sizeof k->b};
}

static void profile_put(struct txn *t, uint32_t number, const struct client_profile *p)
{
    char row[PROFILE_BYTES] = {
        (char)p->ship_rule,           (char)p->ship_needs_ack,      (char)p->capture,
        (char)p->decommission_packed, (char)p->decommission_parent, (char)p->pack_levels};
    struct client_key k;

    txn_put(t, DB_ROWS, key_of_client(&k, number), (str){row, sizeof row});
}

struct digest16 clients_digest(struct txn *t)
{
    struct digest16 d = {0};
    struct client_key k;
    str v;

    if (txn_get(t, DB_ROWS, key_of_client(&k, 0), &v)) {
        if (v.n == sizeof d.b)
            memcpy(d.b, v.p, sizeof d.b);
        else
            txn_spoil(t, "store.corrupt", "the digest of all clients");
    }
    return d;
}

static void clients_digest_put(struct txn *t, const struct fact *f)
{
    struct digest16 d = clients_digest(t);
    struct client_key k;

    d = digest16_of((str){(const char *)d.b, sizeof d.b}, f->decided);
    txn_put(t, DB_ROWS, key_of_client(&k, 0), (str){(const char *)d.b, sizeof d.b});
}

static void client_write(struct txn *t, const struct fact *f, const struct item *now,
                         const void *value)
{
    static const struct client_profile plain;
    const struct client_value *v = value;
    const str *prefixes = v->prefixes.items;
    struct prefix_key k;
    char number[4];

    clients_digest_put(t, f);
    profile_put(t, now->number, v->profile == NULL ? &plain : v->profile);
    prefixes_drop(t, now->number);
    put_be(number, now->number, 4);
    for (uint32_t i = 0; i < v->prefixes.n; i++)
        txn_put(t, DB_ROWS, key_of(&k, prefixes[i]), (str){number, 4});
}

const struct item_noun noun_client = {.number = NOUN_CLIENT,
                                      .word = "client",
                                      .unknown = "client.unknown",
                                      .form = &client_form,
                                      .reason_at = offsetof(struct client_value, reason),
                                      .kind = &kind_client_put,
                                      .prepare = client_prepare,
                                      .decide = client_decide,
                                      .write = client_write};
const struct kind kind_client_put = {
    FACT_CLIENT_PUT, 1,           "client.put", item_put_decide, item_put_write,
    item_put_print,  &noun_client};

const struct http_route client_routes[] = {
    ITEM_ROUTES("/v1/clients", "{client}", noun_client),
    {0},
};

bool client_by_name(struct txn *t, str name, client_id *out)
{
    char folded[STR_NAME_MAX];
    struct item i;

    if (!str_name_fold(name, folded, &name) || !item_get(t, &noun_client, name, &i)) return false;
    out->v = i.number;
    return true;
}

str client_name(struct txn *t, client_id c, struct arena *a)
{
    return arena_str(a, item_name(t, &noun_client, c.v));
}

status client_profile(struct txn *t, client_id c, struct client_profile *out)
{
    struct client_key k;
    str v;

    if (c.v == 0 || !txn_get(t, DB_ROWS, key_of_client(&k, c.v), &v)) {
        TRY(txn_status(t));
        return fail(ST_NOT_FOUND, "client.unknown", 0, "there is no such client");
    }
    struct bytes_r r = bytes_reader(v);
    struct client_profile p = {.ship_rule = (uint8_t)bytes_get_u(&r, 1),
                               .ship_needs_ack = bytes_get_u(&r, 1) != 0,
                               .capture = (uint8_t)bytes_get_u(&r, 1),
                               .decommission_packed = (uint8_t)bytes_get_u(&r, 1),
                               .decommission_parent = (uint8_t)bytes_get_u(&r, 1),
                               .pack_levels = (uint8_t)bytes_get_u(&r, 1)};
    if (!bytes_end(&r)) txn_spoil(t, "store.corrupt", "the profile of a client");
    TRY(txn_status(t));
    *out = p;
    return OK;
}

client_id client_of_prefix(struct txn *t, str digits)
{
    struct prefix_key k;
    str v;

    for (size_t n = digits.n < PREFIX_MAX ? digits.n : PREFIX_MAX; n >= PREFIX_MIN; n--)
        if (txn_get(t, DB_ROWS, key_of(&k, (str){digits.p, n}), &v))
            return (client_id){(uint32_t)get_be(v.p, 4)};
    return (client_id){0};
}

client_id client_of_ssccs(struct txn *t, str digits)
{
    client_id c = client_of_prefix(t, digits);
    struct client_value v = {0};
    struct arena a;
    struct item i;

    if (c.v == 0 || !item_by_number(t, &noun_client, c.v, &i)) return c;
    arena_init(&a, 1 * MB);
    bool plant = item_value(&noun_client, &i, &a, &v).cls == ST_OK && v.plant;
    arena_fini(&a);
    return plant ? (client_id){0} : c;
}
