// Any definition is either refused with a code, or gives numbers that come back; and any text is
// either no number of the space or the very one that its ordinal writes.
//
// Input: 8 bytes of choices, then alphabet, exclude, serial_prefix and a text, each ended by LF.
#include "common/bytes.h"
#include "service/pool/space.h"
#include <stdlib.h>
#include <string.h>

static struct space_conf conf_of(const uint8_t choice[8], str *rest)
{
    struct space_conf conf = {.kind = choice[0] % 3, .algorithm = SPACE_ALGORITHM};

    conf.length = choice[1] % 24;
    conf.start = choice[2];
    conf.share.of = choice[3] % 8;
    conf.share.index = choice[4] % 9;
    if (conf.kind == SPACE_SSCC) conf.company_prefix = S("0614141"), conf.extension = S("3");
    if (conf.kind == SPACE_RANDOM) conf.start = 0;
    str_cut(rest, '\n', &conf.alphabet);
    str_cut(rest, '\n', &conf.exclude);
    str_cut(rest, '\n', &conf.serial_prefix);
    return conf;
}

static void ordinal_comes_back(const struct number_space *s, uint64_t ordinal)
{
    char text[TEXT_LENGTH_MAX];
    uint64_t back;

    status st = space_text(s, ordinal, 1, (struct space_sink){text, sizeof text});
    assert(st.cls == ST_OK);
    assert(space_ordinal(s, (str){text, space_length(s)}, &back) && back == ordinal);
}

static void text_comes_back(const struct number_space *s, str text)
{
    char again[TEXT_LENGTH_MAX];
    uint64_t ordinal;

    if (!space_ordinal(s, text, &ordinal)) return;
    assert(ordinal < s->capacity && text.n == space_length(s));
    status st = space_text_list(s, &ordinal, 1, (struct space_sink){again, sizeof again});
    assert(st.cls == ST_OK && str_eq(text, (str){again, text.n}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct number_space s;

    if (n < 8) return 0;
    str rest = {(const char *)data + 8, n - 8};
    struct space_conf conf = conf_of(data, &rest);
    status st = space_init(&conf, &s);
    if (st.cls != ST_OK) {
        assert(st.cls == ST_BAD_INPUT && strncmp(st.reason, "pool.", 5) == 0 && st.at <= n);
        return 0;
    }
    assert(s.capacity >= 1 && s.capacity <= SPACE_CAPACITY_MAX && !space_disjoint(&s, &s));
    if (s.kind == SPACE_RANDOM) space_set_key(&s, (const uint8_t *)"sixteen byte key");
    ordinal_comes_back(&s, get_be(data, 8) % s.capacity);
    ordinal_comes_back(&s, s.capacity - 1);
    text_comes_back(&s, rest);
    space_fini(&s);
    return 0;
}
