// master.c - poll of SimpleMasterDataQuery.
#include "service/soap/soap_int.h"
#include "service/vocabulary/master_answer.h"

static status query_read(struct http_req *r, const struct soap_call *c, struct master_query *out)
{
    struct master_reader in;

    master_begin(&in, &r->arena);
    for (uint32_t i = 0; i < c->param_count; i++)
        TRY(master_give(&in, c->params[i].name, &c->params[i].given));
    return master_end(&in, out);
}

void soap_poll_master(struct http_req *r, const struct soap_call *c)
{
    struct master_asked a = {.format = EPCIS_XML_1_2,
                             .soap = true,
                             .type = "text/xml",
                             .about = soap_about_extra(r, c->query, S(""))};
    status st = query_read(r, c, &a.q);

    if (st.cls == ST_OK)
        master_answer_begin(r, &a);
    else
        http_problem(r, st, a.about);
}
