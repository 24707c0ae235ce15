// success.c - which answers mean that a message was taken.
//
// The pattern is an administrator's, but what it costs must have a ceiling: glibc unrolls
// `x{1,999}` and lets `\1` search for ever, so bounds are multiplied out before compiling and
// references back are refused.
#include "common/json.h"
#include "service/exchange/partner.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define SUCCESS_MAGIC  0x5ccce550u
#define PATTERN_MAX    200u
#define REPEATS_MAX    256u // of all bounds of a pattern, multiplied
#define STATUS_DEFAULT S("[200,201,202,204]")

struct success_rule {
    unsigned magic;
    uint16_t status[PARTNER_STATUSES_MAX];
    uint32_t status_count;
    bool has_pattern;
    regex_t pattern;
};

static status statuses_read(str json, struct arena *a, uint16_t *out, uint32_t *count)
{
    struct json_r r = json_reader(json, a);
    uint32_t n = 0;

    for (json_array(&r); json_item(&r);) {
        int64_t code = json_int(&r, 200, 599);
        if (n == PARTNER_STATUSES_MAX) {
            json_fail(&r, "partner.status", "at most %u statuses", PARTNER_STATUSES_MAX);
            break;
        }
        out[n++] = (uint16_t)code;
    }
    TRY(json_r_end(&r));
    if (n == 0) return fail(ST_BAD_INPUT, "partner.status", 0, "success.status: names none");
    *count = n;
    return OK;
}

status success_status_check(str value, struct arena *a, str *out)
{
    uint16_t codes[PARTNER_STATUSES_MAX];
    uint32_t n = 0;
    struct buf b;

    TRY(statuses_read(value, a, codes, &n));
    buf_init(&b, KB);
    for (uint32_t i = 0; i < n; i++) {
        buf_addc(&b, i == 0 ? '[' : ',');
        buf_addu(&b, codes[i]);
    }
    buf_addc(&b, ']');
    *out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out->p != NULL ? OK : no_memory();
}

// What the bounds `{m,n}` come to, multiplied; over it a pattern of 200 bytes fills the memory.
static status repeats_check(str p)
{
    uint64_t all = 1;

    for (size_t i = 0; i < p.n; i++) {
        if (p.p[i] == '\\') {
            i++;
            if (i < p.n && p.p[i] >= '1' && p.p[i] <= '9')
                return fail(ST_BAD_INPUT, "partner.pattern", (uint32_t)i,
                            "success.body: references back are not taken");
            continue;
        }
        if (p.p[i] != '{') continue;
        uint64_t most = 0, n = 0;
        for (i++; i < p.n && p.p[i] != '}'; i++) {
            n = p.p[i] >= '0' && p.p[i] <= '9' ? n * 10 + (uint64_t)(p.p[i] - '0') : 0;
            if (n > most) most = n;
            if (most > REPEATS_MAX) break;
        }
        all *= most > 0 ? most : 1;
        if (all > REPEATS_MAX)
            return fail(ST_BAD_INPUT, "partner.pattern", (uint32_t)i,
                        "success.body: its bounds multiply to more than %u", REPEATS_MAX);
    }
    return OK;
}

static status pattern_compile(str text, regex_t *out)
{
    char z[PATTERN_MAX + 1], says[64];

    assert(text.n <= PATTERN_MAX);
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    int rc = regcomp(out, z, REG_EXTENDED | REG_NOSUB);
    if (rc == 0) return OK;
    regerror(rc, out, says, sizeof says);
    return fail(ST_BAD_INPUT, "partner.pattern", 0, "success.body: %s", says);
}

status success_pattern_check(str value, struct arena *a, str *out)
{
    regex_t compiled;

    (void)a, (void)out;
    TRY(repeats_check(value));
    TRY(pattern_compile(value, &compiled));
    regfree(&compiled);
    return OK;
}

struct success_rule *success_rule_new(const struct partner *p)
{
    struct success_rule *r = calloc(1, sizeof *r);
    const struct partner_success *s = p->success;
    struct arena a;

    assert(r != NULL);
    r->magic = SUCCESS_MAGIC;
    arena_init(&a, 16 * KB);
    str codes = s != NULL && s->status.n > 0 ? s->status : STATUS_DEFAULT;
    status st = statuses_read(codes, &a, r->status, &r->status_count);
    arena_fini(&a);
    assert(st.cls == ST_OK); // checked when it was put
    if (s == NULL || s->body.n == 0) return r;
    st = pattern_compile(s->body, &r->pattern);
    assert(st.cls == ST_OK);
    r->has_pattern = true;
    return r;
}

void success_rule_free(struct success_rule **rp)
{
    struct success_rule *r = *rp;

    *rp = NULL;
    if (r == NULL) return;
    OBJ_CHECK(r, SUCCESS_MAGIC);
    if (r->has_pattern) regfree(&r->pattern);
    r->magic = 0;
    free(r);
}

bool success_rule_holds(const struct success_rule *r, int code, str body)
{
    OBJ_CHECK(r, SUCCESS_MAGIC);
    regmatch_t all = {.rm_so = 0, .rm_eo = (regoff_t)body.n};
    uint32_t i = 0;

    while (i < r->status_count && r->status[i] != code) i++;
    if (i == r->status_count) return false;
    if (!r->has_pattern) return true;
    return regexec(&r->pattern, body.n > 0 ? body.p : "", 1, &all, REG_STARTEND) == 0;
}
