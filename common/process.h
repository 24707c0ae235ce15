// process.h - what others on the machine may learn of this process.
#pragma once
#include "common/status.h"

// From here on no core file is written, no debugger of the same user looks in (root's does), files
// in /proc are root's, and nothing that it starts gets more rights than it has.
void process_seal(void);
// Core files and debuggers again, for who looks for a mistake.
void process_unseal(void);

// The calls of the system that a running service needs, for all threads, those to come too; another
// one ends the process (SIGSYS) after a line on standard error. Nothing can be executed any more,
// no process made, no right taken. sandbox.machine (a system that has no filter).
status process_confine(void);
