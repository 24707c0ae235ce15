// decided part of `exception.received`: act.h's (the type; the message's id; the case's id) | flags
// 1
//   (1: it raises the exception, 2: the case is resolved) | lot var | unit var | code str.
//   Body: the message as it came.
#include "service/inbox/received.h"
#include "common/bytes.h"

enum { RAISES = 1, RESOLVES = 2 };

#define MESSAGES_MAX 100u // of a case, told

struct received { // the decided part
    struct exception_act act;
    unsigned flags;
    uint32_t lot;
    uint64_t unit;
    str code;
};

static status received_get(const struct fact *f, struct received *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct received x;

    TRY(exception_act_get(f, &x.act));
    (void)bytes_get_var(&r);
    (void)bytes_get_raw(&r, 1);
    (void)bytes_get_var(&r);
    (void)bytes_get_raw(&r, 1);
    for (int i = 0; i < 3; i++) (void)bytes_get_str(&r);
    x.flags = (unsigned)bytes_get_u(&r, 1);
    x.lot = (uint32_t)bytes_get_var(&r);
    x.unit = bytes_get_var(&r);
    x.code = bytes_get_str(&r);
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "a partner's message");
    *out = x;
    return OK;
}

// ---- the command

// The same bytes again are the same message; others under its id are none of ours to choose from.
static status repeat(struct decide *d, const struct received_ask *ask, uint64_t seq)
{
    struct fact f;

    TRY(journal_get(d->t, seq, d->arena, &f));
    if (!str_eq(f.body, ask->json))
        return fail(ST_CONFLICT, "pdg.message_taken", 0,
                    "message_uuid: another message came under it");
    d->repeat_seq = seq;
    return OK;
}

// What the exception is filed under: its only group, or that it is a report.
static const char *code_of(const struct pdg_message *m)
{
    static const char *const codes[PDG_GROUPS] = {"pdg.missing_product_data",
                                                  "pdg.missing_product",
                                                  "pdg.data_misalignment",
                                                  "pdg.overages",
                                                  "pdg.underages",
                                                  "pdg.gln_errors",
                                                  "pdg.gtin_errors",
                                                  "pdg.response"};

    for (uint32_t i = 1; i < m->n; i++)
        if (m->items[i].group != m->items[0].group) return "pdg.report";
    if (m->n > 0) return codes[m->items[0].group];
    return m->type == PDG_REPORT ? "pdg.report" : "pdg.response";
}

static status received_decide(struct decide *d)
{
    const struct received_ask *ask = d->ask;
    const struct pdg_message *m = ask->says;
    struct exception_act act = {
        .id = {ask->client, d->seq, 0},
        .after = EXCEPTION_OPEN,
        .first = str_of(pdg_type_word(m->type)),
        .second = m->id,
        .third = m->case_id
    };
    struct exception_row row;
    unsigned flags = RAISES;
    uint64_t seq;

    d->fact->client = ask->client;
    d->fact->lot = ask->lot;
    if (message_get(d->t, ask->client, m->id, &seq)) return repeat(d, ask, seq);
    if (case_get(d->t, ask->client, m->case_id, &act.id) && exception_get(d->t, &act.id, &row)) {
        act.before = row.newest;
        act.after = row.state;
        flags = 0;
    } else {
        act.id = (struct exception_id){ask->client, d->seq, 0};
    }
    if (m->type == PDG_REPORT && m->resolved) flags |= RESOLVES;
    d->fact->body = ask->json;
    exception_act_put(d->seq, &act, d->out);
    bytes_u(d->out, flags, 1);
    bytes_var(d->out, ask->lot);
    bytes_var(d->out, ask->unit);
    bytes_str(d->out, str_of(code_of(m)));
    return OK;
}

// ---- writing

static void write_state(struct txn *t, const struct fact *f, const struct received *x)
{
    struct exception_texts k;
    struct exception_row row;

    if (!exception_load(t, &x->act.id, &k, &row)) {
        txn_spoil(t, "record.corrupt", "a message about no exception");
        return;
    }
    enum exception_state before = row.state;
    if (row.kind != EXCEPTION_OF_PDG) {
        // An exception of ours: what a partner says of it is for its owner to judge.
    } else if (x->flags & RESOLVES) {
        row.state = EXCEPTION_RESOLVED;
        if (before != EXCEPTION_RESOLVED) row.resolution = RESOLUTION_BY_ITSELF;
        row.settled = f->seq;
    } else if (before == EXCEPTION_RESOLVED) {
        row.state = row.owner.n > 0 ? EXCEPTION_ASSIGNED : EXCEPTION_OPEN;
    }
    row.newest = f->seq;
    exception_put(t, &row, before);
}

static void received_fact_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct received x;

    (void)arg;
    if (received_get(f, &x).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "a partner's message");
        return;
    }
    if (x.flags & RAISES) {
        exception_raise(
            t, f,
            &(struct exception){
                .kind = EXCEPTION_OF_PDG, .code = x.code, .lot = x.lot, .unit = x.unit});
        case_put(t, &x.act.id, x.act.third);
    }
    message_put(t, f->client, x.act.second, f->seq);
    write_state(t, f, &x);
}

static void received_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct received x;

    (void)arg;
    if (received_get(f, &x).cls != ST_OK) return;
    json_w_kstr(w, "type", x.act.first);
    json_w_kstr(w, "message", x.act.second);
    json_w_kstr(w, "case", x.act.third);
    if (!(x.flags & RAISES)) json_w_kinner(w, "exception", x.act.id.seq);
}

const struct kind kind_exception_received = {
    FACT_EXCEPTION_RECEIVED, 1,   "exception.received", received_decide, received_fact_write,
    received_print,          NULL};

// ---- what partners said

status received_exception(const struct fact *f, struct exception_id *out)
{
    struct received x;

    TRY(received_get(f, &x));
    *out = x.act.id;
    return OK;
}

unit_id received_unit(struct inbox *x, client_id client, const struct pdg_item *item)
{
    str gtin_said = item->gtin.n > 0 ? item->gtin : item->data_gtin;
    str serials[2] = {item->serial, item->data_serial};
    struct gs1_id id;
    char gtin[14];
    client_id owner;
    unit_id u;

    if (gs1_gtin_read(gtin_said, gtin).cls != ST_OK) return (unit_id){0};
    for (size_t i = 0; i < LEN(serials); i++) {
        if (gs1_serial_check(serials[i], GS1_SERIAL_MAX).cls != ST_OK) continue;
        id = gs1_sgtin(gtin, serials[i]);
        if (names_find(x->units.names, x->t, &id, &u, &owner) &&
            (client.v == 0 || owner.v == client.v))
            return u;
    }
    return (unit_id){0};
}

static void optional(struct json_w *w, const char *name, str s)
{
    if (s.n > 0) json_w_kstr(w, name, s);
}

static void write_item(struct inbox *x, client_id client, const struct pdg_item *i,
                       struct json_w *w)
{
    unit_id u = i->group == PDG_ANSWER ? (unit_id){0} : received_unit(x, client, i);
    bool counts = i->group == PDG_OVERAGE || i->group == PDG_UNDERAGE;

    json_w_object(w);
    json_w_kstr(w, "item", i->id);
    if (i->group != PDG_ANSWER) {
        json_w_kstr(w, "group", str_of(pdg_group_word(i->group)));
        json_w_kbool(w, "known", u.v != 0);
    }
    optional(w, "gtin", i->gtin);
    optional(w, "serial", i->serial);
    if (u.v != 0) json_w_kstr(w, "unit", unit_spelled(&x->units, u));
    if (counts) json_w_kint(w, "ordered", i->ordered);
    if (counts) json_w_kint(w, "received", i->received);
    optional(w, "invalid", i->invalid);
    optional(w, "proposed", i->proposed);
    optional(w, "resolution", i->resolution);
    optional(w, "answer", i->answer);
    optional(w, "comments", i->comments);
    optional(w, "alternative", i->alternative);
    json_w_end(w);
}

void received_members(struct inbox *x, const struct fact *f, const struct pdg_message *m,
                      struct json_w *w)
{
    json_w_kstr(w, "type", str_of(pdg_type_word(m->type)));
    json_w_kstr(w, "message", m->id);
    json_w_kstr(w, "case", m->case_id);
    json_w_kwall(w, "time", f->at);
    json_w_kstr(w, "po", m->po);
    optional(w, "from", m->gln.n > 0 ? m->gln : m->email);
    json_w_key(w, S("items"));
    json_w_array(w);
    for (uint32_t i = 0; i < m->n; i++) write_item(x, f->client, &m->items[i], w);
    json_w_end(w);
    optional(w, "notes", m->notes);
    if (m->other_count > 0) {
        json_w_key(w, S("other_errors"));
        json_w_array(w);
        for (uint32_t i = 0; i < m->other_count; i++) json_w_str(w, m->others[i]);
        json_w_end(w);
    }
    if (m->type == PDG_REPORT) json_w_kbool(w, "case_resolved", m->resolved);
}

// The message at or before `at` in the history; *at is the one before it. False: no more.
static bool message_before(struct inbox *x, uint64_t *at, struct fact *f, struct pdg_message *m)
{
    struct exception_act act;

    while (*at != 0 && journal_get(x->t, *at, x->a, f).cls == ST_OK &&
           exception_act_get(f, &act).cls == ST_OK) {
        *at = act.before;
        if (f->kind == FACT_EXCEPTION_RECEIVED && pdg_read(f->body, x->a, m).cls == ST_OK)
            return true;
    }
    return false;
}

status received_write(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    uint64_t at = row->newest;
    struct pdg_message m;
    struct fact f;
    uint32_t n = 0;

    for (; n < MESSAGES_MAX && message_before(x, &at, &f, &m); n++) {
        if (n == 0) {
            json_w_key(w, S("messages")); // newest first
            json_w_array(w);
        }
        json_w_object(w);
        received_members(x, &f, &m, w);
        json_w_end(w);
    }
    if (n > 0) json_w_end(w);
    return txn_status(x->t);
}

bool received_newest(struct inbox *x, const struct exception_row *row, enum pdg_type type,
                     struct pdg_message *out)
{
    uint64_t at = row->newest;
    struct fact f;

    while (message_before(x, &at, &f, out))
        if (out->type == type) return true;
    return false;
}
