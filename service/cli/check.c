// `packtrail check`: what is right and what is wrong with a configuration, its folder and the
// machine, a line each; whether the service that runs answers; or a report of the installation.
#include "service/api/version.h"
#include "service/cli/alive.h"
#include "service/cli/checking.h"
#include "service/cli/cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct wish {
    bool alive, iq, json;
    const char *file;
    char path[FOLDER_PATH_MAX];
};

// ---- what checks say

void checking_say(struct checking *c, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(c->says, sizeof c->says, fmt, ap);
    va_end(ap);
}

void checking_found(struct checking *c, str name, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (c->found_count == CHECK_VALUES_MAX) {
        c->found[CHECK_VALUES_MAX - 1].name = S("and more");
        return;
    }
    c->found[c->found_count].name = arena_str(&c->arena, name);
    c->found[c->found_count++].value = arena_str(&c->arena, str_of(text));
}

// ---- how it is shown

struct showing {
    bool iq, wrong, warned;
    struct json_w *json; // NULL: as text
};

static void show_text(const struct checking *c, const struct showing *r, const char *verdict,
                      const char *what, const char *says)
{
    printf("%-5s  %-*s  %s\n", verdict, r->iq ? 12 : 9, what, says);
    for (uint32_t i = 0; i < c->found_count; i++)
        printf("       %-12s  %.*s: %.*s\n", "", STR(c->found[i].name), STR(c->found[i].value));
}

static void show_json(const struct checking *c, struct json_w *w, const char *verdict,
                      const char *what, const char *says)
{
    json_w_object(w);
    json_w_kstr(w, "check", str_of(what));
    json_w_kstr(w, "verdict", str_of(verdict));
    json_w_kstr(w, "says", str_of(says));
    if (c->found_count > 0) {
        json_w_key(w, S("found"));
        json_w_array(w);
        for (uint32_t i = 0; i < c->found_count; i++) {
            json_w_object(w);
            json_w_kstr(w, "name", c->found[i].name);
            json_w_kstr(w, "value", c->found[i].value);
            json_w_end(w);
        }
        json_w_end(w);
    }
    json_w_end(w);
}

static void run_table(struct checking *c, struct showing *r, const struct check *checks)
{
    for (bool on = true; checks->what != NULL && on; checks++) {
        c->warned = false;
        c->found_count = 0;
        c->says[0] = 0;
        status st = checks->run(c);
        bool bad = st.cls != ST_OK;
        const char *verdict = bad ? "wrong" : c->warned ? "warn" : "ok";
        if (r->json != NULL)
            show_json(c, r->json, verdict, checks->what, bad ? st.text : c->says);
        else
            show_text(c, r, verdict, checks->what, bad ? st.text : c->says);
        r->wrong |= bad;
        r->warned |= !bad && c->warned;
        on = c->readable;
    }
}

static void run_all(struct checking *c, struct showing *r)
{
    c->readable = true;
    if (r->iq) run_table(c, r, checks_program);
    c->readable = false; // until the settings are
    run_table(c, r, checks_site);
    if (r->iq && c->readable) run_table(c, r, checks_install);
}

static const char *verdict_of(const struct showing *r)
{
    return r->wrong ? "wrong" : r->warned ? "warn" : "ok";
}

static void now_text(struct buf *b) { when_write(b, env_moment(&env_real)); }

static int report_json(struct checking *c, bool iq)
{
    struct buf b, now;
    struct json_w w = json_writer(&b);
    struct showing r = {.iq = iq, .json = &w};
    char host[256] = "";

    buf_init(&b, 4 * MB);
    buf_init(&now, 64);
    now_text(&now);
    gethostname(host, sizeof host - 1);
    json_w_object(&w);
    json_w_kstr(&w, "packtrail", S("installation report 1"));
    json_w_kstr(&w, "version", S(PACKTRAIL_VERSION));
    json_w_kstr(&w, "time", buf_str(&now));
    json_w_kstr(&w, "machine", str_of(host));
    json_w_key(&w, S("checks"));
    json_w_array(&w);
    run_all(c, &r);
    json_w_end(&w);
    json_w_kstr(&w, "verdict", str_of(verdict_of(&r)));
    json_w_end(&w);
    printf("%.*s\n", STR(buf_str(&b)));
    bool whole = !b.failed;
    buf_fini(&now);
    buf_fini(&b);
    return r.wrong || !whole ? 1 : 0;
}

static int report_text(struct checking *c, bool iq)
{
    struct showing r = {.iq = iq};
    struct buf now;

    buf_init(&now, 64);
    now_text(&now);
    if (iq) printf("packtrail %s, installation at %.*s\n", PACKTRAIL_VERSION, STR(buf_str(&now)));
    run_all(c, &r);
    if (iq) printf("in all: %s\n", verdict_of(&r));
    buf_fini(&now);
    return r.wrong ? 1 : 0;
}

static status alive(struct checking *c)
{
    TRY(site_settings_load(c->file, &c->arena, &c->settings));
    return alive_ask(c->settings.listen, c->settings.certificate.n > 0);
}

// ---- the command

static bool words_take(int argc, char **argv, struct wish *w)
{
    const char *dir = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--alive") == 0)
            w->alive = true;
        else if (strcmp(argv[i], "--iq") == 0)
            w->iq = true;
        else if (strcmp(argv[i], "--json") == 0)
            w->json = true;
        else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc && w->file == NULL)
            w->file = argv[++i];
        else if (argv[i][0] != '-' && dir == NULL)
            dir = argv[i];
        else
            return false;
    }
    if (dir != NULL && w->iq && w->file == NULL) {
        int n = snprintf(w->path, sizeof w->path, "%s/packtrail.yaml", dir);
        w->file = n > 0 && (size_t)n < sizeof w->path ? w->path : NULL;
        dir = NULL;
    }
    return dir == NULL && w->file != NULL && !(w->alive && w->iq) && (w->iq || !w->json);
}

int cli_check(int argc, char **argv)
{
    static struct checking c = {.folder.lock = -1};
    static struct wish w;

    if (!words_take(argc, argv, &w)) return cli_usage("check");
    c.file = w.file;
    arena_init(&c.arena, 64 * MB);
    int code = w.alive  ? cli_end("check", alive(&c))
               : w.json ? report_json(&c, w.iq)
                        : report_text(&c, w.iq);
    if (code == 0) code = cli_end("check", cli_output_done());
    db_close(&c.db);
    folder_close(&c.folder);
    arena_fini(&c.arena);
    return code;
}
