// decided part of `settings.changed`, to its end: name str, value before str, value now str; values
// as JSON
#include "service/ops/settings_changed.h"
#include "common/bytes.h"
#include "service/journal/site.h"
#include <string.h>

#define NAME_MAX  64u
#define VALUE_MAX (16 * KB)

static const char *const sections[] = {"clock.", "passwords.", "sessions.", "signatures."};

// How dear a hash is depends on the machine, and each hash says its own.
static bool is_recorded(str name)
{
    if (str_starts(name, S("passwords.hash"))) return false;
    for (size_t i = 0; i < LEN(sections); i++)
        if (str_starts(name, str_of(sections[i]))) return true;
    return false;
}

struct key {
    char b[2 + NAME_MAX];
    size_t n;
};

static struct key key_of(str name)
{
    struct key k = {
        .b = {ROW_META, 'S'},
          .n = 2 + name.n
    };

    assert(name.n > 0 && name.n <= NAME_MAX);
    memcpy(k.b + 2, name.p, name.n);
    return k;
}

// What was recorded last. A view of the row, or of `room`.
static str before(const struct decide *d, uint32_t i, str name, struct buf *room)
{
    const struct site *site = d->app;
    struct key k = key_of(name);
    str v;

    if (txn_get(d->t, DB_ROWS, (str){k.b, k.n}, &v)) return v;
    buf_reset(room);
    (void)site->setting(NULL, i, &name, room);
    return buf_str(room);
}

static status changed_decide(struct decide *d)
{
    const struct site *site = d->app;
    struct buf now, room;
    str name;

    d->nothing = true;
    buf_init(&now, VALUE_MAX);
    buf_init(&room, VALUE_MAX);
    for (uint32_t i = 0; site->setting != NULL; i++, buf_reset(&now)) {
        if (!site->setting(site->settings, i, &name, &now)) break;
        if (!is_recorded(name)) continue;
        str was = before(d, i, name, &room), is = buf_str(&now);
        if (str_eq(was, is)) continue;
        bytes_str(d->out, name);
        bytes_str(d->out, was);
        bytes_str(d->out, is);
        d->nothing = false;
    }
    buf_fini(&now);
    buf_fini(&room);
    return OK;
}

struct change {
    str name, was, is;
};

static bool change_next(struct bytes_r *r, struct change *out)
{
    if (r->bad || r->p == r->end) return false;
    out->name = bytes_get_str(r);
    out->was = bytes_get_str(r);
    out->is = bytes_get_str(r);
    return !r->bad && out->name.n > 0 && out->name.n <= NAME_MAX;
}

static void changed_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct change c;

    (void)arg;
    while (change_next(&r, &c)) {
        struct key k = key_of(c.name);
        txn_put(t, DB_ROWS, (str){k.b, k.n}, c.is);
    }
    if (!bytes_end(&r)) txn_spoil(t, "record.corrupt", "settings that changed");
}

static void changed_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct change c;

    (void)arg;
    json_w_key(w, S("changes"));
    json_w_array(w);
    while (change_next(&r, &c)) {
        json_w_object(w);
        json_w_kstr(w, "field", c.name);
        json_w_key(w, S("old"));
        json_w_raw(w, c.was);
        json_w_key(w, S("new"));
        json_w_raw(w, c.is);
        json_w_end(w);
    }
    json_w_end(w);
}

const struct kind kind_settings_changed = {
    FACT_SETTINGS_CHANGED, 1,   "settings.changed", changed_decide, changed_write,
    changed_print,         NULL};
