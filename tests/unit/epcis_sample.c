#include "tests/unit/epcis_sample.h"
#include "service/gs1/id.h"

#define T(lit)                                                                                     \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }
#define PACK(serial) T("https://id.gs1.org/01/09521141073469/21/" serial)

static const struct epcis_ns acme = {T("acme"), T("https://ns.acme.example/epcis/")};

static const str packs[] = {PACK("A7KX2"), PACK("00042")};
static const str odd_packs[] = {PACK("A%2FB%26C"), PACK("D%22E%25F"), PACK("G%3CH%3EI%3F"),
                                PACK("%21%27%28%29%2A%2B%2C-.%3A%3B%3D_")};
static const str cases[] = {T("https://id.gs1.org/00/195211410000050108"),
                            T("https://id.gs1.org/00/195211410000050115")};
static const struct epcis_place line = {T("https://id.gs1.org/414/9521141001011/254/LINE-1"), NULL};
static const struct epcis_place site = {T("https://id.gs1.org/414/9521141001004"), NULL};

static const struct epcis_pair papers[] = {
    {T("po"),     T("urn:epcglobal:cbv:bt:4012345000009:PO%204711%2FA%26B")},
    {T("desadv"), T("urn:epcglobal:cbv:bt:9521141001004:ASN-991")          },
    {T("inv"),    T("urn:epcglobal:cbv:bt:9521141001004:INV-17")           },
};
// The receiver's company prefix is not known here: it has no EPC URN.
static const struct epcis_pair from[] = {
    {T("owning_party"), T("https://id.gs1.org/417/9521141001004")},
    {T("location"),     T("https://id.gs1.org/414/9521141001004")},
};
static const struct epcis_pair to[] = {
    {T("owning_party"), T("https://id.gs1.org/417/4012345000009")},
    {T("location"),     T("https://id.gs1.org/414/4012345000016")},
};
static struct epcis_node ilmd[] = {
    {.ns = &epcis_ns_cbvmda, .name = T("lotNumber"), .text = T("L&7/A"), .next = &ilmd[1]},
    {.ns = &epcis_ns_cbvmda,
     .name = T("itemExpirationDate"),
     .text = T("2028-02-29"),
     .next = &ilmd[2]},
    {.ns = &epcis_ns_cbvmda,       .name = T("countryOfOrigin"),                             .text = T("NL")                         },
};
static struct epcis_node remarks[] = {
    {.ns = &acme, .name = T("station"), .text = T("S<1> & \"2\""), .next = &remarks[1]},
    {.ns = &acme,
     .name = T("shift"),
     .text = T("n\xc3\xa4"
               "chste")                                          },
};

static const char *const names[SAMPLE_COUNT] = {
    "commission", "commission_sscc", "pack", "unpack", "unpack_all", "ship", "decommission",
};
static const struct {
    enum epcis_type type;
    enum epcis_action action;
    str step, disposition;
    const str *ids;
    uint32_t n;
} kinds[SAMPLE_COUNT] = {
    {EPCIS_OBJECT,      EPCIS_ADD,     T("commissioning"),   T("active"),      packs,     2},
    {EPCIS_OBJECT,      EPCIS_ADD,     T("commissioning"),   T("active"),      cases,     2},
    {EPCIS_AGGREGATION, EPCIS_ADD,     T("packing"),         T("in_progress"), packs,     2},
    {EPCIS_AGGREGATION, EPCIS_DELETE,  T("unpacking"),       T("in_progress"), packs,     1},
    {EPCIS_AGGREGATION, EPCIS_DELETE,  T("unpacking"),       T("in_progress"), packs,     0},
    {EPCIS_OBJECT,      EPCIS_OBSERVE, T("shipping"),        T("in_transit"),  cases,     1},
    {EPCIS_OBJECT,      EPCIS_DELETE,  T("decommissioning"), T("inactive"),    odd_packs, 4},
};

const char *sample_name(enum epcis_sample s) { return names[s]; }

const struct gs1_prefixes *sample_prefixes(void)
{
    static struct gs1_prefix item = {9521141, 7};
    static const struct gs1_prefixes prefixes = {&item, 1};

    return &prefixes;
}

struct epcis_event sample_event(enum epcis_sample s)
{
    struct epcis_event e = {
        .type = kinds[s].type,
        .action = kinds[s].action,
        .id = S("urn:uuid:27f237e6-b7f9-5587-a620-2ff3607ad88a"),
        .time = {.at = {{1795461425123}, 60}}, // 2026-11-23T20:17:05.123+01:00
        .step = kinds[s].step,
        .disposition = kinds[s].disposition,
        .epcs = { .n = kinds[s].n,         .at = kinds[s].ids},
        .read_point = line,
        .biz_location = site,
    };

    if (e.type == EPCIS_AGGREGATION) e.parent = cases[0];
    if (s == SAMPLE_COMMISSION) {
        e.recorded.at = (struct moment){{1795461426000}, 0};
        e.ilmd = ilmd;
        e.has_ilmd = true;
    }
    if (s == SAMPLE_PACK) e.ext = remarks;
    if (s == SAMPLE_SHIP) {
        e.biz_location = (struct epcis_place){0};
        e.bts = (struct epcis_pairs){papers, LEN(papers)};
        e.sources = (struct epcis_pairs){from, LEN(from)};
        e.destinations = (struct epcis_pairs){to, LEN(to)};
    }
    return e;
}

struct epcis_out sample_head(void)
{
    return (struct epcis_out){
        .strict = true,
        .prefixes = sample_prefixes(),
        .created = {{1795461430000}, 0},
        .sender = S("9521141001004"),
        .receiver = S("4012345000009"),
        .instance = S("MSG-<1>")
    };
}
