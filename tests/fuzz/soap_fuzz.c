// soap_fuzz.c - calls of the query interface: a refusal has a reason and a place within the input;
// a call that is taken has all that its operation needs, is refused when its end is missing, and
// its parameters, packed and asked again, are the same question.
#include "service/soap/call.h"
#include "service/vocabulary/master_query.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void places(status st, size_t n)
{
    assert(st.reason != NULL && st.text[0] != 0);
    assert(st.at <= 3 * n); // it counts in UTF-8
}

static void whole(const struct soap_call *c)
{
    bool polls = c->operation == SOAP_POLL, subscribes = c->operation == SOAP_SUBSCRIBE;

    assert(c->operation < SOAP_OPERATION_COUNT);
    if (polls || subscribes || c->operation == SOAP_GET_SUBSCRIPTION_IDS) assert(c->query.p);
    if (polls || subscribes) assert(c->has_params);
    if (subscribes) assert(c->dest.p && c->has_controls && c->subscription.p);
    if (c->operation == SOAP_UNSUBSCRIBE) assert(c->subscription.p);
    for (uint32_t i = 0; i < c->param_count; i++) {
        const struct query_given *v = &c->params[i].given;
        assert(c->params[i].name.n > 0);
        assert(v->n == 0 || v->at != NULL);
        if (v->as != QUERY_LIST && v->as != QUERY_OTHER && v->as != QUERY_VOID) assert(v->n == 1);
    }
}

static status ask(const struct soap_call *c, struct arena *a, struct query *out)
{
    struct query_reader *r = NEW(a, struct query_reader);

    assert(r != NULL);
    query_begin(r, a);
    for (uint32_t i = 0; i < c->param_count; i++)
        TRY(query_give(r, c->params[i].name, &c->params[i].given));
    return query_end(r, out);
}

static status ask_packed(str packed, struct arena *a, struct query *out)
{
    struct query_reader *r = NEW(a, struct query_reader);

    assert(r != NULL);
    query_begin(r, a);
    TRY(query_from_given(r, packed));
    return query_end(r, out);
}

static void same_question(const struct soap_call *c, struct arena *a, size_t n)
{
    struct query one, other;
    struct buf b;

    buf_init(&b, 4 * n + 64 * KB);
    for (uint32_t i = 0; i < c->param_count; i++)
        query_given_put(&b, c->params[i].name, &c->params[i].given);
    status st = ask(c, a, &one), again = ask_packed(buf_str(&b), a, &other);
    assert(st.cls == again.cls);
    if (st.cls == ST_OK)
        assert(memcmp(&one.hash, &other.hash, sizeof one.hash) == 0);
    else
        assert(strcmp(st.reason, again.reason) == 0);
    buf_fini(&b);
}

static void master_question(const struct soap_call *c, struct arena *a)
{
    struct master_reader r;
    struct master_query q;
    status st = OK;

    master_begin(&r, a);
    for (uint32_t i = 0; i < c->param_count && st.cls == ST_OK; i++)
        st = master_give(&r, c->params[i].name, &c->params[i].given);
    if (st.cls == ST_OK) st = master_end(&r, &q);
    assert(st.cls == ST_OK || st.reason != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str body = {(const char *)data, n};
    struct soap_call c, cut;
    struct arena a;

    if (n > 256 * KB) return 0;
    arena_init(&a, 64 * MB);
    status st = soap_call_read(body, &a, &c);
    if (st.cls == ST_OK) {
        whole(&c);
        same_question(&c, &a, n);
        master_question(&c, &a);
        str trimmed = str_trim(body);
        bool tag =
            str_ends(trimmed, S(">")) && !str_ends(trimmed, S("->")) && !str_ends(trimmed, S("?>"));
        size_t last = (size_t)(trimmed.p - body.p) + trimmed.n - 1;
        if (tag) assert(soap_call_read((str){body.p, last}, &a, &cut).cls != ST_OK);
    } else {
        places(st, n);
    }
    arena_fini(&a);
    return 0;
}
