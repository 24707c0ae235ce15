// gs1_bench.c - how long reading and writing one identifier takes, in each spelling. Every round
// takes another serial, so that nothing is learned by heart.
#include "common/env.h"
#include "service/gs1/pattern.h"
#include <stdio.h>
#include <string.h>

#define SPELLINGS 1000 // of each kind, gone through again and again
#define ROUNDS    500

struct spellings {
    str text[SPELLINGS];
    struct gs1_id id[SPELLINGS];
};

static const struct row {
    const char *name;
    const char *shape; // %04u: four digits of the serial
} rows[] = {
    {"SGTIN URN",                "urn:epc:id:sgtin:9521141.007346.SN%04uABCDE"          },
    {"SGTIN link",               "https://id.gs1.org/01/09521141073469/21/SN%04uABCDE"  },
    {"SGTIN link, other domain", "https://example.com/01/09521141073469/21/SN%04uABCDE" },
    {"SGTIN link, escapes",      "https://id.gs1.org/01/09521141073469/21/SN%04u%%2FABC"},
    {"SGTIN URN, escapes",       "urn:epc:id:sgtin:9521141.007346.SN%04u%%2FABC"        },
    {"SGTIN bracketed",          "(01)09521141073469(21)SN%04uABCDE"                    },
    {"SGTIN scan, lot, expiry",  "]d2010952114107346917271231"
                                "10LOT1\x1d"
                                "21SN%04uABCDE"          },
    {"SSCC URN",                 "urn:epc:id:sscc:9521141.100000%04u"                   },
    {"LGTIN URN",                "urn:epc:class:lgtin:9521141.007346.LOT%04u"           },
    {"GTIN pattern",             "urn:epc:idpat:sgtin:9521141.0%04u1.*"                 },
    {"SGLN URN",                 "urn:epc:id:sgln:9521141.00001.%04u"                   },
    {"GRAI URN",                 "urn:epc:id:grai:9521141.00001.%04u"                   },
    {"GIAI URN",                 "urn:epc:id:giai:9521141.ASSET%04u"                    },
    {"private URI",              "https://example.com/objects/%04u"                     },
};

static void spellings_make(const struct row *row, struct arena *a, struct spellings *out)
{
    char text[128];

    for (unsigned i = 0; i < SPELLINGS; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int n = snprintf(text, sizeof text, row->shape, i);
#pragma GCC diagnostic pop
        assert(n > 0 && (size_t)n < sizeof text);
        out->text[i] = arena_str(a, (str){text, (size_t)n});
    }
}

static double ns_each(mono begin)
{
    return (double)(env_mono(&env_real).ms - begin.ms) * 1e6 / SPELLINGS / ROUNDS;
}

static double read_ns(struct spellings *s, struct arena *a)
{
    mono begin = env_mono(&env_real);

    for (int r = 0; r < ROUNDS; r++) {
        arena_reset(a);
        for (size_t i = 0; i < SPELLINGS; i++) {
            status st = gs1_read(s->text[i], a, &s->id[i]);
            assert(st.cls == ST_OK);
        }
    }
    return ns_each(begin);
}

static double write_ns(const struct spellings *s, enum gs1_form form, struct buf *out)
{
    mono begin = env_mono(&env_real);

    for (int r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < SPELLINGS; i++) {
            buf_reset(out);
            status st = gs1_write(&s->id[i], form, NULL, out);
            if (st.cls != ST_OK) return 0; // no prefix is configured
        }
    return ns_each(begin);
}

static double hash_ns(const struct spellings *s, struct arena *a, struct buf *out)
{
    mono begin = env_mono(&env_real);

    for (int r = 0; r < ROUNDS; r++) {
        arena_reset(a);
        for (size_t i = 0; i < SPELLINGS; i++) {
            buf_reset(out);
            (void)gs1_hash_form(s->text[i], a, out);
        }
    }
    return ns_each(begin);
}

int main(void)
{
    static struct spellings s;
    struct arena keep, a;
    struct buf out;

    arena_init(&a, 1 * MB);
    buf_init(&out, 64 * KB);
    puts("| GS1, ns each              | read | write link | write URN | hash form |\n"
         "|---|---|---|---|---|");
    for (size_t i = 0; i < LEN(rows); i++) {
        arena_init(&keep, 1 * MB);
        spellings_make(&rows[i], &keep, &s);
        double read = read_ns(&s, &a), hash = hash_ns(&s, &a, &out);
        // identities of escaped spellings lie in an arena that was reset: read once more
        arena_reset(&a);
        for (size_t k = 0; k < SPELLINGS; k++) {
            status st = gs1_read(s.text[k], &keep, &s.id[k]);
            assert(st.cls == ST_OK);
        }
        double link = write_ns(&s, GS1_DL, &out), urn = write_ns(&s, GS1_URN, &out);
        printf("| %-25s | %4.0f | %10.0f | %9.0f | %9.0f |\n", rows[i].name, read, link, urn, hash);
        arena_fini(&keep);
    }
    arena_fini(&a);
    buf_fini(&out);
    return 0;
}
