// gs1_hash_form_test.c - claims about the form in which the event hash takes identifiers: in rows,
// and in every published JSON document whose texts before hashing are known.
#include "service/gs1/id.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static struct arena arena;
static struct buf out, prehashes;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 16 * MB);
    buf_init(&out, 64 * KB);
    buf_init(&prehashes, 16 * MB);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&out);
    buf_fini(&prehashes);
    return 0;
}

// NULL: stays as it stands, and is no identifier of GS1's.
static const char *const rows[][2] = {
  // escapes
    {"urn:epc:id:sgtin:9521141.107346.!'()*+,-.:;=_",
     "https://id.gs1.org/01/19521141073466/21/%21'%28%29%2A%2B%2C-.%3A;=_"                                                },
    {"https://id.gs1.org/01/19521141073466/21/!'()*+,-.:;=_",
     "https://id.gs1.org/01/19521141073466/21/%21'%28%29%2A%2B%2C-.%3A;=_"                                                },
    {"urn:epc:id:sgtin:9521141.107346.a%2fb%2F%26",
     "https://id.gs1.org/01/19521141073466/21/a%2fb%2F%26"                                                                },
    {"https://a.example/x/01/19521141073466/21/a%2fb%27",
     "https://id.gs1.org/01/19521141073466/21/a%2fb'"                                                                     },
    {"urn:epc:id:sgtin:9521141.107346.%27a%3B%3bb%3D",
     "https://id.gs1.org/01/19521141073466/21/'a;;b="                                                                     },
    {"https://id.gs1.org/01/19521141073466/21/%27a%3B%3bb%3D",
     "https://id.gs1.org/01/19521141073466/21/'a;;b="                                                                     },
    {"https://id.gs1.org/01/19521141073466/21/a\"b&c%d",
     "https://id.gs1.org/01/19521141073466/21/a%22b%26c%25d"                                                              },
 // the finest level
    {"https://id.gs1.org/01/19521141073466/22/V/10/L/21/S?17=271231#x",
     "https://id.gs1.org/01/19521141073466/21/S"                                                                          },
    {"https://id.gs1.org/01/19521141073466/22/V",                       "https://id.gs1.org/01/19521141073466"            },
    {"https://id.gs1.org/01/19521141073466/22/V/10/L",                  "https://id.gs1.org/01/19521141073466/10/L"       },
    {"https://id.gs1.org/01/19521141073466/235/T",                      "https://id.gs1.org/01/19521141073466/235/T"      },
    {"https://a/8006/206141411234560102/10/L/21/9",
     "https://id.gs1.org/8006/206141411234560102/21/9"                                                                    },
    {"urn:epc:idpat:itip:0614141.212345.01.02.*",                       "https://id.gs1.org/8006/206141411234560102"      },
    {"urn:epc:idpat:upui:9521141.107346.*",                             "https://id.gs1.org/01/19521141073466"            },
    {"urn:epc:idpat:sgtin:9521141.107346.*",                            "https://id.gs1.org/01/19521141073466"            },
    {"urn:epc:class:lgtin:9521141.107346.L",                            "https://id.gs1.org/01/19521141073466/10/L"       },
 // extensions of locations
    {"urn:epc:id:sgln:0614141.12345.0",                                 "https://id.gs1.org/414/0614141123452"            },
    {"https://id.gs1.org/414/0614141123452/254/0",                      "https://id.gs1.org/414/0614141123452"            },
    {"urn:epc:id:sgln:0614141.12345.0%2E",                              "https://id.gs1.org/414/0614141123452/254/0%2E"   },
 // short names, short numbers
    {"https://a/gtin/95010939/ser/1",                                   "https://id.gs1.org/01/00000095010939/21/1"       },
    {"http://a/gtin/614141007349/lot/1",                                "https://id.gs1.org/01/00614141007349/10/1"       },
    {"HTTPS://ID.GS1.ORG/01/9521141073469",                             "https://id.gs1.org/01/09521141073469"            },
    {"https://a/gln/0614141123452/glnx/A",                              "https://id.gs1.org/414/0614141123452/254/A"      },
    {"https://a/cpid/0614141A%2F/cpsn/12",                              "https://id.gs1.org/8010/0614141A%2F/8011/12"     },
    {"https://a/giai/0614141A",                                         "https://id.gs1.org/8004/0614141A"                },
 // check digits are nobody's concern, nor is a GRAI's leading zero
    {"https://a/01/19521141073460/21/S",                                "https://id.gs1.org/01/19521141073460/21/S"       },
    {"https://a/8003/952012200000001004",                               "https://id.gs1.org/8003/952012200000001004"      },
 // the last key counts
    {"https://a/01/19521141073466/414/0614141123452",                   "https://id.gs1.org/414/0614141123452"            },
    {"urn:epc:id:cpi:0614141.A%23%2F.1234",                             "https://id.gs1.org/8010/0614141A%23%2F/8011/1234"},
    {"urn:epc:id:grai:952123456789..X",                                 "https://id.gs1.org/8003/09521234567899X"         },

    {"https://id.gs1.org/01/19521141073466/00/106141412345678908",      NULL                                              },
    {"https://id.gs1.org/01/19521141073466/21/S/10/L",                  NULL                                              },
    {"https://id.gs1.org/01/19521141073466/99/x",                       NULL                                              },
    {"https://id.gs1.org/01/19521141073466/21/",                        NULL                                              },
    {"https://id.gs1.org/01/19521141073466/21/S/",                      NULL                                              },
    {"https://id.gs1.org/01/19521141073466/21/123456789012345678901",   NULL                                              },
    {"https://id.gs1.org/01/19521141073466/21/a^b",                     NULL                                              },
    {"https://id.gs1.org/01/19521141073466/21/a%00b",                   NULL                                              },
    {"https://id.gs1.org/01/1952114107346",                             "https://id.gs1.org/01/01952114107346"            },
    {"https://id.gs1.org/01/195211410734",                              "https://id.gs1.org/01/00195211410734"            },
    {"https://id.gs1.org/01/19521141073",                               NULL                                              },
    {"https://id.gs1.org/8018/385888700111111111/8019/1",               NULL                                              },
    {"https://id.gs1.org/ARFKk4XB0CDKWcnpq",                            NULL                                              },
    {"https://example.com/a",                                           NULL                                              },
    {"https://example.com",                                             NULL                                              },
    {"https://01/19521141073466",                                       NULL                                              },
    {"urn:epc:id:sgtin:9521141.107346",                                 NULL                                              },
    {"urn:epc:idpat:sgtin:9521141.*.*",                                 NULL                                              },
    {"urn:epc:id:gid:1.2.3",                                            NULL                                              },
    {"urn:epc:id:sgtin:9521141.107346.a/b",                             NULL                                              },
    {"urn:uuid:3a1f7c52-0b1d-4a43-9b5e-6d3a3d3c7a11",                   NULL                                              },
    {"(01)09521141073469(21)1",                                         NULL                                              },
    {"42",                                                              NULL                                              },
    {"",                                                                NULL                                              },
};

static void gs1_the_event_hash_takes_one_form_of_each_identifier(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *want = rows[i][1] != NULL ? rows[i][1] : rows[i][0];
        buf_reset(&out);
        bool known = gs1_hash_form(str_of(rows[i][0]), &arena, &out);
        if (known == (rows[i][1] != NULL) && str_eq(buf_str(&out), str_of(want))) continue;
        wrong++;
        print_error("%s: %.*s\n", rows[i][0], STR(buf_str(&out)));
    }
    assert_int_equal(wrong, 0);
}

// ---- published documents

static unsigned seen, missing;

static void check(const json_t *v)
{
    buf_reset(&out);
    if (!gs1_hash_form((str){json_string_value(v), json_string_length(v)}, &arena, &out)) return;
    seen++;
    if (memmem(prehashes.p, prehashes.n, out.p, out.n) != NULL) return;
    missing++;
    print_error("%s: %s\n", json_string_value(v), out.p);
}

static bool is_member(const char *key)
{
    static const char *const names[] = {
        "epcList",  "childEPCs", "parentID", "inputEPCList", "outputEPCList",
        "epcClass", "source",    "id",       "destination",  "bizTransaction"};

    for (size_t i = 0; i < LEN(names); i++)
        if (strcmp(key, names[i]) == 0) return true;
    return false;
}

static void walk(json_t *v, bool is_id)
{
    const char *key;
    json_t *one;
    size_t i;

    if (json_is_string(v) && is_id) check(v);
    json_array_foreach(v, i, one) walk(one, is_id);
    json_object_foreach(v, key, one) walk(one, is_member(key));
}

static json_t *load(const char *name)
{
    const char *shared = getenv("PACKTRAIL_SHARED");
    char path[1024];
    size_t n;

    snprintf(path, sizeof path, "%s/standards/data/%s", shared != NULL ? shared : "../shared",
             name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) return NULL;
    char *text = malloc(16 * MB);
    assert_non_null(text);
    n = fread(text, 1, 16 * MB, f);
    size_t bom = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    json_t *root = json_loadb(text + bom, n - bom, 0, NULL);
    free(text);
    fclose(f);
    return root;
}

// True for the first vector of the file.
static bool prehashes_of(json_t *list, size_t at, const char *file)
{
    buf_reset(&prehashes);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *v = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(v, "file")), file) != 0) continue;
        if (i < at) return false;
        const char *text = json_string_value(json_object_get(v, "prehash"));
        if (text != NULL) buf_add(&prehashes, str_of(text));
    }
    return prehashes.n > 0;
}

static void gs1_identifiers_of_published_events_stand_in_their_texts_before_hashing(void **state)
{
    json_t *root = load("manifest/hash-vectors.json"), *v, *list;
    unsigned documents = 0;
    size_t i;

    (void)state;
    if (root == NULL) {
        print_message("hash-vectors.json is absent (PACKTRAIL_SHARED names the shared folder)\n");
        skip();
    }
    list = json_object_get(root, "vectors");
    json_array_foreach(list, i, v)
    {
        const char *file = json_string_value(json_object_get(v, "file"));
        if (strcmp(json_string_value(json_object_get(v, "format")), "json") != 0 ||
            !prehashes_of(list, i, file))
            continue;
        json_t *document = load(file);
        if (document == NULL) continue;
        unsigned before = missing;
        json_object_del(document, "epcisHeader");
        walk(document, false);
        if (missing > before) print_error("  in %s\n", file);
        json_decref(document);
        documents++;
    }
    print_message("%u identifiers in %u documents, %u do not hold\n", seen, documents, missing);
    json_decref(root);
    assert_int_equal(missing, 0);
    assert_true(seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gs1_the_event_hash_takes_one_form_of_each_identifier),
        cmocka_unit_test(gs1_identifiers_of_published_events_stand_in_their_texts_before_hashing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
