// epcis_sample.h - one event of every kind that a packaging site tells its partners, for the tests
// of the renderers and for those that hold their documents against the official schemas.
#pragma once
#include "service/epcis/write.h"

enum epcis_sample {
    SAMPLE_COMMISSION,      // packs, with lot and a printed expiry of month and year
    SAMPLE_COMMISSION_SSCC, // containers, without ILMD
    SAMPLE_PACK,            // packs into a case, an extension beside
    SAMPLE_UNPACK,          // one child leaves
    SAMPLE_UNPACK_ALL,      // the case is emptied
    SAMPLE_SHIP,            // with documents, sources and destinations
    SAMPLE_DECOMMISSION,    // serials that need every kind of escape
    SAMPLE_COUNT
};

const char *sample_name(enum epcis_sample s);
// Objects are Digital Links; their company prefix is 9521141, that of sample_prefixes().
const struct gs1_prefixes *sample_prefixes(void);
struct epcis_event sample_event(enum epcis_sample s);
struct epcis_out sample_head(void); // with sender and receiver, in JSON
