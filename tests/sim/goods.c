#include "goods_int.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (64 * KB)
#define TRIES    6u // until something is found to wish for

const char *const sim_lots[LOTS] = {"D1", "D2", "D3", "D4", "D5", "D6"};
const char *const wish_words[WISH_SORTS] = {
    "packs",      "boxes",      "commission", "scrap",      "back",    "pack",   "close",
    "unpack",     "begin",      "ship",       "void",       "receive", "return", "hold",
    "unhold",     "end",        "explain",    "release",    "reopen",  "tell",   "tell_wait",
    "tell_other", "tell_lying", "tell_again", "tell_wrong", "accept"};

void goods_init(struct goods *g, struct house *h, struct dice *dice)
{
    g->house = h;
    g->dice = dice;
    for (unsigned i = 0; i < SAID_KEPT; i++) buf_init(&g->said[i].body, BODY_MAX);
}

void goods_fini(struct goods *g)
{
    for (unsigned i = 0; i < SAID_KEPT; i++) buf_fini(&g->said[i].body);
}

// ---- choosing

void pick(struct goods *g, struct wish *w, const struct pick *p)
{
    for (uint32_t i = 0; i < g->pack_count && w->count < p->max; i++) {
        const struct sim_pack *x = &g->packs[i];
        if (x->state != p->state || x->waits) continue;
        if (x->busy >= EXCLUSIVE || (x->busy > 0 && !p->share)) continue;
        if (p->lot != LOTS && x->lot != p->lot) continue;
        if (p->box != BOXES_MAX && x->box != p->box) continue;
        if (dice_chance(g->dice, x->held ? 900 : 300)) continue;
        w->packs[w->count++] = i;
    }
}

uint32_t pick_box(struct goods *g, enum box_state state, bool filled)
{
    uint32_t found = BOXES_MAX, n = 0;

    for (uint32_t i = 0; i < g->box_count; i++) {
        const struct sim_box *x = &g->boxes[i];
        if (x->state != state || x->busy || x->waits || (filled && x->count == 0)) continue;
        if (dice_below(g->dice, ++n) == 0) found = i;
    }
    return found;
}

uint32_t pick_lot(struct goods *g, enum lot_run state)
{
    uint32_t lot = 0;

    for (unsigned i = 0; i < 4; i++) {
        lot = dice_below(g->dice, LOTS);
        if (g->lots[lot].state == state) break;
    }
    return lot;
}

void say_packs(const struct goods *g, const struct wish *w, struct buf *b, const char *around)
{
    for (uint32_t i = 0; i < w->count; i++)
        buf_addf(b, "%s\"%s%s\"", i > 0 ? "," : "", around, g->packs[w->packs[i]].serial);
}

void line_say(struct wish *w, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(w->line, sizeof w->line, fmt, ap);
    va_end(ap);
    assert(n > 0 && (size_t)n < sizeof w->line);
}

bool lot_takes(const struct sim_lot *l) { return l->state == LOT_RUNS || l->state == LOT_REOPENS; }
bool lot_leaves(const struct sim_lot *l)
{
    return !l->held && (l->state == LOT_ENDED || l->state == LOT_FREED);
}

void forbid(struct wish *w, bool wrong)
{
    if (wrong) w->expect = EXPECT_REFUSED;
}

void depend(struct goods *g, struct wish *w, uint32_t lot, bool right)
{
    if (w->expect == EXPECT_REFUSED) return;
    if (g->lots[lot].changing > 0)
        w->expect = EXPECT_EITHER;
    else
        forbid(w, !right);
}

// ---- wishes

// One that cannot be done is put among them, now and then.
static void spoil(struct goods *g, struct wish *w)
{
    static const enum pack_state wrong[] = {PACK_LOOSE, PACK_SCRAPPED, PACK_PACKED};
    struct wish one = {0};
    struct pick p = {wrong[dice_below(g->dice, LEN(wrong))], LOTS, BOXES_MAX, 1, false};

    if (w->count == 0 || w->count == PICK_MAX || !dice_chance(g->dice, 120)) return;
    pick(g, &one, &p);
    if (one.count == 0) return;
    w->packs[w->count++] = one.packs[0];
    w->expect = EXPECT_REFUSED;
}

static void say_one(struct goods *g, struct wish *w, const char *type, const struct wish *part)
{
    buf_addf(&w->body, "{\"type\":\"%s\",\"gtin\":\"" SIM_GTIN "\"", type);
    if (w->lot < LOTS) buf_addf(&w->body, ",\"lot\":\"%s\"", sim_lots[w->lot]);
    if (w->sort == WISH_SCRAP) buf_addf(&w->body, ",\"reason\":\"torn\"");
    buf_addf(&w->body, ",\"serials\":[");
    say_packs(g, part, &w->body, "");
    buf_addf(&w->body, "]}");
    w->objects++;
}

// A scrap without a lot has the one its numbers were asked for.
static uint32_t scrap_lot(struct goods *g, const struct wish *w)
{
    bool asked = false;

    for (uint32_t i = 0; i < w->count; i++) asked = asked || g->packs[w->packs[i]].asked < LOTS;
    return asked || dice_chance(g->dice, 500) ? dice_below(g->dice, LOTS) : LOTS;
}

// A report, or a line of NDJSON for each pack, which go in several transactions.
static bool wish_begin(struct goods *g, struct wish *w)
{
    const char *type = wish_words[w->sort];
    struct pick p = {PACK_ALLOCATED, LOTS, BOXES_MAX, 1 + dice_below(g->dice, 10),
                     dice_chance(g->dice, 250)};

    if (dice_chance(g->dice, 100)) p.state = PACK_LOST; // it is found
    pick(g, w, &p);
    if (w->count == 0) return false;
    w->lot = w->sort == WISH_SCRAP ? scrap_lot(g, w) : pick_lot(g, LOT_RUNS);
    if (w->sort == WISH_COMMISSION) depend(g, w, w->lot, lot_takes(&g->lots[w->lot]));
    if (w->sort == WISH_SCRAP && w->lot < LOTS)
        depend(g, w, w->lot, g->lots[w->lot].state != LOT_FREED);
    line_say(w, "POST /v1/reports");
    if (w->expect != EXPECT_REFUSED && dice_chance(g->dice, 250)) {
        w->type = "application/x-ndjson";
        for (uint32_t i = 0; i < w->count; i++) {
            const struct wish part = {.packs = {w->packs[i]}, .count = 1};
            say_one(g, w, type, &part);
            buf_addc(&w->body, '\n');
        }
        return true;
    }
    spoil(g, w);
    say_one(g, w, type, w);
    return true;
}

static bool wish_pack(struct goods *g, struct wish *w)
{
    bool begin = dice_chance(g->dice, 500);
    struct pick p = {PACK_LOOSE, LOTS, BOXES_MAX, CASE, dice_chance(g->dice, 200)};

    w->box = pick_box(g, begin ? BOX_ALLOCATED : BOX_OPEN, false);
    if (w->box == BOXES_MAX) return false;
    const struct sim_box *x = &g->boxes[w->box];
    p.lot = w->lot =
        x->count == 0 ? pick_lot(g, dice_chance(g->dice, 500) ? LOT_ENDED : LOT_RUNS) : x->lot;
    p.max = CASE - x->count;
    pick(g, w, &p);
    if (w->count == 0) return false;
    depend(g, w, w->lot, !g->lots[w->lot].held);
    forbid(w, x->held);
    for (uint32_t i = 0; i < w->count; i++) forbid(w, g->packs[w->packs[i]].held);
    line_say(w, "POST /v1/reports");
    w->objects = 1;
    buf_addf(&w->body, "{\"type\":\"pack\",\"parent\":\"%s\"%s,\"children\":[", x->sscc,
             begin ? ",\"commission\":true" : "");
    say_packs(g, w, &w->body, "(01)" SIM_GTIN "(21)");
    buf_addf(&w->body, "]}");
    return true;
}

static bool wish_close(struct goods *g, struct wish *w)
{
    w->box = pick_box(g, BOX_OPEN, true);
    if (w->box == BOXES_MAX) return false;
    const struct sim_box *x = &g->boxes[w->box];
    forbid(w, x->held);
    line_say(w, "POST /v1/reports");
    w->objects = 1;
    buf_addf(&w->body, "{\"type\":\"close\",\"parent\":\"%s\"%s}", x->sscc,
             x->count < CASE ? ",\"partial\":true,\"by\":\"mia\",\"reason\":\"the last ones\""
                             : "");
    return true;
}

static bool wish_unpack(struct goods *g, struct wish *w)
{
    w->box = pick_box(g, dice_chance(g->dice, 700) ? BOX_OPEN : BOX_CLOSED, true);
    if (w->box == BOXES_MAX) return false;
    struct pick p = {PACK_PACKED, LOTS, w->box, CASE, false};
    pick(g, w, &p);
    if (w->count == 0) return false;
    forbid(w, g->boxes[w->box].held);
    line_say(w, "POST /v1/reports");
    w->objects = 1;
    buf_addf(&w->body, "{\"type\":\"unpack\",\"parent\":\"%s\",\"children\":[",
             g->boxes[w->box].sscc);
    say_packs(g, w, &w->body, "(01)" SIM_GTIN "(21)");
    buf_addf(&w->body, "]}");
    return true;
}

// ---- a wish and the others

static bool names_packs(const struct wish *w)
{
    return w->sort != WISH_PACKS && w->sort != WISH_BOXES;
}

static bool has(const struct wish *w, uint32_t pack)
{
    for (uint32_t i = 0; names_packs(w) && i < w->count; i++)
        if (w->packs[i] == pack) return true;
    return false;
}

static void compete(const struct goods *g, struct wish *w, const struct wishing *x)
{
    for (uint32_t i = 0; names_packs(w) && i < w->count; i++) {
        if (g->packs[w->packs[i]].busy == 0) continue;
        w->expect = EXPECT_EITHER;
        for (uint32_t k = 0; k < x->other_count; k++)
            if (x->others[k] != NULL && has(x->others[k], w->packs[i]))
                x->others[k]->expect = EXPECT_EITHER;
    }
}

static bool is_act_upon_lot(const struct wish *w)
{
    bool hold = w->sort == WISH_HOLD || w->sort == WISH_UNHOLD;

    return w->sort == WISH_END || w->sort == WISH_RELEASE || w->sort == WISH_REOPEN ||
           (hold && w->of == HOLD_LOT);
}

static bool counts_goods(const struct wish *w)
{
    return w->sort == WISH_RELEASE || (w->sort == WISH_EXPLAIN && w->by_count);
}

static void touch(struct goods *g, struct wish *w)
{
    if (w->lot < LOTS) w->lots |= 1u << w->lot;
    if (w->box < BOXES_MAX && g->boxes[w->box].lot < LOTS) w->lots |= 1u << g->boxes[w->box].lot;
    if (w->box < BOXES_MAX && g->boxes[w->box].home < LOTS) w->lots |= 1u << g->boxes[w->box].home;
    for (uint32_t i = 0; names_packs(w) && i < w->count; i++) {
        const struct sim_pack *x = &g->packs[w->packs[i]];
        if (x->lot < LOTS) w->lots |= 1u << x->lot;
        if (x->asked < LOTS) w->lots |= 1u << x->asked;
    }
}

static void doubt(struct wish *w)
{
    w->expect = EXPECT_EITHER;
    w->certain = false;
}

// Nobody knows whether the lot or its goods come first.
static void meet(struct wish *w, const struct wishing *x)
{
    for (uint32_t k = 0; k < x->other_count; k++) {
        struct wish *o = x->others[k];
        if (o == NULL || (o->lots & w->lots) == 0) continue;
        if (is_act_upon_lot(w) || counts_goods(o)) doubt(o);
        if (counts_goods(w)) doubt(w);
    }
}

static bool shares_packs(const struct wish *w)
{
    return w->sort == WISH_COMMISSION || w->sort == WISH_SCRAP || w->sort == WISH_PACK;
}

static void engage(struct goods *g, const struct wish *w, bool on)
{
    uint32_t more = shares_packs(w) ? 1 : EXCLUSIVE, one = on ? 1 : UINT32_MAX;

    for (uint32_t i = 0; names_packs(w) && i < w->count; i++)
        g->packs[w->packs[i]].busy += on ? more : 0 - more;
    if (w->box != BOXES_MAX) g->boxes[w->box].busy = on;
    if (is_act_upon_lot(w)) g->lots[w->lot].changing += one;
    if (w->sort == WISH_TELL) g->lots[w->lot].pinned += one;
    if (w->sort == WISH_BEGIN) g->lots[w->lot].begins += one;
    if (w->sort == WISH_UNHOLD) g->holds[w->hold].busy = on;
    if (w->sort == WISH_BEGIN) g->waits[w->wait].busy = on;
}

static const struct {
    wish_make *make;
    enum wisher by;
    uint32_t weight;
} wishes[WISH_SORTS] = {
    [WISH_PACKS] = {wish_packs,         BY_LINE,        2 },
    [WISH_BOXES] = {wish_boxes,         BY_LINE,        2 },
    [WISH_COMMISSION] = {wish_begin,         BY_LINE,        3 },
    [WISH_SCRAP] = {wish_begin,         BY_LINE,        1 },
    [WISH_BACK] = {wish_back,          BY_LINE,        1 },
    [WISH_PACK] = {wish_pack,          BY_LINE,        6 },
    [WISH_CLOSE] = {wish_close,         BY_LINE,        3 },
    [WISH_UNPACK] = {wish_unpack,        BY_LINE,        1 },
    [WISH_BEGIN] = {wish_begin_waiting, BY_LINE,        1 },
    [WISH_SHIP] = {wish_ship,          BY_OPERATOR,    12},
    [WISH_VOID] = {wish_void,          BY_OPERATOR,    2 },
    [WISH_RETURN] = {wish_return,        BY_OPERATOR,    4 },
    [WISH_HOLD] = {wish_hold,          BY_OPERATOR,    2 },
    [WISH_END] = {wish_end,           BY_OPERATOR,    3 },
    [WISH_EXPLAIN] = {wish_explain,       BY_OPERATOR,    5 },
    [WISH_UNHOLD] = {wish_unhold,        BY_QA,          6 },
    [WISH_RELEASE] = {wish_release,       BY_QA,          4 },
    [WISH_REOPEN] = {wish_reopen,        BY_QA,          1 },
    [WISH_RECEIVE] = {wish_receive,       BY_DISTRIBUTOR, 1 },
    [WISH_TELL] = {wish_tell,          BY_GATEWAY,     3 },
    [WISH_TELL_WAIT] = {wish_tell_wait,     BY_GATEWAY,     2 },
    [WISH_TELL_OTHER] = {wish_tell_other,    BY_GATEWAY,     1 },
    [WISH_TELL_LYING] = {wish_tell_lying,    BY_GATEWAY,     1 },
    [WISH_TELL_AGAIN] = {wish_tell_again,    BY_GATEWAY,     1 },
    [WISH_TELL_WRONG] = {wish_tell_wrong,    BY_GATEWAY,     1 },
};

static enum wish_sort choose(struct goods *g, enum wisher by)
{
    uint32_t sum = 0, at;
    unsigned i = 0;

    for (unsigned k = 0; k < WISH_SORTS; k++)
        if (wishes[k].by == by) sum += wishes[k].weight;
    at = dice_below(g->dice, sum);
    for (;; i++) {
        if (wishes[i].by != by) continue;
        if (at < wishes[i].weight) return (enum wish_sort)i;
        at -= wishes[i].weight;
    }
}

bool goods_wish(struct goods *g, struct wish *w, const struct wishing *x)
{
    bool made = false;

    for (unsigned i = 0; i < TRIES && !made; i++) {
        *w = (struct wish){.box = BOXES_MAX,
                           .lot = LOTS,
                           .expect = EXPECT_DONE,
                           .certain = true,
                           .who = x->who,
                           .born = ++g->wishes,
                           .type = "application/json"};
        w->sort = choose(g, x->by);
        buf_init(&w->body, BODY_MAX);
        made = wishes[w->sort].make(g, w);
        if (!made) buf_fini(&w->body);
    }
    if (!made) return false;
    touch(g, w);
    compete(g, w, x);
    meet(w, x);
    engage(g, w, true);
    return true;
}

// ---- answers

bool number_after(str *rest, const char *name, uint64_t *out)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = memmem(rest->p, rest->n, key, (size_t)n);

    if (at == NULL) return false;
    *rest = str_from(*rest, (size_t)(at - rest->p) + (size_t)n);
    *out = strtoull(rest->p, NULL, 10);
    return true;
}

bool text_after(str rest, const char *name, char *out, size_t room)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = memmem(rest.p, rest.n, key, (size_t)n);

    if (at == NULL) return false;
    rest = str_from(rest, (size_t)(at - rest.p) + (size_t)n);
    size_t len = 0;
    while (len < rest.n && rest.p[len] != '"') len++;
    if (len >= room) return false;
    memcpy(out, rest.p, len);
    out[len] = 0;
    return true;
}

bool says(str body, const char *piece)
{
    return memmem(body.p, body.n, piece, strlen(piece)) != NULL;
}

static enum judged report_weigh(const struct wish *w, str body)
{
    uint64_t accepted = 0, refused = 0;
    str rest = body;

    if (!number_after(&rest, "accepted", &accepted) || !number_after(&rest, "refused", &refused))
        return JUDGED_AGAIN;
    return accepted == w->objects && refused == 0 ? JUDGED_DONE : JUDGED_NO;
}

enum judged goods_weigh(const struct wish *w, const struct house_answer *a)
{
    if (a->code >= 500 || a->code == 429 || a->code == 0) return JUDGED_AGAIN;
    if (a->code >= 300) return JUDGED_NO;
    if (w->sort == WISH_RECEIVE || w->sort == WISH_RETURN) {
        uint64_t received = 0;
        str rest = a->body;
        return number_after(&rest, "received", &received) && received > 0 ? JUDGED_DONE : JUDGED_NO;
    }
    return w->objects > 0 ? report_weigh(w, a->body) : JUDGED_DONE;
}

// ---- what an answer means

void move(struct goods *g, const struct wish *w, enum pack_state from, enum pack_state to)
{
    for (uint32_t i = 0; i < w->count; i++) {
        struct sim_pack *x = &g->packs[w->packs[i]];
        bool found = from == PACK_ALLOCATED && x->state == PACK_LOST;
        if (x->state != from && !found)
            trace_break(g->house->trace, "%s was done to %s, and something else before",
                        wish_words[w->sort], x->serial);
        x->state = to;
        if (to == PACK_PACKED) x->box = w->box;
        if (from == PACK_ALLOCATED && (to == PACK_LOOSE || to == PACK_SCRAPPED)) {
            x->lot = w->lot < LOTS ? w->lot : x->asked;
        }
    }
}

static void follow_pack(struct goods *g, const struct wish *w)
{
    struct sim_box *box = &g->boxes[w->box];

    move(g, w, PACK_LOOSE, PACK_PACKED);
    if (box->state == BOX_ALLOCATED) box->home = w->lot;
    box->state = BOX_OPEN;
    box->lot = w->lot;
    box->count += w->count;
    if (box->count == CASE) box->state = BOX_CLOSED; // a full one is
}

static void follow_unpack(struct goods *g, const struct wish *w)
{
    struct sim_box *box = &g->boxes[w->box];

    move(g, w, PACK_PACKED, PACK_LOOSE);
    box->state = BOX_OPEN;
    box->count -= w->count;
}

static void follow(struct goods *g, const struct wish *w, str body)
{
    switch (w->sort) {
    case WISH_PACKS:
    case WISH_BOXES:
    case WISH_BACK: given_follow(g, w, body); break;
    case WISH_COMMISSION: move(g, w, PACK_ALLOCATED, PACK_LOOSE); break;
    case WISH_SCRAP: move(g, w, PACK_ALLOCATED, PACK_SCRAPPED); break;
    case WISH_PACK: follow_pack(g, w); break;
    case WISH_UNPACK: follow_unpack(g, w); break;
    case WISH_CLOSE: g->boxes[w->box].state = BOX_CLOSED; break;
    case WISH_SHIP:
    case WISH_VOID:
    case WISH_RECEIVE:
    case WISH_RETURN:
    case WISH_HOLD:
    case WISH_UNHOLD: trade_follow(g, w, body); break;
    case WISH_END:
    case WISH_EXPLAIN:
    case WISH_RELEASE:
    case WISH_REOPEN: lots_follow(g, w); break;
    case WISH_BEGIN:
    case WISH_TELL:
    case WISH_TELL_WAIT:
    case WISH_TELL_OTHER:
    case WISH_TELL_LYING:
    case WISH_TELL_AGAIN:
    case WISH_TELL_WRONG: told_follow(g, w); break;
    case WISH_ACCEPT:
    case WISH_SORTS: break;
    }
}

// Of a stream some lines may have been refused, where others named the same packs.
static void follow_some(struct goods *g, const struct wish *w, str body)
{
    struct wish done = *w;
    str rest = body;
    uint64_t index;

    done.count = 0;
    while (number_after(&rest, "index", &index)) {
        const char *next = memmem(rest.p, rest.n, "\"index\":", 8);
        str one = {rest.p, next == NULL ? rest.n : (size_t)(next - rest.p)};
        if (!says(one, "\"problem\"") && index < w->count)
            done.packs[done.count++] = w->packs[index];
    }
    follow(g, &done, body);
}

void goods_judge(struct goods *g, const struct wish *w, enum judged v, str body)
{
    engage(g, w, false);
    if (v == JUDGED_DONE) g->done[w->sort]++;
    if (v == JUDGED_NO) g->refused[w->sort]++;
    if (v == JUDGED_DONE && w->expect == EXPECT_REFUSED)
        trace_break(g->house->trace, "%s was done though it must be refused", w->key);
    if (v == JUDGED_NO && w->expect == EXPECT_DONE)
        trace_break(g->house->trace, "%s was refused: %.*s", w->key,
                    (int)(body.n < 250 ? body.n : 250), body.p);
    if (v == JUDGED_DONE) follow(g, w, body);
    if (v == JUDGED_NO && w->objects > 1) follow_some(g, w, body);
}
