// The facts of the clock, what they raise, and /v1/clock.
//   clock.jumped:   effect 1, steady time 8, shown time 8
//   clock.accepted: seq of the jump 8, shown time 8, reason str, then nothing or a signature and,
//     where another person had to sign before, the seq of that proposal 8 and its signature
#include "service/ops/clock.h"
#include "common/bytes.h"
#include "common/form.h"
#include "common/loop.h"
#include "service/access/certificate.h"
#include "service/access/session.h"
#include "service/access/signed_by.h"
#include "service/access/token.h"
#include "service/access/user.h"
#include "service/api/api.h"
#include "service/exception/exception.h"
#include "service/journal/clock.h"
#include "service/journal/refusal.h"
#include "service/ops/settings_changed.h"
#include <event2/event.h>
#include <stdlib.h>

#define TICK_S      10
#define ABOUT_STOP  1u // what an exception of the clock is about
#define ABOUT_JUMPS 2u

static struct exception_end about(unsigned what)
{
    return (struct exception_end){{0}, EXCEPTION_OF_CLOCK, exception_about(what, 0)};
}

// ---- clock.jumped

static status jumped_decide(struct decide *d)
{
    const struct clock_jump *j = d->ask;

    bytes_u(d->out, j->effect, 1);
    bytes_u(d->out, (uint64_t)j->steady.ms, 8);
    bytes_u(d->out, (uint64_t)j->shown.ms, 8);
    return OK;
}

static bool jump_get(const struct fact *f, struct clock_jump *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct clock_jump j = {.effect = (enum clock_effect)bytes_get_u(&r, 1)};

    j.steady.ms = (int64_t)bytes_get_u(&r, 8);
    j.shown.ms = (int64_t)bytes_get_u(&r, 8);
    *out = j;
    return bytes_end(&r) && j.effect <= CLOCK_IS_BACK;
}

static const struct second_of act = {.act = SECOND_ACCEPT_CLOCK};

static void end_stop(struct txn *t, const struct fact *f)
{
    struct exception_end stop = about(ABOUT_STOP);

    clock_stop_end(t);
    second_end(t, &act);
    exception_settle(t, f, &stop);
}

static void jumped_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct clock_jump j;

    (void)arg;
    if (!jump_get(f, &j)) {
        txn_spoil(t, "record.corrupt", "a jump of the clock");
        return;
    }
    if (j.effect == CLOCK_IS_BACK) {
        end_stop(t, f);
        return;
    }
    bool stops = j.effect == CLOCK_STOPS;
    struct exception_end what = about(stops ? ABOUT_STOP : ABOUT_JUMPS);
    if (stops) clock_stop_put(t, &(struct clock_stop){f->seq, j.steady, j.shown});
    exception_raise(t, f,
                    &(struct exception){.kind = EXCEPTION_OF_CLOCK,
                                        .of_site = true,
                                        .code = stops ? S("clock.stopped") : S("clock.jumped"),
                                        .about = what.about});
}

static void jumped_print(const struct fact *f, struct json_w *w, const void *arg)
{
    static const char *const words[] = {"goes_on", "stops", "is_back"};
    struct clock_jump j;

    (void)arg;
    if (!jump_get(f, &j)) return;
    json_w_kstr(w, "effect", str_of(words[j.effect]));
    json_w_kint(w, "by_ms", j.shown.ms - j.steady.ms);
    json_w_kwall(w, "steady", j.steady);
    json_w_kwall(w, "shown", j.shown);
}

const struct kind kind_clock_jumped = {
    FACT_CLOCK_JUMPED, 1, "clock.jumped", jumped_decide, jumped_write, jumped_print, NULL};

// ---- clock.accepted

struct accept {
    str reason;
    struct signed_by by;
};

struct accepted { // as in the fact
    uint64_t jump;
    wall shown;
    struct accept as;
};

static status stopped_by(struct decide *d, struct clock_stop *out)
{
    if (clock_stop_get(d->t, out)) return OK;
    return fail(ST_CONFLICT, "clock.not_stopped", 0, "the clock has not stopped anything");
}

static status accept_look(struct decide *d, const void *what, struct buf *state,
                          struct json_w *says)
{
    const struct accept *a = what;
    struct clock_stop stop;

    TRY(stopped_by(d, &stop));
    bytes_u(state, stop.seq, 8);
    json_w_kint(says, "jump", (int64_t)stop.seq);
    json_w_kwall(says, "steady", stop.steady);
    json_w_kwall(says, "shown", stop.shown);
    if (a->reason.n > 0) json_w_kstr(says, "reason", a->reason);
    return OK;
}

static status accepted_decide(struct decide *d)
{
    const struct site *site = d->app;
    const struct accept *a = d->ask;
    const struct signing s = {.of = act, .look = accept_look, .what = a};
    struct signed_by by = a->by;
    struct clock_stop stop;

    TRY(stopped_by(d, &stop));
    TRY(signed_by_check(d, &s, &by));
    bytes_u(d->out, stop.seq, 8);
    bytes_u(d->out, (uint64_t)env_wall(site->env).ms, 8);
    bytes_str(d->out, a->reason);
    signed_by_put(d->out, &by);
    return OK;
}

static bool accepted_get(const struct fact *f, struct accepted *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct accepted x = {.jump = bytes_get_u(&r, 8)};

    x.shown.ms = (int64_t)bytes_get_u(&r, 8);
    x.as.reason = bytes_get_str(&r);
    if (!signed_by_read(f, &r, &x.as.by)) return false;
    *out = x;
    return bytes_end(&r);
}

static void accepted_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    end_stop(t, f);
}

static void accepted_members(const struct accepted *x, const char *first, struct json_w *w)
{
    json_w_kint(w, "jump", (int64_t)x->jump);
    json_w_kwall(w, "shown", x->shown);
    if (x->as.reason.n > 0) json_w_kstr(w, "reason", x->as.reason);
    signed_by_write(w, first, &x->as.by);
}

static void accepted_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct accepted x;

    (void)arg;
    if (accepted_get(f, &x)) accepted_members(&x, "first_signature", w);
}

const struct kind kind_clock_accepted = {
    FACT_CLOCK_ACCEPTED, 2,   "clock.accepted", accepted_decide, accepted_write,
    accepted_print,      NULL};
const struct kind kind_clock_accepted_1 = {
    FACT_CLOCK_ACCEPTED, 1, "clock.accepted", NULL, accepted_write, accepted_print, NULL};

// What ends the stop, by two people where it is marked; who logs in to do so, and first
// changes a password that an administrator has set; who tried in vain, so that wrong passwords
// count while it lasts; who becomes a person that can sign, and who may not call any more; and by
// which settings it is done.
const struct kind *const clock_allowed[] = {
    &kind_clock_accepted,   &kind_act_proposed,   &kind_act_withdrawn,
    &kind_user_password,    &kind_session_opened, &kind_session_ended,
    &kind_password_refused, &kind_user_locked,    &kind_user_put,
    &kind_user_put_signed,  &kind_token_revoked,  &kind_certificate_ended,
    &kind_settings_changed, &kind_refusal,        NULL};

// ---- the routes

struct accept_wish {
    str reason;
    struct signature_said *signature;
};

// clang-format off
#define W(member) .at = offsetof(struct accept_wish, member)
static const struct form_field fields[] = {
    {.name = "reason",    .kind = FORM_STR, W(reason), .max = 500},
    {.name = "signature", .kind = FORM_ONE, W(signature), .sub = &signature_form},
    {0},
};
// clang-format on
static const struct form accept_form = {"clock", sizeof(struct accept_wish), fields, 1};

static void render_accepted(struct http_req *r, const struct ask *a)
{
    struct accepted x;
    struct buf b;

    if (second_code(a) == 202) {
        second_proposed(r, a);
        return;
    }
    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kint(&w, "seq", (int64_t)a->fact.seq);
    if (accepted_get(&a->fact, &x)) accepted_members(&x, "first", &w);
    json_w_end(&w);
    api_reply(r, 200, &b);
}

static void accept_post(struct http_req *r)
{
    const struct caller *c = caller_of(r);
    struct accept_wish wish;
    struct accept *ask = NEW(&r->arena, struct accept);

    if (!api_body(r, &accept_form, &wish)) return;
    api_answers(r, render_accepted);
    status st = ask == NULL ? no_memory() : api_reason_check(c, wish.reason);
    if (st.cls == ST_OK && !caller_is_site(c))
        st = fail(ST_NOT_ALLOWED, "access.client", 0, "the clock is the whole site's");
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    *ask = (struct accept){.reason = wish.reason};
    struct signing s = {.of = act, // always signed: records of before may not be
                        .look = accept_look,
                        .what = ask,
                        .by = &ask->by,
                        .said = wish.signature,
                        .kind = &kind_clock_accepted,
                        .render = render_accepted};
    signed_by_command(r, &s);
}

static void clock_get(struct http_req *r)
{
    const struct env *env = api_site(r)->env;
    struct clock_stop stop = {0};
    struct buf b;

    bool stopped = clock_stop_get(api_snapshot(r), &stop);
    status st = api_snapshot_end(r, OK);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 1 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kwall(&w, "time", env_wall(env));
    json_w_kbool(&w, "synchronised", env_synchronised(env));
    json_w_kbool(&w, "stopped", stopped);
    if (stopped) {
        json_w_kint(&w, "jump", (int64_t)stop.seq);
        json_w_kwall(&w, "steady", stop.steady);
        json_w_kwall(&w, "shown", stop.shown);
    }
    json_w_end(&w);
    api_reply(r, 200, &b);
}

// clang-format off
const struct http_route clock_routes[] = {
    {HTTP_GET,  "/v1/clock", "operator qa auditor admin", 0, clock_get, NULL, NULL, ""},
    {HTTP_POST, "/v1/clock/accept", "operator qa", 16 * KB, accept_post, NULL, NULL, ""},
    {0},
};
// clang-format on

// ---- the tick

struct clock_tick {
    struct event *event;
    struct committer *committer;
};

static void tick(evutil_socket_t fd, short what, void *arg)
{
    struct clock_tick *t = arg;

    (void)fd, (void)what;
    committer_wake(t->committer);
}

struct clock_tick *clock_tick_start(struct loop *l, struct committer *c)
{
    static const struct timeval every = {TICK_S, 0};
    struct clock_tick *t = calloc(1, sizeof *t);

    assert(t != NULL);
    t->committer = c;
    t->event = event_new(loop_base(l), -1, EV_PERSIST, tick, t);
    assert(t->event != NULL && event_add(t->event, &every) == 0);
    return t;
}

void clock_tick_stop(struct clock_tick **tp)
{
    struct clock_tick *t = *tp;

    *tp = NULL;
    if (t == NULL) return;
    event_free(t->event);
    free(t);
}
