#include "service/exchange/live.h"
#include "common/log.h"
#include "service/access/access.h"
#include "service/exchange/exchange_int.h"
#include "service/exchange/live_wish.h"
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#define LIVE_MAGIC  0x11fe11feu
#define WAITING_MAX (256 * KB) // not yet taken by the peer; over it nothing is made
#define HEARD_MAX   (64 * KB)  // of one message from the peer, which is thrown away
#define PING_MS     20000      // a peer that says nothing for two of these is gone

enum {
    LOOKED_AT_MAX = 500, // events looked at in one turn of the loop
    GONE = 1001,
    FORBIDDEN = 1008,
    WRONG = 1011
};

struct live {
    unsigned magic;
    struct http_req *r;
    struct live_ring *ring;
    struct live *next, **link;
    wslay_event_context_ptr ws;
    str in; // what came and wslay has not read
    struct event timer;
    client_id client;
    struct asked_query query;
    struct asking *asking;
    struct live_wish wish;
    char id[32];        // subscriptionID
    uint64_t position;  // looked at up to here
    bool running, told; // of a schedule
    uint64_t run_until; // 0: the run has just begun
    wall run_at;
    mono ping_at;
    bool heard; // something came since the last ping
    bool over;  // a close frame was sent
    struct arena within, scratch, matching;
    struct buf body;
};

static struct exchange *exchange_of(const struct http_req *r)
{
    struct exchange *e = api_site(r)->exchange;

    OBJ_CHECK(e, EXCHANGE_MAGIC);
    return e;
}

static bool is_scheduled(const struct live *l) { return l->wish.wish.schedule != NULL; }

// ---- frames

static ssize_t frame_recv(wslay_event_context_ptr ws, uint8_t *p, size_t n, int flags, void *arg)
{
    struct live *l = arg;

    (void)flags;
    if (l->in.n == 0) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (n > l->in.n) n = l->in.n;
    memcpy(p, l->in.p, n);
    l->in = str_from(l->in, n);
    return (ssize_t)n;
}

static ssize_t frame_send(wslay_event_context_ptr ws, const uint8_t *p, size_t n, int flags,
                          void *arg)
{
    struct live *l = arg;

    (void)ws, (void)flags;
    http_upgrade_write(l->r, (str){(const char *)p, n});
    return (ssize_t)n;
}

static void flush(struct live *l)
{
    int rc = wslay_event_send(l->ws);
    bool said = wslay_event_get_close_sent(l->ws) != 0;
    bool heard = wslay_event_get_close_received(l->ws) != 0 ||
                 wslay_event_get_read_enabled(l->ws) == 0; // the peer broke the protocol

    if (rc != 0 || (said && heard)) http_upgrade_end(l->r);
}

static void queue(struct live *l, enum wslay_opcode opcode, str text)
{
    struct wslay_event_msg m = {(uint8_t)opcode, (const uint8_t *)text.p, text.n};

    (void)wslay_event_queue_msg(l->ws, &m); // refused where a close frame is on its way
    flush(l);
}

static void say_over(struct live *l, uint16_t code, const char *why)
{
    if (l->over) return;
    l->over = true;
    (void)wslay_event_queue_close(l->ws, code, (const uint8_t *)why, strlen(why));
    flush(l);
}

static void say_problem(struct live *l, status st)
{
    LOG(error, "live.unread", fs("query", l->query.name), fst(st));
    buf_reset(&l->body);
    rest_problem_write(&l->body, false, st, S(""));
    queue(l, WSLAY_TEXT_FRAME, buf_str(&l->body));
    say_over(l, WRONG, "");
}

// In the place of one event that the format has no words for; the next ones follow.
static void say_untold(struct live *l, status why)
{
    status st =
        fail(ST_UNSUPPORTED, why.reason, 0, "an event cannot be told here: %.70s", why.text);

    buf_reset(&l->body);
    rest_problem_write(&l->body, false, st, S(""));
    queue(l, WSLAY_TEXT_FRAME, buf_str(&l->body));
}

// ---- documents

struct turn { // of one snapshot
    struct live *l;
    struct txn *t;
    struct event_render render;
    struct epcis_doc doc;
    bool begun;
    uint32_t events, looked_at;
    status untold; // of the event behind the document's, where it cannot be told
};

static void document_begin(struct turn *x)
{
    const struct live *l = x->l;
    struct epcis_out conf = {
        .format = EPCIS_JSON_2_0,
        .kind = EPCIS_QUERY_DOC,
        .ids = rest_form_ids(l->wish.form),
        .words = rest_form_words(l->wish.form),
        .prefixes = x->render.prefixes,
        .created = {env_wall(api_site(l->r)->env), 0},
        .query_name = l->query.name,
        .subscription_id = str_of(l->id)
    };

    if (x->begun) return;
    buf_reset(&x->l->body);
    x->l->body.max = MESSAGE_MAX;
    epcis_doc_init(&x->doc, &conf, &x->l->body);
    x->begun = true;
}

static status event_look(struct turn *x, uint64_t seq)
{
    struct live *l = x->l;
    struct event_parts parts;
    struct fact f;
    bool fits;

    arena_reset(&l->scratch);
    TRY(journal_get(x->t, seq, &l->scratch, &f));
    if (f.at.ms < l->wish.initial.ms) return OK;
    TRY(event_render(&x->render, &f, &parts));
    for (uint32_t i = 0; i < parts.n; i++) {
        TRY(asking_fits(l->asking, &parts.at[i].event, &l->matching, &fits));
        if (!fits) continue;
        document_begin(x);
        status st = epcis_doc_event(&x->doc, &parts.at[i].event);
        if (st.cls == ST_OK)
            x->events++;
        else
            x->untold = st;
    }
    return OK;
}

static bool is_full(const struct turn *x)
{
    const struct exchange_limits *limits = &exchange_of(x->l->r)->limits;

    return x->looked_at >= LOOKED_AT_MAX || x->events >= limits->events_max ||
           x->untold.cls != ST_OK || (x->begun && x->l->body.n >= limits->bytes_max);
}

// *more: there is something left to look at.
static status events_look(struct turn *x, bool *more)
{
    struct live *l = x->l;
    uint64_t seqs[64];

    for (*more = true; *more && !is_full(x);) {
        size_t n =
            list_of(x->t, l->client, LIST_EVENTS, (str){0}, l->position + 1, seqs, LEN(seqs));
        *more = n > 0;
        for (size_t i = 0; i < n && *more && !is_full(x); i++) {
            *more = !is_scheduled(l) || seqs[i] <= l->run_until;
            if (!*more) break;
            TRY(event_look(x, seqs[i]));
            l->position = seqs[i];
            x->looked_at++;
        }
    }
    return OK;
}

static status look(struct turn *x, bool *more)
{
    struct live *l = x->l;

    if (is_scheduled(l) && l->run_until == 0) l->run_until = journal_head_get(x->t).seq;
    TRY(asking_begin(l->asking, api_site(l->r), x->t, &l->within));
    x->render = event_render_begin(api_site(l->r), x->t, &l->scratch);
    TRY(events_look(x, more));
    bool empty = is_scheduled(l) && !*more && !l->told && x->events == 0;
    if (empty && l->wish.wish.report_if_empty) document_begin(x);
    return x->begun ? epcis_doc_end(&x->doc) : OK;
}

// ---- turns

// Is there still a query, and may the caller still ask?
static bool may_go_on(struct live *l, struct txn *t)
{
    struct asked_query q;

    arena_reset(&l->scratch);
    bool known = access_still(l->r, t, l->client, &l->scratch);
    bool there = asking_find(t, l->client, l->query.name, &q) && q.made == l->query.made;
    if (!known) say_over(l, FORBIDDEN, "who asks may not any more");
    if (known && !there) say_over(l, GONE, "the query was deleted");
    return known && there;
}

static void arm(struct live *l, bool at_once)
{
    const struct env *env = api_site(l->r)->env;
    int64_t ms = l->ping_at.ms - env_mono(env).ms;
    int64_t run = is_scheduled(l) && !l->running ? l->run_at.ms - env_wall(env).ms : ms;

    if (run < ms) ms = run;
    if (ms < 0 || at_once) ms = 0;
    struct timeval in = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    evtimer_add(&l->timer, &in);
}

static void run_end(struct live *l)
{
    l->running = false;
    l->run_at = schedule_next(&l->wish.schedule, env_wall(api_site(l->r)->env));
}

static bool is_due(struct live *l)
{
    if (!is_scheduled(l) || l->running) return true;
    if (l->run_at.ms > env_wall(api_site(l->r)->env).ms) return false;
    l->running = true;
    l->told = false;
    l->run_until = 0;
    return true;
}

static void turn(struct live *l)
{
    struct turn x = {.l = l, .untold = OK};
    bool more = false;
    status st = OK;

    if (l->over || http_upgrade_waiting(l->r) > WAITING_MAX) return; // `drained` comes back here
    x.t = api_snapshot(l->r);
    bool on = may_go_on(l, x.t), due = on && is_due(l);
    if (due) st = look(&x, &more);
    st = api_snapshot_end(l->r, st);
    if (x.begun) epcis_doc_fini(&x.doc);
    if (on && st.cls != ST_OK) {
        say_problem(l, st);
        return;
    }
    if (x.begun && (x.events > 0 || x.untold.cls == ST_OK)) {
        l->told = true;
        queue(l, WSLAY_TEXT_FRAME, buf_str(&l->body));
    }
    if (x.untold.cls != ST_OK) say_untold(l, x.untold);
    if (due && !more && is_scheduled(l)) run_end(l);
    if (on) arm(l, more);
}

static void ping(struct live *l)
{
    int64_t now = env_mono(api_site(l->r)->env).ms;

    if (l->ping_at.ms > now) return;
    if (!l->heard) {
        http_upgrade_end(l->r);
        l->over = true;
        return;
    }
    l->heard = false;
    l->ping_at.ms = now + PING_MS;
    queue(l, WSLAY_PING, S(""));
}

static void timer_ready(evutil_socket_t fd, short what, void *arg)
{
    struct live *l = arg;

    (void)fd, (void)what;
    OBJ_CHECK(l, LIVE_MAGIC);
    ping(l);
    turn(l);
}

static void ring_rang(struct mail *m)
{
    struct live_ring *ring = CONTAINER_OF(m, struct live_ring, mail);

    atomic_store(&ring->rung, false); // what is committed from here on rings again
    for (struct live *l = ring->first, *next; l != NULL; l = next) {
        next = l->next;
        if (atomic_load(&api_site(l->r)->draining)) return; // perhaps opened by another thread
        if (!is_scheduled(l) || !l->running) turn(l);
    }
}

void live_wake(struct live_ring *ring, struct loop *loop)
{
    if (atomic_load(&ring->count) == 0 || atomic_exchange(&ring->rung, true)) return;
    ring->mail.open = ring_rang;
    loop_post(loop, &ring->mail);
}

// ---- beginning and end

static void came(struct http_req *r, str bytes)
{
    struct live *l = r->work;

    OBJ_CHECK(l, LIVE_MAGIC);
    l->heard = true;
    l->in = bytes;
    if (wslay_event_recv(l->ws) != 0) {
        http_upgrade_end(r);
        return;
    }
    flush(l);
}

static void drained(struct http_req *r) { turn(r->work); }

static void gone(struct http_req *r)
{
    struct live *l = r->work;

    OBJ_CHECK(l, LIVE_MAGIC);
    evtimer_del(&l->timer);
    *l->link = l->next;
    if (l->next != NULL) l->next->link = l->link;
    atomic_fetch_sub(&l->ring->count, 1);
    wslay_event_context_free(l->ws);
    arena_fini(&l->within);
    arena_fini(&l->scratch);
    arena_fini(&l->matching);
    buf_fini(&l->body);
    l->magic = 0;
    free(l);
    r->work = NULL;
}

static const struct http_upgrade upgrade = {came, drained, gone};
static const struct wslay_event_callbacks callbacks = {.recv_callback = frame_recv,
                                                       .send_callback = frame_send};

static struct live_ring *ring_of(const struct http_req *r)
{
    const struct site *s = api_site(r);
    unsigned i = 0;

    while (s->loops[i] != r->loop) i++;
    return &exchange_of(r)->rings[i];
}

static void live_new(struct http_req *r, const struct live *made)
{
    const struct env *env = api_site(r)->env;
    struct live *l = calloc(1, sizeof *l);
    uint8_t id[(sizeof l->id - 1) / 2];

    assert(l != NULL);
    *l = *made;
    l->magic = LIVE_MAGIC;
    l->r = r;
    env_random(env, id, sizeof id);
    hex_put(l->id, id, sizeof id);
    arena_init(&l->within, 16 * MB);
    arena_init(&l->scratch, 256 * MB);
    arena_init(&l->matching, 64 * MB);
    buf_init(&l->body, MESSAGE_MAX);
    assert(wslay_event_context_server_init(&l->ws, &callbacks, l) == 0);
    wslay_event_config_set_max_recv_msg_length(l->ws, HEARD_MAX);
    l->ring = ring_of(r);
    l->next = l->ring->first;
    l->link = &l->ring->first;
    if (l->next != NULL) l->next->link = &l->next;
    l->ring->first = l;
    atomic_fetch_add(&l->ring->count, 1);
    l->heard = true;
    l->ping_at.ms = env_mono(env).ms + PING_MS;
    if (is_scheduled(l)) run_end(l);
    assert(evtimer_assign(&l->timer, loop_base(r->loop), timer_ready, l) == 0);
    r->work = l;
    http_upgrade_start(r, "websocket", &upgrade);
    arm(l, true);
}

// In one snapshot, so that the position is that of the query.
static status prepare(struct http_req *r, struct live *l)
{
    struct txn *t = api_snapshot(r);

    TRY(access_client(r, t, &l->client));
    if (l->client.v == 0)
        return fail(ST_UNPROCESSABLE, "client.ambiguous", 0,
                    "Packtrail-Client: say whose query it is, this token is for the whole site");
    if (!asking_find(t, l->client, r->param[0], &l->query))
        return fail(ST_NOT_FOUND, "query.no_such", 0, "there is no such query here");
    TRY(asking_open(t, l->client, &l->query, &r->arena, &l->asking));
    TRY(asking_check(l->asking));
    l->position = journal_head_get(t).seq;
    if (l->wish.has_initial) TRY(subscription_position(t, l->wish.initial, &l->position));
    return OK;
}

void live_begin(struct http_req *r)
{
    struct live l = {.magic = 0};
    struct buf b;

    status st = live_wish_read(r, &l.wish);
    if (st.cls == ST_OK) {
        st = prepare(r, &l);
        st = api_snapshot_end(r, st);
    }
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    if (!l.wish.has_initial) l.wish.initial = env_wall(api_site(r)->env);
    http_reply_header(r, "Sec-WebSocket-Accept", str_of(l.wish.accept));
    buf_init(&b, 64);
    when_write(&b, (struct moment){l.wish.initial, 0});
    http_reply_header(r, "GS1-Query-Min-Record-Time", buf_str(&b));
    buf_fini(&b);
    live_new(r, &l);
}
