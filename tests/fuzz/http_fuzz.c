// http_fuzz.c - any octets as a request: head, route, body, query, negotiation.
//
// A refused head has a reason and a place inside the input. An accepted one, written again from
// what was read, reads the same. A body is the same octets, or the same refusal, however it is cut.
#include "common/http_body.h"
#include "common/http_head.h"
#include "common/http_tree.h"
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (64 * KB)

static void run(struct http_req *r) { (void)r; }

static const struct http_route table[] = {
    {.method = HTTP_GET,            .path = "/", .roles = "", .run = run},
    {.method = HTTP_POST,                  .path = "/lots/{gtin}/{lot}", .roles = "", .run = run},
    {.method = HTTP_GET,                             .path = "/lots/open/{lot}", .roles = "", .run = run},
    {0},
};
static const struct http_route *const tables[] = {table, NULL};

static status head_read(str in, struct arena *a, struct http_head *h, size_t *end)
{
    struct http_scan k = {0};

    TRY(http_head_scan(&k, in, end));
    if (*end == 0) return fail(ST_TIMEOUT, "head.more", 0, "more is needed");
    str own = arena_str(a, (str){in.p, *end});
    assert(own.p != NULL);
    return http_head_read(own, a, h);
}

static void check_again(const struct http_head *h, struct arena *a)
{
    struct http_head again;
    struct buf b;
    size_t end;

    buf_init(&b, 8 * MB);
    buf_addf(&b, "%s %.*s",
             h->head   ? "HEAD"
             : h->ours ? http_method_name(h->method)
                       : "PATCH",
             STR(h->path));
    if (h->query.n > 0) buf_addf(&b, "?%.*s", STR(h->query));
    buf_addf(&b, " HTTP/1.%u\r\n", h->minor);
    for (size_t i = 0; i < h->header_count; i++)
        buf_addf(&b, "%.*s: %.*s\r\n", STR(h->headers[i].name), STR(h->headers[i].value));
    buf_add(&b, S("\r\n"));
    status st = head_read(buf_str(&b), a, &again, &end);
    assert(st.cls == ST_OK && end == b.n);
    assert(str_eq(h->path, again.path) && str_eq(h->query, again.query));
    assert(h->length == again.length && h->chunked == again.chunked);
    assert(h->header_count == again.header_count && h->gzip == again.gzip);
    buf_fini(&b);
}

static void check_request(const struct http_head *h, struct arena *a)
{
    static const char *const types[] = {"application/json", "text/csv"};
    static struct http_tree *tree;
    struct http_match m;
    struct http_req r = {.query = h->query, .headers = h->headers, .header_count = h->header_count};
    str value;

    if (tree == NULL) tree = http_tree_new(tables);
    status st = http_tree_find(tree, h->path, a, &m);
    assert(st.cls == ST_OK); // bad escapes were refused with the head
    r.arena = *a;
    bool found = http_query(&r, S("a"), &value);
    assert(!found || value.n <= h->query.n);
    int chosen = http_negotiate(&r, types, LEN(types));
    assert(chosen >= -1 && chosen < (int)LEN(types));
    assert(chosen < 0 || http_accepts(&r, str_of(types[chosen])));
    *a = r.arena;
}

// NULL: whole and well; else the reason, "more" when octets are missing.
static const char *body_read(const struct http_head *h, str in, size_t cut, struct buf *out)
{
    static char scratch[HTTP_SCRATCH];
    struct http_body b;
    size_t have = 0, used;
    str piece;
    status st = http_body_begin(&b, h, BODY_MAX);

    buf_init(out, BODY_MAX);
    while (st.cls == ST_OK && !http_body_whole(&b)) {
        size_t n = in.n < have ? in.n : have;
        st = http_body_step(&b, (str){in.p, n}, scratch, &used, &piece);
        if (st.cls != ST_OK) break;
        assert(used <= n);
        buf_add(out, piece);
        in = str_from(in, used);
        have -= used;
        if (used > 0 || piece.n > 0) continue;
        if (have >= in.n) st = fail(ST_TIMEOUT, "more", 0, "more is needed");
        have += cut;
    }
    if (st.cls == ST_OK) st = http_body_end(&b);
    http_body_fini(&b);
    assert(!out->failed);
    return st.cls == ST_OK ? NULL : st.reason;
}

static void check_body(const struct http_head *h, str in, unsigned seed)
{
    struct buf one, two;
    const char *a = body_read(h, in, 1 + seed % 13, &one), *b = body_read(h, in, 100000, &two);

    assert((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
    if (a == NULL) assert(str_eq(buf_str(&one), buf_str(&two)));
    buf_fini(&one);
    buf_fini(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct http_head h;
    str in = {size == 0 ? "" : (const char *)data, size};
    size_t end = 0;

    arena_init(&a, 16 * MB);
    status st = head_read(in, &a, &h, &end);
    if (st.cls != ST_OK) {
        assert(st.reason != NULL && st.at <= size);
    } else {
        check_again(&h, &a);
        check_request(&h, &a);
        check_body(&h, str_from(in, end), (unsigned)size);
    }
    arena_fini(&a);
    return 0;
}
