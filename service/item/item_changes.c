// What a put changed: both versions are written as JSON, and members compared by name.
#include "service/item/item.h"

#define TEXT_MAX (16 * MB)

struct sides {
    struct json_w *w;
    struct arena *a;
    uint32_t told;
};

// The value of a member of an object; empty: it has none.
static str member(str object, str name, struct arena *a)
{
    struct json_r r = json_reader(object, a);
    str key, found = {"", 0};

    for (json_object(&r); json_key(&r, &key);) {
        str value = json_raw(&r);
        if (str_eq(key, name)) found = value;
    }
    return found;
}

static void side(struct json_w *w, const char *name, str value)
{
    json_w_key(w, str_of(name));
    if (value.n == 0)
        json_w_null(w);
    else
        json_w_raw(w, value);
}

static void tell(struct sides *s, str field, str old, str now)
{
    json_w_object(s->w);
    json_w_kstr(s->w, "field", field);
    side(s->w, "old", old);
    side(s->w, "new", now);
    json_w_end(s->w);
    s->told++;
}

static bool is_object(str value) { return value.n > 0 && value.p[0] == '{'; }

static void compare(struct sides *s, str path, str old, str now);

static void compare_member(struct sides *s, str field, str old, str now)
{
    if (str_eq(old, now)) return;
    if (is_object(old) && is_object(now))
        compare(s, field, old, now);
    else
        tell(s, field, old, now);
}

static void compare(struct sides *s, str path, str old, str now)
{
    str sides[2] = {now, old}, key, empty = {"", 0};
    struct buf field;

    buf_init(&field, 64 * KB);
    for (int gone = 0; gone < 2; gone++) { // first what is there now, then what no longer is
        struct json_r r = json_reader(sides[gone], s->a);
        for (json_object(&r); json_key(&r, &key);) {
            str value = json_raw(&r);
            bool in_both = gone == 1 && member(now, key, s->a).n > 0;
            buf_reset(&field);
            if (path.n > 0) buf_addf(&field, "%.*s.", STR(path));
            buf_add(&field, key);
            if (gone == 0)
                compare_member(s, buf_str(&field), member(old, key, s->a), value);
            else if (!in_both)
                tell(s, buf_str(&field), value, empty);
        }
    }
    buf_fini(&field);
}

static str text_of(const struct item_noun *n, const struct item *i, struct arena *a, struct buf *b)
{
    void *value = arena_alloc(a, n->form->size);
    struct json_w w = json_writer(b);

    json_w_object(&w);
    if (value != NULL && item_value(n, i, a, value).cls == ST_OK) form_write(n->form, value, &w);
    json_w_end(&w);
    return buf_str(b);
}

void item_changes_write(const struct item_noun *n, const struct item *old, const struct item *now,
                        struct json_w *w)
{
    struct buf was, is;
    struct arena a;

    arena_init(&a, 4 * ITEM_VALUE_ROOM);
    buf_init(&was, TEXT_MAX);
    buf_init(&is, TEXT_MAX);
    struct sides s = {.w = w, .a = &a};
    str before = text_of(n, old, &a, &was), after = text_of(n, now, &a, &is);
    compare(&s, (str){"", 0}, before, after);
    if (s.told == 0 && !str_eq(old->packed, now->packed)) // what is shown is equal
        tell(&s, S("secret"), S("\"***\""), S("\"***\""));
    buf_fini(&was);
    buf_fini(&is);
    arena_fini(&a);
}

bool item_put_changes(struct txn *t, const struct fact *f, const struct item_noun *n,
                      struct json_w *w)
{
    struct item now, old;
    str reason;

    if (item_of_fact(f, &now, &reason).cls != ST_OK || now.version < 2) return false;
    if (!item_version(t, n, now.number, now.version - 1, &old)) return false;
    if (old.client.v != now.client.v) return false; // it may be another client's
    item_changes_write(n, &old, &now, w);
    return true;
}
