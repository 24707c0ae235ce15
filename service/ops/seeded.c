// decided part of `site.seeded`: how many things were put 4
#include "service/ops/seeded.h"
#include "common/bytes.h"

static const char key[2] = {ROW_META, 's'};

bool site_is_seeded(struct txn *t)
{
    str v;
    return txn_get(t, DB_ROWS, (str){key, sizeof key}, &v);
}

static status seeded_decide(struct decide *d)
{
    const uint32_t *count = d->ask;

    if (site_is_seeded(d->t))
        return fail(ST_CONFLICT, "seed.taken", 0, "this site has been started before");
    bytes_u(d->out, *count, 4);
    return OK;
}

static void seeded_write(struct txn *t, const struct fact *f, const void *arg)
{
    (void)arg;
    txn_put(t, DB_ROWS, (str){key, sizeof key}, f->decided);
}

static void seeded_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);

    (void)arg;
    json_w_kint(w, "put", (int64_t)bytes_get_u(&r, 4));
}

const struct kind kind_site_seeded = {
    FACT_SITE_SEEDED, 1, "site.seeded", seeded_decide, seeded_write, seeded_print, NULL};
