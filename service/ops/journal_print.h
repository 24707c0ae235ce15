// journal_print.h - facts for people: {"seq","time","kind","actor","user","client","lot",
// "happened","clock","fact":{…}} with what the kind has to say in `fact`; what does not apply is
// left out. `clock` is "unsure" where nobody could say that `time` is right. The fact of something
// that was configured again has `changes`: [{"field","old","new"}].
#pragma once
#include "service/api/caller.h"
#include "service/journal/kind.h"

struct journal_print {
    struct txn *t; // for the names of actors, clients and lots
    const struct kind *const *kinds;
    struct arena *scratch;
    const struct caller *caller; // whose count `seq` is (caller_seq); NULL: the site's
};

void journal_print_json(const struct journal_print *p, const struct fact *f, struct json_w *w);

#define JOURNAL_CSV_HEAD "seq,time,kind,actor,user,client,lot,happened,clock,fact\r\n" // RFC 4180
void journal_print_csv(const struct journal_print *p, const struct fact *f, struct buf *b);
