// The client companies' endpoint: an HTTP server of our own that reads every document it gets, in
// either dialect, and checks what a good receiver would: no event twice, nothing packed or shipped
// that was not commissioned before. It answers 200 to what it could read and 400 to the rest.
#include "common/http_server.h"
#include "service/demo/demo_doc.h"
#include "service/demo/demo_int.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS  2
#define BODY_MAX (64 * MB)

// Digests of texts, open addressing, grown at half full.
struct seen {
    uint64_t *at;
    size_t count, size;
};

struct demo_partner {
    struct loop *loop;
    struct http_server *server;
    char base[96];
    const char *keep;
    pthread_mutex_t lock; // of everything below
    pthread_cond_t arrived;
    struct demo_received got[CLIENTS];
    struct seen events[CLIENTS], objects[CLIENTS];
};

static uint64_t digest(str s)
{
    uint64_t h = 0xcbf29ce484222325u; // FNV-1a, then mixed: enough to tell a demo's texts apart

    for (size_t i = 0; i < s.n; i++) h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    return (h ^ h >> 33) | 1;
}

static bool seen_has(const struct seen *s, uint64_t d)
{
    if (s->size == 0) return false;
    for (size_t i = d & (s->size - 1);; i = (i + 1) & (s->size - 1)) {
        if (s->at[i] == d) return true;
        if (s->at[i] == 0) return false;
    }
}

static void seen_put(struct seen *s, uint64_t d)
{
    size_t i = d & (s->size - 1);

    while (s->at[i] != 0) i = (i + 1) & (s->size - 1);
    s->at[i] = d;
    s->count++;
}

static void seen_grow(struct seen *s)
{
    struct seen more = {.size = s->size == 0 ? 1024 : 2 * s->size};

    more.at = calloc(more.size, sizeof *more.at);
    assert(more.at != NULL);
    for (size_t i = 0; i < s->size; i++)
        if (s->at[i] != 0) seen_put(&more, s->at[i]);
    free(s->at);
    *s = more;
}

// False when it was there before.
static bool seen_add(struct seen *s, str text)
{
    uint64_t d = digest(text);

    if (seen_has(s, d)) return false;
    if (2 * (s->count + 1) > s->size) seen_grow(s);
    seen_put(s, d);
    return true;
}

static void wrong(struct demo_received *got, const char *what, str about)
{
    if (got->wrong++ == 0)
        snprintf(got->first_wrong, sizeof got->first_wrong, "%s: %.*s", what, STR(about));
}

static bool is_container(str epc)
{
    return memmem(epc.p, epc.n, "/00/", 4) != NULL || memmem(epc.p, epc.n, ":sscc:", 6) != NULL;
}

static void judge_commissioned(struct demo_partner *p, unsigned client, const struct demo_event *e)
{
    struct demo_received *got = &p->got[client];

    for (uint32_t i = 0; i < e->count; i++) {
        if (!seen_add(&p->objects[client], e->epcs[i]))
            wrong(got, "commissioned twice", e->epcs[i]);
        if (is_container(e->epcs[i]))
            got->containers++;
        else
            got->packs++;
    }
}

static void judge_known(struct demo_partner *p, unsigned client, const struct demo_event *e)
{
    for (uint32_t i = 0; i < e->count; i++)
        if (!seen_has(&p->objects[client], digest(e->epcs[i])))
            wrong(&p->got[client], "never commissioned", e->epcs[i]);
    if (e->parent.n > 0 && !seen_has(&p->objects[client], digest(e->parent)))
        wrong(&p->got[client], "a parent never commissioned", e->parent);
}

struct sitting {
    struct demo_partner *p;
    unsigned client;
};

static void judge(void *self, const struct demo_event *e)
{
    struct sitting *s = self;
    struct demo_received *got = &s->p->got[s->client];

    got->events++;
    if (!seen_add(&s->p->events[s->client], e->id)) wrong(got, "the same event twice", e->id);
    if (str_ends(e->step, S("decommissioning"))) return;
    if (str_ends(e->step, S("commissioning"))) {
        judge_commissioned(s->p, s->client, e);
        return;
    }
    judge_known(s->p, s->client, e);
    if (str_ends(e->step, S("shipping")))
        got->shipments++;
    else
        got->aggregations++;
}

static void keep(const struct demo_partner *p, unsigned client, const struct http_req *r, bool json)
{
    char path[400];

    if (p->keep == NULL) return;
    snprintf(path, sizeof path, "%s/%s-%06llu.%s", p->keep, demo_clients[client].id,
             (unsigned long long)p->got[client].documents, json ? "json" : "xml");
    FILE *f = fopen(path, "w");
    if (f == NULL) return;
    fwrite(r->body.p, 1, r->body.n, f);
    fclose(f);
}

static void receive(struct http_req *r, unsigned client)
{
    struct demo_partner *p = r->app;
    struct sitting s = {p, client};
    bool json = str_starts(str_trim(r->body), S("{"));

    pthread_mutex_lock(&p->lock);
    keep(p, client, r, json);
    p->got[client].documents++;
    p->got[client].bytes += r->body.n;
    status st = json ? demo_doc_json(r->body, &r->arena, judge, &s)
                     : demo_doc_xml(r->body, &r->arena, judge, &s);
    if (st.cls != ST_OK) wrong(&p->got[client], "a document", str_of(st.text));
    pthread_cond_broadcast(&p->arrived);
    pthread_mutex_unlock(&p->lock);
    if (st.cls == ST_OK)
        http_reply(r, 200, "text/plain", S("received\n"));
    else
        http_problem(r, st, S(""));
}

static void receive_first(struct http_req *r) { receive(r, 0); }
static void receive_second(struct http_req *r) { receive(r, 1); }

#define RECEIVE(path_, run_)                                                                       \
    {                                                                                              \
        .method = HTTP_POST, .path = path_, .roles = "", .body_max = BODY_MAX, .run = run_         \
    }
static const struct http_route partner_routes[] = {
    RECEIVE("/0", receive_first),
    RECEIVE("/1", receive_second),
    {0},
};

static status everyone(struct http_req *r, const char *roles) { return (void)r, (void)roles, OK; }

struct demo_partner *demo_partner_open(const char *keep_folder)
{
    static const struct http_route *const routes[] = {partner_routes, NULL};
    struct demo_partner *p = calloc(1, sizeof *p);

    assert(p != NULL);
    p->keep = keep_folder;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->arrived, NULL);
    p->loop = loop_new("partner");
    struct http_server_conf conf = {.door.listen = "127.0.0.1:0",
                                    .routes = routes,
                                    .access_check = everyone,
                                    .app = p,
                                    .loops = &p->loop,
                                    .loop_count = 1};
    if (http_server_open(&conf, &p->server).cls != ST_OK || loop_start(p->loop).cls != ST_OK) {
        free(p);
        return NULL;
    }
    snprintf(p->base, sizeof p->base, "http://%.*s", STR(http_server_address(p->server)));
    return p;
}

void demo_partner_close(struct demo_partner **pp)
{
    struct demo_partner *p = *pp;

    *pp = NULL;
    if (p == NULL) return;
    loop_stop(p->loop);
    http_server_close(&p->server);
    loop_free(&p->loop);
    for (unsigned i = 0; i < CLIENTS; i++) {
        free(p->events[i].at);
        free(p->objects[i].at);
    }
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->arrived);
    free(p);
}

const char *demo_partner_base(const struct demo_partner *p) { return p->base; }

struct demo_received demo_partner_received(struct demo_partner *p, unsigned client)
{
    pthread_mutex_lock(&p->lock);
    struct demo_received got = p->got[client];
    pthread_mutex_unlock(&p->lock);
    return got;
}

bool demo_partner_wait(struct demo_partner *p, unsigned client, uint64_t shipments, uint32_t s)
{
    struct timespec until = {.tv_sec = env_wall(&env_real).ms / 1000 + s};
    int rc = 0;

    pthread_mutex_lock(&p->lock);
    while (rc == 0 && p->got[client].shipments < shipments)
        rc = pthread_cond_timedwait(&p->arrived, &p->lock, &until);
    bool there = p->got[client].shipments >= shipments;
    pthread_mutex_unlock(&p->lock);
    return there;
}
