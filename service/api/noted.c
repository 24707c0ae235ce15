#include "service/api/noted.h"
#include "common/json.h"
#include "common/mask.h"
#include "common/metric.h"
#include "service/api/caller.h"
#include "service/journal/refusal.h"
#include <stdlib.h>
#include <string.h>

#define NOTE_ROOM (64 * KB)
#define CALL_MAX  300u // of what was called

static const struct metric lost =
    METRIC(METRIC_COUNTER, "packtrail_refusals_lost_total",
           "Refused calls of people that the journal could not take.");

struct note { // owner: whoever has the job: the committer, then the loop
    struct arena arena;
    struct refused what;
};

void noted_register(void) { metric_register(&lost); }

static void note_free(struct note *n)
{
    arena_fini(&n->arena);
    free(n);
}

static void note_done(struct job *j)
{
    if (j->whole.cls != ST_OK) metric_add(&lost, 1);
    note_free(j->owner);
}

// `{"call":"GET /v1/lots/…"}`, as the offender.
static str call_text(struct arena *a, str call)
{
    struct buf b;

    if (call.n == 0) return (str){"", 0};
    buf_init(&b, NOTE_ROOM);
    struct json_w w = json_writer(&b);
    str shown = str_shown(call, CALL_MAX);
    char room[CALL_MAX];
    memcpy(room, shown.p, shown.n);
    json_w_object(&w);
    json_w_kstr(&w, "call", (str){room, mask_cut(room, shown.n)});
    json_w_end(&w);
    str text = b.failed ? (str){"", 0} : arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text.p == NULL ? (str){"", 0} : text;
}

void noted_refusal(struct site *s, struct loop *home, const struct noted *what)
{
    struct note *n = calloc(1, sizeof *n);

    assert(n != NULL);
    arena_init(&n->arena, NOTE_ROOM);
    struct job *j = job_new(&n->arena, home, 1);
    assert(j != NULL);
    n->what = (struct refused){.st = what->st, .units = call_text(&n->arena, what->call)};
    j->owner = n;
    j->done = note_done;
    j->actor = what->actor;
    j->asks[0] = (struct ask){.kind = &kind_refusal, .what = &n->what};
    if (committer_submit(s->committer, j)) return;
    metric_add(&lost, 1);
    note_free(n);
}

bool noted_is_due(const struct http_req *r)
{
    enum status_class cls = r->problem.cls;

    if (r->recorded || cls < ST_BAD_INPUT || cls > ST_HEADERS_TOO_LARGE) return false;
    return cls != ST_UNAUTHENTICATED && cls != ST_TIMEOUT && cls != ST_TOO_MANY;
}

// REQ REFUSAL-KEPT: whatever says no to it, it is on record who asked for what
void noted_reply(const struct http_req *r, uint32_t actor)
{
    struct buf call;

    buf_init(&call, KB);
    buf_addf(&call, "%.*s ", STR(r->verb));
    for (size_t i = 0; i < r->path.n && i < CALL_MAX; i++) { // as sent: any octets
        char x = r->path.p[i];
        buf_addc(&call, x > ' ' && x < 0x7f ? x : '?');
    }
    noted_refusal(r->app, r->loop, &(struct noted){actor, r->problem, buf_str(&call)});
    buf_fini(&call);
}
