// epcis_json_bench.c - how fast documents of EPCIS 2.0 in JSON are cut and their events read, next
// to a scan of the same bytes that only looks for quotes.
#include "common/env.h"
#include "service/epcis/read.h"
#include <stdio.h>
#include <string.h>

#define DOCUMENT (8 * MB)
#define ROUNDS   10
#define PIECE    (64 * KB) // as bodies come from a socket

static void event_write(struct buf *b, unsigned epcs, unsigned number)
{
    buf_addf(b,
             "{\"type\":\"ObjectEvent\",\"eventID\":\"urn:uuid:27f237e6-b7f9-5587-a620-%012u\","
             "\"eventTime\":\"2026-11-23T20:17:05.123+01:00\",\"eventTimeZoneOffset\":\"+01:00\","
             "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"disposition\":\"active\","
             "\"epcList\":[",
             number);
    for (unsigned i = 0; i < epcs; i++)
        buf_addf(b, "%s\"https://id.gs1.org/01/09521141073469/21/%06u%06u\"", i > 0 ? "," : "",
                 number, i);
    buf_add(b, S("],\"readPoint\":{\"id\":\"https://id.gs1.org/414/9521141001011/254/LINE-1\"},"
                 "\"bizLocation\":{\"id\":\"https://id.gs1.org/414/9521141001004\"},"
                 "\"ilmd\":{\"cbvmda:lotNumber\":\"L7\","
                 "\"cbvmda:itemExpirationDate\":\"2028-02-29\"},\"acme:line\":{\"acme:no\":7}}"));
}

static unsigned document_write(struct buf *b, unsigned epcs)
{
    unsigned events = 0;

    buf_add(b, S("{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/"
                 "epcis-context.jsonld\",{\"acme\":\"https://ns.acme.example/epcis/\"}],"
                 "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
                 "\"creationDate\":\"2026-11-23T19:17:10Z\",\"epcisBody\":{\"eventList\":["));
    while (b->n < DOCUMENT) {
        if (events > 0) buf_addc(b, ',');
        event_write(b, epcs, events++);
    }
    buf_add(b, S("]}}"));
    return events;
}

struct taking {
    struct arena arena;
    struct epcis_scope scope;
    bool read;
    size_t seen;
};

static status take_front(void *self, const struct epcis_front *f)
{
    struct taking *t = self;

    t->scope = f->scope;
    return OK;
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct taking *t = self;
    struct epcis_event e;

    (void)index, (void)at;
    t->seen++;
    if (!t->read) return OK;
    arena_reset(&t->arena);
    return epcis_event_read(bytes, &t->scope, &t->arena, &e);
}

static const struct epcis_cut_ops ops = {take_front, take_event};

static size_t quotes(str in)
{
    size_t n = 0;

    for (const char *p = in.p, *end = p + in.n; p < end; p++, n++) {
        p = memchr(p, '"', (size_t)(end - p));
        if (p == NULL) break;
    }
    return n;
}

static size_t cut(str in, bool read)
{
    struct taking t = {.read = read};
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_JSON, .event_max = 1 * MB, .ops = &ops, .self = &t};
    struct epcis_cut *c = epcis_cut_new(&conf);
    status st = OK;

    arena_init(&t.arena, 1 * MB);
    for (size_t i = 0; i < in.n && st.cls == ST_OK; i += PIECE)
        st = epcis_cut_piece(c, (str){in.p + i, in.n - i < PIECE ? in.n - i : PIECE});
    if (st.cls == ST_OK) st = epcis_cut_end(c);
    assert(st.cls == ST_OK);
    epcis_cut_free(&c);
    arena_fini(&t.arena);
    return t.seen;
}

static size_t cut_alone(str in) { return cut(in, false); }
static size_t cut_and_read(str in) { return cut(in, true); }

// Milliseconds for all rounds.
static double measure(str in, size_t (*work)(str in))
{
    mono begin = env_mono(&env_real);
    size_t seen = 0;

    for (int i = 0; i < ROUNDS; i++) seen += work(in);
    assert(seen > 0);
    int64_t ms = env_mono(&env_real).ms - begin.ms;
    return (double)(ms + (ms == 0));
}

int main(void)
{
    static const unsigned sizes[] = {1, 10, 100};

    puts("| EPCIS, JSON: EPCs an event | quotes alone | cut | cut and read | us an event | "
         "slower than quotes |\n|---|---|---|---|---|---|");
    for (size_t i = 0; i < LEN(sizes); i++) {
        struct buf b;
        buf_init(&b, 2 * DOCUMENT);
        unsigned events = document_write(&b, sizes[i]);
        str in = buf_str(&b);
        double scan = measure(in, quotes), cutting = measure(in, cut_alone),
               reading = measure(in, cut_and_read), kb = (double)in.n * ROUNDS / 1e3;
        printf("| %3u (%zu bytes) | %.0f MB/s | %.0f MB/s | %.0f MB/s | %.2f | %.1fx |\n", sizes[i],
               in.n / events, kb / scan, kb / cutting, kb / reading,
               reading * 1e3 / (events * (double)ROUNDS), reading / scan);
        buf_fini(&b);
    }
    return 0;
}
