#include "service/event/event_id.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { NAMESPACE_SIZE = 16, SHA1_SIZE = 20 };

// RFC 9562 section 5.5: the first 16 bytes of SHA-1(namespace, name), with version and variant.
static void uuid_v5(const uint8_t ns[NAMESPACE_SIZE], str name, uint8_t out[16])
{
    uint8_t in[NAMESPACE_SIZE + 64], sum[SHA1_SIZE];

    assert(name.n <= sizeof in - NAMESPACE_SIZE);
    memcpy(in, ns, NAMESPACE_SIZE);
    memcpy(in + NAMESPACE_SIZE, name.p, name.n);
    assert(EVP_Digest(in, NAMESPACE_SIZE + name.n, sum, NULL, EVP_sha1(), NULL) == 1);
    memcpy(out, sum, 16);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

static const uint8_t groups[] = {4, 2, 2, 2, 6}; // bytes between the hyphens

void event_id_bytes(const uint8_t journal_id[16], const struct event_name *name, uint8_t out[16])
{
    char text[64];

    int n = snprintf(text, sizeof text, "%llu/%u/%u", (unsigned long long)name->seq, name->part,
                     name->shape);
    if (name->term != 0) n += snprintf(text + n, sizeof text - (size_t)n, "/%u", name->term);
    assert(n > 0 && (size_t)n < sizeof text);
    uuid_v5(journal_id, (str){text, (size_t)n}, out);
}

bool event_id_read(str id, uint8_t out[16])
{
    if (id.n != EVENT_ID_LEN || !str_starts(id, S("urn:uuid:"))) return false;
    id = str_from(id, 9);
    for (size_t i = 0; i < LEN(groups); out += groups[i++]) {
        if (i > 0 && id.p[0] != '-') return false;
        if (i > 0) id = str_from(id, 1);
        if (!hex_get((str){id.p, 2u * groups[i]}, out, groups[i])) return false;
        if (i == 2 && out[0] >> 4 != 5) return false;
        id = str_from(id, 2u * groups[i]);
    }
    return true;
}

void event_id_put(const uint8_t journal_id[16], const struct event_name *name, struct buf *out)
{
    char hex[12];
    uint8_t uuid[16], *at = uuid;

    event_id_bytes(journal_id, name, uuid);
    buf_add(out, S("urn:uuid:"));
    for (size_t i = 0; i < LEN(groups); at += groups[i++]) {
        if (i > 0) buf_addc(out, '-');
        hex_put(hex, at, groups[i]);
        buf_add(out, (str){hex, 2u * groups[i]});
    }
}
