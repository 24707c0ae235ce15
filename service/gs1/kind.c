// The schemes of identities: one row each. Those that share a key stand together, the most
// particular first.
#include "service/gs1/gs1_int.h"

// clang-format off
#define URN(tail) {"urn:epc:" tail, sizeof "urn:epc:" tail - 1}

const struct gs1_kind gs1_kinds[GS1_URI] = {
    // name, URN, AI, AI of the extension, filler, key, body, lead, parts, extension
    [GS1_SGTIN] = {"sgtin", URN("id:sgtin:"),     "01",   "21",   "",   14, 14, 1, 3, EXT_SERIAL},
    [GS1_UPUI]  = {"upui",  URN("id:upui:"),      "01",   "235",  "",   14, 14, 1, 3, EXT_SERIAL},
    [GS1_LGTIN] = {"lgtin", URN("class:lgtin:"),  "01",   "10",   "",   14, 14, 1, 3, EXT_LOT},
    [GS1_GTIN]  = {"gtin",  URN("idpat:sgtin:"),  "01",   NULL,   "",   14, 14, 1, 3, EXT_STAR},
    [GS1_SSCC]  = {"sscc",  URN("id:sscc:"),      "00",   NULL,   "",   18, 18, 1, 2, EXT_NONE},
    [GS1_SGLN]  = {"sgln",  URN("id:sgln:"),      "414",  "254",  "",   13, 13, 0, 3, EXT_ZERO},
    [GS1_PGLN]  = {"pgln",  URN("id:pgln:"),      "417",  NULL,   "",   13, 13, 0, 2, EXT_NONE},
    [GS1_GRAI]  = {"grai",  URN("id:grai:"),      "8003", NULL,   "0",  13, 13, 0, 3, EXT_CLASS},
    [GS1_GIAI]  = {"giai",  URN("id:giai:"),      "8004", NULL,   "",   30, 0,  0, 2, EXT_NONE},
    [GS1_GDTI]  = {"gdti",  URN("id:gdti:"),      "253",  NULL,   "",   13, 13, 0, 3, EXT_CLASS},
    [GS1_SGCN]  = {"sgcn",  URN("id:sgcn:"),      "255",  NULL,   "",   13, 13, 0, 3, EXT_CLASS},
    [GS1_CPI]   = {"cpi",   URN("id:cpi:"),       "8010", "8011", "",   30, 0,  0, 3, EXT_CLASS},
    [GS1_ITIP]  = {"itip",  URN("id:itip:"),      "8006", "21",   "",   18, 14, 1, 5, EXT_CLASS},
    [GS1_GSRN]  = {"gsrn",  URN("id:gsrn:"),      "8018", NULL,   "",   18, 18, 0, 2, EXT_NONE},
    [GS1_GSRNP] = {"gsrnp", URN("id:gsrnp:"),     "8017", NULL,   "",   18, 18, 0, 2, EXT_NONE},
    [GS1_GINC]  = {"ginc",  URN("id:ginc:"),      "401",  NULL,   "",   30, 0,  0, 2, EXT_NONE},
    [GS1_GSIN]  = {"gsin",  URN("id:gsin:"),      "402",  NULL,   "",   17, 17, 0, 2, EXT_NONE},
    [GS1_GID]   = {"gid",   URN("id:gid:"),       NULL,   NULL,   "",   0,  0,  0, 3, EXT_CLASS},
    [GS1_USDOD] = {"usdod", URN("id:usdod:"),     NULL,   NULL,   "",   0,  0,  0, 2, EXT_NONE},
    [GS1_ADI]   = {"adi",   URN("id:adi:"),       NULL,   NULL,   "",   0,  0,  0, 3, EXT_CLASS},
    [GS1_BIC]   = {"bic",   URN("id:bic:"),       NULL,   NULL,   "",   0,  0,  0, 1, EXT_NONE},
    [GS1_IMOVN] = {"imovn", URN("id:imovn:"),     NULL,   NULL,   "",   0,  0,  0, 1, EXT_NONE},
};
// clang-format on
