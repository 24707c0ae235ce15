// Goods leave, are received, come back, or never left; and they are held, until somebody signs.
#include "goods_int.h"
#include <string.h>

// ---- shipments

static bool holds_held(const struct goods *g, uint32_t box)
{
    for (uint32_t i = 0; i < g->pack_count; i++)
        if (g->packs[i].state == PACK_PACKED && g->packs[i].box == box && g->packs[i].held)
            return true;
    return false;
}

// Nothing but its hold keeps what is of it.
static bool keeps_by_hold(const struct sim_lot *l) { return l->held && !lot_takes(l); }

bool wish_ship(struct goods *g, struct wish *w)
{
    bool wrong = dice_chance(g->dice, 80), held = dice_chance(g->dice, 250);
    enum box_state right = !wrong ? BOX_CLOSED : dice_chance(g->dice, 500) ? BOX_OPEN : BOX_SHIPPED;

    for (unsigned i = 0; i < 8; i++) {
        w->box = pick_box(g, right, true);
        if (w->box == BOXES_MAX) return false;
        const struct sim_lot *of = &g->lots[g->boxes[w->box].lot];
        if (held ? keeps_by_hold(of) : lot_leaves(of)) break;
    }
    const struct sim_box *x = &g->boxes[w->box];
    w->lot = x->lot;
    const struct sim_lot *l = &g->lots[w->lot];
    if (!lot_leaves(l) && !keeps_by_hold(l) && dice_chance(g->dice, 985)) return false;
    depend(g, w, w->lot, lot_leaves(l));
    forbid(w, wrong || x->held || holds_held(g, w->box));
    line_say(w, "POST /v1/shipments");
    buf_addf(&w->body,
             "{\"units\":[\"(00)%s\"],\"to\":{\"party\":\"" SIM_PARTY "\",\"location\":\"" SIM_PARTY
             "\"}}",
             x->sscc);
    return true;
}

bool wish_void(struct goods *g, struct wish *w)
{
    static const enum box_state states[] = {BOX_SHIPPED, BOX_SHIPPED, BOX_SHIPPED, BOX_BACK,
                                            BOX_CLOSED};

    enum box_state state = states[dice_below(g->dice, LEN(states))];
    for (unsigned i = 0; i < 4; i++) {
        w->box = pick_box(g, state, false);
        if (w->box == BOXES_MAX || g->boxes[w->box].came_back) break;
    }
    if (w->box == BOXES_MAX || g->boxes[w->box].shipment[0] == 0) return false;
    const struct sim_box *x = &g->boxes[w->box];
    forbid(w, x->state != BOX_SHIPPED || x->came_back);
    line_say(w, "POST /v1/shipments/%s/void", x->shipment);
    buf_addf(&w->body, "{\"reason\":\"it never left\"}");
    return true;
}

bool wish_receive(struct goods *g, struct wish *w)
{
    static const enum box_state states[] = {BOX_SHIPPED, BOX_SHIPPED, BOX_SHIPPED,
                                            BOX_SHIPPED, BOX_BACK,    BOX_CLOSED};

    w->box = pick_box(g, states[dice_below(g->dice, LEN(states))], false);
    if (w->box == BOXES_MAX) return false;
    const struct sim_box *x = &g->boxes[w->box];
    forbid(w, x->state != BOX_SHIPPED || x->received);
    if (w->expect == EXPECT_REFUSED && dice_chance(g->dice, 950)) return false;
    line_say(w, "POST /v1/receipts");
    buf_addf(&w->body, "{\"units\":[\"(00)%s\"]}", x->sscc);
    return true;
}

// A pack out of a case that left, or that came back.
static bool return_pack(struct goods *g, struct wish *w)
{
    struct pick p = {PACK_PACKED, LOTS, w->box, 1, false};

    pick(g, w, &p);
    if (w->count == 0) return false;
    forbid(w, g->boxes[w->box].state == BOX_CLOSED);
    buf_addf(&w->body, "{\"units\":[");
    say_packs(g, w, &w->body, "(01)" SIM_GTIN "(21)");
    buf_addf(&w->body, "]}");
    return true;
}

bool wish_return(struct goods *g, struct wish *w)
{
    static const enum box_state states[] = {BOX_SHIPPED, BOX_SHIPPED, BOX_SHIPPED, BOX_SHIPPED,
                                            BOX_BACK,    BOX_BACK,    BOX_CLOSED};

    w->box = pick_box(g, states[dice_below(g->dice, LEN(states))], false);
    if (w->box == BOXES_MAX || dice_chance(g->dice, 300)) return false;
    line_say(w, "POST /v1/returns");
    if (dice_chance(g->dice, 500)) return return_pack(g, w);
    const struct sim_box *x = &g->boxes[w->box];
    forbid(w, x->state != BOX_SHIPPED);
    buf_addf(&w->body, "{\"units\":[\"(00)%s\"],\"reason\":\"refused\"}", x->sscc);
    return true;
}

// ---- holds

// Rather one of which something is about to leave.
static uint32_t pick_leaving(struct goods *g)
{
    uint32_t lot = dice_below(g->dice, LOTS);

    for (unsigned i = 0; i < 4; i++) {
        uint32_t box = pick_box(g, BOX_CLOSED, true);
        if (box == BOXES_MAX) break;
        lot = g->boxes[box].lot;
        if (lot_leaves(&g->lots[lot])) break;
    }
    return lot;
}

static bool hold_lot(struct goods *g, struct wish *w)
{
    const struct sim_lot *l = &g->lots[w->lot = pick_leaving(g)];

    if (l->held || l->changing > 0 || l->pinned > 0 || l->begins > 0) return false;
    buf_addf(&w->body, "{\"gtin\":\"" SIM_GTIN "\",\"lot\":\"%s\",\"reason\":\"looked at\"}",
             sim_lots[w->lot]);
    return true;
}

static bool hold_box(struct goods *g, struct wish *w)
{
    static const enum box_state states[] = {BOX_OPEN, BOX_CLOSED, BOX_CLOSED, BOX_BACK};

    w->box = pick_box(g, states[dice_below(g->dice, LEN(states))], false);
    if (w->box == BOXES_MAX) return false;
    forbid(w, g->boxes[w->box].held);
    buf_addf(&w->body, "{\"units\":[\"(00)%s\"],\"reason\":\"looked at\"}", g->boxes[w->box].sscc);
    return true;
}

// Some that lie in nothing, or one in a case.
static bool hold_packs(struct goods *g, struct wish *w)
{
    bool loose = dice_chance(g->dice, 500);
    struct pick p = {PACK_LOOSE, LOTS, BOXES_MAX, 3, false};

    if (!loose) {
        w->box = pick_box(g, dice_chance(g->dice, 300) ? BOX_OPEN : BOX_CLOSED, true);
        if (w->box == BOXES_MAX) return false;
        p = (struct pick){PACK_PACKED, LOTS, w->box, 1, false};
    }
    pick(g, w, &p);
    if (w->count == 0) return false;
    for (uint32_t i = 0; i < w->count; i++) forbid(w, g->packs[w->packs[i]].held);
    buf_addf(&w->body, "{\"reason\":\"looked at\",\"units\":[");
    say_packs(g, w, &w->body, "(01)" SIM_GTIN "(21)");
    buf_addf(&w->body, "]}");
    return true;
}

bool wish_hold(struct goods *g, struct wish *w)
{
    static bool (*const make[])(struct goods * g, struct wish * w) = {
        [HOLD_PACKS] = hold_packs, [HOLD_BOX] = hold_box, [HOLD_LOT] = hold_lot};

    if (g->hold_count + 4 > HOLDS_MAX || dice_chance(g->dice, 650)) return false;
    w->of = (enum hold_of)dice_below(g->dice, LEN(make));
    line_say(w, "POST /v1/holds");
    return make[w->of](g, w);
}

// Names what is held, and the case that one of it lies in. False: somebody is at it.
static bool name_held(struct goods *g, const struct sim_hold *h, struct wish *w)
{
    w->box = h->box;
    w->lot = h->of == HOLD_LOT ? h->lot : LOTS;
    if (w->lot < LOTS) return g->lots[w->lot].changing == 0 && g->lots[w->lot].pinned == 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct sim_pack *x = &g->packs[h->packs[i]];
        if (x->busy > 0) return false;
        w->packs[w->count++] = h->packs[i];
        if (x->state != PACK_PACKED) continue;
        if (w->box != BOXES_MAX && w->box != x->box) return false;
        w->box = x->box;
    }
    return w->box == BOXES_MAX || !g->boxes[w->box].busy;
}

bool wish_unhold(struct goods *g, struct wish *w)
{
    if (g->hold_count == 0) return false;
    w->hold = dice_below(g->dice, g->hold_count);
    const struct sim_hold *h = &g->holds[w->hold];
    if (h->busy || (h->ended && dice_chance(g->dice, 900))) return false;
    if (h->of == HOLD_LOT && dice_chance(g->dice, 700)) return false; // it takes its time
    w->of = h->of;
    line_say(w, "POST /v1/holds/%s/release", h->id);
    buf_addf(&w->body, "{" SIM_SIGN "}");
    return name_held(g, h, w);
}

// ---- what became of them

static void held(struct goods *g, const struct sim_hold *h, bool on)
{
    for (uint32_t i = 0; i < h->count; i++) g->packs[h->packs[i]].held = on;
    if (h->of == HOLD_BOX) g->boxes[h->box].held = on;
    if (h->of == HOLD_LOT) g->lots[h->lot].held = on;
}

static void follow_hold(struct goods *g, const struct wish *w, str body)
{
    struct sim_hold *h = &g->holds[g->hold_count++];

    *h = (struct sim_hold){.of = w->of,
                           .count = w->of == HOLD_PACKS ? w->count : 0,
                           .box = w->of == HOLD_BOX ? w->box : BOXES_MAX,
                           .lot = w->lot};
    memcpy(h->packs, w->packs, sizeof h->packs);
    if (!text_after(body, "id", h->id, sizeof h->id))
        trace_break(g->house->trace, "%s has no id", w->key);
    held(g, h, true);
}

static void follow_unhold(struct goods *g, const struct wish *w)
{
    struct sim_hold *h = &g->holds[w->hold];

    if (!h->ended) held(g, h, false);
    h->ended = true;
}

static void follow_return(struct goods *g, const struct wish *w)
{
    struct sim_box *x = &g->boxes[w->box];

    x->came_back = true;
    if (w->count == 0) {
        x->state = BOX_BACK;
        return;
    }
    move(g, w, PACK_PACKED, PACK_BACK);
    x->count -= w->count;
}

static void follow_ship(struct goods *g, const struct wish *w, str body)
{
    struct sim_box *x = &g->boxes[w->box];

    x->state = BOX_SHIPPED;
    x->received = x->came_back = false;
    if (!text_after(body, "shipment", x->shipment, sizeof x->shipment))
        trace_break(g->house->trace, "%s has no number", w->key);
}

void trade_follow(struct goods *g, const struct wish *w, str body)
{
    if (w->sort == WISH_SHIP) follow_ship(g, w, body);
    if (w->sort == WISH_VOID) g->boxes[w->box].state = BOX_CLOSED;
    if (w->sort == WISH_RECEIVE) g->boxes[w->box].received = true;
    if (w->sort == WISH_RETURN) follow_return(g, w);
    if (w->sort == WISH_HOLD) follow_hold(g, w, body);
    if (w->sort == WISH_UNHOLD) follow_unhold(g, w);
}
