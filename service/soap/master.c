// master.c - poll of SimpleMasterDataQuery: found in turns, then written in turns.
#include "service/soap/soap_int.h"
#include "service/vocabulary/master_run.h"
#include <stdlib.h>

#define TURN_LOOKS    200u
#define TURN_ELEMENTS 100u
#define OUT_MAX       (64 * MB)

// owner: the loop of the request, which lives until it is answered.
struct master_answer {
    struct mail mail;
    struct http_req *r;
    const struct soap_call *call;
    struct master_query q;
    struct master_run *run;
    bool found;
    struct buf out;
    struct xml_w w;
};

static void answer_free(struct master_answer *g)
{
    master_run_free(&g->run);
    buf_fini(&g->out);
    free(g);
}

static void failed(struct master_answer *g, status st)
{
    soap_refuse(g->r, g->call, st);
    answer_free(g);
}

static void begin_write(struct master_answer *g)
{
    g->found = true;
    g->w = soap_begin(&g->out, S("QueryResults"));
    xml_leaf(&g->w, S("queryName"), g->call->query);
    xml_open(&g->w, S("resultsBody"));
    xml_open(&g->w, S("VocabularyList"));
}

static void turn(struct master_answer *g);

static void turn_mail(struct mail *m) { turn(CONTAINER_OF(m, struct master_answer, mail)); }

static void turn(struct master_answer *g)
{
    struct txn *t = api_snapshot(g->r);
    bool more = true;
    status st = OK;

    if (g->found)
        more = master_run_write(g->run, t, TURN_ELEMENTS, &g->w, &st);
    else if (!master_run_turn(g->run, t, TURN_LOOKS, &st) && st.cls == ST_OK)
        begin_write(g);
    st = api_snapshot_end(g->r, st);
    if (st.cls != ST_OK) {
        failed(g, st);
    } else if (more) {
        g->mail.open = turn_mail;
        loop_post(g->r->loop, &g->mail);
    } else {
        soap_reply(g->r, &g->w); // takes what is written
        buf_init(&g->out, KB);
        answer_free(g);
    }
}

static status query_read(struct http_req *r, const struct soap_call *c, struct master_query *out)
{
    struct master_reader in;

    master_begin(&in, &r->arena);
    for (uint32_t i = 0; i < c->param_count; i++)
        TRY(master_give(&in, c->params[i].name, &c->params[i].given));
    return master_end(&in, out);
}

static status begin(struct master_answer *g)
{
    const struct site_limits *l = &api_site(g->r)->limits;
    struct master_conf conf = {
        .q = &g->q, .elements_max = l->query_events_max, .looks_max = l->query_candidates_max};

    TRY(query_read(g->r, g->call, &g->q));
    struct txn *t = api_snapshot(g->r);
    status st = query_client(g->r, t, &conf.client);
    if (st.cls == ST_OK) st = master_run_new(&conf, t, &g->run);
    return api_snapshot_end(g->r, st);
}

void soap_poll_master(struct http_req *r, const struct soap_call *c)
{
    struct master_answer *g = calloc(1, sizeof *g);

    assert(g != NULL);
    g->r = r;
    g->call = c;
    buf_init(&g->out, OUT_MAX);
    status st = begin(g);
    if (st.cls == ST_OK)
        turn(g);
    else
        failed(g, st);
}
