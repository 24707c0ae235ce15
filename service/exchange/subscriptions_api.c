// subscriptions_api.c - POST and GET of a query's subscriptions, GET and DELETE of one.
#include "common/http_reach.h"
#include "service/access/access.h"
#include "service/api/opaque.h"
#include "service/exchange/delivery_db.h"
#include "service/exchange/exchange.h"
#include "service/exchange/subscription.h"
#include "service/query/page.h"

#define BASE REST_ROOT "/queries/{query}/subscriptions"

// ---- whose they are

// The one client that a subscription can belong to.
static status client_find(struct http_req *r, struct txn *t, client_id *out)
{
    TRY(access_client(r, t, out));
    if (out->v != 0) return OK;
    return fail(ST_UNPROCESSABLE, "client.ambiguous", 0,
                "Packtrail-Client: say whose query it is, this token is for the whole site");
}

static status query_find(struct http_req *r, struct txn *t, client_id *client,
                         struct asked_query *out)
{
    TRY(client_find(r, t, client));
    if (asking_find(t, *client, r->param[0], out)) return OK;
    return fail(ST_NOT_FOUND, "query.no_such", 0, "there is no such query here");
}

static status one_find(struct http_req *r, struct txn *t, uint32_t *number,
                       struct subscription_row *row)
{
    struct asked_query q;
    client_id client;
    uint64_t n;

    TRY(query_find(r, t, &client, &q));
    if (opaque_get(api_site(r)->opaque_key, OPAQUE_SUBSCRIPTION, r->param[1], &n) &&
        n <= UINT32_MAX && subscription_row_get(t, (uint32_t)n, row) && row->client.v == client.v &&
        row->query == q.made) {
        *number = (uint32_t)n;
        return OK;
    }
    return fail(ST_NOT_FOUND, "subscription.unknown", 0, "there is no such subscription here");
}

// ---- as callers see it

static void write_schedule(struct json_w *w, const struct subscription_schedule *s)
{
    str fields[SCHEDULE_FIELDS];

    subscription_fields(s, fields);
    json_w_key(w, S("schedule"));
    json_w_object(w);
    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++)
        if (fields[i].n > 0) json_w_kstr(w, schedule_names[i], fields[i]);
    json_w_end(w);
}

// What may change is `row`'s and `least`: the earliest time that what is still to be told can have.
// The secret is shown to nobody, not even that there is one.
static void write_one(struct http_req *r, struct json_w *w, const struct subscription *s,
                      wall notified, wall least)
{
    struct buf b;

    buf_init(&b, 64);
    opaque_put(api_site(r)->opaque_key, OPAQUE_SUBSCRIPTION, s->number, &b);
    json_w_object(w);
    json_w_kstr(w, "subscriptionID", buf_str(&b));
    buf_fini(&b);
    json_w_kstr(w, "dest", s->wish.dest);
    json_w_kwall(w, "createdAt", s->made);
    if (notified.ms != 0) json_w_kwall(w, "lastNotifiedAt", notified);
    json_w_kwall(w, "initialRecordTime", s->initial);
    json_w_kwall(w, "minRecordTime", least);
    json_w_kstr(w, "epcFormat", str_of(rest_epcs_word(s->form.epcs)));
    json_w_kstr(w, "cbvXmlFormat", str_of(rest_words_word(s->form.words)));
    if (s->wish.schedule != NULL)
        write_schedule(w, s->wish.schedule);
    else
        json_w_kbool(w, "stream", true);
    json_w_kbool(w, "reportIfEmpty", s->wish.report_if_empty);
    json_w_end(w);
}

static status read_one(struct http_req *r, struct txn *t, uint32_t number,
                       const struct subscription_row *row, struct json_w *w)
{
    struct partner_row told;
    struct subscription s;
    struct fact f, last;
    wall least;

    TRY(journal_get(t, row->seq, &r->arena, &f));
    TRY(subscription_of_fact(&f, &r->arena, &s));
    least = s.initial;
    if (partner_row_get(t, SUBSCRIBER | number, &told) && told.position > s.position) {
        TRY(journal_get_header(t, told.position, &last));
        least = last.at;
    }
    write_one(r, w, &s, row->notified, least);
    return OK;
}

// ---- POST

static void made(struct http_req *r, const struct ask *a)
{
    struct subscription s;
    struct buf b, base;

    status st = subscription_of_fact(&a->fact, &r->arena, &s);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 64 * KB);
    buf_init(&base, 64);
    opaque_put(api_site(r)->opaque_key, OPAQUE_SUBSCRIPTION, s.number, &base);
    str place = arena_str(&r->arena, buf_str(&base));
    buf_fini(&base);
    struct json_w w = json_writer(&b);
    write_one(r, &w, &s, (wall){0}, s.initial);
    rest_location(r, str_z(&r->arena, r->path), place);
    api_reply(r, 201, &b);
}

static status wish_read(struct http_req *r, struct subscription_new *n)
{
    struct moment initial;
    enum rest_media media;
    struct rest_accepted to;

    TRY(rest_accept(r, REST_ONLY_JSON, &to));
    TRY(rest_body_media(r, r->body, &media));
    if (media != REST_JSON)
        return fail(ST_MEDIA_TYPE, "body.type", 0, "Content-Type: a subscription is JSON");
    TRY(form_parse(&subscription_form, r->body, &r->arena, &n->wish));
    TRY(subscription_check(&n->wish));
    if (!api_site(r)->limits.private_subscriptions && http_reach_is_private_url(n->wish.dest))
        return fail(ST_BAD_INPUT, "subscription.dest", 0, "dest: this address is not public");
    n->has_initial = n->wish.initial.n > 0;
    if (n->has_initial) {
        TRY(when_read(n->wish.initial, &initial));
        n->initial = initial.at;
    }
    TRY(rest_form(r, &n->form));
    return subscription_seal(api_site(r), &r->arena, &n->wish);
}

static void subscribe(struct http_req *r)
{
    struct subscription_new *n = NEW(&r->arena, struct subscription_new);
    struct asking *asking;
    struct asked_query q;

    assert(n != NULL); // the arena is new
    n->query = r->param[0];
    api_answers(r, made);
    struct txn *t = api_snapshot(r);
    status st = query_find(r, t, &n->client, &q);
    if (st.cls == ST_OK) st = asking_open(t, n->client, &q, &r->arena, &asking);
    if (st.cls == ST_OK) st = asking_check(asking);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) st = wish_read(r, n);
    if (st.cls == ST_OK)
        api_command(r, &kind_subscription_made, n, made);
    else
        api_fail(r, st);
}

// ---- GET

struct listing {
    struct rest_page page;
    struct page_of of;
    uint64_t from;
    uint32_t next; // 0: this is the last page
};

// A token is good for a list of the same query alone.
static status list_from(struct http_req *r, struct listing *l, client_id client,
                        const struct asked_query *q)
{
    uint8_t made[8];

    put_be(made, q->made, 8);
    l->of =
        (struct page_of){digest16_of((str){(const char *)made, sizeof made}, S("subscriptions of")),
                         client, caller_of(r)->actor};
    if (l->page.token.n == 0) return OK;
    return page_number_get(api_site(r), &l->of, l->page.token, &r->arena, &l->from);
}

static status write_list(struct http_req *r, struct txn *t, struct listing *l, struct json_w *w)
{
    struct subscription_row row;
    struct asked_query q;
    client_id client;
    uint32_t number = 0, n = 0;

    TRY(query_find(r, t, &client, &q));
    TRY(list_from(r, l, client, &q));
    number = subscription_of_query(t, client, q.made, (uint32_t)l->from);
    json_w_array(w);
    for (; number != 0 && n < l->page.per_page; n++) {
        if (subscription_row_get(t, number, &row)) TRY(read_one(r, t, number, &row, w));
        number = subscription_of_query(t, client, q.made, number + 1);
    }
    json_w_end(w);
    l->next = number;
    return OK;
}

static void subscriptions_list(struct http_req *r)
{
    struct listing l = {.from = 0};
    struct rest_accepted to;
    struct buf b, token;

    status st = rest_accept(r, REST_ONLY_JSON, &to);
    if (st.cls == ST_OK) st = rest_page(r, &l.page);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    st = write_list(r, api_snapshot(r), &l, &w);
    st = api_snapshot_end(r, st);
    if (st.cls != ST_OK) {
        buf_fini(&b);
        http_problem(r, st, S(""));
        return;
    }
    if (l.next != 0) {
        const struct site *s = api_site(r);
        wall expires = {env_wall(s->env).ms + REST_TOKEN_MS};
        buf_init(&token, KB);
        page_number_put(s, &l.of, expires, l.next, &token);
        rest_next(r, buf_str(&token), expires);
        buf_fini(&token);
    }
    http_reply_buf(r, 200, to.type, &b);
}

static void subscription_show(struct http_req *r)
{
    struct subscription_row row;
    struct rest_accepted to;
    uint32_t number;
    struct buf b;

    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    status st = rest_accept(r, REST_ONLY_JSON, &to);
    if (st.cls == ST_OK) {
        struct txn *t = api_snapshot(r);
        st = one_find(r, t, &number, &row);
        if (st.cls == ST_OK) st = read_one(r, t, number, &row, &w);
        st = api_snapshot_end(r, st);
    }
    if (st.cls == ST_OK) {
        http_reply_buf(r, 200, to.type, &b);
        return;
    }
    buf_fini(&b);
    http_problem(r, st, S(""));
}

// ---- DELETE

static void unsubscribe(struct http_req *r)
{
    struct subscription_over *o = NEW(&r->arena, struct subscription_over);
    struct subscription_row row;

    assert(o != NULL); // the arena is new
    *o = (struct subscription_over){
        .why = SUBSCRIPTION_DELETED, .reason = {"", 0}
    };
    api_answers(r, api_render_nothing);
    status st = one_find(r, api_snapshot(r), &o->number, &row);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) st = api_reason_take(r, &o->reason);
    if (st.cls == ST_OK)
        api_command(r, &kind_subscription_ended, o, api_render_nothing);
    else
        api_fail(r, st);
}

#define READERS "gateway client operator qa auditor admin"
#define WRITERS "gateway client operator admin"

// clang-format off
const struct http_route subscriptions_routes[] = {
    {.method = HTTP_GET, .path = BASE, .roles = READERS, .run = subscriptions_list,
     .query = "perPage nextPageToken"},
    {.method = HTTP_POST, .path = BASE, .roles = WRITERS, .body_max = 16 * KB, .run = subscribe,
     .query = ""},
    {.method = HTTP_GET, .path = BASE "/{subscription}", .roles = READERS,
     .run = subscription_show, .query = ""},
    {.method = HTTP_DELETE, .path = BASE "/{subscription}", .roles = WRITERS, .run = unsubscribe,
     .query = ""},
    {0},
};
// clang-format on
