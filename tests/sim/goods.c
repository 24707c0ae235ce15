#include "goods.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (64 * KB)
#define TRIES    4u // until something is found to wish for

const char *const sim_lots[LOTS] = {"D1", "D2", "D3", "D4", "D5", "D6"};
const char *const wish_words[WISH_SORTS] = {"packs", "boxes", "commission", "scrap",
                                            "back",  "pack",  "close",      "unpack",
                                            "ship",  "end",   "accept"};

// ---- choosing

// Up to `max` packs in this state (and lot, unless LOTS), the newest mostly; some that others name.
struct pick {
    enum pack_state state;
    uint32_t lot, box, max; // box: BOXES_MAX: any
    bool share;
};

static void pick(struct goods *g, struct wish *w, const struct pick *p)
{
    for (uint32_t i = 0; i < g->pack_count && w->count < p->max; i++) {
        const struct sim_pack *x = &g->packs[i];
        if (x->state != p->state || x->going || (x->busy > 0 && !p->share)) continue;
        if (p->lot != LOTS && x->lot != p->lot) continue;
        if (p->box != BOXES_MAX && x->box != p->box) continue;
        if (dice_chance(g->dice, 300)) continue;
        w->packs[w->count++] = i;
    }
}

static uint32_t pick_box(struct goods *g, enum box_state state, bool filled)
{
    uint32_t found = BOXES_MAX, n = 0;

    for (uint32_t i = 0; i < g->box_count; i++) {
        const struct sim_box *x = &g->boxes[i];
        if (x->state != state || x->busy || (filled && x->count == 0)) continue;
        if (dice_below(g->dice, ++n) == 0) found = i;
    }
    return found;
}

// Mostly one in this state.
static uint32_t pick_lot(struct goods *g, enum run_state state)
{
    uint32_t lot = 0;

    for (unsigned i = 0; i < 4; i++) {
        lot = dice_below(g->dice, LOTS);
        if (g->lots[lot] == state) break;
    }
    return lot;
}

static void say_packs(const struct goods *g, const struct wish *w, struct buf *b,
                      const char *around)
{
    for (uint32_t i = 0; i < w->count; i++)
        buf_addf(b, "%s\"%s%s\"", i > 0 ? "," : "", around, g->packs[w->packs[i]].serial);
}

// ---- wishes

static bool wish_packs(struct goods *g, struct wish *w)
{
    if (g->pack_count + 20 > UNITS_MAX) return false;
    w->count = 1 + dice_below(g->dice, 12);
    w->line = "POST /v1/serials";
    buf_addf(&w->body, "{\"gtin\":\"" SIM_GTIN "\",\"quantity\":%u}", w->count);
    return true;
}

static bool wish_boxes(struct goods *g, struct wish *w)
{
    if (g->box_count + 10 > BOXES_MAX) return false;
    w->count = 1 + dice_below(g->dice, 3);
    w->line = "POST /v1/sscc";
    buf_addf(&w->body, "{\"pool\":\"cases\",\"quantity\":%u}", w->count);
    return true;
}

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

static void say_one(struct goods *g, struct wish *w, const char *type, struct wish *part)
{
    buf_addf(&w->body, "{\"type\":\"%s\",\"gtin\":\"" SIM_GTIN "\"", type);
    if (w->sort == WISH_COMMISSION)
        buf_addf(&w->body, ",\"lot\":\"%s\"", sim_lots[w->lot]);
    else
        buf_addf(&w->body, ",\"reason\":\"torn\"");
    buf_addf(&w->body, ",\"serials\":[");
    say_packs(g, part, &w->body, "");
    buf_addf(&w->body, "]}");
    w->objects++;
}

// What can be done while the lot is as it should be, and while it changes perhaps.
static void depend(struct wish *w, bool right, enum run_state now)
{
    if (now == LOT_ENDING)
        w->expect = EXPECT_EITHER;
    else if (!right)
        w->expect = EXPECT_REFUSED;
}

// A report, or a line of NDJSON for each pack, which go in several transactions.
static bool wish_begin(struct goods *g, struct wish *w)
{
    const char *type = wish_words[w->sort];
    struct pick p = {PACK_ALLOCATED, LOTS, BOXES_MAX, 1 + dice_below(g->dice, 10),
                     dice_chance(g->dice, 250)};

    pick(g, w, &p);
    if (w->count == 0) return false;
    w->lot = pick_lot(g, LOT_RUNS);
    if (w->sort == WISH_COMMISSION) depend(w, g->lots[w->lot] == LOT_RUNS, g->lots[w->lot]);
    w->line = "POST /v1/reports";
    if (w->expect != EXPECT_REFUSED && dice_chance(g->dice, 250)) {
        w->type = "application/x-ndjson";
        for (uint32_t i = 0; i < w->count; i++) {
            struct wish part = {.packs = {w->packs[i]}, .count = 1};
            say_one(g, w, type, &part);
            buf_addc(&w->body, '\n');
        }
        return true;
    }
    spoil(g, w);
    say_one(g, w, type, w);
    return true;
}

// Packs of its own; now and then another one, which must be kept.
static bool wish_back(struct goods *g, struct wish *w)
{
    uint32_t max = 1 + dice_below(g->dice, PICK_MAX - 1);
    bool wrong = dice_chance(g->dice, 200);

    for (uint32_t i = 0; i < g->pack_count && w->count < max; i++) {
        struct sim_pack *x = &g->packs[i];
        bool right = x->state == PACK_ALLOCATED && x->line == w->who;
        if (x->busy > 0 || right == wrong || dice_chance(g->dice, 300)) continue;
        wrong = false;
        x->going = right;
        w->times[w->count] = x->times;
        w->packs[w->count++] = i;
    }
    if (w->count == 0) return false;
    w->line = "POST /v1/serials/returns";
    buf_addf(&w->body, "{\"gtin\":\"" SIM_GTIN "\",\"to\":\"pool\",\"serials\":[");
    say_packs(g, w, &w->body, "");
    buf_addf(&w->body, "]}");
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
    w->line = "POST /v1/reports";
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
    w->line = "POST /v1/reports";
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
    w->line = "POST /v1/reports";
    w->objects = 1;
    buf_addf(&w->body, "{\"type\":\"unpack\",\"parent\":\"%s\",\"children\":[",
             g->boxes[w->box].sscc);
    say_packs(g, w, &w->body, "(01)" SIM_GTIN "(21)");
    buf_addf(&w->body, "]}");
    return true;
}

static bool wish_ship(struct goods *g, struct wish *w)
{
    bool wrong = dice_chance(g->dice, 150); // open, or gone already
    enum box_state right = !wrong ? BOX_CLOSED : dice_chance(g->dice, 500) ? BOX_OPEN : BOX_SHIPPED;

    for (unsigned i = 0; i < 6; i++) {
        w->box = pick_box(g, right, true);
        if (w->box == BOXES_MAX || g->lots[g->boxes[w->box].lot] == LOT_ENDED) break;
    }
    if (w->box == BOXES_MAX) return false;
    w->lot = g->boxes[w->box].lot;
    if (g->lots[w->lot] != LOT_ENDED && dice_chance(g->dice, 900)) return false;
    depend(w, g->lots[w->lot] == LOT_ENDED, g->lots[w->lot]);
    if (wrong) w->expect = EXPECT_REFUSED;
    w->line = "POST /v1/shipments";
    buf_addf(&w->body,
             "{\"units\":[\"(00)%s\"],\"to\":{\"party\":\"" SIM_PARTY "\",\"location\":\"" SIM_PARTY
             "\"}}",
             g->boxes[w->box].sscc);
    return true;
}

static bool wish_end(struct goods *g, struct wish *w)
{
    static const char *const lines[LOTS] = {
        "POST /v1/lots/" SIM_GTIN "/D1/close", "POST /v1/lots/" SIM_GTIN "/D2/close",
        "POST /v1/lots/" SIM_GTIN "/D3/close", "POST /v1/lots/" SIM_GTIN "/D4/close",
        "POST /v1/lots/" SIM_GTIN "/D5/close", "POST /v1/lots/" SIM_GTIN "/D6/close"};

    w->lot = dice_below(g->dice, LOTS);
    if (g->lots[w->lot] != LOT_RUNS || dice_chance(g->dice, 900)) return false;
    g->lots[w->lot] = LOT_ENDING;
    w->line = lines[w->lot];
    buf_addf(&w->body, "{}");
    return true;
}

// ---- a wish and the others

static bool has(const struct wish *w, uint32_t pack)
{
    for (uint32_t i = 0; w->sort != WISH_PACKS && w->sort != WISH_BOXES && i < w->count; i++)
        if (w->packs[i] == pack) return true;
    return false;
}

static void compete(const struct goods *g, struct wish *w, const struct wishing *x)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (g->packs[w->packs[i]].busy == 0) continue;
        w->expect = EXPECT_EITHER;
        for (uint32_t k = 0; k < x->other_count; k++)
            if (x->others[k] != NULL && has(x->others[k], w->packs[i]))
                x->others[k]->expect = EXPECT_EITHER;
    }
}

// Nobody knows whether the lot or the packs come first.
static void end_of_lot(struct wish *w, const struct wishing *x)
{
    for (uint32_t k = 0; k < x->other_count; k++)
        if (x->others[k] != NULL && x->others[k]->sort == WISH_COMMISSION &&
            x->others[k]->lot == w->lot)
            x->others[k]->expect = EXPECT_EITHER;
}

static void hold(struct goods *g, const struct wish *w, bool on)
{
    if (w->sort == WISH_PACKS || w->sort == WISH_BOXES) return;
    for (uint32_t i = 0; i < w->count; i++) g->packs[w->packs[i]].busy += on ? 1u : UINT32_MAX;
    if (w->box != BOXES_MAX) g->boxes[w->box].busy = on;
}

bool goods_wish(struct goods *g, struct wish *w, const struct wishing *x)
{
    static bool (*const make[WISH_SORTS])(struct goods * g, struct wish * w) = {
        [WISH_PACKS] = wish_packs, [WISH_BOXES] = wish_boxes,   [WISH_COMMISSION] = wish_begin,
        [WISH_SCRAP] = wish_begin, [WISH_BACK] = wish_back,     [WISH_PACK] = wish_pack,
        [WISH_CLOSE] = wish_close, [WISH_UNPACK] = wish_unpack, [WISH_SHIP] = wish_ship,
        [WISH_END] = wish_end};
    static const uint8_t line_wants[] = {
        WISH_PACKS,      WISH_PACKS, WISH_BOXES, WISH_COMMISSION, WISH_COMMISSION,
        WISH_COMMISSION, WISH_SCRAP, WISH_BACK,  WISH_PACK,       WISH_PACK,
        WISH_PACK,       WISH_CLOSE, WISH_CLOSE, WISH_UNPACK};

    bool made = false;
    for (unsigned i = 0; i < TRIES && !made; i++) {
        *w = (struct wish){
            .box = BOXES_MAX, .expect = EXPECT_DONE, .type = "application/json", .who = x->who};
        w->sort = line_wants[dice_below(g->dice, LEN(line_wants))];
        if (x->operator) w->sort = dice_chance(g->dice, 300) ? WISH_END : WISH_SHIP;
        buf_init(&w->body, BODY_MAX);
        made = make[w->sort](g, w);
        if (!made) buf_fini(&w->body);
    }
    if (!made) return false;
    if (w->sort != WISH_PACKS && w->sort != WISH_BOXES) compete(g, w, x);
    if (w->sort == WISH_END) end_of_lot(w, x);
    hold(g, w, true);
    return true;
}

// ---- answers

static bool number_after(str *rest, const char *name, uint64_t *out)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = memmem(rest->p, rest->n, key, (size_t)n);

    if (at == NULL) return false;
    *rest = str_from(*rest, (size_t)(at - rest->p) + (size_t)n);
    *out = strtoull(rest->p, NULL, 10);
    return true;
}

static bool says(str body, const char *piece)
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
    return w->objects > 0 ? report_weigh(w, a->body) : JUDGED_DONE;
}

// ---- what an answer means

// A new number, or one that came back, or is on its way back: then its return has been done.
static void pack_given(struct goods *g, const struct wish *w, const char *serial)
{
    uint32_t i = 0;

    while (i < g->pack_count && strcmp(g->packs[i].serial, serial) != 0) i++;
    struct sim_pack *x = &g->packs[i];
    if (i == g->pack_count)
        g->pack_count++;
    else if (x->state == PACK_LYING || x->going)
        g->again++;
    else
        trace_break(g->house->trace, "the serial %s was given twice", serial);
    snprintf(x->serial, sizeof x->serial, "%s", serial);
    x->state = PACK_ALLOCATED;
    x->line = w->who;
    x->times++;
}

static void box_given(struct goods *g, const char *sscc)
{
    for (uint32_t i = 0; i < g->box_count; i++)
        if (strcmp(g->boxes[i].sscc, sscc) == 0)
            trace_break(g->house->trace, "the SSCC %s was given twice", sscc);
    snprintf(g->boxes[g->box_count++].sscc, sizeof g->boxes[0].sscc, "%.18s", sscc);
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
        assert((size_t)(end - at) < (packs ? sizeof number : sizeof g->boxes[0].sscc));
        snprintf(number, sizeof number, "%.*s", (int)(end - at), at);
        if (packs)
            pack_given(g, w, number);
        else
            box_given(g, number);
        at = end[1] == ',' ? end + 3 : NULL;
    }
    if (n != w->count) trace_break(g->house->trace, "%u numbers were given, not %u", n, w->count);
}

// Nothing else was done to them meanwhile, but that another may have got them already.
static void went_back(struct goods *g, const struct wish *w, str body)
{
    for (uint32_t i = 0; i < w->count; i++) {
        struct sim_pack *x = &g->packs[w->packs[i]];
        char unit[64];
        snprintf(unit, sizeof unit, "(21)%s\"", x->serial);
        bool kept = says(body, unit), went = x->going;
        x->going = false;
        if (kept == went)
            trace_break(g->house->trace, "%s %s its pool", x->serial,
                        kept ? "was kept from" : "went to");
        if (went && x->times == w->times[i]) x->state = PACK_LYING;
    }
}

static void move(struct goods *g, const struct wish *w, enum pack_state from, enum pack_state to)
{
    for (uint32_t i = 0; i < w->count; i++) {
        struct sim_pack *x = &g->packs[w->packs[i]];
        if (x->state != from)
            trace_break(g->house->trace, "%s was done to %s, and something else before",
                        wish_words[w->sort], x->serial);
        x->state = to;
        if (to == PACK_PACKED) x->box = w->box;
        if (w->sort == WISH_COMMISSION) x->lot = w->lot;
    }
}

static void follow(struct goods *g, const struct wish *w, str body)
{
    struct sim_box *box = w->box == BOXES_MAX ? NULL : &g->boxes[w->box];

    switch (w->sort) {
    case WISH_PACKS:
    case WISH_BOXES: given(g, w, body); break;
    case WISH_COMMISSION: move(g, w, PACK_ALLOCATED, PACK_LOOSE); break;
    case WISH_SCRAP: move(g, w, PACK_ALLOCATED, PACK_SCRAPPED); break;
    case WISH_BACK: went_back(g, w, body); break;
    case WISH_PACK:
        move(g, w, PACK_LOOSE, PACK_PACKED);
        box->state = BOX_OPEN;
        box->lot = w->lot;
        box->count += w->count;
        if (box->count == CASE) box->state = BOX_CLOSED; // a full one is
        break;
    case WISH_UNPACK:
        move(g, w, PACK_PACKED, PACK_LOOSE);
        box->state = BOX_OPEN;
        box->count -= w->count;
        break;
    case WISH_CLOSE: box->state = BOX_CLOSED; break;
    case WISH_SHIP: box->state = BOX_SHIPPED; break;
    case WISH_END: g->lots[w->lot] = LOT_ENDED; break;
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
    hold(g, w, false);
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

// ---- at the end

static struct house_answer get(struct goods *g, struct arena *a, str token, const char *line)
{
    struct wire_ask ask = {
        .line = line, .token = token, .key = {"", 0},
                .type = {"", 0},
                .body = {"", 0}
    };
    struct house_answer r = house_call(g->house, a, &ask);

    if (r.code != 200) trace_break(g->house->trace, "%s: %d %.*s", line, r.code, STR(r.body));
    return r;
}

static const char *word_of(const struct goods *g, const struct sim_pack *x)
{
    static const char *const words[PACK_STATES] = {"allocated", "commissioned", "scrapped",
                                                   "packed", "unallocated"};

    if (x->state == PACK_PACKED && g->boxes[x->box].state == BOX_SHIPPED) return "shipped";
    return words[x->state];
}

static void unit_check(struct goods *g, struct arena *a, str token, const char *unit,
                       const char *word)
{
    char line[100], piece[40];

    snprintf(line, sizeof line, "GET /v1/units/%s", unit);
    snprintf(piece, sizeof piece, "\"state\":\"%s\"", word);
    struct house_answer r = get(g, a, token, line);
    if (!says(r.body, piece))
        trace_break(g->house->trace, "%s is not %s: %.*s", unit, word, STR(r.body));
    arena_reset(a);
}

static void units_check(struct goods *g, struct arena *a, str token)
{
    static const char *const words[BOX_STATES] = {"allocated", "open", "closed", "shipped"};
    char unit[64];

    for (uint32_t i = 0; i < g->pack_count; i++) {
        snprintf(unit, sizeof unit, "(01)" SIM_GTIN "(21)%s", g->packs[i].serial);
        unit_check(g, a, token, unit, word_of(g, &g->packs[i]));
    }
    for (uint32_t i = 0; i < g->box_count; i++) {
        snprintf(unit, sizeof unit, "(00)%s", g->boxes[i].sscc);
        unit_check(g, a, token, unit, words[g->boxes[i].state]);
    }
}

static void number_check(struct goods *g, str *rest, const char *name, uint64_t want)
{
    uint64_t n = 0;

    if (!number_after(rest, name, &n) || n != want)
        trace_break(g->house->trace, "the counter %s is %llu, not %llu", name,
                    (unsigned long long)n, (unsigned long long)want);
}

static void pools_check(struct goods *g, struct arena *a, str token)
{
    str packs = get(g, a, token, "GET /v1/pools/packs").body;
    str boxes = get(g, a, token, "GET /v1/pools/cases").body;

    uint32_t lying = 0;

    for (uint32_t i = 0; i < g->pack_count; i++) lying += g->packs[i].state == PACK_LYING;
    number_check(g, &packs, "issued", g->pack_count - lying);
    number_check(g, &packs, "returned", lying);
    number_check(g, &boxes, "issued", g->box_count);
}

static void lot_check(struct goods *g, struct arena *a, str token, uint32_t lot)
{
    uint64_t loose = 0, packed = 0; // those that were shipped in containers, too
    char line[80];

    for (uint32_t i = 0; i < g->pack_count; i++) {
        const struct sim_pack *x = &g->packs[i];
        loose += x->state == PACK_LOOSE && x->lot == lot;
        packed += x->state == PACK_PACKED && x->lot == lot;
    }
    snprintf(line, sizeof line, "GET /v1/lots/" SIM_GTIN "/%s/balance", sim_lots[lot]);
    str rest = get(g, a, token, line).body, goods;
    const char *at = memmem(rest.p, rest.n, "\"goods\":", 8);
    goods = at == NULL ? rest : str_from(rest, (size_t)(at - rest.p));
    number_check(g, &goods, "commissioned", loose + packed);
    number_check(g, &goods, "in_containers", packed);
    number_check(g, &goods, "loose", loose);
    number_check(g, &goods, "shipped", 0); // none went without a case
}

void goods_check(struct goods *g, str token)
{
    struct arena a;

    arena_init(&a, 16 * MB);
    units_check(g, &a, token);
    pools_check(g, &a, token);
    for (uint32_t lot = 0; lot < LOTS; lot++) lot_check(g, &a, token, lot);
    arena_fini(&a);
}
