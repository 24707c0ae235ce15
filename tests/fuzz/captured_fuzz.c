// captured_fuzz.c - the decided parts of captured documents, events and slices from foreign bytes;
// the first byte chooses which.
//
// Claims: a part that is refused is `record.corrupt`; one that was read and written again is read
// as the same, and what is written is read again.
#include "common/arena.h"
#include "service/event/captured.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct arena arena;

static void must_be_corrupt(status st) { assert(strcmp(st.reason, "record.corrupt") == 0); }

static void take_document(str bytes)
{
    struct captured_document d, again;
    struct buf b, c;

    status st = captured_document_get(bytes, &arena, &d);
    if (st.cls != ST_OK) {
        must_be_corrupt(st);
        return;
    }
    buf_init(&b, 64 * MB);
    buf_init(&c, 64 * MB);
    captured_document_put(&b, &d);
    assert(captured_document_get(buf_str(&b), &arena, &again).cls == ST_OK);
    captured_document_put(&c, &again);
    assert(str_eq(buf_str(&b), buf_str(&c)) && again.events == d.events);
    assert(again.place_count == d.place_count && again.errors.n == d.errors.n);
    buf_fini(&c);
    buf_fini(&b);
}

static void take_slice(str bytes)
{
    struct fact f = {.seq = 1000, .decided = bytes};
    struct capture_slice s, again;
    struct buf b;

    status st = capture_slice_get(&f, &arena, &s);
    if (st.cls != ST_OK) {
        must_be_corrupt(st);
        return;
    }
    assert(s.document > 0 && s.document < f.seq && s.errors_before < f.seq);
    buf_init(&b, 64 * MB);
    capture_slice_put(&b, f.seq, &s);
    f.decided = buf_str(&b);
    assert(capture_slice_get(&f, &arena, &again).cls == ST_OK);
    assert(again.document == s.document && again.next == s.next && again.stored == s.stored);
    buf_fini(&b);
}

// As its write takes it: the common part, and then one effect for each unit.
static void take_event(str bytes, enum fact_kind kind)
{
    struct fact f = {.seq = 1000, .kind = (uint16_t)kind, .decided = bytes};
    uint64_t event;
    struct captured_event e;
    struct touched touched;
    struct report report;
    struct bytes_r rest;

    status st = report_get(f.decided, &arena, &report, &touched, &rest);
    if (st.cls == ST_OK && !captured_of(&rest, &f, &event)) return;
    if (st.cls == ST_OK) st = captured_event_get(&rest, &f, touched.runs.units, &arena, &e);
    if (st.cls != ST_OK) {
        must_be_corrupt(st);
        return;
    }
    assert(e.document < f.seq && e.in + e.has_parent <= touched.runs.units);
    struct bytes_r in = e.effects;
    struct alike_r effects = {.in = &in};
    for (uint64_t i = 0; i < touched.runs.units && i < 100000; i++)
        assert(alike_get(&effects) < EFFECT_END && !in.bad);
    for (uint32_t i = 0; i < e.found_by.n; i++) assert(e.found_by.at[i].value.n <= INDEX_VALUE_MAX);
    for (uint32_t i = 0; i < e.exception_count; i++)
        assert(capture_exception_code((enum capture_exception)e.exceptions[i].code) != NULL &&
               e.exceptions[i].unit <= touched.runs.units);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1) return 0;
    str bytes = {(const char *)data + 1, n - 1};

    arena_init(&arena, 64 * MB);
    if (data[0] % 3 == 0)
        take_document(bytes);
    else if (data[0] % 3 == 1)
        take_event(bytes, data[0] < 128 ? FACT_EVENT_CAPTURED : FACT_CAPTURE_APPLIED);
    else
        take_slice(bytes);
    arena_fini(&arena);
    return 0;
}
