// exchange.c - the parts of the exchange, put together and taken apart.
//
// Threads: the courier's loop, and the shapers. The committer wakes the courier by a bell.
#include "service/exchange/exchange.h"
#include "service/exchange/exchange_int.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECTIONS_A_HOST 16u

static void committed(void *self, uint64_t seq)
{
    struct exchange *e = self;

    (void)seq;
    courier_ring(e->courier);
    for (unsigned i = 0; i < e->site->loop_count; i++) live_wake(&e->rings[i], e->site->loops[i]);
}

static void send_call(void *self, const struct http_call *call, http_call_done *done)
{
    const struct exchange *e = self;
    struct http_call trusting = *call;

    trusting.ca_file = e->ca_file;
    http_client_start(call->is_foreign ? e->abroad : e->client, &trusting, done);
}

void exchange_show_certificate(const struct site *s, str partner, struct http_call *call)
{
    const struct exchange *e = s->exchange;

    for (uint32_t i = 0; e != NULL && i < e->certificate_count; i++) {
        const struct exchange_certificate *c = &e->certificates[i];
        if (!str_eq(c->partner, partner)) continue;
        call->certificate = c->certificate;
        call->key = c->key;
    }
}

static status folder_make(const char *folder)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST) return OK;
    return fail(ST_STORE, "message.write", 0, "%s: %s", folder, strerror(errno));
}

static void free_all(struct exchange **ep)
{
    struct exchange *e = *ep;

    *ep = NULL;
    http_client_free(&e->client);
    http_client_free(&e->abroad);
    courier_free(&e->courier);
    loop_free(&e->loop);
    messages_close(&e->messages);
    e->magic = 0;
    free(e);
}

static status begin(struct exchange *e, struct site *site, const struct exchange_conf *conf)
{
    TRY(folder_make(conf->messages));
    TRY(messages_open(conf->messages, e->limits.file_max, &e->messages));
    e->loop = loop_new("courier");
    e->client = http_client_new(e->loop, CONNECTIONS_A_HOST);
    e->abroad = http_client_new(e->loop, CONNECTIONS_A_HOST);
    struct shapers_conf shapers = {site, &e->limits, e->messages, e->loop};
    TRY(shapers_start(&shapers, &e->shapers));
    struct courier_conf courier = {.site = site,
                                   .loop = e->loop,
                                   .limits = &e->limits,
                                   .messages = e->messages,
                                   .shapers = e->shapers,
                                   .send = send_call,
                                   .send_self = e};
    e->courier = courier_new(&courier);
    return OK;
}

status exchange_start(struct site *site, const struct exchange_conf *conf)
{
    struct exchange *e = calloc(1, sizeof *e);

    assert(e != NULL && site->exchange == NULL);
    e->magic = EXCHANGE_MAGIC;
    e->limits = conf->limits;
    e->ca_file = conf->ca_file;
    e->certificates = conf->certificates;
    e->certificate_count = conf->certificate_count;
    e->site = site;
    status st = begin(e, site, conf);
    if (st.cls != ST_OK) {
        shapers_stop(&e->shapers);
        free_all(&e);
        return st;
    }
    site->exchange = e;
    site->wake = committed;
    site->wake_self = e;
    site->waiting = exchange_waiting;
    site->live = live_begin;
    site->acknowledged = exchange_acknowledged;
    courier_ring(e->courier); // what was left from before
    st = loop_start(e->loop);
    e->running = st.cls == ST_OK;
    return st;
}

// The committer may still ring until it has stopped: the courier is there until then, and so the
// bell that was rung last is opened and thrown away with the loop's mail.
void exchange_stop(struct site *site, uint32_t wait_ms)
{
    struct exchange *e = site->exchange;

    if (e == NULL) return;
    OBJ_CHECK(e, EXCHANGE_MAGIC);
    if (e->running) courier_drain(e->courier, wait_ms);
    shapers_stop(&e->shapers);
    loop_stop(e->loop);
}

void exchange_free(struct site *site)
{
    struct exchange *e = site->exchange;

    if (e == NULL) return;
    OBJ_CHECK(e, EXCHANGE_MAGIC);
    site->exchange = NULL;
    loop_open_mail(e->loop);
    free_all(&e);
}
