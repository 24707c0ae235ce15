// whole.h - packing as partners see it who want a container told once, when it is closed: what was
// put into it, and not taken out again, since it was closed before.
//
// Told from the container's chain of facts and so the same at every time.
#pragma once
#include "service/event/contents.h"

// Children that were packed before `f`, a fact about the container, and told by nobody yet; in the
// order of packing. {0} runs: none. Captured events tell themselves.
status whole_untold(struct txn *t, const struct fact *f, struct arena *a, struct runs *out);
// The first without the second.
struct runs whole_less(struct arena *a, const struct runs *all, const struct runs *gone);
