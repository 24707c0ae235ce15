// gs1_vectors_test.c - the published vectors of GS1's syntax dictionary and engine, of the EPC
// translators and of the event hash, as far as they bind; every vector that does not is counted
// under the reason why. Skipped where the shared folder is absent.
#include "service/gs1/gs1_int.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define YES(v) ((v) != NULL && json_is_true(v))

static struct arena arena;
static struct buf out;
static unsigned bound, wrong, optional;

static json_t *vectors(const char *name)
{
    const char *shared = getenv("PACKTRAIL_SHARED");
    char path[512];

    snprintf(path, sizeof path, "%s/standards/data/derived/gs1keys/%s.json",
             shared != NULL ? shared : "../shared", name);
    json_t *root = json_load_file(path, 0, NULL);
    if (root == NULL) {
        print_message("%s is absent (PACKTRAIL_SHARED names the shared folder)\n", path);
        skip();
    }
    bound = wrong = optional = 0;
    return root;
}

static str text_of(const json_t *v, const char *key)
{
    json_t *s = json_object_get(v, key);

    return json_is_string(s) ? (str){json_string_value(s), json_string_length(s)} : (str){NULL, 0};
}

// No option of the engine is set; those that set one are counted.
static bool is_binding(const json_t *v)
{
    bool plain = json_object_size(json_object_get(v, "flags")) == 0;

    if (!plain) optional++;
    return plain;
}

// "^" stands for FNC1, the first one for the symbology identifier.
static str with_fnc1(str s)
{
    char *p = arena_alloc(&arena, s.n + 1);

    for (size_t i = 0; i < s.n; i++) p[i] = s.p[i] == '^' ? GS1_FNC1 : s.p[i];
    return (str){p, s.n};
}

static void claim(bool holds, const json_t *v, const char *got)
{
    bound++;
    if (holds) return;
    wrong++;
    char *shown = json_dumps(v, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    print_error("%s\n  gave %s\n", shown, got);
    free(shown);
}

static const char *said(status st) { return st.cls == ST_OK ? "ok" : st.reason; }

static void done(json_t *root, const char *name)
{
    if (optional > 0) print_message("%s: %u set options that are off\n", name, optional);
    print_message("%s: %u bind, %u do not hold\n", name, bound, wrong);
    json_decref(root);
    assert_int_equal(wrong, 0);
    assert_true(bound > 0);
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MB);
    buf_init(&out, 1 * MB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&out);
    return 0;
}

#define EACH(root, i, v) json_array_foreach(json_object_get(root, "vectors"), i, v)

// --- element strings ---

static void gs1_brackets_are_read_as_the_engine_reads_them(void **state)
{
    json_t *root = vectors("ai_bracketed_parse"), *v;
    struct gs1_elements e;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        if (!is_binding(v)) continue;
        status st = gs1_bracketed_read(text_of(v, "bracketed"), &arena, &e);
        bool ok = (st.cls == ST_OK) == YES(json_object_get(v, "ok"));
        buf_reset(&out);
        if (ok && st.cls == ST_OK) {
            gs1_elements_raw(&e, &out);
            ok = str_eq(buf_str(&out), with_fnc1(str_from(text_of(v, "unbracketed"), 1)));
        }
        claim(ok, v, said(st));
    }
    done(root, "ai_bracketed_parse");
}

// Data without the leading FNC1 is no GS1 data to the engine. A scanner tells so by another
// symbology identifier.
static str as_scanned(str s)
{
    bool gs1 = s.n > 0 && s.p[0] == '^';
    str body = with_fnc1(gs1 ? str_from(s, 1) : s);
    char *p = arena_alloc(&arena, body.n + 3);

    memcpy(p, gs1 ? "]d2" : "]d1", 3);
    memcpy(p + 3, body.p, body.n);
    return (str){p, body.n + 3};
}

static void gs1_scans_are_cut_up_as_the_engine_cuts_them(void **state) // GS1-GENSPEC-7.8
{
    json_t *root = vectors("ai_element_string_process"), *v;
    struct gs1_elements e;
    size_t i;
    str text;

    (void)state;
    EACH(root, i, v)
    {
        if (!is_binding(v)) continue;
        status st = gs1_scan_read(as_scanned(text_of(v, "element_string")), &arena, &e, &text);
        claim((st.cls == ST_OK && e.n > 0) == YES(json_object_get(v, "ok")), v, said(st));
    }
    done(root, "ai_element_string_process");
}

static void gs1_values_are_judged_as_the_engine_judges_them(void **state)
{
    json_t *root = vectors("ai_linter_errors"), *v;
    struct gs1_elements e;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        status st = gs1_bracketed_read(text_of(v, "bracketed"), &arena, &e);
        claim((st.cls == ST_OK) == str_eq(text_of(v, "result"), S("OK")), v, said(st));
    }
    done(root, "ai_linter_errors");
}

// The association vectors hold unknown identifiers and odd check digits, so only their brackets
// are read here.
static void brackets(str in, struct gs1_elements *e)
{
    e->n = 0;
    while (in.n > 0) {
        str ai = {NULL, 0}, rest = str_from(in, 1);
        assert_true(in.p[0] == '(' && str_cut(&rest, ')', &ai));
        const char *next = memchr(rest.p, '(', rest.n);
        size_t n = next == NULL ? rest.n : (size_t)(next - rest.p);
        e->e[e->n++] = (struct gs1_element){
            ai, gs1_ai_find(ai), {rest.p, n},
              0
        };
        in = str_from(rest, n);
    }
}

static unsigned relation_of(str rule)
{
    if (str_eq(rule, S("repeated AI must carry the same value"))) return GS1_REPEATED;
    if (str_eq(rule, S("ex= invalid pair"))) return GS1_EXCLUDED;
    if (str_eq(rule, S("req= mandatory association"))) return GS1_REQUIRED;
    assert_true(str_eq(rule, S("validateDigSigRequiresSerialisedKey")));
    return GS1_SIGNED;
}

static void gs1_relations_are_judged_as_the_engine_judges_them(void **state)
{
    json_t *root = vectors("ai_associations"), *v;
    struct gs1_elements e;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        str text = text_of(v, "bracketed");
        unsigned relation = relation_of(text_of(v, "rule"));
        brackets(text, &e);
        status st = gs1_elements_check(&e, relation);
        if (relation == GS1_EXCLUDED && st.cls == ST_OK)
            st = gs1_bracketed_read(text, &arena, &e); // two of these name what does not exist
        claim((st.cls == ST_OK) == YES(json_object_get(v, "ok")), v, said(st));
    }
    done(root, "ai_associations");
}

// --- content checks ---

static enum gs1_lint lint_of(str name)
{
    static const char *const names[] = {
#define X(name) #name,
        GS1_LINTS(X)
#undef X
    };

    for (size_t i = 0; i < LEN(names); i++)
        if (str_eq(name, str_of(names[i]))) return (enum gs1_lint)(i + 1);
    return LINT_none;
}

static struct gs1_fault fault_of(str name, str value)
{
    if (str_eq(name, S("cset39"))) return gs1_set_fault(value, SET_39);
    if (str_eq(name, S("cset64"))) return gs1_base64_fault(value);
    if (str_eq(name, S("cset82"))) return gs1_set_fault(value, SET_82);
    if (str_eq(name, S("csetnumeric"))) return gs1_set_fault(value, SET_DIGIT);
    enum gs1_lint lint = lint_of(name);
    assert_true(lint != LINT_none);
    return gs1_lint(lint, value);
}

// A prefix that is well formed but not GS1's: only GS1's list of prefixes could tell, and prefix
// lengths are never guessed here.
static bool needs_prefix_list(str name, str value)
{
    return str_starts(name, S("gcppos")) && str_ends(value, S("1234567"));
}

static void gs1_checks_agree_with_the_syntax_tests_and_point_where_they_point(void **state)
{
    json_t *root = vectors("linters"), *v;
    unsigned lists = 0;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        str name = text_of(v, "linter"), value = text_of(v, "value"),
            mark = text_of(v, "highlight");
        if (needs_prefix_list(name, value)) {
            lists++;
            continue;
        }
        struct gs1_fault f = fault_of(name, value);
        bool ok = (f.reason == NULL) == YES(json_object_get(v, "ok"));
        if (ok && f.reason != NULL && mark.p != NULL)
            ok = mark.p[f.at] == '*'; // the bad span begins at the first star
        claim(ok, v, f.reason == NULL ? "ok" : f.reason);
    }
    print_message("linters: %u need GS1's list of prefixes\n", lists);
    assert_int_equal(lists, 4);
    done(root, "linters");
}

// --- Digital Links ---

static void gs1_links_are_read_as_the_engine_reads_them(void **state) // GS1-DL-path
{
    json_t *root = vectors("dl_parse"), *v;
    struct gs1_elements e;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        if (!is_binding(v)) continue;
        status st = gs1_dl_read(text_of(v, "uri"), &arena, &e);
        bool ok = (st.cls == ST_OK) == YES(json_object_get(v, "ok"));
        buf_reset(&out);
        if (ok && st.cls == ST_OK) {
            gs1_elements_raw(&e, &out);
            ok = str_eq(buf_str(&out), with_fnc1(str_from(text_of(v, "element_string"), 1)));
        }
        claim(ok, v, said(st));
    }
    done(root, "dl_parse");
}

static void gs1_links_are_written_as_the_engine_writes_them(void **state)
{
    json_t *root = vectors("dl_generate"), *v;
    struct gs1_elements e;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        if (!is_binding(v)) continue;
        str stem = text_of(v, "stem");
        status st = gs1_bracketed_read(text_of(v, "bracketed"), &arena, &e);
        buf_reset(&out);
        if (st.cls == ST_OK)
            st = gs1_elements_dl(&e, stem.p == NULL ? S("https://id.gs1.org") : stem, &out);
        bool ok = (st.cls == ST_OK) == YES(json_object_get(v, "ok"));
        if (ok && st.cls == ST_OK) ok = str_eq(buf_str(&out), text_of(v, "uri"));
        claim(ok, v, st.cls == ST_OK ? out.p : st.reason);
    }
    done(root, "dl_generate");
}

// U+0080 to U+00FF stand for single bytes.
static str as_bytes(str s)
{
    char *p = arena_alloc(&arena, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x80)
            p[n++] = s.p[i];
        else
            p[n++] = (char)((s.p[i] & 3) << 6 | (s.p[i + 1] & 0x3f)), i++;
    return (str){p, n};
}

static str escaped(const json_t *v, enum gs1_escape where)
{
    str in = as_bytes(text_of(v, "in")), text;
    size_t bad;

    buf_reset(&out);
    if (str_eq(text_of(v, "op"), S("escape"))) {
        gs1_escape(in, where, &out);
        return buf_str(&out);
    }
    assert_true(gs1_unescape(in, where, &arena, &text, &bad));
    return text;
}

static void gs1_escapes_are_those_of_the_engine(void **state)
{
    json_t *root = vectors("dl_percent_encoding"), *v;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        claim(str_eq(escaped(v, ESCAPE_PATH), as_bytes(text_of(v, "path"))), v, "path");
        claim(str_eq(escaped(v, ESCAPE_QUERY), as_bytes(text_of(v, "query"))), v, "query");
    }
    done(root, "dl_percent_encoding");
}

// --- scanner data ---

// What the engine shows of a scan: elements after "^", a composite after "|", else the text.
static bool shows(str scan, str data, const struct gs1_elements *e, str text)
{
    struct gs1_elements linear;
    str head, rest = data;

    if (e->n == 0) { // the engine doubles backslashes before "^"
        if (str_starts(text, S("\\^"))) rest = str_from(rest, 1);
        return str_eq(rest, text);
    }
    buf_reset(&out);
    gs1_elements_raw(e, &out);
    if (data.p[0] == '^' && memchr(data.p, '|', data.n) == NULL) {
        str want = with_fnc1(str_from(data, 1)); // a last separator is dropped
        if (str_ends(want, S("\x1d"))) want.n--;
        return str_eq(buf_str(&out), want);
    }
    if (!str_cut(&rest, '|', &head)) head = rest, rest = (str){"^", 1};
    (void)scan; // linear part: digits are a GTIN
    if (head.p[0] != '^') {
        char gtin[14];
        if (gs1_gtin_read(head, gtin).cls != ST_OK || !str_eq(e->e[0].value, (str){gtin, 14}))
            return false;
        linear.n = 1;
    } else if (gs1_raw_read(with_fnc1(str_from(head, 1)), &linear).cls != ST_OK) {
        return false;
    }
    struct gs1_elements component = {.n = 0};
    if (rest.n > 1 && gs1_raw_read(with_fnc1(str_from(rest, 1)), &component).cls != ST_OK)
        return false;
    if (e->n != linear.n + component.n) return false;
    for (size_t i = 0; i < component.n; i++)
        if (!str_eq(e->e[linear.n + i].value, component.e[i].value)) return false;
    return true;
}

static void gs1_scanner_data_is_understood(void **state)
{
    json_t *root = vectors("scan_data"), *v;
    struct gs1_elements e;
    unsigned none = 0;
    size_t i;
    str text;

    (void)state;
    EACH(root, i, v)
    {
        str scan = text_of(v, "scan"), data = text_of(v, "data");
        bool made = str_eq(text_of(v, "op"), S("generate")); // read back: no scanner is built here
        if (scan.p == NULL) {
            none++;
            continue;
        }
        status st = gs1_scan_read(scan, &arena, &e, &text);
        bool ok = (st.cls == ST_OK) == (made || YES(json_object_get(v, "ok")));
        if (ok && st.cls == ST_OK) ok = shows(scan, data, &e, text);
        claim(ok, v, said(st));
    }
    print_message("scan_data: %u are refusals to draw a symbol\n", none);
    done(root, "scan_data");
}

// --- identities ---

// The prefix of a key of this length, as if configured.
static struct gs1_prefixes prefix_of(const struct gs1_id *id, json_int_t length)
{
    struct gs1_prefixes p = {NULL, 0};
    size_t n = (size_t)length, lead = gs1_kinds[id->scheme].lead;
    str prefix = {id->key + lead, n};

    if (n >= 4 && n <= 12 && str_is_digits(prefix))
        assert_int_equal(gs1_prefixes_build(&prefix, 1, &arena, &p).cls, ST_OK);
    return p;
}

static bool writes(const struct gs1_id *id, enum gs1_form form, const struct gs1_prefixes *p,
                   str want)
{
    buf_reset(&out);
    return gs1_write(id, form, p, &out).cls == ST_OK && str_eq(buf_str(&out), want);
}

// With its first FNC1 only where it would else be bare digits.
static bool writes_raw(const struct gs1_id *id, str want)
{
    str bare = str_from(want, 1);

    return writes(id, GS1_RAW, NULL, str_is_digits(bare) && bare.n == 18 ? want : bare);
}

static void gs1_triples_convert_into_each_other(void **state)
{
    json_t *root = vectors("triples"), *v;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        str spelling[3] = {text_of(v, "urn"), text_of(v, "digital_link"),
                           with_fnc1(text_of(v, "element_string"))};
        for (size_t k = 0; k < 3; k++) {
            struct gs1_id id;
            status st = gs1_read(spelling[k], &arena, &id);
            bool ok = st.cls == ST_OK;
            if (ok) {
                id.prefix_n = 0; // only what is configured counts
                struct gs1_prefixes p =
                    prefix_of(&id, json_integer_value(json_object_get(v, "gcpLength")));
                ok = writes(&id, GS1_URN, &p, spelling[0]) &&
                     writes(&id, GS1_DL, NULL, spelling[1]) && writes_raw(&id, spelling[2]) &&
                     gs1_write(&id, GS1_URN, NULL, &out).cls == ST_UNPROCESSABLE &&
                     id.is_class == (str_ends(text_of(v, "scheme"), S("-class")) ||
                                     str_eq(text_of(v, "scheme"), S("lgtin")));
            }
            claim(ok, v, said(st));
        }
    }
    assert_int_equal(bound, 3 * json_array_size(json_object_get(root, "vectors")));
    done(root, "triples");
}

// Equal identity, though the expected text may escape less than the canonical form.
static bool leads_to(const struct gs1_id *id, str want, const struct gs1_prefixes *p)
{
    struct gs1_id other;

    if (gs1_is_urn(want)) return writes(id, GS1_URN, p, want);
    if (gs1_read(want, &arena, &other).cls != ST_OK || !gs1_id_eq(id, &other)) return false;
    buf_reset(&out);
    assert_int_equal(gs1_write(&other, GS1_DL, NULL, &out).cls, ST_OK);
    str canonical = arena_str(&arena, buf_str(&out));
    return writes(id, GS1_DL, NULL, canonical);
}

static void translate(const json_t *v, str class)
{
    str want = text_of(v, "output");
    struct gs1_id id;
    status st = gs1_read(text_of(v, "input"), &arena, &id);

    if (st.cls != ST_OK) {
        claim(false, v, said(st));
        return;
    }
    struct gs1_prefixes p = prefix_of(&id, json_integer_value(json_object_get(v, "gcpLength")));
    if (str_eq(class, S("standard-needs-gcp-table")) && gs1_is_urn(want)) {
        struct gs1_id told; // the table's answer, as if it were configured
        assert_int_equal(gs1_read(want, &arena, &told).cls, ST_OK);
        p = prefix_of(&id, told.prefix_n);
    }
    claim(want.p == NULL || leads_to(&id, want, &p), v, said(st));
}

// Classes of vectors, and why those that do not bind do not.
static const struct {
    str class;
    const char *unbound; // NULL: binds
} classes[] = {
    {{"standard", 8},                  NULL                                            },
    {{"standard-needs-gcp-table", 24}, NULL                                            },
    {{"reject", 6},                    NULL                                            },
    {{"lenient-only", 12},             "break the standard"                            },
    {{"reject-context", 14},           "suit no prefix or level that the caller says"  },
    {{"hash-normalisation", 18},       "say what the event hash takes (bind elsewhere)"},
};

static void gs1_translators_agree_where_the_standard_binds(void **state)
{
    json_t *root = vectors("urn_dl"), *v;
    unsigned count[LEN(classes)] = {0};
    size_t i, all = 0;

    (void)state;
    EACH(root, i, v)
    {
        str class = text_of(v, "class");
        size_t c = 0;
        while (c < LEN(classes) && !str_eq(classes[c].class, class)) c++;
        assert_true(c < LEN(classes));
        count[c]++;
        if (classes[c].unbound != NULL) continue;
        if (str_eq(class, S("reject"))) {
            struct gs1_id id;
            status st = gs1_read(text_of(v, "input"), &arena, &id);
            claim(st.cls != ST_OK, v, said(st));
        } else {
            translate(v, class);
        }
    }
    for (size_t c = 0; c < LEN(classes); c++) {
        all += count[c];
        if (classes[c].unbound != NULL)
            print_message("urn_dl: %u %s\n", count[c], classes[c].unbound);
    }
    assert_int_equal(all, json_array_size(json_object_get(root, "vectors")));
    done(root, "urn_dl");
}

// --- the event hash ---

static bool hashes_as(str in, str want)
{
    buf_reset(&out);
    bool is_gs1 = gs1_hash_form(in, &arena, &out);
    return is_gs1 == (want.p != NULL) && str_eq(buf_str(&out), want.p != NULL ? want : in);
}

static void gs1_identifiers_take_the_form_of_the_event_hash(void **state)
{
    json_t *root = vectors("urn_dl"), *v;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        if (str_eq(text_of(v, "class"), S("hash-normalisation")))
            claim(hashes_as(text_of(v, "input"), text_of(v, "output")), v, out.p);
    }
    done(root, "urn_dl, event hash");
}

// Two identifiers with a prefix of twelve digits are not known to the reference; they are no
// exception here.
static void gs1_triples_take_the_form_of_the_event_hash(void **state)
{
    json_t *root = vectors("triples"), *v;
    unsigned unknown = 0;
    size_t i;

    (void)state;
    EACH(root, i, v)
    {
        str urn = text_of(v, "urn"), want = text_of(v, "event_hash_form");
        if (want.p == NULL) {
            unknown++;
            want = text_of(v, "digital_link");
        }
        claim(hashes_as(urn, want) && hashes_as(want, want), v, out.p);
    }
    print_message("triples: %u that the reference does not know take the canonical form\n",
                  unknown);
    assert_int_equal(unknown, 2);
    done(root, "triples, event hash");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gs1_brackets_are_read_as_the_engine_reads_them),
        cmocka_unit_test(gs1_scans_are_cut_up_as_the_engine_cuts_them),
        cmocka_unit_test(gs1_values_are_judged_as_the_engine_judges_them),
        cmocka_unit_test(gs1_relations_are_judged_as_the_engine_judges_them),
        cmocka_unit_test(gs1_checks_agree_with_the_syntax_tests_and_point_where_they_point),
        cmocka_unit_test(gs1_links_are_read_as_the_engine_reads_them),
        cmocka_unit_test(gs1_links_are_written_as_the_engine_writes_them),
        cmocka_unit_test(gs1_escapes_are_those_of_the_engine),
        cmocka_unit_test(gs1_scanner_data_is_understood),
        cmocka_unit_test(gs1_triples_convert_into_each_other),
        cmocka_unit_test(gs1_translators_agree_where_the_standard_binds),
        cmocka_unit_test(gs1_identifiers_take_the_form_of_the_event_hash),
        cmocka_unit_test(gs1_triples_take_the_form_of_the_event_hash),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
