// partner_follower.c - a partner as one who is told: by its item, with what it refuses parked.
#include "service/event/event_attributes.h"
#include "service/exchange/calling.h"
#include "service/exchange/exchange_int.h"
#include "service/exchange/follower.h"
#include "service/exchange/order.h"

static bool load(struct follower *f, struct txn *t, const struct exchange_limits *l)
{
    struct partner_row row;
    struct item i;

    if (!item_by_number(t, &noun_partner, f->number, &i)) return false;
    if (i.version == f->version) return true;
    success_rule_free(&f->rule);
    arena_reset(&f->own);
    if (item_value(&noun_partner, &i, &f->own, &f->partner).cls != ST_OK) return false;
    f->version = i.version;
    f->client = i.client;
    f->name = arena_str(&f->own, i.name);
    f->rule = success_rule_new(&f->partner);
    f->packing = (struct packing_span){0};
    f->examined = 0; // by another filter
    f->skipped = 0;
    f->attempts = 0;
    f->fit = f->limit = l->events_max;
    f->failing = partner_row_get(t, f->number, &row) && row.failing_since.ms != 0;
    return true;
}

static bool has_news(const struct follower *f, struct txn *t)
{
    struct item i;
    return item_by_number(t, &noun_partner, f->number, &i) && i.version != f->version;
}

// Parked ones were wanted once and go whole. They may have been parked when all that waited went by
// the newest `packing`: what would be nothing by its own is told the other way.
static status choose(struct follower *f, const struct choosing *x, const struct fact *fact,
                     struct event_parts *parts)
{
    struct event_wish wish = {f->message.again ? NULL : f->partner.filter, f->partner.receiver};

    x->render->whole = packing_is_whole(&f->packing, x->render->t, f->number, fact->seq);
    TRY(event_parts_wanted(x->render, fact, &wish, parts));
    if (f->message.again && parts->n == 0) {
        x->render->whole = !x->render->whole;
        TRY(event_parts_wanted(x->render, fact, &wish, parts));
    }
    if (f->partner.attributes) TRY(event_attributes_add(x->render, fact, parts));
    return OK;
}

static void dress(const struct follower *f, struct epcis_out *out)
{
    out->format = (enum epcis_format)f->partner.format;
    out->strict = true;
    out->sender = f->partner.sender;
    out->receiver = f->partner.receiver;
}

static status headers_put(struct calling *x, const struct follower *f)
{
    static const char *const types[] = {
        [EPCIS_JSON_2_0] = "application/json", [EPCIS_XML_1_2] = "application/xml"};
    const struct partner_header *h = f->partner.headers.items;
    bool typed = false;

    for (uint32_t i = 0; i < f->partner.headers.n; i++) {
        str value = h[i].value;
        if (h[i].secret) TRY(calling_secret(x, h[i].value, &value));
        typed = typed || str_eq_fold(h[i].name, S("Content-Type"));
        calling_header(x, h[i].name, value);
    }
    if (!typed) calling_header(x, S("Content-Type"), str_of(types[f->partner.format]));
    if (f->message.gzip) calling_header(x, S("Content-Encoding"), S("gzip"));
    return OK;
}

static status call(struct follower *f, struct calling *x)
{
    const struct partner_auth *auth = f->partner.auth;

    x->call.url = f->partner.url;
    exchange_show_certificate(f->site, f->name, &x->call);
    TRY(headers_put(x, f));
    if (auth == NULL) return OK;
    if (auth->basic == NULL) return calling_secret(x, auth->bearer, &x->call.bearer);
    x->call.user = auth->basic->user;
    return calling_secret(x, auth->basic->password, &x->call.password);
}

static bool takes(const struct follower *f, const struct http_answer *a)
{
    return success_rule_holds(f->rule, a->code, a->body);
}

const struct follower_sort follower_partner = {.parks = true,
                                               .load = load,
                                               .has_news = has_news,
                                               .choose = choose,
                                               .dress = dress,
                                               .call = call,
                                               .takes = takes};
