#include "service/exchange/live_wish.h"
#include "common/digest.h"
#include <openssl/evp.h>
#include <string.h>

#define WS_GUID  "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455, 1.3
#define KEY_SIZE 24u

static status is_true(str name, str v, bool *out)
{
    *out = str_eq(v, S("true"));
    if (*out || str_eq(v, S("false"))) return OK;
    return fail(ST_BAD_INPUT, "subscription.controls", 0, "%.*s: true or false", STR(name));
}

// A raw '+' of a zone comes as a blank.
static status time_of(struct arena *a, str v, wall *out)
{
    struct moment m;
    char *p = str_z(a, v);

    if (p == NULL) return no_memory();
    for (size_t i = 0; i < v.n; i++)
        if (p[i] == ' ') p[i] = '+';
    TRY(when_read((str){p, v.n}, &m));
    *out = m.at;
    return OK;
}

static status parameter(struct http_req *r, str name, str v, struct live_wish *x)
{
    if (str_eq(name, S("stream"))) return is_true(name, v, &x->wish.stream);
    if (str_eq(name, S("reportIfEmpty"))) return is_true(name, v, &x->wish.report_if_empty);
    if (str_eq(name, S("initialRecordTime"))) {
        x->has_initial = true;
        return time_of(&r->arena, v, &x->initial);
    }
    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++) {
        if (!str_eq(name, str_of(schedule_names[i]))) continue;
        if (x->wish.schedule == NULL)
            x->wish.schedule = NEW(&r->arena, struct subscription_schedule);
        if (x->wish.schedule == NULL) return no_memory();
        x->wish.schedule->fields[i] = v;
        return OK;
    }
    return fail(ST_BAD_INPUT, "subscription.controls", 0, "%.*s is no parameter of a WebSocket",
                name.n > 40 ? 40 : (int)name.n, name.p);
}

static status parameters_read(struct http_req *r, struct live_wish *x)
{
    str rest = r->query, pair, name, v;

    for (bool more = rest.n > 0; more;) {
        more = str_cut(&rest, '&', &pair);
        if (!more) pair = rest;
        v = pair;
        if (!str_cut(&v, '=', &name)) {
            name = pair;
            v = (str){"", 0};
        }
        TRY(http_decode(name, true, &r->arena, &name));
        TRY(http_decode(v, true, &r->arena, &v));
        TRY(parameter(r, name, v, x));
    }
    return OK;
}

// REQ RFC-6455-4.2.2: SHA-1 of the key and a fixed text, as base64
static status key_answer(const struct http_req *r, char out[29])
{
    str key = http_header(r, S("Sec-WebSocket-Key"));
    char text[KEY_SIZE + sizeof WS_GUID];
    unsigned char raw[KEY_SIZE];

    if (key.n != KEY_SIZE || EVP_DecodeBlock(raw, (const unsigned char *)key.p, KEY_SIZE) != 18)
        return fail(ST_BAD_INPUT, "socket.key", 0, "Sec-WebSocket-Key: 16 bytes in base64");
    memcpy(text, key.p, KEY_SIZE);
    memcpy(text + KEY_SIZE, WS_GUID, sizeof WS_GUID);
    struct sha1 sum = sha1_of((str){text, KEY_SIZE + sizeof WS_GUID - 1});
    assert(EVP_EncodeBlock((unsigned char *)out, sum.b, sizeof sum.b) == 28);
    return OK;
}

status live_wish_read(struct http_req *r, struct live_wish *out)
{
    struct live_wish x = {.has_initial = false};
    str fields[SCHEDULE_FIELDS];

    if (!str_eq(http_header(r, S("Sec-WebSocket-Version")), S("13"))) {
        http_reply_header(r, "Sec-WebSocket-Version", S("13"));
        return fail(ST_BAD_INPUT, "socket.version", 0, "Sec-WebSocket-Version: 13");
    }
    TRY(key_answer(r, x.accept));
    TRY(parameters_read(r, &x));
    TRY(subscription_check(&x.wish));
    if (x.wish.schedule != NULL) {
        subscription_fields(x.wish.schedule, fields);
        TRY(schedule_read(fields, &x.schedule));
    }
    TRY(rest_form(r, &x.form));
    *out = x;
    return OK;
}
