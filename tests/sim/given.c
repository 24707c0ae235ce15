// Numbers are given, go back to their pool unused, and are given again: to one at a time.
#include "goods_int.h"
#include <stdio.h>
#include <string.h>

bool wish_packs(struct goods *g, struct wish *w)
{
    if (g->pack_count + 20 > UNITS_MAX) return false;
    w->count = 1 + dice_below(g->dice, 12);
    line_say(w, "POST /v1/serials");
    buf_addf(&w->body, "{\"gtin\":\"" SIM_GTIN "\",\"quantity\":%u", w->count);
    w->lot = dice_below(g->dice, 2 * LOTS);
    bool right = w->lot < LOTS && lot_takes(&g->lots[w->lot]);
    if (w->lot >= LOTS || (!right && dice_chance(g->dice, 850))) w->lot = LOTS;
    if (w->lot < LOTS) {
        buf_addf(&w->body, ",\"lot\":\"%s\"", sim_lots[w->lot]);
        depend(g, w, w->lot, right);
    }
    buf_addc(&w->body, '}');
    return true;
}

bool wish_boxes(struct goods *g, struct wish *w)
{
    if (g->box_count + 10 > BOXES_MAX) return false;
    w->count = 1 + dice_below(g->dice, 3);
    line_say(w, "POST /v1/sscc");
    buf_addf(&w->body, "{\"pool\":\"cases\",\"quantity\":%u}", w->count);
    return true;
}

static bool goes_back(const struct sim_pack *x, uint32_t line)
{
    return x->state == PACK_ALLOCATED && x->line == line && !x->waits && x->named == 0;
}

static void name_back(struct goods *g, struct wish *w, uint32_t i)
{
    struct sim_pack *x = &g->packs[i];

    x->going = goes_back(x, w->who) ? x->times + 1 : 0;
    w->times[w->count] = x->times;
    w->asked[w->count] = x->asked;
    w->packs[w->count++] = i;
    if (x->asked < LOTS && g->lots[x->asked].changing > 0) w->certain = false;
}

// One that is used, another line's, or named by an event: the latter rather.
static void name_other(struct goods *g, struct wish *w)
{
    uint32_t found = UNITS_MAX, sum = 0;

    for (uint32_t i = 0; i < g->pack_count; i++) {
        const struct sim_pack *x = &g->packs[i];
        uint32_t weight = x->waits || x->named != 0 ? 20 : 1;
        if (x->busy > 0 || goes_back(x, w->who)) continue;
        sum += weight;
        if (dice_below(g->dice, sum) < weight) found = i;
    }
    if (found < UNITS_MAX) name_back(g, w, found);
}

// Packs of its own; now and then another one, which must be kept.
bool wish_back(struct goods *g, struct wish *w)
{
    uint32_t max = 1 + dice_below(g->dice, PICK_MAX - 1);

    if (dice_chance(g->dice, 250)) name_other(g, w);
    for (uint32_t i = 0; i < g->pack_count && w->count < max; i++)
        if (g->packs[i].busy == 0 && goes_back(&g->packs[i], w->who) && !dice_chance(g->dice, 300))
            name_back(g, w, i);
    if (w->count == 0) return false;
    line_say(w, "POST /v1/serials/returns");
    buf_addf(&w->body, "{\"gtin\":\"" SIM_GTIN "\",\"to\":\"pool\",\"serials\":[");
    say_packs(g, w, &w->body, "");
    buf_addf(&w->body, "]}");
    return true;
}

// ---- what became of them

// A new number, or one that lies in its pool, or is on its way there: then its return was done. One
// that an event had named before this was asked for is nobody's any more.
static void pack_given(struct goods *g, const struct wish *w, const char *serial)
{
    uint32_t i = 0;

    while (i < g->pack_count && strcmp(g->packs[i].serial, serial) != 0) i++;
    struct sim_pack *x = &g->packs[i];
    if (i == g->pack_count)
        g->pack_count++;
    else if ((x->state != PACK_LYING && x->going != x->times + 1) ||
             (x->named != 0 && x->named < w->born))
        trace_break(g->house->trace, "the serial %s was given twice", serial);
    else
        g->again++;
    snprintf(x->serial, sizeof x->serial, "%s", serial);
    x->state = PACK_ALLOCATED;
    x->line = w->who;
    x->asked = w->lot;
    x->lot = LOTS;
    x->times++;
}

static void box_given(struct goods *g, const char *sscc)
{
    struct sim_box *x = &g->boxes[g->box_count];

    for (uint32_t i = 0; i < g->box_count; i++)
        if (strcmp(g->boxes[i].sscc, sscc) == 0)
            trace_break(g->house->trace, "the SSCC %s was given twice", sscc);
    snprintf(x->sscc, sizeof x->sscc, "%.18s", sscc);
    x->lot = x->home = LOTS;
    g->box_count++;
}

static void given(struct goods *g, const struct wish *w, str body)
{
    bool packs = w->sort == WISH_PACKS;
    const char *key = packs ? "\"serials\":[\"" : "\"ssccs\":[\"";
    const char *at = memmem(body.p, body.n, key, strlen(key));
    uint32_t n = 0;

    for (at = at == NULL ? NULL : at + strlen(key); at != NULL; n++) {
        const char *end = strchr(at, '"');
        char number[24];
        assert((size_t)(end - at) < sizeof number);
        snprintf(number, sizeof number, "%.*s", (int)(end - at), at);
        if (packs)
            pack_given(g, w, number);
        else
            box_given(g, number);
        at = end[1] == ',' ? end + 3 : NULL;
    }
    if (n != w->count) trace_break(g->house->trace, "%u numbers were given, not %u", n, w->count);
}

// Nothing goes back that was asked for a lot which has ended.
static bool went_by_lot(const struct goods *g, const struct wish *w, uint32_t lot, bool kept)
{
    return w->certain ? lot_takes(&g->lots[lot]) : !kept;
}

// Nothing else was done to them meanwhile, but that another may have got them already.
static void went_back(struct goods *g, const struct wish *w, str body)
{
    for (uint32_t i = 0; i < w->count; i++) {
        struct sim_pack *x = &g->packs[w->packs[i]];
        char unit[64];
        snprintf(unit, sizeof unit, "(21)%s\"", x->serial);
        bool kept = says(body, unit), went = x->going != 0;
        x->going = 0;
        if (w->asked[i] < LOTS && !went_by_lot(g, w, w->asked[i], kept)) went = false;
        if (kept == went)
            trace_break(g->house->trace, "%s %s its pool", x->serial,
                        kept ? "was kept from" : "went to");
        if (!went) continue;
        if (w->asked[i] < LOTS) g->lots[w->asked[i]].returned++;
        if (x->times != w->times[i]) continue;
        x->state = PACK_LYING;
        x->asked = LOTS;
    }
}

void given_follow(struct goods *g, const struct wish *w, str body)
{
    if (w->sort == WISH_BACK)
        went_back(g, w, body);
    else
        given(g, w, body);
}
