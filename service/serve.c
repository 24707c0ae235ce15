// The service as a whole. The order of starting is the order of this file's parts; ending goes
// backwards: no new callers, those that wait are answered, the committer takes what waits, the
// loops stop, the head file is written, the store is closed.
//
// Threads: this one waits for signals; N loops (sockets); the committer; the courier and the
// shapers; the head file's.
#include "service/serve.h"
#include "common/http_server.h"
#include "service/access/access.h"
#include "service/access/user.h"
#include "service/capture/capture.h"
#include "service/catalog/market.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/capture.h"
#include "service/event/captured_render.h"
#include "service/event/lot_acts.h"
#include "service/event/report.h"
#include "service/event/units_api.h"
#include "service/exchange/exchange.h"
#include "service/inbox/inbox.h"
#include "service/kinds.h"
#include "service/lot/lot.h"
#include "service/ops/folder.h"
#include "service/ops/head_file.h"
#include "service/ops/ops.h"
#include "service/pool/epoch.h"
#include "service/pool/names.h"
#include "service/pool/pool.h"
#include "service/pool/pool_api.h"
#include "service/pool/site_key.h"
#include "service/query/query_routes.h"
#include "service/rest/rest.h"
#include "service/serve_imports.h"
#include "service/serve_job.h"
#include "service/serve_seed.h"
#include "service/settings.h"
#include "service/soap/soap.h"
#include "service/trade/correct.h"
#include "service/trade/receive.h"
#include "service/trade/shipment.h"
#include "service/verification/verification.h"
#include "service/vocabulary/master.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MANNERS_MAX     8u
#define EXCHANGE_END_MS 3000u // that a message under way has to come to its end

// clang-format off
const struct http_route *const serve_routes[] = {
    ops_routes,
    access_routes,
    user_routes,
    client_routes,
    product_routes,
    market_routes,
    place_routes,
    pool_routes,
    lot_routes,
    lot_paper_routes,
    lot_balance_routes,
    hold_routes,
    report_routes,
    units_routes,
    shipment_routes,
    receive_routes,
    correct_routes,
    inbox_routes,
    verification_routes,
    exchange_routes,
    rest_routes,
    subscriptions_routes,
    capture_routes,
    query_routes,
    soap_routes,
    NULL,
};
// clang-format on

struct service {
    struct arena arena; // settings and what else lives as long as the service
    struct site_settings settings;
    struct folder folder;
    struct site_keys keys;
    struct site site;
    struct http_manner manners[MANNERS_MAX]; // the first that fits comes first
    struct http_server *server;
    struct head_file *head;
    char head_path[FOLDER_PATH_MAX];
};

// ---- settings, folder, store

static status settings_open(struct service *s, const struct serve_options *o)
{
    TRY(site_settings_load(o->file, &s->arena, &s->settings));
    TRY(site_settings_listen(&s->settings, o->listen, &s->arena));
    log_setup(&(struct log_setup){.fd = 2,
                                  .level = (enum log_level)s->settings.log_level,
                                  .form = (enum log_form)s->settings.log_form,
                                  .env = &env_real});
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
    TRY(folder_lock(&s->folder));
    TRY(folder_path(&s->folder, "head.json", s->head_path));
    return folder_db(&s->folder, s->settings.map_max, false, &s->site.db);
}

// Whose journal it is, and do the keys fit? A wrong key would give numbers that were given before.
static status identity_check(struct service *s)
{
    struct txn *t = txn_read(s->site.db);
    status st = journal_meta_get(t, &s->arena, &s->site.meta);

    if (st.cls == ST_OK) st = epoch_check(t, &s->site.meta, &s->keys);
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

static status identity_open(struct service *s)
{
    struct site_derive opaque = {.epoch = 1, .info = S("packtrail opaque 1")};
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "site.key", path));
    TRY(site_keys_load(path, &s->keys));
    TRY(identity_check(s));
    site_keys_derive(&s->keys, &opaque, s->site.opaque_key, sizeof s->site.opaque_key);
    return OK;
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
                                  .due = &kind_capture_applied,
                                  .committed = committed,
                                  .committed_self = &s->site};

    return committer_open(&conf, &s->site.committer);
}

// Lines that were added to site.key come into use.
static status epochs_take(struct service *s)
{
    for (;;) {
        struct txn *t = txn_read(s->site.db);
        uint32_t now = epoch_now(t);
        TRY(txn_end(&t, false));
        if (now >= s->keys.count) return OK;
        struct ask ask = {.kind = &kind_epoch_added};
        TRY(serve_job_run(&s->site, &s->arena, &ask, 1));
        LOG(info, "epoch.added", fi("epoch", now + 1));
    }
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
    bool tls = set->certificate.n > 0;
    struct http_server_conf conf = {
        .listen = set->listen.p,
        .tls = {tls ? set->certificate.p : NULL, tls ? set->key.p : NULL},
        .limits = site_settings_http(set),
        .routes = serve_routes,
        .manners = s->manners,
        .access_check = access_check,
        .done = ops_request_done,
        .app = &s->site,
        .loops = s->site.loops,
        .loop_count = s->site.loop_count
    };

    manners_make(s);
    status st = http_server_open(&conf, &s->server);
    if (st.cls == ST_OK) return OK;
    return fail(st.cls, st.reason, 0, "%s: %s", set->listen.p, st.text);
}

static status exchange_open(struct service *s)
{
    struct exchange_conf conf = {.limits = site_settings_exchange(&s->settings)};
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&s->folder, "messages", path));
    conf.messages = path;
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
    for (unsigned i = 0; i < s->site.loop_count; i++) TRY(loop_start(s->site.loops[i]));
    return head_file_start(s->site.db, s->head_path, &env_real, &s->head);
}

// ---- from start to end

static status service_open(struct service *s, const struct serve_options *o)
{
    s->folder.lock = -1;
    ops_register();
    s->site.magic = SITE_MAGIC;
    s->site.env = &env_real;
    s->site.kinds = site_kinds;
    s->site.keys = &s->keys;
    s->site.master = &vocabulary_master;
    s->site.pools_fit = pools_fit_market;
    TRY(settings_open(s, o));
    s->site.limits = site_settings_limits(&s->settings);
    s->site.people = site_settings_people(&s->settings);
    struct verification_conf verification = site_settings_verification(&s->settings);
    verification_start(&s->site, &verification);
    TRY(folder_open(s));
    TRY(identity_open(s));
    TRY(committer_begin(s));
    TRY(epochs_take(s));
    TRY(serve_seed(&s->site, s->settings.seeds, s->settings.seed_count));
    TRY(serve_imports_drop(&s->site));
    loops_make(s);
    TRY(server_open(s));
    return threads_start(s);
}

static void service_say(const struct service *s)
{
    str at = http_server_address(s->server);

    LOG(info, "service.started", fs("address", at), fi("loops", s->site.loop_count));
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
    for (unsigned i = 0; i < site->loop_count; i++) {
        (void)txn_end(&site->readers[i], false).cls;
        loop_free(&site->loops[i]);
    }
    site->loop_count = 0;
}

static void service_close(struct service *s)
{
    exchange_stop(&s->site, EXCHANGE_END_MS);
    if (s->site.committer != NULL) committer_stop(s->site.committer);
    loops_end(s);
    capture_stop(&s->site);
    exchange_free(&s->site);
    verification_stop(&s->site);
    head_file_stop(&s->head);
    committer_close(&s->site.committer);
    db_close(&s->site.db);
    site_keys_fini(&s->keys);
    folder_close(&s->folder);
    names_leave(); // what seeds made this thread remember
    captured_leave();
    arena_fini(&s->arena);
}

status serve_run(const struct serve_options *o)
{
    static struct service s; // one in a process
    sigset_t signals = ending_signals();
    int which;

    memset(&s, 0, sizeof s);
    arena_init(&s.arena, 64 * MB);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); // before there are threads: they inherit it
    signal(SIGPIPE, SIG_IGN);
    status st = service_open(&s, o);
    if (st.cls == ST_OK) {
        service_say(&s);
        sigwait(&signals, &which);
        LOG(info, "service.ending", fi("signal", which));
        drain(&s, &signals);
    }
    service_close(&s);
    if (st.cls == ST_OK) LOG_PLAIN(info, "service.ended");
    return st;
}
