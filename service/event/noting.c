// The spellings here are part of what is written and never change: canonical Digital Links of
// locations and parties, classes as index.c makes them.
#include "service/event/noting.h"
#include "service/pool/pool_db.h"
#include <stdio.h>
#include <string.h>

#define HOUR_MS 3600000

enum { GLN_TEXT_MAX = 64, PAIR_MAX = 96, SSCC_PREFIX = 4 };

void noting_begin(struct noting *n, struct txn *t, const struct fact *f, struct arena *a)
{
    int64_t ms = f->event.at.ms;
    char hour[4];

    *n = (struct noting){.t = t, .f = f};
    indexer_begin(&n->x, a);
    put_be(hour, ms < 0 ? 0 : (uint32_t)(ms / HOUR_MS), 4);
    indexer_value(&n->x, LIST_HOUR, (str){hour, sizeof hour});
}

void noting_event(struct noting *n, enum epcis_type type, enum epcis_step step,
                  enum epcis_disposition disposition)
{
    char byte = (char)type;

    indexer_value(&n->x, LIST_TYPE, (str){&byte, 1});
    indexer_value(&n->x, LIST_STEP, epcis_word(EPCIS_VOC_STEP, step));
    indexer_value(&n->x, LIST_DISPOSITION, epcis_word(EPCIS_VOC_DISP, disposition));
}

void noting_value(struct noting *n, enum list_attribute of, str value)
{
    indexer_value(&n->x, of, value);
}

static str gln_text(char room[GLN_TEXT_MAX], const char *ai, uint64_t gln)
{
    int n =
        snprintf(room, GLN_TEXT_MAX, "https://id.gs1.org/%s/%013llu", ai, (unsigned long long)gln);

    assert(n > 0 && n < GLN_TEXT_MAX);
    return (str){room, (size_t)n};
}

void noting_read_point(struct noting *n, uint64_t gln)
{
    char room[GLN_TEXT_MAX];

    if (gln != 0) indexer_value(&n->x, LIST_READ_POINT, gln_text(room, "414", gln));
}

void noting_biz_location(struct noting *n, uint64_t gln)
{
    char room[GLN_TEXT_MAX];

    if (gln != 0) indexer_value(&n->x, LIST_BIZ_LOCATION, gln_text(room, "414", gln));
}

static void note_end(struct noting *n, enum list_attribute of, enum epcis_end type, str id)
{
    str word = epcis_word(EPCIS_VOC_END, type);
    char pair[PAIR_MAX];

    assert(word.n + 1 + id.n <= INDEX_VALUE_MAX);
    memcpy(pair, word.p, word.n);
    pair[word.n] = '\0';
    memcpy(pair + word.n + 1, id.p, id.n);
    indexer_value(&n->x, of, (str){pair, word.n + 1 + id.n});
}

void noting_party(struct noting *n, enum list_attribute of, uint64_t gln)
{
    char room[GLN_TEXT_MAX];

    if (gln != 0) note_end(n, of, EPCIS_END_OWNING_PARTY, gln_text(room, "417", gln));
}

void noting_location(struct noting *n, enum list_attribute of, uint64_t gln)
{
    char room[GLN_TEXT_MAX];

    if (gln != 0) note_end(n, of, EPCIS_END_LOCATION, gln_text(room, "414", gln));
}

// What all numbers of a space have in common: the GTIN, or the SSCCs' company prefix.
static void note_space(struct noting *n, const struct space_row *s)
{
    char text[8 + 14];
    str prefix = space_company_prefix(s);

    if (prefix.n >= SSCC_PREFIX) {
        memcpy(text, "sscc:", 5);
        memcpy(text + 5, prefix.p, SSCC_PREFIX);
        indexer_value(&n->x, LIST_ITEM_CLASS, (str){text, 5 + SSCC_PREFIX});
    } else if (s->sort == SPACE_OF_SGTIN || s->sort == SPACE_OF_LIST) {
        memcpy(text, "gtin:", 5);
        memcpy(text + 5, s->gtin + 1, 13);
        text[18] = s->gtin[0];
        indexer_value(&n->x, LIST_ITEM_CLASS, (str){text, 19});
    } else {
        txn_spoil(n->t, "store.corrupt", "a unit of an unknown sort of space");
    }
}

// Units that began elsewhere have nothing in common.
static void note_foreign(struct noting *n, const struct run *r)
{
    struct list_number number;
    struct gs1_id id;

    for (uint32_t i = 0; i < r->count; i++) {
        if (!list_number_get(n->t, (unit_id){r->first.v + i}, &number)) {
            txn_spoil(n->t, "store.corrupt", "a foreign unit without a name");
            return;
        }
        if (gs1_read(number.text, n->x.arena, &id).cls != ST_OK)
            id = (struct gs1_id){.scheme = GS1_URI, .ext = number.text};
        indexer_epc(&n->x, &id);
    }
}

void noting_units(struct noting *n, const struct runs *units)
{
    struct space_row s;

    for (uint32_t i = 0; i < units->n; i++) {
        uint32_t space = unit_space(units->at[i].first);
        if (space != n->space && !space_get(n->t, space, &s)) {
            txn_spoil(n->t, "store.corrupt", "a unit of no space");
            return;
        }
        if (space != n->space) n->is_foreign = s.sort == SPACE_OF_FOREIGN;
        if (n->is_foreign)
            note_foreign(n, &units->at[i]);
        else if (space != n->space)
            note_space(n, &s);
        n->space = space;
    }
}

void noting_end(struct noting *n)
{
    struct index_entries all;

    if (indexer_end(&n->x, &all).cls != ST_OK) {
        txn_spoil(n->t, "record.corrupt", "what a fact is found by");
        return;
    }
    for (uint32_t i = 0; i < all.n; i++)
        list_note(n->t, n->f->client, all.at[i].of, all.at[i].value, n->f->seq);
}
