// Documents that others made. Every JSON document that the schema of EPCIS 2.0 calls valid is read,
// but for those that break what the schema does not check. The documents lie beside the repository
// or are absent: then nothing is tested, and said so.
#include "service/epcis/write.h"
#include "tests/unit/epcis_same.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *file, *reason; // and why it is refused all the same
} exceptions[] = {
    {"gs1-EPCIS/schema-test-events/Extended-Event.json",                   "epcis.type"  },
    {"openepcis-event-sentry/events/TransformationBareEvent.json",         "epcis.prefix"},
    {"evrythng-epcis2.js/data/hashing/epcisDocWithVariousEventTypes.json", "epcis.prefix"},
};

struct reading {
    struct arena arena;
    struct epcis_front front;
    uint32_t events;
};

static status take_front(void *self, const struct epcis_front *f)
{
    struct reading *r = self;

    r->front = *f;
    return OK;
}

static status written(const struct epcis_event *e, struct buf *b)
{
    struct epcis_out conf = {.kind = EPCIS_BARE_EVENT, .ids = EPCIS_AS_GIVEN};
    struct epcis_doc d;

    epcis_doc_init(&d, &conf, b);
    status st = epcis_doc_event(&d, e);
    if (st.cls == ST_OK) st = epcis_doc_end(&d);
    epcis_doc_fini(&d);
    return st;
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct epcis_scope bare = {.syntax = EPCIS_SYNTAX_JSON, .version = EPCIS_2_0};
    struct reading *r = self;
    struct epcis_event e, again;
    struct buf b;

    (void)index, (void)at;
    arena_reset(&r->arena);
    TRY(epcis_event_read(bytes, &r->front.scope, &r->arena, &e));
    r->events++;
    buf_init(&b, 16 * MB);
    status st = written(&e, &b);
    // What may be read need not be allowed: that is for the rules.
    if (st.cls == ST_OK) {
        st = epcis_event_read(buf_str(&b), &bare, &r->arena, &again);
        if (st.cls == ST_OK && epcis_differ(&e, &again) != NULL)
            fail_msg("%s: %.*s\nwas %.*s", epcis_differ(&e, &again), STR(buf_str(&b)), STR(bytes));
    } else {
        st = OK;
    }
    buf_fini(&b);
    return st;
}

static const struct epcis_cut_ops ops = {take_front, take_event};

static bool file_read(const char *path, struct buf *b)
{
    FILE *f = fopen(path, "rb");
    char part[4096];

    if (f == NULL) return false;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) buf_add(b, (str){part, n});
    fclose(f);
    return true;
}

static status document_read(str text, struct reading *r)
{
    struct epcis_cut_conf conf = {
        .syntax = EPCIS_SYNTAX_JSON, .event_max = 16 * MB, .ops = &ops, .self = r};
    struct epcis_cut *c = epcis_cut_new(&conf);
    status st = epcis_cut_piece(c, text);

    if (st.cls == ST_OK) st = epcis_cut_end(c);
    epcis_cut_free(&c);
    return st;
}

static const char *exception_of(const char *file)
{
    for (size_t i = 0; i < LEN(exceptions); i++)
        if (strcmp(exceptions[i].file, file) == 0) return exceptions[i].reason;
    return NULL;
}

static bool one(const char *folder, const char *file)
{
    const char *exception = exception_of(file);
    struct reading r = {0};
    char path[1024];
    struct buf b;

    arena_init(&r.arena, 64 * MB);
    buf_init(&b, 64 * MB);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_true(file_read(path, &b));
    status st = document_read(buf_str(&b), &r);
    if (exception != NULL && (st.cls == ST_OK || strcmp(st.reason, exception) != 0))
        fail_msg("%s is not refused as %s", file, exception);
    if (exception == NULL && st.cls != ST_OK)
        fail_msg("%s: %s at %u: %s", file, st.reason, st.at, st.text);
    buf_fini(&b);
    arena_fini(&r.arena);
    return r.events > 0;
}

// A row of the manifest: the file where it is valid JSON, else empty.
static str valid_file(struct json_r *r)
{
    str key, file = {"", 0}, format = file;
    bool valid = false;

    for (json_object(r); json_key(r, &key);) {
        if (str_eq(key, S("file")))
            file = json_string(r);
        else if (str_eq(key, S("format")))
            format = json_string(r);
        else if (str_eq(key, S("valid")))
            valid = str_eq(json_raw(r), S("true"));
        else
            json_raw(r);
    }
    return valid && str_eq(format, S("json")) ? file : (str){"", 0};
}

static unsigned all(struct json_r *r, const char *folder)
{
    unsigned documents = 0;
    str key;

    for (json_object(r); json_key(r, &key);) {
        if (!str_eq(key, S("files"))) {
            json_raw(r);
            continue;
        }
        for (json_array(r); json_item(r);) {
            str file = valid_file(r);
            if (file.n > 0) documents += one(folder, str_z(r->arena, file));
        }
    }
    assert_int_equal(json_r_end(r).cls, ST_OK);
    return documents;
}

static void every_valid_document_is_read(void **state)
{
    const char *shared = getenv("PACKTRAIL_SHARED");
    char folder[900], path[1024];
    struct arena a;
    struct buf b;

    (void)state;
    snprintf(folder, sizeof folder, "%s/standards/data", shared != NULL ? shared : "../shared");
    snprintf(path, sizeof path, "%s/manifest/validity.json", folder);
    arena_init(&a, 16 * MB);
    buf_init(&b, 16 * MB);
    if (!file_read(path, &b)) {
        print_message("%s is absent (PACKTRAIL_SHARED names the shared folder)\n", path);
        skip();
    }
    struct json_r r = json_reader(buf_str(&b), &a);
    assert_true(all(&r, folder) > 50);
    buf_fini(&b);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_valid_document_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
