// DSCSA's transaction statement in the header of a document, in every format; and, asked for a
// folder, such documents for the official schemas.
#include "epcis_sample.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOTICE "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."
#define XML                                                                                        \
    "<gs1ushc:dscsaTransactionStatement xmlns:gs1ushc=\"http://epcis.gs1us.org/hc/ns\">"           \
    "<gs1ushc:affirmTransactionStatement>true</gs1ushc:affirmTransactionStatement>"                \
    "<gs1ushc:legalNotice>" NOTICE "</gs1ushc:legalNotice></gs1ushc:dscsaTransactionStatement>"

static const struct format {
    const char *suffix, *text;
} formats[EPCIS_FORMAT_COUNT] = {
    [EPCIS_JSON_2_0] = {"jsonld", "\"instanceIdentifier\":\"MSG-<1>\",\"epcisHeader\":{"
                                  "\"gs1ushc:dscsaTransactionStatement\":{"
                                  "\"gs1ushc:affirmTransactionStatement\":true,"
                                  "\"gs1ushc:legalNotice\":\"" NOTICE "\"}},\"epcisBody\":"},
    [EPCIS_XML_1_2] = {"xml",
                        "</sbdh:StandardBusinessDocumentHeader>" XML "</EPCISHeader><EPCISBody>"                            },
    [EPCIS_XML_2_0] = {"xml2",   "</EventList></EPCISBody>" XML "</epcis:EPCISDocument>"                                   },
};

static struct epcis_out head_of(enum epcis_format format)
{
    struct epcis_out h = sample_head();

    h.format = format;
    h.statement = true;
    return h;
}

// The status of the event; the document is ended in any case.
static status write(const struct epcis_out *h, struct buf *b, status *end)
{
    struct epcis_event e = sample_event(SAMPLE_SHIP);
    struct epcis_doc d;

    epcis_doc_init(&d, h, b);
    status st = epcis_doc_event(&d, &e);
    *end = epcis_doc_end(&d);
    epcis_doc_fini(&d);
    return st;
}

static void it_stands_where_the_format_has_a_place_for_it(void **state)
{
    struct buf b;
    status end;

    (void)state;
    for (int f = 0; f < EPCIS_FORMAT_COUNT; f++) {
        struct epcis_out h = head_of((enum epcis_format)f);
        buf_init(&b, 64 * KB);
        assert_int_equal(write(&h, &b, &end).cls, ST_OK);
        assert_int_equal(end.cls, ST_OK);
        if (strstr(b.p, formats[f].text) == NULL) fail_msg("wrote %s", b.p);
        if (f == EPCIS_JSON_2_0)
            assert_non_null(strstr(b.p, "\"gs1ushc\":\"http://epcis.gs1us.org/hc/ns\"}]"));
        buf_reset(&b);
        h.statement = false;
        assert_int_equal(write(&h, &b, &end).cls, ST_OK);
        assert_null(strstr(b.p, "gs1ushc"));
        buf_fini(&b);
    }
}

static void nobody_affirms_without_parties_or_of_results(void **state)
{
    struct buf b;
    status end;

    (void)state;
    for (int f = 0; f < EPCIS_FORMAT_COUNT; f++) {
        struct epcis_out nobody = head_of((enum epcis_format)f), results = nobody;
        nobody.sender = nobody.receiver = S("");
        results.kind = EPCIS_QUERY_DOC;
        buf_init(&b, 64 * KB);
        assert_string_equal(write(&nobody, &b, &end).reason, "epcis.head");
        assert_string_equal(write(&results, &b, &end).reason, "epcis.head");
        assert_int_equal(b.n, 0);
        buf_fini(&b);
    }
}

static void a_full_document_has_it_whole(void **state)
{
    struct buf b;
    status end;

    (void)state;
    for (int f = 0; f < EPCIS_FORMAT_COUNT; f++) {
        struct epcis_out h = head_of((enum epcis_format)f);
        for (size_t max = 1000; max < 6000; max++) {
            buf_init(&b, max);
            status st = write(&h, &b, &end);
            bool whole = st.cls == ST_OK && end.cls == ST_OK;
            if (st.cls != ST_OK) assert_string_equal(st.reason, "epcis.full");
            if (whole && strstr(b.p, formats[f].text) == NULL) fail_msg("wrote %s", b.p);
            if (end.cls == ST_OK) assert_non_null(strstr(b.p, NOTICE)); // also without an event
            assert_true(end.cls == ST_OK || strcmp(end.reason, "epcis.full") == 0);
            buf_fini(&b);
        }
    }
}

// ---- what our own reader keeps of it

static status front(void *self, const struct epcis_front *f)
{
    (void)self;
    assert_non_null(f->ext);
    assert_true(str_eq(f->ext->name, S("dscsaTransactionStatement")));
    assert_true(str_eq(f->ext->ns->uri, S("http://epcis.gs1us.org/hc/ns")));
    const struct epcis_node *affirmed = f->ext->child;
    while (affirmed->is_attribute) affirmed = affirmed->next;
    assert_true(str_eq(affirmed->name, S("affirmTransactionStatement")));
    assert_true(str_eq(affirmed->text, S("true")));
    assert_true(str_eq(affirmed->next->text, S(NOTICE)));
    return OK;
}

static status event(void *self, uint32_t index, str bytes, uint64_t at)
{
    (void)self, (void)index, (void)bytes, (void)at;
    return OK;
}

static void a_reader_finds_it_in_the_header(void **state)
{
    static const struct epcis_cut_ops ops = {front, event};
    static const struct {
        enum epcis_format format;
        enum epcis_syntax syntax;
    } rows[] = {
        {EPCIS_JSON_2_0, EPCIS_SYNTAX_JSON},
        {EPCIS_XML_1_2,  EPCIS_SYNTAX_XML }
    };
    struct buf b;
    status end;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct epcis_out h = head_of(rows[i].format);
        struct epcis_cut_conf conf = {.syntax = rows[i].syntax, .event_max = MB, .ops = &ops};
        buf_init(&b, 64 * KB);
        assert_int_equal(write(&h, &b, &end).cls, ST_OK);
        struct epcis_cut *c = epcis_cut_new(&conf);
        assert_int_equal(epcis_cut_piece(c, buf_str(&b)).cls, ST_OK);
        assert_int_equal(epcis_cut_end(c).cls, ST_OK);
        epcis_cut_free(&c);
        buf_fini(&b);
    }
}

static void documents_write(const char *folder)
{
    char path[512];
    struct buf b;
    status end;

    for (int f = 0; f < EPCIS_FORMAT_COUNT; f++) {
        struct epcis_out h = head_of((enum epcis_format)f);
        buf_init(&b, 64 * KB);
        assert(write(&h, &b, &end).cls == ST_OK && end.cls == ST_OK);
        snprintf(path, sizeof path, "%s/statement.%s", folder, formats[f].suffix);
        FILE *out = fopen(path, "wb");
        assert(out != NULL && fwrite(b.p, 1, b.n, out) == b.n && fclose(out) == 0);
        buf_fini(&b);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stands_where_the_format_has_a_place_for_it),
        cmocka_unit_test(nobody_affirms_without_parties_or_of_results),
        cmocka_unit_test(a_full_document_has_it_whole),
        cmocka_unit_test(a_reader_finds_it_in_the_header),
    };
    if (argc == 2) {
        documents_write(argv[1]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
