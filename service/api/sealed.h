// sealed.h - where a page ended, as strangers carry it: bytes that nobody else reads or makes up.
//
// text = hex of seal 16, key xor stream. seal = the first 16 bytes of HMAC-SHA256(k, 0 ‖ route ‖ 0
// ‖ key); block i of the stream = HMAC-SHA256(k, 1 ‖ seal ‖ i as 4 bytes); k follows from the
// site's opaque key. The same place of the same list is the same text.
#pragma once
#include "common/arena.h"
#include "common/buf.h"

#define SEALED_KEY_MAX 1024u // bytes of a key: more than any of the store has

void sealed_put(const uint8_t opaque_key[16], str route, str key, struct buf *out);
// False: none of ours, or of another list. *key lies in the arena.
bool sealed_get(const uint8_t opaque_key[16], str route, str text, struct arena *a, str *key);
