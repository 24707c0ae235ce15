// deliveries_api.c - GET /v1/partners/{partner}/deliveries and what lies below: where each event is
// on its way to a partner, what was sent and answered, and the retry of a parked one.
#include "service/event/event_id.h"
#include "service/exchange/exchange_int.h"
#include "service/item/item_api.h"
#include <string.h>

#define READERS    "operator qa auditor admin"
#define LOOKED_AT  5000u // events for one page; with a rare state a page may be shorter
#define ANSWER_MAX (64 * MB)

static status no_partner(void)
{
    return fail(ST_NOT_FOUND, "partner.unknown", 0, "there is no such partner");
}

// ---- whose and which

// The partner that the path names, for callers who may see its client.
static status partner_find(struct http_req *r, struct txn *t, struct delivery_view *v)
{
    const struct caller *c = caller_of(r);
    struct partner *p = NEW(&r->arena, struct partner);
    str name = arena_str(&r->arena, r->param[0]);
    struct item i;

    if (p == NULL || name.p == NULL) return no_memory();
    for (size_t k = 0; k < name.n; k++) {
        char *at = (char *)(uintptr_t)name.p + k;
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at + 32);
    }
    if (!item_get(t, &noun_partner, name, &i) || !caller_sees(c, i.client)) return no_partner();
    TRY(item_value(&noun_partner, &i, &r->arena, p));
    *v = (struct delivery_view){
        .site = api_site(r),
        .t = t,
        .a = &r->arena,
        .partner = i.number,
        .wish = {p->filter, p->receiver}
    };
    v->render = event_render_begin(v->site, t, &r->arena);
    return partner_row_get(t, i.number, &v->row) ? OK : no_partner();
}

static status delivery_find(struct http_req *r, struct txn *t, struct delivery_view *v,
                            struct delivery *d)
{
    uint64_t seq;

    TRY(partner_find(r, t, v));
    if (!delivery_id_get(v->site, r->param[1], v->partner, &seq) || !delivery_get(v, seq, d))
        return fail(ST_NOT_FOUND, "delivery.unknown", 0, "there is no such delivery");
    return OK;
}

// ---- one delivery

static const char *kind_name(const struct delivery_view *v, const struct fact *f)
{
    const struct kind *k = kind_find(v->site->kinds, f->kind, f->kind_version);
    return k == NULL ? "?" : k->name;
}

// Members of an open object that every answer about a delivery has.
static void brief_write(struct http_req *r, struct delivery_view *v, const struct delivery *d,
                        struct json_w *w)
{
    char id[OPAQUE_LEN];
    struct outcome o;
    struct lot lot;

    json_w_kstr(w, "id", delivery_id_text(v->site, v->partner, d->fact.seq, id));
    json_w_kint(w, "event", (int64_t)caller_seq(caller_of(r), &d->fact));
    json_w_kstr(w, "kind", str_of(kind_name(v, &d->fact)));
    if (d->fact.lot != 0 && lot_get(v->t, d->fact.lot, v->a, &lot)) json_w_kstr(w, "lot", lot.lot);
    json_w_kmoment(w, "time", d->fact.event);
    json_w_kstr(w, "state", str_of(delivery_words[d->state]));
    if (d->outcome == 0 || delivery_outcome(v, d->outcome, &o).cls != ST_OK || o.code.n == 0)
        return;
    if (d->state == DELIVERY_PARKED) return; // that code is of the one before it
    json_w_kstr(w, "code", o.code);
    if (o.http != 0) json_w_kint(w, "status", o.http);
    if (o.says.n > 0) json_w_kstr(w, "says", o.says);
}

static status ids_write(struct delivery_view *v, const struct delivery *d, struct json_w *w)
{
    struct event_parts parts;

    TRY(event_render(&v->render, &d->fact, &parts));
    json_w_key(w, S("events"));
    json_w_array(w);
    for (uint32_t i = 0; i < parts.n; i++) json_w_str(w, parts.at[i].event.id);
    json_w_end(w);
    return OK;
}

static void place_write(struct json_w *w, const char *key, const struct message_place *p)
{
    char hex[64];

    if (p->file == 0) return;
    hex_put(hex, p->sum.b, sizeof p->sum.b);
    json_w_kstr(w, key, (str){hex, sizeof hex});
}

static status whole_write(struct http_req *r, struct delivery_view *v, const struct delivery *d,
                          struct json_w *w)
{
    struct outcome o;
    struct fact f;

    brief_write(r, v, d, w);
    TRY(ids_write(v, d, w));
    if (d->outcome == 0) return OK;
    TRY(delivery_outcome(v, d->outcome, &o));
    TRY(journal_get_header(v->t, d->outcome, &f));
    json_w_key(w, S("message"));
    json_w_object(w);
    json_w_kmoment(w, "at", (struct moment){f.at, 0});
    json_w_kint(w, "attempts", (int64_t)o.attempts + 1);
    json_w_kint(w, "events", o.count);
    place_write(w, "sent_sha256", &o.sent);
    place_write(w, "answer_sha256", &o.answer);
    json_w_end(w);
    return OK;
}

static void reply(struct http_req *r, status st, struct buf *b)
{
    if (st.cls == ST_OK) {
        api_reply(r, 200, b);
        return;
    }
    buf_fini(b);
    http_problem(r, st, S(""));
}

static void show(struct http_req *r)
{
    struct delivery_view v;
    struct delivery d;
    struct buf b;

    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    status st = delivery_find(r, t, &v, &d);
    json_w_object(&w);
    if (st.cls == ST_OK) st = whole_write(r, &v, &d, &w);
    json_w_end(&w);
    reply(r, api_snapshot_end(r, st), &b);
}

// ---- lists

struct page {
    struct http_req *r;
    struct delivery_view v;
    struct json_w *w;
    uint32_t limit, shown, looked_at;
    int state;     // -1: all
    uint64_t last; // looked at
    bool more;
};

static bool state_read(struct http_req *r, int *out)
{
    str word;

    *out = -1;
    if (!http_query(r, S("state"), &word)) return true;
    for (int i = 0; i < DELIVERY_STATES; i++)
        if (str_eq(word, str_of(delivery_words[i]))) return *out = i, true;
    http_problem(r, fail(ST_BAD_INPUT, "field.word", 0, "state: there is no such state"), S(""));
    return false;
}

// False: the page is full; this one belongs to the next.
static bool page_take(struct page *p, uint64_t seq)
{
    struct delivery d;

    if (p->shown == p->limit || p->looked_at == LOOKED_AT) return p->more = true, false;
    p->looked_at++;
    p->last = seq;
    if (!delivery_get(&p->v, seq, &d)) return true;
    if (p->state >= 0 && d.state != (enum delivery_state)p->state) return true;
    json_w_object(p->w);
    brief_write(p->r, &p->v, &d, p->w);
    json_w_end(p->w);
    p->shown++;
    return true;
}

static void page_parked(struct page *p, uint64_t from)
{
    struct parked_walk w;
    struct parked one;

    parked_walk(&w, p->v.t, p->v.partner, from);
    while (parked_next(&w, &one) && page_take(p, one.seq)) {}
    walk_close(&w.w);
}

static void page_events(struct page *p, uint64_t from)
{
    uint64_t seqs[256];
    bool more = true;

    while (more) {
        size_t n = list_of(p->v.t, p->v.row.client, LIST_EVENTS, (str){0}, from, seqs, LEN(seqs));
        for (size_t i = 0; more && i < n; i++) more = page_take(p, seqs[i]);
        more = more && n == LEN(seqs);
        if (n > 0) from = seqs[n - 1] + 1;
    }
}

static void page_fill(struct page *p, uint64_t from)
{
    const struct partner_row *row = &p->v.row;
    bool ahead = p->state == DELIVERY_WAITING || p->state == DELIVERY_SENDING;

    if (p->state == DELIVERY_SENT) return;
    if (p->state == DELIVERY_REJECTED || p->state == DELIVERY_PARKED) {
        page_parked(p, from);
        return;
    }
    // Parked ones that are sent again lie before the position.
    if (ahead && row->parked == 0 && from <= row->position) from = row->position + 1;
    page_events(p, from);
}

static void list(struct http_req *r)
{
    struct page p = {.r = r};
    struct api_page page;
    uint64_t from = 0;
    struct buf b;

    if (!api_page(r, &page) || !api_page_from(r, &page, &from) || !state_read(r, &p.state)) return;
    buf_init(&b, ANSWER_MAX);
    struct json_w w = json_writer(&b);
    p.w = &w;
    p.limit = page.limit;
    struct txn *t = api_snapshot(r);
    status st = partner_find(r, t, &p.v);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    if (st.cls == ST_OK) page_fill(&p, from);
    json_w_end(&w);
    api_page_on(r, &w, p.more ? p.last + 1 : 0);
    json_w_end(&w);
    st = api_snapshot_end(r, st);
    reply(r, st.cls == ST_OK && b.failed ? no_memory() : st, &b);
}

// ---- messages

static const char *media_of(str bytes)
{
    if (bytes.n > 1 && bytes.p[0] == '\x1f' && bytes.p[1] == '\x8b') return "application/gzip";
    if (bytes.n > 0 && (bytes.p[0] == '{' || bytes.p[0] == '[')) return "application/json";
    if (bytes.n > 0 && bytes.p[0] == '<') return "application/xml";
    return str_is_utf8(bytes, NULL) ? "text/plain; charset=utf-8" : "application/octet-stream";
}

// The event as EPCIS 2.0, whatever the partner is sent: rendered from the journal, now as ever.
static status canonical_write(struct delivery_view *v, const struct delivery *d, struct buf *out)
{
    struct epcis_out conf = {
        .format = EPCIS_JSON_2_0, .prefixes = v->render.prefixes, .created = {d->fact.at, 0}
    };
    struct event_parts parts;
    struct epcis_doc doc;

    epcis_doc_init(&doc, &conf, out);
    status st = event_render(&v->render, &d->fact, &parts);
    for (uint32_t i = 0; st.cls == ST_OK && i < parts.n; i++)
        st = epcis_doc_event(&doc, &parts.at[i].event);
    if (st.cls == ST_OK) st = epcis_doc_end(&doc);
    epcis_doc_fini(&doc);
    if (st.cls == ST_BAD_INPUT) st.cls = ST_CONFLICT; // the event's fault, not the caller's
    return st;
}

static status message_find(struct http_req *r, struct delivery_view *v, const struct delivery *d,
                           str *out)
{
    const struct exchange *e = v->site->exchange;
    bool sent = str_eq(r->param[2], S("sent"));
    struct outcome o;

    if (!sent && !str_eq(r->param[2], S("answer")))
        return fail(ST_NOT_FOUND, "message.unknown", 0, "messages: canonical, sent or answer");
    if (d->outcome == 0 || e == NULL || d->state == DELIVERY_PARKED)
        return fail(ST_NOT_FOUND, "message.none", 0, "nothing was sent yet");
    TRY(delivery_outcome(v, d->outcome, &o));
    const struct message_place *p = sent ? &o.sent : &o.answer;
    if (p->file == 0) return fail(ST_NOT_FOUND, "message.none", 0, "there was no such message");
    return messages_read(e->messages, p, &r->arena, out);
}

static void message(struct http_req *r)
{
    struct delivery_view v;
    struct delivery d;
    struct buf b;
    str bytes = {"", 0};

    buf_init(&b, ANSWER_MAX);
    struct txn *t = api_snapshot(r);
    status st = delivery_find(r, t, &v, &d);
    if (st.cls == ST_OK && str_eq(r->param[2], S("canonical")))
        st = canonical_write(&v, &d, &b);
    else if (st.cls == ST_OK)
        st = message_find(r, &v, &d, &bytes);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK && b.n > 0) bytes = buf_str(&b);
    if (st.cls == ST_OK)
        http_reply(r, 200, media_of(bytes), bytes);
    else
        http_problem(r, st, S(""));
    buf_fini(&b);
}

// ---- retry

// clang-format off
struct retry_value {
    str reason;
};
#define R(member) .at = offsetof(struct retry_value, member)
static const struct form_field retry_fields[] = {
    {.name = "reason", .kind = FORM_STR, R(reason), .max = 500},
    {0},
};
static const struct form retry_form = {"retry", sizeof(struct retry_value), retry_fields, 1};
// clang-format on

static void retry_render(struct http_req *r, const struct ask *a)
{
    char id[OPAQUE_LEN];
    struct retry x;
    struct buf b;

    status st = retry_get(a->fact.decided, &x);
    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kstr(&w, "id", delivery_id_text(api_site(r), x.partner, x.seq, id));
    json_w_kstr(&w, "state", S("waiting"));
    json_w_end(&w);
    reply(r, st, &b);
}

static void retry(struct http_req *r)
{
    struct retry_value value = {0};
    struct retry *x = NEW(&r->arena, struct retry);
    struct delivery_view v;
    struct delivery d;

    if (r->body.n > 0 && !api_body(r, &retry_form, &value)) return;
    api_answers(r, retry_render);
    status st = x == NULL ? no_memory() : api_reason_check(caller_of(r), value.reason);
    if (st.cls == ST_OK) {
        struct txn *t = api_snapshot(r);
        st = api_snapshot_end(r, delivery_find(r, t, &v, &d));
    }
    if (st.cls != ST_OK) {
        api_fail(r, st);
        return;
    }
    *x = (struct retry){v.partner, v.row.client, d.fact.seq, value.reason};
    api_command(r, &kind_delivery_retried, x, retry_render);
}

#define BASE "/v1/partners/{partner}/deliveries"
// clang-format off
const struct http_route exchange_routes[] = {
    ITEM_ROUTES("/v1/partners", "{partner}", noun_partner),
    {.method = HTTP_GET, .path = BASE, .roles = READERS, .run = list, .query = "state limit page"},
    {.method = HTTP_GET, .path = BASE "/{delivery}", .roles = READERS, .run = show, .query = ""},
    {.method = HTTP_GET, .path = BASE "/{delivery}/messages/{message}", .roles = READERS,
     .run = message, .query = ""},
    {.method = HTTP_POST, .path = BASE "/{delivery}/retry", .roles = "operator",
     .body_max = 4 * KB, .run = retry, .query = ""},
    {0},
};
// clang-format on
