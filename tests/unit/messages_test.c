// The bytes of messages: kept, found again, told apart when they are not what they were.
#include "service/exchange/messages.h"
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int folder_make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/messages_test_XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static unsigned folder_each(bool remove)
{
    DIR *d = opendir(folder);
    char path[400];
    unsigned n = 0;

    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        n++;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (remove) unlink(path);
    }
    closedir(d);
    return n;
}

static int folder_remove(void **state)
{
    (void)state;
    folder_each(true);
    return rmdir(folder);
}

#define COUNT 40u

// Grows with i; even ones are text that packs well, odd ones do not pack.
static str bytes_of(uint32_t i, struct arena *a)
{
    size_t n = (size_t)i * i * 50;
    char *p = arena_alloc(a, n + 1);
    uint32_t x = i * 2654435761u + 1;

    for (size_t k = 0; k < n; k++) {
        x = x * 1664525u + 1013904223u;
        p[k] = i % 2 == 0 ? (char)('a' + k % 5) : (char)(x >> 24);
    }
    return (str){p, n};
}

static void what_is_kept_is_found_again(void **state)
{
    struct message_place places[COUNT];
    struct messages *m;
    struct arena a;
    str got;

    (void)state;
    arena_init(&a, 64 * MB);
    assert_int_equal(messages_open(folder, 64 * KB, &m).cls, ST_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        if (i == COUNT / 2) { // as over a restart
            messages_close(&m);
            assert_int_equal(messages_open(folder, 64 * KB, &m).cls, ST_OK);
        }
        assert_int_equal(messages_add(m, MESSAGE_SENT, bytes_of(i, &a), &places[i]).cls, ST_OK);
    }
    assert_true(folder_each(false) > 3); // they are rotated
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(messages_read(m, &places[i], &a, &got).cls, ST_OK);
        assert_true(str_eq(got, bytes_of(i, &a)));
    }
    messages_close(&m);
    arena_fini(&a);
}

static void changed_bytes_are_lost_ones(void **state)
{
    struct message_place place;
    struct messages *m;
    struct arena a;
    char path[128], c;
    long lost = 0;
    str got;

    (void)state;
    arena_init(&a, 64 * MB);
    assert_int_equal(messages_open(folder, 64 * KB, &m).cls, ST_OK);
    assert_int_equal(messages_add(m, MESSAGE_ANSWER, bytes_of(31, &a), &place).cls, ST_OK);
    snprintf(path, sizeof path, "%s/%08u.log", folder, place.file);
    int fd = open(path, O_RDWR);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 0; at < 200; at++) {
        assert_int_equal(pread(fd, &c, 1, at), 1);
        c = (char)(c ^ 0x5a);
        assert_int_equal(pwrite(fd, &c, 1, at), 1);
        status st = messages_read(m, &place, &a, &got);
        // What nobody reads (the sort, a spare byte) may change; what is given back may not.
        if (st.cls == ST_OK) assert_true(str_eq(got, bytes_of(31, &a)));
        lost += st.cls != ST_OK;
        c = (char)(c ^ 0x5a);
        assert_int_equal(pwrite(fd, &c, 1, at), 1);
    }
    assert_true(lost >= 198);
    assert_int_equal(ftruncate(fd, size - 1), 0);
    assert_int_equal(messages_read(m, &place, &a, &got).cls, ST_NOT_FOUND);
    close(fd);
    place.file = 77;
    assert_string_equal(messages_read(m, &place, &a, &got).reason, "message.lost");
    messages_close(&m);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_is_found_again, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(changed_bytes_are_lost_ones, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
