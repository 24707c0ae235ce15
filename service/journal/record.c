// The bytes of a record and the chain over them. Pure.
#include "common/bytes.h"
#include "common/digest.h"
#include "service/journal/fact.h"
#include <string.h>

void record_write(const struct fact *f, struct buf *out)
{
    bytes_u(out, RECORD_VERSION, 1);
    bytes_u(out, f->kind, 2);
    bytes_u(out, f->kind_version, 1);
    bytes_u(out, f->flags, 1);
    bytes_u(out, f->seq, 8);
    bytes_u(out, f->term, 4);
    bytes_u(out, (uint64_t)f->at.ms, 8);
    bytes_u(out, f->actor, 4);
    bytes_u(out, f->client.v, 4);
    bytes_u(out, f->client_no, 8);
    bytes_u(out, f->lot, 4);
    if (f->flags & FACT_HAS_TIME) {
        bytes_u(out, (uint64_t)f->event.at.ms, 8);
        bytes_u(out, (uint16_t)f->event.offset_min, 2);
    }
    if (f->flags & FACT_HAS_KEY) {
        buf_add(out, (str){(const char *)f->key.b, sizeof f->key.b});
        buf_add(out, (str){(const char *)f->key_body.b, sizeof f->key_body.b});
    }
    bytes_u(out, f->body.n, 4);
    buf_add(out, f->body);
    buf_add(out, f->decided);
}

static struct digest16 get_digest(struct bytes_r *r)
{
    struct digest16 d = {{0}};
    str s = bytes_get_raw(r, sizeof d.b);

    if (s.n == sizeof d.b) memcpy(d.b, s.p, sizeof d.b);
    return d;
}

status record_read(str bytes, struct fact *out)
{
    struct bytes_r r = bytes_reader(bytes);
    struct fact f = {0};
    uint64_t version = bytes_get_u(&r, 1);

    if (version != RECORD_VERSION)
        return fail(ST_STORE, "record.version", 0, "a record of version %u, known is %d",
                    (unsigned)version, RECORD_VERSION);
    f.kind = (uint16_t)bytes_get_u(&r, 2);
    f.kind_version = (uint8_t)bytes_get_u(&r, 1);
    f.flags = (uint8_t)bytes_get_u(&r, 1);
    f.seq = bytes_get_u(&r, 8);
    f.term = (uint32_t)bytes_get_u(&r, 4);
    f.at.ms = (int64_t)bytes_get_u(&r, 8);
    f.actor = (uint32_t)bytes_get_u(&r, 4);
    f.client.v = (uint32_t)bytes_get_u(&r, 4);
    f.client_no = bytes_get_u(&r, 8);
    f.lot = (uint32_t)bytes_get_u(&r, 4);
    if (f.flags & FACT_HAS_TIME) {
        f.event.at.ms = (int64_t)bytes_get_u(&r, 8);
        f.event.offset_min = (int16_t)bytes_get_u(&r, 2);
    }
    if (f.flags & FACT_HAS_KEY) {
        f.key = get_digest(&r);
        f.key_body = get_digest(&r);
    }
    f.body = bytes_get_raw(&r, (size_t)bytes_get_u(&r, 4));
    f.decided = bytes_get_raw(&r, (size_t)(r.end - r.p));
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "a record breaks off");
    *out = f;
    return OK;
}

struct link link_next(const struct link *before, str record)
{
    struct sha256 of_record = sha256_of(record), both;
    struct sha256_run run;
    struct link next;

    sha256_start(&run);
    sha256_add(&run, (str){(const char *)before->b, sizeof before->b});
    sha256_add(&run, (str){(const char *)of_record.b, sizeof of_record.b});
    both = sha256_end(&run);
    memcpy(next.b, both.b, sizeof next.b);
    return next;
}

struct digest16 digest16_of(str a, str b)
{
    struct sha256_run run;
    struct digest16 d;

    sha256_start(&run);
    sha256_add(&run, a);
    sha256_add(&run, b);
    memcpy(d.b, sha256_end(&run).b, sizeof d.b);
    return d;
}
