// metric.c - the registered metrics and their text (Prometheus text exposition format 0.0.4).
//
// Cells are added to relaxed: a scrape may see a bucket before its sum, never a torn number. A
// histogram keeps each bucket by itself; they are summed up when they are shown.
#include "common/metric.h"
#include <pthread.h>
#include <string.h>

static const struct metric *registered[METRICS_MAX]; // only ever appended to, under the lock
static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t count;

static bool name_is_good(const char *name)
{
    for (size_t i = 0; name[i] != 0; i++) {
        bool letter = (name[i] >= 'a' && name[i] <= 'z') || name[i] == '_';
        if (!letter && (i == 0 || name[i] < '0' || name[i] > '9')) return false;
    }
    return name[0] != 0;
}

static bool scale_is_good(uint32_t scale)
{
    while (scale >= 10 && scale % 10 == 0) scale /= 10;
    return scale == 1;
}

static void check(const struct metric *m)
{
    assert(name_is_good(m->name) && scale_is_good(m->scale));
    assert(m->label == NULL ? m->value_count == 1 : name_is_good(m->label));
    for (uint32_t i = 1; i < m->bound_count; i++) assert(m->bounds[i - 1] < m->bounds[i]);
}

void metric_register(const struct metric *m)
{
    uint32_t i = 0, n;

    check(m);
    pthread_mutex_lock(&registering);
    n = atomic_load(&count);
    while (i < n && strcmp(registered[i]->name, m->name) != 0) i++;
    assert(i == n ? n < METRICS_MAX : registered[i] == m); // a name is one metric's
    if (i == n) {
        registered[n] = m;
        atomic_store(&count, n + 1);
    }
    pthread_mutex_unlock(&registering);
}

static uint32_t width(const struct metric *m)
{
    return m->kind == METRIC_HISTOGRAM ? m->bound_count + 2 : 1;
}

static _Atomic uint64_t *cells(const struct metric *m, uint32_t value)
{
    assert(value < m->value_count);
    return m->cells + (size_t)value * width(m);
}

static uint64_t load(_Atomic uint64_t *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

static void add(_Atomic uint64_t *cell, uint64_t n)
{
    atomic_fetch_add_explicit(cell, n, memory_order_relaxed);
}

void metric_add_at(const struct metric *m, uint32_t value, int64_t n)
{
    assert(m->kind == METRIC_GAUGE || (m->kind == METRIC_COUNTER && n >= 0));
    add(cells(m, value), (uint64_t)n);
}

void metric_set_at(const struct metric *m, uint32_t value, int64_t n)
{
    assert(m->kind == METRIC_GAUGE);
    atomic_store_explicit(cells(m, value), (uint64_t)n, memory_order_relaxed);
}

void metric_raise_at(const struct metric *m, uint32_t value, int64_t n)
{
    _Atomic uint64_t *c = cells(m, value);
    uint64_t was = load(c);

    assert(m->kind == METRIC_GAUGE);
    while ((int64_t)was < n && !atomic_compare_exchange_weak(c, &was, (uint64_t)n)) {}
}

void metric_observe_at(const struct metric *m, uint32_t value, uint64_t v)
{
    uint32_t i = 0;
    _Atomic uint64_t *c = cells(m, value);

    assert(m->kind == METRIC_HISTOGRAM);
    while (i < m->bound_count && v > m->bounds[i]) i++;
    add(&c[i], 1);
    add(&c[m->bound_count + 1], v);
}

int64_t metric_get_at(const struct metric *m, uint32_t value)
{
    _Atomic uint64_t *c = cells(m, value);
    uint64_t n = 0;

    if (m->kind != METRIC_HISTOGRAM) return (int64_t)load(c);
    for (uint32_t i = 0; i <= m->bound_count; i++) n += load(&c[i]);
    return (int64_t)n;
}

// ---- text

static void escaped(struct buf *b, str s, bool quotes)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n') {
            buf_add(b, S("\\n"));
            continue;
        }
        if (s.p[i] == '\\' || (quotes && s.p[i] == '"')) buf_addc(b, '\\');
        buf_addc(b, s.p[i]);
    }
}

// v / scale, without digits that say nothing.
static void decimal(struct buf *b, uint64_t v, uint32_t scale)
{
    buf_addu(b, v / scale);
    uint64_t rest = v % scale;
    if (rest > 0) buf_addc(b, '.');
    for (uint64_t unit = scale / 10; rest > 0; rest %= unit, unit /= 10) buf_addu(b, rest / unit);
}

static void integer(struct buf *b, int64_t n)
{
    if (n < 0) buf_addc(b, '-');
    buf_addu(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

static void label_add(struct buf *b, char before, const char *label, str value)
{
    buf_addc(b, before);
    buf_add(b, str_of(label));
    buf_add(b, S("=\""));
    escaped(b, value, true);
    buf_addc(b, '"');
}

void metric_family(struct buf *b, enum metric_kind kind, const char *name, const char *help)
{
    static const char *const kinds[] = {" counter\n", " gauge\n", " histogram\n"};

    buf_add(b, S("# HELP "));
    buf_add(b, str_of(name));
    buf_addc(b, ' ');
    escaped(b, str_of(help), false);
    buf_add(b, S("\n# TYPE "));
    buf_add(b, str_of(name));
    buf_add(b, str_of(kinds[kind]));
}

void metric_sample(struct buf *b, const char *name, const char *label, str value, int64_t n)
{
    buf_add(b, str_of(name));
    if (label != NULL) {
        label_add(b, '{', label, value);
        buf_addc(b, '}');
    }
    buf_addc(b, ' ');
    integer(b, n);
    buf_addc(b, '\n');
}

// One line of a histogram: name, suffix, labels, and the space before its number.
static void histogram_name(struct buf *b, const struct metric *m, uint32_t value, str suffix)
{
    buf_add(b, str_of(m->name));
    buf_add(b, suffix);
    if (m->label != NULL) label_add(b, '{', m->label, str_of(m->values[value]));
}

static void histogram_write(struct buf *b, const struct metric *m, uint32_t value)
{
    _Atomic uint64_t *c = cells(m, value);
    str end = m->label != NULL ? S("} ") : S(" ");
    uint64_t n = 0;

    for (uint32_t i = 0; i <= m->bound_count; i++) {
        histogram_name(b, m, value, S("_bucket"));
        buf_add(b, m->label != NULL ? S(",le=\"") : S("{le=\""));
        if (i < m->bound_count)
            decimal(b, m->bounds[i], m->scale);
        else
            buf_add(b, S("+Inf"));
        buf_add(b, S("\"} "));
        buf_addu(b, n += load(&c[i]));
        buf_addc(b, '\n');
    }
    histogram_name(b, m, value, S("_sum"));
    buf_add(b, end);
    decimal(b, load(&c[m->bound_count + 1]), m->scale);
    buf_addc(b, '\n');
    histogram_name(b, m, value, S("_count"));
    buf_add(b, end);
    buf_addu(b, n);
    buf_addc(b, '\n');
}

void metric_write(struct buf *b)
{
    uint32_t n = atomic_load(&count);

    for (uint32_t i = 0; i < n; i++) {
        const struct metric *m = registered[i];
        metric_family(b, m->kind, m->name, m->help);
        for (uint32_t v = 0; v < m->value_count; v++) {
            if (m->kind == METRIC_HISTOGRAM)
                histogram_write(b, m, v);
            else
                metric_sample(b, m->name, m->label, str_of(m->label ? m->values[v] : NULL),
                              metric_get_at(m, v));
        }
    }
}

uint64_t metric_us(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
