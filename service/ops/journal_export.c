#include "service/ops/journal_export.h"
#include "common/bytes.h"
#include "service/access/user.h"
#include "service/journal/lists.h"
#include <openssl/evp.h>

#define RECORD_MAX (128 * MB)
#define WHAT       "{\"packtrail\":\"journal export 1\",\"journal_id\":\""

static void hex_add(struct buf *b, const uint8_t *bytes, size_t n)
{
    char hex[64];

    assert(2 * n <= sizeof hex);
    hex_put(hex, bytes, n);
    buf_add(b, (str){hex, 2 * n});
}

static void base64_add(struct buf *b, str bytes)
{
    size_t n = 4 * ((bytes.n + 2) / 3);
    char *p = bytes.n > INT32_MAX / 2 ? NULL : buf_room(b, n + 1); // the encoder ends it with a 0

    if (p == NULL) {
        b->failed = true;
        return;
    }
    EVP_EncodeBlock((unsigned char *)p, (const unsigned char *)bytes.p, (int)bytes.n);
    b->n--;
}

// Counts what was added since `at` into the sum.
static void sum_from(struct journal_export *x, const struct buf *out, size_t at)
{
    if (!out->failed) sha256_add(&x->sum, (str){out->p + at, out->n - at});
}

status journal_export_begin(struct journal_export *x, struct txn *t)
{
    uint64_t before = (x->from - 1) / LINK_EVERY * LINK_EVERY;

    x->link = (struct link){{0}};
    x->at = before + 1;
    x->shown = 0;
    x->next_of_lot = 0;
    sha256_start(&x->sum);
    if (before == 0 || journal_link_get(t, before, &x->link)) return OK;
    TRY(txn_status(t));
    return fail(ST_STORE, "journal.broken", 0, "the link of record %llu is missing",
                (unsigned long long)before);
}

static void head_line(struct journal_export *x, struct buf *out)
{
    buf_add(out, S(WHAT));
    hex_add(out, x->meta->journal_id, sizeof x->meta->journal_id);
    buf_addf(out, "\",\"from\":%llu,\"link\":\"", (unsigned long long)x->from);
    hex_add(out, x->link.b, sizeof x->link.b);
    buf_add(out, S("\"}\n"));
}

static void says_add(const struct journal_export *x, struct txn *t, struct arena *scratch,
                     const struct fact *f, struct buf *out)
{
    struct journal_print p = {t, x->kinds, scratch, NULL};
    struct json_w w = json_writer(out);

    buf_add(out, S(",\"says\":"));
    journal_print_json(&p, f, &w);
}

static void record_line(struct journal_export *x, const struct fact *f, str record, struct buf *out)
{
    struct sha256 digest = sha256_of(record);

    buf_addf(out, "{\"seq\":%llu,\"sha256\":\"", (unsigned long long)f->seq);
    hex_add(out, digest.b, sizeof digest.b);
    buf_add(out, S("\",\"link\":\""));
    hex_add(out, x->link.b, sizeof x->link.b);
    buf_addc(out, '"');
}

// REQ HASH-WITHHELD: a password's hash that is not sealed goes to nobody who could try passwords on
// it. The record's SHA-256 holds the chain without its bytes.
static void bytes_add(const struct fact *f, str record, struct arena *scratch, struct buf *out)
{
    if (user_fact_is_plain(f, scratch)) {
        buf_add(out, S(",\"withheld\":\"password\""));
        return;
    }
    buf_add(out, S(",\"record\":\""));
    base64_add(out, record);
    buf_addc(out, '"');
}

// The lot's list has every fact that names it by its number.
static bool is_of_lot(struct journal_export *x, struct txn *t, uint64_t seq)
{
    char value[4];

    if (x->next_of_lot < seq) {
        put_be(value, x->lot, sizeof value);
        if (list_of(t, x->client, LIST_LOT, (str){value, sizeof value}, seq, &x->next_of_lot, 1) ==
            0)
            x->next_of_lot = UINT64_MAX;
    }
    return x->next_of_lot == seq;
}

static bool is_shown(struct journal_export *x, struct txn *t, const struct fact *f)
{
    if (x->client.v != 0 && f->client.v != x->client.v) return false;
    if (x->lot == 0 || is_of_lot(x, t, f->seq)) return true;
    return x->more != NULL && journal_gather_next(x->more, f->seq) == f->seq;
}

status journal_export_one(struct journal_export *x, struct txn *t, struct arena *scratch,
                          struct buf *out)
{
    struct buf record;
    struct fact f;
    size_t at = out->n;

    TRY(journal_get(t, x->at, scratch, &f));
    buf_init(&record, RECORD_MAX);
    record_write(&f, &record);
    if (record.failed) out->failed = true;
    if (x->at == x->from) head_line(x, out);
    x->link = link_next(&x->link, buf_str(&record));
    if (x->at >= x->from) {
        record_line(x, &f, buf_str(&record), out);
        if (is_shown(x, t, &f)) {
            bytes_add(&f, buf_str(&record), scratch, out);
            says_add(x, t, scratch, &f, out);
        }
        buf_add(out, S("}\n"));
        sum_from(x, out, at);
        x->shown++;
    }
    buf_fini(&record);
    x->at++;
    return OK;
}

static void statement_add(struct journal_export *x, struct buf *out)
{
    struct sha256 sum = sha256_end(&x->sum);

    buf_add(out, S(WHAT));
    hex_add(out, x->meta->journal_id, sizeof x->meta->journal_id);
    buf_addf(out, "\",\"from\":%llu,\"until\":%llu,\"records\":%llu", (unsigned long long)x->from,
             (unsigned long long)x->until, (unsigned long long)x->shown);
    if (x->client.v != 0) buf_addf(out, ",\"client\":\"%.*s\"", STR(x->client_name));
    if (x->lot != 0) {
        buf_addf(out, ",\"gtin\":\"%.*s\",\"lot\":", STR(x->gtin));
        struct json_w w = json_writer(out);
        json_w_str(&w, x->lot_name);
    }
    buf_add(out, S(",\"time\":\""));
    when_write(out, (struct moment){x->now, 0});
    buf_add(out, S("\",\"link\":\""));
    hex_add(out, x->link.b, sizeof x->link.b);
    buf_add(out, S("\",\"sha256\":\""));
    hex_add(out, sum.b, sizeof sum.b);
    buf_add(out, S("\"}"));
}

void journal_export_end(struct journal_export *x, struct buf *out)
{
    uint8_t signature[EXPORT_SIGNATURE_SIZE];
    size_t at = out->n;

    statement_add(x, out);
    export_key_sign(x->key, str_from(buf_str(out), at), signature);
    buf_add(out, S("\n{\"signature\":\""));
    base64_add(out, (str){(const char *)signature, sizeof signature});
    buf_add(out, S("\"}\n"));
}
