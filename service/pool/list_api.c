// POST /v1/pools/{pool}/return: the rest of a list goes back to its owner.
#include "service/api/api.h"
#include "service/pool/import.h"
#include "service/pool/numbers_out.h"
#include "service/pool/pool_api.h"
#include "service/pool/pool_int.h"

status list_pool_find(struct http_req *r, struct txn *t, struct pool_row *out)
{
    struct item i;
    str name = arena_str(&r->arena, r->param[0]);

    for (size_t n = 0; n < name.n; n++) // names are folded
        if (name.p[n] >= 'A' && name.p[n] <= 'Z')
            ((char *)(uintptr_t)name.p)[n] = (char)(name.p[n] | 0x20);
    if (!item_get(t, &noun_pool, name, &i) || !caller_sees(caller_of(r), i.client) ||
        !pool_row_get(t, i.number, out))
        return fail(ST_NOT_FOUND, "pool.unknown", 0, "there is no such pool");
    if (out->kind == POOL_LIST) return OK;
    return fail(ST_CONFLICT, "pool.kind", 0, "this is for pools of the kind list");
}

struct body {
    str reason;
};
// clang-format off
static const struct form_field fields[] = {
    {.name = "reason", .kind = FORM_STR, .at = offsetof(struct body, reason), .max = 500},
    {0},
};
// clang-format on
static const struct form form = {"return", sizeof(struct body), fields, 1};

static void went_back(struct http_req *r, const struct ask *a)
{
    struct buf b;

    buf_init(&b, KB);
    buf_addf(&b, "{\"returned\":%llu}", (unsigned long long)pool_returned_count(&a->fact));
    api_reply(r, 200, &b);
    buf_fini(&b);
}

void pool_return(struct http_req *r)
{
    struct pool_return *what = NEW(&r->arena, struct pool_return);
    struct body body = {0};
    struct pool_row pool = {0};

    if (!api_body(r, &form, &body)) return;
    api_answers(r, went_back);
    struct txn *t = api_snapshot(r);
    status st = list_pool_find(r, t, &pool);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) st = api_reason_check(caller_of(r), body.reason);
    if (st.cls == ST_OK && what == NULL) st = no_memory();
    if (st.cls != ST_OK) {
        api_fail(r, st);
        return;
    }
    *what = (struct pool_return){pool.pool, body.reason};
    api_command(r, &kind_pool_returned, what, went_back);
}
