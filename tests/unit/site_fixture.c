#include "site_fixture.h"
#include "common/http_server.h"
#include "service/event/captured_render.h"
#include "service/exception/refused.h"
#include "service/item/item_api.h"
#include "service/journal/call_bound.h"
#include "service/journal/replay.h"
#include "service/pool/names.h"
#include "service/pool/secret.h"
#include "service/rest/rest.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ANSWER_MS 20000 // a request that is not answered by then fails its test

static wall fixture_wall(void *self) { return ((struct fixture *)self)->now; }
static mono fixture_mono(void *self)
{
    const struct fixture *f = self;
    return (mono){f->now.ms - f->jumped};
}
static bool fixture_synchronised(void *self) { return !((struct fixture *)self)->unsynced; }

static int fixture_zone(void *self, wall at)
{
    (void)at;
    return ((struct fixture *)self)->zone_min;
}

// splitmix64: any seed does.
static void fixture_random(void *self, void *out, size_t n)
{
    struct fixture *f = self;

    for (size_t i = 0; i < n; i++) {
        uint64_t z = f->random += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        ((uint8_t *)out)[i] = (uint8_t)((z ^ (z >> 31)) >> 56);
    }
}

void must(status st)
{
    if (st.cls != ST_OK) fail_msg("%s: %s", st.reason, st.text);
}

static struct db *folder_open(const char *folder)
{
    struct db_conf conf = {.folder = folder, .map_max = 4 * GB, .readers = 16};
    struct db *db;

    must(db_open(&conf, &db));
    return db;
}

static void folder_remove(const char *folder)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[96];

    for (size_t i = 0; i < LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void keys_init(struct fixture *f)
{
    uint8_t key[SITE_KEY_SIZE];

    site_keys_init(&f->keys);
    for (unsigned i = 0; i < sizeof key; i++) key[i] = (uint8_t)(i * 7 + 1);
    must(site_keys_add(&f->keys, key));
}

static void kinds_init(struct fixture *f, const struct kind *const *kinds)
{
    static const struct kind *const own[] = {&kind_journal_opened, &kind_refusal_raised,
                                             &kind_refusal_repeated_raised, &kind_call_bound};
    size_t n = 0;

    for (; kinds != NULL && *kinds != NULL; kinds++) {
        assert_true(n < FIXTURE_KINDS_MAX - LEN(own) - 1);
        f->kinds[n++] = *kinds;
    }
    for (size_t i = 0; i < LEN(own); i++)
        if (kind_find(f->kinds, own[i]->number, own[i]->version) == NULL) f->kinds[n++] = own[i];
}

static void journal_open(struct fixture *f)
{
    struct journal_meta meta = {.format = FORMAT_NOW,
                                .smallest_reader = FORMAT_NOW,
                                .created_by = S("site_fixture"),
                                .epoch = 1};

    env_random(&f->env, meta.journal_id, sizeof meta.journal_id);
    site_keys_check(&f->keys, 1, meta.key_check);
    must(fixture_run(f, &kind_journal_opened, &meta, NULL));
}

static void meta_load(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    static char room[64]; // outlives the arena, which tests reset

    must(journal_meta_get(t, &f->arena, &f->site.meta));
    size_t n = f->site.meta.created_by.n < sizeof room ? f->site.meta.created_by.n : sizeof room;
    memcpy(room, f->site.meta.created_by.p, n);
    f->site.meta.created_by = (str){room, n};
    fixture_read_end(t);
}

static const struct site_limits limits = {.issue_max = 1000000,
                                          .report_units_max = 20000,
                                          .reports_max = 1000,
                                          .slice_lines = 64,
                                          .slice_bytes = 256 * 1024,
                                          .page_default = 100,
                                          .page_max = 1000,
                                          .query_candidates_max = 100000,
                                          .query_events_max = 10000,
                                          .import_max = 1000000,
                                          .shift_cases = 3,
                                          .clock_ahead_max_ms = 30000,
                                          .results_bytes_max = 1024 * 1024,
                                          .report_body_max = 8 * MB,
                                          .stream_body_max = 1 * GB,
                                          .import_body_max = 64 * MB,
                                          .capture_events_max = 100000,
                                          .capture_body_max = 256 * MB,
                                          .capture_event_max = 16 * MB,
                                          .capture_slice_events = 200,
                                          .capture_ids_by_hash = true};

// Hashes cost next to nothing: what they cost is not what tests are about.
static const struct site_people people = {
    .hash_memory_kb = 8,
    .hash_passes = 1,
    .hash_lanes = 1,
    .hashes_at_once = 4,
    .password_min = 12,
    .password_max = 128,
    .password_history = 5,
    .wrong_max = 5,
    .wrong_window_ms = 15 * 60000,
    .lock_ms = 15 * 60000,
    .first_must_change = true,
    .meanings = {"approval review", 15}
};

struct fixture *fixture_open(const struct kind *const *kinds)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    strcpy(f->folder, "/tmp/site_fixture_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->now = (wall){1764000000000}; // 2025-11-24T16:00:00Z
    f->random = 1;
    f->actor = 1;
    f->env = (struct env){
        f, fixture_wall, fixture_mono, fixture_random, fixture_zone, fixture_synchronised};
    f->caller =
        (struct caller){.magic = CALLER_MAGIC, .actor = 1, .role = ROLE_ADMIN, .id = S("fixture")};
    arena_init(&f->arena, 2 * GB);
    keys_init(f);
    kinds_init(f, kinds);
    f->site = (struct site){.magic = SITE_MAGIC,
                            .env = &f->env,
                            .kinds = f->kinds,
                            .keys = &f->keys,
                            .seal = secret_site_seal,
                            .open_sealed = secret_site_open,
                            .limits = limits,
                            .people = people,
                            .loop_count = 1};
    struct site_derive opaque = {.epoch = 1, .info = S("packtrail opaque 1")};
    site_keys_derive(&f->keys, &opaque, f->site.opaque_key, sizeof f->site.opaque_key);
    fixture_enter(f);
    journal_open(f);
    meta_load(f);
    return f;
}

void fixture_enter(struct fixture *f)
{
    struct committer_conf conf = {.kinds = f->kinds,
                                  .sequencer = sequencer_local(),
                                  .env = &f->env,
                                  .app = &f->site,
                                  .queue_max = 4096,
                                  .batch_facts = 512,
                                  .clock = f->clock.jumped != NULL ? &f->clock : NULL,
                                  .due = kind_find(f->kinds, FACT_CAPTURE_APPLIED, 3)};

    f->site.db = conf.db = folder_open(f->folder);
    must(committer_open(&conf, &f->site.committer));
    f->loop = f->site.loops[0] = loop_new("fixture");
    f->site.readers[0] = txn_read(f->site.db);
    txn_rest(f->site.readers[0]);
}

void fixture_leave(struct fixture *f)
{
    names_leave();
    captured_leave();
    http_server_close(&f->server);
    must(txn_end(&f->site.readers[0], false));
    committer_close(&f->site.committer);
    loop_free(&f->loop);
    f->site.loops[0] = NULL;
    db_close(&f->site.db);
}

void fixture_reopen(struct fixture *f)
{
    fixture_leave(f);
    fixture_enter(f);
    meta_load(f);
}

void fixture_close(struct fixture **fp)
{
    struct fixture *f = *fp;

    fixture_leave(f);
    arena_fini(&f->arena);
    site_keys_fini(&f->keys);
    folder_remove(f->folder);
    free(f);
    *fp = NULL;
}

static void job_arrived(struct job *j) { *(bool *)j->owner = true; }

struct job *fixture_job(struct fixture *f, uint32_t n)
{
    struct job *j = job_new(&f->arena, f->loop, n);

    assert_non_null(j);
    j->done = job_arrived;
    j->actor = f->actor;
    return j;
}

void fixture_job_run(struct fixture *f, struct job *j)
{
    bool done = false;

    j->owner = &done;
    assert_true(committer_submit(f->site.committer, j));
    while (committer_step(f->site.committer, false) > 0) {}
    while (!done) loop_step(f->loop, false);
}

status fixture_run(struct fixture *f, const struct kind *k, const void *what, struct ask *out)
{
    struct job *j = fixture_job(f, 1);

    j->asks[0] = (struct ask){.kind = k, .what = what};
    fixture_job_run(f, j);
    if (out != NULL) *out = j->asks[0];
    return j->whole.cls != ST_OK ? j->whole : j->asks[0].result;
}

status fixture_put(struct fixture *f, const struct kind *k, const char *name, const char *json)
{
    struct item_text text = {str_of(name), str_of(json), &f->site};
    struct item_put put;
    struct txn *t = fixture_read(f);
    status st = item_put_read(t, k->arg, &text, &f->arena, &put);

    fixture_read_end(t);
    return st.cls == ST_OK ? fixture_run(f, k, &put, NULL) : st;
}

void fixture_forget(struct fixture *f) { arena_reset(&f->arena); }

struct txn *fixture_read(struct fixture *f) { return txn_read(f->site.db); }

void fixture_read_end(struct txn *t) { must(txn_end(&t, false)); }

void fixture_verify(struct fixture *f)
{
    char folder[] = "/tmp/site_fixture_replay_XXXXXX";
    uint64_t records = 0;

    assert_non_null(mkdtemp(folder));
    struct db *copy = folder_open(folder);
    struct replay_conf conf = {.from = f->site.db, .into = copy, .kinds = f->kinds, .batch = 1000};
    status st = replay_run(&conf, &records);
    if (st.cls == ST_OK) st = ledger_compare(f->site.db, copy);
    db_close(&copy);
    folder_remove(folder);
    must(st);
    assert_true(records > 0);
}

// ---- requests

static status anybody_may(struct http_req *r, const char *roles)
{
    const struct site *site = r->app;
    const struct fixture *f = CONTAINER_OF(site, struct fixture, site);
    str rest = str_of(roles), word;

    r->caller = &f->caller;
    if (*roles == '\0' || str_eq(rest, S("*"))) return OK;
    for (bool more = true; more;) {
        more = str_cut(&rest, ' ', &word);
        if (str_eq(more ? word : rest, str_of(role_word(f->caller.role)))) return OK;
    }
    return (fail)(ST_NOT_ALLOWED, "access.role", 0, "this is for %s", roles);
}

void fixture_serve(struct fixture *f, const struct http_route *const *routes)
{
    struct http_server_conf conf = {.door.listen = "127.0.0.1:0",
                                    .routes = routes,
                                    .access_check = anybody_may,
                                    .turned = api_turned,
                                    .manners = rest_manners,
                                    .app = &f->site,
                                    .loops = &f->loop,
                                    .loop_count = 1};

    conf.limits.arena_max = 512 * MB;
    must(http_server_open(&conf, &f->server));
}

static int dial(const struct fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    str address = http_server_address(f->server), host;
    uint64_t port = 0;

    assert_true(str_cut(&address, ':', &host) && str_u64(address, 65535, &port));
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

// One turn of everything that the request needs.
static void turn(struct fixture *f, int64_t until_ms)
{
    loop_step(f->loop, false);
    while (committer_step(f->site.committer, false) > 0) {}
    if (env_mono(&env_real).ms > until_ms) fail_msg("no answer within %d ms", ANSWER_MS);
}

static struct fixture_answer answer_of(struct fixture *f, str all)
{
    struct fixture_answer a = {0};
    uint64_t code;
    const char *gap = memmem(all.p, all.n, "\r\n\r\n", 4);

    assert_true(gap != NULL && all.n > 12);
    assert_true(str_u64((str){all.p + 9, 3}, 999, &code));
    a.code = (int)code;
    a.head = arena_str(&f->arena, (str){all.p, (size_t)(gap - all.p)});
    a.body = arena_str(&f->arena, str_from(all, (size_t)(gap - all.p) + 4));
    return a;
}

static struct fixture_answer exchange(struct fixture *f, int fd, str out)
{
    int64_t until = env_mono(&env_real).ms + ANSWER_MS;
    struct buf in;
    char piece[16 * 1024];

    buf_init(&in, 1 * GB);
    for (;;) {
        ssize_t n = out.n == 0 ? 0 : send(fd, out.p, out.n, MSG_NOSIGNAL);
        if (n > 0) out = str_from(out, (size_t)n);
        turn(f, until);
        n = recv(fd, piece, sizeof piece, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) break;
        if (n > 0) buf_add(&in, (str){piece, (size_t)n});
    }
    struct fixture_answer a = answer_of(f, buf_str(&in));
    buf_fini(&in);
    return a;
}

// HTTP/1.0: the end of the connection is the end of the answer, and nothing comes in chunks.
struct fixture_answer fixture_send(struct fixture *f, const char *line, const char *headers,
                                   str body)
{
    struct buf out;
    bool has_body = body.n > 0 || strncmp(line, "P", 1) == 0;

    buf_init(&out, 1 * GB);
    buf_addf(&out, "%s HTTP/1.0\r\nHost: site\r\n%s", line, headers);
    if (has_body) buf_addf(&out, "Content-Length: %zu\r\n", body.n);
    buf_add(&out, S("\r\n"));
    buf_add(&out, body);
    int fd = dial(f);
    struct fixture_answer a = exchange(f, fd, buf_str(&out));
    close(fd);
    loop_step(f->loop, false); // the server sees the end too
    buf_fini(&out);
    return a;
}

void fixture_break_off(struct fixture *f, const char *line, const char *headers, str body, size_t n)
{
    struct buf out;

    buf_init(&out, 1 * GB);
    buf_addf(&out, "%s HTTP/1.0\r\nHost: site\r\n%sContent-Length: %zu\r\n\r\n", line, headers,
             body.n);
    buf_add(&out, (str){body.p, n});
    int fd = dial(f);
    assert_int_equal(send(fd, out.p, out.n, MSG_NOSIGNAL), (ssize_t)out.n);
    int64_t until = env_mono(&env_real).ms + ANSWER_MS;
    for (unsigned i = 0; i < 50; i++) turn(f, until); // more than it needs: all is on this thread
    close(fd);
    for (unsigned i = 0; i < 5; i++) turn(f, until);
    buf_fini(&out);
}

struct fixture_answer fixture_call(struct fixture *f, const char *line, const char *headers,
                                   const char *body)
{
    return fixture_send(f, line, headers, str_of(body));
}
