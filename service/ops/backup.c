// The order within a round: facts first, then the messages that they point to, then head.json. So
// what a fact of the copy points to is there, as far as it was on the site's disk.
#include "service/ops/backup.h"
#include "service/ops/head_file.h"
#include "service/pool/epoch.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_MAX (64 * KB)

struct backing {
    const struct backup_conf *conf;
    struct backup_result *out;
    struct folder from, to;
    struct db *source, *copy;
    struct arena arena;
    struct journal_meta meta;
};

static status other(const struct backing *b, const char *how)
{
    return fail(ST_CONFLICT, "backup.other", 0, "%s %s", b->conf->to, how);
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static status source_open(struct backing *b)
{
    struct folder_format format;

    TRY(folder_find(b->conf->from, &b->from));
    TRY(folder_format_read(&b->from, &format));
    TRY(folder_db(&b->from, FOLDER_READ_MAP, true, &b->source));
    struct txn *t = txn_read(b->source);
    status st = journal_meta_get(t, &b->arena, &b->meta);
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

// The file `format` comes first, so that a copy which was cut short goes on.
static status copy_make(struct backing *b)
{
    char path[FOLDER_PATH_MAX];

    TRY(folder_make(b->conf->to, &b->to));
    TRY(folder_path(&b->to, FOLDER_BACKUP_MARK, path));
    TRY(folder_put(path,
                   S("A backup of a Packtrail site: packtrail restore makes a site of it.\n")));
    return folder_format_write(&b->to, &b->meta);
}

static status copy_find(struct backing *b)
{
    struct folder_format format;

    if (is_same_folder(b->from.data, b->to.data))
        return fail(ST_CONFLICT, "backup.same", 0, "%s is the site itself", b->conf->to);
    if (b->to.site[0] == 0) return other(b, "is a data folder: name the one above it");
    if (!folder_is_backup(&b->to))
        return fail(ST_CONFLICT, "backup.site", 0, "%s is a site and no backup", b->conf->to);
    TRY(folder_format_read(&b->to, &format));
    if (memcmp(format.journal_id, b->meta.journal_id, sizeof format.journal_id) != 0)
        return other(b, "is a backup of another site");
    TRY(folder_owned(&b->to));
    return folder_lock(&b->to);
}

static status copy_open(struct backing *b)
{
    if (folder_fills(&b->from, b->conf->to))
        return fail(ST_CONFLICT, "backup.inside", 0, "%s lies in the site's own data: name another",
                    b->conf->to);
    status st = folder_find(b->conf->to, &b->to);

    if (st.cls == ST_NOT_FOUND)
        st = copy_make(b);
    else if (st.cls == ST_OK)
        st = copy_find(b);
    TRY(st);
    return folder_db(&b->to, FOLDER_READ_MAP, false, &b->copy);
}

static status files_copy(struct backing *b)
{
    char path[FOLDER_PATH_MAX];
    struct copied now;

    if (b->from.site[0] != 0) {
        TRY(messages_copy(&b->from, &b->to, &now));
        b->out->messages.files += now.files;
        b->out->messages.bytes += now.bytes;
        TRY(file_copy(&b->from, &b->to, "packtrail.yaml"));
    }
    TRY(folder_path(&b->to, "head.json", path));
    return head_file_write(b->copy, path);
}

static status round_run(struct backing *b, struct shadow_result *r)
{
    struct shadow_conf conf = {.from = b->source,
                               .into = b->copy,
                               .kinds = b->conf->kinds,
                               .env = b->conf->env,
                               .progress = b->conf->progress,
                               .self = b->conf->self};
    status st = shadow_feed(&conf, r);

    if (st.cls != ST_OK && strcmp(st.reason, "shadow.other") == 0) st.reason = "backup.other";
    TRY(st);
    b->out->head = r->head;
    b->out->fed += r->fed;
    b->out->snapshots += r->snapshots;
    if (r->longest_ms > b->out->longest_ms) b->out->longest_ms = r->longest_ms;
    return OK;
}

static status key_tell(const struct backing *b)
{
    struct txn *t = txn_read(b->source);
    uint32_t epoch = epoch_now(t);

    TRY(txn_end(&t, false));
    return b->conf->key(b->conf->self, epoch);
}

static status rounds_run(struct backing *b)
{
    struct shadow_result r;
    bool more = true;

    TRY(key_tell(b));
    while (more) {
        TRY(round_run(b, &r));
        if (r.fed > 0) TRY(files_copy(b));
        TRY(key_tell(b));
        more = b->conf->again != NULL && b->conf->again(b->conf->self, &r);
    }
    return files_copy(b);
}

status backup_run(const struct backup_conf *conf, struct backup_result *out)
{
    static struct backing b; // two paths of 4 KB each

    *out = (struct backup_result){0};
    b = (struct backing){.conf = conf, .out = out, .from.lock = -1, .to.lock = -1};
    arena_init(&b.arena, META_MAX);
    status st = source_open(&b);
    if (st.cls == ST_OK) st = copy_open(&b);
    if (st.cls == ST_OK) st = rounds_run(&b);
    db_close(&b.copy);
    db_close(&b.source);
    folder_close(&b.to);
    arena_fini(&b.arena);
    return st;
}
