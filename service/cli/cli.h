// cli.h - the commands of `packtrail`. Each gets its own name as argv[0] and gives the exit code:
// 0 done, 1 failed or refused, 2 wrong usage.
#pragma once
#include "common/status.h"

#define CLI_WRONG_USAGE 2

int cli_init(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_journal(int argc, char **argv);
int cli_configuration(int argc, char **argv);
int cli_archive(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_key(int argc, char **argv);
int cli_convert(int argc, char **argv);
int cli_hash(int argc, char **argv);
int cli_validate(int argc, char **argv);

// Says on standard error how the command is used.
int cli_usage(const char *command);
// The exit code; what was wrong goes to standard error as `packtrail COMMAND: code: sentence`.
int cli_end(const char *command, status st);
// Everything that was printed has left: file.write where not.
status cli_output_done(void);
