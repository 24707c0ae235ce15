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

static void hello(struct http_req *r) { http_reply(r, 200, "text/plain", S("hello")); }

static void echo(struct http_req *r)
{
    struct buf b;

    buf_init(&b, LONG);
    buf_add(&b, r->body);
    http_reply_buf(r, 200, "application/octet-stream", &b);
}

static const struct http_route table[] = {
    {.method = HTTP_GET, .path = "/", .roles = "", .run = hello},
    {.method = HTTP_POST,       .path = "/echo", .roles = "", .body_max = LONG, .run = echo},
    {0                 },
};
static const struct http_route *const routes[] = {table, NULL};

static void write_files(void)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();

    assert_non_null(mkdtemp(folder));
    snprintf(certificate, sizeof certificate, "%s/c.pem", folder);
    snprintf(key, sizeof key, "%s/k.pem", folder);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
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
    write_files();
    loop = loop_new("tls");
    struct http_server_conf conf = {
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

static struct client client_new(int version)
{
    struct client c = {.peer = peer_open(http_server_address(server))};

    c.x = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(c.x, version);
    SSL_CTX_set_max_proto_version(c.x, version);
    SSL_CTX_set_security_level(c.x, 0);
    c.ssl = SSL_new(c.x);
    SSL_set_fd(c.ssl, c.peer.fd);
    return c;
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modern_versions_are_spoken),
        cmocka_unit_test(old_versions_are_not),
        cmocka_unit_test(long_bodies_pass_both_ways),
        cmocka_unit_test(plain_text_is_sent_away),
    };
    return cmocka_run_group_tests_name("http_server_tls", tests, setup, teardown);
}
