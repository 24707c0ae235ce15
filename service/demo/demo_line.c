// A packaging line: asks for numbers, prints, looks at each label, packs cases and pallets, and
// reports all of it over HTTP as a line's controller would. Its thread owns its caller.
//
// One label in a hundred is unreadable and scrapped, so a line asks for a few numbers more than it
// needs; what is left at the end of the lot was never printed and goes back to its owner.
#include "common/json.h"
#include "service/demo/demo_int.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK        1000u // numbers asked for at once
#define BATCH        100u  // labels between two reports
#define CASES_A_CALL 10u
#define BAD_EVERY    97u // a label the camera can't read

struct work {
    struct demo_line *line;
    struct demo_caller caller;   // as the line
    struct demo_caller operator; // who opens and closes the lot, and ships
    struct arena arena;          // of the lot: every text the line has in hand
    str *serials;                // of the block in hand
    uint32_t have, used, labels;
    str *good; // packs not yet in a case
    uint32_t loose;
    str *cases; // not yet on a pallet
    uint32_t full;
    str *pallets;
    str *ssccs;
    uint32_t sscc_have, sscc_used;
    struct buf body;
    int64_t started_ms;
};

static int64_t now_ms(void) { return env_mono(&env_real).ms; }

// Reads a list of texts of the last answer into the line's arena.
static uint32_t take_list(struct work *w, const char *key, str *out, uint32_t max)
{
    struct arena scratch;
    uint32_t n = 0;
    str k;

    arena_init(&scratch, 64 * MB);
    struct json_r r = json_reader(buf_str(&w->caller.answer), &scratch);
    for (json_object(&r); json_key(&r, &k);) {
        if (!str_eq(k, str_of(key))) {
            json_raw(&r);
            continue;
        }
        for (json_array(&r); json_item(&r);) {
            str s = json_string(&r);
            if (n < max) out[n++] = arena_str(&w->arena, s);
        }
    }
    arena_fini(&scratch);
    return n;
}

static status ask_numbers(struct work *w)
{
    const struct demo_line *l = w->line;
    char json[200];

    snprintf(json, sizeof json, "{\"gtin\":\"%s\",\"quantity\":%u,\"lot\":\"%s\"}",
             l->product->gtin, BLOCK, l->lot);
    TRY(demo_post(&w->caller, "/v1/serials", str_of(json)));
    w->have = take_list(w, "serials", w->serials, BLOCK);
    w->used = 0;
    w->line->issued += w->have;
    str request = demo_text(&w->caller, "request", &w->arena);
    snprintf(json, sizeof json, "/v1/serials/requests/%.*s/confirm", STR(request));
    return demo_post(&w->caller, json, S("{}"));
}

static status ask_ssccs(struct work *w)
{
    char json[200];

    snprintf(json, sizeof json, "{\"quantity\":100,\"lot\":\"%s\",\"gtin\":\"%s\"}", w->line->lot,
             w->line->product->gtin);
    TRY(demo_post(&w->caller, "/v1/sscc", str_of(json)));
    w->sscc_have = take_list(w, "ssccs", w->ssccs, 100);
    w->sscc_used = 0;
    str request = demo_text(&w->caller, "request", &w->arena);
    snprintf(json, sizeof json, "/v1/serials/requests/%.*s/confirm", STR(request));
    return demo_post(&w->caller, json, S("{}"));
}

static status take_sscc(struct work *w, str *out)
{
    if (w->sscc_used == w->sscc_have) TRY(ask_ssccs(w));
    if (w->sscc_have == 0) return fail(ST_CONFLICT, "demo.sscc", 0, "no SSCC was given");
    *out = w->ssccs[w->sscc_used++];
    return OK;
}

// Every report of the call must have been accepted.
static status report(struct work *w, const char *type)
{
    TRY(demo_ask(&w->caller, "POST", "/v1/reports", buf_str(&w->body), type));
    if (demo_number(&w->caller, "refused") == 0) return OK;
    return fail(ST_CONFLICT, "demo.refused", 0, "a report was refused: %.*s",
                (int)(w->caller.answer.n > 400 ? 400 : w->caller.answer.n), w->caller.answer.p);
}

static void add_list(struct json_w *j, const char *key, const str *items, uint32_t n)
{
    json_w_key(j, str_of(key));
    json_w_array(j);
    for (uint32_t i = 0; i < n; i++) json_w_str(j, items[i]);
    json_w_end(j);
}

static status report_commission(struct work *w, const str *serials, uint32_t n)
{
    buf_reset(&w->body);
    struct json_w j = json_writer(&w->body);
    json_w_object(&j);
    json_w_kstr(&j, "type", S("commission"));
    json_w_kstr(&j, "lot", str_of(w->line->lot));
    json_w_kstr(&j, "gtin", str_of(w->line->product->gtin));
    add_list(&j, "serials", serials, n);
    json_w_end(&j);
    w->line->commissioned += n;
    return report(w, NULL);
}

static status report_scrap(struct work *w, const str *serials, uint32_t n)
{
    if (n == 0) return OK;
    buf_reset(&w->body);
    struct json_w j = json_writer(&w->body);
    json_w_object(&j);
    json_w_kstr(&j, "type", S("scrap"));
    json_w_kstr(&j, "gtin", str_of(w->line->product->gtin));
    add_list(&j, "serials", serials, n);
    json_w_kstr(&j, "reason", S("the camera could not read the label"));
    json_w_end(&j);
    w->line->scrapped += n;
    return report(w, NULL);
}

// Prints and looks at up to BATCH labels.
static status print_batch(struct work *w)
{
    str good[BATCH], bad[BATCH];
    uint32_t goods = 0, bads = 0;
    struct demo_line *l = w->line;

    while (goods + bads < BATCH && l->commissioned + goods < l->packs) {
        if (w->used == w->have) TRY(ask_numbers(w));
        if (w->have == 0) return fail(ST_CONFLICT, "demo.serials", 0, "no number was given");
        str serial = w->serials[w->used++];
        if (++w->labels % BAD_EVERY == 0)
            bad[bads++] = serial;
        else
            good[goods++] = serial;
    }
    TRY(report_commission(w, good, goods));
    TRY(report_scrap(w, bad, bads));
    for (uint32_t i = 0; i < goods; i++) w->good[w->loose++] = good[i];
    return OK;
}

static void add_pack(struct work *w, str parent, const str *children, uint32_t n, bool packs)
{
    struct json_w j = json_writer(&w->body);

    json_w_object(&j);
    json_w_kstr(&j, "type", S("pack"));
    json_w_kstr(&j, "parent", parent);
    json_w_key(&j, S("children"));
    json_w_array(&j);
    for (uint32_t i = 0; i < n; i++) {
        char text[96];
        int len =
            snprintf(text, sizeof text, "(01)%s(21)%.*s", w->line->product->gtin, STR(children[i]));
        json_w_str(&j, packs ? (str){text, (size_t)len} : children[i]);
    }
    json_w_end(&j);
    json_w_kbool(&j, "commission", true);
    json_w_end(&j);
    buf_add(&w->body, S("\n"));
}

static void add_close(struct work *w, str parent)
{
    struct json_w j = json_writer(&w->body);

    json_w_object(&j);
    json_w_kstr(&j, "type", S("close"));
    json_w_kstr(&j, "parent", parent);
    json_w_kbool(&j, "partial", true);
    json_w_kstr(&j, "by", S("M. Keller"));
    json_w_kstr(&j, "reason", S("end of the lot"));
    json_w_end(&j);
    buf_add(&w->body, S("\n"));
}

// Packs what is loose into cases of `size`, CASES_A_CALL reports a call.
static status pack_cases(struct work *w, bool last)
{
    uint32_t at = 0;

    while (w->loose - at >= DEMO_CASE || (last && at < w->loose)) {
        buf_reset(&w->body);
        for (uint32_t i = 0; i < CASES_A_CALL && at < w->loose; i++) {
            uint32_t n = w->loose - at < DEMO_CASE ? w->loose - at : DEMO_CASE;
            if (n < DEMO_CASE && !last) break;
            str sscc;
            TRY(take_sscc(w, &sscc));
            add_pack(w, sscc, w->good + at, n, true);
            if (n < DEMO_CASE) add_close(w, sscc);
            w->cases[w->full++] = sscc;
            w->line->cases++;
            at += n;
        }
        TRY(report(w, "application/x-ndjson"));
    }
    memmove(w->good, w->good + at, (w->loose - at) * sizeof *w->good);
    w->loose -= at;
    return OK;
}

static status pack_pallets(struct work *w, bool last)
{
    uint32_t at = 0;

    while (w->full - at >= DEMO_PALLET || (last && at < w->full)) {
        uint32_t n = w->full - at < DEMO_PALLET ? w->full - at : DEMO_PALLET;
        str sscc;
        TRY(take_sscc(w, &sscc));
        buf_reset(&w->body);
        add_pack(w, sscc, w->cases + at, n, false);
        if (n < DEMO_PALLET) add_close(w, sscc);
        TRY(report(w, "application/x-ndjson"));
        w->pallets[w->line->pallets++] = sscc;
        at += n;
    }
    memmove(w->cases, w->cases + at, (w->full - at) * sizeof *w->cases);
    w->full -= at;
    return OK;
}

// Not faster than the machine it stands for.
static void brake(const struct work *w)
{
    const struct demo_line *l = w->line;
    if (l->speed == 0) return;
    int64_t due = w->started_ms + (int64_t)(l->commissioned * 1000 / l->speed);
    int64_t left = due - now_ms();
    struct timespec t = {left / 1000, left % 1000 * 1000000};

    if (left > 0) nanosleep(&t, NULL);
}

static status open_lot(struct work *w)
{
    char json[240];

    snprintf(json, sizeof json,
             "{\"lot\":\"%s\",\"gtin\":\"%s\",\"expiry\":\"2028-12\",\"line\":\"line-%u\","
             "\"quantity\":%llu}",
             w->line->lot, w->line->product->gtin, w->line->number + 1,
             (unsigned long long)w->line->packs);
    return demo_post(&w->operator, "/v1/lots", str_of(json));
}

static status close_lot(struct work *w)
{
    char path[160];

    snprintf(path, sizeof path, "/v1/lots/%s/%s/close", w->line->product->gtin, w->line->lot);
    return demo_post(&w->operator, path, S("{}"));
}

static status ship(struct work *w)
{
    const struct demo_client *c = &demo_clients[w->line->product->client];
    char text[400];

    buf_reset(&w->body);
    struct json_w j = json_writer(&w->body);
    json_w_object(&j);
    add_list(&j, "units", w->pallets, (uint32_t)w->line->pallets);
    snprintf(text, sizeof text, "{\"party\":\"%s\",\"location\":\"%s\"}", c->gln, c->gln);
    json_w_key(&j, S("to"));
    json_w_raw(&j, str_of(text));
    snprintf(text, sizeof text, "[{\"type\":\"desadv\",\"id\":\"D-%s\",\"gln\":\"%s\"}]",
             w->line->lot, c->gln);
    json_w_key(&j, S("documents"));
    json_w_raw(&j, str_of(text));
    json_w_end(&j);
    return demo_post(&w->operator, "/v1/shipments", buf_str(&w->body));
}

static status run(struct work *w)
{
    struct demo_line *l = w->line;

    TRY(open_lot(w));
    demo_say("line %u  lot %s of %s is open; %llu packs to make", l->number + 1, l->lot,
             l->product->name, (unsigned long long)l->packs);
    while (l->commissioned < l->packs) {
        TRY(print_batch(w));
        TRY(pack_cases(w, false));
        TRY(pack_pallets(w, false));
        brake(w);
    }
    TRY(pack_cases(w, true));
    TRY(pack_pallets(w, true));
    demo_say("line %u  %llu packs good, %llu labels scrapped, %llu cases on %llu pallets",
             l->number + 1, (unsigned long long)l->commissioned, (unsigned long long)l->scrapped,
             (unsigned long long)l->cases, (unsigned long long)l->pallets);
    TRY(close_lot(w));
    TRY(ship(w));
    demo_say("line %u  lot %s is closed and %llu pallets have left", l->number + 1, l->lot,
             (unsigned long long)l->pallets);
    return OK;
}

void *demo_line_main(void *arg)
{
    struct demo_line *l = arg;
    struct work w = {.line = l, .started_ms = now_ms()};
    char name[16], boss[24];
    size_t cases = l->packs / DEMO_CASE + 2;

    snprintf(name, sizeof name, "line-%u", l->number + 1);
    snprintf(boss, sizeof boss, "operator-%u", l->number + 1);
    demo_caller_init(&w.caller, l->service, l->line_token, name);
    demo_caller_init(&w.operator, l->service, l->operator_token, boss);
    arena_init(&w.arena, 1 * GB);
    buf_init(&w.body, 64 * MB);
    w.serials = NEW_ARRAY(&w.arena, str, BLOCK);
    w.good = NEW_ARRAY(&w.arena, str, DEMO_CASE + 2 * BATCH);
    w.cases = NEW_ARRAY(&w.arena, str, cases);
    w.pallets = NEW_ARRAY(&w.arena, str, cases);
    w.ssccs = NEW_ARRAY(&w.arena, str, 100);
    l->st = run(&w);
    buf_fini(&w.body);
    arena_fini(&w.arena);
    demo_caller_fini(&w.operator);
    demo_caller_fini(&w.caller);
    return NULL;
}
