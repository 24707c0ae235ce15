// packtrail: the table of commands.
#include "common/need.h"
#include "common/process.h"
#include "service/cli/cli.h"
#include "service/demo/demo.h"
#include "service/ops/ops.h"
#include <stdio.h>
#include <string.h>

// clang-format off
static const struct command {
    const char *name, *usage, *says;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"init", "DIR", "makes a site's folder and its first token", cli_init},
    {"serve", "-c FILE [--listen ADDR:PORT]", "runs the service on the folder of FILE", cli_serve},
    {"check", "-c FILE [--alive] | --iq [DIR | -c FILE] [--json]",
     "checks a configuration and the machine; --alive asks the service that runs; --iq reports the "
     "installation",
     cli_check},
    {"verify",
     "DIR [--advance [--gtin GTIN] FILE… [--accept REASON --by WHO] [--sign NAME --second NAME "
     "--meaning WORD]]",
     "replays the journal of a folder that is not in use, and compares; after a restore moves the "
     "pools past the numbers in FILE",
     cli_verify},
    {"backup", "DIR DEST [--follow] [--with-key FILE]",
     "copies a site beside the service that runs on it, or what is new since the last time",
     cli_backup},
    {"restore", "SRC DIR --key FILE", "makes a site of a backup, once the backup is proven",
     cli_restore},
    {"journal", "DIR", "prints the journal, one JSON object a line", cli_journal},
    {"configuration", "-c FILE",
     "prints all that is configured as JSON that compares well, beside a service that runs",
     cli_configuration},
    {"archive", "DIR OUT [--gtin GTIN --lot LOT | --before DATE]",
     "writes closed lots, each with its records and balance, and a signed index, beside a "
     "service that runs; deletes nothing",
     cli_archive},
    {"user",
     "add DIR NAME --name TEXT --role ROLE [--client CLIENT]… --reason TEXT | password DIR NAME "
     "--reason TEXT | list DIR",
     "people of a stopped site (of one that runs: /v1/users); a password is a line of standard "
     "input",
     cli_user},
    {"token",
     "create DIR [--role ROLE] [--user NAME] [--client CLIENT]… [--line LINE] [--party GLN] "
     "[--expires TIME] | revoke DIR ID | list DIR",
     "tokens of a stopped site (of one that runs: /v1/tokens), such as where the last was lost",
     cli_token},
    {"key", "add DIR --reason TEXT --by WHO [--sign NAME --second NAME --meaning WORD]",
     "makes another site key, from which a stopped site's random numbers come from then on",
     cli_key},
    {"convert", "--to urn|dl|bracketed|raw|json-ld|xml-2.0|xml-1.2 [--prefixes FILE] [FILE]",
     "brings identifiers on standard input, one a line, or an EPCIS document to another form",
     cli_convert},
    {"hash", "FILE…", "prints the hash ids of the events in EPCIS documents", cli_hash},
    {"validate", "FILE…", "says of EPCIS documents whether they are right, and what is not",
     cli_validate},
    {"demo", "[--packs N] [--speed PACKS_PER_SECOND|max] [--keep DIR] [--listen ADDR:PORT]",
     "runs a whole site with sample data", cli_demo},
};
// clang-format on

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static void say_usage(FILE *to, const struct command *c)
{
    fprintf(to, "usage: packtrail %s %s\n", c->name, c->usage);
}

int cli_usage(const char *command)
{
    say_usage(stderr, find(command));
    return CLI_WRONG_USAGE;
}

int cli_end(const char *command, status st)
{
    if (st.cls == ST_OK) return 0;
    fprintf(stderr, "packtrail %s: %s: %s\n", command, st.reason, st.text);
    return 1;
}

status cli_output_done(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return OK;
    return fail(ST_INTERNAL, "file.write", 0, "standard output cannot be written");
}

static void say_all(FILE *to)
{
    fputs("usage: packtrail COMMAND …\n\n", to);
    for (size_t i = 0; i < LEN(commands); i++)
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].says);
    fputs("\npacktrail COMMAND --help says more; packtrail --version says which one this is.\n",
          to);
}

static bool asks_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run(const struct command *c, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!asks_help(argv[i])) continue;
        say_usage(stdout, c);
        printf("%s\n", c->says);
        return 0;
    }
    return c->run(argc, argv);
}

// Nothing is done well whose output is lost.
static int ends(const char *command, int code)
{
    status said = cli_output_done();
    return code == 0 ? cli_end(command, said) : code;
}

int main(int argc, char **argv)
{
    const struct command *c;

    need_memory();
    process_seal(); // before the first secret is read
    if (argc >= 2 && asks_help(argv[1])) return say_all(stdout), ends(argv[1], 0);
    if (argc >= 2 && strcmp(argv[1], "--version") == 0)
        return printf("packtrail %s\n", PACKTRAIL_VERSION), ends(argv[1], 0);
    if (argc < 2) return say_all(stderr), CLI_WRONG_USAGE;
    if ((c = find(argv[1])) == NULL) {
        fprintf(stderr, "packtrail: there is no command %s; packtrail --help lists them\n",
                argv[1]);
        return CLI_WRONG_USAGE;
    }
    return ends(c->name, run(c, argc - 1, argv + 1));
}
