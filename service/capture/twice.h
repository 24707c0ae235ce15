// twice.h - eventIDs that come again within a document of which all or nothing is taken.
//
// What comes again in the same bytes is the same event. In other bytes it may be: to know, texts
// are made of both, which takes ten times as long as reading them. So a document that has such is
// read once more, and the texts are made of these events alone.
#pragma once
#include "service/capture/document.h"

struct twice;                             // lives in the arena that it was made in
struct twice *twice_new(struct arena *a); // NULL: it is full
// Of the first reading. `id`: its eventID, also where that was made.
status twice_add(struct twice *s, const struct document_event *e, str id);
bool twice_wants_again(const struct twice *s);
// Of the second reading. *other: an earlier event of the document has its eventID and says
// something else.
status twice_settle(struct twice *s, const struct document_event *e, str id, bool *other);
