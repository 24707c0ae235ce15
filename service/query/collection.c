// collection.c - GET of the resources of the top level: which values events have had, page by page.
// Values are the keys of lists; objects are the units of the client's spaces.
#include "common/bytes.h"
#include "service/client/client.h"
#include "service/event/index.h"
#include "service/event/report.h"
#include "service/query/query_int.h"
#include "service/unit/unit_db.h"
#include <string.h>

#define UNITS_LOOKED 10000u // at for one page; the rest is for the next one

struct collection {
    struct http_req *r;
    const struct resource *of;
    client_id client;
    struct rest_page page;
    struct rest_form form;
    struct page_of token;
    str after; // where the page before ended
    struct txn *t;
    struct arena fact; // one at a time
    str *members;
    uint32_t n;
    char place[72]; // of the last member
    size_t place_n;
    bool more;
};

static status member_add(struct collection *c, str text)
{
    str kept = arena_str(&c->r->arena, text);

    if (kept.p == NULL) return no_memory();
    c->members[c->n++] = kept;
    return OK;
}

static void place_set(struct collection *c, str bytes)
{
    assert(bytes.n <= sizeof c->place);
    if (bytes.n > 0) memcpy(c->place, bytes.p, bytes.n);
    c->place_n = bytes.n;
}

// An identifier as the caller wants it.
static status id_add(struct collection *c, str text)
{
    struct gs1_id id;
    struct buf b;

    buf_init(&b, 64 * KB);
    status st = OK;
    bool urn = c->form.epcs == REST_EPCS_URN;
    if (urn && gs1_read(text, &c->r->arena, &id).cls == ST_OK &&
        gs1_write(&id, GS1_URN, client_prefixes_here(c->t), &b).cls == ST_OK && !b.failed)
        text = buf_str(&b);
    st = member_add(c, text);
    buf_fini(&b);
    return st;
}

// ---- values of lists

static str text_in(const struct collection *c, const struct epcis_event *e)
{
    switch (c->of->list) {
    case LIST_STEP: return e->step;
    case LIST_DISPOSITION: return e->disposition;
    case LIST_READ_POINT: return e->read_point.id;
    default: return e->biz_location.id;
    }
}

// A value that stands for a longer text: the first event that has it tells which.
static status long_text(struct collection *c, str value, str *out)
{
    struct event_from from = {api_site(c->r), c->client, false};
    struct epcis_event e;
    uint64_t seq;
    str spelled;

    if (list_of(c->t, c->client, c->of->list, value, 0, &seq, 1) == 0) return OK;
    for (uint32_t part = 0;; part++) {
        struct query_at at = {0, seq, part};
        status st = query_event(&from, c->t, &at, &c->fact, &e);
        if (st.cls == ST_NOT_FOUND) return OK;
        TRY(st);
        *out = text_in(c, &e);
        TRY(index_value(c->of->list, (str){0}, *out, &c->fact, &spelled));
        if (str_eq(spelled, value)) return OK;
    }
}

// Digests are 16 bytes that are hardly ever a text.
static bool is_digest(str value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] <= ' ' || (unsigned char)value.p[i] >= 0x7f)
            return value.n == 16;
    return false;
}

static status value_add(struct collection *c, str value)
{
    str text = value;

    arena_reset(&c->fact);
    if (is_digest(value)) TRY(long_text(c, value, &text));
    TRY(c->of->vocabulary < 0 ? id_add(c, text) : member_add(c, text));
    place_set(c, value);
    return OK;
}

static status values_gather(struct collection *c)
{
    char from[66];
    struct list_span span = {.of = c->of->list};
    struct list_walk w;
    status st = OK;
    str value;

    if (c->after.n > 0) { // just behind it
        if (c->after.n > 64) return fail(ST_BAD_INPUT, "page.token", 0, "of another list");
        memcpy(from, c->after.p, c->after.n);
        from[c->after.n] = 0;
        span.from = (str){from, c->after.n + 1};
    }
    list_walk_open(&w, c->t, c->client, &span);
    while (st.cls == ST_OK && list_walk_next(&w, &value)) {
        if (c->n == c->page.per_page) {
            c->more = true;
            break;
        }
        st = value_add(c, value);
    }
    list_walk_close(&w);
    return st;
}

// ---- objects

// Has an event of the client named it?
static status is_seen(struct collection *c, const struct unit *x, unit_id u, bool *out)
{
    struct fact f;

    for (uint64_t seq = x->last; seq != 0;) {
        arena_reset(&c->fact);
        TRY(journal_get(c->t, seq, &c->fact, &f));
        *out = (f.flags & FACT_IS_EVENT) != 0 && f.client.v == c->client.v;
        if (*out) return OK;
        seq = fact_previous(&f, u, &c->fact);
    }
    return *out = false, OK;
}

static status unit_add(struct collection *c, unit_id u)
{
    struct gs1_id id;
    struct buf b;
    char place[8];

    TRY(names_id(names_here(api_site(c->r)), c->t, u, &c->fact, &id));
    buf_init(&b, 64 * KB);
    status st = gs1_write(&id, GS1_DL, NULL, &b);
    if (st.cls == ST_OK && b.failed) st = no_memory();
    if (st.cls == ST_OK) st = id_add(c, buf_str(&b));
    buf_fini(&b);
    put_be(place, u.v, sizeof place);
    place_set(c, (str){place, sizeof place});
    return st;
}

// Units of one space from `from` on, until the page is full or enough was looked at.
static status space_gather(struct collection *c, unit_id from, uint32_t *looked)
{
    struct unit_rows rows;
    bool seen;
    char place[8];

    unit_rows_read(&rows, c->t);
    for (unit_id u = unit_next(c->t, from); u.v != 0;) {
        if (c->n == c->page.per_page || *looked == UNITS_LOOKED) {
            put_be(place, u.v - 1, sizeof place); // the next page begins with this one
            place_set(c, (str){place, sizeof place});
            c->more = true;
            return OK;
        }
        ++*looked;
        struct unit x = unit_get(&rows, u);
        TRY(is_seen(c, &x, u, &seen));
        if (seen) TRY(unit_add(c, u));
        bool last = unit_ordinal(u) == ORDINAL_MAX;
        unit_id next = {u.v + 1};
        bool new_row = unit_ordinal(next) % UNITS_A_ROW == 0;
        u = last ? (unit_id){0} : new_row ? unit_next(c->t, next) : next;
    }
    return txn_status(c->t);
}

static status units_gather(struct collection *c)
{
    uint64_t after = c->after.n == 8 ? get_be(c->after.p, 8) : 0;
    uint64_t last = counter_get(c->t, COUNTER_SPACE);
    struct space_row row;
    uint32_t looked = 0;

    for (uint64_t s = after == 0 ? 1 : unit_space((unit_id){after}); s <= last && !c->more; s++) {
        if (!space_get(c->t, (uint32_t)s, &row)) continue;
        if (row.client.v != c->client.v && row.client.v != 0) continue;
        unit_id from = unit_id_of((uint32_t)s, 0);
        if (after != 0 && unit_space((unit_id){after}) == s) from.v = after + 1;
        TRY(space_gather(c, from, &looked));
    }
    return OK;
}

// ---- types

static status types_gather(struct collection *c)
{
    unsigned char i = c->after.n == 1 ? (unsigned char)c->after.p[0] : 0; // the first of this page

    for (; i < EPCIS_TYPE_COUNT && c->n < c->page.per_page; i++)
        TRY(member_add(c, str_of(epcis_shape((enum epcis_type)i)->name)));
    c->more = i < EPCIS_TYPE_COUNT;
    place_set(c, (str){(const char *)&i, 1});
    return OK;
}

// ---- the answer

static status token_read(struct collection *c)
{
    struct site *s = api_site(c->r);

    c->token = (struct page_of){digest16_of(str_of(c->of->name), S("collection")), c->client,
                                caller_of(c->r)->actor};
    if (c->page.token.n == 0) return OK;
    return page_token_get(s, &c->token, c->page.token, &c->r->arena, &c->after);
}

static status gather(struct collection *c)
{
    TRY(query_client(c->r, c->t, &c->client));
    TRY(token_read(c));
    if ((c->members = NEW_ARRAY(&c->r->arena, str, c->page.per_page)) == NULL) return no_memory();
    if (c->of->list == LIST_TYPE) return types_gather(c);
    return c->of->list == LIST_ITEM_CLASS ? units_gather(c) : values_gather(c);
}

static void next_say(struct collection *c)
{
    struct site *s = api_site(c->r);
    wall expires = {env_wall(s->env).ms + REST_TOKEN_MS};
    struct buf token;

    if (!c->more) return;
    buf_init(&token, KB);
    page_token_put(s, &c->token, expires, (str){c->place, c->place_n}, &token);
    rest_next(c->r, buf_str(&token), expires);
    buf_fini(&token);
}

void resource_list(struct http_req *r)
{
    struct collection c = {.r = r, .of = r->route->app};

    arena_init(&c.fact, 256 * MB);
    status st = rest_page(r, &c.page);
    if (st.cls == ST_OK) st = rest_form(r, &c.form);
    if (st.cls == ST_OK) {
        c.t = api_snapshot(r);
        st = gather(&c);
        st = api_snapshot_end(r, st);
    }
    arena_fini(&c.fact);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    next_say(&c);
    rest_collection_reply(r, c.members, c.n);
}
