// Client and servers share one loop and one thread, so that nothing here waits for a clock except
// the calls whose subject is time.
#include "common/buf.h"
#include "common/http_client.h"
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define HOST_MAX 4 // connections to one host

// A site of its own for every test: an evhttp server, one that says canned bytes, and the client.
struct site {
    struct loop *loop;
    struct evhttp *http;
    struct evconnlistener *canned;
    str canned_says;      // to whoever has sent a blank line
    bool canned_ends;     // then closes; else says it again and again
    unsigned canned_open; // connections to it
    uint16_t port, canned_port;
    unsigned accepted; // connections of the evhttp server
    SSL_CTX *tls;
    struct buf seen; // the last request as the server saw it
    struct http_client *client;
};

// What a call came to.
struct outcome {
    unsigned times;
    int code;
    char body[2048], trouble[600];
    uint64_t body_bytes, us;
    int64_t retry_after_s;
};

static void note(void *arg, const struct http_answer *a)
{
    struct outcome *o = arg;

    assert_true(a->body.n < sizeof o->body && a->trouble.n < sizeof o->trouble);
    *o = (struct outcome){.times = o->times + 1,
                          .code = a->code,
                          .body_bytes = a->body_bytes,
                          .us = a->us,
                          .retry_after_s = a->retry_after_s};
    if (a->body.n > 0) memcpy(o->body, a->body.p, a->body.n);
    if (a->trouble.n > 0) memcpy(o->trouble, a->trouble.p, a->trouble.n);
}

static void on_hello(struct evhttp_request *r, void *arg)
{
    (void)arg;
    evbuffer_add_printf(evhttp_request_get_output_buffer(r), "hello");
    evhttp_send_reply(r, 200, "OK", NULL);
}

static void on_never(struct evhttp_request *r, void *arg) { (void)r, (void)arg; }

static void on_away(struct evhttp_request *r, void *arg)
{
    (void)arg;
    evhttp_add_header(evhttp_request_get_output_headers(r), "Location", "/hello");
    evhttp_send_reply(r, 302, "Found", NULL);
}

static void on_look(struct evhttp_request *r, void *arg)
{
    struct site *s = arg;
    struct evbuffer *in = evhttp_request_get_input_buffer(r);
    struct evkeyval *kv;
    size_t n = evbuffer_get_length(in);

    buf_reset(&s->seen);
    buf_addf(&s->seen, "method %d\n", (int)evhttp_request_get_command(r));
    for (kv = evhttp_request_get_input_headers(r)->tqh_first; kv; kv = kv->next.tqe_next)
        buf_addf(&s->seen, "%s: %s\n", kv->key, kv->value);
    buf_addf(&s->seen, "\n%.*s", (int)n, n ? (char *)evbuffer_pullup(in, -1) : "");
    evhttp_send_reply(r, 201, "Created", NULL);
}

static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
    struct site *s = arg;

    s->accepted++;
    if (s->tls == NULL) return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    return bufferevent_openssl_socket_new(base, -1, SSL_new(s->tls), BUFFEREVENT_SSL_ACCEPTING,
                                          BEV_OPT_CLOSE_ON_FREE);
}

static void canned_close(struct site *s, struct bufferevent *b)
{
    bufferevent_free(b);
    s->canned_open--;
}

static void canned_wrote(struct bufferevent *b, void *arg)
{
    struct site *s = arg;

    if (s->canned_ends)
        canned_close(s, b);
    else
        bufferevent_write(b, s->canned_says.p, s->canned_says.n);
}

static void canned_gone(struct bufferevent *b, short what, void *arg)
{
    (void)what;
    canned_close(arg, b);
}

static void canned_read(struct bufferevent *b, void *arg)
{
    struct site *s = arg;
    struct evbuffer *in = bufferevent_get_input(b);

    if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0) return;
    evbuffer_drain(in, evbuffer_get_length(in));
    if (s->canned_says.n == 0) {
        canned_close(s, b);
        return;
    }
    bufferevent_setcb(b, canned_read, canned_wrote, canned_gone, s);
    bufferevent_write(b, s->canned_says.p, s->canned_says.n);
}

static void canned_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from,
                          int n, void *arg)
{
    struct site *s = arg;
    struct bufferevent *b =
        bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

    (void)from, (void)n;
    s->canned_open++;
    bufferevent_setcb(b, canned_read, NULL, canned_gone, s);
    bufferevent_enable(b, EV_READ | EV_WRITE);
}

static uint16_t port_of(evutil_socket_t fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    return ntohs(a.sin_port);
}

static int site_open(void **state)
{
    struct site *s = calloc(1, sizeof *s);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    alarm(60); // a test that hangs has failed
    s->loop = loop_new("client");
    s->http = evhttp_new(loop_base(s->loop));
    struct evhttp_bound_socket *at = evhttp_bind_socket_with_handle(s->http, "127.0.0.1", 0);
    s->port = port_of(evhttp_bound_socket_get_fd(at));
    evhttp_set_bevcb(s->http, on_accept, s);
    evhttp_set_cb(s->http, "/hello", on_hello, s);
    evhttp_set_cb(s->http, "/never", on_never, s);
    evhttp_set_cb(s->http, "/away", on_away, s);
    evhttp_set_cb(s->http, "/look", on_look, s);
    evhttp_set_allowed_methods(s->http, 0xffff);
    s->canned = evconnlistener_new_bind(loop_base(s->loop), canned_accept, s,
                                        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16,
                                        (struct sockaddr *)&any, sizeof any);
    s->canned_port = port_of(evconnlistener_get_fd(s->canned));
    s->canned_ends = true;
    buf_init(&s->seen, 64 * KB);
    s->client = http_client_new(s->loop, HOST_MAX);
    *state = s;
    return 0;
}

static int site_close(void **state)
{
    struct site *s = *state;

    http_client_free(&s->client);
    while (s->canned_open > 0) loop_step(s->loop, true);
    evhttp_free(s->http);
    evconnlistener_free(s->canned);
    loop_step(s->loop, false); // freed bufferevents end at the next turn
    loop_free(&s->loop);
    buf_fini(&s->seen);
    SSL_CTX_free(s->tls);
    free(s);
    return 0;
}

static void start(struct site *s, const char *path, struct http_call call, struct outcome *o)
{
    char url[128];

    if (call.url.n == 0) {
        bool canned = strcmp(path, "/canned") == 0;
        snprintf(url, sizeof url, "%s://127.0.0.1:%d%s", s->tls != NULL ? "https" : "http",
                 canned ? s->canned_port : s->port, path);
        call.url = str_of(url);
    }
    if (call.method == NULL) call.method = call.body.n > 0 ? "POST" : "GET";
    call.arg = o;
    http_client_start(s->client, &call, note);
}

static struct outcome ask(struct site *s, const char *path, struct http_call call)
{
    struct outcome o = {0};

    start(s, path, call, &o);
    assert_int_equal(o.times, 0); // never from inside start
    while (o.times == 0) loop_step(s->loop, true);
    return o;
}

static void an_answer_comes_whole(void **state)
{
    struct outcome o = ask(*state, "/hello", (struct http_call){0});

    assert_int_equal(o.code, 200);
    assert_string_equal(o.body, "hello");
    assert_int_equal(o.body_bytes, 5);
    assert_int_equal(o.retry_after_s, -1);
    assert_string_equal(o.trouble, "");
    assert_true(o.us > 0);
}

// Whatever a name leads to, the address is looked at when the socket is made; a kept connection of
// another client is none of this one's.
static void a_foreign_call_goes_to_public_addresses_only(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]", "0.0.0.0"};
    struct site *s = *state;
    char url[100];

    for (size_t i = 0; i < LEN(hosts); i++) {
        snprintf(url, sizeof url, "http://%s:%d/hello", hosts[i], s->port);
        struct outcome o = ask(s, "", (struct http_call){.url = str_of(url), .is_foreign = true});
        assert_int_equal(o.code, 0);
        assert_non_null(strstr(o.trouble, "not public"));
    }
    assert_int_equal(ask(s, "/hello", (struct http_call){0}).code, 200);
}

static void what_is_asked_arrives(void **state)
{
    struct site *s = *state;
    struct http_client_header h[] = {
        {S("Content-Type"), S("application/json")},
        {S("X-Key"),        S("a b")             },
        {S("X-Empty"),      S("")                }
    };
    struct outcome o = ask(s, "/look",
                           (struct http_call){.method = "PUT",
                                              .body = S("{\"a\":1}"),
                                              .headers = h,
                                              .header_count = LEN(h),
                                              .user = S("us:r"),
                                              .password = S("pass")});

    assert_int_equal(o.code, 201);
    assert_non_null(strstr(s->seen.p, "method 8\n")); // EVHTTP_REQ_PUT
    assert_non_null(strstr(s->seen.p, "Content-Type: application/json\n"));
    assert_non_null(strstr(s->seen.p, "X-Key: a b\n"));
    assert_non_null(strstr(s->seen.p, "X-Empty: \n"));
    assert_non_null(strstr(s->seen.p, "Accept-Encoding: gzip\n"));
    assert_non_null(strstr(s->seen.p, "Authorization: Basic dXM6cjpwYXNz\n"));
    assert_non_null(strstr(s->seen.p, "\n\n{\"a\":1}"));
}

static void a_bearer_token_arrives_and_no_expect(void **state)
{
    struct site *s = *state;
    char *body = malloc(2 * MB);

    memset(body, 'x', 2 * MB);
    buf_fini(&s->seen);
    buf_init(&s->seen, 3 * MB);
    struct outcome o = ask(s, "/look",
                           (struct http_call){
                               .body = {body, 2 * MB},
                                 .bearer = S("t0k")
    });
    free(body);
    assert_int_equal(o.code, 201);
    assert_non_null(strstr(s->seen.p, "Authorization: Bearer t0k\n"));
    assert_null(strstr(s->seen.p, "Expect"));
    assert_int_equal(strlen(strstr(s->seen.p, "\n\n")), 2 * MB + 2);
}

static void an_empty_post_is_a_post(void **state)
{
    struct site *s = *state;
    struct outcome o = ask(s, "/look", (struct http_call){.method = "POST"});

    assert_int_equal(o.code, 201);
    assert_non_null(strstr(s->seen.p, "method 2\n")); // EVHTTP_REQ_POST
    assert_non_null(strstr(s->seen.p, "Content-Length: 0\n"));
}

static void a_head_waits_for_no_body(void **state)
{
    struct outcome o = ask(*state, "/hello", (struct http_call){.method = "HEAD"});

    assert_int_equal(o.code, 200);
    assert_int_equal(o.body_bytes, 0);
}

static void a_redirect_is_an_answer(void **state)
{
    assert_int_equal(ask(*state, "/away", (struct http_call){0}).code, 302);
}

static void connections_are_kept(void **state)
{
    struct site *s = *state;

    for (int i = 0; i < 5; i++) assert_int_equal(ask(s, "/hello", (struct http_call){0}).code, 200);
    assert_int_equal(s->accepted, 1);
}

static void a_hundred_at_once_share_a_few_connections(void **state)
{
    struct site *s = *state;
    struct outcome o[100] = {0};
    unsigned done = 0;

    for (size_t i = 0; i < LEN(o); i++) start(s, "/hello", (struct http_call){0}, &o[i]);
    while (done < LEN(o)) {
        loop_step(s->loop, true);
        done = 0;
        for (size_t i = 0; i < LEN(o); i++) done += o[i].times;
    }
    for (size_t i = 0; i < LEN(o); i++) {
        assert_int_equal(o[i].times, 1);
        assert_int_equal(o[i].code, 200);
    }
    assert_true(s->accepted <= HOST_MAX);
}

static void silence_ends_in_time(void **state)
{
    struct outcome o = ask(*state, "/never", (struct http_call){.total_ms = 50});

    assert_int_equal(o.code, 0);
    assert_memory_equal(o.trouble, "no answer in time", 17);
}

static void waiting_for_a_turn_counts(void **state)
{
    struct site *s = *state;
    struct outcome o[3 * HOST_MAX] = {0};
    struct timespec a, b;
    unsigned done = 0;

    clock_gettime(CLOCK_MONOTONIC, &a);
    for (size_t i = 0; i < LEN(o); i++)
        start(s, "/never", (struct http_call){.total_ms = 300}, &o[i]);
    while (done < LEN(o)) {
        loop_step(s->loop, true);
        done = 0;
        for (size_t i = 0; i < LEN(o); i++) done += o[i].times;
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    for (size_t i = 0; i < LEN(o); i++) assert_int_equal(o[i].code, 0);
    assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 600);
}

static void a_closed_port_is_said(void **state)
{
    struct site *s = *state;
    int fd = socket(AF_INET, SOCK_STREAM, 0); // bound, never listening: the port stays closed
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char url[64];

    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port_of(fd));
    struct outcome o = ask(s, "", (struct http_call){.url = str_of(url)});
    close(fd);
    assert_int_equal(o.code, 0);
    assert_memory_equal(o.trouble, "connection refused", 18);
}

static void a_name_is_looked_up(void **state)
{
    struct site *s = *state;
    char url[64];

    snprintf(url, sizeof url, "http://localhost:%d/hello", s->port);
    assert_int_equal(ask(s, "", (struct http_call){.url = str_of(url)}).code, 200);
}

static void odd_answers_are_named(void **state)
{
    static const struct {
        const char *says, *trouble;
    } rows[] = {
        {"",                                                                           "the connection was closed before an answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
         "the connection was closed inside the answer"                                                                             },
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
         "the connection was closed inside the answer"                                                                             },
        {"SSH-2.0-OpenSSH_9.2\r\n",                                                    "this is not HTTP"                          },
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
         "the answer's compression is broken"                                                                                      },
    };
    struct site *s = *state;

    for (size_t i = 0; i < LEN(rows); i++) {
        s->canned_says = str_of(rows[i].says);
        struct outcome o = ask(s, "/canned", (struct http_call){.body = S("x")});
        assert_int_equal(o.code, 0);
        assert_int_equal(o.body_bytes, 0);
        o.trouble[strlen(rows[i].trouble)] = 0;
        assert_string_equal(o.trouble, rows[i].trouble);
    }
}

static void odd_calls_are_refused(void **state)
{
    static const char line[] = "a\r\nX-Two: b";
    static const struct http_client_header two = {
        {"X",  1              },
        {line, sizeof line - 1}
    };
    static const struct {
        struct http_call call;
        const char *trouble;
    } rows[] = {
        {{.url = {"ftp://127.0.0.1/", 16}},           "this is not HTTP"                            },
        {{.url = {"file:///etc/passwd", 18}},         "this is not HTTP"                            },
        {{.url = {"http://", 7}},                     "the address cannot be understood"            },
        {{.url = {"http://127.0.0.1/\n", 18}},        "an address, header or secret holds a control"},
        {{.url = {"http://a:b@127.0.0.1:1/", 23}},    "the address names a user"                    },
        {{.bearer = {line, sizeof line - 1}},         "an address, header or secret holds a control"},
        {{.user = {"u", 1}, .password = {"p\0q", 3}}, "an address, header or secret holds a"        },
        {{.headers = &two, .header_count = 1},        "an address, header or secret holds a control"},
    };
    struct site *s = *state;

    for (size_t i = 0; i < LEN(rows); i++) {
        struct outcome o = ask(s, "/look", rows[i].call);
        assert_int_equal(o.code, 0);
        o.trouble[strlen(rows[i].trouble)] = 0;
        assert_string_equal(o.trouble, rows[i].trouble);
    }
    assert_int_equal(s->accepted, 0);
}

static void an_address_is_known_before_it_is_called(void **state)
{
    static const struct {
        const char *url;
        bool takes;
    } rows[] = {
        {"http://a",         true },
        {"https://a.b:1/c?", true },
        {"http://[::1]:9/x", true },
        {"http://a:b/",      false},
        {"http://a:99999/",  false},
        {"http://[::1/",     false},
        {"http://%zz/",      false},
        {"http://u@a/",      false},
        {"ftp://a/",         false},
        {"",                 false},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_int_equal(http_client_takes(str_of(rows[i].url)), rows[i].takes);
}

static void texts_have_a_ceiling(void **state)
{
    struct site *s = *state;
    char *long_text = malloc(300 * KB);

    memset(long_text, 'h', 300 * KB);
    struct http_client_header h = {
        S("X-Long"), {long_text, 300 * KB}
    };
    struct outcome o =
        ask(s, "/look", (struct http_call){.headers = &h, .header_count = 1, .body = S("x")});
    free(long_text);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.trouble, "the address and headers are too long");
    assert_int_equal(s->accepted, 0);
}

static void retry_after_is_read(void **state)
{
    static const struct {
        const char *says;
        int64_t s;
    } rows[] = {
        {"Retry-After: 120",                           120      },
        {"Retry-After: 0",                             0        },
        {"retry-after:\t7 ",                           7        },
        {"Retry-After: 99999999999",                   7 * 86400},
        {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", 0        },
        {"Retry-After: Fri, 31 Dec 2100 23:59:59 GMT", 7 * 86400},
        {"Retry-After: soon",                          -1       },
        {"Retry-After:",                               -1       },
        {"X-Other: 5",                                 -1       },
    };
    struct site *s = *state;

    for (size_t i = 0; i < LEN(rows); i++) {
        char says[160];
        snprintf(says, sizeof says, "HTTP/1.1 503 Busy\r\n%s\r\nContent-Length: 0\r\n\r\n",
                 rows[i].says);
        s->canned_says = str_of(says);
        struct outcome o = ask(s, "/canned", (struct http_call){.body = S("x")});
        assert_int_equal(o.code, 503);
        assert_int_equal(o.retry_after_s, rows[i].s);
    }
}

static void a_long_answer_is_cut_and_counted(void **state)
{
    struct site *s = *state;
    struct buf says;

    buf_init(&says, MB);
    buf_addf(&says, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
    memset(buf_room(&says, 200000), 'y', 200000);
    s->canned_says = buf_str(&says);
    struct outcome o = ask(s, "/canned", (struct http_call){.answer_max = 1000});
    buf_fini(&says);
    assert_int_equal(o.code, 200);
    assert_int_equal(strlen(o.body), 1000);
    assert_int_equal(o.body_bytes, 200000);
}

static void an_endless_answer_is_broken_off(void **state)
{
    struct site *s = *state;
    struct buf says;

    buf_init(&says, MB);
    buf_addf(&says, "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n");
    memset(buf_room(&says, 500000), 'z', 500000);
    s->canned_says = buf_str(&says);
    s->canned_ends = false;
    struct outcome o = ask(s, "/canned", (struct http_call){.answer_max = 10});
    buf_fini(&says);
    assert_int_equal(o.code, 200);
    assert_string_equal(o.body, "zzzzzzzzzz");
    assert_true(o.body_bytes > 16 * MB && o.body_bytes < 17 * MB);
}

static void gzip_is_opened(void **state)
{
    struct site *s = *state;
    struct buf says;
    char plain[1500], packed[500];
    z_stream z = {0};

    memset(plain, 'g', sizeof plain);
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)plain, z.avail_in = sizeof plain;
    z.next_out = (Bytef *)packed, z.avail_out = sizeof packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    buf_init(&says, 4 * KB);
    buf_addf(&says, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
             z.total_out);
    buf_add(&says, (str){packed, z.total_out});
    deflateEnd(&z);
    s->canned_says = buf_str(&says);
    struct outcome o = ask(s, "/canned", (struct http_call){0});
    buf_fini(&says);
    assert_int_equal(o.code, 200);
    assert_int_equal(o.body_bytes, sizeof plain);
    assert_memory_equal(o.body, plain, sizeof plain);
}

// A certificate for 127.0.0.1 that signs itself.
static void site_tls(struct site *s, char *pem_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509V3_CTX ctx;
    int fd = mkstemp(pem_path);
    FILE *f = fdopen(fd, "w");

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(x, san, -1);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(f, x), 1);
    fclose(f);
    s->tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(s->tls, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s->tls, key), 1);
    X509_EXTENSION_free(san);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void https_is_checked_against_the_file(void **state)
{
    struct site *s = *state;
    char path[] = "/tmp/http_client_test.XXXXXX", url[64];

    site_tls(s, path);
    struct outcome o = ask(s, "/hello", (struct http_call){.ca_file = path});
    assert_int_equal(o.code, 200);
    assert_string_equal(o.body, "hello");

    o = ask(s, "/hello", (struct http_call){0}); // the system's do not know it
    assert_int_equal(o.code, 0);
    assert_memory_equal(o.trouble, "the certificate is not trusted", 30);

    snprintf(url, sizeof url, "https://localhost:%d/hello", s->port); // another name
    o = ask(s, "", (struct http_call){.url = str_of(url), .ca_file = path});
    assert_int_equal(o.code, 0);
    assert_memory_equal(o.trouble, "the certificate is not trusted", 30);

    unlink(path);
    o = ask(s, "/hello", (struct http_call){.ca_file = "/nonexistent.pem"});
    assert_int_equal(o.code, 0);
    assert_memory_equal(o.trouble, "the file of trusted certificates cannot", 39);
}

static void tls_to_a_plain_port_fails(void **state)
{
    struct site *s = *state;
    char url[64];

    snprintf(url, sizeof url, "https://127.0.0.1:%d/", s->port);
    struct outcome o = ask(s, "", (struct http_call){.url = str_of(url)});
    assert_int_equal(o.code, 0);
    assert_memory_equal(o.trouble, "no TLS connection could be made", 31);
}

// Starts another call from inside done, as a follower does.
struct chain {
    struct site *site;
    int left;
    bool refuse; // with an address that is refused at once
};

static void chain_on(void *arg, const struct http_answer *a)
{
    struct chain *ch = arg;
    char url[64];

    assert_int_equal(a->code, ch->refuse ? 0 : 200);
    if (--ch->left == 0) return;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/hello%s", ch->site->port,
             ch->refuse ? "\n" : "");
    struct http_call call = {.url = str_of(url), .method = "GET", .arg = ch};
    http_client_start(ch->site->client, &call, chain_on);
}

static void done_may_start_the_next(void **state)
{
    for (int refuse = 0; refuse < 2; refuse++) {
        struct chain ch = {*state, 10, refuse == 1};
        chain_on(&ch, &(struct http_answer){.code = refuse == 1 ? 0 : 200});
        while (ch.left > 0) loop_step(ch.site->loop, true);
    }
    assert_int_equal(((struct site *)*state)->accepted, 1);
}

static void calls_under_way_are_dropped(void **state)
{
    struct site *s = *state;
    struct outcome o[40] = {0};
    char name[64];

    snprintf(name, sizeof name, "http://localhost:%d/hello", s->port);
    for (size_t i = 0; i < 10; i++) start(s, "/never", (struct http_call){0}, &o[i]);
    while (s->accepted == 0) loop_step(s->loop, true);
    for (size_t i = 10; i < 20; i++) start(s, "/hello", (struct http_call){0}, &o[i]);
    for (size_t i = 20; i < 30; i++)
        start(s, "", (struct http_call){.url = S("ht\ntp://x")}, &o[i]);
    for (size_t i = 30; i < 40; i++) start(s, "", (struct http_call){.url = str_of(name)}, &o[i]);
    http_client_free(&s->client);
    assert_null(s->client);
    loop_step(s->loop, false);
    for (size_t i = 0; i < LEN(o); i++) assert_int_equal(o[i].times, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_answer_comes_whole),
        CASE(a_foreign_call_goes_to_public_addresses_only),
        CASE(what_is_asked_arrives),
        CASE(a_bearer_token_arrives_and_no_expect),
        CASE(an_empty_post_is_a_post),
        CASE(a_head_waits_for_no_body),
        CASE(a_redirect_is_an_answer),
        CASE(connections_are_kept),
        CASE(a_hundred_at_once_share_a_few_connections),
        CASE(silence_ends_in_time),
        CASE(waiting_for_a_turn_counts),
        CASE(a_closed_port_is_said),
        CASE(a_name_is_looked_up),
        CASE(odd_answers_are_named),
        CASE(odd_calls_are_refused),
        CASE(an_address_is_known_before_it_is_called),
        CASE(texts_have_a_ceiling),
        CASE(retry_after_is_read),
        CASE(a_long_answer_is_cut_and_counted),
        CASE(an_endless_answer_is_broken_off),
        CASE(gzip_is_opened),
        CASE(https_is_checked_against_the_file),
        CASE(tls_to_a_plain_port_fails),
        CASE(done_may_start_the_next),
        CASE(calls_under_way_are_dropped),
    };

    return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
