// capture.h - events that others send: documents by POST /epcis/v2/capture and /epcis/v1/capture,
// single events by POST /epcis/v2/events; what became of documents by GET.
//
// glossary: a *job* is one document on its way in and what became of it. A *slice* is what of a
// document goes into one transaction. Documents of one slice are taken in before they are answered;
// larger ones lie in a *spool* file until their last slice is.
#pragma once
#include "common/http.h"
#include "service/journal/site.h"

extern const struct http_route capture_routes[];

// Before the loops run: makes the spool folder, removes what nobody needs there, and goes on with
// the jobs that an end of the process cut off. capture.spool
status capture_start(struct site *site, const char *spool);
void capture_stop(struct site *site); // after the loops have stopped
