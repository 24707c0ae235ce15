// decided part of `journal.opened`, and the row 'M' (the same bytes):
//   format 2 | smallest reader 2 | journal_id 16 | epoch 4 | key check 8 | created by str
#include "service/journal/opened.h"
#include "common/bytes.h"
#include <string.h>

static const char meta_key[1] = {ROW_META};

static status opened_decide(struct decide *d)
{
    const struct journal_meta *m = d->ask;

    if (d->seq != 1)
        return fail(ST_CONFLICT, "journal.opened_before", 0, "this journal has facts already");
    bytes_u(d->out, m->format, 2);
    bytes_u(d->out, m->smallest_reader, 2);
    buf_add(d->out, (str){(const char *)m->journal_id, sizeof m->journal_id});
    bytes_u(d->out, m->epoch, 4);
    buf_add(d->out, (str){(const char *)m->key_check, sizeof m->key_check});
    bytes_str(d->out, m->created_by);
    return OK;
}

static void opened_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    txn_put(t, DB_ROWS, (str){meta_key, 1}, f->decided);
}

static status meta_read(str bytes, struct journal_meta *out)
{
    struct bytes_r r = bytes_reader(bytes);
    struct journal_meta m = {.format = (uint16_t)bytes_get_u(&r, 2)};

    m.smallest_reader = (uint16_t)bytes_get_u(&r, 2);
    str id = bytes_get_raw(&r, sizeof m.journal_id);
    m.epoch = (uint32_t)bytes_get_u(&r, 4);
    str check = bytes_get_raw(&r, sizeof m.key_check);
    m.created_by = bytes_get_str(&r);
    if (!bytes_end(&r)) return fail(ST_STORE, "store.corrupt", 0, "the row of the journal's id");
    memcpy(m.journal_id, id.p, id.n);
    memcpy(m.key_check, check.p, check.n);
    *out = m;
    return OK;
}

status journal_meta_get(struct txn *t, struct arena *a, struct journal_meta *out)
{
    str v;

    if (!txn_get(t, DB_ROWS, (str){meta_key, 1}, &v)) {
        TRY(txn_status(t));
        return fail(ST_NOT_FOUND, "journal.not_opened", 0, "the journal is empty");
    }
    TRY(meta_read(v, out));
    out->created_by = arena_str(a, out->created_by);
    return OK;
}

static void opened_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct journal_meta m;
    char id[32];

    (void)arg;
    if (meta_read(f->decided, &m).cls != ST_OK) return;
    hex_put(id, m.journal_id, sizeof m.journal_id);
    json_w_kstr(w, "journal_id", (str){id, sizeof id});
    json_w_kint(w, "format", m.format);
    json_w_kint(w, "epoch", m.epoch);
    json_w_kstr(w, "created_by", m.created_by);
}

const struct kind kind_journal_opened = {
    FACT_JOURNAL_OPENED, 1, "journal.opened", opened_decide, opened_write, opened_print, NULL};
