// site_fuzz.c - calls of every route, one after another, upon a whole site (tests/sim/house.h) that
// has goods on two lines, an open case, a shipment, people and partners; it is the same again for
// every input.
//
// An input is calls, parted by octet 1E: "o POST /v1/holds json" and, on the next lines, the body.
// The letter says who calls, a capital one with an Idempotency-Key; behind the path may stand the
// body's type and what is accepted. $a to $h are serials, $x to $z SSCCs, $1 to $9 the id in the
// answer of that call.
//
// Claims: every call gets one answer, none of which is the service's own fault (500); a refusal
// has a reason; whatever was recorded, the replayed journal gives the same rows.
#include "service/gs1/id.h"
#include "tests/sim/house.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GTIN      "09506000134352"
#define PARTY     "9506000100012"
#define CALLS_MAX 9u
#define SERIALS   8u
#define SSCCS     3u
#define SEPARATOR '\x1e'

static struct house house;
static struct trace trace;
static char tokens[26][80]; // by the caller's letter
static char serials[SERIALS][32], ssccs[SSCCS][32];
static struct buf folder; // the store as it is before an input
static int64_t wall_then, mono_then;
static struct dice dice_then;
static uint64_t head_then;
static unsigned replays; // of so many inputs one is replayed
static bool says;        // PACKTRAIL_FUZZ_SAYS: every call and its answer are printed

// ---- what is asked for

struct given {
    char ids[CALLS_MAX][64];
    unsigned n;
};

static str macro(char c, const struct given *g)
{
    if (c >= 'a' && c < 'a' + (int)SERIALS) return str_of(serials[c - 'a']);
    if (c >= 'x' && c < 'x' + (int)SSCCS) return str_of(ssccs[c - 'x']);
    if (c >= '1' && c <= '9' && (unsigned)(c - '1') < g->n) return str_of(g->ids[c - '1']);
    return (str){NULL, 0};
}

static void filled(str text, const struct given *g, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        str is = i + 1 < text.n && text.p[i] == '$' ? macro(text.p[i + 1], g) : (str){NULL, 0};
        if (is.p == NULL)
            buf_addc(out, text.p[i]);
        else
            buf_add(out, is), i++;
    }
}

static void id_keep(struct given *g, str answer)
{
    static const char *const keys[] = {"\"shipment\":\"", "\"id\":\"", "\"request\":\"",
                                       "\"captureID\":\"", "\"subscriptionID\":\""};
    char *to = g->ids[g->n++];

    to[0] = 0;
    for (size_t i = 0; i < LEN(keys); i++) {
        const char *at = memmem(answer.p, answer.n, keys[i], strlen(keys[i]));
        if (at == NULL) continue;
        str rest = str_from(answer, (size_t)(at - answer.p) + strlen(keys[i])), id;
        if (!str_cut(&rest, '"', &id) || id.n >= sizeof g->ids[0]) continue;
        memcpy(to, id.p, id.n);
        to[id.n] = 0;
        return;
    }
}

static str type_of(str word)
{
    static const char *const types[][2] = {
        {"json",   "application/json"       },
        {"ld",     "application/ld+json"    },
        {"ndjson", "application/x-ndjson"   },
        {"xml",    "application/xml"        },
        {"soap",   "text/xml; charset=utf-8"},
        {"csv",    "text/csv"               },
        {"text",   "text/plain"             },
        {"html",   "text/html"              },
    };

    for (size_t i = 0; i < LEN(types); i++)
        if (str_eq(word, str_of(types[i][0]))) return str_of(types[i][1]);
    return (str){"", 0};
}

// ---- calls

static struct house_answer call(char who, const char *line, str type, str accept, str body,
                                struct arena *a)
{
    bool again = who >= 'A' && who <= 'Z';
    char lower = again ? (char)(who | 32) : who;
    struct wire_ask ask = {
        .line = line,
        .token = lower >= 'a' && lower <= 'z' ? str_of(tokens[lower - 'a']) : (str){"", 0},
        .key = again ? S("k1") : (str){"", 0},
        .type = type,
        .accept = accept,
        .body = body
    };
    return house_call(&house, a, &ask);
}

static str must(char who, const char *line, const char *body, struct arena *a)
{
    struct house_answer r = call(who, line, S("application/json"), S(""), str_of(body), a);

    if (r.code >= 300) {
        fprintf(stderr, "%s: %d %.*s\n", line, r.code, STR(r.body));
        abort();
    }
    return r.body;
}

// "POST /v1/lots": a method of ours, and octets that the server lets through.
static bool line_ok(str line)
{
    static const char *const methods[] = {"GET ", "POST ", "PUT ", "DELETE "};
    bool known = false;

    for (size_t i = 0; i < LEN(methods); i++) {
        size_t n = strlen(methods[i]);
        known |= line.n > n && memcmp(line.p, methods[i], n) == 0 && line.p[n] == '/';
    }
    for (size_t i = 0; i < line.n; i++) known &= line.p[i] >= ' ' && line.p[i] < 0x7f;
    return known;
}

static void one(str in, struct given *g)
{
    str rest = in, line, method, path, type = {"", 0}, accept = {"", 0};
    struct buf said, body;
    struct arena a;

    if (!str_cut(&rest, '\n', &line)) line = rest, rest = (str){"", 0};
    if (line.n < 3 || line.p[1] != ' ') return;
    char who = line.p[0];
    line = str_from(line, 2);
    if (!line_ok(line) || !str_cut(&line, ' ', &method)) return;
    if (!str_cut(&line, ' ', &path))
        path = line;
    else if (!str_cut(&line, ' ', &type))
        type = line;
    else
        accept = line;
    buf_init(&said, 64 * KB);
    buf_init(&body, MB);
    buf_addf(&said, "%.*s ", STR(method));
    filled(path, g, &said);
    buf_addc(&said, 0);
    filled(rest, g, &body);
    arena_init(&a, 64 * MB);
    if (!said.failed && !body.failed) {
        struct house_answer r =
            call(who, said.p, type_of(type), type_of(accept), buf_str(&body), &a);
        if (r.code == 500 || says)
            fprintf(stderr, "%c %s: %d %.*s\n", who, said.p, r.code, STR(r.body));
        assert(r.code >= 200 && r.code < 600 && r.code != 500);
        id_keep(g, r.body);
    }
    arena_fini(&a);
    buf_fini(&said);
    buf_fini(&body);
}

// ---- partners: they take everything, in the next turn

static struct {
    http_call_done *done;
    void *arg;
} asked[64];
static unsigned asked_n;

static void send_later(void *self, const struct http_call *c, http_call_done *done)
{
    (void)self;
    if (asked_n == LEN(asked)) return; // that one never answers
    asked[asked_n].done = done;
    asked[asked_n++].arg = c->arg;
}

static void partners_answer(void)
{
    struct http_answer taken = {
        .code = 200, .body = S("{}"), .body_bytes = 2, .trouble = S(""), .retry_after_s = -1};
    unsigned n = asked_n;

    for (unsigned i = 0; i < n; i++) asked[i].done(asked[i].arg, &taken);
    memmove(asked, asked + n, (asked_n - n) * sizeof asked[0]);
    asked_n -= n;
    house_settle(&house);
}

// ---- the site

static const struct {
    char who;
    const char *line, *body;
} story[] = {
    {'a', "PUT /v1/clients/acme",            "{\"name\":\"Acme\",\"prefixes\":[\"9506000\"]}"      },
    {'a', "PUT /v1/clients/beta",            "{\"name\":\"Beta\",\"prefixes\":[\"9521141\"]}"      },
    {'a', "PUT /v1/parties/" PARTY,          "{\"name\":\"Wholesale\"}"                            },
    {'a', "PUT /v1/parties/9506000134352",   "{\"name\":\"Maker\"}"                                },
    {'a', "PUT /v1/locations/" PARTY,        "{\"name\":\"Dock\"}"                                 },
    {'a', "PUT /v1/locations/9506000134352", "{\"name\":\"Hall\"}"                                 },
    {'a', "PUT /v1/products/" GTIN,
     "{\"client\":\"acme\",\"name\":\"Drops\",\"levels\":[{\"level\":\"pack\",\"id\":\"sgtin\","
     "\"quantity\":1},{\"level\":\"case\",\"id\":\"sscc\",\"quantity\":2}]}"                       },
    {'a', "PUT /v1/pools/packs",             "{\"kind\":\"random\",\"gtin\":\"" GTIN "\"}"         },
    {'a', "PUT /v1/pools/list",              "{\"kind\":\"list\",\"gtin\":\"" GTIN "\",\"rank\":9}"},
    {'a', "PUT /v1/pools/cases",
     "{\"kind\":\"sscc\",\"client\":\"acme\",\"prefix\":\"9506000\",\"extension\":\"0\"}"          },
    {'a', "PUT /v1/lines/line-1",            "{\"name\":\"Line 1\",\"location\":\"9506000134352\"}"},
    {'a', "PUT /v1/lines/line-2",            "{\"name\":\"Line 2\"}"                               },
    {'a', "PUT /v1/partners/hub",
     "{\"client\":\"acme\",\"url\":\"http://hub/in\",\"format\":\"epcis-2.0-json\"}"               },
    {'a', "PUT /v1/partners/old",
     "{\"client\":\"acme\",\"url\":\"http://old/in\",\"format\":\"epcis-1.2-xml\"}"                },
    {'a', "PUT /v1/users/mia",
     "{\"name\":\"Mia\",\"role\":\"qa\",\"password\":\"words of their own\"}"                      },
    {'a', "PUT /v1/users/noa",
     "{\"name\":\"Noa\",\"role\":\"qa\",\"password\":\"words of their own\"}"                      },
    {'a', "PUT /v1/users/olga",
     "{\"name\":\"Olga\",\"role\":\"operator\",\"password\":\"words of their own\"}"               },
};

static const struct {
    char who;
    const char *what;
} callers[] = {
    {'l', "{\"role\":\"line\",\"line\":\"line-1\"}"                               },
    {'k', "{\"role\":\"line\",\"line\":\"line-2\"}"                               },
    {'o', "{\"role\":\"operator\"}"                                               },
    {'p', "{\"user\":\"olga\",\"reason\":\"new\"}"                                },
    {'q', "{\"user\":\"mia\",\"reason\":\"new\"}"                                 },
    {'n', "{\"user\":\"noa\",\"reason\":\"new\"}"                                 },
    {'d', "{\"role\":\"distributor\",\"client\":\"acme\",\"party\":\"" PARTY "\"}"},
    {'g', "{\"role\":\"gateway\",\"client\":\"acme\"}"                            },
    {'b', "{\"role\":\"gateway\",\"client\":\"beta\"}"                            },
    {'c', "{\"role\":\"client\",\"client\":\"acme\"}"                             },
    {'u', "{\"role\":\"auditor\"}"                                                },
};

static void token_make(char who, const char *what, struct arena *a)
{
    static const char key[] = "\"token\":\"";
    str said = must('a', "POST /v1/tokens", what, a);
    const char *at = memmem(said.p, said.n, key, sizeof key - 1);

    assert(at != NULL);
    snprintf(tokens[who - 'a'], sizeof tokens[0], "%.67s", at + sizeof key - 1);
}

// The texts of the answer's array of that name.
static void numbers_keep(str answer, const char *key, char (*to)[32], unsigned n)
{
    const char *at = memmem(answer.p, answer.n, key, strlen(key));

    assert(at != NULL);
    str rest = str_from(answer, (size_t)(at - answer.p) + strlen(key)), word;
    for (unsigned i = 0; i < n; i++) {
        bool found = str_cut(&rest, '"', &word) && str_cut(&rest, '"', &word);
        assert(found && word.n > 0 && word.n < sizeof to[0]);
        snprintf(to[i], sizeof to[0], "%.*s", STR(word));
    }
}

// Packs a to f have begun, a and b lie in the closed case x, which is shipped, c in the open case
// y, d is on hold; g and h, and the case z, were given and no more.
static void goods_make(struct arena *a)
{
    static const char reports[] =
        "[{\"type\":\"commission\",\"lot\":\"L2\",\"gtin\":\"" GTIN
        "\",\"serials\":[\"$a\",\"$b\"]},"
        "{\"type\":\"pack\",\"parent\":\"$x\",\"commission\":true,\"children\":"
        "[\"(01)" GTIN "(21)$a\",\"(01)" GTIN "(21)$b\"]},{\"type\":\"close\",\"parent\":\"$x\"},"
        "{\"type\":\"commission\",\"lot\":\"L1\",\"gtin\":\"" GTIN "\",\"serials\":[\"$c\",\"$d\","
        "\"$e\",\"$f\"]},"
        "{\"type\":\"pack\",\"parent\":\"$y\",\"commission\":true,\"children\":"
        "[\"(01)" GTIN "(21)$c\"]}]";
    struct given none = {.n = 0};
    struct buf b;

    must('o', "POST /v1/lots", "{\"lot\":\"L1\",\"gtin\":\"" GTIN "\",\"expiry\":\"2030-06\"}", a);
    must('o', "POST /v1/lots", "{\"lot\":\"L2\",\"gtin\":\"" GTIN "\",\"expiry\":\"2030-06\"}", a);
    numbers_keep(must('l', "POST /v1/serials",
                      "{\"gtin\":\"" GTIN "\",\"pool\":\"packs\",\"quantity\":8}", a),
                 "\"serials\":", serials, SERIALS);
    numbers_keep(must('l', "POST /v1/sscc", "{\"quantity\":3,\"pool\":\"cases\"}", a),
                 "\"ssccs\":", ssccs, SSCCS);
    buf_init(&b, 64 * KB);
    filled(str_of(reports), &none, &b);
    buf_addc(&b, 0);
    must('l', "POST /v1/reports", b.p, a);
    must('o', "POST /v1/lots/" GTIN "/L2/close", "{}", a);
    buf_reset(&b);
    filled(S("{\"units\":[\"$x\"],\"to\":{\"party\":\"" PARTY "\",\"location\":\"" PARTY "\"}}"),
           &none, &b);
    buf_addc(&b, 0);
    must('o', "POST /v1/shipments", b.p, a);
    buf_reset(&b);
    filled(S("{\"units\":[\"(01)" GTIN "(21)$d\"],\"reason\":\"dented\"}"), &none, &b);
    buf_addc(&b, 0);
    must('o', "POST /v1/holds", b.p, a);
    buf_fini(&b);
}

static const char *store_path(void)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/data.mdb", house.folder);
    return path;
}

static void store_read(void)
{
    int fd = open(store_path(), O_RDONLY | O_CLOEXEC);
    struct stat is;

    assert(fd >= 0 && fstat(fd, &is) == 0);
    buf_init(&folder, 64 * MB);
    bool whole = read(fd, buf_room(&folder, (size_t)is.st_size), (size_t)is.st_size) == is.st_size;
    assert(whole);
    folder.n = (size_t)is.st_size;
    close(fd);
}

static void store_write(void)
{
    int fd = open(store_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert(fd >= 0 && write(fd, folder.p, folder.n) == (ssize_t)folder.n);
    close(fd);
}

static void site_end(void)
{
    if (!house.down) house_crash(&house);
    house_remove(&house);
    trace_fini(&trace);
    buf_fini(&folder);
}

static void site_make(void)
{
    struct arena a;

    says = getenv("PACKTRAIL_FUZZ_SAYS") != NULL;
    arena_init(&a, 64 * MB);
    trace_init(&trace);
    house = (struct house){.trace = &trace,
                           .random = {1},
                           .wait_ms = 1000,
                           .configured = "verify:\n  responder_gln: 9506000134352\n"
                                         "signatures:\n  second: recall\n",
                           .send = send_later};
    house_make(&house);
    memcpy(tokens[0], house.admin, sizeof tokens[0]);
    for (size_t i = 0; i < LEN(story); i++) must(story[i].who, story[i].line, story[i].body, &a);
    for (size_t i = 0; i < LEN(callers); i++) token_make(callers[i].who, callers[i].what, &a);
    goods_make(&a);
    house_settle(&house);
    partners_answer();
    asked_n = 0;
    house_crash(&house);
    store_read();
    wall_then = house.wall_ms;
    mono_then = house.mono_ms;
    dice_then = house.random;
    arena_fini(&a);
    atexit(site_end);
}

static uint64_t head(void)
{
    struct txn *t = txn_read(house.site.db);
    uint64_t seq = journal_head_get(t).seq;

    (void)txn_end(&t, false).cls;
    return seq;
}

// A start takes longer than most inputs: there is one only where something was written.
static void site_begin(void)
{
    house.wall_ms = wall_then + 1000;
    house.mono_ms = mono_then;
    house.random = dice_then;
    if (!house.down && head() == head_then) return;
    if (!house.down) house_crash(&house);
    asked_n = 0;
    store_write();
    bool up = house_start(&house, 0).cls == ST_OK;
    assert(up);
    head_then = head();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct given given = {.n = 0};
    str rest = {(const char *)data, size}, in;

    if (folder.n == 0) site_make();
    if (size == 0) return 0;
    site_begin();
    for (bool more = true; more && given.n < CALLS_MAX;) {
        more = str_cut(&rest, SEPARATOR, &in);
        one(more ? in : rest, &given);
        house.wall_ms += 1000;
        house.mono_ms += 1000;
        partners_answer();
    }
    house_settle(&house);
    if (head() > head_then && ++replays % 8 == 0) house_verify(&house);
    if (trace.broken) fprintf(stderr, "%s\n", trace.why);
    assert(!trace.broken);
    return 0;
}
