// One exception shown, and what people do with it; the routes of the room.
#include "service/access/actor_db.h"
#include "service/access/user.h"
#include "service/inbox/inbox_int.h"

#define READERS "operator qa auditor admin client gateway distributor"
#define WORKERS "operator qa"

static void show(struct http_req *r)
{
    struct exception_row row;
    struct inbox x;
    struct buf b;

    buf_init(&b, INBOX_TEXT_MAX);
    struct json_w w = json_writer(&b);
    inbox_open(&x, r);
    status st = inbox_find(&x, r->param[0], &row);
    json_w_object(&w);
    if (st.cls == ST_OK) st = inbox_whole(&x, &row, &w);
    json_w_end(&w);
    inbox_reply(r, 200, inbox_close(&x, st), &b);
}

// ---- bodies

struct value {
    str owner, text, reason, to;
    uint8_t resolution, type;
};

// The order is that of `resolutions`.
static const char *const resolution_words[] = {"corrected",
                                               "explained",
                                               "no_error",
                                               "duplicate",
                                               "send_new_data",
                                               "send_product",
                                               "return_product",
                                               "send_back_product",
                                               "credit_account",
                                               "debit_account",
                                               NULL};
static const char *const type_words[] = {"report", "response", NULL};

#define AT(member) .at = offsetof(struct value, member)
#define NEEDED     .required = true
// clang-format off
static const struct form_field assign_fields[] = {
    {.name = "owner", .kind = FORM_STR, AT(owner), NEEDED, .max = EXCEPTION_OWNER_MAX},
    {.name = "reason", .kind = FORM_STR, AT(reason), .max = EXCEPTION_TEXT_MAX},
    {0},
};
static const struct form_field note_fields[] = {
    {.name = "text", .kind = FORM_STR, AT(text), NEEDED, .max = EXCEPTION_TEXT_MAX},
    {0},
};
static const struct form_field resolve_fields[] = {
    {.name = "resolution", .kind = FORM_WORD, AT(resolution), NEEDED, .words = resolution_words},
    {.name = "reason", .kind = FORM_STR, AT(reason), .max = EXCEPTION_TEXT_MAX},
    {0},
};
static const struct form_field reopen_fields[] = {
    {.name = "reason", .kind = FORM_STR, AT(reason), .max = EXCEPTION_TEXT_MAX},
    {0},
};
static const struct form_field sent_fields[] = {
    {.name = "type", .kind = FORM_WORD, AT(type), NEEDED, .words = type_words},
    {.name = "to", .kind = FORM_STR, AT(to), .max = 256},
    {0},
};
// clang-format on

struct verb {
    const struct kind *kind;
    struct form form;
    bool reason; // without one it is refused, a machine's too
    void (*fill)(struct inbox *x, const struct exception_row *row, const struct value *v,
                 struct exception_act *out);
};

static void fill_assign(struct inbox *x, const struct exception_row *row, const struct value *v,
                        struct exception_act *out)
{
    (void)x, (void)row;
    out->first = v->owner;
    out->second = v->reason;
}

static void fill_note(struct inbox *x, const struct exception_row *row, const struct value *v,
                      struct exception_act *out)
{
    (void)x, (void)row;
    out->first = v->text;
}

static void fill_resolve(struct inbox *x, const struct exception_row *row, const struct value *v,
                         struct exception_act *out)
{
    (void)x, (void)row;
    out->first = str_of(resolution_words[v->resolution]);
    out->second = v->reason;
}

static void fill_reopen(struct inbox *x, const struct exception_row *row, const struct value *v,
                        struct exception_act *out)
{
    (void)x, (void)row;
    out->second = v->reason;
}

// What a partner answers names the case of what was sent.
static void fill_sent(struct inbox *x, const struct exception_row *row, const struct value *v,
                      struct exception_act *out)
{
    out->first = str_of(type_words[v->type]);
    out->second = v->to;
    if (row->kind != EXCEPTION_OF_PDG) out->third = inbox_case(x, row);
}

static const struct verb assign_verb = {
    &kind_exception_assigned,
    {"assignment", sizeof(struct value), assign_fields, 1},
    false,
    fill_assign
};
static const struct verb note_verb = {
    &kind_exception_noted, {"note", sizeof(struct value), note_fields, 1},
     false, fill_note
};
static const struct verb resolve_verb = {
    &kind_exception_resolved,
    {"resolution", sizeof(struct value), resolve_fields, 1},
    true,
    fill_resolve
};
static const struct verb reopen_verb = {
    &kind_exception_reopened,
    {"reopening", sizeof(struct value), reopen_fields, 1},
    true,
    fill_reopen
};
static const struct verb sent_verb = {
    &kind_exception_sent, {"message sent", sizeof(struct value), sent_fields, 1},
     false, fill_sent
};

// ---- one act

static status answer(struct inbox *x, const struct ask *a, struct json_w *w)
{
    struct exception_act act;
    struct buf id;

    TRY(exception_act_get(&a->fact, &act));
    buf_init(&id, 64);
    inbox_id_put(x->site, &act.id, &id);
    json_w_object(w);
    json_w_kstr(w, "id", buf_str(&id));
    json_w_kstr(w, "state", str_of(exception_state_word(act.after)));
    inbox_happening(x, &a->fact, &act, w);
    json_w_end(w);
    buf_fini(&id);
    return OK;
}

// As its fact says it, the same to who asks again.
static void done(struct http_req *r, const struct ask *a)
{
    struct inbox x;
    struct buf b;

    buf_init(&b, INBOX_TEXT_MAX);
    struct json_w w = json_writer(&b);
    inbox_open(&x, r);
    inbox_reply(r, 200, inbox_close(&x, answer(&x, a, &w)), &b);
}

// What the one of that name may, a person's or a token's. False: there is nobody.
static bool reach_of(const struct inbox *x, str name, struct reach *out)
{
    struct actor a = {.user = name};
    struct user u;
    bool token = actor_by_id(x->t, name, x->a, &a);

    *out = (struct reach){a.role, a.clients, a.client_count};
    if (token && (a.revoked.ms != 0 || a.user.n == 0)) return a.revoked.ms == 0;
    if (!user_get(x->t, a.user, x->a, &u) || !u.active) return false;
    *out = (struct reach){u.role, u.clients, u.client_count};
    return true;
}

// Who works something off is a person or a token of this site, so that nothing waits for nobody,
// and may see it. Who may not is as unknown as who is not there.
static status check_owner(const struct inbox *x, str owner, client_id client)
{
    struct reach reach;

    if (owner.n == 0) return OK;
    if (reach_of(x, owner, &reach) && reach_has(&reach, "*", client)) return OK;
    return fail(ST_UNPROCESSABLE, "exception.owner", 0,
                "owner: there is no person and no token of that name for this");
}

static status read_act(struct http_req *r, const struct verb *verb, const struct value *v,
                       struct exception_act *out)
{
    struct exception_row row;
    struct inbox x;

    if (verb->reason && v->reason.n == 0)
        return fail(ST_BAD_INPUT, "reason.required", 0, "reason: say why");
    inbox_open(&x, r);
    status st = inbox_find(&x, r->param[0], &row);
    if (st.cls == ST_OK) {
        out->id = row.id;
        verb->fill(&x, &row, v, out);
        st = check_owner(&x, v->owner, row.id.client);
    }
    return inbox_close(&x, st);
}

static void act(struct http_req *r)
{
    const struct verb *verb = r->route->app;
    struct exception_act *ask = NEW(&r->arena, struct exception_act);
    struct value v = {0};

    assert(ask != NULL); // the arena is new
    if (!api_body(r, &verb->form, &v)) return;
    *ask = (struct exception_act){0};
    api_answers(r, done);
    status st = read_act(r, verb, &v, ask);
    if (st.cls == ST_OK)
        api_command(r, verb->kind, ask, done);
    else
        api_fail(r, st);
}

#define BASE     "/v1/exceptions"
#define ONE      BASE "/{exception}"
#define BODY_MAX (16 * KB)
#define MESSAGE  (1 * MB)
#define ACT(word, verb)                                                                            \
    {                                                                                              \
        .method = HTTP_POST, .path = ONE "/" word, .roles = WORKERS, .body_max = BODY_MAX,         \
        .run = act, .app = &(verb), .query = ""                                                    \
    }
// clang-format off
const struct http_route inbox_routes[] = {
    {.method = HTTP_GET, .path = BASE, .roles = READERS, .run = inbox_list,
     .query = "state kind lot gtin unit owner since limit page"},
    {.method = HTTP_GET, .path = BASE "/summary",
     .roles = "operator qa auditor admin client gateway", .run = inbox_summary,
     .query = ""},
    {.method = HTTP_POST, .path = BASE "/messages", .roles = "distributor gateway operator",
     .body_max = MESSAGE, .run = inbox_message_take, .query = ""},
    {.method = HTTP_GET, .path = ONE, .roles = READERS, .run = show, .query = ""},
    {.method = HTTP_GET, .path = ONE "/message", .roles = READERS, .run = inbox_message_show,
     .query = "type group resolution email phone gln po ordered received file"},
    ACT("assign", assign_verb),
    ACT("notes", note_verb),
    ACT("resolve", resolve_verb),
    ACT("reopen", reopen_verb),
    ACT("sent", sent_verb),
    {0},
};
// clang-format on
