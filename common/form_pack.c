// form_pack.c - a form as bytes, for a row or a fact; the layout is said in form.h and frozen.
//
// Unpacking trusts nothing: a count is held against the bytes that are left (an item takes one at
// least) before room is made for it, and the room comes from an arena with a ceiling.
#include "common/form.h"
#include <string.h>

static uint32_t field_count(const struct form *f)
{
    uint32_t n = 0;

    while (f->fields[n].name != NULL) n++;
    return n;
}

// ---- packing

static void list_pack(const struct form_field *f, const struct form_list *list, struct buf *b)
{
    bytes_var(b, list->n);
    for (uint32_t i = 0; i < list->n; i++) {
        if (f->kind == FORM_STRS) {
            bytes_str(b, ((const str *)list->items)[i]);
        } else if (f->kind == FORM_MAP) {
            bytes_str(b, ((const struct form_pair *)list->items)[i].key);
            bytes_str(b, ((const struct form_pair *)list->items)[i].value);
        } else {
            form_pack(f->sub, (const char *)list->items + i * f->sub->size, b);
        }
    }
}

static void one_pack(const struct form_field *f, const void *sub, struct buf *b)
{
    bytes_var(b, sub != NULL);
    if (sub != NULL) form_pack(f->sub, sub, b);
}

static void value_pack(const struct form_field *f, const void *at, struct buf *b)
{
    switch (f->kind) {
    case FORM_STR:
    case FORM_NAME:
    case FORM_RAW: bytes_str(b, *(const str *)at); break;
    case FORM_U64: bytes_var(b, *(const uint64_t *)at); break;
    case FORM_BOOL: bytes_var(b, *(const bool *)at); break;
    case FORM_WORD: bytes_var(b, *(const uint8_t *)at); break;
    case FORM_STRS:
    case FORM_MANY:
    case FORM_MAP: list_pack(f, at, b); break;
    case FORM_ONE: one_pack(f, *(void *const *)at, b); break;
    }
}

void form_pack(const struct form *f, const void *in, struct buf *b)
{
    bytes_var(b, f->version);
    bytes_var(b, field_count(f));
    for (const struct form_field *field = f->fields; field->name != NULL; field++)
        value_pack(field, (const char *)in + field->at, b);
}

// ---- unpacking

struct unpack {
    struct bytes_r in;
    struct arena *arena;
    status st; // the first trouble but a short read, which `in` remembers
};

static bool is_fine(const struct unpack *u) { return u->st.cls == ST_OK && !u->in.bad; }

static void corrupt(struct unpack *u) { u->in.bad = true; }

static void *room(struct unpack *u, uint64_t n, size_t size)
{
    if (n > (uint64_t)(u->in.end - u->in.p)) return corrupt(u), NULL;
    void *p = size <= SIZE_MAX / (n + 1) ? arena_alloc(u->arena, n * size) : NULL;
    if (p == NULL) u->st = fail(ST_TOO_LARGE, "form.ceiling", 0, "more than is allowed at once");
    return p;
}

static void form_take(const struct form *f, struct unpack *u, void *out);

static void list_take(const struct form_field *f, struct unpack *u, struct form_list *list)
{
    size_t size = f->kind == FORM_STRS  ? sizeof(str)
                  : f->kind == FORM_MAP ? sizeof(struct form_pair)
                                        : f->sub->size;
    uint64_t n = bytes_get_var(&u->in);
    char *item = n == 0 ? NULL : room(u, n, size);

    if (item == NULL) return;
    *list = (struct form_list){item, (uint32_t)n};
    for (; n > 0 && is_fine(u); n--, item += size) {
        if (f->kind == FORM_MANY) {
            form_take(f->sub, u, item);
            continue;
        }
        *(str *)(void *)item = bytes_get_str(&u->in); // a pair's key is its first member
        if (f->kind == FORM_MAP) ((struct form_pair *)(void *)item)->value = bytes_get_str(&u->in);
    }
}

static void *one_take(const struct form_field *f, struct unpack *u)
{
    uint64_t there = bytes_get_var(&u->in);
    void *sub = there == 1 ? room(u, 1, f->sub->size) : NULL;

    if (there > 1) corrupt(u);
    if (sub != NULL) form_take(f->sub, u, sub);
    return sub;
}

static uint64_t number_take(struct unpack *u, uint64_t max)
{
    uint64_t v = bytes_get_var(&u->in);

    if (v <= max) return v;
    corrupt(u);
    return 0;
}

static uint64_t word_count(const struct form_field *f)
{
    uint64_t n = 0;

    while (f->words[n] != NULL) n++;
    return n;
}

static void value_take(const struct form_field *f, struct unpack *u, void *at)
{
    switch (f->kind) {
    case FORM_STR:
    case FORM_NAME:
    case FORM_RAW: *(str *)at = bytes_get_str(&u->in); break;
    case FORM_U64: *(uint64_t *)at = number_take(u, INT64_MAX); break;
    case FORM_BOOL: *(bool *)at = number_take(u, 1) != 0; break;
    case FORM_WORD: *(uint8_t *)at = (uint8_t)number_take(u, word_count(f) - 1); break;
    case FORM_STRS:
    case FORM_MANY:
    case FORM_MAP: list_take(f, u, at); break;
    case FORM_ONE: *(void **)at = one_take(f, u); break;
    }
}

static void form_take(const struct form *f, struct unpack *u, void *out)
{
    uint64_t version = bytes_get_var(&u->in), n = bytes_get_var(&u->in);

    if (!is_fine(u)) return;
    if (version > f->version || n > field_count(f)) {
        u->st = fail(ST_STORE, "form.newer", 0, "this %s was written by a later version", f->noun);
        return;
    }
    for (uint64_t i = 0; i < n && is_fine(u); i++)
        value_take(&f->fields[i], u, (char *)out + f->fields[i].at);
}

status form_unpack(const struct form *f, str bytes, struct arena *a, void *out)
{
    str copy = arena_str(a, bytes);
    struct unpack u = {.in = bytes_reader(copy), .arena = a};

    memset(out, 0, f->size);
    if (copy.p == NULL)
        return fail(ST_TOO_LARGE, "form.ceiling", 0, "more than is allowed at once");
    form_take(f, &u, out);
    if (u.st.cls == ST_OK && !bytes_end(&u.in))
        u.st = fail(ST_STORE, "form.corrupt", 0, "the stored %s cannot be understood", f->noun);
    if (u.st.cls != ST_OK) memset(out, 0, f->size);
    return u.st;
}
