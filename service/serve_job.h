// serve_job.h - commands that the service gives itself while it starts, before its threads run.
#pragma once
#include "service/journal/site.h"

// Runs a job of n asks, all in one transaction, on this thread. The job's trouble or the first
// ask's that was refused. The asks hold the answers, in the arena.
status serve_job_run(struct site *site, struct arena *a, struct ask *asks, uint32_t n);
