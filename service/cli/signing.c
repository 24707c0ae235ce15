#include "service/cli/signing.h"
#include "service/access/user.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

status signing_password(str prompt, char room[PASSWORD_TEXT_MAX], str *out)
{
    bool terminal = isatty(STDIN_FILENO) == 1;
    struct termios before, silent;

    if (terminal && tcgetattr(STDIN_FILENO, &before) == 0) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        fprintf(stderr, "%.*s: ", STR(prompt));
    } else {
        terminal = false;
    }
    char *got = fgets(room, PASSWORD_TEXT_MAX, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (got == NULL) return fail(ST_BAD_INPUT, "password.length", 0, "no password came");
    *out = (str){room, strcspn(room, "\n")};
    return OK;
}

// As over HTTP: it is a fact, and too many lock the person.
static status count_wrong(struct stopped *s, const struct signature_named *who, status st)
{
    struct user u = {.number = who->number, .name = who->user};
    struct password_wrong wrong = {.user = &u};
    struct ask ask;

    TRY(stopped_run(s, &kind_password_refused, &wrong, &ask));
    TRY(stopped_run(s, &kind_user_locked, &wrong, &ask));
    return st;
}

static status sign(struct stopped *s, const struct signature_rule *rule,
                   struct signature_named *who, struct signature *out)
{
    static char room[PASSWORD_TEXT_MAX];
    char prompt[96];

    snprintf(prompt, sizeof prompt, "password of %.*s", STR(str_shown(who->user, 64)));
    TRY(signing_password(str_of(prompt), room, &who->said.password));
    status st = signature_by_name(&s->site, &s->arena, rule, who, out);
    OPENSSL_cleanse(room, sizeof room);
    if (strcmp(st.cls == ST_OK ? "" : st.reason, "signature.password") == 0)
        return count_wrong(s, who, st);
    return st;
}

status signing_run(struct stopped *s, enum second_act act, const struct signing_wish *w,
                   struct second_pair *out)
{
    struct signature_rule rule = {.roles = second_roles(act)};
    struct signature_said said = {.meaning = w->meaning, .reason = w->reason};
    str names[2] = {w->first, w->second};

    *out = (struct second_pair){0};
    if (names[0].n == 0 && names[1].n == 0) return OK;
    if (names[0].n == 0 || names[1].n == 0 || w->meaning.n == 0)
        return fail(ST_BAD_INPUT, "signing.two", 0,
                    "two sign: --sign NAME --second NAME --meaning WORD");
    if (str_eq(names[0], names[1]))
        return fail(ST_CONFLICT, "act.second", 0, "the same person cannot sign it twice");
    for (uint32_t i = 0; i < 2; i++) {
        struct signature_named who = {.user = names[i], .said = said};
        TRY(sign(s, &rule, &who, &out->by[i]));
    }
    out->n = 2;
    return OK;
}
