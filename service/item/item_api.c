#include "service/item/item_api.h"
#include <string.h>

static status fold_name(str in, struct arena *a, str *out)
{
    str s = arena_str(a, in);

    if (s.p == NULL) return fail(ST_TOO_LARGE, "request.memory", 0, "no room for the name");
    char *p = (char *)(uintptr_t)s.p;
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z') p[i] = (char)(p[i] + 32);
    if (!str_is_name(s))
        return fail(ST_BAD_INPUT, "name.form", 0,
                    "a name is a letter or digit, then up to 63 of a-z 0-9 . _ -");
    *out = s;
    return OK;
}

static status name_of(struct http_req *r, const struct item_noun *n, str *out)
{
    return n->name != NULL ? n->name(r->param[0], &r->arena, out)
                           : fold_name(r->param[0], &r->arena, out);
}

// The item as an object: its name and version, the form's members, and what the noun adds.
static status write_item(struct http_req *r, struct txn *t, const struct item *i, struct json_w *w)
{
    const struct item_noun *n = r->route->app;
    void *value = arena_alloc(&r->arena, n->form->size);

    if (value == NULL) return fail(ST_TOO_LARGE, "request.memory", 0, "no room for the answer");
    TRY(item_value(n, i, &r->arena, value));
    json_w_object(w);
    json_w_kstr(w, n->word, i->name);
    json_w_kint(w, "version", i->version);
    form_write(n->form, value, w);
    status st = n->show != NULL ? n->show(t, env_wall(api_site(r)->env), i, value, w) : OK;
    json_w_end(w);
    return st;
}

static void reply_item(struct http_req *r, const struct item *i, int code)
{
    struct buf b;

    buf_init(&b, 4 * MB);
    struct json_w w = json_writer(&b);
    struct txn *t = api_snapshot(r);
    status st = write_item(r, t, i, &w);
    status end = api_snapshot_end(r);
    if (st.cls == ST_OK) st = end;
    if (st.cls == ST_OK) {
        api_reply(r, code, &b);
        return;
    }
    buf_fini(&b);
    http_problem(r, st, S(""));
}

static void put_render(struct http_req *r, const struct ask *a)
{
    struct item i;
    str reason;
    status st = item_of_fact(&a->fact, &i, &reason);

    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        reply_item(r, &i, i.version == 1 && !a->repeat ? 201 : 200);
}

static status prepare(struct http_req *r, const struct item_noun *n, void *value,
                      struct item_put *put)
{
    status st = OK;

    str *reason = (str *)(void *)((char *)value + n->reason_at);
    put->reason = *reason;
    *reason = (str){0}; // kept in the fact, not in the item
    TRY(api_reason_check(caller_of(r), put->reason));
    if (n->prepare == NULL) return OK;
    struct txn *t = api_snapshot(r);
    st = n->prepare(t, &r->arena, put->name, value, &put->client);
    status end = api_snapshot_end(r);
    return st.cls == ST_OK ? end : st;
}

void item_api_put(struct http_req *r)
{
    const struct item_noun *n = r->route->app;
    struct item_put *put = NEW(&r->arena, struct item_put);
    void *value = arena_alloc(&r->arena, n->form->size);
    str name;

    status st = put == NULL || value == NULL
                    ? fail(ST_TOO_LARGE, "request.memory", 0, "the request needs too much memory")
                    : name_of(r, n, &name);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    if (!api_body(r, n->form, value)) return;
    *put = (struct item_put){.name = name, .value = value};
    st = prepare(r, n, value, put);
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        api_command(r, n->kind, put, put_render);
}

static bool sees(const struct http_req *r, const struct item *i)
{
    const struct caller *c = caller_of(r);
    return i->client.v == 0 || caller_sees(c, i->client);
}

static void unknown(struct http_req *r, const struct item_noun *n)
{
    http_problem(r, fail(ST_NOT_FOUND, "item.unknown", 0, "there is no such %s", n->word), S(""));
}

void item_api_get(struct http_req *r)
{
    const struct item_noun *n = r->route->app;
    struct item i = {0};
    str name;

    status st = name_of(r, n, &name);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    struct txn *t = api_snapshot(r);
    bool there = item_get(t, n, name, &i) && sees(r, &i);
    if (there) { // its bytes must outlive this snapshot
        i.packed = arena_str(&r->arena, i.packed);
        there = i.packed.p != NULL;
    }
    st = api_snapshot_end(r);
    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else if (!there)
        unknown(r, n);
    else
        reply_item(r, &i, 200);
}

// Writes a page of items; the name of the last one, or empty when there are no more.
static status list_items(struct http_req *r, const struct api_page *page, struct json_w *w,
                         str *last)
{
    const struct item_noun *n = r->route->app;
    struct txn *t = api_snapshot(r);
    status st = OK;
    struct buf key;
    struct item i;
    uint32_t count = 0;

    buf_init(&key, KB);
    struct walk walk = item_walk(t, n, page->after, &key);
    while (st.cls == ST_OK && item_next(&walk, &i)) {
        if (!sees(r, &i)) continue;
        if (count++ == page->limit) break;
        st = write_item(r, t, &i, w);
        *last = arena_str(&r->arena, i.name);
    }
    if (count <= page->limit) *last = (str){0};
    walk_close(&walk);
    buf_fini(&key);
    status end = api_snapshot_end(r);
    return st.cls == ST_OK ? end : st;
}

void item_api_list(struct http_req *r)
{
    struct api_page page;
    struct buf b;
    str last = {0};

    if (!api_page(r, &page)) return;
    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    status st = list_items(r, &page, &w, &last);
    if (st.cls != ST_OK) {
        buf_fini(&b);
        http_problem(r, st, S(""));
        return;
    }
    json_w_end(&w);
    api_page_next(r, &w, last);
    json_w_end(&w);
    api_reply(r, 200, &b);
}
