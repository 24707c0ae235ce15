#include "service/exchange/calling.h"
#include <openssl/crypto.h>

void calling_begin(struct calling *x, const struct site_keys *keys)
{
    *x = (struct calling){.keys = keys};
    buf_init(&x->room, CALLING_SECRETS);
    bool room = buf_room(&x->room, CALLING_SECRETS) != NULL; // grown once
    assert(room);
    x->room.n = 0;
}

void calling_end(struct calling *x)
{
    OPENSSL_cleanse(x->room.p, x->room.cap);
    buf_fini(&x->room);
}

void calling_header(struct calling *x, str name, str value)
{
    assert(x->call.header_count < CALLING_HEADERS_MAX);
    x->headers[x->call.header_count++] = (struct http_client_header){name, value};
}

status calling_secret(struct calling *x, str sealed, str *out)
{
    size_t from = x->room.n;

    TRY(secret_open(x->keys, sealed, &x->room));
    *out = (str){x->room.p + from, x->room.n - from};
    return OK;
}
