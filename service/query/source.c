// source.c - where parameters come from: a URL's query string, or the object of a named query.
#include "common/http.h"
#include "common/json.h"
#include "service/epcis/value.h"
#include "service/query/query.h"
#include <string.h>

// ---- a URL

static status part_give(struct query_reader *r, str part, struct query_page *page)
{
    str name = part, value = {0};

    if (str_cut(&part, '=', &name)) value = part;
    TRY(http_decode(name, true, r->arena, &name));
    TRY(http_decode(value, true, r->arena, &value));
    if (!str_is_utf8(name, NULL) || !str_is_utf8(value, NULL))
        return fail(ST_BAD_INPUT, "query.value", 0, "the query string is not UTF-8");
    str *own = str_eq(name, S("perPage"))         ? &page->per_page
               : str_eq(name, S("nextPageToken")) ? &page->token
                                                  : NULL;
    if (own == NULL) return query_give(r, name, &(struct query_given){QUERY_TEXT, &value, 1});
    if (own->p != NULL)
        return fail(ST_BAD_INPUT, "query.twice", 0, "%.*s: it is given twice", STR(name));
    *own = value.p == NULL ? S("") : value;
    return OK;
}

status query_from_url(struct query_reader *r, str query, struct query_page *page)
{
    str part;

    *page = (struct query_page){0};
    while (query.n > 0) {
        if (!str_cut(&query, '&', &part)) part = query, query.n = 0;
        if (part.n > 0) TRY(part_give(r, part, page));
    }
    return OK;
}

// ---- JSON

// Prefixes of one context: a string, an object, or an array of both.
static status context_read(struct query_reader *r, struct json_r *in)
{
    str key;

    switch (json_peek(in)) {
    case JSON_STRING: json_string(in); break;
    case JSON_ARRAY:
        for (json_array(in); json_item(in);)
            if (in->depth < 8)
                TRY(context_read(r, in));
            else
                json_raw(in);
        break;
    case JSON_OBJECT:
        for (json_object(in); json_key(in, &key);) {
            if (json_peek(in) == JSON_STRING)
                TRY(query_prefix(r, key, json_string(in)));
            else
                json_raw(in);
        }
        break;
    default: json_fail(in, "json.type", "@context: a URI, an object, or an array of them"); break;
    }
    return in->st;
}

static status list_give(struct query_reader *r, struct json_r *in, str name)
{
    struct query_given g = {QUERY_LIST, NULL, 0};
    str *at = NEW_ARRAY(r->arena, str, QUERY_VALUES_MAX + 1);

    if (at == NULL) return no_memory();
    for (json_array(in); json_item(in);) {
        enum json_type type = json_peek(in);
        enum query_given_as as = type == JSON_STRING   ? QUERY_LIST
                                 : type == JSON_NUMBER ? QUERY_NUMBERS
                                                       : QUERY_OTHER;
        str text = type == JSON_STRING ? json_string(in) : json_raw(in);
        if (g.n > 0 && g.as != as) as = QUERY_OTHER;
        g.as = as;
        if (g.n < QUERY_VALUES_MAX)
            at[g.n++] = text;
        else
            return fail(ST_TOO_LARGE, "query.too_complex", 0, "a query has at most %u values",
                        QUERY_VALUES_MAX);
    }
    g.at = at;
    return in->st.cls == ST_OK ? query_give(r, name, &g) : in->st;
}

static status member_give(struct query_reader *r, struct json_r *in, str name)
{
    struct query_given g = {QUERY_OTHER, NULL, 1};
    str text;

    switch (json_peek(in)) {
    case JSON_ARRAY: return list_give(r, in, name);
    case JSON_STRING:
        g.as = QUERY_STRING;
        text = json_string(in);
        break;
    case JSON_NUMBER:
        g.as = QUERY_NUMBER;
        text = json_raw(in);
        break;
    case JSON_BOOL:
        g.as = QUERY_BOOL;
        text = json_raw(in);
        break;
    case JSON_NULL:
        g.as = QUERY_VOID;
        text = json_raw(in);
        break;
    default: text = json_raw(in); break;
    }
    g.at = &text;
    return in->st.cls == ST_OK ? query_give(r, name, &g) : in->st;
}

status query_from_json(struct query_reader *r, str json)
{
    struct json_r first = json_reader(json, r->arena), in;
    str key;

    // Members are in no order: prefixes come before all that uses them.
    for (json_object(&first); json_key(&first, &key);) {
        if (str_eq(key, S("@context")))
            TRY(context_read(r, &first));
        else
            json_raw(&first);
    }
    TRY(json_r_end(&first));
    in = json_reader(json, r->arena);
    for (json_object(&in); json_key(&in, &key);) {
        if (str_eq(key, S("@context")))
            json_raw(&in);
        else
            TRY(member_give(r, &in, key));
    }
    return json_r_end(&in);
}

// ---- packed

void query_given_put(struct buf *out, str name, const struct query_given *v)
{
    bytes_str(out, name);
    bytes_u(out, v->as, 1);
    bytes_var(out, v->n);
    for (uint32_t i = 0; i < v->n; i++) bytes_str(out, v->at[i]);
}

bool query_given_get(struct bytes_r *in, struct arena *a, str *name, struct query_given *v)
{
    *name = bytes_get_str(in);
    uint64_t as = bytes_get_u(in, 1), n = bytes_get_var(in);
    if (as >= QUERY_GIVEN_COUNT || n > QUERY_VALUES_MAX) in->bad = true;
    str *at = in->bad ? NULL : NEW_ARRAY(a, str, n + 1);
    for (uint64_t i = 0; at != NULL && i < n; i++) at[i] = bytes_get_str(in);
    *v = (struct query_given){(enum query_given_as)as, at, (uint32_t)n};
    return at != NULL && !in->bad;
}

status query_from_given(struct query_reader *r, str packed)
{
    struct bytes_r in = bytes_reader(packed);
    struct query_given v;
    str name;

    while (in.p < in.end) {
        if (!query_given_get(&in, r->arena, &name, &v))
            return fail(ST_STORE, "record.corrupt", 0, "the parameters of a query break off");
        TRY(query_give(r, name, &v));
    }
    return OK;
}
