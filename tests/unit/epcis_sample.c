#include "tests/unit/epcis_sample.h"

#define T(lit)                                                                                     \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }
#define SGTIN(dl, urn)                                                                             \
    {                                                                                              \
        T("https://id.gs1.org/01/09521141073469/21/" dl),                                          \
            T("urn:epc:id:sgtin:9521141.007346." urn)                                              \
    }

static const struct epcis_ns acme = {T("acme"), T("https://ns.acme.example/epcis/")};

static const struct epcis_id packs[] = {SGTIN("A7KX2", "A7KX2"), SGTIN("00042", "00042")};
static const struct epcis_id odd_packs[] = {
    SGTIN("A%2FB%26C", "A%2FB%26C"),
    SGTIN("D%22E%25F", "D%22E%25F"),
    SGTIN("G%3CH%3EI%3F", "G%3CH%3EI%3F"),
    SGTIN("%21%27%28%29%2A%2B%2C-.%3A%3B%3D_", "!'()*+,-.:;=_"),
};
static const struct epcis_id cases[] = {
    {T("https://id.gs1.org/00/195211410000050108"), T("urn:epc:id:sscc:9521141.1000005010")},
    {T("https://id.gs1.org/00/195211410000050115"), T("urn:epc:id:sscc:9521141.1000005011")},
};
static const struct epcis_id line = {T("https://id.gs1.org/414/9521141001011/254/LINE-1"),
                                     T("urn:epc:id:sgln:9521141.00101.LINE-1")};
static const struct epcis_id site = {T("https://id.gs1.org/414/9521141001004"),
                                     T("urn:epc:id:sgln:9521141.00100.0")};

static const struct epcis_bt papers[] = {
    {EPCIS_TRADE_PO,     T("4012345000009"), T("PO 4711/A&B")},
    {EPCIS_TRADE_DESADV, T("9521141001004"), T("ASN-991")    },
    {EPCIS_TRADE_INV,    T("9521141001004"), T("INV-17")     },
};
// The receiver's company prefix is not known here: it has no EPC URN.
static const struct epcis_party from[] = {
    {EPCIS_END_OWNING_PARTY,
     {T("https://id.gs1.org/417/9521141001004"), T("urn:epc:id:pgln:9521141.00100")}  },
    {EPCIS_END_LOCATION,
     {T("https://id.gs1.org/414/9521141001004"), T("urn:epc:id:sgln:9521141.00100.0")}},
};
static const struct epcis_party to[] = {
    {EPCIS_END_OWNING_PARTY, {T("https://id.gs1.org/417/4012345000009"), {0}}},
    {EPCIS_END_LOCATION,     {T("https://id.gs1.org/414/4012345000016"), {0}}},
};
static const struct epcis_field origin[] = {
    {NULL, T("countryOfOrigin"), T("NL")}
};
static const struct epcis_field remarks[] = {
    {&acme, T("station"), T("S<1> & \"2\"")},
    {&acme, T("shift"),
     T("n\xc3\xa4"
       "chste")                            }
};

static const char *const names[SAMPLE_COUNT] = {
    "commission", "commission_sscc", "pack", "unpack", "unpack_all", "ship", "decommission",
};
static const struct {
    enum epcis_type type;
    enum epcis_action action;
    enum epcis_step step;
    enum epcis_disposition disposition;
    const struct epcis_id *ids;
    uint32_t n;
} kinds[SAMPLE_COUNT] = {
    {EPCIS_OBJECT,      EPCIS_ADD,     EPCIS_STEP_COMMISSIONING,   EPCIS_DISP_ACTIVE,      packs,     2},
    {EPCIS_OBJECT,      EPCIS_ADD,     EPCIS_STEP_COMMISSIONING,   EPCIS_DISP_ACTIVE,      cases,     2},
    {EPCIS_AGGREGATION, EPCIS_ADD,     EPCIS_STEP_PACKING,         EPCIS_DISP_IN_PROGRESS, packs,     2},
    {EPCIS_AGGREGATION, EPCIS_DELETE,  EPCIS_STEP_UNPACKING,       EPCIS_DISP_IN_PROGRESS, packs,     1},
    {EPCIS_AGGREGATION, EPCIS_DELETE,  EPCIS_STEP_UNPACKING,       EPCIS_DISP_IN_PROGRESS, packs,     0},
    {EPCIS_OBJECT,      EPCIS_OBSERVE, EPCIS_STEP_SHIPPING,        EPCIS_DISP_IN_TRANSIT,  cases,     1},
    {EPCIS_OBJECT,      EPCIS_DELETE,  EPCIS_STEP_DECOMMISSIONING, EPCIS_DISP_INACTIVE,    odd_packs, 4},
};

const char *sample_name(enum epcis_sample s) { return names[s]; }

struct epcis_event sample_event(enum epcis_sample s)
{
    struct epcis_event e = {
        .type = kinds[s].type,
        .action = kinds[s].action,
        .id = S("urn:uuid:27f237e6-b7f9-5587-a620-2ff3607ad88a"),
        .time = {{1795461425123}, 60}, // 2026-11-23T20:17:05.123+01:00
        .step = kinds[s].step,
        .disposition = kinds[s].disposition,
        .epcs = epcis_ids_of(kinds[s].ids, kinds[s].n),
        .read_point = line,
        .biz_location = site,
    };

    if (e.type == EPCIS_AGGREGATION) e.parent = cases[0];
    if (s == SAMPLE_COMMISSION) {
        e.recorded = (struct moment){{1795461426000}, 0};
        e.ilmd = (struct epcis_ilmd){
            .lot = S("L&7/A"), .expiry = {2028, 2,  0},
                 .fields = {origin,    LEN(origin)}
        };
    }
    if (s == SAMPLE_PACK) e.fields = (struct epcis_fields){remarks, LEN(remarks)};
    if (s == SAMPLE_SHIP) {
        e.biz_location = (struct epcis_id){0};
        e.bts = (struct epcis_bts){papers, LEN(papers)};
        e.sources = (struct epcis_parties){from, LEN(from)};
        e.destinations = (struct epcis_parties){to, LEN(to)};
    }
    return e;
}

struct epcis_head sample_head(void)
{
    return (struct epcis_head){
        .created = {{1795461430000}, 0},
        .sender = S("9521141001004"),
        .receiver = S("4012345000009"),
        .instance = S("MSG-<1>")
    };
}
