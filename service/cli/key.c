// `packtrail key add DIR`: another site key for a site that does not run, which random numbers come
// from afterwards. The line goes into site.key first: where the fact is not made any more, the next
// start makes it (service/serve.c).
#include "common/form.h"
#include "service/cli/cli.h"
#include "service/cli/signing.h"
#include "service/cli/stopped.h"
#include "service/pool/epoch.h"
#include <openssl/crypto.h>
#include <stdio.h>

struct wish {
    str reason, by, sign, second, meaning;
};
#define W(member) .at = offsetof(struct wish, member)
// clang-format off
static const struct form_field fields[] = {
    {.name = "reason", .kind = FORM_STR, W(reason), .required = true, .max = 500},
    {.name = "by", .kind = FORM_STR, W(by), .required = true, .max = 200},
    {.name = "sign", .kind = FORM_NAME, W(sign)},
    {.name = "second", .kind = FORM_NAME, W(second)},
    {.name = "meaning", .kind = FORM_STR, W(meaning), .max = 64},
    {0},
};
// clang-format on
static const struct form form = {"key", sizeof(struct wish), fields, 1};

// The present file is this site's. A line in it that waits is the next start's to take into use;
// where two must sign it is this command's.
static status keys_check(struct stopped *s, const struct site_keys *keys, bool *waits)
{
    struct txn *t = txn_read(s->site.db);
    struct journal_meta meta;

    status st = journal_meta_get(t, &s->arena, &meta);
    if (st.cls == ST_OK) st = epoch_check(t, &meta, keys);
    *waits = st.cls == ST_OK && epoch_waits(t, keys);
    if (*waits && !second_is_marked(&s->site, SECOND_ADD_KEY))
        st = fail(ST_CONFLICT, "epoch.waits", 0,
                  "site.key has a newer key already: the next start takes it into use");
    status end = txn_end(&t, false);
    return st.cls != ST_OK ? st : end;
}

static status line_add(const char *path, struct site_keys *keys)
{
    uint8_t key[SITE_KEY_SIZE];

    env_random(&env_real, key, sizeof key);
    status st = site_keys_add(keys, key);
    OPENSSL_cleanse(key, sizeof key);
    TRY(st);
    return site_keys_save(path, keys);
}

// Who must sign does so before the file is touched.
static status signatures_check(struct stopped *s, const struct wish *w, struct second_pair *out)
{
    struct signing_wish signing = {w->sign, w->second, w->meaning, w->reason};

    TRY(signing_run(s, SECOND_ADD_KEY, &signing, out));
    if (out->n == 2 || !second_is_marked(&s->site, SECOND_ADD_KEY)) return OK;
    return fail(ST_CONFLICT, "act.second", 0, "two people must sign it: --sign NAME --second NAME");
}

static status in_use(struct stopped *s, uint32_t *epoch)
{
    struct txn *t = txn_read(s->site.db);

    *epoch = epoch_now(t);
    return txn_end(&t, false);
}

// Each line that waits is signed for by itself.
static void say(const struct site_keys *keys, const char *path, uint32_t epoch)
{
    printf("epoch %u is in use: copy %s to where it is kept safe\n", epoch, path);
    if (keys->count > epoch)
        printf("%u more %s: give the command again for the next\n", keys->count - epoch,
               keys->count - epoch == 1 ? "line waits" : "lines wait");
}

static status key_add(struct stopped *s, const char *path, const struct wish *w,
                      struct site_keys *keys)
{
    struct epoch_ask what = {.reason = w->reason, .by = w->by};
    struct ask ask;
    uint32_t epoch;
    bool waits;

    TRY(stopped_clock(s));
    TRY(site_keys_load(path, keys));
    TRY(keys_check(s, keys, &waits));
    TRY(signatures_check(s, w, &what.pair));
    if (!waits) TRY(line_add(path, keys));
    s->site.keys = keys;
    TRY(stopped_run(s, &kind_epoch_added, &what, &ask));
    TRY(in_use(s, &epoch));
    say(keys, path, epoch);
    return cli_output_done();
}

static status add(struct stopped *s, char **named, str json)
{
    static struct site_keys keys;
    char path[FOLDER_PATH_MAX];
    struct wish w;

    (void)named;
    TRY(form_parse(&form, json, &s->arena, &w));
    TRY(folder_path(&s->folder, "site.key", path));
    status st = key_add(s, path, &w, &keys);
    site_keys_fini(&keys);
    return st;
}

int cli_key(int argc, char **argv)
{
    static const struct stopped_verb verbs[] = {
        {"add",                            1, "reason by sign second meaning", "reason", true, add},
        {0},
    };

    return stopped_command(verbs, argc, argv);
}
