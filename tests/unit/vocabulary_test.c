// Master data of documents become rows, and questions reach for them.
#include "service/epcis/write.h"
#include "service/vocabulary/master.h"
#include "service/vocabulary/tree.h"
#include "service/vocabulary/vocabulary_db.h"
#include "site_fixture.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VTYPE "urn:epcglobal:epcis:vtype:"
static const client_id ours = {7}, others = {8};

static const struct kind *const kinds[] = {&kind_vocabulary_captured, NULL};

static int open_site(void **state)
{
    *state = fixture_open(kinds);
    return 0;
}

static int close_site(void **state)
{
    struct fixture *f = *state;

    fixture_verify(f);
    fixture_close(&f);
    return 0;
}

static status front_taken(void *self, const struct epcis_front *f)
{
    (void)self, (void)f;
    return OK;
}

// What stands in a document's list of vocabularies, captured; how many facts it took.
static unsigned capture_of(struct fixture *f, client_id client, const char *list)
{
    static const struct epcis_cut_ops none = {front_taken, NULL};
    struct epcis_cut_conf conf = {.syntax = EPCIS_SYNTAX_XML, .event_max = 4 * MB, .ops = &none};
    struct epcis_cut *cut = epcis_cut_new(&conf);
    struct vocabulary_asks asks;
    unsigned facts = 0;
    struct buf b;

    buf_init(&b, 16 * MB);
    buf_add(&b, S("<m:EPCISMasterDataDocument xmlns:m=\"urn:epcglobal:epcis-masterdata:xsd:1\" "
                  "schemaVersion=\"1.2\" creationDate=\"2024-01-01T00:00:00Z\"><EPCISBody>"
                  "<VocabularyList>"));
    buf_add(&b, str_of(list));
    buf_add(&b, S("</VocabularyList></EPCISBody></m:EPCISMasterDataDocument>"));
    assert_int_equal(epcis_cut_piece(cut, buf_str(&b)).cls, ST_OK);
    assert_int_equal(epcis_cut_end(cut).cls, ST_OK);
    assert_int_equal(vocabulary_asks(epcis_cut_front(cut), client, &f->arena, &asks).cls, ST_OK);
    for (uint32_t i = 0; i < asks.n; i++) {
        struct ask done;
        assert_int_equal(fixture_run(f, &kind_vocabulary_captured, &asks.at[i], &done).cls, ST_OK);
        facts += !done.nothing;
    }
    epcis_cut_free(&cut);
    buf_fini(&b);
    return facts;
}

static const char *element(struct fixture *f, const char *type, const char *id, const char *inner)
{
    struct buf b;

    buf_init(&b, 8 * MB);
    buf_addf(&b,
             "<Vocabulary type=\"" VTYPE "%s\"><VocabularyElementList><VocabularyElement "
             "id=\"%s\">%s</VocabularyElement></VocabularyElementList></Vocabulary>",
             type, id, inner);
    const char *text = str_z(&f->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

struct heard {
    struct buf b;
    unsigned n;
};

static void hear(void *arg, str text)
{
    struct heard *h = arg;

    h->n++;
    buf_add(&h->b, text);
    buf_addc(&h->b, ' ');
}

static const char *attribute_of(struct fixture *f, client_id c, const char *id, const char *name)
{
    struct txn *t = fixture_read(f);
    struct heard h = {.n = 0};

    buf_init(&h.b, 1 * MB);
    vocabulary_master.attribute(t, c, (const str[2]){str_of(id), str_of(name)}, hear, &h);
    fixture_read_end(t);
    const char *text = str_z(&f->arena, buf_str(&h.b));
    buf_fini(&h.b);
    return text;
}

static const char *children_of(struct fixture *f, client_id c, const char *id)
{
    struct txn *t = fixture_read(f);
    struct heard h = {.n = 0};

    buf_init(&h.b, 1 * MB);
    vocabulary_master.children(t, c, str_of(id), hear, &h);
    fixture_read_end(t);
    const char *text = str_z(&f->arena, buf_str(&h.b));
    buf_fini(&h.b);
    return text;
}

static void what_is_said_later_replaces_and_what_is_not_said_again_stays(void **state)
{
    struct fixture *f = *state;

    capture_of(f, ours,
               element(f, "ReadPoint", "urn:x:1",
                       "<attribute id=\"a\"> one </attribute><attribute id=\"b\">two"
                       "</attribute><children><id>urn:x:2</id><id>urn:x:3</id></children>"));
    capture_of(f, ours, element(f, "ReadPoint", "urn:x:1", "<attribute id=\"b\">new</attribute>"));
    assert_string_equal(attribute_of(f, ours, "urn:x:1", "a"), "one ");
    assert_string_equal(attribute_of(f, ours, "urn:x:1", "b"), "new ");
    assert_string_equal(children_of(f, ours, "urn:x:1"), "urn:x:2 urn:x:3 ");
    capture_of(f, ours,
               element(f, "ReadPoint", "urn:x:1", "<children><id>urn:x:4</id></children>"));
    assert_string_equal(children_of(f, ours, "urn:x:1"), "urn:x:4 ");
}

static void one_client_knows_nothing_of_anothers(void **state)
{
    struct fixture *f = *state;

    capture_of(f, ours,
               element(f, "ReadPoint", "urn:x:1",
                       "<attribute id=\"a\">1</attribute><children><id>urn:x:2</id>"
                       "</children>"));
    assert_string_equal(attribute_of(f, others, "urn:x:1", "a"), "");
    assert_string_equal(children_of(f, others, "urn:x:1"), "");
}

static void the_same_said_again_is_no_fact(void **state)
{
    struct fixture *f = *state;
    const char *said = element(f, "Location", "urn:epc:id:sgln:9521141.11111.0",
                               "<attribute id=\"urn:epcglobal:cbv:mda#city\">Basel</attribute>"
                               "<attribute id=\"t\"><x xmlns=\"urn:y\">1</x></attribute>");

    assert_int_equal(capture_of(f, ours, said), 1);
    assert_int_equal(capture_of(f, ours, said), 0);
}

static void spellings_of_one_name_are_one_element(void **state)
{
    struct fixture *f = *state;

    capture_of(f, ours,
               element(f, "Location", "urn:epc:id:sgln:9521141.11111.0",
                       "<attribute id=\"urn:epcglobal:cbv:mda#city\">Basel</attribute>"));
    capture_of(f, ours,
               element(f, "BusinessStep", "urn:epcglobal:cbv:bizstep:shipping",
                       "<attribute id=\"a\">out</attribute>"));
    assert_string_equal(
        attribute_of(f, ours, "https://id.gs1.org/414/9521141111116", "urn:epcglobal:cbv:mda:city"),
        "Basel ");
    assert_string_equal(attribute_of(f, ours, "shipping", "a"), "out ");
}

static void long_values_are_read_from_their_fact(void **state)
{
    struct fixture *f = *state;
    char value[5001], inner[6000];

    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = 0;
    snprintf(inner, sizeof inner, "<attribute id=\"a\">%s</attribute>", value);
    capture_of(f, ours, element(f, "ReadPoint", "urn:x:1", inner));
    assert_int_equal(strlen(attribute_of(f, ours, "urn:x:1", "a")), sizeof value);
}

static void large_documents_take_several_facts(void **state)
{
    struct fixture *f = *state;
    struct buf b;

    buf_init(&b, 16 * MB);
    buf_add(&b, S("<Vocabulary type=\"" VTYPE "EPCClass\"><VocabularyElementList>"));
    for (unsigned i = 0; i < 4000; i++)
        buf_addf(&b,
                 "<VocabularyElement id=\"urn:x:%u\"><attribute id=\"n\">%u</attribute>"
                 "</VocabularyElement>",
                 i, i);
    buf_add(&b, S("</VocabularyElementList></Vocabulary>"));
    assert_true(capture_of(f, ours, str_z(&f->arena, buf_str(&b))) > 3);
    buf_fini(&b);
    assert_string_equal(attribute_of(f, ours, "urn:x:0", "n"), "0 ");
    assert_string_equal(attribute_of(f, ours, "urn:x:3999", "n"), "3999 ");
}

// The attribute `a` of an element as a document in this format tells it.
static const char *told_of(struct fixture *f, const struct element_id *id, enum epcis_format form)
{
    struct epcis_out conf = {.format = form, .kind = EPCIS_MASTERDATA_DOC};
    struct attr_row row;
    struct epcis_node *tree;
    struct epcis_doc d;
    struct buf b;

    struct txn *t = fixture_read(f);
    assert_true(attr_get(t, ours, id, S("a"), &row));
    assert_int_equal(attr_value(t, &f->arena, &row).cls, ST_OK);
    fixture_read_end(t);
    assert_int_equal(vocabulary_tree_read(row.tree, form != EPCIS_JSON_2_0, &f->arena, &tree).cls,
                     ST_OK);
    struct epcis_vocabulary_attr a = {S("a"), row.value, tree};
    struct epcis_vocabulary_element e = {
        .type = S("urn:v"), .id = S("urn:x:1"), .attrs = &a, .attr_count = 1};
    buf_init(&b, 8 * KB);
    epcis_doc_init(&d, &conf, &b);
    assert_int_equal(epcis_doc_element(&d, &e).cls, ST_OK);
    assert_int_equal(epcis_doc_end(&d).cls, ST_OK);
    epcis_doc_fini(&d);
    const char *text = str_z(&f->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void elements_in_a_value_are_kept_and_told(void **state)
{
    struct fixture *f = *state;
    struct element_id id = element_id_of(S("urn:x:1"), S(VTYPE "ReadPoint"));

    capture_of(f, ours,
               element(f, "ReadPoint", "urn:x:1",
                       "<attribute id=\"a\"><n:p xmlns:n=\"urn:n\" q=\"1\">t<r>&lt;</r></n:p>"
                       "</attribute>"));
    assert_non_null(strstr(told_of(f, &id, EPCIS_XML_1_2),
                           "<attribute id=\"a\" xmlns:v=\"urn:n\"><v:p q=\"1\">t<r>&lt;</r></v:p>"
                           "</attribute>"));
    assert_non_null(strstr(told_of(f, &id, EPCIS_JSON_2_0),
                           "{\"id\":\"a\",\"attribute\":{\"@context\":{\"v\":\"urn:n\"},\"v:p\":"
                           "{\"q\":\"1\",\"r\":\"<\",\"@value\":\"t\"}}}"));
}

static void what_is_over_a_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    char id[VOCABULARY_ID_MAX + 2];
    memset(id, 'x', sizeof id);
    struct epcis_vocabulary_element e = {
        .type = S("t"), .id = {id, sizeof id}
    };
    struct epcis_front front = {.elements = &e, .element_count = 1};
    struct vocabulary_asks asks;

    status st = vocabulary_asks(&front, ours, &f->arena, &asks);
    assert_string_equal(st.reason, "vocabulary.limit");
    e.id.n = 0;
    st = vocabulary_asks(&front, ours, &f->arena, &asks);
    assert_string_equal(st.reason, "vocabulary.name");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)
    const struct CMUnitTest tests[] = {
        T(what_is_said_later_replaces_and_what_is_not_said_again_stays),
        T(one_client_knows_nothing_of_anothers),
        T(the_same_said_again_is_no_fact),
        T(spellings_of_one_name_are_one_element),
        T(long_values_are_read_from_their_fact),
        T(large_documents_take_several_facts),
        T(elements_in_a_value_are_kept_and_told),
        T(what_is_over_a_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
