// access_test.c - claims about tokens, the actors behind them, and who is let in.
#include "catalog_site.h"
#include "service/access/access.h"
#include "service/access/certificate.h"
#include "service/access/door.h"
#include "service/access/limit.h"
#include "service/access/token.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct kind *const kinds[] = {
    &kind_token_created, &kind_token_revoked, &kind_certificate_put, &kind_certificate_ended,
    &kind_client_put,    &kind_product_put,   &kind_line_put,        NULL};
static const struct http_route *const routes[] = {client_routes, access_routes, NULL};

static int site_open(void **state)
{
    struct fixture *f = fixture_open(kinds);

    fixture_serve(f, routes);
    *state = f;
    return 0;
}

// ---- making tokens

static struct token_new *token_wish(struct fixture *f, enum role role)
{
    struct token_new *n = NEW(&f->arena, struct token_new);

    n->actor.role = role;
    assert_int_equal(token_draw(n, &f->env, &f->arena).cls, ST_OK);
    return n;
}

static struct token_new *token_made(struct fixture *f, enum role role, wall expires)
{
    struct token_new *n = token_wish(f, role);
    struct ask a;

    n->actor.expires = expires;
    assert_int_equal(fixture_run(f, &kind_token_created, n, &a).cls, ST_OK);
    struct token_made x;
    assert_int_equal(token_of_fact(&a.fact, &f->arena, &x).cls, ST_OK);
    n->actor.number = x.actor.number;
    return n;
}

static str text_of(const struct token_new *n) { return (str){n->text, TOKEN_LEN}; }

static status token_end(struct fixture *f, uint32_t actor, struct ask *a)
{
    struct token_end e = {.actor = actor};
    return fixture_run(f, &kind_token_revoked, &e, a);
}

static void a_token_is_found_by_its_text_and_its_id(void **state)
{
    struct fixture *f = *state;
    static const client_id two[] = {{1}, {7}};
    struct token_new *n = token_wish(f, ROLE_GATEWAY);
    struct sha256 digest = token_digest(text_of(n));
    struct actor x;

    n->actor.user = S("mia");
    n->actor.line = S("line-1");
    n->actor.party = S("9521141000014");
    n->actor.clients = two;
    n->actor.client_count = 2;
    n->actor.expires = (wall){f->now.ms + 5};
    assert_int_equal(fixture_run(f, &kind_token_created, n, NULL).cls, ST_OK);
    struct txn *t = fixture_read(f);
    assert_true(actor_by_token(t, &digest, &f->arena, &x));
    assert_int_equal(x.number, 1);
    assert_int_equal(x.role, ROLE_GATEWAY);
    assert_true(str_eq(x.id, n->actor.id) && str_starts(x.id, S("gateway-")));
    assert_true(str_eq(x.user, S("mia")) && str_eq(x.line, S("line-1")));
    assert_true(str_eq(x.party, S("9521141000014")));
    assert_int_equal(x.client_count, 2);
    assert_int_equal(x.clients[1].v, 7);
    assert_int_equal(x.created.ms, f->now.ms);
    assert_int_equal(x.expires.ms, f->now.ms + 5);
    assert_int_equal(x.revoked.ms, 0);
    assert_true(actor_by_id(t, n->actor.id, &f->arena, &x) && x.number == 1);
    assert_true(str_eq(actor_id(t, 1), n->actor.id));
    digest.b[31] ^= 1;
    assert_false(actor_by_token(t, &digest, &f->arena, &x));
    assert_false(actor_by_id(t, S("gateway-aaaaaaaaaa"), &f->arena, &x));
    assert_false(actor_get(t, 2, &f->arena, &x));
    assert_int_equal(actor_id(t, 0).n, 0);
    fixture_read_end(t);
}

static void a_token_that_was_drawn_before_is_refused(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = f->random;

    token_made(f, ROLE_QA, (wall){0});
    f->random = seed;
    struct token_new *again = token_wish(f, ROLE_QA);
    assert_int_equal(fixture_run(f, &kind_token_created, again, NULL).cls, ST_BUSY);
}

static void ending_a_token_twice_is_one_fact(void **state)
{
    struct fixture *f = *state;
    struct token_new *n = token_made(f, ROLE_LINE, (wall){0});
    struct ask first, again;
    struct actor x;

    f->now.ms += 1000;
    assert_int_equal(token_end(f, n->actor.number, &first).cls, ST_OK);
    assert_int_equal(token_end(f, n->actor.number, &again).cls, ST_OK);
    assert_false(first.repeat);
    assert_true(again.repeat && again.fact.seq == first.fact.seq);
    assert_int_equal(token_end(f, 99, NULL).cls, ST_NOT_FOUND);
    struct txn *t = fixture_read(f);
    assert_true(actor_get(t, n->actor.number, &f->arena, &x));
    assert_int_equal(x.revoked.ms, f->now.ms);
    fixture_read_end(t);
}

static void the_last_administrator_stays(void **state)
{
    struct fixture *f = *state;
    struct token_new *one = token_made(f, ROLE_ADMIN, (wall){0});
    struct token_new *soon = token_made(f, ROLE_ADMIN, (wall){f->now.ms + 10});
    struct ask a;

    token_made(f, ROLE_OPERATOR, (wall){0});
    f->now.ms += 10; // the second has expired
    assert_int_equal(token_end(f, one->actor.number, &a).cls, ST_CONFLICT);
    assert_string_equal(a.result.reason, "token.last_admin");
    assert_int_equal(token_end(f, soon->actor.number, NULL).cls, ST_OK);
    token_made(f, ROLE_ADMIN, (wall){0});
    assert_int_equal(token_end(f, one->actor.number, NULL).cls, ST_OK);
}

// ---- who is let in

static struct http_req *request(struct fixture *f, const char *authorization)
{
    struct http_req *r = NEW(&f->arena, struct http_req);
    struct http_header *h = NEW(&f->arena, struct http_header);

    *h = (struct http_header){S("authorization"), str_of(authorization)};
    r->headers = h;
    r->header_count = authorization == NULL ? 0 : 1;
    r->app = &f->site;
    r->loop = f->loop;
    arena_init(&r->arena, 1 * MB);
    return r;
}

static const char *let_in(struct fixture *f, const char *authorization, const char *roles)
{
    struct http_req *r = request(f, authorization);
    status st = access_check(r, roles);

    if (st.cls == ST_OK && *roles != 0) assert_int_equal(caller_of(r)->magic, CALLER_MAGIC);
    if (*roles == 0) assert_null(r->caller);
    arena_fini(&r->arena);
    return st.cls == ST_OK ? "" : st.reason;
}

static const char *bearer(struct fixture *f, const struct token_new *n)
{
    char *z = NEW_ARRAY(&f->arena, char, 100);

    snprintf(z, 100, "Bearer %.*s", (int)TOKEN_LEN, n->text);
    return z;
}

static void every_role_is_let_in_where_it_is_named_and_nowhere_else(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        const char *word = role_word((enum role)i);
        const char *header = bearer(f, token_made(f, (enum role)i, (wall){0}));
        char others[200] = "", all[256];
        for (unsigned k = 0; k < ROLE_COUNT; k++)
            if (k != i) {
                size_t n = strlen(others);
                snprintf(others + n, sizeof others - n, "%s%s", n ? " " : "",
                         role_word((enum role)k));
            }
        snprintf(all, sizeof all, "%s %s", others, word);
        assert_string_equal(let_in(f, header, word), "");
        assert_string_equal(let_in(f, header, all), "");
        assert_string_equal(let_in(f, header, "*"), "");
        assert_string_equal(let_in(f, header, ""), "");
        assert_string_equal(let_in(f, header, others), "access.role");
    }
}

static void headers_that_say_nobody_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *header, *code;
    } rows[] = {
        {NULL,             "access.missing"},
        {"",               "access.missing"},
        {"Bearer",         "access.form"   },
        {"Token x",        "access.form"   },
        {"Bearer x",       "token.unknown" },
        {"Bearer ",        "token.unknown" },
        {"Basic ",         "access.form"   },
        {"Basic abc",      "access.form"   },
        {"Basic ====",     "access.form"   },
        {"Basic !!!!",     "access.form"   },
        {"Basic YWJj",     "access.form"   }, // abc
        {"Basic YTpi",     "token.unknown" }, // a:b
        {"Basic Og==",     "token.unknown" }, // :
        {"Basic YTpiYg==", "token.unknown" }, // a:bb
    };

    for (size_t i = 0; i < LEN(rows); i++)
        assert_string_equal(let_in(f, rows[i].header, "*"), rows[i].code);
}

static void a_token_is_refused_from_its_end_on(void **state)
{
    struct fixture *f = *state;
    struct token_new *ends = token_made(f, ROLE_QA, (wall){f->now.ms + 100});
    struct token_new *revoked = token_made(f, ROLE_QA, (wall){0});

    f->now.ms += 99;
    assert_string_equal(let_in(f, bearer(f, ends), "qa"), "");
    f->now.ms += 1;
    assert_string_equal(let_in(f, bearer(f, ends), "qa"), "token.expired");
    assert_string_equal(let_in(f, bearer(f, revoked), "qa"), "");
    (void)token_made(f, ROLE_QA, (wall){0}); // a record of later
    f->now.ms -= 50;
    assert_string_equal(let_in(f, bearer(f, ends), "qa"), "token.expired");
    f->now.ms += 50;
    assert_int_equal(token_end(f, revoked->actor.number, NULL).cls, ST_OK);
    assert_string_equal(let_in(f, bearer(f, revoked), "qa"), "token.revoked");
    fixture_reopen(f);
    assert_string_equal(let_in(f, bearer(f, revoked), "qa"), "token.revoked");
}

// ---- certificates

static const struct http_certificate *shown(struct fixture *f, uint8_t print, const char *subject)
{
    struct http_certificate *c = NEW(&f->arena, struct http_certificate);

    memset(c->fingerprint, print, sizeof c->fingerprint);
    c->subject = str_of(subject);
    c->until = (wall){f->now.ms + 1000000};
    return c;
}

static struct certificate_wish *certificate_wish(struct fixture *f, const char *name,
                                                 enum role role)
{
    struct certificate_wish *w = NEW(&f->arena, struct certificate_wish);

    w->name = str_of(name);
    w->actor.role = role;
    return w;
}

static status by_print(struct fixture *f, const char *name, uint8_t print, enum role role)
{
    struct certificate_wish *w = certificate_wish(f, name, role);
    char *bytes = NEW_ARRAY(&f->arena, char, 32);

    memset(bytes, print, 32);
    w->sort = CERTIFICATE_FINGERPRINT;
    w->what = (str){bytes, 32};
    return fixture_run(f, &kind_certificate_put, w, NULL);
}

static status by_subject(struct fixture *f, const char *name, const char *subject, enum role role)
{
    struct certificate_wish *w = certificate_wish(f, name, role);

    w->sort = CERTIFICATE_SUBJECT;
    w->what = str_of(subject);
    return fixture_run(f, &kind_certificate_put, w, NULL);
}

static status certificate_end(struct fixture *f, const char *name)
{
    struct certificate_end e = {.name = str_of(name)};
    return fixture_run(f, &kind_certificate_ended, &e, NULL);
}

// Whom this one is let in as, or the code.
static const char *comes_as(struct fixture *f, const struct http_certificate *c, const char *header)
{
    struct http_req *r = request(f, header);

    r->certificate = c;
    status st = access_check(r, "*");
    str id = st.cls == ST_OK ? arena_str(&f->arena, caller_of(r)->id) : str_of(st.reason);
    arena_fini(&r->arena);
    return str_z(&f->arena, id);
}

// A request that was let in, and goes on and on.
static struct http_req *goes_on(struct fixture *f, const struct http_certificate *c,
                                const char *header, const char *roles)
{
    struct http_route *route = NEW(&f->arena, struct http_route);
    struct http_req *r = request(f, header);

    route->roles = roles;
    r->route = route;
    r->certificate = c;
    assert_int_equal(access_check(r, roles).cls, ST_OK);
    return r;
}

static bool still(struct fixture *f, struct http_req *r, uint32_t client)
{
    struct txn *t = api_snapshot(r);
    bool may = access_still(r, t, (client_id){client}, &f->arena);

    assert_int_equal(api_snapshot_end(r, OK).cls, ST_OK);
    return may;
}

static void who_goes_on_is_who_would_be_let_in_anew(void **state)
{
    struct fixture *f = *state;
    struct http_req *r[4];

    by_print(f, "one", 1, ROLE_QA);
    by_print(f, "two", 2, ROLE_QA);
    by_print(f, "three", 3, ROLE_QA);
    for (uint8_t i = 0; i < 3; i++) r[i] = goes_on(f, shown(f, (uint8_t)(i + 1), ""), NULL, "qa");
    struct token_new *n = token_made(f, ROLE_QA, (wall){f->now.ms + 10});
    r[3] = goes_on(f, NULL, bearer(f, n), "qa");
    for (int i = 0; i < 4; i++) assert_true(still(f, r[i], 1));
    by_print(f, "one", 4, ROLE_QA);      // renewed: the one that was shown stands for nobody
    by_print(f, "two", 2, ROLE_AUDITOR); // the same, for another role
    certificate_end(f, "three");
    by_print(f, "four", 3, ROLE_QA); // the same, for another caller
    f->now.ms += 10;                 // the token has expired
    for (int i = 0; i < 4; i++) {
        assert_false(still(f, r[i], 1));
        arena_fini(&r[i]->arena);
    }
}

static void a_certificate_is_known_by_its_print_before_its_subject(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(comes_as(f, shown(f, 1, "CN=a"), NULL), "certificate.unknown");
    assert_int_equal(by_subject(f, "any", "CN=a", ROLE_QA).cls, ST_OK);
    assert_string_equal(comes_as(f, shown(f, 1, "CN=a"), NULL), "certificate:any");
    assert_int_equal(by_print(f, "one", 1, ROLE_OPERATOR).cls, ST_OK);
    assert_string_equal(comes_as(f, shown(f, 1, "CN=a"), NULL), "certificate:one");
    assert_string_equal(comes_as(f, shown(f, 2, "CN=a"), NULL), "certificate:any");
    assert_string_equal(comes_as(f, shown(f, 2, "CN=A"), NULL), "certificate.unknown");
    assert_string_equal(comes_as(f, shown(f, 2, ""), NULL), "certificate.unknown");
    fixture_reopen(f);
    assert_string_equal(comes_as(f, shown(f, 1, "CN=a"), NULL), "certificate:one");
    fixture_verify(f);
}

static void a_name_is_one_actor_and_an_old_certificate_is_nobodys(void **state)
{
    struct fixture *f = *state;
    struct certificate c;
    uint32_t actor = 0;

    for (uint8_t i = 1; i < 5; i++) {
        assert_int_equal(by_print(f, "press", i, ROLE_OPERATOR).cls, ST_OK);
        struct txn *t = fixture_read(f);
        assert_true(certificate_get(t, S("press"), &c));
        if (i == 1) actor = c.actor;
        assert_int_equal(c.actor, actor);
        fixture_read_end(t);
        for (uint8_t k = 1; k < 5; k++)
            assert_string_equal(comes_as(f, shown(f, k, ""), NULL),
                                k == i ? "certificate:press" : "certificate.unknown");
    }
    struct token_new *next = token_made(f, ROLE_QA, (wall){0});
    assert_int_equal(next->actor.number, actor + 1);
    fixture_verify(f);
}

static void an_ended_certificate_is_refused_and_may_become_anothers(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(by_print(f, "a", 1, ROLE_QA).cls, ST_OK);
    assert_string_equal(by_print(f, "b", 1, ROLE_QA).reason, "certificate.taken");
    assert_int_equal(certificate_end(f, "a").cls, ST_OK);
    assert_int_equal(certificate_end(f, "a").cls, ST_OK);
    assert_string_equal(certificate_end(f, "c").reason, "certificate.none");
    assert_string_equal(comes_as(f, shown(f, 1, ""), NULL), "certificate.revoked");
    const char *header = bearer(f, token_made(f, ROLE_QA, (wall){0}));
    assert_string_equal(comes_as(f, shown(f, 1, ""), header), "certificate.revoked");
    assert_int_equal(by_print(f, "b", 1, ROLE_QA).cls, ST_OK);
    assert_string_equal(comes_as(f, shown(f, 1, ""), NULL), "certificate:b");
    // What a had is no longer its own: putting another leaves b's alone.
    assert_int_equal(by_print(f, "a", 2, ROLE_QA).cls, ST_OK);
    assert_string_equal(comes_as(f, shown(f, 1, ""), NULL), "certificate:b");
    assert_string_equal(comes_as(f, shown(f, 2, ""), NULL), "certificate:a");
    fixture_verify(f);
}

static void a_certificate_that_has_expired_is_refused_on_an_old_connection(void **state)
{
    struct fixture *f = *state;
    const struct http_certificate *c = shown(f, 1, "");

    assert_int_equal(by_print(f, "a", 1, ROLE_QA).cls, ST_OK);
    f->now = c->until;
    assert_string_equal(comes_as(f, c, NULL), "certificate:a");
    f->now.ms++;
    assert_string_equal(comes_as(f, c, NULL), "certificate.expired");
}

static void token_and_certificate_are_one_caller(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum role token, certificate;
        bool same;
    } rows[] = {
        {ROLE_QA,       ROLE_QA,       true },
        {ROLE_QA,       ROLE_OPERATOR, false},
        {ROLE_ADMIN,    ROLE_QA,       false},
        {ROLE_OPERATOR, ROLE_OPERATOR, true },
    };

    for (uint8_t i = 0; i < LEN(rows); i++) {
        struct token_new *n = token_made(f, rows[i].token, (wall){0});
        const char *id = str_z(&f->arena, n->actor.id);
        assert_int_equal(by_print(f, "c", i, rows[i].certificate).cls, ST_OK);
        const char *as = comes_as(f, shown(f, i, ""), bearer(f, n));
        assert_string_equal(as, rows[i].same ? id : "access.two");
        assert_string_equal(comes_as(f, shown(f, 99, ""), bearer(f, n)), id); // it is nobody's
        assert_string_equal(comes_as(f, shown(f, i, ""), "Bearer x"), "token.unknown");
    }
}

static void a_certificate_is_no_token(void **state)
{
    struct fixture *f = *state;
    struct certificate c;
    struct actor x;

    assert_int_equal(by_print(f, "a", 1, ROLE_ADMIN).cls, ST_OK);
    struct token_new *last = token_made(f, ROLE_ADMIN, (wall){0});
    struct txn *t = fixture_read(f);
    assert_true(certificate_get(t, S("a"), &c) && actor_get(t, c.actor, &f->arena, &x));
    assert_false(actor_has_token(&x));
    struct sha256 none = {{0}};
    assert_false(actor_by_token(t, &none, &f->arena, &x));
    fixture_read_end(t);
    assert_string_equal(token_end(f, c.actor, NULL).reason, "token.unknown");
    assert_string_equal(token_end(f, last->actor.number, NULL).reason, "token.last_admin");
}

// ---- doors

static void every_role_has_one_door_and_every_route_of_it(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        const char *word = role_word((enum role)i);
        const char *header = bearer(f, token_made(f, (enum role)i, (wall){0}));
        unsigned own = 0;
        for (unsigned d = 0; door_words[d] != NULL; d++) {
            const struct door_purpose *p = door_purpose(d);
            struct http_req *r = request(f, header);
            const struct http_route route = {.path = "/x", .roles = word};
            r->door = p;
            status st = access_check(r, "*");
            arena_fini(&r->arena);
            assert_string_equal(st.cls == ST_OK ? "" : st.reason,
                                st.cls == ST_OK ? "" : "access.door");
            if (p == NULL) assert_int_equal(st.cls, ST_OK);
            if (p == NULL) continue;
            assert_int_equal(door_offers(p, &route), st.cls == ST_OK);
            own += st.cls == ST_OK;
        }
        assert_int_equal(own, 1);
    }
}

static void what_anybody_may_ask_is_for_people_but_for_probes(void **state)
{
    static const struct {
        const char *path, *roles;
        bool lines, partners, people;
    } rows[] = {
        {"/healthz", "",                true,  true,  true },
        {"/readyz",  "",                true,  true,  true },
        {"/metrics", "",                false, false, true },
        {"/me",      "*",               true,  true,  true },
        {"/x",       "line operator",   true,  false, true },
        {"/x",       "operator line",   true,  false, true },
        {"/x",       "qa client",       false, true,  true },
        {"/x",       "distributor",     false, true,  false},
        {"/x",       "liner operators", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct http_route r = {.path = rows[i].path, .roles = rows[i].roles};
        assert_int_equal(door_offers(door_purpose(1), &r), rows[i].lines);
        assert_int_equal(door_offers(door_purpose(2), &r), rows[i].partners);
        assert_int_equal(door_offers(door_purpose(3), &r), rows[i].people);
    }
}

// ---- rates

static const char *asks(struct fixture *f, const char *header, const char *peer, const char *roles)
{
    struct http_req *r = request(f, header);

    r->peer = str_of(peer);
    status st = access_check(r, roles);
    arena_fini(&r->arena);
    return st.cls == ST_OK ? "" : st.reason;
}

static void who_asks_too_often_waits_alone(void **state)
{
    struct fixture *f = *state;
    struct limit_conf conf = {
        {1, 3},
        {1, 2},
        {1, 1}
    };
    const char *one = bearer(f, token_made(f, ROLE_QA, (wall){0}));
    const char *two = bearer(f, token_made(f, ROLE_QA, (wall){0}));

    limit_start(&f->site, &conf);
    for (int i = 0; i < 4; i++)
        assert_string_equal(asks(f, one, "10.0.0.1:1", "*"), i < 3 ? "" : "rate.requests");
    assert_string_equal(asks(f, two, "10.0.0.1:1", "*"), "");
    // An address is asked as little by ports, and an IPv6 one by its first half.
    for (int i = 0; i < 4; i++) {
        char four[32], six[64];
        snprintf(four, sizeof four, "10.0.0.1:%d", i + 1);
        snprintf(six, sizeof six, "[2001:db8::%d]:%d", i + 1, i + 1);
        assert_string_equal(asks(f, NULL, four, ""), i < 3 ? "" : "rate.requests");
        assert_string_equal(asks(f, NULL, six, ""), i < 3 ? "" : "rate.requests");
        assert_string_equal(asks(f, "Bearer x", four, "*"),
                            i < 2 ? "token.unknown" : "rate.refused");
        assert_string_equal(asks(f, NULL, six, "*"), i < 2 ? "access.missing" : "rate.refused");
    }
    assert_string_equal(asks(f, NULL, "10.0.0.2:1", ""), "");
    assert_string_equal(asks(f, NULL, "[2001:db8:0:1::1]:1", ""), "");
    assert_string_equal(asks(f, two, "10.0.0.1:1", "*"), ""); // a right token passes
    limit_stop(&f->site);
}

// ---- which client is meant

static const char *client_meant(struct fixture *f, uint32_t count, const char *name, uint32_t *out)
{
    static const client_id clients[] = {{1}, {2}};
    struct caller c = {.magic = CALLER_MAGIC, .clients = clients, .client_count = count};
    struct http_req *r = request(f, name);
    client_id found = {99};

    ((struct http_header *)(uintptr_t)r->headers)->name = S("Packtrail-Client");
    r->caller = &c;
    struct txn *t = api_snapshot(r);
    status st = access_client(r, t, &found);
    assert_int_equal(api_snapshot_end(r, OK).cls, ST_OK);
    arena_fini(&r->arena);
    *out = found.v;
    return st.cls == ST_OK ? "" : st.reason;
}

static void a_caller_of_several_clients_names_one(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t count; // of the caller's clients: 0 is the whole site
        const char *name, *code;
        uint32_t client;
    } rows[] = {
        {0, NULL,    "",                 0 },
        {0, "other", "",                 2 },
        {0, "third", "client.unknown",   99},
        {1, NULL,    "",                 1 },
        {1, "acme",  "",                 1 },
        {1, "other", "client.unknown",   99}, // another's: it is not told that there is one
        {2, NULL,    "client.ambiguous", 99},
        {2, "other", "",                 2 },
    };
    uint32_t client;

    catalog_two_clients(f);
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_string_equal(client_meant(f, rows[i].count, rows[i].name, &client), rows[i].code);
        assert_int_equal(client, rows[i].client);
    }
}

// ---- store trouble

// Every call to the store fails once: nothing is half there, and nobody is let in by accident.
static void a_store_that_fails_lets_nobody_in(void **state)
{
    struct fixture *f = *state;
    const char *header = bearer(f, token_made(f, ROLE_QA, (wall){0}));
    int n;

    for (n = 1; n < 50; n++) {
        db_fault = (struct db_fault){.nth = n};
        const char *code = let_in(f, header, "qa");
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        assert_string_equal(code, hit ? "store.read" : "");
        if (!hit) break;
    }
    assert_in_range(n, 3, 20);
}

static void a_token_is_made_or_ended_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct token_new *other = token_made(f, ROLE_QA, (wall){0});
    unsigned failures = 0;

    for (int n = 1; n < 200; n++) {
        struct token_new *wish = token_wish(f, ROLE_QA);
        struct actor x;
        db_fault = (struct db_fault){.nth = n};
        status made = fixture_run(f, &kind_token_created, wish, NULL);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        struct txn *t = fixture_read(f);
        assert_int_equal(actor_by_id(t, wish->actor.id, &f->arena, &x), made.cls == ST_OK);
        fixture_read_end(t);
        failures += hit;
        if (!hit) break;
    }
    assert_in_range(failures, 10, 100);
    for (int n = 1; n < 200; n++) {
        struct actor x;
        db_fault = (struct db_fault){.nth = n};
        status ended = token_end(f, other->actor.number, NULL);
        bool hit = db_fault.hit > 0;
        db_fault = (struct db_fault){0};
        struct txn *t = fixture_read(f);
        assert_true(actor_get(t, other->actor.number, &f->arena, &x));
        fixture_read_end(t);
        assert_int_equal(x.revoked.ms != 0, ended.cls == ST_OK);
        if (!hit) break;
    }
}

#define ACCESS_TEST(name) cmocka_unit_test_setup_teardown(name, site_open, catalog_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(a_token_is_found_by_its_text_and_its_id),
        ACCESS_TEST(a_token_that_was_drawn_before_is_refused),
        ACCESS_TEST(ending_a_token_twice_is_one_fact),
        ACCESS_TEST(the_last_administrator_stays),
        ACCESS_TEST(every_role_is_let_in_where_it_is_named_and_nowhere_else),
        ACCESS_TEST(headers_that_say_nobody_are_refused),
        ACCESS_TEST(a_token_is_refused_from_its_end_on),
        ACCESS_TEST(who_goes_on_is_who_would_be_let_in_anew),
        ACCESS_TEST(a_certificate_is_known_by_its_print_before_its_subject),
        ACCESS_TEST(a_name_is_one_actor_and_an_old_certificate_is_nobodys),
        ACCESS_TEST(an_ended_certificate_is_refused_and_may_become_anothers),
        ACCESS_TEST(a_certificate_that_has_expired_is_refused_on_an_old_connection),
        ACCESS_TEST(token_and_certificate_are_one_caller),
        ACCESS_TEST(a_certificate_is_no_token),
        ACCESS_TEST(every_role_has_one_door_and_every_route_of_it),
        ACCESS_TEST(what_anybody_may_ask_is_for_people_but_for_probes),
        ACCESS_TEST(who_asks_too_often_waits_alone),
        ACCESS_TEST(a_caller_of_several_clients_names_one),
        ACCESS_TEST(a_store_that_fails_lets_nobody_in),
        ACCESS_TEST(a_token_is_made_or_ended_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
