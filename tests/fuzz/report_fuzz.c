// report_fuzz.c - one report of a line from foreign bytes, and the decided part of its fact: the
// first byte chooses which.
//
// Claims: a refusal has a reason and a place within the input; a report that was read, written
// again and read again says the same; a decided part that was read is written as it was.
#include "common/arena.h"
#include "service/event/contents.h"
#include "service/event/said.h"
#include <string.h>

#define UNITS_MAX 500u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// ---- what was said

static void write_list(struct json_w *w, const char *key, const struct texts *list)
{
    if (list->n == 0) return;
    json_w_key(w, str_of(key));
    json_w_array(w);
    for (uint32_t i = 0; i < list->n; i++) json_w_str(w, list->at[i]);
    json_w_end(w);
}

static void write_text(struct json_w *w, const char *key, str text)
{
    if (text.n > 0) json_w_kstr(w, key, text);
}

static void write_time(struct json_w *w, struct moment m)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, m);
    json_w_kstr(w, "time", buf_str(&b));
    buf_fini(&b);
}

static str written(const struct said *s, struct buf *b)
{
    struct json_w w = json_writer(b);

    json_w_object(&w);
    json_w_kstr(&w, "type", str_of(report_type_word(s->type)));
    if (s->has_time) write_time(&w, s->time);
    write_text(&w, "id", s->id);
    write_text(&w, "by", s->by);
    write_text(&w, "station", s->station);
    write_text(&w, "reason", s->reason);
    write_text(&w, "lot", s->lot);
    write_text(&w, "parent", s->parent);
    if (s->has_gtin) json_w_kstr(&w, "gtin", (str){s->gtin, sizeof s->gtin});
    write_list(&w, "serials", &s->serials);
    write_list(&w, "ssccs", &s->ssccs);
    write_list(&w, "children", &s->children);
    write_list(&w, "units", &s->units);
    if (s->has_unpack) json_w_kbool(&w, "unpack", s->unpack);
    if (s->count > 0) json_w_kint(&w, "count", (int64_t)s->count);
    if (s->commission) json_w_kbool(&w, "commission", true);
    if (s->partial) json_w_kbool(&w, "partial", true);
    if (s->extra.n > 0) {
        json_w_key(&w, S("extra"));
        json_w_raw(&w, s->extra);
    }
    json_w_end(&w);
    return buf_str(b);
}

static status said_of(str json, struct arena *a, struct said *out)
{
    struct json_r r = json_reader(json, a);

    said_read(&r, UNITS_MAX, out);
    return json_r_end(&r);
}

static void fuzz_said(str in, struct arena *a)
{
    struct said s, again;
    struct buf first, second;
    status st = said_of(in, a, &s);

    if (st.cls != ST_OK) {
        assert(st.reason != NULL && st.text[0] != 0 && st.at <= in.n);
        return;
    }
    uint32_t units = s.serials.n + s.ssccs.n + s.children.n + s.units.n;
    assert(units <= (s.over ? SAID_UNITS_MAX : UNITS_MAX));
    assert(!s.over || s.id.n > 0 || s.has_time);
    buf_init(&first, 16 * MB);
    buf_init(&second, 16 * MB);
    str json = written(&s, &first);
    st = said_of(json, a, &again);
    assert(st.cls == ST_OK);
    assert(str_eq(json, written(&again, &second)));
    buf_fini(&first);
    buf_fini(&second);
}

// ---- what a fact keeps

static void fuzz_contents(struct bytes_r own, const struct fact *f, uint64_t units, struct arena *a)
{
    struct contents c, again;
    struct buf b, twice;

    if (contents_get(&own, f, units - 1, a, &c).cls != ST_OK) return;
    buf_init(&b, 4 * MB);
    buf_init(&twice, 4 * MB);
    c.flags &= ~(unsigned)(CONTENTS_MIXED | CONTENTS_LOT); // said anew where they are needed
    contents_put(&b, f, &c);
    struct bytes_r r = bytes_reader(buf_str(&b));
    status st = contents_get(&r, f, units - 1, a, &again);
    assert(st.cls == ST_OK);
    again.flags &= ~(unsigned)(CONTENTS_MIXED | CONTENTS_LOT);
    contents_put(&twice, f, &again);
    assert(str_eq(buf_str(&b), buf_str(&twice)));
    buf_fini(&b);
    buf_fini(&twice);
}

static void fuzz_fact(str in, struct arena *a)
{
    struct fact f = {.lot = 3, .decided = in};
    struct report report;
    struct touched touched;
    struct bytes_r own, copy;
    struct firsts firsts;

    status st = report_get(in, a, &report, &touched, &own);
    if (st.cls != ST_OK) {
        assert(strcmp(st.reason, "record.corrupt") == 0);
        return;
    }
    copy = own;
    if (firsts_get(&copy, a, &firsts).cls == ST_OK) {
        struct firsts again;
        struct buf b, twice;
        buf_init(&b, 4 * MB);
        buf_init(&twice, 4 * MB);
        firsts_put(&b, &firsts);
        copy = bytes_reader(buf_str(&b));
        st = firsts_get(&copy, a, &again);
        assert(st.cls == ST_OK);
        firsts_put(&twice, &again);
        assert(str_eq(buf_str(&b), buf_str(&twice)));
        buf_fini(&b);
        buf_fini(&twice);
    }
    if (touched.runs.units > 0) {
        fuzz_contents(own, &f, touched.runs.units, a);
        (void)fact_previous(&f, touched.runs.at[0].first, a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a;

    if (n == 0) return 0;
    str in = {(const char *)data + 1, n - 1};
    arena_init(&a, 64 * MB);
    if (data[0] & 1)
        fuzz_said(in, &a);
    else
        fuzz_fact(in, &a);
    arena_fini(&a);
    return 0;
}
