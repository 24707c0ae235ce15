// stopped.h - commands on a site that does not run: the same kinds of facts as over HTTP, decided
// and written here, by the service itself (actor 0) and with nobody else at work.
#pragma once
#include "service/journal/site.h"
#include "service/ops/folder.h"
#include "service/pool/site_key.h"
#include "service/settings.h"

struct stopped {
    struct folder folder;
    struct arena arena;
    struct site_settings settings;
    struct site site;
    struct clock_conf clock; // to change; and keys
    struct site_keys keys;
};

// To change: takes the folder's lock (folder.in_use while a service runs), as the user whose it is
// (folder.owner), and holds head.json against the store. To look: beside one.
status stopped_open(const char *dir, bool change, struct stopped *s);
// clock.jumped: it is stopped, and all but what is allowed meanwhile will be refused. Who changes
// more than the store asks before.
status stopped_clock(struct stopped *s);
status stopped_run(struct stopped *s, const struct kind *k, const void *what, struct ask *out);
void stopped_close(struct stopped *s); // also after a failed open

// One object, in `b`, as a line on standard output.
status stopped_say(struct buf *b);

// What a command does with its first word. The others are `named` places (DIR, or DIR and a name),
// then `--word value` pairs, which `run` gets as a JSON object: `client`s as the list `clients`.
struct stopped_verb {
    const char *name;
    int named;
    const char *words;  // that may follow
    const char *needed; // one that must, or NULL
    bool change;
    status (*run)(struct stopped *s, char **named, str json);
};
// The command's exit code. `verbs` end with {0}.
int stopped_command(const struct stopped_verb *verbs, int argc, char **argv);
