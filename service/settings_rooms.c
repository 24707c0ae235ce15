// What each room takes of the settings.
#include "service/access/door.h"
#include "service/settings.h"
#include <string.h>
#include <unistd.h>

unsigned site_settings_loops(const struct site_settings *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (s->loops > 0) return (unsigned)s->loops;
    if (cores < 1) return 1;
    return cores > (long)SITE_LOOPS_MAX ? SITE_LOOPS_MAX : (unsigned)cores;
}

#define SMALL(member) .member = (uint32_t)s->limits.member
struct site_limits site_settings_limits(const struct site_settings *s)
{
    return (struct site_limits){SMALL(issue_max),
                                SMALL(report_units_max),
                                SMALL(reports_max),
                                SMALL(slice_lines),
                                SMALL(slice_bytes),
                                SMALL(page_default),
                                SMALL(page_max),
                                SMALL(query_candidates_max),
                                SMALL(query_events_max),
                                SMALL(import_max),
                                SMALL(shift_cases),
                                SMALL(clock_ahead_max_ms),
                                SMALL(results_bytes_max),
                                .clock_behind_max_ms = s->limits.clock_behind_max_ms,
                                .report_body_max = s->limits.report_body_max,
                                .stream_body_max = s->limits.stream_body_max,
                                .import_body_max = s->limits.import_body_max,
                                SMALL(capture_events_max),
                                .capture_body_max = s->limits.capture_body_max,
                                .capture_event_max = s->limits.capture_event_max,
                                SMALL(capture_slice_events),
                                SMALL(capture_wait_ms),
                                .capture_ids_by_hash = s->capture_ids == 0,
                                .private_subscriptions = s->private_subscriptions};
}

#define PEOPLE(member) .member = (uint32_t)s->people.member
struct site_people site_settings_people(const struct site_settings *s)
{
    return (struct site_people){.hash_memory_kb = (uint32_t)(s->people.hash_memory / KB),
                                PEOPLE(hash_passes),
                                PEOPLE(hash_lanes),
                                PEOPLE(hashes_at_once),
                                PEOPLE(password_min),
                                PEOPLE(password_max),
                                PEOPLE(password_history),
                                .password_age_ms = s->people.password_age_ms,
                                PEOPLE(wrong_max),
                                PEOPLE(wrong_window_ms),
                                PEOPLE(lock_ms),
                                .first_must_change = s->people.first_must_change,
                                .meanings = s->people.meanings,
                                .second = s->people.second,
                                .second_ms = s->people.second_ms,
                                .session_idle_ms = (uint32_t)s->sessions.idle_ms,
                                .session_max_ms = (uint32_t)s->sessions.max_ms};
}

struct clock_conf site_settings_clock(const struct site_settings *s)
{
    return (struct clock_conf){.jump_max_ms = (uint32_t)s->clock.jump_max_ms,
                               .stop_ahead_ms = (uint32_t)s->clock.stop_ahead_ms,
                               .away_max_ms = s->clock.away_max_ms};
}

#define HTTP(member) .member = (uint32_t)s->http.member
struct http_limits site_settings_http(const struct site_settings *s)
{
    return (struct http_limits){HTTP(connections_max), HTTP(header_max),
                                HTTP(header_ms),       HTTP(body_ms),
                                HTTP(idle_ms),         HTTP(write_ms),
                                HTTP(pipeline_max),    .arena_max = s->http.arena_max};
}

static const char *path_or_none(str path) { return path.n > 0 ? path.p : NULL; }

status site_settings_doors(const struct site_settings *s, struct arena *a,
                           struct http_server_conf *conf)
{
    struct http_door *doors = NEW_ARRAY(a, struct http_door, s->listeners.n + 1);

    if (doors == NULL) return fail(ST_TOO_LARGE, "settings.size", 0, "too many listeners");
    conf->door = (struct http_door){
        .listen = s->listen.p,
        .tls = {path_or_none(s->certificate), path_or_none(s->key), path_or_none(s->client_ca),
                false, false}
    };
    for (uint32_t i = 0; i < s->listeners.n; i++) {
        const struct site_listener *l = site_listener_at(s, i);
        bool people = strcmp(door_words[l->purpose], "people") == 0;
        doors[i] = (struct http_door){
            .listen = l->address.p,
            .tls = {path_or_none(l->certificate), path_or_none(l->key), path_or_none(l->client_ca),
                    l->client_required, people},
            .app = door_purpose(l->purpose)
        };
    }
    conf->doors = doors;
    conf->door_count = s->listeners.n;
    conf->offers = door_offers;
    return OK;
}

#define EXCHANGE(member) .member = (uint32_t)s->exchange.member
struct exchange_limits site_settings_exchange(const struct site_settings *s)
{
    return (struct exchange_limits){EXCHANGE(events_max),
                                    EXCHANGE(parked_max),
                                    EXCHANGE(retry_min_ms),
                                    EXCHANGE(retry_max_ms),
                                    EXCHANGE(answer_ms),
                                    EXCHANGE(gather_ms),
                                    EXCHANGE(shapers),
                                    .bytes_max = s->exchange.bytes_max,
                                    .retry_after_max_s =
                                        (uint32_t)(s->exchange.retry_after_max_ms / 1000),
                                    .file_max = s->exchange.file_max};
}

status site_settings_trust(const struct site_settings *s, struct arena *a,
                           struct exchange_conf *conf)
{
    struct exchange_certificate *all = NEW_ARRAY(a, struct exchange_certificate, s->shown.n + 1);

    if (all == NULL) return fail(ST_TOO_LARGE, "settings.size", 0, "too many certificates");
    for (uint32_t i = 0; i < s->shown.n; i++) {
        const struct site_shown *c = site_shown_at(s, i);
        all[i] = (struct exchange_certificate){c->partner, c->certificate.p, c->key.p};
    }
    conf->ca_file = path_or_none(s->ca_file);
    conf->certificates = all;
    conf->certificate_count = s->shown.n;
    return OK;
}

struct limit_conf site_settings_rates(const struct site_settings *s)
{
    return (struct limit_conf){
        {(uint32_t)s->rate.requests, (uint32_t)s->rate.burst        },
        {(uint32_t)s->rate.refused,  (uint32_t)s->rate.refused_burst},
        {(uint32_t)s->rate.logins,   (uint32_t)s->rate.logins_burst }
    };
}

struct verification_conf site_settings_verification(const struct site_settings *s)
{
    return (struct verification_conf){
        {(uint32_t)s->verify.rate, (uint32_t)s->verify.burst},
        s->verify.responder_gln
    };
}
