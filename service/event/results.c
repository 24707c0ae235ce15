#include "service/event/results.h"
#include "common/mask.h"

#define SLACK (64 * KB) // for what is added before anybody looks

void results_init(struct results *s, size_t max)
{
    *s = (struct results){.max = max};
    buf_init(&s->all, max + SLACK);
    buf_init(&s->problems, max + SLACK);
}

void results_fini(struct results *s)
{
    buf_fini(&s->all);
    buf_fini(&s->problems);
}

// Once they are too many, the accepted are no longer told one by one.
static bool is_long(const struct results *s) { return s->all.failed || s->all.n > s->max; }

static void head(struct buf *b, uint64_t index)
{
    if (b->n > 0) buf_addc(b, ',');
    buf_add(b, S("{\"index\":"));
    buf_addu(b, index);
}

static void done_so_far(struct buf *b, uint64_t seq, bool repeat)
{
    buf_add(b, S(",\"seq\":"));
    buf_addu(b, seq);
    if (repeat) buf_add(b, S(",\"repeat\":true"));
}

void results_accept(struct results *s, uint64_t index, uint64_t seq, bool repeat)
{
    s->accepted++;
    if (is_long(s)) return;
    head(&s->all, index);
    done_so_far(&s->all, seq, repeat);
    buf_addc(&s->all, '}');
}

// With its seq where something was done.
static void tell_problem(struct results *s, const struct results_part *p)
{
    size_t from = s->problems.n;

    if (s->cut) return;
    head(&s->problems, p->index);
    if (p->seq != 0) done_so_far(&s->problems, p->seq, p->repeat);
    buf_add(&s->problems, S(",\"problem\":{"));
    http_problem_members(&s->problems, p->st);
    if (p->units.n > 0) {
        buf_add(&s->problems, S(",\"units\":"));
        size_t at = s->problems.n;
        buf_add(&s->problems, p->units);
        if (!s->problems.failed)
            s->problems.n = at + mask_text(s->problems.p + at, s->problems.n - at);
    }
    buf_add(&s->problems, S("}}"));
    if (s->problems.failed || (s->problems.n > s->max && from > 0)) { // one is told, however long
        s->cut = true;
        s->problems.failed = false;
        s->problems.n = from;
        return;
    }
    if (is_long(s)) return;
    size_t skip = from > 0 ? 1 : 0; // the comma
    if (s->all.n > 0) buf_addc(&s->all, ',');
    buf_add(&s->all, (str){s->problems.p + from + skip, s->problems.n - from - skip});
}

void results_refuse(struct results *s, uint64_t index, status st, str units)
{
    s->refused++;
    tell_problem(s, &(struct results_part){.index = index, .st = st, .units = units});
}

void results_accept_partly(struct results *s, const struct results_part *p)
{
    s->accepted++;
    tell_problem(s, p);
}

void results_write(const struct results *s, struct buf *out)
{
    const struct buf *items = is_long(s) ? &s->problems : &s->all;

    buf_add(out, S("{\"accepted\":"));
    buf_addu(out, s->accepted);
    buf_add(out, S(",\"refused\":"));
    buf_addu(out, s->refused);
    buf_add(out, S(",\"results\":["));
    if (items->n > 0) buf_add(out, (str){items->p, items->n});
    buf_addc(out, ']');
    if (s->cut) buf_add(out, S(",\"results_cut\":true"));
    buf_addc(out, '}');
}
