// hash_int.h - what the two files of the hash share: hash.c knows the order, hash_value.c how one
// value is written.
#pragma once
#include "service/epcis/event.h"

// Which texts are numbers: for the hash all that look like one; else what the format or the field
// says is one, and how that is written.
enum hash_numbers { HASH_BY_LOOK, HASH_SHORTEST, HASH_AS_WRITTEN };
struct hasher {
    struct buf *out;
    struct arena *arena;
    enum hash_numbers numbers;
    bool failed; // the arena is full
};

// Texts appended one after another from `start` on, to be put in order.
struct hash_piece {
    size_t at, n; // from `start`
};
struct hash_pieces {
    struct hash_piece *at;
    uint32_t n;
    size_t start;
};
struct hash_pieces hash_pieces(struct hasher *h, uint32_t max); // start: where `out` ends
// What was appended since `from` is one piece; nothing is none.
void hash_piece_end(struct hasher *h, struct hash_pieces *p, size_t from);
void hash_pieces_end(struct hasher *h, struct hash_pieces *p);

// For content, where one thing ends: no text has these characters, so that none looks like two. The
// hash has no separators.
enum hash_mark { HASH_MARK_VALUE = '\x1f', HASH_MARK_ALL = '\x1e' };
static inline void hash_mark(struct hasher *h, enum hash_mark mark)
{
    if (h->numbers != HASH_BY_LOOK) buf_addc(h->out, (char)mark);
}

// Values, of what kind: see EPCIS_SENSOR_FIELDS; 'i' an identifier, 'd' a disposition,
// 'q' a quantity.
void hash_value(struct hasher *h, char what, str text);
void hash_word(struct hasher *h, enum epcis_vocabulary v, str text);
void hash_time(struct hasher *h, const struct epcis_time *t);
void hash_node(struct hasher *h, const struct epcis_node *n);
uint32_t hash_node_count(const struct epcis_node *chain);
void hash_nodes(struct hasher *h, const struct epcis_node *chain); // in order
// The same, of those that have a namespace or of those that have none.
void hash_nodes_where(struct hasher *h, const struct epcis_node *chain, bool qualified);
