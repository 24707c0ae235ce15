#include "service/access/cookie.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 256u // of Set-Cookie

static str cookie_name(const struct http_req *r)
{
    return r->tls ? S("__Host-packtrail") : S("packtrail");
}

// "a=1; b=2" (RFC 6265, 5.4): the first of that name.
str cookie_text(const struct http_req *r)
{
    str rest = http_header(r, S("Cookie")), name = cookie_name(r), pair;

    for (bool more = rest.n > 0; more;) {
        more = str_cut(&rest, ';', &pair);
        str value = str_trim(more ? pair : rest), key;
        if (str_cut(&value, '=', &key) && str_eq(key, name)) return value;
    }
    return (str){"", 0};
}

void cookie_csrf(str text, char out[COOKIE_CSRF_LEN])
{
    struct sha256_run run;

    sha256_start(&run);
    sha256_add(&run, S("packtrail csrf "));
    sha256_add(&run, text);
    hex_put(out, (const char *)sha256_end(&run).b, COOKIE_CSRF_LEN / 2);
}

void cookie_set(struct http_req *r, str text, uint32_t max_ms)
{
    char line[TEXT_MAX];
    int n = snprintf(
        line, sizeof line, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%u%s",
        STR(cookie_name(r)), STR(text), text.n == 0 ? 0 : max_ms / 1000, r->tls ? "; Secure" : "");

    assert(n > 0 && (unsigned)n < sizeof line);
    http_reply_header(r, "Set-Cookie", (str){line, (size_t)n});
}

static status refuse(const char *says)
{
    return fail(ST_NOT_ALLOWED, "session.csrf", 0, "%s", says);
}

// A proxy that ends TLS leaves Host as it was; whether it spoke TLS is not known here.
static bool is_own_origin(const struct http_req *r, str origin)
{
    str host = origin;

    if (str_starts(origin, S("https://")))
        host = str_from(origin, 8);
    else if (str_starts(origin, S("http://")))
        host = str_from(origin, 7);
    return host.n < origin.n && str_eq_fold(host, http_header(r, S("Host")));
}

status cookie_origin_check(const struct http_req *r)
{
    str site = http_header(r, S("Sec-Fetch-Site"));
    bool changes = r->method != HTTP_GET && r->method != HTTP_OPTIONS;

    if (http_has_header(r, S("Origin")) && !is_own_origin(r, http_header(r, S("Origin"))))
        return refuse("a page of another origin may not ask this");
    // To follow a link from elsewhere is no harm.
    if (changes && site.n > 0 && !str_eq(site, S("same-origin")) && !str_eq(site, S("none")))
        return refuse("a page of another site may not ask this");
    return OK;
}

status cookie_csrf_check(const struct http_req *r)
{
    str said = http_header(r, S("Packtrail-CSRF"));
    char token[COOKIE_CSRF_LEN];

    TRY(cookie_origin_check(r));
    if (r->method == HTTP_GET || r->method == HTTP_OPTIONS) return OK;
    cookie_csrf(cookie_text(r), token);
    if (said.n == sizeof token && CRYPTO_memcmp(said.p, token, sizeof token) == 0) return OK;
    return refuse(
        "Packtrail-CSRF: the `csrf` of the session, in every call that changes something");
}
