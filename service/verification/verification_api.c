// GET /verify/gtin/{gtin}/lot/{lot}/ser/{serial}, GET /checkConnectivity.
//
// Everything a stranger sends is looked at before anything is asked of the store. The answer has
// the members of the standard and no others: why a pack does not match is told by the code alone,
// and a GTIN of a client that the caller does not see is answered as one that nobody has.
#include "service/api/api.h"
#include "service/gs1/id.h"
#include "service/verification/verification_int.h"
#include <stdlib.h>
#include <string.h>

#define ASKERS      "distributor gateway client operator qa auditor"
#define QUESTION    "exp linkType context reqGLN corrUUID ctrlPossessAtt email telephone"
#define LINK_TYPE   "verificationService"
#define CONTEXT     "dscsaSaleableReturn"
#define VERSION_MAX 16u

// ---- the room

const struct verification_room *verification_room(const struct site *site)
{
    const struct verification_room *room = site->verification;

    OBJ_CHECK(room, VERIFICATION_MAGIC);
    return room;
}

void verification_start(struct site *site, const struct verification_conf *conf)
{
    struct verification_room *room = calloc(1, sizeof *room);
    bool has = conf->responder.n > 0;

    assert(room != NULL && site->verification == NULL);
    *room = (struct verification_room){.magic = VERIFICATION_MAGIC};
    room->rates = rate_table_new(conf->rate);
    bool ok = !has || str_u64(conf->responder, INT64_MAX, &room->responder);
    assert(ok);
    site->verification = room;
}

void verification_stop(struct site *site)
{
    struct verification_room *room = site->verification;

    site->verification = NULL;
    if (room == NULL) return;
    OBJ_CHECK(room, VERIFICATION_MAGIC);
    rate_table_free(&room->rates);
    room->magic = 0;
    free(room);
}

// ---- what is asked

static status wrong(const char *name, const char *rule)
{
    return fail(ST_BAD_INPUT, "verification.question", 0, "%s: %s", name, rule);
}

static bool is_uuid(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex =
            (s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f');
        if (dash ? s.p[i] != '-' : !hex) return false;
    }
    return s.n == 36;
}

static bool is_word(str s) // of a context: a name of the standard's, which may get more of them
{
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)(s.p[i] | 32);
        bool sign = s.p[i] == '_' || s.p[i] == '-' || s.p[i] == '.' || s.p[i] == ':';
        if (!(c >= 'a' && c <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && !sign) return false;
    }
    return s.n > 0 && s.n <= 64;
}

static bool is_version(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '.' && !(s.p[i] >= '0' && s.p[i] <= '9')) return false;
    return s.n <= VERSION_MAX;
}

static bool is_contact(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 32 || s.p[i] == 127) return false;
    return s.n <= 254 && str_is_utf8(s, NULL);
}

static status gln_read(struct http_req *r, uint64_t *out)
{
    char gln[13];
    str v;

    *out = 0;
    if (!http_query(r, S("reqGLN"), &v) || v.n == 0) return OK;
    if (gs1_gln_read(v, gln).cls != ST_OK) return wrong("reqGLN", "a GLN of 13 digits");
    return str_u64((str){gln, sizeof gln}, INT64_MAX, out) ? OK : wrong("reqGLN", "a GLN");
}

static status context_read(struct http_req *r, str *out)
{
    str v;

    *out = S(CONTEXT);
    if (!http_query(r, S("context"), &v) || v.n == 0) return OK;
    *out = v;
    return is_word(v) ? OK : wrong("context", "a word, such as " CONTEXT);
}

static status possession_read(struct http_req *r, struct verification *v)
{
    str said;

    v->possession_said = http_query(r, S("ctrlPossessAtt"), &said) && said.n > 0;
    if (!v->possession_said) return OK;
    v->possession = str_eq_fold(said, S("true"));
    return v->possession || str_eq_fold(said, S("false"))
               ? OK
               : wrong("ctrlPossessAtt", "true or false");
}

static status expiry_read(struct http_req *r, wall now, struct verification_ask *x)
{
    int year = date_of_days((int32_t)(now.ms / 86400000)).year;

    if (!http_query(r, S("exp"), &x->v.exp)) return wrong("exp", "say it, as YYMMDD");
    return gs1_date_read(x->v.exp, year, &x->expiry).cls == ST_OK
               ? OK
               : wrong("exp", "a date as YYMMDD; day 00 is the last of its month");
}

static status identity_read(struct http_req *r, struct verification *v)
{
    if (gs1_gtin_read(r->param[0], v->gtin).cls != ST_OK)
        return wrong("gtin", "14 digits, the last of them its check digit");
    if (gs1_serial_check(r->param[1], GS1_SERIAL_MAX).cls != ST_OK)
        return wrong("lot", "1 to 20 characters of GS1's set 82");
    if (gs1_serial_check(r->param[2], GS1_SERIAL_MAX).cls != ST_OK)
        return wrong("ser", "1 to 20 characters of GS1's set 82");
    v->lot = r->param[1];
    v->serial = r->param[2];
    return OK;
}

static status contact_read(struct http_req *r, struct verification *v)
{
    (void)http_query(r, S("email"), &v->email);
    (void)http_query(r, S("telephone"), &v->telephone);
    if (!is_contact(v->email)) return wrong("email", "at most 254 bytes of text");
    return is_contact(v->telephone) ? OK : wrong("telephone", "at most 254 bytes of text");
}

static status question_read(struct http_req *r, wall now, struct verification_ask *x)
{
    struct verification *v = &x->v;
    str link;

    v->asked = now;
    TRY(identity_read(r, v));
    TRY(expiry_read(r, now, x));
    TRY(gln_read(r, &v->asker));
    TRY(context_read(r, &v->context));
    TRY(possession_read(r, v));
    TRY(contact_read(r, v));
    if (http_query(r, S("linkType"), &link) && link.n > 0 && !str_eq(link, S(LINK_TYPE)) &&
        !str_eq(link, S("gs1:" LINK_TYPE)))
        return wrong("linkType", LINK_TYPE);
    if (http_query(r, S("corrUUID"), &v->corr) && v->corr.n > 0 && !is_uuid(v->corr))
        return wrong("corrUUID", "a UUID");
    v->version = http_header(r, S("GS1US-Version"));
    return is_version(v->version) ? OK : wrong("GS1US-Version", "such as 1.3.0");
}

// ---- who asks

static status rate_check(struct http_req *r)
{
    const struct site *site = api_site(r);

    if (rate_table_take(verification_room(site)->rates, caller_of(r)->actor, env_mono(site->env)) ==
        0)
        return OK;
    return fail(ST_TOO_MANY, "rate.limited", 0, "this caller asks too often: wait a second");
}

// Who acts for a party asks in its name alone.
static status asker_check(const struct caller *c, uint64_t *gln)
{
    uint64_t party;

    if (c->party.n == 0 || !str_u64(c->party, INT64_MAX, &party)) return OK;
    if (*gln == 0) *gln = party;
    if (*gln == party) return OK;
    return fail(ST_NOT_ALLOWED, "verification.requester", 0,
                "reqGLN: this token acts for %.*s alone", STR(c->party));
}

static status responder_take(const struct site *site, uint64_t *gln)
{
    if (*gln == 0) *gln = verification_room(site)->responder;
    if (*gln != 0) return OK;
    return fail(ST_NOT_SET_UP, "verification.responder", 0,
                "nobody has told this site which GLN answers for it: verify.responder_gln");
}

// ---- /verify

static void answer_write(struct json_w *w, const struct fact *f, const struct verification *v)
{
    bool verified = verification_is_true(v->answer);
    str code = verification_code(v->answer);
    struct buf at;

    buf_init(&at, 64);
    when_write(&at, (struct moment){f->at, 0});
    json_w_object(w);
    json_w_kstr(w, "verificationTimestamp", buf_str(&at));
    verification_gln_write(w, "responderGLN", v->responder);
    json_w_key(w, S("data"));
    json_w_object(w);
    json_w_kbool(w, "verified", verified);
    if (code.n > 0) json_w_kstr(w, verified ? "additionalInfo" : "verificationFailureReason", code);
    json_w_end(w);
    json_w_kstr(w, "corrUUID", v->corr);
    json_w_end(w);
    buf_fini(&at);
}

static void answered(struct http_req *r, const struct ask *a)
{
    struct verification v;
    struct buf b;

    status st = verification_get(&a->fact, &v);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 4 * KB);
    struct json_w w = json_writer(&b);
    answer_write(&w, &a->fact, &v);
    http_reply_header(r, "Cache-Control", S("no-store"));
    api_reply(r, 200, &b);
}

static status find(struct http_req *r, struct verification_ask *x)
{
    struct site *site = api_site(r);
    struct unit_reader u;

    unit_reader_init(&u, site, api_snapshot(r), &r->arena);
    status st = verification_find(site, &u, caller_of(r), x);
    TRY(api_snapshot_end(r, st));
    TRY(u.st);
    // 404 as the guideline has it: the GTIN is in nobody's directory.
    st = responder_take(site, &x->v.responder);
    if (st.cls == ST_OK || x->owner.v != 0) return st;
    return fail(ST_NOT_FOUND, "verification.gtin", 0, "gtin: nobody here answers for it");
}

static status verify_take(struct http_req *r, struct verification_ask *x)
{
    TRY(rate_check(r));
    TRY(question_read(r, env_wall(api_site(r)->env), x));
    TRY(asker_check(caller_of(r), &x->v.asker));
    return find(r, x);
}

static void verify(struct http_req *r)
{
    struct verification_ask *x = NEW(&r->arena, struct verification_ask);

    assert(x != NULL); // the arena is new
    status st = verify_take(r, x);
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        api_command(r, &kind_verification_answered, x, answered);
}

// ---- /checkConnectivity

static status connectivity_take(struct http_req *r, uint64_t *responder)
{
    char gtin[14];
    uint64_t asker;
    str v;

    TRY(rate_check(r));
    if (!http_query(r, S("gtin"), &v) || gs1_gtin_read(v, gtin).cls != ST_OK)
        return wrong("gtin", "14 digits, the last of them its check digit");
    TRY(gln_read(r, &asker));
    TRY(context_read(r, &v));
    TRY(asker_check(caller_of(r), &asker));
    bool known = verification_knows(api_snapshot(r), caller_of(r), gtin, &r->arena, responder);
    TRY(api_snapshot_end(r, OK));
    if (!known)
        return fail(ST_UNAUTHENTICATED, "verification.gtin", 0,
                    "gtin: nobody here answers this caller for it");
    return responder_take(api_site(r), responder);
}

static void connectivity(struct http_req *r)
{
    uint64_t responder = 0;
    struct buf b;

    status st = connectivity_take(r, &responder);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 1 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    verification_gln_write(&w, "responderGLN", responder);
    json_w_end(&w);
    api_reply(r, 200, &b);
}

// clang-format off
const struct http_route verification_routes[] = {
    {.method = HTTP_GET, .path = "/verify/gtin/{gtin}/lot/{lot}/ser/{serial}", .roles = ASKERS,
     .run = verify, .query = QUESTION},
    {.method = HTTP_GET, .path = "/checkConnectivity", .roles = ASKERS,
     .run = connectivity, .query = "gtin reqGLN context"},
    {.method = HTTP_GET, .path = "/v1/verifications", .roles = "client operator qa auditor admin",
     .run = verification_list_show,
     .query = "since verified suspect unit corrUUID limit page"},
    {0},
};
// clang-format on
