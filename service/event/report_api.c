// POST /v1/reports: one object, an array, or NDJSON as it streams.
//
// NDJSON is taken in slices of whole lines, each one job of the committer; the next is cut only
// when the one before was answered, and meanwhile the socket is not read. So memory does not grow
// with the body. A repeat with the same Idempotency-Key meets the same slices (slicer.h), and each
// is answered as before or, after a crash, done now.
#include "common/digest.h"
#include "service/event/slice.h"
#include "service/event/slicer.h"
#include <stdlib.h>
#include <string.h>

#define REPORTS_MAGIC 0x7e907u
#define READ_AHEAD    (1 * MB) // of a body beyond its longest line

// owner: the loop of the request. It outlives the request when the peer breaks off while a job is
// away.
struct reports {
    unsigned magic;
    struct http_req *r; // NULL: the peer is gone
    bool lines;         // NDJSON
    bool atomic;        // all or nothing: one job
    bool ended;         // the body is whole
    bool away;          // a job is at the committer
    struct job_key key; // of the call; `body` without the body
    struct sha256_run sum;
    struct buf in; // what has come and was not taken
    size_t taken;  // of it already
    size_t came;   // in all
    struct slicer slicer;
    struct slice slice; // at the committer, or in the making
    struct results results;
};

enum turn { WAITS, HUNGRY, OVER }; // for an answer, for bytes; OVER: answered, and it is gone

static struct reports *reports_of(struct http_req *r)
{
    struct reports *s = r->work;

    OBJ_CHECK(s, REPORTS_MAGIC);
    return s;
}

static void reports_free(struct reports *s)
{
    OBJ_CHECK(s, REPORTS_MAGIC);
    buf_fini(&s->in);
    slice_fini(&s->slice);
    results_fini(&s->results);
    s->magic = 0;
    free(s);
}

static enum turn refuse(struct reports *s, status st)
{
    struct http_req *r = s->r;

    reports_free(s);
    r->work = NULL;
    http_problem(r, st, S(""));
    return OVER;
}

static enum turn answer(struct reports *s)
{
    struct http_req *r = s->r;
    struct buf b;

    buf_init(&b, 2 * s->results.max + 1 * MB);
    results_write(&s->results, &b);
    reports_free(s);
    r->work = NULL;
    api_reply(r, 200, &b);
    return OVER;
}

// ---- jobs

// The key of the slice's job: the call's own for the first, for later ones also the index of their
// first object. Bound with it is the body so far, and whether it ended there.
static struct job_key key_of(const struct reports *s, bool last)
{
    uint64_t first = s->slice.first;
    struct job_key k = s->key;
    struct sha256 sum = sha256_end(&s->sum);
    char body[sizeof sum.b + 1];
    struct buf index;

    k.always = true;
    if (!k.present) return k;
    buf_init(&index, 32);
    buf_addu(&index, first);
    if (first > 0)
        k.key = digest16_of((str){(const char *)k.key.b, sizeof k.key.b}, buf_str(&index));
    buf_fini(&index);
    memcpy(body, sum.b, sizeof sum.b);
    body[sizeof sum.b] = last ? 1 : 0;
    k.body = digest16_of((str){(const char *)k.body.b, sizeof k.body.b}, (str){body, sizeof body});
    return k;
}

static void job_done(struct job *j);

// Where something of the call is no report at all, nothing of it is done.
static void tell(struct reports *s, const struct job *j)
{
    slice_tell(&s->slice, caller_of(s->r), j, &s->results);
}

// Hands the slice to the committer. `last`: the body ends with it.
static enum turn submit(struct reports *s, bool last)
{
    uint32_t n = slice_sound(&s->slice);
    struct job *j;

    // Nothing is done; but the answer is 200, and a key is bound by it.
    if (n == 0 && (!s->key.present || (s->slice.n == 0 && !last))) return tell(s, NULL), HUNGRY;
    j = job_new(&s->slice.arena, s->r->loop, n);
    if (j == NULL) return refuse(s, no_memory());
    j->owner = s;
    j->done = job_done;
    j->actor = caller_of(s->r)->actor;
    j->key = key_of(s, last);
    j->together = s->atomic;
    j->doomed = n < s->slice.n;
    status st = slice_find(&s->slice, s->r, j);
    if (st.cls != ST_OK) return refuse(s, st);
    if (!committer_submit(api_site(s->r)->committer, j))
        return refuse(s, fail(ST_BUSY, "service.busy", 0, "too many commands wait, ask again"));
    s->away = true;
    return WAITS;
}

// ---- one object or an array

static status array_read(struct reports *s, str body)
{
    const struct site *site = api_site(s->r);
    struct json_r r = json_reader(body, &s->slice.arena);
    uint32_t max = site->limits.reports_max;

    for (json_array(&r); json_item(&r);) {
        str raw = json_raw(&r);
        if (r.st.cls != ST_OK) break;
        if (s->slice.n == max)
            return fail(ST_TOO_LARGE, "reports.too_many", 0, "at most %u reports in an array", max);
        TRY(slice_add(&s->slice, raw, (size_t)(raw.p - body.p)));
    }
    return json_r_end(&r);
}

// What is no JSON at all is the call's trouble; all else is the object's own.
static status object_read(struct reports *s, str body)
{
    TRY(slice_add(&s->slice, body, 0));
    status said = s->slice.objects[0].st;
    if (said.cls == ST_OK) return OK;
    struct json_r r = json_reader(body, &s->slice.arena);
    bool object = json_peek(&r) == JSON_OBJECT;
    (void)json_raw(&r);
    status st = json_r_end(&r);
    return st.cls == ST_OK && !object ? said : st;
}

static status lines_read(struct reports *s, str body)
{
    uint32_t max = api_site(s->r)->limits.reports_max;
    str line;

    while (slicer_line(&body, &line)) {
        if (line.n == 0) continue;
        if (s->slice.n == max)
            return fail(ST_TOO_LARGE, "reports.too_many", 0,
                        "atomic: at most %u reports are all or nothing together", max);
        TRY(slice_add(&s->slice, line, 0));
    }
    return OK;
}

static enum turn take_json(struct reports *s)
{
    str body = s->in.n == 0 ? (str){"", 0} : buf_str(&s->in);
    struct json_r r = json_reader(body, &s->slice.arena);

    sha256_add(&s->sum, body);
    status st = s->lines                      ? lines_read(s, body)
                : json_peek(&r) == JSON_ARRAY ? array_read(s, body)
                                              : object_read(s, body);
    if (st.cls != ST_OK) return refuse(s, st);
    enum turn turn = submit(s, true);
    return turn == HUNGRY ? answer(s) : turn;
}

// ---- NDJSON

static enum turn take_slice(struct reports *s, str slice, bool last)
{
    str rest = slice, line;

    slice_begin(&s->slice);
    sha256_add(&s->sum, slice);
    s->taken += slice.n;
    while (slicer_line(&rest, &line)) {
        status st = line.n == 0 ? OK : slice_add(&s->slice, line, 0);
        if (st.cls != ST_OK) return refuse(s, st);
    }
    return submit(s, last);
}

static void forget_taken(struct reports *s)
{
    if (s->taken == 0) return;
    s->in.n -= s->taken;
    memmove(s->in.p, s->in.p + s->taken, s->in.n);
    s->taken = 0;
}

static str not_taken(const struct reports *s)
{
    return s->in.n == 0 ? (str){"", 0} : (str){s->in.p + s->taken, s->in.n - s->taken};
}

// Goes on until a job is away, or bytes are wanted, or all is answered.
static enum turn take_lines(struct reports *s)
{
    enum turn turn = HUNGRY;
    bool last = false;
    size_t n;

    forget_taken(s);
    while (turn == HUNGRY && (n = slicer_cut(&s->slicer, not_taken(s), s->ended, &last)) > 0)
        turn = take_slice(s, (str){s->in.p + s->taken, n}, last);
    if (turn == HUNGRY && s->ended) return answer(s);
    return turn;
}

static void job_done(struct job *j)
{
    struct reports *s = j->owner;

    OBJ_CHECK(s, REPORTS_MAGIC);
    s->away = false;
    if (s->r == NULL) {
        reports_free(s);
        return;
    }
    s->r->waited_us += j->synced_us;
    status st = j->whole.cls == ST_OK ? api_repeat_check(s->r, j) : j->whole;
    if (st.cls != ST_OK) {
        refuse(s, st);
        return;
    }
    tell(s, j);
    if (!s->lines || s->atomic) {
        answer(s);
        return;
    }
    struct http_req *r = s->r;
    if (take_lines(s) == HUNGRY) http_resume(r); // may end in the answer
}

// ---- the body

static status media_of(const struct http_req *r, bool *lines)
{
    str type = http_header(r, S("Content-Type")), media = type, rest = type;

    if (str_cut(&rest, ';', &media)) media = str_trim(media);
    *lines = str_eq_fold(media, S("application/x-ndjson"));
    if (*lines || type.n == 0 || str_eq_fold(media, S("application/json"))) return OK;
    return fail(ST_MEDIA_TYPE, "body.type", 0,
                "Content-Type: application/json or application/x-ndjson");
}

static status wishes_of(struct http_req *r, bool *each, bool *atomic)
{
    TRY(api_flag(r, S("each"), each));
    TRY(api_flag(r, S("atomic"), atomic));
    if (!*each || !*atomic) return OK;
    return fail(ST_BAD_INPUT, "report.each_atomic", 0,
                "each unit for itself, or the whole call all or nothing: not both");
}

static void reports_open(struct http_req *r)
{
    const struct site_limits *limits = &api_site(r)->limits;
    struct reports *s;
    bool lines = false, bad = false, each = false, atomic = false;
    struct job_key key = {0};
    str reason = {0};

    status st = media_of(r, &lines);
    if (st.cls == ST_OK && http_header(r, S("Packtrail-Reason")).n > 0)
        st = api_reason_take(r, &reason);
    if (st.cls == ST_OK) st = wishes_of(r, &each, &atomic);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    key.present = api_key(r, &key, &bad);
    if (bad) return;
    s = calloc(1, sizeof *s);
    assert(s != NULL);
    *s = (struct reports){.magic = REPORTS_MAGIC, .r = r, .lines = lines, .key = key};
    s->atomic = atomic;
    sha256_start(&s->sum);
    buf_init(&s->in, limits->report_body_max + (lines && !atomic ? READ_AHEAD : 0));
    slice_init(&s->slice, limits->report_units_max);
    s->slice.each = each;
    s->slice.caller = caller_of(r);
    s->slice.reason = reason;
    s->slicer = (struct slicer){.lines_max = limits->slice_lines, .bytes_max = limits->slice_bytes};
    results_init(&s->results, limits->results_bytes_max);
    r->work = s;
}

static status too_large(const struct reports *s)
{
    if (!s->atomic)
        return fail(ST_TOO_LARGE, "body.too_large", 0, "the body, or a line of it, is too long");
    return fail(ST_TOO_LARGE, "body.too_large", 0,
                "atomic: at most %zu bytes are all or nothing together",
                api_site(s->r)->limits.report_body_max);
}

static void reports_piece(struct http_req *r, str bytes)
{
    struct reports *s = reports_of(r);

    assert(!s->away);
    forget_taken(s);
    s->came += bytes.n;
    buf_add(&s->in, bytes);
    if (s->in.failed || s->came > api_site(r)->limits.stream_body_max)
        refuse(s, too_large(s));
    else if (s->lines && !s->atomic && take_lines(s) == WAITS)
        http_pause(r);
}

static void reports_end(struct http_req *r)
{
    struct reports *s = reports_of(r);

    s->ended = true;
    if (s->lines && !s->atomic)
        take_lines(s);
    else
        take_json(s);
}

static void reports_gone(struct http_req *r)
{
    struct reports *s = r->work;

    if (s == NULL) return;
    s->r = NULL;
    r->work = NULL;
    if (!s->away) reports_free(s);
}

static const struct http_stream report_stream = {reports_open, reports_piece, reports_end,
                                                 reports_gone};

const struct http_route report_routes[] = {
    {.method = HTTP_POST,
     .path = "/v1/reports",
     .roles = "line operator",
     .body_max = 1 * GB,
     .stream = &report_stream,
     .query = "each atomic"},
    {0},
};
