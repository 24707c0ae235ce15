// The body is walked member by member; texts that are secret are left out between their quotes, all
// other bytes go into the digest as they came.
#include "service/api/body_digest.h"
#include "common/digest.h"
#include "common/json.h"
#include <string.h>

struct cutting {
    struct sha256_run run;
    str body;
    size_t done; // bytes of the body that the digest has, or has left out
};

static void add_until(struct cutting *c, size_t at)
{
    sha256_add(&c->run, (str){c->body.p + c->done, at - c->done});
    c->done = at;
}

// Takes the next value; its text is left out, anything else is compared as it stands.
static void leave_out(struct cutting *c, struct json_r *r)
{
    bool text = json_peek(r) == JSON_STRING;
    str raw = json_raw(r);

    if (!text || r->st.cls != ST_OK) return;
    size_t at = (size_t)(raw.p - c->body.p);
    add_until(c, at + 1);
    c->done = at + raw.n - 1;
}

static bool is_word_of(const char *words, str key)
{
    str rest = str_of(words), word;

    while (str_cut(&rest, ' ', &word))
        if (str_eq(word, key)) return true;
    return key.n > 0 && str_eq(rest, key);
}

static void cut_signature(struct cutting *c, struct json_r *r)
{
    str key;

    for (json_object(r); json_key(r, &key);)
        if (str_eq(key, S("password")))
            leave_out(c, r);
        else
            json_raw(r);
}

static void cut(struct cutting *c, struct json_r *r, const char *secrets)
{
    str key;

    for (json_object(r); json_key(r, &key);)
        if (is_word_of(secrets, key))
            leave_out(c, r);
        else if (str_eq(key, S("signature")) && json_peek(r) == JSON_OBJECT)
            cut_signature(c, r);
        else
            json_raw(r);
}

static bool holds(str body, str word) { return memmem(body.p, body.n, word.p, word.n) != NULL; }

// Most bodies hold no secret and are not walked. A key may be spelt with escapes.
static bool may_hold_secrets(str body, const char *secrets)
{
    if (body.n == 0) return false;
    return secrets != NULL || holds(body, S("\"signature\"")) || holds(body, S("\\u"));
}

struct digest16 body_digest(const struct digest16 *head, str body, const char *secrets,
                            struct arena *a)
{
    struct cutting c = {.body = body};
    struct digest16 d;

    sha256_start(&c.run);
    sha256_add(&c.run, (str){(const char *)head->b, sizeof head->b});
    if (may_hold_secrets(body, secrets)) {
        struct json_r r = json_reader(body, a);
        if (json_peek(&r) == JSON_OBJECT) cut(&c, &r, secrets);
    }
    add_until(&c, body.n);
    memcpy(d.b, sha256_end(&c.run).b, sizeof d.b);
    return d;
}
