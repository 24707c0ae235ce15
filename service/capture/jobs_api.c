// GET /epcis/v2/capture and /epcis/v2/capture/{captureID}: what became of documents, in JSON or,
// for one, as EPCISCaptureJob in XML.
//
// A page goes on below the last number looked at.
#include "service/capture/capture_int.h"
#include "service/query/page.h"
#include <stdio.h>
#include <string.h>

#define NS           "urn:epcglobal:epcis:xsd:2"
#define CODE_NS      "urn:packtrail:problem"
#define JOBS_AT_ONCE 64u
#define LOOKED_MAX   5000u // by one page, which may then hold fewer

struct shown {
    struct http_req *r;
    struct txn *t;
    client_id client;
    uint64_t document;
    struct capture_job job;
};

static status client_of(struct http_req *r, struct txn *t, client_id *out)
{
    struct capture_for c;

    TRY(capture_for(r, t, &c));
    *out = c.client;
    return OK;
}

// ---- how far it is

enum { PROGRESS_EVENTS, PROGRESS_STORED, PROGRESS_REPEATS, PROGRESS_REFUSED, PROGRESS_COUNT };
static const char *const progress_names[] = {"events", "stored", "repeats", "refused"};

// Of a document that was rolled back, or whose rest was lost, all that is not there is refused.
static void progress_of(const struct capture_job *j, uint32_t out[PROGRESS_COUNT])
{
    uint32_t done = j->flags & JOB_RUNNING ? j->next : j->events, kept = j->stored + j->repeats;

    out[PROGRESS_EVENTS] = j->events;
    out[PROGRESS_STORED] = j->stored;
    out[PROGRESS_REPEATS] = j->repeats;
    out[PROGRESS_REFUSED] = done > kept ? done - kept : 0;
}

// ---- errors: those of the document's fact, then those of its slices

typedef void error_each(void *self, const struct capture_error *e);

// `more`: those that the facts leave out are counted there.
static status slice_errors(const struct shown *x, uint64_t seq, error_each *each, void *self,
                           uint64_t *more)
{
    struct capture_slice s;
    struct fact f;

    TRY(journal_get(x->t, seq, &x->r->arena, &f));
    TRY(capture_slice_get(&f, &x->r->arena, &s));
    if (s.errors_before != 0) TRY(slice_errors(x, s.errors_before, each, self, more));
    for (uint32_t i = 0; i < s.errors.n; i++) each(self, &s.errors.at[i]);
    *more += s.errors.more;
    return OK;
}

static status errors_walk(const struct shown *x, error_each *each, void *self, uint64_t *more)
{
    struct captured_document d;
    struct fact f;

    *more = 0;
    if (!(x->job.flags & JOB_FAILED)) return OK;
    TRY(journal_get(x->t, x->document, &x->r->arena, &f));
    TRY(captured_document_get(f.decided, &x->r->arena, &d));
    for (uint32_t i = 0; i < d.errors.n; i++) each(self, &d.errors.at[i]);
    *more = d.errors.more;
    return x->job.errors_at == 0 ? OK : slice_errors(x, x->job.errors_at, each, self, more);
}

// ---- JSON

static void json_error(void *self, const struct capture_error *e)
{
    struct json_w *w = self;

    json_w_object(w);
    rest_problem_members(w, e->st);
    if (e->st.at > 0) json_w_kint(w, "at", e->st.at);
    if (e->event > 0) json_w_kint(w, "index", e->event - 1);
    if (e->units.n > 0) {
        json_w_key(w, S("units"));
        json_w_raw(w, e->units);
    }
    json_w_end(w);
}

static void json_time(struct json_w *w, const char *key, wall at)
{
    if (at.ms == 0) return;
    json_w_kwall(w, key, at);
}

static str id_of(const struct shown *x)
{
    struct buf b;

    buf_init(&b, KB);
    capture_id_put(api_site(x->r), x->document, &b);
    str id = arena_str(&x->r->arena, buf_str(&b));
    buf_fini(&b);
    return id;
}

static const char *behaviour(const struct shown *x)
{
    return x->job.flags & JOB_PROCEED ? "proceed" : "rollback";
}

static void json_progress(const struct shown *x, struct json_w *w)
{
    uint32_t counts[PROGRESS_COUNT];

    progress_of(&x->job, counts);
    json_w_key(w, S("progress"));
    json_w_object(w);
    for (unsigned i = 0; i < PROGRESS_COUNT; i++) json_w_kint(w, progress_names[i], counts[i]);
    json_w_end(w);
}

static status job_json(const struct shown *x, struct json_w *w)
{
    uint64_t more;
    status st;

    json_w_object(w);
    json_w_kstr(w, "captureID", id_of(x));
    json_time(w, "createdAt", x->job.created);
    json_time(w, "finishedAt", x->job.finished);
    json_w_kbool(w, "running", x->job.flags & JOB_RUNNING);
    json_w_kbool(w, "success", !(x->job.flags & JOB_FAILED));
    json_w_kstr(w, "captureErrorBehaviour", str_of(behaviour(x)));
    json_progress(x, w);
    json_w_key(w, S("errors")); // also where there are none: the OpenAPI of EPCIS wants them
    json_w_array(w);
    st = errors_walk(x, json_error, w, &more);
    json_w_end(w);
    if (more > 0) json_w_kint(w, "errorsLeftOut", (int64_t)more);
    json_w_end(w);
    return st;
}

// ---- XML

// What the schema has no name for, where it lets others add to it.
static void xml_count(struct xml_w *w, const char *name, uint64_t count)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);

    xml_open(w, str_of(name));
    xml_attr(w, S("xmlns"), S(CODE_NS));
    xml_text(w, (str){digits, (size_t)n});
    xml_close(w);
}

static void xml_error(void *self, const struct capture_error *e)
{
    struct xml_w *w = self;
    char digits[16], text[sizeof e->st.text];
    int n = snprintf(digits, sizeof digits, "%d", status_http(e->st.cls));

    xml_open(w, S("error"));
    xml_leaf(w, S("type"), str_of(rest_problem_type(e->st)));
    xml_leaf(w, S("title"), str_of(status_says(e->st.cls)));
    xml_leaf(w, S("status"), (str){digits, (size_t)n});
    if (e->st.text[0] != 0) xml_leaf(w, S("detail"), rest_printable(str_of(e->st.text), text));
    if (e->event > 0) xml_count(w, "index", e->event - 1);
    if (e->st.at > 0) xml_count(w, "at", e->st.at);
    xml_close(w);
}

static void xml_progress(const struct shown *x, struct xml_w *w)
{
    uint32_t counts[PROGRESS_COUNT];
    char digits[16];

    progress_of(&x->job, counts);
    xml_open(w, S("progress"));
    xml_attr(w, S("xmlns"), S(CODE_NS));
    for (unsigned i = 0; i < PROGRESS_COUNT; i++) {
        int n = snprintf(digits, sizeof digits, "%u", counts[i]);
        xml_attr(w, str_of(progress_names[i]), (str){digits, (size_t)n});
    }
    xml_close(w);
}

static void xml_time(struct xml_w *w, const char *name, wall at)
{
    struct buf b;

    if (at.ms == 0) return;
    buf_init(&b, 64);
    when_write(&b, (struct moment){at, 0});
    xml_leaf(w, str_of(name), buf_str(&b));
    buf_fini(&b);
}

static status job_xml(const struct shown *x, struct xml_w *w)
{
    uint64_t more = 0;
    status st = OK;

    xml_declare(w);
    xml_open(w, S("epcis:EPCISCaptureJob"));
    xml_attr(w, S("xmlns:epcis"), S(NS));
    xml_attr(w, S("running"), x->job.flags & JOB_RUNNING ? S("true") : S("false"));
    xml_attr(w, S("success"), x->job.flags & JOB_FAILED ? S("false") : S("true"));
    xml_attr(w, S("captureID"), id_of(x));
    xml_leaf(w, S("captureErrorBehaviour"), str_of(behaviour(x)));
    xml_time(w, "createdAt", x->job.created);
    xml_time(w, "finishedAt", x->job.finished);
    if (x->job.flags & JOB_FAILED) {
        xml_open(w, S("errors"));
        st = errors_walk(x, xml_error, w, &more);
        xml_close(w);
        if (more > 0) xml_count(w, "errorsLeftOut", more);
    }
    xml_progress(x, w);
    xml_close(w);
    return st.cls == ST_OK ? xml_done(w) : st;
}

// ---- one

static status unknown(void)
{
    return fail(ST_NOT_FOUND, "capture.unknown", 0, "there is no such capture");
}

// A distributor sees what it sent itself, not what others did for the same client.
static bool is_seen(const struct shown *x)
{
    const struct caller *caller = caller_of(x->r);
    struct fact f;

    if (caller->role != ROLE_DISTRIBUTOR) return true;
    return journal_get_header(x->t, x->document, &f).cls == ST_OK && f.actor == caller->actor;
}

// Another client's is none.
static status job_find(struct shown *x)
{
    struct http_req *r = x->r;

    TRY(client_of(r, x->t, &x->client));
    if (!opaque_get(api_site(r)->opaque_key, OPAQUE_CAPTURE, r->param[0], &x->document) ||
        !capture_job_get(x->t, x->client, x->document, &x->job) || !is_seen(x))
        return unknown();
    return OK;
}

void capture_job_show(struct http_req *r)
{
    struct rest_accepted form = {.media = REST_JSON};
    struct shown x = {.r = r, .t = api_snapshot(r)};
    struct buf b;

    buf_init(&b, 64 * MB);
    struct json_w json = json_writer(&b);
    struct xml_w xml = xml_writer(&b);
    status st = rest_accept(r, REST_ANY, &form);
    if (st.cls == ST_OK) st = job_find(&x);
    if (st.cls == ST_OK) st = form.media == REST_XML ? job_xml(&x, &xml) : job_json(&x, &json);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK)
        http_reply_buf(r, 200, form.type, &b);
    else
        http_problem(r, st, S(""));
    buf_fini(&b);
}

// ---- all

static struct page_of page_of_jobs(const struct shown *x)
{
    return (struct page_of){digest16_of(S("capture"), S("collection")), x->client,
                            caller_of(x->r)->actor};
}

static status before_of(const struct shown *x, const struct rest_page *page, uint64_t *before)
{
    struct page_of of = page_of_jobs(x);

    *before = UINT64_MAX;
    if (page->token.n == 0) return OK;
    return page_number_get(api_site(x->r), &of, page->token, &x->r->arena, before);
}

static void next_say(const struct shown *x, uint64_t last)
{
    struct site *s = api_site(x->r);
    wall expires = {env_wall(s->env).ms + REST_TOKEN_MS};
    struct page_of of = page_of_jobs(x);
    struct buf token;

    if (last == 0) return;
    buf_init(&token, KB);
    page_number_put(s, &of, expires, last, &token);
    rest_next(x->r, buf_str(&token), expires);
    buf_fini(&token);
}

static status list_write(struct shown *x, const struct rest_page *page, struct json_w *w,
                         uint64_t *last)
{
    uint64_t seqs[JOBS_AT_ONCE], before;
    uint32_t shown = 0, looked = 0;
    size_t n = JOBS_AT_ONCE;

    TRY(client_of(x->r, x->t, &x->client));
    TRY(before_of(x, page, &before));
    json_w_array(w);
    while (n == JOBS_AT_ONCE && *last == 0) {
        n = capture_jobs(x->t, x->client, before, seqs, JOBS_AT_ONCE);
        for (size_t i = 0; i < n && *last == 0; i++) {
            if (shown == page->per_page || looked++ == LOOKED_MAX) {
                *last = before;
                continue;
            }
            before = x->document = seqs[i];
            if (!is_seen(x)) continue;
            if (!capture_job_get(x->t, x->client, x->document, &x->job)) return unknown();
            TRY(job_json(x, w));
            shown++;
        }
    }
    json_w_end(w);
    return OK;
}

void capture_jobs_list(struct http_req *r)
{
    struct rest_accepted form = {.media = REST_JSON};
    struct rest_page page = {.per_page = REST_PER_PAGE};
    struct shown x = {.r = r, .t = api_snapshot(r)};
    uint64_t last = 0;
    struct buf b;

    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    status st = rest_accept(r, REST_ONLY_JSON, &form);
    if (st.cls == ST_OK) st = rest_page(r, &page);
    if (st.cls == ST_OK) st = list_write(&x, &page, &w, &last);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        next_say(&x, last);
        http_reply_buf(r, 200, form.type, &b);
    } else {
        http_problem(r, st, S(""));
    }
    buf_fini(&b);
}
