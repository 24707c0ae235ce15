// What the answers have said is so: of some of what a wish has named, and of something else, once
// it is answered, where nobody is at it; in the end of every number, case, lot and counter, and of
// the units of others that documents told of.
#include "goods_int.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct proof {
    struct goods *g;
    struct arena a;
};

static str get(struct proof *p, const char *token, const char *line)
{
    struct wire_ask ask = {
        .line = line, .token = str_of(token), .key = {"", 0},
                .type = {"", 0},
                .body = {"", 0}
    };
    struct house_answer r = house_call(p->g->house, &p->a, &ask);

    if (r.code != 200) trace_break(p->g->house->trace, "%s: %d %.*s", line, r.code, STR(r.body));
    return r.body;
}

static str unit_get(struct proof *p, const char *token, const char *unit)
{
    char line[100];

    snprintf(line, sizeof line, "GET /v1/units/%s", unit);
    arena_reset(&p->a);
    return get(p, token, line);
}

static void pack_name(const struct sim_pack *x, char out[64])
{
    snprintf(out, 64, "(01)" SIM_GTIN "(21)%s", x->serial);
}

// ---- packings that still wait, or whose hour is over

// Packed or not: that hangs on when its hour was over.
static void look_at_waiting(struct proof *p, struct sim_wait *x)
{
    struct sim_box *box = &p->g->boxes[x->box];
    char unit[64];

    for (uint32_t i = 0; i < x->count; i++) {
        struct sim_pack *pack = &p->g->packs[x->packs[i]];
        if (pack->state != PACK_LOOSE) continue;
        pack_name(pack, unit);
        if (!says(unit_get(p, p->g->auditor, unit), "\"state\":\"packed\"")) continue;
        pack->state = PACK_PACKED;
        pack->box = x->box;
        box->state = BOX_CLOSED;
        box->lot = x->lot;
        box->count++;
    }
}

static void waits_settle(struct proof *p)
{
    for (uint32_t i = 0; p->g->short_waits && i < p->g->wait_count; i++)
        look_at_waiting(p, &p->g->waits[i]);
}

// ---- units

static str part_after(str rest, const char *key)
{
    const char *at = memmem(rest.p, rest.n, key, strlen(key));

    return at == NULL ? (str){"", 0} : str_from(rest, (size_t)(at - rest.p));
}

static void must_say(struct proof *p, const char *what, str body, const char *piece)
{
    if (!says(body, piece))
        trace_break(p->g->house->trace, "%s is not %s: %.*s", what, piece, STR(body));
}

static str unit_check(struct proof *p, const char *unit, const char *word, int held)
{
    char piece[40];
    str body = unit_get(p, p->g->auditor, unit);

    snprintf(piece, sizeof piece, "\"state\":\"%s\"", word);
    must_say(p, unit, body, piece);
    if (held >= 0 && says(body, "\"hold\"") != (held > 0))
        trace_break(p->g->house->trace, "%s is%s held: %.*s", unit, held > 0 ? " not" : "",
                    STR(body));
    return body;
}

static const char *word_of(const struct goods *g, const struct sim_pack *x)
{
    static const char *const words[PACK_STATES] = {
        "allocated", "allocated", "invalid",      "commissioned", "scrapped",   "packed",
        "sampled",   "destroyed", "commissioned", "shipped",      "unallocated"};

    enum box_state box = x->state == PACK_PACKED ? g->boxes[x->box].state : BOX_ALLOCATED;
    return box == BOX_SHIPPED || box == BOX_BACK ? "shipped" : words[x->state];
}

// -1: it is not looked at.
static int is_held(const struct goods *g, const struct sim_pack *x)
{
    if (x->state != PACK_LOOSE && x->state != PACK_PACKED) return -1;
    return x->held || g->lots[x->lot].held || (x->state == PACK_PACKED && g->boxes[x->box].held);
}

// Whose it is, and what it lies in: a pack that came back by itself lies in nothing.
static void pack_check(struct proof *p, uint32_t i)
{
    const struct goods *g = p->g;
    const struct sim_pack *x = &g->packs[i];
    char unit[64], piece[60] = "\"parent\":null";

    pack_name(x, unit);
    str body = unit_check(p, unit, word_of(g, x), is_held(g, x));
    if (x->state == PACK_PACKED)
        snprintf(piece, sizeof piece, "\"parent\":\"(00)%s\"", g->boxes[x->box].sscc);
    must_say(p, unit, body, piece);
    if (x->lot == LOTS) return;
    snprintf(piece, sizeof piece, "\"lot\":\"%s\"", sim_lots[x->lot]);
    must_say(p, unit, body, piece);
}

static void box_check(struct proof *p, uint32_t i)
{
    static const char *const words[BOX_STATES] = {"allocated", "open", "closed", "shipped",
                                                  "shipped"};
    const struct sim_box *x = &p->g->boxes[i];
    char unit[64], piece[80] = "\"contents\":[]";

    snprintf(unit, sizeof unit, "(00)%s", x->sscc);
    str body = unit_check(p, unit, words[x->state], x->held);
    must_say(p, unit, body, "\"parent\":null");
    if (x->count > 0)
        snprintf(piece, sizeof piece, "\"lot\":\"%s\",\"count\":%u}]", sim_lots[x->lot], x->count);
    must_say(p, unit, body, piece);
}

static void units_check(struct proof *p)
{
    const struct goods *g = p->g;

    for (uint32_t i = 0; i < g->pack_count; i++)
        if (g->packs[i].state != PACK_LYING || g->packs[i].named == 0) // else struck off or not
            pack_check(p, i);
    for (uint32_t i = 0; i < g->box_count; i++) box_check(p, i);
}

static void strange_check(struct proof *p)
{
    char piece[60];

    for (uint32_t i = 0; i < p->g->strange_count; i++) {
        const struct sim_strange *x = &p->g->strange[i];
        str body = unit_get(p, p->g->client, x->id);
        if (x->parent[0] == 0)
            snprintf(piece, sizeof piece, "\"parent\":null");
        else
            snprintf(piece, sizeof piece, "\"parent\":\"%s\"", x->parent);
        if (!says(body, piece))
            trace_break(p->g->house->trace, "%s does not lie in %s: %.*s", x->id,
                        x->parent[0] == 0 ? "nothing" : x->parent, STR(body));
    }
}

// ---- counters

static void number_check(struct proof *p, str *rest, const char *name, uint64_t want)
{
    uint64_t n = 0;

    if (!number_after(rest, name, &n) || n != want)
        trace_break(p->g->house->trace, "the counter %s is %llu, not %llu", name,
                    (unsigned long long)n, (unsigned long long)want);
}

static void pools_check(struct proof *p)
{
    str packs = get(p, p->g->auditor, "GET /v1/pools/packs");
    str boxes = get(p, p->g->auditor, "GET /v1/pools/cases");
    uint64_t issued = 0, lie = 0, named = 0, said = 0;

    for (uint32_t i = 0; i < p->g->pack_count; i++) {
        const struct sim_pack *x = &p->g->packs[i];
        lie += x->state == PACK_LYING && x->named == 0;
        named += x->state == PACK_LYING && x->named != 0;
    }
    // What was named lies there until its turn comes.
    if (!number_after(&packs, "issued", &issued) || !number_after(&packs, "returned", &said) ||
        said < lie || said > lie + named || issued + said != p->g->pack_count)
        trace_break(p->g->house->trace, "%llu are out and %llu lie in their pool",
                    (unsigned long long)issued, (unsigned long long)said);
    number_check(p, &boxes, "issued", p->g->box_count);
}

// An explanation by count is kept while the lot's equation is what it was, or signed; reopening
// ends it.
static void explained_check(struct proof *p, uint32_t lot, str body)
{
    static const struct {
        bool fate;
        const char *line;
    } lines[] = {
        {true,  "\"level\":\"pack\",\"line\":\"unknown_fate\""},
        {false, "\"level\":\"pack\",\"line\":\"loose\""       },
    };
    struct lot_terms t = lot_terms(p->g, lot);

    for (size_t i = 0; i < LEN(lines); i++) {
        uint64_t n = lines[i].fate ? t.unknown_fate : t.loose, explained, outdated;
        str line = part_after(body, lines[i].line);
        if ((n > 0) != (line.n > 0))
            trace_break(p->g->house->trace, "%s has not the difference %llu in %s", sim_lots[lot],
                        (unsigned long long)n, lines[i].line);
        if (line.n == 0 || !lot_explained(p->g, lot, lines[i].fate, &explained, &outdated))
            continue;
        number_check(p, &line, "explained", explained);
        number_check(p, &line, "outdated", outdated);
    }
}

static void lot_check(struct proof *p, uint32_t lot)
{
    static const char *const states[] = {"open", "closed", "released", "reopened"};
    struct lot_terms t = lot_terms(p->g, lot);
    char line[80], piece[40];

    arena_reset(&p->a);
    trace_say(p->g->house->trace, "lot %s", sim_lots[lot]);
    snprintf(line, sizeof line, "GET /v1/lots/" SIM_GTIN "/%s/balance", sim_lots[lot]);
    str body = get(p, p->g->auditor, line);
    snprintf(piece, sizeof piece, "\"state\":\"%s\"", states[p->g->lots[lot].state]);
    must_say(p, sim_lots[lot], body, piece);
    explained_check(p, lot, body);
    str numbers = part_after(body, "\"numbers\":"), goods = part_after(body, "\"goods\":");
    number_check(p, &numbers, "issued", t.issued);
    number_check(p, &numbers, "others", t.others);
    number_check(p, &numbers, "returned", t.returned);
    number_check(p, &numbers, "invalid", t.invalid);
    number_check(p, &numbers, "elsewhere", t.elsewhere);
    number_check(p, &numbers, "commissioned", t.commissioned);
    number_check(p, &numbers, "scrapped", t.scrapped);
    number_check(p, &numbers, "lost_on_line", t.lost_on_line);
    number_check(p, &numbers, "unknown_fate", t.unknown_fate);
    number_check(p, &goods, "commissioned", t.made);
    number_check(p, &goods, "in_containers", t.in_containers);
    number_check(p, &goods, "loose", t.loose);
    number_check(p, &goods, "shipped", t.shipped);
    number_check(p, &goods, "sampled", t.sampled);
    number_check(p, &goods, "destroyed", t.destroyed);
    number_check(p, &goods, "lost", t.lost);
    str cases = part_after(goods, "\"level\":\"case\"");
    if (cases.n == 0) return;
    cases = part_after(cases, "\"goods\":");
    number_check(p, &cases, "commissioned", t.cases);
    number_check(p, &cases, "open", t.open);
    number_check(p, &cases, "shipped", t.cases_gone);
}

// ---- meanwhile

// Nobody is at it, and nothing else may become of it by itself.
static bool is_quiet(const struct goods *g, const struct sim_pack *x)
{
    if (x->busy > 0 || x->waits || x->state == PACK_LYING) return false;
    if (x->lot < LOTS && g->lots[x->lot].changing > 0) return false;
    return x->state != PACK_PACKED || !g->boxes[x->box].busy;
}

static void look_at_pack(struct proof *p, uint32_t i)
{
    if (i < p->g->pack_count && is_quiet(p->g, &p->g->packs[i])) pack_check(p, i);
}

static void look_at_box(struct proof *p, uint32_t i)
{
    if (i < p->g->box_count && !p->g->boxes[i].busy && !p->g->boxes[i].waits) box_check(p, i);
}

static void look_at_lot(struct proof *p, uint32_t lot, const struct wishing *x)
{
    if (lot >= LOTS || lot_in_doubt(p->g, lot)) return;
    for (uint32_t k = 0; k < x->other_count; k++)
        if (x->others[k] != NULL && x->others[k]->lots >> lot & 1) return;
    lot_check(p, lot);
}

void goods_glance(struct goods *g, const struct wish *w, const struct wishing *x)
{
    bool packs = w->sort != WISH_PACKS && w->sort != WISH_BOXES && w->count > 0;
    struct db_fault fault = db_fault; // it is for those who work
    struct proof p = {.g = g};

    if (g->pack_count == 0 || g->box_count == 0) return;
    db_fault = (struct db_fault){0};
    arena_init(&p.a, 16 * MB);
    if (packs) look_at_pack(&p, w->packs[dice_below(g->dice, w->count)]);
    look_at_pack(&p, dice_below(g->dice, g->pack_count));
    look_at_box(&p, w->box);
    look_at_box(&p, dice_below(g->dice, g->box_count));
    look_at_lot(&p, w->lot < LOTS ? w->lot : dice_below(g->dice, LOTS), x);
    arena_fini(&p.a);
    db_fault = fault;
}

// ---- the end

void goods_check(struct goods *g)
{
    struct proof p = {.g = g};

    arena_init(&p.a, 16 * MB);
    waits_settle(&p);
    units_check(&p);
    strange_check(&p);
    pools_check(&p);
    for (uint32_t lot = 0; lot < LOTS; lot++) lot_check(&p, lot);
    arena_fini(&p.a);
}
