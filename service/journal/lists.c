// database `rows`: 'v' client 4, attribute 2, value -> the newest of a list: seq 8, then var
//     distances, at most 128
// database `lists`: LIST_TAG, client 4, attribute 2, value -> seq 8; the older ones of a list
//
// A list's end lies on a page of its own, and as many lists as a batch touched were as many pages
// to write. So what comes goes into the list's row 'v', which neighbours share a page with, and
// from there 128 at once into the list. What the rows hold follows from the notes and their order
// alone, however many were gathered.
#include "service/journal/lists.h"
#include "common/bytes.h"
#include "common/hash.h"
#include <stdlib.h>
#include <string.h>

#define NOTED_MAX  1024u // lists in memory; with more all notes are put
#define NOTED_SLOT (4 * NOTED_MAX)
#define NO_NOTE    UINT32_MAX

#define TAIL_MAX 128u // as schemas/store.txt says; most distances are of one byte or two

struct list_key {
    char b[7 + 64];
    size_t n;
};

static struct list_key list_key(char tag, client_id c, enum list_attribute a, str value)
{
    struct list_key k = {.n = 7 + value.n};

    assert(value.n <= sizeof k.b - 7);
    k.b[0] = tag;
    put_be(k.b + 1, c.v, 4);
    put_be(k.b + 5, a, 2);
    if (value.n > 0) memcpy(k.b + 7, value.p, value.n);
    return k;
}

static str str_list(const struct list_key *k) { return (str){k->b, k->n}; }

static uint32_t tail_read(struct txn *t, const struct list_key *k, uint64_t seqs[TAIL_MAX])
{
    uint32_t n = 0;
    str v;

    if (!txn_get(t, DB_ROWS, str_list(k), &v)) return 0;
    struct bytes_r r = bytes_reader(v);
    seqs[n++] = bytes_get_u(&r, 8);
    for (; r.p < r.end && n < TAIL_MAX && !r.bad; n++) seqs[n] = seqs[n - 1] + bytes_get_var(&r);
    if (bytes_end(&r)) return n;
    txn_spoil(t, "store.corrupt", "the newest of a list");
    return 0;
}

static void tail_put(struct txn *t, const struct list_key *k, const uint64_t *seqs, uint32_t n)
{
    struct buf b;

    buf_init(&b, 2 * KB);
    bytes_u(&b, seqs[0], 8);
    for (uint32_t i = 1; i < n; i++) bytes_var(&b, seqs[i] - seqs[i - 1]);
    txn_put(t, DB_ROWS, str_list(k), buf_str(&b));
    buf_fini(&b);
}

static void add_all(struct txn *t, const struct list_key *k, const uint64_t *more, uint32_t count)
{
    struct list_key list = *k;
    uint64_t seqs[TAIL_MAX];
    uint32_t n = tail_read(t, k, seqs);

    list.b[0] = LIST_TAG;
    assert(count > 0 && (n == 0 || seqs[n - 1] < more[0]));
    for (uint32_t i = 0; i < count; i++) {
        if (n == TAIL_MAX) {
            txn_list_add(t, str_list(&list), seqs, n);
            n = 0;
        }
        seqs[n++] = more[i];
    }
    tail_put(t, k, seqs, n);
}

// ---- notes

struct noted {           // of one list
    struct list_key key; // of its row
    uint32_t first, last;
};

struct note {
    uint64_t seq;
    uint32_t next;
};

struct list_notes {
    struct noted list[NOTED_MAX];
    uint32_t used;
    uint16_t slot[NOTED_SLOT]; // number of a list + 1, by hash of its key
    struct note *note;
    uint32_t n, room;
    uint64_t *seqs; // of one list, while it is put
};

struct list_notes *list_notes_new(void)
{
    struct list_notes *n = calloc(1, sizeof *n);

    assert(n != NULL);
    return n;
}

void list_notes_free(struct list_notes **np)
{
    if (*np == NULL) return;
    free((*np)->note);
    free((*np)->seqs);
    free(*np);
    *np = NULL;
}

static void forget(struct list_notes *n)
{
    if (n->used > 0) memset(n->slot, 0, sizeof n->slot);
    n->used = n->n = 0;
}

void list_notes_begin(struct list_notes *n, struct txn *t)
{
    forget(n);
    txn_attach(t, n);
}

void list_notes_drop(struct txn *t)
{
    if (txn_attached(t) != NULL) forget(txn_attached(t));
}

// The slot where the list stands, or would stand.
static uint16_t *slot_of(struct list_notes *n, const struct list_key *k)
{
    uint32_t at = table_hash(str_list(k)) % NOTED_SLOT;

    while (n->slot[at] != 0) {
        const struct list_key *there = &n->list[n->slot[at] - 1].key;
        if (there->n == k->n && memcmp(there->b, k->b, k->n) == 0) break;
        at = (at + 1) % NOTED_SLOT;
    }
    return &n->slot[at];
}

static const struct noted *noted_find(struct txn *t, const struct list_key *k)
{
    struct list_notes *n = txn_attached(t);

    if (n == NULL || n->used == 0) return NULL;
    uint16_t *slot = slot_of(n, k);
    return *slot == 0 ? NULL : &n->list[*slot - 1];
}

static uint32_t note_new(struct list_notes *n, uint64_t seq)
{
    if (n->n == n->room) {
        n->room = n->room == 0 ? 4 * NOTED_MAX : 2 * n->room;
        n->note = realloc(n->note, n->room * sizeof *n->note);
        n->seqs = realloc(n->seqs, n->room * sizeof *n->seqs);
        assert(n->note != NULL && n->seqs != NULL);
    }
    n->note[n->n] = (struct note){seq, NO_NOTE};
    return n->n++;
}

void list_notes_put(struct txn *t)
{
    struct list_notes *n = txn_attached(t);

    if (n == NULL) return;
    for (uint32_t i = 0; i < n->used; i++) {
        const struct noted *l = &n->list[i];
        uint32_t count = 0;
        for (uint32_t at = l->first; at != NO_NOTE; at = n->note[at].next)
            n->seqs[count++] = n->note[at].seq;
        add_all(t, &l->key, n->seqs, count);
    }
    forget(n);
}

void list_note(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t seq)
{
    struct list_key key = list_key(ROW_LIST_TAIL, c, a, value);
    struct list_notes *n = txn_attached(t);

    if (n == NULL) {
        add_all(t, &key, &seq, 1);
        return;
    }
    if (n->used == NOTED_MAX) list_notes_put(t);
    uint16_t *slot = slot_of(n, &key);
    uint32_t at = note_new(n, seq);
    if (*slot == 0) {
        n->list[n->used] = (struct noted){.key = key, .first = at, .last = at};
        *slot = (uint16_t)++n->used;
        return;
    }
    struct noted *l = &n->list[*slot - 1];
    assert(n->note[l->last].seq < seq);
    l->last = n->note[l->last].next = at;
}

// ---- reading

// Those of the list that are in memory only, from `from` on.
static size_t noted_read(struct txn *t, const struct list_key *k, uint64_t from, uint64_t *seqs,
                         size_t n)
{
    const struct list_notes *notes = txn_attached(t);
    const struct noted *l = n > 0 ? noted_find(t, k) : NULL;
    size_t got = 0;

    for (uint32_t at = l == NULL ? NO_NOTE : l->first; at != NO_NOTE && got < n;
         at = notes->note[at].next)
        if (notes->note[at].seq >= from) seqs[got++] = notes->note[at].seq;
    return got;
}

size_t list_of(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t from,
               uint64_t *seqs, size_t n)
{
    struct list_key tail = list_key(ROW_LIST_TAIL, c, a, value);
    struct list_key list = list_key(LIST_TAG, c, a, value);
    uint64_t newest[TAIL_MAX];
    uint32_t newest_n = tail_read(t, &tail, newest);
    bool older = newest_n > 0 && newest[0] > from;
    size_t got = older ? list_read(t, str_list(&list), from, seqs, n) : 0;

    for (uint32_t i = 0; i < newest_n && got < n; i++)
        if (newest[i] >= from) seqs[got++] = newest[i];
    return got + noted_read(t, &tail, from, seqs + got, n - got);
}

size_t list_back(struct txn *t, client_id c, enum list_attribute a, str value, uint64_t from,
                 uint64_t *seqs, size_t n)
{
    struct list_key tail = list_key(ROW_LIST_TAIL, c, a, value);
    struct list_key list = list_key(LIST_TAG, c, a, value);
    uint64_t newest[TAIL_MAX];
    uint32_t newest_n = tail_read(t, &tail, newest);
    size_t got = 0;

    assert(noted_find(t, &tail) == NULL);
    for (uint32_t i = newest_n; i-- > 0 && got < n;)
        if (newest[i] <= from) seqs[got++] = newest[i];
    if (newest_n > 0 && got < n)
        got += list_read_back(t, str_list(&list), from, seqs + got, n - got);
    return got;
}

// A list that has items has its newest in a row: what rows there are says which lists.
void list_walk_open(struct list_walk *w, struct txn *t, client_id c, const struct list_span *s)
{
    struct list_key begin = list_key(ROW_LIST_TAIL, c, s->of, s->begin);
    size_t from_n = s->from.n > 0 ? 7 + s->from.n : 0;

    assert(s->from.n <= sizeof w->from - 7 && txn_attached(t) == NULL);
    memcpy(w->begin, begin.b, begin.n);
    memcpy(w->from, begin.b, 7);
    if (s->from.n > 0) memcpy(w->from + 7, s->from.p, s->from.n);
    w->w = walk_open(t, DB_ROWS, (str){w->begin, begin.n}, (str){w->from, from_n});
}

bool list_walk_next(struct list_walk *w, str *value)
{
    str key, val;

    if (!walk_next(&w->w, &key, &val)) return false;
    *value = str_from(key, 7);
    return true;
}

bool list_walk_before(struct list_walk *w, str *value)
{
    str key, val;
    bool last = !w->w.begun && w->w.from.n == w->w.prefix.n; // from the last one on

    if (!(last ? walk_last(&w->w, &key, &val) : walk_before(&w->w, &key, &val))) return false;
    *value = str_from(key, 7);
    return true;
}

void list_walk_close(struct list_walk *w) { walk_close(&w->w); }
