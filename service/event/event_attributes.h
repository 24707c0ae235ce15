// event_attributes.h - what imported numbers carry beside their serial (crypto codes), told with
// the event of their commissioning to partners who want it: in an extension of our own, for EPCIS
// has no place for it.
//
//     <packtrail:numbers>
//       <packtrail:number><packtrail:serial>…</packtrail:serial>
//         <packtrail:attribute><packtrail:name>key</packtrail:name>
//           <packtrail:value>…</packtrail:value></packtrail:attribute> …
#pragma once
#include "service/event/render.h"

// Adds to what event_render gave. Facts of another kind, and numbers without attributes, add
// nothing. event.memory
status event_attributes_add(struct event_render *r, const struct fact *f,
                            struct event_parts *parts);
