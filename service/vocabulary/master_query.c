#include "service/vocabulary/master_query.h"

struct master_name {
    str text;
    struct master_name *next;
};

static status wrong(const char *reason, str name, const char *says)
{
    return fail(ST_BAD_INPUT, reason, 0, "%.*s: %s", (int)(name.n < 40 ? name.n : 40), name.p,
                says);
}

void master_begin(struct master_reader *r, struct arena *a)
{
    *r = (struct master_reader){.arena = a};
}

static status name_note(struct master_reader *r, str name)
{
    for (const struct master_name *n = r->given; n != NULL; n = n->next)
        if (str_eq(n->text, name)) return wrong("query.twice", name, "it is given twice");
    struct master_name *n = NEW(r->arena, struct master_name);
    if (n == NULL) return no_memory();
    *n = (struct master_name){name, r->given};
    r->given = n;
    return OK;
}

// A URL's values, with '|' between them.
static status text_cut(struct master_reader *r, str text, struct query_given *out)
{
    uint32_t n = 1;

    for (size_t i = 0; i < text.n; i++) n += text.p[i] == '|';
    str *at = n > QUERY_VALUES_MAX ? NULL : NEW_ARRAY(r->arena, str, n);
    if (n <= QUERY_VALUES_MAX && at == NULL) return no_memory();
    *out = (struct query_given){QUERY_LIST, at, n};
    for (n = 0; at != NULL && str_cut(&text, '|', &at[n]);) n++;
    if (at != NULL) at[n] = text;
    return OK;
}

// Without those that are empty.
static status list_take(struct master_reader *r, str name, const struct query_given *given,
                        struct epcis_strs *out)
{
    struct query_given cut = *given;
    const struct query_given *v = &cut;
    uint32_t n = 0;

    if (given->as == QUERY_TEXT) TRY(text_cut(r, given->at[0], &cut));
    if (v->as != QUERY_LIST) return wrong("query.type", name, "a list of texts is wanted");
    if (v->n > QUERY_VALUES_MAX - r->values)
        return fail(ST_TOO_LARGE, "query.too_complex", 0, "a query has at most %u values",
                    QUERY_VALUES_MAX);
    r->values += v->n;
    str *at = NEW_ARRAY(r->arena, str, v->n + 1);
    if (at == NULL) return no_memory();
    for (uint32_t i = 0; i < v->n; i++) {
        at[n] = str_trim(v->at[i]);
        n += at[n].n > 0;
    }
    *out = (struct epcis_strs){at, n};
    return OK;
}

static status bool_take(str name, const struct query_given *v, bool *out)
{
    if (v->as != QUERY_PLAIN && v->as != QUERY_BOOL && v->as != QUERY_TEXT)
        return wrong("query.type", name, "true or false is wanted");
    str text = str_trim(v->at[0]);
    *out = str_eq(text, S("true")) || str_eq(text, S("1"));
    if (*out || str_eq(text, S("false")) || str_eq(text, S("0"))) return OK;
    return wrong("query.value", name, "true or false");
}

static status size_take(str name, const struct query_given *v, uint64_t *out)
{
    if (v->as != QUERY_PLAIN && v->as != QUERY_NUMBER && v->as != QUERY_TEXT)
        return wrong("query.type", name, "a whole number is wanted");
    if (!str_u64(str_trim(v->at[0]), UINT32_MAX, out) || *out == 0)
        return wrong("query.value", name, "a whole number from 1 on");
    return OK;
}

static status attr_take(struct master_reader *r, str name, str attr, const struct query_given *v)
{
    struct epcis_strs values;
    struct master_attr *a;

    if (attr.n == 0) return wrong("query.unknown", name, "an attribute has a name");
    TRY(list_take(r, name, v, &values));
    if (values.n == 0) return OK;
    if ((a = NEW(r->arena, struct master_attr)) == NULL) return no_memory();
    *a = (struct master_attr){attr, values.at, values.n, r->q.attrs};
    r->q.attrs = a;
    return OK;
}

static struct epcis_strs *list_of_name(struct master_reader *r, str name)
{
    const struct {
        str name;
        struct epcis_strs *list;
    } lists[] = {
        {S("vocabularyName"), &r->q.types},
        {S("attributeNames"), &r->q.names},
        {S("EQ_name"),        &r->q.eq   },
        {S("WD_name"),        &r->q.wd   },
        {S("HASATTR"),        &r->q.has  },
    };

    for (size_t i = 0; i < LEN(lists); i++)
        if (str_eq(name, lists[i].name)) return lists[i].list;
    return NULL;
}

status master_give(struct master_reader *r, str name, const struct query_given *v)
{
    struct epcis_strs *list = list_of_name(r, name);

    TRY(name_note(r, name));
    if (v->as == QUERY_VOID) return OK; // an empty value is one that is not given
    if (list != NULL) return list_take(r, name, v, list);
    if (str_eq(name, S("includeAttributes")))
        return r->has_attributes = true, bool_take(name, v, &r->q.attributes);
    if (str_eq(name, S("includeChildren")))
        return r->has_children = true, bool_take(name, v, &r->q.children);
    if (str_eq(name, S("maxElementCount"))) return size_take(name, v, &r->q.most);
    if (str_starts(name, S("EQATTR_"))) return attr_take(r, name, str_from(name, 7), v);
    return wrong("query.unknown", name, "there is no such parameter");
}

status master_end(struct master_reader *r, struct master_query *out)
{
    if (!r->has_attributes || !r->has_children)
        return fail(ST_BAD_INPUT, "query.missing", 0,
                    "includeAttributes and includeChildren must be given");
    *out = r->q;
    return OK;
}
