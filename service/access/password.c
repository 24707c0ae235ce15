#include "service/access/password.h"
#include <argon2.h>
#include <openssl/crypto.h>
#include <string.h>

#define SALT_SIZE 16u
#define HASH_SIZE 32u

static status failed(int rc)
{
    if (rc == ARGON2_MEMORY_ALLOCATION_ERROR || rc == ARGON2_THREAD_FAIL)
        return fail(ST_BUSY, "password.busy", 0,
                    "there is no memory for a password now, ask again");
    return fail(ST_INTERNAL, "password.hash", 0, "argon2: %s", argon2_error_message(rc));
}

// Characters of UTF-8: bytes that continue none.
static size_t characters(str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool is_one_character(str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] != s.p[0]) return false;
    return true;
}

status password_check(const struct site_people *p, str password, str user, str printed)
{
    size_t n = characters(password);

    if (n < p->password_min || n > p->password_max)
        return fail(ST_BAD_INPUT, "password.length", 0,
                    "a password has %u to %u characters, not %zu", p->password_min, p->password_max,
                    n);
    if (str_eq_fold(password, user) || str_eq_fold(password, printed) || is_one_character(password))
        return fail(ST_BAD_INPUT, "password.simple", 0,
                    "a password is neither the person's name nor one character alone");
    return OK;
}

// The journal and what is copied of it hold no hash that passwords could be tried on.
static status seal(const struct site *s, const char *text, struct arena *a, str *out)
{
    struct buf b;
    str sealed;

    buf_init(&b, 2 * PASSWORD_HASH_MAX);
    status st = s->seal(s, str_of(text), &b);
    if (st.cls == ST_OK) st = buf_done(&b, &sealed);
    if (st.cls == ST_OK && (sealed = arena_str(a, sealed)).p == NULL) st = no_memory();
    if (st.cls == ST_OK) *out = sealed;
    buf_fini(&b);
    return st;
}

bool password_is_sealed(str hash) { return !str_starts(hash, S("$argon2id$")); }

static status unseal(const struct site *s, str hash, char text[PASSWORD_HASH_MAX])
{
    struct buf b;
    str plain = hash;
    status st = OK;

    buf_init(&b, PASSWORD_HASH_MAX - 1);
    if (password_is_sealed(hash)) {
        st = s->open_sealed(s, hash, &b);
        if (st.cls == ST_OK) st = buf_done(&b, &plain);
    }
    if (st.cls == ST_OK) {
        assert(plain.n > 0 && plain.n < PASSWORD_HASH_MAX);
        memcpy(text, plain.p, plain.n);
        text[plain.n] = 0;
    }
    if (b.n > 0) OPENSSL_cleanse(b.p, b.n);
    buf_fini(&b);
    return st;
}

status password_hash(const struct site *s, str password, struct arena *a, str *out)
{
    const struct site_people *p = &s->people;
    char text[PASSWORD_HASH_MAX];
    uint8_t salt[SALT_SIZE];

    env_random(s->env, salt, sizeof salt);
    int rc =
        argon2id_hash_encoded(p->hash_passes, p->hash_memory_kb, p->hash_lanes, password.p,
                              password.n, salt, sizeof salt, HASH_SIZE, text, PASSWORD_HASH_MAX);
    if (rc != ARGON2_OK) return failed(rc);
    status st = seal(s, text, a, out);
    OPENSSL_cleanse(text, sizeof text);
    return st;
}

status password_cost(const struct site *s, str password)
{
    const struct site_people *p = &s->people;
    uint8_t salt[SALT_SIZE], hash[HASH_SIZE];

    env_random(s->env, salt, sizeof salt);
    int rc = argon2id_hash_raw(p->hash_passes, p->hash_memory_kb, p->hash_lanes, password.p,
                               password.n, salt, sizeof salt, hash, sizeof hash);
    OPENSSL_cleanse(hash, sizeof hash);
    return rc == ARGON2_OK ? OK : failed(rc);
}

status password_fits(const struct site *s, str hash, str password, bool *fits)
{
    char text[PASSWORD_HASH_MAX];

    TRY(unseal(s, hash, text));
    int rc = argon2id_verify(text, password.p, password.n);
    OPENSSL_cleanse(text, sizeof text);
    if (rc != ARGON2_OK && rc != ARGON2_VERIFY_MISMATCH) return failed(rc);
    *fits = rc == ARGON2_OK;
    return OK;
}
