// query_bench.c - questions for events over a store of many: the first page of those that lists
// answer, beside what it takes to look up one unit.
//
// The store is filled by the facts that captures make, decided and written as the committer does
// it, but without HTTP, and synced once in thousands. BENCH_EVENTS says how many (1,000,000);
// BENCH_FOLDER where it lies and stays (a new folder under /var/tmp, removed at the end).
#include "common/bytes.h"
#include "common/env.h"
#include "service/client/client.h"
#include "service/epcis/write.h"
#include "service/event/capture.h"
#include "service/item/item_api.h"
#include "service/journal/ledger.h"
#include "service/kinds.h"
#include "service/pool/site_key.h"
#include "service/query/run.h"
#include "service/unit/unit_db.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH       2000u // facts in a transaction
#define NAMES       1000u // units in one fact
#define PLACES      200u
#define START_MS    INT64_C(1735689600000) // 2025-01-01
#define STEP_MS     3000                   // between events
#define ROUNDS      301
#define PAGE        30u
#define PAGE_US_MAX 5000

static struct site_keys keys;
static struct site site = {
    .magic = SITE_MAGIC, .env = &env_real, .kinds = site_kinds, .keys = &keys};
static const client_id acme = {1};
static uint64_t events;

static void must(status st, const char *what)
{
    if (st.cls == ST_OK) return;
    fprintf(stderr, "%s: %s %s\n", what, st.reason, st.text);
    exit(1);
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// ---- filling

struct filling {
    struct txn *t;
    struct ledger ledger;
    struct ledger_memory memory;
    struct buf out, units, record;
    struct arena arena; // of one fact
    uint32_t facts;     // in this transaction
};

static void begin(struct filling *x)
{
    x->t = txn_write(site.db);
    x->ledger = ledger_begin(x->t, site_kinds, &x->memory);
    x->facts = 0;
}

static void commit(struct filling *x)
{
    ledger_end(&x->ledger);
    must(txn_end(&x->t, true), "commit");
}

static void fact(struct filling *x, const struct kind *k, const void *ask, wall at)
{
    struct fact f = {
        .kind = k->number, .kind_version = k->version, .seq = x->ledger.head.seq + 1, .at = at};
    struct decide d = {.t = x->t,
                       .app = &site,
                       .ask = ask,
                       .arg = k->arg,
                       .now = at,
                       .seq = f.seq,
                       .arena = &x->arena,
                       .fact = &f,
                       .out = &x->out,
                       .units = &x->units};

    buf_reset(&x->out);
    buf_reset(&x->units);
    buf_reset(&x->record);
    must(k->decide(&d), k->name);
    must(buf_done(&x->out, &f.decided), k->name);
    ledger_write(&x->ledger, &f, d.packed_body, &x->record);
    must(txn_status(x->t), k->name);
    arena_reset(&x->arena);
    if (++x->facts < BATCH) return;
    commit(x);
    begin(x);
}

static void open_journal(struct filling *x)
{
    struct journal_meta meta = {.format = FORMAT_NOW,
                                .smallest_reader = FORMAT_NOW,
                                .created_by = S("query_bench"),
                                .epoch = 1};
    struct item_text text = {S("acme"), S("{\"name\":\"Acme\",\"prefixes\":[\"9506000\"]}"), &site};
    struct arena a;
    struct item_put put;

    env_random(&env_real, meta.journal_id, sizeof meta.journal_id);
    site_keys_check(&keys, 1, meta.key_check);
    fact(x, &kind_journal_opened, &meta, (wall){START_MS});
    commit(x);
    begin(x);
    arena_init(&a, 16 * MB);
    struct txn *t = txn_read(site.db);
    must(item_put_read(t, &noun_client, &text, &a, &put), "client");
    must(txn_end(&t, false), "read");
    fact(x, &kind_client_put, &put, (wall){START_MS});
    arena_fini(&a);
}

static size_t epc_text(char room[80], uint64_t item)
{
    return (size_t)snprintf(room, 80, "https://id.gs1.org/01/09506000134352/21/S%012llu",
                            (unsigned long long)item);
}

// Units that the events name; every one is named by two events.
static void name_units(struct filling *x)
{
    for (uint64_t at = 0; at < events / 2; at += NAMES) {
        uint64_t left = events / 2 - at;
        uint32_t n = left < NAMES ? (uint32_t)left : NAMES;
        struct foreign_name *names = NEW_ARRAY(&x->arena, struct foreign_name, n);
        for (uint32_t i = 0; i < n; i++) {
            char room[80];
            names[i].text = arena_str(&x->arena, (str){room, epc_text(room, at + i)});
        }
        struct foreign_ask ask = {acme, names, n, 0};
        fact(x, &kind_units_named, &ask, (wall){START_MS});
    }
}

static str place_text(struct arena *a, uint64_t place)
{
    char room[80];
    int n = snprintf(room, sizeof room, "urn:epc:id:sgln:9506000.%05llu.0",
                     (unsigned long long)(place + 1));
    return arena_str(a, (str){room, (size_t)n});
}

static str body_of(struct arena *a, const struct epcis_event *e)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    buf_add(&b, S("{\"@context\":\"https://ref.gs1.org/standards/epcis/2.0.0/"
                  "epcis-context.jsonld\",\"type\":\"ObjectEvent\",\"eventTime\":\""));
    when_write(&b, e->time.at);
    buf_addf(&b,
             "\",\"eventTimeZoneOffset\":\"+00:00\",\"eventID\":\"%.*s\",\"action\":\"OBSERVE\","
             "\"bizStep\":\"%.*s\",\"disposition\":\"%.*s\",\"readPoint\":{\"id\":\"%.*s\"},"
             "\"epcList\":[\"%.*s\"]}",
             STR(e->id), STR(e->step), STR(e->disposition), STR(e->read_point.id),
             STR(e->epcs.at[0]));
    str out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out;
}

// Event i of the year: steps, places and dispositions are spread at random.
static void one_event(struct filling *x, uint32_t space, uint64_t i)
{
    uint64_t dice = mix(i + 1), item = i % (events / 2);
    char room[80], id[64];
    struct index_entries entries;
    struct buf packed;
    str epc = {room, epc_text(room, item)};
    int id_n =
        snprintf(id, sizeof id, "urn:uuid:00000000-0000-4000-8000-%012llu", (unsigned long long)i);
    struct epcis_event e = {
        .type = EPCIS_OBJECT,
        .action = EPCIS_OBSERVE,
        .id = {id,                                (size_t)id_n},
        .time.at = {{START_MS + (int64_t)i * STEP_MS}, 0           },
        .step = epcis_word(EPCIS_VOC_STEP, 1 + (unsigned)(dice % 20)),
        .disposition = epcis_word(EPCIS_VOC_DISP, 1 + (unsigned)(dice >> 8) % 5),
        .read_point.id = place_text(&x->arena, (dice >> 16) % PLACES),
        .epcs = {.n = 1,                            .at = &epc  }
    };
    struct capture_unit unit = {.unit = unit_id_of(space, item), .foreign = true};
    struct capture_ask ask = {.client = acme,
                              .rule = CAPTURE_RECORD,
                              .time = e.time.at,
                              .flags = CAPTURED_ALONE,
                              .id = e.id,
                              .fresh_id = true,
                              .units = &unit,
                              .n = 1,
                              .in = 1,
                              .body = body_of(&x->arena, &e)};

    must(index_of(&e, &x->arena, &entries), "index");
    buf_init(&packed, 4 * KB);
    captured_entries_put(&packed, &entries);
    ask.entries = buf_str(&packed);
    fact(x, &kind_event_captured, &ask, (wall){e.time.at.at.ms});
    buf_fini(&packed);
}

static void fill(void)
{
    struct filling x = {.facts = 0};
    mono begun = env_mono(&env_real);

    ledger_memory_init(&x.memory);
    arena_init(&x.arena, 16 * MB);
    buf_init(&x.out, 16 * MB);
    buf_init(&x.units, 1 * MB);
    buf_init(&x.record, 16 * MB);
    begin(&x);
    open_journal(&x);
    name_units(&x);
    commit(&x);
    begin(&x);
    char first[80];
    unit_id u = foreign_find(x.t, acme, (str){first, epc_text(first, 0)});
    assert(u.v != 0);
    for (uint64_t i = 0; i < events; i++) one_event(&x, unit_space(u), i);
    commit(&x);
    ledger_memory_fini(&x.memory);
    buf_fini(&x.out);
    buf_fini(&x.units);
    buf_fini(&x.record);
    arena_fini(&x.arena);
    printf("filled with %llu events in %lld s\n", (unsigned long long)events,
           (long long)(env_mono(&env_real).ms - begun.ms) / 1000);
}

// ---- asking

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct answered {
    uint32_t hits;
    uint64_t looks;
};

// What a GET does between its request and its answer: read, find, write the document.
static struct answered ask(const char *url)
{
    struct query_reader r;
    struct query_page page;
    struct query_run *run;
    struct epcis_doc doc;
    struct epcis_event e;
    struct arena a;
    struct query q;
    struct buf out;
    status st;

    arena_init(&a, 64 * MB);
    buf_init(&out, 64 * MB);
    query_begin(&r, &a);
    must(query_from_url(&r, str_of(url), &page), url);
    must(query_end(&r, &q), url);
    struct txn *t = txn_read(site.db);
    struct query_conf conf = {.site = &site,
                              .q = &q,
                              .client = acme,
                              .upper = journal_head_get(t).seq,
                              .want = PAGE + 1,
                              .looks_max = 100000};
    must(query_run_new(&conf, t, &run), url);
    while (query_run_turn(run, t, 50, &st)) {
        txn_rest(t);
        txn_renew(t);
    }
    must(st, url);
    struct query_hits hits = query_run_hits(run);
    struct epcis_out head = {
        .format = EPCIS_JSON_2_0,
        .kind = EPCIS_QUERY_DOC,
        .ids = EPCIS_DL,
        .created = {{START_MS}, 0},
        .query_name = S("SimpleEventQuery")
    };
    struct event_from from = {&site, acme, false};
    epcis_doc_init(&doc, &head, &out);
    for (uint32_t i = 0; i < hits.n && i < PAGE; i++) {
        must(query_event(&from, t, &hits.at[i].at, &a, &e), url);
        must(epcis_doc_event(&doc, &e), url);
    }
    must(epcis_doc_end(&doc), url);
    struct answered done = {hits.n < PAGE ? hits.n : PAGE, query_run_looks(run)};
    epcis_doc_fini(&doc);
    query_run_free(&run);
    must(txn_end(&t, false), url);
    buf_fini(&out);
    arena_fini(&a);
    return done;
}

// A unit by its name: its number and its row.
static struct answered look_up(const char *epc)
{
    struct txn *t = txn_read(site.db);
    unit_id u = foreign_find(t, acme, str_of(epc));
    struct answered done = {unit_one(t, u).last != 0, 1};

    must(txn_end(&t, false), epc);
    return done;
}

typedef const char *question(char *room, size_t n, uint64_t dice);

static const char *of_unit(char *room, size_t n, uint64_t dice)
{
    char epc[80];

    (void)n;
    epc_text(epc, dice % (events / 2));
    return strcpy(room, epc);
}

static const char *by_epc(char *room, size_t n, uint64_t dice)
{
    char epc[80];

    epc_text(epc, dice % (events / 2));
    snprintf(room, n, "MATCH_epc=%s", epc);
    return room;
}

static const char *by_two(char *room, size_t n, uint64_t dice)
{
    str step = epcis_word(EPCIS_VOC_STEP, 1 + (unsigned)(dice % 20));

    snprintf(room, n, "EQ_bizStep=%.*s&EQ_readPoint=urn:epc:id:sgln:9506000.%05u.0", STR(step),
             1 + (unsigned)(dice >> 32) % PLACES);
    return room;
}

static const char *newest_of_two(char *room, size_t n, uint64_t dice)
{
    by_two(room, n, dice);
    return strcat(room, "&orderBy=eventTime");
}

static const char *in_an_hour(char *room, size_t n, uint64_t dice)
{
    struct moment from = {{START_MS + (int64_t)(dice % events) * STEP_MS}, 0};
    struct buf b;

    buf_init(&b, KB);
    by_two(room, n, dice);
    buf_addf(&b, "%s&GE_eventTime=", room);
    when_write(&b, from);
    buf_add(&b, S("&LT_eventTime="));
    from.at.ms += INT64_C(86400000);
    when_write(&b, from);
    snprintf(room, n, "%s", b.p);
    buf_fini(&b);
    return room;
}

static const char *newest(char *room, size_t n, uint64_t dice)
{
    (void)dice;
    snprintf(room, n, "orderBy=recordTime");
    return room;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// Returns the median.
static int64_t measure(const char *name, question *make, struct answered (*run)(const char *))
{
    static int64_t us[ROUNDS];
    uint64_t hits = 0, looks = 0;
    char room[400];

    for (int i = 0; i < ROUNDS; i++) {
        const char *url = make(room, sizeof room, mix((uint64_t)i + 77));
        int64_t begun = now_us();
        struct answered done = run(url);
        us[i] = now_us() - begun;
        hits += done.hits;
        looks += done.looks;
    }
    qsort(us, ROUNDS, sizeof *us, by_size);
    printf("| %-44s | %9lld | %9lld | %6.1f | %7.1f |\n", name, (long long)us[ROUNDS / 2],
           (long long)us[ROUNDS * 99 / 100], (double)hits / ROUNDS, (double)looks / ROUNDS);
    return us[ROUNDS / 2];
}

static bool is_within(const char *what, int64_t us, int64_t most_us)
{
    printf("%s: %lld us, at most %lld: %s\n", what, (long long)us, (long long)most_us,
           us <= most_us ? "floor" : "BELOW FLOOR");
    return us <= most_us;
}

static void open_site(const char *folder)
{
    struct db_conf conf = {.folder = folder, .map_max = 256 * GB, .readers = 8};
    uint8_t key[SITE_KEY_SIZE] = {1};

    site_keys_init(&keys);
    must(site_keys_add(&keys, key), "key");
    must(db_open(&conf, &site.db), folder);
}

int main(void)
{
    const char *kept = getenv("BENCH_FOLDER"), *many = getenv("BENCH_EVENTS");
    char folder[200] = "/var/tmp/query-bench-XXXXXX", path[240];
    struct arena a;

    events = many == NULL ? 1000000 : strtoull(many, NULL, 10);
    if (kept != NULL) snprintf(folder, sizeof folder, "%s", kept);
    if (kept == NULL && mkdtemp(folder) == NULL) return 1;
    open_site(folder);
    struct txn *t = txn_read(site.db);
    bool empty = journal_head_get(t).seq == 0;
    must(txn_end(&t, false), folder);
    if (empty) fill();
    arena_init(&a, 1 * MB);
    t = txn_read(site.db);
    must(journal_meta_get(t, &a, &site.meta), "meta");
    must(txn_end(&t, false), folder);
    puts("| questions, first page of 30, us              |    median |       99% |   hits | looked "
         "at |\n"
         "|---|---|---|---|---|");
    int64_t row = measure("a unit's row by its name, for comparison", of_unit, look_up);
    int64_t of_one = measure("events of one unit", by_epc, ask);
    int64_t of_two = measure("one of 20 steps at one of 200 places", by_two, ask);
    measure("the same, newest first by eventTime", newest_of_two, ask);
    measure("the same, of one day", in_an_hour, ask);
    measure("the newest of all", newest, ask);
    bool good = is_within("two attributes, first page", of_two, PAGE_US_MAX);
    good = is_within("events of one unit, against three times its row", of_one, 3 * row) && good;
    names_leave();
    db_close(&site.db);
    arena_fini(&a);
    const char *const files[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; kept == NULL && i < LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    if (kept == NULL) rmdir(folder);
    return !good;
}
