// process_test.c - claims about what a process lets others learn, and what it may ask of the
// system.
#include "common/process.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __has_feature
#define HAS(f) __has_feature(f)
#else
#define HAS(f) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS(thread_sanitizer)
enum { CAN_CONFINE = false }; // its runtime makes calls of its own, and holds SIGSYS back
#else
enum { CAN_CONFINE = true };
#endif

#define CANNOT 77 // this system has no filter

// What the child ends with; negative: a signal. Its standard error goes to `said`.
static int in_child(void (*run)(void), char *said, size_t n)
{
    int ends[2], how = 0;
    size_t have = 0;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; have + 1 < n && (got = read(ends[0], said + have, n - 1 - have)) > 0;)
        have += (size_t)got;
    said[have] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
}

static void sealed(void)
{
    struct rlimit core;

    process_seal();
    getrlimit(RLIMIT_CORE, &core);
    if (prctl(PR_GET_DUMPABLE) != 0 || core.rlim_cur != 0) _exit(1);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) _exit(2);
    process_unseal();
    getrlimit(RLIMIT_CORE, &core);
    if (prctl(PR_GET_DUMPABLE) != 1 || core.rlim_cur != core.rlim_max) _exit(3);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) _exit(4); // that stays
}

static void a_sealed_process_leaves_no_core_and_gains_no_right(void **state)
{
    char said[256];

    (void)state;
    assert_int_equal(in_child(sealed, said, sizeof said), 0);
}

static bool strict;

static void confine(void)
{
    process_seal();
    if (!CAN_CONFINE || process_confine(strict).cls != ST_OK) _exit(CANNOT);
}

static void *sleeps(void *arg)
{
    (void)arg;
    for (;;) pause();
    return NULL;
}

static void *acts(void *act)
{
    ((void (*)(void))(uintptr_t)act)();
    return NULL;
}

static void executes(void) { execl("/bin/true", "true", (char *)NULL); }
static void forks(void) { (void)fork(); }
static void traces(void) { ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static void changes_root(void) { (void)!chroot("/"); }
static void opens_itself_up(void) { prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static void becomes_root(void) { (void)!setuid(0); }

static void asks_for_pages(void) { (void)mincore(NULL, 0, NULL); } // harmless, and never needed

static void (*act)(void);

static void acts_at_once(void)
{
    confine();
    act();
}

// A thread that was there before is confined, too, and so is one that comes after.
static pthread_barrier_t both;
static void *waits(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&both);
    act();
    return NULL;
}

static void acts_in_an_old_thread(void)
{
    pthread_t t;

    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&t, NULL, waits, NULL);
    confine();
    pthread_barrier_wait(&both);
    pthread_join(t, NULL);
}

static void acts_in_a_new_thread(void)
{
    pthread_t t;

    confine();
    pthread_create(&t, NULL, acts, (void *)(uintptr_t)act);
    pthread_join(t, NULL);
}

static void what_is_not_allowed_ends_the_process_in_every_thread(void **state)
{
    static void (*const all[])(void) = {executes,     forks,           traces,
                                        changes_root, opens_itself_up, becomes_root};
    static void (*const where[])(void) = {acts_at_once, acts_in_an_old_thread,
                                          acts_in_a_new_thread};
    char said[256];

    (void)state;
    for (size_t i = 0; i < LEN(all); i++)
        for (size_t k = 0; k < LEN(where); k++) {
            act = all[i];
            int end = in_child(where[k], said, sizeof said);
            if (end == CANNOT) skip();
            assert_int_equal(end, 128 + SIGSYS);
            assert_non_null(strstr(said, "sandbox.violated: system call "));
        }
}

static void works(void)
{
    char path[] = "/tmp/packtrail-process-XXXXXX";
    pthread_t t;

    confine();
    pthread_create(&t, NULL, sleeps, NULL); // a thread, and a socket, and a file that goes again
    int s = socket(AF_INET, SOCK_STREAM, 0), f = mkstemp(path);
    if (s < 0 || f < 0 || write(f, "x", 1) != 1 || fsync(f) != 0 || unlink(path) != 0) _exit(1);
    if (kill(getpid(), 0) == 0) _exit(2); // not reached
}

static void what_the_service_needs_is_allowed_and_killing_others_is_not(void **state)
{
    char said[256];

    (void)state;
    int end = in_child(works, said, sizeof said);
    if (end == CANNOT) skip();
    assert_int_equal(end, 128 + SIGSYS);
}

static void unknown_fails(void)
{
    confine();
    if (mincore(NULL, 0, NULL) == 0 || errno != ENOSYS) _exit(1);
}

static void what_is_merely_unknown_fails_and_ends_only_the_strict(void **state)
{
    char said[256];

    (void)state;
    strict = false;
    int end = in_child(unknown_fails, said, sizeof said);
    if (end == CANNOT) skip();
    assert_int_equal(end, 0);
    strict = true;
    act = asks_for_pages;
    assert_int_equal(in_child(acts_in_a_new_thread, said, sizeof said), 128 + SIGSYS);
    strict = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_process_leaves_no_core_and_gains_no_right),
        cmocka_unit_test(what_is_not_allowed_ends_the_process_in_every_thread),
        cmocka_unit_test(what_is_merely_unknown_fails_and_ends_only_the_strict),
        cmocka_unit_test(what_the_service_needs_is_allowed_and_killing_others_is_not),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
