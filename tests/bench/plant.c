// plant.c - a plant's lines at a given pace, and people who ask meanwhile.
//
//     plant PORT OPERATOR LINES SECONDS PACKS [SIZE]
//
// LINES   a file of lines "gtin token": one line of the plant each
// PACKS   a second, of all lines together
// SIZE    packs in a report, a divisor of 50; 10
//
// Each line opens a lot, asks for numbers by the hundred and for SSCCs by the five, commissions
// SIZE packs at a time, packs 50 into a case, closes the lot after five cases and opens the next.
// What is due when follows from the pace alone: who is answered late asks late, and the time counts
// from when it was due. The others look up packs, ask for events and for balances, at a pace of
// their own.
//
// Prints a line of tabs for each of `jobs`: name, requests, p50, p99, p999, maximum (us from due to
// the last byte), errors. One thread; one client = one connection.
#include "common/when.h"
#include "tests/bench/asker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX   256u
#define CLIENTS_MAX (LINES_MAX + 16u)
#define SAMPLES_MAX (1u << 21) // of one job
#define SERIAL_MAX  40u
#define CASE        50u // packs
#define LOT         (5 * CASE)
#define NUMBERS     100u
#define SSCCS       5u
#define SILENCE_MS  30000u // then something is broken
#define NEVER       UINT64_MAX

enum job { OPEN, SERIALS, SSCC, COMMISSION, PACK, CLOSE, LOOKUP, EVENTS, BALANCE, JOBS };

struct name {
    char text[SERIAL_MAX];
};

struct client {
    struct asker asker;
    enum job job; // under way; of those who only ask: the one they have
    bool busy, is_line;
    uint64_t due_us, every_us; // of the next report or question
    uint64_t asked_us;         // what the job under way is counted from
    unsigned asked;            // questions so far
    // Of a line:
    char gtin[15];
    const char *token;
    unsigned lot; // 0: none yet
    bool open;
    struct name serial[LOT], sscc[SSCCS], seen; // seen: a pack that is in a case
    unsigned serials, used, packed, ssccs, in_sscc;
};

static struct {
    struct client client[CLIENTS_MAX];
    char token[LINES_MAX][128];
    unsigned clients, lines, size;
    const char *operator;
    int port, epoll;
    uint64_t key_base, key_next, dice, end_us;
    uint32_t *sample[JOBS];
    uint64_t requests[JOBS], errors[JOBS];
    bool told;
} run;

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t roll(uint64_t below) // xorshift64
{
    run.dice ^= run.dice << 13;
    run.dice ^= run.dice >> 7;
    run.dice ^= run.dice << 17;
    return run.dice % below;
}

// --- requests ---

static void get(struct client *c, const char *fmt, ...) LIKE_PRINTF(2, 3);
static void get(struct client *c, const char *fmt, ...)
{
    char path[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof path, fmt, ap);
    va_end(ap);
    buf_reset(&c->asker.out);
    buf_addf(&c->asker.out,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", path,
             run.operator);
}

static void post(struct client *c, const char *token, const char *path, const struct buf *body)
{
    buf_reset(&c->asker.out);
    buf_addf(&c->asker.out,
             "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
             "Idempotency-Key: %016lx-%08lx\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n",
             path, token, run.key_base, run.key_next++, body->n);
    buf_add(&c->asker.out, buf_str(body));
}

static void open_ask(struct client *c, struct buf *b)
{
    c->lot++;
    c->serials = c->used = c->packed = c->ssccs = c->in_sscc = 0;
    buf_addf(b, "{\"lot\":\"P%u\",\"gtin\":\"%s\",\"expiry\":\"2030-12-31\"}", c->lot, c->gtin);
    post(c, run.operator, "/v1/lots", b);
}

static void serials_ask(struct client *c, struct buf *b)
{
    buf_addf(b, "{\"gtin\":\"%s\",\"quantity\":%u,\"lot\":\"P%u\"}", c->gtin, NUMBERS, c->lot);
    post(c, c->token, "/v1/serials", b);
}

static void sscc_ask(struct client *c, struct buf *b)
{
    buf_addf(b, "{\"quantity\":%u,\"gtin\":\"%s\",\"lot\":\"P%u\"}", SSCCS, c->gtin, c->lot);
    post(c, c->token, "/v1/sscc", b);
}

static void commission_ask(struct client *c, struct buf *b)
{
    buf_addf(b, "{\"type\":\"commission\",\"lot\":\"P%u\",\"gtin\":\"%s\",\"serials\":[", c->lot,
             c->gtin);
    for (unsigned i = 0; i < run.size; i++)
        buf_addf(b, "%s\"%s\"", i == 0 ? "" : ",", c->serial[c->used++].text);
    buf_add(b, S("]}"));
    post(c, c->token, "/v1/reports", b);
}

static void pack_ask(struct client *c, struct buf *b)
{
    buf_addf(b, "{\"type\":\"pack\",\"parent\":\"%s\",\"commission\":true,\"children\":[",
             c->sscc[c->in_sscc++].text);
    for (unsigned i = 0; i < CASE; i++)
        buf_addf(b, "%s\"(01)%s(21)%s\"", i == 0 ? "" : ",", c->gtin, c->serial[c->packed++].text);
    buf_add(b, S("]}"));
    post(c, c->token, "/v1/reports", b);
}

static void close_ask(struct client *c, struct buf *b)
{
    char path[128];

    snprintf(path, sizeof path, "/v1/lots/%s/P%u/close", c->gtin, c->lot);
    buf_add(b, S("{}"));
    post(c, run.operator, path, b);
}

// Any line that has packed.
static const struct client *some_line(void)
{
    for (unsigned i = 0; i < 4 * run.lines; i++) {
        const struct client *c = &run.client[roll(run.lines)];
        if (c->seen.text[0] != 0) return c;
    }
    return NULL;
}

static void lookup_ask(struct client *c, struct buf *b)
{
    const struct client *l = some_line();

    (void)b;
    if (l == NULL)
        get(c, "/v1/lots");
    else
        get(c, "/v1/units/%%2801%%29%s%%2821%%29%s", l->gtin, l->seen.text);
}

static void events_ask(struct client *c, struct buf *b)
{
    const struct client *l = some_line();

    (void)b;
    switch (c->asked % 3) {
    case 0: get(c, "/epcis/v2/events?EQ_bizStep=packing&perPage=100"); break;
    case 1:
        get(c, "/epcis/v2/events?EQ_bizStep=packing&perPage=100&orderBy=recordTime"
               "&orderDirection=DESC");
        break;
    default:
        if (l == NULL)
            get(c, "/epcis/v2/events?perPage=100");
        else
            get(c,
                "/epcis/v2/events?MATCH_anyEPC=https%%3A%%2F%%2Fid.gs1.org%%2F01%%2F%s%%2F21%%2F%s",
                l->gtin, l->seen.text);
    }
}

static void balance_ask(struct client *c, struct buf *b)
{
    const struct client *l = &run.client[roll(run.lines)];

    (void)b;
    get(c, "/v1/lots/%s/P%u/balance", l->gtin, l->open || l->lot < 2 ? l->lot : l->lot - 1);
}

// --- answers ---

static bool answer_has(struct client *c, str what)
{
    str body = buf_str(&c->asker.body);

    return body.n > 0 && memmem(body.p, body.n, what.p, what.n) != NULL;
}

static unsigned names_take(struct client *c, const char *member, struct name *to, unsigned room)
{
    str body = buf_str(&c->asker.body), rest, name, all;
    const char *at = body.n == 0 ? NULL : memmem(body.p, body.n, member, strlen(member));
    unsigned n = 0;

    if (at == NULL) die("an answer without the numbers asked for");
    rest = str_from(body, (size_t)(at - body.p) + strlen(member));
    if (!str_cut(&rest, '[', &name) || !str_cut(&rest, ']', &all)) die("half an array of numbers");
    while (n < room && str_cut(&all, '"', &name) && str_cut(&all, '"', &name)) {
        if (name.n >= SERIAL_MAX) die("a number of %zu characters", name.n);
        memcpy(to[n].text, name.p, name.n);
        to[n++].text[name.n] = 0;
    }
    return n;
}

static bool open_take(struct client *c) { return c->open = true; }

static bool serials_take(struct client *c)
{
    c->serials += names_take(c, "\"serials\"", c->serial + c->serials, LOT - c->serials);
    return true;
}

static bool sscc_take(struct client *c)
{
    c->ssccs = names_take(c, "\"ssccs\"", c->sscc, SSCCS);
    c->in_sscc = 0;
    return true;
}

// A report is answered 200 even where it was refused.
static bool report_take(struct client *c) { return answer_has(c, S("\"refused\":0")); }

static bool pack_take(struct client *c)
{
    c->seen = c->serial[c->packed - 1 - roll(CASE)];
    return report_take(c);
}

static bool close_take(struct client *c)
{
    c->open = false;
    return true;
}

static const struct {
    const char *name;
    void (*ask)(struct client *c, struct buf *body);
    bool (*take)(struct client *c); // of a 2xx; NULL: it need only be one
} jobs[JOBS] = {
    [OPEN] = {"open a lot",          open_ask,       open_take   },
    [SERIALS] = {"100 serials",         serials_ask,    serials_take},
    [SSCC] = {"5 SSCCs",             sscc_ask,       sscc_take   },
    [COMMISSION] = {"commission",          commission_ask, report_take },
    [PACK] = {"pack 50 into a case", pack_ask,       pack_take   },
    [CLOSE] = {"close a lot",         close_ask,      close_take  },
    [LOOKUP] = {"lookup of a pack",    lookup_ask,     NULL        },
    [EVENTS] = {"EPCIS events",        events_ask,     NULL        },
    [BALANCE] = {"balance of a lot",    balance_ask,    NULL        },
};

// --- what comes next ---

// Only the commissioning waits for its time: all else is what it needs or what follows from it.
static enum job line_next(const struct client *c)
{
    if (!c->open) return OPEN;
    if (c->used - c->packed == CASE) return c->in_sscc < c->ssccs ? PACK : SSCC;
    if (c->used == LOT) return CLOSE;
    return c->serials - c->used < run.size ? SERIALS : COMMISSION;
}

// When the client has something to ask; NEVER: no more.
static uint64_t due_at(const struct client *c)
{
    uint64_t at = c->is_line && line_next(c) != COMMISSION ? 0 : c->due_us;

    return at >= run.end_us ? NEVER : at;
}

static void ask(struct client *c, uint64_t now)
{
    struct buf body;

    buf_init(&body, 64 * KB);
    c->asked_us = now;
    if (c->is_line) c->job = line_next(c);
    if (!c->is_line || c->job == COMMISSION) {
        c->asked_us = c->due_us;
        c->due_us += c->every_us;
    }
    c->asked++;
    jobs[c->job].ask(c, &body);
    buf_fini(&body);
    c->busy = true;
    asker_send(&c->asker, c);
}

static void answered(struct client *c, uint64_t now)
{
    enum job j = c->job;
    bool good = c->asker.code / 100 == 2 && (jobs[j].take == NULL || jobs[j].take(c));

    c->busy = false;
    if (run.requests[j] < SAMPLES_MAX)
        run.sample[j][run.requests[j]] = (uint32_t)(now - c->asked_us);
    run.requests[j]++;
    if (good) return;
    if (!run.told)
        fprintf(stderr, "plant: %s: answer %d: %.*s\n", jobs[j].name, c->asker.code,
                STR(buf_str(&c->asker.body)));
    run.told = true;
    run.errors[j]++;
    if (c->is_line) exit(1); // what follows would all be refused
}

// --- the run ---

// Asks what is due; how long until the next is.
static uint64_t ask_due(uint64_t now)
{
    uint64_t next = NEVER;

    for (unsigned i = 0; i < run.clients; i++) {
        struct client *c = &run.client[i];
        if (c->busy) continue;
        uint64_t at = due_at(c);
        if (now >= run.end_us) continue;
        if (at <= now)
            ask(c, now);
        else if (at < next)
            next = at;
    }
    return next == NEVER ? 1000000 : next - now;
}

static unsigned busy_count(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < run.clients; i++) n += run.client[i].busy;
    return n;
}

static void work(void)
{
    struct epoll_event ev[64];
    uint64_t now = now_us(), silent_ms = 0; // as far as this program was running

    while (now < run.end_us || busy_count() > 0) {
        uint64_t pause = ask_due(now) / 1000;
        int ms = pause < 1000 ? (int)pause : 1000;
        int n = epoll_wait(run.epoll, ev, LEN(ev), ms);
        for (int i = 0; i < n; i++) {
            struct client *c = ev[i].data.ptr;
            if (ev[i].events & EPOLLOUT) asker_more(&c->asker, c);
            if (c->busy && asker_read(&c->asker)) answered(c, now_us());
        }
        now = now_us();
        silent_ms = n > 0 ? 0 : silent_ms + (unsigned)ms;
        if (busy_count() > 0 && silent_ms > SILENCE_MS) die("no answer for 30 s");
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void tell(void)
{
    for (unsigned j = 0; j < JOBS; j++) {
        uint32_t *s = run.sample[j];
        size_t n = run.requests[j] < SAMPLES_MAX ? run.requests[j] : SAMPLES_MAX;
        if (n == 0) continue;
        qsort(s, n, sizeof *s, by_size);
        printf("%s\t%lu\t%u\t%u\t%u\t%u\t%lu\n", jobs[j].name, run.requests[j], s[n / 2],
               s[n * 99 / 100], s[n * 999 / 1000], s[n - 1], run.errors[j]);
    }
}

static void lines_read(const char *path)
{
    FILE *f = fopen(path, "r");
    char text[256];

    if (f == NULL) die_os(path);
    while (run.lines < LINES_MAX && fgets(text, sizeof text, f) != NULL) {
        struct client *c = &run.client[run.lines];
        str rest = str_trim(str_of(text)), gtin;
        if (!str_cut(&rest, ' ', &gtin) || gtin.n != 14 || rest.n >= sizeof run.token[0])
            die("a line is a line: 14 digits of a GTIN, blank, token");
        memcpy(c->gtin, gtin.p, 14);
        memcpy(run.token[run.lines], rest.p, rest.n);
        c->token = run.token[run.lines++];
        c->is_line = true;
    }
    fclose(f);
    if (run.lines == 0) die("no line");
}

static void clients_open(double packs)
{
    static const struct {
        enum job job;
        unsigned clients, every_ms;
    } others[] = {
        {LOOKUP,  4, 80 },
        {EVENTS,  2, 200},
        {BALANCE, 2, 200}
    };
    uint64_t begin = now_us() + 100000;
    uint64_t every = (uint64_t)(1e6 * run.size * run.lines / packs);

    run.clients = run.lines;
    for (unsigned i = 0; i < run.lines; i++) {
        run.client[i].every_us = every;
        run.client[i].due_us = begin + every * i / run.lines;
    }
    for (size_t k = 0; k < LEN(others); k++)
        for (unsigned i = 0; i < others[k].clients; i++) {
            struct client *c = &run.client[run.clients++];
            c->job = others[k].job;
            c->asked = i;
            c->every_us = others[k].every_ms * 1000;
            c->due_us = begin + 2000000 + c->every_us * i / others[k].clients; // lots are open then
        }
    for (unsigned i = 0; i < run.clients; i++)
        asker_open(&run.client[i].asker, run.port, run.epoll, &run.client[i]);
}

int main(int argc, char **argv)
{
    if (argc < 6) die("usage: plant PORT OPERATOR LINES SECONDS PACKS [SIZE]");
    run.port = (int)strtol(argv[1], NULL, 10);
    run.operator= argv[2];
    lines_read(argv[3]);
    run.size = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : 10;
    if (run.size == 0 || CASE % run.size != 0) die("SIZE divides %u", CASE);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (run.epoll < 0 || getrandom(&run.key_base, 8, 0) != 8) die("start");
    run.dice = run.key_base | 1;
    for (unsigned j = 0; j < JOBS; j++) {
        run.sample[j] = calloc(SAMPLES_MAX, sizeof **run.sample);
        if (run.sample[j] == NULL) die("memory");
    }
    clients_open(strtod(argv[5], NULL));
    run.end_us = now_us() + (uint64_t)(strtod(argv[4], NULL) * 1e6);
    work();
    tell();
    return 0;
}
