// certificate_db.h - the rows of certificates: which stands for whom.
#pragma once
#include "service/access/actor_db.h"

enum certificate_sort { // on disk
    CERTIFICATE_FINGERPRINT = 'f',
    CERTIFICATE_SUBJECT = 's',
    CERTIFICATE_ISSUED = 'i' // a subject of one authority
};

struct certificate {
    str name;       // in paths
    uint32_t actor; // who calls with it
    uint64_t seq;   // of the fact that put it
    enum certificate_sort sort;
    str what; // SHA-256 of the certificate's DER, 32 bytes; its subject; or subject str, authority
              // str
};

// Views of the row. False: none, or trouble that the transaction keeps.
bool certificate_get(struct txn *t, str name, struct certificate *out);
// Those by name, after `after` (empty: from the first); the walk's key lies in `key`.
struct walk certificate_walk(struct txn *t, str after, struct buf *key);
bool certificate_next(struct walk *w, struct certificate *out);
// The actor that such a certificate stands for, ended ones too; 0: none. CERTIFICATE_NOBODY: it has
// ended, and its name stands for another one since.
#define CERTIFICATE_NOBODY UINT32_MAX
uint32_t certificate_actor(struct txn *t, enum certificate_sort sort, str what);

// `old`, or NULL, is what the name stood for; where that has ended it is nobody's from now on.
void certificate_put(struct txn *t, const struct certificate *c, const struct certificate *old,
                     bool ended);
