// Requests for numbers afterwards: read again, confirmed.
#include "common/form.h"
#include "service/api/opaque.h"
#include "service/pool/numbers_out.h"
#include "service/pool/pool_api.h"
#include "service/pool/pool_int.h"
#include "service/pool/request.h"

#define SCAN_MAX 20000u // rows looked at for one page; `next` goes on behind them

static status unknown(void)
{
    return fail(ST_NOT_FOUND, "request.unknown", 0, "there is no such request for numbers");
}

status request_find(struct txn *t, const struct http_req *r, str text, struct request_row *out)
{
    uint64_t seq;

    if (!opaque_get(api_site(r)->opaque_key, OPAQUE_REQUEST, text, &seq) ||
        !request_get(t, seq, out) || !caller_sees(caller_of(r), out->client))
        return unknown();
    return OK;
}

// A line knows of what it asked for itself, and of what no line did.
static bool sees_request(const struct caller *c, const struct request_row *q)
{
    bool own = c->line.n == 0 || q->line.n == 0 || str_eq(c->line, q->line);

    return own && caller_sees(c, q->client);
}

// ---- one

void request_show(struct http_req *r)
{
    struct numbers_answer a = {.code = 200, .tells_state = true};
    struct request_row q;

    if ((a.form = numbers_form(r)) < 0) return;
    status st = api_flag(r, S("unused"), &a.unused_only);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    struct txn *t = api_snapshot(r);
    st = request_find(t, r, r->param[0], &q);
    if (st.cls == ST_OK && !sees_request(caller_of(r), &q)) st = unknown();
    if (st.cls == ST_OK) st = journal_get(t, q.seq, &r->arena, &a.fact);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK)
        numbers_reply(r, &a);
    else
        http_problem(r, st, S(""));
}

static void confirmed(struct http_req *r, const struct ask *a)
{
    struct request_row q;
    struct confirm_ask x;
    struct buf b;

    buf_init(&b, 16 * KB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    bool there = confirmed_get(a->fact.decided, &x) && request_get(t, x.request, &q);
    if (there) {
        // As this fact made it, whatever came after; how many went back is not its matter.
        q.state = REQUEST_CONFIRMED;
        q.returned = 0;
        json_w_object(&w);
        request_members(t, api_site(r), &q, &w);
        request_state_members(&q, &w);
        json_w_end(&w);
    }
    status st = api_snapshot_end(r, OK);
    if (st.cls == ST_OK && !there) st = fail(ST_STORE, "store.corrupt", 0, "a lost request");
    if (st.cls == ST_OK)
        api_reply(r, 200, &b);
    else
        http_problem(r, st, S(""));
    buf_fini(&b);
}

// A machine has nothing to say: `{}`, or no body at all. A person who stands in for it says why.
// clang-format off
static const struct form_field confirm_fields[] = {
    {.name = "reason", .kind = FORM_STR, .at = offsetof(struct confirm_ask, reason), .max = 500},
    {0},
};
// clang-format on
static const struct form confirm_form = {"confirmation", sizeof(struct confirm_ask), confirm_fields,
                                         1};

void request_confirm(struct http_req *r)
{
    struct confirm_ask *ask = NEW(&r->arena, struct confirm_ask);
    struct request_row q = {0};

    assert(ask != NULL); // the arena is new
    if (r->body.n > 0 && !api_body(r, &confirm_form, ask)) return;
    api_answers(r, confirmed);
    struct txn *t = api_snapshot(r);
    status st = request_find(t, r, r->param[0], &q);
    if (st.cls == ST_OK && !sees_request(caller_of(r), &q)) st = unknown();
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) st = api_reason_take(r, &ask->reason);
    if (st.cls != ST_OK) {
        api_fail(r, st);
        return;
    }
    ask->request = q.seq;
    api_command(r, &kind_numbers_confirmed, ask, confirmed);
}

// ---- many

struct filter {
    str line, lot;
    unsigned state; // 0: any
    uint64_t from;  // seq
    uint32_t limit;
};

// The first fact recorded at `at` or later: recordTime never goes back.
static uint64_t seq_at(struct txn *t, wall at)
{
    uint64_t low = 1, high = journal_head_get(t).seq + 1;
    struct fact f;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (journal_get_header(t, middle, &f).cls != ST_OK) return low;
        if (f.at.ms < at.ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static status read_state(str word, unsigned *state)
{
    for (unsigned s = REQUEST_OPEN; s <= REQUEST_RETURNED; s++)
        if (str_eq(word, str_of(request_state_word((enum request_state)s)))) return *state = s, OK;
    return fail(ST_BAD_INPUT, "field.word", 0, "state: open, confirmed or returned");
}

static status filter_read(struct http_req *r, struct txn *t, const struct api_page *page,
                          struct filter *out)
{
    struct filter f = {.limit = page->limit, .from = 1};
    struct moment since;
    str v;

    (void)api_query_name(r, S("line"), &f.line);
    (void)http_query(r, S("lot"), &f.lot);
    if (http_query(r, S("state"), &v)) TRY(read_state(v, &f.state));
    if (http_query(r, S("since"), &v)) {
        TRY(when_read(v, &since));
        f.from = seq_at(t, since.at);
    }
    if (page->after.n == 8) f.from = get_be(page->after.p, 8);
    *out = f;
    return OK;
}

static bool passes(const struct http_req *r, const struct filter *f, const struct request_row *q)
{
    return q->quantity > 0 && sees_request(caller_of(r), q) &&
           (f->line.n == 0 || str_eq(f->line, q->line)) &&
           (f->lot.n == 0 || str_eq(f->lot, q->lot)) && (f->state == 0 || f->state == q->state);
}

// Writes what passes; *next is where to go on, 0: there is no more.
static void list_write(struct http_req *r, struct txn *t, const struct filter *f, struct json_w *w,
                       uint64_t *next)
{
    uint32_t looked = 0, written = 0;
    struct request_walk walk;
    struct request_row q;

    *next = 0;
    request_walk_open(&walk, t, f->from);
    while (request_walk_next(&walk, &q)) {
        if (written == f->limit || looked++ == SCAN_MAX) {
            *next = q.seq;
            break;
        }
        if (!passes(r, f, &q)) continue;
        json_w_object(w);
        request_members(t, api_site(r), &q, w);
        request_state_members(&q, w);
        json_w_end(w);
        written++;
    }
    walk_close(&walk.walk);
}

void requests_list(struct http_req *r)
{
    struct api_page page;
    struct filter f = {0};
    struct buf b;
    uint64_t next = 0;

    if (!api_page(r, &page)) return;
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    struct txn *t = api_snapshot(r);
    status st = filter_read(r, t, &page, &f);
    if (st.cls == ST_OK) list_write(r, t, &f, &w, &next);
    st = api_snapshot_end(r, st);
    json_w_end(&w);
    api_page_on(r, &w, next);
    json_w_end(&w);
    if (st.cls == ST_OK)
        api_reply(r, 200, &b);
    else
        http_problem(r, st, S(""));
    buf_fini(&b);
}
