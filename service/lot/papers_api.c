// Papers of a lot over HTTP: counted, released, reopened, amended. All answer with the lot as the
// act left it (acted.c).
#include "common/form.h"
#include "service/api/api.h"
#include "service/catalog/place.h"
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"

#define BODY_MAX    (64 * KB)
#define COUNTED_MAX UINT64_C(1000000000000)

static bool is_ok(struct http_req *r, status st)
{
    if (st.cls != ST_OK) api_fail(r, st);
    return st.cls == ST_OK;
}

// False: answered. The snapshot is given back.
static bool find(struct http_req *r, struct lot *out)
{
    struct txn *t = api_snapshot(r);
    status st = lot_named(r, t, out) ? OK : lot_unknown();
    return is_ok(r, api_snapshot_end(r, st));
}

// ---- counters

struct count_wish {
    str level, reason;
    str value[PHYSICAL_END]; // NULL: not said
};

static status count_check(str value, struct arena *a, str *out)
{
    uint64_t n;

    (void)a, (void)out;
    if (str_u64(value, COUNTED_MAX, &n)) return OK;
    return fail(ST_BAD_INPUT, "field.range", 0, "a count: a whole number up to 10^12");
}

#define C(member) .at = offsetof(struct count_wish, member)
#define COUNT(i)  .kind = FORM_RAW, C(value[i]), .max = 20, .check = count_check
// clang-format off
static const struct form_field count_fields[] = {
    {.name = "level",       .kind = FORM_STR, C(level), .required = true, .max = 64},
    {.name = "printer",     COUNT(PHYSICAL_PRINTER)},
    {.name = "camera_good", COUNT(PHYSICAL_CAMERA_GOOD)},
    {.name = "camera_bad",  COUNT(PHYSICAL_CAMERA_BAD)},
    {.name = "reject_bin",  COUNT(PHYSICAL_REJECT_BIN)},
    {.name = "reason",      .kind = FORM_STR, C(reason), .max = 500},
    {0},
};
// clang-format on
static const struct form count_form = {"counters", sizeof(struct count_wish), count_fields, 1};

static status check_counts(struct http_req *r, struct lot_count_ask *ask)
{
    bool any = false;

    for (unsigned i = 0; i < PHYSICAL_END; i++) any |= ask->said[i];
    if (!any)
        return fail(ST_BAD_INPUT, "field.required", 0,
                    "printer, camera_good, camera_bad or reject_bin: one of them");
    return api_reason_take(r, &ask->reason);
}

static status count_find(struct http_req *r, struct txn *t, const struct count_wish *wish,
                         struct lot_count_ask *ask)
{
    struct balance b;
    struct lot lot;

    if (!lot_named(r, t, &lot)) return lot_unknown();
    if (!lot_takes_line(&lot, caller_of(r)->line))
        return fail(ST_CONFLICT, "lot.line", 0, "the lot is not for this line");
    ask->number = lot.number;
    ask->reason = wish->reason;
    TRY(balance_of(t, &lot, &r->arena, &b));
    if (!balance_level_find(&b, wish->level, &ask->level))
        return fail(ST_UNPROCESSABLE, "level.unknown", 0, "level: the lot's product has none such");
    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        ask->said[i] = wish->value[i].p != NULL;
        if (ask->said[i]) (void)str_u64(wish->value[i], COUNTED_MAX, &ask->value[i]);
    }
    return check_counts(r, ask);
}

static void lot_counters(struct http_req *r)
{
    struct lot_count_ask *ask = NEW(&r->arena, struct lot_count_ask);
    struct count_wish wish;

    api_answers(r, lot_acted);
    if (!is_ok(r, ask == NULL ? no_memory() : OK) || !api_body(r, &count_form, &wish)) return;
    struct txn *t = api_snapshot(r);
    status st = count_find(r, t, &wish, ask);
    if (is_ok(r, api_snapshot_end(r, st))) api_command(r, &kind_lot_counted, ask, lot_acted);
}

// ---- what is signed

struct sign_wish {
    str reason;
    struct signature_said *signature;
};
#define W(member) .at = offsetof(struct sign_wish, member)
static const struct form_field sign_fields[] = {
    {.name = "reason", .kind = FORM_STR, W(reason), .max = 500},
    {.name = "signature",       .kind = FORM_ONE, W(signature), .sub = &signature_form},
    {0               },
};
static const struct form sign_form = {"lot", sizeof(struct sign_wish), sign_fields, 1};

static const struct lot_signing release = {&kind_lot_released, SIGNED_RELEASE, false};
static const struct lot_signing reopen = {&kind_lot_reopened, SIGNED_REOPEN, true};

void lot_sign(struct http_req *r)
{
    const struct lot_signing *what = r->route->app;
    struct lot_sign_ask *ask = NEW(&r->arena, struct lot_sign_ask);
    struct second_ask *both = NEW(&r->arena, struct second_ask);
    struct sign_wish wish = {0};
    struct lot lot;

    api_answers(r, lot_acted);
    if (!is_ok(r, ask == NULL || both == NULL ? no_memory() : OK)) return;
    if (r->body.n > 0 && !api_body(r, &sign_form, &wish)) return;
    if (!find(r, &lot)) return;
    struct signature_rule rule = {
        .roles = "qa", .kind = what->kind, .client = lot.client, .reason = what->reason};
    if (wish.signature != NULL && wish.signature->reason.n == 0)
        wish.signature->reason = wish.reason;
    if (!signature_check(r, &rule, wish.signature, &ask->signature)) return;
    ask->number = lot.number;
    ask->what = what->what;
    *both = (struct second_ask){.of = lot_act_of(lot.number, what->what),
                                .client = lot.client,
                                .look = lot_sign_look,
                                .what = ask,
                                .signature = ask->signature};
    if (lot.state == lot_act_to(what->what)) // done is done
        api_command(r, what->kind, ask, lot_acted);
    else
        second_command(r, both, what->kind, lot_acted);
}

// ---- amended

struct amend_wish {
    str expiry, order, line, reason;
    uint64_t quantity; // 0: not said
    struct form_list lines, extra;
    struct signature_said *signature;
};

static status expiry_check(str value, struct arena *a, str *out)
{
    struct date d;

    (void)a, (void)out;
    return lot_expiry_read(value, &d);
}

#define A(member) .at = offsetof(struct amend_wish, member)
// clang-format off
static const struct form_field amend_fields[] = {
    {.name = "expiry",    .kind = FORM_STR,  A(expiry), .max = 40, .check = expiry_check},
    {.name = "order",     .kind = FORM_STR,  A(order), .max = 64},
    {.name = "quantity",  .kind = FORM_U64,  A(quantity), .min = 1, .max = COUNTED_MAX},
    {.name = "line",      .kind = FORM_NAME, A(line)},
    {.name = "lines",     .kind = FORM_STRS, A(lines), .max = 64, .count_max = LOT_LINES_MAX},
    {.name = "extra",     .kind = FORM_MAP,  A(extra), .max = 500, .count_max = 64},
    {.name = "reason",    .kind = FORM_STR,  A(reason), .max = 500},
    {.name = "signature", .kind = FORM_ONE,  A(signature), .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form amend_form = {"amendment", sizeof(struct amend_wish), amend_fields, 1};

static status check_line(struct txn *t, str name)
{
    struct line line;

    if (name.n == 0 || line_get(t, name, &line)) return OK;
    return fail(ST_UNPROCESSABLE, "line.unknown", 0, "there is no line %.*s", STR(name));
}

static status text_of(struct buf *b, struct arena *a, str *out)
{
    *out = b->failed ? (str){0} : arena_str(a, buf_str(b));
    buf_fini(b);
    return out->p == NULL ? no_memory() : OK;
}

static status fill_lists(struct http_req *r, struct txn *t, const struct amend_wish *wish,
                         struct lot_amend_ask *ask)
{
    const struct form_pair *pairs = wish->extra.items;
    const str *lines = wish->lines.items;
    struct buf b;

    for (uint32_t i = 0; i < wish->lines.n; i++) TRY(check_line(t, lines[i]));
    if (lines != NULL) {
        buf_init(&b, 4 * KB);
        for (uint32_t i = 0; i < wish->lines.n; i++) {
            if (i > 0) buf_addc(&b, ',');
            buf_add(&b, lines[i]);
        }
        TRY(text_of(&b, &r->arena, &ask->value[AMEND_LINES]));
    }
    if (pairs == NULL) return OK;
    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    for (uint32_t i = 0; i < wish->extra.n; i++) {
        json_w_key(&w, pairs[i].key);
        json_w_str(&w, pairs[i].value);
    }
    json_w_end(&w);
    return text_of(&b, &r->arena, &ask->value[AMEND_EXTRA]);
}

static status fill(struct http_req *r, struct txn *t, const struct amend_wish *wish,
                   struct lot_amend_ask *ask)
{
    struct buf b;
    bool any = false;

    ask->value[AMEND_EXPIRY] = wish->expiry;
    if (wish->expiry.n > 0) TRY(lot_expiry_read(wish->expiry, &ask->expiry));
    ask->value[AMEND_ORDER] = wish->order;
    ask->value[AMEND_LINE] = wish->line;
    TRY(check_line(t, wish->line));
    if (wish->quantity > 0) {
        buf_init(&b, 32);
        buf_addu(&b, wish->quantity);
        TRY(text_of(&b, &r->arena, &ask->value[AMEND_QUANTITY]));
    }
    TRY(fill_lists(r, t, wish, ask));
    for (unsigned i = 0; i < AMEND_END; i++) any |= ask->value[i].p != NULL;
    return any ? OK
               : fail(ST_BAD_INPUT, "field.required", 0, "nothing is said that may be amended");
}

// What was released is amended with a signature, and with two where the act is marked; it may be
// signed in any state.
static void lot_amend(struct http_req *r)
{
    struct lot_amend_ask *ask = NEW(&r->arena, struct lot_amend_ask);
    struct second_ask *both = NEW(&r->arena, struct second_ask);
    struct amend_wish wish;
    struct lot lot;

    api_answers(r, lot_acted);
    if (!is_ok(r, ask == NULL || both == NULL ? no_memory() : OK) ||
        !api_body(r, &amend_form, &wish))
        return;
    if (!is_ok(r, api_reason_check(caller_of(r), wish.reason)) || !find(r, &lot)) return;
    status st = fill(r, api_snapshot(r), &wish, ask);
    if (!is_ok(r, api_snapshot_end(r, st))) return;
    struct signature_rule rule = {.roles = "qa", .kind = &kind_lot_amended, .client = lot.client};
    ask->is_signed = wish.signature != NULL || lot.state == LOT_RELEASED ||
                     second_is_marked(api_site(r), SECOND_AMEND);
    if (ask->is_signed && !signature_check(r, &rule, wish.signature, &ask->signature)) return;
    ask->number = lot.number;
    ask->reason = wish.reason;
    *both = (struct second_ask){
        .of = {.act = SECOND_AMEND, .lot = lot.number},
        .client = lot.client,
        .look = lot_amend_look,
        .what = ask,
        .signature = ask->signature
    };
    second_command(r, both, &kind_lot_amended, lot_acted);
}

// clang-format off
const struct http_route lot_paper_routes[] = {
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/counters", .roles = "line operator",
     .body_max = BODY_MAX, .run = lot_counters, .query = ""},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/release", .roles = "qa",
     .body_max = BODY_MAX, .run = lot_sign, .app = &release, .query = ""},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/reopen", .roles = "qa",
     .body_max = BODY_MAX, .run = lot_sign, .app = &reopen, .query = ""},
    {.method = HTTP_POST, .path = "/v1/lots/{gtin}/{lot}/amend", .roles = "operator qa",
     .body_max = BODY_MAX, .run = lot_amend, .query = ""},
    {0},
};
// clang-format on
