// secret.h - sealing what must be kept but not read: partners' passwords and header values, the
// hashes of people's passwords.
#pragma once
#include "service/journal/site.h"
#include "service/pool/site_key.h"

#define SECRET_NONCE_SIZE 12u
#define SECRET_MAX        ((size_t)4 * KB) // the longest bearer token seen is under 3 KB

// Seals under the newest epoch and appends the sealed bytes. The nonce must be fresh random bytes
// for every call. secret.too_long; the buf's own ceiling sticks to it.
status secret_seal(const struct site_keys *k, const uint8_t nonce[SECRET_NONCE_SIZE], str plain,
                   struct buf *out);
// Appends the plain text, which the caller wipes. secret.form: not sealed bytes; secret.epoch: of
// an epoch that site.key has not; secret.wrong: another key, or changed bytes.
status secret_open(const struct site_keys *k, str sealed, struct buf *out);

// The two of a struct site, under its keys and with a nonce of its env.
status secret_site_seal(const struct site *s, str plain, struct buf *sealed);
status secret_site_open(const struct site *s, str sealed, struct buf *plain);
