// Remembers, for one thread, the spaces that it has met: rows and keys as they were, which never
// change. What does change is read anew with every question. What the committer has met may be made
// in a transaction that fails, and another space gets its number: once something was undone it
// looks again.
//
// Where a text may belong to several spaces the order decides (DESIGN idea 4): older epochs of a
// pool come first, for a newer one passed over what they had issued; an ordinal that its space
// never gives ('r' rows) is none of its numbers, whatever its text decodes to; then come texts
// that are rows.
#include "service/pool/names.h"
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAGIC 0x7a4e5000u

enum {
    SLOTS = 2048, // of about 800 bytes each, where they are used: 1.6 MB a thread at most
    SLICE = 256,
    SSCC_ID_MIN = 5, // extension, and a company prefix of 4 to 12 digits
    SSCC_ID_MAX = 13
};

struct known {
    struct space_row row;
    bool generated;
    bool plain;      // no text needs escaping in JSON or CSV
    uint64_t undone; // txn_undone when it was met
    struct number_space space;
};

struct names {
    unsigned magic;
    const struct site *site;
    struct known *slots[SLOTS];
    struct arena scratch;
    uint8_t sscc_id_n; // of the SSCC found last: most have the same
};

struct names *names_new(const struct site *site)
{
    struct names *n = calloc(1, sizeof *n);

    assert(n != NULL);
    n->magic = NAMES_MAGIC;
    n->site = site;
    n->sscc_id_n = SSCC_ID_MIN;
    arena_init(&n->scratch, 64 * KB);
    return n;
}

void names_free(struct names **np)
{
    struct names *n = *np;

    *np = NULL;
    if (n == NULL) return;
    OBJ_CHECK(n, NAMES_MAGIC);
    for (size_t i = 0; i < SLOTS; i++) {
        if (n->slots[i] == NULL) continue;
        space_fini(&n->slots[i]->space);
        free(n->slots[i]);
    }
    arena_fini(&n->scratch);
    n->magic = 0;
    free(n);
}

// ---- a thread's own

static pthread_key_t here_key;
static pthread_once_t here_once = PTHREAD_ONCE_INIT;

static void here_end(void *p)
{
    struct names *n = p;
    names_free(&n);
}

static void here_init(void)
{
    int rc = pthread_key_create(&here_key, here_end);
    assert(rc == 0);
}

struct names *names_here(const struct site *site)
{
    pthread_once(&here_once, here_init);
    struct names *n = pthread_getspecific(here_key);
    if (n != NULL && n->site == site) return n;
    names_free(&n);
    n = names_new(site);
    int rc = pthread_setspecific(here_key, n);
    assert(rc == 0);
    return n;
}

void names_leave(void)
{
    pthread_once(&here_once, here_init);
    struct names *n = pthread_getspecific(here_key);
    names_free(&n);
    pthread_setspecific(here_key, NULL);
}

// ---- spaces

static struct known *known_get(struct names *n, struct txn *t, uint32_t space)
{
    OBJ_CHECK(n, NAMES_MAGIC);
    struct known **slot = &n->slots[space % SLOTS], *k = *slot;
    struct space_row row;

    if (k != NULL && k->row.space == space && (k->undone == 0 || k->undone == txn_undone(t)))
        return k;
    if (!space_row_get(t, space, &row)) return NULL;
    if (k == NULL) k = *slot = calloc(1, sizeof *k);
    assert(k != NULL);
    space_fini(&k->space);
    k->row.space = 0; // until it is whole
    k->generated = row.sort == SPACE_OF_SGTIN || row.sort == SPACE_OF_SSCC;
    if (k->generated) {
        status st = space_build(n->site, &row, &k->space);
        if (st.cls != ST_OK) return txn_spoil(t, st.reason, st.text), NULL;
    }
    k->plain = k->generated && !text_has_any(&k->space.form, S("\",\\"));
    k->row = row;
    k->row.definition = (str){0};
    k->undone = txn_undone(t);
    return k;
}

const struct space_row *names_space(struct names *n, struct txn *t, uint32_t space)
{
    const struct known *k = known_get(n, t, space);
    return k == NULL ? NULL : &k->row;
}

const struct number_space *names_generated(struct names *n, struct txn *t, uint32_t space)
{
    const struct known *k = known_get(n, t, space);
    return k == NULL || !k->generated ? NULL : &k->space;
}

// ---- texts to units

struct search { // one slice of texts of one id
    struct names *n;
    struct txn *t;
    const str *texts;
    uint32_t count;
    unit_id *out;
    client_id client; // of the last space looked through
};

// Those texts that nothing has claimed so far.
static uint32_t unclaimed(const struct search *s, str texts[SLICE], uint16_t at[SLICE])
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        if (s->out[i].v != 0) continue;
        texts[n] = s->texts[i];
        at[n++] = (uint16_t)i;
    }
    return n;
}

static void search_space(struct search *s, uint32_t space)
{
    struct space_row fresh;
    str texts[SLICE];
    uint16_t at[SLICE];
    uint64_t ordinals[SLICE];

    if (!space_row_get(s->t, space, &fresh)) return;
    s->client = fresh.client;
    const struct number_space *g = fresh.high == 0 ? NULL : names_generated(s->n, s->t, space);
    if (g == NULL) return;
    uint32_t n = unclaimed(s, texts, at);
    space_ordinal_list(g, texts, n, ordinals);
    for (uint32_t i = 0; i < n; i++) {
        if (ordinals[i] >= fresh.high) continue; // and so is SPACE_NO_ORDINAL
        unit_id u = unit_id_of(space, ordinals[i]);
        if (fresh.barred == 0 || barred_get(s->t, u) == 0) s->out[at[i]] = u;
    }
}

static bool search_pools(struct search *s, const struct pool_id *id)
{
    uint32_t pools[POOLS_OF_ID_MAX], n = pools_of(s->t, id, pools);
    struct pool_row p;

    for (uint32_t i = 0; i < n; i++) {
        if (!pool_row_get(s->t, pools[i], &p)) continue;
        for (uint32_t e = 0; e < p.space_count; e++) search_space(s, p.spaces[e]);
    }
    return n > 0;
}

static void search_texts(struct search *s, str key)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->out[i].v != 0) continue;
        struct text_of of = {s->client, key, s->texts[i]};
        if (of.text.n > GS1_SERIAL_MAX) continue;
        unit_id u = text_find(s->t, &of);
        if (u.v != 0 && number_is_visible(s->t, u)) s->out[i] = u;
    }
}

void names_find_serials(struct names *n, struct txn *t, const char gtin[14], const str *serials,
                        uint32_t count, unit_id *out)
{
    struct pool_id id = pool_id_gtin(gtin);
    struct gtin_row product;

    memset(out, 0, count * sizeof *out);
    for (uint32_t done = 0; done < count; done += SLICE) {
        struct search s = {n, t, serials + done, count - done, out + done, {0}};
        if (s.count > SLICE) s.count = SLICE;
        if (!search_pools(&s, &id)) {
            if (!gtin_get(t, gtin, &product)) return;
            s.client = product.client;
        }
        search_texts(&s, (str){gtin, 14});
    }
}

static bool search_sscc(struct names *n, struct txn *t, const struct gs1_id *id, unit_id *out)
{
    str text = gs1_id_key(id);
    struct search s = {n, t, &text, 1, out, {0}};
    struct pool_id of = {.n = n->sscc_id_n};

    memcpy(of.p, id->key, of.n);
    search_pools(&s, &of);
    for (uint8_t len = SSCC_ID_MIN; out->v == 0 && len <= SSCC_ID_MAX; len++) {
        of.n = len;
        memcpy(of.p, id->key, len);
        search_pools(&s, &of);
        if (out->v != 0) n->sscc_id_n = len;
    }
    return out->v != 0;
}

bool names_find(struct names *n, struct txn *t, const struct gs1_id *id, unit_id *out,
                client_id *owner)
{
    unit_id u = {0};

    if (id->is_class) return false;
    if (id->scheme == GS1_SGTIN)
        names_find_serials(n, t, id->key, &id->ext, 1, &u);
    else if (id->scheme == GS1_SSCC)
        search_sscc(n, t, id, &u);
    const struct space_row *row = u.v == 0 ? NULL : names_space(n, t, unit_space(u));
    if (row == NULL) return false;
    *out = u;
    *owner = row->client;
    return true;
}

// ---- units to texts

static status unknown(uint32_t space)
{
    return fail(ST_STORE, "names.unknown_space", 0, "there is no space %u to name a unit of",
                space);
}

struct giving {
    names_text *each;
    void *self;
};

static void give_text(void *self, const struct list_number *x)
{
    const struct giving *g = self;
    g->each(g->self, x->text);
}

static status generated_texts(const struct number_space *s, struct run r, const struct giving *g)
{
    char room[SLICE][TEXT_LENGTH_MAX];
    unsigned length = space_length(s);

    for (uint32_t done = 0; done < r.count; done += SLICE) {
        uint32_t n = r.count - done < SLICE ? r.count - done : SLICE;
        TRY(space_text(s, unit_ordinal(r.first) + done, n,
                       (struct space_sink){room[0], sizeof room[0]}));
        for (uint32_t i = 0; i < n; i++) g->each(g->self, (str){room[i], length});
    }
    return OK;
}

status names_texts(struct names *n, struct txn *t, struct run r, names_text *each, void *self)
{
    const struct known *k = known_get(n, t, unit_space(r.first));
    struct giving g = {each, self};

    if (k == NULL) return unknown(unit_space(r.first));
    if (k->generated) return generated_texts(&k->space, r, &g);
    if (list_numbers(t, r, give_text, &g)) return OK;
    return unknown(unit_space(r.first));
}

// The frames of `count` texts; returns where the first text goes, or NULL where the buffer is full.
static char *lay_out(struct buf *out, const struct names_frame *f, unsigned length, uint32_t count)
{
    size_t each = f->before.n + length + f->after.n, total = each * count;
    char *p = buf_room(out, total);

    if (p == NULL) return NULL;
    memcpy(p, f->before.p, f->before.n);
    memcpy(p + f->before.n + length, f->after.p, f->after.n);
    for (size_t done = each; done < total; done *= 2)
        memcpy(p + done, p, done < total - done ? done : total - done);
    return p + f->before.n;
}

static void framed(struct txn *t, const struct known *k, struct run r, const struct names_frame *f,
                   struct buf *out)
{
    unsigned length = space_length(&k->space);
    char *p = lay_out(out, f, length, r.count);

    if (p == NULL) return; // the buffer knows
    status st = space_text(&k->space, unit_ordinal(r.first), r.count,
                           (struct space_sink){p, f->before.n + length + f->after.n});
    if (st.cls != ST_OK) txn_spoil(t, st.reason, st.text);
}

bool names_framed(struct names *n, struct txn *t, struct run r, const struct names_frame *f,
                  struct buf *out)
{
    const struct known *k = known_get(n, t, unit_space(r.first));

    if (k == NULL || !k->plain || r.count == 0) return false;
    framed(t, k, r, f, out);
    return true;
}

void names_later_init(struct names_later *l, struct names *n, struct txn *t, struct buf *out)
{
    l->names = n;
    l->t = t;
    l->out = out;
    l->space = l->n = 0;
}

void names_now(struct names_later *l)
{
    const struct known *k = l->n == 0 ? NULL : known_get(l->names, l->t, l->space);
    uint32_t n = l->n;

    l->n = 0;
    if (k == NULL) return; // nothing to do, or the transaction knows
    status st = space_text_at(&k->space, l->ordinal, n, l->out->p, l->at);
    if (st.cls != ST_OK) txn_spoil(l->t, st.reason, st.text);
}

bool names_later(struct names_later *l, struct run r, const struct names_frame *f)
{
    uint32_t space = unit_space(r.first);
    const struct known *k = known_get(l->names, l->t, space);

    if (k == NULL || !k->plain || r.count == 0) return false;
    if (k->space.kind != SPACE_RANDOM) { // costs no cipher
        framed(l->t, k, r, f, l->out);
        return true;
    }
    unsigned length = space_length(&k->space);
    if (l->space != space) names_now(l); // what is known of r's may be forgotten for it
    l->space = space;
    size_t each = f->before.n + length + f->after.n, at = l->out->n + f->before.n;
    if (lay_out(l->out, f, length, r.count) == NULL) return true;
    for (uint32_t i = 0; i < r.count; i++, at += each) {
        if (l->n == NAMES_LATER) names_now(l);
        l->ordinal[l->n] = unit_ordinal(r.first) + i;
        l->at[l->n++] = at;
    }
    return true;
}

struct naming {
    const struct space_row *row;
    names_each *each;
    void *self;
    struct arena *scratch; // of a foreign unit's identity
};

// A foreign unit's text is whole, and was an identity when it was put there. `each` copies what it
// keeps, before the next.
static void foreign_id(struct arena *scratch, str text, struct gs1_id *out)
{
    arena_reset(scratch);
    if (gs1_read(text, scratch, out).cls == ST_OK) return;
    *out = (struct gs1_id){.scheme = GS1_URI, .ext = text};
}

static void name_one(void *self, str text)
{
    const struct naming *m = self;
    struct gs1_id id;

    if (m->row->sort == SPACE_OF_FOREIGN)
        foreign_id(m->scratch, text, &id);
    else
        id = m->row->sort == SPACE_OF_SSCC ? gs1_sscc(text.p) : gs1_sgtin(m->row->gtin, text);
    m->each(m->self, &id);
}

status names_run(struct names *n, struct txn *t, struct run r, names_each *each, void *self)
{
    const struct space_row *row = names_space(n, t, unit_space(r.first));
    struct naming m = {row, each, self, &n->scratch};

    if (row == NULL) return unknown(unit_space(r.first));
    return names_texts(n, t, r, name_one, &m);
}

struct keeping {
    struct arena *a;
    struct gs1_id *out;
};

static void keep(void *self, const struct gs1_id *id)
{
    struct keeping *k = self;

    *k->out = *id;
    k->out->ext = arena_str(k->a, id->ext);
}

status names_id(struct names *n, struct txn *t, unit_id u, struct arena *a, struct gs1_id *out)
{
    struct keeping k = {a, out};

    TRY(names_run(n, t, (struct run){u, 1}, keep, &k));
    if (out->ext.p == NULL && out->scheme == GS1_SGTIN) return no_memory();
    return OK;
}
