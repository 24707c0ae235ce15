// master_query.h - SimpleMasterDataQuery of EPCIS 1.2: which elements of vocabularies are asked
// for.
//
// All parameters must hold, the values of one are alternatives. Codes as for questions for events
// (query.h): query.unknown, query.twice, query.type, query.value, query.too_complex; and
// query.missing for includeAttributes and includeChildren, which must be given.
#pragma once
#include "service/query/query.h"

struct master_attr { // EQATTR_name
    str name;
    const str *values;
    uint32_t n;
    struct master_attr *next;
};
struct master_query {
    struct epcis_strs types;   // vocabularies; n == 0: all
    bool attributes, children; // are to be told
    struct epcis_strs names;   // attributeNames; n == 0: all. As with the others:
    struct epcis_strs eq, wd;  // names of elements; for wd those within them, too
    struct epcis_strs has;     // attributes of which one is there
    struct master_attr *attrs;
    uint64_t most; // maxElementCount; 0: not given
};

struct master_name;
struct master_reader {
    struct arena *arena;
    struct master_name *given;
    uint32_t values;
    bool has_attributes, has_children;
    struct master_query q;
};
void master_begin(struct master_reader *r, struct arena *a);
status master_give(struct master_reader *r, str name, const struct query_given *v);
status master_end(struct master_reader *r, struct master_query *out);
