// folder.h - the folder of a site: what lies where, who may use it now, and its format.
//
// DIR/packtrail.yaml, DIR/site.key, DIR/head.json, DIR/messages/, DIR/data/ (the store, and
// `format`). Commands that only read also take a folder that itself holds `format`.
#pragma once
#include "common/db.h"
#include "service/journal/opened.h"

#define FOLDER_PATH_MAX 4096u

struct folder {
    char site[FOLDER_PATH_MAX]; // DIR; empty where the data folder stands alone
    char data[FOLDER_PATH_MAX];
    int lock; // -1: not held
};

// Makes DIR (0700) where it is absent, DIR/data and DIR/messages, and takes the lock. What an init
// that was cut short has left is taken away, but for site.key. folder.taken: DIR holds a site;
// folder.foreign: its store holds more than an init writes, though it says no format.
status folder_make(const char *dir, struct folder *out);

// The data file `format`, a line each: format number, journal id in hexadecimal, created by.
struct folder_format {
    unsigned format;
    uint8_t journal_id[16];
    char created_by[64];
};

// Finds the data folder: DIR/data, or DIR where it holds `format` itself. folder.none.
status folder_find(const char *dir, struct folder *out);
// Takes the one lock on the data folder until folder_close or the end of the process.
// folder.in_use: another process has it.
status folder_lock(struct folder *f);
// Before anything is written: what another user wrote, root too, the owner's service could not read
// any more. folder.owner names who must run it.
status folder_owned(const struct folder *f);
void folder_close(struct folder *f);

// folder.format: it cannot be read; folder.newer: it needs a newer program.
status folder_format_read(const struct folder *f, struct folder_format *out);
status folder_format_write(const struct folder *f, const struct journal_meta *meta);

// A backup has this file beside its data: it is no site and nothing may write to it but who backs
// up. A site that came back from one has a fact that says so, and gives no number twice.
#define FOLDER_BACKUP_MARK "backup.txt"
bool folder_is_backup(const struct folder *f);
status folder_serves(const struct folder *f); // folder.backup: it is one

// The path of a file of the site. folder.path: it is too long.
status folder_path(const struct folder *f, const char *name, char out[FOLDER_PATH_MAX]);
// Does the folder hold the path, whatever links lead there? The path's last part need not be there.
bool folder_holds(const char *folder, const char *path);
// Does the path lie in what the site itself fills and empties: no place for a copy of it.
bool folder_fills(const struct folder *f, const char *path);
// Replaces a file at one stroke: beside it, synced, renamed, the folder synced.
status folder_put(const char *path, str text);
// Appends all that a file holds. file.open (ST_NOT_FOUND where there is none), file.read; that of
// the buffer's ceiling.
status folder_get(const char *path, struct buf *out);

// The store of a folder, for reading beside a service that runs, or alone. A lock file that reading
// makes is the folder's owner's; folder.owner where it could not be.
#define FOLDER_READERS  256u       // read transactions at once, of all processes
#define FOLDER_READ_MAP (512 * GB) // address space of who only reads; a larger file gets its size
status folder_db(const struct folder *f, size_t map_max, bool read_only, struct db **out);
