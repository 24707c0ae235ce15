// master_api.c - master data as a document that can be sent on or captured elsewhere. The
// parameters are those of SimpleMasterDataQuery, spelled as in questions for events; all is told
// that is not said to be left out.
#include "service/vocabulary/master_api.h"
#include "service/rest/rest.h"
#include "service/vocabulary/master_answer.h"

// EPCIS 1.2 is XML alone.
static status form_read(struct http_req *r, str version, struct master_asked *out)
{
    bool old = str_eq(version, S("1.2"));
    struct rest_accepted to;

    if (!old && version.n > 0 && !str_eq(version, S("2.0")))
        return fail(ST_BAD_INPUT, "query.value", 0, "version: 1.2 or 2.0");
    TRY(rest_accept(r, old ? 1u << REST_XML : REST_ANY, &to));
    out->type = to.type;
    out->format = old ? EPCIS_XML_1_2 : to.media == REST_JSON ? EPCIS_JSON_2_0 : EPCIS_XML_2_0;
    return OK;
}

static status part_give(struct master_reader *in, str part, str *version)
{
    str name = part, value = {"", 0};

    if (str_cut(&part, '=', &name)) value = part;
    TRY(http_decode(name, true, in->arena, &name));
    TRY(http_decode(value, true, in->arena, &value));
    if (!str_is_utf8(name, NULL) || !str_is_utf8(value, NULL))
        return fail(ST_BAD_INPUT, "query.value", 0, "the query string is not UTF-8");
    if (str_eq(name, S("version")) && version->p != NULL)
        return fail(ST_BAD_INPUT, "query.twice", 0, "version: it is given twice");
    if (str_eq(name, S("version"))) return *version = value, OK;
    return master_give(in, name, &(struct query_given){QUERY_TEXT, &value, 1});
}

static status asked_read(struct http_req *r, struct master_asked *out)
{
    str rest = r->query, part, version = {0};
    struct master_reader in;

    master_begin(&in, &r->arena);
    in.has_attributes = in.has_children = in.q.attributes = in.q.children = true;
    while (rest.n > 0) {
        if (!str_cut(&rest, '&', &part)) part = rest, rest.n = 0;
        if (part.n > 0) TRY(part_give(&in, part, &version));
    }
    TRY(master_end(&in, &out->q));
    return form_read(r, version, out);
}

static void master_data(struct http_req *r)
{
    struct master_asked a = {.soap = false};
    status st = asked_read(r, &a);

    if (st.cls == ST_OK)
        master_answer_begin(r, &a);
    else
        http_problem(r, st, S(""));
}

#define READERS "gateway client operator qa auditor admin"

const struct http_route master_routes[] = {
    {HTTP_GET, "/epcis/v1/master-data", READERS, 0, master_data, NULL, NULL, NULL},
    {0},
};
