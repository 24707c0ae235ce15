// subscribe.c - subscriptions by SOAP: the same ones as those of EPCIS 2.0, told in EPCIS 1.2,
// under the id that the subscriber chose.
#include "common/http_reach.h"
#include "service/api/opaque.h"
#include "service/exchange/subscription.h"
#include "service/soap/soap_int.h"
#include <string.h>

#define IDS_MAX (8 * MB)

static const enum role writers[] = {ROLE_GATEWAY, ROLE_CLIENT, ROLE_OPERATOR, ROLE_ADMIN};

static status may_write(struct http_req *r)
{
    for (size_t i = 0; i < LEN(writers); i++)
        if (caller_of(r)->role == writers[i]) return OK;
    return fail(ST_NOT_ALLOWED, "access.role", 0, "this role may not subscribe");
}

// ---- subscribe

// As the JSON of EPCIS 2.0 has it: a text in quotes. What has a sign that would end it is no field.
static status field_take(struct http_req *r, str text, str *out)
{
    struct buf b;

    if (text.n == 0) return OK; // an empty element is one that is not given
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '"' || text.p[i] == '\\' || (unsigned char)text.p[i] < ' ')
            return fail(ST_BAD_INPUT, "schedule.form", 0, "a schedule has texts such as 5,[10-20]");
    buf_init(&b, text.n + 2);
    buf_addc(&b, '"');
    buf_add(&b, text);
    buf_addc(&b, '"');
    *out = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return out->p != NULL ? OK : no_memory();
}

static status controls_take(struct http_req *r, const struct soap_call *c,
                            struct subscription_wish *w)
{
    if (c->has_schedule == c->has_trigger)
        return fail(ST_BAD_INPUT, "subscription.controls", 0,
                    "controls: either a schedule or a trigger");
    if (c->has_trigger)
        return fail(ST_BAD_INPUT, "subscription.trigger", 0,
                    "trigger: there are none here, a schedule is wanted");
    if (!c->has_report)
        return fail(ST_BAD_INPUT, "subscription.controls", 0, "reportIfEmpty: true or false");
    if ((w->schedule = NEW(&r->arena, struct subscription_schedule)) == NULL) return no_memory();
    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++)
        TRY(field_take(r, c->schedule.fields[i], &w->schedule->fields[i]));
    w->report_if_empty = c->report_if_empty;
    w->initial = c->initial;
    return subscription_check(w);
}

static status initial_take(struct subscription_new *n)
{
    struct moment at;

    n->has_initial = n->wish.initial.n > 0;
    if (!n->has_initial) return OK;
    if (when_read(n->wish.initial, &at).cls != ST_OK)
        return fail(ST_BAD_INPUT, "subscription.time", 0,
                    "initialRecordTime: a time with its zone");
    n->initial = at.at;
    return OK;
}

static status id_check(str id)
{
    bool wrong = id.n == 0 || id.n > SUBSCRIPTION_ID_MAX;

    for (size_t i = 0; i < id.n && !wrong; i++) wrong = (unsigned char)id.p[i] < ' ';
    if (!wrong) return OK;
    return fail(ST_BAD_INPUT, "subscription.id", 0, "subscriptionID: 1 to %u bytes of text",
                SUBSCRIPTION_ID_MAX);
}

static status dest_take(struct http_req *r, const struct soap_call *c, struct subscription_wish *w)
{
    w->dest = c->dest;
    TRY(subscription_dest_check(w->dest));
    if (!api_site(r)->limits.private_subscriptions && http_reach_is_private_url(w->dest))
        return fail(ST_BAD_INPUT, "subscription.dest", 0, "dest: this address is not public");
    return OK;
}

static status query_take(struct http_req *r, const struct soap_call *c, const struct stored *s,
                         struct subscription_new *n)
{
    struct query q;
    struct buf b;

    TRY(soap_query_read(r, c, s, &q));
    TRY(query_check_followed(&q));
    buf_init(&b, 512 * KB);
    for (uint32_t i = 0; i < c->param_count; i++)
        query_given_put(&b, c->params[i].name, &c->params[i].given);
    status st = b.failed ? no_memory() : OK;
    if (st.cls == ST_OK) n->params = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    if (st.cls == ST_OK && n->params.p == NULL) st = no_memory();
    return st;
}

static status wish_read(struct http_req *r, const struct soap_call *c, struct subscription_new *n)
{
    struct stored s;

    TRY(may_write(r));
    if (str_eq(c->query, S(SIMPLE_MASTER_DATA_QUERY)))
        return fail(ST_BAD_INPUT, "subscription.no_subscribe", 0,
                    "SimpleMasterDataQuery can be polled, not subscribed to");
    struct txn *t = api_snapshot(r);
    status st = query_client(r, t, &n->client);
    if (st.cls == ST_OK) st = stored_get(t, n->client, c->query, &r->arena, &s);
    TRY(api_snapshot_end(r, st));
    n->query = c->query;
    n->id = c->subscription;
    n->media = SUBSCRIPTION_XML_1_2;
    n->form = (struct rest_form){REST_EPCS_URN, REST_WORDS_URN};
    TRY(query_take(r, c, &s, n));
    TRY(dest_take(r, c, &n->wish));
    TRY(controls_take(r, c, &n->wish));
    TRY(initial_take(n));
    return id_check(n->id);
}

static void reply_empty(struct http_req *r, str result)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    struct xml_w w = soap_begin(&b, result);
    soap_reply(r, &w);
}

static void subscribed(struct http_req *r, const struct ask *a)
{
    (void)a;
    reply_empty(r, S("SubscribeResult"));
}

void soap_subscribe(struct http_req *r, const struct soap_call *c)
{
    struct subscription_new *n = NEW(&r->arena, struct subscription_new);
    status st = n == NULL ? no_memory() : wish_read(r, c, n);

    if (st.cls == ST_OK)
        api_command(r, &kind_subscription_made, n, subscribed);
    else
        soap_refuse(r, c, st);
}

// ---- unsubscribe

static status find(struct http_req *r, struct txn *t, str id, uint32_t *number)
{
    struct subscription_row row;
    client_id client;
    uint64_t n;

    TRY(may_write(r));
    TRY(query_client(r, t, &client));
    *number = subscription_named(t, client, id);
    if (*number != 0) return OK;
    if (opaque_get(api_site(r)->opaque_key, OPAQUE_SUBSCRIPTION, id, &n) && n <= UINT32_MAX &&
        subscription_row_get(t, (uint32_t)n, &row) && row.client.v == client.v)
        return *number = (uint32_t)n, OK;
    return fail(ST_NOT_FOUND, "subscription.unknown", 0, "there is no such subscription here");
}

static void unsubscribed(struct http_req *r, const struct ask *a)
{
    (void)a;
    reply_empty(r, S("UnsubscribeResult"));
}

void soap_unsubscribe(struct http_req *r, const struct soap_call *c)
{
    struct subscription_over *o = NEW(&r->arena, struct subscription_over);
    status st = no_memory();

    if (o != NULL) {
        o->why = SUBSCRIPTION_DELETED;
        st = find(r, api_snapshot(r), c->subscription, &o->number);
        st = api_snapshot_end(r, st);
    }
    if (st.cls == ST_OK)
        api_command(r, &kind_subscription_ended, o, unsubscribed);
    else
        soap_refuse(r, c, st);
}

// ---- getSubscriptionIDs

static status id_write(struct http_req *r, struct txn *t, uint32_t number, struct xml_w *w)
{
    struct subscription_row row;
    struct subscription s;
    struct fact f;
    struct buf b;

    if (!subscription_row_get(t, number, &row)) return OK;
    TRY(journal_get(t, row.seq, &r->arena, &f));
    TRY(subscription_of_fact(&f, &r->arena, &s));
    if (s.id.n > 0) return xml_leaf(w, S("string"), s.id), OK;
    buf_init(&b, 64);
    opaque_put(api_site(r)->opaque_key, OPAQUE_SUBSCRIPTION, number, &b);
    xml_leaf(w, S("string"), buf_str(&b));
    buf_fini(&b);
    return OK;
}

static status ids_write(struct http_req *r, struct txn *t, const struct soap_call *c,
                        struct xml_w *w)
{
    struct asked_query q;
    client_id client;

    TRY(query_client(r, t, &client));
    if (str_eq(c->query, S(SIMPLE_MASTER_DATA_QUERY))) return OK; // nobody can subscribe
    if (!asking_find(t, client, c->query, &q))
        return fail(ST_NOT_FOUND, "query.no_such", 0, "there is no such query here");
    uint32_t number = subscription_of_query(t, client, q.made, 0);
    for (; number != 0; number = subscription_of_query(t, client, q.made, number + 1))
        TRY(id_write(r, t, number, w));
    return txn_status(t);
}

void soap_subscription_ids(struct http_req *r, const struct soap_call *c)
{
    struct buf b;

    buf_init(&b, IDS_MAX);
    struct xml_w w = soap_begin(&b, S("GetSubscriptionIDsResult"));
    status st = ids_write(r, api_snapshot(r), c, &w);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        soap_reply(r, &w);
        return;
    }
    buf_fini(&b);
    soap_refuse(r, c, st);
}
