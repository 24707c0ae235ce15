// http_server_tls_test.c - the same server behind TLS, asked by an OpenSSL client.
#include "common/http_server.h"
#include "tests/unit/http_peer.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG (3 * MB)

static struct loop *loop;
static struct http_server *server;
static char folder[] = "/tmp/packtrail-tls-XXXXXX", certificate[64], key[64];
static const char side_door[] = "side"; // what the second door is for

static void hello(struct http_req *r) { http_reply(r, 200, "text/plain", S("hello")); }

// Who the caller is as far as TLS can tell, and which door was taken.
static void who(struct http_req *r)
{
    const struct http_certificate *c = r->certificate;
    char hex[64];
    struct buf b;

    buf_init(&b, KB);
    if (r->door != NULL) buf_addf(&b, "%s ", (const char *)r->door);
    if (c != NULL) {
        hex_put(hex, c->fingerprint, sizeof c->fingerprint);
        buf_addf(&b, "%.*s %.64s %d", STR(c->subject), hex, c->until.ms > 0);
    }
    buf_add(&b, S("."));
    http_reply_buf(r, 200, "text/plain", &b);
}

static bool offers(const void *door, const struct http_route *route)
{
    assert_ptr_equal(door, side_door); // the first door has no purpose and is not asked about
    return strcmp(route->path, "/echo") != 0;
}

static void echo(struct http_req *r)
{
    struct buf b;

    buf_init(&b, LONG);
    buf_add(&b, r->body);
    http_reply_buf(r, 200, "application/octet-stream", &b);
}

static const struct http_route table[] = {
    {.method = HTTP_GET, .path = "/", .roles = "", .run = hello},
    {.method = HTTP_GET,       .path = "/who", .roles = "", .run = who},
    {.method = HTTP_POST,                  .path = "/echo", .roles = "", .body_max = LONG, .run = echo},
    {0},
};
static const struct http_route *const routes[] = {table, NULL};

// Signed by itself; `serial` tells one from the next.
static void write_files(long serial, long seconds)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();

    snprintf(certificate, sizeof certificate, "%s/c.pem", folder);
    snprintf(key, sizeof key, "%s/k.pem", folder);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x), seconds);
    X509_set_pubkey(x, k);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"site", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    FILE *f = fopen(certificate, "w");
    assert_true(PEM_write_X509(f, x) == 1 && fclose(f) == 0);
    f = fopen(key, "w");
    assert_true(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL) == 1 && fclose(f) == 0);
    X509_free(x);
    EVP_PKEY_free(k);
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_files(1, 3600);
    loop = loop_new("tls");
    // The certificate is its own authority, and so a client's, too.
    struct http_door side = {
        "127.0.0.1:0",
        {.certificate = certificate, .key = key, .client_ca = certificate, .strict = true},
        side_door
    };
    struct http_server_conf conf = {
        .doors = &side,
        .door_count = 1,
        .offers = offers,
        .door.listen = "127.0.0.1:0",
        .door.tls = {.certificate = certificate, .key = key},
        .routes = routes,
        .loops = &loop,
        .loop_count = 1,
    };
    assert_int_equal(http_server_open(&conf, &server).cls, ST_OK);
    assert_int_equal(loop_start(loop).cls, ST_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loop_stop(loop);
    http_server_close(&server);
    loop_free(&loop);
    unlink(certificate);
    unlink(key);
    rmdir(folder);
    return 0;
}

struct client {
    struct peer peer;
    SSL_CTX *x;
    SSL *ssl;
};

static struct client client_at(unsigned door, int version, bool shows)
{
    struct client c = {.peer = peer_open(http_server_door_address(server, door))};

    c.x = SSL_CTX_new(TLS_client_method());
    if (shows) {
        assert_int_equal(SSL_CTX_use_certificate_file(c.x, certificate, SSL_FILETYPE_PEM), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(c.x, key, SSL_FILETYPE_PEM), 1);
    }
    SSL_CTX_set_min_proto_version(c.x, version);
    SSL_CTX_set_max_proto_version(c.x, version);
    SSL_CTX_set_security_level(c.x, 0);
    c.ssl = SSL_new(c.x);
    SSL_set_fd(c.ssl, c.peer.fd);
    return c;
}

static struct client client_new(int version) { return client_at(0, version, false); }

static void client_free(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->x);
    peer_close(&c->peer);
}

static void client_say(struct client *c, str s)
{
    size_t n;
    assert_int_equal(SSL_write_ex(c->ssl, s.p, s.n, &n), 1);
    assert_int_equal(n, s.n);
}

// Reads until what has come ends in `end`, or the server says goodbye.
static str client_read(struct client *c, str end)
{
    char tmp[16 * KB];
    size_t n;
    struct buf *b = &c->peer.in;

    buf_reset(b);
    while (SSL_read_ex(c->ssl, tmp, sizeof tmp, &n) == 1) {
        buf_add(b, (str){tmp, n});
        if (end.n > 0 && str_ends(buf_str(b), end)) break;
    }
    return buf_str(b);
}

static void modern_versions_are_spoken(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < LEN(versions); i++) {
        struct client c = client_new(versions[i]);
        assert_int_equal(SSL_connect(c.ssl), 1);
        for (int k = 0; k < 3; k++) {
            client_say(&c, S("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
            assert_true(str_starts(client_read(&c, S("hello")), S("HTTP/1.1 200 OK\r\n")));
        }
        client_say(&c, S("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        assert_true(str_ends(client_read(&c, S("")), S("hello")));
        client_free(&c);
    }
}

static void old_versions_are_not(void **state)
{
    struct client c = client_new(TLS1_1_VERSION);

    (void)state;
    assert_int_not_equal(SSL_connect(c.ssl), 1);
    client_free(&c);
}

static void long_bodies_pass_both_ways(void **state)
{
    struct client c = client_new(TLS1_3_VERSION);
    struct buf b;

    (void)state;
    buf_init(&b, LONG);
    for (uint32_t i = 0; i < LONG / 8; i++) buf_addf(&b, "%08x", i);
    assert_int_equal(SSL_connect(c.ssl), 1);
    client_say(&c, S("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n"));
    client_say(&c, buf_str(&b));
    str got = client_read(&c, S("0005ffff"));
    assert_true(got.n > LONG);
    assert_true(str_ends(got, buf_str(&b)));
    buf_fini(&b);
    client_free(&c);
}

static void plain_text_is_sent_away(void **state)
{
    struct peer p = peer_open(http_server_address(server));

    (void)state;
    assert_int_equal(peer_ask(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), -1);
    peer_close(&p);
}

// ---- doors

static bool holds(str s, const char *word) { return memmem(s.p, s.n, word, strlen(word)) != NULL; }

static str ask(struct client *c, const char *line, str end)
{
    char text[200];

    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n\r\n", line);
    client_say(c, str_of(text));
    return client_read(c, end);
}

static void a_certificate_that_is_shown_is_told_of(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < LEN(versions); i++) {
        struct client c = client_at(1, versions[i], true);
        assert_int_equal(SSL_connect(c.ssl), 1);
        for (int k = 0; k < 2; k++) {
            str got = ask(&c, "GET /who", S("."));
            assert_true(str_ends(got, S(" 1.")));
            assert_true(holds(got, "side CN=site "));
        }
        client_free(&c);
    }
}

static void who_shows_none_is_let_in_and_nobody(void **state)
{
    struct client c = client_at(1, TLS1_3_VERSION, false);

    (void)state;
    assert_int_equal(SSL_connect(c.ssl), 1);
    assert_true(str_ends(ask(&c, "GET /who", S(".")), S("\r\n\r\nside .")));
    client_free(&c);
}

static void a_door_that_asks_for_none_is_told_of_none(void **state)
{
    struct client c = client_at(0, TLS1_3_VERSION, true);

    (void)state;
    assert_int_equal(SSL_connect(c.ssl), 1);
    assert_true(str_ends(ask(&c, "GET /who", S(".")), S("\r\n\r\n.")));
    client_free(&c);
}

static void what_a_door_does_not_offer_is_not_there(void **state)
{
    static const char *const asked[] = {"POST /echo", "GET /echo", "OPTIONS /echo", "GET /nothing"};

    (void)state;
    for (unsigned door = 0; door < 2; door++)
        for (size_t i = 0; i < LEN(asked); i++) {
            struct client c = client_at(door, TLS1_3_VERSION, false);
            assert_int_equal(SSL_connect(c.ssl), 1);
            str got = ask(&c, asked[i], i == 2 && door == 0 ? S("\r\n\r\n") : S("}"));
            bool missing = str_starts(got, S("HTTP/1.1 404 "));
            if (door == 0 && i == 0) missing = false; // an empty body is echoed
            assert_int_equal(missing, door == 1 || i == 3);
            client_free(&c);
        }
}

static void only_a_strict_door_says_so(void **state)
{
    (void)state;
    for (unsigned door = 0; door < 2; door++) {
        struct client c = client_at(door, TLS1_3_VERSION, false);
        assert_int_equal(SSL_connect(c.ssl), 1);
        str got = ask(&c, "GET /", S("hello"));
        assert_int_equal(holds(got, "Strict-Transport-Security: max-age="), door == 1);
        client_free(&c);
    }
}

// ---- new certificates

static unsigned good, bad;

static void tried(void *arg, str address, status st)
{
    (void)arg;
    assert_true(address.n > 0);
    if (st.cls == ST_OK)
        good++;
    else
        bad++;
}

static void assert_refreshed(bool always, unsigned good_now, unsigned bad_now)
{
    good = bad = 0;
    http_server_refresh(server, always, tried, NULL);
    assert_int_equal(good, good_now);
    assert_int_equal(bad, bad_now);
}

static long serial_shown(struct client *c)
{
    X509 *x = SSL_get0_peer_certificate(c->ssl);
    return ASN1_INTEGER_get(X509_get_serialNumber(x));
}

static long serial_now(void)
{
    struct client c = client_new(TLS1_3_VERSION);

    assert_int_equal(SSL_connect(c.ssl), 1);
    long serial = serial_shown(&c);
    client_free(&c);
    return serial;
}

static void new_connections_get_the_new_certificate_and_old_ones_go_on(void **state)
{
    struct client old = client_new(TLS1_3_VERSION);

    (void)state;
    assert_int_equal(SSL_connect(old.ssl), 1);
    assert_refreshed(false, 0, 0); // nothing has changed
    assert_refreshed(true, 2, 0);
    write_files(2, 3600);
    assert_int_equal(serial_now(), 1); // until somebody looks
    assert_refreshed(false, 2, 0);
    assert_int_equal(serial_now(), 2);
    assert_int_equal(serial_shown(&old), 1);
    assert_true(str_ends(ask(&old, "GET /", S("hello")), S("hello")));
    client_free(&old);
}

static void what_cannot_be_used_is_refused_once_and_the_old_stays(void **state)
{
    long serial = serial_now();

    (void)state;
    write_files(3, -3600); // it has expired
    assert_refreshed(false, 0, 2);
    assert_refreshed(false, 0, 0);
    assert_refreshed(true, 0, 2);
    assert_int_equal(unlink(key), 0);
    assert_refreshed(false, 0, 2);
    assert_int_equal(serial_now(), serial);
    write_files(4, 3600);
    assert_refreshed(false, 2, 0);
    assert_int_equal(serial_now(), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modern_versions_are_spoken),
        cmocka_unit_test(old_versions_are_not),
        cmocka_unit_test(long_bodies_pass_both_ways),
        cmocka_unit_test(plain_text_is_sent_away),
        cmocka_unit_test(a_certificate_that_is_shown_is_told_of),
        cmocka_unit_test(who_shows_none_is_let_in_and_nobody),
        cmocka_unit_test(a_door_that_asks_for_none_is_told_of_none),
        cmocka_unit_test(what_a_door_does_not_offer_is_not_there),
        cmocka_unit_test(only_a_strict_door_says_so),
        cmocka_unit_test(new_connections_get_the_new_certificate_and_old_ones_go_on),
        cmocka_unit_test(what_cannot_be_used_is_refused_once_and_the_old_stays),
    };
    return cmocka_run_group_tests_name("http_server_tls", tests, setup, teardown);
}
