// One pass over the JSON, by tables of the fields that the schemas name. Of a member that comes
// twice the reader refuses the second: which of them was meant nobody can know.
#include "service/inbox/pdg_int.h"
#include <string.h>

struct reading {
    struct json_r r;
    struct pdg_message m;
    struct pdg_item *items;
    str *others;
    bool has_cases; // what only a report has
};

// ---- one field

// Characters that no text of a form may hold have no place in these either.
static str read_text(struct json_r *r, const struct pdg_field *f)
{
    str s = json_string(r);

    if (r->st.cls != ST_OK) return s;
    if (s.n > PDG_TEXT_MAX || (f->needs_text && s.n == 0))
        json_fail(r, "field.range", "%s: 1 to %u bytes", f->name, PDG_TEXT_MAX);
    for (const char *const *w = f->words; w != NULL; w++) {
        if (*w == NULL) {
            json_fail(r, "field.word", "%s: there is no such word", f->name);
            break;
        }
        if (str_eq(s, str_of(*w))) break;
    }
    return s;
}

static void read_field(struct json_r *r, const struct pdg_field *f, void *out)
{
    char *at = (char *)out + f->at;

    if (f->nullable && json_null(r)) return;
    if (f->kind == PDG_TEXT) {
        str s = read_text(r, f);
        memcpy(at, &s, sizeof s);
    } else if (f->kind == PDG_NUMBER) {
        int64_t n = json_int(r, 0, INT64_C(1) << 53);
        memcpy(at, &n, sizeof n);
    } else if (f->kind == PDG_BOOL) {
        bool b = json_bool(r);
        memcpy(at, &b, sizeof b);
    } else {
        pdg_object_read(r, f->sub, out);
    }
}

// Which field this key is; -1: none of the table.
static int field_of(const struct pdg_object *o, str key)
{
    for (int i = 0; o->fields[i].name != NULL; i++)
        if (str_eq(key, str_of(o->fields[i].name))) return i;
    return -1;
}

void pdg_object_close(struct json_r *r, const struct pdg_object *o, uint32_t seen)
{
    for (int i = 0; o->fields[i].name != NULL; i++)
        if (o->fields[i].required && !(seen >> i & 1))
            json_fail(r, "field.required", "%s: it is required of %s", o->fields[i].name, o->noun);
}

bool pdg_member_read(struct json_r *r, const struct pdg_object *o, str key, uint32_t *seen,
                     void *out)
{
    int i = field_of(o, key);

    if (i < 0) return false;
    if (*seen >> i & 1) json_twice(r, key);
    *seen |= UINT32_C(1) << i;
    read_field(r, &o->fields[i], out);
    return true;
}

void pdg_object_read(struct json_r *r, const struct pdg_object *o, void *out)
{
    uint32_t seen = 0;
    str key;

    for (json_object(r); json_key(r, &key);)
        if (!pdg_member_read(r, o, key, &seen, out)) (void)json_raw(r);
    if (r->st.cls == ST_OK) pdg_object_close(r, o, seen);
}

// ---- lists

static void read_items(struct reading *x, enum pdg_group group)
{
    if (json_null(&x->r)) return;
    for (json_array(&x->r); json_item(&x->r);) {
        if (x->m.n == PDG_ITEMS_MAX) {
            json_fail(&x->r, "pdg.too_many", "%s: a message has at most %u items",
                      pdg_group_word(group), PDG_ITEMS_MAX);
            return;
        }
        struct pdg_item *item = &x->items[x->m.n];
        *item = (struct pdg_item){.group = group};
        pdg_object_read(&x->r, &pdg_items[group], item);
        if (x->r.st.cls == ST_OK) x->m.n++;
    }
}

static void read_others(struct reading *x)
{
    static const struct pdg_field text = {.name = "other_errors"};

    if (json_null(&x->r)) return;
    for (json_array(&x->r); json_item(&x->r);) {
        if (x->m.other_count == PDG_ITEMS_MAX) {
            json_fail(&x->r, "pdg.too_many", "other_errors: at most %u", PDG_ITEMS_MAX);
            return;
        }
        x->others[x->m.other_count++] = read_text(&x->r, &text);
    }
}

// An object of lists by group: those from `first` to `last`, and in the outer one the inner.
static void read_groups(struct reading *x, enum pdg_group first, enum pdg_group last)
{
    uint32_t seen = 0;
    str key;

    if (json_null(&x->r)) return;
    for (json_object(&x->r); json_key(&x->r, &key);) {
        enum pdg_group g;
        bool inner = first == PDG_MISSING_DATA && str_eq(key, S("master_data_errors"));
        bool known = !inner && pdg_group_find(key, &g) && g >= first && g <= last;
        uint32_t bit = inner ? PDG_GROUPS : known ? (uint32_t)g : 0;
        if (!inner && !known) {
            json_unknown(&x->r, key); // what is wrong would be read by nobody
            return;
        }
        if (seen >> bit & 1) json_twice(&x->r, key);
        seen |= UINT32_C(1) << bit;
        if (inner)
            read_groups(x, PDG_GLN_ERROR, PDG_GTIN_ERROR);
        else
            read_items(x, g);
    }
}

// ---- the message

enum list { LIST_NONE, LIST_EXCEPTIONS, LIST_OTHERS, LIST_ANSWERS };

static enum list list_of_key(enum pdg_type type, str key)
{
    if (type == PDG_REPORT && str_eq(key, S("exceptions"))) return LIST_EXCEPTIONS;
    if (type == PDG_REPORT && str_eq(key, S("other_errors"))) return LIST_OTHERS;
    return type == PDG_RESPONSE && str_eq(key, S("response_items")) ? LIST_ANSWERS : LIST_NONE;
}

static void read_list(struct reading *x, enum list list)
{
    if (list == LIST_EXCEPTIONS) read_groups(x, PDG_MISSING_DATA, PDG_UNDERAGE);
    if (list == LIST_OTHERS) read_others(x);
    if (list == LIST_ANSWERS) read_items(x, PDG_ANSWER);
}

static void read_message(struct reading *x)
{
    const struct pdg_object *o = &pdg_heads[x->m.type];
    uint32_t seen = 0, lists = 0;
    str key;

    for (json_object(&x->r); json_key(&x->r, &key);) {
        if (pdg_member_read(&x->r, o, key, &seen, &x->m)) continue;
        enum list list = list_of_key(x->m.type, key);
        if (list == LIST_NONE) {
            (void)json_raw(&x->r);
            continue;
        }
        if (lists >> list & 1) json_twice(&x->r, key);
        lists |= UINT32_C(1) << list;
        read_list(x, list);
    }
    if (x->r.st.cls == ST_OK) pdg_object_close(&x->r, o, seen);
}

// A report says whether its case is resolved, or what is wrong; a response answers items. Notes
// alone are a response; a report that has some keeps them in the message as it came. What has
// neither is told what it lacks to be a report.
static status type_of(str json, struct arena *a, enum pdg_type *out)
{
    struct json_r r = json_reader(json, a);
    bool report = false, response = false, notes = false;
    str key;

    for (json_object(&r); json_key(&r, &key); (void)json_raw(&r)) {
        report |= str_eq(key, S("case_resolved")) || str_eq(key, S("exceptions")) ||
                  str_eq(key, S("other_errors"));
        response |= str_eq(key, S("response_items"));
        notes |= str_eq(key, S("additional_notes"));
    }
    TRY(json_r_end(&r));
    response |= notes && !report;
    if (report && response)
        return fail(ST_BAD_INPUT, "pdg.none", 0,
                    "it is a report (exceptions, case_resolved) or a response (response_items), "
                    "not both");
    if (!report && !response)
        return fail(ST_BAD_INPUT, "pdg.none", 0,
                    "neither a report (exceptions, case_resolved) nor a response (response_items)");
    *out = report ? PDG_REPORT : PDG_RESPONSE;
    return OK;
}

status pdg_read(str json, struct arena *a, struct pdg_message *out)
{
    struct reading x = {.r = json_reader(json, a)};

    TRY(type_of(json, a, &x.m.type));
    x.items = NEW_ARRAY(a, struct pdg_item, PDG_ITEMS_MAX);
    x.others = NEW_ARRAY(a, str, PDG_ITEMS_MAX);
    if (x.items == NULL || x.others == NULL)
        return fail(ST_TOO_LARGE, "request.memory", 0, "the message takes too much memory");
    read_message(&x);
    TRY(json_r_end(&x.r));
    x.m.items = x.items;
    x.m.others = x.others;
    *out = x.m;
    return OK;
}
