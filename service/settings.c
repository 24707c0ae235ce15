// The table of settings, and the rules that concern several of them.
#include "service/settings.h"
#include "service/access/door.h"
#include "service/access/second.h"
#include "service/gs1/id.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEDS_MAX     10000u
#define LISTENERS_MAX 16u
#define SHOWN_MAX     1000u
#define DAY_MS        (24 * 3600 * 1000u)

static const char *const log_forms[] = {"logfmt", "json", NULL};
static const char *const sandboxes[] = {"off", "on", "strict", NULL};
static const char *const event_ids[] = {"hash", "uuid", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

#define AT(member)    .at = offsetof(struct site_settings, member)
#define OF(member)    .at = offsetof(struct site_listener, member)
#define SHOWN(member) .at = offsetof(struct site_shown, member)

// clang-format off
static const struct setting listener_table[] = {
    {"name", SETTING_TEXT, SETTING_RESTART, OF(name), 0, 64, .value = ""},
    {"address", SETTING_TEXT, SETTING_RESTART, OF(address), 0, 64, .value = ""},
    {"purpose", SETTING_WORD, SETTING_RESTART, OF(purpose), .words = door_words, .value = "all"},
    {"certificate", SETTING_TEXT, SETTING_RESTART, OF(certificate), 0, 4096, .value = ""},
    {"key", SETTING_TEXT, SETTING_RESTART, OF(key), 0, 4096, .value = ""},
    {"client_ca", SETTING_TEXT, SETTING_RESTART, OF(client_ca), 0, 4096, .value = ""},
    {"client_required", SETTING_BOOL, SETTING_RESTART, OF(client_required), .value = "false"},
    {0},
};

static const struct setting shown_table[] = {
    {"partner", SETTING_TEXT, SETTING_RESTART, SHOWN(partner), 0, 64, .value = ""},
    {"certificate", SETTING_TEXT, SETTING_RESTART, SHOWN(certificate), 0, 4096, .value = ""},
    {"key", SETTING_TEXT, SETTING_RESTART, SHOWN(key), 0, 4096, .value = ""},
    {0},
};

const struct setting site_setting_table[] = {
    {"listen", SETTING_TEXT, SETTING_RESTART, AT(listen), 3, 64, .value = "127.0.0.1:8080",
     .says = "Address and port; port 0 takes a free one."},
    {"listeners", SETTING_ROWS, SETTING_RESTART, AT(listeners), 0, LISTENERS_MAX, .value = "[]",
     .rows = listener_table, .size = sizeof(struct site_listener),
     .says = "Further addresses, each for some callers; see TLS and addresses."},
    {"insecure", SETTING_BOOL, SETTING_RESTART, AT(insecure), .value = "false",
     .says = "Listens on a public address without TLS, as behind a proxy that has it."},
    {"core_files", SETTING_BOOL, SETTING_RESTART, AT(core_files), .value = "false",
     .says = "A crash may leave a core file and a debugger may look in: both hold secrets."},
    {"sandbox", SETTING_WORD, SETTING_RESTART, AT(sandbox), .words = sandboxes, .value = "off",
     .says = "A filter of system calls once it has started; strict also ends at unknown ones."},
    {"loops", SETTING_COUNT, SETTING_RESTART, AT(loops), 0, SITE_LOOPS_MAX, .value = "0",
     .says = "Threads that talk to callers; 0 is one for each core."},
    {"drain", SETTING_TIME, SETTING_RESTART, AT(drain_ms), 0, 600000, .value = "20 s",
     .says = "How long an ending service waits for requests that have begun."},
    {"tls.certificate", SETTING_TEXT, SETTING_RESTART, AT(certificate), 0, 4096, .value = "",
     .says = "PEM file of the certificate and its chain; its path begins at this folder."},
    {"tls.key", SETTING_TEXT, SETTING_RESTART, AT(key), 0, 4096, .value = "",
     .says = "PEM file of its private key."},
    {"tls.client_ca", SETTING_TEXT, SETTING_RESTART, AT(client_ca), 0, 4096, .value = "",
     .says = "PEM file: whose certificates callers may show instead of a token."},
    {"tls.check_time", SETTING_TIME, SETTING_RESTART, AT(tls_check_ms), 100, DAY_MS,
     .value = "1 min", .says = "How often these files are looked at; new ones are taken up."},
    {"rate.requests", SETTING_COUNT, SETTING_RESTART, AT(rate.requests), 1, 1000000,
     .value = "5000",
     .says = "Requests a second of one caller, or of one address without a token; over it 429."},
    {"rate.burst", SETTING_COUNT, SETTING_RESTART, AT(rate.burst), 1, 1000000,
     .value = "10000", .says = "And at once, after a pause."},
    {"rate.refused", SETTING_COUNT, SETTING_RESTART, AT(rate.refused), 1, 1000000,
     .value = "20", .says = "Requests of one address that get 401 in a second; over it 429."},
    {"rate.refused_burst", SETTING_COUNT, SETTING_RESTART, AT(rate.refused_burst), 1, 1000000,
     .value = "500", .says = "And at once, after a pause."},
    {"rate.logins", SETTING_COUNT, SETTING_RESTART, AT(rate.logins), 1, 1000000, .value = "2",
     .says = "Logins of one address in a second, right or wrong; over it 429."},
    {"rate.logins_burst", SETTING_COUNT, SETTING_RESTART, AT(rate.logins_burst), 1, 1000000,
     .value = "40", .says = "And at once, after a pause."},
    {"rate.refusals", SETTING_COUNT, SETTING_RESTART, AT(rate.refusals), 1, 1000000,
     .value = "120",
     .says = "Refusals of one caller kept one by one in a minute: of `401`, `403`, `409`, "
             "`422`, and as many of all others; what is over is counted."},
    {"store.map_max", SETTING_BYTES, SETTING_RESTART, AT(map_max), 64 * MB, 64 * 1024 * GB,
     .value = "256 GB",
     .says = "Address space kept for the data; over it nothing more is stored (507)."},
    {"commands.queue_max", SETTING_COUNT, SETTING_RESTART, AT(queue_max), 1, 1000000,
     .value = "4096", .says = "Commands that may wait to be decided; over it callers get 503."},
    {"commands.batch_facts", SETTING_COUNT, SETTING_RESTART, AT(batch_facts), 1, 2000,
     .value = "512", .says = "Facts in one transaction."},
    {"lines.shift_cases", SETTING_COUNT, SETTING_RESTART, AT(limits.shift_cases), 0, 100,
     .value = "3", .says = "Cases in a row that make a label shift; 0: nobody looks for one."},
    {"limits.issue_max", SETTING_COUNT, SETTING_RESTART, AT(limits.issue_max), 1, 1000000,
     .value = "1000000", .says = "Numbers in one request."},
    {"limits.report_units_max", SETTING_COUNT, SETTING_RESTART, AT(limits.report_units_max), 1,
     100000, .value = "20000", .says = "Units in one report."},
    {"limits.reports_max", SETTING_COUNT, SETTING_RESTART, AT(limits.reports_max), 1, 10000,
     .value = "1000", .says = "Reports in one array."},
    {"limits.slice_lines", SETTING_COUNT, SETTING_RESTART, AT(limits.slice_lines), 1, 1000,
     .value = "64", .says = "Lines of a streamed call in one transaction."},
    {"limits.slice_bytes", SETTING_BYTES, SETTING_RESTART, AT(limits.slice_bytes), 4 * KB, 16 * MB,
     .value = "256 KB", .says = "And bytes."},
    {"limits.page_default", SETTING_COUNT, SETTING_RESTART, AT(limits.page_default), 1, 10000,
     .value = "100", .says = "Items of a list that says no limit."},
    {"limits.page_max", SETTING_COUNT, SETTING_RESTART, AT(limits.page_max), 1, 10000,
     .value = "1000", .says = "Items of a list at most."},
    {"limits.import_max", SETTING_COUNT, SETTING_RESTART, AT(limits.import_max), 1, 10000000,
     .value = "1000000", .says = "Numbers in one import."},
    {"limits.results_bytes_max", SETTING_BYTES, SETTING_RESTART, AT(limits.results_bytes_max),
     4 * KB, 64 * MB, .value = "1 MB",
     .says = "Results of reports kept; over it the answer holds only refused ones that fit."},
    {"limits.report_body_max", SETTING_BYTES, SETTING_RESTART, AT(limits.report_body_max), 4 * KB,
     64 * MB, .value = "8 MB", .says = "A report, or an array of them."},
    {"limits.stream_body_max", SETTING_BYTES, SETTING_RESTART, AT(limits.stream_body_max), 4 * KB,
     64 * GB, .value = "1 GB", .says = "A call of reports as NDJSON."},
    {"limits.import_body_max", SETTING_BYTES, SETTING_RESTART, AT(limits.import_body_max), 4 * KB,
     1 * GB, .value = "64 MB", .says = "An import of numbers."},
    {"limits.capture_events_max", SETTING_COUNT, SETTING_RESTART, AT(limits.capture_events_max), 1,
     1000000, .value = "100000", .says = "Events in one captured document."},
    {"limits.capture_body_max", SETTING_BYTES, SETTING_RESTART, AT(limits.capture_body_max),
     4 * KB, 4 * GB, .value = "256 MB", .says = "And its size, unpacked."},
    {"capture.event_max", SETTING_BYTES, SETTING_RESTART, AT(limits.capture_event_max), 16 * KB,
     64 * MB, .value = "16 MB", .says = "One event, and all that stands around the events."},
    {"capture.slice_events", SETTING_COUNT, SETTING_RESTART, AT(limits.capture_slice_events), 1,
     500, .value = "200", .says = "Captured events in one transaction."},
    {"capture.event_id", SETTING_WORD, SETTING_RESTART, AT(capture_ids), .words = event_ids,
     .value = "hash", .says = "What an event without eventID gets: its hash id, or a UUID."},
    {"capture.wait", SETTING_TIME, SETTING_RESTART, AT(limits.capture_wait_ms), 0, DAY_MS,
     .value = "15 min", .says = "A captured packing waits for its units' commissioning; 0: not."},
    {"query.candidates_max", SETTING_COUNT, SETTING_RESTART, AT(limits.query_candidates_max), 100,
     10000000, .value = "100000", .says = "Events looked at for one answer; over it 413."},
    {"query.events_max", SETTING_COUNT, SETTING_RESTART, AT(limits.query_events_max), 1, 100000,
     .value = "10000", .says = "Events in an answer that has no pages; over it 413."},
    {"clock.ahead_max", SETTING_TIME, SETTING_RESTART, AT(limits.clock_ahead_max_ms), 0, DAY_MS,
     .value = "30 s", .says = "How far ahead of this service's clock an event may say it was."},
    {"clock.behind_max", SETTING_TIME, SETTING_RESTART, AT(limits.clock_behind_max_ms), 0,
     UINT64_C(36525) * DAY_MS, .value = "87600 h",
     .says = "How far back an event may say it was; 0: as far as it likes."},
    {"clock.jump_max", SETTING_TIME, SETTING_RESTART, AT(clock.jump_max_ms), 100, DAY_MS,
     .value = "5 s", .says = "How far the clock may jump before it is a fact and an exception."},
    {"clock.stop_ahead", SETTING_TIME, SETTING_RESTART, AT(clock.stop_ahead_ms), 1000, DAY_MS,
     .value = "1 h", .says = "A jump ahead by more stops writing (503) until it is accepted."},
    {"clock.away_max", SETTING_TIME, SETTING_RESTART, AT(clock.away_max_ms), 0,
     UINT64_C(3653) * DAY_MS, .value = "720 h",
     .says = "After more, a start whose clock nobody keeps right waits to be accepted; 0: none."},
    {"exchange.events_max", SETTING_COUNT, SETTING_RESTART, AT(exchange.events_max), 1, 10000,
     .value = "100", .says = "Events in one message to a partner."},
    {"exchange.bytes_max", SETTING_BYTES, SETTING_RESTART, AT(exchange.bytes_max), 16 * KB, 32 * MB,
     .value = "1 MB", .says = "And bytes; a single event that is larger goes alone."},
    {"exchange.parked_max", SETTING_COUNT, SETTING_RESTART, AT(exchange.parked_max), 1, 1000000,
     .value = "10000", .says = "Deliveries parked for a partner; over it all its others wait."},
    {"exchange.retry_min", SETTING_TIME, SETTING_RESTART, AT(exchange.retry_min_ms), 10, DAY_MS,
     .value = "1 s", .says = "Pause before the second attempt; it doubles with every further one."},
    {"exchange.retry_max", SETTING_TIME, SETTING_RESTART, AT(exchange.retry_max_ms), 10, DAY_MS,
     .value = "5 min", .says = "The longest of these pauses."},
    {"exchange.retry_after_max", SETTING_TIME, SETTING_RESTART, AT(exchange.retry_after_max_ms),
     1000, DAY_MS, .value = "1 h", .says = "The longest pause that a partner may ask for."},
    {"exchange.answer_time", SETTING_TIME, SETTING_RESTART, AT(exchange.answer_ms), 100, DAY_MS,
     .value = "1 min", .says = "A partner's time to take a message and answer."},
    {"exchange.gather_time", SETTING_TIME, SETTING_RESTART, AT(exchange.gather_ms), 0, 60000,
     .value = "20 ms", .says = "From an event to looking who must be told of it."},
    {"exchange.shapers", SETTING_COUNT, SETTING_RESTART, AT(exchange.shapers), 1, 16,
     .value = "1", .says = "Threads that write messages."},
    {"exchange.file_max", SETTING_BYTES, SETTING_RESTART, AT(exchange.file_max), 1 * MB, 16 * GB,
     .value = "64 MB", .says = "Of a file in messages/, before the next one begins."},
    {"exchange.ca_file", SETTING_TEXT, SETTING_RESTART, AT(ca_file), 0, 4096, .value = "",
     .says = "PEM file: whose certificates of partners are trusted, instead of the system's."},
    {"exchange.certificates", SETTING_ROWS, SETTING_RESTART, AT(shown), 0, SHOWN_MAX,
     .value = "[]", .rows = shown_table, .size = sizeof(struct site_shown),
     .says = "What is shown to partners that ask for a certificate; see TLS and addresses."},
    {"subscriptions.private", SETTING_BOOL, SETTING_RESTART, AT(private_subscriptions),
     .value = "false", .says = "Results may go to private and loopback addresses."},
    {"passwords.length_min", SETTING_COUNT, SETTING_RESTART, AT(people.password_min), 8, 64,
     .value = "12", .says = "Characters of a person's password at least."},
    {"passwords.length_max", SETTING_COUNT, SETTING_RESTART, AT(people.password_max), 64, 256,
     .value = "128", .says = "And at most."},
    {"passwords.history", SETTING_COUNT, SETTING_RESTART, AT(people.password_history), 0, 24,
     .value = "5", .says = "A person's latest passwords that may not come again."},
    {"passwords.age_max", SETTING_TIME, SETTING_RESTART, AT(people.password_age_ms), 0,
     UINT64_C(3653) * DAY_MS, .value = "0",
     .says = "A password that is older (2160 h: 90 days) signs and logs in no more; 0: none is."},
    {"passwords.first_must_change", SETTING_BOOL, SETTING_RESTART, AT(people.first_must_change),
     .value = "true", .says = "What an administrator has set signs nothing until it is changed."},
    {"passwords.wrong_max", SETTING_COUNT, SETTING_RESTART, AT(people.wrong_max), 1, 100,
     .value = "5", .says = "Wrong passwords within wrong_window before the person is locked."},
    {"passwords.wrong_window", SETTING_TIME, SETTING_RESTART, AT(people.wrong_window_ms), 1000,
     DAY_MS, .value = "15 min", .says = "From the first wrong password on."},
    {"passwords.lock", SETTING_TIME, SETTING_RESTART, AT(people.lock_ms), 1000, DAY_MS,
     .value = "15 min", .says = "How long a person stays locked; an administrator ends it before."},
    {"passwords.hash_memory", SETTING_BYTES, SETTING_RESTART, AT(people.hash_memory), 128 * KB,
     1 * GB, .value = "19 MB", .says = "argon2id: memory of one hash."},
    {"passwords.hash_passes", SETTING_COUNT, SETTING_RESTART, AT(people.hash_passes), 1, 100,
     .value = "2", .says = "argon2id: passes over it."},
    {"passwords.hash_lanes", SETTING_COUNT, SETTING_RESTART, AT(people.hash_lanes), 1, 16,
     .value = "1", .says = "argon2id: lanes, each a thread while it hashes."},
    {"passwords.hashes_at_once", SETTING_COUNT, SETTING_RESTART, AT(people.hashes_at_once), 1, 64,
     .value = "4", .says = "Threads that hash: always one, more only if fewer than cores."},
    {"signatures.meanings", SETTING_TEXT, SETTING_RESTART, AT(people.meanings), 1, 500,
     .value = "approval review responsibility authorship",
     .says = "What a signature may mean: words between blanks."},
    {"signatures.second", SETTING_TEXT, SETTING_RESTART, AT(people.second), 0, 100, .value = "",
     .check = second_setting_check,
     .says = "Acts that two people must sign: of release, reopen, recall, amend, end_hold, "
             "put_user, add_key, advance, correct, accept_clock, make_token."},
    {"signatures.second_time", SETTING_TIME, SETTING_RESTART, AT(people.second_ms), 1000,
     30 * DAY_MS, .value = "24 h", .says = "How long the first of two signatures waits."},
    {"sessions.idle", SETTING_TIME, SETTING_RESTART, AT(sessions.idle_ms), 1000, DAY_MS,
     .value = "15 min", .says = "A person's session that is not used for this long ends."},
    {"sessions.max", SETTING_TIME, SETTING_RESTART, AT(sessions.max_ms), 1000, 7 * DAY_MS,
     .value = "12 h", .says = "And after this in any case."},
    {"sessions.count", SETTING_COUNT, SETTING_RESTART, AT(sessions.count), 1, 10000,
     .value = "1000", .says = "Sessions at once; for one more that unused longest ends."},
    {"verify.responder_gln", SETTING_TEXT, SETTING_RESTART, AT(verify.responder_gln), 0, 13,
     .value = "", .says = "GLN that answers verifications, but where a product's holder is one."},
    {"verify.rate", SETTING_COUNT, SETTING_RESTART, AT(verify.rate), 1, 100000,
     .value = "100", .says = "Verifications a second that a caller may ask for; over it 429."},
    {"verify.burst", SETTING_COUNT, SETTING_RESTART, AT(verify.burst), 1, 100000,
     .value = "200", .says = "And at once, after a pause."},
    {"backup.folder", SETTING_TEXT, SETTING_RESTART, AT(backup_folder), 0, 4000, .value = "",
     .says = "Where the site is backed up to; packtrail check tells how old that is."},
    {"http.connections_max", SETTING_COUNT, SETTING_RESTART, AT(http.connections_max), 1, 100000,
     .value = "4096", .says = "Connections at once; over it callers get 503."},
    {"http.header_max", SETTING_BYTES, SETTING_RESTART, AT(http.header_max), 1 * KB, 64 * KB,
     .value = "16 KB", .says = "Request line and headers."},
    {"http.header_time", SETTING_TIME, SETTING_RESTART, AT(http.header_ms), 100, DAY_MS,
     .value = "10 s", .says = "From the first byte to the end of the headers."},
    {"http.body_time", SETTING_TIME, SETTING_RESTART, AT(http.body_ms), 100, DAY_MS,
     .value = "30 s", .says = "Without a byte of the body."},
    {"http.idle_time", SETTING_TIME, SETTING_RESTART, AT(http.idle_ms), 100, DAY_MS,
     .value = "75 s", .says = "Between requests of a connection."},
    {"http.write_time", SETTING_TIME, SETTING_RESTART, AT(http.write_ms), 100, DAY_MS,
     .value = "30 s", .says = "Without the caller taking a byte of the answer."},
    {"http.pipeline_max", SETTING_COUNT, SETTING_RESTART, AT(http.pipeline_max), 1, 1000,
     .value = "16", .says = "Requests of one connection answered before others have their turn."},
    {"http.request_memory", SETTING_BYTES, SETTING_RESTART, AT(http.arena_max), 1 * MB, 1 * GB,
     .value = "64 MB", .says = "Memory of one request."},
    {"log.format", SETTING_WORD, SETTING_RESTART, AT(log_form), .words = log_forms,
     .value = "logfmt", .says = "How the log on standard error is written."},
    {"log.level", SETTING_WORD, SETTING_RESTART, AT(log_level), .words = log_levels,
     .value = "info", .says = "What is logged: this and everything graver."},
    {0},
};
// clang-format on

// ---- reading

struct reading {
    struct arena *arena;
    struct seed *seeds;
    uint32_t count;
};

static status seed_take(void *self, str path, str json, unsigned line)
{
    struct reading *r = self;

    if (r->seeds == NULL) r->seeds = NEW_ARRAY(r->arena, struct seed, SEEDS_MAX);
    if (r->seeds == NULL || r->count == SEEDS_MAX)
        return fail(ST_TOO_LARGE, "settings.size", 0, "seed: at most %u things", SEEDS_MAX);
    struct seed *s = &r->seeds[r->count++];
    *s = (struct seed){arena_str(r->arena, path), arena_str(r->arena, json), line};
    if (s->path.p != NULL && s->json.p != NULL) return OK;
    return fail(ST_TOO_LARGE, "settings.size", 0, "seed: it is too large");
}

static const char *environment(void *self, const char *name)
{
    (void)self;
    return getenv(name);
}

static status file_read(const char *file, struct buf *text)
{
    FILE *f = fopen(file, "rbe");
    char piece[4096];
    size_t n;

    if (f == NULL) return fail(ST_NOT_FOUND, "settings.file", 0, "%s: %s", file, strerror(errno));
    while (!text->failed && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(text, (str){piece, n});
    bool bad = ferror(f) != 0;
    fclose(f);
    if (bad) return fail(ST_STORE, "settings.file", 0, "%s cannot be read", file);
    if (text->failed)
        return fail(ST_TOO_LARGE, "settings.size", 0, "%s is larger than a megabyte", file);
    return OK;
}

static status text_z(struct arena *a, str *s)
{
    char *z = str_z(a, *s);

    if (z == NULL) return fail(ST_TOO_LARGE, "settings.size", 0, "the settings are too large");
    *s = (str){z, s->n};
    return OK;
}

// A path of the file is of the file's own folder unless it begins at the root.
static status path_complete(const struct site_settings *s, struct arena *a, str *path)
{
    struct buf b;

    if (path->n == 0 || path->p[0] == '/') return text_z(a, path);
    buf_init(&b, 16 * KB);
    buf_addf(&b, "%.*s/%.*s", STR(s->folder), STR(*path));
    *path = buf_str(&b);
    status st = text_z(a, path);
    buf_fini(&b);
    return st;
}

// A listener without a certificate of its own has the one of `tls`.
static status listener_complete(const struct site_settings *s, struct arena *a,
                                struct site_listener *l)
{
    TRY(text_z(a, &l->name));
    TRY(text_z(a, &l->address));
    TRY(path_complete(s, a, &l->certificate));
    TRY(path_complete(s, a, &l->key));
    TRY(path_complete(s, a, &l->client_ca));
    if (l->certificate.n > 0 || l->key.n > 0) return OK;
    l->certificate = s->certificate;
    l->key = s->key;
    return OK;
}

static status shown_complete(const struct site_settings *s, struct arena *a, struct site_shown *c)
{
    if (!str_is_name(c->partner) || c->certificate.n == 0 || c->key.n == 0)
        return fail(ST_BAD_INPUT, "settings.value", 0,
                    "exchange.certificates: each names a partner, a certificate and a key");
    TRY(path_complete(s, a, &c->certificate));
    return path_complete(s, a, &c->key);
}

static status complete(struct site_settings *s, const char *file, struct arena *a)
{
    const char *slash = strrchr(file, '/');

    s->file = str_of(file);
    s->folder = slash == NULL   ? S(".")
                : slash == file ? S("/")
                                : (str){file, (size_t)(slash - file)};
    TRY(text_z(a, &s->file));
    TRY(text_z(a, &s->folder));
    TRY(text_z(a, &s->listen));
    TRY(path_complete(s, a, &s->certificate));
    TRY(path_complete(s, a, &s->key));
    TRY(path_complete(s, a, &s->client_ca));
    for (uint32_t i = 0; i < s->listeners.n; i++)
        TRY(listener_complete(s, a, site_listener_at(s, i)));
    TRY(path_complete(s, a, &s->ca_file));
    for (uint32_t i = 0; i < s->shown.n; i++) TRY(shown_complete(s, a, site_shown_at(s, i)));
    return OK;
}

static bool is_loopback(str host)
{
    char z[INET6_ADDRSTRLEN];
    struct in_addr four;
    struct in6_addr six;

    if (str_eq(host, S("localhost"))) return true;
    if (host.n >= 2 && host.p[0] == '[') host = (str){host.p + 1, host.n - 2};
    if (host.n == 0 || host.n >= sizeof z) return false;
    memcpy(z, host.p, host.n);
    z[host.n] = 0;
    if (inet_pton(AF_INET, z, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, z, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static str host_of(str address)
{
    size_t n = address.n;

    while (n > 0 && address.p[n - 1] != ':') n--;
    return (str){address.p, n > 0 ? n - 1 : 0};
}

// What it stands for is read when it is bound: here only whether anything could be.
static bool is_address(str address)
{
    str host = host_of(address);
    uint64_t port;

    return host.n > 0 && str_u64(str_from(address, host.n + 1), UINT16_MAX, &port);
}

static status wrong(const struct site_listener *l, const char *reason, const char *says)
{
    return fail(ST_BAD_INPUT, reason, 0, "listeners: %.*s: %s", STR(l->name), says);
}

static status listener_rules(const struct site_settings *s, uint32_t i)
{
    const struct site_listener *l = site_listener_at(s, i);

    if (!str_is_name(l->name)) return wrong(l, "settings.value", "each needs a name of its own");
    for (uint32_t k = 0; k < i; k++)
        if (str_eq(site_listener_at(s, k)->name, l->name))
            return wrong(l, "settings.twice", "this name is there twice");
    if (l->address.n == 0) return wrong(l, "settings.value", "it needs an address");
    if (!is_address(l->address)) return wrong(l, "listen.address", "its address is ADDRESS:PORT");
    if ((l->certificate.n > 0) != (l->key.n > 0))
        return wrong(l, "tls.files", "it needs both certificate and key");
    if ((l->client_ca.n > 0 && l->certificate.n == 0) ||
        (l->client_required && l->client_ca.n == 0))
        return wrong(l, "tls.files", "clients' certificates need TLS and a client_ca");
    if (l->certificate.n > 0 || s->insecure || is_loopback(host_of(l->address))) return OK;
    return wrong(l, "listen.public", "it is public: give it tls, or say insecure: true");
}

static status rules(const struct site_settings *s)
{
    bool tls = s->certificate.n > 0;
    char gln[13];

    for (uint32_t i = 0; i < s->listeners.n; i++) TRY(listener_rules(s, i));

    if (s->verify.responder_gln.n > 0 && gs1_gln_read(s->verify.responder_gln, gln).cls != ST_OK)
        return fail(ST_BAD_INPUT, "settings.gln", 0, "verify.responder_gln: %.*s is no GLN",
                    STR(s->verify.responder_gln));
    if (tls != (s->key.n > 0))
        return fail(ST_BAD_INPUT, "tls.files", 0, "%.*s: tls needs both certificate and key",
                    STR(s->file));
    if (s->client_ca.n > 0 && !tls)
        return fail(ST_BAD_INPUT, "tls.files", 0, "tls: client_ca needs a certificate and a key");
    if (!is_address(s->listen))
        return fail(ST_BAD_INPUT, "listen.address", 0, "listen: %.*s is not ADDRESS:PORT",
                    STR(s->listen));
    if (tls || s->insecure || is_loopback(host_of(s->listen))) return OK;
    return fail(ST_BAD_INPUT, "listen.public", 0,
                "listen: %.*s is public: give it tls, or say insecure: true", STR(s->listen));
}

status site_settings_load(const char *file, struct arena *a, struct site_settings *out)
{
    struct reading reading = {.arena = a};
    struct site_settings s = {0};
    struct buf text;

    buf_init(&text, SETTINGS_FILE_MAX);
    status st = file_read(file, &text);
    if (st.cls == ST_OK) {
        struct settings_source source = {.text = buf_str(&text),
                                         .file = file,
                                         .env_prefix = SETTINGS_ENV,
                                         .env = environment,
                                         .seed = seed_take,
                                         .self = &reading};
        st = settings_read(site_setting_table, sizeof s, &source, a, &s);
    }
    buf_fini(&text);
    TRY(st);
    s.seeds = reading.seeds;
    s.seed_count = reading.count;
    TRY(complete(&s, file, a));
    *out = s;
    return OK;
}

status site_settings_listen(struct site_settings *s, const char *listen, struct arena *a)
{
    if (listen != NULL) {
        s->listen = str_of(listen);
        TRY(text_z(a, &s->listen));
    }
    return rules(s);
}

// ---- what others take of them

str site_settings_stray(size_t *at)
{
    str name, value;

    for (; environ[*at] != NULL;) {
        value = str_of(environ[(*at)++]);
        if (!str_starts(value, S(SETTINGS_ENV)) || !str_cut(&value, '=', &name)) continue;
        if (!settings_variable(site_setting_table, SETTINGS_ENV, name)) return name;
    }
    return (str){0};
}

void site_settings_template(struct buf *b)
{
    buf_add(
        b,
        S("# Settings of this site, each with its default: to change one, remove the # in front.\n"
          "# An environment variable goes before this file: PACKTRAIL_HTTP_IDLE_TIME for\n"
          "# http.idle_time.\n"
          "#\n"
          "# What is put at the first start, as by PUT: a path and its body each.\n"
          "# seed:\n"
          "#   /v1/clients/acme: {name: Acme Pharma, prefixes: [\"9506000\"]}\n\n"));
    settings_template(site_setting_table, b);
}

static void value_write(const struct setting *s, const void *values, struct json_w *w)
{
    struct buf text;

    buf_init(&text, 16 * KB);
    setting_write(s, values, &text);
    json_w_str(w, buf_str(&text));
    buf_fini(&text);
}

static void rows_write(const struct setting *s, const struct setting_rows *rows, struct json_w *w)
{
    json_w_array(w);
    for (uint32_t i = 0; i < rows->n; i++) {
        json_w_object(w);
        for (const struct setting *row = s->rows; row->name != NULL; row++) {
            json_w_key(w, str_of(row->name));
            value_write(row, (const char *)rows->items + i * s->size, w);
        }
        json_w_end(w);
    }
    json_w_end(w);
}

bool site_setting_at(const void *settings, uint32_t i, str *name, struct buf *json)
{
    const struct setting *s = site_setting_table;
    struct json_w w = json_writer(json);

    while (i > 0 && s->name != NULL) i--, s++;
    if (s->name == NULL) return false;
    *name = str_of(s->name);
    if (settings == NULL)
        json_w_str(&w, str_of(s->value));
    else if (s->kind == SETTING_ROWS)
        rows_write(s, (const void *)((const char *)settings + s->at), &w);
    else
        value_write(s, settings, &w);
    return true;
}
