// decided part of every put: name str | number 4 | client 4 | version 4 | reason str | packed form
// of versions above 1: … reason str | papers str | packed form
#include "service/item/item_db.h"

#define VALUE_MAX (256 * KB) // of one item, packed: less than the body that it came in

static void put_decided(struct buf *b, const struct item *i, const struct item_put *put)
{
    bytes_str(b, i->name);
    bytes_u(b, i->number, 4);
    bytes_u(b, i->client.v, 4);
    bytes_u(b, i->version, 4);
    bytes_str(b, put->reason);
    if (put->papers.n > 0) bytes_str(b, put->papers);
    buf_add(b, i->packed);
}

status item_of_fact(const struct fact *f, struct item *out, str *reason)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct item i = {.seq = f->seq, .name = bytes_get_str(&r)};

    i.number = (uint32_t)bytes_get_u(&r, 4);
    i.client.v = (uint32_t)bytes_get_u(&r, 4);
    i.version = (uint32_t)bytes_get_u(&r, 4);
    *reason = bytes_get_str(&r);
    if (f->kind_version > 1) i.papers = bytes_get_str(&r);
    i.packed = bytes_get_raw(&r, (size_t)(r.end - r.p));
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "an item breaks off");
    *out = i;
    return OK;
}

status item_prepare(const struct item_noun *n, const struct item_from *from, struct item_put *put)
{
    void *value = (void *)(uintptr_t)put->value; // until the committer has it, it is the caller's

    if (n->seal != NULL) TRY(n->seal(from, put));
    if (n->prepare == NULL) return OK;
    return n->prepare(from->t, from->arena, put->name, value, &put->client);
}

static status decide_new(struct decide *d, const struct item_put *put, const struct item *old,
                         struct item *now)
{
    const struct item_noun *n = d->arg;

    if (n->decide != NULL) TRY(n->decide(d, put, old));
    now->number = old != NULL ? old->number : item_last_number(d->t, n) + 1;
    now->version = old != NULL ? old->version + 1 : 1;
    if (n->number == NOUN_CLIENT) now->client.v = now->number;
    d->fact->client = now->client;
    put_decided(d->out, now, put);
    return OK;
}

static bool is_same(const struct item_noun *n, const struct item_put *put, const struct item *old,
                    str packed)
{
    return str_eq(packed, old->packed) &&
           (old->client.v == put->client.v || n->number == NOUN_CLIENT);
}

bool item_put_is_same(struct txn *t, const struct item_noun *n, const struct item_put *put)
{
    struct buf packed;
    struct item old;

    if (!item_get(t, n, put->name, &old)) return false;
    buf_init(&packed, VALUE_MAX);
    form_pack(n->form, put->value, &packed);
    bool same = !packed.failed && is_same(n, put, &old, buf_str(&packed));
    buf_fini(&packed);
    return same;
}

status item_put_decide(struct decide *d)
{
    const struct item_noun *n = d->arg;
    const struct item_put *put = d->ask;
    struct item old, now = {.name = put->name, .client = put->client};
    bool there = item_get(d->t, n, put->name, &old);
    struct buf packed;

    d->fact->client = there ? old.client : put->client;
    buf_init(&packed, VALUE_MAX);
    form_pack(n->form, put->value, &packed);
    status st = buf_done(&packed, &now.packed);
    if (st.cls == ST_OK && there && is_same(n, put, &old, now.packed))
        d->repeat_seq = old.seq;
    else if (st.cls == ST_OK)
        st = decide_new(d, put, there ? &old : NULL, &now);
    buf_fini(&packed);
    return st;
}

void item_put_write(struct txn *t, const struct fact *f, const void *noun)
{
    const struct item_noun *n = noun;
    struct arena a;
    struct item now;
    str reason;

    if (item_of_fact(f, &now, &reason).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "the fact of an item");
        return;
    }
    item_put_rows(t, n, &now);
    if (n->write == NULL) return;
    arena_init(&a, ITEM_VALUE_ROOM);
    void *value = arena_alloc(&a, n->form->size);
    if (value != NULL && item_value(n, &now, &a, value).cls == ST_OK)
        n->write(t, f, &now, value);
    else
        txn_spoil(t, "record.corrupt", "the fact of an item");
    arena_fini(&a);
}

void item_put_print(const struct fact *f, struct json_w *w, const void *noun)
{
    const struct item_noun *n = noun;
    struct arena a;
    struct item i;
    str reason;

    if (item_of_fact(f, &i, &reason).cls != ST_OK) return;
    arena_init(&a, ITEM_VALUE_ROOM);
    void *value = arena_alloc(&a, n->form->size);
    json_w_kstr(w, n->word, i.name);
    json_w_kint(w, "version", i.version);
    if (reason.n > 0) json_w_kstr(w, "reason", reason);
    if (value != NULL && item_value(n, &i, &a, value).cls == ST_OK) {
        json_w_key(w, S("value"));
        json_w_object(w);
        form_write(n->form, value, w);
        json_w_end(w);
    }
    if (n->papers != NULL && i.papers.n > 0) n->papers(f, i.papers, w);
    arena_fini(&a);
}
