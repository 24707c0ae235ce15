// settings_test.c - claims about the settings file.
#include "common/settings.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct shop {
    str sign;
    uint64_t doors, bag, pause;
    bool open, lit;
    uint8_t colour;
    struct setting_rows shelves;
};
struct shelf {
    str name;
    uint64_t boards;
};

static const char *const colours[] = {"white", "red", NULL};

static status no_x(str text)
{
    if (memchr(text.p, 'x', text.n) == NULL) return OK;
    return (fail)(ST_BAD_INPUT, "shop.x", 0, "no x, please");
}

#define AT(member) .at = offsetof(struct shop, member)

// clang-format off
static const struct setting shelf_table[] = {
    {"name", SETTING_TEXT, SETTING_RESTART, offsetof(struct shelf, name), 0, 9, .value = "none"},
    {"boards", SETTING_COUNT, SETTING_RESTART, offsetof(struct shelf, boards), 1, 9, .value = "4"},
    {0},
};
static const struct setting table[] = {
    {"sign", SETTING_TEXT, SETTING_RESTART, AT(sign), 0, 20, .value = "Open: \"day\" # night",
     .says = "What is over the door.", .check = no_x},
    {"front.doors", SETTING_COUNT, SETTING_RESTART, AT(doors), 1, 8, .value = "2",
     .says = "How many there are."},
    {"front.open", SETTING_BOOL, SETTING_NEXT_REQUEST, AT(open), .value = "true",
     .says = "Whether customers may come in."},
    {"front.light.lit", SETTING_BOOL, SETTING_RESTART, AT(lit), .value = "false",
     .says = "Whether it shines."},
    {"front.light.colour", SETTING_WORD, SETTING_RESTART, AT(colour), .words = colours,
     .value = "white", .says = "How it shines."},
    {"shelves", SETTING_ROWS, SETTING_RESTART, AT(shelves), 0, 3, .value = "[]",
     .rows = shelf_table, .size = sizeof(struct shelf), .says = "Where things lie."},
    {"till.bag", SETTING_BYTES, SETTING_RESTART, AT(bag), 1 * KB, 2 * GB, .value = "64 KB",
     .says = "How much one takes."},
    {"till.pause", SETTING_TIME, SETTING_NEXT_REQUEST, AT(pause), 0, 12 * 3600 * 1000,
     .value = "90 s", .says = "How long nobody is there."},
    {0},
};
// clang-format on

static struct arena arena;
static struct buf seeds;
static const char *env_set[2]; // name, value

static int setup(void **state)
{
    (void)state;
    env_set[0] = NULL;
    arena_init(&arena, 1 * MB);
    buf_init(&seeds, 64 * KB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&seeds);
    return 0;
}

static const char *env(void *self, const char *name)
{
    (void)self;
    return env_set[0] != NULL && strcmp(name, env_set[0]) == 0 ? env_set[1] : NULL;
}

// Keeps `line path json` a line.
static status seed(void *self, str path, str json, unsigned line)
{
    (void)self;
    if (str_eq(path, S("/refused"))) return (fail)(ST_CONFLICT, "seed.no", 3, "not this one");
    buf_addf(&seeds, "%u %.*s %.*s\n", line, STR(path), STR(json));
    return OK;
}

static status read_settings(str text, struct shop *out)
{
    const struct settings_source source = {text, "/etc/shop.yaml", "SHOP_", env, seed, NULL};
    return settings_read(table, sizeof *out, &source, &arena, out);
}

static void assert_defaults(const struct shop *s)
{
    assert_true(str_eq(s->sign, S("Open: \"day\" # night")));
    assert_true(s->doors == 2 && s->open && !s->lit && s->colour == 0);
    assert_true(s->bag == 64 * KB && s->pause == 90000);
}

static void settings_empty_file_gives_the_defaults(void **state)
{
    static const char *const empty[] = {"",
                                        "\n",
                                        "# nothing\n",
                                        "---\n",
                                        "---\n...\n",
                                        "{}\n",
                                        "front:\ntill: ~\nseed:\n",
                                        "\xef\xbb\xbf# with a mark\n",
                                        "front:\n  light:\n"};

    (void)state;
    for (size_t i = 0; i < LEN(empty); i++) {
        struct shop s;
        status st = read_settings(str_of(empty[i]), &s);
        if (st.cls != ST_OK) fail_msg("%s: %s", empty[i], st.text);
        assert_defaults(&s);
    }
    struct shop s;
    assert_int_equal(read_settings((str){0}, &s).cls, ST_OK);
    assert_defaults(&s);
}

static void settings_file_is_taken(void **state)
{
    struct shop s;

    (void)state;
    status st = read_settings(S("# ours\r\nsign: 'Caf\xc3\xa9 # 1'\r\n"
                                "front: {doors: 8, open: false}\r\n"
                                "till:\r\n  bag: 2GB # much\r\n  pause: \"12 h\"\r\n"),
                              &s);
    assert_int_equal(st.cls, ST_OK);
    assert_true(str_eq(s.sign, S("Caf\xc3\xa9 # 1")));
    assert_true(s.doors == 8 && !s.open && s.bag == 2 * GB && s.pause == 12 * 3600 * 1000);
}

static void settings_amounts_have_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t bag, pause;
    } rows[] = {
        {"till: {bag: 1024}",    1024,    90000   },
        {"till: {bag: 1 KB}",    1024,    90000   },
        {"till: {bag: 3MB}",     3 * MB,  90000   },
        {"till: {pause: 0}",     64 * KB, 0       },
        {"till: {pause: 250ms}", 64 * KB, 250     },
        {"till: {pause: 30 s}",  64 * KB, 30000   },
        {"till: {pause: 5min}",  64 * KB, 300000  },
        {"till: {pause: 12 h}",  64 * KB, 43200000},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct shop s;
        assert_int_equal(read_settings(str_of(rows[i].text), &s).cls, ST_OK);
        assert_true(s.bag == rows[i].bag && s.pause == rows[i].pause);
    }
}

static void settings_refusals_say_file_line_and_rule(void **state)
{
    // clang-format off
    static const struct {
        const char *text, *reason, *says;
    } rows[] = {
        {"shelves: 7\n", "settings.type", "shop.yaml:1: \"shelves\" must be a list"},
        {"shelves: {name: a}\n", "settings.type", "shop.yaml:1: \"shelves\" must be a list"},
        {"shelves: [a]\n", "settings.type", "shop.yaml:1: each of \"shelves\" must hold settings"},
        {"shelves:\n- {name: a}\n- {nam: b}\n", "settings.unknown", "shop.yaml:3: there is no setting \"nam\""},
        {"shelves:\n- {name: a, name: b}\n", "settings.twice", "shop.yaml:2: \"name\" is there twice"},
        {"shelves:\n- {boards: 10}\n", "settings.range", "shop.yaml:2: boards must be 1 to 9"},
        {"shelves:\n- {sign: a}\n", "settings.unknown", "shop.yaml:2: there is no setting \"sign\""},
        {"shelves:\n- {seed: {}}\n", "settings.unknown", "shop.yaml:2: there is no setting \"seed\""},
        {"shelves: [{}, {}, {}, {}]\n", "settings.range", "shop.yaml:1: shelves: at most 3"},
        {"sing: a\n", "settings.unknown", "shop.yaml:1: there is no setting \"sing\""},
        {"\nfront:\n  # here\n  dors: 1\n", "settings.unknown", "shop.yaml:4: there is no setting \"front.dors\""},
        {"front:\n  light:\n    lit: true\n    on: true\n", "settings.unknown", "shop.yaml:4: there is no setting \"front.light.on\""},
        {"fron: {doors: 1}\n", "settings.unknown", "shop.yaml:1: there is no setting \"fron\""},
        {"\"\": 1\n", "settings.unknown", "shop.yaml:1: there is no setting \"\""},
        {"front.doors: 1\n", "settings.syntax", "shop.yaml:1: no dot in a key: sections are nested"},
        {"sign: a\nsign: a\n", "settings.twice", "shop.yaml:2: \"sign\" is there twice"},
        {"front: {doors: 1}\ntill: {}\nfront: {open: true}\n", "settings.twice", "shop.yaml:3: \"front\" is there twice"},
        {"front: 7\n", "settings.type", "shop.yaml:1: \"front\" must hold settings"},
        {"front: [doors]\n", "settings.type", "shop.yaml:1: \"front\" must hold settings"},
        {"- front\n", "settings.type", "shop.yaml:1: \"\" must hold settings"},
        {"sign:\n", "settings.type", "shop.yaml:1: \"sign\" needs a value"},
        {"sign: ~\n", "settings.type", "shop.yaml:1: \"sign\" needs a value"},
        {"sign: [a]\n", "settings.type", "shop.yaml:1: \"sign\" must be one value"},
        {"front:\n  doors: {a: 1}\n", "settings.type", "shop.yaml:2: \"front.doors\" must be one value"},
        {"sign: \"a\\u0007\"\n", "settings.value", "shop.yaml:1: sign has a control character"},
        {"sign: 012345678901234567890\n", "settings.range", "shop.yaml:1: sign must be 0 to 20 bytes"},
        {"sign: axe\n", "shop.x", "shop.yaml:1: no x, please"},
        {"front:\n\n  doors: 9\n", "settings.range", "shop.yaml:3: front.doors must be 1 to 8"},
        {"front: {doors: 0}\n", "settings.range", "shop.yaml:1: front.doors must be 1 to 8"},
        {"front: {doors: -1}\n", "settings.value", "shop.yaml:1: front.doors must be 1 to 8"},
        {"front: {doors: 1.5}\n", "settings.value", "shop.yaml:1: front.doors must be 1 to 8"},
        {"front: {doors: 99999999999999999999999}\n", "settings.range", "shop.yaml:1: front.doors must be 1 to 8"},
        {"front: {open: yes}\n", "settings.value", "shop.yaml:1: front.open must be true or false"},
        {"front: {light: {colour: Red}}\n", "settings.word", "shop.yaml:1: front.light.colour must be one of white, red"},
        {"till: {bag: 1}\n", "settings.range", "shop.yaml:1: till.bag must be 1 KB to 2 GB"},
        {"till: {bag: 3 GB}\n", "settings.range", "shop.yaml:1: till.bag must be 1 KB to 2 GB"},
        {"till: {bag: 18014398509481985 KB}\n", "settings.range", "shop.yaml:1: till.bag must be 1 KB to 2 GB"},
        {"till: {bag: 1 kb}\n", "settings.value", "shop.yaml:1: till.bag must be 1 KB to 2 GB"},
        {"till: {pause: 30}\n", "settings.value", "shop.yaml:1: till.pause must be 0 to 12 h"},
        {"till: {pause: s}\n", "settings.value", "shop.yaml:1: till.pause must be 0 to 12 h"},
        {"till: {pause: 13 h}\n", "settings.range", "shop.yaml:1: till.pause must be 0 to 12 h"},
        {"front:\n\tdoors: 1\n", "settings.syntax", "shop.yaml:2: a tab; blanks indent here"},
        {"sign: a\t# tab\n", "settings.syntax", "shop.yaml:1: a tab; blanks indent here"},
        {"sign: &a b\n", "settings.syntax", "shop.yaml:1: anchors and aliases are not taken"},
        {"sign: b\nfront: *a\n", "settings.syntax", "shop.yaml:2: anchors and aliases are not taken"},
        {"front: &a {doors: 1}\n", "settings.syntax", "shop.yaml:1: anchors and aliases are not taken"},
        {"sign: !!str b\n", "settings.syntax", "shop.yaml:1: tags are not taken"},
        {"sign: a\n---\nsign: b\n", "settings.syntax", "shop.yaml:2: only one document is taken"},
        {"sign: a\nfront: {\n", "settings.syntax", "shop.yaml:3: did not find expected node content"},
        {"sign: \"a\n", "settings.syntax", "shop.yaml:2: found unexpected end of stream"},
        {"? [a]\n: b\n", "settings.syntax", "shop.yaml:1: a key must be one word"},
        {"sign: a\nfront: \xff\n", "settings.syntax", "shop.yaml:2: this is not UTF-8"},
        {"sign: a\nfront: \x01\n", "settings.syntax", "shop.yaml:2: control characters are not allowed"},
        {"seed: 7\n", "settings.type", "shop.yaml:1: \"seed\" must hold paths"},
        {"seed:\n  /a: {k: 1,\n   k: 2}\n", "settings.twice", "shop.yaml:3: \"k\" is there twice"},
        {"seed:\n  /a: 1\n  /a: 1\n", "settings.twice", "shop.yaml:3: \"/a\" is there twice"},
        {"seed:\n  /a: [*b]\n", "settings.syntax", "shop.yaml:2: anchors and aliases are not taken"},
        {"seed:\n  /refused: {a: 1}\n", "seed.no", "shop.yaml:2: not this one"},
        {"seed: {/a: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}\n", "settings.size", "shop.yaml:1: nested deeper than 16"},
    };
    // clang-format on

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct shop s = {.doors = 77};
        status st = read_settings(str_of(rows[i].text), &s);
        if (st.cls == ST_OK || strcmp(st.reason, rows[i].reason) != 0)
            fail_msg("%s: %s %s", rows[i].text, st.reason, st.text);
        assert_string_equal(st.text, rows[i].says);
        assert_int_equal(s.doors, 77); // untouched
    }
}

static void settings_at_is_where_the_line_begins(void **state)
{
    struct shop s;

    (void)state;
    status st = read_settings(S("sign: \xc3\xa9\nfront:\n  doors: 9\n"), &s);
    assert_int_equal(st.at, 16);
}

static void settings_lists_are_taken(void **state)
{
    struct shop s;

    (void)state;
    assert_int_equal(read_settings(S("sign: a\n"), &s).cls, ST_OK);
    assert_int_equal(s.shelves.n, 0);
    assert_int_equal(read_settings(S("shelves:\n- {name: a, boards: 9}\n-\n- {boards: 2}\n"
                                     "front: {doors: 3}\n"),
                                   &s)
                         .cls,
                     ST_BAD_INPUT); // nothing is no shelf
    assert_int_equal(read_settings(S("shelves:\n- {name: a, boards: 9}\n- {}\n- {boards: 2}\n"
                                     "front: {doors: 3}\n"),
                                   &s)
                         .cls,
                     ST_OK);
    const struct shelf *shelf = s.shelves.items;
    assert_int_equal(s.shelves.n, 3);
    assert_true(str_eq(shelf[0].name, S("a")) && shelf[0].boards == 9);
    assert_true(str_eq(shelf[1].name, S("none")) && shelf[1].boards == 4);
    assert_true(str_eq(shelf[2].name, S("none")) && shelf[2].boards == 2);
    assert_int_equal(s.doors, 3); // what follows goes where it belongs
    env_set[0] = "SHOP_SHELVES";
    env_set[1] = "a";
    assert_string_equal(read_settings(S(""), &s).reason, "settings.type");
}

static void settings_environment_goes_first(void **state)
{
    struct shop s;

    (void)state;
    env_set[0] = "SHOP_FRONT_LIGHT_COLOUR";
    env_set[1] = "red";
    assert_int_equal(read_settings(S("front: {light: {colour: white}}"), &s).cls, ST_OK);
    assert_int_equal(s.colour, 1);
    env_set[1] = "green";
    status st = read_settings(S(""), &s);
    assert_string_equal(st.reason, "settings.word");
    assert_string_equal(st.text,
                        "SHOP_FRONT_LIGHT_COLOUR: front.light.colour must be one of white, red");
}

static void settings_seeds_become_json(void **state)
{
    static const char in[] =
        "sign: a\n"
        "seed:\n"
        "  /v1/clients/acme:\n"
        "    name: Acme & Sons\n"
        "    prefixes: [0950600, 9506000, '4012345']\n"
        "  /v1/products/09506000134352: {client: acme, gtin: 09506000134352,\n"
        "    long: 9506000134352, count: 10, minus: -123456789, ten: 1234567890,\n"
        "    on: true, off: false, none: ~, gone: null, empty: , text: 'true',\n"
        "    zero: 0, octal: 010, half: 1.5, minus_zero: -0, word: yes,\n"
        "    quoted: \"12\", list: [], map: {}, 7: seven}\n"
        "  /text: |\n"
        "    two\n"
        "    lines\n"
        "  /nothing:\n";
    static const char want[] =
        "3 /v1/clients/acme {\"name\":\"Acme & Sons\",\"prefixes\":[\"0950600\",9506000,"
        "\"4012345\"]}\n"
        "6 /v1/products/09506000134352 {\"client\":\"acme\",\"gtin\":\"09506000134352\","
        "\"long\":\"9506000134352\",\"count\":10,\"minus\":-123456789,\"ten\":\"1234567890\","
        "\"on\":true,\"off\":false,\"none\":null,\"gone\":null,\"empty\":null,\"text\":\"true\","
        "\"zero\":0,\"octal\":\"010\",\"half\":\"1.5\",\"minus_zero\":\"-0\",\"word\":\"yes\","
        "\"quoted\":\"12\",\"list\":[],\"map\":{},\"7\":\"seven\"}\n"
        "11 /text \"two\\nlines\\n\"\n"
        "14 /nothing null\n";
    struct shop s;

    (void)state;
    status st = read_settings(str_of(in), &s);
    assert_string_equal(st.cls == ST_OK ? "" : st.text, "");
    assert_string_equal(seeds.p, want);
}

static void settings_ceilings_are_said(void **state)
{
    struct buf b;
    struct shop s;
    struct arena small;
    const struct settings_source source = {S(""), "f", "", NULL, NULL, NULL};

    (void)state;
    buf_init(&b, 4 * MB);
    buf_add(&b, S("seed:\n"));
    for (int i = 0; i < 1001; i++) buf_addf(&b, "  /%d:\n", i);
    assert_string_equal(read_settings(buf_str(&b), &s).reason, "settings.size");
    buf_reset(&b);
    while (b.n <= SETTINGS_FILE_MAX) buf_add(&b, S("# long\n"));
    assert_string_equal(read_settings(buf_str(&b), &s).reason, "settings.size");
    buf_fini(&b);
    arena_init(&small, 60);
    assert_string_equal(settings_read(table, sizeof s, &source, &small, &s).reason,
                        "settings.size");
    arena_fini(&small);
}

// The same text with the comment taken from every line that holds a setting.
static str uncommented(str text, struct buf *out)
{
    str line;

    while (str_cut(&text, '\n', &line)) {
        size_t n = 0;
        while (n < line.n && line.p[n] == ' ') n++;
        bool value = n + 1 < line.n && line.p[n] == '#' && line.p[n + 1] != ' ';
        buf_add(out, (str){line.p, n});
        buf_add(out, str_from(line, n + value));
        buf_addc(out, '\n');
    }
    return buf_str(out);
}

static void settings_template_is_the_defaults(void **state)
{
    static const char want[] = "# What is over the door. (taken up by a restart)\n";
    struct buf b, plain;
    struct shop s;
    buf_init(&b, 16 * KB);
    buf_init(&plain, 16 * KB);

    (void)state;
    settings_template(table, &b);
    assert_true(str_starts(buf_str(&b), str_of(want)));
    assert_non_null(strstr(b.p,
                           "\nfront:\n  # How many there are. (1 to 8; taken up by a restart)\n"
                           "  #doors: 2\n"));
    assert_non_null(strstr(b.p, "\n  light:\n    # Whether it shines. (true or false; taken up"));
    assert_int_equal(read_settings(buf_str(&b), &s).cls, ST_OK);
    assert_defaults(&s);
    status st = read_settings(uncommented(buf_str(&b), &plain), &s);
    if (st.cls != ST_OK) fail_msg("%s\n%s", st.text, plain.p);
    assert_defaults(&s);
    assert_non_null(strstr(plain.p, "\n  light:\n    # Whether"));
    assert_non_null(strstr(plain.p, "\n    lit: false\n"));
    buf_fini(&b);
    buf_fini(&plain);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(settings_empty_file_gives_the_defaults),
        T(settings_file_is_taken),
        T(settings_amounts_have_units),
        T(settings_refusals_say_file_line_and_rule),
        T(settings_at_is_where_the_line_begins),
        T(settings_environment_goes_first),
        T(settings_seeds_become_json),
        T(settings_ceilings_are_said),
        T(settings_lists_are_taken),
        T(settings_template_is_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
