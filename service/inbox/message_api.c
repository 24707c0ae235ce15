// Messages of trading partners: taken in, and written out of what is known here.
//
// What goes out is rendered when it is asked for and leaves by whoever hands it over; the fact
// `exception.sent` says that it did. The same question about the same state gives the same message,
// id and all.
#include "service/access/access.h"
#include "service/catalog/product.h"
#include "service/event/event_id.h"
#include "service/inbox/received.h"
#include "service/journal/refusal.h"
#include "service/journal/restored.h"
#include <string.h>

#define UUID_PREFIX 9u // "urn:uuid:"

enum shape { // of names of UUIDs: far from those of events and dialects
    SHAPE_CASE = 0x50444701,
    SHAPE_ITEM,
    SHAPE_REPORT,
    SHAPE_RESPONSE
};

static str uuid(struct inbox *x, uint64_t seq, uint32_t part, enum shape shape)
{
    struct event_name name = {seq, part, shape, restored_term(x->t, seq)};
    struct buf b;

    buf_init(&b, 64);
    event_id_put(x->site->meta.journal_id, &name, &b);
    str s = arena_str(x->a, str_from(buf_str(&b), UUID_PREFIX));
    buf_fini(&b);
    return s.p == NULL ? (str){"", 0} : s;
}

str inbox_case(struct inbox *x, const struct exception_row *row)
{
    return uuid(x, row->id.seq, row->id.index, SHAPE_CASE);
}

// ---- coming in

// Whose the products are that it names, where the caller does not say.
static status owner_of(struct inbox *x, const struct pdg_message *m, client_id *out)
{
    struct gtin_row row;
    char gtin[14];

    for (uint32_t i = 0; i < m->n; i++) {
        const struct pdg_item *item = &m->items[i];
        str text = item->gtin.n > 0 ? item->gtin : item->data_gtin;
        if (gs1_gtin_read(text, gtin).cls == ST_OK && gtin_get(x->t, gtin, &row))
            return *out = row.client, OK;
    }
    return fail(ST_UNPROCESSABLE, "client.ambiguous", 0,
                "Packtrail-Client: name the client, no product here tells whose it is");
}

static status bind(struct inbox *x, struct received_ask *ask)
{
    struct fact first;

    TRY(access_client(x->r, x->t, &ask->client));
    if (ask->client.v == 0) TRY(owner_of(x, ask->says, &ask->client));
    for (uint32_t i = 0; i < ask->says->n && ask->unit == 0; i++)
        ask->unit = received_unit(x, ask->client, &ask->says->items[i]).v;
    if (ask->unit == 0) return OK;
    struct unit u = unit_one(x->t, (unit_id){ask->unit});
    if (u.first != 0 && journal_get_header(x->t, u.first, &first).cls == ST_OK)
        ask->lot = first.lot;
    return OK;
}

static status taken_write(struct inbox *x, const struct fact *f, struct json_w *w)
{
    struct exception_id id;
    struct pdg_message m;
    struct buf b;

    TRY(received_exception(f, &id));
    TRY(pdg_read(f->body, x->a, &m));
    buf_init(&b, 64);
    inbox_id_put(x->site, &id, &b);
    json_w_object(w);
    json_w_kstr(w, "id", buf_str(&b));
    buf_fini(&b);
    received_members(x, f, &m, w);
    json_w_end(w);
    return OK;
}

// Told is the message and what of it is known here, not the exception: that may be another's.
static void taken(struct http_req *r, const struct ask *a)
{
    struct fact f = a->fact;
    struct inbox x;
    struct buf b;

    buf_init(&b, INBOX_TEXT_MAX);
    struct json_w w = json_writer(&b);
    inbox_open(&x, r);
    status st = journal_get(x.t, a->fact.seq, &r->arena, &f);
    if (st.cls == ST_OK) st = taken_write(&x, &f, &w);
    inbox_reply(r, 201, inbox_close(&x, st), &b);
}

static status take(struct http_req *r, struct received_ask *ask)
{
    struct pdg_message *m = NEW(&r->arena, struct pdg_message);
    str type = http_header(r, S("Content-Type")), media = type, rest = type;
    struct inbox x;

    if (str_cut(&rest, ';', &media)) media = str_trim(media);
    if (type.n > 0 && !str_eq_fold(media, S("application/json")))
        return fail(ST_MEDIA_TYPE, "body.type", 0, "Content-Type: application/json");
    if (m == NULL) return no_memory();
    TRY(pdg_read(r->body, &r->arena, m));
    *ask = (struct received_ask){.json = r->body, .says = m};
    inbox_open(&x, r);
    return inbox_close(&x, bind(&x, ask));
}

void inbox_message_take(struct http_req *r)
{
    struct received_ask *ask = NEW(&r->arena, struct received_ask);

    assert(ask != NULL); // the arena is new
    api_answers(r, taken);
    status st = take(r, ask);
    if (st.cls == ST_OK)
        api_command(r, &kind_exception_received, ask, taken);
    else
        api_fail(r, st);
}

// ---- going out

struct outgoing { // what the query says, and the message that comes of it
    struct inbox *x;
    const struct exception_row *row;
    struct pdg_message m;
    struct pdg_item *items;
    str group, resolution, file;
    int64_t ordered, received;
};

static status read_count(struct http_req *r, str name, int64_t *out)
{
    uint64_t n = 0;
    str v;

    if (http_query(r, name, &v) && !str_u64(v, UINT32_MAX, &n))
        return fail(ST_BAD_INPUT, "field.range", 0, "%.*s: a whole number", STR(name));
    *out = (int64_t)n;
    return OK;
}

static str query_text(struct http_req *r, str name)
{
    str v;
    return http_query(r, name, &v) ? v : (str){"", 0};
}

static status read_query(struct outgoing *o)
{
    struct http_req *r = o->x->r;
    enum exception_resolution resolution;
    str type = query_text(r, S("type"));

    o->m.type = str_eq(type, S("response")) ? PDG_RESPONSE : PDG_REPORT;
    if (type.n > 0 && !str_eq(type, str_of(pdg_type_word(o->m.type))))
        return fail(ST_BAD_INPUT, "field.word", 0, "type: report or response");
    o->m.email = query_text(r, S("email"));
    o->m.phone = query_text(r, S("phone"));
    o->m.gln = query_text(r, S("gln"));
    o->m.po = query_text(r, S("po"));
    o->group = query_text(r, S("group"));
    o->file = query_text(r, S("file"));
    str word = query_text(r, S("resolution"));
    if (word.n > 0 &&
        (!exception_resolution_find(word, &resolution) || pdg_resolution_text(resolution) == NULL))
        return fail(ST_BAD_INPUT, "field.word", 0, "resolution: one that partners know");
    if (word.n > 0) o->resolution = str_of(pdg_resolution_text(resolution));
    TRY(read_count(r, S("ordered"), &o->ordered));
    TRY(read_count(r, S("received"), &o->received));
    if (o->m.email.n > 0) return OK;
    return fail(ST_BAD_INPUT, "field.required", 0, "email: it is required of sender_information");
}

static void head(struct outgoing *o)
{
    const struct exception_row *row = o->row;
    struct digest16 asked = digest16_of(o->x->r->query, (str){0});
    enum shape shape = o->m.type == PDG_REPORT ? SHAPE_REPORT : SHAPE_RESPONSE;
    uint64_t seq = row->newest > row->id.seq ? row->newest : row->id.seq;
    uint32_t part;
    struct fact f;

    memcpy(&part, asked.b, sizeof part);
    if (row->settled > seq) seq = row->settled;
    o->m.id = uuid(o->x, seq, part, shape);
    if (o->m.case_id.n == 0) o->m.case_id = inbox_case(o->x, row);
    if (journal_get_header(o->x->t, seq, &f).cls == ST_OK) o->m.timestamp = f.at.ms / 1000;
    o->m.resolved = row->state == EXCEPTION_RESOLVED;
}

static enum pdg_group group_of(const struct outgoing *o)
{
    if (o->row->kind == EXCEPTION_OF_LABEL_SHIFT) return PDG_MISALIGNMENT;
    if (o->row->kind == EXCEPTION_OF_COUNT_DIFFERENCE)
        return o->received > o->ordered ? PDG_OVERAGE : PDG_UNDERAGE;
    return PDG_MISSING_DATA;
}

static const char *resolution_of(enum pdg_group g)
{
    static const unsigned by_group[PDG_GROUPS] = {[PDG_MISSING_DATA] = RESOLUTION_NEW_DATA,
                                                  [PDG_MISSING_PRODUCT] = RESOLUTION_SEND_PRODUCT,
                                                  [PDG_MISALIGNMENT] = RESOLUTION_NEW_DATA,
                                                  [PDG_OVERAGE] = RESOLUTION_DEBIT,
                                                  [PDG_UNDERAGE] = RESOLUTION_CREDIT};
    return pdg_resolution_text(by_group[g]);
}

// Where nothing is known of a product all there is to say is what happened, in words.
static void other_error(struct outgoing *o)
{
    str *text = NEW(o->x->a, str);
    struct refused refused;
    struct fact f;
    struct buf b;

    buf_init(&b, 1 * KB);
    buf_add(&b, o->row->code);
    if (o->row->kind == EXCEPTION_OF_REFUSED &&
        journal_get(o->x->t, o->row->id.seq, o->x->a, &f).cls == ST_OK &&
        refusal_get(f.decided, o->x->a, &refused).cls == ST_OK)
        buf_addf(&b, ": %s", refused.st.text);
    if (text != NULL) {
        *text = arena_str(o->x->a, buf_str(&b));
        o->m.others = text;
        o->m.other_count = 1;
    }
    buf_fini(&b);
}

static status add_item(struct outgoing *o, enum pdg_group g, const struct inbox_product *p)
{
    struct pdg_item *i = &o->items[0];

    if (g == PDG_MISSING_PRODUCT && o->file.n == 0)
        return fail(ST_BAD_INPUT, "field.required", 0, "file: it is required of missing_product");
    if (g >= PDG_GLN_ERROR)
        return fail(ST_BAD_INPUT, "field.word", 0, "group: no exception here is about master data");
    *i = (struct pdg_item){.group = g, .gtin = p->gtin};
    i->id = uuid(o->x, o->row->id.seq, o->row->id.index, SHAPE_ITEM);
    i->serial = p->serial;
    i->lot = i->data_lot = p->lot;
    i->expiry = i->data_expiry = p->expiry;
    i->data_gtin = p->gtin;
    i->data_serial = p->serial;
    i->source = S("Other");
    i->file = o->file;
    i->ordered = o->ordered;
    i->received = o->received;
    i->resolution = o->resolution.n > 0 ? o->resolution : str_of(resolution_of(g));
    if (g == PDG_MISALIGNMENT) i->serial = (str){0}; // what the label bears is for people to see
    o->m.n = 1;
    return OK;
}

static status own_report(struct outgoing *o)
{
    struct inbox_product p;
    enum pdg_group g = group_of(o);

    if (o->group.n > 0 && !pdg_group_find(o->group, &g))
        return fail(ST_BAD_INPUT, "field.word", 0, "group: there is no such group");
    TRY(inbox_product(o->x, o->row, &p));
    if (p.gtin.n > 0) return add_item(o, g, &p);
    other_error(o);
    return OK;
}

// The partner's report again, as the case stands here.
static void same_report(struct outgoing *o, const struct pdg_message *theirs)
{
    o->m.case_id = theirs->case_id;
    if (o->m.po.n == 0) o->m.po = theirs->po;
    o->m.items = theirs->items;
    o->m.n = theirs->n;
    o->m.others = theirs->others;
    o->m.other_count = theirs->other_count;
}

// ---- responses

// What was asked for is accepted where that is how it ended, or where it ended without another of
// the partners' resolutions; `no_error` and `duplicate` reject it.
static void answer_item(struct outgoing *o, const struct pdg_item *asked, struct pdg_item *out)
{
    const char *done = pdg_resolution_text(o->row->resolution);
    bool same =
        done != NULL && (asked->resolution.n == 0 || str_eq(asked->resolution, str_of(done)));
    bool none =
        o->row->resolution == RESOLUTION_NO_ERROR || o->row->resolution == RESOLUTION_DUPLICATE;

    *out = (struct pdg_item){.group = PDG_ANSWER, .id = asked->id};
    out->answer = same || (done == NULL && !none) ? S("Accept") : S("Reject");
    if (done == NULL || same) return;
    out->alternative = str_of(done);
    out->follow_up = S("Email");
}

static str reason_of(struct outgoing *o)
{
    uint64_t at = o->row->newest;
    struct exception_act act;
    struct fact f;

    for (; at != 0; at = act.before) {
        if (journal_get(o->x->t, at, o->x->a, &f).cls != ST_OK ||
            exception_act_get(&f, &act).cls != ST_OK)
            break;
        if (f.kind == FACT_EXCEPTION_RESOLVED) return act.second;
    }
    return (str){"", 0};
}

static status response(struct outgoing *o)
{
    struct pdg_message theirs;

    if (!received_newest(o->x, o->row, PDG_REPORT, &theirs))
        return fail(ST_CONFLICT, "pdg.no_report", 0,
                    "no partner has reported it: nothing to answer");
    if (o->row->state != EXCEPTION_RESOLVED)
        return fail(ST_CONFLICT, "exception.not_resolved", 0, "it is not resolved");
    o->m.case_id = theirs.case_id;
    if (o->m.po.n == 0) o->m.po = theirs.po;
    o->m.notes = reason_of(o);
    for (uint32_t i = 0; i < theirs.n; i++) {
        answer_item(o, &theirs.items[i], &o->items[i]);
        o->items[i].comments = o->m.notes;
    }
    o->m.n = theirs.n;
    return OK;
}

static status message_of(struct outgoing *o)
{
    struct pdg_message theirs;
    bool reported =
        o->row->kind == EXCEPTION_OF_PDG && received_newest(o->x, o->row, PDG_REPORT, &theirs);

    o->items = NEW_ARRAY(o->x->a, struct pdg_item, PDG_ITEMS_MAX);
    if (o->items == NULL) return no_memory();
    o->m.items = o->items;
    TRY(read_query(o));
    if (o->m.type == PDG_RESPONSE)
        TRY(response(o));
    else if (reported)
        same_report(o, &theirs);
    else
        TRY(own_report(o));
    head(o);
    return txn_status(o->x->t);
}

void inbox_message_show(struct http_req *r)
{
    struct exception_row row;
    struct inbox x;
    struct buf b;

    buf_init(&b, INBOX_TEXT_MAX);
    struct json_w w = json_writer(&b);
    inbox_open(&x, r);
    struct outgoing o = {.x = &x, .row = &row};
    status st = inbox_find(&x, r->param[0], &row);
    if (st.cls == ST_OK) st = message_of(&o);
    if (st.cls == ST_OK) pdg_write(&o.m, &w);
    inbox_reply(r, 200, inbox_close(&x, st), &b);
}
