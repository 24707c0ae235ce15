// known.c - makes a stopped service know foreign identifiers, many millions of them.
//
//     known DATA FROM COUNT
//
// COUNT of those that `load foreign` names, from FROM on, become units of the first client, which
// has foreign units already. Rows alone are written, without facts (the folder is none that can be
// verified), and in the order of the index: each page of it once, which takes seconds for what
// takes hours one by one. A page is left as full as pages are that are split as they come.
#include "common/digest.h"
#include "service/journal/ledger.h"
#include "service/pool/foreign.h"
#include "service/pool/pool_int.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_TXN 200000u
#define PASSES 2u // over the names: what comes second splits what came first

struct name {
    uint64_t at; // in the index: first bytes of the digest
    uint64_t number;
};

static const client_id client = {1};

static void must(status st, const char *what)
{
    if (st.cls == ST_OK) return;
    fprintf(stderr, "known: %s: %s %s\n", what, st.reason, st.text);
    exit(1);
}

static str text_of(uint64_t number, char room[64])
{
    int n = snprintf(room, 64, "https://id.gs1.org/01/09521999000006/21/S%012llu",
                     (unsigned long long)number);
    return (str){room, (size_t)n};
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = ((const struct name *)a)->at, y = ((const struct name *)b)->at;

    return (x > y) - (x < y);
}

static struct name *names_make(uint64_t from, uint64_t count)
{
    struct name *all = calloc(count, sizeof *all);
    char room[64];

    if (all == NULL) exit(1);
    for (uint64_t i = 0; i < count; i++) {
        struct sha256 sum = sha256_of(text_of(from + i, room));
        all[i] = (struct name){get_be(sum.b, 8), from + i};
    }
    qsort(all, count, sizeof *all, by_place);
    return all;
}

static struct space_row space_find(struct db *db)
{
    char key[5] = {ROW_FOREIGN};
    struct space_row s = {0};
    struct txn *t = txn_read(db);
    str v;

    put_be(key + 1, client.v, 4);
    bool found = txn_get(t, DB_ROWS, (str){key, sizeof key}, &v) && v.n == 3 &&
                 space_row_get(t, (uint32_t)get_be(v.p, 3), &s);
    must(txn_end(&t, false), "read");
    if (!found) exit(1);
    return s;
}

static void put_some(struct db *db, struct space_row *s, const struct name *all, uint64_t count,
                     uint64_t step)
{
    struct txn *t = txn_write(db);
    char room[64];

    for (uint64_t i = 0; i < count; i += step) {
        struct text_of of = {.client = client, .text = text_of(all[i].number, room)};
        list_number_put(t, unit_id_of(s->space, s->capacity++), &of, (str){0});
    }
    space_row_put(t, s);
    must(txn_end(&t, true), "write");
}

int main(int argc, char **argv)
{
    struct db_conf conf = {.map_max = 256 * GB, .readers = 8};
    struct db *db;

    if (argc != 4) return 2;
    conf.folder = argv[1];
    uint64_t from = strtoull(argv[2], NULL, 10), count = strtoull(argv[3], NULL, 10);
    must(db_open(&conf, &db), argv[1]);
    struct space_row s = space_find(db);
    struct name *all = names_make(from, count);
    for (uint64_t pass = 0; pass < PASSES; pass++)
        for (uint64_t at = pass; at < count; at += PASSES * (uint64_t)IN_TXN) {
            uint64_t left = count - at, most = PASSES * (uint64_t)IN_TXN;
            put_some(db, &s, all + at, left < most ? left : most, PASSES);
        }
    free(all);
    db_close(&db);
    return 0;
}
