// json_bench.c - how fast the JSON reader goes over a list of serial numbers, 20 characters each.
#include "common/env.h"
#include "common/json.h"
#include <stdio.h>
#include <string.h>

#define ITEMS  200000
#define ROUNDS 40

static void list_write(struct buf *b)
{
    struct json_w w = json_writer(b);
    char text[20];

    json_w_array(&w);
    for (uint64_t i = 0; i < ITEMS; i++) {
        uint64_t v = i * 0x9e3779b97f4a7c15u;
        for (size_t j = 0; j < sizeof text; j++, v = v / 26 + i) text[j] = (char)('A' + v % 26);
        json_w_str(&w, (str){text, sizeof text});
    }
    json_w_end(&w);
}

static size_t each(struct json_r *r)
{
    size_t n = 0;

    for (json_array(r); json_item(r);) n += json_string(r).n;
    return n;
}

static size_t whole(struct json_r *r) { return json_raw(r).n; }

static void measure(const char *name, str in, size_t (*walk)(struct json_r *r))
{
    struct arena a;
    size_t seen = 0;
    mono begin = env_mono(&env_real);

    arena_init(&a, 1 * MB);
    for (int i = 0; i < ROUNDS; i++) {
        struct json_r r = json_reader(in, &a);
        seen += walk(&r);
        status st = json_r_end(&r);
        assert(st.cls == ST_OK);
    }
    int64_t ms = env_mono(&env_real).ms - begin.ms;
    arena_fini(&a);
    assert(seen > 0);
    printf("| %-28s | %6.0f MB/s |\n", name,
           (double)in.n * ROUNDS / 1e3 / (double)(ms + (ms == 0)));
}

int main(void)
{
    struct buf b;

    buf_init(&b, 16 * MB);
    list_write(&b);
    puts("| JSON, list of 20 characters  | speed       |\n|---|---|");
    measure("json_item and json_string", buf_str(&b), each);
    measure("json_raw", buf_str(&b), whole);
    buf_fini(&b);
    return 0;
}
