// json_front.h - what a JSON document says beside its events, for its cutter.
#pragma once
#include "service/epcis/read.h"

// `text` is the document, whole, without the events in its eventList; of a bare event only the
// type is read. What is given lives in the arena. With `partial` the document was closed where its
// events begin, and what is missing may still come: the type, too, which is then what `partial`
// says by where they stand. `at` counts in `text`. Codes: json.*, epcis.type, epcis.context,
// epcis.version, epcis.missing, epcis.prefix, epcis.field, epcis.order (no @context yet), time.*.
status epcis_json_front(str text, const enum epcis_doc_kind *partial, struct arena *a,
                        struct epcis_front *out);
