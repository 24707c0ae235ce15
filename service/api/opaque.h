// opaque.h - numbers shown to strangers without telling anything: ids of requests, deliveries …
//
// text = base32 (RFC 4648 letters in lower case, no padding, 26 characters) of the AES-128 block
// of: purpose 1, zeros 7, number 8, under HKDF(site key of epoch 1, "packtrail opaque 1"). The
// zeros make a guess fail with probability 1 - 2^-56.
#pragma once
#include "common/buf.h"

enum opaque_purpose {
    OPAQUE_REQUEST = 1,
    OPAQUE_DELIVERY = 3,
    OPAQUE_SHIPMENT = 4,
    OPAQUE_SUBSCRIPTION = 5,
    OPAQUE_CAPTURE = 6,
    OPAQUE_HOLD = 7,
    OPAQUE_EXCEPTION = 12,
    OPAQUE_ACT = 14
};
#define OPAQUE_LEN 26

void opaque_put(const uint8_t key[16], enum opaque_purpose p, uint64_t n, struct buf *out);
bool opaque_get(const uint8_t key[16], enum opaque_purpose p, str text, uint64_t *n);
