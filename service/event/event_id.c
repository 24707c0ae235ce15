#include "service/event/event_id.h"
#include "common/digest.h"
#include <string.h>

enum { NAMESPACE_SIZE = 16, NAME_MAX_SIZE = 20 + 3 * 11 };

// Decimal, and its end.
static char *digits_put(char *out, uint64_t v)
{
    char digits[20];
    size_t n = sizeof digits;

    do digits[--n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    memcpy(out, digits + n, sizeof digits - n);
    return out + (sizeof digits - n);
}

static char *part_put(char *out, uint32_t v)
{
    *out = '/';
    return digits_put(out + 1, v);
}

// RFC 9562 section 5.5: the first 16 bytes of SHA-1(namespace, name), with version and variant.
static void uuid_v5(str named, uint8_t out[16])
{
    struct sha1 sum = sha1_of(named);

    memcpy(out, sum.b, 16);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

static const uint8_t groups[] = {4, 2, 2, 2, 6}; // bytes between the hyphens

void event_id_bytes(const uint8_t journal_id[16], const struct event_name *name, uint8_t out[16])
{
    char text[NAMESPACE_SIZE + NAME_MAX_SIZE];

    memcpy(text, journal_id, NAMESPACE_SIZE);
    char *end = digits_put(text + NAMESPACE_SIZE, name->seq);
    end = part_put(part_put(end, name->part), name->shape);
    if (name->term != 0) end = part_put(end, name->term);
    uuid_v5((str){text, (size_t)(end - text)}, out);
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
