// fact `verification.answered`: flags 1, answer 1, unit 8, asked 8, GLNs of requester and responder
// var each, gtin 14, strs lot, serial, exp, corrUUID, context, version, email, telephone.
//
// The pack is judged here, by the rows of the transaction that keeps the answer: no hold or recall
// that stands before it in the journal is missed. What cannot change was found on the loop. A
// question is never refused; one that its caller asked before, under the same corrUUID and not long
// ago, is answered as it was.
#include "common/bytes.h"
#include "service/exception/exception.h"
#include "service/gs1/id.h"
#include "service/verification/verification_int.h"
#include <stdio.h>

enum flag { POSSESSION_SAID = 1, POSSESSION = 2 };

// ---- deciding

static bool is_repeat(struct decide *d, const struct verification *v)
{
    struct digest16 digest;
    struct fact f;

    if (v->corr.n == 0) return false;
    digest = verification_digest(v);
    uint64_t seq = verification_row_get(d->t, d->actor, &digest);
    if (seq == 0 || journal_get_header(d->t, seq, &f).cls != ST_OK) return false;
    if (d->now.ms - f.at.ms > VERIFICATION_REPEAT_MS) return false;
    d->repeat_seq = seq;
    return true;
}

static status truth_of(struct decide *d, const struct verification_ask *x,
                       struct verification_truth *out)
{
    struct verification_truth truth = {.lot = x->told.lot, .expiry = x->told.expiry};
    struct unit_reader r;
    struct unit_view v;

    *out = (struct verification_truth){0};
    if (x->owner.v == 0 || x->v.unit.v == 0) return OK;
    unit_reader_init(&r, d->app, d->t, d->arena);
    r.now = d->now;
    status st = unit_view_get(&r, x->v.unit, &v);
    if (st.cls == ST_NOT_FOUND) return OK;
    TRY(st);
    const struct lot *lot = x->foreign ? NULL : unit_view_lot(&r, &v);
    TRY(r.st);
    truth.known = v.client.v == x->owner.v;
    truth.state = v.row.state;
    truth.flags = v.flags;
    if (lot != NULL) {
        truth.lot = lot->lot;
        truth.expiry = lot->expiry;
    }
    *out = truth;
    return OK;
}

static void decided_put(struct buf *b, const struct verification *v)
{
    bytes_u(b, (v->possession_said ? POSSESSION_SAID : 0u) | (v->possession ? POSSESSION : 0u), 1);
    bytes_u(b, v->answer, 1);
    bytes_u(b, v->unit.v, 8);
    bytes_u(b, (uint64_t)v->asked.ms, 8);
    bytes_var(b, v->asker);
    bytes_var(b, v->responder);
    buf_add(b, (str){v->gtin, sizeof v->gtin});
    const str texts[] = {v->lot,     v->serial,  v->exp,   v->corr,
                         v->context, v->version, v->email, v->telephone};
    for (size_t i = 0; i < LEN(texts); i++) bytes_str(b, texts[i]);
}

static status answer_decide(struct decide *d)
{
    const struct verification_ask *x = d->ask;
    struct verification_truth truth;
    struct verification v = x->v;

    if (is_repeat(d, &v)) return OK;
    TRY(truth_of(d, x, &truth));
    v.answer = verification_judge(&truth, &(struct verification_label){v.lot, x->expiry}, d->now);
    if (!truth.known) v.unit = (unit_id){0};
    d->fact->client = x->owner;
    decided_put(d->out, &v);
    return OK;
}

// ---- writing

static void note(struct txn *t, const struct fact *f, bool suspect)
{
    list_note(t, (client_id){0}, LIST_VERIFICATION, verification_list(suspect), f->seq);
    if (f->client.v != 0)
        list_note(t, f->client, LIST_VERIFICATION, verification_list(suspect), f->seq);
}

// Somebody holds a pack of ours that is not as it should be, or a copy of its label. A number that
// was never given is anybody's guess and raises nothing.
static void raise(struct txn *t, const struct fact *f, const struct verification *v)
{
    if (f->client.v == 0 || v->unit.v == 0 || !verification_is_suspect(v->answer)) return;
    exception_raise(t, f,
                    &(struct exception){.kind = EXCEPTION_OF_VERIFICATION,
                                        .code = verification_code(v->answer),
                                        .unit = v->unit.v,
                                        .about = exception_about(v->unit.v, v->answer)});
}

static void answer_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct verification v;

    (void)arg;
    status st = verification_get(f, &v);
    if (st.cls != ST_OK) {
        txn_spoil(t, st.reason, "a verification");
        return;
    }
    note(t, f, false);
    if (verification_is_suspect(v.answer)) note(t, f, true);
    raise(t, f, &v);
    if (v.corr.n == 0) return;
    struct digest16 digest = verification_digest(&v);
    verification_row_put(t, f->actor, &digest, f->seq);
}

// ---- reading

status verification_get(const struct fact *f, struct verification *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct verification v = {.unit = {0}};

    unsigned flags = (unsigned)bytes_get_u(&r, 1);
    v.possession_said = (flags & POSSESSION_SAID) != 0;
    v.possession = (flags & POSSESSION) != 0;
    v.answer = (enum verification_answer)bytes_get_u(&r, 1);
    v.unit.v = bytes_get_u(&r, 8);
    v.asked.ms = (int64_t)bytes_get_u(&r, 8);
    v.asker = bytes_get_var(&r);
    v.responder = bytes_get_var(&r);
    str gtin = bytes_get_raw(&r, sizeof v.gtin);
    str *texts[] = {&v.lot,     &v.serial,  &v.exp,   &v.corr,
                    &v.context, &v.version, &v.email, &v.telephone};
    for (size_t i = 0; i < LEN(texts); i++) *texts[i] = bytes_get_str(&r);
    if (!bytes_end(&r) || v.answer == 0 || v.answer >= VERIFICATION_ANSWER_END)
        return fail(ST_STORE, "record.corrupt", 0, "a verification");
    memcpy(v.gtin, gtin.p, sizeof v.gtin);
    *out = v;
    return OK;
}

static void print_some(struct json_w *w, const char *key, str text)
{
    if (text.n > 0) json_w_kstr(w, key, text);
}

void verification_gln_write(struct json_w *w, const char *key, uint64_t gln)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%013llu", (unsigned long long)gln);

    if (gln != 0) json_w_kstr(w, key, (str){digits, (size_t)n});
}

static void answer_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct verification v;

    (void)arg;
    if (verification_get(f, &v).cls != ST_OK) return;
    json_w_kstr(w, "gtin", (str){v.gtin, sizeof v.gtin});
    json_w_kstr(w, "lot", v.lot);
    json_w_kstr(w, "serial", v.serial);
    json_w_kstr(w, "exp", v.exp);
    verification_gln_write(w, "reqGLN", v.asker);
    verification_gln_write(w, "responderGLN", v.responder);
    print_some(w, "corrUUID", v.corr);
    print_some(w, "context", v.context);
    json_w_kbool(w, "verified", verification_is_true(v.answer));
    print_some(w, "code", verification_code(v.answer));
}

const struct kind kind_verification_answered = {FACT_VERIFICATION_ANSWERED,
                                                1,
                                                "verification.answered",
                                                answer_decide,
                                                answer_write,
                                                answer_print,
                                                NULL};
