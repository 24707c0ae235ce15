// POST /v1/reports: one object, an array, or NDJSON as it streams.
//
// NDJSON is taken in slices of whole lines, each one job of the committer; the next is cut only
// when the one before was answered, and meanwhile the socket is not read. So memory does not grow
// with the body. Where a slice ends depends on the body alone, never on how it arrived: a repeat
// with the same Idempotency-Key meets the same slices, and each is answered as before or, after a
// crash, done now. A full slice is held until a further byte or the end is seen, because the digest
// that its key is bound with tells whether it was the last.
#include "common/digest.h"
#include "service/event/report_int.h"
#include "service/event/results.h"
#include "service/journal/idempotency.h"
#include <stdlib.h>
#include <string.h>

#define REPORTS_MAGIC 0x7e907u
#define ARENA_MAX     (256 * MB) // of one job; report_body_max keeps it far below
#define READ_AHEAD    (1 * MB)   // of a body beyond its longest line
#define OBJECTS_FIRST 8u

struct object { // one report
    uint64_t index;
    status st; // not OK: refused for what it says, nobody was asked
    struct said said;
};

// owner: the loop of the request. It outlives the request when the peer breaks off while a job is
// away.
struct reports {
    unsigned magic;
    struct http_req *r; // NULL: the peer is gone
    bool lines;         // NDJSON
    bool ended;         // the body is whole
    bool away;          // a job is at the committer
    struct job_key key; // of the call; `body` without the body
    struct sha256_run sum;
    struct buf in; // what has come and was not taken
    size_t taken;  // of it already
    size_t came;   // in all
    size_t cut, scanned;
    uint32_t cut_lines; // of the slice in the making: whole lines, bytes looked at
    struct arena arena; // of the job
    struct object *objects;
    uint32_t n, room;
    uint64_t index; // of the next object
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
    arena_fini(&s->arena);
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

// ---- objects to asks

static status no_memory(void)
{
    return fail(ST_TOO_LARGE, "request.memory", 0, "the reports need too much memory");
}

static void objects_begin(struct reports *s)
{
    s->objects = NULL;
    s->n = s->room = 0;
}

static struct object *object_new(struct reports *s)
{
    if (s->n == s->room) {
        uint32_t room = s->room == 0 ? OBJECTS_FIRST : 2 * s->room;
        struct object *more = NEW_ARRAY(&s->arena, struct object, room);
        if (more == NULL) return NULL;
        if (s->n > 0) memcpy(more, s->objects, s->n * sizeof *more);
        s->objects = more;
        s->room = room;
    }
    return &s->objects[s->n++];
}

// Takes one report; its JSON stands `at` bytes into the body.
static status read_object(struct reports *s, str json, size_t at)
{
    const struct site *site = api_site(s->r);
    struct object *o = object_new(s);
    struct json_r r = json_reader(json, &s->arena);

    if (o == NULL) return no_memory();
    o->index = s->index++;
    said_read(&r, site->limits.report_units_max, &o->said);
    o->st = json_r_end(&r);
    if (o->st.cls != ST_OK) o->st.at += (uint32_t)at;
    return OK;
}

static status find_all(struct reports *s, struct finder *f, struct job *j)
{
    uint32_t k = 0;
    struct bound b;

    for (uint32_t i = 0; i < s->n; i++) {
        if (s->objects[i].st.cls != ST_OK) continue;
        struct ask *a = &j->asks[k++];
        TRY(report_find(f, &s->objects[i].said, &a->kind, &a->what));
    }
    if (j->key.present && idempotency_find_older(f->t, env_wall(f->site->env), &j->key.key, &b)) {
        j->key.older_seq = b.seq;
        j->key.older_body = b.body;
    }
    return OK;
}

// The key of the job that begins with object `first`; what of the body is bound with it.
static struct job_key key_of(const struct reports *s, uint64_t first, bool last)
{
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

static uint32_t sound(const struct reports *s)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->n; i++) n += s->objects[i].st.cls == ST_OK;
    return n;
}

static status prepare(struct reports *s, struct job *j)
{
    struct finder f = {.site = api_site(s->r), .caller = caller_of(s->r), .arena = &s->arena};

    f.t = api_snapshot(s->r);
    finder_begin(&f);
    status st = find_all(s, &f, j);
    finder_end(&f);
    status end = api_snapshot_end(s->r);
    return end.cls != ST_OK ? end : st;
}

static void tell(struct reports *s, const struct job *j)
{
    uint32_t k = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        const struct object *o = &s->objects[i];
        const struct ask *a = o->st.cls == ST_OK ? &j->asks[k++] : NULL;
        if (a == NULL)
            results_refuse(&s->results, o->index, o->st, S(""));
        else if (a->result.cls != ST_OK)
            results_refuse(&s->results, o->index, a->result, a->units);
        else
            results_accept(&s->results, o->index, caller_seq(caller_of(s->r), &a->fact), a->repeat);
    }
}

// Hands s->objects to the committer. `first`: index of the first of them; `last`: the body ends
// with them.
static enum turn submit(struct reports *s, uint64_t first, bool last)
{
    uint32_t n = sound(s);
    struct job *j;

    if (n == 0) return tell(s, NULL), HUNGRY;
    j = job_new(&s->arena, s->r->loop, n);
    if (j == NULL) return refuse(s, no_memory());
    j->owner = s;
    j->done = job_done;
    j->actor = caller_of(s->r)->actor;
    j->key = key_of(s, first, last);
    status st = prepare(s, j);
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
    struct json_r r = json_reader(body, &s->arena);
    uint32_t max = site->limits.reports_max;

    for (json_array(&r); json_item(&r);) {
        str raw = json_raw(&r);
        if (r.st.cls != ST_OK) break;
        if (s->n == max)
            return fail(ST_TOO_LARGE, "reports.too_many", 0, "at most %u reports in an array", max);
        TRY(read_object(s, raw, (size_t)(raw.p - body.p)));
    }
    return json_r_end(&r);
}

// What is no JSON at all is the call's trouble; all else is the object's own.
static status object_read(struct reports *s, str body)
{
    TRY(read_object(s, body, 0));
    if (s->objects->st.cls == ST_OK) return OK;
    struct json_r r = json_reader(body, &s->arena);
    bool object = json_peek(&r) == JSON_OBJECT;
    (void)json_raw(&r);
    status st = json_r_end(&r);
    return st.cls == ST_OK && !object ? s->objects->st : st;
}

static enum turn take_json(struct reports *s)
{
    str body = s->in.n == 0 ? (str){"", 0} : buf_str(&s->in);
    struct json_r r = json_reader(body, &s->arena);

    sha256_add(&s->sum, body);
    status st = json_peek(&r) == JSON_ARRAY ? array_read(s, body) : object_read(s, body);
    if (st.cls != ST_OK) return refuse(s, st);
    enum turn turn = submit(s, 0, true);
    return turn == HUNGRY ? answer(s) : turn;
}

// ---- NDJSON

// How many bytes the next slice has, 0: not known yet. *last: the body ends with it.
static size_t slice_cut(struct reports *s, bool *last)
{
    const struct site_limits *limits = &api_site(s->r)->limits;
    const char *p = s->in.n == 0 ? "" : s->in.p + s->taken;
    size_t n = s->in.n - s->taken;

    *last = false;
    if (n == 0) return 0;
    for (;;) {
        bool full = s->cut_lines == limits->slice_lines || s->cut >= limits->slice_bytes;
        if (full && (n > s->cut || s->ended)) return *last = n == s->cut, s->cut;
        if (full) return 0;
        const char *nl = n == s->scanned ? NULL : memchr(p + s->scanned, '\n', n - s->scanned);
        size_t end = nl == NULL ? n : (size_t)(nl - p) + 1;
        if (end > limits->slice_bytes && s->cut > 0) return s->cut;
        s->scanned = end;
        if (nl == NULL) return s->ended ? (*last = true, n) : 0;
        s->cut = end;
        s->cut_lines++;
    }
}

static bool next_line(str *rest, str *line)
{
    if (rest->n == 0) return false;
    if (!str_cut(rest, '\n', line)) {
        *line = *rest;
        rest->n = 0;
    }
    *line = str_trim(*line);
    return true;
}

static enum turn take_slice(struct reports *s, str slice, bool last)
{
    uint64_t first = s->index;
    str rest = slice, line;

    arena_reset(&s->arena);
    objects_begin(s);
    sha256_add(&s->sum, slice);
    s->taken += slice.n;
    s->cut = s->scanned = s->cut_lines = 0;
    while (next_line(&rest, &line)) {
        status st = line.n == 0 ? OK : read_object(s, line, 0);
        if (st.cls != ST_OK) return refuse(s, st);
    }
    return submit(s, first, last);
}

static void forget_taken(struct reports *s)
{
    if (s->taken == 0) return;
    s->in.n -= s->taken;
    memmove(s->in.p, s->in.p + s->taken, s->in.n);
    s->taken = 0;
}

// Goes on until a job is away, or bytes are wanted, or all is answered.
static enum turn take_lines(struct reports *s)
{
    enum turn turn = HUNGRY;
    bool last = false;
    size_t n;

    forget_taken(s);
    while (turn == HUNGRY && (n = slice_cut(s, &last)) > 0)
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
    if (j->whole.cls != ST_OK) {
        refuse(s, j->whole);
        return;
    }
    tell(s, j);
    if (!s->lines) {
        answer(s);
        return;
    }
    struct http_req *r = s->r;
    if (take_lines(s) == HUNGRY) http_resume(r); // may end in the answer
}

// ---- the body

static status check_query(struct http_req *r)
{
    str v;

    if (!http_query(r, S("each"), &v) && !http_query(r, S("atomic"), &v)) return OK;
    return fail(ST_UNSUPPORTED, "report.not_yet", 0, "each and atomic are not there yet");
}

static status media_of(const struct http_req *r, bool *lines)
{
    str type = http_header(r, S("Content-Type")), media = type, rest = type;

    if (str_cut(&rest, ';', &media)) media = str_trim(media);
    *lines = str_eq_fold(media, S("application/x-ndjson"));
    if (*lines || type.n == 0 || str_eq_fold(media, S("application/json"))) return OK;
    return fail(ST_MEDIA_TYPE, "body.type", 0,
                "Content-Type: application/json or application/x-ndjson");
}

static void reports_open(struct http_req *r)
{
    const struct site_limits *limits = &api_site(r)->limits;
    struct reports *s;
    bool lines = false, bad = false;
    struct job_key key = {0};

    status st = check_query(r);
    if (st.cls == ST_OK) st = media_of(r, &lines);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    key.present = api_key(r, &key, &bad);
    if (bad) return;
    s = calloc(1, sizeof *s);
    assert(s != NULL);
    *s = (struct reports){.magic = REPORTS_MAGIC, .r = r, .lines = lines, .key = key};
    sha256_start(&s->sum);
    buf_init(&s->in, limits->report_body_max + (lines ? READ_AHEAD : 0));
    arena_init(&s->arena, ARENA_MAX);
    results_init(&s->results, limits->results_bytes_max);
    r->work = s;
}

static void reports_piece(struct http_req *r, str bytes)
{
    struct reports *s = reports_of(r);

    assert(!s->away);
    forget_taken(s);
    s->came += bytes.n;
    buf_add(&s->in, bytes);
    if (s->in.failed || s->came > api_site(r)->limits.stream_body_max)
        refuse(s,
               fail(ST_TOO_LARGE, "body.too_large", 0, "the body, or a line of it, is too long"));
    else if (s->lines && take_lines(s) == WAITS)
        http_pause(r);
}

static void reports_end(struct http_req *r)
{
    struct reports *s = reports_of(r);

    s->ended = true;
    if (s->lines)
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
     .stream = &report_stream},
    {0},
};
