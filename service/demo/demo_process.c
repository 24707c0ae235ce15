// The service as a process of its own: what the demo shows is what a site would run.
#include "service/demo/demo_int.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

// What the child does until it is another program: what the guard waits for it takes, and where
// its parent is killed it is told to end. Nothing here may take a lock.
static _Noreturn void become(const char *const *words, int output, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
        dup2(output, STDOUT_FILENO) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        execve(SELF, (char *const *)(uintptr_t)words, environ);
    _exit(127);
}

static status spawn(const char *const *words, int *pid, int *output)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(ST_INTERNAL, "demo.pipe", 0, "a pipe: %s", strerror(errno));
    demo_guard_begin();
    pid_t child = fork();
    if (child == 0) become(words, ends[1], parent);
    int trouble = errno;
    demo_guard_child(child > 0 ? child : 0);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return fail(ST_INTERNAL, "demo.spawn", 0, "packtrail %s: %s", words[1], strerror(trouble));
    }
    *pid = child;
    *output = ends[0];
    return OK;
}

static status wait_for(int pid, const char *what)
{
    int how = 0;

    TRY(demo_guard_wait(pid, &how));
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return OK;
    return fail(ST_INTERNAL, "demo.ended", 0, "packtrail %s ended with %d", what,
                WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how));
}

// What follows `mark` in the first line of the output that begins with it.
static status find_line(int output, const char *mark, char *out, size_t n)
{
    FILE *f = fdopen(dup(output), "r");
    char line[512];
    status st = fail(ST_INTERNAL, "demo.output", 0, "no line that begins \"%s\"", mark);

    if (f == NULL) return st;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, mark, strlen(mark)) == 0) {
            snprintf(out, n, "%s", line + strlen(mark));
            out[strcspn(out, "\n")] = 0;
            st = OK;
            break;
        }
    fclose(f);
    return st;
}

static status make_site(struct demo_service *s)
{
    const char *const words[] = {"packtrail", "init", s->folder, NULL};
    int pid, output;

    TRY(spawn(words, &pid, &output));
    status st = find_line(output, "admin token: ", s->admin, sizeof s->admin);
    close(output);
    status end = wait_for(pid, "init");
    return st.cls == ST_OK ? end : st;
}

static status choose_folder(struct demo_service *s, const struct demo_options *o)
{
    if (o->keep != NULL) {
        if (strlen(o->keep) >= sizeof s->folder)
            return fail(ST_BAD_INPUT, "demo.folder", 0, "--keep: a path too long");
        strncpy(s->folder, o->keep, sizeof s->folder - 1);
        return OK;
    }
    const char *temporary = getenv("TMPDIR");
    char folder[sizeof s->folder];
    int n = snprintf(folder, sizeof folder, "%s/packtrail-demo-XXXXXX",
                     temporary == NULL || *temporary == 0 ? "/tmp" : temporary);
    if (n < 0 || (size_t)n >= sizeof folder)
        return fail(ST_BAD_INPUT, "demo.folder", 0, "TMPDIR: a path too long");
    demo_guard_begin(); // who removes it knows its name from the moment on that it is there
    bool made = mkdtemp(folder) != NULL;
    if (made) memcpy(s->folder, folder, sizeof folder);
    demo_guard_child(0);
    if (!made) return fail(ST_INTERNAL, "demo.folder", 0, "%s: %s", folder, strerror(errno));
    return OK;
}

status demo_service_start(struct demo_service *s, const struct demo_options *o)
{
    char conf[300];
    const char *const words[] = {"packtrail", "serve", "-c", conf, "--listen", o->listen, NULL};

    *s = (struct demo_service){.pid = -1, .output = -1};
    TRY(demo_guard_start(o->keep == NULL ? s->folder : NULL));
    TRY(choose_folder(s, o));
    TRY(make_site(s));
    snprintf(conf, sizeof conf, "%s/packtrail.yaml", s->folder);
    TRY(spawn(words, &s->pid, &s->output));
    return find_line(s->output, "listening on ", s->base, sizeof s->base);
}

status demo_service_stop(struct demo_service *s)
{
    if (s->output >= 0) close(s->output);
    if (s->pid < 0) return OK;
    kill(s->pid, SIGTERM);
    int pid = s->pid;
    s->pid = s->output = -1;
    return wait_for(pid, "serve");
}

status demo_service_run(const char *const *words)
{
    char line[512];
    int pid, output;

    fflush(stdout);
    TRY(spawn(words, &pid, &output));
    for (ssize_t n; (n = read(output, line, sizeof line)) > 0;) fwrite(line, 1, (size_t)n, stdout);
    close(output);
    fflush(stdout);
    return wait_for(pid, words[1]);
}
