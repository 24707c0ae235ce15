// site_key.h - the secrets that a site's random numbers come from: the file `site.key`, one key an
// epoch, and what is derived from them.
//
// The file lies outside `data/`. Replay and verify do without it, but where it is lost no random
// number can be issued or recognised any more: keep a copy elsewhere.
#pragma once
#include "common/buf.h"
#include "common/status.h"
#include "common/str.h"
#include "service/pool/permutation.h"

#define SITE_KEY_SIZE       32u
#define SITE_KEY_CHECK_SIZE 8u
#define SITE_KEY_EPOCHS_MAX 64u // one a year for longer than any serial must be kept

// Epoch n is key[n - 1]. Never logged; wiped by site_keys_fini.
struct site_keys {
    uint32_t count;
    uint8_t key[SITE_KEY_EPOCHS_MAX][SITE_KEY_SIZE];
};

void site_keys_init(struct site_keys *k); // no epochs
void site_keys_fini(struct site_keys *k);
// A new epoch, under the next number. site_key.full: there are SITE_KEY_EPOCHS_MAX.
status site_keys_add(struct site_keys *k, const uint8_t key[SITE_KEY_SIZE]);

// The text of the file: a line "epoch hex64" each, from 1 on without a gap, since none is ever
// removed. Codes: site_key.line, site_key.epoch, site_key.full, site_key.none. No sentence shows
// what is in the text.
status site_keys_parse(str text, struct site_keys *out);
void site_keys_format(const struct site_keys *k, struct buf *out); // wipe it afterwards

// site_key.missing, site_key.mode (others than the owner may do anything with it), site_key.read.
status site_keys_load(const char *path, struct site_keys *out);
// Replaces the file at one stroke, readable by its owner only. site_key.lost: the file that is
// there has an epoch that `k` has not, or another key for it; site_key.write.
status site_keys_save(const char *path, const struct site_keys *k);

// The first bytes of HKDF-SHA256 from the key of an epoch, which must exist.
struct site_derive {
    uint32_t epoch;
    str salt, info;
};
void site_keys_derive(const struct site_keys *k, const struct site_derive *what, void *out,
                      size_t n);
// What the fact of the epoch holds, so that a wrong file stops the start and tells no key.
void site_keys_check(const struct site_keys *k, uint32_t epoch, uint8_t out[SITE_KEY_CHECK_SIZE]);

// Which space of which journal, under which epoch.
struct pool_key_of {
    uint32_t epoch;
    uint32_t space;            // 1..2^24-1
    const uint8_t *journal_id; // 16 bytes: a folder made anew does not repeat old numbers
};
void pool_key(const struct site_keys *k, const struct pool_key_of *of,
              uint8_t out[PERMUTATION_KEY_SIZE]);
