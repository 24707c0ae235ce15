// row 'L' client 4, product 4, text of the lot -> number 4
// row 'o' number 4 -> state 1, client 4, product 4, version 4, opened 8, closed 8, gtin 14,
//     expiry: year 2, month 1, day 1; quantity 8, has extra 1, strs lot, expiry as printed, order,
//     line, lines
// row 'k' number 4 -> for each of 8 levels the counters of LOT_COUNTS, varints
// list LIST_LOT of the client, number 4 -> every fact that names the lot
//
// `extra`, `produced` and `packaging` lie in the fact that opened the lot and nowhere else.
#include "service/lot/lot_db.h"
#include "common/bytes.h"
#include "service/lot/lot_int.h"
#include <string.h>

#define LOT_TEXT_MAX 20u

struct key {
    char b[9 + LOT_TEXT_MAX];
    size_t n;
};
static str str_key(const struct key *k) { return (str){k->b, k->n}; }

static struct key key_text(client_id client, uint32_t product, str lot)
{
    struct key k = {.b = {ROW_LOT}, .n = 9 + lot.n};

    assert(lot.n > 0 && lot.n <= LOT_TEXT_MAX);
    put_be(k.b + 1, client.v, 4);
    put_be(k.b + 5, product, 4);
    memcpy(k.b + 9, lot.p, lot.n);
    return k;
}

static struct key key_number(enum row_tag tag, uint32_t number)
{
    struct key k = {.b = {(char)tag}, .n = 5};

    put_be(k.b + 1, number, 4);
    return k;
}

static void spoil(struct txn *t) { txn_spoil(t, "store.corrupt", "the row of a lot"); }

const char *lot_state_word(enum lot_state s)
{
    static const char *const words[] = {[LOT_OPEN] = "open",
                                        [LOT_CLOSED] = "closed",
                                        [LOT_RELEASED] = "released",
                                        [LOT_REOPENED] = "reopened",
                                        [LOT_RECALLED] = "recalled"};

    assert(s >= LOT_OPEN && s <= LOT_RECALLED);
    return words[s];
}

bool lot_takes_commission(enum lot_state s) { return s == LOT_OPEN || s == LOT_REOPENED; }

bool lot_is_over(struct date expiry, wall at)
{
    return expiry.year != 0 && at.ms / 86400000 > date_days(expiry);
}

unsigned lot_unit_flags(enum lot_state s, bool held)
{
    return (s == LOT_RECALLED ? UNIT_RECALLED : 0u) | (held ? UNIT_HOLD : 0u);
}

bool lot_takes_line(const struct lot *lot, str line)
{
    str rest = lot->lines, name;

    if (rest.n == 0 || line.n == 0) return true;
    while (str_cut(&rest, ',', &name))
        if (str_eq(name, line)) return true;
    return str_eq(rest, line);
}

// ---- lots

uint32_t lot_number(struct txn *t, client_id client, uint32_t product, str lot)
{
    str v;

    if (lot.n == 0 || lot.n > LOT_TEXT_MAX) return 0;
    struct key k = key_text(client, product, lot);
    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return 0;
    if (v.n == 4) return (uint32_t)get_be(v.p, 4);
    return spoil(t), 0;
}

static bool brief_read(struct bytes_r *r, struct lot_brief *out)
{
    uint64_t state = bytes_get_u(r, 1);

    out->state = (enum lot_state)state;
    out->held = bytes_get_u(r, 1) != 0;
    out->client.v = (uint32_t)bytes_get_u(r, 4);
    out->product = (uint32_t)bytes_get_u(r, 4);
    out->product_version = (uint32_t)bytes_get_u(r, 4);
    return !r->bad && state >= LOT_OPEN && state <= LOT_RECALLED;
}

// The texts are views of the row; *extra says that the fact has some.
static bool row_read(str v, struct lot *out, bool *extra)
{
    struct bytes_r r = bytes_reader(v);
    struct lot_brief b;

    if (!brief_read(&r, &b)) return false;
    out->state = b.state;
    out->held = b.held;
    out->client = b.client;
    out->product = b.product;
    out->product_version = b.product_version;
    out->opened_seq = bytes_get_u(&r, 8);
    out->closed_seq = bytes_get_u(&r, 8);
    str gtin = bytes_get_raw(&r, sizeof out->gtin);
    if (gtin.n == sizeof out->gtin) memcpy(out->gtin, gtin.p, sizeof out->gtin);
    out->expiry.year = (int16_t)bytes_get_u(&r, 2);
    out->expiry.month = (uint8_t)bytes_get_u(&r, 1);
    out->expiry.day = (uint8_t)bytes_get_u(&r, 1);
    out->quantity = bytes_get_u(&r, 8);
    *extra = bytes_get_u(&r, 1) != 0;
    out->lot = bytes_get_str(&r);
    out->expiry_printed = bytes_get_str(&r);
    out->order = bytes_get_str(&r);
    out->line = bytes_get_str(&r);
    out->lines = bytes_get_str(&r);
    return bytes_end(&r);
}

// That was amended since; empty: it was not.
static str extra_amended(struct txn *t, uint32_t lot, struct arena *a)
{
    struct lot_papers p;
    struct fact f;

    lot_papers_get(t, lot, &p);
    if (p.extra_seq == 0 || journal_get(t, p.extra_seq, a, &f).cls != ST_OK) return (str){0};
    return lot_amended_extra(&f);
}

bool lot_said(struct txn *t, uint64_t seq, struct arena *a, struct lot_value *out)
{
    struct lot_opened o;
    struct fact f;

    return journal_get(t, seq, a, &f).cls == ST_OK && lot_opened_get(f.decided, &o).cls == ST_OK &&
           form_unpack(&lot_form, o.packed, a, out).cls == ST_OK;
}

str lot_extra_opened(struct txn *t, uint64_t seq, struct arena *a)
{
    struct lot_value v;
    struct buf b;

    if (!lot_said(t, seq, a, &v)) return (str){"", 0};
    const struct form_pair *pairs = v.extra.items;
    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    for (uint32_t i = 0; i < v.extra.n; i++) {
        json_w_key(&w, pairs[i].key);
        json_w_str(&w, pairs[i].value);
    }
    json_w_end(&w);
    str json = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return json;
}

static bool row_take(struct txn *t, uint32_t number, str v, struct arena *a, struct lot *out)
{
    struct lot x = {
        .number = number, .extra = {"", 0}
    };
    bool extra;
    str row = arena_str(a, v); // its texts outlive the next write

    if (row.p == NULL || !row_read(row, &x, &extra)) return spoil(t), false;
    if (extra) x.extra = extra_amended(t, number, a);
    if (extra && x.extra.n == 0) x.extra = lot_extra_opened(t, x.opened_seq, a);
    *out = x;
    return true;
}

bool lot_get(struct txn *t, uint32_t number, struct arena *a, struct lot *out)
{
    struct key k = key_number(ROW_LOT_NUMBER, number);
    str v;

    return txn_get(t, DB_ROWS, str_key(&k), &v) && row_take(t, number, v, a, out);
}

static uint32_t number_of(struct txn *t, const char gtin[14], str lot)
{
    struct gtin_row g;

    return gtin_get(t, gtin, &g) ? lot_number(t, g.client, g.product, lot) : 0;
}

bool lot_find(struct txn *t, const char gtin[14], str lot, struct arena *a, struct lot *out)
{
    uint32_t number = number_of(t, gtin, lot);
    return number != 0 && lot_get(t, number, a, out);
}

bool lot_view(struct txn *t, uint32_t number, struct lot *out)
{
    struct key k = key_number(ROW_LOT_NUMBER, number);
    struct lot x = {
        .number = number, .extra = {"", 0}
    };
    bool extra;
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    if (!row_read(v, &x, &extra)) return spoil(t), false;
    *out = x;
    return true;
}

bool lot_peek(struct txn *t, const char gtin[14], str lot, struct lot *out)
{
    uint32_t number = number_of(t, gtin, lot);
    return number != 0 && lot_view(t, number, out);
}

bool lot_brief_get(struct txn *t, uint32_t number, struct lot_brief *out)
{
    struct key k = key_number(ROW_LOT_NUMBER, number);
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return false;
    struct bytes_r r = bytes_reader(v);
    if (brief_read(&r, out)) return true;
    return spoil(t), false;
}

enum lot_state lot_state_get(struct txn *t, uint32_t number)
{
    struct lot_brief b;

    return lot_brief_get(t, number, &b) ? b.state : (enum lot_state)0;
}

void lot_put(struct txn *t, const struct lot *lot)
{
    struct key text = key_text(lot->client, lot->product, lot->lot);
    struct key number = key_number(ROW_LOT_NUMBER, lot->number);
    char n[4];
    struct buf b;

    put_be(n, lot->number, 4);
    txn_put(t, DB_ROWS, str_key(&text), (str){n, sizeof n});
    buf_init(&b, 4 * KB);
    bytes_u(&b, lot->state, 1);
    bytes_u(&b, lot->held, 1);
    bytes_u(&b, lot->client.v, 4);
    bytes_u(&b, lot->product, 4);
    bytes_u(&b, lot->product_version, 4);
    bytes_u(&b, lot->opened_seq, 8);
    bytes_u(&b, lot->closed_seq, 8);
    buf_add(&b, (str){lot->gtin, sizeof lot->gtin});
    bytes_u(&b, (uint16_t)lot->expiry.year, 2);
    bytes_u(&b, lot->expiry.month, 1);
    bytes_u(&b, lot->expiry.day, 1);
    bytes_u(&b, lot->quantity, 8);
    bytes_u(&b, lot->extra.n > 0, 1);
    bytes_str(&b, lot->lot);
    bytes_str(&b, lot->expiry_printed);
    bytes_str(&b, lot->order);
    bytes_str(&b, lot->line);
    bytes_str(&b, lot->lines);
    txn_put(t, DB_ROWS, str_key(&number), buf_str(&b));
    buf_fini(&b);
}

void lot_hold(struct txn *t, uint32_t number, bool held)
{
    struct arena a;
    struct lot lot;

    arena_init(&a, 4 * MB);
    if (lot_get(t, number, &a, &lot)) {
        lot.held = held;
        lot_put(t, &lot);
    } else {
        spoil(t);
    }
    arena_fini(&a);
}

struct walk lot_walk(struct txn *t, uint32_t from, char key[5])
{
    key[0] = ROW_LOT_NUMBER;
    put_be(key + 1, from, 4);
    return walk_open(t, DB_ROWS, (str){key, 1}, (str){key, 5});
}

bool lot_next(struct walk *w, struct arena *a, struct lot *out)
{
    str k, v;

    return walk_next(w, &k, &v) && row_take(w->t, (uint32_t)get_be(k.p + 1, 4), v, a, out);
}

// ---- counters

struct lot_counts lot_counts_get(struct txn *t, uint32_t number)
{
    struct key k = key_number(ROW_LOT_COUNTS, number);
    struct lot_counts c = {0};
    str v;

    if (!txn_get(t, DB_ROWS, str_key(&k), &v)) return c;
    struct bytes_r r = bytes_reader(v);
    for (unsigned l = 0; l < PRODUCT_LEVELS_MAX; l++)
        for (unsigned i = 0; i < COUNT_END; i++) c.level[l].of[i] = bytes_get_var(&r);
    if (bytes_end(&r)) return c;
    txn_spoil(t, "store.corrupt", "the counters of a lot");
    return (struct lot_counts){0};
}

void lot_counts_put(struct txn *t, uint32_t number, const struct lot_counts *c)
{
    struct key k = key_number(ROW_LOT_COUNTS, number);
    struct buf b;

    buf_init(&b, 2 * KB);
    for (unsigned l = 0; l < PRODUCT_LEVELS_MAX; l++)
        for (unsigned i = 0; i < COUNT_END; i++) bytes_var(&b, c->level[l].of[i]);
    txn_put(t, DB_ROWS, str_key(&k), buf_str(&b));
    buf_fini(&b);
}

enum count unit_counts_as(const struct unit *u)
{
    static const uint8_t of_state[UNIT_STATES] = {
        [UNIT_PRINTED] = COUNT_PRINTED, [UNIT_SCRAPPED] = COUNT_SCRAPPED,
        [UNIT_OPEN] = COUNT_OPEN,       [UNIT_LABEL_SAMPLED] = COUNT_LABEL_SAMPLED,
        [UNIT_SAMPLED] = COUNT_SAMPLED, [UNIT_INACTIVE] = COUNT_INACTIVE,
        [UNIT_SHIPPED] = COUNT_SHIPPED, [UNIT_DESTROYED] = COUNT_DESTROYED,
        [UNIT_INVALID] = COUNT_INVALID, [UNIT_DISSOLVED] = COUNT_DISSOLVED,
    };

    enum unit_state s = u->state;
    bool stock = s == UNIT_COMMISSIONED || s == UNIT_OPEN || s == UNIT_CLOSED;
    bool number = s == UNIT_NONE || s == UNIT_ALLOCATED || s == UNIT_PRINTED;

    assert(s < UNIT_STATES);
    if (u->parent.v != 0)
        return (enum count)of_state[s]; // counted as packed, whatever it is marked
    if ((stock || number) && u->flags & UNIT_STOLEN)
        return stock ? COUNT_STOLEN : COUNT_STOLEN_NUMBERS;
    if ((stock || number) && u->flags & UNIT_LOST) return stock ? COUNT_LOST : COUNT_LOST_NUMBERS;
    return (enum count)of_state[s];
}

void lot_note(struct txn *t, client_id client, uint32_t number, uint64_t seq)
{
    char value[4];

    put_be(value, number, 4);
    list_note(t, client, LIST_LOT, (str){value, sizeof value}, seq);
}
