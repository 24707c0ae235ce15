// GET /v1/journal/export and /v1/journal/key. The archive is made as it leaves: a slice of short
// snapshot, its text deflated. What cannot be read breaks it off, so that it has no signature.
#include "common/log.h"
#include "service/ops/journal_export.h"
#include "service/ops/journal_filter.h"
#include "service/ops/ops_int.h"
#include "service/ops/stream.h"
#include <stdlib.h>
#include <zlib.h>

#define SLICE_RECORDS 500u
#define SLICE_BYTES   (256 * KB) // of text, before it is deflated
#define TEXT_MAX      (256 * MB) // one record may be larger than a slice
#define RECORD_MAX    (128 * MB)
#define LEVEL         6
#define DEFLATE_ROOM  (64 * KB)
#define TYPE          "application/gzip"

struct exporting {
    struct stream stream;
    struct journal_export x;
    struct arena scratch;
    struct buf text;
    z_stream z;
    bool ready; // the text of the first slice: its trouble can still be said by a status
};

static void exporting_free(struct stream *s)
{
    struct exporting *e = CONTAINER_OF(s, struct exporting, stream);

    deflateEnd(&e->z);
    arena_fini(&e->scratch);
    buf_fini(&e->text);
    buf_fini(&s->out);
    free(e);
}

static status slice(struct exporting *e)
{
    struct txn *t = api_snapshot(e->stream.r);
    status st = OK;

    for (uint32_t n = 0; n < SLICE_RECORDS && e->text.n < SLICE_BYTES; n++) {
        if (e->x.at > e->x.until || st.cls != ST_OK) break;
        st = journal_export_one(&e->x, t, &e->scratch, &e->text);
        arena_reset(&e->scratch);
    }
    st = api_snapshot_end(e->stream.r, st);
    if (st.cls == ST_OK && e->text.failed)
        st = fail(ST_TOO_LARGE, "journal.record_too_large", 0, "a record is too long to be shown");
    return st;
}

// What it holds back of earlier text may come now, too: as often as it fills the room.
static void deflate_text(struct exporting *e, bool last)
{
    struct buf *out = &e->stream.out;

    e->z.next_in = (z_const Bytef *)(uintptr_t)e->text.p;
    e->z.avail_in = (uInt)e->text.n;
    do {
        char *p = buf_room(out, DEFLATE_ROOM);
        assert(p != NULL);
        e->z.next_out = (Bytef *)p;
        e->z.avail_out = DEFLATE_ROOM;
        int rc = deflate(&e->z, last ? Z_FINISH : Z_NO_FLUSH);
        assert(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
        out->n -= e->z.avail_out;
    } while (e->z.avail_out == 0);
    assert(e->z.avail_in == 0);
    buf_reset(&e->text);
}

static enum stream_step piece(struct stream *s)
{
    struct exporting *e = CONTAINER_OF(s, struct exporting, stream);
    status st = e->ready ? OK : slice(e);

    e->ready = false;
    if (st.cls != ST_OK) {
        LOG(error, "journal.export_failed", fst(st));
        return STREAM_BREAKS;
    }
    bool last = e->x.at > e->x.until;
    if (last) journal_export_end(&e->x, &e->text);
    deflate_text(e, last);
    return last ? STREAM_ENDS : STREAM_GOES_ON;
}

// ---- what is asked

static status client_read(struct journal_export *x, struct http_req *r, struct txn *t)
{
    if (!http_query(r, S("client"), &x->client_name)) return OK;
    return journal_client_read(r, t, x->client_name, &x->client);
}

static status wish_read(struct journal_export *x, struct http_req *r, struct txn *t)
{
    struct journal_filter f = {0};

    if (!caller_is_site(caller_of(r))) // the chain is of all facts, and tells how many there are
        return fail(ST_NOT_ALLOWED, "access.client", 0, "exports are for those of the whole site");
    TRY(journal_stretch_read(&f, r, t));
    if (f.first > f.last) return fail(ST_NOT_FOUND, "journal.no_record", 0, "no record lies there");
    x->from = f.first;
    x->until = f.last;
    TRY(client_read(x, r, t));
    return journal_export_begin(x, t);
}

static void export_start(struct http_req *r, const struct journal_export *x)
{
    struct exporting *e = calloc(1, sizeof *e);

    assert(e != NULL);
    e->stream = (struct stream){.r = r, .piece = piece, .free = exporting_free};
    e->x = *x;
    arena_init(&e->scratch, RECORD_MAX);
    buf_init(&e->text, TEXT_MAX);
    buf_init(&e->stream.out, 2 * TEXT_MAX);
    assert(deflateInit2(&e->z, LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    status st = slice(e);
    if (st.cls != ST_OK) {
        exporting_free(&e->stream);
        http_problem(r, st, S(""));
        return;
    }
    e->ready = true;
    http_reply_header(r, "Content-Disposition",
                      S("attachment; filename=\"packtrail-journal.ndjson.gz\""));
    stream_start(&e->stream, TYPE);
}

void ops_export(struct http_req *r)
{
    const struct site *site = api_site(r);
    struct journal_export x = {.meta = &site->meta,
                               .key = site->export_key,
                               .kinds = site->kinds,
                               .now = env_wall(site->env)};

    status st = wish_read(&x, r, api_snapshot(r));
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK)
        export_start(r, &x);
    else
        http_problem(r, st, S(""));
}

void ops_export_key(struct http_req *r)
{
    http_reply(r, 200, "application/x-pem-file", export_key_public(api_site(r)->export_key));
}
