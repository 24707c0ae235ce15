// Documents: own packs that begin elsewhere, packings that wait for numbers, units of others; the
// same once more, and something else under the same event ids.
//
// Events are said to be long before the site was there, each a second after the one before: so none
// is late by the site's clock, whatever that does.
#include "goods_int.h"
#include <stdio.h>
#include <string.h>

#define DL     "https://id.gs1.org/01/" SIM_GTIN "/21/"
#define OTHERS "09521999000006"
#define SMALL  3u // events of a document that is one transaction: house.c
#define OFFSET "\"+00:00\""

// ---- saying

static void doc_begin(struct goods *g, struct wish *w)
{
    line_say(w, "POST /epcis/v2/capture");
    w->first = g->names;
    buf_addf(&w->body, "{\"@context\":"
                       "\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","
                       "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
                       "\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[");
}

static void event_begin(struct goods *g, struct wish *w, const char *type, const char *action,
                        const char *step)
{
    uint32_t n = g->names++;

    if (w->events++ > 0) buf_addc(&w->body, ',');
    buf_addf(&w->body,
             "{\"type\":\"%s\",\"eventID\":\"urn:sim:%u\",\"eventTime\":\"2025-10-%02uT%02u:%02u:"
             "%02uZ\",\"eventTimeZoneOffset\":" OFFSET ",\"action\":\"%s\",\"bizStep\":\"%s\",",
             type, n, 1 + n / 86400, n / 3600 % 24, n / 60 % 60, n % 60, action, step);
}

static void event_end(struct wish *w) { buf_addf(&w->body, "}"); }
static void doc_end(struct wish *w) { buf_addf(&w->body, "]}}"); }

static void say_children(struct goods *g, struct wish *w)
{
    buf_addf(&w->body, "\"parentID\":\"https://id.gs1.org/00/%s\",\"childEPCs\":[",
             g->boxes[w->box].sscc);
    say_packs(g, w, &w->body, DL);
    buf_addc(&w->body, ']');
}

static bool is_told_out(const struct goods *g) { return g->told_count + 20 > TOLD_MAX; }

// ---- own packs

static void tell_begun(struct goods *g, struct wish *w)
{
    event_begin(g, w, "ObjectEvent", "ADD", "commissioning");
    buf_addf(&w->body, "\"epcList\":[");
    say_packs(g, w, &w->body, DL);
    buf_addf(&w->body, "],\"ilmd\":{\"cbvmda:lotNumber\":\"%s\"}", sim_lots[w->lot]);
    event_end(w);
    if (w->box == BOXES_MAX) return;
    event_begin(g, w, "ObjectEvent", "ADD", "commissioning");
    buf_addf(&w->body, "\"epcList\":[\"https://id.gs1.org/00/%s\"]", g->boxes[w->box].sscc);
    event_end(w);
    event_begin(g, w, "AggregationEvent", "ADD", "packing");
    say_children(g, w);
    event_end(w);
}

bool wish_tell(struct goods *g, struct wish *w)
{
    struct pick p = {PACK_ALLOCATED, LOTS, BOXES_MAX, 1 + dice_below(g->dice, CASE), false};

    w->lot = pick_lot(g, LOT_RUNS);
    const struct sim_lot *l = &g->lots[w->lot];
    if (is_told_out(g) || !lot_takes(l) || l->held || l->changing > 0) return false;
    pick(g, w, &p);
    if (w->count == 0) return false;
    if (dice_chance(g->dice, 600)) w->box = pick_box(g, BOX_ALLOCATED, false);
    doc_begin(g, w);
    tell_begun(g, w);
    doc_end(w);
    return true;
}

bool wish_tell_wait(struct goods *g, struct wish *w)
{
    struct pick p = {PACK_ALLOCATED, LOTS, BOXES_MAX, 1 + dice_below(g->dice, CASE), false};

    w->box = pick_box(g, BOX_ALLOCATED, false);
    if (is_told_out(g) || w->box == BOXES_MAX || g->wait_count == WAITS_MAX) return false;
    pick(g, w, &p);
    if (w->count == 0) return false;
    doc_begin(g, w);
    event_begin(g, w, "AggregationEvent", "ADD", "packing");
    say_children(g, w);
    event_end(w);
    doc_end(w);
    return true;
}

// ---- what a packing waits for

static uint32_t waiting_packs(struct goods *g, const struct sim_wait *x, struct wish *w)
{
    uint32_t begun = 0;

    for (uint32_t i = 0; i < x->count; i++) {
        begun += g->packs[x->packs[i]].state == PACK_LOOSE;
        if (g->packs[x->packs[i]].state != PACK_ALLOCATED) continue;
        if (w->count == 0 || dice_chance(g->dice, 500)) w->packs[w->count++] = x->packs[i];
    }
    return begun;
}

bool wish_begin_waiting(struct goods *g, struct wish *w)
{
    if (g->wait_count == 0) return false;
    w->wait = dice_below(g->dice, g->wait_count);
    const struct sim_wait *x = &g->waits[w->wait];
    const struct sim_lot *l = &g->lots[x->lot];
    if (x->busy || x->done || l->held || l->changing > 0) return false;
    w->lot = x->lot;
    depend(g, w, w->lot, lot_takes(l));
    line_say(w, "POST /v1/reports");
    w->objects = 1;
    if (g->boxes[x->box].state == BOX_ALLOCATED && dice_chance(g->dice, 400)) {
        w->box = x->box;
        buf_addf(&w->body,
                 "{\"type\":\"commission\",\"gtin\":\"" SIM_GTIN
                 "\",\"lot\":\"%s\",\"ssccs\":[\"%s\"]}",
                 sim_lots[w->lot], g->boxes[w->box].sscc);
        return true;
    }
    uint32_t begun = waiting_packs(g, x, w);
    bool scrap = begun > 0 && dice_chance(g->dice, 200);
    w->to = scrap ? PACK_SCRAPPED : PACK_LOOSE;
    if (scrap) { // also of a lot that has ended, but is not released
        w->expect = EXPECT_DONE;
        depend(g, w, w->lot, l->state != LOT_FREED);
    }
    buf_addf(&w->body, "{\"type\":\"%s\",\"gtin\":\"" SIM_GTIN "\",\"lot\":\"%s\"%s,\"serials\":[",
             scrap ? "scrap" : "commission", sim_lots[w->lot], scrap ? ",\"reason\":\"torn\"" : "");
    say_packs(g, w, &w->body, "");
    buf_addf(&w->body, "]}");
    return w->count > 0;
}

// Is there nothing left that it waits for? Then it is done.
static void wait_over(struct goods *g, uint32_t wait)
{
    struct sim_wait *x = &g->waits[wait];
    struct sim_box *box = &g->boxes[x->box];

    if (g->short_waits || box->state == BOX_ALLOCATED) return;
    for (uint32_t i = 0; i < x->count; i++)
        if (g->packs[x->packs[i]].state == PACK_ALLOCATED) return;
    x->done = true;
    box->waits = false;
    box->state = BOX_CLOSED;
    box->lot = x->lot;
    for (uint32_t i = 0; i < x->count; i++) {
        struct sim_pack *p = &g->packs[x->packs[i]];
        p->waits = false;
        if (p->state != PACK_LOOSE) continue;
        p->state = PACK_PACKED;
        p->box = x->box;
        box->count++;
    }
}

// ---- units of others

static void sscc_say(char out[20], uint32_t n)
{
    unsigned sum = 0;

    snprintf(out, 20, "09521999%09u", n);
    for (unsigned i = 0; i < 17; i++) sum += (unsigned)(out[i] - '0') * (i % 2 == 0 ? 3 : 1);
    out[17] = (char)('0' + (10 - sum % 10) % 10);
    out[18] = 0;
}

static void say_others(struct wish *w, uint32_t name, uint32_t from, uint32_t n)
{
    for (uint32_t i = from; i < from + n; i++)
        buf_addf(&w->body, "%s\"https://id.gs1.org/01/" OTHERS "/21/F%u-%u\"", i > from ? "," : "",
                 name, i);
}

// A case of others is told, and after it one by one of what it holds: seen, or taken out.
bool wish_tell_other(struct goods *g, struct wish *w)
{
    uint32_t n = 2 + dice_below(g->dice, 6), more = dice_below(g->dice, n + 1), name = g->names;
    char sscc[20];

    if (is_told_out(g) || g->strange_count + n > STRANGE_MAX) return false;
    sscc_say(sscc, name);
    doc_begin(g, w);
    event_begin(g, w, "AggregationEvent", "ADD", "packing");
    buf_addf(&w->body, "\"parentID\":\"https://id.gs1.org/00/%s\",\"childEPCs\":[", sscc);
    say_others(w, name, 0, n);
    buf_addc(&w->body, ']');
    event_end(w);
    for (uint32_t i = 0; i < n; i++) {
        struct sim_strange *x = &g->strange[g->strange_count++];
        bool out = i < more && dice_chance(g->dice, 500);
        snprintf(x->id, sizeof x->id, "(01)" OTHERS "(21)F%u-%u", name, i);
        snprintf(x->parent, sizeof x->parent, "%s%s", out ? "" : "(00)", out ? "" : sscc);
        if (i >= more) continue;
        event_begin(g, w, out ? "AggregationEvent" : "ObjectEvent", out ? "DELETE" : "OBSERVE",
                    out ? "unpacking" : "storing");
        if (out) buf_addf(&w->body, "\"parentID\":\"https://id.gs1.org/00/%s\",", sscc);
        buf_addf(&w->body, out ? "\"childEPCs\":[" : "\"epcList\":[");
        say_others(w, name, i, 1);
        buf_addc(&w->body, ']');
        event_end(w);
    }
    doc_end(w);
    return true;
}

// ---- numbers that lie in their pool: they are on somebody's paper from now on

bool wish_tell_lying(struct goods *g, struct wish *w)
{
    struct pick p = {PACK_LYING, LOTS, BOXES_MAX, 2, false};

    if (is_told_out(g)) return false;
    pick(g, w, &p);
    if (w->count == 0) return false;
    for (uint32_t i = 0; i < w->count; i++) w->times[i] = g->packs[w->packs[i]].times;
    doc_begin(g, w);
    event_begin(g, w, "ObjectEvent", "OBSERVE", "inspecting");
    buf_addf(&w->body, "\"epcList\":[");
    say_packs(g, w, &w->body, DL);
    buf_addc(&w->body, ']');
    event_end(w);
    doc_end(w);
    return true;
}

// ---- once more

static const struct said *remembered(struct goods *g)
{
    uint32_t n = g->said_count < SAID_KEPT ? g->said_count : SAID_KEPT;

    return n == 0 ? NULL : &g->said[dice_below(g->dice, n)];
}

bool wish_tell_again(struct goods *g, struct wish *w)
{
    const struct said *x = remembered(g);

    if (x == NULL) return false;
    line_say(w, "POST /epcis/v2/capture");
    buf_add(&w->body, buf_str(&x->body));
    return true;
}

// Of one that is stored for sure, each event in another zone: there is something else by that name.
bool wish_tell_wrong(struct goods *g, struct wish *w)
{
    const struct said *x = remembered(g);

    if (x == NULL || x->n > SMALL) return false;
    line_say(w, "POST /epcis/v2/capture");
    buf_add(&w->body, buf_str(&x->body));
    char *at = w->body.p, *end = at + w->body.n;
    while ((at = memmem(at, (size_t)(end - at), OFFSET, sizeof OFFSET - 1)) != NULL) at[3] = '1';
    return true;
}

// ---- what became of them

static void remember(struct goods *g, const struct wish *w)
{
    struct said *x = &g->said[g->said_count++ % SAID_KEPT];

    for (uint32_t i = 0; i < w->events; i++) g->told[g->told_count++] = w->first + i;
    x->n = w->events;
    buf_fini(&x->body);
    buf_init(&x->body, 64 * KB);
    buf_add(&x->body, buf_str(&w->body));
}

static void follow_tell(struct goods *g, const struct wish *w)
{
    struct sim_box *box = w->box == BOXES_MAX ? NULL : &g->boxes[w->box];

    move(g, w, PACK_ALLOCATED, PACK_LOOSE);
    if (box == NULL) return;
    move(g, w, PACK_LOOSE, PACK_PACKED);
    box->state = BOX_CLOSED;
    box->lot = w->lot;
    box->count = w->count;
}

static void follow_wait(struct goods *g, const struct wish *w)
{
    struct sim_wait *x = &g->waits[g->wait_count++];

    *x = (struct sim_wait){.count = w->count, .box = w->box, .lot = pick_lot(g, LOT_RUNS)};
    memcpy(x->packs, w->packs, sizeof x->packs);
    for (uint32_t i = 0; i < w->count; i++) g->packs[w->packs[i]].waits = true;
    g->boxes[w->box].waits = true;
}

// One that was given meanwhile was perhaps given before it was named.
static void follow_lying(struct goods *g, const struct wish *w)
{
    for (uint32_t i = 0; i < w->count; i++) g->packs[w->packs[i]].named = g->wishes;
}

static void follow_begin(struct goods *g, const struct wish *w)
{
    if (w->box == BOXES_MAX) {
        move(g, w, PACK_ALLOCATED, w->to);
    } else {
        g->boxes[w->box].state = BOX_OPEN;
        g->boxes[w->box].home = g->boxes[w->box].lot = w->lot;
    }
    wait_over(g, w->wait);
}

void told_follow(struct goods *g, const struct wish *w)
{
    if (w->sort == WISH_TELL) follow_tell(g, w);
    if (w->sort == WISH_TELL_WAIT) follow_wait(g, w);
    if (w->sort == WISH_TELL_LYING) follow_lying(g, w);
    if (w->sort == WISH_BEGIN) follow_begin(g, w);
    if (w->events > 0) remember(g, w);
}
