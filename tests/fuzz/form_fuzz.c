// form_fuzz.c - forms from foreign bytes: the first byte chooses JSON or a packing.
//
// Claims: a refusal has a reason; what was read from JSON survives packing and unpacking, as
// written JSON shows; what was unpacked can be written, and packs and unpacks to the same.
#include "common/form.h"
#include <string.h>

struct leaf {
    str name;
    uint64_t count;
};
struct tree {
    str title, id, raw;
    uint64_t size;
    bool yes;
    uint8_t word;
    struct form_list texts, leaves, map;
    struct leaf *leaf;
};

#define AT(type, member) .at = offsetof(struct type, member)

static const char *const words[] = {"a", "b", "c", NULL};
// clang-format off
static const struct form_field leaf_fields[] = {
    {.name = "name", .kind = FORM_STR, AT(leaf, name), .required = true, .max = 8},
    {.name = "count", .kind = FORM_U64, AT(leaf, count)},
    {0},
};
// clang-format on
static const struct form leaf_form = {"leaf", sizeof(struct leaf), leaf_fields, 1};
// clang-format off
static const struct form_field tree_fields[] = {
    {.name = "t", .kind = FORM_STR, AT(tree, title), .max = 20},
    {.name = "i", .kind = FORM_NAME, AT(tree, id)},
    {.name = "n", .kind = FORM_U64, AT(tree, size), .min = 1, .max = 1000},
    {.name = "b", .kind = FORM_BOOL, AT(tree, yes)},
    {.name = "w", .kind = FORM_WORD, AT(tree, word), .words = words},
    {.name = "s", .kind = FORM_STRS, AT(tree, texts), .max = 4, .count_max = 4},
    {.name = "o", .kind = FORM_ONE, AT(tree, leaf), .sub = &leaf_form},
    {.name = "m", .kind = FORM_MANY, AT(tree, leaves), .count_max = 4, .sub = &leaf_form},
    {.name = "p", .kind = FORM_MAP, AT(tree, map), .max = 9, .count_max = 4},
    {.name = "r", .kind = FORM_RAW, AT(tree, raw), .max = 40},
    {0},
};
// clang-format on
static const struct form tree_form = {"tree", sizeof(struct tree), tree_fields, 3};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// A raw value that was unpacked is any bytes; only JSON that was read may be written as it stands.
static str written(const struct tree *t, struct buf *b)
{
    struct json_w w = json_writer(b);

    json_w_object(&w);
    form_write(&tree_form, t, &w);
    json_w_end(&w);
    return buf_str(b);
}

// The tree packed and unpacked is the same tree.
static void round_trip(const struct tree *t, struct arena *a)
{
    struct buf packed, first, second;
    struct tree back;

    buf_init(&packed, 4 * MB);
    buf_init(&first, 16 * MB);
    buf_init(&second, 16 * MB);
    form_pack(&tree_form, t, &packed);
    status st = form_unpack(&tree_form, buf_str(&packed), a, &back);
    assert(st.cls == ST_OK);
    assert(str_eq(written(t, &first), written(&back, &second)));
    buf_fini(&packed);
    buf_fini(&first);
    buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a;
    struct tree t;

    if (n == 0) return 0;
    str in = {(const char *)data + 1, n - 1};
    arena_init(&a, 4 * MB);
    status st =
        data[0] & 1 ? form_parse(&tree_form, in, &a, &t) : form_unpack(&tree_form, in, &a, &t);
    if (st.cls == ST_OK)
        round_trip(&t, &a);
    else
        assert(st.reason != NULL && st.text[0] != 0 && st.at <= in.n);
    arena_fini(&a);
    return 0;
}
