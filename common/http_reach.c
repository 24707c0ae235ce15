#include "common/http_reach.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct block {
    uint8_t bits;
    uint8_t at[16];
};

static const struct block blocks_4[] = {
    {8,  {0}           }, // this network
    {8,  {10}          },
    {10, {100, 64}     }, // shared by carriers
    {8,  {127}         },
    {16, {169, 254}    },
    {12, {172, 16}     },
    {24, {192, 0, 0}   },
    {24, {192, 0, 2}   },
    {16, {192, 168}    },
    {15, {198, 18}     }, // benchmarks
    {24, {198, 51, 100}},
    {24, {203, 0, 113} },
    {4,  {224}         }, // multicast
    {4,  {240}         },
};
static const struct block blocks_6[] = {
    {96, {0}                        }, // unspecified, loopback, and IPv4 in an old spelling
    {64, {1}                        }, // discarded
    {7,  {0xfc}                     },
    {10, {0xfe, 0x80}               },
    {10, {0xfe, 0xc0}               },
    {8,  {0xff}                     },
    {32, {0x20, 0x01, 0x0d, 0xb8}   },
    {48, {0, 0x64, 0xff, 0x9b, 0, 1}}, // IPv4 inside, where the network's owner chose
    {32, {0x20, 0x01, 0, 0}         }, // Teredo wraps an IPv4 address, scrambled
    {16, {0x20, 0x02}               }, // 6to4
};
// IPv4 inside: behind the first 96 bits.
static const struct block wraps[] = {
    {96, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
    {96, {0, 0x64, 0xff, 0x9b}                     },
};

static bool is_in(const uint8_t *a, const struct block *b)
{
    unsigned whole = b->bits / 8, rest = b->bits % 8;

    if (memcmp(a, b->at, whole) != 0) return false;
    return rest == 0 || (a[whole] ^ b->at[whole]) >> (8 - rest) == 0;
}

static bool is_in_any(const uint8_t *a, const struct block *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_in(a, &blocks[i])) return true;
    return false;
}

static bool is_public_4(const uint8_t *a) { return !is_in_any(a, blocks_4, LEN(blocks_4)); }

static bool is_public_6(const uint8_t *a)
{
    if (is_in_any(a, wraps, LEN(wraps))) return is_public_4(a + 12);
    return !is_in_any(a, blocks_6, LEN(blocks_6));
}

bool http_reach_is_public(const struct sockaddr *a)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (a->sa_family == AF_INET) {
        memcpy(&four, a, sizeof four);
        return is_public_4((const uint8_t *)&four.sin_addr);
    }
    if (a->sa_family != AF_INET6) return false;
    memcpy(&six, a, sizeof six);
    return is_public_6(six.sin6_addr.s6_addr);
}

static str host_of(str url)
{
    str rest = url, head = S(""), host;

    if (!str_cut(&rest, ':', &head) || !str_starts(rest, S("//"))) return S("");
    rest = str_from(rest, 2);
    for (host = (str){rest.p, 0}; host.n < rest.n; host.n++)
        if (strchr("/?#", rest.p[host.n]) != NULL) break;
    if (str_starts(host, S("["))) {
        rest = str_from(host, 1);
        return str_cut(&rest, ']', &head) ? head : host;
    }
    rest = host;
    return str_cut(&rest, ':', &head) ? head : host;
}

bool http_reach_is_private_url(str url)
{
    char host[INET6_ADDRSTRLEN];
    uint8_t address[16];
    str h = host_of(url);

    if (str_ends(h, S("."))) h.n--;
    if (str_eq_fold(h, S("localhost"))) return true;
    if (h.n > 10 && str_eq_fold(str_from(h, h.n - 10), S(".localhost"))) return true;
    if (h.n == 0 || h.n >= sizeof host) return h.n == 0;
    memcpy(host, h.p, h.n);
    host[h.n] = 0;
    if (inet_pton(AF_INET, host, address) == 1) return !is_public_4(address);
    return inet_pton(AF_INET6, host, address) == 1 && !is_public_6(address);
}
