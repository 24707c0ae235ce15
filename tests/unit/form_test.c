// form_test.c - claims about forms.
#include "common/form.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

// A shop's shelf: every kind of field once.
struct box {
    str label;
    uint64_t weight;
};
struct shelf {
    str title, id, note;
    uint64_t width;
    bool locked;
    uint8_t colour;
    struct form_list tags;
    struct box *top;
    struct form_list boxes, extra;
    str plan, key;
};

static const char *const colours[] = {"white", "red", "blue", NULL};

static status no_x(str value, struct arena *a, str *out)
{
    const char *hit = memchr(value.p, 'x', value.n);

    if (hit != NULL)
        return (fail)(ST_UNPROCESSABLE, "shelf.x", (uint32_t)(hit - value.p), "no x, please");
    if (str_eq(value, S("short"))) *out = arena_str(a, S("a longer text"));
    return OK;
}

#define AT(type, member) .at = offsetof(struct type, member)

// clang-format off
static const struct form_field box_fields[] = {
    {.name = "label", .kind = FORM_STR, AT(box, label), .required = true, .max = 8},
    {.name = "weight", .kind = FORM_U64, AT(box, weight), .max = 100},
    {0},
};
// clang-format on
static const struct form box_form = {"box", sizeof(struct box), box_fields, 1};

// clang-format off
static const struct form_field shelf_fields[] = {
    {.name = "title", .kind = FORM_STR, AT(shelf, title), .required = true, .max = 20},
    {.name = "id", .kind = FORM_NAME, AT(shelf, id)},
    {.name = "note", .kind = FORM_STR, AT(shelf, note), .min = 3, .max = 20, .check = no_x},
    {.name = "width", .kind = FORM_U64, AT(shelf, width), .min = 10, .max = 1000},
    {.name = "locked", .kind = FORM_BOOL, AT(shelf, locked)},
    {.name = "colour", .kind = FORM_WORD, AT(shelf, colour), .words = colours},
    {.name = "tags", .kind = FORM_STRS, AT(shelf, tags), .max = 4, .count_max = 3, .check = no_x},
    {.name = "top", .kind = FORM_ONE, AT(shelf, top), .sub = &box_form},
    {.name = "boxes", .kind = FORM_MANY, AT(shelf, boxes), .count_max = 3, .sub = &box_form},
    {.name = "extra", .kind = FORM_MAP, AT(shelf, extra), .max = 9, .count_max = 3},
    {.name = "plan", .kind = FORM_RAW, AT(shelf, plan), .max = 20, .check = no_x},
    {.name = "key", .kind = FORM_STR, AT(shelf, key), .max = 20, .secret = true},
    {0},
};
// clang-format on
static const struct form shelf_form = {"shelf", sizeof(struct shelf), shelf_fields, 1};

static const char full[] =
    "{\"title\":\"A \\\"shelf\\\"\",\"id\":\"a.1\",\"note\":\"caf\xc3\xa9\",\"width\":1000,"
    "\"locked\":true,\"colour\":\"blue\",\"tags\":[\"a\",\"bb\"],"
    "\"top\":{\"label\":\"up\",\"weight\":7},\"boxes\":[{\"label\":\"one\"},"
    "{\"label\":\"two\",\"weight\":100}],\"extra\":{\"k\":\"v\",\"l\":\"\"},"
    "\"plan\":{\"a\" : [1]},\"key\":\"s3cret\"}";

static struct arena arena;
static struct buf buf;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 * KB);
    buf_init(&buf, 64 * KB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&buf);
    return 0;
}

static str as_json(const struct form *f, const void *in)
{
    buf_reset(&buf);
    struct json_w w = json_writer(&buf);
    json_w_object(&w);
    form_write(f, in, &w);
    json_w_end(&w);
    return buf_str(&buf);
}

static void form_reads_every_kind(void **state)
{
    struct shelf s;

    (void)state;
    status st = form_parse(&shelf_form, S("{\"id\":\"A.1\",\"title\":\"t\",\"note\":\"short\"}"),
                           &arena, &s);
    assert_int_equal(st.cls, ST_OK);
    assert_true(str_eq(s.id, S("a.1")));
    assert_true(str_eq(s.note, S("a longer text")));
    assert_true(s.top == NULL && s.boxes.n == 0 && s.width == 0 && s.colour == 0);

    assert_int_equal(form_parse(&shelf_form, str_of(full), &arena, &s).cls, ST_OK);
    assert_true(str_eq(s.title, S("A \"shelf\"")));
    assert_int_equal(s.width, 1000);
    assert_true(s.locked && s.colour == 2);
    assert_true(s.tags.n == 2 && str_eq(((str *)s.tags.items)[1], S("bb")));
    assert_true(str_eq(s.top->label, S("up")) && s.top->weight == 7);
    assert_true(s.boxes.n == 2 && ((struct box *)s.boxes.items)[1].weight == 100);
    assert_true(s.extra.n == 2 && str_eq(((struct form_pair *)s.extra.items)[0].value, S("v")));
    assert_true(str_eq(s.plan, S("{\"a\" : [1]}")));
    assert_true(str_eq(s.key, S("s3cret")));
}

static void form_null_is_absent(void **state)
{
    struct shelf s;

    (void)state;
    str in = S("{\"title\":\"t\",\"width\":null,\"top\":null,\"tags\":null,\"plan\":null}");
    assert_int_equal(form_parse(&shelf_form, in, &arena, &s).cls, ST_OK);
    assert_true(str_eq(as_json(&shelf_form, &s), S("{\"title\":\"t\",\"colour\":\"white\"}")));
}

static void form_refuses_where_it_goes_wrong(void **state)
{
    // clang-format off
    static const struct {
        const char *in, *reason, *text;
    } rows[] = {
        {"*[]", "json.type", "the value must be an object, not a list"},
        {"*{}", "field.required", "the shelf needs \"title\""},
        {" *{\"title\":null}", "field.required", "the shelf needs \"title\""},
        {"{\"title\":*\"\"}", "field.range", "\"title\" must have 1 to 20 bytes, not 0"},
        {"{\"title\":*\"012345678901234567890\"}", "field.range", "\"title\" must have 1 to 20 bytes, not 21"},
        {"{\"title\":*7}", "json.type", "\"title\" must be a text, not a number"},
        {"{\"title\":*\" \xc2\xa0\"}", "field.blank", "\"title\" has nothing but blanks"},
        {"{\"title\":*\"a\\u0007b\"}", "field.control", "\"title\" has a control character"},
        {"{\"title\":\"a*\x7f\"}", "field.control", "\"title\" has a control character"},
        {"{\"title\":\"ab*\xc2\x9f\"}", "field.control", "\"title\" has a control character"},
        {"{\"title\":*\"ab\\uffff\"}", "field.control", "\"title\" has a control character"},
        {"{*\"titel\":\"t\"}", "json.unknown_field", "the field \"titel\" is not known here"},
        {"{\"title\":\"t\",*\"title\":\"t\"}", "json.twice", "the field \"title\" is there twice"},
        {"{\"width\":null,*\"width\":10}", "json.twice", "the field \"width\" is there twice"},
        {"{\"id\":*\"a b\"}", "field.name", "\"id\" must be a name: 1 to 64 of a-z 0-9 . _ -"},
        {"{\"note\":*\"ab\"}", "field.range", "\"note\" must have 3 to 20 bytes, not 2"},
        {"{\"note\":\"ab*xc\"}", "shelf.x", "\"note\": no x, please"},
        {"{\"width\":*9}", "field.range", "\"width\" must be 10 to 1000"},
        {"{\"width\":*1001}", "field.range", "\"width\" must be 10 to 1000"},
        {"{\"width\":*-10}", "field.range", "\"width\" must be 10 to 1000"},
        {"{\"width\":*99999999999999999999}", "field.range", "\"width\" must be 10 to 1000"},
        {"{\"width\":*10.5}", "json.number", "\"width\" must be a whole number"},
        {"{\"width\":*\"10\"}", "json.type", "\"width\" must be a number, not a text"},
        {"{\"locked\":*0}", "json.type", "\"locked\" must be true or false, not a number"},
        {"{\"colour\":*\"Red\"}", "field.word", "\"colour\" must be one of: white, red, blue"},
        {"{\"tags\":*\"a\"}", "json.type", "\"tags\" must be a list, not a text"},
        {"{\"tags\":[\"a\",*\"\"]}", "field.range", "\"tags\" must have 1 to 4 bytes, not 0"},
        {"{\"tags\":[\"a\",*\"12345\"]}", "field.range", "\"tags\" must have 1 to 4 bytes, not 5"},
        {"{\"tags\":[\"a\",*7]}", "json.type", "\"tags\" must be a text, not a number"},
        {"{\"tags\":*[\"a\",\"b\",\"c\",\"d\"]}", "field.range", "\"tags\" must have 0 to 3 items"},
        {"{\"tags\":[\"a\",\"b*x\"]}", "shelf.x", "\"tags\": no x, please"},
        {"{\"tags\":[\"a\" *\"b\"]}", "json.syntax", "a comma or ] is expected, not \"\"\""},
        {"{\"top\":*[]}", "json.type", "\"top\" must be an object, not a list"},
        {"{\"top\":*{\"weight\":1}}", "field.required", "the box needs \"label\""},
        {"{\"top\":{*\"lable\":1}}", "json.unknown_field", "the field \"lable\" is not known here"},
        {"{\"boxes\":[{\"label\":\"a\"},*{}]}", "field.required", "the box needs \"label\""},
        {"{\"boxes\":[{\"label\":\"a\",\"weight\":*101}]}", "field.range", "\"weight\" must be 0 to 100"},
        {"{\"boxes\":*[{},{},{},{}]}", "field.range", "\"boxes\" must have 0 to 3 items"},
        {"{\"extra\":{*\"\":\"v\"}}", "field.range", "the names in \"extra\" must have 1 to 64 plain bytes"},
        {"{\"extra\":{*\"a\\n\":\"v\"}}", "field.range", "the names in \"extra\" must have 1 to 64 plain bytes"},
        {"{\"extra\":{\"a\":*1}}", "json.type", "\"a\" must be a text, not a number"},
        {"{\"extra\":{\"a\":*\"0123456789\"}}", "field.range", "\"extra\" must have 0 to 9 bytes, not 10"},
        {"{\"extra\":{\"a\":\"v\",*\"a\":\"v\"}}", "json.twice", "the field \"a\" is there twice"},
        {"{\"extra\":*{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\"}}", "field.range", "\"extra\" must have 0 to 3 items"},
        {"{\"plan\":*[0,1,2,3,4,5,6,7,8,9]}", "field.range", "\"plan\" must have 1 to 20 bytes, not 21"},
        {"{\"plan\":[\"*x\"]}", "shelf.x", "\"plan\": no x, please"},
        {"{\"plan\":[*x]}", "json.syntax", "a value is expected, not \"x\""},
        {"{\"title\":\"t\"}*}", "json.syntax", "the end is expected, not \"}\""},
    };
    // clang-format on
    char text[200];

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct shelf s;
        const char *star = strchr(rows[i].in, '*');
        size_t at = (size_t)(star - rows[i].in), n = strlen(rows[i].in) - 1;
        memcpy(text, rows[i].in, at);
        memcpy(text + at, star + 1, n - at);
        status st = form_parse(&shelf_form, (str){text, n}, &arena, &s);
        if (st.cls == ST_OK || st.at != at || strcmp(st.reason, rows[i].reason) != 0)
            fail_msg("%s: %s at %u", rows[i].in, st.text, st.at);
        assert_string_equal(st.text, rows[i].text);
    }
}

static void form_required_list_needs_an_item(void **state)
{
    struct form_list tags;
    const struct form_field fields[] = {
        {.name = "tags",    .kind = FORM_STRS, .required = true, .max = 4, .count_max = 2},
        {0}
    };
    const struct form f = {"thing", sizeof tags, fields, 1};

    (void)state;
    status st = form_parse(&f, S("{\"tags\":[]}"), &arena, &tags);
    assert_string_equal(st.reason, "field.range");
    assert_string_equal(st.text, "\"tags\" must have 1 to 2 items");
    assert_int_equal(form_parse(&f, S("{\"tags\":[\"a\"]}"), &arena, &tags).cls, ST_OK);
}

static void form_required_number_is_written_though_0(void **state)
{
    uint64_t count = 0;
    const struct form_field fields[] = {
        {.name = "count",   .kind = FORM_U64, .required = true},
        {0}
    };
    const struct form f = {"thing", sizeof count, fields, 1};

    (void)state;
    assert_true(str_eq(as_json(&f, &count), S("{\"count\":0}")));
    assert_int_equal(form_parse(&f, S("{\"count\":9223372036854775807}"), &arena, &count).cls,
                     ST_OK);
    assert_int_equal(count, INT64_MAX);
}

static void form_writes_what_it_read_and_hides_secrets(void **state)
{
    struct shelf s;
    static const char shown[] = "\"key\":\"***\"}";

    (void)state;
    assert_int_equal(form_parse(&shelf_form, str_of(full), &arena, &s).cls, ST_OK);
    str out = as_json(&shelf_form, &s);
    size_t same = sizeof full - 1 - strlen("\"key\":\"s3cret\"}");
    assert_int_equal(out.n, same + sizeof shown - 1);
    assert_memory_equal(out.p, full, same);
    assert_true(str_ends(out, str_of(shown)));
}

static void form_packed_bytes_are_these(void **state)
{
    struct box box = {S("up"), 300};

    (void)state;
    form_pack(&box_form, &box, &buf);
    assert_true(str_eq(buf_str(&buf), S("\x01\x02\x02up\xac\x02")));
}

static void form_unpacks_what_it_packed(void **state)
{
    struct shelf s, back;
    char first[sizeof full * 2];

    (void)state;
    assert_int_equal(form_parse(&shelf_form, str_of(full), &arena, &s).cls, ST_OK);
    str json = as_json(&shelf_form, &s);
    memcpy(first, json.p, json.n);
    buf_reset(&buf);
    form_pack(&shelf_form, &s, &buf);
    assert_int_equal(form_unpack(&shelf_form, buf_str(&buf), &arena, &back).cls, ST_OK);
    memset(buf.p, '?', buf.n); // what was unpacked needs the bytes no more
    assert_true(str_eq(as_json(&shelf_form, &back), (str){first, json.n}));
    assert_true(str_eq(back.key, S("s3cret")));
}

// The same table with fewer and fewer of its last fields stands for its earlier versions.
static void form_reads_what_every_earlier_version_packed(void **state)
{
    struct shelf s, back, zero;
    struct form_field fields[LEN(shelf_fields)];

    (void)state;
    memset(&zero, 0, sizeof zero);
    assert_int_equal(form_parse(&shelf_form, str_of(full), &arena, &s).cls, ST_OK);
    for (size_t n = 0; n < LEN(shelf_fields); n++) {
        memcpy(fields, shelf_fields, sizeof fields);
        fields[n] = (struct form_field){0};
        const struct form older = {"shelf", sizeof s, fields, 1};
        buf_reset(&buf);
        form_pack(&older, &s, &buf);
        assert_int_equal(form_unpack(&shelf_form, buf_str(&buf), &arena, &back).cls, ST_OK);
        for (size_t i = n; i + 1 < LEN(shelf_fields); i++) {
            size_t at = shelf_fields[i].at;
            assert_memory_equal((char *)&back + at, (char *)&zero + at, 1);
        }
        if (n > 3) assert_int_equal(back.width, 1000);
        if (n + 1 == LEN(shelf_fields)) continue;
        buf_reset(&buf);
        form_pack(&shelf_form, &s, &buf);
        status st = form_unpack(&older, buf_str(&buf), &arena, &back);
        assert_int_equal(st.cls, ST_STORE);
        assert_string_equal(st.reason, "form.newer");
    }
}

static void form_every_cut_of_a_packing_is_refused(void **state)
{
    struct shelf s, back;

    (void)state;
    assert_int_equal(form_parse(&shelf_form, str_of(full), &arena, &s).cls, ST_OK);
    form_pack(&shelf_form, &s, &buf);
    for (size_t n = 0; n < buf.n; n++) {
        struct arena small;
        arena_init(&small, 8 * KB);
        status st = form_unpack(&shelf_form, (str){buf.p, n}, &small, &back);
        assert_int_equal(st.cls, ST_STORE);
        assert_string_equal(st.reason, "form.corrupt");
        arena_fini(&small);
    }
    buf_addc(&buf, 0);
    assert_string_equal(form_unpack(&shelf_form, buf_str(&buf), &arena, &back).reason,
                        "form.corrupt");
}

// Each byte of a packing takes each value: refused or read, never a crash or a wild index.
static void form_every_changed_byte_of_a_packing_is_decided(void **state)
{
    struct shelf s, back;
    char bytes[256];

    (void)state;
    assert_int_equal(form_parse(&shelf_form, str_of(full), &arena, &s).cls, ST_OK);
    form_pack(&shelf_form, &s, &buf);
    str packed = buf_str(&buf);
    assert_true(packed.n <= sizeof bytes);
    memcpy(bytes, packed.p, packed.n);
    for (size_t i = 0; i < packed.n; i++) {
        for (int v = 0; v < 256; v++) {
            char was = bytes[i];
            bytes[i] = (char)v;
            arena_reset(&arena);
            status st = form_unpack(&shelf_form, (str){bytes, packed.n}, &arena, &back);
            if (st.cls == ST_OK)
                as_json(&shelf_form, &back);
            else
                assert_non_null(st.reason);
            bytes[i] = was;
        }
    }
}

static void form_arena_ceiling_is_said(void **state)
{
    struct shelf s;
    struct arena small;
    arena_init(&small, 16);

    (void)state;
    status st = form_parse(&shelf_form, str_of(full), &small, &s);
    assert_int_equal(st.cls, ST_TOO_LARGE);
    arena_reset(&small);
    st = form_parse(&shelf_form, S("{\"tags\":[\"a\",\"b\",\"c\"]}"), &small, &s);
    assert_string_equal(st.reason, "form.ceiling");
    st = form_unpack(&shelf_form, S("a packing of more than sixteen bytes"), &small, &s);
    assert_string_equal(st.reason, "form.ceiling");
    arena_fini(&small);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(form_reads_every_kind),
        T(form_null_is_absent),
        T(form_refuses_where_it_goes_wrong),
        T(form_required_list_needs_an_item),
        T(form_required_number_is_written_though_0),
        T(form_writes_what_it_read_and_hides_secrets),
        T(form_packed_bytes_are_these),
        T(form_unpacks_what_it_packed),
        T(form_reads_what_every_earlier_version_packed),
        T(form_every_cut_of_a_packing_is_refused),
        T(form_every_changed_byte_of_a_packing_is_decided),
        T(form_arena_ceiling_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
