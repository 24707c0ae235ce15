// An exception as people see it: its row, and what the fact that raised it says.
#include "common/bytes.h"
#include "service/access/actor_db.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/captured.h"
#include "service/exchange/partner.h"
#include "service/inbox/inbox_int.h"
#include "service/inbox/received.h"
#include "service/journal/refusal.h"
#include "service/pool/pool.h"
#include <string.h>

#define HISTORY_MAX 1000u // entries told of one exception

static void by(struct inbox *x, uint32_t actor, struct json_w *w)
{
    if (!caller_is_site(x->caller)) return; // who works here is nobody else's
    json_w_kstr(w, "by", actor == 0 ? S("service") : actor_id(x->t, actor));
}

// ---- what it is about

status inbox_product(struct inbox *x, const struct exception_row *row, struct inbox_product *out)
{
    unit_id u = {row->unit};
    uint32_t lot = row->lot;
    struct gs1_id id;
    struct lot l;
    struct buf b;

    *out = (struct inbox_product){0};
    if (u.v != 0 && names_id(x->units.names, x->t, u, x->a, &id).cls == ST_OK) {
        struct unit unit = unit_one(x->t, u);
        struct fact first;
        if (id.scheme == GS1_SGTIN) {
            out->gtin = arena_str(x->a, gs1_id_key(&id));
            out->serial = id.ext;
        }
        if (lot == 0 && unit.first != 0 &&
            journal_get_header(x->t, unit.first, &first).cls == ST_OK)
            lot = first.lot;
    }
    if (lot == 0 || !lot_get(x->t, lot, x->a, &l)) return txn_status(x->t);
    out->lot = l.lot;
    if (out->gtin.n == 0) out->gtin = arena_str(x->a, (str){l.gtin, sizeof l.gtin});
    buf_init(&b, 32);
    date_write(&b, l.expiry);
    out->expiry = arena_str(x->a, buf_str(&b));
    buf_fini(&b);
    return txn_status(x->t);
}

static void named(struct inbox *x, const struct item_noun *n, uint32_t number, struct json_w *w)
{
    str name = item_name(x->t, n, number);
    if (name.n > 0) json_w_kstr(w, n->word, name);
}

static void about(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    uint64_t first = get_be(row->about.b, 8), second = get_be(row->about.b + 8, 8);
    struct fact f;

    if (row->kind == EXCEPTION_OF_POOL_LOW || row->kind == EXCEPTION_OF_POOL_EXPIRING)
        named(x, &noun_pool, (uint32_t)first, w);
    if (row->kind != EXCEPTION_OF_REJECTED) return;
    named(x, &noun_partner, (uint32_t)first, w);
    if (journal_get_header(x->t, second, &f).cls == ST_OK)
        json_w_kint(w, "event", (int64_t)caller_seq(x->caller, &f));
}

static void product(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    unit_id u = {row->unit};
    struct inbox_product p;

    if (inbox_product(x, row, &p).cls != ST_OK) return;
    if (p.gtin.n > 0) json_w_kstr(w, "gtin", p.gtin);
    if (p.lot.n > 0) json_w_kstr(w, "lot", p.lot);
    if (u.v != 0) json_w_kstr(w, "unit", unit_spelled(&x->units, u));
}

void inbox_brief(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    struct buf id;

    buf_init(&id, 64);
    inbox_id_put(x->site, &row->id, &id);
    json_w_kstr(w, "id", buf_str(&id));
    buf_fini(&id);
    json_w_kstr(w, "kind", str_of(exception_kind_word(row->kind)));
    json_w_kstr(w, "state", str_of(exception_state_word(row->state)));
    json_w_kwall(w, "time", row->at);
    json_w_kstr(w, "code", row->code);
    json_w_kint(w, "count", row->count);
    if (caller_is_site(x->caller) && row->id.client.v != 0)
        json_w_kstr(w, "client", client_name(x->t, row->id.client, x->a));
    if (row->owner.n > 0) json_w_kstr(w, "owner", row->owner);
    if (row->resolution != 0 && row->state == EXCEPTION_RESOLVED)
        json_w_kstr(w, "resolution", str_of(exception_resolution_word(row->resolution)));
    product(x, row, w);
    about(x, row, w);
}

// ---- what the fact says

static void refusal(struct inbox *x, const struct fact *f, struct json_w *w)
{
    struct refused r;

    if (refusal_get(f->decided, x->a, &r).cls != ST_OK) return;
    const struct kind *tried = kind_find(x->site->kinds, r.kind, 1);
    if (tried != NULL) json_w_kstr(w, "tried", str_of(tried->name));
    json_w_kstr(w, "detail", str_of(r.st.text));
    if (r.units.n == 0) return;
    json_w_key(w, S("units"));
    json_w_raw(w, r.units); // brackets and all, as the refusal keeps them
}

// The n-th unit of the runs, from 1.
static unit_id unit_at(const struct runs *runs, uint64_t n)
{
    unit_id u;

    for (struct run_walk walk = runs_walk(runs); n > 0 && run_next(&walk, &u);)
        if (--n == 0) return u;
    return (unit_id){0};
}

static void captured(struct inbox *x, const struct fact *f, struct json_w *w)
{
    struct captured_event e;
    struct report report;
    struct touched touched;
    struct bytes_r own;
    uint64_t event;

    if (report_get(f->decided, x->a, &report, &touched, &own).cls != ST_OK ||
        !captured_of(&own, f, &event) ||
        captured_event_get(&own, f, touched.runs.units, x->a, &e).cls != ST_OK)
        return;
    if (e.id.n > 0) json_w_kstr(w, "eventID", e.id);
    json_w_key(w, S("units"));
    json_w_array(w);
    for (uint32_t i = 0; i < e.exception_count; i++) {
        unit_id u = unit_at(&touched.runs, e.exceptions[i].unit);
        json_w_object(w);
        if (u.v != 0) json_w_kstr(w, "unit", unit_spelled(&x->units, u));
        json_w_kstr(w, "code",
                    str_of(capture_exception_code((enum capture_exception)e.exceptions[i].code)));
        json_w_end(w);
    }
    json_w_end(w);
}

static status fact(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    struct fact f;

    TRY(journal_get(x->t, row->id.seq, x->a, &f));
    json_w_kint(w, "seq", (int64_t)caller_seq(x->caller, &f));
    by(x, f.actor, w);
    if (f.kind == FACT_REFUSAL) refusal(x, &f, w);
    if (is_captured(&f)) captured(x, &f, w);
    const struct kind *k = kind_find(x->site->kinds, f.kind, f.kind_version);
    if (k == NULL || !caller_is_site(x->caller)) return OK;
    json_w_key(w, S("fact"));
    json_w_object(w);
    json_w_kstr(w, "kind", str_of(k->name));
    k->print(&f, w, k->arg);
    json_w_end(w);
    return OK;
}

// ---- what was done with it

void inbox_happening(struct inbox *x, const struct fact *f, const struct exception_act *act,
                     struct json_w *w)
{
    static const struct {
        uint16_t kind;
        const char *first, *second; // what the texts are
    } names[] = {
        {FACT_EXCEPTION_ASSIGNED, "owner",      "reason" },
        {FACT_EXCEPTION_NOTED,    "text",       NULL     },
        {FACT_EXCEPTION_RESOLVED, "resolution", "reason" },
        {FACT_EXCEPTION_REOPENED, NULL,         "reason" },
        {FACT_EXCEPTION_RECEIVED, "type",       "message"},
        {FACT_EXCEPTION_SENT,     "type",       "to"     },
    };
    const struct kind *k = kind_find(x->site->kinds, f->kind, f->kind_version);

    json_w_kwall(w, "time", f->at);
    if (k != NULL) json_w_kstr(w, "what", str_from(str_of(k->name), sizeof "exception." - 1));
    by(x, f->actor, w);
    for (size_t i = 0; i < LEN(names); i++) {
        if (names[i].kind != f->kind) continue;
        if (names[i].first != NULL) json_w_kstr(w, names[i].first, act->first);
        if (names[i].second != NULL && act->second.n > 0)
            json_w_kstr(w, names[i].second, act->second);
    }
}

static status history(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    struct exception_act act;
    struct fact f;

    json_w_key(w, S("history")); // newest first
    json_w_array(w);
    uint64_t at = row->newest;
    for (uint32_t n = 0; at != 0 && n < HISTORY_MAX; n++, at = act.before) {
        TRY(journal_get(x->t, at, x->a, &f));
        TRY(exception_act_get(&f, &act));
        // Notes are the site's own: who is bound to clients is not told them.
        if (f.kind == FACT_EXCEPTION_NOTED && !caller_is_site(x->caller)) continue;
        json_w_object(w);
        inbox_happening(x, &f, &act, w);
        json_w_end(w);
    }
    json_w_end(w);
    return OK;
}

status inbox_whole(struct inbox *x, const struct exception_row *row, struct json_w *w)
{
    struct fact f;

    inbox_brief(x, row, w);
    TRY(fact(x, row, w));
    if (row->settled != 0 && row->state == EXCEPTION_RESOLVED) {
        TRY(journal_get_header(x->t, row->settled, &f));
        json_w_kwall(w, "settled", f.at);
    }
    TRY(received_write(x, row, w));
    return history(x, row, w);
}
