// `packtrail archive DIR OUT`: closed lots, each as an export of the journal that shows the lot's
// records and as its balance to print; OUT/index.ndjson names them all and is signed. It reads in
// short snapshots, beside a service that runs or alone, and deletes nothing.
//
// index.ndjson, a line each, members in this order:
//   {"packtrail":"lot archive 1","journal_id"}
//   {"gtin","lot","client","state","expiry","from","until","files":[{"file","sha256"},…]}
//   {"packtrail":"lot archive 1","journal_id","lots","time","sha256"}   of all lines before
//   {"signature"}                   base64; Ed25519 over the line before, without its line end
#include "common/digest.h"
#include "service/cli/cli.h"
#include "service/cli/file_digest.h"
#include "service/client/client.h"
#include "service/event/lot_beside.h"
#include "service/gs1/id.h"
#include "service/kinds.h"
#include "service/lot/balance.h"
#include "service/lot/lot.h"
#include "service/ops/folder.h"
#include "service/ops/journal_export.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define ARENA_MAX     (1 * GB)
#define TEXT_MAX      (256 * MB)
#define SLICE_RECORDS 500u
#define SLICE_LOTS    1000u
#define FILE_NAME_MAX 96u
#define INDEX         "index.ndjson"

struct wish {
    const char *dir, *to, *gtin, *lot, *before;
    char gtin14[14];
    struct date before_day;
};

struct archiving {
    const struct wish *wish;
    struct folder folder;
    struct db *db;
    struct export_key *key;
    struct journal_meta meta;
    struct arena arena, scratch; // of the whole; of one lot
    struct named_lot *wanted;    // ascending
    uint32_t wanted_n;
    struct journal_gather gather; // of all of them: one walk, however many there are
    struct buf index;
    uint64_t lots, found; // written; that match, closed or not
};

// ---- files of OUT

static status path_of(const struct archiving *a, const char *name, char out[FOLDER_PATH_MAX])
{
    int n = snprintf(out, FOLDER_PATH_MAX, "%s/%s", a->wish->to, name);

    return n > 0 && (size_t)n < FOLDER_PATH_MAX
               ? OK
               : fail(ST_BAD_INPUT, "folder.path", 0, "the path of OUT is too long");
}

// A lot's text may hold what no file is called: that becomes %XX.
static void name_of(const struct lot *lot, const char *end, char out[FILE_NAME_MAX])
{
    size_t n = (size_t)snprintf(out, FILE_NAME_MAX, "%.14s-", lot->gtin);

    for (size_t i = 0; i < lot->lot.n && n + 16 < FILE_NAME_MAX; i++) {
        unsigned char c = (unsigned char)lot->lot.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '_';
        n += (size_t)snprintf(out + n, FILE_NAME_MAX - n, plain ? "%c" : "%%%02X", c);
    }
    snprintf(out + n, FILE_NAME_MAX - n, "%s", end);
}

static status gz_write(gzFile z, struct buf *text)
{
    str s;

    TRY(buf_done(text, &s));
    if (s.n > 0 && gzwrite(z, s.p, (unsigned)s.n) != (int)s.n)
        return fail(ST_STORE, "file.write", 0, "an archive cannot be written: %s", strerror(errno));
    buf_reset(text);
    return OK;
}

// ---- one lot

static status slice(struct archiving *a, struct journal_export *x, struct buf *text)
{
    struct txn *t = txn_read(a->db);
    struct arena one;
    status st = OK;

    arena_init(&one, ARENA_MAX);
    for (uint32_t n = 0; n < SLICE_RECORDS && x->at <= x->until && st.cls == ST_OK; n++) {
        st = journal_export_one(x, t, &one, text);
        arena_reset(&one);
    }
    arena_fini(&one);
    status end = txn_end(&t, false);
    return st.cls != ST_OK ? st : end;
}

static status records_write(struct archiving *a, struct journal_export *x, const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    gzFile z = fd < 0 ? NULL : gzdopen(dup(fd), "wb6");
    struct buf text;
    status st = OK;

    buf_init(&text, TEXT_MAX);
    if (z == NULL) st = fail(ST_STORE, "file.write", 0, "%s: %s", path, strerror(errno));
    while (st.cls == ST_OK && x->at <= x->until) {
        st = slice(a, x, &text);
        if (st.cls == ST_OK && x->at > x->until) journal_export_end(x, &text);
        if (st.cls == ST_OK) st = gz_write(z, &text);
    }
    bool whole = z == NULL || gzclose(z) == Z_OK;
    if (st.cls == ST_OK && (!whole || fsync(fd) != 0))
        st = fail(ST_STORE, "file.write", 0, "%s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    buf_fini(&text);
    return st;
}

// What stands in no list of a lot: numbers asked for and returned, refusals, ends of holds. As it
// was when the command began.
static status gather(struct archiving *a)
{
    struct arena one;
    status st = OK;

    arena_init(&one, ARENA_MAX);
    journal_gather_begin_apart(&a->gather, a->wanted, a->wanted_n);
    while (st.cls == ST_OK && !a->gather.done) {
        struct txn *t = txn_read(a->db);
        st = journal_gather_some(&a->gather, t, &one);
        status end = txn_end(&t, false);
        if (st.cls == ST_OK) st = end;
    }
    arena_fini(&one);
    return st;
}

// The newest record in the lot's list; 0: it has none.
static uint64_t newest_of(struct txn *t, const struct lot *lot)
{
    uint64_t last = 0;
    char value[4];

    put_be(value, lot->number, sizeof value);
    (void)list_back(t, lot->client, LIST_LOT, (str){value, sizeof value}, UINT64_MAX, &last, 1);
    return last;
}

// The first and the last record of the lot, of the list of its client and of what was gathered.
static status stretch_of(struct archiving *a, struct txn *t, const struct lot *lot,
                         struct journal_export *x)
{
    journal_gather_lot(&a->gather, lot->number);
    uint64_t first = journal_gather_next(&a->gather, 1), last = newest_of(t, lot);
    uint64_t gathered = journal_gather_last(&a->gather);

    *x = (struct journal_export){
        .meta = &a->meta,
        .key = a->key,
        .kinds = site_kinds,
        .from = first < lot->opened_seq ? first : lot->opened_seq,
        .client = lot->client,
        .client_name = client_name(t, lot->client, &a->scratch),
        .lot = lot->number,
        .more = &a->gather,
        .gtin = {lot->gtin, sizeof lot->gtin},
        .lot_name = lot->lot,
        .now = env_wall(&env_real)
    };
    if (last == 0) return fail(ST_STORE, "store.corrupt", 0, "a lot without a list of its records");
    x->until = gathered > last ? gathered : last;
    return journal_export_begin(x, t);
}

static status page_write(struct archiving *a, struct txn *t, const struct lot *lot,
                         const char *path)
{
    struct lot_beside beside;
    struct balance b;
    struct buf page;
    str text;

    TRY(balance_of(t, lot, &a->scratch, &b));
    TRY(lot_beside_get(t, lot, &a->scratch, &beside));
    b.beside = &beside;
    buf_init(&page, TEXT_MAX);
    status st = balance_html(t, &b, &a->scratch, env_wall(&env_real), &page);
    if (st.cls == ST_OK) st = buf_done(&page, &text);
    if (st.cls == ST_OK) st = folder_put(path, text);
    buf_fini(&page);
    return st;
}

static status file_line(struct archiving *a, struct json_w *w, const char *name)
{
    char path[FOLDER_PATH_MAX], hex[65];

    TRY(path_of(a, name, path));
    TRY(file_digest(path, hex));
    json_w_object(w);
    json_w_kstr(w, "file", str_of(name));
    json_w_kstr(w, "sha256", str_of(hex));
    json_w_end(w);
    return OK;
}

static status index_line(struct archiving *a, const struct lot *lot, const struct journal_export *x)
{
    static const char *const ends[] = {".ndjson.gz", ".html"};
    struct json_w w = json_writer(&a->index);
    char name[FILE_NAME_MAX];

    json_w_object(&w);
    json_w_kstr(&w, "gtin", x->gtin);
    json_w_kstr(&w, "lot", x->lot_name);
    json_w_kstr(&w, "client", x->client_name);
    json_w_kstr(&w, "state", str_of(lot_state_word(lot->state)));
    json_w_kstr(&w, "expiry", lot->expiry_printed);
    json_w_kint(&w, "from", (int64_t)x->from);
    json_w_kint(&w, "until", (int64_t)x->until);
    json_w_key(&w, S("files"));
    json_w_array(&w);
    for (size_t i = 0; i < LEN(ends); i++) {
        name_of(lot, ends[i], name);
        TRY(file_line(a, &w, name));
    }
    json_w_end(&w);
    json_w_end(&w);
    buf_addc(&a->index, '\n');
    return OK;
}

static status lot_write(struct archiving *a, const struct lot *lot)
{
    char path[FOLDER_PATH_MAX], name[FILE_NAME_MAX];
    struct txn *t = txn_read(a->db);
    struct journal_export x;

    name_of(lot, ".html", name);
    status st = path_of(a, name, path);
    if (st.cls == ST_OK) st = stretch_of(a, t, lot, &x);
    if (st.cls == ST_OK) st = page_write(a, t, lot, path);
    status end = txn_end(&t, false);
    TRY(st);
    TRY(end);
    name_of(lot, ".ndjson.gz", name);
    TRY(path_of(a, name, path));
    TRY(records_write(a, &x, path));
    TRY(index_line(a, lot, &x));
    printf("%.14s %.*s: records %llu to %llu\n", lot->gtin, STR(lot->lot),
           (unsigned long long)x.from, (unsigned long long)x.until);
    a->lots++;
    return OK;
}

// ---- which lots

static bool closed_before(struct txn *t, const struct lot *lot, const struct date *day)
{
    struct fact f;
    char text[64];
    struct date closed;
    struct buf b;

    if (lot->closed_seq == 0 || journal_get_header(t, lot->closed_seq, &f).cls != ST_OK)
        return false;
    buf_init(&b, 64);
    when_write(&b, (struct moment){f.at, 0});
    snprintf(text, sizeof text, "%.10s", b.p);
    buf_fini(&b);
    if (date_read(str_of(text), &closed).cls != ST_OK) return false;
    if (closed.year != day->year) return closed.year < day->year;
    if (closed.month != day->month) return closed.month < day->month;
    return closed.day < (day->day == 0 ? 1 : day->day);
}

static bool is_closed(const struct lot *lot)
{
    return lot->closed_seq != 0 && lot->state != LOT_REOPENED;
}

static bool wanted(struct archiving *a, struct txn *t, const struct lot *lot)
{
    const struct wish *w = a->wish;
    bool is = true;

    if (w->lot != NULL)
        is = str_eq(lot->lot, str_of(w->lot)) && memcmp(lot->gtin, w->gtin14, 14) == 0;
    if (is && w->before != NULL) is = closed_before(t, lot, &w->before_day);
    if (is) a->found++;
    return is && is_closed(lot);
}

// In stretches, so that no snapshot is held for long.
static status lots_choose(struct archiving *a, uint64_t from, uint64_t until)
{
    struct txn *t = txn_read(a->db);
    struct lot lot;

    for (uint64_t n = from; n < until; n++, arena_reset(&a->scratch)) {
        if (!lot_get(t, (uint32_t)n, &a->scratch, &lot) || !wanted(a, t, &lot)) continue;
        struct named_lot *x = &a->wanted[a->wanted_n++];
        *x = (struct named_lot){lot.client, {0}, lot.opened_seq, newest_of(t, &lot), 0};
        put_be(x->number, n, sizeof x->number);
    }
    return txn_end(&t, false);
}

static status lots_find(struct archiving *a)
{
    struct txn *t = txn_read(a->db);
    uint64_t end = counter_get(t, COUNTER_LOT) + 1;

    TRY(txn_end(&t, false));
    a->wanted = NEW_ARRAY(&a->arena, struct named_lot, end);
    if (a->wanted == NULL) return no_memory();
    for (uint64_t n = 1; n < end; n += SLICE_LOTS)
        TRY(lots_choose(a, n, n + SLICE_LOTS < end ? n + SLICE_LOTS : end));
    return OK;
}

// Not where it was opened again meanwhile.
static status lot_archive(struct archiving *a, uint32_t number)
{
    struct txn *t = txn_read(a->db);
    struct lot lot;

    bool is = lot_get(t, number, &a->scratch, &lot) && is_closed(&lot);
    TRY(txn_end(&t, false));
    return is ? lot_write(a, &lot) : OK;
}

static status lots_archive(struct archiving *a)
{
    TRY(lots_find(a));
    if (a->wanted_n > 0) TRY(gather(a));
    for (uint32_t i = 0; i < a->wanted_n; i++, arena_reset(&a->scratch))
        TRY(lot_archive(a, (uint32_t)get_be(a->wanted[i].number, 4)));
    if (a->lots > 0) return OK;
    return fail(ST_CONFLICT, "archive.none", 0, "%s",
                a->found > 0 ? "of these lots none is closed" : "there is no such lot");
}

// ---- the index

static void head_add(struct archiving *a)
{
    char id[32];

    hex_put(id, a->meta.journal_id, sizeof a->meta.journal_id);
    buf_addf(&a->index, "{\"packtrail\":\"lot archive 1\",\"journal_id\":\"%.32s\"", id);
}

static status index_write(struct archiving *a)
{
    uint8_t signature[EXPORT_SIGNATURE_SIZE];
    unsigned char text[2 * EXPORT_SIGNATURE_SIZE];
    struct sha256 sum = sha256_of(buf_str(&a->index));
    char path[FOLDER_PATH_MAX], hex[64];
    size_t at = a->index.n;
    str all;

    hex_put(hex, sum.b, sizeof sum.b);
    head_add(a);
    buf_addf(&a->index, ",\"lots\":%llu,\"time\":\"", (unsigned long long)a->lots);
    when_write(&a->index, (struct moment){env_wall(&env_real), 0});
    buf_addf(&a->index, "\",\"sha256\":\"%.64s\"}", hex);
    export_key_sign(a->key, str_from(buf_str(&a->index), at), signature);
    int n = EVP_EncodeBlock(text, signature, sizeof signature);
    buf_addf(&a->index, "\n{\"signature\":\"%.*s\"}\n", n, (const char *)text);
    TRY(buf_done(&a->index, &all));
    TRY(path_of(a, "export.pub", path));
    TRY(folder_put(path, export_key_public(a->key)));
    TRY(path_of(a, INDEX, path));
    return folder_put(path, all);
}

// ---- the command

// As name_of makes them, the key, and any while folder_put writes it.
static bool is_ours(str name)
{
    static const char *const ends[] = {".ndjson.gz", ".html"};

    if (str_eq(name, S(INDEX ".new"))) return true;
    if (str_ends(name, S(".new"))) name.n -= 4;
    if (str_eq(name, S("export.pub"))) return true;
    if (name.n < 15 || !str_is_digits((str){name.p, 14}) || name.p[14] != '-') return false;
    for (size_t i = 0; i < LEN(ends); i++)
        if (str_ends(name, str_of(ends[i]))) return true;
    return false;
}

// The index is written last: whatever else lies there is not for anybody to remove.
static bool is_half(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    bool half = d != NULL;

    while (half && (e = readdir(d)) != NULL)
        half = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
               is_ours(str_of(e->d_name));
    if (d != NULL) closedir(d);
    return half;
}

static status taken(const struct archiving *a, int why)
{
    if (why == EEXIST && is_half(a->wish->to))
        return fail(ST_CONFLICT, "archive.half", 0,
                    "an archive broke off, for there is no " INDEX
                    ": remove it, and archive again: %s",
                    a->wish->to);
    return fail(ST_CONFLICT, "archive.taken", 0, "%s: %s", a->wish->to, strerror(why));
}

static status archive_open(struct archiving *a)
{
    struct folder_format format;
    char path[FOLDER_PATH_MAX];

    TRY(folder_find(a->wish->dir, &a->folder));
    TRY(folder_format_read(&a->folder, &format));
    if (a->folder.site[0] == 0)
        return fail(ST_CONFLICT, "folder.none", 0, "%s is a data folder: name the one above it",
                    a->folder.data);
    TRY(folder_path(&a->folder, "export.key", path));
    if (access(path, R_OK) != 0)
        return fail(ST_NOT_FOUND, "file.open", 0, "%s cannot be read: it signs", path);
    TRY(export_key_open(path, NULL, &a->key));
    TRY(folder_db(&a->folder, FOLDER_READ_MAP, true, &a->db));
    struct txn *t = txn_read(a->db);
    status st = journal_meta_get(t, &a->arena, &a->meta);
    status end = txn_end(&t, false);
    TRY(st);
    TRY(end);
    if (folder_fills(&a->folder, a->wish->to))
        return fail(ST_CONFLICT, "archive.inside", 0,
                    "name another place, for this is of the site's own data: %s", a->wish->to);
    return mkdir(a->wish->to, 0700) == 0 ? OK : taken(a, errno);
}

static status archive(const struct wish *w)
{
    struct archiving a = {.wish = w, .folder = {.lock = -1}};

    arena_init(&a.arena, ARENA_MAX);
    arena_init(&a.scratch, ARENA_MAX);
    buf_init(&a.index, TEXT_MAX);
    status st = archive_open(&a);
    if (st.cls == ST_OK) {
        head_add(&a);
        buf_add(&a.index, S("}\n"));
        st = lots_archive(&a);
        if (st.cls == ST_OK) st = index_write(&a);
        if (st.cls == ST_OK) st = cli_output_done();
        if (a.lots == 0) rmdir(w->to);
    }
    journal_gather_end(&a.gather);
    buf_fini(&a.index);
    arena_fini(&a.scratch);
    arena_fini(&a.arena);
    db_close(&a.db);
    export_key_close(&a.key);
    folder_close(&a.folder);
    return st;
}

static bool words_take(int argc, char **argv, struct wish *w)
{
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--gtin") == 0 && more)
            w->gtin = argv[++i];
        else if (strcmp(argv[i], "--lot") == 0 && more)
            w->lot = argv[++i];
        else if (strcmp(argv[i], "--before") == 0 && more)
            w->before = argv[++i];
        else if (argv[i][0] == '-' || w->to != NULL)
            return false;
        else if (w->dir == NULL)
            w->dir = argv[i];
        else
            w->to = argv[i];
    }
    return w->to != NULL && (w->gtin == NULL) == (w->lot == NULL) &&
           (w->lot == NULL || w->before == NULL);
}

static status words_read(struct wish *w)
{
    if (w->gtin != NULL) TRY(gs1_gtin_read(str_of(w->gtin), w->gtin14));
    return w->before == NULL ? OK : date_read(str_of(w->before), &w->before_day);
}

int cli_archive(int argc, char **argv)
{
    struct wish w = {0};

    if (!words_take(argc, argv, &w)) return cli_usage("archive");
    status st = words_read(&w);
    return cli_end("archive", st.cls == ST_OK ? archive(&w) : st);
}
