// GET /v1/verifications: what was asked and answered, newest first. Who sees the whole site reads
// one list of all; who is bound to clients reads theirs, merged.
#include "service/access/actor_db.h"
#include "service/client/client.h"
#include "service/event/units_api.h"
#include "service/verification/verification_int.h"
#include <string.h>

#define AT_ONCE   64u   // seqs of a list read ahead
#define LOOKED_AT 5000u // answers for one page, whether or not they fit

struct source { // one client's list, downwards
    client_id client;
    uint64_t seqs[AT_ONCE];
    size_t n, at;
    bool ended;
};

struct listing {
    struct http_req *r;
    struct txn *t;
    struct source *sources;
    uint32_t source_count;
    // The filter:
    bool suspect; // only these, from their own lists
    bool by_verified, verified;
    bool by_unit;
    wall since;
    struct gs1_id unit;
    str corr;
    struct arena scratch; // of one fact
    uint64_t next;        // seq that the next page begins with; 0: no more
};

// ---- the filter

static status wrong(const char *name, const char *rule)
{
    return fail(ST_BAD_INPUT, "verification.filter", 0, "%s: %s", name, rule);
}

static status yes_or_no(struct http_req *r, const char *name, bool *is_there, bool *out)
{
    str v;

    *is_there = http_query(r, str_of(name), &v);
    *out = *is_there && str_eq(v, S("true"));
    return !*is_there || *out || str_eq(v, S("false")) ? OK : wrong(name, "true or false");
}

static status filter_read(struct http_req *r, struct listing *l)
{
    struct moment since;
    bool said;
    str v;

    TRY(yes_or_no(r, "verified", &l->by_verified, &l->verified));
    TRY(yes_or_no(r, "suspect", &said, &l->suspect));
    l->suspect = l->suspect || (l->by_verified && !l->verified); // a list that has all of them
    if (http_query(r, S("since"), &v)) {
        if (when_read(v, &since).cls != ST_OK) return wrong("since", "a time with zone (RFC 3339)");
        l->since = since.at;
    }
    (void)http_query(r, S("corrUUID"), &l->corr);
    l->by_unit = http_query(r, S("unit"), &v);
    return l->by_unit ? unit_read(v, &r->arena, &l->unit) : OK;
}

static bool fits(const struct listing *l, const struct verification *v)
{
    struct gs1_id id;

    if (l->by_verified && verification_is_true(v->answer) != l->verified) return false;
    if (l->corr.n > 0 && !str_eq_fold(v->corr, l->corr)) return false;
    if (!l->by_unit) return true;
    id = gs1_sgtin(v->gtin, v->serial);
    return gs1_id_eq(&id, &l->unit);
}

// ---- the lists

static void read_on(struct listing *l, struct source *s, uint64_t from)
{
    s->n = list_back(l->t, s->client, LIST_VERIFICATION, verification_list(l->suspect), from,
                     s->seqs, AT_ONCE);
    s->at = 0;
    s->ended = s->n < AT_ONCE;
}

static status sources_open(struct listing *l, uint64_t from)
{
    const struct caller *c = caller_of(l->r);
    static const client_id everybody = {0};
    const client_id *clients = caller_is_site(c) ? &everybody : c->clients;

    l->source_count = caller_is_site(c) ? 1 : c->client_count;
    l->sources = NEW_ARRAY(&l->r->arena, struct source, l->source_count);
    if (l->sources == NULL) return no_memory();
    for (uint32_t i = 0; i < l->source_count; i++) {
        l->sources[i] = (struct source){.client = clients[i]};
        read_on(l, &l->sources[i], from);
    }
    return OK;
}

static uint64_t next_seq(struct listing *l) // the newest that is left; 0: none
{
    struct source *best = NULL;

    for (uint32_t i = 0; i < l->source_count; i++) {
        struct source *s = &l->sources[i];
        if (s->at == s->n && !s->ended) read_on(l, s, s->seqs[s->n - 1] - 1);
        if (s->at == s->n) continue;
        if (best == NULL || s->seqs[s->at] > best->seqs[best->at]) best = s;
    }
    return best == NULL ? 0 : best->seqs[best->at++];
}

// ---- one answer

static void write_some(struct json_w *w, const char *key, str text)
{
    if (text.n > 0) json_w_kstr(w, key, text);
}

static void write_unit(struct json_w *w, const struct verification *v)
{
    struct gs1_id id = gs1_sgtin(v->gtin, v->serial);
    struct buf b;

    buf_init(&b, 1 * KB);
    status st = gs1_write(&id, GS1_BRACKETED, NULL, &b);
    assert(st.cls == ST_OK); // it was read as one
    json_w_kstr(w, "unit", buf_str(&b));
    buf_fini(&b);
}

// Which token asked is for those alone who may see tokens of everybody.
static void write_who(struct listing *l, const struct fact *f, struct json_w *w)
{
    struct actor x;

    if (!caller_is_site(caller_of(l->r))) return;
    write_some(w, "client", client_name(l->t, f->client, &l->scratch));
    if (actor_get(l->t, f->actor, &l->scratch, &x)) json_w_kstr(w, "by", x.id);
}

static void write_item(struct listing *l, const struct fact *f, const struct verification *v,
                       struct json_w *w)
{
    int64_t took = f->at.ms - v->asked.ms;

    json_w_object(w);
    json_w_kint(w, "seq", (int64_t)caller_seq(caller_of(l->r), f));
    write_unit(w, v);
    json_w_kstr(w, "lot", v->lot);
    json_w_kstr(w, "exp", v->exp);
    json_w_kbool(w, "verified", verification_is_true(v->answer));
    write_some(w, "code", verification_code(v->answer));
    json_w_kwall(w, "asked", v->asked);
    json_w_kwall(w, "answered", f->at);
    json_w_kint(w, "took_ms", took > 0 ? took : 0);
    verification_gln_write(w, "reqGLN", v->asker);
    verification_gln_write(w, "responderGLN", v->responder);
    json_w_kstr(w, "context", v->context);
    write_some(w, "corrUUID", v->corr);
    if (v->possession_said) json_w_kbool(w, "ctrlPossessAtt", v->possession);
    write_some(w, "email", v->email);
    write_some(w, "telephone", v->telephone);
    write_some(w, "version", v->version);
    write_who(l, f, w);
    json_w_end(w);
}

static status write_items(struct listing *l, uint32_t limit, struct json_w *w)
{
    struct verification v;
    struct fact f;
    uint32_t shown = 0, looked = 0;
    uint64_t seq;

    while ((seq = next_seq(l)) != 0) {
        if (shown == limit || looked++ == LOOKED_AT) return l->next = seq, OK;
        arena_reset(&l->scratch);
        TRY(journal_get(l->t, seq, &l->scratch, &f));
        if (f.at.ms < l->since.ms) return OK;
        TRY(verification_get(&f, &v));
        if (!fits(l, &v)) continue;
        write_item(l, &f, &v, w);
        shown++;
    }
    return OK;
}

static status list(struct listing *l, uint64_t from, uint32_t limit, struct json_w *w)
{
    l->t = api_snapshot(l->r);
    arena_init(&l->scratch, 4 * MB);
    status st = sources_open(l, from == 0 ? UINT64_MAX >> 1 : from);
    if (st.cls == ST_OK) st = write_items(l, limit, w);
    arena_fini(&l->scratch);
    return api_snapshot_end(l->r, st);
}

void verification_list_show(struct http_req *r)
{
    struct listing l = {.r = r};
    struct api_page page;
    uint64_t from = 0;
    struct buf b;

    status st = filter_read(r, &l);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    if (!api_page(r, &page) || !api_page_from(r, &page, &from)) return;
    buf_init(&b, 16 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    st = list(&l, from, page.limit, &w);
    if (st.cls == ST_OK) {
        json_w_end(&w);
        api_page_on(r, &w, l.next);
        json_w_end(&w);
    }
    units_reply(r, st, &b);
}
