// cbv.h - the words of the Core Business Vocabulary, one table each.
//
// Four spellings are in use: bare ("shipping", in JSON), URN (urn:epcglobal:cbv:bizstep:shipping,
// in XML), web URI (https://ref.gs1.org/cbv/BizStep-shipping, in both), and CURIE, which is the web
// URI with "cbv:" or "gs1:" for its head. Words that CBV 2.0 brought must not reach partners who
// read EPCIS 1.2. The enums are for the program: what lies on disk is the bare word.
#pragma once
#include "common/status.h"
#include "common/str.h"

// Each table is in byte order of its words.
//      name, word, the CBV version that brought it (1: any before 2.0)
#define EPCIS_STEPS(X)                                                                             \
    X(ACCEPTING, "accepting", 1)                                                                   \
    X(ARRIVING, "arriving", 1)                                                                     \
    X(ASSEMBLING, "assembling", 1)                                                                 \
    X(COLLECTING, "collecting", 1)                                                                 \
    X(COMMISSIONING, "commissioning", 1)                                                           \
    X(CONSIGNING, "consigning", 1)                                                                 \
    X(CREATING_CLASS_INSTANCE, "creating_class_instance", 1)                                       \
    X(CYCLE_COUNTING, "cycle_counting", 1)                                                         \
    X(DECOMMISSIONING, "decommissioning", 1)                                                       \
    X(DEPARTING, "departing", 1)                                                                   \
    X(DESTROYING, "destroying", 1)                                                                 \
    X(DISASSEMBLING, "disassembling", 1)                                                           \
    X(DISPENSING, "dispensing", 1)                                                                 \
    X(ENCODING, "encoding", 1)                                                                     \
    X(ENTERING_EXITING, "entering_exiting", 1)                                                     \
    X(HOLDING, "holding", 1)                                                                       \
    X(INSPECTING, "inspecting", 1)                                                                 \
    X(INSTALLING, "installing", 1)                                                                 \
    X(KILLING, "killing", 1)                                                                       \
    X(LOADING, "loading", 1)                                                                       \
    X(OTHER, "other", 1)                                                                           \
    X(PACKING, "packing", 1)                                                                       \
    X(PICKING, "picking", 1)                                                                       \
    X(RECEIVING, "receiving", 1)                                                                   \
    X(REMOVING, "removing", 1)                                                                     \
    X(REPACKAGING, "repackaging", 1)                                                               \
    X(REPAIRING, "repairing", 1)                                                                   \
    X(REPLACING, "replacing", 1)                                                                   \
    X(RESERVING, "reserving", 1)                                                                   \
    X(RETAIL_SELLING, "retail_selling", 1)                                                         \
    X(SAMPLING, "sampling", 2)                                                                     \
    X(SENSOR_REPORTING, "sensor_reporting", 2)                                                     \
    X(SHIPPING, "shipping", 1)                                                                     \
    X(STAGING_OUTBOUND, "staging_outbound", 1)                                                     \
    X(STOCK_TAKING, "stock_taking", 1)                                                             \
    X(STOCKING, "stocking", 1)                                                                     \
    X(STORING, "storing", 1)                                                                       \
    X(TRANSPORTING, "transporting", 1)                                                             \
    X(UNLOADING, "unloading", 1)                                                                   \
    X(UNPACKING, "unpacking", 1)                                                                   \
    X(VOID_SHIPPING, "void_shipping", 1)

#define EPCIS_DISPOSITIONS(X)                                                                      \
    X(ACTIVE, "active", 1)                                                                         \
    X(AVAILABLE, "available", 2)                                                                   \
    X(COMPLETENESS_INFERRED, "completeness_inferred", 2)                                           \
    X(COMPLETENESS_VERIFIED, "completeness_verified", 2)                                           \
    X(CONFORMANT, "conformant", 2)                                                                 \
    X(CONTAINER_CLOSED, "container_closed", 1)                                                     \
    X(CONTAINER_OPEN, "container_open", 2)                                                         \
    X(DAMAGED, "damaged", 1)                                                                       \
    X(DESTROYED, "destroyed", 1)                                                                   \
    X(DISPENSED, "dispensed", 1)                                                                   \
    X(DISPOSED, "disposed", 1)                                                                     \
    X(ENCODED, "encoded", 1)                                                                       \
    X(EXPIRED, "expired", 1)                                                                       \
    X(IN_PROGRESS, "in_progress", 1)                                                               \
    X(IN_TRANSIT, "in_transit", 1)                                                                 \
    X(INACTIVE, "inactive", 1)                                                                     \
    X(MISMATCH_CLASS, "mismatch_class", 2)                                                         \
    X(MISMATCH_INSTANCE, "mismatch_instance", 2)                                                   \
    X(MISMATCH_QUANTITY, "mismatch_quantity", 2)                                                   \
    X(NEEDS_REPLACEMENT, "needs_replacement", 2)                                                   \
    X(NO_PEDIGREE_MATCH, "no_pedigree_match", 1)                                                   \
    X(NON_CONFORMANT, "non_conformant", 2)                                                         \
    X(NON_SELLABLE_OTHER, "non_sellable_other", 1)                                                 \
    X(PARTIALLY_DISPENSED, "partially_dispensed", 1)                                               \
    X(RECALLED, "recalled", 1)                                                                     \
    X(RESERVED, "reserved", 1)                                                                     \
    X(RETAIL_SOLD, "retail_sold", 1)                                                               \
    X(RETURNED, "returned", 1)                                                                     \
    X(SELLABLE_ACCESSIBLE, "sellable_accessible", 1)                                               \
    X(SELLABLE_NOT_ACCESSIBLE, "sellable_not_accessible", 1)                                       \
    X(STOLEN, "stolen", 1)                                                                         \
    X(UNAVAILABLE, "unavailable", 2)                                                               \
    X(UNKNOWN, "unknown", 1)

// Business transaction types.
#define EPCIS_TRADES(X)                                                                            \
    X(BOL, "bol", 1)                                                                               \
    X(CERT, "cert", 2)                                                                             \
    X(DESADV, "desadv", 1)                                                                         \
    X(INV, "inv", 1)                                                                               \
    X(PEDIGREE, "pedigree", 1)                                                                     \
    X(PO, "po", 1)                                                                                 \
    X(POC, "poc", 1)                                                                               \
    X(PRODORDER, "prodorder", 1)                                                                   \
    X(RECADV, "recadv", 1)                                                                         \
    X(RMA, "rma", 1)                                                                               \
    X(TESTPRD, "testprd", 2)                                                                       \
    X(TESTRES, "testres", 2)                                                                       \
    X(UPEVT, "upevt", 2)

// Source and destination types.
#define EPCIS_ENDS(X)                                                                              \
    X(LOCATION, "location", 1)                                                                     \
    X(OWNING_PARTY, "owning_party", 1)                                                             \
    X(POSSESSING_PARTY, "possessing_party", 1)

// 0 of each means that the event does not say.
enum epcis_step {
    EPCIS_STEP_NONE,
#define X(name, word, since) EPCIS_STEP_##name,
    EPCIS_STEPS(X)
#undef X
        EPCIS_STEP_COUNT
};
enum epcis_disposition {
    EPCIS_DISP_NONE,
#define X(name, word, since) EPCIS_DISP_##name,
    EPCIS_DISPOSITIONS(X)
#undef X
        EPCIS_DISP_COUNT
};
enum epcis_trade {
    EPCIS_TRADE_NONE,
#define X(name, word, since) EPCIS_TRADE_##name,
    EPCIS_TRADES(X)
#undef X
        EPCIS_TRADE_COUNT
};
enum epcis_end {
    EPCIS_END_NONE,
#define X(name, word, since) EPCIS_END_##name,
    EPCIS_ENDS(X)
#undef X
        EPCIS_END_COUNT
};

enum epcis_vocabulary {
    EPCIS_VOC_STEP,
    EPCIS_VOC_DISP,
    EPCIS_VOC_TRADE,
    EPCIS_VOC_END,
    EPCIS_VOC_ERROR,       // why an event was wrong
    EPCIS_VOC_MEASUREMENT, // what a sensor measures
    EPCIS_VOC_ALERT,       // what it is alarmed by
    EPCIS_VOC_COMPONENT,   // which part of a vector a value is
    EPCIS_VOC_COUNT
};

// A word is a number of its vocabulary, 1 to the count; 0: no such word. Texts are static.
unsigned epcis_word_count(enum epcis_vocabulary v);
str epcis_word(enum epcis_vocabulary v, unsigned word);     // bare
str epcis_word_urn(enum epcis_vocabulary v, unsigned word); // the web URI where there is no URN
str epcis_word_web(enum epcis_vocabulary v, unsigned word);
bool epcis_word_in_1_2(enum epcis_vocabulary v, unsigned word);
unsigned epcis_word_find(enum epcis_vocabulary v, str bare);

enum epcis_spelling {
    EPCIS_SPELT_BARE = 1,
    EPCIS_SPELT_URN = 2,
    EPCIS_SPELT_WEB = 4,
    EPCIS_SPELT_CURIE = 8,
    EPCIS_SPELT_IN_JSON = EPCIS_SPELT_BARE | EPCIS_SPELT_WEB | EPCIS_SPELT_CURIE,
    EPCIS_SPELT_IN_XML = EPCIS_SPELT_URN | EPCIS_SPELT_WEB | EPCIS_SPELT_CURIE,
    EPCIS_SPELT_ANYHOW = EPCIS_SPELT_BARE | EPCIS_SPELT_IN_XML
};

// What a field of a struct epcis_event holds for what a document says: the bare word, or the URI as
// it stands where CBV has no such word. `spellings`: those that this document may use. Codes:
// epcis.word (no URI, and no such word; or in a namespace of CBV or GS1 that has no such word),
// epcis.word_spelling (a word of CBV, but not so). *out is static or the input.
status epcis_word_read(enum epcis_vocabulary v, str in, unsigned spellings, str *out);
// A word of CBV that widespread systems misspell and that is read for what is meant.
bool epcis_step_is_misspelt(str step);
