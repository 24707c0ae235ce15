// shaper.c - which events a message is of: parked deliveries that are free again go first, then the
// client's events from the position on: those that the filter leaves out are passed over, those
// that share a lot with a parked one are parked behind it, the others are written, in order, until
// the message is full.
#include "service/exchange/shaper.h"
#include "service/exchange/telling.h"
#include "service/journal/site.h"
#include <stdlib.h>

#define SHAPER_MAGIC 0x54a9e500u

enum {
    EXAMINED_MAX = 10000, // events looked at in one snapshot
    PARKED_MAX = 1000,    // of them parked behind others: they all go into one fact
    PASS_EVERY = 10000    // events filtered out, after which the position moves without a message
};

struct shaper {
    unsigned magic;
    const struct site *site;
    const struct exchange_limits *limits;
    struct txn *t;         // rests between messages
    struct arena scratch;  // of one event
    struct arena matching; // of holding it against a query
    struct http_gzip *gzip;
};

// A message being made.
struct making {
    struct shaper *s;
    struct follower *f;
    struct message *m;
    struct partner_row row;
    struct event_render render;
    struct order order;
    struct telling doc;
    struct lot_set behind; // lots of those this message parks
    uint32_t examined;
};

struct shaper *shaper_new(const struct site *site, const struct exchange_limits *l)
{
    struct shaper *s = calloc(1, sizeof *s);

    assert(s != NULL);
    s->magic = SHAPER_MAGIC;
    s->site = site;
    s->limits = l;
    s->t = txn_read(site->db);
    txn_rest(s->t);
    arena_init(&s->scratch, 256 * MB);
    arena_init(&s->matching, 64 * MB);
    return s;
}

void shaper_free(struct shaper **sp)
{
    struct shaper *s = *sp;

    *sp = NULL;
    if (s == NULL) return;
    OBJ_CHECK(s, SHAPER_MAGIC);
    (void)txn_end(&s->t, false).cls; // it only read
    arena_fini(&s->scratch);
    arena_fini(&s->matching);
    http_gzip_free(&s->gzip);
    s->magic = 0;
    free(s);
}

// ---- one event

static enum told wrong(struct making *x, status st)
{
    x->m->trouble = st;
    return TOLD_WRONG;
}

// For an event that comes from the list: must it wait? Those parked in this message count too.
static status must_wait(struct making *x, const struct fact *f, struct lots *lots, bool *out)
{
    *out = false;
    *lots = (struct lots){0};
    if (x->row.parked == 0 && x->m->parked_count == 0) return OK;
    TRY(event_lots(&x->order, f, lots));
    *out = lot_set_meets(&x->behind, lots) || parked_blocks(x->s->t, x->f->number, lots);
    return OK;
}

static enum told event_tell(struct making *x, uint64_t seq, struct lots *lots)
{
    struct choosing choosing = {&x->render, &x->s->matching};
    struct event_parts parts;
    bool wait = false;
    struct fact f;

    if (follower_excuses(x->f, seq))
        return wrong(x, fail(ST_TOO_LARGE, "subscriber.too_large", 0,
                             "a message with this event alone is answered 413"));
    arena_reset(&x->s->scratch);
    parts.statement = (struct event_statement){0};
    status st = journal_get(x->s->t, seq, &x->s->scratch, &f);
    if (st.cls != ST_OK) return wrong(x, st);
    st = x->f->sort->choose(x->f, &choosing, &f, &parts);
    if (st.cls == ST_OK && parts.n == 0) return TOLD_NOT;
    status order = x->m->again ? OK : must_wait(x, &f, lots, &wait);
    if (order.cls != ST_OK) return wrong(x, order);
    if (wait) return TOLD_BEHIND;
    enum told told = st.cls != ST_OK ? wrong(x, st) : telling_add(&x->doc, seq, &parts);
    if (told == TOLD && x->f->partner.master_data)
        heading_note(&x->doc.heading, &x->order, &f, &parts);
    return told;
}

static void note_told(struct making *x, uint64_t seq) { x->m->events[x->m->count++] = seq; }

// ---- parked ones that are free again

// A rejected one is sent when somebody says so; either sort when none before it, that is not in
// this message, shares a lot with it.
static void parked_tell(struct making *x)
{
    struct lot_set blocked = {.a = &x->f->arena};
    struct parked_walk w;
    struct parked p;
    struct lots none;

    x->m->again = true;
    parked_walk(&w, x->s->t, x->f->number, 0);
    while (x->m->count < x->f->limit && x->m->what == SHAPED_NOTHING && parked_next(&w, &p)) {
        bool is_free = (p.released || !p.rejected) && !lot_set_meets(&blocked, &p.lots);
        enum told told = is_free ? event_tell(x, p.seq, &none) : TOLD_BEHIND;
        if (told == TOLD_BEHIND || told == TOLD_NOT)
            lot_set_add(&blocked, &p.lots);
        else if (told == TOLD)
            note_told(x, p.seq);
        else
            break;
    }
    walk_close(&w.w);
    if (x->m->count > 0 || x->m->trouble.cls == ST_OK) return;
    x->m->what = SHAPED_UNTOLD;
    note_told(x, p.seq);
    x->m->lots = p.lots;
}

// ---- the client's events

static bool may_park(const struct making *x)
{
    return x->row.parked + x->m->parked_count < x->s->limits->parked_max;
}

// False: there is no room for it.
static bool park_behind(struct making *x, uint64_t seq, const struct lots *lots)
{
    if (!may_park(x) || x->m->parked_count == PARKED_MAX) return false;
    x->m->parked[x->m->parked_count++] = (struct parking){seq, false, *lots};
    lot_set_add(&x->behind, lots);
    return true;
}

// Nothing is left out in silence: the receiver is told that this event cannot be told.
static void excuse(struct making *x, uint64_t seq)
{
    status why = x->m->trouble;

    if (why.cls == ST_STORE || why.cls == ST_INTERNAL) {
        x->m->what = SHAPED_TROUBLE;
        return;
    }
    telling_fini(&x->doc);
    buf_reset(&x->m->body);
    x->m->body.max = MESSAGE_MAX;
    x->f->sort->excuse(x->f, why, &x->m->body);
    x->m->excuse = true;
    x->m->what = SHAPED_MESSAGE;
    x->m->position = seq;
    note_told(x, seq);
}

// It cannot be put into words. Behind others of this message it comes first the next time.
static void event_untold(struct making *x, uint64_t seq)
{
    if (x->m->count > 0) return;
    if (!x->f->sort->parks) {
        excuse(x, seq);
        return;
    }
    if (x->m->parked_count > 0 || !may_park(x)) return;
    x->m->what = SHAPED_UNTOLD;
    x->m->position = seq;
    note_told(x, seq);
}

// False: this message ends before the event.
static bool event_take(struct making *x, uint64_t seq)
{
    struct lots lots;

    switch (event_tell(x, seq, &lots)) {
    case TOLD: return note_told(x, seq), true;
    case TOLD_NOT: return x->f->skipped++, true;
    case TOLD_BEHIND: return park_behind(x, seq, &lots);
    case TOLD_FULL: return false;
    case TOLD_WRONG: return event_untold(x, seq), false;
    }
    return false;
}

static bool is_after_run(const struct follower *f, uint64_t seq)
{
    return f->scheduled && seq > f->run_until;
}

static void events_tell(struct making *x)
{
    uint64_t seqs[256];
    bool more = true;

    x->m->again = false;
    while (more && x->m->count < x->f->limit && x->examined < EXAMINED_MAX) {
        size_t n = list_of(x->s->t, x->f->client, LIST_EVENTS, (str){0}, x->m->position + 1, seqs,
                           LEN(seqs));
        if (n == 0) return;
        for (size_t i = 0; more && i < n && x->m->count < x->f->limit; i++) {
            if (is_after_run(x->f, seqs[i])) return;
            more = event_take(x, seqs[i]);
            if (more) x->m->position = seqs[i];
            x->examined++;
        }
    }
    if (x->m->count == 0 && x->m->what == SHAPED_NOTHING && x->m->parked_count == 0)
        x->m->what = more ? SHAPED_MORE : SHAPED_HELD;
}

// ---- messages

static bool message_begin(struct making *x)
{
    struct message *m = x->m;

    if (x->f->scheduled && x->f->running && x->f->run_until == 0)
        x->f->run_until = journal_head_get(x->s->t).seq;
    uint32_t room = x->f->limit + 1;
    arena_reset(&x->f->arena);
    buf_reset(&m->body);
    *m = (struct message){.what = SHAPED_NOTHING, .body = m->body, .trouble = OK};
    m->events = NEW_ARRAY(&x->f->arena, uint64_t, room);
    assert(m->events != NULL);
    if (!partner_row_get(x->s->t, x->f->number, &x->row)) return false;
    if (x->row.parked > 0) m->parked = NEW_ARRAY(&x->f->arena, struct parking, PARKED_MAX);
    assert(x->row.parked == 0 || m->parked != NULL);
    m->before = x->row.position;
    m->position = x->f->examined > m->before ? x->f->examined : m->before;
    x->behind = (struct lot_set){.a = &x->f->arena};
    return true;
}

// For one event alone, which may be refused and parked with its lots.
static void lots_note(struct making *x)
{
    struct parked p;
    struct fact f;

    if (x->m->count != 1) return;
    if (x->m->again) {
        if (parked_get(x->s->t, x->f->number, x->m->events[0], &p)) x->m->lots = p.lots;
        return;
    }
    arena_reset(&x->s->scratch);
    status st = journal_get(x->s->t, x->m->events[0], &x->s->scratch, &f);
    if (st.cls == ST_OK) st = event_lots(&x->order, &f, &x->m->lots);
    if (st.cls != ST_OK) x->m->lots = (struct lots){{PARKED_ALL_LOTS}, 1};
}

// Nothing was found in a whole run, and the subscriber wants to hear of that.
static bool is_empty_report(const struct making *x)
{
    const struct follower *f = x->f;

    return x->m->what == SHAPED_NOTHING && x->m->count == 0 && f->scheduled && f->running &&
           !f->told && f->subscription.wish.report_if_empty;
}

static void document_end(struct making *x)
{
    struct message *m = x->m;
    bool empty = is_empty_report(x), spoilt = m->what == SHAPED_UNTOLD || m->what == SHAPED_TROUBLE;

    if (empty && !telling_begin(&x->doc)) {
        m->what = SHAPED_TROUBLE;
        m->trouble = x->doc.doc.st;
    } else if (x->doc.begun && !spoilt && (m->count > 0 || empty)) {
        telling_end(&x->doc, &x->s->gzip);
        m->what = SHAPED_MESSAGE;
    }
    telling_fini(&x->doc);
}

// There is nothing to send. Where events were parked, or very many filtered out, the position moves
// all the same.
static void quiet_end(struct making *x)
{
    if (x->m->parked_count > 0 || x->f->skipped >= PASS_EVERY) {
        x->m->what = SHAPED_PASSED;
        return;
    }
    x->f->examined = x->m->position;
    if (x->m->what == SHAPED_HELD) x->f->parked_at = x->row.parked;
}

static void message_end(struct making *x)
{
    struct message *m = x->m;
    bool parks = x->f->sort->parks;

    document_end(x);
    if (m->again) m->position = m->before;
    m->may_park = parks && (m->again || may_park(x));
    if (m->what == SHAPED_MESSAGE || m->what == SHAPED_UNTOLD) {
        if (parks) lots_note(x);
    } else if (m->what != SHAPED_TROUBLE) {
        quiet_end(x);
    }
}

static void make(struct making *x)
{
    struct follower *f = x->f;

    if (!f->sort->load(f, x->s->t, x->s->limits)) {
        x->m->what = f->is_over ? SHAPED_GONE : SHAPED_TROUBLE;
        return;
    }
    if (!message_begin(x)) {
        x->m->what = SHAPED_TROUBLE;
        return;
    }
    if (follower_pauses(f)) return;
    if (x->row.parked > 0 && (x->f->drain || x->row.released > 0)) parked_tell(x);
    if (x->m->count == 0 && x->m->what == SHAPED_NOTHING) {
        x->f->drain = false;
        events_tell(x);
    }
    message_end(x);
}

void shaper_shape(struct shaper *s, struct follower *f)
{
    OBJ_CHECK(s, SHAPER_MAGIC);
    OBJ_CHECK(f, FOLLOWER_MAGIC);
    txn_renew(s->t);
    struct making x = {.s = s, .f = f, .m = &f->message};
    x.render = event_render_begin(s->site, s->t, &s->scratch);
    x.order = (struct order){s->t, &s->scratch, x.render.names};
    x.doc = (struct telling){.f = f,
                             .limits = s->limits,
                             .t = s->t,
                             .scratch = &s->matching,
                             .prefixes = x.render.prefixes};
    make(&x);
    status st = txn_status(s->t);
    if (st.cls != ST_OK) { // whatever was made of what could not be read
        f->message.what = SHAPED_TROUBLE;
        f->message.trouble = st;
    }
    txn_rest(s->t);
    arena_reset(&s->scratch);
}

bool follower_has_work(const struct follower *f, struct txn *t, const struct exchange_limits *l)
{
    struct partner_row row;
    uint64_t seq;

    if (!partner_row_get(t, f->number, &row)) return false;
    if (row.released > 0) return true;
    if (f->parked_at >= l->parked_max && row.parked >= l->parked_max) return false;
    uint64_t from = f->examined > row.position ? f->examined : row.position;
    return list_of(t, row.client, LIST_EVENTS, (str){0}, from + 1, &seq, 1) == 1;
}

// ---- keeping

void shaper_file(struct messages *m, struct follower *f)
{
    struct outcome *o = &f->outcome;

    OBJ_CHECK(f, FOLLOWER_MAGIC);
    f->filed = OK;
    if (o->sent.file == 0)
        f->filed = messages_add(m, MESSAGE_SENT, buf_str(&f->message.body), &o->sent);
    if (f->filed.cls == ST_OK && o->answer.file == 0 && f->answer.n > 0)
        f->filed = messages_add(m, MESSAGE_ANSWER, buf_str(&f->answer), &o->answer);
}
