// subscription_follower.c - a subscription as one who is told: by its query, in documents that name
// query and subscription, signed with the subscriber's own secret.
#include "service/api/opaque.h"
#include "service/exchange/calling.h"
#include "service/exchange/follower.h"
#include "service/exchange/order.h"
#include "service/query/query.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define ID_MAX 64u

static uint32_t dense(const struct follower *f) { return f->number & ~SUBSCRIBER; }

// The name that the subscriber knows it by, and that the log has.
static str name_of(struct follower *f, const struct site *site)
{
    struct buf b;

    if (f->subscription.id.n > 0) return f->subscription.id;
    buf_init(&b, ID_MAX);
    opaque_put(site->opaque_key, OPAQUE_SUBSCRIPTION, dense(f), &b);
    str name = arena_str(&f->own, buf_str(&b));
    buf_fini(&b);
    return name;
}

static status schedule_of(struct follower *f)
{
    str fields[SCHEDULE_FIELDS];

    f->scheduled = f->subscription.wish.schedule != NULL;
    if (!f->scheduled) return OK;
    subscription_fields(f->subscription.wish.schedule, fields);
    return schedule_read(fields, &f->schedule);
}

static bool read_all(struct follower *f, struct txn *t)
{
    struct subscription_row row;
    struct partner_row told;
    struct fact fact;

    if (!subscription_row_get(t, dense(f), &row)) return false;
    arena_reset(&f->own);
    status st = journal_get(t, row.seq, &f->own, &fact);
    if (st.cls == ST_OK) st = subscription_of_fact(&fact, &f->own, &f->subscription);
    if (st.cls == ST_OK) st = schedule_of(f);
    if (st.cls == ST_OK)
        st = asking_open(t, row.client, &f->subscription.query, &f->own, &f->asking);
    f->client = row.client;
    f->name = name_of(f, f->site);
    f->failing = partner_row_get(t, f->number, &told) && told.failing_since.ms != 0;
    f->version = st.cls == ST_OK;
    f->message.trouble = st;
    return st.cls == ST_OK;
}

// What it asks for never changes: it is read once.
static bool load(struct follower *f, struct txn *t, const struct exchange_limits *l)
{
    (void)l;
    f->is_over = !subscription_lives(t, dense(f), &f->orphan);
    if (f->is_over) return false;
    if (f->version == 0 && !read_all(f, t)) return false;
    f->message.trouble = asking_begin(f->asking, f->site, t, &f->within);
    return f->message.trouble.cls == ST_OK;
}

static bool has_news(const struct follower *f, struct txn *t)
{
    bool orphan;
    return !subscription_lives(t, dense(f), &orphan);
}

static status choose(struct follower *f, const struct choosing *x, const struct fact *fact,
                     struct event_parts *parts)
{
    struct event_parts all;
    bool fits;

    parts->n = 0;
    if (fact->at.ms < f->subscription.initial.ms) return OK;
    TRY(event_render(x->render, fact, &all));
    for (uint32_t i = 0; i < all.n; i++) {
        TRY(asking_fits(f->asking, &all.at[i].event, x->matching, &fits));
        if (fits) parts->at[parts->n++] = all.at[i];
    }
    return OK;
}

static void dress(const struct follower *f, struct epcis_out *out)
{
    const struct subscription *s = &f->subscription;

    static const enum epcis_format formats[] = {[SUBSCRIPTION_JSON] = EPCIS_JSON_2_0,
                                                [SUBSCRIPTION_XML] = EPCIS_XML_2_0,
                                                [SUBSCRIPTION_XML_1_2] = EPCIS_XML_1_2};

    out->format = formats[s->media];
    out->kind = EPCIS_QUERY_DOC;
    out->ids = rest_form_ids(s->form);
    out->words = rest_form_words(s->form);
    out->query_name = s->query.name;
    out->subscription_id = f->name;
}

// REQ EPCIS-1.2-CALLBACK: an ImplementationException in the place of the results
static void excuse_1_2(const struct follower *f, status st, struct buf *out)
{
    char text[sizeof st.text];
    struct xml_w w = xml_writer(out);
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, (struct moment){env_wall(f->site->env), 0});
    xml_declare(&w);
    xml_open(&w, S("epcisq:EPCISQueryDocument"));
    xml_attr(&w, S("xmlns:epcisq"), S("urn:epcglobal:epcis-query:xsd:1"));
    xml_attr(&w, S("schemaVersion"), S("1.2"));
    xml_attr(&w, S("creationDate"), buf_str(&b));
    buf_fini(&b);
    xml_open(&w, S("EPCISBody"));
    xml_open(&w, S("epcisq:ImplementationException"));
    xml_leaf(&w, S("reason"), rest_printable(str_of(st.text), text));
    xml_leaf(&w, S("severity"), S("ERROR"));
    xml_leaf(&w, S("queryName"), f->subscription.query.name);
    xml_leaf(&w, S("subscriptionID"), f->name);
    while (w.depth > 0 && w.st.cls == ST_OK) xml_close(&w);
    assert(xml_done(&w).cls == ST_OK); // both names came in XML, in the call that subscribed
}

static void excuse(const struct follower *f, status why, struct buf *out)
{
    bool xml = f->subscription.media != SUBSCRIPTION_JSON;
    status st =
        fail(ST_UNSUPPORTED, why.reason, 0, "an event cannot be told here: %.70s", why.text);

    if (f->subscription.media == SUBSCRIPTION_XML_1_2)
        excuse_1_2(f, st, out);
    else
        rest_problem_write(out, xml, st, S(""));
}

// REQ EPCIS-2.0-SIGNATURE: base64 of HMAC-SHA256 under the subscriber's secret, over the body
static status sign(const struct follower *f, struct calling *x)
{
    uint8_t mac[32];
    char text[45];
    unsigned n = sizeof mac;
    str token;

    if (f->subscription.wish.token.n == 0) return OK;
    TRY(calling_secret(x, f->subscription.wish.token, &token));
    assert(HMAC(EVP_sha256(), token.p, (int)token.n, (const uint8_t *)x->call.body.p,
                x->call.body.n, mac, &n) != NULL);
    int length = EVP_EncodeBlock((unsigned char *)text, mac, sizeof mac);
    size_t from = x->room.n;
    buf_add(&x->room, (str){text, (size_t)length});
    calling_header(x, S("GS1-Signature"), (str){x->room.p + from, (size_t)length});
    return OK;
}

static status call(struct follower *f, struct calling *x)
{
    bool xml = f->subscription.media != SUBSCRIPTION_JSON;

    x->call.url = f->subscription.wish.dest;
    x->call.is_foreign = !f->site->limits.private_subscriptions;
    bool problem = f->message.excuse && f->subscription.media != SUBSCRIPTION_XML_1_2;
    str type = xml ? S("application/xml") : S("application/json");
    if (problem) type = xml ? S("application/problem+xml") : S("application/problem+json");
    calling_header(x, S("Content-Type"), type);
    if (f->subscription.media == SUBSCRIPTION_XML_1_2) return OK;
    calling_header(x, S("GS1-EPCIS-Version"), S(REST_VERSION));
    calling_header(x, S("GS1-CBV-Version"), S(REST_VERSION));
    return sign(f, x);
}

static bool takes(const struct follower *f, const struct http_answer *a)
{
    (void)f;
    return a->code >= 200 && a->code <= 299;
}

const struct follower_sort follower_subscription = {.parks = false,
                                                    .load = load,
                                                    .has_news = has_news,
                                                    .choose = choose,
                                                    .dress = dress,
                                                    .excuse = excuse,
                                                    .call = call,
                                                    .takes = takes};
