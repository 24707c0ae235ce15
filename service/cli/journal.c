// `packtrail journal DIR`: every fact as a JSON object a line, oldest first, beside a service that
// runs or alone. It reads in short snapshots up to the newest fact there was when it began.
#include "service/cli/cli.h"
#include "service/kinds.h"
#include "service/ops/folder.h"
#include "service/ops/journal_print.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RECORD_MAX  (1 * GB)
#define SNAPSHOT_OF 1000u // records

struct printing {
    struct db *db;
    struct arena arena;
    struct buf line;
};

static status print_one(struct printing *p, struct txn *t, uint64_t seq)
{
    struct journal_print how = {t, site_kinds, &p->arena, NULL};
    struct fact f;
    str line;

    TRY(journal_get(t, seq, &p->arena, &f));
    buf_reset(&p->line);
    struct json_w w = json_writer(&p->line);
    journal_print_json(&how, &f, &w);
    buf_addc(&p->line, '\n');
    TRY(buf_done(&p->line, &line));
    arena_reset(&p->arena);
    if (fwrite(line.p, 1, line.n, stdout) == line.n) return OK;
    return fail(ST_STORE, "output.write", 0, "standard output: %s", strerror(errno));
}

static status print_some(struct printing *p, uint64_t *seq, uint64_t last)
{
    struct txn *t = txn_read(p->db);
    status st = OK;

    for (unsigned n = 0; n < SNAPSHOT_OF && *seq <= last && st.cls == ST_OK; n++)
        st = print_one(p, t, (*seq)++);
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

static status print_all(struct printing *p)
{
    struct txn *t = txn_read(p->db);
    uint64_t last = journal_head_get(t).seq;

    TRY(txn_end(&t, false));
    for (uint64_t seq = 1; seq <= last;) TRY(print_some(p, &seq, last));
    if (fflush(stdout) == 0) return OK;
    return fail(ST_STORE, "output.write", 0, "standard output: %s", strerror(errno));
}

static status print_folder(const char *dir)
{
    struct folder_format format;
    struct printing p = {0};
    struct folder f;

    TRY(folder_find(dir, &f));
    TRY(folder_format_read(&f, &format));
    TRY(folder_db(&f, FOLDER_READ_MAP, true, &p.db));
    arena_init(&p.arena, RECORD_MAX);
    buf_init(&p.line, RECORD_MAX);
    status st = print_all(&p);
    buf_fini(&p.line);
    arena_fini(&p.arena);
    db_close(&p.db);
    return st;
}

int cli_journal(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') return cli_usage("journal");
    return cli_end("journal", print_folder(argv[1]));
}
