// second.c - acts that a second person must sign too: `act.proposed` holds the first signature and
// changes nothing; the same act, signed by another person in time, is done then (sign.c).
//
// row '%' lot 4, act 1 -> seq of `act.proposed` 8, expires 8
// decided part of `act.proposed`: lot 4 | act 1 | state before 1 | expires 8 | first half of the
// SHA-256 of the balance 16 | signature
// decided part of `act.withdrawn`: lot 4 | act 1 | seq of the proposal 8 | reason str
//
// The second signs what the first has signed: where state or balance are others by then, the first
// signs anew. Time alone ends a proposal; its row stays until the next one or the act.
#include "service/lot/second.h"
#include "common/digest.h"
#include "service/lot/lot_int.h"
#include <string.h>

static const char *const words[] = {
    [SIGNED_RELEASE] = "release", [SIGNED_REOPEN] = "reopen", [SIGNED_RECALL] = "recall"};

const char *lot_act_word(enum lot_signed act) { return words[act]; }

bool lot_act_find(str word, enum lot_signed *out)
{
    for (unsigned i = 0; i < SIGNED_END; i++)
        if (str_eq(word, str_of(words[i]))) return *out = (enum lot_signed)i, true;
    return false;
}

status lot_acts_check(str text)
{
    enum lot_signed act;
    str word;

    for (bool more = text.n > 0; more;) {
        more = str_cut(&text, ' ', &word);
        if (!more) word = text;
        if (!lot_act_find(word, &act))
            return fail(ST_BAD_INPUT, "settings.word", 0,
                        "signatures.second: of release, reopen and recall, words between blanks");
    }
    return OK;
}

bool lot_act_needs_second(const struct site *s, enum lot_signed act)
{
    str rest = s->people.second, word;

    while (str_cut(&rest, ' ', &word))
        if (str_eq(word, str_of(words[act]))) return true;
    return str_eq(rest, str_of(words[act]));
}

// ---- rows

struct key {
    char b[6];
};

static struct key key_of(uint32_t lot, enum lot_signed act)
{
    struct key k = {.b = {ROW_ACT_PENDING}};

    put_be(k.b + 1, lot, 4);
    k.b[5] = (char)act;
    return k;
}

static bool row_read(str k, str v, struct lot_pending *out)
{
    if (k.n != sizeof(struct key) || v.n != 16 || (uint8_t)k.p[5] >= SIGNED_END) return false;
    *out = (struct lot_pending){.lot = (uint32_t)get_be(k.p + 1, 4),
                                .act = (enum lot_signed)k.p[5],
                                .seq = get_be(v.p, 8),
                                .expires = {(int64_t)get_be(v.p + 8, 8)}};
    return true;
}

bool lot_pending_get(struct txn *t, uint32_t lot, enum lot_signed act, struct lot_pending *out)
{
    struct key k = key_of(lot, act);
    str v;

    if (!txn_get(t, DB_ROWS, (str){k.b, sizeof k.b}, &v)) return false;
    if (row_read((str){k.b, sizeof k.b}, v, out)) return true;
    txn_spoil(t, "store.corrupt", "an act that waits");
    return false;
}

void lot_pending_end(struct txn *t, uint32_t lot, enum lot_signed act)
{
    struct key k = key_of(lot, act);

    (void)txn_del(t, DB_ROWS, (str){k.b, sizeof k.b});
}

struct walk lot_pending_walk(struct txn *t, uint32_t lot, enum lot_signed act, char from[6])
{
    struct key k = key_of(lot, act);

    memcpy(from, k.b, sizeof k.b);
    return walk_open(t, DB_ROWS, (str){from, 1}, (str){from, sizeof k.b});
}

bool lot_pending_next(struct walk *w, struct lot_pending *out)
{
    str k, v;

    return walk_next(w, &k, &v) && row_read(k, v, out);
}

// ---- act.proposed

struct proposed {
    uint32_t lot;
    enum lot_signed act;
    enum lot_state before;
    wall expires;
    str digest; // of the balance
    struct signature signature;
};

static status proposed_get(str decided, struct proposed *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct proposed x = {.lot = (uint32_t)bytes_get_u(&r, 4)};

    x.act = (enum lot_signed)bytes_get_u(&r, 1);
    x.before = (enum lot_state)bytes_get_u(&r, 1);
    x.expires.ms = (int64_t)bytes_get_u(&r, 8);
    x.digest = bytes_get_raw(&r, 16);
    bool sound = signature_get(&r, &x.signature);
    if (!sound || !bytes_end(&r) || x.act >= SIGNED_END || x.before < LOT_OPEN ||
        x.before > LOT_RECALLED)
        return fail(ST_STORE, "record.corrupt", 0, "a proposal breaks off");
    *out = x;
    return OK;
}

static status proposal_read(struct txn *t, const struct lot_pending *p, struct arena *a,
                            struct proposed *out)
{
    struct fact f;

    TRY(journal_get(t, p->seq, a, &f));
    return proposed_get(f.decided, out);
}

bool lot_pending_signature(struct txn *t, const struct lot_pending *p, struct arena *a,
                           struct signature *out)
{
    struct proposed x;

    if (proposal_read(t, p, a, &x).cls != ST_OK) return false;
    *out = x.signature;
    return true;
}

status lot_pending_of_fact(const struct fact *f, struct lot_pending *out)
{
    struct proposed x;

    TRY(proposed_get(f->decided, &x));
    *out = (struct lot_pending){x.lot, x.act, f->seq, x.expires};
    return OK;
}

// Is the lot still what was signed first?
static bool is_of(const struct proposed *x, const struct lot *lot, const struct sha256 *balance)
{
    return x->before == lot->state && memcmp(x->digest.p, balance->b, x->digest.n) == 0;
}

static bool waits(const struct lot_pending *p, wall now) { return p->expires.ms > now.ms; }

bool lot_act_is_proposal(const struct site *s, struct txn *t, const struct lot *lot,
                         const struct lot_sign_ask *ask, struct arena *a)
{
    struct lot_pending p;
    struct signature first;

    if (!lot_act_needs_second(s, ask->what) || lot->state == lot_act_to(ask->what)) return false;
    if (!lot_pending_get(t, lot->number, ask->what, &p)) return true;
    if (!waits(&p, env_wall(s->env)) || !lot_pending_signature(t, &p, a, &first)) return true;
    return str_eq(first.user, ask->signature.user);
}

static status proposed_decide(struct decide *d)
{
    const struct lot_sign_ask *ask = d->ask;
    const struct site *site = d->app;
    struct lot_pending p;
    struct proposed first;
    struct buf json;
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    bool there = lot_pending_get(d->t, lot.number, ask->what, &p) && waits(&p, d->now) &&
                 proposal_read(d->t, &p, d->arena, &first).cls == ST_OK;
    if (there && !str_eq(first.signature.user, ask->signature.user))
        return fail(ST_CONFLICT, "act.pending", 0, "%.*s has signed it: sign it once more",
                    STR(first.signature.user));
    buf_init(&json, 256 * KB);
    status st = lot_act_check(d, ask->what, &lot, &json);
    if (st.cls == ST_OK && json.failed) st = no_memory();
    struct sha256 digest = sha256_of(buf_str(&json));
    buf_fini(&json);
    if (st.cls == ST_OK && there && is_of(&first, &lot, &digest)) {
        d->repeat_seq = p.seq;
        return OK;
    }
    bytes_u(d->out, lot.number, 4);
    bytes_u(d->out, ask->what, 1);
    bytes_u(d->out, lot.state, 1);
    bytes_u(d->out, (uint64_t)d->now.ms + site->people.second_ms, 8);
    buf_add(d->out, (str){(const char *)digest.b, 16});
    signature_put(d->out, &ask->signature);
    return st;
}

static void proposed_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct proposed x;
    char v[16];

    (void)arg;
    if (proposed_get(f->decided, &x).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "a proposal");
        return;
    }
    struct key k = key_of(x.lot, x.act);
    put_be(v, f->seq, 8);
    put_be(v + 8, (uint64_t)x.expires.ms, 8);
    txn_put(t, DB_ROWS, (str){k.b, sizeof k.b}, (str){v, sizeof v});
    lot_note(t, f->client, x.lot, f->seq);
}

static void proposed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct proposed x;

    (void)arg;
    if (proposed_get(f->decided, &x).cls != ST_OK) return;
    json_w_kstr(w, "act", str_of(words[x.act]));
    json_w_kstr(w, "state_before", str_of(lot_state_word(x.before)));
    json_w_kwall(w, "expires", x.expires);
    json_w_key(w, S("signature"));
    signature_write(w, &x.signature);
}

// REQ ACT-SECOND: nothing that is marked is done with one signature, or with two of one person
status lot_act_second(struct decide *d, const struct lot *lot, const struct lot_sign_ask *ask,
                      str balance, uint64_t *seq, struct signature *first)
{
    struct sha256 digest = sha256_of(balance);
    struct lot_pending p;
    struct proposed x;

    *seq = 0;
    if (!lot_act_needs_second(d->app, ask->what)) return OK;
    if (!lot_pending_get(d->t, lot->number, ask->what, &p) || !waits(&p, d->now))
        return fail(ST_CONFLICT, "act.second", 0, "nobody else has signed it, or too long ago");
    TRY(proposal_read(d->t, &p, d->arena, &x));
    if (str_eq(x.signature.user, ask->signature.user))
        return fail(ST_CONFLICT, "act.second", 0, "the same person cannot sign it twice");
    if (!is_of(&x, lot, &digest))
        return fail(ST_CONFLICT, "act.changed", 0,
                    "the lot is not as it was signed first: who did so signs anew");
    *seq = p.seq;
    *first = x.signature;
    return OK;
}

const struct kind kind_act_proposed = {
    FACT_ACT_PROPOSED, 1, "act.proposed", proposed_decide, proposed_write, proposed_print, NULL};

// ---- act.withdrawn

static status withdrawn_decide(struct decide *d)
{
    const struct lot_withdraw_ask *ask = d->ask;
    struct lot_pending p;
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    if (!lot_pending_get(d->t, lot.number, ask->what, &p))
        return fail(ST_CONFLICT, "act.none", 0, "nobody has proposed that");
    bytes_u(d->out, lot.number, 4);
    bytes_u(d->out, ask->what, 1);
    bytes_u(d->out, p.seq, 8);
    bytes_str(d->out, ask->reason);
    return OK;
}

static bool withdrawn_get(str decided, struct lot_pending *out, str *reason)
{
    struct bytes_r r = bytes_reader(decided);

    *out = (struct lot_pending){.lot = (uint32_t)bytes_get_u(&r, 4)};
    out->act = (enum lot_signed)bytes_get_u(&r, 1);
    out->seq = bytes_get_u(&r, 8);
    *reason = bytes_get_str(&r);
    return bytes_end(&r) && out->act < SIGNED_END;
}

static void withdrawn_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct lot_pending x;
    str reason;

    (void)arg;
    if (!withdrawn_get(f->decided, &x, &reason)) {
        txn_spoil(t, "record.corrupt", "a withdrawn act");
        return;
    }
    lot_pending_end(t, x.lot, x.act);
    lot_note(t, f->client, x.lot, f->seq);
}

static void withdrawn_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct lot_pending x;
    str reason;

    (void)arg;
    if (!withdrawn_get(f->decided, &x, &reason)) return;
    json_w_kstr(w, "act", str_of(words[x.act]));
    if (reason.n > 0) json_w_kstr(w, "reason", reason);
}

const struct kind kind_act_withdrawn = {
    FACT_ACT_WITHDRAWN, 1,   "act.withdrawn", withdrawn_decide, withdrawn_write,
    withdrawn_print,    NULL};

// ---- shown

void lot_pending_write(struct txn *t, const struct lot_pending *p, struct arena *a,
                       struct json_w *w)
{
    struct signature s;

    if (!lot_pending_signature(t, p, a, &s)) return;
    json_w_kstr(w, "act", str_of(words[p->act]));
    json_w_key(w, S("signature"));
    signature_write(w, &s);
    json_w_kwall(w, "expires", p->expires);
}

void lot_pendings_write(struct txn *t, const struct lot *lot, struct arena *a, struct json_w *w)
{
    struct lot_pending p;
    bool any = false;

    for (unsigned i = 0; i < SIGNED_END; i++) {
        if (!lot_pending_get(t, lot->number, (enum lot_signed)i, &p)) continue;
        if (!any) json_w_key(w, S("pending")), json_w_array(w);
        any = true;
        json_w_object(w);
        lot_pending_write(t, &p, a, w);
        json_w_end(w);
    }
    if (any) json_w_end(w);
}
