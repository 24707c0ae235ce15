#include "service/exception/exception.h"
#include "common/bytes.h"

#define KIND_WORD(name, number, word) [number] = word,

static const char *const kinds[] = {EXCEPTION_KINDS(KIND_WORD)};
static const char *const resolutions[] = {EXCEPTION_RESOLUTIONS(KIND_WORD)};
static const char *const states[] = {[EXCEPTION_OPEN] = "open",
                                     [EXCEPTION_ASSIGNED] = "assigned",
                                     [EXCEPTION_RESOLVED] = "resolved"};

const char *exception_kind_word(enum exception_kind k)
{
    return (unsigned)k < LEN(kinds) ? kinds[k] : NULL;
}

const char *exception_state_word(enum exception_state s)
{
    return (unsigned)s < LEN(states) ? states[s] : NULL;
}

const char *exception_resolution_word(enum exception_resolution r)
{
    return (unsigned)r < LEN(resolutions) ? resolutions[r] : NULL;
}

// The place of a word, from `first` on; 0: there is none.
static unsigned find(const char *const *words, size_t n, unsigned first, str word)
{
    for (unsigned i = first; i < n; i++)
        if (words[i] != NULL && str_eq(word, str_of(words[i]))) return i;
    return 0;
}

bool exception_kind_find(str word, enum exception_kind *out)
{
    *out = (enum exception_kind)find(kinds, LEN(kinds), 1, word);
    return *out != 0;
}

bool exception_state_find(str word, enum exception_state *out)
{
    *out = (enum exception_state)find(states, LEN(states), 1, word);
    return *out != 0;
}

bool exception_resolution_find(str word, enum exception_resolution *out)
{
    *out = (enum exception_resolution)find(resolutions, LEN(resolutions), RESOLUTION_BY_ITSELF + 1,
                                           word);
    return *out != 0;
}

struct digest16 exception_about(uint64_t a, uint64_t b)
{
    struct digest16 d;

    assert(a != 0 || b != 0);
    put_be(d.b, a, 8);
    put_be(d.b + 8, b, 8);
    return d;
}
