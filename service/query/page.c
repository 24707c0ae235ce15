// page.c - sealing, and what was given back. The one lock of this file is `dropped.lock`; it is
// held for a look through the table and no longer.
#include "service/query/page.h"
#include "common/bytes.h"
#include "common/digest.h"
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

enum { NONCE = 12, TAG = 16, HEAD = 16 + 4 + 4 + 8 };
#define SEALED_MAX  (NONCE + HEAD + PAGE_PLACE_MAX + TAG)
#define DROPPED_MAX 4096u

static struct dropped {
    pthread_mutex_t lock;
    struct {
        struct digest16 token;
        int64_t expires;
    } at[DROPPED_MAX];
    uint32_t next;
} dropped = {.lock = PTHREAD_MUTEX_INITIALIZER};

// ---- sealing

static bool gcm(const struct site *s, bool seal, uint8_t *nonce, str in, uint8_t *out, uint8_t *tag)
{
    struct digest16 key = digest16_of((str){(const char *)s->opaque_key, sizeof s->opaque_key},
                                      S("packtrail page 1"));
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, tail = 0;

    assert(ctx != NULL);
    assert(EVP_CipherInit_ex2(ctx, EVP_aes_128_gcm(), key.b, nonce, seal, NULL) == 1);
    assert(EVP_CipherUpdate(ctx, out, &n, (const uint8_t *)in.p, (int)in.n) == 1);
    if (!seal) assert(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1);
    bool fits = EVP_CipherFinal_ex(ctx, out + n, &tail) == 1;
    if (seal) assert(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return fits;
}

void page_token_put(const struct site *s, const struct page_of *of, wall expires, str place,
                    struct buf *out)
{
    uint8_t sealed[SEALED_MAX];
    struct buf b;

    assert(place.n <= PAGE_PLACE_MAX);
    buf_init(&b, KB);
    buf_add(&b, (str){(const char *)of->asked.b, sizeof of->asked.b});
    bytes_u(&b, of->client.v, 4);
    bytes_u(&b, of->actor, 4);
    bytes_u(&b, (uint64_t)expires.ms, 8);
    buf_add(&b, place);
    str plain = buf_str(&b);
    env_random(s->env, sealed, NONCE);
    gcm(s, true, sealed, plain, sealed + NONCE, sealed + NONCE + plain.n);
    size_t n = NONCE + plain.n + TAG;
    char *text = buf_room(out, 2 * n);
    if (text != NULL) hex_put(text, sealed, n);
    buf_fini(&b);
}

struct token {
    struct digest16 id; // whatever case its letters are in
    struct page_of of;
    int64_t expires;
    str place;
};

static status wrong(void)
{
    return fail(ST_BAD_INPUT, "page.token", 0, "nextPageToken: as the page before gave it");
}

// `plain` has room for SEALED_MAX.
static status token_open(const struct site *s, str text, uint8_t *plain, struct token *out)
{
    uint8_t sealed[SEALED_MAX];
    size_t n = text.n / 2;

    if (n < NONCE + HEAD + TAG || n > SEALED_MAX || !hex_get(text, sealed, n)) return wrong();
    str in = {(const char *)sealed + NONCE, n - NONCE - TAG};
    if (!gcm(s, false, sealed, in, plain, sealed + n - TAG)) return wrong();
    struct bytes_r r = bytes_reader((str){(const char *)plain, in.n});
    memcpy(out->of.asked.b, bytes_get_raw(&r, 16).p, 16);
    out->id = digest16_of((str){(const char *)sealed, n}, (str){0});
    out->of.client.v = (uint32_t)bytes_get_u(&r, 4);
    out->of.actor = (uint32_t)bytes_get_u(&r, 4);
    out->expires = (int64_t)bytes_get_u(&r, 8);
    out->place = (str){(const char *)plain + HEAD, in.n - HEAD};
    return OK;
}

// ---- given back

static bool is_dropped(struct digest16 token)
{
    bool hit = false;

    pthread_mutex_lock(&dropped.lock);
    for (uint32_t i = 0; i < DROPPED_MAX && !hit; i++)
        hit = dropped.at[i].expires != 0 && memcmp(&dropped.at[i].token, &token, 16) == 0;
    pthread_mutex_unlock(&dropped.lock);
    return hit;
}

status page_token_drop(const struct site *s, uint32_t actor, str text)
{
    uint8_t plain[SEALED_MAX];
    struct token t;

    TRY(token_open(s, text, plain, &t));
    if (t.of.actor != actor) return wrong();
    pthread_mutex_lock(&dropped.lock);
    dropped.at[dropped.next % DROPPED_MAX].token = t.id;
    dropped.at[dropped.next % DROPPED_MAX].expires = t.expires;
    dropped.next++;
    pthread_mutex_unlock(&dropped.lock);
    return OK;
}

void page_number_put(const struct site *s, const struct page_of *of, wall expires, uint64_t n,
                     struct buf *out)
{
    uint8_t place[8];

    put_be(place, n, 8);
    page_token_put(s, of, expires, (str){(const char *)place, sizeof place}, out);
}

status page_number_get(const struct site *s, const struct page_of *of, str text, struct arena *a,
                       uint64_t *n)
{
    str place;

    TRY(page_token_get(s, of, text, a, &place));
    if (place.n != 8) return wrong();
    *n = get_be(place.p, 8);
    return OK;
}

status page_token_get(const struct site *s, const struct page_of *of, str text, struct arena *a,
                      str *place)
{
    uint8_t plain[SEALED_MAX];
    struct token t;

    TRY(token_open(s, text, plain, &t));
    if (memcmp(&t.of.asked, &of->asked, sizeof of->asked) != 0 || t.of.client.v != of->client.v ||
        t.of.actor != of->actor || is_dropped(t.id))
        return wrong();
    if (env_wall(s->env).ms >= t.expires)
        return fail(ST_BAD_INPUT, "page.expired", 0, "nextPageToken: it was good for an hour");
    *place = arena_str(a, t.place);
    return place->p == NULL ? no_memory() : OK;
}
