// `packtrail user add|password|list DIR`: people of a site that does not run.
#include "service/access/user.h"
#include "service/access/password.h"
#include "service/cli/cli.h"
#include "service/cli/signing.h"
#include "service/cli/stopped.h"
#include "service/item/item_api.h"
#include <openssl/crypto.h>

static const struct form_field reason_fields[] = {
    {.name = "reason",  .kind = FORM_STR, .required = true, .max = 500},
    {0},
};
static const struct form reason_form = {"command", sizeof(str), reason_fields, 1};

static status put_run(struct stopped *s, struct item_put *put, struct ask *ask)
{
    put->name = arena_str(&s->arena, put->name);
    return stopped_run(s, &kind_user_put, put, ask);
}

static status add(struct stopped *s, char **named, str json)
{
    struct item_put put;
    struct ask ask;

    struct txn *t = txn_read(s->site.db);
    struct item_text text = {str_of(named[1]), json, &s->site};
    status st = item_put_read(t, &noun_user, &text, &s->arena, &put);
    status end = txn_end(&t, false);
    TRY(st);
    TRY(end);
    return put_run(s, &put, &ask);
}

static status set_password(struct stopped *s, char **named, str json)
{
    static char room[PASSWORD_TEXT_MAX];
    struct item_put put = {.name = str_of(named[1])};
    struct ask ask;
    str password;

    TRY(form_parse(&reason_form, json, &s->arena, &put.reason));
    TRY(signing_password(S("password"), room, &password));
    struct txn *t = txn_read(s->site.db);
    status st = user_password_put(&s->site, t, &s->arena, password, &put);
    status end = txn_end(&t, false);
    OPENSSL_cleanse(room, sizeof room);
    TRY(st);
    TRY(end);
    return put_run(s, &put, &ask);
}

static status say_one(struct stopped *s, struct txn *t, const struct item *i)
{
    void *value = arena_alloc(&s->arena, noun_user.form->size);
    struct buf b;

    if (value == NULL) return no_memory();
    TRY(item_value(&noun_user, i, &s->arena, value));
    buf_init(&b, 1 * MB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_kstr(&w, noun_user.word, i->name);
    form_write(noun_user.form, value, &w);
    status st = noun_user.show(t, env_wall(&env_real), i, value, &w);
    json_w_end(&w);
    if (st.cls == ST_OK) st = stopped_say(&b);
    buf_fini(&b);
    return st;
}

static status list(struct stopped *s, char **named, str json)
{
    status st = OK;
    struct buf key;
    struct item i;

    (void)named, (void)json;
    struct txn *t = txn_read(s->site.db);
    buf_init(&key, KB);
    struct walk walk = item_walk(t, &noun_user, (str){"", 0}, &key);
    while (st.cls == ST_OK && item_next(&walk, &i)) st = say_one(s, t, &i);
    walk_close(&walk);
    buf_fini(&key);
    status end = txn_end(&t, false);
    return st.cls != ST_OK ? st : end;
}

int cli_user(int argc, char **argv)
{
    static const struct stopped_verb verbs[] = {
        {"add",                      2, "name role client reason", "reason", true, add},
        {"password", 2, "reason", "reason", true, set_password},
        {"list",                      1, "", NULL, false, list},
        {0                         },
    };

    return stopped_command(verbs, argc, argv);
}
