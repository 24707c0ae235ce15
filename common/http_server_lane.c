// The server's part on one loop: the list of its connections, one timer that walks it (a deadline a
// connection would cost a timer operation a request), and what replies share.
#include "common/env.h"
#include "common/http_server_int.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_MIN_MS 10u
#define TICK_MAX_MS 500u

static uint32_t tick_ms(const struct http_limits *l)
{
    const uint32_t all[] = {l->header_ms, l->body_ms, l->idle_ms, l->write_ms};
    uint32_t least = TICK_MAX_MS * 4;

    for (size_t i = 0; i < LEN(all); i++)
        if (all[i] < least) least = all[i];
    return least / 4 < TICK_MIN_MS ? TICK_MIN_MS : least / 4;
}

static void walk(struct http_lane *l, void (*visit)(struct http_conn *c, uint64_t now_us))
{
    uint64_t now = http_now_us();

    for (struct http_conn *c = l->first; c != NULL; c = l->cursor) {
        l->cursor = c->next; // moved on by whoever frees that one meanwhile
        visit(c, now);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct http_lane *l = arg;

    (void)fd, (void)what;
    walk(l, http_conn_expire);
    http_ports_tick(l);
}

static void lane_open(struct mail *m)
{
    struct http_lane *l = CONTAINER_OF(m, struct http_lane, open_mail);
    uint32_t ms = tick_ms(&l->server->conf.limits);
    struct timeval every = {ms / 1000, ms % 1000 * 1000};

    l->tick = event_new(loop_base(l->loop), -1, EV_PERSIST, on_tick, l);
    assert(l->tick != NULL && event_add(l->tick, &every) == 0);
    http_ports_listen(l);
}

void http_lane_init(struct http_lane *l, struct http_server *s, struct loop *loop)
{
    *l = (struct http_lane){.server = s, .loop = loop, .date_s = -1};
    buf_init(&l->head, HTTP_EXTRA_MAX + 4 * KB);
}

void http_lane_start(struct http_lane *l)
{
    l->open_mail.open = lane_open;
    loop_post(l->loop, &l->open_mail);
}

void http_lane_fini(struct http_lane *l)
{
    while (l->first != NULL) http_conn_kill(l->first);
    if (l->tick != NULL) event_free(l->tick);
    buf_fini(&l->head);
    http_gzip_free(&l->gzip);
}

// IMF-fixdate (RFC 9110, 5.6.7), in the one language and the one zone it has.
str http_lane_date(struct http_lane *l)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(env_wall(&env_real).ms / 1000);
    struct tm d;
    char form[32];

    if (now != l->date_s) {
        l->date_s = now;
        assert(gmtime_r(&now, &d) != NULL);
        snprintf(form, sizeof form, "%s, %%d %s %%Y %%T GMT", days[d.tm_wday], months[d.tm_mon]);
        l->date_n = strftime(l->date, sizeof l->date, form, &d);
    }
    return (str){l->date, l->date_n};
}

// ---- what others ask of a lane

struct handover {
    struct mail mail;
    struct http_lane *lane;
    struct http_guest guest;
    char peer[64];
};

static void take_over(struct mail *m)
{
    struct handover *h = CONTAINER_OF(m, struct handover, mail);

    if (h->lane->draining) {
        close(h->guest.fd);
        atomic_fetch_sub(&h->lane->count, 1);
    } else {
        http_conn_open(h->lane, &h->guest);
    }
    free(h);
}

void http_lane_hand(struct http_lane *l, const struct http_guest *guest)
{
    struct handover *h = calloc(1, sizeof *h);

    assert(h != NULL && guest->peer.n < sizeof h->peer);
    *h = (struct handover){.mail.open = take_over, .lane = l, .guest = *guest};
    memcpy(h->peer, guest->peer.p, guest->peer.n);
    h->guest.peer.p = h->peer;
    atomic_fetch_add(&l->count, 1);
    loop_post(l->loop, &h->mail);
}

static void visit_drain(struct http_conn *c, uint64_t now_us)
{
    (void)now_us;
    http_conn_run(c); // closes it where no request has begun
}

static void lane_drain(struct mail *m)
{
    struct http_lane *l = CONTAINER_OF(m, struct http_lane, drain_mail);

    l->draining = true;
    http_ports_deafen(l);
    walk(l, visit_drain);
    atomic_fetch_sub(&l->count, 1); // for this mail
}

void http_lane_drain(struct http_lane *l)
{
    l->drain_mail.open = lane_drain;
    atomic_fetch_add(&l->count, 1);
    loop_post(l->loop, &l->drain_mail);
}
