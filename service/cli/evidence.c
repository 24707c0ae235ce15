#include "service/cli/evidence.h"
#include "common/json.h"
#include "service/cli/document.h"
#include "service/ops/folder.h"
#include <string.h>

#define FILE_BYTES_MAX (1 * GB)
#define SLICE_MEMORY   (16 * MB)

enum { SLICE = 256 };

struct reading {
    struct evidence_file *file;
    const struct evidence_ops *ops;
    void *self;
    struct arena arena; // of a slice, or of a head file
    uint32_t line;
    char gtin[14]; // of the serials gathered
    str serials[SLICE];
    uint32_t n;
};

static status refused(const struct reading *r, const char *reason, const char *how)
{
    return fail(ST_BAD_INPUT, reason, r->line, "%s, line %u: %s", r->file->path, r->line, how);
}

// ---- gathering serials of one GTIN

static status flush(struct reading *r)
{
    status st = r->n == 0 ? OK : r->ops->serials(r->self, r->gtin, r->serials, r->n);

    r->file->numbers += r->n;
    r->n = 0;
    arena_reset(&r->arena);
    return st;
}

static status gather(struct reading *r, const char gtin[14], str serial)
{
    if (r->n == SLICE || (r->n > 0 && memcmp(r->gtin, gtin, sizeof r->gtin) != 0)) {
        str kept = serial; // it may lie in the arena that is forgotten
        char room[GS1_SERIAL_MAX];
        if (serial.n > sizeof room) return refused(r, "evidence.line", "a serial is too long");
        if (serial.n > 0) memcpy(room, serial.p, serial.n);
        TRY(flush(r));
        serial = arena_str(&r->arena, (str){room, kept.n});
        if (serial.p == NULL) return no_memory();
    }
    memcpy(r->gtin, gtin, sizeof r->gtin);
    r->serials[r->n++] = serial;
    return OK;
}

static status take_serial(struct reading *r, str gtin, str serial)
{
    char digits[14];

    if (gtin.n == 0) return refused(r, "evidence.gtin", "bare serials: say their GTIN by --gtin");
    TRY(gs1_gtin_read(gtin, digits));
    if (gs1_serial_check(serial, GS1_SERIAL_MAX).cls != ST_OK)
        return refused(r, "evidence.line", "this is no serial number");
    return gather(r, digits, serial);
}

static status take_id(struct reading *r, str text)
{
    struct gs1_id id;

    if (gs1_read(text, &r->arena, &id).cls != ST_OK || id.is_class)
        return refused(r, "evidence.line", "this names no single unit");
    if (id.scheme == GS1_SGTIN) return gather(r, id.key, id.ext);
    r->file->numbers++;
    return r->ops->id(r->self, &id);
}

// ---- JSON

static status json_failed(struct reading *r, struct json_r *j)
{
    status st = json_r_end(j);

    if (st.cls == ST_OK) return OK;
    return fail(st.cls, st.reason, st.at, "%s, line %u: %s", r->file->path, r->line, st.text);
}

static status answer_list(struct reading *r, str gtin, str list, bool serials)
{
    struct json_r j = json_reader(list, &r->arena);
    status st = OK;

    for (json_array(&j); st.cls == ST_OK && json_item(&j);) {
        str text = json_string(&j);
        if (j.st.cls != ST_OK) break;
        st = serials ? take_serial(r, gtin, text) : take_id(r, text);
    }
    return st.cls == ST_OK ? json_failed(r, &j) : st;
}

// An answer to a request for numbers, or one number of it as NDJSON.
static status take_answer(struct reading *r, str json)
{
    struct json_r j = json_reader(json, &r->arena);
    str key, gtin = r->file->gtin, serials = {0}, ssccs = {0}, one = {0};
    char room[14];
    bool is_sscc = false;

    for (json_object(&j); json_key(&j, &key);) {
        if (str_eq(key, S("gtin")))
            gtin = json_string(&j);
        else if (str_eq(key, S("serials")))
            serials = json_raw(&j);
        else if (str_eq(key, S("ssccs")))
            ssccs = json_raw(&j);
        else if (str_eq(key, S("serial")) || (is_sscc = str_eq(key, S("sscc"))))
            one = json_string(&j);
        else
            (void)json_raw(&j);
    }
    TRY(json_failed(r, &j));
    if (gtin.n > sizeof room) return refused(r, "evidence.gtin", "gtin: it has 14 digits");
    if (gtin.n > 0) memcpy(room, gtin.p, gtin.n); // it may lie in the arena of the slices
    gtin.p = room;
    if (serials.n > 0) return answer_list(r, gtin, serials, true);
    if (ssccs.n > 0) return answer_list(r, gtin, ssccs, false);
    if (one.n > 0) return is_sscc ? take_id(r, one) : take_serial(r, gtin, one);
    return refused(r, "evidence.line", "this is no answer to a request for numbers");
}

// ---- head files

static status head_mark(struct reading *r, struct json_r *j)
{
    struct advance_mark m = {0};
    bool good = false;
    str key;

    for (json_object(j); json_key(j, &key);) {
        if (str_eq(key, S("space")))
            m.space = (uint32_t)json_int(j, 1, (1 << 24) - 1);
        else if (str_eq(key, S("pool")))
            m.pool = json_string(j);
        else if (str_eq(key, S("epoch")))
            m.epoch = (uint32_t)json_int(j, 1, UINT32_MAX);
        else if (str_eq(key, S("high")))
            m.high = (uint64_t)json_int(j, 0, INT64_C(1) << 40);
        else if (str_eq(key, S("form")))
            good = hex_get(json_string(j), m.form.b, sizeof m.form.b);
        else
            json_unknown(j, key);
    }
    if (j->st.cls != ST_OK) return OK; // told at the end
    if (!good || m.pool.n == 0 || m.space == 0)
        return refused(r, "evidence.head", "a mark of the head file lacks a member");
    r->file->numbers++;
    return r->ops->mark(r->self, &m);
}

static status take_head(struct reading *r, str json)
{
    struct json_r j = json_reader(json, &r->arena);
    str key, spaces = {0}, journal = {0}, link = {0}, at = {0};
    struct journal_head said = {0};
    struct moment when;
    status st = OK;

    for (json_object(&j); json_key(&j, &key);) {
        if (str_eq(key, S("spaces")))
            spaces = json_raw(&j);
        else if (str_eq(key, S("journal")))
            journal = json_string(&j);
        else if (str_eq(key, S("seq")))
            said.seq = (uint64_t)json_int(&j, 0, INT64_MAX);
        else if (str_eq(key, S("link")))
            link = json_string(&j);
        else if (str_eq(key, S("at")))
            at = json_string(&j);
        else
            (void)json_raw(&j);
    }
    TRY(json_failed(r, &j));
    if (when_read(at, &when).cls == ST_OK) said.at = when.at; // or 0: it is of no time
    if (spaces.n == 0 || journal.n == 0 || !hex_get(link, said.link.b, sizeof said.link.b))
        return refused(r, "evidence.head", "the head file lacks its journal, link or spaces");
    r->file->head = true;
    TRY(r->ops->head(r->self, journal, &said));
    j = json_reader(spaces, &r->arena);
    for (json_array(&j); st.cls == ST_OK && json_item(&j);) st = head_mark(r, &j);
    return st.cls == ST_OK ? json_failed(r, &j) : st;
}

// ---- EPCIS

static status epcis_one(struct reading *r, str text)
{
    struct gs1_id id;

    if (text.n == 0 || gs1_read(text, &r->arena, &id).cls != ST_OK || id.is_class) return OK;
    if (id.scheme == GS1_SGTIN) return gather(r, id.key, id.ext);
    if (id.scheme != GS1_SSCC) return OK;
    r->file->numbers++;
    return r->ops->id(r->self, &id);
}

static status epcis_many(struct reading *r, const struct epcis_ids *ids)
{
    for (uint32_t i = 0; i < ids->n; i++) TRY(epcis_one(r, ids->at[i]));
    return OK;
}

static status epcis_event(void *self, const struct document_event *e)
{
    struct reading *r = self;

    if (e->event == NULL)
        return fail(ST_BAD_INPUT, "evidence.event", 0, "%s, event %u: %s", r->file->path, e->index,
                    e->read.text);
    TRY(epcis_one(r, e->event->parent));
    TRY(epcis_many(r, &e->event->epcs));
    TRY(epcis_many(r, &e->event->out_epcs));
    return flush(r); // its texts go with the event
}

static status take_epcis(struct reading *r)
{
    static const struct document_ops ops = {.lenient = true, .event = epcis_event};
    status st = document_read(r->file->path, &ops, r);

    if (st.cls == ST_OK || strncmp(st.reason, "evidence.", 9) == 0) return st;
    return fail(st.cls, st.reason, st.at, "%s: %s", r->file->path, st.text);
}

// ---- lists

static status take_line(struct reading *r, str line)
{
    str first = line;

    if (line.n == 0 || line.p[0] == '#') return OK;
    if (line.p[0] == '{') return take_answer(r, line);
    bool head = r->line == 1 && (str_starts(line, S("serial")) || str_starts(line, S("sscc")));
    if (head) return OK;
    if (r->file->gtin.n == 0) return take_id(r, line);
    (void)str_cut(&line, ',', &first);
    return take_serial(r, r->file->gtin, first);
}

static status take_lines(struct reading *r, str text)
{
    str line;

    for (bool more = text.n > 0; more;) {
        if (!(more = str_cut(&text, '\n', &line))) line = text;
        r->line++;
        TRY(take_line(r, str_trim(line)));
    }
    return flush(r);
}

// ---- what is it?

enum sort { IS_LINES, IS_HEAD, IS_ANSWER, IS_EPCIS };

// By the members of the outermost object. What is no object, or several, is read line by line.
static enum sort sort_of(struct reading *r, str text)
{
    enum sort sort = IS_LINES;
    str key;

    text = str_trim(text);
    if (text.n > 0 && text.p[0] == '<') return IS_EPCIS;
    if (text.n == 0 || text.p[0] != '{') return IS_LINES;
    struct json_r j = json_reader(text, &r->arena);
    for (json_object(&j); json_key(&j, &key); (void)json_raw(&j)) {
        if (str_eq(key, S("pools")))
            sort = IS_HEAD;
        else if (str_eq(key, S("serials")) || str_eq(key, S("ssccs")))
            sort = IS_ANSWER;
        else if (str_eq(key, S("@context")) || str_eq(key, S("epcisBody")))
            sort = IS_EPCIS;
    }
    if (json_r_end(&j).cls != ST_OK && sort != IS_EPCIS) sort = IS_LINES;
    arena_reset(&r->arena);
    return sort;
}

static status take(struct reading *r, str text)
{
    enum sort sort = sort_of(r, text);

    if (sort == IS_EPCIS) return take_epcis(r);
    if (sort == IS_LINES) return take_lines(r, text);
    r->line = 1;
    TRY(sort == IS_HEAD ? take_head(r, text) : take_answer(r, text));
    return flush(r);
}

status evidence_take(struct evidence_file *f, str text, const struct evidence_ops *ops, void *self)
{
    struct reading r = {.file = f, .ops = ops, .self = self};

    f->numbers = 0;
    f->head = false;
    f->sum = digest16_of(text, (str){0});
    arena_init(&r.arena, SLICE_MEMORY);
    status st = take(&r, text);
    arena_fini(&r.arena);
    if (st.cls == ST_OK && f->numbers == 0 && !f->head)
        return refused(&r, "evidence.empty", "it names no number: leave it out");
    return st;
}

status evidence_read(struct evidence_file *f, const struct evidence_ops *ops, void *self)
{
    struct buf text;

    buf_init(&text, FILE_BYTES_MAX);
    status st = folder_get(f->path, &text);
    if (st.cls == ST_OK) st = evidence_take(f, buf_str(&text), ops, self);
    buf_fini(&text);
    return st;
}
