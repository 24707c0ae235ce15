// gs1_id_fuzz.c - any bytes as an identifier, a pattern, and a value of an event to be hashed. What
// is refused has a code and a place; what is accepted survives being written and read again in
// every form; short cuts say what the general readers say; the input is untouched.
#include "service/gs1/element.h"
#include "service/gs1/pattern.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// A raw element string says the same with a symbology identifier in front.
static void scan_agrees(str in, const struct gs1_id *id, bool accepted, struct arena *a)
{
    struct gs1_id scanned;
    struct buf scan;

    bool bare = in.n == 8 || (in.n >= 12 && in.n <= 14) || in.n == 18;
    if (in.n < 2 || in.n + 3 > GS1_TEXT_MAX || (bare && str_is_digits(in)) ||
        !str_is_digits((str){in.p, 2}))
        return;
    buf_init(&scan, 8 * KB);
    buf_add(&scan, S("]d2"));
    buf_add(&scan, in);
    assert((gs1_read(buf_str(&scan), a, &scanned).cls == ST_OK) == accepted);
    assert(!accepted || gs1_id_eq(id, &scanned));
    buf_fini(&scan);
}

// A link says the same with an attribute of others behind it, which no short cut reads.
static void link_agrees(str in, const struct gs1_id *id, bool accepted, struct arena *a)
{
    struct gs1_id again;
    struct buf link;

    if (in.n + 4 > GS1_TEXT_MAX ||
        (!str_starts(in, S("http://")) && !str_starts(in, S("https://"))) ||
        memchr(in.p, '?', in.n) != NULL || memchr(in.p, '#', in.n) != NULL)
        return;
    buf_init(&link, 8 * KB);
    buf_add(&link, in);
    buf_add(&link, S("?x=1"));
    status st = gs1_read(buf_str(&link), a, &again);
    if (!accepted || id->scheme != GS1_URI) {
        assert((st.cls == ST_OK) == accepted);
        assert(!accepted || gs1_id_eq(id, &again));
    }
    buf_fini(&link);
}

static bool begins_like(const struct gs1_pattern *p, str canonical)
{
    struct buf start;
    bool like = false;

    buf_init(&start, 64 * KB);
    for (unsigned i = 0; i < gs1_pattern_starts(p); i++) {
        buf_reset(&start);
        gs1_pattern_start(p, i, &start);
        like = like || str_starts(canonical, buf_str(&start));
    }
    buf_fini(&start);
    return like;
}

// What is an identity is a pattern that finds it, and an index finds it by how it begins.
static void pattern_finds(str in, const struct gs1_id *id, bool accepted, struct arena *a)
{
    struct gs1_pattern p;
    struct buf text;

    status st = gs1_pattern_read(in, a, &p);
    if (st.cls != ST_OK) {
        assert(!accepted && st.reason != NULL && st.at <= in.n);
        return;
    }
    assert(gs1_pattern_starts(&p) <= GS1_PATTERN_STARTS_MAX);
    (void)begins_like(&p, S(""));
    if (!accepted) return;
    buf_init(&text, 64 * KB);
    st = gs1_write(id, GS1_DL, NULL, &text);
    assert(st.cls == ST_OK && gs1_pattern_matches(&p, id) && begins_like(&p, buf_str(&text)));
    buf_fini(&text);
}

// The form for the event hash is its own, and names the same.
static void hash_form_holds(str in, const struct gs1_id *id, bool accepted, struct arena *a)
{
    struct buf once, twice;
    struct gs1_id again;

    buf_init(&once, 64 * KB);
    buf_init(&twice, 64 * KB);
    bool known = gs1_hash_form(in, a, &once);
    assert(known || str_eq(in, buf_str(&once)));
    if (known) {
        assert(gs1_hash_form(buf_str(&once), a, &twice));
        assert(str_eq(buf_str(&once), buf_str(&twice)));
        if (accepted && id->scheme != GS1_URI) {
            assert(gs1_read(buf_str(&once), a, &again).cls == ST_OK);
            assert(gs1_id_eq(id, &again));
        }
    }
    buf_fini(&once);
    buf_fini(&twice);
}

static void comes_back(const struct gs1_id *id, enum gs1_form form, struct arena *a)
{
    struct gs1_id again;
    struct buf out, twice;

    buf_init(&out, 64 * KB);
    buf_init(&twice, 64 * KB);
    status st = gs1_write(id, form, NULL, &out);
    if (st.cls == ST_OK) {
        assert(gs1_read(buf_str(&out), a, &again).cls == ST_OK);
        assert(gs1_id_eq(id, &again));
        again.prefix_n = id->prefix_n; // told by URNs alone
        assert(gs1_write(&again, form, NULL, &twice).cls == ST_OK);
        assert(str_eq(buf_str(&out), buf_str(&twice)));
        if (form == GS1_RAW && id->scheme != GS1_URI) scan_agrees(buf_str(&out), id, true, a);
    } else {
        assert(form == GS1_URN && strcmp(st.reason, "prefix.unknown") == 0 && out.n == 0);
    }
    buf_fini(&out);
    buf_fini(&twice);
}

// Whole element strings: what is read is written so that it reads the same.
static void elements_come_back(str in, struct arena *a)
{
    struct gs1_elements e, again;
    struct buf raw, bracketed;

    status st = gs1_elements_read(in, a, &e);
    if (st.cls != ST_OK) {
        assert(st.reason != NULL && st.at <= in.n);
        return;
    }
    buf_init(&raw, 64 * KB);
    buf_init(&bracketed, 64 * KB);
    gs1_elements_raw(&e, &raw);
    gs1_elements_bracketed(&e, &bracketed);
    assert(gs1_raw_read(buf_str(&raw), &again).cls == ST_OK && again.n == e.n);
    for (size_t i = 0; i < e.n; i++) assert(str_eq(e.e[i].value, again.e[i].value));
    assert(gs1_bracketed_read(buf_str(&bracketed), a, &again).cls == ST_OK && again.n == e.n);
    for (size_t i = 0; i < e.n; i++) assert(str_eq(e.e[i].value, again.e[i].value));
    buf_reset(&raw);
    if (gs1_elements_check(&e, GS1_RELATIONS).cls == ST_OK &&
        gs1_elements_dl(&e, S("https://id.gs1.org"), &raw).cls == ST_OK)
        assert(gs1_dl_read(buf_str(&raw), a, &again).cls == ST_OK && again.n <= e.n);
    buf_fini(&raw);
    buf_fini(&bracketed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n == 0 ? 1 : n); // a heap copy, so that reading past the end is noticed
    struct arena a;
    struct gs1_id id;

    assert(text != NULL);
    memcpy(text, data, n);
    arena_init(&a, 1 * MB);
    str in = {text, n};
    status st = gs1_read(in, &a, &id);
    if (st.cls != ST_OK)
        assert(st.reason != NULL && st.at <= n && st.text[0] != 0);
    else
        for (enum gs1_form f = GS1_BRACKETED; f <= GS1_RAW; f++) comes_back(&id, f, &a);
    scan_agrees(in, &id, st.cls == ST_OK, &a);
    link_agrees(in, &id, st.cls == ST_OK, &a);
    pattern_finds(in, &id, st.cls == ST_OK, &a);
    hash_form_holds(in, &id, st.cls == ST_OK, &a);
    elements_come_back(in, &a);
    assert(memcmp(text, data, n) == 0);
    arena_fini(&a);
    free(text);
    return 0;
}
