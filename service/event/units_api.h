// units_api.h - questions about units: one of them, those of a lot or in a container, what lies
// inside, what happened; and what every answer that tells of units is made with.
#pragma once
#include "service/api/api.h"
#include "service/event/unit_view.h"

extern const struct http_route units_routes[];

// Opens the loop's snapshot for a request and reads `form` and `at`. False: answered (400), nothing
// is open.
bool units_open(struct http_req *r, struct unit_reader *u);
// A time that the query may name. False: answered (400).
bool units_time(struct http_req *r, str name, wall *out, bool *said);
// Gives the snapshot back. The first trouble: st, the reader's, the snapshot's.
status units_close(struct http_req *r, struct unit_reader *u, status st);
// Sends what was built, or the problem. Takes the buf.
void units_reply(struct http_req *r, status st, struct buf *json);

// Where a list goes on, as a number that tells nothing; 0: at its beginning, or no more.
