// The store's calls fail for good while the house crashes: whatever is still in memory then comes
// to its end without a trace in the folder, as if the process had been killed.
#include "house.h"
#include "common/log.h"
#include "service/access/access.h"
#include "service/access/limit.h"
#include "service/access/session.h"
#include "service/access/token.h"
#include "service/api/version.h"
#include "service/capture/capture.h"
#include "service/event/capture.h"
#include "service/event/captured_render.h"
#include "service/exchange/prefixes.h"
#include "service/journal/replay.h"
#include "service/kinds.h"
#include "service/lot/released.h"
#include "service/ops/clock.h"
#include "service/pool/names.h"
#include "service/pool/pool.h"
#include "service/pool/secret.h"
#include "service/routes.h"
#include "service/serve_job.h"
#include "service/vocabulary/master.h"
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAP_MAX (1 * GB)
#define BEGIN   INT64_C(1764000000000) // 2025-11-24T16:00:00Z
#define QUIET   4u                     // rounds without work, after which nothing waits

// ---- what the service learns from the world

static wall sim_wall(void *self) { return (wall){((struct house *)self)->wall_ms}; }
static mono sim_mono(void *self) { return (mono){((struct house *)self)->mono_ms}; }

static void sim_random(void *self, void *out, size_t n)
{
    struct house *h = self;
    uint64_t bits = 0;

    for (size_t i = 0; i < n; i++) {
        if (i % 8 == 0) bits = dice_next(&h->random);
        ((uint8_t *)out)[i] = (uint8_t)(bits >> i % 8 * 8);
    }
}

static void must(status st)
{
    if (st.cls == ST_OK) return;
    fprintf(stderr, "%s: %s\n", st.reason, st.text);
    assert_failed("the site stands", __FILE__, __LINE__);
}

// ---- folders

static const char *path_of(const struct house *h, const char *name)
{
    static char path[160];

    snprintf(path, sizeof path, "%s/%s", h->folder, name);
    return path;
}

static void folder_make(char folder[64])
{
    bool memory = access("/dev/shm", W_OK) == 0;

    snprintf(folder, 64, "%s/packtrail_sim_XXXXXX", memory ? "/dev/shm" : "/tmp");
    bool made = mkdtemp(folder) != NULL;
    assert(made);
}

static void folder_remove(const char *folder)
{
    char line[100];

    snprintf(line, sizeof line, "rm -rf '%s'", folder);
    int rc = system(line);
    assert(rc == 0);
}

static status store_open(const char *folder, size_t map_max, struct db **out)
{
    struct db_conf conf = {.folder = folder, .map_max = map_max, .readers = 32};
    return db_open(&conf, out);
}

static void settings_make(struct house *h)
{
    const char *more = h->configured == NULL ? "" : h->configured;
    int fd = open(path_of(h, "packtrail.yaml"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert(fd >= 0 && dprintf(fd, "listen: 127.0.0.1:0\n%s", more) > 0);
    close(fd);
    must(site_settings_load(path_of(h, "packtrail.yaml"), &h->arena, &h->settings));
}

// ---- what a loop does later, by the clock of the house

struct timer {
    struct timer *next;
    int64_t at;
    event_callback_fn run;
    void *arg;
};
static struct timer *timers;
static int64_t timers_now;

// In libevent's place when the program is linked.
int event_base_once(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn run,
                    void *arg, const struct timeval *in)
{
    struct timer *t = calloc(1, sizeof *t), **end = &timers;

    (void)base;
    assert(t != NULL && fd == -1 && what == EV_TIMEOUT);
    *t = (struct timer){NULL, timers_now + in->tv_sec * 1000 + in->tv_usec / 1000, run, arg};
    while (*end != NULL) end = &(*end)->next;
    *end = t;
    return 0;
}

static void timers_ring(int64_t now)
{
    struct timer *due = NULL, **last = &due;

    timers_now = now == INT64_MAX ? timers_now : now;
    for (struct timer **at = &timers; *at != NULL;) {
        struct timer *t = *at;
        if (t->at > now) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        t->next = NULL;
        *last = t;
        last = &t->next;
    }
    while (due != NULL) {
        struct timer *t = due;
        due = t->next;
        t->run(-1, EV_TIMEOUT, t->arg);
        free(t);
    }
}

// ---- start

static void committed(void *self, uint64_t seq)
{
    const struct site *site = self;

    if (site->wake != NULL) site->wake(site->wake_self, seq);
}

static void wake(void *self, uint64_t seq)
{
    struct exchange *e = self;

    (void)seq;
    courier_ring(e->courier);
}

static status committer_begin(struct house *h)
{
    struct committer_conf conf = {.db = h->site.db,
                                  .kinds = site_kinds,
                                  .sequencer = sequencer_local(),
                                  .env = &h->env,
                                  .app = &h->site,
                                  .queue_max = 6, // so small that it is full now and then
                                  .batch_facts = 8,
                                  .due = &kind_capture_applied,
                                  .clock = &h->clock,
                                  .committed = committed,
                                  .committed_self = &h->site};

    h->clock = site_settings_clock(&h->settings);
    h->clock.jumped = &kind_clock_jumped;
    h->clock.allowed = clock_allowed;
    return committer_open(&conf, &h->site.committer);
}

static void loops_make(struct house *h)
{
    h->site.loop_count = HOUSE_LOOPS;
    for (unsigned i = 0; i < HOUSE_LOOPS; i++) {
        h->site.loops[i] = loop_new("sim");
        h->site.readers[i] = txn_read(h->site.db);
        txn_rest(h->site.readers[i]);
    }
}

static void rooms_begin(struct house *h)
{
    struct verification_conf verification = site_settings_verification(&h->settings);

    verification_start(&h->site, &verification);
    session_start(&h->site, 4);
}

static void exchange_begin(struct house *h)
{
    struct exchange *e = &h->exchange;

    *e = (struct exchange){
        .magic = EXCHANGE_MAGIC, .limits = site_settings_exchange(&h->settings), .site = &h->site};
    e->limits.events_max = 5;
    (void)mkdir(path_of(h, "messages"), 0700);
    must(messages_open(path_of(h, "messages"), e->limits.file_max, &e->messages));
    e->loop = loop_new("courier");
    struct courier_conf conf = {.site = &h->site,
                                .loop = e->loop,
                                .limits = &e->limits,
                                .messages = e->messages,
                                .send = h->send,
                                .send_self = h->send_self};
    e->courier = courier_new(&conf);
    h->site.exchange = e;
    h->site.wake = wake;
    h->site.wake_self = e;
    h->site.waiting = exchange_waiting;
    h->site.acknowledged = exchange_acknowledged;
    courier_ring(e->courier);
}

static void site_begin(struct house *h)
{
    struct site_derive opaque = {.epoch = 1, .info = S("packtrail opaque 1")};

    h->site = (struct site){.magic = SITE_MAGIC,
                            .env = &h->env,
                            .kinds = site_kinds,
                            .keys = &h->keys,
                            .pools_fit = pools_fit_market,
                            .lot_takes = lot_takes_numbers,
                            .prefixes_fit = partner_prefixes_fit,
                            .reads_urns = partner_reads_urns,
                            .seal = secret_site_seal,
                            .open_sealed = secret_site_open,
                            .master = &vocabulary_master,
                            .setting = site_setting_at,
                            .settings = &h->settings,
                            .limits = site_settings_limits(&h->settings),
                            .people = site_settings_people(&h->settings)};
    h->site.limits.slice_lines = 3; // streamed calls are of several transactions
    h->site.limits.capture_slice_events = 3;
    h->site.limits.capture_wait_ms = h->wait_ms;
    h->site.limits.private_subscriptions = true;
    h->site.people.hash_memory_kb = 128; // what a hash costs is tested elsewhere
    h->site.people.hash_passes = 1;
    h->site.people.first_must_change = false;
    site_keys_derive(&h->keys, &opaque, h->site.opaque_key, sizeof h->site.opaque_key);
    h->wire = (struct wire_conf){h->tree, access_check, &h->site};
}

static status meta_load(struct house *h)
{
    struct txn *t = txn_read(h->site.db);
    status st = journal_meta_get(t, &h->arena, &h->site.meta), end = txn_end(&t, false);

    return st.cls == ST_OK ? end : st;
}

// The map's bound is found out by opening without one.
static status store_bound(struct house *h, size_t room, size_t *map_max)
{
    uint64_t used, file;

    *map_max = MAP_MAX;
    if (room == 0) return OK;
    TRY(store_open(h->folder, MAP_MAX, &h->site.db));
    status st = db_pages(h->site.db, &used, &file);
    db_close(&h->site.db);
    *map_max = (size_t)used * 4096 + room;
    return st;
}

status house_start(struct house *h, size_t room)
{
    size_t map_max;

    site_begin(h);
    TRY(store_bound(h, room, &map_max));
    TRY(store_open(h->folder, map_max, &h->site.db));
    status st = meta_load(h);
    if (st.cls == ST_OK) st = committer_begin(h);
    if (st.cls != ST_OK) {
        db_close(&h->site.db);
        return st;
    }
    loops_make(h);
    rooms_begin(h);
    exchange_begin(h);
    must(capture_start(&h->site, path_of(h, "spool")));
    h->down = false;
    return OK;
}

// ---- steps

bool house_commit(struct house *h) { return committer_step(h->site.committer, false) > 0; }
void house_loop(struct house *h, unsigned i)
{
    timers_ring(h->mono_ms);
    loop_open_mail(h->site.loops[i]);
}
void house_courier_mail(struct house *h) { loop_open_mail(h->exchange.loop); }
void house_courier(struct house *h) { courier_step(h->exchange.courier); }

static void open_mail(struct house *h)
{
    for (unsigned i = 0; i < HOUSE_LOOPS; i++) house_loop(h, i);
    house_courier_mail(h);
}

void house_settle(struct house *h)
{
    for (unsigned quiet = 0; quiet < QUIET; quiet++) {
        if (house_commit(h)) quiet = 0;
        open_mail(h);
        house_courier(h);
    }
}

// ---- end

void house_crash(struct house *h)
{
    h->down = true; // partners get nothing any more
    atomic_store(&h->site.draining, true);
    timers_ring(INT64_MAX);
    for (unsigned quiet = 0; quiet < QUIET; quiet++) {
        db_fault = (struct db_fault){.nth = 1};
        if (house_commit(h)) quiet = 0;
        db_fault = (struct db_fault){.nth = 1};
        open_mail(h);
        timers_ring(INT64_MAX);
    }
    db_fault = (struct db_fault){0};
    capture_stop(&h->site);
    h->site.exchange = NULL;
    courier_free(&h->exchange.courier);
    loop_free(&h->exchange.loop);
    messages_close(&h->exchange.messages);
    committer_close(&h->site.committer);
    for (unsigned i = 0; i < HOUSE_LOOPS; i++) {
        (void)txn_end(&h->site.readers[i], false).cls;
        loop_free(&h->site.loops[i]);
    }
    session_stop(&h->site);
    verification_stop(&h->site);
    names_leave();
    captured_leave();
    db_close(&h->site.db);
}

// ---- the first start

static void facts_put(struct house *h)
{
    struct journal_meta meta = {.format = FORMAT_NOW,
                                .smallest_reader = FORMAT_NOW,
                                .created_by = S("packtrail " PACKTRAIL_VERSION),
                                .epoch = 1};
    struct token_new token = {.actor.role = ROLE_ADMIN};
    struct ask asks[2] = {
        {.kind = &kind_journal_opened, .what = &meta },
        {.kind = &kind_token_created,  .what = &token}
    };

    env_random(&h->env, meta.journal_id, sizeof meta.journal_id);
    site_keys_check(&h->keys, 1, meta.key_check);
    must(token_draw(&token, &h->env, &h->arena));
    must(store_open(h->folder, MAP_MAX, &h->site.db));
    must(committer_begin(h));
    must(serve_job_run(&h->site, &h->arena, asks, LEN(asks)));
    committer_close(&h->site.committer);
    db_close(&h->site.db);
    memcpy(h->admin, token.text, TOKEN_LEN);
}

void house_make(struct house *h)
{
    uint8_t key[SITE_KEY_SIZE];

    h->env =
        (struct env){.self = h, .wall_now = sim_wall, .mono_now = sim_mono, .random = sim_random};
    h->wall_ms = BEGIN;
    h->mono_ms = 1000;
    arena_init(&h->arena, 64 * MB);
    folder_make(h->folder);
    settings_make(h);
    site_keys_init(&h->keys);
    env_random(&h->env, key, sizeof key);
    must(site_keys_add(&h->keys, key));
    h->tree = http_tree_new(site_routes);
    site_begin(h);
    facts_put(h);
    must(house_start(h, 0));
}

void house_remove(struct house *h)
{
    assert(h->down);
    http_tree_free(&h->tree);
    site_keys_fini(&h->keys);
    arena_fini(&h->arena);
    folder_remove(h->folder);
}

// ---- calls

struct house_answer house_call(struct house *h, struct arena *a, const struct wire_ask *ask)
{
    struct wire_ask mine = *ask;

    if (mine.loop == NULL) mine.loop = h->site.loops[0];
    struct wire_call *c = wire_begin(&h->wire, &mine);
    for (unsigned tries = 0; c->state != WIRE_ANSWERED; tries++) {
        assert(tries < 100000);
        if (wire_may_feed(c)) wire_feed(c, SIZE_MAX);
        if (c->state != WIRE_ANSWERED) house_settle(h);
        if (c->state != WIRE_ANSWERED) wire_take(c);
    }
    struct house_answer out = {c->code, arena_str(a, buf_str(&c->answer))};
    wire_free(&c);
    return out;
}

// ---- the proof

static void replay(struct house *h)
{
    struct db *copy = NULL;
    char folder[64];
    uint64_t records = 0;

    folder_make(folder);
    must(store_open(folder, MAP_MAX, &copy));
    struct replay_conf conf = {
        .from = h->site.db, .into = copy, .kinds = site_kinds, .batch = 1000};
    status st = replay_run(&conf, &records);
    if (st.cls == ST_OK) st = ledger_compare(h->site.db, copy);
    db_close(&copy);
    folder_remove(folder);
    if (st.cls != ST_OK) trace_break(h->trace, "replay: %s: %s", st.reason, st.text);
}

static void times_check(struct house *h)
{
    struct txn *t = txn_read(h->site.db);
    uint64_t end = journal_head_get(t).seq;
    wall before = {0};
    struct fact f;
    struct arena a;

    arena_init(&a, 64 * MB);
    for (uint64_t seq = 1; seq <= end; seq++) {
        status st = journal_get(t, seq, &a, &f);
        if (st.cls != ST_OK)
            trace_break(h->trace, "fact %llu: %s", (unsigned long long)seq, st.reason);
        if (st.cls == ST_OK && f.at.ms < before.ms)
            trace_break(h->trace, "fact %llu was before the one before", (unsigned long long)seq);
        if (st.cls == ST_OK) before = f.at;
        arena_reset(&a);
    }
    arena_fini(&a);
    (void)txn_end(&t, false).cls;
}

void house_verify(struct house *h)
{
    replay(h);
    times_check(h);
}
