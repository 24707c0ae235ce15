// mailbox_test.c - claims about handing mail from thread to thread.
#include "common/mailbox.h"
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SENDERS 4
#define EACH    5000

struct letter {
    struct mail mail;
    unsigned from, number;
};

static void never(struct mail *m) { assert_null(m); }

static struct letter letter(unsigned number)
{
    return (struct letter){.mail.open = never, .number = number};
}

static const struct letter *letter_of(struct mail *m)
{
    return CONTAINER_OF(m, struct letter, mail);
}

static bool rings(struct mailbox *box)
{
    struct pollfd p = {.fd = mailbox_fd(box), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void mail_comes_in_order(void **state)
{
    struct mailbox *box = mailbox_new(0);
    struct letter l[3] = {letter(0), letter(1), letter(2)};
    unsigned n = 0;

    (void)state;
    assert_null(mailbox_take(box));
    for (size_t i = 0; i < LEN(l); i++) assert_true(mailbox_put(box, &l[i].mail));
    for (struct mail *m = mailbox_take(box); m != NULL; m = m->next)
        assert_int_equal(letter_of(m)->number, n++);
    assert_int_equal(n, 3);
    assert_null(mailbox_take(box));
    mailbox_free(&box);
    assert_null(box);
}

static void a_full_box_takes_nothing(void **state)
{
    struct mailbox *box = mailbox_new(2);
    struct letter l[3] = {letter(0), letter(1), letter(2)};

    (void)state;
    assert_true(mailbox_put(box, &l[0].mail));
    assert_true(mailbox_put(box, &l[1].mail));
    assert_false(mailbox_put(box, &l[2].mail));
    assert_ptr_equal(mailbox_take(box), &l[0].mail);
    assert_true(mailbox_put(box, &l[2].mail));
    assert_ptr_equal(mailbox_take(box), &l[2].mail);
    mailbox_free(&box);
}

static void the_descriptor_rings_while_mail_waits(void **state)
{
    struct mailbox *box = mailbox_new(0);
    struct letter l = letter(0);

    (void)state;
    assert_true(mailbox_put(box, &l.mail));
    assert_true(rings(box)); // also for what came before anybody looked
    assert_non_null(mailbox_take(box));
    assert_false(rings(box));
    assert_true(mailbox_put(box, &l.mail));
    assert_true(rings(box));
    assert_non_null(mailbox_take(box));
    mailbox_wake(box);
    assert_true(rings(box));
    assert_null(mailbox_take(box));
    mailbox_free(&box);
}

static void a_wake_ends_a_wait(void **state)
{
    struct mailbox *box = mailbox_new(0);

    (void)state;
    mailbox_wake(box);
    assert_null(mailbox_wait(box)); // it is not lost when it comes first
    mailbox_free(&box);
}

struct sender {
    struct mailbox *box;
    struct letter *letters;
};

static void *send_all(void *arg)
{
    struct sender *s = arg;

    for (unsigned i = 0; i < EACH; i++)
        if (!mailbox_put(s->box, &s->letters[i].mail)) return arg;
    return NULL;
}

static void many_senders_lose_nothing(void **state)
{
    struct mailbox *box = mailbox_new(0);
    struct letter *all = calloc((size_t)SENDERS * EACH, sizeof *all);
    struct sender s[SENDERS];
    pthread_t t[SENDERS];
    unsigned next[SENDERS] = {0}, got = 0;

    (void)state;
    assert_non_null(all);
    for (unsigned i = 0; i < SENDERS * EACH; i++) {
        all[i] = letter(i % EACH);
        all[i].from = i / EACH;
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        s[i] = (struct sender){box, all + (size_t)i * EACH};
        assert_int_equal(pthread_create(&t[i], NULL, send_all, &s[i]), 0);
    }
    while (got < SENDERS * EACH)
        for (struct mail *m = mailbox_wait(box); m != NULL; m = m->next, got++)
            assert_int_equal(letter_of(m)->number, next[letter_of(m)->from]++);
    for (unsigned i = 0; i < SENDERS; i++) {
        void *trouble;
        assert_int_equal(pthread_join(t[i], &trouble), 0);
        assert_null(trouble);
    }
    mailbox_free(&box);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_comes_in_order),
        cmocka_unit_test(a_full_box_takes_nothing),
        cmocka_unit_test(the_descriptor_rings_while_mail_waits),
        cmocka_unit_test(a_wake_ends_a_wait),
        cmocka_unit_test(many_senders_lose_nothing),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
