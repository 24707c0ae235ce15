// answer.c - the answer to a question for events: found in turns, then written in turns. What is
// small is sent as a whole, so that trouble on the way becomes a problem; what is large streams.
#include "service/query/answer.h"
#include "common/bytes.h"
#include "common/log.h"
#include "service/client/client.h"
#include "service/query/query_int.h"
#include <stdlib.h>
#include <string.h>

#define TURN_LOOKS  50u        // events looked at in a turn
#define TURN_EVENTS 50u        // or written
#define TURN_BYTES  (64 * KB)  // and bytes
#define WHOLE_MAX   (1 * MB)   // of an answer that is sent as a whole
#define SOAP_MAX    (16 * MB)  // where trouble is a fault: rather too much than broken off
#define OUT_MAX     (256 * MB) // a single event may be large

enum phase { PROBE, FIND, WRITE };

// Where the next page begins: part of its token.
struct place {
    struct query_at after;
    uint64_t upper, left; // left: of eventCountLimit, 0 where none was given
    uint64_t skip;        // events of earlier pages, where the order is a field's
};

// owner: the loop of the request. It outlives the request while its mail is under way.
struct answer {
    struct mail mail;
    bool mailed, started;
    struct http_req *r; // NULL: the caller is gone
    struct events_asked a;
    struct rest_accepted to;
    struct rest_form form;
    struct page_of of;
    struct place place;
    uint32_t per_page;
    bool is_first; // page
    enum phase phase;
    struct query_run *run;
    struct query_hits hits; // of this page
    uint32_t next;          // to be written
    struct epcis_doc doc;
    bool doc_open;
    size_t head; // of the document: the writer looks back to it, so it stays in `out`
    size_t sent; // of what is in `out`
    struct arena event;
    struct buf out;
};

static void answer_free(struct answer *g)
{
    if (g->doc_open) epcis_doc_fini(&g->doc);
    query_run_free(&g->run);
    arena_fini(&g->event);
    buf_fini(&g->out);
    free(g);
}

// ---- pages

static void place_put(const struct place *p, struct buf *b)
{
    bytes_u(b, (uint64_t)p->after.key, 8);
    bytes_u(b, p->after.seq, 8);
    bytes_u(b, p->after.part, 4);
    bytes_u(b, p->upper, 8);
    bytes_u(b, p->left, 8);
    bytes_u(b, p->skip, 8);
}

static status place_get(str bytes, struct place *out)
{
    struct bytes_r r = bytes_reader(bytes);

    out->after.key = (int64_t)bytes_get_u(&r, 8);
    out->after.seq = bytes_get_u(&r, 8);
    out->after.part = (uint32_t)bytes_get_u(&r, 4);
    out->upper = bytes_get_u(&r, 8);
    out->left = bytes_get_u(&r, 8);
    out->skip = bytes_get_u(&r, 8);
    return bytes_end(&r) ? OK
                         : fail(ST_BAD_INPUT, "page.token", 0, "nextPageToken: of another list");
}

static status page_begin(struct answer *g, struct txn *t)
{
    struct site *s = api_site(g->r);
    uint64_t n = REST_PER_PAGE, most = s->limits.page_max;
    str bytes;

    if (g->a.per_page.p != NULL && (!str_u64(g->a.per_page, UINT64_MAX, &n) || n == 0))
        return fail(ST_BAD_INPUT, "page.size", 0, "perPage: a number from 1 on");
    if (g->a.soap) n = most = s->limits.query_events_max;
    g->per_page = (uint32_t)(n > most ? most : n);
    g->of = (struct page_of){g->a.q.hash, g->a.client, caller_of(g->r)->actor};
    g->is_first = g->a.token.p == NULL;
    // REQ EPCIS-2.0-PAGES: what comes after the first page's `upper` is on none
    g->place = (struct place){.upper = journal_head_get(t).seq, .left = g->a.q.limit};
    if (g->is_first) return OK;
    TRY(page_token_get(s, &g->of, g->a.token, &g->r->arena, &bytes));
    return place_get(bytes, &g->place);
}

// How many events this page may have.
static uint32_t page_room(const struct answer *g)
{
    return g->a.q.limit > 0 && g->place.left < g->per_page ? (uint32_t)g->place.left : g->per_page;
}

// ---- finding

static status run_begin(struct answer *g, struct txn *t)
{
    const struct site_limits *l = &api_site(g->r)->limits;
    bool probe = g->phase == PROBE, by_field = g->a.q.order == QUERY_BY_FIELD;
    struct query_conf c = {.site = api_site(g->r),
                           .q = probe ? &g->a.first : &g->a.q,
                           .client = g->a.client,
                           .upper = g->place.upper,
                           .looks_max = l->query_candidates_max,
                           .want = 1};

    if (!probe) {
        uint64_t want = page_room(g) + 1 + g->place.skip; // one more tells whether there is more
        if (want > QUERY_WANT_MAX)
            return fail(ST_TOO_LARGE, "query.too_large", 0,
                        "more events than an order by fields keeps");
        c.want = (uint32_t)want;
        if (!by_field) c.after = g->place.after;
        if (g->is_first && g->a.q.most > 0) c.count_to = g->a.q.most + 1;
    }
    query_run_free(&g->run);
    return query_run_new(&c, t, &g->run);
}

// The page's last event is where the next one begins.
static void page_link(struct answer *g, const struct query_hits *all)
{
    struct place next = g->place;
    struct site *s = api_site(g->r);
    wall expires = {env_wall(s->env).ms + REST_TOKEN_MS};
    uint32_t room = page_room(g);
    struct buf place, token;

    if (all->n <= g->place.skip + room) return;
    if (g->a.q.limit > 0 && g->place.left <= room) return;
    next.after = all->at[g->place.skip + room - 1].at;
    if (g->a.q.limit > 0) next.left -= room;
    if (g->a.q.order == QUERY_BY_FIELD) next.skip += room;
    buf_init(&place, PAGE_PLACE_MAX);
    buf_init(&token, KB);
    place_put(&next, &place);
    page_token_put(s, &g->of, expires, buf_str(&place), &token);
    rest_next(g->r, buf_str(&token), expires);
    buf_fini(&place);
    buf_fini(&token);
}

static status unknown(void)
{
    return fail(ST_NOT_FOUND, "event.unknown", 0, "there is no event of it");
}

static status found(struct answer *g)
{
    struct query_hits all = query_run_hits(g->run);
    uint32_t room = page_room(g), skip = (uint32_t)g->place.skip;

    if (g->a.q.most > 0 && g->is_first && all.count > g->a.q.most)
        return fail(ST_TOO_LARGE, "query.too_large", 0, "more than %llu events fit",
                    (unsigned long long)g->a.q.most);
    if (g->a.soap && all.n > room && (g->a.q.limit == 0 || g->a.q.limit > room))
        return fail(ST_TOO_LARGE, "query.too_large", 0, "more than %u events fit: ask for less",
                    room);
    if (g->a.must_be && g->is_first && all.n == 0) return unknown();
    if (!g->a.soap) page_link(g, &all);
    g->hits = all;
    g->hits.n = all.n < skip + room ? all.n : skip + room;
    g->next = skip;
    g->phase = WRITE;
    return OK;
}

// The end of a run: what comes next.
static status run_end(struct answer *g, struct txn *t, bool *replied)
{
    if (g->phase != PROBE) return found(g);
    if (query_run_hits(g->run).n == 0) return unknown();
    if (g->a.probes) {
        *replied = true;
        return OK;
    }
    g->phase = FIND;
    return run_begin(g, t);
}

// ---- writing

static void doc_begin(struct answer *g)
{
    struct epcis_out conf = {
        .format = g->to.media == REST_XML ? EPCIS_XML_2_0 : EPCIS_JSON_2_0,
        .kind = EPCIS_QUERY_DOC,
        .ids = rest_form_ids(g->form),
        .words = rest_form_words(g->form),
        .created = {env_wall(api_site(g->r)->env), 0},
        .query_name = g->a.name,
        .ns = query_run_ns(g->run)->at,
        .ns_count = query_run_ns(g->run)->n,
        .soap = g->a.soap,
    };

    if (g->a.soap) {
        conf.format = EPCIS_XML_1_2;
        conf.ids = EPCIS_URN;
        conf.words = EPCIS_WORDS_URN;
    }
    epcis_doc_init(&g->doc, &conf, &g->out);
    g->doc_open = true;
    g->head = g->out.n;
}

// What cannot be said in the form asked for is no reason to say less.
static status untold(const struct answer *g, const struct epcis_event *e, status st)
{
    if (st.cls == ST_STORE || st.cls == ST_TOO_LARGE) return st;
    if (g->a.soap)
        return fail(ST_UNSUPPORTED, st.reason, 0, "EPCIS 1.2 cannot say %.*s: %.40s",
                    (int)(e->id.n < 60 ? e->id.n : 60), e->id.p, st.text);
    return fail(ST_NOT_ACCEPTABLE, "event.form", 0, "an event has no such form: %.60s", st.text);
}

static status events_write(struct answer *g, struct txn *t, bool *more)
{
    struct event_from from = {api_site(g->r), g->a.client, false};
    size_t most = g->out.n + TURN_BYTES;
    struct epcis_event e;

    if (!g->doc_open) doc_begin(g);
    from.words_as_given =
        g->doc.conf.format == EPCIS_XML_2_0 && g->form.words == REST_WORDS_AS_GIVEN;
    g->doc.conf.prefixes = client_prefixes_here(t);
    for (uint32_t n = 0; n < TURN_EVENTS && g->next < g->hits.n && g->out.n < most; n++) {
        arena_reset(&g->event);
        TRY(query_event(&from, t, &g->hits.at[g->next].at, &g->event, &e));
        status st = epcis_doc_event(&g->doc, &e);
        if (st.cls != ST_OK) return untold(g, &e, st);
        g->next++;
    }
    *more = g->next < g->hits.n;
    return *more ? OK : epcis_doc_end(&g->doc);
}

// ---- from turn to turn

static void turn_mail(struct mail *m);
static void drained(struct http_req *r);
static void gone(struct http_req *r);

static void failed(struct answer *g, status st)
{
    if (g->started) {
        LOG(error, "query.answer_failed", fst(st));
        http_reply_break(g->r);
    } else {
        http_problem(g->r, st, g->a.about);
        answer_free(g);
    }
}

static void again(struct answer *g)
{
    g->mailed = true;
    g->mail.open = turn_mail;
    loop_post(g->r->loop, &g->mail);
}

// Sends what is there; true while it goes on when the caller has taken it.
static void send(struct answer *g, bool more)
{
    struct http_req *r = g->r;

    if (more && !g->started && g->out.n < (g->a.soap ? SOAP_MAX : WHOLE_MAX)) {
        again(g);
        return;
    }
    if (!more && !g->started) {
        http_reply_buf(r, 200, g->to.type, &g->out);
        buf_init(&g->out, KB); // given away
        answer_free(g);
        return;
    }
    if (!g->started) {
        g->started = true;
        r->work = g;
        http_reply_start(r, 200, g->to.type, drained, gone);
    }
    http_reply_write(r, str_from(buf_str(&g->out), g->sent));
    g->out.n = g->sent = g->head;
    if (more) return;
    http_reply_end(r);
    answer_free(g);
}

static void turn(struct answer *g)
{
    struct txn *t = api_snapshot(g->r);
    bool more = true, replied = false;
    status st = OK;

    if (g->phase == WRITE)
        st = events_write(g, t, &more);
    else if (!query_run_turn(g->run, t, TURN_LOOKS, &st) && st.cls == ST_OK)
        st = run_end(g, t, &replied);
    st = api_snapshot_end(g->r, st);
    if (st.cls != ST_OK) {
        failed(g, st);
    } else if (replied) {
        rest_collection_of_events(g->r);
        answer_free(g);
    } else if (g->phase == WRITE && g->doc_open) {
        send(g, more);
    } else {
        again(g);
    }
}

static void turn_mail(struct mail *m)
{
    struct answer *g = CONTAINER_OF(m, struct answer, mail);

    g->mailed = false;
    if (g->r == NULL)
        answer_free(g);
    else
        turn(g);
}

static void drained(struct http_req *r)
{
    struct answer *g = r->work;
    if (!g->mailed) turn(g);
}

static void gone(struct http_req *r)
{
    struct answer *g = r->work;

    g->r = NULL;
    if (!g->mailed) answer_free(g);
}

static status begin(struct answer *g)
{
    unsigned which = g->a.probes ? REST_ONLY_JSON : REST_ANY;

    g->to = (struct rest_accepted){REST_XML, "text/xml"};
    if (!g->a.soap) TRY(rest_accept(g->r, which, &g->to));
    if (!g->a.soap) TRY(rest_form(g->r, &g->form));
    struct txn *t = api_snapshot(g->r);
    status st = page_begin(g, t);
    g->phase = g->a.first.n > 0 && g->is_first ? PROBE : FIND;
    if (st.cls == ST_OK) st = run_begin(g, t);
    return api_snapshot_end(g->r, st);
}

void answer_begin(struct http_req *r, const struct events_asked *a)
{
    struct answer *g = calloc(1, sizeof *g);

    assert(g != NULL);
    g->r = r;
    g->a = *a;
    arena_init(&g->event, OUT_MAX);
    buf_init(&g->out, OUT_MAX);
    status st = begin(g);
    if (st.cls == ST_OK)
        turn(g);
    else
        failed(g, st);
}
