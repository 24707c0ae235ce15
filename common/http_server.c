// The server as a whole: it is put together, drains and is taken apart. Its doors are
// http_server_port.c's, what happens on one loop is http_server_lane.c's.
#include "common/http_server.h"
#include "common/http_server_int.h"
#include <signal.h>
#include <stdlib.h>

static const struct http_limits defaults = {
    .connections_max = 4096,
    .header_max = 16 * KB,
    .header_ms = 10000,
    .body_ms = 30000,
    .idle_ms = 75000,
    .write_ms = 30000,
    .pipeline_max = 16,
    .arena_max = 64 * MB,
};

#define DEFAULT(field)                                                                             \
    if (l->field == 0) l->field = defaults.field

static void limits_complete(struct http_limits *l)
{
    DEFAULT(connections_max);
    DEFAULT(header_max);
    DEFAULT(header_ms);
    DEFAULT(body_ms);
    DEFAULT(idle_ms);
    DEFAULT(write_ms);
    DEFAULT(pipeline_max);
    DEFAULT(arena_max);
}

// ---- from open to close

static void server_free(struct http_server *s)
{
    http_tree_free(&s->tree);
    for (unsigned i = 0; i < s->port_count; i++) http_port_fini(&s->ports[i]);
    free(s->ports);
    free(s->lanes);
    free(s);
}

static status ports_open(struct http_server *s)
{
    unsigned n = 1 + s->conf.door_count;

    s->ports = calloc(n, sizeof *s->ports);
    assert(s->ports != NULL);
    while (s->port_count < n) {
        const struct http_door *door =
            s->port_count == 0 ? &s->conf.door : &s->conf.doors[s->port_count - 1];
        // One that fails to open is closed with the others.
        TRY(http_port_init(&s->ports[s->port_count++], s, door));
    }
    return OK;
}

status http_server_open(const struct http_server_conf *conf, struct http_server **out)
{
    struct http_server *s = calloc(1, sizeof *s);

    assert(s != NULL && conf->loop_count > 0 && conf->routes != NULL);
    signal(SIGPIPE, SIG_IGN); // a peer that hung up is an error code
    s->conf = *conf;
    limits_complete(&s->conf.limits);
    status st = ports_open(s);
    if (st.cls != ST_OK) {
        server_free(s);
        return st;
    }
    s->tree = http_tree_new(conf->routes);
    s->lanes = calloc(conf->loop_count, sizeof *s->lanes);
    assert(s->lanes != NULL);
    for (unsigned i = 0; i < conf->loop_count; i++) http_lane_init(&s->lanes[i], s, conf->loops[i]);
    for (unsigned i = 0; i < conf->loop_count; i++) http_lane_start(&s->lanes[i]);
    *out = s;
    return OK;
}

str http_server_door_address(const struct http_server *s, unsigned door)
{
    assert(door < s->port_count);
    return str_of(s->ports[door].address);
}

str http_server_address(const struct http_server *s) { return http_server_door_address(s, 0); }

void http_server_refresh(struct http_server *s, bool always, http_tls_tried *tried, void *arg)
{
    for (unsigned i = 0; i < s->port_count; i++) {
        struct http_port *p = &s->ports[i];
        status st = OK;
        if (http_tls_refresh(&p->tls, always, &st)) tried(arg, str_of(p->address), st);
    }
}

void http_server_drain(struct http_server *s)
{
    if (atomic_exchange(&s->draining, true)) return;
    for (unsigned i = 0; i < s->conf.loop_count; i++) http_lane_drain(&s->lanes[i]);
}

bool http_server_is_idle(const struct http_server *s)
{
    for (unsigned i = 0; i < s->conf.loop_count; i++)
        if (atomic_load(&s->lanes[i].count) > 0) return false;
    return true;
}

void http_server_close(struct http_server **server)
{
    struct http_server *s = *server;

    if (s == NULL) return;
    // Mail of ours may still lie in the boxes of stopped loops; it must not outlive us.
    for (unsigned i = 0; i < s->conf.loop_count; i++) loop_open_mail(s->conf.loops[i]);
    http_ports_deafen(&s->lanes[0]);
    for (unsigned i = 0; i < s->conf.loop_count; i++) http_lane_fini(&s->lanes[i]);
    server_free(s);
    *server = NULL;
}
