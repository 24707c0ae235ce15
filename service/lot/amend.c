// `lot.amended`: what was said when the lot was opened, said anew. What may be amended, and until
// when, is a table. decided part: lot 4 | expiry: year 2, month 1, day 1 (zeros: not amended) |
// flags 1 | [AMEND_SIGNED: signature] | reason str | fields var, then each: field 1, old str, new
// str | where another person had to sign before: seq of that proposal 8 | that person's signature
//
// The expiry is on every label, and in every event from the first commission on, so it is amended
// before any of these alone, and is held to what opening the lot asks of it.
#include "service/catalog/market.h"
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"
#include <string.h>

enum { AMEND_SIGNED = 1 }; // on disk

static str expiry_of(const struct lot *l, struct arena *a)
{
    (void)a;
    return l->expiry_printed;
}
static str order_of(const struct lot *l, struct arena *a)
{
    (void)a;
    return l->order;
}
static str quantity_of(const struct lot *l, struct arena *a)
{
    struct buf b;

    buf_init(&b, 32);
    if (l->quantity > 0) buf_addu(&b, l->quantity);
    str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}
static str line_of(const struct lot *l, struct arena *a)
{
    (void)a;
    return l->line;
}
static str lines_of(const struct lot *l, struct arena *a)
{
    (void)a;
    return l->lines;
}
static str extra_of(const struct lot *l, struct arena *a)
{
    (void)a;
    return l->extra;
}

static void expiry_set(struct lot *l, str s) { l->expiry_printed = s; }
static void order_set(struct lot *l, str s) { l->order = s; }
static void quantity_set(struct lot *l, str s) { (void)str_u64(s, UINT64_MAX, &l->quantity); }
static void line_set(struct lot *l, str s) { l->line = s; }
static void lines_set(struct lot *l, str s) { l->lines = s; }
static void extra_set(struct lot *l, str s) { l->extra = s; } // kept by the fact

// clang-format off
static const struct {
    const char *name;
    bool unbegun; // only while nothing was commissioned and no label is there
    str (*get)(const struct lot *l, struct arena *a);
    void (*set)(struct lot *l, str s);
} fields[AMEND_END] = {
    [AMEND_EXPIRY]   = {"expiry",   true,  expiry_of,   expiry_set},
    [AMEND_ORDER]    = {"order",    false, order_of,    order_set},
    [AMEND_QUANTITY] = {"quantity", false, quantity_of, quantity_set},
    [AMEND_LINE]     = {"line",     false, line_of,     line_set},
    [AMEND_LINES]    = {"lines",    false, lines_of,    lines_set},
    [AMEND_EXTRA]    = {"extra",    false, extra_of,    extra_set},
};
// clang-format on

struct amended {
    uint32_t number;
    struct date expiry;
    bool is_signed;
    struct signature signature;
    struct second_first first;
    str reason;
    uint32_t n;
    struct {
        uint8_t field;
        str was, is;
    } at[AMEND_END];
};

static bool amended_get(const struct fact *f, struct amended *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct amended x = {.number = (uint32_t)bytes_get_u(&r, 4)};

    x.expiry.year = (int16_t)bytes_get_u(&r, 2);
    x.expiry.month = (uint8_t)bytes_get_u(&r, 1);
    x.expiry.day = (uint8_t)bytes_get_u(&r, 1);
    x.is_signed = bytes_get_u(&r, 1) & AMEND_SIGNED;
    if (x.is_signed && !signature_get(f, &r, &x.signature)) return false;
    x.reason = bytes_get_str(&r);
    uint64_t n = bytes_get_var(&r);
    if (n > AMEND_END) return false;
    for (; x.n < n; x.n++) {
        x.at[x.n].field = (uint8_t)bytes_get_u(&r, 1);
        x.at[x.n].was = bytes_get_str(&r);
        x.at[x.n].is = bytes_get_str(&r);
        if (x.at[x.n].field >= AMEND_END) return false;
    }
    if (!second_read(f, &r, &x.first) || !bytes_end(&r)) return false;
    *out = x;
    return true;
}

bool lot_amended_signature(const struct fact *f, struct signature *out, struct second_first *first)
{
    struct amended x;

    if (!amended_get(f, &x) || !x.is_signed) return false;
    *out = x.signature;
    *first = x.first;
    return true;
}

static void apply(const struct amended *x, struct lot *lot)
{
    for (uint32_t i = 0; i < x->n; i++) {
        fields[x->at[i].field].set(lot, x->at[i].is);
        if (x->at[i].field == AMEND_EXPIRY) lot->expiry = x->expiry;
    }
}

bool lot_amended_apply(const struct fact *f, struct lot *lot)
{
    struct amended x;

    if (!amended_get(f, &x)) return false;
    apply(&x, lot);
    return true;
}

str lot_amended_extra(const struct fact *f)
{
    struct amended x;

    if (!amended_get(f, &x)) return (str){0};
    for (uint32_t i = 0; i < x.n; i++)
        if (x.at[i].field == AMEND_EXTRA) return x.at[i].is;
    return (str){0};
}

static bool is_begun(struct txn *t, uint32_t lot)
{
    struct lot_counts c = lot_counts_get(t, lot);
    uint64_t n = 0;

    for (unsigned i = 0; i < PRODUCT_LEVELS_MAX; i++)
        n += c.level[i].commissioned + c.level[i].printed + c.level[i].label_sampled;
    return n > 0;
}

static status check_expiry(struct decide *d, const struct lot *lot, struct date expiry)
{
    struct lot_value said;
    struct product p;

    TRY(product_get_version(d->t, lot->product, lot->product_version, d->arena, &p));
    if (!lot_said(d->t, lot->opened_seq, d->arena, &said)) return txn_status(d->t);
    TRY(lot_produced_check(said.produced, expiry));
    const struct market *m = market_find(p.market);
    return m == NULL ? OK : market_expiry_check(m, expiry);
}

static status check(struct decide *d, const struct lot_amend_ask *ask, const struct lot *lot)
{
    if (lot->state == LOT_RECALLED)
        return fail(ST_CONFLICT, "lot.recalled", 0, "the lot is recalled");
    if (lot->state == LOT_RELEASED && !ask->is_signed)
        return fail(ST_CONFLICT, "lot.released", 0, "the lot was released meanwhile");
    bool begun = is_begun(d->t, lot->number);
    for (unsigned i = 0; i < AMEND_END; i++)
        if (ask->value[i].p != NULL && fields[i].unbegun && begun)
            return fail(ST_CONFLICT, "lot.begun", 0,
                        "%s: what was printed or commissioned already bears the old one",
                        fields[i].name);
    return ask->value[AMEND_EXPIRY].p == NULL ? OK : check_expiry(d, lot, ask->expiry);
}

static void change_write(struct json_w *w, unsigned field, str was, str is)
{
    json_w_key(w, str_of(fields[field].name));
    json_w_object(w);
    json_w_kstr(w, "old", was);
    json_w_kstr(w, "new", is);
    json_w_end(w);
}

status lot_amend_look(struct decide *d, const void *what, struct buf *state, struct json_w *says)
{
    const struct lot_amend_ask *ask = what;
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    TRY(check(d, ask, &lot));
    buf_addc(state, (char)lot.state);
    json_w_key(says, S("amended"));
    json_w_object(says);
    for (unsigned i = 0; i < AMEND_END; i++) {
        if (ask->value[i].p == NULL) continue;
        str was = fields[i].get(&lot, d->arena);
        bytes_u(state, i, 1);
        bytes_str(state, was);
        bytes_str(state, ask->value[i]);
        change_write(says, i, was, ask->value[i]);
    }
    json_w_end(says);
    if (ask->reason.n > 0) json_w_kstr(says, "reason", ask->reason);
    return OK;
}

static status amended_decide(struct decide *d)
{
    const struct lot_amend_ask *ask = d->ask;
    const struct second_ask both = {
        .of = {.act = SECOND_AMEND, .lot = ask->number},
        .look = lot_amend_look,
        .what = ask,
        .signature = ask->signature
    };
    struct second_first first;
    struct lot lot;
    uint32_t n = 0;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    TRY(second_check(d, &both, &first));
    for (unsigned i = 0; i < AMEND_END; i++) n += ask->value[i].p != NULL;
    bytes_u(d->out, lot.number, 4);
    bytes_u(d->out, (uint16_t)ask->expiry.year, 2);
    bytes_u(d->out, ask->expiry.month, 1);
    bytes_u(d->out, ask->expiry.day, 1);
    bytes_u(d->out, ask->is_signed ? AMEND_SIGNED : 0, 1);
    if (ask->is_signed) signature_put(d->out, &ask->signature);
    bytes_str(d->out, ask->reason);
    bytes_var(d->out, n);
    for (unsigned i = 0; i < AMEND_END; i++) {
        if (ask->value[i].p == NULL) continue;
        bytes_u(d->out, i, 1);
        bytes_str(d->out, fields[i].get(&lot, d->arena));
        bytes_str(d->out, ask->value[i]);
    }
    second_put(d->out, &first);
    return OK;
}

static void amended_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct amended x = {0};
    struct lot_papers papers;
    struct lot lot;
    struct arena a;

    (void)arg;
    arena_init(&a, 4 * MB);
    if (!amended_get(f, &x) || !lot_get(t, x.number, &a, &lot)) {
        txn_spoil(t, "record.corrupt", "an amended lot");
    } else {
        lot_papers_get(t, lot.number, &papers);
        apply(&x, &lot);
        for (uint32_t i = 0; i < x.n; i++)
            if (x.at[i].field == AMEND_EXTRA) papers.extra_seq = f->seq;
        lot_put(t, &lot);
        lot_papers_put(t, lot.number, &papers);
        second_end(t, &(struct second_of){.act = SECOND_AMEND, .lot = lot.number});
        paper_note(t, lot.number, f);
    }
    arena_fini(&a);
}

static void amended_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct amended x;

    (void)arg;
    if (!amended_get(f, &x)) return;
    json_w_key(w, S("amended"));
    json_w_object(w);
    for (uint32_t i = 0; i < x.n; i++) change_write(w, x.at[i].field, x.at[i].was, x.at[i].is);
    json_w_end(w);
    if (x.reason.n > 0) json_w_kstr(w, "reason", x.reason);
    if (!x.is_signed) return;
    json_w_key(w, S("signature"));
    signature_write(w, &x.signature);
    second_write(w, "first_signature", &x.first);
}

const struct kind kind_lot_amended = {
    FACT_LOT_AMENDED, 2, "lot.amended", amended_decide, amended_write, amended_print, NULL};
const struct kind kind_lot_amended_1 = {FACT_LOT_AMENDED, 1,   "lot.amended", NULL, amended_write,
                                        amended_print,    NULL};
