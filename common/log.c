// log.c - lines of the log. Shared state is the setup, written before there are threads, and the
// level, which is atomic.
#include "common/log.h"
#include "common/json.h"
#include "common/mask.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)4096) // PIPE_BUF of Linux
#define TAIL           ((size_t)16)   // for `cut=true`, the brace and the line's end

static struct log_setup setup = {STDERR_FILENO, LOG_info, LOG_LOGFMT, &env_real};
static _Atomic int level_on = LOG_info;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(const struct log_setup *s)
{
    assert(s->env != NULL && s->fd >= 0);
    setup = *s;
    log_level_set(s->level);
}

void log_level_set(enum log_level level) { atomic_store(&level_on, (int)level); }

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_on, memory_order_relaxed);
}

struct log_field log_status(const status *st)
{
    return (struct log_field){"code", LOG_STATUS, str_of(st->text), st->at, st->reason};
}

// A line being made. Fields that do not fit are taken back whole.
struct line {
    struct buf b;
    struct json_w w; // depth 0 for logfmt: only values are written by it
    bool json, cut;
};

static void name_add(struct line *l, const char *name)
{
    if (l->json) {
        json_w_key(&l->w, str_of(name));
        return;
    }
    if (l->b.n > 0) buf_addc(&l->b, ' ');
    buf_add(&l->b, str_of(name));
    buf_addc(&l->b, '=');
}

static void text_add(struct line *l, const char *name, str s)
{
    char room[LOG_TEXT_MAX];

    if (s.n > sizeof room) s.n = sizeof room;
    if (s.n > 0) memcpy(room, s.p, s.n);
    name_add(l, name);
    json_w_str(&l->w, (str){room, mask_cut(room, s.n)});
}

// A word of ours, which logfmt needs no quotes for.
static void word_add(struct line *l, const char *name, const char *word)
{
    if (l->json) {
        text_add(l, name, str_of(word));
        return;
    }
    name_add(l, name);
    buf_add(&l->b, str_of(word));
}

static void int_add(struct line *l, const char *name, int64_t v)
{
    name_add(l, name);
    json_w_int(&l->w, v);
}

static void field_add(struct line *l, const struct log_field *f)
{
    switch (f->kind) {
    case LOG_TEXT: text_add(l, f->name, f->text); break;
    case LOG_INT: int_add(l, f->name, f->number); break;
    case LOG_BOOL:
        name_add(l, f->name);
        json_w_bool(&l->w, f->number != 0);
        break;
    case LOG_STATUS:
        word_add(l, f->name, f->reason == NULL ? "ok" : f->reason);
        int_add(l, "at", f->number);
        text_add(l, "says", f->text);
        break;
    }
}

static void field_try(struct line *l, const struct log_field *f)
{
    struct line before = *l;

    if (l->cut) return;
    field_add(l, f);
    if (!l->b.failed) return;
    l->b.n = before.b.n;
    l->b.failed = false;
    l->w = before.w;
    l->cut = true;
}

static void head_add(struct line *l, enum log_level level, const char *event)
{
    struct buf stamp;

    buf_init(&stamp, 32);
    when_write(&stamp, (struct moment){env_wall(setup.env), 0});
    name_add(l, "time");
    if (l->json)
        json_w_str(&l->w, buf_str(&stamp));
    else
        buf_add(&l->b, buf_str(&stamp));
    buf_fini(&stamp);
    word_add(l, "level", level_names[level]);
    word_add(l, "event", event);
}

static void line_out(str s)
{
    ssize_t n;

    do n = write(setup.fd, s.p, s.n);
    while (n < 0 && errno == EINTR); // any other trouble loses the line, and nothing else
}

void log_write(enum log_level level, const char *event, size_t n, const struct log_field *fields)
{
    struct line l = {.json = setup.form == LOG_JSON};

    if (!log_is_on(level)) return;
    buf_init(&l.b, LINE_MAX_BYTES - TAIL);
    l.w = json_writer(&l.b);
    if (l.json) json_w_object(&l.w);
    head_add(&l, level, event);
    for (size_t i = 0; i < n; i++) field_try(&l, &fields[i]);
    l.b.max = LINE_MAX_BYTES;
    if (l.cut) field_add(&l, &fb("cut", true));
    if (l.json) json_w_end(&l.w);
    buf_addc(&l.b, '\n');
    line_out(buf_str(&l.b));
    buf_fini(&l.b);
}
