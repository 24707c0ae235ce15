// The schemes of identities: one row each. Those that share a key stand together, the most
// particular first.
#include "service/gs1/gs1_int.h"

#define ID(name)                                                                                   \
    name, { "urn:epc:id:" name ":", sizeof "urn:epc:id:" name ":" - 1 }
#define CLASS(name)                                                                                \
    name, { "urn:epc:class:" name ":", sizeof "urn:epc:class:" name ":" - 1 }
#define PATTERN(s)                                                                                 \
    {                                                                                              \
        "urn:epc:idpat:" s ":", sizeof "urn:epc:idpat:" s ":" - 1                                  \
    }

// clang-format off
const struct gs1_kind gs1_kinds[GS1_URI] = {
    //             name, URN        AI      of ext  filler key body lead parts extension   class
    [GS1_SGTIN] = {ID("sgtin"),     "01",   "21",   "",    14, 14,  1,   3,    EXT_NEEDED, false},
    [GS1_UPUI]  = {ID("upui"),      "01",   "235",  "",    14, 14,  1,   3,    EXT_NEEDED, false},
    [GS1_LGTIN] = {CLASS("lgtin"),  "01",   "10",   "",    14, 14,  1,   3,    EXT_NEEDED, true},
    [GS1_GTIN]  = {"gtin", PATTERN("sgtin"), "01", NULL,   "",    14, 14,  1,   3,    EXT_STAR,   true},
    [GS1_SSCC]  = {ID("sscc"),      "00",   NULL,   "",    18, 18,  1,   2,    EXT_NONE,   false},
    [GS1_SGLN]  = {ID("sgln"),      "414",  "254",  "",    13, 13,  0,   3,    EXT_ZERO,   false},
    [GS1_PGLN]  = {ID("pgln"),      "417",  NULL,   "",    13, 13,  0,   2,    EXT_NONE,   false},
    [GS1_GRAI]  = {ID("grai"),      "8003", NULL,   "0",   13, 13,  0,   3,    EXT_CLASS,  false},
    [GS1_GIAI]  = {ID("giai"),      "8004", NULL,   "",    30, 0,   0,   2,    EXT_NONE,   false},
    [GS1_GDTI]  = {ID("gdti"),      "253",  NULL,   "",    13, 13,  0,   3,    EXT_CLASS,  false},
    [GS1_SGCN]  = {ID("sgcn"),      "255",  NULL,   "",    13, 13,  0,   3,    EXT_CLASS,  false},
    [GS1_CPI]   = {ID("cpi"),       "8010", "8011", "",    30, 0,   0,   3,    EXT_CLASS,  false},
    [GS1_ITIP]  = {ID("itip"),      "8006", "21",   "",    18, 14,  1,   5,    EXT_CLASS,  false},
    [GS1_GSRN]  = {ID("gsrn"),      "8018", NULL,   "",    18, 18,  0,   2,    EXT_NONE,   false},
    [GS1_GSRNP] = {ID("gsrnp"),     "8017", NULL,   "",    18, 18,  0,   2,    EXT_NONE,   false},
    [GS1_GINC]  = {ID("ginc"),      "401",  NULL,   "",    30, 0,   0,   2,    EXT_NONE,   false},
    [GS1_GSIN]  = {ID("gsin"),      "402",  NULL,   "",    17, 17,  0,   2,    EXT_NONE,   false},
    [GS1_GID]   = {ID("gid"),       NULL,   NULL,   "",    0,  0,   0,   3,    EXT_CLASS,  false},
    [GS1_USDOD] = {ID("usdod"),     NULL,   NULL,   "",    0,  0,   0,   2,    EXT_NONE,   false},
    [GS1_ADI]   = {ID("adi"),       NULL,   NULL,   "",    0,  0,   0,   3,    EXT_CLASS,  false},
    [GS1_BIC]   = {ID("bic"),       NULL,   NULL,   "",    0,  0,   0,   1,    EXT_NONE,   false},
    [GS1_IMOVN] = {ID("imovn"),     NULL,   NULL,   "",    0,  0,   0,   1,    EXT_NONE,   false},
};
// clang-format on
