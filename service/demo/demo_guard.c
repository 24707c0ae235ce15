// Ended from outside: a thread of its own waits for the signals that end a command, and leaves
// nothing behind: no service that runs on, no folder with a site's key. Who holds `guard.lock` is
// about to start or has just ended a child, or is that thread, which never lets go of it.
#include "service/demo/demo_int.h"
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct guard {
    pthread_mutex_t lock;
    sigset_t signals;
    int child;          // 0: none
    const char *folder; // NULL: to be kept
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void folder_remove(void)
{
    if (guard.folder != NULL && guard.folder[0] != 0)
        nftw(guard.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

// It answers what has begun; a second signal does not wait for that.
static void child_end(void)
{
    const struct timespec look = {.tv_nsec = 50 * 1000 * 1000};

    if (guard.child == 0) return;
    kill(guard.child, SIGTERM);
    while (waitpid(guard.child, NULL, WNOHANG) == 0)
        if (sigtimedwait(&guard.signals, NULL, &look) > 0) kill(guard.child, SIGKILL);
}

static void *wait_for_end(void *arg)
{
    sigset_t one;
    int sig = 0;

    (void)arg;
    while (sigwait(&guard.signals, &sig) != 0) {}
    pthread_mutex_lock(&guard.lock);
    child_end();
    folder_remove();
    signal(sig, SIG_DFL); // the caller sees what it ended of
    sigemptyset(&one);
    sigaddset(&one, sig);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    raise(sig);
    return NULL;
}

// A signal that is ignored, as under nohup, stays so.
static void signals_choose(void)
{
    static const int all[] = {SIGTERM, SIGHUP, SIGINT};
    struct sigaction is;

    sigemptyset(&guard.signals);
    for (size_t i = 0; i < LEN(all); i++)
        if (sigaction(all[i], NULL, &is) == 0 && is.sa_handler != SIG_IGN)
            sigaddset(&guard.signals, all[i]);
}

status demo_guard_start(const char *folder)
{
    pthread_t thread;

    guard.folder = folder;
    signals_choose();
    pthread_sigmask(SIG_BLOCK, &guard.signals, NULL);
    if (pthread_create(&thread, NULL, wait_for_end, NULL) != 0)
        return fail(ST_INTERNAL, "thread.create", 0, "who waits for signals");
    pthread_detach(thread);
    return OK;
}

void demo_guard_begin(void) { pthread_mutex_lock(&guard.lock); }

void demo_guard_child(int pid)
{
    guard.child = pid;
    pthread_mutex_unlock(&guard.lock);
}

status demo_guard_wait(int pid, int *how)
{
    pid_t got;

    while ((got = waitpid(pid, how, 0)) < 0 && errno == EINTR) {}
    status st =
        got == pid ? OK : fail(ST_INTERNAL, "demo.wait", 0, "the service: %s", strerror(errno));
    demo_guard_begin();
    demo_guard_child(0);
    return st;
}

void demo_guard_end(void)
{
    pthread_mutex_lock(&guard.lock);
    folder_remove();
    guard.folder = NULL;
    pthread_mutex_unlock(&guard.lock);
}
