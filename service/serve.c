// The service as a whole. The order of starting is the order of this file's parts; ending goes
// backwards: no new callers, those that wait are answered, the committer takes what waits, the
// loops stop, the head file is written, the store is closed.
//
// Threads: this one waits for signals; N loops (sockets); the committer; the courier and the
// shapers; those that hash passwords; the head file's.
#include "service/serve.h"
#include "common/http_server.h"
#include "common/process.h"
#include "service/access/access.h"
#include "service/access/door.h"
#include "service/access/hashing.h"
#include "service/access/limit.h"
#include "service/access/session.h"
#include "service/capture/capture.h"
#include "service/event/capture.h"
#include "service/event/captured_render.h"
#include "service/exception/refused.h"
#include "service/exchange/prefixes.h"
#include "service/exchange/trust.h"
#include "service/journal/restored.h"
#include "service/kinds.h"
#include "service/lot/released.h"
#include "service/ops/clock.h"
#include "service/ops/export_key.h"
#include "service/ops/folder.h"
#include "service/ops/head_file.h"
#include "service/ops/ops.h"
#include "service/ops/settings_changed.h"
#include "service/pool/epoch.h"
#include "service/pool/names.h"
#include "service/pool/pool.h"
#include "service/pool/secret.h"
#include "service/pool/site_key.h"
#include "service/routes.h"
#include "service/serve_certificates.h"
#include "service/serve_imports.h"
#include "service/serve_job.h"
#include "service/serve_seed.h"
#include "service/settings.h"
#include "service/soap/soap.h"
#include "service/vocabulary/master.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MANNERS_MAX          8u
#define EXCHANGE_END_MS      3000u // that a message under way has to come to its end
#define CERTIFICATES_TOLD_MS (24 * INT64_C(3600000))

struct service {
    struct arena arena; // settings and what else lives as long as the service
    struct site_settings settings;
    struct folder folder;
    struct site_keys keys;
    struct site site;
    struct http_manner manners[MANNERS_MAX]; // the first that fits comes first
    struct http_server *server;
    struct head_file *head;
    struct export_key *export_key;
    struct clock_conf clock;
    struct clock_tick *tick;
    char head_path[FOLDER_PATH_MAX];
};

// ---- settings, folder, store

static status settings_open(struct service *s, const struct serve_options *o)
{
    size_t at = 0;

    TRY(site_settings_load(o->file, &s->arena, &s->settings));
    TRY(site_settings_listen(&s->settings, o->listen, &s->arena));
    if (s->settings.core_files) process_unseal();
    log_setup(&(struct log_setup){.fd = 2,
                                  .level = (enum log_level)s->settings.log_level,
                                  .form = (enum log_form)s->settings.log_form,
                                  .env = &env_real});
    for (str name; (name = site_settings_stray(&at)).n > 0;)
        LOG(warn, "settings.variable_unknown", fs("name", name));
    return OK;
}

static status folder_open(struct service *s)
{
    struct folder_format format;

    TRY(folder_find(s->settings.folder.p, &s->folder));
    if (s->folder.site[0] == 0)
        return fail(ST_CONFLICT, "folder.none", 0, "%s is a data folder: the file belongs above it",
                    s->folder.data);
    TRY(folder_format_read(&s->folder, &format));
    TRY(folder_serves(&s->folder));
    TRY(folder_owned(&s->folder));
    TRY(folder_lock(&s->folder));
    TRY(folder_path(&s->folder, "head.json", s->head_path));
    TRY(folder_db(&s->folder, s->settings.map_max, false, &s->site.db));
    return head_file_hold(s->site.db, s->head_path);
}

// Whose journal it is, and do the keys fit? A wrong key would give numbers that were given before.
static status identity_check(struct service *s)
{
    struct txn *t = txn_read(s->site.db);
    status st = journal_meta_get(t, &s->arena, &s->site.meta);

    if (st.cls == ST_OK) st = epoch_check(t, &s->site.meta, &s->keys);
    if (restored_get(t).frozen) LOG_PLAIN(warn, "pools.frozen"); // until verify --advance
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

// A site of before there was a key gets it here, and so does one that came back without. Whoever
// trusts exports must learn of another one: each start says which it is.
static status export_key_take(struct service *s, const char *path)
{
    char sum[EXPORT_KEY_SUM_MAX];
    bool made;

    TRY(export_key_open(path, &made, &s->export_key));
    export_key_sum(s->export_key, sum);
    if (made)
        LOG(warn, "export_key.made", fs("sha256", str_of(sum)));
    else
        LOG(info, "export_key.read", fs("sha256", str_of(sum)));
    s->site.export_key = s->export_key;
    return OK;
}

static status identity_open(struct service *s)
{
    struct site_derive opaque = {.epoch = 1, .info = S("packtrail opaque 1")};
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "site.key", path));
    TRY(site_keys_load(path, &s->keys));
    TRY(identity_check(s));
    site_keys_derive(&s->keys, &opaque, s->site.opaque_key, sizeof s->site.opaque_key);
    TRY(folder_path(&s->folder, "export.key", path));
    return export_key_take(s, path);
}

// ---- the committer

static void committed(void *self, uint64_t seq)
{
    const struct site *site = self;

    if (site->wake != NULL) site->wake(site->wake_self, seq);
}

static status committer_begin(struct service *s)
{
    struct committer_conf conf = {.db = s->site.db,
                                  .kinds = site_kinds,
                                  .sequencer = sequencer_local(),
                                  .env = &env_real,
                                  .app = &s->site,
                                  .queue_max = (uint32_t)s->settings.queue_max,
                                  .batch_facts = (uint32_t)s->settings.batch_facts,
                                  .refusals_max = (uint32_t)s->settings.rate.refusals,
                                  .refusal_stays = refused_is_raised,
                                  .due = &kind_capture_applied,
                                  .clock = &s->clock,
                                  .committed = committed,
                                  .committed_self = &s->site};

    s->clock = site_settings_clock(&s->settings);
    s->clock.jumped = &kind_clock_jumped;
    s->clock.allowed = clock_allowed;
    return committer_open(&conf, &s->site.committer);
}

// Before anything is done under them.
static status settings_record(struct service *s)
{
    struct ask ask = {.kind = &kind_settings_changed};

    TRY(serve_job_run(&s->site, &s->arena, &ask, 1));
    if (!ask.nothing) LOG(info, "settings.changed", fi("seq", ask.fact.seq));
    return OK;
}

// What the start itself writes waits for the next one where the clock has stopped writing.
static bool clock_waits(const struct service *s)
{
    struct txn *t = txn_read(s->site.db);
    struct clock_stop stop;
    bool stopped = clock_stop_get(t, &stop);

    (void)txn_end(&t, false).cls;
    if (stopped) LOG(warn, "clock.stopped", fi("jump", stop.seq));
    return stopped;
}

// Lines that were added to site.key come into use, unless two must sign for them.
static status epochs_take(struct service *s)
{
    for (;;) {
        struct txn *t = txn_read(s->site.db);
        uint32_t now = epoch_now(t);
        TRY(txn_end(&t, false));
        if (now >= s->keys.count) return OK;
        if (second_is_marked(&s->site, SECOND_ADD_KEY)) {
            status st = epoch_refusal();
            LOG(warn, "epoch.waits", fi("epoch", now + 1), fst(st));
            return OK;
        }
        struct ask ask = {.kind = &kind_epoch_added};
        TRY(serve_job_run(&s->site, &s->arena, &ask, 1));
        LOG(info, "epoch.added", fi("epoch", now + 1));
    }
}

static status epochs_hold(struct service *s) // to those in use
{
    struct txn *t = txn_read(s->site.db);

    if (epoch_waits(t, &s->keys)) s->keys.count = epoch_now(t);
    return txn_end(&t, false);
}

// ---- loops and sockets

static void loops_make(struct service *s)
{
    struct site *site = &s->site;
    char name[16];

    site->loop_count = site_settings_loops(&s->settings);
    for (unsigned i = 0; i < site->loop_count; i++) {
        snprintf(name, sizeof name, "loop %u", i);
        site->loops[i] = loop_new(name);
        site->readers[i] = txn_read(site->db);
        txn_rest(site->readers[i]);
    }
}

static void manners_make(struct service *s)
{
    s->manners[0] = soap_manner;
    for (size_t i = 0; rest_manners[i].prefix != NULL; i++) {
        assert(i + 2 < MANNERS_MAX);
        s->manners[i + 1] = rest_manners[i];
    }
}

static status server_open(struct service *s)
{
    const struct site_settings *set = &s->settings;
    struct http_server_conf conf = {.limits = site_settings_http(set),
                                    .routes = site_routes,
                                    .manners = s->manners,
                                    .access_check = access_check,
                                    .turned = api_turned,
                                    .done = ops_request_done,
                                    .app = &s->site,
                                    .loops = s->site.loops,
                                    .loop_count = s->site.loop_count};

    manners_make(s);
    TRY(site_settings_doors(set, &s->arena, &conf));
    return http_server_open(&conf, &s->server);
}

static status exchange_open(struct service *s)
{
    struct exchange_conf conf = {.limits = site_settings_exchange(&s->settings)};
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "messages", path));
    conf.messages = path;
    TRY(site_settings_trust(&s->settings, &s->arena, &conf));
    status files = exchange_trust_check(&conf); // lines do not wait for what partners need
    if (files.cls != ST_OK) LOG(error, "exchange.unusable", fst(files));
    return exchange_start(&s->site, &conf);
}

static status capture_begin(struct service *s)
{
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "spool", path));
    return capture_start(&s->site, path);
}

static status threads_start(struct service *s)
{
    TRY(committer_start(s->site.committer));
    TRY(exchange_open(s));
    TRY(capture_begin(s));
    TRY(hashing_start(&s->site));
    for (unsigned i = 0; i < s->site.loop_count; i++) TRY(loop_start(s->site.loops[i]));
    return head_file_start(s->site.db, s->head_path, &env_real, &s->head);
}

// ---- from start to end

// Nothing is sealed or given under an epoch that waits.
static status start_facts(struct service *s)
{
    bool waits = clock_waits(s);

    if (!waits) TRY(epochs_take(s));
    TRY(epochs_hold(s));
    if (waits) return OK;
    TRY(serve_seed(&s->site, s->folder.site, s->settings.seeds, s->settings.seed_count));
    return serve_imports_drop(&s->site);
}

static status service_open(struct service *s, const struct serve_options *o)
{
    s->folder.lock = -1;
    ops_register();
    clock_register();
    s->site.magic = SITE_MAGIC;
    s->site.env = &env_real;
    s->site.kinds = site_kinds;
    s->site.keys = &s->keys;
    s->site.master = &vocabulary_master;
    s->site.pools_fit = pools_fit_market;
    s->site.lot_takes = lot_takes_numbers;
    s->site.prefixes_fit = partner_prefixes_fit;
    s->site.reads_urns = partner_reads_urns;
    s->site.seal = secret_site_seal;
    s->site.open_sealed = secret_site_open;
    TRY(settings_open(s, o));
    s->site.limits = site_settings_limits(&s->settings);
    s->site.people = site_settings_people(&s->settings);
    s->site.setting = site_setting_at;
    s->site.settings = &s->settings;
    struct verification_conf verification = site_settings_verification(&s->settings);
    verification_start(&s->site, &verification);
    struct limit_conf limits = site_settings_rates(&s->settings);
    limit_start(&s->site, &limits);
    session_start(&s->site, (uint32_t)s->settings.sessions.count);
    TRY(folder_open(s));
    TRY(identity_open(s));
    TRY(committer_begin(s));
    TRY(settings_record(s));
    TRY(start_facts(s));
    loops_make(s);
    s->tick = clock_tick_start(s->site.loops[0], s->site.committer);
    TRY(server_open(s));
    return threads_start(s);
}

static void service_say(const struct service *s)
{
    str at = http_server_address(s->server);

    LOG(info, "service.started", fs("address", at), fi("loops", s->site.loop_count));
    serve_certificates_log(&s->settings);
    for (uint32_t i = 0; i < s->settings.listeners.n; i++) {
        const struct site_listener *l = (struct site_listener *)s->settings.listeners.items + i;
        LOG(info, "listener.opened", fs("name", l->name),
            fs("purpose", str_of(door_words[l->purpose])),
            fs("address", http_server_door_address(s->server, i + 1)));
    }
    printf("listening on %s://%.*s\n", s->settings.certificate.n > 0 ? "https" : "http", STR(at));
    fflush(stdout); // whoever waits for this line finds the log's there
}

static sigset_t ending_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

// ---- while it runs

static void tls_tried(void *arg, str address, status st)
{
    (void)arg;
    if (st.cls == ST_OK)
        LOG(info, "tls.renewed", fs("address", address));
    else
        LOG(error, "tls.refused", fs("address", address), fst(st));
}

// Until a signal says: end. Meanwhile new certificates are taken up, and each day somebody is told
// of those that end.
static int watch(struct service *s, const sigset_t *signals)
{
    mono told = env_mono(&env_real);
    uint64_t ms = s->settings.tls_check_ms;
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    sigset_t all = *signals;

    sigaddset(&all, SIGHUP);
    for (;;) {
        int which = sigtimedwait(&all, NULL, &pause);
        if (which > 0 && which != SIGHUP) return which;
        if (which > 0 || errno == EAGAIN)
            http_server_refresh(s->server, which == SIGHUP, tls_tried, NULL);
        if (env_mono(&env_real).ms - told.ms < CERTIFICATES_TOLD_MS) continue;
        told = env_mono(&env_real);
        serve_certificates_log(&s->settings);
    }
}

// Until all that has begun is answered, its time is over, or a second signal says: now.
static void drain(struct service *s, const sigset_t *signals)
{
    int64_t until = env_mono(&env_real).ms + (int64_t)s->settings.drain_ms;
    static const struct timespec little = {.tv_nsec = 5000000};

    atomic_store(&s->site.draining, true);
    http_server_drain(s->server);
    while (!http_server_is_idle(s->server) && env_mono(&env_real).ms < until)
        if (sigtimedwait(signals, NULL, &little) > 0) return;
}

static void loops_end(struct service *s)
{
    struct site *site = &s->site;

    for (unsigned i = 0; i < site->loop_count; i++) loop_stop(site->loops[i]);
    http_server_close(&s->server);
    clock_tick_stop(&s->tick);
    for (unsigned i = 0; i < site->loop_count; i++) {
        (void)txn_end(&site->readers[i], false).cls;
        loop_free(&site->loops[i]);
    }
    site->loop_count = 0;
}

static void service_close(struct service *s)
{
    exchange_stop(&s->site, EXCHANGE_END_MS);
    hashing_stop(&s->site);
    if (s->site.committer != NULL) committer_stop(s->site.committer);
    loops_end(s);
    hashing_free(&s->site);
    capture_stop(&s->site);
    exchange_free(&s->site);
    verification_stop(&s->site);
    session_stop(&s->site);
    limit_stop(&s->site);
    head_file_stop(&s->head);
    committer_close(&s->site.committer);
    db_close(&s->site.db);
    site_keys_fini(&s->keys);
    export_key_close(&s->export_key);
    folder_close(&s->folder);
    names_leave(); // what seeds made this thread remember
    captured_leave();
    arena_fini(&s->arena);
}

status serve_run(const struct serve_options *o)
{
    static struct service s; // one in a process
    sigset_t signals = ending_signals(), blocked = signals;

    memset(&s, 0, sizeof s);
    arena_init(&s.arena, 64 * MB);
    sigaddset(&blocked, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL); // before there are threads: they inherit it
    signal(SIGPIPE, SIG_IGN);
    status st = service_open(&s, o);
    if (st.cls == ST_OK && s.settings.sandbox != SANDBOX_OFF)
        st = process_confine(s.settings.sandbox == SANDBOX_STRICT);
    if (st.cls == ST_OK) {
        service_say(&s);
        int which = watch(&s, &signals);
        LOG(info, "service.ending", fi("signal", which));
        drain(&s, &signals);
    }
    service_close(&s);
    if (st.cls == ST_OK) LOG_PLAIN(info, "service.ended");
    return st;
}
