// epcis_same.h - do two events say the same? Prefixes of namespaces do not count, URIs do; nor
// does where siblings of different names stand.
#pragma once
#include "service/epcis/event.h"

// NULL, or the name of what differs.
const char *epcis_differ(const struct epcis_event *a, const struct epcis_event *b);
