// trust.h - can the files be used that connections to partners need? They are read anew for each
// connection, so that what is put right later is taken up by itself.
#pragma once
#include "service/exchange/exchange.h"

// The first that cannot: tls.partner (no PEM, no file, a key that asks for a pass phrase, a key
// of another certificate).
status exchange_trust_check(const struct exchange_conf *conf);
