// event.h - one EPCIS event as a value, in no particular spelling.
//
// An event is made on the spot from facts and rendered at once: it owns nothing, everything it
// points to lives as long as the call. Glossary: an EPC is the identifier of one object; action
// ADD begins, OBSERVE leaves and DELETE ends what the event speaks of; ILMD is what is true of the
// objects from their birth (lot, expiry); read point is where it happened, business location where
// the objects are afterwards.
#pragma once
#include "common/buf.h"
#include "common/when.h"
#include "service/epcis/cbv.h"

enum epcis_type {
    EPCIS_OBJECT,
    EPCIS_AGGREGATION,
    EPCIS_TRANSACTION,
    EPCIS_TRANSFORMATION,
    EPCIS_ASSOCIATION, // EPCIS 2.0 only
    EPCIS_TYPE_COUNT
};
enum epcis_action { EPCIS_ADD, EPCIS_OBSERVE, EPCIS_DELETE, EPCIS_ACTION_COUNT };

// How identifiers are spelled: GS1 Digital Link URIs in 2.0 documents, EPC URNs in 1.2.
enum epcis_form { EPCIS_DL, EPCIS_URN };

// Many identifiers, 100,000 in the largest event: they are asked for one at a time, never stored
// as text. `put` appends number i in the form, or says why it cannot (no known company prefix).
struct epcis_ids {
    uint32_t n;
    status (*put)(const void *self, uint32_t i, enum epcis_form form, struct buf *out);
    const void *self;
};

// One identifier in both spellings; dl.n == 0: absent; urn.n == 0: it has no EPC URN. A private
// URI is the same text in both.
struct epcis_id {
    str dl, urn;
};
struct epcis_ids epcis_ids_of(const struct epcis_id *list, uint32_t n); // the list must live

#define EPCIS_BT_MAX   512u // bytes of a document's number
#define EPCIS_NAME_MAX 128u // of a prefix, and of a local name

// An empty gln: `id` is a whole URI. Else the document is written as CBV 2.0 section 8.5.2 says:
// urn:epcglobal:cbv:bt:<gln of whoever gave the number>:<number>.
struct epcis_bt {
    enum epcis_trade type; // may be EPCIS_TRADE_NONE
    str gln, id;
};

struct epcis_bts {
    const struct epcis_bt *items;
    uint32_t n;
};

struct epcis_party {
    enum epcis_end type;
    struct epcis_id id;
};
struct epcis_parties {
    const struct epcis_party *items;
    uint32_t n;
};

struct epcis_ns {
    str prefix, uri;
};
// An element of somebody's own vocabulary. ns == NULL: cbvmda, the attributes of CBV itself.
struct epcis_field {
    const struct epcis_ns *ns;
    str name, text;
};
struct epcis_fields {
    const struct epcis_field *items;
    uint32_t n;
};
#define EPCIS_FIELDS_MAX 32u // of an event's own, and again of its ILMD: more is abuse

struct epcis_ilmd {
    str lot;
    struct date expiry; // year 0: none; day 0: the last day of the month is written
    struct epcis_fields fields;
};

struct epcis_event {
    enum epcis_type type;
    enum epcis_action action;
    str id;                       // a URI; empty: none
    struct moment time, recorded; // recorded.at.ms == 0: left out
    enum epcis_step step;
    enum epcis_disposition disposition;
    struct epcis_id parent;
    struct epcis_ids epcs; // of an aggregation: the children; none in a DELETE: all of them
    struct epcis_id read_point, biz_location;
    struct epcis_bts bts;
    struct epcis_parties sources, destinations;
    struct epcis_ilmd ilmd;
    struct epcis_fields fields; // extensions
};

bool epcis_has_ilmd(const struct epcis_event *e);

// May there be such an event (EPCIS 2.0 section 7.4)? Codes: epcis.type, epcis.ids_missing,
// epcis.parent_missing, epcis.parent_extra, epcis.ilmd_extra, epcis.bt, epcis.field.
status epcis_event_check(const struct epcis_event *e);
