// Runs in the committer.
#include "service/trade/goods.h"
#include "service/event/event_time.h"
#include "service/event/newest.h"
#include <string.h>

void goods_begin(struct goods *g, struct decide *d, int64_t time_ms)
{
    *g = (struct goods){.d = d, .site = d->app, .time_ms = time_ms, .first_refusal = OK};
    unit_rows_read(&g->rows, d->t);
    g->standing = (struct standing){.t = d->t};
    g->levels = (struct level_reader){d->t, names_here(g->site), d->arena, 0, {0}};
}

status goods_check_clock(const struct goods *g)
{
    return g->time_ms == 0 ? OK : event_time_check(g->site, g->d->now, g->time_ms);
}

static status header(struct goods *g, uint64_t seq, struct fact *kept)
{
    if (seq == 0 || kept->seq == seq) return OK;
    return journal_get_header(g->d->t, seq, kept);
}

status goods_look(struct goods *g, const struct goods_unit *u, struct goods_look *out)
{
    g->named++;
    if (u->unit.v == 0) return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "it is not known here");
    if (u->twice) return fail(ST_CONFLICT, "unit.twice", 0, "it is named twice");
    const struct space_row *s = names_space(g->levels.names, g->d->t, unit_space(u->unit));
    if (s == NULL) return fail(ST_STORE, "store.corrupt", 0, "a unit of no space");
    out->space = *s;
    out->sort = space_is_container(s) ? SORT_CONTAINER : SORT_PACK;
    out->row = unit_get(&g->rows, u->unit);
    out->stands = standing_of(&g->standing, &out->row, 0);
    TRY(header(g, out->row.first, &g->first));
    out->lot = out->row.first == 0 ? 0 : g->first.lot;
    return OK;
}

status goods_check_client(struct goods *g, const struct goods_look *x, const char *code)
{
    struct fact *f = g->d->fact;

    if (x->row.first == 0) return OK; // its state says what is wrong
    if (f->client.v == 0) f->client = g->first.client;
    if (g->first.client.v == f->client.v) return OK;
    return fail(ST_UNPROCESSABLE, code, 0,
                "it belongs to another client than the others: tell them apart");
}

status goods_check_code(struct goods *g, const struct goods_unit *u, const struct goods_look *x)
{
    struct lot lot;

    if (u->lot.n == 0 && u->expiry.n == 0) return OK;
    if (x->space.sort == SPACE_OF_SSCC || !lot_view(g->d->t, x->lot, &lot)) return OK;
    return lot_code_check(&lot, u->lot, u->expiry);
}

// Nothing leaves, arrives or comes back before what happened to its container or its content.
static status before(const char *what)
{
    return fail(ST_CONFLICT, "time.before", 0, "time: it is before %s", what);
}

status goods_check_time(struct goods *g, unit_id u, const struct goods_look *x)
{
    TRY(header(g, x->row.last, &g->last));
    if (x->row.last > g->newest) g->newest = x->row.last;
    if (x->row.last == 0) return OK;
    int64_t newest = newest_of(g->d->t, u, &x->row, &g->last);
    int64_t around = newest_around(g->d->t, &x->row);
    if (newest > g->latest_ms) g->latest_ms = newest;
    if (around > g->latest_ms) g->latest_ms = around;
    if (g->time_ms == 0) return OK;
    if (g->time_ms < newest) return before("the unit's last event");
    if (g->time_ms < around) return before("the last event of what it lies in");
    if (x->sort != SORT_CONTAINER || g->time_ms >= newest_inside(g->d->t, u)) return OK;
    return before("the last event of what lies in it");
}

// ---- refusals

bool goods_is_refusal(status st) { return st.cls == ST_CONFLICT || st.cls == ST_UNPROCESSABLE; }

static void name(struct goods *g, str text, const char *code)
{
    struct buf *b = g->d->units;

    if (b->n > 0) buf_addc(b, ',');
    buf_add(b, S("{\"unit\":"));
    buf_add(b, text);
    buf_addf(b, ",\"code\":\"%s\"}", code);
}

void goods_refuse(struct goods *g, const struct goods_unit *u, status st)
{
    name(g, u->text, st.reason);
    if (g->bad++ == 0) g->first_refusal = st;
}

void goods_refuse_inner(struct goods *g, unit_id u, const char *code)
{
    struct buf text, json;
    struct gs1_id id;

    if (names_id(g->levels.names, g->d->t, u, g->d->arena, &id).cls != ST_OK) return;
    buf_init(&text, GS1_TEXT_MAX);
    buf_init(&json, 8 * GS1_TEXT_MAX);
    struct json_w w = json_writer(&json);
    if (gs1_write(&id, GS1_BRACKETED, NULL, &text).cls == ST_OK) {
        json_w_str(&w, buf_str(&text));
        name(g, buf_str(&json), code);
    }
    buf_fini(&json);
    buf_fini(&text);
}

status goods_end(struct goods *g)
{
    if (g->bad < 2) return g->first_refusal;
    return fail(g->first_refusal.cls, g->first_refusal.reason, 0, "%u of %u units; the first: %s",
                g->bad, g->named, g->first_refusal.text);
}

void goods_set_header(struct goods *g, struct moment said)
{
    struct fact *f = g->d->fact;
    int64_t now = g->d->now.ms > g->latest_ms ? g->d->now.ms : g->latest_ms;

    f->event = said;
    if (f->event.at.ms == 0) f->event.at.ms = now;
    f->flags |= FACT_HAS_TIME;
}
