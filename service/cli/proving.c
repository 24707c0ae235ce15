#include "service/cli/proving.h"
#include "common/env.h"
#include "service/kinds.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define QUIET_MS 2000 // what takes longer says how far it has come
#define EVERY_MS 1000

struct telling {
    mono from, last;
};

static void tell(void *self, const char *step, uint64_t done, uint64_t of)
{
    struct telling *t = self;
    mono now = env_mono(&env_real);

    if (now.ms - t->from.ms < QUIET_MS || now.ms - t->last.ms < EVERY_MS) return;
    t->last = now;
    fprintf(stderr, "%s: %" PRIu64 " of %" PRIu64 " records\n", step, done, of);
}

const char *proving_scratch(const struct folder *f)
{
    const char *told = getenv("TMPDIR");
    const char *beside = f->site[0] != 0 ? f->site : f->data;

    if (told != NULL && *told != 0) return told;
    return access(beside, W_OK) == 0 ? beside : "/tmp";
}

status prove(const struct folder *f, bool may_be_behind, struct verify_result *out)
{
    struct telling telling = {.from = env_mono(&env_real)};
    struct verify_conf conf = {.folder = f,
                               .kinds = site_kinds,
                               .scratch = proving_scratch(f),
                               .progress = tell,
                               .self = &telling,
                               .may_be_behind = may_be_behind};

    return verify_run(&conf, out);
}
