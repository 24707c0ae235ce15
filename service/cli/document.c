#include "service/cli/document.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EVENT_MAX   (64 * MB)  // 600,000 identifiers
#define EVENT_ARENA (512 * MB) // what an event of that size is made of
#define FRONT_ARENA (64 * MB)  // its scope: what stands around the events
#define PIECE       (1 * MB)   // a document of that size may have its @context anywhere

struct reading {
    const struct document_ops *ops;
    void *self;
    struct arena front, event;
    struct epcis_scope scope;
};

static status take_front(void *self, const struct epcis_front *f)
{
    struct reading *r = self;

    r->scope = f->scope;
    r->scope.lenient = r->ops->lenient;
    r->scope.context = arena_str(&r->front, f->scope.context);
    if (r->scope.context.p == NULL) return no_memory();
    return r->ops->front == NULL ? OK : r->ops->front(r->self, f);
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct reading *r = self;
    struct epcis_event event;
    struct document_event e = {.index = index, .at = at, .arena = &r->event};

    arena_reset(&r->event);
    e.read = r->ops->taken_in ? epcis_characters_check(r->scope.syntax, bytes) : OK;
    if (e.read.cls == ST_OK) e.read = epcis_event_read(bytes, &r->scope, &r->event, &event);
    if (e.read.cls == ST_OK) e.event = &event;
    return r->ops->event(r->self, &e);
}

static const struct epcis_cut_ops cut_ops = {take_front, take_event};

static status file_failed(const char *path, const char *code)
{
    return fail(ST_NOT_FOUND, code, 0, "%s: %s", path, strerror(errno));
}

// All pieces of f, of which the first lies in the buffer already.
static status pieces_cut(struct epcis_cut *cut, const char *path, FILE *f, char *piece, size_t n)
{
    while (n > 0) {
        TRY(epcis_cut_piece(cut, (str){piece, n}));
        n = fread(piece, 1, PIECE, f);
    }
    return ferror(f) ? file_failed(path, "file.read") : epcis_cut_end(cut);
}

static status stream_read(struct reading *r, const char *path, FILE *f, char *piece)
{
    struct epcis_cut_conf conf = {
        .lenient = r->ops->lenient, .event_max = EVENT_MAX, .ops = &cut_ops, .self = r};
    size_t n = fread(piece, 1, PIECE, f);

    if (ferror(f)) return file_failed(path, "file.read");
    if (!epcis_syntax_guess((str){piece, n}, &conf.syntax))
        return fail(ST_BAD_INPUT, "epcis.syntax", 0, "this is neither JSON nor XML");
    struct epcis_cut *cut = epcis_cut_new(&conf);
    status st = pieces_cut(cut, path, f, piece, n);
    epcis_cut_free(&cut);
    return st;
}

status document_read(const char *path, const struct document_ops *ops, void *self)
{
    struct reading r = {.ops = ops, .self = self};
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    struct buf piece;

    if (f == NULL) return file_failed(path, "file.open");
    arena_init(&r.front, FRONT_ARENA);
    arena_init(&r.event, EVENT_ARENA);
    buf_init(&piece, PIECE);
    status st = stream_read(&r, path, f, buf_room(&piece, PIECE));
    buf_fini(&piece);
    arena_fini(&r.event);
    arena_fini(&r.front);
    if (!standard) fclose(f);
    return st;
}

void document_refusal(const struct document_event *e, const status *st, struct buf *out)
{
    buf_addf(out, "%s eventList[%u] byte %llu: %s", st->reason, e->index,
             (unsigned long long)(e->at + st->at), st->text);
}
