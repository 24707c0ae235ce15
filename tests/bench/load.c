// load.c - asks a Packtrail service as fast as N keep-alive clients can, and says how fast it was.
//
//     load [-c CLIENTS] [-s SECONDS] [-p PID] [-f FILE] [-e EPCS] [-a FROM] PORT TOKEN LANES OP
//     [COUNT]
//
// OP      issue, commission or aggregate COUNT at a time; lookup of what FILE names; expand of the
//         containers (18 digits) that it names, as lines, or tree, as JSON; fill: issues
//         and commissions COUNT packs and writes their names into FILE; documents of EPCIS with
//         COUNT identifiers, EPCS in each event (all): observe what FILE names, add new packs, name
//         new foreign ones
// FROM    the first of the foreign identifiers
// LANES   a file of lines "gtin lot"; client i works on line i, from the start again after the last
// PID     the service's: its CPU time per request becomes the last column
//
// Numbers are asked for, and packs that are to be packed are commissioned, before the clock starts.
// Each client has one request under way. The last answers after the end are waited for and counted.
// Prints one line of tabs: OP, COUNT, requests, requests/s, items/s, p50, p99, p999 (us), errors,
// CPU (us), a scan of a request for quotes (us), bytes of a request.
//
// One thread; one client = one struct client; the table `ops` says which steps an op consists of.
#include "common/when.h"
#include "tests/bench/asker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX    1024u
#define LANES_MAX      1024u
#define STOCK_MAX      (256 * MB) // numbers of one client
#define SILENCE_MS     20000      // then something is broken
#define SAMPLES_MAX    (1u << 23)
#define STOCK_RATE     16000u // requests a second that the stock of numbers is laid in for
#define REPORT_SIZE    100u   // packs in a report while preparing
#define ISSUE_SIZE_MAX 100000u
#define SCANS          200
#define WHERE                                                                                      \
    "\"readPoint\":{\"id\":\"urn:epc:id:sgln:9506000.00001.0\"},"                                  \
    "\"bizLocation\":{\"id\":\"urn:epc:id:sgln:9506000.00002.0\"}"
#define SEEN "\"bizStep\":\"storing\",\"disposition\":\"in_progress\"," WHERE
#define BEGUN                                                                                      \
    "\"bizStep\":\"commissioning\",\"disposition\":\"active\"," WHERE                              \
    ",\"ilmd\":{\"cbvmda:lotNumber\":\"%s\"}"

struct lane {
    char gtin[15], lot[32];
};

// Names of one width, in the order they were issued.
struct stock {
    struct buf text;
    size_t width, used; // bytes of a name; names taken
};

struct client {
    struct asker asker;
    const struct lane *lane;
    bool busy;
    uint64_t asked_us;
    struct stock packs, cases;
    size_t packs_wanted, cases_wanted;
    size_t known_begin, known_next, known_end; // of run.known, the client's own
};

struct step {
    bool (*ask)(struct client *c);  // writes the next request; false when there is none left
    void (*take)(struct client *c); // looks at a 2xx answer, or NULL
    bool timed;
};

static struct {
    struct client client[CLIENTS_MAX];
    struct lane lane[LANES_MAX];
    unsigned clients, lanes;
    const char *token, *file;
    int pid, port, epoll;
    double seconds;
    size_t count, epcs; // in a request; of them in an event, 0: all
    uint64_t foreign_next;
    uint64_t key_base, key_next, event_next, dice;
    uint64_t requests, errors;
    uint32_t *sample;
    struct stock known; // for lookups: 14 digits of the GTIN, then the serial
} run = {.clients = 64, .seconds = 3, .count = 1};

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

// --- stock ---

static size_t stock_left(const struct stock *s)
{
    return s->width == 0 ? 0 : s->text.n / s->width - s->used;
}

static str stock_at(const struct stock *s, size_t i)
{
    return (str){s->text.p + i * s->width, s->width};
}

static str stock_take(struct stock *s) { return stock_at(s, s->used++); }

static void stock_add(struct stock *s, str name)
{
    if (s->width == 0) s->width = name.n;
    if (name.n != s->width) die("the pool's numbers are not all of one length");
    buf_add(&s->text, name);
    if (s->text.failed) die("too many numbers asked for");
}

// The strings of `"member":["…","…"]`; serials of the pools used here need no escapes.
static void stock_add_array(struct stock *s, str json, const char *member)
{
    const char *at = json.n > 0 ? memmem(json.p, json.n, member, strlen(member)) : NULL;
    str rest, name, end;

    if (at == NULL) die("an answer without the numbers asked for");
    rest = str_from(json, (size_t)(at - json.p) + strlen(member));
    if (!str_cut(&rest, '[', &name)) die("an answer without an array of numbers");
    if (!str_cut(&rest, ']', &end)) die("an answer with half an array of numbers");
    while (str_cut(&end, '"', &name) && str_cut(&end, '"', &name)) stock_add(s, name);
}

// --- requests ---

#define LENGTH_DIGITS 7

// Returns where the body begins; its length is written over the zeros in front of it.
static size_t request_begin(struct client *c, const char *path)
{
    struct buf *out = &c->asker.out;

    buf_reset(out);
    buf_addf(out,
             "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
             "Idempotency-Key: %016lx-%08lx\r\nContent-Type: application/json\r\n",
             path, run.token, run.key_base, run.key_next++);
    buf_addf(out, "Content-Length: %0*d\r\n\r\n", LENGTH_DIGITS, 0);
    return out->n;
}

static bool request_end(struct client *c, size_t body_at)
{
    struct buf *out = &c->asker.out;
    char digits[LENGTH_DIGITS + 1];

    if (out->failed) return true; // asker_send says so
    snprintf(digits, sizeof digits, "%0*u", LENGTH_DIGITS, (unsigned)(out->n - body_at));
    memcpy(out->p + body_at - 4 - LENGTH_DIGITS, digits, LENGTH_DIGITS);
    return true;
}

// The first trouble is printed, all of it is counted.
static void went_wrong(struct client *c)
{
    str body = buf_str(&c->asker.body);

    if (run.errors++ == 0) fprintf(stderr, "load: answer %d: %.*s\n", c->asker.code, STR(body));
}

static bool answer_has(struct client *c, str what)
{
    str body = buf_str(&c->asker.body);

    return body.n > 0 && memmem(body.p, body.n, what.p, what.n) != NULL;
}

static bool issue_ask(struct client *c)
{
    size_t at = request_begin(c, "/v1/serials");

    buf_addf(&c->asker.out, "{\"gtin\":\"%s\",\"quantity\":%zu,\"lot\":\"%s\"}", c->lane->gtin,
             run.count, c->lane->lot);
    return request_end(c, at);
}

static bool packs_ask(struct client *c)
{
    size_t have = c->packs.width == 0 ? 0 : c->packs.text.n / c->packs.width;
    size_t want = c->packs_wanted - have;

    if (want == 0) return false;
    if (want > ISSUE_SIZE_MAX) want = ISSUE_SIZE_MAX;
    size_t at = request_begin(c, "/v1/serials");
    buf_addf(&c->asker.out, "{\"gtin\":\"%s\",\"quantity\":%zu}", c->lane->gtin, want);
    return request_end(c, at);
}

static void packs_take(struct client *c)
{
    stock_add_array(&c->packs, buf_str(&c->asker.body), "\"serials\"");
}

static bool cases_ask(struct client *c)
{
    if (c->cases.width != 0) return false;
    size_t at = request_begin(c, "/v1/sscc");
    buf_addf(&c->asker.out, "{\"quantity\":%zu,\"gtin\":\"%s\",\"lot\":\"%s\"}", c->cases_wanted,
             c->lane->gtin, c->lane->lot);
    return request_end(c, at);
}

static void cases_take(struct client *c)
{
    stock_add_array(&c->cases, buf_str(&c->asker.body), "\"ssccs\"");
}

static bool report_packs(struct client *c, size_t n)
{
    if (stock_left(&c->packs) < n) return false;
    size_t at = request_begin(c, "/v1/reports");
    buf_addf(&c->asker.out, "{\"type\":\"commission\",\"lot\":\"%s\",\"gtin\":\"%s\",\"serials\":[",
             c->lane->lot, c->lane->gtin);
    for (size_t i = 0; i < n; i++) {
        str s = stock_take(&c->packs);
        buf_add(&c->asker.out, i == 0 ? S("\"") : S(",\""));
        buf_add(&c->asker.out, s);
        buf_addc(&c->asker.out, '"');
    }
    buf_add(&c->asker.out, S("]}"));
    return request_end(c, at);
}

static bool commission_ask(struct client *c) { return report_packs(c, run.count); }

static bool prepare_ask(struct client *c)
{
    size_t left = stock_left(&c->packs);

    if (left > 0) return report_packs(c, left < REPORT_SIZE ? left : REPORT_SIZE);
    c->packs.used = 0; // what comes next packs the same packs
    return false;
}

static bool aggregate_ask(struct client *c)
{
    if (stock_left(&c->packs) < run.count || stock_left(&c->cases) == 0) return false;
    size_t at = request_begin(c, "/v1/reports");
    str parent = stock_take(&c->cases);
    buf_addf(&c->asker.out,
             "{\"type\":\"pack\",\"parent\":\"%.*s\",\"commission\":true,\"children\":[",
             STR(parent));
    for (size_t i = 0; i < run.count; i++) {
        str s = stock_take(&c->packs);
        buf_add(&c->asker.out, i == 0 ? S("\"(01)") : S(",\"(01)"));
        buf_add(&c->asker.out, (str){c->lane->gtin, 14});
        buf_add(&c->asker.out, S("(21)"));
        buf_add(&c->asker.out, s);
        buf_addc(&c->asker.out, '"');
    }
    buf_add(&c->asker.out, S("]}"));
    return request_end(c, at);
}

// A report is answered 200 even where it was refused: what counts is what it says.
static void report_take(struct client *c)
{
    if (!answer_has(c, S("\"refused\":0"))) went_wrong(c);
}

static uint64_t roll(uint64_t below) // xorshift64: which pack is looked up need not be a secret
{
    run.dice ^= run.dice << 13;
    run.dice ^= run.dice >> 7;
    run.dice ^= run.dice << 17;
    return run.dice % below;
}

static bool lookup_ask(struct client *c)
{
    str name = stock_at(&run.known, roll(stock_left(&run.known)));

    buf_reset(&c->asker.out);
    buf_addf(&c->asker.out,
             "GET /v1/units/%%2801%%29%.14s%%2821%%29%.*s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
             "Authorization: Bearer %s\r\n\r\n",
             name.p, (int)name.n - 14, name.p + 14, run.token);
    return !c->asker.out.failed;
}

static bool container_ask(struct client *c, const char *type)
{
    str name = stock_at(&run.known, roll(stock_left(&run.known)));

    buf_reset(&c->asker.out);
    buf_addf(&c->asker.out,
             "GET /v1/units/%.18s/tree HTTP/1.1\r\nHost: 127.0.0.1\r\n"
             "Accept: %s\r\nAuthorization: Bearer %s\r\n\r\n",
             name.p, type, run.token);
    return !c->asker.out.failed;
}

static bool expand_ask(struct client *c) { return container_ask(c, "text/plain"); }

static bool tree_ask(struct client *c) { return container_ask(c, "application/json"); }

// --- documents of EPCIS ---

static void epc_put(struct buf *out, str gtin, str serial)
{
    buf_add(out, S("\"https://id.gs1.org/01/"));
    buf_add(out, gtin);
    buf_add(out, S("/21/"));
    buf_add(out, serial);
    buf_addc(out, '"');
}

// Each writes an identifier; false when there is none left.
static bool known_epc(struct client *c)
{
    if (c->known_next == c->known_end) c->known_next = c->known_begin;
    if (c->known_next == c->known_end) return false;
    str name = stock_at(&run.known, c->known_next++);
    epc_put(&c->asker.out, (str){name.p, 14}, str_from(name, 14));
    return true;
}

static bool new_epc(struct client *c)
{
    if (stock_left(&c->packs) == 0) return false;
    epc_put(&c->asker.out, (str){c->lane->gtin, 14}, stock_take(&c->packs));
    return true;
}

static bool foreign_epc(struct client *c)
{
    char serial[24];

    int n = snprintf(serial, sizeof serial, "S%012lu", run.foreign_next++);
    epc_put(&c->asker.out, S("09521999000006"), (str){serial, (size_t)n});
    return true;
}

static void event_begin(struct client *c, const char *action, const char *rest)
{
    struct timespec t;
    struct moment at;

    clock_gettime(CLOCK_REALTIME, &t);
    at = (struct moment){{(int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000}, 0};
    buf_add(&c->asker.out, S("{\"type\":\"ObjectEvent\",\"eventTime\":\""));
    when_write(&c->asker.out, at);
    buf_addf(&c->asker.out,
             "\",\"eventTimeZoneOffset\":\"+00:00\",\"eventID\":\"urn:uuid:%08lx-%04lx-4000-8000-"
             "%012lx\",\"action\":\"%s\",%s,\"epcList\":[",
             run.key_base & 0xffffffff, (run.key_base >> 32) & 0xffff, run.event_next++, action,
             rest);
}

static bool document_ask(struct client *c, bool (*epc)(struct client *), const char *action,
                         const char *rest)
{
    struct buf *out = &c->asker.out;
    size_t at = request_begin(c, "/epcis/v2/capture"),
           in_event = run.epcs > 0 ? run.epcs : run.count;

    buf_add(out, S("{\"@context\":\"https://ref.gs1.org/standards/epcis/2.0.0/"
                   "epcis-context.jsonld\",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
                   "\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":["));
    for (size_t i = 0; i < run.count; i++) {
        bool first = i % in_event == 0;
        if (first && i > 0) buf_add(out, S("]},"));
        if (first) event_begin(c, action, rest);
        if (!first) buf_addc(out, ',');
        if (!epc(c)) return false;
    }
    buf_add(out, S("]}]}}"));
    return request_end(c, at);
}

static bool observe_ask(struct client *c) { return document_ask(c, known_epc, "OBSERVE", SEEN); }

static bool foreign_ask(struct client *c) { return document_ask(c, foreign_epc, "OBSERVE", SEEN); }

static bool add_ask(struct client *c)
{
    char rest[256];

    snprintf(rest, sizeof rest, BEGUN, c->lane->lot);
    return document_ask(c, new_epc, "ADD", rest);
}

// How long a look at every byte of one request would take.
static double scan_us(const struct client *c)
{
    str in = buf_str(&c->asker.out);
    uint64_t begin = now_us();
    size_t n = 0;

    for (int i = 0; i < SCANS; i++)
        for (const char *p = in.p, *end = p + in.n; p < end; p++, n++) {
            p = memchr(p, '"', (size_t)(end - p));
            if (p == NULL) break;
        }
    return n == 0 ? 0 : (double)(now_us() - begin) / SCANS;
}

// A document that is refused as a whole is answered 202, too: its job says what became of it.
static bool job_ask(struct client *c)
{
    struct buf *head = &c->asker.head;
    const char *at = strcasestr(head->p, "\r\nlocation: "), *end;

    if (at == NULL) return false; // it was asked
    at += 12;
    end = strstr(at, "\r\n");
    buf_reset(&c->asker.out);
    buf_addf(&c->asker.out,
             "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n",
             (int)(end - at), at, run.token);
    return true;
}

static void job_take(struct client *c)
{
    if (!answer_has(c, S("\"success\":true"))) went_wrong(c);
}

static void lookup_take(struct client *c)
{
    if (!answer_has(c, S("\"commissioned\""))) went_wrong(c);
}

// What a pallet of cases of packs is answered by.
static void expand_take(struct client *c)
{
    if (!answer_has(c, S("\n (00)")) || !answer_has(c, S("\n  (01)"))) went_wrong(c);
}

static void tree_take(struct client *c)
{
    if (!answer_has(c, S("\"children\":[{"))) went_wrong(c);
}

// --- clients ---

// False when the step has nothing more for this client.
static bool client_ask(struct client *c, const struct step *s)
{
    c->busy = s->ask(c);
    if (!c->busy) return false;
    c->asked_us = now_us();
    asker_send(&c->asker, c);
    return true;
}

static void client_answered(struct client *c, const struct step *s, uint64_t now)
{
    c->busy = false;
    if (s->timed && run.requests < SAMPLES_MAX)
        run.sample[run.requests] = (uint32_t)(now - c->asked_us);
    run.requests++;
    if (c->asker.code / 100 != 2)
        went_wrong(c);
    else if (s->take != NULL)
        s->take(c);
    if (!s->timed && run.errors > 0) exit(1);
}

// --- steps ---

// Every client asks, and asks again when answered, until the step has nothing more for one of them
// (timed: for any, or the time is over). Returns microseconds from the first request to the last
// answer.
static uint64_t step_run(const struct step *s)
{
    uint64_t begin = now_us(), end = begin + (uint64_t)(run.seconds * 1e6), now = begin;
    struct epoll_event ev[64];
    unsigned busy = 0;
    bool more = true;

    for (unsigned i = 0; i < run.clients; i++) busy += client_ask(&run.client[i], s);
    while (busy > 0) {
        int n = epoll_wait(run.epoll, ev, LEN(ev), SILENCE_MS);
        if (n == 0) die("no answer for 20 s");
        for (int i = 0; i < n; i++) {
            struct client *c = ev[i].data.ptr;
            if (ev[i].events & EPOLLOUT) asker_more(&c->asker, c);
            if (!c->busy || !asker_read(&c->asker)) continue;
            now = now_us();
            client_answered(c, s, now);
            if (s->timed && now >= end) more = false;
            bool again = more && client_ask(c, s);
            if (s->timed && !again) more = false;
            busy -= !again;
        }
    }
    return now - begin;
}

static const struct step step_issue = {issue_ask, NULL, true},
                         step_packs = {packs_ask, packs_take, false},
                         step_cases = {cases_ask, cases_take, false},
                         step_prepare = {prepare_ask, report_take, false},
                         step_commission = {commission_ask, report_take, true},
                         step_aggregate = {aggregate_ask, report_take, true},
                         step_lookup = {lookup_ask, lookup_take, true},
                         step_expand = {expand_ask, expand_take, true},
                         step_tree = {tree_ask, tree_take, true},
                         step_observe = {observe_ask, NULL, true}, step_add = {add_ask, NULL, true},
                         step_foreign = {foreign_ask, NULL, true},
                         step_jobs = {job_ask, job_take, false};

static const struct op {
    const char *name;
    bool stock;                   // numbers are laid in for STOCK_RATE requests of `count`
    const struct step *before[3]; // in turn
    const struct step *timed;     // NULL: only prepares
    const struct step *after;
} ops[] = {
    {"issue",      false, {NULL},                                    &step_issue,      NULL      },
    {"commission", true,  {&step_packs},                             &step_commission, NULL      },
    {"aggregate",  true,  {&step_packs, &step_cases, &step_prepare}, &step_aggregate,  NULL      },
    {"lookup",     false, {NULL},                                    &step_lookup,     NULL      },
    {"expand",     false, {NULL},                                    &step_expand,     NULL      },
    {"tree",       false, {NULL},                                    &step_tree,       NULL      },
    {"fill",       false, {&step_packs, &step_prepare},              NULL,             NULL      },
    {"observe",    false, {NULL},                                    &step_observe,    &step_jobs},
    {"add",        true,  {&step_packs},                             &step_add,        &step_jobs},
    {"foreign",    false, {NULL},                                    &step_foreign,    &step_jobs},
};

// FILE has the packs of one client after those of another: each has its own.
static void known_share(struct client *c, unsigned i)
{
    size_t each = stock_left(&run.known) / run.clients;

    c->known_begin = c->known_next = i * each;
    c->known_end = c->known_begin + each;
}

static void stock_plan(const struct op *op)
{
    size_t rate = op->timed == &step_add ? STOCK_RATE / 4 : STOCK_RATE;
    size_t requests = (size_t)(run.seconds * (double)rate) / run.clients + 1;

    for (unsigned i = 0; i < run.clients; i++) {
        struct client *c = &run.client[i];
        c->packs_wanted = op->stock ? requests * run.count : run.count / run.clients;
        c->cases_wanted = requests;
        known_share(c, i);
    }
}

static void known_write(void)
{
    FILE *f = fopen(run.file, "w");

    if (f == NULL) die_os(run.file);
    for (unsigned i = 0; i < run.clients; i++) {
        struct client *c = &run.client[i];
        for (size_t k = 0; k < stock_left(&c->packs); k++)
            fprintf(f, "%s%.*s\n", c->lane->gtin, STR(stock_at(&c->packs, k)));
    }
    if (fclose(f) != 0) die_os(run.file);
}

static void known_read(void)
{
    FILE *f = run.file != NULL ? fopen(run.file, "r") : NULL;
    char line[64];

    if (f == NULL) die("lookup needs -f FILE, as fill wrote it");
    buf_init(&run.known.text, STOCK_MAX);
    while (fgets(line, sizeof line, f) != NULL) stock_add(&run.known, str_trim(str_of(line)));
    fclose(f);
    if (stock_left(&run.known) == 0 || run.known.width < 15) die("FILE names no packs");
}

static void lanes_read(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[64];

    if (f == NULL) die_os(path);
    while (run.lanes < LANES_MAX && fgets(line, sizeof line, f) != NULL) {
        struct lane *l = &run.lane[run.lanes++];
        str rest = str_trim(str_of(line)), gtin;
        if (!str_cut(&rest, ' ', &gtin) || gtin.n != 14 || rest.n >= sizeof l->lot)
            die("a lane is a line: 14 digits of a GTIN, blank, lot");
        memcpy(l->gtin, gtin.p, 14);
        memcpy(l->lot, rest.p, rest.n);
    }
    fclose(f);
    if (run.lanes == 0) die("no lane");
}

// User and system time of the service; the second field is its name, which may hold blanks.
static uint64_t cpu_us(void)
{
    char path[64], text[1024];
    unsigned long user = 0, sys = 0;

    if (run.pid == 0) return 0;
    snprintf(path, sizeof path, "/proc/%d/stat", run.pid);
    FILE *f = fopen(path, "r");
    if (f == NULL) die_os(path);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 14; field++) at = strchr(at + 1, ' ');
    if (at != NULL) user = strtoul(at, &at, 10), sys = strtoul(at, NULL, 10);
    return (user + sys) * (1000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void clients_open(void)
{
    for (unsigned i = 0; i < run.clients; i++) {
        struct client *c = &run.client[i];
        c->lane = &run.lane[i % run.lanes];
        buf_init(&c->packs.text, STOCK_MAX);
        buf_init(&c->cases.text, STOCK_MAX);
        asker_open(&c->asker, run.port, run.epoll, c);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void op_time(const struct op *op)
{
    run.requests = 0;
    uint64_t cpu = cpu_us(), took = step_run(op->timed);
    cpu = cpu_us() - cpu;
    uint64_t requests = run.requests;
    if (requests == 0) die("nothing was asked");
    size_t n = requests < SAMPLES_MAX ? requests : SAMPLES_MAX;
    double rate = (double)requests / ((double)took / 1e6), scan = scan_us(&run.client[0]);
    size_t bytes = run.client[0].asker.out.n;

    if (op->after != NULL) step_run(op->after);

    qsort(run.sample, n, sizeof *run.sample, by_size);
    printf("%s\t%zu\t%lu\t%.1f\t%.0f\t%u\t%u\t%u\t%lu\t%.1f\t%.1f\t%zu\n", op->name, run.count,
           requests, rate, rate * (double)run.count, run.sample[n / 2], run.sample[n * 99 / 100],
           run.sample[n * 999 / 1000], run.errors, (double)cpu / (double)requests, scan, bytes);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: load [-c CLIENTS] [-s SECONDS] [-p PID] [-f FILE] [-e EPCS] [-a FROM] "
                    "PORT TOKEN LANES OP [COUNT]\n");
    exit(2);
}

static const struct op *options_read(int argc, char **argv)
{
    for (int o; (o = getopt(argc, argv, "c:s:p:f:e:a:")) != -1;) {
        if (o == 'c')
            run.clients = (unsigned)strtoul(optarg, NULL, 10);
        else if (o == 's')
            run.seconds = strtod(optarg, NULL);
        else if (o == 'p')
            run.pid = (int)strtol(optarg, NULL, 10);
        else if (o == 'f')
            run.file = optarg;
        else if (o == 'e')
            run.epcs = strtoul(optarg, NULL, 10);
        else if (o == 'a')
            run.foreign_next = strtoul(optarg, NULL, 10);
        else
            usage();
    }
    if (argc - optind < 4 || run.clients == 0 || run.clients > CLIENTS_MAX) usage();
    run.port = (int)strtol(argv[optind], NULL, 10);
    run.token = argv[optind + 1];
    lanes_read(argv[optind + 2]);
    if (argc - optind > 4) run.count = strtoul(argv[optind + 4], NULL, 10);
    if (run.count == 0 || run.seconds <= 0) usage();
    for (size_t i = 0; i < LEN(ops); i++)
        if (strcmp(ops[i].name, argv[optind + 3]) == 0) return &ops[i];
    usage();
}

int main(int argc, char **argv)
{
    const struct op *op = options_read(argc, argv);

    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    run.sample = calloc(SAMPLES_MAX, sizeof *run.sample);
    if (run.sample == NULL || getrandom(&run.key_base, 8, 0) != 8) die("start");
    run.dice = run.key_base | 1;
    if (op->timed == &step_lookup || op->timed == &step_observe || op->timed == &step_expand ||
        op->timed == &step_tree)
        known_read();
    clients_open();
    stock_plan(op);
    for (size_t i = 0; i < LEN(op->before) && op->before[i] != NULL; i++) step_run(op->before[i]);
    if (op->timed != NULL)
        op_time(op);
    else if (run.file != NULL)
        known_write();
    return run.errors > 0;
}
