// second.c - the first of two signatures: kept, shown, completed, taken back, fallen.
//
// row '%' lot 4, act 1, subject (to the key's end) -> seq of `act.proposed` 8, expires 8
// decided part of `act.proposed` 3: lot 4 | act 1 | subject str | expires 8 | first half of the
// SHA-256 of what is signed 16 | the same for people as JSON str | signature; 2: without its role
// of `act.proposed` 1, of a lot's release, reopening or recall: lot 4 | act 1 | state before 1 |
// expires 8 | first half of the SHA-256 of the balance 16 | signature
// decided part of `act.withdrawn` 2: lot 4 | act 1 | subject str | seq of the proposal 8 | reason
// str; of version 1 there was no subject
// decided part of `act.fallen`: as `act.withdrawn` 2, the reason is the user's name
//
// The second signs what the first has signed: where it is another by then, the first signs anew.
// Time alone ends a proposal; its row stays until the next one or the act.
#include "service/access/second.h"
#include "common/digest.h"
#include "service/access/user.h"
#include "service/journal/clock.h"
#include <string.h>

#define STATE_MAX   (1 * MB)
#define SAYS_MAX    (256 * KB)
#define SUBJECT_MAX 80u
#define FALLS_MAX   10000u // acts of one person that wait

// clang-format off
static const struct {
    const char *word;
    const char *roles; // who signs
} acts[SECOND_END] = {
    [SECOND_RELEASE]      = {"release", "qa"},
    [SECOND_REOPEN]       = {"reopen", "qa"},
    [SECOND_RECALL]       = {"recall", "qa"},
    [SECOND_AMEND]        = {"amend", "qa"},
    [SECOND_END_HOLD]     = {"end_hold", "qa"},
    [SECOND_PUT_USER]     = {"put_user", "admin"},
    [SECOND_ADD_KEY]      = {"add_key", "qa operator"},
    [SECOND_ADVANCE]      = {"advance", "qa operator"},
    [SECOND_CORRECT]      = {"correct", "qa"},
    [SECOND_ACCEPT_CLOCK] = {"accept_clock", "qa operator"},
    [SECOND_MAKE_TOKEN]   = {"make_token", "admin"},
};
// clang-format on

const char *second_word(enum second_act act) { return acts[act].word; }
const char *second_roles(enum second_act act) { return acts[act].roles; }

bool second_find(str word, enum second_act *out)
{
    for (unsigned i = 0; i < SECOND_END; i++)
        if (str_eq(word, str_of(acts[i].word))) return *out = (enum second_act)i, true;
    return false;
}

status second_setting_check(str text)
{
    enum second_act act;
    str word;

    for (bool more = text.n > 0; more;) {
        more = str_cut(&text, ' ', &word);
        if (!more) word = text;
        if (second_find(word, &act)) continue;
        return fail(ST_BAD_INPUT, "settings.word", 0,
                    "signatures.second: %.*s is no act that can be marked",
                    STR(str_shown(word, 30)));
    }
    return OK;
}

bool second_is_marked(const struct site *s, enum second_act act)
{
    return str_has_word(s->people.second, str_of(acts[act].word));
}

// ---- rows

struct key {
    char b[6 + SUBJECT_MAX];
    size_t n;
};

static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_of(const struct second_of *of)
{
    struct key k = {.b = {ROW_ACT_PENDING}, .n = 6 + of->subject.n};

    assert(of->subject.n <= SUBJECT_MAX);
    put_be(k.b + 1, of->lot, 4);
    k.b[5] = (char)of->act;
    if (of->subject.n > 0) memcpy(k.b + 6, of->subject.p, of->subject.n);
    return k;
}

static bool row_read(str k, str v, struct second_row *out)
{
    if (k.n < 6 || v.n != 16 || (uint8_t)k.p[5] >= SECOND_END) return false;
    *out = (struct second_row){
        .of = {(enum second_act)k.p[5], (uint32_t)get_be(k.p + 1, 4), str_from(k, 6)},
        .seq = get_be(v.p, 8),
        .expires = {(int64_t)get_be(v.p + 8,             8)                                  }
    };
    return true;
}

bool second_get(struct txn *t, const struct second_of *of, struct second_row *out)
{
    struct key k = key_of(of);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (row_read(str_key(&k), v, out)) return out->of = *of, true;
    txn_spoil(t, "store.corrupt", "an act that waits");
    return false;
}

void second_end(struct txn *t, const struct second_of *of)
{
    struct key k = key_of(of);

    (void)txn_del(t, DB_ROWS, str_key(&k));
}

bool second_waits(const struct second_row *row, wall now) { return row->expires.ms > now.ms; }

status second_of_said(enum second_act act, struct buf *said, struct arena *a, struct second_of *out)
{
    struct sha256 digest = sha256_of(buf_str(said));
    str subject = arena_str(a, (str){(const char *)digest.b, 16});
    bool failed = said->failed || subject.p == NULL;

    buf_fini(said);
    if (failed) return no_memory();
    *out = (struct second_of){.act = act, .subject = subject};
    return OK;
}

// By a clock that ran far ahead nothing would wait: whether it does the committer says.
bool second_may_wait(struct txn *t, const struct second_row *row, const struct env *env)
{
    struct clock_stop stop;

    return second_waits(row, env_wall(env)) || clock_stop_get(t, &stop);
}

void second_walk_open(struct second_walk *w, struct txn *t, str after)
{
    size_t n = after.n < SECOND_KEY_MAX ? after.n : SECOND_KEY_MAX; // a stranger's may be longer

    w->from[0] = ROW_ACT_PENDING;
    if (n > 0) memcpy(w->from + 1, after.p, n);
    w->from[n + 1] = 0; // the first key above it
    w->walk = walk_open(t, DB_ROWS, (str){w->from, 1}, (str){w->from, n == 0 ? 1 : n + 2});
}

bool second_next(struct second_walk *w, struct second_row *out, str *key)
{
    str k, v;

    if (!walk_next(&w->walk, &k, &v) || !row_read(k, v, out)) return false;
    *key = str_from(k, 1);
    return true;
}

// ---- act.proposed

static status broken(const char *what)
{
    return fail(ST_STORE, "record.corrupt", 0, "%s breaks off", what);
}

static status proposal_get(const struct fact *f, struct proposal *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct proposal x = {.version = f->kind_version,
                         .client = f->client,
                         .of = {.lot = (uint32_t)bytes_get_u(&r, 4)}};

    x.of.act = (enum second_act)bytes_get_u(&r, 1);
    if (x.version == 1)
        x.before = (uint8_t)bytes_get_u(&r, 1);
    else
        x.of.subject = bytes_get_str(&r);
    x.expires.ms = (int64_t)bytes_get_u(&r, 8);
    x.digest = bytes_get_raw(&r, 16);
    if (x.version != 1) x.says = bytes_get_str(&r);
    bool sound = signature_get(f, &r, &x.signature);
    if (!sound || !bytes_end(&r) || x.of.act >= SECOND_END || x.of.subject.n > SUBJECT_MAX)
        return broken("a proposal");
    *out = x;
    return OK;
}

status second_proposal(struct txn *t, uint64_t seq, struct arena *a, struct proposal *out)
{
    struct fact f;

    TRY(journal_get(t, seq, a, &f));
    return f.kind == FACT_ACT_PROPOSED ? proposal_get(&f, out) : broken("what waits");
}

// Is what is to be signed still what was signed first? Version 1 has the lot's state, with which
// `state` begins, and the digest of what follows.
static bool is_of(const struct proposal *x, str state)
{
    str of = x->version == 1 ? str_from(state, 1) : state;
    struct sha256 digest = sha256_of(of);

    if (x->version == 1 && (state.n == 0 || (uint8_t)state.p[0] != x->before)) return false;
    return memcmp(x->digest.p, digest.b, x->digest.n) == 0;
}

// Is it the first of two signatures?
static bool is_first(struct http_req *r, struct txn *t, const struct second_ask *ask)
{
    const struct site *s = api_site(r);
    struct second_row row;
    struct proposal first;

    if (!second_is_marked(s, ask->of.act)) return false;
    if (!second_get(t, &ask->of, &row) || !second_may_wait(t, &row, s->env)) return true;
    return second_proposal(t, row.seq, &r->arena, &first).cls != ST_OK ||
           str_eq(first.signature.user, ask->signature.user);
}

// A snapshot decides which fact is asked for; the committer refuses the wrong one.
void second_command(struct http_req *r, const struct second_ask *ask, const struct kind *kind,
                    api_render *render)
{
    bool first = is_first(r, api_snapshot(r), ask);
    status st = api_snapshot_end(r, OK);

    if (st.cls != ST_OK)
        api_fail(r, st);
    else if (first)
        api_command(r, &kind_act_proposed, ask, render);
    else
        api_command(r, kind, ask->what, render);
}

int second_code(const struct ask *a) { return a->fact.kind == FACT_ACT_PROPOSED ? 202 : 200; }

bool second_is_over(struct http_req *r, struct txn *t, const struct ask *a)
{
    struct second_row row;
    struct proposal x;

    if (a->fact.kind != FACT_ACT_PROPOSED) return false;
    if (second_proposal(t, a->fact.seq, &r->arena, &x).cls != ST_OK) return false;
    return !second_get(t, &x.of, &row) || row.seq != a->fact.seq ||
           !second_may_wait(t, &row, api_site(r)->env);
}

void second_proposed(struct http_req *r, const struct ask *a)
{
    struct second_row row = {.seq = a->fact.seq};
    struct buf b;

    buf_init(&b, 512 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    struct txn *t = api_snapshot(r);
    second_row_write(t, &row, &r->arena, &w);
    if (second_is_over(r, t, a)) json_w_kbool(&w, "waits", false);
    status st = api_snapshot_end(r, OK);
    json_w_end(&w);
    if (st.cls == ST_OK)
        api_reply(r, 202, &b);
    else
        buf_fini(&b), http_problem(r, st, S(""));
}

static void proposal_put(struct decide *d, const struct second_ask *ask, str state, str says)
{
    const struct site *site = d->app;
    struct sha256 digest = sha256_of(state);

    bytes_u(d->out, ask->of.lot, 4);
    bytes_u(d->out, ask->of.act, 1);
    bytes_str(d->out, ask->of.subject);
    bytes_u(d->out, (uint64_t)d->now.ms + site->people.second_ms, 8);
    buf_add(d->out, (str){(const char *)digest.b, 16});
    bytes_str(d->out, says);
    signature_put(d->out, &ask->signature);
}

static status propose(struct decide *d, struct buf *state, struct buf *says)
{
    const struct second_ask *ask = d->ask;
    struct second_row row;
    struct proposal first;
    bool there = second_get(d->t, &ask->of, &row) && second_waits(&row, d->now) &&
                 second_proposal(d->t, row.seq, d->arena, &first).cls == ST_OK;

    if (there && !str_eq(first.signature.user, ask->signature.user))
        return fail(ST_CONFLICT, "act.pending", 0, "%.*s has signed it: sign it once more",
                    STR(first.signature.user));
    struct json_w w = json_writer(says);
    json_w_object(&w);
    TRY(ask->look(d, ask->what, state, &w));
    json_w_end(&w);
    if (state->failed || says->failed) return no_memory();
    if (there && is_of(&first, buf_str(state)))
        d->repeat_seq = row.seq;
    else
        proposal_put(d, ask, buf_str(state), buf_str(says));
    return OK;
}

static status proposed_decide(struct decide *d)
{
    const struct second_ask *ask = d->ask;
    struct clock_stop stop;
    struct buf state, says;

    // Proposals are taken while it is stopped, for the one that ends it.
    if (ask->of.act != SECOND_ACCEPT_CLOCK && clock_stop_get(d->t, &stop))
        return fail(ST_BUSY, "clock.jumped", 0,
                    "the clock jumped ahead: it is to be accepted first");
    d->fact->client = ask->client;
    d->fact->lot = ask->of.lot;
    buf_init(&state, STATE_MAX);
    buf_init(&says, SAYS_MAX);
    status st = propose(d, &state, &says);
    buf_fini(&state);
    buf_fini(&says);
    return st;
}

// As every fact that names a lot, it stands in the lot's list.
static void note(struct txn *t, const struct fact *f, uint32_t lot)
{
    char value[4];

    if (lot == 0) return;
    put_be(value, lot, 4);
    list_note(t, f->client, LIST_LOT, (str){value, sizeof value}, f->seq);
}

static void proposed_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct proposal x;
    char v[16];

    (void)arg;
    if (proposal_get(f, &x).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "a proposal");
        return;
    }
    struct key k = key_of(&x.of);
    put_be(v, f->seq, 8);
    put_be(v + 8, (uint64_t)x.expires.ms, 8);
    txn_put(t, DB_ROWS, str_key(&k), (str){v, sizeof v});
    note(t, f, x.of.lot);
}

static void act_write(const struct second_of *of, struct json_w *w)
{
    json_w_kstr(w, "act", str_of(acts[of->act].word));
    if (of->act == SECOND_PUT_USER) json_w_kstr(w, "user", of->subject);
}

// For the journal, whose readers know facts by their seq.
static void held_write(const struct second_of *of, struct json_w *w)
{
    if (of->act == SECOND_END_HOLD && of->subject.n == 8)
        json_w_kinner(w, "held_by", get_be(of->subject.p, 8));
}

static void proposal_write(const struct proposal *x, struct json_w *w)
{
    act_write(&x->of, w);
    json_w_key(w, S("signature"));
    signature_write(w, &x->signature);
    json_w_kwall(w, "expires", x->expires);
    if (x->says.n <= 2) return; // "{}"
    json_w_key(w, S("what"));
    json_w_raw(w, x->says);
}

static void proposed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct proposal x;

    (void)arg;
    if (proposal_get(f, &x).cls != ST_OK) return;
    proposal_write(&x, w);
    held_write(&x.of, w);
}

const struct kind kind_act_proposed = {
    FACT_ACT_PROPOSED, 3, "act.proposed", proposed_decide, proposed_write, proposed_print, NULL};
const struct kind kind_act_proposed_2 = {
    FACT_ACT_PROPOSED, 2, "act.proposed", NULL, proposed_write, proposed_print, NULL};
const struct kind kind_act_proposed_1 = {
    FACT_ACT_PROPOSED, 1, "act.proposed", NULL, proposed_write, proposed_print, NULL};

// ---- completed

static bool may_sign(const struct reach *who, const struct proposal *x)
{
    return reach_has(who, acts[x->of.act].roles, x->client);
}

// Whoever cannot sign any more has not signed.
static status signer_check(struct decide *d, const struct proposal *x)
{
    struct user u;

    bool active = user_get(d->t, x->signature.user, d->arena, &u) && u.active;
    TRY(txn_status(d->t));
    if (active && may_sign(&(struct reach){u.role, u.clients, u.client_count}, x)) return OK;
    return fail(ST_CONFLICT, "act.second", 0, "%.*s, who signed first, may not sign it any more",
                STR(x->signature.user));
}

// REQ ACT-SECOND: nothing that is marked is done with one signature, or with two of one person
status second_complete(struct decide *d, const struct second_of *of, str user, str state,
                       struct second_first *out)
{
    struct second_row row;
    struct proposal x;

    *out = (struct second_first){0};
    if (!second_is_marked(d->app, of->act)) return OK;
    if (user.n == 0) return fail(ST_CONFLICT, "act.second", 0, "two people must sign it");
    if (!second_get(d->t, of, &row) || !second_waits(&row, d->now))
        return fail(ST_CONFLICT, "act.second", 0, "nobody else has signed it, or too long ago");
    TRY(second_proposal(d->t, row.seq, d->arena, &x));
    if (str_eq(x.signature.user, user))
        return fail(ST_CONFLICT, "act.second", 0, "the same person cannot sign it twice");
    TRY(signer_check(d, &x));
    if (!is_of(&x, state))
        return fail(ST_CONFLICT, "act.changed", 0,
                    "it is not as it was signed first: who did so signs anew");
    *out = (struct second_first){row.seq, x.signature};
    return OK;
}

status second_check(struct decide *d, const struct second_ask *ask, struct second_first *out)
{
    struct buf state, says;

    buf_init(&state, STATE_MAX);
    buf_init(&says, SAYS_MAX);
    struct json_w w = json_writer(&says);
    json_w_object(&w);
    status st = ask->look(d, ask->what, &state, &w);
    if (st.cls == ST_OK && state.failed) st = no_memory();
    if (st.cls == ST_OK)
        st = second_complete(d, &ask->of, ask->signature.user, buf_str(&state), out);
    buf_fini(&state);
    buf_fini(&says);
    return st;
}

void second_put(struct buf *b, const struct second_first *x)
{
    if (x->proposal == 0) return;
    bytes_u(b, x->proposal, 8);
    signature_put(b, &x->signature);
}

bool second_read(const struct fact *f, struct bytes_r *r, struct second_first *out)
{
    *out = (struct second_first){0};
    if (r->bad || r->p == r->end) return !r->bad;
    out->proposal = bytes_get_u(r, 8);
    return signature_get(f, r, &out->signature);
}

void second_write(struct json_w *w, const char *name, const struct second_first *x)
{
    if (x->proposal == 0) return;
    json_w_key(w, str_of(name));
    signature_write(w, &x->signature);
}

// ---- two at once

status second_pair_check(struct decide *d, enum second_act act, const struct second_pair *p)
{
    if (p->n == 2 || !second_is_marked(d->app, act)) return OK;
    return fail(ST_CONFLICT, "act.second", 0, "two people must sign it: --sign NAME --second NAME");
}

void second_pair_put(struct buf *b, const struct second_pair *p)
{
    for (uint32_t i = 0; i < p->n; i++) signature_put(b, &p->by[i]);
}

bool second_pair_read(const struct fact *f, struct bytes_r *r, struct second_pair *out)
{
    *out = (struct second_pair){0};
    if (r->bad || r->p == r->end) return !r->bad;
    out->n = 2;
    return signature_get(f, r, &out->by[0]) && signature_get(f, r, &out->by[1]);
}

void second_pair_write(struct json_w *w, const struct second_pair *p)
{
    if (p->n == 0) return;
    json_w_key(w, S("first_signature"));
    signature_write(w, &p->by[0]);
    json_w_key(w, S("signature"));
    signature_write(w, &p->by[1]);
}

// ---- act.withdrawn, act.fallen

struct ended {
    struct second_of of;
    uint64_t seq;
    str reason;
};

static bool ended_get(const struct fact *f, struct ended *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    bool first = f->kind == FACT_ACT_WITHDRAWN && f->kind_version == 1;

    *out = (struct ended){.of = {.lot = (uint32_t)bytes_get_u(&r, 4)}};
    out->of.act = (enum second_act)bytes_get_u(&r, 1);
    if (!first) out->of.subject = bytes_get_str(&r);
    out->seq = bytes_get_u(&r, 8);
    out->reason = bytes_get_str(&r);
    return bytes_end(&r) && out->of.act < SECOND_END && out->of.subject.n <= SUBJECT_MAX;
}

static status ended_decide(struct decide *d)
{
    const struct second_withdraw_ask *ask = d->ask;
    struct second_row row;

    d->fact->client = ask->client;
    d->fact->lot = ask->of.lot;
    if (!second_get(d->t, &ask->of, &row) || (ask->seq != 0 && ask->seq != row.seq))
        return fail(ST_CONFLICT, "act.none", 0, "nobody has proposed that");
    bytes_u(d->out, ask->of.lot, 4);
    bytes_u(d->out, ask->of.act, 1);
    bytes_str(d->out, ask->of.subject);
    bytes_u(d->out, row.seq, 8);
    bytes_str(d->out, ask->reason);
    return OK;
}

static void ended_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct ended x;

    (void)arg;
    if (!ended_get(f, &x)) {
        txn_spoil(t, "record.corrupt", "an act that waits no more");
        return;
    }
    second_end(t, &x.of);
    note(t, f, x.of.lot);
}

static void ended_print(const struct fact *f, struct json_w *w, const void *arg)
{
    const char *reason = arg;
    struct ended x;

    if (!ended_get(f, &x)) return;
    act_write(&x.of, w);
    held_write(&x.of, w);
    json_w_kinner(w, "proposed_by", x.seq);
    if (x.reason.n > 0) json_w_kstr(w, reason, x.reason);
}

const struct kind kind_act_withdrawn = {
    FACT_ACT_WITHDRAWN, 2, "act.withdrawn", ended_decide, ended_write, ended_print, "reason"};
const struct kind kind_act_withdrawn_1 = {FACT_ACT_WITHDRAWN, 1,           "act.withdrawn", NULL,
                                          ended_write,        ended_print, "reason"};
const struct kind kind_act_fallen = {FACT_ACT_FALLEN, 1,           "act.fallen", ended_decide,
                                     ended_write,     ended_print, "signer"};

static bool is_same(const struct second_of *a, const struct second_of *b)
{
    return a->act == b->act && a->lot == b->lot && str_eq(a->subject, b->subject);
}

// The next that waits, that the person signed first and may not sign any more; false: none.
static bool next_of(struct decide *d, struct second_walk *w, const struct second_leaver *who,
                    struct second_withdraw_ask *out)
{
    struct second_row row;
    struct proposal x;
    str key;

    while (second_next(w, &row, &key)) {
        if (!second_waits(&row, d->now)) continue;
        if (second_proposal(d->t, row.seq, d->arena, &x).cls != ST_OK) continue;
        if (!str_eq(x.signature.user, who->user) || is_same(&x.of, &who->but)) continue;
        if (who->left != NULL && may_sign(who->left, &x)) continue;
        *out = (struct second_withdraw_ask){
            .of = x.of, .seq = row.seq, .client = x.client, .reason = x.signature.user};
        return true;
    }
    return false;
}

bool second_falls(struct decide *d, const struct second_leaver *who, status *st)
{
    struct second_withdraw_ask x, *asks;
    struct second_walk w;
    uint32_t n = 0;

    *st = OK;
    second_walk_open(&w, d->t, (str){"", 0});
    while (n < FALLS_MAX && next_of(d, &w, who, &x)) n++;
    walk_close(&w.walk);
    if (n == 0) return false;
    d->first = NEW_ARRAY(d->arena, struct ask, n);
    asks = NEW_ARRAY(d->arena, struct second_withdraw_ask, n);
    if (d->first == NULL || asks == NULL) return *st = no_memory(), false;
    second_walk_open(&w, d->t, (str){"", 0});
    while (d->first_n < n && next_of(d, &w, who, &asks[d->first_n])) {
        d->first[d->first_n] = (struct ask){.kind = &kind_act_fallen, .what = &asks[d->first_n]};
        d->first_n++;
    }
    walk_close(&w.walk);
    return true;
}

// ---- shown

void second_row_write(struct txn *t, const struct second_row *row, struct arena *a,
                      struct json_w *w)
{
    struct proposal x;

    if (second_proposal(t, row->seq, a, &x).cls == ST_OK) proposal_write(&x, w);
}
