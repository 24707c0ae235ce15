#include "service/event/whole.h"
#include "common/arena.h"
#include "service/journal/journal_db.h"
#include <string.h>

#define STEPS_MAX 100000u // facts about one container between two closings

struct step { // one fact about the container, newest first
    bool adds;
    struct runs children;
    struct step *before; // that came after it in the journal
};

struct read {
    struct fact f;
    uint64_t previous; // the container's fact before it
    struct runs children;
    struct contents contents;
    bool is_contents;
};

static status fact_read(struct txn *t, uint64_t seq, struct arena *a, struct read *out)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;

    *out = (struct read){.previous = 0};
    TRY(journal_get(t, seq, a, &out->f));
    out->is_contents = out->f.kind == FACT_UNITS_PACKED || out->f.kind == FACT_UNITS_UNPACKED ||
                       out->f.kind == FACT_CONTAINER_CLOSED;
    if (!out->is_contents) return OK;
    TRY(report_get(out->f.decided, a, &report, &touched, &rest));
    struct alike_r previous = {.in = &touched.previous};
    out->previous = alike_get(&previous);
    out->children = (struct runs){touched.runs.at + 1, touched.runs.n - 1, touched.runs.units - 1};
    return contents_get(&rest, &out->f, out->children.units, a, &out->contents);
}

struct runs whole_less(struct arena *a, const struct runs *all, const struct runs *gone)
{
    unit_id *left = NEW_ARRAY(a, unit_id, all->units + 1), u;
    uint32_t n = 0;

    if (left == NULL) return (struct runs){0};
    for (struct run_walk w = runs_walk(all); run_next(&w, &u);)
        if (!runs_hold(gone, u)) left[n++] = u;
    return runs_of(a, left, n);
}

static bool append(struct arena *a, struct runs *to, const struct runs *more)
{
    struct run *at = NEW_ARRAY(a, struct run, to->n + more->n + 1);

    if (at == NULL) return false;
    if (to->n > 0) memcpy(at, to->at, to->n * sizeof *at);
    if (more->n > 0) memcpy(at + to->n, more->at, more->n * sizeof *at);
    *to = (struct runs){at, to->n + more->n, to->units + more->units};
    return true;
}

// In the order in which it happened.
static status sum(struct arena *a, const struct step *s, struct runs *out)
{
    struct runs all = {0};

    for (; s != NULL; s = s->before) {
        if (s->adds && !append(a, &all, &s->children)) return no_memory();
        if (!s->adds) all = whole_less(a, &all, &s->children);
    }
    *out = all;
    return OK;
}

// Its first fact that says nothing of packing, and its last closing, end the search.
status whole_untold(struct txn *t, const struct fact *f, struct arena *a, struct runs *out)
{
    struct step *newest = NULL;
    struct read x;

    TRY(fact_read(t, f->seq, a, &x));
    bool begins = x.contents.flags & CONTENTS_BEGINS;
    for (uint32_t i = 0; !begins && x.previous != 0; i++) {
        if (i == STEPS_MAX) return fail(ST_TOO_LARGE, "event.memory", 0, "a container's facts");
        uint64_t seq = x.previous;
        TRY(fact_read(t, seq, a, &x));
        if (!x.is_contents || x.contents.flags & CONTENTS_CLOSES) break;
        struct step *s = NEW(a, struct step);
        if (s == NULL) return no_memory();
        *s = (struct step){x.f.kind == FACT_UNITS_PACKED, x.children, newest};
        newest = s;
        begins = x.contents.flags & CONTENTS_BEGINS;
    }
    return sum(a, newest, out);
}
