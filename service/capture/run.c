// A spooled document on its way into the ledger: read again in turns of the loop, a slice of its
// events a transaction, until the last slice ends the job. After an end of the process it goes on
// with the event that the job's row names. So it does after trouble with the store or the disk that
// may pass: it was answered, and is not given up for want of a descriptor. Only a file that cannot
// be read for minutes is.
//
// Whoever issues numbers meanwhile waits for one such transaction at most; the loop serves others
// between two pieces.
#include "common/log.h"
#include "service/capture/capture_int.h"
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define RUN_MAGIC  0x2a11e2u
#define PIECE      (32 * KB)
#define FRONT_MAX  (128 * MB)
#define PAUSE_MS   200   // before what the committer did not take is sent again
#define UNREAD_MAX 1500u // times that the file may fail to be read, one after the other

struct intake { // owner: the loop
    unsigned magic;
    struct run_conf conf;
    struct mail turn;
    struct part part;
    struct arena front;
    struct epcis_front known; // of its document
    struct document *document;
    struct spool *spool;
    uint64_t at; // of the file
    bool opened, ended, lost;
    const char *why; // it was lost
    uint32_t unread;
    struct capture_slice_ask slice;
    struct capture_errors refused; // of the events of the part in hand
    char *piece;
};

static void step(struct mail *m);
static void send_slice(struct intake *x);

static void run_free(struct intake *x)
{
    OBJ_CHECK(x, RUN_MAGIC);
    atomic_fetch_sub(&capture_of(x->conf.site)->spooled, 1);
    document_free(&x->document);
    spool_close(&x->spool);
    part_fini(&x->part);
    arena_fini(&x->front);
    free(x->piece);
    x->magic = 0;
    free(x);
}

// The job stays as it is where the service ends: it is gone on with at the next start.
static bool is_over(struct intake *x)
{
    if (!atomic_load(&x->conf.site->draining)) return false;
    if (x->conf.finished != NULL) x->conf.finished(x->conf.self, NULL);
    run_free(x);
    return true;
}

static void turn(struct intake *x)
{
    if (is_over(x)) return;
    x->turn.open = step;
    loop_post(x->conf.loop, &x->turn);
}

// Sends the part in hand again, or begins anew.
static void pause_over(evutil_socket_t fd, short what, void *self)
{
    struct intake *x = self;

    (void)fd, (void)what;
    OBJ_CHECK(x, RUN_MAGIC);
    if (is_over(x)) return;
    if (x->opened || x->lost)
        send_slice(x);
    else
        step(&x->turn);
}

static void stop_or_wait(struct intake *x)
{
    struct timeval later = {0, PAUSE_MS * 1000};

    if (is_over(x)) return;
    int rc = event_base_once(loop_base(x->conf.loop), -1, EV_TIMEOUT, pause_over, x, &later);
    assert(rc == 0); // it wants nothing but memory
}

// From what the job's row says on, after a while; the part in hand goes.
static void begin_anew(struct intake *x, status st)
{
    LOG(warn, "capture.waits", fi("document", (int64_t)x->conf.document),
        fs("code", str_of(st.reason)));
    document_free(&x->document);
    spool_close(&x->spool);
    part_begin(&x->part);
    arena_reset(&x->front);
    x->part.scope = (struct epcis_scope){0};
    x->opened = x->ended = x->lost = false;
    x->at = 0;
    stop_or_wait(x);
}

// ---- reading

static status take_front(void *self, const struct epcis_front *f)
{
    struct intake *x = self;

    (void)f;
    x->part.scope = *document_scope(x->document);
    x->part.taker.scope = capture_scope_digest(&x->part.scope);
    return OK;
}

// What cannot be read was told when it came; what is no event of this caller's is told here.
static status take_event(void *self, const struct document_event *e)
{
    struct intake *x = self;
    status st = part_add(&x->part, e);

    if (st.cls == ST_OK || document_is_ended_by(st)) return st;
    return capture_error_add(&x->refused, &x->part.arena,
                             &(struct capture_error){e->index + 1, document_fault(e->at, st), {0}});
}

static void lose(struct intake *x, status st)
{
    x->lost = x->ended = true;
    x->why = st.reason;
}

static status fill(struct intake *x)
{
    size_t n;

    while (!x->ended && !part_is_full(&x->part)) {
        status st = spool_read(x->spool, x->at, x->piece, PIECE, &n);
        if (st.cls != ST_OK && ++x->unread < UNREAD_MAX) return st;
        if (st.cls == ST_OK) x->unread = 0;
        if (st.cls == ST_OK && n > 0) st = document_piece(x->document, (str){x->piece, n});
        if (st.cls == ST_OK && n == 0) st = document_end(x->document);
        if (st.cls != ST_OK) { // it was read once: only the disk can have changed it
            lose(x, st);
            break;
        }
        x->at += n;
        x->ended = n == 0;
        if (n > 0 && x->part.n == 0) break; // nothing yet: others have their turn
    }
    return OK;
}

static void send_slice(struct intake *x)
{
    x->slice = (struct capture_slice_ask){
        .client = x->conf.client,
        .last = x->ended,
        .lost = x->lost,
        .next = x->document == NULL ? 0 : document_says(x->document)->events,
        .at = x->at,
        .refused = x->refused,
        .tally = &x->part.tally};
    x->part.slice = &x->slice;
    x->part.named = 0; // what was named before is known
    if (!part_send(&x->part)) stop_or_wait(x);
}

static status begin(struct intake *x, struct txn *t);

static bool is_of_disk(status st) // it may be better soon
{
    return strcmp(st.reason, "capture.spool") == 0 || strcmp(st.reason, "store.full") == 0;
}

// In one snapshot: what came of one that failed is not used.
static status look(struct intake *x)
{
    x->part.taker.t = capture_snapshot(x->conf.site, x->conf.loop);
    status st = x->opened ? OK : begin(x, x->part.taker.t);
    if (st.cls == ST_OK)
        st = fill(x);
    else if (!is_of_disk(st))
        lose(x, st), st = OK;
    status end = capture_snapshot_end(x->part.taker.t);
    if (end.cls != ST_OK) return end;
    if (x->lost) LOG(error, "capture.lost", fs("code", str_of(x->why)));
    return st;
}

static void step(struct mail *m)
{
    struct intake *x = CONTAINER_OF(m, struct intake, turn);
    status st = OK;

    OBJ_CHECK(x, RUN_MAGIC);
    part_begin(&x->part);
    x->refused = (struct capture_errors){.n = 0};
    x->part.taker.client = x->conf.client;
    x->part.taker.scope = capture_scope_digest(&x->part.scope);
    if (!x->ended) st = look(x);
    if (st.cls != ST_OK)
        begin_anew(x, st);
    else if (x->part.n == 0 && x->refused.n == 0 && !x->ended)
        turn(x);
    else
        send_slice(x);
}

// ---- slices

static void finish(struct intake *x)
{
    struct capture_job j = {.flags = JOB_FAILED};
    struct txn *t = capture_snapshot(x->conf.site, x->conf.loop);

    (void)capture_job_get(t, x->conf.client, x->conf.document, &j);
    (void)capture_snapshot_end(t).cls;
    if (x->spool != NULL) spool_remove(&x->spool);
    LOG(info, "capture.finished", fi("document", (int64_t)x->conf.document), fi("stored", j.stored),
        fi("repeats", j.repeats));
    if (x->conf.finished != NULL) x->conf.finished(x->conf.self, &j);
    run_free(x);
}

static void slice_done(struct part *p, struct job *j)
{
    struct intake *x = p->owner;
    status st = part_status(p, j);

    if (st.cls != ST_OK) {
        LOG(warn, "capture.slice_failed", fs("code", str_of(st.reason)));
        stop_or_wait(x);
    } else if (x->ended) {
        finish(x);
    } else {
        turn(x);
    }
}

// ---- beginning

static status open_all(struct intake *x, const struct fact *f, const struct capture_job *job)
{
    struct captured_document d;
    const struct site_limits *limits = &x->conf.site->limits;

    TRY(captured_document_get(f->decided, &x->front, &d));
    bool whole = !(d.flags & CAPTURED_PROCEED); // every event was found good when it came
    struct document_conf conf = {.syntax =
                                     d.flags & CAPTURED_XML ? EPCIS_SYNTAX_XML : EPCIS_SYNTAX_JSON,
                                 .event_max = limits->capture_event_max,
                                 .events_max = UINT32_MAX,
                                 .lenient = whole || x->part.taker.rule == CAPTURE_OFF,
                                 .proceed = true,
                                 .no_rest = true,
                                 .skip = job->next,
                                 .known = &x->known, // it may stand behind the events
                                 .arena = &x->front,
                                 .event = take_event,
                                 .front = take_front,
                                 .self = x};
    x->known = (struct epcis_front){
        .kind = d.kind, .scope = captured_scope(&d), .schema_version = d.schema_version};
    x->part.actor = f->actor;
    x->part.taken = whole ? TAKEN_KEEP : TAKEN_REFUSE;
    TRY(spool_open(capture_of(x->conf.site)->spool, d.spool, &x->spool));
    x->document = document_new(&conf);
    x->opened = true;
    return OK;
}

static status begin(struct intake *x, struct txn *t)
{
    struct client_profile profile;
    struct capture_job job;
    struct fact f;

    TRY(journal_get(t, x->conf.document, &x->front, &f));
    if (!capture_job_get(t, x->conf.client, x->conf.document, &job))
        return fail(ST_STORE, "capture.lost", 0, "a capture without its row");
    TRY(client_profile(t, x->conf.client, &profile));
    x->part.taker.rule = profile.capture;
    x->part.tally.document = x->conf.document;
    return open_all(x, &f, &job);
}

void run_begin(const struct run_conf *conf)
{
    struct intake *x = calloc(1, sizeof *x);

    assert(x != NULL);
    *x = (struct intake){.magic = RUN_MAGIC, .conf = *conf};
    part_init(&x->part, conf->site, conf->loop);
    x->part.done = slice_done;
    x->part.owner = x;
    arena_init(&x->front, FRONT_MAX);
    x->piece = malloc(PIECE);
    assert(x->piece != NULL);
    turn(x);
}
