// trade_int.h - what the files of this room share.
#pragma once
#include "common/http.h"
#include "service/event/unit_view.h"
#include "service/trade/shipment.h"

// ---- shipment_db.c

void shipment_row_put(struct txn *t, uint32_t number, const struct shipment_row *row);
struct shipment_list { // a party's, or else a client's, or else all
    uint64_t party;
    client_id client;
};
uint32_t shipment_list_next(struct txn *t, const struct shipment_list *of, uint32_t after); // 0: no

// ---- named.c: units as bodies name them

#define NAMED_BYTES_MAX (8 * MB)

// The texts of a JSON list, the member `name` of the body. shipment.too_many, field.required
struct named_list {
    const char *name;
    str json;
    uint32_t max;
};
status named_texts(struct arena *a, const struct named_list *list, struct form_list *out);
// What they are in the reader's snapshot. Codes of unit_read, with the place of the text.
status named_units(struct unit_reader *u, const char *name, const struct form_list *texts,
                   struct goods_unit **out);
// A unit that is known already, as answers spell it.
status named_unit(struct unit_reader *u, unit_id unit, struct goods_unit *out);

// ---- take.c: whom to, whom from, under which papers

struct end_value {
    str party, location;
};
struct document_value {
    str type, id, gln;
};
extern const struct form end_form, document_form;
extern const struct form loose_end_form;                  // its party alone will do
uint64_t take_gln(str gln);                               // 0: it is empty
uint64_t take_party_of(const struct caller *c);           // that a distributor acts for; 0: none
status take_gln_check(str in, struct arena *a, str *out); // of a form's field
status take_end(struct txn *t, const struct end_value *e, const char *which);
// What the newest shipment said by which the first known unit went to the party, or to anybody (0);
// all 0 where there is none.
status take_went(struct unit_reader *u, const struct goods_unit *units, uint32_t n, uint64_t party,
                 struct shipped *out);
// `ends` says who gave a paper its number where the caller does not. Codes: field.required,
// document.id
status take_documents(struct arena *a, const struct form_list *said, const struct shipped *ends,
                      const struct shipped_document **out);
status take_extra(struct arena *a, const struct form_list *extra, str *out);
status take_time(str said, struct moment *out);
// Where nobody said when, the zone at least: of the place.
void take_zone(struct unit_reader *u, uint64_t place, struct moment *time);

// The body of POST /v1/shipments, what it names resolved in one snapshot. False: answered.
bool shipment_take(struct http_req *r, struct shipment_ask *out, bool *draft);

// ---- indirect.c: what of a shipment was not bought of the manufacturer

#define INDIRECT "directPurchase.indirect"
// The member's list as EPC URIs. Codes of named_texts and named_units.
status indirect_take(struct unit_reader *u, str list, struct shipped_more *out);
status indirect_find(struct unit_reader *u, struct shipment_ask *ask); // the units they name
void indirect_write(const struct shipped_more *m, struct json_w *w);   // as a member

// ---- ship.c: what the kinds share

// What its documents are found by goes into the fact, for identifiers are read here and now only.
status shipment_find_by(struct arena *a, struct shipped *says);

status shipment_put_decided(struct goods *g, const struct shipment_ask *ask,
                            const struct shipped *says, str previous);
// So many more of a lot and level; there is room for one a unit.
void tally_add(struct shipped_tally *all, uint32_t *n, const struct shipped_tally *more);
// The counters of what was shipped, `sign` times; the lots are told of the fact anyway.
void shipment_lots(struct txn *t, const struct fact *f, const struct shipped *s, int sign);
void shipment_note(struct txn *t, const struct fact *f, const struct shipment *s,
                   enum epcis_step step, enum epcis_disposition disposition);
void shipment_print(const struct fact *f, struct json_w *w, const void *arg);
