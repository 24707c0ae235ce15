// metric.h - counters, gauges and histograms, added to by any thread, shown as Prometheus text.
//
// A metric is a static of the room that counts; the room registers it when it starts. Adding is one
// relaxed atomic add and works before that too.
//
//     static const struct metric refusals =
//         METRIC_OF(METRIC_COUNTER, "packtrail_refusals_total", "Requests refused.",
//                   "class", class_names);
//     metric_register(&refusals);
//     metric_add_at(&refusals, st.cls, 1);
//
// What is only worked out when somebody asks (the length of a queue, what a pool has left) is
// written behind metric_write by metric_family and metric_sample.
#pragma once
#include "common/buf.h"
#include <stdatomic.h>
#include <time.h>

#define METRICS_MAX  128u                                       // that can be registered
#define METRIC_MEDIA "text/plain; version=0.0.4; charset=utf-8" // of what metric_write gives

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
    enum metric_kind kind;
    const char *name, *help;   // the caller's prefix and unit: packtrail_request_seconds
    const char *label;         // the name of its only label, NULL: it has none
    const char *const *values; // what the label can be
    uint32_t value_count;      // 1 without a label
    uint32_t scale;            // how many counted units make a shown one, a power of ten
    const uint64_t *bounds;    // of a histogram's buckets, ascending, in counted units
    uint32_t bound_count;
    _Atomic uint64_t *cells; // for each value one; or bound_count, one for larger ones, the sum
};

// Initialisers. `label_values` and `bucket_bounds` are static arrays.
#define METRIC(kind_, name_, help_)                                                                \
    {                                                                                              \
        .kind = (kind_), .name = (name_), .help = (help_), .value_count = 1, .scale = 1,           \
        .cells = (_Atomic uint64_t[1])                                                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define METRIC_OF(kind_, name_, help_, label_, label_values)                                       \
    {                                                                                              \
        .kind = (kind_), .name = (name_), .help = (help_), .label = (label_),                      \
        .values = (label_values), .value_count = LEN(label_values), .scale = 1,                    \
        .cells = (_Atomic uint64_t[LEN(label_values)])                                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define METRIC_TIMES(name_, help_, scale_, bucket_bounds)                                          \
    {                                                                                              \
        .kind = METRIC_HISTOGRAM, .name = (name_), .help = (help_), .value_count = 1,              \
        .scale = (scale_), .bounds = (bucket_bounds), .bound_count = LEN(bucket_bounds),           \
        .cells = (_Atomic uint64_t[LEN(bucket_bounds) + 2])                                        \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define METRIC_TIMES_OF(name_, help_, scale_, bucket_bounds, label_, label_values)                 \
    {                                                                                              \
        .kind = METRIC_HISTOGRAM, .name = (name_), .help = (help_), .label = (label_),             \
        .values = (label_values), .value_count = LEN(label_values), .scale = (scale_),             \
        .bounds = (bucket_bounds), .bound_count = LEN(bucket_bounds),                              \
        .cells = (_Atomic uint64_t[LEN(label_values) * (LEN(bucket_bounds) + 2)])                  \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

// Any thread, again is nothing; m and what it points at stay for ever.
void metric_register(const struct metric *m);

void metric_add_at(const struct metric *m, uint32_t value, int64_t n);      // counters: n >= 0
void metric_set_at(const struct metric *m, uint32_t value, int64_t n);      // gauges
void metric_raise_at(const struct metric *m, uint32_t value, int64_t n);    // gauges: to n at least
void metric_observe_at(const struct metric *m, uint32_t value, uint64_t v); // histograms
int64_t metric_get_at(const struct metric *m, uint32_t value); // of a histogram: how many

static inline void metric_add(const struct metric *m, int64_t n) { metric_add_at(m, 0, n); }
static inline void metric_set(const struct metric *m, int64_t n) { metric_set_at(m, 0, n); }
static inline void metric_observe(const struct metric *m, uint64_t v)
{
    metric_observe_at(m, 0, v);
}
static inline int64_t metric_get(const struct metric *m) { return metric_get_at(m, 0); }

void metric_write(struct buf *b); // all that are registered, in that order

// # HELP and # TYPE, then samples; a NULL label is none.
void metric_family(struct buf *b, enum metric_kind kind, const char *name, const char *help);
void metric_sample(struct buf *b, const char *name, const char *label, str value, int64_t n);

// A clock in microseconds, for what is measured alone: what is decided by time asks env.
uint64_t metric_us(clockid_t which);
