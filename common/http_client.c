// Owns the calls under way and the connections kept for the next ones.
//
// owner: the loop the client was made on. libcurl says which sockets it watches and when it wants
// to be woken; both become events of that loop's base. Every libcurl callback only notes something;
// `done` is called from harvest, with libcurl out of the way.
//
// Invariants: a call is in the list from its start until its done has run; until shortly before
// that its easy handle is in the multi handle, unless the call was refused.
#include "common/http_client.h"
#include "common/arena.h"
#include "common/buf.h"
#include "common/http_reach.h"
#include "common/plain_file.h"
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CLIENT_MAGIC 0x6c1e7c11u
#define CALL_MAGIC   0x6c1e7ca1u

#define CONNECT_MS      10000u
#define TOTAL_MS        60000u
#define ANSWER_KEPT     (64 * KB)
#define ANSWER_READ_MAX (16 * MB)   // also of a decompressed answer: no receiver needs to say more
#define TEXT_MAX        (256 * KB)  // of a call's address, headers and secrets together
#define IDLE_MAX        64          // connections kept for all hosts together
#define SYSTEM_CA_S     60L         // its many certificates are not read for each connection
#define RETRY_AFTER_MAX (7 * 86400) // a stranger's number; a week is as good as never

struct call {
    unsigned magic;
    struct call *next, **at; // *at is the pointer to this call
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    http_call_done *done;
    void *arg;
    struct buf body;
    uint64_t body_bytes;
    bool enough;                  // ANSWER_READ_MAX came: we broke off ourselves
    bool foreign, walled;         // may only go to public addresses; and was not to be
    const char *refused;          // why the call was never given to libcurl, or NULL
    char detail[CURL_ERROR_SIZE]; // libcurl's own words
};

struct http_client {
    unsigned magic;
    struct loop *loop;
    CURLM *multi;
    struct event timer;   // when libcurl wants to be woken
    struct event refusal; // answers refused calls from the loop, never from start
    struct call *calls;
    bool answering; // inside a done
};

struct watch {
    struct event ev;
};

// ---- addresses

static bool is_host(const char *host)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

    return host[0] == '[' || (host[0] != 0 && host[strspn(host, name)] == 0);
}

size_t http_client_scheme(str url)
{
    if (url.n > 8 && str_eq_fold((str){url.p, 8}, S("https://"))) return 8;
    return url.n > 7 && str_eq_fold((str){url.p, 7}, S("http://")) ? 7 : 0;
}

bool http_client_takes(str url)
{
    CURLU *u = curl_url();
    char *host = NULL, *user = NULL, *scheme = NULL, *port = NULL;
    struct arena a;

    assert(u != NULL);
    arena_init(&a, TEXT_MAX);
    const char *z = str_z(&a, url);
    bool takes = z != NULL && curl_url_set(u, CURLUPART_URL, z, 0) == CURLUE_OK &&
                 curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && is_host(host) &&
                 curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
                 curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                 strcmp(port, "0") != 0 && // libcurl knows the other limits of a port
                 curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                 (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(host);
    curl_free(user);
    curl_free(scheme);
    curl_free(port);
    curl_url_cleanup(u);
    arena_fini(&a);
    return takes;
}

static void harvest(struct http_client *c);

static void socket_ready(evutil_socket_t fd, short what, void *arg)
{
    struct http_client *c = arg;
    int running, flags = ((what & EV_READ) ? CURL_CSELECT_IN : 0) |
                         ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);

    assert(curl_multi_socket_action(c->multi, fd, flags, &running) == CURLM_OK);
    harvest(c);
}

static void timer_ready(evutil_socket_t fd, short what, void *arg)
{
    struct http_client *c = arg;
    int running;

    (void)fd, (void)what;
    assert(curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_OK);
    harvest(c);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct http_client *c = arg;
    struct timeval in = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    (void)multi;
    return ms < 0 ? evtimer_del(&c->timer) : evtimer_add(&c->timer, &in);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *seen)
{
    struct http_client *c = arg;
    struct watch *w = seen;
    short want = (short)(EV_PERSIST | ((what & CURL_POLL_IN) ? EV_READ : 0) |
                         ((what & CURL_POLL_OUT) ? EV_WRITE : 0));

    (void)easy;
    if (w != NULL) event_del(&w->ev);
    if (what == CURL_POLL_REMOVE) {
        free(w);
        return 0;
    }
    if (w == NULL) {
        w = calloc(1, sizeof *w);
        assert(w != NULL); // the whole machine is out of memory: restart
        curl_multi_assign(c->multi, fd, w);
    }
    event_assign(&w->ev, loop_base(c->loop), fd, want, socket_ready, c);
    return event_add(&w->ev, NULL);
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
    struct call *call = arg;
    size_t n = size * count, room = call->body.max - call->body.n;

    OBJ_CHECK(call, CALL_MAGIC);
    call->body_bytes += n;
    buf_add(&call->body, (str){p, n < room ? n : room});
    call->enough = call->body_bytes > ANSWER_READ_MAX;
    return call->enough ? 0 : n;
}

static void call_free(struct call *call)
{
    *call->at = call->next;
    if (call->next != NULL) call->next->at = call->at;
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    buf_fini(&call->body);
    memset(call, 0, sizeof *call);
    free(call);
}

// A number of seconds or an HTTP date (RFC 9110, 10.2.3); anything else is as good as absent.
static int64_t retry_after(CURL *easy)
{
    struct curl_header *h;
    curl_off_t s = 0;
    uint64_t n;

    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &h) != CURLHE_OK) return -1;
    if (str_u64(str_trim(str_of(h->value)), UINT64_MAX, &n))
        return n < RETRY_AFTER_MAX ? (int64_t)n : RETRY_AFTER_MAX;
    if (curl_getdate(h->value, NULL) == -1) return -1;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &s);
    return s < 0 ? 0 : s < RETRY_AFTER_MAX ? s : RETRY_AFTER_MAX;
}

static const struct {
    CURLcode result;
    const char *says;
} troubles[] = {
    {CURLE_UNSUPPORTED_PROTOCOL,     "this is not HTTP"                               },
    {CURLE_LOGIN_DENIED,             "the address names a user"                       },
    {CURLE_URL_MALFORMAT,            "the address cannot be understood"               },
    {CURLE_COULDNT_RESOLVE_HOST,     "the host's name is not known"                   },
    {CURLE_COULDNT_CONNECT,          "no connection could be made"                    },
    {CURLE_OPERATION_TIMEDOUT,       "no answer in time"                              },
    {CURLE_GOT_NOTHING,              "the connection was closed before an answer"     },
    {CURLE_PARTIAL_FILE,             "the connection was closed inside the answer"    },
    {CURLE_SEND_ERROR,               "the connection broke while asking"              },
    {CURLE_RECV_ERROR,               "the connection broke while reading the answer"  },
    {CURLE_SSL_CONNECT_ERROR,        "no TLS connection could be made"                },
    {CURLE_PEER_FAILED_VERIFICATION, "the certificate is not trusted"                 },
    {CURLE_SSL_CERTPROBLEM,          "our own certificate or key cannot be used"      },
    {CURLE_SSL_CACERT_BADFILE,       "the file of trusted certificates cannot be read"},
    {CURLE_WEIRD_SERVER_REPLY,       "the answer is not HTTP"                         },
    {CURLE_BAD_CONTENT_ENCODING,     "the answer's compression is broken"             },
};

static const char *trouble_of(CURL *easy, CURLcode result)
{
    long os = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
    if (result == CURLE_COULDNT_CONNECT && os == ECONNREFUSED) return "connection refused";
    for (size_t i = 0; i < LEN(troubles); i++)
        if (troubles[i].result == result) return troubles[i].says;
    return curl_easy_strerror(result);
}

static void call_answer(struct call *call, CURLcode result)
{
    struct http_client *c = call->client;
    struct http_answer a = {.retry_after_s = -1};
    struct buf trouble;
    curl_off_t us = 0;
    long code = 0;

    OBJ_CHECK(call, CALL_MAGIC);
    buf_init(&trouble, 2 * CURL_ERROR_SIZE);
    curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &us);
    a.us = (uint64_t)us;
    if (call->refused != NULL) {
        buf_add(&trouble, str_of(call->refused));
    } else if (result == CURLE_OK || call->enough) {
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &code);
        a.code = (int)code;
        a.body = buf_str(&call->body);
        a.body_bytes = call->body_bytes;
        a.retry_after_s = retry_after(call->easy);
    } else if (call->walled) {
        buf_add(&trouble, S("the host's address is not public"));
    } else {
        buf_add(&trouble, str_of(trouble_of(call->easy, result)));
        if (call->detail[0] != 0) buf_addf(&trouble, ": %s", call->detail);
    }
    a.trouble = buf_str(&trouble);
    c->answering = true;
    call->done(call->arg, &a);
    c->answering = false;
    buf_fini(&trouble);
    call_free(call);
}

static void harvest(struct http_client *c)
{
    CURLMsg *m;
    int left;

    OBJ_CHECK(c, CLIENT_MAGIC);
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        CURL *easy = m->easy_handle;
        CURLcode result = m->data.result; // m does not outlive the removal
        struct call *call = NULL;

        assert(m->msg == CURLMSG_DONE);
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
        assert(curl_multi_remove_handle(c->multi, easy) == CURLM_OK);
        call_answer(call, result);
    }
}

static void refusal_ready(evutil_socket_t fd, short what, void *arg)
{
    struct http_client *c = arg;

    (void)fd, (void)what;
    for (struct call *call = c->calls, *next; call != NULL; call = next) {
        next = call->next; // a done puts new calls before this one, never after
        if (call->refused != NULL) call_answer(call, CURLE_OK);
    }
}

// A C string for libcurl, which copies it. What a person configured must not end a header early.
static const char *text_z(struct call *call, struct arena *a, str s)
{
    const char *z = str_z(a, s);

    if (z == NULL) return call->refused = "the address and headers are too long", "";
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
            call->refused = "an address, header or secret holds a control character";
    return z;
}

#define SET(call, option, value)                                                                   \
    assert(curl_easy_setopt((call)->easy, CURLOPT_##option, value) == CURLE_OK)

static curl_socket_t socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct call *call = arg;

    (void)purpose;
    OBJ_CHECK(call, CALL_MAGIC);
    call->walled = call->foreign && !http_reach_is_public(&to->addr);
    if (call->walled) return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

// What holds for every call, whatever is asked.
static void set_manners(struct call *call)
{
    SET(call, PRIVATE, (void *)call);
    SET(call, WRITEFUNCTION, on_body);
    SET(call, WRITEDATA, (void *)call);
    SET(call, ERRORBUFFER, call->detail);
    SET(call, NOSIGNAL, 1L);
    SET(call, OPENSOCKETFUNCTION, socket_open);
    SET(call, OPENSOCKETDATA, (void *)call);
    SET(call, PROTOCOLS_STR, "http,https");
    SET(call, HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(call, FOLLOWLOCATION, 0L);
    SET(call, PROXY, ""); // not the environment's
    SET(call, DISALLOW_USERNAME_IN_URL, 1L);
    SET(call, USERAGENT, "Packtrail");
    SET(call, ACCEPT_ENCODING, "gzip");
    SET(call, SSL_VERIFYPEER, 1L);
    SET(call, SSL_VERIFYHOST, 2L);
    SET(call, SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(call, SSL_SESSIONID_CACHE, 0L); // a session taken up again shows no certificate
    SET(call, CAPATH, NULL); // else the system's directory would be trusted beside ca_file
}

static void set_limits(struct call *call, const struct http_call *in)
{
    SET(call, CONNECTTIMEOUT_MS, (long)(in->connect_ms != 0 ? in->connect_ms : CONNECT_MS));
    SET(call, TIMEOUT_MS, (long)(in->total_ms != 0 ? in->total_ms : TOTAL_MS));
    buf_init(&call->body, in->answer_max != 0 ? in->answer_max : ANSWER_KEPT);
}

// libcurl would wait for what a pipe may bring, and with it everything on this loop.
static void check_files(struct call *call, const struct http_call *in)
{
    const char *const all[] = {in->ca_file, in->certificate, in->key};

    for (size_t i = 0; i < LEN(all); i++)
        if (all[i] != NULL && !plain_file(all[i]))
            call->refused = "a certificate, key or authority is no file";
}

static void set_caller(struct call *call, const struct http_call *in, struct arena *a)
{
    assert(in->user.n == 0 || in->bearer.n == 0);
    check_files(call, in);
    if (in->ca_file != NULL) SET(call, CAINFO, in->ca_file);
    SET(call, CA_CACHE_TIMEOUT, in->ca_file != NULL ? 0L : SYSTEM_CA_S);
    if (in->certificate != NULL) SET(call, SSLCERT, in->certificate);
    if (in->key != NULL) SET(call, SSLKEY, in->key);
    if (in->bearer.n > 0) {
        SET(call, HTTPAUTH, CURLAUTH_BEARER);
        SET(call, XOAUTH2_BEARER, text_z(call, a, in->bearer));
    } else if (in->user.n > 0) {
        SET(call, HTTPAUTH, CURLAUTH_BASIC);
        SET(call, USERNAME, text_z(call, a, in->user));
        SET(call, PASSWORD, text_z(call, a, in->password));
    }
}

static void header_add(struct call *call, const char *line)
{
    struct curl_slist *grown = curl_slist_append(call->headers, line);

    assert(grown != NULL); // the whole machine is out of memory: restart
    call->headers = grown;
}

static void set_headers(struct call *call, const struct http_call *in, struct arena *a)
{
    header_add(call, "Expect:"); // the wait for 100 Continue costs a second at old servers
    for (size_t i = 0; i < in->header_count; i++) {
        const struct http_client_header *h = &in->headers[i];
        const char *name = text_z(call, a, h->name), *value = text_z(call, a, h->value);
        struct buf line;

        buf_init(&line, TEXT_MAX);
        buf_addf(&line, *value != 0 ? "%s: %s" : "%s;", name, value); // `;`: sent, but empty
        if (line.failed)
            call->refused = "the address and headers are too long";
        else
            header_add(call, line.p);
        buf_fini(&line);
    }
    SET(call, HTTPHEADER, call->headers);
}

static void set_request(struct call *call, const struct http_call *in, struct arena *a)
{
    bool head = strcmp(in->method, "HEAD") == 0, get = strcmp(in->method, "GET") == 0;

    SET(call, URL, text_z(call, a, in->url));
    if (head) {
        SET(call, NOBODY, 1L);
    } else if (!get || in->body.n > 0) {
        SET(call, POSTFIELDSIZE_LARGE, (curl_off_t)in->body.n);
        SET(call, POSTFIELDS, in->body.n > 0 ? in->body.p : "");
        SET(call, CUSTOMREQUEST, in->method);
    }
}

static struct call *call_new(struct http_client *c, http_call_done *done, void *arg)
{
    struct call *call = calloc(1, sizeof *call);

    assert(call != NULL); // the whole machine is out of memory: restart
    *call = (struct call){.magic = CALL_MAGIC, .client = c, .done = done, .arg = arg};
    call->easy = curl_easy_init();
    assert(call->easy != NULL);
    call->next = c->calls;
    call->at = &c->calls;
    if (c->calls != NULL) c->calls->at = &call->next;
    return c->calls = call;
}

void http_client_start(struct http_client *c, const struct http_call *in, http_call_done *done)
{
    struct arena texts;

    OBJ_CHECK(c, CLIENT_MAGIC);
    LOOP_OWNED(c->loop);
    assert(in->method != NULL && done != NULL);
    struct call *call = call_new(c, done, in->arg);
    arena_init(&texts, TEXT_MAX);
    call->foreign = in->is_foreign;
    set_manners(call);
    set_limits(call, in);
    set_caller(call, in, &texts);
    set_headers(call, in, &texts);
    set_request(call, in, &texts);
    arena_fini(&texts);
    if (call->refused != NULL)
        event_active(&c->refusal, EV_TIMEOUT, 0);
    else
        assert(curl_multi_add_handle(c->multi, call->easy) == CURLM_OK);
}

struct http_client *http_client_new(struct loop *l, uint32_t connections_max)
{
    struct http_client *c = calloc(1, sizeof *c);

    assert(c != NULL && connections_max > 0);
    LOOP_OWNED(l);
    signal(SIGPIPE, SIG_IGN); // OpenSSL writes to sockets that a peer has closed
    assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); // counted, and safe from any thread
    *c = (struct http_client){.magic = CLIENT_MAGIC, .loop = l, .multi = curl_multi_init()};
    assert(c->multi != NULL);
    evtimer_assign(&c->timer, loop_base(l), timer_ready, c);
    evtimer_assign(&c->refusal, loop_base(l), refusal_ready, c);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections_max);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, IDLE_MAX);
    return c;
}

void http_client_free(struct http_client **cp)
{
    struct http_client *c = *cp;

    if (c == NULL) return;
    OBJ_CHECK(c, CLIENT_MAGIC);
    LOOP_OWNED(c->loop);
    assert(!c->answering);
    while (c->calls != NULL) { // call_free takes each out of the list
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
        if (c->calls->refused == NULL) curl_multi_remove_handle(c->multi, c->calls->easy);
        call_free(c->calls);
    }
    curl_multi_cleanup(c->multi);
    event_del(&c->timer);
    event_del(&c->refusal);
    curl_global_cleanup();
    memset(c, 0, sizeof *c);
    free(c);
    *cp = NULL;
}
