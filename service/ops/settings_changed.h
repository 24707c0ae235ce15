// settings_changed.h - the fact that settings which say who may sign and whose time counts are
// others than those recorded last: told before anything is done under them, at a start and by
// commands.
//
// row 'M' 'S' name -> the value recorded last, as JSON; none: never other than the default of the
// program that looked, which is then the old value, also where another one's was in force before
#pragma once
#include "service/journal/kind.h"

// ask: NULL. Nothing where all is as it was recorded, or where the site does not know its settings.
extern const struct kind kind_settings_changed;
