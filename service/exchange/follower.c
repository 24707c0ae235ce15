#include "service/exchange/follower.h"
#include "service/journal/site.h"
#include <stdlib.h>
#include <string.h>

#define MESSAGE_ARENA   (64 * MB)
#define TOO_LARGE_TIMES 10u  // some minutes, with the pauses between them
#define SAYS_MAX        200u // bytes of an answer that an outcome quotes

struct follower *follower_new(const struct site *site, uint32_t number,
                              const struct exchange_limits *l)
{
    struct follower *f = calloc(1, sizeof *f);

    assert(f != NULL);
    f->magic = FOLLOWER_MAGIC;
    f->state = FOLLOWER_READY;
    f->number = number;
    f->site = site;
    f->sort = is_subscriber(number) ? &follower_subscription : &follower_partner;
    f->drain = true;
    f->fit = f->limit = l->events_max;
    arena_init(&f->own, 16 * MB);
    arena_init(&f->within, 16 * MB);
    arena_init(&f->arena, MESSAGE_ARENA);
    arena_init(&f->job_arena, MESSAGE_ARENA);
    buf_init(&f->message.body, MESSAGE_MAX);
    buf_init(&f->answer, 64 * KB);
    return f;
}

void follower_free(struct follower **fp)
{
    struct follower *f = *fp;

    *fp = NULL;
    if (f == NULL) return;
    OBJ_CHECK(f, FOLLOWER_MAGIC);
    success_rule_free(&f->rule);
    arena_fini(&f->own);
    arena_fini(&f->within);
    arena_fini(&f->arena);
    arena_fini(&f->job_arena);
    buf_fini(&f->message.body);
    buf_fini(&f->answer);
    f->magic = 0;
    free(f);
}

bool follower_pauses(const struct follower *f) { return f->scheduled && !f->running; }

// ---- answers

static bool is_passing(int code) // trouble that may pass by itself
{
    return code == 0 || code == 408 || code == 429 || code >= 500;
}

static void outcome_begin(struct follower *f, enum verdict v)
{
    const struct message *m = &f->message;

    f->outcome = (struct outcome){.partner = f->number,
                                  .verdict = v,
                                  .again = m->again,
                                  .before = m->before,
                                  .position = v == VERDICT_FAILING ? m->before : m->position,
                                  .attempts = f->attempts,
                                  .events = m->events,
                                  .count = m->count,
                                  .parked = m->parked,
                                  .parked_count = v == VERDICT_FAILING ? 0 : m->parked_count};
}

// Parks the message's one event, in its place among those that wait behind others.
static void park_one(struct follower *f)
{
    const struct message *m = &f->message;
    struct parking *all = NEW_ARRAY(&f->arena, struct parking, m->parked_count + 1);
    uint32_t i = 0;

    assert(all != NULL && m->count == 1);
    for (; i < m->parked_count && m->parked[i].seq < m->events[0]; i++) all[i] = m->parked[i];
    all[i] = (struct parking){m->events[0], true, m->lots};
    for (; i < m->parked_count; i++) all[i + 1] = m->parked[i];
    f->outcome.parked = all;
    f->outcome.parked_count = m->parked_count + 1;
}

// What a partner says is quoted as far as it is text.
static void quote(struct follower *f, str code, str says)
{
    size_t bad;

    if (says.n > SAYS_MAX) says.n = SAYS_MAX;
    if (!str_is_utf8(says, &bad)) says.n = bad;
    f->outcome.code = arena_str(&f->arena, code);
    f->outcome.says = arena_str(&f->arena, says);
    if (f->outcome.code.p == NULL || f->outcome.says.p == NULL)
        f->outcome.code = f->outcome.says = (str){"", 0};
}

void follower_rest(struct follower *f, const struct answered *a)
{
    uint32_t shift = f->attempts > 20 ? 20 : f->attempts > 0 ? f->attempts - 1 : 0;
    uint64_t ms = (uint64_t)a->limits->retry_min_ms << shift, jitter;

    if (ms > a->limits->retry_max_ms) ms = a->limits->retry_max_ms;
    env_random(a->env, &jitter, sizeof jitter);
    ms = ms / 2 + jitter % (ms / 2 + 1); // half of it to all of it, so that partners spread
    int64_t asked = a->answer == NULL ? -1 : a->answer->retry_after_s;
    if (asked > a->limits->retry_after_max_s) asked = a->limits->retry_after_max_s;
    if (asked > 0 && (uint64_t)asked * 1000 > ms) ms = (uint64_t)asked * 1000;
    f->due = (mono){env_mono(a->env).ms + (int64_t)ms};
}

static enum answer_means not_now(struct follower *f, const struct answered *a, str code)
{
    f->attempts++;
    follower_rest(f, a);
    if (f->failing) return MEANS_REST;
    outcome_begin(f, VERDICT_FAILING);
    f->outcome.http = (uint32_t)a->answer->code;
    quote(f, code, a->answer->code == 0 ? a->answer->trouble : a->answer->body);
    return MEANS_WRITE;
}

// Half of it, and half of that, until the one is found that the partner does not take.
static enum answer_means halve(struct follower *f, const struct answered *a)
{
    uint64_t last = f->message.events[f->message.count - 1];

    f->limit = f->message.count / 2;
    if (last > f->suspect || f->message.again) f->suspect = last;
    if (a->answer->code == 413) f->fit = f->limit; // what is too large now always will be
    return MEANS_SHAPE;
}

// A subscriber may answer 413 for reasons that pass. Where it goes on so, of one event alone, it is
// told in few words what it does not take.
static enum answer_means too_large(struct follower *f, const struct answered *a)
{
    uint64_t event = f->message.events[0];

    f->too_large_times = f->too_large == event ? f->too_large_times + 1 : 1;
    f->too_large = event;
    return follower_excuses(f, event) ? MEANS_SHAPE : not_now(f, a, S("subscriber.refused"));
}

bool follower_excuses(const struct follower *f, uint64_t event)
{
    return f->too_large == event && f->too_large_times >= TOO_LARGE_TIMES;
}

enum answer_means follower_answered(struct follower *f, const struct answered *a)
{
    const struct http_answer *answer = a->answer;

    assert(f->message.what == SHAPED_MESSAGE);
    if (answer->code != 0 && f->sort->takes(f, answer)) {
        outcome_begin(f, VERDICT_TAKEN);
    } else if (is_passing(answer->code)) {
        return not_now(f, a, answer->code == 0 ? S("partner.no_answer") : S("partner.busy"));
    } else if (f->message.count > 1 && (f->sort->parks || answer->code == 413)) {
        return halve(f, a);
    } else if (!f->sort->parks && answer->code == 413 && f->message.count == 1 &&
               !f->message.excuse) {
        return too_large(f, a);
    } else if (!f->sort->parks) {
        return not_now(f, a, S("subscriber.refused"));
    } else if (!f->message.may_park) {
        return not_now(f, a, S("partner.parked_full"));
    } else {
        outcome_begin(f, VERDICT_REFUSED);
        park_one(f);
        quote(f, S("partner.refused"), answer->body);
    }
    f->outcome.http = (uint32_t)answer->code;
    return MEANS_WRITE;
}

void follower_decided(struct follower *f)
{
    const struct message *m = &f->message;

    outcome_begin(f, m->what == SHAPED_UNTOLD ? VERDICT_REFUSED : VERDICT_PASSED);
    if (m->what != SHAPED_UNTOLD) return;
    park_one(f);
    quote(f, str_of(m->trouble.reason), str_of(m->trouble.text));
}

void follower_written(struct follower *f)
{
    const struct outcome *o = &f->outcome;

    f->failing = o->verdict == VERDICT_FAILING || (f->failing && o->verdict == VERDICT_PASSED);
    if (o->verdict == VERDICT_FAILING) return;
    f->skipped = 0;
    f->examined = o->position;
    if (o->verdict == VERDICT_PASSED) return;
    f->attempts = 0;
    f->told = true;
    if (o->again) f->drain = true;
    bool past = o->count == 0 || o->events[o->count - 1] >= f->suspect;
    if (o->verdict == VERDICT_REFUSED) f->limit = 2; // where one is, others may be near
    if (o->verdict == VERDICT_TAKEN && past) f->limit *= 2;
    if (f->limit > f->fit) f->limit = f->fit;
    if (past) f->suspect = 0;
}

void follower_drop_body(struct follower *f)
{
    buf_fini(&f->message.body);
    buf_init(&f->message.body, MESSAGE_MAX);
}
