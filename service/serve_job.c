#include "service/serve_job.h"

static void arrived(struct job *j) { *(bool *)j->owner = true; }

status serve_job_run(struct site *site, struct arena *a, struct ask *asks, uint32_t n)
{
    struct loop *home = loop_new("start");
    struct job *j = job_new(a, home, n);
    status st = OK;
    bool done = false;

    if (j == NULL) {
        loop_free(&home);
        return no_memory();
    }
    for (uint32_t i = 0; i < n; i++) j->asks[i] = asks[i];
    j->done = arrived;
    j->owner = &done;
    assert(committer_submit(site->committer, j)); // nobody else asks yet
    while (!done) {
        committer_step(site->committer, false);
        loop_step(home, false);
    }
    loop_free(&home);
    for (uint32_t i = 0; i < n; i++) {
        asks[i] = j->asks[i];
        if (st.cls == ST_OK) st = asks[i].result;
    }
    return j->whole.cls != ST_OK ? j->whole : st;
}
