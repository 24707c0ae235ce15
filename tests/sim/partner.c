// An event comes twice only where the first time may not have been heard of: the answer was lost,
// or the service crashed before it can have written down what it heard.
#include "partner.h"
#include "service/event/event_id.h"
#include "service/event/render.h"
#include "service/journal/numbers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 20000u

static const char *const names[PARTNERS] = {"good", "strict", "watcher", "counter"};

void partners_init(struct partners *p, struct house *h, struct dice *dice)
{
    *p = (struct partners){.house = h, .dice = dice};
    for (unsigned i = 0; i < PARTNERS; i++)
        p->at[i] = (struct sim_partner){.name = names[i],
                                        .strict = i == 1,
                                        .subscribed = i >= CONFIGURED,
                                        .of_shipped = i == CONFIGURED + 1};
    h->send = partner_send;
    h->send_self = p;
}

void partners_fini(struct partners *p)
{
    for (unsigned i = 0; i < PARTNERS; i++) {
        free(p->at[i].events);
        free(p->at[i].last);
    }
}

// ---- what it was told

// The next event of a document, and what else is said of it.
static bool next_id(str *body, str *id)
{
    static const str mark = {"\"eventID\":\"", 11};
    const char *at = memmem(body->p, body->n, mark.p, mark.n);

    if (at == NULL) return false;
    *body = str_from(*body, (size_t)(at - body->p) + mark.n);
    const char *end = memchr(body->p, '"', body->n);
    if (end == NULL) return false;
    *id = (str){body->p, (size_t)(end - body->p)};
    return true;
}

static bool is_shipped(str rest)
{
    static const char mark[] = "\"eventID\":", step[] = "\"bizStep\":\"shipping\"";
    const char *next = memmem(rest.p, rest.n, mark, sizeof mark - 1);
    size_t n = next == NULL ? rest.n : (size_t)(next - rest.p);

    return memmem(rest.p, n, step, sizeof step - 1) != NULL;
}

static uint32_t find(const struct sim_partner *x, str id)
{
    uint32_t i = x->count; // a repeat is mostly of late

    while (i > 0 && !str_eq(str_of(x->events[i - 1].id), id)) i--;
    return i == 0 ? x->count : i - 1;
}

static void note_last(struct sim_partner *x, uint32_t event)
{
    if (x->last_count == x->last_room) {
        x->last_room = x->last_room ? 2 * x->last_room : 16;
        x->last = realloc(x->last, x->last_room * sizeof *x->last);
        assert(x->last != NULL);
    }
    x->last[x->last_count++] = event;
}

static void take_event(struct partners *p, struct sim_partner *x, str id, bool shipped)
{
    uint32_t i = find(x, id);

    if (i < x->count) {
        p->repeats++;
        if (!x->events[i].doubt)
            trace_break(p->house->trace, "%s got %.*s again, though nothing had failed", x->name,
                        STR(id));
    } else {
        if (x->count == x->room) {
            x->room = x->room ? 2 * x->room : 64;
            x->events = realloc(x->events, x->room * sizeof *x->events);
            assert(x->events != NULL && x->count < EVENTS_MAX);
        }
        assert(id.n < sizeof x->events[i].id);
        x->count++;
        memcpy(x->events[i].id, id.p, id.n);
        x->events[i].id[id.n] = 0;
        x->events[i].shipped = shipped;
    }
    x->events[i].doubt = false;
    note_last(x, i);
}

static void doubt_last(struct sim_partner *x)
{
    for (uint32_t i = 0; i < x->last_count; i++) x->events[x->last[i]].doubt = true;
}

static void take(struct partners *p, struct sim_partner *x)
{
    str rest = x->call.body, id;

    x->last_count = 0;
    while (next_id(&rest, &id)) take_event(p, x, id, is_shipped(rest));
}

// Some events are not to its liking; which, hangs on their ids alone.
static bool refuses(const struct sim_partner *x)
{
    str rest = x->call.body, id;

    while (x->strict && !x->mended && next_id(&rest, &id))
        if (hash_of(id) % 9 == 0) return true;
    return false;
}

// ---- the wire

static struct sim_partner *by_url(struct partners *p, str url)
{
    for (unsigned i = 0; i < PARTNERS; i++)
        if (memmem(url.p, url.n, p->at[i].name, strlen(p->at[i].name)) != NULL) return &p->at[i];
    assert_failed("a partner of ours", __FILE__, __LINE__);
}

void partner_send(void *self, const struct http_call *call, http_call_done *done)
{
    struct partners *p = self;
    struct sim_partner *x = by_url(p, call->url);

    if (p->house->down) return; // it crashes: nothing gets out
    if (x->done != NULL) trace_break(p->house->trace, "%s got two messages at once", x->name);
    x->call = *call;
    x->done = done;
    x->hangs_until = 0;
    p->messages++;
    trace_say(p->house->trace, "send %s %zu bytes %016llx", x->name, call->body.n,
              (unsigned long long)hash_of(call->body));
}

static void answer(struct partners *p, struct sim_partner *x, int code, const char *how)
{
    struct http_answer a = {
        .code = code, .body = S("{}"), .trouble = S("no answer"), .retry_after_s = -1};
    http_call_done *done = x->done;

    trace_say(p->house->trace, "partner %s: %d %s", x->name, code, how);
    x->done = NULL;
    done(x->call.arg, &a);
}

bool partners_wait(const struct partners *p)
{
    for (unsigned i = 0; i < PARTNERS; i++)
        if (p->at[i].done != NULL) return true;
    return false;
}

static void unheard(struct partners *p, struct sim_partner *x, const char *how)
{
    take(p, x);
    doubt_last(x);
    answer(p, x, 0, how);
}

static void fail_somehow(struct partners *p, struct sim_partner *x)
{
    static const int codes[] = {500, 503, 429, 408};

    p->troubles++;
    switch (dice_below(p->dice, 4)) {
    case 0: answer(p, x, codes[dice_below(p->dice, LEN(codes))], "busy"); break;
    case 1: answer(p, x, 0, "the connection broke"); break;
    case 2: unheard(p, x, "the answer was lost"); break;
    default:
        x->hang_takes = dice_chance(p->dice, 500);
        x->hangs_until = p->house->mono_ms + x->call.total_ms;
        trace_say(p->house->trace, "partner %s hangs", x->name);
    }
}

static void step(struct partners *p, struct sim_partner *x)
{
    if (x->hangs_until != 0) {
        if (p->house->mono_ms < x->hangs_until) return;
        if (x->hang_takes)
            unheard(p, x, "it hung, and took it");
        else
            answer(p, x, 0, "it hung");
    } else if (dice_chance(p->dice, p->trouble)) {
        fail_somehow(p, x);
    } else if (refuses(x)) {
        answer(p, x, 400, "refused");
    } else {
        take(p, x);
        answer(p, x, 200, "taken");
    }
}

void partners_step(struct partners *p)
{
    unsigned first = dice_below(p->dice, PARTNERS);

    for (unsigned i = 0; i < PARTNERS; i++) {
        struct sim_partner *x = &p->at[(first + i) % PARTNERS];
        if (x->done == NULL) continue;
        step(p, x);
        return;
    }
}

void partners_crash(struct partners *p)
{
    for (unsigned i = 0; i < PARTNERS; i++) {
        struct sim_partner *x = &p->at[i];
        doubt_last(x);
        if (x->done != NULL && !refuses(x) && dice_chance(p->dice, 500)) {
            take(p, x);
            doubt_last(x);
        }
        x->done = NULL;
    }
}

// ---- at the end

struct wanted {
    struct partners *p;
    struct sim_partner *x;
    uint32_t count;     // events of the journal so far
    uint32_t of_lot[8]; // the place of the last one of each lot, and one more
};

static void want(struct wanted *w, const struct fact *f, const struct event_part *part)
{
    const uint8_t *journal = w->p->house->site.meta.journal_id;
    struct event_name name = {f->seq, part->part, 0, 0};
    struct trace *t = w->p->house->trace;
    struct buf id;

    if (w->x->of_shipped && !str_eq(part->event.step, S("shipping"))) return;
    buf_init(&id, 64);
    if (f->kind == FACT_EVENT_CAPTURED)
        buf_add(&id, part->event.id);
    else
        event_id_put(journal, &name, &id);
    uint32_t at = find(w->x, buf_str(&id));
    if (at == w->x->count)
        trace_break(t, "%s was never told of fact %llu", w->x->name, (unsigned long long)f->seq);
    else if (!w->x->strict && at != w->count)
        trace_break(t, "%s was told of fact %llu as number %u, not %u", w->x->name,
                    (unsigned long long)f->seq, at, w->count);
    uint32_t *last = &w->of_lot[f->lot % LEN(w->of_lot)];
    if (f->lot != 0 && at < *last)
        trace_break(t, "%s was told of fact %llu before others of its lot", w->x->name,
                    (unsigned long long)f->seq);
    if (f->lot != 0) *last = at;
    w->count++;
    buf_fini(&id);
}

static void partner_check(struct partners *p, struct sim_partner *x)
{
    struct txn *t = txn_read(p->house->site.db);
    uint64_t end = journal_head_get(t).seq;
    struct wanted w = {.p = p, .x = x};
    struct event_parts parts;
    struct arena a;
    struct fact f;

    arena_init(&a, 64 * MB);
    for (uint64_t seq = 1; seq <= end; seq++, arena_reset(&a)) {
        if (journal_get(t, seq, &a, &f).cls != ST_OK || !(f.flags & FACT_IS_EVENT)) continue;
        struct event_render r = event_render_begin(&p->house->site, t, &a);
        status st = event_render(&r, &f, &parts);
        if (st.cls != ST_OK)
            trace_break(p->house->trace, "event %llu: %s", (unsigned long long)seq, st.reason);
        for (uint32_t i = 0; st.cls == ST_OK && i < parts.n; i++) want(&w, &f, &parts.at[i]);
    }
    if (w.count != x->count)
        trace_break(p->house->trace, "%s was told of %u events, there are %u", x->name, x->count,
                    w.count);
    arena_fini(&a);
    (void)txn_end(&t, false).cls;
}

bool partners_even(const struct partners *p)
{
    uint32_t shipped = 0;

    for (uint32_t i = 0; i < p->at[0].count; i++) shipped += p->at[0].events[i].shipped;
    for (unsigned i = CONFIGURED; i < PARTNERS; i++)
        if (p->at[i].count < (p->at[i].of_shipped ? shipped : p->at[0].count)) return false;
    return true;
}

void partners_check_captured(struct partners *p, const uint32_t *numbers, uint32_t n)
{
    static const char mark[] = "urn:sim:";
    uint32_t told = 0;
    char id[24];

    for (uint32_t i = 0; i < p->at[0].count; i++)
        told += strncmp(p->at[0].events[i].id, mark, sizeof mark - 1) == 0;
    if (told != n)
        trace_break(p->house->trace, "%u events of documents were told, %u were taken", told, n);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(id, sizeof id, "%s%u", mark, numbers[i]);
        if (find(&p->at[0], str_of(id)) == p->at[0].count)
            trace_break(p->house->trace, "%s was never told", id);
    }
}

void partners_check(struct partners *p)
{
    for (unsigned i = 0; i < PARTNERS; i++) partner_check(p, &p->at[i]);
}
