#include "common/process.h"
#include <sys/prctl.h>
#include <sys/resource.h>

static void seal(bool sealed)
{
    struct rlimit core;

    // Where cores go to a program instead of a file the limit is not looked at: both are needed.
    bool set =
        prctl(PR_SET_DUMPABLE, sealed ? 0 : 1, 0, 0, 0) == 0 && getrlimit(RLIMIT_CORE, &core) == 0;
    core.rlim_cur = sealed ? 0 : core.rlim_max;
    set = set && setrlimit(RLIMIT_CORE, &core) == 0;
    assert(set);
}

void process_seal(void)
{
    seal(true);
    bool set = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    assert(set);
}

void process_unseal(void) { seal(false); }
