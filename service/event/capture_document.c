// `document.captured` and `capture.slice`: what a document said around its events, and how far it
// has been taken in. decided parts: captured.h. Their rows are jobs (capture_job_db.c).
#include "service/event/capture.h"
#include "service/event/capture_job_db.h"
#include "service/exception/exception.h"

// ---- documents

// What the committer refused of the events of this job so far.
static status refusals_add(const struct capture_tally *tally, struct arena *a,
                           struct capture_errors *all)
{
    const struct job *j = tally->job;

    for (uint32_t i = 0; j != NULL && i < j->n; i++) {
        const struct ask *ask = &j->asks[i];
        const struct capture_ask *event = ask->what;
        if (ask->kind != &kind_event_captured || ask->result.cls == ST_OK) continue;
        struct capture_error e = {event->index + 1, ask->result, ask->units};
        TRY(capture_error_add(all, a, &e));
    }
    return OK;
}

static status document_decide(struct decide *d)
{
    const struct capture_document_ask *ask = d->ask;
    struct captured_document says = ask->says;

    d->fact->client = ask->client;
    d->fact->body = ask->rest;
    d->packed_body = ask->packed_rest;
    if (ask->failed) TRY(refusals_add(ask->tally, d->arena, &says.errors));
    captured_document_put(d->out, &says);
    ask->tally->document = d->seq;
    return OK;
}

// What a rule of the trade refused is looked at by somebody, as any refusal; not what cannot be
// read.
static void raise_refused(struct txn *t, const struct fact *f, const struct capture_errors *errors)
{
    for (uint32_t i = 0; i < errors->n; i++) {
        status st = errors->at[i].st;
        if (st.cls != ST_CONFLICT && st.cls != ST_UNPROCESSABLE) continue;
        exception_raise(
            t, f, &(struct exception){.kind = EXCEPTION_OF_CAPTURED, .code = str_of(st.reason)});
        return;
    }
}

static void document_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct captured_document d;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (captured_document_get(f->decided, &a, &d).cls == ST_OK) {
        struct capture_job j = {.created = f->at, .flags = JOB_RUNNING, .events = d.events};
        if (d.flags & CAPTURED_PROCEED) j.flags |= JOB_PROCEED;
        if (d.errors.n > 0) j.flags |= JOB_FAILED;
        if (d.flags & CAPTURED_ROLLED_BACK) {
            j.flags = (j.flags | JOB_FAILED) & ~(unsigned)JOB_RUNNING;
            j.finished = f->at;
        }
        capture_job_put(t, f->client, f->seq, &j);
        raise_refused(t, f, &d.errors);
    } else {
        txn_spoil(t, "record.corrupt", "a captured document");
    }
    arena_fini(&a);
}

static void some(struct json_w *w, const char *key, str text)
{
    if (text.n > 0) json_w_kstr(w, key, text);
}

static void document_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct captured_document d;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (captured_document_get(f->decided, &a, &d).cls == ST_OK) {
        json_w_kint(w, "events", d.events);
        json_w_kint(w, "bytes", (int64_t)d.bytes);
        some(w, "sender", d.sender.id);
        some(w, "receiver", d.receiver.id);
        some(w, "instance", d.instance);
        if (d.flags & CAPTURED_ROLLED_BACK) json_w_kbool(w, "rolled_back", true);
        if (d.errors.n > 0) json_w_kint(w, "errors", (int64_t)(d.errors.n + d.errors.more));
    }
    arena_fini(&a);
}

const struct kind kind_document_captured = {
    FACT_DOCUMENT_CAPTURED, 1,   "document.captured", document_decide, document_write,
    document_print,         NULL};

// ---- slices

static void count_events(const struct job *j, struct capture_slice *s)
{
    for (uint32_t i = 0; j != NULL && i < j->n; i++) {
        const struct ask *ask = &j->asks[i];
        if (ask->kind != &kind_event_captured || ask->result.cls != ST_OK) continue;
        s->repeats += ask->repeat;
        s->stored += !ask->repeat;
    }
}

static status slice_decide(struct decide *d)
{
    const struct capture_slice_ask *ask = d->ask;
    const struct capture_tally *tally = ask->tally;
    struct capture_job job;

    d->fact->client = ask->client;
    if (!capture_job_get(d->t, ask->client, tally->document, &job))
        return fail(ST_NOT_FOUND, "capture.unknown", 0, "there is no such capture");
    struct capture_slice s = {.document = tally->document,
                              .flags = ask->last ? SLICE_LAST : 0u,
                              .next = ask->next,
                              .at = ask->at,
                              .errors_before = job.errors_at};
    struct capture_error lost = {
        .st = fail(ST_STORE, "capture.lost", 0, "the rest of the document is gone")};
    count_events(tally->job, &s);
    for (uint32_t i = 0; i < ask->refused.n; i++)
        TRY(capture_error_add(&s.errors, d->arena, &ask->refused.at[i]));
    s.errors.more = ask->refused.more;
    TRY(refusals_add(tally, d->arena, &s.errors));
    if (ask->lost) TRY(capture_error_add(&s.errors, d->arena, &lost));
    capture_slice_put(d->out, d->seq, &s);
    return OK;
}

static void slice_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct capture_slice s;
    struct capture_job j;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (capture_slice_get(f, &a, &s).cls == ST_OK &&
        capture_job_get(t, f->client, s.document, &j)) {
        j.stored += s.stored;
        j.repeats += s.repeats;
        j.next = s.next;
        j.at = s.at;
        if (s.errors.n > 0) {
            j.flags |= JOB_FAILED;
            j.errors_at = f->seq;
        }
        if (s.flags & SLICE_LAST) {
            j.flags &= ~(unsigned)JOB_RUNNING;
            j.finished = f->at;
        }
        capture_job_put(t, f->client, s.document, &j);
        raise_refused(t, f, &s.errors);
    } else {
        txn_spoil(t, "record.corrupt", "a slice of a capture");
    }
    arena_fini(&a);
}

static void slice_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct capture_slice s;
    struct arena a;

    (void)arg;
    arena_init(&a, 256 * MB);
    if (capture_slice_get(f, &a, &s).cls == ST_OK) {
        json_w_kinner(w, "document", s.document);
        json_w_kint(w, "stored", s.stored);
        json_w_kint(w, "repeats", s.repeats);
        if (s.flags & SLICE_LAST) json_w_kbool(w, "last", true);
    }
    arena_fini(&a);
}

const struct kind kind_capture_slice = {
    FACT_CAPTURE_SLICE, 1, "capture.slice", slice_decide, slice_write, slice_print, NULL};
