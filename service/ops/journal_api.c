// GET /v1/journal: the audit trail, filtered, as it streams. It is read in slices of short
// snapshots, each on its own turn of the loop, so that a long search holds up no other caller and
// takes the memory of one slice. Who is bound to clients is shown their facts alone, by their own
// count.
#include "common/bytes.h"
#include "common/log.h"
#include "common/loop.h"
#include "service/ops/journal_filter.h"
#include "service/ops/journal_print.h"
#include "service/ops/ops_int.h"
#include "service/ops/stream.h"
#include <stdlib.h>
#include <string.h>

#define SLICE_LOOKS 2000u     // records looked at in a slice
#define SLICE_BYTES (64 * KB) // and written
#define SLICE_MAX   (80 * MB) // one record may be larger than a slice
#define RECORD_MAX  (128 * MB)

enum shape { AS_JSON, AS_NDJSON, AS_CSV, SHAPES };
static const char *const types[SHAPES] = {"application/json", "application/x-ndjson", "text/csv"};

struct reading {
    struct stream stream;
    enum shape shape;
    struct journal_filter filter;
    uint64_t limit;         // 0: none
    uint64_t at;            // the next record
    uint64_t count, looked; // shown; looked at
    bool more;              // it ends before the end: the limit was met, or enough looked at
    struct arena scratch;
};

// ---- how it is shown

static void show(struct reading *g, struct txn *t, const struct fact *f)
{
    struct journal_print p = {t, api_site(g->stream.r)->kinds, &g->scratch, caller_of(g->stream.r)};

    if (g->shape == AS_CSV) {
        journal_print_csv(&p, f, &g->stream.out);
    } else {
        if (g->shape == AS_JSON && g->count > 0) buf_addc(&g->stream.out, ',');
        struct json_w w = json_writer(&g->stream.out);
        journal_print_json(&p, f, &w);
        if (g->shape == AS_NDJSON) buf_addc(&g->stream.out, '\n');
    }
    g->count++;
}

// Is the page full before this record, or has it cost enough? A stream has no pages.
static bool is_full(struct reading *g, bool fits)
{
    uint32_t looks_max = api_site(g->stream.r)->limits.query_candidates_max;

    if (g->shape == AS_JSON && g->looked == looks_max) return true;
    return fits && g->limit > 0 && g->count == g->limit;
}

static status look_at(struct reading *g, struct txn *t, uint64_t seq)
{
    struct fact f;

    TRY(journal_get_header(t, seq, &f));
    bool fits = journal_filter_fits(&g->filter, caller_of(g->stream.r), t, &f);
    g->more = is_full(g, fits);
    if (g->more) return OK;
    g->looked++;
    g->at = seq + 1;
    if (!fits) return OK;
    TRY(journal_get(t, seq, &g->scratch, &f));
    show(g, t, &f);
    return OK;
}

// True while there is more to look at.
static bool slice(struct reading *g, status *st)
{
    struct txn *t = api_snapshot(g->stream.r);
    uint64_t seq = 1;

    *st = OK;
    for (uint32_t n = 0; n < SLICE_LOOKS && g->stream.out.n < SLICE_BYTES; n++) {
        if (g->more || (seq = journal_filter_next(&g->filter, t, g->at)) == 0) break;
        *st = look_at(g, t, seq);
        arena_reset(&g->scratch);
        if (st->cls != ST_OK) break;
    }
    *st = api_snapshot_end(g->stream.r, *st);
    if (st->cls == ST_OK && g->stream.out.failed)
        *st = fail(ST_TOO_LARGE, "journal.record_too_large", 0, "a record is too long to be shown");
    return st->cls == ST_OK && seq != 0 && !g->more;
}

// ---- from piece to piece

static void reading_free(struct stream *x)
{
    struct reading *g = CONTAINER_OF(x, struct reading, stream);

    arena_fini(&g->scratch);
    journal_filter_end(&g->filter);
    buf_fini(&g->stream.out);
    free(g);
}

// What comes too late for a status says so at the end, lest a part be taken for the whole.
static void problem_write(struct reading *g, status st)
{
    LOG(error, "journal.reading_failed", fst(st));
    if (g->stream.out.failed) buf_reset(&g->stream.out), g->stream.out.failed = false;
    buf_add(&g->stream.out, g->shape == AS_JSON ? S("],\"problem\":{") : S("{\"problem\":{"));
    http_problem_members(&g->stream.out, st);
    buf_add(&g->stream.out, g->shape == AS_JSON ? S("}}") : S("}}\n"));
}

// A page token tells nothing of how much others do: the next seq, sealed.
static void next_write(struct reading *g)
{
    char key[8];

    put_be(key, g->at, sizeof key);
    buf_addc(&g->stream.out, '"');
    api_page_seal(g->stream.r, (str){key, sizeof key}, &g->stream.out);
    buf_addc(&g->stream.out, '"');
}

static void end_write(struct reading *g)
{
    if (g->shape != AS_JSON) return;
    buf_add(&g->stream.out, S("],\"next\":"));
    if (g->more)
        next_write(g);
    else
        buf_add(&g->stream.out, S("null"));
    buf_addc(&g->stream.out, '}');
}

static enum stream_step piece(struct stream *x)
{
    struct reading *g = CONTAINER_OF(x, struct reading, stream);
    status st = OK;
    bool more = slice(g, &st);

    if (st.cls != ST_OK)
        problem_write(g, st);
    else if (!more)
        end_write(g);
    return more ? STREAM_GOES_ON : STREAM_ENDS;
}

static void begin(struct reading *g)
{
    if (g->shape == AS_JSON) buf_add(&g->stream.out, S("{\"items\":["));
    if (g->shape == AS_CSV) buf_add(&g->stream.out, S(JOURNAL_CSV_HEAD));
    stream_start(&g->stream, types[g->shape]);
}

// ---- before the first piece

static void refuse(struct reading *g, status st)
{
    struct http_req *r = g->stream.r;

    reading_free(&g->stream);
    http_problem(r, st, S(""));
}

static void prepare_mail(struct mail *m);

// What takes several turns of the loop is not begun before it is known that there is an answer.
static void prepare(struct reading *g)
{
    struct txn *t = api_snapshot(g->stream.r);
    bool ready = false;
    status st = journal_filter_prepare(&g->filter, t, &g->scratch, &ready);

    st = api_snapshot_end(g->stream.r, st);
    if (st.cls != ST_OK) {
        refuse(g, st);
    } else if (ready) {
        begin(g);
    } else {
        g->stream.mail.open = prepare_mail;
        loop_post(g->stream.r->loop, &g->stream.mail);
    }
}

static void prepare_mail(struct mail *m) { prepare(CONTAINER_OF(m, struct reading, stream.mail)); }

static struct reading *reading_new(struct http_req *r, const struct api_page *page, uint64_t from,
                                   int shape)
{
    struct reading *g = calloc(1, sizeof *g);
    str limit;

    assert(g != NULL);
    g->stream = (struct stream){.r = r, .piece = piece, .free = reading_free};
    g->shape = (enum shape)shape;
    g->at = from;
    // A stream is whole unless told otherwise; a list has pages.
    if (shape == AS_JSON || http_query(r, S("limit"), &limit)) g->limit = page->limit;
    arena_init(&g->scratch, RECORD_MAX);
    buf_init(&g->stream.out, SLICE_MAX);
    return g;
}

void ops_journal(struct http_req *r)
{
    struct api_page page;
    uint64_t from = 1;
    int shape = http_negotiate(r, types, SHAPES);

    if (shape < 0) {
        http_problem(r, fail(ST_NOT_ACCEPTABLE, "accept.none", 0, "JSON, NDJSON or CSV"), S(""));
        return;
    }
    if (!api_page(r, &page) || !api_page_from(r, &page, &from)) return;
    struct reading *g = reading_new(r, &page, from, shape);
    struct txn *t = api_snapshot(r);
    status st = journal_filter_read(&g->filter, r, t, &g->scratch);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK)
        prepare(g);
    else
        refuse(g, st);
}
