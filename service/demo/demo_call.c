// A caller drives its own loop until its answer has come: the demo reads like a dialogue.
#include "common/json.h"
#include "service/demo/demo_int.h"
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX (32 * MB)

void demo_caller_init(struct demo_caller *c, const struct demo_service *s, const char *token,
                      const char *name)
{
    *c = (struct demo_caller){.base = s->base, .token = token, .name = name};
    c->loop = loop_new(name);
    c->client = http_client_new(c->loop, 1);
    buf_init(&c->answer, ANSWER_MAX);
}

void demo_caller_fini(struct demo_caller *c)
{
    http_client_free(&c->client);
    loop_free(&c->loop);
    buf_fini(&c->answer);
}

static void answered(void *arg, const struct http_answer *a)
{
    struct demo_caller *c = arg;

    c->code = a->code;
    buf_reset(&c->answer);
    buf_add(&c->answer, a->code == 0 ? a->trouble : a->body);
    c->waiting = false;
}

static status problem(struct demo_caller *c, const char *method, const char *path)
{
    struct arena a;

    arena_init(&a, 1 * MB);
    str detail = c->code == 0 ? buf_str(&c->answer) : demo_text(c, "detail", &a);
    str code = demo_text(c, "code", &a);
    status st = fail(ST_CONFLICT, "demo.refused", 0, "%s %s: %d %.*s %.*s", method, path, c->code,
                     STR(code), STR(detail));
    arena_fini(&a);
    return st;
}

status demo_ask(struct demo_caller *c, const char *method, const char *path, str body,
                const char *type)
{
    char url[512], key[96];
    const struct http_client_header headers[] = {
        {S("Content-Type"),    str_of(type == NULL ? "application/json" : type)},
        {S("Idempotency-Key"), {key, 0}                                        },
    };
    bool post = strcmp(method, "POST") == 0;
    struct http_client_header sent[2] = {headers[0], headers[1]};

    snprintf(url, sizeof url, "%s%s", c->base, path);
    int n = snprintf(key, sizeof key, "%s-%llu", c->name, (unsigned long long)++c->calls);
    sent[1].value.n = (size_t)n;
    struct http_call call = {.url = str_of(url),
                             .method = method,
                             .headers = sent,
                             .header_count = body.n == 0 ? 0
                                             : post      ? 2
                                                         : 1,
                             .bearer = str_of(c->token),
                             .body = body,
                             .answer_max = ANSWER_MAX,
                             .arg = c};
    c->waiting = true;
    http_client_start(c->client, &call, answered);
    while (c->waiting) loop_step(c->loop, true);
    return c->code >= 200 && c->code < 300 ? OK : problem(c, method, path);
}

status demo_put(struct demo_caller *c, const char *path, const char *json)
{
    return demo_ask(c, "PUT", path, str_of(json), NULL);
}

status demo_post(struct demo_caller *c, const char *path, str json)
{
    return demo_ask(c, "POST", path, json, NULL);
}

str demo_text(const struct demo_caller *c, const char *key, struct arena *a)
{
    struct json_r r = json_reader(buf_str(&c->answer), a);
    str k, found = {"", 0};

    for (json_object(&r); json_key(&r, &k);) {
        if (str_eq(k, str_of(key)) && json_peek(&r) == JSON_STRING)
            found = json_string(&r);
        else
            json_raw(&r);
    }
    return found;
}

int64_t demo_number(const struct demo_caller *c, const char *key)
{
    struct arena a;
    int64_t found = 0;
    str k;

    arena_init(&a, 1 * MB);
    struct json_r r = json_reader(buf_str(&c->answer), &a);
    for (json_object(&r); json_key(&r, &k);) {
        if (str_eq(k, str_of(key)) && json_peek(&r) == JSON_NUMBER)
            found = json_int(&r, INT64_MIN, INT64_MAX);
        else
            json_raw(&r);
    }
    arena_fini(&a);
    return found;
}

status demo_token(struct demo_caller *admin, const char *json, char *out, size_t n)
{
    struct arena a;

    TRY(demo_post(admin, "/v1/tokens", str_of(json)));
    arena_init(&a, 1 * MB);
    str token = demo_text(admin, "token", &a);
    snprintf(out, n, "%.*s", STR(token));
    arena_fini(&a);
    return OK;
}
