// settings.h - what a site is told in its packtrail.yaml: every ceiling and choice, with its
// default. The folder of the file is the site's folder.
#pragma once
#include "common/http_server.h"
#include "common/log.h"
#include "common/settings.h"
#include "service/access/limit.h"
#include "service/exchange/exchange.h"
#include "service/journal/site.h"
#include "service/verification/verification.h"

struct seed { // one thing to be put at the first start
    str path, json;
    unsigned line; // in the file
};

struct site_listener { // another address, for some callers; texts are NUL-terminated
    str name, address, certificate, key, client_ca;
    bool client_required;
    uint8_t purpose; // index into door_words (service/access/door.h)
};

struct site_shown { // a certificate for a partner; texts are NUL-terminated
    str partner, certificate, key;
};

enum site_sandbox { SANDBOX_OFF, SANDBOX_ON, SANDBOX_STRICT };

struct site_settings {
    str listen;
    struct setting_rows listeners; // of struct site_listener
    bool insecure;                 // a public address without TLS
    bool core_files;
    uint8_t sandbox; // enum site_sandbox
    str certificate, key, client_ca;
    uint64_t tls_check_ms;
    struct {
        uint64_t requests, burst, refused, refused_burst, logins, logins_burst, refusals;
    } rate;
    uint64_t loops; // 0: as many as there are cores
    uint64_t drain_ms;
    uint64_t map_max;
    uint64_t queue_max, batch_facts;
    uint8_t log_form, log_level;
    uint8_t capture_ids; // of events that have none: 0 hashes, 1 UUIDs
    struct {             // as struct site_limits
        uint64_t issue_max, report_units_max, reports_max, slice_lines, slice_bytes;
        uint64_t page_default, page_max, import_max, clock_ahead_max_ms, clock_behind_max_ms,
            results_bytes_max, shift_cases;
        uint64_t report_body_max, stream_body_max, import_body_max;
        uint64_t capture_events_max, capture_body_max, capture_event_max, capture_slice_events;
        uint64_t capture_wait_ms;
        uint64_t query_candidates_max, query_events_max;
    } limits;
    bool private_subscriptions;
    str backup_folder; // looked at by check alone
    struct {           // as struct clock_conf
        uint64_t jump_max_ms, stop_ahead_ms, away_max_ms;
    } clock;
    struct { // as struct site_people
        uint64_t hash_memory, hash_passes, hash_lanes, hashes_at_once;
        uint64_t password_min, password_max, password_history, password_age_ms;
        uint64_t wrong_max, wrong_window_ms, lock_ms;
        bool first_must_change;
        str meanings, second;
        uint64_t second_ms;
    } people;
    struct {
        uint64_t idle_ms, max_ms, count;
    } sessions;
    struct { // as struct verification_conf
        uint64_t rate, burst;
        str responder_gln;
    } verify;
    struct { // as struct http_limits
        uint64_t connections_max, header_max, header_ms, body_ms, idle_ms, write_ms;
        uint64_t pipeline_max, arena_max;
    } http;
    str ca_file;               // of partners
    struct setting_rows shown; // of struct site_shown
    struct {                   // as struct exchange_limits
        uint64_t events_max, bytes_max, parked_max, retry_min_ms, retry_max_ms, retry_after_max_ms;
        uint64_t answer_ms, gather_ms, shapers, file_max;
    } exchange;
    // Not of the table:
    str file, folder; // NUL-terminated
    const struct seed *seeds;
    uint32_t seed_count;
};

#define SETTINGS_ENV "PACKTRAIL_"

// Reads the file and the environment. Texts lie in the arena, NUL-terminated. Codes: those of
// common/settings.h, settings.file, listen.public (neither TLS nor `insecure`), tls.files.
status site_settings_load(const char *file, struct arena *a, struct site_settings *out);
// `listen` said elsewhere goes before the file's.
status site_settings_listen(struct site_settings *s, const char *listen, struct arena *a);

// The next variable that begins as those of settings do and is none, from *at on (at first 0): a
// misspelt one would be lost in silence. Empty: no more.
str site_settings_stray(size_t *at);

void site_settings_template(struct buf *b); // the file that `init` writes
extern const struct setting site_setting_table[];
// The setting at place `i` of the table: its name, and its value as JSON, a text as the file would
// say it or a list of mappings to texts. `settings` is a struct site_settings, or NULL: the default
// as a text. False: no more.
bool site_setting_at(const void *settings, uint32_t i, str *name, struct buf *json);
static inline struct site_listener *site_listener_at(const struct site_settings *s, uint32_t i)
{
    return (struct site_listener *)s->listeners.items + i;
}
static inline struct site_shown *site_shown_at(const struct site_settings *s, uint32_t i)
{
    return (struct site_shown *)s->shown.items + i;
}

// ---- what rooms take of them (settings_rooms.c)

unsigned site_settings_loops(const struct site_settings *s);
struct site_limits site_settings_limits(const struct site_settings *s);
struct site_people site_settings_people(const struct site_settings *s);
struct http_limits site_settings_http(const struct site_settings *s);
// The addresses to listen on: conf's door and doors. The others are the arena's.
status site_settings_doors(const struct site_settings *s, struct arena *a,
                           struct http_server_conf *conf);
struct limit_conf site_settings_rates(const struct site_settings *s);
struct verification_conf site_settings_verification(const struct site_settings *s);
struct clock_conf site_settings_clock(const struct site_settings *s); // without kinds
struct exchange_limits site_settings_exchange(const struct site_settings *s);
// What the exchange trusts and shows; the certificates are the arena's.
status site_settings_trust(const struct site_settings *s, struct arena *a,
                           struct exchange_conf *conf);
