// POST of documents. Small ones are collected and taken in as one transaction before they are
// answered. Larger ones are read twice: once as they come, every event checked and all bytes
// written to the spool, then slice by slice (run.c); what is refused leaves nothing behind.
//
// Memory: CAPTURE_WHOLE_MAX of the body, or one event and what stands around the events.
#include "common/digest.h"
#include "service/capture/capture_int.h"
#include "service/capture/twice.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPLOAD_MAGIC 0x0b10ad5u
#define PIECE        (64 * KB)  // of what is read again
#define SIGN_MAX     (1 * KB)   // blanks that may stand before it
#define FRONT_MAX    (128 * MB) // what is kept of a large document: places, errors
#define JOBS_PATH    REST_ROOT "/capture/"

struct upload { // owner: the request's loop; outlives the request where a job is away
    unsigned magic;
    struct http_req *r; // NULL: the peer is gone
    struct site *site;
    struct capture_for whose;
    bool proceed, plain_1_2; // by EPCIS 1.2's rule: answered when all is stored
    bool media_told;         // by the body
    enum rest_media media;
    struct job_key key;
    struct sha256_run sum;
    struct buf in; // the body, while it is small
    uint64_t came;
    struct part part;
    struct arena front;
    struct document *document, *late; // late: the first reading of one that is read again
    struct spool *spool;              // it is not small
    struct mail turn;                 // of the second reading
    char *piece;
    uint64_t read; // bytes of it
    bool counted;  // among those in the spool
    struct twice *ids;
    bool settles;                    // it is read again for what comes twice in it
    struct capture_errors conflicts; // eventIDs that are taken
    bool away, overflows;            // it does not fit into one transaction
    struct capture_document_ask says, instead;
    struct capture_slice_ask slice;
};

static void upload_free(struct upload *u)
{
    OBJ_CHECK(u, UPLOAD_MAGIC);
    document_free(&u->document);
    document_free(&u->late);
    if (u->counted) atomic_fetch_sub(&capture_of(u->site)->spooled, 1);
    spool_close(&u->spool);
    part_fini(&u->part);
    arena_fini(&u->front);
    buf_fini(&u->in);
    u->magic = 0;
    free(u);
}

// ---- answers

static void leave(struct upload *u)
{
    if (u->r != NULL) u->r->work = NULL;
    upload_free(u);
}

// `event`: whose fault it was, UINT32_MAX: nobody's.
static void refuse_event(struct upload *u, status st, uint32_t event)
{
    struct http_req *r = u->r;
    char extra[32] = "";
    int n = event == UINT32_MAX ? 0 : snprintf(extra, sizeof extra, "\"index\":%u", event);

    leave(u);
    if (r != NULL) http_problem(r, st, (str){extra, (size_t)n});
}

static void refuse(struct upload *u, status st) { refuse_event(u, st, UINT32_MAX); }

static void answer(struct upload *u, uint64_t document)
{
    struct http_req *r = u->r;
    struct site *site = u->site;
    bool plain = u->plain_1_2;
    struct buf id;

    leave(u);
    if (r == NULL) return;
    buf_init(&id, KB);
    capture_id_put(site, document, &id);
    if (!plain) rest_location(r, REST_ROOT "/capture", buf_str(&id));
    buf_fini(&id);
    http_reply(r, plain ? 200 : 202, NULL, (str){"", 0});
}

// ---- a small document

static status take_front(void *self, const struct epcis_front *f)
{
    struct upload *u = self;

    (void)f;
    u->part.scope = *document_scope(u->document);
    u->part.taker.scope = capture_scope_digest(&u->part.scope);
    return OK;
}

static status too_large_for_strict(const struct upload *u)
{
    return fail(ST_TOO_LARGE, "capture.strict_max", 0,
                "the client's rules are strict: at most %u events, %u units and %zu KB",
                u->site->limits.capture_slice_events, PART_UNITS_MAX, CAPTURE_WHOLE_MAX / KB);
}

static status small_event(void *self, const struct document_event *e)
{
    struct upload *u = self;

    u->overflows = part_is_full(&u->part);
    if (u->overflows) return too_large_for_strict(u);
    return part_add(&u->part, e);
}

static struct document *document_of(struct upload *u,
                                    status (*event)(void *, const struct document_event *),
                                    status (*front)(void *, const struct epcis_front *))
{
    struct document_conf conf = {.syntax =
                                     u->media == REST_XML ? EPCIS_SYNTAX_XML : EPCIS_SYNTAX_JSON,
                                 .event_max = u->site->limits.capture_event_max,
                                 .events_max = u->whose.events_max,
                                 .lenient = u->whose.rule == CAPTURE_OFF,
                                 .proceed = u->proceed,
                                 .again = u->spool != NULL && u->late == NULL,
                                 .known = u->late == NULL ? NULL : document_front(u->late),
                                 .arena = &u->front,
                                 .event = event,
                                 .front = front,
                                 .self = u};

    return document_new(&conf);
}

static status check_kind(const struct upload *u)
{
    const struct captured_document *d = document_says(u->document);

    if (d->kind == EPCIS_BARE_EVENT)
        return fail(ST_BAD_INPUT, "capture.bare_event", 0,
                    "this is an event and no document: POST it to " REST_ROOT "/events");
    if (u->plain_1_2 && d->version == EPCIS_2_0)
        return fail(ST_BAD_INPUT, "capture.version", 0,
                    "this path takes documents of EPCIS 1.2: POST those of 2.0 to " REST_ROOT
                    "/capture");
    return OK;
}

static void make_asks(struct upload *u, bool running)
{
    struct capture_document_ask *a = &u->says;

    *a = (struct capture_document_ask){.client = u->whose.client,
                                       .says = *document_says(u->document),
                                       .rest = document_rest(u->document),
                                       .tally = &u->part.tally};
    if (u->proceed) a->says.flags |= CAPTURED_PROCEED;
    if (running) a->says.flags |= CAPTURED_RUNNING;
    u->instead = *a;
    u->instead.says.flags |= CAPTURED_ROLLED_BACK;
    u->instead.says.places = NULL;
    u->instead.says.place_count = 0;
    u->instead.rest = (str){0};
    u->instead.failed = true;
    u->slice = (struct capture_slice_ask){
        .client = u->whose.client, .last = true, .next = a->says.events, .tally = &u->part.tally};
}

static void first_refusal(const struct job *j, status *st, uint32_t *event)
{
    for (uint32_t i = 0; i < j->n; i++) {
        if (j->asks[i].result.cls == ST_OK || j->asks[i].kind != &kind_event_captured) continue;
        *st = j->asks[i].result;
        *event = ((const struct capture_ask *)j->asks[i].what)->index;
        return;
    }
}

static void small_done(struct part *p, struct job *j)
{
    struct upload *u = p->owner;
    status st = part_status(p, j);
    uint32_t event = UINT32_MAX;

    u->away = false;
    if (u->r != NULL) u->r->waited_us += p->synced_us;
    if (st.cls == ST_OK && u->r != NULL) st = api_repeat_check(u->r, j);
    if (st.cls != ST_OK) {
        refuse(u, st);
    } else if (u->plain_1_2 && j->undone) {
        st = fail(ST_UNPROCESSABLE, "capture.refused", 0, "nothing is stored");
        first_refusal(j, &st, &event);
        refuse_event(u, st, event);
    } else {
        answer(u, j->undone ? j->instead->fact.seq : j->asks[0].fact.seq);
    }
}

static void send(struct upload *u)
{
    u->away = true;
    if (part_send(&u->part)) return;
    u->away = false;
    refuse(u, fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again"));
}

static status master_make(struct upload *u)
{
    struct part *p = &u->part;

    return vocabulary_asks(document_front(u->document), u->whose.client, &p->arena, &p->master);
}

static void small_send(struct upload *u)
{
    struct part *p = &u->part;

    make_asks(u, false);
    status st = capture_pack(u->says.rest, &p->arena, &u->says.packed_rest);
    if (st.cls == ST_OK) st = master_make(u);
    if (st.cls != ST_OK) {
        refuse(u, st);
        return;
    }
    p->document = &u->says;
    p->slice = &u->slice;
    if (!u->proceed) p->instead = &u->instead;
    p->key = u->key;
    p->done = small_done;
    p->owner = u;
    send(u);
}

static status small_read(struct upload *u)
{
    u->part.taker.t = api_snapshot(u->r);
    u->document = document_of(u, small_event, take_front);
    status st = document_piece(u->document, u->in.n == 0 ? (str){"", 0} : buf_str(&u->in));
    if (st.cls == ST_OK) st = document_end(u->document);
    st = api_snapshot_end(u->r, st);
    return st.cls == ST_OK ? check_kind(u) : st;
}

// ---- a large one

static status conflict(struct upload *u, uint32_t index)
{
    struct capture_error e = {.event = index + 1};

    e.st = fail(ST_CONFLICT, "event.id_taken", 0, "eventID: another event has it");
    return capture_error_add(&u->conflicts, &u->front, &e);
}

// All or nothing is decided before the first of it is stored; where it may be in part, each event
// is judged when its turn comes.
static status large_event(void *self, const struct document_event *e)
{
    struct upload *u = self;
    struct capture_seen seen = {.taken = false};
    bool taken = false;

    if (u->proceed) return OK;
    TRY(part_look(&u->part, e, &seen));
    if (seen.id.n == 0) return OK;
    TRY(u->settles ? twice_settle(u->ids, e, seen.id, &taken) : twice_add(u->ids, e, seen.id));
    return taken || seen.taken ? conflict(u, e->index) : OK;
}

static status large_read(struct upload *u, str bytes)
{
    part_begin(&u->part);
    u->part.taker.client = u->whose.client;
    u->part.taker.t = api_snapshot(u->r);
    status st = document_piece(u->document, bytes);
    return api_snapshot_end(u->r, st);
}

static status large_piece(struct upload *u, str bytes)
{
    TRY(spool_add(u->spool, bytes));
    return large_read(u, bytes);
}

static status large_begin(struct upload *u)
{
    struct capture *c = capture_of(u->site);

    if (u->whose.rule == CAPTURE_STRICT) return too_large_for_strict(u);
    if (atomic_fetch_add(&c->spooled, 1) >= SPOOLED_MAX) {
        atomic_fetch_sub(&c->spooled, 1);
        return fail(ST_BUSY, "capture.busy", 0, "too many large documents are on their way");
    }
    u->counted = true;
    document_free(&u->document);
    arena_reset(&u->front);
    u->ids = twice_new(&u->front);
    if (u->ids == NULL) return no_memory();
    TRY(spool_new(c->spool, u->site->env, &u->spool));
    u->document = document_of(u, large_event, take_front);
    status st = large_piece(u, buf_str(&u->in));
    buf_fini(&u->in);
    return st;
}

static void run_finished(void *self, const struct capture_job *j)
{
    struct upload *u = self;

    OBJ_CHECK(u, UPLOAD_MAGIC);
    u->away = false;
    if (j != NULL && !(j->flags & JOB_FAILED))
        answer(u, 0);
    else
        refuse(u, fail(ST_STORE, "capture.failed", 0, "the document could not be stored"));
}

// An earlier call with this key: 200 says that all is stored, so it must be.
static status repeat_status(struct upload *u, uint64_t seq)
{
    struct capture_job j = {.flags = 0};
    struct txn *t = capture_snapshot(u->site, u->part.loop);

    (void)capture_job_get(t, u->whose.client, seq, &j);
    TRY(capture_snapshot_end(t));
    if (j.flags & JOB_RUNNING)
        return fail(ST_BUSY, "capture.running", 0, "the document is still being stored");
    if (j.flags & JOB_FAILED)
        return fail(ST_UNPROCESSABLE, "capture.refused", 0, "not all of it is stored");
    return OK;
}

// From here on the spooled document is the run's.
static void run(struct upload *u, uint64_t seq)
{
    struct run_conf conf = {u->site, u->part.loop, u->whose.client, seq, NULL, NULL};
    bool waits = u->plain_1_2; // `u` may be gone when the run has begun

    u->counted = false;
    if (waits) {
        conf.finished = run_finished;
        conf.self = u;
        u->away = true;
    }
    run_begin(&conf);
    if (!waits) answer(u, seq);
}

static void large_done(struct part *p, struct job *j)
{
    struct upload *u = p->owner;
    status st = part_status(p, j);
    bool failed = u->says.says.flags & CAPTURED_ROLLED_BACK;
    uint64_t seq = j->asks[0].fact.seq;

    u->away = false;
    if (u->r != NULL) u->r->waited_us += p->synced_us;
    if (st.cls == ST_OK) st = j->asks[0].result;
    if (st.cls != ST_OK || failed || j->repeat) spool_remove(&u->spool);
    if (st.cls == ST_OK && u->r != NULL) st = api_repeat_check(u->r, j);
    if (st.cls == ST_OK && u->plain_1_2 && j->repeat) st = repeat_status(u, seq);
    if (st.cls != ST_OK) {
        refuse(u, st);
    } else if (failed && u->plain_1_2) {
        refuse_event(u, u->conflicts.at[0].st, u->conflicts.at[0].event - 1);
    } else if (failed || j->repeat) {
        answer(u, seq);
    } else {
        run(u, seq);
    }
}

// What is read is safe on disk before a fact says that it will be taken in.
static status large_send(struct upload *u)
{
    struct part *p = &u->part;

    part_begin(p);
    make_asks(u, true);
    if (u->conflicts.n > 0) {
        u->says = u->instead;
        u->says.failed = false;
        u->says.says.flags &= ~(unsigned)CAPTURED_RUNNING;
        u->says.says.errors = u->conflicts;
    } else {
        TRY(spool_keep(u->spool));
        u->says.says.spool = spool_name(u->spool);
        TRY(capture_pack(u->says.rest, &p->arena, &u->says.packed_rest));
        TRY(master_make(u));
    }
    p->document = &u->says;
    p->key = u->key;
    p->done = large_done;
    p->owner = u;
    send(u);
    return OK;
}

// ---- the body

static status behaviour_of(const struct http_req *r, bool *proceed)
{
    str said = http_header(r, S("GS1-Capture-Error-Behaviour"));

    *proceed = str_eq_fold(said, S("proceed"));
    if (said.n == 0 || *proceed || str_eq_fold(said, S("rollback"))) return OK;
    return fail(ST_BAD_INPUT, "capture.behaviour", 0,
                "GS1-Capture-Error-Behaviour: rollback or proceed");
}

static status upload_prepare(struct http_req *r, bool plain, struct upload *u)
{
    struct txn *t = api_snapshot(r);
    status st = capture_for(r, t, &u->whose);

    TRY(api_snapshot_end(r, st));
    if (!plain) TRY(behaviour_of(r, &u->proceed));
    TRY(rest_body_media(r, (str){"", 0}, &u->media));
    if (plain && http_header(r, S("Content-Type")).n > 0 && u->media != REST_XML)
        return fail(ST_MEDIA_TYPE, "body.type", 0, "Content-Type: application/xml or text/xml");
    return OK;
}

static void upload_open(struct http_req *r, bool plain)
{
    struct upload *u = calloc(1, sizeof *u);
    bool bad = false;

    assert(u != NULL);
    *u = (struct upload){.magic = UPLOAD_MAGIC, .r = r, .site = api_site(r), .plain_1_2 = plain};
    part_init(&u->part, u->site, r->loop);
    arena_init(&u->front, FRONT_MAX);
    buf_init(&u->in, CAPTURE_WHOLE_MAX + 1 * MB);
    sha256_start(&u->sum);
    status st = upload_prepare(r, plain, u);
    if (st.cls == ST_OK) u->key.present = api_key(r, &u->key, &bad);
    if (bad) {
        upload_free(u);
        return;
    }
    if (st.cls != ST_OK) {
        upload_free(u);
        http_problem(r, st, S(""));
        return;
    }
    u->part.actor = caller_of(r)->actor;
    u->part.taker.client = u->whose.client;
    u->part.taker.rule = u->whose.rule;
    r->work = u;
}

static void stream_open(struct http_req *r) { upload_open(r, false); }
static void stream_open_1_2(struct http_req *r) { upload_open(r, true); }

// By the beginning of the body, which may come byte by byte.
static status media_find(struct upload *u)
{
    str begin = buf_str(&u->in);
    enum rest_media media = u->media;

    u->media_told = rest_body_tells(begin) || begin.n >= SIGN_MAX;
    if (!u->media_told) return OK;
    TRY(rest_body_media(u->r, begin, &media));
    u->media = media;
    if (u->plain_1_2 && media != REST_XML)
        return fail(ST_MEDIA_TYPE, "body.type", 0, "this path takes XML");
    return OK;
}

static status take_piece(struct upload *u, str bytes)
{
    u->came += bytes.n;
    if (u->key.present) sha256_add(&u->sum, bytes);
    if (u->came > u->site->limits.capture_body_max)
        return fail(ST_TOO_LARGE, "capture.body_max", 0, "a document has at most %zu bytes",
                    u->site->limits.capture_body_max);
    if (u->spool != NULL) return large_piece(u, bytes);
    buf_add(&u->in, bytes);
    if (!u->media_told) TRY(media_find(u));
    return u->in.n > CAPTURE_WHOLE_MAX ? large_begin(u) : OK;
}

static void refuse_read(struct upload *u, status st)
{
    refuse_event(u, st, u->document == NULL ? UINT32_MAX : document_failed_at(u->document));
}

static void stream_piece(struct http_req *r, str bytes)
{
    struct upload *u = r->work;

    OBJ_CHECK(u, UPLOAD_MAGIC);
    status st = take_piece(u, bytes);
    if (st.cls != ST_OK) refuse_read(u, st);
}

// The key is bound to the bytes of the body, too.
static status bind_body(struct upload *u)
{
    struct sha256 sum = sha256_end(&u->sum);

    if (!u->key.present) return OK;
    u->key.body = digest16_of((str){(const char *)u->key.body.b, sizeof u->key.body.b},
                              (str){(const char *)sum.b, sizeof sum.b});
    api_key_older(api_snapshot(u->r), env_wall(u->site->env), &u->key);
    return api_snapshot_end(u->r, OK);
}

// ---- a large one read again from the spool, in turns

static void again_step(struct mail *m);

static void again_turn(struct upload *u)
{
    u->away = true;
    u->turn.open = again_step;
    loop_post(u->part.loop, &u->turn);
}

static status again_begin(struct upload *u)
{
    if (document_is_late(u->document))
        u->late = u->document;
    else
        document_free(&u->document);
    u->document = document_of(u, large_event, take_front);
    if (u->piece == NULL) u->piece = NEW_ARRAY(&u->front, char, PIECE);
    if (u->piece == NULL) return no_memory();
    u->read = 0;
    u->conflicts = (struct capture_errors){.n = 0};
    again_turn(u);
    return OK;
}

static status large_end(struct upload *u)
{
    TRY(document_end(u->document));
    if (document_is_late(u->document)) return again_begin(u);
    TRY(check_kind(u));
    if (!u->settles && twice_wants_again(u->ids)) return u->settles = true, again_begin(u);
    return large_send(u);
}

static void again_step(struct mail *m)
{
    struct upload *u = CONTAINER_OF(m, struct upload, turn);
    size_t n = 0;

    OBJ_CHECK(u, UPLOAD_MAGIC);
    u->away = false;
    if (u->r == NULL) {
        upload_free(u);
        return;
    }
    status st = spool_read(u->spool, u->read, u->piece, PIECE, &n);
    u->read += n;
    if (st.cls == ST_OK) st = n > 0 ? large_read(u, (str){u->piece, n}) : large_end(u);
    if (st.cls != ST_OK)
        refuse_read(u, st);
    else if (n > 0)
        again_turn(u);
}

// ---- the end of the body

static void stream_end(struct http_req *r)
{
    struct upload *u = r->work;

    OBJ_CHECK(u, UPLOAD_MAGIC);
    status st = bind_body(u);
    if (st.cls == ST_OK && u->spool == NULL) {
        st = small_read(u);
        if (st.cls == ST_OK) {
            small_send(u);
            return;
        }
        if (u->overflows) st = large_begin(u);
    }
    if (st.cls == ST_OK) st = large_end(u);
    if (st.cls != ST_OK) refuse_read(u, st);
}

static void stream_gone(struct http_req *r)
{
    struct upload *u = r->work;

    if (u == NULL) return;
    OBJ_CHECK(u, UPLOAD_MAGIC);
    u->r = NULL;
    r->work = NULL;
    if (!u->away) upload_free(u);
}

const struct http_stream capture_stream = {stream_open, stream_piece, stream_end, stream_gone};
const struct http_stream capture_stream_1_2 = {stream_open_1_2, stream_piece, stream_end,
                                               stream_gone};
