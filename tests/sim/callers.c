#include "callers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void callers_init(struct callers *c, struct house *h, struct goods *g, struct dice *dice)
{
    *c = (struct callers){.house = h, .goods = g, .dice = dice};
}

static void ask_over(struct caller_of_sim *x)
{
    if (x->asks == ASKING_WISH) buf_fini(&x->wish.body);
    x->asks = ASKING_NOTHING;
}

void callers_fini(struct callers *c)
{
    callers_crash(c);
    callers_buried(c);
    for (unsigned i = 0; i < CALLERS; i++) {
        ask_over(&c->at[i]);
        for (unsigned k = 0; k < KEPT; k++) buf_fini(&c->at[i].answered[k].body);
    }
}

bool callers_rest(const struct callers *c)
{
    for (unsigned i = 0; i < CALLERS; i++)
        if (c->at[i].asks != ASKING_NOTHING) return false;
    return !c->clock_stopped;
}

// ---- calls that nobody waits for

static void let_go(struct callers *c, struct caller_of_sim *x)
{
    if (x->call == NULL) return;
    if (x->call->state == WIRE_BODY) wire_break(x->call);
    x->call->next = c->orphans;
    c->orphans = x->call;
    x->call = NULL;
}

static void bury(struct callers *c)
{
    for (struct wire_call **at = &c->orphans; *at != NULL;) {
        struct wire_call *call = *at;
        if (call->state != WIRE_ANSWERED) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        wire_free(&call);
    }
}

void callers_crash(struct callers *c)
{
    for (unsigned i = 0; i < CALLERS; i++) let_go(c, &c->at[i]);
}

void callers_buried(struct callers *c)
{
    bury(c);
    assert(c->orphans == NULL); // a job that was taken is answered
}

// ---- asking

// What all the others wish for.
static struct wishing wishing(struct callers *c, struct caller_of_sim *x,
                              struct wish *others[CALLERS])
{
    unsigned who = (unsigned)(x - c->at);

    for (unsigned i = 0; i < CALLERS; i++)
        others[i] = i != who && c->at[i].asks == ASKING_WISH ? &c->at[i].wish : NULL;
    return (struct wishing){others, CALLERS,
                            who < OPERATOR ? BY_LINE : (enum wisher)(BY_OPERATOR + who - OPERATOR),
                            who};
}

static void wish_new(struct callers *c, struct caller_of_sim *x)
{
    struct wish *others[CALLERS];
    struct wishing w = wishing(c, x, others);

    if (!goods_wish(c->goods, &x->wish, &w)) return;
    snprintf(x->wish.key, sizeof x->wish.key, "%s-%u", wish_words[x->wish.sort], ++c->wishes);
    x->asks = ASKING_WISH;
}

static void accept_new(struct callers *c, struct caller_of_sim *x)
{
    if (!c->clock_stopped) return;
    x->wish = (struct wish){.sort = WISH_ACCEPT,
                            .expect = EXPECT_EITHER,
                            .box = BOXES_MAX,
                            .lot = LOTS,
                            .line = "POST /v1/clock/accept"};
    x->wish.type = "application/json";
    snprintf(x->wish.key, sizeof x->wish.key, "accept-%u", ++c->wishes);
    buf_init(&x->wish.body, 1 * KB);
    buf_add(&x->wish.body, S("{\"reason\":\"it is right\"," SIM_SIGN "}"));
    x->asks = ASKING_WISH;
}

static const struct kept *remembered(const struct callers *c, const struct caller_of_sim *x)
{
    uint32_t n = x->answered_count < KEPT ? x->answered_count : KEPT;

    return n == 0 ? NULL : &x->answered[dice_below(c->dice, n)];
}

// The same once more; or under the same key something else.
static void repeat_new(struct callers *c, struct caller_of_sim *x)
{
    x->kept = x->other = remembered(c, x);
    if (x->kept == NULL) return;
    x->asks = ASKING_REPEAT;
    if (!dice_chance(c->dice, 300)) return;
    x->other = remembered(c, x);
    if (strcmp(x->other->line, x->kept->line) == 0 && x->other->type == x->kept->type &&
        !str_eq(buf_str(&x->other->body), buf_str(&x->kept->body)))
        x->asks = ASKING_OTHER;
    else
        x->other = x->kept;
}

static void begin(struct callers *c, struct caller_of_sim *x)
{
    const struct kept *k = x->kept;
    struct wish *w = &x->wish;
    bool wish = x->asks == ASKING_WISH;
    unsigned loop = dice_below(c->dice, HOUSE_LOOPS);
    struct wire_ask ask = {.line = wish ? w->line : k->line,
                           .token = str_of(x->token),
                           .key = str_of(wish ? w->key : k->key),
                           .type = str_of(wish ? w->type : k->type),
                           .body = buf_str(wish ? &w->body : &x->other->body),
                           .loop = c->house->site.loops[loop]};

    c->asked++;
    trace_say(c->house->trace, "ask %s%s %s %.*s", x->asks == ASKING_OTHER ? "other " : "",
              wish ? w->key : k->key, ask.line, (int)(ask.body.n < 160 ? ask.body.n : 160),
              ask.body.p);
    x->call = wire_begin(&c->house->wire, &ask);
}

// ---- hearing

static void keep(struct caller_of_sim *x, const struct house_answer *a)
{
    struct kept *k = &x->answered[x->answered_count++ % KEPT];

    buf_fini(&k->body);
    memcpy(k->key, x->wish.key, sizeof k->key);
    memcpy(k->line, x->wish.line, sizeof k->line);
    k->type = x->wish.type;
    k->body = x->wish.body; // taken over
    k->code = a->code;
    k->of_now = x->wish.bound == BOUND_TO_NOW;
    k->answer = hash_of(a->body);
    x->asks = ASKING_NOTHING;
}

static void hear_repeat(struct callers *c, struct caller_of_sim *x, const struct house_answer *a)
{
    bool other = x->asks == ASKING_OTHER;
    bool alike = x->kept->of_now || hash_of(a->body) == x->kept->answer;
    bool right = other ? a->code == 422 && memmem(a->body.p, a->body.n, "idempotency.mismatch", 20)
                       : a->code == x->kept->code && alike;

    c->repeats += !other;
    c->others += other;
    if (!right)
        trace_break(c->house->trace, "%s %s again was answered otherwise: %d %.*s",
                    other ? "another call under" : "asking", x->kept->key, a->code,
                    (int)(a->body.n < 200 ? a->body.n : 200), a->body.p);
    ask_over(x);
}

static void hear_wish(struct callers *c, struct caller_of_sim *x, const struct house_answer *a)
{
    enum judged j = goods_weigh(&x->wish, a);

    if (j == JUDGED_AGAIN) return;
    goods_judge(c->goods, &x->wish, j, a->body);
    if (dice_chance(c->dice, 500)) {
        struct wish *others[CALLERS];
        struct wishing w = wishing(c, x, others);
        goods_glance(c->goods, &x->wish, &w);
    }
    if (x->wish.sort == WISH_ACCEPT) c->clock_stopped = false;
    if (a->code < 300 && x->wish.sort != WISH_ACCEPT && x->wish.bound != BOUND_TO_NOTHING)
        keep(x, a);
    else
        ask_over(x);
}

static void hear(struct callers *c, struct caller_of_sim *x)
{
    struct house_answer a = {x->call->code, buf_str(&x->call->answer)};
    static const char stopped[] = "\"clock.jumped\"";

    trace_say(c->house->trace, "answer %s: %d %016llx %.*s",
              x->asks == ASKING_WISH ? x->wish.key : x->kept->key, a.code,
              (unsigned long long)hash_of(a.body), (int)(a.body.n < 200 ? a.body.n : 200),
              a.body.p);
    if (memmem(a.body.p, a.body.n, stopped, sizeof stopped - 1) != NULL) c->clock_stopped = true;
    if (x->asks == ASKING_WISH)
        hear_wish(c, x, &a);
    else if (a.code < 500 && a.code != 429)
        hear_repeat(c, x, &a);
    wire_free(&x->call);
}

static void wait(struct callers *c, struct caller_of_sim *x)
{
    if (dice_chance(c->dice, c->give_up)) {
        c->lost++;
        trace_say(c->house->trace, "gives up %s",
                  x->asks == ASKING_WISH ? x->wish.key : x->kept->key);
        let_go(c, x);
    } else if (wire_may_feed(x->call)) {
        wire_feed(x->call, dice_chance(c->dice, 600) ? SIZE_MAX : 1 + dice_below(c->dice, 200));
    }
}

static void want(struct callers *c, struct caller_of_sim *x)
{
    if (x == &c->at[SIGNER])
        accept_new(c, x);
    else if (c->closing)
        return;
    else if (dice_chance(c->dice, 250))
        repeat_new(c, x);
    else
        wish_new(c, x);
}

void callers_step(struct callers *c, uint32_t which)
{
    struct caller_of_sim *x = &c->at[which];

    bury(c);
    if (x->asks == ASKING_NOTHING) want(c, x);
    if (x->asks == ASKING_NOTHING) return;
    if (x->call == NULL)
        begin(c, x);
    else if (x->call->state == WIRE_ANSWERED)
        hear(c, x);
    else
        wait(c, x);
}
