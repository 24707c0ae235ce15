// Lists as EPCIS has them: collections, pages, links to the next one; and values in paths.
#include "service/rest/rest_int.h"
#include <string.h>

// ---- collections

void rest_collection_begin(struct json_w *w)
{
    json_w_object(w);
    json_w_kstr(w, "@context", S(EPCIS_GS1_CONTEXT));
    json_w_kstr(w, "type", S("Collection"));
    json_w_key(w, S("member"));
    json_w_array(w);
}

void rest_collection_end(struct json_w *w)
{
    json_w_end(w);
    json_w_end(w);
}

void rest_collection_reply(struct http_req *r, const str *members, size_t n)
{
    struct rest_accepted to;
    struct buf b;

    status st = rest_accept(r, REST_ONLY_JSON, &to);
    if (st.cls != ST_OK) {
        http_problem(r, st, S(""));
        return;
    }
    buf_init(&b, 64 * MB);
    struct json_w w = json_writer(&b);
    rest_collection_begin(&w);
    for (size_t i = 0; i < n; i++) json_w_str(&w, members[i]);
    rest_collection_end(&w);
    http_reply_buf(r, 200, to.type, &b);
}

void rest_collection_of_events(struct http_req *r)
{
    rest_collection_reply(r, &(str){"events", 6}, 1);
}

// ---- pages

status rest_page(struct http_req *r, struct rest_page *out)
{
    struct rest_page p = {.per_page = REST_PER_PAGE};
    uint32_t most = api_site(r)->limits.page_max;
    uint64_t n = p.per_page;
    str v;

    if (http_query(r, S("perPage"), &v) && (!str_u64(v, UINT64_MAX, &n) || n == 0))
        return fail(ST_BAD_INPUT, "page.size", 0, "perPage: a number from 1 on");
    p.per_page = n > most ? most : (uint32_t)n;
    if (http_query(r, S("nextPageToken"), &v)) p.token = v;
    *out = p;
    return OK;
}

// The query without an earlier page's token.
static void query_put(struct buf *b, str query)
{
    str rest = query, pair;

    for (bool more = rest.n > 0; more;) {
        more = str_cut(&rest, '&', &pair);
        if (!more) pair = rest;
        if (pair.n == 0 || str_starts(pair, S("nextPageToken="))) continue;
        buf_add(b, pair);
        buf_addc(b, '&');
    }
}

void rest_next(struct http_req *r, str token, wall expires)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    buf_addc(&b, '<');
    buf_add(&b, r->path);
    buf_addc(&b, '?');
    query_put(&b, r->query);
    buf_add(&b, S("nextPageToken="));
    rest_segment(&b, token);
    buf_add(&b, S(">; rel=\"next\""));
    http_reply_header(r, "Link", buf_str(&b));
    buf_reset(&b);
    when_write(&b, (struct moment){expires, 0});
    http_reply_header(r, "GS1-Next-Page-Token-Expires", buf_str(&b));
    buf_fini(&b);
}

// ---- paths

void rest_segment(struct buf *b, str value)
{
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i], low = (char)(c | 0x20);
        bool plain = (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr("-._~", c) != NULL);
        if (plain)
            buf_addc(b, c);
        else
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)c);
    }
}

void rest_location(struct http_req *r, const char *base, str value)
{
    struct buf b;

    buf_init(&b, 16 * KB);
    buf_add(&b, str_of(base));
    buf_addc(&b, '/');
    rest_segment(&b, value);
    if (!b.failed) http_reply_header(r, "Location", buf_str(&b));
    buf_fini(&b);
}
