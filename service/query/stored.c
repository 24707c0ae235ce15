// stored.c - named queries: put and deleted by facts, told as they were put.
//
// fact query.put: name str, the query's object as given str
// fact query.deleted: name str
#include "service/query/stored.h"
#include "common/bytes.h"
#include "common/xml.h"
#include "service/query/query_int.h"
#include "service/query/query_routes.h"
#include "service/query/stored_db.h"
#include <string.h>

#define OBJECT_MAX ((size_t)64 * KB)

struct stored_ask {
    client_id client;
    str name, json;
    str reason; // of a deletion, or empty
};

// ---- facts

static bool is_reserved(str name)
{
    return str_eq(name, S(SIMPLE_EVENT_QUERY)) || str_eq(name, S(SIMPLE_MASTER_DATA_QUERY));
}

static status unknown(void)
{
    return fail(ST_NOT_FOUND, "query.no_such", 0, "there is no query of this name");
}

static status put_decide(struct decide *d)
{
    const struct stored_ask *ask = d->ask;

    d->fact->client = ask->client;
    if (is_reserved(ask->name) || stored_seq(d->t, ask->client, ask->name) != 0)
        return fail(ST_CONFLICT, "query.exists", 0, "there is a query of this name");
    bytes_str(d->out, ask->name);
    bytes_str(d->out, ask->json);
    return OK;
}

static void put_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    stored_put(t, f->client, bytes_get_str(&r), f->seq);
}

static void put_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    json_w_kstr(w, "name", bytes_get_str(&r));
    json_w_key(w, S("query"));
    json_w_raw(w, bytes_get_str(&r));
}

static status delete_decide(struct decide *d)
{
    const struct stored_ask *ask = d->ask;

    d->fact->client = ask->client;
    if (stored_seq(d->t, ask->client, ask->name) == 0) return unknown();
    bytes_str(d->out, ask->name);
    if (ask->reason.n > 0) bytes_str(d->out, ask->reason);
    return OK;
}

static void delete_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    stored_del(t, f->client, bytes_get_str(&r));
}

static void delete_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    json_w_kstr(w, "name", bytes_get_str(&r));
    if (r.p != r.end) json_w_kstr(w, "reason", bytes_get_str(&r));
}

const struct kind kind_query_put = {FACT_QUERY_PUT, 1,         "query.put", put_decide,
                                    put_write,      put_print, NULL};
const struct kind kind_query_deleted = {
    FACT_QUERY_DELETED, 1, "query.deleted", delete_decide, delete_write, delete_print, NULL};

// ---- reading

static status stored_read(struct txn *t, uint64_t seq, struct arena *a, struct stored *out)
{
    struct fact f;

    TRY(journal_get(t, seq, a, &f));
    struct bytes_r r = bytes_reader(f.decided);
    out->name = bytes_get_str(&r);
    out->json = bytes_get_str(&r);
    out->made = seq;
    return bytes_end(&r) ? OK : fail(ST_STORE, "record.corrupt", 0, "the fact of a named query");
}

status stored_get(struct txn *t, client_id c, str name, struct arena *a, struct stored *out)
{
    uint64_t seq = stored_seq(t, c, name);

    if (seq != 0) return stored_read(t, seq, a, out);
    if (!str_eq(name, S(SIMPLE_EVENT_QUERY))) return unknown();
    *out = (struct stored){S(SIMPLE_EVENT_QUERY), S("{}"), 0};
    return OK;
}

status stored_query(const struct stored *s, struct arena *a, struct query *out)
{
    struct query_reader in;

    query_begin(&in, a);
    TRY(query_from_json(&in, s->json));
    return query_end(&in, out);
}

bool stored_name_next(struct txn *t, client_id c, str after, struct arena *a, str *out)
{
    uint64_t seq;
    str name;

    if (!stored_next(t, c, after, &name, &seq)) return false;
    *out = arena_str(a, name);
    return out->p != NULL;
}

static void stored_write(const struct stored *s, struct json_w *w)
{
    json_w_object(w);
    json_w_kstr(w, "name", s->name);
    json_w_key(w, S("query"));
    json_w_raw(w, s->json);
    json_w_end(w);
}

static void reply(struct http_req *r, status st, struct buf *b)
{
    struct rest_accepted to;

    if (st.cls == ST_OK) st = rest_accept(r, REST_ONLY_JSON, &to);
    if (st.cls == ST_OK) {
        http_reply_buf(r, 200, to.type, b);
        return;
    }
    buf_fini(b);
    http_problem(r, st, S(""));
}

void queries_one(struct http_req *r)
{
    struct txn *t = api_snapshot(r);
    struct stored s;
    client_id c;
    struct buf b;

    buf_init(&b, 1 * MB);
    status st = query_client(r, t, &c);
    if (st.cls == ST_OK) st = stored_get(t, c, r->param[0], &r->arena, &s);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK) {
        struct json_w w = json_writer(&b);
        stored_write(&s, &w);
    }
    reply(r, st, &b);
}

struct listing {
    struct http_req *r;
    client_id client;
    struct rest_page page;
    struct page_of token;
    str after; // the last name written
    bool more;
};

static status names_write(struct listing *x, struct txn *t, struct json_w *w)
{
    struct stored s;
    uint64_t seq;
    str name;

    for (uint32_t n = 0; stored_next(t, x->client, x->after, &name, &seq); n++) {
        if (n == x->page.per_page) return x->more = true, OK;
        TRY(stored_read(t, seq, &x->r->arena, &s));
        stored_write(&s, w);
        x->after = s.name;
    }
    return txn_status(t);
}

static status list_write(struct listing *x, struct txn *t, struct json_w *w)
{
    TRY(rest_page(x->r, &x->page));
    TRY(query_client(x->r, t, &x->client));
    x->token = (struct page_of){digest16_of(S("queries"), S("collection")), x->client,
                                caller_of(x->r)->actor};
    if (x->page.token.n > 0)
        TRY(page_token_get(api_site(x->r), &x->token, x->page.token, &x->r->arena, &x->after));
    json_w_array(w);
    TRY(names_write(x, t, w));
    json_w_end(w);
    return OK;
}

void queries_list(struct http_req *r)
{
    struct listing x = {.r = r};
    struct buf b, token;

    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    status st = list_write(&x, api_snapshot(r), &w);
    st = api_snapshot_end(r, st);
    if (st.cls == ST_OK && x.more) {
        wall expires = {env_wall(api_site(r)->env).ms + REST_TOKEN_MS};
        buf_init(&token, KB);
        page_token_put(api_site(r), &x.token, expires, x.after, &token);
        rest_next(r, buf_str(&token), expires);
        buf_fini(&token);
    }
    reply(r, st, &b);
}

// ---- putting

// A name stands in paths, rows and XML, whose readers trim it: some text without control characters
// and without blanks at its ends, and no step of a path, which clients fold away.
static status name_check(str name)
{
    bool wrong = name.n == 0 || name.n > QUERY_NAME_MAX || !xml_is_text(name, NULL) ||
                 str_trim(name).n != name.n;

    for (size_t i = 0; i < name.n && !wrong; i++)
        wrong = (unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f;
    if (!wrong && !str_eq(name, S(".")) && !str_eq(name, S(".."))) return OK;
    return fail(ST_BAD_INPUT, "definition.name", 0,
                "name: 1 to %u bytes of text, no blanks at its ends, not . nor ..", QUERY_NAME_MAX);
}

static status body_read(struct http_req *r, struct stored_ask *out)
{
    struct json_r in = json_reader(r->body, &r->arena);
    str key;

    for (json_object(&in); json_key(&in, &key);) {
        str *member = str_eq(key, S("name"))    ? &out->name
                      : str_eq(key, S("query")) ? &out->json
                                                : NULL;
        if (member == NULL)
            json_unknown(&in, key);
        else if (member == &out->name)
            out->name = json_string(&in);
        else
            out->json = json_raw(&in);
    }
    return json_r_end(&in);
}

static status put_read(struct http_req *r, struct stored_ask *ask)
{
    enum rest_media media;
    struct query q;

    TRY(rest_body_media(r, r->body, &media));
    if (media != REST_JSON) return fail(ST_MEDIA_TYPE, "body.type", 0, "a query is JSON");
    TRY(rest_body_fits(media, r->body));
    TRY(body_read(r, ask));
    TRY(name_check(ask->name));
    if (ask->json.n == 0 || ask->json.p[0] != '{')
        return fail(ST_BAD_INPUT, "definition.query", 0, "query: an object");
    if (ask->json.n > OBJECT_MAX)
        return fail(ST_TOO_LARGE, "query.too_complex", 0, "a query has at most %zu bytes",
                    OBJECT_MAX);
    return stored_query(&(struct stored){.json = ask->json}, &r->arena, &q);
}

static void put_done(struct http_req *r, const struct ask *a)
{
    const struct stored_ask *ask = a->what;

    rest_location(r, REST_ROOT "/queries", ask->name);
    http_reply(r, 201, NULL, S(""));
}

static status client_here(struct http_req *r, client_id *out)
{
    status st = query_client(r, api_snapshot(r), out);
    return api_snapshot_end(r, st);
}

void queries_put(struct http_req *r)
{
    struct stored_ask *ask = NEW(&r->arena, struct stored_ask);

    assert(ask != NULL); // the arena is new
    status st = put_read(r, ask);
    if (st.cls == ST_OK) st = client_here(r, &ask->client);
    if (st.cls == ST_OK)
        api_command(r, &kind_query_put, ask, put_done);
    else
        http_problem(r, st, S(""));
}

void queries_delete(struct http_req *r)
{
    struct stored_ask *ask = NEW(&r->arena, struct stored_ask);

    assert(ask != NULL); // the arena is new
    ask->name = r->param[0];
    ask->reason = (str){"", 0};
    status st = client_here(r, &ask->client);
    if (st.cls == ST_OK) st = api_reason_take(r, &ask->reason);
    if (st.cls == ST_OK)
        api_command(r, &kind_query_deleted, ask, api_render_nothing);
    else
        http_problem(r, st, S(""));
}

// ---- asking

// Pages are all that a call may add to what the query says.
static status page_read(struct http_req *r, struct events_asked *out)
{
    struct query_reader in;
    struct query_page page;

    query_begin(&in, &r->arena);
    TRY(query_from_url(&in, r->query, &page));
    if (in.q.n > 0 || in.names != NULL)
        return fail(ST_BAD_INPUT, "query.unknown", 0, "a named query takes no parameters");
    out->per_page = page.per_page;
    out->token = page.token;
    return OK;
}

static status named_read(struct http_req *r, struct events_asked *out)
{
    struct stored s;
    struct txn *t = api_snapshot(r);

    status st = query_client(r, t, &out->client);
    if (st.cls == ST_OK) st = stored_get(t, out->client, r->param[0], &r->arena, &s);
    TRY(api_snapshot_end(r, st));
    out->name = s.name;
    TRY(page_read(r, out));
    return stored_query(&s, &r->arena, &out->q);
}

void queries_events(struct http_req *r)
{
    struct events_asked a = {.must_be = false};
    struct site *s = api_site(r);

    if (s->live != NULL && http_wants_upgrade(r, S("websocket"))) {
        s->live(r);
        return;
    }
    status st = named_read(r, &a);

    if (st.cls == ST_OK)
        answer_begin(r, &a);
    else
        http_problem(r, st, S(""));
}
