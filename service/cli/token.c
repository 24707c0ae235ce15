// `packtrail token create|revoke|list DIR`: tokens of a site that does not run, such as another one
// of an administrator where the last was lost.
#include "service/access/token_wish.h"
#include "service/cli/cli.h"
#include "service/cli/stopped.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static status create(struct stopped *s, char **named, str json)
{
    static struct token_new n;
    struct token_wish w;
    struct ask ask;

    (void)named;
    TRY(form_parse(&token_wish_form, json, &s->arena, &w));
    struct txn *t = txn_read(s->site.db);
    status st = token_wish_take(&w, t, &env_real, &s->arena, &n);
    status end = txn_end(&t, false);
    TRY(st);
    TRY(end);
    TRY(stopped_run(s, &kind_token_created, &n, &ask));
    printf("%.*s: %.*s\n", STR(n.actor.id), (int)TOKEN_LEN, n.text);
    OPENSSL_cleanse(n.text, sizeof n.text);
    return cli_output_done();
}

static status revoke(struct stopped *s, char **named, str json)
{
    struct token_end e;
    struct actor x;
    struct ask ask;

    (void)json;
    struct txn *t = txn_read(s->site.db);
    bool found = actor_by_id(t, str_of(named[1]), &s->arena, &x);
    TRY(txn_end(&t, false));
    if (!found) return fail(ST_NOT_FOUND, "token.unknown", 0, "there is no such token");
    e.actor = x.number;
    return stopped_run(s, &kind_token_revoked, &e, &ask);
}

static status say_one(struct stopped *s, struct txn *t, const struct actor *x)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    struct json_w w = json_writer(&b);
    token_write(t, &s->arena, &w, x);
    status st = stopped_say(&b);
    buf_fini(&b);
    return st;
}

static status list(struct stopped *s, char **named, str json)
{
    struct txn *t = txn_read(s->site.db);
    uint64_t last = counter_get(t, COUNTER_ACTOR);
    status st = OK;
    struct actor x;

    (void)named, (void)json;
    for (uint32_t n = 1; n <= last && st.cls == ST_OK; n++, arena_reset(&s->arena))
        if (actor_get(t, n, &s->arena, &x) && actor_has_token(&x)) st = say_one(s, t, &x);
    status end = txn_end(&t, false);
    return st.cls != ST_OK ? st : end;
}

#define TOKEN_WORDS "role user client line party expires reason"

int cli_token(int argc, char **argv)
{
    static const struct stopped_verb verbs[] = {
        {"create",     1, TOKEN_WORDS, NULL, true, create},
        {"revoke", 2, "", NULL, true, revoke},
        {"list",        1, "", NULL, false, list},
        {0           },
    };

    return stopped_command(verbs, argc, argv);
}
