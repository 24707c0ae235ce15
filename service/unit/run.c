#include "service/unit/run.h"
#include "common/arena.h"
#include <stdlib.h>
#include <string.h>

struct runs runs_of(struct arena *a, const unit_id *units, uint32_t n)
{
    struct runs r = {.at = NEW_ARRAY(a, struct run, n ? n : 1), .units = n};

    if (r.at == NULL) return (struct runs){0};
    for (uint32_t i = 0; i < n; i++) {
        struct run *last = r.n > 0 ? &r.at[r.n - 1] : NULL;
        if (last != NULL && units[i].v == last->first.v + last->count &&
            unit_space(units[i]) == unit_space(last->first))
            last->count++;
        else
            r.at[r.n++] = (struct run){units[i], 1};
    }
    return r;
}

void runs_put(struct buf *b, const struct runs *r)
{
    uint64_t before = 0;

    bytes_var(b, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        bytes_zig(b, (int64_t)(r->at[i].first.v - before));
        bytes_var(b, r->at[i].count);
        before = r->at[i].first.v + r->at[i].count;
    }
}

struct runs runs_get(struct bytes_r *in, struct arena *a)
{
    uint64_t n = bytes_get_var(in), before = 0;
    struct runs r = {0};

    if (n > (uint64_t)(in->end - in->p)) in->bad = true; // a run takes two bytes or more
    if (!in->bad) r.at = NEW_ARRAY(a, struct run, n ? n : 1);
    if (r.at == NULL) in->bad = true;
    for (; r.n < n && !in->bad; r.n++) {
        struct run *x = &r.at[r.n];
        x->first.v = before + (uint64_t)bytes_get_zig(in);
        uint64_t count = bytes_get_var(in);
        if (count == 0 || count > UINT32_MAX) in->bad = true;
        x->count = (uint32_t)count;
        r.units += count;
        before = x->first.v + count;
    }
    return in->bad ? (struct runs){0} : r;
}

uint64_t runs_pass(struct bytes_r *in)
{
    uint64_t units = 0;

    for (uint64_t n = bytes_get_var(in); n > 0 && !in->bad; n--) {
        (void)bytes_get_zig(in);
        units += bytes_get_var(in);
    }
    return units;
}

struct run_walk runs_walk(const struct runs *r) { return (struct run_walk){.runs = r}; }

bool run_next(struct run_walk *w, unit_id *u)
{
    if (w->run == w->runs->n) return false;
    const struct run *r = &w->runs->at[w->run];
    u->v = r->first.v + w->at;
    if (++w->at == r->count) w->run++, w->at = 0;
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return (x->first.v > y->first.v) - (x->first.v < y->first.v);
}

struct runs runs_sorted(const struct runs *r, struct arena *a)
{
    struct runs sorted = {NEW_ARRAY(a, struct run, r->n ? r->n : 1), r->n, r->units};

    if (sorted.at == NULL) return (struct runs){0};
    if (r->n > 0) memcpy(sorted.at, r->at, r->n * sizeof *sorted.at);
    qsort(sorted.at, r->n, sizeof *sorted.at, by_first);
    return sorted;
}

unit_id runs_find_twice(const struct runs *r, struct arena *a)
{
    struct runs sorted = runs_sorted(r, a);

    assert(sorted.at != NULL || r->n > 0);
    if (sorted.at == NULL) return r->at[0].first;
    for (uint32_t i = 1; i < r->n; i++)
        if (sorted.at[i].first.v < sorted.at[i - 1].first.v + sorted.at[i - 1].count)
            return sorted.at[i].first;
    return (unit_id){0};
}

bool runs_hold(const struct runs *r, unit_id u)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (u.v >= r->at[i].first.v && u.v - r->at[i].first.v < r->at[i].count) return true;
    return false;
}

bool runs_among(const struct runs *sorted, unit_id u)
{
    uint32_t low = 0, high = sorted->n; // the first run that begins above u is at `low`

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (sorted->at[mid].first.v > u.v)
            high = mid;
        else
            low = mid + 1;
    }
    return low > 0 && u.v - sorted->at[low - 1].first.v < sorted->at[low - 1].count;
}

void alike_put(struct alike_w *w, uint64_t value)
{
    if (w->length > 0 && value != w->value) alike_end(w);
    w->value = value;
    w->length++;
}

void alike_end(struct alike_w *w)
{
    if (w->length == 0) return;
    bytes_var(w->b, w->length);
    bytes_zig(w->b, (int64_t)(w->value - w->before));
    w->before = w->value;
    w->length = 0;
}

uint64_t alike_get(struct alike_r *r)
{
    if (r->left == 0) {
        r->left = bytes_get_var(r->in);
        r->value += (uint64_t)bytes_get_zig(r->in);
        if (r->left == 0) r->in->bad = true;
    }
    if (r->in->bad) return 0;
    r->left--;
    return r->value;
}

void alike_pass(struct bytes_r *in, uint64_t count)
{
    struct alike_r skip = {.in = in};

    for (uint64_t i = 0; i < count && !in->bad;) {
        alike_get(&skip);
        i += 1 + skip.left;
        skip.left = 0;
    }
}
