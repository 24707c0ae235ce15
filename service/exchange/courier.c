#include "service/exchange/courier.h"
#include "common/log.h"
#include "common/metric.h"
#include "service/exchange/calling.h"
#include "service/journal/site.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COURIER_MAGIC  0xc0a41e40u
#define FOLLOWERS_MAX  100000u
#define PAUSE_MS       200   // before the store or the committer is asked again
#define CLOCK_TRUST_MS 60000 // how long a run is waited for before the calendar is asked again

enum closing { OPEN, CLOSING, CLOSED }; // CLOSED: answers are not heard any more

struct courier {
    unsigned magic;
    struct courier_conf conf;
    struct txn *t;          // rests between events
    struct shaper *shaper;  // where there are no threads of them
    struct follower **list; // in no order
    uint32_t count, room;
    uint32_t partners, subscriptions; // the highest numbers among those found so far
    uint64_t generation;              // how often was looked
    struct mail bell, end;
    atomic_bool rung;
    bool looks; // at look_at
    mono look_at;
    struct event timer;
    pthread_mutex_t lock; // of what follows, and of which messages are under way
    pthread_cond_t quiet;
    enum closing closing;
    uint32_t busy; // followers that somebody else has: shapers, the committer
    uint32_t sending;
};

static const char *const verdicts[] = {"none", "accepted", "rejected", "failing", "passed"};
static const struct metric outcomes =
    METRIC_OF(METRIC_COUNTER, "packtrail_delivery_outcomes_total",
              "Messages to partners by what became of them.", "verdict", verdicts);
static const struct metric hindered =
    METRIC(METRIC_COUNTER, "packtrail_deliveries_hindered_total",
           "What could not be read, kept or recorded for a partner, and is tried again.");
static const struct metric accepted = METRIC(METRIC_COUNTER, "packtrail_deliveries_accepted_total",
                                             "Events that partners have accepted.");

static void go(struct courier *c, struct follower *f);
static void shaped(struct courier *c, struct follower *f);
static void filed(struct courier *c, struct follower *f);

// ---- states

static bool is_busy(enum follower_state s)
{
    return s == FOLLOWER_SHAPING || s == FOLLOWER_FILING || s == FOLLOWER_WRITING;
}

static void enter(struct courier *c, struct follower *f, enum follower_state s)
{
    pthread_mutex_lock(&c->lock);
    c->busy = c->busy - is_busy(f->state) + is_busy(s);
    c->sending = c->sending - (f->state == FOLLOWER_SENDING) + (s == FOLLOWER_SENDING);
    f->state = s;
    pthread_cond_signal(&c->quiet);
    pthread_mutex_unlock(&c->lock);
}

static void arm(struct courier *c)
{
    int64_t now = env_mono(c->conf.site->env).ms, at = c->looks ? c->look_at.ms : INT64_MAX;

    for (uint32_t i = 0; i < c->count; i++) {
        const struct follower *f = c->list[i];
        if (f->state == FOLLOWER_RESTING && f->due.ms < at) at = f->due.ms;
    }
    if (at == INT64_MAX) return;
    int64_t ms = at > now ? at - now : 0;
    struct timeval in = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    evtimer_add(&c->timer, &in);
}

static void rest(struct courier *c, struct follower *f, enum follower_state resume)
{
    f->resume = resume;
    enter(c, f, FOLLOWER_RESTING);
    arm(c);
}

static void pause_for(struct courier *c, struct follower *f, enum follower_state resume)
{
    f->due.ms = env_mono(c->conf.site->env).ms + PAUSE_MS;
    rest(c, f, resume);
}

// What keeps a follower from going on is told once; how often it was met in vain is counted.
static void complain(struct follower *f, const char *event, status st)
{
    metric_add(&hindered, 1);
    if (f->hindered) return;
    f->hindered = true;
    LOG(error, event, fs("partner", f->name), fst(st));
}

static void content(struct follower *f)
{
    if (f->hindered) LOG(info, "delivery.resumed", fs("partner", f->name));
    f->hindered = false;
}

// ---- to a shaper and back

static void back(struct mail *m)
{
    struct follower *f = CONTAINER_OF(m, struct follower, mail);

    OBJ_CHECK(f, FOLLOWER_MAGIC);
    if (f->state == FOLLOWER_SHAPING)
        shaped(f->courier, f);
    else
        filed(f->courier, f);
}

static void hand_over(struct courier *c, struct follower *f, enum follower_state s)
{
    enter(c, f, s);
    f->mail = (struct mail){.open = back};
    if (c->conf.shapers != NULL) {
        shapers_put(c->conf.shapers, f);
        return;
    }
    if (s == FOLLOWER_SHAPING)
        shaper_shape(c->shaper, f);
    else
        shaper_file(c->conf.messages, f);
    loop_post(c->conf.loop, &f->mail);
}

// ---- runs of a schedule

static void wait_for_run(struct courier *c, struct follower *f)
{
    int64_t ms = f->next.ms - env_wall(c->conf.site->env).ms;

    if (ms > CLOCK_TRUST_MS) ms = CLOCK_TRUST_MS;
    f->due.ms = env_mono(c->conf.site->env).ms + (ms > 0 ? ms : 0);
    rest(c, f, FOLLOWER_READY);
}

static void run_end(struct courier *c, struct follower *f)
{
    f->running = false;
    f->next = schedule_next(&f->schedule, env_wall(c->conf.site->env));
    wait_for_run(c, f);
}

// False: it is not due yet, and waits.
static bool run_begin(struct courier *c, struct follower *f)
{
    if (f->next.ms > env_wall(c->conf.site->env).ms) {
        wait_for_run(c, f);
        return false;
    }
    f->running = true;
    f->told = false;
    f->run_until = 0;
    return true;
}

static void go(struct courier *c, struct follower *f)
{
    if (c->closing != OPEN) {
        enter(c, f, FOLLOWER_IDLE);
        return;
    }
    if (f->version != 0 && f->scheduled && !f->running && !f->is_over && !run_begin(c, f)) return;
    f->generation = c->generation;
    hand_over(c, f, FOLLOWER_SHAPING);
}

// ---- outcomes

static bool submit(struct courier *c, struct follower *f, const struct kind *k, const void *what,
                   void (*done)(struct job *j))
{
    arena_reset(&f->job_arena);
    struct job *j = job_new(&f->job_arena, c->conf.loop, 1);
    assert(j != NULL);
    j->asks[0] = (struct ask){.kind = k, .what = what};
    j->owner = f;
    j->done = done;
    return committer_submit(c->conf.site->committer, j);
}

static void written(struct job *j)
{
    struct follower *f = j->owner;
    struct courier *c = f->courier;
    const struct outcome *o = &f->outcome;
    status st = j->whole.cls != ST_OK ? j->whole : j->asks[0].result;

    OBJ_CHECK(f, FOLLOWER_MAGIC);
    if (j->whole.cls != ST_OK) { // the disk is full, perhaps: nothing is lost but time
        complain(f, "delivery.unwritten", st);
        pause_for(c, f, FOLLOWER_WRITING);
        return;
    }
    if (st.cls != ST_OK) { // of a subscription: it has ended meanwhile
        if (!is_subscriber(f->number)) complain(f, "delivery.unwritten", st);
        f->examined = 0;
        f->drain = true;
        pause_for(c, f, FOLLOWER_READY);
        return;
    }
    content(f);
    metric_add_at(&outcomes, o->verdict, 1);
    if (o->verdict == VERDICT_TAKEN) metric_add(&accepted, o->count);
    if (o->verdict == VERDICT_FAILING || o->verdict == VERDICT_REFUSED)
        LOG(warn, "delivery.not_taken", fs("partner", f->name),
            fs("verdict", str_of(verdict_word(o->verdict))), fi("status", o->http),
            fs("code", o->code));
    follower_written(f);
    if (o->verdict == VERDICT_FAILING)
        rest(c, f, FOLLOWER_READY);
    else
        go(c, f);
}

static void write_outcome(struct courier *c, struct follower *f)
{
    enter(c, f, FOLLOWER_WRITING);
    if (!submit(c, f, &kind_delivery_outcome, &f->outcome, written))
        pause_for(c, f, FOLLOWER_WRITING);
}

static void filed(struct courier *c, struct follower *f)
{
    if (f->filed.cls != ST_OK) {
        complain(f, "message.unkept", f->filed);
        pause_for(c, f, FOLLOWER_FILING);
        return;
    }
    follower_drop_body(f);
    write_outcome(c, f);
}

// ---- sending

static void answered(void *arg, const struct http_answer *answer)
{
    struct follower *f = arg;
    struct courier *c = f->courier;
    struct answered a = {c->conf.limits, c->conf.site->env, answer};

    OBJ_CHECK(f, FOLLOWER_MAGIC);
    assert(f->state == FOLLOWER_SENDING);
    if (c->closing == CLOSED) return;
    buf_reset(&f->answer);
    buf_add(&f->answer,
            (str){answer->body.p, answer->body.n < f->answer.max ? answer->body.n : f->answer.max});
    enum answer_means means = follower_answered(f, &a);
    if (means == MEANS_WRITE) {
        hand_over(c, f, FOLLOWER_FILING);
        return;
    }
    follower_drop_body(f);
    if (means == MEANS_REST)
        rest(c, f, FOLLOWER_READY);
    else
        go(c, f);
}

static void send_message(struct courier *c, struct follower *f)
{
    struct calling x;

    calling_begin(&x, c->conf.site->keys);
    x.call = (struct http_call){.method = "POST",
                                .headers = x.headers,
                                .body = buf_str(&f->message.body),
                                .total_ms = c->conf.limits->answer_ms,
                                .arg = f};
    enter(c, f, FOLLOWER_SENDING);
    status st = f->sort->call(f, &x);
    if (st.cls == ST_OK) {
        c->conf.send(c->conf.send_self, &x.call, answered);
    } else { // the key of a secret is gone: as good as no answer
        struct http_answer none = {.trouble = str_of(st.text), .retry_after_s = -1};
        answered(f, &none);
    }
    calling_end(&x);
}

// ---- those that are over

static void forget(struct courier *c, struct follower *f)
{
    enter(c, f, FOLLOWER_IDLE);
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < c->count; i++)
        if (c->list[i] == f) c->list[i] = c->list[--c->count];
    pthread_mutex_unlock(&c->lock);
    follower_free(&f);
}

static void ended(struct job *j)
{
    struct follower *f = j->owner;
    struct courier *c = f->courier;

    OBJ_CHECK(f, FOLLOWER_MAGIC);
    if (j->whole.cls == ST_OK) // a refusal says that somebody was faster
        forget(c, f);
    else
        pause_for(c, f, FOLLOWER_READY);
}

static void part(struct courier *c, struct follower *f)
{
    if (!f->orphan) {
        forget(c, f);
        return;
    }
    enter(c, f, FOLLOWER_WRITING);
    f->over = (struct subscription_over){
        .number = f->number & ~SUBSCRIBER, .why = SUBSCRIPTION_ORPHANED, .reason = {"", 0}
    };
    if (!submit(c, f, &kind_subscription_ended, &f->over, ended)) pause_for(c, f, FOLLOWER_READY);
}

// The store may be better soon; a query that asks for too much will not.
static void unread(struct courier *c, struct follower *f)
{
    struct answered a = {c->conf.limits, c->conf.site->env, NULL};

    if (!is_subscriber(f->number)) {
        pause_for(c, f, FOLLOWER_READY);
        return;
    }
    f->attempts++;
    follower_rest(f, &a);
    rest(c, f, FOLLOWER_READY);
}

static void shaped(struct courier *c, struct follower *f)
{
    switch (f->message.what) {
    case SHAPED_MESSAGE: send_message(c, f); return;
    case SHAPED_MORE: go(c, f); break;
    case SHAPED_PASSED:
    case SHAPED_UNTOLD:
        follower_decided(f);
        write_outcome(c, f);
        break;
    case SHAPED_TROUBLE:
        complain(f, "delivery.unread", f->message.trouble);
        unread(c, f);
        break;
    case SHAPED_GONE: part(c, f); return;
    case SHAPED_NOTHING:
    case SHAPED_HELD:
        if (f->scheduled)
            run_end(c, f);
        else if (f->generation != c->generation)
            go(c, f); // something was committed since the snapshot
        else
            enter(c, f, FOLLOWER_IDLE);
        break;
    }
    if (f->state == FOLLOWER_IDLE || follower_pauses(f)) follower_drop_body(f);
}

// ---- looking

static void add_follower(struct courier *c, uint32_t number)
{
    if (c->count == c->room) {
        c->room = c->room == 0 ? 16 : 2 * c->room;
        c->list = realloc(c->list, c->room * sizeof(struct follower *));
        assert(c->list != NULL);
    }
    struct follower *f = follower_new(c->conf.site, number, c->conf.limits);
    f->courier = c;
    pthread_mutex_lock(&c->lock);
    c->list[c->count++] = f;
    pthread_mutex_unlock(&c->lock);
}

static bool is_wanted(struct courier *c, const struct follower *f)
{
    if (f->state == FOLLOWER_IDLE)
        return follower_has_work(f, c->t, c->conf.limits) || f->sort->has_news(f, c->t);
    return f->state == FOLLOWER_RESTING && f->resume == FOLLOWER_READY &&
           f->sort->has_news(f, c->t);
}

static void look(struct courier *c)
{
    struct partner_row row;

    c->looks = false;
    c->generation++;
    atomic_store(&c->rung, false); // what is committed from here on rings again
    txn_renew(c->t);
    for (; c->count < FOLLOWERS_MAX && partner_row_get(c->t, c->partners + 1, &row); c->partners++)
        add_follower(c, c->partners + 1);
    for (uint32_t n; c->count < FOLLOWERS_MAX; c->subscriptions = n) {
        n = subscription_from(c->t, c->subscriptions + 1);
        if (n == 0) break;
        add_follower(c, SUBSCRIBER | n);
    }
    for (uint32_t i = 0; i < c->count; i++) {
        struct follower *f = c->list[i];
        if (!is_wanted(c, f)) continue;
        f->is_over = is_subscriber(f->number) && f->sort->has_news(f, c->t);
        enter(c, f, FOLLOWER_READY);
    }
    // Nobody may ring again for what was not seen. A bell that is under way leads here by itself,
    // and must not be rung twice.
    if (txn_status(c->t).cls != ST_OK && !atomic_exchange(&c->rung, true)) {
        c->looks = true;
        c->look_at.ms = env_mono(c->conf.site->env).ms + PAUSE_MS;
    }
    txn_rest(c->t);
}

static void resume(struct courier *c, struct follower *f)
{
    if (f->resume == FOLLOWER_WRITING)
        write_outcome(c, f);
    else if (f->resume == FOLLOWER_FILING)
        hand_over(c, f, FOLLOWER_FILING);
    else
        go(c, f);
}

void courier_step(struct courier *c)
{
    OBJ_CHECK(c, COURIER_MAGIC);
    LOOP_OWNED(c->conf.loop);
    int64_t now = env_mono(c->conf.site->env).ms;
    if (c->looks && c->look_at.ms <= now) look(c);
    for (uint32_t i = 0; i < c->count; i++) {
        struct follower *f = c->list[i];
        if (f->state == FOLLOWER_READY) go(c, f);
        if (f->state == FOLLOWER_RESTING && f->due.ms <= now) resume(c, f);
    }
    arm(c);
}

static void timer_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    courier_step(arg);
}

static void bell_rang(struct mail *m)
{
    struct courier *c = CONTAINER_OF(m, struct courier, bell);

    c->looks = true;
    c->look_at.ms = env_mono(c->conf.site->env).ms + c->conf.limits->gather_ms;
    arm(c);
}

void courier_ring(struct courier *c)
{
    OBJ_CHECK(c, COURIER_MAGIC);
    if (atomic_exchange(&c->rung, true)) return;
    c->bell.open = bell_rang;
    loop_post(c->conf.loop, &c->bell);
}

bool courier_is_sending(struct courier *c, uint32_t partner, uint64_t seq)
{
    bool found = false;

    OBJ_CHECK(c, COURIER_MAGIC);
    pthread_mutex_lock(&c->lock);
    const struct follower *f = NULL;
    for (uint32_t i = 0; i < c->count && f == NULL; i++)
        if (c->list[i]->number == partner) f = c->list[i];
    bool under_way = f != NULL && (f->state == FOLLOWER_SENDING || f->state == FOLLOWER_FILING ||
                                   f->state == FOLLOWER_WRITING);
    for (uint32_t i = 0; under_way && !found && i < f->message.count; i++)
        found = f->message.events[i] == seq;
    pthread_mutex_unlock(&c->lock);
    return found;
}

// ---- beginning and end

struct courier *courier_new(const struct courier_conf *conf)
{
    struct courier *c = calloc(1, sizeof *c);

    assert(c != NULL);
    metric_register(&outcomes);
    metric_register(&accepted);
    metric_register(&hindered);
    c->magic = COURIER_MAGIC;
    c->conf = *conf;
    c->t = txn_read(conf->site->db);
    txn_rest(c->t);
    if (conf->shapers == NULL) c->shaper = shaper_new(conf->site, conf->limits);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->quiet, NULL);
    assert(evtimer_assign(&c->timer, loop_base(conf->loop), timer_ready, c) == 0);
    return c;
}

void courier_free(struct courier **cp)
{
    struct courier *c = *cp;

    *cp = NULL;
    if (c == NULL) return;
    OBJ_CHECK(c, COURIER_MAGIC);
    evtimer_del(&c->timer);
    for (uint32_t i = 0; i < c->count; i++) follower_free(&c->list[i]);
    free(c->list);
    shaper_free(&c->shaper);
    (void)txn_end(&c->t, false).cls; // it only read
    pthread_cond_destroy(&c->quiet);
    pthread_mutex_destroy(&c->lock);
    c->magic = 0;
    free(c);
}

static void end_came(struct mail *m)
{
    struct courier *c = CONTAINER_OF(m, struct courier, end);

    pthread_mutex_lock(&c->lock);
    c->closing = c->closing == OPEN ? CLOSING : CLOSED;
    pthread_cond_signal(&c->quiet);
    pthread_mutex_unlock(&c->lock);
}

// Waits until the loop has heard of the stage and nobody else has a follower.
static void wait_for(struct courier *c, enum closing stage, const struct timespec *until)
{
    int rc = 0;

    c->end.open = end_came;
    loop_post(c->conf.loop, &c->end);
    pthread_mutex_lock(&c->lock);
    while (c->closing != stage || c->busy > 0 ||
           (stage == CLOSING && c->sending > 0 && rc != ETIMEDOUT))
        rc = until == NULL || rc == ETIMEDOUT ? pthread_cond_wait(&c->quiet, &c->lock)
                                              : pthread_cond_timedwait(&c->quiet, &c->lock, until);
    pthread_mutex_unlock(&c->lock);
}

void courier_drain(struct courier *c, uint32_t wait_ms)
{
    int64_t ms = env_wall(c->conf.site->env).ms + wait_ms;
    struct timespec until = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    OBJ_CHECK(c, COURIER_MAGIC);
    wait_for(c, CLOSING, &until);
    wait_for(c, CLOSED, NULL);
}
