// export_key.h - the key that exports of the journal are signed with: Ed25519, PKCS #8 in PEM, in
// the file `export.key` beside `site.key`. The public half is for whoever verifies.
#pragma once
#include "common/buf.h"
#include "common/status.h"
#include "common/str.h"

#define EXPORT_SIGNATURE_SIZE 64u

struct export_key;

// Reads the key, and makes it first where there is no file. export_key.mode: others than its owner
// may do anything with it; export_key.read; export_key.write.
status export_key_open(const char *path, struct export_key **out);
void export_key_close(struct export_key **k);

void export_key_sign(const struct export_key *k, str what, uint8_t out[EXPORT_SIGNATURE_SIZE]);
str export_key_public(const struct export_key *k); // PEM; as long as the key
