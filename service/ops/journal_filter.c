#include "service/ops/journal_filter.h"
#include "common/bytes.h"
#include "service/access/actor_db.h"
#include "service/access/user.h"
#include "service/client/client.h"
#include "service/event/hold_db.h"
#include "service/event/report.h"
#include "service/lot/lot_db.h"
#include "service/pool/names.h"
#include "service/pool/pool_db.h"
#include "service/unit/unit_db.h"
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 100000u // facts of one unit
#define LOTS_MAX  1000u   // of one name, or of one product

static status wrong(const char *field, const char *rule)
{
    return fail(ST_BAD_INPUT, "journal.filter", 0, "%s: %s", field, rule);
}

// ---- what and who

static status kind_read(const struct site *site, str name, uint16_t *out)
{
    for (const struct kind *const *k = site->kinds; *k != NULL; k++)
        if (str_eq(name, str_of((*k)->name))) return *out = (*k)->number, OK;
    return wrong("kind", "there is no such kind of fact");
}

// To who is for some clients, whoever is not theirs is as nobody: there is nothing of either.
static status nobody(const struct http_req *r, const char *field, const char *says)
{
    return caller_is_site(caller_of(r)) ? wrong(field, says) : OK;
}

static status actor_read(struct txn *t, str id, struct http_req *r, struct journal_filter *f)
{
    struct actor x = {0};

    f->by_actor = true;
    f->actors = NEW(&r->arena, uint32_t);
    if (f->actors == NULL) return no_memory();
    if (!str_eq(id, S("service")) && !actor_by_id(t, id, &r->arena, &x))
        return nobody(r, "actor", "there is no such token");
    f->actors[f->actor_count++] = x.number;
    return OK;
}

// A person calls with one token after the other: all that were ever theirs.
static status user_read(struct txn *t, str name, struct http_req *r, struct arena *scratch,
                        struct journal_filter *f)
{
    uint64_t last = counter_get(t, COUNTER_ACTOR);
    uint32_t *all = NEW_ARRAY(&r->arena, uint32_t, last + 1);
    struct actor x;
    struct item user;
    uint32_t n = 0;

    if (all == NULL) return no_memory();
    if (!item_get(t, &noun_user, name, &user)) TRY(nobody(r, "user", "there is no such user"));
    for (uint64_t i = 1; i <= last; i++) {
        if (actor_get(t, (uint32_t)i, scratch, &x) && str_eq(x.user, name)) all[n++] = x.number;
        arena_reset(scratch);
    }
    if (f->by_actor) { // that token, if it is theirs
        for (uint32_t i = 0; i < n && f->actor_count > 0; i++)
            if (all[i] == f->actors[0]) return OK;
        f->actor_count = 0;
        return OK;
    }
    f->user = name;
    f->kinds = api_site(r)->kinds;
    f->by_actor = true;
    f->actors = all;
    f->actor_count = n;
    return OK;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool is_actor(const struct journal_filter *f, uint32_t actor)
{
    return f->actor_count > 0 &&
           bsearch(&actor, f->actors, f->actor_count, sizeof actor, compare_numbers) != NULL;
}

// Records of the service itself that may name a person: signed by a command, or a password said at
// a login or by a command.
static const uint16_t naming[] = {FACT_EPOCH_ADDED, FACT_POOLS_ADVANCED, FACT_PASSWORD_REFUSED,
                                  FACT_USER_LOCKED};

static bool is_naming(const struct fact *head)
{
    for (size_t i = 0; i < LEN(naming); i++)
        if (head->kind == naming[i]) return head->actor == 0;
    return false;
}

// By what it says to people, where a name is a member, and text within others is escaped.
static bool names_user(const struct journal_filter *f, struct txn *t, const struct fact *head)
{
    struct buf said, member;
    struct arena a;
    struct fact x;

    if (f->user.n == 0 || !is_naming(head)) return false;
    arena_init(&a, 1 * MB);
    buf_init(&said, 64 * KB);
    buf_init(&member, 256);
    buf_addf(&member, "\"user\":\"%.*s\"", STR(f->user));
    struct json_w w = json_writer(&said);
    const struct kind *k = kind_find(f->kinds, head->kind, head->kind_version);
    json_w_object(&w);
    if (k != NULL && journal_get(t, head->seq, &a, &x).cls == ST_OK) k->print(&x, &w, k->arg);
    json_w_end(&w);
    bool found = memmem(said.p, said.n, member.p, member.n) != NULL;
    buf_fini(&member);
    buf_fini(&said);
    arena_fini(&a);
    return found;
}

status journal_client_read(struct http_req *r, struct txn *t, str name, client_id *out)
{
    if (client_by_name(t, name, out) && caller_sees(caller_of(r), *out)) return OK;
    return fail(ST_NOT_FOUND, "client.unknown", 0, "client: there is no such client here");
}

// ---- when

// The first record of first..last whose recordTime is not before `at`; last + 1: none.
static status seq_at(struct txn *t, const struct journal_filter *f, wall at, uint64_t *out)
{
    uint64_t low = f->first, high = f->last + 1;
    struct fact head;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        TRY(journal_get_header(t, middle, &head));
        if (head.at.ms < at.ms)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return OK;
}

static status time_read(struct http_req *r, const char *name, struct moment *out, bool *said)
{
    str v;

    *said = http_query(r, str_of(name), &v);
    if (*said && when_read(v, out).cls != ST_OK) return wrong(name, "a time with its zone");
    return OK;
}

static status position_read(struct http_req *r, const char *name, uint64_t *out)
{
    str v;

    if (http_query(r, str_of(name), &v) && !str_u64(v, INT64_MAX, out))
        return wrong(name, "a seq, as facts show it");
    return OK;
}

status journal_stretch_read(struct journal_filter *f, struct http_req *r, struct txn *t)
{
    struct moment since, before;
    bool has_since, has_before;
    uint64_t seq;

    f->until = INT64_MAX;
    TRY(position_read(r, "from", &f->from));
    TRY(position_read(r, "until", &f->until));
    TRY(time_read(r, "since", &since, &has_since));
    TRY(time_read(r, "before", &before, &has_before));
    f->first = 1;
    f->last = journal_head_get(t).seq;
    if (has_before) {
        TRY(seq_at(t, f, before.at, &seq));
        f->last = seq - 1;
    }
    if (has_since) TRY(seq_at(t, f, since.at, &f->first));
    if (!caller_is_site(caller_of(r))) return OK; // theirs is another count
    if (f->from > f->first) f->first = f->from;
    if (f->until < f->last) f->last = f->until;
    return OK;
}

// ---- which unit, which lot

// Before its first fact a number was asked for; that it was confirmed may come later.
static uint32_t chain_begin(struct txn *t, unit_id u, uint64_t *chain)
{
    struct issue_row issue;
    struct request_row q;
    uint32_t n = 0;

    if (!issue_of(t, u, &issue)) return 0;
    chain[n++] = issue.seq;
    if (request_get(t, issue.seq, &q) && q.state == REQUEST_CONFIRMED) chain[n++] = q.state_seq;
    return n;
}

static int compare_seqs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// The chain of a unit's facts, from the newest back.
static status chain_read(struct journal_filter *f, struct http_req *r, struct txn *t, unit_id u,
                         struct arena *scratch)
{
    uint64_t seq = unit_one(t, u).last, *chain = NEW_ARRAY(&r->arena, uint64_t, CHAIN_MAX + 3);
    struct hold h;
    struct fact x;
    uint32_t n = 0;

    if (chain == NULL) return no_memory();
    while (seq != 0) {
        if (n >= CHAIN_MAX) return fail(ST_TOO_LARGE, "unit.history", 0, "unit: too many facts");
        chain[n++] = seq;
        if (hold_get(t, seq, &h) && h.ended) chain[n++] = h.end; // who signed for it
        TRY(journal_get(t, seq, scratch, &x));
        seq = fact_previous(&x, u, scratch);
        arena_reset(scratch);
    }
    n += chain_begin(t, u, chain + n);
    if (n > 0) qsort(chain, n, sizeof *chain, compare_seqs);
    f->chain = chain;
    f->chain_n = n;
    return OK;
}

static status unit_read(struct journal_filter *f, struct http_req *r, struct txn *t, str spelling,
                        struct arena *scratch)
{
    struct unit_wish *w = &f->unit;
    client_id owner;
    unit_id u;

    f->by_unit = true;
    TRY(gs1_read(spelling, &r->arena, &w->id));
    w->caller = caller_of(r);
    if (names_find(names_here(api_site(r)), t, &w->id, &u, &owner) &&
        caller_sees(w->caller, owner)) {
        w->unit = u;
        TRY(chain_read(f, r, t, u, scratch));
    }
    journal_gather_begin_unit(&f->named, w);
    return OK;
}

static bool wants_lot(const struct lots_wish *w, const struct lot *lot)
{
    if (!caller_sees(w->caller, lot->client)) return false;
    if (w->by_product && lot->product != w->product) return false;
    return w->name.n == 0 || str_eq(lot->lot, w->name);
}

static status lots_find(struct txn *t, const struct lots_wish *w, struct arena *a,
                        struct journal_filter *f)
{
    uint64_t last = counter_get(t, COUNTER_LOT);
    struct lot lot;

    f->by_lot = true;
    f->lots = NEW_ARRAY(a, struct named_lot, LOTS_MAX);
    if (f->lots == NULL) return no_memory();
    for (uint64_t n = 1; n <= last; n++) {
        if (!lot_view(t, (uint32_t)n, &lot) || !wants_lot(w, &lot)) continue;
        if (f->lot_count == LOTS_MAX) return wrong("lot", "too many lots: say lot and gtin");
        struct named_lot *l = &f->lots[f->lot_count++];
        l->client = lot.client;
        l->from = lot.opened_seq;
        l->till = UINT64_MAX;
        put_be(l->number, n, sizeof l->number);
    }
    journal_gather_begin(&f->gather, w, f->lots, f->lot_count);
    return OK;
}

static status lots_read(struct journal_filter *f, struct http_req *r, struct txn *t)
{
    struct lots_wish w = {
        .caller = caller_of(r), .name = {"", 0}
    };
    struct gtin_row row;
    char gtin[14];
    str v;

    bool named = http_query(r, S("lot"), &w.name);
    if (named && w.name.n == 0) return wrong("lot", "as it is printed");
    if (http_query(r, S("gtin"), &v)) {
        w.by_product = true;
        if (gs1_gtin_read(v, gtin).cls != ST_OK) return wrong("gtin", "it is no GTIN");
        if (!gtin_get(t, gtin, &row) || !caller_sees(caller_of(r), row.client))
            return wrong("gtin", "there is no such product");
        w.product = row.product;
    }
    return named || w.by_product ? lots_find(t, &w, &r->arena, f) : OK;
}

status journal_filter_read(struct journal_filter *f, struct http_req *r, struct txn *t,
                           struct arena *scratch)
{
    str v;

    TRY(journal_stretch_read(f, r, t));
    if (http_query(r, S("kind"), &v)) TRY(kind_read(api_site(r), v, &f->kind));
    if (http_query(r, S("actor"), &v)) TRY(actor_read(t, v, r, f));
    if (http_query(r, S("user"), &v)) TRY(user_read(t, v, r, scratch, f));
    if (http_query(r, S("client"), &v)) {
        f->by_client = true;
        TRY(journal_client_read(r, t, v, &f->client));
    }
    if (http_query(r, S("unit"), &v)) TRY(unit_read(f, r, t, v, scratch));
    return lots_read(f, r, t);
}

// ---- what fits

// The first fact from `from` on that names one of the lots; 0: none does. `from` only grows.
static uint64_t lots_next(struct journal_filter *f, struct txn *t, uint64_t from)
{
    uint64_t first = journal_gather_next(&f->gather, from);

    for (uint32_t i = 0; i < f->lot_count; i++) {
        struct named_lot *l = &f->lots[i];
        str list = {l->number, sizeof l->number};
        if (l->next < from && list_of(t, l->client, LIST_LOT, list, from, &l->next, 1) == 0)
            l->next = UINT64_MAX;
        if (l->next < first) first = l->next;
    }
    return first == UINT64_MAX ? 0 : first;
}

// The same of those that name the unit.
static uint64_t named_next(struct journal_filter *f, uint64_t from)
{
    uint64_t first = journal_gather_next(&f->named, from);

    while (f->chain_at < f->chain_n && f->chain[f->chain_at] < from) f->chain_at++;
    if (f->chain_at < f->chain_n && f->chain[f->chain_at] < first) first = f->chain[f->chain_at];
    return first == UINT64_MAX ? 0 : first;
}

bool journal_filter_fits(struct journal_filter *f, const struct caller *c, struct txn *t,
                         const struct fact *head)
{
    uint64_t shown = caller_seq(c, head);

    if (!caller_sees(c, head->client) || shown < f->from || shown > f->until) return false;
    if (f->kind != 0 && head->kind != f->kind) return false;
    if (f->by_actor && !is_actor(f, head->actor) && !names_user(f, t, head)) return false;
    if (f->by_client && head->client.v != f->client.v) return false;
    return !f->by_lot || !f->by_unit || lots_next(f, t, head->seq) == head->seq;
}

uint64_t journal_filter_next(struct journal_filter *f, struct txn *t, uint64_t at)
{
    uint64_t seq = at > f->first ? at : f->first;

    if (f->by_unit)
        seq = named_next(f, seq);
    else if (f->by_lot)
        seq = lots_next(f, t, seq);
    return seq > f->last ? 0 : seq;
}

// ---- beforehand

void journal_filter_end(struct journal_filter *f)
{
    journal_gather_end(&f->gather);
    journal_gather_end(&f->named);
}

status journal_filter_prepare(struct journal_filter *f, struct txn *t, struct arena *scratch,
                              bool *ready)
{
    bool lots = f->by_lot && !f->gather.done, unit = f->by_unit && !f->named.done;

    if (lots || unit) TRY(journal_gather_some(lots ? &f->gather : &f->named, t, scratch));
    *ready = (!f->by_lot || f->gather.done) && (!f->by_unit || f->named.done);
    if (*ready && f->by_unit && f->unit.unit.v == 0 && journal_gather_last(&f->named) == 0)
        return fail(ST_NOT_FOUND, "unit.unknown", 0, "unit: it is not known here");
    return OK;
}
