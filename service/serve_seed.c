// The way of a PUT without HTTP: the route says the noun; its form, rules and command are the same.
#include "service/serve_seed.h"
#include "common/log.h"
#include "service/item/item_api.h"
#include "service/ops/scratch.h"
#include "service/ops/seeded.h"
#include "service/pool/names.h"
#include "service/routes.h"
#include "service/serve_job.h"
#include <string.h>

#define SEED_MEMORY (16 * MB) // of one
#define TRIAL_MAP   (8 * GB)  // of a store that nobody has used yet

// The noun whose PUT the path is of, and the name in it.
static const struct item_noun *noun_of(str path, str *name)
{
    for (const struct http_route *const *table = site_routes; *table != NULL; table++)
        for (const struct http_route *r = *table; r->path != NULL; r++) {
            str base = str_of(r->path);
            if (r->method != HTTP_PUT || r->run != item_api_put) continue;
            base.n = (size_t)(strchr(r->path, '{') - r->path);
            if (!str_starts(path, base)) continue;
            *name = str_from(path, base.n);
            if (memchr(name->p, '/', name->n) == NULL) return r->app;
        }
    return NULL;
}

static status command_of(struct site *site, const struct seed *seed, struct arena *a,
                         struct ask *ask)
{
    struct item_put *put = NEW(a, struct item_put);
    str coded, name;
    const struct item_noun *n = noun_of(seed->path, &coded);

    if (n == NULL)
        return fail(ST_BAD_INPUT, "seed.path", 0, "%.*s is not a path that takes PUT",
                    STR(seed->path));
    TRY(http_decode(coded, false, a, &name));

    if (put == NULL) return no_memory();
    struct txn *t = txn_read(site->db);
    status st = item_put_read(t, n, &(struct item_text){name, seed->json, site}, a, put);
    status end = txn_end(&t, false);
    *ask = (struct ask){.kind = n->kind, .what = put};
    return st.cls == ST_OK ? end : st;
}

static status put_one(struct site *site, const struct seed *seed, struct arena *a)
{
    struct ask ask;

    TRY(command_of(site, seed, a, &ask));
    return serve_job_run(site, a, &ask, 1);
}

static status put_all(struct site *site, const struct seed *seeds, uint32_t n)
{
    struct arena a;

    for (uint32_t i = 0; i < n; i++) {
        arena_init(&a, SEED_MEMORY);
        status st = put_one(site, &seeds[i], &a);
        arena_fini(&a);
        if (st.cls != ST_OK)
            return fail(st.cls, st.reason, 0, "seed, line %u: %s", seeds[i].line, st.text);
    }
    return OK;
}

status serve_seed_try(const struct site *site, const char *where, const struct seed *seeds,
                      uint32_t n)
{
    struct site trial = {.magic = SITE_MAGIC,
                         .env = site->env,
                         .kinds = site->kinds,
                         .meta = site->meta,
                         .keys = site->keys,
                         .limits = site->limits,
                         .people = site->people,
                         .master = site->master,
                         .pools_fit = site->pools_fit};
    struct committer_conf conf = {.kinds = site->kinds,
                                  .sequencer = sequencer_local(),
                                  .env = site->env,
                                  .app = &trial,
                                  .queue_max = 1,
                                  .batch_facts = 1};

    TRY(scratch_open(where, TRIAL_MAP, site->db, &trial.db));
    conf.db = trial.db;
    status st = committer_open(&conf, &trial.committer);
    if (st.cls == ST_OK) st = put_all(&trial, seeds, n);
    committer_close(&trial.committer);
    db_close(&trial.db);
    names_leave(); // spaces of the trial have the numbers of those to come
    return st;
}

status serve_seed(struct site *site, const char *where, const struct seed *seeds, uint32_t n)
{
    struct txn *t = txn_read(site->db);
    struct ask ask = {.kind = &kind_site_seeded, .what = &n};
    bool before = site_is_seeded(t);
    struct arena a;

    TRY(txn_end(&t, false));
    if (before) return OK;
    if (n > 0) TRY(serve_seed_try(site, where, seeds, n));
    TRY(put_all(site, seeds, n));
    arena_init(&a, SEED_MEMORY);
    status st = serve_job_run(site, &a, &ask, 1);
    arena_fini(&a);
    if (st.cls == ST_OK && n > 0) LOG(info, "site.seeded", fi("put", n));
    return st;
}
