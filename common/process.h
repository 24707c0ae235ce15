// process.h - what others on the machine may learn of this process.
#pragma once
#include "common/status.h"

// From here on no core file is written, no debugger of the same user looks in (root's does), files
// in /proc are root's, and nothing that it starts gets more rights than it has.
void process_seal(void);
// Core files and debuggers again, for who looks for a mistake.
void process_unseal(void);

// The calls of the system that a running service needs, for all threads, those to come too. To
// execute something, make a process, look into one or take a right ends this one after a line on
// standard error; what is merely not known here is answered as if the system had no such call
// (ENOSYS), or, where it is `strict`, is the end as well. sandbox.machine: there is no filter.
status process_confine(bool strict);
