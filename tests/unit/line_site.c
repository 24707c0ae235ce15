#include "line_site.h"
#include "service/access/second.h"
#include "service/access/user.h"
#include "service/capture/capture.h"
#include "service/catalog/place.h"
#include "service/client/client.h"
#include "service/event/capture.h"
#include "service/event/level.h"
#include "service/event/lot_acts.h"
#include "service/event/owner.h"
#include "service/event/recalled.h"
#include "service/event/unit_past.h"
#include "service/event/units_api.h"
#include "service/gs1/id.h"
#include "service/lot/lot.h"
#include "service/pool/import.h"
#include "service/pool/issue.h"
#include "service/pool/names.h"
#include "service/pool/pool.h"
#include "service/pool/pool_api.h"
#include "service/pool/pool_db.h"
#include "service/pool/recover.h"
#include "service/pool/request.h"
#include "service/query/query_routes.h"
#include "service/trade/shipment.h"
#include "service/tree/tree_db.h"
#include "service/unit/unit_db.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOTS_MAX 64u

// clang-format off
const struct kind *const line_site_kinds[] = {
    &kind_client_put,         &kind_product_put,       &kind_location_put,
    &kind_party_put,          &kind_line_put,          &kind_pool_put,
    &kind_numbers_issued,     &kind_numbers_confirmed, &kind_numbers_returned,
    &kind_numbers_reissued,   &kind_lot_opened,        &kind_lot_closed,
    &kind_units_commissioned, &kind_lot_counted,       &kind_lot_explained,
    &kind_lot_released,       &kind_lot_reopened,      &kind_lot_amended,
    &kind_lot_recalled,       &kind_act_proposed,      &kind_act_withdrawn,
    &kind_lot_held,           &kind_hold_released,     &kind_labels_unread,
    &kind_user_put,           &kind_password_refused,  &kind_user_locked,
    &kind_units_scrapped,     &kind_labels_sampled,    &kind_units_changed,
    &kind_units_packed,       &kind_units_unpacked,    &kind_container_closed,
    &kind_unit_relabelled,    &kind_shipment_made,     &kind_document_captured,
    &kind_event_captured,     &kind_capture_slice,     &kind_units_named,
    &kind_capture_applied,    &kind_query_put,         &kind_query_deleted,
    &kind_act_proposed_1,     &kind_act_withdrawn_1,   &kind_act_fallen,
    &kind_import_part,        &kind_import_done,       &kind_numbers_recovered,
    NULL};
// clang-format on

const struct http_route *const line_site_routes[] = {client_routes,    product_routes,
                                                     place_routes,     pool_routes,
                                                     lot_routes,       report_routes,
                                                     units_routes,     capture_routes,
                                                     shipment_routes,  query_routes,
                                                     lot_paper_routes, lot_balance_routes,
                                                     hold_routes,      NULL};

static const struct {
    const char *path, *body;
} masters[] = {
    {"/v1/clients/acme",
     "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"],\"profile\":{\"pack_levels\":\"any\"}}"                     },
    {"/v1/clients/other",           "{\"name\":\"Other\",\"prefixes\":[\"9521321\"]}"                           },
    {"/v1/products/" PILLS,
     "{\"client\":\"acme\",\"name\":\"Pills\",\"levels\":["
     "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
     "{\"level\":\"case\",\"id\":\"sgtin\",\"gtin\":\"" PILLS_CASE "\",\"quantity\":5},"
     "{\"level\":\"pallet\",\"id\":\"sscc\",\"quantity\":3}]}"                                                  },
    {"/v1/products/" DROPS,         "{\"client\":\"acme\",\"name\":\"Drops\",\"levels\":["
                            "{\"level\":\"pack\",\"id\":\"sgtin\",\"quantity\":1},"
                            "{\"level\":\"case\",\"id\":\"sscc\",\"quantity\":4},"
                            "{\"level\":\"pallet\",\"id\":\"sscc\",\"quantity\":2}]}"},
    {"/v1/products/" CREAM,         "{\"client\":\"other\",\"name\":\"Cream\"}"                                 },
    {"/v1/pools/pills",             "{\"kind\":\"random\",\"gtin\":\"" PILLS "\"}"                              },
    {"/v1/pools/pills-cases",       "{\"kind\":\"random\",\"gtin\":\"" PILLS_CASE "\"}"                         },
    {"/v1/pools/drops",             "{\"kind\":\"random\",\"gtin\":\"" DROPS "\"}"                              },
    {"/v1/pools/cream",             "{\"kind\":\"random\",\"gtin\":\"" CREAM "\"}"                              },
    {"/v1/pools/acme-sscc",
     "{\"kind\":\"sscc\",\"client\":\"acme\",\"prefix\":\"9521141\",\"extension\":\"0\"}"                       },
    {"/v1/pools/other-sscc",
     "{\"kind\":\"sscc\",\"client\":\"other\",\"prefix\":\"9521321\",\"extension\":\"0\"}"                      },
    {"/v1/pools/site-sscc",         "{\"kind\":\"sscc\",\"prefix\":\"9521987\",\"extension\":\"1\"}"            },
    {"/v1/locations/9521141000014", "{\"name\":\"Hall\"}"                                                       },
    {"/v1/lines/line-1",            "{\"name\":\"Line 1\",\"location\":\"9521141000014\"}"                      },
    {"/v1/lines/line-2",            "{\"name\":\"Line 2\"}"                                                     },
};

static struct fixture_answer call(struct fixture *f, enum role role, const char *line,
                                  const char *body)
{
    enum role was = f->caller.role;

    f->caller.role = role;
    struct fixture_answer a = fixture_call(f, line, "", body);
    f->caller.role = was;
    return a;
}

static void expect(const struct fixture_answer *a, int code, const char *what)
{
    if (a->code != code) fail_msg("%s: %d %.*s", what, a->code, STR(a->body));
}

struct fixture *line_site_open(void)
{
    struct fixture *f = fixture_open(line_site_kinds);
    char line[128];

    fixture_serve(f, line_site_routes);
    for (size_t i = 0; i < LEN(masters); i++) {
        snprintf(line, sizeof line, "PUT %s", masters[i].path);
        struct fixture_answer a = call(f, ROLE_ADMIN, line, masters[i].body);
        expect(&a, 201, line);
    }
    line_site_lot(f, PILLS, "A1", "");
    line_site_lot(f, PILLS, "A2", "");
    line_site_lot(f, DROPS, "D1", "");
    line_site_lot(f, CREAM, "C1", "");
    f->caller.role = ROLE_LINE;
    f->caller.line = S("line-1");
    fixture_forget(f);
    return f;
}

void line_site_lot(struct fixture *f, const char *gtin, const char *lot, const char *more)
{
    char body[400];

    snprintf(body, sizeof body, "{\"lot\":\"%s\",\"gtin\":\"%s\",\"expiry\":\"2028-12\"%s}", lot,
             gtin, more);
    struct fixture_answer a = call(f, ROLE_OPERATOR, "POST /v1/lots", body);
    expect(&a, 201, body);
}

static struct numbers list_of_answer(struct fixture *f, str json, const char *key, uint32_t n)
{
    struct numbers out = {.texts = NEW_ARRAY(&f->arena, str, n)};
    struct json_r r = json_reader(json, &f->arena);
    str k;

    for (json_object(&r); json_key(&r, &k);) {
        if (!str_eq(k, str_of(key))) {
            (void)json_raw(&r);
            continue;
        }
        for (json_array(&r); json_item(&r);) out.texts[out.n++] = json_string(&r);
    }
    assert_int_equal(json_r_end(&r).cls, ST_OK);
    assert_int_equal(out.n, n);
    return out;
}

struct numbers line_site_serials(struct fixture *f, const char *gtin, const char *lot, uint32_t n)
{
    char body[200];

    snprintf(body, sizeof body, "{\"gtin\":\"%s\",\"quantity\":%u%s%s%s}", gtin, n,
             lot == NULL ? "" : ",\"lot\":\"", lot == NULL ? "" : lot, lot == NULL ? "" : "\"");
    struct fixture_answer a = call(f, ROLE_LINE, "POST /v1/serials", body);
    expect(&a, 201, body);
    return list_of_answer(f, a.body, "serials", n);
}

static struct numbers ssccs(struct fixture *f, const char *by, const char *name, uint32_t n)
{
    char body[200];

    snprintf(body, sizeof body, "{\"%s\":\"%s\",\"quantity\":%u}", by, name, n);
    struct fixture_answer a = call(f, ROLE_LINE, "POST /v1/sscc", body);
    expect(&a, 201, body);
    return list_of_answer(f, a.body, "ssccs", n);
}

struct numbers line_site_ssccs(struct fixture *f, const char *client, uint32_t n)
{
    return ssccs(f, "client", client, n);
}

struct numbers line_site_pool_ssccs(struct fixture *f, const char *pool, uint32_t n)
{
    return ssccs(f, "pool", pool, n);
}

struct numbers line_site_own_ssccs(struct fixture *f, uint32_t n)
{
    return line_site_pool_ssccs(f, "site-sscc", n);
}

unit_id line_site_unit(struct fixture *f, const char *spelling)
{
    struct txn *t = fixture_read(f);
    unit_id u = {0};
    client_id owner;
    struct gs1_id id;

    assert_int_equal(gs1_read(str_of(spelling), &f->arena, &id).cls, ST_OK);
    assert_true(names_find(names_here(&f->site), t, &id, &u, &owner));
    fixture_read_end(t);
    return u;
}

struct unit line_site_row(struct fixture *f, const char *spelling)
{
    unit_id u = line_site_unit(f, spelling);
    struct txn *t = fixture_read(f);
    struct unit x = unit_one(t, u);

    fixture_read_end(t);
    return x;
}

// ---- what is said

const char *text(struct fixture *f, str s) { return str_z(&f->arena, s); }

const char *sgtin(struct fixture *f, const char *gtin, str serial)
{
    char room[64];

    snprintf(room, sizeof room, "(01)%s(21)%.*s", gtin, STR(serial));
    return text(f, str_of(room));
}

static void add_part(struct fixture *f, struct buf *b, struct part p, const char *gtin)
{
    buf_addc(b, '[');
    for (uint32_t i = p.from; i < p.from + p.n; i++) {
        str s = p.of->texts[i];
        buf_addf(b, "%s\"%s\"", i > p.from ? "," : "",
                 gtin == NULL ? text(f, s) : sgtin(f, gtin, s));
    }
    buf_addc(b, ']');
}

static const char *done(struct fixture *f, struct buf *b)
{
    const char *s = text(f, buf_str(b));

    buf_fini(b);
    return s;
}

const char *say_commission(struct fixture *f, const char *lot, const char *gtin, struct part p)
{
    struct buf b;

    buf_init(&b, 8 * MB);
    buf_addf(&b, "{\"type\":\"commission\",\"lot\":\"%s\",\"gtin\":\"%s\",\"serials\":", lot, gtin);
    add_part(f, &b, p, NULL);
    buf_addc(&b, '}');
    return done(f, &b);
}

const char *say_begin(struct fixture *f, const char *lot, const char *gtin, struct part ssccs)
{
    struct buf b;

    buf_init(&b, 8 * MB);
    buf_addf(&b, "{\"type\":\"commission\",\"lot\":\"%s\",\"gtin\":\"%s\",\"ssccs\":", lot, gtin);
    add_part(f, &b, ssccs, NULL);
    buf_addc(&b, '}');
    return done(f, &b);
}

const char *say_pack(struct fixture *f, const char *parent, struct part p, struct packing_of how)
{
    struct buf b;

    buf_init(&b, 8 * MB);
    buf_addf(&b, "{\"type\":\"pack\",\"parent\":\"%s\",\"children\":", parent);
    add_part(f, &b, p, how.gtin);
    buf_addf(&b, "%s}", how.more);
    return done(f, &b);
}

// ---- what is answered

struct fixture_answer report(struct fixture *f, const char *body)
{
    return fixture_call(f, "POST /v1/reports", "", body);
}

bool holds(str s, const char *part) { return memmem(s.p, s.n, part, strlen(part)) != NULL; }

uint64_t accepted(struct fixture *f, const char *body)
{
    struct fixture_answer a = report(f, body);
    const char *seq = memmem(a.body.p, a.body.n, "\"seq\":", 6);
    uint64_t n = 0;

    if (a.code != 200 || !holds(a.body, "{\"accepted\":1,\"refused\":0,") || seq == NULL)
        fail_msg("%s: %d %.*s", body, a.code, STR(a.body));
    for (seq += 6; *seq >= '0' && *seq <= '9'; seq++) n = 10 * n + (uint64_t)(*seq - '0');
    return n;
}

str refused(struct fixture *f, const char *body, const char *code, unsigned offenders)
{
    struct fixture_answer a = report(f, body);
    char member[64];
    unsigned n = 0;

    snprintf(member, sizeof member, "\"problem\":{\"type\":\"urn:packtrail:problem:%s\"", code);
    for (str rest = a.body; holds(rest, "{\"unit\":"); n++) {
        const char *at = memmem(rest.p, rest.n, "{\"unit\":", 8);
        rest = str_from(rest, (size_t)(at - rest.p) + 8);
    }
    if (a.code != 200 || !holds(a.body, "{\"accepted\":0,\"refused\":1,") ||
        !holds(a.body, member) || n != offenders)
        fail_msg("%s: %d %.*s (wanted %s of %u)", body, a.code, STR(a.body), code, offenders);
    return a.body;
}

// ---- counted again

struct recount {
    struct fixture *f;
    struct txn *t;
    struct level_reader levels;
    struct lot_counts lots[LOTS_MAX];
};

// SSCCs are asked for without a level.
static uint8_t level_asked(struct recount *c, struct owner_reader *o, unit_id u, uint32_t lot)
{
    const struct space_row *s = names_space(o->names, c->t, unit_space(u));

    return s->level != 0xff ? s->level : shape_sscc_empty(level_shape(&c->levels, lot));
}

// A number that began with another lot than it was asked for.
static void count_asked(struct recount *c, struct owner_reader *o, unit_id u,
                        const struct fact *first)
{
    uint32_t asked = owner_lot_asked(o, u, first->client), lot = first->lot;

    if (first->seq == 0 || asked == lot) return;
    uint8_t there = asked == 0 ? 0 : level_asked(c, o, u, asked);
    c->lots[lot].level[level_asked(c, o, u, lot)].others++;
    if (asked != 0) c->lots[asked].level[there].elsewhere++;
}

static void count_unit(struct recount *c, unit_id u, const struct unit *x)
{
    struct owner_reader owners = {.names = names_here(&c->f->site), .t = c->t};
    struct fact first = {0};
    client_id client;

    if (x->first != 0) assert_int_equal(journal_get_header(c->t, x->first, &first).cls, ST_OK);
    if (x->first == 0 && owner_of(&owners, u, &client))
        first.lot = owner_lot_asked(&owners, u, client);
    if (first.lot == 0) return;
    assert_true(first.lot < LOTS_MAX);
    struct lot_level_counts *l = &c->lots[first.lot].level[level_of_unit(&c->levels, u, first.lot)];
    bool goods = x->first != 0 && x->state != UNIT_SCRAPPED && x->state != UNIT_LABEL_SAMPLED;
    if (unit_counts_as(x) != 0) l->of[unit_counts_as(x)]++;
    l->commissioned += goods;
    l->packed += x->parent.v != 0;
    count_asked(c, &owners, u, &first);
}

// The unit stands in its parent's list, and an unparented one in none.
static void check_parent(struct recount *c, unit_id u, const struct unit *x)
{
    if (x->parent.v == 0) return;
    struct runs all = children_get(c->t, x->parent, &c->f->arena);
    assert_true(runs_hold(&all, u));
    assert_int_equal(children_count(c->t, x->parent), all.units);
    struct unit parent = unit_one(c->t, x->parent);
    assert_true(parent.state == UNIT_OPEN || parent.state == UNIT_CLOSED);
}

// Its chain of facts, replayed, gives what its row says; how late it is is not told. What lies in
// its pool is told so, which is no state of a row.
static void check_past(struct recount *c, unit_id u, const struct unit *x)
{
    bool lies = x->state == UNIT_RETURNED_TO_OWNER && number_lies_in_pool(c->t, u);
    struct unit past;

    status st = past_unit(c->t, u, (wall){INT64_MAX}, &past);
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
    assert_int_equal(past.state, lies ? UNIT_UNALLOCATED : x->state);
    assert_int_equal(past.flags & ~UNIT_LATE, x->flags & ~UNIT_LATE);
    assert_int_equal(past.parent.v, x->parent.v);
    assert_int_equal(past.first, x->first);
    assert_int_equal(past.last, x->last);
}

static void count_space(struct recount *c, const struct space_row *s)
{
    for (uint64_t at = 0; at < s->high; at++) {
        unit_id u = unit_id_of(s->space, at);
        struct unit x = unit_one(c->t, u);
        count_unit(c, u, &x);
        check_past(c, u, &x);
        check_parent(c, u, &x);
    }
}

void line_site_check(struct fixture *f)
{
    struct recount c = {.f = f, .t = fixture_read(f)};
    struct space_row s;

    c.levels = (struct level_reader){.t = c.t, .names = names_here(&f->site), .arena = &f->arena};
    for (uint32_t space = 1; space_row_get(c.t, space, &s); space++) count_space(&c, &s);
    for (uint32_t lot = 1; lot <= counter_get(c.t, COUNTER_LOT); lot++) {
        struct lot_counts kept = lot_counts_get(c.t, lot);
        for (unsigned i = 0; i < PRODUCT_LEVELS_MAX; i++) {
            const struct lot_level_counts *a = &kept.level[i], *b = &c.lots[lot].level[i];
            for (unsigned k = 0; k < COUNT_END; k++)
                if (a->of[k] != b->of[k] && k != COUNT_UNREAD)
                    fail_msg("lot %u level %u: counter %u is %u, there are %u", lot, i, k,
                             (unsigned)a->of[k], (unsigned)b->of[k]);
        }
    }
    fixture_read_end(c.t);
    fixture_verify(f);
}

const char *fmt(struct fixture *f, const char *format, ...)
{
    char room[4096];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(room, sizeof room, format, ap);
    va_end(ap);
    assert_true(n >= 0 && (size_t)n < sizeof room);
    return text(f, str_of(room));
}

int line_site_setup(void **state)
{
    *state = line_site_open();
    return 0;
}

int line_site_teardown(void **state)
{
    line_site_close((struct fixture **)state);
    return 0;
}

void line_site_close(struct fixture **f)
{
    line_site_check(*f);
    fixture_close(f);
}
