// POST /v1/corrections. The event is found on the loop: by its id where that is listed, else among
// the newest events of the clients that the caller sees, or in the history of a unit of it.
#include "common/form.h"
#include "service/api/api.h"
#include "service/client/client.h"
#include "service/event/captured.h"
#include "service/event/event_id.h"
#include "service/event/render.h"
#include "service/event/unit_view.h"
#include "service/item/item_db.h"
#include "service/journal/restored.h"
#include "service/trade/correct.h"
#include <string.h>

#define SCANNED_MAX 50000u // events whose ids are made again, of one client
#define SCAN_STEP   256u
#define CLIENTS_MAX 4096u  // looked through
#define CHAIN_MAX   10000u // facts of a unit

struct body {
    str event, reason, unit;
    str replacement; // one id, or a list of them
    struct signature_said *signature;
};
#define AT(member) .at = offsetof(struct body, member)
// clang-format off
static const struct form_field body_fields[] = {
    {.name = "event",       .kind = FORM_STR, AT(event), .required = true, .max = 512},
    {.name = "reason",      .kind = FORM_STR, AT(reason), .required = true, .max = 64},
    {.name = "replacement", .kind = FORM_RAW, AT(replacement), .max = 64 * KB},
    {.name = "unit",        .kind = FORM_STR, AT(unit), .max = 512},
    {.name = "signature",   .kind = FORM_ONE, AT(signature), .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form body_form = {"correction", sizeof(struct body), body_fields, 1};

struct finding {
    struct http_req *r;
    struct txn *t;
    const struct body *body;
    struct correct_ask *ask;
    uint8_t id[16]; // of what we told, where it may be
    bool ours;
    uint64_t seq; // found
    uint8_t part;
};

// ---- finding the event

static bool is_part(struct finding *x, uint64_t seq)
{
    struct event_name name = {.seq = seq, .term = restored_term(x->t, seq)};
    uint8_t made[16];

    for (uint8_t part = 0; x->ours && part < EVENT_PARTS_MAX; part++) {
        name.part = part;
        event_id_bytes(api_site(x->r)->meta.journal_id, &name, made);
        if (memcmp(made, x->id, sizeof made) != 0) continue;
        x->seq = seq;
        x->part = part;
        return true;
    }
    return false;
}

static status listed(struct finding *x, client_id c)
{
    uint64_t seq;
    str value;

    TRY(index_value(LIST_EVENT_ID, (str){0}, x->body->event, &x->r->arena, &value));
    if (list_of(x->t, c, LIST_EVENT_ID, value, 0, &seq, 1) == 0) return OK;
    if (!is_part(x, seq)) x->seq = seq;
    return OK;
}

static void scan(struct finding *x, client_id c)
{
    uint64_t seqs[SCAN_STEP], from = UINT64_MAX;
    size_t n;

    for (uint32_t looked = 0; x->ours && looked < SCANNED_MAX; looked += SCAN_STEP) {
        n = list_back(x->t, c, LIST_EVENTS, (str){0}, from, seqs, SCAN_STEP);
        for (size_t i = 0; i < n; i++)
            if (is_part(x, seqs[i])) return;
        if (n < SCAN_STEP || seqs[n - 1] <= 1) return;
        from = seqs[n - 1] - 1;
    }
}

static status chain(struct finding *x)
{
    struct unit_reader u;
    struct unit_view v;
    struct arena a;
    struct fact f;

    unit_reader_init(&u, api_site(x->r), x->t, &x->r->arena);
    u.caller = caller_of(x->r);
    TRY(unit_look(&u, x->body->unit, &v));
    uint64_t seq = v.row.last;
    status st = OK;
    arena_init(&a, 64 * MB);
    for (uint32_t i = 0; seq != 0 && i < CHAIN_MAX && !is_part(x, seq); i++) {
        arena_reset(&a);
        st = journal_get(x->t, seq, &a, &f);
        if (st.cls != ST_OK) break;
        seq = fact_previous(&f, v.unit, &a);
    }
    arena_fini(&a);
    return st;
}

// Every client that the caller sees, as many as there is room for.
static uint32_t clients_of(struct finding *x, client_id *out, uint32_t max)
{
    struct buf key;
    struct item i;
    uint32_t n = 0;

    buf_init(&key, KB);
    struct walk w = item_walk(x->t, &noun_client, (str){0}, &key);
    while (n < max && item_next(&w, &i))
        if (caller_sees(caller_of(x->r), (client_id){i.number})) out[n++] = (client_id){i.number};
    walk_close(&w);
    buf_fini(&key);
    return n;
}

static status find(struct finding *x)
{
    client_id *clients = NEW_ARRAY(&x->r->arena, client_id, CLIENTS_MAX);

    if (clients == NULL) return no_memory();
    uint32_t n = clients_of(x, clients, CLIENTS_MAX);
    x->ours = event_id_read(x->body->event, x->id);
    if (x->body->unit.n > 0) TRY(chain(x));
    for (uint32_t i = 0; i < n && x->seq == 0; i++) TRY(listed(x, clients[i]));
    for (uint32_t i = 0; i < n && x->seq == 0; i++) scan(x, clients[i]);
    if (x->seq != 0) return OK;
    return fail(ST_NOT_FOUND, "event.unknown", 0,
                "event: there is no such event here (of an older one also say a `unit`)");
}

// ---- what it said

static status take_event(struct finding *x, const struct fact *f)
{
    struct event_render r = event_render_begin(api_site(x->r), x->t, &x->r->arena);
    struct event_parts parts;

    TRY(event_render(&r, f, &parts));
    for (uint32_t i = 0; i < parts.n; i++) {
        struct epcis_event *e = &parts.at[i].event;
        if (parts.at[i].part != x->part) continue;
        if (e->error != NULL)
            return fail(ST_CONFLICT, "event.correction", 0, "the event itself declares an error");
        e->error = &(struct epcis_error){.reason = str_of(correction_word(x->ask->says.reason))};
        x->ask->says.id = arena_str(&x->r->arena, e->id);
        return index_of(e, &x->r->arena, &x->ask->says.found_by);
    }
    return fail(ST_NOT_FOUND, "event.unknown", 0, "event: it is not told as an event");
}

static status take_fact(struct finding *x)
{
    struct correct_ask *ask = x->ask;
    struct report report;
    struct touched touched;
    struct bytes_r own;
    struct fact *f = NEW(&x->r->arena, struct fact);

    if (f == NULL) return no_memory();
    TRY(journal_get(x->t, x->seq, &x->r->arena, f));
    if (!caller_sees(caller_of(x->r), f->client) || !(f->flags & FACT_IS_EVENT))
        return fail(ST_NOT_FOUND, "event.unknown", 0, "event: there is no such event here");
    if (f->kind == FACT_CORRECTION_MADE)
        return fail(ST_CONFLICT, "event.correction", 0, "the event itself declares an error");
    TRY(report_get(f->decided, &x->r->arena, &report, &touched, &own));
    ask->client = f->client;
    ask->says.seq = x->seq;
    ask->says.part = x->part;
    ask->time = f->event;
    ask->lot = f->lot;
    ask->units = touched.runs;
    return take_event(x, f);
}

static status take_replacement(struct http_req *r, str raw, struct correction *out)
{
    struct json_r in = json_reader(raw, &r->arena);
    str *ids = NEW_ARRAY(&r->arena, str, CORRECTIVES_MAX + 1);
    uint32_t n = 0;

    if (raw.n == 0) return OK;
    if (ids == NULL) return no_memory();
    if (out->reason == CORRECTION_DID_NOT_OCCUR)
        return fail(ST_BAD_INPUT, "correction.replacement", 0,
                    "replacement: nothing stands for what did not occur");
    if (json_peek(&in) == JSON_ARRAY)
        for (json_array(&in); n <= CORRECTIVES_MAX && json_item(&in);) ids[n++] = json_string(&in);
    else
        ids[n++] = json_string(&in);
    if (n > CORRECTIVES_MAX)
        return fail(ST_BAD_INPUT, "field.range", 0, "replacement: at most %u events",
                    CORRECTIVES_MAX);
    status st = json_r_end(&in);
    if (st.cls != ST_OK) return fail(st.cls, st.reason, st.at, "replacement: %s", st.text);
    for (uint32_t i = 0; i < n; i++)
        if (ids[i].n > 512 || memchr(ids[i].p, ':', ids[i].n) == NULL)
            return fail(ST_BAD_INPUT, "correction.replacement", 0,
                        "replacement: eventIDs are URIs");
    out->correctives = ids;
    out->corrective_count = n;
    return OK;
}

// ---- the call

static void told(struct http_req *r, const struct ask *a)
{
    struct report report;
    struct touched touched;
    struct correction c;
    struct bytes_r own;
    struct buf b;

    if (second_code(a) == 202) {
        second_proposed(r, a);
        return;
    }
    buf_init(&b, MB);
    struct json_w w = json_writer(&b);
    status st = report_get(a->fact.decided, &r->arena, &report, &touched, &own);
    if (st.cls == ST_OK) st = correction_get(&a->fact, &own, &r->arena, &c);
    if (st.cls != ST_OK) {
        buf_fini(&b);
        http_problem(r, st, S(""));
        return;
    }
    json_w_object(&w);
    json_w_kint(&w, "seq", (int64_t)caller_seq(caller_of(r), &a->fact));
    json_w_kstr(&w, "event", c.id);
    json_w_kstr(&w, "reason", str_of(correction_word(c.reason)));
    json_w_key(&w, S("replacement"));
    json_w_array(&w);
    for (uint32_t i = 0; i < c.corrective_count; i++) json_w_str(&w, c.correctives[i]);
    json_w_end(&w);
    json_w_kint(&w, "units", (int64_t)touched.runs.units);
    json_w_key(&w, S("signature"));
    signature_write(&w, &c.signature);
    second_write(&w, "first", &c.first);
    json_w_end(&w);
    api_reply(r, 201, &b);
}

static status take(struct http_req *r, const struct body *b, struct correct_ask *ask)
{
    struct finding x = {.r = r, .body = b, .ask = ask};

    if (!correction_find(b->reason, &ask->says.reason))
        return fail(ST_BAD_INPUT, "correction.reason", 0,
                    "reason: did_not_occur or incorrect_data");
    TRY(take_replacement(r, b->replacement, &ask->says));
    x.t = api_snapshot(r);
    status st = find(&x);
    if (st.cls == ST_OK) st = take_fact(&x);
    return api_snapshot_end(r, st);
}

static void correction_make(struct http_req *r)
{
    struct correct_ask *ask = NEW(&r->arena, struct correct_ask);
    struct second_ask *both = NEW(&r->arena, struct second_ask);
    char *room = arena_alloc(&r->arena, 9);
    struct body b;

    if (ask == NULL || both == NULL || room == NULL) { // it may be the second run
        api_fail(r, no_memory());
        return;
    }
    if (!api_body(r, &body_form, &b)) return;
    api_answers(r, told);
    status st = take(r, &b, ask);
    if (st.cls != ST_OK) {
        api_fail(r, st);
        return;
    }
    struct signature_rule rule = {.roles = second_roles(SECOND_CORRECT),
                                  .kind = &kind_correction_made,
                                  .client = ask->client};
    if (!signature_check(r, &rule, b.signature, &ask->says.signature)) return;
    *both = (struct second_ask){.of = correct_act(ask->lot, &ask->says, room),
                                .client = ask->client,
                                .look = correct_look,
                                .what = ask,
                                .signature = ask->says.signature};
    second_command(r, both, &kind_correction_made, told);
}

const struct http_route correct_routes[] = {
    {.method = HTTP_POST,
     .path = "/v1/corrections",
     .roles = "qa",
     .body_max = 256 * KB,
     .run = correction_make,
     .query = ""},
    {0      },
};
