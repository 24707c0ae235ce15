// Lots: ended, their differences explained, released with a signature, opened again. The model
// knows the balance of each: a lot that comes out is released, no other is.
#include "goods_int.h"
#include <string.h>

// ---- the balance

static void count_numbers(const struct sim_pack *x, uint32_t lot, struct lot_terms *t)
{
    bool here = x->lot == lot, asked = x->asked == lot, begun = x->lot < LOTS;

    t->issued += asked;
    t->others += here && !asked;
    t->elsewhere += asked && begun && !here;
    t->invalid += asked && x->state == PACK_INVALID;
    t->lost_on_line += asked && x->state == PACK_LOST;
    t->unknown_fate += asked && x->state == PACK_ALLOCATED;
    t->scrapped += here && x->state == PACK_SCRAPPED;
    t->commissioned += here && x->state != PACK_SCRAPPED;
}

static void count_goods(const struct sim_pack *x, struct lot_terms *t)
{
    t->made += x->state != PACK_SCRAPPED;
    t->in_containers += x->state == PACK_PACKED;
    t->loose += x->state == PACK_LOOSE;
    t->shipped += x->state == PACK_BACK;
    t->sampled += x->state == PACK_SAMPLED;
    t->destroyed += x->state == PACK_DESTROYED;
    t->lost += x->state == PACK_MISSING;
}

struct lot_terms lot_terms(const struct goods *g, uint32_t lot)
{
    struct lot_terms t = {.issued = g->lots[lot].returned, .returned = g->lots[lot].returned};

    for (uint32_t i = 0; i < g->pack_count; i++) {
        count_numbers(&g->packs[i], lot, &t);
        if (g->packs[i].lot == lot) count_goods(&g->packs[i], &t);
    }
    for (uint32_t i = 0; i < g->box_count; i++) {
        const struct sim_box *x = &g->boxes[i];
        if (x->home != lot || x->state == BOX_ALLOCATED) continue;
        t.cases++;
        t.open += x->state == BOX_OPEN;
        t.cases_gone += x->state == BOX_SHIPPED || x->state == BOX_BACK;
    }
    return t;
}

static void terms_of(const struct lot_terms *t, bool fate, uint64_t out[GOODS_TERMS])
{
    const uint64_t numbers[GOODS_TERMS] = {t->issued,       t->others,       t->invalid,
                                           t->elsewhere,    t->commissioned, t->scrapped,
                                           t->lost_on_line, t->returned};
    const uint64_t goods[GOODS_TERMS] = {t->made,    t->in_containers, t->loose, t->shipped,
                                         t->sampled, t->destroyed,     t->lost};
    memcpy(out, fate ? numbers : goods, sizeof numbers);
}

// A packing that waits an hour may be done at any moment.
bool lot_in_doubt(const struct goods *g, uint32_t lot)
{
    for (uint32_t i = 0; i < g->wait_count; i++)
        if (g->short_waits && !g->waits[i].done && g->waits[i].lot == lot) return true;
    return false;
}

enum difference_now { NOW_NONE, NOW_EXPLAINED, NOW_DOUBTFUL, NOW_OPEN };

// An explanation by count holds for the numbers that it was said of.
static enum difference_now now_of(const struct explained *e, uint64_t n,
                                  const uint64_t terms[GOODS_TERMS])
{
    if (n == 0) return NOW_NONE;
    if (e->count == 0) return NOW_OPEN;
    if (e->doubt) return NOW_DOUBTFUL;
    bool holds = memcmp(e->terms, terms, sizeof e->terms) == 0;
    return holds && e->count == n ? NOW_EXPLAINED : NOW_OPEN;
}

static enum difference_now difference(const struct goods *g, uint32_t lot, bool fate)
{
    struct lot_terms t = lot_terms(g, lot);
    const struct sim_lot *l = &g->lots[lot];
    uint64_t terms[GOODS_TERMS];

    terms_of(&t, fate, terms);
    return now_of(fate ? &l->fate : &l->loose, fate ? t.unknown_fate : t.loose, terms);
}

bool lot_explained(const struct goods *g, uint32_t lot, bool fate, uint64_t *explained,
                   uint64_t *outdated)
{
    struct lot_terms t = lot_terms(g, lot);
    const struct sim_lot *l = &g->lots[lot];
    const struct explained *e = fate ? &l->fate : &l->loose;
    uint64_t terms[GOODS_TERMS];

    terms_of(&t, fate, terms);
    bool holds = l->state == LOT_FREED || memcmp(e->terms, terms, sizeof e->terms) == 0;
    *explained = holds ? e->count : 0;
    *outdated = holds ? 0 : e->count;
    return !e->doubt;
}

// ---- wishes

static bool act_upon(struct goods *g, struct wish *w, uint32_t lot, const char *what)
{
    w->lot = lot;
    if (g->lots[w->lot].changing > 0 || g->lots[w->lot].pinned > 0) return false;
    line_say(w, "POST /v1/lots/" SIM_GTIN "/%s/%s", sim_lots[w->lot], what);
    w->bound = BOUND_TO_NOW;
    return true;
}

bool wish_end(struct goods *g, struct wish *w)
{
    if (!act_upon(g, w, dice_below(g->dice, LOTS), "close")) return false;
    if (!lot_takes(&g->lots[w->lot]) || dice_chance(g->dice, 800)) return false;
    w->bound = BOUND_TO_FACT;
    buf_addf(&w->body, "{}");
    return true;
}

// Those of the lot's numbers, or of its goods, that are explained by name.
static void pick_named(struct goods *g, struct wish *w, bool fate)
{
    struct pick p = {PACK_LOOSE, w->lot, BOXES_MAX, 3, false};
    struct wish all = {.count = 0};

    if (!fate) {
        pick(g, w, &p);
        return;
    }
    p = (struct pick){PACK_ALLOCATED, LOTS, BOXES_MAX, PICK_MAX, false};
    pick(g, &all, &p);
    for (uint32_t i = 0; i < all.count && w->count < 3; i++)
        if (g->packs[all.packs[i]].asked == w->lot) w->packs[w->count++] = all.packs[i];
}

static bool explain_named(struct goods *g, struct wish *w, bool fate)
{
    static const struct {
        const char *as;
        enum pack_state to;
    } numbers[] =
        {
            {"lost_on_line", PACK_LOST   },
            {"never_used",   PACK_INVALID}
    },
      goods[] = {{"sample_not_recorded", PACK_SAMPLED},
                 {"destroyed_not_recorded", PACK_DESTROYED},
                 {"missing", PACK_MISSING}};
    unsigned n = dice_below(g->dice, LEN(numbers)), k = dice_below(g->dice, LEN(goods));

    pick_named(g, w, fate);
    if (w->count == 0) return false;
    w->to = fate ? numbers[n].to : goods[k].to;
    buf_addf(&w->body, "{\"as\":\"%s\",\"reason\":\"counted\",\"units\":[",
             fate ? numbers[n].as : goods[k].as);
    say_packs(g, w, &w->body, "(01)" SIM_GTIN "(21)");
    buf_addf(&w->body, "]}");
    return true;
}

static bool explain_count(struct goods *g, struct wish *w, bool fate)
{
    enum difference_now now = difference(g, w->lot, fate);
    struct lot_terms t = lot_terms(g, w->lot);

    if (now == NOW_NONE || now == NOW_EXPLAINED) return false;
    w->by_count = true;
    w->to = fate ? PACK_LOST : PACK_LOOSE;
    buf_addf(&w->body,
             "{\"as\":\"%s\",\"level\":\"pack\",\"count\":%llu,\"reason\":\"they are there\"}",
             fate ? "lost_on_line" : "kept_loose",
             (unsigned long long)(fate ? t.unknown_fate : t.loose));
    if (now != NOW_DOUBTFUL && !lot_in_doubt(g, w->lot)) return true;
    w->expect = EXPECT_EITHER;
    w->certain = false;
    return true;
}

bool wish_explain(struct goods *g, struct wish *w)
{
    bool fate = dice_chance(g->dice, 500);

    w->lot = pick_lot(g, LOT_ENDED);
    w->bound = BOUND_TO_NOW;
    line_say(w, "POST /v1/lots/" SIM_GTIN "/%s/explain", sim_lots[w->lot]);
    if (lot_takes(&g->lots[w->lot]) && dice_chance(g->dice, 900)) return false;
    bool made = dice_chance(g->dice, 500) ? explain_named(g, w, fate) : explain_count(g, w, fate);
    if (made) depend(g, w, w->lot, g->lots[w->lot].state != LOT_FREED);
    return made;
}

bool wish_release(struct goods *g, struct wish *w)
{
    if (!act_upon(g, w, dice_below(g->dice, LOTS), "release")) return false;
    const struct sim_lot *l = &g->lots[w->lot];
    enum difference_now fate = difference(g, w->lot, true), loose = difference(g, w->lot, false);
    bool open = lot_terms(g, w->lot).open > 0;

    buf_addf(&w->body, "{" SIM_SIGN "}");
    if (l->state == LOT_FREED) {
        w->bound = BOUND_TO_NOTHING;
        return dice_chance(g->dice, 200);
    }
    if (lot_in_doubt(g, w->lot)) w->expect = EXPECT_EITHER;
    if (fate == NOW_DOUBTFUL || loose == NOW_DOUBTFUL) w->expect = EXPECT_EITHER;
    if (!lot_in_doubt(g, w->lot)) forbid(w, open || fate == NOW_OPEN || loose == NOW_OPEN);
    forbid(w, l->held || lot_takes(l));
    return w->expect != EXPECT_REFUSED || dice_chance(g->dice, 40);
}

// What was explained of it must be said anew.
static bool is_explained(const struct sim_lot *l)
{
    return !lot_takes(l) && (l->fate.count > 0 || l->loose.count > 0);
}

bool wish_reopen(struct goods *g, struct wish *w)
{
    uint32_t lot = dice_below(g->dice, LOTS);

    for (unsigned i = 0; i < LOTS && !is_explained(&g->lots[lot]); i++) lot = (lot + 1) % LOTS;
    if (!act_upon(g, w, lot, "reopen")) return false;
    const struct sim_lot *l = &g->lots[w->lot];
    forbid(w, lot_takes(l));
    buf_addf(&w->body, "{" SIM_SIGN "}");
    return dice_chance(g->dice, lot_takes(l) ? 30 : is_explained(l) ? 300 : 100);
}

// ---- what became of them

static void follow_explain(struct goods *g, const struct wish *w)
{
    bool fate = w->to == PACK_LOST || w->to == PACK_INVALID;
    struct sim_lot *l = &g->lots[w->lot];
    struct explained *e = fate ? &l->fate : &l->loose;
    struct lot_terms t = lot_terms(g, w->lot);

    if (!w->by_count) {
        move(g, w, fate ? PACK_ALLOCATED : PACK_LOOSE, w->to);
        return;
    }
    *e = (struct explained){.count = fate ? t.unknown_fate : t.loose, .doubt = !w->certain};
    terms_of(&t, fate, e->terms);
}

void lots_follow(struct goods *g, const struct wish *w)
{
    struct sim_lot *l = &g->lots[w->lot];

    if (w->sort == WISH_EXPLAIN) follow_explain(g, w);
    if (w->sort == WISH_END) l->state = LOT_ENDED;
    if (w->sort == WISH_RELEASE) l->state = LOT_FREED;
    if (w->sort != WISH_REOPEN) return;
    l->state = LOT_REOPENS; // what was explained goes; what is doubtful may have come afterwards
    if (!l->fate.doubt) l->fate = (struct explained){0};
    if (!l->loose.doubt) l->loose = (struct explained){0};
}
