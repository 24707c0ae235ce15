// convert.h - the command `packtrail convert`.
#pragma once

// argv[0] is "convert". Identifiers on standard input, one a line, at most GS1_TEXT_MAX bytes; one
// answer line each, "! <code> <sentence>" where one is refused. Returns the exit code: 0 all were
// converted, 1 some were refused or a file could not be read or written, 2 wrong usage.
int cli_convert(int argc, char **argv);
