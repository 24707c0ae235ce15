#include "service/ops/configuration.h"
#include "common/digest.h"
#include "service/access/certificate.h"
#include "service/access/token_wish.h"
#include "service/access/user.h"
#include "service/api/version.h"
#include "service/catalog/market.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/exchange/partner.h"
#include "service/ops/ops_int.h"
#include "service/pool/pool.h"

#define VALUE_MAX (1 * MB) // of one setting or market, as JSON

static const struct {
    const char *word;
    const struct item_noun *noun;
} items[] = {
    {"clients",   &noun_client  },
    {"products",  &noun_product },
    {"locations", &noun_location},
    {"parties",   &noun_party   },
    {"lines",     &noun_line    },
    {"pools",     &noun_pool    },
    {"partners",  &noun_partner },
    {"users",     &noun_user    },
};

struct writing {
    const struct configuration *of;
    struct txn *t;
    struct arena a; // for one thing
    struct buf *out;
    bool first; // nothing of this section was written yet
};

// ---- lines

static void section_begin(struct writing *x, const char *word)
{
    buf_addf(x->out, ",\n\"%s\":{", word);
    x->first = true;
}

static void section_end(struct writing *x) { buf_add(x->out, x->first ? S("}") : S("\n}")); }

// The next line, up to its value.
static void name_add(struct writing *x, str name)
{
    struct json_w w = json_writer(x->out);

    buf_add(x->out, x->first ? S("\n") : S(",\n"));
    x->first = false;
    json_w_str(&w, name);
    buf_addc(x->out, ':');
}

// ---- what the program and its settings say

static void settings_add(struct writing *x)
{
    const struct configuration *c = x->of;
    struct buf json;
    str name;

    section_begin(x, "settings");
    buf_init(&json, VALUE_MAX);
    for (uint32_t i = 0; c->setting != NULL && c->setting(c->settings, i, &name, &json); i++) {
        name_add(x, name);
        buf_add(x->out, buf_str(&json));
        x->out->failed |= json.failed;
        buf_reset(&json);
    }
    buf_fini(&json);
    section_end(x);
}

// A market's version is the digest of all that its rules say.
static void markets_add(struct writing *x)
{
    char hex[2 * sizeof(struct sha256)];
    struct buf json;

    section_begin(x, "markets");
    buf_init(&json, VALUE_MAX);
    for (size_t i = 0; i < market_count; i++) {
        struct json_w w = json_writer(&json), line = json_writer(x->out);
        market_write(&w, &markets[i]);
        struct sha256 of = sha256_of(buf_str(&json));
        hex_put(hex, (const char *)of.b, sizeof of.b);
        name_add(x, str_of(markets[i].word));
        json_w_str(&line, (str){hex, sizeof hex});
        x->out->failed |= json.failed;
        buf_reset(&json);
    }
    buf_fini(&json);
    section_end(x);
}

// ---- what administrators have put

static status item_add(struct writing *x, const struct item_noun *n, const struct item *i)
{
    void *value = arena_alloc(&x->a, n->form->size);

    if (value == NULL)
        return fail(ST_TOO_LARGE, "configuration.size", 0, "one thing needs too much memory");
    TRY(item_value(n, i, &x->a, value));
    name_add(x, i->name);
    struct json_w w = json_writer(x->out);
    json_w_object(&w);
    json_w_kint(&w, "version", i->version);
    json_w_kint(&w, "seq", (int64_t)i->seq);
    form_write(n->form, value, &w);
    json_w_end(&w);
    return OK;
}

static status items_add(struct writing *x, const char *word, const struct item_noun *n)
{
    status st = OK;
    struct buf key;
    struct item i;

    section_begin(x, word);
    buf_init(&key, KB);
    struct walk walk = item_walk(x->t, n, (str){"", 0}, &key);
    while (st.cls == ST_OK && item_next(&walk, &i)) {
        st = item_add(x, n, &i);
        arena_reset(&x->a);
    }
    walk_close(&walk);
    buf_fini(&key);
    section_end(x);
    return st;
}

static bool certificate_at(struct writing *x, struct walk *walk, struct certificate *c,
                           struct actor *of)
{
    arena_reset(&x->a);
    return certificate_next(walk, c) && actor_get(x->t, c->actor, &x->a, of);
}

static uint64_t certificate_seq(const struct certificate *c, const struct actor *of)
{
    return of->revoked_seq > c->seq ? of->revoked_seq : c->seq;
}

static void certificates_add(struct writing *x)
{
    struct certificate c;
    struct actor of;
    struct buf key;

    section_begin(x, "certificates");
    buf_init(&key, KB);
    struct walk walk = certificate_walk(x->t, (str){"", 0}, &key);
    while (certificate_at(x, &walk, &c, &of)) {
        name_add(x, c.name);
        struct json_w w = json_writer(x->out);
        json_w_object(&w);
        json_w_kint(&w, "seq", (int64_t)certificate_seq(&c, &of));
        certificate_write(&c, &w);
        token_write_scope(x->t, &x->a, &w, &of);
        json_w_end(&w);
    }
    walk_close(&walk);
    buf_fini(&key);
    section_end(x);
}

// ---- since when it is so

static uint64_t newest_item(struct txn *t, const struct item_noun *n)
{
    uint64_t newest = 0;
    struct buf key;
    struct item i;

    buf_init(&key, KB);
    struct walk walk = item_walk(t, n, (str){"", 0}, &key);
    while (item_next(&walk, &i))
        if (i.seq > newest) newest = i.seq;
    walk_close(&walk);
    buf_fini(&key);
    return newest;
}

static uint64_t newest_certificate(struct writing *x)
{
    uint64_t newest = 0;
    struct certificate c;
    struct actor of;
    struct buf key;

    buf_init(&key, KB);
    struct walk walk = certificate_walk(x->t, (str){"", 0}, &key);
    while (certificate_at(x, &walk, &c, &of))
        if (certificate_seq(&c, &of) > newest) newest = certificate_seq(&c, &of);
    walk_close(&walk);
    buf_fini(&key);
    return newest;
}

// The journal's first fact begins it.
static uint64_t newest_of(struct writing *x)
{
    uint64_t newest = newest_certificate(x);

    if (newest == 0) newest = 1;
    for (size_t i = 0; i < LEN(items); i++) {
        uint64_t seq = newest_item(x->t, items[i].noun);
        if (seq > newest) newest = seq;
    }
    return newest;
}

static void head_add(struct writing *x)
{
    const struct journal_meta *meta = x->of->meta;
    char id[2 * sizeof meta->journal_id], sum[EXPORT_KEY_SUM_MAX];

    hex_put(id, meta->journal_id, sizeof meta->journal_id);
    buf_addf(x->out, "{\"packtrail\":\"configuration 1\",\n\"journal_id\":\"%.*s\",\n",
             (int)sizeof id, id);
    buf_addf(x->out, "\"seq\":%llu,\n\"version\":\"%s\"", (unsigned long long)newest_of(x),
             PACKTRAIL_VERSION);
    if (x->of->export_key == NULL) return;
    export_key_sum(x->of->export_key, sum);
    buf_addf(x->out, ",\n\"export_key\":\"%s\"", sum);
}

// REQ CONFIGURATION-EXPORT: of one snapshot, in one order, and without any time of its own
status configuration_write(const struct configuration *c, struct txn *t, struct buf *out)
{
    struct writing x = {.of = c, .t = t, .out = out};
    status st = OK;

    arena_init(&x.a, ITEM_VALUE_ROOM);
    head_add(&x);
    settings_add(&x);
    markets_add(&x);
    for (size_t i = 0; i < LEN(items) && st.cls == ST_OK; i++)
        st = items_add(&x, items[i].word, items[i].noun);
    certificates_add(&x);
    buf_add(out, S("\n}\n"));
    arena_fini(&x.a);
    TRY(st);
    TRY(txn_status(t));
    if (out->failed)
        return fail(ST_TOO_LARGE, "configuration.size", 0, "the configuration is too large");
    return OK;
}

// ---- GET /v1/configuration

void ops_configuration(struct http_req *r)
{
    const struct site *site = api_site(r);
    const struct configuration c = {&site->meta, site->setting, site->settings, site->export_key};
    struct buf b;

    buf_init(&b, CONFIGURATION_MAX);
    status st = api_snapshot_end(r, configuration_write(&c, api_snapshot(r), &b));
    if (st.cls == ST_OK) {
        api_reply(r, 200, &b);
        return;
    }
    buf_fini(&b);
    http_problem(r, st, S(""));
}
