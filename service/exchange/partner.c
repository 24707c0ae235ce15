// partner.c - what people configure of a partner, its rules, and its secrets. The success rule is
// success.c's.
#include "service/exchange/partner.h"
#include "common/env.h"
#include "common/http_client.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/exchange/delivery_db.h"
#include "service/exchange/prefixes.h"
#include "service/item/item_api.h"
#include "service/journal/site.h"
#include "service/pool/secret.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX        2000u
#define PATTERN_MAX    200u
#define CREDENTIAL_MAX 64u // of a parameter's name that is looked at
#define HIDDEN         S("***")

// ---- the form

// What a parameter of a URL's query is called whose value nobody else may know: without signs, in
// any case. The address is shown to all who may see the partner, and stands in the journal.
static bool is_credential(str name)
{
    static const char *const ends[] = {"token",      "secret",    "password",       "passwd",
                                       "pwd",        "apikey",    "passwort",       "signature",
                                       "credential", "accesskey", "subscriptionkey"};
    static const char *const whole[] = {"key",    "sig", "pass", "auth",        "authorization",
                                        "bearer", "jwt", "code", "credentials", "sas"};
    char low[CREDENTIAL_MAX];
    str word = {low, 0};

    for (size_t i = 0; i < name.n && word.n < sizeof low; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c | 0x20);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) low[word.n++] = c;
    }
    for (size_t i = 0; i < LEN(ends); i++)
        if (str_ends(word, str_of(ends[i]))) return true;
    for (size_t i = 0; i < LEN(whole); i++)
        if (str_eq(word, str_of(whole[i]))) return true;
    return false;
}

static status query_check(str url)
{
    str rest = url, path, part, name;

    if (!str_cut(&rest, '?', &path)) return OK;
    for (bool more = true; more;) {
        more = str_cut(&rest, '&', &part);
        if (!more) part = rest;
        str value = part;
        if (!str_cut(&value, '=', &name)) name = part;
        if (is_credential(name))
            return fail(ST_BAD_INPUT, "partner.url", (uint32_t)(name.p - url.p),
                        "url: %.*s belongs into auth or a secret header, not into an address",
                        STR(str_shown(name, 30)));
    }
    return OK;
}

static status url_check(str value, struct arena *a, str *out)
{
    size_t scheme = http_client_scheme(value);
    str rest = str_from(value, scheme), host = rest;

    (void)a, (void)out;
    if (scheme == 0)
        return fail(ST_BAD_INPUT, "partner.url", 0, "url: it begins with http:// or https://");
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] <= ' ' || value.p[i] > '~' || value.p[i] == '#')
            return fail(ST_BAD_INPUT, "partner.url", (uint32_t)i,
                        "url: blanks, fragments and other alphabets do not belong here");
    if (!str_cut(&rest, '/', &host)) host = rest;
    if (host.n == 0 || host.p[0] == ':' || memchr(host.p, '@', host.n) != NULL)
        return fail(ST_BAD_INPUT, "partner.url", 0,
                    "url: names a host, and neither user nor password: they are for auth");
    if (!http_client_takes(value))
        return fail(ST_BAD_INPUT, "partner.url", 0, "url: its host or port is none");
    return query_check(value);
}

static status gtin_check(str value, struct arena *a, str *out)
{
    char digits[14];

    TRY(gs1_gtin_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

static status gln_check(str value, struct arena *a, str *out)
{
    char digits[13];

    TRY(gs1_gln_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

// Any spelling of a word of CBV; kept bare.
static status step_check(str value, struct arena *a, str *out)
{
    static const char *const heads[] = {"urn:epcglobal:cbv:bizstep:",
                                        "https://ref.gs1.org/cbv/BizStep-"};
    str word = value;

    (void)a;
    for (size_t i = 0; i < LEN(heads); i++)
        if (str_starts(value, str_of(heads[i]))) word = str_from(value, strlen(heads[i]));
    unsigned step = epcis_word_find(EPCIS_VOC_STEP, word);
    if (step == 0)
        return fail(ST_BAD_INPUT, "partner.step", 0, "bizSteps: CBV has no such business step");
    *out = epcis_word(EPCIS_VOC_STEP, step);
    return OK;
}

static status user_check(str value, struct arena *a, str *out)
{
    const char *colon = memchr(value.p, ':', value.n);

    (void)a, (void)out;
    if (colon == NULL) return OK;
    return fail(ST_BAD_INPUT, "partner.auth", (uint32_t)(colon - value.p),
                "user: a colon would end it (RFC 7617)");
}

// RFC 9110: a token, and none that are the sender's own business.
static status header_check(str value, struct arena *a, str *out)
{
    static const char *const taken[] = {"Host",          "Connection",       "Content-Length",
                                        "Authorization", "Content-Encoding", "Transfer-Encoding",
                                        "Expect",        "Upgrade",          "TE",
                                        "Trailer"};
    static const char marks[] = "!#$%&'*+-.^_`|~";

    (void)a, (void)out;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i], low = (char)(c | 0x20);
        bool plain = (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
        if (!plain && memchr(marks, c, sizeof marks - 1) == NULL)
            return fail(ST_BAD_INPUT, "partner.header", (uint32_t)i,
                        "headers: this is no name of a header");
    }
    for (size_t i = 0; i < LEN(taken); i++)
        if (str_eq_fold(value, str_of(taken[i])))
            return fail(ST_BAD_INPUT, "partner.header", 0, "headers: %s is set by the service",
                        taken[i]);
    return OK;
}

static const char *const formats[] = {
    [EPCIS_JSON_2_0] = "epcis-2.0-json", [EPCIS_XML_1_2] = "epcis-1.2-xml", NULL};
static const char *const beginnings[] = {
    [PARTNER_FROM_START] = "start", [PARTNER_FROM_NOW] = "now", NULL};
static const char *const packings[] = {[PACKING_EACH] = "each", [PACKING_CLOSED] = "closed", NULL};
static const char *const approvals[] = {"none", NULL};

// clang-format off
#define F(member) .at = offsetof(struct partner_filter, member)
static const struct form_field filter_fields[] = {
    {.name = "gtins",    .kind = FORM_STRS, F(gtins), .max = 14, .count_max = PARTNER_GTINS_MAX,
     .check = gtin_check},
    {.name = "bizSteps", .kind = FORM_STRS, F(steps), .max = 100, .count_max = EPCIS_STEP_COUNT,
     .check = step_check},
    {0},
};
static const struct form filter_form = {"filter", sizeof(struct partner_filter), filter_fields, 1};

#define B(member) .at = offsetof(struct partner_basic, member)
static const struct form_field basic_fields[] = {
    {.name = "user",     .kind = FORM_STR, B(user), .required = true, .max = 200,
     .check = user_check},
    {.name = "password", .kind = FORM_STR, B(password), .required = true, .max = SECRET_MAX,
     .secret = true},
    {0},
};
static const struct form basic_form = {"basic", sizeof(struct partner_basic), basic_fields, 1};

#define A(member) .at = offsetof(struct partner_auth, member)
static const struct form_field auth_fields[] = {
    {.name = "basic",  .kind = FORM_ONE, A(basic), .sub = &basic_form},
    {.name = "bearer", .kind = FORM_STR, A(bearer), .max = SECRET_MAX, .secret = true},
    {0},
};
static const struct form auth_form = {"auth", sizeof(struct partner_auth), auth_fields, 1};

#define H(member) .at = offsetof(struct partner_header, member)
static const struct form_field header_fields[] = {
    {.name = "name",   .kind = FORM_STR,  H(name), .required = true, .max = 100,
     .check = header_check},
    {.name = "value",  .kind = FORM_STR,  H(value), .required = true, .max = SECRET_MAX,
     .secret_if = offsetof(struct partner_header, secret)},
    {.name = "secret", .kind = FORM_BOOL, H(secret)},
    {0},
};
static const struct form header_form = {"header", sizeof(struct partner_header), header_fields, 1};

#define U(member) .at = offsetof(struct partner_success, member)
static const struct form_field success_fields[] = {
    {.name = "status", .kind = FORM_RAW, U(status), .max = 1000, .check = success_status_check},
    {.name = "body",   .kind = FORM_STR, U(body), .max = PATTERN_MAX,
     .check = success_pattern_check},
    {0},
};
static const struct form success_form = {
    "success", sizeof(struct partner_success), success_fields, 1};

#define P(member) .at = offsetof(struct partner, member)
static const struct form_field partner_fields[] = {
    {.name = "client",   .kind = FORM_NAME, P(client), .required = true},
    {.name = "url",      .kind = FORM_STR,  P(url), .required = true, .max = URL_MAX,
     .check = url_check},
    {.name = "format",   .kind = FORM_WORD, P(format), .required = true, .words = formats},
    {.name = "filter",   .kind = FORM_ONE,  P(filter), .sub = &filter_form},
    {.name = "auth",     .kind = FORM_ONE,  P(auth), .sub = &auth_form},
    {.name = "headers",  .kind = FORM_MANY, P(headers), .sub = &header_form,
     .count_max = PARTNER_HEADERS_MAX},
    {.name = "success",  .kind = FORM_ONE,  P(success), .sub = &success_form},
    {.name = "gzip",     .kind = FORM_BOOL, P(gzip)},
    {.name = "from",     .kind = FORM_WORD, P(from), .words = beginnings},
    {.name = "packing",  .kind = FORM_WORD, P(packing), .words = packings},
    {.name = "approval", .kind = FORM_WORD, P(approval), .words = approvals},
    {.name = "extra",    .kind = FORM_MAP,  P(extra), .max = 500, .count_max = 64},
    {.name = "reason",   .kind = FORM_STR,  P(reason), .max = 500},
    {.name = "attributes", .kind = FORM_BOOL, P(attributes)},
    {.name = "sender",   .kind = FORM_STR,  P(sender), .max = 13, .check = gln_check},
    {.name = "receiver", .kind = FORM_STR,  P(receiver), .max = 13, .check = gln_check},
    {.name = "master_data", .kind = FORM_BOOL, P(master_data)},
    {0},
};
static const struct form partner_form = {"partner", sizeof(struct partner), partner_fields, 3};
// clang-format on

// ---- secrets

struct sealing {
    const struct site *site;
    struct arena *arena;
    bool keep; // "***" may stand for what is stored: it goes to the same address as before
};

// Sealed bytes begin with the high byte of an epoch, 0, which no text of a request can hold.
static bool is_sealed(str s) { return s.n > SECRET_NONCE_SIZE && s.p[0] == 0; }

static bool opens_to(const struct sealing *x, str sealed, str plain)
{
    struct buf b;

    buf_init(&b, SECRET_MAX);
    bool same = secret_open(x->site->keys, sealed, &b).cls == ST_OK && str_eq(buf_str(&b), plain);
    if (b.p != NULL) OPENSSL_cleanse(b.p, b.n);
    buf_fini(&b);
    return same;
}

// *value becomes sealed bytes. What is said again stays the bytes that are stored, so that the same
// PUT is the same item.
static status seal(const struct sealing *x, str old, str *value)
{
    uint8_t nonce[SECRET_NONCE_SIZE];
    struct buf b;

    if (str_eq(*value, HIDDEN)) {
        if (old.n == 0 || !x->keep)
            return fail(ST_BAD_INPUT, "partner.secret", 0,
                        "\"***\" keeps a stored secret, and only for the same url");
        *value = arena_str(x->arena, old);
        return OK;
    }
    if (old.n > 0 && opens_to(x, old, *value)) {
        *value = arena_str(x->arena, old);
        return OK;
    }
    buf_init(&b, SECRET_MAX + KB);
    env_random(x->site->env, nonce, sizeof nonce);
    status st = secret_seal(x->site->keys, nonce, *value, &b);
    if (st.cls == ST_OK) *value = arena_str(x->arena, buf_str(&b));
    buf_fini(&b);
    return st;
}

static status seal_auth(const struct sealing *x, const struct partner_auth *old,
                        struct partner_auth *now)
{
    if ((now->basic != NULL) == (now->bearer.n > 0))
        return fail(ST_BAD_INPUT, "partner.auth", 0, "auth: either basic or bearer");
    if (now->bearer.n > 0) return seal(x, old == NULL ? (str){0} : old->bearer, &now->bearer);
    bool same = old != NULL && old->basic != NULL && str_eq(old->basic->user, now->basic->user);
    return seal(x, same ? old->basic->password : (str){0}, &now->basic->password);
}

static str old_header(const struct partner *old, str name)
{
    const struct partner_header *h = old->headers.items;

    for (uint32_t i = 0; i < old->headers.n; i++)
        if (h[i].secret && str_eq_fold(h[i].name, name)) return h[i].value;
    return (str){0};
}

static status partner_seal(const struct item_from *from, struct item_put *put)
{
    struct partner *p = (struct partner *)(uintptr_t)put->value, old = {0};
    struct partner_header *h = p->headers.items;
    struct item stored;

    if (item_get(from->t, &noun_partner, put->name, &stored))
        TRY(item_value(&noun_partner, &stored, from->arena, &old));
    struct sealing x = {from->site, from->arena, str_eq(old.url, p->url)};
    if (p->auth != NULL) TRY(seal_auth(&x, old.auth, p->auth));
    for (uint32_t i = 0; i < p->headers.n; i++)
        if (h[i].secret) TRY(seal(&x, old_header(&old, h[i].name), &h[i].value));
    return OK;
}

// Whatever way a put took here, no plain secret becomes a fact.
static bool secrets_are_sealed(const struct partner *p)
{
    const struct partner_header *h = p->headers.items;

    for (uint32_t i = 0; i < p->headers.n; i++)
        if (h[i].secret && !is_sealed(h[i].value)) return false;
    if (p->auth == NULL) return true;
    return is_sealed(p->auth->basic != NULL ? p->auth->basic->password : p->auth->bearer);
}

// ---- the noun

static status partner_prepare(struct txn *t, struct arena *a, str name, void *value,
                              client_id *client)
{
    const struct partner *p = value;

    (void)a, (void)name;
    if ((p->sender.n > 0) != (p->receiver.n > 0))
        return fail(ST_BAD_INPUT, "partner.parties", 0, "sender and receiver go together");
    if (p->master_data && p->sender.n == 0 && p->format == EPCIS_XML_1_2)
        return fail(ST_BAD_INPUT, "partner.parties", 0,
                    "master_data: a header of EPCIS 1.2 needs sender and receiver");
    if (client_by_name(t, p->client, client)) return OK;
    return fail(ST_UNPROCESSABLE, "client.unknown", 0, "client: there is no client %.*s",
                STR(p->client));
}

static status partner_decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct partner *p = put->value;

    if (old != NULL && old->client.v != put->client.v)
        return fail(ST_CONFLICT, "partner.client", 0, "client: a partner stays its client's");
    if (!secrets_are_sealed(p))
        return fail(ST_INTERNAL, "partner.secret", 0, "a secret was not sealed before the put");
    return p->format == EPCIS_XML_1_2 ? partner_prefixes_check(d->t, put->client) : OK;
}

static void partner_write(struct txn *t, const struct fact *f, const struct item *now,
                          const void *value)
{
    const struct partner *p = value;
    struct partner_row row;

    if (partner_row_get(t, now->number, &row)) return;
    row = (struct partner_row){.client = now->client};
    row.position = p->from == PARTNER_FROM_NOW ? f->seq : 0;
    partner_row_put(t, now->number, &row);
}

static status partner_show(struct txn *t, wall now, const struct item *i, const void *value,
                           struct json_w *w)
{
    struct partner_row row;

    (void)now, (void)value;
    if (!partner_row_get(t, i->number, &row)) return txn_status(t);
    json_w_kint(w, "accepted", (int64_t)row.accepted);
    json_w_kint(w, "parked", row.parked);
    json_w_kbool(w, "failing", row.failing_since.ms != 0);
    return OK;
}

const struct item_noun noun_partner = {.number = NOUN_PARTNER,
                                       .word = "partner",
                                       .unknown = "partner.unknown",
                                       .form = &partner_form,
                                       .reason_at = offsetof(struct partner, reason),
                                       .kind = &kind_partner_put,
                                       .prepare = partner_prepare,
                                       .decide = partner_decide,
                                       .write = partner_write,
                                       .show = partner_show,
                                       .seal = partner_seal};
const struct kind kind_partner_put = {
    FACT_PARTNER_PUT, 1, "partner.put", item_put_decide, item_put_write, item_put_print,
    &noun_partner};
