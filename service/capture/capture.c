#include "service/capture/capture.h"
#include "service/capture/capture_int.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- who captures for whom

status capture_for(struct http_req *r, struct txn *t, struct capture_for *out)
{
    const struct site_limits *limits = &api_site(r)->limits;
    struct client_profile profile;
    struct capture_for c = {.events_max = limits->capture_events_max};

    TRY(access_client(r, t, &c.client));
    if (c.client.v == 0)
        return fail(ST_UNPROCESSABLE, "client.ambiguous", 0,
                    "Packtrail-Client: name the client whose events these are");
    TRY(client_profile(t, c.client, &profile));
    c.rule = profile.capture;
    *out = c;
    return OK;
}

struct txn *capture_snapshot(const struct site *s, const struct loop *l)
{
    struct txn *t = api_reader(s, l);

    if (!txn_rests(t)) txn_rest(t); // it may be older than what the capture has stored
    txn_renew(t);
    return t;
}

status capture_snapshot_end(struct txn *t)
{
    status st = txn_status(t);

    txn_rest(t);
    return st;
}

void capture_id_put(const struct site *s, uint64_t document, struct buf *out)
{
    opaque_put(s->opaque_key, OPAQUE_CAPTURE, document, out);
}

// ---- start and end

struct resuming {
    struct site *site;
    struct txn *t;
    unsigned next; // loop
    char names[SPOOLED_MAX][SPOOL_NAME_MAX];
    struct run_conf runs[SPOOLED_MAX];
    unsigned n;
};

static void take_running(void *self, client_id c, uint64_t seq, const struct capture_job *j)
{
    struct resuming *x = self;
    struct captured_document d;
    struct arena a;
    struct fact f;

    (void)j;
    if (x->n == SPOOLED_MAX) return;
    arena_init(&a, 1 * GB);
    if (journal_get(x->t, seq, &a, &f).cls == ST_OK &&
        captured_document_get(f.decided, &a, &d).cls == ST_OK && d.spool.n < SPOOL_NAME_MAX) {
        memcpy(x->names[x->n], d.spool.p, d.spool.n);
        x->runs[x->n++] = (struct run_conf){x->site, NULL, c, seq, NULL, NULL};
    }
    arena_fini(&a);
}

static bool is_needed(void *self, str name)
{
    const struct resuming *x = self;

    for (unsigned i = 0; i < x->n; i++)
        if (str_eq(str_of(x->names[i]), name)) return true;
    return false;
}

// The loops do not run yet, so that their readers are this thread's.
static status resume(struct site *site, const char *spool)
{
    struct resuming *x = calloc(1, sizeof *x);

    assert(x != NULL);
    x->site = site;
    x->t = txn_read(site->db);
    capture_jobs_running(x->t, take_running, x);
    status st = txn_end(&x->t, false);
    if (st.cls == ST_OK) spool_sweep(spool, is_needed, x);
    for (unsigned i = 0; st.cls == ST_OK && i < x->n; i++) {
        x->runs[i].loop = site->loops[i % site->loop_count];
        atomic_fetch_add(&capture_of(site)->spooled, 1);
        run_begin(&x->runs[i]);
    }
    free(x);
    return st;
}

status capture_start(struct site *site, const char *spool)
{
    struct capture *c = calloc(1, sizeof *c);

    assert(c != NULL && strlen(spool) < sizeof c->spool);
    *c = (struct capture){.magic = CAPTURE_MAGIC, .site = site};
    strncpy(c->spool, spool, sizeof c->spool - 1);
    site->capture = c;
    TRY(spool_folder(spool));
    return resume(site, spool);
}

void capture_stop(struct site *site)
{
    struct capture *c = site->capture;

    site->capture = NULL;
    if (c == NULL) return;
    OBJ_CHECK(c, CAPTURE_MAGIC);
    c->magic = 0;
    free(c);
}

// ---- routes

#define SENDERS "gateway operator distributor"
#define READERS "gateway client operator distributor qa auditor"

// clang-format off
const struct http_route capture_routes[] = {
    {.method = HTTP_POST,
     .path = REST_ROOT "/capture",
     .roles = SENDERS,
     .body_max = 64 * GB,
     .stream = &capture_stream,
     .query = ""},
    {.method = HTTP_POST,
     .path = "/epcis/v1/capture",
     .roles = SENDERS,
     .body_max = 64 * GB,
     .stream = &capture_stream_1_2,
     .query = ""},
    {.method = HTTP_GET,
     .path = REST_ROOT "/capture",
     .roles = READERS,
     .run = capture_jobs_list,
     .query = "perPage nextPageToken"},
    {.method = HTTP_GET,
     .path = REST_ROOT "/capture/{captureID}",
     .roles = READERS,
     .run = capture_job_show,
     .query = ""},
    {.method = HTTP_POST,
     .path = REST_ROOT "/events",
     .roles = SENDERS,
     .body_max = 64 * MB,
     .run = capture_event,
     .query = ""},
    {0},
};
// clang-format on
