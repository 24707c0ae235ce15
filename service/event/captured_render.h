// captured_render.h - a captured event as what it was when it came, whenever it is asked for.
#pragma once
#include "service/event/captured.h"
#include "service/event/render.h"

// The event of an `event.captured` fact, from its bytes and the scope of its document. eventID as
// it was kept; recorded when the journal took it. record.corrupt, event.memory
status captured_tell(struct event_render *r, const struct fact *f, struct event_parts *out);
void captured_leave(void); // frees what this thread remembers, where the site ends before it
