// epoch.h - a newer site key comes into use: the line is in `site.key` first, then in a fact.
//
// row 'M' 'e' epoch 4 -> check bytes 8 (site_keys_check), for every epoch after the first, whose
// check bytes lie in the first fact
#pragma once
#include "service/access/second.h"
#include "service/journal/kind.h"
#include "service/journal/site.h"
#include "service/pool/site_key.h"

// The present epoch: 1 until others were added.
uint32_t epoch_now(struct txn *t);
// Do the keys fit what the facts say of each epoch? site_key.wrong, site_key.epoch: one is missing.
// A newer epoch than the facts know is no trouble: it comes into use by kind_epoch_added.
status epoch_check(struct txn *t, const struct journal_meta *meta, const struct site_keys *keys);

// Does the file have a line that no fact knows yet? It seals nothing: it could be taken back.
bool epoch_waits(struct txn *t, const struct site_keys *keys);
status epoch_refusal(void); // epoch.waits: two must sign for it, where add_key is marked

struct epoch_ask { // why, and who says so: for people
    str reason, by;
    struct second_pair pair;
};
// ask: struct epoch_ask, or NULL where a start finds the line. Takes the next epoch of the site's
// keys into use. epoch.none: there is none; act.second: nobody has signed it.
extern const struct kind kind_epoch_added, kind_epoch_added_1;
