// names.h - numbers as people spell them and as the ledger keeps them, both ways, quickly.
//
// A names object belongs to one thread and remembers the spaces it has met (their definitions and
// keys never change), so that a hundred serials cost one batch of AES and no HKDF.
#pragma once
#include "service/gs1/id.h"
#include "service/journal/site.h"
#include "service/pool/pool_db.h"
#include "service/unit/run.h"

struct names;
struct names *names_new(const struct site *site);
void names_free(struct names **n);
struct names *names_here(const struct site *site); // this thread's own, made at first use
void names_leave(void); // frees this thread's own before its end, where the site ends first

// Bare serials (AI 21 values) of one GTIN -> units; {0} where it was never issued or imported.
// Older epochs are looked at first, then the present one, then imported numbers (DESIGN idea 4).
void names_find_serials(struct names *n, struct txn *t, const char gtin[14], const str *serials,
                        uint32_t count, unit_id *out);
// Any identifier of a unit (SGTIN or SSCC); *owner is whose it is. False: not known here.
bool names_find(struct names *n, struct txn *t, const struct gs1_id *id, unit_id *out,
                client_id *owner);

// The identifier of a unit; its texts lie in the arena.
status names_id(struct names *n, struct txn *t, unit_id u, struct arena *a, struct gs1_id *out);
// Texts of a whole run, for rendering many: `each` gets them in order. names.unknown_space.
typedef void names_each(void *self, const struct gs1_id *id);
status names_run(struct names *n, struct txn *t, struct run r, names_each *each, void *self);
// The bare text of a run's numbers: serials, the 18 digits of SSCCs, of foreign units the canonical
// text of the whole identity.
typedef void names_text(void *self, str text);
status names_texts(struct names *n, struct txn *t, struct run r, names_text *each, void *self);
// The same, written one after the other, each between `before` and `after`. False where a text
// may hold a quote or a comma, or is a row: then nothing was done, and names_texts says them.
struct names_frame {
    str before, after;
};
bool names_framed(struct names *n, struct txn *t, struct run r, const struct names_frame *f,
                  struct buf *out);
// Runs that other text stands between, spelled together: a call of the cipher for each run of a few
// costs more than the numbers. Room is left for the texts, which are written by names_now at last:
// to be called before the buffer is read or given another snapshot.
#define NAMES_LATER 1024u
struct names_later {
    struct names *names;
    struct txn *t;
    struct buf *out;
    uint32_t space, n; // numbers of one space that are to come
    uint64_t ordinal[NAMES_LATER];
    size_t at[NAMES_LATER]; // in the buffer
};
void names_later_init(struct names_later *l, struct names *n, struct txn *t, struct buf *out);
// As names_framed.
bool names_later(struct names_later *l, struct run r, const struct names_frame *f);
void names_now(struct names_later *l);
// The space of a unit, remembered until another call. NULL: no such space. What changes (`high`,
// `issued` and the other counts) is not kept fresh, and `definition` is empty.
const struct space_row *names_space(struct names *n, struct txn *t, uint32_t space);
