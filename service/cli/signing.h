// signing.h - people who sign a command on a site that does not run, and their passwords.
#pragma once
#include "service/access/password.h"
#include "service/access/second.h"
#include "service/cli/stopped.h"

// A line of standard input; at a terminal it is asked for and not shown. `out` is of the room.
// password.length: none came.
status signing_password(str prompt, char room[PASSWORD_TEXT_MAX], str *out);

struct signing_wish { // as the command said it; NULL: nobody signs
    str first, second, meaning, reason;
};
// Both passwords are read, the first one's first. Each must be another person who may sign the act.
// A wrong password becomes facts, as over HTTP. Where nobody signs, nothing is read and out->n is
// 0. signing.two: one is named without the other; act.second: the two are one; and the codes of
// signature_check.
status signing_run(struct stopped *s, enum second_act act, const struct signing_wish *w,
                   struct second_pair *out);
