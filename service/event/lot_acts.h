// lot_acts.h - what is done to lots that touches their units: explanations, holds; and the balance
// with its differences to the serial.
#pragma once
#include "common/http.h"
#include "service/journal/kind.h"

extern const struct kind kind_lot_explained, kind_lot_held, kind_hold_released,
    kind_hold_released_1;
extern const struct http_route lot_balance_routes[], hold_routes[];
