// alive.h - is a service answering at the address of the settings?
#pragma once
#include "common/status.h"
#include "common/str.h"

// An answer that it is busy (429, 503) is one, too. Asks /healthz over http or https; of an address
// that stands for all, its loopback. The certificate is not checked: it names the site, not this
// address. alive.no says what was wrong.
status alive_ask(str listen, bool tls);
