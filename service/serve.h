// serve.h - the whole service: put together from the settings, run until a signal, taken apart.
#pragma once
#include "common/status.h"

struct serve_options {
    const char *file;   // packtrail.yaml in the site's folder
    const char *listen; // instead of what the file says, or NULL
};

// Says `listening on …` on standard output once it is ready. Returns OK after SIGTERM or SIGINT,
// when all that had begun is answered and stored; else why it could not start.
status serve_run(const struct serve_options *o);
