// export_key.h - the key that exports of the journal are signed with: Ed25519, PKCS #8 in PEM, in
// the file `export.key` beside `site.key`. The public half is for whoever verifies.
#pragma once
#include "common/buf.h"
#include "common/status.h"
#include "common/str.h"

#define EXPORT_SIGNATURE_SIZE 64u

struct export_key;

// Reads the key, and makes it first where there is no file; `made` says so. Without `made` none is
// made: export_key.missing. export_key.mode: others than its owner may do anything with it;
// export_key.read.
status export_key_open(const char *path, bool *made, struct export_key **out);
void export_key_close(struct export_key **k);

void export_key_sign(const struct export_key *k, str what, uint8_t out[EXPORT_SIGNATURE_SIZE]);
str export_key_public(const struct export_key *k); // PEM; as long as the key
// By which it is known: the SHA-256 of export_key_public, in hexadecimal.
#define EXPORT_KEY_SUM_MAX 65u
void export_key_sum(const struct export_key *k, char out[EXPORT_KEY_SUM_MAX]);
