// What libevent and OpenSSL ask for and do not get: the process ends, and says so.
#include "common/need.h"
#include <event2/buffer.h>
#include <openssl/crypto.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __has_feature
#define HAS(f) __has_feature(f)
#else
#define HAS(f) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS(address_sanitizer) ||     \
    HAS(thread_sanitizer)
#define SANITIZED true // its allocator ends the process by itself
#else
#define SANITIZED false
#endif

#define TOO_MUCH (UINT64_C(1) << 60) // no machine has it

static void of_libevent(void)
{
    struct evbuffer *b = evbuffer_new();

    (void)evbuffer_expand(b, TOO_MUCH);
}

static void of_openssl(void) { (void)OPENSSL_malloc(TOO_MUCH); }

// What a child that asks says and how it ends: as waitpid tells.
static int asked(void (*ask)(void), char *said, size_t room)
{
    int ends[2], how = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL); // the harness's is for its own
        (void)dup2(ends[1], STDERR_FILENO);
        need_memory();
        ask();
        _exit(0);
    }
    (void)close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    assert_non_null(in);
    said[fread(said, 1, room - 1, in)] = '\0';
    (void)fclose(in);
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static void a_library_that_gets_no_memory_ends_the_process_with_a_word(void **state)
{
    void (*const asks[])(void) = {of_libevent, of_openssl};
    char said[1000];

    (void)state;
    if (SANITIZED) skip();
    for (size_t i = 0; i < LEN(asks); i++) {
        int how = asked(asks[i], said, sizeof said);
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
        assert_true(strstr(said, "event=assert.failed what=\"p != NULL") != NULL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_gets_no_memory_ends_the_process_with_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
