// demo.h - the command `packtrail demo`: a whole site in one command, for somebody who has never
// seen one. It starts the real service on a folder of its own and talks to it over HTTP as lines,
// operators and a partner would.
#pragma once

int cli_demo(int argc, char **argv); // 0 done, 1 something was not as it must be, 2 wrong usage
