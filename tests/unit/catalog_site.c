#include "catalog_site.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const struct kind *const catalog_kinds[] = {&kind_client_put,   &kind_product_put, &kind_line_put,
                                            &kind_location_put, &kind_party_put,   NULL};
static const struct http_route *const routes[] = {client_routes, product_routes, place_routes,
                                                  NULL};

int catalog_open(void **state)
{
    struct fixture *f = fixture_open(catalog_kinds);

    fixture_serve(f, routes);
    *state = f;
    return 0;
}

int catalog_close(void **state)
{
    struct fixture *f = *state;

    fixture_verify(f);
    fixture_close(&f);
    return 0;
}

struct fixture_answer catalog_put(struct fixture *f, const char *path, const char *body)
{
    char line[200];

    snprintf(line, sizeof line, "PUT %s", path);
    return fixture_call(f, line, "", body);
}

struct fixture_answer catalog_get(struct fixture *f, const char *path)
{
    char line[1200];

    snprintf(line, sizeof line, "GET %s", path);
    return fixture_call(f, line, "", "");
}

bool catalog_holds(struct fixture_answer a, const char *text)
{
    return memmem(a.body.p, a.body.n, text, strlen(text)) != NULL;
}

void catalog_expect(struct fixture *f, const char *path, const char *body, int code,
                    const char *holds)
{
    struct fixture_answer a = catalog_put(f, path, body);

    if (a.code != code || !catalog_holds(a, holds))
        fail_msg("%s %s: %d %.*s (wanted %d with %s)", path, body, a.code, STR(a.body), code,
                 holds);
}

void catalog_two_clients(struct fixture *f)
{
    catalog_expect(f, "/v1/clients/acme", "{\"name\":\"Acme\",\"prefixes\":[\"9521141\"]}", 201,
                   "\"client\":\"acme\"");
    catalog_expect(f, "/v1/clients/other", "{\"name\":\"Other\",\"prefixes\":[\"9521321\"]}", 201,
                   "Other");
}

void catalog_bind(struct fixture *f, enum role role, const client_id *client)
{
    f->caller.role = role;
    f->caller.clients = client;
    f->caller.client_count = client == NULL ? 0 : 1;
}

uint64_t catalog_head(struct fixture *f)
{
    struct txn *t = fixture_read(f);
    uint64_t seq = journal_head_get(t).seq;

    fixture_read_end(t);
    return seq;
}
