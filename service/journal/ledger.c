#include "service/journal/ledger.h"
#include "service/journal/restored.h"

const struct kind *kind_find(const struct kind *const *kinds, unsigned number, unsigned version)
{
    for (; *kinds != NULL; kinds++)
        if ((*kinds)->number == number && (*kinds)->version == version) return *kinds;
    return NULL;
}

void ledger_memory_init(struct ledger_memory *m)
{
    *m = (struct ledger_memory){key_tail_new(), list_notes_new()};
}

void ledger_memory_fini(struct ledger_memory *m)
{
    key_tail_free(&m->keys);
    list_notes_free(&m->notes);
}

struct ledger ledger_begin(struct txn *t, const struct kind *const *kinds, struct ledger_memory *m)
{
    struct ledger l = {.t = t, .kinds = kinds, .keys = m->keys, .head = journal_head_get(t)};

    list_notes_begin(m->notes, t);
    l.term = restored_get(t).term;
    if (txn_status(t).cls == ST_OK && key_tail_at(m->keys, t, l.head.seq).cls != ST_OK)
        txn_spoil(t, "store.corrupt", "the newest facts of the journal cannot be read");
    if (txn_status(t).cls != ST_OK) l.keys = NULL;
    return l;
}

static void put_count(struct ledger *l)
{
    if (l->client.v != 0) client_count_put(l->t, l->client, l->client_no);
}

// Neighbouring facts are mostly of one client, so its count stays here until another's is due.
static void count_client(struct ledger *l, struct fact *f)
{
    if (f->client.v == 0) return;
    if (f->client.v != l->client.v) {
        put_count(l);
        l->client = f->client;
        l->client_no = client_count_get(l->t, f->client);
    }
    f->client_no = ++l->client_no;
    if (f->flags & FACT_IS_EVENT) list_note(l->t, f->client, LIST_EVENTS, (str){0}, f->seq);
}

void ledger_write(struct ledger *l, struct fact *f, str packed_body, struct buf *record)
{
    const struct kind *k = kind_find(l->kinds, f->kind, f->kind_version);
    size_t at = record->n;

    assert(f->seq == l->head.seq + 1);
    if (k == NULL) {
        txn_spoil(l->t, "journal.unknown_kind", "a fact of a kind that this version does not know");
        return;
    }
    count_client(l, f);
    record_write(f, record);
    str bytes = {record->p + at, record->n - at};
    k->write(l->t, f, k->arg);
    if (l->keys != NULL) key_tail_add(l->keys, l->t, f);
    journal_append(l->t, f, bytes, packed_body);
    l->head = (struct journal_head){f->seq, link_next(&l->head.link, bytes), f->at};
    if (f->seq % LINK_EVERY == 0) journal_link_put(l->t, f->seq, &l->head.link);
}

void ledger_end(struct ledger *l)
{
    put_count(l);
    list_notes_put(l->t);
    journal_head_put(l->t, &l->head);
}
