// loop_test.c - claims about loops: who runs what, and that nothing posted is lost.
#include "common/loop.h"
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct note {
    struct mail mail;
    struct loop *loop;
    pthread_t opened_by;
    char thread[16];
    unsigned opened;
    bool at_home;
};

static void note_open(struct mail *m)
{
    struct note *n = CONTAINER_OF(m, struct note, mail);

    n->opened_by = pthread_self();
    pthread_getname_np(pthread_self(), n->thread, sizeof n->thread);
    n->at_home = loop_is_here(n->loop);
    n->opened++;
}

static void a_step_opens_mail_on_this_thread(void **state)
{
    struct loop *l = loop_new("tested");
    struct note n = {.mail.open = note_open, .loop = l};

    (void)state;
    loop_step(l, false);
    loop_post(l, &n.mail);
    assert_int_equal(n.opened, 0);
    loop_step(l, true);
    assert_int_equal(n.opened, 1);
    assert_true(n.at_home);
    assert_true(pthread_equal(n.opened_by, pthread_self()));
    loop_free(&l);
    assert_null(l);
}

static void a_started_loop_opens_mail_on_its_own(void **state)
{
    struct loop *l = loop_new("tested");
    struct note n[100];

    (void)state;
    assert_int_equal(loop_start(l).cls, ST_OK);
    for (size_t i = 0; i < LEN(n); i++) {
        n[i] = (struct note){.mail.open = note_open, .loop = l};
        loop_post(l, &n[i].mail);
    }
    loop_stop(l); // what was posted before is opened first
    for (size_t i = 0; i < LEN(n); i++) {
        assert_int_equal(n[i].opened, 1);
        assert_true(n[i].at_home);
        assert_false(pthread_equal(n[i].opened_by, pthread_self()));
        assert_string_equal(n[i].thread, "tested");
    }
    loop_free(&l);
}

static void *ask(void *arg) { return loop_is_here(arg) ? arg : NULL; }

static void a_foreign_thread_is_not_at_home(void **state)
{
    struct loop *l = loop_new("tested");
    pthread_t t;
    void *here;

    (void)state;
    loop_step(l, false);
    assert_true(loop_is_here(l));
    assert_int_equal(pthread_create(&t, NULL, ask, l), 0);
    assert_int_equal(pthread_join(t, &here), 0);
    assert_null(here);
    loop_free(&l);
}

static void late_mail_can_still_be_opened(void **state)
{
    struct loop *l = loop_new("tested");
    struct note n = {.mail.open = note_open, .loop = l};

    (void)state;
    assert_int_equal(loop_start(l).cls, ST_OK);
    loop_stop(l);
    loop_stop(l); // a stopped loop may be stopped
    loop_post(l, &n.mail);
    loop_open_mail(l);
    assert_int_equal(n.opened, 1);
    loop_free(&l);
}

static void the_base_is_cheap(void **state)
{
    struct loop *l = loop_new("tested");

    (void)state;
    assert_string_equal(event_base_get_method(loop_base(l)), "epoll (with changelist)");
    loop_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_opens_mail_on_this_thread),
        cmocka_unit_test(a_started_loop_opens_mail_on_its_own),
        cmocka_unit_test(a_foreign_thread_is_not_at_home),
        cmocka_unit_test(late_mail_can_still_be_opened),
        cmocka_unit_test(the_base_is_cheap),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
