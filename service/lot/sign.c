// `lot.released`, `lot.reopened`, `lot.recalled`: what people sign of a lot. What tells them apart
// is a row of a table. decided part: lot 4 | state before 1 | signature | balance as JSON str, as
// it was released with | where another person had to sign before: seq of that proposal 8 | the
// signature of that person. A recall is told since its version 2, which is the event room's
// (recalled.h): there this part stands at the end, with its length, 4, behind it.
//
// Reopening forgets what was explained by count: the lot must come out anew.
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"

static const struct rule {
    enum lot_signed what;
    enum lot_state to;
    unsigned from; // bits of enum lot_state; in `to` it is done already
    bool again;    // a second time is the first one's answer, else refused
    bool balanced; // and not on hold
} release = {SIGNED_RELEASE, LOT_RELEASED, 1u << LOT_CLOSED, true, true},
  reopen = {SIGNED_REOPEN, LOT_REOPENED, 1u << LOT_CLOSED | 1u << LOT_RELEASED, false, false},
  recall = {SIGNED_RECALL, LOT_RECALLED,
            1u << LOT_OPEN | 1u << LOT_CLOSED | 1u << LOT_RELEASED | 1u << LOT_REOPENED, true,
            false};

// The part that all versions have.
static str signed_part(const struct fact *f)
{
    str all = f->decided;

    if (f->kind != FACT_LOT_RECALLED || f->kind_version == 1) return all;
    size_t n = all.n < 4 ? 0 : (size_t)get_be(all.p + all.n - 4, 4);
    return n + 4 > all.n ? (str){0} : (str){all.p + all.n - 4 - n, n};
}

status lot_signed_get(const struct fact *f, struct lot_signed_fact *out)
{
    struct bytes_r r = bytes_reader(signed_part(f));
    struct lot_signed_fact x = {.number = (uint32_t)bytes_get_u(&r, 4)};

    x.before = (enum lot_state)bytes_get_u(&r, 1);
    bool sound = signature_get(f, &r, &x.signature);
    x.balance = bytes_get_str(&r);
    sound = sound && second_read(f, &r, &x.first);
    if (!sound || !bytes_end(&r) || x.before < LOT_OPEN || x.before > LOT_RECALLED)
        return fail(ST_STORE, "record.corrupt", 0, "a signed lot breaks off");
    *out = x;
    return OK;
}

// A lot is not released while any difference has no reason; all are named.
static status check_balance(struct decide *d, const struct lot *lot, struct buf *json)
{
    struct balance b;
    struct buf text;
    struct json_w w = json_writer(json);
    const char *sep = "";

    TRY(balance_of(d->t, lot, d->arena, &b));
    json_w_object(&w);
    balance_lines_write(&b, &w);
    json_w_end(&w);
    if (balance_open_lines(&b) == 0) return OK;
    buf_init(&text, 4 * KB);
    for (uint32_t i = 0; i < b.n; i++)
        for (enum difference x = 0; x < DIFFERENCE_END; x++) {
            uint64_t n = balance_unexplained(&b.level[i], x);
            if (n == 0) continue;
            buf_addf(&text, "%s%.*s %s %llu%s", sep, STR(balance_level_word(&b, b.level[i].level)),
                     difference_word(x), (unsigned long long)n,
                     b.level[i].outdated[x] > 0 ? " (explanation out of date)" : "");
            sep = ", ";
        }
    status st = fail(ST_CONFLICT, "lot.unbalanced", 0, "%llu unexplained: %.*s",
                     (unsigned long long)balance_open_lines(&b), STR(buf_str(&text)));
    buf_fini(&text);
    return st;
}

static status check_state(const struct rule *rule, const struct lot *lot)
{
    if (lot->state == LOT_RECALLED)
        return fail(ST_CONFLICT, "lot.recalled", 0, "the lot is recalled");
    if (!(rule->from & 1u << lot->state))
        return fail(ST_CONFLICT, "lot.open", 0, "the lot is %s: it must be closed before",
                    lot_state_word(lot->state));
    if (rule->balanced && lot->held)
        return fail(ST_CONFLICT, "lot.on_hold", 0, "the lot is on hold");
    return OK;
}

static const struct rule *const rules[] = {&release, &reopen, &recall}; // by what

enum lot_state lot_act_to(enum lot_signed act) { return rules[act]->to; }

_Static_assert((int)SIGNED_RELEASE == (int)SECOND_RELEASE && (int)SIGNED_RECALL == SECOND_RECALL,
               "what is signed of a lot is an act by the same number");

struct second_of lot_act_of(uint32_t lot, enum lot_signed act)
{
    return (struct second_of){.act = (enum second_act)act, .lot = lot};
}

// What is signed: the state, and where it counts the balance.
static status look(struct decide *d, enum lot_signed act, const struct lot *lot, struct buf *state)
{
    TRY(check_state(rules[act], lot));
    buf_addc(state, (char)lot->state);
    return rules[act]->balanced ? check_balance(d, lot, state) : OK;
}

status lot_sign_look(struct decide *d, const void *what, struct buf *state, struct json_w *says)
{
    const struct lot_sign_ask *ask = what;
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    json_w_kstr(says, "state", str_of(lot_state_word(lot.state)));
    return look(d, ask->what, &lot, state);
}

static status put_decided(struct decide *d, const struct lot *lot, str state)
{
    const struct lot_sign_ask *ask = d->ask;
    struct second_of of = lot_act_of(lot->number, ask->what);
    struct second_first first;

    TRY(second_complete(d, &of, ask->signature.user, state, &first));
    bytes_u(d->out, lot->number, 4);
    bytes_u(d->out, lot->state, 1);
    signature_put(d->out, &ask->signature);
    bytes_str(d->out, str_from(state, 1));
    second_put(d->out, &first);
    return OK;
}

static status decide_by(struct decide *d, const struct rule *rule)
{
    const struct lot_sign_ask *ask = d->ask;
    struct lot_papers papers;
    struct buf state;
    struct lot lot;

    if (!lot_decided(d, ask->number, &lot)) return txn_status(d->t);
    lot_papers_get(d->t, lot.number, &papers);
    if (rule->again && lot.state == rule->to) {
        d->repeat_seq = papers.signed_[rule->what];
        return OK;
    }
    buf_init(&state, 256 * KB);
    status st = look(d, rule->what, &lot, &state);
    if (state.failed) st = no_memory();
    if (st.cls == ST_OK) st = put_decided(d, &lot, buf_str(&state));
    buf_fini(&state);
    return st;
}

static status signed_decide(struct decide *d) { return decide_by(d, d->arg); }

status lot_recall_decide(struct decide *d, struct buf *part)
{
    struct buf *out = d->out;

    d->out = part;
    status st = decide_by(d, &recall);
    d->out = out;
    return st;
}

static void forget_explained(struct lot_papers *p)
{
    for (unsigned l = 0; l < PRODUCT_LEVELS_MAX; l++)
        for (unsigned i = 0; i < DIFFERENCE_END; i++) p->level[l].explained[i].count = 0;
}

static void write_by(struct txn *t, const struct fact *f, const struct rule *rule)
{
    struct lot_signed_fact x;
    struct lot_papers papers;
    struct lot lot;
    struct arena a;

    arena_init(&a, 4 * MB);
    if (lot_signed_get(f, &x).cls != ST_OK || !lot_get(t, x.number, &a, &lot)) {
        txn_spoil(t, "record.corrupt", "a signed lot");
    } else {
        lot.state = rule->to;
        lot_put(t, &lot);
        lot_papers_get(t, lot.number, &papers);
        papers.signed_[rule->what] = f->seq;
        second_end(t, &(struct second_of){.act = (enum second_act)rule->what, .lot = lot.number});
        if (rule->to == LOT_REOPENED) forget_explained(&papers);
        lot_papers_put(t, lot.number, &papers);
        paper_note(t, lot.number, f);
        if (rule->balanced) balance_note(t, f, lot.number, false);
    }
    arena_fini(&a);
}

static void signed_write(struct txn *t, const struct fact *f, const void *arg)
{
    write_by(t, f, arg);
}

void lot_recall_write(struct txn *t, const struct fact *f) { write_by(t, f, &recall); }

void lot_signed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct lot_signed_fact x;

    (void)arg;
    if (lot_signed_get(f, &x).cls != ST_OK) return;
    json_w_kstr(w, "state_before", str_of(lot_state_word(x.before)));
    json_w_key(w, S("signature"));
    signature_write(w, &x.signature);
    second_write(w, "first_signature", &x.first);
    if (x.balance.n == 0) return;
    json_w_key(w, S("balance"));
    json_w_raw(w, x.balance);
}

#define WRITTEN(rule) signed_write, lot_signed_print, &(rule)
const struct kind kind_lot_released = {FACT_LOT_RELEASED, 2, "lot.released", signed_decide,
                                       WRITTEN(release)};
const struct kind kind_lot_released_1 = {FACT_LOT_RELEASED, 1, "lot.released", NULL,
                                         WRITTEN(release)};
const struct kind kind_lot_reopened = {FACT_LOT_REOPENED, 2, "lot.reopened", signed_decide,
                                       WRITTEN(reopen)};
const struct kind kind_lot_reopened_1 = {FACT_LOT_REOPENED, 1, "lot.reopened", NULL,
                                         WRITTEN(reopen)};
// Recalled before recalls were told: read and written as ever.
const struct kind kind_lot_recalled_1 = {FACT_LOT_RECALLED, 1, "lot.recalled", NULL,
                                         WRITTEN(recall)};
