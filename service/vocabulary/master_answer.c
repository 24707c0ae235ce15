// master_answer.c - master data found in turns, then written in turns.
#include "service/vocabulary/master_answer.h"
#include "service/api/api.h"
#include "service/query/answer.h"
#include "service/vocabulary/master_run.h"
#include <stdlib.h>

#define TURN_LOOKS    200u
#define TURN_ELEMENTS 100u
#define OUT_MAX       (64 * MB)

// owner: the loop of the request, which lives until it is answered.
struct master_answer {
    struct mail mail;
    struct http_req *r;
    struct master_asked a;
    struct master_run *run;
    struct buf out;
    struct epcis_doc doc;
    bool found; // then the document is open
};

static void answer_free(struct master_answer *g)
{
    if (g->found) epcis_doc_fini(&g->doc);
    master_run_free(&g->run);
    buf_fini(&g->out);
    free(g);
}

static void failed(struct master_answer *g, status st)
{
    http_problem(g->r, st, g->a.about);
    answer_free(g);
}

static void doc_begin(struct master_answer *g)
{
    struct epcis_out conf = {
        .format = g->a.format,
        .kind = EPCIS_MASTERDATA_DOC,
        .created = {env_wall(api_site(g->r)->env), 0},
        .query_name = S(SIMPLE_MASTER_DATA_QUERY),
        .soap = g->a.soap
    };

    epcis_doc_init(&g->doc, &conf, &g->out);
    g->found = true;
}

static void turn_mail(struct mail *m);

static void again(struct master_answer *g)
{
    g->mail.open = turn_mail;
    loop_post(g->r->loop, &g->mail);
}

static void turn(struct master_answer *g)
{
    struct txn *t = api_snapshot(g->r);
    bool more = true;
    status st = OK;

    if (g->found)
        more = master_run_write(g->run, t, TURN_ELEMENTS, &g->doc, &st);
    else if (!master_run_turn(g->run, t, TURN_LOOKS, &st) && st.cls == ST_OK)
        doc_begin(g);
    st = api_snapshot_end(g->r, st);
    if (st.cls == ST_OK && !more) st = epcis_doc_end(&g->doc);
    if (st.cls != ST_OK) {
        failed(g, st);
    } else if (more) {
        again(g);
    } else {
        http_reply_buf(g->r, 200, g->a.type, &g->out);
        buf_init(&g->out, KB); // given away
        answer_free(g);
    }
}

static void turn_mail(struct mail *m) { turn(CONTAINER_OF(m, struct master_answer, mail)); }

static status begin(struct master_answer *g)
{
    const struct site_limits *l = &api_site(g->r)->limits;
    struct master_conf conf = {
        .q = &g->a.q, .elements_max = l->query_events_max, .looks_max = l->query_candidates_max};

    struct txn *t = api_snapshot(g->r);
    status st = query_client(g->r, t, &conf.client);
    if (st.cls == ST_OK) st = master_run_new(&conf, t, &g->run);
    return api_snapshot_end(g->r, st);
}

void master_answer_begin(struct http_req *r, const struct master_asked *a)
{
    struct master_answer *g = calloc(1, sizeof *g);

    assert(g != NULL);
    g->r = r;
    g->a = *a;
    buf_init(&g->out, OUT_MAX);
    status st = begin(g);
    if (st.cls == ST_OK)
        turn(g);
    else
        failed(g, st);
}
