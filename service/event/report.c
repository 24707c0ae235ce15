#include "service/event/report.h"
#include "common/arena.h"
#include <stdio.h>

enum mask {
    HAS_LINE = 1,
    HAS_GLN = 2,
    HAS_ID = 4,
    HAS_BY = 8,
    HAS_STATION = 16,
    HAS_REASON = 32,
    HAS_EXTRA = 64,
    HAS_REFUSED = 128
};

void report_put(struct buf *b, const struct report *r)
{
    unsigned mask = (r->line ? HAS_LINE : 0u) | (r->gln ? HAS_GLN : 0u) | (r->id.n ? HAS_ID : 0u) |
                    (r->by.n ? HAS_BY : 0u) | (r->station.n ? HAS_STATION : 0u) |
                    (r->reason.n ? HAS_REASON : 0u) | (r->extra.n ? HAS_EXTRA : 0u) |
                    (r->refused ? HAS_REFUSED : 0u);

    bytes_u(b, mask, 1);
    if (mask & HAS_LINE) bytes_var(b, r->line);
    if (mask & HAS_GLN) bytes_var(b, r->gln);
    if (mask & HAS_ID) bytes_str(b, r->id);
    if (mask & HAS_BY) bytes_str(b, r->by);
    if (mask & HAS_STATION) bytes_str(b, r->station);
    if (mask & HAS_REASON) bytes_str(b, r->reason);
    if (mask & HAS_EXTRA) bytes_str(b, r->extra);
    if (mask & HAS_REFUSED) bytes_var(b, r->refused);
}

static struct report fields_get(struct bytes_r *in)
{
    struct report r = {0};
    unsigned mask = (unsigned)bytes_get_u(in, 1);

    if (mask & HAS_LINE) r.line = (uint32_t)bytes_get_var(in);
    if (mask & HAS_GLN) r.gln = bytes_get_var(in);
    if (mask & HAS_ID) r.id = bytes_get_str(in);
    if (mask & HAS_BY) r.by = bytes_get_str(in);
    if (mask & HAS_STATION) r.station = bytes_get_str(in);
    if (mask & HAS_REASON) r.reason = bytes_get_str(in);
    if (mask & HAS_EXTRA) r.extra = bytes_get_str(in);
    if (mask & HAS_REFUSED) r.refused = bytes_get_var(in);
    return r;
}

status report_get(str decided, struct arena *a, struct report *r, struct touched *t,
                  struct bytes_r *rest)
{
    struct bytes_r in = bytes_reader(decided);
    struct report fields = fields_get(&in);
    struct runs runs = runs_get(&in, a);
    struct touched found = {runs, in};

    alike_pass(&in, runs.units);
    if (in.bad) return fail(ST_STORE, "record.corrupt", 0, "a fact about units breaks off");
    *r = fields;
    *t = found;
    *rest = in;
    return OK;
}

uint64_t fact_previous(const struct fact *f, unit_id u, struct arena *a)
{
    struct report r;
    struct touched t;
    struct bytes_r rest;
    unit_id at;

    if (report_get(f->decided, a, &r, &t, &rest).cls != ST_OK) return 0;
    struct alike_r previous = {.in = &t.previous};
    for (struct run_walk w = runs_walk(&t.runs); run_next(&w, &at);) {
        uint64_t seq = alike_get(&previous);
        if (at.v == u.v) return seq;
    }
    return 0;
}

static void print_runs(const struct runs *runs, struct json_w *w)
{
    json_w_kint(w, "units", (int64_t)runs->units);
    json_w_key(w, S("runs"));
    json_w_array(w);
    for (uint32_t i = 0; i < runs->n; i++) {
        json_w_object(w);
        json_w_kinner(w, "space", unit_space(runs->at[i].first));
        json_w_kint(w, "first", (int64_t)unit_ordinal(runs->at[i].first));
        json_w_kint(w, "count", runs->at[i].count);
        json_w_end(w);
    }
    json_w_end(w);
}

static void print_texts(const struct report *r, struct json_w *w)
{
    const struct {
        const char *name;
        str text;
    } texts[] = {
        {"id",      r->id     },
        {"by",      r->by     },
        {"station", r->station},
        {"reason",  r->reason }
    };

    for (size_t i = 0; i < LEN(texts); i++)
        if (texts[i].text.n > 0) json_w_kstr(w, texts[i].name, texts[i].text);
    if (r->extra.n == 0) return;
    json_w_key(w, S("extra"));
    json_w_raw(w, r->extra);
}

void report_print(const struct fact *f, struct json_w *w)
{
    struct report r;
    struct touched t;
    struct bytes_r rest;
    struct arena a;

    arena_init(&a, 256 * MB);
    if (report_get(f->decided, &a, &r, &t, &rest).cls == ST_OK) {
        if (r.line != 0) json_w_kint(w, "line", r.line);
        if (r.gln != 0) {
            char gln[16];
            int n = snprintf(gln, sizeof gln, "%013llu", (unsigned long long)r.gln);
            json_w_kstr(w, "location", (str){gln, (size_t)n});
        }
        print_texts(&r, w);
        if (r.refused != 0) json_w_kint(w, "refused", (int64_t)r.refused);
        if (f->event.at.ms > f->at.ms) json_w_kint(w, "ahead_ms", f->event.at.ms - f->at.ms);
        print_runs(&t.runs, w);
    }
    arena_fini(&a);
}
