// received.h - `exception.received`: a message of a trading partner, kept with its bytes.
//
// The first message of a case raises an exception of kind `pdg`; those after it belong to that one,
// as does a response to a report of ours that was told as sent. One of kind `pdg` is resolved by a
// report that says so of its case, and opened again by any other message about it; to others the
// message is added and no more.
//
// Codes: pdg.message_taken (another message came under this message_uuid).
#pragma once
#include "service/inbox/inbox_int.h"
#include "service/inbox/pdg.h"

struct received_ask {
    client_id client;
    str json; // the message as it came
    const struct pdg_message *says;
    uint32_t lot;  // of the first unit that it names and that is known here; 0: none
    uint64_t unit; // that unit's id, or 0
};

// Members of an open object about the partners' messages; nothing where there are none.
status received_write(struct inbox *x, const struct exception_row *row, struct json_w *w);
// Members of an open object about one message, which this fact holds.
void received_members(struct inbox *x, const struct fact *f, const struct pdg_message *m,
                      struct json_w *w);
// The exception that the fact belongs to. record.corrupt
status received_exception(const struct fact *f, struct exception_id *out);
// The newest message of this type among those of the exception, from its fact on. False: none.
bool received_newest(struct inbox *x, const struct exception_row *row, enum pdg_type type,
                     struct pdg_message *out);
// The unit that an item names: of this client, or, where `client` is {0}, whoever's. {0}: none.
unit_id received_unit(struct inbox *x, client_id client, const struct pdg_item *item);
