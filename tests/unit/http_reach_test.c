// http_reach_test.c - claims about which addresses are public.
#include "common/http_reach.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static bool reaches(const char *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return http_reach_is_public((struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return http_reach_is_public((struct sockaddr *)&six);
}

static void only_addresses_of_the_internet_are_public(void **state)
{
    static const char *const private[] = {"0.0.0.0",
                                          "0.1.2.3",
                                          "10.0.0.1",
                                          "100.64.0.1",
                                          "100.127.255.255",
                                          "127.0.0.1",
                                          "127.255.255.255",
                                          "169.254.169.254",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.0.0.8",
                                          "192.0.2.1",
                                          "192.168.0.1",
                                          "198.18.0.1",
                                          "198.19.255.255",
                                          "198.51.100.7",
                                          "203.0.113.7",
                                          "224.0.0.1",
                                          "240.0.0.1",
                                          "255.255.255.255",
                                          "::",
                                          "::1",
                                          "::127.0.0.1",
                                          "::ffff:127.0.0.1",
                                          "::ffff:10.1.2.3",
                                          "64:ff9b::10.0.0.1",
                                          "fc00::1",
                                          "fdff::1",
                                          "fe80::1",
                                          "febf::1",
                                          "fec0::1",
                                          "ff02::1",
                                          "2001:db8::1",
                                          "2001::1",
                                          "2002:7f00:1::",
                                          "64:ff9b:1::1.1.1.1",
                                          "64:ff9b:1:ffff::1",
                                          "100::1"};
    static const char *const public[] = {
        "1.1.1.1",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1",        "172.15.255.255",  "172.32.0.0",     "192.167.0.1",
        "198.17.255.255",  "198.20.0.0",       "223.255.255.255", "2606:4700::1",   "2a00::1",
        "::ffff:1.1.1.1",  "64:ff9b::1.1.1.1", "64:ff9b:2::1",    "2001:4860::8888"};
    struct sockaddr other = {.sa_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < LEN(private); i++) {
        print_message("%s\n", private[i]);
        assert_false(reaches(private[i]));
    }
    for (size_t i = 0; i < LEN(public); i++) {
        print_message("%s\n", public[i]);
        assert_true(reaches(public[i]));
    }
    assert_false(http_reach_is_public(&other));
}

static void a_url_that_names_a_private_place_says_so(void **state)
{
    static const struct {
        const char *url;
        bool is_private;
    } rows[] = {
        {"http://127.0.0.1/x",              true },
        {"http://127.0.0.1:80",             true },
        {"https://[::1]:443/x",             true },
        {"https://[::ffff:10.0.0.1]/",      true },
        {"http://localhost:1/x",            true },
        {"http://LocalHost",                true },
        {"http://localhost./",              true },
        {"http://a.localhost/",             true },
        {"http://10.0.0.1?x=1",             true },
        {"http://",                         true },
        {"http://example.com/127.0.0.1",    false},
        {"http://notlocalhost/",            false},
        {"http://1.1.1.1/",                 false},
        {"https://[2606:4700::1]/",         false},
        {"https://hub.example.com:8443/in", false},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        print_message("%s\n", rows[i].url);
        assert_int_equal(http_reach_is_private_url(str_of(rows[i].url)), rows[i].is_private);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_addresses_of_the_internet_are_public),
        cmocka_unit_test(a_url_that_names_a_private_place_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
