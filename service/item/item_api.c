// The three calls of every noun. What a person or machine may see is decided here alone: `sees`.
#include "service/item/item_api.h"

#define ITEM_ANSWER_MAX (4 * MB) // one item as JSON
#define PAGE_BYTES_MAX  (4 * MB) // a page of a list ends after the item that goes over it

static status fold_name(str in, struct arena *a, str *out)
{
    str s = arena_str(a, in);

    if (s.p == NULL) return no_memory();
    char *p = (char *)(uintptr_t)s.p;
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z') p[i] = (char)(p[i] + 32);
    if (!str_is_name(s))
        return fail(ST_BAD_INPUT, "name.form", 0,
                    "a name in a path is a letter or digit, then up to 63 of a-z 0-9 . _ -");
    *out = s;
    return OK;
}

static status name_read(const struct item_noun *n, str in, struct arena *a, str *out)
{
    return n->name != NULL ? n->name(in, a, out) : fold_name(in, a, out);
}

static status name_of(struct http_req *r, const struct item_noun *n, str *out)
{
    return name_read(n, r->param[0], &r->arena, out);
}

// What is nobody's but the site's (places, parties, lines) is for those who work there: who a
// client's neighbours deal with is no business of its people and systems.
static bool sees(const struct http_req *r, const struct item *i)
{
    const struct caller *c = caller_of(r);

    if (i->client.v != 0) return caller_sees(c, i->client);
    return caller_is_site(c) || c->role == ROLE_LINE || c->role == ROLE_OPERATOR;
}

// ---- answers

struct answer {
    struct http_req *r;
    struct txn *t;
    struct arena *scratch; // for one item's fields
    struct json_w *w;
};

// The item as an object: its name and version, the form's members, and what the noun adds.
static status write_item(const struct answer *o, const struct item *i)
{
    const struct item_noun *n = o->r->route->app;
    void *value = arena_alloc(o->scratch, n->form->size);

    if (value == NULL) return no_memory();
    TRY(item_value(n, i, o->scratch, value));
    json_w_object(o->w);
    json_w_kstr(o->w, n->word, i->name);
    json_w_kint(o->w, "version", i->version);
    form_write(n->form, value, o->w);
    if (n->show != NULL) TRY(n->show(o->t, env_wall(api_site(o->r)->env), i, value, o->w));
    json_w_end(o->w);
    return OK;
}

static void reply(struct http_req *r, status st, int code, struct buf *b)
{
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        api_reply(r, code, b);
        return;
    }
    buf_fini(b);
    http_problem(r, st, S(""));
}

// Ends the snapshot.
static void reply_item(struct http_req *r, struct txn *t, const struct item *i, int code)
{
    struct buf b;

    buf_init(&b, ITEM_ANSWER_MAX);
    struct json_w w = json_writer(&b);
    struct answer o = {r, t, &r->arena, &w};
    status st = write_item(&o, i);
    reply(r, st, code, &b);
}

// ---- put

void item_api_put_done(struct http_req *r, const struct ask *a)
{
    struct item i;
    str reason;
    status st = item_of_fact(&a->fact, &i, &reason);

    if (st.cls != ST_OK)
        http_problem(r, st, S(""));
    else
        reply_item(r, api_snapshot(r), &i, i.version == 1 && !a->repeat ? 201 : 200);
}

// The reason is kept in the fact, not in the item.
static str take_reason(const struct item_noun *n, void *value)
{
    str *at = (str *)(void *)((char *)value + n->reason_at), reason = *at;

    *at = (str){0};
    return reason;
}

status item_put_read(struct txn *t, const struct item_noun *n, const struct item_text *text,
                     struct arena *a, struct item_put *out)
{
    void *value = arena_alloc(a, n->form->size);
    struct item_put put = {.value = value};

    if (value == NULL) return no_memory();
    TRY(name_read(n, text->name, a, &put.name));
    TRY(form_parse(n->form, text->json, a, value));
    put.reason = take_reason(n, value);
    TRY(item_prepare(n, &(struct item_from){text->site, t, a, NULL}, &put));
    *out = put;
    return OK;
}

static status prepare(struct http_req *r, const struct item_noun *n, void *value,
                      struct item_put *put)
{
    put->reason = take_reason(n, value);
    TRY(api_reason_check(caller_of(r), put->reason));
    struct item_from from = {api_site(r), api_snapshot(r), &r->arena, r};
    status st = item_prepare(n, &from, put);
    return api_snapshot_end(r, st); // what could not be read is not unknown
}

// A thing named that is not there is a decision of trade and recorded; a misspelt field is not.
static void put_refuse(struct http_req *r, const struct item_put *put, status st)
{
    const struct item_noun *n = r->route->app;
    bool trade = st.cls == ST_NOT_FOUND || st.cls == ST_CONFLICT || st.cls == ST_UNPROCESSABLE;

    if (trade)
        api_refuse(r, n->kind, put->client, st, S(""));
    else
        api_fail(r, st);
}

// Whom this site packs for is its own affair: a caller bound to clients configures nothing.
static status put_begin(struct http_req *r, struct item_put **put, void **value)
{
    const struct item_noun *n = r->route->app;

    if (!caller_is_site(caller_of(r)))
        return fail(ST_NOT_ALLOWED, "access.client", 0,
                    "a caller bound to clients may not change the site's configuration");
    *put = NEW(&r->arena, struct item_put);
    *value = arena_alloc(&r->arena, n->form->size);
    if (*put == NULL || *value == NULL) return no_memory();
    (*put)->value = *value;
    return name_of(r, n, &(*put)->name);
}

void item_api_put(struct http_req *r)
{
    const struct item_noun *n = r->route->app;
    struct item_put *put = NULL;
    void *value = NULL;

    status st = put_begin(r, &put, &value);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    if (!api_body(r, n->said != NULL ? n->said : n->form, value)) return;
    if (n->secrets != NULL) api_secrets(r, n->secrets);
    api_answers(r, n->done != NULL ? n->done : item_api_put_done);
    st = prepare(r, n, value, put);
    if (api_is_later(&st)) return;
    if (st.cls != ST_OK)
        put_refuse(r, put, st);
    else if (n->submit != NULL)
        n->submit(r, put);
    else
        api_command(r, n->kind, put, item_api_put_done);
}

// ---- get and list

void item_api_get(struct http_req *r)
{
    const struct item_noun *n = r->route->app;
    struct item i;
    str name;

    status st = name_of(r, n, &name);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    struct txn *t = api_snapshot(r);
    if (item_get(t, n, name, &i) && sees(r, &i)) {
        reply_item(r, t, &i, 200);
        return;
    }
    st = api_snapshot_end(r, OK);
    if (st.cls == ST_OK)
        st = fail(ST_NOT_FOUND, n->unknown != NULL ? n->unknown : "item.unknown", 0,
                  "there is no such %s", n->form->noun);
    http_problem(r, st, S(""));
}

// Writes a page of items; `last` is the name to go on after, empty when there are no more.
static status list_items(const struct answer *o, const struct api_page *page, str *last)
{
    const struct item_noun *n = o->r->route->app;
    status st = OK;
    struct buf key;
    struct item i;
    str name = {0};
    uint32_t count = 0;

    buf_init(&key, KB);
    struct walk walk = item_walk(o->t, n, page->after, &key);
    while (st.cls == ST_OK && item_next(&walk, &i)) {
        if (!sees(o->r, &i)) continue;
        if (count++ == page->limit || o->w->b->n > PAGE_BYTES_MAX) {
            *last = arena_str(&o->r->arena, name);
            if (last->p == NULL) st = no_memory();
            break;
        }
        arena_reset(o->scratch);
        st = write_item(o, &i);
        name = i.name;
    }
    walk_close(&walk);
    buf_fini(&key);
    return st;
}

void item_api_list(struct http_req *r)
{
    struct arena scratch;
    struct api_page page;
    struct buf b;
    str last = {0};

    if (!api_page(r, &page)) return;
    buf_init(&b, PAGE_BYTES_MAX + ITEM_ANSWER_MAX);
    arena_init(&scratch, ITEM_VALUE_ROOM);
    struct json_w w = json_writer(&b);
    struct answer o = {r, api_snapshot(r), &scratch, &w};
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    status st = list_items(&o, &page, &last);
    if (st.cls == ST_OK) {
        json_w_end(&w);
        api_page_next(r, &w, last);
        json_w_end(&w);
    }
    arena_fini(&scratch);
    reply(r, st, 200, &b);
}
